/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/migrations.h"

/*
 * A row of registry_mark may stand for many people: what a load brings under one
 * mark is one row (registry_postings.c). Rows that are there stay as they are, each
 * for its one person.
 *
 * more  the people after person_id, as distances from it: 16 bits each, in order; NULL: nobody
 */
const char migration_011_registry_postings[] = "ALTER TABLE registry_mark ADD COLUMN more BYTEA;";
