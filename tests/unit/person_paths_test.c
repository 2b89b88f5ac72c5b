/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/person.h"
#include "station/registry/vietnamese.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/*
 * A row has two ways in: the common form by itself, everything else through the
 * JSON library; and a text has two: letters that are settled, and all others. Both
 * ways have to come to the same person, or to the same refusal, for damaged rows too.
 */
#define ROWS 100000
#define TEXTS 100000
#define ROW_MAX 2048

static uint64_t seed = 0x9E3779B97F4A7C15u;

/* xorshift64: each run sees the same rows. */
static size_t below(size_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (size_t)(seed % n);
}

static const char *const seeds[] = {
	"{\"number\":\"001090000000\",\"full_name\":\"Nguyễn Văn Đức\",\"birth_date\":\"1990-02-15\",\"birth_precision\":\"day\","
	"\"sex\":\"male\",\"nationality\":\"Việt Nam\",\"ethnicity\":\"Kinh\",\"origin\":\"Hà Nội\",\"mother\":\"Trần Thị B\","
	"\"old_cmnd\":\"010000000\",\"expiry_date\":\"2030-02-15\",\"life_status\":\"alive\",\"photo\":\"photos/a.jpg\"}",
	" { \"number\" : \"001190000000\" ,\t\"full_name\":\"Hờ A Páo\",\"sex\":\"Nữ\",\"nationality\":\"Việt Nam\" } \r",
	("{\"number\":\"079290000000\",\"full_name\":\"Lê-Anh D'Ứng\",\"birth_date\":\"1990\",\"sex\":\"F\",\"nationality\":\"Việt "
	 "Nam\",\"blood_group\":\"AB+\",\"marital_status\":\"single\",\"father_number\":\"001060000000\",\"phone\":\"0900 000\"}"),
};
#define SEED_COUNT (sizeof seeds / sizeof seeds[0])

static const struct bytes tokens[] = {
	BYTES_LITERAL("\""),
	BYTES_LITERAL("\\"),
	BYTES_LITERAL("\\\""),
	BYTES_LITERAL("\\u0041"),
	BYTES_LITERAL("\\u0000"),
	BYTES_LITERAL("\\ud83d"),
	BYTES_LITERAL("\\ude00"),
	BYTES_LITERAL("\\ud83d\\ude00"),
	BYTES_LITERAL("\0"),
	BYTES_LITERAL("\r"),
	BYTES_LITERAL("\n"),
	BYTES_LITERAL("\t"),
	BYTES_LITERAL(" "),
	BYTES_LITERAL("\xEF\xBB\xBF"),
	BYTES_LITERAL("\xED\xA0\x80"),
	BYTES_LITERAL("\xC0\x80"),
	BYTES_LITERAL("\xF4\x90\x80\x80"),
	BYTES_LITERAL("\xEF\xBF\xBF"),
	BYTES_LITERAL("\xF0\x9F\x98\x80"),
	BYTES_LITERAL("\xE2\x80\xAE"),
	BYTES_LITERAL("\xCC\x81"),
	BYTES_LITERAL("\xC2\x80"),
	BYTES_LITERAL("\x7F"),
	BYTES_LITERAL("{"),
	BYTES_LITERAL("}"),
	BYTES_LITERAL("["),
	BYTES_LITERAL(","),
	BYTES_LITERAL(":"),
	BYTES_LITERAL("null"),
	BYTES_LITERAL("\"sex\":\"male\","),
	BYTES_LITERAL("\"number\":\"\","),
	BYTES_LITERAL("\"\":\"\","),
	BYTES_LITERAL("\"x\":1,"),
	BYTES_LITERAL("-"),
	BYTES_LITERAL("'"),
	BYTES_LITERAL("\xC4\x90"),
	BYTES_LITERAL("\xC3\x90"),
	BYTES_LITERAL("\xE1\xBB\x87"),
};
#define TOKEN_COUNT (sizeof tokens / sizeof tokens[0])

struct row {
	size_t n;
	uint8_t p[ROW_MAX];
};

static void insert(struct row *r, size_t at, struct bytes what)
{
	if (r->n + what.n > ROW_MAX)
		return;
	memmove(r->p + at + what.n, r->p + at, r->n - at);
	memcpy(r->p + at, what.p, what.n);
	r->n += what.n;
}

static void cut(struct row *r, size_t at, size_t n)
{
	n = n < r->n - at ? n : r->n - at;
	memmove(r->p + at, r->p + at + n, r->n - at - n);
	r->n -= n;
}

static void damage(struct row *r)
{
	size_t at = below(r->n + 1);
	uint8_t again[32];
	size_t n = below(sizeof again) + 1;

	switch (below(5)) {
	case 0:
		if (at < r->n)
			r->p[at] = (uint8_t)below(256);
		break;
	case 1:
		cut(r, at, n);
		break;
	case 2:
		n = n < r->n - at ? n : r->n - at;
		memcpy(again, r->p + at, n);
		insert(r, below(r->n + 1), bytes_of(again, n));
		break;
	default:
		insert(r, at, tokens[below(TOKEN_COUNT)]);
		break;
	}
}

static void make_row(struct row *r)
{
	const char *from = seeds[below(SEED_COUNT)];
	size_t damages = below(4);

	r->n = strlen(from);
	memcpy(r->p, from, r->n);
	while (damages-- > 0)
		damage(r);
}

/* The same row, with a field that is none of the common form and changes nothing. False: it has no place for it. */
static bool by_library(const struct row *r, struct row *ret)
{
	const uint8_t *brace = memchr(r->p, '{', r->n);

	*ret = *r;
	if (brace == NULL || r->n + 64 > ROW_MAX)
		return false;
	insert(ret, (size_t)(brace - r->p) + 1, BYTES_LITERAL("\"fingerprints\":null,"));
	return true;
}

static void assert_same_row(const struct row *r, const struct row *other, unsigned *good)
{
	struct person a = { 0 }, b = { 0 };
	struct row_fault fault_a = { 0 }, fault_b = { 0 };
	struct row_warnings w = { 0 };
	cc_status st_a = person_parse(bytes_of(r->p, r->n), &a, &w, &fault_a);
	cc_status st_b = person_parse(bytes_of(other->p, other->n), &b, &w, &fault_b);

	if (cc_failed(st_a) != cc_failed(st_b) || memcmp(&a, &b, sizeof a) != 0)
		fail_msg("%.*s: %s %s, by the library %s %s", (int)r->n, (const char *)r->p, cc_code_name(st_a.code),
			 cc_failed(st_a) ? fault_a.key : "", cc_code_name(st_b.code), cc_failed(st_b) ? fault_b.key : "");
	if (cc_failed(st_a) && fault_a.field[0] != '\0') {
		assert_string_equal(fault_a.field, fault_b.field);
		assert_string_equal(fault_a.key, fault_b.key);
		assert_int_equal(fault_a.position, fault_b.position);
	}
	if (!cc_failed(st_a)) {
		struct buf packed = { 0 };
		struct person back;

		assert_int_equal(person_pack(&a, &packed).code, CC_OK);
		assert_int_equal(person_unpack(buf_view(&packed), &back).code, CC_OK);
		/* a photo's path is of the file, not of the record */
		memcpy(back.photo_path, a.photo_path, sizeof back.photo_path);
		assert_memory_equal(&back, &a, sizeof a);
		buf_done(&packed);
		(*good)++;
	}
	person_done(&a);
	person_done(&b);
}

static void damaged_rows_are_the_same_people_both_ways(void **state)
{
	unsigned good = 0, compared = 0;
	struct row r, other;

	(void)state;
	for (unsigned i = 0; i < ROWS; i++) {
		make_row(&r);
		if (!by_library(&r, &other))
			continue;
		assert_same_row(&r, &other, &good);
		compared++;
	}
	assert_true(good > ROWS / 10 && compared - good > ROWS / 10);
	print_message("# count: %u rows read both ways, %u of them people\n", compared, good);
}

/* White space before a text is dropped, and never settled: the slow way to the same text. */
static void texts_have_one_form_both_ways(void **state)
{
	unsigned good = 0;

	(void)state;
	for (unsigned i = 0; i < TEXTS; i++) {
		static const char from[] = "Nguyễn Thị Ánh Ước-Đức ỳ Ǟ ơ\xCC\xA3 Ɖ O'Neil";
		char a[PERSON_NAME_SIZE], b[PERSON_NAME_SIZE];
		struct text_fault fault_a = { 0 }, fault_b = { 0 };
		struct row text = { .n = below(sizeof from) };
		uint8_t spaced[ROW_MAX + 1] = " ";
		bool name = below(2) == 0;
		cc_status st_a, st_b;

		memcpy(text.p, from + (sizeof from - 1 - text.n), text.n);
		for (size_t k = below(3); k > 0; k--)
			damage(&text);
		memcpy(spaced + 1, text.p, text.n);
		st_a = (name ? vietnamese_normalise_name : vietnamese_normalise)(bytes_of(text.p, text.n), a, sizeof a, &fault_a);
		st_b = (name ? vietnamese_normalise_name : vietnamese_normalise)(bytes_of(spaced, text.n + 1), b, sizeof b,
										 &fault_b);
		assert_int_equal(st_a.code, st_b.code);
		if (!cc_failed(st_a))
			assert_string_equal(a, b);
		else
			assert_int_equal(fault_a.kind, fault_b.kind);
		good += !cc_failed(st_a);
	}
	assert_true(good > TEXTS / 20);
	print_message("# count: %u texts normalised both ways, %u of them good\n", TEXTS, good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_rows_are_the_same_people_both_ways),
		cmocka_unit_test(texts_have_one_form_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
