/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/inspect.h"
#include "card/lds/ef_com.h"
#include "card/quirks.h"
#include "tests/support/chip_reader.h"
#include "tests/support/inspect_expect.h"
#include "tests/support/lds_fixture.h"
#include "tests/support/script_reader.h"
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

/* The software chip, opened and judged like any card in the field. */
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
		inspect_print_checks(i);
	assert_int_equal(i->verdict, INSPECT_GOOD);
	inspect_expect(i, "access", INSPECT_PASSED);
	inspect_expect(i, "active-authentication", INSPECT_PASSED);
	inspect_expect(i, "chip-authentication", INSPECT_PASSED);
	inspect_expect(i, "card-access.dg14", INSPECT_PASSED);
	inspect_expect(i, "mrz.access", INSPECT_PASSED);
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

/* Six digits are the CAN of a million people: it is the number that was asked for. */
static void number_of_another_person_is_told(void **state)
{
	static const char other[] = "036190000000"; /* the same last six */
	struct inspect_keys keys;
	struct card c;
	struct inspection i;

	make_card(&c, *state, SOFTCHIP_CCCD);
	put_files(&c);
	keys = can_keys();
	assert_int_equal(inspect(&c, &keys, false, &i).code, CC_OK);
	inspect_expect(&i, "mrz.number", INSPECT_PASSED);
	inspection_done(&i);
	assert_int_equal(inspect_keys_from_number(other, NULL, NULL, &keys).code, CC_OK);
	assert_int_equal(inspect(&c, &keys, false, &i).code, CC_OK);
	inspect_expect(&i, "mrz.access", INSPECT_PASSED);
	inspect_expect(&i, "mrz.number", INSPECT_FAILED);
	assert_int_equal(i.verdict, INSPECT_BAD);
	inspection_done(&i);
	/* With the dates the document number opens it, which is without the province. */
	assert_int_equal(inspect_keys_from_number("079090000000", "900215", "300215", &keys).code, CC_OK);
	assert_int_equal(inspect(&c, &keys, false, &i).code, CC_OK);
	inspect_expect(&i, "mrz.access", INSPECT_PASSED);
	inspect_expect(&i, "mrz.number", INSPECT_FAILED);
	inspection_done(&i);
	card_done(&c);
}

/* A genuine chip under another printed name: nothing of that opens the chip. */
static void printed_name_of_another_person_is_told(void **state)
{
	struct inspect_keys keys = mrz_keys();
	struct card c;
	struct inspection i;
	char *name;

	make_card(&c, *state, SOFTCHIP_CCCD);
	put_files(&c);
	assert_int_equal(inspect(&c, &keys, false, &i).code, CC_OK);
	inspect_expect(&i, "mrz.printed", INSPECT_PASSED);
	inspection_done(&i);
	name = strstr(keys.mrz_text, "DUC");
	assert_non_null(name);
	memcpy(name, "DAT", 3);
	assert_int_equal(inspect(&c, &keys, false, &i).code, CC_OK);
	inspect_expect(&i, "mrz.access", INSPECT_PASSED);
	inspect_expect(&i, "mrz.printed", INSPECT_INCONCLUSIVE);
	assert_int_equal(i.verdict, INSPECT_UNDECIDED);
	inspection_done(&i);
	card_done(&c);
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
	inspect_expect(&i, "access", INSPECT_FAILED);
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
	inspect_expect(&i, "access", INSPECT_UNAVAILABLE);
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
	inspect_expect(&i, "access.downgrade", INSPECT_INCONCLUSIVE);
	inspect_expect(&i, "card-access.dg14", INSPECT_FAILED); /* and the signed DG14 tells */
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
	inspect_expect(&i, "access", INSPECT_PASSED);
	inspect_expect(&i, "active-authentication", INSPECT_PASSED);
	inspect_expect(&i, "card-access.dg14", INSPECT_FAILED);
	inspect_expect_evidence(&i, "card-access.dg14", "hides");
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
	inspect_expect(&i, "access", INSPECT_FAILED);
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
	inspect_expect(&i, "sod.chain", INSPECT_PASSED);
	inspect_expect(&i, "sod.dg15", INSPECT_PASSED);
	inspect_expect(&i, "active-authentication", INSPECT_FAILED);
	inspect_expect(&i, "chip-authentication", INSPECT_FAILED);
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
	inspect_expect(&i, "dg15.read", INSPECT_FAILED);
	inspect_expect(&i, "active-authentication", INSPECT_UNAVAILABLE);
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
	inspect_expect(&i, "dg3.read", INSPECT_UNAVAILABLE);
	inspect_expect_evidence(&i, "dg3.read", "6982");
	inspect_expect(&i, "sod.dg3", INSPECT_UNAVAILABLE);
	assert_int_equal(i.verdict, INSPECT_GOOD);
	inspection_done(&i);
	card_done(&c);
}

/*
 * ICAO 9303-10 4.6: EF.COM, EF.SOD and all that EF.SOD lists. The document is signed whole, and the chip lacks one file.
 * Whatever the others say, that is no pass.
 */
static void file_that_the_chip_lacks_is_no_pass(void **state)
{
	static const struct {
		enum lds_file file;
		const char *check;
		enum inspect_result want;
		enum inspect_verdict verdict;
	} cases[] = {
		{ LDS_COM, "com.read", INSPECT_UNAVAILABLE, INSPECT_UNDECIDED },
		{ LDS_SOD, "sod.read", INSPECT_UNAVAILABLE, INSPECT_UNDECIDED },
		{ LDS_DG1, "dg1.read", INSPECT_FAILED, INSPECT_BAD },
		{ LDS_DG1 + 1, "dg2.read", INSPECT_FAILED, INSPECT_BAD },
		/* Closed or gone, DG3 answers the same before Terminal Authentication: what the reader can't tell is excused. */
		{ LDS_DG1 + 2, "dg3.read", INSPECT_UNAVAILABLE, INSPECT_GOOD },
		{ LDS_DG1 + 12, "dg13.read", INSPECT_FAILED, INSPECT_BAD },
		{ LDS_DG1 + 13, "dg14.read", INSPECT_FAILED, INSPECT_BAD },
		{ LDS_DG1 + 14, "dg15.read", INSPECT_FAILED, INSPECT_BAD },
	};

	for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
		struct inspect_keys keys = mrz_keys();
		struct card c;
		struct inspection i;

		make_card(&c, *state, SOFTCHIP_CCCD);
		assert_int_equal(lds_set_put(&c.set, lds_dg(3), BYTES_LITERAL("\x63\x03\x02\x01\x00")).code, CC_OK);
		lds_fixture_sign(*state, 1, &c.set);
		buf_done(&c.set.files[cases[k].file]);
		put_files(&c);
		assert_int_equal(inspect(&c, &keys, false, &i).code, CC_OK);
		inspect_expect(&i, cases[k].check, cases[k].want);
		if (cases[k].file == LDS_COM) {
			/* The chip is genuine, and proves it. */
			inspect_expect(&i, "sod.chain", INSPECT_PASSED);
			inspect_expect(&i, "active-authentication", INSPECT_PASSED);
			inspect_expect(&i, "chip-authentication", INSPECT_PASSED);
		}
		assert_int_equal(i.verdict, cases[k].verdict);
		inspection_done(&i);
		card_done(&c);
	}
}

/* A file that EF.COM lists and nobody signed is read, and found to be no part of the document. */
static void unsigned_group_on_the_chip_fails(void **state)
{
	struct inspect_keys keys = mrz_keys();
	struct card c;
	struct inspection i;
	struct ef_com com;

	make_card(&c, *state, SOFTCHIP_CCCD);
	assert_int_equal(lds_set_put(&c.set, lds_dg(11), BYTES_LITERAL("\x6B\x04\x5C\x02\x5F\x0E")).code, CC_OK);
	assert_int_equal(ef_com_make("0108", lds_set_dg_mask(&c.set), &com, NULL).code, CC_OK);
	assert_int_equal(ef_com_encode(&com, &c.set.files[LDS_COM], NULL).code, CC_OK);
	put_files(&c);
	assert_int_equal(inspect(&c, &keys, false, &i).code, CC_OK);
	inspect_expect(&i, "sod.dg11", INSPECT_FAILED);
	inspect_expect_evidence(&i, "sod.dg11", "unsigned content");
	inspect_expect(&i, "com.sod", INSPECT_FAILED);
	assert_int_equal(i.verdict, INSPECT_BAD);
	inspection_done(&i);
	card_done(&c);
}

/* A habit that is known for the chip's CPLC, not for its ATR: found only by who asks. */
static void cplc_tells_chips_of_one_atr_apart(void **state)
{
	static const struct bytes type = BYTES_LITERAL("\xCC\xCD\x50\x01\xCC\xCD\x63\x27\x01\x00");
	struct inspect_keys keys = mrz_keys();
	struct inspect_params p = { .keys = &keys, .now_s = FIXTURE_NOW_S };
	struct card c;

	make_card(&c, *state, SOFTCHIP_CCCD);
	put_files(&c);
	p.trust = c.f->trust;
	p.sys = &c.fake.sys;
	quirks_forget();
	c.ch.habits.no_sfi = true;
	quirks_keep(&c.ch, type, true);
	for (int ask = 0; ask < 2; ask++) {
		struct inspection i = { 0 };

		connect_again(&c);
		p.read_cplc = ask == 1;
		assert_int_equal(inspect_card(&c.ch, &p, &i).code, CC_OK);
		assert_int_equal(i.verdict, INSPECT_GOOD);
		assert_int_equal(c.ch.habits.no_sfi, ask == 1);
		inspection_done(&i);
	}
	quirks_forget();
	card_done(&c);
}

/* A chip that refuses a first READ BINARY of 256 bytes in the clear, as some do. */
static const struct reader_ops *honest_ops;
static unsigned refused;

static cc_status refuse_256(struct reader *r, struct bytes command, struct buf *ret)
{
	if (command.n == 5 && command.p[1] == 0xB0 && command.p[4] == 0) {
		refused++;
		return buf_copy(ret, BYTES_LITERAL("\x67\x00"));
	}
	return honest_ops->transmit(r, command, ret);
}

/* Refusals met by an inspection of another chip of the type. */
static unsigned refusals(struct lds_fixture *f, const struct trust *trust, enum inspect_verdict want)
{
	static struct reader_ops picky;
	struct inspect_keys keys = mrz_keys();
	struct inspect_params p = { .keys = &keys, .trust = trust, .now_s = FIXTURE_NOW_S };
	struct inspection i = { 0 };
	struct card c;

	make_card(&c, f, SOFTCHIP_CCCD);
	put_files(&c);
	honest_ops = c.cr.reader->ops;
	picky = *honest_ops;
	picky.transmit = refuse_256;
	c.cr.reader->ops = &picky;
	refused = 0;
	p.sys = &c.fake.sys;
	assert_int_equal(inspect_card(&c.ch, &p, &i).code, CC_OK);
	assert_int_equal(i.verdict, want);
	inspection_done(&i);
	c.cr.reader->ops = honest_ops;
	card_done(&c);
	return refused;
}

static void what_inspection_learns_is_kept_for_the_type(void **state)
{
	struct lds_fixture *f = *state;

	quirks_forget();
	/* A chip that nobody vouches for teaches the next one alone. */
	assert_int_equal(refusals(f, NULL, INSPECT_UNDECIDED), 1);
	assert_int_equal(refusals(f, NULL, INSPECT_UNDECIDED), 0);
	quirks_forget();
	assert_int_equal(refusals(f, f->trust, INSPECT_GOOD), 1);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(refusals(f, f->trust, INSPECT_GOOD), 0);
	quirks_forget();
}

/* 6D00, or an answer that is no CPLC: the inspection goes on as without it. */
static void refused_cplc_loses_nothing(void **state)
{
	static const char *const answers[] = { "6D00", "6E00", "6A88", "9F7F0102 9000", "9000" };
	struct inspect_keys keys = mrz_keys();
	const struct lds_fixture *f = *state;
	struct fixture_sys sys = f->sys;
	const struct inspect_params p = { .keys = &keys, .now_s = FIXTURE_NOW_S, .read_cplc = true, .sys = &sys.sys };

	for (size_t k = 0; k < sizeof answers / sizeof answers[0]; k++) {
		const struct script_step steps[] = { { "80CA9F7F00", answers[k] }, { NULL, NULL } };
		struct script script = { steps, 2, NULL, 0 };
		struct reader *reader = script_reader(&script);
		struct inspection i = { 0 };
		struct channel ch;

		channel_init(&ch, reader);
		assert_int_equal(inspect_card(&ch, &p, &i).code, CC_E_DEVICE);
		assert_int_equal(script.next, 2);
		inspection_done(&i);
		channel_done(&ch);
		reader_free(&reader);
	}
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
	print_message("# count: inspection torn at each of %u commands\n", (unsigned)total);
	assert_int_equal(inspect(&c, &keys, false, &i).code, CC_OK);
	assert_int_equal(i.verdict, INSPECT_GOOD);
	inspection_done(&i);
	card_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(card_opens_with_mrz_and_with_can),
		cmocka_unit_test(what_inspection_learns_is_kept_for_the_type),
		cmocka_unit_test(number_of_another_person_is_told),
		cmocka_unit_test(printed_name_of_another_person_is_told),
		cmocka_unit_test(wrong_password_ends_it_without_bac),
		cmocka_unit_test(without_keys_nothing_is_tried),
		cmocka_unit_test(fall_to_bac_needs_permission_and_is_shown),
		cmocka_unit_test(hidden_card_access_is_a_finding),
		cmocka_unit_test(wrong_mrz_under_bac_is_refused_once),
		cmocka_unit_test(copied_card_fails_its_own_authentication),
		cmocka_unit_test(signed_group_that_is_missing_on_the_chip_fails),
		cmocka_unit_test(closed_fingerprints_do_not_spoil_the_verdict),
		cmocka_unit_test(file_that_the_chip_lacks_is_no_pass),
		cmocka_unit_test(unsigned_group_on_the_chip_fails),
		cmocka_unit_test(cplc_tells_chips_of_one_atr_apart),
		cmocka_unit_test(refused_cplc_loses_nothing),
		cmocka_unit_test(card_torn_at_each_command_never_passes),
	};

	return cmocka_run_group_tests(tests, lds_fixture_up, lds_fixture_down);
}
