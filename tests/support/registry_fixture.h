/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_REGISTRY_FIXTURE_H
#define CC_TESTS_SUPPORT_REGISTRY_FIXTURE_H

#include "station/registry/registry.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/sys_fake.h"

/* An empty registry with its store, on either engine, and a key file, in an own folder. Failures fail the test. */
struct registry_fixture {
	struct fixture_folder folder;
	struct sys_fake sys;
	const struct sys *used; /* sys, unless registry_fixture_with was given another */
	struct keystore *ks;
	char place[1024]; /* what store_open takes */
	struct store *store;
	struct registry *reg;
	struct cc_error err;
};
void registry_fixture(struct registry_fixture *f); /* opened */
/* The same on another clock and generator: sys_fake is for one thread. */
void registry_fixture_with(struct registry_fixture *f, const struct sys *sys);
void registry_fixture_done(struct registry_fixture *f);
/* As another process would: the store and the registry. */
void registry_fixture_open(struct registry_fixture *f);
void registry_fixture_close(struct registry_fixture *f);

#endif
