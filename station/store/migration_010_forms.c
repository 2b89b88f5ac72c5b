/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/migrations.h"

/*
 * Forms about people who are in the registry. Persons are keyed hashes, what the forms say is sealed; the kind of a
 * field ("residence") is not personal. Rows are decided once and never removed: they are the history. live: still open,
 * at most one for a person and field. Ids come from one counter.
 *
 * registry_correction  form DC02: proposed by one officer, effective when another approves
 * registry_conflict    a field on which documents disagree without a rule that decides: holds the person
 * registry_task        what civil status has to establish (an incomplete birth date)
 * registry_export      who received which people's data, for what; sha256 is of the file, once it was whole
 */
const char migration_010_forms[] =
	"CREATE TABLE registry_correction ("
	"id BIGINT PRIMARY KEY, number_mac BYTEA NOT NULL, field TEXT NOT NULL, form BYTEA NOT NULL, source TEXT NOT NULL,"
	" state TEXT NOT NULL, live BIGINT NOT NULL, proposed_by TEXT NOT NULL, proposed_ms BIGINT NOT NULL, decided_by TEXT,"
	" decided_ms BIGINT, reason BYTEA);"
	"CREATE UNIQUE INDEX registry_correction_live ON registry_correction (number_mac, field) WHERE live = 1;"
	"CREATE INDEX registry_correction_number ON registry_correction (number_mac, id);"
	"CREATE INDEX registry_correction_pending ON registry_correction (id) WHERE live = 1;"

	"CREATE TABLE registry_conflict ("
	"id BIGINT PRIMARY KEY, number_mac BYTEA NOT NULL, field TEXT NOT NULL, form BYTEA NOT NULL, live BIGINT NOT NULL,"
	" opened_by TEXT NOT NULL, opened_ms BIGINT NOT NULL, decided_by TEXT, decided_ms BIGINT, decision BYTEA);"
	"CREATE UNIQUE INDEX registry_conflict_live ON registry_conflict (number_mac, field) WHERE live = 1;"
	"CREATE INDEX registry_conflict_open ON registry_conflict (id) WHERE live = 1;"

	"CREATE TABLE registry_task ("
	"id BIGINT PRIMARY KEY, number_mac BYTEA NOT NULL, kind TEXT NOT NULL, form BYTEA NOT NULL, live BIGINT NOT NULL,"
	" opened_ms BIGINT NOT NULL, closed_ms BIGINT, correction_id BIGINT REFERENCES registry_correction (id));"
	"CREATE UNIQUE INDEX registry_task_live ON registry_task (number_mac, kind) WHERE live = 1;"
	"CREATE INDEX registry_task_open ON registry_task (id) WHERE live = 1;"

	"CREATE TABLE registry_export ("
	"id BIGINT PRIMARY KEY, purpose TEXT NOT NULL, receiver TEXT NOT NULL, officer TEXT NOT NULL, format TEXT NOT NULL,"
	" state TEXT NOT NULL, people BIGINT NOT NULL, sha256 BYTEA, begun_ms BIGINT NOT NULL, done_ms BIGINT);"

	"INSERT INTO registry_counter (name, next) VALUES ('form', 1);";
