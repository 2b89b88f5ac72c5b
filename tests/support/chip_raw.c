/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/chip_raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND_MAX 66000

static cc_status deal(void *ctx, uint8_t *out, size_t n)
{
	struct chip_raw_random *r = ctx;

	for (size_t i = 0; i < n; i++) {
		char pair[3] = { 0 };
		size_t one;

		r->hex += strspn(r->hex, " \n");
		if (strlen(r->hex) < 2)
			return cc_code_status(CC_E_CRYPTO);
		memcpy(pair, r->hex, 2);
		if (!bytes_from_hex(pair, out + i, 1, &one))
			return cc_code_status(CC_E_CRYPTO);
		r->hex += 2;
	}
	return cc_ok();
}

static int64_t no_clock(void *ctx)
{
	(void)ctx;
	return 0;
}

static void sleep_counted(void *ctx, int64_t ms)
{
	struct chip_raw_random *r = ctx;

	r->slept_ms += ms;
}

void chip_raw_random(struct chip_raw_random *r, const char *hex)
{
	*r = (struct chip_raw_random){ .sys = { r, no_clock, no_clock, deal, sleep_counted }, .hex = hex };
}

struct buf chip_raw_send(struct softchip *chip, const char *command_hex)
{
	static uint8_t command[COMMAND_MAX];
	struct writer w;
	struct buf answer = { 0 };
	size_t n;

	writer_init(&w, 70000);
	CC_ASSERT(bytes_from_hex(command_hex, command, sizeof command, &n));
	CC_ASSERT(!cc_failed(softchip_transmit(chip, bytes_of(command, n), &w)));
	CC_ASSERT(!cc_failed(writer_finish(&w, &answer)));
	CC_ASSERT(answer.n >= 2);
	return answer;
}

uint16_t chip_raw_sw(const struct buf *answer)
{
	struct cursor in;
	struct bytes sw;

	cursor_init(&in, buf_view(answer));
	CC_ASSERT(cursor_take_back(&in, 2, &sw));
	return (uint16_t)(sw.p[0] << 8 | sw.p[1]);
}

static void differ(const char *command_hex, const char *want, const struct buf *got)
{
	char *text = malloc(2 * got->n + 1);

	CC_ASSERT(text != NULL);
	bytes_to_hex(buf_view(got), text);
	fprintf(stderr, "command %.80s\n  wanted %s\n  got    %s\n", command_hex, want, text);
	free(text);
	abort();
}

void chip_raw_expect(struct softchip *chip, const char *command_hex, const char *answer_hex)
{
	struct buf got = chip_raw_send(chip, command_hex);
	struct buf want = { 0 };
	size_t n = 0;

	CC_ASSERT(!cc_failed(buf_zero(&want, strlen(answer_hex) / 2 + 1)));
	CC_ASSERT(bytes_from_hex(answer_hex, want.p, want.n, &n));
	if (!bytes_equal(buf_view(&got), bytes_of(want.p, n)))
		differ(command_hex, answer_hex, &got);
	buf_done(&got);
	buf_done(&want);
}

void chip_raw_expect_sw(struct softchip *chip, const char *command_hex, uint16_t sw)
{
	struct buf got = chip_raw_send(chip, command_hex);
	char want[5];

	(void)snprintf(want, sizeof want, "%04X", sw);
	if (chip_raw_sw(&got) != sw)
		differ(command_hex, want, &got);
	buf_done(&got);
}

void chip_raw_power(struct softchip *chip)
{
	uint8_t atr[33];
	size_t n;

	CC_ASSERT(!cc_failed(softchip_power_on(chip, atr, &n)));
}
