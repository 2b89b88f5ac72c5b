/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/inspect_run.h"

#include "card/access/bac.h"
#include "card/access/pace.h"
#include "card/fs.h"
#include "card/lds/card_access.h"
#include "card/perso/gp.h"
#include "card/quirks.h"
#include "crypto/base/secret.h"
#include "crypto/base/tlv.h"
#include "card/sw.h"

#include <string.h>

#define CARD_ACCESS_MAX 4096

static bool is_transport(cc_status st)
{
	return st.code == CC_E_DEVICE || st.code == CC_E_NO_SERVICE || st.code == CC_E_MEMORY;
}

/* GP 11.3, H.6. Whatever is wrong with the answer, the chip is then one whose CPLC wasn't read. */
static cc_status recall_by_cplc(struct inspect_run *run)
{
	struct response r = { 0 };
	struct gp_cplc cplc;
	struct gp_command cmd;
	cc_status st;

	gp_get_data_build(0x9F7F, &cmd);
	st = channel_send(run->ch, &cmd.apdu, &r);
	if (!cc_failed(st) && r.sw == SW_OK && !cc_failed(gp_cplc_parse(buf_view(&r.data), &cplc))) {
		st = buf_copy(&run->cplc, bytes_of(cplc.raw, sizeof cplc.raw));
		quirks_recall(run->ch, buf_view(&run->cplc));
	}
	response_done(&r);
	if (is_transport(st))
		return st;
	cc_error_init(&run->ch->err);
	return cc_ok();
}

static cc_status start_again(struct inspect_run *run)
{
	cc_status st;

	channel_set_layer(run->ch, NULL);
	st = reader_reset(run->ch->reader);
	if (cc_failed(st)) {
		run->ch->err = run->ch->reader->err;
		return st;
	}
	quirks_recall(run->ch, bytes_of(NULL, 0));
	return run->p->read_cplc ? recall_by_cplc(run) : st;
}

/*
 * ICAO 9303-10 3.11.3: EF.CardAccess is in the master file. The Vietnamese card
 * answers 6D00 to SELECT MF and has the file selectable right after reset, so
 * the direct way comes first and the other only when it fails.
 */
static cc_status read_card_access(struct inspect_run *run, struct buf *ret)
{
	uint16_t sw;
	cc_status st = fs_read_ef(run->ch, FS_EF_CARD_ACCESS, CARD_ACCESS_MAX, ret, &sw);

	if (is_transport(st) || (!cc_failed(st) && sw == SW_OK))
		return st;
	if (cc_failed(st = fs_select_mf(run->ch, &sw)) || sw != SW_OK)
		return st;
	st = fs_read_ef(run->ch, FS_EF_CARD_ACCESS, CARD_ACCESS_MAX, ret, &sw);
	if (!cc_failed(st) && sw != SW_OK)
		buf_done(ret);
	return st;
}

static cc_status look_at_card_access(struct inspect_run *run)
{
	struct lds_set *files = &run->out->files;
	struct buf file = { 0 };
	cc_status st = read_card_access(run, &file);

	if (!cc_failed(st) && file.n > 0)
		st = lds_set_put(files, LDS_CARD_ACCESS, buf_view(&file));
	buf_done(&file);
	if (is_transport(st))
		return st;
	if (cc_failed(st)) {
		inspect_add_error(run, INSPECT_FAILED, "card-access.structure", "", &run->ch->err);
		return cc_ok();
	}
	if (!lds_set_has(files, LDS_CARD_ACCESS))
		return cc_ok();
	/* A malformed file is judged with the others, inspect_passive. */
	run->has_access_infos = !cc_failed(card_access_parse(lds_set_get(files, LDS_CARD_ACCESS), &run->access_infos, NULL));
	return cc_ok();
}

/* ---- PACE */
/* ICAO 9303-11 4.4.4.1: with more than one set of domain parameters MSE has to name one. */
static bool several_parameters(const struct inspect_run *run, unsigned chosen)
{
	for (size_t i = 0; i < run->access_infos.count; i++) {
		const struct security_info *info = &run->access_infos.items[i];
		unsigned id;

		if (info->kind == SECURITY_INFO_PACE_DOMAIN ||
		    (info->kind == SECURITY_INFO_PACE && security_info_id(info, &id) && id != chosen))
			return true;
	}
	return false;
}

/*
 * The first PACEInfo that we can do; chip authentication mapping before the others, because it proves the chip as well.
 * *ret_announced: there is one at all.
 */
static bool choose_pace(const struct inspect_run *run, struct pace_params *ret, bool *ret_announced)
{
	struct pace_params p;
	bool found = false;

	*ret_announced = false;
	for (size_t i = 0; run->has_access_infos && i < run->access_infos.count; i++) {
		const struct security_info *info = &run->access_infos.items[i];
		unsigned id;

		if (info->kind != SECURITY_INFO_PACE)
			continue;
		*ret_announced = true;
		if (!security_info_id(info, &id) || cc_failed(pace_params_from(info->oid, id, &p)) ||
		    (found && (p.mapping != PACE_CAM || ret->mapping == PACE_CAM)))
			continue;
		found = true;
		*ret = p;
		ret->ambiguous = several_parameters(run, id);
	}
	return found;
}

static cc_status keep_transcript(struct inspect_run *run, const struct pace_params *pace)
{
	struct inspect_transcript *t = &run->out->transcript;
	cc_status st = buf_copy(&t->pace_oid, pace->oid);

	if (!cc_failed(st))
		st = buf_copy(&t->pace_chip_point, buf_view(&run->pace.chip_public));
	if (!cc_failed(st) && run->pace.chip_auth.n > 0)
		st = buf_copy(&t->cam_point, buf_view(&run->pace.chip_mapping));
	if (!cc_failed(st) && run->pace.chip_auth.n > 0)
		st = buf_copy(&t->cam_data, buf_view(&run->pace.chip_auth));
	t->pace_parameter_id = pace->parameter_id;
	return st;
}

static cc_status run_pace(struct inspect_run *run, const struct pace_params *pace)
{
	const struct inspect_keys *k = run->p->keys;
	bool use_can = k->has_can && (run->p->prefer_can || !k->has_mrz);
	char mrz[64] = { 0 };
	char oid[64];
	cc_status st;

	if (use_can) {
		st = pace_authenticate(run->ch, pace, PACE_CAN, bytes_str(k->can), run->p->sys, &run->pace);
	} else {
		st = pace_mrz_input(k->document_number, k->birth, k->expiry, mrz);
		if (!cc_failed(st))
			st = pace_authenticate(run->ch, pace, PACE_MRZ, bytes_str(mrz), run->p->sys, &run->pace);
		cc_wipe(mrz, sizeof mrz);
	}
	if (!cc_failed(st))
		st = keep_transcript(run, pace);
	if (cc_failed(st))
		return st;
	run->pace_params = *pace;
	run->out->access = use_can ? INSPECT_ACCESS_PACE_CAN : INSPECT_ACCESS_PACE_MRZ;
	der_oid_text(pace->oid, oid, sizeof oid);
	inspect_add(run, INSPECT_PASSED, "access", "PACE %s (%s) parameter %u with the %s", oid, pace_mapping_name(pace),
		    pace->parameter_id, use_can ? "CAN" : "MRZ");
	return st;
}

/*
 * ICAO 9303-10 3.11.4: EF.CardSecurity is in the master file, which is still the present one. Wanted for chip
 * authentication mapping alone; a chip without it has the key in DG14 too.
 */
static cc_status read_card_security(struct inspect_run *run)
{
	struct buf file = { 0 };
	uint16_t sw = 0;
	cc_status st;

	if (run->pace_params.mapping != PACE_CAM)
		return cc_ok();
	st = fs_read_ef(run->ch, FS_EF_CARD_SECURITY, FS_FILE_MAX, &file, &sw);
	if (!cc_failed(st) && sw == SW_OK)
		buf_move(&run->out->files.files[LDS_CARD_SECURITY], &file);
	buf_done(&file);
	return is_transport(st) || run->ch->dead ? st : cc_ok();
}

/* ---- BAC, and chips without access control */
static cc_status select_application(struct inspect_run *run)
{
	char text[48];
	uint16_t sw;
	cc_status st = fs_select_aid(run->ch, fs_aid_emrtd, &sw);

	if (cc_failed(st) || sw == SW_OK)
		return st;
	inspect_add(run, INSPECT_UNAVAILABLE, "application", "SELECT A0000002471001: %s", sw_text(sw, text));
	return cc_fail(&run->out->err, CC_E_NOT_FOUND, "access.no-application", "%s", sw_text(sw, text));
}

static cc_status run_bac(struct inspect_run *run)
{
	const struct inspect_keys *k = run->p->keys;
	struct secret seed = { 0 };
	cc_status st = bac_key_seed(k->document_number, k->birth, k->expiry, &seed);

	if (!cc_failed(st))
		st = bac_authenticate(run->ch, &seed, run->p->sys);
	secret_done(&seed);
	if (cc_failed(st))
		return st;
	run->out->access = INSPECT_ACCESS_BAC;
	inspect_add(run, INSPECT_PASSED, "access", "BAC, 3DES secure messaging");
	return st;
}

/* A chip that lets everybody read: EF.COM without any key. */
static cc_status try_plain(struct inspect_run *run)
{
	struct buf com = { 0 };
	uint16_t sw = 0;
	cc_status st = fs_read_ef(run->ch, FS_EF_COM, CARD_ACCESS_MAX, &com, &sw);

	buf_done(&com);
	if (is_transport(st))
		return st;
	if (cc_failed(st) || sw != SW_OK) {
		inspect_add(run, INSPECT_UNAVAILABLE, "access", "the chip wants BAC, and no MRZ was given");
		return cc_fail(&run->out->err, CC_E_DENIED, "access.needs-mrz", "BAC");
	}
	inspect_add(run, INSPECT_NOT_APPLICABLE, "access", "the chip has no access control");
	return st;
}

/* A refused or failed access is a result of the inspection, and its end. */
static cc_status access_failed(struct inspect_run *run, cc_status st, const char *protocol)
{
	if (is_transport(st))
		return st;
	inspect_add_error(run, INSPECT_FAILED, "access", protocol, &run->ch->err);
	return st;
}

static cc_status open_without_pace(struct inspect_run *run)
{
	cc_status st = select_application(run);

	if (cc_failed(st))
		return st;
	if (!run->p->keys->has_mrz)
		return try_plain(run);
	st = run_bac(run);
	return cc_failed(st) ? access_failed(run, st, "BAC") : st;
}

/*
 * A fall from PACE to BAC weakens the reader to what the MRZ's entropy gives; an
 * attacker may force it. Never after a wrong password, and only when allowed.
 */
static cc_status fall_to_bac(struct inspect_run *run, cc_status why, const char *reason)
{
	cc_status st;

	if (is_transport(why))
		return why;
	if (why.code == CC_E_DENIED || !run->p->allow_bac || !run->p->keys->has_mrz) {
		(void)cc_fail(&run->out->err, why.code, run->ch->err.key != NULL ? run->ch->err.key : "access.pace-unsupported",
			      "%s", reason);
		inspect_add_error(run, INSPECT_FAILED, "access", "PACE", &run->out->err);
		return why;
	}
	inspect_add(run, INSPECT_INCONCLUSIVE, "access.downgrade", "PACE is announced, BAC was used: %s", reason);
	if (cc_failed(st = start_again(run)))
		return st;
	return open_without_pace(run);
}

/* Negotiation begins with a channel that knows nothing. */
static cc_status negotiate(struct channel *ch)
{
	struct channel_habits habits = ch->habits;
	cc_status st = channel_negotiate(ch);

	ch->habits = habits;
	return st;
}

cc_status inspect_open(struct inspect_run *run)
{
	struct pace_params pace;
	char reason[CC_ERROR_DETAIL_MAX];
	bool announced;
	cc_status st = start_again(run);

	if (cc_failed(st) || cc_failed(st = look_at_card_access(run)))
		return st;
	if (!run->ch->extended && cc_failed(st = negotiate(run->ch)))
		return st;
	if (!choose_pace(run, &pace, &announced)) {
		if (!announced)
			return open_without_pace(run);
		cc_error_init(&run->ch->err);
		return fall_to_bac(run, cc_code_status(CC_E_UNSUPPORTED), "no announced variant is supported here");
	}
	if (!run->p->keys->has_can && !run->p->keys->has_mrz) {
		inspect_add(run, INSPECT_UNAVAILABLE, "access", "the chip wants PACE, and neither MRZ nor CAN was given");
		return cc_fail(&run->out->err, CC_E_DENIED, "access.needs-key", "PACE");
	}
	if (!cc_failed(st = run_pace(run, &pace))) {
		if (cc_failed(st = read_card_security(run)))
			return st;
		return select_application(run);
	}
	memcpy(reason, run->ch->err.detail, sizeof reason);
	return fall_to_bac(run, st, reason);
}
