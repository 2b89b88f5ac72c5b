/* SPDX-License-Identifier: Apache-2.0 */
#include "card/access/pace.h"
#include "tests/support/script_reader.h"
#include "tests/support/sys_fake.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* ICAO Doc 9303-11, 8th edition, Appendix G.1: PACE with ECDH generic mapping, brainpoolP256r1, AES-128, MRZ password. */
#define G1_OID "04007F00070202040202"
#define G1_MRZ "T22000129364081251010318"
#define G1_K_PI "89DED1B26624EC1E634C1989302849DD"
#define G1_Z "95A3A016522EE98D01E76CB6B98B42C3"
#define G1_S "3F00C4D39D153F2B2A214A078D899B22"
#define G1_MAP_PRIV "7F4EF07B9EA82FD78AD689B38D0BC78CF21F249D953BC46F4C6E19259C010F99"
#define G1_MAP_PUB                                                                                                               \
	"047ACF3EFC982EC45565A4B155129EFBC74650DCBFA6362D896FC70262E0C2CC5E"                                                     \
	"544552DCB6725218799115B55C9BAA6D9F6BC3A9618E70C25AF71777A9C4922D"
#define G1_MAP_IC                                                                                                                \
	"04824FBA91C9CBE26BEF53A0EBE7342A3BF178CEA9F45DE0B70AA601651FBA3F57"                                                     \
	"30D8C879AAA9C9F73991E61B58F4D52EB87A0A0C709A49DC63719363CCD13C54"
#define G1_H                                                                                                                     \
	"0460332EF2450B5D247EF6D3868397D398852ED6E8CAF6FFEEF6BF85CA57057FD5"                                                     \
	"0840CA7415BAF3E43BD414D35AA4608B93A2CAF3A4E3EA4E82C9C13D03EB7181"
#define G1_G_MAPPED                                                                                                              \
	"048CED63C91426D4F0EB1435E7CB1D74A46723A0AF21C89634F65A9AE87A9265E2"                                                     \
	"8C879506743F8611AC33645C5B985C80B5F09A0B83407C1B6A4D857AE76FE522"
#define G1_EPH_PRIV "A73FB703AC1436A18E0CFA5ABB3F7BEC7A070E7A6788486BEE230C4A22762595"
#define G1_EPH_PUB                                                                                                               \
	"042DB7A64C0355044EC9DF190514C625CBA2CEA48754887122F3A5EF0D5EDD301C"                                                     \
	"3556F3B3B186DF10B857B58F6A7EB80F20BA5DC7BE1D43D9BF850149FBB36462"
#define G1_EPH_IC                                                                                                                \
	"049E880F842905B8B3181F7AF7CAA9F0EFB743847F44A306D2D28C1D9EC65DF6DB"                                                     \
	"7764B22277A2EDDC3C265A9F018F9CB852E111B768B326904B59A0193776F094"
#define G1_KS_MAC "FE251C7858B356B24514B3BD5F4297D1"
#define G1_T_PCD "C2B0BD78D94BA866"
#define G1_T_PICC "3ABB9674BCE93C08"

#define MSE "0022C1A40F800A" G1_OID "830101"
#define GET_NONCE "10860000027C0000"
#define MAP "10860000457C438141" G1_MAP_PUB "00"
#define AGREE "10860000457C438341" G1_EPH_PUB "00"
#define TOKEN "008600000C7C0A8508" G1_T_PCD "00"

static const struct script_step g1[] = {
	{ MSE, "9000" },
	{ GET_NONCE, "7C128010" G1_Z "9000" },
	{ MAP, "7C438241" G1_MAP_IC "9000" },
	{ AGREE, "7C438441" G1_EPH_IC "9000" },
	{ TOKEN, "7C0A8608" G1_T_PICC "9000" },
};

static void same(struct bytes got, const char *hex)
{
	struct buf want = vectors_from_hex(hex);

	assert_int_equal(got.n, want.n);
	assert_memory_equal(got.p, want.p, got.n);
	buf_done(&want);
}

static void params_of(struct pace_params *p, struct buf *oid)
{
	*oid = vectors_from_hex(G1_OID);
	assert_false(cc_failed(pace_params_from(buf_view(oid), 13, p)));
	assert_int_equal(p->alg, CIPHER_AES128);
	assert_int_equal(p->mapping, PACE_GM);
	assert_int_equal(p->group.kind, AGREE_ECDH);
	assert_int_equal(p->group.curve, EC_BP256);
}

static void steps_equal_appendix_g1(void **state)
{
	struct pace_params p;
	struct buf oid, z = vectors_from_hex(G1_Z), priv = vectors_from_hex(G1_MAP_PRIV), peer = vectors_from_hex(G1_MAP_IC);
	struct buf mac = vectors_from_hex(G1_KS_MAC), point = vectors_from_hex(G1_EPH_IC), h = { 0 }, g = { 0 };
	struct secret k_pi = { 0 }, nonce = { 0 }, ks_mac = { 0 };
	struct ec_domain *d = NULL, *mapped = NULL;
	struct ec_key *key = NULL;
	char info[64];
	uint8_t token[8];

	(void)state;
	params_of(&p, &oid);
	assert_false(cc_failed(pace_mrz_input("T22000129", "640812", "101031", info)));
	assert_string_equal(info, G1_MRZ);
	assert_false(cc_failed(pace_password_key(PACE_MRZ, bytes_str(info), p.alg, &k_pi)));
	same(bytes_of(k_pi.p, k_pi.n), G1_K_PI);
	assert_false(cc_failed(pace_decrypt_nonce(&k_pi, p.alg, buf_view(&z), &nonce)));
	same(bytes_of(nonce.p, nonce.n), G1_S);
	assert_false(cc_failed(ec_domain_new(p.group.curve, &d)));
	assert_false(cc_failed(ec_key_import(d, buf_view(&priv), &key)));
	same(ec_key_public(key), G1_MAP_PUB);
	assert_false(cc_failed(ec_agree_point(key, buf_view(&peer), &h)));
	same(buf_view(&h), G1_H);
	assert_false(cc_failed(ec_domain_map_generic(d, bytes_of(nonce.p, nonce.n), buf_view(&h), &mapped)));
	assert_false(cc_failed(ec_domain_generator(mapped, &g)));
	same(buf_view(&g), G1_G_MAPPED);
	secret_set(&ks_mac, mac.p, mac.n);
	assert_false(cc_failed(pace_token(&p, &ks_mac, buf_view(&point), token)));
	same(bytes_of(token, 8), G1_T_PCD);
	ec_key_free(&key);
	ec_domain_free(&d);
	ec_domain_free(&mapped);
	buf_done(&oid);
	buf_done(&z);
	buf_done(&priv);
	buf_done(&peer);
	buf_done(&mac);
	buf_done(&point);
	buf_done(&h);
	buf_done(&g);
}

/* Draws the example's two private keys. */
static cc_status draw(void *ctx, uint8_t *out, size_t n)
{
	unsigned *calls = ctx;
	struct buf b = vectors_from_hex((*calls)++ == 0 ? G1_MAP_PRIV : G1_EPH_PRIV);

	assert_int_equal(n, b.n);
	memcpy(out, b.p, n);
	buf_done(&b);
	return cc_ok();
}

static cc_status authenticate(const struct script_step *steps, size_t count, struct channel *ch, struct pace_result *ret)
{
	unsigned calls = 0;
	const struct sys sys = { .ctx = &calls, .random = draw };
	struct script *script = test_calloc(1, sizeof *script);
	struct pace_params p;
	struct buf oid;
	cc_status st;

	*script = (struct script){ steps, count, NULL, 0 };
	params_of(&p, &oid);
	channel_init(ch, script_reader(script));
	st = pace_authenticate(ch, &p, PACE_MRZ, bytes_str(G1_MRZ), &sys, ret);
	assert_int_equal(script->next, count);
	test_free(script);
	buf_done(&oid);
	return st;
}

static void close_channel(struct channel *ch)
{
	struct reader *r = ch->reader;

	channel_done(ch);
	reader_free(&r);
}

static void whole_example_runs_on_a_channel(void **state)
{
	struct channel ch;
	struct pace_result r = { 0 };

	(void)state;
	assert_false(cc_failed(authenticate(g1, 5, &ch, &r)));
	assert_non_null(ch.layer);
	same(buf_view(&r.chip_public), G1_EPH_IC);
	same(buf_view(&r.chip_mapping), G1_MAP_IC);
	assert_int_equal(r.chip_auth.n, 0);
	assert_string_equal(r.car[0], "");
	pace_result_done(&r);
	close_channel(&ch);
}

static void apdus_of_the_vectors_folder(void **state)
{
	json_t *root = vectors_open("02_pace/pace_icao_appG_GM_appI_CAM.json");

	(void)state;
	if (root == NULL)
		skip();
	for (size_t i = 0; i < 5; i++) {
		const json_t *row = json_array_get(vectors_at(root, "G1_ECDH_GM.apdus"), i);

		assert_string_equal(json_string_value(json_array_get(row, 0)), g1[i].command);
		assert_string_equal(json_string_value(json_array_get(row, 1)), g1[i].answer);
	}
	/* I.1 is another run of the same mapping, with chip authentication mapping's last message: its keys and point agree. */
	struct buf s = vectors_hex(root, "I1_ECDH_CAM.z"), want = vectors_hex(root, "I1_ECDH_CAM.s");
	struct secret k_pi = { 0 }, nonce = { 0 };

	assert_false(cc_failed(
		pace_password_key(PACE_MRZ, bytes_str(vectors_text(root, "I1_ECDH_CAM.mrz_information")), CIPHER_AES128, &k_pi)));
	assert_false(cc_failed(pace_decrypt_nonce(&k_pi, CIPHER_AES128, buf_view(&s), &nonce)));
	assert_int_equal(nonce.n, want.n);
	assert_memory_equal(nonce.p, want.p, want.n);
	buf_done(&s);
	buf_done(&want);
	json_decref(root);
}

struct deviation {
	size_t step; /* the example's step that is answered otherwise; the run ends there */
	const char *answer;
	enum cc_code code;
	const char *key;
};

static void deviations_end_the_run(void **state)
{
	static const struct deviation cases[] = {
		{ 0, "6A80", CC_E_STATUS, "access.pace-unavailable" },
		{ 0, "6A88", CC_E_STATUS, "access.pace-unavailable" },
		{ 0, NULL, CC_E_DEVICE, "card.removed" },
		{ 1, "6985", CC_E_STATUS, "access.pace-unavailable" },
		{ 1, "9000", CC_E_VERIFY, "access.pace-chip-wrong" },
		{ 1, "7C009000", CC_E_VERIFY, "access.pace-chip-wrong" },
		{ 1, "7C028000 9000", CC_E_VERIFY, "access.pace-chip-wrong" },
		{ 1,
		  "7C0F800D"
		  "95A3A016522EE98D01E76CB6B9"
		  "9000",
		  CC_E_VERIFY, "access.pace-chip-wrong" },
		{ 1, "7C128110" G1_Z "9000", CC_E_VERIFY, "access.pace-chip-wrong" },
		{ 1, "7C128010" G1_Z "009000", CC_E_VERIFY, "access.pace-chip-wrong" },
		/* our own mapping point, a point off the curve, no point at all */
		{ 2, "7C438241" G1_MAP_PUB "9000", CC_E_VERIFY, "access.pace-chip-wrong" },
		{ 2,
		  "7C438241"
		  "04824FBA91C9CBE26BEF53A0EBE7342A3BF178CEA9F45DE0B70AA601651FBA3F57"
		  "30D8C879AAA9C9F73991E61B58F4D52EB87A0A0C709A49DC63719363CCD13C55"
		  "9000",
		  CC_E_VERIFY, "access.pace-chip-wrong" },
		{ 2, "7C03820100 9000", CC_E_VERIFY, "access.pace-chip-wrong" },
		/* our own ephemeral key sent back */
		{ 3, "7C438441" G1_EPH_PUB "9000", CC_E_VERIFY, "access.pace-chip-wrong" },
		{ 3, "7C438241" G1_EPH_IC "9000", CC_E_VERIFY, "access.pace-chip-wrong" },
		{ 4, "6300", CC_E_DENIED, "access.pace-refused" },
		{ 4, "63C2", CC_E_DENIED, "access.pace-refused" },
		{ 4, "6982", CC_E_DENIED, "access.pace-refused" },
		{ 4, "7C0A8608" G1_T_PCD "9000", CC_E_VERIFY, "access.pace-chip-wrong" },
		{ 4,
		  "7C098607"
		  "3ABB9674BCE93C"
		  "9000",
		  CC_E_VERIFY, "access.pace-chip-wrong" },
		{ 4,
		  "7C0A8608"
		  "3ABB9674BCE93C09"
		  "9000",
		  CC_E_VERIFY, "access.pace-chip-wrong" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct script_step steps[5];
		struct channel ch;
		struct pace_result point = { 0 };

		memcpy(steps, g1, sizeof steps);
		steps[cases[i].step].answer = cases[i].answer;
		assert_int_equal(authenticate(steps, cases[i].step + 1, &ch, &point).code, cases[i].code);
		assert_string_equal(ch.err.key, cases[i].key);
		assert_null(ch.layer);
		assert_null(point.chip_public.p);
		close_channel(&ch);
	}
}

/* Every truncation of each of the chip's answers ends the run without a session. */
static void truncated_answers_end_the_run(void **state)
{
	unsigned runs = 0;

	(void)state;
	for (size_t step = 1; step < 5; step++) {
		size_t digits = strlen(g1[step].answer) - 4;

		for (size_t n = 0; n < digits; n += 2) {
			struct script_step steps[5];
			char text[200];
			struct channel ch;
			struct pace_result point = { 0 };

			memcpy(steps, g1, sizeof steps);
			(void)snprintf(text, sizeof text, "%.*s9000", (int)n, g1[step].answer);
			steps[step].answer = text;
			assert_int_equal(authenticate(steps, step + 1, &ch, &point).code, CC_E_VERIFY);
			assert_null(ch.layer);
			close_channel(&ch);
			runs++;
		}
	}
	assert_true(runs > 150);
}

/* BSI TR-03110-3 B.1: MSE may warn of used-up tries; 9303-11: other objects may follow the token. */
static void warnings_and_further_objects_are_taken(void **state)
{
	struct script_step steps[5];
	struct channel ch;
	struct pace_result r = { 0 };

	(void)state;
	memcpy(steps, g1, sizeof steps);
	steps[0].answer = "63C1";
	steps[4].answer = "7C1B8608" G1_T_PICC "870F444554455354435643413030303033"
			  "9000";
	assert_false(cc_failed(authenticate(steps, 5, &ch, &r)));
	assert_non_null(ch.layer);
	assert_string_equal(r.car[0], "DETESTCVCA00003");
	pace_result_done(&r);
	close_channel(&ch);
}

static void parameters_of_every_protocol(void **state)
{
	static const struct {
		const char *oid; /* without the cipher */
		const char *name;
		bool dh, integrated, cam;
	} rows[] = {
		{ "04007F000702020401", "DH-GM", true, false, false },
		{ "04007F000702020402", "ECDH-GM", false, false, false },
		{ "04007F000702020403", "DH-IM", true, true, false },
		{ "04007F000702020404", "ECDH-IM", false, true, false },
		{ "04007F000702020406", "ECDH-CAM", false, false, true },
	};
	unsigned good = 0;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (unsigned cipher = 0; cipher < 6; cipher++)
			for (unsigned id = 0; id < 64; id++) {
				char hex[32];
				struct buf oid;
				struct pace_params p;
				bool known = rows[i].dh ? id <= 2 : id >= 8 && id <= 18;
				bool want = known && cipher >= 1 && cipher <= 4 && !(rows[i].integrated && id == 10) &&
					    !(rows[i].cam && cipher == 1);

				(void)snprintf(hex, sizeof hex, "%s%02X", rows[i].oid, cipher);
				oid = vectors_from_hex(hex);
				assert_int_equal(!cc_failed(pace_params_from(buf_view(&oid), id, &p)), want);
				if (want) {
					assert_string_equal(pace_mapping_name(&p), rows[i].name);
					assert_int_equal(agree_group_parameter_id(p.group), (int)id);
					good++;
				}
				buf_done(&oid);
			}
	/* GM 3 + 11, IM 3 + 10, each with four ciphers; CAM 11 with three. */
	assert_int_equal(good, 4 * (3 + 11 + 3 + 10) + 3 * 11);
}

static void other_protocols_are_unsupported(void **state)
{
	static const char *const oids[] = {
		"04007F00070202040502",
		"04007F00070202040702",
		"04007F00070202040205",
		"04007F00070202040200",
		"04007F000702020402",
		"04007F0007020204020200",
		"",
	};
	struct pace_params p;
	struct buf oid;

	(void)state;
	for (size_t i = 0; i < sizeof oids / sizeof oids[0]; i++) {
		oid = vectors_from_hex(oids[i]);
		assert_int_equal(pace_params_from(buf_view(&oid), 13, &p).code, CC_E_UNSUPPORTED);
		buf_done(&oid);
	}
}

static void can_is_taken_as_it_stands(void **state)
{
	struct secret k = { 0 }, other = { 0 };

	(void)state;
	assert_false(cc_failed(pace_password_key(PACE_CAN, bytes_str("000000"), CIPHER_AES256, &k)));
	assert_int_equal(k.n, 32);
	assert_false(cc_failed(pace_password_key(PACE_MRZ, bytes_str("000000"), CIPHER_AES256, &other)));
	assert_memory_not_equal(k.p, other.p, 32);
	assert_int_equal(pace_password_key(PACE_CAN, bytes_of(NULL, 0), CIPHER_AES256, &k).code, CC_E_ARG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_equal_appendix_g1),	 cmocka_unit_test(whole_example_runs_on_a_channel),
		cmocka_unit_test(apdus_of_the_vectors_folder),	 cmocka_unit_test(deviations_end_the_run),
		cmocka_unit_test(truncated_answers_end_the_run), cmocka_unit_test(warnings_and_further_objects_are_taken),
		cmocka_unit_test(parameters_of_every_protocol),	 cmocka_unit_test(other_protocols_are_unsupported),
		cmocka_unit_test(can_is_taken_as_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
