/* SPDX-License-Identifier: Apache-2.0 */
#include "station/pki_authority.h"

#include "crypto/base/secret.h"
#include "crypto/pki/master_list.h"
#include "station/pki_file.h"
#include "station/pki_home.h"
#include "station/pki_signer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Revocation lists and master lists of the station's own authority. */

#define DAY_S 86400
#define CERT_FILE_MAX 65536
#define SERIAL_MAX 20
#define CRL_FILE "certs/csca.crl"
#define CRL_TRUST_FILE "trust/csca.crl"
#define REVOCATIONS_MAX 10000

/* ---- which certificate */

static cc_status serial_of_file(const struct config *c, const char *path, struct buf *ret, struct cc_error *err)
{
	struct buf file = { 0 };
	struct cert *cert = NULL;
	struct trust *ours = NULL;
	char folder[PATH_MAX];
	size_t skipped;
	struct chain chain;
	cc_status st = sys_read_file(path, CERT_FILE_MAX, &file, err);

	config_path(c, "certs", folder);
	if (!cc_failed(st))
		st = cert_parse(buf_view(&file), &cert, err);
	if (!cc_failed(st))
		st = trust_new(&ours);
	if (!cc_failed(st))
		st = trust_load_folder(ours, folder, &skipped, err);
	if (!cc_failed(st)) {
		trust_verify_chain(ours, cert, cert_not_before_s(cert), &chain, NULL);
		st = chain.verdict == CHAIN_GOOD || chain.verdict == CHAIN_REVOKED
			     ? buf_copy(ret, cert_serial(cert))
			     : cc_fail(err, CC_E_ARG, "pki.not-ours", "%s: %s", path, chain_verdict_name(chain.verdict));
	}
	trust_free(&ours);
	cert_free(&cert);
	buf_done(&file);
	return cc_failed(st) ? cc_fail(err, st.code, "memory", "serial") : st;
}

cc_status pki_revocation_serial(const struct config *c, const char *serial_or_file, struct buf *ret_serial, struct cc_error *err)
{
	uint8_t serial[SERIAL_MAX];
	char named[PATH_MAX];
	const char *path = pki_named_path(c, serial_or_file, named);
	size_t n = 0;

	if (access(path, F_OK) == 0 || strchr(path, '.') != NULL) /* no serial number has a dot: a file was meant */
		return serial_of_file(c, path, ret_serial, err);
	if (!bytes_from_hex(serial_or_file, serial, sizeof serial, &n) || n == 0)
		return cc_fail(err, CC_E_ARG, "pki.serial", "%.44s", serial_or_file);
	return cc_failed(buf_copy(ret_serial, bytes_of(serial, n))) ? cc_fail(err, CC_E_MEMORY, "memory", "serial") : cc_ok();
}

/* ---- the books of revocation */

static cc_status store_failed(struct store *store, cc_status st, struct cc_error *err)
{
	if (!cc_failed(st))
		return st;
	return cc_fail(err, st.code, store->err.key != NULL ? store->err.key : "store.failed", "%s", store->err.detail);
}

static cc_status book_revocation(struct store *store, const struct pki_crl_request *q, int64_t now_ms, struct cc_error *err)
{
	struct stmt *stmt = NULL;
	cc_status st = store_prepare(store, "INSERT INTO pki_revocation (serial, reason, revoked_ms) VALUES ($1, $2, $3)", &stmt);

	if (!cc_failed(st))
		st = stmt_bind_blob(stmt, 1, q->serial);
	if (!cc_failed(st))
		st = stmt_bind_int(stmt, 2, (int64_t)q->reason);
	if (!cc_failed(st))
		st = stmt_bind_int(stmt, 3, now_ms);
	if (!cc_failed(st))
		st = stmt_run(stmt);
	stmt_finish(&stmt);
	if (st.code == CC_E_EXISTS)
		return cc_fail(err, CC_E_EXISTS, "pki.revoked-already", "by its serial number");
	return store_failed(store, st, err);
}

/* The next CRL number is booked before a list carries it: none is used twice. */
static cc_status book_number(struct store *store, int64_t now_ms, int64_t *ret, struct cc_error *err)
{
	struct stmt *stmt = NULL;
	bool row = false;
	int64_t last = 0;
	cc_status st = store_prepare(store, "SELECT MAX(number) FROM pki_crl", &stmt);

	if (!cc_failed(st))
		st = stmt_step(stmt, &row);
	if (!cc_failed(st) && row && !stmt_column_is_null(stmt, 0))
		last = stmt_column_int(stmt, 0);
	stmt_finish(&stmt);
	if (!cc_failed(st))
		st = store_prepare(store, "INSERT INTO pki_crl (number, signed_ms) VALUES ($1, $2)", &stmt);
	if (!cc_failed(st))
		st = stmt_bind_int(stmt, 1, last + 1);
	if (!cc_failed(st))
		st = stmt_bind_int(stmt, 2, now_ms);
	if (!cc_failed(st))
		st = stmt_run(stmt);
	stmt_finish(&stmt);
	if (!cc_failed(st))
		*ret = last + 1;
	return store_failed(store, st, err);
}

static cc_status book(struct store *store, const struct pki_crl_request *q, int64_t now_ms, int64_t *ret_number,
		      struct cc_error *err)
{
	cc_status st = store_failed(store, store_begin(store), err);

	if (cc_failed(st))
		return st;
	if (q->serial.n > 0)
		st = book_revocation(store, q, now_ms, err);
	if (!cc_failed(st))
		st = book_number(store, now_ms, ret_number, err);
	if (!cc_failed(st))
		return store_failed(store, store_commit(store), err);
	store_rollback(store);
	return st;
}

/* ---- the list */

struct revocations {
	size_t count;
	struct crl_entry entries[REVOCATIONS_MAX];
	uint8_t serials[REVOCATIONS_MAX][SERIAL_MAX];
};

static cc_status read_revocations(struct store *store, struct revocations *r, struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = store_prepare(store, "SELECT serial, reason, revoked_ms FROM pki_revocation ORDER BY serial", &q);

	while (!cc_failed(st) && !cc_failed(st = stmt_step(q, &row)) && row) {
		struct bytes serial = stmt_column_bytes(q, 0);

		if (r->count == REVOCATIONS_MAX || serial.n > SERIAL_MAX) {
			st = cc_fail(err, CC_E_LIMIT, "crl.build", "more than %d revocations", REVOCATIONS_MAX);
			break;
		}
		memcpy(r->serials[r->count], serial.p, serial.n);
		r->entries[r->count] = (struct crl_entry){ .serial = bytes_of(r->serials[r->count], serial.n),
							   .revoked_s = stmt_column_int(q, 2) / 1000,
							   .reason = (enum crl_reason)stmt_column_int(q, 1) };
		r->count++;
	}
	stmt_finish(&q);
	return store_failed(store, st, err);
}

/* A revoked document signer's key signs no more, whatever its period says. */
static cc_status retire_signer(const struct config *c, struct store *store, struct bytes serial, int64_t now_ms,
			       struct pki_crl_made *ret, struct cc_error *err)
{
	struct pki_signers *s = NULL;
	cc_status st = pki_signers_load(c, &s, err);

	for (size_t i = 0; !cc_failed(st) && i < s->count; i++) {
		if (!bytes_equal(cert_serial(s->items[i].cert), serial))
			continue;
		st = pki_signer_retire(&s->items[i], store, now_ms, err);
		(void)snprintf(ret->retired, sizeof ret->retired, "%s", s->items[i].label);
	}
	pki_signers_free(&s);
	return st;
}

static cc_status sign_list(const struct config *c, const struct pki_options *o, struct keystore *ks, const struct revocations *r,
			   int days, int64_t number, struct pki_crl_made *ret, struct cc_error *err)
{
	int64_t now_s = sys_wall_ms(c->sys) / 1000;
	struct cert *csca = NULL;
	struct buf der = { 0 };
	char label[32];
	unsigned csca_number = 0;
	cc_status st = pki_current_csca(c, &csca, &csca_number, err);

	if (cc_failed(st))
		return st;
	(void)snprintf(label, sizeof label, "csca-%u", csca_number);
	ret->number = (uint64_t)number;
	ret->count = r->count;
	ret->next_update_s = now_s + (int64_t)days * DAY_S;
	st = crl_build(&(struct crl_params){ .keystore = ks,
					     .key_label = label,
					     .issuer = csca,
					     .alg = pki_alg_of_cert(o, csca),
					     .number = ret->number,
					     .this_update_s = now_s,
					     .next_update_s = ret->next_update_s,
					     .entries = r->entries,
					     .count = r->count },
		       &der, err);
	if (!cc_failed(st))
		st = pki_write_file(c, CRL_FILE, buf_view(&der), err);
	if (!cc_failed(st))
		st = pki_write_file(c, CRL_TRUST_FILE, buf_view(&der), err);
	buf_done(&der);
	cert_free(&csca);
	return st;
}

static cc_status make_crl(const struct config *c, const struct pki_options *o, struct store *store, struct keystore *ks,
			  const struct pki_crl_request *q, struct pki_crl_made *ret, struct cc_error *err)
{
	struct revocations *r = cc_alloc(sizeof *r);
	int64_t now_ms = sys_wall_ms(c->sys), number = 0;
	cc_status st = r != NULL ? cc_ok() : cc_fail(err, CC_E_MEMORY, "memory", "revocations");

	/* Retired first: should the machine stop here, nothing is signed that the list will name. */
	if (!cc_failed(st) && q->serial.n > 0)
		st = retire_signer(c, store, q->serial, now_ms, ret, err);
	if (!cc_failed(st))
		st = book(store, q, now_ms, &number, err);
	if (!cc_failed(st))
		st = read_revocations(store, r, err);
	if (!cc_failed(st))
		st = sign_list(c, o, ks, r, q->days, number, ret, err);
	cc_free(r, sizeof *r);
	return st;
}

cc_status pki_make_crl(const struct config *c, const struct pki_options *o, const struct pki_crl_request *q,
		       struct pki_crl_made *ret, struct cc_error *err)
{
	struct pki_crl_made made = { 0 };
	struct keystore *ks = NULL;
	struct store *store = NULL;
	int fd = -1;
	cc_status st = pki_home_lock(c, &fd, err);

	if (cc_failed(st))
		return st;
	st = config_open_keystore(c, &ks, err);
	if (!cc_failed(st))
		st = config_open_store(c, &store, err);
	if (!cc_failed(st))
		st = make_crl(c, o, store, ks, q, &made, err);
	if (!cc_failed(st))
		*ret = made;
	store_close(&store);
	keystore_close(&ks);
	(void)close(fd);
	return st;
}

/* ---- master list */

/* The newest master list signer that may sign, else the next number's, made now. */
static cc_status want_list_signer(const struct config *c, const struct pki_options *o, struct keystore *ks,
				  const struct cert *csca, unsigned csca_number, char label[KEYSTORE_LABEL_MAX + 1],
				  struct cert **ret, struct cc_error *err)
{
	char file[128], csca_label[32], common_name[64], url[PKI_URL_MAX];
	struct pki_profile profile;
	struct buf der = { 0 };
	bool made = false;
	cc_status st = cc_ok();

	for (unsigned n = 1;; n++) {
		(void)snprintf(label, KEYSTORE_LABEL_MAX + 1, "ml-%u", n);
		(void)snprintf(file, sizeof file, "certs/%s.cer", label);
		(void)snprintf(common_name, sizeof common_name, "Master List Signer %u", n);
		if (!pki_home_exists(c, file))
			break;
		st = pki_read_cert(c, file, ret, err);
		if (cc_failed(st) ||
		    (pki_may_sign(*ret, sys_wall_ms(c->sys) / 1000) && bytes_equal(cert_aki(*ret), cert_ski(csca))))
			return st;
		cert_free(ret);
	}
	(void)snprintf(csca_label, sizeof csca_label, "csca-%u", csca_number);
	pki_profile_after(c, o, csca, url, &profile);
	profile.alg = pki_alg_of_cert(o, csca);
	profile.common_name = common_name;
	/* As long as its country signer signs: ICAO 9303-12 leaves it to the State. */
	if (profile.not_after_s > cert_not_after_s(csca))
		profile.not_after_s = cert_not_after_s(csca);
	if (profile.private_to_s > profile.not_after_s)
		profile.private_to_s = profile.not_after_s;
	st = pki_want_key(ks, label, pki_key_wanted(o, o->ds_key), &made, err);
	if (!cc_failed(st))
		st = master_list_signer_issue(ks, csca_label, csca, label, &profile, c->sys, &der, err);
	if (!cc_failed(st))
		st = pki_write_file(c, file, buf_view(&der), err);
	if (!cc_failed(st))
		st = cert_parse(buf_view(&der), ret, err);
	buf_done(&der);
	return st;
}

static cc_status load_all(const struct config *c, const char *const *paths, size_t path_count, struct trust *t,
			  struct cc_error *err)
{
	char folder[PATH_MAX];
	size_t skipped = 0;
	cc_status st;

	config_path(c, "certs", folder);
	st = trust_load_folder(t, folder, &skipped, err);
	for (size_t i = 0; i < path_count && !cc_failed(st); i++)
		st = trust_load(t, paths[i], &skipped, err);
	return st;
}

static cc_status build_list(const struct config *c, const struct pki_options *o, struct keystore *ks, const struct trust *t,
			    struct buf *ret, size_t *ret_count, struct cc_error *err)
{
	const struct cert **certs = cc_alloc((trust_count(t) + 1) * sizeof *certs);
	struct cert *csca = NULL, *signer = NULL;
	char label[KEYSTORE_LABEL_MAX + 1];
	struct master_list_params params = {
		.keystore = ks, .key_label = label, .signing_time_s = sys_wall_ms(c->sys) / 1000, .certs = certs
	};
	unsigned csca_number = 0;
	cc_status st =
		certs != NULL ? pki_current_csca(c, &csca, &csca_number, err) : cc_fail(err, CC_E_MEMORY, "memory", "list");

	if (cc_failed(st))
		goto out;
	for (size_t i = 0; i < trust_count(t); i++)
		if (cert_is_ca(trust_at(t, i)))
			certs[params.count++] = trust_at(t, i);
	st = want_list_signer(c, o, ks, csca, csca_number, label, &signer, err);
	if (cc_failed(st))
		goto out;
	params.signer = signer;
	params.alg = pki_alg_of_cert(o, signer);
	params.signer_csca = csca;
	st = master_list_build(&params, ret, err);
	if (!cc_failed(st))
		*ret_count = params.count;
out:
	cert_free(&csca);
	cert_free(&signer);
	cc_free(certs, (trust_count(t) + 1) * sizeof *certs);
	return st;
}

cc_status pki_make_master_list(const struct config *c, const struct pki_options *o, const char *const *paths, size_t path_count,
			       const char *out, bool replace, size_t *ret_count, struct cc_error *err)
{
	struct trust *t = NULL;
	struct keystore *ks = NULL;
	struct buf list = { 0 };
	size_t count = 0;
	int fd = -1;
	cc_status st = cc_ok();

	/* Told before a signature is made; the writing itself refuses once more. */
	if (!replace && access(out, F_OK) == 0)
		return cc_fail(err, CC_E_EXISTS, "file.exists", "%s", out);
	if (cc_failed(st = pki_home_lock(c, &fd, err)))
		return st;
	st = trust_new(&t);
	if (cc_failed(st))
		(void)cc_fail(err, st.code, "memory", "trust");
	if (!cc_failed(st))
		st = load_all(c, paths, path_count, t, err);
	if (!cc_failed(st))
		st = config_open_keystore(c, &ks, err);
	if (!cc_failed(st))
		st = build_list(c, o, ks, t, &list, &count, err);
	if (!cc_failed(st))
		st = (replace ? sys_write_file : sys_write_new_file)(out, buf_view(&list), 0644, err);
	if (!cc_failed(st))
		*ret_count = count;
	buf_done(&list);
	keystore_close(&ks);
	trust_free(&t);
	(void)close(fd);
	return st;
}
