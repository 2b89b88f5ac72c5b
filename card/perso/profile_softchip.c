/* SPDX-License-Identifier: Apache-2.0 */
#include "card/perso/profile.h"

#include "card/sw.h"
#include "crypto/base/tlv.h"
#include "crypto/pubkey.h"

#include <string.h>

/* The software chip, by its data sheet (card/softchip/datasheet.md; DS below). */

#define AID_ISD "\xA0\x00\x00\x01\x51\x00\x00\x00"
#define AID_EMRTD "\xA0\x00\x00\x02\x47\x10\x01"

/* DS: the CPLC begins with fabricator and type. */
#define IC_FABRICATOR 0xCCCD
#define IC_TYPE 0x5001
#define IC_TYPE_SCP02 0x5002

#define KEY_VERSION 0x30
#define MEMORY (80u * 1024u) /* DS: free non-volatile memory */
#define STREAM_MAX (MEMORY + 4096u)

/* DS, table of DGIs; files go by their file identifier. */
#define DGI_MRZ_INFO 0x00B1
#define DGI_CAN 0x00B2
#define DGI_MAKE_AA 0x00A1
#define DGI_MAKE_CA 0x00A2
#define DGI_CVCA 0x00B3
#define DGI_DATE 0x00B4
#define DGI_END 0x00FF
#define PARAMETER_RSA 0xFF

#define LIFE_PERSONALIZED 0x0F

static bool softchip_match(const struct profile_card *card)
{
	return card->cplc->ic_fabricator == IC_FABRICATOR && card->cplc->ic_type == IC_TYPE;
}

static bool scp02_match(const struct profile_card *card)
{
	return card->cplc->ic_fabricator == IC_FABRICATOR && card->cplc->ic_type == IC_TYPE_SCP02;
}

/* DS: 0000 and the 8 CPLC serial bytes. */
static void softchip_diversification(const struct gp_cplc *cplc, uint8_t out[SCP03_DIVERSIFICATION_LEN])
{
	memset(out, 0, SCP03_DIVERSIFICATION_LEN);
	memcpy(out + SCP03_DIVERSIFICATION_LEN - GP_SERIAL_LEN, cplc->serial, GP_SERIAL_LEN);
}

static cc_status life_cycle(struct personalize *p, uint8_t p1, struct bytes aid, uint8_t *ret)
{
	struct gp_command cmd;
	struct response r = { 0 };
	cc_status st;

	if (cc_failed(st = gp_get_status_build(p1, aid, &cmd)))
		return st;
	if (!cc_failed(st = channel_send_ok(p->ch, &cmd.apdu, &r)))
		st = gp_get_status_parse(buf_view(&r.data), aid, ret);
	response_done(&r);
	return st;
}

static cc_status softchip_ask_state(struct personalize *p, struct personalize_state *ret)
{
	uint8_t card, application;
	cc_status st;

	if (cc_failed(st = life_cycle(p, GP_STATUS_ISD, p->profile->isd_aid, &card)) ||
	    cc_failed(st = life_cycle(p, GP_STATUS_APPLICATIONS, p->profile->application_aid, &application)))
		return st;
	ret->card_secured = card == GP_CARD_SECURED;
	ret->closed = application == LIFE_PERSONALIZED;
	return cc_ok();
}

static cc_status softchip_begin(struct personalize *p)
{
	struct gp_command cmd;
	struct response r = { 0 };
	cc_status st;

	if (cc_failed(st = gp_install_personalization_build(p->profile->application_aid, &cmd)))
		return st;
	st = channel_send(p->ch, &cmd.apdu, &r);
	if (!cc_failed(st) && r.sw == SW_CONDITIONS)
		st = cc_fail(&p->err, CC_E_STATE, "perso.already-personalized", "INSTALL [for personalization]: %04X", r.sw);
	else if (!cc_failed(st) && r.sw != SW_OK)
		st = cc_fail(&p->err, CC_E_STATUS, "perso.begin", "INSTALL [for personalization]: %04X", r.sw);
	response_done(&r);
	return st;
}

/* ---- keys */

/* DS: 7F49 { 86 point }, { 84 DH value } or { 81 modulus, 82 exponent }. */
static cc_status parse_public(const struct personalize_key_request *req, struct bytes answer, struct buf *ret)
{
	struct cursor in, key;
	struct bytes v, exponent;
	uint32_t tag = req->rsa_bits > 0 ? 0x81 : req->is_dh ? 0x84 : 0x86;

	cursor_init(&in, answer);
	if (!tlv_expect(&in, TLV_LENIENT, 0x7F49, &key) || !tlv_expect_bytes(&key, TLV_LENIENT, tag, &v))
		return cc_code_status(CC_E_FORMAT);
	if (req->rsa_bits > 0 && !tlv_expect_bytes(&key, TLV_LENIENT, 0x82, &exponent))
		return cc_code_status(CC_E_FORMAT);
	if (cc_failed(cursor_end(&key)) || cc_failed(cursor_end(&in)))
		return cc_code_status(CC_E_FORMAT);
	return req->rsa_bits > 0 ? rsa_spki_encode(v, exponent, ret) : buf_copy(ret, v);
}

/* DS: the first byte of a key order. */
static cc_status parameter_of(const struct personalize_key_request *req, uint8_t *ret)
{
	int parameter = req->is_dh ? dh_group_parameter_id(req->group) : ec_curve_parameter_id(req->curve);

	if (req->rsa_bits > 0)
		parameter = PARAMETER_RSA;
	if (parameter < 0 || (req->which == PERSONALIZE_KEY_AA ? req->is_dh : req->rsa_bits > 0))
		return cc_code_status(CC_E_UNSUPPORTED);
	*ret = (uint8_t)parameter;
	return cc_ok();
}

/* DS: 00A1: parameter id and 01 SHA-1 ... 05 SHA-512, RSA: and the modulus bits; 00A2: parameter id and 01 3DES ... 04 AES-256.
 */
static cc_status key_request(const struct personalize_key_request *req, struct writer *w)
{
	static const uint8_t hashes[HASH_COUNT] = {
		[HASH_SHA1] = 1, [HASH_SHA224] = 2, [HASH_SHA256] = 3, [HASH_SHA384] = 4, [HASH_SHA512] = 5
	};
	static const uint8_t ciphers[CIPHER_ALG_COUNT] = {
		[CIPHER_TDES] = 1, [CIPHER_AES128] = 2, [CIPHER_AES192] = 3, [CIPHER_AES256] = 4
	};
	bool aa = req->which == PERSONALIZE_KEY_AA;
	uint8_t content[4] = { 0, aa ? hashes[req->aa_hash] : ciphers[req->ca_alg], (uint8_t)(req->rsa_bits >> 8),
			       (uint8_t)req->rsa_bits };
	cc_status st = parameter_of(req, &content[0]);

	if (!cc_failed(st))
		gp_dgi_put(w, aa ? DGI_MAKE_AA : DGI_MAKE_CA, bytes_of(content, req->rsa_bits > 0 ? 4 : 2));
	return st;
}

static cc_status softchip_make_key(struct personalize *p, const struct personalize_key_request *req, struct buf *ret_point)
{
	struct gp_store_data store;
	struct response r = { 0 };
	struct writer w;
	struct apdu cmd;
	cc_status st;

	writer_init(&w, 16);
	if (cc_failed(st = key_request(req, &w)))
		goto out;
	gp_store_data_init(&store, writer_view(&w), channel_command_room(p->ch), p->next_block, false, true);
	while (gp_store_data_next(&store, &cmd)) {
		response_done(&r);
		if (cc_failed(st = channel_send_ok(p->ch, &cmd, &r)))
			goto out;
	}
	p->next_block = store.block;
	st = parse_public(req, buf_view(&r.data), ret_point);
out:
	response_done(&r);
	writer_done(&w);
	return st;
}

static cc_status softchip_get_key(struct personalize *p, const struct personalize_key_request *req, struct buf *ret_point)
{
	struct gp_command cmd;
	struct response r = { 0 };
	cc_status st;

	gp_get_data_build(req->which == PERSONALIZE_KEY_AA ? DGI_MAKE_AA : DGI_MAKE_CA, &cmd);
	if (cc_failed(st = channel_send(p->ch, &cmd.apdu, &r)))
		goto out;
	if (r.sw == SW_REFERENCE_NOT_FOUND)
		st = cc_fail(&p->err, CC_E_NOT_FOUND, "perso.chip-key", "the chip has no such key");
	else if (r.sw != SW_OK)
		st = cc_fail(&p->err, CC_E_STATUS, "perso.chip-key", "GET DATA: %04X", r.sw);
	else
		st = parse_public(req, buf_view(&r.data), ret_point);
out:
	response_done(&r);
	return st;
}

/* ---- files */

/* DS: the trust point, and the date as a byte for each digit. */
static void put_trust(const struct personalize_data *d, struct writer *w)
{
	uint8_t date[6];

	if (d->cvca.n == 0)
		return;
	for (size_t i = 0; i < sizeof date; i++)
		date[i] = (uint8_t)(d->cvca_date[i] - '0');
	gp_dgi_put(w, DGI_DATE, bytes_of(date, sizeof date));
	gp_dgi_put(w, DGI_CVCA, d->cvca);
}

static cc_status build_stream(const struct personalize_data *d, struct buf *ret)
{
	struct writer w;
	cc_status st;

	writer_init(&w, STREAM_MAX);
	for (unsigned i = 0; i < LDS_FILE_COUNT; i++) {
		enum lds_file f = (enum lds_file)i;

		if (lds_set_has(d->files, f))
			gp_dgi_put(&w, lds_file_fid(f), lds_set_get(d->files, f));
	}
	gp_dgi_put(&w, DGI_MRZ_INFO, bytes_str(d->mrz_info));
	gp_dgi_put(&w, DGI_CAN, bytes_str(d->can));
	put_trust(d, &w);
	st = writer_finish(&w, ret);
	writer_done(&w);
	return st;
}

static cc_status send_blocks(struct personalize *p, struct bytes dgis, bool last)
{
	struct gp_store_data store;
	struct apdu cmd;
	cc_status st;

	gp_store_data_init(&store, dgis, channel_command_room(p->ch), p->next_block, last, false);
	while (gp_store_data_next(&store, &cmd)) {
		struct response r = { 0 };

		st = channel_send_ok(p->ch, &cmd, &r);
		response_done(&r);
		if (cc_failed(st))
			return st;
	}
	p->next_block = store.block;
	return cc_ok();
}

static cc_status softchip_write(struct personalize *p, const struct personalize_data *d)
{
	struct buf stream = { 0 };
	cc_status st = build_stream(d, &stream);

	if (!cc_failed(st))
		st = send_blocks(p, buf_view(&stream), false);
	buf_done(&stream);
	return st;
}

/* ISO/IEC 7816-4 11.3.3: odd READ BINARY, offset object 54, answer object 53. */
static cc_status parse_block(struct bytes answer, struct buf *ret)
{
	struct cursor in;
	struct bytes v;

	cursor_init(&in, answer);
	if (!tlv_expect_bytes(&in, TLV_LENIENT, 0x53, &v) || cc_failed(cursor_end(&in)))
		return cc_code_status(CC_E_FORMAT);
	return buf_copy(ret, v);
}

static cc_status softchip_read(struct personalize *p, uint16_t fid, size_t offset, struct buf *ret, bool *ret_end)
{
	uint8_t at[5] = { 0x54, 0x03, (uint8_t)(offset >> 16), (uint8_t)(offset >> 8), (uint8_t)offset };
	/* Le 00: as much as fits. How far protection lengthens the answer is for the chip to know. */
	size_t le = p->ch->extended ? APDU_LE_EXTENDED_MAX : APDU_LE_SHORT_MAX, room = channel_response_room(p->ch);
	struct apdu cmd = { 0x80, 0xB1, (uint8_t)(fid >> 8), (uint8_t)fid, bytes_of(at, sizeof at), le };
	struct response r = { 0 };
	cc_status st = channel_send(p->ch, &cmd, &r);

	if (cc_failed(st))
		goto out;
	if (r.sw == SW_WRONG_OFFSET && offset != 0) { /* the block before ended exactly at the end */
		*ret_end = true;
	} else if (r.sw != SW_OK && r.sw != SW_END_OF_FILE) {
		st = cc_fail(&p->err, CC_E_STATUS, "perso.read-back", "READ BINARY of %04X: %04X", fid, r.sw);
	} else if (!cc_failed(st = parse_block(buf_view(&r.data), ret))) {
		*ret_end = r.sw == SW_END_OF_FILE || r.data.n < room;
	}
out:
	response_done(&r);
	return st;
}

/* ---- sealing */

static cc_status softchip_close(struct personalize *p)
{
	struct writer w;
	cc_status st;

	writer_init(&w, 16);
	gp_dgi_put(&w, DGI_END, bytes_of(NULL, 0));
	st = send_blocks(p, writer_view(&w), true);
	writer_done(&w);
	return st;
}

static cc_status softchip_secure(struct personalize *p)
{
	struct gp_command cmd;
	struct response r = { 0 };
	cc_status st;

	gp_set_card_status_build(GP_CARD_SECURED, &cmd);
	st = channel_send_ok(p->ch, &cmd.apdu, &r);
	response_done(&r);
	return st;
}

static cc_status softchip_lock(struct personalize *p, const struct scp03_keys *new_keys)
{
	struct gp_command cmd;
	struct response r = { 0 };
	cc_status st;

	if (cc_failed(st = gp_put_key_build(&p->dek, new_keys, KEY_VERSION, KEY_VERSION, &cmd)))
		return st;
	if (!cc_failed(st = channel_send_ok(p->ch, &cmd.apdu, &r)) &&
	    cc_failed(st = gp_put_key_parse(buf_view(&r.data), new_keys, KEY_VERSION)))
		st = cc_fail(&p->err, st.code, "perso.lock", "PUT KEY: check values");
	gp_command_done(&cmd);
	response_done(&r);
	return st;
}

static cc_status expect_refusal(struct personalize *p, const struct apdu *cmd, const char *what)
{
	struct response r = { 0 };
	cc_status st = channel_send(p->ch, cmd, &r);

	if (!cc_failed(st) && r.sw == SW_OK)
		st = cc_fail(&p->err, CC_E_VERIFY, "perso.writable", "%s is still accepted", what);
	response_done(&r);
	return st;
}

static cc_status softchip_prove_refusal(struct personalize *p)
{
	static const uint8_t dgi[] = { 0x01, 0x01, 0x00 }; /* an empty EF.DG1 */
	struct apdu store = { 0x80, 0xE2, 0x08, 0x00, bytes_of(dgi, sizeof dgi), APDU_LE_NONE };
	struct gp_command install;
	cc_status st;

	if (cc_failed(st = gp_install_personalization_build(p->profile->application_aid, &install)) ||
	    cc_failed(st = expect_refusal(p, &install.apdu, "INSTALL [for personalization]")))
		return st;
	return expect_refusal(p, &store, "STORE DATA");
}

/* ---- the two profiles */

/* The family's CPLC; type: its two bytes. */
#define SAMPLE_CPLC(type)                                                                                                        \
	"\x9F\x7F\x2A\xCC\xCD" type "\xCC\xCD\x63\x27\x01\x00\x12\x34\x00\x00\x00\x01\x00\x01\x00\x00"                           \
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

#define BYTES_CONST(literal)                                                                                                     \
	{                                                                                                                        \
		(const uint8_t *)(literal), sizeof(literal) - 1                                                                  \
	}

/* What does not depend on the secure channel. */
#define SOFTCHIP_COMMON                                                                                                          \
	.isd_aid = BYTES_CONST(AID_ISD), .application_aid = BYTES_CONST(AID_EMRTD), .key_version = KEY_VERSION,                  \
	.file_max = 65535, .memory = MEMORY, .chip_makes_keys = true, .read_back = PROFILE_READ_BACK_SESSION,                    \
	.seal = PROFILE_SEAL_KEYS_REPLACED, .sample_atr = BYTES_CONST("\x3B\x80\x80\x01\x01"),                                   \
	.diversification = softchip_diversification, .ask_state = softchip_ask_state, .begin = softchip_begin,                   \
	.make_key = softchip_make_key, .get_key = softchip_get_key, .write = softchip_write, .read = softchip_read,              \
	.close = softchip_close, .secure = softchip_secure, .lock = softchip_lock, .prove_refusal = softchip_prove_refusal

const struct profile profile_softchip = {
	.name = "softchip",
	.protocol = SECURE_CHANNEL_SCP03,
	.level = SCP03_LEVEL_FULL,
	.scheme = KDF_SCHEME_KDF3,
	.sample_cplc = BYTES_CONST(SAMPLE_CPLC("\x50\x01")),
	.match = softchip_match,
	SOFTCHIP_COMMON, /* the rest */
};

/* DS: the same chip with the older secure channel: nothing else differs for its host. */
const struct profile profile_softchip_scp02 = {
	.name = "softchip-scp02",
	.protocol = SECURE_CHANNEL_SCP02,
	.level = SCP02_LEVEL_FULL,
	.scheme = KDF_SCHEME_VISA2,
	.sample_cplc = BYTES_CONST(SAMPLE_CPLC("\x50\x02")),
	.match = scp02_match,
	SOFTCHIP_COMMON, /* the rest */
};
