/* SPDX-License-Identifier: Apache-2.0 */
#define KERNEL
#define KERNEL_ROWS 3u
#include "biometrics/face_net/kernels_body.h"

const struct face_kernels face_kernels_generic = { pointwise, depthwise, sample_row };
