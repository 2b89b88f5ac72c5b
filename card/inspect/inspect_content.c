/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/inspect_run.h"

#include "card/lds/cccd_design.h"
#include "card/lds/dg.h"
#include "card/lds/dg1.h"
#include "card/lds/dg13.h"
#include "card/lds/dg2.h"

#include <stdio.h>
#include <string.h>

/* ---- MRZ */
static void check_mrz_digits(struct inspect_run *run)
{
	const struct mrz *m = &run->out->mrz;
	static const char document[] = " document-number";
	char wrong[160];
	size_t n = 0;

	wrong[0] = 0;
	for (unsigned d = 0; d < MRZ_DIGIT_COUNT; d++) {
		if (m->digits[d] == MRZ_DIGIT_WRONG)
			n += (size_t)snprintf(wrong + n, sizeof wrong - n, " %s", mrz_digit_name(d));
	}
	if (m->digits_good)
		inspect_add(run, INSPECT_PASSED, "mrz.digits", "all check digits");
	else
		inspect_add(run, INSPECT_FAILED, "mrz.digits", "wrong or missing:%s", n > 0 ? wrong : document);
}

/* Document number, birth and expiry, or the CAN: what opened the chip. */
static void check_mrz_access(struct inspect_run *run)
{
	const struct inspect_keys *k = run->p->keys;
	const struct mrz *m = &run->out->mrz;
	bool same;

	if (k->has_mrz) {
		same = strcmp(m->document_number, k->document_number) == 0 && strcmp(m->birth, k->birth) == 0 &&
		       strcmp(m->expiry, k->expiry) == 0;
		inspect_add(run, same ? INSPECT_PASSED : INSPECT_FAILED, "mrz.access",
			    "document number, birth and expiry given %s in DG1", same ? "stand" : "differ from those");
	} else if (m->personal_number[0] == 0) {
		inspect_add(run, INSPECT_NOT_APPLICABLE, "mrz.access", "no MRZ was given");
	} else {
		same = strcmp(m->personal_number + MRZ_NUMBER_LEN - 6, k->can) == 0;
		inspect_add(run, same ? INSPECT_PASSED : INSPECT_FAILED, "mrz.access",
			    "the CAN given %s the last six digits of the number in DG1", same ? "is" : "is not");
	}
}

/* Six digits open the card of many a number: the one that was asked for is this one. */
static void check_number(struct inspect_run *run)
{
	const char *number = run->p->keys->number;
	bool same = strcmp(run->out->mrz.personal_number, number) == 0;

	if (number[0] != '\0')
		inspect_add(run, same ? INSPECT_PASSED : INSPECT_FAILED, "mrz.number", "the number given is %s DG1",
			    same ? "that of" : "not that of");
}

/*
 * The whole MRZ that was given, printed on the card: a name or a nationality that
 * was printed anew. Names have no check digit, and a scan may misread one: it is
 * for a person to look at.
 */
static void check_mrz_printed(struct inspect_run *run)
{
	const char *given = run->p->keys->mrz_text, *have = run->out->mrz.text;
	size_t n = 0;

	if (given[0] == '\0')
		return;
	while (given[n] != '\0' && given[n] == have[n])
		n++;
	if (given[n] == have[n])
		inspect_add(run, INSPECT_PASSED, "mrz.printed", "the MRZ given is DG1's, all %zu characters", n);
	else
		inspect_add(run, INSPECT_INCONCLUSIVE, "mrz.printed", "the MRZ given differs from DG1's at character %zu", n + 1);
}

/* What the operator gave is what stands inside. */
static void check_given(struct inspect_run *run)
{
	const struct inspect_keys *k = run->p->keys;

	if (run->ch == NULL || k == NULL || (!k->has_mrz && !k->has_can)) {
		inspect_add(run, INSPECT_NOT_APPLICABLE, "mrz.access", "no MRZ was given");
		return;
	}
	check_mrz_access(run);
	check_number(run);
	check_mrz_printed(run);
}

static void check_dg1(struct inspect_run *run)
{
	struct bytes file = lds_set_get(&run->out->files, lds_dg(1));
	struct cc_error err;

	cc_error_init(&err);
	if (file.n == 0) {
		inspect_add(run, INSPECT_UNAVAILABLE, "mrz.digits", "no DG1");
		return;
	}
	if (cc_failed(dg1_parse(file, &run->out->mrz, &err))) {
		inspect_add_error(run, INSPECT_FAILED, "mrz.digits", "", &err);
		return;
	}
	run->out->has_mrz = true;
	check_mrz_digits(run);
	check_given(run);
	inspect_country(run);
	inspect_document_type(run);
}

/* ---- DG13 */
/* dd/MM/yyyy against YYMMDD. */
static bool same_date(struct bytes text, const char *yymmdd)
{
	char want[16];

	(void)snprintf(want, sizeof want, "%.2s/%.2s/", yymmdd + 4, yymmdd + 2);
	return text.n == 10 && memcmp(text.p, want, 6) == 0 && memcmp(text.p + 8, yymmdd, 2) == 0;
}

static bool same_expiry(struct bytes text, const char *yymmdd)
{
	/* cccd-card.md 2: no expiry is 991231. */
	if (bytes_equal(text, BYTES_LITERAL("Không thời hạn")))
		return strcmp(yymmdd, "991231") == 0;
	return same_date(text, yymmdd);
}

static bool same_sex(struct bytes text, char sex)
{
	if (bytes_equal(text, BYTES_LITERAL("Nam")))
		return sex == 'M';
	if (bytes_equal(text, BYTES_LITERAL("Nữ")))
		return sex == 'F';
	return false;
}

/* What both have: number, birth, sex, expiry. An empty field of DG13 says nothing. The name is compared by the station. */
static void compare_dg13(struct inspect_run *run, const struct dg13 *d)
{
	const struct mrz *m = &run->out->mrz;
	const struct {
		const char *name;
		bool given, same;
	} fields[] = {
		{ "number", d->number.n > 0, bytes_equal(d->number, bytes_str(m->personal_number)) },
		{ "birth", d->birth.n > 0, same_date(d->birth, m->birth) },
		{ "sex", d->sex.n > 0, same_sex(d->sex, m->sex) },
		{ "expiry", d->expiry.n > 0, same_expiry(d->expiry, m->expiry) },
	};
	char same[64] = "", differ[64] = "";

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		char *list = fields[i].same ? same : differ;
		size_t n = strlen(list);

		if (fields[i].given)
			(void)snprintf(list + n, sizeof same - n, " %s", fields[i].name);
	}
	if (differ[0] != 0)
		inspect_add(run, INSPECT_FAILED, "dg13.dg1", "differ:%s", differ);
	else if (same[0] == 0)
		inspect_add(run, INSPECT_INCONCLUSIVE, "dg13.dg1", "DG13 has nothing to compare");
	else
		inspect_add(run, INSPECT_PASSED, "dg13.dg1", "equal:%s", same);
}

static void check_dg13(struct inspect_run *run)
{
	struct bytes file = lds_set_get(&run->out->files, lds_dg(13));
	struct cc_error err;
	struct dg13 d;
	cc_status st;

	cc_error_init(&err);
	if (file.n == 0) {
		inspect_add(run, INSPECT_NOT_APPLICABLE, "dg13.dg1", "no DG13");
		return;
	}
	st = dg13_parse(file, &d, &err);
	if (st.code == CC_E_UNSUPPORTED)
		inspect_add(run, INSPECT_NOT_APPLICABLE, "dg13.dg1", "DG13 of another country");
	else if (cc_failed(st))
		inspect_add_error(run, INSPECT_FAILED, "dg13.dg1", "", &err);
	else if (!run->out->has_mrz)
		inspect_add(run, INSPECT_UNAVAILABLE, "dg13.dg1", "no DG1");
	else
		compare_dg13(run, &d);
}

/* ---- DG2 */
static void check_dg2(struct inspect_run *run)
{
	struct bytes file = lds_set_get(&run->out->files, lds_dg(2));
	struct cc_error err;
	struct dg2 d;

	cc_error_init(&err);
	if (file.n == 0) {
		if (cccd_design_has_face(lds_set_get(&run->out->files, lds_dg(13))))
			inspect_add(run, INSPECT_UNAVAILABLE, "dg2.structure", "no DG2");
		else
			inspect_add(run, INSPECT_NOT_APPLICABLE, "dg2.structure", "no DG2: issued to a child under 6");
		return;
	}
	if (cc_failed(dg2_parse(file, &d, &err)))
		inspect_add_error(run, INSPECT_FAILED, "dg2.structure", "", &err);
	else
		inspect_add(run, INSPECT_PASSED, "dg2.structure", "%zu record(s), the first of %zu bytes", d.count,
			    d.items[0].record.n);
}

/* ---- what other documents have */
static void check_row(struct inspect_run *run, unsigned number)
{
	struct bytes file = lds_set_get(&run->out->files, lds_dg(number));
	struct cc_error err;
	struct dg d;

	cc_error_init(&err);
	if (file.n == 0)
		return;
	if (cc_failed(dg_parse(number, file, &d, &err)))
		inspect_add_dg(run, INSPECT_FAILED, "dg", number, ".structure", "%s", err.detail);
	else
		inspect_add_dg(run, INSPECT_PASSED, "dg", number, ".structure", "%zu element(s)", d.count - 1);
}

void inspect_content(struct inspect_run *run)
{
	check_dg1(run);
	check_dg2(run);
	check_dg13(run);
	for (unsigned n = 1; n <= LDS_DG_LAST; n++) {
		if (dg_is_row(n))
			check_row(run, n);
	}
}
