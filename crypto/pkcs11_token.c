/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11_token.h"

#include "crypto/base/secret.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SESSIONS_MAX 64
#define SLOTS_MAX 64
#define RUNNING_MAX 64 /* threads, most of them waiting, when a token doesn't answer */
#define CACHE_MAX 32
#define PIN_MAX 255

struct pin {
	size_t n;
	uint8_t p[PIN_MAX];
};

struct pkcs11_token {
	struct pkcs11_module *module;
	char label[PKCS11_LABEL_LEN + 1];
	pid_t pid;
	struct pin *pin; /* a page of its own, locked against swap, not in core files, not in children */
	size_t pin_map_len;
	pthread_mutex_t connect; /* looking for the token and logging in: one at a time; before `lock` */
	CK_SLOT_ID slot;	 /* under connect, as the next two */
	bool slot_known;
	uint64_t slot_epoch;
	pthread_mutex_t lock; /* all below */
	pthread_cond_t change;
	unsigned refs, running;
	uint64_t generation; /* of sessions: one more when they are lost */
	bool down;	     /* the token is lost: the module is started anew before it is looked for */
	uint64_t down_epoch;
	CK_RV refused; /* a wrong PIN; CKR_OK: none */
	CK_SESSION_HANDLE idle[SESSIONS_MAX];
	uint64_t idle_epoch[SESSIONS_MAX];
	unsigned idle_count, open_count, open_max;
	struct pkcs11_key cache[CACHE_MAX];
	size_t cache_count, cache_next;
};

/* ---- making and freeing */

static cc_status map_pin(struct pkcs11_token *t, struct bytes pin)
{
	long page = sysconf(_SC_PAGESIZE);
	size_t len = page > 0 ? (size_t)page : 4096;
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return cc_code_status(CC_E_MEMORY);
	(void)mlock(p, len);
	(void)madvise(p, len, MADV_DONTDUMP);
	(void)madvise(p, len, MADV_DONTFORK);
	t->pin = p;
	t->pin_map_len = len;
	t->pin->n = pin.n;
	if (pin.n > 0)
		memcpy(t->pin->p, pin.p, pin.n);
	return cc_ok();
}

static void token_destroy(struct pkcs11_token *t)
{
	uint64_t epoch;
	CK_FUNCTION_LIST *f;

	/* In a child there is neither the page of the PIN nor a session of its own. */
	if (t->pid == getpid()) {
		f = t->idle_count > 0 ? pkcs11_module_enter(t->module, &epoch) : NULL;
		for (unsigned i = 0; i < t->idle_count; i++)
			if (t->idle_epoch[i] == epoch)
				(void)f->C_CloseSession(t->idle[i]);
		if (f != NULL)
			pkcs11_module_leave(t->module);
		if (t->pin != NULL) {
			cc_wipe(t->pin, sizeof *t->pin);
			(void)munlock(t->pin, t->pin_map_len);
			(void)munmap(t->pin, t->pin_map_len);
		}
		(void)pthread_mutex_destroy(&t->connect);
		(void)pthread_mutex_destroy(&t->lock);
		(void)pthread_cond_destroy(&t->change);
		pkcs11_module_close(&t->module);
	}
	cc_free(t, sizeof *t);
}

static void init_locks(struct pkcs11_token *t)
{
	pthread_condattr_t attr;

	CC_ASSERT(pthread_condattr_init(&attr) == 0);
	CC_ASSERT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
	CC_ASSERT(pthread_cond_init(&t->change, &attr) == 0);
	(void)pthread_condattr_destroy(&attr);
	CC_ASSERT(pthread_mutex_init(&t->lock, NULL) == 0);
	CC_ASSERT(pthread_mutex_init(&t->connect, NULL) == 0);
}

cc_status pkcs11_token_new(const char *module, const char *label, struct bytes pin, unsigned sessions_max,
			   struct pkcs11_token **ret, struct cc_error *err)
{
	struct pkcs11_token *t;
	cc_status st;

	if (label[0] == '\0' || strlen(label) > PKCS11_LABEL_LEN)
		return cc_fail(err, CC_E_ARG, "keystore.hsm-gone", "a token's label has 1 to %d bytes", PKCS11_LABEL_LEN);
	if (pin.n > PIN_MAX)
		return cc_fail(err, CC_E_DENIED, "keystore.pin-wrong", "longer than %d bytes", PIN_MAX);
	t = cc_alloc(sizeof *t);
	if (t == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "token");
	(void)snprintf(t->label, sizeof t->label, "%s", label);
	t->pid = getpid();
	t->refs = 1;
	t->open_max = sessions_max == 0 ? 16 : sessions_max < SESSIONS_MAX ? sessions_max : SESSIONS_MAX;
	init_locks(t);
	st = map_pin(t, pin);
	if (cc_failed(st))
		(void)cc_fail(err, st.code, "memory", "token");
	else
		st = pkcs11_module_open(module, &t->module, err);
	if (cc_failed(st))
		token_destroy(t);
	else
		*ret = t;
	return st;
}

static void lock(struct pkcs11_token *t)
{
	CC_ASSERT(pthread_mutex_lock(&t->lock) == 0);
}

static void unlock(struct pkcs11_token *t)
{
	CC_ASSERT(pthread_mutex_unlock(&t->lock) == 0);
}

void pkcs11_token_free(struct pkcs11_token **token)
{
	struct pkcs11_token *t = *token;
	bool last;

	*token = NULL;
	if (t == NULL)
		return;
	if (t->pid != getpid()) {
		token_destroy(t);
		return;
	}
	lock(t);
	last = --t->refs == 0;
	unlock(t);
	if (last)
		token_destroy(t);
}

cc_status pkcs11_token_check_process(const struct pkcs11_token *t, struct cc_error *err)
{
	if (t->pid == getpid())
		return cc_ok();
	return cc_fail(err, CC_E_STATE, "keystore.forked", "opened by process %ld", (long)t->pid);
}

/* ---- calls */

cc_status pkcs11_check(struct pkcs11_session *s, const char *call, CK_RV rv, struct cc_error *err)
{
	if (rv != CKR_OK && s->failed == CKR_OK)
		s->failed = rv;
	return pkcs11_fail(call, rv, err);
}

/* PKCS#11 2.40 3.2: padded with blanks, without a NUL. */
static bool label_is(const CK_UTF8CHAR padded[PKCS11_LABEL_LEN], const char *label)
{
	size_t n = strlen(label);

	if (memcmp(padded, label, n) != 0)
		return false;
	for (; n < PKCS11_LABEL_LEN; n++)
		if (padded[n] != ' ' && padded[n] != '\0')
			return false;
	return true;
}

/* With connect held, between enter and leave. */
static cc_status find_slot(struct pkcs11_session *s, struct cc_error *err)
{
	struct pkcs11_token *t = s->token;
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG n = 0;
	CK_TOKEN_INFO info;
	unsigned found = 0;
	CK_RV rv = s->f->C_GetSlotList(CK_TRUE, NULL, &n); /* PKCS#11 2.40 5.5: this form looks for new slots */
	cc_status st = pkcs11_check(s, "C_GetSlotList", rv, err);

	n = SLOTS_MAX;
	if (!cc_failed(st))
		st = pkcs11_check(s, "C_GetSlotList", s->f->C_GetSlotList(CK_TRUE, slots, &n), err);
	if (cc_failed(st))
		return st;
	for (CK_ULONG i = 0; i < n && i < SLOTS_MAX; i++) {
		/* Another slot's token may be pulled just now. */
		rv = s->f->C_GetTokenInfo(slots[i], &info);
		if (rv != CKR_OK || (info.flags & CKF_TOKEN_INITIALIZED) == 0 || !label_is(info.label, t->label))
			continue;
		t->slot = slots[i];
		found++;
	}
	if (found > 1)
		return cc_fail(err, CC_E_STATE, "keystore.token-ambiguous", "%u tokens are called %s", found, t->label);
	if (found == 0)
		return cc_fail(err, CC_E_NO_SERVICE, "keystore.hsm-gone", "no token %s in %lu slots", t->label, n);
	t->slot_known = true;
	t->slot_epoch = s->epoch;
	return st;
}

static bool is_wrong_pin(CK_RV rv)
{
	return rv == CKR_PIN_INCORRECT || rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE;
}

/* A token counts wrong PINs and locks itself: what it says about its counter is asked first. */
static cc_status may_log_in(struct pkcs11_session *s, CK_FLAGS *ret_flags, struct cc_error *err)
{
	CK_TOKEN_INFO info;
	cc_status st = pkcs11_check(s, "C_GetTokenInfo", s->f->C_GetTokenInfo(s->token->slot, &info), err);

	if (cc_failed(st))
		return st;
	*ret_flags = info.flags;
	if ((info.flags & CKF_USER_PIN_LOCKED) != 0)
		return cc_fail(err, CC_E_DENIED, "keystore.pin-locked", "token %s", s->token->label);
	if ((info.flags & CKF_USER_PIN_FINAL_TRY) != 0)
		return cc_fail(err, CC_E_DENIED, "keystore.pin-final-try", "token %s", s->token->label);
	if ((info.flags & CKF_USER_PIN_INITIALIZED) == 0)
		return cc_fail(err, CC_E_DENIED, "keystore.pin-unset", "token %s", s->token->label);
	return st;
}

static CK_RV call_login(struct pkcs11_session *s, CK_FLAGS flags)
{
	struct pin *pin = s->token->pin;

	/* With a pad at the device the PIN is typed there. */
	if ((flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0)
		return s->f->C_Login(s->h, CKU_USER, NULL, 0);
	return s->f->C_Login(s->h, CKU_USER, pin->p, pin->n);
}

static cc_status log_in(struct pkcs11_session *s, struct cc_error *err)
{
	struct pkcs11_token *t = s->token;
	CK_SESSION_INFO info;
	CK_FLAGS flags = 0;
	CK_RV rv;
	cc_status st = pkcs11_check(s, "C_GetSessionInfo", s->f->C_GetSessionInfo(s->h, &info), err);

	if (cc_failed(st) || info.state == CKS_RW_USER_FUNCTIONS)
		return st;
	st = may_log_in(s, &flags, err);
	if (cc_failed(st) || (flags & CKF_LOGIN_REQUIRED) == 0)
		return st;
	rv = call_login(s, flags);
	if (rv == CKR_USER_ALREADY_LOGGED_IN)
		return st;
	if (is_wrong_pin(rv)) {
		lock(t);
		t->refused = rv;
		unlock(t);
	}
	return pkcs11_check(s, "C_Login", rv, err);
}

/* ---- sessions */

/* With connect held. A token that was lost is looked for by a module that is started anew: many know only the slots of their
 * start. */
static cc_status bring_up(struct pkcs11_token *t, struct cc_error *err)
{
	uint64_t seen;
	bool down;

	lock(t);
	down = t->down;
	seen = t->down_epoch;
	unlock(t);
	if (!down)
		return cc_ok();
	t->slot_known = false;
	return pkcs11_module_restart(t->module, seen, err);
}

static void mark_up(struct pkcs11_session *s)
{
	lock(s->token);
	s->token->down = false;
	s->generation = s->token->generation;
	unlock(s->token);
}

static void mark_down(struct pkcs11_session *s)
{
	lock(s->token);
	s->token->down = true;
	s->token->down_epoch = s->epoch;
	s->token->slot_known = false;
	unlock(s->token);
}

/* With connect held, inside the module. */
static cc_status open_logged_in(struct pkcs11_session *s, struct cc_error *err)
{
	struct pkcs11_token *t = s->token;
	CK_RV rv;
	cc_status st = cc_ok();

	if (!t->slot_known || t->slot_epoch != s->epoch)
		st = find_slot(s, err);
	if (cc_failed(st))
		return st;
	rv = s->f->C_OpenSession(t->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s->h);
	st = pkcs11_check(s, "C_OpenSession", rv, err);
	if (cc_failed(st))
		return st;
	st = log_in(s, err);
	if (cc_failed(st))
		(void)s->f->C_CloseSession(s->h);
	return st;
}

/* On success inside the module, with a session that is logged in (or with the slot alone). */
static cc_status connect_token(struct pkcs11_session *s, bool with_session, struct cc_error *err)
{
	struct pkcs11_token *t = s->token;
	cc_status st;

	CC_ASSERT(pthread_mutex_lock(&t->connect) == 0);
	st = bring_up(t, err);
	s->f = pkcs11_module_enter(t->module, &s->epoch);
	if (!cc_failed(st))
		st = with_session ? open_logged_in(s, err) : find_slot(s, err);
	if (!cc_failed(st)) {
		mark_up(s);
	} else {
		if (st.code == CC_E_NO_SERVICE && pkcs11_fate(s->failed) != PKCS11_SESSION)
			mark_down(s);
		pkcs11_module_leave(t->module);
	}
	CC_ASSERT(pthread_mutex_unlock(&t->connect) == 0);
	return st;
}

enum taken { TAKEN_NOTHING, TAKEN_IDLE, TAKEN_ROOM };

/* A session from the pool, or room for one more; nothing when the caller has gone. */
static enum taken take(struct pkcs11_session *s, const bool *abandoned, CK_RV *ret_refused)
{
	struct pkcs11_token *t = s->token;
	enum taken got = TAKEN_NOTHING;

	lock(t);
	while (!*abandoned && t->refused == CKR_OK && t->idle_count == 0 && t->open_count >= t->open_max)
		CC_ASSERT(pthread_cond_wait(&t->change, &t->lock) == 0);
	*ret_refused = t->refused;
	if (!*abandoned && t->refused == CKR_OK) {
		got = t->idle_count > 0 ? TAKEN_IDLE : TAKEN_ROOM;
		if (got == TAKEN_IDLE) {
			s->h = t->idle[--t->idle_count];
			s->epoch = t->idle_epoch[t->idle_count];
			s->generation = t->generation;
		} else {
			t->open_count++;
		}
	}
	unlock(t);
	return got;
}

static void give_room_back(struct pkcs11_token *t)
{
	lock(t);
	t->open_count--;
	(void)pthread_cond_broadcast(&t->change);
	unlock(t);
}

/* A token without room for one more session makes the pool as large as what it gave; true: wait for one of those. */
static bool shrink_pool(struct pkcs11_session *s, struct cc_error *err)
{
	struct pkcs11_token *t = s->token;
	bool others;

	if (s->failed != CKR_SESSION_COUNT)
		return false;
	lock(t);
	others = t->open_count > 0;
	if (others)
		t->open_max = t->open_count;
	unlock(t);
	if (others) {
		s->failed = CKR_OK;
		cc_error_init(err);
	}
	return others;
}

static bool enter_idle(struct pkcs11_session *s)
{
	uint64_t epoch;

	s->f = pkcs11_module_enter(s->token->module, &epoch);
	if (epoch == s->epoch)
		return true;
	/* The module was started anew meanwhile: this handle may be another's. */
	pkcs11_module_leave(s->token->module);
	give_room_back(s->token);
	return false;
}

static cc_status acquire(struct pkcs11_session *s, const bool *abandoned, struct cc_error *err)
{
	CK_RV refused;
	cc_status st;

	for (;;) {
		switch (take(s, abandoned, &refused)) {
		case TAKEN_NOTHING:
			if (refused != CKR_OK)
				return pkcs11_fail("C_Login", refused, err);
			return cc_fail(err, CC_E_NO_SERVICE, "keystore.hsm-slow", "nobody waits any more");
		case TAKEN_IDLE:
			if (enter_idle(s))
				return cc_ok();
			break;
		case TAKEN_ROOM:
			st = connect_token(s, true, err);
			if (!cc_failed(st))
				return st;
			give_room_back(s->token);
			if (!shrink_pool(s, err))
				return st;
			break;
		}
	}
}

/* Under the lock: all that lie in the pool go. */
static unsigned drop_idle(struct pkcs11_token *t, uint64_t epoch, CK_SESSION_HANDLE closing[SESSIONS_MAX])
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->idle_count; i++)
		if (t->idle_epoch[i] == epoch)
			closing[n++] = t->idle[i];
	t->open_count -= t->idle_count;
	t->idle_count = 0;
	t->generation++;
	t->cache_count = 0;
	t->cache_next = 0;
	return n;
}

/* Leaves the module. A session that failed is not used again. */
static void release(struct pkcs11_session *s)
{
	struct pkcs11_token *t = s->token;
	CK_SESSION_HANDLE closing[SESSIONS_MAX];
	enum pkcs11_fate fate = pkcs11_fate(s->failed);
	unsigned n = 0;
	bool keep;

	lock(t);
	keep = s->failed == CKR_OK && s->generation == t->generation;
	if (keep) {
		t->idle[t->idle_count] = s->h;
		t->idle_epoch[t->idle_count++] = s->epoch;
	} else {
		t->open_count--;
	}
	if (fate != PKCS11_REFUSED && s->generation == t->generation)
		n = drop_idle(t, s->epoch, closing);
	if (fate == PKCS11_TOKEN) {
		t->down = true;
		t->down_epoch = s->epoch;
	}
	(void)pthread_cond_broadcast(&t->change);
	unlock(t);
	if (!keep)
		(void)s->f->C_CloseSession(s->h);
	for (unsigned i = 0; i < n; i++)
		(void)s->f->C_CloseSession(closing[i]);
	pkcs11_module_leave(t->module);
}

/* ---- keys found before */

bool pkcs11_cache_find(struct pkcs11_session *s, const char *label, struct pkcs11_key *ret)
{
	struct pkcs11_token *t = s->token;
	bool found = false;

	lock(t);
	for (size_t i = 0; i < t->cache_count && !found && s->generation == t->generation; i++) {
		found = strcmp(t->cache[i].info.label, label) == 0;
		if (found)
			*ret = t->cache[i];
	}
	unlock(t);
	return found;
}

void pkcs11_cache_add(struct pkcs11_session *s, const struct pkcs11_key *key)
{
	struct pkcs11_token *t = s->token;

	lock(t);
	if (s->generation == t->generation) {
		t->cache[t->cache_next] = *key;
		t->cache_next = (t->cache_next + 1) % CACHE_MAX;
		if (t->cache_count < CACHE_MAX)
			t->cache_count++;
	}
	unlock(t);
}

/* ---- jobs */

static cc_status look_only(struct pkcs11_job *job)
{
	struct pkcs11_session s = { .token = job->token, .h = CK_INVALID_HANDLE };
	cc_status st = connect_token(&s, false, &job->err);

	if (cc_failed(st))
		return st;
	job->slot = job->token->slot;
	st = job->run(job, &s, &job->err);
	pkcs11_module_leave(job->token->module);
	return st;
}

static bool is_abandoned(struct pkcs11_job *job)
{
	bool abandoned;

	lock(job->token);
	abandoned = job->abandoned;
	unlock(job->token);
	return abandoned;
}

static cc_status work(struct pkcs11_job *job)
{
	for (bool again = false;; again = true) {
		struct pkcs11_session s = { .token = job->token, .h = CK_INVALID_HANDLE };
		cc_status st;

		cc_error_init(&job->err);
		st = acquire(&s, &job->abandoned, &job->err);
		if (!cc_failed(st)) {
			/* A key must not be made for somebody who was told that it isn't. */
			if (is_abandoned(job))
				st = cc_fail(&job->err, CC_E_NO_SERVICE, "keystore.hsm-slow", "nobody waits any more");
			else
				st = job->run(job, &s, &job->err);
			release(&s);
		}
		if (!cc_failed(st) || again || pkcs11_fate(s.failed) != PKCS11_SESSION)
			return st;
	}
}

/* Under the lock; true: the caller frees the job after unlocking. */
static bool drop_job(struct pkcs11_job *job, bool *ret_last_token)
{
	if (--job->refs > 0)
		return false;
	*ret_last_token = --job->token->refs == 0;
	return true;
}

static void *thread_main(void *arg)
{
	struct pkcs11_job *job = arg;
	struct pkcs11_token *t = job->token;
	cc_status st = job->with_session ? work(job) : look_only(job);
	bool last = false, free_it;

	lock(t);
	job->status = st;
	job->done = true;
	t->running--;
	(void)pthread_cond_broadcast(&t->change);
	/* In the same breath: after a job that somebody waits for, this thread has no part in the token any more. */
	free_it = drop_job(job, &last);
	unlock(t);
	if (free_it)
		job->free(job);
	if (last)
		token_destroy(t);
	return NULL;
}

void pkcs11_job_done(struct pkcs11_job *job)
{
	struct pkcs11_token *t = job->token;
	bool last = false, free_it;

	if (t == NULL) { /* it never ran */
		job->free(job);
		return;
	}
	lock(t);
	free_it = drop_job(job, &last);
	unlock(t);
	if (free_it)
		job->free(job);
	if (last)
		token_destroy(t);
}

/* Signals belong to the program's own threads. */
static int start_thread(struct pkcs11_job *job)
{
	pthread_attr_t attr;
	sigset_t all, before;
	pthread_t thread;
	int rc;

	(void)sigfillset(&all);
	if (pthread_attr_init(&attr) != 0)
		return ENOMEM;
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, &attr, thread_main, job);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	return rc;
}

/* Under the lock. */
static bool wait_done(struct pkcs11_token *t, const struct pkcs11_job *job, unsigned limit_ms)
{
	struct timespec until;
	int rc = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += limit_ms / 1000;
	until.tv_nsec += (long)(limit_ms % 1000) * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (!job->done && rc == 0)
		rc = pthread_cond_timedwait(&t->change, &t->lock, &until);
	return job->done;
}

static cc_status wait_for(struct pkcs11_token *t, struct pkcs11_job *job, unsigned limit_ms, struct cc_error *err)
{
	cc_status st;

	lock(t);
	if (wait_done(t, job, limit_ms)) {
		st = job->status;
		if (cc_failed(st))
			(void)cc_fail(err, job->err.code != CC_OK ? job->err.code : st.code,
				      job->err.key != NULL ? job->err.key : "keystore.hsm-error", "%s", job->err.detail);
	} else {
		job->abandoned = true;
		(void)pthread_cond_broadcast(&t->change);
		st = cc_fail(err, CC_E_NO_SERVICE, "keystore.hsm-slow", "token %s: no answer in %u ms", t->label, limit_ms);
	}
	unlock(t);
	return st;
}

cc_status pkcs11_token_run(struct pkcs11_token *t, struct pkcs11_job *job, unsigned limit_ms, struct cc_error *err)
{
	cc_status st = pkcs11_token_check_process(t, err);
	bool room;

	if (cc_failed(st))
		return st;
	cc_error_init(&job->err);
	lock(t);
	room = t->running < RUNNING_MAX;
	if (room) {
		t->running++;
		t->refs++;
		job->refs = 2;
		job->token = t;
	}
	unlock(t);
	if (!room)
		return cc_fail(err, CC_E_NO_SERVICE, "keystore.hsm-slow", "token %s: %d calls wait for it", t->label,
			       RUNNING_MAX);
	if (start_thread(job) != 0) {
		lock(t);
		t->running--;
		job->refs = 1;
		unlock(t);
		return cc_fail(err, CC_E_MEMORY, "memory", "no thread");
	}
	return wait_for(t, job, limit_ms, err);
}
