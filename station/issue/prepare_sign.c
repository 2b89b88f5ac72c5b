/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/prepare.h"

#include "card/lds/card_access_infos.h"
#include "card/lds/card_security.h"
#include "card/lds/dg14.h"
#include "card/lds/dg15.h"
#include "card/lds/sod.h"

/* What needs the chip's keys: DG14 and DG15, then what is signed. */
#define UNICODE_VERSION "040000"

static cc_status ca_spki(const struct prepare_settings *s, struct bytes public_key, struct buf *ret)
{
	if (s->ca_group.kind == AGREE_DH)
		return dh_spki_encode(s->ca_group.group, public_key, DH_SPKI_X942, ret);
	return ec_spki_encode(s->ca_group.curve, public_key, s->params, ret);
}

static cc_status make_dg14(const struct prepare_settings *s, struct bytes ca_point, struct prepared *p, struct cc_error *err)
{
	/* 9303-11 9.2.9: an RSA key's algorithm is in its signatures, the info is for ECDSA. */
	struct dg14_params params = { .access = s->access, .with_aa = s->aa_rsa_bits == 0, .aa_hash = s->aa_hash };
	struct buf spki = { 0 };
	cc_status st = ca_spki(s, ca_point, &spki);

	if (!cc_failed(st)) {
		params.ca_spki = buf_view(&spki);
		st = dg14_encode(&params, &p->files.files[lds_dg(14)], err);
	}
	buf_done(&spki);
	return st;
}

static cc_status make_dg15(const struct prepare_settings *s, struct bytes aa_point, struct prepared *p, struct cc_error *err)
{
	struct buf spki = { 0 };
	cc_status st = s->aa_rsa_bits > 0 ? buf_copy(&spki, aa_point) : ec_spki_encode(s->aa_curve, aa_point, s->params, &spki);

	if (!cc_failed(st))
		st = dg15_encode(buf_view(&spki), &p->files.files[lds_dg(15)], err);
	buf_done(&spki);
	return st;
}

/*
 * ICAO 9303-11 9.2.12: the infos of EF.CardAccess, and the static key by which
 * Chip Authentication Mapping proves the chip. It is the key of Chip
 * Authentication, which DG14 holds too.
 */
static cc_status make_card_security(const struct prepare_settings *s, const struct prepare_signer *signer, struct sig_alg alg,
				    struct bytes ca_point, struct prepared *p, struct cc_error *err)
{
	struct card_access_storage storage;
	struct security_infos infos;
	struct card_security_params params = { .infos = &infos,
					       .keystore = signer->keystore,
					       .key_label = signer->key_label,
					       .signer = signer->cert,
					       .alg = alg,
					       .trust = signer->trust,
					       .now_s = signer->now_s };
	struct buf spki = { 0 };
	cc_status st = card_access_infos(&s->access, &storage, &infos, err);

	if (!cc_failed(st) && !cc_failed(st = ca_spki(s, ca_point, &spki))) {
		infos.items[infos.count++] =
			(struct security_info){ .kind = SECURITY_INFO_CA_KEY, .oid = oid_pk_ecdh, .value = buf_view(&spki) };
		st = card_security_build(&params, &p->files.files[LDS_CARD_SECURITY], err);
	}
	buf_done(&spki);
	return st;
}

unsigned prepare_signatures(const struct prepare_settings *s)
{
	return card_access_has_cam(&s->access) ? 2 : 1;
}

cc_status prepare_sign(const struct prepare_settings *s, const struct prepare_signer *signer, struct bytes aa_point,
		       struct bytes ca_point, struct prepared *p, struct cc_error *err)
{
	struct sod_params params = {
		.version = s->sod_version,
		.hash = s->sod_hash,
		.lds_version = s->lds_version,
		.unicode_version = UNICODE_VERSION,
		.keystore = signer->keystore,
		.key_label = signer->key_label,
		.signer = signer->cert,
		.trust = signer->trust,
		.now_s = signer->now_s,
	};
	cc_status st;

	if (cert_pubkey(signer->cert) == NULL)
		return cc_fail(err, CC_E_UNSUPPORTED, "pubkey.unknown-algorithm", "document signer");
	params.alg = sig_alg_of_key(pubkey_kind(cert_pubkey(signer->cert)), s->sod_hash, s->rsa_pss);
	if (cc_failed(st = make_dg14(s, ca_point, p, err)) || cc_failed(st = make_dg15(s, aa_point, p, err)))
		return cc_fail(err, st.code, "issue.inconsistent", "DG14 or DG15");
	CC_ASSERT(lds_set_dg_mask(&p->files) == prepare_data_groups(s, lds_set_has(&p->files, lds_dg(2))));
	st = sod_build(&params, &p->files, &p->files.files[LDS_SOD], err);
	if (!cc_failed(st) && card_access_has_cam(&s->access))
		st = make_card_security(s, signer, params.alg, ca_point, p, err);
	return st;
}
