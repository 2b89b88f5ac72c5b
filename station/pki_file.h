/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_PKI_FILE_H
#define CC_STATION_PKI_FILE_H

#include "crypto/pki/crl.h"
#include "crypto/pki/master_list.h"
#include "crypto/x509.h"
#include "station/config.h"

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>

/* A file of a public key infrastructure, whatever it is: certificate, revocation list or master list; PEM or DER. */
enum pki_file_kind { PKI_FILE_CERT, PKI_FILE_CRL, PKI_FILE_MASTER_LIST };
const char *pki_file_kind_name(enum pki_file_kind k); /* "certificate", "crl", "master-list" */

struct pki_file {
	enum pki_file_kind kind;
	struct cert *cert; /* the one that fits kind */
	struct crl *crl;
	struct master_list *list;
};
/*
 * The path that an officer means: as given, or below the station's folder when there is none here, as cccd pki show prints
 * them ("certs/ds-1.cer").
 */
const char *pki_named_path(const struct config *c, const char *given, char out[PATH_MAX]);
/* CC_E_FORMAT "pki.file" when it is none of them. */
CC_MUST cc_status pki_file_parse(struct bytes data, struct pki_file *ret, struct cc_error *err);
CC_MUST cc_status pki_file_read(const char *path, struct pki_file *ret, struct cc_error *err);
void pki_file_done(struct pki_file *f);

/* What it says, as JSON; a new reference, NULL without memory. Certificates carry their deviations from the profile. */
json_t *pki_file_describe(const struct pki_file *f, int64_t now_s);

/*
 * Judged under what is trusted: {"verdict": "good" | "no-anchor" | "expired" | ..., "reasons": [...]}. *ret_good: the
 * verdict is "good". A master list's link certificates are added to t, as steps. A new reference, NULL without memory.
 */
json_t *pki_file_judge(const struct pki_file *f, struct trust *t, int64_t now_s, bool *ret_good);

/* One certificate as JSON; file may be NULL. */
json_t *pki_cert_json(const char *file, const struct cert *c, int64_t now_s);
#define PKI_DATE_TEXT 24
void pki_date_text(int64_t s, char out[PKI_DATE_TEXT]);

#endif
