/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_STORE_MIGRATIONS_H
#define CC_STATION_STORE_MIGRATIONS_H

#include "station/store/store.h"

/*
 * SQL of the migrations, for SQLite and PostgreSQL alike: TEXT, BIGINT and
 * BYTEA (bytes) columns only, no engine-made keys, defaults or clocks.
 */
extern const char migration_001_registry[];
extern const char migration_002_issue[];
extern const char migration_003_journal[];
extern const char migration_004_signer[];

#endif
