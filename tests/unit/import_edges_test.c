/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/import_batch.h"
#include "tests/support/pki_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * The file is read in pieces, and rows lie over their ends: wherever a piece ends, each row is the same row, on its line, with
 * the same refusal. What stands at the edge: line ends of both kinds, letters of three bytes, quotes that join lines, a byte
 * order mark and a NUL in the middle.
 */
#define PIECE 65536
#define BATCH 16
#define SEEN_MAX 4096

#define assert_ok(call) assert_int_equal((call).code, CC_OK)

static const struct password_cost cheap = { .memory_kib = 8 << 10, .passes = 1, .lanes = 1 };
static struct fixture_folder folder;
static struct keystore *ks;
static struct store *store;
static struct registry *reg;

struct sample {
	const char *name;
	enum import_format format;
	struct bytes heading, rows;
	size_t people, refused;
};

static const struct sample samples[] = {
	{ "JSON lines", IMPORT_JSON_LINES, BYTES_LITERAL("\n"),
	  BYTES_LITERAL(
		  "{\"number\":\"001090000000\",\"full_name\":\"Nguyễn Văn Đức\",\"sex\":\"male\",\"nationality\":\"Việt Nam\"}\r\n"
		  "\xEF\xBB\xBF{\"number\":\"001190000000\",\"full_name\":\"B\",\"sex\":\"F\",\"nationality\":\"Việt Nam\"}\n"
		  "{\"number\":\"002190000000\",\"full_name\":\"B\",\0\"sex\":\"F\",\"nationality\":\"Việt Nam\"}\n"
		  " \t\r\n\r\n"
		  "{\"number\":\"004190000000\",\"full_name\":\"Hờ A\",\"sex\":\"F\",\r\"nationality\":\"Vi\\u1ec7t Nam\"}\n"
		  "{\"number\":\"001090000000\",\"full_name\":\"Nguyễn Văn Đức\",\"sex\":\"male\",\"nationality\":\"Việt Nam\"}"),
	  2, 3 },
	{ "CSV", IMPORT_CSV, BYTES_LITERAL("\xEF\xBB\xBFnumber;full_name;sex;nationality;residence\r\n"),
	  BYTES_LITERAL("001090000000;Nguyễn Văn Đức;Nam;Việt Nam;\"Số 1;\nHà Nội\"\r\n"
			"001190000000;Trần Thị B;Nữ;Việt Nam;\"mở\n"
			"002190000000;Trần Thị C;Nữ;Việt Nam;\"a \"\"b\"\"\"\n"
			"004190000000;Trần;Nữ;Việt Nam\n"
			"006190000000;Trần Thị D;Nữ;Việt Nam;Hà Nội"),
	  2, 3 },
};

struct record {
	char text[SEEN_MAX];
	size_t n, people, refused;
	uint64_t first_line;
};

/* What becomes of the rows, lines counted from the first one that isn't blank. */
static void note(struct record *r, const struct import_batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct import_item *it = &b->items[i];
		char mac[2 * REGISTRY_MAC_LEN + 1] = "refused";

		if (r->first_line == 0)
			r->first_line = it->line;
		if (!it->refused)
			bytes_to_hex(bytes_of(it->row.content_mac[0], REGISTRY_MAC_LEN), mac);
		r->n += (size_t)snprintf(r->text + r->n, sizeof r->text - r->n, "%llu %s %zu",
					 (unsigned long long)(it->line - r->first_line), mac, it->raw.n);
		for (size_t m = it->told; m < it->after; m++)
			r->n += (size_t)snprintf(r->text + r->n, sizeof r->text - r->n, " %s/%s/%zu", b->remarks[m].fault.key,
						 b->remarks[m].fault.field, b->remarks[m].fault.position);
		r->n += (size_t)snprintf(r->text + r->n, sizeof r->text - r->n, "\n");
		assert_true(r->n < sizeof r->text);
		r->people += !it->refused;
		r->refused += it->refused;
	}
}

static void unheard(void *ctx, uint64_t line, struct bytes row)
{
	(void)ctx;
	(void)line;
	(void)row;
}

/* The rows begin at `at` of the file; blank lines stand before them. */
static void read_at(const struct sample *s, size_t at, struct record *ret)
{
	static char file[2 * PIECE];
	const struct import_options o = { .format = s->format,
					  .folder = folder.path,
					  .named_encoding = true,
					  .encoding = ENCODING_UTF8,
					  .check = { .today = { 2026, 7, 1 }, .rules = validity_rules_2024() },
					  .dry_run = true,
					  .reject = unheard };
	struct import_reader *rd = NULL;
	struct import_batch b = { 0 };
	struct cc_error err = { 0 };
	FILE *in;

	memset(file, ' ', at);
	memcpy(file, s->heading.p, s->heading.n);
	file[at - 1] = '\n';
	memcpy(file + at, s->rows.p, s->rows.n);
	in = fmemopen(file, at + s->rows.n, "rb");
	assert_non_null(in);
	*ret = (struct record){ 0 };
	assert_ok(import_reader_new(reg, in, &o, &rd, &err));
	assert_ok(import_batch_new(BATCH, &b));
	while (!b.last) {
		import_batch_clear(&b);
		import_reader_fill(rd, 3, &b);
		assert_ok(b.st);
		note(ret, &b);
	}
	import_batch_done(&b);
	import_reader_free(&rd);
	(void)fclose(in);
}

static void rows_are_the_same_wherever_a_piece_ends(void **state)
{
	unsigned count = 0;

	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		struct record first, other;

		read_at(&samples[i], 200, &first);
		if (first.people != samples[i].people || first.refused != samples[i].refused)
			fail_msg("%s:\n%s", samples[i].name, first.text);
		for (size_t back = 0; back <= samples[i].rows.n + 2; back++, count++) {
			read_at(&samples[i], PIECE + 2 - back, &other);
			if (strcmp(first.text, other.text) != 0)
				fail_msg("%s, %zu bytes before the edge:\n%s\nelsewhere\n%s", samples[i].name, back, other.text,
					 first.text);
		}
	}
	print_message("# count: %u places of a piece's end, the same rows at each\n", count);
}

static int open_all(void **state)
{
	struct cc_error err = { 0 };
	char path[256];

	(void)state;
	fixture_folder(&folder);
	fixture_path(&folder, "k.ccks", path, sizeof path);
	assert_ok(keystore_file_create_cost(path, BYTES_LITERAL("a"), cheap, sys_real(), &ks, &err));
	assert_ok(store_open(STORE_IN_MEMORY, &store, &err));
	assert_ok(registry_open(store, ks, sys_real(), &reg, &err));
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	registry_close(&reg);
	store_close(&store);
	keystore_close(&ks);
	fixture_folder_done(&folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_the_same_wherever_a_piece_ends),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
