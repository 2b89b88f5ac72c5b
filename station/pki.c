/* SPDX-License-Identifier: Apache-2.0 */
#include "station/pki.h"

#include "crypto/keystore.h"
#include "crypto/pki/issue.h"
#include "station/pki_home.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define DAY_S 86400
#define CSCA_USE_YEARS 5 /* ICAO 9303-12 5.1.2: three to five years */
#define DS_USE_DAYS 92	 /* ICAO 9303-12 5.1.2: up to three months */
#define CERT_FILE_MAX 65536
#define CERTS_DIR_MAX 256

#define CSCA_FILE "certs/" PKI_CSCA ".cer"
#define CSCA_TRUST_FILE "trust/" PKI_CSCA ".cer"
#define DS_FILE "certs/" PKI_DS ".cer"

/* ---- what is there */

bool pki_home_exists(const struct config *c, const char *name)
{
	char path[PATH_MAX];

	config_path(c, name, path);
	return access(path, F_OK) == 0;
}

static cc_status make_home(const struct config *c, struct cc_error *err)
{
	char path[PATH_MAX];
	cc_status st = sys_make_dirs(c->home, 0700, err);

	if (!cc_failed(st)) {
		config_path(c, "certs", path);
		st = sys_make_dirs(path, 0700, err);
	}
	if (!cc_failed(st)) {
		config_path(c, "trust", path);
		st = sys_make_dirs(path, 0700, err);
	}
	return st;
}

/* Two inits at once would give one station two country signers. Released by close. */
cc_status pki_home_lock(const struct config *c, int *ret_fd, struct cc_error *err)
{
	char path[PATH_MAX];
	int fd;

	config_path(c, "pki.lock", path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return sys_path_fail(err, errno, "%s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		(void)close(fd);
		return cc_fail(err, CC_E_BUSY, "pki.busy", "%s", path);
	}
	*ret_fd = fd;
	return cc_ok();
}

cc_status pki_keystore_failed(struct keystore *ks, cc_status st, struct cc_error *err)
{
	keystore_error(ks, err);
	return cc_fail(err, st.code, "keystore.failed", "%s", cc_code_name(st.code));
}

static bool has_file(const struct config *c)
{
	return pki_home_exists(c, CONFIG_KEYSTORE_FILE);
}

/* *ret_resumed: an init before this one left it, or a key in it. */
static cc_status open_or_create_keystore(const struct config *c, struct keystore **ret, bool *ret_resumed, struct cc_error *err)
{
	struct keystore *ks = NULL;
	struct keystore_key_info csca;
	bool has_store = false, made = false;
	cc_status st = config_has_keystore(c, &has_store, err);

	if (cc_failed(st))
		return st;
	if (!has_store && (pki_home_exists(c, CSCA_FILE) || pki_home_exists(c, DS_FILE)))
		return cc_fail(err, CC_E_STATE, "pki.other-key", "certificates are here, their key store is not");
	st = config_make_keystore(c, &ks, &made, err);
	if (cc_failed(st))
		return st;
	st = keystore_info(ks, PKI_CSCA, &csca);
	*ret_resumed = !made && (has_file(c) || !cc_failed(st));
	/* Another token, or one that was cleared: new keys beside old certificates would be of no use. */
	if (st.code == CC_E_NOT_FOUND && pki_home_exists(c, CSCA_FILE))
		st = cc_fail(err, CC_E_STATE, "pki.other-key", "%s is here, its key is not", CSCA_FILE);
	else if (st.code == CC_E_NOT_FOUND)
		st = cc_ok();
	else if (cc_failed(st))
		st = pki_keystore_failed(ks, st, err);
	if (cc_failed(st))
		keystore_close(&ks);
	else
		*ret = ks;
	return st;
}

/* ---- steps; each leaves alone what it finds */

static const struct keystore_key_info aes_256 = { .kind = KEYSTORE_AES, .bits = 256 };

cc_status pki_want_key(struct keystore *ks, const char *label, struct keystore_key_info want, bool *made, struct cc_error *err)
{
	struct keystore_key_info info;
	cc_status st = keystore_info(ks, label, &info);

	if (!cc_failed(st)) {
		if (info.kind != want.kind || (want.kind == KEYSTORE_EC && info.curve != want.curve) ||
		    (want.kind == KEYSTORE_RSA && info.bits != want.bits))
			return cc_fail(err, CC_E_STATE, "pki.other-key", "%s", label);
		return st;
	}
	if (st.code != CC_E_NOT_FOUND)
		return pki_keystore_failed(ks, st, err);
	CC_ASSERT(strlen(label) < sizeof want.label);
	memcpy(want.label, label, strlen(label) + 1);
	st = keystore_generate(ks, &want);
	if (cc_failed(st))
		return pki_keystore_failed(ks, st, err);
	*made = true;
	return st;
}

static cc_status want_keys(struct keystore *ks, const struct pki_options *o, bool *made, struct cc_error *err)
{
	cc_status st = pki_want_key(ks, PKI_CSCA, pki_key_wanted(o, o->csca_key), made, err);

	if (!cc_failed(st))
		st = pki_want_key(ks, PKI_DS, pki_key_wanted(o, o->ds_key), made, err);
	if (!cc_failed(st))
		st = pki_want_key(ks, PKI_PERSO_MASTER, aes_256, made, err);
	if (!cc_failed(st))
		st = pki_want_key(ks, PKI_REGISTRY_DATA, aes_256, made, err);
	return st;
}

cc_status pki_read_cert(const struct config *c, const char *name, struct cert **ret, struct cc_error *err)
{
	char path[PATH_MAX];
	struct buf file = { 0 };
	cc_status st;

	config_path(c, name, path);
	st = sys_read_file(path, CERT_FILE_MAX, &file, err);
	if (!cc_failed(st))
		st = cert_parse(buf_view(&file), ret, err);
	buf_done(&file);
	return st;
}

cc_status pki_write_file(const struct config *c, const char *name, struct bytes der, struct cc_error *err)
{
	char path[PATH_MAX];

	config_path(c, name, path);
	return sys_write_file(path, der, 0644, err);
}

/* A certificate beside a key store that was made anew would sign cards that nobody can verify. */
cc_status pki_check_cert_key(struct keystore *ks, const char *label, const struct cert *cert, struct cc_error *err)
{
	struct buf spki = { 0 };
	struct pubkey *k = NULL;
	const struct pubkey *of_cert = cert_pubkey(cert);
	cc_status st = keystore_public_key(ks, label, &spki);

	if (cc_failed(st))
		return pki_keystore_failed(ks, st, err);
	st = pubkey_from_spki(buf_view(&spki), &k, err);
	if (!cc_failed(st) && (of_cert == NULL || !pubkey_equal(of_cert, k)))
		st = cc_fail(err, CC_E_STATE, "pki.other-key", "%s.cer belongs to another key", label);
	pubkey_free(&k);
	buf_done(&spki);
	return st;
}

struct sig_alg pki_alg_of_cert(const struct pki_options *o, const struct cert *cert)
{
	const struct pubkey *k = cert_pubkey(cert);

	return sig_alg_of_key(k != NULL ? pubkey_kind(k) : PUBKEY_EC, o->hash, strcmp(o->rsa_padding, "pss") == 0);
}

/* Years as whole days, so that certificates end at midnight. */
static int64_t years_s(int64_t years)
{
	return years * 36525 / 100 * DAY_S;
}

static struct pki_profile profile_of(const struct pki_options *o, const char *common_name, int64_t now_s)
{
	int64_t from_s = now_s - now_s % DAY_S;
	int64_t ds_life_s = DS_USE_DAYS * DAY_S + years_s(o->document_years);

	return (struct pki_profile){
		.country = o->country,
		.country_icao = o->country_icao,
		.organization = o->organization,
		.common_name = common_name,
		.alg = pki_sig_alg(o, o->csca_key),
		.params = o->params,
		.not_before_s = from_s,
		.not_after_s = from_s + years_s(CSCA_USE_YEARS) + ds_life_s,
		.private_from_s = from_s,
		.private_to_s = from_s + years_s(CSCA_USE_YEARS),
		.crl_url = o->crl_url[0] != '\0' ? o->crl_url : NULL,
	};
}

static cc_status want_csca(const struct config *c, const struct pki_options *o, struct keystore *ks, bool *made,
			   struct cert **ret, struct cc_error *err)
{
	struct pki_profile profile = profile_of(o, "CSCA-VIETNAM", sys_wall_ms(c->sys) / 1000);
	char common_name[PKI_TEXT_MAX + 1];
	struct buf der = { 0 };
	struct cert *cert = NULL;
	cc_status st;

	(void)snprintf(common_name, sizeof common_name, "CSCA-%.8s", o->country_icao);
	profile.common_name = common_name;
	if (!pki_home_exists(c, CSCA_FILE)) {
		st = csca_issue(ks, PKI_CSCA, &profile, c->sys, &der, err);
		if (!cc_failed(st))
			st = pki_write_file(c, CSCA_FILE, buf_view(&der), err);
		buf_done(&der);
		if (cc_failed(st))
			return st;
		*made = true;
	}
	st = pki_read_cert(c, CSCA_FILE, &cert, err);
	if (!cc_failed(st))
		st = pki_check_cert_key(ks, PKI_CSCA, cert, err);
	if (!cc_failed(st) && !pki_home_exists(c, CSCA_TRUST_FILE)) {
		st = pki_write_file(c, CSCA_TRUST_FILE, cert_der(cert), err);
		*made = true;
	}
	if (cc_failed(st))
		cert_free(&cert);
	else
		*ret = cert;
	return st;
}

static cc_status want_ds(const struct config *c, const struct pki_options *o, struct keystore *ks, const struct cert *csca,
			 bool *made, struct cc_error *err)
{
	struct pki_profile profile = profile_of(o, "Document Signer 1", sys_wall_ms(c->sys) / 1000);
	struct buf der = { 0 };
	struct cert *cert = NULL;
	cc_status st = cc_ok();

	profile.private_to_s = profile.not_before_s + DS_USE_DAYS * DAY_S;
	profile.not_after_s = profile.private_to_s + years_s(o->document_years);
	profile.document_types[0] = "ID";
	if (!pki_home_exists(c, DS_FILE)) {
		st = ds_issue(ks, PKI_CSCA, csca, PKI_DS, &profile, c->sys, &der, err);
		if (!cc_failed(st))
			st = pki_write_file(c, DS_FILE, buf_view(&der), err);
		*made = true;
	}
	if (!cc_failed(st))
		st = pki_read_cert(c, DS_FILE, &cert, err);
	if (!cc_failed(st))
		st = pki_check_cert_key(ks, PKI_DS, cert, err);
	if (!cc_failed(st))
		st = cert_verify_signature(cert, csca, err);
	cert_free(&cert);
	buf_done(&der);
	return st;
}

static cc_status init_locked(const struct config *c, const struct pki_options *o, bool *ret_resumed, struct cc_error *err)
{
	struct keystore *ks = NULL;
	struct cert *csca = NULL;
	bool made = false, resumed = false;
	cc_status st = pki_settings_save(c, o, err);

	if (!cc_failed(st))
		st = open_or_create_keystore(c, &ks, &resumed, err);
	if (!cc_failed(st))
		st = want_keys(ks, o, &made, err);
	if (!cc_failed(st))
		st = want_csca(c, o, ks, &made, &csca, err);
	if (!cc_failed(st))
		st = want_ds(c, o, ks, csca, &made, err);
	if (!cc_failed(st) && resumed && !made)
		st = cc_fail(err, CC_E_EXISTS, "pki.exists", "%s", c->home);
	if (!cc_failed(st))
		*ret_resumed = resumed;
	cert_free(&csca);
	keystore_close(&ks);
	return st;
}

static cc_status refuse_finished(const struct config *c, const struct pki_options *o, struct cc_error *err)
{
	bool in_token = false;
	cc_status st = config_keystore_in_token(c, &in_token, err);

	if (cc_failed(st))
		return st;
	/* Before the settings are written: a station whose keys are elsewhere than they say issues nothing. */
	if (pki_home_exists(c, CSCA_FILE) && in_token != (strcmp(o->keystore, "pkcs11") == 0))
		return cc_fail(err, CC_E_STATE, "pki.other-key", "the keys are %s", in_token ? "in a token" : "in a file");
	if ((in_token || has_file(c)) && pki_home_exists(c, CSCA_FILE) && pki_home_exists(c, CSCA_TRUST_FILE) &&
	    pki_home_exists(c, DS_FILE))
		return cc_fail(err, CC_E_EXISTS, "pki.exists", "%s", c->home);
	return cc_ok();
}

cc_status pki_init(const struct config *c, const struct pki_options *o, bool *ret_resumed, struct cc_error *err)
{
	int fd = -1;
	cc_status st = refuse_finished(c, o, err);

	if (!cc_failed(st))
		st = make_home(c, err);
	if (!cc_failed(st))
		st = pki_home_lock(c, &fd, err);
	if (cc_failed(st))
		return st;
	st = init_locked(c, o, ret_resumed, err);
	(void)close(fd);
	return st;
}

/* ---- what there is */

static int is_certificate(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return e->d_name[0] != '.' && dot != NULL && strcmp(dot, ".cer") == 0;
}

cc_status pki_list_certificates(const struct config *c, pki_each_certificate each, void *ctx, struct cc_error *err)
{
	char path[PATH_MAX], file[sizeof "certs/" + 256];
	struct dirent **names = NULL;
	cc_status st = cc_ok();
	int n;

	config_path(c, "certs", path);
	n = scandir(path, &names, is_certificate, alphasort);
	if (n < 0)
		return cc_fail(err, CC_E_NOT_FOUND, "home.missing", "%s: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		struct cert *cert = NULL;

		if (!cc_failed(st) && i < CERTS_DIR_MAX) {
			(void)snprintf(file, sizeof file, "certs/%s", names[i]->d_name);
			st = pki_read_cert(c, file, &cert, err);
			if (!cc_failed(st))
				st = each(ctx, file, cert, err);
		}
		cert_free(&cert);
		free(names[i]);
	}
	free(names);
	return st;
}
