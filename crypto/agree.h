/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_AGREE_H
#define CC_CRYPTO_AGREE_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/base/sys.h"
#include "crypto/cipher.h"
#include "crypto/dh.h"
#include "crypto/ec.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Key agreement of the eMRTD protocols over either kind of group (BSI
 * TR-03110-3 A.2), so that PACE and Chip Authentication are written once.
 */
enum agree_kind { AGREE_ECDH, AGREE_DH };

struct agree_group {
	enum agree_kind kind;
	enum ec_curve curve; /* AGREE_ECDH */
	enum dh_group group; /* AGREE_DH */
};

/* ICAO 9303-11 9.5.1: 0 to 2 and 8 to 18; false for others. */
bool agree_group_from_parameter_id(unsigned id, struct agree_group *ret);
int agree_group_parameter_id(struct agree_group g);
const char *agree_group_name(struct agree_group g);
bool agree_group_equal(struct agree_group a, struct agree_group b);
/* ICAO 9303-11 4.4.3.3.2: integrated mapping needs p = 3 mod 4 (all curves but P-224). */
bool agree_group_maps_integrated(struct agree_group g);

struct agree_domain;

CC_MUST cc_status agree_domain_new(struct agree_group g, struct agree_domain **ret);
void agree_domain_free(struct agree_domain **d);
struct agree_group agree_domain_group(const struct agree_domain *d);
/* h: what agree_mapping_secret gave. */
CC_MUST cc_status agree_domain_map_generic(const struct agree_domain *d, struct bytes nonce, struct bytes h,
					   struct agree_domain **ret);
CC_MUST cc_status agree_domain_map_integrated(const struct agree_domain *d, enum cipher_alg alg, struct bytes s, struct bytes t,
					      struct agree_domain **ret);

struct agree_key;

/* A fresh pair whose private number comes from sys (a worked example's keys can be played through it). */
CC_MUST cc_status agree_key_generate(const struct agree_domain *d, const struct sys *sys, struct agree_key **ret);
CC_MUST cc_status agree_key_import(const struct agree_domain *d, struct bytes private_number, struct agree_key **ret);
void agree_key_free(struct agree_key **k);
/* 04 || x || y, or the unsigned integer y; a view valid while k lives. */
struct bytes agree_key_public(const struct agree_key *k);
/* Checks the peer's public key (CC_E_VERIFY) and gives K: the x-coordinate, or g^xy at the length of p. */
CC_MUST cc_status agree_secret(const struct agree_key *k, struct bytes peer, struct buf *ret);
/* The same as a group element, for the generic mapping: 04 || x || y, or g^xy. */
CC_MUST cc_status agree_mapping_secret(const struct agree_key *k, struct bytes peer, struct buf *ret);
CC_MUST cc_status agree_public_check(struct agree_group g, struct bytes public_key);

/* Data object of a public value in a public key template: 86 for a point, 84 for a DH value (BSI TR-03110-3 D.3). */
uint32_t agree_public_tag(struct agree_group g);
/* Comp(), BSI TR-03110-3 A.2.2.3: the x-coordinate at field length, or SHA-1 of the DH value as an unsigned integer. */
CC_MUST cc_status agree_compress(struct agree_group g, struct bytes public_key, struct buf *ret);

/* SubjectPublicKeyInfo of a Chip Authentication key: EC (named, explicit or standardized) or DH. ret_public: as above, checked.
 */
CC_MUST cc_status agree_spki_parse(struct bytes der, struct agree_group *ret_group, struct buf *ret_public, struct cc_error *err);
/* standardized: AlgorithmIdentifier 0.4.0.127.0.7.1.2 with the parameter id; else explicit numbers. */
CC_MUST cc_status agree_spki_encode(struct agree_group g, struct bytes public_key, bool standardized, struct buf *ret);

#endif
