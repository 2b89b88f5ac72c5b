/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/lint.h"
#include "card/inspect/will_it_read.h"
#include "tests/fuzz/fuzz_entry.h"

#include "crypto/base/bytes.h"

#include <string.h>

/* libfuzzer: -max_len=16384 */

static struct lint_report report, again;

/*
 * The first byte says which file it is, the rest is the file. Whatever it is:
 * lint ends, says the same twice, points into the file, and prints nothing that
 * drives a terminal; the models of readers end as well.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct will_chip chip = will_chip_default();
	struct lds_set files = { 0 };
	struct lint_input in = { .files = &files, .now_s = 1767225600 };
	struct will_report readers;
	struct cursor c;
	struct bytes file;
	uint8_t which;

	cursor_init(&c, bytes_of(data, size));
	if (!cursor_u8(&c, &which))
		return 0;
	file = cursor_rest(&c);
	which = (uint8_t)(which % LINT_DS);
	if (which == LINT_EF_CVCA)
		in.ef_cvca = file;
	else if (which == LINT_EF_ATR)
		in.ef_atr = file;
	else if (cc_failed(lds_set_put(&files, (enum lds_file)which, file)))
		return 0;
	CC_ASSERT(!cc_failed(lint_files(&in, &report)) && !cc_failed(lint_files(&in, &again)));
	CC_ASSERT(report.count == again.count && report.errors == again.errors && report.dropped == again.dropped);
	CC_ASSERT(report.errors + report.warnings + report.notes == report.count + report.dropped);
	for (size_t i = 0; i < report.count; i++) {
		const struct lint_finding *f = &report.items[i];

		CC_ASSERT(f->rule == again.items[i].rule && strcmp(f->detail, again.items[i].detail) == 0);
		CC_ASSERT(f->offset == LINT_NO_OFFSET || f->file == LINT_DS || f->offset <= file.n);
		for (const char *p = f->detail; *p != 0; p++)
			CC_ASSERT(*p >= 0x20 && *p <= 0x7E);
	}
	will_it_read(&files, &chip, &readers);
	CC_ASSERT(readers.families == will_family_count());
	lds_set_done(&files);
	return 0;
}
