/* SPDX-License-Identifier: Apache-2.0 */
#include "card/access/pace.h"
#include "card/access/sm.h"
#include "card/sw.h"
#include "crypto/base/tlv.h"
#include "crypto/kdf.h"
#include "crypto/pace_prf.h"

#include <string.h>

#define TOKEN_LEN 8
#define COMMAND_MAX 512
#define CIPHER_KEY_MAX 32

/* Dynamic authentication data of GENERAL AUTHENTICATE, ICAO 9303-11 table 4 */
#define DO_DYNAMIC 0x7C
#define DO_NONCE 0x80
#define DO_MAP_IFD 0x81
#define DO_MAP_IC 0x82
#define DO_KEY_IFD 0x83
#define DO_KEY_IC 0x84
#define DO_TOKEN_IFD 0x85
#define DO_TOKEN_IC 0x86
#define DO_CAR 0x87
#define DO_CAR_PREVIOUS 0x88
#define DO_CHIP_AUTH 0x8A

/* What a run holds between its steps. */
struct pace {
	struct channel *ch;
	const struct pace_params *p;
	const struct sys *sys;
	struct secret nonce, ks_enc, ks_mac;
	struct agree_domain *domain, *mapped;
	struct agree_key *ephemeral;
	struct pace_result result;
};

static cc_status crypto_failed(struct pace *s, cc_status st, const char *step)
{
	/* A bad point or nonce is the chip's fault, anything else ours. */
	if (st.code == CC_E_VERIFY || st.code == CC_E_FORMAT)
		return cc_fail(&s->ch->err, CC_E_VERIFY, "access.pace-chip-wrong", "PACE, %s: %s", step, cc_code_name(st.code));
	return cc_fail(&s->ch->err, st.code, "access.crypto", "PACE, %s: %s", step, cc_code_name(st.code));
}

/* ICAO 9303-11 4.4.4.1: protocol, password, and when needed domain parameters and authorisation. */
static void put_mse(struct writer *w, const struct pace_params *p, enum pace_password kind)
{
	tlv_put(w, 0x80, p->oid);
	tlv_put_u8(w, 0x83, (uint8_t)kind);
	if (p->ambiguous)
		tlv_put_u8(w, 0x84, (uint8_t)p->parameter_id);
	if (p->want_car) {
		/* id-IS of TR-03110-3 C.4.1, every access bit */
		tlv_open(w, 0x7F4C);
		der_put_oid(w, BYTES_LITERAL("\x04\x00\x7F\x00\x07\x03\x01\x02\x01"));
		tlv_put_u8(w, 0x53, 0x3F);
		tlv_close(w);
	}
}

static cc_status mse_set_at(struct pace *s, enum pace_password kind)
{
	struct writer w;
	struct response r = { 0 };
	struct apdu cmd = { .ins = 0x22, .p1 = 0xC1, .p2 = 0xA4 };
	char text[48];
	cc_status st;

	writer_init(&w, 64);
	put_mse(&w, s->p, kind);
	cmd.data = writer_view(&w);
	st = w.failed != CC_OK ? cc_fail(&s->ch->err, w.failed, "access.crypto", "PACE: MSE") : channel_send(s->ch, &cmd, &r);
	/* BSI TR-03110-3 B.1: 63Cx warns of used-up tries; the password can still be given. */
	if (!cc_failed(st) && r.sw != SW_OK && (r.sw & 0xFFF0) != 0x63C0)
		st = cc_fail(&s->ch->err, CC_E_STATUS, "access.pace-unavailable", "MSE:Set AT: %s", sw_text(r.sw, text));
	writer_done(&w);
	response_done(&r);
	return st;
}

/* The answer carries a public key: for 2048 bits it needs more than the short form, or GET RESPONSE where that is all there is.
 */
static size_t answer_le(const struct pace *s)
{
	size_t want = 16 + (s->p->group.kind == AGREE_DH ? dh_prime_len(s->p->group.group) : 0);

	return want > APDU_LE_SHORT_MAX && channel_response_room(s->ch) >= want ? want : APDU_LE_SHORT_MAX;
}

/*
 * One GENERAL AUTHENTICATE: 7C { sent_tag sent } out, the content of 7C back.
 * sent_tag 0: an empty 7C. CC_E_STATUS when the chip refuses, with *ret_sw.
 */
static cc_status general_authenticate(struct pace *s, bool last, uint32_t sent_tag, struct bytes sent, struct buf *ret,
				      uint16_t *ret_sw)
{
	struct apdu cmd = { .cla = last ? 0x00 : 0x10, .ins = 0x86, .le = answer_le(s) };
	struct writer w;
	struct response r = { 0 };
	struct cursor in;
	struct bytes dynamic;
	char text[48];
	cc_status st;

	writer_init(&w, COMMAND_MAX);
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
	if (!tlv_expect_bytes(&in, TLV_LENIENT, DO_DYNAMIC, &dynamic) || cc_failed(cursor_end(&in)))
		st = cc_fail(&s->ch->err, CC_E_VERIFY, "access.pace-chip-wrong", "answer to %02X: no 7C", (unsigned)sent_tag);
	else if (cc_failed(st = buf_copy(ret, dynamic)))
		st = cc_fail(&s->ch->err, st.code, "memory", "PACE");
out:
	writer_done(&w);
	response_done(&r);
	return st;
}

/* The step's own object comes first; nothing else belongs into the answers of steps 1 to 3. */
static cc_status take_object(struct pace *s, struct bytes dynamic, uint32_t tag, struct buf *ret)
{
	struct cursor in;
	struct bytes value;
	cc_status st;

	cursor_init(&in, dynamic);
	if (!tlv_expect_bytes(&in, TLV_LENIENT, tag, &value))
		return cc_fail(&s->ch->err, CC_E_VERIFY, "access.pace-chip-wrong", "no data object %02X", (unsigned)tag);
	st = buf_copy(ret, value);
	return cc_failed(st) ? cc_fail(&s->ch->err, st.code, "memory", "PACE") : st;
}

static cc_status step(struct pace *s, uint32_t sent_tag, struct bytes sent, uint32_t want_tag, struct buf *ret)
{
	struct buf dynamic = { 0 };
	uint16_t sw;
	cc_status st = general_authenticate(s, false, sent_tag, sent, &dynamic, &sw);

	if (!cc_failed(st))
		st = take_object(s, buf_view(&dynamic), want_tag, ret);
	buf_done(&dynamic);
	return st;
}

/* ICAO 9303-11 4.4.1 step 1: the encrypted nonce. */
static cc_status get_nonce(struct pace *s, const struct secret *k_pi)
{
	struct buf z = { 0 };
	cc_status st = step(s, 0, bytes_of(NULL, 0), DO_NONCE, &z);

	if (!cc_failed(st)) {
		st = pace_decrypt_nonce(k_pi, s->p->alg, buf_view(&z), &s->nonce);
		if (!cc_failed(st) && s->p->mapping == PACE_IM && s->nonce.n != pace_nonce_len(s->p->alg))
			st = cc_code_status(CC_E_VERIFY);
		if (cc_failed(st))
			st = crypto_failed(s, st, "nonce");
	}
	buf_done(&z);
	return st;
}

/* A DH value is an unsigned integer: zeros in front, which some chips send, are no part of what is signed and compared. */
static cc_status take_public(struct pace *s, uint32_t sent_tag, struct bytes sent, uint32_t want_tag, struct buf *ret)
{
	struct buf raw = { 0 };
	struct cursor in;
	uint8_t first;
	cc_status st = step(s, sent_tag, sent, want_tag, &raw);

	if (cc_failed(st))
		goto out;
	cursor_init(&in, buf_view(&raw));
	while (s->p->group.kind == AGREE_DH && cursor_left(&in) > 1 && cursor_peek(&in, &first) && first == 0)
		(void)!cursor_skip(&in, 1);
	st = buf_copy(ret, cursor_rest(&in));
	if (cc_failed(st))
		st = crypto_failed(s, st, "public key");
out:
	buf_done(&raw);
	return st;
}

/* ICAO 9303-11 4.4.3.3.1: G' = s*G + H (g' = g^s * h), where H is the shared secret of the mapping keys. */
static cc_status map_generic(struct pace *s)
{
	struct agree_key *key = NULL;
	struct buf h = { 0 };
	cc_status st = agree_key_generate(s->domain, s->sys, &key);

	if (cc_failed(st)) {
		st = crypto_failed(s, st, "mapping key");
		goto out;
	}
	st = take_public(s, DO_MAP_IFD, agree_key_public(key), DO_MAP_IC, &s->result.chip_mapping);
	if (cc_failed(st))
		goto out;
	/* A key of our own sent back would make the mapping the attacker's choice. */
	if (bytes_equal(agree_key_public(key), buf_view(&s->result.chip_mapping)))
		st = cc_code_status(CC_E_VERIFY);
	if (!cc_failed(st))
		st = agree_mapping_secret(key, buf_view(&s->result.chip_mapping), &h);
	if (!cc_failed(st))
		st = agree_domain_map_generic(s->domain, bytes_of(s->nonce.p, s->nonce.n), buf_view(&h), &s->mapped);
	if (cc_failed(st))
		st = crypto_failed(s, st, "mapping");
out:
	agree_key_free(&key);
	buf_done(&h);
	return st;
}

/* ICAO 9303-11 4.4.3.3.2: G' = f(R_p(s, t)) with a nonce t of ours; 4.4.5.2.2: object 82 of the answer is empty. */
static cc_status map_integrated(struct pace *s)
{
	uint8_t t[CIPHER_KEY_MAX];
	struct bytes view = bytes_of(t, cipher_key_len(s->p->alg));
	struct buf answer = { 0 };
	uint16_t sw;
	cc_status st = sys_random(s->sys, t, view.n);

	if (cc_failed(st))
		return crypto_failed(s, st, "mapping nonce");
	st = general_authenticate(s, false, DO_MAP_IFD, view, &answer, &sw);
	if (cc_failed(st))
		goto out;
	if (answer.n > 0 && !bytes_equal(buf_view(&answer), BYTES_LITERAL("\x82\x00"))) {
		st = cc_fail(&s->ch->err, CC_E_VERIFY, "access.pace-chip-wrong", "PACE, mapping: data object 82 isn't empty");
		goto out;
	}
	st = agree_domain_map_integrated(s->domain, s->p->alg, bytes_of(s->nonce.p, s->nonce.n), view, &s->mapped);
	if (cc_failed(st))
		st = crypto_failed(s, st, "mapping");
out:
	cc_wipe(t, sizeof t);
	buf_done(&answer);
	return st;
}

static cc_status derive_keys(struct pace *s)
{
	struct buf shared = { 0 };
	cc_status st = agree_secret(s->ephemeral, buf_view(&s->result.chip_public), &shared);

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
	cc_status st = agree_key_generate(s->mapped, s->sys, &s->ephemeral);

	if (cc_failed(st))
		return crypto_failed(s, st, "ephemeral key");
	st = take_public(s, DO_KEY_IFD, agree_key_public(s->ephemeral), DO_KEY_IC, &s->result.chip_public);
	if (cc_failed(st))
		return st;
	/* ICAO 9303-11 4.4.1 step 3 d): the two public keys must differ. */
	if (bytes_equal(agree_key_public(s->ephemeral), buf_view(&s->result.chip_public)))
		st = cc_code_status(CC_E_VERIFY);
	if (!cc_failed(st))
		st = derive_keys(s);
	return cc_failed(st) ? crypto_failed(s, st, "key agreement") : st;
}

static void take_car(struct bytes value, char out[CVC_REFERENCE_MAX + 1])
{
	if (value.n > CVC_REFERENCE_MAX)
		return;
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < 0x20 || value.p[i] > 0x7E)
			return;
	}
	memcpy(out, value.p, value.n);
	out[value.n] = '\0';
}

/* ICAO 9303-11 table 4, step 4: 86 token, then 87 and 88 (authority references), 8A (encrypted chip authentication data). */
static cc_status take_last(struct pace *s, struct bytes dynamic, const uint8_t token_ic[TOKEN_LEN])
{
	struct cursor in;
	struct tlv t;
	struct bytes token, chip_auth = { 0 };
	size_t order_len;
	cc_status st;

	cursor_init(&in, dynamic);
	if (!tlv_expect_bytes(&in, TLV_LENIENT, DO_TOKEN_IC, &token) || !cc_equal(token_ic, TOKEN_LEN, token.p, token.n))
		return cc_fail(&s->ch->err, CC_E_VERIFY, "access.pace-chip-wrong", "PACE: the chip's token is wrong");
	while (cursor_left(&in) > 0 && tlv_next(&in, TLV_LENIENT, &t)) {
		if (t.tag == DO_CAR || t.tag == DO_CAR_PREVIOUS)
			take_car(t.value, s->result.car[t.tag - DO_CAR]);
		else if (t.tag == DO_CHIP_AUTH)
			chip_auth = t.value;
	}
	if (cc_failed(cursor_end(&in)))
		return cc_fail(&s->ch->err, CC_E_VERIFY, "access.pace-chip-wrong", "PACE: objects behind the token");
	if (s->p->mapping != PACE_CAM)
		return cc_ok();
	/* 4.4.5: REQUIRED with this mapping. */
	order_len = ec_order_len(s->p->group.curve);
	st = pace_decrypt_chip_auth(s->p->alg, &s->ks_enc, chip_auth, order_len, &s->result.chip_auth);
	return cc_failed(st) ? crypto_failed(s, st, "chip authentication data") : st;
}

/* ICAO 9303-11 4.4.1 step 4: each side proves the key by a MAC over the other's public key. */
static cc_status mutual_authentication(struct pace *s)
{
	uint8_t token_ifd[TOKEN_LEN], token_ic[TOKEN_LEN];
	struct buf answer = { 0 };
	char text[48];
	uint16_t sw = SW_OK;
	cc_status st = pace_token(s->p, &s->ks_mac, buf_view(&s->result.chip_public), token_ifd);

	if (!cc_failed(st))
		st = pace_token(s->p, &s->ks_mac, agree_key_public(s->ephemeral), token_ic);
	if (cc_failed(st))
		return crypto_failed(s, st, "token");
	st = general_authenticate(s, true, DO_TOKEN_IFD, bytes_of(token_ifd, TOKEN_LEN), &answer, &sw);
	if (st.code == CC_E_STATUS) {
		/* 6300 or 63Cx: wrong password; cards in the field answer 6982, 6985 and 6A80 as well. */
		cc_error_init(&s->ch->err);
		st = cc_fail(&s->ch->err, CC_E_DENIED, "access.pace-refused", "GENERAL AUTHENTICATE 85: %s", sw_text(sw, text));
	} else if (!cc_failed(st)) {
		st = take_last(s, buf_view(&answer), token_ic);
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

static cc_status run(struct pace *s, enum pace_password kind, struct bytes password)
{
	struct secret k_pi = { 0 };
	cc_status st = agree_domain_new(s->p->group, &s->domain);

	if (!cc_failed(st))
		st = pace_password_key(kind, password, s->p->alg, &k_pi);
	if (cc_failed(st)) {
		cc_error_init(&s->ch->err);
		st = crypto_failed(s, st, "password");
		goto out;
	}
	if (cc_failed(st = mse_set_at(s, kind)) || cc_failed(st = get_nonce(s, &k_pi)))
		goto out;
	st = s->p->mapping == PACE_IM ? map_integrated(s) : map_generic(s);
	if (cc_failed(st) || cc_failed(st = perform_key_agreement(s)) || cc_failed(st = mutual_authentication(s)))
		goto out;
	st = start_messaging(s);
out:
	secret_done(&k_pi);
	return st;
}

cc_status pace_authenticate(struct channel *ch, const struct pace_params *p, enum pace_password kind, struct bytes password,
			    const struct sys *sys, struct pace_result *ret)
{
	struct pace s = { .ch = ch, .p = p, .sys = sys, .result.group = p->group };
	cc_status st;

	CC_ASSERT(ch->layer == NULL);
	st = run(&s, kind, password);
	if (!cc_failed(st) && ret != NULL) {
		*ret = s.result;
		s.result = (struct pace_result){ 0 };
	}
	pace_result_done(&s.result);
	secret_done(&s.nonce);
	secret_done(&s.ks_enc);
	secret_done(&s.ks_mac);
	agree_key_free(&s.ephemeral);
	agree_domain_free(&s.mapped);
	agree_domain_free(&s.domain);
	return st;
}
