/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_BIT_GROUP_H
#define CC_CARD_LDS_BIT_GROUP_H

#include "card/lds/dg2.h"
#include "crypto/base/bytes.h"

#include <stdbool.h>

/*
 * The biometric information group template that DG2, DG3 and DG4 share (ICAO
 * 9303-10 4.7, ISO/IEC 7816-11): 7F61 { 02 count, 7F60 { A1 header, 5F2E record } ... }.
 * The names of its parts are those of DG2, which every document has.
 */
#define BIT_GROUP_TAG 0x7F61
#define BIT_GROUP_COUNT 0x02
#define BIT_GROUP_TEMPLATE 0x7F60
#define BIT_GROUP_HEADER 0xA1
#define BIT_GROUP_RECORD 0x5F2E
#define BIT_GROUP_RECORD_CONSTRUCTED 0x7F2E

/* Elements of the header A1, ICAO 9303-10 table 41; 84 is the creator's, never written here. */
enum bit_group_element {
	BIT_GROUP_VERSION = 0x80,
	BIT_GROUP_TYPE = 0x81,
	BIT_GROUP_SUBTYPE = 0x82,
	BIT_GROUP_CREATED = 0x83,
	BIT_GROUP_CREATOR = 0x84,
	BIT_GROUP_VALIDITY = 0x85,
	BIT_GROUP_PRODUCT = 0x86,
	BIT_GROUP_FORMAT_OWNER = 0x87,
	BIT_GROUP_FORMAT_TYPE = 0x88,
};

/* CC_E_ARG with this key for a header or a record that can't be. count 0 is for DG3 and DG4 alone. */
CC_MUST cc_status bit_group_check(const struct dg2_template *items, size_t count, const char *key, struct cc_error *err);
void bit_group_put(struct writer *w, const struct dg2_template *items, size_t count);
/* items: room for DG2_TEMPLATES_MAX. */
CC_MUST bool bit_group_take(struct cursor *in, struct dg2_template *items, size_t *ret_count);

#endif
