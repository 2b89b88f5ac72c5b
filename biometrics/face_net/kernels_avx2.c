/* SPDX-License-Identifier: Apache-2.0 */
#ifdef __x86_64__
#define KERNEL __attribute__((target("avx2,fma")))
#define KERNEL_ROWS 6u
#define KERNEL_SSE4
#include <immintrin.h>

#include "biometrics/face_net/kernels_body.h"

static const struct face_kernels avx2 = { pointwise, depthwise, sample_row };

const struct face_kernels *face_kernels_best(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &avx2 : &face_kernels_generic;
}
#else
#include "biometrics/face_net/kernels.h"

const struct face_kernels *face_kernels_best(void)
{
	return &face_kernels_generic;
}
#endif
