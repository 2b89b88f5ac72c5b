/* SPDX-License-Identifier: Apache-2.0 */
#include "card/perso/gp.h"

#include "card/perso/scp02.h"
#include "crypto/base/tlv.h"

#include <string.h>

#define TAG_FCI 0x6F
#define TAG_AID 0x84
#define TAG_CPLC 0x9F7F
#define TAG_REGISTRY_ENTRY 0xE3
#define TAG_ENTRY_AID 0x4F
#define TAG_ENTRY_LIFE_CYCLE 0x9F70

#define KEY_TYPE_AES 0x88
#define KEY_TYPE_TDES 0x80
#define KEY_BLOCK_MAX 32 /* an encrypted AES-256 key */

void gp_command_done(struct gp_command *c)
{
	cc_wipe(c, sizeof *c);
}

/* Data of the command from a writer; the writer is emptied. */
static cc_status take_data(struct gp_command *c, struct writer *w)
{
	struct bytes v = writer_view(w);
	cc_status st = cc_code_status(w->failed);

	if (!cc_failed(st)) {
		CC_ASSERT(v.n <= sizeof c->data);
		memcpy(c->data, v.p, v.n);
		c->apdu.data = bytes_of(c->data, v.n);
	}
	writer_done(w);
	return st;
}

static void start(struct gp_command *c, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2, size_t le)
{
	memset(c, 0, sizeof *c);
	c->apdu = (struct apdu){ cla, ins, p1, p2, { NULL, 0 }, le };
}

cc_status gp_select_build(struct bytes aid, struct gp_command *ret)
{
	if (aid.n > GP_AID_MAX)
		return cc_code_status(CC_E_ARG);
	start(ret, 0x00, 0xA4, 0x04, 0x00, APDU_LE_SHORT_MAX);
	if (aid.n != 0)
		memcpy(ret->data, aid.p, aid.n);
	ret->apdu.data = bytes_of(ret->data, aid.n);
	return cc_ok();
}

cc_status gp_select_parse(struct bytes answer, struct bytes *ret_aid)
{
	struct cursor in, fci;
	struct bytes aid;

	cursor_init(&in, answer);
	if (!tlv_expect(&in, TLV_LENIENT, TAG_FCI, &fci) || !tlv_expect_bytes(&fci, TLV_LENIENT, TAG_AID, &aid) ||
	    cc_failed(cursor_end(&in)) || aid.n > GP_AID_MAX)
		return cc_code_status(CC_E_FORMAT);
	*ret_aid = aid;
	return cc_ok();
}

void gp_get_data_build(uint16_t tag, struct gp_command *ret)
{
	start(ret, 0x80, 0xCA, (uint8_t)(tag >> 8), (uint8_t)tag, APDU_LE_SHORT_MAX);
}

cc_status gp_cplc_parse(struct bytes answer, struct gp_cplc *ret)
{
	struct gp_cplc c;
	struct cursor in, body;
	struct bytes raw;

	cursor_init(&in, answer);
	if (!tlv_expect_bytes(&in, TLV_LENIENT, TAG_CPLC, &raw) || cc_failed(cursor_end(&in)) || raw.n != sizeof c.raw)
		return cc_code_status(CC_E_FORMAT);
	memcpy(c.raw, raw.p, sizeof c.raw);
	cursor_init(&body, raw);
	if (!cursor_u16(&body, &c.ic_fabricator) || !cursor_u16(&body, &c.ic_type) || !cursor_u16(&body, &c.os_id) ||
	    !cursor_u16(&body, &c.os_date) || !cursor_u16(&body, &c.os_level) || !cursor_copy(&body, c.serial, sizeof c.serial))
		return cc_code_status(CC_E_FORMAT);
	*ret = c;
	return cc_ok();
}

cc_status gp_get_status_build(uint8_t p1, struct bytes aid, struct gp_command *ret)
{
	struct writer w;

	start(ret, 0x80, 0xF2, p1, 0x02, APDU_LE_SHORT_MAX);
	writer_init(&w, sizeof ret->data);
	tlv_put(&w, TAG_ENTRY_AID, aid);
	return take_data(ret, &w);
}

static bool entry_parse(struct cursor *entry, struct bytes *ret_aid, struct bytes *ret_life_cycle)
{
	struct tlv t;

	*ret_aid = *ret_life_cycle = bytes_of(NULL, 0);
	while (cursor_left(entry) != 0) {
		if (!tlv_next(entry, TLV_LENIENT, &t))
			return false;
		if (t.tag == TAG_ENTRY_AID)
			*ret_aid = t.value;
		else if (t.tag == TAG_ENTRY_LIFE_CYCLE)
			*ret_life_cycle = t.value;
	}
	return ret_life_cycle->n != 0;
}

cc_status gp_get_status_parse(struct bytes answer, struct bytes aid, uint8_t *ret_life_cycle)
{
	struct bytes entry_aid, state;
	struct cursor in, entry, first;
	bool found = false;
	uint8_t life_cycle = 0;

	cursor_init(&in, answer);
	while (cursor_left(&in) != 0) {
		if (!tlv_expect(&in, TLV_LENIENT, TAG_REGISTRY_ENTRY, &entry) || !entry_parse(&entry, &entry_aid, &state))
			return cc_code_status(CC_E_FORMAT);
		if (!bytes_equal(entry_aid, aid))
			continue;
		cursor_init(&first, state);
		found = cursor_u8(&first, &life_cycle);
	}
	if (!found)
		return cc_code_status(CC_E_NOT_FOUND);
	*ret_life_cycle = life_cycle;
	return cc_ok();
}

void gp_set_card_status_build(uint8_t state, struct gp_command *ret)
{
	start(ret, 0x80, 0xF0, 0x80, state, APDU_LE_SHORT_MAX);
}

cc_status gp_install_personalization_build(struct bytes aid, struct gp_command *ret)
{
	struct writer w;

	if (aid.n > GP_AID_MAX)
		return cc_code_status(CC_E_ARG);
	start(ret, 0x80, 0xE6, 0x20, 0x00, APDU_LE_SHORT_MAX);
	writer_init(&w, sizeof ret->data);
	writer_u16(&w, 0x0000); /* no load file, no module */
	writer_u8(&w, (uint8_t)aid.n);
	writer_put(&w, aid);
	writer_fill(&w, 0x00, 3); /* no privileges, parameters, token */
	return take_data(ret, &w);
}

static cc_status check_value(const struct scp03_keys *set, const struct secret *key, uint8_t out[SCP03_KCV_LEN])
{
	struct bytes k = bytes_of(key->p, key->n);

	return set->alg == CIPHER_TDES ? scp02_key_check_value(k, out) : scp03_key_check_value(k, out);
}

/* GP-D 7.2: 88, length, length of the key in clear, the key under DEK in CBC with zero ICV (padded to a block). */
static cc_status put_aes_value(const struct secret *dek, const struct secret *key, struct writer *w)
{
	static const uint8_t zero_icv[CIPHER_BLOCK_MAX];
	uint8_t block[KEY_BLOCK_MAX] = { 0 };
	size_t n = (key->n + CIPHER_BLOCK_MAX - 1) / CIPHER_BLOCK_MAX * CIPHER_BLOCK_MAX;
	struct cipher *c = NULL;
	enum cipher_alg alg;
	cc_status st;

	CC_ASSERT(n <= sizeof block);
	memcpy(block, key->p, key->n);
	if (cc_failed(st = scp03_alg(dek->n, &alg)) || cc_failed(st = cipher_new(alg, bytes_of(dek->p, dek->n), &c)) ||
	    cc_failed(st = cipher_cbc_encrypt(c, zero_icv, bytes_of(block, n), block)))
		goto out;
	writer_u8(w, KEY_TYPE_AES);
	writer_u8(w, (uint8_t)(n + 1));
	writer_u8(w, (uint8_t)key->n);
	writer_put(w, bytes_of(block, n));
out:
	cc_wipe(block, sizeof block);
	cipher_free(&c);
	return st;
}

/* GP 11.8.2.3.1 table 11-68: 80, length, the key under DEK in ECB. */
static cc_status put_tdes_value(const struct secret *dek, const struct secret *key, struct writer *w)
{
	uint8_t text[SCP02_KEY_LEN];
	cc_status st = scp02_encrypt_key(bytes_of(dek->p, dek->n), bytes_of(key->p, key->n), text);

	if (cc_failed(st))
		return st;
	writer_u8(w, KEY_TYPE_TDES);
	writer_u8(w, sizeof text);
	writer_put(w, bytes_of(text, sizeof text));
	return st;
}

static cc_status put_key_block(const struct secret *dek, const struct scp03_keys *set, const struct secret *key, struct writer *w)
{
	uint8_t kcv[SCP03_KCV_LEN];
	cc_status st = set->alg == CIPHER_TDES ? put_tdes_value(dek, key, w) : put_aes_value(dek, key, w);

	if (cc_failed(st) || cc_failed(st = check_value(set, key, kcv)))
		return st;
	writer_u8(w, sizeof kcv);
	writer_put(w, bytes_of(kcv, sizeof kcv));
	return st;
}

cc_status gp_put_key_build(const struct secret *dek, const struct scp03_keys *new_keys, uint8_t old_version, uint8_t new_version,
			   struct gp_command *ret)
{
	struct writer w;
	cc_status st;

	/* P2: first key identifier 01, b8: several keys in one command. */
	start(ret, 0x80, 0xD8, old_version, 0x81, APDU_LE_SHORT_MAX);
	writer_init(&w, sizeof ret->data);
	writer_u8(&w, new_version);
	if (!cc_failed(st = put_key_block(dek, new_keys, &new_keys->enc, &w)) &&
	    !cc_failed(st = put_key_block(dek, new_keys, &new_keys->mac, &w)) &&
	    !cc_failed(st = put_key_block(dek, new_keys, &new_keys->dek, &w)))
		st = take_data(ret, &w);
	writer_done(&w);
	return st;
}

cc_status gp_put_key_parse(struct bytes answer, const struct scp03_keys *new_keys, uint8_t new_version)
{
	const struct secret *keys[] = { &new_keys->enc, &new_keys->mac, &new_keys->dek };
	uint8_t version, kcv[SCP03_KCV_LEN];
	struct bytes got;
	struct cursor in;
	cc_status st;

	cursor_init(&in, answer);
	if (!cursor_u8(&in, &version))
		return cc_code_status(CC_E_FORMAT);
	for (size_t i = 0; i < 3; i++) {
		if (!cursor_take(&in, SCP03_KCV_LEN, &got))
			return cc_code_status(CC_E_FORMAT);
		if (cc_failed(st = check_value(new_keys, keys[i], kcv)))
			return st;
		if (!cc_equal(kcv, sizeof kcv, got.p, got.n))
			return cc_code_status(CC_E_VERIFY);
	}
	if (cc_failed(cursor_end(&in)))
		return cc_code_status(CC_E_FORMAT);
	return cc_code_status(version == new_version ? CC_OK : CC_E_VERIFY);
}

void gp_dgi_put(struct writer *w, uint16_t dgi, struct bytes content)
{
	if (content.n > GP_DGI_LEN_MAX) {
		writer_fail(w, CC_E_LIMIT);
		return;
	}
	writer_u16(w, dgi);
	if (content.n > 0xFE) {
		writer_u8(w, 0xFF);
		writer_u16(w, (uint16_t)content.n);
	} else {
		writer_u8(w, (uint8_t)content.n);
	}
	writer_put(w, content);
}

void gp_store_data_init(struct gp_store_data *s, struct bytes dgis, size_t room, uint8_t first_block, bool last, bool answer)
{
	CC_ASSERT(room > 0);
	*s = (struct gp_store_data){ .room = room, .block = first_block, .last = last, .answer = answer };
	cursor_init(&s->left, dgis);
}

bool gp_store_data_next(struct gp_store_data *s, struct apdu *ret)
{
	size_t n = cursor_left(&s->left) < s->room ? cursor_left(&s->left) : s->room;
	uint8_t p1 = 0x08; /* GP 11.11.2.1: b5-b4 = 01, DGI format, not encrypted beyond the channel */
	struct bytes data;
	bool final;

	if (s->done || !cursor_take(&s->left, n, &data))
		return false;
	final = cursor_left(&s->left) == 0;
	if (s->last && final)
		p1 |= 0x80;
	if (s->answer && final)
		p1 |= 0x01;
	/* Le always: a response MAC comes back, and without Le it would have to be fetched (ISO/IEC 7816-4 5.3.4). */
	*ret = (struct apdu){ 0x80, 0xE2, p1, s->block++, data, APDU_LE_SHORT_MAX };
	s->done = final;
	return true;
}

size_t gp_store_data_count(size_t n, size_t room)
{
	return n == 0 ? 1 : (n + room - 1) / room;
}
