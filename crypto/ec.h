/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_EC_H
#define CC_CRYPTO_EC_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/base/secret.h"
#include "crypto/cipher.h"
#include "crypto/hash.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Elliptic curves, keys and points. Points travel as X9.62 uncompressed
 * (04 || x || y); every point from outside is checked to be on the curve, not
 * infinity, and of full order before use (BSI TR-03111 4.3.2): CC_E_VERIFY.
 */
enum ec_curve {
	EC_P192, /* read only, old documents */
	EC_P224,
	EC_P256,
	EC_P384,
	EC_P521,
	EC_BP192, /* brainpoolP192r1 ... */
	EC_BP224,
	EC_BP256,
	EC_BP320,
	EC_BP384,
	EC_BP512,
	EC_CURVE_COUNT
};

size_t ec_field_len(enum ec_curve curve);	/* bytes of a coordinate: 66 for P-521 */
size_t ec_order_len(enum ec_curve curve);	/* bytes of a scalar */
const char *ec_curve_name(enum ec_curve curve); /* "brainpoolP256r1", "P-256" */
bool ec_curve_from_name(const char *name, enum ec_curve *ret);
struct bytes ec_curve_oid(enum ec_curve curve);
bool ec_curve_from_oid(struct bytes oid, enum ec_curve *ret);
/* ICAO 9303-11 table of standardized domain parameters (13 = brainpoolP256r1, 12 = P-256); -1 / false where there is none. */
int ec_curve_parameter_id(enum ec_curve curve);
bool ec_curve_from_parameter_id(unsigned id, enum ec_curve *ret);

/* The numbers of a curve, unsigned big-endian at the length of the field or order; g is 04 || x || y. The cofactor is 1. */
struct ec_numbers {
	struct buf p, a, b, g, n;
};
CC_MUST cc_status ec_curve_numbers(enum ec_curve curve, struct ec_numbers *ret);
void ec_numbers_done(struct ec_numbers *n);
/* The known curve that has these numbers, leading zeros aside; false for any other. */
bool ec_curve_from_numbers(struct bytes p, struct bytes a, struct bytes b, struct bytes g, struct bytes n, enum ec_curve *ret);

/* A group with its generator: the standard one, or PACE's mapped one. */
struct ec_domain;

CC_MUST cc_status ec_domain_new(enum ec_curve curve, struct ec_domain **ret);
void ec_domain_free(struct ec_domain **d);
enum ec_curve ec_domain_curve(const struct ec_domain *d);
/* ICAO 9303-11 4.4.3.3.1 generic mapping: G' = s*G + H. nonce: s as big-endian bytes; h_point: 04||x||y. */
CC_MUST cc_status ec_domain_map_generic(const struct ec_domain *d, struct bytes nonce, struct bytes h_point,
					struct ec_domain **ret);
/*
 * ICAO 9303-11 4.4.3.3.2 integrated mapping: G' = f_G(R_p(s, t)), the point encoding of that clause (simplified
 * SWU, for p = 3 mod 4: all curves but P-224, which is CC_E_UNSUPPORTED). alg: PACE's cipher; lengths: pace_prf.h.
 */
CC_MUST cc_status ec_domain_map_integrated(const struct ec_domain *d, enum cipher_alg alg, struct bytes s, struct bytes t,
					   struct ec_domain **ret);
/* f_G alone, for worked examples: a field element to a point. */
CC_MUST cc_status ec_point_encode_element(enum ec_curve curve, struct bytes element, struct buf *ret_point);
bool ec_curve_maps_integrated(enum ec_curve curve);
/* CC_E_VERIFY unless the point is uncompressed, on the curve and not infinity. */
CC_MUST cc_status ec_point_check(const struct ec_domain *d, struct bytes point);
CC_MUST cc_status ec_curve_point_check(enum ec_curve curve, struct bytes point);
/* The generator, for worked examples. */
CC_MUST cc_status ec_domain_generator(const struct ec_domain *d, struct buf *ret_point);

/* A key pair; the private scalar is wiped by free. */
struct ec_key;

/* The key doesn't need the domain afterwards. */
CC_MUST cc_status ec_key_generate(const struct ec_domain *d, struct ec_key **ret);
/* scalar: big-endian, 1 <= scalar < order, else CC_E_VERIFY. */
CC_MUST cc_status ec_key_import(const struct ec_domain *d, struct bytes scalar, struct ec_key **ret);
void ec_key_free(struct ec_key **k);
enum ec_curve ec_key_curve(const struct ec_key *k);
/* 04 || x || y; a view valid while k lives. */
struct bytes ec_key_public(const struct ec_key *k);
/* Fixed length ec_order_len; for key stores and chips only. */
CC_MUST cc_status ec_key_scalar(const struct ec_key *k, struct buf *ret);
/* ECKA (TR-03111 4.3.1): the shared point 04||x||y, or its x-coordinate as ec_field_len bytes. */
CC_MUST cc_status ec_agree_point(const struct ec_key *k, struct bytes peer_point, struct buf *ret_point);
CC_MUST cc_status ec_agree_x(const struct ec_key *k, struct bytes peer_point, struct buf *ret_x);

/* Signature forms: DER SEQUENCE{r, s} (CMS, X.509) or plain r||s (TR-03111 5.2.1; AA, CV certificates). */
enum ec_sig_form { EC_SIG_DER, EC_SIG_PLAIN };

/* Digests longer than the order are cut to its bits (FIPS 186-4 6.4). CC_E_STATE for a key on a mapped generator. Thread-safe. */
CC_MUST cc_status ec_sign_digest(const struct ec_key *k, struct bytes digest, enum ec_sig_form form, struct buf *ret);
/*
 * The same for many signatures of one key, in DER form: a scalar as ec_key_import takes it, whose public point is known and not
 * computed anew. Nothing here tells whether they belong together: the signature has to be verified under that point. Free wipes.
 * Thread-safe.
 */
struct ec_signer;
CC_MUST cc_status ec_signer_new(enum ec_curve curve, struct bytes scalar, struct bytes point, struct ec_signer **ret);
void ec_signer_free(struct ec_signer **s);
CC_MUST cc_status ec_signer_digest(const struct ec_signer *s, struct bytes digest, struct buf *ret);
/* CC_E_VERIFY when the signature is wrong or malformed. point: 04||x||y of the public key. */
CC_MUST cc_status ec_verify_digest(enum ec_curve curve, struct bytes point, struct bytes digest, struct bytes sig,
				   enum ec_sig_form form);
/* The same for many signatures under one key: the point is checked at once, the library's key is made at the first one and kept.
 * Thread-safe. */
struct ec_verifier;
CC_MUST cc_status ec_verifier_new(enum ec_curve curve, struct bytes point, struct ec_verifier **ret);
void ec_verifier_free(struct ec_verifier **v);
CC_MUST cc_status ec_verifier_digest(struct ec_verifier *v, struct bytes digest, struct bytes sig, enum ec_sig_form form);
/* r||s <-> DER. order_len: bytes of each half. Malformed, negative or too long: CC_E_FORMAT. */
CC_MUST cc_status ec_sig_to_der(struct bytes plain, struct buf *ret);
CC_MUST cc_status ec_sig_to_plain(struct bytes der, size_t order_len, struct buf *ret);

#endif
