/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keystore.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One for all stores: it is held for a copy of a few hundred bytes, on failures only. */
static pthread_mutex_t err_lock = PTHREAD_MUTEX_INITIALIZER;

cc_status keystore_fail(struct keystore *ks, enum cc_code code, const char *key, const char *fmt, ...)
{
	char detail[CC_ERROR_DETAIL_MAX];
	va_list ap;
	cc_status st;

	va_start(ap, fmt);
	(void)vsnprintf(detail, sizeof detail, fmt, ap);
	va_end(ap);
	(void)pthread_mutex_lock(&err_lock);
	cc_error_init(&ks->err);
	st = cc_fail(&ks->err, code, key, "%s", detail);
	(void)pthread_mutex_unlock(&err_lock);
	return st;
}

void keystore_error(const struct keystore *ks, struct cc_error *ret)
{
	(void)pthread_mutex_lock(&err_lock);
	if (ret != NULL && ks->err.code != CC_OK)
		(void)cc_fail(ret, ks->err.code, ks->err.key, "%s", ks->err.detail);
	(void)pthread_mutex_unlock(&err_lock);
}

bool keystore_label_valid(const char *label)
{
	size_t n = strnlen(label, KEYSTORE_LABEL_MAX + 1);

	return n >= 1 && n <= KEYSTORE_LABEL_MAX && strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789.-") == n;
}

static cc_status check_label(struct keystore *ks, const char *label)
{
	if (keystore_label_valid(label))
		return cc_ok();
	return keystore_fail(ks, CC_E_ARG, "keystore.label", "a label has 1 to %d characters of [a-z0-9.-]", KEYSTORE_LABEL_MAX);
}

static bool kind_valid(const struct keystore_key_info *want)
{
	switch (want->kind) {
	case KEYSTORE_EC:
		return want->curve < EC_CURVE_COUNT;
	case KEYSTORE_RSA:
		return want->bits == 2048 || want->bits == 3072 || want->bits == 4096;
	case KEYSTORE_AES:
		return want->bits == 128 || want->bits == 192 || want->bits == 256;
	case KEYSTORE_TDES:
		return want->bits == 128;
	}
	return false;
}

cc_status keystore_generate(struct keystore *ks, const struct keystore_key_info *want)
{
	cc_status st = check_label(ks, want->label);

	if (cc_failed(st))
		return st;
	if (!kind_valid(want))
		return keystore_fail(ks, CC_E_ARG, "keystore.kind", "%s: unknown kind or size", want->label);
	return ks->ops->generate(ks, want);
}

cc_status keystore_info(struct keystore *ks, const char *label, struct keystore_key_info *ret)
{
	cc_status st = check_label(ks, label);

	return cc_failed(st) ? st : ks->ops->info(ks, label, ret);
}

cc_status keystore_public_key(struct keystore *ks, const char *label, struct buf *ret_spki)
{
	cc_status st = check_label(ks, label);

	return cc_failed(st) ? st : ks->ops->public_key(ks, label, ret_spki);
}

/*
 * A faulty signature over known data gives an RSA-CRT or ECDSA key away, and a
 * wrong one on a sealed card can't be mended: none leaves unverified.
 */
struct keystore_checker {
	struct keystore_checker *next;
	char label[KEYSTORE_LABEL_MAX + 1];
	struct pubkey *k;
};

/* One for all stores: held to walk a list of a few. Entries stay until their store is closed; keys are never replaced. */
static pthread_mutex_t checkers_lock = PTHREAD_MUTEX_INITIALIZER;

static const struct pubkey *find_checker(struct keystore *ks, const char *label)
{
	const struct keystore_checker *c;

	(void)pthread_mutex_lock(&checkers_lock);
	for (c = ks->checkers; c != NULL && strcmp(c->label, label) != 0;)
		c = c->next;
	(void)pthread_mutex_unlock(&checkers_lock);
	return c != NULL ? c->k : NULL;
}

/* Takes k. Two threads may add the same: one more entry does no harm. */
static cc_status add_checker(struct keystore *ks, const char *label, struct pubkey *k)
{
	struct keystore_checker *c = cc_alloc(sizeof *c);

	if (c == NULL) {
		pubkey_free(&k);
		return cc_code_status(CC_E_MEMORY);
	}
	(void)snprintf(c->label, sizeof c->label, "%s", label);
	c->k = k;
	(void)pthread_mutex_lock(&checkers_lock);
	c->next = ks->checkers;
	ks->checkers = c;
	(void)pthread_mutex_unlock(&checkers_lock);
	return cc_ok();
}

static void free_checkers(struct keystore *ks)
{
	while (ks->checkers != NULL) {
		struct keystore_checker *c = ks->checkers;

		ks->checkers = c->next;
		pubkey_free(&c->k);
		cc_free(c, sizeof *c);
	}
}

static cc_status bad_signature(struct keystore *ks, const char *label)
{
	return keystore_fail(ks, CC_E_VERIFY, "keystore.bad-signature", "%s: the %s store's signature does not verify", label,
			     ks->ops->name);
}

static cc_status verify_own(struct keystore *ks, const char *label, struct sig_alg alg, struct bytes message, struct bytes sig)
{
	const struct pubkey *known = find_checker(ks, label);
	struct buf spki = { 0 };
	struct pubkey *k = NULL;
	cc_status st;

	if (known != NULL)
		return cc_failed(pubkey_verify(known, alg, message, sig)) ? bad_signature(ks, label) : cc_ok();
	st = ks->ops->public_key(ks, label, &spki);
	/* Whoever can't tell its public key says why itself. */
	if (cc_failed(st))
		return st;
	st = pubkey_from_spki(buf_view(&spki), &k, NULL);
	if (!cc_failed(st))
		st = pubkey_verify(k, alg, message, sig);
	if (cc_failed(st))
		pubkey_free(&k);
	else
		st = add_checker(ks, label, k);
	buf_done(&spki);
	if (st.code == CC_E_MEMORY)
		return keystore_fail(ks, st.code, "memory", "public key of %s", label);
	return cc_failed(st) ? bad_signature(ks, label) : st;
}

cc_status keystore_sign_unverified(struct keystore *ks, const char *label, struct sig_alg alg, struct bytes message,
				   struct buf *ret_sig)
{
	cc_status st = check_label(ks, label);

	return cc_failed(st) ? st : ks->ops->sign(ks, label, alg, message, ret_sig);
}

cc_status keystore_sign(struct keystore *ks, const char *label, struct sig_alg alg, struct bytes message, struct buf *ret_sig)
{
	struct buf sig = { 0 };
	cc_status st = keystore_sign_unverified(ks, label, alg, message, &sig);

	if (!cc_failed(st))
		st = verify_own(ks, label, alg, message, buf_view(&sig));
	if (!cc_failed(st))
		buf_move(ret_sig, &sig);
	buf_done(&sig);
	return st;
}

bool keystore_signed_for(struct keystore *ks, const char *label, const struct pubkey *k)
{
	const struct pubkey *known = find_checker(ks, label);

	return known != NULL && k != NULL && pubkey_equal(known, k);
}

cc_status keystore_derive_kdf3(struct keystore *ks, const char *label, uint8_t key_id, struct bytes diversification,
			       struct secret *ret)
{
	cc_status st = check_label(ks, label);

	return cc_failed(st) ? st : ks->ops->derive_kdf3(ks, label, key_id, diversification, ret);
}

cc_status keystore_derive_card_key(struct keystore *ks, const char *label, enum kdf_scheme scheme, uint8_t key_id,
				   struct bytes diversification, struct secret *ret)
{
	cc_status st = check_label(ks, label);

	if (cc_failed(st))
		return st;
	switch (scheme) {
	case KDF_SCHEME_KDF3:
		return ks->ops->derive_kdf3(ks, label, key_id, diversification, ret);
	case KDF_SCHEME_EMV_CPS:
		return ks->ops->derive_tdes(ks, label, KDF_EMV_CPS, key_id, diversification, ret);
	case KDF_SCHEME_VISA2:
		return ks->ops->derive_tdes(ks, label, KDF_VISA2, key_id, diversification, ret);
	}
	return cc_code_status(CC_E_ARG);
}

cc_status keystore_agree(struct keystore *ks, const char *label, struct bytes peer_point, struct buf *ret_x)
{
	cc_status st = check_label(ks, label);

	if (cc_failed(st))
		return st;
	if (ks->ops->agree == NULL)
		return keystore_fail(ks, CC_E_UNSUPPORTED, "keystore.kind", "the %s store has no key agreement", ks->ops->name);
	return ks->ops->agree(ks, label, peer_point, ret_x);
}

cc_status keystore_list(struct keystore *ks, struct keystore_key_info *ret, size_t cap, size_t *ret_count)
{
	return ks->ops->list(ks, ret, cap, ret_count);
}

void keystore_close(struct keystore **ks)
{
	if (*ks == NULL)
		return;
	free_checkers(*ks);
	(*ks)->ops->close(*ks);
	*ks = NULL;
}
