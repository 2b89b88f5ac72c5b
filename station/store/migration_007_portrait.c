/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/migrations.h"

/*
 * portrait_override  a supervisor's word that one soft check of one photo does not count; the reason is sealed, person
 *		      and photo are keyed hashes. Rows are never changed or removed.
 * issue_portrait     what was decided for a job's portrait: the record's standard and why, and the overrides that counted
 */
const char migration_007_portrait[] =
	"CREATE TABLE portrait_override (id TEXT PRIMARY KEY, number_mac BYTEA NOT NULL, photo_mac BYTEA NOT NULL,"
	" measure TEXT NOT NULL, officer TEXT NOT NULL, reason BYTEA NOT NULL, created_ms BIGINT NOT NULL);"
	"CREATE UNIQUE INDEX portrait_override_once ON portrait_override (number_mac, photo_mac, measure);"

	"CREATE TABLE issue_portrait (job_id TEXT PRIMARY KEY REFERENCES issue_job (id), record TEXT NOT NULL, reason TEXT NOT NULL,"
	" overrides TEXT);";
