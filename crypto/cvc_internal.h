/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_CVC_INTERNAL_H
#define CC_CRYPTO_CVC_INTERNAL_H

#include "crypto/cvc.h"

/* Shared by cvc*.c. */
extern const struct bytes cvc_oid_terminals[CVC_TERMINAL_UNKNOWN];

#endif
