/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/lint_run.h"

#include "crypto/asn1.h"
#include "crypto/ber.h"
#include "crypto/cms.h"

/*
 * EF.SOD, ICAO 9303-10 4.6.2: 77 { SignedData }. A walk of its own, step by step,
 * so that each missing part has its name; a parser only says that something is.
 */
#define DIGESTS_MAX 8
#define OID_SIGNED_DATA "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02"
#define OID_CONTENT_TYPE "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x03"
#define OID_MESSAGE_DIGEST "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x04"
#define OID_SIGNING_TIME "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x05"

struct sod_look {
	bool digests[HASH_COUNT]; /* of digestAlgorithms */
	enum hash_alg digest;	  /* of SignerInfo; HASH_COUNT: unknown */
	struct bytes type, content;
	const struct cms *cms; /* as the parser read it; NULL: it didn't */
};

/* ---- digestAlgorithms */
static enum hash_alg read_digest(struct lint_run *run, struct cursor *in, enum lint_id id)
{
	struct bytes where = bytes_of(in->p, in->n);
	struct asn1_algorithm alg;
	enum hash_alg hash;
	char text[64];

	if (!asn1_algorithm(in, TLV_LENIENT, &alg))
		return HASH_COUNT;
	if (hash_from_oid(alg.oid, &hash))
		return hash;
	der_oid_text(alg.oid, text, sizeof text);
	lint_add(run, id, where, "%s", text);
	return HASH_COUNT;
}

static void check_digests(struct lint_run *run, struct sod_look *s, struct cursor *data)
{
	struct bytes where = bytes_of(data->p, data->n);
	struct cursor set = { .failed = true };

	if (!tlv_is_next(data, DER_SET) || !tlv_expect(data, TLV_LENIENT, DER_SET, &set) || cursor_left(&set) == 0) {
		lint_add(run, LINT_SOD_NO_DIGESTS, where, "no SET of algorithms");
		return;
	}
	for (size_t i = 0; i < DIGESTS_MAX && cursor_left(&set) > 0; i++) {
		enum hash_alg hash = read_digest(run, &set, LINT_SOD_DIGESTS);

		if (hash < HASH_COUNT)
			s->digests[hash] = true;
	}
}

/* ---- encapContentInfo */
static void check_content(struct lint_run *run, struct sod_look *s, struct cursor *data)
{
	struct bytes where = bytes_of(data->p, data->n);
	struct cursor seq, tagged;
	char text[64];

	if (!tlv_is_next(data, DER_SEQUENCE) || !tlv_expect(data, TLV_LENIENT, DER_SEQUENCE, &seq)) {
		lint_add(run, LINT_SOD_NO_CONTENT, where, "no encapContentInfo");
		return;
	}
	if (!tlv_is_next(&seq, DER_OID) || !der_oid(&seq, &s->type)) {
		lint_add(run, LINT_SOD_NO_TYPE, where, "no OID");
	} else if (!bytes_equal(s->type, oid_lds_security_object)) {
		der_oid_text(s->type, text, sizeof text);
		lint_add(run, LINT_SOD_TYPE, where, "%s", text);
	}
	if (!tlv_is_next(&seq, 0xA0) || !tlv_expect(&seq, TLV_LENIENT, 0xA0, &tagged) ||
	    !tlv_expect_bytes(&tagged, TLV_LENIENT, DER_OCTET_STRING, &s->content))
		lint_add(run, LINT_SOD_NO_CONTENT, where, "no eContent");
}

/* ---- certificates and crls */
static void check_certs(struct lint_run *run, struct cursor *data)
{
	struct bytes where = bytes_of(data->p, data->n), crls;
	struct cursor set;
	size_t n = 0;
	struct tlv t;

	if (tlv_is_next(data, 0xA0) && tlv_expect(data, TLV_LENIENT, 0xA0, &set)) {
		for (; cursor_left(&set) > 0 && tlv_next(&set, TLV_LENIENT, &t); n++) {
			struct cert *c = NULL;
			struct cc_error err;
			cc_status st;

			cc_error_init(&err);
			st = cert_parse(t.whole, &c, &err);
			run->out_of_memory = run->out_of_memory || st.code == CC_E_MEMORY;
			if (cc_failed(st))
				lint_add(run, LINT_SOD_CERT, t.whole, "%s", err.detail);
			cert_free(&c);
			lint_cert_algorithms(run, t.whole);
		}
	}
	if (n == 0)
		lint_add(run, LINT_SOD_NO_CERT, where, "no certificates");
	if (tlv_is_next(data, 0xA1)) {
		lint_add(run, LINT_SOD_CRLS, bytes_of(data->p, data->n), "crls");
		if (!tlv_expect_bytes(data, TLV_LENIENT, 0xA1, &crls))
			return;
	}
}

/* ---- SignerInfo */
static void check_names(struct lint_run *run, const struct sod_look *s, bool by_ski, struct bytes sid)
{
	const struct cert *signer = s->cms != NULL ? cms_signer_cert(s->cms) : NULL;
	struct cursor in, seq;
	struct tlv name;

	if (s->cms == NULL || cms_cert_count(s->cms) == 0)
		return;
	if (signer == NULL) {
		lint_add(run, by_ski ? LINT_SOD_SIGNER_SKI : LINT_SOD_SIGNER_ISSUER, sid, "%zu certificate(s) inside",
			 cms_cert_count(s->cms));
		return;
	}
	cursor_init(&in, sid);
	if (!by_ski && tlv_expect(&in, TLV_LENIENT, DER_SEQUENCE, &seq) && tlv_next(&seq, TLV_LENIENT, &name) &&
	    !bytes_equal(name.whole, cert_issuer(signer)))
		lint_add(run, LINT_SOD_SIGNER_NAME_ORDER, name.whole, "the same names in other bytes");
}

static void check_signer_id(struct lint_run *run, const struct sod_look *s, struct cursor *in)
{
	struct bytes where = bytes_of(in->p, in->n);
	uint64_t version = 0;
	bool has_version = tlv_is_next(in, DER_INTEGER) && der_uint(in, &version);
	bool by_ski = tlv_is_next(in, 0x80);
	struct tlv sid;

	if (!has_version)
		lint_add(run, LINT_SOD_NO_SIGNER_VERSION, where, "no INTEGER");
	/* RFC 5652 5.3: 1 with issuer and serial number, 3 with the subject key identifier. */
	else if (version != (by_ski ? 3u : 1u))
		lint_add(run, LINT_SOD_SIGNER_VERSION, where, "%u by %s", (unsigned)version,
			 by_ski ? "subjectKeyIdentifier" : "issuerAndSerialNumber");
	if (tlv_next(in, TLV_LENIENT, &sid))
		check_names(run, s, by_ski, sid.whole);
}

static void check_signer_digest(struct lint_run *run, struct sod_look *s, struct cursor *in)
{
	struct bytes where = bytes_of(in->p, in->n);

	s->digest = HASH_COUNT;
	/* Without it the signed attributes or, behind them, the signature's own algorithm come next. */
	if (!tlv_is_next(in, DER_SEQUENCE)) {
		lint_add(run, LINT_SOD_NO_SIGNER_DIGEST, where, "no AlgorithmIdentifier");
		return;
	}
	s->digest = read_digest(run, in, LINT_SOD_SIGNER_DIGEST);
	if (s->digest < HASH_COUNT && !s->digests[s->digest])
		lint_add(run, LINT_SOD_DIGEST_LIST, where, "%s", hash_name(s->digest));
	if (s->digest == HASH_SHA1)
		lint_add(run, LINT_SOD_SHA1, where, "digest of the signature");
}

static void check_message_digest(struct lint_run *run, const struct sod_look *s, struct bytes value)
{
	struct digest d;

	if (s->digest == HASH_COUNT)
		return;
	if (cc_failed(hash_digest(s->digest, s->content, &d)))
		run->out_of_memory = true;
	else if (!bytes_equal(bytes_of(d.p, d.n), value))
		lint_add(run, LINT_SOD_MESSAGE_DIGEST, value, "%zu bytes", value.n);
}

static void check_signing_time(struct lint_run *run, const struct sod_look *s, struct cursor *values, struct bytes where)
{
	const struct cert *signer = s->cms != NULL ? cms_signer_cert(s->cms) : NULL;
	int64_t at;

	if (!asn1_time(values, &at))
		lint_add(run, LINT_SOD_SIGNING_TIME, where, "not a time");
	else if (signer != NULL && (at < cert_not_before_s(signer) || at > cert_not_after_s(signer)))
		lint_add(run, LINT_SOD_SIGNING_TIME, where, "outside the signer's validity");
}

struct attributes_seen {
	bool type, digest;
};

static void check_attribute(struct lint_run *run, const struct sod_look *s, const struct tlv *attribute,
			    struct attributes_seen *seen)
{
	struct cursor in, values;
	struct bytes oid, value;

	cursor_init(&in, attribute->value);
	if (!der_oid(&in, &oid) || !tlv_expect(&in, TLV_LENIENT, DER_SET, &values))
		return;
	if (bytes_equal(oid, BYTES_LITERAL(OID_CONTENT_TYPE))) {
		seen->type = der_oid(&values, &value) && bytes_equal(value, s->type);
	} else if (bytes_equal(oid, BYTES_LITERAL(OID_MESSAGE_DIGEST))) {
		seen->digest = tlv_expect_bytes(&values, TLV_LENIENT, DER_OCTET_STRING, &value);
		if (seen->digest)
			check_message_digest(run, s, value);
	} else if (bytes_equal(oid, BYTES_LITERAL(OID_SIGNING_TIME))) {
		check_signing_time(run, s, &values, attribute->whole);
	}
}

static void check_attributes(struct lint_run *run, const struct sod_look *s, struct cursor *in)
{
	struct bytes where = bytes_of(in->p, in->n), before = { 0 };
	struct attributes_seen seen = { 0 };
	struct cursor set;
	struct tlv t;

	if (!tlv_is_next(in, 0xA0) || !tlv_expect(in, TLV_LENIENT, 0xA0, &set)) {
		lint_add(run, LINT_SOD_ATTRIBUTES, where, "no signed attributes");
		return;
	}
	while (cursor_left(&set) > 0 && tlv_next(&set, TLV_LENIENT, &t)) {
		if (bytes_compare(before, t.whole) > 0)
			lint_add(run, LINT_SOD_ATTRIBUTE_ORDER, t.whole, "smaller than the attribute before it");
		check_attribute(run, s, &t, &seen);
		before = t.whole;
	}
	if (!seen.type)
		lint_add(run, LINT_SOD_ATTRIBUTES, where, "content type");
	if (!seen.digest)
		lint_add(run, LINT_SOD_NO_MESSAGE_DIGEST, where, "message digest");
}

static void check_signature_fields(struct lint_run *run, const struct sod_look *s, struct cursor *in)
{
	struct bytes where = bytes_of(in->p, in->n), sig;
	struct sig_alg alg;
	struct tlv t;

	if (!tlv_is_next(in, DER_SEQUENCE) || !tlv_next(in, TLV_LENIENT, &t))
		lint_add(run, LINT_SOD_SIG_ALG, where, "none");
	else if (cc_failed(sig_alg_parse(t.whole, s->digest, &alg, NULL)))
		lint_add(run, LINT_SOD_SIG_ALG, t.whole, "not known here");
	if (!tlv_is_next(in, DER_OCTET_STRING) || !tlv_expect_bytes(in, TLV_LENIENT, DER_OCTET_STRING, &sig))
		lint_add(run, LINT_SOD_NO_SIGNATURE, where, "no OCTET STRING");
}

static void check_signer_infos(struct lint_run *run, struct sod_look *s, struct cursor *data)
{
	struct bytes where = bytes_of(data->p, data->n);
	struct cursor set, in;
	size_t n = 0;
	struct tlv t;

	if (!tlv_is_next(data, DER_SET) || !tlv_expect(data, TLV_LENIENT, DER_SET, &set)) {
		lint_add(run, LINT_SOD_SIGNERS, where, "none");
		return;
	}
	for (; cursor_left(&set) > 0 && tlv_next(&set, TLV_LENIENT, &t); n++) {
		if (n > 0)
			continue;
		cursor_init(&in, t.value);
		check_signer_id(run, s, &in);
		check_signer_digest(run, s, &in);
		check_attributes(run, s, &in);
		check_signature_fields(run, s, &in);
	}
	if (n != 1)
		lint_add(run, LINT_SOD_SIGNERS, where, "%zu", n);
}

/* ---- SignedData */
static bool enter(struct lint_run *run, struct bytes cms, struct cursor *ret)
{
	struct cursor in, seq, tagged;
	struct bytes oid;

	cursor_init(&in, cms);
	if (tlv_expect(&in, TLV_LENIENT, DER_SEQUENCE, &seq) && der_oid(&seq, &oid) &&
	    bytes_equal(oid, BYTES_LITERAL(OID_SIGNED_DATA)) && tlv_expect(&seq, TLV_LENIENT, 0xA0, &tagged) &&
	    tlv_expect(&tagged, TLV_LENIENT, DER_SEQUENCE, ret))
		return true;
	lint_add(run, LINT_SOD_MALFORMED, cms, "no ContentInfo with SignedData");
	return false;
}

/* The signature itself, where the parser got that far and the signer's certificate is inside. */
static void check_signature(struct lint_run *run, const struct sod_look *s)
{
	const struct cert *signer = s->cms != NULL ? cms_signer_cert(s->cms) : NULL;
	struct cc_error err;
	cc_status st;

	if (signer == NULL)
		return;
	cc_error_init(&err);
	st = cms_verify(s->cms, signer, &err);
	if (st.code == CC_E_MEMORY)
		run->out_of_memory = true;
	else if (st.code == CC_E_VERIFY)
		lint_add(run, LINT_SOD_SIGNATURE, bytes_of(NULL, 0), "%s", err.detail);
}

static void check_signed_data(struct lint_run *run, struct sod_look *s, struct bytes cms)
{
	struct cursor data;
	uint64_t version = 0;

	if (!enter(run, cms, &data))
		return;
	if (!tlv_is_next(&data, DER_INTEGER))
		lint_add(run, LINT_SOD_NO_CMS_VERSION, bytes_of(data.p, data.n), "no INTEGER");
	else if (!der_uint(&data, &version) || version != 3)
		lint_add(run, LINT_SOD_CMS_VERSION, cms, "%u", (unsigned)version);
	check_digests(run, s, &data);
	check_content(run, s, &data);
	check_certs(run, &data);
	check_signer_infos(run, s, &data);
	if (data.failed || cursor_left(&data) > 0)
		lint_add(run, LINT_SOD_MALFORMED, cms, "%zu bytes behind signerInfos", cursor_left(&data));
	check_signature(run, s);
	if (s->content.n > 0)
		lint_lso(run, s->content, s->digest);
}

void lint_sod(struct lint_run *run)
{
	struct sod_look s = { .digest = HASH_COUNT };
	struct buf definite = { 0 };
	struct cms *parsed = NULL;
	struct bytes cms;
	struct cursor in;
	bool changed = false;
	cc_status st;

	if (!lint_outer(run, lds_file_tag(LDS_SOD), &in))
		return;
	cms = cursor_rest(&in);
	st = ber_to_definite(cms, &definite, &changed);
	/* Offsets are the file's own as long as nothing had to be rewritten. */
	if (!cc_failed(st) && changed)
		cms = buf_view(&definite);
	if (!cc_failed(st))
		st = cms_parse(cms, &parsed, NULL);
	s.cms = parsed;
	if (st.code == CC_E_MEMORY)
		run->out_of_memory = true;
	else
		check_signed_data(run, &s, cms);
	cms_free(&parsed);
	buf_done(&definite);
}
