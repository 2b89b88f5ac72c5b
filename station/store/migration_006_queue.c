/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/migrations.h"

/*
 * Applications for cards, waiting and in work (I1). The form is sealed; the person
 * is a keyed hash. A claim holds an application until its lease ends; its fence
 * rises with each claim, so that who lost a lease can't finish what another took over.
 */
const char migration_006_queue[] =
	"CREATE TABLE issue_application (id TEXT PRIMARY KEY, number_mac BYTEA NOT NULL, kind TEXT NOT NULL, form BYTEA NOT NULL,"
	" state TEXT NOT NULL, live BIGINT NOT NULL, place BIGINT NOT NULL, station TEXT, lease_until_ms BIGINT NOT NULL,"
	" fence BIGINT NOT NULL, reason TEXT, received_ms BIGINT NOT NULL, changed_ms BIGINT NOT NULL);"
	"CREATE UNIQUE INDEX issue_application_live ON issue_application (number_mac) WHERE live = 1;"
	"CREATE INDEX issue_application_waiting ON issue_application (place, id) WHERE state = 'waiting';"
	"CREATE INDEX issue_application_claimed ON issue_application (lease_until_ms) WHERE state = 'claimed';";
