/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/migrations.h"

/*
 * registry_photo_copy	  the same file at two people is found by its keyed hash
 * registry_photo_doubt	  two people whose photos show the same, as the last look at everybody's photos found; each pair twice
 * registry_photo_change  a photo that was put in another's place: who, who agreed, when; form: both files' hashes and why,
 *sealed. Rows are never changed or removed.
 */
const char migration_013_registry_photos[] =
	"CREATE INDEX registry_photo_copy ON registry_photo (photo_mac);"

	"CREATE TABLE registry_photo_doubt (person_id BIGINT NOT NULL, other_id BIGINT NOT NULL,"
	" PRIMARY KEY (person_id, other_id));"
	"CREATE INDEX registry_photo_doubt_other ON registry_photo_doubt (other_id);"

	"CREATE TABLE registry_photo_change ("
	"id BIGINT PRIMARY KEY, number_mac BYTEA NOT NULL, form BYTEA NOT NULL, officer TEXT NOT NULL, approved_by TEXT,"
	" changed_ms BIGINT NOT NULL);"
	"CREATE INDEX registry_photo_change_number ON registry_photo_change (number_mac, id);";
