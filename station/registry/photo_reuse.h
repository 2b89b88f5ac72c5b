/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_PHOTO_REUSE_H
#define CC_STATION_REGISTRY_PHOTO_REUSE_H

#include "station/registry/registry.h"

/*
 * One photo at two people. That two files are the same is known at once, by their keyed hash. That two files show the same
 * takes a look at everybody's photos (gate.h), which leaves the pairs it found here: they hold both people's cards until a
 * photo was changed, or the next look finds them no more.
 */
struct photo_pair {
	int64_t person, other;
};
/* Puts these pairs in the place of those of the look before, in a transaction of its own. */
CC_MUST cc_status photo_reuse_keep(struct registry *r, const struct photo_pair *pairs, size_t count, struct cc_error *err);
/* Does row `id`'s photo stand at somebody else? copies_alone: kept pairs are not asked. */
CC_MUST cc_status photo_reuse_find(struct registry *r, int64_t id, bool copies_alone, bool *ret, struct cc_error *err);
/* The photo of row `id` is another one from now on. Inside the caller's transaction. */
CC_MUST cc_status photo_reuse_forget(struct registry *r, int64_t id, struct cc_error *err);

#endif
