/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/registry/person_field.h"
#include "tests/support/forms_world.h"
#include "tests/support/store_engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)
#define PASSWORD BYTES_LITERAL("a test")

void forms_world_open(struct forms_world *w, const struct issue_hooks *hooks)
{
	cc_error_init(&w->err);
	assert_ok(store_open(w->place, &w->store, &w->err));
	assert_ok(registry_open(w->store, w->ks, &w->sys.sys, &w->registry, &w->err));
	assert_ok(books_open(w->store, w->ks, &w->sys.sys, hooks, &w->books, &w->err));
	w->forms = (struct forms){ .registry = w->registry, .books = w->books };
}

void forms_world_close(struct forms_world *w)
{
	books_close(&w->books);
	registry_close(&w->registry);
	store_close(&w->store);
}

void forms_world(struct forms_world *w)
{
	char path[256];

	memset(w, 0, sizeof *w);
	cc_error_init(&w->err);
	sys_fake_init(&w->sys, 11);
	w->sys.wall_ms = 1795500000000; /* 24 November 2026 */
	fixture_folder(&w->folder);
	fixture_path(&w->folder, "keys.ccks", path, sizeof path);
	assert_ok(keystore_file_create_cost(path, PASSWORD, (struct password_cost){ 8192, 1, 1 }, &w->sys.sys, &w->ks, &w->err));
	fixture_path(&w->folder, "station.db", path, sizeof path);
	store_engine_drop(path);
	store_engine_place(path, w->place, sizeof w->place);
	forms_world_open(w, NULL);
}

void forms_world_done(struct forms_world *w)
{
	forms_world_close(w);
	keystore_close(&w->ks);
	fixture_folder_done(&w->folder);
}

void forms_world_open_keys(struct forms_world *w)
{
	char path[256];

	fixture_path(&w->folder, "keys.ccks", path, sizeof path);
	w->ks = NULL;
	assert_ok(keystore_file_open(path, PASSWORD, &w->sys.sys, &w->ks, &w->err));
}

void forms_world_station(const struct forms_world *w, struct forms_world *ret)
{
	memset(ret, 0, sizeof *ret);
	sys_fake_init(&ret->sys, 12);
	ret->sys.wall_ms = w->sys.wall_ms;
	ret->ks = w->ks;
	memcpy(ret->place, w->place, sizeof ret->place);
	forms_world_open(ret, NULL);
}

void forms_world_station_done(struct forms_world *station)
{
	forms_world_close(station);
}

void forms_world_add(struct forms_world *w, const char *number, const char *name, const char *birth, const char *more)
{
	/* Everybody has a photo of their own: three bytes of a hash of their number. */
	unsigned long long hash = strtoull(number, NULL, 10) * 0x9E3779B97F4A7C15u;
	const uint8_t jpeg[] = { 0xFF, 0xD8, 0xFF, (uint8_t)(hash >> 56), (uint8_t)(hash >> 48), (uint8_t)(hash >> 40) };
	enum registry_put put = PUT_CONFLICT;
	struct person p;
	char row[1024];

	(void)snprintf(row, sizeof row,
		       "{\"number\":\"%s\",\"full_name\":\"%s\",\"birth_date\":\"%s\",\"sex\":\"male\","
		       "\"nationality\":\"Việt Nam\",\"residence\":\"Số 1, Phường Hòa Bình, Hà Nội\",\"origin\":\"Hà Nội\"%s}",
		       number, name, birth, more);
	assert_ok(person_parse(bytes_str(row), &p, NULL, NULL));
	assert_ok(store_begin(w->store));
	assert_ok(registry_put(w->registry, &p, bytes_of(jpeg, sizeof jpeg), &put, &w->err));
	assert_ok(store_commit(w->store));
	assert_int_equal(put, PUT_ADDED);
}

const char *forms_world_field(struct forms_world *w, const char *number, const char *field)
{
	static char value[PERSON_FIELD_SIZE];
	struct buf photo = { 0 };
	struct person p;

	assert_ok(registry_find(w->registry, number, &p, &photo, &w->err));
	assert_int_equal(photo.n, 6); /* a rewritten record keeps its photo */
	buf_done(&photo);
	assert_ok(person_field_get(&p, field, value));
	return value;
}

static bool count(void *ctx, const struct person *p, bool has_photo)
{
	(void)p;
	(void)has_photo;
	++*(size_t *)ctx;
	return true;
}

size_t forms_world_found(struct forms_world *w, const char *words)
{
	size_t n = 0;

	assert_ok(registry_search(w->registry, words, 100, count, &n, &w->err));
	return n;
}

/* ---- a test's world */

int forms_world_up_with(void **state, const char *more)
{
	struct forms_world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	forms_world(w);
	forms_world_add(w, FORMS_WORLD_AN, "Nguyễn Văn An", "1990-02-15", more);
	*state = w;
	return 0;
}

int forms_world_up(void **state)
{
	return forms_world_up_with(state, "");
}

int forms_world_down(void **state)
{
	forms_world_done(*state);
	free(*state);
	return 0;
}

cc_status forms_world_bind(struct forms_world *w, const char *serial, struct job *ret)
{
	struct ledger_files files = { .packet = BYTES_LITERAL("packet") };

	cc_error_init(&w->err);
	assert_ok(hash_digest(HASH_SHA256, files.packet, &files.hash));
	return ledger_bind(w->books, FORMS_WORLD_AN, serial, "softchip", &files, NULL, ret, &w->err);
}

void forms_world_finish(struct forms_world *w, struct job *job)
{
	while (job->state != JOB_ISSUED) {
		const struct job_row *row = job_row_next(job->state);
		struct ledger_result result = { 0 };

		if (row->event == JOB_MAKE_KEYS) {
			assert_ok(hash_digest(HASH_SHA256, bytes_str(job->id), &result.aa_key));
			assert_ok(hash_digest(HASH_SHA256, bytes_str(job->serial), &result.ca_key));
		}
		if (row->irreversible)
			assert_ok(ledger_begin(w->books, job, row, &w->err));
		assert_ok(ledger_done(w->books, job, row, &result, &w->err));
	}
}
