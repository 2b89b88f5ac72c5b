/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_SOD_OBJECT_H
#define CC_CARD_LDS_SOD_OBJECT_H

#include "card/lds/lds_set.h"
#include "crypto/hash.h"

/*
 * The content of EF.SOD, ICAO 9303-10 4.6.2.3 (Appendix D of the edition):
 *
 * LDSSecurityObject ::= SEQUENCE { version 0 | 1, hashAlgorithm, SEQUENCE OF
 * SEQUENCE { dataGroupNumber, hash }, ldsVersionInfo only in version 1 }.
 */
extern const struct bytes oid_lds_security_object; /* 2.23.136.1.1.1 */

struct sod_hash {
	unsigned dg; /* 1 to 16 */
	struct bytes hash;
};
struct sod_object {
	unsigned version; /* 0 or 1 */
	enum hash_alg alg;
	size_t count;
	struct sod_hash hashes[LDS_DG_LAST]; /* in the order of the object */
	char lds_version[5];		     /* version 1: "0108"; version 0: "" */
	char unicode_version[7];
};

/* Sets both versions of a version 1 object, clears them of version 0. CC_E_ARG "sod.settings". */
CC_MUST cc_status sod_object_set_versions(struct sod_object *o, const char *lds_version, const char *unicode_version,
					  struct cc_error *err);
/* DER; hashes ascending, at least two (9303-10: 2 to 16), lengths fit alg: CC_E_ARG "sod.settings". */
CC_MUST cc_status sod_object_encode(const struct sod_object *in, struct buf *ret, struct cc_error *err);
/* Views into der. Duplicate numbers and wrong hash lengths are refused: CC_E_FORMAT "sod.object". */
CC_MUST cc_status sod_object_parse(struct bytes der, struct sod_object *ret, struct cc_error *err);
/* The stored hash of DG n; empty when it isn't listed. */
struct bytes sod_object_hash(const struct sod_object *o, unsigned dg);
/* Bit n-1 for each DG n. */
uint32_t sod_object_dg_mask(const struct sod_object *o);

#endif
