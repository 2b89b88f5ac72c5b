/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip_scp03.h"

#include "crypto/kdf.h"

#include <string.h>

#define MAC_SENT 8
#define BLOCK 16

/* GlobalPlatform Amendment D table 4-1: data derivation constants. */
enum {
	DERIVE_CARD_CRYPTOGRAM = 0x00,
	DERIVE_HOST_CRYPTOGRAM = 0x01,
	DERIVE_CARD_CHALLENGE = 0x02,
	DERIVE_S_ENC = 0x04,
	DERIVE_S_MAC = 0x06,
	DERIVE_S_RMAC = 0x07,
};

void chip_scp03_reset(struct chip_scp03 *s)
{
	cipher_free(&s->enc);
	mac_free(&s->mac);
	mac_free(&s->rmac);
	cc_wipe(s, sizeof *s);
}

cc_status chip_scp03_card_challenge(struct bytes key_enc, uint32_t sequence, struct bytes aid, uint8_t out[8])
{
	struct writer context;
	cc_status st;

	writer_init(&context, 64);
	writer_u24(&context, sequence);
	writer_put(&context, aid);
	st = cc_code_status(context.failed);
	if (!cc_failed(st))
		st = kdf_scp03(key_enc, DERIVE_CARD_CHALLENGE, writer_view(&context), 64, out);
	writer_done(&context);
	return st;
}

static cc_status session_keys(struct chip_scp03 *s, struct bytes key_enc, struct bytes key_mac, struct bytes context)
{
	size_t n = key_enc.n, bits = 8 * n;
	uint8_t enc[32], mac[32], rmac[32];
	cc_status st;

	CC_ASSERT(n <= sizeof enc);
	st = kdf_scp03(key_enc, DERIVE_S_ENC, context, bits, enc);
	if (!cc_failed(st))
		st = kdf_scp03(key_mac, DERIVE_S_MAC, context, bits, mac);
	if (!cc_failed(st))
		st = kdf_scp03(key_mac, DERIVE_S_RMAC, context, bits, rmac);
	if (!cc_failed(st))
		st = kdf_scp03(bytes_of(mac, n), DERIVE_CARD_CRYPTOGRAM, context, 64, s->card_cryptogram);
	if (!cc_failed(st))
		st = kdf_scp03(bytes_of(mac, n), DERIVE_HOST_CRYPTOGRAM, context, 64, s->host_cryptogram);
	if (!cc_failed(st))
		st = cipher_new(s->alg, bytes_of(enc, n), &s->enc);
	if (!cc_failed(st))
		st = mac_new(s->alg, bytes_of(mac, n), &s->mac);
	if (!cc_failed(st))
		st = mac_new(s->alg, bytes_of(rmac, n), &s->rmac);
	cc_wipe(enc, sizeof enc);
	cc_wipe(mac, sizeof mac);
	cc_wipe(rmac, sizeof rmac);
	return st;
}

cc_status chip_scp03_challenge(struct chip_scp03 *s, struct bytes key_enc, struct bytes key_mac, struct bytes host_challenge,
			       struct bytes card_challenge)
{
	uint8_t context[16];
	cc_status st = cc_ok();

	CC_ASSERT(host_challenge.n == 8 && card_challenge.n == 8);
	chip_scp03_reset(s);
	if (key_mac.n != key_enc.n || !cipher_aes_from_key_len(key_enc.n, &s->alg))
		return cc_code_status(CC_E_ARG);
	memcpy(context, host_challenge.p, 8);
	memcpy(context + 8, card_challenge.p, 8);
	st = session_keys(s, key_enc, key_mac, bytes_of(context, sizeof context));
	if (cc_failed(st))
		chip_scp03_reset(s);
	else
		s->state = CHIP_SCP03_CHALLENGED;
	return st;
}

/* C-MAC over chaining value, header with the Lc as sent (which counts the MAC), and data without the MAC. */
static cc_status command_mac(struct chip_scp03 *s, const struct command *wire, struct bytes data, uint8_t out[BLOCK])
{
	struct writer header;
	struct bytes parts[3];
	cc_status st;

	writer_init(&header, 16);
	writer_u8(&header, wire->cla);
	writer_u8(&header, wire->ins);
	writer_u8(&header, wire->p1);
	writer_u8(&header, wire->p2);
	if (wire->long_form)
		writer_u24(&header, (uint32_t)wire->data.n);
	else
		writer_u8(&header, (uint8_t)wire->data.n);
	parts[0] = bytes_of(s->chaining, sizeof s->chaining);
	parts[1] = writer_view(&header);
	parts[2] = data;
	st = cc_code_status(header.failed);
	if (!cc_failed(st))
		st = mac_compute(s->mac, parts, 3, out);
	writer_done(&header);
	return st;
}

bool chip_scp03_level_known(uint8_t level)
{
	static const uint8_t known[] = { 0x01, 0x03, 0x11, 0x13, 0x33 };

	return memchr(known, level, sizeof known) != NULL;
}

uint16_t chip_scp03_authenticate(struct chip_scp03 *s, const struct command *wire)
{
	struct cursor in;
	struct bytes cryptogram, mac;
	uint8_t want[BLOCK];

	CC_ASSERT(s->state == CHIP_SCP03_CHALLENGED && chip_scp03_level_known(wire->p1));
	cursor_init(&in, wire->data);
	if (!cursor_take(&in, 8, &cryptogram) || !cursor_take(&in, MAC_SENT, &mac) || cc_failed(cursor_end(&in)))
		return CHIP_SW_LENGTH;
	if (!cc_equal(cryptogram.p, cryptogram.n, s->host_cryptogram, sizeof s->host_cryptogram))
		return CHIP_SW_AUTHENTICATION_FAILED;
	if (cc_failed(command_mac(s, wire, cryptogram, want)))
		return CHIP_SW_FAULT;
	if (!cc_equal(mac.p, mac.n, want, MAC_SENT))
		return CHIP_SW_SECURITY;
	memcpy(s->chaining, want, sizeof s->chaining);
	s->level = wire->p1;
	s->counter = 0;
	s->state = CHIP_SCP03_OPEN;
	return CHIP_SW_OK;
}

/* Amendment D 6.2.6 and 6.2.7: the ICV is the encrypted command counter; for answers its first bit is set. */
static cc_status make_icv(struct chip_scp03 *s, bool answer, uint8_t icv[BLOCK])
{
	uint8_t block[BLOCK] = { answer ? 0x80 : 0x00 };

	for (size_t i = 0; i < 4; i++)
		block[BLOCK - 1 - i] = (uint8_t)(s->counter >> (8 * i));
	return cipher_encrypt_block(s->enc, block, icv);
}

static uint16_t decrypt(struct chip_scp03 *s, struct bytes text, struct buf *plain, struct bytes *ret_data)
{
	uint8_t icv[BLOCK];

	if (text.n % BLOCK != 0)
		return CHIP_SW_SECURITY;
	if (cc_failed(buf_zero(plain, text.n)) || cc_failed(make_icv(s, false, icv)))
		return CHIP_SW_FAULT;
	if (cc_failed(cipher_cbc_decrypt(s->enc, icv, text, plain->p)) ||
	    cc_failed(pad_iso9797_2_strip(buf_view(plain), BLOCK, ret_data)))
		return CHIP_SW_SECURITY;
	return CHIP_SW_OK;
}

static size_t answer_room(const struct chip_scp03 *s, size_t wire)
{
	size_t room = wire;

	if ((s->level & CHIP_SCP03_R_MAC) != 0)
		room = room > MAC_SENT ? room - MAC_SENT : 0;
	if ((s->level & CHIP_SCP03_R_ENC) != 0)
		room = room < BLOCK ? 0 : room / BLOCK * BLOCK - 1;
	return room;
}

static uint16_t unwrap(struct chip_scp03 *s, const struct command *wire, struct buf *plain, struct command *ret)
{
	struct command cmd = *wire;
	struct cursor in;
	struct bytes mac;
	uint8_t want[BLOCK];
	uint16_t sw;

	cursor_init(&in, wire->data);
	if (!cursor_take_back(&in, MAC_SENT, &mac))
		return CHIP_SW_SECURITY;
	cmd.data = cursor_rest(&in);
	if (cc_failed(command_mac(s, wire, cmd.data, want)))
		return CHIP_SW_FAULT;
	if (!cc_equal(mac.p, mac.n, want, MAC_SENT))
		return CHIP_SW_SECURITY;
	memcpy(s->chaining, want, sizeof s->chaining);
	s->counter++;
	if ((s->level & CHIP_SCP03_C_ENC) != 0 && cmd.data.n > 0 && (sw = decrypt(s, cmd.data, plain, &cmd.data)) != CHIP_SW_OK)
		return sw;
	cmd.cla &= 0xF3;
	/* Le counts what is on the wire: cryptogram and MAC are inside it. */
	cmd.room = answer_room(s, wire->room);
	cmd.le = answer_room(s, wire->le);
	*ret = cmd;
	return CHIP_SW_OK;
}

uint16_t chip_scp03_unwrap(struct chip_scp03 *s, const struct command *wire, struct buf *plain, struct command *ret)
{
	uint16_t sw = s->state == CHIP_SCP03_OPEN ? unwrap(s, wire, plain, ret) : CHIP_SW_SECURITY;

	if (sw != CHIP_SW_OK)
		chip_scp03_reset(s);
	return sw;
}

static bool is_error(uint16_t sw)
{
	uint8_t sw1 = (uint8_t)(sw >> 8);

	return sw1 != 0x90 && sw1 != 0x62 && sw1 != 0x63;
}

static cc_status encrypt_answer(struct chip_scp03 *s, struct bytes data, struct writer *out)
{
	struct writer padded;
	struct buf text = { 0 };
	uint8_t icv[BLOCK];
	cc_status st;

	writer_init(&padded, data.n + BLOCK);
	pad_iso9797_2(&padded, data, BLOCK);
	st = writer_finish(&padded, &text);
	if (!cc_failed(st))
		st = make_icv(s, true, icv);
	if (!cc_failed(st))
		st = cipher_cbc_encrypt(s->enc, icv, buf_view(&text), text.p);
	if (!cc_failed(st))
		writer_put(out, buf_view(&text));
	buf_done(&text);
	return st;
}

cc_status chip_scp03_wrap(struct chip_scp03 *s, struct bytes data, uint16_t sw, struct writer *out)
{
	const uint8_t sw_bytes[2] = { (uint8_t)(sw >> 8), (uint8_t)sw };
	uint8_t mac[BLOCK];
	struct bytes parts[3];
	cc_status st = cc_ok();

	CC_ASSERT(out->n == 0);
	if (is_error(sw))
		return st;
	if ((s->level & CHIP_SCP03_R_ENC) != 0 && data.n > 0)
		st = encrypt_answer(s, data, out);
	else
		writer_put(out, data);
	if (cc_failed(st) || (s->level & CHIP_SCP03_R_MAC) == 0)
		return st;
	parts[0] = bytes_of(s->chaining, sizeof s->chaining);
	parts[1] = writer_view(out);
	parts[2] = bytes_of(sw_bytes, sizeof sw_bytes);
	st = mac_compute(s->rmac, parts, 3, mac);
	if (!cc_failed(st))
		writer_put(out, bytes_of(mac, MAC_SENT));
	return st;
}
