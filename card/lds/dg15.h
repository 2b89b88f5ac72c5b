/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_DG15_H
#define CC_CARD_LDS_DG15_H

#include "crypto/base/buf.h"
#include "crypto/pubkey.h"

/* DG15, ICAO 9303-10 4.7.15: 6F { SubjectPublicKeyInfo of the Active Authentication key }. */

/* spki is parsed before it is wrapped: CC_E_ARG "dg15.key". */
CC_MUST cc_status dg15_encode(struct bytes spki, struct buf *ret, struct cc_error *err);
/* The SPKI as a view; CC_E_FORMAT "dg15.structure". */
CC_MUST cc_status dg15_spki(struct bytes file, struct bytes *ret, struct cc_error *err);
/* The key; CC_E_UNSUPPORTED for kinds unknown to us. */
CC_MUST cc_status dg15_parse(struct bytes file, struct pubkey **ret, struct cc_error *err);

#endif
