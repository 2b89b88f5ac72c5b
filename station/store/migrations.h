/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_STORE_MIGRATIONS_H
#define CC_STATION_STORE_MIGRATIONS_H

#include "station/store/store.h"

/*
 * SQL of the migrations, for SQLite and PostgreSQL alike: TEXT, BIGINT and
 * BYTEA (bytes) columns, INTEGER for a primary key below 2^31 (SQLite's own row
 * number); no engine-made keys, defaults or clocks. A comment "key-ordered" after a
 * table: SQLite keeps its rows in the key itself.
 */
extern const char migration_001_registry[];
extern const char migration_002_issue[];
extern const char migration_003_journal[];
extern const char migration_004_signer[];
extern const char migration_005_registry_marks[];
extern const char migration_006_queue[];
extern const char migration_007_portrait[];
extern const char migration_008_exchange[];
extern const char migration_009_fingers[];
extern const char migration_010_forms[];
extern const char migration_011_registry_postings[];
extern const char migration_012_revocation[];
extern const char migration_013_registry_photos[];
extern const char migration_014_registry_distinct[];

#endif
