/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/will_it_read.h"

#include "card/lds/dg13.h"
#include "tests/support/document_fixture.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct desk {
	struct document_fixture doc;
	struct will_chip chip;
	struct will_report report;
};

static int setup(void **state)
{
	struct desk *d = calloc(1, sizeof *d);

	document_fixture(&d->doc);
	d->chip = (struct will_chip){ .has_mf = true, .has_bac = true, .extended = true };
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	struct desk *d = *state;

	document_fixture_done(&d->doc);
	free(d);
	return 0;
}

static void ask(struct desk *d)
{
	will_it_read(&d->doc.files, &d->chip, &d->report);
}

static void expect(const struct desk *d, const char *family, const char *rule, enum will_effect effect)
{
	const struct will_finding *f = will_find(&d->report, family, rule);

	if (f == NULL)
		fail_msg("%s does not tell %s", family, rule);
	assert_int_equal(f->effect, effect);
	assert_true(f->vi[0] != 0 && f->en[0] != 0);
}

static const struct dg13 person = { .number = BYTES_LITERAL("001090000000"),
				    .name = BYTES_LITERAL("Nguyễn Văn Đức"),
				    .birth = BYTES_LITERAL("15/02/1990"),
				    .sex = BYTES_LITERAL("Nam"),
				    .residence = BYTES_LITERAL("Hà Nội"),
				    .father = BYTES_LITERAL("Nguyễn Văn A"),
				    .mother = BYTES_LITERAL("Trần Thị B"),
				    .spouse = BYTES_LITERAL("Lê Thị C"),
				    .old_number = BYTES_LITERAL("012345678") };

static void put_dg13(struct desk *d, const struct dg13 *p)
{
	assert_int_equal(dg13_encode(p, &d->doc.files.files[lds_dg(13)], NULL, NULL).code, CC_OK);
}

/* ---- the cases */
static void a_good_card_is_read_by_all_but_der_readers(void **state)
{
	struct desk *d = *state;

	put_dg13(d, &person);
	ask(d);
	for (size_t i = 0; i < d->report.count; i++)
		assert_string_equal(d->report.items[i].rule, "aa.der");
	assert_int_equal(d->report.count, 1);
	assert_int_equal(d->report.families, will_family_count());
	assert_int_equal(will_worst(&d->report), WILL_FAIL);
}

static void a_long_residence_is_lost_and_a_stopping_scanner_loses_the_rest(void **state)
{
	static char place[140];
	struct desk *d = *state;
	struct dg13 p = person;

	memset(place, 'a', sizeof place);
	p.residence = bytes_of(place, sizeof place);
	put_dg13(d, &p);
	ask(d);
	expect(d, "dg13-scan", "dg13.residence", WILL_LOSE);
	assert_null(will_find(&d->report, "dg13-scan", "dg13.parents"));
	expect(d, "dg13-scan-stop", "dg13.residence", WILL_LOSE);
	expect(d, "dg13-scan-stop", "dg13.parents", WILL_LOSE);
	expect(d, "dg13-scan-stop", "dg13.spouse", WILL_LOSE);
	expect(d, "dg13-scan-stop", "dg13.old-number", WILL_LOSE);
	/* empty fields have nothing to lose */
	assert_null(will_find(&d->report, "dg13-scan-stop", "dg13.marks"));
	assert_true(will_find(&d->report, "dg13-scan", "dg13.residence")->by_person);
}

static void the_limit_is_where_the_length_takes_a_second_byte(void **state)
{
	static char place[128];
	struct desk *d = *state;
	struct dg13 p = person;

	memset(place, 'a', sizeof place);
	/* 02 01 09, 0C L text: 127 bytes of content leave 122 for the text */
	p.residence = bytes_of(place, 122);
	put_dg13(d, &p);
	ask(d);
	assert_null(will_find(&d->report, "dg13-scan", "dg13.residence"));
	p.residence = bytes_of(place, 123);
	put_dg13(d, &p);
	ask(d);
	expect(d, "dg13-scan", "dg13.residence", WILL_LOSE);
}

static void parents_in_one_inner_sequence_are_lost(void **state)
{
	struct desk *d = *state;

	put_dg13(d, &person);
	/* {13, SEQ{ father, mother }} instead of two SEQUENCEs */
	document_edit(&d->doc, lds_dg(13), &(struct tlv_edit){ TLV_EDIT_REMOVE, "0/0/2/12/2", 0, NULL });
	document_edit(&d->doc, lds_dg(13), &(struct tlv_edit){ TLV_EDIT_AFTER, "0/0/2/12/1/0", 0, "0C0142" });
	ask(d);
	expect(d, "dg13-scan", "dg13.parents", WILL_LOSE);
	expect(d, "dg13-scan-stop", "dg13.parents", WILL_LOSE);
}

static void fields_out_of_order_are_lost(void **state)
{
	struct desk *d = *state;

	put_dg13(d, &person);
	/* number and name change places */
	document_edit(&d->doc, lds_dg(13), &(struct tlv_edit){ TLV_EDIT_VALUE, "0/0/2/0/0", 0, "02" });
	document_edit(&d->doc, lds_dg(13), &(struct tlv_edit){ TLV_EDIT_VALUE, "0/0/2/1/0", 0, "01" });
	ask(d);
	expect(d, "dg13-scan", "dg13.name", WILL_LOSE);
	assert_null(will_find(&d->report, "dg13-scan", "dg13.number"));
}

static void dg14_that_is_not_in_der_order_fails_with_reencoders(void **state)
{
	struct desk *d = *state;

	assert_null(will_find(&d->report, "dg14-reencode", "dg14.order"));
	document_edit(&d->doc, lds_dg(14), &(struct tlv_edit){ TLV_EDIT_AFTER, "0/0/4", 0, "300606042A030405" });
	ask(d);
	expect(d, "dg14-reencode", "dg14.order", WILL_FAIL);
}

static void the_chip_decides_who_opens_it(void **state)
{
	struct desk *d = *state;

	d->chip = (struct will_chip){ 0 };
	ask(d);
	expect(d, "mf-first", "open.mf", WILL_REFUSE);
	expect(d, "bac-only", "open.bac", WILL_REFUSE);
	expect(d, "extended-only", "open.extended", WILL_REFUSE);
	assert_null(will_find(&d->report, "pace-13", "open.pace"));
	document_edit(&d->doc, LDS_CARD_ACCESS, &(struct tlv_edit){ TLV_EDIT_VALUE, "0/2/2", 0, "0C" });
	ask(d);
	expect(d, "pace-13", "open.pace", WILL_REFUSE);
	assert_int_equal(will_worst(&d->report), WILL_REFUSE);
	d->chip = (struct will_chip){ .has_mf = true, .has_bac = true, .extended = true };
}

static void a_large_file_is_slow_and_then_out_of_reach(void **state)
{
	struct desk *d = *state;
	struct buf big = { 0 };

	assert_int_equal(buf_zero(&big, 30000).code, CC_OK);
	assert_int_equal(lds_set_put(&d->doc.files, lds_dg(4), buf_view(&big)).code, CC_OK);
	ask(d);
	expect(d, "block-160", "file.many-reads", WILL_SLOW);
	assert_null(will_find(&d->report, "block-256", "file.many-reads"));
	assert_int_equal(buf_zero(&big, 32769).code, CC_OK);
	assert_int_equal(lds_set_put(&d->doc.files, lds_dg(4), buf_view(&big)).code, CC_OK);
	ask(d);
	expect(d, "block-223", "file.beyond", WILL_FAIL);
	expect(d, "block-256", "file.many-reads", WILL_SLOW);
	buf_done(&big);
	buf_done(&d->doc.files.files[lds_dg(4)]);
}

static void portraits_that_old_readers_do_not_show(void **state)
{
	struct desk *d = *state;

	document_edit(&d->doc, lds_dg(2), &(struct tlv_edit){ TLV_EDIT_PATCH, "0/0/1/1", 62, "FF4FFF51" });
	ask(d);
	expect(d, "jpeg-only", "dg2.jpeg2000", WILL_LOSE);
	document_edit(&d->doc, lds_dg(2), &(struct tlv_edit){ TLV_EDIT_WHOLE, "0/0/1/1", 0, "7F2E03800101" });
	ask(d);
	expect(d, "face-19794", "dg2.39794", WILL_LOSE);
}

static void a_group_that_com_does_not_list_is_passed_over(void **state)
{
	struct desk *d = *state;

	document_edit(&d->doc, LDS_COM, &(struct tlv_edit){ TLV_EDIT_VALUE, "0/2", 0, "6175" });
	ask(d);
	expect(d, "com-list", "com.unlisted", WILL_LOSE);
}

static void active_authentication_needs_its_hash_named(void **state)
{
	struct desk *d = *state;

	document_edit(&d->doc, lds_dg(14), &(struct tlv_edit){ TLV_EDIT_REMOVE, "0/0/3", 0, NULL });
	ask(d);
	expect(d, "aa-plain", "aa.hash", WILL_FAIL);
}

/* Before signing there is no DG14, DG15 or EF.SOD: nothing is said of them. */
static void files_that_are_not_made_yet_are_not_judged(void **state)
{
	struct desk *d = *state;

	put_dg13(d, &person);
	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		if (f != LDS_DG1 && f != (unsigned)lds_dg(13))
			buf_done(&d->doc.files.files[f]);
	}
	ask(d);
	assert_int_equal(d->report.count, 0);
	assert_int_equal(will_worst(&d->report), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_card_is_read_by_all_but_der_readers),
		cmocka_unit_test(a_long_residence_is_lost_and_a_stopping_scanner_loses_the_rest),
		cmocka_unit_test(the_limit_is_where_the_length_takes_a_second_byte),
		cmocka_unit_test(parents_in_one_inner_sequence_are_lost),
		cmocka_unit_test(fields_out_of_order_are_lost),
		cmocka_unit_test(dg14_that_is_not_in_der_order_fails_with_reencoders),
		cmocka_unit_test(the_chip_decides_who_opens_it),
		cmocka_unit_test(a_large_file_is_slow_and_then_out_of_reach),
		cmocka_unit_test(portraits_that_old_readers_do_not_show),
		cmocka_unit_test(a_group_that_com_does_not_list_is_passed_over),
		cmocka_unit_test(active_authentication_needs_its_hash_named),
		cmocka_unit_test(files_that_are_not_made_yet_are_not_judged),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
