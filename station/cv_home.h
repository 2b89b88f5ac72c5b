/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_CV_HOME_H
#define CC_STATION_CV_HOME_H

#include "crypto/cvc.h"
#include "station/config.h"

#include <stdbool.h>

/*
 * The station's CV certificates, for Terminal Authentication:
 *
 *	cv/cvca-N.cvcert	country verifying authorities, self-signed: what chips are given as trust point
 *	cv/cvca-N-link.cvcert	cvca-N's key, signed by cvca-(N-1): what older chips need
 *	cv/dv-N.cvcert		document verifiers
 *	cv/terminal-N.cvcert	inspection systems
 *
 * each beside a key of the same name in the key store. Files of others (a foreign
 * verifier's certificate) may lie there too.
 */
#define CV_FILES_MAX 64
#define CV_NAME_MAX 64

enum cv_kind { CV_AUTHORITY, CV_LINK, CV_VERIFIER, CV_TERMINAL };

struct cv_file {
	char name[CV_NAME_MAX]; /* "terminal-1.cvcert" */
	struct buf der;
	struct cvc cvc; /* with the domain parameters of its issuer, when that is here */
};
struct cv_home {
	size_t count;
	struct cv_file files[CV_FILES_MAX]; /* by name */
};
/* Everything in cv/; no such folder: nothing. CC_E_FORMAT names the file that is no CV certificate. */
CC_MUST cc_status cv_home_load(const struct config *c, struct cv_home *ret, struct cc_error *err);
void cv_home_done(struct cv_home *h);
/* The highest numbered one of a kind, NULL when there is none; ret_number (may be NULL). */
const struct cv_file *cv_home_newest(const struct cv_home *h, enum cv_kind kind, unsigned *ret_number);
const struct cv_file *cv_home_find(const struct cv_home *h, const char *label);
/* All of them one after another, for terminal_init. */
CC_MUST cc_status cv_home_join(const struct cv_home *h, struct buf *ret, struct cc_error *err);
/*
 * Does the way from a trust point of this home to `cert` hold today? CC_E_NOT_FOUND "cvc.issuer" when none is here,
 * CC_E_VERIFY as cvc_chain_step. ret_path (may be NULL): the holders on the way, "VNCVCA00001 > VNDV00001 > ...".
 */
#define CV_PATH_TEXT 160
CC_MUST cc_status cv_home_verify(const struct cv_home *h, const struct cvc *cert, uint32_t today, char ret_path[CV_PATH_TEXT],
				 struct cc_error *err);

/* ---- cv_authority.c: the makers. Each step is durable before the next; a broken-off one is finished by running it again. */
struct cv_request {
	enum cv_kind kind;    /* CV_LINK: the next authority, and its link */
	const char *mnemonic; /* up to 9 characters; NULL: CVCA, DV or IS */
	unsigned days;	      /* validity; 0: 1095, 90, 30; cut to the issuer's */
	uint8_t rights;	      /* CVC_READ_DG3, CVC_READ_DG4 */
	unsigned rsa_bits;    /* a first authority's key; 0: EC on the setting pki.curve. Others follow their issuer */
	bool foreign;	      /* CV_VERIFIER: another country's */
	const char *car;      /* cv_request_make: the authority that is asked; NULL: not named */
};
struct cv_made {
	char label[KEYSTORE_LABEL_MAX + 1]; /* "dv-2" */
	char holder[CVC_REFERENCE_MAX + 1];
	uint32_t effective, expiration;
};
CC_MUST cc_status cv_make(const struct config *c, const struct cv_request *q, struct cv_made *ret, struct cc_error *err);
/* Certificate for somebody else's request (7F21 or 67, both signatures checked where they can be): CV_VERIFIER or CV_TERMINAL. */
CC_MUST cc_status cv_certify(const struct config *c, const struct cv_request *q, struct bytes request, struct buf *ret,
			     struct cc_error *err);
/*
 * A request to an authority elsewhere, CV_VERIFIER or CV_TERMINAL: makes the next key, and signs again with the key of
 * the newest certificate of that kind. What comes back belongs into cv/LABEL.cvcert. Asked again before that: the same key.
 */
CC_MUST cc_status cv_request_make(const struct config *c, const struct cv_request *q, struct cv_made *ret,
				  struct buf *ret_request, struct cc_error *err);

#endif
