/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_COSE_INTERNAL_H
#define CC_CRYPTO_COSE_INTERNAL_H

#include "crypto/cbor/cbor_read.h"
#include "crypto/cbor/cbor_write.h"
#include "crypto/cose.h"

/* Shared by cose.c (headers, algorithms), cose_sign.c, cose_encrypt.c and cose_given_key.c. */
enum cose_tag { COSE_TAG_ENCRYPT0 = 16, COSE_TAG_MAC0 = 17, COSE_TAG_SIGN1 = 18, COSE_TAG_ENCRYPT = 96, COSE_TAG_SIGN = 98 };

/* RFC 9052 3.1, Table 3; RFC 9053 Tables 14 and 15. */
enum cose_label {
	COSE_LABEL_ALG = 1,
	COSE_LABEL_CRIT = 2,
	COSE_LABEL_KID = 4,
	COSE_LABEL_IV = 5,
	COSE_LABEL_EPHEMERAL = -1,
	COSE_LABEL_SALT = -20,
};

struct cose_headers {
	struct bytes protected_bytes; /* as they enter Sig_structure and Enc_structure */
	bool has_alg;
	int64_t alg;
	struct bytes kid, iv;
	struct bytes ephemeral; /* COSE_Key, encoded */
	struct bytes critical;	/* the list, encoded */
	bool has_salt;
};

/* Tag (COSE_OURS: it must be there) and the array of the message. */
CC_MUST cc_status cose_open(struct bytes data, enum cose_profile profile, enum cose_tag tag, struct cbor_in *ret,
			    struct cc_error *err);
/* Protected and unprotected header of a message, signature or recipient. */
CC_MUST cc_status cose_read_headers(struct cbor_in *in, enum cose_profile profile, struct cose_headers *ret);
/* The protected header { alg, kid (when n > 0) }, encoded as a map. */
CC_MUST cc_status cose_protected(int64_t alg, struct bytes kid, struct buf *ret);

struct cose_sig_alg {
	enum cose_alg alg;
	struct sig_alg sig;
};
/* NULL when it is none that we verify. */
const struct cose_sig_alg *cose_sig_alg_find(int64_t alg);
/* Bytes of an AES-GCM key; 0 for other algorithms. */
size_t cose_gcm_key_len(int64_t alg);
cc_status cose_unsupported(int64_t alg, struct cc_error *err);

#endif
