/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_ISSUE_JOB_H
#define CC_STATION_ISSUE_JOB_H

#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The life of one card, as data. A job is born when a blank is bound to an
 * applicant, and ends as issued or spoiled:
 *
 *	new -bind-> bound -make-keys-> keyed -sign-> signed -write-> written
 *	    -close-> closed -secure-> secured -lock-> locked -prove-> proved -issue-> issued
 *	any state before issued -spoil-> spoiled
 *
 * No row, no step. Around an irreversible row stand two durable journal
 * records, "begin" and "done"; a crash leaves at most one begin without a done,
 * and a restart asks the chip which of the two is true (worker.h).
 */
enum job_state {
	JOB_NEW,
	JOB_BOUND,   /* blank and applicant belong together; prepared files are stored */
	JOB_KEYED,   /* the chip made its keys; their hashes are booked */
	JOB_SIGNED,  /* all files are final, EF.SOD is signed over them */
	JOB_WRITTEN, /* written and read back equal */
	JOB_CLOSED,  /* the application is PERSONALIZED */
	JOB_SECURED, /* the card is SECURED */
	JOB_LOCKED,  /* the personalization keys are gone */
	JOB_PROVED,  /* the old keys were tried and refused */
	JOB_ISSUED,  /* inspected like in the field, booked: final */
	JOB_SPOILED, /* final */
	JOB_STATE_COUNT
};

enum job_event {
	JOB_BIND,
	JOB_MAKE_KEYS,
	JOB_SIGN,
	JOB_WRITE,
	JOB_CLOSE,
	JOB_SECURE,
	JOB_LOCK,
	JOB_PROVE,
	JOB_ISSUE,
	JOB_SPOIL,
	JOB_EVENT_COUNT
};

struct worker;

struct job_row {
	enum job_state from;
	enum job_event event;
	enum job_state to;
	bool irreversible;
	cc_status (*enter)(struct worker *w); /* does the step; NULL: booking alone */
};

/* NULL: not allowed. */
const struct job_row *job_row_find(enum job_state from, enum job_event event);
/* The way ahead of a state (not spoil); NULL when it is final. */
const struct job_row *job_row_next(enum job_state from);
bool job_state_is_final(enum job_state s);

/* Stable names for journal and JSON: "bound", "make-keys". */
const char *job_state_name(enum job_state s);
const char *job_event_name(enum job_event e);
CC_MUST bool job_state_parse(struct bytes name, enum job_state *ret);
CC_MUST bool job_event_parse(struct bytes name, enum job_event *ret);

#define JOB_ID_SIZE 33	   /* 32 hex digits */
#define JOB_SERIAL_SIZE 17 /* 16 hex digits: CPLC serial */
#define JOB_PROFILE_SIZE 32

struct job {
	char id[JOB_ID_SIZE];
	uint8_t number_mac[HASH_LEN_MAX]; /* 32 bytes: keyed hash of the personal number */
	char serial[JOB_SERIAL_SIZE];
	char profile[JOB_PROFILE_SIZE];
	enum job_state state;
	bool begun; /* the last record of the journal is the begin of begun_event */
	enum job_event begun_event;
	struct digest aa_key, ca_key; /* SHA-256 of the public points; n == 0 before the chip made them */
};

#endif
