/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "card/softchip/chip.h"
#include "tests/support/books_fixture.h"
#include "tests/support/issue_station.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/*
 * Chips that answer 9000 and did something else, made by changing a chip's
 * memory behind its back between two steps; and two readers at once. No such
 * card is ever issued (I3, I10), and the books hold.
 */
/* ---- what a chip may do behind its answers */

static struct buf factory_keys;

static struct chip_file *file_by_id(struct issue_chip *c, uint16_t id)
{
	const struct chip_file *f = chip_memory_file(&c->chip->memory, id);

	for (size_t i = 0; i < CHIP_FILE_COUNT; i++) {
		if (&c->chip->memory.file[i] == f)
			return &c->chip->memory.file[i];
	}
	fail_msg("no file %04X", id);
	return NULL;
}

static struct chip_file *file_of(struct issue_chip *c, unsigned dg)
{
	return file_by_id(c, CHIP_FILE_DG(dg));
}

static void change_dg2(struct issue_chip *c)
{
	struct chip_file *f = file_of(c, 2);

	f->body.p[f->filled / 2] ^= 0x01;
}

static void change_dg13(struct issue_chip *c)
{
	struct chip_file *f = file_of(c, 13);

	f->body.p[f->filled - 1] ^= 0x01;
}

static void lose_dg14(struct issue_chip *c)
{
	struct chip_file *f = file_of(c, 14);

	f->size = f->filled = 0;
}

static void lose_card_security(struct issue_chip *c)
{
	struct chip_file *f = file_by_id(c, CHIP_FILE_CARD_SECURITY);

	f->size = f->filled = 0;
}

/* In the signature, which is the last of it. */
static void change_card_security(struct issue_chip *c)
{
	struct chip_file *f = file_by_id(c, CHIP_FILE_CARD_SECURITY);

	f->body.p[f->filled - 1] ^= 0x01;
}

static void other_key(struct issue_chip *c, enum chip_field which)
{
	struct bytes old = chip_memory_field(&c->chip->memory, which);
	struct buf key = { 0 };

	assert_int_equal(buf_copy(&key, old).code, CC_OK);
	key.p[key.n - 1] ^= 0x01;
	assert_int_equal(chip_memory_set(&c->chip->memory, which, buf_view(&key)).code, CC_OK);
	buf_done(&key);
}

static void change_aa_key(struct issue_chip *c)
{
	other_key(c, CHIP_FIELD_AA_KEY);
}

static void change_ca_key(struct issue_chip *c)
{
	other_key(c, CHIP_FIELD_CA_KEY);
}

static void keep_factory_keys(struct issue_chip *c)
{
	assert_int_equal(chip_memory_set(&c->chip->memory, CHIP_FIELD_KEYS, buf_view(&factory_keys)).code, CC_OK);
}

static void stay_open(struct issue_chip *c)
{
	assert_int_equal(chip_memory_set_number(&c->chip->memory, CHIP_FIELD_APP_STATE, 0x07, 1).code, CC_OK);
}

/* EF.COM is not signed in LDS 1.7: only the comparison of bytes sees another Unicode version. */
static void change_com(struct issue_chip *c)
{
	struct chip_memory *m = &c->chip->memory;
	struct bytes old = buf_view(&chip_memory_file(m, CHIP_FILE_COM)->body);
	struct buf changed = { 0 };
	const char *at;

	assert_int_equal(buf_copy(&changed, old).code, CC_OK);
	at = memmem(changed.p, changed.n, "040000", 6);
	assert_non_null(at);
	changed.p[(const uint8_t *)at - changed.p + 5] = '1';
	assert_int_equal(chip_memory_file_new(m, CHIP_FILE_COM, changed.n).code, CC_OK);
	assert_int_equal(chip_memory_file_append(m, CHIP_FILE_COM, buf_view(&changed)).code, CC_OK);
	buf_done(&changed);
}

static void other_mrz(struct issue_chip *c)
{
	assert_int_equal(chip_memory_set(&c->chip->memory, CHIP_FIELD_MRZ, BYTES_LITERAL("000000001790021551002152")).code,
			 CC_OK);
}

struct lie {
	const char *name;
	enum job_event before; /* happens when this step begins */
	void (*tell)(struct issue_chip *c);
	const char *key;	/* of the error, or what its detail begins with when the blank is spoiled */
	enum stock_state state; /* of the blank afterwards */
};

static const struct lie lies[] = {
	{ "DG2 changed after the read-back", JOB_CLOSE, change_dg2, "issue.inspection", STOCK_SPOILED },
	{ "DG13 changed after sealing", JOB_PROVE, change_dg13, "issue.inspection", STOCK_SPOILED },
	{ "another AA key", JOB_PROVE, change_aa_key, "issue.inspection", STOCK_SPOILED },
	{ "another CA key", JOB_PROVE, change_ca_key, "issue.inspection", STOCK_SPOILED },
	{ "PUT KEY answered, not done", JOB_PROVE, keep_factory_keys, "perso.keys-live", STOCK_SPOILED },
	{ "DG14 lost", JOB_ISSUE, lose_dg14, "issue.", STOCK_SPOILED },
	{ "the application never closed", JOB_ISSUE, stay_open, "card.refused", STOCK_SPOILED },
	{ "EF.COM, which is not signed, changed", JOB_PROVE, change_com, "issue.", STOCK_SPOILED },
	{ "another MRZ behind BAC and PACE", JOB_ISSUE, other_mrz, "issue.not-shown", STOCK_IN_MACHINE },
};

/* Of a chip with Chip Authentication Mapping. */
static const struct lie mapping_lies[] = {
	{ "EF.CardSecurity lost", JOB_PROVE, lose_card_security, "issue.differs", STOCK_SPOILED },
	{ "EF.CardSecurity changed after sealing", JOB_PROVE, change_card_security, "issue.inspection", STOCK_SPOILED },
	{ "EF.CardSecurity changed after the read-back", JOB_CLOSE, change_card_security, "issue.inspection", STOCK_SPOILED },
	{ "another key behind the mapping", JOB_PROVE, change_ca_key, "issue.inspection", STOCK_SPOILED },
};

struct telling {
	const struct lie *lie;
	struct issue_chip *chip;
	bool told;
};

static void tell_lie(void *ctx, enum job_event event, bool done)
{
	struct telling *t = ctx;

	if (!done && event == t->lie->before && !t->told) {
		t->told = true;
		t->lie->tell(t->chip);
	}
}

static void check_lie(const struct lie *lie, uint32_t number)
{
	struct issue_chip c = { 0 };
	struct telling t = { lie, &c, false };
	const struct worker_request request = { .number = ISSUE_ANNA, .progress = tell_lie, .ctx = &t };
	struct worker_report r = { 0 };
	char serial[17];
	enum stock_state s;
	cc_status st;

	issue_chip_blank(&station, &c, number, true);
	assert_int_equal(buf_copy(&factory_keys, chip_memory_field(&c.chip->memory, CHIP_FIELD_KEYS)).code, CC_OK);
	st = issue_run(&station, &c, &request, &r);
	assert_true(t.told);
	assert_true(cc_failed(st));
	assert_int_not_equal(r.state, JOB_ISSUED);
	(void)snprintf(serial, sizeof serial, "6183%08X0001", number);
	assert_int_equal(ledger_blank(station.issuer.books, serial, &s, NULL, &station.err).code, CC_OK);
	print_message("# %s: %s: %s\n", lie->name, stock_state_name(s), station.err.detail);
	assert_int_not_equal(s, STOCK_ISSUED);
	assert_int_equal(s, lie->state);
	if (s == STOCK_SPOILED)
		assert_int_equal(strncmp(r.spoil_reason, lie->key, strlen(lie->key)), 0);
	else
		assert_int_equal(strncmp(station.err.key, lie->key, strlen(lie->key)), 0);
	books_fixture_check(station.issuer.books);
	worker_report_done(&r);
	issue_chip_done(&c);
	buf_done(&factory_keys);
}

static void check_lies(const struct lie *list, unsigned count, uint32_t number)
{
	for (unsigned i = 0; i < count; i++) {
		check_lie(&list[i], number + i);
		issue_fixture_close(&station);
		issue_fixture_fresh(&station);
		issue_fixture_open(&station, NULL);
	}
	print_message("# count: %u lies of a chip, none issued\n", count);
}

static void no_lying_chip_is_issued(void **state)
{
	(void)state;
	check_lies(lies, sizeof lies / sizeof lies[0], 500);
}

static void no_chip_that_lies_about_the_mapping_is_issued(void **state)
{
	(void)state;
	issue_fixture_close(&station);
	issue_fixture_settings(&station, "{" ISSUE_SETTINGS ", \"chip.pace\": \"ecdh-gm/aes128/13,ecdh-cam/aes128/13\"}");
	issue_fixture_open(&station, NULL);
	check_lies(mapping_lies, sizeof mapping_lies / sizeof mapping_lies[0], 550);
	issue_fixture_settings(&station, "{" ISSUE_SETTINGS "}");
}

/* What can't be opened stays this person's, neither issued nor destroyed, until somebody declares it spoiled. */
static void a_card_that_cannot_be_opened_waits_for_a_decision(void **state)
{
	struct issue_chip c = { 0 }, fresh = { 0 };
	const struct lie *lie = &lies[sizeof lies / sizeof lies[0] - 1];
	struct telling t = { lie, &c, false };
	const struct worker_request first = { .number = ISSUE_ANNA, .progress = tell_lie, .ctx = &t };
	const struct worker_request again = { .number = ISSUE_ANNA }, spoil = { .number = ISSUE_ANNA, .spoil = true };
	struct worker_report r = { 0 };

	(void)state;
	issue_chip_blank(&station, &c, 600, true);
	issue_chip_blank(&station, &fresh, 601, true);
	assert_true(cc_failed(issue_run(&station, &c, &first, &r)));
	worker_report_done(&r);
	assert_true(cc_failed(issue_run(&station, &c, &again, &r)));
	assert_string_equal(station.err.key, "issue.not-shown");
	worker_report_done(&r);
	assert_int_equal(issue_run(&station, &fresh, &spoil, &r).code, CC_OK);
	assert_int_equal(r.state, JOB_ISSUED);
	worker_report_done(&r);
	issue_chip_done(&c);
	issue_chip_done(&fresh);
}

/* Torn while it was written, and back with another key under the same serial: a clone, or a chip that lost its mind. */
static void a_torn_chip_with_another_key_is_spoiled(void **state)
{
	const struct worker_request request = { .number = ISSUE_ANNA };

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		struct issue_chip c = { 0 };
		struct worker_report r = { 0 };

		issue_chip_blank(&station, &c, 650 + i, true);
		softchip_tear_after(c.chip, 9, SOFTCHIP_TEAR_BEFORE); /* behind the keys, before the files */
		assert_int_equal(issue_run(&station, &c, &request, &r).code, CC_E_DEVICE);
		assert_int_equal(r.state, JOB_SIGNED);
		worker_report_done(&r);
		other_key(&c, i == 0 ? CHIP_FIELD_AA_KEY : CHIP_FIELD_CA_KEY);
		assert_int_equal(issue_run(&station, &c, &request, &r).code, CC_E_VERIFY);
		assert_string_equal(station.err.key, "issue.spoiled");
		assert_int_equal(strncmp(r.spoil_reason, "issue.inconsistent", 18), 0);
		worker_report_done(&r);
		issue_chip_done(&c);
	}
}

static void close_early(struct issue_chip *c)
{
	assert_int_equal(chip_memory_set_number(&c->chip->memory, CHIP_FIELD_APP_STATE, 0x0F, 1).code, CC_OK);
}

static void secure_early(struct issue_chip *c)
{
	assert_int_equal(chip_memory_set_number(&c->chip->memory, CHIP_FIELD_CARD_STATE, 0x0F, 1).code, CC_OK);
}

/* Version, ENC, MAC, DEK: the cryptograms hang on MAC. */
static void foreign_keys(struct issue_chip *c)
{
	struct buf keys = { 0 };

	assert_int_equal(buf_copy(&keys, chip_memory_field(&c->chip->memory, CHIP_FIELD_KEYS)).code, CC_OK);
	keys.p[keys.n / 2] ^= 0x01;
	assert_int_equal(chip_memory_set(&c->chip->memory, CHIP_FIELD_KEYS, buf_view(&keys)).code, CC_OK);
	buf_done(&keys);
}

/* Where the chip stands elsewhere than the journal can explain, nothing is guessed: one APDU of a torn card each. */
static void journal_and_chip_that_contradict_end_the_blank(void **state)
{
	static const struct {
		uint64_t torn_at;
		enum job_state journal;
		void (*surgery)(struct issue_chip *c);
	} cases[] = {
		{ 9, JOB_SIGNED, close_early }, { 9, JOB_SIGNED, secure_early },  { 9, JOB_SIGNED, foreign_keys },
		{ 19, JOB_CLOSED, stay_open },	{ 19, JOB_CLOSED, foreign_keys }, { 20, JOB_SECURED, stay_open },
	};
	const struct worker_request request = { .number = ISSUE_ANNA };

	(void)state;
	for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct issue_chip c = { 0 };
		struct worker_report r = { 0 };

		issue_chip_blank(&station, &c, 660 + i, true);
		softchip_tear_after(c.chip, cases[i].torn_at, SOFTCHIP_TEAR_BEFORE);
		assert_int_equal(issue_run(&station, &c, &request, &r).code, CC_E_DEVICE);
		assert_int_equal(r.state, cases[i].journal);
		worker_report_done(&r);
		cases[i].surgery(&c);
		assert_int_equal(issue_run(&station, &c, &request, &r).code, CC_E_VERIFY);
		assert_string_equal(station.err.key, "issue.spoiled");
		assert_int_equal(strncmp(r.spoil_reason, "issue.inconsistent", 18), 0);
		worker_report_done(&r);
		issue_chip_done(&c);
	}
}

/* ---- two readers, one applicant */

struct contender {
	struct issue_chip chip;
	pthread_t thread;
	pthread_barrier_t *start;
	const char *number;
	cc_status st;
	enum job_state state;
	struct cc_error err;
};

static void *contend(void *ctx)
{
	struct contender *c = ctx;
	const struct worker_request request = { .number = c->number };
	struct worker_report r = { 0 };

	cc_error_init(&c->err);
	(void)pthread_barrier_wait(c->start);
	c->st = worker_issue(&station.issuer, issue_reader(&c->chip), &request, &r, &c->err);
	c->state = r.state;
	worker_report_done(&r);
	return NULL;
}

static void race(struct contender *c, size_t count)
{
	pthread_barrier_t start;

	assert_int_equal(pthread_barrier_init(&start, NULL, (unsigned)count), 0);
	for (size_t i = 0; i < count; i++) {
		c[i].start = &start;
		assert_int_equal(pthread_create(&c[i].thread, NULL, contend, &c[i]), 0);
	}
	for (size_t i = 0; i < count; i++)
		assert_int_equal(pthread_join(c[i].thread, NULL), 0);
	(void)pthread_barrier_destroy(&start);
}

static void two_readers_one_applicant_has_one_winner(void **state)
{
	(void)state;
	for (uint32_t round = 0; round < 8; round++) {
		struct contender c[2] = { { .number = ISSUE_ANNA }, { .number = ISSUE_ANNA } };

		issue_chip_blank(&station, &c[0].chip, 700 + 2 * round, true);
		issue_chip_blank(&station, &c[1].chip, 701 + 2 * round, true);
		race(c, 2);
		assert_int_equal((c[0].state == JOB_ISSUED) + (c[1].state == JOB_ISSUED), 1);
		for (int i = 0; i < 2; i++) {
			bool refused = c[i].err.key && (strcmp(c[i].err.key, "issue.other-chip") == 0 ||
							strcmp(c[i].err.key, "issue.job-busy") == 0 ||
							strcmp(c[i].err.key, "issue.card-active") == 0);

			assert_true(c[i].state == JOB_ISSUED ? !cc_failed(c[i].st) : refused);
			issue_chip_done(&c[i].chip);
		}
		books_fixture_check(station.issuer.books);
		issue_fixture_close(&station);
		issue_fixture_fresh(&station);
		issue_fixture_open(&station, NULL);
	}
}

static void two_readers_two_applicants_both_win(void **state)
{
	struct contender c[2] = { { .number = ISSUE_ANNA }, { .number = ISSUE_BINH } };

	(void)state;
	issue_chip_blank(&station, &c[0].chip, 800, true);
	issue_chip_blank(&station, &c[1].chip, 801, false);
	race(c, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(c[i].st.code, CC_OK);
		assert_int_equal(c[i].state, JOB_ISSUED);
		issue_chip_done(&c[i].chip);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, issue_station_fresh, issue_station_checked)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(no_lying_chip_is_issued),
		CASE(no_chip_that_lies_about_the_mapping_is_issued),
		CASE(a_card_that_cannot_be_opened_waits_for_a_decision),
		CASE(a_torn_chip_with_another_key_is_spoiled),
		CASE(journal_and_chip_that_contradict_end_the_blank),
		CASE(two_readers_one_applicant_has_one_winner),
		CASE(two_readers_two_applicants_both_win),
	};

	return cmocka_run_group_tests(tests, issue_station, issue_station_done);
}
