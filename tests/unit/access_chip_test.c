/* SPDX-License-Identifier: Apache-2.0 */
/* The host's side of BAC, PACE, secure messaging, Chip and Active Authentication against the software chip, end to end. */
#include "card/access/active_auth.h"
#include "card/access/bac.h"
#include "card/access/chip_auth.h"
#include "card/access/pace.h"
#include "card/fs.h"
#include "card/lds/card_access.h"
#include "card/sw.h"
#include "crypto/base/tlv.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/chip_reader.h"
#include "tests/support/sys_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define NUMBER "090000000"
#define BIRTH "900215"
#define EXPIRY "300215"
#define MRZ_INFORMATION "090000000790021553002153"
#define CAN "000000"
#define DG2_LEN 15000

struct setup {
	enum softchip_personality personality;
	bool short_length;
	enum cipher_alg pace_alg;
	uint8_t pace_parameter_id;
	uint8_t aa_parameter_id, aa_hash;
	uint8_t ca_parameter_id, ca_cipher;
	size_t dg2_len;
};

static const struct setup field_card = { SOFTCHIP_CCCD, false, CIPHER_AES128, 13, 13, 3, 13, 2, DG2_LEN };

struct world {
	struct sys_fake fake;
	struct chip_reader cr;
	struct reader *counting; /* owns the chip's reader and counts what the channel sends */
	struct channel ch;
	struct buf card_access, com, dg1, dg2;
};

/* tag L and a pattern, `total` bytes all in all */
static void make_file(struct buf *ret, uint8_t tag, size_t total)
{
	struct writer w;
	size_t header = total < 2 + 0x80 ? 2 : total < 3 + 0x100 ? 3 : 4;

	writer_init(&w, total);
	writer_u8(&w, tag);
	tlv_put_len(&w, total - header);
	for (size_t i = w.n; i < total; i++)
		writer_u8(&w, (uint8_t)(i * 13 + (i >> 7)));
	assert_false(cc_failed(writer_finish(&w, ret)));
}

static void world_init(struct world *w, const struct setup *s)
{
	struct card_access_settings settings = card_access_default();
	struct chip_reader_options options = { .personality = s->personality, .short_length = s->short_length, .number = 1 };

	static uint64_t seed; /* each world draws its own keys */

	memset(w, 0, sizeof *w);
	sys_fake_init(&w->fake, ++seed);
	settings.pace_alg = s->pace_alg;
	settings.pace_parameter_id = s->pace_parameter_id;
	assert_false(cc_failed(card_access_encode(&settings, &w->card_access, NULL)));
	make_file(&w->com, 0x60, 22);
	make_file(&w->dg1, 0x61, 93);
	make_file(&w->dg2, 0x75, s->dg2_len);
	const struct chip_reader_file files[] = {
		{ FS_EF_CARD_ACCESS, buf_view(&w->card_access) },
		{ FS_EF_COM, buf_view(&w->com) },
		{ FS_EF_DG(1), buf_view(&w->dg1) },
		{ FS_EF_DG(2), buf_view(&w->dg2) },
	};
	const struct chip_reader_document document = {
		.files = files,
		.file_count = 4,
		.mrz_information = MRZ_INFORMATION,
		.can = CAN,
		.aa_parameter_id = s->aa_parameter_id,
		.aa_hash = s->aa_hash,
		.ca_parameter_id = s->ca_parameter_id,
		.ca_cipher = s->ca_cipher,
	};

	chip_reader_init(&w->cr, &options, &w->fake.sys);
	chip_reader_personalize(&w->cr, &document);
	assert_false(cc_failed(reader_trace_new(w->cr.reader, NULL, NULL, &w->counting)));
	w->cr.reader = NULL; /* the trace owns it now */
	assert_false(cc_failed(reader_connect(w->counting)));
	channel_init(&w->ch, w->counting);
	assert_false(cc_failed(channel_negotiate(&w->ch)));
	assert_int_equal(w->ch.extended, !s->short_length);
}

static void world_done(struct world *w)
{
	channel_done(&w->ch);
	reader_free(&w->counting);
	chip_reader_done(&w->cr);
	buf_done(&w->card_access);
	buf_done(&w->com);
	buf_done(&w->dg1);
	buf_done(&w->dg2);
}

static void file_is(struct world *w, uint16_t fid, const struct buf *want)
{
	struct buf file = { 0 };
	uint16_t sw = 0;

	assert_false(cc_failed(fs_read_ef(&w->ch, fid, FS_FILE_MAX, &file, &sw)));
	assert_int_equal(sw, SW_OK);
	assert_int_equal(file.n, want->n);
	assert_memory_equal(file.p, want->p, file.n);
	buf_done(&file);
}

static void read_all(struct world *w)
{
	file_is(w, FS_EF_COM, &w->com);
	file_is(w, FS_EF_DG(1), &w->dg1);
	file_is(w, FS_EF_DG(2), &w->dg2);
}

static cc_status open_by_pace(struct world *w, enum pace_password kind, const char *password)
{
	struct security_infos infos;
	const struct security_info *info;
	struct pace_params p;
	struct buf file = { 0 };
	unsigned id = 0;
	uint16_t sw = 0;
	cc_status st = fs_select_mf(&w->ch, &sw);

	if (!cc_failed(st))
		st = fs_read_ef(&w->ch, FS_EF_CARD_ACCESS, 1024, &file, &sw);
	if (!cc_failed(st)) {
		assert_int_equal(sw, SW_OK);
		assert_false(cc_failed(card_access_parse(buf_view(&file), &infos, NULL)));
		info = security_infos_find(&infos, SECURITY_INFO_PACE);
		assert_non_null(info);
		assert_true(security_info_id(info, &id));
		assert_false(cc_failed(pace_params_from(info->oid, id, &p)));
		st = pace_authenticate(&w->ch, &p, kind, bytes_str(password), &w->fake.sys, NULL);
	}
	buf_done(&file);
	return st;
}

static cc_status select_application(struct world *w)
{
	uint16_t sw = 0;
	cc_status st = fs_select_aid(&w->ch, fs_aid_emrtd, &sw);

	if (!cc_failed(st))
		assert_int_equal(sw, SW_OK);
	return st;
}

static cc_status open_by_bac(struct world *w, const char *number)
{
	struct secret seed = { 0 };
	cc_status st = select_application(w);

	assert_false(cc_failed(bac_key_seed(number, BIRTH, EXPIRY, &seed)));
	if (!cc_failed(st))
		st = bac_authenticate(&w->ch, &seed, &w->fake.sys);
	secret_done(&seed);
	return st;
}

static void pace_opens_each_kind_of_chip(void **state)
{
	static const uint8_t parameter_ids[] = { 12, 13, 16, 17, 18 };
	unsigned opened = 0;

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		struct setup s = field_card;
		struct world w;
		bool can = i % 2 == 0;

		s.pace_parameter_id = parameter_ids[i % 5];
		s.pace_alg = (enum cipher_alg)(i / 5 % CIPHER_ALG_COUNT);
		s.personality = i % 3 == 0 ? SOFTCHIP_ICAO : SOFTCHIP_CCCD;
		s.short_length = i % 4 == 3;
		world_init(&w, &s);
		assert_false(cc_failed(open_by_pace(&w, can ? PACE_CAN : PACE_MRZ, can ? CAN : MRZ_INFORMATION)));
		assert_false(cc_failed(select_application(&w)));
		read_all(&w);
		opened++;
		world_done(&w);
	}
	print_message("# count: %u PACE sessions\n", opened);
}

static void bac_opens_each_kind_of_chip(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct setup s = field_card;
		struct world w;

		s.personality = i % 2 == 0 ? SOFTCHIP_CCCD : SOFTCHIP_ICAO;
		s.short_length = i >= 2;
		world_init(&w, &s);
		assert_false(cc_failed(open_by_bac(&w, NUMBER)));
		read_all(&w);
		world_done(&w);
	}
}

static void wrong_passwords_are_refused_once(void **state)
{
	struct world w;
	uint64_t before;

	(void)state;
	world_init(&w, &field_card);
	assert_int_equal(open_by_pace(&w, PACE_CAN, "000001").code, CC_E_DENIED);
	assert_string_equal(w.ch.err.key, "access.pace-refused");
	assert_null(w.ch.layer);
	assert_int_equal(open_by_pace(&w, PACE_MRZ, "090000001790021553002153").code, CC_E_DENIED);
	assert_null(w.ch.layer);
	before = reader_trace_counts(w.counting).apdus;
	assert_int_equal(open_by_bac(&w, "090000001").code, CC_E_DENIED);
	assert_string_equal(w.ch.err.key, "access.bac-refused");
	assert_null(w.ch.layer);
	assert_int_equal(reader_trace_counts(w.counting).apdus - before, 3);
	/* The right one still opens it. */
	assert_false(cc_failed(open_by_bac(&w, NUMBER)));
	read_all(&w);
	world_done(&w);
}

/* Blocks of the channel's size, and one command for a file that fits: the least that the lengths allow. */
static void files_take_the_fewest_commands(void **state)
{
	static const size_t short_room[] = { 231, 223 };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct setup s = field_card;
		struct world w;
		struct reader_counts before, after;
		size_t least;

		s.short_length = i >= 2;
		world_init(&w, &s);
		if (i % 2 == 0)
			assert_false(cc_failed(open_by_bac(&w, NUMBER)));
		else
			assert_false(cc_failed(open_by_pace(&w, PACE_CAN, CAN)) || cc_failed(select_application(&w)));
		least = s.short_length ? (DG2_LEN + short_room[i % 2] - 1) / short_room[i % 2] : 1;
		before = reader_trace_counts(w.counting);
		file_is(&w, FS_EF_DG(2), &w.dg2);
		after = reader_trace_counts(w.counting);
		assert_int_equal(after.apdus - before.apdus, least);
		/* Commands of at most 23 bytes, answers with DO87, DO99, DO8E, padding and status word around each block. */
		assert_in_range(after.bytes_in - before.bytes_in, DG2_LEN, DG2_LEN + least * (16 + 1 + 4 + 4 + 10 + 2));
		assert_in_range(after.bytes_out - before.bytes_out, 1, least * 23);
		before = after;
		file_is(&w, FS_EF_DG(1), &w.dg1);
		assert_int_equal(reader_trace_counts(w.counting).apdus - before.apdus, 1);
		world_done(&w);
	}
}

/* Offsets above 32,767 under secure messaging: B1 with DO85. */
static void long_file_is_read_by_b1_under_secure_messaging(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct setup s = field_card;
		struct world w;

		s.short_length = i == 1;
		s.dg2_len = 40000;
		world_init(&w, &s);
		assert_false(cc_failed(open_by_pace(&w, PACE_CAN, CAN)) || cc_failed(select_application(&w)));
		file_is(&w, FS_EF_DG(2), &w.dg2);
		world_done(&w);
	}
}

static void absent_and_closed_files_keep_the_session(void **state)
{
	struct world w;
	struct buf file = { 0 };
	uint16_t sw = 0;

	(void)state;
	world_init(&w, &field_card);
	assert_false(cc_failed(open_by_pace(&w, PACE_CAN, CAN)) || cc_failed(select_application(&w)));
	assert_false(cc_failed(fs_read_ef(&w.ch, FS_EF_DG(11), FS_FILE_MAX, &file, &sw)));
	assert_int_equal(sw, SW_FILE_NOT_FOUND);
	assert_false(w.ch.dead);
	read_all(&w);
	world_done(&w);
}

/* ---- Chip Authentication */
static struct pubkey *chip_key(struct world *w, bool chip_authentication, enum ec_curve curve)
{
	struct buf point = { 0 };
	struct pubkey *k = NULL;

	chip_reader_public_key(&w->cr, chip_authentication, &point);
	assert_false(cc_failed(pubkey_from_ec_point(curve, buf_view(&point), &k)));
	buf_done(&point);
	return k;
}

static void use_key(struct chip_auth_params *p, const struct pubkey *k)
{
	p->group = (struct agree_group){ .kind = AGREE_ECDH, .curve = pubkey_curve(k) };
	p->chip_key = pubkey_point(k);
}

static void chip_authentication_renews_the_session(void **state)
{
	static const uint8_t parameter_ids[] = { 12, 13, 17, 18 };

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		struct setup s = field_card;
		struct world w;
		enum cipher_alg alg = (enum cipher_alg)(i / 4), read_alg = CIPHER_ALG_COUNT;
		enum agree_kind kind;
		struct chip_auth_params p = { .oid = security_oid_ca_ecdh(alg), .alg = alg };
		enum ec_curve curve;
		struct pubkey *k;

		s.ca_parameter_id = parameter_ids[i % 4];
		s.ca_cipher = (uint8_t)(alg + 1);
		world_init(&w, &s);
		assert_true(ec_curve_from_parameter_id(s.ca_parameter_id, &curve));
		assert_false(cc_failed(chip_auth_alg(p.oid, &kind, &read_alg)));
		assert_int_equal(kind, AGREE_ECDH);
		assert_int_equal(read_alg, alg);
		if (i % 2 == 0)
			assert_false(cc_failed(open_by_bac(&w, NUMBER)));
		else
			assert_false(cc_failed(open_by_pace(&w, PACE_CAN, CAN)) || cc_failed(select_application(&w)));
		k = chip_key(&w, true, curve);
		use_key(&p, k);
		assert_false(cc_failed(chip_auth_run(&w.ch, &p, &w.fake.sys, NULL)));
		read_all(&w);
		pubkey_free(&k);
		world_done(&w);
	}
}

/* A clone has the public key of DG14, and not its private key. */
static void clone_fails_chip_authentication(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct setup s = field_card;
		struct world w, other;
		struct chip_auth_params p = { .alg = i == 0 ? CIPHER_AES128 : CIPHER_TDES };
		struct pubkey *k;
		struct response r = { 0 };
		const struct apdu read = { .ins = 0xB0, .le = 4 };

		(void)state;
		s.ca_cipher = (uint8_t)(p.alg + 1);
		p.oid = security_oid_ca_ecdh(p.alg);
		world_init(&w, &s);
		world_init(&other, &s);
		k = chip_key(&other, true, EC_BP256);
		use_key(&p, k);
		assert_false(cc_failed(open_by_bac(&w, NUMBER)));
		assert_int_equal(chip_auth_run(&w.ch, &p, &w.fake.sys, NULL).code, CC_E_VERIFY);
		assert_string_equal(w.ch.err.key, "access.chip-auth-failed");
		assert_int_equal(channel_send(&w.ch, &read, &r).code, CC_E_STATE);
		pubkey_free(&k);
		world_done(&other);
		world_done(&w);
	}
}

static void chip_without_a_key_refuses(void **state)
{
	struct setup s = field_card;
	struct world w, other;
	struct chip_auth_params p = { .alg = CIPHER_AES128, .oid = security_oid_ca_ecdh(CIPHER_AES128) };
	struct pubkey *k;

	(void)state;
	world_init(&other, &s);
	s.ca_parameter_id = 0;
	world_init(&w, &s);
	k = chip_key(&other, true, EC_BP256);
	use_key(&p, k);
	assert_false(cc_failed(open_by_bac(&w, NUMBER)));
	assert_int_equal(chip_auth_run(&w.ch, &p, &w.fake.sys, NULL).code, CC_E_STATUS);
	assert_string_equal(w.ch.err.key, "access.chip-auth-refused");
	/* The old session goes on. */
	assert_false(w.ch.dead);
	read_all(&w);
	pubkey_free(&k);
	world_done(&other);
	world_done(&w);
}

static void other_chip_authentication_is_unsupported(void **state)
{
	static const char *const oids[] = { "\x04\x00\x7F\x00\x07\x02\x02\x03\x03\x02",
					    "\x04\x00\x7F\x00\x07\x02\x02\x03\x02\x05" };
	enum cipher_alg alg = CIPHER_TDES;
	enum agree_kind kind = AGREE_ECDH;

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(chip_auth_alg(bytes_of(oids[i], 10), &kind, &alg).code, CC_E_UNSUPPORTED);
	assert_int_equal(chip_auth_alg(bytes_of(oids[0], 9), &kind, &alg).code, CC_E_UNSUPPORTED);
	assert_int_equal(chip_auth_alg(bytes_of(NULL, 0), &kind, &alg).code, CC_E_UNSUPPORTED);
	assert_int_equal(alg, CIPHER_TDES);
}

/* ---- Active Authentication */
static void active_authentication_tells_chip_from_clone(void **state)
{
	static const uint8_t parameter_ids[] = { 12, 13, 16, 17 };
	static const enum hash_alg hashes[] = { HASH_SHA1, HASH_SHA224, HASH_SHA256, HASH_SHA384, HASH_SHA512 };

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		struct setup s = field_card;
		struct world w, other;
		struct pubkey *k, *k2;
		struct buf answer = { 0 };
		uint8_t challenge[8], second[8];
		enum ec_curve curve;

		s.aa_parameter_id = parameter_ids[i % 4];
		s.aa_hash = (uint8_t)(i / 4 + 1);
		assert_true(ec_curve_from_parameter_id(s.aa_parameter_id, &curve));
		world_init(&w, &s);
		world_init(&other, &s);
		k = chip_key(&w, false, curve);
		k2 = chip_key(&other, false, curve);
		assert_false(cc_failed(open_by_bac(&w, NUMBER)));
		assert_false(cc_failed(active_auth_run(&w.ch, k, hashes[i / 4], &w.fake.sys, challenge, &answer)));
		assert_int_equal(answer.n, 2 * ec_order_len(curve));
		assert_int_equal(active_auth_run(&w.ch, k2, hashes[i / 4], &w.fake.sys, second, &answer).code, CC_E_VERIFY);
		assert_string_equal(w.ch.err.key, "access.active-auth-failed");
		assert_memory_not_equal(challenge, second, 8);
		/* A wrong answer is no broken session. */
		read_all(&w);
		pubkey_free(&k);
		pubkey_free(&k2);
		buf_done(&answer);
		world_done(&w);
		world_done(&other);
	}
}

static void active_authentication_needs_access(void **state)
{
	struct world w;
	struct pubkey *k;
	struct buf answer = { 0 };
	uint8_t challenge[8];

	(void)state;
	world_init(&w, &field_card);
	k = chip_key(&w, false, EC_BP256);
	assert_false(cc_failed(select_application(&w)));
	assert_int_equal(active_auth_run(&w.ch, k, HASH_SHA256, &w.fake.sys, challenge, &answer).code, CC_E_STATUS);
	assert_string_equal(w.ch.err.key, "access.active-auth-refused");
	pubkey_free(&k);
	world_done(&w);
}

/* ---- a card pulled out at each command of a whole session */
static cc_status whole_session(struct world *w, struct pubkey *ca_key)
{
	struct chip_auth_params p = { .alg = CIPHER_AES128,
				      .oid = security_oid_ca_ecdh(CIPHER_AES128),
				      .group = { .kind = AGREE_ECDH, .curve = pubkey_curve(ca_key) },
				      .chip_key = pubkey_point(ca_key) };
	struct buf file = { 0 };
	uint16_t sw = 0;
	cc_status st = open_by_pace(w, PACE_CAN, CAN);

	if (!cc_failed(st))
		st = select_application(w);
	for (unsigned i = 0; i < 2 && !cc_failed(st); i++)
		st = fs_read_ef(&w->ch, FS_EF_DG(1 + i), FS_FILE_MAX, &file, &sw);
	if (!cc_failed(st))
		st = chip_auth_run(&w->ch, &p, &w->fake.sys, NULL);
	if (!cc_failed(st))
		st = fs_read_ef(&w->ch, FS_EF_COM, FS_FILE_MAX, &file, &sw);
	buf_done(&file);
	return st;
}

static void card_torn_at_each_command_is_a_device_error(void **state)
{
	static const enum softchip_tear kinds[] = { SOFTCHIP_TEAR_BEFORE, SOFTCHIP_TEAR_AFTER };
	unsigned points = 0;

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		for (uint64_t at = 1;; at++) {
			struct setup s = field_card;
			struct world w;
			struct pubkey *key;
			cc_status st;

			s.dg2_len = 500;
			world_init(&w, &s);
			key = chip_key(&w, true, EC_BP256);
			softchip_tear_at(w.cr.chip, at + 1, kinds[k]); /* after the negotiation */
			st = whole_session(&w, key);
			pubkey_free(&key);
			if (!cc_failed(st)) {
				world_done(&w);
				break;
			}
			assert_int_equal(st.code, CC_E_DEVICE);
			assert_string_equal(w.ch.err.key, "card.removed");
			assert_true(w.ch.layer == NULL || w.ch.dead);
			/* Put back: the same card opens again from the start. */
			channel_set_layer(&w.ch, NULL);
			softchip_tear_at(w.cr.chip, 0, SOFTCHIP_TEAR_NONE);
			assert_false(cc_failed(reader_connect(w.counting)));
			assert_false(cc_failed(open_by_bac(&w, NUMBER)));
			points++;
			world_done(&w);
		}
	}
	print_message("# count: %u tear points\n", points);
	assert_in_range(points, 25, 60);
}

/* ---- out of memory at each allocation, the chip's included: never a crash, never a session that isn't one */
static void out_of_memory_anywhere(cc_status (*session)(struct world *w), unsigned runs_min)
{
	struct setup s = field_card;
	struct world w;
	unsigned runs = 0;

	s.dg2_len = 300;
	world_init(&w, &s);
	for (size_t k = 1; alloc_fault_next(&k); runs++) {
		cc_status st = session(&w);
		bool refused = alloc_fault_end();

		if (cc_failed(st)) {
			assert_true(refused);
			assert_non_null(w.ch.err.key);
			assert_int_equal(st.code, w.ch.err.code == CC_OK ? st.code : w.ch.err.code);
		}
		channel_set_layer(&w.ch, NULL);
		assert_false(cc_failed(reader_connect(w.counting)));
	}
	assert_true(runs >= runs_min);
	print_message("# count: %u allocations refused\n", runs - 1);
	world_done(&w);
}

static cc_status bac_session(struct world *w)
{
	struct secret seed = { 0 };
	struct buf file = { 0 };
	uint16_t sw = 0;
	cc_status st = fs_select_aid(&w->ch, fs_aid_emrtd, &sw);

	if (!cc_failed(st)) {
		st = bac_key_seed(NUMBER, BIRTH, EXPIRY, &seed);
		if (cc_failed(st))
			st = cc_fail(&w->ch.err, st.code, "memory", "seed");
	}
	if (!cc_failed(st))
		st = bac_authenticate(&w->ch, &seed, &w->fake.sys);
	if (!cc_failed(st))
		st = fs_read_ef(&w->ch, FS_EF_DG(2), FS_FILE_MAX, &file, &sw);
	buf_done(&file);
	secret_done(&seed);
	return st;
}

static cc_status pace_session(struct world *w)
{
	const struct pace_params p = { .oid = security_oid_pace_ecdh_gm(CIPHER_AES128),
				       .parameter_id = 13,
				       .alg = CIPHER_AES128,
				       .group = { .kind = AGREE_ECDH, .curve = EC_BP256 } };
	struct chip_auth_params ca = { .alg = CIPHER_AES128, .oid = security_oid_ca_ecdh(CIPHER_AES128) };
	struct pace_result result = { 0 };
	uint16_t sw = 0;
	cc_status st = pace_authenticate(&w->ch, &p, PACE_CAN, bytes_str(CAN), &w->fake.sys, &result);

	if (!cc_failed(st))
		st = fs_select_aid(&w->ch, fs_aid_emrtd, &sw);
	/* Any point of the curve: a chip that isn't its owner is met after all allocations. */
	ca.group = result.group;
	ca.chip_key = buf_view(&result.chip_public);
	if (!cc_failed(st))
		st = chip_auth_run(&w->ch, &ca, &w->fake.sys, NULL);
	if (st.code == CC_E_VERIFY && strcmp(w->ch.err.key, "access.chip-auth-failed") == 0)
		st = cc_ok();
	pace_result_done(&result);
	return st;
}

static void bac_survives_any_failed_allocation(void **state)
{
	(void)state;
	out_of_memory_anywhere(bac_session, 50);
}

static void pace_and_chip_authentication_survive_any_failed_allocation(void **state)
{
	(void)state;
	out_of_memory_anywhere(pace_session, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pace_opens_each_kind_of_chip),
		cmocka_unit_test(bac_opens_each_kind_of_chip),
		cmocka_unit_test(wrong_passwords_are_refused_once),
		cmocka_unit_test(files_take_the_fewest_commands),
		cmocka_unit_test(long_file_is_read_by_b1_under_secure_messaging),
		cmocka_unit_test(absent_and_closed_files_keep_the_session),
		cmocka_unit_test(chip_authentication_renews_the_session),
		cmocka_unit_test(clone_fails_chip_authentication),
		cmocka_unit_test(chip_without_a_key_refuses),
		cmocka_unit_test(other_chip_authentication_is_unsupported),
		cmocka_unit_test(active_authentication_tells_chip_from_clone),
		cmocka_unit_test(active_authentication_needs_access),
		cmocka_unit_test(card_torn_at_each_command_is_a_device_error),
		cmocka_unit_test(bac_survives_any_failed_allocation),
		cmocka_unit_test(pace_and_chip_authentication_survive_any_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
