/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/secret.h"
#include "station/registry/reconcile_judge.h"
#include "tests/fuzz/fuzz_entry.h"

#include <string.h>

static const char row[] =
	"{\"number\":\"001090000000\",\"full_name\":\"Nguyễn Văn An\",\"birth_date\":\"1990-02-15\",\"sex\":\"male\","
	"\"nationality\":\"Việt Nam\",\"residence\":\"Số 1, Hà Nội\"}";

/* Whatever the papers say: each field has a verdict with a reason, and a value that decides unless it is a conflict. */
static void check(const struct reconcile_result *r)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct reconcile_field *f = &r->fields[i];

		CC_ASSERT(f->count > 0 && f->count <= RECONCILE_SOURCES_MAX && f->chosen < f->count && f->reason != NULL);
		CC_ASSERT(person_field_may_change(f->field));
		if (f->verdict == RECONCILE_AGREED || f->verdict == RECONCILE_KEPT)
			CC_ASSERT(reconcile_same_value(f->values[f->chosen].value, f->registry));
		if (f->verdict == RECONCILE_PROPOSED)
			CC_ASSERT(!reconcile_same_value(f->values[f->chosen].value, f->registry));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reconcile_result *r = cc_alloc(sizeof *r);
	struct reconcile_input in = { 0 };
	struct reconcile_rules rules;
	struct person p;

	CC_ASSERT(r != NULL && !cc_failed(person_parse(bytes_str(row), &p, NULL, NULL)));
	CC_ASSERT(!cc_failed(reconcile_rules_parse("birth-certificate,cccd,household-book,cmnd", &rules, NULL)));
	if (!cc_failed(reconcile_read(bytes_of(data, size), &in, NULL))) {
		if (!cc_failed(reconcile_judge(&in, &rules, &p, r, NULL)))
			check(r);
		else
			CC_ASSERT(r->count == 0);
	} else {
		CC_ASSERT(in.root == NULL && in.count == 0);
	}
	reconcile_input_done(&in);
	cc_free(r, sizeof *r);
	return 0;
}
