/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11_token_state.h"

#include <string.h>

#define SLOTS_MAX 64

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
	struct pkcs11_pin *pin = s->token->pin;

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
		pkcs11_token_lock(t);
		t->refused = rv;
		pkcs11_token_unlock(t);
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

	pkcs11_token_lock(t);
	down = t->down;
	seen = t->down_epoch;
	pkcs11_token_unlock(t);
	if (!down)
		return cc_ok();
	t->slot_known = false;
	return pkcs11_module_restart(t->module, seen, err);
}

static void mark_up(struct pkcs11_session *s)
{
	pkcs11_token_lock(s->token);
	s->token->down = false;
	s->generation = s->token->generation;
	pkcs11_token_unlock(s->token);
}

static void mark_down(struct pkcs11_session *s)
{
	pkcs11_token_lock(s->token);
	s->token->down = true;
	s->token->down_epoch = s->epoch;
	s->token->slot_known = false;
	pkcs11_token_unlock(s->token);
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

	pkcs11_token_lock(t);
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
	pkcs11_token_unlock(t);
	return got;
}

static void give_room_back(struct pkcs11_token *t)
{
	pkcs11_token_lock(t);
	t->open_count--;
	(void)pthread_cond_broadcast(&t->change);
	pkcs11_token_unlock(t);
}

/* A token without room for one more session makes the pool as large as what it gave; true: wait for one of those. */
static bool shrink_pool(struct pkcs11_session *s, struct cc_error *err)
{
	struct pkcs11_token *t = s->token;
	bool others;

	if (s->failed != CKR_SESSION_COUNT)
		return false;
	pkcs11_token_lock(t);
	others = t->open_count > 0;
	if (others)
		t->open_max = t->open_count;
	pkcs11_token_unlock(t);
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

cc_status pkcs11_session_acquire(struct pkcs11_session *s, const bool *abandoned, struct cc_error *err)
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
static unsigned drop_idle(struct pkcs11_token *t, uint64_t epoch, CK_SESSION_HANDLE closing[PKCS11_SESSIONS_MAX])
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

void pkcs11_session_release(struct pkcs11_session *s)
{
	struct pkcs11_token *t = s->token;
	CK_SESSION_HANDLE closing[PKCS11_SESSIONS_MAX];
	enum pkcs11_fate fate = pkcs11_fate(s->failed);
	unsigned n = 0;
	bool keep;

	pkcs11_token_lock(t);
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
	pkcs11_token_unlock(t);
	if (!keep)
		(void)s->f->C_CloseSession(s->h);
	for (unsigned i = 0; i < n; i++)
		(void)s->f->C_CloseSession(closing[i]);
	pkcs11_module_leave(t->module);
}

cc_status pkcs11_session_slot(struct pkcs11_session *s, struct cc_error *err)
{
	return connect_token(s, false, err);
}
