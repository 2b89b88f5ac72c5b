/* SPDX-License-Identifier: Apache-2.0 */
#include "station/message.h"
#include "station/registry/civil_task.h"
#include "station/registry/import.h"
#include "station/registry_session.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PROGRESS_LINE_MS 5000

struct import_view {
	struct registry_session *session;
	struct forms forms; /* books NULL in a dry run */
	uint64_t tasks;
	bool terminal, progress_shown;
	uint64_t size; /* of the file; 0: not known */
	int64_t start_ms, last_line_ms;
	FILE *rejects;
	bool any_reject, reject_failed;
};

static void clear_progress(struct import_view *v)
{
	if (v->progress_shown)
		(void)fprintf(stderr, "\r\033[K");
	v->progress_shown = false;
}

static void show_remark(void *ctx, const struct import_remark *m)
{
	struct import_view *v = ctx;
	struct registry_session *s = v->session;
	const struct message *text = message_find(m->fault.key);
	const enum lang lang = s->inv->config.lang;
	static const char *const words_vi[] = { "lưu ý", "tạm giữ", "không nhập" };
	static const char *const words_en[] = { "note", "held", "not imported" };
	const char *field = m->fault.unknown[0] != '\0' ? m->fault.unknown : m->fault.field;
	const char *called = registry_session_pick(s, registry_session_field(s, field), field);

	if (s->list != NULL) {
		(void)json_array_append_new(s->list,
					    json_pack("{s:I, s:s, s:s, s:s, s:I, s:I, s:s, s:s}", "line", (json_int_t)m->line,
						      "severity", import_severity_name(m->severity), "field", field, "key",
						      m->fault.key, "position", (json_int_t)m->fault.position, "other_line",
						      (json_int_t)m->other_line, "vi", text->vi, "en", text->en));
		return;
	}
	clear_progress(v);
	(void)fprintf(stderr, "%s %llu: %s%s%s", registry_session_pick(s, "dòng", "line"), (unsigned long long)m->line,
		      registry_session_pick(s, words_vi[m->severity], words_en[m->severity]), field[0] != '\0' ? ": " : "",
		      called);
	/* The row names the field by its own word: that one is looked for in the file. */
	if (called != field && strcmp(called, field) != 0)
		(void)fprintf(stderr, " (%s)", field);
	if (m->fault.position > 0)
		(void)fprintf(stderr, ", %s %zu", registry_session_pick(s, "vị trí", "position"), m->fault.position);
	if (m->other_line > 0)
		(void)fprintf(stderr, ", %s %llu", registry_session_pick(s, "trùng dòng", "as on line"),
			      (unsigned long long)m->other_line);
	(void)fprintf(stderr, ": %s %s\n", message_text(text, lang), message_next(text, lang));
}

/* Clock time at which it ends at the rate so far; "" when the size is not known. */
static void format_eta(const struct import_view *v, uint64_t bytes, int64_t spent_ms, char *out, size_t cap)
{
	struct tm local;
	time_t end;

	out[0] = '\0';
	if (bytes == 0 || v->size < bytes || v->size == 0)
		return;
	end = (time_t)(sys_wall_ms(v->session->inv->config.sys) / 1000) +
	      (time_t)((double)spent_ms / 1000.0 * (double)(v->size - bytes) / (double)bytes);
	if (localtime_r(&end, &local) != NULL)
		(void)strftime(out, cap, "%H:%M:%S", &local);
}

static void show_progress(void *ctx, const struct import_counts *c, uint64_t bytes)
{
	struct import_view *v = ctx;
	struct registry_session *s = v->session;
	int64_t now = sys_mono_ms(s->inv->config.sys), spent = now - v->start_ms;
	char eta[16];

	if (!v->terminal && now - v->last_line_ms < PROGRESS_LINE_MS)
		return;
	v->last_line_ms = now;
	format_eta(v, bytes, spent, eta, sizeof eta);
	(void)fprintf(stderr, "%s%llu %s, %llu/s, %s %s%s", v->terminal ? "\r\033[K" : "", (unsigned long long)c->rows,
		      registry_session_pick(s, "hàng", "rows"),
		      (unsigned long long)(spent > 0 ? c->rows * 1000 / (uint64_t)spent : 0),
		      registry_session_pick(s, "xong lúc", "done at"), eta[0] != '\0' ? eta : "-", v->terminal ? "" : "\n");
	(void)fflush(stderr);
	v->progress_shown = v->terminal;
}

/* The rows as they stood: mended in this file, they are imported again from it. */
static void keep_reject(void *ctx, uint64_t line, struct bytes row)
{
	struct import_view *v = ctx;

	(void)line;
	v->any_reject = true;
	if (fwrite(row.p, 1, row.n, v->rejects) != row.n || fputc('\n', v->rejects) == EOF)
		v->reject_failed = true;
}

/* cccd-card.md 7: whose birth date is known to the year or month alone is civil status' work from the moment they are here. */
static cc_status open_task(void *ctx, const struct person *p, struct cc_error *err)
{
	struct import_view *v = ctx;
	bool opened = false;
	cc_status st = civil_task_open_inside(&v->forms, p, &opened, err);

	v->tasks += opened ? 1 : 0;
	return st;
}

static void print_counts(struct registry_session *s, const struct import_counts *c, uint64_t tasks)
{
	const struct {
		const char *name, *vi, *en;
		uint64_t value;
	} rows[] = {
		{ "rows", "Số hàng", "Rows", c->rows },
		{ "imported", "Nhập mới", "Imported", c->imported },
		{ "unchanged", "Đã có, không đổi", "Unchanged", c->unchanged },
		{ "completed", "Đã có, bổ sung ảnh", "Photo added", c->completed },
		{ "conflicts", "Khác với dữ liệu đã có", "Conflicts", c->conflicts },
		{ "refused", "Không nhập được", "Not imported", c->refused },
		{ "held", "Tạm giữ, chưa cấp thẻ được", "Held, no card yet", c->held },
		{ "warnings", "Lưu ý", "Notes", c->warnings },
		{ "civil_tasks", "Việc hộ tịch mới mở", "Tasks opened for civil status", tasks },
	};
	json_t *counts = s->list != NULL ? json_object() : NULL;

	if (s->list == NULL && s->inv->config.dry_run)
		(void)printf("%s\n", registry_session_pick(s, "Chạy thử: không ghi gì.", "Dry run: nothing was written."));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (s->list == NULL)
			(void)printf("%s: %llu\n", registry_session_pick(s, rows[i].vi, rows[i].en),
				     (unsigned long long)rows[i].value);
		else
			(void)json_object_set_new(counts, rows[i].name, json_integer((json_int_t)rows[i].value));
	}
	if (s->list != NULL)
		registry_session_print_list(s, "remarks",
					    json_pack("{s:i, s:b, s:o}", "schema", REGISTRY_SCHEMA, "dry_run",
						      s->inv->config.dry_run, "counts", counts));
}

/* Personal data: for its owner alone, and never over a file that is there. */
static cc_status open_rejects(struct import_view *v, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		v->rejects = fdopen(fd, "w");
	if (v->rejects == NULL)
		return errno == EEXIST ? cc_fail(&v->session->err, CC_E_EXISTS, "import.rejects-exists", "%s", path)
				       : sys_path_fail(&v->session->err, errno, "%s", path);
	return cc_ok();
}

/* By option, else by the file's name; the encoding by option, else by the text. */
static bool read_form(const struct invocation *inv, const char *path, struct import_options *o)
{
	const char *format = invocation_option(inv, "--format"), *encoding = invocation_option(inv, "--encoding");
	size_t n = strlen(path);

	o->format = n > 4 && strcasecmp(path + n - 4, ".csv") == 0 ? IMPORT_CSV : IMPORT_JSON_LINES;
	if (format != NULL && strcmp(format, "csv") == 0)
		o->format = IMPORT_CSV;
	else if (format != NULL && strcmp(format, "jsonl") == 0)
		o->format = IMPORT_JSON_LINES;
	else if (format != NULL)
		return false;
	o->named_encoding = encoding != NULL;
	return encoding == NULL || encoding_from_name(encoding, &o->encoding);
}

static cc_status import_file(struct registry_session *s, struct books *books, const char *path, struct import_counts *counts,
			     uint64_t *tasks)
{
	struct import_view view = { .session = s,
				    .forms = { .registry = s->registry, .books = books },
				    .terminal = isatty(STDERR_FILENO) != 0 && s->list == NULL };
	struct import_options o = { .dry_run = s->inv->config.dry_run,
				    .threads = 1,
				    .check = s->check,
				    .remark = show_remark,
				    .progress = show_progress,
				    .incomplete = books != NULL ? open_task : NULL,
				    .ctx = &view };
	const char *rejects = invocation_option(s->inv, "--rejects");
	char folder[PATH_MAX] = ".";
	const char *slash = strrchr(path, '/');
	FILE *in = fopen(path, "re");
	struct stat info = { 0 };
	cc_status st;

	if (in == NULL)
		return sys_path_fail(&s->err, errno, "%s", path);
	if (fstat(fileno(in), &info) == 0 && S_ISREG(info.st_mode))
		view.size = (uint64_t)info.st_size;
	else if (S_ISDIR(info.st_mode)) {
		(void)fclose(in);
		return sys_path_fail(&s->err, EISDIR, "%s", path);
	}
	if (slash != NULL)
		(void)snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	o.folder = folder;
	if (!read_form(s->inv, path, &o)) {
		(void)fclose(in);
		return cc_fail(&s->err, CC_E_ARG, "import.option", "--format jsonl|csv, --encoding utf-8|tcvn3|vni|windows-1258");
	}
	if (o.dry_run)
		rejects = NULL; /* its file would stand in the way of the run that counts */
	if (rejects != NULL && cc_failed(st = open_rejects(&view, rejects))) {
		(void)fclose(in);
		return st;
	}
	o.reject = rejects != NULL ? keep_reject : NULL;
	view.start_ms = view.last_line_ms = sys_mono_ms(s->inv->config.sys);
	st = import_run(s->registry, in, &o, counts, &s->err);
	clear_progress(&view);
	*tasks = view.tasks;
	(void)fclose(in);
	if (view.rejects != NULL && (fclose(view.rejects) != 0 || view.reject_failed) && !cc_failed(st))
		st = cc_fail(&s->err, CC_E_IO, "file.io", "%s: %s", rejects, strerror(errno));
	/* An empty one would stand in the way of the next run, and say nothing. */
	if (rejects != NULL && !view.any_reject)
		(void)unlink(rejects);
	return st;
}

/* Where the refused rows are, and the command that takes them up again. */
static void say_next(const struct registry_session *s, const struct import_counts *c)
{
	const char *rejects = invocation_option(s->inv, "--rejects");
	const bool vi = s->inv->config.lang == LANG_VI;

	if (s->list == NULL && c->rows == 0)
		(void)fprintf(stderr, "%s\n",
			      vi ? "Tệp không có hàng dữ liệu nào. Việc cần làm: kiểm tra có đúng tệp đã xuất không."
				 : "There is no row in this file. Next: is it the file that was exported?");
	if (s->list != NULL || c->refused + c->conflicts == 0)
		return;
	if (rejects != NULL && !s->inv->config.dry_run)
		(void)fprintf(stderr,
			      vi ? "Việc cần làm: sửa các hàng trong \"%s\" rồi nhập lại: cccd registry import \"%s\"\n"
				 : "Next: mend the rows in \"%s\" and import them: cccd registry import \"%s\"\n",
			      rejects, rejects);
	else
		(void)fprintf(stderr, "%s\n",
			      vi ? "Việc cần làm: sửa các dòng nêu trên; thêm --rejects TỆP để tách chúng ra một tệp mới."
				 : "Next: mend the lines named above; --rejects FILE takes them out to a new file.");
}

/* Ctrl-C: what was committed stays, and the same command goes on; said on the way out, by what a handler may call. */
static const char *volatile interrupted_text;

static void tell_interrupted(int number)
{
	const char *text = interrupted_text;

	(void)!write(STDERR_FILENO, text, strlen(text));
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

static void watch_interrupt(const struct registry_session *s)
{
	struct sigaction action = { .sa_handler = tell_interrupted };

	interrupted_text = registry_session_pick(
		s,
		"\nĐã ngắt. Các hàng đã nhập vẫn còn.\n  Việc cần làm: chạy lại đúng lệnh này để nhập tiếp; có --rejects thì xóa tệp dở đó trước.\n",
		"\nInterrupted. Rows that were imported stay.\n  Next: run the same command again to go on; with --rejects remove that unfinished file first.\n");
	(void)sigaction(SIGINT, &action, NULL);
}

static int run_import(struct invocation *inv)
{
	struct registry_session s = { .inv = inv };
	struct import_counts counts = { 0 };
	struct books *books = NULL;
	uint64_t tasks = 0;
	cc_status st = registry_session_open(&s);

	if (!cc_failed(st) && !inv->config.dry_run)
		st = books_open(s.store, s.ks, inv->config.sys, NULL, &books, &s.err);
	if (!cc_failed(st)) {
		watch_interrupt(&s);
		st = import_file(&s, books, inv->arguments[0], &counts, &tasks);
		/* Also after a failure: what was committed before it stays. */
		if (!cc_failed(st) || counts.rows > 0)
			print_counts(&s, &counts, tasks);
		if (!cc_failed(st))
			say_next(&s, &counts);
	}
	books_close(&books);
	return registry_session_close(&s, st, counts.refused + counts.conflicts > 0 ? EXIT_CHECK_NO : EXIT_DONE);
}

static const struct option_spec import_options[] = {
	{ "--format", "jsonl|csv", "else by the file's name", "nếu không nêu: theo tên tệp" },
	{ "--encoding", "NAME", "utf-8, tcvn3, vni or windows-1258; else it is detected",
	  "utf-8, tcvn3, vni hoặc windows-1258; nếu không nêu: tự nhận biết" },
	{ "--rejects", "FILE", "rows that were not imported, to be mended and imported again",
	  "các hàng không nhập được, để sửa và nhập lại" },
	{ 0 },
};

const struct command commands_registry_import[] = {
	{ "registry", "import", "FILE", 1, 1,
	  "import people: JSON Lines or CSV, Unicode or TCVN3, VNI, Windows-1258; photos beside the file",
	  "nhập dân cư: JSON Lines hoặc CSV, Unicode hoặc TCVN3, VNI, Windows-1258; ảnh đặt cạnh tệp", import_options,
	  run_import },
	{ 0 },
};
