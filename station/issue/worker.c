/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/gate.h"
#include "station/issue/worker.h"
#include "station/registry/fingers.h"
#include "station/registry/forms_hold.h"
#include "station/registry/registry_stamp.h"
#include "station/registry/same_person.h"

#include "card/fs.h"
#include "card/sw.h"

#include <stdio.h>
#include <string.h>

void worker_report_done(struct worker_report *r)
{
	inspection_done(&r->inspection);
	cc_wipe(r, sizeof *r);
}

void worker_phase(struct worker *w, enum figures_phase phase)
{
	struct figures *f = &w->report->figures;
	int64_t now = sys_mono_ms(w->issuer->sys);

	f->ms[f->now] += now - w->phase_start;
	w->phase_start = now;
	f->now = phase;
}

cc_status worker_perso_failed(struct worker *w, cc_status st)
{
	if (cc_failed(st) && w->perso.err.code != CC_OK)
		return cc_fail(&w->err, st.code, w->perso.err.key, "%s", w->perso.err.detail);
	if (cc_failed(st))
		return cc_fail(&w->err, st.code, "perso.state", "%s", cc_code_name(st.code));
	return st;
}

static cc_status keystore_failed(struct worker *w, cc_status st)
{
	struct keystore *ks = w->issuer->keystore;

	if (cc_failed(st))
		return cc_fail(&w->err, st.code, ks->err.key ? ks->err.key : "keystore.failed", "%s", ks->err.detail);
	return st;
}

cc_status worker_derive_keys(struct worker *w)
{
	struct bytes div = bytes_of(w->perso.diversification, sizeof w->perso.diversification);
	struct secret *keys[] = { &w->keys.enc, &w->keys.mac, &w->keys.dek };
	enum kdf_scheme scheme = w->perso.profile->scheme;
	const char *label = scheme == KDF_SCHEME_KDF3 ? ISSUER_MASTER_LABEL : ISSUER_MASTER_TDES_LABEL;
	cc_status st = cc_ok();

	for (uint8_t id = 1; id <= 3 && !cc_failed(st); id++)
		st = keystore_derive_card_key(w->issuer->keystore, label, scheme, id, div, keys[id - 1]);
	/* A station without chips of the older kind needs no key for them. */
	if (scheme != KDF_SCHEME_KDF3 && (st.code == CC_E_NOT_FOUND || st.code == CC_E_UNSUPPORTED))
		return cc_fail(&w->err, st.code, "perso.master-key", "%s, for chips of kind %s", label, w->perso.profile->name);
	if (cc_failed(st))
		return keystore_failed(w, st);
	return secure_channel_alg(w->perso.profile->protocol, w->keys.enc.n, &w->keys.alg);
}

cc_status worker_identify(struct worker *w)
{
	cc_status st;

	personalize_done(&w->perso);
	if (cc_failed(st = personalize_identify(&w->ch, &w->issuer->profiles, w->issuer->sys, &w->perso, &w->err)))
		return st;
	bytes_to_hex(bytes_of(w->perso.cplc.serial, GP_SERIAL_LEN), w->report->serial);
	(void)snprintf(w->report->profile, sizeof w->report->profile, "%s", w->perso.profile->name);
	return st;
}

/* ---- may this person have a card? */

static cc_status admit(struct worker *w, struct person *person, struct buf *photo)
{
	const struct issuer *s = w->issuer;
	struct gate_options gate = { .check = s->check };
	const struct hold *hold;
	const char *card = NULL;
	bool old_card = false;
	cc_status st;

	books_lock(s->books);
	/* Before anything is read: what changes after this is seen when the blank is bound. */
	st = registry_stamp(s->registry, w->request->number, &w->read_at, &w->err);
	if (!cc_failed(st))
		st = registry_find(s->registry, w->request->number, person, photo, &w->err);
	if (!cc_failed(st))
		st = ledger_is_renewal(s->books, w->request->number, &gate.renewal, &w->err);
	if (!cc_failed(st) && gate.renewal)
		registry_renewal(person);
	w->renewal = gate.renewal;
	/* Whoever stands under two numbers gets no card under either until an officer has decided. */
	if (!cc_failed(st))
		st = gate_person(s->registry, w->request->number, &gate, &w->report->holds, NULL, &w->err);
	if (!cc_failed(st))
		st = same_person_has_card(s->books, person, &old_card, &w->err);
	books_unlock(s->books);
	if (cc_failed(st))
		return st;
	if ((hold = holds_first(&w->report->holds)))
		return cc_fail(&w->err, CC_E_HELD, hold->key, "%s", hold->field);
	if (old_card)
		return cc_fail(&w->err, CC_E_HELD, "registry.cancelled-card", "cancelled_number");
	if (cc_failed(st = ledger_card_hold(s->books, w->request->number, &card, &w->err)))
		return st;
	return card != NULL ? cc_fail(&w->err, CC_E_STATE, card, "by the ledger") : st;
}

/* ---- a blank that is new to this person */

/*
 * Wrong keys have two causes: a blank of another issuer, or a card that was finished elsewhere. The files tell. The books
 * stay as they are (I5): its serial is the chip's own word until it showed the keys, and the blank that it names may lie
 * in the drawer.
 */
static cc_status explain_wrong_keys(struct worker *w)
{
	uint16_t sw = 0;

	channel_set_layer(&w->ch, NULL);
	if (!cc_failed(reader_reset(w->reader)) && !cc_failed(fs_select_ef(&w->ch, FS_EF_CARD_ACCESS, &sw)) && sw == SW_OK)
		return cc_fail(&w->err, CC_E_STATE, "issue.already-sealed", "chip %s", w->report->serial);
	return cc_fail(&w->err, CC_E_DENIED, "perso.wrong-keys", "a chip that calls itself %s", w->report->serial);
}

static cc_status greet_blank(struct worker *w)
{
	bool live = false;
	cc_status st;

	if (cc_failed(st = worker_derive_keys(w)))
		return st;
	if (cc_failed(st = personalize_greet(&w->perso, &w->keys, &live)))
		return worker_perso_failed(w, st);
	return live ? st : explain_wrong_keys(w);
}

static cc_status blank_is_free(struct worker *w)
{
	char reason[STOCK_REASON_SIZE];
	enum stock_state state;
	cc_status st = ledger_blank(w->issuer->books, w->report->serial, &state, reason, &w->err);

	if (cc_failed(st))
		return st;
	switch (state) {
	case STOCK_UNKNOWN:
	case STOCK_IN_STOCK:
		return st;
	case STOCK_IN_MACHINE:
		return cc_fail(&w->err, CC_E_STATE, "issue.blank-busy", "blank %s", w->report->serial);
	case STOCK_ISSUED:
	case STOCK_SPOILED:
	case STOCK_STATE_COUNT:
		break;
	}
	return cc_fail(&w->err, CC_E_STATE, "issue.blank-used", "blank %s is %s %s", w->report->serial, stock_state_name(state),
		       reason);
}

/*
 * I7: between the reading and this moment another station may have approved a correction, recorded a death, taken another
 * photo or found a second number. Nobody can from here to the end of the transaction, and afterwards the live job holds
 * corrections of what is printed.
 */
static cc_status still_true(void *ctx, struct cc_error *err)
{
	struct worker *w = ctx;
	const struct issuer *s = w->issuer;
	struct gate_options gate = { .check = s->check };
	const struct hold *hold;
	struct holds holds;
	cc_status st = registry_stamp_hold(s->registry, w->request->number, &w->read_at, err);

	if (!cc_failed(st))
		st = ledger_is_renewal(s->books, w->request->number, &gate.renewal, err);
	/* The dates on the card were chosen by it. */
	if (!cc_failed(st) && gate.renewal != w->renewal)
		st = cc_fail(err, CC_E_STATE, "registry.changed-meanwhile", "the application");
	if (!cc_failed(st))
		st = gate_person(s->registry, w->request->number, &gate, &holds, NULL, err);
	if (!cc_failed(st) && (hold = holds_first(&holds)))
		return cc_fail(err, CC_E_HELD, hold->key, "%s", hold->field);
	return cc_failed(st) ? st : forms_hold(s->books, w->request->number, err);
}

static cc_status bind(struct worker *w)
{
	const struct ledger_guard guard = { still_true, w };
	cc_status st;

	if (cc_failed(st = prepared_encode(&w->prepared, &w->packet)) ||
	    cc_failed(st = prepared_hash(&w->prepared, &w->prepared.files, &w->files.hash)))
		return cc_fail(&w->err, st.code, "memory", "packet");
	w->files.packet = buf_view(&w->packet);
	w->files.portrait = w->report->portrait_decided ? &w->report->portrait : NULL;
	return ledger_bind(w->issuer->books, w->request->number, w->report->serial, w->perso.profile->name, &w->files, &guard,
			   &w->job, &w->err);
}

/* DG14, DG15, EF.SOD and EF.CardSecurity are made later: room for keys of the largest curves and two signatures with their
 * certificates. */
#define LATER_BYTES_MAX 8192u

static cc_status fits(struct worker *w)
{
	size_t total = lds_set_bytes(&w->prepared.files) + LATER_BYTES_MAX;

	if (total > w->perso.profile->memory)
		return cc_fail(&w->err, CC_E_LIMIT, "perso.too-large", "%zu bytes, the chip takes %zu", total,
			       w->perso.profile->memory);
	return cc_ok();
}

/* DG3, when the station writes one: only then are the prints opened. */
static cc_status add_fingers(struct worker *w, const struct person *person)
{
	const struct issuer *s = w->issuer;
	struct buf packed = { 0 };
	cc_status st;

	if (!s->settings.fingers.wanted)
		return cc_ok();
	books_lock(s->books);
	st = registry_fingers_find(s->registry, person->number, &packed, &w->err);
	books_unlock(s->books);
	if (!cc_failed(st))
		st = prepare_dg3(&s->settings, person, buf_view(&packed), &w->prepared, &w->err);
	buf_done(&packed);
	return st;
}

/* Templates for match-on-card, fitted to what this card's application asks for. */
static cc_status add_templates(struct worker *w, const struct person *person)
{
	const struct issuer *s = w->issuer;
	struct bytes aid = bytes_of(s->settings.match_on_card.aid, s->settings.match_on_card.aid_len);
	struct buf packed = { 0 }, information = { 0 };
	cc_status st;

	if (!s->settings.match_on_card.wanted)
		return cc_ok();
	books_lock(s->books);
	st = registry_fingers_find(s->registry, person->number, &packed, &w->err);
	books_unlock(s->books);
	if (!cc_failed(st) && packed.n > 0) {
		st = worker_perso_failed(w, personalize_template_information(&w->perso, aid, &information));
		if (!cc_failed(st))
			st = prepare_templates(buf_view(&packed), buf_view(&information), &w->prepared, &w->err);
	}
	buf_done(&packed);
	buf_done(&information);
	return st;
}

/* What is taken of the body: face, prints and templates, or nothing of a child under 6. */
static cc_status prepare_body(struct worker *w, const struct person *person, const struct buf *photo)
{
	const struct issuer *s = w->issuer;
	struct date today = s->check.today;
	struct portrait_case none = { 0 };
	cc_status st;

	if (!prepare_has_face(&s->settings, person, today))
		return prepare_person(&s->settings, person, bytes_of(NULL, 0), &none, today, &w->prepared, &w->err);
	if (cc_failed(st = portrait_case_of(s->books, &s->settings.record, today, person->number, buf_view(photo),
					    &w->report->portrait, &w->err)))
		return st;
	w->report->portrait_decided = true;
	if (cc_failed(st = prepare_person(&s->settings, person, buf_view(photo), &w->report->portrait, today, &w->prepared,
					  &w->err)) ||
	    cc_failed(st = add_fingers(w, person)))
		return st;
	return add_templates(w, person);
}

static cc_status start(struct worker *w, const struct person *person, const struct buf *photo)
{
	struct date today = w->issuer->check.today;
	cc_status st;

	/* A half-done card is finished; a new one waits for the forms about this person. */
	books_lock(w->issuer->books);
	st = forms_hold(w->issuer->books, person->number, &w->err);
	books_unlock(w->issuer->books);
	if (cc_failed(st) || cc_failed(st = blank_is_free(w)) ||
	    cc_failed(st = pki_signer_ready(w->issuer->signers, w->issuer->books, prepare_signatures(&w->issuer->settings),
					    sys_wall_ms(w->issuer->sys) / 1000, &w->err)) ||
	    cc_failed(st = prepare_body(w, person, photo)) ||
	    cc_failed(st = prepare_chip_id(&w->issuer->settings, person, today, w->report->serial, &w->prepared, &w->err)) ||
	    cc_failed(st = fits(w)))
		return st;
	w->report->name_truncated = w->prepared.name_truncated;
	w->report->warnings = w->prepared.warnings;
	w->report->lost_count = w->prepared.lost_count;
	memcpy(w->report->lost, w->prepared.lost, sizeof w->report->lost);
	if (w->request->dry_run)
		return st;
	if (cc_failed(st = greet_blank(w)))
		return st;
	return bind(w);
}

/* ---- the drive */

static const char *const not_the_chips_fault[] = {
	"issue.not-shown",	"issue.damaged",   "issue.job-busy", "issue.card-active", "issue.card-revoked",
	"issue.signer-missing", "perso.handshake", "perso.state",    "perso.swapped",
};

/* Verdicts about the chip end its life; everything else leaves the job for the next try. */
static bool is_verdict(const struct cc_error *err)
{
	if (err->code == CC_E_DEVICE || err->code == CC_E_NO_SERVICE || err->code == CC_E_MEMORY || err->code == CC_E_IO ||
	    err->code == CC_E_CRYPTO || err->code == CC_E_BUSY || !err->key)
		return false;
	for (size_t i = 0; i < sizeof not_the_chips_fault / sizeof not_the_chips_fault[0]; i++) {
		if (strcmp(err->key, not_the_chips_fault[i]) == 0)
			return false;
	}
	return strncmp(err->key, "perso.", 6) == 0 || strncmp(err->key, "issue.", 6) == 0 ||
	       strcmp(err->key, "card.refused") == 0;
}

static cc_status spoil(struct worker *w, const char *reason)
{
	cc_status st = ledger_spoil(w->issuer->books, &w->job, reason, &w->err);

	if (!cc_failed(st))
		(void)snprintf(w->report->spoil_reason, sizeof w->report->spoil_reason, "%s", reason);
	w->report->state = w->job.state;
	return st;
}

/* After a failure of a bound job. */
static cc_status conclude(struct worker *w, cc_status st)
{
	struct cc_error cause = w->err;
	char reason[sizeof cause.detail + 64];

	w->report->state = w->job.state;
	if (!is_verdict(&cause))
		return st;
	(void)snprintf(reason, sizeof reason, "%s: %s", cause.key, cause.detail);
	cc_error_init(&w->err);
	if (cc_failed(st = spoil(w, reason)))
		return st;
	return cc_fail(&w->err, CC_E_VERIFY, "issue.spoiled", "%s: %s", w->job.serial, reason);
}

static void tell(struct worker *w, enum job_event event, bool done)
{
	if (w->request->progress)
		w->request->progress(w->request->ctx, event, done);
}

static cc_status run_row(struct worker *w, const struct job_row *row)
{
	cc_status st = cc_ok();

	tell(w, row->event, false);
	w->result = (struct ledger_result){ 0 };
	if (row->irreversible)
		st = ledger_begin(w->issuer->books, &w->job, row, &w->err);
	if (!cc_failed(st))
		st = row->enter(w);
	if (!cc_failed(st))
		st = ledger_done(w->issuer->books, &w->job, row, &w->result, &w->err);
	w->report->state = w->job.state;
	if (cc_failed(st))
		return st;
	w->report->steps[w->report->step_count++] = row->event;
	tell(w, row->event, true);
	return st;
}

static cc_status drive(struct worker *w)
{
	cc_status st = cc_ok();

	while (!cc_failed(st) && !job_state_is_final(w->job.state))
		st = run_row(w, job_row_next(w->job.state));
	return st;
}

/* ---- the way in */

static cc_status connect_card(struct worker *w)
{
	cc_status st = reader_connect(w->reader);

	if (cc_failed(st))
		return cc_fail(&w->err, st.code, w->reader->err.key, "%s", w->reader->err.detail);
	channel_init(&w->ch, w->reader);
	return worker_identify(w);
}

static cc_status declare_spoiled(struct worker *w, bool *outstanding)
{
	cc_status st;

	if (!*outstanding)
		return cc_fail(&w->err, CC_E_STATE, "issue.nothing-to-spoil", "no live job");
	if (w->request->dry_run)
		return cc_ok();
	if (!cc_failed(st = spoil(w, "issue.spoiled-by-operator")))
		*outstanding = false;
	memset(&w->job, 0, sizeof w->job);
	w->report->state = JOB_NEW;
	return st;
}

static cc_status same_chip(struct worker *w)
{
	if (strcmp(w->job.serial, w->report->serial) == 0)
		return cc_ok();
	return cc_fail(&w->err, CC_E_STATE, "issue.other-chip", "outstanding: chip %s (%s); in the reader: chip %s",
		       w->job.serial, job_state_name(w->job.state), w->report->serial);
}

static cc_status run(struct worker *w)
{
	struct person *person = cc_alloc(sizeof *person);
	struct buf photo = { 0 };
	bool outstanding = false;
	cc_status st;

	if (!person)
		return cc_fail(&w->err, CC_E_MEMORY, "memory", "person");
	if (cc_failed(st = ledger_find_live(w->issuer->books, w->request->number, &w->job, &outstanding, &w->err)) ||
	    (w->request->spoil && cc_failed(st = declare_spoiled(w, &outstanding))) || cc_failed(st = admit(w, person, &photo)) ||
	    cc_failed(st = connect_card(w)))
		goto out;
	if (outstanding) {
		if (cc_failed(st = same_chip(w)) || w->request->dry_run)
			goto out;
		w->report->resumed = true;
		w->report->resumed_from = w->job.state;
		st = worker_resume(w);
	} else if (cc_failed(st = start(w, person, &photo)) || w->request->dry_run) {
		goto out;
	}
	if (!cc_failed(st))
		st = drive(w);
	if (cc_failed(st) && job_row_find(w->job.state, JOB_SPOIL))
		st = conclude(w, st);
out:
	w->report->files_bytes = lds_set_bytes(&w->prepared.files);
	person_done(person);
	cc_free(person, sizeof *person);
	buf_done(&photo);
	return st;
}

static void worker_done(struct worker *w)
{
	personalize_done(&w->perso);
	if (w->ch.reader)
		channel_done(&w->ch);
	reader_free(&w->reader);
	scp03_keys_done(&w->keys);
	prepared_done(&w->prepared);
	buf_done(&w->aa_point);
	buf_done(&w->ca_point);
	buf_done(&w->packet);
	cc_free(w, sizeof *w);
}

cc_status worker_issue(const struct issuer *issuer, struct reader *reader, const struct worker_request *request,
		       struct worker_report *ret, struct cc_error *err)
{
	struct worker *w = cc_alloc(sizeof *w);
	cc_status st;

	if (!w) {
		reader_free(&reader);
		return cc_fail(err, CC_E_MEMORY, "memory", "worker");
	}
	*w = (struct worker){ .issuer = issuer, .request = request, .report = ret };
	(void)snprintf(ret->number, sizeof ret->number, "%s", request->number);
	w->phase_start = sys_mono_ms(issuer->sys);
	if (cc_failed(st = reader_trace_new(reader, figures_count, &ret->figures, &w->reader))) {
		reader_free(&reader);
		(void)cc_fail(&w->err, st.code, "memory", "reader");
	} else {
		st = run(w);
	}
	worker_phase(w, FIGURES_CONNECT);
	figures_finish(&ret->figures);
	if (cc_failed(st))
		(void)cc_fail(err, w->err.code != CC_OK ? w->err.code : st.code, w->err.key, "%s", w->err.detail);
	worker_done(w);
	return st;
}
