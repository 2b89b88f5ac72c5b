/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EF.SOD against OpenSSL in turn in the same run, like against like. Signing: the
 * LDS security object and its SignedData through the key file, against CMS_sign
 * with the same key, content and certificate; neither is verified, as sod_build
 * does that. Verified on both sides: cms_sign against CMS_sign and CMS_verify, and
 * sod_build, which hashes the files and goes up to the anchor beside that.
 * Reading: the whole passive authentication of a card's files, against the
 * signature verifications that it needs, with keys that were parsed before.
 */
#include "card/inspect/inspect.h"
#include "crypto/keystore_image.h"
#include "tests/support/bench.h"
#include "tests/support/lds_fixture.h"

#include <openssl/cms.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 9
#define SIGNATURES 200
#define READINGS 200

#define MUST(ok)                                                                                                                 \
	do {                                                                                                                     \
		if (!(ok)) {                                                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #ok);                                                 \
			exit(1);                                                                                                 \
		}                                                                                                                \
	} while (0)

/* CPU time: other work on the machine does not count. */
static double now_s(void)
{
	return bench_clock_s(CLOCK_THREAD_CPUTIME_ID);
}

/* Each round compares neighbours in time; the figure is the median of the rounds' ratios. */
static void figure(const char *name, const char *curve, const double *ours, const double *theirs, const char *peer)
{
	double ratios[ROUNDS], values[ROUNDS], spread, value, ratio;
	char whole[64];

	for (int i = 0; i < ROUNDS; i++) {
		ratios[i] = theirs[i] / ours[i];
		values[i] = 1 / ours[i];
	}
	(void)snprintf(whole, sizeof whole, "%s%s", name, curve);
	value = bench_median(values, ROUNDS, &spread);
	ratio = bench_median(ratios, ROUNDS, &spread);
	bench_figure(whole, ratio, value, "1/s", spread, peer);
}

/* ---- the peer's side: the same key and certificate as objects that were parsed before */

struct peer {
	EVP_PKEY *key, *signer, *anchor;
	X509 *cert;
	ASN1_OBJECT *content_type;
};

/* The key that lies in the key file, which no function of the key store gives away. */
static struct buf private_scalar(const struct lds_fixture *f)
{
	struct buf file = { 0 }, aad = { 0 }, scalar = { 0 };
	struct keystore_header header;
	struct keystore_keys keys;
	struct keystore_image image = { 0 };
	const struct keystore_entry *e;
	uint8_t check[KEYSTORE_CHECK_LEN];
	char path[256];

	fixture_path(&f->folder, "keys.ccks", path, sizeof path);
	MUST(!cc_failed(sys_read_file(path, KEYSTORE_FILE_MAX, &file, NULL)));
	MUST(!cc_failed(keystore_header_read(buf_view(&file), &header, NULL)));
	MUST(!cc_failed(keystore_keys_derive(&header, BYTES_LITERAL("test password"), &keys, check)));
	MUST(!cc_failed(keystore_image_read(buf_view(&file), &keys, &image, NULL)));
	e = keystore_image_find(&image, "ds-1");
	MUST(e != NULL && !cc_failed(keystore_entry_aad(&header, e, &aad)));
	MUST(!cc_failed(seal_decrypt(bytes_of(keys.seal, sizeof keys.seal), buf_view(&aad), buf_view(&e->sealed), &scalar)));
	cc_wipe(&keys, sizeof keys);
	keystore_image_done(&image);
	buf_done(&aad);
	buf_done(&file);
	return scalar;
}

static EVP_PKEY *peer_key(enum ec_curve curve, struct bytes point, struct bytes scalar)
{
	char group[32];
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *d = scalar.n > 0 ? BN_bin2bn(scalar.p, (int)scalar.n, NULL) : NULL;
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;

	(void)snprintf(group, sizeof group, "%s", ec_curve_name(curve));
	MUST(ctx != NULL && bld != NULL && OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1);
	MUST(OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n) == 1);
	MUST(d == NULL || OSSL_PARAM_BLD_push_BN_pad(bld, OSSL_PKEY_PARAM_PRIV_KEY, d, scalar.n) == 1);
	params = OSSL_PARAM_BLD_to_param(bld);
	MUST(params != NULL && EVP_PKEY_fromdata_init(ctx) == 1);
	MUST(EVP_PKEY_fromdata(ctx, &key, d != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) == 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_clear_free(d);
	return key;
}

static struct peer peer_new(const struct lds_fixture *f)
{
	struct buf scalar = private_scalar(f);
	struct bytes der = cert_der(f->ds), point = pubkey_point(cert_pubkey(f->ds));
	const unsigned char *at = der.p;
	struct peer p = { .key = peer_key(f->curve, point, buf_view(&scalar)),
			  .signer = peer_key(f->curve, point, (struct bytes){ 0 }),
			  .anchor = peer_key(f->curve, pubkey_point(cert_pubkey(f->csca)), (struct bytes){ 0 }),
			  .cert = d2i_X509(NULL, &at, (long)der.n),
			  .content_type = OBJ_txt2obj("2.23.136.1.1.1", 1) };

	MUST(p.cert != NULL && p.content_type != NULL && X509_check_private_key(p.cert, p.key) == 1);
	buf_done(&scalar);
	return p;
}

static void peer_done(struct peer *p)
{
	EVP_PKEY_free(p->key);
	EVP_PKEY_free(p->signer);
	EVP_PKEY_free(p->anchor);
	X509_free(p->cert);
	ASN1_OBJECT_free(p->content_type);
}

static bool verify(EVP_PKEY *key, struct bytes digest, struct bytes sig)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool ok = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 && EVP_PKEY_verify(ctx, sig.p, sig.n, digest.p, digest.n) == 1;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static struct buf sign_digest(EVP_PKEY *key, struct bytes digest)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	struct buf sig = { 0 };
	size_t n = 160;

	MUST(ctx != NULL && !cc_failed(buf_zero(&sig, n)) && EVP_PKEY_sign_init(ctx) == 1);
	MUST(EVP_PKEY_sign(ctx, sig.p, &n, digest.p, digest.n) == 1);
	sig.n = n;
	EVP_PKEY_CTX_free(ctx);
	return sig;
}

/* ---- signing */

static struct cms_sign_params sign_params(const struct lds_fixture *f, const struct buf *content)
{
	const struct sod_params p = lds_fixture_sod_params(f, 0);

	return (struct cms_sign_params){ .content_type = oid_lds_security_object,
					 .content = buf_view(content),
					 .keystore = p.keystore,
					 .key_label = p.key_label,
					 .signer = p.signer,
					 .alg = p.alg };
}

/* As sod_build signs: what it does afterwards is not here. */
static double sign_ours(const struct lds_fixture *f, const struct sod_object *object)
{
	double t = now_s();

	for (int i = 0; i < SIGNATURES; i++) {
		struct cms_unverified cms = { 0 };
		struct buf content = { 0 };
		struct cms_sign_params p;

		MUST(!cc_failed(sod_object_encode(object, &content, NULL)));
		p = sign_params(f, &content);
		MUST(!cc_failed(cms_sign_unverified(&p, &cms, NULL)));
		buf_done(&content);
		buf_done(&cms.der);
	}
	return (now_s() - t) / SIGNATURES;
}

/* As everything else is signed: EF.CardSecurity, master lists. */
static double sign_ours_verified(const struct lds_fixture *f, const struct sod_object *object)
{
	double t = now_s();

	for (int i = 0; i < SIGNATURES; i++) {
		struct buf content = { 0 }, der = { 0 };
		struct cms_sign_params p;

		MUST(!cc_failed(sod_object_encode(object, &content, NULL)));
		p = sign_params(f, &content);
		MUST(!cc_failed(cms_sign(&p, &der, NULL)));
		buf_done(&content);
		buf_done(&der);
	}
	return (now_s() - t) / SIGNATURES;
}

/* What this program promises of every signature: read back from its bytes and verified. */
static void verify_result(const unsigned char *der, long n)
{
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &der, n);

	MUST(cms != NULL && CMS_verify(cms, NULL, NULL, NULL, NULL, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1);
	CMS_ContentInfo_free(cms);
}

static double sign_theirs(const struct peer *p, struct bytes content, enum hash_alg hash, bool verified)
{
	const EVP_MD *md = hash == HASH_SHA384 ? EVP_sha384() : EVP_sha256();
	const unsigned flags = CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP;
	double t = now_s();

	for (int i = 0; i < SIGNATURES; i++) {
		BIO *in = BIO_new_mem_buf(content.p, (int)content.n);
		CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
		unsigned char *der = NULL;
		int n;

		MUST(in != NULL && cms != NULL && CMS_set1_eContentType(cms, p->content_type) == 1);
		MUST(CMS_add1_signer(cms, p->cert, p->key, md, flags) != NULL && CMS_final(cms, in, NULL, flags) == 1);
		n = i2d_CMS_ContentInfo(cms, &der);
		MUST(n > 0);
		if (verified)
			verify_result(der, n);
		OPENSSL_free(der);
		CMS_ContentInfo_free(cms);
		BIO_free(in);
	}
	return (now_s() - t) / SIGNATURES;
}

/* Files as a station makes them: hashes, security object, signature, and the result read back up to the anchor. */
static double build_ours(const struct lds_fixture *f, const struct lds_set *set)
{
	const struct sod_params p = lds_fixture_sod_params(f, 0);
	double t = now_s();

	for (int i = 0; i < SIGNATURES; i++) {
		struct buf file = { 0 };

		MUST(!cc_failed(sod_build(&p, set, &file, NULL)));
		buf_done(&file);
	}
	return (now_s() - t) / SIGNATURES;
}

/* Nobody can be faster with this library: one signature, and so many verifications. */
static double bare(const struct peer *p, struct bytes digest, int verifications)
{
	double t = now_s();

	for (int i = 0; i < SIGNATURES; i++) {
		struct buf sig = sign_digest(p->key, digest);

		for (int k = 0; k < verifications; k++)
			MUST(verify(p->signer, digest, buf_view(&sig)));
		buf_done(&sig);
	}
	return (now_s() - t) / SIGNATURES;
}

struct signing_times {
	double ours[ROUNDS], ours_verified[ROUNDS], whole[ROUNDS], theirs[ROUNDS], theirs_verified[ROUNDS];
	double bare[ROUNDS], bare_verified[ROUNDS];
};

static void print_signing(const struct signing_times *t, const char *curve)
{
	figure("sod_sign_vs_cms_sign", curve, t->ours, t->theirs,
	       "OpenSSL CMS_sign, same key, content and certificate; neither is verified");
	figure("sod_sign_vs_bare_sign", curve, t->ours, t->bare, "one bare ECDSA signature: no CMS at all");
	figure("cms_sign_vs_cms_sign_verify", curve, t->ours_verified, t->theirs_verified,
	       "OpenSSL CMS_sign and CMS_verify; both verified");
	figure("sod_build_vs_cms_sign_verify", curve, t->whole, t->theirs_verified,
	       "the same; ours with the files' hashes, made and compared, and the chain to the anchor");
	figure("sod_build_vs_bare_operations", curve, t->whole, t->bare_verified,
	       "its bare ECDSA signature and two verifications: no hash, no CMS, no certificate");
}

static void signing(const struct lds_fixture *f, const struct lds_set *set, const struct sod *sod, const struct peer *peer,
		    const char *curve)
{
	struct bytes content = cms_content(sod->cms);
	struct signing_times t;
	struct digest d;

	MUST(!cc_failed(hash_digest(f->hash, content, &d)));
	(void)sign_ours(f, &sod->object);
	(void)sign_theirs(peer, content, f->hash, true);
	for (int i = 0; i < ROUNDS; i++) {
		t.ours[i] = sign_ours(f, &sod->object);
		t.theirs[i] = sign_theirs(peer, content, f->hash, false);
		t.bare[i] = bare(peer, bytes_of(d.p, d.n), 0);
		t.ours_verified[i] = sign_ours_verified(f, &sod->object);
		t.theirs_verified[i] = sign_theirs(peer, content, f->hash, true);
		t.whole[i] = build_ours(f, set);
		t.bare_verified[i] = bare(peer, bytes_of(d.p, d.n), 2);
	}
	print_signing(&t, curve);
}

/* ---- reading */

static double read_ours(const struct lds_fixture *f, const struct lds_set *set)
{
	static struct inspection out;
	const struct inspect_params p = { .trust = f->trust, .now_s = FIXTURE_NOW_S, .sys = &f->sys.sys };
	double t = now_s();

	for (int i = 0; i < READINGS; i++) {
		MUST(!cc_failed(inspect_files(set, &p, &out)));
		MUST(inspection_find(&out, "sod.signature")->result == INSPECT_PASSED);
		MUST(inspection_find(&out, "sod.chain")->result == INSPECT_PASSED);
		inspection_done(&out);
	}
	return (now_s() - t) / READINGS;
}

/* Two signatures: the document signer's over the object, the country signer's over the document signer. */
static double read_theirs(const struct peer *p, struct bytes digest, struct bytes sig)
{
	double t = now_s();

	for (int i = 0; i < READINGS; i++)
		MUST(verify(p->signer, digest, sig) && verify(p->key, digest, sig));
	return (now_s() - t) / READINGS;
}

static void reading(const struct lds_fixture *f, const struct lds_set *set, const struct peer *peer, const char *curve)
{
	double ours[ROUNDS], theirs[ROUNDS];
	struct digest d;
	struct buf sig;

	MUST(!cc_failed(hash_digest(f->hash, lds_set_get(set, LDS_SOD), &d)));
	sig = sign_digest(peer->key, bytes_of(d.p, d.n));
	(void)read_ours(f, set);
	for (int i = 0; i < ROUNDS; i++) {
		ours[i] = read_ours(f, set);
		theirs[i] = read_theirs(peer, bytes_of(d.p, d.n), buf_view(&sig));
	}
	figure("full_verify_vs_raw_verify", curve, ours, theirs, "its two ECDSA verifications alone, keys parsed before");
	buf_done(&sig);
}

static void one_curve(enum ec_curve curve, enum hash_alg hash, const char *name)
{
	struct lds_fixture f;
	struct lds_set set = { 0 };
	struct sod sod = { 0 };
	struct peer peer;

	lds_fixture(&f, curve, hash);
	lds_fixture_files(&f, (struct bytes){ 0 }, (struct bytes){ 0 }, &set);
	lds_fixture_sign(&f, 0, &set);
	peer = peer_new(&f);
	MUST(!cc_failed(sod_parse(lds_set_get(&set, LDS_SOD), &sod, NULL)));
	signing(&f, &set, &sod, &peer, name);
	reading(&f, &set, &peer, name);
	sod_done(&sod);
	lds_set_done(&set);
	peer_done(&peer);
	lds_fixture_done(&f);
}

int main(void)
{
	one_curve(EC_P256, HASH_SHA256, "");
	one_curve(EC_BP256, HASH_SHA256, "_brainpool256");
	one_curve(EC_P384, HASH_SHA384, "_p384");
	return 0;
}
