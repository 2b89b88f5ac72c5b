/* SPDX-License-Identifier: Apache-2.0 */
#include "card/access/sm.h"
#include "card/atr.h"
#include "card/fs.h"
#include "card/inspect/inspect.h"
#include "card/inspect/lint.h"
#include "card/lds/card_access.h"
#include "card/lds/dg.h"
#include "card/lds/dg1.h"
#include "card/lds/dg13.h"
#include "card/lds/dg14.h"
#include "card/lds/dg2.h"
#include "card/lds/ef_com.h"
#include "card/lds/sod.h"
#include "card/perso/gp.h"
#include "card/perso/personalize.h"
#include "card/perso/profile.h"
#include "card/sw.h"
#include "tests/support/document_fixture.h"
#include "tests/support/sys_fake.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * The card is the attacker, by count: every status word for each command of the
 * file system and of personalization, every prefix of every reply of one session
 * and more than was asked for, ATRs, TLV and secure messaging. The commands of the
 * access protocols have their own program (access_hostile_test).
 */

/* ---- a generator that gives the same cases each time */
static uint64_t dice_state;

static uint32_t dice(uint32_t sides)
{
	dice_state ^= dice_state << 13;
	dice_state ^= dice_state >> 7;
	dice_state ^= dice_state << 17;
	return (uint32_t)(dice_state >> 11) % sides;
}

/* Bytes flipped, cut, doubled, added or made long: one to three changes. */
static void mutate(struct bytes in, struct buf *ret)
{
	struct writer w;
	size_t n = in.n, at = n > 0 ? dice((uint32_t)n) : 0;

	writer_init(&w, 1u << 18);
	switch (dice(6)) {
	case 0: /* a cut */
		writer_put(&w, bytes_of(in.p, at));
		break;
	case 1: /* a piece twice */
		writer_put(&w, bytes_of(in.p, at));
		writer_put(&w, in);
		break;
	case 2: /* a byte more */
		writer_put(&w, bytes_of(in.p, at));
		writer_u8(&w, (uint8_t)dice(256));
		writer_put(&w, bytes_of(in.p + at, n - at));
		break;
	case 3: /* a byte less */
		writer_put(&w, bytes_of(in.p, at));
		if (n > at)
			writer_put(&w, bytes_of(in.p + at + 1, n - at - 1));
		break;
	default:
		writer_put(&w, in);
		break;
	}
	assert_int_equal(writer_finish(&w, ret).code, CC_OK);
	for (uint32_t k = dice(3); k > 0 && ret->n > 0; k--)
		ret->p[dice((uint32_t)ret->n)] ^= (uint8_t)(1u << dice(8));
}

/* ---- every status word */
struct word_card {
	uint16_t sw;
	unsigned good; /* this many answers are 9000 first */
	unsigned count;
};

static cc_status word_reset(void *ctx, uint8_t atr[READER_ATR_MAX], size_t *ret_len)
{
	struct word_card *c = ctx;

	c->count = 0;
	atr[0] = 0x3B;
	atr[1] = 0x00;
	*ret_len = 2;
	return cc_ok();
}

static cc_status word_transmit(void *ctx, struct bytes command, struct writer *answer)
{
	struct word_card *c = ctx;

	(void)command;
	writer_u16(answer, c->count++ < c->good ? SW_OK : c->sw);
	return cc_ok();
}

/* Each returns whether the command was taken as done; only 9000 may do that. */
static bool try_select_aid(struct channel *ch)
{
	uint16_t sw = 0;

	return !cc_failed(fs_select_aid(ch, fs_aid_emrtd, &sw)) && sw == SW_OK;
}
static bool try_select_mf(struct channel *ch)
{
	uint16_t sw = 0;

	return !cc_failed(fs_select_mf(ch, &sw)) && sw == SW_OK;
}
static bool try_select_ef(struct channel *ch)
{
	uint16_t sw = 0;

	return !cc_failed(fs_select_ef(ch, FS_EF_CARD_ACCESS, &sw)) && sw == SW_OK;
}
/* No word makes a file out of nothing. */
static bool try_read(struct channel *ch)
{
	struct buf file = { 0 };
	uint16_t sw = 0;
	bool done = !cc_failed(fs_read_ef(ch, FS_EF_COM, FS_FILE_MAX, &file, &sw)) && sw == SW_OK;

	assert_int_equal(file.n, 0);
	buf_done(&file);
	return done;
}
static bool try_read_selected(struct channel *ch)
{
	struct buf file = { 0 };
	uint16_t sw = 0;
	bool done = !cc_failed(fs_read_selected(ch, FS_FILE_MAX, &file, &sw)) && sw == SW_OK;

	assert_int_equal(file.n, 0);
	buf_done(&file);
	return done;
}
static bool try_negotiate(struct channel *ch)
{
	assert_int_equal(channel_negotiate(ch).code, CC_OK);
	return ch->extended;
}
static bool send_command(struct channel *ch, struct gp_command *cmd)
{
	struct response r = { 0 };
	bool done = !cc_failed(channel_send_ok(ch, &cmd->apdu, &r));

	response_done(&r);
	gp_command_done(cmd);
	return done;
}
static bool try_gp_select(struct channel *ch)
{
	struct gp_command cmd;

	assert_int_equal(gp_select_build(BYTES_LITERAL("\xA0\x00\x00\x01\x51\x00\x00\x00"), &cmd).code, CC_OK);
	return send_command(ch, &cmd);
}
static bool try_get_data(struct channel *ch)
{
	struct gp_command cmd;

	gp_get_data_build(0x9F7F, &cmd);
	return send_command(ch, &cmd);
}
static bool try_get_status(struct channel *ch)
{
	struct gp_command cmd;

	assert_int_equal(gp_get_status_build(GP_STATUS_ISD, bytes_of(NULL, 0), &cmd).code, CC_OK);
	return send_command(ch, &cmd);
}
static bool try_set_status(struct channel *ch)
{
	struct gp_command cmd;

	gp_set_card_status_build(GP_CARD_SECURED, &cmd);
	return send_command(ch, &cmd);
}
static bool try_install(struct channel *ch)
{
	struct gp_command cmd;

	assert_int_equal(gp_install_personalization_build(fs_aid_emrtd, &cmd).code, CC_OK);
	return send_command(ch, &cmd);
}
static bool try_store_data(struct channel *ch)
{
	struct gp_store_data s;
	struct response r = { 0 };
	struct apdu cmd;
	bool done;

	gp_store_data_init(&s, BYTES_LITERAL("\x01\x01\x02\xAB\xCD"), 200, 0, true, false);
	assert_true(gp_store_data_next(&s, &cmd));
	done = !cc_failed(channel_send_ok(ch, &cmd, &r));
	response_done(&r);
	return done;
}
static bool try_initialize_update(struct channel *ch)
{
	struct sys_fake fake;
	struct scp03_handshake hs;

	sys_fake_init(&fake, 1);
	return !cc_failed(scp03_initialize_update(ch, 0, &fake.sys, &hs));
}

/* No word makes a blank of a kind that is known. */
static bool try_identify(struct channel *ch)
{
	static struct profile_registry profiles;
	static bool made;
	struct personalize perso = { 0 };
	struct sys_fake fake;
	struct cc_error err;
	bool done;

	cc_error_init(&err);
	if (!made)
		assert_int_equal(profile_registry_default(&profiles, &err).code, CC_OK);
	made = true;
	sys_fake_init(&fake, 1);
	done = !cc_failed(personalize_identify(ch, &profiles, &fake.sys, &perso, &err));
	assert_true(done || err.key != NULL);
	personalize_done(&perso);
	return done;
}

static const struct word_row {
	const char *name;
	bool (*run)(struct channel *ch);
	unsigned good; /* answers before the one that is tried */
	bool by_9000;  /* 9000 alone is success; false: no word is */
} words[] = {
	{ "SELECT application", try_select_aid, 0, true },
	{ "SELECT MF", try_select_mf, 0, true },
	{ "SELECT file", try_select_ef, 0, true },
	{ "READ BINARY by short identifier", try_read, 0, false },
	{ "READ BINARY after SELECT", try_read_selected, 0, false },
	{ "GET DATA 7F66", try_negotiate, 0, false },
	{ "SELECT issuer security domain", try_gp_select, 0, true },
	{ "GET DATA 9F7F", try_get_data, 0, true },
	{ "GET STATUS", try_get_status, 0, true },
	{ "SET STATUS", try_set_status, 0, true },
	{ "INSTALL", try_install, 0, true },
	{ "STORE DATA", try_store_data, 0, true },
	{ "INITIALIZE UPDATE", try_initialize_update, 0, false },
	{ "identification of a blank", try_identify, 0, false },
	{ "identification, from its second command", try_identify, 1, false },
	{ "identification, from its third command", try_identify, 2, false },
};
#define WORDS (sizeof words / sizeof words[0])

static void every_status_word_for_every_command(void **state)
{
	struct word_card card = { 0 };
	struct reader *reader = NULL;
	unsigned long most = 0;

	(void)state;
	assert_int_equal(reader_memory_new("words", &card, word_reset, word_transmit, &reader).code, CC_OK);
	assert_int_equal(reader_connect(reader).code, CC_OK);
	for (size_t i = 0; i < WORDS; i++) {
		for (uint32_t sw = 0; sw <= 0xFFFF; sw++) {
			struct channel ch;
			bool done;

			card = (struct word_card){ .sw = (uint16_t)sw, .good = words[i].good };
			channel_init(&ch, reader);
			done = words[i].run(&ch);
			channel_done(&ch);
			if (done != (words[i].by_9000 && sw == SW_OK))
				fail_msg("%s: %04X is %s", words[i].name, sw, done ? "taken as done" : "not done");
			most = card.count > most ? card.count : most;
		}
	}
	reader_free(&reader);
	/* a card that says 61xx or 6Cxx for ever is left */
	assert_true(most <= 600);
	print_message("# count: 65536 status words x %zu commands: only 9000 is success; at most %lu exchanges for one\n", WORDS,
		      most);
}

/* ---- one session, each reply cut and lengthened */
struct tape_card {
	const struct lds_set *files;
	bool in_application;
	struct bytes selected;
	unsigned reply, spoiled; /* the one that is changed, from 1 */
	size_t keep;		 /* bytes of it; SIZE_MAX: all */
	size_t more;		 /* bytes behind it */
	size_t lens[256];	 /* of the replies */
};

static cc_status tape_reset(void *ctx, uint8_t atr[READER_ATR_MAX], size_t *ret_len)
{
	struct tape_card *c = ctx;

	c->in_application = false;
	c->selected = bytes_of(NULL, 0);
	atr[0] = 0x3B;
	atr[1] = 0x00;
	*ret_len = 2;
	return cc_ok();
}

static uint16_t tape_select(struct tape_card *c, uint16_t fid)
{
	for (unsigned f = LDS_COM; f < LDS_FILE_COUNT; f++) {
		if (c->in_application && lds_file_fid(f) == fid && lds_set_has(c->files, f)) {
			c->selected = lds_set_get(c->files, f);
			return SW_OK;
		}
	}
	return SW_FILE_NOT_FOUND;
}

static uint16_t tape_command(struct tape_card *c, struct bytes command, struct writer *answer)
{
	uint8_t cla = 0, ins = 0, p1 = 0, p2 = 0, lc = 0, le = 0;
	struct cursor in;
	struct bytes data;
	uint16_t fid, sw = SW_OK;
	size_t at, want;

	cursor_init(&in, command);
	assert_true(cursor_u8(&in, &cla) && cursor_u8(&in, &ins) && cursor_u8(&in, &p1) && cursor_u8(&in, &p2));
	if (ins == 0xA4) {
		if (!cursor_u8(&in, &lc) || !cursor_take(&in, lc, &data))
			return SW_WRONG_LENGTH;
		c->in_application = c->in_application || bytes_equal(data, fs_aid_emrtd);
		cursor_init(&in, data);
		return p1 == 4 ? SW_OK : cursor_u16(&in, &fid) ? tape_select(c, fid) : SW_WRONG_LENGTH;
	}
	if (ins != 0xB0 || !cursor_u8(&in, &le))
		return 0x6D00;
	if ((p1 & 0x80) != 0)
		sw = tape_select(c, (uint16_t)(0x0100 | (p1 & 0x1F)));
	at = (p1 & 0x80) != 0 ? p2 : (size_t)p1 << 8 | p2;
	if (sw != SW_OK || at >= c->selected.n)
		return sw != SW_OK ? sw : 0x6B00;
	want = le == 0 ? 256 : le;
	if (want > c->selected.n - at)
		want = c->selected.n - at;
	writer_put(answer, bytes_of(c->selected.p + at, want));
	return SW_OK;
}

static cc_status tape_transmit(void *ctx, struct bytes command, struct writer *answer)
{
	struct tape_card *c = ctx;
	struct writer whole;

	writer_init(&whole, READER_ANSWER_MAX);
	writer_u16(&whole, tape_command(c, command, answer));
	writer_put(answer, writer_view(&whole));
	writer_done(&whole);
	c->reply++;
	if (c->reply < 256 && c->spoiled == 0)
		c->lens[c->reply] = writer_view(answer).n;
	if (c->reply == c->spoiled) {
		struct buf copy = { 0 };

		assert_int_equal(buf_copy(&copy, writer_view(answer)).code, CC_OK);
		writer_done(answer);
		writer_init(answer, READER_ANSWER_MAX + 65536);
		writer_put(answer, bytes_of(copy.p, c->keep < copy.n ? c->keep : copy.n));
		writer_fill(answer, 0x90, c->more);
		buf_done(&copy);
	}
	return cc_ok();
}

struct session {
	struct document_fixture doc;
	struct tape_card card;
	struct reader *reader;
};

static cc_status session_run(struct session *s, struct inspection *i)
{
	struct inspect_keys keys = { 0 };
	const struct inspect_params p = {
		.trust = s->doc.lds.trust, .now_s = FIXTURE_NOW_S, .keys = &keys, .sys = &s->doc.lds.sys.sys
	};
	struct channel ch;
	cc_status st;

	s->card.reply = 0;
	channel_init(&ch, s->reader);
	st = inspect_card(&ch, &p, i);
	channel_done(&ch);
	return st;
}

/* Genuine only when all that is signed was read, and every byte that was judged is the card's own. */
static bool session_is_honest(struct session *s)
{
	struct inspection i = { 0 };
	cc_status st = session_run(s, &i);
	bool good = !cc_failed(st) && i.verdict == INSPECT_GOOD, honest = true;

	for (unsigned f = 0; f < LDS_FILE_COUNT && good; f++) {
		struct bytes got = lds_set_get(&i.files, (enum lds_file)f), own = lds_set_get(s->card.files, (enum lds_file)f);

		/* EF.COM is not signed: a card without it may still be shown genuine */
		if (bytes_equal(got, own) || (f == LDS_COM && got.n == 0))
			continue;
		print_message("# reply %u: %zu bytes kept, %zu more: %s differs, %zu bytes\n", s->card.spoiled, s->card.keep,
			      s->card.more, lds_file_title((enum lds_file)f), got.n);
		honest = false;
	}
	inspection_done(&i);
	return honest;
}

static void every_prefix_of_every_reply_and_more(void **state)
{
	static const size_t more[] = { 1, 2, 65536 };
	struct session s = { 0 };
	struct inspection i = { 0 };
	struct lds_set files = { 0 };
	unsigned replies;
	size_t runs = 0;

	(void)state;
	document_fixture(&s.doc);
	assert_int_equal(lds_set_put(&files, LDS_DG1, lds_set_get(&s.doc.files, LDS_DG1)).code, CC_OK);
	assert_int_equal(lds_set_put(&files, lds_dg(2), lds_set_get(&s.doc.files, lds_dg(2))).code, CC_OK);
	lds_fixture_sign(&s.doc.lds, 1, &files);
	s.card.files = &files;
	assert_int_equal(reader_memory_new("tape", &s.card, tape_reset, tape_transmit, &s.reader).code, CC_OK);
	assert_int_equal(reader_connect(s.reader).code, CC_OK);
	assert_int_equal(session_run(&s, &i).code, CC_OK);
	assert_int_equal(i.verdict, INSPECT_GOOD);
	inspection_done(&i);
	replies = s.card.reply;
	assert_in_range(replies, 5, 255);
	for (unsigned r = 1; r <= replies; r++) {
		s.card.spoiled = r;
		s.card.more = 0;
		for (s.card.keep = 0; s.card.keep < s.card.lens[r]; s.card.keep++, runs++)
			assert_true(session_is_honest(&s));
		s.card.keep = SIZE_MAX;
		for (size_t k = 0; k < 3; k++, runs++) {
			s.card.more = more[k];
			assert_true(session_is_honest(&s));
		}
	}
	print_message("# count: %zu sessions with a reply cut or lengthened (%u replies): never genuine with other bytes\n", runs,
		      replies);
	reader_free(&s.reader);
	lds_set_done(&files);
	document_fixture_done(&s.doc);
}

/* ---- ATRs */
static void ten_thousand_atrs(void **state)
{
	static const char *const good[] = { "3B00", "3B8F8001804F0CA000000306030001000000006A", "3B8880010031C1736001409000",
					    "3BFF1800008131FE45006B11050700012101434E5310318048",
					    "3B8E80018031806640907A5A0A8300009000" };
	size_t refused = 0;

	(void)state;
	dice_state = 7;
	for (unsigned i = 0; i < 10000; i++) {
		struct buf atr = vectors_from_hex(good[dice(5)]), bad = { 0 };
		struct bytes historical = { 0 }, again = { 0 };
		struct atr_capabilities a, b;
		size_t command = 0, response = 0;
		cc_status st;

		mutate(buf_view(&atr), &bad);
		st = atr_historical(buf_view(&bad), &historical);
		refused += cc_failed(st);
		/* what is read is inside, and reads the same again */
		assert_true(cc_failed(st) || historical.n == 0 ||
			    (historical.p >= bad.p && historical.p + historical.n <= bad.p + bad.n));
		assert_int_equal(atr_historical(buf_view(&bad), &again).code, st.code);
		a = atr_capabilities(buf_view(&bad));
		b = atr_capabilities(buf_view(&bad));
		assert_true(a.chaining == b.chaining && a.extended == b.extended && a.length_info == b.length_info);
		if (cc_failed(st))
			assert_false(a.extended || a.chaining || a.length_info);
		(void)atr_length_info(buf_view(&bad), &command, &response).code;
		buf_done(&atr);
		buf_done(&bad);
	}
	assert_true(refused > 1000);
	print_message("# count: 10000 ATRs, %zu refused, none read beyond its end\n", refused);
}

/* ---- TLV: files and FCP */
static bool again_equal(struct bytes file, struct buf *again)
{
	bool same = bytes_equal(file, buf_view(again));

	buf_done(again);
	return same;
}

/* What parses is written again to something that parses to the same; returns whether it parsed. */
static bool parse_com(struct bytes file)
{
	struct ef_com com, second;
	struct buf again = { 0 };

	if (cc_failed(ef_com_parse(file, &com, NULL)))
		return false;
	assert_int_equal(ef_com_encode(&com, &again, NULL).code, CC_OK);
	assert_int_equal(ef_com_parse(buf_view(&again), &second, NULL).code, CC_OK);
	assert_int_equal(ef_com_dg_mask(&com), ef_com_dg_mask(&second));
	buf_done(&again);
	return true;
}
static bool parse_dg1(struct bytes file)
{
	struct mrz m;

	return !cc_failed(dg1_parse(file, &m, NULL)) && strlen(m.text) >= 72;
}
static bool parse_dg2(struct bytes file)
{
	struct buf again = { 0 }, third = { 0 };
	struct dg2 d, second;

	if (cc_failed(dg2_parse(file, &d, NULL)))
		return false;
	assert_int_equal(dg2_encode(&d, 1u << 20, &again, NULL).code, CC_OK);
	assert_int_equal(dg2_parse(buf_view(&again), &second, NULL).code, CC_OK);
	assert_int_equal(dg2_encode(&second, 1u << 20, &third, NULL).code, CC_OK);
	assert_true(again_equal(buf_view(&again), &third));
	buf_done(&again);
	return true;
}
static bool parse_dg11(struct bytes file)
{
	struct buf again = { 0 };
	struct dg d, second;

	if (cc_failed(dg_parse(11, file, &d, NULL)))
		return false;
	assert_int_equal(dg_encode(&d, &again).code, CC_OK);
	assert_int_equal(dg_parse(11, buf_view(&again), &second, NULL).code, CC_OK);
	assert_int_equal(second.count, d.count);
	buf_done(&again);
	return true;
}
static bool parse_dg13(struct bytes file)
{
	struct dg13 d;

	return !cc_failed(dg13_parse(file, &d, NULL));
}
static bool parse_dg14(struct bytes file)
{
	struct security_infos infos;

	return !cc_failed(dg14_parse(file, &infos, NULL)) && infos.count > 0;
}
static bool parse_access(struct bytes file)
{
	struct security_infos infos;

	return !cc_failed(card_access_parse(file, &infos, NULL)) && infos.count > 0;
}
/* FCP and FCI of SELECT: 62 { 80 size, 82 ... }, 6F { 84 ... }. */
static bool parse_fci(struct bytes file)
{
	struct bytes aid;

	return !cc_failed(gp_select_parse(file, &aid)) && aid.n <= GP_AID_MAX;
}

static void twenty_thousand_tlv(void **state)
{
	static const struct {
		enum lds_file file; /* LDS_FILE_COUNT: an FCI */
		bool (*parse)(struct bytes file);
	} kinds[] = { { LDS_COM, parse_com },
		      { LDS_DG1, parse_dg1 },
		      { LDS_DG1 + 1, parse_dg2 },
		      { LDS_DG1 + 10, parse_dg11 },
		      { LDS_DG1 + 12, parse_dg13 },
		      { LDS_DG1 + 13, parse_dg14 },
		      { LDS_CARD_ACCESS, parse_access },
		      { LDS_FILE_COUNT, parse_fci } };
	static struct lint_report report;
	struct document_fixture doc;
	struct buf fci = vectors_from_hex("6F108408A000000151000000A5049F6501FF");
	size_t parsed = 0, linted = 0;

	(void)state;
	document_fixture(&doc);
	dice_state = 11;
	for (unsigned i = 0; i < 20000; i++) {
		size_t k = dice(8);
		struct bytes good = kinds[k].file == LDS_FILE_COUNT ? buf_view(&fci) : lds_set_get(&doc.files, kinds[k].file);
		struct buf bad = { 0 };

		mutate(good, &bad);
		parsed += kinds[k].parse(buf_view(&bad));
		if (kinds[k].file != LDS_FILE_COUNT && i % 4 == 0) {
			struct lds_set one = { 0 };
			const struct lint_input in = { .files = &one, .now_s = FIXTURE_NOW_S };

			assert_int_equal(lds_set_put(&one, kinds[k].file, buf_view(&bad)).code, CC_OK);
			assert_int_equal(lint_files(&in, &report).code, CC_OK);
			/* what a parser refuses, lint can name */
			if (bad.n > 0 && !kinds[k].parse(buf_view(&bad)) && report.errors == 0 && report.warnings == 0 &&
			    lint_find(&report, "dg13.foreign", LINT_FILE_COUNT) == NULL)
				fail_msg("%s of %zu bytes: refused, and lint says nothing", lds_file_title(kinds[k].file), bad.n);
			linted++;
			lds_set_done(&one);
		}
		buf_done(&bad);
	}
	assert_in_range(parsed, 500, 15000);
	print_message("# count: 20000 TLV files and FCI, %zu still parse, each to the same again; %zu of them linted\n", parsed,
		      linted);
	buf_done(&fci);
	document_fixture_done(&doc);
}

/* ---- secure messaging: ICAO 9303-11 Appendix D.4, READ BINARY of the first four bytes of EF.COM */
static cc_status unwrap(struct bytes answer, struct response *ret)
{
	static const uint8_t ssc[8] = { 0x88, 0x70, 0x22, 0x12, 0x0C, 0x06, 0xC2, 0x28 };
	struct buf enc = vectors_from_hex("979EC13B1CBFE9DCD01AB0FED307EAE5"),
		   mac = vectors_from_hex("F1CB1F1FB5ADF208806B89DC579DC1F8");
	struct apdu cmd = { .ins = 0xB0, .le = 4 }, wrapped;
	struct secure_layer *layer = NULL;
	struct response raw = { 0 };
	struct writer scratch;
	cc_status st;

	assert_int_equal(sm_new(CIPHER_TDES, buf_view(&enc), buf_view(&mac), bytes_of(ssc, 8), &layer).code, CC_OK);
	writer_init(&scratch, 1024);
	assert_int_equal(layer->ops->wrap(layer, &cmd, false, &scratch, &wrapped).code, CC_OK);
	st = response_parse(answer, &raw);
	if (!cc_failed(st))
		st = layer->ops->unwrap(layer, &raw, ret);
	response_done(&raw);
	writer_done(&scratch);
	layer->ops->free(layer);
	buf_done(&enc);
	buf_done(&mac);
	return st;
}

static void twenty_thousand_protected_replies(void **state)
{
	struct buf good = vectors_from_hex("8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000");
	struct response r = { 0 }, want = { 0 };
	size_t accepted = 0;

	(void)state;
	assert_int_equal(unwrap(buf_view(&good), &want).code, CC_OK);
	assert_true(vectors_is_hex(buf_view(&want.data), "60145F01"));
	dice_state = 13;
	for (unsigned i = 0; i < 20000; i++) {
		struct buf bad = { 0 };

		mutate(buf_view(&good), &bad);
		/* Accepted is what says the same: nothing was changed, or the bare status word that nobody protects. */
		if (!cc_failed(unwrap(buf_view(&bad), &r))) {
			assert_true(bytes_equal(buf_view(&r.data), buf_view(&want.data)));
			assert_int_equal(r.sw, want.sw);
			accepted++;
		}
		response_done(&r);
		buf_done(&bad);
	}
	assert_true(accepted < 8000);
	print_message("# count: 20000 secure-messaging replies, %zu of them unchanged in what is protected, the rest refused\n",
		      accepted);
	response_done(&want);
	buf_done(&good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_word_for_every_command),
		cmocka_unit_test(every_prefix_of_every_reply_and_more),
		cmocka_unit_test(ten_thousand_atrs),
		cmocka_unit_test(twenty_thousand_tlv),
		cmocka_unit_test(twenty_thousand_protected_replies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
