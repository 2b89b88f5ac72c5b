/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/lint.h"

#include "card/lds/mrz.h"
#include "crypto/x509_profile.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/document_fixture.h"
#include "tests/support/lint_plants.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- one document for all cases; each works on a copy of its files */
struct desk {
	struct document_fixture doc;
	struct lds_set files;
	struct buf ef_cvca, ef_atr;
	struct mrz printed;
	struct lint_report report;
};

static int setup(void **state)
{
	struct desk *d = calloc(1, sizeof *d);

	document_fixture(&d->doc);
	assert_int_equal(mrz_read(bytes_str(LDS_FIXTURE_MRZ), MRZ_READ_EXACT, &d->printed, NULL).code, CC_OK);
	for (unsigned f = 0; f < LDS_FILE_COUNT; f++)
		assert_int_equal(buf_copy(&d->files.files[f], lds_set_get(&d->doc.files, f)).code, CC_OK);
	assert_int_equal(buf_copy(&d->ef_cvca, buf_view(&d->doc.ef_cvca)).code, CC_OK);
	assert_int_equal(buf_copy(&d->ef_atr, buf_view(&d->doc.ef_atr)).code, CC_OK);
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	struct desk *d = *state;

	document_fixture_done(&d->doc);
	lds_set_done(&d->files);
	buf_done(&d->ef_cvca);
	buf_done(&d->ef_atr);
	free(d);
	return 0;
}

static void restore(struct desk *d)
{
	for (unsigned f = 0; f < LDS_FILE_COUNT; f++)
		assert_int_equal(buf_copy(&d->doc.files.files[f], lds_set_get(&d->files, f)).code, CC_OK);
	assert_int_equal(buf_copy(&d->doc.ef_cvca, buf_view(&d->ef_cvca)).code, CC_OK);
	assert_int_equal(buf_copy(&d->doc.ef_atr, buf_view(&d->ef_atr)).code, CC_OK);
}

static struct lint_input input_of(struct desk *d)
{
	return (struct lint_input){ .files = &d->doc.files,
				    .ef_cvca = buf_view(&d->doc.ef_cvca),
				    .ef_atr = buf_view(&d->doc.ef_atr),
				    .trust = d->doc.lds.trust,
				    .printed_mrz = &d->printed,
				    .now_s = FIXTURE_NOW_S };
}

static void look(struct desk *d)
{
	const struct lint_input in = input_of(d);

	assert_int_equal(lint_files(&in, &d->report).code, CC_OK);
}

static void print_report(const struct lint_report *r)
{
	for (size_t i = 0; i < r->count; i++)
		print_message("# %s %s +%zd: %s\n", r->items[i].rule->id, lint_file_title(r->items[i].file),
			      (ssize_t)r->items[i].offset, r->items[i].detail);
}

static void edit_buf(struct buf *b, const struct tlv_edit *edit)
{
	struct buf changed = { 0 };

	tlv_edit(buf_view(b), edit, &changed);
	buf_move(b, &changed);
}

static void plant(struct desk *d, const struct lint_plant *p)
{
	for (size_t i = 0; i < 2; i++) {
		const struct tlv_edit *e = &p->edits[i].edit;

		switch (p->edits[i].kind) {
		case PLANT_NOTHING:
			break;
		case PLANT_FILE:
			document_edit(&d->doc, (enum lds_file)p->edits[i].file, e);
			break;
		case PLANT_OBJECT:
			document_edit_object(&d->doc, e);
			break;
		case PLANT_SIGNER:
			document_edit_signer(&d->doc, e);
			break;
		case PLANT_CARD_SECURITY:
			edit_buf(&d->doc.files.files[LDS_CARD_SECURITY], e);
			break;
		case PLANT_EF_CVCA:
			edit_buf(&d->doc.ef_cvca, e);
			break;
		case PLANT_EF_ATR:
			edit_buf(&d->doc.ef_atr, e);
			break;
		}
	}
}

/* ---- the cases */
static void a_good_document_has_no_error_and_no_warning(void **state)
{
	struct desk *d = *state;

	restore(d);
	look(d);
	if (d->report.errors > 0 || d->report.warnings > 0)
		print_report(&d->report);
	assert_int_equal(d->report.errors, 0);
	assert_int_equal(d->report.warnings, 0);
}

static void each_planted_defect_is_found_by_name(void **state)
{
	struct desk *d = *state;
	size_t missed = 0;

	for (size_t i = 0; i < LINT_PLANT_COUNT; i++) {
		restore(d);
		plant(d, &lint_plants[i]);
		look(d);
		if (lint_find(&d->report, lint_plants[i].rule, LINT_FILE_COUNT) != NULL)
			continue;
		print_message("# %s was not found\n", lint_plants[i].rule);
		print_report(&d->report);
		missed++;
	}
	assert_int_equal(missed, 0);
	print_message("# count: lint: %zu defects planted, each found by name; %zu rules\n", LINT_PLANT_COUNT, lint_rule_count());
}

/* The rules that crypto's own tests plant are only carried on here. */
static bool is_crypto_rule(const char *id)
{
	for (size_t i = 0; i < cert_rule_count(); i++) {
		if (strcmp(cert_rule_at(i).id, id) == 0)
			return true;
	}
	return strncmp(id, "key.", 4) == 0;
}

static void every_rule_has_a_plant(void **state)
{
	(void)state;
	for (size_t i = 0; i < lint_rule_count(); i++) {
		const struct lint_rule *rule = lint_rule_at(i);
		bool planted = is_crypto_rule(rule->id);

		for (size_t k = 0; k < LINT_PLANT_COUNT && !planted; k++)
			planted = strcmp(lint_plants[k].rule, rule->id) == 0;
		if (!planted)
			fail_msg("no plant for %s", rule->id);
		assert_true(rule->vi[0] != 0 && rule->en[0] != 0 && rule->clause[0] != 0);
	}
}

/* A rule that is new in crypto/ would be silent in a card's lint. */
static void every_rule_of_certificates_has_its_sentences(void **state)
{
	(void)state;
	for (size_t i = 0; i < cert_rule_count(); i++) {
		bool found = false;

		for (size_t k = 0; k < lint_rule_count() && !found; k++)
			found = strcmp(lint_rule_at(k)->id, cert_rule_at(i).id) == 0;
		if (!found)
			fail_msg("no sentences for %s", cert_rule_at(i).id);
	}
}

static void rule_ids_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < lint_rule_count(); i++) {
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(lint_rule_at(i)->id, lint_rule_at(k)->id);
	}
}

static void offsets_point_at_the_place(void **state)
{
	struct desk *d = *state;
	const struct lint_finding *f;

	restore(d);
	document_edit(&d->doc, LDS_COM, &(struct tlv_edit){ TLV_EDIT_VALUE, "0/1", 0, "303530303030" });
	look(d);
	f = lint_find(&d->report, "com.unicode-version", LDS_COM);
	assert_non_null(f);
	/* 60 L 5F01 04 xxxx, then 5F36 */
	assert_int_equal(f->offset, 2 + 7);
	assert_string_equal(f->cases, "LDS_A_06");
	assert_string_equal(f->rule->clause, "ICAO 9303-10 4.6.1");
}

static void finds_by_case_number(void **state)
{
	struct desk *d = *state;

	restore(d);
	document_edit(&d->doc, LDS_COM, &(struct tlv_edit){ TLV_EDIT_REMOVE, "0/0", 0, NULL });
	look(d);
	assert_non_null(lint_find_case(&d->report, "LDS_A_05"));
	assert_null(lint_find_case(&d->report, "LDS_A_0"));
	assert_null(lint_find_case(&d->report, "LDS_A_04"));
}

/* What a chip says reaches no terminal as it is. */
static void details_are_printable(void **state)
{
	struct desk *d = *state;

	restore(d);
	document_edit(&d->doc, LDS_COM, &(struct tlv_edit){ TLV_EDIT_VALUE, "0/0", 0, "1B5B324A" });
	look(d);
	assert_string_equal(lint_find(&d->report, "com.lds-version", LDS_COM)->detail, "?[2J");
}

/* Whatever is cut off: no crash, and never a clean report for a file that isn't whole. */
static void every_truncation_is_told(void **state)
{
	static const enum lds_file files[] = { LDS_CARD_ACCESS, LDS_COM,      LDS_SOD,	    LDS_DG1,	  LDS_DG1 + 1,
					       LDS_DG1 + 2,	LDS_DG1 + 3,  LDS_DG1 + 10, LDS_DG1 + 11, LDS_DG1 + 12,
					       LDS_DG1 + 13,	LDS_DG1 + 14, LDS_DG1 + 15 };
	struct desk *d = *state;
	size_t count = 0;

	for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
		size_t whole = lds_set_get(&d->files, files[f]).n, step = whole > 400 ? whole / 97 : 1;

		for (size_t n = 1; n < whole; n += step, count++) {
			restore(d);
			document_edit(&d->doc, files[f], &(struct tlv_edit){ TLV_EDIT_CUT, NULL, n, NULL });
			look(d);
			if (d->report.errors == 0)
				fail_msg("%s cut to %zu bytes passes", lds_file_title(files[f]), n);
		}
	}
	print_message("# count: lint: %zu truncated files, each told\n", count);
}

static void findings_are_bounded(void **state)
{
	struct desk *d = *state;
	struct buf many = { 0 };

	restore(d);
	/* a list of 400 unknown tags */
	assert_int_equal(buf_zero(&many, 4 + 400).code, CC_OK);
	memcpy(many.p, "\x60\x82\x01\x94\x5C\x82\x01\x90", 8);
	assert_int_equal(buf_zero(&d->doc.files.files[LDS_COM], 408).code, CC_OK);
	memcpy(d->doc.files.files[LDS_COM].p, many.p, 8);
	buf_done(&many);
	look(d);
	assert_int_equal(d->report.count, LINT_FINDINGS_MAX);
	assert_true(d->report.dropped > 0);
	assert_int_equal(d->report.errors + d->report.warnings + d->report.notes, d->report.count + d->report.dropped);
}

static void out_of_memory_is_told(void **state)
{
	struct desk *d = *state;

	restore(d);
	for (size_t k = 1; alloc_fault_next(&k);) {
		const struct lint_input in = input_of(d);
		cc_status st = lint_files(&in, &d->report);

		if (alloc_fault_end())
			assert_true(st.code == CC_E_MEMORY || d->report.errors > 0 || !cc_failed(st));
	}
	assert_int_equal(d->report.errors, 0);
}

/* Documents that others made: what was looked up by hand once. */
static void documents_of_others(void **state)
{
	static const struct {
		const char *folder, *rule;
		unsigned file;
	} known[] = {
		{ "05_lds/bsi2008_jmrtd", "lso.unsigned", LDS_SOD },   /* DG4 and DG15 */
		{ "05_lds/bsi2008_jmrtd", "image.size", LDS_DG1 + 1 }, /* 413 x 531 under 337 x 449 */
		{ "05_lds/bsi2008_jmrtd", "sod.sha1", LDS_SOD },
		{ "05_lds/etsi_eacaa_pymrtd", "lso.order", LDS_SOD },
		{ "05_lds/icao_p10_samples_gmrtd", "com.lds-version", LDS_COM }, /* 1.6 */
		{ "05_lds/icao_p10_samples_gmrtd", "image.kind", LDS_DG1 + 1 },	 /* JPEG announced as JPEG 2000 */
		{ "05_lds/tsemrtd_dgs", "detail.date-bcd", LDS_DG1 + 10 },
	};
	static struct lint_report r;
	char path[512];

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		struct lds_set set = { 0 };
		const struct lint_input in = { .files = &set, .now_s = FIXTURE_NOW_S };

		if (!vectors_path(known[i].folder, path, sizeof path))
			skip();
		assert_int_equal(lds_set_load(&set, path, NULL).code, CC_OK);
		assert_int_equal(lint_files(&in, &r).code, CC_OK);
		if (lint_find(&r, known[i].rule, known[i].file) == NULL)
			fail_msg("%s: no %s", known[i].folder, known[i].rule);
		lds_set_done(&set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_document_has_no_error_and_no_warning),
		cmocka_unit_test(each_planted_defect_is_found_by_name),
		cmocka_unit_test(every_rule_has_a_plant),
		cmocka_unit_test(every_rule_of_certificates_has_its_sentences),
		cmocka_unit_test(rule_ids_are_unique),
		cmocka_unit_test(offsets_point_at_the_place),
		cmocka_unit_test(finds_by_case_number),
		cmocka_unit_test(details_are_printable),
		cmocka_unit_test(every_truncation_is_told),
		cmocka_unit_test(findings_are_bounded),
		cmocka_unit_test(out_of_memory_is_told),
		cmocka_unit_test(documents_of_others),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
