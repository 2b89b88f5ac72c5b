/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/inspect_run.h"

#include "card/fs.h"
#include "card/sw.h"

#include <stdio.h>

/* Reading ends for good when the transport or the secure session does. */
struct reading {
	struct inspect_run *run;
	bool session_lost;
};

static bool is_transport(cc_status st)
{
	return st.code == CC_E_DEVICE || st.code == CC_E_NO_SERVICE || st.code == CC_E_MEMORY;
}

/* *ret_sw: SW_OK when the file is in the set. */
static cc_status read_file(struct inspect_run *run, enum lds_file f, uint16_t *ret_sw)
{
	struct buf file = { 0 };
	cc_status st = fs_read_ef(run->ch, lds_file_fid(f), FS_FILE_MAX, &file, ret_sw);

	if (!cc_failed(st) && *ret_sw == SW_OK)
		buf_move(&run->out->files.files[f], &file);
	buf_done(&file);
	return st;
}

/* A lying file is a finding; a broken session is one too, and nothing more can be read. */
static void note_broken(struct reading *r, const char *id)
{
	inspect_add_error(r->run, INSPECT_FAILED, id, "", &r->run->ch->err);
	r->session_lost = r->run->ch->dead;
}

static cc_status read_top(struct reading *r, enum lds_file f, const char *id)
{
	char text[48];
	uint16_t sw = 0;
	cc_status st;

	if (r->session_lost)
		return cc_ok();
	st = read_file(r->run, f, &sw);
	if (is_transport(st))
		return st;
	if (cc_failed(st))
		note_broken(r, id);
	else if (sw != SW_OK)
		inspect_add(r->run, INSPECT_UNAVAILABLE, id, "%s: %s", lds_file_title(f), sw_text(sw, text));
	return cc_ok();
}

/*
 * A data group that EF.SOD signs must be there: leaving out DG14 or DG15 is how a
 * copy escapes the chip's own authentication. DG3 and DG4 are closed to readers
 * without extended access (ICAO 9303-10 4.7.3), which is another thing than gone;
 * every other one is open to whoever PACE or BAC let in (ICAO 9303-10 3.6, 4.6).
 */
static void note_missing(struct inspect_run *run, unsigned dg, uint16_t sw, bool is_signed)
{
	char text[48];
	bool closed = sw == SW_SECURITY_STATUS || sw == SW_CONDITIONS || sw == SW_SM_MISSING;
	bool extended = dg == 3 || dg == 4;

	if (closed && is_signed && !extended && run->out->access != INSPECT_ACCESS_NONE)
		inspect_add_dg(run, INSPECT_FAILED, "dg", dg, ".read", "%s, closed though it needs no extended access",
			       sw_text(sw, text));
	else if (closed)
		inspect_add_dg(run, INSPECT_UNAVAILABLE, "dg", dg, ".read", "%s%s", sw_text(sw, text),
			       extended ? ", needs terminal authentication" : "");
	else if (sw == SW_FILE_NOT_FOUND && !is_signed)
		inspect_add_dg(run, INSPECT_NOT_APPLICABLE, "dg", dg, ".read", "%s", sw_text(sw, text));
	else if (extended && sw != SW_FILE_NOT_FOUND)
		inspect_add_dg(run, INSPECT_INCONCLUSIVE, "dg", dg, ".read", "%s: neither there nor closed", sw_text(sw, text));
	else
		inspect_add_dg(run, INSPECT_FAILED, "dg", dg, ".read", "%s, though EF.%s lists it", sw_text(sw, text),
			       is_signed ? "SOD" : "COM");
}

static cc_status read_data_group(struct reading *r, unsigned dg, bool is_signed)
{
	uint16_t sw = 0;
	cc_status st = read_file(r->run, lds_dg(dg), &sw);
	char id[32];

	if (is_transport(st))
		return st;
	if (cc_failed(st)) {
		(void)snprintf(id, sizeof id, "dg%u.read", dg);
		note_broken(r, id);
	} else if (sw != SW_OK) {
		note_missing(r->run, dg, sw, is_signed);
	}
	return cc_ok();
}

cc_status inspect_read(struct inspect_run *run)
{
	struct reading r = { .run = run };
	struct lds_set *files = &run->out->files;
	uint32_t listed = 0, is_signed = 0;
	cc_status st;

	if (cc_failed(st = read_top(&r, LDS_COM, "com.read")) || cc_failed(st = read_top(&r, LDS_SOD, "sod.read")))
		return st;
	run->has_com = !cc_failed(ef_com_parse(lds_set_get(files, LDS_COM), &run->com, NULL));
	run->has_sod = !cc_failed(sod_parse(lds_set_get(files, LDS_SOD), &run->sod, NULL));
	if (run->has_com)
		listed |= ef_com_dg_mask(&run->com);
	if (run->has_sod)
		listed |= is_signed = sod_object_dg_mask(&run->sod.object);
	for (unsigned n = 1; n <= LDS_DG_LAST && !r.session_lost; n++) {
		uint32_t bit = 1u << (n - 1);

		if ((listed & bit) != 0 && cc_failed(st = read_data_group(&r, n, (is_signed & bit) != 0)))
			return st;
	}
	return cc_ok();
}
