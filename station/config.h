/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_CONFIG_H
#define CC_STATION_CONFIG_H

#include "crypto/base/err.h"
#include "crypto/base/sys.h"
#include "crypto/keystore.h"
#include "station/store/store.h"

#include <limits.h>
#include <stdbool.h>

enum lang { LANG_VI, LANG_EN };

/*
 * What is the same for every command. Order of precedence: command line, environment
 * (CCCD_HOME, CCCD_LANG, CCCD_READER, CCCD_STORE, CCCD_PASSWORD_FILE, NO_COLOR), the home's
 * settings file, built-in default.
 */
struct config {
	char home[PATH_MAX];	      /* --home or CCCD_HOME; default ~/.local/share/cccd */
	char reader[128];	      /* --reader; "" : the only reader with a card */
	char store[512];	      /* --store: an address of PostgreSQL or a file; "": HOME/station.db */
	char password_file[PATH_MAX]; /* --password-file; "": ask on the terminal */
	enum lang lang;		      /* --lang vi|en; default vi unless LANG starts with en */
	bool json, dry_run, verbose, color;
	const struct sys *sys;
};

/* Environment and defaults. */
void config_init(struct config *c);
/* "vi" or "en"; false for anything else. */
bool config_set_lang(struct config *c, const char *value);

/*
 * Settings of the home: HOME/settings.json (jansson), `name: value` by dotted
 * name, all with defaults in config.c's table: "pki.curve", "pki.hash",
 * "lds.version", "lds.sod-version", "dg2.bytes-max", "dg13.name-case",
 * "rules.birthday-feb-29", ... An unknown name is an error that names it.
 */
CC_MUST cc_status config_setting(const struct config *c, const char *name, char *ret, size_t cap, struct cc_error *err);
CC_MUST cc_status config_setting_int(const struct config *c, const char *name, int64_t *ret, struct cc_error *err);

struct setting {
	const char *name, *value, *help_en, *help_vi; /* value: the default */
};
extern const struct setting settings_table[];
extern const size_t settings_count;

/* Paths in the home: "station.db", "keys.ccks", "trust/", "certs/", ... out has PATH_MAX. */
void config_path(const struct config *c, const char *name, char *out);

/* Opens the store (HOME/station.db unless config.store names another), migrated. Missing home: CC_E_NOT_FOUND "home.missing". */
CC_MUST cc_status config_open_store(const struct config *c, struct store **ret, struct cc_error *err);
/* The key store's password, without the line end; CC_E_DENIED "keystore.no-password". The caller wipes it (buf_done). */
CC_MUST cc_status config_read_password(const struct config *c, struct buf *ret, struct cc_error *err);
/* CC_E_NOT_FOUND "home.missing". */
CC_MUST cc_status config_check_home(const struct config *c, struct cc_error *err);

/*
 * config_keystore.c. The key store by the setting keystore.kind: HOME/keys.ccks
 * with the password from the file or the terminal, or a PKCS#11 token with the
 * PIN from keystore.pin-file, else from where the password comes.
 */
#define CONFIG_KEYSTORE_FILE "keys.ccks"
struct config_token {
	char module[PATH_MAX], label[64], pin_file[PATH_MAX];
	int64_t limit_ms;
};
CC_MUST cc_status config_keystore_in_token(const struct config *c, bool *ret, struct cc_error *err);
/* Is there one? A token is always there: its maker's tools make it. */
CC_MUST cc_status config_has_keystore(const struct config *c, bool *ret, struct cc_error *err);
CC_MUST cc_status config_token(const struct config *c, struct config_token *ret, struct cc_error *err);
/* Makes keys.ccks where it is missing; a token is made by its maker's tools. */
CC_MUST cc_status config_make_keystore(const struct config *c, struct keystore **ret, bool *ret_made, struct cc_error *err);
CC_MUST cc_status config_open_keystore(const struct config *c, struct keystore **ret, struct cc_error *err);

#endif
