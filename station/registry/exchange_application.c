/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/exchange_application.h"

#include "station/issue/ledger.h"
#include "station/registry/application.h"
#include "station/registry/outbox_events.h"

#include <string.h>

#define GIVEN_OUT "exchange.given-out"

static cc_status unseal(struct exchange *x, struct stmt *q, struct buf *ret, struct cc_error *err)
{
	char id[QUEUE_ID_SIZE], place[QUEUE_PLACE_SIZE];
	cc_status st;

	exchange_column_text(q, 0, id, sizeof id);
	queue_form_place(id, place);
	st = books_unseal(x->p.books, place, stmt_column_bytes(q, 1), ret);
	return cc_failed(st) ? cc_fail(err, st.code == CC_E_MEMORY ? CC_E_MEMORY : CC_E_VERIFY,
				       st.code == CC_E_MEMORY ? "memory" : "issue.damaged", "application %s", id)
			     : st;
}

cc_status exchange_application_is_live(struct exchange *x, const uint8_t mac[BOOKS_MAC_LEN], bool *ret, struct cc_error *err)
{
	const struct books_value key = books_blob(bytes_of(mac, BOOKS_MAC_LEN));

	return exchange_exists(x, "SELECT id FROM issue_application WHERE number_mac = $1 AND live = 1", &key, 1, ret, err);
}

cc_status exchange_application_out(struct exchange *x, const uint8_t mac[BOOKS_MAC_LEN], struct buf *ret_form,
				   struct cc_error *err)
{
	const struct books_value values[] = { books_blob(bytes_of(mac, BOOKS_MAC_LEN)), books_int(sys_wall_ms(x->p.sys)) };
	struct stmt *q = NULL;
	bool row = false, live = false;
	cc_status st = exchange_application_is_live(x, mac, &live, err);

	if (cc_failed(st) || !live)
		return st;
	st = books_query(x->p.books,
			 "UPDATE issue_application SET state = 'held', reason = '" GIVEN_OUT "', station = NULL, changed_ms = $2"
			 " WHERE number_mac = $1 AND state IN ('waiting', 'held') RETURNING id, form",
			 values, 2, &q, &row, err);
	if (!cc_failed(st))
		st = row ? unseal(x, q, ret_form, err) : cc_fail(err, CC_E_STATE, "issue.job-busy", "the application is claimed");
	stmt_finish(&q);
	return st;
}

static cc_status note_card(struct exchange *x, const char *package_id, uint64_t n, const uint8_t *mac, struct cc_error *err)
{
	const struct books_value values[] = { books_text(package_id), books_int((int64_t)n),
					      books_blob(bytes_of(mac, BOOKS_MAC_LEN)) };

	return books_run(x->p.books,
			 "UPDATE exchange_item SET serial = (SELECT serial FROM issue_card WHERE number_mac = $3 AND active = 1)"
			 " WHERE package_id = $1 AND n = $2",
			 values, 3, err);
}

cc_status exchange_application_in(struct exchange *x, const char *package_id, uint64_t n, const char *number, struct bytes form,
				  struct cc_error *err)
{
	struct forms f = { .registry = x->p.registry, .books = x->p.books };
	struct application a = { 0 };
	uint8_t mac[BOOKS_MAC_LEN];
	cc_status st;

	if (form.n == 0)
		return cc_ok();
	if (cc_failed(books_number_mac(x->p.books, number, mac)))
		return cc_fail(err, CC_E_CRYPTO, "crypto.failed", "number");
	st = application_of_form(form, &a, NULL);
	if (cc_failed(st) || strcmp(a.number, number) != 0)
		return cc_fail(err, CC_E_FORMAT, "exchange.record", "applicant %llu: application", (unsigned long long)n);
	st = application_enqueue_inside(&f, &a, err);
	if (st.code == CC_E_ARG)
		return cc_fail(err, CC_E_FORMAT, "exchange.record", "applicant %llu: application", (unsigned long long)n);
	return cc_failed(st) ? st : note_card(x, package_id, n, mac, err);
}

cc_status exchange_application_return(struct exchange *x, const uint8_t mac[BOOKS_MAC_LEN], bool *ret_busy, struct cc_error *err)
{
	const struct books_value values[] = { books_blob(bytes_of(mac, BOOKS_MAC_LEN)), books_int(sys_wall_ms(x->p.sys)) };
	cc_status st = exchange_exists(x, "SELECT id FROM issue_application WHERE number_mac = $1 AND state = 'claimed'", values,
				       1, ret_busy, err);

	if (cc_failed(st) || *ret_busy)
		return st;
	return books_run(x->p.books,
			 "UPDATE issue_application SET state = 'refused', live = 0, reason = 'exchange.returned', changed_ms = $2"
			 " WHERE number_mac = $1 AND live = 1",
			 values, 2, err);
}

/* I2: the card that was made elsewhere takes the place of the one from here, as at home. */
static cc_status settle_issued(struct exchange *x, const uint8_t *mac, const struct exchange_result *r, const char *serial,
			       struct cc_error *err)
{
	char replaced[LEDGER_SERIAL_SIZE], kind[16], application[QUEUE_ID_SIZE];
	const struct outbox_issue told = { .serial = serial,
					   .files_hash = r->files_hash,
					   .issued_ms = r->at_ms,
					   .replaced = replaced,
					   .reason = kind,
					   .application = application };
	cc_status st = ledger_replace_inside(x->p.books, mac, serial, replaced, kind, err);

	if (!cc_failed(st))
		st = queue_issued_inside(x->p.books, mac, application, err);
	return cc_failed(st) ? st : outbox_put_issue(x->p.books, &told, err);
}

cc_status exchange_application_settle(struct exchange *x, const uint8_t mac[BOOKS_MAC_LEN], const struct exchange_result *r,
				      const char *serial, struct cc_error *err)
{
	static const char sql_returned[] = "UPDATE issue_application SET state = 'waiting', reason = NULL, changed_ms = $2"
					   " WHERE number_mac = $1 AND state = 'held' AND reason = '" GIVEN_OUT "'";
	static const char sql_conflict[] = "UPDATE issue_application SET reason = 'exchange.conflict', changed_ms = $2"
					   " WHERE number_mac = $1 AND state = 'held' AND reason = '" GIVEN_OUT "'";
	const struct books_value values[] = { books_blob(bytes_of(mac, BOOKS_MAC_LEN)), books_int(sys_wall_ms(x->p.sys)) };

	if (r->outcome == EXCHANGE_ISSUED)
		return settle_issued(x, mac, r, serial, err);
	return books_run(x->p.books, r->outcome == EXCHANGE_RETURNED ? sql_returned : sql_conflict, values, 2, err);
}
