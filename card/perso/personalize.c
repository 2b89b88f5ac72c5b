/* SPDX-License-Identifier: Apache-2.0 */
#include "card/perso/personalize.h"

#include "card/perso/profile.h"
#include "card/sw.h"
#include "crypto/pubkey.h"
#include "crypto/roca.h"

#include <string.h>

cc_status personalize_fail(struct personalize *p, cc_status st, const char *key)
{
	if (cc_failed(st) && p->ch->err.code != CC_OK)
		return cc_fail(&p->err, st.code, p->ch->err.key, "%s", p->ch->err.detail);
	if (cc_failed(st))
		return cc_fail(&p->err, st.code, key, "%s", cc_code_name(st.code));
	return st;
}

void personalize_done(struct personalize *p)
{
	if (p->ch)
		channel_set_layer(p->ch, NULL);
	cc_wipe(p, sizeof *p);
}

void personalize_data_done(struct personalize_data *d)
{
	cc_wipe(d, sizeof *d);
}

/* ---- identify */

cc_status personalize_select_isd(struct channel *ch, struct cc_error *err)
{
	struct gp_command cmd;
	struct response r = { 0 };
	cc_status st;

	/* The issuer security domain is selected by its absence of a name (GP 11.9.2.3). */
	if (cc_failed(st = gp_select_build(bytes_of(NULL, 0), &cmd)))
		return st;
	if (cc_failed(st = channel_send(ch, &cmd.apdu, &r)))
		st = cc_fail(err, st.code, ch->err.key, "%s", ch->err.detail);
	else if (r.sw != SW_OK)
		st = cc_fail(err, CC_E_UNSUPPORTED, "perso.unknown-chip", "SELECT of the security domain: %04X", r.sw);
	response_done(&r);
	return st;
}

static cc_status get_data(struct channel *ch, uint16_t tag, struct response *ret, struct cc_error *err)
{
	struct gp_command cmd;
	cc_status st;

	gp_get_data_build(tag, &cmd);
	if (cc_failed(st = channel_send(ch, &cmd.apdu, ret)))
		return cc_fail(err, st.code, ch->err.key, "%s", ch->err.detail);
	return st;
}

static cc_status read_cplc(struct channel *ch, struct gp_cplc *ret, struct cc_error *err)
{
	struct response r = { 0 };
	cc_status st = get_data(ch, 0x9F7F, &r, err);

	if (!cc_failed(st) && (r.sw != SW_OK || cc_failed(gp_cplc_parse(buf_view(&r.data), ret))))
		st = cc_fail(err, CC_E_UNSUPPORTED, "perso.unknown-chip", "CPLC: %04X, %zu bytes", r.sw, r.data.n);
	response_done(&r);
	return st;
}

cc_status personalize_identify(struct channel *ch, const struct profile_registry *profiles, const struct sys *sys,
			       struct personalize *ret, struct cc_error *err)
{
	struct personalize p = { .ch = ch, .sys = sys, .progress = PERSONALIZE_IDENTIFIED };
	struct profile_card card = { .cplc = &p.cplc };
	cc_status st;

	cc_error_init(&p.err);
	channel_set_layer(ch, NULL);
	if (cc_failed(st = channel_negotiate(ch)))
		return cc_fail(err, st.code, ch->err.key, "%s", ch->err.detail);
	if (cc_failed(st = personalize_select_isd(ch, err)) || cc_failed(st = read_cplc(ch, &p.cplc, err)))
		return st;
	card.atr = bytes_of(ch->reader->atr, ch->reader->atr_len);
	if (cc_failed(st = profile_find(profiles, &card, &p.profile, err)))
		return st;
	p.profile->diversification(&p.cplc, p.diversification);
	*ret = p;
	return cc_ok();
}

/* ---- authenticate */

static cc_status handshake(struct personalize *p, struct secure_channel_handshake *ret)
{
	cc_status st = secure_channel_initialize_update(p->ch, p->profile->protocol, p->profile->key_version, p->sys, ret);

	if (cc_failed(st))
		return personalize_fail(p, st, "perso.handshake");
	/* The keys were made from the CPLC that was read: the card must name the same. */
	if (memcmp(secure_channel_diversification(ret), p->diversification, sizeof p->diversification) != 0)
		return cc_fail(&p->err, CC_E_DENIED, "perso.wrong-card", "diversification data differ from the CPLC");
	return cc_ok();
}

cc_status personalize_greet(struct personalize *p, const struct scp03_keys *keys, bool *ret_live)
{
	struct secure_channel_handshake hs;
	cc_status st;

	CC_ASSERT(p->progress == PERSONALIZE_IDENTIFIED);
	if (cc_failed(st = handshake(p, &hs)))
		return st;
	if (cc_failed(st = secure_channel_card_has_keys(&hs, keys, ret_live)))
		return personalize_fail(p, st, "perso.handshake");
	p->hs = hs;
	p->greeted = true;
	return cc_ok();
}

cc_status personalize_authenticate(struct personalize *p, const struct scp03_keys *keys)
{
	cc_status st;

	CC_ASSERT(p->progress == PERSONALIZE_IDENTIFIED && p->greeted);
	p->greeted = false; /* one EXTERNAL AUTHENTICATE for one INITIALIZE UPDATE */
	st = secure_channel_authenticate(p->ch, &p->hs, keys, p->profile->level, &p->dek);
	if (cc_failed(st))
		return personalize_fail(p, st, "perso.handshake");
	p->key_alg = keys->alg;
	p->progress = PERSONALIZE_AUTHENTICATED;
	return cc_ok();
}

cc_status personalize_ask_state(struct personalize *p, struct personalize_state *ret)
{
	struct personalize_state state;
	cc_status st;

	CC_ASSERT(p->progress == PERSONALIZE_AUTHENTICATED);
	if (cc_failed(st = p->profile->ask_state(p, &state)))
		return personalize_fail(p, st, "perso.state");
	if (state.card_secured)
		p->progress = PERSONALIZE_SECURED;
	else if (state.closed)
		p->progress = PERSONALIZE_CLOSED;
	*ret = state;
	return cc_ok();
}

/* ---- keys, writing, comparing */

cc_status personalize_begin(struct personalize *p)
{
	cc_status st;

	CC_ASSERT(p->progress == PERSONALIZE_AUTHENTICATED);
	if (cc_failed(st = p->profile->begin(p)))
		return personalize_fail(p, st, "perso.begin");
	p->next_block = 0;
	p->progress = PERSONALIZE_BEGUN;
	return cc_ok();
}

static cc_status check_point(struct personalize *p, enum ec_curve curve, struct bytes point)
{
	if (cc_failed(ec_curve_point_check(curve, point)))
		return cc_fail(&p->err, CC_E_VERIFY, "perso.chip-key", "the chip's public key isn't on %s", ec_curve_name(curve));
	return cc_ok();
}

/* Incident: 750,000 chips whose RSA keys came from a flawed library. Each key of ours is looked at. */
static cc_status check_rsa(struct personalize *p, unsigned bits, struct bytes spki)
{
	struct pubkey *key = NULL;
	cc_status st = pubkey_from_spki(spki, &key, NULL);

	if (cc_failed(st) || pubkey_kind(key) != PUBKEY_RSA || pubkey_bits(key) != bits || roca_fingerprint(pubkey_modulus(key)))
		st = cc_fail(&p->err, CC_E_VERIFY, "perso.chip-key", "the chip's RSA key is unfit");
	pubkey_free(&key);
	return st;
}

static cc_status check_public(struct personalize *p, const struct personalize_key_request *req, struct bytes key)
{
	if (req->rsa_bits > 0)
		return check_rsa(p, req->rsa_bits, key);
	if (!req->is_dh)
		return check_point(p, req->curve, key);
	if (cc_failed(dh_public_check(req->group, key)))
		return cc_fail(&p->err, CC_E_VERIFY, "perso.chip-key", "the chip's public key isn't in %s",
			       dh_group_name(req->group));
	return cc_ok();
}

static cc_status key_step(struct personalize *p, const struct personalize_key_request *req,
			  cc_status (*step)(struct personalize *, const struct personalize_key_request *, struct buf *),
			  struct buf *ret_point)
{
	struct buf point = { 0 };
	cc_status st;

	CC_ASSERT(p->progress >= PERSONALIZE_BEGUN && p->progress < PERSONALIZE_CLOSED);
	if (cc_failed(st = step(p, req, &point))) {
		st = personalize_fail(p, st, "perso.chip-key");
		goto out;
	}
	if (cc_failed(st = check_public(p, req, buf_view(&point))))
		goto out;
	buf_move(ret_point, &point);
out:
	buf_done(&point);
	return st;
}

cc_status personalize_make_key(struct personalize *p, const struct personalize_key_request *req, struct buf *ret_point)
{
	return key_step(p, req, p->profile->make_key, ret_point);
}

cc_status personalize_get_key(struct personalize *p, const struct personalize_key_request *req, struct buf *ret_point)
{
	return key_step(p, req, p->profile->get_key, ret_point);
}

static size_t dgi_len(size_t content)
{
	return content + (content > 0xFE ? 5 : 3);
}

size_t personalize_payload(const struct personalize_data *d)
{
	size_t n = dgi_len(strlen(d->mrz_info)) + dgi_len(strlen(d->can));

	if (d->cvca.n > 0)
		n += dgi_len(d->cvca.n) + dgi_len(strlen(d->cvca_date));

	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		if (lds_set_has(d->files, (enum lds_file)f))
			n += dgi_len(lds_set_get(d->files, (enum lds_file)f).n);
	}
	return n;
}

static cc_status check_fits(struct personalize *p, const struct personalize_data *d)
{
	size_t total = lds_set_bytes(d->files);

	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		size_t n = lds_set_get(d->files, (enum lds_file)f).n;

		if (n > p->profile->file_max)
			return cc_fail(&p->err, CC_E_LIMIT, "perso.too-large", "%s: %zu bytes, the chip takes %zu",
				       lds_file_title((enum lds_file)f), n, p->profile->file_max);
	}
	if (total > p->profile->memory)
		return cc_fail(&p->err, CC_E_LIMIT, "perso.too-large", "%zu bytes, the chip takes %zu", total,
			       p->profile->memory);
	return cc_ok();
}

cc_status personalize_write(struct personalize *p, const struct personalize_data *d)
{
	cc_status st;

	CC_ASSERT(p->progress == PERSONALIZE_BEGUN);
	if (cc_failed(st = check_fits(p, d)))
		return st;
	if (cc_failed(st = p->profile->write(p, d)))
		return personalize_fail(p, st, "perso.write");
	p->progress = PERSONALIZE_WRITTEN;
	return cc_ok();
}

static cc_status differs(struct personalize *p, enum lds_file f, size_t at)
{
	return cc_fail(&p->err, CC_E_VERIFY, "perso.read-back", "%s differs from what was written, at byte %zu or behind",
		       lds_file_title(f), at);
}

/* The card's file must have exactly the bytes of `want`, and end there. */
static cc_status compare_file(struct personalize *p, enum lds_file f, struct bytes want)
{
	struct buf block = { 0 };
	struct bytes expected;
	struct cursor in;
	size_t offset = 0;
	bool end = false;
	cc_status st;

	cursor_init(&in, want);
	while (!end || cursor_left(&in) > 0) {
		if (cc_failed(st = p->profile->read(p, lds_file_fid(f), offset, &block, &end))) {
			st = personalize_fail(p, st, "perso.read-back");
			goto out;
		}
		if (block.n > cursor_left(&in) || !cursor_take(&in, block.n, &expected) ||
		    !bytes_equal(buf_view(&block), expected) || (block.n == 0 && (!end || cursor_left(&in) > 0))) {
			st = differs(p, f, offset);
			goto out;
		}
		offset += block.n;
		buf_done(&block);
	}
	st = cc_ok();
out:
	buf_done(&block);
	return st;
}

cc_status personalize_compare(struct personalize *p, const struct personalize_data *d)
{
	cc_status st;

	CC_ASSERT(p->progress == PERSONALIZE_WRITTEN);
	for (unsigned i = 0; i < LDS_FILE_COUNT; i++) {
		enum lds_file f = (enum lds_file)i;

		if (lds_set_has(d->files, f) && cc_failed(st = compare_file(p, f, lds_set_get(d->files, f))))
			return st;
	}
	p->progress = PERSONALIZE_COMPARED;
	return cc_ok();
}

/* ---- what can't be undone */

cc_status personalize_close(struct personalize *p)
{
	cc_status st;

	CC_ASSERT(p->progress == PERSONALIZE_COMPARED);
	if (cc_failed(st = p->profile->close(p)))
		return personalize_fail(p, st, "perso.close");
	p->progress = PERSONALIZE_CLOSED;
	return cc_ok();
}

cc_status personalize_secure(struct personalize *p)
{
	cc_status st;

	CC_ASSERT(p->progress == PERSONALIZE_CLOSED);
	if (cc_failed(st = p->profile->secure(p)))
		return personalize_fail(p, st, "perso.secure");
	p->progress = PERSONALIZE_SECURED;
	return cc_ok();
}

static cc_status random_key(const struct sys *sys, size_t n, struct secret *ret)
{
	ret->n = n;
	return sys_random(sys, ret->p, n);
}

cc_status personalize_lock(struct personalize *p)
{
	struct scp03_keys keys = { .alg = p->key_alg };
	size_t n = cipher_key_len(p->key_alg);
	cc_status st;

	CC_ASSERT(p->progress == PERSONALIZE_SECURED);
	if (cc_failed(st = random_key(p->sys, n, &keys.enc)) || cc_failed(st = random_key(p->sys, n, &keys.mac)) ||
	    cc_failed(st = random_key(p->sys, n, &keys.dek)) || cc_failed(st = p->profile->lock(p, &keys)))
		st = personalize_fail(p, st, "perso.lock");
	else
		p->progress = PERSONALIZE_LOCKED;
	scp03_keys_done(&keys);
	return st;
}

/* ---- proof */

static cc_status reset_and_find(struct personalize *p)
{
	struct gp_cplc now;
	cc_status st;

	channel_set_layer(p->ch, NULL);
	if (cc_failed(st = reader_reset(p->ch->reader)))
		return cc_fail(&p->err, st.code, p->ch->reader->err.key, "%s", p->ch->reader->err.detail);
	if (cc_failed(st = personalize_select_isd(p->ch, &p->err)) || cc_failed(st = read_cplc(p->ch, &now, &p->err)))
		return st;
	if (memcmp(now.raw, p->cplc.raw, sizeof now.raw) != 0)
		return cc_fail(&p->err, CC_E_VERIFY, "perso.swapped", "another chip is in the reader");
	return cc_ok();
}

static cc_status prove_keys_dead(struct personalize *p, const struct scp03_keys *keys)
{
	struct secure_channel_handshake hs;
	bool live = true;
	uint16_t sw = SW_OK;
	cc_status st;

	if (cc_failed(st = handshake(p, &hs)))
		return st;
	if (cc_failed(st = secure_channel_card_has_keys(&hs, keys, &live)))
		return personalize_fail(p, st, "perso.handshake");
	if (live)
		return cc_fail(&p->err, CC_E_VERIFY, "perso.keys-live", "the card still has the personalization keys");
	if (cc_failed(st = secure_channel_probe_refusal(p->ch, &hs, keys, &sw)))
		return personalize_fail(p, st, "perso.handshake");
	if (sw == SW_OK)
		return cc_fail(&p->err, CC_E_VERIFY, "perso.keys-live", "EXTERNAL AUTHENTICATE with the old keys: %04X", sw);
	return cc_ok();
}

cc_status personalize_prove(struct personalize *p, const struct scp03_keys *keys)
{
	cc_status st;

	if (cc_failed(st = reset_and_find(p)) || cc_failed(st = prove_keys_dead(p, keys)))
		return st;
	if (cc_failed(st = p->profile->prove_refusal(p)))
		return personalize_fail(p, st, "perso.writable");
	p->progress = PERSONALIZE_PROVED;
	return cc_ok();
}
