/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/migrations.h"

/*
 * Records are counted for each job, so that stations on one database need no
 * common counter, and two that hold one job meet at its key: the second fails.
 */
const char migration_003_journal[] =
	"CREATE TABLE issue_journal_of_job (job_id TEXT NOT NULL REFERENCES issue_job (id), seq BIGINT NOT NULL, event TEXT NOT NULL,"
	" phase TEXT NOT NULL, state TEXT NOT NULL, evidence BYTEA, at_ms BIGINT NOT NULL, PRIMARY KEY (job_id, seq));"
	"INSERT INTO issue_journal_of_job (job_id, seq, event, phase, state, evidence, at_ms)"
	" SELECT job_id, seq, event, phase, state, evidence, at_ms FROM issue_journal;"
	"DROP TABLE issue_journal;"
	"ALTER TABLE issue_journal_of_job RENAME TO issue_journal;";
