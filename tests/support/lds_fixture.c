/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/lds_fixture.h"

#include "card/lds/dg1.h"
#include "card/lds/dg13.h"
#include "card/lds/dg14.h"
#include "card/lds/dg15.h"
#include "card/lds/dg2.h"
#include "card/lds/ef_com.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#define YEAR_S (365LL * 24 * 3600)
#define DG2_LIMIT 65535

static void good(cc_status st, const struct cc_error *err)
{
	if (cc_failed(st))
		fail_msg("%s: %s", err->key != NULL ? err->key : cc_code_name(st.code), err->detail);
}

static struct cert *take_cert(struct buf *der)
{
	struct cert *c = NULL;
	struct cc_error err;

	cc_error_init(&err);
	good(cert_parse(buf_view(der), &c, &err), &err);
	buf_done(der);
	return c;
}

static void generate(struct keystore *ks, const char *label, enum ec_curve curve)
{
	struct keystore_key_info want = { .kind = KEYSTORE_EC, .curve = curve };

	(void)strncpy(want.label, label, sizeof want.label - 1);
	good(keystore_generate(ks, &want), &ks->err);
}

static struct pki_profile profile(const struct lds_fixture *f, const char *name, int64_t years)
{
	return (struct pki_profile){ .country = "VN",
				     .country_icao = "VNM",
				     .organization = "Test",
				     .common_name = name,
				     .alg = { .scheme = SIG_ECDSA, .hash = f->hash, .mgf_hash = f->hash },
				     .params = EC_PARAMS_EXPLICIT,
				     .not_before_s = FIXTURE_NOW_S - YEAR_S,
				     .not_after_s = FIXTURE_NOW_S + years * YEAR_S,
				     .private_from_s = FIXTURE_NOW_S - YEAR_S,
				     .private_to_s = FIXTURE_NOW_S + YEAR_S,
				     .document_types = { "ID", "P" },
				     .crl_url = "http://crl.example/VN.crl" };
}

static void make_authority(struct lds_fixture *f)
{
	struct pki_profile csca = profile(f, "Test CSCA", 15), ds = profile(f, "Test DS", 11);
	struct buf der = { 0 };
	struct cc_error err;

	cc_error_init(&err);
	generate(f->keystore, "csca-1", f->curve);
	generate(f->keystore, "ds-1", f->curve);
	good(csca_issue(f->keystore, "csca-1", &csca, &f->sys.sys, &der, &err), &err);
	f->csca = take_cert(&der);
	good(ds_issue(f->keystore, "csca-1", f->csca, "ds-1", &ds, &f->sys.sys, &der, &err), &err);
	f->ds = take_cert(&der);
	good(trust_new(&f->trust), &err);
	good(trust_add(f->trust, cert_der(f->csca), &err), &err);
}

void lds_fixture(struct lds_fixture *f, enum ec_curve curve, enum hash_alg hash)
{
	char path[256];
	struct cc_error err;

	*f = (struct lds_fixture){ .curve = curve, .hash = hash };
	cc_error_init(&err);
	fixture_folder(&f->folder);
	fixture_sys(&f->sys);
	fixture_path(&f->folder, "keys.ccks", path, sizeof path);
	good(keystore_file_create(path, BYTES_LITERAL("test password"), &f->sys.sys, &f->keystore, &err), &err);
	make_authority(f);
}

void lds_fixture_done(struct lds_fixture *f)
{
	trust_free(&f->trust);
	cert_free(&f->ds);
	cert_free(&f->csca);
	keystore_close(&f->keystore);
	fixture_folder_done(&f->folder);
}

/* A public key whose private half nobody keeps. */
static void fresh_spki(enum ec_curve curve, struct buf *ret)
{
	struct ec_domain *domain = NULL;
	struct ec_key *key = NULL;

	assert_int_equal(ec_domain_new(curve, &domain).code, CC_OK);
	assert_int_equal(ec_key_generate(domain, &key).code, CC_OK);
	assert_int_equal(ec_spki_encode(curve, ec_key_public(key), EC_PARAMS_NAMED, ret).code, CC_OK);
	ec_key_free(&key);
	ec_domain_free(&domain);
}

static void put(struct lds_set *set, enum lds_file file, struct buf *content)
{
	assert_int_equal(lds_set_put(set, file, buf_view(content)).code, CC_OK);
	buf_done(content);
}

static void put_person(struct lds_set *set)
{
	const struct dg13 d = { .number = BYTES_LITERAL(LDS_FIXTURE_NUMBER),
				.name = BYTES_LITERAL("Nguyễn Văn Đức"),
				.birth = BYTES_LITERAL("15/02/1990"),
				.sex = BYTES_LITERAL("Nam"),
				.nationality = BYTES_LITERAL("Việt Nam"),
				.ethnicity = BYTES_LITERAL("Kinh"),
				.religion = BYTES_LITERAL("Không"),
				.origin = BYTES_LITERAL("Hà Nội"),
				.expiry = BYTES_LITERAL("15/02/2030") };
	struct buf file = { 0 }, record = { 0 };
	struct cc_error err;

	cc_error_init(&err);
	good(dg1_encode(LDS_FIXTURE_MRZ, &file, &err), &err);
	put(set, lds_dg(1), &file);
	assert_int_equal(buf_zero(&record, 9000).code, CC_OK);
	memcpy(record.p, "FAC", 4);
	good(dg2_encode_face(buf_view(&record), DG2_LIMIT, &file, &err), &err);
	buf_done(&record);
	put(set, lds_dg(2), &file);
	good(dg13_encode(&d, &file, NULL, &err), &err);
	put(set, lds_dg(13), &file);
}

void lds_fixture_files(const struct lds_fixture *f, struct bytes aa_spki, struct bytes ca_spki, struct lds_set *ret)
{
	struct card_access_settings access = card_access_default();
	struct dg14_params p = { .access = access, .ca_spki = ca_spki, .with_aa = true, .aa_hash = HASH_SHA256 };
	struct buf own = { 0 }, file = { 0 };
	struct cc_error err;

	cc_error_init(&err);
	put_person(ret);
	good(card_access_encode(&access, &file, &err), &err);
	put(ret, LDS_CARD_ACCESS, &file);
	if (aa_spki.n == 0 || ca_spki.n == 0)
		fresh_spki(f->curve, &own);
	if (ca_spki.n == 0)
		p.ca_spki = buf_view(&own);
	good(dg14_encode(&p, &file, &err), &err);
	put(ret, lds_dg(14), &file);
	good(dg15_encode(aa_spki.n > 0 ? aa_spki : buf_view(&own), &file, &err), &err);
	put(ret, lds_dg(15), &file);
	buf_done(&own);
}

struct sod_params lds_fixture_sod_params(const struct lds_fixture *f, unsigned version)
{
	return (struct sod_params){ .version = version,
				    .hash = f->hash,
				    .lds_version = "0108",
				    .unicode_version = "040000",
				    .keystore = f->keystore,
				    .key_label = "ds-1",
				    .signer = f->ds,
				    .alg = { .scheme = SIG_ECDSA, .hash = f->hash, .mgf_hash = f->hash },
				    .trust = f->trust,
				    .now_s = FIXTURE_NOW_S };
}

void lds_fixture_sign(const struct lds_fixture *f, unsigned version, struct lds_set *set)
{
	struct sod_params p = lds_fixture_sod_params(f, version);
	struct buf file = { 0 };
	struct ef_com com;
	struct cc_error err;

	cc_error_init(&err);
	good(ef_com_make(version == 0 ? "0107" : "0108", lds_set_dg_mask(set), &com, &err), &err);
	good(ef_com_encode(&com, &file, &err), &err);
	put(set, LDS_COM, &file);
	good(sod_build(&p, set, &file, &err), &err);
	put(set, LDS_SOD, &file);
}

int lds_fixture_up(void **state)
{
	static struct lds_fixture f;

	lds_fixture(&f, EC_BP256, HASH_SHA256);
	*state = &f;
	return 0;
}

int lds_fixture_down(void **state)
{
	lds_fixture_done(*state);
	return 0;
}
