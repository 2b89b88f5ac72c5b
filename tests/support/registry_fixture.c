/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/registry_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/store_engine.h"

#include <string.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)

void registry_fixture_open(struct registry_fixture *f)
{
	cc_error_init(&f->err);
	assert_ok(store_open(f->place, &f->store, &f->err));
	assert_ok(registry_open(f->store, f->ks, f->used, &f->reg, &f->err));
}

void registry_fixture_close(struct registry_fixture *f)
{
	registry_close(&f->reg);
	store_close(&f->store);
}

static void make(struct registry_fixture *f)
{
	char path[256];

	cc_error_init(&f->err);
	fixture_folder(&f->folder);
	fixture_path(&f->folder, "keys.ccks", path, sizeof path);
	assert_ok(keystore_file_create_cost(path, BYTES_LITERAL("a test"), (struct password_cost){ 8192, 1, 1 }, f->used, &f->ks,
					    &f->err));
	fixture_path(&f->folder, "station.db", path, sizeof path);
	store_engine_drop(path);
	store_engine_place(path, f->place, sizeof f->place);
	registry_fixture_open(f);
}

void registry_fixture_with(struct registry_fixture *f, const struct sys *sys)
{
	memset(f, 0, sizeof *f);
	f->used = sys;
	make(f);
}

void registry_fixture(struct registry_fixture *f)
{
	memset(f, 0, sizeof *f);
	sys_fake_init(&f->sys, 7);
	f->used = &f->sys.sys;
	make(f);
}

void registry_fixture_done(struct registry_fixture *f)
{
	registry_fixture_close(f);
	keystore_close(&f->ks);
	fixture_folder_done(&f->folder);
}
