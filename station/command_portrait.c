/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command_portrait.h"

#include "biometrics/contact_sheet.h"
#include "biometrics/png.h"
#include "station/face_cross_check.h"
#include "station/image_worker.h"
#include "station/message.h"
#include "station/portrait_report.h"
#include "station/portrait_rules.h"
#include "station/whole_number.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * `cccd portrait check | make`: a verdict with reasons on a photo, and the
 * portrait for the chip.
 */
struct session {
	struct face_net *net;
	struct quality_rules rules;
	struct image_worker *images;
	struct face_cross_check cross_check;
	struct buf file;
	struct photo photo;
	struct portrait_verdict verdict;
};

static void session_done(struct session *s)
{
	face_net_free(&s->net);
	image_worker_free(&s->images);
	buf_done(&s->file);
	photo_done(&s->photo);
}

/* A photo that can't be decoded is a verdict, not an error of the command. */
static cc_status look(struct invocation *inv, struct session *s, struct cc_error *err)
{
	struct portrait_verdict *v = &s->verdict;
	cc_status st = portrait_rules_load(&inv->config, &s->rules, err);

	if (!cc_failed(st))
		st = sys_read_file(inv->arguments[0], JPEG_BYTES_MAX, &s->file, err);
	if (!cc_failed(st))
		st = face_net_new(&s->net, err);
	if (!cc_failed(st))
		st = image_worker_open(&inv->config, &s->images, err);
	if (!cc_failed(st))
		st = face_cross_check_load(&inv->config, &s->cross_check, err);
	if (cc_failed(st))
		return st;
	v->file = inv->arguments[0];
	v->rules = &s->rules;
	cc_error_init(&v->err);
	st = image_worker_decode(s->images, buf_view(&s->file), &s->photo, &v->err);
	if (!cc_failed(st))
		st = quality_check(s->net, &s->photo, &s->rules, &v->report, &v->err);
	v->measured = !cc_failed(st);
	if (v->measured && cc_failed(st = face_cross_check_apply(&s->cross_check, &s->photo.image, &s->rules, &v->report, err)))
		return st;
	if (st.code == CC_E_MEMORY || st.code == CC_E_IO ||
	    strcmp(v->err.key ? v->err.key : "", "image.sandbox-unavailable") == 0)
		return cc_fail(err, st.code, v->err.key, "%s", v->err.detail);
	if (!v->measured)
		v->refusal_count = quality_refusal(buf_view(&s->file), &v->err, v->refusal);
	return cc_ok();
}

static int tell(const struct invocation *inv, const struct session *s)
{
	const struct portrait_verdict *v = &s->verdict;

	if (!inv->config.json)
		portrait_report_text(stdout, v, inv->config.lang);
	else if (!portrait_report_json(stdout, v, inv->config.lang))
		return EXIT_FAILED;
	return v->measured && v->report.passes ? EXIT_DONE : EXIT_CHECK_NO;
}

static int command_portrait_check(struct invocation *inv)
{
	struct session s = { 0 };
	struct cc_error err;
	int code;

	cc_error_init(&err);
	code = cc_failed(look(inv, &s, &err)) ? invocation_fail(inv, &err) : tell(inv, &s);
	session_done(&s);
	return code;
}

static cc_status params_of(const struct invocation *inv, struct portrait_params *ret, struct cc_error *err)
{
	const char *format = invocation_option(inv, "--format");
	uint64_t bytes = 0;
	cc_status st = portrait_params_load(&inv->config, ret, err);

	if (cc_failed(st))
		return st;
	if (format != NULL && !portrait_format_from_name(format, &ret->format))
		return cc_fail(err, CC_E_ARG, "portrait.bad-option", "--format %.40s: jpeg, jp2 or smallest", format);
	if (!whole_number_option(inv, "--max-bytes", 1000, JPEG_BYTES_MAX, &bytes))
		return cc_fail(err, CC_E_ARG, "portrait.bad-option", "--max-bytes %.40s: 1000 to %u",
			       invocation_option(inv, "--max-bytes"), JPEG_BYTES_MAX);
	if (bytes != 0)
		ret->bytes_max = bytes;
	return cc_ok();
}

static cc_status write_sheet(const struct session *s, const struct portrait *p, const char *path, struct cc_error *err)
{
	struct image sheet = { 0 };
	struct buf png = { 0 };
	cc_status st = contact_sheet(&s->photo.image, &s->verdict.report.finding.face, p, &sheet, err);

	if (!cc_failed(st))
		st = png_encode(&sheet, &png, err);
	if (!cc_failed(st))
		st = sys_write_file(path, buf_view(&png), 0600, err);
	image_done(&sheet);
	buf_done(&png);
	return st;
}

/* A photo that fails is not written: --override takes one whose defects are all soft, and is for a supervisor. */
static bool may_make(const struct invocation *inv, const struct session *s)
{
	const struct quality_report *r = &s->verdict.report;

	if (!s->verdict.measured || r->finding.count == 0)
		return false;
	return r->passes || (r->overridable && invocation_option(inv, "--override") != NULL);
}

static cc_status make(const struct invocation *inv, struct session *s, struct portrait *made, struct cc_error *err)
{
	const char *out = invocation_option(inv, "-o"), *sheet = invocation_option(inv, "--sheet");
	struct portrait_params params;
	cc_status st = params_of(inv, &params, err);

	if (!cc_failed(st))
		st = portrait_from_face(s->net, &s->photo.image, &s->verdict.report.finding.face, &params, made, err);
	if (!cc_failed(st) && out != NULL && !inv->config.dry_run)
		st = sys_write_file(out, buf_view(&made->data), 0600, err);
	if (!cc_failed(st) && sheet != NULL && !inv->config.dry_run)
		st = write_sheet(s, made, sheet, err);
	return st;
}

static int command_portrait_make(struct invocation *inv)
{
	struct session s = { 0 };
	struct portrait made = { 0 };
	struct cc_error err;
	cc_status st;
	int code;

	cc_error_init(&err);
	st = invocation_option(inv, "-o") != NULL ? look(inv, &s, &err)
						  : cc_fail(&err, CC_E_ARG, "portrait.bad-option", "-o FILE is needed");
	if (!cc_failed(st) && may_make(inv, &s)) {
		st = make(inv, &s, &made, &err);
		s.verdict.made = &made;
	}
	code = cc_failed(st) ? invocation_fail(inv, &err) : tell(inv, &s);
	if (code == EXIT_CHECK_NO && s.verdict.made != NULL)
		code = EXIT_DONE; /* overridden */
	portrait_done(&made);
	session_done(&s);
	return code;
}

static const struct option_spec make_options[] = {
	{ "-o", "FILE", "where the portrait is written", "nơi ghi ảnh chân dung" },
	{ "--max-bytes", "N", "most bytes of the picture (20000)", "số byte tối đa của ảnh (20000)" },
	{ "--format", "FORMAT", "jpeg, jp2 or smallest (setting portrait.format)",
	  "jpeg, jp2 hoặc smallest (cài đặt portrait.format)" },
	{ "--sheet", "FILE", "contact sheet with guide lines, PNG", "ảnh đối chiếu có đường chuẩn, PNG" },
	{ "--override", NULL, "make it although soft checks fail", "vẫn làm dù có lỗi nhẹ" },
	{ 0 },
};

const struct command commands_portrait[] = {
	{ "portrait", "check", "FILE", 1, 1, "judge a photo by the standards, with reasons",
	  "đánh giá ảnh theo tiêu chuẩn, có lý do", NULL, command_portrait_check },
	{ "portrait", "make", "FILE", 1, 1, "cut and code the portrait for the chip", "cắt và mã hóa ảnh chân dung cho chíp",
	  make_options, command_portrait_make },
	{ "portrait", "override", "NUMBER", 1, 1, "take a soft check that fails upon oneself, with a reason",
	  "chịu trách nhiệm bỏ qua một lỗi nhẹ của ảnh, có lý do", portrait_override_options, command_portrait_override },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
