/* SPDX-License-Identifier: Apache-2.0 */
#include "card/perso/scp.h"

#include "card/sw.h"
#include "crypto/base/secret.h"

#include <string.h>

cc_status scp_initialize_update(struct channel *ch, uint8_t key_version, const struct sys *sys,
				uint8_t ret_challenge[SCP_CHALLENGE_LEN], struct buf *ret_answer)
{
	uint8_t challenge[SCP_CHALLENGE_LEN];
	struct response r = { 0 };
	struct apdu cmd = { 0x80, 0x50, key_version, 0x00, bytes_of(challenge, sizeof challenge), APDU_LE_SHORT_MAX };
	cc_status st;

	channel_set_layer(ch, NULL);
	if (cc_failed(st = sys_random(sys, challenge, sizeof challenge)) || cc_failed(st = channel_send(ch, &cmd, &r)))
		goto out;
	if (r.sw == SW_AUTH_BLOCKED) {
		st = cc_fail(&ch->err, CC_E_DENIED, "perso.keys-blocked", "INITIALIZE UPDATE: %04X", r.sw);
	} else if (r.sw != SW_OK) {
		st = cc_fail(&ch->err, CC_E_STATUS, "perso.handshake", "INITIALIZE UPDATE: %04X", r.sw);
	} else {
		memcpy(ret_challenge, challenge, sizeof challenge);
		buf_move(ret_answer, &r.data);
	}
out:
	response_done(&r);
	return st;
}

cc_status scp_answer_parsed(struct channel *ch, cc_status parsed, const struct buf *answer)
{
	if (!cc_failed(parsed))
		return parsed;
	return cc_fail(&ch->err, parsed.code, "perso.handshake", "INITIALIZE UPDATE: answer of %zu bytes", answer->n);
}

cc_status scp_card_check(struct channel *ch, uint8_t key_version, const uint8_t ours[SCP_CRYPTOGRAM_LEN],
			 const uint8_t cards[SCP_CRYPTOGRAM_LEN])
{
	if (cc_equal(ours, SCP_CRYPTOGRAM_LEN, cards, SCP_CRYPTOGRAM_LEN))
		return cc_ok();
	return cc_fail(&ch->err, CC_E_DENIED, "perso.wrong-keys", "key version %02X: card cryptogram of other keys", key_version);
}

cc_status scp_send_external_authenticate(struct channel *ch, struct secure_layer *layer, uint8_t level,
					 const uint8_t cryptogram[SCP_CRYPTOGRAM_LEN], uint16_t *ret_sw)
{
	struct response r = { 0 };
	struct apdu cmd = { 0x80, 0x82, level, 0x00, bytes_of(cryptogram, SCP_CRYPTOGRAM_LEN), APDU_LE_NONE };
	cc_status st;

	channel_set_layer(ch, layer);
	st = channel_send(ch, &cmd, &r);
	if (cc_failed(st) || r.sw != SW_OK)
		channel_set_layer(ch, NULL);
	if (!cc_failed(st))
		*ret_sw = r.sw;
	response_done(&r);
	return st;
}

cc_status scp_external_authenticate(struct channel *ch, struct secure_layer *layer, uint8_t level,
				    const uint8_t cryptogram[SCP_CRYPTOGRAM_LEN])
{
	uint16_t sw = 0;
	cc_status st = scp_send_external_authenticate(ch, layer, level, cryptogram, &sw);

	if (!cc_failed(st) && sw != SW_OK)
		st = cc_fail(&ch->err, CC_E_DENIED, "perso.authentication-refused", "EXTERNAL AUTHENTICATE: %04X", sw);
	return st;
}

/* ---- data under a layer */

cc_status scp_encrypt_data(struct cipher *c, const uint8_t *icv, size_t block, struct bytes plain, struct writer *w)
{
	struct buf padded = { 0 };
	struct writer pad;
	cc_status st;

	writer_init(&pad, plain.n + block);
	pad_iso9797_2(&pad, plain, block);
	if (!cc_failed(st = writer_finish(&pad, &padded)) &&
	    !cc_failed(st = cipher_cbc_encrypt(c, icv, buf_view(&padded), padded.p)))
		writer_put(w, buf_view(&padded));
	writer_done(&pad);
	buf_done(&padded);
	return st;
}

size_t scp_room(size_t wire_max, bool with_mac, size_t block)
{
	size_t n = wire_max;

	if (with_mac)
		n = n > SCP_MAC_LEN ? n - SCP_MAC_LEN : 0;
	if (block != 0) /* padding takes at least one byte */
		n = n >= block ? n / block * block - 1 : 0;
	return n;
}
