/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/registry_rows.h"

#include "crypto/base/secret.h"
#include "station/registry/number.h"

#include <string.h>

#define ID_BYTES 16
#define ID_SIZE (2 * ID_BYTES + 1)
#define WORD_MAC_LEN 16
#define WORDS_MAX 64
#define KEY_VERSION 1

static const char column_record[] = "registry_person.record";
static const char column_photo[] = "registry_photo.photo";

static const char sql_find[] = "SELECT p.id, p.content_mac, p.record, f.photo_mac, f.photo FROM registry_person p "
			       "LEFT JOIN registry_photo f ON f.person_id = p.id WHERE p.number_mac = $1";
static const char sql_brief[] = "SELECT p.id, p.content_mac, f.photo_mac FROM registry_person p "
				"LEFT JOIN registry_photo f ON f.person_id = p.id WHERE p.number_mac = $1";
static const char sql_add_person[] =
	"INSERT INTO registry_person (id, number_mac, content_mac, key_version, record, imported_ms) VALUES ($1, $2, $3, $4, $5, $6)";
static const char sql_add_photo[] =
	"INSERT INTO registry_photo (person_id, key_version, photo_mac, photo) VALUES ($1, $2, $3, $4)";
static const char sql_add_word[] = "INSERT INTO registry_word (word_mac, person_id) VALUES ($1, $2)";
static const char sql_count[] = "SELECT COUNT(*) FROM registry_person";
static const char sql_walk[] = "SELECT p.id, p.record, f.person_id FROM registry_person p "
			       "LEFT JOIN registry_photo f ON f.person_id = p.id ORDER BY p.id";
static const char sql_word_first[] =
	"SELECT p.id, p.record, f.person_id FROM registry_word w JOIN registry_person p ON p.id = w.person_id "
	"LEFT JOIN registry_photo f ON f.person_id = p.id WHERE w.word_mac = $1 ORDER BY w.person_id";
static const char sql_word_has[] = "SELECT 1 FROM registry_word WHERE word_mac = $1 AND person_id = $2";

/* What a row is found and compared by. */
struct marks {
	struct digest number, content, photo;
};

static cc_status number_mac(struct registry *r, const char *number, struct digest *ret, struct cc_error *err)
{
	return registry_mac(&r->number_key, bytes_str(number), ret, err);
}

static cc_status marks_of(struct registry *r, const struct person *p, struct bytes record, struct bytes photo, struct marks *ret,
			  struct cc_error *err)
{
	cc_status st = number_mac(r, p->number, &ret->number, err);

	if (!cc_failed(st))
		st = registry_mac(&r->content_key, record, &ret->content, err);
	if (!cc_failed(st))
		st = registry_mac(&r->content_key, photo, &ret->photo, err);
	return st;
}

static bool column_is_mac(struct stmt *q, int column, const struct digest *d)
{
	struct bytes stored = stmt_column_bytes(q, column);

	return cc_equal(stored.p, stored.n, d->p, d->n);
}

static void copy_id(struct stmt *q, int column, char out[ID_SIZE])
{
	struct bytes id = stmt_column_bytes(q, column);
	struct cursor in;

	memset(out, 0, ID_SIZE);
	cursor_init(&in, id);
	/* A row with another id than ours fails to unseal: the id is part of what its seal is bound to. */
	if (!cursor_copy(&in, out, id.n < ID_SIZE ? id.n : ID_SIZE - 1))
		out[0] = '\0';
}

static enum registry_put judge(struct stmt *q, const struct marks *m, bool with_photo)
{
	if (!column_is_mac(q, 1, &m->content))
		return PUT_CONFLICT;
	if (stmt_column_is_null(q, 2))
		return with_photo ? PUT_COMPLETED : PUT_UNCHANGED;
	return !with_photo || column_is_mac(q, 2, &m->photo) ? PUT_UNCHANGED : PUT_CONFLICT;
}

/* id: of the row that is there, else "". */
static cc_status compare(struct registry *r, const struct marks *m, bool with_photo, char id[ID_SIZE], enum registry_put *ret,
			 struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = store_prepare(r->store, sql_brief, &q);

	id[0] = '\0';
	if (!cc_failed(st))
		st = stmt_bind_blob(q, 1, bytes_of(m->number.p, m->number.n));
	if (!cc_failed(st))
		st = stmt_step(q, &row);
	if (!cc_failed(st)) {
		if (row)
			copy_id(q, 0, id);
		*ret = row ? judge(q, m, with_photo) : PUT_ADDED;
	}
	stmt_finish(&q);
	return registry_store_error(r, st, err);
}

static cc_status encode(const struct person *p, struct buf *ret, struct cc_error *err)
{
	cc_status st = person_encode(p, ret);

	return cc_failed(st) ? cc_fail(err, st.code, "memory", "record") : st;
}

cc_status registry_compare(struct registry *r, const struct person *p, struct bytes photo, enum registry_put *ret,
			   struct cc_error *err)
{
	struct buf record = { 0 };
	struct marks m;
	char id[ID_SIZE];
	cc_status st = encode(p, &record, err);

	if (!cc_failed(st))
		st = marks_of(r, p, buf_view(&record), photo, &m, err);
	if (!cc_failed(st))
		st = compare(r, &m, photo.n > 0, id, ret, err);
	buf_done(&record);
	return st;
}

/* ---- adding */

static cc_status add_person(struct registry *r, const char *id, const struct marks *m, struct bytes record, struct cc_error *err)
{
	struct buf sealed = { 0 };
	struct stmt *q = NULL;
	cc_status st = registry_seal(r, column_record, id, record, &sealed, err);

	if (!cc_failed(st))
		st = store_prepare(r->store, sql_add_person, &q);
	if (!cc_failed(st))
		st = stmt_bind_str(q, 1, id);
	if (!cc_failed(st))
		st = stmt_bind_blob(q, 2, bytes_of(m->number.p, m->number.n));
	if (!cc_failed(st))
		st = stmt_bind_blob(q, 3, bytes_of(m->content.p, m->content.n));
	if (!cc_failed(st))
		st = stmt_bind_int(q, 4, KEY_VERSION);
	if (!cc_failed(st))
		st = stmt_bind_blob(q, 5, buf_view(&sealed));
	if (!cc_failed(st))
		st = stmt_bind_int(q, 6, sys_wall_ms(r->sys));
	if (!cc_failed(st))
		st = stmt_run(q);
	stmt_finish(&q);
	buf_done(&sealed);
	return registry_store_error(r, st, err);
}

static cc_status add_photo(struct registry *r, const char *id, const struct marks *m, struct bytes photo, struct cc_error *err)
{
	struct buf sealed = { 0 };
	struct stmt *q = NULL;
	cc_status st = registry_seal(r, column_photo, id, photo, &sealed, err);

	if (!cc_failed(st))
		st = store_prepare(r->store, sql_add_photo, &q);
	if (!cc_failed(st))
		st = stmt_bind_str(q, 1, id);
	if (!cc_failed(st))
		st = stmt_bind_int(q, 2, KEY_VERSION);
	if (!cc_failed(st))
		st = stmt_bind_blob(q, 3, bytes_of(m->photo.p, m->photo.n));
	if (!cc_failed(st))
		st = stmt_bind_blob(q, 4, buf_view(&sealed));
	if (!cc_failed(st))
		st = stmt_run(q);
	stmt_finish(&q);
	buf_done(&sealed);
	return registry_store_error(r, st, err);
}

/* The words of a name, each once. */
struct words {
	size_t count;
	struct digest macs[WORDS_MAX];
};

static cc_status words_of(struct registry *r, const char *text, struct words *ret, struct cc_error *err)
{
	char key[2 * PERSON_NAME_SIZE];
	struct cursor in;
	struct bytes word;
	cc_status st = vietnamese_search_key(text, key, sizeof key);

	if (cc_failed(st))
		return cc_fail(err, CC_E_ARG, "registry.search-text", "longer than %zu bytes, or no text", sizeof key);
	ret->count = 0;
	cursor_init(&in, bytes_str(key));
	while (!cc_failed(st) && cursor_left(&in) > 0 && cursor_until(&in, ' ', &word) && ret->count < WORDS_MAX) {
		struct digest *d = &ret->macs[ret->count];
		bool seen = false;

		st = registry_mac(&r->word_key, word, d, err);
		d->n = WORD_MAC_LEN;
		for (size_t i = 0; !cc_failed(st) && i < ret->count && !seen; i++)
			seen = cc_equal(ret->macs[i].p, WORD_MAC_LEN, d->p, WORD_MAC_LEN);
		if (!seen)
			ret->count++;
	}
	cc_wipe(key, sizeof key);
	return st;
}

static cc_status add_words(struct registry *r, const char *id, const char *name, struct cc_error *err)
{
	struct words words;
	struct stmt *q = NULL;
	cc_status st = words_of(r, name, &words, err);

	if (cc_failed(st))
		return st;
	st = store_prepare(r->store, sql_add_word, &q);
	for (size_t i = 0; i < words.count && !cc_failed(st); i++) {
		st = stmt_bind_blob(q, 1, bytes_of(words.macs[i].p, words.macs[i].n));
		if (!cc_failed(st))
			st = stmt_bind_str(q, 2, id);
		if (!cc_failed(st))
			st = stmt_run(q);
	}
	stmt_finish(&q);
	return registry_store_error(r, st, err);
}

static cc_status new_id(struct registry *r, char id[ID_SIZE], struct cc_error *err)
{
	uint8_t raw[ID_BYTES];
	cc_status st = sys_random(r->sys, raw, sizeof raw);

	if (cc_failed(st))
		return cc_fail(err, st.code, "crypto.failed", "random");
	bytes_to_hex(bytes_of(raw, sizeof raw), id);
	return st;
}

static cc_status add_row(struct registry *r, const struct person *p, const struct marks *m, struct bytes record,
			 struct bytes photo, struct cc_error *err)
{
	char id[ID_SIZE];
	cc_status st = new_id(r, id, err);

	if (!cc_failed(st))
		st = add_person(r, id, m, record, err);
	if (!cc_failed(st))
		st = add_words(r, id, p->full_name, err);
	if (!cc_failed(st) && photo.n > 0)
		st = add_photo(r, id, m, photo, err);
	return st;
}

cc_status registry_put(struct registry *r, const struct person *p, struct bytes photo, enum registry_put *ret,
		       struct cc_error *err)
{
	struct buf record = { 0 };
	struct marks m;
	char id[ID_SIZE];
	enum registry_put result = PUT_CONFLICT;
	cc_status st = encode(p, &record, err);

	CC_ASSERT(r->store->in_transaction);
	if (!cc_failed(st))
		st = marks_of(r, p, buf_view(&record), photo, &m, err);
	if (!cc_failed(st))
		st = compare(r, &m, photo.n > 0, id, &result, err);
	if (!cc_failed(st) && result == PUT_ADDED)
		st = add_row(r, p, &m, buf_view(&record), photo, err);
	if (!cc_failed(st) && result == PUT_COMPLETED)
		st = add_photo(r, id, &m, photo, err);
	buf_done(&record);
	if (!cc_failed(st))
		*ret = result;
	return st;
}

/* ---- reading */

static cc_status open_record(struct registry *r, const char *id, struct bytes sealed, struct person *ret, struct cc_error *err)
{
	struct buf record = { 0 };
	cc_status st = registry_unseal(r, column_record, id, sealed, &record, err);

	if (!cc_failed(st))
		st = person_parse(buf_view(&record), ret, NULL, NULL);
	if (st.code == CC_E_MEMORY)
		st = cc_fail(err, st.code, "memory", "record");
	else if (st.code == CC_E_FORMAT || st.code == CC_E_LIMIT)
		st = cc_fail(err, CC_E_VERIFY, "registry.damaged", "record of row %s", id);
	buf_done(&record);
	return st;
}

static cc_status open_row(struct registry *r, struct stmt *q, struct person *ret, struct buf *ret_photo, struct cc_error *err)
{
	char id[ID_SIZE];
	struct buf photo = { 0 };
	struct person p;
	cc_status st;

	copy_id(q, 0, id);
	st = open_record(r, id, stmt_column_bytes(q, 2), &p, err);
	if (!cc_failed(st) && ret_photo != NULL && !stmt_column_is_null(q, 4))
		st = registry_unseal(r, column_photo, id, stmt_column_bytes(q, 4), &photo, err);
	if (!cc_failed(st)) {
		*ret = p;
		if (ret_photo != NULL)
			buf_move(ret_photo, &photo);
	}
	person_done(&p);
	buf_done(&photo);
	return st;
}

static cc_status find(struct registry *r, const char *number, struct person *ret, struct buf *ret_photo, bool *ret_has_photo,
		      struct cc_error *err)
{
	struct digest mac;
	struct stmt *q = NULL;
	bool row = false;
	cc_status st;

	if (!number_is_well_formed(bytes_str(number)))
		return cc_fail(err, CC_E_ARG, "registry.number-malformed", "a number has 12 digits");
	st = number_mac(r, number, &mac, err);
	if (!cc_failed(st))
		st = store_prepare(r->store, sql_find, &q);
	if (!cc_failed(st))
		st = stmt_bind_blob(q, 1, bytes_of(mac.p, mac.n));
	if (!cc_failed(st))
		st = stmt_step(q, &row);
	if (cc_failed(st))
		st = registry_store_error(r, st, err);
	else if (!row)
		st = cc_fail(err, CC_E_NOT_FOUND, "registry.not-found", "no person with this number");
	else
		st = open_row(r, q, ret, ret_photo, err);
	if (!cc_failed(st) && ret_has_photo != NULL)
		*ret_has_photo = !stmt_column_is_null(q, 4);
	stmt_finish(&q);
	return st;
}

cc_status registry_find(struct registry *r, const char *number, struct person *ret, struct buf *ret_photo, struct cc_error *err)
{
	return find(r, number, ret, ret_photo, NULL, err);
}

cc_status registry_check(struct registry *r, const char *number, const struct check_context *ctx, struct holds *ret,
			 struct cc_error *err)
{
	struct person p;
	bool has_photo = false;
	cc_status st = find(r, number, &p, NULL, &has_photo, err);

	if (cc_failed(st))
		return st;
	registry_check_person(&p, has_photo, ctx, ret);
	person_done(&p);
	return st;
}

cc_status registry_count(struct registry *r, int64_t *ret, struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = store_prepare(r->store, sql_count, &q);

	if (!cc_failed(st))
		st = stmt_step(q, &row);
	if (!cc_failed(st) && row)
		*ret = stmt_column_int(q, 0);
	stmt_finish(&q);
	return registry_store_error(r, st, err);
}

/* One row of sql_walk or sql_word_first. *ret_go: the visitor wants more. */
static cc_status visit_row(struct registry *r, struct stmt *q, registry_visit visit, void *ctx, bool *ret_go,
			   struct cc_error *err)
{
	char id[ID_SIZE];
	struct person p;
	cc_status st;

	copy_id(q, 0, id);
	st = open_record(r, id, stmt_column_bytes(q, 1), &p, err);
	if (!cc_failed(st))
		*ret_go = visit(ctx, &p, !stmt_column_is_null(q, 2));
	person_done(&p);
	return st;
}

cc_status registry_walk(struct registry *r, registry_visit visit, void *ctx, struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = true, go = true;
	cc_status st = registry_store_error(r, store_prepare(r->store, sql_walk, &q), err);

	while (!cc_failed(st) && go) {
		st = registry_store_error(r, stmt_step(q, &row), err);
		if (cc_failed(st) || !row)
			break;
		st = visit_row(r, q, visit, ctx, &go, err);
	}
	stmt_finish(&q);
	return st;
}

static cc_status has_word(struct registry *r, const struct digest *word, const char *id, bool *ret, struct cc_error *err)
{
	struct stmt *q = NULL;
	cc_status st = store_prepare(r->store, sql_word_has, &q);

	if (!cc_failed(st))
		st = stmt_bind_blob(q, 1, bytes_of(word->p, word->n));
	if (!cc_failed(st))
		st = stmt_bind_str(q, 2, id);
	if (!cc_failed(st))
		st = stmt_step(q, ret);
	stmt_finish(&q);
	return registry_store_error(r, st, err);
}

static cc_status has_all_words(struct registry *r, const struct words *words, struct stmt *q, bool *ret, struct cc_error *err)
{
	char id[ID_SIZE];
	cc_status st = cc_ok();

	copy_id(q, 0, id);
	*ret = true;
	for (size_t i = 1; i < words->count && *ret && !cc_failed(st); i++)
		st = has_word(r, &words->macs[i], id, ret, err);
	return st;
}

static cc_status search_words(struct registry *r, const struct words *words, size_t limit, registry_visit visit, void *ctx,
			      struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = true, go = true;
	cc_status st = store_prepare(r->store, sql_word_first, &q);

	if (!cc_failed(st))
		st = stmt_bind_blob(q, 1, bytes_of(words->macs[0].p, words->macs[0].n));
	st = registry_store_error(r, st, err);
	while (!cc_failed(st) && go && limit > 0) {
		bool all = false;

		st = registry_store_error(r, stmt_step(q, &row), err);
		if (cc_failed(st) || !row)
			break;
		st = has_all_words(r, words, q, &all, err);
		if (cc_failed(st) || !all)
			continue;
		st = visit_row(r, q, visit, ctx, &go, err);
		limit--;
	}
	stmt_finish(&q);
	return st;
}

cc_status registry_search(struct registry *r, const char *text, size_t limit, registry_visit visit, void *ctx,
			  struct cc_error *err)
{
	struct words words;
	cc_status st = words_of(r, text, &words, err);

	if (cc_failed(st))
		return st;
	if (words.count == 0)
		return cc_fail(err, CC_E_ARG, "registry.search-text", "no letters in it");
	return search_words(r, &words, limit, visit, ctx, err);
}
