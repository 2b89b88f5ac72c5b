/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_EC_SCALAR_H
#define CC_CRYPTO_EC_SCALAR_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/ec.h"

/*
 * Arithmetic with private numbers, for the chip's side of Chip Authentication
 * Mapping (ICAO 9303-11 4.4.3.3.3): a / b modulo the order of the group, as
 * ec_order_len bytes. Both 1 <= v < order, else CC_E_VERIFY.
 */
CC_MUST cc_status ec_scalar_divide(enum ec_curve curve, struct bytes a, struct bytes b, struct buf *ret);

#endif
