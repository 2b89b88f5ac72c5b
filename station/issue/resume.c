/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/worker.h"

#include "station/issue/steps.h"

#include <string.h>

/*
 * After a crash or a torn card: the journal says what was begun, the chip says
 * what was done. I4.
 */

static cc_status inconsistent(struct worker *w, const char *what)
{
	return cc_fail(&w->err, CC_E_VERIFY, "issue.inconsistent", "job is %s%s%s: %s", job_state_name(w->job.state),
		       w->job.begun ? ", begun " : "", w->job.begun ? job_event_name(w->job.begun_event) : "", what);
}

/* The begun step turned out to be done: its second record is written now. */
static cc_status record_done(struct worker *w, enum job_event event)
{
	const struct job_row *row = job_row_find(w->job.state, event);
	const struct ledger_result nothing = { 0 };

	CC_ASSERT(row != NULL);
	return ledger_done(w->issuer->books, &w->job, row, &nothing, &w->err);
}

static bool is_begun(const struct worker *w, enum job_event event)
{
	return w->job.begun && w->job.begun_event == event;
}

static cc_status greet(struct worker *w, bool *ret_live)
{
	cc_status st;

	if (cc_failed(st = worker_derive_keys(w)))
		return st;
	return worker_perso_failed(w, personalize_greet(&w->perso, &w->keys, ret_live));
}

static cc_status open_session(struct worker *w, struct personalize_state *ret)
{
	cc_status st = personalize_authenticate(&w->perso, &w->keys);

	if (!cc_failed(st))
		st = personalize_ask_state(&w->perso, ret);
	return worker_perso_failed(w, st);
}

static cc_status same_key(struct worker *w, const struct personalize_key_request *req, const struct digest *want,
			  struct buf *ret_point)
{
	struct digest got;
	cc_status st = personalize_get_key(&w->perso, req, ret_point);

	if (st.code == CC_E_NOT_FOUND)
		return inconsistent(w, "the chip has lost its key");
	if (cc_failed(st))
		return worker_perso_failed(w, st);
	if (cc_failed(st = hash_digest(HASH_SHA256, buf_view(ret_point), &got)))
		return st;
	if (!bytes_equal(bytes_of(got.p, got.n), bytes_of(want->p, want->n)))
		return inconsistent(w, "the chip's public key is another");
	return st;
}

static cc_status same_keys(struct worker *w)
{
	const struct prepare_settings *s = &w->issuer->settings;
	const struct personalize_key_request aa = prepare_key_request(s, PERSONALIZE_KEY_AA);
	const struct personalize_key_request ca = prepare_key_request(s, PERSONALIZE_KEY_CA);
	cc_status st = same_key(w, &aa, &w->job.aa_key, &w->aa_point);

	return cc_failed(st) ? st : same_key(w, &ca, &w->job.ca_key, &w->ca_point);
}

static cc_status inspect_then_reopen(struct worker *w);

/* bound, keyed, signed, written: the application is open for writing, unless the close was the last thing done. */
static cc_status resume_open(struct worker *w)
{
	struct personalize_state state;
	bool live = false;
	cc_status st;

	if (cc_failed(st = greet(w, &live)))
		return st;
	if (!live)
		return inconsistent(w, "the chip has other keys");
	if (cc_failed(st = open_session(w, &state)))
		return st;
	if (state.card_secured)
		return inconsistent(w, "the chip is secured");
	if (state.closed) {
		if (!is_begun(w, JOB_CLOSE))
			return inconsistent(w, "the application is closed");
		if (cc_failed(st = record_done(w, JOB_CLOSE)))
			return st;
		return inspect_then_reopen(w);
	}
	if (cc_failed(st = personalize_begin(&w->perso)))
		return worker_perso_failed(w, st);
	return w->job.state == JOB_BOUND ? st : same_keys(w);
}

/* closed, secured: which of the two last steps was done? */
static cc_status agree_sealed(struct worker *w, const struct personalize_state *state)
{
	if (!state->closed)
		return inconsistent(w, "the application is open");
	if (w->job.state == JOB_CLOSED && state->card_secured)
		return is_begun(w, JOB_SECURE) ? record_done(w, JOB_SECURE) : inconsistent(w, "the chip is secured");
	if (w->job.state == JOB_SECURED && !state->card_secured)
		return inconsistent(w, "the chip is not secured");
	return cc_ok();
}

static cc_status reopen(struct worker *w, struct personalize_state *ret, bool *ret_live)
{
	cc_status st;

	channel_set_layer(&w->ch, NULL);
	if (cc_failed(st = reader_reset(w->reader)))
		return cc_fail(&w->err, st.code, w->reader->err.key, "%s", w->reader->err.detail);
	if (cc_failed(st = worker_identify(w)))
		return st;
	if (strcmp(w->job.serial, w->report->serial) != 0)
		return cc_fail(&w->err, CC_E_STATE, "perso.swapped", "chip %s", w->report->serial);
	if (cc_failed(st = greet(w, ret_live)) || !*ret_live)
		return st;
	return open_session(w, ret);
}

/*
 * A closed chip no longer tells its public key in the session: it proves it by
 * Active Authentication, and every byte is compared, before what is still open
 * is sealed.
 */
static cc_status inspect_then_reopen(struct worker *w)
{
	struct personalize_state state;
	bool live = false;
	cc_status st;

	if (cc_failed(st = step_inspect(w)) || cc_failed(st = reopen(w, &state, &live)))
		return st;
	if (!live)
		return inconsistent(w, "the chip has other keys");
	return agree_sealed(w, &state);
}

static cc_status resume_sealed(struct worker *w)
{
	struct personalize_state state;
	bool live = false;
	cc_status st;

	if (cc_failed(st = greet(w, &live)))
		return st;
	if (!live) /* proof and inspection follow and tell whether this is the card */
		return is_begun(w, JOB_LOCK) ? record_done(w, JOB_LOCK) : inconsistent(w, "the chip has other keys");
	if (cc_failed(st = open_session(w, &state)) || cc_failed(st = agree_sealed(w, &state)))
		return st;
	return inspect_then_reopen(w);
}

static cc_status load_prepared(struct worker *w)
{
	struct buf packet = { 0 };
	struct digest hash, again;
	cc_status st = ledger_load_files(w->issuer->books, &w->job, &packet, &hash, &w->err);

	if (cc_failed(st))
		return st;
	st = prepared_decode(buf_view(&packet), &w->prepared);
	buf_done(&packet);
	if (cc_failed(st) || cc_failed(st = prepared_hash(&w->prepared, &w->prepared.files, &again)) ||
	    !bytes_equal(bytes_of(hash.p, hash.n), bytes_of(again.p, again.n)))
		return cc_fail(&w->err, CC_E_VERIFY, "issue.damaged", "files of job %s", w->job.id);
	w->report->files_hash = hash;
	return st;
}

cc_status worker_resume(struct worker *w)
{
	cc_status st = load_prepared(w);

	if (cc_failed(st))
		return st;
	switch (w->job.state) {
	case JOB_BOUND:
	case JOB_KEYED:
	case JOB_SIGNED:
	case JOB_WRITTEN:
		return resume_open(w);
	case JOB_CLOSED:
	case JOB_SECURED:
		return resume_sealed(w);
	case JOB_LOCKED:
	case JOB_PROVED:
		return worker_derive_keys(w);
	case JOB_NEW:
	case JOB_ISSUED:
	case JOB_SPOILED:
	case JOB_STATE_COUNT:
		break;
	}
	return inconsistent(w, "not a live job");
}
