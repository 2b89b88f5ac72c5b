/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/same_person.h"

#include "crypto/base/secret.h"
#include "station/registry/number.h"
#include "station/registry/registry_rows.h"

#include <string.h>

#define TABLE "registry_distinct"
#define IDENTITY_SIZE 512

enum same_person same_person_of(const struct person *self, const struct person *other)
{
	bool here = strcmp(self->cancelled_number, other->number) == 0,
	     there = strcmp(other->cancelled_number, self->number) == 0;

	if (here == there)
		return SAME_PERSON_DOUBT;
	return here ? SAME_PERSON_HERE : SAME_PERSON_CANCELLED;
}

cc_status same_person_distinct(struct registry *r, int64_t id, int64_t other, bool *ret, struct cc_error *err)
{
	struct stmt *q = NULL;
	cc_status st = store_prepare(r->store, "SELECT 1 FROM " TABLE " WHERE low_id = $1 AND high_id = $2", &q);

	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, id < other ? id : other);
	if (!cc_failed(st))
		st = stmt_bind_int(q, 2, id < other ? other : id);
	if (!cc_failed(st))
		st = stmt_step(q, ret);
	stmt_finish(&q);
	return registry_store_error(r, st, err);
}

cc_status same_person_has_card(struct books *b, const struct person *p, bool *ret, struct cc_error *err)
{
	uint8_t mac[BOOKS_MAC_LEN];
	const struct books_value key = books_blob(bytes_of(mac, sizeof mac));
	struct stmt *q = NULL;
	cc_status st;

	*ret = false;
	if (p->cancelled_number[0] == '\0')
		return cc_ok();
	if (cc_failed(st = books_number_mac(b, p->cancelled_number, mac)))
		return cc_fail(err, st.code, "crypto.failed", "HMAC-SHA256");
	st = books_query(b,
			 "SELECT 1 FROM issue_card WHERE number_mac = $1 AND active = 1 UNION ALL SELECT 1 FROM exchange_item i"
			 " JOIN exchange_package p ON p.id = i.package_id WHERE i.number_mac = $1 AND i.state = 'issued'"
			 " AND p.direction = 'out' UNION ALL SELECT 1 FROM issue_job WHERE number_mac = $1 AND live = 1",
			 &key, 1, &q, ret, err);
	stmt_finish(&q);
	return st;
}

static cc_status identity_of(struct registry *r, const char *number, char *out, int64_t *ret_id, struct cc_error *err)
{
	struct person p = { 0 };
	cc_status st = registry_find(r, number, &p, NULL, err);

	if (!cc_failed(st))
		st = registry_id_of(r, number, ret_id, err);
	if (!cc_failed(st) && !mark_identity_text(&p, out, IDENTITY_SIZE))
		out[0] = '\0';
	person_done(&p);
	return st;
}

/* Only what is held may be let go: nobody is cleared ahead of a doubt. */
static cc_status alike(struct registry *r, const struct same_person_request *q, int64_t ids[2], struct cc_error *err)
{
	char one[IDENTITY_SIZE] = "", two[IDENTITY_SIZE] = "";
	cc_status st = identity_of(r, q->number, one, &ids[0], err);

	if (!cc_failed(st))
		st = identity_of(r, q->other, two, &ids[1], err);
	if (!cc_failed(st) && (ids[0] == ids[1] || one[0] == '\0' || strcmp(one, two) != 0))
		st = cc_fail(err, CC_E_ARG, "same-person.not-alike", "rows %lld and %lld", (long long)ids[0], (long long)ids[1]);
	cc_wipe(one, sizeof one);
	cc_wipe(two, sizeof two);
	return st;
}

static cc_status read_request(const struct same_person_request *q, char officer[FORMS_OFFICER_SIZE],
			      char approved_by[FORMS_OFFICER_SIZE], char reason[FORMS_TEXT_SIZE], struct cc_error *err)
{
	cc_status st = forms_officer(q->officer, officer, err);

	if (!cc_failed(st))
		st = forms_text(q->reason, "--reason", reason, err);
	if (cc_failed(st))
		return st;
	if (!number_is_well_formed(bytes_str(q->number)) || !number_is_well_formed(bytes_str(q->other)))
		return cc_fail(err, CC_E_ARG, "registry.number-malformed", "a number has 12 digits");
	if (q->approved_by == NULL || q->approved_by[0] == '\0' || forms_same_officer(q->officer, q->approved_by))
		return cc_fail(err, CC_E_DENIED, "same-person.same-officer", "--approved-by");
	return forms_officer(q->approved_by, approved_by, err);
}

cc_status same_person_part(struct forms *f, const struct same_person_request *q, bool *ret_new, struct cc_error *err)
{
	char officer[FORMS_OFFICER_SIZE], approved_by[FORMS_OFFICER_SIZE], reason[FORMS_TEXT_SIZE];
	struct buf sealed = { 0 };
	int64_t ids[2] = { 0, 0 }, id = 0;
	bool there = false;
	cc_status st = read_request(q, officer, approved_by, reason, err);

	if (cc_failed(st) || cc_failed(st = forms_begin(f, err)))
		return st;
	st = alike(f->registry, q, ids, err);
	if (!cc_failed(st))
		st = same_person_distinct(f->registry, ids[0], ids[1], &there, err);
	if (!cc_failed(st) && !there)
		st = forms_next_id(f, &id, err);
	if (!cc_failed(st) && !there)
		st = forms_seal(f, TABLE, id,
				json_pack("{s:s, s:s, s:s}", "number", q->number, "other", q->other, "reason", reason), &sealed,
				err);
	if (!cc_failed(st) && !there) {
		const struct books_value values[] = { books_int(ids[0] < ids[1] ? ids[0] : ids[1]),
						      books_int(ids[0] < ids[1] ? ids[1] : ids[0]),
						      books_int(id),
						      books_blob(buf_view(&sealed)),
						      books_text(officer),
						      books_text(approved_by),
						      books_int(sys_wall_ms(f->books->sys)) };

		st = books_run(f->books,
			       "INSERT INTO " TABLE " (low_id, high_id, id, form, officer, approved_by, decided_ms)"
			       " VALUES ($1, $2, $3, $4, $5, $6, $7)",
			       values, 7, err);
	}
	buf_done(&sealed);
	st = forms_end(f, st, err);
	if (!cc_failed(st))
		*ret_new = !there;
	return st;
}
