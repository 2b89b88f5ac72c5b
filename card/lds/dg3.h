/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_DG3_H
#define CC_CARD_LDS_DG3_H

#include "card/lds/dg2.h"

/*
 * DG3, ICAO 9303-10 4.7.3: 63 { 7F61 { 02 count, 7F60 { A1 header, 5F2E record } ... } }, one template for each finger.
 * A document whose holder has no print that can be taken has a DG3 with count 0 and 53 { random }: without the random
 * bytes the hash in EF.SOD would tell everybody so. A record is opaque here: ISO/IEC 19794-4 is made and read by
 * biometrics/.
 */
#define DG3_FORMAT_19794_4 0x0007
#define DG3_FORMAT_39794_4 0x0029
#define DG3_FILLER_MIN 8 /* bytes of 53 that this writer demands */

struct dg3 {
	size_t count;
	struct dg2_template items[DG2_TEMPLATES_MAX];
	struct bytes filler; /* content of 53; only with count 0 */
};

/* subtype: ISO/IEC 7816-11 table C.2 (09 right index). Views into static and caller's bytes: *subtype must live on. */
struct dg2_template dg3_template_finger(const uint8_t *subtype, struct bytes record);
/* What dg3_parse read comes back byte for byte when it was minimal BER. CC_E_LIMIT "dg3.too-large". */
CC_MUST cc_status dg3_encode(const struct dg3 *in, size_t limit, struct buf *ret, struct cc_error *err);
/* Views into `file`. CC_E_FORMAT "dg3.structure". */
CC_MUST cc_status dg3_parse(struct bytes file, struct dg3 *ret, struct cc_error *err);

#endif
