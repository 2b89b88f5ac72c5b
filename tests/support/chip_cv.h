/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_CHIP_CV_H
#define CC_TESTS_SUPPORT_CHIP_CV_H

#include "crypto/ec.h"
#include "crypto/rsa.h"
#include "tests/support/chip_term.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * CV certificates for chip tests, right ones and wrong ones, and the commands of
 * Terminal Authentication; written from BSI TR-03110-3 appendices C and D alone.
 */
struct chip_cv_key {
	uint8_t family, scheme; /* last arcs of id-TA: 1 RSA (1 v1.5 SHA-1 .. 6 PSS SHA-512), 2 ECDSA (1 SHA-1 .. 5 SHA-512) */
	enum ec_curve curve;
	struct ec_key *ec;
	struct rsa_key *rsa;
};
void chip_cv_key_ec(struct chip_cv_key *k, enum ec_curve curve, uint8_t scheme);
void chip_cv_key_rsa(struct chip_cv_key *k, uint8_t scheme); /* 2048 bits */
void chip_cv_key_done(struct chip_cv_key *k);
void chip_cv_sign(const struct chip_cv_key *k, struct bytes message, struct buf *ret);

/* What is wrong with a certificate. */
enum chip_cv_defect {
	CHIP_CV_GOOD,
	CHIP_CV_NO_SIGNATURE,
	CHIP_CV_NO_BODY,
	CHIP_CV_NO_AUTHORISATION,
	CHIP_CV_NO_EFFECTIVE,
	CHIP_CV_NO_EXPIRATION,
	CHIP_CV_EFFECTIVE_NOT_BCD,
	CHIP_CV_EXPIRATION_NOT_BCD,
	CHIP_CV_EFFECTIVE_NO_DAY,
	CHIP_CV_EXPIRATION_NO_DAY,
	CHIP_CV_BODY_TAG,
	CHIP_CV_SIGNATURE_TAG,
	CHIP_CV_BODY_LENGTH,
	CHIP_CV_SIGNATURE_LENGTH,
	CHIP_CV_SIGNATURE_LAST_BYTE,
	CHIP_CV_SIGNATURE_CUT,
	CHIP_CV_SIGNATURE_OVER_MODULUS,
	CHIP_CV_SIGNATURE_R_ZERO,
	CHIP_CV_SIGNATURE_S_ZERO,
	CHIP_CV_AUTHORISATION_OID,
	CHIP_CV_KEY_OID_INVALID,
	CHIP_CV_KEY_OID_OTHER, /* a right one, of the other family */
	CHIP_CV_KEY_NO_OID,
	CHIP_CV_KEY_NO_POINT,
	CHIP_CV_KEY_NO_MODULUS,
	CHIP_CV_KEY_NO_EXPONENT,
	CHIP_CV_KEY_UNKNOWN_OBJECT,
	CHIP_CV_KEY_SHORT,
};

struct chip_cv {
	const char *car, *chr;
	uint8_t authorisation; /* C0 CVCA, 80 domestic, 40 foreign DV, 00 terminal; 01 DG3, 02 DG4 */
	const char *from, *to; /* YYMMDD */
	const struct chip_cv_key *key;
	bool with_domain;
	enum chip_cv_defect defect;
};
/* Body 7F4E and signature 5F37 one after the other; owned by the caller. */
struct buf chip_cv_make(const struct chip_cv *c, const struct chip_cv_key *issuer);
/* The same under 7F21. */
struct buf chip_cv_wrap(const struct buf *content);

/* ---- the terminal's commands; status words */
uint16_t chip_cv_set_dst(struct chip_term *t, const char *reference);
uint16_t chip_cv_verify(struct chip_term *t, const struct buf *content);
uint16_t chip_cv_set_at(struct chip_term *t, const char *reference);
/* GET CHALLENGE; 9000 fills out. */
uint16_t chip_cv_challenge(struct chip_term *t, uint8_t out[8]);
/* EXTERNAL AUTHENTICATE with the terminal's id_picc and comp_pcd. */
uint16_t chip_cv_external(struct chip_term *t, const struct chip_cv_key *key, const uint8_t challenge[8]);
/* MSE:Set AT, GET CHALLENGE, EXTERNAL AUTHENTICATE: the first refusal, or 9000. */
uint16_t chip_cv_authenticate(struct chip_term *t, const char *reference, const struct chip_cv_key *key);

#endif
