/* SPDX-License-Identifier: Apache-2.0 */
#include "card/perso/scp03.h"

#include "card/sw.h"
#include "crypto/kdf.h"

#include <string.h>

/* GP-D 4.1.5 table 4-1: data derivation constants. */
#define DERIVE_CARD_CRYPTOGRAM 0x00
#define DERIVE_HOST_CRYPTOGRAM 0x01
#define DERIVE_S_ENC 0x04
#define DERIVE_S_MAC 0x06
#define DERIVE_S_RMAC 0x07

#define SCP03_ID 0x03
#define OPTION_S16 0x01
#define OPTION_PSEUDO_RANDOM 0x10
#define OPTION_R_MAC 0x20
#define OPTION_R_ENC 0x40

#define BLOCK 16

void scp03_keys_done(struct scp03_keys *k)
{
	secret_done(&k->enc);
	secret_done(&k->mac);
	secret_done(&k->dek);
}

cc_status scp03_alg(size_t key_len, enum cipher_alg *ret)
{
	static const enum cipher_alg algs[] = { CIPHER_AES128, CIPHER_AES192, CIPHER_AES256 };

	for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++) {
		if (cipher_key_len(algs[i]) == key_len) {
			*ret = algs[i];
			return cc_ok();
		}
	}
	return cc_code_status(CC_E_ARG);
}

cc_status scp03_key_check_value(struct bytes key, uint8_t out[SCP03_KCV_LEN])
{
	uint8_t block[BLOCK];
	struct cipher *c = NULL;
	enum cipher_alg alg;
	cc_status st;

	memset(block, 0x01, sizeof block);
	if (cc_failed(st = scp03_alg(key.n, &alg)) || cc_failed(st = cipher_new(alg, key, &c)))
		goto out;
	if (cc_failed(st = cipher_encrypt_block(c, block, block)))
		goto out;
	memcpy(out, block, SCP03_KCV_LEN);
out:
	cipher_free(&c);
	cc_wipe(block, sizeof block);
	return st;
}

cc_status scp03_card_parse(struct bytes answer, struct scp03_card *ret)
{
	struct scp03_card card = { 0 };
	struct cursor in;
	uint8_t id;

	cursor_init(&in, answer);
	if (!cursor_copy(&in, card.diversification, sizeof card.diversification) || !cursor_u8(&in, &card.key_version) ||
	    !cursor_u8(&in, &id))
		return cc_code_status(CC_E_FORMAT);
	if (id != SCP03_ID)
		return cc_code_status(CC_E_UNSUPPORTED);
	if (!cursor_u8(&in, &card.i))
		return cc_code_status(CC_E_FORMAT);
	/* GP-D 5.1 table 5-1: b1 is S16 mode. */
	if (card.i & OPTION_S16)
		return cc_code_status(CC_E_UNSUPPORTED);
	if (!cursor_copy(&in, card.challenge, sizeof card.challenge) ||
	    !cursor_copy(&in, card.cryptogram, sizeof card.cryptogram))
		return cc_code_status(CC_E_FORMAT);
	card.has_sequence = (card.i & OPTION_PSEUDO_RANDOM) != 0;
	if (card.has_sequence && !cursor_u24(&in, &card.sequence))
		return cc_code_status(CC_E_FORMAT);
	if (cc_failed(cursor_end(&in)))
		return cc_code_status(CC_E_FORMAT);
	*ret = card;
	return cc_ok();
}

static cc_status derive_key(const struct secret *key, uint8_t constant, struct bytes context, struct secret *ret)
{
	cc_status st = kdf_scp03(bytes_of(key->p, key->n), constant, context, key->n * 8, ret->p);

	ret->n = cc_failed(st) ? 0 : key->n;
	return st;
}

cc_status scp03_session_derive(const struct scp03_keys *keys, const uint8_t host_challenge[SCP03_CHALLENGE_LEN],
			       const uint8_t card_challenge[SCP03_CHALLENGE_LEN], struct scp03_session *ret)
{
	uint8_t both[2 * SCP03_CHALLENGE_LEN];
	struct bytes context = bytes_of(both, sizeof both), s_mac;
	struct scp03_session s = { .alg = keys->alg };
	cc_status st;

	if (keys->alg == CIPHER_TDES) /* a key serves one protocol */
		return cc_code_status(CC_E_ARG);
	memcpy(both, host_challenge, SCP03_CHALLENGE_LEN);
	memcpy(both + SCP03_CHALLENGE_LEN, card_challenge, SCP03_CHALLENGE_LEN);
	if (cc_failed(st = derive_key(&keys->enc, DERIVE_S_ENC, context, &s.s_enc)) ||
	    cc_failed(st = derive_key(&keys->mac, DERIVE_S_MAC, context, &s.s_mac)) ||
	    cc_failed(st = derive_key(&keys->mac, DERIVE_S_RMAC, context, &s.s_rmac)))
		goto out;
	s_mac = bytes_of(s.s_mac.p, s.s_mac.n);
	if (cc_failed(st = kdf_scp03(s_mac, DERIVE_CARD_CRYPTOGRAM, context, 8 * SCP03_CRYPTOGRAM_LEN, s.card_cryptogram)) ||
	    cc_failed(st = kdf_scp03(s_mac, DERIVE_HOST_CRYPTOGRAM, context, 8 * SCP03_CRYPTOGRAM_LEN, s.host_cryptogram)))
		goto out;
	*ret = s;
out:
	scp03_session_done(&s);
	return st;
}

void scp03_session_done(struct scp03_session *s)
{
	cc_wipe(s, sizeof *s);
}

/* ---- the secure layer */

struct scp03 {
	struct secure_layer layer;
	struct cipher *enc;
	struct mac *mac, *rmac;
	uint8_t chain[BLOCK]; /* MAC chaining value, GP-D 6.2.4 */
	uint64_t counter;     /* encryption counter, GP-D 6.2.6 */
	uint8_t level;
	bool open; /* EXTERNAL AUTHENTICATE succeeded: commands are counted */
};

static struct scp03 *scp03_of(struct secure_layer *l)
{
	return (struct scp03 *)(void *)l;
}

/* GP-D 6.2.6 and 6.2.7: the counter as a block, with 80 in front for responses, encrypted under S-ENC. */
static cc_status make_icv(struct scp03 *s, uint8_t first, uint8_t out[BLOCK])
{
	uint8_t block[BLOCK] = { 0 };
	uint64_t v = s->counter;

	block[0] = first;
	for (size_t i = BLOCK; v != 0; v >>= 8)
		block[--i] = (uint8_t)v;
	return cipher_encrypt_block(s->enc, block, out);
}

static cc_status encrypt_data(struct scp03 *s, struct bytes plain, struct writer *w)
{
	uint8_t icv[BLOCK];
	cc_status st = make_icv(s, 0x00, icv);

	return cc_failed(st) ? st : scp_encrypt_data(s->enc, icv, BLOCK, plain, w);
}

/* GP-D 6.2.4: C-MAC over the chaining value, the header with the final Lc, and the data as sent. */
static cc_status append_c_mac(struct scp03 *s, const struct apdu *cmd, bool extended, struct writer *w)
{
	struct bytes data = writer_view(w);
	size_t lc = data.n + SCP03_MAC_LEN;
	uint8_t head[7] = { cmd->cla, cmd->ins, cmd->p1, cmd->p2 };
	size_t head_len = 5;
	uint8_t mac[BLOCK];
	cc_status st;

	if (extended) {
		head[4] = 0;
		head[5] = (uint8_t)(lc >> 8);
		head[6] = (uint8_t)lc;
		head_len = 7;
	} else {
		head[4] = (uint8_t)lc;
	}
	const struct bytes parts[] = { bytes_of(s->chain, BLOCK), bytes_of(head, head_len), data };
	if (cc_failed(st = mac_compute(s->mac, parts, 3, mac)))
		return st;
	memcpy(s->chain, mac, BLOCK);
	writer_put(w, bytes_of(mac, SCP03_MAC_LEN));
	return w->failed ? cc_code_status(w->failed) : cc_ok();
}

static size_t wrapped_le(const struct scp03 *s, size_t le, bool extended)
{
	size_t max = extended ? APDU_LE_EXTENDED_MAX : APDU_LE_SHORT_MAX;
	size_t wire = le;

	if (le == APDU_LE_NONE)
		return le;
	if (s->level & SCP03_R_ENC)
		wire = (le / BLOCK + 1) * BLOCK;
	if (s->level & SCP03_R_MAC)
		wire += SCP03_MAC_LEN;
	return wire < max ? wire : max;
}

static cc_status scp03_wrap(struct secure_layer *l, const struct apdu *cmd, bool extended, struct writer *scratch,
			    struct apdu *ret_cmd)
{
	struct scp03 *s = scp03_of(l);
	struct apdu out = *cmd;
	cc_status st;

	/* GP-D 6.2.6: the counter rises with each command, also one without data. */
	if (s->open)
		s->counter++;
	if ((s->level & SCP03_C_ENC) && cmd->data.n != 0)
		st = encrypt_data(s, cmd->data, scratch);
	else {
		writer_put(scratch, cmd->data);
		st = cc_ok();
	}
	if (cc_failed(st))
		return st;
	/* GP 11.1.4: b3 of the class byte says GlobalPlatform secure messaging. */
	out.cla = cmd->cla | 0x04;
	if (writer_view(scratch).n + SCP03_MAC_LEN > (extended ? 0xFFFFu : 0xFFu))
		return cc_code_status(CC_E_LIMIT);
	if (cc_failed(st = append_c_mac(s, &out, extended, scratch)))
		return st;
	out.data = writer_view(scratch);
	out.le = wrapped_le(s, cmd->le, extended);
	*ret_cmd = out;
	return cc_ok();
}

static cc_status decrypt_data(struct scp03 *s, struct bytes text, struct buf *ret)
{
	struct buf plain = { 0 };
	struct bytes stripped;
	uint8_t icv[BLOCK];
	cc_status st;

	if (cc_failed(st = buf_copy(&plain, text)) || cc_failed(st = make_icv(s, 0x80, icv)) ||
	    cc_failed(st = cipher_cbc_decrypt(s->enc, icv, text, plain.p)) ||
	    cc_failed(st = pad_iso9797_2_strip(buf_view(&plain), BLOCK, &stripped)))
		goto out;
	st = buf_copy(ret, stripped);
out:
	buf_done(&plain);
	return st;
}

/* GP-D 6.2.5: error status words come alone and unprotected; 9000 and the warnings 62xx and 63xx are protected. */
static bool is_protected(uint16_t sw)
{
	return sw == SW_OK || (sw >> 8) == 0x62 || (sw >> 8) == 0x63;
}

static cc_status check_r_mac(struct scp03 *s, struct bytes data, struct bytes mac, uint16_t sw)
{
	uint8_t trailer[2] = { (uint8_t)(sw >> 8), (uint8_t)sw };
	const struct bytes parts[] = { bytes_of(s->chain, BLOCK), data, bytes_of(trailer, 2) };
	uint8_t want[BLOCK];
	cc_status st = mac_compute(s->rmac, parts, 3, want);

	if (!cc_failed(st) && !cc_equal(want, SCP03_MAC_LEN, mac.p, mac.n))
		st = cc_code_status(CC_E_VERIFY);
	return st;
}

static cc_status scp03_unwrap(struct secure_layer *l, const struct response *raw, struct response *ret)
{
	struct scp03 *s = scp03_of(l);
	struct buf plain = { 0 };
	struct bytes data, mac;
	struct cursor in;
	cc_status st;

	cursor_init(&in, buf_view(&raw->data));
	if (s->level & SCP03_R_MAC) {
		if (!is_protected(raw->sw)) {
			ret->sw = raw->sw;
			buf_done(&ret->data);
			return cc_ok();
		}
		if (!cursor_take_back(&in, SCP03_MAC_LEN, &mac))
			return cc_code_status(CC_E_VERIFY);
		data = cursor_rest(&in);
		if (cc_failed(st = check_r_mac(s, data, mac, raw->sw)))
			return st;
	} else {
		data = cursor_rest(&in);
	}
	if ((s->level & SCP03_R_ENC) && data.n != 0)
		st = decrypt_data(s, data, &plain);
	else
		st = buf_copy(&plain, data);
	if (cc_failed(st))
		return cc_code_status(st.code == CC_E_FORMAT ? CC_E_VERIFY : st.code);
	ret->sw = raw->sw;
	buf_move(&ret->data, &plain);
	return cc_ok();
}

static size_t scp03_command_room(const struct secure_layer *l, size_t wire_max)
{
	const struct scp03 *s = (const struct scp03 *)(const void *)l;

	return scp_room(wire_max, true, s->level & SCP03_C_ENC ? BLOCK : 0);
}

static size_t scp03_response_room(const struct secure_layer *l, size_t wire_max)
{
	const struct scp03 *s = (const struct scp03 *)(const void *)l;

	return scp_room(wire_max, s->level & SCP03_R_MAC, s->level & SCP03_R_ENC ? BLOCK : 0);
}

static void scp03_free(struct secure_layer *l)
{
	struct scp03 *s = scp03_of(l);

	cipher_free(&s->enc);
	mac_free(&s->mac);
	mac_free(&s->rmac);
	cc_free(s, sizeof *s);
}

static const struct secure_layer_ops scp03_ops = {
	.name = "SCP03",
	.wrap = scp03_wrap,
	.unwrap = scp03_unwrap,
	.command_room = scp03_command_room,
	.response_room = scp03_response_room,
	.free = scp03_free,
};

cc_status scp03_layer_new(const struct scp03_session *session, struct secure_layer **ret)
{
	struct scp03 *s = cc_alloc(sizeof *s);
	cc_status st;

	if (!s)
		return cc_code_status(CC_E_MEMORY);
	s->layer.ops = &scp03_ops;
	s->level = SCP03_C_MAC;
	if (cc_failed(st = cipher_new(session->alg, bytes_of(session->s_enc.p, session->s_enc.n), &s->enc)) ||
	    cc_failed(st = mac_new(session->alg, bytes_of(session->s_mac.p, session->s_mac.n), &s->mac)) ||
	    cc_failed(st = mac_new(session->alg, bytes_of(session->s_rmac.p, session->s_rmac.n), &s->rmac))) {
		scp03_free(&s->layer);
		return st;
	}
	*ret = &s->layer;
	return cc_ok();
}

cc_status scp03_layer_set_level(struct secure_layer *l, uint8_t level)
{
	cc_status st;

	CC_ASSERT(l->ops == &scp03_ops);
	if (cc_failed(st = scp03_level_check(level, OPTION_R_MAC | OPTION_R_ENC)))
		return st;
	scp03_of(l)->level = level;
	scp03_of(l)->open = true;
	return cc_ok();
}

cc_status scp03_level_check(uint8_t level, uint8_t i)
{
	/* GP-D 7.1.2 table 7-3 */
	static const uint8_t levels[] = { 0x01, 0x03, 0x11, 0x13, 0x33 };
	uint8_t need = 0;

	if (!memchr(levels, level, sizeof levels))
		return cc_code_status(CC_E_ARG);
	if (level & SCP03_R_MAC)
		need |= OPTION_R_MAC;
	if (level & SCP03_R_ENC)
		need |= OPTION_R_ENC;
	return cc_code_status((i & need) == need ? CC_OK : CC_E_UNSUPPORTED);
}

/* ---- with a card */

cc_status scp03_initialize_update(struct channel *ch, uint8_t key_version, const struct sys *sys, struct scp03_handshake *ret)
{
	struct scp03_handshake hs;
	struct buf answer = { 0 };
	cc_status st = scp_initialize_update(ch, key_version, sys, hs.host_challenge, &answer);

	if (!cc_failed(st) && !cc_failed(st = scp_answer_parsed(ch, scp03_card_parse(buf_view(&answer), &hs.card), &answer)))
		*ret = hs;
	buf_done(&answer);
	return st;
}

static cc_status derive_for(const struct scp03_handshake *hs, const struct scp03_keys *keys, struct scp03_session *ret)
{
	return scp03_session_derive(keys, hs->host_challenge, hs->card.challenge, ret);
}

cc_status scp03_card_has_keys(const struct scp03_handshake *hs, const struct scp03_keys *keys, bool *ret_right)
{
	struct scp03_session s = { 0 };
	cc_status st = derive_for(hs, keys, &s);

	if (!cc_failed(st))
		*ret_right = cc_equal(s.card_cryptogram, SCP03_CRYPTOGRAM_LEN, hs->card.cryptogram, SCP03_CRYPTOGRAM_LEN);
	scp03_session_done(&s);
	return st;
}

cc_status scp03_external_authenticate(struct channel *ch, const struct scp03_handshake *hs, const struct scp03_keys *keys,
				      uint8_t level)
{
	struct scp03_session session = { 0 };
	struct secure_layer *layer = NULL;
	cc_status st;

	if (cc_failed(st = scp03_level_check(level, hs->card.i))) {
		st = cc_fail(&ch->err, st.code, "perso.level", "level %02X with i=%02X", level, hs->card.i);
		goto out;
	}
	if (cc_failed(st = derive_for(hs, keys, &session)) ||
	    cc_failed(st = scp_card_check(ch, hs->card.key_version, session.card_cryptogram, hs->card.cryptogram)) ||
	    cc_failed(st = scp03_layer_new(&session, &layer)) ||
	    cc_failed(st = scp_external_authenticate(ch, layer, level, session.host_cryptogram)))
		goto out;
	st = scp03_layer_set_level(ch->layer, level);
out:
	scp03_session_done(&session);
	return st;
}

cc_status scp03_probe_refusal(struct channel *ch, const struct scp03_handshake *hs, const struct scp03_keys *keys,
			      uint16_t *ret_sw)
{
	struct scp03_session session = { 0 };
	struct secure_layer *layer = NULL;
	cc_status st;

	if (!cc_failed(st = derive_for(hs, keys, &session)) && !cc_failed(st = scp03_layer_new(&session, &layer)))
		st = scp_send_external_authenticate(ch, layer, SCP03_C_MAC, session.host_cryptogram, ret_sw);
	channel_set_layer(ch, NULL);
	scp03_session_done(&session);
	return st;
}
