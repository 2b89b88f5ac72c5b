/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pki_fixture.h"

#include "crypto/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

void fixture_folder(struct fixture_folder *f)
{
	const char *root = getenv("TMPDIR");

	(void)snprintf(f->path, sizeof f->path, "%s/cccd-test-XXXXXX", root != NULL ? root : "/tmp");
	assert_non_null(mkdtemp(f->path));
}

int fixture_run(const struct fixture_folder *f, const char *command)
{
	char line[2048];
	int rc;

	assert_true(snprintf(line, sizeof line, "cd '%s' && { %s ; } >out 2>&1 </dev/null", f->path, command) < (int)sizeof line);
	rc = system(line);
	return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}

void fixture_folder_done(const struct fixture_folder *f)
{
	char line[256];

	(void)snprintf(line, sizeof line, "rm -rf -- '%s'", f->path);
	assert_int_equal(system(line), 0);
}

void fixture_path(const struct fixture_folder *f, const char *name, char *out, size_t cap)
{
	assert_true(snprintf(out, cap, "%s/%s", f->path, name) < (int)cap);
}

void fixture_write(const struct fixture_folder *f, const char *name, struct bytes data)
{
	char path[512];

	fixture_path(f, name, path, sizeof path);
	assert_int_equal(sys_write_file(path, data, 0600, NULL).code, CC_OK);
}

static int64_t fixed_wall(void *ctx)
{
	const struct fixture_sys *s = ctx;

	return s->wall_ms;
}

static cc_status counted_random(void *ctx, uint8_t *out, size_t n)
{
	struct fixture_sys *s = ctx;

	while (n > 0) {
		struct digest d;
		size_t take;

		s->seed++;
		if (cc_failed(hash_digest(HASH_SHA256, bytes_of(&s->seed, sizeof s->seed), &d)))
			return cc_code_status(CC_E_CRYPTO);
		take = n < d.n ? n : d.n;
		memcpy(out, d.p, take);
		out += take;
		n -= take;
	}
	return cc_ok();
}

static void no_sleep(void *ctx, int64_t ms)
{
	(void)ctx;
	(void)ms;
}

void fixture_sys(struct fixture_sys *s)
{
	*s = (struct fixture_sys){ .seed = 1, .wall_ms = (int64_t)FIXTURE_NOW_S * 1000 };
	s->sys = (struct sys){
		.ctx = s, .wall_ms = fixed_wall, .mono_ms = fixed_wall, .random = counted_random, .sleep_ms = no_sleep
	};
}

/* ---- a whole authority */

#define DAY_S 86400
#define YEAR_S (365 * DAY_S)

static void make_key(struct keystore *ks, const char *label, enum ec_curve curve, unsigned rsa_bits)
{
	struct keystore_key_info want = { .kind = rsa_bits > 0 ? KEYSTORE_RSA : KEYSTORE_EC, .curve = curve, .bits = rsa_bits };

	memcpy(want.label, label, strlen(label));
	assert_int_equal(keystore_generate(ks, &want).code, CC_OK);
}

static void parse_and_keep(const struct fixture_pki *p, const char *file, struct buf *der, struct cert **ret)
{
	fixture_write(&p->folder, file, buf_view(der));
	assert_int_equal(cert_parse(buf_view(der), ret, NULL).code, CC_OK);
	buf_done(der);
}

void fixture_pki(struct fixture_pki *p, enum ec_curve curve, unsigned rsa_bits, struct sig_alg alg, enum ec_param_form params)
{
	static const struct password_cost cheap = { .memory_kib = 8 << 10, .passes = 1, .lanes = 1 };
	char path[256];
	struct buf der = { 0 };
	struct cc_error err = { 0 };

	*p = (struct fixture_pki){ 0 };
	fixture_folder(&p->folder);
	fixture_sys(&p->sys);
	fixture_path(&p->folder, "keys.ccks", path, sizeof path);
	assert_int_equal(keystore_file_create_cost(path, BYTES_LITERAL("password"), cheap, &p->sys.sys, &p->ks, NULL).code,
			 CC_OK);
	make_key(p->ks, "csca-1", curve, rsa_bits);
	make_key(p->ks, "ds-1", curve, rsa_bits);
	p->csca_profile = (struct pki_profile){ .country = "VN",
						.country_icao = "VNM",
						.organization = "Test Authority",
						.common_name = "Test CSCA",
						.alg = alg,
						.params = params,
						.not_before_s = FIXTURE_NOW_S - YEAR_S,
						.not_after_s = FIXTURE_NOW_S + (int64_t)30 * YEAR_S,
						.private_from_s = FIXTURE_NOW_S - YEAR_S,
						.private_to_s = FIXTURE_NOW_S + 4 * YEAR_S,
						.crl_url = "http://crl.example/VN.crl" };
	p->ds_profile = p->csca_profile;
	p->ds_profile.common_name = "Test Document Signer";
	p->ds_profile.not_before_s = p->ds_profile.private_from_s = FIXTURE_NOW_S - DAY_S;
	p->ds_profile.private_to_s = FIXTURE_NOW_S + 90 * DAY_S;
	p->ds_profile.not_after_s = FIXTURE_NOW_S + (int64_t)10 * YEAR_S;
	p->ds_profile.document_types[0] = "ID";
	if (cc_failed(csca_issue(p->ks, "csca-1", &p->csca_profile, &p->sys.sys, &der, &err)))
		fail_msg("csca_issue: %s %s", err.key, err.detail);
	parse_and_keep(p, "csca.cer", &der, &p->csca);
	if (cc_failed(ds_issue(p->ks, "csca-1", p->csca, "ds-1", &p->ds_profile, &p->sys.sys, &der, &err)))
		fail_msg("ds_issue: %s %s", err.key, err.detail);
	parse_and_keep(p, "ds.cer", &der, &p->ds);
	assert_int_equal(trust_new(&p->trust).code, CC_OK);
	assert_int_equal(trust_add(p->trust, cert_der(p->csca), NULL).code, CC_OK);
}

void fixture_pki_done(struct fixture_pki *p)
{
	trust_free(&p->trust);
	cert_free(&p->csca);
	cert_free(&p->ds);
	keystore_close(&p->ks);
	fixture_folder_done(&p->folder);
}

int fixture_authority(void **state)
{
	static const struct sig_alg sha256 = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 };
	struct fixture_pki *p = calloc(1, sizeof *p);

	assert_non_null(p);
	fixture_pki(p, EC_P256, 0, sha256, EC_PARAMS_NAMED);
	*state = p;
	return 0;
}

int fixture_authority_done(void **state)
{
	fixture_pki_done(*state);
	free(*state);
	return 0;
}

void fixture_must(cc_status st, const struct cc_error *err)
{
	if (cc_failed(st))
		fail_msg("%s: %s", err->key, err->detail);
}

struct buf fixture_crl(const struct fixture_pki *p, const struct crl_entry *entries, size_t count, uint64_t number)
{
	struct crl_params params = {
		.keystore = p->ks,
		.key_label = "csca-1",
		.issuer = p->csca,
		.alg = p->csca_profile.alg,
		.number = number,
		.this_update_s = FIXTURE_NOW_S,
		.next_update_s = FIXTURE_NOW_S + 90 * DAY_S,
		.entries = entries,
		.count = count,
	};
	struct buf der = { 0 };
	struct cc_error err = { 0 };

	fixture_must(crl_build(&params, &der, &err), &err);
	return der;
}

struct cert *fixture_cert(struct buf *der)
{
	struct cert *c = NULL;

	assert_int_equal(cert_parse(buf_view(der), &c, NULL).code, CC_OK);
	buf_done(der);
	return c;
}

void fixture_key(struct keystore *ks, const char *label)
{
	struct keystore_key_info want = { .kind = KEYSTORE_EC, .curve = EC_P256 };

	memcpy(want.label, label, strlen(label));
	assert_int_equal(keystore_generate(ks, &want).code, CC_OK);
}

void fixture_roll_over(struct fixture_pki *p, const char *common_name, struct fixture_rollover *ret)
{
	struct pki_profile profile = p->csca_profile, ds_profile = p->ds_profile;
	struct buf der = { 0 };
	struct cc_error err = { 0 };

	fixture_key(p->ks, "csca-2");
	fixture_key(p->ks, "ds-2");
	profile.common_name = common_name;
	profile.not_before_s = profile.private_from_s = FIXTURE_NOW_S - DAY_S;
	profile.not_after_s += 365 * DAY_S;
	fixture_must(csca_issue(p->ks, "csca-2", &profile, &p->sys.sys, &der, &err), &err);
	ret->csca = fixture_cert(&der);
	fixture_must(csca_link(p->ks, "csca-1", p->csca, ret->csca, &profile, &p->sys.sys, &der, &err), &err);
	ret->link = fixture_cert(&der);
	fixture_must(ds_issue(p->ks, "csca-2", ret->csca, "ds-2", &ds_profile, &p->sys.sys, &der, &err), &err);
	ret->ds = fixture_cert(&der);
}

void fixture_rollover_done(struct fixture_rollover *r)
{
	cert_free(&r->csca);
	cert_free(&r->link);
	cert_free(&r->ds);
}

void fixture_assert_signs(struct keystore *ks, const char *label, struct sig_alg alg)
{
	struct buf sig = { 0 }, spki = { 0 };
	struct pubkey *pk = NULL;

	assert_int_equal(keystore_sign(ks, label, alg, BYTES_LITERAL("message"), &sig).code, CC_OK);
	assert_int_equal(keystore_public_key(ks, label, &spki).code, CC_OK);
	assert_int_equal(pubkey_from_spki(buf_view(&spki), &pk, NULL).code, CC_OK);
	assert_int_equal(pubkey_verify(pk, alg, BYTES_LITERAL("message"), buf_view(&sig)).code, CC_OK);
	assert_int_equal(pubkey_verify(pk, alg, BYTES_LITERAL("massage"), buf_view(&sig)).code, CC_E_VERIFY);
	pubkey_free(&pk);
	buf_done(&sig);
	buf_done(&spki);
}
