/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_PKCS11_FAULT_H
#define CC_TESTS_SUPPORT_PKCS11_FAULT_H

#include "tests/support/pkcs11_shim/shim.h"

/* The shim that the build made, and its control. The path is what keystore_pkcs11_open takes for a module. */
const char *pkcs11_fault_module(void);
const struct shim_control *pkcs11_fault(void);

#endif
