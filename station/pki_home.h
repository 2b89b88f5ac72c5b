/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_PKI_HOME_H
#define CC_STATION_PKI_HOME_H

#include "crypto/keystore.h"
#include "crypto/x509.h"
#include "station/pki.h"

#include <stdbool.h>

/* What `pki init` (pki.c) and the later commands (pki_authority.c) share: files and keys of the home. Internal to pki*.c. */

bool pki_home_exists(const struct config *c, const char *name);
/* Two commands at once would give one station two of a kind: CC_E_BUSY "pki.busy". Released by close. */
CC_MUST cc_status pki_home_lock(const struct config *c, int *ret_fd, struct cc_error *err);
/* The key store's own cause, else "keystore.failed". */
cc_status pki_keystore_failed(struct keystore *ks, cc_status st, struct cc_error *err);
/*
 * want: kind, curve, bits. Leaves alone what it finds; another kind, curve or size under that label: CC_E_STATE
 * "pki.other-key". *made: a new key.
 */
CC_MUST cc_status pki_want_key(struct keystore *ks, const char *label, struct keystore_key_info want, bool *made,
			       struct cc_error *err);
/* What the key in the certificate signs with. */
struct sig_alg pki_alg_of_cert(const struct pki_options *o, const struct cert *cert);
CC_MUST cc_status pki_read_cert(const struct config *c, const char *name, struct cert **ret, struct cc_error *err);
/* Durable, readable by all: certificates and lists. */
CC_MUST cc_status pki_write_file(const struct config *c, const char *name, struct bytes data, struct cc_error *err);
/* A certificate beside a key store that was made anew would sign what nobody can verify. */
CC_MUST cc_status pki_check_cert_key(struct keystore *ks, const char *label, const struct cert *cert, struct cc_error *err);

#endif
