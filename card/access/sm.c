/* SPDX-License-Identifier: Apache-2.0 */
#include "card/access/sm.h"

#include "crypto/base/secret.h"
#include "crypto/base/tlv.h"

#include <string.h>

/* Data objects of ICAO 9303-11 9.8.4 */
#define DO_CRYPTOGRAM 0x87     /* padding indicator 01 and the cryptogram */
#define DO_CRYPTOGRAM_ODD 0x85 /* cryptogram alone: commands with an odd INS */
#define DO_LE 0x97	       /* protected Le */
#define DO_STATUS 0x99	       /* protected status word */
#define DO_MAC 0x8E	       /* cryptographic checksum, 8 bytes */
#define PADDING_INDICATOR 0x01
#define MAC_SENT 8
#define DO_MAC_LEN (2 + MAC_SENT)
#define DO_STATUS_LEN (2 + 2)
#define CLA_SM 0x0C /* secure messaging, header authenticated */
#define HEADER_LEN 4
#define PROTECTED_MAX (APDU_LE_EXTENDED_MAX + 64)

struct sm {
	struct secure_layer base;
	enum cipher_alg alg;
	struct cipher *enc;
	struct mac *mac;
	size_t block;
	uint8_t ssc[CIPHER_BLOCK_MAX];
};

static const struct secure_layer_ops sm_ops;

static struct sm *sm_of(struct secure_layer *l)
{
	CC_ASSERT(l->ops == &sm_ops);
	return (struct sm *)l;
}

/* ICAO 9303-11 9.8.2: the send sequence counter goes up by one before each command and each response. */
static cc_status ssc_increment(struct sm *sm)
{
	for (size_t i = sm->block; i > 0; i--)
		if (++sm->ssc[i - 1] != 0)
			return cc_ok();
	return cc_code_status(CC_E_STATE); /* a counter that starts over repeats its stream */
}

/* ICAO 9303-11 9.8.6.1 and 9.8.6.2: zero IV for 3DES, IV = E(KSenc, SSC) for AES. */
static cc_status make_iv(struct sm *sm, uint8_t iv[CIPHER_BLOCK_MAX])
{
	memset(iv, 0, CIPHER_BLOCK_MAX);
	if (sm->alg == CIPHER_TDES)
		return cc_ok();
	return cipher_encrypt_block(sm->enc, sm->ssc, iv);
}

/* padding 80 00.. that ISO/IEC 9797-1 method 2 puts behind n bytes: 1 to block bytes */
static struct bytes pad_for(size_t n, size_t block)
{
	static const uint8_t pad[CIPHER_BLOCK_MAX] = { 0x80 };

	return bytes_of(pad, block - n % block);
}

static cc_status put_cryptogram(struct sm *sm, const struct apdu *cmd, struct writer *w)
{
	const uint8_t indicator = PADDING_INDICATOR;
	uint8_t iv[CIPHER_BLOCK_MAX];
	struct writer padded;
	struct buf plain = { 0 };
	cc_status st;

	writer_init(&padded, PROTECTED_MAX);
	pad_iso9797_2(&padded, cmd->data, sm->block);
	st = writer_finish(&padded, &plain);
	if (cc_failed(st) || cc_failed(st = make_iv(sm, iv)))
		goto out;
	st = cipher_cbc_encrypt(sm->enc, iv, buf_view(&plain), plain.p);
	if (cc_failed(st))
		goto out;
	/* ICAO 9303-11 9.8.4: DO85 for odd, DO87 for even instructions. */
	tlv_open(w, (cmd->ins & 1) != 0 ? DO_CRYPTOGRAM_ODD : DO_CRYPTOGRAM);
	if ((cmd->ins & 1) == 0)
		writer_put(w, bytes_of(&indicator, 1));
	writer_put(w, buf_view(&plain));
	tlv_close(w);
out:
	buf_done(&plain);
	writer_done(&padded);
	return st;
}

static void put_le(const struct apdu *cmd, struct writer *w)
{
	tlv_open(w, DO_LE);
	if (cmd->le <= APDU_LE_SHORT_MAX)
		writer_u8(w, (uint8_t)cmd->le); /* 256 is 00 */
	else
		writer_u16(w, (uint16_t)cmd->le); /* 65536 is 0000 */
	tlv_close(w);
}

/* ICAO 9303-11 9.8.5: N = SSC || padded header || padded data objects; without data objects the header is all. */
static cc_status put_mac(struct sm *sm, const uint8_t header[HEADER_LEN], struct writer *w)
{
	struct bytes objects = writer_view(w);
	struct bytes parts[] = {
		bytes_of(sm->ssc, sm->block),  bytes_of(header, HEADER_LEN), pad_for(HEADER_LEN, sm->block), objects,
		pad_for(objects.n, sm->block),
	};
	uint8_t mac[CIPHER_BLOCK_MAX];
	cc_status st = mac_compute(sm->mac, parts, objects.n > 0 ? 5 : 3, mac);

	if (!cc_failed(st))
		tlv_put(w, DO_MAC, bytes_of(mac, MAC_SENT));
	return st;
}

static cc_status sm_wrap(struct secure_layer *l, const struct apdu *cmd, bool extended, struct writer *scratch,
			 struct apdu *ret_cmd)
{
	struct sm *sm = sm_of(l);
	const uint8_t header[HEADER_LEN] = { cmd->cla | CLA_SM, cmd->ins, cmd->p1, cmd->p2 };
	cc_status st;

	if (cmd->le > (extended ? APDU_LE_EXTENDED_MAX : APDU_LE_SHORT_MAX))
		return cc_code_status(CC_E_LIMIT);
	st = ssc_increment(sm);
	if (cc_failed(st))
		return st;
	if (cmd->data.n > 0 && cc_failed(st = put_cryptogram(sm, cmd, scratch)))
		return st;
	if (cmd->le > 0)
		put_le(cmd, scratch);
	if (scratch->failed != CC_OK || cc_failed(st = put_mac(sm, header, scratch)))
		return scratch->failed != CC_OK ? cc_code_status(scratch->failed) : st;
	if (scratch->failed != CC_OK)
		return cc_code_status(scratch->failed);
	/* 9.8.4: Le' asks for all there is: the answer always holds DO99 and DO8E. */
	*ret_cmd = (struct apdu){
		.cla = header[0],
		.ins = cmd->ins,
		.p1 = cmd->p1,
		.p2 = cmd->p2,
		.data = writer_view(scratch),
		.le = extended ? APDU_LE_EXTENDED_MAX : APDU_LE_SHORT_MAX,
	};
	return cc_ok();
}

struct answer {
	struct tlv cryptogram; /* tag 0: none */
	struct tlv status, mac;
};

/* ICAO 9303-11 9.8.4: [85 or 87] 99 8E, in this order, nothing else. */
static bool answer_parse(struct bytes raw, struct answer *ret)
{
	struct answer a = { 0 };
	struct cursor in;

	cursor_init(&in, raw);
	if ((tlv_is_next(&in, DO_CRYPTOGRAM) || tlv_is_next(&in, DO_CRYPTOGRAM_ODD)) &&
	    !tlv_next(&in, TLV_LENIENT, &a.cryptogram))
		return false;
	if (!tlv_next(&in, TLV_LENIENT, &a.status) || a.status.tag != DO_STATUS || a.status.value.n != 2)
		return false;
	if (!tlv_next(&in, TLV_LENIENT, &a.mac) || a.mac.tag != DO_MAC || a.mac.value.n != MAC_SENT)
		return false;
	if (cc_failed(cursor_end(&in)))
		return false;
	*ret = a;
	return true;
}

static cc_status check_mac(struct sm *sm, const struct answer *a)
{
	struct bytes parts[] = {
		bytes_of(sm->ssc, sm->block),
		a->cryptogram.whole,
		a->status.whole,
		pad_for(a->cryptogram.whole.n + a->status.whole.n, sm->block),
	};
	uint8_t mac[CIPHER_BLOCK_MAX];
	cc_status st = mac_compute(sm->mac, parts, 4, mac);

	if (!cc_failed(st) && !cc_equal(mac, MAC_SENT, a->mac.value.p, a->mac.value.n))
		st = cc_code_status(CC_E_VERIFY);
	cc_wipe(mac, sizeof mac);
	return st;
}

/* Called after the MAC was found right. */
static cc_status open_cryptogram(struct sm *sm, const struct tlv *object, struct buf *ret)
{
	uint8_t iv[CIPHER_BLOCK_MAX];
	struct buf plain = { 0 };
	struct bytes text, data;
	struct cursor in;
	uint8_t indicator = PADDING_INDICATOR;
	cc_status st;

	cursor_init(&in, object->value);
	if (object->tag == DO_CRYPTOGRAM && (!cursor_u8(&in, &indicator) || indicator != PADDING_INDICATOR))
		return cc_code_status(CC_E_VERIFY);
	text = cursor_rest(&in);
	if (text.n == 0 || text.n % sm->block != 0)
		return cc_code_status(CC_E_VERIFY);
	if (cc_failed(st = buf_zero(&plain, text.n)) || cc_failed(st = make_iv(sm, iv)))
		goto out;
	st = cipher_cbc_decrypt(sm->enc, iv, text, plain.p);
	if (cc_failed(st))
		goto out;
	if (cc_failed(pad_iso9797_2_strip(buf_view(&plain), sm->block, &data)))
		st = cc_code_status(CC_E_VERIFY);
	else
		st = buf_copy(ret, data);
out:
	buf_done(&plain);
	return st;
}

static cc_status sm_unwrap(struct secure_layer *l, const struct response *raw, struct response *ret)
{
	struct sm *sm = sm_of(l);
	struct answer a;
	struct buf data = { 0 };
	struct cursor sw_bytes;
	uint16_t sw;
	cc_status st = ssc_increment(sm);

	if (cc_failed(st))
		return st;
	if (!answer_parse(buf_view(&raw->data), &a))
		return cc_code_status(CC_E_VERIFY);
	st = check_mac(sm, &a);
	if (cc_failed(st))
		return st;
	if (a.cryptogram.tag != 0 && cc_failed(st = open_cryptogram(sm, &a.cryptogram, &data)))
		return st;
	cursor_init(&sw_bytes, a.status.value);
	if (!cursor_u16(&sw_bytes, &sw)) {
		buf_done(&data);
		return cc_code_status(CC_E_VERIFY);
	}
	buf_move(&ret->data, &data);
	ret->sw = sw;
	return cc_ok();
}

/* Most plain bytes whose cryptogram object takes at most `space` bytes: tag, length field, `extra` bytes, padded blocks. */
static size_t room(size_t space, size_t block, size_t extra)
{
	static const size_t content_max[] = { 0x7F, 0xFF, 0xFFFF, 0xFFFFFF };
	size_t best = 0;

	for (size_t k = 0; k < sizeof content_max / sizeof content_max[0]; k++) {
		size_t header = 1 + 1 + k, content, blocks;

		if (space < header + extra)
			break;
		content = space - header < content_max[k] ? space - header : content_max[k];
		blocks = content < extra ? 0 : (content - extra) / block;
		if (blocks > 0 && blocks * block - 1 > best)
			best = blocks * block - 1;
	}
	return best;
}

static size_t sm_command_room(const struct secure_layer *l, size_t wire_max)
{
	const struct sm *sm = (const struct sm *)l;
	size_t fixed = DO_MAC_LEN + (wire_max <= 255 ? 3u : 4u);

	return wire_max < fixed ? 0 : room(wire_max - fixed, sm->block, 1);
}

static size_t sm_response_room(const struct secure_layer *l, size_t wire_max)
{
	const struct sm *sm = (const struct sm *)l;
	size_t fixed = DO_MAC_LEN + DO_STATUS_LEN;

	return wire_max < fixed ? 0 : room(wire_max - fixed, sm->block, 1);
}

static void sm_free(struct secure_layer *l)
{
	struct sm *sm = sm_of(l);

	cipher_free(&sm->enc);
	mac_free(&sm->mac);
	cc_free(sm, sizeof *sm);
}

static const struct secure_layer_ops sm_ops = {
	.name = "secure messaging",
	.wrap = sm_wrap,
	.unwrap = sm_unwrap,
	.command_room = sm_command_room,
	.response_room = sm_response_room,
	.free = sm_free,
};

cc_status sm_new(enum cipher_alg alg, struct bytes k_enc, struct bytes k_mac, struct bytes ssc, struct secure_layer **ret)
{
	struct sm *sm;
	cc_status st;

	if (ssc.n != cipher_block_len(alg))
		return cc_code_status(CC_E_ARG);
	sm = cc_alloc(sizeof *sm);
	if (sm == NULL)
		return cc_code_status(CC_E_MEMORY);
	sm->base.ops = &sm_ops;
	sm->alg = alg;
	sm->block = ssc.n;
	memcpy(sm->ssc, ssc.p, ssc.n);
	st = cipher_new(alg, k_enc, &sm->enc);
	if (!cc_failed(st))
		st = mac_new(alg, k_mac, &sm->mac);
	if (cc_failed(st)) {
		sm_free(&sm->base);
		return st;
	}
	*ret = &sm->base;
	return st;
}
