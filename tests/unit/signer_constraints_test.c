/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/inspect.h"
#include "crypto/base/tlv.h"
#include "crypto/cms.h"
#include "tests/support/document_fixture.h"
#include "tests/support/inspect_expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Each line of the table in card/inspect/inspect_signer.c: one thing of the certificates is otherwise, all else is good. */

#define EXT_SKI "0/7/0/0"
#define EXT_USAGE "0/7/0/2"
#define EXT_PRIVATE "0/7/0/3"
#define EXT_CONSTRAINTS "0/7/0/6" /* country signer */
#define EXT_TYPES "0/7/0/7"	  /* document signer */
#define SID_NAME "0/0/1/0/4/0/1/0/2/0/1"
#define DAY_S 86400

#define BEFORE_USAGE(hex)                                                                                                        \
	{                                                                                                                        \
		TLV_EDIT_BEFORE, EXT_USAGE, 0, hex                                                                               \
	}
#define USAGE(hex)                                                                                                               \
	{                                                                                                                        \
		TLV_EDIT_VALUE, EXT_USAGE "/2/0", 0, hex                                                                         \
	}
#define TYPES(hex)                                                                                                               \
	{                                                                                                                        \
		TLV_EDIT_VALUE, EXT_TYPES "/1", 0, hex                                                                           \
	}

static const struct constraint {
	const char *name;
	struct tlv_edit signer, sod, anchor; /* path NULL: nothing */
	const char *check;
	enum inspect_result want;
	const char *evidence; /* part of it */
	enum inspect_verdict verdict;
} constraints[] = {
	{ .name = "as it is", .check = "sod.chain", .evidence = "good" },
	{ "signer: another issuer",
	  { TLV_EDIT_VALUE, "0/3/2/0/1", 0, "58" },
	  { TLV_EDIT_VALUE, SID_NAME, 0, "58" },
	  { 0 },
	  "sod.chain",
	  INSPECT_FAILED,
	  "structure-wrong",
	  INSPECT_BAD },
	{ "signer: country in lower case",
	  { TLV_EDIT_VALUE, "0/3/0/0/1", 0, "766E" },
	  { 0 },
	  { 0 },
	  "sod.chain",
	  INSPECT_PASSED,
	  "good",
	  INSPECT_GOOD },
	{ "signer: CA",
	  BEFORE_USAGE("300F 0603551D13 0101FF 0405 30030101FF"),
	  { 0 },
	  { 0 },
	  "sod.chain",
	  INSPECT_FAILED,
	  "CA certificate",
	  INSPECT_BAD },
	{ "signer: basicConstraints, no CA",
	  BEFORE_USAGE("3009 0603551D13 0402 3000"),
	  { 0 },
	  { 0 },
	  "signer.profile",
	  INSPECT_REMARK,
	  "cert.basic-constraints-present",
	  INSPECT_GOOD },
	{ "signer: keyCertSign alone", USAGE("0204"), { 0 }, { 0 }, "sod.chain", INSPECT_FAILED, "keyUsage", INSPECT_BAD },
	{ "signer: cRLSign alone", USAGE("0102"), { 0 }, { 0 }, "sod.chain", INSPECT_FAILED, "may not sign", INSPECT_BAD },
	{ "signer: digitalSignature and keyCertSign",
	  USAGE("0284"),
	  { 0 },
	  { 0 },
	  "signer.profile",
	  INSPECT_REMARK,
	  "cert.key-usage-signer",
	  INSPECT_GOOD },
	{ "signer: no keyUsage",
	  { TLV_EDIT_REMOVE, EXT_USAGE, 0, NULL },
	  { 0 },
	  { 0 },
	  "signer.profile",
	  INSPECT_REMARK,
	  "cert.key-usage-missing",
	  INSPECT_GOOD },
	{ "signer: for master lists",
	  BEFORE_USAGE("3014 0603551D25 0101FF 040A 30080606678108010103"),
	  { 0 },
	  { 0 },
	  "sod.chain",
	  INSPECT_FAILED,
	  "lists",
	  INSPECT_BAD },
	{ "signer: for master lists, not critical",
	  BEFORE_USAGE("3011 0603551D25 040A 30080606678108010103"),
	  { 0 },
	  { 0 },
	  "sod.chain",
	  INSPECT_FAILED,
	  "lists",
	  INSPECT_BAD },
	{ "signer: for deviation lists",
	  BEFORE_USAGE("3014 0603551D25 0101FF 040A 30080606678108010108"),
	  { 0 },
	  { 0 },
	  "sod.chain",
	  INSPECT_FAILED,
	  "lists",
	  INSPECT_BAD },
	{ "signer: for TLS, critical",
	  BEFORE_USAGE("3016 0603551D25 0101FF 040C 300A06082B06010505070301"),
	  { 0 },
	  { 0 },
	  "sod.chain",
	  INSPECT_FAILED,
	  "another purpose",
	  INSPECT_BAD },
	{ "signer: for TLS, not critical",
	  BEFORE_USAGE("3013 0603551D25 040C 300A06082B06010505070301"),
	  { 0 },
	  { 0 },
	  "signer.purpose",
	  INSPECT_INCONCLUSIVE,
	  "other purposes",
	  INSPECT_UNDECIDED },
	{ "signer: for any purpose, critical",
	  BEFORE_USAGE("3012 0603551D25 0101FF 0408 30060604551D2500"),
	  { 0 },
	  { 0 },
	  "signer.profile",
	  INSPECT_REMARK,
	  "cert.ext-key-usage-present",
	  INSPECT_GOOD },
	{ "signer: extKeyUsage malformed",
	  BEFORE_USAGE("300B 0603551D25 0404 30020500"),
	  { 0 },
	  { 0 },
	  "sod.chain",
	  INSPECT_FAILED,
	  "malformed",
	  INSPECT_BAD },
	{ "signer: unknown critical",
	  BEFORE_USAGE("300C 06032A0304 0101FF 04020500"),
	  { 0 },
	  { 0 },
	  "sod.chain",
	  INSPECT_FAILED,
	  "unknown critical",
	  INSPECT_BAD },
	{ "signer: unknown, not critical",
	  BEFORE_USAGE("3009 06032A0304 04020500"),
	  { 0 },
	  { 0 },
	  "sod.chain",
	  INSPECT_PASSED,
	  "good",
	  INSPECT_GOOD },
	{ "anchor: unknown critical",
	  { 0 },
	  { 0 },
	  BEFORE_USAGE("300C 06032A0304 0101FF 04020500"),
	  "sod.chain",
	  INSPECT_FAILED,
	  "unknown critical",
	  INSPECT_BAD },
	{ "anchor: no basicConstraints",
	  { 0 },
	  { 0 },
	  { TLV_EDIT_REMOVE, EXT_CONSTRAINTS, 0, NULL },
	  "sod.chain",
	  INSPECT_FAILED,
	  "not a CA",
	  INSPECT_BAD },
	{ "anchor: basicConstraints, no CA",
	  { 0 },
	  { 0 },
	  { TLV_EDIT_VALUE, EXT_CONSTRAINTS "/2", 0, "3000" },
	  "sod.chain",
	  INSPECT_FAILED,
	  "not a CA",
	  INSPECT_BAD },
	{ "anchor: cRLSign alone",
	  { 0 },
	  { 0 },
	  USAGE("0102"),
	  "sod.chain",
	  INSPECT_FAILED,
	  "may not sign certificates",
	  INSPECT_BAD },
	{ "anchor: path length 3",
	  { 0 },
	  { 0 },
	  { TLV_EDIT_VALUE, EXT_CONSTRAINTS "/2", 0, "30060101FF020103" },
	  "anchor.profile",
	  INSPECT_REMARK,
	  "cert.path-length",
	  INSPECT_GOOD },
	{ "anchor: no path length",
	  { 0 },
	  { 0 },
	  { TLV_EDIT_VALUE, EXT_CONSTRAINTS "/2", 0, "30030101FF" },
	  "anchor.profile",
	  INSPECT_REMARK,
	  "cert.path-length",
	  INSPECT_GOOD },
	{ "signer: ended",
	  { TLV_EDIT_VALUE, "0/4/1", 0, "3235313230313030303030305A" },
	  { 0 },
	  { 0 },
	  "sod.chain",
	  INSPECT_FAILED,
	  "expired",
	  INSPECT_BAD },
	{ "anchor: ended",
	  { 0 },
	  { 0 },
	  { TLV_EDIT_VALUE, "0/4/1", 0, "3235313230313030303030305A" },
	  "sod.chain",
	  INSPECT_FAILED,
	  "expired",
	  INSPECT_BAD },
	{ "signer: outlives its country signer",
	  { TLV_EDIT_VALUE, "0/4/1", 0, "3439303130313030303030305A" },
	  { 0 },
	  { 0 },
	  "signer.nesting",
	  INSPECT_REMARK,
	  "valid to 2049-01-01",
	  INSPECT_GOOD },
	{ "types: ID",
	  TYPES("300902010031041302 4944"),
	  { 0 },
	  { 0 },
	  "signer.document-types",
	  INSPECT_PASSED,
	  "ID",
	  INSPECT_GOOD },
	{ "types: I", TYPES("30080201003103130149"), { 0 }, { 0 }, "signer.document-types", INSPECT_PASSED, "ID", INSPECT_GOOD },
	{ "types: P and I, two sets",
	  TYPES("300D0201003103130150 3103130149"),
	  { 0 },
	  { 0 },
	  "signer.document-types",
	  INSPECT_PASSED,
	  "ID",
	  INSPECT_GOOD },
	{ "types: IR",
	  TYPES("30090201003104130249 52"),
	  { 0 },
	  { 0 },
	  "signer.document-types",
	  INSPECT_REMARK,
	  "others",
	  INSPECT_GOOD },
	{ "types: P",
	  TYPES("30080201003103130150"),
	  { 0 },
	  { 0 },
	  "signer.document-types",
	  INSPECT_FAILED,
	  "may not",
	  INSPECT_BAD },
	{ "types: none in the list",
	  TYPES("30050201003100"),
	  { 0 },
	  { 0 },
	  "signer.document-types",
	  INSPECT_FAILED,
	  "may not",
	  INSPECT_BAD },
	{ "types: malformed",
	  TYPES("3003020100"),
	  { 0 },
	  { 0 },
	  "signer.document-types",
	  INSPECT_REMARK,
	  "malformed",
	  INSPECT_GOOD },
	{ "types: no list",
	  { TLV_EDIT_REMOVE, EXT_TYPES, 0, NULL },
	  { 0 },
	  { 0 },
	  "signer.document-types",
	  INSPECT_NOT_APPLICABLE,
	  "no types",
	  INSPECT_GOOD },
};
#define CONSTRAINTS (sizeof constraints / sizeof constraints[0])

static void judge(struct document_fixture *d, struct inspection *ret)
{
	const struct inspect_params p = { .trust = d->lds.trust, .now_s = FIXTURE_NOW_S, .sys = &d->lds.sys.sys };

	memset(ret, 0, sizeof *ret);
	assert_int_equal(inspect_files(&d->files, &p, ret).code, CC_OK);
}

static void expect(const struct inspection *i, const struct constraint *c)
{
	const struct inspect_check *check = inspection_find(i, c->check);

	if (check == NULL || check->result != c->want || strstr(check->evidence, c->evidence) == NULL ||
	    i->verdict != c->verdict) {
		inspect_print_checks(i);
		fail_msg("%s: %s is %s: %s; verdict %s", c->name, c->check,
			 check != NULL ? inspect_result_name(check->result) : "absent", check != NULL ? check->evidence : "",
			 inspect_verdict_name(i->verdict));
	}
}

static void each_constraint_has_its_result(void **state)
{
	struct document_fixture d;
	struct buf sod = { 0 };

	(void)state;
	document_fixture(&d);
	assert_int_equal(buf_copy(&sod, lds_set_get(&d.files, LDS_SOD)).code, CC_OK);
	for (size_t k = 0; k < CONSTRAINTS; k++) {
		const struct constraint *c = &constraints[k];
		struct inspection i;

		assert_int_equal(lds_set_put(&d.files, LDS_SOD, buf_view(&sod)).code, CC_OK);
		document_edit_anchor(&d,
				     c->anchor.path != NULL ? &c->anchor : &(struct tlv_edit){ TLV_EDIT_APPEND, NULL, 0, "" });
		if (c->signer.path != NULL)
			document_edit_signer(&d, &c->signer);
		if (c->sod.path != NULL)
			document_edit(&d, LDS_SOD, &c->sod);
		judge(&d, &i);
		expect(&i, c);
		inspection_done(&i);
	}
	buf_done(&sod);
	document_fixture_done(&d);
	print_message("# count: %zu constraints on signer and country signer, each with its result\n", CONSTRAINTS);
}

/* INDEX.md: real signers list the parts of a name in another order and mix string types. */
static void the_same_name_in_another_form_is_the_same(void **state)
{
	struct document_fixture d;
	struct inspection i;
	struct bytes name;
	char reversed[512], *out = reversed;

	(void)state;
	document_fixture(&d);
	name = tlv_edit_at(lds_set_get(&d.files, LDS_SOD), "0/0/1/0/3/0/0/3");
	for (int k = 2; k >= 0; k--) {
		const char path[] = { '0', '/', (char)('0' + k), 0 };
		struct bytes rdn = tlv_edit_at(name, path);

		assert_true(2 * rdn.n < (size_t)(reversed + sizeof reversed - out));
		bytes_to_hex(rdn, out);
		/* PrintableString C stays; O and CN change their type. SET { SEQUENCE { OID of 5, string } } */
		if (k > 0)
			memcpy(out + 18, memcmp(out + 18, "0C", 2) == 0 ? "13" : "0C", 2);
		out += 2 * rdn.n;
	}
	document_edit_signer(&d, &(struct tlv_edit){ TLV_EDIT_VALUE, "0/3", 0, reversed });
	judge(&d, &i);
	inspect_expect(&i, "sod.signature", INSPECT_PASSED);
	inspect_expect(&i, "sod.chain", INSPECT_PASSED);
	assert_int_equal(i.verdict, INSPECT_GOOD);
	inspection_done(&i);
	document_fixture_done(&d);
}

static void sign_at(struct document_fixture *d, int64_t at_s)
{
	struct bytes old = tlv_edit_at(lds_set_get(&d->files, LDS_SOD), "0/0");
	struct cms_sign_params p = { .content_type = oid_lds_security_object,
				     .keystore = d->lds.keystore,
				     .key_label = "ds-1",
				     .signer = d->lds.ds,
				     .alg = document_alg(d),
				     .with_signing_time = true,
				     .signing_time_s = at_s };
	struct cms *parsed = NULL;
	struct buf cms = { 0 };

	assert_int_equal(cms_parse(old, &parsed, NULL).code, CC_OK);
	p.content = cms_content(parsed);
	assert_int_equal(cms_sign(&p, &cms, NULL).code, CC_OK);
	document_put_sod(d, buf_view(&cms));
	cms_free(&parsed);
	buf_done(&cms);
}

static void signing_time_against_now_and_the_keys_usage_period(void **state)
{
	static const struct {
		int64_t at_s;
		const char *used_to; /* GeneralizedTime of the private key usage period, or NULL */
		enum inspect_result want;
		const char *evidence;
		enum inspect_verdict verdict;
	} cases[] = {
		{ FIXTURE_NOW_S, NULL, INSPECT_PASSED, "while", INSPECT_GOOD },
		{ FIXTURE_NOW_S + DAY_S, NULL, INSPECT_PASSED, "while", INSPECT_GOOD },
		{ FIXTURE_NOW_S + DAY_S + 1, NULL, INSPECT_INCONCLUSIVE, "to come", INSPECT_UNDECIDED },
		{ FIXTURE_NOW_S, "32303235313230313030303030305A", INSPECT_REMARK, "usage period", INSPECT_GOOD },
	};

	(void)state;
	for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
		struct document_fixture d;
		struct inspection i;

		document_fixture(&d);
		sign_at(&d, cases[k].at_s);
		if (cases[k].used_to != NULL)
			document_edit_signer(&d, &(struct tlv_edit){ TLV_EDIT_VALUE, EXT_PRIVATE "/1/0/1", 0, cases[k].used_to });
		judge(&d, &i);
		inspect_expect(&i, "sod.signing-time", cases[k].want);
		inspect_expect_evidence(&i, "sod.signing-time", cases[k].evidence);
		assert_int_equal(i.verdict, cases[k].verdict);
		inspection_done(&i);
		document_fixture_done(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_constraint_has_its_result),
		cmocka_unit_test(the_same_name_in_another_form_is_the_same),
		cmocka_unit_test(signing_time_against_now_and_the_keys_usage_period),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
