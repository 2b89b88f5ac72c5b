/* SPDX-License-Identifier: Apache-2.0 */
#include "card/perso/profile.h"

#include <string.h>

/* A key serves one protocol: AES keys come by KDF3, 3DES keys by the others. */
static bool secure_channel_complete(const struct profile *p)
{
	switch (p->protocol) {
	case SECURE_CHANNEL_SCP02:
		if (p->scheme != KDF_SCHEME_EMV_CPS && p->scheme != KDF_SCHEME_VISA2)
			return false;
		break;
	case SECURE_CHANNEL_SCP03:
		if (p->scheme != KDF_SCHEME_KDF3)
			return false;
		break;
	default:
		return false;
	}
	return p->key_version != 0 && !cc_failed(secure_channel_level_check(p->protocol, p->level));
}

static const char *missing_data(const struct profile *p)
{
	if (!p->name || !p->name[0])
		return "name";
	if (p->isd_aid.n == 0 || p->application_aid.n == 0)
		return "AID";
	if (!secure_channel_complete(p))
		return "key version, secure channel, level or fitting way of diversification";
	if (p->file_max == 0 || p->memory == 0)
		return "lengths";
	if (p->read_back == 0 || p->seal == 0)
		return "way of read-back or seal";
	if (p->sample_atr.n == 0 || p->sample_cplc.n == 0)
		return "sample";
	return NULL;
}

static const char *missing_function(const struct profile *p)
{
	if (!p->match || !p->diversification)
		return "match or diversification";
	if (!p->ask_state || !p->begin)
		return "ask_state or begin";
	if (p->chip_makes_keys && (!p->make_key || !p->get_key))
		return "make_key or get_key";
	if (!p->write || !p->read)
		return "write or read";
	if (!p->close || !p->secure || !p->lock || !p->prove_refusal)
		return "close, secure, lock or prove_refusal";
	return NULL;
}

static cc_status sample_matches_once(const struct profile_registry *r, const struct profile *of, struct cc_error *err)
{
	const struct profile *found = NULL;
	struct profile_card card = { .atr = of->sample_atr };
	struct gp_cplc cplc;

	if (cc_failed(gp_cplc_parse(of->sample_cplc, &cplc)))
		return cc_fail(err, CC_E_ARG, "perso.profile-hole", "%s: sample CPLC", of->name);
	card.cplc = &cplc;
	if (cc_failed(profile_find(r, &card, &found, NULL)) || found != of)
		return cc_fail(err, CC_E_EXISTS, "perso.profile-clash", "%s: its sample isn't matched by it alone", of->name);
	return cc_ok();
}

cc_status profile_register(struct profile_registry *r, const struct profile *profile, struct cc_error *err)
{
	const char *missing = missing_data(profile);
	struct profile_registry with = *r;
	cc_status st;

	if (!missing)
		missing = missing_function(profile);
	if (missing)
		return cc_fail(err, CC_E_ARG, "perso.profile-hole", "%s: no %s", profile->name ? profile->name : "?", missing);
	if (with.count == PROFILE_MAX)
		return cc_fail(err, CC_E_LIMIT, "perso.profile-hole", "more than %d profiles", PROFILE_MAX);
	with.items[with.count++] = profile;
	for (size_t i = 0; i < with.count; i++) {
		if (cc_failed(st = sample_matches_once(&with, with.items[i], err)))
			return st;
	}
	*r = with;
	return cc_ok();
}

cc_status profile_find(const struct profile_registry *r, const struct profile_card *card, const struct profile **ret,
		       struct cc_error *err)
{
	const struct profile *found = NULL;

	for (size_t i = 0; i < r->count; i++) {
		if (!r->items[i]->match(card))
			continue;
		if (found)
			return cc_fail(err, CC_E_STATE, "perso.profile-clash", "%s and %s", found->name, r->items[i]->name);
		found = r->items[i];
	}
	if (!found)
		return cc_fail(err, CC_E_UNSUPPORTED, "perso.unknown-chip", "no profile for this chip");
	*ret = found;
	return cc_ok();
}

cc_status profile_registry_default(struct profile_registry *ret, struct cc_error *err)
{
	struct profile_registry r = { .count = 0 };
	cc_status st = profile_register(&r, &profile_softchip, err);

	if (!cc_failed(st))
		st = profile_register(&r, &profile_softchip_scp02, err);
	if (!cc_failed(st))
		*ret = r;
	return st;
}
