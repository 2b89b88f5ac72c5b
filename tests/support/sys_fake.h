/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_SYS_FAKE_H
#define CC_TESTS_SUPPORT_SYS_FAKE_H

#include "crypto/base/sys.h"

#include <stdint.h>

/*
 * A world of the test's own: clocks that move only when told or slept on, and
 * a random generator that a seed determines. Never for real keys.
 *
 *	struct sys_fake fake;
 *	sys_fake_init(&fake, 1);
 *	x_new(&fake.sys, ...);
 */
struct sys_fake {
	struct sys sys; /* hand out its address; the struct must stay where it is */
	int64_t wall_ms;
	int64_t mono_ms;
	int64_t slept_ms; /* sum of all sleeps */
	uint64_t state;
	uint64_t random_calls;
	uint64_t fail_random_at; /* this call (counted from 1) fails with CC_E_CRYPTO; 0: none */
};

/* The wall clock starts at 2026-07-01 00:00:00 UTC, the other at 1000 ms. */
void sys_fake_init(struct sys_fake *f, uint64_t seed);
/* Both clocks. */
void sys_fake_advance(struct sys_fake *f, int64_t ms);
/* A number below limit (> 0), from the same generator. */
uint64_t sys_fake_below(struct sys_fake *f, uint64_t limit);

#endif
