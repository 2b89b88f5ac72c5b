/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/photo_hash.h"

#define COLUMNS 9
#define ROWS 8

/* Mean lightness of a cell, in 1/256. */
static unsigned cell(const struct image *im, size_t column, size_t row)
{
	size_t x0 = column * im->width / COLUMNS, x1 = (column + 1) * im->width / COLUMNS;
	size_t y0 = row * im->height / ROWS, y1 = (row + 1) * im->height / ROWS;
	uint64_t sum = 0, count = 0;

	for (size_t y = y0; y < y1; y++) {
		const uint8_t *p = im->p + (y * im->width + x0) * im->channels;

		for (size_t x = x0; x < x1; x++, p += im->channels) {
			sum += im->channels == 3 ? (uint64_t)p[0] * 77 + (uint64_t)p[1] * 150 + (uint64_t)p[2] * 29
						 : (uint64_t)p[0] * 256;
			count++;
		}
	}
	return count == 0 ? 0 : (unsigned)(sum / count);
}

uint64_t photo_hash(const struct image *im)
{
	uint64_t h = 0;

	for (size_t row = 0; row < ROWS; row++) {
		unsigned left = cell(im, 0, row);

		for (size_t column = 1; column < COLUMNS; column++) {
			unsigned right = cell(im, column, row);

			h = h << 1 | (right > left);
			left = right;
		}
	}
	return h;
}

unsigned photo_hash_distance(uint64_t a, uint64_t b)
{
	unsigned n = 0;

	for (uint64_t x = a ^ b; x != 0; x &= x - 1)
		n++;
	return n;
}
