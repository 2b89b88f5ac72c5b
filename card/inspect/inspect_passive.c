/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/inspect_run.h"

#include "card/lds/card_access.h"
#include "card/lds/dg14.h"
#include "crypto/base/tlv.h"

#include <stdio.h>
#include <string.h>

/* Passive Authentication, ICAO 9303-11 5.1, and the agreement of the files with each other. */

static void list_groups(uint32_t mask, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = 0;
	for (unsigned dg = 1; dg <= LDS_DG_LAST; dg++) {
		if ((mask & 1u << (dg - 1)) != 0 && n + 4 < cap)
			n += (size_t)snprintf(out + n, cap - n, "%s%u", n > 0 ? " " : "", dg);
	}
}

static void check_com(struct inspect_run *run)
{
	struct bytes file = lds_set_get(&run->out->files, LDS_COM);
	struct cc_error err;
	char groups[64];

	cc_error_init(&err);
	if (file.n == 0) {
		inspect_add(run, INSPECT_UNAVAILABLE, "com.structure", "no EF.COM");
		return;
	}
	run->has_com = !cc_failed(ef_com_parse(file, &run->com, &err));
	if (!run->has_com) {
		inspect_add_error(run, INSPECT_FAILED, "com.structure", "", &err);
		return;
	}
	list_groups(ef_com_dg_mask(&run->com), groups, sizeof groups);
	inspect_add(run, INSPECT_PASSED, "com.structure", "LDS %s, Unicode %s, DG %s", run->com.lds_version,
		    run->com.unicode_version, groups);
}

/* ---- EF.SOD */
static bool check_sod_structure(struct inspect_run *run)
{
	struct bytes file = lds_set_get(&run->out->files, LDS_SOD);
	struct cc_error err;
	char groups[64];
	cc_status st;

	cc_error_init(&err);
	if (file.n == 0) {
		inspect_add(run, INSPECT_UNAVAILABLE, "sod.structure", "no EF.SOD");
		return false;
	}
	sod_done(&run->sod);
	st = sod_parse(file, &run->sod, &err);
	run->has_sod = !cc_failed(st);
	if (run->has_sod)
		st = cms_check_shape(run->sod.cms, &err);
	if (cc_failed(st)) {
		inspect_add_error(run, inspect_result_of(st), "sod.structure", "", &err);
		return false;
	}
	list_groups(sod_object_dg_mask(&run->sod.object), groups, sizeof groups);
	inspect_add(run, INSPECT_PASSED, "sod.structure", "SignedData version %u, LDS object version %u, %s, DG %s",
		    cms_version(run->sod.cms), run->sod.object.version, hash_name(run->sod.object.alg), groups);
	return true;
}

/* Equal to a list that nobody signed proves nothing; different from it is still wrong. */
void inspect_hash(struct inspect_run *run, unsigned dg)
{
	struct bytes file = lds_set_get(&run->out->files, lds_dg(dg));
	struct digest have = { 0 };
	char hex[140];
	cc_status st;

	if (file.n == 0) {
		if (sod_object_hash(&run->sod.object, dg).n > 0)
			inspect_add_dg(run, INSPECT_UNAVAILABLE, "sod.dg", dg, "", "signed, not read");
		return;
	}
	st = sod_check_file(&run->sod, dg, file, &have);
	inspect_hex(bytes_of(have.p, have.n), hex, sizeof hex);
	if (st.code == CC_E_NOT_FOUND)
		inspect_add_dg(run, INSPECT_FAILED, "sod.dg", dg, "", "not in EF.SOD: unsigned content");
	else if (st.code == CC_E_VERIFY)
		inspect_add_dg(run, INSPECT_FAILED, "sod.dg", dg, "", "hash differs: %s", hex);
	else if (cc_failed(st))
		inspect_add_dg(run, INSPECT_INCONCLUSIVE, "sod.dg", dg, "", "%s", cc_code_name(st.code));
	else if (!run->sod_signed)
		inspect_add_dg(run, INSPECT_INCONCLUSIVE, "sod.dg", dg, "", "equal to a list without a good signature: %s", hex);
	else
		inspect_add_dg(run, INSPECT_PASSED, "sod.dg", dg, "", "%s", hex);
}

static void check_sod(struct inspect_run *run)
{
	const struct cert *signer = NULL;
	bool structure = check_sod_structure(run), chain = false;

	if (!run->has_sod)
		return;
	inspect_encoding(run);
	run->sod_signed = inspect_signature(run, &signer) && structure;
	if (signer != NULL)
		chain = inspect_chain(run, signer);
	run->sod_authentic = run->sod_signed && chain;
	for (unsigned dg = 1; dg <= LDS_DG_LAST; dg++)
		inspect_hash(run, dg);
}

/* ICAO 9303-10 4.6.1: EF.COM is not signed; the list that counts is EF.SOD's. */
static void check_com_against_sod(struct inspect_run *run)
{
	uint32_t com, sod;
	char more[64], less[64];

	if (!run->has_com || !run->has_sod) {
		inspect_add(run, INSPECT_UNAVAILABLE, "com.sod", "needs EF.COM and EF.SOD");
		return;
	}
	com = ef_com_dg_mask(&run->com);
	sod = sod_object_dg_mask(&run->sod.object);
	if (run->sod.object.version == 1 && run->sod.object.lds_version[0] != 0 &&
	    strcmp(run->sod.object.lds_version, run->com.lds_version) != 0) {
		inspect_add(run, INSPECT_FAILED, "com.sod", "LDS %s in EF.COM, %s in EF.SOD", run->com.lds_version,
			    run->sod.object.lds_version);
		return;
	}
	list_groups(com & ~sod, more, sizeof more);
	list_groups(sod & ~com, less, sizeof less);
	if (com == sod)
		inspect_add(run, INSPECT_PASSED, "com.sod", "the same data groups");
	else
		inspect_add(run, INSPECT_FAILED, "com.sod", "only in EF.COM: [%s]; only in EF.SOD: [%s]", more, less);
}

/* ---- EF.CardAccess against DG14 */
static bool comparable(const struct security_info *i)
{
	return i->kind == SECURITY_INFO_PACE || i->kind == SECURITY_INFO_CA || i->kind == SECURITY_INFO_TA;
}

/* The first info of `a` that `b` lacks; PACE only, or all that are comparable. */
static const struct security_info *lacking(const struct security_infos *a, const struct security_infos *b, bool pace_only)
{
	for (size_t i = 0; i < a->count; i++) {
		bool found = false;

		if (pace_only ? a->items[i].kind != SECURITY_INFO_PACE : !comparable(&a->items[i]))
			continue;
		for (size_t k = 0; k < b->count && !found; k++)
			found = security_info_equal(&a->items[i], &b->items[k]);
		if (!found)
			return &a->items[i];
	}
	return NULL;
}

static void parse_dg14(struct inspect_run *run)
{
	struct bytes file = lds_set_get(&run->out->files, lds_dg(14));
	struct cc_error err;

	cc_error_init(&err);
	if (file.n == 0)
		return;
	run->has_dg14 = !cc_failed(dg14_parse(file, &run->dg14_infos, &err));
	if (!run->has_dg14)
		inspect_add_error(run, INSPECT_FAILED, "dg14.structure", "", &err);
}

/* ICAO 9303-11 9.2: what EF.CardAccess says unsigned, DG14 says signed; a difference is how PACE is taken away. */
static void compare_infos(struct inspect_run *run)
{
	const struct security_info *only_access = lacking(&run->access_infos, &run->dg14_infos, false);
	const struct security_info *only_dg14 = lacking(&run->dg14_infos, &run->access_infos, true);
	char oid[64];

	if (only_access != NULL || only_dg14 != NULL) {
		der_oid_text(only_access != NULL ? only_access->oid : only_dg14->oid, oid, sizeof oid);
		inspect_add(run, INSPECT_FAILED, "card-access.dg14", "%s is only in %s", oid,
			    only_access != NULL ? "EF.CardAccess" : "DG14");
		return;
	}
	if (!inspect_dg_signed(run, 14)) {
		inspect_add(run, INSPECT_INCONCLUSIVE, "card-access.dg14", "equal, but DG14 itself isn't proven");
		return;
	}
	inspect_add(run, INSPECT_PASSED, "card-access.dg14", "each PACE, CA and TA info is also in the signed DG14");
}

static void check_card_access(struct inspect_run *run)
{
	struct bytes file = lds_set_get(&run->out->files, LDS_CARD_ACCESS);
	struct cc_error err;
	bool dg14_pace;

	cc_error_init(&err);
	if (!run->has_access_infos && file.n > 0) {
		run->has_access_infos = !cc_failed(card_access_parse(file, &run->access_infos, &err));
		if (!run->has_access_infos)
			inspect_add_error(run, INSPECT_FAILED, "card-access.structure", "", &err);
	}
	dg14_pace = run->has_dg14 && security_infos_find(&run->dg14_infos, SECURITY_INFO_PACE) != NULL;
	if (run->has_access_infos && run->has_dg14)
		compare_infos(run);
	else if (run->has_access_infos)
		inspect_add(run, INSPECT_INCONCLUSIVE, "card-access.dg14",
			    "EF.CardAccess without DG14: nothing signed to compare");
	else if (dg14_pace && run->ch != NULL)
		inspect_add(run, INSPECT_FAILED, "card-access.dg14", "the signed DG14 announces PACE, the chip hides it");
	else if (dg14_pace)
		inspect_add(run, INSPECT_UNAVAILABLE, "card-access.dg14", "no EF.CardAccess");
	else
		inspect_add(run, INSPECT_NOT_APPLICABLE, "card-access.dg14", "no PACE");
}

void inspect_passive(struct inspect_run *run)
{
	check_com(run);
	check_sod(run);
	check_com_against_sod(run);
	parse_dg14(run);
	inspect_aa_key(run);
	check_card_access(run);
	inspect_card_security(run);
}
