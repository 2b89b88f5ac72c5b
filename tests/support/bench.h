/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_BENCH_H
#define CC_TESTS_SUPPORT_BENCH_H

#include <stddef.h>
#include <time.h>

/* Seconds by this clock: CLOCK_THREAD_CPUTIME_ID where other work on the machine shall not count. */
double bench_clock_s(clockid_t clock);
/* Of n > 0 values, which it sorts. Spread: from the least to the most, in parts of the median; 0 where that is none. */
double bench_median(double *v, size_t n, double *ret_spread);
/* The line that tests/bench/run.sh reads. ratio: ours against the peer, measured in the same run. */
void bench_figure(const char *name, double ratio, double value, const char *unit, double spread, const char *peer);

#endif
