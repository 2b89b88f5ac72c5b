/* SPDX-License-Identifier: Apache-2.0 */
#include "station/portrait_report.h"

#include "station/defect_advice.h"
#include "station/message.h"
#include "station/portrait_rules.h"

#include <jansson.h>
#include <string.h>

#define DEFECTS_MAX (QUALITY_MEASURES + QUALITY_REFUSALS_MAX)

static size_t defects_of(const struct portrait_verdict *v, const char *ret[DEFECTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; !v->measured && i < v->refusal_count; i++)
		ret[n++] = v->refusal[i];
	for (unsigned i = 0; v->measured && i < QUALITY_MEASURES; i++) {
		const char *d = v->report.result[i].defect;
		bool known = false;

		for (size_t k = 0; d != NULL && k < n && !known; k++)
			known = strcmp(ret[k], d) == 0;
		if (d != NULL && !known)
			ret[n++] = d;
	}
	return n;
}

static const char *pick(enum lang lang, const char *vi, const char *en)
{
	return lang == LANG_VI ? vi : en;
}

static void print_range(FILE *out, const struct quality_rule *r, enum lang lang)
{
	if (r->below != NULL)
		(void)fprintf(out, "  %s %g", pick(lang, "≥", "min"), r->low);
	if (r->above != NULL)
		(void)fprintf(out, "  %s %g", pick(lang, "≤", "max"), r->high);
}

/* What a measure is about, beside its standard's name, which override and JSON use. */
static const char *measure_vi(const char *name)
{
	static const struct {
		const char *name, *vi;
	} words[] = {
		{ "file_format", "định dạng tệp" },
		{ "single_face_present", "đúng một khuôn mặt" },
		{ "colour_space", "không gian màu" },
		{ "inter_eye_distance", "khoảng cách hai mắt, điểm ảnh" },
		{ "head_size", "cỡ đầu" },
		{ "head_position", "đầu ở giữa ảnh" },
		{ "crop_of_the_face_image", "đầu không bị cắt" },
		{ "head_pose_yaw", "quay trái, phải, độ" },
		{ "head_pose_pitch", "ngẩng, cúi, độ" },
		{ "head_pose_roll", "nghiêng đầu, độ" },
		{ "eyes_visible", "thấy rõ hai mắt" },
		{ "eyes_open", "mắt mở" },
		{ "mouth_closed", "miệng khép" },
		{ "face_occlusion_prevention", "mặt không bị che" },
		{ "under_exposure_prevention", "không thiếu sáng" },
		{ "over_exposure_prevention", "không thừa sáng" },
		{ "luminance_mean", "độ sáng" },
		{ "dynamic_range", "tương phản" },
		{ "illumination_uniformity", "sáng đều hai bên mặt" },
		{ "shadow", "không có bóng trên mặt" },
		{ "glare", "không lóa" },
		{ "sharpness", "độ nét" },
		{ "spatial_resolution", "độ phân giải" },
		{ "noise", "nhiễu" },
		{ "compression_artifacts", "vết nén" },
		{ "colour_present", "ảnh màu" },
		{ "natural_colour", "màu tự nhiên" },
		{ "background_uniformity", "phông trơn" },
		{ "background_lightness", "phông sáng" },
		{ "background_colour", "phông trắng hoặc xám nhạt" },
		{ "detector_agreement", "hai cách dò mặt khớp nhau" },
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(words[i].name, name) == 0)
			return words[i].vi;
	}
	return NULL;
}

static void print_measures(FILE *out, const struct portrait_verdict *v, enum lang lang)
{
	for (unsigned i = 0; i < QUALITY_MEASURES; i++) {
		const struct quality_result *r = &v->report.result[i];

		if (!r->measured)
			continue;
		(void)fprintf(out, "  %s %-28s %10.3f",
			      r->defect != NULL ? pick(lang, "LỖI ", "FAIL") : pick(lang, "đạt ", "ok  "), v->rules->rule[i].name,
			      r->value);
		print_range(out, &v->rules->rule[i], lang);
		if (lang == LANG_VI && measure_vi(v->rules->rule[i].name) != NULL)
			(void)fprintf(out, "  (%s)", measure_vi(v->rules->rule[i].name));
		(void)fprintf(out, "\n");
	}
}

void portrait_report_text(FILE *out, const struct portrait_verdict *v, enum lang lang)
{
	const char *defects[DEFECTS_MAX];
	size_t n = defects_of(v, defects);
	const struct face *f = &v->report.finding.face;
	bool passes = v->measured && v->report.passes;

	(void)fprintf(out, "%s: %s\n", v->file, passes ? pick(lang, "ĐẠT", "PASS") : pick(lang, "KHÔNG ĐẠT", "FAIL"));
	for (size_t i = 0; i < n; i++)
		(void)fprintf(out, "  %s: %s %s\n", defects[i], message_text(defect_advice("portrait", defects[i]), lang),
			      message_next(defect_advice("portrait", defects[i]), lang));
	if (!v->measured)
		return;
	print_measures(out, v, lang);
	if (v->report.finding.count > 0)
		(void)fprintf(out, "  %s: %.1f,%.1f  %.1f,%.1f\n", pick(lang, "tâm mắt phải, trái", "right, left eye"),
			      f->eye[0].x, f->eye[0].y, f->eye[1].x, f->eye[1].y);
	if (v->made != NULL)
		(void)fprintf(out, "  %s: %s %u x %u, %zu %s, %s %.4f\n", pick(lang, "chân dung", "portrait"),
			      portrait_format_name(v->made->format), v->made->width, v->made->height, v->made->data.n,
			      pick(lang, "byte", "bytes"), pick(lang, "giống ảnh gốc", "likeness"), v->made->similarity);
}

static json_t *measure_json(const struct quality_rule *rule, const struct quality_result *r)
{
	json_t *o = json_pack("{s:s, s:f, s:s, s:b, s:s}", "name", rule->name, "value", r->value, "verdict",
			      r->defect != NULL ? "fail" : "pass", "hard", rule->hard, "clause", rule->clause);

	if (o != NULL && rule->below != NULL)
		(void)json_object_set_new(o, "min", json_real(rule->low));
	if (o != NULL && rule->above != NULL)
		(void)json_object_set_new(o, "max", json_real(rule->high));
	return o;
}

static void add_measured(json_t *root, const struct portrait_verdict *v)
{
	const struct face *f = &v->report.finding.face;
	json_t *measures = json_array();

	for (unsigned i = 0; i < QUALITY_MEASURES; i++)
		if (v->report.result[i].measured)
			(void)json_array_append_new(measures, measure_json(&v->rules->rule[i], &v->report.result[i]));
	(void)json_object_set_new(root, "measures", measures);
	(void)json_object_set_new(root, "faces", json_integer((json_int_t)v->report.finding.count));
	(void)json_object_set_new(root, "width", json_integer(v->report.width));
	(void)json_object_set_new(root, "height", json_integer(v->report.height));
	if (v->report.finding.count == 0)
		return;
	(void)json_object_set_new(root, "eyes",
				  json_pack("{s:[f,f], s:[f,f]}", "right", f->eye[FACE_EYE_RIGHT].x, f->eye[FACE_EYE_RIGHT].y,
					    "left", f->eye[FACE_EYE_LEFT].x, f->eye[FACE_EYE_LEFT].y));
	(void)json_object_set_new(root, "pose", json_pack("{s:f, s:f, s:f}", "yaw", f->yaw, "pitch", f->pitch, "roll", f->roll));
}

static void add_defects(json_t *root, const struct portrait_verdict *v, enum lang lang)
{
	const char *defects[DEFECTS_MAX];
	size_t n = defects_of(v, defects);

	defect_advice_add(root, "portrait", defects, n, lang);
}

bool portrait_report_json(FILE *out, const struct portrait_verdict *v, enum lang lang)
{
	bool passes = v->measured && v->report.passes, ok;
	json_t *root = json_pack("{s:i, s:s, s:s, s:b}", "schema", 1, "file", v->file, "verdict", passes ? "pass" : "fail",
				 "overridable", v->measured && v->report.overridable);

	if (root == NULL)
		return false;
	add_defects(root, v, lang);
	if (v->measured)
		add_measured(root, v);
	else
		(void)json_object_set_new(root, "error", json_string(v->err.key != NULL ? v->err.key : "general"));
	if (v->made != NULL)
		(void)json_object_set_new(root, "portrait",
					  json_pack("{s:s, s:I, s:i, s:i, s:i, s:f, s:f}", "format",
						    portrait_format_name(v->made->format), "bytes", (json_int_t)v->made->data.n,
						    "width", (int)v->made->width, "height", (int)v->made->height, "quality",
						    v->made->quality, "similarity", v->made->similarity, "landmark_shift",
						    v->made->landmark_shift));
	ok = json_dumpf(root, out, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6)) == 0;
	(void)fprintf(out, "\n");
	json_decref(root);
	return ok;
}
