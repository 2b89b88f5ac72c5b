/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "crypto/base/secret.h"
#include "station/message.h"
#include "station/registry/import.h"
#include "station/registry/number.h"
#include "station/registry/registry.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SCHEMA 1
#define FIND_LIMIT 100
#define PROGRESS_LINE_MS 5000

/* What every verb works on. */
struct session {
	struct invocation *inv;
	struct store *store;
	struct keystore *ks;
	struct registry *registry;
	struct check_context check;
	json_t *list; /* --json: people, or remarks */
	size_t count, held;
	struct cc_error err;
};

static const char *pick(const struct session *s, const char *vi, const char *en)
{
	return s->inv->config.lang == LANG_VI ? vi : en;
}

static cc_status session_open(struct session *s)
{
	const struct config *c = &s->inv->config;
	cc_status st = config_open_store(c, &s->store, &s->err);

	if (!cc_failed(st))
		st = config_open_keystore(c, &s->ks, &s->err);
	if (!cc_failed(st))
		st = registry_open(s->store, s->ks, c->sys, &s->registry, &s->err);
	if (!cc_failed(st))
		st = registry_check_context(c, &s->check, &s->err);
	if (!cc_failed(st) && c->json) {
		s->list = json_array();
		if (s->list == NULL)
			st = cc_fail(&s->err, CC_E_MEMORY, "memory", "result");
	}
	return st;
}

/* Returns the exit code: rc, or that of a failure. */
static int session_close(struct session *s, cc_status st, int rc)
{
	registry_close(&s->registry);
	keystore_close(&s->ks);
	store_close(&s->store);
	json_decref(s->list);
	return cc_failed(st) ? invocation_fail(s->inv, &s->err) : rc;
}

static void print_json(json_t *root)
{
	(void)json_dumpf(root, stdout, JSON_INDENT(2));
	(void)putchar('\n');
	json_decref(root);
}

static void print_list(struct session *s, const char *name, json_t *root)
{
	(void)json_object_set(root, name, s->list);
	print_json(root);
}

/* ---- holds */

static json_t *hold_json(const struct hold *h)
{
	const struct message *m = message_find(h->key);

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "key", h->key, "field", h->field, "severity",
			 hold_severity_name(h->severity), "vi", m->vi, "vi_next", m->vi_next, "en", m->en, "en_next", m->en_next);
}

static json_t *holds_json(const struct holds *h)
{
	json_t *list = json_array();

	for (size_t i = 0; i < h->count; i++)
		(void)json_array_append_new(list, hold_json(&h->items[i]));
	return list;
}

static void print_holds(const struct session *s, const struct holds *h)
{
	for (size_t i = 0; i < h->count; i++) {
		const struct hold *hold = &h->items[i];
		const struct message *m = message_find(hold->key);

		(void)printf("  %s %s: %s\n      %s\n", hold->severity == HOLD_HOLD ? "✗" : "!", hold->field,
			     message_text(m, s->inv->config.lang), message_next(m, s->inv->config.lang));
	}
}

/* ---- find, show, check */

static json_t *person_json(const struct person *p, bool has_photo)
{
	struct buf record = { 0 };
	struct name_parts parts;
	char latin[2 * PERSON_NAME_SIZE];
	json_t *root = NULL;

	if (!cc_failed(person_encode(p, &record)))
		root = json_loadb((const char *)record.p, record.n, 0, NULL);
	buf_done(&record);
	vietnamese_split_name(p->full_name, &parts);
	(void)json_object_set_new(root, "surname", json_stringn((const char *)parts.surname.p, parts.surname.n));
	if (parts.middle.n > 0)
		(void)json_object_set_new(root, "middle_name", json_stringn((const char *)parts.middle.p, parts.middle.n));
	if (parts.given.n > 0)
		(void)json_object_set_new(root, "given_name", json_stringn((const char *)parts.given.p, parts.given.n));
	if (!cc_failed(vietnamese_to_latin(p->full_name, latin, sizeof latin)))
		(void)json_object_set_new(root, "latin_name", json_string(latin));
	(void)json_object_set_new(root, "has_photo", json_boolean(has_photo));
	return root;
}

static bool print_found(void *ctx, const struct person *p, bool has_photo)
{
	struct session *s = ctx;
	char birth[DATE_TEXT_SIZE];

	s->count++;
	if (s->list != NULL) {
		(void)json_array_append_new(s->list, person_json(p, has_photo));
		return true;
	}
	date_format(p->birth, birth);
	(void)printf("%s  %-10s  %-3s  %s  %s\n", p->number, birth, person_sex_card(p->sex),
		     has_photo ? pick(s, "có ảnh", "photo") : pick(s, "thiếu ảnh", "no photo"), p->full_name);
	return true;
}

static cc_status find_number(struct session *s, const char *number)
{
	struct buf photo = { 0 };
	struct person p;
	cc_status st = registry_find(s->registry, number, &p, &photo, &s->err);

	if (cc_failed(st))
		return st;
	(void)print_found(s, &p, photo.n > 0);
	person_done(&p);
	buf_done(&photo);
	return st;
}

static int run_find(struct invocation *inv)
{
	struct session s = { .inv = inv };
	const char *text = inv->arguments[0];
	cc_status st = session_open(&s);

	if (!cc_failed(st) && number_is_well_formed(bytes_str(text)))
		st = find_number(&s, text);
	else if (!cc_failed(st))
		st = registry_search(s.registry, text, FIND_LIMIT, print_found, &s, &s.err);
	if (!cc_failed(st) && s.count == 0)
		st = cc_fail(&s.err, CC_E_NOT_FOUND, "registry.not-found", "no name has these words");
	if (!cc_failed(st) && s.list != NULL)
		print_list(&s, "people", json_pack("{s:i}", "schema", SCHEMA));
	if (!cc_failed(st) && s.count == FIND_LIMIT)
		(void)fprintf(stderr, "%s\n",
			      pick(&s, "Còn nữa: thêm một chữ của họ tên.", "There may be more: add a word of the name."));
	return session_close(&s, st, EXIT_DONE);
}

static void print_line(const struct session *s, const char *vi, const char *en, const char *value)
{
	if (value[0] != '\0')
		(void)printf("%s: %s\n", pick(s, vi, en), value);
}

static void print_person(const struct session *s, const struct person *p)
{
	char birth[DATE_TEXT_SIZE], issued[DATE_TEXT_SIZE], expiry[DATE_TEXT_SIZE] = "";
	const bool none = p->expiry_kind == EXPIRY_NONE;

	date_format(p->birth, birth);
	date_format(p->issued, issued);
	date_format(p->expiry, expiry);
	print_line(s, "Số định danh", "Number", p->number);
	print_line(s, "Họ và tên", "Full name", p->full_name);
	print_line(s, "Ngày sinh", "Date of birth", birth);
	print_line(s, "Căn cứ ngày sinh", "Basis of the date", p->birth_basis);
	print_line(s, "Giới tính", "Sex", person_sex_card(p->sex));
	print_line(s, "Quốc tịch", "Nationality", p->nationality);
	print_line(s, "Dân tộc", "Ethnicity", p->ethnicity);
	print_line(s, "Tôn giáo", "Religion", p->religion);
	print_line(s, "Quê quán", "Place of origin", p->origin);
	print_line(s, "Nơi cư trú", "Place of residence", p->residence);
	print_line(s, "Đặc điểm nhận dạng", "Identifying marks", p->marks);
	print_line(s, "Cha", "Father", p->father);
	print_line(s, "Mẹ", "Mother", p->mother);
	print_line(s, "Vợ, chồng", "Spouse", p->spouse);
	print_line(s, "Số CMND cũ", "Old identity number", p->old_cmnd);
	print_line(s, "Ngày cấp", "Date of issue", issued);
	print_line(s, "Nơi cấp", "Place of issue", p->issue_place);
	print_line(s, "Có giá trị đến", "Date of expiry", none ? pick(s, "Không thời hạn", "none") : expiry);
	print_line(s, "Tình trạng", "Life status",
		   p->life == LIFE_ALIVE  ? ""
		   : p->life == LIFE_DEAD ? pick(s, "đã chết", "dead")
					  : pick(s, "mất tích", "missing"));
}

static void show_person(struct session *s, const struct person *p, struct bytes photo)
{
	struct holds holds;
	json_t *root;

	registry_check_person(p, photo.n > 0, &s->check, &holds);
	if (s->list != NULL) {
		root = person_json(p, photo.n > 0);
		(void)json_object_set_new(root, "photo_bytes", json_integer((json_int_t)photo.n));
		print_json(json_pack("{s:i, s:o, s:o, s:b}", "schema", SCHEMA, "person", root, "findings", holds_json(&holds),
				     "held", holds_any(&holds)));
		return;
	}
	print_person(s, p);
	(void)printf("%s: %zu byte\n", pick(s, "Ảnh", "Photo"), photo.n);
	print_holds(s, &holds);
}

static int run_show(struct invocation *inv)
{
	struct session s = { .inv = inv };
	struct buf photo = { 0 };
	struct person p;
	cc_status st = session_open(&s);

	if (!cc_failed(st))
		st = registry_find(s.registry, inv->arguments[0], &p, &photo, &s.err);
	if (!cc_failed(st)) {
		show_person(&s, &p, buf_view(&photo));
		person_done(&p);
	}
	buf_done(&photo);
	return session_close(&s, st, EXIT_DONE);
}

static void print_check(struct session *s, const char *number, const char *name, const struct holds *h)
{
	bool held = holds_any(h);

	s->count++;
	s->held += held ? 1 : 0;
	if (s->list != NULL) {
		(void)json_array_append_new(
			s->list, json_pack("{s:s, s:b, s:o}", "number", number, "held", held, "findings", holds_json(h)));
		return;
	}
	(void)printf("%s %s %s %s\n", held ? "✗" : "✓", number, name,
		     held ? pick(s, "(tạm giữ)", "(held)") : pick(s, "(cấp được)", "(may be issued)"));
	print_holds(s, h);
}

static bool check_one(void *ctx, const struct person *p, bool has_photo)
{
	struct session *s = ctx;
	struct holds h;

	registry_check_person(p, has_photo, &s->check, &h);
	print_check(s, p->number, p->full_name, &h);
	return true;
}

static int run_check(struct invocation *inv)
{
	struct session s = { .inv = inv };
	bool all = invocation_option(inv, "--all") != NULL;
	struct holds h;
	cc_status st;

	if (all == (inv->argument_count == 1)) {
		(void)fprintf(stderr, "cccd: %s\n", pick(&s, "nêu một số định danh, hoặc --all", "name one number, or --all"));
		return EXIT_USAGE;
	}
	st = session_open(&s);
	if (!cc_failed(st) && all)
		st = registry_walk(s.registry, check_one, &s, &s.err);
	else if (!cc_failed(st) && !cc_failed(st = registry_check(s.registry, inv->arguments[0], &s.check, &h, &s.err)))
		print_check(&s, inv->arguments[0], "", &h);
	if (!cc_failed(st) && s.list != NULL)
		print_list(&s, "checks",
			   json_pack("{s:i, s:I, s:I}", "schema", SCHEMA, "people", (json_int_t)s.count, "held",
				     (json_int_t)s.held));
	else if (!cc_failed(st) && all)
		(void)printf("%zu %s, %zu %s\n", s.count, pick(&s, "người", "people"), s.held, pick(&s, "tạm giữ", "held"));
	return session_close(&s, st, s.held > 0 ? EXIT_CHECK_NO : EXIT_DONE);
}

/* ---- init, import */

static int run_init(struct invocation *inv)
{
	struct session s = { .inv = inv };
	int64_t people = 0;
	cc_status st = session_open(&s);

	if (!cc_failed(st))
		st = registry_count(s.registry, &people, &s.err);
	if (!cc_failed(st) && s.list != NULL)
		print_json(json_pack("{s:i, s:I}", "schema", SCHEMA, "people", (json_int_t)people));
	else if (!cc_failed(st))
		(void)printf("%s: %lld\n", pick(&s, "Số người trong trạm", "People in the registry"), (long long)people);
	return session_close(&s, st, EXIT_DONE);
}

struct import_view {
	struct session *session;
	bool terminal, progress_shown;
	uint64_t size; /* of the file; 0: not known */
	int64_t start_ms, last_line_ms;
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
	struct session *s = v->session;
	const struct message *text = message_find(m->fault.key);
	const enum lang lang = s->inv->config.lang;
	static const char *const words_vi[] = { "lưu ý", "tạm giữ", "không nhập" };
	static const char *const words_en[] = { "note", "held", "not imported" };
	const char *field = m->fault.unknown[0] != '\0' ? m->fault.unknown : m->fault.field;

	if (s->list != NULL) {
		(void)json_array_append_new(s->list,
					    json_pack("{s:I, s:s, s:s, s:s, s:I, s:I, s:s, s:s}", "line", (json_int_t)m->line,
						      "severity", import_severity_name(m->severity), "field", field, "key",
						      m->fault.key, "position", (json_int_t)m->fault.position, "other_line",
						      (json_int_t)m->other_line, "vi", text->vi, "en", text->en));
		return;
	}
	clear_progress(v);
	(void)fprintf(stderr, "%s %llu: %s%s%s", pick(s, "dòng", "line"), (unsigned long long)m->line,
		      pick(s, words_vi[m->severity], words_en[m->severity]), field[0] != '\0' ? ": " : "", field);
	if (m->fault.position > 0)
		(void)fprintf(stderr, ", %s %zu", pick(s, "vị trí", "position"), m->fault.position);
	if (m->other_line > 0)
		(void)fprintf(stderr, ", %s %llu", pick(s, "trùng dòng", "as on line"), (unsigned long long)m->other_line);
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
	struct session *s = v->session;
	int64_t now = sys_mono_ms(s->inv->config.sys), spent = now - v->start_ms;
	char eta[16];

	if (!v->terminal && now - v->last_line_ms < PROGRESS_LINE_MS)
		return;
	v->last_line_ms = now;
	format_eta(v, bytes, spent, eta, sizeof eta);
	(void)fprintf(stderr, "%s%llu %s, %llu/s, %s %s%s", v->terminal ? "\r\033[K" : "", (unsigned long long)c->rows,
		      pick(s, "hàng", "rows"), (unsigned long long)(spent > 0 ? c->rows * 1000 / (uint64_t)spent : 0),
		      pick(s, "xong lúc", "done at"), eta[0] != '\0' ? eta : "-", v->terminal ? "" : "\n");
	(void)fflush(stderr);
	v->progress_shown = v->terminal;
}

static void print_counts(struct session *s, const struct import_counts *c)
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
	};
	json_t *counts = s->list != NULL ? json_object() : NULL;

	if (s->list == NULL && s->inv->config.dry_run)
		(void)printf("%s\n", pick(s, "Chạy thử: không ghi gì.", "Dry run: nothing was written."));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (s->list == NULL)
			(void)printf("%s: %llu\n", pick(s, rows[i].vi, rows[i].en), (unsigned long long)rows[i].value);
		else
			(void)json_object_set_new(counts, rows[i].name, json_integer((json_int_t)rows[i].value));
	}
	if (s->list != NULL)
		print_list(s, "remarks",
			   json_pack("{s:i, s:b, s:o}", "schema", SCHEMA, "dry_run", s->inv->config.dry_run, "counts", counts));
}

static cc_status import_file(struct session *s, const char *path, struct import_counts *counts)
{
	struct import_view view = { .session = s, .terminal = isatty(STDERR_FILENO) != 0 && s->list == NULL };
	struct import_options o = { .dry_run = s->inv->config.dry_run,
				    .check = s->check,
				    .remark = show_remark,
				    .progress = show_progress,
				    .ctx = &view };
	char folder[PATH_MAX] = ".";
	const char *slash = strrchr(path, '/');
	FILE *in = fopen(path, "re");
	struct stat info;
	cc_status st;

	if (in == NULL)
		return cc_fail(&s->err, errno == ENOENT ? CC_E_NOT_FOUND : CC_E_IO, errno == ENOENT ? "file.missing" : "file.io",
			       "%s: %s", path, strerror(errno));
	if (slash != NULL)
		(void)snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	o.folder = folder;
	if (fstat(fileno(in), &info) == 0 && S_ISREG(info.st_mode))
		view.size = (uint64_t)info.st_size;
	view.start_ms = view.last_line_ms = sys_mono_ms(s->inv->config.sys);
	st = import_run(s->registry, in, &o, counts, &s->err);
	clear_progress(&view);
	(void)fclose(in);
	return st;
}

static int run_import(struct invocation *inv)
{
	struct session s = { .inv = inv };
	struct import_counts counts = { 0 };
	cc_status st = session_open(&s);

	if (!cc_failed(st)) {
		st = import_file(&s, inv->arguments[0], &counts);
		/* Also after a failure: what was committed before it stays. */
		print_counts(&s, &counts);
	}
	return session_close(&s, st, counts.refused + counts.conflicts > 0 ? EXIT_CHECK_NO : EXIT_DONE);
}

static const struct option_spec check_options[] = {
	{ "--all", NULL, "everybody", "tất cả mọi người" },
	{ 0 },
};

const struct command commands_registry[] = {
	{ "registry", "init", "", 0, 0, "make the registry in the station's folder", "tạo dữ liệu dân cư trong thư mục của trạm",
	  NULL, run_init },
	{ "registry", "import", "FILE.jsonl", 1, 1, "import people, one JSON object a line; photos beside the file",
	  "nhập dân cư, mỗi hàng một đối tượng JSON; ảnh đặt cạnh tệp", NULL, run_import },
	{ "registry", "find", "TEXT|NUMBER", 1, 1, "people by words of the name (without accents too) or number",
	  "tìm theo chữ trong họ tên (có dấu hoặc không) hoặc theo số", NULL, run_find },
	{ "registry", "show", "NUMBER", 1, 1, "a person's whole record", "toàn bộ hồ sơ của một người", NULL, run_show },
	{ "registry", "check", "[NUMBER]", 0, 1, "may a card be issued? what stops it, and what to do",
	  "có cấp thẻ được không? vì sao không, và cần làm gì", check_options, run_check },
	{ 0 },
};
