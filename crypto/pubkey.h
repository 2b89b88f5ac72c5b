/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_PUBKEY_H
#define CC_CRYPTO_PUBKEY_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/ec.h"
#include "crypto/hash.h"

#include <stdbool.h>

/*
 * Public keys as SubjectPublicKeyInfo (RFC 5280, RFC 3279, RFC 5480), and
 * signature algorithms as AlgorithmIdentifier.
 *
 * EC keys may carry explicit parameters (ICAO 9303-12 demands them of a
 * country signer). They are compared field by field with the known curves and
 * mapped to the named one; unknown parameters are refused (CC_E_UNSUPPORTED,
 * key "pubkey.unknown-curve"): an attacker's curve has an attacker's generator.
 */
enum pubkey_kind { PUBKEY_EC, PUBKEY_RSA };

struct pubkey;

/* der: one SPKI, all bytes used. Point or modulus are checked. RSA 1024 to 8192 bits. */
CC_MUST cc_status pubkey_from_spki(struct bytes der, struct pubkey **ret, struct cc_error *err);
CC_MUST cc_status pubkey_from_ec_point(enum ec_curve curve, struct bytes point, struct pubkey **ret);
void pubkey_free(struct pubkey **k);
/* The same key, however its parameters are written. */
bool pubkey_equal(const struct pubkey *a, const struct pubkey *b);
enum pubkey_kind pubkey_kind(const struct pubkey *k);
enum ec_curve pubkey_curve(const struct pubkey *k);  /* PUBKEY_EC only */
bool pubkey_is_explicit(const struct pubkey *k);     /* parameters were explicit */
struct bytes pubkey_point(const struct pubkey *k);   /* PUBKEY_EC: 04||x||y, view */
struct bytes pubkey_modulus(const struct pubkey *k); /* PUBKEY_RSA: without leading zeros, view */
struct bytes pubkey_exponent(const struct pubkey *k);
unsigned pubkey_bits(const struct pubkey *k);
/*
 * PUBKEY_RSA: the modulus was written without the zero octet that keeps an
 * INTEGER positive (X.690 8.3). Some issuers write DG15 so; read as the unsigned
 * number that is meant. Nothing of ours is ever written so.
 */
bool pubkey_lacks_sign_octet(const struct pubkey *k);

enum ec_param_form { EC_PARAMS_NAMED, EC_PARAMS_EXPLICIT };
/* Whole SubjectPublicKeyInfo. Explicit: SpecifiedECDomain version 1 with prime field, cofactor, no seed (RFC 3279 2.3.5). */
CC_MUST cc_status ec_spki_encode(enum ec_curve curve, struct bytes point, enum ec_param_form form, struct buf *ret);
/* The point of what ec_spki_encode wrote, a view; it is not judged anew. CC_E_FORMAT. */
CC_MUST cc_status ec_spki_point(struct bytes der, struct bytes *ret_point);
/* Whole SubjectPublicKeyInfo of an RSA key (RFC 3279 2.3.1); unsigned big-endian numbers. */
CC_MUST cc_status rsa_spki_encode(struct bytes modulus, struct bytes exponent, struct buf *ret);
/* The RSAPublicKey inside it alone (key identifiers hash it). */
CC_MUST cc_status rsa_public_key_encode(struct bytes modulus, struct bytes exponent, struct buf *ret);

/* SIG_ECDSA_PLAIN: r||s under the identifiers of BSI TR-03111 5.2.1; some document signers sign so. Reading only. */
enum sig_scheme { SIG_ECDSA, SIG_RSA_PKCS1, SIG_RSA_PSS, SIG_ECDSA_PLAIN };

struct sig_alg {
	enum sig_scheme scheme;
	enum hash_alg hash;
	size_t salt_len; /* RSA-PSS; MGF1 with the same hash unless mgf_hash differs (reading) */
	enum hash_alg mgf_hash;
};

/* What a key of this kind signs with: ECDSA; RSA with PSS (salt as long as the hash, ICAO 9303-12 4.4.2) or v1.5. */
struct sig_alg sig_alg_of_key(enum pubkey_kind kind, enum hash_alg hash, bool rsa_pss);
/* AlgorithmIdentifier DER. PSS parameters always explicit (RFC 4055). */
CC_MUST cc_status sig_alg_encode(struct sig_alg alg, struct buf *ret);
/*
 * Reads an AlgorithmIdentifier. Plain rsaEncryption and absent or NULL
 * parameters occur in real documents: then the hash is `fallback_hash`
 * (HASH_COUNT: there is none, such identifiers are CC_E_UNSUPPORTED).
 */
CC_MUST cc_status sig_alg_parse(struct bytes der, enum hash_alg fallback_hash, struct sig_alg *ret, struct cc_error *err);
/* message: the signed bytes (hashed here). ECDSA signatures in DER form. CC_E_VERIFY when wrong. */
CC_MUST cc_status pubkey_verify(const struct pubkey *k, struct sig_alg alg, struct bytes message, struct bytes sig);

#endif
