/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/migrations.h"

/*
 * registry_distinct  two people alike in name, birth date and parents whom two officers found to be two: low_id and high_id are
 *		      their rows, form says why, sealed. Rows are never changed or removed.
 */
const char migration_014_registry_distinct[] =
	"CREATE TABLE registry_distinct ("
	"low_id BIGINT NOT NULL, high_id BIGINT NOT NULL, id BIGINT NOT NULL, form BYTEA NOT NULL, officer TEXT NOT NULL,"
	" approved_by TEXT NOT NULL, decided_ms BIGINT NOT NULL, PRIMARY KEY (low_id, high_id));";
