/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/script_reader.h"

#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static cc_status script_reset(void *ctx, uint8_t atr[READER_ATR_MAX], size_t *ret_len)
{
	const struct script *s = ctx;

	if (!bytes_from_hex(s->atr != NULL ? s->atr : "3B00", atr, READER_ATR_MAX, ret_len))
		fail_msg("bad ATR in the script");
	return cc_ok();
}

static cc_status script_transmit(void *ctx, struct bytes command, struct writer *answer)
{
	struct script *s = ctx;
	const struct script_step *step;
	struct buf bytes;

	if (s->next >= s->count) {
		char hex[2 * 5 + 1];

		bytes_to_hex(bytes_of(command.p, command.n < 5 ? command.n : 5), hex);
		fail_msg("command %s... after the script's end", hex);
	}
	step = &s->steps[s->next++];
	if (step->command != NULL) {
		bytes = vectors_from_hex(step->command);
		if (!bytes_equal(buf_view(&bytes), command)) {
			char *hex = malloc(2 * command.n + 1);

			bytes_to_hex(command, hex);
			print_error("script step %zu\n  got      %s\n  expected %s\n", s->next, hex, step->command);
			free(hex);
			fail();
		}
		buf_done(&bytes);
	}
	if (step->answer == NULL)
		return cc_code_status(CC_E_DEVICE);
	bytes = vectors_from_hex(step->answer);
	writer_put(answer, buf_view(&bytes));
	buf_done(&bytes);
	return cc_ok();
}

struct reader *script_reader(struct script *script)
{
	struct reader *r;

	script->next = 0;
	if (cc_failed(reader_memory_new("script", script, script_reset, script_transmit, &r)) || cc_failed(reader_connect(r)))
		fail_msg("no reader");
	return r;
}
