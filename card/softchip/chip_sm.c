/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip_sm.h"

#include "crypto/base/secret.h"
#include "crypto/base/tlv.h"

#include <string.h>

#define TAG_CRYPTOGRAM_EVEN 0x87 /* padding indicator 01 and cryptogram */
#define TAG_CRYPTOGRAM_ODD 0x85	 /* cryptogram alone, for odd INS */
#define TAG_LE 0x97
#define TAG_SW 0x99
#define TAG_MAC 0x8E
#define MAC_SENT 8
#define DO_SW_LEN 4
#define DO_MAC_LEN 10

static void keys_reset(struct chip_sm_keys *k)
{
	cipher_free(&k->enc);
	mac_free(&k->mac);
	cc_wipe(k, sizeof *k);
}

bool chip_sm_active(const struct chip_sm *sm)
{
	return sm->now.enc != NULL;
}

void chip_sm_reset(struct chip_sm *sm)
{
	keys_reset(&sm->now);
	keys_reset(&sm->next);
}

cc_status chip_sm_stage(struct chip_sm *sm, enum cipher_alg alg, struct bytes k_enc, struct bytes k_mac, struct bytes ssc)
{
	struct chip_sm_keys k = { .alg = alg };
	cc_status st;

	CC_ASSERT(ssc.n == 0 || ssc.n == cipher_block_len(alg));
	st = cipher_new(alg, k_enc, &k.enc);
	if (!cc_failed(st))
		st = mac_new(alg, k_mac, &k.mac);
	if (cc_failed(st)) {
		keys_reset(&k);
		return st;
	}
	if (ssc.n > 0)
		memcpy(k.ssc, ssc.p, ssc.n);
	keys_reset(&sm->next);
	sm->next = k;
	return st;
}

void chip_sm_commit(struct chip_sm *sm)
{
	if (sm->next.enc == NULL)
		return;
	keys_reset(&sm->now);
	sm->now = sm->next;
	sm->next = (struct chip_sm_keys){ 0 };
}

bool chip_sm_drop(struct chip_sm *sm)
{
	bool staged = sm->next.enc != NULL;

	keys_reset(&sm->next);
	return staged;
}

static void ssc_step(struct chip_sm_keys *k)
{
	for (size_t i = cipher_block_len(k->alg); i-- > 0;)
		if (++k->ssc[i] != 0)
			break;
}

/* ICAO 9303-11 9.8.6: 3DES has a zero IV, AES the encrypted counter. */
static cc_status make_iv(struct chip_sm_keys *k, uint8_t iv[CIPHER_BLOCK_MAX])
{
	memset(iv, 0, CIPHER_BLOCK_MAX);
	if (k->alg == CIPHER_TDES)
		return cc_ok();
	return cipher_encrypt_block(k->enc, k->ssc, iv);
}

/* MAC over SSC, header (may be empty) and data objects, each padded to the block (7816-4 10.2.3.1). */
static cc_status make_mac(struct chip_sm_keys *k, struct bytes header, struct bytes objects, uint8_t out[CIPHER_BLOCK_MAX])
{
	size_t block = cipher_block_len(k->alg);
	struct writer w;
	struct bytes parts[1];
	cc_status st;

	writer_init(&w, CHIP_LE_EXTENDED_MAX * 2);
	writer_put(&w, bytes_of(k->ssc, block));
	if (header.n > 0)
		pad_iso9797_2(&w, header, block);
	if (objects.n > 0)
		pad_iso9797_2(&w, objects, block);
	parts[0] = writer_view(&w);
	st = cc_code_status(w.failed);
	if (!cc_failed(st))
		st = mac_compute(k->mac, parts, 1, out);
	writer_done(&w);
	return st;
}

/* The objects of a protected command, in their order. */
struct objects {
	struct bytes cryptogram, le, mac;
	bool has_cryptogram, has_le;
	struct bytes covered; /* all before 8E */
};

static uint16_t read_objects(const struct command *wire, struct objects *ret)
{
	uint32_t tag = (wire->ins & 1) != 0 ? TAG_CRYPTOGRAM_ODD : TAG_CRYPTOGRAM_EVEN;
	struct cursor in;
	size_t before;

	cursor_init(&in, wire->data);
	ret->has_cryptogram = tlv_is_next(&in, tag);
	if (ret->has_cryptogram && !tlv_expect_bytes(&in, TLV_LENIENT, tag, &ret->cryptogram))
		return CHIP_SW_SM_WRONG;
	ret->has_le = tlv_is_next(&in, TAG_LE);
	if (ret->has_le && !tlv_expect_bytes(&in, TLV_LENIENT, TAG_LE, &ret->le))
		return CHIP_SW_SM_WRONG;
	before = cursor_left(&in);
	if (before == 0)
		return CHIP_SW_SM_MISSING;
	if (!tlv_expect_bytes(&in, TLV_LENIENT, TAG_MAC, &ret->mac) || cc_failed(cursor_end(&in)) || ret->mac.n != MAC_SENT)
		return CHIP_SW_SM_WRONG;
	cursor_init(&in, wire->data);
	if (!cursor_take(&in, wire->data.n - before, &ret->covered))
		return CHIP_SW_SM_WRONG;
	return CHIP_SW_OK;
}

static bool read_le(struct bytes value, struct command *ret)
{
	struct cursor in;
	uint8_t v8;
	uint16_t v16 = 0;

	cursor_init(&in, value);
	if (value.n == 1) {
		if (!cursor_u8(&in, &v8))
			return false;
		v16 = v8;
	} else if (value.n != 2 || !cursor_u16(&in, &v16)) {
		return false;
	}
	ret->le_is_max = v16 == 0;
	ret->le = v16 != 0 ? v16 : value.n == 1 ? CHIP_LE_SHORT_MAX : CHIP_LE_EXTENDED_MAX;
	return true;
}

static uint16_t decrypt(struct chip_sm_keys *k, bool odd, struct bytes object, struct buf *plain, struct bytes *ret_data)
{
	size_t block = cipher_block_len(k->alg);
	uint8_t iv[CIPHER_BLOCK_MAX], indicator = 1;
	struct cursor in;
	struct bytes text;

	cursor_init(&in, object);
	if (!odd && (!cursor_u8(&in, &indicator) || indicator != 1))
		return CHIP_SW_SM_WRONG;
	text = cursor_rest(&in);
	if (text.n == 0 || text.n % block != 0)
		return CHIP_SW_SM_WRONG;
	if (cc_failed(buf_zero(plain, text.n)) || cc_failed(make_iv(k, iv)))
		return CHIP_SW_FAULT;
	if (cc_failed(cipher_cbc_decrypt(k->enc, iv, text, plain->p)) ||
	    cc_failed(pad_iso9797_2_strip(buf_view(plain), block, ret_data)))
		return CHIP_SW_SM_WRONG;
	return CHIP_SW_OK;
}

/* Content of 87 (even) or 85 that fits behind 99 and 8E into wire bytes, without padding. */
static size_t answer_room(const struct chip_sm_keys *k, bool odd, size_t wire)
{
	size_t block = cipher_block_len(k->alg);
	size_t content = wire > DO_SW_LEN + DO_MAC_LEN ? chip_tlv_room(wire - DO_SW_LEN - DO_MAC_LEN, 1) : 0;

	if (!odd && content > 0)
		content--;
	return content < block ? 0 : content / block * block - 1;
}

static uint16_t unwrap(struct chip_sm_keys *k, const struct command *wire, struct buf *plain, struct command *ret)
{
	const uint8_t header[4] = { wire->cla, wire->ins, wire->p1, wire->p2 };
	bool odd = (wire->ins & 1) != 0;
	uint8_t mac[CIPHER_BLOCK_MAX];
	struct objects o = { 0 };
	struct command cmd = { .cla = wire->cla & 0xF3, .ins = wire->ins, .p1 = wire->p1, .p2 = wire->p2 };
	uint16_t sw = read_objects(wire, &o);

	if (sw != CHIP_SW_OK)
		return sw;
	ssc_step(k);
	if (cc_failed(make_mac(k, bytes_of(header, sizeof header), o.covered, mac)))
		return CHIP_SW_FAULT;
	if (!cc_equal(mac, MAC_SENT, o.mac.p, o.mac.n))
		return CHIP_SW_SM_WRONG;
	if (o.has_cryptogram && (sw = decrypt(k, odd, o.cryptogram, plain, &cmd.data)) != CHIP_SW_OK)
		return sw;
	if (o.has_le && !read_le(o.le, &cmd))
		return CHIP_SW_SM_WRONG;
	cmd.long_form = wire->long_form;
	cmd.room = answer_room(k, odd, wire->room);
	*ret = cmd;
	return CHIP_SW_OK;
}

uint16_t chip_sm_unwrap(struct chip_sm *sm, const struct command *wire, struct buf *plain, struct command *ret)
{
	uint16_t sw = chip_sm_active(sm) ? unwrap(&sm->now, wire, plain, ret) : CHIP_SW_SM_WRONG;

	/* ICAO 9303-11 9.8.3: an error of secure messaging ends the session. */
	if (sw != CHIP_SW_OK)
		chip_sm_reset(sm);
	return sw;
}

static cc_status put_cryptogram(struct chip_sm_keys *k, bool odd, struct bytes data, struct writer *out)
{
	struct writer padded;
	struct buf text = { 0 };
	uint8_t iv[CIPHER_BLOCK_MAX];
	cc_status st;

	writer_init(&padded, data.n + CIPHER_BLOCK_MAX);
	pad_iso9797_2(&padded, data, cipher_block_len(k->alg));
	st = writer_finish(&padded, &text);
	if (!cc_failed(st))
		st = make_iv(k, iv);
	if (!cc_failed(st))
		st = cipher_cbc_encrypt(k->enc, iv, buf_view(&text), text.p);
	if (!cc_failed(st)) {
		tlv_open(out, odd ? TAG_CRYPTOGRAM_ODD : TAG_CRYPTOGRAM_EVEN);
		if (!odd)
			writer_u8(out, 0x01);
		writer_put(out, buf_view(&text));
		tlv_close(out);
	}
	buf_done(&text);
	return st;
}

cc_status chip_sm_wrap(struct chip_sm *sm, bool odd, struct bytes data, uint16_t sw, struct writer *out)
{
	struct chip_sm_keys *k = &sm->now;
	uint8_t mac[CIPHER_BLOCK_MAX];
	cc_status st = cc_ok();

	CC_ASSERT(chip_sm_active(sm) && out->n == 0);
	ssc_step(k);
	if (data.n > 0)
		st = put_cryptogram(k, odd, data, out);
	if (cc_failed(st))
		return st;
	tlv_open(out, TAG_SW);
	writer_u16(out, sw);
	tlv_close(out);
	st = make_mac(k, bytes_of(NULL, 0), writer_view(out), mac);
	if (!cc_failed(st))
		tlv_put(out, TAG_MAC, bytes_of(mac, MAC_SENT));
	return st;
}
