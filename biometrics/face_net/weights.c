/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/face_net/layers.h"

#include "crypto/base/secret.h"

#include <stdio.h>
#include <string.h>

#include "gen_face_detector.h"
#include "gen_face_landmarks.h"

struct model {
	const struct face_tensor *tensors;
	size_t count;
	const uint8_t *bytes;
};

static const struct model detector = { tiny_face_detector_model,
				       sizeof tiny_face_detector_model / sizeof tiny_face_detector_model[0],
				       tiny_face_detector_model_bytes };
static const struct model landmarks = { face_landmark_68_model, sizeof face_landmark_68_model / sizeof face_landmark_68_model[0],
					face_landmark_68_model_bytes };

/* Lays the layers out one behind the other; with memory == NULL it only counts. */
struct layout {
	float *memory;
	size_t used;
};

static float *lay(struct layout *l, size_t count)
{
	float *p = l->memory ? l->memory + l->used : NULL;

	l->used += count;
	return p;
}

/* The tables are compiled in: what is missing or of another size is a programmer's error. */
static const struct face_tensor *tensor(const struct model *m, const char *layer, const char *part, size_t count)
{
	const struct face_tensor *found = NULL;
	char name[64];

	snprintf(name, sizeof name, "%s/%s", layer, part);
	for (size_t i = 0; i < m->count && !found; i++)
		if (strcmp(m->tensors[i].name, name) == 0)
			found = &m->tensors[i];
	CC_ASSERT(found && found->count == count);
	return found;
}

static float value(const struct model *m, const struct face_tensor *t, size_t i)
{
	return (float)m->bytes[t->offset + i] * t->scale + t->min;
}

static void load_plain(const struct model *m, const struct face_tensor *t, float *to)
{
	for (size_t i = 0; i < t->count; i++)
		to[i] = value(m, t, i);
}

/* [in][out] to panels; what the last panel lacks stays zero. */
static void load_packed(const struct model *m, const struct face_tensor *t, unsigned in, unsigned out, float *to)
{
	for (unsigned i = 0; i < in; i++)
		for (unsigned o = 0; o < out; o++)
			to[(size_t)(o / FACE_PANEL) * in * FACE_PANEL + (size_t)i * FACE_PANEL + o % FACE_PANEL] =
				value(m, t, (size_t)i * out + o);
}

static void load_layer(struct layout *l, const struct model *m, const char *name, const char *filters, const char *bias,
		       unsigned in, unsigned out, bool separable, struct face_layer *layer)
{
	size_t padded = (out + FACE_PANEL - 1) / FACE_PANEL * FACE_PANEL;

	layer->in = in;
	layer->out = out;
	layer->depthwise = separable ? lay(l, (size_t)9 * in) : NULL;
	layer->packed = lay(l, padded * in);
	layer->bias = lay(l, padded);
	if (!l->memory)
		return;
	if (separable)
		load_plain(m, tensor(m, name, "depthwise_filter", (size_t)9 * in), layer->depthwise);
	load_packed(m, tensor(m, name, filters, (size_t)in * out), in, out, layer->packed);
	load_plain(m, tensor(m, name, bias, out), layer->bias);
}

static void load_detector(struct layout *l, struct face_net *net)
{
	char name[16];
	unsigned in = 16;

	load_layer(l, &detector, "conv0", "filters", "bias", 27, 16, false, &net->detector_first);
	for (unsigned i = 0; i < DETECTOR_SEPARABLE; i++, in *= 2) {
		snprintf(name, sizeof name, "conv%u", i + 1);
		load_layer(l, &detector, name, "pointwise_filter", "bias", in, 2 * in, true, &net->detector[i]);
	}
	load_layer(l, &detector, "conv8", "filters", "bias", 512, 25, false, &net->detector_head);
}

static void load_landmarks(struct layout *l, struct face_net *net)
{
	char name[32];
	unsigned out = 32;

	for (unsigned b = 0; b < LANDMARK_BLOCKS; b++, out *= 2)
		for (unsigned i = 0; i < 4; i++) {
			bool first = b == 0 && i == 0;
			unsigned in = first ? 27 : i == 0 ? out / 2 : out;

			snprintf(name, sizeof name, "dense%u/conv%u", b, i);
			load_layer(l, &landmarks, name, first ? "filters" : "pointwise_filter", "bias", in, out, !first,
				   &net->block[b][i]);
		}
	load_layer(l, &landmarks, "fc", "weights", "bias", 256, 2 * FACE_LANDMARKS, false, &net->landmark_head);
}

bool face_weights_load(struct face_net *net)
{
	struct layout l = { 0 };

	load_detector(&l, net);
	load_landmarks(&l, net);
	net->weights_count = l.used;
	net->weights = cc_alloc(l.used * sizeof *net->weights);
	if (!net->weights)
		return false;
	l = (struct layout){ net->weights, 0 };
	load_detector(&l, net);
	load_landmarks(&l, net);
	return true;
}
