/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_CHIP_MADE_H
#define CC_TESTS_SUPPORT_CHIP_MADE_H

#include "crypto/cipher.h"
#include "crypto/hash.h"
#include "tests/support/chip_reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A finished document on a software chip, with the access protocols that a test
 * asks for; its EF.CardAccess, DG14 and DG15 say so. All functions fail the test
 * when something is wrong.
 *
 *	struct chip_made made;
 *	chip_made_init(&made, &(struct chip_made_options){
 *		.pace = { { CHIP_MADE_IM, CIPHER_AES256, 13 } }, .pace_count = 1,
 *		.ca = { { .parameter_id = 2, .alg = CIPHER_AES128 } }, .ca_count = 1 }, &fake.sys);
 *	reader_connect(made.cr.reader) ...
 *	chip_made_done(&made);
 */
enum chip_made_mapping { CHIP_MADE_GM, CHIP_MADE_IM, CHIP_MADE_CAM };
enum chip_made_aa { CHIP_MADE_AA_NONE, CHIP_MADE_AA_EC, CHIP_MADE_AA_EC_DER, CHIP_MADE_AA_RSA };

/* Standardized domain parameters, ICAO 9303-11 9.5.1: 0 to 2 DH, 8 to 18 EC. */
struct chip_made_pace {
	enum chip_made_mapping mapping;
	enum cipher_alg alg;
	unsigned parameter_id;
};
struct chip_made_ca {
	unsigned parameter_id;
	enum cipher_alg alg;
	bool has_key_id; /* needed when there are several */
	uint8_t key_id;
	bool standardized; /* SubjectPublicKeyInfo names the parameter id instead of numbers */
};

#define CHIP_MADE_PACE_MAX 8

struct chip_made_options {
	enum softchip_personality personality;
	uint32_t number; /* different numbers, different chips */
	bool short_length;
	struct chip_made_pace pace[CHIP_MADE_PACE_MAX]; /* order of EF.CardAccess */
	size_t pace_count;				/* 0: BAC alone */
	struct chip_made_ca ca[4];
	size_t ca_count;
	enum chip_made_aa aa;
	unsigned aa_parameter_id; /* CHIP_MADE_AA_EC */
	unsigned aa_bits;	  /* CHIP_MADE_AA_RSA: 2048, 3072, 4096 */
	enum hash_alg aa_hash;	  /* zero is SHA-1 */
	struct bytes cvca;	  /* CV certificate (7F21) of the first trust point; empty: no Terminal Authentication */
	struct bytes date;	  /* chip's current date, six digits a byte each; empty: the certificate's */
	bool with_dg3, with_dg4;
	/* Signs the SecurityInfos of EF.CardSecurity (CMS); NULL: the chip has no such file. */
	void (*sign)(void *ctx, struct bytes security_infos, struct buf *ret);
	void *sign_ctx;
};

struct chip_made {
	struct chip_reader cr;
	const char *mrz_information; /* number, check digit, birth, check digit, expiry, check digit */
	const char *document_number, *birth, *expiry, *can;
	struct buf card_access, card_security, com, dg1, dg2, dg3, dg4, dg14, dg15; /* as on the chip; empty: not there */
};

/* The struct must stay where it is: the reader points to it. Not connected yet. */
void chip_made_init(struct chip_made *m, const struct chip_made_options *o, const struct sys *sys);
void chip_made_done(struct chip_made *m);
/* SubjectPublicKeyInfo of Chip Authentication key i, and of the Active Authentication key; owned by the caller. */
struct buf chip_made_ca_spki(struct chip_made *m, const struct chip_made_options *o, size_t i);
struct buf chip_made_aa_spki(struct chip_made *m);
/* Content bytes of a PACE protocol's object identifier. */
struct bytes chip_made_pace_oid(const struct chip_made_pace *p, uint8_t out[10]);
struct bytes chip_made_ca_oid(const struct chip_made_ca *c, uint8_t out[10]);

#endif
