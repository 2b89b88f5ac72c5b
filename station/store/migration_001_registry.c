/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/migrations.h"

/*
 * People. Nothing here is readable without the key store: record and photo are
 * sealed (AES-256-GCM), the rest are keyed hashes to find and compare by.
 *
 * registry_key    which key sealed the rows; key_check is a MAC that only the right key gives
 * registry_person record: the sealed row; content_mac tells a changed row from an unchanged one
 * registry_photo  the photo's bytes, sealed; photo_mac as above
 * registry_word   one row for each word of a name, to search by
 */
const char migration_001_registry[] =
	"CREATE TABLE registry_key ("
	"key_version BIGINT PRIMARY KEY, key_check BYTEA NOT NULL, created_ms BIGINT NOT NULL);"

	"CREATE TABLE registry_person ("
	"id TEXT PRIMARY KEY, number_mac BYTEA NOT NULL UNIQUE, content_mac BYTEA NOT NULL,"
	" key_version BIGINT NOT NULL REFERENCES registry_key (key_version), record BYTEA NOT NULL, imported_ms BIGINT NOT NULL);"

	"CREATE TABLE registry_photo ("
	"person_id TEXT PRIMARY KEY REFERENCES registry_person (id), key_version BIGINT NOT NULL, photo_mac BYTEA NOT NULL,"
	" photo BYTEA NOT NULL);"

	"CREATE TABLE registry_word ("
	"word_mac BYTEA NOT NULL, person_id TEXT NOT NULL REFERENCES registry_person (id), PRIMARY KEY (word_mac, person_id));";
