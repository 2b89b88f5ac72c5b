/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11_token_state.h"

#include "crypto/base/secret.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define END_MS 1000
#define END_PARTS 4
#define WAIT_PARTS 20
#define RUNNING_MAX 64 /* threads, most of them waiting, when a token doesn't answer */

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
	if (pin.n > PKCS11_PIN_MAX)
		return cc_fail(err, CC_E_DENIED, "keystore.pin-wrong", "longer than %d bytes", PKCS11_PIN_MAX);
	t = cc_alloc(sizeof *t);
	if (t == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "token");
	(void)snprintf(t->label, sizeof t->label, "%s", label);
	t->pid = getpid();
	t->refs = 1;
	t->open_max = sessions_max == 0 ? 16 : sessions_max < PKCS11_SESSIONS_MAX ? sessions_max : PKCS11_SESSIONS_MAX;
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

void pkcs11_token_lock(struct pkcs11_token *t)
{
	CC_ASSERT(pthread_mutex_lock(&t->lock) == 0);
}

void pkcs11_token_unlock(struct pkcs11_token *t)
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
	pkcs11_token_lock(t);
	last = --t->refs == 0;
	pkcs11_token_unlock(t);
	if (last)
		token_destroy(t);
}

cc_status pkcs11_token_check_process(const struct pkcs11_token *t, struct cc_error *err)
{
	if (t->pid == getpid())
		return cc_ok();
	return cc_fail(err, CC_E_STATE, "keystore.forked", "opened by process %ld", (long)t->pid);
}

/* ---- keys found before */

bool pkcs11_cache_find(struct pkcs11_session *s, const char *label, struct pkcs11_key *ret)
{
	struct pkcs11_token *t = s->token;
	bool found = false;

	pkcs11_token_lock(t);
	for (size_t i = 0; i < t->cache_count && !found && s->generation == t->generation; i++) {
		found = strcmp(t->cache[i].info.label, label) == 0;
		if (found)
			*ret = t->cache[i];
	}
	pkcs11_token_unlock(t);
	return found;
}

void pkcs11_cache_add(struct pkcs11_session *s, const struct pkcs11_key *key)
{
	struct pkcs11_token *t = s->token;

	pkcs11_token_lock(t);
	if (s->generation == t->generation) {
		t->cache[t->cache_next] = *key;
		t->cache_next = (t->cache_next + 1) % PKCS11_CACHE_MAX;
		if (t->cache_count < PKCS11_CACHE_MAX)
			t->cache_count++;
	}
	pkcs11_token_unlock(t);
}

/* ---- jobs */

static cc_status look_only(struct pkcs11_job *job)
{
	struct pkcs11_session s = { .token = job->token, .h = CK_INVALID_HANDLE };
	cc_status st = pkcs11_session_slot(&s, &job->err);

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

	pkcs11_token_lock(job->token);
	abandoned = job->abandoned;
	pkcs11_token_unlock(job->token);
	return abandoned;
}

static cc_status work(struct pkcs11_job *job)
{
	for (bool again = false;; again = true) {
		struct pkcs11_session s = { .token = job->token, .h = CK_INVALID_HANDLE };
		cc_status st;

		cc_error_init(&job->err);
		st = pkcs11_session_acquire(&s, &job->abandoned, &job->err);
		if (!cc_failed(st)) {
			/* A key must not be made for somebody who was told that it isn't. */
			if (is_abandoned(job))
				st = cc_fail(&job->err, CC_E_NO_SERVICE, "keystore.hsm-slow", "nobody waits any more");
			else
				st = job->run(job, &s, &job->err);
			pkcs11_session_release(&s);
		}
		if (!cc_failed(st) || again || pkcs11_fate(s.failed) != PKCS11_SESSION)
			return st;
	}
}

/* With the lock held, which it gives back: the last of those who have the job frees it, the token's last job the token. */
static void let_go(struct pkcs11_job *job)
{
	struct pkcs11_token *t = job->token;
	bool last_of_job = --job->refs == 0;
	bool last_of_token = last_of_job && --t->refs == 0;

	pkcs11_token_unlock(t);
	if (last_of_job)
		job->free(job);
	if (last_of_token)
		token_destroy(t);
}

static void *thread_main(void *arg)
{
	struct pkcs11_job *job = arg;
	struct pkcs11_token *t = job->token;
	cc_status st = job->with_session ? work(job) : look_only(job);

	pkcs11_token_lock(t);
	job->status = st;
	job->done = true;
	t->running--;
	(void)pthread_cond_broadcast(&t->change);
	/* In the same breath: after a job that somebody waits for, this thread has no part in the token any more. */
	let_go(job);
	return NULL;
}

void pkcs11_job_done(struct pkcs11_job *job)
{
	struct pkcs11_token *t = job->token;

	if (t == NULL) { /* it never ran */
		job->free(job);
		return;
	}
	pkcs11_token_lock(t);
	let_go(job);
}

/* Signals belong to the program's own threads. */
static int start_thread(struct pkcs11_job *job, pthread_t *ret)
{
	sigset_t all, before;
	int rc;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(ret, NULL, thread_main, job);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static struct timespec in_ms(unsigned ms)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

/* Under the lock. False: a part of the time went by. */
static bool wait_part(struct pkcs11_token *t, const struct pkcs11_job *job, unsigned part_ms)
{
	const struct timespec until = in_ms(part_ms);
	int rc = 0;

	while (!job->done && rc == 0)
		rc = pthread_cond_timedwait(&t->change, &t->lock, &until);
	return job->done;
}

/*
 * Under the lock. The limit is the token's, in parts: a machine that stood still (a virtual one, a stopped process) for longer
 * than all of it comes back with the time gone and the answer not fetched yet; that takes one part of the limit, not all.
 */
static bool wait_done(struct pkcs11_token *t, const struct pkcs11_job *job, unsigned limit_ms)
{
	const unsigned part_ms = limit_ms / WAIT_PARTS + 1;
	unsigned left_ms = limit_ms;

	while (!job->done && left_ms > 0) {
		unsigned now_ms = left_ms < part_ms ? left_ms : part_ms;

		if (!wait_part(t, job, now_ms))
			left_ms -= now_ms;
	}
	return job->done;
}

/*
 * A thread whose job is done is seen to its end: at its end the libraries take locks of their own, and a fork in that moment
 * gives the child locks that nobody there holds, and nobody lets go. One that doesn't end soon is left alone: a module that
 * hangs there as well must not keep its caller, who has the answer.
 */
static void see_end(pthread_t thread, bool done)
{
	int rc = ETIMEDOUT;

	for (unsigned part = 0; done && part < END_PARTS && rc == ETIMEDOUT; part++) {
		const struct timespec until = in_ms(END_MS / END_PARTS);

		rc = pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until);
	}
	if (rc != 0)
		CC_ASSERT(pthread_detach(thread) == 0);
}

static cc_status wait_for(struct pkcs11_token *t, struct pkcs11_job *job, pthread_t thread, unsigned limit_ms,
			  struct cc_error *err)
{
	bool done;
	cc_status st;

	pkcs11_token_lock(t);
	done = wait_done(t, job, limit_ms);
	if (done) {
		st = job->status;
		if (cc_failed(st))
			(void)cc_fail(err, job->err.code != CC_OK ? job->err.code : st.code,
				      job->err.key != NULL ? job->err.key : "keystore.hsm-error", "%s", job->err.detail);
	} else {
		job->abandoned = true;
		(void)pthread_cond_broadcast(&t->change);
		st = cc_fail(err, CC_E_NO_SERVICE, "keystore.hsm-slow", "token %s: no answer in %u ms", t->label, limit_ms);
	}
	pkcs11_token_unlock(t);
	see_end(thread, done);
	return st;
}

cc_status pkcs11_token_run(struct pkcs11_token *t, struct pkcs11_job *job, unsigned limit_ms, struct cc_error *err)
{
	cc_status st = pkcs11_token_check_process(t, err);
	pthread_t thread;
	bool room;

	if (cc_failed(st))
		return st;
	cc_error_init(&job->err);
	pkcs11_token_lock(t);
	room = t->running < RUNNING_MAX;
	if (room) {
		t->running++;
		t->refs++;
		job->refs = 2;
		job->token = t;
	}
	pkcs11_token_unlock(t);
	if (!room)
		return cc_fail(err, CC_E_NO_SERVICE, "keystore.hsm-slow", "token %s: %d calls wait for it", t->label,
			       RUNNING_MAX);
	if (start_thread(job, &thread) != 0) {
		pkcs11_token_lock(t);
		t->running--;
		job->refs = 1;
		pkcs11_token_unlock(t);
		return cc_fail(err, CC_E_MEMORY, "memory", "no thread");
	}
	return wait_for(t, job, thread, limit_ms, err);
}
