/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/forms_decision.h"

#include "station/registry/person.h"

cc_status forms_state(const char *table, int64_t id, struct bytes name, const char *const *names, size_t count, size_t *ret,
		      struct cc_error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes_equal(name, bytes_str(names[i]))) {
			*ret = i;
			return cc_ok();
		}
	}
	return cc_fail(err, CC_E_VERIFY, "registry.damaged", "%s %lld", table, (long long)id);
}

cc_status forms_open_text(struct forms *f, const char *place, int64_t id, struct stmt *q, int column, const char *member,
			  char *out, size_t cap, struct cc_error *err)
{
	json_t *form = NULL;
	cc_status st;

	out[0] = '\0';
	if (stmt_column_is_null(q, column))
		return cc_ok();
	st = forms_open(f, place, id, stmt_column_bytes(q, column), &form, err);
	if (cc_failed(st))
		return st;
	forms_copy(form, member, out, cap);
	json_decref(form);
	return st;
}

cc_status forms_decide(struct forms *f, const char *sql, int64_t id, const char *state, const char *officer, struct bytes reason,
		       int64_t *ret_ms, bool *ret_changed, struct cc_error *err)
{
	const int64_t now_ms = sys_wall_ms(f->books->sys);
	const struct books_value values[] = {
		books_int(id),
		books_text(state),
		books_text(officer),
		books_int(now_ms),
		reason.n > 0 ? books_blob(reason) : books_text(NULL),
	};

	*ret_ms = now_ms;
	return forms_change(f, sql, values, 5, ret_changed, err);
}

cc_status forms_walk(struct forms *f, const struct forms_list *list, const char *number, bool pending_only, struct cc_error *err)
{
	uint8_t mac[BOOKS_MAC_LEN] = { 0 };
	struct stmt *q = NULL;
	bool row = false, go = true;
	cc_status st = number != NULL ? forms_mac(f, number, mac, err) : cc_ok();
	const struct books_value values[] = { books_blob(bytes_of(mac, sizeof mac)) };
	const char *sql = number != NULL ? list->of_number : pending_only ? list->pending : list->all;

	if (cc_failed(st))
		return st;
	person_json_wipes();
	books_lock(f->books);
	st = books_query(f->books, sql, values, number != NULL ? 1 : 0, &q, &row, err);
	while (!cc_failed(st) && row && go) {
		st = list->row(list->ctx, f, q, &go, err);
		if (!cc_failed(st) && go)
			st = forms_step(f, q, &row, err);
	}
	stmt_finish(&q);
	books_unlock(f->books);
	return st;
}
