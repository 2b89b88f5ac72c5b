/* SPDX-License-Identifier: Apache-2.0 */
#include "card/perso/scp02.h"

#include "crypto/kdf.h"

#include <string.h>

/* GP-E 4.1: constants of the session keys. */
#define DERIVE_C_MAC 0x0101
#define DERIVE_R_MAC 0x0102
#define DERIVE_DEK 0x0181
#define DERIVE_S_ENC 0x0182

#define SCP02_ID 0x02
#define BLOCK 8
#define SINGLE_DES_LEN 8
#define CRYPTOGRAM_INPUT_LEN (SCP02_HOST_CHALLENGE_LEN + 2 + SCP02_CARD_CHALLENGE_LEN)

static const uint8_t zero_icv[CIPHER_BLOCK_MAX];

cc_status scp02_key_check_value(struct bytes key, uint8_t out[SCP02_KCV_LEN])
{
	uint8_t block[BLOCK];
	struct cipher *c = NULL;
	cc_status st;

	if (cc_failed(st = cipher_new(CIPHER_TDES, key, &c)))
		return st;
	if (!cc_failed(st = cipher_encrypt_block(c, zero_icv, block)))
		memcpy(out, block, SCP02_KCV_LEN);
	cipher_free(&c);
	cc_wipe(block, sizeof block);
	return st;
}

cc_status scp02_encrypt_key(struct bytes dek, struct bytes key, uint8_t out[SCP02_KEY_LEN])
{
	uint8_t made[SCP02_KEY_LEN];
	struct cipher *c = NULL;
	cc_status st;

	if (key.n != SCP02_KEY_LEN)
		return cc_code_status(CC_E_ARG);
	if (cc_failed(st = cipher_new(CIPHER_TDES, dek, &c)))
		return st;
	for (size_t i = 0; i < sizeof made && !cc_failed(st); i += BLOCK)
		st = cipher_encrypt_block(c, key.p + i, made + i);
	if (!cc_failed(st))
		memcpy(out, made, sizeof made);
	cipher_free(&c);
	return st;
}

cc_status scp02_card_parse(struct bytes answer, struct scp02_card *ret)
{
	struct scp02_card card = { 0 };
	struct cursor in;
	uint8_t id;

	cursor_init(&in, answer);
	if (!cursor_copy(&in, card.diversification, sizeof card.diversification) || !cursor_u8(&in, &card.key_version) ||
	    !cursor_u8(&in, &id))
		return cc_code_status(CC_E_FORMAT);
	if (id != SCP02_ID)
		return cc_code_status(CC_E_UNSUPPORTED);
	if (!cursor_u16(&in, &card.sequence) || !cursor_copy(&in, card.challenge, sizeof card.challenge) ||
	    !cursor_copy(&in, card.cryptogram, sizeof card.cryptogram) || cc_failed(cursor_end(&in)))
		return cc_code_status(CC_E_FORMAT);
	*ret = card;
	return cc_ok();
}

/* ---- session keys and cryptograms */

/* GP B.1.2.1: full triple DES MAC: the last block of CBC over the padded input. */
static cc_status full_mac(const struct secret *key, const uint8_t input[CRYPTOGRAM_INPUT_LEN], uint8_t out[BLOCK])
{
	uint8_t padded[CRYPTOGRAM_INPUT_LEN + BLOCK] = { 0 };
	struct cipher *c = NULL;
	cc_status st;

	memcpy(padded, input, CRYPTOGRAM_INPUT_LEN);
	padded[CRYPTOGRAM_INPUT_LEN] = 0x80;
	if (cc_failed(st = cipher_new(CIPHER_TDES, bytes_of(key->p, key->n), &c)))
		return st;
	if (!cc_failed(st = cipher_cbc_encrypt(c, zero_icv, bytes_of(padded, sizeof padded), padded)))
		memcpy(out, padded + CRYPTOGRAM_INPUT_LEN, BLOCK);
	cipher_free(&c);
	cc_wipe(padded, sizeof padded);
	return st;
}

/* GP-E 4.2.1 and 4.2.2: host challenge, sequence, card challenge; for the host's cryptogram its challenge comes last. */
static cc_status cryptograms(struct scp02_session *s, const uint8_t *host_challenge, uint16_t sequence,
			     const uint8_t *card_challenge)
{
	uint8_t of_card[2 + SCP02_CARD_CHALLENGE_LEN] = { (uint8_t)(sequence >> 8), (uint8_t)sequence };
	uint8_t input[CRYPTOGRAM_INPUT_LEN];
	cc_status st;

	memcpy(of_card + 2, card_challenge, SCP02_CARD_CHALLENGE_LEN);
	memcpy(input, host_challenge, SCP02_HOST_CHALLENGE_LEN);
	memcpy(input + SCP02_HOST_CHALLENGE_LEN, of_card, sizeof of_card);
	if (cc_failed(st = full_mac(&s->s_enc, input, s->card_cryptogram)))
		return st;
	memcpy(input, of_card, sizeof of_card);
	memcpy(input + sizeof of_card, host_challenge, SCP02_HOST_CHALLENGE_LEN);
	return full_mac(&s->s_enc, input, s->host_cryptogram);
}

static struct bytes view(const struct secret *s)
{
	return bytes_of(s->p, s->n);
}

cc_status scp02_session_derive(const struct scp03_keys *keys, const uint8_t host_challenge[SCP02_HOST_CHALLENGE_LEN],
			       uint16_t sequence, const uint8_t card_challenge[SCP02_CARD_CHALLENGE_LEN],
			       struct scp02_session *ret)
{
	struct scp02_session s = { 0 };
	cc_status st;

	if (keys->alg != CIPHER_TDES) /* a key serves one protocol */
		return cc_code_status(CC_E_ARG);
	if (cc_failed(st = kdf_scp02(view(&keys->enc), DERIVE_S_ENC, sequence, &s.s_enc)) ||
	    cc_failed(st = kdf_scp02(view(&keys->mac), DERIVE_C_MAC, sequence, &s.c_mac)) ||
	    cc_failed(st = kdf_scp02(view(&keys->mac), DERIVE_R_MAC, sequence, &s.r_mac)) ||
	    cc_failed(st = kdf_scp02(view(&keys->dek), DERIVE_DEK, sequence, &s.dek)) ||
	    cc_failed(st = cryptograms(&s, host_challenge, sequence, card_challenge)))
		goto out;
	*ret = s;
out:
	scp02_session_done(&s);
	return st;
}

void scp02_session_done(struct scp02_session *s)
{
	cc_wipe(s, sizeof *s);
}

/* ---- the secure layer */

struct scp02 {
	struct secure_layer layer;
	struct cipher *enc;
	struct mac *mac;
	struct cipher *icv;   /* single DES: triple DES whose halves are the first half of the C-MAC key */
	uint8_t chain[BLOCK]; /* the C-MAC before, encrypted; zeros at first */
	uint8_t level;
};

static struct scp02 *scp02_of(struct secure_layer *l)
{
	return (struct scp02 *)(void *)l;
}

static void xor_block(uint8_t *block, const uint8_t *with)
{
	for (size_t i = 0; i < BLOCK; i++)
		block[i] ^= with[i];
}

/*
 * GP-E 4.4 and B.1.2.2: the C-MAC over class byte with secure messaging, Lc with the MAC, and the data in clear. The ICV is
 * the C-MAC before, encrypted with single DES (GP-E 3.4); an ICV is the first block's summand.
 */
static cc_status c_mac(struct scp02 *s, const struct apdu *cmd, uint8_t out[SCP02_MAC_LEN])
{
	uint8_t head[5] = { cmd->cla, cmd->ins, cmd->p1, cmd->p2, (uint8_t)(cmd->data.n + SCP02_MAC_LEN) };
	struct buf padded = { 0 };
	struct writer in, w;
	struct bytes part;
	cc_status st;

	writer_init(&in, sizeof head + cmd->data.n);
	writer_put(&in, bytes_of(head, sizeof head));
	writer_put(&in, cmd->data);
	writer_init(&w, sizeof head + cmd->data.n + BLOCK);
	pad_iso9797_2(&w, writer_view(&in), BLOCK);
	if (cc_failed(st = cc_code_status(in.failed)) || cc_failed(st = writer_finish(&w, &padded)))
		goto out;
	xor_block(padded.p, s->chain);
	part = buf_view(&padded);
	if (cc_failed(st = mac_compute(s->mac, &part, 1, out)))
		goto out;
	st = cipher_encrypt_block(s->icv, out, s->chain);
out:
	writer_done(&in);
	writer_done(&w);
	buf_done(&padded);
	return st;
}

static size_t wire_len(const struct scp02 *s, size_t n)
{
	return ((s->level & SCP02_C_ENC) && n > 0 ? (n / BLOCK + 1) * BLOCK : n) + SCP02_MAC_LEN;
}

static cc_status scp02_wrap(struct secure_layer *l, const struct apdu *cmd, bool extended, struct writer *scratch,
			    struct apdu *ret_cmd)
{
	struct scp02 *s = scp02_of(l);
	struct apdu out = *cmd;
	uint8_t mac[SCP02_MAC_LEN];
	cc_status st;

	if (extended || wire_len(s, cmd->data.n) > 0xFF)
		return cc_code_status(CC_E_LIMIT);
	out.cla = cmd->cla | 0x04;
	if (cc_failed(st = c_mac(s, &out, mac)))
		return st;
	if ((s->level & SCP02_C_ENC) && cmd->data.n != 0)
		/* GP-E 4.6: padding always, a zero ICV. */
		st = scp_encrypt_data(s->enc, zero_icv, BLOCK, cmd->data, scratch);
	else
		writer_put(scratch, cmd->data);
	if (cc_failed(st))
		return st;
	writer_put(scratch, bytes_of(mac, sizeof mac));
	if (scratch->failed != CC_OK)
		return cc_code_status(scratch->failed);
	out.data = writer_view(scratch);
	*ret_cmd = out;
	return cc_ok();
}

/* GP-E 1.2: levels 01 and 03 protect commands only. */
static cc_status scp02_unwrap(struct secure_layer *l, const struct response *raw, struct response *ret)
{
	struct buf plain = { 0 };
	cc_status st = buf_copy(&plain, buf_view(&raw->data));

	(void)l;
	if (cc_failed(st))
		return st;
	ret->sw = raw->sw;
	buf_move(&ret->data, &plain);
	return st;
}

static size_t scp02_command_room(const struct secure_layer *l, size_t wire_max)
{
	const struct scp02 *s = (const struct scp02 *)(const void *)l;

	return scp_room(wire_max < 0xFF ? wire_max : 0xFF, true, s->level & SCP02_C_ENC ? BLOCK : 0);
}

static size_t scp02_response_room(const struct secure_layer *l, size_t wire_max)
{
	(void)l;
	return wire_max < APDU_LE_SHORT_MAX ? wire_max : APDU_LE_SHORT_MAX;
}

static void scp02_free(struct secure_layer *l)
{
	struct scp02 *s = scp02_of(l);

	cipher_free(&s->enc);
	cipher_free(&s->icv);
	mac_free(&s->mac);
	cc_free(s, sizeof *s);
}

static const struct secure_layer_ops scp02_ops = {
	.name = "SCP02",
	.wrap = scp02_wrap,
	.unwrap = scp02_unwrap,
	.command_room = scp02_command_room,
	.response_room = scp02_response_room,
	.free = scp02_free,
};

bool scp02_is_layer(const struct secure_layer *l)
{
	return l && l->ops == &scp02_ops;
}

cc_status scp02_layer_new(const struct scp02_session *session, struct secure_layer **ret)
{
	uint8_t single[2 * SINGLE_DES_LEN];
	struct scp02 *s = cc_alloc(sizeof *s);
	cc_status st;

	if (!s)
		return cc_code_status(CC_E_MEMORY);
	s->layer.ops = &scp02_ops;
	s->level = SCP02_C_MAC;
	memcpy(single, session->c_mac.p, SINGLE_DES_LEN);
	memcpy(single + SINGLE_DES_LEN, session->c_mac.p, SINGLE_DES_LEN);
	if (cc_failed(st = cipher_new(CIPHER_TDES, view(&session->s_enc), &s->enc)) ||
	    cc_failed(st = cipher_new(CIPHER_TDES, bytes_of(single, sizeof single), &s->icv)) ||
	    cc_failed(st = mac_new(CIPHER_TDES, view(&session->c_mac), &s->mac)))
		scp02_free(&s->layer);
	else
		*ret = &s->layer;
	cc_wipe(single, sizeof single);
	return st;
}

cc_status scp02_layer_set_level(struct secure_layer *l, uint8_t level)
{
	cc_status st;

	CC_ASSERT(l->ops == &scp02_ops);
	if (!cc_failed(st = scp02_level_check(level)))
		scp02_of(l)->level = level;
	return st;
}

cc_status scp02_level_check(uint8_t level)
{
	/* GP-E 5.2.3 table E-11; 00, a session without protection, is none for us. */
	return cc_code_status(level == SCP02_C_MAC || level == SCP02_LEVEL_FULL ? CC_OK : CC_E_ARG);
}

/* ---- with a card */

cc_status scp02_initialize_update(struct channel *ch, uint8_t key_version, const struct sys *sys, struct scp02_handshake *ret)
{
	struct scp02_handshake hs;
	struct buf answer = { 0 };
	cc_status st = scp_initialize_update(ch, key_version, sys, hs.host_challenge, &answer);

	if (!cc_failed(st) && !cc_failed(st = scp_answer_parsed(ch, scp02_card_parse(buf_view(&answer), &hs.card), &answer)))
		*ret = hs;
	buf_done(&answer);
	return st;
}

static cc_status derive_for(const struct scp02_handshake *hs, const struct scp03_keys *keys, struct scp02_session *ret)
{
	return scp02_session_derive(keys, hs->host_challenge, hs->card.sequence, hs->card.challenge, ret);
}

cc_status scp02_card_has_keys(const struct scp02_handshake *hs, const struct scp03_keys *keys, bool *ret_right)
{
	struct scp02_session s = { 0 };
	cc_status st = derive_for(hs, keys, &s);

	if (!cc_failed(st))
		*ret_right = cc_equal(s.card_cryptogram, SCP02_CRYPTOGRAM_LEN, hs->card.cryptogram, SCP02_CRYPTOGRAM_LEN);
	scp02_session_done(&s);
	return st;
}

/* The layer for the channel, which is bound to short commands from here on. */
static cc_status layer_for(struct channel *ch, const struct scp02_session *session, struct secure_layer **ret)
{
	cc_status st = scp02_layer_new(session, ret);

	if (cc_failed(st))
		return st;
	ch->extended = false;
	ch->command_max = ch->command_max < 0xFF ? ch->command_max : 0xFF;
	ch->response_max = ch->response_max < APDU_LE_SHORT_MAX ? ch->response_max : APDU_LE_SHORT_MAX;
	return st;
}

cc_status scp02_external_authenticate(struct channel *ch, const struct scp02_handshake *hs, const struct scp03_keys *keys,
				      uint8_t level, struct secret *ret_dek)
{
	struct scp02_session session = { 0 };
	struct secure_layer *layer = NULL;
	cc_status st;

	if (cc_failed(st = scp02_level_check(level))) {
		st = cc_fail(&ch->err, st.code, "perso.level", "level %02X in SCP02", level);
		goto out;
	}
	if (cc_failed(st = derive_for(hs, keys, &session)) ||
	    cc_failed(st = scp_card_check(ch, hs->card.key_version, session.card_cryptogram, hs->card.cryptogram)) ||
	    cc_failed(st = layer_for(ch, &session, &layer)) ||
	    cc_failed(st = scp_external_authenticate(ch, layer, level, session.host_cryptogram)))
		goto out;
	if (!cc_failed(st = scp02_layer_set_level(ch->layer, level)))
		secret_set(ret_dek, session.dek.p, session.dek.n);
out:
	scp02_session_done(&session);
	return st;
}

cc_status scp02_probe_refusal(struct channel *ch, const struct scp02_handshake *hs, const struct scp03_keys *keys,
			      uint16_t *ret_sw)
{
	struct scp02_session session = { 0 };
	struct secure_layer *layer = NULL;
	cc_status st;

	if (!cc_failed(st = derive_for(hs, keys, &session)) && !cc_failed(st = layer_for(ch, &session, &layer)))
		st = scp_send_external_authenticate(ch, layer, SCP02_C_MAC, session.host_cryptogram, ret_sw);
	channel_set_layer(ch, NULL);
	scp02_session_done(&session);
	return st;
}
