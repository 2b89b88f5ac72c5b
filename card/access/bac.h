/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_ACCESS_BAC_H
#define CC_CARD_ACCESS_BAC_H

#include "card/apdu.h"
#include "crypto/base/secret.h"
#include "crypto/base/sys.h"

/* Basic Access Control, ICAO 9303-11 4.3, host side. */

/*
 * Keys from the MRZ information: document number (9, or longer for TD1 with
 * overflow), birth YYMMDD, expiry YYMMDD, without check digits (they are made
 * here). ret_seed: 16 bytes of the SHA-1.
 */
CC_MUST cc_status bac_key_seed(const char *document_number, const char *birth, const char *expiry, struct secret *ret_seed);

/* Build and parse are separate from I/O: the vectors and the fuzzer call them directly. */
struct bac {
	struct secret k_enc, k_mac;
	uint8_t rnd_ifd[8], k_ifd[16], rnd_ic[8];
};
CC_MUST cc_status bac_init(struct bac *b, const struct secret *seed);
void bac_done(struct bac *b);
/* EXTERNAL AUTHENTICATE data: 40 bytes from rnd_ic (GET CHALLENGE), rnd_ifd and k_ifd, which must be set. */
CC_MUST cc_status bac_mutual_build(const struct bac *b, uint8_t out[40]);
/* The chip's 40 bytes: checks MAC and random numbers, makes session keys and SSC. CC_E_VERIFY. */
CC_MUST cc_status bac_mutual_parse(const struct bac *b, struct bytes answer, struct secret *ret_ks_enc, struct secret *ret_ks_mac,
				   uint8_t ret_ssc[8]);

/*
 * GET CHALLENGE and EXTERNAL AUTHENTICATE; on success the channel carries 3DES
 * secure messaging. The application must be selected. A refusal (6300, 6982) is
 * CC_E_DENIED, key "access.bac-refused"; never retried.
 */
CC_MUST cc_status bac_authenticate(struct channel *ch, const struct secret *seed, const struct sys *sys);

#endif
