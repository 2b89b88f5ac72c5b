/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BASE_UTF8_H
#define CC_BASE_UTF8_H

#include "crypto/base/bytes.h"

/*
 * One character of UTF-8 at the front of a cursor. RFC 3629 4: shortest forms, no
 * surrogates, nothing above U+10FFFF; latches failure otherwise.
 */
CC_MUST bool utf8_next(struct cursor *in, uint32_t *ret);

#endif
