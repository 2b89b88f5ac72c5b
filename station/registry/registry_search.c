/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/registry_rows.h"

#include "crypto/base/secret.h"

#include <stdio.h>
#include <string.h>

/*
 * The first page at once, whatever the size of the registry: lists of row numbers
 * under marks are walked together, each leaping to where the others stand. A name
 * in full has a mark of its own and comes first; words alone are looked up year by
 * year, so that no list is longer than a year's people.
 */
#define LISTS_MAX 18
#define YEAR_FIRST 1880

static const char sql_row[] =
	"SELECT p.id, p.key_version, p.record, CASE WHEN f.person_id IS NULL THEN 0 ELSE 1 END FROM registry_person p "
	"LEFT JOIN registry_photo f ON f.person_id = p.id WHERE p.id = $1";

struct search {
	struct registry *r;
	const struct registry_query *q;
	struct mark_words words;
	registry_visit visit;
	void *ctx;
	struct cc_error *err;
	size_t left; /* of the page */
	bool go;
	bool full_names_shown; /* those were visited already */
	struct registry_postings lists[LISTS_MAX];
	size_t list_count;
	size_t key;
};

static bool has_words(const struct person *p, const struct mark_words *wanted, bool *ret_all_of_them)
{
	struct mark_words have;
	size_t hits = 0;

	if (cc_failed(mark_words_of(p->full_name, &have)))
		return false;
	for (size_t i = 0; i < wanted->count; i++) {
		for (size_t j = 0; j < have.count; j++)
			hits += strcmp(wanted->words[i], have.words[j]) == 0;
	}
	*ret_all_of_them = hits == wanted->count && have.count == wanted->count;
	cc_wipe(&have, sizeof have);
	return hits == wanted->count;
}

/* A mark is a hash that was cut: the person themself decides. */
static bool fits(const struct search *s, const struct person *p)
{
	bool whole = false;

	if (s->q->birth_year != 0 && p->birth.year != s->q->birth_year)
		return false;
	if (s->q->old_cmnd != NULL && strcmp(p->old_cmnd, s->q->old_cmnd) != 0)
		return false;
	if (s->words.count > 0 && !has_words(p, &s->words, &whole))
		return false;
	return !(whole && s->full_names_shown);
}

static cc_status show(struct search *s, int64_t id)
{
	struct stmt *q = NULL;
	struct person p = { 0 };
	bool row = false, has_photo = false, fit = false;
	cc_status st = store_prepare(s->r->store, sql_row, &q);

	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, id);
	if (!cc_failed(st))
		st = stmt_step(q, &row);
	st = registry_store_error(s->r, st, s->err);
	if (!cc_failed(st) && row) {
		has_photo = stmt_column_int(q, 3) == 1;
		st = registry_row_open(s->r, q, &p, s->err);
		fit = !cc_failed(st) && fits(s, &p);
	}
	stmt_finish(&q);
	if (fit) {
		s->go = s->visit(s->ctx, &p, has_photo) && --s->left > 0;
	}
	person_done(&p);
	return st;
}

/* Everybody who is in all lists. */
static cc_status meet(struct search *s)
{
	int64_t at = 1;
	size_t agree = 0, i = 0;
	cc_status st = cc_ok();

	while (s->go && !cc_failed(st)) {
		int64_t next = 0;

		st = registry_postings_next(s->r, &s->lists[i], at, &next, s->err);
		if (cc_failed(st) || next == 0)
			break;
		agree = next == at ? agree + 1 : 1;
		at = next;
		if (agree >= s->list_count) {
			st = show(s, at);
			at++;
			agree = 0;
		}
		i = (i + 1) % s->list_count;
	}
	return st;
}

static cc_status add(struct search *s, enum mark_kind kind, unsigned year, const char *text)
{
	int64_t mark;
	cc_status st = mark_of(&s->r->keys, s->key, kind, year, text, &mark);

	if (cc_failed(st))
		return registry_crypto_error(st, s->err, "mark");
	registry_postings_begin(&s->lists[s->list_count++], mark);
	return st;
}

/* What narrows every search: number of the old card, place. */
static cc_status begin_lists(struct search *s)
{
	char place[2 * PERSON_PLACE_SIZE];
	cc_status st = cc_ok();

	s->list_count = 0;
	if (s->q->old_cmnd != NULL)
		st = add(s, MARK_OLD_CMND, 0, s->q->old_cmnd);
	if (!cc_failed(st) && s->q->place != NULL) {
		if (cc_failed(mark_place_key(s->q->place, place, sizeof place)))
			return cc_fail(s->err, CC_E_ARG, "registry.search-text", "no letters in the place's name");
		st = add(s, MARK_PLACE, 0, place);
	}
	return st;
}

static cc_status by_year(struct search *s, unsigned year)
{
	cc_status st = begin_lists(s);

	for (size_t i = 0; i < s->words.count && !cc_failed(st); i++)
		st = add(s, MARK_WORD, year, s->words.words[i]);
	return cc_failed(st) ? st : meet(s);
}

static cc_status by_full_name(struct search *s)
{
	int64_t mark;
	cc_status st = begin_lists(s);

	if (cc_failed(st))
		return st;
	st = mark_of_name(&s->r->keys, s->key, &s->words, &mark);
	if (cc_failed(st))
		return registry_crypto_error(st, s->err, "mark");
	registry_postings_begin(&s->lists[s->list_count++], mark);
	st = meet(s);
	s->full_names_shown = true;
	return st;
}

static cc_status under_key(struct search *s, unsigned year_last)
{
	cc_status st;

	if (s->words.count == 0) {
		st = begin_lists(s);
		return cc_failed(st) ? st : meet(s);
	}
	s->full_names_shown = false;
	st = by_full_name(s);
	if (s->q->birth_year != 0 && !cc_failed(st) && s->go)
		return by_year(s, s->q->birth_year);
	/* The young are most; those of unknown birth come last. */
	for (unsigned year = year_last; year >= YEAR_FIRST && !cc_failed(st) && s->go; year--)
		st = by_year(s, year);
	return cc_failed(st) || !s->go ? st : by_year(s, 0);
}

static cc_status by_number(struct search *s)
{
	struct person p = { 0 };
	struct buf photo = { 0 };
	cc_status st = registry_find(s->r, s->q->number, &p, &photo, s->err);

	if (st.code == CC_E_NOT_FOUND) {
		cc_error_init(s->err);
		st = cc_ok();
	} else if (!cc_failed(st) && fits(s, &p)) {
		(void)s->visit(s->ctx, &p, photo.n > 0);
	}
	person_done(&p);
	buf_done(&photo);
	return st;
}

static cc_status run(struct search *s)
{
	struct date today = date_in_vietnam(sys_wall_ms(s->r->sys));
	cc_status st = cc_ok();

	if (s->q->words != NULL && cc_failed(mark_words_of(s->q->words, &s->words)))
		return cc_fail(s->err, CC_E_ARG, "registry.search-text", "no letters in it");
	if (s->q->number != NULL)
		return by_number(s);
	if (s->words.count == 0 && s->q->old_cmnd == NULL && s->q->place == NULL)
		return cc_fail(s->err, CC_E_ARG, "registry.search-text", "nothing to look for");
	for (s->key = 0; s->key < s->r->keys.count && s->go && !cc_failed(st); s->key++)
		st = under_key(s, today.year);
	return st;
}

cc_status registry_query(struct registry *r, const struct registry_query *q, size_t limit, registry_visit visit, void *ctx,
			 struct cc_error *err)
{
	struct search s = { .r = r, .q = q, .visit = visit, .ctx = ctx, .err = err, .left = limit, .go = limit > 0 };
	cc_status st = run(&s);

	cc_wipe(&s.words, sizeof s.words);
	return st;
}

cc_status registry_search(struct registry *r, const char *text, size_t limit, registry_visit visit, void *ctx,
			  struct cc_error *err)
{
	const struct registry_query q = { .words = text };

	return registry_query(r, &q, limit, visit, ctx, err);
}
