/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pem.h"
#include "crypto/pki/crl.h"
#include "tests/fuzz/fuzz_entry.h"

/* libfuzzer: -max_len=4096 */

static void check_list(const struct crl *c)
{
	struct crl *again = NULL;
	struct crl_entry e;

	for (size_t i = 0; i < crl_count(c) && i < 32; i++) {
		CC_ASSERT(crl_at(c, i).serial.n > 0);
		CC_ASSERT(crl_find(c, crl_at(c, i).serial, &e));
		CC_ASSERT(crl_reason_name(e.reason)[0] != 0);
	}
	CC_ASSERT(crl_number(c).n <= 20);
	CC_ASSERT(pem_is(crl_der(c)) || !cc_failed(crl_parse(crl_der(c), &again, NULL)));
	if (again != NULL)
		CC_ASSERT(crl_count(again) == crl_count(c) && crl_next_update_s(again) == crl_next_update_s(c));
	crl_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct crl *c = NULL;
	struct cc_error err = { 0 };

	if (cc_failed(crl_parse(in, &c, &err))) {
		CC_ASSERT(c == NULL && err.key != NULL);
		return 0;
	}
	CC_ASSERT(pem_is(in) || bytes_equal(crl_der(c), in));
	check_list(c);
	crl_free(&c);
	return 0;
}
