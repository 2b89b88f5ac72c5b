/* SPDX-License-Identifier: Apache-2.0 */
#include "station/pki_file.h"

#include "crypto/x509_profile.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FILE_MAX (32u << 20)
#define NAME_TEXT_MAX 256
#define HEX_BYTES_MAX 64

const char *pki_file_kind_name(enum pki_file_kind k)
{
	static const char *const names[] = { "certificate", "crl", "master-list" };

	CC_ASSERT(k <= PKI_FILE_MASTER_LIST);
	return names[k];
}

void pki_file_done(struct pki_file *f)
{
	cert_free(&f->cert);
	crl_free(&f->crl);
	master_list_free(&f->list);
}

/* Each reader in turn; only one of them takes what the file is. The certificate's own cause is the one that tells most. */
cc_status pki_file_parse(struct bytes data, struct pki_file *ret, struct cc_error *err)
{
	struct cc_error cause = { 0 };
	cc_status st = cert_parse(data, &ret->cert, &cause);

	ret->kind = PKI_FILE_CERT;
	if (!cc_failed(st) || st.code == CC_E_MEMORY)
		return cc_failed(st) ? cc_fail(err, st.code, "memory", "file") : st;
	ret->kind = PKI_FILE_CRL;
	st = crl_parse(data, &ret->crl, NULL);
	if (!cc_failed(st) || st.code == CC_E_MEMORY)
		return cc_failed(st) ? cc_fail(err, st.code, "memory", "file") : st;
	ret->kind = PKI_FILE_MASTER_LIST;
	st = master_list_parse(data, &ret->list, NULL);
	if (!cc_failed(st) || st.code == CC_E_MEMORY)
		return cc_failed(st) ? cc_fail(err, st.code, "memory", "file") : st;
	return cc_fail(err, CC_E_FORMAT, "pki.file", "not a certificate (%s), revocation list or master list", cause.detail);
}

const char *pki_named_path(const struct config *c, const char *given, char out[PATH_MAX])
{
	if (given[0] == '/' || access(given, F_OK) == 0)
		return given;
	config_path(c, given, out);
	return access(out, F_OK) == 0 ? out : given;
}

cc_status pki_file_read(const char *path, struct pki_file *ret, struct cc_error *err)
{
	struct pki_file f = { 0 };
	struct buf data = { 0 };
	cc_status st = sys_read_file(path, FILE_MAX, &data, err);

	if (!cc_failed(st))
		st = pki_file_parse(buf_view(&data), &f, err);
	buf_done(&data);
	if (!cc_failed(st))
		*ret = f;
	return st;
}

/* ---- what it says */

void pki_date_text(int64_t s, char out[PKI_DATE_TEXT])
{
	time_t t = (time_t)s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(out, PKI_DATE_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)snprintf(out, PKI_DATE_TEXT, "?");
}

static void hex_text(struct bytes in, char out[2 * HEX_BYTES_MAX + 1])
{
	out[0] = '\0';
	if (in.n <= HEX_BYTES_MAX)
		bytes_to_hex(in, out);
}

static const char *validity_name(const struct cert *c, int64_t now_s)
{
	int64_t from_s, to_s;

	if (now_s < cert_not_before_s(c))
		return "not-yet-valid";
	if (now_s > cert_not_after_s(c))
		return "expired";
	if (cert_private_key_usage(c, &from_s, &to_s) && now_s > to_s)
		return "signing-over";
	return "valid";
}

static json_t *findings_json(const struct cert *c)
{
	struct cert_findings f;
	json_t *list = json_array();

	cert_lint(c, cert_role_of(c), &f);
	for (size_t i = 0; list != NULL && i < f.count; i++)
		if (json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "id", f.items[i].id, "severity",
							  cert_severity_name(f.items[i].severity), "text", f.items[i].text)) !=
		    0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static void key_text(const struct pubkey *k, char out[64])
{
	if (k == NULL)
		(void)snprintf(out, 64, "?");
	else if (pubkey_kind(k) == PUBKEY_EC)
		(void)snprintf(out, 64, "%s", ec_curve_name(pubkey_curve(k)));
	else
		(void)snprintf(out, 64, "RSA-%u", pubkey_bits(k));
}

json_t *pki_cert_json(const char *file, const struct cert *c, int64_t now_s)
{
	char subject[NAME_TEXT_MAX], issuer[NAME_TEXT_MAX], from[PKI_DATE_TEXT], to[PKI_DATE_TEXT], use_to[PKI_DATE_TEXT] = "";
	char serial[2 * HEX_BYTES_MAX + 1], ski[2 * HEX_BYTES_MAX + 1], aki[2 * HEX_BYTES_MAX + 1], key[64];
	const struct pubkey *k = cert_pubkey(c);
	bool is_ec = k != NULL && pubkey_kind(k) == PUBKEY_EC;
	int64_t use_from_s, use_to_s;

	cert_name_text(cert_subject(c), subject, sizeof subject);
	cert_name_text(cert_issuer(c), issuer, sizeof issuer);
	pki_date_text(cert_not_before_s(c), from);
	pki_date_text(cert_not_after_s(c), to);
	if (cert_private_key_usage(c, &use_from_s, &use_to_s))
		pki_date_text(use_to_s, use_to);
	hex_text(cert_serial(c), serial);
	hex_text(cert_ski(c), ski);
	hex_text(cert_aki(c), aki);
	key_text(k, key);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "file",
			 file != NULL ? file : "", "role", cert_role_name(cert_role_of(c)), "subject", subject, "issuer", issuer,
			 "serial", serial, "ca", cert_is_ca(c), "not_before", from, "not_after", to, "signs_until", use_to, "key",
			 key, "curve", is_ec ? key : "", "parameters", is_ec && pubkey_is_explicit(k) ? "explicit" : "named",
			 "ski", ski, "aki", aki, "status", validity_name(c, now_s), "findings", findings_json(c));
}

static json_t *entries_json(const struct crl *c)
{
	json_t *list = json_array();
	char serial[2 * HEX_BYTES_MAX + 1], at[PKI_DATE_TEXT];

	for (size_t i = 0; list != NULL && i < crl_count(c); i++) {
		struct crl_entry e = crl_at(c, i);

		hex_text(e.serial, serial);
		pki_date_text(e.revoked_s, at);
		if (json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "serial", serial, "revoked", at, "reason",
							  crl_reason_name(e.reason))) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *crl_json(const struct crl *c, int64_t now_s)
{
	char issuer[NAME_TEXT_MAX], from[PKI_DATE_TEXT], to[PKI_DATE_TEXT], number[2 * HEX_BYTES_MAX + 1];

	cert_name_text(crl_issuer(c), issuer, sizeof issuer);
	pki_date_text(crl_this_update_s(c), from);
	pki_date_text(crl_next_update_s(c), to);
	hex_text(crl_number(c), number);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "issuer", issuer, "number", number, "this_update", from, "next_update",
			 to, "status", now_s > crl_next_update_s(c) ? "stale" : "valid", "entries", entries_json(c));
}

static json_t *list_json(const struct master_list *l, int64_t now_s)
{
	const struct cert *signer = master_list_signer(l);
	json_t *certs = json_array();
	char at[PKI_DATE_TEXT] = "";
	int64_t at_s;

	if (master_list_signing_time(l, &at_s))
		pki_date_text(at_s, at);
	for (size_t i = 0; certs != NULL && i < master_list_count(l); i++)
		if (json_array_append_new(certs, pki_cert_json(NULL, master_list_at(l, i), now_s)) != 0) {
			json_decref(certs);
			certs = NULL;
		}
	return json_pack("{s:i, s:s, s:o, s:o}", "count", (int)master_list_count(l), "signed", at, "signer",
			 signer != NULL ? pki_cert_json(NULL, signer, now_s) : json_null(), "certificates", certs);
}

json_t *pki_file_describe(const struct pki_file *f, int64_t now_s)
{
	switch (f->kind) {
	case PKI_FILE_CERT:
		return pki_cert_json(NULL, f->cert, now_s);
	case PKI_FILE_CRL:
		return crl_json(f->crl, now_s);
	case PKI_FILE_MASTER_LIST:
		return list_json(f->list, now_s);
	}
	return NULL;
}

/* ---- what it is worth */

static CC_PRINTF(2, 3) void reason(json_t *reasons, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	/* Without memory a reason is missing, never a verdict. */
	(void)json_array_append_new(reasons, json_string(text));
}

static void name_of(const struct cert *c, char out[NAME_TEXT_MAX])
{
	cert_name_text(cert_subject(c), out, NAME_TEXT_MAX);
}

static const char *judge_chain(const struct cert *c, const struct trust *t, int64_t at_s, json_t *reasons)
{
	struct cc_error err = { 0 };
	struct chain chain;
	char name[NAME_TEXT_MAX], at[PKI_DATE_TEXT];

	trust_verify_chain(t, c, at_s, &chain, &err);
	if (chain.verdict != CHAIN_GOOD)
		reason(reasons, "%s", err.detail);
	for (size_t i = 0; i < chain.count; i++) {
		name_of(chain.path[i], name);
		reason(reasons, "%s: %s", i + 1 < chain.count ? "over link certificate" : "country signer", name);
	}
	if (chain.crl == CRL_STATUS_REVOKED) {
		pki_date_text(chain.revoked_s, at);
		reason(reasons, "revoked %s: %s", at, chain.revoked_reason);
	} else if (chain.count > 0) {
		reason(reasons, "revocation list: %s", crl_status_name(chain.crl));
	}
	return chain_verdict_name(chain.verdict);
}

static const char *judge_crl(const struct crl *crl, const struct trust *t, int64_t now_s, json_t *reasons)
{
	const char *verdict = "no-anchor";
	struct cc_error err = { 0 };
	char name[NAME_TEXT_MAX];

	for (size_t i = 0; i < trust_count(t); i++) {
		const struct cert *issuer = trust_at(t, i);
		struct chain chain;
		cc_status st;

		if (!cert_name_equal(crl_issuer(crl), cert_subject(issuer)) ||
		    (crl_aki(crl).n > 0 && cert_ski(issuer).n > 0 && !bytes_equal(crl_aki(crl), cert_ski(issuer))))
			continue;
		cc_error_init(&err);
		st = crl_verify(crl, issuer, &err);
		if (st.code != CC_OK) {
			verdict = st.code == CC_E_VERIFY ? "signature-wrong" : "undetermined";
			continue;
		}
		trust_verify_chain(t, issuer, crl_this_update_s(crl), &chain, &err);
		if (!trust_is_anchor(t, i) && chain.verdict != CHAIN_GOOD)
			continue;
		name_of(issuer, name);
		reason(reasons, "signed by %s", name);
		if (now_s <= crl_next_update_s(crl))
			return "good";
		reason(reasons, "a newer list should have replaced it");
		return "stale";
	}
	reason(reasons, "%s", err.detail[0] != '\0' ? err.detail : "no country signer here signed it");
	return verdict;
}

static const char *judge_list(const struct master_list *l, struct trust *t, int64_t now_s, json_t *reasons)
{
	struct cc_error err = { 0 };
	int64_t at_s = now_s;
	cc_status st = master_list_verify_signature(l, &err);

	if (cc_failed(st)) {
		reason(reasons, "%s", err.detail);
		if (st.code == CC_E_VERIFY)
			return "signature-wrong";
		return st.code == CC_E_UNSUPPORTED || st.code == CC_E_MEMORY ? "undetermined" : "structure-wrong";
	}
	if (master_list_signing_time(l, &at_s))
		reason(reasons, "judged at the time of its signature");
	else
		reason(reasons, "deviation: no signing time");
	/* Links of the list carry trust from an older country signer; they have none of their own. */
	for (size_t i = 0; i < master_list_count(l); i++)
		if (cert_role_of(master_list_at(l, i)) == CERT_ROLE_CSCA_LINK &&
		    cc_failed(trust_add(t, cert_der(master_list_at(l, i)), NULL)))
			return "undetermined";
	return judge_chain(master_list_signer(l), t, at_s, reasons);
}

json_t *pki_file_judge(const struct pki_file *f, struct trust *t, int64_t now_s, bool *ret_good)
{
	json_t *reasons = json_array();
	const char *verdict = "undetermined";

	if (reasons == NULL)
		return NULL;
	switch (f->kind) {
	case PKI_FILE_CERT:
		verdict = judge_chain(f->cert, t, now_s, reasons);
		break;
	case PKI_FILE_CRL:
		verdict = judge_crl(f->crl, t, now_s, reasons);
		break;
	case PKI_FILE_MASTER_LIST:
		verdict = judge_list(f->list, t, now_s, reasons);
		break;
	}
	*ret_good = strcmp(verdict, "good") == 0;
	return json_pack("{s:s, s:o}", "verdict", verdict, "reasons", reasons);
}
