/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "biometrics/png.h"
#include "card/lds/dg3.h"
#include "station/command_finger_template.h"
#include "station/finger_match.h"
#include "station/finger_make.h"
#include "station/finger_nfiq2.h"
#include "station/finger_report.h"

#include <stdlib.h>
#include <string.h>

/*
 * `cccd finger show | check | make`: a print as a picture, a verdict with
 * reasons, and the record for the chip.
 */
struct session {
	struct image_worker *images;
	struct finger_rules rules;
	char nfiq2[512];
	unsigned ppi; /* of prints that name none; 0: such a print has no resolution */
	struct buf bytes;
	struct finger_file file;
	struct finger_check check;
};

static void session_done(struct session *s)
{
	image_worker_free(&s->images);
	finger_file_done(&s->file);
	buf_done(&s->bytes);
}

static cc_status session_open(const struct invocation *inv, struct session *s, struct cc_error *err)
{
	cc_status st = finger_rules_load(&inv->config, &s->rules, err);

	if (!cc_failed(st))
		st = finger_nfiq2_program(&inv->config, s->nfiq2, sizeof s->nfiq2, err);
	return cc_failed(st) ? st : image_worker_open(&inv->config, &s->images, err);
}

/* Of the machine, not of the file: these end the command instead of being a verdict. */
static bool is_ours(cc_status st, const struct cc_error *err)
{
	return st.code == CC_E_MEMORY || st.code == CC_E_IO ||
	       (err->key != NULL && strcmp(err->key, "image.sandbox-unavailable") == 0);
}

/* A file that can't be read as prints is a verdict, not an error of the command. */
static cc_status load(struct session *s, const char *path, struct cc_error *err)
{
	struct finger_check *c = &s->check;
	cc_status st;

	finger_file_done(&s->file);
	*c = (struct finger_check){ .path = path, .file = &s->file, .rules = &s->rules };
	cc_error_init(&c->err);
	st = sys_read_file(path, FINGER_FILE_BYTES_MAX, &s->bytes, err);
	if (cc_failed(st))
		return st;
	st = finger_file_read(s->images, buf_view(&s->bytes), &s->file, &c->err);
	if (is_ours(st, &c->err))
		return cc_fail(err, st.code, c->err.key, "%s", c->err.detail);
	c->decoded = !cc_failed(st);
	return cc_ok();
}

static cc_status score(struct session *s, const struct finger_entry *e, struct finger_verdict *v, struct cc_error *err)
{
	struct cc_error why;
	cc_status st;

	if (s->nfiq2[0] == '\0')
		return cc_ok();
	cc_error_init(&why);
	st = finger_nfiq2_run(s->nfiq2, &e->image, FINGER_NFIQ2_TIMEOUT_MS, &v->nfiq2_score, &why);
	if (st.code == CC_E_MEMORY)
		return cc_fail(err, st.code, why.key, "%s", why.detail);
	v->nfiq2 = cc_failed(st) ? NFIQ2_FAILED : NFIQ2_SCORED;
	v->nfiq2_key = why.key;
	return cc_ok();
}

static cc_status judge(struct session *s, struct cc_error *err)
{
	cc_status st = cc_ok();

	for (size_t i = 0; s->check.decoded && i < s->file.count && !cc_failed(st); i++) {
		const struct finger_entry *e = &s->file.entries[i];

		st = finger_quality_check(&e->image, e->ppi ? e->ppi : s->ppi, &s->rules, &s->check.verdicts[i].report, err);
		if (!cc_failed(st))
			st = score(s, e, &s->check.verdicts[i], err);
	}
	return st;
}

static int tell(const struct invocation *inv, const struct session *s)
{
	if (!inv->config.json)
		finger_report_text(stdout, &s->check, inv->config.lang);
	else if (!finger_report_json(stdout, &s->check, inv->config.lang))
		return EXIT_FAILED;
	return finger_check_passes(&s->check) ? EXIT_DONE : EXIT_CHECK_NO;
}

static int command_finger_check(struct invocation *inv)
{
	struct session s = { 0 };
	struct cc_error err;
	cc_status st;
	int code;

	cc_error_init(&err);
	st = session_open(inv, &s, &err);
	if (!cc_failed(st))
		st = load(&s, inv->arguments[0], &err);
	if (!cc_failed(st))
		st = judge(&s, &err);
	code = cc_failed(st) ? invocation_fail(inv, &err) : tell(inv, &s);
	session_done(&s);
	return code;
}

/* ---- show */

static cc_status write_sheet(const struct session *s, const char *path, struct cc_error *err)
{
	struct image sheet = { 0 };
	struct buf png = { 0 };
	cc_status st = finger_file_sheet(&s->file, &sheet, err);

	if (!cc_failed(st))
		st = png_encode(&sheet, &png, err);
	if (!cc_failed(st))
		st = sys_write_file(path, buf_view(&png), 0600, err);
	image_done(&sheet);
	buf_done(&png);
	return st;
}

static int command_finger_show(struct invocation *inv)
{
	const char *out = invocation_option(inv, "-o");
	struct session s = { 0 };
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	st = out != NULL ? session_open(inv, &s, &err) : cc_fail(&err, CC_E_ARG, "finger.bad-option", "-o PNG is needed");
	if (!cc_failed(st))
		st = load(&s, inv->arguments[0], &err);
	if (!cc_failed(st) && !s.check.decoded)
		st = cc_fail(&err, s.check.err.code, s.check.err.key, "%s", s.check.err.detail);
	if (!cc_failed(st) && !inv->config.dry_run)
		st = write_sheet(&s, out, &err);
	for (size_t i = 0; !cc_failed(st) && i < s.file.count; i++)
		(void)printf("%s %s %u x %u\n",
			     finger_position_name(s.file.entries[i].position) ? finger_position_name(s.file.entries[i].position)
									      : "-",
			     finger_coding_name(s.file.entries[i].coding), s.file.entries[i].width, s.file.entries[i].height);
	session_done(&s);
	return cc_failed(st) ? invocation_fail(inv, &err) : EXIT_DONE;
}

/* ---- make */

#define FINGERS_MADE_MAX DG2_TEMPLATES_MAX

struct making {
	struct session s;
	struct finger_params params;
	bool override, refused;
	size_t count;
	unsigned positions[FINGERS_MADE_MAX];
	uint8_t subtypes[FINGERS_MADE_MAX];
	struct buf records[FINGERS_MADE_MAX];
};

static void making_done(struct making *m)
{
	for (size_t i = 0; i < m->count; i++)
		buf_done(&m->records[i]);
	session_done(&m->s);
}

static cc_status making_options(const struct invocation *inv, struct making *m, struct cc_error *err)
{
	const char *format = invocation_option(inv, "--format"), *rate = invocation_option(inv, "--bit-rate");
	const char *ppi = invocation_option(inv, "--ppi");
	cc_status st = finger_params_load(&inv->config, &m->params, err);

	if (cc_failed(st))
		return st;
	if (format != NULL && !finger_coding_find(format, &m->params.coding))
		return cc_fail(err, CC_E_ARG, "finger.bad-option", "--format: wsq, jpeg, jp2 or raw");
	if (rate != NULL && !finger_bit_rate_parse(rate, &m->params.bit_rate))
		return cc_fail(err, CC_E_ARG, "finger.bad-option", "--bit-rate: 0.1 to 8");
	if (ppi != NULL) {
		if (strlen(ppi) > 4 || strspn(ppi, "0123456789") != strlen(ppi))
			return cc_fail(err, CC_E_ARG, "finger.bad-option", "--ppi: a whole number");
		m->params.ppi = (unsigned)strtoul(ppi, NULL, 10);
	}
	m->override = invocation_option(inv, "--override") != NULL;
	m->s.ppi = m->params.ppi;
	return st;
}

/* NFIQ 2's score is what the standard's quality field asks for; without it the field says "unknown". */
static unsigned quality_of(const struct finger_verdict *v)
{
	return v->nfiq2 == NFIQ2_SCORED ? v->nfiq2_score : FINGER_QUALITY_UNKNOWN;
}

static cc_status make_one(struct making *m, unsigned position, const char *path, struct cc_error *err)
{
	struct session *s = &m->s;
	cc_status st = load(s, path, err);

	if (!cc_failed(st) && !s->check.decoded)
		return cc_fail(err, s->check.err.code, s->check.err.key, "%s", s->check.err.detail);
	if (!cc_failed(st) && s->file.count != 1)
		return cc_fail(err, CC_E_ARG, "finger.bad-option", "%.150s holds %zu prints, not one", path, s->file.count);
	if (!cc_failed(st))
		st = judge(s, err);
	if (cc_failed(st))
		return st;
	s->file.entries[0].position = position;
	if (!s->check.verdicts[0].report.passes) {
		finger_report_text(stderr, &s->check, LANG_EN);
		m->refused = m->refused || !m->override;
	}
	if (m->refused)
		return cc_ok();
	st = finger_make_record(&s->file.entries[0], position, quality_of(&s->check.verdicts[0]), &m->params,
				&m->records[m->count], err);
	if (cc_failed(st))
		return st;
	m->positions[m->count] = position;
	m->subtypes[m->count] = finger_position_subtype(position);
	m->count++;
	return st;
}

/* "right-index=FILE". */
static cc_status make_argument(struct making *m, const char *argument, struct cc_error *err)
{
	const char *equal = strchr(argument, '=');
	char name[32];
	unsigned position;

	if (equal == NULL || (size_t)(equal - argument) >= sizeof name)
		return cc_fail(err, CC_E_ARG, "finger.bad-option", "%.60s: POSITION=FILE is needed", argument);
	(void)snprintf(name, sizeof name, "%.*s", (int)(equal - argument), argument);
	position = finger_position_find(name);
	if (position == FINGER_UNKNOWN)
		return cc_fail(err, CC_E_ARG, "finger.bad-option", "%s is no finger: right-thumb to left-little, or 1 to 10",
			       name);
	for (size_t i = 0; i < m->count; i++)
		if (m->positions[i] == position)
			return cc_fail(err, CC_E_ARG, "finger.bad-option", "%s twice", name);
	return make_one(m, position, equal + 1, err);
}

/* One record for each finger in a DG3, or all in one record. */
static cc_status bind_dg3(const struct making *m, struct buf *ret, struct cc_error *err)
{
	struct dg3 d = { .count = m->count };

	for (size_t i = 0; i < m->count; i++)
		d.items[i] = dg3_template_finger(&m->subtypes[i], buf_view(&m->records[i]));
	return dg3_encode(&d, FINGER_FILE_BYTES_MAX, ret, err);
}

static cc_status bind_record(const struct making *m, struct buf *ret, struct cc_error *err)
{
	struct finger_record all = { 0 }, one;
	cc_status st = cc_ok();

	for (size_t i = 0; i < m->count; i++) {
		st = finger_record_decode(buf_view(&m->records[i]), &one, err);
		if (cc_failed(st))
			return st;
		if (i == 0)
			all = one;
		else if (one.image_x != all.image_x)
			return cc_fail(err, CC_E_ARG, "finger.bad-option", "prints of %u and %u ppi don't go into one record",
				       all.image_x, one.image_x);
		all.images[i] = one.images[0];
	}
	all.count = m->count;
	all.fingers = (uint8_t)m->count;
	return finger_record_encode(&all, FINGER_STRICT, ret, err);
}

static cc_status make_all(struct invocation *inv, struct making *m, struct cc_error *err)
{
	const char *out = invocation_option(inv, "-o");
	struct buf made = { 0 };
	cc_status st =
		out != NULL ? making_options(inv, m, err) : cc_fail(err, CC_E_ARG, "finger.bad-option", "-o FILE is needed");

	if (!cc_failed(st))
		st = session_open(inv, &m->s, err);
	for (int i = 0; i < inv->argument_count && !cc_failed(st); i++)
		st = make_argument(m, inv->arguments[i], err);
	if (cc_failed(st))
		return st;
	if (m->refused)
		return cc_fail(err, CC_E_VERIFY, "finger.not-good", "a measure of a print is outside its bounds");
	st = invocation_option(inv, "--dg3") != NULL ? bind_dg3(m, &made, err) : bind_record(m, &made, err);
	if (!cc_failed(st) && !inv->config.dry_run)
		st = sys_write_file(out, buf_view(&made), 0600, err);
	if (!cc_failed(st))
		(void)printf("%s: %zu %s\n", out, made.n, inv->config.lang == LANG_VI ? "byte" : "bytes");
	buf_done(&made);
	return st;
}

static int command_finger_make(struct invocation *inv)
{
	struct making m = { .count = 0 };
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	st = make_all(inv, &m, &err);
	making_done(&m);
	return cc_failed(st) ? invocation_fail(inv, &err) : EXIT_DONE;
}

static const struct option_spec show_options[] = {
	{ "-o", "PNG", "where the picture is written", "nơi ghi ảnh" },
	{ 0 },
};

static const struct option_spec make_options[] = {
	{ "-o", "FILE", "where the record is written", "nơi ghi bản ghi" },
	{ "--dg3", NULL, "a DG3 with one record a finger, instead of one record",
	  "tệp DG3, mỗi ngón một bản ghi, thay cho một bản ghi" },
	{ "--format", "wsq|jpeg|jp2|raw", "coding (setting finger.format)", "cách mã hóa (cài đặt finger.format)" },
	{ "--bit-rate", "R", "bits a pixel (setting finger.bit-rate)", "số bit mỗi điểm ảnh (cài đặt finger.bit-rate)" },
	{ "--ppi", "N", "resolution of prints that name none (setting finger.ppi)",
	  "độ phân giải của ảnh không ghi rõ (cài đặt finger.ppi)" },
	{ "--override", NULL, "make it although a measure fails", "vẫn làm dù có phép đo không đạt" },
	{ 0 },
};

const struct command commands_finger[] = {
	{ "finger", "show", "FILE", 1, 1, "the print of a WSQ, 19794-4 record, DG3, JPEG or PNG as a PNG",
	  "xem vân tay trong tệp WSQ, bản ghi 19794-4, DG3, JPEG hay PNG dưới dạng PNG", show_options, command_finger_show },
	{ "finger", "check", "FILE", 1, 1, "judge a fingerprint's picture, with reasons", "đánh giá ảnh vân tay, có lý do", NULL,
	  command_finger_check },
	{ "finger", "make", "FINGER=FILE...", 1, FINGERS_MADE_MAX, "ISO/IEC 19794-4 record, or DG3, from pictures",
	  "lập bản ghi ISO/IEC 19794-4 hoặc DG3 từ ảnh vân tay", make_options, command_finger_make },
	{ "finger", "template", "FILE", 1, 1, "minutiae for match-on-card (19794-2), checked and fitted to the card",
	  "mẫu đặc trưng so khớp trên thẻ (19794-2), kiểm tra và chỉnh cho vừa thẻ", finger_template_options,
	  command_finger_template },
	{ "finger", "match", "", 0, 0, "hold a print against the template on a card: one VERIFY, by the card",
	  "so vân tay với mẫu trên thẻ: một lần VERIFY, do thẻ so", finger_match_options, command_finger_match },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
