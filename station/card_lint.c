/* SPDX-License-Identifier: Apache-2.0 */
#include "station/card_lint.h"

#include "card/inspect/lint.h"
#include "card/inspect/will_it_read.h"
#include "card/lds/mrz.h"
#include "crypto/base/secret.h"
#include "station/issue/issuer.h"
#include "station/message.h"
#include "station/registry/number.h"
#include "station/registry/fingers.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define EXTRA_MAX 65536

const struct option_spec card_lint_options[] = {
	{ "--mrz", "LINES", "the MRZ printed on the card, to hold DG1 against", "MRZ in trên thẻ, để so với DG1" },
	{ "--trust", "DIR", "folder of country signer certificates to look at too", "thư mục chứng thư quốc gia cần xem cùng" },
	{ "--no-bac", NULL, "the chip takes no BAC", "chíp không nhận BAC" },
	{ NULL, NULL, NULL, NULL },
};

/* What there is to look at; the input's views point into it. */
struct lint_desk {
	struct lds_set files;
	struct buf ef_cvca, ef_atr;
	struct trust *trust;
	struct mrz printed;
	struct lint_input input;
	struct lint_report lint;
	struct will_report will;
};

static void desk_free(struct lint_desk **d)
{
	if (*d == NULL)
		return;
	lds_set_done(&(*d)->files);
	buf_done(&(*d)->ef_cvca);
	buf_done(&(*d)->ef_atr);
	trust_free(&(*d)->trust);
	cc_wipe(*d, sizeof **d);
	cc_free(*d, sizeof **d);
	*d = NULL;
}

/* ---- a folder */
static cc_status load_extra(const char *folder, const char *name, struct buf *ret, struct cc_error *err)
{
	char path[PATH_MAX];
	cc_status st;

	if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
		return cc_fail(err, CC_E_ARG, "lds.folder", "path too long");
	st = sys_read_regular(path, EXTRA_MAX, ret, NULL);
	if (cc_failed(st) && st.code != CC_E_NOT_FOUND)
		return cc_fail(err, st.code, "lds.folder", "%s can't be read", name);
	return cc_ok();
}

static cc_status load_folder(const char *folder, struct lint_desk *d, struct cc_error *err)
{
	cc_status st = lds_set_load(&d->files, folder, err);

	if (!cc_failed(st))
		st = load_extra(folder, "EF_CVCA.bin", &d->ef_cvca, err);
	if (!cc_failed(st))
		st = load_extra(folder, "EF_ATR.bin", &d->ef_atr, err);
	return st;
}

/* ---- a person: what needs no chip, with a chip id of zeros */
static cc_status prepare_files(const struct issuer *issuer, const char *number, struct lint_desk *d, struct cc_error *err)
{
	struct prepare_settings settings = issuer->settings; /* a look: the issuer owns what is behind it */
	struct prepared *p = cc_alloc(sizeof *p);
	struct date today = issuer->check.today;
	struct portrait_case portrait = { 0 };
	struct person person = { 0 };
	struct buf photo = { 0 }, prints = { 0 };
	cc_status st;

	if (p == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "files of a card");
	settings.readers = PREPARE_READERS_OFF; /* they are asked here, all of them */
	if (!cc_failed(st = registry_find(issuer->registry, number, &person, &photo, err)) &&
	    !cc_failed(st = portrait_case_of(issuer->books, &settings.record, today, number, buf_view(&photo), &portrait, err)) &&
	    !cc_failed(st = prepare_person(&settings, &person, buf_view(&photo), &portrait, today, p, err)) &&
	    !cc_failed(st = registry_fingers_find(issuer->registry, number, &prints, err)) &&
	    !cc_failed(st = prepare_dg3(&settings, &person, buf_view(&prints), p, err)) &&
	    !cc_failed(st = prepare_chip_id(&settings, &person, today, "0000000000000000", p, err))) {
		d->files = p->files;
		p->files = (struct lds_set){ 0 };
	}
	prepared_done(p);
	cc_free(p, sizeof *p);
	buf_done(&photo);
	buf_done(&prints);
	person_done(&person);
	return st;
}

static cc_status load_person(const struct config *c, const char *number, struct lint_desk *d, struct cc_error *err)
{
	struct keystore *ks = NULL;
	struct store *store = NULL;
	struct issuer issuer;
	cc_status st;

	if (!cc_failed(st = config_open_keystore(c, &ks, err)) && !cc_failed(st = config_open_store(c, &store, err)) &&
	    !cc_failed(st = issuer_open(c, store, ks, NULL, &issuer, err))) {
		st = prepare_files(&issuer, number, d, err);
		issuer_close(&issuer);
	}
	store_close(&store);
	keystore_close(&ks);
	return st;
}

/* ---- what else was given */
static cc_status read_options(const struct invocation *inv, struct lint_desk *d, struct cc_error *err)
{
	const char *mrz = invocation_option(inv, "--mrz"), *trust = invocation_option(inv, "--trust");
	size_t skipped = 0;
	cc_status st = cc_ok();

	if (mrz != NULL) {
		if (cc_failed(st = mrz_read(bytes_str(mrz), MRZ_READ_SCAN, &d->printed, err)))
			return st;
		d->input.printed_mrz = &d->printed;
	}
	if (trust != NULL) {
		if (cc_failed(st = trust_new(&d->trust)))
			return cc_fail(err, st.code, "memory", "trust");
		st = trust_load_folder(d->trust, trust, &skipped, err);
		d->input.trust = d->trust;
	}
	return st;
}

static cc_status look(const struct invocation *inv, struct lint_desk *d, struct cc_error *err)
{
	const char *what = inv->arguments[0];
	struct will_chip chip = will_chip_default();
	cc_status st;

	if (number_is_well_formed(bytes_str(what)))
		st = load_person(&inv->config, what, d, err);
	else
		st = load_folder(what, d, err);
	if (cc_failed(st) || cc_failed(st = read_options(inv, d, err)))
		return st;
	d->input.files = &d->files;
	d->input.ef_cvca = buf_view(&d->ef_cvca);
	d->input.ef_atr = buf_view(&d->ef_atr);
	d->input.now_s = sys_wall_ms(inv->config.sys) / 1000;
	if (cc_failed(st = lint_files(&d->input, &d->lint)))
		return cc_fail(err, st.code, "memory", "lint");
	chip.has_bac = invocation_option(inv, "--no-bac") == NULL;
	will_it_read(&d->files, &chip, &d->will);
	return st;
}

/* ---- for people */
static const struct {
	const char *mark, *color, *vi, *en;
} severities[] = {
	[LINT_NOTE] = { "·", "", "ghi chú", "note" },
	[LINT_WARNING] = { "!", "\033[33m", "cảnh báo", "warning" },
	[LINT_ERROR] = { "✗", "\033[31m", "lỗi", "error" },
};

/* Files have one name; the two certificates have one in each language. */
static const char *title(unsigned file, enum lang lang)
{
	if (lang == LANG_VI && file == LINT_DS)
		return "chứng thư ký";
	return lang == LANG_VI && file == LINT_CSCA ? "chứng thư CSCA" : lint_file_title(file);
}

static void print_finding(const struct lint_finding *f, enum lang lang, bool color)
{
	const char *paint = color ? severities[f->rule->severity].color : "";
	char place[64];

	if (f->offset == LINT_NO_OFFSET)
		(void)snprintf(place, sizeof place, "%s", title(f->file, lang));
	else
		(void)snprintf(place, sizeof place, "%s +%zu", title(f->file, lang), f->offset);
	(void)printf("%s%s%s %-*s %s\n", paint, severities[f->rule->severity].mark, paint[0] != 0 ? "\033[0m" : "",
		     message_width(place, 22), place, lang == LANG_VI ? f->rule->vi : f->rule->en);
	(void)printf("  %-22s %s: %s (%s%s%s)\n", "", f->rule->id, lang == LANG_VI ? f->detail_vi : f->detail, f->rule->clause,
		     f->cases[0] != 0 ? "; " : "", f->cases);
}

static const char *effect_text(enum will_effect e, enum lang lang)
{
	static const struct {
		const char *vi, *en;
	} texts[] = { { "chậm", "slow" }, { "mất", "loses" }, { "hỏng", "fails" }, { "không mở", "refuses" } };

	return lang == LANG_VI ? texts[e].vi : texts[e].en;
}

static void print_reader(const struct will_finding *f, enum lang lang)
{
	(void)printf("%-*s %s: %s\n", message_width(effect_text(f->effect, lang), 8), effect_text(f->effect, lang),
		     lang == LANG_VI ? f->family->vi : f->family->en, lang == LANG_VI ? f->vi : f->en);
	(void)printf("%-8s %s %s: %s\n", "", f->family->id, f->rule, lang == LANG_VI ? f->detail_vi : f->detail);
}

static void report_text(const struct lint_desk *d, enum lang lang, bool color)
{
	for (int s = LINT_ERROR; s >= LINT_NOTE; s--) {
		for (size_t i = 0; i < d->lint.count; i++) {
			if (d->lint.items[i].rule->severity == (enum lint_severity)s)
				print_finding(&d->lint.items[i], lang, color);
		}
	}
	(void)printf(lang == LANG_VI ? "%zu lỗi, %zu cảnh báo, %zu ghi chú\n\n" : "%zu errors, %zu warnings, %zu notes\n\n",
		     d->lint.errors, d->lint.warnings, d->lint.notes);
	(void)printf(lang == LANG_VI ? "Đầu đọc thực tế (%zu loại):\n" : "Readers in the field (%zu families):\n",
		     d->will.families);
	for (size_t i = 0; i < d->will.count; i++)
		print_reader(&d->will.items[i], lang);
	if (d->will.count == 0)
		(void)printf("%s\n", lang == LANG_VI ? "loại nào cũng đọc đủ" : "every family reads everything");
}

/* ---- for machines */
static json_t *cases_json(const char *cases)
{
	json_t *list = json_array();

	while (*cases != 0) {
		size_t n = strcspn(cases, " ");

		(void)json_array_append_new(list, json_stringn(cases, n));
		cases += n + (cases[n] == ' ');
	}
	return list;
}

static json_t *findings_json(const struct lint_report *r, enum lang lang)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->count; i++) {
		const struct lint_finding *f = &r->items[i];
		json_t *offset = f->offset == LINT_NO_OFFSET ? json_null() : json_integer((json_int_t)f->offset);

		(void)json_array_append_new(
			list, json_pack("{s:s,s:o,s:s,s:s,s:o,s:s,s:s,s:s}", "rule", f->rule->id, "cases", cases_json(f->cases),
					"severity", lint_severity_name(f->rule->severity), "file", lint_file_title(f->file),
					"offset", offset, "text", lang == LANG_VI ? f->rule->vi : f->rule->en, "detail",
					f->detail, "clause", f->rule->clause));
	}
	return list;
}

static json_t *readers_json(const struct will_report *r, enum lang lang)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->count; i++) {
		const struct will_finding *f = &r->items[i];

		(void)json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:b,s:s,s:s,s:s}", "family", f->family->id, "effect",
							    will_effect_name(f->effect), "rule", f->rule, "by_person",
							    f->by_person, "file", lint_file_title(f->file), "text",
							    lang == LANG_VI ? f->vi : f->en, "detail", f->detail));
	}
	return list;
}

static bool report_json(const struct lint_desk *d, enum lang lang)
{
	json_t *root = json_pack("{s:i,s:I,s:I,s:I,s:o,s:o,s:I}", "schema", 1, "errors", (json_int_t)d->lint.errors, "warnings",
				 (json_int_t)d->lint.warnings, "notes", (json_int_t)d->lint.notes, "findings",
				 findings_json(&d->lint, lang), "readers", readers_json(&d->will, lang), "families",
				 (json_int_t)d->will.families);
	bool good = root != NULL && json_dumpf(root, stdout, JSON_INDENT(1)) == 0;

	(void)fputc('\n', stdout);
	json_decref(root);
	return good;
}

int command_card_lint(struct invocation *inv)
{
	struct lint_desk *d = cc_alloc(sizeof *d);
	struct cc_error err;
	int rc = EXIT_DONE;
	cc_status st;

	cc_error_init(&err);
	if (d == NULL)
		st = cc_fail(&err, CC_E_MEMORY, "memory", "lint");
	else
		st = look(inv, d, &err);
	if (cc_failed(st)) {
		rc = invocation_fail(inv, &err);
	} else if (!inv->config.json) {
		report_text(d, inv->config.lang, inv->config.color);
	} else if (!report_json(d, inv->config.lang)) {
		rc = EXIT_FAILED;
	}
	if (rc == EXIT_DONE && d->lint.errors > 0)
		rc = EXIT_CHECK_NO;
	desk_free(&d);
	return rc;
}
