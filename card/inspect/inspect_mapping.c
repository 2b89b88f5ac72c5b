/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/inspect_run.h"

#include "crypto/cms.h"

/*
 * PACE with Chip Authentication Mapping (ICAO 9303-11 4.4.3.5.2) proves the chip
 * by a key that is signed in EF.CardSecurity; DG14 holds the same key for Chip
 * Authentication. Either will do when its signature is good.
 */
#define MAPPING "chip-authentication-mapping"

/* id-SecurityObject, BSI TR-03110-3 A.1.2.5: 0.4.0.127.0.7.3.2.1 */
static const struct bytes oid_security_object = { (const uint8_t *)"\x04\x00\x7F\x00\x07\x03\x02\x01", 8 };

/* CC_E_NOT_FOUND: none of these keys is in the group; CC_E_VERIFY: one is, and it isn't the chip's. */
static cc_status verify_by(const struct inspect_run *run, const struct security_infos *infos)
{
	cc_status verdict = cc_code_status(CC_E_NOT_FOUND);

	for (size_t i = 0; i < infos->count; i++) {
		const struct security_info *info = &infos->items[i];
		struct agree_group group;
		struct buf key = { 0 };
		cc_status st;

		if (info->kind != SECURITY_INFO_CA_KEY || cc_failed(agree_spki_parse(info->value, &group, &key, NULL)))
			continue;
		st = agree_group_equal(group, run->pace.group) ? pace_verify_chip_auth(&run->pace, group, buf_view(&key))
							       : cc_code_status(CC_E_NOT_FOUND);
		buf_done(&key);
		if (!cc_failed(st))
			return st;
		if (st.code != CC_E_NOT_FOUND)
			verdict = st;
	}
	return verdict;
}

/* *ret_signed: the signer is one that a trusted country made. */
static cc_status verify_by_card_security(struct inspect_run *run, bool *ret_signed)
{
	struct cms *cms = NULL;
	struct security_infos infos;
	const struct cert *anchor = NULL, *signer;
	cc_status st = cms_parse(buf_view(&run->card_security), &cms, NULL);

	*ret_signed = false;
	if (cc_failed(st))
		return st;
	signer = cms_signer_cert(cms);
	st = bytes_equal(cms_content_type(cms), oid_security_object) && signer != NULL ? cms_verify(cms, signer, NULL)
										       : cc_code_status(CC_E_FORMAT);
	if (!cc_failed(st))
		st = security_infos_parse(cms_content(cms), &infos, NULL);
	if (!cc_failed(st)) {
		*ret_signed = run->p->trust != NULL && trust_count(run->p->trust) > 0 &&
			      trust_verify(run->p->trust, signer, run->p->now_s, &anchor, NULL) == CHAIN_GOOD;
		st = verify_by(run, &infos);
	}
	cms_free(&cms);
	return st;
}

void inspect_mapping(struct inspect_run *run)
{
	bool is_signed = false;
	const char *source = "EF.CardSecurity";
	cc_status st = cc_code_status(CC_E_NOT_FOUND);

	if (run->pace.chip_auth.n == 0)
		return;
	if (run->card_security.n > 0)
		st = verify_by_card_security(run, &is_signed);
	if (st.code == CC_E_NOT_FOUND && run->has_dg14) {
		source = "DG14";
		is_signed = inspect_dg_signed(run, 14) && run->sod_authentic;
		st = verify_by(run, &run->dg14_infos);
	}
	if (st.code == CC_E_NOT_FOUND)
		inspect_add(run, INSPECT_INCONCLUSIVE, MAPPING, "no key of %s in EF.CardSecurity or DG14",
			    agree_group_name(run->pace.group));
	else if (st.code == CC_E_VERIFY)
		inspect_add(run, INSPECT_FAILED, MAPPING, "the chip doesn't own the key of %s", source);
	else if (cc_failed(st))
		inspect_add(run, inspect_result_of(st), MAPPING, "%s: %s", source, cc_code_name(st.code));
	else if (!is_signed)
		inspect_add(run, INSPECT_INCONCLUSIVE, MAPPING, "by the key of %s, which isn't proven", source);
	else
		inspect_add(run, INSPECT_PASSED, MAPPING, "by the key of %s, %s", source, agree_group_name(run->pace.group));
}
