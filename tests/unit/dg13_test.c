/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/dg13.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define T(s) BYTES_LITERAL(s)

static struct dg13 person(void)
{
	return (struct dg13){
		.number = T("001090000000"),
		.name = T("Nguyễn Văn Đức"),
		.birth = T("15/02/1990"),
		.sex = T("Nam"),
		.nationality = T("Việt Nam"),
		.ethnicity = T("Kinh"),
		.religion = T("Không"),
		.origin = T("Hà Nội"),
		.residence = T("Số 1, Hà Nội"),
		.marks = T("Nốt ruồi"),
		.issued = T("01/07/2026"),
		.expiry = T("15/02/2030"),
		.father = T("Nguyễn Văn A"),
		.mother = T("Trần Thị B"),
		.spouse = T(""),
		.old_number = T("012345678"),
		.chip_id = T("0123456789ABCDEF"),
	};
}

static struct buf encode(const struct dg13 *d, struct dg13_warnings *warnings)
{
	struct buf file = { 0 };

	assert_int_equal(dg13_encode(d, &file, warnings, NULL).code, CC_OK);
	return file;
}

static struct dg13 parse(const struct buf *file)
{
	struct dg13 d;
	struct cc_error err;

	cc_error_init(&err);
	memset(&d, 0, sizeof d);
	if (cc_failed(dg13_parse(buf_view(file), &d, &err)))
		fail_msg("%s", err.detail);
	return d;
}

static void assert_same(const struct dg13 *a, const struct dg13 *b)
{
	for (unsigned f = DG13_NUMBER; f <= DG13_FIELD_LAST; f++) {
		if (!bytes_equal(dg13_text(a, f), dg13_text(b, f)))
			fail_msg("field %s differs", dg13_field_name(f));
	}
	assert_true(bytes_equal(a->mother, b->mother));
}

/* cccd-card.md 5, built by hand. */
static void bytes_are_those_of_the_table(void **state)
{
	struct dg13 d = {
		.number = T("001090000000"), .name = T("Đức"), .nationality = T("Việt Nam"), .father = T("A"), .mother = T("B")
	};
	struct buf file = encode(&d, NULL);
	struct buf want = vectors_from_hex("6D818C 308189 020101 0606 28D316010008 317C"
					   "3011 020101 130C 303031303930303030303030"
					   "300B 020102 0C06 C490E1BBA963"
					   "3003 020103 3003 020104"
					   "300F 020105 0C0A 5669E1BB8774204E616D"
					   "3003 020106 3003 020107 3003 020108 3003 020109 3003 02010A 3003 02010B 3003 02010C"
					   "300D 02010D 3003 0C0141 3003 0C0142"
					   "3003 02010E 3003 02010F 3003 020110");

	(void)state;
	assert_int_equal(file.n, want.n);
	assert_memory_equal(file.p, want.p, want.n);
	buf_done(&want);
	buf_done(&file);
}

static void what_is_written_is_read(void **state)
{
	struct dg13 d = person(), back;
	struct dg13_warnings warnings = { .count = 9 };
	struct buf file = encode(&d, &warnings);

	(void)state;
	back = parse(&file);
	assert_same(&d, &back);
	assert_int_equal(warnings.count, 0);
	buf_done(&file);
}

static void every_field_can_be_empty_alone(void **state)
{
	(void)state;
	for (unsigned f = DG13_NUMBER; f <= DG13_FIELD_LAST + 1; f++) {
		struct dg13 d = person(), back;
		struct bytes *texts[] = { &d.number,   &d.name,	  &d.birth,	 &d.sex,     &d.nationality, &d.ethnicity,
					  &d.religion, &d.origin, &d.residence,	 &d.marks,   &d.issued,	     &d.expiry,
					  &d.father,   &d.spouse, &d.old_number, &d.chip_id, &d.mother };
		struct buf file;

		*texts[f - 1] = T("");
		file = encode(&d, NULL);
		back = parse(&file);
		assert_same(&d, &back);
		buf_done(&file);
	}
}

static void fields_above_one_length_byte_are_named(void **state)
{
	struct dg13 d = person();
	struct dg13_warnings warnings = { 0 };
	char text[123 + 1];
	struct buf file;

	(void)state;
	memset(text, 'x', sizeof text);
	d.residence = bytes_of(text, 122); /* 3 + 2 + 122: the last that fits */
	file = encode(&d, &warnings);
	assert_int_equal(warnings.count, 0);
	buf_done(&file);
	d.residence = bytes_of(text, 123);
	d.marks = bytes_of(text, 124);
	file = encode(&d, &warnings);
	assert_int_equal(warnings.count, 2);
	assert_int_equal(warnings.items[0].field, DG13_RESIDENCE);
	assert_int_equal(warnings.items[0].bytes, 128);
	assert_int_equal(warnings.items[1].field, DG13_MARKS);
	buf_done(&file);
}

static void refuses_text(struct dg13 d, const char *want)
{
	struct buf file = { 0 };
	struct cc_error err;

	cc_error_init(&err);
	assert_int_equal(dg13_encode(&d, &file, NULL, &err).code, CC_E_ARG);
	assert_string_equal(err.key, "dg13.text");
	assert_non_null(strstr(err.detail, want));
	assert_null(file.p);
}

static void text_of_the_wrong_kind_is_refused(void **state)
{
	char text[DG13_TEXT_MAX + 1];
	struct dg13 d;

	(void)state;
	memset(text, 'x', sizeof text);
	d = person(), d.number = T("00109000000\xC4\x90"), refuses_text(d, "field 1");
	d = person(), d.birth = T("15@02"), refuses_text(d, "field 3");
	d = person(), d.number = T("0010900\0000000"), refuses_text(d, "field 1");
	d = person(), d.name = T("\xC3"), refuses_text(d, "field 2");
	d = person(), d.name = T("\xC0\xAF"), refuses_text(d, "field 2");
	d = person(), d.name = T("\xED\xA0\x80"), refuses_text(d, "field 2");
	d = person(), d.name = T("\xF4\x90\x80\x80"), refuses_text(d, "field 2");
	d = person(), d.name = T("a\033[31m"), refuses_text(d, "field 2");
	d = person(), d.name = T("a\xC2\x9B"), refuses_text(d, "field 2");
	d = person(), d.mother = T("a\nb"), refuses_text(d, "field 13");
	d = person(), d.residence = bytes_of(text, sizeof text), refuses_text(d, "field 9");
}

static void both_forms_of_the_parents_are_read(void **state)
{
	struct buf two =
		vectors_from_hex("6D24 3022 020101 0606 28D316010008 3115 3013 02010D 3005 0C03414141 3005 0C03424242 3000");
	struct buf one = vectors_from_hex("6D20 301E 020101 0606 28D316010008 3111 300F 02010D 300A 0C03414141 0C03424242");
	struct dg13 d;

	(void)state;
	/* The stray empty SEQUENCE at the end has no index. */
	assert_int_equal(dg13_parse(buf_view(&two), &d, NULL).code, CC_E_FORMAT);
	buf_done(&two);
	two = vectors_from_hex("6D22 3020 020101 0606 28D316010008 3113 3011 02010D 3005 0C03414141 3005 0C03424242");
	d = parse(&two);
	assert_true(bytes_equal(d.father, T("AAA")));
	assert_true(bytes_equal(d.mother, T("BBB")));
	d = parse(&one);
	assert_true(bytes_equal(d.father, T("AAA")));
	assert_true(bytes_equal(d.mother, T("BBB")));
	buf_done(&one);
	buf_done(&two);
}

static void order_is_free_and_unknown_indexes_are_passed_over(void **state)
{
	struct buf file = vectors_from_hex("6D2B 3029 020101 0606 28D316010008 311C"
					   "3008 020104 0C034E616D 3006 020163 0C0178 3008 020101 1303303031");
	struct dg13 d = parse(&file);

	(void)state;
	assert_true(bytes_equal(d.sex, T("Nam")));
	assert_true(bytes_equal(d.number, T("001")));
	buf_done(&file);
}

static void repeated_index_is_refused(void **state)
{
	struct buf file = vectors_from_hex("6D21 301F 020101 0606 28D316010008 3112 3008 020104 0C034E616D 3006 020104 0C0178");
	struct dg13 d;

	(void)state;
	assert_int_equal(dg13_parse(buf_view(&file), &d, NULL).code, CC_E_FORMAT);
	buf_done(&file);
}

static void another_countrys_dg13_is_foreign(void **state)
{
	struct buf file = vectors_from_hex("6D0A 01234567890123456789"),
		   version = vectors_from_hex("6D0F 300D 020102 0606 28D316010008 3100");
	struct dg13 d;

	(void)state;
	assert_int_equal(dg13_parse(buf_view(&file), &d, NULL).code, CC_E_UNSUPPORTED);
	assert_int_equal(dg13_parse(buf_view(&version), &d, NULL).code, CC_E_FORMAT);
	buf_done(&version);
	buf_done(&file);
}

static void every_truncation_and_every_longer_file_is_refused(void **state)
{
	struct dg13 p = person(), d;
	struct buf file = encode(&p, NULL), longer = { 0 };

	(void)state;
	for (size_t n = 0; n < file.n; n++)
		assert_int_equal(dg13_parse(bytes_of(file.p, n), &d, NULL).code, CC_E_FORMAT);
	assert_int_equal(buf_zero(&longer, file.n + 1).code, CC_OK);
	memcpy(longer.p, file.p, file.n);
	assert_int_equal(dg13_parse(buf_view(&longer), &d, NULL).code, CC_E_FORMAT);
	file.p[0] = 0x6E;
	assert_int_equal(dg13_parse(buf_view(&file), &d, NULL).code, CC_E_FORMAT);
	buf_done(&longer);
	buf_done(&file);
}

/* If flipped bytes still parse, then what was read can be written and reads the same again. */
static void what_parses_can_be_written_again(void **state)
{
	struct dg13 p = person();
	struct buf file = encode(&p, NULL);

	(void)state;
	for (size_t i = 0; i < file.n; i++) {
		struct dg13 d, back;
		struct buf again = { 0 };

		file.p[i] ^= 1;
		if (!cc_failed(dg13_parse(buf_view(&file), &d, NULL)) && !cc_failed(dg13_encode(&d, &again, NULL, NULL))) {
			back = parse(&again);
			assert_same(&d, &back);
		}
		buf_done(&again);
		file.p[i] ^= 1;
	}
	buf_done(&file);
}

static void no_memory_is_told(void **state)
{
	struct dg13 p = person();

	(void)state;
	for (size_t k = 1; alloc_fault_next(&k);) {
		struct buf file = { 0 };
		cc_status st = dg13_encode(&p, &file, NULL, NULL);

		if (alloc_fault_end()) {
			assert_int_equal(st.code, CC_E_MEMORY);
			assert_null(file.p);
		} else {
			assert_int_equal(st.code, CC_OK);
		}
		buf_done(&file);
	}
}

/* ---- openssl asn1parse as a second opinion on the bytes */
static void openssl_reads_the_same_structure(void **state)
{
	struct dg13 p = person();
	struct buf file = encode(&p, NULL);
	char path[] = "/tmp/dg13_test.XXXXXX", command[128], line[256];
	unsigned sequences = 0, integers = 0, utf8 = 0, printable = 0, lines = 0;
	int fd;
	FILE *out;

	(void)state;
	if (system("command -v openssl >/dev/null 2>&1") != 0) {
		buf_done(&file);
		skip();
	}
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, file.p, file.n), (ssize_t)file.n);
	close(fd);
	(void)snprintf(command, sizeof command, "openssl asn1parse -inform DER -in %s 2>&1", path);
	out = popen(command, "r");
	assert_non_null(out);
	while (fgets(line, sizeof line, out) != NULL) {
		lines++;
		sequences += strstr(line, "cons: SEQUENCE") != NULL;
		integers += strstr(line, "prim: INTEGER") != NULL;
		utf8 += strstr(line, "prim: UTF8STRING") != NULL;
		printable += strstr(line, "prim: PRINTABLESTRING") != NULL;
	}
	assert_int_equal(pclose(out), 0);
	(void)unlink(path);
	assert_int_equal(sequences, 1 + 16 + 2); /* outer, fields, parents */
	assert_int_equal(integers, 1 + 16);
	assert_int_equal(utf8, 9 + 2);
	assert_int_equal(printable, 5);
	assert_int_equal(lines, 1 + sequences + integers + utf8 + printable + 1 + 1); /* 6D, OID, SET */
	buf_done(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_those_of_the_table),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(every_field_can_be_empty_alone),
		cmocka_unit_test(fields_above_one_length_byte_are_named),
		cmocka_unit_test(text_of_the_wrong_kind_is_refused),
		cmocka_unit_test(both_forms_of_the_parents_are_read),
		cmocka_unit_test(order_is_free_and_unknown_indexes_are_passed_over),
		cmocka_unit_test(repeated_index_is_refused),
		cmocka_unit_test(another_countrys_dg13_is_foreign),
		cmocka_unit_test(every_truncation_and_every_longer_file_is_refused),
		cmocka_unit_test(what_parses_can_be_written_again),
		cmocka_unit_test(no_memory_is_told),
		cmocka_unit_test(openssl_reads_the_same_structure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
