/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_FINGER_RECORD_H
#define CC_BIOMETRICS_FINGER_RECORD_H

#include "biometrics/finger.h"
#include "biometrics/image.h"
#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The finger image record of ISO/IEC 19794-4:2005, which ICAO Doc 9303-10 puts
 * into DG3 behind a CBEFF header (format owner 0101, format type 0007), one
 * record for each finger.
 *
 *	general header	32	"FIR" 0, "010" 0, length (6), device (2), acquisition level (2), number of fingers,
 *				scale units, scan resolution x y, image resolution x y (2 each), pixel depth, coding, reserved (2)
 *	per image:
 *	image header	14	length (4), position, number of views, view, quality, impression, width, height (2 each), reserved
 *	image data
 *
 * A missing finger has no place in it: the registry keeps the reason.
 */
#define FINGER_IMAGES_MAX 20u
#define FINGER_RECORD_BYTES_MAX (8u << 20)

enum finger_coding { FINGER_RAW = 0, FINGER_PACKED = 1, FINGER_WSQ = 2, FINGER_JPEG = 3, FINGER_JPEG2000 = 4, FINGER_PNG = 5 };
enum finger_scale { FINGER_PER_INCH = 1, FINGER_PER_CM = 2 };
/* Table 7. */
enum finger_impression { FINGER_LIVE_PLAIN = 0, FINGER_LIVE_ROLLED = 1, FINGER_NONLIVE_PLAIN = 2, FINGER_NONLIVE_ROLLED = 3 };
#define FINGER_LEVEL_31 31u	    /* table 1: 500 ppi, 8 bits, 200 grey levels in use */
#define FINGER_QUALITY_UNKNOWN 254u /* not measured */

struct finger_image {
	uint8_t position; /* enum finger_position, 11 to 36 for plain groups and palms */
	uint8_t views, view;
	uint8_t quality; /* 0 to 100, or FINGER_QUALITY_UNKNOWN */
	uint8_t impression;
	uint16_t width, height;
	uint8_t reserved;
	struct bytes data; /* a view: the caller's, or the record that was read */
};

struct finger_record {
	uint16_t device, level;
	uint8_t fingers; /* as the header counts them */
	uint8_t scale_units;
	uint16_t scan_x, scan_y, image_x, image_y; /* resolution */
	uint8_t depth, coding;
	uint16_t reserved;
	size_t count;
	struct finger_image images[FINGER_IMAGES_MAX];
};

/* Level 31, 500 ppi, 8 bits, nothing in it yet. */
struct finger_record finger_record_new(enum finger_coding coding);

/*
 * FINGER_STRICT refuses (CC_E_ARG, "finger.record-invalid") what the standard
 * does not allow: unknown codings, positions or impressions, a count that is
 * none, data that are not of the coding named, raw data of another size than
 * the lines say, a level whose resolution is another. FINGER_AS_READ writes a
 * decoded record as it was.
 */
enum finger_mode { FINGER_STRICT, FINGER_AS_READ };
CC_MUST cc_status finger_record_encode(const struct finger_record *record, enum finger_mode mode, struct buf *ret,
				       struct cc_error *err);
/* What FINGER_STRICT would say of a record that was read. */
CC_MUST cc_status finger_record_check(const struct finger_record *record, struct cc_error *err);

bool finger_record_is(struct bytes in); /* by its first bytes */
/* Views into `in`. Errors: CC_E_FORMAT "finger.record-malformed", CC_E_LIMIT "finger.record-too-large". */
CC_MUST cc_status finger_record_decode(struct bytes in, struct finger_record *ret, struct cc_error *err);

/* Pixels per inch of the images; 0 when the record does not say. */
unsigned finger_record_ppi(const struct finger_record *record);
/*
 * The pixels of an uncoded image (FINGER_RAW of 8 bits, FINGER_PACKED of 1
 * to 8), as 8-bit grey. CC_E_UNSUPPORTED "finger.record-malformed" for another coding
 * or depth, CC_E_FORMAT when the data are of another size.
 */
CC_MUST cc_status finger_record_raw(const struct finger_record *record, size_t index, struct image *ret, struct cc_error *err);

#endif
