/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

#include "crypto/base/tlv.h"

#include <string.h>

/* Terminal Authentication version 1, ICAO 9303-11 7.1 and BSI TR-03110-1 3.4, the chip's side. */

void chip_terminal_reset(struct chip_terminal *t)
{
	buf_done(&t->issuer.body);
	buf_done(&t->temporary.body);
	buf_done(&t->comp_pcd);
	cc_wipe(t, sizeof *t);
}

static void holder_reset(struct chip_holder *h)
{
	buf_done(&h->body);
	*h = (struct chip_holder){ 0 };
}

/* The certificate behind a holder, with the domain parameters that hold for it. */
static cc_status holder_read(const struct chip_holder *h, struct chip_cvc *ret)
{
	cc_status st = chip_cvc_read(buf_view(&h->body), ret);

	if (!cc_failed(st)) {
		ret->has_curve = h->has_curve;
		ret->curve = h->curve;
	}
	return st;
}

static cc_status holder_set(struct chip_holder *h, const struct chip_cvc *c, uint8_t rights)
{
	cc_status st = buf_copy(&h->body, c->body);

	if (cc_failed(st))
		return st;
	h->has_curve = c->has_curve;
	h->curve = c->curve;
	h->rights = rights;
	return st;
}

/* Data field of MSE:Set DST and AT: 83 reference. */
static bool read_reference(struct bytes data, struct bytes *ret)
{
	struct cursor in;

	cursor_init(&in, data);
	return tlv_expect_bytes(&in, TLV_LENIENT, 0x83, ret) && !cc_failed(cursor_end(&in));
}

/* Everything here is for the application, after BAC or PACE. */
static uint16_t allowed(const struct softchip *chip)
{
	if (!chip->s.access)
		return CHIP_SW_SECURITY;
	return chip->s.place == CHIP_EMRTD ? CHIP_SW_OK : CHIP_SW_CONDITIONS;
}

/* ---- MSE:Set DST: whose key checks the next certificate */

static bool temporary_is(const struct chip_terminal *t, struct bytes reference, struct chip_cvc *ret)
{
	return t->temporary.body.n > 0 && !cc_failed(holder_read(&t->temporary, ret)) && bytes_equal(ret->chr, reference);
}

uint16_t chip_terminal_set_dst(struct softchip *chip, const struct command *cmd)
{
	struct chip_terminal *t = &chip->s.terminal;
	uint16_t sw = allowed(chip);
	struct bytes reference;
	struct chip_cvc c;
	cc_status st;

	holder_reset(&t->issuer);
	if (sw != CHIP_SW_OK)
		return sw;
	if (!read_reference(cmd->data, &reference))
		return CHIP_SW_DATA;
	if (chip_trust_find(chip, reference, &c))
		st = holder_set(&t->issuer, &c, c.rights);
	else if (temporary_is(t, reference, &c))
		st = holder_set(&t->issuer, &c, t->temporary.rights);
	else
		return CHIP_SW_NOT_FOUND;
	return chip_sw_of(st);
}

/* ---- PSO: Verify Certificate */

/* BSI TR-03110-3 C.4: who certifies whom. */
static bool role_follows(enum chip_cvc_role issuer, enum chip_cvc_role subject)
{
	if (issuer == CHIP_CVC_CVCA)
		return subject != CHIP_CVC_TERMINAL;
	return (issuer == CHIP_CVC_DV_DOMESTIC || issuer == CHIP_CVC_DV_FOREIGN) && subject == CHIP_CVC_TERMINAL;
}

/*
 * TR-03110-3 C.1.3: domain parameters stand in certificates of a country
 * authority alone; below it keys are of its kind, on its curve, and not shorter.
 */
static bool key_follows(const struct chip_cvc *issuer, struct chip_cvc *c)
{
	bool good = false;

	if (c->role == CHIP_CVC_CVCA && (c->alg.scheme != SIG_ECDSA || c->has_curve)) {
		good = true; /* a link may change algorithm and parameters */
	} else if ((c->alg.scheme == SIG_ECDSA) != (issuer->alg.scheme == SIG_ECDSA) || c->has_curve) {
		return false;
	} else if (c->alg.scheme != SIG_ECDSA) {
		good = c->modulus.n >= issuer->modulus.n;
	} else {
		c->has_curve = issuer->has_curve;
		c->curve = issuer->curve;
	}
	return c->has_curve ? !cc_failed(ec_curve_point_check(c->curve, c->point)) : good;
}

/* TR-03110-3 2.6: a link is accepted from and into the past, everything else must hold today. */
static bool in_time(const struct softchip *chip, const struct chip_cvc *issuer, const struct chip_cvc *c)
{
	return c->role == CHIP_CVC_CVCA ||
	       (!chip_trust_expired(chip, issuer->expiration) && !chip_trust_expired(chip, c->expiration));
}

static uint16_t judge(const struct softchip *chip, const struct chip_cvc *issuer, struct chip_cvc *c, struct bytes signature)
{
	struct chip_cvc known;
	cc_status st;

	if (!bytes_equal(c->car, issuer->chr))
		return CHIP_SW_NOT_FOUND;
	if (!role_follows(issuer->role, c->role) || !key_follows(issuer, c))
		return CHIP_SW_DATA;
	/* A trust point isn't replaced by one of its own name. */
	if (c->role == CHIP_CVC_CVCA && chip_trust_find(chip, c->chr, &known))
		return CHIP_SW_DATA;
	st = chip_cvc_verify(issuer, c->body, signature);
	if (cc_failed(st))
		return st.code == CC_E_MEMORY ? CHIP_SW_MEMORY_FAILURE : CHIP_SW_AUTHENTICATION_FAILED;
	return in_time(chip, issuer, c) ? CHIP_SW_OK : CHIP_SW_AUTHENTICATION_FAILED;
}

/* TR-03110-3 2.6: a link becomes a trust point; dates count when the country itself or its own verifier vouches for them. */
static cc_status take_over(struct softchip *chip, const struct chip_cvc *issuer, const struct chip_cvc *c)
{
	struct chip_terminal *t = &chip->s.terminal;
	struct chip_holder next = { 0 };
	cc_status st;

	if (c->role == CHIP_CVC_CVCA)
		return chip_trust_link(chip, c);
	st = holder_set(&next, c, t->issuer.rights & c->rights);
	if (!cc_failed(st) && (c->role == CHIP_CVC_DV_DOMESTIC || issuer->role == CHIP_CVC_DV_DOMESTIC))
		st = chip_trust_advance(chip, c->effective);
	if (cc_failed(st)) {
		holder_reset(&next);
		return st;
	}
	holder_reset(&t->temporary);
	t->temporary = next;
	t->key_chosen = false;
	return st;
}

uint16_t chip_terminal_verify(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	struct chip_terminal *t = &chip->s.terminal;
	struct chip_cvc issuer, c;
	struct bytes body, signature;
	uint16_t sw = allowed(chip);
	cc_status st;

	(void)out;
	if (sw == CHIP_SW_OK && (cmd->p1 != 0x00 || cmd->p2 != 0xBE))
		sw = CHIP_SW_P1P2;
	if (sw == CHIP_SW_OK && t->issuer.body.n == 0)
		sw = CHIP_SW_CONDITIONS;
	if (sw != CHIP_SW_OK)
		goto out;
	sw = CHIP_SW_DATA;
	if (cc_failed(chip_cvc_split(cmd->data, &body, &signature)) || cc_failed(chip_cvc_read(body, &c)))
		goto out;
	st = holder_read(&t->issuer, &issuer);
	sw = cc_failed(st) ? chip_sw_of(st) : judge(chip, &issuer, &c, signature);
	if (sw == CHIP_SW_OK)
		sw = chip_sw_of(take_over(chip, &issuer, &c));
out:
	/* One selection, one certificate. */
	holder_reset(&t->issuer);
	return sw;
}

/* ---- MSE:Set AT and EXTERNAL AUTHENTICATE */

uint16_t chip_terminal_set_at(struct softchip *chip, const struct command *cmd)
{
	struct chip_terminal *t = &chip->s.terminal;
	uint16_t sw = allowed(chip);
	struct bytes reference;
	struct chip_cvc c;

	t->key_chosen = false;
	if (sw != CHIP_SW_OK)
		return sw;
	if (!read_reference(cmd->data, &reference))
		return CHIP_SW_DATA;
	/* ICAO 9303-11 7.1: after Chip Authentication, whose terminal key is part of what is signed. */
	if (t->comp_pcd.n == 0)
		return CHIP_SW_CONDITIONS;
	if (!temporary_is(t, reference, &c) || c.role != CHIP_CVC_TERMINAL)
		return CHIP_SW_NOT_FOUND;
	t->key_chosen = true;
	return CHIP_SW_OK;
}

/* ICAO 9303-11 7.1.2: ID_IC || r_IC || Comp(PK_IFD), signed with the terminal's key. */
static uint16_t check_signature(struct softchip *chip, struct bytes signature)
{
	struct chip_terminal *t = &chip->s.terminal;
	struct chip_cvc c;
	struct writer w;
	cc_status st = holder_read(&t->temporary, &c);

	if (cc_failed(st))
		return chip_sw_of(st);
	writer_init(&w, 512);
	writer_put(&w, buf_view(&chip->s.id_picc));
	writer_put(&w, bytes_of(chip->s.challenge, sizeof chip->s.challenge));
	writer_put(&w, buf_view(&t->comp_pcd));
	st = cc_code_status(w.failed);
	if (!cc_failed(st))
		st = chip_cvc_verify(&c, writer_view(&w), signature);
	writer_done(&w);
	if (st.code == CC_E_MEMORY)
		return CHIP_SW_MEMORY_FAILURE;
	return cc_failed(st) ? CHIP_SW_AUTHENTICATION_FAILED : CHIP_SW_OK;
}

uint16_t chip_terminal_external(struct softchip *chip, const struct command *cmd)
{
	struct chip_terminal *t = &chip->s.terminal;
	bool ready = chip->s.has_challenge && t->key_chosen && chip->s.id_picc.n > 0;
	uint16_t sw = allowed(chip);

	chip->s.has_challenge = false;
	t->key_chosen = false;
	t->rights = 0;
	if (sw != CHIP_SW_OK)
		return sw;
	if (cmd->p1 != 0 || cmd->p2 != 0)
		return CHIP_SW_P1P2;
	if (!ready)
		return CHIP_SW_CONDITIONS;
	if (cmd->data.n == 0)
		return CHIP_SW_LENGTH;
	sw = check_signature(chip, cmd->data);
	if (sw == CHIP_SW_OK)
		t->rights = t->temporary.rights;
	return sw;
}
