/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_PKCS11_MODULE_H
#define CC_CRYPTO_PKCS11_MODULE_H

#include "crypto/base/err.h"

#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stdint.h>

/* The header leaves one of its renamings behind, and it is a name of ours. */
#undef hash_alg

/*
 * A PKCS#11 module, loaded once in a process and shared by the key stores that
 * name it. C_Initialize belongs to the process, and so does what a fork does to
 * it: a child's first open starts the module anew.
 */
struct pkcs11_module;

/* Loads and initializes. CC_E_NOT_FOUND or CC_E_UNSUPPORTED "keystore.module". */
CC_MUST cc_status pkcs11_module_open(const char *path, struct pkcs11_module **ret, struct cc_error *err);
void pkcs11_module_close(struct pkcs11_module **m);

/*
 * Calls are made between enter and leave, in any number of threads. ret_epoch
 * counts the starts of the module: sessions of an earlier one are gone, and
 * their handles may be another's now.
 */
CK_FUNCTION_LIST *pkcs11_module_enter(struct pkcs11_module *m, uint64_t *ret_epoch);
void pkcs11_module_leave(struct pkcs11_module *m);

/* C_Finalize and C_Initialize, unless somebody did it since `seen_epoch`, or a call that hangs forbids it. Not between enter
 * and leave. */
CC_MUST cc_status pkcs11_module_restart(struct pkcs11_module *m, uint64_t seen_epoch, struct cc_error *err);

/* What an error means for the session and the token that gave it. */
enum pkcs11_fate {
	PKCS11_REFUSED, /* this call alone */
	PKCS11_SESSION, /* the session is lost; another will do */
	PKCS11_TOKEN,	/* the token is lost: sessions, login and slot */
};
enum pkcs11_fate pkcs11_fate(CK_RV rv);
/* "CKR_DEVICE_REMOVED"; NULL for one that the table doesn't know. */
const char *pkcs11_rv_name(CK_RV rv);
/* Records a failed call under its key (keystore_pkcs11.h). CKR_OK is CC_OK. */
cc_status pkcs11_fail(const char *call, CK_RV rv, struct cc_error *err);

#endif
