/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/defect_list.h"

#include "crypto/asn1.h"
#include "crypto/base/tlv.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/document_fixture.h"
#include "tests/support/inspect_expect.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OID_BSI "0.4.0.127.0.7.3.1.5"
#define OID_ICAO "2.23.136.1.1.7"

static int setup(void **state)
{
	struct document_fixture *d = calloc(1, sizeof *d);

	document_fixture(d);
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	document_fixture_done(*state);
	free(*state);
	return 0;
}

/* Content bytes of a dotted identifier whose arcs are below 128, or 136 (ICAO). */
static struct bytes oid_of(const char *text, uint8_t out[32])
{
	size_t n = 0;
	char *end = NULL;
	unsigned long first = strtoul(text, &end, 10), arc;

	for (text = end + 1; *end != 0; text = end + 1) {
		arc = strtoul(text, &end, 10);
		if (n == 0)
			arc += 40 * first;
		if (arc >= 128)
			out[n++] = (uint8_t)(0x80 | arc >> 7);
		out[n++] = (uint8_t)(arc & 0x7F);
	}
	return bytes_of(out, n);
}

/* A signed list of one defect of this document's signer. by: issuer and serial, key identifier, or digest. */
enum by { BY_ISSUER, BY_SKI, BY_DIGEST, BY_OTHER };

static void put_signer(struct writer *w, const struct document_fixture *d, enum by by)
{
	if (by == BY_SKI || by == BY_DIGEST) {
		tlv_put(w, 0x80, by == BY_SKI ? cert_ski(d->lds.ds) : BYTES_LITERAL("\x01"));
		return;
	}
	tlv_open(w, 0x30);
	writer_put(w, cert_issuer(d->lds.ds));
	tlv_put(w, 0x02, by == BY_OTHER ? BYTES_LITERAL("\x55") : cert_serial(d->lds.ds));
	tlv_close(w);
}

static void put_bsi(struct writer *w, const struct document_fixture *d, enum by by, struct bytes oid, struct bytes params)
{
	struct digest digest;

	put_signer(w, d, by);
	if (by == BY_DIGEST) {
		assert_int_equal(hash_digest(HASH_SHA256, cert_der(d->lds.ds), &digest).code, CC_OK);
		tlv_put(w, 0x04, bytes_of(digest.p, digest.n));
	}
	tlv_open(w, 0x31);
	tlv_open(w, 0x30);
	der_put_oid(w, oid);
	writer_put(w, params);
	tlv_close(w);
	tlv_close(w);
}

static void put_icao(struct writer *w, const struct document_fixture *d, enum by by, struct bytes oid, struct bytes params)
{
	tlv_open(w, 0x30);
	tlv_put(w, 0x80, bytes_str("ID"));
	tlv_open(w, 0xA1);
	put_signer(w, d, by);
	tlv_close(w);
	tlv_close(w);
	tlv_open(w, 0x31);
	tlv_open(w, 0x30);
	tlv_put(w, 0x13, bytes_str("known"));
	der_put_oid(w, oid);
	if (params.n > 0)
		tlv_put(w, 0xA0, params);
	tlv_close(w);
	tlv_close(w);
}

static void make_list(struct document_fixture *d, enum by by, const char *oid, struct bytes params, struct buf *ret)
{
	bool icao = strncmp(oid, OID_ICAO, strlen(OID_ICAO)) == 0;
	uint8_t list[32], kind[32];
	struct bytes kind_oid = oid_of(oid, kind);
	struct buf content = { 0 };
	struct writer w;

	writer_init(&w, 65536);
	tlv_open(&w, 0x30);
	der_put_uint(&w, 0);
	der_put_oid(&w, hash_oid(HASH_SHA256));
	tlv_open(&w, 0x31);
	tlv_open(&w, 0x30);
	(icao ? put_icao : put_bsi)(&w, d, by, kind_oid, params);
	tlv_close(&w);
	tlv_close(&w);
	tlv_close(&w);
	assert_int_equal(writer_finish(&w, &content).code, CC_OK);
	document_cms(d, oid_of(icao ? OID_ICAO : OID_BSI, list), buf_view(&content), d->lds.ds, document_alg(d), ret);
	buf_done(&content);
}

static struct inspect_params params_of(const struct document_fixture *d)
{
	return (struct inspect_params){ .trust = d->lds.trust, .now_s = FIXTURE_NOW_S, .sys = &d->lds.sys.sys };
}

/* The document inspected, then the list applied; the number of defects. */
static size_t judge(struct document_fixture *d, enum by by, const char *oid, struct bytes params, struct inspection *i)
{
	const struct inspect_params p = params_of(d);
	struct defect_list *list = NULL;
	struct buf der = { 0 };
	size_t count = 9;

	make_list(d, by, oid, params, &der);
	assert_int_equal(defect_list_parse(buf_view(&der), d->lds.trust, FIXTURE_NOW_S, &list, NULL).code, CC_OK);
	assert_int_equal(defect_list_count(list), 1);
	memset(i, 0, sizeof *i);
	assert_int_equal(inspect_files(&d->files, &p, i).code, CC_OK);
	assert_int_equal(defect_list_apply(list, &p, i, &count).code, CC_OK);
	defect_list_free(&list);
	buf_done(&der);
	return count;
}

/* ---- the cases */
static void a_list_of_another_signer_changes_nothing(void **state)
{
	struct inspection i;

	assert_int_equal(judge(*state, BY_OTHER, OID_BSI ".1.1", BYTES_LITERAL("\x0A\x01\x03"), &i), 0);
	assert_int_equal(i.verdict, INSPECT_GOOD);
	assert_null(inspection_find(&i, "defect.1"));
	inspection_done(&i);
}

static void a_revoked_signer_must_not_be_used(void **state)
{
	static const enum by ways[] = { BY_ISSUER, BY_SKI, BY_DIGEST };
	struct inspection i;

	for (size_t k = 0; k < 3; k++) {
		assert_int_equal(judge(*state, ways[k], OID_BSI ".1.1", BYTES_LITERAL("\x0A\x01\x03"), &i), 1);
		assert_int_equal(i.verdict, INSPECT_BAD);
		inspect_expect(&i, "defect.1", INSPECT_FAILED);
		inspection_done(&i);
	}
}

static void a_wrong_sod_signature_that_is_known_is_undetermined(void **state)
{
	static const char *const oids[] = { OID_BSI ".2.2", OID_ICAO ".2.3" };
	struct document_fixture *d = *state;
	struct buf saved = { 0 };
	struct inspection i;

	assert_int_equal(buf_copy(&saved, lds_set_get(&d->files, LDS_SOD)).code, CC_OK);
	document_edit(d, LDS_SOD, &(struct tlv_edit){ TLV_EDIT_PATCH, "0/0/1/0/4/0/5", 10, "000000" });
	for (size_t k = 0; k < 2; k++) {
		assert_int_equal(judge(d, BY_ISSUER, oids[k], bytes_of(NULL, 0), &i), 1);
		inspect_expect(&i, "sod.signature", INSPECT_INCONCLUSIVE);
		assert_int_equal(i.verdict, INSPECT_UNDECIDED);
		inspection_done(&i);
	}
	/* another defect doesn't excuse it */
	assert_int_equal(judge(d, BY_ISSUER, OID_ICAO ".2.4", bytes_of(NULL, 0), &i), 1);
	inspect_expect(&i, "sod.signature", INSPECT_FAILED);
	assert_int_equal(i.verdict, INSPECT_BAD);
	inspection_done(&i);
	buf_move(&d->files.files[LDS_SOD], &saved);
}

static void a_malformed_group_is_excused_alone(void **state)
{
	struct document_fixture *d = *state;
	struct buf saved = { 0 };
	struct inspection i;

	assert_int_equal(buf_copy(&saved, lds_set_get(&d->files, lds_dg(11))).code, CC_OK);
	document_edit(d, lds_dg(11), &(struct tlv_edit){ TLV_EDIT_REMOVE, "0/0", 0, NULL });
	document_sign(d, true);
	assert_int_equal(judge(d, BY_ISSUER, OID_BSI ".2.1", BYTES_LITERAL("\x31\x03\x02\x01\x0B"), &i), 1);
	inspect_expect(&i, "dg11.structure", INSPECT_INCONCLUSIVE);
	assert_int_equal(i.verdict, INSPECT_UNDECIDED);
	inspection_done(&i);
	assert_int_equal(judge(d, BY_ISSUER, OID_BSI ".2.1", BYTES_LITERAL("\x31\x03\x02\x01\x0C"), &i), 1);
	inspect_expect(&i, "dg11.structure", INSPECT_FAILED);
	inspection_done(&i);
	assert_int_equal(judge(d, BY_ISSUER, OID_ICAO ".2.1", BYTES_LITERAL("\x02\x01\x0B"), &i), 1);
	inspect_expect(&i, "dg11.structure", INSPECT_INCONCLUSIVE);
	inspection_done(&i);
	buf_move(&d->files.files[lds_dg(11)], &saved);
	document_sign(d, true);
}

static void other_excuses(void **state)
{
	static const struct {
		const char *oid, *params, *check;
		enum lds_file file;
		struct tlv_edit edit;
	} cases[] = {
		{ OID_ICAO ".2.2", "02010B", "sod.dg11", LDS_DG1 + 10, { TLV_EDIT_PATCH, "0/4", 0, "41" } },
		{ OID_ICAO ".2.4", "", "com.sod", LDS_COM, { TLV_EDIT_VALUE, "0/2", 0, "6175" } },
		{ OID_ICAO ".1.1", "", "sod.chain", LDS_SOD, { TLV_EDIT_PATCH, "0/0/1/0/3/0/2", 12, "000000" } },
		{ OID_ICAO ".1.2", "0A0101", "sod.chain", LDS_SOD, { TLV_EDIT_PATCH, "0/0/1/0/3/0/2", 12, "000000" } },
		{ OID_ICAO ".1.3", "0A0101", "sod.chain", LDS_SOD, { TLV_EDIT_PATCH, "0/0/1/0/3/0/2", 12, "000000" } },
	};
	struct document_fixture *d = *state;

	for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
		struct buf saved = { 0 }, params = vectors_from_hex(cases[k].params);
		struct inspection i;

		assert_int_equal(buf_copy(&saved, lds_set_get(&d->files, cases[k].file)).code, CC_OK);
		document_edit(d, cases[k].file, &cases[k].edit);
		assert_int_equal(judge(d, BY_ISSUER, cases[k].oid, buf_view(&params), &i), 1);
		inspect_expect(&i, cases[k].check, INSPECT_INCONCLUSIVE);
		assert_int_equal(i.verdict, INSPECT_UNDECIDED);
		inspection_done(&i);
		buf_move(&d->files.files[cases[k].file], &saved);
		buf_done(&params);
	}
}

/* Checks of the chip and of the MRZ, set by hand: here is no chip. */
static void keys_that_are_revoked_prove_nothing(void **state)
{
	static const struct {
		const char *oid, *check;
		enum inspect_result before, after;
	} cases[] = {
		{ OID_BSI ".1.3", "chip-authentication", INSPECT_PASSED, INSPECT_INCONCLUSIVE },
		{ OID_BSI ".1.3", "chip-authentication", INSPECT_FAILED, INSPECT_INCONCLUSIVE },
		{ OID_BSI ".1.4", "active-authentication", INSPECT_PASSED, INSPECT_INCONCLUSIVE },
		{ OID_ICAO ".1.4", "active-authentication", INSPECT_PASSED, INSPECT_INCONCLUSIVE },
		{ OID_BSI ".1.3", "active-authentication", INSPECT_PASSED, INSPECT_PASSED },
		{ OID_ICAO ".4", "active-authentication", INSPECT_FAILED, INSPECT_INCONCLUSIVE },
		{ OID_ICAO ".4", "active-authentication", INSPECT_PASSED, INSPECT_PASSED },
		{ OID_ICAO ".3.1", "mrz.access", INSPECT_FAILED, INSPECT_INCONCLUSIVE },
		{ OID_ICAO ".3.2", "mrz.digits", INSPECT_FAILED, INSPECT_INCONCLUSIVE },
		{ OID_BSI ".4.1", "chip-authentication-mapping", INSPECT_FAILED, INSPECT_INCONCLUSIVE },
		{ OID_BSI ".4.3", "active-authentication", INSPECT_PASSED, INSPECT_PASSED },
	};
	struct document_fixture *d = *state;
	const struct inspect_params p = params_of(d);

	for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
		struct defect_list *list = NULL;
		struct buf der = { 0 };
		struct inspection i = { 0 };
		size_t count = 0;

		make_list(d, BY_ISSUER, cases[k].oid, bytes_of(NULL, 0), &der);
		assert_int_equal(defect_list_parse(buf_view(&der), d->lds.trust, FIXTURE_NOW_S, &list, NULL).code, CC_OK);
		assert_int_equal(lds_set_put(&i.files, LDS_SOD, lds_set_get(&d->files, LDS_SOD)).code, CC_OK);
		i.check_count = 1;
		i.checks[0].result = cases[k].before;
		(void)snprintf(i.checks[0].id, sizeof i.checks[0].id, "%s", cases[k].check);
		assert_int_equal(defect_list_apply(list, &p, &i, &count).code, CC_OK);
		assert_int_equal(count, 1);
		inspect_expect(&i, cases[k].check, cases[k].after);
		inspect_expect(&i, "defect.1", INSPECT_REMARK);
		inspection_done(&i);
		defect_list_free(&list);
		buf_done(&der);
	}
}

static void the_replacement_certificate_is_used(void **state)
{
	struct document_fixture *d = *state;
	struct inspection i;

	/* the same certificate again: good; the country signer's: not the signer's key */
	assert_int_equal(judge(d, BY_ISSUER, OID_BSI ".1.2", cert_der(d->lds.ds), &i), 1);
	inspect_expect(&i, "sod.signature", INSPECT_PASSED);
	inspect_expect_evidence(&i, "sod.signature", "replacement");
	assert_int_equal(i.verdict, INSPECT_GOOD);
	inspection_done(&i);
	assert_int_equal(judge(d, BY_ISSUER, OID_BSI ".1.2", cert_der(d->lds.csca), &i), 1);
	inspect_expect(&i, "sod.signature", INSPECT_FAILED);
	inspection_done(&i);
}

/* TR-03135-1 5.8: unknown below .1 and .2 refuses, elsewhere it is told. */
static void unknown_defects_follow_the_rule(void **state)
{
	static const struct {
		const char *oid;
		enum inspect_verdict verdict;
	} cases[] = { { OID_BSI ".1.99", INSPECT_BAD },
		      { OID_BSI ".2.99", INSPECT_BAD },
		      { OID_BSI ".3.99", INSPECT_GOOD },
		      { OID_BSI ".4.99", INSPECT_GOOD },
		      { OID_ICAO ".9", INSPECT_GOOD } };
	struct inspection i;

	for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
		assert_int_equal(judge(*state, BY_ISSUER, cases[k].oid, bytes_of(NULL, 0), &i), 1);
		assert_int_equal(i.verdict, cases[k].verdict);
		inspection_done(&i);
	}
}

static void only_a_trusted_list_counts(void **state)
{
	struct document_fixture *d = *state;
	struct defect_list *list = NULL;
	struct trust *nobody = NULL;
	struct buf der = { 0 }, changed = { 0 };

	make_list(d, BY_ISSUER, OID_BSI ".2.2", bytes_of(NULL, 0), &der);
	assert_int_equal(trust_new(&nobody).code, CC_OK);
	assert_int_equal(defect_list_parse(buf_view(&der), nobody, FIXTURE_NOW_S, &list, NULL).code, CC_E_VERIFY);
	assert_int_equal(defect_list_parse(buf_view(&der), NULL, FIXTURE_NOW_S, &list, NULL).code, CC_E_VERIFY);
	/* the signer itself is trusted */
	assert_int_equal(trust_add(nobody, cert_der(d->lds.ds), NULL).code, CC_OK);
	assert_int_equal(defect_list_parse(buf_view(&der), nobody, FIXTURE_NOW_S, &list, NULL).code, CC_OK);
	defect_list_free(&list);
	tlv_edit(buf_view(&der), &(struct tlv_edit){ TLV_EDIT_PATCH, "0/1/0/4/0/5", 10, "000000" }, &changed);
	assert_int_equal(defect_list_parse(buf_view(&changed), d->lds.trust, FIXTURE_NOW_S, &list, NULL).code, CC_E_VERIFY);
	for (size_t n = 0; n < der.n; n += 7)
		assert_true(cc_failed(defect_list_parse(bytes_of(der.p, n), d->lds.trust, FIXTURE_NOW_S, &list, NULL)));
	/* another content type */
	document_cms(d, oid_lds_security_object, BYTES_LITERAL("\x30\x00"), d->lds.ds, document_alg(d), &der);
	assert_int_equal(defect_list_parse(buf_view(&der), d->lds.trust, FIXTURE_NOW_S, &list, NULL).code, CC_E_FORMAT);
	trust_free(&nobody);
	buf_done(&der);
	buf_done(&changed);
}

static void out_of_memory_is_told(void **state)
{
	struct document_fixture *d = *state;
	struct defect_list *list = NULL;
	struct buf der = { 0 };

	make_list(d, BY_ISSUER, OID_BSI ".2.2", bytes_of(NULL, 0), &der);
	for (size_t k = 1; alloc_fault_next(&k);) {
		cc_status st = defect_list_parse(buf_view(&der), d->lds.trust, FIXTURE_NOW_S, &list, NULL);

		if (alloc_fault_end())
			assert_true(cc_failed(st));
		else
			assert_int_equal(st.code, CC_OK);
		defect_list_free(&list);
	}
	buf_done(&der);
}

/* Every entry of the collection has its row. Those without an identifier can't stand in a list. */
static void the_collection_is_covered(void **state)
{
	static const char *const lists[] = { "bsi_defect_list.types", "icao_deviation_list.types" };
	json_t *file = vectors_open("11_defects/deviations_and_defects.json");
	size_t known = 0, without = 0;

	(void)state;
	if (file == NULL)
		skip();
	for (size_t l = 0; l < 2; l++) {
		json_t *types = vectors_at(file, lists[l]), *type;
		size_t k;

		json_array_foreach(types, k, type)
		{
			const char *oid = json_string_value(json_object_get(type, "oid"));
			const char *name = json_string_value(json_object_get(type, "name"));
			const struct defect_kind *kind;
			uint8_t bytes[32];

			if (oid[0] < '0' || oid[0] > '9') {
				without++;
				continue;
			}
			kind = defect_kind_of(oid_of(oid, bytes));
			assert_string_equal(kind->oid, oid);
			assert_string_equal(kind->name, name);
			known++;
		}
	}
	assert_int_equal(known, defect_kind_count());
	print_message("# count: %zu defects and deviations with their verdict, %zu of the collection have no identifier\n", known,
		      without);
	json_decref(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_of_another_signer_changes_nothing),
		cmocka_unit_test(a_revoked_signer_must_not_be_used),
		cmocka_unit_test(a_wrong_sod_signature_that_is_known_is_undetermined),
		cmocka_unit_test(a_malformed_group_is_excused_alone),
		cmocka_unit_test(other_excuses),
		cmocka_unit_test(keys_that_are_revoked_prove_nothing),
		cmocka_unit_test(the_replacement_certificate_is_used),
		cmocka_unit_test(unknown_defects_follow_the_rule),
		cmocka_unit_test(only_a_trusted_list_counts),
		cmocka_unit_test(out_of_memory_is_told),
		cmocka_unit_test(the_collection_is_covered),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
