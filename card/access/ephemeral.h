/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_ACCESS_EPHEMERAL_H
#define CC_CARD_ACCESS_EPHEMERAL_H

#include "crypto/base/sys.h"
#include "crypto/ec.h"

/*
 * A fresh key pair whose scalar comes from sys: the protocols of this folder
 * draw their ephemeral keys here, so that a worked example's keys can be played
 * through the same functions. BSI TR-03111 4.1.1, algorithm 1: draw until the
 * number is in 1..n-1.
 */
CC_MUST cc_status ephemeral_key_new(const struct ec_domain *d, const struct sys *sys, struct ec_key **ret);

#endif
