/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_DG_H
#define CC_CARD_LDS_DG_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Data groups that are a row of data elements: DG5 displayed portraits, DG7
 * signature images, DG11 personal details, DG12 document details, DG16 persons
 * to notify (ICAO 9303-10 4.7.5, 4.7.7, 4.7.11, 4.7.12, 4.7.16). A Vietnamese
 * card has none of them; inspection meets them on other documents. Read and
 * written again, not interpreted.
 */
#define DG_ELEMENTS_MAX 48

struct dg_element {
	uint32_t tag; /* 5C, 5F0E, A0, 02, 5F43, A1 ... */
	struct bytes value;
};
struct dg {
	unsigned number;
	size_t count;
	struct dg_element elements[DG_ELEMENTS_MAX]; /* in the order of the file, tag list or counter first */
};

bool dg_is_row(unsigned number); /* 5, 7, 11, 12, 16 */
/*
 * Views into file. DG11 and DG12: the tag list comes first and every tag of it is
 * there; a group A0 holds as many elements as it says. DG5, DG7 and DG16: the counter
 * comes first and is right. CC_E_FORMAT "dg.structure".
 */
CC_MUST cc_status dg_parse(unsigned number, struct bytes file, struct dg *ret, struct cc_error *err);
/* Next tag of a tag list (5C): tags one after the other, without lengths. Latches failure in `list`. */
CC_MUST bool dg_next_listed(struct cursor *list, uint32_t *ret);
CC_MUST cc_status dg_encode(const struct dg *in, struct buf *ret);

#endif
