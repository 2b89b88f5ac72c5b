/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_LDS_FIXTURE_H
#define CC_TESTS_SUPPORT_LDS_FIXTURE_H

#include "card/lds/lds_set.h"
#include "card/lds/sod.h"
#include "tests/support/pki_fixture.h"

#include <stdint.h>

/*
 * A test authority (country signer, document signer, key store in an own
 * folder) and the files of one fictional card, as `cccd` would make them. Fails
 * the test when anything of it doesn't work.
 */
struct lds_fixture {
	struct fixture_folder folder;
	struct fixture_sys sys;
	struct keystore *keystore;
	struct cert *csca, *ds;
	struct trust *trust; /* holds csca */
	enum ec_curve curve;
	enum hash_alg hash;
};

void lds_fixture(struct lds_fixture *f, enum ec_curve curve, enum hash_alg hash);
void lds_fixture_done(struct lds_fixture *f);
/* cmocka's setup and teardown: on brainpoolP256r1 and SHA-256, in *state. */
int lds_fixture_up(void **state);
int lds_fixture_down(void **state);

#define LDS_FIXTURE_NUMBER "001090000000"
#define LDS_FIXTURE_MRZ "IDVNM0900000007001090000000<<89002155M3002153VNM<<<<<<<<<<<2NGUYEN<<VAN<DUC<<<<<<<<<<<<<<<"

/*
 * EF.CardAccess, EF.COM, DG1, DG2, DG13, DG14, DG15 of that person; no SOD yet.
 * spki of the chip's keys: empty for keys made here.
 */
void lds_fixture_files(const struct lds_fixture *f, struct bytes aa_spki, struct bytes ca_spki, struct lds_set *ret);
struct sod_params lds_fixture_sod_params(const struct lds_fixture *f, unsigned version);
/* EF.COM anew for the data groups that are there, and the SOD over them. */
void lds_fixture_sign(const struct lds_fixture *f, unsigned version, struct lds_set *set);

#endif
