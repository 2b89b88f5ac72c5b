/* SPDX-License-Identifier: Apache-2.0 */
#include "card/access/active_auth.h"
#include "card/access/bac.h"
#include "card/access/chip_auth.h"
#include "card/access/pace.h"
#include "card/access/terminal_auth.h"
#include "card/fs.h"
#include "card/lds/card_access.h"
#include "card/lds/dg14.h"
#include "card/lds/dg15.h"
#include "card/sw.h"
#include "tests/support/chip_made.h"
#include "tests/support/sys_fake.h"
#include "tests/support/terminal_made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* The host's access protocols against the software chip's, each written from the standards alone: every combination. */

struct world {
	struct sys_fake fake;
	struct chip_made made;
	struct channel ch;
	struct pace_result pace;
	struct buf compressed;
};

static void world_init(struct world *w, const struct chip_made_options *o, uint64_t seed)
{
	memset(w, 0, sizeof *w);
	sys_fake_init(&w->fake, seed);
	chip_made_init(&w->made, o, &w->fake.sys);
	assert_false(cc_failed(reader_connect(w->made.cr.reader)));
	channel_init(&w->ch, w->made.cr.reader);
	assert_false(cc_failed(channel_negotiate(&w->ch)));
}

static void world_done(struct world *w)
{
	channel_done(&w->ch);
	pace_result_done(&w->pace);
	buf_done(&w->compressed);
	chip_made_done(&w->made);
}

static void reset(struct world *w)
{
	channel_done(&w->ch);
	pace_result_done(&w->pace);
	w->pace = (struct pace_result){ 0 };
	assert_false(cc_failed(reader_reset(w->made.cr.reader)));
	channel_init(&w->ch, w->made.cr.reader);
	assert_false(cc_failed(channel_negotiate(&w->ch)));
}

static void must(struct world *w, cc_status st)
{
	if (cc_failed(st))
		fail_msg("%s: %s", w->ch.err.key, w->ch.err.detail);
}

static void select_application(struct world *w)
{
	uint16_t sw = 0;

	must(w, fs_select_aid(&w->ch, fs_aid_emrtd, &sw));
	assert_int_equal(sw, SW_OK);
}

static uint16_t read_file(struct world *w, uint16_t fid, struct bytes want)
{
	struct buf file = { 0 };
	uint16_t sw = 0;

	must(w, fs_read_ef(&w->ch, fid, FS_FILE_MAX, &file, &sw));
	if (sw == SW_OK)
		assert_true(bytes_equal(buf_view(&file), want));
	buf_done(&file);
	return sw;
}

static void session_reads(struct world *w)
{
	assert_non_null(w->ch.layer);
	assert_int_equal(read_file(w, FS_EF_COM, buf_view(&w->made.com)), SW_OK);
	assert_int_equal(read_file(w, FS_EF_DG(1), buf_view(&w->made.dg1)), SW_OK);
}

/* The i-th PACEInfo as the chip's own EF.CardAccess has it. */
static struct pace_params pace_of(struct world *w, const struct chip_made_options *o, size_t i, uint8_t oid[10])
{
	struct pace_params p;

	(void)w;
	must(w, pace_params_from(chip_made_pace_oid(&o->pace[i], oid), o->pace[i].parameter_id, &p));
	return p;
}

static cc_status run_pace(struct world *w, const struct pace_params *p, enum pace_password kind, const char *wrong)
{
	const char *password = kind == PACE_CAN ? w->made.can : w->made.mrz_information;

	return pace_authenticate(&w->ch, p, kind, bytes_str(wrong != NULL ? wrong : password), &w->fake.sys, &w->pace);
}

static void open_by_bac(struct world *w)
{
	struct secret seed = { 0 };

	select_application(w);
	must(w, bac_key_seed(w->made.document_number, w->made.birth, w->made.expiry, &seed));
	must(w, bac_authenticate(&w->ch, &seed, &w->fake.sys));
	secret_done(&seed);
}

/* ---- PACE */
static bool offered(enum chip_made_mapping mapping, enum cipher_alg alg, unsigned id)
{
	if (mapping == CHIP_MADE_IM)
		return id != 10; /* P-224: p = 1 mod 4 */
	return mapping != CHIP_MADE_CAM || (id >= 8 && alg != CIPHER_TDES);
}

/* PK_IC of the mapping: the right key passes, another chip's and a key of another group don't. */
static void check_mapping(struct world *w, const struct chip_made_options *o)
{
	struct buf spki = chip_made_ca_spki(&w->made, o, 0), key = { 0 };
	struct agree_group group;

	assert_false(cc_failed(agree_spki_parse(buf_view(&spki), &group, &key, NULL)));
	must(w, pace_verify_chip_auth(&w->pace, group, buf_view(&key)));
	assert_int_equal(pace_verify_chip_auth(&w->pace, group, buf_view(&w->pace.chip_public)).code, CC_E_VERIFY);
	group.curve = group.curve == EC_P256 ? EC_BP256 : EC_P256;
	assert_int_equal(pace_verify_chip_auth(&w->pace, group, buf_view(&key)).code, CC_E_VERIFY);
	buf_done(&spki);
	buf_done(&key);
}

static void one_pace(enum chip_made_mapping mapping, enum cipher_alg alg, unsigned id, bool short_length)
{
	const struct chip_made_options o = { .pace = { { mapping, alg, id } },
					     .pace_count = 1,
					     .short_length = short_length,
					     .ca = { { .parameter_id = id, .alg = CIPHER_AES128 } },
					     .ca_count = mapping == CHIP_MADE_CAM };
	struct world w;
	uint8_t oid[10];
	struct pace_params p;

	world_init(&w, &o, 100 + id);
	p = pace_of(&w, &o, 0, oid);
	for (enum pace_password kind = PACE_MRZ; kind <= PACE_CAN; kind++) {
		assert_int_equal(run_pace(&w, &p, kind, "999999").code, CC_E_DENIED);
		assert_string_equal(w.ch.err.key, "access.pace-refused");
		assert_null(w.ch.layer);
		reset(&w);
		must(&w, run_pace(&w, &p, kind, NULL));
		assert_int_equal(w.pace.chip_auth.n > 0, mapping == CHIP_MADE_CAM);
		if (mapping == CHIP_MADE_CAM)
			check_mapping(&w, &o);
		select_application(&w);
		session_reads(&w);
		reset(&w);
	}
	world_done(&w);
}

static void pace_in_every_combination(void **state)
{
	unsigned count = 0;

	(void)state;
	for (unsigned id = 0; id <= 18; id++)
		for (unsigned mapping = 0; mapping < 3 && (id <= 2 || id >= 8); mapping++)
			for (unsigned alg = 0; alg < CIPHER_ALG_COUNT; alg++) {
				if (!offered((enum chip_made_mapping)mapping, (enum cipher_alg)alg, id))
					continue;
				one_pace((enum chip_made_mapping)mapping, (enum cipher_alg)alg, id,
					 count % 5 == 0 && id != 1 && id != 2);
				count += 2;
			}
	assert_int_equal(count, 2 * (4 * (14 + 13) + 3 * 11));
	print_message(
		"# count: %u PACE combinations (mapping x parameters x cipher x password), each with a wrong password before\n",
		count);
}

/* Two sets of parameters for one protocol: the host must name the one it means. */
static void pace_names_ambiguous_parameters(void **state)
{
	const struct chip_made_options o = { .pace = { { CHIP_MADE_GM, CIPHER_AES128, 13 }, { CHIP_MADE_GM, CIPHER_AES128, 12 } },
					     .pace_count = 2 };
	struct world w;
	uint8_t oid[10];

	(void)state;
	world_init(&w, &o, 1);
	for (size_t i = 0; i < 2; i++) {
		struct pace_params p = pace_of(&w, &o, i, oid);

		assert_int_equal(run_pace(&w, &p, PACE_CAN, NULL).code, CC_E_STATUS);
		assert_string_equal(w.ch.err.key, "access.pace-unavailable");
		reset(&w);
		p.ambiguous = true;
		/* Asking for the chip's authorities does no harm where there are none. */
		p.want_car = i == 1;
		must(&w, run_pace(&w, &p, PACE_CAN, NULL));
		select_application(&w);
		session_reads(&w);
		reset(&w);
	}
	world_done(&w);
}

/* ICAO 9303-11 4.4.4.3: chaining means the steps here, so keys of 2048 bits need extended length. */
static void long_keys_on_a_short_chip_end_the_run(void **state)
{
	(void)state;
	for (unsigned id = 1; id <= 2; id++) {
		const struct chip_made_options o = { .pace = { { CHIP_MADE_GM, CIPHER_AES128, id } },
						     .pace_count = 1,
						     .short_length = true };
		struct world w;
		uint8_t oid[10];
		struct pace_params p;

		world_init(&w, &o, id);
		p = pace_of(&w, &o, 0, oid);
		assert_int_equal(run_pace(&w, &p, PACE_CAN, NULL).code, CC_E_STATUS);
		assert_string_equal(w.ch.err.key, "access.pace-unavailable");
		assert_null(w.ch.layer);
		world_done(&w);
	}
}

static void bac_on_each_kind_of_chip(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const struct chip_made_options o = { .personality = i % 2 == 0 ? SOFTCHIP_CCCD : SOFTCHIP_ICAO,
						     .short_length = i >= 2 };
		struct world w;

		world_init(&w, &o, i);
		open_by_bac(&w);
		session_reads(&w);
		world_done(&w);
	}
	print_message("# count: 4 BAC sessions\n");
}

/* ---- Chip Authentication */
static void chip_auth(struct world *w, const struct chip_made_options *o, size_t i)
{
	const struct chip_made_ca *ca = &o->ca[i];
	struct buf spki = chip_made_ca_spki(&w->made, o, i), key = { 0 };
	struct chip_auth_params p = { .has_key_id = ca->has_key_id, .key_id = bytes_of(&ca->key_id, 1) };
	enum agree_kind kind;
	uint8_t oid[10];

	p.oid = chip_made_ca_oid(ca, oid);
	must(w, chip_auth_alg(p.oid, &kind, &p.alg));
	assert_false(cc_failed(agree_spki_parse(buf_view(&spki), &p.group, &key, NULL)));
	assert_int_equal(p.group.kind, kind);
	p.chip_key = buf_view(&key);
	must(w, chip_auth_run(&w->ch, &p, &w->fake.sys, &w->compressed));
	assert_int_equal(w->compressed.n, kind == AGREE_DH ? 20 : ec_field_len(p.group.curve));
	session_reads(w);
	buf_done(&spki);
	buf_done(&key);
}

static void chip_authentication_in_every_combination(void **state)
{
	unsigned count = 0;

	(void)state;
	for (unsigned id = 0; id <= 18; id++)
		for (unsigned alg = 0; alg < CIPHER_ALG_COUNT && (id <= 2 || id >= 8); alg++)
			for (unsigned with_id = 0; with_id < 2; with_id++) {
				const struct chip_made_options o = { .pace = { { CHIP_MADE_GM, CIPHER_AES128, 12 } },
								     .pace_count = 1,
								     .short_length = count % 3 == 0,
								     .ca = { { .parameter_id = id,
									       .alg = (enum cipher_alg)alg,
									       .has_key_id = with_id != 0,
									       .key_id = 7,
									       .standardized = count % 2 == 0 } },
								     .ca_count = 1 };
				struct world w;
				uint8_t oid[10];
				struct pace_params p;

				world_init(&w, &o, count);
				p = pace_of(&w, &o, 0, oid);
				must(&w, run_pace(&w, &p, PACE_CAN, NULL));
				select_application(&w);
				chip_auth(&w, &o, 0);
				world_done(&w);
				count++;
			}
	assert_int_equal(count, 14 * 4 * 2);
	print_message("# count: %u Chip Authentication combinations (parameters x cipher x key id)\n", count);
}

static void several_keys_are_told_apart_by_their_ids(void **state)
{
	const struct chip_made_options o = {
		.ca = { { .parameter_id = 13, .alg = CIPHER_AES128, .has_key_id = true, .key_id = 1 },
			{ .parameter_id = 13, .alg = CIPHER_TDES, .has_key_id = true, .key_id = 2 },
			{ .parameter_id = 2, .alg = CIPHER_AES256, .has_key_id = true, .key_id = 3 },
			{ .parameter_id = 16, .alg = CIPHER_AES192, .has_key_id = true, .key_id = 4 } },
		.ca_count = 4
	};
	struct world w;

	(void)state;
	world_init(&w, &o, 5);
	open_by_bac(&w);
	/* One after the other, each under the session of the one before. */
	for (size_t i = 0; i < 4; i++)
		chip_auth(&w, &o, i);
	world_done(&w);
}

/* ---- Active Authentication */
static void active_auth(const struct chip_made_options *o)
{
	struct world w;
	struct buf spki, answer = { 0 };
	struct pubkey *key = NULL;
	uint8_t challenge[8];

	world_init(&w, o, 9);
	open_by_bac(&w);
	spki = chip_made_aa_spki(&w.made);
	assert_false(cc_failed(pubkey_from_spki(buf_view(&spki), &key, NULL)));
	must(&w, active_auth_run(&w.ch, key, o->aa_hash, &w.fake.sys, challenge, &answer));
	challenge[0] ^= 1;
	assert_int_equal(active_auth_verify(key, o->aa_hash, bytes_of(challenge, 8), buf_view(&answer)).code, CC_E_VERIFY);
	session_reads(&w);
	pubkey_free(&key);
	buf_done(&spki);
	buf_done(&answer);
	world_done(&w);
}

static void active_authentication_in_every_combination(void **state)
{
	unsigned count = 0;

	(void)state;
	for (unsigned hash = 0; hash < HASH_COUNT; hash++) {
		for (unsigned id = 8; id <= 18; id++)
			for (unsigned der = 0; der < 2; der++, count++)
				active_auth(&(struct chip_made_options){ .aa = der ? CHIP_MADE_AA_EC_DER : CHIP_MADE_AA_EC,
									 .aa_parameter_id = id,
									 .aa_hash = (enum hash_alg)hash });
		active_auth(&(struct chip_made_options){
			.aa = CHIP_MADE_AA_RSA, .aa_bits = 2048, .short_length = hash % 2 == 0, .aa_hash = (enum hash_alg)hash });
		count++;
	}
	print_message("# count: %u Active Authentication combinations (ECDSA curve x hash x form, RSA x hash)\n", count);
}

/* ---- Terminal Authentication */
struct terminal_case {
	const char *name;
	struct terminal_made_options authority;
};
#define ECDSA(hash)                                                                                                              \
	{                                                                                                                        \
		SIG_ECDSA, hash, 0, hash                                                                                         \
	}

static const struct terminal_case terminals[] = {
	{ "ECDSA-SHA1 P-256", { .curve = EC_P256, .alg = ECDSA(HASH_SHA1), .rights = 3 } },
	{ "ECDSA-SHA224 P-224", { .curve = EC_P224, .alg = ECDSA(HASH_SHA224), .rights = 3 } },
	{ "ECDSA-SHA256 brainpoolP256r1", { .curve = EC_BP256, .alg = ECDSA(HASH_SHA256), .rights = 3 } },
	{ "ECDSA-SHA384 P-384", { .curve = EC_P384, .alg = ECDSA(HASH_SHA384), .rights = 3 } },
	{ "ECDSA-SHA512 P-521", { .curve = EC_P521, .alg = ECDSA(HASH_SHA512), .rights = 3 } },
	{ "ECDSA-SHA512 brainpoolP512r1", { .curve = EC_BP512, .alg = ECDSA(HASH_SHA512), .rights = 3 } },
	{ "RSA-v1.5-SHA256", { .rsa_bits = 2048, .alg = { SIG_RSA_PKCS1, HASH_SHA256, 0, HASH_SHA256 }, .rights = 3 } },
	{ "RSA-v1.5-SHA512", { .rsa_bits = 2048, .alg = { SIG_RSA_PKCS1, HASH_SHA512, 0, HASH_SHA512 }, .rights = 3 } },
	{ "RSA-PSS-SHA256", { .rsa_bits = 2048, .alg = { SIG_RSA_PSS, HASH_SHA256, 32, HASH_SHA256 }, .rights = 3 } },
	{ "RSA-PSS-SHA512", { .rsa_bits = 2048, .alg = { SIG_RSA_PSS, HASH_SHA512, 64, HASH_SHA512 }, .rights = 3 } },
	{ "DG3 alone", { .curve = EC_P256, .alg = ECDSA(HASH_SHA256), .rights = CVC_READ_DG3 } },
	{ "DG4 alone", { .curve = EC_P256, .alg = ECDSA(HASH_SHA256), .rights = CVC_READ_DG4 } },
	{ "no rights", { .curve = EC_P256, .alg = ECDSA(HASH_SHA256), .rights = 0 } },
	{ "over a link certificate", { .curve = EC_P256, .alg = ECDSA(HASH_SHA256), .rights = 3, .by_second = true } },
};
#define TERMINALS (sizeof terminals / sizeof terminals[0])

static void read_trust(struct world *w, struct ef_cvca *ret)
{
	struct buf file = { 0 };
	uint16_t sw = 0;

	must(w, fs_read_raw(&w->ch, FS_EF_CVCA, EF_CVCA_LEN, &file, &sw));
	assert_int_equal(sw, SW_OK);
	assert_int_equal(file.n, EF_CVCA_LEN);
	assert_false(cc_failed(ef_cvca_parse(buf_view(&file), ret)));
	buf_done(&file);
}

static void chip_id(struct world *w, bool by_pace, struct buf *ret)
{
	char id[32];

	if (by_pace) {
		assert_false(cc_failed(agree_compress(w->pace.group, buf_view(&w->pace.chip_public), ret)));
		return;
	}
	assert_false(cc_failed(terminal_auth_bac_id(w->made.document_number, id)));
	assert_false(cc_failed(buf_copy(ret, bytes_str(id))));
}

static void open_and_authenticate_chip(struct world *w, const struct chip_made_options *o, bool by_pace)
{
	uint8_t oid[10];
	struct pace_params p;

	if (by_pace) {
		p = pace_of(w, o, 0, oid);
		must(w, run_pace(w, &p, PACE_CAN, NULL));
		select_application(w);
	} else {
		open_by_bac(w);
	}
	chip_auth(w, o, 0);
}

static struct chip_made_options terminal_chip(const struct terminal_made *authority, bool dh, bool short_length)
{
	return (struct chip_made_options){ .pace = { { CHIP_MADE_GM, CIPHER_AES128, dh ? 0 : 13 } },
					   .pace_count = 1,
					   .short_length = short_length,
					   .ca = { { .parameter_id = dh ? 1 : 12, .alg = CIPHER_AES128 } },
					   .ca_count = 1,
					   .cvca = buf_view(&authority->cvca),
					   .with_dg3 = true,
					   .with_dg4 = true };
}

static void terminal_session(struct terminal_made *authority, const struct terminal_case *c, bool by_pace, bool dh)
{
	const struct chip_made_options o = terminal_chip(authority, dh, by_pace && dh);
	struct terminal_auth_params p = { .terminal = &authority->terminal };
	struct world w;
	struct buf id = { 0 };
	uint8_t rights = 0;

	world_init(&w, &o, 3);
	open_and_authenticate_chip(&w, &o, by_pace);
	assert_int_equal(read_file(&w, FS_EF_DG(3), buf_view(&w.made.dg3)), SW_SECURITY_STATUS);
	assert_int_equal(read_file(&w, FS_EF_DG(4), buf_view(&w.made.dg4)), SW_SECURITY_STATUS);
	read_trust(&w, &p.trust);
	assert_string_equal(p.trust.car[0], "VNCVCA00001");
	chip_id(&w, by_pace, &id);
	p.chip_id = buf_view(&id);
	p.compressed = buf_view(&w.compressed);
	must(&w, terminal_auth_run(&w.ch, &p, &rights));
	assert_int_equal(rights, c->authority.rights);
	assert_int_equal(read_file(&w, FS_EF_DG(3), buf_view(&w.made.dg3)),
			 (rights & CVC_READ_DG3) != 0 ? SW_OK : SW_SECURITY_STATUS);
	assert_int_equal(read_file(&w, FS_EF_DG(4), buf_view(&w.made.dg4)),
			 (rights & CVC_READ_DG4) != 0 ? SW_OK : SW_SECURITY_STATUS);
	if (c->authority.by_second) {
		read_trust(&w, &p.trust);
		assert_string_equal(p.trust.car[0], "VNCVCA00002");
		assert_string_equal(p.trust.car[1], "VNCVCA00001");
	}
	session_reads(&w);
	buf_done(&id);
	world_done(&w);
}

static void terminal_authentication_in_every_combination(void **state)
{
	unsigned count = 0;

	(void)state;
	for (size_t i = 0; i < TERMINALS; i++) {
		struct terminal_made authority;

		terminal_made_init(&authority, &terminals[i].authority);
		for (unsigned k = 0; k < 4; k++, count++)
			terminal_session(&authority, &terminals[i], k % 2 != 0, k >= 2);
		terminal_made_done(&authority);
	}
	print_message("# count: %u Terminal Authentication combinations (algorithm or rights x BAC/PACE x DH/ECDH)\n", count);
}

/* ICAO 9303-11 4.4.1: PACE itself tells the authorities, when it is asked. */
static void pace_tells_the_authorities_when_asked(void **state)
{
	struct terminal_made authority;
	struct chip_made_options o;
	struct world w;
	uint8_t oid[10];
	struct pace_params p;

	(void)state;
	terminal_made_init(&authority, &terminals[2].authority);
	o = terminal_chip(&authority, false, false);
	world_init(&w, &o, 4);
	p = pace_of(&w, &o, 0, oid);
	must(&w, run_pace(&w, &p, PACE_CAN, NULL));
	assert_string_equal(w.pace.car[0], "");
	reset(&w);
	p.want_car = true;
	must(&w, run_pace(&w, &p, PACE_CAN, NULL));
	assert_string_equal(w.pace.car[0], "VNCVCA00001");
	assert_string_equal(w.pace.car[1], "");
	world_done(&w);
	terminal_made_done(&authority);
}

/* ---- what must fail closed */
enum wrong { WRONG_ID, WRONG_COMPRESSED, WRONG_CHAIN, WRONG_KEY, NO_PATH, EXPIRED, WRONG_COUNT };

static void one_wrong_terminal(enum wrong kind)
{
	struct terminal_made_options a = terminals[2].authority;
	struct terminal_made authority, other;
	struct terminal_auth_params p;
	struct chip_made_options o;
	struct world w;
	struct buf id = { 0 };
	uint8_t rights = 9;

	if (kind == EXPIRED) {
		a.effective = 20250101;
		a.expiration = 20250201;
	}
	terminal_made_init(&authority, &a);
	terminal_made_init(&other, &a);
	o = terminal_chip(kind == NO_PATH ? &other : &authority, false, false);
	world_init(&w, &o, 3);
	p = (struct terminal_auth_params){ .terminal = &authority.terminal };
	open_and_authenticate_chip(&w, &o, true);
	read_trust(&w, &p.trust);
	chip_id(&w, true, &id);
	if (kind == WRONG_ID)
		id.p[0] ^= 1;
	if (kind == WRONG_COMPRESSED)
		w.compressed.p[0] ^= 1;
	if (kind == WRONG_KEY)
		authority.terminal.ks = other.ks;
	if (kind == WRONG_CHAIN)
		authority.terminal.certs[1].signature = authority.terminal.certs[0].signature;
	if (kind == WRONG_CHAIN)
		authority.terminal.certs[2].signature = authority.terminal.certs[0].signature;
	if (kind == NO_PATH)
		(void)snprintf(p.trust.car[0], sizeof p.trust.car[0], "VNCVCA00009");
	p.chip_id = buf_view(&id);
	p.compressed = buf_view(&w.compressed);
	assert_int_equal(terminal_auth_run(&w.ch, &p, &rights).code, kind == NO_PATH ? CC_E_NOT_FOUND : CC_E_DENIED);
	assert_string_equal(w.ch.err.key, kind == NO_PATH ? "access.terminal-no-path" : "access.terminal-refused");
	assert_int_equal(rights, 9);
	assert_int_equal(read_file(&w, FS_EF_DG(3), buf_view(&w.made.dg3)), SW_SECURITY_STATUS);
	session_reads(&w);
	buf_done(&id);
	world_done(&w);
	terminal_made_done(&authority);
	terminal_made_done(&other);
}

static void wrong_terminals_stay_outside(void **state)
{
	(void)state;
	for (unsigned k = 0; k < WRONG_COUNT; k++)
		one_wrong_terminal((enum wrong)k);
	print_message("# count: %d wrong terminals refused, DG3 closed, session kept\n", WRONG_COUNT);
}

/* A clone with DG14's public keys alone. */
static void clones_fail_chip_authentication(void **state)
{
	static const unsigned ids[] = { 0, 2, 12, 17 };
	unsigned count = 0;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (unsigned alg = 0; alg < CIPHER_ALG_COUNT; alg++, count++) {
			const struct chip_made_options o = { .ca = { { .parameter_id = ids[i], .alg = (enum cipher_alg)alg } },
							     .ca_count = 1 };
			struct world w, other;
			struct chip_auth_params p = { 0 };
			struct buf spki, key = { 0 };
			enum agree_kind kind;
			uint8_t oid[10];

			world_init(&w, &o, 1);
			world_init(&other, &o, 2);
			spki = chip_made_ca_spki(&other.made, &o, 0);
			assert_false(cc_failed(agree_spki_parse(buf_view(&spki), &p.group, &key, NULL)));
			p.oid = chip_made_ca_oid(&o.ca[0], oid);
			must(&w, chip_auth_alg(p.oid, &kind, &p.alg));
			p.chip_key = buf_view(&key);
			open_by_bac(&w);
			assert_int_equal(chip_auth_run(&w.ch, &p, &w.fake.sys, &w.compressed).code, CC_E_VERIFY);
			assert_string_equal(w.ch.err.key, "access.chip-auth-failed");
			assert_int_equal(w.compressed.n, 0);
			assert_true(w.ch.dead);
			buf_done(&spki);
			buf_done(&key);
			world_done(&w);
			world_done(&other);
		}
	print_message("# count: %u clones refused by Chip Authentication\n", count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pace_in_every_combination),
		cmocka_unit_test(pace_names_ambiguous_parameters),
		cmocka_unit_test(long_keys_on_a_short_chip_end_the_run),
		cmocka_unit_test(bac_on_each_kind_of_chip),
		cmocka_unit_test(chip_authentication_in_every_combination),
		cmocka_unit_test(several_keys_are_told_apart_by_their_ids),
		cmocka_unit_test(active_authentication_in_every_combination),
		cmocka_unit_test(terminal_authentication_in_every_combination),
		cmocka_unit_test(pace_tells_the_authorities_when_asked),
		cmocka_unit_test(wrong_terminals_stay_outside),
		cmocka_unit_test(clones_fail_chip_authentication),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
