/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_JPEG_H
#define CC_BIOMETRICS_JPEG_H

#include "biometrics/image.h"
#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>

/*
 * JPEG (ISO/IEC 10918-1), 8 bits, Huffman coded, sequential or progressive.
 * jpeg_probe walks all segments before anything is decoded or allocated, so a
 * picture bomb is refused by its header. Errors, by key:
 *
 *	photo.not-jpeg		CC_E_FORMAT		empty, or another kind of file
 *	photo.damaged		CC_E_FORMAT		cut off, or segments or coded data are broken
 *	photo.too-large		CC_E_LIMIT		more bytes, pixels or scans than the limits below
 *	photo.trailing-data	CC_E_FORMAT		something else hides behind the end of the picture
 *	photo.unsupported	CC_E_UNSUPPORTED	a JPEG of a rare kind: 12 bits, lossless, arithmetic coding
 */
#define JPEG_BYTES_MAX (32u << 20)
#define JPEG_SCANS_MAX 64u

enum jpeg_colour { JPEG_GREY, JPEG_COLOUR, JPEG_CMYK };

struct jpeg_info {
	unsigned width, height; /* as stored, before the orientation is applied */
	unsigned orientation;	/* Exif, 1 to 8; 1 when there is none */
	enum jpeg_colour colour;
	bool progressive;
	bool inverted;	      /* CMYK with Adobe's marker: 0 is full ink */
	unsigned scans;	      /* passes over the picture; 1 in an ordinary file */
	unsigned luma_scaled; /* sum of the luma quantisation table: the coarser the coding, the larger; 0 unknown */
};

CC_MUST cc_status jpeg_probe(struct bytes file, struct jpeg_info *ret, struct cc_error *err);

/* True when the header claims more pixels than the file's bytes can hold, whether or not that is above the limits too. */
bool jpeg_is_starved(struct bytes file);

/*
 * The upright picture as RGB (grey and CMYK are converted). reduce: 1, 2, 4 or
 * 8 divides both sides while decoding. ret_info may be NULL.
 */
CC_MUST cc_status jpeg_decode(struct bytes file, unsigned reduce, struct image *ret, struct jpeg_info *ret_info,
			      struct cc_error *err);

/* The luma alone, one channel; likewise upright. Not for CMYK (CC_E_UNSUPPORTED). */
CC_MUST cc_status jpeg_decode_luma(struct bytes file, struct image *ret, struct cc_error *err);

enum jpeg_chroma { JPEG_CHROMA_FULL, JPEG_CHROMA_HALF, JPEG_CHROMA_QUARTER }; /* 4:4:4, 4:2:2, 4:2:0 */

struct jpeg_params {
	int quality; /* 1 to 100, as the IJG scale */
	enum jpeg_chroma chroma;
};

/* Sequential baseline JFIF of an RGB or grey image: the only kind ISO/IEC 19794-5 allows in a record. */
CC_MUST cc_status jpeg_encode(const struct image *im, const struct jpeg_params *params, struct buf *ret, struct cc_error *err);

#endif
