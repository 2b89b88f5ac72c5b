/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/similarity.h"

#define WINDOW 8u
#define STEP 8u
#define C1 (0.01 * 255 * 0.01 * 255)
#define C2 (0.03 * 255 * 0.03 * 255)

static double window(const struct image *a, const struct image *b, unsigned x0, unsigned y0)
{
	unsigned sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
	double n = WINDOW * WINDOW, ma, mb, va, vb, cov;

	for (unsigned y = y0; y < y0 + WINDOW; y++) {
		const uint8_t *pa = image_row(a, y) + x0, *pb = image_row(b, y) + x0;

		for (unsigned x = 0; x < WINDOW; x++) {
			sa += pa[x];
			sb += pb[x];
			saa += (unsigned)pa[x] * pa[x];
			sbb += (unsigned)pb[x] * pb[x];
			sab += (unsigned)pa[x] * pb[x];
		}
	}
	ma = sa / n;
	mb = sb / n;
	va = saa / n - ma * ma;
	vb = sbb / n - mb * mb;
	cov = sab / n - ma * mb;
	return (2 * ma * mb + C1) * (2 * cov + C2) / ((ma * ma + mb * mb + C1) * (va + vb + C2));
}

double image_similarity(const struct image *a, const struct image *b)
{
	double sum = 0, n = 0;

	CC_ASSERT(a->channels == 1 && b->channels == 1 && a->width == b->width && a->height == b->height);
	for (unsigned y = 0; y + WINDOW <= a->height; y += STEP)
		for (unsigned x = 0; x + WINDOW <= a->width; x += STEP, n++)
			sum += window(a, b, x, y);
	return n > 0 ? sum / n : 1;
}
