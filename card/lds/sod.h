/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_SOD_H
#define CC_CARD_LDS_SOD_H

#include "card/lds/lds_set.h"
#include "crypto/cms.h"
#include "crypto/hash.h"
#include "crypto/keystore.h"
#include "crypto/x509.h"

/*
 * EF.SOD, ICAO 9303-10 4.6.2: 77 { CMS SignedData over the LDS security object }.
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
/* DER; hashes ascending, at least two (9303-10: 2 to 16), lengths fit alg: CC_E_ARG. */
CC_MUST cc_status sod_object_encode(const struct sod_object *in, struct buf *ret, struct cc_error *err);
/* Views into der. Duplicate numbers and wrong hash lengths are refused: CC_E_FORMAT "sod.object". */
CC_MUST cc_status sod_object_parse(struct bytes der, struct sod_object *ret, struct cc_error *err);
/* The stored hash of DG n; empty when it isn't listed. */
struct bytes sod_object_hash(const struct sod_object *o, unsigned dg);
uint32_t sod_object_dg_mask(const struct sod_object *o);

struct sod_params {
	unsigned version;	     /* 0 or 1 */
	enum hash_alg hash;	     /* of the data groups */
	const char *lds_version;     /* version 1: "0108" */
	const char *unicode_version; /* "040000" */
	struct keystore *keystore;
	const char *key_label; /* document signer key */
	const struct cert *signer;
	struct sig_alg alg;
	const struct trust *trust; /* country signers: the chain must end here */
	int64_t now_s;
};
/*
 * Hashes the set's data groups, signs, then reads its own result back: structure,
 * signature, every hash, and the chain to the country signer. Nothing leaves
 * otherwise: CC_E_VERIFY "sod.self-check", "sod.chain".
 */
CC_MUST cc_status sod_build(const struct sod_params *p, const struct lds_set *set, struct buf *ret_file, struct cc_error *err);

/* A SOD that was read: owned copy, views into it. */
struct sod {
	struct buf file;
	struct cms *cms;
	struct sod_object object;
};
/* Outer tag, CMS, content type and LDS object; the signature is not judged here. CC_E_FORMAT. */
CC_MUST cc_status sod_parse(struct bytes file, struct sod *ret, struct cc_error *err);
void sod_done(struct sod *s);
/* CC_OK: listed and equal; CC_E_NOT_FOUND: not listed; CC_E_VERIFY: differs. ret_hash (may be NULL): of the file. */
CC_MUST cc_status sod_check_file(const struct sod *s, unsigned dg, struct bytes file, struct digest *ret_hash);

#endif
