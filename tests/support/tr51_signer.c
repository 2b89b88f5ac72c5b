/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tr51.h"

#include "crypto/base/tlv.h"
#include "crypto/cms.h"
#include "tests/support/pki_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* BSI TR-03105-5.1, LDS_H: EF.SOD signed in every way that a verifier must take. */
enum form {
	FORM_AS_IT_IS,
	FORM_RSA_OID, /* plain rsaEncryption in SignerInfo */
	FORM_BSI_OID, /* ecdsa-plain: r||s */
};
static const struct signer_case {
	const char *id;
	enum sig_scheme scheme;
	enum hash_alg sig, lds;
	enum form form;
	bool outside; /* the signer's certificate is not in EF.SOD, the station has it */
} cases[] = {
	{ "LDS_H_01", SIG_RSA_PKCS1, HASH_SHA1, HASH_SHA1, FORM_AS_IT_IS, false },
	{ "LDS_H_02", SIG_RSA_PSS, HASH_SHA1, HASH_SHA1, FORM_AS_IT_IS, false },
	{ "LDS_H_03", SIG_RSA_PSS, HASH_SHA256, HASH_SHA256, FORM_AS_IT_IS, false },
	{ "LDS_H_04", SIG_RSA_PKCS1, HASH_SHA224, HASH_SHA224, FORM_AS_IT_IS, false },
	{ "LDS_H_05", SIG_RSA_PKCS1, HASH_SHA256, HASH_SHA256, FORM_AS_IT_IS, false },
	{ "LDS_H_06", SIG_RSA_PKCS1, HASH_SHA384, HASH_SHA384, FORM_AS_IT_IS, false },
	{ "LDS_H_07", SIG_RSA_PKCS1, HASH_SHA512, HASH_SHA512, FORM_AS_IT_IS, false },
	{ "LDS_H_09", SIG_ECDSA, HASH_SHA1, HASH_SHA1, FORM_AS_IT_IS, false },
	{ "LDS_H_10", SIG_ECDSA, HASH_SHA1, HASH_SHA1, FORM_BSI_OID, false },
	{ "LDS_H_11", SIG_ECDSA, HASH_SHA224, HASH_SHA224, FORM_BSI_OID, false },
	{ "LDS_H_12", SIG_ECDSA, HASH_SHA256, HASH_SHA256, FORM_BSI_OID, false },
	{ "LDS_H_13", SIG_ECDSA, HASH_SHA384, HASH_SHA384, FORM_BSI_OID, false },
	{ "LDS_H_14", SIG_ECDSA, HASH_SHA512, HASH_SHA512, FORM_BSI_OID, false },
	{ "LDS_H_15", SIG_RSA_PKCS1, HASH_SHA256, HASH_SHA256, FORM_AS_IT_IS, true },
	{ "LDS_H_16", SIG_ECDSA, HASH_SHA224, HASH_SHA224, FORM_BSI_OID, true },
	{ "LDS_H_70", SIG_ECDSA, HASH_SHA224, HASH_SHA224, FORM_AS_IT_IS, false },
	{ "LDS_H_71", SIG_ECDSA, HASH_SHA256, HASH_SHA256, FORM_AS_IT_IS, false },
	{ "LDS_H_72", SIG_ECDSA, HASH_SHA384, HASH_SHA384, FORM_AS_IT_IS, false },
	{ "LDS_H_73", SIG_ECDSA, HASH_SHA512, HASH_SHA512, FORM_AS_IT_IS, false },
	{ "LDS_H_74", SIG_ECDSA, HASH_SHA256, HASH_SHA512, FORM_AS_IT_IS, false },
	/* the country signer signs with RSA v1.5 and SHA-256, with ECDSA and SHA-256 */
	{ "LDS_H_75", SIG_RSA_PSS, HASH_SHA256, HASH_SHA256, FORM_AS_IT_IS, false },
	{ "LDS_H_76", SIG_RSA_PSS, HASH_SHA512, HASH_SHA512, FORM_AS_IT_IS, false },
	{ "LDS_H_77", SIG_RSA_PKCS1, HASH_SHA512, HASH_SHA512, FORM_AS_IT_IS, false },
	{ "LDS_H_78", SIG_ECDSA, HASH_SHA384, HASH_SHA384, FORM_AS_IT_IS, false },
	{ "LDS_H_79", SIG_RSA_PKCS1, HASH_SHA1, HASH_SHA1, FORM_RSA_OID, false },
	{ "LDS_H_80", SIG_RSA_PKCS1, HASH_SHA224, HASH_SHA224, FORM_RSA_OID, false },
	{ "LDS_H_81", SIG_RSA_PKCS1, HASH_SHA256, HASH_SHA256, FORM_RSA_OID, false },
	{ "LDS_H_82", SIG_RSA_PKCS1, HASH_SHA384, HASH_SHA384, FORM_RSA_OID, false },
	{ "LDS_H_83", SIG_RSA_PKCS1, HASH_SHA512, HASH_SHA512, FORM_RSA_OID, false },
	{ "LDS_H_94", SIG_RSA_PSS, HASH_SHA224, HASH_SHA224, FORM_AS_IT_IS, false },
	{ "LDS_H_95", SIG_RSA_PSS, HASH_SHA384, HASH_SHA384, FORM_AS_IT_IS, false },
	{ "LDS_H_96", SIG_RSA_PSS, HASH_SHA512, HASH_SHA512, FORM_AS_IT_IS, false },
};

/* An authority with RSA keys, made once for the program's life. */
static struct fixture_pki rsa_pki;

static void drop_rsa(void)
{
	fixture_pki_done(&rsa_pki);
}

static struct fixture_pki *rsa_authority(void)
{
	static bool made;

	if (!made) {
		fixture_pki(&rsa_pki, EC_P256, 2048, (struct sig_alg){ SIG_RSA_PKCS1, HASH_SHA256, 0, HASH_SHA256 },
			    EC_PARAMS_NAMED);
		(void)atexit(drop_rsa);
	}
	made = true;
	return &rsa_pki;
}

/* The LDS security object over the files, with hashes of another kind than the rig's own. */
static void make_object(struct tr51_rig *r, enum hash_alg alg, struct buf *ret)
{
	struct sod_object o = { .version = 0, .alg = alg };
	struct digest digests[LDS_DG_LAST];

	for (unsigned dg = 1; dg <= LDS_DG_LAST; dg++) {
		if (!lds_set_has(&r->doc.files, lds_dg(dg)))
			continue;
		assert_int_equal(hash_digest(alg, lds_set_get(&r->doc.files, lds_dg(dg)), &digests[o.count]).code, CC_OK);
		o.hashes[o.count] = (struct sod_hash){ dg, bytes_of(digests[o.count].p, digests[o.count].n) };
		o.count++;
	}
	assert_int_equal(sod_object_encode(&o, ret, NULL).code, CC_OK);
}

#define SIGNED_DATA "0/0/1/0"
#define SIGNER_INFO SIGNED_DATA "/4/0"

static void edit_hex(struct tr51_rig *r, const char *path, struct bytes value)
{
	char hex[1024];

	assert_true(2 * value.n < sizeof hex);
	bytes_to_hex(value, hex);
	document_edit(&r->doc, LDS_SOD, &(struct tlv_edit){ TLV_EDIT_VALUE, path, 0, hex });
}

/* The same signature under BSI's identifier: r||s in place of SEQUENCE { r, s }. */
static void to_bsi_form(struct tr51_rig *r, enum hash_alg hash)
{
	const uint8_t oid[] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x01, 0x01, 0x04, 0x01, (uint8_t)(hash + 1) };
	struct bytes whole = tlv_edit_at(lds_set_get(&r->doc.files, LDS_SOD), SIGNER_INFO "/5"), der;
	struct buf plain = { 0 };
	struct cursor in;

	cursor_init(&in, whole);
	assert_true(tlv_expect_bytes(&in, TLV_LENIENT, 0x04, &der));
	assert_int_equal(ec_sig_to_plain(der, ec_order_len(r->doc.lds.curve), &plain).code, CC_OK);
	edit_hex(r, SIGNER_INFO "/5", buf_view(&plain));
	edit_hex(r, SIGNER_INFO "/4/0", bytes_of(oid, sizeof oid));
	buf_done(&plain);
}

static void sign(struct tr51_rig *r, const struct signer_case *c)
{
	struct fixture_pki *rsa = c->scheme == SIG_ECDSA ? NULL : rsa_authority();
	struct cms_sign_params p = { .content_type = oid_lds_security_object,
				     .keystore = rsa != NULL ? rsa->ks : r->doc.lds.keystore,
				     .key_label = "ds-1",
				     .signer = rsa != NULL ? rsa->ds : r->doc.lds.ds,
				     .alg = { c->scheme, c->sig, hash_len(c->sig), c->sig } };
	struct buf object = { 0 }, cms = { 0 };
	struct cc_error err;

	cc_error_init(&err);
	make_object(r, c->lds, &object);
	p.content = buf_view(&object);
	if (cc_failed(cms_sign(&p, &cms, &err)))
		fail_msg("%s: %s %s", c->id, err.key, err.detail);
	document_put_sod(&r->doc, buf_view(&cms));
	if (c->form == FORM_RSA_OID)
		edit_hex(r, SIGNER_INFO "/4/0", BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01"));
	if (c->form == FORM_BSI_OID)
		to_bsi_form(r, c->sig);
	if (c->outside)
		document_edit(&r->doc, LDS_SOD, &(struct tlv_edit){ TLV_EDIT_REMOVE, SIGNED_DATA "/3", 0, NULL });
	buf_done(&object);
	buf_done(&cms);
}

static bool run(struct tr51_rig *r, const struct signer_case *c)
{
	struct inspect_params p = { .now_s = FIXTURE_NOW_S, .sys = &r->doc.lds.sys.sys };
	struct trust *trust = NULL;
	bool good;

	tr51_restore(r);
	document_edit(&r->doc, LDS_COM, &(struct tlv_edit){ TLV_EDIT_VALUE, "0/0", 0, "30313037" });
	sign(r, c);
	buf_done(&r->doc.files.files[LDS_CARD_SECURITY]); /* of the authority before */
	assert_int_equal(trust_new(&trust).code, CC_OK);
	assert_int_equal(trust_add(trust, cert_der(c->scheme == SIG_ECDSA ? r->doc.lds.csca : rsa_authority()->csca), NULL).code,
			 CC_OK);
	if (c->outside)
		assert_int_equal(
			trust_add(trust, cert_der(c->scheme == SIG_ECDSA ? r->doc.lds.ds : rsa_authority()->ds), NULL).code,
			CC_OK);
	p.trust = trust;
	inspection_done(&r->inspection);
	assert_int_equal(inspect_files(&r->doc.files, &p, &r->inspection).code, CC_OK);
	good = tr51_is(r, tr51_first_failed(&r->inspection), r->inspection.verdict == INSPECT_GOOD);
	tr51_note(r, "inspection passed");
	trust_free(&trust);
	return good;
}

enum tr51_result tr51_signer_run(struct tr51_rig *r, const char *id)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (strcmp(cases[i].id, id) == 0)
			return run(r, &cases[i]) ? TR51_PASSED : TR51_FAILED;
	}
	return TR51_UNKNOWN;
}
