/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_SOFTCHIP_CHIP_CVC_H
#define CC_CARD_SOFTCHIP_CHIP_CVC_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/ec.h"
#include "crypto/hash.h"
#include "crypto/pubkey.h"

#include <stdbool.h>
#include <stdint.h>

/* Card verifiable certificates of inspection systems, BSI TR-03110-3 appendix C, as the chip reads them. */
#define CHIP_CVC_MAX 2048
#define CHIP_DATE_LEN 6 /* YYMMDD, one decimal digit in each byte */

/* The two first bits of the holder authorisation. */
enum chip_cvc_role {
	CHIP_CVC_TERMINAL = 0x00,
	CHIP_CVC_DV_FOREIGN = 0x40,
	CHIP_CVC_DV_DOMESTIC = 0x80,
	CHIP_CVC_CVCA = 0xC0,
};
#define CHIP_CVC_READ_DG3 0x01
#define CHIP_CVC_READ_DG4 0x02

struct chip_cvc {
	struct bytes body; /* 7F4E as a whole: what the signature covers, and what the chip keeps */
	struct bytes car, chr;
	struct bytes effective, expiration; /* CHIP_DATE_LEN */
	enum chip_cvc_role role;
	uint8_t rights;
	struct sig_alg alg;
	bool has_curve; /* ECDSA: domain parameters are there and known */
	enum ec_curve curve;
	struct bytes point, modulus, exponent;
};

/* body: one 7F4E, all bytes used. Views. CC_E_FORMAT; CC_E_UNSUPPORTED for a key or terminal type that the chip doesn't know. */
CC_MUST cc_status chip_cvc_read(struct bytes body, struct chip_cvc *ret);
/* Content of PSO: Verify Certificate: body and signature (5F37). */
CC_MUST cc_status chip_cvc_split(struct bytes content, struct bytes *ret_body, struct bytes *ret_signature);
/* CC_E_VERIFY; CC_E_FORMAT for an ECDSA key without a curve. */
CC_MUST cc_status chip_cvc_verify(const struct chip_cvc *key, struct bytes message, struct bytes signature);
/* Six digits that are a day of the calendar. */
bool chip_cvc_date_valid(struct bytes date);

#endif
