/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pki/cvca.h"

#include <string.h>

static enum hash_alg hash_of_curve(enum ec_curve curve)
{
	size_t len = ec_order_len(curve);

	return len <= 32 ? HASH_SHA256 : len <= 48 ? HASH_SHA384 : HASH_SHA512;
}

cc_status cvca_signer_of(struct keystore *ks, const char *label, struct cvca_signer *ret, struct cc_error *err)
{
	struct keystore_key_info info;
	struct cvca_signer s = { .ks = ks, .label = label };
	cc_status st = keystore_info(ks, label, &info);

	if (cc_failed(st)) {
		keystore_error(ks, err);
		return st;
	}
	if (info.kind == KEYSTORE_AES || info.kind == KEYSTORE_TDES)
		return cc_fail(err, CC_E_ARG, "cvc.algorithm", "key %s doesn't sign", label);
	if (info.kind == KEYSTORE_EC) {
		enum hash_alg hash = hash_of_curve(info.curve);

		s.alg = (struct sig_alg){ SIG_ECDSA, hash, 0, hash };
	} else {
		s.alg = (struct sig_alg){ SIG_RSA_PSS, HASH_SHA256, hash_len(HASH_SHA256), HASH_SHA256 };
	}
	*ret = s;
	return st;
}

/* The key store signs ECDSA as DER, a certificate carries r || s. */
static cc_status sign(const struct cvca_signer *s, struct bytes message, struct buf *ret, struct cc_error *err)
{
	struct keystore_key_info info;
	struct buf sig = { 0 };
	cc_status st = keystore_info(s->ks, s->label, &info);

	if (!cc_failed(st))
		st = keystore_sign(s->ks, s->label, s->alg, message, &sig);
	if (cc_failed(st)) {
		keystore_error(s->ks, err);
	} else if (s->alg.scheme != SIG_ECDSA) {
		buf_move(ret, &sig);
	} else {
		st = ec_sig_to_plain(buf_view(&sig), ec_order_len(info.curve), ret);
		if (cc_failed(st))
			st = cc_fail(err, st.code, "cvc.signature", "%s", s->label);
	}
	buf_done(&sig);
	return st;
}

static cc_status check_issuer(const struct cvc *issuer, const struct cvc_fields *f, struct cc_error *err)
{
	bool by_country = issuer->chat.role == CVC_ROLE_CVCA && f->role != CVC_ROLE_TERMINAL;
	bool by_verifier = (issuer->chat.role == CVC_ROLE_DV_DOMESTIC || issuer->chat.role == CVC_ROLE_DV_FOREIGN) &&
			   f->role == CVC_ROLE_TERMINAL;

	if (issuer->is_request || strcmp(issuer->chr, f->car) != 0)
		return cc_fail(err, CC_E_ARG, "cvc.issuer", "%s isn't %s", issuer->chr, f->car);
	if (!by_country && !by_verifier)
		return cc_fail(err, CC_E_ARG, "cvc.role", "%s may not issue role %d", issuer->chr, (int)f->role);
	if (f->role != CVC_ROLE_CVCA && (f->rights & ~issuer->chat.rights) != 0)
		return cc_fail(err, CC_E_ARG, "cvc.role", "%s has not all of these rights", issuer->chr);
	/* TR-03110-3 2.4: whoever is below ends first; a link goes beyond the old key's end. */
	if (f->role != CVC_ROLE_CVCA && (f->effective < issuer->effective || f->expiration > issuer->expiration))
		return cc_fail(err, CC_E_ARG, "cvc.dates", "outside %u to %u of %s", (unsigned)issuer->effective,
			       (unsigned)issuer->expiration, issuer->chr);
	return cc_ok();
}

/* Reads what was made and verifies it, as whoever gets it will. */
static cc_status check_made(struct bytes cert, const struct cvc *issuer, struct cc_error *err)
{
	struct cvc made;
	cc_status st = cvc_parse(cert, &made, err);

	if (cc_failed(st))
		return st;
	st = cvc_verify(&made, issuer != NULL ? &issuer->key : &made.key);
	return cc_failed(st) ? cc_fail(err, st.code, "cvc.signature", "%s doesn't verify", made.chr) : st;
}

cc_status cvca_issue(const struct cvca_signer *signer, const struct cvc *issuer, const struct cvc_fields *fields,
		     struct buf *ret_cert, struct cc_error *err)
{
	struct buf body = { 0 }, sig = { 0 }, cert = { 0 };
	cc_status st = cc_ok();

	if (fields->is_request || fields->car == NULL || (issuer == NULL && strcmp(fields->car, fields->chr) != 0))
		return cc_fail(err, CC_E_ARG, "cvc.issuer", "no issuer");
	if (issuer != NULL)
		st = check_issuer(issuer, fields, err);
	if (cc_failed(st) || cc_failed(st = cvc_body_build(fields, &body, err)) ||
	    cc_failed(st = sign(signer, buf_view(&body), &sig, err)))
		goto out;
	st = cvc_assemble(buf_view(&body), buf_view(&sig), &cert);
	if (cc_failed(st))
		st = cc_fail(err, st.code, "cvc.structure", "certificate");
	else
		st = check_made(buf_view(&cert), issuer, err);
	if (!cc_failed(st))
		buf_move(ret_cert, &cert);
out:
	buf_done(&body);
	buf_done(&sig);
	buf_done(&cert);
	return st;
}

static cc_status add_outer(const struct cvca_signer *outer, const char *outer_chr, struct buf *request, struct cc_error *err)
{
	struct buf covered = { 0 }, sig = { 0 }, out = { 0 };
	cc_status st = cvc_outer_to_sign(buf_view(request), outer_chr, &covered);

	if (!cc_failed(st) && cc_failed(st = sign(outer, buf_view(&covered), &sig, err)))
		goto out;
	if (!cc_failed(st))
		st = cvc_outer_assemble(buf_view(request), outer_chr, buf_view(&sig), &out);
	if (cc_failed(st))
		st = cc_fail(err, st.code, "cvc.structure", "outer signature");
	else
		buf_move(request, &out);
out:
	buf_done(&covered);
	buf_done(&sig);
	buf_done(&out);
	return st;
}

cc_status cvca_request(const struct cvca_signer *signer, const char *car, const char *chr, const struct cvca_signer *outer,
		       const char *outer_chr, struct buf *ret, struct cc_error *err)
{
	struct cvc_fields f = { .car = car, .chr = chr, .key_alg = signer->alg, .with_domain = true, .is_request = true };
	struct buf spki = { 0 }, body = { 0 }, sig = { 0 }, request = { 0 };
	cc_status st = keystore_public_key(signer->ks, signer->label, &spki);

	if (cc_failed(st)) {
		keystore_error(signer->ks, err);
		goto out;
	}
	f.spki = buf_view(&spki);
	if (cc_failed(st = cvc_body_build(&f, &body, err)) || cc_failed(st = sign(signer, buf_view(&body), &sig, err)))
		goto out;
	st = cvc_assemble(buf_view(&body), buf_view(&sig), &request);
	if (cc_failed(st))
		st = cc_fail(err, st.code, "cvc.structure", "request");
	if (!cc_failed(st) && outer != NULL)
		st = add_outer(outer, outer_chr, &request, err);
	if (!cc_failed(st))
		buf_move(ret, &request);
out:
	buf_done(&spki);
	buf_done(&body);
	buf_done(&sig);
	buf_done(&request);
	return st;
}
