/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/issue/stock.h"
#include "tests/support/books_fixture.h"

#include <stdio.h>

#define SERIAL "0011223344556677"

static cc_status moved(struct books_fixture *f, const char *serial, enum stock_state to, const char *reason)
{
	cc_status st = books_begin(f->books, &f->err);

	assert_int_equal(st.code, CC_OK);
	cc_error_init(&f->err);
	return books_end(f->books, stock_move(f->books, serial, to, reason, &f->err), &f->err);
}

static void received(struct books_fixture *f, const char *serial)
{
	cc_status st = books_begin(f->books, &f->err);

	assert_int_equal(st.code, CC_OK);
	assert_int_equal(books_end(f->books, stock_receive(f->books, serial, &f->err), &f->err).code, CC_OK);
}

static enum stock_state state_of(struct books_fixture *f, const char *serial)
{
	enum stock_state s = STOCK_STATE_COUNT;

	assert_int_equal(ledger_blank(f->books, serial, &s, NULL, &f->err).code, CC_OK);
	return s;
}

static void a_blank_is_received_once(void **state)
{
	struct books_fixture f;
	struct stock_counts c;

	(void)state;
	books_fixture(&f);
	assert_int_equal(state_of(&f, SERIAL), STOCK_UNKNOWN);
	received(&f, SERIAL);
	received(&f, SERIAL);
	assert_int_equal(state_of(&f, SERIAL), STOCK_IN_STOCK);
	assert_int_equal(stock_count(f.books, &c, &f.err).code, CC_OK);
	assert_int_equal(c.received, 1);
	books_fixture_done(&f);
}

/* Every pair of states: only the four moves of the table are possible. */
static void only_legal_moves_are_booked(void **state)
{
	static const enum stock_state states[] = { STOCK_IN_STOCK, STOCK_IN_MACHINE, STOCK_ISSUED, STOCK_SPOILED };
	struct books_fixture f;
	unsigned allowed = 0;
	char serial[17];

	(void)state;
	books_fixture(&f);
	for (unsigned from = 0; from < 4; from++) {
		for (unsigned to = 0; to < 4; to++) {
			cc_status st;

			(void)snprintf(serial, sizeof serial, "%016X", from * 4 + to);
			received(&f, serial);
			if (from >= 1)
				assert_int_equal(moved(&f, serial, STOCK_IN_MACHINE, NULL).code, CC_OK);
			if (from >= 2)
				assert_int_equal(moved(&f, serial, states[from], "x").code, CC_OK);
			st = moved(&f, serial, states[to], "y");
			allowed += st.code == CC_OK;
			if (cc_failed(st)) {
				assert_int_equal(st.code, CC_E_STATE);
				assert_string_equal(f.err.key, "issue.blank-used");
			}
			assert_int_equal(state_of(&f, serial), cc_failed(st) ? states[from] : states[to]);
		}
	}
	assert_int_equal(allowed, 4);
	books_fixture_done(&f);
}

static void the_balance_holds(void **state)
{
	struct books_fixture f;
	struct stock_counts c;
	char reason[STOCK_REASON_SIZE];
	enum stock_state s;

	(void)state;
	books_fixture(&f);
	received(&f, "0000000000000001");
	received(&f, "0000000000000002");
	received(&f, "0000000000000003");
	assert_int_equal(moved(&f, "0000000000000002", STOCK_IN_MACHINE, NULL).code, CC_OK);
	received(&f, "0000000000000004");
	assert_int_equal(moved(&f, "0000000000000004", STOCK_SPOILED, "perso.read-back").code, CC_OK);
	assert_int_equal(stock_count(f.books, &c, &f.err).code, CC_OK);
	assert_int_equal(c.received, 4);
	assert_int_equal(c.by_state[STOCK_IN_STOCK], 2);
	assert_int_equal(c.by_state[STOCK_IN_MACHINE], 1);
	assert_int_equal(c.by_state[STOCK_SPOILED], 1);
	assert_int_equal(ledger_blank(f.books, "0000000000000004", &s, reason, &f.err).code, CC_OK);
	assert_string_equal(reason, "perso.read-back");
	books_fixture_done(&f);
}

static void an_unknown_blank_is_not_moved(void **state)
{
	struct books_fixture f;

	(void)state;
	books_fixture(&f);
	assert_int_equal(moved(&f, SERIAL, STOCK_ISSUED, NULL).code, CC_E_STATE);
	assert_int_equal(state_of(&f, SERIAL), STOCK_UNKNOWN);
	books_fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_blank_is_received_once),
		cmocka_unit_test(only_legal_moves_are_booked),
		cmocka_unit_test(the_balance_holds),
		cmocka_unit_test(an_unknown_blank_is_not_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
