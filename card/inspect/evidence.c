/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/evidence.h"

#include "card/inspect/evidence_record.h"
#include "card/lds/sod.h"
#include "crypto/cbor/cbor_write.h"
#include "crypto/cose.h"

#include <string.h>

static const unsigned content_files[] = { LDS_CARD_ACCESS, LDS_COM, LDS_SOD, LDS_DG1 + 13, LDS_DG1 + 14 };

bool evidence_has_content(unsigned file)
{
	for (size_t i = 0; i < sizeof content_files / sizeof content_files[0]; i++) {
		if (content_files[i] == file)
			return true;
	}
	return false;
}

static void put_key_bytes(struct cbor_out *out, unsigned key, struct bytes v)
{
	if (v.n == 0)
		return;
	cbor_put_uint(out, key);
	cbor_put_bytes(out, v);
}

static void put_pace(struct cbor_out *out, const struct inspection *i)
{
	const struct inspect_transcript *t = &i->transcript;

	if (t->pace_oid.n == 0)
		return;
	cbor_put_uint(out, EVIDENCE_PACE);
	cbor_open_map(out);
	put_key_bytes(out, 1, buf_view(&t->pace_oid));
	cbor_put_uint(out, 2);
	cbor_put_uint(out, t->pace_parameter_id);
	put_key_bytes(out, 3, buf_view(&t->pace_chip_point));
	put_key_bytes(out, 4, buf_view(&t->cam_point));
	put_key_bytes(out, 5, buf_view(&t->cam_data));
	put_key_bytes(out, 6, lds_set_get(&i->files, LDS_CARD_SECURITY));
	cbor_close(out);
}

static void put_authentication(struct cbor_out *out, unsigned key, struct bytes first, struct bytes second)
{
	if (second.n == 0)
		return;
	cbor_put_uint(out, key);
	cbor_open_map(out);
	put_key_bytes(out, 1, first);
	put_key_bytes(out, 2, second);
	cbor_close(out);
}

/* [fid, length, SHA-256, hash by EF.SOD's algorithm (data groups only)]. */
static cc_status put_file(struct cbor_out *out, enum lds_file f, struct bytes file, enum hash_alg sod_alg)
{
	struct digest plain, by_sod = { 0 };
	cc_status st = hash_digest(HASH_SHA256, file, &plain);

	if (!cc_failed(st) && sod_alg < HASH_COUNT && lds_dg_number(f) > 0)
		st = hash_digest(sod_alg, file, &by_sod);
	cbor_open_array(out);
	cbor_put_uint(out, lds_file_fid(f));
	cbor_put_uint(out, file.n);
	cbor_put_bytes(out, bytes_of(plain.p, plain.n));
	cbor_put_bytes(out, bytes_of(by_sod.p, by_sod.n));
	cbor_close(out);
	return st;
}

static cc_status put_files(struct cbor_out *out, const struct lds_set *files, enum hash_alg sod_alg)
{
	cc_status st = cc_ok();

	cbor_put_uint(out, EVIDENCE_FILES);
	cbor_open_array(out);
	for (unsigned f = 0; f < LDS_FILE_COUNT && !cc_failed(st); f++) {
		if (lds_set_has(files, f))
			st = put_file(out, f, lds_set_get(files, f), sod_alg);
	}
	cbor_close(out);
	cbor_put_uint(out, EVIDENCE_CONTENTS);
	cbor_open_array(out);
	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		if (!evidence_has_content(f) || !lds_set_has(files, f))
			continue;
		cbor_open_array(out);
		cbor_put_uint(out, lds_file_fid(f));
		cbor_put_bytes(out, lds_set_get(files, f));
		cbor_close(out);
	}
	cbor_close(out);
	return st;
}

static void put_checks(struct cbor_out *out, const struct inspection *i)
{
	cbor_put_uint(out, EVIDENCE_CHECKS);
	cbor_open_array(out);
	for (size_t k = 0; k < i->check_count; k++) {
		cbor_open_array(out);
		cbor_put_str(out, i->checks[k].id);
		cbor_put_str(out, inspect_result_name(i->checks[k].result));
		cbor_put_str(out, i->checks[k].evidence);
		cbor_close(out);
	}
	cbor_close(out);
	cbor_put_uint(out, EVIDENCE_VERDICT);
	cbor_put_str(out, inspect_verdict_name(i->verdict));
}

/* The certificate that the document signer's chain ended at, when it did. */
static void put_anchor(struct cbor_out *out, const struct evidence_params *p, const struct sod *sod)
{
	const struct cert *signer = sod->cms != NULL ? cms_signer_cert(sod->cms) : NULL, *anchor = NULL;

	if (signer == NULL || p->trust == NULL ||
	    trust_verify(p->trust, signer, p->time_ms / 1000, &anchor, NULL) != CHAIN_GOOD || anchor == NULL)
		return;
	put_key_bytes(out, EVIDENCE_ANCHOR, cert_der(anchor));
}

static cc_status put_record(struct cbor_out *out, const struct evidence_params *p, struct bytes spki, const struct sod *sod)
{
	const struct inspection *i = p->inspection;
	const struct inspect_transcript *t = &i->transcript;
	cc_status st;

	cbor_open_map(out);
	cbor_put_uint(out, EVIDENCE_VERSION);
	cbor_put_uint(out, EVIDENCE_VERSION_NOW);
	cbor_put_uint(out, EVIDENCE_STATION);
	cbor_put_str(out, p->station);
	cbor_put_uint(out, EVIDENCE_TIME);
	cbor_put_int(out, p->time_ms);
	put_key_bytes(out, EVIDENCE_SIGNER, spki);
	cbor_put_uint(out, EVIDENCE_ACCESS);
	cbor_put_str(out, inspect_access_name(i->access));
	put_pace(out, i);
	put_authentication(out, EVIDENCE_AA, bytes_of(i->aa_challenge, sizeof i->aa_challenge), buf_view(&i->aa_answer));
	put_authentication(out, EVIDENCE_CA, buf_view(&t->ca_oid), buf_view(&t->ca_terminal_point));
	cbor_put_uint(out, EVIDENCE_COMMANDS);
	cbor_put_uint(out, t->commands);
	st = put_files(out, &i->files, sod->cms != NULL ? sod->object.alg : HASH_COUNT);
	put_anchor(out, p, sod);
	put_checks(out, i);
	cbor_close(out);
	return st;
}

static cc_status make_record(const struct evidence_params *p, struct buf *ret, struct cc_error *err)
{
	struct buf spki = { 0 };
	struct sod sod = { 0 };
	struct cbor_out out;
	cc_status st = keystore_public_key(p->keystore, p->key_label, &spki);

	if (cc_failed(st)) {
		keystore_error(p->keystore, err);
		return cc_fail(err, st.code, "keystore.failed", "%s", p->key_label);
	}
	cbor_out_init(&out, EVIDENCE_MAX);
	/* A SOD that doesn't parse is recorded as it is: the checks say so. */
	st = sod_parse(lds_set_get(&p->inspection->files, LDS_SOD), &sod, NULL);
	if (cc_failed(st))
		sod_done(&sod);
	if (st.code != CC_E_MEMORY)
		st = put_record(&out, p, buf_view(&spki), &sod);
	if (!cc_failed(st))
		st = cbor_finish(&out, ret);
	if (cc_failed(st))
		st = cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "evidence.write", "%s", cc_code_name(st.code));
	cbor_out_done(&out);
	sod_done(&sod);
	buf_done(&spki);
	return st;
}

cc_status evidence_write(const struct evidence_params *p, struct buf *ret, struct cc_error *err)
{
	struct buf record = { 0 };
	cc_status st;

	CC_ASSERT(strlen(p->station) <= EVIDENCE_STATION_MAX);
	st = make_record(p, &record, err);
	if (!cc_failed(st)) {
		const struct cose_sign_params sign = { .keystore = p->keystore,
						       .key_label = p->key_label,
						       .external = BYTES_LITERAL(EVIDENCE_DOMAIN),
						       .payload = buf_view(&record) };

		st = cose_sign1(&sign, ret, err);
	}
	buf_done(&record);
	return st;
}
