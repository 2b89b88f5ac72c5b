/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tr51.h"

#include "card/access/active_auth.h"
#include "crypto/pki/crl.h"
#include "crypto/rsa.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/*
 * BSI TR-03105-5.1, cases of the protocols: a software chip behind a wire that
 * changes what it says. Terminal Authentication has a file of its own.
 */
#define GM(cipher, id) .options = { .pace = { { CHIP_MADE_GM, cipher, id } }, .pace_count = 1 }
#define IM(cipher, id) .options = { .pace = { { CHIP_MADE_IM, cipher, id } }, .pace_count = 1 }
#define CA_ONE(id, cipher) .options = { .ca = { { .parameter_id = id, .alg = cipher } }, .ca_count = 1 }
#define CA_KEY .ca = { { .parameter_id = 13, .alg = CIPHER_AES128 } }, .ca_count = 1
#define AA_RSA(hash) .options = { .aa = CHIP_MADE_AA_RSA, .aa_bits = 2048, .aa_hash = hash, CA_KEY }
#define AT(what, instruction, which, ...) .fault = { .kind = what, .ins = instruction, .nth = which, __VA_ARGS__ }
#define MSE 0x22
#define GENERAL 0x86
#define EXTERNAL 0x82
#define READ 0xB0
#define SELECT 0xA4

static void edit(struct lds_set *set, enum lds_file file, const struct tlv_edit *e)
{
	struct buf changed = { 0 };

	tlv_edit(lds_set_get(set, file), e, &changed);
	buf_move(&set->files[file], &changed);
}

/* ---- documents that are changed before they are signed */
static void other_key_ids(struct lds_set *set)
{
	edit(set, lds_dg(14), &(struct tlv_edit){ TLV_EDIT_VALUE, "0/0/0/2", 0, "09" });
	edit(set, lds_dg(14), &(struct tlv_edit){ TLV_EDIT_VALUE, "0/0/1/2", 0, "09" });
}
static void corrupted_key(struct lds_set *set)
{
	edit(set, lds_dg(14), &(struct tlv_edit){ TLV_EDIT_PATCH, "0/0/1/1/1", 40, "0000000000" });
}
static void key_of_other_kind(struct lds_set *set)
{
	edit(set, lds_dg(14), &(struct tlv_edit){ TLV_EDIT_PATCH, "0/0/1/0", 8, "02" });
}
static void more_infos(struct lds_set *set)
{
	edit(set, LDS_CARD_ACCESS, &(struct tlv_edit){ TLV_EDIT_BEFORE, "0/0", 0, "300606042A030405" });
}
/* PACEDomainParameterInfo: ECDH-GM, standardized parameter 13. */
static void domain_parameters(struct lds_set *set)
{
	edit(set, LDS_CARD_ACCESS,
	     &(struct tlv_edit){ TLV_EDIT_BEFORE, "0/0", 0, "3019060904007F000702020402300C060704007F0007010202010D" });
}
static void empty_dg14(struct lds_set *set)
{
	edit(set, lds_dg(14), &(struct tlv_edit){ TLV_EDIT_VALUE, "0/0", 0, NULL });
}

/* ---- one chip, one answer */
static const struct chip_case {
	const char *id;
	bool pass;
	const char *check; /* that must not have passed */
	struct tr51_chip chip;
} cases[] = {
	{ "ISO7816_A_02", true, NULL, { CA_ONE(13, CIPHER_AES128) } },
	{ "ISO7816_A_03", false, "application", { CA_ONE(13, CIPHER_AES128), AT(TR51_STATUS, SELECT, 0, .tag = 0x6A82) } },
	{ "ISO7816_B_01", false, "access", { CA_ONE(13, CIPHER_AES128), AT(TR51_FLIP, EXTERNAL, 1) } },
	{ "ISO7816_B_02", false, "access", { CA_ONE(13, CIPHER_AES128), AT(TR51_FIRST, EXTERNAL, 1) } },
	{ "ISO7816_B_03", false, "access", { CA_ONE(13, CIPHER_AES128), AT(TR51_STATUS, EXTERNAL, 1, .tag = 0x6300) } },
	{ "ISO7816_B_04", false, NULL, { CA_ONE(13, CIPHER_AES128), AT(TR51_STATUS, READ, 2, .tag = 0x6988) } },
	{ "ISO7816_B_05", false, NULL, { CA_ONE(13, CIPHER_AES128), AT(TR51_DROP, READ, 2, .tag = 0x8E) } },
	{ "ISO7816_B_06", false, NULL, { CA_ONE(13, CIPHER_AES128), AT(TR51_DROP, READ, 2, .tag = 0x87) } },
	{ "ISO7816_B_07", false, NULL, { CA_ONE(13, CIPHER_AES128), AT(TR51_DROP, READ, 2, .tag = 0x99) } },
	{ "ISO7816_B_08", false, NULL, { CA_ONE(13, CIPHER_AES128), AT(TR51_SPOIL, READ, 2, .tag = 0x8E) } },
	{ "ISO7816_B_09", false, NULL, { CA_ONE(13, CIPHER_AES128), AT(TR51_SPOIL, READ, 2, .tag = 0x87) } },
	{ "ISO7816_D_01", true, NULL, { CA_ONE(2, CIPHER_AES128) } },
	{ "ISO7816_D_02", true, NULL, { CA_ONE(13, CIPHER_AES128) } },
	{ "ISO7816_D_03",
	  true,
	  NULL,
	  { .options = { .ca = { { .parameter_id = 13, .alg = CIPHER_AES128, .has_key_id = true, .key_id = 1 } },
			 .ca_count = 1 } } },
	{ "ISO7816_D_04",
	  true,
	  NULL,
	  { .options = { .ca = { { .parameter_id = 13, .alg = CIPHER_AES128, .has_key_id = true, .key_id = 1 },
				 { .parameter_id = 12, .alg = CIPHER_TDES, .has_key_id = true, .key_id = 2 } },
			 .ca_count = 2 } } },
	{ "ISO7816_D_05",
	  true,
	  NULL,
	  { .options = { .ca = { { .parameter_id = 2, .alg = CIPHER_AES128, .has_key_id = true, .key_id = 1 },
				 { .parameter_id = 13, .alg = CIPHER_AES128, .has_key_id = true, .key_id = 2 },
				 { .parameter_id = 12, .alg = CIPHER_TDES, .has_key_id = true, .key_id = 3 } },
			 .ca_count = 3 } } },
	{ "ISO7816_D_07", false, "chip-authentication", { CA_ONE(2, CIPHER_AES128), .before = corrupted_key } },
	{ "ISO7816_D_09", false, "chip-authentication", { CA_ONE(13, CIPHER_AES128), AT(TR51_REPLAY, 0, 1, .after = GENERAL) } },
	{ "ISO7816_D_11", false, "chip-authentication", { CA_ONE(2, CIPHER_AES128), .before = key_of_other_kind } },
	{ "ISO7816_D_14", true, NULL, { CA_ONE(1, CIPHER_AES256) } },
	{ "ISO7816_F_01", true, NULL, { AA_RSA(HASH_SHA1) } },
	{ "ISO7816_F_02",
	  true,
	  NULL,
	  { .options = { .aa = CHIP_MADE_AA_EC, .aa_parameter_id = 13, .aa_hash = HASH_SHA256, CA_KEY } } },
	{ "ISO7816_F_04", true, NULL, { AA_RSA(HASH_SHA224) } },
	{ "ISO7816_F_05", true, NULL, { AA_RSA(HASH_SHA256) } },
	{ "ISO7816_F_06", true, NULL, { AA_RSA(HASH_SHA384) } },
	{ "ISO7816_F_07", true, NULL, { AA_RSA(HASH_SHA512) } },
	{ "ISO7816_G_01", true, NULL, { GM(CIPHER_AES128, 13) } },
	{ "ISO7816_G_05", true, NULL, { GM(CIPHER_AES128, 13), .before = more_infos } },
	{ "ISO7816_G_06",
	  true,
	  NULL,
	  { .options = { .pace = { { CHIP_MADE_IM, CIPHER_AES256, 12 }, { CHIP_MADE_GM, CIPHER_AES128, 13 } },
			 .pace_count = 2 } } },
	{ "ISO7816_G_07",
	  true,
	  NULL,
	  { .options = { .pace = { { CHIP_MADE_GM, CIPHER_AES128, 13 }, { CHIP_MADE_GM, CIPHER_AES256, 12 } }, .pace_count = 2 },
	    .before = domain_parameters } },
	{ "ISO7816_G_08", false, "access", { GM(CIPHER_AES128, 13), AT(TR51_STATUS, MSE, 1, .tag = 0x6A80) } },
	{ "ISO7816_G_09", false, "access", { GM(CIPHER_AES128, 13), AT(TR51_FLIP, GENERAL, 1) } },
	{ "ISO7816_G_10", false, "access", { GM(CIPHER_AES128, 13), AT(TR51_STATUS, GENERAL, 1, .tag = 0x6A80) } },
	{ "ISO7816_G_11", false, "access", { GM(CIPHER_AES128, 13), AT(TR51_TAG, GENERAL, 1, .tag = 0x90) } },
	{ "ISO7816_G_12", false, "access", { GM(CIPHER_AES128, 13), AT(TR51_STATUS, GENERAL, 2, .tag = 0x6A80) } },
	{ "ISO7816_G_13", false, "access", { GM(CIPHER_AES128, 13), AT(TR51_TAG, GENERAL, 2, .tag = 0x92) } },
	{ "ISO7816_G_14", false, "access", { GM(CIPHER_AES128, 13), AT(TR51_FLIP, GENERAL, 2) } },
	{ "ISO7816_G_15", false, "access", { IM(CIPHER_AES128, 13), AT(TR51_TAG, GENERAL, 2, .tag = 0x80) } },
	{ "ISO7816_G_18", false, "access", { GM(CIPHER_AES128, 13), AT(TR51_STATUS, GENERAL, 3, .tag = 0x6A80) } },
	{ "ISO7816_G_19", false, "access", { GM(CIPHER_AES128, 13), AT(TR51_TAG, GENERAL, 3, .tag = 0x94) } },
	{ "ISO7816_G_20", false, "access", { GM(CIPHER_AES128, 13), AT(TR51_FLIP, GENERAL, 3) } },
	{ "ISO7816_G_23", false, "access", { GM(CIPHER_AES128, 13), AT(TR51_ECHO, GENERAL, 3) } },
	{ "ISO7816_G_24", false, "access", { GM(CIPHER_AES128, 13), AT(TR51_STATUS, GENERAL, 4, .tag = 0x6300) } },
	{ "ISO7816_G_25", false, "access", { GM(CIPHER_AES128, 13), AT(TR51_TAG, GENERAL, 4, .tag = 0x96) } },
	{ "ISO7816_G_26", false, "access", { GM(CIPHER_AES128, 13), AT(TR51_FLIP, GENERAL, 4) } },
	{ "ISO7816_G_35", true, NULL, { GM(CIPHER_AES128, 13), AT(TR51_ADD, GENERAL, 4, .hex = "8A02AABB") } },
};

/* ---- several chips in one case */
static void sign_security(void *ctx, struct bytes infos, struct buf *ret)
{
	struct tr51_rig *r = ctx;

	document_cms(&r->doc, BYTES_LITERAL("\x04\x00\x7F\x00\x07\x03\x02\x01"), infos, r->doc.lds.ds, document_alg(&r->doc),
		     ret);
}

static struct tr51_chip cam_chip(struct tr51_rig *r, unsigned parameter_id)
{
	return (struct tr51_chip){ .options = { .pace = { { CHIP_MADE_CAM, CIPHER_AES128, parameter_id } },
						.pace_count = 1,
						.ca = { { .parameter_id = parameter_id, .alg = CIPHER_AES128 } },
						.ca_count = 1,
						.sign = sign_security,
						.sign_ctx = r } };
}

static bool cam_passes(struct tr51_rig *r)
{
	const struct tr51_chip c = cam_chip(r, 13);

	return tr51_passes(r, &c);
}

static bool cam_in_every_group(struct tr51_rig *r)
{
	for (unsigned id = 8; id <= 18; id++) {
		const struct tr51_chip c = cam_chip(r, id);

		if (!tr51_passes(r, &c))
			return false;
	}
	return true;
}

static bool cam_fault(struct tr51_rig *r, struct tr51_fault f)
{
	struct tr51_chip c = cam_chip(r, 13);

	c.fault = f;
	c.fault.ins = GENERAL;
	c.fault.nth = 4;
	c.fault.object = 0x8A;
	return tr51_fails(r, &c, "chip-authentication-mapping");
}

static bool cam_no_tag(struct tr51_rig *r)
{
	return cam_fault(r, (struct tr51_fault){ .kind = TR51_DROP });
}
static bool cam_no_octets(struct tr51_rig *r)
{
	return cam_fault(r, (struct tr51_fault){ .kind = TR51_POINT, .hex = "0102030405" });
}
static bool cam_wrong_data(struct tr51_rig *r)
{
	return cam_fault(r, (struct tr51_fault){ .kind = TR51_SPOIL });
}
static bool cam_other_tag(struct tr51_rig *r)
{
	return cam_fault(r, (struct tr51_fault){ .kind = TR51_TAG, .tag = 0x8B });
}
static bool cam_empty(struct tr51_rig *r)
{
	return cam_fault(r, (struct tr51_fault){ .kind = TR51_POINT, .hex = "" });
}
static bool cam_without_infos(struct tr51_rig *r)
{
	struct tr51_chip c = cam_chip(r, 13);

	c.before = empty_dg14;
	return tr51_fails(r, &c, NULL);
}

static bool every_group(struct tr51_rig *r, enum chip_made_mapping mapping)
{
	for (unsigned id = 0; id <= 18; id++) {
		const struct tr51_chip c = { .options = { .pace = { { mapping, CIPHER_AES128, id } }, .pace_count = 1 } };

		/* 3 to 7 are reserved; integrated mapping needs p = 3 mod 4: not P-224 */
		if ((id > 2 && id < 8) || (mapping == CHIP_MADE_IM && id == 10))
			continue;
		if (!tr51_passes(r, &c))
			return false;
	}
	return true;
}
static bool gm_groups(struct tr51_rig *r)
{
	return every_group(r, CHIP_MADE_GM);
}
static bool im_groups(struct tr51_rig *r)
{
	return every_group(r, CHIP_MADE_IM);
}
static bool every_cipher(struct tr51_rig *r)
{
	for (unsigned alg = 0; alg < CIPHER_ALG_COUNT; alg++) {
		const struct tr51_chip c = { .options = { .pace = { { CHIP_MADE_GM, (enum cipher_alg)alg, 13 } },
							  .pace_count = 1 } };

		if (!tr51_passes(r, &c))
			return false;
	}
	return true;
}

/* Off the curve, infinity, compressed, short, long, zero; 0, 1, too large. */
static bool bad_points(struct tr51_rig *r, unsigned nth, bool dh)
{
	static const char *const ec[] = {
		"00",
		"04",
		"0400000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
		"00000000000000",
		"0401010101010101010101010101010101010101010101010101010101010101010202020202020202020202020202020202020202020202020202"
		"020202020202",
		"028BD2AEB9CB7E57CB2C4B482FFC81B7AFB9DE27E1E3BD23C23A4453BD9ACE3262",
		"",
	};
	static const char *const numbers[] = { "", "00", "01", "02", "0000000000000001" };
	size_t count = dh ? sizeof numbers / sizeof numbers[0] : sizeof ec / sizeof ec[0];

	for (size_t i = 0; i < count; i++) {
		struct tr51_chip c = { GM(CIPHER_AES128, 13), AT(TR51_POINT, GENERAL, nth, .hex = dh ? numbers[i] : ec[i]) };

		if (dh)
			c.options.pace[0].parameter_id = 2;
		if (!tr51_fails(r, &c, "access"))
			return false;
	}
	return true;
}
static bool ec_mapping(struct tr51_rig *r)
{
	return bad_points(r, 2, false);
}
static bool dh_mapping(struct tr51_rig *r)
{
	return bad_points(r, 2, true);
}
static bool ec_ephemeral(struct tr51_rig *r)
{
	return bad_points(r, 3, false);
}
static bool dh_ephemeral(struct tr51_rig *r)
{
	return bad_points(r, 3, true);
}

/* Each run has a key of its own. */
static bool fresh_keys(struct tr51_rig *r)
{
	const struct tr51_chip c = { CA_ONE(13, CIPHER_AES128) };
	struct buf first = { 0 };
	bool good = tr51_passes(r, &c);

	buf_move(&first, &r->inspection.transcript.ca_terminal_point);
	good = good && tr51_passes(r, &c) &&
	       tr51_is(r, "another ephemeral key",
		       first.n > 0 && !bytes_equal(buf_view(&first), buf_view(&r->inspection.transcript.ca_terminal_point)));
	buf_done(&first);
	return good;
}

static bool unknown_key_reference(struct tr51_rig *r)
{
	static const uint16_t words[] = { 0, 0x6A80, 0x6A88, 0x6300, 0x6982, 0x6F00 };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		struct tr51_chip c = {
			.options = { .ca = { { .parameter_id = 13, .alg = CIPHER_AES128, .has_key_id = true, .key_id = 7 } },
				     .ca_count = 1 },
			.before = other_key_ids
		};

		if (words[i] != 0)
			c.fault = (struct tr51_fault){ .kind = TR51_STATUS, .ins = MSE, .nth = 1, .tag = words[i] };
		if (!tr51_fails(r, &c, "chip-authentication"))
			return false;
	}
	return true;
}

/* ISO/IEC 9796-2 with another trailer than the hash has. */
static bool wrong_trailer(struct tr51_rig *r)
{
	static const uint8_t trailers[] = { 0xBC, 0xAA, 0xCC, 0x00 };
	const uint8_t challenge[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct rsa_key *key = NULL;
	struct pubkey *pub = NULL;
	struct buf n = { 0 }, e = { 0 }, spki = { 0 };
	bool good = true;

	assert_int_equal(rsa_key_generate(2048, &key).code, CC_OK);
	assert_int_equal(rsa_key_numbers(key, &n, &e).code, CC_OK);
	assert_int_equal(rsa_spki_encode(buf_view(&n), buf_view(&e), &spki).code, CC_OK);
	assert_int_equal(pubkey_from_spki(buf_view(&spki), &pub, NULL).code, CC_OK);
	for (size_t i = 0; i < sizeof trailers; i++) {
		uint8_t m[256];
		struct digest d;
		struct buf answer = { 0 };
		struct bytes parts[2] = { bytes_of(m + 1, 234), bytes_of(challenge, 8) };

		memset(m, 0x5A, sizeof m);
		m[0] = 0x6A;
		assert_int_equal(hash_digest_parts(HASH_SHA1, parts, 2, &d).code, CC_OK);
		memcpy(m + 235, d.p, 20);
		m[255] = trailers[i];
		assert_int_equal(rsa_private_raw(key, bytes_of(m, sizeof m), &answer).code, CC_OK);
		good = tr51_is(r, "only the right trailer is taken",
			       cc_failed(active_auth_verify(pub, HASH_SHA1, bytes_of(challenge, 8), buf_view(&answer))) ==
				       (i > 0)) &&
		       good;
		buf_done(&answer);
	}
	tr51_note(r, "trailers BC and, refused, AA, CC, 00");
	rsa_key_free(&key);
	pubkey_free(&pub);
	buf_done(&n);
	buf_done(&e);
	buf_done(&spki);
	return good;
}

/* The signer's certificate is on the country signer's list. */
static bool revoked_signer(struct tr51_rig *r)
{
	const struct crl_entry entry = { cert_serial(r->doc.lds.ds), FIXTURE_NOW_S - 86400, CRL_KEY_COMPROMISE };
	const struct crl_params p = { .keystore = r->doc.lds.keystore,
				      .key_label = "csca-1",
				      .issuer = r->doc.lds.csca,
				      .alg = document_alg(&r->doc),
				      .number = 1,
				      .this_update_s = FIXTURE_NOW_S - 3600,
				      .next_update_s = FIXTURE_NOW_S + 86400,
				      .entries = &entry,
				      .count = 1 };
	struct tr51_chip c = { 0 };
	struct trust *trust = NULL;
	struct buf der = { 0 };
	bool good;

	assert_int_equal(crl_build(&p, &der, NULL).code, CC_OK);
	assert_int_equal(trust_new(&trust).code, CC_OK);
	assert_int_equal(trust_add(trust, cert_der(r->doc.lds.csca), NULL).code, CC_OK);
	assert_int_equal(trust_add_crl(trust, buf_view(&der), NULL).code, CC_OK);
	c.trust = trust;
	good = tr51_fails(r, &c, NULL);
	trust_free(&trust);
	buf_done(&der);
	return good;
}

static const struct {
	const char *id;
	bool (*run)(struct tr51_rig *r);
} functions[] = {
	{ "ISO7816_B_10", revoked_signer },	{ "ISO7816_D_10", fresh_keys },	    { "ISO7816_D_15", unknown_key_reference },
	{ "ISO7816_F_08", wrong_trailer },	{ "ISO7816_G_02", gm_groups },	    { "ISO7816_G_03", im_groups },
	{ "ISO7816_G_04", every_cipher },	{ "ISO7816_G_16", ec_mapping },	    { "ISO7816_G_17", dh_mapping },
	{ "ISO7816_G_21", ec_ephemeral },	{ "ISO7816_G_22", dh_ephemeral },   { "ISO7816_G_29", cam_no_tag },
	{ "ISO7816_G_30", cam_no_octets },	{ "ISO7816_G_31", cam_wrong_data }, { "ISO7816_G_32", cam_other_tag },
	{ "ISO7816_G_33", cam_empty },		{ "ISO7816_G_34", cam_passes },	    { "ISO7816_G_38", cam_without_infos },
	{ "ISO7816_G_41", cam_in_every_group },
};

/* Without its fault the same chip passes: the fault is what is seen. */
static bool run_one(struct tr51_rig *r, const struct chip_case *c)
{
	struct tr51_chip good = c->chip;

	if (c->pass)
		return tr51_passes(r, &c->chip);
	good.fault = (struct tr51_fault){ .kind = TR51_NO_FAULT };
	good.before = NULL;
	return tr51_passes(r, &good) && tr51_fails(r, &c->chip, c->check);
}

enum tr51_result tr51_chip_run(struct tr51_rig *r, const char *id)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (strcmp(cases[i].id, id) == 0)
			return run_one(r, &cases[i]) ? TR51_PASSED : TR51_FAILED;
	}
	for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
		if (strcmp(functions[i].id, id) == 0)
			return functions[i].run(r) ? TR51_PASSED : TR51_FAILED;
	}
	return TR51_UNKNOWN;
}
