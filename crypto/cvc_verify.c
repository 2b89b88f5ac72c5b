/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cvc.h"

#include "crypto/rsa.h"

#include <string.h>

static cc_status verify_rsa(const struct cvc_key *k, struct bytes digest, struct bytes signature)
{
	struct rsa_key *key = NULL;
	cc_status st = rsa_key_public(k->modulus, k->exponent, &key);

	if (!cc_failed(st))
		st = rsa_verify_digest(key, k->alg, digest, signature);
	rsa_key_free(&key);
	return st;
}

cc_status cvc_key_verify(const struct cvc_key *k, struct bytes message, struct bytes signature)
{
	struct digest d;
	cc_status st;

	if (k->unusable)
		return cc_code_status(CC_E_UNSUPPORTED);
	if (k->kind == PUBKEY_EC && !k->has_domain)
		return cc_code_status(CC_E_STATE);
	st = hash_digest(k->alg.hash, message, &d);
	if (cc_failed(st))
		return st;
	if (k->kind == PUBKEY_RSA)
		return verify_rsa(k, bytes_of(d.p, d.n), signature);
	return ec_verify_digest(k->curve, k->point, bytes_of(d.p, d.n), signature, EC_SIG_PLAIN);
}

cc_status cvc_verify(const struct cvc *cert, const struct cvc_key *issuer)
{
	return cvc_key_verify(issuer, cert->body, cert->signature);
}

cc_status cvc_request_verify(const struct cvc *request, const struct cvc_key *holder)
{
	cc_status st;

	if (!request->is_request)
		return cc_code_status(CC_E_STATE);
	st = cvc_key_verify(&request->key, request->body, request->signature);
	if (!cc_failed(st) && request->has_outer && holder != NULL)
		st = cvc_key_verify(holder, request->outer_body, request->outer_signature);
	return st;
}

void cvc_state_from(const struct cvc *trust_point, struct cvc_state *ret)
{
	*ret = (struct cvc_state){ .key = trust_point->key,
				   .terminal = trust_point->chat.terminal,
				   .role = trust_point->chat.role,
				   .rights = trust_point->chat.rights,
				   .expiration = trust_point->expiration };
	memcpy(ret->holder, trust_point->chr, sizeof ret->holder);
}

/* TR-03110-3 2.2: a country authority certifies verifiers and its own next key, a verifier certifies terminals. */
static bool role_follows(enum cvc_role above, enum cvc_role below)
{
	switch (above) {
	case CVC_ROLE_CVCA:
		return below != CVC_ROLE_TERMINAL;
	case CVC_ROLE_DV_DOMESTIC:
	case CVC_ROLE_DV_FOREIGN:
		return below == CVC_ROLE_TERMINAL;
	case CVC_ROLE_TERMINAL:
		break;
	}
	return false;
}

cc_status cvc_chain_step(struct cvc_state *s, const struct cvc *cert, uint32_t today, struct cc_error *err)
{
	struct cvc_state next;
	cc_status st;

	if (cert->is_request || strcmp(cert->car, s->holder) != 0)
		return cc_fail(err, CC_E_VERIFY, "cvc.issuer", "issued by %s, not by %s", cert->car, s->holder);
	st = cvc_verify(cert, &s->key);
	if (cc_failed(st))
		return cc_fail(err, st.code, "cvc.signature", "%s by %s: %s", cert->chr, s->holder, cc_code_name(st.code));
	if (cert->expiration < today || cert->expiration < cert->effective)
		return cc_fail(err, CC_E_VERIFY, "cvc.expired", "%s: %u, today is %u", cert->chr, (unsigned)cert->expiration,
			       (unsigned)today);
	if (cert->chat.terminal != s->terminal || !role_follows(s->role, cert->chat.role))
		return cc_fail(err, CC_E_VERIFY, "cvc.role", "%s: role %d below role %d", cert->chr, (int)cert->chat.role,
			       (int)s->role);
	cvc_state_from(cert, &next);
	st = cvc_key_inherit(&next.key, &s->key);
	if (cc_failed(st))
		return cc_fail(err, st.code, "cvc.point", "%s: key and domain parameters don't fit", cert->chr);
	/* TR-03110-3 2.7: the effective authorisation is the AND over the chain; a link begins a new chain of its own. */
	if (cert->chat.role != CVC_ROLE_CVCA)
		next.rights &= s->rights;
	*s = next;
	return st;
}
