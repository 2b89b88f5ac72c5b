/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/migrations.h"

/*
 * The registry at the size of a nation. Rows are numbered, so that a load appends
 * instead of searching its place, and one narrow table of marks replaces the
 * words: a mark is 8 bytes of a keyed hash of what somebody may be found by
 * (registry_marks.h). Old CMND, name and place are found without being readable.
 *
 * The old tables' seals are bound to ids that no longer exist: a registry that
 * has people in them is refused here, whole, and stays with its program.
 */
const char migration_005_registry_marks[] =
	"CREATE TABLE registry_must_be_empty (people BIGINT NOT NULL CHECK (people = 0));"
	"INSERT INTO registry_must_be_empty (people) SELECT COUNT(*) FROM registry_person;"
	"DROP TABLE registry_must_be_empty;"
	"DROP TABLE registry_word;"
	"DROP TABLE registry_photo;"
	"DROP TABLE registry_person;"

	"CREATE TABLE registry_counter (name TEXT PRIMARY KEY, next BIGINT NOT NULL);"
	"INSERT INTO registry_counter (name, next) VALUES ('person', 1);"

	"CREATE TABLE registry_person ("
	"id INTEGER PRIMARY KEY, number_mac BYTEA NOT NULL, content_mac BYTEA NOT NULL,"
	" key_version BIGINT NOT NULL REFERENCES registry_key (key_version), record BYTEA NOT NULL, imported_ms BIGINT NOT NULL);"
	"CREATE UNIQUE INDEX registry_person_number ON registry_person (number_mac);"

	"CREATE TABLE registry_photo ("
	"person_id INTEGER PRIMARY KEY REFERENCES registry_person (id), photo_mac BYTEA NOT NULL, photo BYTEA NOT NULL);"

	"CREATE TABLE registry_mark (mark BIGINT NOT NULL, person_id INTEGER NOT NULL, PRIMARY KEY (mark, person_id))"
	" /*key-ordered*/;";
