/* SPDX-License-Identifier: Apache-2.0 */
#include "card/access/active_auth.h"

#include "card/sw.h"
#include "crypto/base/secret.h"
#include "crypto/rsa_raw.h"

#include <string.h>

#define CHALLENGE_LEN 8

/* ISO/IEC 9796-2:2010 8.2.2 and ISO/IEC 10118: hash identifiers of a two-byte trailer xxCC */
static bool hash_of_trailer(uint8_t id, enum hash_alg *ret)
{
	switch (id) {
	case 0x33:
		*ret = HASH_SHA1;
		return true;
	case 0x34:
		*ret = HASH_SHA256;
		return true;
	case 0x35:
		*ret = HASH_SHA512;
		return true;
	case 0x36:
		*ret = HASH_SHA384;
		return true;
	case 0x38:
		*ret = HASH_SHA224;
		return true;
	default:
		return false;
	}
}

/* Trailer: BC means SHA-1 (option 1), xxCC names the hash (option 2). */
static bool take_trailer(struct cursor *f, enum hash_alg *ret)
{
	struct bytes last, id;

	if (!cursor_take_back(f, 1, &last))
		return false;
	if (last.p[0] == 0xBC) {
		*ret = HASH_SHA1;
		return true;
	}
	return last.p[0] == 0xCC && cursor_take_back(f, 1, &id) && hash_of_trailer(id.p[0], ret);
}

/*
 * ISO/IEC 9796-2:2010 8.1: the first nibble is 01 and the bit for partial
 * recovery, which must be set: with total recovery the hash would not cover the
 * challenge. Nibbles B pad, a nibble A ends them.
 */
static bool take_header(struct cursor *f)
{
	uint8_t b;

	if (!cursor_u8(f, &b) || (b & 0xF0) != 0x60)
		return false;
	if ((b & 0x0F) == 0x0A)
		return true;
	if ((b & 0x0F) != 0x0B)
		return false;
	do {
		if (!cursor_u8(f, &b))
			return false;
	} while (b == 0xBB);
	return b == 0xBA;
}

/* ICAO 9303-11 6.1.2.2: F = 6A || M1 || H || T with H = hash(M1 || RND.IFD). */
static cc_status check_representative(struct bytes representative, struct bytes challenge)
{
	struct cursor f;
	enum hash_alg alg;
	struct bytes hash;
	struct digest expected;
	cc_status st;

	cursor_init(&f, representative);
	if (!take_trailer(&f, &alg) || !take_header(&f) || !cursor_take_back(&f, hash_len(alg), &hash))
		return cc_code_status(CC_E_VERIFY);

	struct bytes parts[] = { cursor_rest(&f), challenge };

	st = hash_digest_parts(alg, parts, 2, &expected);
	if (!cc_failed(st) && !cc_equal(expected.p, expected.n, hash.p, hash.n))
		st = cc_code_status(CC_E_VERIFY);
	return st;
}

/* ISO/IEC 9796-2:2010 annex B.5: a signature may stand for J or n - J; the right one ends in the nibble C. */
static cc_status verify_rsa(const struct pubkey *key, struct bytes challenge, struct bytes answer)
{
	struct bytes modulus = pubkey_modulus(key), last;
	struct buf j = { 0 };
	struct cursor c;
	cc_status st;

	if (answer.n != modulus.n)
		return cc_code_status(CC_E_VERIFY);
	st = rsa_raw_public(modulus, pubkey_exponent(key), answer, &j);
	if (cc_failed(st))
		goto out;
	cursor_init(&c, buf_view(&j));
	if (!cursor_take_back(&c, 1, &last)) {
		st = cc_code_status(CC_E_VERIFY);
		goto out;
	}
	if ((last.p[0] & 0x0F) != 0x0C)
		st = rsa_raw_complement(modulus, buf_view(&j), &j);
	if (!cc_failed(st))
		st = check_representative(buf_view(&j), challenge);
out:
	buf_done(&j);
	return st;
}

/* ICAO 9303-11 6.1.2.3: r || s (BSI TR-03111 5.2.1). Some chips answer DER; both halves are told apart by their length. */
static cc_status verify_ecdsa(const struct pubkey *key, enum hash_alg hash, struct bytes challenge, struct bytes answer)
{
	enum ec_curve curve = pubkey_curve(key);
	struct digest d;
	cc_status st = hash_digest(hash, challenge, &d);

	if (cc_failed(st))
		return st;
	st = cc_code_status(CC_E_VERIFY);
	if (answer.n == 2 * ec_order_len(curve))
		st = ec_verify_digest(curve, pubkey_point(key), bytes_of(d.p, d.n), answer, EC_SIG_PLAIN);
	if (st.code == CC_E_VERIFY)
		st = ec_verify_digest(curve, pubkey_point(key), bytes_of(d.p, d.n), answer, EC_SIG_DER);
	return st;
}

cc_status active_auth_verify(const struct pubkey *key, enum hash_alg hash, struct bytes challenge, struct bytes answer)
{
	if (challenge.n != CHALLENGE_LEN)
		return cc_code_status(CC_E_ARG);
	return pubkey_kind(key) == PUBKEY_RSA ? verify_rsa(key, challenge, answer) : verify_ecdsa(key, hash, challenge, answer);
}

/* ICAO 9303-11 6.1.3: Le covers the signature; only a long RSA answer needs more than the short form. */
static size_t answer_le(const struct channel *ch, const struct pubkey *key)
{
	if (pubkey_kind(key) == PUBKEY_RSA && pubkey_modulus(key).n > APDU_LE_SHORT_MAX && ch->extended)
		return pubkey_modulus(key).n;
	return APDU_LE_SHORT_MAX;
}

cc_status active_auth_run(struct channel *ch, const struct pubkey *key, enum hash_alg hash, const struct sys *sys,
			  uint8_t ret_challenge[8], struct buf *ret_answer)
{
	uint8_t challenge[CHALLENGE_LEN];
	const struct apdu cmd = { .ins = 0x88, .data = bytes_of(challenge, sizeof challenge), .le = answer_le(ch, key) };
	struct response r = { 0 };
	char text[48];
	cc_status st = sys_random(sys, challenge, sizeof challenge);

	if (cc_failed(st)) {
		cc_error_init(&ch->err);
		return cc_fail(&ch->err, st.code, "access.crypto", "active authentication: %s", cc_code_name(st.code));
	}
	st = channel_send(ch, &cmd, &r);
	if (!cc_failed(st) && r.sw != SW_OK)
		st = cc_fail(&ch->err, CC_E_STATUS, "access.active-auth-refused", "INTERNAL AUTHENTICATE: %s",
			     sw_text(r.sw, text));
	if (cc_failed(st))
		goto out;
	st = active_auth_verify(key, hash, bytes_of(challenge, sizeof challenge), buf_view(&r.data));
	if (st.code == CC_E_VERIFY)
		st = cc_fail(&ch->err, CC_E_VERIFY, "access.active-auth-failed",
			     "answer of %zu bytes doesn't fit key and challenge", r.data.n);
	else if (cc_failed(st))
		st = cc_fail(&ch->err, st.code, "access.crypto", "active authentication: %s", cc_code_name(st.code));
	/* The evidence, also of a wrong answer. */
	memcpy(ret_challenge, challenge, sizeof challenge);
	buf_move(ret_answer, &r.data);
out:
	response_done(&r);
	return st;
}
