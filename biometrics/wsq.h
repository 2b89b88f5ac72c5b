/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_WSQ_H
#define CC_BIOMETRICS_WSQ_H

#include "biometrics/image.h"
#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>

/*
 * WSQ, the fingerprint compression of the FBI (IAFIS-IC-0110 v3.1): a wavelet
 * transform into 64 subbands, of which 60 are coded, uniform quantisers with a
 * widened zero bin, and Huffman codes for values and runs of zeros. 8-bit grey.
 *
 * The decoder takes what the specification allows an encoder to write, with
 * the limits below; filters are symmetric, of odd length, at most 9 taps.
 * Errors, by key:
 *
 *	finger.not-wsq		CC_E_FORMAT		another kind of file
 *	finger.damaged		CC_E_FORMAT		cut off, tables, codes or sizes are broken
 *	finger.too-large	CC_E_LIMIT		more bytes or pixels than the limits below
 *	finger.unsupported	CC_E_UNSUPPORTED	other filters, restart intervals, sides below WSQ_SIDE_MIN
 */
#define WSQ_BYTES_MAX (8u << 20)
#define WSQ_PIXELS_MAX 12000000u
#define WSQ_PIXELS_PER_BYTE_MAX 2048u /* a blank page needs 600 bytes; what claims more is a bomb */
#define WSQ_SIDE_MIN 32u	      /* each of the five splits must have both a low and a high half */
#define WSQ_ENCODE_SIDE_MIN 64u	      /* of one sample no variance can be taken: the coarsest bands need four */

struct wsq_info {
	unsigned width, height;
	unsigned ppi;	   /* from a NIST comment; 0: not said */
	unsigned encoder;  /* the frame's encoder algorithm */
	unsigned software; /* the frame's software number, which the FBI gives out */
};

bool wsq_is(struct bytes file); /* by its first marker */
/* Frame header and what lies before it; nothing is decoded. */
CC_MUST cc_status wsq_probe(struct bytes file, struct wsq_info *ret, struct cc_error *err);
/* One channel. ret_info may be NULL. */
CC_MUST cc_status wsq_decode(struct bytes file, struct image *ret, struct wsq_info *ret_info, struct cc_error *err);

struct wsq_params {
	double bit_rate; /* bits a pixel that the quantisers aim at: 0.75 is about 15:1, 2.25 about 5:1 */
	unsigned ppi;	 /* written into a NIST comment; 0: none */
};
#define WSQ_BIT_RATE_15_1 0.75
#define WSQ_BIT_RATE_5_1 2.25

/*
 * The FBI's 9/7 filters and the bin widths of the specification's informative
 * encoder. Colour is turned to grey. CC_E_ARG "finger.bad-option": a bit rate
 * outside 0.1 to 8, or a side below WSQ_ENCODE_SIDE_MIN.
 */
CC_MUST cc_status wsq_encode(const struct image *im, const struct wsq_params *params, struct buf *ret, struct cc_error *err);

#endif
