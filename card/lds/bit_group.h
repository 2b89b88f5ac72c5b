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

/* CC_E_ARG with this key for a header or a record that can't be. count 0 is for DG3 and DG4 alone. */
CC_MUST cc_status bit_group_check(const struct dg2_template *items, size_t count, const char *key, struct cc_error *err);
void bit_group_put(struct writer *w, const struct dg2_template *items, size_t count);
/* items: room for DG2_TEMPLATES_MAX. */
CC_MUST bool bit_group_take(struct cursor *in, struct dg2_template *items, size_t *ret_count);

#endif
