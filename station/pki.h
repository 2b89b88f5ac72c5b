/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_PKI_H
#define CC_STATION_PKI_H

#include "crypto/ec.h"
#include "crypto/hash.h"
#include "crypto/pubkey.h"
#include "crypto/x509.h"
#include "station/config.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The station's keys and certificates in its home:
 *
 *	keys.ccks		"csca-1", "ds-1" (EC or RSA), "perso-master", "registry-data" (AES-256);
 *				or they are in a token
 *	certs/csca-1.cer	country signer
 *	certs/ds-1.cer		document signer
 *	trust/csca-1.cer	the country signer again, as trust anchor for inspection
 */
#define PKI_CSCA "csca-1"
#define PKI_DS "ds-1"
#define PKI_PERSO_MASTER "perso-master"
#define PKI_REGISTRY_DATA "registry-data"
#define PKI_TEXT_MAX 128

struct pki_options {
	enum ec_curve curve;
	char csca_key[PKI_TEXT_MAX + 1]; /* "P-384", "rsa4096"; "": on `curve` */
	char ds_key[PKI_TEXT_MAX + 1];
	char rsa_padding[PKI_TEXT_MAX + 1]; /* "pss", "pkcs1" */
	char keystore[PKI_TEXT_MAX + 1];    /* "file", "pkcs11", and where the token is */
	char module[PKI_TEXT_MAX + 1], token[PKI_TEXT_MAX + 1], pin_file[PKI_TEXT_MAX + 1];
	enum hash_alg hash;
	enum ec_param_form params;
	char country[PKI_TEXT_MAX + 1];
	char country_icao[PKI_TEXT_MAX + 1];
	char organization[PKI_TEXT_MAX + 1];
	char crl_url[PKI_TEXT_MAX + 1]; /* "": no distribution point */
	int document_years;		/* longest validity of a card, which every certificate outlives */
};

/* A signing key by csca_key or ds_key: kind, curve, bits; the label is the caller's. */
struct keystore_key_info pki_key_wanted(const struct pki_options *o, const char *key);
/* What that key signs with. */
struct sig_alg pki_sig_alg(const struct pki_options *o, const char *key);

/* From the home's settings: curve, hash, parameter form, country, organization. */
CC_MUST cc_status pki_options_default(const struct config *c, struct pki_options *ret, struct cc_error *err);
/* Sets one by its option's name ("--curve"): CC_E_ARG "pki.option". */
CC_MUST cc_status pki_option_set(struct pki_options *o, const char *name, const char *value, struct cc_error *err);

/* Writes to the home's settings.json what these options say differently, so that signing follows them too. */
CC_MUST cc_status pki_settings_save(const struct config *c, const struct pki_options *o, struct cc_error *err);

/*
 * Makes home, key store, keys and certificates; each step is durable before the
 * next, and what is there is kept, so that a broken-off init is finished by
 * running it again. All there already: CC_E_EXISTS "pki.exists". What an option
 * says differently from the settings is written to settings.json. The password
 * comes from config_read_password. *ret_resumed: some of it was there.
 */
CC_MUST cc_status pki_init(const struct config *c, const struct pki_options *o, bool *ret_resumed, struct cc_error *err);

/* The certificates of certs/, by file name; each is called back. Unreadable ones: CC_E_FORMAT. */
typedef cc_status (*pki_each_certificate)(void *ctx, const char *file, const struct cert *cert, struct cc_error *err);
CC_MUST cc_status pki_list_certificates(const struct config *c, pki_each_certificate each, void *ctx, struct cc_error *err);

#endif
