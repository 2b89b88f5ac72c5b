/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/migrations.h"

/*
 * issue_revocation  a card that an officer ended, or asked to end: who, when, why. Rows are decided once and never removed.
 *		     The person is a keyed hash, what was written is sealed. live: waits for its second officer, at most one
 *		     for a person; a card is revoked once.
 *
 * exchange_item's state "issued" is the active card that another station made; one that a card from here has replaced is
 * "replaced" from now on, one that was ended "revoked".
 */
const char migration_012_revocation[] =
	"CREATE TABLE issue_revocation ("
	"id BIGINT PRIMARY KEY, number_mac BYTEA NOT NULL, serial TEXT NOT NULL, reason TEXT NOT NULL, form BYTEA NOT NULL,"
	" state TEXT NOT NULL, live BIGINT NOT NULL, asked_by TEXT NOT NULL, asked_ms BIGINT NOT NULL, decided_by TEXT,"
	" decided_ms BIGINT, why BYTEA);"
	"CREATE UNIQUE INDEX issue_revocation_live ON issue_revocation (number_mac) WHERE live = 1;"
	"CREATE UNIQUE INDEX issue_revocation_card ON issue_revocation (serial) WHERE state = 'revoked';"
	"CREATE INDEX issue_revocation_number ON issue_revocation (number_mac, id);"
	"CREATE INDEX exchange_item_serial ON exchange_item (serial);"

	"UPDATE exchange_item SET state = 'replaced' WHERE state = 'issued' AND package_id IN (SELECT id FROM exchange_package"
	" WHERE direction = 'out') AND EXISTS (SELECT 1 FROM issue_card c WHERE c.number_mac = exchange_item.number_mac"
	" AND c.active = 1);";
