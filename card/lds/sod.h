/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_SOD_H
#define CC_CARD_LDS_SOD_H

#include "card/lds/lds_set.h"
#include "card/lds/sod_object.h"
#include "crypto/cms.h"
#include "crypto/hash.h"
#include "crypto/keystore.h"
#include "crypto/x509.h"

/* EF.SOD, ICAO 9303-10 4.6.2: 77 { CMS SignedData over the LDS security object }. */

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
