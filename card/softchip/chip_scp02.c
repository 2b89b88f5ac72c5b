/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip_scp02.h"

#include "crypto/kdf.h"

#include <string.h>

#define MAC_LEN 8
#define BLOCK 8
#define KEY_LEN 16
#define LC_MAX 0xFF

/* GlobalPlatform 2.3.1 E.4.1: the derivation constants. */
enum { DERIVE_C_MAC = 0x0101, DERIVE_DEK = 0x0181, DERIVE_S_ENC = 0x0182 };

static const uint8_t zeros[BLOCK];

void chip_scp02_reset(struct chip_scp02 *s)
{
	cipher_free(&s->enc);
	cipher_free(&s->single);
	mac_free(&s->mac);
	cc_wipe(s, sizeof *s);
}

/* B.1.2.1: triple DES all the way; the padded parts have 24 bytes. */
static cc_status cryptogram(struct chip_scp02 *s, struct bytes a, struct bytes b, uint8_t out[8])
{
	struct writer joined, padded;
	uint8_t text[3 * BLOCK];
	cc_status st;

	writer_init(&joined, 2 * BLOCK);
	writer_init(&padded, sizeof text);
	writer_put(&joined, a);
	writer_put(&joined, b);
	pad_iso9797_2(&padded, writer_view(&joined), BLOCK);
	st = cc_code_status(joined.failed != CC_OK ? joined.failed : padded.failed);
	if (!cc_failed(st))
		st = cipher_cbc_encrypt(s->enc, zeros, writer_view(&padded), text);
	if (!cc_failed(st))
		memcpy(out, text + 2 * BLOCK, BLOCK);
	writer_done(&joined);
	writer_done(&padded);
	return st;
}

/* B.1.2.2: retail MAC, the ICV added to the first block. */
static cc_status retail(struct chip_scp02 *s, const uint8_t icv[BLOCK], struct bytes head, struct bytes data,
			uint8_t out[MAC_LEN])
{
	struct writer joined, padded;
	struct buf text = { 0 };
	struct bytes part;
	cc_status st;

	writer_init(&joined, 8 + LC_MAX);
	writer_init(&padded, 8 + LC_MAX + BLOCK);
	writer_put(&joined, head);
	writer_put(&joined, data);
	pad_iso9797_2(&padded, writer_view(&joined), BLOCK);
	st = cc_code_status(joined.failed);
	if (!cc_failed(st))
		st = writer_finish(&padded, &text);
	if (!cc_failed(st)) {
		for (size_t i = 0; i < BLOCK; i++)
			text.p[i] ^= icv[i];
		part = buf_view(&text);
		st = mac_compute(s->mac, &part, 1, out);
	}
	writer_done(&joined);
	writer_done(&padded);
	buf_done(&text);
	return st;
}

static cc_status session_keys(struct chip_scp02 *s, struct bytes key_enc, struct bytes key_mac, struct bytes key_dek,
			      uint16_t sequence)
{
	struct secret enc = { 0 }, mac = { 0 };
	uint8_t halves[KEY_LEN];
	cc_status st = kdf_scp02(key_enc, DERIVE_S_ENC, sequence, &enc);

	if (!cc_failed(st))
		st = kdf_scp02(key_mac, DERIVE_C_MAC, sequence, &mac);
	if (!cc_failed(st))
		st = kdf_scp02(key_dek, DERIVE_DEK, sequence, &s->dek);
	if (!cc_failed(st))
		st = cipher_new(CIPHER_TDES, bytes_of(enc.p, enc.n), &s->enc);
	if (!cc_failed(st))
		st = mac_new(CIPHER_TDES, bytes_of(mac.p, mac.n), &s->mac);
	/* Triple DES with equal halves is DES. */
	memcpy(halves, mac.p, KEY_LEN / 2);
	memcpy(halves + KEY_LEN / 2, mac.p, KEY_LEN / 2);
	if (!cc_failed(st))
		st = cipher_new(CIPHER_TDES, bytes_of(halves, sizeof halves), &s->single);
	cc_wipe(halves, sizeof halves);
	secret_done(&enc);
	secret_done(&mac);
	return st;
}

/* E.4.2.3: the challenge is the beginning of the MAC over the AID; E.4.2.1 and E.4.2.2: the cryptograms. */
static cc_status answers(struct chip_scp02 *s, uint16_t sequence, struct bytes aid, struct bytes host_challenge)
{
	uint8_t mac[MAC_LEN], of_card[8] = { (uint8_t)(sequence >> 8), (uint8_t)sequence };
	cc_status st = retail(s, zeros, bytes_of(NULL, 0), aid, mac);

	if (cc_failed(st))
		return st;
	memcpy(s->challenge, mac, sizeof s->challenge);
	memcpy(of_card + 2, mac, sizeof s->challenge);
	st = cryptogram(s, host_challenge, bytes_of(of_card, sizeof of_card), s->card_cryptogram);
	if (!cc_failed(st))
		st = cryptogram(s, bytes_of(of_card, sizeof of_card), host_challenge, s->host_cryptogram);
	return st;
}

cc_status chip_scp02_challenge(struct chip_scp02 *s, struct bytes key_enc, struct bytes key_mac, struct bytes key_dek,
			       uint16_t sequence, struct bytes aid, struct bytes host_challenge)
{
	cc_status st;

	CC_ASSERT(host_challenge.n == 8);
	chip_scp02_reset(s);
	st = session_keys(s, key_enc, key_mac, key_dek, sequence);
	if (!cc_failed(st))
		st = answers(s, sequence, aid, host_challenge);
	if (cc_failed(st)) {
		chip_scp02_reset(s);
	} else {
		s->first = true;
		s->state = CHIP_SCP02_CHALLENGED;
	}
	return st;
}

bool chip_scp02_level_known(uint8_t level)
{
	return level == CHIP_SCP02_C_MAC || level == (CHIP_SCP02_C_MAC | CHIP_SCP02_C_ENC);
}

/* E.4.4: over the header as sent, an Lc of clear data and MAC, and the clear data. */
static uint16_t check_mac(struct chip_scp02 *s, const struct command *wire, struct bytes clear, struct bytes mac)
{
	const uint8_t head[5] = { wire->cla, wire->ins, wire->p1, wire->p2, (uint8_t)(clear.n + MAC_LEN) };
	uint8_t icv[BLOCK] = { 0 }, want[MAC_LEN];

	/* E.3.4: from the second command on the ICV is the MAC before, encrypted. */
	if (!s->first && cc_failed(cipher_encrypt_block(s->single, s->last, icv)))
		return CHIP_SW_FAULT;
	if (cc_failed(retail(s, icv, bytes_of(head, sizeof head), clear, want)))
		return CHIP_SW_FAULT;
	if (!cc_equal(mac.p, mac.n, want, sizeof want))
		return CHIP_SW_SECURITY;
	memcpy(s->last, want, sizeof s->last);
	s->first = false;
	return CHIP_SW_OK;
}

uint16_t chip_scp02_authenticate(struct chip_scp02 *s, const struct command *wire)
{
	struct cursor in;
	struct bytes cryptogram, mac;
	uint16_t sw;

	CC_ASSERT(s->state == CHIP_SCP02_CHALLENGED && chip_scp02_level_known(wire->p1));
	cursor_init(&in, wire->data);
	if (!cursor_take(&in, 8, &cryptogram) || !cursor_take(&in, MAC_LEN, &mac) || cc_failed(cursor_end(&in)))
		return CHIP_SW_LENGTH;
	if (!cc_equal(cryptogram.p, cryptogram.n, s->host_cryptogram, sizeof s->host_cryptogram))
		return CHIP_SW_AUTHENTICATION_FAILED;
	sw = check_mac(s, wire, cryptogram, mac);
	if (sw != CHIP_SW_OK)
		return sw;
	s->level = wire->p1;
	s->state = CHIP_SCP02_OPEN;
	return CHIP_SW_OK;
}

static uint16_t decrypt(struct chip_scp02 *s, struct bytes text, struct buf *plain, struct bytes *ret_data)
{
	if (text.n % BLOCK != 0)
		return CHIP_SW_SECURITY;
	if (cc_failed(buf_zero(plain, text.n)))
		return CHIP_SW_FAULT;
	if (cc_failed(cipher_cbc_decrypt(s->enc, zeros, text, plain->p)) ||
	    cc_failed(pad_iso9797_2_strip(buf_view(plain), BLOCK, ret_data)))
		return CHIP_SW_SECURITY;
	return CHIP_SW_OK;
}

static uint16_t unwrap(struct chip_scp02 *s, const struct command *wire, struct buf *plain, struct command *ret)
{
	struct command cmd = *wire;
	struct cursor in;
	struct bytes mac;
	uint16_t sw;

	if (wire->long_form || wire->data.n > LC_MAX)
		return CHIP_SW_LENGTH;
	cursor_init(&in, wire->data);
	if (!cursor_take_back(&in, MAC_LEN, &mac))
		return CHIP_SW_SECURITY;
	cmd.data = cursor_rest(&in);
	if ((s->level & CHIP_SCP02_C_ENC) != 0 && cmd.data.n > 0 && (sw = decrypt(s, cmd.data, plain, &cmd.data)) != CHIP_SW_OK)
		return sw;
	sw = check_mac(s, wire, cmd.data, mac);
	if (sw != CHIP_SW_OK)
		return sw;
	cmd.cla &= 0xF3;
	*ret = cmd;
	return CHIP_SW_OK;
}

uint16_t chip_scp02_unwrap(struct chip_scp02 *s, const struct command *wire, struct buf *plain, struct command *ret)
{
	uint16_t sw = s->state == CHIP_SCP02_OPEN ? unwrap(s, wire, plain, ret) : CHIP_SW_SECURITY;

	if (sw != CHIP_SW_OK)
		chip_scp02_reset(s);
	return sw;
}
