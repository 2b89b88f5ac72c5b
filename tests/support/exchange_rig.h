/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_EXCHANGE_RIG_H
#define CC_TESTS_SUPPORT_EXCHANGE_RIG_H

#include "station/registry/exchange.h"
#include "tests/support/books_fixture.h"

#define HOUR_MS (3600 * 1000LL)
#define DAY_MS (24 * HOUR_MS)
#define PEOPLE 3

/* A station: books, registry and packages over one store. */
struct station {
	struct books_fixture f;
	struct registry *registry;
	struct exchange x;
	const char *name;
	struct buf identity;
	char fingerprint[EXCHANGE_FINGERPRINT_SIZE];
};
/* The centre and the team know each other, the stranger nobody; the centre has PEOPLE. */
struct rig {
	struct station centre, team, stranger;
};

/* cmocka's setup and teardown: a rig in *state. */
int exchange_rig_up(void **state);
int exchange_rig_down(void **state);
/* Registry and packages over a station's books, as another process would. */
void exchange_rig_open(struct station *s);
void exchange_rig_close(struct station *s);
void exchange_rig_pin(struct station *at, const struct station *peer);
int64_t exchange_rig_in_days(const struct station *s, int days);

/* The i-th person, from 0. */
void exchange_rig_number(unsigned i, char out[13]);
void exchange_rig_add(struct station *s, unsigned i, const char *name);
int64_t exchange_rig_people(struct station *s);
/* A package for the peer of `count` people from `first` on; taking one. */
cc_status exchange_rig_make(struct station *s, const char *peer, unsigned first, unsigned count, uint64_t quota, struct buf *ret);
cc_status exchange_rig_take(struct station *s, struct bytes file, struct exchange_taken *ret);
/* Refused with this, and nothing is stored. */
void exchange_rig_assert_refused(struct station *s, struct bytes file, enum cc_code code, const char *key);
/* Everything that taking a package may change, as text. */
void exchange_rig_dump(struct station *s, char *out, size_t cap);

/* A card for the i-th person: its blank, all of it, or why there may be none. */
cc_status exchange_rig_bind(struct station *s, unsigned i, const char *serial, struct job *ret);
void exchange_rig_issue(struct station *s, unsigned i, const char *serial);
void exchange_rig_assert_held(struct station *s, unsigned i, const char *key);

#endif
