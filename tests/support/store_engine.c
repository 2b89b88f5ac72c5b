/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/store_engine.h"

#include "crypto/base/err.h"

#include <libpq-fe.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool store_engine_is_postgres(void)
{
	return getenv("CCCD_TEST_POSTGRES") != NULL;
}

/* FNV-1a of the path: a name that PostgreSQL takes, the same for each process of a test. */
static void schema_of(const char *path, char out[32])
{
	uint64_t h = 0xCBF29CE484222325u;

	for (const char *p = path; *p != '\0'; p++)
		h = (h ^ (uint8_t)*p) * 0x100000001B3u;
	(void)snprintf(out, 32, "t_%016llx", (unsigned long long)h);
}

static void run(const char *sql)
{
	PGconn *db = PQconnectdb(getenv("CCCD_TEST_POSTGRES"));
	PGresult *r = PQexec(db, sql);

	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		(void)fprintf(stderr, "%s: %s", sql, PQerrorMessage(db));
	CC_ASSERT(PQresultStatus(r) == PGRES_COMMAND_OK);
	PQclear(r);
	PQfinish(db);
}

void store_engine_place(const char *path, char *out, size_t cap)
{
	char schema[32], sql[128];

	if (!store_engine_is_postgres()) {
		CC_ASSERT(snprintf(out, cap, "%s", path) < (int)cap);
		return;
	}
	schema_of(path, schema);
	(void)snprintf(sql, sizeof sql, "SET client_min_messages = 'warning'; CREATE SCHEMA IF NOT EXISTS %s", schema);
	run(sql);
	CC_ASSERT(snprintf(out, cap, "%s options='-c search_path=%s'", getenv("CCCD_TEST_POSTGRES"), schema) < (int)cap);
}

static void drop_file(const char *path, const char *tail)
{
	char name[512];

	(void)snprintf(name, sizeof name, "%s%s", path, tail);
	(void)unlink(name);
}

void store_engine_drop(const char *path)
{
	char schema[32], sql[128];

	if (!store_engine_is_postgres()) {
		drop_file(path, "");
		drop_file(path, "-wal");
		drop_file(path, "-shm");
		return;
	}
	schema_of(path, schema);
	(void)snprintf(sql, sizeof sql, "SET client_min_messages = 'warning'; DROP SCHEMA IF EXISTS %s CASCADE", schema);
	run(sql);
}
