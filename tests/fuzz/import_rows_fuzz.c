/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/import_batch.h"
#include "tests/fuzz/fuzz_entry.h"
#include "tests/support/sys_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* libfuzzer: -max_len=70000 */

/*
 * A whole file: the first byte chooses format and encoding (or has it detected), the
 * rest is read, checked, numbered and sealed in batches. Each row is told with a
 * line that rises, and either refused with a key or ready to be written.
 */
#define ROWS_MAX 64

/* One registry for all inputs: nothing is written to it. */
static struct registry *reg;
static char folder[] = "/tmp/cccd-fuzz-XXXXXX";

static void remove_folder(void)
{
	(void)rmdir(folder);
}

static void open_once(void)
{
	static struct keystore *ks;
	static struct store *store;
	char path[256], command[300];
	struct cc_error err = { 0 };

	if (reg != NULL)
		return;
	CC_ASSERT(mkdtemp(folder) != NULL);
	(void)snprintf(path, sizeof path, "%s/k.ccks", folder);
	CC_ASSERT(!cc_failed(keystore_file_create_cost(path, BYTES_LITERAL("a"), (struct password_cost){ 8192, 1, 1 }, sys_real(),
						       &ks, &err)));
	(void)snprintf(path, sizeof path, "%s/s.db", folder);
	CC_ASSERT(!cc_failed(store_open(path, &store, &err)));
	CC_ASSERT(!cc_failed(registry_open(store, ks, sys_real(), &reg, &err)));
	/* What is open stays usable; photos are looked for in an empty folder. */
	(void)snprintf(command, sizeof command, "rm -f %s/*", folder);
	CC_ASSERT(system(command) == 0);
	(void)atexit(remove_folder);
}

static void check_batch(const struct import_batch *b, uint64_t *line)
{
	size_t written = 0;

	for (size_t i = 0; i < b->count; i++) {
		const struct import_item *it = &b->items[i];

		CC_ASSERT(it->line > *line);
		*line = it->line;
		CC_ASSERT(it->refused || it->row.sealed);
		CC_ASSERT(it->refused == (it->row.record.n == 0));
		CC_ASSERT(!it->refused || it->after > it->told);
		CC_ASSERT(it->raw.n <= 2 * PERSON_ROW_MAX + 4);
		written += !it->refused;
	}
	CC_ASSERT(written == b->order_count);
	for (size_t i = 0; i < b->remark_count; i++)
		CC_ASSERT(b->remarks[i].fault.key != NULL && b->remarks[i].fault.field != NULL);
}

static void unheard(void *ctx, uint64_t line, struct bytes row)
{
	(void)ctx;
	(void)line;
	(void)row;
}

static void read_all(struct import_reader *rd)
{
	struct import_batch b = { 0 };
	uint64_t line = 0;
	bool last = false;

	CC_ASSERT(!cc_failed(import_batch_new(ROWS_MAX, &b)));
	while (!last) {
		for (b.id_count = 0; b.id_count < ROWS_MAX; b.id_count++)
			b.ids[b.id_count] = (int64_t)b.id_count + 1;
		b.last = false;
		import_reader_fill(rd, ROWS_MAX, &b);
		CC_ASSERT(!cc_failed(b.st) || b.err.key != NULL);
		last = b.last || cc_failed(b.st);
		if (!cc_failed(b.st))
			check_batch(&b, &line);
		import_batch_clear(&b);
	}
	import_batch_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import_options o = { .folder = folder,
				    .check = { .today = { 2026, 7, 1 }, .rules = validity_rules_2024() },
				    .reject = unheard };
	struct import_reader *rd = NULL;
	struct cc_error err = { 0 };
	FILE *in;

	if (size < 2)
		return 0;
	open_once();
	o.format = (data[0] & 1) != 0 ? IMPORT_CSV : IMPORT_JSON_LINES;
	o.named_encoding = (data[0] & 2) != 0;
	o.encoding = (enum text_encoding)(data[0] >> 2 & 3);
	in = fmemopen((void *)(uintptr_t)(data + 1), size - 1, "r");
	CC_ASSERT(in != NULL);
	if (!cc_failed(import_reader_new(reg, in, &o, &rd, &err)))
		read_all(rd);
	else
		CC_ASSERT(err.key != NULL);
	import_reader_free(&rd);
	(void)fclose(in);
	return 0;
}
