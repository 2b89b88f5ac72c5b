/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_PKI_FIXTURE_H
#define CC_TESTS_PKI_FIXTURE_H

#include "crypto/base/buf.h"
#include "crypto/base/sys.h"
#include "crypto/keystore.h"
#include "crypto/pki/crl.h"
#include "crypto/pki/issue.h"
#include "crypto/x509.h"

#include <stdbool.h>
#include <stddef.h>

/* A folder of a test's own with programs run in it, and a clock and random generator that stand still. */

/* An own folder under build/ or TMPDIR, made; removed by fixture_folder_done. */
struct fixture_folder {
	char path[128];
};
void fixture_folder(struct fixture_folder *f);
void fixture_folder_done(const struct fixture_folder *f);
void fixture_path(const struct fixture_folder *f, const char *name, char *out, size_t cap);
void fixture_write(const struct fixture_folder *f, const char *name, struct bytes data);
/* Runs a shell command inside the folder, its output goes to FOLDER/out; the exit status. */
int fixture_run(const struct fixture_folder *f, const char *command);

/* A clock that stands still at 2026-01-01 00:00:00 UTC and random bytes that count up from a seed: same run, same bytes. */
#define FIXTURE_NOW_S 1767225600
struct fixture_sys {
	struct sys sys;
	uint64_t seed;
	int64_t wall_ms;
};
void fixture_sys(struct fixture_sys *s);

/* A country signer and a document signer with their key store, in a folder. Fails the test when that doesn't work. */
struct fixture_pki {
	struct fixture_folder folder;
	struct fixture_sys sys;
	struct keystore *ks; /* "csca-1", "ds-1" */
	struct pki_profile csca_profile, ds_profile;
	struct cert *csca, *ds;
	struct trust *trust; /* the country signer */
};
/* rsa_bits 0: EC keys on `curve`. */
void fixture_pki(struct fixture_pki *p, enum ec_curve curve, unsigned rsa_bits, struct sig_alg alg, enum ec_param_form params);
void fixture_pki_done(struct fixture_pki *p);

/* cmocka's setup and teardown: an authority on P-256 in *state. */
int fixture_authority(void **state);
int fixture_authority_done(void **state);
/* Fails the test with the error's key and detail. */
void fixture_must(cc_status st, const struct cc_error *err);
/* A revocation list of csca-1, from FIXTURE_NOW_S for 90 days. */
struct buf fixture_crl(const struct fixture_pki *p, const struct crl_entry *entries, size_t count, uint64_t number);
/* Parses and frees what was made. */
struct cert *fixture_cert(struct buf *der);

/* The next country signer, with its link certificate. */
struct fixture_rollover {
	struct cert *csca, *link, *ds;
};
void fixture_key(struct keystore *ks, const char *label); /* P-256 */
/* A signature by the key verifies under its public key, and over nothing else. */
void fixture_assert_signs(struct keystore *ks, const char *label, struct sig_alg alg);
void fixture_roll_over(struct fixture_pki *p, const char *common_name, struct fixture_rollover *ret);
void fixture_rollover_done(struct fixture_rollover *r);

#endif
