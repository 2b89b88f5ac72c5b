/* SPDX-License-Identifier: Apache-2.0 */
#include "card/access/pace.h"

#include "card/access/ephemeral.h"
#include "card/access/sm.h"
#include "card/lds/mrz.h"
#include "card/sw.h"
#include "crypto/base/tlv.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

#include <stdio.h>
#include <string.h>

#define TOKEN_LEN 8
#define NONCE_MAX 32
#define DOCUMENT_NUMBER_MIN 9
#define DOCUMENT_NUMBER_MAX 22
#define DATE_LEN 6

/* Dynamic authentication data of GENERAL AUTHENTICATE, ICAO 9303-11 4.4.4.2 table */
#define DO_DYNAMIC 0x7C
#define DO_NONCE 0x80
#define DO_MAP_IFD 0x81
#define DO_MAP_IC 0x82
#define DO_KEY_IFD 0x83
#define DO_KEY_IC 0x84
#define DO_TOKEN_IFD 0x85
#define DO_TOKEN_IC 0x86

/* ICAO 9303-11 9.2.1: id-PACE-ECDH-GM 0.4.0.127.0.7.2.2.4.2, then the cipher: 1 3DES, 2 AES-128, 3 AES-192, 4 AES-256. */
static const struct bytes oid_pace_ecdh_gm = { (const uint8_t *)"\x04\x00\x7F\x00\x07\x02\x02\x04\x02", 9 };

cc_status pace_params_from(struct bytes oid, unsigned parameter_id, struct pace_params *ret)
{
	struct pace_params p = { .oid = oid, .parameter_id = parameter_id };
	struct cursor in;
	struct bytes prefix;
	uint8_t cipher;

	cursor_init(&in, oid);
	if (!cursor_take(&in, oid_pace_ecdh_gm.n, &prefix) || !bytes_equal(prefix, oid_pace_ecdh_gm) ||
	    !cursor_u8(&in, &cipher) || cc_failed(cursor_end(&in)))
		return cc_code_status(CC_E_UNSUPPORTED);
	if (cipher < 1 || cipher > 4 || !ec_curve_from_parameter_id(parameter_id, &p.curve))
		return cc_code_status(CC_E_UNSUPPORTED);
	p.alg = (enum cipher_alg)(CIPHER_TDES + cipher - 1);
	*ret = p;
	return cc_ok();
}

/* Appends text and its check digit. */
static bool put_checked(struct writer *w, struct bytes text)
{
	char digit;

	if (!mrz_check_digit(text, &digit))
		return false;
	writer_put(w, text);
	writer_u8(w, (uint8_t)digit);
	return true;
}

/* ICAO 9303-11 9.7.2: document number (filled to 9 with '<'), date of birth, date of expiry, each with its check digit. */
cc_status pace_mrz_input(const char *document_number, const char *birth, const char *expiry, char out[64])
{
	size_t n = strlen(document_number);
	char number[DOCUMENT_NUMBER_MAX + 1];
	struct writer w;
	struct bytes text;
	cc_status st = cc_code_status(CC_E_ARG);

	if (n < 1 || n > DOCUMENT_NUMBER_MAX || strlen(birth) != DATE_LEN || strlen(expiry) != DATE_LEN)
		return st;
	memset(number, '<', sizeof number);
	memcpy(number, document_number, n);
	if (n < DOCUMENT_NUMBER_MIN)
		n = DOCUMENT_NUMBER_MIN;
	writer_init(&w, 63);
	if (put_checked(&w, bytes_of(number, n)) && put_checked(&w, bytes_str(birth)) && put_checked(&w, bytes_str(expiry)))
		st = cc_code_status(w.failed);
	if (!cc_failed(st)) {
		text = writer_view(&w);
		memcpy(out, text.p, text.n);
		out[text.n] = '\0';
	}
	writer_done(&w);
	cc_wipe(number, sizeof number);
	return st;
}

/* ICAO 9303-11 4.4.3.2 and 9.7.3: K_pi = KDF(f(pi), 3); f is SHA-1 for the MRZ, identity for the CAN. */
cc_status pace_password_key(enum pace_password kind, struct bytes password, enum cipher_alg alg, struct secret *ret)
{
	struct digest d = { 0 };
	struct bytes f = password;
	cc_status st = cc_ok();

	if (password.n == 0)
		return cc_code_status(CC_E_ARG);
	if (kind == PACE_MRZ) {
		st = hash_digest(HASH_SHA1, password, &d);
		f = bytes_of(d.p, d.n);
	}
	if (!cc_failed(st))
		st = kdf_9303(f, bytes_of(NULL, 0), KDF_PI, alg, ret);
	cc_wipe(&d, sizeof d);
	return st;
}

/* ICAO 9303-11 4.4.3.3: s = D(K_pi, z), CBC with a zero IV. */
cc_status pace_decrypt_nonce(const struct secret *k_pi, enum cipher_alg alg, struct bytes encrypted, struct secret *ret_nonce)
{
	static const uint8_t zero_iv[CIPHER_BLOCK_MAX];
	uint8_t s[NONCE_MAX];
	struct cipher *c = NULL;
	cc_status st;

	/* 4.4.1: a nonce is a multiple of the block and holds at least the key's bits. */
	if (encrypted.n == 0 || encrypted.n > sizeof s || encrypted.n % cipher_block_len(alg) != 0)
		return cc_code_status(CC_E_FORMAT);
	st = cipher_new(alg, bytes_of(k_pi->p, k_pi->n), &c);
	if (!cc_failed(st))
		st = cipher_cbc_decrypt(c, zero_iv, encrypted, s);
	if (!cc_failed(st))
		secret_set(ret_nonce, s, encrypted.n);
	cipher_free(&c);
	cc_wipe(s, sizeof s);
	return st;
}

/* ICAO 9303-11 4.4.3.4: T = MAC(KS_MAC, 7F49 { 06 protocol, 86 point }). */
cc_status pace_token(const struct pace_params *p, const struct secret *ks_mac, struct bytes point, uint8_t out[8])
{
	static const uint8_t pad[CIPHER_BLOCK_MAX] = { 0x80 };
	uint8_t full[CIPHER_BLOCK_MAX];
	size_t block = cipher_block_len(p->alg);
	struct writer w;
	struct mac *m = NULL;
	cc_status st;

	writer_init(&w, 512);
	tlv_open(&w, 0x7F49);
	der_put_oid(&w, p->oid);
	tlv_put(&w, 0x86, point);
	tlv_close(&w);
	st = cc_code_status(w.failed);
	if (!cc_failed(st))
		st = mac_new(p->alg, bytes_of(ks_mac->p, ks_mac->n), &m);
	if (!cc_failed(st)) {
		/* Retail MAC is over padded data; AES-CMAC pads by itself. */
		struct bytes parts[] = { writer_view(&w), bytes_of(pad, block - w.n % block) };

		st = mac_compute(m, parts, p->alg == CIPHER_TDES ? 2 : 1, full);
	}
	if (!cc_failed(st))
		memcpy(out, full, TOKEN_LEN);
	mac_free(&m);
	writer_done(&w);
	cc_wipe(full, sizeof full);
	return st;
}

/* What a run holds between its steps. */
struct pace {
	struct channel *ch;
	const struct pace_params *p;
	const struct sys *sys;
	struct secret nonce, ks_enc, ks_mac;
	struct ec_domain *domain, *mapped;
	struct ec_key *ephemeral;
	struct buf chip_point;
};

static cc_status crypto_failed(struct pace *s, cc_status st, const char *step)
{
	/* A bad point or nonce is the chip's fault, anything else ours. */
	if (st.code == CC_E_VERIFY || st.code == CC_E_FORMAT)
		return cc_fail(&s->ch->err, CC_E_VERIFY, "access.pace-chip-wrong", "PACE, %s: %s", step, cc_code_name(st.code));
	return cc_fail(&s->ch->err, st.code, "access.crypto", "PACE, %s: %s", step, cc_code_name(st.code));
}

/* ICAO 9303-11 4.4.4.1: MSE:Set AT with protocol and password reference. */
static cc_status mse_set_at(struct pace *s, enum pace_password kind)
{
	struct writer w;
	struct response r = { 0 };
	struct apdu cmd = { .ins = 0x22, .p1 = 0xC1, .p2 = 0xA4 };
	char text[48];
	cc_status st;

	writer_init(&w, 64);
	tlv_put(&w, 0x80, s->p->oid);
	tlv_put_u8(&w, 0x83, (uint8_t)kind);
	cmd.data = writer_view(&w);
	st = w.failed != CC_OK ? cc_fail(&s->ch->err, w.failed, "access.crypto", "PACE: MSE") : channel_send(s->ch, &cmd, &r);
	/* BSI TR-03110-3 B.1: 63Cx warns of used-up tries; the password can still be given. */
	if (!cc_failed(st) && r.sw != SW_OK && (r.sw & 0xFFF0) != 0x63C0)
		st = cc_fail(&s->ch->err, CC_E_STATUS, "access.pace-unavailable", "MSE:Set AT: %s", sw_text(r.sw, text));
	writer_done(&w);
	response_done(&r);
	return st;
}

/*
 * One GENERAL AUTHENTICATE: 7C { sent_tag sent } out, 7C { want_tag value } back.
 * sent_tag 0: an empty 7C. CC_E_STATUS when the chip refuses, with *ret_sw.
 */
static cc_status general_authenticate(struct pace *s, bool last, uint32_t sent_tag, struct bytes sent, uint32_t want_tag,
				      struct buf *ret, uint16_t *ret_sw)
{
	struct apdu cmd = { .cla = last ? 0x00 : 0x10, .ins = 0x86, .le = APDU_LE_SHORT_MAX };
	struct writer w;
	struct response r = { 0 };
	struct cursor in, dynamic;
	struct tlv object;
	char text[48];
	cc_status st;

	writer_init(&w, 512);
	tlv_open(&w, DO_DYNAMIC);
	if (sent_tag != 0)
		tlv_put(&w, sent_tag, sent);
	tlv_close(&w);
	cmd.data = writer_view(&w);
	st = w.failed != CC_OK ? cc_fail(&s->ch->err, w.failed, "access.crypto", "PACE") : channel_send(s->ch, &cmd, &r);
	if (cc_failed(st))
		goto out;
	*ret_sw = r.sw;
	if (r.sw != SW_OK) {
		st = cc_fail(&s->ch->err, CC_E_STATUS, "access.pace-unavailable", "GENERAL AUTHENTICATE %02X: %s",
			     (unsigned)sent_tag, sw_text(r.sw, text));
		goto out;
	}
	cursor_init(&in, buf_view(&r.data));
	/* Other objects (certificate references 87, 88 of terminal authentication, 8A of CAM) may follow. */
	if (!tlv_expect(&in, TLV_LENIENT, DO_DYNAMIC, &dynamic) || !tlv_next(&dynamic, TLV_LENIENT, &object) ||
	    object.tag != want_tag || cc_failed(cursor_end(&in)))
		st = cc_fail(&s->ch->err, CC_E_VERIFY, "access.pace-chip-wrong", "no data object %02X", (unsigned)want_tag);
	else if (cc_failed(st = buf_copy(ret, object.value)))
		st = cc_fail(&s->ch->err, st.code, "memory", "PACE");
out:
	writer_done(&w);
	response_done(&r);
	return st;
}

/* ICAO 9303-11 4.4.1 step 1: the encrypted nonce. */
static cc_status get_nonce(struct pace *s, const struct secret *k_pi)
{
	struct buf z = { 0 };
	uint16_t sw;
	cc_status st = general_authenticate(s, false, 0, bytes_of(NULL, 0), DO_NONCE, &z, &sw);

	if (!cc_failed(st)) {
		st = pace_decrypt_nonce(k_pi, s->p->alg, buf_view(&z), &s->nonce);
		if (cc_failed(st))
			st = crypto_failed(s, st, "nonce");
	}
	buf_done(&z);
	return st;
}

/* ICAO 9303-11 4.4.3.3.1 step 2: G' = s*G + H, where H is the Diffie-Hellman point of the mapping keys. */
static cc_status map_nonce(struct pace *s)
{
	struct ec_key *key = NULL;
	struct buf chip = { 0 }, h = { 0 };
	uint16_t sw;
	cc_status st = ephemeral_key_new(s->domain, s->sys, &key);

	if (cc_failed(st)) {
		st = crypto_failed(s, st, "mapping key");
		goto out;
	}
	st = general_authenticate(s, false, DO_MAP_IFD, ec_key_public(key), DO_MAP_IC, &chip, &sw);
	if (cc_failed(st))
		goto out;
	/* A point of our own sent back would make the mapping the attacker's choice. */
	if (bytes_equal(ec_key_public(key), buf_view(&chip)))
		st = cc_code_status(CC_E_VERIFY);
	if (!cc_failed(st))
		st = ec_agree_point(key, buf_view(&chip), &h);
	if (!cc_failed(st))
		st = ec_domain_map_generic(s->domain, bytes_of(s->nonce.p, s->nonce.n), buf_view(&h), &s->mapped);
	if (cc_failed(st))
		st = crypto_failed(s, st, "mapping");
out:
	ec_key_free(&key);
	buf_done(&chip);
	buf_done(&h);
	return st;
}

static cc_status derive_keys(struct pace *s)
{
	struct buf shared = { 0 };
	cc_status st = ec_agree_x(s->ephemeral, buf_view(&s->chip_point), &shared);

	if (!cc_failed(st))
		st = kdf_9303(buf_view(&shared), bytes_of(NULL, 0), KDF_ENC, s->p->alg, &s->ks_enc);
	if (!cc_failed(st))
		st = kdf_9303(buf_view(&shared), bytes_of(NULL, 0), KDF_MAC, s->p->alg, &s->ks_mac);
	buf_done(&shared);
	return st;
}

/* ICAO 9303-11 4.4.1 step 3: key agreement on the mapped generator. */
static cc_status perform_key_agreement(struct pace *s)
{
	uint16_t sw;
	cc_status st = ephemeral_key_new(s->mapped, s->sys, &s->ephemeral);

	if (cc_failed(st))
		return crypto_failed(s, st, "ephemeral key");
	st = general_authenticate(s, false, DO_KEY_IFD, ec_key_public(s->ephemeral), DO_KEY_IC, &s->chip_point, &sw);
	if (cc_failed(st))
		return st;
	/* ICAO 9303-11 4.4.1 step 3 c): the two public keys must differ. */
	if (bytes_equal(ec_key_public(s->ephemeral), buf_view(&s->chip_point)))
		st = cc_code_status(CC_E_VERIFY);
	if (!cc_failed(st))
		st = derive_keys(s);
	return cc_failed(st) ? crypto_failed(s, st, "key agreement") : st;
}

/* ICAO 9303-11 4.4.1 step 4: each side proves the key by a MAC over the other's point. */
static cc_status mutual_authentication(struct pace *s)
{
	uint8_t token_ifd[TOKEN_LEN], token_ic[TOKEN_LEN];
	struct buf answer = { 0 };
	char text[48];
	uint16_t sw = SW_OK;
	cc_status st = pace_token(s->p, &s->ks_mac, buf_view(&s->chip_point), token_ifd);

	if (!cc_failed(st))
		st = pace_token(s->p, &s->ks_mac, ec_key_public(s->ephemeral), token_ic);
	if (cc_failed(st))
		return crypto_failed(s, st, "token");
	st = general_authenticate(s, true, DO_TOKEN_IFD, bytes_of(token_ifd, TOKEN_LEN), DO_TOKEN_IC, &answer, &sw);
	if (st.code == CC_E_STATUS) {
		/* 6300 or 63Cx: wrong password; cards in the field answer 6982, 6985 and 6A80 as well. */
		cc_error_init(&s->ch->err);
		st = cc_fail(&s->ch->err, CC_E_DENIED, "access.pace-refused", "GENERAL AUTHENTICATE 85: %s", sw_text(sw, text));
	} else if (!cc_failed(st) && !cc_equal(token_ic, TOKEN_LEN, answer.p, answer.n)) {
		st = cc_fail(&s->ch->err, CC_E_VERIFY, "access.pace-chip-wrong", "PACE: the chip's token is wrong");
	}
	buf_done(&answer);
	return st;
}

/* ICAO 9303-11 9.8.3: secure messaging starts with SSC 0. */
static cc_status start_messaging(struct pace *s)
{
	static const uint8_t ssc[CIPHER_BLOCK_MAX];
	struct secure_layer *layer = NULL;
	cc_status st = sm_new(s->p->alg, bytes_of(s->ks_enc.p, s->ks_enc.n), bytes_of(s->ks_mac.p, s->ks_mac.n),
			      bytes_of(ssc, cipher_block_len(s->p->alg)), &layer);

	if (cc_failed(st))
		return crypto_failed(s, st, "session");
	channel_set_layer(s->ch, layer);
	return st;
}

cc_status pace_authenticate(struct channel *ch, const struct pace_params *p, enum pace_password kind, struct bytes password,
			    const struct sys *sys, struct buf *ret_chip_point)
{
	struct pace s = { .ch = ch, .p = p, .sys = sys };
	struct secret k_pi = { 0 };
	cc_status st;

	CC_ASSERT(ch->layer == NULL);
	st = ec_domain_new(p->curve, &s.domain);
	if (!cc_failed(st))
		st = pace_password_key(kind, password, p->alg, &k_pi);
	if (cc_failed(st)) {
		cc_error_init(&ch->err);
		st = crypto_failed(&s, st, "password");
		goto out;
	}
	if (cc_failed(st = mse_set_at(&s, kind)) || cc_failed(st = get_nonce(&s, &k_pi)) || cc_failed(st = map_nonce(&s)) ||
	    cc_failed(st = perform_key_agreement(&s)) || cc_failed(st = mutual_authentication(&s)) ||
	    cc_failed(st = start_messaging(&s)))
		goto out;
	if (ret_chip_point != NULL)
		buf_move(ret_chip_point, &s.chip_point);
out:
	secret_done(&k_pi);
	secret_done(&s.nonce);
	secret_done(&s.ks_enc);
	secret_done(&s.ks_mac);
	ec_key_free(&s.ephemeral);
	ec_domain_free(&s.mapped);
	ec_domain_free(&s.domain);
	buf_done(&s.chip_point);
	return st;
}
