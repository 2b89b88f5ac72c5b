/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/inspect.h"
#include "card/lds/dg13.h"
#include "card/lds/dg14.h"
#include "card/lds/ef_com.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/chip_reader.h"
#include "tests/support/lds_fixture.h"
#include "tests/support/sys_fake.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MRZ_INFORMATION "090000000790021553002153"
#define CAN "000000"

static const struct bytes none;

static void expect(const struct inspection *i, const char *id, enum inspect_result want)
{
	const struct inspect_check *c = inspection_find(i, id);

	if (c == NULL)
		fail_msg("no check %s", id);
	else if (c->result != want)
		fail_msg("%s is %s: %s", id, inspect_result_name(c->result), c->evidence);
}

static void expect_evidence(const struct inspection *i, const char *id, const char *part)
{
	const struct inspect_check *c = inspection_find(i, id);

	assert_non_null(c);
	if (strstr(c->evidence, part) == NULL)
		fail_msg("%s: %s", id, c->evidence);
}

static void print_checks(const struct inspection *i)
{
	for (size_t k = 0; k < i->check_count; k++)
		print_message("# %s %s %s\n", i->checks[k].id, inspect_result_name(i->checks[k].result), i->checks[k].evidence);
}

static int setup(void **state)
{
	static struct lds_fixture f;

	lds_fixture(&f, EC_BP256, HASH_SHA256);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	lds_fixture_done(*state);
	return 0;
}

/* ---- files without a chip */
static void judge(const struct lds_fixture *f, const struct lds_set *set, struct inspection *ret)
{
	const struct inspect_params p = { .trust = f->trust, .now_s = FIXTURE_NOW_S, .sys = &f->sys.sys };

	memset(ret, 0, sizeof *ret);
	assert_int_equal(inspect_files(set, &p, ret).code, CC_OK);
}

static void signed_files(const struct lds_fixture *f, struct lds_set *set)
{
	memset(set, 0, sizeof *set);
	lds_fixture_files(f, none, none, set);
	lds_fixture_sign(f, 1, set);
}

static void genuine_files_pass(void **state)
{
	struct lds_set set;
	struct inspection i;

	signed_files(*state, &set);
	judge(*state, &set, &i);
	if (i.verdict != INSPECT_GOOD)
		print_checks(&i);
	assert_int_equal(i.verdict, INSPECT_GOOD);
	expect(&i, "com.structure", INSPECT_PASSED);
	expect(&i, "sod.structure", INSPECT_PASSED);
	expect(&i, "sod.signature", INSPECT_PASSED);
	expect(&i, "sod.chain", INSPECT_PASSED);
	expect(&i, "sod.dg1", INSPECT_PASSED);
	expect(&i, "sod.dg15", INSPECT_PASSED);
	expect(&i, "com.sod", INSPECT_PASSED);
	expect(&i, "card-access.dg14", INSPECT_PASSED);
	expect(&i, "mrz.digits", INSPECT_PASSED);
	expect(&i, "dg13.dg1", INSPECT_PASSED);
	expect(&i, "dg2.structure", INSPECT_PASSED);
	expect(&i, "active-authentication", INSPECT_UNAVAILABLE);
	expect(&i, "chip-authentication", INSPECT_UNAVAILABLE);
	assert_true(i.has_mrz);
	inspection_done(&i);
	lds_set_done(&set);
}

static void without_an_anchor_nothing_is_proven(void **state)
{
	struct lds_fixture other = *(struct lds_fixture *)*state;
	struct lds_set set;
	struct inspection i;

	signed_files(*state, &set);
	other.trust = NULL;
	judge(&other, &set, &i);
	assert_int_equal(i.verdict, INSPECT_UNDECIDED);
	expect(&i, "sod.signature", INSPECT_PASSED);
	expect(&i, "sod.chain", INSPECT_INCONCLUSIVE);
	expect_evidence(&i, "sod.chain", "no-anchor");
	inspection_done(&i);
	lds_set_done(&set);
}

static void each_changed_file_is_named(void **state)
{
	static const unsigned groups[] = { 1, 2, 13, 14, 15 };
	struct lds_set set;
	struct inspection i;
	char id[32];

	signed_files(*state, &set);
	for (size_t k = 0; k < sizeof groups / sizeof groups[0]; k++) {
		struct buf *file = &set.files[lds_dg(groups[k])];

		file->p[file->n - 1] ^= 1;
		judge(*state, &set, &i);
		assert_int_equal(i.verdict, INSPECT_BAD);
		(void)snprintf(id, sizeof id, "sod.dg%u", groups[k]);
		expect(&i, id, INSPECT_FAILED);
		expect_evidence(&i, id, "hash differs");
		expect(&i, groups[k] == 1 ? "sod.dg2" : "sod.dg1", INSPECT_PASSED);
		inspection_done(&i);
		file->p[file->n - 1] ^= 1;
	}
	lds_set_done(&set);
}

/* Equal hashes under a broken signature aren't "not tampered". */
static void hashes_of_an_unsigned_list_prove_nothing(void **state)
{
	struct lds_set set;
	struct inspection i;

	signed_files(*state, &set);
	set.files[LDS_SOD].p[set.files[LDS_SOD].n - 1] ^= 1;
	judge(*state, &set, &i);
	assert_int_equal(i.verdict, INSPECT_BAD);
	expect(&i, "sod.signature", INSPECT_FAILED);
	expect(&i, "sod.dg1", INSPECT_INCONCLUSIVE);
	expect(&i, "card-access.dg14", INSPECT_INCONCLUSIVE);
	inspection_done(&i);
	lds_set_done(&set);
}

static void unsigned_file_is_a_finding(void **state)
{
	struct lds_set set;
	struct inspection i;

	signed_files(*state, &set);
	assert_int_equal(lds_set_put(&set, lds_dg(11), BYTES_LITERAL("\x6B\x00")).code, CC_OK);
	judge(*state, &set, &i);
	assert_int_equal(i.verdict, INSPECT_BAD);
	expect(&i, "sod.dg11", INSPECT_FAILED);
	expect_evidence(&i, "sod.dg11", "unsigned");
	inspection_done(&i);
	lds_set_done(&set);
}

static void missing_file_leaves_it_undecided(void **state)
{
	struct lds_set set;
	struct inspection i;

	signed_files(*state, &set);
	buf_done(&set.files[lds_dg(2)]);
	judge(*state, &set, &i);
	assert_int_equal(i.verdict, INSPECT_UNDECIDED);
	expect(&i, "sod.dg2", INSPECT_UNAVAILABLE);
	inspection_done(&i);
	lds_set_done(&set);
}

static void com_that_hides_a_group_is_a_finding(void **state)
{
	struct lds_set set;
	struct inspection i;
	struct ef_com com;
	struct buf file = { 0 };

	signed_files(*state, &set);
	assert_int_equal(ef_com_make("0108", lds_set_dg_mask(&set) & ~(1u << 14), &com, NULL).code, CC_OK);
	assert_int_equal(ef_com_encode(&com, &file, NULL).code, CC_OK);
	assert_int_equal(lds_set_put(&set, LDS_COM, buf_view(&file)).code, CC_OK);
	judge(*state, &set, &i);
	assert_int_equal(i.verdict, INSPECT_BAD);
	expect(&i, "com.sod", INSPECT_FAILED);
	expect_evidence(&i, "com.sod", "[15]");
	inspection_done(&i);
	assert_int_equal(ef_com_make("0107", lds_set_dg_mask(&set), &com, NULL).code, CC_OK);
	assert_int_equal(ef_com_encode(&com, &file, NULL).code, CC_OK);
	assert_int_equal(lds_set_put(&set, LDS_COM, buf_view(&file)).code, CC_OK);
	judge(*state, &set, &i);
	expect(&i, "com.sod", INSPECT_FAILED);
	buf_done(&file);
	inspection_done(&i);
	lds_set_done(&set);
}

/* Another PACE variant in the unsigned file than in the signed one. */
static void changed_card_access_is_a_finding(void **state)
{
	struct card_access_settings weaker = card_access_default();
	struct lds_set set;
	struct inspection i;
	struct buf file = { 0 };

	signed_files(*state, &set);
	weaker.pace_alg = CIPHER_TDES;
	assert_int_equal(card_access_encode(&weaker, &file, NULL).code, CC_OK);
	assert_int_equal(lds_set_put(&set, LDS_CARD_ACCESS, buf_view(&file)).code, CC_OK);
	judge(*state, &set, &i);
	assert_int_equal(i.verdict, INSPECT_BAD);
	expect(&i, "card-access.dg14", INSPECT_FAILED);
	buf_done(&file);
	inspection_done(&i);
	lds_set_done(&set);
}

static void dg13_of_another_person_is_a_finding(void **state)
{
	const struct dg13 other = { .number = BYTES_LITERAL("001090000000"),
				    .birth = BYTES_LITERAL("16/02/1990"),
				    .sex = BYTES_LITERAL("Nữ") };
	struct lds_set set = { 0 };
	struct inspection i;
	struct buf file = { 0 };

	lds_fixture_files(*state, none, none, &set);
	assert_int_equal(dg13_encode(&other, &file, NULL, NULL).code, CC_OK);
	assert_int_equal(lds_set_put(&set, lds_dg(13), buf_view(&file)).code, CC_OK);
	lds_fixture_sign(*state, 0, &set);
	judge(*state, &set, &i);
	assert_int_equal(i.verdict, INSPECT_BAD);
	expect(&i, "sod.dg13", INSPECT_PASSED);
	expect(&i, "dg13.dg1", INSPECT_FAILED);
	expect_evidence(&i, "dg13.dg1", "birth sex");
	buf_done(&file);
	inspection_done(&i);
	lds_set_done(&set);
}

static void no_files_at_all_prove_nothing(void **state)
{
	struct lds_set set = { 0 };
	struct inspection i;

	judge(*state, &set, &i);
	assert_int_equal(i.verdict, INSPECT_UNDECIDED);
	expect(&i, "sod.structure", INSPECT_UNAVAILABLE);
	expect(&i, "mrz.digits", INSPECT_UNAVAILABLE);
	inspection_done(&i);
}

/* A hostile folder: every file replaced by every other, and by noise. */
static void files_in_the_wrong_place_never_pass(void **state)
{
	struct lds_set set, mixed = { 0 };
	struct inspection i;

	signed_files(*state, &set);
	for (unsigned a = 0; a < LDS_FILE_COUNT; a++) {
		for (unsigned b = 0; b < LDS_FILE_COUNT; b++) {
			if (!lds_set_has(&set, a) || !lds_set_has(&set, b) || a == b)
				continue;
			for (unsigned f = 0; f < LDS_FILE_COUNT; f++)
				assert_int_equal(lds_set_put(&mixed, f, lds_set_get(&set, f == a ? b : f)).code, CC_OK);
			judge(*state, &mixed, &i);
			assert_int_not_equal(i.verdict, INSPECT_GOOD);
			inspection_done(&i);
		}
	}
	lds_set_done(&mixed);
	lds_set_done(&set);
}

/* INDEX.md 05_lds/bsi2008_jmrtd: DG4 and DG15 are reported as not in the SOD. */
static void collected_documents_are_judged_like_others_do(void **state)
{
	static const struct {
		const char *folder;
		const unsigned good[6];
		const unsigned not_listed[4];
	} cases[] = { { "05_lds/bsi2008_jmrtd", { 1, 2, 3, 14 }, { 4, 15 } },
		      { "05_lds/etsi_eacaa_pymrtd", { 1, 14, 15 }, { 0 } } };

	for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
		struct lds_set set = { 0 };
		struct inspection i;
		char path[256], id[32];

		if (!vectors_path(cases[k].folder, path, sizeof path))
			skip();
		assert_int_equal(lds_set_load(&set, path, NULL).code, CC_OK);
		judge(*state, &set, &i);
		expect(&i, "sod.structure", INSPECT_PASSED);
		expect(&i, "sod.signature", INSPECT_PASSED);
		expect(&i, "sod.chain", INSPECT_INCONCLUSIVE);
		for (const unsigned *n = cases[k].good; *n != 0; n++) {
			(void)snprintf(id, sizeof id, "sod.dg%u", *n);
			expect(&i, id, INSPECT_PASSED);
		}
		for (const unsigned *n = cases[k].not_listed; *n != 0; n++) {
			(void)snprintf(id, sizeof id, "sod.dg%u", *n);
			expect(&i, id, INSPECT_FAILED);
			expect_evidence(&i, id, "not in EF.SOD");
		}
		inspection_done(&i);
		lds_set_done(&set);
	}
}

static size_t count_failed(const struct inspection *i)
{
	size_t n = 0;

	for (size_t k = 0; k < i->check_count; k++)
		n += i->checks[k].result == INSPECT_FAILED;
	return n;
}

/*
 * No memory is our fault: it neither proves a document nor condemns it. Only the
 * chain's verdict has no word for it: a signature that couldn't be checked is
 * "signature-wrong" there.
 */
static void without_memory_there_is_no_verdict(void **state)
{
	const struct lds_fixture *f = *state;
	const struct inspect_params p = { .trust = f->trust, .now_s = FIXTURE_NOW_S, .sys = &f->sys.sys };
	struct lds_set set;
	size_t refused = 0;

	signed_files(f, &set);
	for (size_t k = 1; alloc_fault_next(&k);) {
		struct inspection i = { 0 };
		cc_status st = inspect_files(&set, &p, &i);
		bool refused_one = alloc_fault_end();

		if (refused_one) {
			refused++;
			const struct inspect_check *chain = inspection_find(&i, "sod.chain");
			size_t by_chain = chain != NULL && chain->result == INSPECT_FAILED;

			if (count_failed(&i) > by_chain || i.verdict == INSPECT_GOOD) {
				print_checks(&i);
				fail_msg("allocation %zu", refused);
			}
		} else {
			assert_int_equal(st.code, CC_OK);
			assert_int_equal(i.verdict, INSPECT_GOOD);
		}
		inspection_done(&i);
	}
	print_message("# each of %zu allocations failed once\n", refused);
	assert_true(refused > 8);
	lds_set_done(&set);
}

/* ---- with a chip */
struct card {
	const struct lds_fixture *f;
	struct sys_fake fake;
	struct chip_reader cr;
	struct channel ch;
	struct lds_set set;
};

static void point_to_spki(struct chip_reader *cr, bool ca, struct buf *ret)
{
	struct buf point = { 0 };

	chip_reader_public_key(cr, ca, &point);
	assert_int_equal(ec_spki_encode(EC_BP256, buf_view(&point), EC_PARAMS_NAMED, ret).code, CC_OK);
	buf_done(&point);
}

/* Keys first, the files that hold them second. Each card is another chip. */
static void make_card(struct card *c, const struct lds_fixture *f, enum softchip_personality personality)
{
	static uint32_t number;
	const struct chip_reader_options options = { .personality = personality, .number = ++number };
	const struct chip_reader_document keys = { .mrz_information = MRZ_INFORMATION,
						   .can = CAN,
						   .aa_parameter_id = 13,
						   .aa_hash = 3,
						   .ca_parameter_id = 13,
						   .ca_cipher = 2 };
	struct buf aa = { 0 }, ca = { 0 };

	memset(c, 0, sizeof *c);
	c->f = f;
	sys_fake_init(&c->fake, number);
	chip_reader_init(&c->cr, &options, &c->fake.sys);
	chip_reader_personalize(&c->cr, &keys);
	point_to_spki(&c->cr, false, &aa);
	point_to_spki(&c->cr, true, &ca);
	lds_fixture_files(f, buf_view(&aa), buf_view(&ca), &c->set);
	lds_fixture_sign(f, 1, &c->set);
	buf_done(&aa);
	buf_done(&ca);
}

static void put_files(struct card *c)
{
	struct chip_reader_file files[LDS_FILE_COUNT];
	struct chip_reader_document d = { .files = files, .mrz_information = MRZ_INFORMATION, .can = CAN };

	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		if (lds_set_has(&c->set, f))
			files[d.file_count++] = (struct chip_reader_file){ lds_file_fid(f), lds_set_get(&c->set, f) };
	}
	chip_reader_personalize(&c->cr, &d);
	assert_int_equal(reader_connect(c->cr.reader).code, CC_OK);
	channel_init(&c->ch, c->cr.reader);
}

/* As if nothing of the card were known. */
static void connect_again(struct card *c)
{
	channel_done(&c->ch);
	reader_disconnect(c->cr.reader);
	assert_int_equal(reader_connect(c->cr.reader).code, CC_OK);
	channel_init(&c->ch, c->cr.reader);
}

static void card_done(struct card *c)
{
	channel_done(&c->ch);
	chip_reader_done(&c->cr);
	lds_set_done(&c->set);
}

static cc_status inspect(struct card *c, const struct inspect_keys *keys, bool allow_bac, struct inspection *ret)
{
	const struct inspect_params p = {
		.keys = keys, .trust = c->f->trust, .now_s = FIXTURE_NOW_S, .allow_bac = allow_bac, .sys = &c->fake.sys
	};

	memset(ret, 0, sizeof *ret);
	return inspect_card(&c->ch, &p, ret);
}

static struct inspect_keys mrz_keys(void)
{
	struct inspect_keys k;
	struct mrz m;

	assert_int_equal(mrz_read(BYTES_LITERAL(LDS_FIXTURE_MRZ), MRZ_READ_EXACT, &m, NULL).code, CC_OK);
	inspect_keys_from_mrz(&m, &k);
	return k;
}

static struct inspect_keys can_keys(void)
{
	struct inspect_keys k;

	assert_int_equal(inspect_keys_from_number(LDS_FIXTURE_NUMBER, NULL, NULL, &k).code, CC_OK);
	return k;
}

static void expect_whole_card(const struct inspection *i, const struct lds_set *want)
{
	if (i->verdict != INSPECT_GOOD)
		print_checks(i);
	assert_int_equal(i->verdict, INSPECT_GOOD);
	expect(i, "access", INSPECT_PASSED);
	expect(i, "active-authentication", INSPECT_PASSED);
	expect(i, "chip-authentication", INSPECT_PASSED);
	expect(i, "card-access.dg14", INSPECT_PASSED);
	expect(i, "mrz.access", INSPECT_PASSED);
	assert_null(inspection_find(i, "access.downgrade"));
	assert_int_equal(lds_set_compare(&i->files, want), LDS_FILE_COUNT);
	assert_int_equal(i->aa_answer.n, 64);
}

static void card_opens_with_mrz_and_with_can(void **state)
{
	static const enum softchip_personality kinds[] = { SOFTCHIP_CCCD, SOFTCHIP_ICAO };

	for (size_t k = 0; k < 2; k++) {
		struct inspect_keys mrz = mrz_keys(), can = can_keys();
		struct card c;
		struct inspection i;

		make_card(&c, *state, kinds[k]);
		put_files(&c);
		mrz.has_can = false;
		assert_int_equal(inspect(&c, &mrz, false, &i).code, CC_OK);
		assert_int_equal(i.access, INSPECT_ACCESS_PACE_MRZ);
		expect_whole_card(&i, &c.set);
		inspection_done(&i);
		assert_int_equal(inspect(&c, &can, false, &i).code, CC_OK);
		assert_int_equal(i.access, INSPECT_ACCESS_PACE_CAN);
		expect_whole_card(&i, &c.set);
		inspection_done(&i);
		card_done(&c);
	}
}

static void wrong_password_ends_it_without_bac(void **state)
{
	struct inspect_keys keys = mrz_keys();
	struct card c;
	struct inspection i;
	uint64_t before;

	make_card(&c, *state, SOFTCHIP_CCCD);
	put_files(&c);
	keys.birth[5] = '6';
	before = softchip_apdu_count(c.cr.chip);
	assert_int_equal(inspect(&c, &keys, true, &i).code, CC_E_DENIED);
	assert_string_equal(i.err.key, "access.pace-refused");
	expect(&i, "access", INSPECT_FAILED);
	assert_int_equal(i.verdict, INSPECT_BAD);
	assert_int_equal(i.access, INSPECT_ACCESS_NONE);
	/* CardAccess, lengths, MSE and four steps; neither a second try nor GET CHALLENGE. */
	assert_true(softchip_apdu_count(c.cr.chip) - before <= 9);
	inspection_done(&i);
	card_done(&c);
}

static void without_keys_nothing_is_tried(void **state)
{
	struct inspect_keys keys = { 0 };
	struct card c;
	struct inspection i;

	make_card(&c, *state, SOFTCHIP_CCCD);
	put_files(&c);
	assert_int_equal(inspect(&c, &keys, true, &i).code, CC_E_DENIED);
	assert_string_equal(i.err.key, "access.needs-key");
	expect(&i, "access", INSPECT_UNAVAILABLE);
	inspection_done(&i);
	card_done(&c);
}

/* EF.CardAccess announces what neither side can do: the fall to BAC is allowed or not, and always shown. */
static void fall_to_bac_needs_permission_and_is_shown(void **state)
{
	struct inspect_keys keys = mrz_keys();
	struct card c;
	struct inspection i;
	struct buf file = vectors_from_hex("31143012060A04007F0007020204010202010202010D"); /* DH generic mapping, id 13 */

	make_card(&c, *state, SOFTCHIP_CCCD);
	assert_int_equal(lds_set_put(&c.set, LDS_CARD_ACCESS, buf_view(&file)).code, CC_OK);
	put_files(&c);
	assert_int_equal(inspect(&c, &keys, false, &i).code, CC_E_UNSUPPORTED);
	assert_string_equal(i.err.key, "access.pace-unsupported");
	inspection_done(&i);
	assert_int_equal(inspect(&c, &keys, true, &i).code, CC_OK);
	assert_int_equal(i.access, INSPECT_ACCESS_BAC);
	expect(&i, "access.downgrade", INSPECT_INCONCLUSIVE);
	expect(&i, "card-access.dg14", INSPECT_FAILED); /* and the signed DG14 tells */
	assert_int_equal(i.verdict, INSPECT_BAD);
	inspection_done(&i);
	buf_done(&file);
	card_done(&c);
}

/* A chip that hides EF.CardAccess is opened by BAC; DG14 tells that PACE was taken away. */
static void hidden_card_access_is_a_finding(void **state)
{
	struct inspect_keys keys = mrz_keys();
	struct card c;
	struct inspection i;

	make_card(&c, *state, SOFTCHIP_CCCD);
	buf_done(&c.set.files[LDS_CARD_ACCESS]);
	put_files(&c);
	assert_int_equal(inspect(&c, &keys, false, &i).code, CC_OK);
	assert_int_equal(i.access, INSPECT_ACCESS_BAC);
	expect(&i, "access", INSPECT_PASSED);
	expect(&i, "active-authentication", INSPECT_PASSED);
	expect(&i, "card-access.dg14", INSPECT_FAILED);
	expect_evidence(&i, "card-access.dg14", "hides");
	assert_int_equal(i.verdict, INSPECT_BAD);
	inspection_done(&i);
	keys = can_keys();
	assert_int_equal(inspect(&c, &keys, false, &i).code, CC_E_DENIED);
	assert_string_equal(i.err.key, "access.needs-mrz");
	inspection_done(&i);
	card_done(&c);
}

static void wrong_mrz_under_bac_is_refused_once(void **state)
{
	struct inspect_keys keys = mrz_keys();
	struct card c;
	struct inspection i;

	make_card(&c, *state, SOFTCHIP_CCCD);
	buf_done(&c.set.files[LDS_CARD_ACCESS]);
	put_files(&c);
	keys.expiry[5] = '6';
	assert_int_equal(inspect(&c, &keys, true, &i).code, CC_E_DENIED);
	assert_string_equal(i.err.key, "access.bac-refused");
	expect(&i, "access", INSPECT_FAILED);
	inspection_done(&i);
	card_done(&c);
}

/* All files copied to another chip: only the chip's own keys tell. */
static void copied_card_fails_its_own_authentication(void **state)
{
	struct inspect_keys keys = mrz_keys();
	struct card original, copy;
	struct inspection i;

	make_card(&original, *state, SOFTCHIP_CCCD);
	make_card(&copy, *state, SOFTCHIP_CCCD);
	for (unsigned f = 0; f < LDS_FILE_COUNT; f++)
		assert_int_equal(lds_set_put(&copy.set, f, lds_set_get(&original.set, f)).code, CC_OK);
	put_files(&original);
	put_files(&copy);
	assert_int_equal(inspect(&copy, &keys, false, &i).code, CC_OK);
	assert_int_equal(i.verdict, INSPECT_BAD);
	expect(&i, "sod.chain", INSPECT_PASSED);
	expect(&i, "sod.dg15", INSPECT_PASSED);
	expect(&i, "active-authentication", INSPECT_FAILED);
	expect(&i, "chip-authentication", INSPECT_FAILED);
	inspection_done(&i);
	card_done(&copy);
	card_done(&original);
}

/* The way around the above: leave DG14 and DG15 out. */
static void signed_group_that_is_missing_on_the_chip_fails(void **state)
{
	struct inspect_keys keys = mrz_keys();
	struct card c;
	struct inspection i;

	make_card(&c, *state, SOFTCHIP_CCCD);
	buf_done(&c.set.files[lds_dg(15)]);
	put_files(&c);
	assert_int_equal(inspect(&c, &keys, false, &i).code, CC_OK);
	assert_int_equal(i.verdict, INSPECT_BAD);
	expect(&i, "dg15.read", INSPECT_FAILED);
	expect(&i, "active-authentication", INSPECT_UNAVAILABLE);
	inspection_done(&i);
	card_done(&c);
}

/* cccd-card.md 4: DG3 answers 6982 without extended access; that is no fault of the card. */
static void closed_fingerprints_do_not_spoil_the_verdict(void **state)
{
	struct inspect_keys keys = can_keys();
	struct card c;
	struct inspection i;

	make_card(&c, *state, SOFTCHIP_CCCD);
	assert_int_equal(lds_set_put(&c.set, lds_dg(3), BYTES_LITERAL("\x63\x03\x02\x01\x00")).code, CC_OK);
	lds_fixture_sign(*state, 1, &c.set);
	put_files(&c);
	assert_int_equal(inspect(&c, &keys, false, &i).code, CC_OK);
	expect(&i, "dg3.read", INSPECT_UNAVAILABLE);
	expect_evidence(&i, "dg3.read", "6982");
	expect(&i, "sod.dg3", INSPECT_UNAVAILABLE);
	assert_int_equal(i.verdict, INSPECT_GOOD);
	inspection_done(&i);
	card_done(&c);
}

/* The card pulled at every command: an error of the device or a verdict that isn't good, never a pass. */
static void card_torn_at_each_command_never_passes(void **state)
{
	struct inspect_keys keys = can_keys();
	struct card c;
	struct inspection i;
	uint64_t total, n;

	make_card(&c, *state, SOFTCHIP_CCCD);
	put_files(&c);
	total = softchip_apdu_count(c.cr.chip);
	assert_int_equal(inspect(&c, &keys, false, &i).code, CC_OK);
	assert_int_equal(i.verdict, INSPECT_GOOD);
	inspection_done(&i);
	total = softchip_apdu_count(c.cr.chip) - total;
	for (n = 1; n <= total; n++) {
		connect_again(&c);
		softchip_tear_after(c.cr.chip, n, SOFTCHIP_TEAR_AFTER);
		assert_int_equal(inspect(&c, &keys, true, &i).code, CC_E_DEVICE);
		assert_int_not_equal(i.verdict, INSPECT_GOOD);
		inspection_done(&i);
	}
	connect_again(&c);
	print_message("# torn at each of %u commands\n", (unsigned)total);
	assert_int_equal(inspect(&c, &keys, false, &i).code, CC_OK);
	assert_int_equal(i.verdict, INSPECT_GOOD);
	inspection_done(&i);
	card_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(genuine_files_pass),
		cmocka_unit_test(without_an_anchor_nothing_is_proven),
		cmocka_unit_test(each_changed_file_is_named),
		cmocka_unit_test(hashes_of_an_unsigned_list_prove_nothing),
		cmocka_unit_test(unsigned_file_is_a_finding),
		cmocka_unit_test(missing_file_leaves_it_undecided),
		cmocka_unit_test(com_that_hides_a_group_is_a_finding),
		cmocka_unit_test(changed_card_access_is_a_finding),
		cmocka_unit_test(dg13_of_another_person_is_a_finding),
		cmocka_unit_test(no_files_at_all_prove_nothing),
		cmocka_unit_test(files_in_the_wrong_place_never_pass),
		cmocka_unit_test(collected_documents_are_judged_like_others_do),
		cmocka_unit_test(without_memory_there_is_no_verdict),
		cmocka_unit_test(card_opens_with_mrz_and_with_can),
		cmocka_unit_test(wrong_password_ends_it_without_bac),
		cmocka_unit_test(without_keys_nothing_is_tried),
		cmocka_unit_test(fall_to_bac_needs_permission_and_is_shown),
		cmocka_unit_test(hidden_card_access_is_a_finding),
		cmocka_unit_test(wrong_mrz_under_bac_is_refused_once),
		cmocka_unit_test(copied_card_fails_its_own_authentication),
		cmocka_unit_test(signed_group_that_is_missing_on_the_chip_fails),
		cmocka_unit_test(closed_fingerprints_do_not_spoil_the_verdict),
		cmocka_unit_test(card_torn_at_each_command_never_passes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
