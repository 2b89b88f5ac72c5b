/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/steps.h"

#include "card/lds/dg1.h"
#include "station/issue/worker.h"

#include <stdio.h>
#include <string.h>

static cc_status points_to_result(struct worker *w)
{
	cc_status st;

	if (cc_failed(st = hash_digest(HASH_SHA256, buf_view(&w->aa_point), &w->result.aa_key)) ||
	    cc_failed(st = hash_digest(HASH_SHA256, buf_view(&w->ca_point), &w->result.ca_key)))
		return cc_fail(&w->err, st.code, "crypto.failed", "hash of the chip's keys");
	w->result.evidence = w->result.aa_key;
	return st;
}

cc_status step_make_keys(struct worker *w)
{
	const struct prepare_settings *s = &w->issuer->settings;
	const struct personalize_key_request aa = prepare_key_request(s, PERSONALIZE_KEY_AA);
	const struct personalize_key_request ca = prepare_key_request(s, PERSONALIZE_KEY_CA);
	struct personalize *p = &w->perso;
	cc_status st = cc_ok();

	worker_phase(w, FIGURES_KEYS);
	/* After a crash in this step the session is open already; keys that no one booked are made again. */
	if (p->progress == PERSONALIZE_IDENTIFIED && !cc_failed(st = personalize_authenticate(p, &w->keys)))
		st = personalize_begin(p);
	if (cc_failed(st) || cc_failed(st = personalize_make_key(p, &aa, &w->aa_point)) ||
	    cc_failed(st = personalize_make_key(p, &ca, &w->ca_point)))
		return worker_perso_failed(w, st);
	return points_to_result(w);
}

cc_status step_sign(struct worker *w)
{
	const struct issuer *s = w->issuer;
	const struct pki_signer *ds = NULL;
	struct prepare_signer signer = {
		.keystore = s->keystore,
		.trust = s->trust,
		.now_s = sys_wall_ms(s->sys) / 1000,
	};
	cc_status st =
		pki_signer_take(s->signers, s->books, w->job.id, prepare_signatures(&s->settings), signer.now_s, &ds, &w->err);

	if (cc_failed(st))
		return st;
	signer.key_label = ds->label;
	signer.cert = ds->cert;
	if (cc_failed(st = prepare_sign(&s->settings, &signer, buf_view(&w->aa_point), buf_view(&w->ca_point), &w->prepared,
					&w->err)))
		return st;
	buf_done(&w->packet);
	if (cc_failed(st = prepared_encode(&w->prepared, &w->packet)) ||
	    cc_failed(st = prepared_hash(&w->prepared, &w->prepared.files, &w->files.hash)))
		return cc_fail(&w->err, st.code, "memory", "packet");
	w->files.packet = buf_view(&w->packet);
	w->result.files = &w->files;
	w->result.evidence = w->files.hash;
	w->report->files_hash = w->files.hash;
	return st;
}

/* Before the files: what is closed is what the last session compared. */
static cc_status write_templates(struct worker *w)
{
	const struct personalize_templates t = prepared_templates(&w->issuer->settings, &w->prepared);

	if (t.count == 0)
		return cc_ok();
	return personalize_write_templates(&w->perso, &w->keys, &t);
}

static cc_status write_and_compare(struct worker *w)
{
	struct personalize_data d = prepared_data(&w->issuer->settings, &w->prepared, sys_wall_ms(w->issuer->sys) / 1000);
	struct figures *f = &w->report->figures;
	cc_status st;

	worker_phase(w, FIGURES_WRITE);
	f->least[FIGURES_WRITE] = figures_write_least(&w->ch, personalize_payload(&d));
	if (!cc_failed(st = write_templates(w)) && !cc_failed(st = personalize_write(&w->perso, &d))) {
		worker_phase(w, FIGURES_READ_BACK);
		f->least[FIGURES_READ_BACK] = figures_read_back_least(&w->ch, &w->prepared.files);
		st = personalize_compare(&w->perso, &d);
	}
	personalize_data_done(&d);
	return worker_perso_failed(w, st);
}

cc_status step_write(struct worker *w)
{
	cc_status st = write_and_compare(w);

	if (!cc_failed(st))
		st = prepared_hash(&w->prepared, &w->prepared.files, &w->result.evidence);
	return st;
}

cc_status step_close(struct worker *w)
{
	cc_status st = cc_ok();

	/* What was compared in another session might have been changed since: nothing is closed but what this one compared. */
	if (w->perso.progress == PERSONALIZE_BEGUN)
		st = write_and_compare(w);
	worker_phase(w, FIGURES_SEAL);
	if (cc_failed(st))
		return st;
	return worker_perso_failed(w, personalize_close(&w->perso));
}

cc_status step_secure(struct worker *w)
{
	worker_phase(w, FIGURES_SEAL);
	return worker_perso_failed(w, personalize_secure(&w->perso));
}

cc_status step_lock(struct worker *w)
{
	worker_phase(w, FIGURES_SEAL);
	return worker_perso_failed(w, personalize_lock(&w->perso));
}

cc_status step_prove(struct worker *w)
{
	const struct personalize_templates t = prepared_templates(&w->issuer->settings, &w->prepared);
	cc_status st;

	worker_phase(w, FIGURES_PROVE);
	st = personalize_prove(&w->perso, &w->keys);
	if (!cc_failed(st) && t.count > 0)
		st = personalize_prove_templates(&w->perso, &t);
	return worker_perso_failed(w, st);
}

/* ---- inspection */

static cc_status field_keys(struct worker *w, struct inspect_keys *ret)
{
	struct mrz mrz;
	cc_status st = dg1_parse(lds_set_get(&w->prepared.files, LDS_DG1), &mrz, &w->err);

	if (!cc_failed(st))
		inspect_keys_from_mrz(&mrz, ret);
	cc_wipe(&mrz, sizeof mrz);
	return st;
}

static const struct inspect_check *first_failed(const struct inspection *i, enum inspect_result r)
{
	for (size_t k = 0; k < i->check_count; k++) {
		if (i->checks[k].result == r)
			return &i->checks[k];
	}
	return NULL;
}

/*
 * The first file that a reader in the field finds other than it was approved.
 * DG3 is closed to a reader without a terminal's certificate (ICAO 9303-11 7.1);
 * it was read back byte for byte while the chip was open (I3).
 */
static enum lds_file first_differing(const struct inspection *i, const struct lds_set *want)
{
	const struct inspect_check *read = inspection_find(i, "dg3.read");
	bool closed = read != NULL && read->result == INSPECT_UNAVAILABLE;

	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		enum lds_file file = (enum lds_file)f;

		if (file == lds_dg(3) && closed && lds_set_has(want, file) && !lds_set_has(&i->files, file))
			continue;
		if (!bytes_equal(lds_set_get(&i->files, file), lds_set_get(want, file)))
			return file;
	}
	return LDS_FILE_COUNT;
}

/* Evidence may be personal and stays out of the error; the id of the check is enough. */
static cc_status judge(struct worker *w, const struct inspection *i)
{
	static const char *const must_pass[] = { "sod.signature", "sod.chain", "active-authentication", "chip-authentication" };
	const struct inspect_check *c = first_failed(i, INSPECT_FAILED);
	enum lds_file differs;

	if (c || i->verdict == INSPECT_BAD)
		return cc_fail(&w->err, CC_E_VERIFY, "issue.inspection", "%s", c ? c->id : "verdict");
	differs = first_differing(i, &w->prepared.files);
	if (differs != LDS_FILE_COUNT)
		return cc_fail(&w->err, CC_E_VERIFY, "issue.differs", "%s", lds_file_title(differs));
	/* I3: a SOD that verifies to the country signer, AA and CA by the chip's own keys. */
	for (size_t k = 0; k < sizeof must_pass / sizeof must_pass[0]; k++) {
		c = inspection_find(i, must_pass[k]);
		if (!c || c->result != INSPECT_PASSED)
			return cc_fail(&w->err, CC_E_VERIFY, "issue.not-shown", "%s: %s", must_pass[k],
				       c ? inspect_result_name(c->result) : "not checked");
	}
	if (i->verdict != INSPECT_GOOD)
		return cc_fail(&w->err, CC_E_VERIFY, "issue.not-shown", "verdict: %s", inspect_verdict_name(i->verdict));
	return cc_ok();
}

static cc_status inspect_failed(struct worker *w, cc_status st, const struct inspection *i)
{
	/* It didn't open with its own MRZ: not proved, but a card that hiccups once isn't destroyed for it; the next run looks
	 * again. */
	if (st.code == CC_E_DENIED)
		return cc_fail(&w->err, CC_E_VERIFY, "issue.not-shown", "access: %s", w->ch.err.detail);
	if (i->err.code != CC_OK)
		return cc_fail(&w->err, st.code, i->err.key, "%s", i->err.detail);
	return cc_fail(&w->err, st.code, w->ch.err.key, "%s", w->ch.err.detail);
}

cc_status step_inspect(struct worker *w)
{
	struct inspection *i = &w->report->inspection;
	struct inspect_keys keys = { 0 };
	struct inspect_params params = {
		.keys = &keys,
		.trust = w->issuer->trust,
		.now_s = sys_wall_ms(w->issuer->sys) / 1000,
		.sys = w->issuer->sys,
	};
	cc_status st;

	worker_phase(w, FIGURES_INSPECT);
	inspection_done(i);
	memset(i, 0, sizeof *i);
	if (cc_failed(st = field_keys(w, &keys)))
		return st;
	channel_set_layer(&w->ch, NULL);
	st = inspect_card(&w->ch, &params, i);
	w->report->inspected = true;
	w->report->figures.least[FIGURES_INSPECT] =
		figures_inspect_least(&w->ch, &w->prepared.files, w->issuer->settings.access.pace_alg);
	st = cc_failed(st) ? inspect_failed(w, st, i) : judge(w, i);
	if (!cc_failed(st))
		st = prepared_hash(&w->prepared, &i->files, &w->result.evidence);
	inspect_keys_done(&keys);
	return st;
}
