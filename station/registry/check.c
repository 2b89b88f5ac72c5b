/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/check.h"

#include "station/registry/codes.h"
#include "station/registry/number.h"
#include "station/registry/registry.h"

#include <string.h>

/* DG13 members above this need a second length byte, which readers in the field do not expect (cccd-card.md 5). */
#define DG13_TEXT_BYTES 122
#define DG13_PARENTS_BYTES 116
/* Mandatory from 14; on demand below (cccd-card.md 6). */

static void add(struct holds *h, enum hold_severity severity, const char *key, const char *field)
{
	CC_ASSERT(h->count < HOLDS_MAX);
	h->items[h->count++] = (struct hold){ .key = key, .field = field, .severity = severity };
}

/* A date may be known in part: it lies after another only when nothing of what is known says otherwise. */
static bool is_after(struct date a, struct date b)
{
	if (a.year != b.year || a.year == 0)
		return a.year > b.year && b.year != 0;
	if (a.month != b.month || a.month == 0)
		return a.month > b.month && b.month != 0;
	return a.day > b.day && b.day != 0;
}

/* Who is said to live and has a day of death or of going missing as well: one of the two is wrong. */
static void check_life(const struct person *p, const struct check_context *ctx, struct holds *h)
{
	bool dated = date_precision(p->death) != DATE_NONE;

	if (dated && p->life != LIFE_ALIVE && (is_after(p->birth, p->death) || is_after(p->death, ctx->today)))
		add(h, HOLD_WARNING, "registry.death-date", "death_date");
	switch (p->life) {
	case LIFE_ALIVE:
		if (dated)
			add(h, HOLD_HOLD, "registry.alive-with-death-date", "death_date");
		break;
	case LIFE_DEAD:
		add(h, HOLD_HOLD, "registry.dead", "life_status");
		break;
	case LIFE_MISSING:
		add(h, HOLD_HOLD, "registry.missing-person", "life_status");
		break;
	}
}

/* cccd-card.md 7: a card needs a full date; nobody invents 01/01. */
static void check_birth(const struct person *p, const struct check_context *ctx, struct holds *h)
{
	if (date_precision(p->birth) != DATE_DAY) {
		add(h, ctx->allow_incomplete_birth ? HOLD_WARNING : HOLD_HOLD, "registry.birth-incomplete", "birth_date");
		return;
	}
	if (date_compare(p->birth, ctx->today) > 0)
		add(h, HOLD_HOLD, "registry.birth-future", "birth_date");
	else if (validity_age(&ctx->rules, p->birth, ctx->today) < AGE_MANDATORY)
		add(h, HOLD_WARNING, "registry.under-age", "birth_date");
}

bool registry_is_citizen(const struct person *p)
{
	char key[2 * PERSON_TERM_SIZE];

	return !cc_failed(vietnamese_search_key(p->nationality, key, sizeof key)) && strcmp(key, "viet nam") == 0;
}

static void check_nationality(const struct person *p, struct holds *h)
{
	if (!registry_is_citizen(p))
		add(h, HOLD_HOLD, "registry.nationality", "nationality");
}

/* cccd-card.md 1: disagreement is a warning with a reason, never a refusal: the law guarantees 12 digits only. */
static void check_number(const struct person *p, struct holds *h)
{
	struct number_parts parts;

	if (!number_is_well_formed(bytes_str(p->number))) {
		add(h, HOLD_HOLD, "registry.number-malformed", "number");
		return;
	}
	number_parse(p->number, &parts);
	if (number_province(parts.province, p->birth) == NULL)
		add(h, HOLD_WARNING, "registry.number-province", "number");
	if (parts.sex != p->sex)
		add(h, HOLD_WARNING, "registry.number-sex", "number");
	if (date_precision(p->birth) != DATE_NONE && parts.birth_year != p->birth.year)
		add(h, HOLD_WARNING, "registry.number-birth", "number");
}

/* The day of issue is printed: nobody had a card before they were born; one of a day to come is shown. */
static void check_issue_date(const struct person *p, const struct check_context *ctx, struct holds *h)
{
	if (is_after(p->birth, p->issued))
		add(h, HOLD_HOLD, "registry.issue-before-birth", "issue_date");
	else if (is_after(p->issued, ctx->today))
		add(h, HOLD_WARNING, "registry.issue-future", "issue_date");
}

static void check_expiry(const struct person *p, const struct check_context *ctx, struct holds *h)
{
	struct date expiry = p->expiry, by_rule = { 0 };
	struct date issued = date_precision(p->issued) == DATE_DAY ? p->issued : ctx->today;
	bool ends = p->expiry_kind == EXPIRY_DATE, rule_ends;

	if (date_precision(p->birth) == DATE_DAY) {
		rule_ends = validity_expiry(&ctx->rules, p->birth, issued, &by_rule);
		if (p->expiry_kind == EXPIRY_BY_RULE) {
			ends = rule_ends;
			expiry = by_rule;
		} else if (ends != rule_ends || (ends && date_compare(by_rule, expiry) != 0)) {
			add(h, HOLD_WARNING, "registry.expiry-differs", "expiry_date");
		}
	}
	if (ends && date_compare(expiry, ctx->today) < 0)
		add(h, HOLD_HOLD, "registry.expired", "expiry_date");
}

static void check_text(const struct person *p, struct holds *h)
{
	const struct {
		const char *field, *text;
	} texts[] = {
		{ "full_name", p->full_name },	   { "origin", p->origin }, { "residence", p->residence },
		{ "identifying_marks", p->marks }, { "spouse", p->spouse },
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (strlen(texts[i].text) > DG13_TEXT_BYTES)
			add(h, HOLD_WARNING, "registry.long-field", texts[i].field);
	}
	if (strlen(p->father) + strlen(p->mother) > DG13_PARENTS_BYTES)
		add(h, HOLD_WARNING, "registry.long-field", "father");
	if (p->residence[0] == '\0')
		add(h, HOLD_WARNING, "registry.no-residence", "residence");
	if (p->origin[0] == '\0')
		add(h, HOLD_WARNING, "registry.no-origin", "origin");
}

/* An address names its province last. What it ends with may be older than the reform: shown, with where it went. */
static void check_address(const char *address, const char *field, const struct check_context *ctx, struct holds *h)
{
	char province[PERSON_TERM_SIZE];

	if (address[0] == '\0')
		return;
	codes_address_province(address, province, sizeof province);
	switch (codes_province(province[0] != '\0' ? province : address, ctx->today, NULL)) {
	case PROVINCE_CURRENT:
		break;
	case PROVINCE_MERGED:
		add(h, HOLD_WARNING, "registry.address-old-unit", field);
		break;
	case PROVINCE_UNKNOWN:
	case PROVINCE_FUTURE:
		add(h, HOLD_WARNING, "registry.address-province", field);
		break;
	}
}

static void check_codes(const struct person *p, const struct check_context *ctx, struct holds *h)
{
	if (p->ethnicity[0] != '\0' && !codes_ethnicity(p->ethnicity))
		add(h, HOLD_WARNING, "registry.ethnicity", "ethnicity");
	if (p->religion[0] != '\0' && !codes_religion(p->religion))
		add(h, HOLD_WARNING, "registry.religion", "religion");
	check_address(p->residence, "residence", ctx, h);
}

/* A child's card is asked for by somebody (2023 law, article 19). */
static void check_child(const struct person *p, const struct check_context *ctx, struct holds *h)
{
	if (date_precision(p->birth) != DATE_DAY || date_compare(p->birth, ctx->today) > 0 ||
	    validity_age(&ctx->rules, p->birth, ctx->today) >= AGE_MANDATORY)
		return;
	if (p->father[0] == '\0' && p->mother[0] == '\0' && p->representative[0] == '\0')
		add(h, HOLD_HOLD, "registry.no-representative", "representative");
}

bool registry_has_face(const struct validity_rules *rules, const struct person *p, struct date today)
{
	return validity_has_face(rules, p->birth, today) ||
	       (date_precision(p->issued) == DATE_DAY && validity_has_face(rules, p->birth, p->issued));
}

void registry_renewal(struct person *p)
{
	p->issued = (struct date){ 0 };
	p->expiry_kind = EXPIRY_BY_RULE;
	p->expiry = (struct date){ 0 };
}

void registry_check_person(const struct person *p, bool has_photo, const struct check_context *ctx, struct holds *ret)
{
	struct holds h = { 0 };

	check_life(p, ctx, &h);
	check_birth(p, ctx, &h);
	/* The card of a child under 6 shows no face and needs no photo. */
	if (!has_photo && (date_compare(p->birth, ctx->today) > 0 || registry_has_face(&ctx->rules, p, ctx->today)))
		add(&h, HOLD_HOLD, "registry.no-photo", "photo");
	check_nationality(p, &h);
	check_issue_date(p, ctx, &h);
	check_expiry(p, ctx, &h);
	check_number(p, &h);
	check_text(p, &h);
	check_codes(p, ctx, &h);
	check_child(p, ctx, &h);
	*ret = h;
}

const struct hold *holds_first(const struct holds *h)
{
	for (size_t i = 0; i < h->count; i++) {
		if (h->items[i].severity == HOLD_HOLD)
			return &h->items[i];
	}
	return NULL;
}

bool holds_any(const struct holds *h)
{
	return holds_first(h) != NULL;
}

const char *hold_severity_name(enum hold_severity s)
{
	return s == HOLD_HOLD ? "hold" : "warning";
}

cc_status registry_check_context(const struct config *c, struct check_context *ret, struct cc_error *err)
{
	struct check_context ctx = { .today = date_in_vietnam(sys_wall_ms(c->sys)) };
	char ages[64], feb_29[16], unknown_birth[8];
	cc_status st = config_setting(c, "rules.exchange-ages", ages, sizeof ages, err);

	if (!cc_failed(st))
		st = config_setting(c, "rules.birthday-feb-29", feb_29, sizeof feb_29, err);
	if (!cc_failed(st))
		st = config_setting(c, "rules.issue-unknown-birth", unknown_birth, sizeof unknown_birth, err);
	if (!cc_failed(st))
		st = validity_rules_parse(ages, feb_29, &ctx.rules, err);
	if (cc_failed(st))
		return st;
	ctx.allow_incomplete_birth = strcmp(unknown_birth, "yes") == 0;
	*ret = ctx;
	return st;
}
