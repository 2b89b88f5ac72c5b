/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/forms_hold.h"

#include "station/registry/person_field.h"

#include <stdlib.h>
#include <string.h>

struct forms_finding {
	uint8_t mac[BOOKS_MAC_LEN];
	struct hold hold;
};

/* Whether they live decides over the card, though no card shows it. */
static bool tells_life(const char *field)
{
	return strcmp(field, "life_status") == 0 || strcmp(field, "death_date") == 0;
}

/* q: number_mac, field, 1 for a correction and 0 for a conflict. */
static cc_status read_finding(struct stmt *q, struct forms_finding *ret, struct cc_error *err)
{
	struct bytes mac = stmt_column_bytes(q, 0);
	bool correction = stmt_column_int(q, 2) == 1;
	const char *field = person_field_of_heading(stmt_column_bytes(q, 1));

	if (mac.n != BOOKS_MAC_LEN || field == NULL)
		return cc_fail(err, CC_E_VERIFY, "registry.damaged", "an open form");
	memcpy(ret->mac, mac.p, mac.n);
	ret->hold = (struct hold){ .key = "reconcile.open", .field = field, .severity = HOLD_HOLD };
	if (correction)
		ret->hold.key = "correction.waiting";
	if (correction && tells_life(field)) {
		ret->hold.key = "correction.waiting-life";
	} else if (correction && !person_field_is_printed(field)) {
		ret->hold.key = "correction.waiting-elsewhere";
		ret->hold.severity = HOLD_WARNING;
	}
	return cc_ok();
}

static bool grow(struct forms_findings *f)
{
	size_t cap = f->cap == 0 ? 16 : 2 * f->cap;
	struct forms_finding *bigger;

	if (f->count < f->cap)
		return true;
	bigger = cc_alloc(cap * sizeof *bigger);
	if (bigger == NULL)
		return false;
	if (f->count > 0)
		memcpy(bigger, f->items, f->count * sizeof *bigger);
	cc_free(f->items, f->cap * sizeof *bigger);
	f->items = bigger;
	f->cap = cap;
	return true;
}

static int by_number(const void *a, const void *b)
{
	const struct forms_finding *x = a, *y = b;
	int c = memcmp(x->mac, y->mac, sizeof x->mac);

	return c != 0 ? c : strcmp(x->hold.field, y->hold.field);
}

static cc_status query(struct books *b, const char *number, struct stmt **q, bool *ret_row, struct cc_error *err)
{
	static const char sql_all[] = "SELECT number_mac, field, 1 FROM registry_correction WHERE live = 1"
				      " UNION ALL SELECT number_mac, field, 0 FROM registry_conflict WHERE live = 1";
	static const char sql_one[] =
		"SELECT number_mac, field, 1 FROM registry_correction WHERE live = 1 AND number_mac = $1"
		" UNION ALL SELECT number_mac, field, 0 FROM registry_conflict WHERE live = 1 AND number_mac = $1";
	uint8_t mac[BOOKS_MAC_LEN] = { 0 };
	const struct books_value values[] = { books_blob(bytes_of(mac, sizeof mac)) };

	if (number == NULL)
		return books_query(b, sql_all, NULL, 0, q, ret_row, err);
	if (cc_failed(books_number_mac(b, number, mac)))
		return cc_fail(err, CC_E_CRYPTO, "crypto.failed", "HMAC-SHA256");
	return books_query(b, sql_one, values, 1, q, ret_row, err);
}

cc_status forms_findings_load(struct books *b, const char *number, struct forms_findings *ret, struct cc_error *err)
{
	struct forms_findings f = { .books = b };
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = query(b, number, &q, &row, err);

	while (!cc_failed(st) && row) {
		if (!grow(&f))
			st = cc_fail(err, CC_E_MEMORY, "memory", "forms");
		else if (!cc_failed(st = read_finding(q, &f.items[f.count], err)))
			f.count++;
		if (!cc_failed(st) && cc_failed(st = stmt_step(q, &row)))
			st = cc_fail(err, st.code, b->store->err.key, "%s", b->store->err.detail);
	}
	stmt_finish(&q);
	if (f.count > 0)
		qsort(f.items, f.count, sizeof *f.items, by_number);
	if (cc_failed(st))
		forms_findings_done(&f);
	else
		*ret = f;
	return st;
}

void forms_findings_done(struct forms_findings *f)
{
	cc_free(f->items, f->cap * sizeof *f->items);
	*f = (struct forms_findings){ 0 };
}

/* The first finding that is not before this number. */
static size_t lower_bound(const struct forms_findings *f, const uint8_t *mac)
{
	size_t low = 0, high = f->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(f->items[middle].mac, mac, BOOKS_MAC_LEN) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

cc_status forms_findings_add(const struct forms_findings *f, const char *number, struct holds *h, struct cc_error *err)
{
	uint8_t mac[BOOKS_MAC_LEN];

	if (f->count == 0)
		return cc_ok();
	if (cc_failed(books_number_mac(f->books, number, mac)))
		return cc_fail(err, CC_E_CRYPTO, "crypto.failed", "HMAC-SHA256");
	for (size_t i = lower_bound(f, mac); i < f->count && memcmp(f->items[i].mac, mac, sizeof mac) == 0; i++) {
		if (h->count < HOLDS_MAX)
			h->items[h->count++] = f->items[i].hold;
	}
	return cc_ok();
}

cc_status forms_hold(struct books *b, const char *number, struct cc_error *err)
{
	struct forms_findings f = { 0 };
	struct holds h = { 0 };
	const struct hold *hold;
	cc_status st = forms_findings_load(b, number, &f, err);

	if (!cc_failed(st))
		st = forms_findings_add(&f, number, &h, err);
	forms_findings_done(&f);
	if (!cc_failed(st) && (hold = holds_first(&h)) != NULL)
		return cc_fail(err, CC_E_HELD, hold->key, "%s", hold->field);
	return st;
}
