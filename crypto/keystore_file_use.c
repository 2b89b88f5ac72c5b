/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keystore_file_internal.h"

#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/rsa.h"

/* A key that is open for one operation, during which no fork happens; opened_done wipes it. */
struct opened {
	struct keystore_key_info info;
	struct buf spki, private;
};

static void opened_done(struct opened *k)
{
	buf_done(&k->private);
	buf_done(&k->spki);
}

static cc_status open_key(struct keystore_file *f, const char *label, struct opened *ret, struct cc_error *err)
{
	struct keystore_header header;
	const struct keystore_entry *e;
	struct buf sealed = { 0 }, aad = { 0 };
	cc_status st = keystore_file_check_process(f, err);

	if (cc_failed(st))
		return st;
	(void)pthread_mutex_lock(&f->lock);
	st = keystore_file_find(f, label, &e, err);
	if (!cc_failed(st)) {
		header = f->image.header;
		ret->info = e->info;
		st = keystore_entry_aad(&header, e, &aad);
	}
	if (!cc_failed(st))
		st = buf_copy(&ret->spki, buf_view(&e->spki));
	if (!cc_failed(st))
		st = buf_copy(&sealed, buf_view(&e->sealed));
	(void)pthread_mutex_unlock(&f->lock);
	if (!cc_failed(st)) {
		st = seal_decrypt(bytes_of(f->keys->seal, sizeof f->keys->seal), buf_view(&aad), buf_view(&sealed),
				  &ret->private);
		if (st.code == CC_E_VERIFY)
			st = cc_fail(err, CC_E_VERIFY, "keystore.changed", "%s", label);
	}
	buf_done(&sealed);
	buf_done(&aad);
	return st;
}

/* The public point lies beside the scalar. That they belong together shows when the signature is verified. */
static cc_status open_signer(const struct opened *k, struct ec_signer **ret)
{
	struct bytes point;
	cc_status st = ec_spki_point(buf_view(&k->spki), &point);

	return cc_failed(st) ? st : ec_signer_new(k->info.curve, buf_view(&k->private), point, ret);
}

static cc_status sign_ec(struct keystore_file *f, const struct opened *k, struct bytes digest, struct buf *ret)
{
	struct ec_signer *signer = NULL;
	const struct ec_signer *use;
	cc_status st = open_signer(k, &signer);

	use = signer; /* whoever owns it afterwards, it lives as long as this thread is between enter and leave */
	if (!cc_failed(st))
		st = kept_keys_add(f->kept, k->info.label, &signer);
	if (!cc_failed(st))
		st = ec_signer_digest(use, digest, ret);
	ec_signer_free(&signer);
	return st;
}

static cc_status sign_rsa(struct sig_alg alg, struct bytes private, struct bytes digest, struct buf *ret)
{
	struct rsa_key *k = NULL;
	cc_status st = rsa_key_import(private, &k);

	if (!cc_failed(st))
		st = rsa_sign_digest(k, alg, digest, ret);
	rsa_key_free(&k);
	return st;
}

static bool scheme_fits(enum keystore_kind kind, enum sig_scheme scheme)
{
	if (scheme == SIG_ECDSA_PLAIN) /* for reading */
		return false;
	return scheme == SIG_ECDSA ? kind == KEYSTORE_EC : kind == KEYSTORE_RSA;
}

static cc_status sign_opened(struct keystore_file *f, const char *label, struct sig_alg alg, struct bytes digest,
			     struct buf *ret_sig, struct cc_error *err)
{
	struct opened k = { 0 };
	cc_status st = open_key(f, label, &k, err);

	if (!cc_failed(st) && !scheme_fits(k.info.kind, alg.scheme))
		st = cc_fail(err, CC_E_ARG, "keystore.kind", "%s: the key is of another kind than the signature", label);
	if (!cc_failed(st))
		st = k.info.kind == KEYSTORE_EC ? sign_ec(f, &k, digest, ret_sig)
						: sign_rsa(alg, buf_view(&k.private), digest, ret_sig);
	opened_done(&k);
	return st;
}

cc_status keystore_file_sign(struct keystore *ks, const char *label, struct sig_alg alg, struct bytes message,
			     struct buf *ret_sig)
{
	struct keystore_file *f = keystore_file_of(ks);
	const struct ec_signer *kept;
	struct digest d = { 0 };
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	st = keystore_file_forget_changed(f, &err);
	if (!cc_failed(st))
		st = hash_digest(alg.hash, message, &d);
	if (cc_failed(st))
		return keystore_file_pass_on(f, st, &err);
	kept_keys_enter();
	kept = alg.scheme == SIG_ECDSA ? kept_keys_find(f->kept, label) : NULL;
	if (kept != NULL)
		st = ec_signer_digest(kept, bytes_of(d.p, d.n), ret_sig);
	else
		st = sign_opened(f, label, alg, bytes_of(d.p, d.n), ret_sig, &err);
	kept_keys_leave();
	return keystore_file_pass_on(f, st, &err);
}

/* ---- one key of one kind, open for one operation; err is what its caller hears */

struct use {
	struct keystore_file *file;
	struct opened key;
	struct cc_error err;
};

static cc_status use_begin(struct use *u, struct keystore *ks, const char *label, enum keystore_kind kind, const char *kind_name)
{
	cc_status st;

	*u = (struct use){ .file = keystore_file_of(ks) };
	cc_error_init(&u->err);
	kept_keys_enter();
	st = open_key(u->file, label, &u->key, &u->err);
	if (!cc_failed(st) && u->key.info.kind != kind)
		st = cc_fail(&u->err, CC_E_ARG, "keystore.kind", "%s is no %s key", label, kind_name);
	return st;
}

/* After each use_begin, also one that failed. */
static cc_status use_end(struct use *u, cc_status st)
{
	opened_done(&u->key);
	kept_keys_leave();
	return keystore_file_pass_on(u->file, st, &u->err);
}

cc_status keystore_file_derive_kdf3(struct keystore *ks, const char *label, uint8_t key_id, struct bytes diversification,
				    struct secret *ret)
{
	struct use u;
	cc_status st = use_begin(&u, ks, label, KEYSTORE_AES, "AES");

	if (!cc_failed(st))
		st = kdf_kdf3(buf_view(&u.key.private), key_id, diversification, ret);
	return use_end(&u, st);
}

cc_status keystore_file_derive_tdes(struct keystore *ks, const char *label, enum kdf_tdes_scheme scheme, uint8_t key_id,
				    struct bytes diversification, struct secret *ret)
{
	struct use u;
	cc_status st = use_begin(&u, ks, label, KEYSTORE_TDES, "triple DES");

	if (!cc_failed(st))
		st = kdf_tdes_card_key(scheme, buf_view(&u.key.private), key_id, diversification, ret);
	return use_end(&u, st);
}

static cc_status agree_ec(const struct keystore_key_info *info, struct bytes private, struct bytes peer_point, struct buf *ret)
{
	struct ec_domain *d = NULL;
	struct ec_key *k = NULL;
	cc_status st = ec_domain_new(info->curve, &d);

	if (!cc_failed(st))
		st = ec_key_import(d, private, &k);
	if (!cc_failed(st))
		st = ec_agree_x(k, peer_point, ret);
	ec_key_free(&k);
	ec_domain_free(&d);
	return st;
}

cc_status keystore_file_agree(struct keystore *ks, const char *label, struct bytes peer_point, struct buf *ret_x)
{
	struct use u;
	cc_status st = use_begin(&u, ks, label, KEYSTORE_EC, "EC");

	if (!cc_failed(st))
		st = agree_ec(&u.key.info, buf_view(&u.key.private), peer_point, ret_x);
	return use_end(&u, st);
}
