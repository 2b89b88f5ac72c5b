/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

#include "crypto/base/tlv.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

#define AA_CHALLENGE_LEN 8
#define CIPHER_ID_TDES 1

/* ICAO 9303-11 9.2.7: id-CA-ECDH, 0.4.0.127.0.7.2.2.3.2, and one more arc for the cipher. */
static const struct bytes oid_ca_ecdh = BYTES_LITERAL("\x04\x00\x7F\x00\x07\x02\x02\x03\x02");

/* ICAO 9303-11 6.1.2: sign the terminal's challenge; ECDSA as plain r||s (BSI TR-03111 5.2.1). */
static cc_status sign_challenge(struct softchip *chip, struct bytes challenge, struct writer *out)
{
	static const enum hash_alg hashes[] = { HASH_SHA1, HASH_SHA224, HASH_SHA256, HASH_SHA384, HASH_SHA512 };
	struct ec_key *key = NULL;
	struct buf sig = { 0 };
	struct digest d;
	uint8_t hash_id;
	cc_status st = chip_keypair_load(chip, CHIP_FIELD_AA_KEY, &hash_id, &key);

	if (!cc_failed(st))
		st = hash_digest(hashes[hash_id - 1], challenge, &d);
	if (!cc_failed(st))
		st = ec_sign_digest(key, bytes_of(d.p, d.n), EC_SIG_PLAIN, &sig);
	if (!cc_failed(st))
		writer_put(out, buf_view(&sig));
	buf_done(&sig);
	ec_key_free(&key);
	return st;
}

uint16_t chip_auth_internal(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	cc_status st;

	if (!chip->s.access)
		return CHIP_SW_SECURITY;
	if (cmd->p1 != 0 || cmd->p2 != 0)
		return CHIP_SW_P1P2;
	if (cmd->data.n != AA_CHALLENGE_LEN)
		return CHIP_SW_LENGTH;
	st = sign_challenge(chip, cmd->data, out);
	return st.code == CC_E_NOT_FOUND ? CHIP_SW_NOT_FOUND : chip_sw_of(st);
}

/* ICAO 9303-11 6.2.2: keys from the agreed x-coordinate replace the session's, with a counter of zero. */
static cc_status agree(struct softchip *chip, struct ec_key *key, enum cipher_alg alg, struct bytes peer)
{
	struct secret enc = { 0 }, mac = { 0 };
	struct buf k = { 0 };
	cc_status st = ec_agree_x(key, peer, &k);

	if (!cc_failed(st))
		st = kdf_9303(buf_view(&k), bytes_of(NULL, 0), KDF_ENC, alg, &enc);
	if (!cc_failed(st))
		st = kdf_9303(buf_view(&k), bytes_of(NULL, 0), KDF_MAC, alg, &mac);
	if (!cc_failed(st))
		st = chip_sm_stage(&chip->s.sm, alg, bytes_of(enc.p, enc.n), bytes_of(mac.p, mac.n), bytes_of(NULL, 0));
	secret_done(&enc);
	secret_done(&mac);
	buf_done(&k);
	return st;
}

/* 9000; 6A88 no key; `wrong` when the terminal's point is none. tdes: which of the two protocols is running. */
static uint16_t chip_authentication(struct softchip *chip, struct bytes peer, bool tdes, uint16_t wrong)
{
	struct ec_key *key = NULL;
	uint8_t cipher_id = 0;
	uint16_t sw;
	cc_status st = chip_keypair_load(chip, CHIP_FIELD_CA_KEY, &cipher_id, &key);

	if (st.code == CC_E_NOT_FOUND)
		return CHIP_SW_NOT_FOUND;
	if (cc_failed(st))
		return chip_sw_of(st);
	if ((cipher_id == CIPHER_ID_TDES) != tdes) {
		sw = CHIP_SW_DATA;
	} else {
		st = agree(chip, key, chip_cipher_of_id(cipher_id), peer);
		sw = st.code == CC_E_VERIFY ? wrong : chip_sw_of(st);
	}
	ec_key_free(&key);
	return sw;
}

/* MSE:Set KAT, ICAO 9303-11 6.2.4.1: 91 ephemeral public key, 84 key reference. */
static uint16_t set_kat(struct softchip *chip, const struct command *cmd)
{
	struct cursor in;
	struct bytes peer, id;

	cursor_init(&in, cmd->data);
	if (!tlv_expect_bytes(&in, TLV_LENIENT, 0x91, &peer))
		return CHIP_SW_DATA;
	if (tlv_is_next(&in, 0x84) && !tlv_expect_bytes(&in, TLV_LENIENT, 0x84, &id))
		return CHIP_SW_DATA;
	if (cc_failed(cursor_end(&in)))
		return CHIP_SW_DATA;
	return chip_authentication(chip, peer, true, CHIP_SW_DATA);
}

/* Is this the Chip Authentication protocol of the chip's key? */
static uint16_t check_ca_oid(struct softchip *chip, struct bytes oid)
{
	struct ec_key *key = NULL;
	struct cursor in;
	struct bytes stem;
	uint8_t arc, cipher_id = 0;
	cc_status st = chip_keypair_load(chip, CHIP_FIELD_CA_KEY, &cipher_id, &key);

	ec_key_free(&key);
	if (st.code == CC_E_NOT_FOUND)
		return CHIP_SW_NOT_FOUND;
	if (cc_failed(st))
		return chip_sw_of(st);
	cursor_init(&in, oid);
	if (!cursor_take(&in, oid_ca_ecdh.n, &stem) || !bytes_equal(stem, oid_ca_ecdh) || !cursor_u8(&in, &arc) ||
	    cc_failed(cursor_end(&in)) || arc != cipher_id || arc == CIPHER_ID_TDES)
		return CHIP_SW_DATA;
	return CHIP_SW_OK;
}

/* MSE:Set AT, ICAO 9303-11 6.2.4.2: 80 OID, 84 key reference. */
static uint16_t set_at_for_ca(struct softchip *chip, const struct command *cmd)
{
	struct cursor in;
	struct bytes oid, id;
	uint16_t sw;

	cursor_init(&in, cmd->data);
	if (!tlv_expect_bytes(&in, TLV_LENIENT, 0x80, &oid))
		return CHIP_SW_DATA;
	if (tlv_is_next(&in, 0x84) && !tlv_expect_bytes(&in, TLV_LENIENT, 0x84, &id))
		return CHIP_SW_DATA;
	if (cc_failed(cursor_end(&in)))
		return CHIP_SW_DATA;
	sw = check_ca_oid(chip, oid);
	chip->s.ca_for_aes = sw == CHIP_SW_OK;
	return sw;
}

uint16_t chip_auth_manage_environment(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	(void)out;
	switch ((uint16_t)(cmd->p1 << 8 | cmd->p2)) {
	case 0xC1A4:
		return chip_pace_set_at(chip, cmd);
	case 0x41A6:
		chip_password_delay(chip);
		return chip->s.access ? set_kat(chip, cmd) : CHIP_SW_SECURITY;
	case 0x41A4:
		chip_password_delay(chip);
		return chip->s.access ? set_at_for_ca(chip, cmd) : CHIP_SW_SECURITY;
	default:
		return CHIP_SW_P1P2;
	}
}

/* 7C { 80 point } in, 7C { } out. */
static uint16_t general_ca(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	struct cursor in, dynamic;
	struct bytes peer;
	uint16_t sw;

	chip->s.ca_for_aes = false;
	cursor_init(&in, cmd->data);
	if (!tlv_expect(&in, TLV_LENIENT, 0x7C, &dynamic) || cc_failed(cursor_end(&in)) ||
	    !tlv_expect_bytes(&dynamic, TLV_LENIENT, 0x80, &peer) || cc_failed(cursor_end(&dynamic)))
		return CHIP_SW_DATA;
	sw = chip_authentication(chip, peer, false, CHIP_SW_AUTHENTICATION_FAILED);
	if (sw == CHIP_SW_OK)
		tlv_put(out, 0x7C, bytes_of(NULL, 0));
	return sw;
}

uint16_t chip_auth_general(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	if (cmd->p1 != 0 || cmd->p2 != 0)
		return CHIP_SW_P1P2;
	chip_password_delay(chip);
	if (chip->s.pace.step != CHIP_PACE_NONE)
		return chip_pace_general_authenticate(chip, cmd, out);
	if (chip->s.ca_for_aes && !chip_command_is_chained(cmd))
		return general_ca(chip, cmd, out);
	return CHIP_SW_CONDITIONS;
}
