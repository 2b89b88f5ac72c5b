/* SPDX-License-Identifier: Apache-2.0 */
#include "card/perso/match_on_card.h"

#include "biometrics/finger_template.h"
#include "tests/support/script_reader.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define AID "A0000000010203"

static const struct match_on_card_reference right_index = { 0x81, 0x09 };

struct card {
	struct script script;
	struct reader *reader;
	struct channel ch;
};

static void open_card(struct card *c, const struct script_step *steps, size_t count)
{
	*c = (struct card){ .script = { steps, count, NULL, 0 } };
	c->reader = script_reader(&c->script);
	channel_init(&c->ch, c->reader);
}

static void close_card(struct card *c)
{
	assert_int_equal(c->script.next, c->script.count);
	channel_done(&c->ch);
	reader_free(&c->reader);
}

/* What the card says, the template fitted to it, and the template on the card: the whole way. */
static void a_template_is_fitted_and_stored(void **state)
{
	static const struct script_step steps[] = {
		{ "00A4040C07" AID, "9000" },
		{ "00CB3FFF045C027F6000", "7F6019A1178101088201098702010188020005B1078102023C820105 9000" },
		{ "80DB3FFF197F6016830181A1038201097F2E0B81090A14450A1EBFC80100", "9000" },
	};
	struct buf aid = vectors_from_hex(AID), from = vectors_from_hex("7F2E0B8109C801000A1EBF0A1445");
	struct buf information = { 0 }, fitted = { 0 };
	struct finger_template t;
	struct finger_bit bit;
	struct card c;

	(void)state;
	open_card(&c, steps, 3);
	assert_int_equal(match_on_card_select(&c.ch, buf_view(&aid)).code, CC_OK);
	assert_int_equal(match_on_card_information(&c.ch, &information).code, CC_OK);
	assert_int_equal(finger_bit_parse(buf_view(&information), &bit, NULL).code, CC_OK);
	assert_int_equal(finger_template_parse(buf_view(&from), &t, NULL).code, CC_OK);
	assert_int_equal(finger_template_check(&t, &bit, NULL).code, CC_E_VERIFY);
	finger_template_fit(&t, &bit);
	assert_int_equal(finger_template_check(&t, &bit, NULL).code, CC_OK);
	assert_int_equal(finger_template_encode(&t, &fitted, NULL).code, CC_OK);
	assert_int_equal(match_on_card_store(&c.ch, &right_index, buf_view(&fitted)).code, CC_OK);
	close_card(&c);
	buf_done(&aid);
	buf_done(&from);
	buf_done(&information);
	buf_done(&fitted);
}

/* Above a short command's room the channel chains. */
static void a_long_template_is_chained(void **state)
{
	static const struct script_step steps[] = { { NULL, "9000" }, { NULL, "9000" } };
	struct finger_template t = { .count = 100 };
	struct buf object = { 0 };
	struct card c;

	(void)state;
	for (size_t i = 0; i < t.count; i++)
		t.minutiae[i] = (struct finger_minutia){ (uint8_t)i, 1, MINUTIA_ENDING, 0 };
	assert_int_equal(finger_template_encode(&t, &object, NULL).code, CC_OK);
	open_card(&c, steps, 2);
	assert_int_equal(match_on_card_store(&c.ch, &right_index, buf_view(&object)).code, CC_OK);
	close_card(&c);
	buf_done(&object);
}

static void what_is_no_template_is_not_sent(void **state)
{
	static const char *const objects[] = { "", "7F2E00", "7F60028100", "7F2E0281", "7F2E02810000", "7F2E8102 8100" };

	(void)state;
	for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
		struct buf b = vectors_from_hex(objects[i]);
		struct card c;

		open_card(&c, NULL, 0);
		assert_int_equal(match_on_card_store(&c.ch, &right_index, buf_view(&b)).code, CC_E_ARG);
		assert_string_equal(c.ch.err.key, "moc.structure");
		close_card(&c);
		buf_done(&b);
	}
}

static void refusals_and_lies_are_told(void **state)
{
	static const struct script_step refused[] = { { NULL, "6982" }, { NULL, "6A88" } };
	static const struct script_step lies[] = { { NULL, "9000" }, { NULL, "7F2E028100 9000" }, { NULL, "7F60048100 9000" } };
	struct buf got = { 0 }, object = vectors_from_hex("7F2E028100");
	struct card c;

	(void)state;
	open_card(&c, refused, 2);
	assert_int_equal(match_on_card_store(&c.ch, &right_index, buf_view(&object)).code, CC_E_STATUS);
	assert_int_equal(match_on_card_information(&c.ch, &got).code, CC_E_STATUS);
	assert_string_equal(c.ch.err.key, "card.refused");
	close_card(&c);
	open_card(&c, lies, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(match_on_card_information(&c.ch, &got).code, CC_E_FORMAT);
	assert_null(got.p);
	close_card(&c);
	buf_done(&object);
}

static void a_group_is_read_and_its_lies_are_told(void **state)
{
	static const char *const bad[] = { "",
					   "7F6100",
					   "7F6103020101",
					   "7F61030201007F6100",
					   "7F6100020101",
					   "7F610F0201017F6009830181A1048201098101",
					   "7F610E0201027F6008830181A103820109",
					   "7F610D0201017F6007830181A1028209" };
	struct buf good = vectors_from_hex("7F61190201027F6008830181A1038201097F6008830182A10382010A");
	struct match_on_card_group g;

	(void)state;
	assert_int_equal(match_on_card_group_parse(buf_view(&good), &g).code, CC_OK);
	assert_int_equal(g.count, 2);
	assert_int_equal(g.items[1].reference, 0x82);
	assert_int_equal(g.items[1].subtype, 0x0A);
	for (size_t n = 0; n < good.n; n++)
		assert_int_equal(match_on_card_group_parse(bytes_of(good.p, n), &g).code, CC_E_FORMAT);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct buf b = vectors_from_hex(bad[i]);

		assert_int_equal(match_on_card_group_parse(buf_view(&b), &g).code, CC_E_FORMAT);
		buf_done(&b);
	}
	buf_done(&good);
}

static void a_comparison_is_one_command(void **state)
{
	static const struct script_step steps[] = {
		{ "00210081077F2E0481020A0B", "9000" }, { NULL, "63C2" }, { NULL, "6983" }, { NULL, "6A88" }, { NULL, "6982" }
	};
	struct buf t = vectors_from_hex("7F2E0481020A0B");
	enum match_on_card_result r = MATCH_ON_CARD_BLOCKED;
	unsigned tries = 9;
	struct card c;

	(void)state;
	open_card(&c, steps, 5);
	assert_int_equal(match_on_card_verify(&c.ch, 0x81, buf_view(&t), &r, &tries).code, CC_OK);
	assert_int_equal(r, MATCH_ON_CARD_MATCH);
	assert_int_equal(match_on_card_verify(&c.ch, 0x81, buf_view(&t), &r, &tries).code, CC_OK);
	assert_true(r == MATCH_ON_CARD_NO_MATCH && tries == 2);
	assert_int_equal(match_on_card_verify(&c.ch, 0x81, buf_view(&t), &r, &tries).code, CC_OK);
	assert_true(r == MATCH_ON_CARD_BLOCKED && tries == 0);
	assert_int_equal(match_on_card_verify(&c.ch, 0x81, buf_view(&t), &r, &tries).code, CC_E_NOT_FOUND);
	assert_int_equal(match_on_card_verify(&c.ch, 0x81, buf_view(&t), &r, &tries).code, CC_E_STATUS);
	close_card(&c);
	buf_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_is_read_and_its_lies_are_told), cmocka_unit_test(a_comparison_is_one_command),
		cmocka_unit_test(a_template_is_fitted_and_stored),	 cmocka_unit_test(a_long_template_is_chained),
		cmocka_unit_test(what_is_no_template_is_not_sent),	 cmocka_unit_test(refusals_and_lies_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
