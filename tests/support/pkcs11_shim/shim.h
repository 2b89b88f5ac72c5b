/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_PKCS11_SHIM_H
#define CC_TESTS_PKCS11_SHIM_H

#include <stdbool.h>

/*
 * A PKCS#11 module that passes all calls on to SoftHSM2, but for the one that it
 * is told to fail: build/VARIANT/tests/pkcs11_shim.so. A test in this process
 * arms it (tests/support/pkcs11_fault.h); for a program the environment does:
 * CCCD_PKCS11_FAULT="C_Sign 3 32 gone": the third C_Sign fails with CKR 0x32, and
 * from then on there is no token.
 */
enum shim_call {
	SHIM_INITIALIZE,
	SHIM_FINALIZE,
	SHIM_GET_INFO,
	SHIM_GET_SLOT_LIST,
	SHIM_GET_TOKEN_INFO,
	SHIM_OPEN_SESSION,
	SHIM_CLOSE_SESSION,
	SHIM_GET_SESSION_INFO,
	SHIM_LOGIN,
	SHIM_FIND_OBJECTS_INIT,
	SHIM_FIND_OBJECTS,
	SHIM_FIND_OBJECTS_FINAL,
	SHIM_GET_ATTRIBUTE_VALUE,
	SHIM_GENERATE_KEY,
	SHIM_GENERATE_KEY_PAIR,
	SHIM_SIGN_INIT,
	SHIM_SIGN,
	SHIM_DERIVE_KEY,
	SHIM_DESTROY_OBJECT,
	SHIM_CALL_COUNT, /* any of them */
};

enum shim_fault {
	SHIM_NONE,
	SHIM_FAIL,  /* the code instead of the call */
	SHIM_LATE,  /* the call is made, and its answer lost: the code */
	SHIM_WRONG, /* the call is made, and one bit of its answer is turned */
	SHIM_STALE, /* C_Sign is made, and gives the answer of an earlier one that was as long */
	SHIM_GONE,  /* the code, and from now on no token */
	SHIM_HANG,  /* the call waits at a gate before it is made */
	SHIM_STAY,  /* the call is made, and the thread that made it waits at the gate when it ends */
};

/* What the test sees of the module. */
struct shim_control {
	/* The at-th call (from 1) of `call` from now on. */
	void (*arm)(enum shim_call call, unsigned at, enum shim_fault fault, unsigned long rv);
	/* No more faults, the token is back, the gate is open. */
	void (*disarm)(void);
	/* The call that was hit; SHIM_CALL_COUNT: none yet. */
	enum shim_call (*hit)(void);
	/* Since arm. */
	unsigned (*calls)(enum shim_call call);
	/* Flags of CK_TOKEN_INFO that are added (a locked PIN). */
	void (*token_flags)(unsigned long flags);
	/* Sessions that the token gives at most; 0: any. */
	void (*sessions_max)(unsigned n);
	const char *(*name)(enum shim_call call);
};
/* Exported: const struct shim_control *pkcs11_shim_control(void); */

#endif
