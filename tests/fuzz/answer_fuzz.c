/* SPDX-License-Identifier: Apache-2.0 */
#include "station/finger_nfiq2.h"
#include "station/registry/outbox_http.h"
#include "tests/fuzz/fuzz_entry.h"

#include <stdio.h>
#include <string.h>

/* libfuzzer: -max_len=4096 */

/*
 * What others answer over a wire: the national registry over HTTP (status in two bytes,
 * then the body) and an nfiq2 program. Nothing is delivered unless the answer says whose event it
 * is; a score is one of the scale. And an address to send to: https, or this machine.
 */
static const char key[] = "card-issued/0000000000000000";

static void judge(struct bytes in)
{
	enum outbox_answer a;
	struct cursor c;
	struct bytes body;
	uint16_t status;

	cursor_init(&c, in);
	if (!cursor_u16(&c, &status))
		return;
	body = cursor_rest(&c);
	a = outbox_http_judge(status, body, key);
	if (a == OUTBOX_AGAIN)
		return;
	CC_ASSERT(memmem(body.p, body.n, "key", 3) != NULL || memchr(body.p, '\\', body.n) != NULL);
	CC_ASSERT(a == OUTBOX_REFUSED ? status == 400 || status == 422 : status / 100 == 2 || status == 409);
	CC_ASSERT(outbox_http_judge(status, body, "card-issued/another") == OUTBOX_AGAIN);
}

static void address(struct bytes in)
{
	char url[256];

	if (in.n >= sizeof url)
		return;
	if (in.n > 0)
		memcpy(url, in.p, in.n);
	url[in.n] = '\0';
	if (!outbox_http_url_allowed(url))
		return;
	CC_ASSERT(strncmp(url, "https://", 8) == 0 || strncmp(url, "http://127.0.0.1", 16) == 0 ||
		  strncmp(url, "http://[::1]", 12) == 0 || strncmp(url, "http://localhost", 16) == 0);
	for (const char *p = url; *p != 0; p++)
		CC_ASSERT((unsigned char)*p > 0x20 && *p != 0x7F);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	unsigned score = 777;

	judge(in);
	address(in);
	if (finger_nfiq2_parse(in, &score))
		CC_ASSERT(score <= 100 && size <= 4);
	else
		CC_ASSERT(score == 777);
	return 0;
}
