/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pkcs11_shim/shim.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REAL_MODULE "/usr/lib/softhsm/libsofthsm2.so"

const struct shim_control *pkcs11_shim_control(void);
CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list);

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST ours;

static struct {
	pthread_mutex_t lock;
	pthread_cond_t gate;
	enum shim_call call;
	unsigned at;
	enum shim_fault fault;
	CK_RV rv;
	enum shim_call hit;
	unsigned calls[SHIM_CALL_COUNT + 1];
	bool gone, waiting;
	CK_FLAGS flags;
	unsigned sessions, sessions_max;
} state = { .lock = PTHREAD_MUTEX_INITIALIZER, .gate = PTHREAD_COND_INITIALIZER, .hit = SHIM_CALL_COUNT };

static const char *const names[] = {
	"C_Initialize",
	"C_Finalize",
	"C_GetInfo",
	"C_GetSlotList",
	"C_GetTokenInfo",
	"C_OpenSession",
	"C_CloseSession",
	"C_GetSessionInfo",
	"C_Login",
	"C_FindObjectsInit",
	"C_FindObjects",
	"C_FindObjectsFinal",
	"C_GetAttributeValue",
	"C_GenerateKey",
	"C_GenerateKeyPair",
	"C_SignInit",
	"C_Sign",
	"C_DeriveKey",
	"C_DestroyObject",
	"any",
};

/* ---- control */

static void shim_arm(enum shim_call call, unsigned at, enum shim_fault fault, unsigned long rv)
{
	(void)pthread_mutex_lock(&state.lock);
	state.call = call;
	state.at = at;
	state.fault = fault;
	state.rv = rv;
	state.hit = SHIM_CALL_COUNT;
	state.gone = false;
	memset(state.calls, 0, sizeof state.calls);
	(void)pthread_mutex_unlock(&state.lock);
}

static void shim_disarm(void)
{
	(void)pthread_mutex_lock(&state.lock);
	state.fault = SHIM_NONE;
	state.gone = false;
	state.waiting = false;
	state.flags = 0;
	state.sessions_max = 0;
	(void)pthread_cond_broadcast(&state.gate);
	(void)pthread_mutex_unlock(&state.lock);
}

static enum shim_call shim_hit(void)
{
	enum shim_call hit;

	(void)pthread_mutex_lock(&state.lock);
	hit = state.hit;
	(void)pthread_mutex_unlock(&state.lock);
	return hit;
}

static unsigned shim_calls(enum shim_call call)
{
	unsigned n;

	(void)pthread_mutex_lock(&state.lock);
	n = state.calls[call];
	(void)pthread_mutex_unlock(&state.lock);
	return n;
}

static void shim_token_flags(unsigned long flags)
{
	(void)pthread_mutex_lock(&state.lock);
	state.flags = flags;
	(void)pthread_mutex_unlock(&state.lock);
}

static void shim_sessions_max(unsigned n)
{
	(void)pthread_mutex_lock(&state.lock);
	state.sessions_max = n;
	(void)pthread_mutex_unlock(&state.lock);
}

static const char *shim_name(enum shim_call call)
{
	return names[call];
}

static const struct shim_control control = {
	.arm = shim_arm,
	.disarm = shim_disarm,
	.hit = shim_hit,
	.calls = shim_calls,
	.token_flags = shim_token_flags,
	.sessions_max = shim_sessions_max,
	.name = shim_name,
};

const struct shim_control *pkcs11_shim_control(void)
{
	return &control;
}

/* ---- what happens to a call */

struct fate {
	enum shim_fault fault;
	CK_RV rv;
};

static pthread_key_t end_key;
static pthread_once_t end_once = PTHREAD_ONCE_INIT;

static void wait_at_end(void *unused)
{
	(void)unused;
	(void)pthread_mutex_lock(&state.lock);
	while (state.waiting)
		(void)pthread_cond_wait(&state.gate, &state.lock);
	(void)pthread_mutex_unlock(&state.lock);
}

static void make_end_key(void)
{
	(void)pthread_key_create(&end_key, wait_at_end);
}

static struct fate look(enum shim_call call)
{
	struct fate f = { SHIM_NONE, CKR_OK };

	(void)pthread_mutex_lock(&state.lock);
	state.calls[call]++;
	state.calls[SHIM_CALL_COUNT]++;
	if (state.fault != SHIM_NONE && state.hit == SHIM_CALL_COUNT && (state.call == call || state.call == SHIM_CALL_COUNT) &&
	    state.calls[state.call] == state.at) {
		state.hit = call;
		f = (struct fate){ state.fault, state.rv };
		state.gone = f.fault == SHIM_GONE;
		state.waiting = f.fault == SHIM_HANG || f.fault == SHIM_STAY;
	} else if (state.gone && call != SHIM_INITIALIZE && call != SHIM_FINALIZE) {
		f = (struct fate){ SHIM_FAIL, call == SHIM_GET_TOKEN_INFO ? CKR_TOKEN_NOT_PRESENT : CKR_DEVICE_REMOVED };
	}
	while (f.fault == SHIM_HANG && state.waiting)
		(void)pthread_cond_wait(&state.gate, &state.lock);
	(void)pthread_mutex_unlock(&state.lock);
	if (f.fault == SHIM_STAY) {
		(void)pthread_once(&end_once, make_end_key);
		(void)pthread_setspecific(end_key, &state);
	}
	return f;
}

static bool stops(struct fate f)
{
	return f.fault == SHIM_FAIL || f.fault == SHIM_GONE;
}

static CK_RV after(struct fate f, CK_RV rv)
{
	return f.fault == SHIM_LATE ? f.rv : rv;
}

static void turn_bit(struct fate f, CK_RV rv, void *p, CK_ULONG n)
{
	if (f.fault == SHIM_WRONG && rv == CKR_OK && p != NULL && n > 0)
		((CK_BYTE *)p)[n / 2] ^= 0x04;
}

static CK_RV shim_initialize(void *args)
{
	struct fate f = look(SHIM_INITIALIZE);

	return stops(f) ? f.rv : after(f, real->C_Initialize(args));
}

static CK_RV shim_finalize(void *reserved)
{
	struct fate f = look(SHIM_FINALIZE);

	(void)pthread_mutex_lock(&state.lock);
	state.sessions = 0;
	(void)pthread_mutex_unlock(&state.lock);
	return stops(f) ? f.rv : after(f, real->C_Finalize(reserved));
}

static CK_RV shim_get_info(CK_INFO *info)
{
	struct fate f = look(SHIM_GET_INFO);

	return stops(f) ? f.rv : after(f, real->C_GetInfo(info));
}

static CK_RV shim_get_slot_list(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *n)
{
	struct fate f = look(SHIM_GET_SLOT_LIST);
	CK_RV rv;

	if (stops(f))
		return f.rv;
	rv = real->C_GetSlotList(present, slots, n);
	turn_bit(f, rv, slots, slots != NULL ? sizeof *slots : 0);
	return after(f, rv);
}

static CK_RV shim_get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	struct fate f = look(SHIM_GET_TOKEN_INFO);
	CK_RV rv;

	if (stops(f))
		return f.rv;
	rv = real->C_GetTokenInfo(slot, info);
	(void)pthread_mutex_lock(&state.lock);
	if (rv == CKR_OK)
		info->flags |= state.flags;
	(void)pthread_mutex_unlock(&state.lock);
	turn_bit(f, rv, info->label, sizeof info->label);
	return after(f, rv);
}

static bool session_room(void)
{
	bool room;

	(void)pthread_mutex_lock(&state.lock);
	room = state.sessions_max == 0 || state.sessions < state.sessions_max;
	if (room)
		state.sessions++;
	(void)pthread_mutex_unlock(&state.lock);
	return room;
}

static CK_RV shim_open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *app, CK_NOTIFY notify, CK_SESSION_HANDLE *h)
{
	struct fate f = look(SHIM_OPEN_SESSION);
	CK_RV rv;

	if (stops(f))
		return f.rv;
	if (!session_room())
		return CKR_SESSION_COUNT;
	rv = real->C_OpenSession(slot, flags, app, notify, h);
	turn_bit(f, rv, h, 1);
	return after(f, rv);
}

static CK_RV shim_close_session(CK_SESSION_HANDLE h)
{
	struct fate f = look(SHIM_CLOSE_SESSION);

	(void)pthread_mutex_lock(&state.lock);
	if (state.sessions > 0)
		state.sessions--;
	(void)pthread_mutex_unlock(&state.lock);
	return stops(f) ? f.rv : after(f, real->C_CloseSession(h));
}

static CK_RV shim_get_session_info(CK_SESSION_HANDLE h, CK_SESSION_INFO *info)
{
	struct fate f = look(SHIM_GET_SESSION_INFO);
	CK_RV rv;

	if (stops(f))
		return f.rv;
	rv = real->C_GetSessionInfo(h, info);
	turn_bit(f, rv, &info->state, 1);
	return after(f, rv);
}

static CK_RV shim_login(CK_SESSION_HANDLE h, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG n)
{
	struct fate f = look(SHIM_LOGIN);

	return stops(f) ? f.rv : after(f, real->C_Login(h, user, pin, n));
}

static CK_RV shim_find_objects_init(CK_SESSION_HANDLE h, CK_ATTRIBUTE *t, CK_ULONG n)
{
	struct fate f = look(SHIM_FIND_OBJECTS_INIT);

	return stops(f) ? f.rv : after(f, real->C_FindObjectsInit(h, t, n));
}

static CK_RV shim_find_objects(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE *objects, CK_ULONG max, CK_ULONG *n)
{
	struct fate f = look(SHIM_FIND_OBJECTS);
	CK_RV rv;

	if (stops(f))
		return f.rv;
	rv = real->C_FindObjects(h, objects, max, n);
	turn_bit(f, rv, objects, *n > 0 ? 1 : 0);
	return after(f, rv);
}

static CK_RV shim_find_objects_final(CK_SESSION_HANDLE h)
{
	struct fate f = look(SHIM_FIND_OBJECTS_FINAL);

	return stops(f) ? f.rv : after(f, real->C_FindObjectsFinal(h));
}

static CK_RV shim_get_attribute_value(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *t, CK_ULONG n)
{
	struct fate f = look(SHIM_GET_ATTRIBUTE_VALUE);
	CK_RV rv;

	if (stops(f))
		return f.rv;
	rv = real->C_GetAttributeValue(h, object, t, n);
	turn_bit(f, rv, t[0].pValue, t[0].ulValueLen);
	return after(f, rv);
}

static CK_RV shim_generate_key(CK_SESSION_HANDLE h, CK_MECHANISM *m, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *key)
{
	struct fate f = look(SHIM_GENERATE_KEY);
	CK_RV rv;

	if (stops(f))
		return f.rv;
	rv = real->C_GenerateKey(h, m, t, n, key);
	turn_bit(f, rv, key, 1);
	return after(f, rv);
}

static CK_RV shim_generate_key_pair(CK_SESSION_HANDLE h, CK_MECHANISM *m, CK_ATTRIBUTE *public, CK_ULONG public_n,
				    CK_ATTRIBUTE *private, CK_ULONG private_n, CK_OBJECT_HANDLE *public_key,
				    CK_OBJECT_HANDLE *private_key)
{
	struct fate f = look(SHIM_GENERATE_KEY_PAIR);
	CK_RV rv;

	if (stops(f))
		return f.rv;
	rv = real->C_GenerateKeyPair(h, m, public, public_n, private, private_n, public_key, private_key);
	turn_bit(f, rv, private_key, 1);
	return after(f, rv);
}

static CK_RV shim_sign_init(CK_SESSION_HANDLE h, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	struct fate f = look(SHIM_SIGN_INIT);

	return stops(f) ? f.rv : after(f, real->C_SignInit(h, m, key));
}

#define SIGNATURE_MAX 512

/* The last signature of each length. */
static CK_BYTE earlier[SIGNATURE_MAX + 1][SIGNATURE_MAX];
static bool has_earlier[SIGNATURE_MAX + 1];

static void swap_for_earlier(struct fate f, CK_RV rv, CK_BYTE *sig, CK_ULONG n)
{
	CK_BYTE made[SIGNATURE_MAX];

	if (rv != CKR_OK || sig == NULL || n > SIGNATURE_MAX)
		return;
	(void)pthread_mutex_lock(&state.lock);
	memcpy(made, sig, n);
	if (f.fault == SHIM_STALE && has_earlier[n])
		memcpy(sig, earlier[n], n);
	memcpy(earlier[n], made, n);
	has_earlier[n] = true;
	(void)pthread_mutex_unlock(&state.lock);
}

static CK_RV shim_sign(CK_SESSION_HANDLE h, CK_BYTE *data, CK_ULONG n, CK_BYTE *sig, CK_ULONG *len)
{
	struct fate f = look(SHIM_SIGN);
	CK_RV rv;

	if (stops(f))
		return f.rv;
	rv = real->C_Sign(h, data, n, sig, len);
	swap_for_earlier(f, rv, sig, *len);
	turn_bit(f, rv, sig, *len);
	return after(f, rv);
}

static CK_RV shim_derive_key(CK_SESSION_HANDLE h, CK_MECHANISM *m, CK_OBJECT_HANDLE base, CK_ATTRIBUTE *t, CK_ULONG n,
			     CK_OBJECT_HANDLE *key)
{
	struct fate f = look(SHIM_DERIVE_KEY);
	CK_RV rv;

	if (stops(f))
		return f.rv;
	rv = real->C_DeriveKey(h, m, base, t, n, key);
	turn_bit(f, rv, key, 1);
	return after(f, rv);
}

static CK_RV shim_destroy_object(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE object)
{
	struct fate f = look(SHIM_DESTROY_OBJECT);

	return stops(f) ? f.rv : after(f, real->C_DestroyObject(h, object));
}

/* ---- the module */

/* "C_Sign 3 32 gone" */
static void arm_from_environment(void)
{
	const char *text = getenv("CCCD_PKCS11_FAULT");
	char call[32], mode[16] = "";
	unsigned at = 0;
	unsigned long rv = 0;

	if (text == NULL || sscanf(text, "%31s %u %lx %15s", call, &at, &rv, mode) < 3)
		return;
	for (unsigned i = 0; i <= SHIM_CALL_COUNT; i++)
		if (strcmp(call, names[i]) == 0)
			shim_arm((enum shim_call)i, at, strcmp(mode, "gone") == 0 ? SHIM_GONE : SHIM_FAIL, rv);
}

static void put_own_calls(void)
{
	ours = *real;
	ours.C_Initialize = shim_initialize;
	ours.C_Finalize = shim_finalize;
	ours.C_GetInfo = shim_get_info;
	ours.C_GetSlotList = shim_get_slot_list;
	ours.C_GetTokenInfo = shim_get_token_info;
	ours.C_OpenSession = shim_open_session;
	ours.C_CloseSession = shim_close_session;
	ours.C_GetSessionInfo = shim_get_session_info;
	ours.C_Login = shim_login;
	ours.C_FindObjectsInit = shim_find_objects_init;
	ours.C_FindObjects = shim_find_objects;
	ours.C_FindObjectsFinal = shim_find_objects_final;
	ours.C_GetAttributeValue = shim_get_attribute_value;
	ours.C_GenerateKey = shim_generate_key;
	ours.C_GenerateKeyPair = shim_generate_key_pair;
	ours.C_SignInit = shim_sign_init;
	ours.C_Sign = shim_sign;
	ours.C_DeriveKey = shim_derive_key;
	ours.C_DestroyObject = shim_destroy_object;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
	CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
	void *dl = dlopen(REAL_MODULE, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	void *symbol = dl != NULL ? dlsym(dl, "C_GetFunctionList") : NULL;

	if (symbol == NULL)
		return CKR_GENERAL_ERROR;
	if (real == NULL) {
		(void)memcpy(&get, &symbol, sizeof get);
		if (get(&real) != CKR_OK)
			return CKR_GENERAL_ERROR;
		put_own_calls();
		arm_from_environment();
	}
	*list = &ours;
	return CKR_OK;
}
