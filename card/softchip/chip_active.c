/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

#include "crypto/base/tlv.h"
#include "crypto/hash.h"
#include "crypto/rsa_raw.h"

/* Active Authentication, ICAO 9303-11 6.1: INTERNAL AUTHENTICATE. */

#define CHALLENGE_LEN 8
#define HEADER 0x6A	   /* ISO/IEC 9796-2 scheme 1: partial recovery, no padding between header and message */
#define TRAILER_SHA1 0xBC  /* option 1 */
#define TRAILER_NAMED 0xCC /* option 2: the hash's number of ISO/IEC 10118-3 stands before it */

static enum hash_alg hash_of_id(uint8_t id)
{
	static const enum hash_alg hashes[] = { HASH_SHA1, HASH_SHA224, HASH_SHA256, HASH_SHA384, HASH_SHA512 };

	CC_ASSERT(id >= 1 && id <= sizeof hashes / sizeof *hashes);
	return hashes[id - 1];
}

static void put_trailer(struct writer *w, enum hash_alg hash)
{
	static const uint8_t numbers[HASH_COUNT] = {
		[HASH_SHA224] = 0x38, [HASH_SHA256] = 0x34, [HASH_SHA384] = 0x36, [HASH_SHA512] = 0x35
	};

	if (hash == HASH_SHA1) {
		writer_u8(w, TRAILER_SHA1);
		return;
	}
	writer_u8(w, numbers[hash]);
	writer_u8(w, TRAILER_NAMED);
}

/* F = 6A || M1 || H(M1 || RND.IFD) || trailer, M1 random and as long as there is room (9303-11 6.1.2.2). */
static cc_status representative(struct softchip *chip, size_t modulus_len, enum hash_alg hash, struct bytes challenge,
				struct buf *ret)
{
	size_t fixed = 1 + hash_len(hash) + (hash == HASH_SHA1 ? 1 : 2);
	struct buf m1 = { 0 };
	struct digest d = { 0 };
	struct writer w;
	cc_status st;

	CC_ASSERT(modulus_len > fixed);
	writer_init(&w, modulus_len);
	st = buf_zero(&m1, modulus_len - fixed);
	if (!cc_failed(st))
		st = sys_random(chip->sys, m1.p, m1.n);
	if (!cc_failed(st)) {
		const struct bytes message[] = { buf_view(&m1), challenge };

		st = hash_digest_parts(hash, message, 2, &d);
	}
	writer_u8(&w, HEADER);
	writer_put(&w, buf_view(&m1));
	writer_put(&w, bytes_of(d.p, d.n));
	put_trailer(&w, hash);
	if (!cc_failed(st))
		st = writer_finish(&w, ret);
	writer_done(&w);
	buf_done(&m1);
	return st;
}

/* ISO/IEC 9796-2 A.4: of J and n - J the smaller is the signature. */
static cc_status smaller_root(const struct rsa_key *key, struct bytes j, struct writer *out)
{
	struct buf modulus = { 0 }, exponent = { 0 }, other = { 0 };
	cc_status st = rsa_key_numbers(key, &modulus, &exponent);

	if (!cc_failed(st))
		st = rsa_raw_complement(buf_view(&modulus), j, &other);
	if (!cc_failed(st))
		writer_put(out, bytes_compare(j, buf_view(&other)) < 0 ? j : buf_view(&other));
	buf_done(&modulus);
	buf_done(&exponent);
	buf_done(&other);
	return st;
}

static cc_status sign_rsa(struct softchip *chip, const struct chip_key *key, struct bytes challenge, struct writer *out)
{
	struct buf modulus = { 0 }, exponent = { 0 }, f = { 0 }, j = { 0 };
	cc_status st = rsa_key_numbers(key->rsa, &modulus, &exponent);

	if (!cc_failed(st))
		st = representative(chip, modulus.n, hash_of_id(key->detail), challenge, &f);
	if (!cc_failed(st))
		st = rsa_private_raw(key->rsa, buf_view(&f), &j);
	if (!cc_failed(st))
		st = smaller_root(key->rsa, buf_view(&j), out);
	buf_done(&modulus);
	buf_done(&exponent);
	buf_done(&f);
	buf_done(&j);
	return st;
}

/* 9303-11 6.1.2.3: ECDSA, plain r||s (BSI TR-03111 5.2.1); some chips answer in DER, and so does this one when it is told to. */
static cc_status sign_ec(const struct chip_key *key, struct bytes challenge, struct writer *out)
{
	struct buf sig = { 0 };
	struct digest d;
	cc_status st = hash_digest(hash_of_id(key->detail), challenge, &d);

	if (!cc_failed(st))
		st = ec_sign_digest(key->ec, bytes_of(d.p, d.n), key->form == 1 ? EC_SIG_DER : EC_SIG_PLAIN, &sig);
	if (!cc_failed(st))
		writer_put(out, buf_view(&sig));
	buf_done(&sig);
	return st;
}

uint16_t chip_active_internal(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	struct chip_key key = { 0 };
	cc_status st;

	if (!chip->s.access)
		return CHIP_SW_SECURITY;
	if (cmd->p1 != 0 || cmd->p2 != 0)
		return CHIP_SW_P1P2;
	if (cmd->data.n != CHALLENGE_LEN)
		return CHIP_SW_LENGTH;
	st = chip_keypair_load(chip, CHIP_FIELD_AA_KEY, &key);
	if (st.code == CC_E_NOT_FOUND)
		return CHIP_SW_NOT_FOUND;
	if (!cc_failed(st))
		st = key.rsa != NULL ? sign_rsa(chip, &key, cmd->data, out) : sign_ec(&key, cmd->data, out);
	chip_key_done(&key);
	return chip_sw_of(st);
}
