/* SPDX-License-Identifier: Apache-2.0 */
#include "card/access/bac.h"
#include "card/access/pace.h"
#include "tests/support/script_reader.h"
#include "tests/support/sys_fake.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* ICAO Doc 9303-11, 8th edition, Appendix D.2 and D.3: the worked example of Basic Access Control. */
#define D_SEED "239AB9CB282DAF66231DC5A4DF6BFBAE"
#define D_K_ENC "AB94FDECF2674FDFB9B391F85D7F76F2"
#define D_K_MAC "7962D9ECE03D1ACD4C76089DCE131543"
#define D_RND_IC "4608F91988702212"
#define D_RND_IFD "781723860C06C226"
#define D_K_IFD "0B795240CB7049B01C19B33E32804F0B"
#define D_SENT "72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F25F1448EEA8AD90A7"
#define D_ANSWER "46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F2F2D235D074D7449"
#define D_KS_ENC "979EC13B1CBFE9DCD01AB0FED307EAE5"
#define D_KS_MAC "F1CB1F1FB5ADF208806B89DC579DC1F8"
#define D_SSC "887022120C06C226"

static void same(const void *got, size_t n, const char *hex)
{
	struct buf want = vectors_from_hex(hex);

	assert_int_equal(n, want.n);
	assert_memory_equal(got, want.p, n);
	buf_done(&want);
}

static void put(uint8_t *out, const char *hex)
{
	struct buf b = vectors_from_hex(hex);

	memcpy(out, b.p, b.n);
	buf_done(&b);
}

/* The example's state after GET CHALLENGE. */
static void example(struct bac *b)
{
	struct secret seed = { 0 };

	assert_false(cc_failed(bac_key_seed("L898902C", "690806", "940623", &seed)));
	same(seed.p, seed.n, D_SEED);
	assert_false(cc_failed(bac_init(b, &seed)));
	put(b->rnd_ic, D_RND_IC);
	put(b->rnd_ifd, D_RND_IFD);
	put(b->k_ifd, D_K_IFD);
}

static void keys_come_from_the_mrz(void **state)
{
	struct bac b;
	char info[64];

	(void)state;
	example(&b);
	same(b.k_enc.p, b.k_enc.n, D_K_ENC);
	same(b.k_mac.p, b.k_mac.n, D_K_MAC);
	bac_done(&b);
	assert_false(cc_failed(pace_mrz_input("L898902C", "690806", "940623", info)));
	assert_string_equal(info, "L898902C<369080619406236");
	/* Doc 9303-11 Appendix D.2: a document number of more than nine characters */
	assert_false(cc_failed(pace_mrz_input("D23145890734", "340712", "950712", info)));
	assert_string_equal(info, "D23145890734934071279507122");
	assert_false(cc_failed(pace_mrz_input("090000000", "900215", "300215", info)));
	assert_string_equal(info, "090000000790021553002153");
}

static void bad_mrz_parts_are_refused(void **state)
{
	static const char *const bad[][3] = {
		{ "", "690806", "940623" },
		{ "L898902C", "69080", "940623" },
		{ "L898902C", "690806", "9406233" },
		{ "l898902c", "690806", "940623" },
		{ "L898902C", "69 806", "940623" },
		{ "L898902C ", "690806", "940623" },
		{ "12345678901234567890123", "690806", "940623" },
	};
	char info[64] = "untouched";
	struct secret seed = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(pace_mrz_input(bad[i][0], bad[i][1], bad[i][2], info).code, CC_E_ARG);
		assert_int_equal(bac_key_seed(bad[i][0], bad[i][1], bad[i][2], &seed).code, CC_E_ARG);
	}
	assert_string_equal(info, "untouched");
	assert_int_equal(seed.n, 0);
}

static void mutual_authentication_equals_the_example(void **state)
{
	struct bac b;
	uint8_t sent[40], ssc[8];
	struct buf answer = vectors_from_hex(D_ANSWER);
	struct secret enc = { 0 }, mac = { 0 };

	(void)state;
	example(&b);
	assert_false(cc_failed(bac_mutual_build(&b, sent)));
	same(sent, sizeof sent, D_SENT);
	assert_false(cc_failed(bac_mutual_parse(&b, buf_view(&answer), &enc, &mac, ssc)));
	same(enc.p, enc.n, D_KS_ENC);
	same(mac.p, mac.n, D_KS_MAC);
	same(ssc, sizeof ssc, D_SSC);
	bac_done(&b);
	secret_done(&enc);
	secret_done(&mac);
	buf_done(&answer);
}

static void wrong_answers_are_refused(void **state)
{
	struct bac b;
	uint8_t ssc[8];
	struct buf answer = vectors_from_hex(D_ANSWER), longer = { 0 };
	struct secret enc = { 0 }, mac = { 0 };

	(void)state;
	example(&b);
	for (size_t i = 0; i < 8 * answer.n; i++) {
		answer.p[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(bac_mutual_parse(&b, buf_view(&answer), &enc, &mac, ssc).code, CC_E_VERIFY);
		answer.p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t n = 0; n < answer.n; n++)
		assert_int_equal(bac_mutual_parse(&b, bytes_of(answer.p, n), &enc, &mac, ssc).code, CC_E_VERIFY);
	assert_false(cc_failed(buf_zero(&longer, 41)));
	memcpy(longer.p, answer.p, 40);
	assert_int_equal(bac_mutual_parse(&b, buf_view(&longer), &enc, &mac, ssc).code, CC_E_VERIFY);
	/* Right MAC, but the answer to another challenge. */
	b.rnd_ic[0] ^= 1;
	assert_int_equal(bac_mutual_parse(&b, buf_view(&answer), &enc, &mac, ssc).code, CC_E_VERIFY);
	b.rnd_ic[0] ^= 1;
	b.rnd_ifd[7] ^= 1;
	assert_int_equal(bac_mutual_parse(&b, buf_view(&answer), &enc, &mac, ssc).code, CC_E_VERIFY);
	assert_int_equal(enc.n, 0);
	bac_done(&b);
	buf_done(&answer);
	buf_done(&longer);
}

/* Random numbers of the example, in the order in which BAC draws them. */
struct drawn {
	struct sys sys;
	unsigned calls;
};

static cc_status draw(void *ctx, uint8_t *out, size_t n)
{
	static const char *const values[] = { D_RND_IFD, D_K_IFD };
	struct drawn *d = ctx;

	assert_in_range(d->calls, 0, 1);
	assert_int_equal(n, strlen(values[d->calls]) / 2);
	put(out, values[d->calls++]);
	return cc_ok();
}

static cc_status authenticate(struct script *script, struct channel *ch)
{
	struct drawn drawn = { .sys = { .ctx = &drawn, .random = draw } };
	struct secret seed = { 0 };
	cc_status st;

	assert_false(cc_failed(bac_key_seed("L898902C", "690806", "940623", &seed)));
	channel_init(ch, script_reader(script));
	st = bac_authenticate(ch, &seed, &drawn.sys);
	assert_int_equal(script->next, script->count);
	return st;
}

static void close_channel(struct channel *ch)
{
	struct reader *r = ch->reader;

	channel_done(ch);
	reader_free(&r);
}

/* Appendix D.3 and D.4 in one session, as the program runs it. */
static void whole_example_runs_on_a_channel(void **state)
{
	static const struct script_step steps[] = {
		{ "0084000008", D_RND_IC "9000" },
		{ "0082000028" D_SENT "28", D_ANSWER "9000" },
		{ "0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800", "990290008E08FA855A5D4C50A8ED9000" },
		{ "0CB000000D9701048E08ED6705417E96BA5500", "8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000" },
	};
	struct script script = { steps, 2, NULL, 0 };
	const struct apdu select = { .ins = 0xA4, .p1 = 2, .p2 = 0x0C, .data = BYTES_LITERAL("\x01\x1E") };
	const struct apdu read = { .ins = 0xB0, .le = 4 };
	struct channel ch;
	struct response r = { 0 };

	(void)state;
	assert_false(cc_failed(authenticate(&script, &ch)));
	script.count = 4;
	assert_false(cc_failed(channel_send_ok(&ch, &select, &r)));
	assert_false(cc_failed(channel_send_ok(&ch, &read, &r)));
	same(r.data.p, r.data.n, "60145F01");
	response_done(&r);
	close_channel(&ch);
}

struct refusal {
	struct script_step steps[2];
	size_t count;
	enum cc_code code;
	const char *key;
};

static void refusals_have_their_own_keys(void **state)
{
	static const struct refusal cases[] = {
		{ { { "0084000008", "6D00" } }, 1, CC_E_STATUS, "card.refused" },
		{ { { "0084000008", "46089000" } }, 1, CC_E_FORMAT, "card.bad-answer" },
		{ { { "0084000008", NULL } }, 1, CC_E_DEVICE, "card.removed" },
		{ { { "0084000008", D_RND_IC "9000" }, { "0082000028" D_SENT "28", "6300" } },
		  2,
		  CC_E_DENIED,
		  "access.bac-refused" },
		{ { { "0084000008", D_RND_IC "9000" }, { "0082000028" D_SENT "28", "6982" } },
		  2,
		  CC_E_DENIED,
		  "access.bac-refused" },
		{ { { "0084000008", D_RND_IC "9000" }, { "0082000028" D_SENT "28", "9000" } },
		  2,
		  CC_E_VERIFY,
		  "access.bac-chip-wrong" },
		{ { { "0084000008", D_RND_IC "9000" }, { "0082000028" D_SENT "28", D_SENT "9000" } },
		  2,
		  CC_E_VERIFY,
		  "access.bac-chip-wrong" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct script script = { cases[i].steps, cases[i].count, NULL, 0 };
		struct channel ch;

		assert_int_equal(authenticate(&script, &ch).code, cases[i].code);
		assert_string_equal(ch.err.key, cases[i].key);
		assert_null(ch.layer);
		close_channel(&ch);
	}
}

static void no_random_no_protocol(void **state)
{
	struct sys_fake fake;
	struct script script = { NULL, 0, NULL, 0 };
	struct secret seed = { 0 };
	struct channel ch;

	(void)state;
	sys_fake_init(&fake, 1);
	fake.fail_random_at = 2;
	assert_false(cc_failed(bac_key_seed("L898902C", "690806", "940623", &seed)));
	channel_init(&ch, script_reader(&script));
	assert_int_equal(bac_authenticate(&ch, &seed, &fake.sys).code, CC_E_CRYPTO);
	assert_string_equal(ch.err.key, "access.crypto");
	close_channel(&ch);
}

/* The vectors folder holds the same example and more machine readable zones. */
static void seeds_of_the_vectors_folder(void **state)
{
	json_t *root = vectors_open("01_bac_sm_mrz/bac_sm_icao_appD.json");
	struct buf want;
	struct secret seed = { 0 };

	(void)state;
	if (root == NULL)
		skip();
	assert_string_equal(vectors_text(root, "D3_mutual_auth.external_auth_data"), D_SENT);
	assert_string_equal(vectors_text(root, "D3_mutual_auth.resp_data"), D_ANSWER);
	want = vectors_hex(root, "D2_other_mrz.0.Kseed");
	assert_false(cc_failed(bac_key_seed("D23145890734", "340712", "950712", &seed)));
	assert_int_equal(seed.n, want.n);
	assert_memory_equal(seed.p, want.p, want.n);
	buf_done(&want);
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_come_from_the_mrz),
		cmocka_unit_test(bad_mrz_parts_are_refused),
		cmocka_unit_test(mutual_authentication_equals_the_example),
		cmocka_unit_test(wrong_answers_are_refused),
		cmocka_unit_test(whole_example_runs_on_a_channel),
		cmocka_unit_test(refusals_have_their_own_keys),
		cmocka_unit_test(no_random_no_protocol),
		cmocka_unit_test(seeds_of_the_vectors_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
