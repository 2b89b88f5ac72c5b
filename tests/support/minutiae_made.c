/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/minutiae_made.h"

#include "biometrics/finger_template.h"

#include <math.h>

#define DEGREES_A_UNIT 5.625
#define HALF_TURN 3.14159265358979323846
#define SPACING 8 /* ridges are half a millimetre apart: minutiae don't crowd */
#define CENTRE 100

static uint32_t draw(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)(*seed >> 8) * below) >> 24);
}

static bool is_free(const struct finger_template *t, int x, int y)
{
	for (size_t i = 0; i < t->count; i++) {
		int dx = t->minutiae[i].x - x, dy = t->minutiae[i].y - y;

		if (dx * dx + dy * dy < SPACING * SPACING)
			return false;
	}
	return true;
}

static void add(struct finger_template *t, uint32_t *seed, size_t count)
{
	while (t->count < count) {
		int x = 30 + (int)draw(seed, 140), y = 20 + (int)draw(seed, 170);

		if (!is_free(t, x, y))
			continue;
		t->minutiae[t->count++] =
			(struct finger_minutia){ (uint8_t)x, (uint8_t)y, (uint8_t)(1 + draw(seed, 2)), (uint8_t)draw(seed, 64) };
	}
}

static int wobble(uint32_t *seed, int by)
{
	return (int)draw(seed, (uint32_t)(2 * by + 1)) - by;
}

/* False when it lies outside of what a template can say. */
static bool moved(const struct finger_minutia *m, const struct minutiae_noise *n, uint32_t *seed, struct finger_minutia *ret)
{
	double a = n->turn_degrees * HALF_TURN / 180, x = m->x - CENTRE, y = m->y - CENTRE;
	int turn = (int)lround(n->turn_degrees / DEGREES_A_UNIT) + (n->jitter > 0 ? wobble(seed, 1) : 0);
	int to_x = CENTRE + n->shift_x + wobble(seed, n->jitter) + (int)lround(x * cos(a) + y * sin(a));
	int to_y = CENTRE + n->shift_y + wobble(seed, n->jitter) + (int)lround(y * cos(a) - x * sin(a));

	*ret = (struct finger_minutia){ (uint8_t)to_x, (uint8_t)to_y, m->type, (uint8_t)((m->angle + 128 + turn) % 64) };
	return to_x >= 0 && to_x <= 255 && to_y >= 0 && to_y <= 255;
}

struct buf minutiae_made(uint32_t finger, const struct minutiae_noise *noise)
{
	struct finger_template whole = { 0 }, t = { 0 };
	uint32_t seed = finger * 2654435761u + 1;
	struct buf out = { 0 };

	add(&whole, &seed, MINUTIAE_MADE_COUNT);
	seed = noise != NULL ? noise->seed : 0;
	for (size_t i = noise != NULL ? noise->missing : 0; i < whole.count; i++) {
		if (noise == NULL)
			t.minutiae[t.count++] = whole.minutiae[i];
		else if (moved(&whole.minutiae[i], noise, &seed, &t.minutiae[t.count]))
			t.count++;
	}
	if (noise != NULL)
		add(&t, &seed, t.count + noise->spurious);
	CC_ASSERT(!cc_failed(finger_template_encode(&t, &out, NULL)));
	return out;
}
