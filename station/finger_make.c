/* SPDX-License-Identifier: Apache-2.0 */
#include "station/finger_make.h"

#include "biometrics/jp2.h"
#include "biometrics/jpeg.h"
#include "biometrics/wsq.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RULES_BYTES_MAX 65536

bool finger_coding_find(const char *name, enum finger_coding *ret)
{
	static const enum finger_coding codings[] = { FINGER_WSQ, FINGER_JPEG, FINGER_JPEG2000, FINGER_RAW };

	for (size_t i = 0; i < sizeof codings / sizeof codings[0]; i++) {
		if (strcmp(finger_coding_name(codings[i]), name) == 0) {
			*ret = codings[i];
			return true;
		}
	}
	return false;
}

bool finger_bit_rate_parse(const char *text, double *ret)
{
	size_t n = strlen(text);
	char *end = NULL;
	double v;

	if (n == 0 || n > 8 || strspn(text, "0123456789.") != n)
		return false;
	v = strtod(text, &end);
	if (*end != '\0' || !(v >= 0.1 && v <= 8))
		return false;
	*ret = v;
	return true;
}

cc_status finger_params_load(const struct config *c, struct finger_params *ret, struct cc_error *err)
{
	struct finger_params p = { .coding = FINGER_WSQ };
	char format[16], rate[16];
	int64_t ppi = 0;
	cc_status st = config_setting(c, "finger.format", format, sizeof format, err);

	if (!cc_failed(st))
		st = config_setting(c, "finger.bit-rate", rate, sizeof rate, err);
	if (!cc_failed(st))
		st = config_setting_int(c, "finger.ppi", &ppi, err);
	if (cc_failed(st))
		return st;
	if (!finger_coding_find(format, &p.coding))
		return cc_fail(err, CC_E_FORMAT, "issue.setting", "finger.format: wsq, jpeg, jp2 or raw");
	if (!finger_bit_rate_parse(rate, &p.bit_rate))
		return cc_fail(err, CC_E_FORMAT, "issue.setting", "finger.bit-rate: 0.1 to 8");
	if (ppi != 0 && (ppi < 490 || ppi > 1010))
		return cc_fail(err, CC_E_FORMAT, "issue.setting", "finger.ppi: 0, or 490 to 1010");
	p.ppi = (unsigned)ppi;
	*ret = p;
	return st;
}

/* ---- bounds */

static cc_status set_bounds(struct finger_rules *rules, const char *name, json_t *bounds, struct cc_error *err)
{
	const char *bound;
	json_t *value;

	json_object_foreach(bounds, bound, value)
	{
		bool high = strcmp(bound, "max") == 0;

		if (!high && strcmp(bound, "min") != 0)
			return cc_fail(err, CC_E_FORMAT, "settings.unknown", "finger.json: %.60s has no %.20s", name, bound);
		if (!json_is_number(value))
			return cc_fail(err, CC_E_FORMAT, "settings.bad-value", "finger.json: %.60s %.20s is no number", name,
				       bound);
		if (!finger_rules_set(rules, name, high, json_number_value(value)))
			return cc_fail(err, CC_E_FORMAT, "settings.unknown", "finger.json: no measure %.60s with a %.20s", name,
				       bound);
	}
	return cc_ok();
}

cc_status finger_rules_load(const struct config *c, struct finger_rules *ret, struct cc_error *err)
{
	struct finger_rules rules = finger_rules_default();
	char path[PATH_MAX];
	struct buf text = { 0 };
	json_error_t where = { .line = 0 };
	const char *name;
	json_t *root, *bounds;
	cc_status st = cc_ok();

	config_path(c, "finger.json", path);
	if (access(path, F_OK) != 0) {
		*ret = rules;
		return st;
	}
	st = sys_read_file(path, RULES_BYTES_MAX, &text, err);
	if (cc_failed(st))
		return st;
	root = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &where);
	if (!json_is_object(root))
		st = cc_fail(err, CC_E_FORMAT, "settings.not-json", "finger.json, line %d", where.line);
	else
		json_object_foreach(root, name, bounds)
		{
			if (!cc_failed(st))
				st = set_bounds(&rules, name, bounds, err);
		}
	if (!cc_failed(st))
		*ret = rules;
	json_decref(root);
	buf_done(&text);
	return st;
}

/* ---- coding */

/* The largest quality whose file is no larger than the bit rate asks. */
static cc_status code_jpeg(const struct image *im, size_t bytes_max, struct buf *ret, struct cc_error *err)
{
	int low = 20, high = 98;
	cc_status st = cc_ok();

	while (low <= high) {
		int quality = (low + high) / 2;
		struct buf out = { 0 };

		st = jpeg_encode(im, &(struct jpeg_params){ quality, JPEG_CHROMA_FULL }, &out, err);
		if (cc_failed(st))
			return st;
		if (out.n <= bytes_max || quality == 20) {
			buf_move(ret, &out);
			low = quality + 1;
		} else {
			high = quality - 1;
		}
		buf_done(&out);
	}
	return st;
}

/* A JPEG that is turned, coloured or progressive is no picture for a record: it is coded anew. */
static bool can_be_kept(const struct finger_entry *e)
{
	struct jpeg_info info;

	if (e->data.n == 0 || e->coding == FINGER_RAW)
		return false;
	if (e->coding != FINGER_JPEG)
		return true;
	return !cc_failed(jpeg_probe(e->data, &info, NULL)) && info.colour == JPEG_GREY && info.orientation == 1 &&
	       !info.progressive;
}

cc_status finger_code(const struct finger_entry *e, const struct finger_params *params, struct buf *ret, struct cc_error *err)
{
	size_t pixels = image_size(&e->image), bytes_max = (size_t)((double)pixels * params->bit_rate / 8) + 1;
	struct wsq_params wsq = { params->bit_rate, e->ppi };

	if (e->coding == params->coding && can_be_kept(e))
		return buf_copy(ret, e->data);
	switch (params->coding) {
	case FINGER_WSQ:
		return wsq_encode(&e->image, &wsq, ret, err);
	case FINGER_JPEG:
		return code_jpeg(&e->image, bytes_max, ret, err);
	case FINGER_JPEG2000:
		return jp2_encode(&e->image, bytes_max, ret, err);
	case FINGER_RAW:
		return buf_copy(ret, bytes_of(e->image.p, pixels));
	case FINGER_PACKED:
	case FINGER_PNG:
		break;
	}
	return cc_fail(err, CC_E_ARG, "finger.bad-option", "no record is made with %s", finger_coding_name(params->coding));
}

/* ISO/IEC 19794-4:2005 table 1: the level whose resolution this is. */
static uint16_t level_of(unsigned ppi)
{
	return ppi >= 990 ? 41 : ppi >= 743 ? 35 : FINGER_LEVEL_31;
}

cc_status finger_make_record(const struct finger_entry *e, unsigned position, unsigned quality,
			     const struct finger_params *params, struct buf *ret, struct cc_error *err)
{
	struct finger_record r = finger_record_new(params->coding);
	struct finger_entry known = *e;
	struct buf data = { 0 };
	cc_status st;

	known.ppi = e->ppi ? e->ppi : params->ppi;
	if (known.ppi < 495 || known.ppi > 1010)
		return cc_fail(err, CC_E_ARG, "finger.no-resolution", "%u pixels per inch", known.ppi);
	st = finger_code(&known, params, &data, err);
	if (cc_failed(st))
		return cc_fail(err, st.code, "memory", "print");
	r.level = level_of(known.ppi);
	r.scan_x = r.scan_y = r.image_x = r.image_y = (uint16_t)known.ppi;
	r.fingers = 1;
	r.count = 1;
	r.images[0] = (struct finger_image){
		.position = (uint8_t)position,
		.views = 1,
		.view = 1,
		.quality = (uint8_t)quality,
		.impression = FINGER_LIVE_PLAIN,
		.width = (uint16_t)known.image.width,
		.height = (uint16_t)known.image.height,
		.data = buf_view(&data),
	};
	st = finger_record_encode(&r, FINGER_STRICT, ret, err);
	buf_done(&data);
	return st;
}
