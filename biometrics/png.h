/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_PNG_H
#define CC_BIOMETRICS_PNG_H

#include "biometrics/image.h"
#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"

#include <stdbool.h>

/* PNG (ISO/IEC 15948). Limits and error keys as of jpeg.h. */
bool png_is(struct bytes file); /* by its signature */
/* As RGB; what is transparent becomes white. */
CC_MUST cc_status png_decode(struct bytes file, struct image *ret, struct cc_error *err);
CC_MUST cc_status png_encode(const struct image *im, struct buf *ret, struct cc_error *err);

#endif
