/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/evidence.h"

#include "crypto/cbor/cbor_write.h"
#include "crypto/cose.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/chip_reader.h"
#include "tests/support/inspect_expect.h"
#include "tests/support/lds_fixture.h"
#include "tests/support/sys_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MRZ_INFORMATION "090000000790021553002153"
#define CAN "000000"

/* One card on a software chip, inspected once; the tests judge what was recorded of it. */
struct rig {
	struct lds_fixture lds;
	struct sys_fake fake;
	struct chip_reader cr;
	struct channel ch;
	struct lds_set set;
	struct inspection i;
	struct buf file;
	struct digest kid;
};

static void spki_of(struct rig *r, bool ca, struct buf *ret)
{
	struct buf point = { 0 };

	chip_reader_public_key(&r->cr, ca, &point);
	assert_int_equal(ec_spki_encode(EC_BP256, buf_view(&point), EC_PARAMS_NAMED, ret).code, CC_OK);
	buf_done(&point);
}

static void make_card(struct rig *r)
{
	const struct chip_reader_options options = { .personality = SOFTCHIP_CCCD, .number = 1 };
	const struct chip_reader_document keys = { .mrz_information = MRZ_INFORMATION,
						   .can = CAN,
						   .aa_parameter_id = 13,
						   .aa_hash = 3,
						   .ca_parameter_id = 13,
						   .ca_cipher = 2 };
	struct chip_reader_file files[LDS_FILE_COUNT];
	struct chip_reader_document d = { .files = files, .mrz_information = MRZ_INFORMATION, .can = CAN };
	struct buf aa = { 0 }, ca = { 0 };

	chip_reader_init(&r->cr, &options, &r->fake.sys);
	chip_reader_personalize(&r->cr, &keys);
	spki_of(r, false, &aa);
	spki_of(r, true, &ca);
	lds_fixture_files(&r->lds, buf_view(&aa), buf_view(&ca), &r->set);
	lds_fixture_sign(&r->lds, 1, &r->set);
	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		if (lds_set_has(&r->set, f))
			files[d.file_count++] = (struct chip_reader_file){ lds_file_fid(f), lds_set_get(&r->set, f) };
	}
	chip_reader_personalize(&r->cr, &d);
	buf_done(&aa);
	buf_done(&ca);
}

static void inspect(struct rig *r)
{
	struct inspect_keys keys;
	const struct inspect_params p = { .keys = &keys, .trust = r->lds.trust, .now_s = FIXTURE_NOW_S, .sys = &r->fake.sys };

	assert_int_equal(inspect_keys_from_number(LDS_FIXTURE_NUMBER, NULL, NULL, &keys).code, CC_OK);
	assert_int_equal(reader_connect(r->cr.reader).code, CC_OK);
	channel_init(&r->ch, r->cr.reader);
	assert_int_equal(inspect_card(&r->ch, &p, &r->i).code, CC_OK);
	assert_int_equal(r->i.verdict, INSPECT_GOOD);
	inspect_keys_done(&keys);
}

static void make_key(struct keystore *ks, const char *label)
{
	struct keystore_key_info want = { .kind = KEYSTORE_EC, .curve = EC_P256 };

	memcpy(want.label, label, strlen(label));
	assert_int_equal(keystore_generate(ks, &want).code, CC_OK);
}

static cc_status write_as(struct rig *r, const char *label, struct buf *ret)
{
	const struct evidence_params p = { .inspection = &r->i,
					   .trust = r->lds.trust,
					   .station = "Tram thu nghiem",
					   .time_ms = (int64_t)FIXTURE_NOW_S * 1000,
					   .keystore = r->lds.keystore,
					   .key_label = label };

	return evidence_write(&p, ret, NULL);
}

static void kid_of(struct rig *r, const char *label, struct digest *ret)
{
	struct buf spki = { 0 };

	assert_int_equal(keystore_public_key(r->lds.keystore, label, &spki).code, CC_OK);
	assert_int_equal(cose_kid(buf_view(&spki), ret).code, CC_OK);
	buf_done(&spki);
}

static int rig_up(void **state)
{
	struct rig *r = calloc(1, sizeof *r);

	assert_non_null(r);
	lds_fixture(&r->lds, EC_BP256, HASH_SHA256);
	sys_fake_init(&r->fake, 3);
	make_card(r);
	inspect(r);
	make_key(r->lds.keystore, EVIDENCE_KEY_LABEL);
	make_key(r->lds.keystore, "stranger");
	kid_of(r, EVIDENCE_KEY_LABEL, &r->kid);
	assert_int_equal(write_as(r, EVIDENCE_KEY_LABEL, &r->file).code, CC_OK);
	*state = r;
	return 0;
}

static int rig_down(void **state)
{
	struct rig *r = *state;

	buf_done(&r->file);
	inspection_done(&r->i);
	channel_done(&r->ch);
	chip_reader_done(&r->cr);
	lds_set_done(&r->set);
	lds_fixture_done(&r->lds);
	free(r);
	return 0;
}

static void judge(struct rig *r, struct bytes file, const struct trust *trust, const struct lds_set *files,
		  struct evidence_report *ret)
{
	const struct evidence_judge_params p = {
		.trust = trust, .pinned = &r->kid, .pinned_count = 1, .files = files, .sys = &r->fake.sys
	};
	struct evidence e = { 0 };
	struct cc_error err;

	cc_error_init(&err);
	if (cc_failed(evidence_read(file, &e, &err)))
		fail_msg("%s: %s", err.key, err.detail);
	assert_int_equal(evidence_judge(&e, &p, ret, NULL).code, CC_OK);
	evidence_done(&e);
}

static void expect(const struct evidence_report *r, const char *id, enum evidence_result want)
{
	const struct evidence_finding *f = evidence_find(r, id);

	assert_non_null(f);
	if (f->result != want)
		fail_msg("%s: %s, not %s: %s", id, evidence_result_name(f->result), evidence_result_name(want), f->detail);
}

static void a_good_inspection_is_proven_without_the_card(void **state)
{
	struct rig *r = *state;
	struct evidence_report report;

	judge(r, buf_view(&r->file), r->lds.trust, NULL, &report);
	assert_int_equal(report.verdict, EVIDENCE_HOLDS);
	expect(&report, "signature", EVIDENCE_PROVEN);
	expect(&report, "signer", EVIDENCE_PROVEN);
	expect(&report, "record", EVIDENCE_PROVEN);
	expect(&report, "sod.structure", EVIDENCE_PROVEN);
	expect(&report, "sod.signature", EVIDENCE_PROVEN);
	expect(&report, "sod.chain", EVIDENCE_PROVEN);
	expect(&report, "active-authentication", EVIDENCE_PROVEN);
	/* What rests on shared secrets is the station's word. */
	expect(&report, "files", EVIDENCE_CLAIMED);
	expect(&report, "access", EVIDENCE_CLAIMED);
	expect(&report, "chip-authentication", EVIDENCE_CLAIMED);
	expect(&report, "verdict", EVIDENCE_CLAIMED);
	assert_null(evidence_find(&report, "given-files"));
}

static void no_secret_and_no_portrait_is_inside(void **state)
{
	struct rig *r = *state;
	struct bytes dg1 = lds_set_get(&r->set, lds_dg(1)), dg2 = lds_set_get(&r->set, lds_dg(2));

	assert_null(memmem(r->file.p, r->file.n, MRZ_INFORMATION, strlen(MRZ_INFORMATION)));
	assert_null(memmem(r->file.p, r->file.n, dg1.p, dg1.n));
	assert_null(memmem(r->file.p, r->file.n, dg2.p, dg2.n));
	assert_true(r->file.n < 8192);
	assert_true(r->i.transcript.commands >= 10);
}

static void the_cards_own_files_are_told_from_anothers(void **state)
{
	struct rig *r = *state;
	struct evidence_report report;
	struct lds_set other = { 0 };

	judge(r, buf_view(&r->file), r->lds.trust, &r->set, &report);
	expect(&report, "given-files", EVIDENCE_PROVEN);
	assert_int_equal(report.verdict, EVIDENCE_HOLDS);
	/* The evidence of one card, shown for another. */
	lds_fixture_files(&r->lds, bytes_of(NULL, 0), bytes_of(NULL, 0), &other);
	lds_fixture_sign(&r->lds, 1, &other);
	judge(r, buf_view(&r->file), r->lds.trust, &other, &report);
	expect(&report, "given-files", EVIDENCE_WRONG);
	assert_int_equal(report.verdict, EVIDENCE_REFUSED);
	lds_set_done(&other);
}

static void unknown_signer_and_unknown_country_leave_it_open(void **state)
{
	struct rig *r = *state;
	struct evidence_report report;
	struct buf file = { 0 };

	assert_int_equal(write_as(r, "stranger", &file).code, CC_OK);
	judge(r, buf_view(&file), r->lds.trust, NULL, &report);
	expect(&report, "signer", EVIDENCE_UNDETERMINED);
	assert_int_equal(report.verdict, EVIDENCE_OPEN);
	judge(r, buf_view(&r->file), NULL, NULL, &report);
	expect(&report, "sod.chain", EVIDENCE_UNDETERMINED);
	assert_int_equal(report.verdict, EVIDENCE_OPEN);
	buf_done(&file);
}

static void a_changed_bit_or_a_cut_anywhere_is_refused(void **state)
{
	struct rig *r = *state;
	struct buf file = { 0 };
	struct evidence e = { 0 };
	size_t bits = 0, cuts = 0;

	assert_int_equal(buf_copy(&file, buf_view(&r->file)).code, CC_OK);
	/* Each byte, one bit of it: which bit walks along. */
	for (size_t at = 0; at < file.n; at++) {
		file.p[at] ^= (uint8_t)(1u << (at % 8));
		bits += cc_failed(evidence_read(buf_view(&file), &e, NULL)) ? 1 : 0;
		file.p[at] ^= (uint8_t)(1u << (at % 8));
	}
	for (size_t n = 0; n < file.n; n++)
		cuts += cc_failed(evidence_read(bytes_of(file.p, n), &e, NULL)) ? 1 : 0;
	(void)printf("# count: evidence: %zu changed bytes and %zu cuts, all refused\n", bits, cuts);
	assert_int_equal(bits, file.n);
	assert_int_equal(cuts, file.n);
	buf_done(&file);
}

/* ---- a station that lies: the record is changed and signed again with its own key */
static void sign_again(struct rig *r, struct bytes record, struct buf *ret)
{
	const struct cose_sign_params p = { .keystore = r->lds.keystore,
					    .key_label = EVIDENCE_KEY_LABEL,
					    .external = BYTES_LITERAL("cccd-evidence"),
					    .payload = record };

	assert_int_equal(cose_sign1(&p, ret, NULL).code, CC_OK);
}

static void judge_lie(struct rig *r, struct evidence_report *report)
{
	struct buf file = { 0 };

	assert_int_equal(write_as(r, EVIDENCE_KEY_LABEL, &file).code, CC_OK);
	judge(r, buf_view(&file), r->lds.trust, NULL, report);
	buf_done(&file);
}

static void a_lying_station_is_caught_by_what_can_be_recomputed(void **state)
{
	struct rig *r = *state;
	struct evidence_report report;
	struct inspect_check *chain = NULL;

	r->i.aa_challenge[0] ^= 1;
	judge_lie(r, &report);
	expect(&report, "active-authentication", EVIDENCE_WRONG);
	assert_int_equal(report.verdict, EVIDENCE_REFUSED);
	r->i.aa_challenge[0] ^= 1;

	r->i.files.files[lds_dg(1)].p[10] ^= 1; /* another person on the same chip */
	judge_lie(r, &report);
	expect(&report, "files", EVIDENCE_WRONG);
	r->i.files.files[lds_dg(1)].p[10] ^= 1;

	r->i.verdict = INSPECT_BAD;
	judge_lie(r, &report);
	expect(&report, "verdict", EVIDENCE_WRONG);
	r->i.verdict = INSPECT_GOOD;

	for (size_t k = 0; k < r->i.check_count; k++) {
		if (strcmp(r->i.checks[k].id, "sod.chain") == 0)
			chain = &r->i.checks[k];
	}
	assert_non_null(chain);
	chain->result = INSPECT_FAILED;
	r->i.verdict = INSPECT_BAD;
	judge_lie(r, &report);
	expect(&report, "sod.chain", EVIDENCE_WRONG);
	chain->result = INSPECT_PASSED;
	r->i.verdict = INSPECT_GOOD;

	r->i.transcript.ca_terminal_point.p[5] ^= 1; /* off the curve */
	judge_lie(r, &report);
	expect(&report, "chip-authentication", EVIDENCE_WRONG);
	r->i.transcript.ca_terminal_point.p[5] ^= 1;
	judge_lie(r, &report);
	assert_int_equal(report.verdict, EVIDENCE_HOLDS);
}

static struct inspect_check *check_of(struct rig *r, const char *id)
{
	for (size_t k = 0; k < r->i.check_count; k++) {
		if (strcmp(r->i.checks[k].id, id) == 0)
			return &r->i.checks[k];
	}
	fail_msg("no %s", id);
	return NULL;
}

/* What a list of known defects changed is no contradiction: it is undetermined without the list, and a lie without a defect. */
static void what_a_known_defect_changed_is_no_lie(void **state)
{
	struct rig *r = *state;
	struct inspect_check *chain = check_of(r, "sod.chain"), *active = check_of(r, "active-authentication");
	struct evidence_report report;

	/* a chip whose answer is wrong, excused */
	r->i.aa_challenge[0] ^= 1;
	active->result = INSPECT_INCONCLUSIVE;
	r->i.verdict = INSPECT_UNDECIDED;
	judge_lie(r, &report);
	expect(&report, "active-authentication", EVIDENCE_PROVEN);
	assert_int_equal(report.verdict, EVIDENCE_HOLDS);
	r->i.aa_challenge[0] ^= 1;
	/* a chip whose answer is right, and proves nothing since its key is revoked */
	judge_lie(r, &report);
	expect(&report, "active-authentication", EVIDENCE_PROVEN);
	active->result = INSPECT_PASSED;
	/* a replaced certificate */
	chain->result = INSPECT_FAILED;
	r->i.verdict = INSPECT_BAD;
	judge_lie(r, &report);
	expect(&report, "sod.chain", EVIDENCE_WRONG);
	r->i.checks[r->i.check_count++] =
		(struct inspect_check){ .id = "defect.1", .result = INSPECT_REMARK, .evidence = "id-CertReplaced" };
	judge_lie(r, &report);
	expect(&report, "sod.chain", EVIDENCE_UNDETERMINED);
	assert_int_equal(report.verdict, EVIDENCE_OPEN);
	r->i.check_count--;
	chain->result = INSPECT_PASSED;
	r->i.verdict = INSPECT_GOOD;
}

static void pace_cam_is_held_against_dg14(void **state)
{
	struct rig *r = *state;
	struct evidence_report report;
	struct inspect_check *mapping;
	struct buf ca = { 0 };
	struct pubkey *chip = NULL;
	struct ec_domain *d = NULL;
	struct ec_key *k = NULL;

	/* ICAO 9303-11 4.4.3.5.2: any CA_IC gives a mapping key that fits; that is why it proves nothing to others. */
	spki_of(r, true, &ca);
	assert_int_equal(pubkey_from_spki(buf_view(&ca), &chip, NULL).code, CC_OK);
	assert_int_equal(ec_domain_new(EC_BP256, &d).code, CC_OK);
	assert_int_equal(ec_key_generate(d, &k).code, CC_OK);
	assert_int_equal(ec_key_scalar(k, &r->i.transcript.cam_data).code, CC_OK);
	assert_int_equal(ec_agree_point(k, pubkey_point(chip), &r->i.transcript.cam_point).code, CC_OK);
	assert_int_equal(r->i.transcript.pace_parameter_id, 13);
	judge_lie(r, &report);
	expect(&report, "chip-authentication-mapping", EVIDENCE_CLAIMED);
	r->i.transcript.cam_data.p[31] ^= 1;
	mapping = &r->i.checks[r->i.check_count++];
	*mapping = (struct inspect_check){ .id = "chip-authentication-mapping", .result = INSPECT_PASSED };
	judge_lie(r, &report);
	expect(&report, "chip-authentication-mapping", EVIDENCE_WRONG);
	mapping->result = INSPECT_INCONCLUSIVE;
	r->i.transcript.cam_data.p[31] ^= 1;
	/* EF.CardSecurity comes first, and one whose signature isn't good proves the contrary of "passed". */
	mapping->result = INSPECT_PASSED;
	assert_int_equal(lds_set_put(&r->i.files, LDS_CARD_SECURITY, lds_set_get(&r->set, LDS_SOD)).code, CC_OK);
	judge_lie(r, &report);
	expect(&report, "chip-authentication-mapping", EVIDENCE_WRONG);
	buf_done(&r->i.files.files[LDS_CARD_SECURITY]);
	r->i.check_count--;
	buf_done(&r->i.transcript.cam_data);
	buf_done(&r->i.transcript.cam_point);
	buf_done(&ca);
	pubkey_free(&chip);
	ec_key_free(&k);
	ec_domain_free(&d);
}

static void every_result_and_the_whole_of_a_list_are_carried(void **state)
{
	struct rig *r = *state;
	struct buf file = { 0 };
	struct evidence e = { 0 };
	size_t before = r->i.check_count;

	for (unsigned result = INSPECT_PASSED; r->i.check_count < INSPECT_CHECKS_MAX;
	     result = (result + 1) % (INSPECT_REMARK + 1)) {
		struct inspect_check *c = &r->i.checks[r->i.check_count++];

		*c = (struct inspect_check){ .result = (enum inspect_result)result };
		(void)snprintf(c->id, sizeof c->id, "test.%zu", r->i.check_count);
		memset(c->evidence, 'x', sizeof c->evidence - 1);
	}
	assert_int_equal(write_as(r, EVIDENCE_KEY_LABEL, &file).code, CC_OK);
	assert_int_equal(evidence_read(buf_view(&file), &e, NULL).code, CC_OK);
	assert_int_equal(e.check_count, INSPECT_CHECKS_MAX);
	for (size_t k = 0; k < INSPECT_CHECKS_MAX; k++) {
		assert_string_equal(e.checks[k].id, r->i.checks[k].id);
		assert_string_equal(e.checks[k].evidence, r->i.checks[k].evidence);
		assert_int_equal(e.checks[k].result, r->i.checks[k].result);
	}
	r->i.check_count = before;
	evidence_done(&e);
	buf_done(&file);
}

static void records_that_are_signed_but_no_evidence_are_refused(void **state)
{
	static const char *const records[] = { "\xA0", "\x80", "\xA1\x01\x02", "\xA1\x01\x01" };
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
		struct buf file = { 0 };
		struct evidence e = { 0 };
		struct cc_error err;

		cc_error_init(&err);
		sign_again(r, bytes_str(records[i]), &file);
		assert_int_equal(evidence_read(buf_view(&file), &e, &err).code, CC_E_FORMAT);
		assert_string_equal(err.key, "cbor.field");
		buf_done(&file);
	}
}

static void each_failed_allocation_is_told(void **state)
{
	struct rig *r = *state;

	for (size_t k = 1; alloc_fault_next(&k);) {
		struct buf file = { 0 };
		struct evidence e = { 0 };
		cc_status st = write_as(r, EVIDENCE_KEY_LABEL, &file);

		if (!cc_failed(st))
			st = evidence_read(buf_view(&file), &e, NULL);
		/* Without memory for the chain its anchor is left out, and the rest is recorded. */
		if (!alloc_fault_end())
			assert_int_equal(st.code, CC_OK);
		else if (cc_failed(st))
			assert_true(st.code == CC_E_MEMORY || st.code == CC_E_VERIFY || st.code == CC_E_CRYPTO);
		evidence_done(&e);
		buf_done(&file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_inspection_is_proven_without_the_card),
		cmocka_unit_test(no_secret_and_no_portrait_is_inside),
		cmocka_unit_test(the_cards_own_files_are_told_from_anothers),
		cmocka_unit_test(unknown_signer_and_unknown_country_leave_it_open),
		cmocka_unit_test(a_changed_bit_or_a_cut_anywhere_is_refused),
		cmocka_unit_test(a_lying_station_is_caught_by_what_can_be_recomputed),
		cmocka_unit_test(what_a_known_defect_changed_is_no_lie),
		cmocka_unit_test(pace_cam_is_held_against_dg14),
		cmocka_unit_test(every_result_and_the_whole_of_a_list_are_carried),
		cmocka_unit_test(records_that_are_signed_but_no_evidence_are_refused),
		cmocka_unit_test(each_failed_allocation_is_told),
	};

	return cmocka_run_group_tests(tests, rig_up, rig_down);
}
