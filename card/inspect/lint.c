/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/lint.h"

#include "card/inspect/lint_run.h"
#include "card/inspect/phrase.h"
#include "card/lds/card_access.h"
#include "card/lds/cccd_design.h"
#include "card/lds/dg1.h"
#include "card/lds/dg14.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *lint_severity_name(enum lint_severity s)
{
	static const char *const names[] = { "note", "warning", "error" };

	CC_ASSERT((unsigned)s < sizeof names / sizeof names[0]);
	return names[s];
}

const char *lint_file_title(unsigned file)
{
	static const char *const titles[] = { "EF.CVCA", "EF.ATR/INFO", "DS certificate", "CSCA certificate" };

	CC_ASSERT(file < LINT_FILE_COUNT);
	return file < LDS_FILE_COUNT ? lds_file_title((enum lds_file)file) : titles[file - LDS_FILE_COUNT];
}

/* ---- findings */
static void count(struct lint_report *out, enum lint_severity s)
{
	if (s == LINT_ERROR)
		out->errors++;
	else if (s == LINT_WARNING)
		out->warnings++;
	else
		out->notes++;
}

static struct lint_finding *next(struct lint_run *run, const struct lint_rule *rule)
{
	struct lint_report *out = run->out;

	count(out, rule->severity);
	if (out->count == LINT_FINDINGS_MAX) {
		out->dropped++;
		return NULL;
	}
	return &out->items[out->count++];
}

/* A place for the reader of the report; nothing is read by it. */
static size_t place_of(struct bytes whole, struct bytes part)
{
	uintptr_t from = (uintptr_t)whole.p, at = (uintptr_t)part.p;

	return part.p != NULL && at >= from && at - from <= whole.n ? at - from : LINT_NO_OFFSET;
}

void lint_add(struct lint_run *run, enum lint_id id, struct bytes where, const char *fmt, ...)
{
	struct lint_finding *f = next(run, lint_rule(id));
	va_list ap;

	if (f == NULL)
		return;
	f->rule = lint_rule(id);
	f->cases = lint_cases(id, run->file);
	f->file = run->file;
	f->offset = place_of(run->bytes, where);
	va_start(ap, fmt);
	phrase_format(f->detail, sizeof f->detail, f->detail_vi, sizeof f->detail_vi, fmt, ap);
	va_end(ap);
}

void lint_add_rule(struct lint_run *run, const struct lint_rule *rule, const char *cases, const char *detail)
{
	struct lint_finding *f = next(run, rule);

	if (f == NULL)
		return;
	f->rule = rule;
	f->cases = cases;
	f->file = run->file;
	f->offset = 0;
	phrase_say(f->detail, sizeof f->detail, f->detail_vi, sizeof f->detail_vi, "%s", detail);
}

/* ---- the outer object */
static void outer_too_long(struct lint_run *run, uint32_t tag, struct cursor *ret)
{
	struct cursor in;
	uint32_t got = 0;
	size_t len = 0, header = 0;

	cursor_init(&in, run->bytes);
	if (!tlv_header(&in, TLV_LENIENT, &got, &len, &header)) {
		lint_add(run, LINT_FILE_NESTING, run->bytes, "no tag and length");
		return;
	}
	if (got != tag)
		lint_add(run, LINT_FILE_TAG, run->bytes, "%X instead of %X", (unsigned)got, (unsigned)tag);
	lint_add(run, LINT_FILE_LONG, run->bytes, "%zu bytes announced, %zu there", len, cursor_left(&in));
	*ret = in;
}

bool lint_outer(struct lint_run *run, uint32_t tag, struct cursor *ret)
{
	struct cursor in;
	struct tlv t;
	struct cursor content = { .failed = true };

	cursor_init(&in, run->bytes);
	if (!tlv_next(&in, TLV_LENIENT, &t)) {
		outer_too_long(run, tag, &content);
		*ret = content;
		return !content.failed;
	}
	if (t.tag != tag)
		lint_add(run, LINT_FILE_TAG, t.whole, "%X instead of %X", (unsigned)t.tag, (unsigned)tag);
	if (cursor_left(&in) > 0)
		lint_add(run, LINT_FILE_SHORT, bytes_of(in.p, in.n), "%zu bytes behind the object", cursor_left(&in));
	cursor_init(&content, t.value);
	*ret = content;
	return true;
}

bool lint_date_good(struct bytes text)
{
	static const unsigned days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	unsigned v[3] = { 0 };
	static const size_t widths[] = { 4, 2, 2 };
	struct cursor in;

	cursor_init(&in, text);
	for (size_t i = 0; i < 3; i++) {
		for (size_t k = 0; k < widths[i]; k++) {
			uint8_t b;

			if (!cursor_u8(&in, &b) || b < '0' || b > '9')
				return false;
			v[i] = v[i] * 10 + (unsigned)(b - '0');
		}
	}
	if (cursor_left(&in) > 0 || v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > days[v[1] - 1])
		return false;
	return v[1] != 2 || v[2] < 29 || (v[0] % 4 == 0 && (v[0] % 100 != 0 || v[0] % 400 == 0));
}

/* ---- the run */
enum lint_walk { WALK_NOT, WALK_BER, WALK_DER };

static void look(struct lint_run *run, unsigned file, struct bytes bytes, enum lint_walk walk, void (*part)(struct lint_run *))
{
	if (bytes.n == 0)
		return;
	run->file = file;
	run->bytes = bytes;
	if (walk != WALK_NOT)
		lint_der(run, bytes, walk == WALK_DER);
	part(run);
}

static void reserved(struct lint_run *run)
{
	struct cursor content;

	if (lint_outer(run, lds_file_tag((enum lds_file)run->file), &content))
		lint_add(run, LINT_FILE_RESERVED, run->bytes, "%zu bytes", run->bytes.n);
}

/* Data groups are BER-TLV; keys and CMS are DER. What is inside a reserved or national group is its country's own. */
static const struct {
	unsigned file;
	enum lint_walk walk;
	void (*part)(struct lint_run *);
} parts[] = {
	{ LDS_CARD_ACCESS, WALK_DER, lint_card_access },
	{ LDS_COM, WALK_BER, lint_com },
	{ LDS_SOD, WALK_DER, lint_sod },
	{ LDS_DG1, WALK_BER, lint_dg1 },
	{ LDS_DG1 + 1, WALK_BER, lint_dg2 },
	{ LDS_DG1 + 2, WALK_BER, lint_dg2 },
	{ LDS_DG1 + 3, WALK_BER, lint_dg2 },
	{ LDS_DG1 + 4, WALK_BER, lint_dg5 },
	{ LDS_DG1 + 5, WALK_NOT, reserved },
	{ LDS_DG1 + 6, WALK_BER, lint_dg5 },
	{ LDS_DG1 + 7, WALK_NOT, reserved },
	{ LDS_DG1 + 8, WALK_NOT, reserved },
	{ LDS_DG1 + 9, WALK_NOT, reserved },
	{ LDS_DG1 + 10, WALK_BER, lint_dg11 },
	{ LDS_DG1 + 11, WALK_BER, lint_dg11 },
	{ LDS_DG1 + 12, WALK_NOT, lint_dg13 },
	{ LDS_DG1 + 13, WALK_DER, lint_dg14 },
	{ LDS_DG1 + 14, WALK_DER, lint_dg15 },
	{ LDS_DG1 + 15, WALK_BER, lint_dg16 },
	{ LDS_CARD_SECURITY, WALK_DER, lint_card_security },
};

/* What the parts ask of each other is read first. */
static void read_shared(struct lint_run *run)
{
	const struct lds_set *files = run->in->files;

	run->mandatory = cccd_design_has_face(lds_set_get(files, lds_dg(13))) || lds_set_has(files, lds_dg(2)) ? 2 : 1;
	run->has_com = !cc_failed(ef_com_parse(lds_set_get(files, LDS_COM), &run->com, NULL));
	run->has_mrz = lds_set_has(files, LDS_DG1) && !cc_failed(dg1_parse(lds_set_get(files, LDS_DG1), &run->mrz, NULL));
	run->has_dg14 = !cc_failed(dg14_parse(lds_set_get(files, lds_dg(14)), &run->dg14, NULL));
	run->has_access = !cc_failed(card_access_parse(lds_set_get(files, LDS_CARD_ACCESS), &run->access, NULL));
	if (lds_set_has(files, LDS_SOD)) {
		cc_status st = sod_parse(lds_set_get(files, LDS_SOD), &run->sod, NULL);

		run->has_sod = !cc_failed(st);
		run->out_of_memory = st.code == CC_E_MEMORY;
	}
}

cc_status lint_files(const struct lint_input *in, struct lint_report *ret)
{
	struct lint_run run = { .in = in, .out = ret };

	memset(ret, 0, sizeof *ret);
	read_shared(&run);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		look(&run, parts[i].file, lds_set_get(in->files, (enum lds_file)parts[i].file), parts[i].walk, parts[i].part);
	look(&run, LINT_EF_CVCA, in->ef_cvca, WALK_NOT, lint_ef_cvca);
	look(&run, LINT_EF_ATR, in->ef_atr, WALK_BER, lint_ef_atr);
	lint_certs(&run);
	lint_agree(&run);
	sod_done(&run.sod);
	return run.out_of_memory ? cc_code_status(CC_E_MEMORY) : cc_ok();
}

/* ---- questions */
const struct lint_finding *lint_find(const struct lint_report *r, const char *id, unsigned file)
{
	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->items[i].rule->id, id) == 0 && (file == LINT_FILE_COUNT || r->items[i].file == file))
			return &r->items[i];
	}
	return NULL;
}

const struct lint_finding *lint_find_case(const struct lint_report *r, const char *case_id)
{
	size_t n = strlen(case_id);

	for (size_t i = 0; i < r->count; i++) {
		const char *at = strstr(r->items[i].cases, case_id);

		if (at != NULL && (at[n] == 0 || at[n] == ' '))
			return &r->items[i];
	}
	return NULL;
}

size_t lint_rule_count(void)
{
	return LINT_RULE_COUNT + lint_cert_rule_count();
}

const struct lint_rule *lint_rule_at(size_t i)
{
	if (i < LINT_RULE_COUNT)
		return lint_rule((enum lint_id)i);
	return &lint_cert_rule_at(i - LINT_RULE_COUNT)->rule;
}
