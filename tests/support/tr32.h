/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_TR32_H
#define CC_TESTS_SUPPORT_TR32_H

#include "tests/support/chip_cv.h"
#include "tests/support/chip_made.h"
#include "tests/support/chip_term.h"
#include "tests/support/sys_fake.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * BSI TR-03105 part 3.2 against the software chip: what its cases share. A case
 * is a function that says whether the chip behaved; the first thing that was
 * not as it must be stands in rig->why.
 *
 * Every case runs on each chip that it applies to: certificates of ECDSA and of
 * RSA, opened by BAC and by PACE, with another kind of Chip Authentication each.
 */
enum tr32_variant {
	TR32_EC_BAC = 1,   /* ECDSA; BAC; CA by ECDH with AES-128 */
	TR32_EC_PACE = 2,  /* ECDSA; PACE ECDH-GM, AES-128; CA by DH with 3DES */
	TR32_RSA_BAC = 4,  /* RSA PSS; BAC; CA by DH with AES-256 */
	TR32_RSA_PACE = 8, /* RSA v1.5; PACE DH-IM, AES-256; CA by ECDH with 3DES */
	TR32_EC = TR32_EC_BAC | TR32_EC_PACE,
	TR32_RSA = TR32_RSA_BAC | TR32_RSA_PACE,
	TR32_BAC = TR32_EC_BAC | TR32_RSA_BAC,
	TR32_PACE = TR32_EC_PACE | TR32_RSA_PACE,
	TR32_ALL = TR32_EC | TR32_RSA,
};

/* Names and days of the authorities. The chip's first date is TR32_DATE. */
#define TR32_CVCA "VNCVCA00001"
#define TR32_CVCA2 "VNCVCA00002"
#define TR32_CVCA3 "VNCVCA00003"
#define TR32_DV "VNDVERIF00001"
#define TR32_DV2 "VNDVERIF00002"
#define TR32_IS "VNTERMIN00001"
#define TR32_IS2 "VNTERMIN00002"
#define TR32_DATE "260101"
#define TR32_DV_FROM "260201"
#define TR32_IS_FROM "260301"
#define TR32_NEW_FROM "260601" /* of certificates that move the date */
#define TR32_TO "270301"
#define TR32_PROBE "260501" /* before TR32_NEW_FROM, not before TR32_IS_FROM */
#define TR32_DOMESTIC 0x80
#define TR32_FOREIGN 0x40
#define TR32_BOTH 0x03 /* DG3 and DG4 */

enum tr32_key { TR32_KEY_CVCA, TR32_KEY_CVCA2, TR32_KEY_CVCA3, TR32_KEY_DV, TR32_KEY_IS, TR32_KEY_COUNT };

struct tr32_rig {
	enum tr32_variant variant;
	struct sys_fake fake;
	struct chip_made_options options;
	struct chip_made made;
	struct buf memory; /* as personalized: every case begins there */
	struct chip_term t;
	struct chip_cv_key key[TR32_KEY_COUNT];
	char why[200]; /* empty: as it must be */
};

/* One chip of the variant. Keys of authorities are made once for a process. */
void tr32_rig_init(struct tr32_rig *r, enum tr32_variant variant);
void tr32_rig_done(struct tr32_rig *r);
/* The chip as personalized, without power. */
void tr32_rig_fresh(struct tr32_rig *r);

/* ---- judging: false and why, once. */
bool tr32_is(struct tr32_rig *r, const char *what, bool good);
bool tr32_sw(struct tr32_rig *r, const char *what, uint16_t got, uint16_t want);
/* An error of checking or execution (64xx to 6Fxx, 6300, 6982 ...), not a warning and no success. */
bool tr32_refused(struct tr32_rig *r, const char *what, uint16_t sw);

/* ---- states */
bool tr32_open(struct tr32_rig *r); /* reset, BAC or PACE, application selected */
/* Chip Authentication i of the chip: 0 ECDH AES, 1 ECDH 3DES, 2 DH 3DES, 3 DH AES. The params may be changed before it runs. */
struct chip_term_ca tr32_ca_params(struct tr32_rig *r, size_t i, struct buf *key);
bool tr32_ca(struct tr32_rig *r);    /* the variant's own */
bool tr32_start(struct tr32_rig *r); /* open and ca */

/* ---- certificates: TR32_DV's and TR32_IS's usual ones, to be changed */
struct chip_cv tr32_dv(struct tr32_rig *r, uint8_t authorisation);
struct chip_cv tr32_terminal(struct tr32_rig *r, uint8_t rights);
/* Set DST to `authority` and Verify Certificate; the first refusal. */
uint16_t tr32_present(struct tr32_rig *r, const char *authority, const struct chip_cv *c, enum tr32_key issuer);
/* DV and terminal below the first trust point. */
bool tr32_chain(struct tr32_rig *r, uint8_t dv, uint8_t terminal);
/* The chain and the terminal's authentication. */
bool tr32_authenticate(struct tr32_rig *r, uint8_t dv, uint8_t terminal);

/* ---- what the chip gives away: n 3 or 4 */
bool tr32_readable(struct tr32_rig *r, unsigned n);
bool tr32_closed(struct tr32_rig *r, unsigned n);
/* The chip's date isn't after `day`: a verifier valid until then is accepted; asked in a new session. */
bool tr32_date_not_after(struct tr32_rig *r, const char *day);
bool tr32_date_after(struct tr32_rig *r, const char *day);

/* ---- cases */
struct tr32_case {
	const char *id;
	unsigned variants;
	bool (*run)(struct tr32_rig *r, int arg); /* NULL: not applicable */
	int arg;
	const char *reason; /* why not */
};
struct tr32_unit {
	const struct tr32_case *cases;
	size_t count;
};
extern const struct tr32_unit tr32_unit_h, tr32_unit_i, tr32_unit_j, tr32_unit_k, tr32_unit_l, tr32_unit_m, tr32_unit_lds;

#endif
