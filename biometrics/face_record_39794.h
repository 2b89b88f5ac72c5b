/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_FACE_RECORD_39794_H
#define CC_BIOMETRICS_FACE_RECORD_39794_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The face image of ISO/IEC 39794-5:2019 in ICAO's application profile, as DG2
 * carries it under 7F2E (format owner 0101, format type 002A): DER, one
 * representation with one two-dimensional image.
 *
 *	A1 { 65 FaceImageDataBlock
 *		A0 version		80 generation, 81 year
 *		A1 representations { 30
 *			80 id
 *			A1 { A0 { A0 image
 *				80 data
 *				A1 information	A0 format, A1 kind ... A7 size, A8 measurements ...
 *				A2 capture device (optional) } } }
 *			A2 to A9	time, quality, attack detection, device, identity, landmarks (optional) } }
 *
 * Blocks that this program has no use for are kept as they are, so that what
 * was read is written to the same bytes.
 */
enum face_39794_format {
	FACE_39794_UNKNOWN = 0,
	FACE_39794_OTHER = 1,
	FACE_39794_JPEG = 2,
	FACE_39794_JPEG2000_LOSSY = 3,
	FACE_39794_JPEG2000_LOSSLESS = 4,
};

struct face_record_39794 {
	uint32_t generation, year; /* 3, 2019 */
	uint32_t id;		   /* of the representation */
	struct bytes image;
	struct bytes format_block; /* content of A0: 80 code, or an extension; empty: made from format */
	uint32_t format;	   /* enum face_39794_format; unknown when the block is an extension */
	bool has_size;
	uint32_t width, height;
	struct bytes before_size;  /* objects A1 to 86 of the information block, as they are */
	struct bytes measurements; /* content of A8; empty: none */
	struct bytes after;	   /* objects behind A8 */
	struct bytes device;	   /* objects behind the information block */
	struct bytes optional;	   /* objects A2 to A9 of the representation */
};

/* Views into `in`. Errors: CC_E_FORMAT "face.record-malformed", CC_E_LIMIT "face.record-too-large". */
CC_MUST cc_status face_record_39794_decode(struct bytes in, struct face_record_39794 *ret, struct cc_error *err);
/*
 * Errors: CC_E_ARG "face.record-invalid" when there is no image, CC_E_LIMIT
 * "face.record-too-large". The blocks kept must be well-formed: they are what
 * decode gave, or empty.
 */
CC_MUST cc_status face_record_39794_encode(const struct face_record_39794 *record, struct buf *ret, struct cc_error *err);

#endif
