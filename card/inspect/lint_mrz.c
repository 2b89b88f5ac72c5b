/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/lint_run.h"

#include <stdio.h>
#include <string.h>

/* DG1, ICAO 9303-10 4.7.1: 61 { 5F1F MRZ }. */
#define TAG_DG1 0x61
#define TAG_MRZ 0x5F1F

static bool is_letter(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ---- single fields */
/* ICAO 9303-4 4.2.2, -5 4.2.2, -6 4.2.2: A, C, I for cards, P for passports, V for visas. */
static void check_code(struct lint_run *run, const struct mrz *m, struct bytes text)
{
	const char *allowed = m->format == MRZ_TD3 ? "PV" : m->format == MRZ_TD2 ? "ACIPV" : "ACI";

	if (m->code[0] == 0 || strchr(allowed, m->code[0]) == NULL || (m->code[1] != 0 && !is_letter(m->code[1])))
		lint_add(run, LINT_MRZ_CODE, text, "'%s'", m->code);
}

/* ICAO 9303-3 5: one to three letters; fillers only behind them. */
static bool is_state(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++) {
		if (!is_letter(s[i]))
			return false;
	}
	return n > 0;
}

static void check_states(struct lint_run *run, const struct mrz *m, struct bytes text)
{
	if (!is_state(m->issuer))
		lint_add(run, LINT_MRZ_ISSUER, text, "'%s'", m->issuer);
	if (!is_state(m->nationality))
		lint_add(run, LINT_MRZ_NATIONALITY, text, "'%s'", m->nationality);
}

/* ICAO 9303-3 4.6: letters and single fillers; one double filler between the identifiers. */
static void check_name(struct lint_run *run, const struct mrz *m, struct bytes text)
{
	static const struct {
		size_t at, n;
	} fields[] = { [MRZ_TD1] = { 60, 30 }, [MRZ_TD2] = { 5, 31 }, [MRZ_TD3] = { 5, 39 } };
	char name[64] = "";

	(void)snprintf(name, sizeof name, "%.*s", (int)fields[m->format].n, m->text + fields[m->format].at);
	for (size_t n = strlen(name); n > 0 && name[n - 1] == '<'; n--)
		name[n - 1] = 0;
	if (name[0] == 0) {
		lint_add(run, LINT_MRZ_NAME_VOID, text, "only fillers");
		return;
	}
	if (strpbrk(name, "0123456789") != NULL || strstr(name, "<<<") != NULL || name[0] == '<')
		lint_add(run, LINT_MRZ_NAME_FORM, text, "digits or misplaced fillers");
	if (m->name_may_be_truncated)
		lint_add(run, LINT_MRZ_NAME_CUT, text, "the last position is a letter");
	if (strstr(name, "<<") == NULL)
		lint_add(run, LINT_MRZ_NAME_ONE, text, "no second identifier");
}

/* ICAO 9303-3 4.8: YYMMDD; of a date of birth unknown parts are fillers. */
enum date_verdict { DATE_GOOD, DATE_FORM, DATE_VALUE, DATE_PARTIAL };

static enum date_verdict judge_date(const char *yymmdd, bool may_be_partial)
{
	char whole[16];
	bool partial = false;

	for (size_t i = 0; i < 6; i += 2) {
		if (yymmdd[i] == '<' && yymmdd[i + 1] == '<')
			partial = true;
		else if (!is_digit(yymmdd[i]) || !is_digit(yymmdd[i + 1]))
			return DATE_FORM;
	}
	if (partial)
		return may_be_partial ? DATE_PARTIAL : DATE_FORM;
	(void)snprintf(whole, sizeof whole, "20%.6s", yymmdd);
	return lint_date_good(bytes_str(whole)) ? DATE_GOOD : DATE_VALUE;
}

static void check_dates(struct lint_run *run, const struct mrz *m, struct bytes text)
{
	static const enum lint_id birth[] = { LINT_RULE_COUNT, LINT_MRZ_BIRTH_FORM, LINT_MRZ_BIRTH_VALUE,
					      LINT_MRZ_BIRTH_PARTIAL };
	enum date_verdict v = judge_date(m->birth, true);

	if (v != DATE_GOOD)
		lint_add(run, birth[v], text, "'%s'", m->birth);
	v = judge_date(m->expiry, false);
	if (v != DATE_GOOD)
		lint_add(run, v == DATE_FORM ? LINT_MRZ_EXPIRY_FORM : LINT_MRZ_EXPIRY_VALUE, text, "'%s'", m->expiry);
}

static void check_digits(struct lint_run *run, const struct mrz *m, struct bytes text)
{
	static const enum lint_id ids[MRZ_DIGIT_COUNT] = {
		[MRZ_DIGIT_DOCUMENT] = LINT_MRZ_NUMBER_DIGIT, [MRZ_DIGIT_BIRTH] = LINT_MRZ_BIRTH_DIGIT,
		[MRZ_DIGIT_EXPIRY] = LINT_MRZ_EXPIRY_DIGIT,   [MRZ_DIGIT_OPTIONAL] = LINT_MRZ_OPTIONAL_DIGIT,
		[MRZ_DIGIT_COMPOSITE] = LINT_MRZ_COMPOSITE,   [MRZ_DIGIT_PERSONAL] = LINT_VNM_DIGIT,
	};

	for (unsigned d = 0; d < MRZ_DIGIT_COUNT; d++) {
		bool missing = d == MRZ_DIGIT_DOCUMENT && m->digits[d] == MRZ_DIGIT_ABSENT;

		if (m->digits[d] == MRZ_DIGIT_WRONG || missing)
			lint_add(run, ids[d], text, "%s", mrz_digit_name((enum mrz_digit)d));
	}
}

/* ICAO 9303-4 4.2.2.2: without optional data the check digit is 0 or a filler. */
static void check_optional(struct lint_run *run, const struct mrz *m, struct bytes text)
{
	if (m->format != MRZ_TD3)
		return;
	if (m->optional1[0] != 0)
		lint_add(run, LINT_MRZ_OPTIONAL, text, "%zu characters", strlen(m->optional1));
	else if (m->text[86] == '0')
		lint_add(run, LINT_MRZ_OPTIONAL, text, "none, check digit 0");
}

/* ---- the Vietnamese card, cccd-card.md 1 and 2 */
static void check_vietnamese(struct lint_run *run, const struct mrz *m, struct bytes text)
{
	const char *n = m->personal_number;

	if (n[0] == 0)
		return;
	if (strcmp(m->document_number, n + MRZ_NUMBER_LEN - 9) != 0)
		lint_add(run, LINT_VNM_DOCUMENT, text, "document number and personal number");
	if ((m->sex == 'M') != ((n[3] - '0') % 2 == 0))
		lint_add(run, LINT_VNM_CENTURY, text, "sex %c, digit %c", m->sex, n[3]);
	if (strncmp(n + 4, m->birth, 2) != 0)
		lint_add(run, LINT_VNM_CENTURY, text, "year %.2s, digits %.2s", m->birth, n + 4);
}

/* ---- against the data page */
static void check_printed(struct lint_run *run, const struct mrz *m, struct bytes text)
{
	const struct mrz *p = run->in->printed_mrz;

	if (p == NULL)
		return;
	if (strcmp(m->primary, p->primary) != 0 || strcmp(m->secondary, p->secondary) != 0)
		lint_add(run, LINT_MRZ_PRINTED_NAME, text, "name");
	if (strcmp(m->document_number, p->document_number) != 0)
		lint_add(run, LINT_MRZ_PRINTED_NUMBER, text, "document number");
	if (strcmp(m->birth, p->birth) != 0 || strcmp(m->expiry, p->expiry) != 0 || m->sex != p->sex ||
	    strcmp(m->code, p->code) != 0 || strcmp(m->issuer, p->issuer) != 0 || strcmp(m->nationality, p->nationality) != 0 ||
	    strcmp(m->optional1, p->optional1) != 0 || strcmp(m->optional2, p->optional2) != 0)
		lint_add(run, LINT_MRZ_PRINTED, text, "dates, sex, states, code or optional data");
}

static void check_mrz(struct lint_run *run, struct bytes text)
{
	struct mrz m;

	if (text.n != 72 && text.n != 88 && text.n != 90) {
		lint_add(run, LINT_MRZ_LENGTH, text, "%zu characters", text.n);
		return;
	}
	if (cc_failed(mrz_read(text, MRZ_READ_EXACT, &m, NULL))) {
		lint_add(run, LINT_MRZ_ALPHABET, text, "see the bytes");
		return;
	}
	check_code(run, &m, text);
	check_states(run, &m, text);
	check_name(run, &m, text);
	check_dates(run, &m, text);
	if (m.sex != 'M' && m.sex != 'F' && m.sex != '<')
		lint_add(run, LINT_MRZ_SEX, text, "'%c'", m.sex);
	check_digits(run, &m, text);
	check_optional(run, &m, text);
	check_vietnamese(run, &m, text);
	check_printed(run, &m, text);
}

void lint_dg1(struct lint_run *run)
{
	struct cursor in;
	struct tlv t;
	bool found = false;

	if (!lint_outer(run, TAG_DG1, &in))
		return;
	while (cursor_left(&in) > 0 && tlv_next(&in, TLV_LENIENT, &t)) {
		if (t.tag == TAG_MRZ && !found)
			check_mrz(run, t.value);
		else
			lint_add(run, LINT_MRZ_EXTRA, t.whole, "tag %X", (unsigned)t.tag);
		found = found || t.tag == TAG_MRZ;
	}
	if (!found)
		lint_add(run, LINT_MRZ_MISSING, run->bytes, "no 5F1F");
}
