/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pkcs11_fault.h"

#include "crypto/base/err.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *pkcs11_fault_module(void)
{
	static char path[PATH_MAX];
	const char *build = getenv("BUILD");

	(void)snprintf(path, sizeof path, "%s/tests/pkcs11_shim.so", build != NULL ? build : "build/gcc");
	return path;
}

const struct shim_control *pkcs11_fault(void)
{
	const struct shim_control *(*get)(void) = NULL;
	void *dl = dlopen(pkcs11_fault_module(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	void *symbol;

	CC_ASSERT(dl != NULL);
	symbol = dlsym(dl, "pkcs11_shim_control");
	CC_ASSERT(symbol != NULL);
	(void)memcpy(&get, &symbol, sizeof get);
	return get();
}
