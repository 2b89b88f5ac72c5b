/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/exchange_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void exchange_rig_open(struct station *s)
{
	struct exchange_params p = { .keystore = s->f.ks, .sys = &s->f.sys.sys, .name = s->name };

	assert_int_equal(registry_open(s->f.store, s->f.ks, &s->f.sys.sys, &s->registry, &s->f.err).code, CC_OK);
	p.registry = s->registry;
	p.books = s->f.books;
	assert_int_equal(exchange_init(&s->x, &p, &s->f.err).code, CC_OK);
}

static void station_up(struct station *s, const char *name, uint64_t seed)
{
	s->name = name;
	books_fixture(&s->f);
	s->f.sys.state += seed;
	exchange_rig_open(s);
	assert_int_equal(exchange_identity(&s->x, &s->identity, s->fingerprint, &s->f.err).code, CC_OK);
}

void exchange_rig_close(struct station *s)
{
	exchange_done(&s->x);
	registry_close(&s->registry);
}

static void station_down(struct station *s)
{
	buf_done(&s->identity);
	exchange_rig_close(s);
	books_fixture_done(&s->f);
}

void exchange_rig_pin(struct station *at, const struct station *peer)
{
	char name[EXCHANGE_NAME_SIZE];

	assert_int_equal(exchange_pin(&at->x, buf_view(&peer->identity), peer->fingerprint, name, &at->f.err).code, CC_OK);
	assert_string_equal(name, peer->name);
}

void exchange_rig_number(unsigned i, char out[13])
{
	(void)snprintf(out, 13, "%03u0%02u000000", 1 + i, 10 + i);
}

void exchange_rig_add(struct station *s, unsigned i, const char *name)
{
	char row[256], number[13];
	struct row_warnings warnings;
	struct row_fault fault;
	char photo[32];
	enum registry_put put;
	struct person p;

	exchange_rig_number(i, number);
	(void)snprintf(photo, sizeof photo, "\xFF\xD8 photo %u", (unsigned)i);
	(void)snprintf(row, sizeof row,
		       "{\"number\":\"%s\",\"full_name\":\"%s\",\"birth_date\":\"19%02u-01-02\",\"birth_precision\":\"day\","
		       "\"birth_basis\":\"khai sinh\",\"sex\":\"male\",\"nationality\":\"Việt Nam\"}",
		       number, name, 10 + i);
	assert_int_equal(person_parse(bytes_str(row), &p, &warnings, &fault).code, CC_OK);
	assert_int_equal(books_begin(s->f.books, &s->f.err).code, CC_OK);
	assert_int_equal(books_end(s->f.books, registry_put(s->registry, &p, bytes_str(photo), &put, &s->f.err), &s->f.err).code,
			 CC_OK);
	assert_int_equal(put, PUT_ADDED);
	person_done(&p);
}

int exchange_rig_up(void **state)
{
	struct rig *r = calloc(1, sizeof *r);

	assert_non_null(r);
	station_up(&r->centre, "Trung tâm", 11);
	station_up(&r->team, "Tổ lưu động 1", 22);
	station_up(&r->stranger, "Người lạ", 33);
	exchange_rig_pin(&r->centre, &r->team);
	exchange_rig_pin(&r->team, &r->centre);
	for (unsigned i = 0; i < PEOPLE; i++)
		exchange_rig_add(&r->centre, i, "Nguyễn Văn Đức");
	*state = r;
	return 0;
}

int exchange_rig_down(void **state)
{
	struct rig *r = *state;

	station_down(&r->centre);
	station_down(&r->team);
	station_down(&r->stranger);
	free(r);
	return 0;
}

/* ---- making and taking */
int64_t exchange_rig_in_days(const struct station *s, int days)
{
	return s->f.sys.wall_ms + days * DAY_MS;
}

cc_status exchange_rig_make(struct station *s, const char *peer, unsigned first, unsigned count, uint64_t quota, struct buf *ret)
{
	char numbers[PEOPLE][13];
	const char *list[PEOPLE];
	struct exchange_made made;

	for (unsigned i = 0; i < count; i++) {
		exchange_rig_number(first + i, numbers[i]);
		list[i] = numbers[i];
	}
	cc_error_init(&s->f.err);
	return exchange_make_applicants(&s->x, peer, list, count, quota, exchange_rig_in_days(s, 7), ret, &made, &s->f.err);
}

cc_status exchange_rig_take(struct station *s, struct bytes file, struct exchange_taken *ret)
{
	cc_error_init(&s->f.err);
	return exchange_take(&s->x, file, ret, &s->f.err);
}

int64_t exchange_rig_people(struct station *s)
{
	int64_t n = -1;

	assert_int_equal(registry_count(s->registry, &n, &s->f.err).code, CC_OK);
	return n;
}

/* Everything that packages leave in the store, as one text. */
void exchange_rig_dump(struct station *s, char *out, size_t cap)
{
	static const char *const queries[] = {
		"SELECT name, sent_seq, taken_seq, acked_seq, taken_hash FROM exchange_peer ORDER BY name",
		"SELECT id, direction, seq, items, quota, quota_used FROM exchange_package ORDER BY id",
		"SELECT package_id, n, number_mac, state, live FROM exchange_item ORDER BY package_id, n",
		"SELECT event_key, seq FROM outbox_event ORDER BY seq",
	};
	size_t n = (size_t)snprintf(out, cap, "people %lld", (long long)exchange_rig_people(s));

	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
		struct stmt *q = NULL;
		bool row = false;

		assert_int_equal(books_query(s->f.books, queries[i], NULL, 0, &q, &row, &s->f.err).code, CC_OK);
		while (row) {
			for (int c = 0; c < (i == 3 ? 2 : 5); c++) {
				struct bytes v = stmt_column_bytes(q, c);
				char hex[2 * 64 + 1];

				assert_true(v.n <= 64);
				bytes_to_hex(v, hex);
				n += (size_t)snprintf(out + n, cap - n, " %s", hex);
				assert_true(n < cap);
			}
			assert_int_equal(stmt_step(q, &row).code, CC_OK);
		}
		stmt_finish(&q);
	}
}

void exchange_rig_assert_refused(struct station *s, struct bytes file, enum cc_code code, const char *key)
{
	static char before[16384], after[16384];
	struct exchange_taken taken;

	exchange_rig_dump(s, before, sizeof before);
	assert_int_equal(exchange_rig_take(s, file, &taken).code, code);
	assert_string_equal(s->f.err.key, key);
	exchange_rig_dump(s, after, sizeof after);
	assert_string_equal(before, after);
}

cc_status exchange_rig_bind(struct station *s, unsigned i, const char *serial, struct job *ret)
{
	struct ledger_files files = { .packet = BYTES_LITERAL("packet") };
	char number[13];

	exchange_rig_number(i, number);
	cc_error_init(&s->f.err);
	assert_int_equal(hash_digest(HASH_SHA256, files.packet, &files.hash).code, CC_OK);
	return ledger_bind(s->f.books, number, serial, "softchip", &files, NULL, ret, &s->f.err);
}

void exchange_rig_assert_held(struct station *s, unsigned i, const char *key)
{
	struct job job;

	assert_int_equal(exchange_rig_bind(s, i, "00000000000000AA", &job).code, CC_E_HELD);
	assert_string_equal(s->f.err.key, key);
}

void exchange_rig_issue(struct station *s, unsigned i, const char *serial)
{
	struct job job;

	assert_int_equal(exchange_rig_bind(s, i, serial, &job).code, CC_OK);
	books_fixture_walk(&s->f, &job, JOB_ISSUED);
}
