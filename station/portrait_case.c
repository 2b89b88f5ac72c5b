/* SPDX-License-Identifier: Apache-2.0 */
#include "station/portrait_case.h"

#include "crypto/base/secret.h"
#include "crypto/hash.h"

#include <stdio.h>
#include <string.h>

/* ---- policy */

static const char *const record_names[] = { "19794", "39794" };
static const char *const reason_names[] = { "setting", "date", "pilot" };

const char *portrait_record_name(enum portrait_record r)
{
	return record_names[r];
}

const char *portrait_reason_name(enum portrait_reason r)
{
	return reason_names[r];
}

cc_status portrait_policy_load(const struct config *c, struct portrait_policy *ret, struct cc_error *err)
{
	struct portrait_policy p = { .record = PORTRAIT_RECORD_19794 };
	char record[32], from[32];
	int64_t percent = 0;
	cc_status st;

	if (cc_failed(st = config_setting(c, "dg2.record", record, sizeof record, err)) ||
	    cc_failed(st = config_setting(c, "dg2.record-date", from, sizeof from, err)) ||
	    cc_failed(st = config_setting_int(c, "dg2.pilot-percent", &percent, err)))
		return st;
	p.dated = strcmp(record, "dated") == 0;
	if (strcmp(record, "39794") == 0)
		p.record = PORTRAIT_RECORD_39794;
	else if (!p.dated && strcmp(record, "19794") != 0)
		return cc_fail(err, CC_E_FORMAT, "issue.setting", "dg2.record: 19794, 39794 or dated");
	if (!date_parse(bytes_str(from), &p.from) || date_precision(p.from) != DATE_DAY)
		return cc_fail(err, CC_E_FORMAT, "issue.setting", "dg2.record-date: a day");
	if (percent < 0 || percent > 100)
		return cc_fail(err, CC_E_FORMAT, "issue.setting", "dg2.pilot-percent: 0 to 100");
	p.pilot_percent = (unsigned)percent;
	*ret = p;
	return cc_ok();
}

/* A lot of 0 to 9999 from the keyed hash. */
static unsigned lot_of(const uint8_t mac[BOOKS_MAC_LEN])
{
	struct cursor in;
	uint64_t v = 0;

	cursor_init(&in, bytes_of(mac, BOOKS_MAC_LEN));
	CC_ASSERT(cursor_u64(&in, &v));
	return (unsigned)(v % 10000);
}

struct portrait_choice portrait_policy_choose(const struct portrait_policy *p, struct date today,
					      const uint8_t number_mac[BOOKS_MAC_LEN])
{
	if (p->dated && date_compare(today, p->from) >= 0)
		return (struct portrait_choice){ PORTRAIT_RECORD_39794, PORTRAIT_BY_DATE };
	if (!p->dated && p->record == PORTRAIT_RECORD_39794)
		return (struct portrait_choice){ PORTRAIT_RECORD_39794, PORTRAIT_BY_SETTING };
	if (lot_of(number_mac) < p->pilot_percent * 100)
		return (struct portrait_choice){ PORTRAIT_RECORD_39794, PORTRAIT_BY_PILOT };
	return (struct portrait_choice){ PORTRAIT_RECORD_19794, p->dated ? PORTRAIT_BY_DATE : PORTRAIT_BY_SETTING };
}

/* ---- overrides */

#define ID_BYTES 16

struct marks {
	uint8_t number[BOOKS_MAC_LEN], photo[BOOKS_MAC_LEN];
};

/* The photo's keyed hash: what is not keyed would tell who has a known picture. */
static cc_status marks_of(const struct books *b, const char *number, struct bytes photo, struct marks *ret, struct cc_error *err)
{
	struct digest d;
	char text[sizeof "photo " + 2 * HASH_LEN_MAX] = "photo ";
	cc_status st = hash_digest(HASH_SHA256, photo, &d);

	if (!cc_failed(st))
		bytes_to_hex(bytes_of(d.p, d.n), text + strlen(text));
	if (cc_failed(st) || cc_failed(st = books_number_mac(b, text, ret->photo)) ||
	    cc_failed(st = books_number_mac(b, number, ret->number)))
		return cc_fail(err, st.code, "memory", "photo's mark");
	return st;
}

static cc_status seal_reason(const struct books *b, const char *id, const char *reason, struct buf *ret, struct cc_error *err)
{
	char place[96];
	cc_status st;

	(void)snprintf(place, sizeof place, "portrait_override/reason/%s", id);
	st = books_seal(b, place, bytes_str(reason), ret);
	return cc_failed(st) ? cc_fail(err, st.code, "memory", "reason") : st;
}

cc_status portrait_override_add(struct books *b, const char *number, struct bytes photo, const struct portrait_override *o,
				const char *reason, struct cc_error *err)
{
	uint8_t raw[ID_BYTES];
	char id[2 * ID_BYTES + 1];
	struct marks m;
	struct buf sealed = { 0 };
	struct cc_error own;
	cc_status st = sys_random(b->sys, raw, sizeof raw);

	if (cc_failed(st))
		return cc_fail(err, st.code, "memory", "random bytes");
	bytes_to_hex(bytes_of(raw, sizeof raw), id);
	if (cc_failed(st = marks_of(b, number, photo, &m, err)) || cc_failed(st = seal_reason(b, id, reason, &sealed, err)))
		return st;
	const struct books_value values[] = { books_text(id),
					      books_blob(bytes_of(m.number, BOOKS_MAC_LEN)),
					      books_blob(bytes_of(m.photo, BOOKS_MAC_LEN)),
					      books_text(o->check),
					      books_text(o->officer),
					      books_blob(buf_view(&sealed)),
					      books_int(sys_wall_ms(b->sys)) };

	cc_error_init(&own);
	if (!cc_failed(st = books_begin(b, &own))) {
		st = books_run(b,
			       "INSERT INTO portrait_override (id, number_mac, photo_mac, measure, officer, reason, created_ms)"
			       " VALUES ($1, $2, $3, $4, $5, $6, $7)",
			       values, 7, &own);
		st = books_end(b, st, &own);
	}
	buf_done(&sealed);
	if (st.code == CC_E_EXISTS)
		return cc_fail(err, st.code, "portrait.override-exists", "%s", o->check);
	return cc_failed(st) ? cc_fail(err, st.code, own.key, "%s", own.detail) : st;
}

static void take_text(struct stmt *q, int column, char *to, size_t cap)
{
	struct bytes text = stmt_column_bytes(q, column);

	(void)snprintf(to, cap, "%.*s", (int)(text.n < cap ? text.n : cap - 1), (const char *)text.p);
}

static cc_status read_overrides(struct books *b, const struct marks *m, struct portrait_case *ret, struct cc_error *err)
{
	const struct books_value values[] = { books_blob(bytes_of(m->number, BOOKS_MAC_LEN)),
					      books_blob(bytes_of(m->photo, BOOKS_MAC_LEN)) };
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(b,
				   "SELECT measure, officer FROM portrait_override WHERE number_mac = $1 AND photo_mac = $2"
				   " ORDER BY measure",
				   values, 2, &q, &row, err);

	while (!cc_failed(st) && row && ret->count < PORTRAIT_OVERRIDES_MAX) {
		struct portrait_override *o = &ret->overrides[ret->count++];

		take_text(q, 0, o->check, sizeof o->check);
		take_text(q, 1, o->officer, sizeof o->officer);
		st = stmt_step(q, &row);
		if (cc_failed(st))
			st = cc_fail(err, st.code, "store.io", "portrait_override");
	}
	stmt_finish(&q);
	return st;
}

cc_status portrait_case_of(struct books *b, const struct portrait_policy *policy, struct date today, const char *number,
			   struct bytes photo, struct portrait_case *ret, struct cc_error *err)
{
	struct portrait_case c = { 0 };
	struct marks m;
	cc_status st = marks_of(b, number, photo, &m, err);

	if (cc_failed(st))
		return st;
	c.choice = portrait_policy_choose(policy, today, m.number);
	books_lock(b);
	st = read_overrides(b, &m, &c, err);
	books_unlock(b);
	if (!cc_failed(st))
		*ret = c;
	return st;
}

bool portrait_case_overrides(const struct portrait_case *c, const char *measure)
{
	for (size_t i = 0; c != NULL && i < c->count; i++)
		if (strcmp(c->overrides[i].check, measure) == 0)
			return true;
	return false;
}

cc_status portrait_case_book(struct books *b, const char *job_id, const struct portrait_case *c, struct cc_error *err)
{
	char overrides[PORTRAIT_OVERRIDES_MAX * (PORTRAIT_CHECK_SIZE + PORTRAIT_OFFICER_SIZE + 4)] = "";
	size_t n = 0;

	for (size_t i = 0; i < c->count; i++)
		n += (size_t)snprintf(overrides + n, sizeof overrides - n, "%s%s=%s", i ? ";" : "", c->overrides[i].check,
				      c->overrides[i].officer);
	const struct books_value values[] = { books_text(job_id), books_text(portrait_record_name(c->choice.record)),
					      books_text(portrait_reason_name(c->choice.reason)),
					      books_text(overrides[0] ? overrides : NULL) };

	return books_run(b, "INSERT INTO issue_portrait (job_id, record, reason, overrides) VALUES ($1, $2, $3, $4)", values, 4,
			 err);
}
