/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "station/card_evidence.h"
#include "station/card_inspect.h"
#include "station/card_lint.h"
#include "station/issue/report.h"
#include "station/issue/worker.h"
#include "station/registry/number.h"

#include <stdio.h>
#include <unistd.h>

static const struct option_spec issue_options[] = {
	{ "--spoil", NULL, "declare this person's half-done blank spoiled, then use the one in the reader",
	  "khai hỏng phôi đang ghi dở của người này, rồi dùng phôi trong đầu đọc" },
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

static cc_status issue_with(struct invocation *inv, struct store *store, struct keystore *ks, struct worker_report *report,
			    struct cc_error *err)
{
	struct progress progress = { inv->config.lang, isatty(STDERR_FILENO) != 0 };
	const struct worker_request request = {
		.number = inv->arguments[0],
		.spoil = invocation_option(inv, "--spoil") != NULL,
		.dry_run = inv->config.dry_run,
		.progress = show_progress,
		.ctx = &progress,
	};
	struct reader *reader = NULL;
	struct issuer issuer;
	cc_status st;

	if (cc_failed(st = issuer_open(&inv->config, store, ks, NULL, &issuer, err)))
		return st;
	if (!cc_failed(st = reader_pcsc_open(inv->config.reader[0] ? inv->config.reader : NULL, &reader, err)))
		st = worker_issue(&issuer, reader, &request, report, err);
	issuer_close(&issuer);
	return st;
}

static cc_status issue(struct invocation *inv, struct worker_report *report, struct cc_error *err)
{
	struct store *store = NULL;
	struct keystore *ks = NULL;
	cc_status st;

	if (!number_is_well_formed(bytes_str(inv->arguments[0])))
		return cc_fail(err, CC_E_ARG, "issue.number", "12 digits are needed");
	if (!cc_failed(st = config_open_keystore(&inv->config, &ks, err)) &&
	    !cc_failed(st = config_open_store(&inv->config, &store, err)))
		st = issue_with(inv, store, ks, report, err);
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
	{ "card", "issue", "NUMBER", 1, 1, "issue the card of a person on the blank in the reader",
	  "cấp thẻ cho một người trên phôi trong đầu đọc", issue_options, command_card_issue },
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
