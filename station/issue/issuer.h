/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_ISSUE_ISSUER_H
#define CC_STATION_ISSUE_ISSUER_H

#include "card/perso/profile.h"
#include "crypto/keystore.h"
#include "crypto/x509.h"
#include "station/config.h"
#include "station/issue/books.h"
#include "station/issue/prepare.h"
#include "station/pki_signer.h"
#include "station/registry/registry.h"

/*
 * What all readers of a station share while they issue: books, registry, keys,
 * trust anchors, settings. Workers on several threads use one issuer; the store
 * is touched under the books' lock alone.
 */
#define ISSUER_MASTER_LABEL "perso-master"
#define ISSUER_MASTER_TDES_LABEL "perso-master-3des" /* for chips of SCP02; only where there are such */

struct issuer {
	const struct sys *sys;
	struct store *store;	   /* borrowed */
	struct keystore *keystore; /* borrowed */
	struct books *books;
	struct registry *registry;
	struct prepare_settings settings;
	struct check_context check;
	struct profile_registry profiles;
	struct pki_signers *signers;
	struct trust *trust;
};

/* Reads settings, the document signers of certs/ and trust/ of the home. hooks may be NULL. */
CC_MUST cc_status issuer_open(const struct config *c, struct store *store, struct keystore *ks, const struct issue_hooks *hooks,
			      struct issuer *ret, struct cc_error *err);
void issuer_close(struct issuer *s);

#endif
