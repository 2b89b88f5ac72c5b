/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/inspect_run.h"

#include "card/access/active_auth.h"
#include "card/access/chip_auth.h"
#include "card/fs.h"
#include "card/lds/dg15.h"
#include "card/sw.h"
#include "crypto/base/tlv.h"

/* The chip proves that it is no copy: it owns private keys whose public halves are signed in DG14 and DG15. */
#define ACTIVE "active-authentication"
#define CHIP "chip-authentication"
#define COM_MAX 1024

static bool is_transport(cc_status st)
{
	return st.code == CC_E_DEVICE || st.code == CC_E_NO_SERVICE || st.code == CC_E_MEMORY;
}

/* A data group that can't be used: absent, or unreachable though signed, or no chip here. */
static bool missing(struct inspect_run *run, const char *id, unsigned dg)
{
	bool is_signed = run->has_sod && sod_object_hash(&run->sod.object, dg).n > 0;

	if (!lds_set_has(&run->out->files, lds_dg(dg))) {
		inspect_add(run, is_signed ? INSPECT_UNAVAILABLE : INSPECT_NOT_APPLICABLE, id, "no DG%u", dg);
		return true;
	}
	if (run->ch == NULL) {
		inspect_add(run, INSPECT_UNAVAILABLE, id, "needs the chip");
		return true;
	}
	if (run->ch->dead) {
		inspect_add(run, INSPECT_UNAVAILABLE, id, "the secure session broke before");
		return true;
	}
	return false;
}

/* ---- Active Authentication, ICAO 9303-11 6.1 */
/* RSA names its hash in the signature's trailer; for ECDSA ActiveAuthenticationInfo of DG14 names it. */
static bool active_hash(const struct inspect_run *run, const struct pubkey *key, enum hash_alg *ret)
{
	const struct security_info *aa;

	*ret = HASH_SHA1;
	if (pubkey_kind(key) == PUBKEY_RSA)
		return true;
	aa = run->has_dg14 ? security_infos_find(&run->dg14_infos, SECURITY_INFO_AA) : NULL;
	return aa != NULL && security_hash_of_ecdsa_plain(aa->value, ret);
}

static void note_active(struct inspect_run *run, cc_status st)
{
	char challenge[20], answer[64];

	inspect_hex(bytes_of(run->out->aa_challenge, sizeof run->out->aa_challenge), challenge, sizeof challenge);
	inspect_hex(buf_view(&run->out->aa_answer), answer, sizeof answer);
	if (inspect_result_of(st) == INSPECT_INCONCLUSIVE)
		inspect_add(run, INSPECT_INCONCLUSIVE, ACTIVE, "not possible here: %s", cc_code_name(st.code));
	else if (cc_failed(st))
		inspect_add(run, INSPECT_FAILED, ACTIVE, "challenge %s, answer %s: %s", challenge, answer,
			    st.code == CC_E_VERIFY ? "wrong" : run->ch->err.detail);
	else if (!inspect_dg_signed(run, 15))
		inspect_add(run, INSPECT_INCONCLUSIVE, ACTIVE, "challenge %s answered, but DG15 isn't proven", challenge);
	else
		inspect_add(run, INSPECT_PASSED, ACTIVE, "challenge %s, answer %s", challenge, answer);
}

static cc_status run_active(struct inspect_run *run)
{
	struct pubkey *key = NULL;
	struct cc_error err;
	enum hash_alg hash;
	cc_status st;

	if (missing(run, ACTIVE, 15))
		return cc_ok();
	cc_error_init(&err);
	st = dg15_parse(lds_set_get(&run->out->files, lds_dg(15)), &key, &err);
	if (cc_failed(st)) {
		inspect_add_error(run, inspect_result_of(st), ACTIVE, "DG15", &err);
		return cc_ok();
	}
	if (active_hash(run, key, &hash)) {
		st = active_auth_run(run->ch, key, hash, run->p->sys, run->out->aa_challenge, &run->out->aa_answer);
		if (!is_transport(st)) {
			note_active(run, st);
			st = cc_ok();
		}
	} else {
		inspect_add(run, INSPECT_INCONCLUSIVE, ACTIVE, "DG14 doesn't name the hash of the signature");
	}
	pubkey_free(&key);
	return st;
}

/* ---- Chip Authentication, ICAO 9303-11 6.2 */
static bool key_of_kind(const struct security_info *key, enum agree_kind kind)
{
	return key != NULL && bytes_equal(key->oid, kind == AGREE_DH ? oid_pk_dh : oid_pk_ecdh);
}

/* The first ChipAuthenticationInfo whose key is there; AES before 3DES. */
static const struct security_info *choose_info(const struct inspect_run *run, bool with_tdes, struct bytes *ret_oid,
					       const struct security_info **ret_ca)
{
	for (size_t i = 0; i < run->dg14_infos.count; i++) {
		const struct security_info *ca = &run->dg14_infos.items[i], *key;
		enum cipher_alg alg;
		enum agree_kind kind;

		if (ca->kind != SECURITY_INFO_CA || cc_failed(chip_auth_alg(ca->oid, &kind, &alg)) ||
		    (alg == CIPHER_TDES && !with_tdes))
			continue;
		key = security_infos_ca_key(&run->dg14_infos, ca);
		if (!key_of_kind(key, kind))
			continue;
		*ret_oid = ca->oid;
		*ret_ca = ca;
		return key;
	}
	return NULL;
}

/* ICAO 9303-11 9.2.5: without ChipAuthenticationInfo the cipher is 3DES. */
static const struct security_info *choose_chip_key(const struct inspect_run *run, struct bytes *ret_oid,
						   const struct security_info **ret_ca)
{
	static const struct security_info without = { .kind = SECURITY_INFO_CA };
	const struct security_info *key = choose_info(run, false, ret_oid, ret_ca);

	if (key == NULL)
		key = choose_info(run, true, ret_oid, ret_ca);
	if (key != NULL || security_infos_find(&run->dg14_infos, SECURITY_INFO_CA) != NULL)
		return key;
	key = security_infos_ca_key(&run->dg14_infos, &without);
	*ret_oid = security_oid_ca(key_of_kind(key, AGREE_DH) ? AGREE_DH : AGREE_ECDH, CIPHER_TDES);
	*ret_ca = &without;
	return key;
}

/* New keys hold from here on: the same file must still read the same. EF.COM; DG1 where the chip doesn't give EF.COM. */
static enum lds_file known_file(const struct inspect_run *run)
{
	return lds_set_has(&run->out->files, LDS_COM) ? LDS_COM : lds_dg(1);
}

static cc_status read_again(struct inspect_run *run, bool *ret_same)
{
	struct bytes before = lds_set_get(&run->out->files, known_file(run));
	struct buf file = { 0 };
	uint16_t sw = 0;
	cc_status st = fs_read_ef(run->ch, lds_file_fid(known_file(run)), COM_MAX, &file, &sw);

	*ret_same = !cc_failed(st) && sw == SW_OK && before.n > 0 && bytes_equal(buf_view(&file), before);
	buf_done(&file);
	return st;
}

static cc_status run_chip_with(struct inspect_run *run, const struct chip_auth_params *params)
{
	char oid[64];
	bool same = false;
	cc_status st = chip_auth_run(run->ch, params, run->p->sys, &run->ca_compressed);

	if (!cc_failed(st))
		st = buf_copy(&run->out->transcript.ca_oid, params->oid);
	if (!cc_failed(st))
		st = read_again(run, &same);
	if (is_transport(st))
		return st;
	der_oid_text(params->oid, oid, sizeof oid);
	if (inspect_result_of(st) == INSPECT_INCONCLUSIVE)
		inspect_add(run, INSPECT_INCONCLUSIVE, CHIP, "%s is not possible here: %s", oid, cc_code_name(st.code));
	else if (cc_failed(st))
		inspect_add_error(run, INSPECT_FAILED, CHIP, oid, &run->ch->err);
	else if (!same)
		inspect_add(run, INSPECT_FAILED, CHIP, "%s reads otherwise under the new keys", lds_file_title(known_file(run)));
	else if (!inspect_dg_signed(run, 14))
		inspect_add(run, INSPECT_INCONCLUSIVE, CHIP, "%s, new session keys, but DG14 isn't proven", oid);
	else
		inspect_add(run, INSPECT_PASSED, CHIP, "%s, %s read again under the new session keys", oid,
			    lds_file_title(known_file(run)));
	return cc_ok();
}

static cc_status run_chip(struct inspect_run *run)
{
	const struct security_info *info, *ca = NULL;
	struct chip_auth_params params = { 0 };
	struct buf key = { 0 };
	struct bytes oid = { 0 };
	struct cc_error err;
	enum agree_kind kind;
	cc_status st;

	if (missing(run, CHIP, 14))
		return cc_ok();
	if (!run->has_dg14 || security_infos_find(&run->dg14_infos, SECURITY_INFO_CA_KEY) == NULL) {
		inspect_add(run, INSPECT_NOT_APPLICABLE, CHIP, "DG14 has no key for it");
		return cc_ok();
	}
	info = choose_chip_key(run, &oid, &ca);
	if (info == NULL || cc_failed(chip_auth_alg(oid, &kind, &params.alg))) {
		inspect_add(run, INSPECT_INCONCLUSIVE, CHIP, "no variant of DG14 is supported here");
		return cc_ok();
	}
	cc_error_init(&err);
	st = agree_spki_parse(info->value, &params.group, &key, &err);
	if (cc_failed(st)) {
		inspect_add_error(run, inspect_result_of(st), CHIP, "key", &err);
		return cc_ok();
	}
	if (params.group.kind != kind) {
		buf_done(&key);
		inspect_add(run, INSPECT_FAILED, CHIP, "the key isn't of the kind that its protocol names");
		return cc_ok();
	}
	params.oid = oid;
	params.has_key_id = ca->has_id || info->has_id;
	params.key_id = ca->has_id ? ca->id : info->id;
	params.chip_key = buf_view(&key);
	params.ret_terminal_key = &run->out->transcript.ca_terminal_point;
	st = run_chip_with(run, &params);
	buf_done(&key);
	return st;
}

cc_status inspect_chip(struct inspect_run *run)
{
	cc_status st;

	inspect_mapping(run);
	if (cc_failed(st = run_active(run)) || cc_failed(st = run_chip(run)))
		return st;
	return inspect_terminal(run);
}
