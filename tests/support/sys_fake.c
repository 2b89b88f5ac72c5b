/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/sys_fake.h"

#define START_WALL_MS INT64_C(1782864000000)

/* SplitMix64 (Steele, Lea, Flood 2014): any seed is a good one. */
static uint64_t next(struct sys_fake *f)
{
	uint64_t z = f->state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

static int64_t fake_wall_ms(void *ctx)
{
	const struct sys_fake *f = ctx;

	return f->wall_ms;
}

static int64_t fake_mono_ms(void *ctx)
{
	const struct sys_fake *f = ctx;

	return f->mono_ms;
}

static cc_status fake_random(void *ctx, uint8_t *out, size_t n)
{
	struct sys_fake *f = ctx;

	if (++f->random_calls == f->fail_random_at)
		return cc_code_status(CC_E_CRYPTO);
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(next(f) >> 56);
	return cc_ok();
}

static void fake_sleep_ms(void *ctx, int64_t ms)
{
	struct sys_fake *f = ctx;

	f->slept_ms += ms;
	sys_fake_advance(f, ms);
}

void sys_fake_init(struct sys_fake *f, uint64_t seed)
{
	*f = (struct sys_fake){
		.sys = { f, fake_wall_ms, fake_mono_ms, fake_random, fake_sleep_ms },
		.wall_ms = START_WALL_MS,
		.mono_ms = 1000,
		.state = seed,
	};
}

void sys_fake_advance(struct sys_fake *f, int64_t ms)
{
	f->wall_ms += ms;
	f->mono_ms += ms;
}

uint64_t sys_fake_below(struct sys_fake *f, uint64_t limit)
{
	CC_ASSERT(limit > 0);
	return next(f) % limit;
}
