/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/inspect_run.h"

#include <string.h>

/*
 * PACE with Chip Authentication Mapping (ICAO 9303-11 4.4.3.5.2) proves the chip
 * by a key that is signed in EF.CardSecurity; DG14 holds the same key for Chip
 * Authentication. Either will do when its signature is good.
 */
#define MAPPING "chip-authentication-mapping"
#define SECURITY "card-security"

/* The key of a chip of one country proves nothing of a document of another. */
static bool of_same_country(const struct inspect_run *run, const struct cert *signer)
{
	const struct cert *document = inspect_signer(run);
	char one[3], other[3];

	if (document == NULL)
		return true;
	inspect_country_of(signer, one);
	inspect_country_of(document, other);
	return strcmp(one, other) == 0;
}

/* Signed by somebody whom a trusted country made; "card-security". */
static void judge_card_security_chain(struct inspect_run *run, const struct cert *signer)
{
	enum chain_verdict v = CHAIN_NO_ANCHOR;
	char name[128];

	if (run->p->trust != NULL && trust_count(run->p->trust) > 0)
		v = trust_verify(run->p->trust, signer, run->p->now_s, NULL, NULL);
	run->card_security_authentic = v == CHAIN_GOOD && of_same_country(run, signer);
	cert_name_text(cert_subject(signer), name, sizeof name);
	if (v == CHAIN_GOOD && !run->card_security_authentic)
		inspect_add(run, INSPECT_INCONCLUSIVE, SECURITY, "signed by %s, of another country than EF.SOD", name);
	else
		inspect_add(run, inspect_result_of_chain(v), SECURITY, "signed by %s, chain: %s", name, chain_verdict_name(v));
}

void inspect_card_security(struct inspect_run *run)
{
	struct bytes file = lds_set_get(&run->out->files, LDS_CARD_SECURITY);
	const struct cert *signer = NULL;
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	if (file.n == 0)
		return;
	st = card_security_parse(file, &run->card_security, &err);
	if (!cc_failed(st))
		st = card_security_verify(&run->card_security, &signer, &err);
	run->has_card_security = !cc_failed(st);
	if (cc_failed(st))
		inspect_add_error(run, inspect_result_of(st), SECURITY, "", &err);
	else
		judge_card_security_chain(run, signer);
}

void inspect_mapping(struct inspect_run *run)
{
	bool is_signed = false;
	const char *source = "EF.CardSecurity";
	cc_status st = cc_code_status(CC_E_NOT_FOUND);

	if (run->pace.chip_auth.n == 0)
		return;
	if (lds_set_has(&run->out->files, LDS_CARD_SECURITY)) {
		is_signed = run->card_security_authentic;
		st = run->has_card_security ? pace_verify_chip_auth_by(&run->pace, &run->card_security.infos)
					    : cc_code_status(CC_E_FORMAT);
	}
	if (st.code == CC_E_NOT_FOUND && run->has_dg14) {
		source = "DG14";
		is_signed = inspect_dg_signed(run, 14) && run->sod_authentic;
		st = pace_verify_chip_auth_by(&run->pace, &run->dg14_infos);
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
