/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_PKI_AUTHORITY_H
#define CC_STATION_PKI_AUTHORITY_H

#include "crypto/pki/crl.h"
#include "crypto/pki/issue.h"
#include "station/pki.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What an authority does after `pki init`. Periods and the CRL address are those
 * of the predecessor's certificate; each step is durable before the next, and a
 * broken-off one is finished by running it again.
 *
 *	certs/csca-N.cer	country signers; the newest that may sign issues
 *	certs/csca-N-link.cer	csca-N's key, signed by csca-(N-1)
 *	certs/ds-N.cer		document signers (pki_signer.h)
 *	certs/ml-N.cer		master list signers
 *	certs/csca.crl		the current revocation list
 *	trust/			copies of country signers, links and list
 */
struct pki_made {
	char label[KEYSTORE_LABEL_MAX + 1]; /* "csca-2" */
	bool resumed;			    /* finished what had broken off */
	bool alone;			    /* a country signer without a link: its predecessor may sign none any more */
};

/*
 * A new country signer with its link certificate. common_name: NULL keeps the name. When the predecessor may no longer sign
 * there can't be a link: CC_E_STATE "pki.no-link", unless `alone` accepts that; readers must then be given the new
 * certificate itself. `alone` leaves out no link that can be made.
 */
CC_MUST cc_status pki_new_csca(const struct config *c, const struct pki_options *o, const char *common_name, bool alone,
			       struct pki_made *ret, struct cc_error *err);
/* A new document signer under the newest country signer. */
CC_MUST cc_status pki_new_signer(const struct config *c, const struct pki_options *o, struct pki_made *ret, struct cc_error *err);

/* Serial number in hex, or the file of a certificate that a country signer of this home issued: CC_E_ARG "pki.serial",
 * "pki.not-ours". */
CC_MUST cc_status pki_revocation_serial(const struct config *c, const char *serial_or_file, struct buf *ret_serial,
					struct cc_error *err);

struct pki_crl_request {
	struct bytes serial; /* to revoke; empty: none, a fresh list alone */
	enum crl_reason reason;
	int days; /* until the next list */
};
struct pki_crl_made {
	uint64_t number;
	size_t count;
	int64_t next_update_s;
	char retired[KEYSTORE_LABEL_MAX + 1]; /* the document signer whose certificate that was, which signs no more; "" */
};
/* CC_E_EXISTS "pki.revoked-already". */
CC_MUST cc_status pki_make_crl(const struct config *c, const struct pki_options *o, const struct pki_crl_request *q,
			       struct pki_crl_made *ret, struct cc_error *err);

/*
 * A master list of this home's country signers and links and those in `paths` (files, folders, lists), written to `out`,
 * durably. CC_E_EXISTS "file.exists" unless `replace`.
 */
CC_MUST cc_status pki_make_master_list(const struct config *c, const struct pki_options *o, const char *const *paths,
				       size_t path_count, const char *out, bool replace, size_t *ret_count, struct cc_error *err);

/* The newest country signer whose key may sign now, with its number. CC_E_STATE "pki.issuer". */
CC_MUST cc_status pki_current_csca(const struct config *c, struct cert **ret, unsigned *ret_number, struct cc_error *err);
/* Within validity and private key usage period. */
bool pki_may_sign(const struct cert *c, int64_t now_s);
/* Fills periods, name and address by the predecessor's certificate: how long from now. Views into o and url. */
#define PKI_URL_MAX 256
void pki_profile_after(const struct config *c, const struct pki_options *o, const struct cert *before, char url[PKI_URL_MAX],
		       struct pki_profile *ret);

#endif
