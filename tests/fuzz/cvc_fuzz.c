/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cvc.h"
#include "tests/fuzz/fuzz_entry.h"

#include <string.h>

/* libfuzzer: -max_len=2100 */

static void check_reference(const char *s)
{
	size_t n = strnlen(s, CVC_REFERENCE_MAX + 1);

	CC_ASSERT(n <= CVC_REFERENCE_MAX);
	for (size_t i = 0; i < n; i++)
		CC_ASSERT(s[i] >= 0x20 && s[i] <= 0x7E);
}

static void check(const struct cvc *c)
{
	struct cvc_state s;
	struct cvc again;
	cc_status st;

	check_reference(c->car);
	check_reference(c->chr);
	check_reference(c->outer_car);
	if (!c->is_request)
		CC_ASSERT(cvc_date_valid(c->effective) && cvc_date_valid(c->expiration));
	CC_ASSERT(!(c->key.has_domain && c->key.unusable));
	CC_ASSERT(!cc_failed(cvc_parse(c->whole, &again, NULL)) && strcmp(again.chr, c->chr) == 0);
	(void)!cc_failed(cvc_request_verify(c, &c->key));
	cvc_state_from(c, &s);
	st = cvc_chain_step(&s, c, 20260101, NULL);
	/* Nothing but a country's certificate may follow on itself. */
	CC_ASSERT(cc_failed(st) || (c->chat.role == CVC_ROLE_CVCA && strcmp(c->car, c->chr) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cvc c;
	size_t used = 0;

	if (!cc_failed(cvc_parse(bytes_of(data, size), &c, NULL)))
		check(&c);
	if (!cc_failed(cvc_parse_first(bytes_of(data, size), &c, &used, NULL))) {
		CC_ASSERT(used == c.whole.n && used <= size);
		check(&c);
	}
	(void)!cc_failed(cvc_parse_content(bytes_of(data, size), &c, NULL));
	return 0;
}
