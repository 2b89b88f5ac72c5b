/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/evidence.h"

#include "card/inspect/evidence_record.h"
#include "crypto/base/secret.h"
#include "crypto/cbor/cbor_read.h"
#include "crypto/cose.h"

#include <string.h>

#define POINT_MAX 1100 /* DH keys too */
#define OID_MAX 32
#define CARD_SECURITY_MAX 65536
#define ANSWER_MAX 1024

/* A text that is one of `count` names. */
static bool read_name(struct cbor_in *in, const char *field, const char *(*name)(unsigned), unsigned count, unsigned *ret)
{
	struct bytes text;

	if (!cbor_text(in, field, 32, &text))
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (bytes_equal(text, bytes_str(name(i)))) {
			*ret = i;
			return true;
		}
	}
	return cbor_refuse(in, field, "not a word that is known here");
}

static const char *access_name(unsigned i)
{
	return inspect_access_name((enum inspect_access)i);
}
static const char *result_name(unsigned i)
{
	return inspect_result_name((enum inspect_result)i);
}
static const char *verdict_name(unsigned i)
{
	return inspect_verdict_name((enum inspect_verdict)i);
}

static bool read_optional(struct cbor_in *map, int64_t key, const char *field, size_t max, struct bytes *ret)
{
	return !cbor_has_key(map, key) || cbor_bytes(map, field, 1, max, ret);
}

static bool read_pace(struct cbor_in *in, struct evidence *e)
{
	struct cbor_in map;
	uint64_t id;

	if (!cbor_has_key(in, EVIDENCE_PACE))
		return true;
	if (!cbor_map(in, "PACE", &map) || !cbor_key(&map, 1, "PACE protocol") ||
	    !cbor_bytes(&map, "PACE protocol", 1, OID_MAX, &e->pace_oid) || !cbor_key(&map, 2, "PACE parameter id") ||
	    !cbor_uint(&map, "PACE parameter id", 255, &id) ||
	    !read_optional(&map, 3, "PACE chip point", POINT_MAX, &e->pace_chip_point) ||
	    !read_optional(&map, 4, "PACE-CAM mapping point", POINT_MAX, &e->cam_point) ||
	    !read_optional(&map, 5, "PACE-CAM data", POINT_MAX, &e->cam_data) ||
	    !read_optional(&map, 6, "EF.CardSecurity", CARD_SECURITY_MAX, &e->card_security) || !cbor_end(&map, "PACE"))
		return false;
	e->pace_parameter_id = (unsigned)id;
	return true;
}

static bool read_authentications(struct cbor_in *in, struct evidence *e)
{
	struct cbor_in map;

	if (cbor_has_key(in, EVIDENCE_AA) &&
	    (!cbor_map(in, "active authentication", &map) || !cbor_key(&map, 1, "challenge") ||
	     !cbor_bytes(&map, "challenge", 8, 8, &e->aa_challenge) || !cbor_key(&map, 2, "answer") ||
	     !cbor_bytes(&map, "answer", 1, ANSWER_MAX, &e->aa_answer) || !cbor_end(&map, "active authentication")))
		return false;
	return !cbor_has_key(in, EVIDENCE_CA) ||
	       (cbor_map(in, "chip authentication", &map) &&
		read_optional(&map, 1, "chip authentication protocol", OID_MAX, &e->ca_oid) &&
		cbor_key(&map, 2, "terminal point") && cbor_bytes(&map, "terminal point", 1, POINT_MAX, &e->ca_terminal_point) &&
		cbor_end(&map, "chip authentication"));
}

static bool read_fid(struct cbor_in *in, unsigned *ret_file)
{
	uint64_t fid;

	if (!cbor_uint(in, "file identifier", UINT16_MAX, &fid))
		return false;
	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		if (lds_file_fid(f) == fid) {
			*ret_file = f;
			return true;
		}
	}
	return cbor_refuse(in, "file identifier", "not a file of this application");
}

static bool read_file(struct cbor_in *list, struct evidence *e)
{
	struct cbor_in in;
	struct evidence_file file = { .is_there = true };
	unsigned f;

	if (!cbor_array(list, "file", 4, &in, NULL) || !read_fid(&in, &f) ||
	    !cbor_uint(&in, "file length", UINT32_MAX, &file.length) || !cbor_bytes(&in, "SHA-256", 32, 32, &file.sha256) ||
	    !cbor_bytes(&in, "hash", 0, HASH_LEN_MAX, &file.sod_hash) || !cbor_end(&in, "file"))
		return false;
	if (e->files[f].is_there)
		return cbor_refuse(list, "file", "listed twice");
	e->files[f] = file;
	return true;
}

static bool read_content(struct cbor_in *list, struct evidence *e)
{
	struct cbor_in in;
	struct bytes content;
	unsigned f;

	if (!cbor_array(list, "content", 2, &in, NULL) || !read_fid(&in, &f) ||
	    !cbor_bytes(&in, "content", 1, EVIDENCE_MAX, &content) || !cbor_end(&in, "content"))
		return false;
	if (!evidence_has_content(f) || e->contents[f].n > 0)
		return cbor_refuse(list, "content", "of a file that is not recorded so");
	e->contents[f] = content;
	return true;
}

static bool read_check(struct cbor_in *list, struct evidence *e)
{
	struct inspect_check *c = &e->checks[e->check_count];
	struct cbor_in in;
	unsigned result = 0;

	if (!cbor_array(list, "check", 3, &in, NULL) || !cbor_string(&in, "check id", c->id, sizeof c->id) ||
	    !read_name(&in, "check result", result_name, INSPECT_REMARK + 1, &result) ||
	    !cbor_string(&in, "check evidence", c->evidence, sizeof c->evidence) || !cbor_end(&in, "check"))
		return false;
	c->result = (enum inspect_result)result;
	e->check_count++;
	return true;
}

static bool read_list(struct cbor_in *in, unsigned key, const char *field, size_t max,
		      bool (*one)(struct cbor_in *, struct evidence *), struct evidence *e)
{
	struct cbor_in list;

	if (!cbor_key(in, key, field) || !cbor_array(in, field, max, &list, NULL))
		return false;
	while (list.left > 0) {
		if (!one(&list, e))
			return false;
	}
	return cbor_end(&list, field);
}

static bool read_head(struct cbor_in *map, struct evidence *e)
{
	uint64_t version, time_ms;
	unsigned access = 0;

	if (!cbor_key(map, EVIDENCE_VERSION, "version") || !cbor_uint(map, "version", EVIDENCE_VERSION_NOW, &version) ||
	    (version != EVIDENCE_VERSION_NOW && !cbor_refuse(map, "version", "not known here")) ||
	    !cbor_key(map, EVIDENCE_STATION, "station") || !cbor_string(map, "station", e->station, sizeof e->station) ||
	    !cbor_key(map, EVIDENCE_TIME, "time") || !cbor_uint(map, "time", INT64_MAX, &time_ms) ||
	    !cbor_key(map, EVIDENCE_SIGNER, "signer") || !cbor_bytes(map, "signer", 1, 2048, &e->signer_spki) ||
	    !cbor_key(map, EVIDENCE_ACCESS, "access") || !read_name(map, "access", access_name, INSPECT_ACCESS_BAC + 1, &access))
		return false;
	e->time_ms = (int64_t)time_ms;
	e->access = (enum inspect_access)access;
	return true;
}

static bool read_record(struct cbor_in *map, struct evidence *e)
{
	unsigned verdict = 0;

	if (!read_head(map, e) || !read_pace(map, e) || !read_authentications(map, e) ||
	    !cbor_key(map, EVIDENCE_COMMANDS, "commands") || !cbor_uint(map, "commands", UINT32_MAX, &e->commands) ||
	    !read_list(map, EVIDENCE_FILES, "files", LDS_FILE_COUNT, read_file, e) ||
	    !read_list(map, EVIDENCE_CONTENTS, "contents", LDS_FILE_COUNT, read_content, e) ||
	    !read_optional(map, EVIDENCE_ANCHOR, "anchor", 16384, &e->anchor) ||
	    !read_list(map, EVIDENCE_CHECKS, "checks", INSPECT_CHECKS_MAX, read_check, e) ||
	    !cbor_key(map, EVIDENCE_VERDICT, "verdict") ||
	    !read_name(map, "verdict", verdict_name, INSPECT_UNDECIDED + 1, &verdict))
		return false;
	e->verdict = (enum inspect_verdict)verdict;
	return cbor_end(map, "evidence");
}

/* The signature is by the key inside, and the key id in its header names that key. */
static cc_status check_signature(const struct cose_signed *m, struct evidence *e, struct cc_error *err)
{
	struct pubkey *key = NULL;
	cc_status st = cose_kid(e->signer_spki, &e->signer_kid);

	if (!cc_failed(st) && !bytes_equal(m->kid, bytes_of(e->signer_kid.p, e->signer_kid.n)))
		return cc_fail(err, CC_E_VERIFY, "cose.signature", "the key id is not that of the key inside");
	if (!cc_failed(st))
		st = pubkey_from_spki(e->signer_spki, &key, err);
	if (!cc_failed(st))
		st = cose_signed_verify(m, key, BYTES_LITERAL(EVIDENCE_DOMAIN), err);
	pubkey_free(&key);
	return st;
}

cc_status evidence_read(struct bytes data, struct evidence *ret, struct cc_error *err)
{
	struct cose_signed m;
	struct cbor_in in, map;
	cc_status st;

	if (data.n > EVIDENCE_MAX)
		return cc_fail(err, CC_E_LIMIT, "cbor.malformed", "%zu bytes", data.n);
	if (cc_failed(st = buf_copy(&ret->data, data)))
		return cc_fail(err, st.code, "memory", "evidence");
	if (!cc_failed(st = cose_signed_parse(buf_view(&ret->data), COSE_OURS, 0, &m, err)))
		st = cbor_open(&in, m.payload, CBOR_SORTED, EVIDENCE_MAX, err);
	if (!cc_failed(st) && (!cbor_map(&in, "evidence", &map) || !read_record(&map, ret)))
		st = cc_code_status(CC_E_FORMAT);
	if (!cc_failed(st))
		st = check_signature(&m, ret, err);
	if (cc_failed(st))
		evidence_done(ret);
	return st;
}

void evidence_done(struct evidence *e)
{
	buf_done(&e->data);
	cc_wipe(e, sizeof *e);
}
