/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/due.h"

#include "crypto/base/secret.h"
#include "station/registry/residence.h"

#include <stdlib.h>
#include <string.h>

const char *due_kind_name(enum due_kind k)
{
	static const char *const names[] = {
		[DUE_FIRST] = "first",
		[DUE_EXCHANGE] = "exchange",
		[DUE_REVOKED] = "revoked",
		[DUE_AGE] = "age-unknown-card",
	};

	return names[k];
}

/* The known card's last day; false: it has none, or is not known (*ret_known). */
static bool card_expiry(const struct due_query *q, const struct person *p, struct date issued, struct date *ret, bool *ret_known)
{
	*ret_known = p->expiry_kind != EXPIRY_BY_RULE || issued.year != 0;
	if (p->expiry_kind == EXPIRY_DATE)
		*ret = p->expiry;
	if (p->expiry_kind != EXPIRY_BY_RULE)
		return p->expiry_kind == EXPIRY_DATE;
	return issued.year != 0 && validity_expiry(&q->rules, p->birth, issued, ret);
}

/* An exchange age that is reached after today, up to the last day asked for. */
static bool reaches_age(const struct due_query *q, const struct person *p, struct due *ret)
{
	for (size_t i = 0; i < q->rules.age_count; i++) {
		struct date day = validity_birthday(&q->rules, p->birth, q->rules.ages[i]);

		if (date_compare(day, q->today) < 0 || date_compare(day, q->until) > 0)
			continue;
		ret->kind = i == 0 && q->rules.ages[0] == 14 ? DUE_FIRST : DUE_AGE;
		ret->on = day;
		return true;
	}
	return false;
}

bool due_judge(const struct due_query *q, const struct person *p, struct date card_issued, struct due *ret)
{
	struct due d = { .person = p, .kind = DUE_EXCHANGE };
	bool known = false, newer, ends;

	if (p->life != LIFE_ALIVE || date_precision(p->birth) != DATE_DAY)
		return false;
	d.issued = date_precision(p->issued) == DATE_DAY ? p->issued : card_issued;
	/* A card that was made after what the record says of dates has its own. */
	newer = card_issued.year != 0 && date_compare(card_issued, d.issued) > 0;
	if (newer) {
		d.issued = card_issued;
		known = true;
		ends = validity_expiry(&q->rules, p->birth, card_issued, &d.on);
	} else {
		ends = card_expiry(q, p, d.issued, &d.on, &known);
	}
	if (ends) {
		if (date_compare(d.on, q->until) > 0)
			return false;
	} else if (known || !reaches_age(q, p, &d)) {
		return false;
	}
	d.overdue = date_compare(d.on, q->today) < 0;
	d.age = validity_age(&q->rules, p->birth, d.on);
	d.layout = application_layout(&q->rules, p->birth, d.overdue ? q->today : d.on);
	*ret = d;
	return true;
}

/* ---- cards that were revoked */

/* Whose card was revoked, and who has and asks for no other: few beside the people, so they are read once. */
struct ended {
	uint8_t mac[BOOKS_MAC_LEN];
	int64_t at_ms;
};
struct ended_list {
	struct ended *items;
	size_t count, cap;
};

static bool ended_add(struct ended_list *l, const struct ended *e)
{
	size_t cap = l->cap == 0 ? 64 : 2 * l->cap;
	struct ended *bigger;

	if (l->count == l->cap) {
		bigger = cc_alloc(cap * sizeof *bigger);
		if (bigger == NULL)
			return false;
		if (l->count > 0)
			memcpy(bigger, l->items, l->count * sizeof *bigger);
		cc_free(l->items, l->cap * sizeof *bigger);
		l->items = bigger;
		l->cap = cap;
	}
	l->items[l->count++] = *e;
	return true;
}

static int by_mac(const void *a, const void *b)
{
	const struct ended *x = a, *y = b;

	return memcmp(x->mac, y->mac, sizeof x->mac);
}

static cc_status ended_load(struct forms *f, struct ended_list *l, struct cc_error *err)
{
	static const char sql[] =
		"SELECT number_mac, MAX(decided_ms) FROM issue_revocation r WHERE state = 'revoked'"
		" AND NOT EXISTS (SELECT 1 FROM issue_card c WHERE c.number_mac = r.number_mac AND c.active = 1)"
		" AND NOT EXISTS (SELECT 1 FROM issue_application a WHERE a.number_mac = r.number_mac AND a.live = 1)"
		" AND NOT EXISTS (SELECT 1 FROM exchange_item i JOIN exchange_package p ON p.id = i.package_id"
		" WHERE i.number_mac = r.number_mac AND i.state = 'issued' AND p.direction = 'out') GROUP BY number_mac";
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(f->books, sql, NULL, 0, &q, &row, err);

	while (!cc_failed(st) && row) {
		struct ended e = { .at_ms = stmt_column_int(q, 1) };
		struct bytes mac = stmt_column_bytes(q, 0);

		if (mac.n != sizeof e.mac)
			st = cc_fail(err, CC_E_VERIFY, "registry.damaged", "a revocation");
		else
			memcpy(e.mac, mac.p, mac.n);
		if (!cc_failed(st) && !ended_add(l, &e))
			st = cc_fail(err, CC_E_MEMORY, "memory", "revocations");
		if (!cc_failed(st))
			st = forms_step(f, q, &row, err);
	}
	stmt_finish(&q);
	if (l->count > 0)
		qsort(l->items, l->count, sizeof *l->items, by_mac);
	return st;
}

/* ---- everybody */

struct walk {
	struct forms *f;
	struct ended_list ended;
	const struct due_query *q;
	due_visit visit;
	void *ctx;
	cc_status st;
	struct cc_error *err;
};

/* The day on which this station issued the person's card. */
static cc_status ledger_day(struct walk *w, const char *number, struct date *ret)
{
	uint8_t mac[BOOKS_MAC_LEN];
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = forms_mac(w->f, number, mac, w->err);

	if (cc_failed(st))
		return st;
	{
		const struct books_value values[] = { books_blob(bytes_of(mac, sizeof mac)) };

		st = books_query(w->f->books, "SELECT issued_ms FROM issue_card WHERE number_mac = $1 AND active = 1", values, 1,
				 &q, &row, w->err);
	}
	if (!cc_failed(st) && row)
		*ret = date_in_vietnam(stmt_column_int(q, 0));
	stmt_finish(&q);
	return st;
}

static cc_status was_ended(struct walk *w, const char *number, struct date *ret_on, bool *ret)
{
	struct ended key = { 0 };
	const struct ended *found;
	cc_status st = cc_ok();

	*ret = false;
	if (w->ended.count == 0 || cc_failed(st = forms_mac(w->f, number, key.mac, w->err)))
		return st;
	found = bsearch(&key, w->ended.items, w->ended.count, sizeof key, by_mac);
	if (found != NULL)
		*ret_on = date_in_vietnam(found->at_ms);
	*ret = found != NULL;
	return st;
}

/* A duty only for who must have a card, and may. */
static bool judge_ended(const struct due_query *q, const struct person *p, struct date on, struct due *ret)
{
	if (p->life != LIFE_ALIVE || !registry_is_citizen(p) || date_precision(p->birth) != DATE_DAY ||
	    validity_age(&q->rules, p->birth, q->today) < AGE_MANDATORY)
		return false;
	*ret = (struct due){ .person = p,
			     .kind = DUE_REVOKED,
			     .on = on,
			     .age = validity_age(&q->rules, p->birth, on),
			     .layout = application_layout(&q->rules, p->birth, q->today) };
	return true;
}

static bool visit_person(void *ctx, const struct person *p, bool has_photo)
{
	struct walk *w = ctx;
	struct date issued = { 0 }, ended_on = { 0 };
	struct due d = { 0 };
	bool ended = false;

	(void)has_photo;
	if (cc_failed(w->st = was_ended(w, p->number, &ended_on, &ended)))
		return false;
	/* The card that was made here may be newer than what the record says. */
	if (!ended && p->life == LIFE_ALIVE && cc_failed(w->st = ledger_day(w, p->number, &issued)))
		return false;
	if (ended ? !judge_ended(w->q, p, ended_on, &d) : !due_judge(w->q, p, issued, &d))
		return true;
	d.province = residence_province(p->residence, w->q->today);
	if (w->q->province != NULL && (d.province == NULL || strcmp(d.province, w->q->province) != 0))
		return true;
	return w->visit(w->ctx, &d);
}

cc_status due_list(struct forms *f, const struct due_query *q, due_visit visit, void *ctx, struct cc_error *err)
{
	struct walk w = { .f = f, .q = q, .visit = visit, .ctx = ctx, .st = cc_ok(), .err = err };
	cc_status st;

	books_lock(f->books);
	st = ended_load(f, &w.ended, err);
	if (!cc_failed(st))
		st = registry_walk(f->registry, visit_person, &w, err);
	books_unlock(f->books);
	cc_free(w.ended.items, w.ended.cap * sizeof *w.ended.items);
	return cc_failed(w.st) ? w.st : st;
}
