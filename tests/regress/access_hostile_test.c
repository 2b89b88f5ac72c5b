/* SPDX-License-Identifier: Apache-2.0 */
#include "card/access/active_auth.h"
#include "card/access/bac.h"
#include "card/access/chip_auth.h"
#include "card/access/pace.h"
#include "card/fs.h"
#include "card/perso/gp.h"
#include "card/perso/scp03.h"
#include "card/sw.h"
#include "tests/support/chip_desk.h"
#include "tests/support/chip_made.h"
#include "tests/support/sys_fake.h"
#include "tests/support/terminal_made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

/*
 * The card as attacker: a session is recorded once against the software chip and
 * played again with the same random numbers, one answer changed. Whatever comes
 * back, the protocol ends without a session that the host would trust.
 */
#define TAPE_MAX 64
#define SEED 77

struct tape {
	struct softchip *chip; /* recording: answers come from here */
	struct buf answers[TAPE_MAX];
	size_t count, next;
	size_t wrong_at; /* TAPE_MAX: nowhere */
	struct bytes wrong;
	struct fork_sweep *sweep; /* not NULL: at wrong_at the process forks, one child for each status word */
};

/*
 * What a session cost up to the command under attack (key agreement) is spent
 * once: the host's state there is copied by fork, and each child goes on from it
 * with another status word. No state is left out, for it is the whole process.
 */
#define CHILDREN_MAX 4
struct fork_sweep {
	bool (*wanted)(const void *ctx, unsigned sw);
	const void *ctx;
	bool in_child;
	unsigned running;
	size_t runs, taken;
};

static void reap(struct fork_sweep *f, unsigned down_to)
{
	int status;

	while (f->running > down_to) {
		assert_true(wait(&status) > 0);
		f->running--;
		f->taken += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	}
}

/* True in a child, which answers *ret_sw. */
static bool fork_each(struct fork_sweep *f, unsigned *ret_sw)
{
	for (unsigned sw = 0; sw <= 0xFFFF; sw++) {
		pid_t child;

		if (!f->wanted(f->ctx, sw))
			continue;
		reap(f, CHILDREN_MAX - 1);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			f->in_child = true;
			*ret_sw = sw;
			return true;
		}
		f->running++;
		f->runs++;
	}
	reap(f, 0);
	return false;
}

static cc_status tape_reset(void *ctx, uint8_t atr[READER_ATR_MAX], size_t *ret_len)
{
	struct tape *t = ctx;

	if (t->chip != NULL)
		return softchip_power_on(t->chip, atr, ret_len);
	t->next = 0;
	atr[0] = 0x3B;
	atr[1] = 0x00;
	*ret_len = 2;
	return cc_ok();
}

static cc_status tape_transmit(void *ctx, struct bytes command, struct writer *answer)
{
	struct tape *t = ctx;
	size_t i = t->next++;

	if (t->chip != NULL) {
		cc_status st = softchip_transmit(t->chip, command, answer);

		CC_ASSERT(i < TAPE_MAX);
		if (!cc_failed(st))
			st = buf_copy(&t->answers[i], writer_view(answer));
		t->count = t->next;
		return st;
	}
	if (i == t->wrong_at && t->sweep != NULL) {
		unsigned sw = 0x6F00;

		(void)fork_each(t->sweep, &sw);
		writer_u16(answer, (uint16_t)sw);
		t->sweep = NULL;
	} else if (i == t->wrong_at)
		writer_put(answer, t->wrong);
	else if (i < t->count)
		writer_put(answer, buf_view(&t->answers[i]));
	else
		writer_put(answer, BYTES_LITERAL("\x6F\x00"));
	return cc_ok();
}

static void tape_done(struct tape *t)
{
	for (size_t i = 0; i < TAPE_MAX; i++)
		buf_done(&t->answers[i]);
}

/* ---- protocols under test */
struct setup {
	struct sys_fake fake;
	struct chip_made made;
	struct chip_made_options o;
	struct terminal_made *authority;
	struct buf ca_key, aa_spki;
	struct agree_group ca_group;
	struct chip_desk desk; /* SCP03: a blank chip instead of a document */
};

struct protocol {
	const char *name;
	struct chip_made_options o;
	bool with_terminal;
	/* From selected application (or, for PACE, from reset) to the end. *ret_trusted: the host would go on. */
	cc_status (*run)(struct setup *s, struct channel *ch, const struct sys *sys, bool *ret_trusted);
};

static cc_status run_bac(struct setup *s, struct channel *ch, const struct sys *sys, bool *ret_trusted)
{
	struct secret seed = { 0 };
	cc_status st = bac_key_seed(s->made.document_number, s->made.birth, s->made.expiry, &seed);

	if (!cc_failed(st))
		st = bac_authenticate(ch, &seed, sys);
	*ret_trusted = ch->layer != NULL && !ch->dead;
	secret_done(&seed);
	return st;
}

static cc_status run_pace(struct setup *s, struct channel *ch, const struct sys *sys, bool *ret_trusted)
{
	struct pace_result r = { 0 };
	struct pace_params p;
	uint8_t oid[10];
	cc_status st = pace_params_from(chip_made_pace_oid(&s->o.pace[0], oid), s->o.pace[0].parameter_id, &p);

	if (!cc_failed(st))
		st = pace_authenticate(ch, &p, PACE_CAN, bytes_str(s->made.can), sys, &r);
	*ret_trusted = ch->layer != NULL && !ch->dead;
	pace_result_done(&r);
	return st;
}

static cc_status chip_authentication(struct setup *s, struct channel *ch, const struct sys *sys, struct buf *compressed)
{
	struct chip_auth_params p = { .group = s->ca_group, .chip_key = buf_view(&s->ca_key) };
	enum agree_kind kind;
	uint8_t oid[10];
	cc_status st;

	p.oid = chip_made_ca_oid(&s->o.ca[0], oid);
	st = chip_auth_alg(p.oid, &kind, &p.alg);
	return cc_failed(st) ? st : chip_auth_run(ch, &p, sys, compressed);
}

/* Under BAC, as in the field; what is trusted afterwards is the chip. */
static cc_status run_chip_auth(struct setup *s, struct channel *ch, const struct sys *sys, bool *ret_trusted)
{
	struct buf compressed = { 0 };
	cc_status st = run_bac(s, ch, sys, ret_trusted);

	*ret_trusted = false;
	if (!cc_failed(st))
		st = chip_authentication(s, ch, sys, &compressed);
	*ret_trusted = compressed.n > 0;
	buf_done(&compressed);
	return st;
}

static cc_status run_active_auth(struct setup *s, struct channel *ch, const struct sys *sys, bool *ret_trusted)
{
	struct pubkey *key = NULL;
	struct buf answer = { 0 };
	uint8_t challenge[8];
	cc_status st = run_bac(s, ch, sys, ret_trusted);

	*ret_trusted = false;
	if (!cc_failed(st))
		st = pubkey_from_spki(buf_view(&s->aa_spki), &key, NULL);
	if (!cc_failed(st))
		st = active_auth_run(ch, key, s->o.aa_hash, sys, challenge, &answer);
	*ret_trusted = !cc_failed(st);
	pubkey_free(&key);
	buf_done(&answer);
	return st;
}

static cc_status run_terminal_auth(struct setup *s, struct channel *ch, const struct sys *sys, bool *ret_trusted)
{
	struct terminal_auth_params p = { .terminal = &s->authority->terminal };
	struct buf compressed = { 0 }, file = { 0 };
	char id[32];
	uint16_t sw = 0;
	uint8_t rights = 0;
	cc_status st = run_bac(s, ch, sys, ret_trusted);

	*ret_trusted = false;
	if (!cc_failed(st))
		st = chip_authentication(s, ch, sys, &compressed);
	if (!cc_failed(st))
		st = fs_read_raw(ch, FS_EF_CVCA, EF_CVCA_LEN, &file, &sw);
	if (!cc_failed(st))
		st = sw == SW_OK ? ef_cvca_parse(buf_view(&file), &p.trust) : cc_code_status(CC_E_STATUS);
	if (!cc_failed(st))
		st = terminal_auth_bac_id(s->made.document_number, id);
	p.chip_id = bytes_str(id);
	p.compressed = buf_view(&compressed);
	if (!cc_failed(st))
		st = terminal_auth_run(ch, &p, &rights);
	*ret_trusted = rights != 0;
	buf_done(&compressed);
	buf_done(&file);
	return st;
}

static cc_status run_read(struct setup *s, struct channel *ch, const struct sys *sys, bool *ret_trusted)
{
	struct buf file = { 0 };
	uint16_t sw = 0;
	cc_status st = run_bac(s, ch, sys, ret_trusted);

	*ret_trusted = false;
	if (!cc_failed(st))
		st = fs_read_ef(ch, FS_EF_COM, FS_FILE_MAX, &file, &sw);
	if (!cc_failed(st) && sw != SW_OK)
		st = cc_code_status(CC_E_STATUS);
	*ret_trusted = file.n > 0;
	buf_done(&file);
	return st;
}

/* ---- personalization: a secure channel, then what a station sends through it */
static cc_status send_one(struct channel *ch, const struct apdu *cmd, struct response *r)
{
	cc_status st = channel_send(ch, cmd, r);

	return !cc_failed(st) && r->sw != SW_OK ? cc_code_status(CC_E_STATUS) : st;
}

static cc_status put_key(struct setup *s, struct channel *ch)
{
	struct response r = { 0 };
	struct gp_command cmd;
	cc_status st = gp_put_key_build(&s->desk.keys.dek, &s->desk.keys, 0x30, 0x30, &cmd);

	if (!cc_failed(st))
		st = send_one(ch, &cmd.apdu, &r);
	if (!cc_failed(st))
		st = gp_put_key_parse(buf_view(&r.data), &s->desk.keys, 0x30);
	gp_command_done(&cmd);
	response_done(&r);
	return st;
}

static cc_status store_data(struct channel *ch)
{
	struct gp_store_data store;
	struct gp_command cmd;
	struct response r = { 0 };
	struct writer w;
	struct apdu one;
	cc_status st = gp_install_personalization_build(fs_aid_emrtd, &cmd);

	if (!cc_failed(st))
		st = send_one(ch, &cmd.apdu, &r);
	response_done(&r);
	gp_command_done(&cmd);
	writer_init(&w, 20000);
	chip_desk_put_document(&w);
	gp_store_data_init(&store, writer_view(&w), 3900, 0, false, false);
	while (!cc_failed(st) && gp_store_data_next(&store, &one)) {
		st = send_one(ch, &one, &r);
		response_done(&r);
	}
	writer_done(&w);
	return st;
}

static cc_status set_state(struct channel *ch)
{
	struct response r = { 0 };
	struct gp_command cmd;
	cc_status st;

	gp_set_card_status_build(GP_CARD_SECURED, &cmd);
	st = send_one(ch, &cmd.apdu, &r);
	response_done(&r);
	gp_command_done(&cmd);
	return st;
}

static cc_status run_scp03(struct setup *s, struct channel *ch, const struct sys *sys, bool *ret_trusted)
{
	struct scp03_handshake hs;
	cc_status st = scp03_initialize_update(ch, 0, sys, &hs);

	ch->command_max = 4000;
	if (!cc_failed(st))
		st = scp03_external_authenticate(ch, &hs, &s->desk.keys, SCP03_LEVEL_FULL);
	if (!cc_failed(st))
		st = put_key(s, ch);
	if (!cc_failed(st))
		st = store_data(ch);
	if (!cc_failed(st))
		st = set_state(ch);
	*ret_trusted = !cc_failed(st);
	return st;
}

#define PACE(mapping, alg, id)                                                                                                   \
	{                                                                                                                        \
		.pace = { { mapping, alg, id } }, .pace_count = 1                                                                \
	}

static const struct protocol protocols[] = {
	{ "BAC", { 0 }, false, run_bac },
	{ "PACE ECDH-GM", PACE(CHIP_MADE_GM, CIPHER_AES128, 12), false, run_pace },
	{ "PACE ECDH-GM 3DES", PACE(CHIP_MADE_GM, CIPHER_TDES, 12), false, run_pace },
	{ "PACE ECDH-IM", PACE(CHIP_MADE_IM, CIPHER_AES256, 12), false, run_pace },
	{ "PACE ECDH-CAM",
	  { .pace = { { CHIP_MADE_CAM, CIPHER_AES128, 12 } },
	    .pace_count = 1,
	    .ca = { { .parameter_id = 12, .alg = CIPHER_AES128 } },
	    .ca_count = 1 },
	  false,
	  run_pace },
	{ "PACE DH-GM", PACE(CHIP_MADE_GM, CIPHER_AES128, 0), false, run_pace },
	{ "PACE DH-IM", PACE(CHIP_MADE_IM, CIPHER_AES192, 0), false, run_pace },
	{ "CA ECDH AES", { .ca = { { .parameter_id = 12, .alg = CIPHER_AES128 } }, .ca_count = 1 }, false, run_chip_auth },
	{ "CA ECDH 3DES", { .ca = { { .parameter_id = 12, .alg = CIPHER_TDES } }, .ca_count = 1 }, false, run_chip_auth },
	{ "CA DH AES", { .ca = { { .parameter_id = 0, .alg = CIPHER_AES256 } }, .ca_count = 1 }, false, run_chip_auth },
	{ "AA ECDSA", { .aa = CHIP_MADE_AA_EC, .aa_parameter_id = 12, .aa_hash = HASH_SHA256 }, false, run_active_auth },
	{ "AA RSA", { .aa = CHIP_MADE_AA_RSA, .aa_bits = 2048, .aa_hash = HASH_SHA256 }, false, run_active_auth },
	{ "TA",
	  { .ca = { { .parameter_id = 12, .alg = CIPHER_AES128 } }, .ca_count = 1, .with_dg3 = true },
	  true,
	  run_terminal_auth },
	{ "SM read", { 0 }, false, run_read },
	{ "SCP03", { 0 }, false, run_scp03 },
};
#define PROTOCOLS (sizeof protocols / sizeof protocols[0])

static cc_status run_on(const struct protocol *p, struct setup *s, struct reader *r, bool *ret_trusted, struct cc_error *ret_err)
{
	struct sys_fake fake;
	struct channel ch;
	cc_status st;

	sys_fake_init(&fake, SEED);
	channel_init(&ch, r);
	ch.extended = true;
	ch.response_max = APDU_LE_EXTENDED_MAX;
	st = p->run(s, &ch, &fake.sys, ret_trusted);
	if (ret_err != NULL)
		*ret_err = ch.err;
	channel_done(&ch);
	return st;
}

static void setup_init(struct setup *s, const struct protocol *p, struct terminal_made *authority)
{
	memset(s, 0, sizeof *s);
	s->o = p->o;
	s->authority = authority;
	if (p->with_terminal)
		s->o.cvca = buf_view(&authority->cvca);
	if (p->run == run_scp03) {
		chip_desk_init(&s->desk, &(struct chip_reader_options){ .number = 1 });
		return;
	}
	sys_fake_init(&s->fake, 5);
	chip_made_init(&s->made, &s->o, &s->fake.sys);
	if (s->o.ca_count > 0) {
		struct buf spki = chip_made_ca_spki(&s->made, &s->o, 0);

		assert_false(cc_failed(agree_spki_parse(buf_view(&spki), &s->ca_group, &s->ca_key, NULL)));
		buf_done(&spki);
	}
	if (s->o.aa != CHIP_MADE_AA_NONE)
		s->aa_spki = chip_made_aa_spki(&s->made);
}

static void setup_done(struct setup *s)
{
	buf_done(&s->ca_key);
	buf_done(&s->aa_spki);
	if (s->desk.cr.chip != NULL)
		chip_desk_done(&s->desk);
	else
		chip_made_done(&s->made);
}

/* One good session on tape; then the same again without the chip, which must go through. */
static void record(const struct protocol *p, struct setup *s, struct tape *t, struct reader **ret)
{
	struct response r = { 0 };
	struct channel ch;
	struct cc_error err;
	uint16_t sw;
	bool trusted = false;

	*t = (struct tape){ .chip = s->desk.cr.chip != NULL ? s->desk.cr.chip : s->made.cr.chip, .wrong_at = TAPE_MAX };
	assert_false(cc_failed(reader_memory_new("tape", t, tape_reset, tape_transmit, ret)));
	assert_false(cc_failed(reader_connect(*ret)));
	if (p->run != run_pace && p->run != run_scp03) {
		channel_init(&ch, *ret);
		assert_false(cc_failed(fs_select_aid(&ch, fs_aid_emrtd, &sw)));
		channel_done(&ch);
		response_done(&r);
	}
	t->next = t->count = 0;
	if (cc_failed(run_on(p, s, *ret, &trusted, &err)) || !trusted)
		fail_msg("%s: %s %s", p->name, err.key, err.detail);
	t->chip = NULL;
	t->next = 0;
	if (cc_failed(run_on(p, s, *ret, &trusted, &err)) || !trusted)
		fail_msg("%s again: %s %s", p->name, err.key, err.detail);
}

static void play_wrong(const struct protocol *p, struct setup *s, struct tape *t, struct reader *r, size_t step,
		       struct bytes wrong)
{
	bool trusted = false;
	cc_status st;

	t->next = 0;
	t->wrong_at = step;
	t->wrong = wrong;
	st = run_on(p, s, r, &trusted, NULL);
	if (!cc_failed(st) || trusted) {
		char hex[65];

		bytes_to_hex(bytes_of(wrong.p, wrong.n < 32 ? wrong.n : 32), hex);
		fail_msg("%s, answer %zu of %zu bytes (%s..) is taken", p->name, step, wrong.n, hex);
	}
	t->wrong_at = TAPE_MAX;
}

/*
 * After BAC (two exchanges) answers are protected. The status word outside of the protection is then nobody's word: the one
 * inside counts, and another outside changes nothing.
 */
static size_t judged_bytes(const struct protocol *p, size_t step, struct bytes good)
{
	bool is_secured = p->run != run_pace && p->run != run_bac && p->run != run_scp03 && step >= 2;

	return is_secured ? good.n - 2 : good.n;
}

/* Every prefix; one, two and many bytes more; another tag; each bit of the first 8 bytes and of the last 12. */
static size_t damage_step(const struct protocol *p, struct setup *s, struct tape *t, struct reader *r, size_t step)
{
	static uint8_t long_answer[65536 + 512];
	struct bytes good = buf_view(&t->answers[step]);
	size_t runs = 0;

	for (size_t n = 0; n < good.n; n++, runs++)
		play_wrong(p, s, t, r, step, bytes_of(good.p, n));
	/* Data cut, status word whole. */
	for (size_t n = 0; n + 2 < good.n; n++, runs++) {
		memcpy(long_answer, good.p, n);
		memcpy(long_answer + n, "\x90\x00", 2);
		play_wrong(p, s, t, r, step, bytes_of(long_answer, n + 2));
	}
	for (size_t more = 1; more <= 65536; more = more == 1 ? 2 : more == 2 ? 65536 : 65537, runs++) {
		memcpy(long_answer, good.p, good.n - 2);
		memset(long_answer + good.n - 2, 0, more);
		memcpy(long_answer + good.n - 2 + more, "\x90\x00", 2);
		play_wrong(p, s, t, r, step, bytes_of(long_answer, good.n + more));
	}
	for (size_t i = 0; i < judged_bytes(p, step, good); i++) {
		if (i >= 8 && i + 12 < good.n)
			continue;
		for (unsigned bit = 0; bit < 8; bit++, runs++) {
			memcpy(long_answer, good.p, good.n);
			long_answer[i] ^= (uint8_t)(1u << bit);
			play_wrong(p, s, t, r, step, bytes_of(long_answer, good.n));
		}
	}
	return runs;
}

/*
 * Answers without data may be longer by nothing that matters: MSE and PSO carry no data, and what a chip adds there is not
 * read. Only under secure messaging is it covered, and then it is refused.
 */
static bool extra_is_ignored(const struct protocol *p, const struct tape *t, size_t step)
{
	return p->run == run_pace && t->answers[step].n == 2;
}

/*
 * GP-D 6.2.2: diversification data and key information are under no cryptogram (personalize_test compares them); EXTERNAL
 * AUTHENTICATE answers without data, and what a chip adds there is not read.
 */
static bool is_not_covered(const struct protocol *p, size_t step)
{
	return p->run == run_scp03 && step < 2;
}

static void damaged_answers_end_every_protocol(void **state)
{
	struct terminal_made authority;
	const struct terminal_made_options o = { .curve = EC_P256,
						 .alg = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 },
						 .rights = 3 };
	size_t runs = 0, answers = 0;

	(void)state;
	terminal_made_init(&authority, &o);
	for (size_t i = 0; i < PROTOCOLS; i++) {
		struct setup s;
		struct tape t;
		struct reader *r = NULL;

		setup_init(&s, &protocols[i], &authority);
		record(&protocols[i], &s, &t, &r);
		for (size_t step = 0; step < t.count; step++, answers++) {
			if (!extra_is_ignored(&protocols[i], &t, step) && !is_not_covered(&protocols[i], step))
				runs += damage_step(&protocols[i], &s, &t, r, step);
		}
		reader_free(&r);
		tape_done(&t);
		setup_done(&s);
	}
	terminal_made_done(&authority);
	print_message("# count: %zu damaged answers over %zu protocols, %zu exchanges: none accepted\n", runs, PROTOCOLS,
		      answers);
}

/* ---- every status word at every command */
/* BSI TR-03110-3 B.1: MSE:Set AT of PACE may warn of used-up tries. */
static bool may_go_on(const struct protocol *p, size_t step, unsigned sw)
{
	return sw == 0x9000 || (p->run == run_pace && step == 0 && (sw & 0xFFF0) == 0x63C0);
}

struct words {
	const struct protocol *p;
	size_t step;
	unsigned stride;
};

static bool is_wanted(const void *ctx, unsigned sw)
{
	const struct words *w = ctx;
	unsigned sw1 = sw >> 8;
	/* Those that a reader acts upon are never left out. */
	bool special = sw1 == 0x61 || sw1 == 0x63 || sw1 == 0x69 || sw1 == 0x6A || sw1 == 0x6C || sw1 == 0x90;

	return !may_go_on(w->p, w->step, sw) && (sw % w->stride == 0 || special);
}

static size_t words_by_replay(struct words *w, struct setup *s, struct tape *t, struct reader *r)
{
	size_t runs = 0;

	for (unsigned sw = 0; sw <= 0xFFFF; sw++) {
		const uint8_t answer[2] = { (uint8_t)(sw >> 8), (uint8_t)sw };

		if (!is_wanted(w, sw))
			continue;
		play_wrong(w->p, s, t, r, w->step, bytes_of(answer, sizeof answer));
		runs++;
	}
	return runs;
}

static size_t words_by_fork(struct words *w, struct setup *s, struct tape *t, struct reader *r)
{
	struct fork_sweep sweep = { .wanted = is_wanted, .ctx = w };
	bool trusted = false;
	cc_status st;

	t->next = 0;
	t->wrong_at = w->step;
	t->sweep = &sweep;
	(void)fflush(NULL);
	st = run_on(w->p, s, r, &trusted, NULL);
	if (sweep.in_child)
		_exit(!cc_failed(st) || trusted ? 1 : 0);
	t->wrong_at = TAPE_MAX;
	if (!cc_failed(st) || trusted || sweep.taken > 0)
		fail_msg("%s, step %zu: %zu status words are taken", w->p->name, w->step, sweep.taken);
	return sweep.runs;
}

/* What a replay up to the step costs; above a fork's price the process is copied there instead. */
#define FORK_PRICE_NS 200000

static bool replay_is_dear(const struct words *w, struct setup *s, struct tape *t, struct reader *r)
{
	struct timespec from, to;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (unsigned i = 0; i < 3; i++)
		play_wrong(w->p, s, t, r, w->step, BYTES_LITERAL("\x6F\x00"));
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	return (to.tv_sec - from.tv_sec) * 1000000000L + to.tv_nsec - from.tv_nsec > 3L * FORK_PRICE_NS;
}

static size_t all_status_words(const struct protocol *p, struct setup *s, struct tape *t, struct reader *r, size_t step,
			       unsigned stride)
{
	struct words w = { p, step, stride };

	return replay_is_dear(&w, s, t, r) ? words_by_fork(&w, s, t, r) : words_by_replay(&w, s, t, r);
}

static void status_words_end_every_protocol(void **state)
{
	struct terminal_made authority;
	const struct terminal_made_options o = { .curve = EC_P256,
						 .alg = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 },
						 .rights = 3 };
	const char *all = getenv("CCCD_ALL_STATUS_WORDS");
	size_t runs = 0, commands = 0;

	(void)state;
	terminal_made_init(&authority, &o);
	for (size_t i = 0; i < PROTOCOLS; i++) {
		struct setup s;
		struct tape t;
		struct reader *r = NULL;

		setup_init(&s, &protocols[i], &authority);
		record(&protocols[i], &s, &t, &r);
		for (size_t step = 0; step < t.count; step++) {
			bool after_bac =
				protocols[i].run != run_pace && protocols[i].run != run_bac && protocols[i].run != run_scp03;

			/* BAC's own two commands were looked at; whole where a run costs no key agreement. */
			if (after_bac && step < 2)
				continue;
			runs += all_status_words(&protocols[i], &s, &t, r, step, all != NULL || step < 2 ? 1 : 61);
			commands++;
		}
		reader_free(&r);
		tape_done(&t);
		setup_done(&s);
	}
	terminal_made_done(&authority);
	print_message("# count: %zu status words over %zu commands of %zu protocols: none accepted\n", runs, commands, PROTOCOLS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_answers_end_every_protocol),
		cmocka_unit_test(status_words_end_every_protocol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
