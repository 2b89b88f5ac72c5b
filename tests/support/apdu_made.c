/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/apdu_made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct apdu apdu_made(struct bytes raw)
{
	struct apdu a = { 0 };
	struct cursor in;
	uint8_t lc = 0, le;

	cursor_init(&in, raw);
	assert_true(cursor_u8(&in, &a.cla) && cursor_u8(&in, &a.ins) && cursor_u8(&in, &a.p1) && cursor_u8(&in, &a.p2));
	if (cursor_left(&in) > 1)
		assert_true(cursor_u8(&in, &lc) && cursor_take(&in, lc, &a.data));
	if (cursor_left(&in) == 1) {
		assert_true(cursor_u8(&in, &le));
		a.le = le ? le : 256;
	}
	assert_int_equal(cursor_left(&in), 0);
	return a;
}
