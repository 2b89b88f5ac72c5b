/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

#include "crypto/base/tlv.h"
#include "crypto/kdf.h"

/* Chip Authentication version 1, ICAO 9303-11 6.2, the chip's side. */

#define CIPHER_ID_TDES 1

/* ICAO 9303-11 9.2.7: id-CA, 0.4.0.127.0.7.2.2.3; 1 DH or 2 ECDH, then the cipher. */
static const struct bytes oid_ca = BYTES_LITERAL("\x04\x00\x7F\x00\x07\x02\x02\x03");

/* ICAO 9303-11 6.2.2: keys from the agreed secret replace the session's, with a counter of zero. */
static cc_status agree(struct softchip *chip, const struct chip_key *key, struct bytes peer)
{
	enum cipher_alg alg = chip_cipher_of_id(key->detail);
	struct secret enc = { 0 }, mac = { 0 };
	struct buf k = { 0 }, comp = { 0 };
	cc_status st = agree_secret(key->agree, peer, &k);

	if (!cc_failed(st))
		st = kdf_9303(buf_view(&k), bytes_of(NULL, 0), KDF_ENC, alg, &enc);
	if (!cc_failed(st))
		st = kdf_9303(buf_view(&k), bytes_of(NULL, 0), KDF_MAC, alg, &mac);
	if (!cc_failed(st))
		st = agree_compress(key->group, peer, &comp);
	if (!cc_failed(st))
		st = chip_sm_stage(&chip->s.sm, alg, bytes_of(enc.p, enc.n), bytes_of(mac.p, mac.n), bytes_of(NULL, 0));
	if (!cc_failed(st)) {
		/* Whoever authenticated before did so for another session. */
		chip_terminal_reset(&chip->s.terminal);
		buf_move(&chip->s.terminal.comp_pcd, &comp);
	}
	secret_done(&enc);
	secret_done(&mac);
	buf_done(&k);
	buf_done(&comp);
	return st;
}

/* 9000, or `wrong` when the terminal's public key is none. tdes: which of the two protocols is running. */
static uint16_t run(struct softchip *chip, enum chip_field which, struct bytes peer, bool tdes, uint16_t wrong)
{
	struct chip_key key = { 0 };
	uint16_t sw = CHIP_SW_DATA;
	cc_status st = chip_keypair_load(chip, which, &key);

	if (cc_failed(st))
		return chip_sw_of(st);
	if ((key.detail == CIPHER_ID_TDES) == tdes) {
		st = agree(chip, &key, peer);
		sw = st.code == CC_E_VERIFY ? wrong : chip_sw_of(st);
	}
	chip_key_done(&key);
	return sw;
}

/* An object that may be there; false when it is there and malformed. */
static bool optional(struct cursor *in, uint32_t tag, struct bytes *ret)
{
	*ret = bytes_of(NULL, 0);
	return !tlv_is_next(in, tag) || (tlv_expect_bytes(in, TLV_LENIENT, tag, ret) && ret->n > 0);
}

/* 6.2.4.1: 91 ephemeral public key, 84 key reference. */
uint16_t chip_ca_set_kat(struct softchip *chip, const struct command *cmd)
{
	enum chip_field which;
	struct cursor in;
	struct bytes peer, reference;

	if (!chip->s.access)
		return CHIP_SW_SECURITY;
	cursor_init(&in, cmd->data);
	if (!tlv_expect_bytes(&in, TLV_LENIENT, 0x91, &peer) || !optional(&in, 0x84, &reference) || cc_failed(cursor_end(&in)))
		return CHIP_SW_DATA;
	if (!chip_keypair_find(chip, reference, &which))
		return CHIP_SW_NOT_FOUND;
	return run(chip, which, peer, true, CHIP_SW_DATA);
}

/* Is this the protocol of that key? */
static bool oid_fits(const struct chip_key *key, struct bytes oid)
{
	struct cursor in;
	struct bytes stem;
	uint8_t kind, cipher_id;

	cursor_init(&in, oid);
	return cursor_take(&in, oid_ca.n, &stem) && bytes_equal(stem, oid_ca) && cursor_u8(&in, &kind) &&
	       cursor_u8(&in, &cipher_id) && !cc_failed(cursor_end(&in)) && kind == (key->group.kind == AGREE_DH ? 1 : 2) &&
	       cipher_id == key->detail && cipher_id != CIPHER_ID_TDES;
}

/* 6.2.4.2: 80 OID, 84 key reference. */
uint16_t chip_ca_set_at(struct softchip *chip, const struct command *cmd)
{
	struct chip_key key = { 0 };
	enum chip_field which;
	struct cursor in;
	struct bytes oid, reference;
	uint16_t sw;
	cc_status st;

	if (!chip->s.access)
		return CHIP_SW_SECURITY;
	cursor_init(&in, cmd->data);
	if (!tlv_expect_bytes(&in, TLV_LENIENT, 0x80, &oid) || !optional(&in, 0x84, &reference) || cc_failed(cursor_end(&in)))
		return CHIP_SW_DATA;
	if (!chip_keypair_find(chip, reference, &which))
		return CHIP_SW_NOT_FOUND;
	st = chip_keypair_load(chip, which, &key);
	if (cc_failed(st))
		return chip_sw_of(st);
	sw = oid_fits(&key, oid) ? CHIP_SW_OK : CHIP_SW_DATA;
	chip_key_done(&key);
	chip->s.ca_for_aes = sw == CHIP_SW_OK;
	chip->s.ca_key = which;
	return sw;
}

/* 7C { 80 public key } in, 7C { } out. */
uint16_t chip_ca_general(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	struct cursor in, dynamic;
	struct bytes peer;
	uint16_t sw;

	chip->s.ca_for_aes = false;
	cursor_init(&in, cmd->data);
	if (!tlv_expect(&in, TLV_LENIENT, 0x7C, &dynamic) || cc_failed(cursor_end(&in)) ||
	    !tlv_expect_bytes(&dynamic, TLV_LENIENT, 0x80, &peer) || cc_failed(cursor_end(&dynamic)))
		return CHIP_SW_DATA;
	sw = run(chip, chip->s.ca_key, peer, false, CHIP_SW_AUTHENTICATION_FAILED);
	if (sw == CHIP_SW_OK)
		tlv_put(out, 0x7C, bytes_of(NULL, 0));
	return sw;
}
