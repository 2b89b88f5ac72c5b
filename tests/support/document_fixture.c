/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/document_fixture.h"

#include "card/lds/ef_com.h"
#include "crypto/base/tlv.h"
#include "crypto/cms.h"
#include "tests/support/document_fixture_files.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void good(cc_status st, const struct cc_error *err)
{
	if (cc_failed(st))
		fail_msg("%s: %s", err->key != NULL ? err->key : cc_code_name(st.code), err->detail);
}

static void put_hex(struct document_fixture *d, unsigned dg, const char *hex)
{
	struct buf file = vectors_from_hex(hex);

	assert_int_equal(lds_set_put(&d->files, lds_dg(dg), buf_view(&file)).code, CC_OK);
	buf_done(&file);
}

static void make_spki(const struct document_fixture *d, struct buf *ret)
{
	struct ec_domain *domain = NULL;
	struct ec_key *key = NULL;

	assert_int_equal(ec_domain_new(d->lds.curve, &domain).code, CC_OK);
	assert_int_equal(ec_key_generate(domain, &key).code, CC_OK);
	assert_int_equal(ec_spki_encode(d->lds.curve, ec_key_public(key), EC_PARAMS_NAMED, ret).code, CC_OK);
	ec_key_free(&key);
	ec_domain_free(&domain);
}

struct sig_alg document_alg(const struct document_fixture *d)
{
	return (struct sig_alg){ .scheme = SIG_ECDSA, .hash = d->lds.hash, .mgf_hash = d->lds.hash };
}

void document_cms(struct document_fixture *d, struct bytes type, struct bytes content, const struct cert *signer,
		  struct sig_alg alg, struct buf *ret)
{
	const struct cms_sign_params p = { .content_type = type,
					   .content = content,
					   .keystore = d->lds.keystore,
					   .key_label = "ds-1",
					   .signer = signer,
					   .alg = alg };
	struct cc_error err;

	cc_error_init(&err);
	good(cms_sign(&p, ret, &err), &err);
}

/* EF.CardSecurity: the SecurityInfos of DG14, signed; they hold those of EF.CardAccess. */
static void make_card_security(struct document_fixture *d)
{
	struct bytes infos = tlv_edit_at(lds_set_get(&d->files, lds_dg(14)), "0/0");

	document_cms(d, BYTES_LITERAL("\x04\x00\x7F\x00\x07\x03\x02\x01"), infos, d->lds.ds, document_alg(d),
		     &d->files.files[LDS_CARD_SECURITY]);
}

void document_fixture(struct document_fixture *d)
{
	memset(d, 0, sizeof *d);
	lds_fixture(&d->lds, EC_BP256, HASH_SHA256);
	make_spki(d, &d->spki_aa);
	make_spki(d, &d->spki_ca);
	lds_fixture_files(&d->lds, buf_view(&d->spki_aa), buf_view(&d->spki_ca), &d->files);
	put_hex(d, 2, DOCUMENT_FIXTURE_DG2);
	put_hex(d, 3, DOCUMENT_FIXTURE_DG3);
	put_hex(d, 4, DOCUMENT_FIXTURE_DG4);
	put_hex(d, 5, DOCUMENT_FIXTURE_DG5);
	put_hex(d, 7, DOCUMENT_FIXTURE_DG7);
	put_hex(d, 11, DOCUMENT_FIXTURE_DG11);
	put_hex(d, 12, DOCUMENT_FIXTURE_DG12);
	put_hex(d, 16, DOCUMENT_FIXTURE_DG16);
	make_card_security(d);
	d->ef_cvca = vectors_from_hex("420E564E435643414944303030303031 0000000000000000000000000000000000000000");
	d->ef_atr = vectors_from_hex("7F660802020400 02020400");
	document_sign(d, true);
}

void document_fixture_done(struct document_fixture *d)
{
	lds_set_done(&d->files);
	buf_done(&d->ef_cvca);
	buf_done(&d->ef_atr);
	buf_done(&d->spki_aa);
	buf_done(&d->spki_ca);
	lds_fixture_done(&d->lds);
}

/* ---- signing */
void document_put_sod(struct document_fixture *d, struct bytes cms)
{
	struct buf file = { 0 };
	struct writer w;

	writer_init(&w, 65536);
	tlv_put(&w, 0x77, cms);
	assert_int_equal(writer_finish(&w, &file).code, CC_OK);
	assert_int_equal(lds_set_put(&d->files, LDS_SOD, buf_view(&file)).code, CC_OK);
	buf_done(&file);
}

void document_sign(struct document_fixture *d, bool com)
{
	struct buf before = { 0 };

	assert_int_equal(buf_copy(&before, lds_set_get(&d->files, LDS_COM)).code, CC_OK);
	lds_fixture_sign(&d->lds, 1, &d->files);
	if (!com && before.n > 0)
		assert_int_equal(lds_set_put(&d->files, LDS_COM, buf_view(&before)).code, CC_OK);
	buf_done(&before);
}

void document_edit(struct document_fixture *d, enum lds_file file, const struct tlv_edit *edit)
{
	struct buf changed = { 0 };

	tlv_edit(lds_set_get(&d->files, file), edit, &changed);
	buf_move(&d->files.files[file], &changed);
}

void document_edit_object(struct document_fixture *d, const struct tlv_edit *edit)
{
	struct bytes old = tlv_edit_at(lds_set_get(&d->files, LDS_SOD), "0/0");
	struct buf object = { 0 }, cms = { 0 };
	struct cms *parsed = NULL;

	assert_int_equal(cms_parse(old, &parsed, NULL).code, CC_OK);
	tlv_edit(cms_content(parsed), edit, &object);
	document_cms(d, oid_lds_security_object, buf_view(&object), d->lds.ds, document_alg(d), &cms);
	document_put_sod(d, buf_view(&cms));
	cms_free(&parsed);
	buf_done(&object);
	buf_done(&cms);
}

/* Certificate ::= { tbs, algorithm, signature }: the last two anew. */
static void sign_tbs(struct document_fixture *d, struct bytes tbs, struct buf *ret)
{
	struct buf sig = { 0 }, alg = { 0 };
	struct writer w;

	assert_int_equal(keystore_sign(d->lds.keystore, "csca-1", document_alg(d), tbs, &sig).code, CC_OK);
	assert_int_equal(sig_alg_encode(document_alg(d), &alg).code, CC_OK);
	writer_init(&w, 65536);
	tlv_open(&w, 0x30);
	writer_put(&w, tbs);
	writer_put(&w, buf_view(&alg));
	tlv_open(&w, 0x03);
	writer_u8(&w, 0);
	writer_put(&w, buf_view(&sig));
	tlv_close(&w);
	tlv_close(&w);
	assert_int_equal(writer_finish(&w, ret).code, CC_OK);
	buf_done(&sig);
	buf_done(&alg);
}

/* SignedData.certificates is the fourth member: 77 { 30 { OID, A0 { 30 { version, digests, content, A0 { cert } ... */
#define SOD_CERT_PATH "0/0/1/0/3/0"

void document_edit_signer(struct document_fixture *d, const struct tlv_edit *edit)
{
	struct bytes old = tlv_edit_at(lds_set_get(&d->files, LDS_SOD), SOD_CERT_PATH);
	struct buf tbs = { 0 }, cert = { 0 };
	char *hex;

	tlv_edit(tlv_edit_at(old, "0/0"), edit, &tbs);
	sign_tbs(d, buf_view(&tbs), &cert);
	hex = test_malloc(2 * cert.n + 1);
	bytes_to_hex(buf_view(&cert), hex);
	document_edit(d, LDS_SOD, &(struct tlv_edit){ TLV_EDIT_WHOLE, SOD_CERT_PATH, 0, hex });
	test_free(hex);
	buf_done(&tbs);
	buf_done(&cert);
}

void document_edit_anchor(struct document_fixture *d, const struct tlv_edit *edit)
{
	struct buf tbs = { 0 }, cert = { 0 };

	tlv_edit(tlv_edit_at(cert_der(d->lds.csca), "0/0"), edit, &tbs);
	sign_tbs(d, buf_view(&tbs), &cert);
	trust_free(&d->lds.trust);
	assert_int_equal(trust_new(&d->lds.trust).code, CC_OK);
	assert_int_equal(trust_add(d->lds.trust, buf_view(&cert), NULL).code, CC_OK);
	buf_done(&tbs);
	buf_done(&cert);
}
