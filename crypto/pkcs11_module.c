/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11_module.h"

#include "crypto/base/secret.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RESTART_WAIT_S 1

struct pkcs11_module {
	struct pkcs11_module *next;
	char path[PATH_MAX];
	CK_FUNCTION_LIST *f;
	pid_t pid; /* whose C_Initialize it was */
	unsigned refs;
	bool own;    /* initialized here, so finalized here */
	bool unsure; /* a start or an end of ours failed: what it found initialized may be ours */
	uint64_t epoch;
	pthread_rwlock_t use; /* calls share it; C_Initialize and C_Finalize are alone */
};

/* Modules stay loaded: many don't survive being unloaded, and the list keeps them for the next open. */
static struct pkcs11_module *modules;
static pthread_mutex_t modules_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- errors */

struct rv_row {
	CK_RV rv;
	const char *name;
	enum pkcs11_fate fate;
	enum cc_code code;
	const char *key;
};

#define ROW(rv, fate, code, key)                                                                                                 \
	{                                                                                                                        \
		rv, #rv, fate, code, key                                                                                         \
	}
static const struct rv_row rv_rows[] = {
	ROW(CKR_DEVICE_REMOVED, PKCS11_TOKEN, CC_E_NO_SERVICE, "keystore.hsm-gone"),
	ROW(CKR_DEVICE_ERROR, PKCS11_TOKEN, CC_E_NO_SERVICE, "keystore.hsm-gone"),
	ROW(CKR_TOKEN_NOT_PRESENT, PKCS11_TOKEN, CC_E_NO_SERVICE, "keystore.hsm-gone"),
	ROW(CKR_TOKEN_NOT_RECOGNIZED, PKCS11_TOKEN, CC_E_NO_SERVICE, "keystore.hsm-gone"),
	ROW(CKR_SLOT_ID_INVALID, PKCS11_TOKEN, CC_E_NO_SERVICE, "keystore.hsm-gone"),
	ROW(CKR_GENERAL_ERROR, PKCS11_TOKEN, CC_E_NO_SERVICE, "keystore.hsm-error"),
	ROW(CKR_FUNCTION_FAILED, PKCS11_TOKEN, CC_E_NO_SERVICE, "keystore.hsm-error"),
	ROW(CKR_FUNCTION_CANCELED, PKCS11_TOKEN, CC_E_NO_SERVICE, "keystore.hsm-error"),
	ROW(CKR_CRYPTOKI_NOT_INITIALIZED, PKCS11_TOKEN, CC_E_NO_SERVICE, "keystore.session-lost"),
	ROW(CKR_SESSION_HANDLE_INVALID, PKCS11_SESSION, CC_E_NO_SERVICE, "keystore.session-lost"),
	ROW(CKR_SESSION_CLOSED, PKCS11_SESSION, CC_E_NO_SERVICE, "keystore.session-lost"),
	ROW(CKR_USER_NOT_LOGGED_IN, PKCS11_SESSION, CC_E_NO_SERVICE, "keystore.session-lost"),
	ROW(CKR_OPERATION_ACTIVE, PKCS11_SESSION, CC_E_NO_SERVICE, "keystore.session-lost"),
	ROW(CKR_OPERATION_NOT_INITIALIZED, PKCS11_SESSION, CC_E_NO_SERVICE, "keystore.session-lost"),
	ROW(CKR_KEY_HANDLE_INVALID, PKCS11_SESSION, CC_E_NO_SERVICE, "keystore.session-lost"),
	ROW(CKR_OBJECT_HANDLE_INVALID, PKCS11_SESSION, CC_E_NO_SERVICE, "keystore.session-lost"),
	ROW(CKR_SESSION_COUNT, PKCS11_REFUSED, CC_E_BUSY, "keystore.hsm-busy"),
	ROW(CKR_HOST_MEMORY, PKCS11_REFUSED, CC_E_MEMORY, "memory"),
	ROW(CKR_DEVICE_MEMORY, PKCS11_REFUSED, CC_E_LIMIT, "keystore.full"),
	ROW(CKR_PIN_INCORRECT, PKCS11_REFUSED, CC_E_DENIED, "keystore.pin-wrong"),
	ROW(CKR_PIN_INVALID, PKCS11_REFUSED, CC_E_DENIED, "keystore.pin-wrong"),
	ROW(CKR_PIN_LEN_RANGE, PKCS11_REFUSED, CC_E_DENIED, "keystore.pin-wrong"),
	ROW(CKR_PIN_LOCKED, PKCS11_REFUSED, CC_E_DENIED, "keystore.pin-locked"),
	ROW(CKR_PIN_EXPIRED, PKCS11_REFUSED, CC_E_DENIED, "keystore.pin-unset"),
	ROW(CKR_USER_PIN_NOT_INITIALIZED, PKCS11_REFUSED, CC_E_DENIED, "keystore.pin-unset"),
	ROW(CKR_TOKEN_WRITE_PROTECTED, PKCS11_REFUSED, CC_E_DENIED, "keystore.hsm-read-only"),
	ROW(CKR_SESSION_READ_ONLY, PKCS11_REFUSED, CC_E_DENIED, "keystore.hsm-read-only"),
	ROW(CKR_MECHANISM_INVALID, PKCS11_REFUSED, CC_E_UNSUPPORTED, "keystore.hsm-cannot"),
	ROW(CKR_MECHANISM_PARAM_INVALID, PKCS11_REFUSED, CC_E_UNSUPPORTED, "keystore.hsm-cannot"),
	ROW(CKR_FUNCTION_NOT_SUPPORTED, PKCS11_REFUSED, CC_E_UNSUPPORTED, "keystore.hsm-cannot"),
	ROW(CKR_KEY_FUNCTION_NOT_PERMITTED, PKCS11_REFUSED, CC_E_UNSUPPORTED, "keystore.hsm-cannot"),
	ROW(CKR_KEY_TYPE_INCONSISTENT, PKCS11_REFUSED, CC_E_UNSUPPORTED, "keystore.hsm-cannot"),
	ROW(CKR_KEY_SIZE_RANGE, PKCS11_REFUSED, CC_E_UNSUPPORTED, "keystore.hsm-cannot"),
	ROW(CKR_DOMAIN_PARAMS_INVALID, PKCS11_REFUSED, CC_E_UNSUPPORTED, "keystore.hsm-cannot"),
	ROW(CKR_CURVE_NOT_SUPPORTED, PKCS11_REFUSED, CC_E_UNSUPPORTED, "keystore.hsm-cannot"),
	ROW(CKR_TEMPLATE_INCONSISTENT, PKCS11_REFUSED, CC_E_UNSUPPORTED, "keystore.hsm-cannot"),
	ROW(CKR_TEMPLATE_INCOMPLETE, PKCS11_REFUSED, CC_E_UNSUPPORTED, "keystore.hsm-cannot"),
	ROW(CKR_ATTRIBUTE_TYPE_INVALID, PKCS11_REFUSED, CC_E_UNSUPPORTED, "keystore.hsm-cannot"),
	ROW(CKR_ATTRIBUTE_VALUE_INVALID, PKCS11_REFUSED, CC_E_UNSUPPORTED, "keystore.hsm-cannot"),
	ROW(CKR_ATTRIBUTE_READ_ONLY, PKCS11_REFUSED, CC_E_UNSUPPORTED, "keystore.hsm-cannot"),
	ROW(CKR_ATTRIBUTE_SENSITIVE, PKCS11_REFUSED, CC_E_VERIFY, "keystore.hsm-wrong"),
	ROW(CKR_BUFFER_TOO_SMALL, PKCS11_REFUSED, CC_E_VERIFY, "keystore.hsm-wrong"),
};
#undef ROW

/* What isn't known is taken for the worst that is mended by itself. */
static const struct rv_row rv_unknown = { 0, NULL, PKCS11_TOKEN, CC_E_NO_SERVICE, "keystore.hsm-error" };

static const struct rv_row *find_rv(CK_RV rv)
{
	for (size_t i = 0; i < sizeof rv_rows / sizeof rv_rows[0]; i++)
		if (rv_rows[i].rv == rv)
			return &rv_rows[i];
	return &rv_unknown;
}

enum pkcs11_fate pkcs11_fate(CK_RV rv)
{
	return rv == CKR_OK ? PKCS11_REFUSED : find_rv(rv)->fate;
}

const char *pkcs11_rv_name(CK_RV rv)
{
	return rv == CKR_OK ? "CKR_OK" : find_rv(rv)->name;
}

cc_status pkcs11_fail(const char *call, CK_RV rv, struct cc_error *err)
{
	const struct rv_row *row = find_rv(rv);

	if (rv == CKR_OK)
		return cc_ok();
	if (row->name == NULL)
		return cc_fail(err, row->code, row->key, "%s: error 0x%lX", call, rv);
	return cc_fail(err, row->code, row->key, "%s: %s", call, row->name);
}

/* ---- loading */

static cc_status no_module(const char *path, enum cc_code code, const char *why, struct cc_error *err)
{
	return cc_fail(err, code, "keystore.module", "%.100s: %.120s", path, why != NULL ? why : "?");
}

static cc_status load(const char *path, CK_FUNCTION_LIST **ret, struct cc_error *err)
{
	CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
	CK_FUNCTION_LIST *f = NULL;
	void *dl, *symbol;

	if (path[0] == '\0' || access(path, R_OK) != 0)
		return no_module(path, CC_E_NOT_FOUND, path[0] == '\0' ? "no module is set" : strerror(errno), err);
	dl = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (dl == NULL)
		return no_module(path, CC_E_UNSUPPORTED, dlerror(), err);
	symbol = dlsym(dl, "C_GetFunctionList");
	(void)memcpy(&get, &symbol, sizeof get);
	if (get == NULL || get(&f) != CKR_OK || f == NULL || f->version.major != 2) {
		(void)dlclose(dl);
		return no_module(path, CC_E_UNSUPPORTED, "not a PKCS#11 2.x module", err);
	}
	*ret = f;
	return cc_ok();
}

static CK_RV initialize(CK_FUNCTION_LIST *f)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };

	return f->C_Initialize(&args);
}

/* With modules_lock held. What somebody else initialized in this process is used, and left alone. */
static cc_status start(struct pkcs11_module *m, bool forked, struct cc_error *err)
{
	CK_RV rv = initialize(m->f);

	if (rv == CKR_CRYPTOKI_ALREADY_INITIALIZED && (forked || m->unsure)) {
		(void)m->f->C_Finalize(NULL);
		rv = initialize(m->f);
	}
	if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED) {
		m->unsure = true;
		return pkcs11_fail("C_Initialize", rv, err);
	}
	m->unsure = false;
	m->own = rv == CKR_OK;
	m->pid = getpid();
	m->epoch++;
	return cc_ok();
}

static struct pkcs11_module *find_loaded(const char *path)
{
	for (struct pkcs11_module *m = modules; m != NULL; m = m->next)
		if (strcmp(m->path, path) == 0)
			return m;
	return NULL;
}

static cc_status add_module(const char *path, struct pkcs11_module **ret, struct cc_error *err)
{
	CK_FUNCTION_LIST *f = NULL;
	struct pkcs11_module *m;
	cc_status st = load(path, &f, err);

	if (cc_failed(st))
		return st;
	m = cc_alloc(sizeof *m);
	if (m == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "module");
	if (snprintf(m->path, sizeof m->path, "%s", path) >= (int)sizeof m->path) {
		cc_free(m, sizeof *m);
		return no_module(path, CC_E_ARG, "path too long", err);
	}
	CC_ASSERT(pthread_rwlock_init(&m->use, NULL) == 0);
	m->f = f;
	m->next = modules;
	modules = m;
	*ret = m;
	return st;
}

cc_status pkcs11_module_open(const char *path, struct pkcs11_module **ret, struct cc_error *err)
{
	struct pkcs11_module *m;
	bool forked;
	cc_status st = cc_ok();

	(void)pthread_mutex_lock(&modules_lock);
	m = find_loaded(path);
	if (m == NULL)
		st = add_module(path, &m, err);
	if (!cc_failed(st)) {
		forked = m->refs > 0 && m->pid != getpid();
		if (forked) {
			/* Threads of the parent that may have held it are not here. */
			CC_ASSERT(pthread_rwlock_init(&m->use, NULL) == 0);
			m->refs = 0;
		}
		if (m->refs == 0)
			st = start(m, forked, err);
	}
	if (!cc_failed(st)) {
		m->refs++;
		*ret = m;
	}
	(void)pthread_mutex_unlock(&modules_lock);
	return st;
}

void pkcs11_module_close(struct pkcs11_module **module)
{
	struct pkcs11_module *m = *module;

	*module = NULL;
	/* What a child inherited is its parent's: not counted here, not finalized here. */
	if (m == NULL || m->pid != getpid())
		return;
	(void)pthread_mutex_lock(&modules_lock);
	CC_ASSERT(m->refs > 0);
	if (--m->refs == 0 && m->own)
		m->unsure = m->f->C_Finalize(NULL) != CKR_OK;
	(void)pthread_mutex_unlock(&modules_lock);
}

/* ---- use */

CK_FUNCTION_LIST *pkcs11_module_enter(struct pkcs11_module *m, uint64_t *ret_epoch)
{
	CC_ASSERT(pthread_rwlock_rdlock(&m->use) == 0);
	*ret_epoch = m->epoch;
	return m->f;
}

void pkcs11_module_leave(struct pkcs11_module *m)
{
	CC_ASSERT(pthread_rwlock_unlock(&m->use) == 0);
}

cc_status pkcs11_module_restart(struct pkcs11_module *m, uint64_t seen_epoch, struct cc_error *err)
{
	struct timespec until;
	cc_status st = cc_ok();
	CK_RV rv;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += RESTART_WAIT_S;
	if (!m->own || pthread_rwlock_timedwrlock(&m->use, &until) != 0)
		return st;
	if (m->epoch == seen_epoch) {
		/* What it says is of no use: it is started anew because it is broken. */
		(void)m->f->C_Finalize(NULL);
		m->epoch++;
		rv = initialize(m->f);
		if (rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
			st = pkcs11_fail("C_Initialize", rv, err);
	}
	CC_ASSERT(pthread_rwlock_unlock(&m->use) == 0);
	return st;
}
