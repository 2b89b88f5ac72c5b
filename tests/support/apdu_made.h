/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_APDU_MADE_H
#define CC_TESTS_SUPPORT_APDU_MADE_H

#include "card/apdu.h"

/* A short APDU, as vectors write it, in its parts: ISO/IEC 7816-3 12.1.3. Views into raw; fails the test when it is none. */
struct apdu apdu_made(struct bytes raw);

#endif
