/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_SAMPLE_H
#define CC_STATION_REGISTRY_SAMPLE_H

#include "crypto/base/err.h"
#include "station/registry/date.h"

#include <stdint.h>
#include <stdio.h>

/*
 * Fictional people for trials at any size: families with names as frequent as in
 * life, places of the 34 provinces, and planted defects. The same count, seed and
 * day give the same bytes. Numbers are made by the rule of the real ones and
 * may meet one by chance: never mix a sample with a register.
 *
 * The truth names every defect, one a line, CSV:
 *
 *	line,number,severity,key
 *	17,001090123456,hold,registry.dead
 *	42,,refused,import.date
 *
 * severity: "refused" (the row does not come in), "hold", "warning". What is not
 * named there is clean: unusual but right spellings (NFD, one word, apostrophes,
 * 40 letters) are planted too and are no defects.
 */
struct sample_options {
	uint64_t count; /* rows */
	uint64_t seed;
	struct date today;
	unsigned defects_per_mille; /* of rows, spread over all kinds */
};
struct sample_counts {
	uint64_t rows, refused, holds, warnings;
};
/* CC_E_IO when a file can't be written. truth may be NULL. */
CC_MUST cc_status sample_write(const struct sample_options *o, FILE *rows, FILE *truth, struct sample_counts *ret,
			       struct cc_error *err);

#endif
