/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pki/master_list.h"
#include "tests/fuzz/fuzz_entry.h"

/* libfuzzer: -max_len=8192 */

/* Whatever the bytes are: a list that is trusted holds what it says, a refused one leaves nothing behind. */
static void check_trust(struct bytes in)
{
	struct trust *t = NULL;
	bool self_vouched = false;

	CC_ASSERT(!cc_failed(trust_new(&t)));
	if (cc_failed(trust_add_master_list(t, in, &self_vouched, NULL)))
		CC_ASSERT(trust_count(t) == 0 && !self_vouched);
	else
		CC_ASSERT(trust_count(t) > 0 && self_vouched);
	trust_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct master_list *l = NULL;
	struct cc_error err = { 0 };

	if (cc_failed(master_list_parse(in, &l, &err))) {
		CC_ASSERT(l == NULL && err.key != NULL);
	} else {
		CC_ASSERT(master_list_count(l) > 0 && master_list_at(l, 0) != NULL);
		(void)!cc_failed(master_list_verify_signature(l, NULL));
		master_list_free(&l);
	}
	check_trust(in);
	return 0;
}
