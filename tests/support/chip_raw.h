/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_CHIP_RAW_H
#define CC_TESTS_SUPPORT_CHIP_RAW_H

#include "card/softchip/softchip.h"
#include "crypto/base/buf.h"
#include "crypto/base/sys.h"

#include <stddef.h>
#include <stdint.h>

/* Raw APDUs for a software chip, as hex text; and a random source that deals out given bytes. */

struct chip_raw_random {
	struct sys sys;
	const char *hex; /* dealt in order; white space allowed. When it is used up: CC_E_CRYPTO */
	int64_t slept_ms;
};
void chip_raw_random(struct chip_raw_random *r, const char *hex);

/* Whole answer with status word; owned by the caller. Fails the test when the chip is torn. */
struct buf chip_raw_send(struct softchip *chip, const char *command_hex);
/* The answer must be these bytes; on a difference both are printed and the test fails. */
void chip_raw_expect(struct softchip *chip, const char *command_hex, const char *answer_hex);
/* The last two bytes must be sw. */
void chip_raw_expect_sw(struct softchip *chip, const char *command_hex, uint16_t sw);
uint16_t chip_raw_sw(const struct buf *answer);
void chip_raw_power(struct softchip *chip);

#endif
