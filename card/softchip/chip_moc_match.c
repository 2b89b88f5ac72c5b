/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip_moc_match.h"

#define TURN 64		   /* units of angle in a full turn */
#define TURN_MAX 16	   /* a finger is laid on within a quarter turn */
#define PLACE_TOLERANCE 12 /* 1.2 mm: skin gives, and a rotation is known to 5.6 degrees only */
#define ANGLE_TOLERANCE 4  /* 22.5 degrees */
#define SCALE 4096
#define PAIRED_MIN 8
#define SHARE_PERCENT 40 /* of the product of both counts, against the square of the pairs */

/* SCALE times the sine of a quarter turn's units. */
static const int sines[TURN / 4 + 1] = { 0,    401,  799,  1189, 1567, 1931, 2276, 2598, 2896,
					 3166, 3406, 3612, 3784, 3920, 4017, 4076, 4096 };

static int sine(unsigned angle)
{
	unsigned a = angle % TURN, half = a % (TURN / 2);
	int v = half <= TURN / 4 ? sines[half] : sines[TURN / 2 - half];

	return a < TURN / 2 ? v : -v;
}

static int round_down(int scaled)
{
	return (scaled + (scaled < 0 ? -SCALE / 2 : SCALE / 2)) / SCALE;
}

static bool is_double(const struct chip_minutiae *m, const struct chip_minutia *c)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->at[i].x == c->x && m->at[i].y == c->y && m->at[i].angle == c->angle && m->at[i].type == c->type)
			return true;
	return false;
}

bool chip_minutiae_read(struct bytes bytes, struct chip_minutiae *ret)
{
	struct chip_minutiae m = { 0 };
	struct cursor in;

	cursor_init(&in, bytes);
	while (cursor_left(&in) > 0) {
		struct chip_minutia c;
		uint8_t x, y, rest;

		if (m.n == CHIP_MINUTIAE_MAX || !cursor_u8(&in, &x) || !cursor_u8(&in, &y) || !cursor_u8(&in, &rest))
			return false;
		/* ISO/IEC 19794-2:2005 8.2: two bits of type, of which 3 is reserved, and six of angle. */
		c = (struct chip_minutia){ x, y, rest >> 6, rest & 0x3F };
		if (c.type == 3 || is_double(&m, &c))
			return false;
		m.at[m.n++] = c;
	}
	if (m.n < CHIP_MINUTIAE_MIN)
		return false;
	*ret = m;
	return true;
}

static unsigned angle_apart(unsigned a, unsigned b)
{
	unsigned d = (a + TURN - b) % TURN;

	return d <= TURN / 2 ? d : TURN - d;
}

/* All of b, turned about its j and laid on a's i. The y axis points down: anticlockwise is from it to the right. */
static void align(const struct chip_minutiae *b, const struct chip_minutia *pivot, const struct chip_minutia *onto,
		  struct chip_minutiae *ret)
{
	unsigned turn = (onto->angle + TURN - pivot->angle) % TURN;
	int s = sine(turn), c = sine(turn + TURN / 4);

	ret->n = b->n;
	for (size_t i = 0; i < b->n; i++) {
		int x = b->at[i].x - pivot->x, y = b->at[i].y - pivot->y;

		ret->at[i] = (struct chip_minutia){ onto->x + round_down(x * c + y * s), onto->y + round_down(y * c - x * s),
						    b->at[i].type, (b->at[i].angle + turn) % TURN };
	}
}

static int distance(const struct chip_minutia *a, const struct chip_minutia *b)
{
	int dx = a->x - b->x, dy = a->y - b->y;

	return dx * dx + dy * dy;
}

/* Each minutia of a takes the nearest of b that is still free. The type is not asked: readers disagree about it. */
static size_t count_pairs(const struct chip_minutiae *a, const struct chip_minutiae *b)
{
	bool taken[CHIP_MINUTIAE_MAX] = { false };
	size_t pairs = 0;

	for (size_t i = 0; i < a->n; i++) {
		size_t best = b->n;
		int best_distance = PLACE_TOLERANCE * PLACE_TOLERANCE + 1;

		for (size_t j = 0; j < b->n; j++) {
			int d = distance(&a->at[i], &b->at[j]);

			if (taken[j] || d >= best_distance || angle_apart(a->at[i].angle, b->at[j].angle) > ANGLE_TOLERANCE)
				continue;
			best = j;
			best_distance = d;
		}
		if (best == b->n)
			continue;
		taken[best] = true;
		pairs++;
	}
	return pairs;
}

size_t chip_minutiae_paired(const struct chip_minutiae *a, const struct chip_minutiae *b)
{
	struct chip_minutiae laid;
	size_t best = 0;

	for (size_t i = 0; i < a->n; i++) {
		for (size_t j = 0; j < b->n; j++) {
			size_t pairs;

			if (angle_apart(a->at[i].angle, b->at[j].angle) > TURN_MAX)
				continue;
			align(b, &b->at[j], &a->at[i], &laid);
			pairs = count_pairs(a, &laid);
			best = pairs > best ? pairs : best;
		}
	}
	return best;
}

bool chip_minutiae_match(const struct chip_minutiae *reference, const struct chip_minutiae *probe)
{
	size_t pairs = chip_minutiae_paired(reference, probe);

	return pairs >= PAIRED_MIN && pairs * pairs * 100 >= SHARE_PERCENT * reference->n * probe->n;
}
