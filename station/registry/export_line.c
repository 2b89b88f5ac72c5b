/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/export.h"

#include "crypto/base/secret.h"
#include "station/registry/csv.h"
#include "station/registry/person_field.h"
#include "station/registry/residence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- who sees what: additions are decisions, made here alone */

static const char *const card_printing[] = {
	"number",     "full_name",   "birth_date",  "sex", "nationality", "residence", "birth_registration",
	"issue_date", "expiry_date", "issue_place", NULL,
};
/* Nobody can be found again by name, number, day of birth or address. */
static const char *const statistics[] = {
	"birth_year", "sex", "ethnicity", "marital_status", "education", "residence_province", "life_status", NULL,
};
static const char *const local_police[] = {
	"number",
	"full_name",
	"other_name",
	"birth_date",
	"sex",
	"residence",
	"current_residence",
	"household_head",
	"household_head_number",
	"household_relation",
	"life_status",
	"death_date",
	NULL,
};
/*
 * Law 26/2023/QH15 article 9: the groups of the national population database that a station holds. Identifying marks, prints
 * and face belong to another database (article 15), education to none.
 */
static const char *const national_registry[] = {
	"number",
	"full_name",
	"other_name",
	"birth_date",
	"sex",
	"birth_place",
	"birth_registration",
	"origin",
	"ethnicity",
	"religion",
	"nationality",
	"blood_group",
	"old_cmnd",
	"issue_date",
	"issue_place",
	"expiry_date",
	"residence",
	"current_residence",
	"marital_status",
	"occupation",
	"father",
	"father_number",
	"father_nationality",
	"mother",
	"mother_number",
	"mother_nationality",
	"spouse",
	"spouse_number",
	"spouse_nationality",
	"representative",
	"representative_number",
	"representative_nationality",
	"household_head",
	"household_head_number",
	"household_relation",
	"phone",
	"email",
	"cancelled_number",
	"life_status",
	"death_date",
	NULL,
};
static const char *const health_insurance[] = {
	"number", "full_name", "birth_date", "sex", "residence", "life_status", NULL,
};

const struct export_purpose export_purposes[] = {
	{ "card-printing", "in thẻ tại trung tâm", "printing of cards at a centre", card_printing },
	{ "statistics", "thống kê, không định danh", "statistics, nobody named", statistics },
	{ "local-police", "công an cấp xã quản lý cư trú", "residence records of the commune's police", local_police },
	{ "health-insurance", "cơ quan bảo hiểm xã hội, y tế", "health and social insurance", health_insurance },
	{ "national-registry", "cơ sở dữ liệu quốc gia về dân cư", "the national population database", national_registry },
	{ NULL, NULL, NULL, NULL },
};

const struct export_purpose *export_purpose_find(const char *name)
{
	for (const struct export_purpose *p = export_purposes; name != NULL && p->name != NULL; p++) {
		if (strcmp(p->name, name) == 0)
			return p;
	}
	return NULL;
}

/* ---- values */

static void value_of(const json_t *row, const struct person *p, const char *field, struct date today, char out[PERSON_FIELD_SIZE])
{
	const char *province;

	if (strcmp(field, "birth_year") == 0) {
		out[0] = '\0';
		if (p->birth.year != 0)
			(void)snprintf(out, PERSON_FIELD_SIZE, "%u", (unsigned)p->birth.year);
	} else if (strcmp(field, "residence_province") == 0) {
		province = residence_province(p->residence, today);
		(void)snprintf(out, PERSON_FIELD_SIZE, "%s", province != NULL ? province : "");
	} else {
		forms_copy(row, field, out, PERSON_FIELD_SIZE);
	}
}

static json_t *load(const struct person *p)
{
	struct buf row = { 0 };
	json_t *root = NULL;

	person_json_wipes();
	if (!cc_failed(person_encode(p, &row)))
		root = json_loadb((const char *)row.p, row.n, 0, NULL);
	buf_done(&row);
	return root;
}

static void put_json(struct writer *w, const char *name, const char *value)
{
	writer_u8(w, '"');
	writer_str(w, name);
	writer_str(w, "\":\"");
	for (const char *c = value; *c != '\0'; c++) {
		/* Control characters never enter a record. */
		if (*c == '"' || *c == '\\')
			writer_u8(w, '\\');
		writer_u8(w, (uint8_t)*c);
	}
	writer_u8(w, '"');
}

/* Absent fields are left out. */
static void put_jsonl(struct writer *w, const struct export_purpose *purpose, const json_t *row, const struct person *p,
		      struct date today)
{
	char value[PERSON_FIELD_SIZE];
	bool first = true;

	writer_u8(w, '{');
	for (const char *const *field = purpose->fields; *field != NULL; field++) {
		value_of(row, p, *field, today, value);
		if (value[0] == '\0')
			continue;
		if (!first)
			writer_u8(w, ',');
		first = false;
		put_json(w, *field, value);
	}
	writer_str(w, "}\n");
	cc_wipe(value, sizeof value);
}

static void put_row(struct writer *w, const struct export_purpose *purpose, const json_t *row, const struct person *p,
		    struct date today)
{
	char value[PERSON_FIELD_SIZE];

	for (const char *const *field = purpose->fields; *field != NULL; field++) {
		if (field != purpose->fields)
			writer_u8(w, ',');
		value_of(row, p, *field, today, value);
		csv_put(w, value);
	}
	writer_str(w, "\r\n");
	cc_wipe(value, sizeof value);
}

cc_status export_line(const struct export_purpose *purpose, enum export_format format, const struct person *p, struct date today,
		      struct buf *ret)
{
	struct writer w;
	json_t *row = load(p);
	cc_status st;

	if (row == NULL)
		return cc_code_status(CC_E_MEMORY);
	writer_init(&w, 2 * PERSON_ROW_MAX);
	if (format == EXPORT_JSONL)
		put_jsonl(&w, purpose, row, p, today);
	else
		put_row(&w, purpose, row, p, today);
	json_decref(row);
	st = writer_finish(&w, ret);
	writer_done(&w);
	return st;
}

cc_status export_heading(const struct export_purpose *purpose, struct buf *ret)
{
	struct writer w;
	cc_status st;

	writer_init(&w, PERSON_ROW_MAX);
	for (const char *const *field = purpose->fields; *field != NULL; field++) {
		if (field != purpose->fields)
			writer_u8(&w, ',');
		csv_put(&w, *field);
	}
	writer_str(&w, "\r\n");
	st = writer_finish(&w, ret);
	writer_done(&w);
	return st;
}
