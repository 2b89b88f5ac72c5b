/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/lint_run.h"

#include "card/lds/dg15.h"
#include "crypto/pubkey.h"

#include <string.h>

/* The files against each other. */
static void list_groups(struct lint_run *run, enum lint_id id, uint32_t mask, struct bytes where)
{
	for (unsigned dg = 1; dg <= LDS_DG_LAST; dg++) {
		if ((mask & 1u << (dg - 1)) != 0)
			lint_add(run, id, where, "DG%u", dg);
	}
}

static void com_and_files(struct lint_run *run)
{
	uint32_t listed = ef_com_dg_mask(&run->com), there = lds_set_dg_mask(run->in->files);

	run->file = LDS_COM;
	run->bytes = lds_set_get(run->in->files, LDS_COM);
	list_groups(run, LINT_COM_FILE_ABSENT, listed & ~there, run->bytes);
	list_groups(run, LINT_COM_FILE_UNLISTED, there & ~listed, run->bytes);
}

/* ICAO 9303-10 4.6.1, 4.6.2.3: EF.COM of LDS 1.8 repeats what EF.SOD has signed. */
static void com_and_sod(struct lint_run *run)
{
	const struct sod_object *o = &run->sod.object;
	uint32_t com = ef_com_dg_mask(&run->com), sod = sod_object_dg_mask(o);
	bool v18 = strcmp(run->com.lds_version, "0108") == 0;

	run->file = LDS_COM;
	run->bytes = lds_set_get(run->in->files, LDS_COM);
	list_groups(run, LINT_COM_SOD_MORE, sod & ~com, run->bytes);
	list_groups(run, LINT_COM_SOD_LESS, com & ~sod, run->bytes);
	if (o->lds_version[0] != 0 && strcmp(o->lds_version, run->com.lds_version) != 0)
		lint_add(run, LINT_COM_SOD_VERSION, run->bytes, "LDS %s and %s", run->com.lds_version, o->lds_version);
	if (o->unicode_version[0] != 0 && strcmp(o->unicode_version, run->com.unicode_version) != 0)
		lint_add(run, LINT_COM_SOD_VERSION, run->bytes, "Unicode %s and %s", run->com.unicode_version,
			 o->unicode_version);
	if (v18 != (o->version == 1))
		lint_add(run, LINT_COM_VERSION_FORM, run->bytes, "LDS %s, security object version %u", run->com.lds_version,
			 o->version);
}

static bool comparable(const struct security_info *i)
{
	return i->kind == SECURITY_INFO_PACE || i->kind == SECURITY_INFO_CA || i->kind == SECURITY_INFO_TA;
}

static void lacking(struct lint_run *run, enum lint_id id, const struct security_infos *a, const struct security_infos *b,
		    bool pace_only)
{
	char oid[64];

	for (size_t i = 0; i < a->count; i++) {
		const struct security_info *info = &a->items[i];
		bool found = pace_only ? info->kind != SECURITY_INFO_PACE : !comparable(info);

		for (size_t k = 0; k < b->count && !found; k++)
			found = security_info_equal(info, &b->items[k]);
		if (found)
			continue;
		der_oid_text(info->oid, oid, sizeof oid);
		lint_add(run, id, info->whole, "%s", oid);
	}
}

static void access_and_dg14(struct lint_run *run)
{
	run->file = LDS_CARD_ACCESS;
	run->bytes = lds_set_get(run->in->files, LDS_CARD_ACCESS);
	lacking(run, LINT_ACCESS_DG14, &run->access, &run->dg14, false);
	run->file = (unsigned)lds_dg(14);
	run->bytes = lds_set_get(run->in->files, lds_dg(14));
	lacking(run, LINT_DG14_ACCESS, &run->dg14, &run->access, true);
}

/* ICAO 9303-11 9.2.9: an ECDSA key needs ActiveAuthenticationInfo. */
static void aa_and_dg14(struct lint_run *run)
{
	bool info = run->has_dg14 && security_infos_find(&run->dg14, SECURITY_INFO_AA) != NULL;
	struct bytes dg15 = lds_set_get(run->in->files, lds_dg(15));
	struct pubkey *key = NULL;

	if (dg15.n == 0) {
		if (info)
			lint_add(run, LINT_INFOS_AA_NO_KEY, run->bytes, "no DG15");
		return;
	}
	if (!cc_failed(dg15_parse(dg15, &key, NULL)) && pubkey_kind(key) == PUBKEY_EC && !info)
		lint_add(run, LINT_INFOS_AA_MISSING, run->bytes, "DG15 is an elliptic curve key");
	pubkey_free(&key);
}

void lint_agree(struct lint_run *run)
{
	if (run->has_com)
		com_and_files(run);
	if (run->has_com && run->has_sod)
		com_and_sod(run);
	if (run->has_access && run->has_dg14)
		access_and_dg14(run);
	run->file = (unsigned)lds_dg(14);
	run->bytes = lds_set_get(run->in->files, lds_dg(14));
	aa_and_dg14(run);
}
