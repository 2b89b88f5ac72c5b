/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_ACCESS_TERMINAL_AUTH_H
#define CC_CARD_ACCESS_TERMINAL_AUTH_H

#include "card/apdu.h"
#include "crypto/cvc.h"
#include "crypto/keystore.h"

/*
 * Terminal Authentication version 1, ICAO 9303-11 7.1 and BSI TR-03110-1 3.4,
 * host side: shows the chip the certificates from its trust point to this
 * terminal, and signs its challenge with the terminal's key.
 */
#define TERMINAL_CERTS_MAX 32

struct terminal {
	struct keystore *ks; /* not owned */
	char label[KEYSTORE_LABEL_MAX + 1];
	size_t count;
	struct cvc certs[TERMINAL_CERTS_MAX]; /* views into what terminal_init was given */
	size_t own;			      /* index of the terminal's own */
};
/*
 * own: the certificate of the key `label`; others: certificates of verifiers and authorities, links too, one after
 * another in any order; what can't be used is left out. CC_E_FORMAT, "cvc.structure"; CC_E_ARG "access.terminal-role":
 * `own` is not an inspection system's.
 */
CC_MUST cc_status terminal_init(struct terminal *t, struct keystore *ks, const char *label, struct bytes own, struct bytes others,
				struct cc_error *err);
/*
 * The certificates that lead from the trust point `car` to the terminal, first one first. CC_E_NOT_FOUND: they don't.
 * ret holds CVC_CHAIN_MAX.
 */
CC_MUST cc_status terminal_path(const struct terminal *t, const char *car, const struct cvc **ret, size_t *ret_count);

/* EF.CVCA, BSI TR-03110-3 A.1.1.3: one or two references 42, then zeros. The second one may be empty. */
struct ef_cvca {
	char car[2][CVC_REFERENCE_MAX + 1];
};
#define EF_CVCA_LEN 36
CC_MUST cc_status ef_cvca_parse(struct bytes file, struct ef_cvca *ret);

/*
 * ID_IC after BAC: document number with its check digit; after PACE it is agree_compress of the chip's ephemeral key.
 * ret: NUL-terminated.
 */
CC_MUST cc_status terminal_auth_bac_id(const char *document_number, char ret[32]);

struct terminal_auth_params {
	const struct terminal *terminal;
	struct ef_cvca trust;	 /* from EF.CVCA, or from PACE's 87 and 88 */
	struct bytes chip_id;	 /* ID_IC */
	struct bytes compressed; /* Comp(PK_DH,IFD) of Chip Authentication */
};
/*
 * After Chip Authentication, under its keys. CC_E_NOT_FOUND "access.terminal-no-path": the chip trusts none of our
 * authorities; CC_E_DENIED "access.terminal-refused": the chip refused a certificate or the signature. ret_rights: the
 * rights that the path gives (CVC_READ_DG3, CVC_READ_DG4).
 */
CC_MUST cc_status terminal_auth_run(struct channel *ch, const struct terminal_auth_params *p, uint8_t *ret_rights);

#endif
