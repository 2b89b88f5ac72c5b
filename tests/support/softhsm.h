/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_SOFTHSM_H
#define CC_TESTS_SUPPORT_SOFTHSM_H

#include "crypto/keystore_pkcs11.h"
#include "tests/support/pki_fixture.h"

#include <stdbool.h>

/* A SoftHSM2 token of a test's own, with its configuration in the test's folder. */
#define SOFTHSM_MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define SOFTHSM_LABEL "cccd test"
#define SOFTHSM_PIN "73014412"
#define SOFTHSM_SO_PIN "99887766"

struct softhsm {
	struct fixture_folder folder; /* softhsm2.conf */
	char tokens[256];
	char lock_path[256];
};

/* softhsm2 is installed. */
bool softhsm_there(void);
/* What setup left in *state; skips the test, and says why, where that is nothing. */
void *softhsm_state(void **state);
/* Makes the token and points SOFTHSM2_CONF at it. */
void softhsm(struct softhsm *h);
void softhsm_done(struct softhsm *h);
/* One more token of the same folder. */
void softhsm_add_token(struct softhsm *h, const char *label);
/* The token's folder is moved away, and back. */
void softhsm_pull(struct softhsm *h);
void softhsm_plug(struct softhsm *h);
/* How keystore_pkcs11_open finds it. */
struct keystore_pkcs11_params softhsm_params(const struct softhsm *h, const struct sys *sys);

#endif
