/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/secret.h"
#include "station/registry/recheck.h"
#include "tests/fuzz/fuzz_entry.h"

/* libfuzzer: -max_len=70000 */
/* Whatever the file: the provinces add up to the whole, nobody is wrong who was not compared, and a share is one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct recheck_report *r = cc_alloc(sizeof *r);
	uint64_t people = 0, wrong = 0;

	CC_ASSERT(r != NULL);
	if (!cc_failed(recheck_read(bytes_of(data, size), r, NULL))) {
		for (size_t i = 0; i < RECHECK_PROVINCES; i++) {
			CC_ASSERT(r->provinces[i].wrong <= r->provinces[i].people);
			people += r->provinces[i].people;
			wrong += r->provinces[i].wrong;
		}
		CC_ASSERT(people == r->people && wrong == r->wrong && wrong <= people);
		CC_ASSERT(recheck_at_most(people, wrong) <= 1000);
		CC_ASSERT(people == 0 || recheck_at_most(people, wrong) * people >= 1000 * wrong);
		for (size_t i = 0; i < r->field_count; i++)
			CC_ASSERT(r->fields[i].wrong > 0);
	}
	cc_free(r, sizeof *r);
	return 0;
}
