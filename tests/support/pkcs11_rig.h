/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_PKCS11_RIG_H
#define CC_TESTS_SUPPORT_PKCS11_RIG_H

#include "crypto/base/secret.h"
#include "crypto/ec.h"
#include "tests/support/pkcs11_fault.h"
#include "tests/support/softhsm.h"

/* A token behind the shim, with keys whose answers are known: "ec", "rsa", "aes", "box" (which agrees). */
struct pkcs11_rig {
	struct softhsm hsm;
	struct fixture_sys sys;
	const struct shim_control *shim;
	struct keystore *ks;
	struct buf ec_spki, rsa_spki, x;
	struct secret derived;
	struct ec_key *peer;
};

/* cmocka's setup and teardown: a rig in *state, nothing without SoftHSM2 (softhsm_state). */
int pkcs11_rig_up(void **state);
int pkcs11_rig_down(void **state);
struct keystore_pkcs11_params pkcs11_rig_params(const struct pkcs11_rig *r);
/* Starts from no session, no login and no key known: all calls are made again. */
void pkcs11_rig_forget_all(struct pkcs11_rig *r);
void pkcs11_rig_erase(struct pkcs11_rig *r, const char *label);
/* The store's last error has this key. */
bool pkcs11_rig_key_is(const struct keystore *ks, const char *key);

/* Operations; each says whether an answer that it got is the right one. */
struct pkcs11_rig_operation {
	const char *name;
	cc_status (*run)(struct pkcs11_rig *r, bool *ret_right);
	size_t step; /* one code in so many */
	/* A list is for people: an object that says it has no label isn't one of ours. */
	bool lists;
	bool makes;
};

#define PKCS11_RIG_OPERATIONS 10
extern const struct pkcs11_rig_operation pkcs11_rig_operations[PKCS11_RIG_OPERATIONS];
cc_status pkcs11_rig_sign_ec(struct pkcs11_rig *r, bool *ret_right);
cc_status pkcs11_rig_sign_rsa(struct pkcs11_rig *r, bool *ret_right);
cc_status pkcs11_rig_derive(struct pkcs11_rig *r, bool *ret_right);
/* As a new process does: nothing is known yet. */
cc_status pkcs11_rig_open(struct pkcs11_rig *r, bool *ret_right);

#endif
