/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/due.h"

#include "station/registry/residence.h"

#include <string.h>

const char *due_kind_name(enum due_kind k)
{
	static const char *const names[] = {
		[DUE_FIRST] = "first",
		[DUE_EXCHANGE] = "exchange",
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
	bool known = false;

	if (p->life != LIFE_ALIVE || date_precision(p->birth) != DATE_DAY)
		return false;
	d.issued = date_precision(p->issued) == DATE_DAY ? p->issued : card_issued;
	if (card_expiry(q, p, d.issued, &d.on, &known)) {
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

struct walk {
	struct forms *f;
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

static bool visit_person(void *ctx, const struct person *p, bool has_photo)
{
	struct walk *w = ctx;
	struct date issued = { 0 };
	struct due d = { 0 };

	(void)has_photo;
	/* The ledger is asked only about those whom it can change. */
	if (date_precision(p->issued) != DATE_DAY && p->expiry_kind == EXPIRY_BY_RULE && p->life == LIFE_ALIVE &&
	    cc_failed(w->st = ledger_day(w, p->number, &issued)))
		return false;
	if (!due_judge(w->q, p, issued, &d))
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
	st = registry_walk(f->registry, visit_person, &w, err);
	books_unlock(f->books);
	return cc_failed(w.st) ? w.st : st;
}
