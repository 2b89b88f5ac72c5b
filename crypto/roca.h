/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_ROCA_H
#define CC_CRYPTO_ROCA_H

#include "crypto/base/bytes.h"

#include <stdbool.h>

/*
 * The fingerprint of RSA keys made by a flawed library (CVE-2017-15361, "ROCA"):
 * modulo each small prime the modulus is a power of 65537. A random modulus
 * passes with a probability under 2^-27.
 */
bool roca_fingerprint(struct bytes modulus);

#endif
