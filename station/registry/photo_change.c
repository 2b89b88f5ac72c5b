/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/photo_change.h"

#include "crypto/base/bytes.h"
#include "crypto/hash.h"
#include "station/registry/correction.h"
#include "station/registry/number.h"
#include "station/registry/photo.h"
#include "station/registry/registry_rows.h"

#include <string.h>

#define TABLE "registry_photo_change"

static cc_status hex_of(struct bytes file, char out[65], struct cc_error *err)
{
	struct digest d;
	cc_status st = hash_digest(HASH_SHA256, file, &d);

	if (cc_failed(st))
		return cc_fail(err, st.code, "crypto.failed", "SHA-256");
	bytes_to_hex(bytes_of(d.p, d.n), out);
	return st;
}

static cc_status read_request(const struct photo_change_request *q, struct photo_change *c, struct cc_error *err)
{
	cc_status st = forms_officer(q->officer, c->officer, err);

	if (!cc_failed(st) && q->approved_by != NULL && q->approved_by[0] != '\0')
		st = forms_officer(q->approved_by, c->approved_by, err);
	if (!cc_failed(st) && q->reason != NULL && q->reason[0] != '\0')
		st = forms_text(q->reason, "--reason", c->reason, err);
	if (cc_failed(st))
		return st;
	if (!number_is_well_formed(bytes_str(q->number)))
		return cc_fail(err, CC_E_ARG, "registry.number-malformed", "a number has 12 digits");
	if (!photo_is_image(q->photo))
		return cc_fail(err, CC_E_FORMAT, "import.photo-not-jpeg", "%zu bytes", q->photo.n);
	return hex_of(q->photo, c->after, err);
}

/* What is only judged now that it is known whether there was a photo. */
static cc_status judge(const struct photo_change *c, struct cc_error *err)
{
	char reason[FORMS_TEXT_SIZE];

	if (strcmp(c->before, c->after) == 0)
		return cc_fail(err, CC_E_ARG, "photo-change.same-file", "SHA-256 %s", c->after);
	if (c->first)
		return cc_ok();
	if (c->approved_by[0] == '\0' || forms_same_officer(c->officer, c->approved_by))
		return cc_fail(err, CC_E_DENIED, "photo-change.same-officer", "--approved-by");
	return forms_text(c->reason, "--reason", reason, err);
}

static cc_status book(struct forms *f, const char *number, struct photo_change *c, struct cc_error *err)
{
	uint8_t mac[BOOKS_MAC_LEN];
	struct buf sealed = { 0 };
	cc_status st = forms_next_id(f, &c->id, err);

	c->changed_ms = sys_wall_ms(f->books->sys);
	if (!cc_failed(st))
		st = forms_mac(f, number, mac, err);
	if (!cc_failed(st))
		st = forms_seal(f, TABLE, c->id,
				json_pack("{s:s, s:s, s:s}", "before", c->before, "after", c->after, "reason", c->reason),
				&sealed, err);
	if (!cc_failed(st)) {
		const struct books_value values[] = { books_int(c->id),
						      books_blob(bytes_of(mac, sizeof mac)),
						      books_blob(buf_view(&sealed)),
						      books_text(c->officer),
						      books_text(c->approved_by[0] != '\0' ? c->approved_by : NULL),
						      books_int(c->changed_ms) };

		st = books_run(f->books,
			       "INSERT INTO " TABLE " (id, number_mac, form, officer, approved_by, changed_ms)"
			       " VALUES ($1, $2, $3, $4, $5, $6)",
			       values, 6, err);
	}
	buf_done(&sealed);
	return st;
}

cc_status photo_change(struct forms *f, const struct photo_change_request *q, struct photo_change *ret, struct cc_error *err)
{
	struct photo_change c = { 0 };
	struct buf before = { 0 };
	bool under_way = false;
	cc_status st = read_request(q, &c, err);

	if (cc_failed(st) || cc_failed(st = forms_begin(f, err)))
		return st;
	/* I7: no other station binds a blank between what is judged here and the new photo. */
	st = registry_hold_keys(f->registry, err);
	if (!cc_failed(st))
		st = correction_card_under_way(f, q->number, &under_way, err);
	if (!cc_failed(st) && under_way)
		st = cc_fail(err, CC_E_HELD, "photo-change.card-under-way", "photo");
	if (!cc_failed(st))
		st = registry_set_photo(f->registry, q->number, q->photo, &before, err);
	c.first = before.n == 0;
	if (!cc_failed(st) && !c.first)
		st = hex_of(buf_view(&before), c.before, err);
	if (!cc_failed(st))
		st = judge(&c, err);
	if (!cc_failed(st))
		st = book(f, q->number, &c, err);
	buf_done(&before);
	st = forms_end(f, st, err);
	if (!cc_failed(st))
		*ret = c;
	return st;
}

static cc_status read_row(struct forms *f, struct stmt *q, struct photo_change *ret, struct cc_error *err)
{
	json_t *form = NULL;
	cc_status st;

	*ret = (struct photo_change){ .id = stmt_column_int(q, 0), .changed_ms = stmt_column_int(q, 4) };
	forms_copy_column(q, 2, ret->officer, sizeof ret->officer);
	forms_copy_column(q, 3, ret->approved_by, sizeof ret->approved_by);
	if (cc_failed(st = forms_open(f, TABLE, ret->id, stmt_column_bytes(q, 1), &form, err)))
		return st;
	forms_copy(form, "before", ret->before, sizeof ret->before);
	forms_copy(form, "after", ret->after, sizeof ret->after);
	forms_copy(form, "reason", ret->reason, sizeof ret->reason);
	ret->first = ret->before[0] == '\0';
	json_decref(form);
	return st;
}

cc_status photo_change_list(struct forms *f, const char *number, photo_change_visit visit, void *ctx, struct cc_error *err)
{
	uint8_t mac[BOOKS_MAC_LEN] = { 0 };
	const struct books_value values[] = { books_blob(bytes_of(mac, sizeof mac)) };
	struct photo_change c;
	struct stmt *q = NULL;
	bool row = false, go = true;
	cc_status st = forms_mac(f, number, mac, err);

	if (cc_failed(st))
		return st;
	books_lock(f->books);
	st = books_query(f->books,
			 "SELECT id, form, officer, approved_by, changed_ms FROM " TABLE " WHERE number_mac = $1 ORDER BY id",
			 values, 1, &q, &row, err);
	while (!cc_failed(st) && row && go) {
		st = read_row(f, q, &c, err);
		if (!cc_failed(st))
			go = visit(ctx, &c);
		if (!cc_failed(st) && go)
			st = forms_step(f, q, &row, err);
	}
	stmt_finish(&q);
	books_unlock(f->books);
	return st;
}
