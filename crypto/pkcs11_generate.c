/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/asn1.h"
#include "crypto/base/secret.h"
#include "crypto/pkcs11_attribute.h"
#include "crypto/pkcs11_key.h"
#include "crypto/roca.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define EC_PARAMS_MAX 16
#define CHECK_MESSAGE "key pair check"

/* Templates point into it. */
struct making {
	CK_BBOOL yes, no;
	CK_DATE today;
	char label[KEYSTORE_LABEL_MAX + 1];
	CK_ULONG label_len, modulus_bits, value_len;
	CK_BYTE exponent[3];
	struct buf ec_params;
	CK_OBJECT_HANDLE private_key, public_key;
	CK_BBOOL signs, agrees;
};

static cc_status making_init(struct making *m, const struct keystore_key_info *want)
{
	time_t now = (time_t)(want->created_ms / 1000);
	struct tm tm = { 0 };
	char text[32];
	struct writer w;

	*m = (struct making){ .yes = CK_TRUE, .no = CK_FALSE, .modulus_bits = want->bits, .value_len = want->bits / 8 };
	m->private_key = m->public_key = CK_INVALID_HANDLE;
	m->agrees = want->kind == KEYSTORE_EC && want->agrees ? CK_TRUE : CK_FALSE;
	m->signs = m->agrees == CK_TRUE ? CK_FALSE : CK_TRUE;
	memcpy(m->exponent, "\x01\x00\x01", 3);
	(void)snprintf(m->label, sizeof m->label, "%s", want->label);
	m->label_len = strlen(m->label);
	(void)gmtime_r(&now, &tm);
	(void)snprintf(text, sizeof text, "%04d%02d%02d", (tm.tm_year + 1900) % 10000, tm.tm_mon + 1, tm.tm_mday);
	memcpy(&m->today, text, sizeof m->today);
	if (want->kind != KEYSTORE_EC)
		return cc_ok();
	writer_init(&w, EC_PARAMS_MAX);
	der_put_oid(&w, ec_curve_oid(want->curve));
	return writer_finish(&w, &m->ec_params);
}

/*
 * The date stands in the public key, last, so that a template can do without it. Private objects have none: SoftHSM2 writes it
 * there in the clear and reads it as if it were encrypted.
 */
#define COMMON_ATTRIBUTES                                                                                                        \
	{ CKA_TOKEN, &m->yes, sizeof m->yes }, { CKA_LABEL, m->label, m->label_len },                                            \
	{                                                                                                                        \
		CKA_ID, m->label, m->label_len                                                                                   \
	}
#define PROTECTED_ATTRIBUTES                                                                                                     \
	{ CKA_PRIVATE, &m->yes, sizeof m->yes }, { CKA_SENSITIVE, &m->yes, sizeof m->yes },                                      \
	{                                                                                                                        \
		CKA_EXTRACTABLE, &m->no, sizeof m->no                                                                            \
	}
/* Each key has one use, and all others are forbidden by name: left out, a token takes them for allowed. */
#define USE_ATTRIBUTES                                                                                                           \
	{ CKA_SIGN, &m->signs, sizeof m->signs }, { CKA_DERIVE, &m->agrees, sizeof m->agrees },                                  \
		{ CKA_DECRYPT, &m->no, sizeof m->no },                                                                           \
	{                                                                                                                        \
		CKA_UNWRAP, &m->no, sizeof m->no                                                                                 \
	}
#define PUBLIC_ATTRIBUTES                                                                                                        \
	{ CKA_PRIVATE, &m->no, sizeof m->no }, { CKA_VERIFY, &m->signs, sizeof m->signs },                                       \
		{ CKA_ENCRYPT, &m->no, sizeof m->no },                                                                           \
	{                                                                                                                        \
		CKA_WRAP, &m->no, sizeof m->no                                                                                   \
	}
#define DATE_ATTRIBUTE                                                                                                           \
	{                                                                                                                        \
		CKA_START_DATE, &m->today, sizeof m->today                                                                       \
	}

static CK_RV make_pair(struct pkcs11_session *s, struct making *m, enum keystore_kind kind, CK_ULONG without)
{
	CK_ATTRIBUTE private[] = { COMMON_ATTRIBUTES, PROTECTED_ATTRIBUTES, USE_ATTRIBUTES };
	CK_ATTRIBUTE ec[] = {
		COMMON_ATTRIBUTES, PUBLIC_ATTRIBUTES, { CKA_EC_PARAMS, m->ec_params.p, m->ec_params.n }, DATE_ATTRIBUTE
	};
	CK_ATTRIBUTE rsa[] = { COMMON_ATTRIBUTES,
			       PUBLIC_ATTRIBUTES,
			       { CKA_MODULUS_BITS, &m->modulus_bits, sizeof m->modulus_bits },
			       { CKA_PUBLIC_EXPONENT, m->exponent, sizeof m->exponent },
			       DATE_ATTRIBUTE };
	CK_ATTRIBUTE *public = kind == KEYSTORE_EC ? ec : rsa;
	CK_ULONG public_len = (kind == KEYSTORE_EC ? sizeof ec : sizeof rsa) / sizeof ec[0] - without;
	CK_MECHANISM mechanism = { kind == KEYSTORE_EC ? CKM_EC_KEY_PAIR_GEN : CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };

	return s->f->C_GenerateKeyPair(s->h, &mechanism, public, public_len, private, sizeof private / sizeof private[0],
				       &m -> public_key, &m -> private_key);
}

static CK_RV make_aes(struct pkcs11_session *s, struct making *m)
{
	CK_ATTRIBUTE template[] = { COMMON_ATTRIBUTES,
				    PROTECTED_ATTRIBUTES,
				    USE_ATTRIBUTES,
				    { CKA_ENCRYPT, &m->no, sizeof m->no },
				    { CKA_WRAP, &m->no, sizeof m->no },
				    { CKA_VALUE_LEN, &m->value_len, sizeof m->value_len } };
	CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };

	return s->f->C_GenerateKey(s->h, &mechanism, template, sizeof template / sizeof template[0], &m -> private_key);
}

static bool refuses_template(CK_RV rv)
{
	return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_VALUE_INVALID || rv == CKR_ATTRIBUTE_READ_ONLY ||
	       rv == CKR_TEMPLATE_INCONSISTENT;
}

static cc_status make(struct pkcs11_session *s, struct making *m, enum keystore_kind kind, struct cc_error *err)
{
	CK_RV rv;

	if (kind == KEYSTORE_AES)
		return pkcs11_check(s, "C_GenerateKey", make_aes(s, m), err);
	rv = make_pair(s, m, kind, 0);
	/* Some tokens know no dates. */
	if (refuses_template(rv))
		rv = make_pair(s, m, kind, 1);
	return pkcs11_check(s, "C_GenerateKeyPair", rv, err);
}

/* ---- what was made */

static bool same_kind(const struct keystore_key_info *a, const struct keystore_key_info *want)
{
	if (a->kind != want->kind)
		return false;
	return want->kind == KEYSTORE_EC ? a->curve == want->curve : a->bits == want->bits;
}

static cc_status check_pair(struct pkcs11_session *s, const struct pkcs11_key *key, struct cc_error *err)
{
	const struct sig_alg alg = { key->info.kind == KEYSTORE_EC ? SIG_ECDSA : SIG_RSA_PKCS1, HASH_SHA256, 0, HASH_SHA256 };
	struct buf spki = { 0 }, sig = { 0 };
	struct pubkey *k = NULL;
	struct digest d;
	cc_status st = hash_digest(alg.hash, BYTES_LITERAL(CHECK_MESSAGE), &d);

	if (!cc_failed(st))
		st = pkcs11_key_spki(s, key, &spki, err);
	if (!cc_failed(st))
		st = pkcs11_key_sign(s, key, alg, bytes_of(d.p, d.n), &sig, err);
	if (!cc_failed(st))
		st = pubkey_from_spki(buf_view(&spki), &k, err);
	/* Chips of one maker gave RSA keys that could be factored (CVE-2017-15361), HSMs among them. */
	if (!cc_failed(st) && key->info.kind == KEYSTORE_RSA && roca_fingerprint(pubkey_modulus(k)))
		st = pkcs11_wrong(err, "the RSA key has the fingerprint of CVE-2017-15361", key->info.label);
	if (!cc_failed(st) && cc_failed(pubkey_verify(k, alg, BYTES_LITERAL(CHECK_MESSAGE), buf_view(&sig))))
		st = cc_fail(err, CC_E_VERIFY, "keystore.bad-signature", "%s: the new key pair does not fit together",
			     key->info.label);
	pubkey_free(&k);
	buf_done(&spki);
	buf_done(&sig);
	return st;
}

/* The same secret from both sides. */
static cc_status check_agreement(struct pkcs11_session *s, const struct pkcs11_key *key, struct cc_error *err)
{
	struct buf spki = { 0 }, here = { 0 }, there = { 0 };
	struct ec_domain *d = NULL;
	struct ec_key *other = NULL;
	struct pubkey *k = NULL;
	cc_status st = pkcs11_key_spki(s, key, &spki, err);

	if (!cc_failed(st))
		st = pubkey_from_spki(buf_view(&spki), &k, err);
	if (!cc_failed(st))
		st = ec_domain_new(key->info.curve, &d);
	if (!cc_failed(st))
		st = ec_key_generate(d, &other);
	if (!cc_failed(st))
		st = ec_agree_x(other, pubkey_point(k), &here);
	if (!cc_failed(st))
		st = pkcs11_key_agree(s, key, ec_key_public(other), &there, err);
	if (!cc_failed(st) && !cc_equal(here.p, here.n, there.p, there.n))
		st = pkcs11_wrong(err, "the new key pair does not fit together", key->info.label);
	ec_key_free(&other);
	ec_domain_free(&d);
	pubkey_free(&k);
	buf_done(&spki);
	buf_done(&here);
	buf_done(&there);
	return st;
}

static cc_status check_made(struct pkcs11_session *s, const struct keystore_key_info *want, struct cc_error *err)
{
	uint8_t mac[PKCS11_CMAC_LEN];
	struct pkcs11_key key;
	cc_status st = pkcs11_key_find(s, want->label, &key, err);

	if (cc_failed(st))
		return st;
	if (!same_kind(&key.info, want))
		return pkcs11_wrong(err, "another key than was asked for", want->label);
	if (want->kind == KEYSTORE_EC && want->agrees)
		return check_agreement(s, &key, err);
	if (want->kind != KEYSTORE_AES)
		return check_pair(s, &key, err);
	st = pkcs11_key_cmac(s, &key, BYTES_LITERAL(CHECK_MESSAGE), mac, err);
	cc_wipe(mac, sizeof mac);
	return st;
}

static void destroy(struct pkcs11_session *s, const struct making *m)
{
	if (m->private_key != CK_INVALID_HANDLE)
		(void)s->f->C_DestroyObject(s->h, m->private_key);
	if (m->public_key != CK_INVALID_HANDLE)
		(void)s->f->C_DestroyObject(s->h, m->public_key);
}

static cc_status make_and_check(struct pkcs11_session *s, const struct keystore_key_info *want, bool *made, struct cc_error *err)
{
	struct making m;
	cc_status st = making_init(&m, want);

	if (cc_failed(st))
		(void)cc_fail(err, st.code, "memory", "template");
	else
		st = make(s, &m, want->kind, err);
	if (!cc_failed(st)) {
		*made = true;
		st = check_made(s, want, err);
		/* Also when another station made the same label at the same time: neither keeps its key. */
		if (cc_failed(st))
			destroy(s, &m);
	}
	buf_done(&m.ec_params);
	return st;
}

cc_status pkcs11_key_generate(struct pkcs11_session *s, const struct keystore_key_info *want, bool *made, struct cc_error *err)
{
	struct pkcs11_key key;
	struct cc_error why;
	bool there = false;
	cc_status st;

	cc_error_init(&why);
	st = pkcs11_key_look(s, want->label, &key, &there, &why);
	if (cc_failed(st) && (s->failed != CKR_OK || !there))
		return cc_fail(err, why.code, why.key, "%s", why.detail);
	if (there && *made)
		return check_made(s, want, err);
	if (there)
		return cc_fail(err, CC_E_EXISTS, "keystore.key-exists", "%s", want->label);
	/* What a broken-off clearing up left: a public key alone is of no use, and would make the new pair ambiguous. */
	if (key.public_key != CK_INVALID_HANDLE)
		(void)s->f->C_DestroyObject(s->h, key.public_key);
	return make_and_check(s, want, made, err);
}
