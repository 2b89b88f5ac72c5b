/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "crypto/base/secret.h"
#include "station/card_evidence.h"
#include "station/card_inspect.h"
#include "station/card_lint.h"
#include "station/command_card_revoke.h"
#include "station/issue/report.h"
#include "station/issue/worker.h"
#include "station/issue/queue.h"
#include "station/registry/application.h"
#include "station/registry/number.h"

#include <stdio.h>
#include <unistd.h>

/* Longer than any card takes; a station that dies gives its applicant back after it. */
#define LEASE_MS (15 * 60 * 1000)

static const struct option_spec issue_options[] = {
	{ "--spoil", NULL, "declare this person's half-done blank spoiled, then use the one in the reader",
	  "khai hỏng phôi đang ghi dở của người này, rồi dùng phôi trong đầu đọc" },
	{ "--next", NULL, "the next application in the queue, instead of a number",
	  "hồ sơ tiếp theo trong hàng chờ, thay cho số định danh" },
	{ NULL, NULL, NULL, NULL },
};

/* ---- progress: one line a step on stderr; on a terminal the line is rewritten */

struct progress {
	enum lang lang;
	bool terminal;
};

static void show_progress(void *ctx, enum job_event event, bool done)
{
	const struct progress *p = ctx;

	if (p->terminal)
		(void)fprintf(stderr, done ? "\r\033[K✓ %s\n" : "\r\033[K… %s", report_event_text(event, p->lang));
	else if (!done)
		(void)fprintf(stderr, "%s\n", report_event_text(event, p->lang));
	(void)fflush(stderr);
}

/* ---- issue */

static cc_status issue_with(struct invocation *inv, const struct issuer *issuer, const char *number, struct worker_report *report,
			    struct cc_error *err)
{
	struct progress progress = { inv->config.lang, isatty(STDERR_FILENO) != 0 };
	const struct worker_request request = {
		.number = number,
		.spoil = invocation_option(inv, "--spoil") != NULL,
		.dry_run = inv->config.dry_run,
		.progress = show_progress,
		.ctx = &progress,
	};
	struct reader *reader = NULL;
	cc_status st;

	if (!cc_failed(st = reader_pcsc_open(inv->config.reader[0] ? inv->config.reader : NULL, &reader, err)))
		st = worker_issue(issuer, reader, &request, report, err);
	return st;
}

/* ---- the next application: claimed, issued, settled */

/*
 * Where an application goes after its card. A person who may have none, or one whose chip is half done, is held for an
 * officer; whom a reader, a disk or an empty slot failed waits again.
 */
static cc_status settle(const struct issuer *s, const struct queue_claim *claim, const char *number, bool dry_run, cc_status how,
			const struct cc_error *cause, struct cc_error *err)
{
	enum queue_state to = QUEUE_WAITING;
	struct job job;
	bool live = false;
	cc_status st = cc_ok();

	if (!cc_failed(how) && !dry_run)
		return st; /* the ledger settled it with the card */
	if (cc_failed(how)) {
		st = ledger_find_live(s->books, number, &job, &live, err);
		to = live || how.code == CC_E_HELD || how.code == CC_E_STATE || how.code == CC_E_VERIFY ||
				     how.code == CC_E_NOT_FOUND || how.code == CC_E_LIMIT
			     ? QUEUE_HELD
			     : QUEUE_WAITING;
	}
	if (cc_failed(st))
		return st;
	return queue_settle(s->books, claim, to, to == QUEUE_HELD ? cause->key : NULL, err);
}

static cc_status issue_claimed(struct invocation *inv, const struct issuer *s, struct queue_claim *claim,
			       struct worker_report *report, struct cc_error *err)
{
	struct application a = { 0 };
	struct buf form = { 0 };
	struct cc_error own;
	cc_status st = queue_form(s->books, claim, &form, err), settled;

	if (!cc_failed(st))
		st = application_of_form(buf_view(&form), &a, err);
	buf_done(&form);
	if (!cc_failed(st)) {
		(void)snprintf(report->number, sizeof report->number, "%s", a.number);
		st = issue_with(inv, s, a.number, report, err);
	}
	cc_error_init(&own);
	settled = settle(s, claim, a.number, inv->config.dry_run, st, err, &own);
	/* The card's own failure is told first; its application is found again by its lease. */
	if (cc_failed(settled) && !cc_failed(st))
		st = cc_fail(err, own.code, own.key, "%s", own.detail);
	cc_wipe(&a, sizeof a);
	return st;
}

static cc_status issue_next(struct invocation *inv, const struct issuer *s, struct worker_report *report, struct cc_error *err)
{
	char station[QUEUE_STATION_MAX + 1];
	struct queue_claim claim;
	size_t n = 0, waiting = 0, held = 0;
	cc_status st = config_setting(&inv->config, "station.name", station, sizeof station, err);

	if (!cc_failed(st))
		st = queue_expire(s->books, &waiting, &held, err);
	if (!cc_failed(st))
		st = queue_take(s->books, station, LEASE_MS, 1, &claim, &n, err);
	if (!cc_failed(st) && n == 0)
		st = cc_fail(err, CC_E_NOT_FOUND, "application.none-waiting", "the queue is empty");
	return cc_failed(st) ? st : issue_claimed(inv, s, &claim, report, err);
}

static cc_status issue(struct invocation *inv, struct worker_report *report, struct cc_error *err)
{
	const char *number = inv->argument_count > 0 ? inv->arguments[0] : NULL;
	bool next = invocation_option(inv, "--next") != NULL;
	struct store *store = NULL;
	struct keystore *ks = NULL;
	struct issuer issuer;
	cc_status st;

	if (next == (number != NULL))
		return cc_fail(err, CC_E_ARG, "issue.whom", next ? "--next and a number" : "neither a number nor --next");
	if (number != NULL && !number_is_well_formed(bytes_str(number)))
		return cc_fail(err, CC_E_ARG, "issue.number", "12 digits");
	if (!cc_failed(st = config_open_keystore(&inv->config, &ks, err)) &&
	    !cc_failed(st = config_open_store(&inv->config, &store, err)) &&
	    !cc_failed(st = issuer_open(&inv->config, store, ks, NULL, &issuer, err))) {
		st = next ? issue_next(inv, &issuer, report, err) : issue_with(inv, &issuer, number, report, err);
		issuer_close(&issuer);
	}
	store_close(&store);
	keystore_close(&ks);
	return st;
}

static int command_card_issue(struct invocation *inv)
{
	struct worker_report report = { 0 };
	struct cc_error err;
	int code = EXIT_DONE;

	cc_error_init(&err);
	if (inv->argument_count > 0)
		(void)snprintf(report.number, sizeof report.number, "%s", inv->arguments[0]);
	if (cc_failed(issue(inv, &report, &err)))
		code = invocation_fail(inv, &err);
	if (!inv->config.json)
		report_text(stdout, &report, &err, inv->config.dry_run, inv->config.lang);
	else if (!report_json(stdout, &report, &err, inv->config.dry_run) && code == EXIT_DONE)
		code = EXIT_FAILED;
	worker_report_done(&report);
	return code;
}

const struct command commands_card[] = {
	{ "card", "issue", "NUMBER|--next", 0, 1,
	  "issue the card of a person, or the next in the queue, on the blank in the reader",
	  "cấp thẻ cho một người, hoặc hồ sơ tiếp theo, trên phôi trong đầu đọc", issue_options, command_card_issue },
	{ "card", "revoke", "NUMBER", 1, 1, "end a card without a new one: lost, stolen, withdrawn, its holder dead, ...",
	  "thu hồi một thẻ mà không cấp thẻ mới: mất, bị trộm, theo quyết định, người có thẻ đã chết, ...", card_revoke_options,
	  command_card_revoke },
	{ "card", "revocations", "[NUMBER]", 0, 1, "cards that were revoked, and what waits for a second officer",
	  "các thẻ đã thu hồi và đề nghị chờ duyệt", card_revocations_options, command_card_revocations },
	{ "card", "approve-revocation", "ID", 1, 1, "approve another officer's revocation: the card ends",
	  "duyệt đề nghị thu hồi của cán bộ khác: thẻ hết hiệu lực", card_approve_revocation_options,
	  command_card_approve_revocation },
	{ "card", "refuse-revocation", "ID", 1, 1, "refuse or withdraw a revocation, with a reason",
	  "không duyệt hoặc rút đề nghị thu hồi, có lý do", card_refuse_revocation_options, command_card_refuse_revocation },
	{ "card", "inspect", "", 0, 0, "open any chip card like a reader in the field, and judge it",
	  "mở thẻ chíp như đầu đọc thực tế và đánh giá", card_inspect_options, command_card_inspect },
	{ "card", "verify", "DIR", 1, 1, "judge files that were read from a card", "đánh giá các tệp đã đọc từ thẻ",
	  card_verify_options, command_card_verify },
	{ "card", "verify-evidence", "FILE", 1, 1, "judge the signed record of an inspection, without the card",
	  "kiểm chứng bản ghi đã ký của một lần kiểm tra thẻ, không cần thẻ", card_evidence_options,
	  command_card_verify_evidence },
	{ "card", "lint", "DIR|NUMBER", 1, 1, "hold the bytes of a card against the standards, and against readers in the field",
	  "đối chiếu từng byte của thẻ với tiêu chuẩn và với đầu đọc thực tế", card_lint_options, command_card_lint },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
