/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_PKI_MASTER_LIST_H
#define CC_PKI_MASTER_LIST_H

#include "crypto/cms.h"
#include "crypto/pki/issue.h"
#include "crypto/x509.h"

#include <stddef.h>

/*
 * Master list, Doc 9303-12 8: a signed object whose content is
 * CscaMasterList ::= SEQUENCE { version 0, certList SET OF Certificate },
 * signed by a master list signer (extended key usage 2.23.136.1.1.3).
 */
#define MASTER_LIST_CERTS_MAX 4096

struct master_list;

/* Content type, version and every certificate are read; the signature is not judged here. CC_E_FORMAT "master-list.malformed". */
CC_MUST cc_status master_list_parse(struct bytes data, struct master_list **ret, struct cc_error *err);
void master_list_free(struct master_list **l);
/* Distinct certificates, in the order of the list. */
size_t master_list_count(const struct master_list *l);
const struct cert *master_list_at(const struct master_list *l, size_t i);
const struct cms *master_list_cms(const struct master_list *l);
/* NULL when the signer's certificate isn't inside. */
const struct cert *master_list_signer(const struct master_list *l);
/* The signing time that is signed with it; false when absent (Doc 9303-12 demands it). */
bool master_list_signing_time(const struct master_list *l, int64_t *ret_s);
/* Signature by its signer, who may sign lists: CC_E_VERIFY "cms.*", CC_E_DENIED "master-list.signer". The signer's chain is the
 * caller's. */
CC_MUST cc_status master_list_verify_signature(const struct master_list *l, struct cc_error *err);

/* Certificate of a master list signer, by the profile of Doc 9303-12 7.1; document_types are not used. */
CC_MUST cc_status master_list_signer_issue(struct keystore *ks, const char *csca_label, const struct cert *csca,
					   const char *label, const struct pki_profile *profile, const struct sys *sys,
					   struct buf *ret_cert, struct cc_error *err);

struct master_list_params {
	struct keystore *keystore;
	const char *key_label;
	const struct cert *signer, *signer_csca; /* both go into the signed object */
	struct sig_alg alg;
	int64_t signing_time_s;
	const struct cert *const *certs;
	size_t count;
};
/* One list of country signers, each once, read back and verified. Not a country signer: CC_E_ARG "master-list.build". */
CC_MUST cc_status master_list_build(const struct master_list_params *p, struct buf *ret_der, struct cc_error *err);

#endif
