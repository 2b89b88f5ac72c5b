/* SPDX-License-Identifier: Apache-2.0 */
#include "card/access/chip_auth.h"

#include "card/access/sm.h"
#include "card/sw.h"
#include "crypto/base/secret.h"
#include "crypto/base/tlv.h"
#include "crypto/kdf.h"

/* ICAO 9303-11 9.2.5: id-CA 0.4.0.127.0.7.2.2.3, then 1 DH or 2 ECDH, then the cipher: 1 3DES, 2 AES-128, 3 AES-192, 4 AES-256.
 */
static const struct bytes oid_ca = { (const uint8_t *)"\x04\x00\x7F\x00\x07\x02\x02\x03", 8 };

cc_status chip_auth_alg(struct bytes oid, enum agree_kind *ret_kind, enum cipher_alg *ret)
{
	struct cursor in;
	struct bytes prefix;
	uint8_t kind, cipher;

	cursor_init(&in, oid);
	if (!cursor_take(&in, oid_ca.n, &prefix) || !bytes_equal(prefix, oid_ca) || !cursor_u8(&in, &kind) ||
	    !cursor_u8(&in, &cipher) || cc_failed(cursor_end(&in)) || kind < 1 || kind > 2 || cipher < 1 || cipher > 4)
		return cc_code_status(CC_E_UNSUPPORTED);
	*ret_kind = kind == 1 ? AGREE_DH : AGREE_ECDH;
	*ret = (enum cipher_alg)(CIPHER_TDES + cipher - 1);
	return cc_ok();
}

/* Sends `cmd` under the old session; a refusal is the chip's, not a matter of its key. */
static cc_status send_step(struct channel *ch, const struct apdu *cmd, const struct writer *w, const char *step,
			   struct response *r)
{
	char text[48];
	cc_status st;

	if (w->failed != CC_OK)
		return cc_fail(&ch->err, w->failed, "access.crypto", "chip authentication: %s", step);
	st = channel_send(ch, cmd, r);
	if (!cc_failed(st) && r->sw != SW_OK)
		st = cc_fail(&ch->err, CC_E_STATUS, "access.chip-auth-refused", "%s: %s", step, sw_text(r->sw, text));
	return st;
}

/* ICAO 9303-11 6.2.4.1: MSE:Set KAT { 91 ephemeral public key, 84 key id }; 3DES only. */
static cc_status mse_set_kat(struct channel *ch, const struct chip_auth_params *p, struct bytes public_key)
{
	struct apdu cmd = { .ins = 0x22, .p1 = 0x41, .p2 = 0xA6 };
	struct writer w;
	struct response r = { 0 };
	cc_status st;

	writer_init(&w, 1024);
	tlv_put(&w, 0x91, public_key);
	if (p->has_key_id)
		tlv_put(&w, 0x84, p->key_id);
	cmd.data = writer_view(&w);
	st = send_step(ch, &cmd, &w, "MSE:Set KAT", &r);
	writer_done(&w);
	response_done(&r);
	return st;
}

/* ICAO 9303-11 6.2.4.2: MSE:Set AT { 80 protocol, 84 key id }, then GENERAL AUTHENTICATE { 7C { 80 ephemeral public key } }. */
static cc_status mse_set_at(struct channel *ch, const struct chip_auth_params *p)
{
	struct apdu cmd = { .ins = 0x22, .p1 = 0x41, .p2 = 0xA4 };
	struct writer w;
	struct response r = { 0 };
	cc_status st;

	writer_init(&w, 256);
	tlv_put(&w, 0x80, p->oid);
	if (p->has_key_id)
		tlv_put(&w, 0x84, p->key_id);
	cmd.data = writer_view(&w);
	st = send_step(ch, &cmd, &w, "MSE:Set AT", &r);
	writer_done(&w);
	response_done(&r);
	return st;
}

static cc_status general_authenticate(struct channel *ch, struct bytes public_key)
{
	struct apdu cmd = { .ins = 0x86, .le = APDU_LE_SHORT_MAX };
	struct writer w;
	struct response r = { 0 };
	struct cursor in, dynamic;
	cc_status st;

	writer_init(&w, 1024);
	tlv_open(&w, 0x7C);
	tlv_put(&w, 0x80, public_key);
	tlv_close(&w);
	cmd.data = writer_view(&w);
	/* Under secure messaging the short answer fits anyway: don't force extended length for it. */
	if (cmd.le > channel_response_room(ch))
		cmd.le = channel_response_room(ch);
	st = send_step(ch, &cmd, &w, "GENERAL AUTHENTICATE", &r);
	cursor_init(&in, buf_view(&r.data));
	/* The answer is an empty 7C; version 1 chips may leave it out. */
	if (!cc_failed(st) && cursor_left(&in) > 0 &&
	    (!tlv_expect(&in, TLV_LENIENT, 0x7C, &dynamic) || cc_failed(cursor_end(&in))))
		st = cc_fail(&ch->err, CC_E_FORMAT, "card.bad-answer", "GENERAL AUTHENTICATE: %zu bytes", r.data.n);
	writer_done(&w);
	response_done(&r);
	return st;
}

/* ICAO 9303-11 6.2.1 step 3: K = KA(SK_PCD, PK_IC), session keys from K, SSC 0. */
static cc_status make_layer(const struct agree_key *key, const struct chip_auth_params *p, struct secure_layer **ret)
{
	static const uint8_t ssc[CIPHER_BLOCK_MAX];
	struct buf shared = { 0 };
	struct secret ks_enc = { 0 }, ks_mac = { 0 };
	cc_status st = agree_secret(key, p->chip_key, &shared);

	if (!cc_failed(st))
		st = kdf_9303(buf_view(&shared), bytes_of(NULL, 0), KDF_ENC, p->alg, &ks_enc);
	if (!cc_failed(st))
		st = kdf_9303(buf_view(&shared), bytes_of(NULL, 0), KDF_MAC, p->alg, &ks_mac);
	if (!cc_failed(st))
		st = sm_new(p->alg, bytes_of(ks_enc.p, ks_enc.n), bytes_of(ks_mac.p, ks_mac.n),
			    bytes_of(ssc, cipher_block_len(p->alg)), ret);
	buf_done(&shared);
	secret_done(&ks_enc);
	secret_done(&ks_mac);
	return st;
}

/*
 * ICAO 9303-11 6.2.1: the chip is genuine when it can go on under the new keys.
 * Any answer with a right MAC proves it, whatever its status word.
 */
static cc_status prove(struct channel *ch)
{
	const struct apdu read_com = { .ins = 0xB0, .p1 = 0x80 | 0x1E, .le = 4 };
	struct response r = { 0 };
	cc_status st = channel_send(ch, &read_com, &r);

	if (st.code == CC_E_VERIFY) {
		struct cc_error cause = ch->err;

		cc_error_init(&ch->err);
		st = cc_fail(&ch->err, CC_E_VERIFY, "access.chip-auth-failed", "first answer under the new keys: %.180s",
			     cause.detail);
	}
	response_done(&r);
	return st;
}

/* The ephemeral pair, its Comp(), and the layer that it makes with the chip's key. */
static cc_status prepare(const struct chip_auth_params *p, const struct sys *sys, struct agree_key **ret_key,
			 struct buf *ret_compressed, struct secure_layer **ret_layer)
{
	struct agree_domain *domain = NULL;
	cc_status st = agree_domain_new(p->group, &domain);

	if (!cc_failed(st))
		st = agree_key_generate(domain, sys, ret_key);
	if (!cc_failed(st))
		st = agree_compress(p->group, agree_key_public(*ret_key), ret_compressed);
	if (!cc_failed(st))
		st = make_layer(*ret_key, p, ret_layer);
	if (!cc_failed(st) && p->ret_terminal_key != NULL)
		st = buf_copy(p->ret_terminal_key, agree_key_public(*ret_key));
	agree_domain_free(&domain);
	return st;
}

cc_status chip_auth_run(struct channel *ch, const struct chip_auth_params *p, const struct sys *sys, struct buf *ret_compressed)
{
	struct agree_key *key = NULL;
	struct secure_layer *layer = NULL;
	struct buf compressed = { 0 };
	cc_status st = prepare(p, sys, &key, &compressed, &layer);

	if (cc_failed(st)) {
		cc_error_init(&ch->err);
		st = cc_fail(&ch->err, st.code, "access.crypto", "chip authentication: %s", cc_code_name(st.code));
		goto out;
	}
	if (p->alg == CIPHER_TDES) {
		st = mse_set_kat(ch, p, agree_key_public(key));
	} else {
		st = mse_set_at(ch, p);
		if (!cc_failed(st))
			st = general_authenticate(ch, agree_key_public(key));
	}
	if (cc_failed(st))
		goto out;
	channel_set_layer(ch, layer);
	layer = NULL;
	st = prove(ch);
	if (!cc_failed(st) && ret_compressed != NULL)
		buf_move(ret_compressed, &compressed);
out:
	if (layer != NULL)
		layer->ops->free(layer);
	buf_done(&compressed);
	agree_key_free(&key);
	return st;
}
