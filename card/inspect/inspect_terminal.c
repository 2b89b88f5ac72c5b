/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/inspect_run.h"

#include "card/access/terminal_auth.h"
#include "card/fs.h"
#include "card/sw.h"
#include "crypto/base/tlv.h"

#include <string.h>

/* Terminal Authentication opens DG3 and DG4 (ICAO 9303-11 7.1); what a station without terminal keys says of them. */
#define TERMINAL "terminal-authentication"

static bool is_transport(cc_status st)
{
	return st.code == CC_E_DEVICE || st.code == CC_E_NO_SERVICE || st.code == CC_E_MEMORY;
}

static const struct security_info *announced(const struct inspect_run *run)
{
	const struct security_info *ta = NULL;

	if (run->has_dg14)
		ta = security_infos_find(&run->dg14_infos, SECURITY_INFO_TA);
	if (ta == NULL && run->has_access_infos)
		ta = security_infos_find(&run->access_infos, SECURITY_INFO_TA);
	return ta;
}

/* BSI TR-03110-3 A.1.1.3: FileID { fid, sfi }; without it 011C under the application. */
static uint16_t cvca_file(const struct security_info *ta)
{
	struct cursor in, seq;
	struct bytes fid;
	uint16_t id = FS_EF_CVCA;

	cursor_init(&in, ta->value);
	if (tlv_expect(&in, TLV_LENIENT, 0x30, &seq) && tlv_expect_bytes(&seq, TLV_LENIENT, 0x04, &fid)) {
		cursor_init(&in, fid);
		if (!cursor_u16(&in, &id) || cc_failed(cursor_end(&in)))
			id = FS_EF_CVCA;
	}
	return id;
}

/* The chip's trust points: PACE gave them when asked, EF.CVCA has them always. */
static cc_status read_trust(struct inspect_run *run, const struct security_info *ta, struct ef_cvca *ret)
{
	struct buf file = { 0 };
	char text[48];
	uint16_t sw = 0;
	cc_status st;

	if (run->pace.car[0][0] != '\0') {
		memcpy(ret->car, run->pace.car, sizeof ret->car);
		return cc_ok();
	}
	st = fs_read_raw(run->ch, cvca_file(ta), EF_CVCA_LEN, &file, &sw);

	if (!cc_failed(st) && sw != SW_OK)
		st = cc_fail(&run->ch->err, CC_E_NOT_FOUND, "access.terminal-no-path", "EF.CVCA: %s", sw_text(sw, text));
	if (!cc_failed(st) && cc_failed(st = ef_cvca_parse(buf_view(&file), ret)))
		st = cc_fail(&run->ch->err, st.code, "card.bad-answer", "EF.CVCA of %zu bytes", file.n);
	buf_done(&file);
	return st;
}

/* ICAO 9303-11 7.1.2: ID_IC is the chip's ephemeral key after PACE, the document number after BAC. */
static cc_status chip_id(struct inspect_run *run, struct buf *ret)
{
	char id[32];
	cc_status st;

	if (run->pace.chip_public.n > 0)
		return agree_compress(run->pace.group, buf_view(&run->pace.chip_public), ret);
	st = terminal_auth_bac_id(run->p->keys->document_number, id);
	return cc_failed(st) ? st : buf_copy(ret, bytes_str(id));
}

static cc_status authenticate(struct inspect_run *run, const struct security_info *ta, uint8_t *ret_rights)
{
	struct terminal_auth_params params = { .terminal = run->p->terminal, .compressed = buf_view(&run->ca_compressed) };
	struct buf id = { 0 };
	cc_status st = read_trust(run, ta, &params.trust);

	if (cc_failed(st))
		return st;
	if (cc_failed(st = chip_id(run, &id))) {
		cc_error_init(&run->ch->err);
		st = cc_fail(&run->ch->err, st.code, "access.crypto", "terminal authentication: identity of the chip");
	} else {
		params.chip_id = buf_view(&id);
		st = terminal_auth_run(run->ch, &params, ret_rights);
	}
	buf_done(&id);
	return st;
}

static bool wanted(const struct inspect_run *run, unsigned dg)
{
	bool listed = run->has_com && (ef_com_dg_mask(&run->com) & 1u << (dg - 1)) != 0;

	if (run->has_sod && sod_object_hash(&run->sod.object, dg).n > 0)
		listed = true;
	return listed && !lds_set_has(&run->out->files, lds_dg(dg));
}

/* What inspect_read and inspect_passive said of this data group is said anew. */
static cc_status read_opened(struct inspect_run *run, unsigned dg)
{
	struct buf file = { 0 };
	char text[48];
	uint16_t sw = 0;
	cc_status st = fs_read_ef(run->ch, FS_EF_DG(dg), FS_FILE_MAX, &file, &sw);

	if (is_transport(st))
		goto out;
	run->replacing = true;
	if (cc_failed(st)) {
		inspect_add_dg(run, INSPECT_FAILED, "dg", dg, ".read", "%s", run->ch->err.detail);
	} else if (sw != SW_OK) {
		inspect_add_dg(run, INSPECT_FAILED, "dg", dg, ".read", "%s, after terminal authentication", sw_text(sw, text));
	} else {
		inspect_add_dg(run, INSPECT_PASSED, "dg", dg, ".read", "%zu bytes after terminal authentication", file.n);
		buf_move(&run->out->files.files[lds_dg(dg)], &file);
		inspect_hash(run, dg);
	}
	run->replacing = false;
	st = cc_ok();
out:
	buf_done(&file);
	return st;
}

static cc_status run_terminal(struct inspect_run *run, const struct security_info *ta)
{
	const struct terminal *t = run->p->terminal;
	uint8_t rights = 0;
	cc_status st = authenticate(run, ta, &rights);

	if (is_transport(st))
		return st;
	if (st.code == CC_E_DENIED || st.code == CC_E_NOT_FOUND) {
		/* The chip's No is about this terminal, not about the document. */
		inspect_add_error(run, INSPECT_UNAVAILABLE, TERMINAL, "", &run->ch->err);
		return cc_ok();
	}
	if (cc_failed(st)) {
		inspect_add_error(run, inspect_result_of(st), TERMINAL, "", &run->ch->err);
		return cc_ok();
	}
	inspect_add(run, INSPECT_PASSED, TERMINAL, "as %s, rights DG3 %s, DG4 %s", t->certs[t->own].chr,
		    (rights & CVC_READ_DG3) != 0 ? "yes" : "no", (rights & CVC_READ_DG4) != 0 ? "yes" : "no");
	if ((rights & CVC_READ_DG3) != 0 && wanted(run, 3) && cc_failed(st = read_opened(run, 3)))
		return st;
	return (rights & CVC_READ_DG4) != 0 && wanted(run, 4) ? read_opened(run, 4) : cc_ok();
}

/* "Closed" is how a chip without the file looks like one that keeps it from us; it must say, then, how it is opened. */
static void note_unopenable(struct inspect_run *run)
{
	static const char *const ids[] = { "dg3.read", "dg4.read" };

	run->replacing = true;
	for (unsigned i = 0; i < 2; i++) {
		const struct inspect_check *c = inspection_find(run->out, ids[i]);

		if (c != NULL && c->result == INSPECT_UNAVAILABLE)
			inspect_add(run, INSPECT_INCONCLUSIVE, ids[i],
				    "closed, and the chip announces no terminal authentication that opens it");
	}
	run->replacing = false;
}

cc_status inspect_terminal(struct inspect_run *run)
{
	const struct security_info *ta = announced(run);

	if (run->ch != NULL && ta == NULL)
		note_unopenable(run);
	if (ta == NULL || run->ch == NULL)
		return cc_ok();
	if (run->p->terminal == NULL) {
		inspect_add(run, INSPECT_UNAVAILABLE, TERMINAL, "needs terminal authentication: no terminal keys here");
		return cc_ok();
	}
	if (run->ch->dead || run->ca_compressed.n == 0) {
		inspect_add(run, INSPECT_UNAVAILABLE, TERMINAL, "needs chip authentication before it");
		return cc_ok();
	}
	return run_terminal(run, ta);
}
