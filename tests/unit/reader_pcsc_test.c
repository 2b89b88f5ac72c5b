/* SPDX-License-Identifier: Apache-2.0 */
#include "card/reader.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include <winscard.h>

/*
 * pcscd of the test's own: these definitions take the place of the library's at link time. Each call gives the planned return
 * code; a transmit may hang until it is let go.
 */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	LONG establish, list, change, connect, status, reconnect, transmit;
	const char *names; /* double-NUL list */
	DWORD names_len;
	DWORD event[4];
	DWORD protocol;
	const char *answer;
	DWORD answer_len;
	bool hang; /* the next transmit blocks while this holds */
	uint8_t sent[300];
	DWORD sent_len;
	unsigned contexts, released, connects, disconnects, transmits;
	DWORD share_mode, disposition;
} fake;

LONG SCardEstablishContext(DWORD scope, LPCVOID r1, LPCVOID r2, LPSCARDCONTEXT ctx)
{
	(void)scope;
	(void)r1;
	(void)r2;
	if (fake.establish == SCARD_S_SUCCESS)
		*ctx = (SCARDCONTEXT)++fake.contexts;
	return fake.establish;
}

LONG SCardReleaseContext(SCARDCONTEXT ctx)
{
	(void)ctx;
	(void)pthread_mutex_lock(&fake.lock);
	fake.released++;
	(void)pthread_cond_broadcast(&fake.moved);
	(void)pthread_mutex_unlock(&fake.lock);
	return SCARD_S_SUCCESS;
}

LONG SCardListReaders(SCARDCONTEXT ctx, LPCSTR groups, LPSTR out, LPDWORD len)
{
	(void)ctx;
	(void)groups;
	if (fake.list == SCARD_S_SUCCESS) {
		memcpy(out, fake.names, fake.names_len);
		*len = fake.names_len;
	}
	return fake.list;
}

LONG SCardGetStatusChange(SCARDCONTEXT ctx, DWORD timeout, SCARD_READERSTATE *states, DWORD count)
{
	(void)ctx;
	(void)timeout;
	for (DWORD i = 0; i < count && i < 4; i++) {
		states[i].dwEventState = fake.event[i];
		states[i].cbAtr = 2;
		memcpy(states[i].rgbAtr, "\x3B\x00", 2);
	}
	return fake.change;
}

LONG SCardConnect(SCARDCONTEXT ctx, LPCSTR name, DWORD share, DWORD protocols, LPSCARDHANDLE card, LPDWORD protocol)
{
	(void)ctx;
	(void)name;
	(void)protocols;
	fake.share_mode = share;
	fake.connects++;
	*card = 7;
	*protocol = fake.protocol;
	return fake.connect;
}

LONG SCardReconnect(SCARDHANDLE card, DWORD share, DWORD protocols, DWORD init, LPDWORD protocol)
{
	(void)card;
	(void)protocols;
	fake.share_mode = share;
	fake.disposition = init;
	*protocol = fake.protocol;
	return fake.reconnect;
}

LONG SCardDisconnect(SCARDHANDLE card, DWORD disposition)
{
	(void)card;
	fake.disposition = disposition;
	fake.disconnects++;
	return SCARD_S_SUCCESS;
}

LONG SCardStatus(SCARDHANDLE card, LPSTR name, LPDWORD name_len, LPDWORD state, LPDWORD protocol, LPBYTE atr, LPDWORD atr_len)
{
	(void)card;
	(void)name;
	(void)name_len;
	(void)state;
	(void)protocol;
	memcpy(atr, "\x3B\x81\x01\x55", 4);
	*atr_len = 4;
	return fake.status;
}

const SCARD_IO_REQUEST g_rgSCardT0Pci = { SCARD_PROTOCOL_T0, sizeof(SCARD_IO_REQUEST) };
const SCARD_IO_REQUEST g_rgSCardT1Pci = { SCARD_PROTOCOL_T1, sizeof(SCARD_IO_REQUEST) };

LONG SCardTransmit(SCARDHANDLE card, const SCARD_IO_REQUEST *send, LPCBYTE in, DWORD in_len, SCARD_IO_REQUEST *recv, LPBYTE out,
		   LPDWORD out_len)
{
	(void)card;
	(void)recv;
	assert_int_equal(send->dwProtocol, fake.protocol);
	(void)pthread_mutex_lock(&fake.lock);
	fake.transmits++;
	while (fake.hang)
		(void)pthread_cond_wait(&fake.moved, &fake.lock);
	(void)pthread_mutex_unlock(&fake.lock);
	fake.sent_len = in_len;
	memcpy(fake.sent, in, in_len < sizeof fake.sent ? in_len : sizeof fake.sent);
	memcpy(out, fake.answer, fake.answer_len);
	*out_len = fake.answer_len;
	return fake.transmit;
}

static const char two_names[] = "First reader 00 00\0Second reader 00 00\0";

static int plain_world(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof fake);
	(void)pthread_mutex_init(&fake.lock, NULL);
	(void)pthread_cond_init(&fake.moved, NULL);
	fake.names = two_names;
	fake.names_len = sizeof two_names;
	fake.event[0] = SCARD_STATE_PRESENT;
	fake.event[1] = SCARD_STATE_EMPTY;
	fake.protocol = SCARD_PROTOCOL_T1;
	fake.answer = "\x01\x90\x00";
	fake.answer_len = 3;
	return 0;
}

static struct reader *open_first(void)
{
	struct reader *r = NULL;
	struct cc_error err = { 0 };

	assert_false(cc_failed(reader_pcsc_open(NULL, &r, &err)));
	assert_false(cc_failed(reader_connect(r)));
	return r;
}

static void list_tells_names_cards_and_use(void **state)
{
	struct reader_info infos[4];
	struct cc_error err = { 0 };
	size_t count = 0;

	(void)state;
	fake.event[1] = SCARD_STATE_EMPTY | SCARD_STATE_EXCLUSIVE;
	assert_false(cc_failed(reader_pcsc_list(infos, 4, &count, &err)));
	assert_int_equal(count, 2);
	assert_string_equal(infos[0].name, "First reader 00 00");
	assert_true(infos[0].card_present && !infos[0].in_use);
	assert_int_equal(infos[0].atr_len, 2);
	assert_string_equal(infos[1].name, "Second reader 00 00");
	assert_true(!infos[1].card_present && infos[1].in_use);
	assert_int_equal(infos[1].atr_len, 0);
	assert_int_equal(fake.released, fake.contexts);
	/* More than the caller has room for: all are counted, the room is kept. */
	memset(&infos[1], 0x55, sizeof infos[1]);
	assert_false(cc_failed(reader_pcsc_list(infos, 1, &count, &err)));
	assert_int_equal(count, 2);
	assert_int_equal(infos[1].name[0], 0x55);
	fake.list = SCARD_E_NO_READERS_AVAILABLE;
	assert_false(cc_failed(reader_pcsc_list(infos, 4, &count, &err)));
	assert_int_equal(count, 0);
}

static void missing_pcscd_is_no_service(void **state)
{
	struct reader *r = NULL;
	struct cc_error err = { 0 };

	(void)state;
	fake.establish = SCARD_E_NO_SERVICE;
	assert_int_equal(reader_pcsc_open(NULL, &r, &err).code, CC_E_NO_SERVICE);
	assert_string_equal(err.key, "pcscd.absent");
	assert_null(r);
}

static void open_failure(const char *name, enum cc_code code, const char *key)
{
	struct reader *r = NULL;
	struct cc_error err = { 0 };

	assert_int_equal(reader_pcsc_open(name, &r, &err).code, code);
	assert_string_equal(err.key, key);
	assert_null(r);
}

static void open_takes_the_only_card_or_the_named_reader(void **state)
{
	struct reader *r = NULL;
	struct cc_error err = { 0 };

	(void)state;
	assert_false(cc_failed(reader_pcsc_open("Second reader 00 00", &r, &err)));
	assert_string_equal(r->name, "Second reader 00 00");
	reader_free(&r);
	open_failure("Second reader", CC_E_DEVICE, "reader.gone");
	fake.event[0] = SCARD_STATE_EMPTY;
	open_failure(NULL, CC_E_DEVICE, "card.absent");
	fake.event[0] = fake.event[1] = SCARD_STATE_PRESENT;
	open_failure(NULL, CC_E_ARG, "reader.ambiguous");
	fake.list = SCARD_E_NO_READERS_AVAILABLE;
	open_failure(NULL, CC_E_DEVICE, "reader.none");
}

static void session_is_exclusive_and_ends_powered_down(void **state)
{
	struct reader *r = open_first();
	struct buf answer = { 0 };

	(void)state;
	assert_int_equal(fake.share_mode, SCARD_SHARE_EXCLUSIVE);
	assert_int_equal(r->atr_len, 4);
	assert_int_equal(r->command_max, 65535);
	assert_false(cc_failed(reader_transmit(r, bytes_of("\x00\xA4\x00\x0C", 4), &answer)));
	assert_int_equal(answer.n, 3);
	assert_memory_equal(answer.p, "\x01\x90\x00", 3);
	assert_false(cc_failed(reader_reset(r)));
	assert_int_equal(fake.disposition, SCARD_RESET_CARD);
	reader_disconnect(r);
	assert_int_equal(fake.disposition, SCARD_UNPOWER_CARD);
	assert_true(cc_failed(reader_transmit(r, bytes_of("\x00\xA4\x00\x0C", 4), &answer)));
	assert_string_equal(r->err.key, "card.absent");
	buf_done(&answer);
	reader_free(&r);
	assert_int_equal(fake.released, fake.contexts);
	assert_int_equal(fake.disconnects, 1);
}

/* ISO/IEC 7816-3 12.2: T=0 takes no Le behind data, and no extended length. */
static void t0_sends_case_4_without_le(void **state)
{
	struct reader *r;
	struct buf answer = { 0 };

	(void)state;
	fake.protocol = SCARD_PROTOCOL_T0;
	r = open_first();
	assert_int_equal(r->command_max, 261);
	assert_false(cc_failed(reader_transmit(r, bytes_of("\x00\xA4\x04\x00\x02\xAA\xBB\x00", 8), &answer)));
	assert_int_equal(fake.sent_len, 7);
	assert_false(cc_failed(reader_transmit(r, bytes_of("\x00\xB0\x00\x00\x10", 5), &answer)));
	assert_int_equal(fake.sent_len, 5);
	assert_false(cc_failed(reader_transmit(r, bytes_of("\x00\xA4\x04\x0C\x02\xAA\xBB", 7), &answer)));
	assert_int_equal(fake.sent_len, 7);
	buf_done(&answer);
	reader_free(&r);
}

struct mapped {
	LONG rv;
	enum cc_code code;
	const char *key;
};

static const struct mapped mapped[] = {
	{ SCARD_W_REMOVED_CARD, CC_E_DEVICE, "card.removed" },	   { SCARD_E_NOT_TRANSACTED, CC_E_DEVICE, "card.removed" },
	{ SCARD_E_NO_SMARTCARD, CC_E_DEVICE, "card.absent" },	   { SCARD_W_RESET_CARD, CC_E_DEVICE, "card.reset" },
	{ SCARD_W_UNRESPONSIVE_CARD, CC_E_DEVICE, "card.mute" },   { SCARD_W_UNPOWERED_CARD, CC_E_DEVICE, "card.mute" },
	{ SCARD_E_UNKNOWN_READER, CC_E_DEVICE, "reader.gone" },	   { SCARD_E_READER_UNAVAILABLE, CC_E_DEVICE, "reader.gone" },
	{ SCARD_E_SHARING_VIOLATION, CC_E_DEVICE, "reader.busy" }, { SCARD_E_NO_SERVICE, CC_E_NO_SERVICE, "pcscd.absent" },
	{ SCARD_F_COMM_ERROR, CC_E_NO_SERVICE, "pcscd.absent" },   { SCARD_E_INVALID_HANDLE, CC_E_NO_SERVICE, "pcscd.absent" },
	{ SCARD_F_INTERNAL_ERROR, CC_E_DEVICE, "pcscd.failed" },   { SCARD_E_INSUFFICIENT_BUFFER, CC_E_DEVICE, "pcscd.failed" },
};

/* Each call times each code: the right key, no crash, and the reader works again when the cause is gone. */
static void every_fault_at_every_call_has_its_key(void **state)
{
	LONG *const calls[] = { &fake.connect, &fake.status, &fake.reconnect, &fake.transmit };
	struct reader *r = open_first();
	struct buf answer = { 0 };

	(void)state;
	for (size_t c = 0; c < 4; c++) {
		for (size_t i = 0; i < sizeof mapped / sizeof mapped[0]; i++) {
			cc_status st;

			*calls[c] = mapped[i].rv;
			if (c < 2)
				st = reader_connect(r);
			else if (c == 2)
				st = reader_reset(r);
			else
				st = reader_transmit(r, bytes_of("\x00\xA4\x00\x0C", 4), &answer);
			assert_int_equal(st.code, mapped[i].code);
			assert_string_equal(r->err.key, mapped[i].key);
			assert_null(answer.p);
			*calls[c] = SCARD_S_SUCCESS;
			assert_false(cc_failed(reader_connect(r)));
		}
	}
	reader_free(&r);
	assert_int_equal(fake.released, fake.contexts);
}

/* What pcscd gives when a card leaves in mid-command: success, with nothing or one byte. */
static void short_answers_are_faults(void **state)
{
	struct reader *r = open_first();
	struct buf answer = { 0 };

	(void)state;
	for (DWORD n = 0; n < 2; n++) {
		fake.answer_len = n;
		assert_int_equal(reader_transmit(r, bytes_of("\x00\xA4\x00\x0C", 4), &answer).code, CC_E_DEVICE);
		assert_string_equal(r->err.key, "card.short-answer");
	}
	reader_free(&r);
}

static void hang(bool on)
{
	(void)pthread_mutex_lock(&fake.lock);
	fake.hang = on;
	(void)pthread_cond_broadcast(&fake.moved);
	(void)pthread_mutex_unlock(&fake.lock);
}

/*
 * A machine that stood still comes back after the time that a wait was given, with nobody having run in between: so do the
 * next waits here, without standing still, while the driver holds the answer until the last of them.
 */
static unsigned late;

int sem_clockwait(sem_t *restrict sem, clockid_t clock, const struct timespec *restrict until)
{
	static int (*real)(sem_t *, clockid_t, const struct timespec *);
	void *symbol;

	if (late > 0) {
		if (--late == 0)
			hang(false);
		errno = ETIMEDOUT;
		return -1;
	}
	if (real == NULL) {
		symbol = dlsym(RTLD_NEXT, "sem_clockwait");
		memcpy(&real, &symbol, sizeof real);
	}
	return real(sem, clock, until);
}

static void a_machine_that_stood_still_makes_no_card_mute(void **state)
{
	struct reader *r = open_first();
	struct buf answer = { 0 };

	(void)state;
	hang(true);
	late = 3;
	assert_false(cc_failed(reader_transmit(r, bytes_of("\x00\xA4\x00\x0C", 4), &answer)));
	assert_int_equal(late, 0);
	assert_int_equal(answer.n, 3);
	buf_done(&answer);
	reader_free(&r);
}

static void hung_driver_costs_its_deadline_only(void **state)
{
	struct reader *r = open_first();
	struct buf answer = { 0 };
	unsigned released;

	(void)state;
	reader_pcsc_set_deadline(r, 20);
	hang(true);
	assert_int_equal(reader_transmit(r, bytes_of("\x00\xA4\x00\x0C", 4), &answer).code, CC_E_DEVICE);
	assert_string_equal(r->err.key, "card.mute");
	assert_int_equal(reader_transmit(r, bytes_of("\x00\xA4\x00\x0C", 4), &answer).code, CC_E_DEVICE);
	assert_string_equal(r->err.key, "card.absent");
	/* A new connection has a thread and a context of its own, while the old one still hangs. */
	reader_pcsc_set_deadline(r, READER_PCSC_DEADLINE_MS);
	assert_false(cc_failed(reader_connect(r)));
	released = fake.released;
	hang(false);
	/* The driver lets go: the old thread cleans up behind itself. */
	(void)pthread_mutex_lock(&fake.lock);
	while (fake.released == released)
		(void)pthread_cond_wait(&fake.moved, &fake.lock);
	(void)pthread_mutex_unlock(&fake.lock);
	assert_false(cc_failed(reader_transmit(r, bytes_of("\x00\xA4\x00\x0C", 4), &answer)));
	assert_int_equal(answer.n, 3);
	buf_done(&answer);
	reader_free(&r);
	assert_int_equal(fake.released, fake.contexts);
}

static void new_context_after_pcscd_died(void **state)
{
	struct reader *r = open_first();
	struct buf answer = { 0 };
	unsigned contexts = fake.contexts;

	(void)state;
	fake.transmit = SCARD_F_COMM_ERROR;
	assert_int_equal(reader_transmit(r, bytes_of("\x00\xA4\x00\x0C", 4), &answer).code, CC_E_NO_SERVICE);
	fake.transmit = SCARD_S_SUCCESS;
	assert_false(cc_failed(reader_connect(r)));
	assert_int_equal(fake.contexts, contexts + 1);
	reader_free(&r);
}

static void wait_tells_change_from_timeout(void **state)
{
	struct reader_info known[2] = { { .name = "First reader 00 00", .card_present = true },
					{ .name = "Second reader 00 00" } };
	struct cc_error err = { 0 };
	bool changed = false;

	(void)state;
	assert_false(cc_failed(reader_pcsc_wait(known, 2, 5, &changed, &err)));
	assert_true(changed);
	fake.change = SCARD_E_TIMEOUT;
	assert_false(cc_failed(reader_pcsc_wait(known, 2, 5, &changed, &err)));
	assert_false(changed);
	fake.change = SCARD_E_UNKNOWN_READER;
	assert_false(cc_failed(reader_pcsc_wait(known, 2, 5, &changed, &err)));
	assert_true(changed);
	fake.change = SCARD_E_NO_SERVICE;
	assert_int_equal(reader_pcsc_wait(known, 2, 5, &changed, &err).code, CC_E_NO_SERVICE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(list_tells_names_cards_and_use, plain_world),
		cmocka_unit_test_setup(missing_pcscd_is_no_service, plain_world),
		cmocka_unit_test_setup(open_takes_the_only_card_or_the_named_reader, plain_world),
		cmocka_unit_test_setup(session_is_exclusive_and_ends_powered_down, plain_world),
		cmocka_unit_test_setup(t0_sends_case_4_without_le, plain_world),
		cmocka_unit_test_setup(every_fault_at_every_call_has_its_key, plain_world),
		cmocka_unit_test_setup(short_answers_are_faults, plain_world),
		cmocka_unit_test_setup(a_machine_that_stood_still_makes_no_card_mute, plain_world),
		cmocka_unit_test_setup(hung_driver_costs_its_deadline_only, plain_world),
		cmocka_unit_test_setup(new_context_after_pcscd_died, plain_world),
		cmocka_unit_test_setup(wait_tells_change_from_timeout, plain_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
