/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/migrations.h"

/*
 * Packages between stations, and the feed of the national registry. Personal
 * numbers are keyed hashes or sealed.
 *
 * exchange_peer     a station whose keys were compared by people; sequence and hash of the last package each way
 * exchange_package  one package, made (out) or taken (in); sealed: its bytes, until the peer has acknowledged them
 * exchange_item     one applicant of a package; live: work on it is open, so at most one for a person
 * outbox_counter    the last event's number; its row lock makes numbers rise in the order of commits
 * outbox_event      what the national registry is told, in order, each under its idempotency key
 */
const char migration_008_exchange[] =
	"CREATE TABLE exchange_peer ("
	"name TEXT PRIMARY KEY, kid BYTEA NOT NULL UNIQUE, sign_spki BYTEA NOT NULL, agree_spki BYTEA NOT NULL,"
	" added_ms BIGINT NOT NULL, sent_seq BIGINT NOT NULL, sent_hash BYTEA NOT NULL, acked_seq BIGINT NOT NULL,"
	" taken_seq BIGINT NOT NULL, taken_hash BYTEA NOT NULL);"

	"CREATE TABLE exchange_package ("
	"id TEXT PRIMARY KEY, peer TEXT NOT NULL REFERENCES exchange_peer (name), direction TEXT NOT NULL, seq BIGINT NOT NULL,"
	" hash BYTEA NOT NULL, kind TEXT NOT NULL, items BIGINT NOT NULL, quota BIGINT NOT NULL, quota_used BIGINT NOT NULL,"
	" made_ms BIGINT NOT NULL, expires_ms BIGINT NOT NULL, booked_ms BIGINT NOT NULL, sealed BYTEA,"
	" UNIQUE (peer, direction, seq));"

	"CREATE TABLE exchange_item ("
	"package_id TEXT NOT NULL REFERENCES exchange_package (id), n BIGINT NOT NULL, number_mac BYTEA NOT NULL,"
	" number BYTEA NOT NULL, state TEXT NOT NULL, live BIGINT NOT NULL, serial TEXT, files_hash BYTEA, at_ms BIGINT NOT NULL,"
	" PRIMARY KEY (package_id, n));"
	"CREATE INDEX exchange_item_number ON exchange_item (number_mac);"
	"CREATE UNIQUE INDEX exchange_item_live ON exchange_item (number_mac) WHERE live = 1;"

	"CREATE TABLE outbox_counter (id BIGINT PRIMARY KEY, last BIGINT NOT NULL);"
	"INSERT INTO outbox_counter (id, last) VALUES (1, 0);"
	"CREATE TABLE outbox_event ("
	"seq BIGINT PRIMARY KEY, event_key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, body BYTEA NOT NULL, state TEXT NOT NULL,"
	" tries BIGINT NOT NULL, next_ms BIGINT NOT NULL, made_ms BIGINT NOT NULL, done_ms BIGINT, reply TEXT);"
	"CREATE INDEX outbox_event_waiting ON outbox_event (seq) WHERE state = 'waiting';";
