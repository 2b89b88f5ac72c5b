/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/phrase.h"
#include "crypto/base/bytes.h"
#include "tests/fuzz/fuzz_entry.h"

#include <stdlib.h>
#include <string.h>

/* libfuzzer: -max_len=600 */

#define CAP_MAX 360

/*
 * A sentence with a card's bytes in it: two bytes are the caps, the third says
 * how the rest goes in. Both texts stay under their caps and whole in their
 * letters, and nothing of the card drives a terminal.
 */
static void check(const char *text, size_t cap, bool ascii)
{
	struct bytes b = bytes_of((const uint8_t *)text, strnlen(text, cap));
	struct cursor in;
	size_t follow = 0;
	uint8_t c;

	CC_ASSERT(b.n < cap);
	cursor_init(&in, b);
	while (cursor_u8(&in, &c)) {
		CC_ASSERT(c >= 0x20 && c != 0x7F && (c < 0x80 || !ascii) && ((c & 0xC0) == 0x80) == (follow > 0));
		if (follow > 0)
			follow--;
		else
			follow = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
	}
	CC_ASSERT(follow == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest;
	struct cursor in;
	uint8_t en_cap8, vi_cap8, how;
	size_t en_cap, vi_cap;
	char *en, *vi, *text;

	cursor_init(&in, bytes_of(data, size));
	if (!cursor_u8(&in, &en_cap8) || !cursor_u8(&in, &vi_cap8) || !cursor_u8(&in, &how))
		return 0;
	rest = cursor_rest(&in);
	en_cap = 1 + (size_t)en_cap8 * CAP_MAX / 256;
	vi_cap = 1 + (size_t)vi_cap8 * CAP_MAX / 256;
	/* Each as large as it says, so that the sanitizers see the first byte past it. */
	en = malloc(en_cap);
	vi = malloc(vi_cap);
	text = malloc(rest.n + 1);
	CC_ASSERT(en != NULL && vi != NULL && text != NULL);
	if (rest.n > 0)
		memcpy(text, rest.p, rest.n);
	text[rest.n] = 0;
	if (how % 4 == 0)
		phrase_say(en, en_cap, vi, vi_cap, "%s", text);
	else if (how % 4 == 1)
		phrase_say(en, en_cap, vi, vi_cap, "recorded %s, judged at the recorded time %s: %.150s", "passed", text, text);
	else if (how % 4 == 2)
		phrase_say(en, en_cap, vi, vi_cap, "\"%.*s\"", (int)rest.n, (const char *)rest.p);
	else
		phrase_say(en, en_cap, vi, vi_cap, "the key %s is not pinned here", text);
	check(en, en_cap, true);
	check(vi, vi_cap, false);
	free(en);
	free(vi);
	free(text);
	return 0;
}
