/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/photo_hash.h"

#include <math.h>

#define COLUMNS 9
#define ROWS 8
/* Copies in other sizes and compressions stay above, other people's photos below (tests/unit/gate_test.c prints both). */
#define SAME_LIKENESS 0.985

/* Mean lightness of a cell of a grid, in 1/256. */
static double cell(const struct image *im, size_t columns, size_t rows, size_t column, size_t row)
{
	size_t x0 = column * im->width / columns, x1 = (column + 1) * im->width / columns;
	size_t y0 = row * im->height / rows, y1 = (row + 1) * im->height / rows;
	uint64_t sum = 0, count = 0;

	for (size_t y = y0; y < y1; y++) {
		const uint8_t *p = image_row(im, (unsigned)y) + x0 * im->channels;

		for (size_t x = x0; x < x1; x++, p += im->channels) {
			sum += im->channels == 3 ? (uint64_t)p[0] * 77 + (uint64_t)p[1] * 150 + (uint64_t)p[2] * 29
						 : (uint64_t)p[0] * 256;
			count++;
		}
	}
	return count == 0 ? 0 : (double)sum / (double)count;
}

static uint64_t bits_of(const struct image *im)
{
	uint64_t h = 0;

	for (size_t row = 0; row < ROWS; row++) {
		double left = cell(im, COLUMNS, ROWS, 0, row);

		for (size_t column = 1; column < COLUMNS; column++) {
			double right = cell(im, COLUMNS, ROWS, column, row);

			/* A plain background is the same all over: noise must not decide. */
			h = h << 1 | (right > left + 256);
			left = right;
		}
	}
	return h;
}

void photo_hash(const struct image *im, struct photo_hash *ret)
{
	double v[PHOTO_GRID_SIZE], mean = 0, spread = 0;

	for (size_t i = 0; i < PHOTO_GRID_SIZE; i++) {
		v[i] = cell(im, PHOTO_GRID_COLUMNS, PHOTO_GRID_ROWS, i % PHOTO_GRID_COLUMNS, i / PHOTO_GRID_COLUMNS);
		mean += v[i] / PHOTO_GRID_SIZE;
	}
	for (size_t i = 0; i < PHOTO_GRID_SIZE; i++)
		spread += (v[i] - mean) * (v[i] - mean) / PHOTO_GRID_SIZE;
	spread = sqrt(spread) + 1e-9;
	for (size_t i = 0; i < PHOTO_GRID_SIZE; i++) {
		double scaled = (v[i] - mean) / spread * 32;

		ret->grid[i] = (int8_t)(scaled > 127 ? 127 : scaled < -127 ? -127 : scaled);
	}
	ret->bits = bits_of(im);
}

unsigned photo_hash_distance(uint64_t a, uint64_t b)
{
	unsigned n = 0;

	for (uint64_t x = a ^ b; x != 0; x &= x - 1)
		n++;
	return n;
}

double photo_hash_likeness(const struct photo_hash *a, const struct photo_hash *b)
{
	double ab = 0, aa = 1e-9, bb = 1e-9;

	for (size_t i = 0; i < PHOTO_GRID_SIZE; i++) {
		ab += a->grid[i] * b->grid[i];
		aa += a->grid[i] * a->grid[i];
		bb += b->grid[i] * b->grid[i];
	}
	return ab / sqrt(aa * bb);
}

bool photo_hash_same(const struct photo_hash *a, const struct photo_hash *b)
{
	return photo_hash_distance(a->bits, b->bits) <= PHOTO_HASH_NEAR_BITS && photo_hash_likeness(a, b) >= SAME_LIKENESS;
}
