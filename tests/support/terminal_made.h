/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_TERMINAL_MADE_H
#define CC_TESTS_SUPPORT_TERMINAL_MADE_H

#include "card/access/terminal_auth.h"
#include "crypto/pki/cvca.h"
#include "tests/support/pki_fixture.h"

/*
 * A country's authority for terminals, in a key store of a folder of its own:
 * VNCVCA00001, its successor VNCVCA00002 with a link, VNDVPOL00001 below each, and
 * the terminal VNIS00000001. All functions fail the test when something is wrong.
 */
struct terminal_made_options {
	unsigned rsa_bits;   /* 0: EC keys */
	enum ec_curve curve; /* EC keys */
	struct sig_alg alg;
	uint8_t rights;			/* of verifier and terminal */
	bool by_second;			/* the verifier is certified by VNCVCA00002 */
	uint32_t effective, expiration; /* of verifier and terminal; 0: 20251201 and 20261231 */
};

struct terminal_made {
	struct fixture_folder folder;
	struct fixture_sys sys;
	struct keystore *ks; /* "cvca-1", "cvca-2", "dv-1", "terminal-1" */
	struct sig_alg alg;
	struct buf cvca, cvca2, link, dv, own;
	struct buf others; /* cvca, link, dv: what a station would have in its folder */
	struct terminal terminal;
};
void terminal_made_init(struct terminal_made *m, const struct terminal_made_options *o);
void terminal_made_done(struct terminal_made *m);
/* A certificate with the given fields by the key `label`; issuer may be NULL. Owned by the caller. */
struct buf terminal_made_cert(struct terminal_made *m, const char *issuer_label, const char *car, const char *holder_label,
			      const char *chr, enum cvc_role role, uint8_t rights, uint32_t effective, uint32_t expiration);

#endif
