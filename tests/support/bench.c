/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/bench.h"

#include <stdio.h>
#include <stdlib.h>

double bench_clock_s(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(double *v, size_t n, double *ret_spread)
{
	qsort(v, n, sizeof *v, by_value);
	*ret_spread = v[n / 2] > 0 ? (v[n - 1] - v[0]) / v[n / 2] : 0;
	return v[n / 2];
}

void bench_figure(const char *name, double ratio, double value, const char *unit, double spread, const char *peer)
{
	printf("{\"name\":\"%s\",\"ratio\":%.3f,\"value\":%.6g,\"unit\":\"%s\",\"peer\":\"%s\",\"spread\":%.2f}\n", name, ratio,
	       value, unit, peer, spread);
	(void)fflush(stdout);
}
