/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_ISSUE_STOCK_H
#define CC_STATION_ISSUE_STOCK_H

#include "station/issue/books.h"

/*
 * Blanks by chip serial (I5): received = in stock + in machine + issued +
 * spoiled. A blank has exactly one state; it moves only as the table in stock.c
 * allows, and never back out of issued or spoiled.
 */
enum stock_state { STOCK_UNKNOWN, STOCK_IN_STOCK, STOCK_IN_MACHINE, STOCK_ISSUED, STOCK_SPOILED, STOCK_STATE_COUNT };
const char *stock_state_name(enum stock_state s);

/* Inside a transaction of the books. */
/* Booked as received when the serial is new; harmless otherwise. */
CC_MUST cc_status stock_receive(struct books *b, const char *serial, struct cc_error *err);
/* STOCK_UNKNOWN: never seen. ret_reason (may be NULL): of a spoiled blank, 80 bytes. */
CC_MUST cc_status stock_find(struct books *b, const char *serial, enum stock_state *ret, char *ret_reason, struct cc_error *err);
/* CC_E_STATE "issue.blank-used" when it isn't in a state from which it may go there. reason: of spoiling, else NULL. */
CC_MUST cc_status stock_move(struct books *b, const char *serial, enum stock_state to, const char *reason, struct cc_error *err);

struct stock_counts {
	int64_t by_state[STOCK_STATE_COUNT];
	int64_t received;
};
/* Takes the lock itself. */
CC_MUST cc_status stock_count(struct books *b, struct stock_counts *ret, struct cc_error *err);

#define STOCK_REASON_SIZE 80

#endif
