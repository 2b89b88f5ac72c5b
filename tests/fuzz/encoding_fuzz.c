/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/encoding.h"
#include "station/registry/vietnamese.h"
#include "tests/fuzz/fuzz_entry.h"

#include <stdlib.h>
#include <string.h>

/*
 * Text of an unknown encoding: what decodes is UTF-8 that the normaliser accepts as such,
 * what doesn't names a place inside; ASCII is itself in each; detection gives an
 * encoding that exists.
 */

static void decode(enum text_encoding e, struct bytes in, size_t cap)
{
	char *out = malloc(cap), *nfc = malloc(4 * cap + 16);
	struct text_fault fault = { 0 };
	size_t n = 0, at = 0;
	cc_status st;

	CC_ASSERT(out != NULL && nfc != NULL);
	st = encoding_decode(e, in, out, cap, &n, &at);
	if (cc_failed(st)) {
		CC_ASSERT(out[0] == '\0');
		CC_ASSERT(st.code == CC_E_LIMIT || (st.code == CC_E_FORMAT && at >= 1 && at <= in.n + 1));
	} else {
		CC_ASSERT(n < cap && out[n] == '\0');
		if (e != ENCODING_UTF8 && cc_failed(vietnamese_normalise(bytes_of(out, n), nfc, 4 * cap + 16, &fault)))
			CC_ASSERT(fault.kind != TEXT_NOT_UTF8);
	}
	free(out);
	free(nfc);
}

static void ascii_stays(struct bytes in)
{
	char text[256], out[256];
	size_t n = in.n < 200 ? in.n : 200, to = 0, at = 0;

	for (size_t i = 0; i < n; i++)
		text[i] = (char)(' ' + in.p[i] % 95);
	for (int e = 0; e < ENCODING_COUNT; e++) {
		CC_ASSERT(!cc_failed(encoding_decode((enum text_encoding)e, bytes_of(text, n), out, sizeof out, &to, &at)));
		CC_ASSERT(to == n && memcmp(text, out, n) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	enum text_encoding found = ENCODING_COUNT;

	for (int e = 0; e < ENCODING_COUNT; e++) {
		decode((enum text_encoding)e, in, 3 * size + 16);
		decode((enum text_encoding)e, in, size / 2 + 1);
	}
	ascii_stays(in);
	if (encoding_detect(in, &found))
		CC_ASSERT(found < ENCODING_COUNT);
	return 0;
}
