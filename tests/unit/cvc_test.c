/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/tlv.h"
#include "crypto/cvc.h"
#include "crypto/rsa.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <cmocka.h>

/* ---- an authority of the test's own */
struct signer {
	enum pubkey_kind kind;
	struct sig_alg alg;
	enum ec_curve curve;
	struct ec_key *ec;
	struct rsa_key *rsa;
	struct buf spki;
};

static const struct sig_alg ecdsa256 = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 };
static const struct sig_alg pss256 = { SIG_RSA_PSS, HASH_SHA256, 32, HASH_SHA256 };
static const struct sig_alg rsa256 = { SIG_RSA_PKCS1, HASH_SHA256, 0, HASH_SHA256 };

static void signer_init(struct signer *s, struct sig_alg alg, enum ec_curve curve)
{
	struct ec_domain *d = NULL;
	struct buf n = { 0 }, e = { 0 };

	*s = (struct signer){ .alg = alg, .curve = curve };
	if (alg.scheme == SIG_ECDSA) {
		s->kind = PUBKEY_EC;
		assert_int_equal(ec_domain_new(curve, &d).code, CC_OK);
		assert_int_equal(ec_key_generate(d, &s->ec).code, CC_OK);
		assert_int_equal(ec_spki_encode(curve, ec_key_public(s->ec), EC_PARAMS_NAMED, &s->spki).code, CC_OK);
		ec_domain_free(&d);
		return;
	}
	s->kind = PUBKEY_RSA;
	assert_int_equal(rsa_key_generate(2048, &s->rsa).code, CC_OK);
	assert_int_equal(rsa_key_numbers(s->rsa, &n, &e).code, CC_OK);
	assert_int_equal(rsa_spki_encode(buf_view(&n), buf_view(&e), &s->spki).code, CC_OK);
	buf_done(&n);
	buf_done(&e);
}

static void signer_done(struct signer *s)
{
	ec_key_free(&s->ec);
	rsa_key_free(&s->rsa);
	buf_done(&s->spki);
}

static void sign(const struct signer *s, struct bytes message, struct buf *ret)
{
	struct digest d;

	assert_int_equal(hash_digest(s->alg.hash, message, &d).code, CC_OK);
	if (s->kind == PUBKEY_EC)
		assert_int_equal(ec_sign_digest(s->ec, bytes_of(d.p, d.n), EC_SIG_PLAIN, ret).code, CC_OK);
	else
		assert_int_equal(rsa_sign_digest(s->rsa, s->alg, bytes_of(d.p, d.n), ret).code, CC_OK);
}

static struct buf issue(const struct signer *by, const struct signer *to, const char *car, const char *chr, enum cvc_role role,
			uint8_t rights, bool with_domain)
{
	struct cvc_fields f = { .car = car,
				.chr = chr,
				.key_alg = to->alg,
				.spki = buf_view(&to->spki),
				.with_domain = with_domain,
				.terminal = CVC_INSPECTION_SYSTEM,
				.role = role,
				.rights = rights,
				.effective = 20260101,
				.expiration = 20261231 };
	struct buf body = { 0 }, sig = { 0 }, cert = { 0 };

	assert_int_equal(cvc_body_build(&f, &body, NULL).code, CC_OK);
	sign(by, buf_view(&body), &sig);
	assert_int_equal(cvc_assemble(buf_view(&body), buf_view(&sig), &cert).code, CC_OK);
	buf_done(&body);
	buf_done(&sig);
	return cert;
}

static void parse(struct bytes der, struct cvc *ret)
{
	struct cc_error err;

	cc_error_init(&err);
	if (cc_failed(cvc_parse(der, ret, &err)))
		fail_msg("%s: %s", err.key, err.detail);
}

/* ---- published certificates */
struct sample {
	const char *file;
	struct buf der;
	struct cvc cvc;
	const json_t *row;
};

static void is_hex_or_null(const struct sample *s, const char *member, struct bytes got, bool there)
{
	json_t *want = vectors_find(s->row, member);
	char hex[64];

	if (!there) {
		assert_true(want == NULL || json_is_null(want));
		return;
	}
	assert_true(got.n < sizeof hex / 2);
	bytes_to_hex(got, hex);
	assert_int_equal(strcasecmp(hex, json_string_value(want)), 0);
}

static void is_text_or_null(const struct sample *s, const char *member, const char *got, bool there)
{
	json_t *want = vectors_find(s->row, member);

	if (there)
		assert_string_equal(got, json_string_value(want));
	else
		assert_true(want == NULL || json_is_null(want));
}

static void fields_equal(const struct sample *s)
{
	const struct cvc *c = &s->cvc;
	char date[16];

	is_text_or_null(s, "car", c->car, c->has_car);
	is_text_or_null(s, "chr", c->chr, true);
	is_text_or_null(s, "outer_car", c->outer_car, c->has_outer);
	is_hex_or_null(s, "oid", c->key.oid, true);
	is_hex_or_null(s, "chat_oid", c->chat.oid, !c->is_request);
	is_hex_or_null(s, "chat", c->chat.raw, !c->is_request);
	(void)snprintf(date, sizeof date, "%06u", (unsigned)(c->effective % 1000000));
	is_text_or_null(s, "eff", date, !c->is_request);
	(void)snprintf(date, sizeof date, "%06u", (unsigned)(c->expiration % 1000000));
	is_text_or_null(s, "exp", date, !c->is_request);
	assert_int_equal(c->whole.n, s->der.n);
}

static bool verified_by(const struct sample *s, const struct sample *issuer)
{
	return strcmp(s->cvc.car, issuer->cvc.chr) == 0 && !cc_failed(cvc_verify(&s->cvc, &issuer->cvc.key));
}

/* "self_signed_ok": the key inside verifies its own certificate or request. */
static void own_signature_as_listed(const struct sample *s)
{
	json_t *want = vectors_find(s->row, "self_signed_ok");
	cc_status st = s->cvc.is_request ? cvc_request_verify(&s->cvc, NULL) : cvc_verify(&s->cvc, &s->cvc.key);

	if (want != NULL && !json_is_null(want))
		assert_int_equal(!cc_failed(st), json_is_true(want));
}

static bool listed(const struct sample *s, const char *file)
{
	const json_t *list = vectors_find(s->row, "verified_by");

	for (size_t i = 0; i < json_array_size(list); i++) {
		if (strcmp(json_string_value(json_array_get(list, i)), file) == 0)
			return true;
	}
	return false;
}

static size_t load(json_t *root, struct sample *samples, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(root); i++) {
		const json_t *row = json_array_get(root, i);
		struct sample *s = &samples[n];
		char path[256];

		assert_true(n < cap);
		*s = (struct sample){ .file = vectors_text(row, "file"), .row = row };
		(void)snprintf(path, sizeof path, "04_cvc/%s", s->file);
		assert_true(vectors_file(path, &s->der));
		parse(buf_view(&s->der), &s->cvc);
		n++;
	}
	return n;
}

/* Domain parameters come down the chain: twice, for verifiers and for terminals. */
static void inherit_all(struct sample *samples, size_t n)
{
	for (unsigned round = 0; round < 3; round++)
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; k < n && !samples[i].cvc.key.has_domain; k++) {
				if (strcmp(samples[i].cvc.car, samples[k].cvc.chr) == 0 && samples[k].cvc.key.has_domain &&
				    !cc_failed(cvc_verify(&samples[i].cvc, &samples[k].cvc.key)))
					assert_false(cc_failed(cvc_key_inherit(&samples[i].cvc.key, &samples[k].cvc.key)));
			}
}

/* The certificate of DETESTeID00005 isn't in the folder; its parameters are those of its predecessor. */
static void inherit_from_absent(struct sample *samples, size_t n)
{
	const struct sample *before = NULL;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(samples[i].cvc.chr, "DETESTeID00004") == 0)
			before = &samples[i];
	}
	assert_non_null(before);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(samples[i].cvc.car, "DETESTeID00005") == 0)
			assert_false(cc_failed(cvc_key_inherit(&samples[i].cvc.key, &before->cvc.key)));
	}
}

static void published_certificates(void **state)
{
	static struct sample samples[80];
	json_t *root = vectors_open("04_cvc/cvc_index.json");
	size_t n, pairs = 0;

	(void)state;
	if (root == NULL)
		skip();
	n = load(root, samples, 80);
	inherit_all(samples, n);
	inherit_from_absent(samples, n);
	inherit_all(samples, n);
	for (size_t i = 0; i < n; i++) {
		fields_equal(&samples[i]);
		own_signature_as_listed(&samples[i]);
		/* For a request the list names files with its own key: that was just looked at. */
		for (size_t k = 0; k < n && !samples[i].cvc.is_request; k++) {
			if (samples[k].cvc.is_request)
				continue;
			bool want = listed(&samples[i], samples[k].file), got = verified_by(&samples[i], &samples[k]);

			if (want != got)
				print_error("%s by %s: listed %d, verified %d\n", samples[i].file, samples[k].file, want, got);
			assert_int_equal(want, got);
			pairs += got;
		}
	}
	print_message("# count: %zu published CV certificates and requests, %zu signatures as listed\n", n, pairs);
	for (size_t i = 0; i < n; i++)
		buf_done(&samples[i].der);
	json_decref(root);
}

/* ---- form */
static void every_truncation_and_one_more_byte_is_refused(void **state)
{
	struct signer ca;
	struct buf cert, copy = { 0 };
	struct cvc c;
	size_t runs = 0;

	(void)state;
	signer_init(&ca, ecdsa256, EC_BP256);
	cert = issue(&ca, &ca, "VNCVCA00001", "VNCVCA00001", CVC_ROLE_CVCA, 3, true);
	parse(buf_view(&cert), &c);
	for (size_t n = 0; n < cert.n; n++, runs++)
		assert_true(cc_failed(cvc_parse(bytes_of(cert.p, n), &c, NULL)));
	assert_int_equal(buf_zero(&copy, cert.n + 1).code, CC_OK);
	memcpy(copy.p, cert.p, cert.n);
	assert_int_equal(cvc_parse(buf_view(&copy), &c, NULL).code, CC_E_FORMAT);
	/* No bit may change without a complaint of the parser or of the signature. */
	for (size_t i = 0; i < cert.n * 8; i++, runs++) {
		memcpy(copy.p, cert.p, cert.n);
		copy.p[i / 8] ^= (uint8_t)(1u << (i % 8));
		if (!cc_failed(cvc_parse(bytes_of(copy.p, cert.n), &c, NULL)))
			assert_true(cc_failed(cvc_verify(&c, &c.key)));
	}
	print_message("# count: %zu damaged CV certificates refused\n", runs);
	buf_done(&copy);
	buf_done(&cert);
	signer_done(&ca);
}

static void dates_are_real_days(void **state)
{
	uint32_t d = 0;

	(void)state;
	assert_true(cvc_date_parse(BYTES_LITERAL("\x02\x06\x00\x07\x00\x01"), &d));
	assert_int_equal(d, 20260701);
	assert_true(cvc_date_parse(BYTES_LITERAL("\x02\x08\x00\x02\x02\x09"), &d));
	assert_false(cvc_date_parse(BYTES_LITERAL("\x02\x06\x00\x02\x02\x09"), &d));
	assert_false(cvc_date_parse(BYTES_LITERAL("\x02\x06\x01\x03\x00\x01"), &d));
	assert_false(cvc_date_parse(BYTES_LITERAL("\x02\x06\x00\x00\x00\x01"), &d));
	assert_false(cvc_date_parse(BYTES_LITERAL("\x02\x06\x00\x07\x00\x0A"), &d));
	assert_false(cvc_date_parse(BYTES_LITERAL("\x02\x06\x00\x07\x00"), &d));
	assert_false(cvc_date_parse(BYTES_LITERAL("\x02\x06\x00\x07\x00\x01\x00"), &d));
	assert_int_equal(cvc_date_of(1782864000), 20260701);
	assert_int_equal(cvc_date_add(20260701, 0), 20260701);
	assert_int_equal(cvc_date_add(20271231, 60), 20280229);
	assert_int_equal(cvc_date_add(20260101, 365), 20270101);
}

static void references_have_their_form(void **state)
{
	(void)state;
	assert_true(cvc_reference_valid("VNCVCA00001"));
	assert_true(cvc_reference_valid("DE_-.Holder00001"));
	assert_false(cvc_reference_valid("VN00001"));
	assert_false(cvc_reference_valid("VNCVCA0000-"));
	assert_false(cvc_reference_valid("1NCVCA00001"));
	assert_false(cvc_reference_valid("VNTOOLONGNAME00001"));
	assert_false(cvc_reference_valid(""));
}

/* ---- chains */
struct chain {
	struct signer ca, dv, is;
	struct buf ca_cert, dv_cert, is_cert;
	struct cvc ca_cvc, dv_cvc, is_cvc;
};

static void chain_init(struct chain *c, struct sig_alg ca, struct sig_alg dv, struct sig_alg is, bool domain_everywhere)
{
	signer_init(&c->ca, ca, EC_BP256);
	signer_init(&c->dv, dv, EC_BP256);
	signer_init(&c->is, is, EC_BP256);
	c->ca_cert = issue(&c->ca, &c->ca, "VNCVCA00001", "VNCVCA00001", CVC_ROLE_CVCA, 3, true);
	c->dv_cert = issue(&c->ca, &c->dv, "VNCVCA00001", "VNDVPOL00001", CVC_ROLE_DV_DOMESTIC, 2, domain_everywhere);
	c->is_cert = issue(&c->dv, &c->is, "VNDVPOL00001", "VNIS00000001", CVC_ROLE_TERMINAL, 3, domain_everywhere);
	parse(buf_view(&c->ca_cert), &c->ca_cvc);
	parse(buf_view(&c->dv_cert), &c->dv_cvc);
	parse(buf_view(&c->is_cert), &c->is_cvc);
}

static void chain_done(struct chain *c)
{
	signer_done(&c->ca);
	signer_done(&c->dv);
	signer_done(&c->is);
	buf_done(&c->ca_cert);
	buf_done(&c->dv_cert);
	buf_done(&c->is_cert);
}

static void step_fails(struct cvc_state s, const struct cvc *cert, uint32_t today, const char *key)
{
	struct cvc_state before = s;
	struct cc_error err;

	cc_error_init(&err);
	assert_true(cc_failed(cvc_chain_step(&s, cert, today, &err)));
	assert_string_equal(err.key, key);
	assert_memory_equal(&s, &before, sizeof s);
}

static void chains_of_every_algorithm(void **state)
{
	static const struct sig_alg algs[] = {
		{ SIG_ECDSA, HASH_SHA1, 0, HASH_SHA1 },	       { SIG_ECDSA, HASH_SHA224, 0, HASH_SHA224 },
		{ SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 },    { SIG_ECDSA, HASH_SHA384, 0, HASH_SHA384 },
		{ SIG_ECDSA, HASH_SHA512, 0, HASH_SHA512 },    { SIG_RSA_PKCS1, HASH_SHA256, 0, HASH_SHA256 },
		{ SIG_RSA_PSS, HASH_SHA256, 32, HASH_SHA256 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++) {
		struct chain c = { 0 };
		struct cvc_state s;
		struct buf sig = { 0 };

		chain_init(&c, algs[i], algs[i], algs[i], false);
		cvc_state_from(&c.ca_cvc, &s);
		assert_int_equal(cvc_chain_step(&s, &c.dv_cvc, 20260601, NULL).code, CC_OK);
		assert_int_equal(cvc_chain_step(&s, &c.is_cvc, 20260601, NULL).code, CC_OK);
		assert_string_equal(s.holder, "VNIS00000001");
		/* The verifier wasn't given DG3. */
		assert_int_equal(s.rights, CVC_READ_DG4);
		assert_int_equal(s.role, CVC_ROLE_TERMINAL);
		sign(&c.is, BYTES_LITERAL("challenge"), &sig);
		assert_int_equal(cvc_key_verify(&s.key, BYTES_LITERAL("challenge"), buf_view(&sig)).code, CC_OK);
		assert_int_equal(cvc_key_verify(&s.key, BYTES_LITERAL("Challenge"), buf_view(&sig)).code, CC_E_VERIFY);
		assert_int_equal(cvc_key_verify(&s.key, BYTES_LITERAL("challenge"), bytes_of(sig.p, sig.n - 1)).code,
				 CC_E_VERIFY);
		buf_done(&sig);
		chain_done(&c);
	}
}

static void chains_that_must_not_hold(void **state)
{
	struct chain c = { 0 };
	struct cvc_state top, middle;
	struct cvc changed;

	(void)state;
	chain_init(&c, ecdsa256, ecdsa256, ecdsa256, false);
	cvc_state_from(&c.ca_cvc, &top);
	step_fails(top, &c.is_cvc, 20260601, "cvc.issuer");
	step_fails(top, &c.dv_cvc, 20270101, "cvc.expired");
	middle = top;
	assert_int_equal(cvc_chain_step(&middle, &c.dv_cvc, 20261231, NULL).code, CC_OK);
	step_fails(middle, &c.dv_cvc, 20260601, "cvc.issuer");
	changed = c.dv_cvc;
	changed.signature = c.is_cvc.signature;
	step_fails(top, &changed, 20260601, "cvc.signature");

	/* a terminal straight below the country, a verifier below a verifier, a country below a verifier */
	struct buf odd = issue(&c.ca, &c.is, "VNCVCA00001", "VNIS00000001", CVC_ROLE_TERMINAL, 3, false);

	parse(buf_view(&odd), &changed);
	step_fails(top, &changed, 20260601, "cvc.role");
	buf_done(&odd);
	odd = issue(&c.dv, &c.is, "VNDVPOL00001", "VNDVTWO00001", CVC_ROLE_DV_DOMESTIC, 3, false);
	parse(buf_view(&odd), &changed);
	step_fails(middle, &changed, 20260601, "cvc.role");
	buf_done(&odd);
	odd = issue(&c.dv, &c.is, "VNDVPOL00001", "VNCVCA00002", CVC_ROLE_CVCA, 3, true);
	parse(buf_view(&odd), &changed);
	step_fails(middle, &changed, 20260601, "cvc.role");
	buf_done(&odd);
	assert_int_equal(cvc_chain_step(&middle, &c.is_cvc, 20260601, NULL).code, CC_OK);
	chain_done(&c);
}

static void link_certificate_carries_on(void **state)
{
	struct chain c = { 0 };
	struct signer next;
	struct buf link, dv;
	struct cvc link_cvc, dv_cvc;
	struct cvc_state s;

	(void)state;
	chain_init(&c, ecdsa256, ecdsa256, ecdsa256, false);
	signer_init(&next, ecdsa256, EC_P384);
	link = issue(&c.ca, &next, "VNCVCA00001", "VNCVCA00002", CVC_ROLE_CVCA, 3, true);
	dv = issue(&next, &c.dv, "VNCVCA00002", "VNDVPOL00002", CVC_ROLE_DV_FOREIGN, 1, true);
	parse(buf_view(&link), &link_cvc);
	parse(buf_view(&dv), &dv_cvc);
	cvc_state_from(&c.ca_cvc, &s);
	assert_int_equal(cvc_chain_step(&s, &link_cvc, 20260601, NULL).code, CC_OK);
	assert_int_equal(s.key.curve, EC_P384);
	assert_int_equal(cvc_chain_step(&s, &dv_cvc, 20260601, NULL).code, CC_OK);
	assert_int_equal(s.key.curve, EC_BP256);
	assert_int_equal(s.rights, CVC_READ_DG3);
	buf_done(&link);
	buf_done(&dv);
	signer_done(&next);
	chain_done(&c);
}

/* A verifier's key that has neither parameters of its own nor an issuer with some. */
static void parameters_must_come_from_somewhere(void **state)
{
	struct chain c = { 0 };
	struct cvc_state s;

	(void)state;
	chain_init(&c, rsa256, ecdsa256, ecdsa256, false);
	cvc_state_from(&c.ca_cvc, &s);
	step_fails(s, &c.dv_cvc, 20260601, "cvc.point");
	chain_done(&c);
	chain_init(&c, pss256, ecdsa256, ecdsa256, true);
	cvc_state_from(&c.ca_cvc, &s);
	assert_int_equal(cvc_chain_step(&s, &c.dv_cvc, 20260601, NULL).code, CC_OK);
	assert_int_equal(cvc_chain_step(&s, &c.is_cvc, 20260601, NULL).code, CC_OK);
	chain_done(&c);
}

/* ---- requests */
static void requests_with_inner_and_outer_signature(void **state)
{
	struct signer old, fresh;
	struct cvc_fields f = { .car = "VNCVCA00001", .chr = "VNDVPOL00002", .with_domain = true, .is_request = true };
	struct buf body = { 0 }, sig = { 0 }, request = { 0 }, outer_body = { 0 }, outer = { 0 }, old_cert;
	struct cvc c, holder;

	(void)state;
	signer_init(&old, ecdsa256, EC_P256);
	signer_init(&fresh, ecdsa256, EC_P256);
	old_cert = issue(&old, &old, "VNDVPOL00001", "VNDVPOL00001", CVC_ROLE_CVCA, 3, true);
	parse(buf_view(&old_cert), &holder);
	f.key_alg = fresh.alg;
	f.spki = buf_view(&fresh.spki);
	assert_int_equal(cvc_body_build(&f, &body, NULL).code, CC_OK);
	sign(&fresh, buf_view(&body), &sig);
	assert_int_equal(cvc_assemble(buf_view(&body), buf_view(&sig), &request).code, CC_OK);
	parse(buf_view(&request), &c);
	assert_true(c.is_request && !c.has_outer);
	assert_int_equal(cvc_request_verify(&c, NULL).code, CC_OK);
	assert_int_equal(cvc_outer_to_sign(buf_view(&request), "VNDVPOL00001", &outer_body).code, CC_OK);
	sign(&old, buf_view(&outer_body), &sig);
	assert_int_equal(cvc_outer_assemble(buf_view(&request), "VNDVPOL00001", buf_view(&sig), &outer).code, CC_OK);
	parse(buf_view(&outer), &c);
	assert_true(c.is_request && c.has_outer);
	assert_string_equal(c.outer_car, "VNDVPOL00001");
	assert_int_equal(cvc_request_verify(&c, &holder.key).code, CC_OK);
	assert_int_equal(cvc_request_verify(&c, &c.key).code, CC_E_VERIFY);
	for (size_t n = 0; n < outer.n; n++)
		assert_true(cc_failed(cvc_parse(bytes_of(outer.p, n), &c, NULL)));
	buf_done(&body);
	buf_done(&sig);
	buf_done(&request);
	buf_done(&outer_body);
	buf_done(&outer);
	buf_done(&old_cert);
	signer_done(&old);
	signer_done(&fresh);
}

static void chains_in_a_file_and_content_alone(void **state)
{
	struct chain c = { 0 };
	struct writer w;
	struct cursor in;
	struct cvc first;
	struct bytes content;
	size_t used = 0;

	(void)state;
	chain_init(&c, ecdsa256, ecdsa256, ecdsa256, false);
	writer_init(&w, 4096);
	writer_put(&w, buf_view(&c.dv_cert));
	writer_put(&w, buf_view(&c.is_cert));
	assert_int_equal(cvc_parse_first(writer_view(&w), &first, &used, NULL).code, CC_OK);
	assert_int_equal(used, c.dv_cert.n);
	assert_string_equal(first.chr, "VNDVPOL00001");
	cursor_init(&in, buf_view(&c.is_cert));
	assert_true(tlv_expect_bytes(&in, TLV_STRICT, 0x7F21, &content));
	assert_int_equal(cvc_parse_content(content, &first, NULL).code, CC_OK);
	assert_string_equal(first.chr, "VNIS00000001");
	assert_int_equal(cvc_parse_content(buf_view(&c.is_cert), &first, NULL).code, CC_E_FORMAT);
	writer_done(&w);
	chain_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_certificates),
		cmocka_unit_test(every_truncation_and_one_more_byte_is_refused),
		cmocka_unit_test(dates_are_real_days),
		cmocka_unit_test(references_have_their_form),
		cmocka_unit_test(chains_of_every_algorithm),
		cmocka_unit_test(chains_that_must_not_hold),
		cmocka_unit_test(link_certificate_carries_on),
		cmocka_unit_test(parameters_must_come_from_somewhere),
		cmocka_unit_test(requests_with_inner_and_outer_signature),
		cmocka_unit_test(chains_in_a_file_and_content_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
