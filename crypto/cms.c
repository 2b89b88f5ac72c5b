/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cms.h"

#include "crypto/asn1.h"
#include "crypto/base/secret.h"
#include "crypto/ber.h"
#include "crypto/cms_oids.h"

#define CMS_LEN_MAX (32u << 20)
#define CERTS_MAX 64
#define ATTRIBUTES_MAX DER_SET_MAX

const struct bytes cms_oid_signed_data = BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02");
const struct bytes cms_oid_content_type = BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x09\x03");
const struct bytes cms_oid_message_digest = BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x09\x04");
const struct bytes cms_oid_signing_time = BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x09\x05");

struct signer_info {
	unsigned version;
	struct bytes issuer, serial; /* or */
	struct bytes ski;
	enum hash_alg digest_alg;
	struct sig_alg sig_alg;
	struct bytes sig;
	bool has_attributes, has_signing_time;
	struct bytes attributes[ATTRIBUTES_MAX]; /* whole, in their order */
	size_t attribute_count;
	struct bytes content_type, message_digest; /* of the attributes; empty when absent */
	int64_t signing_time_s;
};

/* All views point into der. */
struct cms {
	struct buf der;
	bool was_ber, has_content, has_crls, has_digest[HASH_COUNT];
	unsigned version;
	struct bytes content_type, content;
	struct cert *certs[CERTS_MAX];
	size_t cert_count, certs_unreadable, signer_count;
	struct signer_info signer; /* the first */
};

/* ---- signed attributes */

static bool one_value(struct bytes values, uint32_t tag, struct bytes *ret)
{
	struct cursor in;

	cursor_init(&in, values);
	return tlv_expect_bytes(&in, TLV_LENIENT, tag, ret) && !cc_failed(cursor_end(&in));
}

/* RFC 5652 11.1 to 11.3: each of these occurs once and has one value. */
static bool read_known_attribute(struct signer_info *s, struct bytes oid, struct bytes values)
{
	struct cursor in;

	if (bytes_equal(oid, cms_oid_content_type))
		return s->content_type.n == 0 && one_value(values, DER_OID, &s->content_type) && s->content_type.n > 0;
	if (bytes_equal(oid, cms_oid_message_digest))
		return s->message_digest.n == 0 && one_value(values, DER_OCTET_STRING, &s->message_digest) &&
		       s->message_digest.n > 0;
	if (bytes_equal(oid, cms_oid_signing_time)) {
		cursor_init(&in, values);
		if (s->has_signing_time || !asn1_time(&in, &s->signing_time_s) || cc_failed(cursor_end(&in)))
			return false;
		s->has_signing_time = true;
	}
	return true;
}

static bool read_attributes(struct signer_info *s, struct cursor *set)
{
	struct tlv whole;
	struct cursor seq;
	struct bytes oid, values;

	s->has_attributes = true;
	while (cursor_left(set) > 0) {
		if (!tlv_next(set, TLV_LENIENT, &whole) || whole.tag != DER_SEQUENCE || s->attribute_count == ATTRIBUTES_MAX)
			return false;
		cursor_init(&seq, whole.value);
		if (!der_oid(&seq, &oid) || !tlv_expect_bytes(&seq, TLV_LENIENT, DER_SET, &values) ||
		    cc_failed(cursor_end(&seq)) || !read_known_attribute(s, oid, values))
			return false;
		s->attributes[s->attribute_count++] = whole.whole;
	}
	return s->attribute_count > 0;
}

/* ---- SignerInfo */

static bool read_digest_alg(struct cursor *in, enum hash_alg *ret)
{
	struct asn1_algorithm alg;

	if (!asn1_algorithm(in, TLV_LENIENT, &alg))
		return false;
	if (!asn1_params_empty(alg.params) || !hash_from_oid(alg.oid, ret))
		*ret = HASH_COUNT;
	return true;
}

static bool read_signer_id(struct cursor *in, struct signer_info *s)
{
	struct cursor seq;
	struct tlv name;

	if (tlv_is_next(in, 0x80))
		return tlv_expect_bytes(in, TLV_LENIENT, 0x80, &s->ski) && s->ski.n > 0;
	if (!tlv_expect(in, TLV_LENIENT, DER_SEQUENCE, &seq) || !tlv_next(&seq, TLV_LENIENT, &name) || name.tag != DER_SEQUENCE ||
	    !tlv_expect_bytes(&seq, TLV_LENIENT, DER_INTEGER, &s->serial) || s->serial.n == 0)
		return false;
	s->issuer = name.whole;
	return !cc_failed(cursor_end(&seq));
}

static bool read_signer_info(struct cursor *in, struct signer_info *s)
{
	struct cursor seq, set;
	struct bytes unsigned_attributes;
	struct tlv alg;
	uint64_t version;

	if (!tlv_expect(in, TLV_LENIENT, DER_SEQUENCE, &seq) || !der_uint(&seq, &version) || version > 9)
		return false;
	s->version = (unsigned)version;
	if (!read_signer_id(&seq, s) || !read_digest_alg(&seq, &s->digest_alg))
		return false;
	if (tlv_is_next(&seq, 0xA0) && (!tlv_expect(&seq, TLV_LENIENT, 0xA0, &set) || !read_attributes(s, &set)))
		return false;
	if (!tlv_next(&seq, TLV_LENIENT, &alg) || alg.tag != DER_SEQUENCE ||
	    !tlv_expect_bytes(&seq, TLV_LENIENT, DER_OCTET_STRING, &s->sig))
		return false;
	if (cc_failed(sig_alg_parse(alg.whole, s->digest_alg, &s->sig_alg, NULL)))
		s->sig_alg = (struct sig_alg){ .hash = HASH_COUNT, .mgf_hash = HASH_COUNT };
	if (tlv_is_next(&seq, 0xA1) && !tlv_expect_bytes(&seq, TLV_LENIENT, 0xA1, &unsigned_attributes))
		return false;
	return !cc_failed(cursor_end(&seq));
}

static bool read_signer_infos(struct cms *c, struct cursor *in)
{
	struct cursor set;
	struct tlv further;

	if (!tlv_expect(in, TLV_LENIENT, DER_SET, &set) || !read_signer_info(&set, &c->signer))
		return false;
	c->signer_count = 1;
	while (cursor_left(&set) > 0) {
		if (!tlv_next(&set, TLV_LENIENT, &further) || further.tag != DER_SEQUENCE)
			return false;
		c->signer_count++;
	}
	return true;
}

/* ---- SignedData */

static bool read_digest_algs(struct cms *c, struct cursor *in)
{
	struct cursor set;
	enum hash_alg alg;

	if (!tlv_expect(in, TLV_LENIENT, DER_SET, &set))
		return false;
	while (cursor_left(&set) > 0) {
		if (!read_digest_alg(&set, &alg))
			return false;
		if (alg < HASH_COUNT)
			c->has_digest[alg] = true;
	}
	return true;
}

static bool read_content(struct cms *c, struct cursor *in)
{
	struct cursor seq, tagged;

	if (!tlv_expect(in, TLV_LENIENT, DER_SEQUENCE, &seq) || !der_oid(&seq, &c->content_type))
		return false;
	if (cursor_left(&seq) == 0)
		return true;
	c->has_content = true;
	return tlv_expect(&seq, TLV_LENIENT, 0xA0, &tagged) &&
	       tlv_expect_bytes(&tagged, TLV_LENIENT, DER_OCTET_STRING, &c->content) && !cc_failed(cursor_end(&tagged)) &&
	       !cc_failed(cursor_end(&seq));
}

/* A certificate that can't be read is counted: the content may still be worth reading, and the structure check tells. */
static cc_status read_certs(struct cms *c, struct cursor *in)
{
	struct cursor set;
	struct tlv t;
	cc_status st;

	if (!tlv_expect(in, TLV_LENIENT, 0xA0, &set))
		return cc_code_status(CC_E_FORMAT);
	while (cursor_left(&set) > 0) {
		if (!tlv_next(&set, TLV_LENIENT, &t))
			return cc_code_status(CC_E_FORMAT);
		if (c->cert_count == CERTS_MAX)
			return cc_code_status(CC_E_LIMIT);
		st = t.tag == DER_SEQUENCE ? cert_parse(t.whole, &c->certs[c->cert_count], NULL) : cc_code_status(CC_E_FORMAT);
		if (st.code == CC_E_MEMORY)
			return st;
		if (cc_failed(st))
			c->certs_unreadable++;
		else
			c->cert_count++;
	}
	return cc_ok();
}

static cc_status malformed(struct cc_error *err, const char *what)
{
	return cc_fail(err, CC_E_FORMAT, "cms.malformed", "%s", what);
}

static cc_status read_signed_data(struct cms *c, struct cursor *in, struct cc_error *err)
{
	struct bytes crls;
	uint64_t version;
	cc_status st;

	if (!der_uint(in, &version) || version > 9)
		return malformed(err, "version");
	c->version = (unsigned)version;
	if (!read_digest_algs(c, in))
		return malformed(err, "digestAlgorithms");
	if (!read_content(c, in))
		return malformed(err, "encapContentInfo");
	if (tlv_is_next(in, 0xA0)) {
		st = read_certs(c, in);
		if (cc_failed(st))
			return cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "cms.malformed", "certificates");
	}
	c->has_crls = tlv_is_next(in, 0xA1);
	if (c->has_crls && !tlv_expect_bytes(in, TLV_LENIENT, 0xA1, &crls))
		return malformed(err, "crls");
	if (!read_signer_infos(c, in))
		return malformed(err, "signerInfos");
	return cc_failed(cursor_end(in)) ? malformed(err, "bytes after signerInfos") : cc_ok();
}

static cc_status read_content_info(struct cms *c, struct cc_error *err)
{
	struct cursor in, seq, tagged, data;
	struct bytes oid;

	cursor_init(&in, buf_view(&c->der));
	if (!tlv_expect(&in, TLV_LENIENT, DER_SEQUENCE, &seq) || cc_failed(cursor_end(&in)) || !der_oid(&seq, &oid))
		return malformed(err, "ContentInfo");
	if (!bytes_equal(oid, cms_oid_signed_data))
		return cc_fail(err, CC_E_UNSUPPORTED, "cms.not-signed-data", "another content than SignedData");
	if (!tlv_expect(&seq, TLV_LENIENT, 0xA0, &tagged) || cc_failed(cursor_end(&seq)) ||
	    !tlv_expect(&tagged, TLV_LENIENT, DER_SEQUENCE, &data) || cc_failed(cursor_end(&tagged)))
		return malformed(err, "ContentInfo");
	return read_signed_data(c, &data, err);
}

void cms_free(struct cms **c)
{
	if (*c == NULL)
		return;
	for (size_t i = 0; i < (*c)->cert_count; i++)
		cert_free(&(*c)->certs[i]);
	buf_done(&(*c)->der);
	cc_free(*c, sizeof **c);
	*c = NULL;
}

cc_status cms_parse(struct bytes data, struct cms **ret, struct cc_error *err)
{
	struct cms *c;
	cc_status st;

	if (data.n > CMS_LEN_MAX)
		return cc_fail(err, CC_E_LIMIT, "cms.too-large", "%zu bytes", data.n);
	c = cc_alloc(sizeof *c);
	if (c == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "cms");
	st = ber_to_definite(data, &c->der, &c->was_ber);
	if (cc_failed(st))
		st = cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "cms.malformed", "BER of %zu bytes", data.n);
	else
		st = read_content_info(c, err);
	if (cc_failed(st))
		cms_free(&c);
	else
		*ret = c;
	return st;
}

/* ---- what it says */

struct bytes cms_content_type(const struct cms *c)
{
	return c->content_type;
}

struct bytes cms_content(const struct cms *c)
{
	return c->content;
}

unsigned cms_version(const struct cms *c)
{
	return c->version;
}

enum hash_alg cms_digest_alg(const struct cms *c)
{
	return c->signer.digest_alg;
}

struct sig_alg cms_sig_alg(const struct cms *c)
{
	return c->signer.sig_alg;
}

bool cms_signing_time(const struct cms *c, int64_t *ret_s)
{
	if (c->signer.has_signing_time)
		*ret_s = c->signer.signing_time_s;
	return c->signer.has_signing_time;
}

size_t cms_cert_count(const struct cms *c)
{
	return c->cert_count;
}

const struct cert *cms_cert(const struct cms *c, size_t i)
{
	CC_ASSERT(i < c->cert_count);
	return c->certs[i];
}

bool cms_names_signer(const struct cms *c, const struct cert *cert)
{
	if (c->signer.ski.n > 0)
		return bytes_equal(c->signer.ski, cert_ski(cert));
	return bytes_equal(c->signer.serial, cert_serial(cert)) && cert_name_equal(c->signer.issuer, cert_issuer(cert));
}

const struct cert *cms_signer_cert(const struct cms *c)
{
	for (size_t i = 0; i < c->cert_count; i++)
		if (cms_names_signer(c, c->certs[i]))
			return c->certs[i];
	return NULL;
}

static bool attributes_sorted(const struct signer_info *s)
{
	for (size_t i = 1; i < s->attribute_count; i++)
		if (bytes_compare(s->attributes[i - 1], s->attributes[i]) > 0)
			return false;
	return true;
}

static bool is_unsorted(const struct cms *c)
{
	return !attributes_sorted(&c->signer);
}

static bool is_ber(const struct cms *c)
{
	return c->was_ber;
}

static bool has_no_cert(const struct cms *c)
{
	return c->cert_count == 0 && c->certs_unreadable == 0;
}

static bool has_unreadable(const struct cms *c)
{
	return c->certs_unreadable > 0;
}

static bool has_crls(const struct cms *c)
{
	return c->has_crls;
}

/* ICAO 9303-10 4.6.2.2 and RFC 5652 5.1, 5.3: what nothing can be built on. */
static const char *shape_fault(const struct cms *c)
{
	const struct signer_info *s = &c->signer;

	if (c->version != 3)
		return "SignedData version is not 3";
	if (s->digest_alg >= HASH_COUNT || !c->has_digest[s->digest_alg])
		return "the signer's digest algorithm is not among digestAlgorithms";
	if (!c->has_content)
		return "no content inside";
	if (c->signer_count != 1)
		return "more than one SignerInfo";
	if (s->version != (s->ski.n > 0 ? 3u : 1u))
		return "SignerInfo version doesn't fit its signer identifier";
	if (s->content_type.n == 0 || s->message_digest.n == 0)
		return "signed attributes content type or message digest missing";
	return NULL;
}

/* What real signers do otherwise, and a reader can cope with. */
static const struct {
	const char *text;
	bool (*found)(const struct cms *c);
} deviations[] = {
	{ "not DER: indefinite lengths or strings in pieces", is_ber },
	{ "certificate missing", has_no_cert },
	{ "certificate unreadable", has_unreadable },
	{ "crls present", has_crls },
	{ "signed attributes are not in DER order", is_unsorted },
};
#define DEVIATION_COUNT (sizeof deviations / sizeof deviations[0])

_Static_assert(DEVIATION_COUNT <= CMS_DEVIATIONS_MAX, "room for each");

size_t cms_deviations(const struct cms *c, const char *ret[CMS_DEVIATIONS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < DEVIATION_COUNT; i++)
		if (deviations[i].found(c))
			ret[n++] = deviations[i].text;
	return n;
}

cc_status cms_check_shape(const struct cms *c, struct cc_error *err)
{
	const char *fault = shape_fault(c);

	return fault == NULL ? cc_ok() : cc_fail(err, CC_E_FORMAT, "cms.structure", "%s", fault);
}

cc_status cms_check_structure(const struct cms *c, struct cc_error *err)
{
	const char *found[CMS_DEVIATIONS_MAX];

	if (cms_deviations(c, found) > 0)
		return cc_fail(err, CC_E_FORMAT, "cms.structure", "%s", found[0]);
	return cms_check_shape(c, err);
}

/* ---- verifying */

/* RFC 5652 5.4: what is signed is SET OF, not the implicit tag that SignerInfo carries. */
static cc_status signed_attributes(const struct signer_info *s, bool sorted, struct buf *ret)
{
	struct bytes members[ATTRIBUTES_MAX];
	struct writer w;

	writer_init(&w, CMS_LEN_MAX);
	for (size_t i = 0; i < s->attribute_count; i++)
		members[i] = s->attributes[i];
	if (sorted) {
		asn1_put_set_of(&w, DER_SET, members, s->attribute_count);
	} else {
		tlv_open(&w, DER_SET);
		for (size_t i = 0; i < s->attribute_count; i++)
			writer_put(&w, members[i]);
		tlv_close(&w);
	}
	return writer_finish(&w, ret);
}

static cc_status verify_attributes(const struct signer_info *s, bool sorted, const struct pubkey *key)
{
	struct buf message = { 0 };
	cc_status st = signed_attributes(s, sorted, &message);

	if (!cc_failed(st))
		st = pubkey_verify(key, s->sig_alg, buf_view(&message), s->sig);
	buf_done(&message);
	return st;
}

static cc_status check_attributes(const struct cms *c, struct cc_error *err)
{
	const struct signer_info *s = &c->signer;
	struct digest d;
	cc_status st;

	if (!bytes_equal(s->content_type, c->content_type))
		return cc_fail(err, CC_E_VERIFY, "cms.content-type", "the content type attribute is missing or another one");
	st = hash_digest(s->digest_alg, c->content, &d);
	if (cc_failed(st))
		return cc_fail(err, st.code, "crypto.failed", "hash");
	if (!cc_equal(d.p, d.n, s->message_digest.p, s->message_digest.n))
		return cc_fail(err, CC_E_VERIFY, "cms.message-digest", "the message digest attribute is not the content's");
	return st;
}

/*
 * The signature is over the DER order of the attributes. Some signers sign them
 * as they wrote them, others write them unsorted and sign them sorted: both
 * bind the same set, so both are tried.
 */
cc_status cms_verify(const struct cms *c, const struct cert *signer, struct cc_error *err)
{
	const struct signer_info *s = &c->signer;
	const struct pubkey *key = cert_pubkey(signer);
	cc_status st;

	if (key == NULL || s->digest_alg >= HASH_COUNT || s->sig_alg.hash >= HASH_COUNT)
		return cc_fail(err, CC_E_UNSUPPORTED, "cms.unsupported", "key, digest or signature algorithm unknown");
	if (!s->has_attributes) {
		st = pubkey_verify(key, s->sig_alg, c->content, s->sig);
	} else {
		st = check_attributes(c, err);
		if (cc_failed(st))
			return st;
		st = verify_attributes(s, false, key);
		if (st.code == CC_E_VERIFY && !attributes_sorted(s))
			st = verify_attributes(s, true, key);
	}
	if (st.code == CC_E_VERIFY)
		return cc_fail(err, st.code, "cms.signature-wrong", "the signature doesn't verify under the signer's key");
	if (cc_failed(st))
		return cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "crypto.failed", "signature of the content");
	return st;
}

cc_status cms_check_carries(const struct cms *c, struct bytes attributes, struct bytes sig, struct cc_error *err)
{
	struct buf set = { 0 };
	cc_status st = check_attributes(c, err);

	if (cc_failed(st))
		return st;
	st = signed_attributes(&c->signer, false, &set);
	if (cc_failed(st))
		return cc_fail(err, st.code, "memory", "signed attributes");
	if (!bytes_equal(buf_view(&set), attributes) || !bytes_equal(c->signer.sig, sig))
		st = cc_fail(err, CC_E_VERIFY, "cms.self-check", "the result doesn't hold what was signed");
	buf_done(&set);
	return st;
}
