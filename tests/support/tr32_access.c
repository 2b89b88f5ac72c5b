/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tr32.h"

/* Units ISO7816_H (who reads what) and ISO7816_I, II (Chip Authentication). */

#define CVCA_ID 0x011C
#define CVCA_SFI 0x1C

static const struct bytes none;

/* ---- H: the six ways to read a file */

enum way { BY_SELECT, BY_SFI, BY_ODD_SFI, BY_ODD_ID };

static uint16_t read_by(struct tr32_rig *r, enum way way, uint16_t id)
{
	static const struct bytes offset = BYTES_LITERAL("\x54\x01\x00");
	uint8_t sfi = id & 0x1F;
	uint16_t sw;

	switch (way) {
	case BY_SELECT:
		sw = chip_term_select_file(&r->t, id);
		return sw != 0x9000 ? sw : chip_term_sw(&r->t, 0xB0, 0, 0, none, 6);
	case BY_SFI:
		return chip_term_sw(&r->t, 0xB0, 0x80 | sfi, 0, none, 6);
	case BY_ODD_SFI:
		return chip_term_sw(&r->t, 0xB1, 0, sfi, offset, 8);
	case BY_ODD_ID:
		return chip_term_sw(&r->t, 0xB1, (uint8_t)(id >> 8), (uint8_t)id, offset, 8);
	}
	return 0;
}

static bool closed_before_terminal(struct tr32_rig *r, int arg)
{
	unsigned n = (unsigned)arg >> 4;

	return tr32_open(r) &&
	       tr32_sw(r, "before Chip Authentication", read_by(r, (enum way)(arg & 15), (uint16_t)(0x0100 + n)), 0x6982) &&
	       tr32_ca(r) && tr32_sw(r, "after it", read_by(r, (enum way)(arg & 15), (uint16_t)(0x0100 + n)), 0x6982);
}

static bool cvca_without_session(struct tr32_rig *r, int arg)
{
	chip_term_reset(&r->t);
	return tr32_sw(r, "SELECT application", chip_term_select_application(&r->t), 0x9000) &&
	       tr32_sw(r, "EF.CVCA", read_by(r, (enum way)arg, CVCA_ID), 0x6982);
}

static bool cvca_with_session(struct tr32_rig *r, int arg)
{
	return tr32_open(r) && tr32_sw(r, "EF.CVCA", read_by(r, (enum way)arg, CVCA_ID), 0x9000);
}

#define DG(n, way) ((n) << 4 | (way))

static const struct tr32_case cases_h[] = {
	{ "ISO7816_H_1", TR32_ALL, closed_before_terminal, DG(3, BY_SELECT), NULL },
	{ "ISO7816_H_2", TR32_ALL, closed_before_terminal, DG(4, BY_SELECT), NULL },
	{ "ISO7816_H_3", TR32_ALL, closed_before_terminal, DG(3, BY_SFI), NULL },
	{ "ISO7816_H_4", TR32_ALL, closed_before_terminal, DG(4, BY_SFI), NULL },
	{ "ISO7816_H_5", TR32_ALL, closed_before_terminal, DG(3, BY_ODD_SFI), NULL },
	{ "ISO7816_H_6", TR32_ALL, closed_before_terminal, DG(4, BY_ODD_SFI), NULL },
	{ "ISO7816_H_7", TR32_ALL, cvca_without_session, BY_SELECT, NULL },
	{ "ISO7816_H_8", TR32_ALL, cvca_without_session, BY_SFI, NULL },
	{ "ISO7816_H_9", TR32_ALL, cvca_without_session, BY_ODD_SFI, NULL },
	{ "ISO7816_H_10", TR32_ALL, cvca_without_session, BY_ODD_ID, NULL },
	{ "ISO7816_H_11", TR32_ALL, closed_before_terminal, DG(3, BY_ODD_ID), NULL },
	{ "ISO7816_H_12", TR32_ALL, closed_before_terminal, DG(4, BY_ODD_ID), NULL },
	{ "ISO7816_H_13", TR32_ALL, cvca_with_session, BY_SELECT, NULL },
	{ "ISO7816_H_14", TR32_ALL, cvca_with_session, BY_SFI, NULL },
	{ "ISO7816_H_15", TR32_ALL, cvca_with_session, BY_ODD_SFI, NULL },
	{ "ISO7816_H_16", TR32_ALL, cvca_with_session, BY_ODD_ID, NULL },
};

const struct tr32_unit tr32_unit_h = { cases_h, sizeof cases_h / sizeof *cases_h };

/* ---- I, II: arg is the chip's key (0 ECDH AES, 1 ECDH 3DES, 2 DH 3DES, 3 DH AES), or two of them */

#define KAT 0x21  /* keys 1 and 2 */
#define ATGA 0x30 /* keys 0 and 3 */
#define KAT_ECDH 0x11
#define KAT_DH 0x22
#define ATGA_ECDH 0x00
#define ATGA_DH 0x33

/* Runs `one` with each key of the pair, on a fresh session. */
static bool with_keys(struct tr32_rig *r, int pair, bool (*one)(struct tr32_rig *, struct chip_term_ca *))
{
	for (int i = 0; i < 2; i++) {
		struct buf key = { 0 };
		struct chip_term_ca ca;
		bool good;

		if (!tr32_open(r))
			return false;
		ca = tr32_ca_params(r, (size_t)(i == 0 ? pair & 15 : pair >> 4), &key);
		good = one(r, &ca);
		buf_done(&key);
		if (!good)
			return false;
	}
	return true;
}

static bool session_lives(struct tr32_rig *r, const char *what)
{
	return tr32_sw(r, what, chip_term_select_file(&r->t, 0x0101), 0x9000) && tr32_is(r, what, r->t.active);
}

static bool one_good(struct tr32_rig *r, struct chip_term_ca *ca)
{
	return tr32_sw(r, "Chip Authentication", chip_term_ca(&r->t, ca), 0x9000) && session_lives(r, "under the new keys");
}

static bool one_old_keys(struct tr32_rig *r, struct chip_term_ca *ca)
{
	ca->keep = true;
	return tr32_sw(r, "Chip Authentication", chip_term_ca(&r->t, ca), 0x9000) &&
	       tr32_refused(r, "under the old keys", chip_term_select_file(&r->t, 0x0101)) &&
	       tr32_is(r, "the session is over", !r->t.active);
}

/* A public key that is none: refused, and the session stays with its old keys. */
static bool refused_and_alive(struct tr32_rig *r, struct chip_term_ca *ca)
{
	return tr32_refused(r, "Chip Authentication", chip_term_ca(&r->t, ca)) && session_lives(r, "under the old keys");
}

static bool one_other_size(struct tr32_rig *r, struct chip_term_ca *ca)
{
	static const uint8_t point[1 + 2 * 24] = { 0x04, 0x01 };

	ca->peer = bytes_of(point, sizeof point);
	return refused_and_alive(r, ca);
}

static bool one_zero_point(struct tr32_rig *r, struct chip_term_ca *ca)
{
	static const uint8_t point[1 + 2 * 32] = { 0x04 };

	ca->peer = bytes_of(point, sizeof point);
	return refused_and_alive(r, ca);
}

static bool one_off_the_curve(struct tr32_rig *r, struct chip_term_ca *ca)
{
	uint8_t point[1 + 2 * 32];

	CC_ASSERT(ca->chip_key.n == sizeof point);
	for (size_t i = 0; i < sizeof point; i++)
		point[i] = ca->chip_key.p[i];
	point[sizeof point - 1] ^= 1;
	ca->peer = bytes_of(point, sizeof point);
	return refused_and_alive(r, ca);
}

static bool one_over_the_prime(struct tr32_rig *r, struct chip_term_ca *ca)
{
	uint8_t value[DH_PRIME_LEN_MAX];

	for (size_t i = 0; i < sizeof value; i++)
		value[i] = 0xFF;
	ca->peer = bytes_of(value, dh_prime_len(ca->group.group));
	return refused_and_alive(r, ca);
}

static bool one_other_tag(struct tr32_rig *r, struct chip_term_ca *ca)
{
	ca->tag = 0x97;
	return refused_and_alive(r, ca);
}

static bool one_unknown_key(struct tr32_rig *r, struct chip_term_ca *ca)
{
	ca->key_id = 0x77;
	return refused_and_alive(r, ca);
}

static bool one_in_the_clear(struct tr32_rig *r, struct chip_term_ca *ca)
{
	ca->clear = true;
	ca->keep = true;
	return tr32_refused(r, "in the clear", chip_term_ca(&r->t, ca)) &&
	       tr32_refused(r, "the session is over", chip_term_select_file(&r->t, 0x0101));
}

static bool one_wrong_class(struct tr32_rig *r, struct chip_term_ca *ca)
{
	ca->cla = 0x8C;
	ca->keep = true;
	return tr32_refused(r, "class 8C", chip_term_ca(&r->t, ca));
}

static bool one_without_session(struct tr32_rig *r, struct chip_term_ca *ca)
{
	chip_term_reset(&r->t);
	ca->keep = true;
	return tr32_sw(r, "SELECT application", chip_term_select_application(&r->t), 0x9000) &&
	       tr32_sw(r, "Chip Authentication", chip_term_ca(&r->t, ca), 0x6982);
}

/* Borderline coordinates on a curve of 256 bits: a first byte of zero, or that of the prime. */
static bool small_x(struct bytes point)
{
	return point.p[1] == 0;
}
static bool small_y(struct bytes point)
{
	return point.p[33] == 0;
}
static bool large_x_p256(struct bytes point)
{
	return point.p[1] == 0xFF;
}
static bool large_y_p256(struct bytes point)
{
	return point.p[33] == 0xFF;
}
static bool large_x_bp256(struct bytes point)
{
	return point.p[1] == 0xA9;
}
static bool large_y_bp256(struct bytes point)
{
	return point.p[33] == 0xA9;
}

static bool one_small_x(struct tr32_rig *r, struct chip_term_ca *ca)
{
	ca->fits = small_x;
	return one_good(r, ca);
}
static bool one_large_x(struct tr32_rig *r, struct chip_term_ca *ca)
{
	ca->fits = ca->group.curve == EC_P256 ? large_x_p256 : large_x_bp256;
	return one_good(r, ca);
}
static bool one_small_y(struct tr32_rig *r, struct chip_term_ca *ca)
{
	ca->fits = small_y;
	return one_good(r, ca);
}
static bool one_large_y(struct tr32_rig *r, struct chip_term_ca *ca)
{
	ca->fits = ca->group.curve == EC_P256 ? large_y_p256 : large_y_bp256;
	return one_good(r, ca);
}

#define WITH(name)                                                                                                               \
	static bool ca_##name(struct tr32_rig *r, int keys)                                                                      \
	{                                                                                                                        \
		return with_keys(r, keys, one_##name);                                                                           \
	}
WITH(good)
WITH(old_keys)
WITH(other_size)
WITH(zero_point)
WITH(off_the_curve)
WITH(over_the_prime)
WITH(other_tag)
WITH(unknown_key)
WITH(in_the_clear)
WITH(wrong_class)
WITH(without_session)
WITH(small_x)
WITH(large_x)
WITH(small_y)
WITH(large_y)

static const struct tr32_case cases_i[] = {
	{ "ISO7816_I_1", TR32_ALL, ca_good, KAT, NULL },
	{ "ISO7816_I_2", TR32_ALL, ca_old_keys, KAT, NULL },
	{ "ISO7816_I_3", TR32_ALL, ca_other_size, KAT_ECDH, NULL },
	{ "ISO7816_I_4", TR32_ALL, ca_without_session, KAT, NULL },
	{ "ISO7816_I_5", TR32_ALL, ca_in_the_clear, KAT, NULL },
	{ "ISO7816_I_6", TR32_ALL, ca_wrong_class, KAT, NULL },
	{ "ISO7816_I_7", TR32_ALL, ca_other_tag, KAT, NULL },
	{ "ISO7816_I_9", TR32_ALL, ca_zero_point, KAT_ECDH, NULL },
	{ "ISO7816_I_10", TR32_ALL, ca_small_x, KAT_ECDH, NULL },
	{ "ISO7816_I_11", TR32_ALL, ca_large_x, KAT_ECDH, NULL },
	{ "ISO7816_I_12", TR32_ALL, ca_small_y, KAT_ECDH, NULL },
	{ "ISO7816_I_13", TR32_ALL, ca_large_y, KAT_ECDH, NULL },
	{ "ISO7816_I_14", TR32_ALL, ca_unknown_key, KAT, NULL },
	{ "ISO7816_I_15", TR32_ALL, ca_over_the_prime, KAT_DH, NULL },
	{ "ISO7816_I_16", TR32_ALL, ca_off_the_curve, KAT_ECDH, NULL },
	{ "ISO7816_II_2", TR32_ALL, ca_old_keys, ATGA, NULL },
	{ "ISO7816_II_4", TR32_ALL, ca_without_session, ATGA, NULL },
	{ "ISO7816_II_5", TR32_ALL, ca_in_the_clear, ATGA, NULL },
	{ "ISO7816_II_6", TR32_ALL, ca_wrong_class, ATGA, NULL },
	{ "ISO7816_II_7", TR32_ALL, ca_other_tag, ATGA, NULL },
	{ "ISO7816_II_8", TR32_ALL, ca_zero_point, ATGA_ECDH, NULL },
	{ "ISO7816_II_9", TR32_ALL, ca_small_x, ATGA_ECDH, NULL },
	{ "ISO7816_II_10", TR32_ALL, ca_large_x, ATGA_ECDH, NULL },
	{ "ISO7816_II_11", TR32_ALL, ca_small_y, ATGA_ECDH, NULL },
	{ "ISO7816_II_12", TR32_ALL, ca_large_y, ATGA_ECDH, NULL },
	{ "ISO7816_II_13", TR32_ALL, ca_unknown_key, ATGA, NULL },
	{ "ISO7816_II_14", TR32_ALL, ca_over_the_prime, ATGA_DH, NULL },
	{ "ISO7816_II_15", TR32_ALL, ca_off_the_curve, ATGA_ECDH, NULL },
};

const struct tr32_unit tr32_unit_i = { cases_i, sizeof cases_i / sizeof *cases_i };
