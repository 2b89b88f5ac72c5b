/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_CHIP_MADE_LDS_H
#define CC_TESTS_SUPPORT_CHIP_MADE_LDS_H

#include "crypto/base/buf.h"

#include <stdbool.h>

/* Files of chip_made's fictional document, written out from ICAO 9303-10 and no host file. ret: empty or owned. */
void chip_made_com(struct buf *ret, bool with_dg3, bool with_dg4, bool with_dg15);
void chip_made_dg1(struct buf *ret);
void chip_made_dg2(struct buf *ret);
/* Two index fingers, ISO/IEC 19794-4 images; two eyes, ISO/IEC 19794-6. The pictures are noise. */
void chip_made_dg3(struct buf *ret);
void chip_made_dg4(struct buf *ret);

#endif
