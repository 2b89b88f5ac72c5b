/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/finger_print.h"

#include <math.h>

#define PI 3.14159265358979323846

struct finger_print finger_print_good(void)
{
	return (struct finger_print){
		.width = 400,
		.height = 480,
		.period = 9,
		.dark = 40,
		.light = 215,
		.ridge = 0.5,
		.noise = 8,
		.coverage = 0.92,
		.seed = 1,
	};
}

/* G. Marsaglia's xorshift, -1 to 1. */
static double noise(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return (double)*state / 2147483648.0 - 1;
}

/* Distance from the core, bent, so that ridges run in every direction and are nowhere straight. */
static double bent_distance(const struct finger_print *p, double x, double y)
{
	double dx = x - p->width * 0.5, dy = (y - p->height * 0.55) * 0.8;

	return sqrt(dx * dx + dy * dy) + 7 * sin(x / 47) + 5 * sin(y / 61 + x / 93);
}

static double grey_at(const struct finger_print *p, double x, double y)
{
	double phase = bent_distance(p, x, y) / p->period;
	double wave = cos(2 * PI * phase), edge = cos(PI * p->ridge);
	double ridge = 1 / (1 + exp(-6 * (wave - edge)));

	return p->light + (p->dark - p->light) * ridge;
}

void finger_print_draw(const struct finger_print *p, struct image *ret)
{
	uint32_t state = p->seed * 2654435761u + 1;

	CC_ASSERT(!cc_failed(image_new(p->width, p->height, 1, ret, NULL)));
	for (unsigned y = 0; y < p->height; y++) {
		for (unsigned x = 0; x < p->width; x++) {
			double ex = (x - p->width * 0.5) / (p->width * 0.5 * p->coverage);
			double ey = (y - p->height * 0.5) / (p->height * 0.5 * p->coverage);
			double inside = 1 / (1 + exp(40 * (ex * ex + ey * ey - 1)));
			double paper = 250, v = paper + (grey_at(p, x, y) - paper) * inside + p->noise * noise(&state);

			ret->p[(size_t)y * p->width + x] = (uint8_t)fmin(fmax(v, 0), 255);
		}
	}
}

double finger_print_psnr(const struct image *a, const struct image *b)
{
	double sum = 0;

	CC_ASSERT(a->width == b->width && a->height == b->height && a->channels == b->channels);
	for (size_t i = 0; i < image_size(a); i++)
		sum += (a->p[i] - b->p[i]) * (a->p[i] - b->p[i]);
	return sum > 0 ? 10 * log10(65025.0 * (double)image_size(a) / sum) : 99;
}
