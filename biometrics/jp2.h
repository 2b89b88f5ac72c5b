/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_JP2_H
#define CC_BIOMETRICS_JP2_H

#include "biometrics/image.h"
#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>

/*
 * JPEG 2000 (ISO/IEC 15444-1): a JP2 file or a bare codestream, one or three
 * components of at most 16 bits. jp2_probe walks boxes, marker segments and
 * tile-parts before the decoder sees anything. Error keys as of jpeg.h:
 *
 *	photo.not-jpeg2000	CC_E_FORMAT		another kind of file
 *	photo.damaged		CC_E_FORMAT		cut off, a tile is missing, boxes or segments are broken
 *	photo.too-large		CC_E_LIMIT		above the limits below
 *	photo.trailing-data	CC_E_FORMAT		something else hides behind the end of the picture
 *	photo.unsupported	CC_E_UNSUPPORTED	palettes, alpha, rare colour spaces, signed samples
 */
#define JP2_BYTES_MAX (32u << 20)
#define JP2_PIXELS_MAX 16000000u /* the decoder needs 24 bytes for each */
#define JP2_TILES_MAX 1024u
#define JP2_LEVELS_MAX 12u
#define JP2_LAYERS_MAX 256u
#define JP2_BLOCKS_MAX 400000u	 /* code blocks and precincts: the decoder keeps a record for each */
#define JP2_PACKETS_MAX 2000000u /* precincts times layers */

enum jp2_colour { JP2_GREY, JP2_RGB, JP2_YCC };

struct jp2_info {
	unsigned width, height;
	unsigned components; /* 1 or 3 */
	unsigned bits;	     /* of the first component */
	unsigned tiles, levels, layers;
	bool boxed;	 /* a JP2 file, not a bare codestream */
	bool reversible; /* the 5-3 wavelet: may be lossless */
	enum jp2_colour colour;
	struct bytes codestream; /* a view into the file, without padding behind its end */
};

/* By the first bytes. */
bool jp2_is(struct bytes file);
CC_MUST cc_status jp2_probe(struct bytes file, struct jp2_info *ret, struct cc_error *err);
/* As RGB of 8 bits (grey is spread over the three channels). ret_info may be NULL. */
CC_MUST cc_status jp2_decode(struct bytes file, struct image *ret, struct jp2_info *ret_info, struct cc_error *err);

/*
 * A JP2 file of at most bytes_max bytes, by the irreversible wavelet, from an RGB or grey
 * image: as good as the bytes allow. CC_E_LIMIT "photo.does-not-fit" when bytes_max
 * is below what the headers need. The same image and size give the same bytes.
 */
CC_MUST cc_status jp2_encode(const struct image *im, size_t bytes_max, struct buf *ret, struct cc_error *err);

#endif
