/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_DH_H
#define CC_CRYPTO_DH_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/base/sys.h"
#include "crypto/cipher.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Diffie-Hellman over prime fields: the three groups of ICAO 9303-11 9.5.1
 * (RFC 5114 2.1 to 2.3) for PACE and Chip Authentication. Public values travel
 * as unsigned integers without leading zeros (BSI TR-03110-3 D.2.1.1); zeros in
 * front are accepted, up to the length of p. Every value from outside is checked
 * before use: 1 < y < p - 1 and y^q = 1 (RFC 2631 2.1.5), else CC_E_VERIFY.
 */
enum dh_group {
	DH_1024_160, /* parameter id 0 */
	DH_2048_224, /* 1 */
	DH_2048_256, /* 2 */
	DH_GROUP_COUNT
};

#define DH_PRIME_LEN_MAX 256

size_t dh_prime_len(enum dh_group group); /* bytes of p: 128, 256, 256 */
size_t dh_order_len(enum dh_group group); /* bytes of q: 20, 28, 32 */
const char *dh_group_name(enum dh_group group);
int dh_group_parameter_id(enum dh_group group);
bool dh_group_from_parameter_id(unsigned id, enum dh_group *ret);

/* A group with its generator: the standard one, or PACE's mapped one. */
struct dh_domain;

CC_MUST cc_status dh_domain_new(enum dh_group group, struct dh_domain **ret);
void dh_domain_free(struct dh_domain **d);
enum dh_group dh_domain_group(const struct dh_domain *d);
/* ICAO 9303-11 4.4.3.3.1: g' = g^s * h. s: the nonce; h: the shared secret of the mapping keys. CC_E_VERIFY when g' is 1. */
CC_MUST cc_status dh_domain_map_generic(const struct dh_domain *d, struct bytes nonce, struct bytes h, struct dh_domain **ret);
/* ICAO 9303-11 4.4.3.3.2: g' = R_p(s, t)^((p-1)/q). alg: PACE's cipher. Lengths of s and t: pace_prf in crypto/pace_prf.h. */
CC_MUST cc_status dh_domain_map_integrated(const struct dh_domain *d, enum cipher_alg alg, struct bytes s, struct bytes t,
					   struct dh_domain **ret);
/* The generator, for worked examples; without leading zeros. */
CC_MUST cc_status dh_domain_generator(const struct dh_domain *d, struct buf *ret);
/* CC_E_VERIFY unless y is in the subgroup of order q and neither 1 nor out of range. */
CC_MUST cc_status dh_public_check(enum dh_group group, struct bytes y);

/* A key pair; the private number is wiped by free. */
struct dh_key;

/* Private number from sys, 1 <= x < q. The key doesn't need the domain afterwards. */
CC_MUST cc_status dh_key_generate(const struct dh_domain *d, const struct sys *sys, struct dh_key **ret);
/* x: big-endian, below p; taken modulo q, where 0 is CC_E_VERIFY. */
CC_MUST cc_status dh_key_import(const struct dh_domain *d, struct bytes x, struct dh_key **ret);
void dh_key_free(struct dh_key **k);
enum dh_group dh_key_group(const struct dh_key *k);
/* y without leading zeros; a view valid while k lives. */
struct bytes dh_key_public(const struct dh_key *k);
/* Fixed length dh_order_len; for key stores and chips only. */
CC_MUST cc_status dh_key_private(const struct dh_key *k, struct buf *ret);
/* The shared secret, dh_prime_len bytes (PKCS#3: with leading zeros). CC_E_VERIFY for a bad peer value or the secret 1. */
CC_MUST cc_status dh_agree(const struct dh_key *k, struct bytes peer, struct buf *ret_secret);

/*
 * SubjectPublicKeyInfo of a DH key (ICAO 9303-11 9.4.4): X9.42 dhpublicnumber
 * or PKCS#3 dhKeyAgreement with explicit numbers (mapped to a known group,
 * others are CC_E_UNSUPPORTED), or standardizedDomainParameters (0.4.0.127.0.7.1.2) with a
 * parameter id. The public value is checked.
 */
CC_MUST cc_status dh_spki_parse(struct bytes der, enum dh_group *ret_group, struct buf *ret_y, struct cc_error *err);
enum dh_spki_form { DH_SPKI_X942, DH_SPKI_STANDARDIZED };
CC_MUST cc_status dh_spki_encode(enum dh_group group, struct bytes y, enum dh_spki_form form, struct buf *ret);

#endif
