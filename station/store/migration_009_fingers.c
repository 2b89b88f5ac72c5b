/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/migrations.h"

/*
 * registry_fingers  a person's fingerprints as they were taken, packed and sealed; fingers_mac tells changed ones from
 *		     unchanged ones
 */
const char migration_009_fingers[] =
	"CREATE TABLE registry_fingers (person_id INTEGER PRIMARY KEY REFERENCES registry_person (id),"
	" key_version BIGINT NOT NULL REFERENCES registry_key (key_version), fingers_mac BYTEA NOT NULL, fingers BYTEA NOT NULL);";
