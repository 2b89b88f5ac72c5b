/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/registry_rows.h"
#include "tests/fuzz/fuzz_entry.h"

#include <string.h>

/* libfuzzer: -max_len=2048 */

/*
 * Rows of the registry's index as a damaged store holds them: each is a first
 * person (8 bytes), the length of its others (1) and those. Lists are walked
 * to their end, or refused as damaged; nobody comes twice or out of turn, and who
 * was taken out is gone.
 */
#define MARK 7
#define PEOPLE_MAX 3000

static struct store *store;
static struct registry reg;

static void open_once(void)
{
	if (store != NULL)
		return;
	CC_ASSERT(!cc_failed(store_open(STORE_IN_MEMORY, &store, NULL)));
	reg.store = store;
}

static void put_row(int64_t first, struct bytes more)
{
	struct stmt *q = NULL;

	CC_ASSERT(!cc_failed(store_prepare(store,
					   "INSERT INTO registry_mark (mark, person_id, more) VALUES ($1, $2, $3)"
					   " ON CONFLICT DO NOTHING",
					   &q)));
	CC_ASSERT(!cc_failed(stmt_bind_int(q, 1, MARK)) && !cc_failed(stmt_bind_int(q, 2, first)));
	CC_ASSERT(!cc_failed(more.n > 0 ? stmt_bind_blob(q, 3, more) : stmt_bind_null(q, 3)));
	CC_ASSERT(!cc_failed(stmt_run(q)));
	stmt_finish(&q);
}

/* Everybody, or as far as the list is whole. The last one; 0: nobody. */
static int64_t walk(int64_t unwanted)
{
	static struct registry_postings list;
	struct cc_error err = { 0 };
	int64_t last = 0, found = 1;
	cc_status st = cc_ok();

	registry_postings_begin(&list, MARK);
	for (size_t n = 0; n < PEOPLE_MAX && found != 0 && last < INT64_MAX; n++) {
		st = registry_postings_next(&reg, &list, last + 1, &found, &err);
		if (cc_failed(st)) {
			CC_ASSERT(st.code == CC_E_VERIFY && err.key != NULL);
			return last;
		}
		CC_ASSERT(found == 0 || (found > last && found != unwanted));
		last = found != 0 ? found : last;
	}
	return last;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cc_error err = { 0 };
	struct cursor in;
	struct bytes more;
	uint64_t first;
	uint8_t n;
	int64_t last;

	open_once();
	CC_ASSERT(!cc_failed(store_begin(store)));
	cursor_init(&in, bytes_of(data, size));
	while (cursor_u64(&in, &first) && cursor_u8(&in, &n) && cursor_take(&in, n, &more))
		put_row((int64_t)first, more);
	last = walk(0);
	if (last > 0 && !cc_failed(registry_mark_drop(&reg, (struct registry_mark){ MARK, last }, &err)))
		(void)walk(last);
	store_rollback(store);
	return 0;
}
