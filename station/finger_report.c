/* SPDX-License-Identifier: Apache-2.0 */
#include "station/finger_report.h"

#include "station/defect_advice.h"
#include "station/message.h"

#include <jansson.h>
#include <string.h>

static const char *pick(enum lang lang, const char *vi, const char *en)
{
	return lang == LANG_VI ? vi : en;
}

bool finger_check_passes(const struct finger_check *c)
{
	if (!c->decoded || c->file->count == 0)
		return false;
	for (size_t i = 0; i < c->file->count; i++)
		if (!c->verdicts[i].report.passes)
			return false;
	return true;
}

/* Each defect once: two measures may find the same. */
static size_t defects_of(const struct finger_report *r, const char *ret[FINGER_MEASURES])
{
	size_t n = 0;

	for (unsigned i = 0; i < FINGER_MEASURES; i++) {
		const char *d = r->result[i].defect;
		bool known = d == NULL;

		for (size_t k = 0; k < n && !known; k++)
			known = strcmp(ret[k], d) == 0;
		if (!known)
			ret[n++] = d;
	}
	return n;
}

static const char *position_text(unsigned position, enum lang lang)
{
	const char *name = lang == LANG_VI ? finger_position_name_vi(position) : finger_position_name(position);

	return name != NULL ? name : pick(lang, "không rõ ngón", "unknown finger");
}

/* ---- text */

static void print_measures(FILE *out, const struct finger_report *r, const struct finger_rules *rules, enum lang lang)
{
	for (unsigned i = 0; i < FINGER_MEASURES; i++) {
		const struct finger_rule *rule = &rules->rule[i];

		if (!r->result[i].measured)
			continue;
		(void)fprintf(out, "    %s %-18s %9.3f",
			      r->result[i].defect != NULL ? pick(lang, "LỖI ", "FAIL") : pick(lang, "đạt ", "ok  "), rule->name,
			      r->result[i].value);
		if (rule->below != NULL)
			(void)fprintf(out, "  %s %g", pick(lang, "≥", "min"), rule->low);
		if (rule->above != NULL)
			(void)fprintf(out, "  %s %g", pick(lang, "≤", "max"), rule->high);
		(void)fprintf(out, "\n");
	}
}

static void print_one(FILE *out, const struct finger_entry *e, const struct finger_verdict *v, const struct finger_rules *rules,
		      enum lang lang)
{
	const char *defects[FINGER_MEASURES];
	size_t n = defects_of(&v->report, defects);

	(void)fprintf(out, "  %s: %s, %u x %u, %s\n", position_text(e->position, lang), finger_coding_name(e->coding), e->width,
		      e->height, v->report.passes ? pick(lang, "ĐẠT", "PASS") : pick(lang, "KHÔNG ĐẠT", "FAIL"));
	for (size_t i = 0; i < n; i++)
		(void)fprintf(out, "    %s: %s %s\n", defects[i], message_text(defect_advice("finger", defects[i]), lang),
			      message_next(defect_advice("finger", defects[i]), lang));
	print_measures(out, &v->report, rules, lang);
	if (v->nfiq2 == NFIQ2_SCORED)
		(void)fprintf(out, "    NFIQ 2: %u\n", v->nfiq2_score);
	else if (v->nfiq2 == NFIQ2_FAILED)
		(void)fprintf(out, "    NFIQ 2: %s\n", message_text(message_find(v->nfiq2_key), lang));
}

void finger_report_text(FILE *out, const struct finger_check *c, enum lang lang)
{
	const struct message *m;

	(void)fprintf(out, "%s: %s\n", c->path,
		      finger_check_passes(c) ? pick(lang, "ĐẠT", "PASS") : pick(lang, "KHÔNG ĐẠT", "FAIL"));
	if (!c->decoded) {
		m = message_find(c->err.key);
		(void)fprintf(out, "  %s %s\n", message_text(m, lang), message_next(m, lang));
		return;
	}
	for (size_t i = 0; i < c->file->count; i++)
		print_one(out, &c->file->entries[i], &c->verdicts[i], c->rules, lang);
}

/* ---- JSON */

static json_t *measures_json(const struct finger_report *r, const struct finger_rules *rules)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < FINGER_MEASURES; i++) {
		const struct finger_rule *rule = &rules->rule[i];
		json_t *o;

		if (!r->result[i].measured)
			continue;
		o = json_pack("{s:s, s:f, s:s}", "name", rule->name, "value", r->result[i].value, "verdict",
			      r->result[i].defect != NULL ? "fail" : "pass");
		if (o != NULL && rule->below != NULL)
			(void)json_object_set_new(o, "min", json_real(rule->low));
		if (o != NULL && rule->above != NULL)
			(void)json_object_set_new(o, "max", json_real(rule->high));
		(void)json_array_append_new(list, o);
	}
	return list;
}

static void add_defects(json_t *o, const struct finger_report *r, enum lang lang)
{
	const char *defects[FINGER_MEASURES];
	size_t n = defects_of(r, defects);

	defect_advice_add(o, "finger", defects, n, lang);
}

static json_t *print_json(const struct finger_entry *e, const struct finger_verdict *v, const struct finger_rules *rules,
			  enum lang lang)
{
	const char *position = finger_position_name(e->position);
	json_t *o = json_pack("{s:s?, s:s, s:i, s:i, s:i, s:s}", "position", position, "coding", finger_coding_name(e->coding),
			      "width", (int)e->width, "height", (int)e->height, "ppi", (int)e->ppi, "verdict",
			      v->report.passes ? "pass" : "fail");

	if (o == NULL)
		return NULL;
	add_defects(o, &v->report, lang);
	(void)json_object_set_new(o, "measures", measures_json(&v->report, rules));
	if (v->nfiq2 == NFIQ2_SCORED)
		(void)json_object_set_new(o, "nfiq2", json_integer(v->nfiq2_score));
	else if (v->nfiq2 == NFIQ2_FAILED)
		(void)json_object_set_new(o, "nfiq2_error", json_string(v->nfiq2_key));
	return o;
}

bool finger_report_json(FILE *out, const struct finger_check *c, enum lang lang)
{
	json_t *root =
		json_pack("{s:i, s:s, s:s}", "schema", 1, "file", c->path, "verdict", finger_check_passes(c) ? "pass" : "fail");
	json_t *prints = json_array();
	bool ok;

	if (root == NULL || prints == NULL) {
		json_decref(root);
		json_decref(prints);
		return false;
	}
	for (size_t i = 0; c->decoded && i < c->file->count; i++)
		(void)json_array_append_new(prints, print_json(&c->file->entries[i], &c->verdicts[i], c->rules, lang));
	if (!c->decoded)
		(void)json_object_set_new(root, "error", json_string(c->err.key != NULL ? c->err.key : "general"));
	(void)json_object_set_new(root, "prints", prints);
	ok = json_dumpf(root, out, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6)) == 0;
	(void)fprintf(out, "\n");
	json_decref(root);
	return ok;
}
