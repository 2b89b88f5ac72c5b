/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/card_security.h"
#include "tests/fuzz/fuzz_entry.h"

/* libfuzzer: -max_len=8192 */

/*
 * EF.CardSecurity of a hostile chip. What parses holds infos that are written to one form; its signature is good over
 * this content, or it is refused by name. What doesn't parse leaves nothing.
 */
static void write_again(const struct security_infos *infos)
{
	struct security_infos back;
	struct buf once = { 0 }, twice = { 0 };
	struct writer w;

	writer_init(&w, 65535);
	security_infos_put(&w, infos);
	CC_ASSERT(!cc_failed(writer_finish(&w, &once)));
	CC_ASSERT(!cc_failed(security_infos_parse(buf_view(&once), &back, NULL)));
	writer_init(&w, 65535);
	security_infos_put(&w, &back);
	CC_ASSERT(!cc_failed(writer_finish(&w, &twice)) && bytes_equal(buf_view(&once), buf_view(&twice)));
	buf_done(&once);
	buf_done(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct card_security s = { 0 };
	struct cc_error err = { 0 };
	const struct cert *signer = NULL;

	if (cc_failed(card_security_parse(bytes_of(data, size), &s, &err))) {
		CC_ASSERT(s.cms == NULL && err.key != NULL);
		return 0;
	}
	write_again(&s.infos);
	if (cc_failed(card_security_verify(&s, &signer, &err)))
		CC_ASSERT(err.key != NULL);
	else
		CC_ASSERT(signer != NULL);
	card_security_done(&s);
	return 0;
}
