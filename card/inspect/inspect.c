/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/inspect.h"

#include "card/inspect/inspect_run.h"
#include "card/inspect/phrase.h"
#include "card/quirks.h"
#include "crypto/base/secret.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *inspect_result_name(enum inspect_result r)
{
	static const char *const names[] = { "passed", "failed", "inconclusive", "not-applicable", "unavailable", "remark" };

	CC_ASSERT((unsigned)r < sizeof names / sizeof names[0]);
	return names[r];
}

const char *inspect_access_name(enum inspect_access a)
{
	static const char *const names[] = { "none", "pace-mrz", "pace-can", "bac" };

	CC_ASSERT((unsigned)a < sizeof names / sizeof names[0]);
	return names[a];
}

const char *inspect_verdict_name(enum inspect_verdict v)
{
	static const char *const names[] = { "passed", "failed", "inconclusive" };

	CC_ASSERT((unsigned)v < sizeof names / sizeof names[0]);
	return names[v];
}

/* ---- keys */
void inspect_keys_done(struct inspect_keys *k)
{
	cc_wipe(k, sizeof *k);
}

void inspect_keys_from_mrz(const struct mrz *m, struct inspect_keys *ret)
{
	struct inspect_keys k = { .has_mrz = true };

	memcpy(k.document_number, m->document_number, sizeof k.document_number);
	memcpy(k.birth, m->birth, sizeof k.birth);
	memcpy(k.expiry, m->expiry, sizeof k.expiry);
	memcpy(k.mrz_text, m->text, sizeof k.mrz_text);
	/* cccd-card.md 4: the CAN is the last 6 digits of the personal number. */
	if (m->personal_number[0] != 0) {
		k.has_can = true;
		memcpy(k.can, m->personal_number + MRZ_NUMBER_LEN - 6, sizeof k.can);
	}
	*ret = k;
}

static bool all_digits(const char *s, size_t n)
{
	return strlen(s) == n && strspn(s, "0123456789") == n;
}

cc_status inspect_keys_from_number(const char *number, const char *birth, const char *expiry, struct inspect_keys *ret)
{
	struct inspect_keys k = { .has_can = true };

	if (!all_digits(number, MRZ_NUMBER_LEN) || (birth == NULL) != (expiry == NULL))
		return cc_code_status(CC_E_ARG);
	memcpy(k.can, number + MRZ_NUMBER_LEN - 6, sizeof k.can);
	memcpy(k.number, number, sizeof k.number);
	if (birth != NULL) {
		if (!all_digits(birth, 6) || !all_digits(expiry, 6))
			return cc_code_status(CC_E_ARG);
		k.has_mrz = true;
		(void)snprintf(k.document_number, sizeof k.document_number, "%s", number + 3);
		memcpy(k.birth, birth, sizeof k.birth);
		memcpy(k.expiry, expiry, sizeof k.expiry);
	}
	*ret = k;
	cc_wipe(&k, sizeof k);
	return cc_ok();
}

/* ---- the list of checks */
static struct inspect_check *find(struct inspection *i, const char *id)
{
	for (size_t k = 0; k < i->check_count; k++) {
		if (strcmp(i->checks[k].id, id) == 0)
			return &i->checks[k];
	}
	return NULL;
}

void inspect_check_say(struct inspect_check *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	phrase_format(c->evidence, sizeof c->evidence, c->evidence_vi, sizeof c->evidence_vi, fmt, ap);
	va_end(ap);
	c->error_key = NULL;
}

__attribute__((format(printf, 4, 0))) static void add(struct inspect_run *run, enum inspect_result result, const char *id,
						      const char *fmt, va_list ap)
{
	struct inspection *out = run->out;
	struct inspect_check *c;

	c = run->replacing ? find(out, id) : NULL;
	if (c == NULL) {
		CC_ASSERT(out->check_count < INSPECT_CHECKS_MAX);
		c = &out->checks[out->check_count++];
	}
	c->result = result;
	c->error_key = NULL;
	(void)snprintf(c->id, sizeof c->id, "%s", id);
	phrase_format(c->evidence, sizeof c->evidence, c->evidence_vi, sizeof c->evidence_vi, fmt, ap);
}

void inspect_add(struct inspect_run *run, enum inspect_result result, const char *id, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(run, result, id, fmt, ap);
	va_end(ap);
}

void inspect_add_dg(struct inspect_run *run, enum inspect_result result, const char *prefix, unsigned dg, const char *suffix,
		    const char *fmt, ...)
{
	char id[32];
	va_list ap;

	(void)snprintf(id, sizeof id, "%s%u%s", prefix, dg, suffix);
	va_start(ap, fmt);
	add(run, result, id, fmt, ap);
	va_end(ap);
}

struct inspect_check *inspect_last(struct inspect_run *run)
{
	CC_ASSERT(run->out->check_count > 0);
	return &run->out->checks[run->out->check_count - 1];
}

void inspect_add_error(struct inspect_run *run, enum inspect_result result, const char *id, const char *what,
		       const struct cc_error *err)
{
	if (what[0] != 0)
		inspect_add(run, result, id, "%s: %s", what, err->detail);
	else
		inspect_add(run, result, id, "%s", err->detail);
	find(run->out, id)->error_key = err->key;
}

enum inspect_result inspect_result_of(cc_status st)
{
	if (!cc_failed(st))
		return INSPECT_PASSED;
	if (st.code == CC_E_UNSUPPORTED || st.code == CC_E_MEMORY || st.code == CC_E_CRYPTO)
		return INSPECT_INCONCLUSIVE;
	return INSPECT_FAILED;
}

void inspect_hex(struct bytes in, char *out, size_t cap)
{
	size_t n = in.n;

	CC_ASSERT(cap >= 4);
	if (2 * n + 1 > cap)
		n = (cap - 3) / 2;
	bytes_to_hex(bytes_of(in.p, n), out);
	if (n < in.n)
		memcpy(out + 2 * n, "..", 3);
}

const struct inspect_check *inspection_find(const struct inspection *i, const char *id)
{
	for (size_t k = 0; k < i->check_count; k++) {
		if (strcmp(i->checks[k].id, id) == 0)
			return &i->checks[k];
	}
	return NULL;
}

bool inspect_passed(const struct inspect_run *run, const char *id)
{
	const struct inspect_check *c = inspection_find(run->out, id);

	return c != NULL && c->result == INSPECT_PASSED;
}

bool inspect_dg_signed(const struct inspect_run *run, unsigned dg)
{
	char id[32];

	(void)snprintf(id, sizeof id, "sod.dg%u", dg);
	return inspect_passed(run, id);
}

void inspection_done(struct inspection *i)
{
	lds_set_done(&i->files);
	buf_done(&i->aa_answer);
	buf_done(&i->transcript.pace_oid);
	buf_done(&i->transcript.pace_chip_point);
	buf_done(&i->transcript.cam_point);
	buf_done(&i->transcript.cam_data);
	buf_done(&i->transcript.ca_oid);
	buf_done(&i->transcript.ca_terminal_point);
	cc_wipe(i, sizeof *i);
}

/* ---- the verdict */
/*
 * ICAO 9303-10 4.6: EF.COM and EF.SOD are mandatory in LDS1, and so is what EF.SOD lists. A document without EF.COM may be
 * genuine, and it is not as it was issued.
 */
static bool is_core(const char *id)
{
	return strncmp(id, "sod.", 4) == 0 || strncmp(id, "com.", 4) == 0;
}

/* ICAO 9303-10 4.7.3, 4.7.4: fingerprints and iris need extended access; their hash is not shown to every reader. */
static bool needs_extended_access(const char *id)
{
	return strcmp(id, "sod.dg3") == 0 || strcmp(id, "sod.dg4") == 0;
}

static enum inspect_verdict judge(const struct inspection *i)
{
	bool undecided = inspection_find(i, "sod.chain") == NULL;

	for (size_t k = 0; k < i->check_count; k++) {
		const struct inspect_check *c = &i->checks[k];

		if (c->result == INSPECT_FAILED)
			return INSPECT_BAD;
		if (c->result == INSPECT_INCONCLUSIVE)
			undecided = true;
		if (c->result == INSPECT_UNAVAILABLE && is_core(c->id) && !needs_extended_access(c->id))
			undecided = true;
	}
	return undecided ? INSPECT_UNDECIDED : INSPECT_GOOD;
}

void inspection_judge(struct inspection *i)
{
	i->verdict = judge(i);
}

/* An inspection that ended early has shown nothing good, whatever was seen before. */
static void judge_run(struct inspect_run *run, cc_status st)
{
	run->out->verdict = judge(run->out);
	if (cc_failed(st) && run->out->verdict == INSPECT_GOOD)
		run->out->verdict = INSPECT_UNDECIDED;
}

static void run_done(struct inspect_run *run)
{
	sod_done(&run->sod);
	pace_result_done(&run->pace);
	buf_done(&run->ca_compressed);
	buf_done(&run->cplc);
	card_security_done(&run->card_security);
}

/* The verdict and the chip's own key: nobody but its issuer could have made it say so. */
static bool is_proven(const struct inspect_run *run)
{
	return run->out->verdict == INSPECT_GOOD &&
	       (inspect_passed(run, "active-authentication") || inspect_passed(run, "chip-authentication") ||
		inspect_passed(run, "chip-authentication-mapping"));
}

cc_status inspect_card(struct channel *ch, const struct inspect_params *p, struct inspection *ret)
{
	struct inspect_run run = { .ch = ch, .p = p, .out = ret };
	cc_status st;

	if (cc_failed(st = inspect_open(&run)))
		goto out;
	if (cc_failed(st = inspect_read(&run)))
		goto out;
	inspect_passive(&run);
	inspect_content(&run);
	st = inspect_chip(&run);
out:
	ret->transcript.commands = ch->commands;
	if (cc_failed(st) && ret->err.key == NULL)
		ret->err = ch->err;
	judge_run(&run, st);
	quirks_keep(ch, buf_view(&run.cplc), is_proven(&run));
	run_done(&run);
	return st;
}

cc_status inspect_files(const struct lds_set *files, const struct inspect_params *p, struct inspection *ret)
{
	struct inspect_run run = { .p = p, .out = ret };
	cc_status st = cc_ok();

	for (unsigned f = 0; f < LDS_FILE_COUNT && !cc_failed(st); f++) {
		if (lds_set_has(files, f))
			st = lds_set_put(&ret->files, f, lds_set_get(files, f));
	}
	if (!cc_failed(st)) {
		inspect_passive(&run);
		inspect_content(&run);
		st = inspect_chip(&run);
	}
	judge_run(&run, st);
	run_done(&run);
	return st;
}
