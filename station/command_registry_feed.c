/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "crypto/base/secret.h"
#include "station/registry/outbox_http.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define SCHEMA 1
#define TIMEOUT_MS 30000
#define PAUSE_MS 2000
#define STEP_EVENTS 1000
#define TOKEN_FILE_MAX 2048

static volatile sig_atomic_t stop_asked;

static void ask_stop(int signal)
{
	(void)signal;
	stop_asked = 1;
}

struct feed {
	struct invocation *inv;
	struct keystore *ks;
	struct outbox_http *http;
	struct outbox_counts total;
	uint64_t waiting, refused;
	struct cc_error err;
};

static bool vi(const struct feed *f)
{
	return f->inv->config.lang == LANG_VI;
}

/* The token's first line, from a file: a command line is seen by everybody on the machine. */
static cc_status open_http(struct feed *f)
{
	const char *token_file = invocation_option(f->inv, "--token");
	struct outbox_http_params p = { .url = invocation_option(f->inv, "--url"),
					.ca_file = invocation_option(f->inv, "--ca"),
					.timeout_ms = TIMEOUT_MS };
	char token[TOKEN_FILE_MAX + 1] = "";
	struct buf file = { 0 };
	cc_status st = cc_ok();

	if (p.url == NULL)
		return cc_fail(&f->err, CC_E_ARG, "feed.url", "--url is needed");
	if (token_file != NULL)
		st = sys_read_file(token_file, TOKEN_FILE_MAX, &file, &f->err);
	if (!cc_failed(st) && token_file != NULL) {
		memcpy(token, file.p, file.n);
		token[strcspn(token, "\r\n")] = '\0';
		p.token = token;
	}
	if (!cc_failed(st))
		st = outbox_http_open(&p, &f->http, &f->err);
	cc_wipe(token, sizeof token);
	buf_done(&file);
	return st;
}

/* The store is held for one step alone: on SQLite it is one process's at a time. */
static cc_status step(struct feed *f, bool now)
{
	const struct outbox_sender sender = outbox_http_sender(f->http);
	struct outbox_counts c = { 0 };
	struct store *store = NULL;
	struct books *books = NULL;
	cc_status st = config_open_store(&f->inv->config, &store, &f->err);

	if (!cc_failed(st))
		st = books_open(store, f->ks, f->inv->config.sys, NULL, &books, &f->err);
	if (!cc_failed(st))
		st = outbox_run(books, &sender, STEP_EVENTS, now, &c, &f->err);
	if (!cc_failed(st))
		st = outbox_pending(books, &f->waiting, &f->refused, &f->err);
	f->total.accepted += c.accepted;
	f->total.refused += c.refused;
	f->total.failed += c.failed;
	f->total.wait_ms = c.wait_ms;
	if (c.failed > 0)
		memcpy(f->total.failure, c.failure, sizeof c.failure);
	books_close(&books);
	store_close(&store);
	return st;
}

static void tell(const struct feed *f)
{
	const struct outbox_counts *c = &f->total;

	if (f->inv->config.json) {
		json_t *root = json_pack("{s:i, s:I, s:I, s:I, s:I, s:I}", "schema", SCHEMA, "accepted", (json_int_t)c->accepted,
					 "refused", (json_int_t)f->refused, "failed", (json_int_t)c->failed, "waiting",
					 (json_int_t)f->waiting, "wait_ms", (json_int_t)c->wait_ms);

		(void)json_dumpf(root, stdout, JSON_INDENT(2));
		(void)putchar('\n');
		json_decref(root);
		return;
	}
	(void)printf(vi(f) ? "%llu đã nhận, %llu bị từ chối, %llu chưa gửi được, %llu còn chờ\n"
			   : "%llu accepted, %llu refused, %llu deliveries failed, %llu waiting\n",
		     (unsigned long long)c->accepted, (unsigned long long)f->refused, (unsigned long long)c->failed,
		     (unsigned long long)f->waiting);
	(void)fflush(stdout);
	if (c->failed > 0)
		(void)fprintf(
			stderr,
			vi(f) ? "  Lần gửi hỏng gần nhất: %s\n  Việc cần làm: kiểm tra mạng và địa chỉ --url; không mất gì, lần chạy sau gửi "
				"tiếp. Gửi ngay, không chờ: thêm --once --now.\n"
			      : "  The last failure: %s\n  Next: check the network and --url; nothing is lost, the next run goes on. At "
				"once: add --once --now.\n",
			c->failure[0] != '\0' ? c->failure : "-");
	else if (c->accepted == 0 && f->waiting > 0)
		(void)fprintf(stderr, "  %s\n",
			      vi(f) ? "Đang chờ tới lần gửi lại. Gửi ngay: thêm --once --now."
				    : "Waits for its next try. At once: add --once --now.");
}

/* Everything that is due, once. */
static cc_status run_once(struct feed *f)
{
	bool now = invocation_option(f->inv, "--now") != NULL;
	uint64_t before;
	cc_status st;

	do {
		before = f->total.accepted + f->total.refused;
		st = step(f, now);
	} while (!cc_failed(st) && f->total.failed == 0 && f->waiting > 0 && f->total.accepted + f->total.refused > before);
	return st;
}

/* Until it is told to stop. Another command that has the store goes first. */
static cc_status run_on(struct feed *f)
{
	const struct sys *sys = f->inv->config.sys;
	struct sigaction action = { .sa_handler = ask_stop };
	cc_status st = cc_ok();

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	while (!stop_asked && !cc_failed(st)) {
		uint64_t before = f->total.accepted + f->total.refused + f->total.failed;

		st = step(f, false);
		if (st.code == CC_E_BUSY) {
			cc_error_init(&f->err);
			st = cc_ok();
		}
		if (!cc_failed(st) && f->total.accepted + f->total.refused + f->total.failed > before)
			tell(f);
		if (!cc_failed(st) && !stop_asked)
			sys_sleep_ms(sys, PAUSE_MS);
	}
	return st;
}

static int run_feed(struct invocation *inv)
{
	struct feed f = { .inv = inv };
	bool once = invocation_option(inv, "--once") != NULL;
	int rc = EXIT_DONE;
	cc_status st;

	cc_error_init(&f.err);
	st = open_http(&f);
	if (!cc_failed(st))
		st = config_open_keystore(&inv->config, &f.ks, &f.err);
	if (!cc_failed(st))
		st = once ? run_once(&f) : run_on(&f);
	if (!cc_failed(st) && once)
		tell(&f);
	if (cc_failed(st))
		rc = invocation_fail(inv, &f.err);
	else if (f.refused > 0)
		rc = EXIT_CHECK_NO;
	else if (once && f.waiting > 0)
		rc = EXIT_FAILED;
	outbox_http_close(&f.http);
	keystore_close(&f.ks);
	return rc;
}

static const struct option_spec feed_options[] = {
	{ "--url", "URL", "where the national registry takes events: https, or http on this machine",
	  "địa chỉ nhận của cơ sở dữ liệu quốc gia: https, hoặc http trên máy này" },
	{ "--ca", "FILE", "certificates to trust for it (PEM; default: the system's)",
	  "chứng thư tin cậy cho địa chỉ đó (PEM; mặc định: của hệ thống)" },
	{ "--token", "FILE", "file whose first line is the access token", "tệp có dòng đầu là mã truy cập" },
	{ "--once", NULL, "deliver what is due and end", "gửi những gì đến hạn rồi kết thúc" },
	{ "--now", NULL, "with --once: do not wait after a failed delivery", "đi cùng --once: không chờ sau lần gửi hỏng" },
	{ 0 },
};

const struct command commands_registry_feed[] = {
	{ "registry", "feed", "", 0, 0, "tell the national registry what happened, in order, each event once",
	  "báo cho cơ sở dữ liệu quốc gia theo thứ tự, mỗi sự kiện một lần", feed_options, run_feed },
	{ 0 },
};
