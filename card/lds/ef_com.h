/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_EF_COM_H
#define CC_CARD_LDS_EF_COM_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdint.h>

/* EF.COM, ICAO 9303-10 4.6.1: 60 { 5F01 LDS version, 5F36 Unicode version, 5C tag list }. */
#define EF_COM_TAGS_MAX 32

struct ef_com {
	char lds_version[5];	 /* "0107", "0108" */
	char unicode_version[7]; /* "040000" */
	size_t tag_count;
	uint8_t tags[EF_COM_TAGS_MAX]; /* in the order of the file; one byte each (9303-10 table 38) */
};

/* lds_version: "0107" or "0108"; data groups: bit n-1 set for DG n; tags in ascending data group. */
CC_MUST cc_status ef_com_make(const char *lds_version, uint32_t dg_mask, struct ef_com *ret, struct cc_error *err);
CC_MUST cc_status ef_com_encode(const struct ef_com *in, struct buf *ret, struct cc_error *err);
/* Versions must be digits; unknown tags are kept in the list. CC_E_FORMAT "ef-com.structure". */
CC_MUST cc_status ef_com_parse(struct bytes file, struct ef_com *ret, struct cc_error *err);
/* Bit n-1 for each DG n that the list names. */
uint32_t ef_com_dg_mask(const struct ef_com *in);

#endif
