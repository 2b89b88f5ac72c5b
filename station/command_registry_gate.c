/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/ledger.h"
#include "station/message.h"
#include "station/registry/gate.h"
#include "station/registry/sample.h"
#include "station/registry_session.h"
#include "station/whole_number.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- sample */

static const struct option_spec sample_options[] = {
	{ "--seed", "N", "the same seed gives the same people; default 1", "cùng số thì cùng kết quả; mặc định 1" },
	{ "--output", "FILE", "the rows, JSON Lines; default: standard output", "tệp hàng dữ liệu; mặc định: đầu ra chuẩn" },
	{ "--truth", "FILE", "the planted defects, CSV", "các lỗi đã cài, CSV" },
	{ "--defects", "PER-MILLE", "of the rows; default 20", "phần nghìn số hàng; mặc định 20" },
	{ 0 },
};

/* Never over a file that is there. */
static cc_status open_new(const char *path, FILE **ret, struct cc_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (f == NULL)
		return errno == EEXIST ? cc_fail(err, CC_E_EXISTS, "file.exists", "%s", path)
				       : sys_path_fail(err, errno, "%s", path);
	*ret = f;
	return cc_ok();
}

static int run_sample(struct invocation *inv)
{
	struct sample_options o = { .today = date_in_vietnam(sys_wall_ms(inv->config.sys)) };
	const char *rows = invocation_option(inv, "--output"), *truth = invocation_option(inv, "--truth");
	uint64_t count = 0, seed = 1, defects = 20;
	struct sample_counts counts = { 0 };
	struct cc_error err;
	FILE *out = stdout, *truth_out = NULL;
	cc_status st = cc_ok();

	cc_error_init(&err);
	if (!whole_number(inv->arguments[0], 1, 100000000, &count) || !whole_number_option(inv, "--seed", 0, UINT64_MAX, &seed) ||
	    !whole_number_option(inv, "--defects", 0, 1000, &defects)) {
		(void)fprintf(stderr, "cccd: registry sample N [--seed N] [--defects 0..1000]\n");
		return EXIT_USAGE;
	}
	o.count = count;
	o.seed = seed;
	o.defects_per_mille = (unsigned)defects;
	if (rows != NULL)
		st = open_new(rows, &out, &err);
	if (!cc_failed(st) && truth != NULL)
		st = open_new(truth, &truth_out, &err);
	if (!cc_failed(st))
		st = sample_write(&o, out, truth_out, &counts, &err);
	if (out != NULL && out != stdout && fclose(out) != 0 && !cc_failed(st))
		st = cc_fail(&err, CC_E_IO, "file.io", "%s: %s", rows, strerror(errno));
	if (truth_out != NULL && fclose(truth_out) != 0 && !cc_failed(st))
		st = cc_fail(&err, CC_E_IO, "file.io", "%s: %s", truth, strerror(errno));
	if (cc_failed(st))
		return invocation_fail(inv, &err);
	(void)fprintf(stderr,
		      inv->config.lang == LANG_VI ? "%llu hàng; lỗi đã cài: %llu không nhập được, %llu tạm giữ, %llu lưu ý\n"
						  : "%llu rows; planted: %llu refused, %llu held, %llu notes\n",
		      (unsigned long long)counts.rows, (unsigned long long)counts.refused, (unsigned long long)counts.holds,
		      (unsigned long long)counts.warnings);
	return EXIT_DONE;
}

/* ---- the gate over everybody */

static const struct option_spec gate_spec[] = {
	{ "--photos", NULL, "compare the photos too: one photo at two people", "so cả ảnh: một ảnh dùng cho hai người" },
	{ "--photos-later", NULL, "judge as if photos were there", "xét như đã có ảnh" },
	{ "--fresh-days", "N", "a record not confirmed for N days is named", "nêu hồ sơ quá N ngày chưa cập nhật" },
	{ "--quiet", NULL, "the counters alone", "chỉ in số liệu" },
	{ 0 },
};

struct gate_view {
	struct registry_session *session;
	struct books *books; /* NULL: there are no cards and no forms here */
	struct gate_report *report;
	bool quiet;
	cc_status st;
};

/* What was issued stands beside what was collected. */
static bool count_issued(struct gate_view *v, const char *number)
{
	bool has = false;

	v->st = ledger_has_card(v->books, number, &has, &v->session->err);
	for (size_t i = 0; has && i < v->report->province_count; i++) {
		if (strncmp(v->report->provinces[i].code, number, 3) == 0)
			v->report->provinces[i].issued++;
	}
	return !cc_failed(v->st);
}

static bool show_finding(void *ctx, const struct gate_finding *f)
{
	struct gate_view *v = ctx;
	struct registry_session *s = v->session;

	if (v->books != NULL && !count_issued(v, f->person->number))
		return false;
	if (v->quiet)
		return true;
	for (size_t i = 0; i < f->holds->count; i++) {
		const struct hold *h = &f->holds->items[i];
		const struct message *m = message_find(h->key);
		bool other = gate_names_other(h->key);

		if (s->list != NULL)
			(void)json_array_append_new(s->list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "number",
								       f->person->number, "key", h->key, "field", h->field,
								       "severity", hold_severity_name(h->severity), "other",
								       other ? f->other : "", "vi", m->vi));
		else
			(void)printf("%s %s %s%s%s: %s\n", h->severity == HOLD_HOLD ? "✗" : "!", f->person->number,
				     registry_session_pick(s, registry_session_field(s, h->field), h->field), other ? " = " : "",
				     other ? f->other : "", message_text(m, s->inv->config.lang));
	}
	return true;
}

static json_t *provinces_json(const struct gate_report *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->province_count; i++) {
		const struct gate_province *p = &r->provinces[i];

		(void)json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:I, s:I}", "code", p->code, "issued",
							    (json_int_t)p->issued, "collected", (json_int_t)p->collected,
							    "checked", (json_int_t)p->checked, "held", (json_int_t)p->held));
	}
	return list;
}

static void print_report(struct registry_session *s, const struct gate_report *r)
{
	if (s->list != NULL) {
		registry_session_print_list(s, "findings",
					    json_pack("{s:i, s:I, s:I, s:I, s:o}", "schema", REGISTRY_SCHEMA, "people",
						      (json_int_t)r->people, "held", (json_int_t)r->held, "warned",
						      (json_int_t)r->warned, "provinces", provinces_json(r)));
		return;
	}
	/* Vietnamese letters take more bytes than columns: the heading is spaced by hand. */
	(void)printf("%s\n", registry_session_pick(s, "Mã         Thu nhận     Kiểm tra     Tạm giữ       Đã cấp",
						   "Code      Collected      Checked        Held       Issued"));
	for (size_t i = 0; i < r->province_count; i++) {
		const struct gate_province *p = &r->provinces[i];

		(void)printf("%-6s %12llu %12llu %11llu %12llu\n", p->code, (unsigned long long)p->collected,
			     (unsigned long long)p->checked, (unsigned long long)p->held, (unsigned long long)p->issued);
	}
	(void)printf("%s: %llu, %s: %llu, %s: %llu\n", registry_session_pick(s, "Số người", "People"),
		     (unsigned long long)r->people, registry_session_pick(s, "tạm giữ", "held"), (unsigned long long)r->held,
		     registry_session_pick(s, "có lưu ý", "with notes"), (unsigned long long)r->warned);
}

static int run_gate(struct invocation *inv)
{
	static struct gate_report report;
	struct registry_session s = { .inv = inv };
	struct gate_options o = { .photos_later = invocation_option(inv, "--photos-later") != NULL };
	struct gate_view view = {
		.session = &s, .report = &report, .quiet = invocation_option(inv, "--quiet") != NULL, .st = cc_ok()
	};
	uint64_t days = 0;
	cc_status st;

	if (!whole_number_option(inv, "--fresh-days", 1, 36500, &days)) {
		(void)fprintf(stderr, "cccd: --fresh-days 1..36500\n");
		return EXIT_USAGE;
	}
	st = registry_session_open(&s);
	o.check = s.check;
	o.fresh_days = (unsigned)days;
	o.keep_pairs = !inv->config.dry_run;
	if (!cc_failed(st))
		st = registry_session_books(&s, &view.books);
	o.books = view.books;
	if (!cc_failed(st) && invocation_option(inv, "--photos") != NULL)
		st = image_worker_open(&inv->config, &o.images, &s.err);
	if (!cc_failed(st))
		st = gate_run(s.registry, &o, show_finding, &view, &report, &s.err);
	if (!cc_failed(st))
		st = view.st;
	image_worker_free(&o.images);
	books_close(&view.books);
	if (!cc_failed(st))
		print_report(&s, &report);
	return registry_session_close(&s, st, report.held > 0 ? EXIT_CHECK_NO : EXIT_DONE);
}

const struct command commands_registry_gate[] = {
	{ "registry", "gate", "", 0, 0, "the quality gate over everybody: correct, complete, clean, live; counters by province",
	  "kiểm tra đúng, đủ, sạch, sống toàn bộ; số liệu theo tỉnh", gate_spec, run_gate },
	{ "registry", "sample", "N", 1, 1, "make N fictional people with planted defects; never mix them with a register",
	  "tạo N người hư cấu có cài lỗi; không trộn với dữ liệu thật", sample_options, run_sample },
	{ 0 },
};
