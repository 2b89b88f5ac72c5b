/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/evidence.h"
#include "card/inspect/phrase.h"

#include "card/access/active_auth.h"
#include "card/access/pace.h"
#include "card/lds/card_security.h"
#include "card/lds/dg14.h"
#include "card/lds/dg15.h"
#include "card/lds/security_infos.h"
#include "card/lds/sod.h"
#include "crypto/agree.h"
#include "crypto/base/tlv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ACTIVE "active-authentication"
#define CHIP "chip-authentication"
#define MAPPING "chip-authentication-mapping"

const char *evidence_result_name(enum evidence_result r)
{
	static const char *const names[] = { "proven", "claimed", "wrong", "undetermined", "absent" };

	CC_ASSERT((unsigned)r < sizeof names / sizeof names[0]);
	return names[r];
}

const char *evidence_verdict_name(enum evidence_verdict v)
{
	static const char *const names[] = { "holds", "refused", "undetermined" };

	CC_ASSERT((unsigned)v < sizeof names / sizeof names[0]);
	return names[v];
}

const struct evidence_finding *evidence_find(const struct evidence_report *r, const char *id)
{
	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->findings[i].id, id) == 0)
			return &r->findings[i];
	}
	return NULL;
}

#define JUDGED_WORDS_MAX 150 /* of a check that is judged again: "%.150s" */

struct judge {
	const struct evidence *e;
	const struct evidence_judge_params *p;
	struct evidence_report *out;
	struct inspection again; /* the files inside, judged anew at the recorded time */
	bool has_dg14;
	struct security_infos dg14;
};

static void add(struct judge *j, enum evidence_result result, const char *id, const char *fmt, ...) CC_PRINTF(4, 5);

static void add(struct judge *j, enum evidence_result result, const char *id, const char *fmt, ...)
{
	struct evidence_finding *f;
	va_list ap;

	CC_ASSERT(j->out->count < EVIDENCE_FINDINGS_MAX);
	f = &j->out->findings[j->out->count++];
	f->id = id;
	f->result = result;
	va_start(ap, fmt);
	phrase_format(f->detail, sizeof f->detail, f->detail_vi, sizeof f->detail_vi, fmt, ap);
	va_end(ap);
}

/* The recorded result of a check; NULL when there is none. */
static const struct inspect_check *recorded(const struct evidence *e, const char *id)
{
	for (size_t i = 0; i < e->check_count; i++) {
		if (strcmp(e->checks[i].id, id) == 0)
			return &e->checks[i];
	}
	return NULL;
}

static void judge_signer(struct judge *j)
{
	char kid[2 * HASH_LEN_MAX + 1];

	bytes_to_hex(bytes_of(j->e->signer_kid.p, j->e->signer_kid.n), kid);
	add(j, EVIDENCE_PROVEN, "signature", "by the key %.16s of \"%s\"", kid, j->e->station);
	for (size_t i = 0; i < j->p->pinned_count; i++) {
		if (bytes_equal(bytes_of(j->p->pinned[i].p, j->p->pinned[i].n),
				bytes_of(j->e->signer_kid.p, j->e->signer_kid.n))) {
			add(j, EVIDENCE_PROVEN, "signer", "the key is pinned here");
			return;
		}
	}
	add(j, EVIDENCE_UNDETERMINED, "signer", "the key %s is not pinned here", kid);
}

/* EF.CardSecurity stands with PACE, which wants it; records from before it was a file of the list don't list it. */
static struct bytes content_of(const struct evidence *e, unsigned f)
{
	return f == LDS_CARD_SECURITY && e->files[f].is_there ? e->card_security : e->contents[f];
}

/* Each content has the recorded length and hash; nothing is recorded of a file that isn't listed. */
static cc_status judge_record(struct judge *j)
{
	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		struct bytes content = content_of(j->e, f);
		struct digest d;
		cc_status st;

		if (content.n == 0)
			continue;
		if (cc_failed(st = hash_digest(HASH_SHA256, content, &d)))
			return st;
		if (!j->e->files[f].is_there || j->e->files[f].length != content.n ||
		    !bytes_equal(j->e->files[f].sha256, bytes_of(d.p, d.n))) {
			add(j, EVIDENCE_WRONG, "record", "%s is not the file that is listed", lds_file_title(f));
			return cc_ok();
		}
	}
	add(j, EVIDENCE_PROVEN, "record", "the files inside have the listed hashes");
	return cc_ok();
}

static cc_status inspect_again(struct judge *j)
{
	const struct inspect_params params = { .trust = j->p->trust, .now_s = j->e->time_ms / 1000, .sys = j->p->sys };
	struct lds_set files = { 0 };
	size_t applied = 0;
	cc_status st = cc_ok();

	for (unsigned f = 0; f < LDS_FILE_COUNT && !cc_failed(st); f++) {
		if (content_of(j->e, f).n > 0)
			st = lds_set_put(&files, f, content_of(j->e, f));
	}
	if (!cc_failed(st))
		st = inspect_files(&files, &params, &j->again);
	if (!cc_failed(st) && j->p->defects != NULL)
		st = defect_list_apply(j->p->defects, &params, &j->again, &applied);
	lds_set_done(&files);
	j->has_dg14 = !cc_failed(dg14_parse(j->e->contents[lds_dg(14)], &j->dg14, NULL));
	return st;
}

/* A list of known defects had its say then, and is not at hand now. */
static bool list_is_missing(const struct judge *j)
{
	return j->p->defects == NULL && recorded(j->e, "defect.1") != NULL;
}

/* The last finding ends with a check's own words: those of the other language take their place. */
static void say_vietnamese(struct judge *j, const char *english, const char *vietnamese)
{
	struct evidence_finding *f = &j->out->findings[j->out->count - 1];
	size_t whole = strlen(f->detail_vi), tail = strnlen(english, JUDGED_WORDS_MAX);

	if (vietnamese[0] == '\0' || tail > whole || strncmp(f->detail_vi + whole - tail, english, tail) != 0)
		return;
	(void)snprintf(f->detail_vi + whole - tail, sizeof f->detail_vi - (whole - tail), "%s", vietnamese);
}

/*
 * The same check, then and now. A recorded "passed" that fails today, or the
 * other way round, is a contradiction; what can't be decided here stays open.
 */
static void judge_again(struct judge *j, const char *id)
{
	const struct inspect_check *then = recorded(j->e, id), *now = inspection_find(&j->again, id);
	enum evidence_result r = EVIDENCE_PROVEN;

	if (then == NULL || now == NULL || now->result == INSPECT_UNAVAILABLE || now->result == INSPECT_NOT_APPLICABLE) {
		add(j, then != NULL && then->result == INSPECT_PASSED ? EVIDENCE_WRONG : EVIDENCE_ABSENT, id, "recorded %s, %s",
		    then != NULL ? inspect_result_name(then->result) : "nothing",
		    now != NULL ? now->evidence : "nothing to judge");
		if (now != NULL)
			say_vietnamese(j, now->evidence, now->evidence_vi);
		return;
	}
	if (now->result == INSPECT_INCONCLUSIVE)
		r = EVIDENCE_UNDETERMINED;
	else if (then->result != now->result && then->result != INSPECT_INCONCLUSIVE)
		r = list_is_missing(j) ? EVIDENCE_UNDETERMINED : EVIDENCE_WRONG;
	add(j, r, id, "recorded %s, judged at the recorded time %s: %.150s", inspect_result_name(then->result),
	    inspect_result_name(now->result), now->evidence);
	say_vietnamese(j, now->evidence, now->evidence_vi);
}

/* ---- data groups: the recorded hashes against EF.SOD's list */
static void judge_hashes(struct judge *j)
{
	struct sod sod = { 0 };
	unsigned inside = 0, listed = 0;

	if (cc_failed(sod_parse(j->e->contents[LDS_SOD], &sod, NULL))) {
		add(j, EVIDENCE_ABSENT, "files", "no EF.SOD that can be read");
		return;
	}
	for (unsigned dg = 1; dg <= LDS_DG_LAST; dg++) {
		const struct evidence_file *file = &j->e->files[lds_dg(dg)];
		struct bytes want = sod_object_hash(&sod.object, dg);
		char id[16];
		const struct inspect_check *then;
		bool equal = want.n > 0 && bytes_equal(want, file->sod_hash);

		if (!file->is_there)
			continue;
		(void)snprintf(id, sizeof id, "sod.dg%u", dg);
		then = recorded(j->e, id);
		if (then != NULL && (then->result == INSPECT_PASSED || then->result == INSPECT_FAILED) &&
		    equal != (then->result == INSPECT_PASSED)) {
			add(j, EVIDENCE_WRONG, "files", "DG%u: recorded %s, the hashes say otherwise", dg,
			    inspect_result_name(then->result));
			goto out;
		}
		inside += j->e->contents[lds_dg(dg)].n > 0 ? 1 : 0;
		listed++;
	}
	add(j, inside == listed ? EVIDENCE_PROVEN : EVIDENCE_CLAIMED, "files",
	    "%u data groups against EF.SOD's list: %u by their content, %u by the hash that the station recorded", listed, inside,
	    listed - inside);
out:
	sod_done(&sod);
}

static cc_status judge_given(struct judge *j)
{
	unsigned count = 0;

	if (j->p->files == NULL)
		return cc_ok();
	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		struct bytes file = lds_set_get(j->p->files, f);
		struct digest d;
		cc_status st;

		if (file.n == 0)
			continue;
		if (cc_failed(st = hash_digest(HASH_SHA256, file, &d)))
			return st;
		if (!j->e->files[f].is_there || !bytes_equal(j->e->files[f].sha256, bytes_of(d.p, d.n))) {
			add(j, EVIDENCE_WRONG, "given-files", "%s is not of the card that was inspected", lds_file_title(f));
			return cc_ok();
		}
		count++;
	}
	add(j, count > 0 ? EVIDENCE_PROVEN : EVIDENCE_ABSENT, "given-files", "%u files have the recorded hashes", count);
	return cc_ok();
}

/* ---- the chip's own proofs */
static bool active_hash(const struct judge *j, const struct pubkey *key, enum hash_alg *ret)
{
	const struct security_info *aa = j->has_dg14 ? security_infos_find(&j->dg14, SECURITY_INFO_AA) : NULL;

	*ret = HASH_SHA1;
	/* RSA names its hash in the signature's trailer. */
	return pubkey_kind(key) == PUBKEY_RSA || (aa != NULL && security_hash_of_ecdsa_plain(aa->value, ret));
}

static void judge_answer(struct judge *j, const struct inspect_check *then, const struct pubkey *key)
{
	enum hash_alg hash;
	cc_status st;

	if (!active_hash(j, key, &hash)) {
		add(j, EVIDENCE_UNDETERMINED, ACTIVE, "DG14 doesn't name the hash of the signature");
		return;
	}
	st = active_auth_verify(key, hash, j->e->aa_challenge, j->e->aa_answer);
	if (cc_failed(st) && st.code != CC_E_VERIFY && st.code != CC_E_FORMAT)
		add(j, EVIDENCE_UNDETERMINED, ACTIVE, "%s", cc_code_name(st.code));
	/* Neither passed nor failed says nothing that the signature could contradict: a known defect excuses, or proves not. */
	else if (then->result != INSPECT_INCONCLUSIVE && cc_failed(st) != (then->result == INSPECT_FAILED))
		add(j, EVIDENCE_WRONG, ACTIVE, "recorded %s, the signature over the challenge is %s",
		    inspect_result_name(then->result), cc_failed(st) ? "wrong" : "right");
	else
		add(j, EVIDENCE_PROVEN, ACTIVE, "the chip's signature over the recorded challenge is %s; when, the station says",
		    cc_failed(st) ? "wrong, as recorded" : "right");
}

static void judge_active(struct judge *j)
{
	const struct inspect_check *then = recorded(j->e, ACTIVE);
	struct pubkey *key = NULL;

	if (j->e->aa_answer.n == 0 || then == NULL) {
		add(j, then != NULL && then->result == INSPECT_PASSED ? EVIDENCE_WRONG : EVIDENCE_ABSENT, ACTIVE, "recorded %s",
		    then != NULL ? inspect_result_name(then->result) : "nothing");
		return;
	}
	if (cc_failed(dg15_parse(j->e->contents[lds_dg(15)], &key, NULL)))
		add(j, EVIDENCE_UNDETERMINED, ACTIVE, "no key of DG15 that is known here");
	else
		judge_answer(j, then, key);
	pubkey_free(&key);
}

static void judge_access(struct judge *j)
{
	char oid[64] = "";

	der_oid_text(j->e->pace_oid, oid, sizeof oid);
	if (j->e->access == INSPECT_ACCESS_NONE)
		add(j, EVIDENCE_CLAIMED, "access", "no access control");
	else
		add(j, EVIDENCE_CLAIMED, "access",
		    "%s %s: station and chip share its keys, so either could have made the session up",
		    inspect_access_name(j->e->access), oid);
}

enum key_fit { KEY_NONE, KEY_OF_ANOTHER_GROUP, KEY_FITS };

/* A Chip Authentication key of DG14 whose group the public value is in. */
static enum key_fit chip_key(const struct judge *j, struct bytes value, struct agree_group *ret_group, struct buf *ret_key)
{
	enum key_fit fit = KEY_NONE;

	for (size_t i = 0; j->has_dg14 && i < j->dg14.count; i++) {
		const struct security_info *info = &j->dg14.items[i];

		if (info->kind != SECURITY_INFO_CA_KEY || cc_failed(agree_spki_parse(info->value, ret_group, ret_key, NULL)))
			continue;
		if (!cc_failed(agree_public_check(*ret_group, value)))
			return KEY_FITS;
		fit = KEY_OF_ANOTHER_GROUP;
		buf_done(ret_key);
	}
	return fit;
}

/* ---- Chip Authentication Mapping, ICAO 9303-11 4.4.3.5.2 */

static cc_status mapping_by_card_security(const struct judge *j, const struct pace_result *r)
{
	struct card_security file = { 0 };
	cc_status st = card_security_parse(j->e->card_security, &file, NULL);

	if (!cc_failed(st))
		st = card_security_verify(&file, NULL, NULL);
	if (st.code == CC_E_FORMAT)
		st = cc_code_status(CC_E_VERIFY);
	if (!cc_failed(st))
		st = pace_verify_chip_auth_by(r, &file.infos);
	card_security_done(&file);
	return st;
}

static cc_status recompute_mapping(const struct judge *j)
{
	struct pace_result r = { 0 };
	cc_status st = buf_copy(&r.chip_mapping, j->e->cam_point);

	if (!cc_failed(st))
		st = buf_copy(&r.chip_auth, j->e->cam_data);
	if (!cc_failed(st) && !agree_group_from_parameter_id(j->e->pace_parameter_id, &r.group))
		st = cc_code_status(CC_E_VERIFY);
	if (!cc_failed(st) && j->e->card_security.n > 0)
		st = mapping_by_card_security(j, &r);
	else if (!cc_failed(st))
		st = cc_code_status(CC_E_NOT_FOUND);
	if (st.code == CC_E_NOT_FOUND && j->has_dg14)
		st = pace_verify_chip_auth_by(&r, &j->dg14);
	pace_result_done(&r);
	return st;
}

static void judge_mapping(struct judge *j)
{
	const struct inspect_check *then = recorded(j->e, MAPPING);
	cc_status st;

	if (j->e->cam_data.n == 0 && (then == NULL || then->result != INSPECT_PASSED))
		return;
	st = j->e->cam_data.n > 0 ? recompute_mapping(j) : cc_code_status(CC_E_VERIFY);
	if (cc_failed(st) && st.code != CC_E_VERIFY)
		add(j, EVIDENCE_UNDETERMINED, MAPPING, "%s", cc_code_name(st.code));
	else if (then != NULL && then->result != INSPECT_INCONCLUSIVE && cc_failed(st) != (then->result == INSPECT_FAILED))
		add(j, EVIDENCE_WRONG, MAPPING, "recorded %s, CA_IC %s from the chip's static key to the mapping key",
		    inspect_result_name(then->result), cc_failed(st) ? "doesn't lead" : "leads");
	else
		add(j, EVIDENCE_CLAIMED, MAPPING,
		    "CA_IC %s the mapping key and the chip's static key; who chooses CA_IC first could make such a pair",
		    cc_failed(st) ? "doesn't fit, as recorded," : "fits");
}

static void judge_chip(struct judge *j)
{
	const struct inspect_check *then = recorded(j->e, CHIP);
	struct agree_group group;
	enum key_fit fit;
	struct buf key = { 0 };

	if (j->e->ca_terminal_point.n == 0 || then == NULL || then->result != INSPECT_PASSED) {
		add(j, then != NULL && then->result == INSPECT_PASSED ? EVIDENCE_WRONG : EVIDENCE_ABSENT, CHIP, "recorded %s",
		    then != NULL ? inspect_result_name(then->result) : "nothing");
		return;
	}
	fit = chip_key(j, j->e->ca_terminal_point, &group, &key);
	if (fit == KEY_NONE)
		add(j, EVIDENCE_UNDETERMINED, CHIP, "DG14 has no key that can be read");
	else if (fit == KEY_OF_ANOTHER_GROUP)
		add(j, EVIDENCE_WRONG, CHIP, "the station's ephemeral key is of no group of DG14's keys");
	else
		add(j, EVIDENCE_CLAIMED, CHIP,
		    "the session went on under keys agreed with DG14's key; station and chip share them");
	buf_done(&key);
}

/* ---- the whole */
static void judge_verdict(struct judge *j)
{
	bool failed = false;

	for (size_t i = 0; i < j->e->check_count; i++)
		failed = failed || j->e->checks[i].result == INSPECT_FAILED;
	if (failed != (j->e->verdict == INSPECT_BAD))
		add(j, EVIDENCE_WRONG, "verdict", "recorded %s, its checks say otherwise", inspect_verdict_name(j->e->verdict));
	else
		add(j, EVIDENCE_CLAIMED, "verdict", "the station's verdict: %s", inspect_verdict_name(j->e->verdict));
}

static enum evidence_verdict conclude(const struct evidence_report *r)
{
	enum evidence_verdict v = EVIDENCE_HOLDS;

	for (size_t i = 0; i < r->count; i++) {
		if (r->findings[i].result == EVIDENCE_WRONG)
			return EVIDENCE_REFUSED;
		if (r->findings[i].result == EVIDENCE_UNDETERMINED)
			v = EVIDENCE_OPEN;
	}
	return v;
}

cc_status evidence_judge(const struct evidence *e, const struct evidence_judge_params *p, struct evidence_report *ret,
			 struct cc_error *err)
{
	struct judge j = { .e = e, .p = p, .out = ret };
	cc_status st;

	memset(ret, 0, sizeof *ret);
	judge_signer(&j);
	st = judge_record(&j);
	if (!cc_failed(st))
		st = inspect_again(&j);
	if (!cc_failed(st)) {
		judge_again(&j, "sod.structure");
		judge_again(&j, "sod.signature");
		judge_again(&j, "sod.chain");
		if (e->files[LDS_CARD_SECURITY].is_there)
			judge_again(&j, "card-security");
		judge_hashes(&j);
		st = judge_given(&j);
	}
	if (!cc_failed(st)) {
		judge_access(&j);
		judge_active(&j);
		judge_mapping(&j);
		judge_chip(&j);
		judge_verdict(&j);
		ret->verdict = conclude(ret);
	}
	inspection_done(&j.again);
	return cc_failed(st) ? cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "crypto.failed", "judging") : st;
}
