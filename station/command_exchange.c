/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "crypto/base/secret.h"
#include "station/registry/exchange.h"
#include "station/registry/number.h"
#include "station/registry_session.h"
#include "station/whole_number.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <time.h>

#define SCHEMA 1
#define DAYS_DEFAULT 7
#define DAYS_MAX 366
#define DAY_MS (24 * 3600 * 1000LL)
#define NUMBER_SIZE 13

/* What every verb works on. */
struct session {
	struct registry_session r;
	struct books *books;
	struct exchange x;
	char name[EXCHANGE_NAME_SIZE + 1];
	json_t *conflicts; /* of a package that is taken: number and why */
};

static bool vi(const struct session *s)
{
	return s->r.inv->config.lang == LANG_VI;
}

static void note_conflict(void *ctx, const char *number, enum exchange_conflict why)
{
	struct session *s = ctx;

	(void)json_array_append_new(s->conflicts, json_pack("{s:s, s:s}", "number", number, "why", exchange_conflict_name(why)));
}

static cc_status session_open(struct session *s, struct invocation *inv)
{
	const struct config *c = &inv->config;
	struct exchange_params p = { .sys = c->sys, .name = s->name, .dry_run = c->dry_run };
	cc_status st;

	s->r.inv = inv;
	if (cc_failed(st = registry_session_open(&s->r)) ||
	    cc_failed(st = config_setting(c, "station.name", s->name, sizeof s->name, &s->r.err)) ||
	    cc_failed(st = books_open(s->r.store, s->r.ks, c->sys, NULL, &s->books, &s->r.err)))
		return st;
	p.registry = s->r.registry;
	p.books = s->books;
	p.keystore = s->r.ks;
	p.check = &s->r.check;
	p.conflict = note_conflict;
	p.ctx = s;
	s->conflicts = json_array();
	return exchange_init(&s->x, &p, &s->r.err);
}

static int session_close(struct session *s, cc_status st, int rc)
{
	exchange_done(&s->x);
	books_close(&s->books);
	json_decref(s->conflicts);
	return registry_session_close(&s->r, st, rc);
}

static void print_json(json_t *root)
{
	(void)json_dumpf(root, stdout, JSON_INDENT(2));
	(void)putchar('\n');
	json_decref(root);
}

static bool as_json(const struct session *s)
{
	return s->r.inv->config.json;
}

/* Packages name people: for their owner alone. */
static cc_status write_file(struct session *s, const char *path, struct bytes data)
{
	return s->r.inv->config.dry_run ? cc_ok() : sys_write_file(path, data, 0600, &s->r.err);
}

/* Packages are taken in order: one that is written over before it was sent stops all that follow; an identity is pinned. */
static cc_status refuse_existing(struct session *s, const char *path, const char *unless)
{
	if (invocation_option(s->r.inv, unless) != NULL || access(path, F_OK) != 0)
		return cc_ok();
	return cc_fail(&s->r.err, CC_E_EXISTS, "file.exists", "%s", path);
}

/* ---- identity, peer */
static int run_identity(struct invocation *inv)
{
	struct session s = { 0 };
	char fingerprint[EXCHANGE_FINGERPRINT_SIZE] = "";
	struct buf file = { 0 };
	cc_status st = session_open(&s, inv);

	if (!cc_failed(st))
		st = refuse_existing(&s, inv->arguments[0], "--force");
	if (!cc_failed(st))
		st = exchange_identity(&s.x, &file, fingerprint, &s.r.err);
	if (!cc_failed(st))
		st = write_file(&s, inv->arguments[0], buf_view(&file));
	if (!cc_failed(st) && as_json(&s))
		print_json(json_pack("{s:i, s:s, s:s}", "schema", SCHEMA, "station", s.name, "fingerprint", fingerprint));
	else if (!cc_failed(st))
		(void)printf("%s: %s\n%s: %s\n", vi(&s) ? "Trạm" : "Station", s.name,
			     vi(&s) ? "Dấu vân khóa, đọc cho trạm kia" : "Fingerprint, to be told to the other station",
			     fingerprint);
	buf_done(&file);
	return session_close(&s, st, EXIT_DONE);
}

static int run_peer(struct invocation *inv)
{
	struct session s = { 0 };
	const char *fingerprint = invocation_option(inv, "--fingerprint");
	char name[EXCHANGE_NAME_SIZE] = "";
	struct buf file = { 0 };
	cc_status st = session_open(&s, inv);

	if (!cc_failed(st))
		st = sys_read_file(inv->arguments[0], 4096, &file, &s.r.err);
	if (!cc_failed(st))
		st = exchange_pin(&s.x, buf_view(&file), fingerprint != NULL ? fingerprint : "", name, &s.r.err);
	if (!cc_failed(st) && as_json(&s))
		print_json(json_pack("{s:i, s:s}", "schema", SCHEMA, "peer", name));
	else if (!cc_failed(st))
		(void)printf("%s: %s\n", vi(&s) ? "Đã ghim trạm" : "Pinned", name);
	buf_done(&file);
	return session_close(&s, st, EXIT_DONE);
}

/* ---- make */
static cc_status option_number(struct session *s, const char *option, uint64_t fallback, uint64_t max, uint64_t *ret)
{
	uint64_t v = fallback;

	if (!whole_number_option(s->r.inv, option, 1, max, &v) || v == 0)
		return cc_fail(&s->r.err, CC_E_ARG, "exchange.count", "%s", option);
	*ret = v;
	return cc_ok();
}

struct chosen {
	struct session *s;
	char (*numbers)[NUMBER_SIZE];
	const char **list;
	size_t count;
	bool more; /* there were more than fit into one package */
};

static cc_status chosen_init(struct chosen *c, struct session *s)
{
	*c = (struct chosen){ .s = s,
			      .numbers = cc_alloc(EXCHANGE_ITEMS_MAX * sizeof *c->numbers),
			      .list = cc_alloc(EXCHANGE_ITEMS_MAX * sizeof *c->list) };
	return c->numbers != NULL && c->list != NULL ? cc_ok() : cc_fail(&s->r.err, CC_E_MEMORY, "memory", "numbers");
}

static void chosen_done(struct chosen *c)
{
	cc_free(c->numbers, EXCHANGE_ITEMS_MAX * sizeof *c->numbers);
	cc_free(c->list, EXCHANGE_ITEMS_MAX * sizeof *c->list);
}

static bool choose(struct chosen *c, const char *number)
{
	if (c->count == EXCHANGE_ITEMS_MAX) {
		c->more = true;
		return false;
	}
	(void)snprintf(c->numbers[c->count], NUMBER_SIZE, "%s", number);
	c->list[c->count] = c->numbers[c->count];
	c->count++;
	return true;
}

static bool choose_ready(void *ctx, const struct person *p, bool has_photo)
{
	struct chosen *c = ctx;
	struct holds holds;

	registry_check_person(p, has_photo, &c->s->r.check, &holds);
	return holds_any(&holds) || choose(c, p->number);
}

/* Leaves out who has a card, is being worked on, or is handed out. */
static cc_status keep_free(struct chosen *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->count; i++) {
		bool is_free = false;
		cc_status st = exchange_is_free(&c->s->x, c->list[i], &is_free, &c->s->r.err);

		if (cc_failed(st))
			return st;
		if (is_free)
			c->list[kept++] = c->list[i];
	}
	c->count = kept;
	return kept > 0 ? cc_ok() : cc_fail(&c->s->r.err, CC_E_NOT_FOUND, "exchange.nobody", "nobody is ready for a card");
}

static cc_status choose_applicants(struct chosen *c)
{
	const struct invocation *inv = c->s->r.inv;
	cc_status st;

	if (invocation_option(inv, "--all") != NULL) {
		st = registry_walk(c->s->r.registry, choose_ready, c, &c->s->r.err);
		return cc_failed(st) ? st : keep_free(c);
	}
	for (int i = 1; i < inv->argument_count; i++) {
		if (!number_is_well_formed(bytes_str(inv->arguments[i])))
			return cc_fail(&c->s->r.err, CC_E_ARG, "issue.number", "12 digits are needed");
		if (!choose(c, inv->arguments[i]))
			return cc_fail(&c->s->r.err, CC_E_ARG, "exchange.count", "more than %d", EXCHANGE_ITEMS_MAX);
	}
	return cc_ok();
}

static cc_status make_applicants(struct session *s, const char *peer, int64_t expires_ms, struct buf *ret,
				 struct exchange_made *made)
{
	struct chosen c;
	uint64_t quota = 0;
	cc_status st = chosen_init(&c, s);

	if (!cc_failed(st))
		st = choose_applicants(&c);
	if (!cc_failed(st))
		st = option_number(s, "--quota", c.count, EXCHANGE_QUOTA_MAX, &quota);
	if (!cc_failed(st))
		st = exchange_make_applicants(&s->x, peer, c.list, c.count, quota, expires_ms, ret, made, &s->r.err);
	if (!cc_failed(st) && c.more)
		(void)fprintf(stderr, "%s\n",
			      vi(s) ? "Còn người chưa giao: tạo thêm gói." : "There are more people: make another package.");
	chosen_done(&c);
	return st;
}

static cc_status make(struct session *s, struct buf *ret, struct exchange_made *made)
{
	struct invocation *inv = s->r.inv;
	const char *peer = invocation_option(inv, "--to"), *again = invocation_option(inv, "--again");
	uint64_t days = 0;
	int64_t expires_ms;
	cc_status st;

	if (peer == NULL)
		return cc_fail(&s->r.err, CC_E_ARG, "exchange.unknown-peer", "--to is needed");
	if (again != NULL) {
		if (!whole_number(again, 1, INT64_MAX, &made->seq))
			made->seq = 0; /* no package has it */
		return exchange_again(&s->x, peer, made->seq, ret, &s->r.err);
	}
	if (cc_failed(st = option_number(s, "--days", DAYS_DEFAULT, DAYS_MAX, &days)))
		return st;
	expires_ms = sys_wall_ms(inv->config.sys) + (int64_t)days * DAY_MS;
	if (invocation_option(inv, "--results") != NULL)
		return exchange_make_results(&s->x, peer, expires_ms, ret, made, &s->r.err);
	return make_applicants(s, peer, expires_ms, ret, made);
}

/* What follows is what would be. */
static void tell_dry_run(const struct session *s)
{
	if (s->r.inv->config.dry_run)
		(void)printf("%s\n", vi(s) ? "(chạy thử: không thay đổi gì)" : "(dry run: nothing was changed)");
}

static void tell_made(const struct session *s, const struct exchange_made *made)
{
	if (as_json(s)) {
		print_json(json_pack("{s:i, s:s, s:I, s:I, s:b}", "schema", SCHEMA, "package", made->id, "number",
				     (json_int_t)made->seq, "items", (json_int_t)made->items, "dry_run",
				     s->r.inv->config.dry_run));
		return;
	}
	tell_dry_run(s);
	(void)printf(vi(s) ? "Gói số %llu: %zu mục.%s\n" : "Package %llu: %zu items.%s\n", (unsigned long long)made->seq,
		     made->items,
		     s->r.inv->config.dry_run ? ""
		     : vi(s)		      ? " Trạm kia nhận bằng: cccd exchange take TỆP"
					      : " The other station takes it by: cccd exchange take FILE");
}

static int run_make(struct invocation *inv)
{
	struct session s = { 0 };
	struct exchange_made made = { 0 };
	struct buf file = { 0 };
	bool kinds = invocation_option(inv, "--results") != NULL || invocation_option(inv, "--all") != NULL ||
		     invocation_option(inv, "--again") != NULL;
	cc_status st;

	if (kinds == (inv->argument_count > 1)) {
		(void)fprintf(stderr, "cccd: %s\n",
			      inv->config.lang == LANG_VI ? "nêu các số định danh, hoặc --all, --results, --again"
							  : "name numbers, or one of --all, --results, --again");
		return EXIT_USAGE;
	}
	st = session_open(&s, inv);
	if (!cc_failed(st))
		st = refuse_existing(&s, inv->arguments[0], "--again");
	if (!cc_failed(st))
		st = make(&s, &file, &made);
	/* The package is in the store by now: a file that can't be written is written by --again. */
	if (!cc_failed(st))
		st = write_file(&s, inv->arguments[0], buf_view(&file));
	if (!cc_failed(st))
		tell_made(&s, &made);
	buf_done(&file);
	return session_close(&s, st, EXIT_DONE);
}

/* ---- take */
static const char *conflict_text(const struct session *s, const char *why)
{
	if (strcmp(why, exchange_conflict_name(EXCHANGE_OTHER_RECORD)) == 0)
		return vi(s) ? "hồ sơ ở trạm này khác hồ sơ được giao" : "the record here is another than the one handed out";
	if (strcmp(why, exchange_conflict_name(EXCHANGE_IN_WORK)) == 0)
		return vi(s) ? "trạm này đang làm thẻ cho người này theo đề nghị khác"
			     : "a card of this person is in work here for another application";
	return vi(s) ? "trạm kia có hồ sơ khác dưới cùng số, hoặc đang làm thẻ cho người này"
		     : "the other station has another record under the number, or works on this person already";
}

/* Who, why, and what the officer does about it: at the station that was asked, and at the one that had asked. */
static void tell_conflicts(const struct session *s, const struct exchange_taken *t)
{
	json_t *c;
	size_t i;

	json_array_foreach(s->conflicts, i, c)(void) printf("  ✗ %s: %s\n", json_string_value(json_object_get(c, "number")),
							    conflict_text(s, json_string_value(json_object_get(c, "why"))));
	if (json_array_size(s->conflicts) == 0)
		return;
	if (t->kind == EXCHANGE_APPLICANTS)
		(void)fprintf(
			stderr,
			vi(s) ? "Việc cần làm với mâu thuẫn: so hồ sơ ở đây (cccd registry show SỐ) với trạm giao; nếu ở đây cũ hoặc sai thì sửa bằng "
				"cccd registry correct. Báo về bằng kết quả (cccd exchange make TỆP --to \"%s\" --results); khi hai bên khớp, trạm giao giao lại.\n"
			      : "Next, for a conflict: compare the record here (cccd registry show NUMBER) with that station's; when the one here is old or "
				"wrong, correct it by cccd registry correct. Tell it back with the results (cccd exchange make FILE --to \"%s\" --results); "
				"when both agree, that station hands the applicant out again.\n",
			t->peer);
	else
		(void)fprintf(
			stderr,
			vi(s) ? "Việc cần làm với mâu thuẫn: so hồ sơ ở đây (cccd registry show SỐ) với hồ sơ ở \"%s\", bên nào sai thì sửa bằng cccd registry "
				"correct; đề nghị bị giữ thì đưa lại hàng chờ (cccd registry applications, rồi cccd registry requeue MÃ); sau đó giao lại.\n"
			      : "Next, for a conflict: compare the record here (cccd registry show NUMBER) with that at \"%s\", and correct the wrong one by "
				"cccd registry correct; put a held application back (cccd registry applications, then cccd registry requeue ID); then hand "
				"the applicant out again.\n",
			t->peer);
}

static void tell_taken(const struct session *s, const struct exchange_taken *t)
{
	if (as_json(s)) {
		print_json(json_pack("{s:i, s:s, s:s, s:I, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:O, s:b}", "schema", SCHEMA,
				     "peer", t->peer, "package", t->id, "number", (json_int_t)t->seq, "kind",
				     exchange_kind_name(t->kind), "taken_before", t->before, "items", (json_int_t)t->items,
				     "added", (json_int_t)t->added, "unchanged", (json_int_t)t->unchanged, "conflicts",
				     (json_int_t)t->conflicts, "issued", (json_int_t)t->issued, "returned",
				     (json_int_t)t->returned, "in_conflict", s->conflicts, "dry_run", s->r.inv->config.dry_run));
		return;
	}
	tell_dry_run(s);
	(void)printf(vi(s) ? "Gói số %llu của %s: " : "Package %llu of %s: ", (unsigned long long)t->seq, t->peer);
	if (t->before)
		(void)printf("%s\n", vi(s) ? "đã nhận từ trước, không có gì thay đổi." : "taken before, nothing changed.");
	else if (t->kind == EXCHANGE_APPLICANTS)
		(void)printf(vi(s) ? "%zu hồ sơ, %zu mới, %zu đã có, %zu mâu thuẫn.\n"
				   : "%zu applicants, %zu new, %zu known, %zu in conflict.\n",
			     t->items, t->added, t->unchanged, t->conflicts);
	else
		(void)printf(vi(s) ? "%zu kết quả, %zu đã cấp, %zu trả lại, %zu mâu thuẫn.\n"
				   : "%zu results, %zu issued, %zu given back, %zu in conflict.\n",
			     t->items, t->issued, t->returned, t->conflicts);
	tell_conflicts(s, t);
	if (!t->before && t->kind == EXCHANGE_APPLICANTS && t->conflicts < t->items && !s->r.inv->config.dry_run)
		(void)fprintf(
			stderr,
			vi(s) ? "Việc cần làm: xem ai cấp được bằng cccd registry check --all, cấp bằng cccd card issue SỐ, rồi gửi kết quả: "
				"cccd exchange make TỆP --to \"%s\" --results\n"
			      : "Next: see who may have a card by cccd registry check --all, issue by cccd card issue NUMBER, then send the "
				"results: cccd exchange make FILE --to \"%s\" --results\n",
			t->peer);
}

static int run_take(struct invocation *inv)
{
	struct session s = { 0 };
	struct exchange_taken taken = { 0 };
	struct buf file = { 0 };
	cc_status st = session_open(&s, inv);

	if (!cc_failed(st))
		st = sys_read_file(inv->arguments[0], 64u << 20, &file, &s.r.err);
	if (!cc_failed(st))
		st = exchange_take(&s.x, buf_view(&file), &taken, &s.r.err);
	if (!cc_failed(st))
		tell_taken(&s, &taken);
	buf_done(&file);
	return session_close(&s, st, taken.conflicts > 0 ? EXIT_CHECK_NO : EXIT_DONE);
}

/* ---- list */
struct listing {
	const struct session *s;
	json_t *list; /* NULL: text */
	size_t rows;
};

static const char *kind_text(const struct session *s, enum exchange_kind kind)
{
	if (!vi(s))
		return exchange_kind_name(kind);
	return kind == EXCHANGE_RESULTS ? "kết quả" : "hồ sơ";
}

static void list_row(void *ctx, const struct exchange_row *r)
{
	struct listing *l = ctx;
	time_t at = (time_t)(r->expires_ms / 1000);
	struct tm utc;
	char until[16] = "";

	l->rows++;
	if (gmtime_r(&at, &utc) != NULL)
		(void)strftime(until, sizeof until, "%Y-%m-%d", &utc);
	if (l->list != NULL) {
		(void)json_array_append_new(l->list, json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:s}", "package",
							       r->id, "peer", r->peer, "direction", r->out ? "out" : "in", "kind",
							       exchange_kind_name(r->kind), "number", (json_int_t)r->seq, "items",
							       (json_int_t)r->items, "open", (json_int_t)r->open, "quota",
							       (json_int_t)r->quota, "quota_used", (json_int_t)r->quota_used,
							       "expires", until));
		return;
	}
	(void)printf(vi(l->s) ? "%s %s, gói %llu, %s: %llu mục, %llu chưa xong, chữ ký %llu/%llu, hạn %s\n"
			      : "%s %s, package %llu, %s: %llu items, %llu open, signatures %llu/%llu, until %s\n",
		     r->out ? "→" : "←", r->peer, (unsigned long long)r->seq, kind_text(l->s, r->kind),
		     (unsigned long long)r->items, (unsigned long long)r->open, (unsigned long long)r->quota_used,
		     (unsigned long long)r->quota, until);
}

static void list_peer(void *ctx, const char *name)
{
	struct listing *l = ctx;

	if (l->list != NULL)
		(void)json_array_append_new(l->list, json_string(name));
	else
		(void)printf("%s: %s\n", vi(l->s) ? "Trạm đã ghim" : "Pinned station", name);
}

static int run_list(struct invocation *inv)
{
	struct session s = { 0 };
	struct listing peers = { .s = &s, .list = inv->config.json ? json_array() : NULL };
	struct listing l = { .s = &s, .list = inv->config.json ? json_array() : NULL };
	cc_status st = session_open(&s, inv);

	if (!cc_failed(st))
		st = exchange_list_peers(&s.x, list_peer, &peers, &s.r.err);
	if (!cc_failed(st))
		st = exchange_list(&s.x, list_row, &l, &s.r.err);
	if (!cc_failed(st) && l.list != NULL)
		print_json(json_pack("{s:i, s:O, s:O}", "schema", SCHEMA, "stations", peers.list, "packages", l.list));
	else if (!cc_failed(st) && l.rows == 0)
		(void)printf("%s\n", vi(&s) ? "Chưa có gói nào." : "No package yet.");
	json_decref(peers.list);
	json_decref(l.list);
	return session_close(&s, st, EXIT_DONE);
}

static const struct option_spec peer_options[] = {
	{ "--fingerprint", "HEX", "at least 16 digits of the fingerprint, as the other station told them",
	  "ít nhất 16 chữ số dấu vân khóa do trạm kia đọc" },
	{ 0 },
};

static const struct option_spec identity_options[] = {
	{ "--force", NULL, "replace FILE when it is there", "thay FILE nếu đã có" },
	{ 0 },
};
static const struct option_spec make_options[] = {
	{ "--to", "NAME", "the pinned station it is for", "trạm nhận đã ghim" },
	{ "--all", NULL, "everybody who may get a card now", "mọi người đủ điều kiện cấp thẻ" },
	{ "--results", NULL, "results of what that station handed to us", "kết quả của các hồ sơ trạm đó đã giao" },
	{ "--again", "N", "write the file of package N again", "ghi lại tệp của gói số N" },
	{ "--quota", "N", "signatures the receiver may make for it (default: one for each applicant)",
	  "số chữ ký trạm nhận được dùng (mặc định: mỗi hồ sơ một)" },
	{ "--days", "N", "valid for N days (default 7)", "có hiệu lực N ngày (mặc định 7)" },
	{ 0 },
};

const struct command commands_exchange[] = {
	{ "exchange", "identity", "FILE", 1, 1, "write this station's public keys for another station",
	  "ghi khóa công khai của trạm này cho trạm khác", identity_options, run_identity },
	{ "exchange", "peer", "FILE", 1, 1, "pin another station by its identity file and fingerprint",
	  "ghim trạm khác bằng tệp nhận dạng và dấu vân khóa", peer_options, run_peer },
	{ "exchange", "make", "FILE [NUMBER...]", 1, -1, "make a signed and encrypted package for another station",
	  "tạo gói đã ký và mã hóa cho trạm khác", make_options, run_make },
	{ "exchange", "take", "FILE", 1, 1, "take a package of another station", "nhận gói của trạm khác", NULL, run_take },
	{ "exchange", "list", "", 0, 0, "packages made and taken, and what is open", "các gói đã tạo, đã nhận và việc chưa xong",
	  NULL, run_list },
	{ 0 },
};
