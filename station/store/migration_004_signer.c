/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/migrations.h"

/*
 * The authority's books.
 *
 * pki_signer       a document signer's key, by the SHA-256 of its public key: how often it signed, and when it was retired
 * pki_signer_job   which key signed a card's EF.SOD; the last one when a job was signed again
 * pki_revocation   revoked certificates, by serial number; never removed
 * pki_crl          the revocation lists that were signed, by CRL number
 */
const char migration_004_signer[] =
	"CREATE TABLE pki_signer (key_id BYTEA PRIMARY KEY, label TEXT NOT NULL, used BIGINT NOT NULL, retired_ms BIGINT);"

	"CREATE TABLE pki_signer_job (job_id TEXT PRIMARY KEY REFERENCES issue_job (id),"
	" key_id BYTEA NOT NULL REFERENCES pki_signer (key_id), signed_ms BIGINT NOT NULL);"
	"CREATE INDEX pki_signer_job_key ON pki_signer_job (key_id);"

	"CREATE TABLE pki_revocation (serial BYTEA PRIMARY KEY, reason BIGINT NOT NULL, revoked_ms BIGINT NOT NULL);"

	"CREATE TABLE pki_crl (number BIGINT PRIMARY KEY, signed_ms BIGINT NOT NULL);";
