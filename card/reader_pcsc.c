/* SPDX-License-Identifier: Apache-2.0 */
#include "card/reader.h"

#include "crypto/base/secret.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <winscard.h>

#define APDU_MAX 65544
#define ANSWER_ROOM (READER_ANSWER_MAX + 2)
#define NAMES_MAX 4096
#define WAIT_PARTS 20 /* of a deadline */
#define PNP_NOTIFICATION "\\\\?PnP?\\Notification"
/* vsmartcard-vpcd and most CCID readers frame with 16 bits; T=0 knows no extended length. */
#define COMMAND_MAX_T1 65535
#define COMMAND_MAX_T0 261

/*
 * One thread and one PC/SC context for each reader. While a job runs, the link
 * belongs to its thread. A caller whose deadline passed marks the link
 * abandoned and forgets it; the thread frees it when the driver lets go.
 * Semaphores: a hand-over and back costs two wake-ups and no lock.
 */
struct link;
typedef LONG (*link_job)(struct link *l);

enum link_state { LINK_RUNNING, LINK_DONE, LINK_ABANDONED };

struct link {
	pthread_t thread;
	sem_t work, done;
	atomic_int state;
	link_job job; /* NULL: end */
	LONG result;

	char name[128];
	SCARDCONTEXT context;
	bool has_context;
	SCARDHANDLE card;
	bool connected;
	DWORD protocol;
	uint8_t atr[READER_ATR_MAX];
	size_t atr_len;
	uint8_t command[APDU_MAX];
	size_t command_len;
	uint8_t answer[ANSWER_ROOM];
	size_t answer_len;
	/* job_list and job_wait */
	struct reader_info infos[READER_PCSC_MAX];
	size_t count;
	unsigned timeout_ms;
};

/* ---- jobs: run in the link's thread */
static LONG need_context(struct link *l)
{
	LONG rv;

	if (l->has_context)
		return SCARD_S_SUCCESS;
	rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &l->context);
	l->has_context = rv == SCARD_S_SUCCESS;
	return rv;
}

static LONG job_disconnect(struct link *l)
{
	LONG rv = SCARD_S_SUCCESS;

	if (l->connected)
		rv = SCardDisconnect(l->card, SCARD_UNPOWER_CARD);
	l->connected = false;
	l->atr_len = 0;
	return rv;
}

static void release_context(struct link *l)
{
	(void)job_disconnect(l);
	if (l->has_context)
		(void)SCardReleaseContext(l->context);
	l->has_context = false;
}

/* After pcscd died, a context is worth nothing: the next job gets a new one. */
static LONG drop_dead_context(struct link *l, LONG rv)
{
	if (rv == SCARD_E_NO_SERVICE || rv == SCARD_E_SERVICE_STOPPED || rv == SCARD_F_COMM_ERROR || rv == SCARD_E_INVALID_HANDLE)
		release_context(l);
	return rv;
}

static LONG read_atr(struct link *l)
{
	char name[sizeof l->name];
	DWORD name_len = sizeof name, state, protocol, atr_len = sizeof l->atr;
	LONG rv = SCardStatus(l->card, name, &name_len, &state, &protocol, l->atr, &atr_len);

	l->atr_len = rv == SCARD_S_SUCCESS && atr_len <= sizeof l->atr ? atr_len : 0;
	return rv;
}

static LONG job_connect(struct link *l)
{
	LONG rv = need_context(l);

	if (rv != SCARD_S_SUCCESS)
		return rv;
	(void)job_disconnect(l);
	/* Exclusive: another program's commands between ours would end up in the same card session. */
	rv = SCardConnect(l->context, l->name, SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &l->card,
			  &l->protocol);
	l->connected = rv == SCARD_S_SUCCESS;
	if (l->connected)
		rv = read_atr(l);
	return drop_dead_context(l, rv);
}

static LONG job_reset(struct link *l)
{
	LONG rv;

	if (!l->connected)
		return SCARD_E_NO_SMARTCARD;
	rv = SCardReconnect(l->card, SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, SCARD_RESET_CARD,
			    &l->protocol);
	if (rv == SCARD_S_SUCCESS)
		rv = read_atr(l);
	return drop_dead_context(l, rv);
}

static LONG job_transmit(struct link *l)
{
	const SCARD_IO_REQUEST *pci = l->protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1;
	DWORD len = sizeof l->answer;
	LONG rv;

	if (!l->connected)
		return SCARD_E_NO_SMARTCARD;
	rv = SCardTransmit(l->card, pci, l->command, l->command_len, NULL, l->answer, &len);
	l->answer_len = rv == SCARD_S_SUCCESS && len <= sizeof l->answer ? len : 0;
	return drop_dead_context(l, rv);
}

static void info_from_state(const SCARD_READERSTATE *s, struct reader_info *ret)
{
	*ret = (struct reader_info){ 0 };
	(void)snprintf(ret->name, sizeof ret->name, "%s", s->szReader);
	ret->card_present = (s->dwEventState & SCARD_STATE_PRESENT) != 0;
	/* In use by another program at all: our exclusive connect would be refused. */
	ret->in_use = (s->dwEventState & (SCARD_STATE_EXCLUSIVE | SCARD_STATE_INUSE)) != 0;
	if (ret->card_present && s->cbAtr <= sizeof ret->atr) {
		memcpy(ret->atr, s->rgbAtr, s->cbAtr);
		ret->atr_len = s->cbAtr;
	}
}

static LONG read_states(struct link *l, const char *names, DWORD names_len)
{
	SCARD_READERSTATE states[READER_PCSC_MAX];
	struct cursor in;
	struct bytes name;
	size_t n = 0;
	LONG rv;

	memset(states, 0, sizeof states);
	cursor_init(&in, bytes_of(names, names_len));
	/* A list of NUL-terminated names, ended by an empty one. */
	while (n < READER_PCSC_MAX && cursor_until(&in, 0, &name) && name.n > 0)
		states[n++].szReader = (const char *)name.p;
	rv = n > 0 ? SCardGetStatusChange(l->context, 0, states, (DWORD)n) : SCARD_S_SUCCESS;
	if (rv == SCARD_E_TIMEOUT)
		rv = SCARD_S_SUCCESS;
	for (size_t i = 0; i < n && rv == SCARD_S_SUCCESS; i++)
		info_from_state(&states[i], &l->infos[i]);
	l->count = rv == SCARD_S_SUCCESS ? n : 0;
	return rv;
}

static LONG job_list(struct link *l)
{
	char names[NAMES_MAX] = "";
	DWORD len = sizeof names - 1;
	LONG rv = need_context(l);

	l->count = 0;
	if (rv != SCARD_S_SUCCESS)
		return rv;
	rv = SCardListReaders(l->context, NULL, names, &len);
	if (rv == SCARD_E_NO_READERS_AVAILABLE)
		return SCARD_S_SUCCESS;
	if (rv == SCARD_S_SUCCESS && len < sizeof names)
		rv = read_states(l, names, len);
	return drop_dead_context(l, rv);
}

static LONG job_wait(struct link *l)
{
	SCARD_READERSTATE states[READER_PCSC_MAX + 1];
	LONG rv = need_context(l);

	if (rv != SCARD_S_SUCCESS)
		return rv;
	memset(states, 0, sizeof states);
	for (size_t i = 0; i < l->count; i++) {
		states[i].szReader = l->infos[i].name;
		states[i].dwCurrentState = l->infos[i].card_present ? SCARD_STATE_PRESENT : SCARD_STATE_EMPTY;
		if (l->infos[i].in_use)
			states[i].dwCurrentState |= SCARD_STATE_INUSE;
	}
	states[l->count].szReader = PNP_NOTIFICATION;
	rv = SCardGetStatusChange(l->context, l->timeout_ms, states, (DWORD)(l->count + 1));
	return drop_dead_context(l, rv);
}

/* ---- the thread */
static void link_free(struct link *l)
{
	release_context(l);
	(void)sem_destroy(&l->work);
	(void)sem_destroy(&l->done);
	cc_free(l, sizeof *l);
}

static void *link_main(void *arg)
{
	struct link *l = arg;

	for (;;) {
		while (sem_wait(&l->work) != 0)
			;
		if (l->job == NULL)
			break;
		l->result = l->job(l);
		if (atomic_exchange(&l->state, LINK_DONE) == LINK_ABANDONED)
			break;
		(void)sem_post(&l->done);
	}
	link_free(l);
	return NULL;
}

/* Signals stay with the program's own threads. */
static int start_thread(struct link *l)
{
	sigset_t all, before;
	int rc;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&l->thread, NULL, link_main, l);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static cc_status link_new(const char *name, struct link **ret, struct cc_error *err)
{
	struct link *l = cc_alloc(sizeof *l);

	if (l == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "reader");
	(void)snprintf(l->name, sizeof l->name, "%s", name);
	(void)sem_init(&l->work, 0, 0);
	(void)sem_init(&l->done, 0, 0);
	if (start_thread(l) != 0) {
		link_free(l);
		return cc_fail(err, CC_E_MEMORY, "memory", "thread of a reader");
	}
	*ret = l;
	return cc_ok();
}

static struct timespec after_ms(unsigned ms)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

/*
 * In parts: a machine that stood still (a virtual one, a stopped process) for longer than the whole deadline comes back with
 * the time gone and the card's answer not fetched yet. That takes one part of the deadline, and gives no card up as mute.
 */
static int link_wait(struct link *l, unsigned deadline_ms)
{
	const unsigned part_ms = deadline_ms / WAIT_PARTS + 1;
	unsigned left_ms = deadline_ms;
	int rc = -1;

	while (rc != 0 && left_ms > 0) {
		unsigned now_ms = left_ms < part_ms ? left_ms : part_ms;
		struct timespec until = after_ms(now_ms);

		do
			rc = sem_clockwait(&l->done, CLOCK_MONOTONIC, &until);
		while (rc != 0 && errno == EINTR);
		left_ms -= now_ms;
	}
	return rc;
}

/* False: the deadline passed, and the link is no longer the caller's. */
static bool link_run(struct link *l, link_job job, unsigned deadline_ms, LONG *ret)
{
	pthread_t thread = l->thread;
	int running = LINK_RUNNING, rc;

	l->job = job;
	atomic_store(&l->state, LINK_RUNNING);
	(void)sem_post(&l->work);
	rc = link_wait(l, deadline_ms);
	if (rc != 0 && atomic_compare_exchange_strong(&l->state, &running, LINK_ABANDONED)) {
		(void)pthread_detach(thread);
		return false;
	}
	/* The job ended in the last moment: its signal is on the way. */
	while (rc != 0)
		rc = sem_wait(&l->done);
	CC_ASSERT(atomic_load(&l->state) == LINK_DONE);
	*ret = l->result;
	return true;
}

/* The link is idle. */
static void link_close(struct link *l)
{
	pthread_t thread = l->thread;

	l->job = NULL;
	(void)sem_post(&l->work);
	(void)pthread_join(thread, NULL);
}

/* ---- what pcscd says, in our keys (pcsc-lite 1.9 pcsclite.h; what each means in practice was measured on vpcd) */
struct fault {
	LONG rv;
	enum cc_code code;
	const char *key;
};

static const struct fault faults[] = {
	{ SCARD_W_REMOVED_CARD, CC_E_DEVICE, "card.removed" },
	/* What a transmit answers after a card left in mid-command. */
	{ SCARD_E_NOT_TRANSACTED, CC_E_DEVICE, "card.removed" },
	{ SCARD_E_NO_SMARTCARD, CC_E_DEVICE, "card.absent" },
	{ SCARD_W_RESET_CARD, CC_E_DEVICE, "card.reset" },
	{ SCARD_W_UNRESPONSIVE_CARD, CC_E_DEVICE, "card.mute" },
	{ SCARD_W_UNPOWERED_CARD, CC_E_DEVICE, "card.mute" },
	{ SCARD_W_UNSUPPORTED_CARD, CC_E_DEVICE, "card.mute" },
	{ SCARD_E_PROTO_MISMATCH, CC_E_DEVICE, "card.mute" },
	{ SCARD_E_TIMEOUT, CC_E_DEVICE, "card.mute" },
	{ SCARD_E_READER_UNAVAILABLE, CC_E_DEVICE, "reader.gone" },
	{ SCARD_E_UNKNOWN_READER, CC_E_DEVICE, "reader.gone" },
	{ SCARD_E_NO_READERS_AVAILABLE, CC_E_DEVICE, "reader.gone" },
	{ SCARD_E_SHARING_VIOLATION, CC_E_DEVICE, "reader.busy" },
	{ SCARD_E_NO_SERVICE, CC_E_NO_SERVICE, "pcscd.absent" },
	{ SCARD_E_SERVICE_STOPPED, CC_E_NO_SERVICE, "pcscd.absent" },
	{ SCARD_F_COMM_ERROR, CC_E_NO_SERVICE, "pcscd.absent" },
	{ SCARD_E_INVALID_HANDLE, CC_E_NO_SERVICE, "pcscd.absent" },
	{ SCARD_E_NO_MEMORY, CC_E_MEMORY, "memory" },
};

static cc_status check(LONG rv, struct cc_error *err, const char *call)
{
	if (rv == SCARD_S_SUCCESS)
		return cc_ok();
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
		if (faults[i].rv == rv)
			return cc_fail(err, faults[i].code, faults[i].key, "%s: %08lX", call, (unsigned long)rv & 0xFFFFFFFFul);
	return cc_fail(err, CC_E_DEVICE, "pcscd.failed", "%s: %08lX", call, (unsigned long)rv & 0xFFFFFFFFul);
}

/* ---- the reader */
struct reader_pcsc {
	struct reader base;
	struct link *link; /* NULL: none yet, or left behind in a hung driver */
	unsigned deadline_ms;
};

static const struct reader_ops pcsc_ops;

static struct reader_pcsc *pcsc_of(struct reader *r)
{
	CC_ASSERT(r->ops == &pcsc_ops);
	return (struct reader_pcsc *)r;
}

static cc_status run(struct reader_pcsc *p, link_job job, const char *call)
{
	LONG rv;

	if (p->link == NULL)
		return cc_fail(&p->base.err, CC_E_DEVICE, "card.absent", "%s: not connected", call);
	if (!link_run(p->link, job, p->deadline_ms, &rv)) {
		p->link = NULL;
		return cc_fail(&p->base.err, CC_E_DEVICE, "card.mute", "%s: no answer in %u ms", call, p->deadline_ms);
	}
	return check(rv, &p->base.err, call);
}

static void take_atr(struct reader_pcsc *p)
{
	memcpy(p->base.atr, p->link->atr, sizeof p->base.atr);
	p->base.atr_len = p->link->atr_len;
	p->base.command_max = p->link->protocol == SCARD_PROTOCOL_T0 ? COMMAND_MAX_T0 : COMMAND_MAX_T1;
}

static cc_status pcsc_connect(struct reader *r)
{
	struct reader_pcsc *p = pcsc_of(r);
	cc_status st = cc_ok();

	if (p->link == NULL)
		st = link_new(r->name, &p->link, &r->err);
	if (!cc_failed(st))
		st = run(p, job_connect, "connect");
	if (!cc_failed(st))
		take_atr(p);
	return st;
}

static cc_status pcsc_reset(struct reader *r)
{
	struct reader_pcsc *p = pcsc_of(r);
	cc_status st = run(p, job_reset, "reset");

	if (!cc_failed(st))
		take_atr(p);
	return st;
}

/* ISO/IEC 7816-3:2006 12.2.4: over T=0, a case 4 command goes without its Le; the card then says 61xx. */
static struct bytes without_le(struct bytes command)
{
	struct cursor in;
	struct bytes head, data;
	uint8_t lc;

	cursor_init(&in, command);
	if (!cursor_take(&in, 4, &head) || !cursor_u8(&in, &lc) || lc == 0 || !cursor_take(&in, lc, &data) ||
	    cursor_left(&in) != 1)
		return command;
	return bytes_of(command.p, command.n - 1);
}

/*
 * A card that was exchanged within pcscd's polling interval (400 ms) answers
 * here without any error: callers rely on an authenticated session, and read
 * the card's identity again after every error (reader.h).
 */
static cc_status pcsc_transmit(struct reader *r, struct bytes command, struct buf *ret)
{
	struct reader_pcsc *p = pcsc_of(r);
	cc_status st;

	if (p->link == NULL)
		return cc_fail(&r->err, CC_E_DEVICE, "card.absent", "transmit: not connected");
	if (command.n > sizeof p->link->command)
		return cc_fail(&r->err, CC_E_LIMIT, "card.command-too-long", "%zu bytes", command.n);
	if (p->link->protocol == SCARD_PROTOCOL_T0)
		command = without_le(command);
	memcpy(p->link->command, command.p, command.n);
	p->link->command_len = command.n;
	st = run(p, job_transmit, "transmit");
	if (cc_failed(st))
		return st;
	st = buf_copy(ret, bytes_of(p->link->answer, p->link->answer_len));
	cc_wipe(p->link->command, p->link->command_len);
	cc_wipe(p->link->answer, p->link->answer_len);
	return cc_failed(st) ? cc_fail(&r->err, st.code, "memory", "answer") : st;
}

static void pcsc_disconnect(struct reader *r)
{
	struct reader_pcsc *p = pcsc_of(r);
	LONG rv;

	if (p->link != NULL && !link_run(p->link, job_disconnect, p->deadline_ms, &rv))
		p->link = NULL;
	r->atr_len = 0;
}

static void pcsc_free(struct reader *r)
{
	struct reader_pcsc *p = pcsc_of(r);

	if (p->link != NULL)
		link_close(p->link);
	cc_free(p, sizeof *p);
}

static const struct reader_ops pcsc_ops = {
	.kind = "pcsc",
	.connect = pcsc_connect,
	.reset = pcsc_reset,
	.transmit = pcsc_transmit,
	.disconnect = pcsc_disconnect,
	.free = pcsc_free,
};

void reader_pcsc_set_deadline(struct reader *r, unsigned ms)
{
	CC_ASSERT(ms > 0);
	pcsc_of(r)->deadline_ms = ms;
}

/* ---- listing and waiting: a link of their own, for the length of the call */
cc_status reader_pcsc_list(struct reader_info *ret, size_t cap, size_t *ret_count, struct cc_error *err)
{
	struct link *l = NULL;
	LONG rv;
	cc_status st = link_new("", &l, err);

	if (cc_failed(st))
		return st;
	if (!link_run(l, job_list, READER_PCSC_DEADLINE_MS, &rv))
		return cc_fail(err, CC_E_NO_SERVICE, "pcscd.absent", "list: no answer in %d ms", READER_PCSC_DEADLINE_MS);
	st = check(rv, err, "list");
	if (!cc_failed(st)) {
		for (size_t i = 0; i < l->count && i < cap; i++)
			ret[i] = l->infos[i];
		*ret_count = l->count;
	}
	link_close(l);
	return st;
}

cc_status reader_pcsc_wait(const struct reader_info *known, size_t count, unsigned timeout_ms, bool *ret_changed,
			   struct cc_error *err)
{
	struct link *l = NULL;
	LONG rv;
	cc_status st = link_new("", &l, err);

	if (cc_failed(st))
		return st;
	l->count = count < READER_PCSC_MAX ? count : READER_PCSC_MAX;
	memcpy(l->infos, known, l->count * sizeof *known);
	l->timeout_ms = timeout_ms;
	if (!link_run(l, job_wait, timeout_ms + READER_PCSC_DEADLINE_MS, &rv))
		return cc_fail(err, CC_E_NO_SERVICE, "pcscd.absent", "wait: no answer");
	/* A reader that was unplugged meanwhile is a change, not a fault. */
	if (rv == SCARD_E_UNKNOWN_READER || rv == SCARD_E_READER_UNAVAILABLE)
		rv = SCARD_S_SUCCESS;
	st = rv == SCARD_E_TIMEOUT ? cc_ok() : check(rv, err, "wait");
	if (!cc_failed(st))
		*ret_changed = rv != SCARD_E_TIMEOUT;
	link_close(l);
	return st;
}

/* The named reader, or the only one with a card. */
static cc_status choose(const struct reader_info *infos, size_t count, const char *name, size_t *ret, struct cc_error *err)
{
	size_t with_card = 0;

	if (count == 0)
		return cc_fail(err, CC_E_DEVICE, "reader.none", "pcscd knows no reader");
	for (size_t i = 0; i < count; i++) {
		if (name != NULL ? strcmp(infos[i].name, name) == 0 : infos[i].card_present) {
			*ret = i;
			with_card++;
		}
	}
	if (name != NULL && with_card == 0)
		return cc_fail(err, CC_E_DEVICE, "reader.gone", "no reader of this name among %zu", count);
	if (with_card == 0)
		return cc_fail(err, CC_E_DEVICE, "card.absent", "no card in %zu readers", count);
	if (name == NULL && with_card > 1)
		return cc_fail(err, CC_E_ARG, "reader.ambiguous", "%zu readers hold a card", with_card);
	return cc_ok();
}

cc_status reader_pcsc_open(const char *name, struct reader **ret, struct cc_error *err)
{
	struct reader_info infos[READER_PCSC_MAX];
	size_t count = 0, which = 0;
	struct reader_pcsc *p;
	cc_status st = reader_pcsc_list(infos, READER_PCSC_MAX, &count, err);

	if (cc_failed(st) || cc_failed(st = choose(infos, count, name, &which, err)))
		return st;
	p = cc_alloc(sizeof *p);
	if (p == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "reader");
	p->base.ops = &pcsc_ops;
	memcpy(p->base.name, infos[which].name, sizeof p->base.name);
	p->deadline_ms = READER_PCSC_DEADLINE_MS;
	*ret = &p->base;
	return st;
}
