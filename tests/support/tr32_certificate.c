/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tr32.h"

#include <string.h>

/* Unit ISO7816_J: Verify Certificate. */

#define DELETED(text) 0, NULL, 0, "deleted from the catalogue: " text

static bool chain_good(struct tr32_rig *r, int arg)
{
	(void)arg;
	return tr32_start(r) && tr32_chain(r, TR32_DOMESTIC | TR32_BOTH, TR32_BOTH) && tr32_closed(r, 3);
}

/* Nothing of a refused verifier is kept: its name selects no key. */
static bool nothing_kept(struct tr32_rig *r)
{
	return tr32_refused(r, "MSE:Set DST of the refused one", chip_cv_set_dst(&r->t, TR32_DV));
}

static bool verifier_refused(struct tr32_rig *r, const struct chip_cv *dv)
{
	return tr32_start(r) && tr32_refused(r, "the certificate", tr32_present(r, TR32_CVCA, dv, TR32_KEY_CVCA)) &&
	       nothing_kept(r);
}

/* arg: enum chip_cv_defect; with a later day than the chip's, which mustn't become its date. */
static bool defect(struct tr32_rig *r, int arg)
{
	struct chip_cv dv = tr32_dv(r, TR32_DOMESTIC | TR32_BOTH);

	dv.defect = (enum chip_cv_defect)arg;
	dv.from = TR32_NEW_FROM;
	return verifier_refused(r, &dv) && tr32_date_not_after(r, TR32_PROBE);
}

static bool other_authority(struct tr32_rig *r, int arg)
{
	struct chip_cv dv = tr32_dv(r, TR32_DOMESTIC | TR32_BOTH);

	(void)arg;
	dv.car = "XXCVCA00009";
	return verifier_refused(r, &dv) && tr32_start(r) &&
	       tr32_sw(r, "MSE:Set DST of an unknown authority", chip_cv_set_dst(&r->t, "XXCVCA00009"), 0x6A88);
}

static bool wrong_signer(struct tr32_rig *r, int arg)
{
	struct chip_cv dv = tr32_dv(r, TR32_DOMESTIC | TR32_BOTH);

	(void)arg;
	return tr32_start(r) && tr32_sw(r, "signed by another", tr32_present(r, TR32_CVCA, &dv, TR32_KEY_CVCA2), 0x6300) &&
	       nothing_kept(r);
}

static bool ends_before_it_begins(struct tr32_rig *r, int arg)
{
	struct chip_cv dv = tr32_dv(r, TR32_DOMESTIC | TR32_BOTH);

	(void)arg;
	dv.from = "260801";
	dv.to = "260701";
	return verifier_refused(r, &dv) && tr32_date_not_after(r, TR32_PROBE);
}

static bool foreign_terminal_moves_no_date(struct tr32_rig *r, int arg)
{
	struct chip_cv dv = tr32_dv(r, TR32_FOREIGN | TR32_BOTH), t = tr32_terminal(r, TR32_BOTH);

	(void)arg;
	t.from = TR32_NEW_FROM;
	return tr32_start(r) && tr32_sw(r, "verifier", tr32_present(r, TR32_CVCA, &dv, TR32_KEY_CVCA), 0x9000) &&
	       tr32_sw(r, "terminal", tr32_present(r, TR32_DV, &t, TR32_KEY_DV), 0x9000) && tr32_date_not_after(r, TR32_PROBE);
}

static bool without_secure_messaging(struct tr32_rig *r, int arg)
{
	static const struct bytes name = BYTES_LITERAL("\x83\x0B" TR32_CVCA);
	struct chip_cv dv = tr32_dv(r, TR32_DOMESTIC | TR32_BOTH);
	struct buf content = chip_cv_make(&dv, &r->key[TR32_KEY_CVCA]);
	bool good = tr32_start(r) &&
		    tr32_refused(r, "MSE:Set DST in the clear", chip_term_clear_sw(&r->t, 0x22, 0x81, 0xB6, name, 0)) &&
		    tr32_refused(r, "Verify Certificate in the clear",
				 chip_term_clear_sw(&r->t, 0x2A, 0x00, 0xBE, buf_view(&content), 0)) &&
		    tr32_start(r) && nothing_kept(r);

	(void)arg;
	/* Selected under secure messaging, shown in the clear. */
	good = good && tr32_sw(r, "MSE:Set DST", chip_cv_set_dst(&r->t, TR32_CVCA), 0x9000) &&
	       tr32_refused(r, "Verify Certificate in the clear",
			    chip_term_clear_sw(&r->t, 0x2A, 0x00, 0xBE, buf_view(&content), 0)) &&
	       tr32_refused(r, "the session is over", chip_term_select_file(&r->t, 0x0101));
	buf_done(&content);
	return good;
}

static bool wrong_class(struct tr32_rig *r, int arg)
{
	static const struct bytes name = BYTES_LITERAL("\x83\x0B" TR32_CVCA);
	struct chip_cv dv = tr32_dv(r, TR32_DOMESTIC | TR32_BOTH);
	struct buf content = chip_cv_make(&dv, &r->key[TR32_KEY_CVCA]);
	const struct chip_term_command dst = { 0x8C, 0x22, 0x81, 0xB6, name, 0 };
	const struct chip_term_command verify = { 0x8C, 0x2A, 0x00, 0xBE, buf_view(&content), 0 };
	struct chip_term_answer a = { 0 };
	bool good = tr32_start(r);

	if (good && arg != 0)
		good = tr32_sw(r, "MSE:Set DST", chip_cv_set_dst(&r->t, TR32_CVCA), 0x9000);
	if (good) {
		a = chip_term_send(&r->t, arg != 0 ? &verify : &dst);
		good = tr32_refused(r, "class 8C", a.sw);
	}
	buf_done(&a.data);
	buf_done(&content);
	return good && tr32_start(r) && nothing_kept(r);
}

/* The keys of a chain are of its session: another one, and the application selected again, know nothing of them. */
static bool temporary_keys_go(struct tr32_rig *r, int arg)
{
	struct chip_cv t = tr32_terminal(r, TR32_BOTH);

	(void)arg;
	return tr32_start(r) && tr32_chain(r, TR32_DOMESTIC | TR32_BOTH, TR32_BOTH) && tr32_start(r) && nothing_kept(r) &&
	       tr32_refused(r, "terminal below a verifier that is gone", tr32_present(r, TR32_DV, &t, TR32_KEY_DV)) &&
	       tr32_refused(r, "MSE:Set AT of a terminal that is gone", chip_cv_set_at(&r->t, TR32_IS)) &&
	       tr32_chain(r, TR32_DOMESTIC | TR32_BOTH, TR32_BOTH) &&
	       tr32_sw(r, "SELECT application", chip_term_select_application(&r->t), 0x9000) &&
	       tr32_refused(r, "MSE:Set AT after SELECT", chip_cv_set_at(&r->t, TR32_IS));
}

static bool unknown_root_moves_no_date(struct tr32_rig *r, int arg)
{
	struct chip_cv dv = tr32_dv(r, TR32_DOMESTIC | TR32_BOTH);

	(void)arg;
	dv.from = TR32_NEW_FROM;
	return tr32_start(r) && tr32_sw(r, "unknown root", tr32_present(r, "VNCVCA99999", &dv, TR32_KEY_CVCA), 0x6A88) &&
	       tr32_date_not_after(r, TR32_PROBE);
}

static bool without_selection(struct tr32_rig *r, int arg)
{
	struct chip_cv dv = tr32_dv(r, TR32_DOMESTIC | TR32_BOTH);
	struct buf content;
	bool good;

	(void)arg;
	dv.from = TR32_NEW_FROM;
	content = chip_cv_make(&dv, &r->key[TR32_KEY_CVCA]);
	good = tr32_start(r) && tr32_refused(r, "Verify Certificate", chip_cv_verify(&r->t, &content)) && nothing_kept(r) &&
	       tr32_date_not_after(r, TR32_PROBE);
	buf_done(&content);
	return good;
}

/* ---- transitions: after a good chain of `steps`, a certificate of `role` signed by the last of it */

#define TRANSITION(steps, first, role) ((steps) << 16 | (first) << 8 | (role))

static bool transition(struct tr32_rig *r, int arg)
{
	int steps = arg >> 16;
	uint8_t first = (uint8_t)(arg >> 8), role = (uint8_t)arg;
	struct chip_cv dv = tr32_dv(r, first | TR32_BOTH), t = tr32_terminal(r, TR32_BOTH), last = tr32_dv(r, role | TR32_BOTH);
	enum tr32_key signer = steps == 0 ? TR32_KEY_CVCA : steps == 1 ? TR32_KEY_DV : TR32_KEY_IS;

	if (!tr32_start(r))
		return false;
	if (steps > 0 && !tr32_sw(r, "verifier", tr32_present(r, TR32_CVCA, &dv, TR32_KEY_CVCA), 0x9000))
		return false;
	if (steps > 1 && !tr32_sw(r, "terminal", tr32_present(r, TR32_DV, &t, TR32_KEY_DV), 0x9000))
		return false;
	last.car = steps == 0 ? TR32_CVCA : steps == 1 ? TR32_DV : TR32_IS;
	last.chr = "VNTRANS00001";
	last.key = &r->key[TR32_KEY_CVCA2];
	last.with_domain = role == 0xC0 && last.key->family == 2;
	last.from = TR32_NEW_FROM;
	return tr32_refused(r, "the last certificate", tr32_present(r, last.car, &last, signer)) &&
	       tr32_refused(r, "its name", chip_cv_set_dst(&r->t, last.chr)) && tr32_date_not_after(r, TR32_PROBE);
}

static bool short_terminal_key(struct tr32_rig *r, int arg)
{
	struct chip_cv dv = tr32_dv(r, TR32_DOMESTIC | TR32_BOTH), t = tr32_terminal(r, TR32_BOTH);

	(void)arg;
	t.defect = CHIP_CV_KEY_SHORT;
	return tr32_start(r) && tr32_sw(r, "verifier", tr32_present(r, TR32_CVCA, &dv, TR32_KEY_CVCA), 0x9000) &&
	       tr32_refused(r, "terminal", tr32_present(r, TR32_DV, &t, TR32_KEY_DV)) &&
	       tr32_refused(r, "MSE:Set AT", chip_cv_set_at(&r->t, TR32_IS));
}

static const struct tr32_case cases_j[] = {
	{ "ISO7816_J_1", TR32_ALL, chain_good, 0, NULL },
	{ "ISO7816_J_2", TR32_ALL, other_authority, 0, NULL },
	{ "ISO7816_J_3", TR32_ALL, wrong_signer, 0, NULL },
	{ "ISO7816_J_4", TR32_ALL, defect, CHIP_CV_NO_SIGNATURE, NULL },
	{ "ISO7816_J_5", TR32_ALL, defect, CHIP_CV_NO_BODY, NULL },
	{ "ISO7816_J_6", TR32_ALL, defect, CHIP_CV_NO_AUTHORISATION, NULL },
	{ "ISO7816_J_7", TR32_ALL, defect, CHIP_CV_NO_EFFECTIVE, NULL },
	{ "ISO7816_J_8", TR32_ALL, defect, CHIP_CV_NO_EXPIRATION, NULL },
	{ "ISO7816_J_9", TR32_ALL, defect, CHIP_CV_EFFECTIVE_NOT_BCD, NULL },
	{ "ISO7816_J_10", TR32_ALL, defect, CHIP_CV_EXPIRATION_NOT_BCD, NULL },
	{ "ISO7816_J_11", TR32_ALL, foreign_terminal_moves_no_date, 0, NULL },
	{ "ISO7816_J_12", TR32_ALL, without_secure_messaging, 0, NULL },
	{ "ISO7816_J_13", TR32_ALL, wrong_class, 0, NULL },
	{ "ISO7816_J_14", DELETED("version 1.1") },
	{ "ISO7816_J_15", TR32_ALL, wrong_class, 1, NULL },
	{ "ISO7816_J_16", DELETED("version 1.1") },
	{ "ISO7816_J_17", TR32_ALL, defect, CHIP_CV_BODY_TAG, NULL },
	{ "ISO7816_J_18", TR32_ALL, defect, CHIP_CV_SIGNATURE_TAG, NULL },
	{ "ISO7816_J_19", TR32_ALL, defect, CHIP_CV_EFFECTIVE_NO_DAY, NULL },
	{ "ISO7816_J_20", TR32_ALL, defect, CHIP_CV_EXPIRATION_NO_DAY, NULL },
	{ "ISO7816_J_21", TR32_ALL, ends_before_it_begins, 0, NULL },
	{ "ISO7816_J_22", TR32_ALL, temporary_keys_go, 0, NULL },
	{ "ISO7816_J_23", TR32_ALL, defect, CHIP_CV_AUTHORISATION_OID, NULL },
	{ "ISO7816_J_24", TR32_ALL, defect, CHIP_CV_KEY_OID_INVALID, NULL },
	{ "ISO7816_J_25", TR32_ALL, unknown_root_moves_no_date, 0, NULL },
	{ "ISO7816_J_26", TR32_ALL, defect, CHIP_CV_BODY_TAG, NULL },
	{ "ISO7816_J_27", TR32_ALL, defect, CHIP_CV_SIGNATURE_TAG, NULL },
	{ "ISO7816_J_28", TR32_ALL, defect, CHIP_CV_BODY_LENGTH, NULL },
	{ "ISO7816_J_29", TR32_ALL, defect, CHIP_CV_SIGNATURE_LENGTH, NULL },
	{ "ISO7816_J_30", TR32_ALL, defect, CHIP_CV_SIGNATURE_LAST_BYTE, NULL },
	{ "ISO7816_J_31", TR32_ALL, defect, CHIP_CV_SIGNATURE_CUT, NULL },
	{ "ISO7816_J_32", TR32_RSA, defect, CHIP_CV_SIGNATURE_OVER_MODULUS, NULL },
	{ "ISO7816_J_33", TR32_EC, defect, CHIP_CV_SIGNATURE_R_ZERO, NULL },
	{ "ISO7816_J_34", TR32_EC, defect, CHIP_CV_SIGNATURE_S_ZERO, NULL },
	{ "ISO7816_J_35", TR32_ALL, without_selection, 0, NULL },
	{ "ISO7816_J_36", TR32_ALL, defect, CHIP_CV_KEY_OID_OTHER, NULL },
	{ "ISO7816_J_37", TR32_ALL, defect, CHIP_CV_KEY_NO_OID, NULL },
	{ "ISO7816_J_38", TR32_EC, defect, CHIP_CV_KEY_NO_POINT, NULL },
	{ "ISO7816_J_39", TR32_RSA, defect, CHIP_CV_KEY_NO_MODULUS, NULL },
	{ "ISO7816_J_40", TR32_RSA, defect, CHIP_CV_KEY_NO_EXPONENT, NULL },
	{ "ISO7816_J_41", TR32_ALL, defect, CHIP_CV_KEY_UNKNOWN_OBJECT, NULL },
	{ "ISO7816_J_42", DELETED("version 0.8, merged with another case") },
	{ "ISO7816_J_43", TR32_ALL, transition, TRANSITION(0, 0x00, 0x00), NULL },
	{ "ISO7816_J_44", TR32_ALL, transition, TRANSITION(1, 0x80, 0xC0), NULL },
	{ "ISO7816_J_45", TR32_ALL, transition, TRANSITION(1, 0x40, 0xC0), NULL },
	{ "ISO7816_J_46", TR32_ALL, transition, TRANSITION(1, 0x80, 0x80), NULL },
	{ "ISO7816_J_47", TR32_ALL, transition, TRANSITION(1, 0x80, 0x40), NULL },
	{ "ISO7816_J_48", TR32_ALL, transition, TRANSITION(1, 0x40, 0x80), NULL },
	{ "ISO7816_J_49", TR32_ALL, transition, TRANSITION(1, 0x40, 0x40), NULL },
	{ "ISO7816_J_50", TR32_ALL, transition, TRANSITION(2, 0x80, 0x40), NULL },
	{ "ISO7816_J_51", TR32_ALL, transition, TRANSITION(2, 0x80, 0x80), NULL },
	{ "ISO7816_J_52", TR32_ALL, transition, TRANSITION(2, 0x80, 0x00), NULL },
	{ "ISO7816_J_53", TR32_ALL, transition, TRANSITION(2, 0x80, 0xC0), NULL },
	{ "ISO7816_J_54", 0, NULL, 0, "moved to ISO7816_M_5 in version 1.1" },
	{ "ISO7816_J_55", TR32_ALL, defect, CHIP_CV_KEY_SHORT, NULL },
	{ "ISO7816_J_56", TR32_ALL, short_terminal_key, 0, NULL },
};

const struct tr32_unit tr32_unit_j = { cases_j, sizeof cases_j / sizeof *cases_j };
