/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/forms.h"

#include "crypto/base/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORM_MAX (64u * 1024)

/* ---- transactions */

cc_status forms_begin(struct forms *f, struct cc_error *err)
{
	person_json_wipes();
	return books_begin(f->books, err);
}

cc_status forms_end(struct forms *f, cc_status st, struct cc_error *err)
{
	if (!f->dry_run || cc_failed(st))
		return books_end(f->books, st, err);
	/* What a failed transaction ends with is its undoing; the answer is the failure that it was given. */
	st = books_end(f->books, cc_code_status(CC_E_STATE), NULL);
	CC_ASSERT(st.code == CC_E_STATE);
	return cc_ok();
}

cc_status forms_next_id(struct forms *f, int64_t *ret, struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(f->books, "UPDATE registry_counter SET next = next + 1 WHERE name = 'form' RETURNING next",
				   NULL, 0, &q, &row, err);

	if (!cc_failed(st)) {
		CC_ASSERT(row);
		*ret = stmt_column_int(q, 0) - 1;
	}
	stmt_finish(&q);
	return st;
}

cc_status forms_step(struct forms *f, struct stmt *q, bool *ret_row, struct cc_error *err)
{
	cc_status st = stmt_step(q, ret_row);

	return cc_failed(st) ? cc_fail(err, st.code, f->books->store->err.key, "%s", f->books->store->err.detail) : st;
}

cc_status forms_change(struct forms *f, const char *sql, const struct books_value *values, size_t count, bool *ret,
		       struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(f->books, sql, values, count, &q, &row, err);

	stmt_finish(&q);
	if (!cc_failed(st))
		*ret = row;
	return st;
}

cc_status forms_mac(struct forms *f, const char *number, uint8_t out[BOOKS_MAC_LEN], struct cc_error *err)
{
	cc_status st = books_number_mac(f->books, number, out);

	return cc_failed(st) ? cc_fail(err, st.code, "crypto.failed", "HMAC-SHA256") : st;
}

/* ---- what officers write */

static bool is_plain(const char *text, char *out, size_t cap)
{
	struct text_fault fault = { 0 };

	return text != NULL && text[0] != '\0' && !cc_failed(vietnamese_normalise(bytes_str(text), out, cap, &fault)) &&
	       out[0] != '\0';
}

/* A letter of another script may look like one of ours, and would make one officer two. */
static bool is_latin(const char *name)
{
	char letters[FORMS_OFFICER_SIZE], out[FORMS_OFFICER_SIZE];
	struct text_fault fault = { 0 };
	size_t n = 0;

	for (; name[n] != '\0' && n + 1 < sizeof letters; n++) {
		uint8_t c = (uint8_t)name[n];

		letters[n] = c < 0x80 && ((c | 0x20) < 'a' || (c | 0x20) > 'z') ? ' ' : name[n];
	}
	letters[n] = '\0';
	return !cc_failed(vietnamese_normalise_name(bytes_str(letters), out, sizeof out, &fault)) ||
	       (fault.kind != TEXT_LETTER && fault.kind != TEXT_LOOKALIKE);
}

cc_status forms_officer(const char *name, char out[FORMS_OFFICER_SIZE], struct cc_error *err)
{
	char key[2 * FORMS_OFFICER_SIZE];

	/* Who has no letter in the name can't be told from another. */
	if (!is_plain(name, out, FORMS_OFFICER_SIZE) || !is_latin(out) ||
	    cc_failed(vietnamese_search_key(out, key, sizeof key)) || key[0] == '\0')
		return cc_fail(err, CC_E_ARG, "forms.officer", "--officer: a name of at most %d bytes", FORMS_OFFICER_SIZE - 1);
	return cc_ok();
}

/* "NguyễnHà" is Nguyễn Hà. */
static void join_words(char *key)
{
	char *to = key;

	for (const char *from = key; *from != '\0'; from++) {
		if (*from != ' ')
			*to++ = *from;
	}
	*to = '\0';
}

bool forms_same_officer(const char *a, const char *b)
{
	char left[2 * FORMS_OFFICER_SIZE], right[2 * FORMS_OFFICER_SIZE];

	if (cc_failed(vietnamese_search_key(a, left, sizeof left)) || cc_failed(vietnamese_search_key(b, right, sizeof right)))
		return true; /* not shown to be another */
	join_words(left);
	join_words(right);
	return strcmp(left, right) == 0;
}

cc_status forms_text(const char *text, const char *what, char out[FORMS_TEXT_SIZE], struct cc_error *err)
{
	if (!is_plain(text, out, FORMS_TEXT_SIZE))
		return cc_fail(err, CC_E_ARG, "forms.text", "%s: text of at most %d bytes", what, FORMS_TEXT_SIZE - 1);
	return cc_ok();
}

/* ---- sealed JSON */

static void place(char out[80], const char *table, int64_t id)
{
	(void)snprintf(out, 80, "%s/form/%lld", table, (long long)id);
}

cc_status forms_seal(struct forms *f, const char *table, int64_t id, json_t *root, struct buf *ret, struct cc_error *err)
{
	char *text = root != NULL ? json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	size_t n = text != NULL ? strlen(text) : 0;
	char at[80];
	cc_status st = cc_ok();

	json_decref(root);
	if (text == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "form");
	place(at, table, id);
	if (n > FORM_MAX)
		st = cc_fail(err, CC_E_LIMIT, "queue.form-too-long", "%zu bytes", n);
	else if (cc_failed(st = books_seal(f->books, at, bytes_of(text, n), ret)))
		st = cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "crypto.failed", "form");
	cc_wipe(text, n);
	free(text);
	return st;
}

cc_status forms_open(struct forms *f, const char *table, int64_t id, struct bytes sealed, json_t **ret, struct cc_error *err)
{
	struct buf text = { 0 };
	char at[80];
	json_t *root = NULL;
	cc_status st;

	place(at, table, id);
	st = books_unseal(f->books, at, sealed, &text);
	if (!cc_failed(st))
		root = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	buf_done(&text);
	if (cc_failed(st) || !json_is_object(root)) {
		json_decref(root);
		if (st.code == CC_E_MEMORY)
			return cc_fail(err, CC_E_MEMORY, "memory", "form");
		return cc_fail(err, CC_E_VERIFY, "registry.damaged", "%s %lld", table, (long long)id);
	}
	*ret = root;
	return st;
}

void forms_copy(const json_t *root, const char *name, char *out, size_t cap)
{
	const char *value = json_string_value(json_object_get(root, name));

	(void)snprintf(out, cap, "%s", value != NULL ? value : "");
}

void forms_copy_column(struct stmt *q, int column, char *out, size_t cap)
{
	struct bytes b = stmt_column_is_null(q, column) ? bytes_of(NULL, 0) : stmt_column_bytes(q, column);
	size_t n = b.n < cap ? b.n : cap - 1;

	if (n > 0)
		memcpy(out, b.p, n);
	out[n] = '\0';
}
