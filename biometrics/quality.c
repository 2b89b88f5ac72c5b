/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/quality.h"

#include "biometrics/portrait_geometry.h"
#include "biometrics/quality_measure.h"

#include <math.h>
#include <string.h>

/* The pose's uncertainty, twice face.h's standard deviation: a head fails when it is turned too far for certain. */
#define YAW_UNCERTAIN 3.0
#define PITCH_UNCERTAIN 12.0

#define NONE 1e9

/* clause: where the range comes from. "own": no standard has a number; the comment in the clause says what it stands on. */
static const struct quality_rules defaults = { {
	[QUALITY_FORMAT] = { "file_format", 1, NONE, "wrong_format", NULL, true, "ISO/IEC 19794-5:2005 5.7.2" },
	[QUALITY_FACES] = { "single_face_present", 1, 1, "no_face", "multiple_faces", true,
			    "ISO/IEC 29794-5, single face present" },
	[QUALITY_COLOUR_SPACE] = { "colour_space", 0, 3, NULL, "colour_space", true, "ISO/IEC 19794-5:2005 5.7.5: sRGB" },
	[QUALITY_INTER_EYE] = { "inter_eye_distance", 90, NONE, "face_too_small", NULL, true,
				"ISO/IEC 19794-5:2005 8.4.1: 180 pixels of head width, about 90 between the eyes" },
	[QUALITY_ROOM] = { "head_size", 1, NONE, "face_too_large", NULL, true, "ISO/IEC 19794-5:2005 8.3.4 and 8.3.5" },
	[QUALITY_OFF_CENTRE] = { "head_position", 0, 0.05, NULL, "off_centre", true, "ISO/IEC 19794-5:2005 8.3.2 and 8.3.3" },
	[QUALITY_HEAD_MARGIN] = { "crop_of_the_face_image", 0, NONE, "head_cropped", NULL, true,
				  "ISO/IEC 29794-5, crop of the face image" },
	[QUALITY_YAW] = { "head_pose_yaw", 0, 5, NULL, "yaw", false, "ISO/IEC 19794-5:2005 7.2.2: 5 degrees" },
	[QUALITY_PITCH] = { "head_pose_pitch", 0, 5, NULL, "pitch", false, "ISO/IEC 19794-5:2005 7.2.2: 5 degrees" },
	[QUALITY_ROLL] = { "head_pose_roll", 0, 8, NULL, "roll", false, "ISO/IEC 19794-5:2005 7.2.2, Corrigendum 1: 8 degrees" },
	[QUALITY_EYES_VISIBLE] = { "eyes_visible", 0, 12, NULL, "eyes_occluded", true, "ISO/IEC 29794-5, eyes visible" },
	[QUALITY_EYES_OPEN] = { "eyes_open", 0.07, NONE, "eyes_closed", NULL, true, "ISO/IEC 29794-5, eyes open" },
	[QUALITY_MOUTH_CLOSED] = { "mouth_closed", 0, 0.1, NULL, "mouth_open", false, "ISO/IEC 29794-5, mouth closed" },
	[QUALITY_FACE_SCATTER] = { "face_occlusion_prevention", 0, 0.1, NULL, "face_occluded", false, "own" },
	[QUALITY_UNDER_EXPOSURE] = { "under_exposure_prevention", 0, 0.3, NULL, "underexposed", false, "ISO/IEC 29794-5" },
	[QUALITY_OVER_EXPOSURE] = { "over_exposure_prevention", 0, 0.1, NULL, "overexposed", false, "ISO/IEC 29794-5" },
	[QUALITY_LUMINANCE] = { "luminance_mean", 40, 225, "underexposed", "overexposed", false, "ISO/IEC 29794-5" },
	[QUALITY_DYNAMIC_RANGE] = { "dynamic_range", 128, NONE, "low_contrast", NULL, false,
				    "ISO/IEC 19794-5:2005 7.4.2.1: 7 bits of grey levels" },
	[QUALITY_ILLUMINATION] = { "illumination_uniformity", 0.5, NONE, "uneven_lighting", NULL, false,
				   "ISO/IEC 39794-5:2019 D.1.4.3: half" },
	[QUALITY_SHADOW] = { "shadow", 0, 0.04, NULL, "uneven_lighting", false,
			     "ISO/IEC 19794-5:2005 7.2.9: no shadows on the face" },
	[QUALITY_GLARE] = { "glare", 0, 0.02, NULL, "glare", false, "own" },
	[QUALITY_SHARPNESS] = { "sharpness", 0, 1.4, NULL, "blur", true, "own" },
	[QUALITY_RESOLUTION] = { "spatial_resolution", 25, NONE, "low_resolution", NULL, true, "own" },
	[QUALITY_NOISE] = { "noise", 0, 8, NULL, "noise", false, "own" },
	[QUALITY_COMPRESSION] = { "compression_artifacts", 0, 6, NULL, "compression_artifacts", false, "own" },
	[QUALITY_GRAYSCALE] = { "colour_present", 3, NONE, "grayscale", NULL, true, "ISO/IEC 19794-5:2005 7.4.2.3" },
	[QUALITY_NATURAL_COLOUR] = { "natural_colour", 0, 6, NULL, "colour_cast", false, "ISO/IEC 29794-5, natural colour" },
	[QUALITY_BACKGROUND_UNIFORMITY] = { "background_uniformity", 0, 0.2, NULL, "background_busy", false, "own" },
	[QUALITY_BACKGROUND_LIGHTNESS] = { "background_lightness", 45, NONE, "background_dark", NULL, false,
					   "ISO/IEC 19794-5:2005 A.2.4.3" },
	[QUALITY_AGREEMENT] = { "detector_agreement", 0, 0.1, NULL, "detectors_disagree", false, "own" },
	[QUALITY_BACKGROUND_COLOUR] = { "background_colour", 0, 25, NULL, "background_colour", false, "own" },
} };

struct quality_rules quality_rules_default(void)
{
	return defaults;
}

bool quality_rules_set(struct quality_rules *rules, const char *name, bool high, double value)
{
	for (unsigned i = 0; i < QUALITY_MEASURES; i++) {
		struct quality_rule *r = &rules->rule[i];

		if (strcmp(r->name, name) != 0 || !(high ? r->above : r->below))
			continue;
		*(high ? &r->high : &r->low) = value;
		return true;
	}
	return false;
}

/* Around the portrait that would be cut, a little wider where the photo has it; without a face the edges of the whole photo. */
static void measure_background(const struct image *photo, const struct face_finding *finding, double v[QUALITY_MEASURES])
{
	struct image_rect r = { 0, 0, photo->width, photo->height / 0.4 }, p;
	struct head head;
	double wider;

	if (finding->count) {
		head_measure(&finding->face, &head);
		p = portrait_rect(&head, photo->width, photo->height);
		wider = 0.1 * p.width;
		r = (struct image_rect){ fmax(p.x - wider, fmin(p.x, 0)), fmax(p.y - wider, fmin(p.y, 0)), 0, p.height };
		r.width = fmin(p.x + p.width + wider, fmax(photo->width, p.x + p.width)) - r.x;
	}
	quality_measure_background(photo, &r, v);
}

static cc_status measure_face(const struct image *photo, const struct face *face, double v[QUALITY_MEASURES],
			      struct cc_error *err)
{
	struct quality_frame frame = { 0 };
	cc_status st = quality_frame_make(photo, face, &frame, err);

	if (cc_failed(st))
		return st;
	quality_measure_light(&frame, v);
	quality_measure_features(&frame, face, v);
	quality_measure_geometry(photo, face, v);
	v[QUALITY_YAW] = fmax(fabs(face->yaw) - YAW_UNCERTAIN, 0);
	v[QUALITY_PITCH] = fmax(fabs(face->pitch) - PITCH_UNCERTAIN, 0);
	v[QUALITY_ROLL] = fabs(face->roll);
	st = quality_measure_detail(photo, face, v, err);
	quality_frame_done(&frame);
	return st;
}

/* Without a face only the file and its background can be judged. */
static bool needs_face(unsigned measure)
{
	return measure > QUALITY_COLOUR_SPACE && measure < QUALITY_BACKGROUND_UNIFORMITY;
}

static bool needs_clear_eyes(unsigned measure)
{
	return measure == QUALITY_EYES_OPEN || measure == QUALITY_EYES_VISIBLE;
}

/* Whether the iris can be judged at all: not in a blurred or burnt-out picture, which fails anyway. */
static bool eyes_are_clear(const struct quality_rules *rules, const double v[QUALITY_MEASURES])
{
	return v[QUALITY_RESOLUTION] >= rules->rule[QUALITY_RESOLUTION].low &&
	       v[QUALITY_OVER_EXPOSURE] <= rules->rule[QUALITY_OVER_EXPOSURE].high;
}

/* Two defects have a more telling name by what else is known. */
static const char *named(enum quality_measure measure, const char *defect, const double v[QUALITY_MEASURES])
{
	if (measure == QUALITY_ROLL && v[QUALITY_ROLL] > 135)
		return "upside_down";
	/* The head fills the photo: its pixels are too few, not the head too small in it. */
	if (measure == QUALITY_INTER_EYE && v[QUALITY_ROOM] < 2)
		return "low_resolution";
	return defect;
}

static const char *defect_of(const struct quality_rule *rule, double value)
{
	if (rule->below && value < rule->low)
		return rule->below;
	return rule->above && value > rule->high ? rule->above : NULL;
}

static void judge(const struct quality_rules *rules, const double v[QUALITY_MEASURES], struct quality_report *r)
{
	r->passes = true;
	r->overridable = true;
	for (unsigned i = 0; i < QUALITY_MEASURES; i++) {
		const struct quality_rule *rule = &rules->rule[i];
		struct quality_result *out = &r->result[i];

		out->measured = i != QUALITY_AGREEMENT && (r->finding.count > 0 || !needs_face(i)) &&
				(!needs_clear_eyes(i) || eyes_are_clear(rules, v));
		out->value = v[i];
		out->defect = out->measured ? defect_of(rule, v[i]) : NULL;
		if (!out->defect)
			continue;
		out->defect = named(i, out->defect, v);
		r->passes = false;
		r->overridable = r->overridable && !rule->hard;
	}
	r->overridable = r->overridable && !r->passes;
}

void quality_add(const struct quality_rules *rules, enum quality_measure measure, double value, struct quality_report *report)
{
	const struct quality_rule *rule = &rules->rule[measure];
	struct quality_result *out = &report->result[measure];

	*out = (struct quality_result){ true, value, defect_of(rule, value) };
	if (!out->defect)
		return;
	report->overridable = (report->passes || report->overridable) && !rule->hard;
	report->passes = false;
}

static double colours(const struct jpeg_info *info)
{
	return info->colour == JPEG_CMYK ? 4 : info->colour == JPEG_GREY ? 1 : 3;
}

cc_status quality_check(struct face_net *net, const struct photo *photo, const struct quality_rules *rules,
			struct quality_report *ret, struct cc_error *err)
{
	double v[QUALITY_MEASURES] = { 0 };
	struct quality_report report = { .jpeg = photo->jpeg };
	const struct image *im = &photo->image;
	cc_status st = face_find(net, im, &report.finding, err);

	if (!cc_failed(st) && report.finding.count)
		st = measure_face(im, &report.finding.face, v, err);
	if (cc_failed(st))
		return st;
	measure_background(im, &report.finding, v);
	v[QUALITY_FACES] = (double)report.finding.count;
	v[QUALITY_FORMAT] = photo->kind == PHOTO_JPEG || photo->kind == PHOTO_JPEG2000;
	v[QUALITY_COLOUR_SPACE] = photo->kind == PHOTO_PNG ? 3 : colours(&report.jpeg);
	report.width = im->width;
	report.height = im->height;
	judge(rules, v, &report);
	*ret = report;
	return st;
}

size_t quality_refusal(struct bytes file, const struct cc_error *err, const char *ret[QUALITY_REFUSALS_MAX])
{
	static const struct {
		const char *key, *defect;
	} rows[] = { { "photo.not-jpeg", "wrong_format" },	   { "photo.not-jpeg2000", "wrong_format" },
		     { "finger.damaged", "wrong_format" },	   { "finger.too-large", "wrong_format" },
		     { "finger.unsupported", "wrong_format" },	   { "image.worker-killed", "corrupt_file" },
		     { "image.worker-forbidden", "corrupt_file" }, { "image.worker-protocol", "corrupt_file" },
		     { "image.worker-timeout", "corrupt_file" },   { "image.worker-memory", "dimensions_too_large" },
		     { "photo.damaged", "corrupt_file" },	   { "photo.too-large", "dimensions_too_large" },
		     { "photo.trailing-data", "trailing_data" },   { "photo.unsupported", "wrong_format" } };
	size_t n = 0;

	if (file.n == 0 || jpeg_is_starved(file))
		ret[n++] = "corrupt_file";
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (err->key && file.n && strcmp(err->key, rows[i].key) == 0 && (!n || strcmp(ret[0], rows[i].defect) != 0))
			ret[n++] = rows[i].defect;
	return n;
}
