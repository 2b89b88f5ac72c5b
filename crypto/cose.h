/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_COSE_H
#define CC_CRYPTO_COSE_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/base/sys.h"
#include "crypto/keystore.h"
#include "crypto/pubkey.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * COSE (RFC 9052, algorithms RFC 9053 and RFC 8230): signed and encrypted CBOR.
 *
 * What we write is deterministic, tagged, with algorithm and key id in the
 * protected header. COSE_OURS reads exactly that: nothing may stand outside the
 * signature. COSE_ANY reads what others write: any key order, tag or none,
 * algorithm and key id unprotected; still definite lengths and no doubled key.
 * A message with critical headers doesn't verify until its caller has said that
 * it understands them (RFC 9052 3.1).
 */
enum cose_alg {
	COSE_ES256 = -7, /* with any curve: P-256 as RFC 9053, brainpoolP256r1 as ISO/IEC 18013-5 */
	COSE_ES384 = -35,
	COSE_ES512 = -36,
	COSE_PS256 = -37,
	COSE_PS384 = -38,
	COSE_PS512 = -39,
	COSE_RS256 = -257,
	COSE_RS384 = -258,
	COSE_RS512 = -259,
	COSE_A128GCM = 1,
	COSE_A192GCM = 2,
	COSE_A256GCM = 3,
	COSE_HMAC_256_64 = 4,
	COSE_HMAC_256 = 5,
	COSE_HMAC_384 = 6,
	COSE_HMAC_512 = 7,
	COSE_EDDSA = -8,
	COSE_CCM_16_64_128 = 10,
	COSE_CCM_16_64_256 = 11,
	COSE_ECDH_ES_HKDF_256 = -25,
	COSE_ECDH_ES_HKDF_512 = -26,
};
/* "ES256", also of algorithms that are known by name alone ("EdDSA", "AES-CCM-16-64-128"); "unknown". */
const char *cose_alg_name(int64_t alg);

#define COSE_BYTES_MAX (64u << 20)
#define COSE_KID_MAX 64

enum cose_profile { COSE_OURS, COSE_ANY };

/* Key id of ours: SHA-256 of the SubjectPublicKeyInfo. */
CC_MUST cc_status cose_kid(struct bytes spki, struct digest *ret);

/* ---- COSE_Sign1 (RFC 9052 4.2) */
struct cose_sign_params {
	struct keystore *keystore;
	const char *key_label; /* the algorithm follows from the key: ES256/384/512 by the curve's size, PS256 for RSA */
	struct bytes external; /* signed with it, not inside (RFC 9052 4.3); may be empty */
	struct bytes payload;
};
CC_MUST cc_status cose_sign1(const struct cose_sign_params *p, struct buf *ret, struct cc_error *err);

/* One signature over one payload; views. */
struct cose_signed {
	bool is_multi; /* of a COSE_Sign (RFC 9052 4.1), else COSE_Sign1 */
	struct bytes body_protected, sign_protected;
	struct bytes payload, signature;
	bool has_alg;
	int64_t alg;
	struct bytes kid; /* empty: none */
	/* RFC 9052 3.1: the encoded list of labels that a reader must understand; a caller that knows them all empties it. */
	struct bytes critical;
};
/*
 * index: which signature of a COSE_Sign (COSE_ANY only); 0. CC_E_FORMAT "cbor.malformed", "cbor.field", "cose.malformed";
 * CC_E_UNSUPPORTED "cose.unsupported" with the algorithm's name.
 */
CC_MUST cc_status cose_signed_parse(struct bytes data, enum cose_profile profile, size_t index, struct cose_signed *ret,
				    struct cc_error *err);
/* CC_E_VERIFY "cose.signature"; CC_E_UNSUPPORTED "cose.unsupported", "cose.critical". */
CC_MUST cc_status cose_signed_verify(const struct cose_signed *m, const struct pubkey *key, struct bytes external,
				     struct cc_error *err);

/* EdDSA (RFC 8032): a raw public key of 32 (Ed25519) or 57 bytes (Ed448). */
CC_MUST cc_status cose_signed_verify_eddsa(const struct cose_signed *m, struct bytes key, struct bytes external,
					   struct cc_error *err);

/*
 * ---- Messages of others whose key both sides have: COSE_Encrypt0 (AES-GCM,
 * AES-CCM) and COSE_Mac0 (HMAC); reading. CC_E_VERIFY "cose.decrypt", "cose.signature".
 */
CC_MUST cc_status cose_encrypt0_open(struct bytes key, struct bytes data, struct bytes external, struct buf *ret,
				     struct cc_error *err);
/* ret_payload: a view into data. */
CC_MUST cc_status cose_mac0_verify(struct bytes key, struct bytes data, struct bytes external, struct bytes *ret_payload,
				   struct cc_error *err);

/*
 * ---- COSE_Encrypt with one recipient of direct key agreement: ECDH-ES + HKDF
 * (RFC 9053 6.3.1), AES-GCM (RFC 9053 4.1). COSE_Encrypt0 has no place for the
 * sender's ephemeral key (RFC 9052 5.2: its key is known implicitly), so the
 * structure with a recipient is the one that names how the key was agreed.
 */
struct cose_encrypt_params {
	struct bytes recipient_spki; /* EC */
	enum cose_alg alg;	     /* COSE_A128GCM, COSE_A192GCM, COSE_A256GCM */
	struct bytes external;
	struct bytes plaintext;
	const struct sys *sys;
};
CC_MUST cc_status cose_encrypt(const struct cose_encrypt_params *p, struct buf *ret, struct cc_error *err);

/* ECDH of the recipient's key with a point: the x-coordinate. */
typedef cc_status (*cose_agree)(void *ctx, enum ec_curve curve, struct bytes point, struct buf *ret_x);

/* CC_E_VERIFY "cose.decrypt": key, external or text are wrong. */
CC_MUST cc_status cose_decrypt_with(cose_agree agree, void *ctx, enum cose_profile profile, struct bytes data,
				    struct bytes external, struct buf *ret, struct cc_error *err);
/* The recipient's key is in the key store. COSE_OURS; CC_E_NOT_FOUND "cose.recipient": it is for another key. */
CC_MUST cc_status cose_decrypt(struct keystore *ks, const char *label, struct bytes data, struct bytes external, struct buf *ret,
			       struct cc_error *err);

#endif
