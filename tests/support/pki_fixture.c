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
