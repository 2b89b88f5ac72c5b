/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_DG2_H
#define CC_CARD_LDS_DG2_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stddef.h>

/*
 * DG2, ICAO 9303-10 4.7.2: 75 { 7F61 { 02 count, 7F60 { A1 header, 5F2E record } ... } }.
 * A record is opaque here: ISO/IEC 19794-5 is made and read by biometrics/.
 */
#define DG2_TEMPLATES_MAX 9
#define DG2_FORMAT_OWNER 0x0101	  /* ISO/IEC JTC 1/SC 37 */
#define DG2_FORMAT_19794_5 0x0008 /* face image record */
#define DG2_FORMAT_39794_5 0x002A /* its successor, under 7F2E */

/* CBEFF header elements as views; empty: absent. Owner and type are mandatory. */
struct dg2_header {
	struct bytes version;	   /* 80: 0101 */
	struct bytes type;	   /* 81: 02 facial features */
	struct bytes subtype;	   /* 82 */
	struct bytes created;	   /* 83 */
	struct bytes validity;	   /* 85 */
	struct bytes product;	   /* 86 */
	struct bytes format_owner; /* 87 */
	struct bytes format_type;  /* 88 */
};
struct dg2_template {
	struct dg2_header header;
	uint32_t record_tag; /* 5F2E, or 7F2E for ISO/IEC 39794 */
	struct bytes record;
};
struct dg2 {
	size_t count;
	struct dg2_template items[DG2_TEMPLATES_MAX];
};

/* Header version 0101, type 02, owner 0101, format 0008; static bytes. */
struct dg2_header dg2_header_face(void);
/* The file of a new card: one ISO/IEC 19794-5 record. limit: largest file, CC_E_LIMIT "dg2.too-large". */
CC_MUST cc_status dg2_encode_face(struct bytes record, size_t limit, struct buf *ret, struct cc_error *err);
/* Any template list; what dg2_parse read comes back byte for byte when it was minimal BER. */
CC_MUST cc_status dg2_encode(const struct dg2 *in, size_t limit, struct buf *ret, struct cc_error *err);
/* Views into `file`. CC_E_FORMAT "dg2.structure". */
CC_MUST cc_status dg2_parse(struct bytes file, struct dg2 *ret, struct cc_error *err);

#endif
