/* SPDX-License-Identifier: Apache-2.0 */
#include "station/demo.h"

#include "card/inspect/inspect.h"
#include "crypto/base/secret.h"
#include "station/card_inspect_html.h"
#include "station/issue/report.h"
#include "station/issue/worker.h"
#include "station/lab/lab.h"
#include "station/message.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEOPLE_MAX 512
#define NAME_COLUMNS 46
#define READERS_MAX 16
/* pcscd notices a new card within 400 ms; a blank that isn't there after this is not coming. */
#define CARD_WAIT_MS 10000
#define CARD_POLL_MS 50

struct row {
	char number[PERSON_NUMBER_SIZE];
	char name[PERSON_NAME_SIZE];
	char chip[JOB_SERIAL_SIZE];
	unsigned reader;
	struct report_sums sums;
	const char *verdict;	/* of issuing */
	const char *inspection; /* of the second reading, by CAN */
	bool good;
	struct cc_error err;
};

struct stage {
	const struct config *config;
	struct issuer issuer;
	struct row *rows;
	size_t count;
	size_t next, done; /* under lock */
	pthread_mutex_t lock;
	int64_t start_ms;
};

struct bench {
	struct stage *stage;
	char reader[128];
	unsigned number;
	pthread_t thread;
};

static bool vietnamese(const struct stage *s)
{
	return s->config->lang == LANG_VI;
}

/* ---- one card */

static void field_error(struct row *row, const struct cc_error *err)
{
	row->err = *err;
	row->good = false;
}

static bool is_absent(const struct cc_error *err)
{
	return err->key && (strcmp(err->key, "card.absent") == 0 || strcmp(err->key, "card.removed") == 0);
}

/* Waits for pcscd to see the blank; nothing is sent to a card before. */
static cc_status connect_soon(const struct stage *s, const char *name, struct reader **ret, struct cc_error *err)
{
	int64_t until = sys_mono_ms(s->config->sys) + CARD_WAIT_MS;
	cc_status st;

	for (;;) {
		cc_error_init(err);
		if (!cc_failed(st = reader_pcsc_open(name, ret, err))) {
			if (!cc_failed(st = reader_connect(*ret)))
				return st;
			*err = (*ret)->err;
			reader_free(ret);
		}
		if (!is_absent(err) || sys_mono_ms(s->config->sys) > until)
			return st;
		s->config->sys->sleep_ms(s->config->sys->ctx, CARD_POLL_MS);
	}
}

static void write_card_report(const struct stage *s, const struct row *row, const struct worker_report *report,
			      const struct cc_error *err)
{
	char name[64], path[PATH_MAX];
	FILE *out;

	(void)snprintf(name, sizeof name, "cards/%s.json", row->number);
	config_path(s->config, name, path);
	if (!(out = fopen(path, "we")))
		return;
	if (!report_json(out, report, err, false))
		(void)fprintf(stderr, "%s\n", path);
	(void)fclose(out);
}

/* The page a QA officer would read. */
static void write_card_page(const struct stage *s, const struct row *row, const struct inspection *i)
{
	struct image_worker *images = NULL;
	char name[64], path[PATH_MAX];
	struct cc_error err;

	cc_error_init(&err);
	(void)snprintf(name, sizeof name, "cards/%s.html", row->number);
	config_path(s->config, name, path);
	if (cc_failed(image_worker_open(s->config, &images, &err)) ||
	    cc_failed(card_inspect_html(path, i, images, sys_wall_ms(s->config->sys), s->config->lang, &err)))
		(void)fprintf(stderr, "%s\n", err.detail);
	image_worker_free(&images);
}

static const char *inspection_text(enum inspect_verdict v, enum lang lang)
{
	switch (v) {
	case INSPECT_GOOD:
		return lang == LANG_VI ? "đạt" : "passed";
	case INSPECT_BAD:
		return lang == LANG_VI ? "KHÔNG ĐẠT" : "FAILED";
	case INSPECT_UNDECIDED:
		break;
	}
	return lang == LANG_VI ? "CHƯA XÁC ĐỊNH" : "INCONCLUSIVE";
}

static bool issue(const struct stage *s, struct bench *b, struct row *row)
{
	const struct worker_request request = { .number = row->number };
	struct worker_report *report = cc_alloc(sizeof *report);
	struct reader *reader = NULL;
	struct cc_error err;
	cc_status st;

	if (!report)
		return false;
	if (!cc_failed(st = connect_soon(s, b->reader, &reader, &err))) {
		reader_disconnect(reader);
		cc_error_init(&err);
		st = worker_issue(&s->issuer, reader, &request, report, &err);
	}
	(void)snprintf(row->chip, sizeof row->chip, "%s", report->serial);
	row->sums = report_sums(report);
	row->verdict = report_verdict(report, &err, false);
	write_card_report(s, row, report, &err);
	if (cc_failed(st))
		field_error(row, &err);
	worker_report_done(report);
	cc_free(report, sizeof *report);
	return !cc_failed(st);
}

/* Once more from outside, as a reader that knows nothing but the number: PACE by CAN, everything read, dumped and judged. */
static cc_status read_in_field(const struct stage *s, struct bench *b, struct row *row, struct inspection *i,
			       struct cc_error *err)
{
	struct inspect_keys keys = { 0 };
	const struct inspect_params params = {
		.keys = &keys,
		.trust = s->issuer.trust,
		.now_s = sys_wall_ms(s->config->sys) / 1000,
		.sys = s->config->sys,
	};
	struct reader *reader = NULL;
	struct channel ch;
	char name[64], path[PATH_MAX];
	cc_status st;

	if (cc_failed(st = inspect_keys_from_number(row->number, NULL, NULL, &keys)) ||
	    cc_failed(st = connect_soon(s, b->reader, &reader, err)))
		return st;
	channel_init(&ch, reader);
	if (cc_failed(st = inspect_card(&ch, &params, i)))
		*err = i->err.key ? i->err : ch.err;
	channel_done(&ch);
	reader_free(&reader);
	inspect_keys_done(&keys);
	if (cc_failed(st))
		return st;
	(void)snprintf(name, sizeof name, "dumps/%s", row->number);
	config_path(s->config, name, path);
	return lds_set_save(&i->files, path, err);
}

static void inspect(const struct stage *s, struct bench *b, struct row *row)
{
	struct inspection *i = cc_alloc(sizeof *i);
	struct cc_error err;
	cc_status st;

	if (!i)
		return;
	cc_error_init(&err);
	if (cc_failed(st = read_in_field(s, b, row, i, &err))) {
		field_error(row, &err);
	} else {
		row->inspection = inspection_text(i->verdict, s->config->lang);
		row->good = i->verdict == INSPECT_GOOD;
		write_card_page(s, row, i);
	}
	inspection_done(i);
	cc_free(i, sizeof *i);
}

/* ---- one thread for each reader */

static struct row *take_row(struct stage *s)
{
	struct row *row = NULL;

	CC_ASSERT(pthread_mutex_lock(&s->lock) == 0);
	if (s->next < s->count)
		row = &s->rows[s->next++];
	CC_ASSERT(pthread_mutex_unlock(&s->lock) == 0);
	return row;
}

static void tell_done(struct stage *s, const struct row *row)
{
	CC_ASSERT(pthread_mutex_lock(&s->lock) == 0);
	s->done++;
	(void)fprintf(stderr, "%zu/%zu  %s  %s  %s%s%s\n", s->done, s->count, row->number, row->chip[0] ? row->chip : "-",
		      report_verdict_text(row->verdict, s->config->lang), row->err.key ? "  " : "",
		      row->err.key ? row->err.key : "");
	CC_ASSERT(pthread_mutex_unlock(&s->lock) == 0);
}

static void *run_bench(void *ctx)
{
	struct bench *b = ctx;
	struct row *row;
	char answer[128];
	bool first = true;

	while ((row = take_row(b->stage))) {
		cc_status st = cc_ok();

		row->reader = b->number;
		/* The finished card leaves, a fresh blank comes. */
		if (!first)
			st = slot_request(b->reader, "new", answer, sizeof answer, &row->err);
		first = false;
		if (!cc_failed(st) && issue(b->stage, b, row))
			inspect(b->stage, b, row);
		tell_done(b->stage, row);
	}
	return NULL;
}

static cc_status find_readers(struct stage *s, struct bench *benches, size_t *ret_count, struct cc_error *err)
{
	struct reader_info infos[READERS_MAX];
	size_t n = 0, count = 0;
	cc_status st = reader_pcsc_list(infos, READERS_MAX, &n, err);

	for (size_t i = 0; !cc_failed(st) && i < n && i < READERS_MAX; i++) {
		unsigned number = lab_reader_number(infos[i].name);

		if (number == 0)
			continue;
		benches[count].stage = s;
		benches[count].number = number;
		memcpy(benches[count].reader, infos[i].name, sizeof benches[count].reader);
		count++;
	}
	if (!cc_failed(st) && count == 0)
		st = cc_fail(err, CC_E_DEVICE, "reader.none", "no reader of a lab");
	*ret_count = count;
	return st;
}

static cc_status run_benches(struct stage *s, struct cc_error *err)
{
	struct bench benches[READERS_MAX];
	size_t count = 0, started = 0;
	cc_status st = find_readers(s, benches, &count, err);

	while (!cc_failed(st) && started < count) {
		if (pthread_create(&benches[started].thread, NULL, run_bench, &benches[started]) != 0)
			st = cc_fail(err, CC_E_MEMORY, "memory", "thread");
		else
			started++;
	}
	for (size_t i = 0; i < started; i++)
		(void)pthread_join(benches[i].thread, NULL);
	return st;
}

/* ---- the table */

/* Columns that a terminal shows: code points of UTF-8 (names are NFC). */
static int columns(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

/* printf counts bytes, and Vietnamese letters have up to three. */
static void print_padded(FILE *out, const char *text, int width)
{
	(void)fprintf(out, "%s%*s", text, width - columns(text), "");
}

static void print_row(FILE *out, const struct stage *s, const struct row *r)
{
	(void)fprintf(out, "%s  ", r->number);
	print_padded(out, r->name, NAME_COLUMNS);
	(void)fprintf(out, "  %-16s  %6u  %5llu  %7llu  %6.2f  %7.3f  %s", r->chip[0] ? r->chip : "-", r->reader,
		      (unsigned long long)r->sums.spent.apdus, (unsigned long long)r->sums.spent.bytes, (double)r->sums.ms / 1000,
		      (double)figures_permille(r->sums.spent.apdus, r->sums.least.apdus) / 1000,
		      report_verdict_text(r->verdict, s->config->lang));
	if (r->inspection)
		(void)fprintf(out, vietnamese(s) ? ", kiểm tra: %s" : ", inspection: %s", r->inspection);
	if (r->err.key)
		(void)fprintf(out, "  %s (%s)", message_text(message_find(r->err.key), s->config->lang), r->err.key);
	(void)fputc('\n', out);
}

static void print_sum(FILE *out, const struct stage *s, const struct stock_counts *stock)
{
	struct report_sums sum = { 0 };
	size_t good = 0;

	for (size_t i = 0; i < s->count; i++) {
		good += s->rows[i].good;
		sum.spent.apdus += s->rows[i].sums.spent.apdus;
		sum.spent.bytes += s->rows[i].sums.spent.bytes;
		sum.least.apdus += s->rows[i].sums.least.apdus;
		sum.least.bytes += s->rows[i].sums.least.bytes;
	}
	(void)fprintf(
		out,
		vietnamese(s)
			? "\n%zu/%zu thẻ đã cấp và qua kiểm tra, %.1f giây; %llu lệnh (%.3f lần tối thiểu), %llu byte (%.3f lần)\n"
			: "\n%zu of %zu cards issued and passed, %.1f seconds; %llu APDUs (%.3f of the least), %llu bytes (%.3f)\n",
		good, s->count, (double)(sys_mono_ms(s->config->sys) - s->start_ms) / 1000, (unsigned long long)sum.spent.apdus,
		(double)figures_permille(sum.spent.apdus, sum.least.apdus) / 1000, (unsigned long long)sum.spent.bytes,
		(double)figures_permille(sum.spent.bytes, sum.least.bytes) / 1000);
	(void)fprintf(out,
		      vietnamese(s) ? "Phôi: nhận %lld = kho %lld + trong máy %lld + đã cấp %lld + hỏng %lld\n"
				    : "Blanks: received %lld = in stock %lld + in machine %lld + issued %lld + spoiled %lld\n",
		      (long long)stock->received, (long long)stock->by_state[STOCK_IN_STOCK],
		      (long long)stock->by_state[STOCK_IN_MACHINE], (long long)stock->by_state[STOCK_ISSUED],
		      (long long)stock->by_state[STOCK_SPOILED]);
	(void)fprintf(out,
		      vietnamese(s) ? "Tệp đọc từ thẻ: %s/dumps, báo cáo: %s/report.txt, %s/cards\n"
				    : "Files read from the cards: %s/dumps, reports: %s/report.txt, %s/cards\n",
		      s->config->home, s->config->home, s->config->home);
}

static void print_table(FILE *out, const struct stage *s, const struct stock_counts *stock)
{
	print_padded(out, vietnamese(s) ? "số" : "number", 14);
	print_padded(out, vietnamese(s) ? "họ tên" : "name", NAME_COLUMNS);
	(void)fprintf(out, vietnamese(s) ? "  chíp               đầu đọc  lệnh     byte    giây  × ít nhất  kết quả\n"
					 : "  chip              reader  APDUs    bytes seconds  × least  verdict\n");
	for (size_t i = 0; i < s->count; i++)
		print_row(out, s, &s->rows[i]);
	print_sum(out, s, stock);
}

static cc_status tell_all(struct stage *s, bool *ret_good, struct cc_error *err)
{
	struct stock_counts stock;
	char path[PATH_MAX];
	FILE *out;
	cc_status st = stock_count(s->issuer.books, &stock, err);

	if (cc_failed(st))
		return st;
	*ret_good = s->count > 0;
	for (size_t i = 0; i < s->count; i++)
		*ret_good = *ret_good && s->rows[i].good;
	print_table(stdout, s, &stock);
	config_path(s->config, "report.txt", path);
	if (!(out = fopen(path, "we")))
		return cc_fail(err, CC_E_IO, "file.io", "%s", path);
	print_table(out, s, &stock);
	return fclose(out) == 0 ? st : cc_fail(err, CC_E_IO, "file.io", "%s", path);
}

/* ---- the stage */

static bool add_row(void *ctx, const struct person *p, bool has_photo)
{
	struct stage *s = ctx;
	struct row *row = &s->rows[s->count];

	(void)has_photo;
	(void)snprintf(row->number, sizeof row->number, "%s", p->number);
	(void)snprintf(row->name, sizeof row->name, "%s", p->full_name);
	row->verdict = "not-started";
	cc_error_init(&row->err);
	return ++s->count < PEOPLE_MAX;
}

static cc_status run_stage(struct stage *s, struct store *store, struct keystore *ks, bool *ret_good, struct cc_error *err)
{
	cc_status st = issuer_open(s->config, store, ks, NULL, &s->issuer, err);

	if (cc_failed(st))
		return st;
	if (!cc_failed(st = registry_walk(s->issuer.registry, add_row, s, err)) && !cc_failed(st = run_benches(s, err)))
		st = tell_all(s, ret_good, err);
	issuer_close(&s->issuer);
	return st;
}

cc_status demo_stage(const struct config *c, bool *ret_good, struct cc_error *err)
{
	struct stage s = { .config = c, .start_ms = sys_mono_ms(c->sys) };
	struct store *store = NULL;
	struct keystore *ks = NULL;
	cc_status st;

	s.rows = cc_alloc(PEOPLE_MAX * sizeof *s.rows);
	if (!s.rows)
		return cc_fail(err, CC_E_MEMORY, "memory", "demo");
	(void)pthread_mutex_init(&s.lock, NULL);
	if (!cc_failed(st = config_open_keystore(c, &ks, err)) && !cc_failed(st = config_open_store(c, &store, err)))
		st = run_stage(&s, store, ks, ret_good, err);
	store_close(&store);
	keystore_close(&ks);
	(void)pthread_mutex_destroy(&s.lock);
	cc_free(s.rows, PEOPLE_MAX * sizeof *s.rows);
	return st;
}
