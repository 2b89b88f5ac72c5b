/* SPDX-License-Identifier: Apache-2.0 */
#include "station/config.h"

#include "crypto/keystore_pkcs11.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KIND_SIZE 16

/* The station's key store: a file of its own, or a PKCS#11 token that the settings name. */

cc_status config_keystore_in_token(const struct config *c, bool *ret, struct cc_error *err)
{
	char kind[KIND_SIZE];
	cc_status st = config_setting(c, "keystore.kind", kind, sizeof kind, err);

	if (cc_failed(st))
		return st;
	if (strcmp(kind, "pkcs11") != 0 && strcmp(kind, "file") != 0)
		return cc_fail(err, CC_E_FORMAT, "settings.bad-value", "keystore.kind: file or pkcs11");
	*ret = strcmp(kind, "pkcs11") == 0;
	return st;
}

cc_status config_has_keystore(const struct config *c, bool *ret, struct cc_error *err)
{
	char path[PATH_MAX];
	cc_status st = config_keystore_in_token(c, ret, err);

	config_path(c, CONFIG_KEYSTORE_FILE, path);
	*ret = *ret || access(path, F_OK) == 0;
	return st;
}

cc_status config_token(const struct config *c, struct config_token *ret, struct cc_error *err)
{
	cc_status st;

	if (cc_failed(st = config_setting(c, "keystore.module", ret->module, sizeof ret->module, err)) ||
	    cc_failed(st = config_setting(c, "keystore.token", ret->label, sizeof ret->label, err)) ||
	    cc_failed(st = config_setting(c, "keystore.pin-file", ret->pin_file, sizeof ret->pin_file, err)) ||
	    cc_failed(st = config_setting_int(c, "keystore.limit-ms", &ret->limit_ms, err)))
		return st;
	if (ret->limit_ms < 100 || ret->limit_ms > 600000)
		return cc_fail(err, CC_E_FORMAT, "settings.bad-value", "keystore.limit-ms: 100 to 600000");
	return st;
}

/* The PIN's file, or else the way that the file store's password takes. */
static cc_status read_pin(const struct config *c, const struct config_token *token, struct buf *ret, struct cc_error *err)
{
	struct config from = *c;

	if (token->pin_file[0] == '/')
		(void)snprintf(from.password_file, sizeof from.password_file, "%s", token->pin_file);
	else if (token->pin_file[0] != '\0')
		config_path(c, token->pin_file, from.password_file);
	return config_read_password(&from, ret, err);
}

static cc_status open_token(const struct config *c, struct keystore **ret, struct cc_error *err)
{
	struct config_token token;
	char lock[PATH_MAX];
	struct buf pin = { 0 };
	struct keystore_pkcs11_params params = { .module = token.module, .token = token.label, .lock_path = lock, .sys = c->sys };
	cc_status st = config_token(c, &token, err);

	if (cc_failed(st))
		return st;
	config_path(c, "keys.lock", lock);
	params.limit_ms = (unsigned)token.limit_ms;
	st = read_pin(c, &token, &pin, err);
	params.pin = buf_view(&pin);
	if (!cc_failed(st))
		st = keystore_pkcs11_open(&params, ret, err);
	buf_done(&pin);
	return st;
}

static cc_status with_password(const struct config *c, const char *path,
			       cc_status (*go)(const char *, struct bytes, const struct sys *, struct keystore **,
					       struct cc_error *),
			       struct keystore **ret, struct cc_error *err)
{
	struct buf password = { 0 };
	cc_status st = config_read_password(c, &password, err);

	if (!cc_failed(st))
		st = go(path, buf_view(&password), c->sys, ret, err);
	buf_done(&password);
	return st;
}

cc_status config_open_keystore(const struct config *c, struct keystore **ret, struct cc_error *err)
{
	char path[PATH_MAX];
	bool in_token = false;
	cc_status st = config_check_home(c, err);

	if (cc_failed(st) || cc_failed(st = config_keystore_in_token(c, &in_token, err)))
		return st;
	if (in_token)
		return open_token(c, ret, err);
	config_path(c, CONFIG_KEYSTORE_FILE, path);
	if (access(path, R_OK) != 0)
		return cc_fail(err, CC_E_NOT_FOUND, "keystore.missing", "%s: %s", path, strerror(errno));
	return with_password(c, path, keystore_file_open, ret, err);
}

cc_status config_make_keystore(const struct config *c, struct keystore **ret, bool *ret_made, struct cc_error *err)
{
	char path[PATH_MAX];
	bool in_token = false;
	cc_status st = config_keystore_in_token(c, &in_token, err);

	if (cc_failed(st))
		return st;
	config_path(c, CONFIG_KEYSTORE_FILE, path);
	*ret_made = false;
	if (in_token)
		return open_token(c, ret, err);
	if (access(path, F_OK) == 0)
		return config_open_keystore(c, ret, err);
	*ret_made = true;
	return with_password(c, path, keystore_file_create, ret, err);
}
