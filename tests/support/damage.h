/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_DAMAGE_H
#define CC_TESTS_SUPPORT_DAMAGE_H

#include "crypto/base/buf.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Files broken by class, from one seed: the same seed gives the same files. A
 * test asks for one broken file after the other and says what must become of it.
 */
struct damage {
	uint64_t state;
};
void damage_init(struct damage *d, uint64_t seed);
size_t damage_below(struct damage *d, size_t n);

/* All of it, to be changed by the caller. */
struct buf damage_none(struct bytes file);
/* A view that ends early. */
struct bytes damage_cut(struct damage *d, struct bytes file);
/* 1 to `most` bytes among the first `reach` get random values (reach beyond the file: the whole of it). */
struct buf damage_bytes(struct damage *d, struct bytes file, size_t most, size_t reach);
/* Pieces doubled, swapped or left out; `odd` says whether what follows is doubled or left out. */
struct buf damage_shuffle(struct damage *d, struct bytes file, int odd);
/* One behind the other, with `gap` zeros between them. */
struct buf damage_join(struct bytes first, struct bytes second, size_t gap);
/* Less than `cap` random bytes, the first ones those of `head` when they fit. */
size_t damage_junk(struct damage *d, uint8_t *out, size_t cap, struct bytes head);

#endif
