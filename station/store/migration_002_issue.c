/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/migrations.h"

/*
 * Issuing. Personal numbers are keyed hashes (number_mac), prepared files are
 * sealed; serials and key hashes are not personal by themselves.
 *
 * issue_secret   checks that the key store's key is the one that sealed the rows
 * issue_blank    the stock, by chip serial (I5): in-stock, in-machine, issued, spoiled
 * issue_job      one card being made; at most one live job for a person and for a blank (I2)
 * issue_journal  append-only: begin and done around what can't be undone
 * issue_files    prepared files of a job, sealed
 * issue_key      every public key that a chip ever made: none twice (I6)
 * issue_card     the ledger; at most one active card for a person (I2)
 */
const char migration_002_issue[] =
	"CREATE TABLE issue_secret (key_version BIGINT PRIMARY KEY, key_check BYTEA NOT NULL, created_ms BIGINT NOT NULL);"

	"CREATE TABLE issue_blank (serial TEXT PRIMARY KEY, state TEXT NOT NULL, reason TEXT, received_ms BIGINT NOT NULL,"
	" changed_ms BIGINT NOT NULL);"

	"CREATE TABLE issue_job (id TEXT PRIMARY KEY, number_mac BYTEA NOT NULL, serial TEXT NOT NULL REFERENCES issue_blank (serial),"
	" profile TEXT NOT NULL, state TEXT NOT NULL, live BIGINT NOT NULL, reason TEXT, created_ms BIGINT NOT NULL);"
	"CREATE UNIQUE INDEX issue_job_live_number ON issue_job (number_mac) WHERE live = 1;"
	"CREATE UNIQUE INDEX issue_job_live_serial ON issue_job (serial) WHERE live = 1;"

	"CREATE TABLE issue_journal (seq BIGINT PRIMARY KEY, job_id TEXT NOT NULL REFERENCES issue_job (id), event TEXT NOT NULL,"
	" phase TEXT NOT NULL, state TEXT NOT NULL, evidence BYTEA, at_ms BIGINT NOT NULL);"
	"CREATE INDEX issue_journal_job ON issue_journal (job_id, seq);"

	"CREATE TABLE issue_files (job_id TEXT PRIMARY KEY REFERENCES issue_job (id), sealed BYTEA NOT NULL,"
	" files_hash BYTEA NOT NULL);"

	"CREATE TABLE issue_key (key_hash BYTEA PRIMARY KEY, job_id TEXT NOT NULL REFERENCES issue_job (id), kind TEXT NOT NULL);"
	"CREATE INDEX issue_key_job ON issue_key (job_id);"

	"CREATE TABLE issue_card (job_id TEXT PRIMARY KEY REFERENCES issue_job (id), number_mac BYTEA NOT NULL,"
	" serial TEXT NOT NULL UNIQUE REFERENCES issue_blank (serial), files_hash BYTEA NOT NULL, active BIGINT NOT NULL,"
	" issued_ms BIGINT NOT NULL);"
	"CREATE UNIQUE INDEX issue_card_active ON issue_card (number_mac) WHERE active = 1;";
