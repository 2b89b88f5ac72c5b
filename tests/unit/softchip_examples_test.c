/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"
#include "crypto/ec_scalar.h"
#include "tests/support/chip_raw.h"
#include "tests/support/chip_reader.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* The published worked examples, played to the chip with the random numbers that they name. */

static struct bytes literal(const char *p, size_t n)
{
	return bytes_of(p, n);
}

#define LITERAL(s) literal("" s, sizeof(s) - 1)

/* ICAO Doc 9303-11, 8th edition, Appendix D: EF.COM is 22 bytes. */
#define D_COM "\x60\x14\x5F\x01\x04\x30\x31\x30\x36\x5F\x36\x06\x30\x34\x30\x30\x30\x30\x5C\x02\x61\x75"

static void appendix_d_bac_and_secure_messaging(void **state)
{
	const struct chip_reader_file files[] = { { 0x011E, LITERAL(D_COM) } };
	const struct chip_reader_document doc = { files, 1, "L898902C<369080619406236", NULL, 0, 0, 0, 0 };
	struct chip_raw_random random;
	struct chip_reader cr;

	(void)state;
	/* RND.IC, K.IC */
	chip_raw_random(&random, "4608F91988702212 0B4F80323EB3191CB04970CB4052790B");
	chip_reader_init(&cr, &(struct chip_reader_options){ .number = 1 }, &random.sys);
	chip_reader_personalize(&cr, &doc);
	chip_raw_power(cr.chip);
	chip_raw_expect(cr.chip, "00A4040C07A0000002471001", "9000");
	chip_raw_expect(cr.chip, "0084000008", "4608F919887022129000");
	chip_raw_expect(cr.chip, "008200002872C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F25F1448EEA8AD90A728",
			"46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F2F2D235D074D74499000");
	chip_raw_expect(cr.chip, "0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800", "990290008E08FA855A5D4C50A8ED9000");
	chip_raw_expect(cr.chip, "0CB000000D9701048E08ED6705417E96BA5500",
			"8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000");
	chip_raw_expect(cr.chip, "0CB000040D9701128E082EA28A70F3C7B53500",
			"871901FB9235F4E4037F2327DCC8964F1F9B8C30F42C8E2FFF224A990290008E08C8B2787EAEA07D749000");
	/* Said again, it is a replay: the session is over. */
	chip_raw_expect(cr.chip, "0CB000040D9701128E082EA28A70F3C7B53500", "6988");
	chip_raw_expect(cr.chip, "00B09E0004", "6982");
	chip_reader_done(&cr);
}

/* ICAO Doc 9303-11, 8th edition, Appendix G.1: ECDH, generic mapping. */
#define G1_CARD_ACCESS "\x31\x14\x30\x12\x06\x0A\x04\x00\x7F\x00\x07\x02\x02\x04\x02\x02\x02\x01\x02\x02\x01\x0D"
#define G1_RANDOM                                                                                                                \
	"3F00C4D39D153F2B2A214A078D899B22 "                                                                                      \
	"498FF49756F2DC1587840041839A85982BE7761D14715FB091EFA7BCE9058560 "                                                      \
	"107CF58696EF6155053340FD633392BA81909DF7B9706F226F32086C7AFF974A"

static void play_g1_to_mapping(struct softchip *chip)
{
	chip_raw_expect(chip, "0022C1A40F800A04007F00070202040202830101", "9000");
	chip_raw_expect(chip, "10860000027C0000", "7C12801095A3A016522EE98D01E76CB6B98B42C39000");
	chip_raw_expect(chip,
			"10860000457C438141047ACF3EFC982EC45565A4B155129EFBC74650DCBFA6362D896FC70262E0C2CC5E544552DCB67252"
			"18799115B55C9BAA6D9F6BC3A9618E70C25AF71777A9C4922D00",
			"7C43824104824FBA91C9CBE26BEF53A0EBE7342A3BF178CEA9F45DE0B70AA601651FBA3F5730D8C879AAA9C9F73991E61B"
			"58F4D52EB87A0A0C709A49DC63719363CCD13C549000");
}

static void play_g1(struct softchip *chip)
{
	play_g1_to_mapping(chip);
	chip_raw_expect(chip,
			"10860000457C438341042DB7A64C0355044EC9DF190514C625CBA2CEA48754887122F3A5EF0D5EDD301C3556F3B3B186DF"
			"10B857B58F6A7EB80F20BA5DC7BE1D43D9BF850149FBB3646200",
			"7C438441049E880F842905B8B3181F7AF7CAA9F0EFB743847F44A306D2D28C1D9EC65DF6DB7764B22277A2EDDC3C265A9F"
			"018F9CB852E111B768B326904B59A0193776F0949000");
}

static void start_g1(struct chip_reader *cr, struct chip_raw_random *random)
{
	const struct chip_reader_file files[] = { { 0x011C, LITERAL(G1_CARD_ACCESS) }, { 0x011E, LITERAL(D_COM) } };
	const struct chip_reader_document doc = { files, 2, "T22000129364081251010318", NULL, 0, 0, 0, 0 };

	chip_raw_random(random, G1_RANDOM);
	chip_reader_init(cr, &(struct chip_reader_options){ .number = 1 }, &random->sys);
	chip_reader_personalize(cr, &doc);
	chip_raw_power(cr->chip);
	chip_raw_expect(cr->chip, "00A4020C02011C", "9000");
	chip_raw_expect(cr->chip, "00B0000000", "31143012060A04007F0007020204020202010202010D9000");
}

static void appendix_g1_pace(void **state)
{
	struct chip_raw_random random;
	struct chip_reader cr;

	(void)state;
	start_g1(&cr, &random);
	play_g1(cr.chip);
	chip_raw_expect(cr.chip, "008600000C7C0A8508C2B0BD78D94BA86600", "7C0A86083ABB9674BCE93C089000");
	/* The session is there: a command in the clear loses it and its rights. */
	assert_true(chip_sm_active(&cr.chip->s.sm));
	assert_true(cr.chip->s.access);
	chip_raw_expect(cr.chip, "00A4040C07A0000002471001", "9000");
	chip_raw_expect(cr.chip, "00A4020C02011E", "6982");
	chip_reader_done(&cr);
}

static void appendix_g1_with_a_wrong_token_is_refused_and_counted(void **state)
{
	struct chip_raw_random random;
	struct chip_reader cr;

	(void)state;
	start_g1(&cr, &random);
	play_g1(cr.chip);
	chip_raw_expect(cr.chip, "008600000C7C0A8508C2B0BD78D94BA86700", "6300");
	assert_int_equal(chip_memory_number(&cr.chip->memory, CHIP_FIELD_PASSWORD_FAILURES), 1);
	assert_false(chip_sm_active(&cr.chip->s.sm));
	/* The protocol begins anew: its last step alone is nothing. */
	chip_raw_expect(cr.chip, "008600000C7C0A8508C2B0BD78D94BA86600", "6985");
	chip_reader_done(&cr);
}

/* ICAO Doc 9303-11 4.4.3.3: the two ephemeral public keys differ; a terminal that mirrors the chip's is refused. */
static void a_mirrored_public_key_is_refused(void **state)
{
	struct chip_raw_random random;
	struct chip_reader cr;

	(void)state;
	start_g1(&cr, &random);
	play_g1_to_mapping(cr.chip);
	chip_raw_expect(cr.chip,
			"10860000457C438341049E880F842905B8B3181F7AF7CAA9F0EFB743847F44A306D2D28C1D9EC65DF6DB7764B22277A2ED"
			"DC3C265A9F018F9CB852E111B768B326904B59A0193776F09400",
			"6300");
	chip_reader_done(&cr);
}

/* One GENERAL AUTHENTICATE of a DH value (128 bytes), and the value that must come back. */
static void play_dh_step(struct softchip *chip, const json_t *v, uint8_t tag, const char *ours, const char *theirs)
{
	char command[600], answer[600];

	(void)snprintf(command, sizeof command, "10860000867C8183%02X8180%s00", tag, vectors_text(v, ours));
	(void)snprintf(answer, sizeof answer, "7C8183%02X8180%s9000", tag + 1, vectors_text(v, theirs));
	chip_raw_expect(chip, command, answer);
}

/* ICAO Doc 9303-11, 8th edition, Appendix G.2: DH, generic mapping. */
static void appendix_g2_pace_with_dh(void **state)
{
	json_t *root = vectors_open("02_pace/pace_icao_appG_GM_appI_CAM.json"), *v;
	struct chip_raw_random random;
	struct chip_reader cr;
	struct buf card_access;
	char dealt[200], token[64];

	(void)state;
	if (root == NULL)
		skip();
	v = vectors_at(root, "G2_DH_GM");
	card_access = vectors_hex(v, "CardAccess");
	(void)snprintf(dealt, sizeof dealt, "%s %s %s", vectors_text(v, "s"), vectors_text(v, "PICC_map_priv"),
		       vectors_text(v, "PICC_eph_priv"));
	chip_raw_random(&random, dealt);
	chip_reader_init(&cr, &(struct chip_reader_options){ .number = 1 }, &random.sys);
	const struct chip_reader_file files[] = { { 0x011C, buf_view(&card_access) } };
	const struct chip_reader_document doc = { files, 1, vectors_text(v, "mrz_information"), NULL, 0, 0, 0, 0 };
	chip_reader_personalize(&cr, &doc);
	chip_raw_power(cr.chip);
	chip_raw_expect(cr.chip, vectors_text(v, "apdus_head.0.0"), vectors_text(v, "apdus_head.0.1"));
	chip_raw_expect(cr.chip, vectors_text(v, "apdus_head.1.0"), vectors_text(v, "apdus_head.1.1"));
	play_dh_step(cr.chip, v, 0x81, "PCD_map_pub", "PICC_map_pub");
	play_dh_step(cr.chip, v, 0x83, "PCD_eph_pub", "PICC_eph_pub");
	(void)snprintf(token, sizeof token, "7C0A8608%s9000", vectors_text(v, "T_PICC"));
	chip_raw_expect(cr.chip, vectors_text(v, "apdus_head.2.0"), token);
	assert_true(chip_sm_active(&cr.chip->s.sm));
	chip_reader_done(&cr);
	buf_done(&card_access);
	json_decref(root);
}

/* Appendix I.1: the chip's proof in Chip Authentication Mapping, from its two private keys. */
static void appendix_i1_chip_authentication_data(void **state)
{
	json_t *root = vectors_open("02_pace/pace_icao_appG_GM_appI_CAM.json"), *v;
	struct buf map, chip, got = { 0 };

	(void)state;
	if (root == NULL)
		skip();
	v = vectors_at(root, "I1_ECDH_CAM");
	map = vectors_hex(v, "PICC_map_priv");
	chip = vectors_hex(v, "SK_IC_derived");
	assert_false(cc_failed(ec_scalar_divide(EC_BP256, buf_view(&map), buf_view(&chip), &got)));
	assert_true(vectors_is_hex(buf_view(&got), vectors_text(v, "CA_IC")));
	assert_int_equal(ec_scalar_divide(EC_BP256, buf_view(&map), BYTES_LITERAL("\x00"), &got).code, CC_E_VERIFY);
	assert_int_equal(ec_scalar_divide(EC_BP192, buf_view(&map), buf_view(&chip), &got).code, CC_E_VERIFY);
	assert_true(vectors_is_hex(buf_view(&got), vectors_text(v, "CA_IC")));
	buf_done(&map);
	buf_done(&chip);
	buf_done(&got);
	json_decref(root);
}

/* ---- SCP03: sessions recorded by pySim, vectors 03_gp */

static struct command command_of(const struct buf *apdu)
{
	struct command cmd;

	assert_int_equal(chip_command_read(buf_view(apdu), true, &cmd), CHIP_SW_OK);
	cmd.room = 256;
	return cmd;
}

static struct bytes slice(const struct buf *b, size_t from, size_t n)
{
	struct cursor in;
	struct bytes ret = { 0 };

	cursor_init(&in, buf_view(b));
	assert_true(cursor_skip(&in, from) && cursor_take(&in, n, &ret));
	return ret;
}

static void check_wrapped(struct chip_scp03 *s, const json_t *pair)
{
	struct buf plain_apdu = vectors_hex(pair, "plain"), wire_apdu = vectors_hex(pair, "wrapped"), clear = { 0 };
	/* The plain form of a case 3 command may lack the Lc that the wrapped one has. */
	struct command want = { 0 }, got, wire = command_of(&wire_apdu);

	assert_int_equal(chip_scp03_unwrap(s, &wire, &clear, &got), CHIP_SW_OK);
	if (chip_command_read(buf_view(&plain_apdu), true, &want) == CHIP_SW_OK)
		assert_true(bytes_equal(got.data, want.data));
	assert_int_equal(got.cla, 0x80);
	assert_int_equal(got.ins, slice(&plain_apdu, 1, 1).p[0]);
	buf_done(&plain_apdu);
	buf_done(&wire_apdu);
	buf_done(&clear);
}

static void check_session(const json_t *v)
{
	struct buf enc = vectors_hex(v, "K_ENC"), mac = vectors_hex(v, "K_MAC"), update = vectors_hex(v, "initialize_update"),
		   answer = vectors_hex(v, "init_update_response"), external = vectors_hex(v, "external_authenticate"),
		   first = vectors_hex(v, "response_to_first.plain"), wire = vectors_hex(v, "response_to_first.wire");
	struct command iu = command_of(&update), ea = command_of(&external);
	struct chip_scp03 s = { 0 };
	const json_t *wrapped = vectors_at(v, "wrapped");
	struct writer w;

	assert_false(cc_failed(chip_scp03_challenge(&s, buf_view(&enc), buf_view(&mac), iu.data, slice(&answer, 13, 8))));
	assert_memory_equal(s.card_cryptogram, slice(&answer, 21, 8).p, 8);
	assert_int_equal(chip_scp03_authenticate(&s, &ea), CHIP_SW_OK);
	for (size_t i = 0; i < json_array_size(wrapped); i++) {
		check_wrapped(&s, json_array_get(wrapped, i));
		if (i > 0)
			continue;
		writer_init(&w, 256);
		assert_false(cc_failed(chip_scp03_wrap(&s, buf_view(&first), 0x9000, &w)));
		assert_true(bytes_equal(writer_view(&w), buf_view(&wire)));
		writer_done(&w);
	}
	chip_scp03_reset(&s);
	struct buf *all[] = { &enc, &mac, &update, &answer, &external, &first, &wire };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		buf_done(all[i]);
}

static void scp03_sessions_of_the_vectors(void **state)
{
	json_t *root = vectors_open("03_gp/gp_scp02_scp03_pysim_gppro.json");
	const json_t *list;

	(void)state;
	if (root == NULL)
		skip();
	list = vectors_at(root, "SCP03");
	assert_true(json_array_size(list) >= 9);
	for (size_t i = 0; i < json_array_size(list); i++)
		check_session(json_array_get(list, i));
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appendix_d_bac_and_secure_messaging),
		cmocka_unit_test(appendix_g1_pace),
		cmocka_unit_test(appendix_g1_with_a_wrong_token_is_refused_and_counted),
		cmocka_unit_test(a_mirrored_public_key_is_refused),
		cmocka_unit_test(appendix_g2_pace_with_dh),
		cmocka_unit_test(appendix_i1_chip_authentication_data),
		cmocka_unit_test(scp03_sessions_of_the_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
