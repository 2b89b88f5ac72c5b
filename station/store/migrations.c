/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/migrations.h"

/*
 * Append-only: a migration that has left this house is never edited, the next
 * number mends it. Each text stands in its own file migration_NNN_name.c.
 */
const struct migration store_migrations[] = {
	{ 1, "registry", migration_001_registry },
	{ 2, "issue", migration_002_issue },
	{ 3, "journal", migration_003_journal },
	{ 4, "signer", migration_004_signer },
	{ 5, "registry-marks", migration_005_registry_marks },
	{ 6, "queue", migration_006_queue },
	{ 7, "portrait", migration_007_portrait },
	{ 8, "exchange", migration_008_exchange },
	{ 9, "fingers", migration_009_fingers },
	{ 10, "forms", migration_010_forms },
	{ 11, "registry-postings", migration_011_registry_postings },
	{ 12, "revocation", migration_012_revocation },
	{ 13, "registry-photos", migration_013_registry_photos },
	{ 14, "registry-distinct", migration_014_registry_distinct },
};
const size_t store_migration_count = sizeof store_migrations / sizeof store_migrations[0];
