/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_WSQ_PARTS_H
#define CC_BIOMETRICS_WSQ_PARTS_H

#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What decoder and encoder of WSQ share: layout of the subbands, wavelet passes, Huffman tables. */

enum wsq_marker {
	WSQ_SOI = 0xFFA0,
	WSQ_EOI = 0xFFA1,
	WSQ_SOF = 0xFFA2,
	WSQ_SOB = 0xFFA3,
	WSQ_DTT = 0xFFA4,
	WSQ_DQT = 0xFFA5,
	WSQ_DHT = 0xFFA6,
	WSQ_DRT = 0xFFA7,
	WSQ_COM = 0xFFA8
};

#define WSQ_BANDS 64u	    /* that the quantisation table names */
#define WSQ_CODED_BANDS 60u /* the last four, the finest diagonal detail, are never coded */
#define WSQ_SPLITS 20u
#define WSQ_BLOCKS 3u
#define WSQ_HALF_TAPS 5u /* the centre and one side of a symmetric filter of 9 taps */

struct wsq_rect {
	unsigned x, y, width, height;
};

/*
 * A rectangle that is split into four: low and high frequencies in x and in y.
 * Of a rectangle that lies right (or below) itself, the spectrum is mirrored, so
 * that its high half stands left (above).
 */
struct wsq_split {
	struct wsq_rect at;
	bool high_left, high_above;
};

struct wsq_layout {
	struct wsq_split splits[WSQ_SPLITS]; /* in the order of the analysis */
	struct wsq_rect bands[WSQ_CODED_BANDS];
};
void wsq_layout_make(unsigned width, unsigned height, struct wsq_layout *ret);
/* The first band behind a block of coded data: IAFIS-IC-0110 has three blocks. */
unsigned wsq_block_end(unsigned block);

/* Weights by distance from the centre: for the samples of an output's own phase, and for those between. */
struct wsq_bank {
	float same[2][WSQ_HALF_TAPS], cross[2][WSQ_HALF_TAPS]; /* [phase: 0 low, even; 1 high, odd] */
};
/* low, high: the analysis filters, centre first, as the transform table has them. */
void wsq_bank_synthesis(const float low[WSQ_HALF_TAPS], const float high[WSQ_HALF_TAPS], struct wsq_bank *ret);
void wsq_bank_analysis(const float low[WSQ_HALF_TAPS], const float high[WSQ_HALF_TAPS], struct wsq_bank *ret);

/* All splits over a plane of width x height, in place. CC_E_MEMORY. */
CC_MUST cc_status wsq_synthesise(float *plane, unsigned width, unsigned height, const struct wsq_layout *layout,
				 const struct wsq_bank *bank, struct cc_error *err);
CC_MUST cc_status wsq_analyse(float *plane, unsigned width, unsigned height, const struct wsq_layout *layout,
			      const struct wsq_bank *bank, struct cc_error *err);

/* Huffman codes as of JPEG: numbers of codes by length, then their values. */
#define WSQ_CODE_BITS 16u
struct wsq_huffman {
	uint8_t counts[WSQ_CODE_BITS];
	uint8_t values[256];
	unsigned value_count;
	bool defined;
};
/* Code lengths by how often each value occurs; none gets a code of ones alone. Without any value: one code for zero. */
void wsq_huffman_build(const uint32_t frequency[256], struct wsq_huffman *ret);

/* Values of the Huffman codes, IAFIS-IC-0110 table "Huffman table input symbols". */
enum wsq_symbol {
	WSQ_RUN_MAX = 100, /* 1 to 100: so many zeros */
	WSQ_PLUS_8 = 101,  /* the value follows in 8 bits */
	WSQ_MINUS_8 = 102,
	WSQ_PLUS_16 = 103,
	WSQ_MINUS_16 = 104,
	WSQ_RUN_8 = 105, /* the run's length follows in 8 bits */
	WSQ_RUN_16 = 106,
	WSQ_VALUE_FIRST = 107, /* 107 to 254: the value - 180 */
	WSQ_VALUE_ZERO = 180,
	WSQ_VALUE_LAST = 254
};

struct wsq_quantiser {
	float centre;
	float bin[WSQ_BANDS], zero_bin[WSQ_BANDS]; /* a band whose bin is 0 is not coded */
};

/* For the next 16 bits: length of the code that they begin with in the high byte, its value in the low; 0: no code. */
struct wsq_lookup {
	uint16_t of[1u << WSQ_CODE_BITS];
};
void wsq_lookup_make(const struct wsq_huffman *t, struct wsq_lookup *ret);

/* Where the next coefficient of a plane goes. */
struct wsq_sink {
	float *plane;
	unsigned stride;
	const struct wsq_layout *layout;
	const struct wsq_quantiser *q;
	unsigned band, end; /* end: the first band behind the block */
	unsigned x, y;
};
/* The unstuffed data of one block. False: a code that there is none, or the data don't fill the block to its end. */
CC_MUST bool wsq_decode_block(struct bytes coded, const struct wsq_lookup *codes, struct wsq_sink *s);

#endif
