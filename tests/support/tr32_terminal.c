/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tr32.h"

#include "crypto/base/tlv.h"

#include <string.h>

/* Units ISO7816_K (Terminal Authentication) and ISO7816_L (effective rights). */

#define DELETED(text) 0, NULL, 0, "deleted from the catalogue: " text

static const struct bytes none;

static bool both_closed(struct tr32_rig *r)
{
	return tr32_closed(r, 3) && tr32_closed(r, 4);
}

static bool chained(struct tr32_rig *r)
{
	return tr32_start(r) && tr32_chain(r, TR32_DOMESTIC | TR32_BOTH, TR32_BOTH);
}

static bool challenge_taken(struct tr32_rig *r, uint8_t out[8])
{
	return tr32_sw(r, "GET CHALLENGE", chip_cv_challenge(&r->t, out), 0x9000);
}

static bool external_refused(struct tr32_rig *r, enum tr32_key key, const uint8_t challenge[8])
{
	return tr32_refused(r, "EXTERNAL AUTHENTICATE", chip_cv_external(&r->t, &r->key[key], challenge)) && both_closed(r);
}

/* ---- K */

static bool unknown_holder(struct tr32_rig *r, int arg)
{
	uint8_t challenge[8];

	(void)arg;
	return chained(r) && tr32_sw(r, "MSE:Set AT", chip_cv_set_at(&r->t, TR32_IS2), 0x6A88) && challenge_taken(r, challenge) &&
	       external_refused(r, TR32_KEY_IS, challenge);
}

static bool in_the_clear(struct tr32_rig *r, int arg)
{
	static const struct bytes name = BYTES_LITERAL("\x83\x0D" TR32_IS);

	(void)arg;
	return chained(r) && tr32_refused(r, "MSE:Set AT in the clear", chip_term_clear_sw(&r->t, 0x22, 0x81, 0xA4, name, 0)) &&
	       tr32_refused(r, "the session is over", chip_term_select_file(&r->t, 0x0101)) && chained(r) &&
	       tr32_sw(r, "MSE:Set AT", chip_cv_set_at(&r->t, TR32_IS), 0x9000) &&
	       tr32_sw(r, "GET CHALLENGE in the clear", chip_term_clear_sw(&r->t, 0x84, 0, 0, none, 8), 0x9000) &&
	       tr32_refused(r, "EXTERNAL AUTHENTICATE in the clear",
			    chip_term_clear_sw(&r->t, 0x82, 0, 0, BYTES_LITERAL("0123456789012345678901234567890123456789"), 40));
}

/* arg 0: a verifier would authenticate, 1: the country authority. */
static bool not_a_terminal(struct tr32_rig *r, int arg)
{
	struct chip_cv dv = tr32_dv(r, TR32_DOMESTIC | TR32_BOTH);
	enum tr32_key key = arg == 0 ? TR32_KEY_DV : TR32_KEY_CVCA;
	uint8_t challenge[8];

	return tr32_start(r) && tr32_sw(r, "verifier", tr32_present(r, TR32_CVCA, &dv, TR32_KEY_CVCA), 0x9000) &&
	       tr32_refused(r, "MSE:Set AT", chip_cv_set_at(&r->t, arg == 0 ? TR32_DV : TR32_CVCA)) &&
	       challenge_taken(r, challenge) && external_refused(r, key, challenge);
}

static bool wrong_class(struct tr32_rig *r, int arg)
{
	struct chip_term_answer a;
	uint8_t challenge[8], nothing[64] = { 0 };
	bool good;

	(void)arg;
	if (!chained(r) || !tr32_sw(r, "MSE:Set AT", chip_cv_set_at(&r->t, TR32_IS), 0x9000) || !challenge_taken(r, challenge))
		return false;
	a = chip_term_send(&r->t, &(struct chip_term_command){ 0x8C, 0x82, 0, 0, bytes_of(nothing, sizeof nothing), 0 });
	good = tr32_refused(r, "class 8C", a.sw);
	buf_done(&a.data);
	return good && tr32_open(r) && both_closed(r);
}

static bool first_of_two_challenges(struct tr32_rig *r, int arg)
{
	uint8_t first[8], second[8];

	(void)arg;
	return chained(r) && tr32_sw(r, "MSE:Set AT", chip_cv_set_at(&r->t, TR32_IS), 0x9000) && challenge_taken(r, first) &&
	       challenge_taken(r, second) && tr32_is(r, "two challenges differ", memcmp(first, second, 8) != 0) &&
	       external_refused(r, TR32_KEY_IS, first);
}

static bool short_challenge(struct tr32_rig *r, int arg)
{
	static const uint8_t zeros[8] = { 0 };

	(void)arg;
	return chained(r) && tr32_sw(r, "MSE:Set AT", chip_cv_set_at(&r->t, TR32_IS), 0x9000) &&
	       tr32_refused(r, "GET CHALLENGE of seven bytes", chip_term_sw(&r->t, 0x84, 0, 0, none, 7)) &&
	       external_refused(r, TR32_KEY_IS, zeros);
}

static bool no_challenge(struct tr32_rig *r, int arg)
{
	static const uint8_t zeros[8] = { 0 };

	(void)arg;
	return chained(r) && tr32_sw(r, "MSE:Set AT", chip_cv_set_at(&r->t, TR32_IS), 0x9000) &&
	       external_refused(r, TR32_KEY_IS, zeros);
}

static bool no_selection(struct tr32_rig *r, int arg)
{
	uint8_t challenge[8];

	(void)arg;
	return chained(r) && challenge_taken(r, challenge) && external_refused(r, TR32_KEY_IS, challenge);
}

static bool wrong_structure(struct tr32_rig *r, int arg)
{
	static const struct bytes fields[] = {
		BYTES_LITERAL("\x84\x0D" TR32_IS),	      /* another tag */
		BYTES_LITERAL("\x83\x0E" TR32_IS),	      /* length too long */
		BYTES_LITERAL("\x83\x0C" TR32_IS),	      /* too short */
		BYTES_LITERAL("\x83\x0D" TR32_IS "\x83\x00"), /* something behind it */
	};
	uint8_t challenge[8];

	(void)arg;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (!chained(r) || !tr32_refused(r, "MSE:Set AT", chip_term_sw(&r->t, 0x22, 0x81, 0xA4, fields[i], 0)) ||
		    !challenge_taken(r, challenge) || !external_refused(r, TR32_KEY_IS, challenge))
			return false;
	return true;
}

static bool authenticated(struct tr32_rig *r)
{
	return tr32_start(r) && tr32_authenticate(r, TR32_DOMESTIC | TR32_BOTH, TR32_BOTH) && tr32_readable(r, 3) &&
	       tr32_readable(r, 4);
}

static bool application_again(struct tr32_rig *r, int arg)
{
	(void)arg;
	return authenticated(r) && tr32_sw(r, "SELECT application", chip_term_select_application(&r->t), 0x9000) &&
	       both_closed(r);
}

/* Passive and Active Authentication between Chip and Terminal Authentication. */
static bool others_between(struct tr32_rig *r, int arg)
{
	struct buf file;
	uint16_t sw;

	(void)arg;
	if (!tr32_start(r))
		return false;
	file = chip_term_read_file(&r->t, 0x0101, &sw);
	buf_done(&file);
	return tr32_sw(r, "EF.DG1", sw, 0x9000) &&
	       tr32_sw(r, "INTERNAL AUTHENTICATE", chip_term_sw(&r->t, 0x88, 0, 0, BYTES_LITERAL("12345678"), 256), 0x9000) &&
	       tr32_authenticate(r, TR32_DOMESTIC | TR32_BOTH, TR32_BOTH) && tr32_readable(r, 3) && tr32_readable(r, 4);
}

static bool wrong_binding(struct tr32_rig *r, int arg)
{
	uint8_t challenge[8];

	(void)arg;
	if (!chained(r) || !tr32_sw(r, "MSE:Set AT", chip_cv_set_at(&r->t, TR32_IS), 0x9000) || !challenge_taken(r, challenge))
		return false;
	r->t.id_picc.p[0] ^= 1;
	return external_refused(r, TR32_KEY_IS, challenge) && chained(r) &&
	       /* The document number doesn't stand for a chip that was opened by PACE. */
	       tr32_is(r, "memory", !cc_failed(buf_copy(&r->t.id_picc, BYTES_LITERAL("0900000007")))) &&
	       tr32_sw(r, "authentication by document number", chip_cv_authenticate(&r->t, TR32_IS, &r->key[TR32_KEY_IS]),
		       0x6300) &&
	       both_closed(r);
}

static const struct tr32_case cases_k[] = {
	{ "ISO7816_K_2", TR32_ALL, unknown_holder, 0, NULL },
	{ "ISO7816_K_3", DELETED("version 0.8, identical with another case") },
	{ "ISO7816_K_4", TR32_ALL, in_the_clear, 0, NULL },
	{ "ISO7816_K_5", TR32_ALL, not_a_terminal, 0, NULL },
	{ "ISO7816_K_6", TR32_ALL, not_a_terminal, 1, NULL },
	{ "ISO7816_K_7", TR32_ALL, wrong_class, 0, NULL },
	{ "ISO7816_K_8", DELETED("version 1.1") },
	{ "ISO7816_K_9", DELETED("version 0.8") },
	{ "ISO7816_K_10", TR32_ALL, first_of_two_challenges, 0, NULL },
	{ "ISO7816_K_11", DELETED("version 0.8, superseded by another case") },
	{ "ISO7816_K_12", TR32_ALL, short_challenge, 0, NULL },
	{ "ISO7816_K_13", DELETED("version 0.8, identical with another case") },
	{ "ISO7816_K_14", TR32_ALL, no_challenge, 0, NULL },
	{ "ISO7816_K_15", TR32_ALL, no_selection, 0, NULL },
	{ "ISO7816_K_16", DELETED("version 0.8, identical with another case") },
	{ "ISO7816_K_17", TR32_ALL, wrong_structure, 0, NULL },
	{ "ISO7816_K_18", TR32_ALL, application_again, 0, NULL },
	{ "ISO7816_K_19", TR32_ALL, others_between, 0, NULL },
	{ "ISO7816_K_20", TR32_PACE, wrong_binding, 0, NULL },
};

const struct tr32_unit tr32_unit_k = { cases_k, sizeof cases_k / sizeof *cases_k };

/* ---- L: rights of verifier and terminal, and the data group that is asked for */

#define RIGHTS(dv, terminal, n) ((dv) << 16 | (terminal) << 8 | (n))

static bool rights_open(struct tr32_rig *r, int arg)
{
	return tr32_start(r) && tr32_authenticate(r, (uint8_t)(TR32_DOMESTIC | arg >> 16), (uint8_t)(arg >> 8)) &&
	       tr32_readable(r, (unsigned)arg & 0xFF);
}

static bool rights_closed(struct tr32_rig *r, int arg)
{
	return tr32_start(r) && tr32_authenticate(r, (uint8_t)(TR32_DOMESTIC | arg >> 16), (uint8_t)(arg >> 8)) &&
	       tr32_closed(r, (unsigned)arg & 0xFF);
}

static bool chain_alone(struct tr32_rig *r, int arg)
{
	return chained(r) && tr32_closed(r, (unsigned)arg) && tr32_sw(r, "MSE:Set AT", chip_cv_set_at(&r->t, TR32_IS), 0x9000) &&
	       tr32_closed(r, (unsigned)arg);
}

static bool failed_external(struct tr32_rig *r, int arg)
{
	uint8_t challenge[8];

	return chained(r) && tr32_sw(r, "MSE:Set AT", chip_cv_set_at(&r->t, TR32_IS), 0x9000) && challenge_taken(r, challenge) &&
	       tr32_sw(r, "EXTERNAL AUTHENTICATE by another key", chip_cv_external(&r->t, &r->key[TR32_KEY_DV], challenge),
		       0x6300) &&
	       tr32_closed(r, (unsigned)arg) &&
	       /* The challenge is used up. */
	       tr32_refused(r, "the right key now", chip_cv_external(&r->t, &r->key[TR32_KEY_IS], challenge)) &&
	       tr32_closed(r, (unsigned)arg);
}

/* The second door is refused, or what it opens has no more than BAC's rights. arg 0: BAC, 1: PACE. */
static bool second_door(struct tr32_rig *r, int arg)
{
	const struct chip_term_pace p = { .info = r->options.pace[0], .password = 2, .secret = r->made.can };
	uint16_t sw;

	if (!authenticated(r))
		return false;
	r->t.active = false;
	sw = chip_term_clear_sw(&r->t, 0xA4, 0x00, 0x0C, BYTES_LITERAL("\x3F\x00"), 0);
	if (!tr32_sw(r, "SELECT MF in the clear", sw, 0x9000))
		return false;
	if (arg == 0) {
		if (!tr32_sw(r, "SELECT application", chip_term_select_application(&r->t), 0x9000))
			return false;
		sw = chip_term_bac(&r->t, r->made.mrz_information);
	} else {
		sw = chip_term_pace(&r->t, &p);
		if (sw == 0x9000)
			sw = chip_term_select_application(&r->t);
	}
	if (sw != 0x9000)
		return tr32_refused(r, "the second door", sw);
	return tr32_is(r, "secure messaging", r->t.active) && both_closed(r);
}

/* Under the session of the authenticated terminal: the other door's commands are refused. */
static bool second_door_inside(struct tr32_rig *r, int arg)
{
	static const struct bytes pace = BYTES_LITERAL("\x80\x0A\x04\x00\x7F\x00\x07\x02\x02\x04\x02\x02\x83\x01\x01");
	uint8_t challenge[8], nothing[40] = { 0 };

	if (!authenticated(r))
		return false;
	if (arg == 0)
		return challenge_taken(r, challenge) &&
		       tr32_refused(r, "BAC inside", chip_term_sw(&r->t, 0x82, 0, 0, bytes_of(nothing, sizeof nothing), 40)) &&
		       both_closed(r) && second_door(r, arg);
	return tr32_sw(r, "SELECT MF", chip_term_sw(&r->t, 0xA4, 0x00, 0x0C, BYTES_LITERAL("\x3F\x00"), 0), 0x9000) &&
	       tr32_refused(r, "PACE inside", chip_term_sw(&r->t, 0x22, 0xC1, 0xA4, pace, 0)) && second_door(r, arg);
}

static const struct tr32_case cases_l[] = {
	{ "ISO7816_L_1", TR32_ALL, rights_open, RIGHTS(3, 1, 3), NULL },
	{ "ISO7816_L_2", TR32_ALL, rights_closed, RIGHTS(3, 1, 4), NULL },
	{ "ISO7816_L_3", TR32_ALL, rights_open, RIGHTS(3, 2, 4), NULL },
	{ "ISO7816_L_4", TR32_ALL, rights_closed, RIGHTS(3, 2, 3), NULL },
	{ "ISO7816_L_5", TR32_ALL, rights_open, RIGHTS(1, 3, 3), NULL },
	{ "ISO7816_L_6", TR32_ALL, rights_closed, RIGHTS(1, 3, 4), NULL },
	{ "ISO7816_L_7", TR32_ALL, rights_open, RIGHTS(2, 3, 4), NULL },
	{ "ISO7816_L_8", TR32_ALL, rights_closed, RIGHTS(2, 3, 3), NULL },
	{ "ISO7816_L_9", TR32_ALL, chain_alone, 3, NULL },
	{ "ISO7816_L_10", TR32_ALL, chain_alone, 4, NULL },
	{ "ISO7816_L_11", TR32_ALL, failed_external, 3, NULL },
	{ "ISO7816_L_12", TR32_ALL, failed_external, 4, NULL },
	{ "ISO7816_L_13", TR32_BAC, second_door_inside, 0, NULL },
	{ "ISO7816_L_14", TR32_PACE, second_door_inside, 1, NULL },
	{ "ISO7816_L_15", TR32_PACE, second_door_inside, 0, NULL },
	{ "ISO7816_L_16", TR32_BAC, second_door_inside, 1, NULL },
};

const struct tr32_unit tr32_unit_l = { cases_l, sizeof cases_l / sizeof *cases_l };
