/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tr51.h"

#include "card/softchip/chip.h"
#include "crypto/base/tlv.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- files */
static void copy_files(const struct document_fixture *from, struct document_fixture *to)
{
	for (unsigned f = 0; f < LDS_FILE_COUNT; f++)
		assert_int_equal(buf_copy(&to->files.files[f], lds_set_get(&from->files, f)).code, CC_OK);
	assert_int_equal(buf_copy(&to->ef_cvca, buf_view(&from->ef_cvca)).code, CC_OK);
	assert_int_equal(buf_copy(&to->ef_atr, buf_view(&from->ef_atr)).code, CC_OK);
}

void tr51_rig_init(struct tr51_rig *r)
{
	memset(r, 0, sizeof *r);
	document_fixture(&r->doc);
	copy_files(&r->doc, &r->saved);
	assert_int_equal(mrz_read(bytes_str(LDS_FIXTURE_MRZ), MRZ_READ_EXACT, &r->printed, NULL).code, CC_OK);
}

void tr51_rig_done(struct tr51_rig *r)
{
	inspection_done(&r->inspection);
	lds_set_done(&r->saved.files);
	buf_done(&r->saved.ef_cvca);
	buf_done(&r->saved.ef_atr);
	document_fixture_done(&r->doc);
}

void tr51_restore(struct tr51_rig *r)
{
	copy_files(&r->saved, &r->doc);
	r->why[0] = r->note[0] = 0;
	r->with_printed = true;
}

void tr51_judge(struct tr51_rig *r)
{
	const struct lint_input in = { .files = &r->doc.files,
				       .ef_cvca = buf_view(&r->doc.ef_cvca),
				       .ef_atr = buf_view(&r->doc.ef_atr),
				       .trust = r->doc.lds.trust,
				       .printed_mrz = r->with_printed ? &r->printed : NULL,
				       .now_s = FIXTURE_NOW_S };
	const struct inspect_params p = { .trust = r->doc.lds.trust, .now_s = FIXTURE_NOW_S, .sys = &r->doc.lds.sys.sys };

	inspection_done(&r->inspection);
	assert_int_equal(lint_files(&in, &r->lint).code, CC_OK);
	assert_int_equal(inspect_files(&r->doc.files, &p, &r->inspection).code, CC_OK);
}

/* ---- judging */
bool tr51_is(struct tr51_rig *r, const char *what, bool good)
{
	if (!good && r->why[0] == 0)
		(void)snprintf(r->why, sizeof r->why, "not: %s", what);
	return good;
}

void tr51_note(struct tr51_rig *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(r->note, sizeof r->note, fmt, ap);
	va_end(ap);
}

const char *tr51_first_failed(const struct inspection *i)
{
	static char text[200];

	(void)snprintf(text, sizeof text, "%s", i->err.key != NULL ? i->err.key : inspect_verdict_name(i->verdict));
	for (size_t pass = 0; pass < 2; pass++) {
		for (size_t k = 0; k < i->check_count; k++) {
			if (i->checks[k].result != (pass == 0 ? INSPECT_FAILED : INSPECT_INCONCLUSIVE))
				continue;
			(void)snprintf(text, sizeof text, "%s: %.120s", i->checks[k].id, i->checks[k].evidence);
			return text;
		}
	}
	return text;
}

const char *tr51_first_error(const struct lint_report *r)
{
	static char text[200];

	text[0] = 0;
	for (size_t i = 0; i < r->count && text[0] == 0; i++) {
		if (r->items[i].rule->severity == LINT_ERROR)
			(void)snprintf(text, sizeof text, "lint %s: %s", r->items[i].rule->id, r->items[i].detail);
	}
	return text;
}

/* ---- the wire */
struct wire {
	struct chip_reader *cr;
	const struct tr51_fault *fault;
	unsigned seen;
	bool begun;
	struct buf last; /* protected answer */
};

static cc_status wire_reset(void *ctx, uint8_t atr[READER_ATR_MAX], size_t *ret_len)
{
	struct wire *w = ctx;

	return softchip_power_on(w->cr->chip, atr, ret_len);
}

/* What the terminal sent inside 7C: 10 86 00 00 Lc 7C { 8x { ... } }, or with an extended Lc. */
static struct bytes sent_by_terminal(struct bytes command)
{
	struct cursor in, seq;
	struct tlv t;

	cursor_init(&in, command);
	assert_true(cursor_skip(&in, command.n > 4 && command.p[4] == 0 ? 7 : 5) && tlv_expect(&in, TLV_LENIENT, 0x7C, &seq));
	assert_true(tlv_next(&seq, TLV_LENIENT, &t));
	return t.value;
}

static void change_object(const struct tr51_fault *f, struct bytes command, const struct tlv *t, struct writer *out)
{
	struct buf hex = vectors_from_hex(f->hex != NULL ? f->hex : ""), copy = { 0 };

	assert_int_equal(buf_copy(&copy, t->value).code, CC_OK);
	if ((f->kind == TR51_FLIP || f->kind == TR51_SPOIL) && copy.n > 0)
		copy.p[copy.n - 1] ^= 1;
	if (f->kind == TR51_POINT)
		tlv_put(out, t->tag, buf_view(&hex));
	else if (f->kind == TR51_ECHO)
		tlv_put(out, t->tag, sent_by_terminal(command));
	else if (f->kind != TR51_DROP)
		tlv_put(out, f->kind == TR51_TAG ? f->tag : t->tag, buf_view(&copy));
	if (f->kind == TR51_ADD)
		writer_put(out, buf_view(&hex));
	buf_done(&copy);
	buf_done(&hex);
}

/* 7C { objects }: one of them is changed. */
static void change_dynamic(const struct tr51_fault *f, struct bytes command, struct bytes data, struct writer *out)
{
	struct cursor in, seq;
	bool done = false;
	struct tlv t;

	cursor_init(&in, data);
	assert_true(tlv_expect(&in, TLV_LENIENT, 0x7C, &seq));
	tlv_open(out, 0x7C);
	while (cursor_left(&seq) > 0 && tlv_next(&seq, TLV_LENIENT, &t)) {
		if (!done && (f->object == 0 || f->object == t.tag)) {
			change_object(f, command, &t, out);
			done = true;
		} else {
			writer_put(out, t.whole);
		}
	}
	tlv_close(out);
}

/* A protected answer without one object, or with a bit of it changed. */
static void change_protected(const struct tr51_fault *f, struct bytes data, struct writer *out)
{
	struct cursor in;
	struct tlv t;

	cursor_init(&in, data);
	while (cursor_left(&in) > 0 && tlv_next(&in, TLV_LENIENT, &t)) {
		struct buf copy = { 0 };

		assert_int_equal(buf_copy(&copy, t.value).code, CC_OK);
		if (t.tag == f->tag && f->kind == TR51_SPOIL)
			copy.p[copy.n - 1] ^= 1;
		if (t.tag != f->tag || f->kind == TR51_SPOIL)
			tlv_put(out, t.tag, buf_view(&copy));
		buf_done(&copy);
	}
}

static void change(struct wire *w, struct bytes command, struct bytes data, struct bytes sw, struct writer *out)
{
	const struct tr51_fault *f = w->fault;
	struct buf copy = { 0 };

	switch (f->kind) {
	case TR51_NO_FAULT:
		break;
	case TR51_STATUS:
		writer_u16(out, f->tag);
		return;
	case TR51_REPLAY:
		writer_put(out, buf_view(&w->last));
		return;
	case TR51_DROP:
	case TR51_SPOIL:
	case TR51_FIRST:
	case TR51_FLIP:
	case TR51_TAG:
	case TR51_POINT:
	case TR51_ECHO:
	case TR51_ADD:
		if (data.n > 0 && data.p[0] == 0x7C) {
			change_dynamic(f, command, data, out);
		} else if (f->kind == TR51_DROP || f->kind == TR51_SPOIL) {
			change_protected(f, data, out);
		} else {
			assert_int_equal(buf_copy(&copy, data).code, CC_OK);
			if (copy.n > 0)
				copy.p[f->kind == TR51_FIRST ? 0 : copy.n - 1] ^= 1;
			writer_put(out, buf_view(&copy));
			buf_done(&copy);
		}
		break;
	}
	writer_put(out, sw);
}

static cc_status wire_transmit(void *ctx, struct bytes command, struct writer *answer)
{
	struct wire *w = ctx;
	struct writer raw;
	struct cursor in;
	struct bytes sw;
	cc_status st;
	bool hit;

	writer_init(&raw, READER_ANSWER_MAX);
	st = softchip_transmit(w->cr->chip, command, &raw);
	if (!cc_failed(st)) {
		hit = w->fault->kind != TR51_NO_FAULT && command.n >= 4 &&
		      (w->fault->ins == 0 || command.p[1] == w->fault->ins) && (w->fault->after == 0 || w->begun);
		w->begun = w->begun || command.p[1] == w->fault->after;
		w->seen += hit;
		cursor_init(&in, writer_view(&raw));
		assert_true(cursor_take_back(&in, 2, &sw));
		if (hit && (w->fault->nth == 0 || w->seen == w->fault->nth))
			change(w, command, cursor_rest(&in), sw, answer);
		else
			writer_put(answer, writer_view(&raw));
		if ((command.p[0] & 0x0C) == 0x0C)
			assert_int_equal(buf_copy(&w->last, writer_view(&raw)).code, CC_OK);
	}
	writer_done(&raw);
	return st;
}

/* ---- the chip: chip_made's document, signed by the rig's authority */
static void collect(const struct chip_made *m, struct lds_set *set)
{
	const struct {
		enum lds_file f;
		const struct buf *b;
	} files[] = { { LDS_CARD_ACCESS, &m->card_access },
		      { LDS_COM, &m->com },
		      { LDS_DG1, &m->dg1 },
		      { LDS_DG1 + 1, &m->dg2 },
		      { LDS_DG1 + 2, &m->dg3 },
		      { LDS_DG1 + 3, &m->dg4 },
		      { LDS_DG1 + 13, &m->dg14 },
		      { LDS_DG1 + 14, &m->dg15 } };

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		if (files[i].b->n > 0)
			assert_int_equal(lds_set_put(set, files[i].f, buf_view(files[i].b)).code, CC_OK);
	}
}

static void put_on_chip(struct chip_made *m, uint16_t id, struct bytes content)
{
	assert_int_equal(chip_memory_file_new(&m->cr.chip->memory, id, content.n).code, CC_OK);
	assert_int_equal(chip_memory_file_append(&m->cr.chip->memory, id, content).code, CC_OK);
}

static void sign_and_store(struct tr51_rig *r, const struct tr51_chip *c, struct chip_made *m)
{
	struct sod_params p = lds_fixture_sod_params(&r->doc.lds, 0);
	struct lds_set set = { 0 };
	struct buf sod = { 0 };
	struct cc_error err;

	cc_error_init(&err);
	collect(m, &set);
	if (c->before != NULL)
		c->before(&set);
	if (cc_failed(sod_build(&p, &set, &sod, &err)))
		fail_msg("sod_build: %s %s", err.key, err.detail);
	put_on_chip(m, 0x011D, buf_view(&sod));
	for (unsigned f = 0; f < LDS_FILE_COUNT && c->before != NULL; f++) {
		if (f != LDS_SOD && lds_set_has(&set, f))
			put_on_chip(m, lds_file_fid(f), lds_set_get(&set, f));
	}
	if (c->on_chip != NULL)
		c->on_chip(m);
	buf_done(&sod);
	lds_set_done(&set);
}

static struct inspect_keys keys_of(const struct tr51_chip *c, const struct chip_made *m)
{
	struct inspect_keys k = { .has_mrz = !c->by_can, .has_can = c->by_can };

	(void)snprintf(k.document_number, sizeof k.document_number, "%s", m->document_number);
	(void)snprintf(k.birth, sizeof k.birth, "%s", m->birth);
	(void)snprintf(k.expiry, sizeof k.expiry, "%s", m->expiry);
	(void)snprintf(k.can, sizeof k.can, "%s", m->can);
	return k;
}

cc_status tr51_chip_inspect(struct tr51_rig *r, const struct tr51_chip *c)
{
	static uint64_t seed = 1;
	struct sys_fake fake;
	struct chip_made made;
	struct wire wire = { .cr = &made.cr, .fault = &c->fault };
	struct inspect_keys keys;
	struct inspect_params p = { .trust = c->trust != NULL ? c->trust : r->doc.lds.trust,
				    .now_s = FIXTURE_NOW_S,
				    .keys = &keys,
				    .allow_bac = c->allow_bac,
				    .terminal = c->terminal,
				    .sys = &fake.sys };
	struct reader *reader = NULL;
	struct channel ch;
	cc_status st;

	inspection_done(&r->inspection);
	sys_fake_init(&fake, seed++);
	chip_made_init(&made, &c->options, &fake.sys);
	sign_and_store(r, c, &made);
	keys = keys_of(c, &made);
	assert_int_equal(reader_memory_new("wire", &wire, wire_reset, wire_transmit, &reader).code, CC_OK);
	assert_int_equal(reader_connect(reader).code, CC_OK);
	channel_init(&ch, reader);
	st = inspect_card(&ch, &p, &r->inspection);
	channel_done(&ch);
	reader_free(&reader);
	buf_done(&wire.last);
	chip_made_done(&made);
	return st;
}

bool tr51_passes(struct tr51_rig *r, const struct tr51_chip *c)
{
	cc_status st = tr51_chip_inspect(r, c);

	if (cc_failed(st) || r->inspection.verdict != INSPECT_GOOD)
		return tr51_is(r, tr51_first_failed(&r->inspection), false);
	tr51_note(r, "inspection passed, %s", inspect_access_name(r->inspection.access));
	return true;
}

bool tr51_fails(struct tr51_rig *r, const struct tr51_chip *c, const char *id)
{
	cc_status st = tr51_chip_inspect(r, c);
	const struct inspect_check *check = id != NULL ? inspection_find(&r->inspection, id) : NULL;

	tr51_note(r, "%s", tr51_first_failed(&r->inspection));
	if (id != NULL && !tr51_is(r, id, check == NULL || check->result != INSPECT_PASSED))
		return false;
	return tr51_is(r, "the inspection doesn't pass", cc_failed(st) || r->inspection.verdict != INSPECT_GOOD);
}
