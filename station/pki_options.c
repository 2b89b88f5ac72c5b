/* SPDX-License-Identifier: Apache-2.0 */
#include "station/pki.h"

#include "station/whole_number.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTINGS_FILE_MAX 65536
#define DOCUMENT_YEARS_DEFAULT 25 /* a card issued at 38 runs to the age of 60 */
#define DOCUMENT_YEARS_MAX 40

static cc_status bad(struct cc_error *err, const char *name, const char *why)
{
	return cc_fail(err, CC_E_ARG, "pki.option", "%s: %s", name, why);
}

static cc_status set_text(char out[PKI_TEXT_MAX + 1], const char *name, const char *value, struct cc_error *err)
{
	if (snprintf(out, PKI_TEXT_MAX + 1, "%s", value) > PKI_TEXT_MAX)
		return bad(err, name, "longer than 128 bytes");
	return cc_ok();
}

static cc_status set_curve(struct pki_options *o, const char *value, struct cc_error *err)
{
	if (!ec_curve_from_name(value, &o->curve))
		return bad(err, "--curve", "brainpoolP256r1, brainpoolP384r1, brainpoolP512r1, P-256, P-384, P-521 ...");
	/* ICAO 9303-12 4.4.3: 224 bits and more */
	if (ec_order_len(o->curve) < 28)
		return bad(err, "--curve", "too short for signing");
	return cc_ok();
}

static bool rsa_bits_of(const char *key, unsigned *ret)
{
	static const struct {
		const char *name;
		unsigned bits;
	} sizes[] = { { "rsa2048", 2048 }, { "rsa3072", 3072 }, { "rsa4096", 4096 } };

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		if (strcmp(key, sizes[i].name) == 0) {
			*ret = sizes[i].bits;
			return true;
		}
	return false;
}

static cc_status set_key(char out[PKI_TEXT_MAX + 1], const char *name, const char *value, struct cc_error *err)
{
	enum ec_curve curve;
	unsigned bits;

	if (value[0] != '\0' && !rsa_bits_of(value, &bits) && (!ec_curve_from_name(value, &curve) || ec_order_len(curve) < 28))
		return bad(err, name, "rsa2048, rsa3072, rsa4096, brainpoolP256r1, P-256 ...");
	return set_text(out, name, value, err);
}

struct keystore_key_info pki_key_wanted(const struct pki_options *o, const char *key)
{
	struct keystore_key_info want = { .kind = KEYSTORE_EC, .curve = o->curve };

	if (rsa_bits_of(key, &want.bits))
		want.kind = KEYSTORE_RSA;
	else if (key[0] != '\0')
		CC_ASSERT(ec_curve_from_name(key, &want.curve));
	return want;
}

struct sig_alg pki_sig_alg(const struct pki_options *o, const char *key)
{
	unsigned bits;

	return sig_alg_of_key(rsa_bits_of(key, &bits) ? PUBKEY_RSA : PUBKEY_EC, o->hash, strcmp(o->rsa_padding, "pss") == 0);
}

static cc_status set_word(char out[PKI_TEXT_MAX + 1], const char *name, const char *value, const char *one, const char *other,
			  struct cc_error *err)
{
	if (strcmp(value, one) != 0 && strcmp(value, other) != 0)
		return cc_fail(err, CC_E_ARG, "pki.option", "%s: %s or %s", name, one, other);
	return set_text(out, name, value, err);
}

static cc_status set_hash(struct pki_options *o, const char *value, struct cc_error *err)
{
	if (!hash_from_name(value, &o->hash))
		return bad(err, "--hash", "sha224, sha256, sha384 or sha512");
	if (o->hash == HASH_SHA1)
		return bad(err, "--hash", "SHA-1 is for reading old documents");
	return cc_ok();
}

static cc_status set_params(struct pki_options *o, const char *value, struct cc_error *err)
{
	if (strcmp(value, "named") == 0)
		o->params = EC_PARAMS_NAMED;
	else if (strcmp(value, "explicit") == 0)
		o->params = EC_PARAMS_EXPLICIT;
	else
		return bad(err, "--params", "named or explicit");
	return cc_ok();
}

/* The machine-readable zone's code of the country, which an option may name otherwise. */
static cc_status set_country(struct pki_options *o, const char *value, struct cc_error *err)
{
	cc_status st = set_text(o->country, "--country", value, err);

	if (!cc_failed(st) && strcmp(value, "VN") == 0)
		st = set_text(o->country_icao, "--country", "VNM", err);
	return st;
}

static cc_status set_years(struct pki_options *o, const char *value, struct cc_error *err)
{
	uint64_t years;

	if (!whole_number(value, 1, DOCUMENT_YEARS_MAX, &years))
		return bad(err, "--document-years", "1 to 40");
	o->document_years = (int)years;
	return cc_ok();
}

/* *ret_mine: it is one of these. */
static cc_status set_keystore(struct pki_options *o, const char *name, const char *value, bool *ret_mine, struct cc_error *err)
{
	*ret_mine = true;
	if (strcmp(name, "--keystore") == 0)
		return set_word(o->keystore, name, value, "file", "pkcs11", err);
	if (strcmp(name, "--module") == 0)
		return set_text(o->module, name, value, err);
	if (strcmp(name, "--token") == 0)
		return set_text(o->token, name, value, err);
	if (strcmp(name, "--pin-file") == 0)
		return set_text(o->pin_file, name, value, err);
	if (strcmp(name, "--csca-key") == 0)
		return set_key(o->csca_key, name, value, err);
	if (strcmp(name, "--ds-key") == 0)
		return set_key(o->ds_key, name, value, err);
	if (strcmp(name, "--rsa-padding") == 0)
		return set_word(o->rsa_padding, name, value, "pss", "pkcs1", err);
	*ret_mine = false;
	return cc_ok();
}

cc_status pki_option_set(struct pki_options *o, const char *name, const char *value, struct cc_error *err)
{
	bool done;
	cc_status st = set_keystore(o, name, value, &done, err);

	if (done)
		return st;
	if (strcmp(name, "--curve") == 0)
		return set_curve(o, value, err);
	if (strcmp(name, "--hash") == 0)
		return set_hash(o, value, err);
	if (strcmp(name, "--params") == 0)
		return set_params(o, value, err);
	if (strcmp(name, "--country") == 0)
		return set_country(o, value, err);
	if (strcmp(name, "--country-icao") == 0)
		return set_text(o->country_icao, name, value, err);
	if (strcmp(name, "--organization") == 0)
		return set_text(o->organization, name, value, err);
	if (strcmp(name, "--crl-url") == 0)
		return set_text(o->crl_url, name, value, err);
	CC_ASSERT(strcmp(name, "--document-years") == 0);
	return set_years(o, value, err);
}

/* Settings that options may overrule. */
static const struct {
	const char *setting, *option;
} stored[] = {
	{ "pki.curve", "--curve" },
	{ "pki.hash", "--hash" },
	{ "pki.ec-parameters", "--params" },
	{ "pki.country", "--country" },
	{ "pki.organization", "--organization" },
	{ "pki.csca-key", "--csca-key" },
	{ "pki.ds-key", "--ds-key" },
	{ "pki.rsa-padding", "--rsa-padding" },
	{ "keystore.kind", "--keystore" },
	{ "keystore.module", "--module" },
	{ "keystore.token", "--token" },
	{ "keystore.pin-file", "--pin-file" },
};
#define STORED_COUNT (sizeof stored / sizeof stored[0])

cc_status pki_options_default(const struct config *c, struct pki_options *ret, struct cc_error *err)
{
	struct pki_options o = { .document_years = DOCUMENT_YEARS_DEFAULT };
	cc_status st = set_text(o.crl_url, "--crl-url", "http://pki.cccd.example/VN.crl", err);

	for (size_t i = 0; i < STORED_COUNT && !cc_failed(st); i++) {
		char value[PKI_TEXT_MAX + 1];

		st = config_setting(c, stored[i].setting, value, sizeof value, err);
		if (!cc_failed(st))
			st = pki_option_set(&o, stored[i].option, value, err);
	}
	if (!cc_failed(st))
		*ret = o;
	return st;
}

/* hash_name says "SHA-256"; settings and options say "sha256". */
static void hash_setting(enum hash_alg hash, char out[16])
{
	size_t n = 0;

	for (const char *p = hash_name(hash); *p != '\0' && n < 15; p++)
		if (*p != '-')
			out[n++] = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
	out[n] = '\0';
}

static const char *stored_text(const struct pki_options *o, const char *option)
{
	const struct {
		const char *option, *value;
	} texts[] = {
		{ "--country", o->country },	     { "--organization", o->organization },
		{ "--csca-key", o->csca_key },	     { "--ds-key", o->ds_key },
		{ "--rsa-padding", o->rsa_padding }, { "--keystore", o->keystore },
		{ "--module", o->module },	     { "--token", o->token },
		{ "--pin-file", o->pin_file },
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (strcmp(option, texts[i].option) == 0)
			return texts[i].value;
	CC_ASSERT(false); /* not an option that is stored */
	return "";
}

static const char *stored_value(const struct pki_options *o, const char *option, char hash[16])
{
	if (strcmp(option, "--curve") == 0)
		return ec_curve_name(o->curve);
	if (strcmp(option, "--hash") == 0) {
		hash_setting(o->hash, hash);
		return hash;
	}
	if (strcmp(option, "--params") == 0)
		return o->params == EC_PARAMS_EXPLICIT ? "explicit" : "named";
	return stored_text(o, option);
}

/* Adds what differs from the present settings to root; *ret_changed. */
static cc_status collect_changes(const struct config *c, const struct pki_options *o, json_t *root, bool *ret_changed,
				 struct cc_error *err)
{
	*ret_changed = false;
	for (size_t i = 0; i < STORED_COUNT; i++) {
		char now[PKI_TEXT_MAX + 1], hash[16];
		const char *want = stored_value(o, stored[i].option, hash);
		cc_status st = config_setting(c, stored[i].setting, now, sizeof now, err);

		if (cc_failed(st))
			return st;
		if (strcmp(now, want) == 0)
			continue;
		if (json_object_set_new(root, stored[i].setting, json_string(want)) != 0)
			return cc_fail(err, CC_E_ARG, "pki.option", "%s is not UTF-8", stored[i].option);
		*ret_changed = true;
	}
	return cc_ok();
}

cc_status pki_settings_save(const struct config *c, const struct pki_options *o, struct cc_error *err)
{
	char path[PATH_MAX];
	struct buf file = { 0 };
	json_t *root = NULL;
	char *text = NULL;
	bool changed;
	cc_status st;

	config_path(c, "settings.json", path);
	st = sys_read_file(path, SETTINGS_FILE_MAX, &file, NULL);
	if (!cc_failed(st))
		root = json_loadb((const char *)file.p, file.n, JSON_REJECT_DUPLICATES, NULL);
	else if (st.code == CC_E_NOT_FOUND)
		root = json_object();
	buf_done(&file);
	if (!json_is_object(root)) {
		json_decref(root);
		return cc_fail(err, CC_E_FORMAT, "settings.not-json", "%s", path);
	}
	st = collect_changes(c, o, root, &changed, err);
	if (!cc_failed(st) && changed) {
		text = json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS);
		st = text != NULL ? sys_write_file(path, bytes_str(text), 0600, err)
				  : cc_fail(err, CC_E_MEMORY, "memory", "settings");
	}
	free(text);
	json_decref(root);
	return st;
}
