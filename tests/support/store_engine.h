/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_STORE_ENGINE_H
#define CC_TESTS_STORE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Lets one test program run on both engines: on SQLite, or, when
 * CCCD_TEST_POSTGRES holds an address (tests/support/private_postgres.sh), on
 * PostgreSQL, where each path of a store is a schema of its own.
 */
bool store_engine_is_postgres(void);
/* What store_open takes for `path`; on PostgreSQL the schema is made when it is missing. Fails the test otherwise. */
void store_engine_place(const char *path, char *out, size_t cap);
/* Removes the store at `path`. */
void store_engine_drop(const char *path);

#endif
