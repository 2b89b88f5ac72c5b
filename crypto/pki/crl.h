/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_PKI_CRL_H
#define CC_PKI_CRL_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/keystore.h"
#include "crypto/x509.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Certificate revocation lists (RFC 5280 5) by the profile of Doc 9303-12 7.1.4:
 * version 2, nextUpdate present, authority key identifier and CRL number, signed
 * by the country signer. Delta and partial lists carry a critical extension and
 * are refused (CC_E_UNSUPPORTED), for an entry missing there means nothing.
 */
#define CRL_ENTRIES_MAX 100000
#define CRL_LEN_MAX (16u << 20)

/* RFC 5280 5.3.1 */
enum crl_reason {
	CRL_UNSPECIFIED = 0,
	CRL_KEY_COMPROMISE = 1,
	CRL_CA_COMPROMISE = 2,
	CRL_AFFILIATION_CHANGED = 3,
	CRL_SUPERSEDED = 4,
	CRL_CESSATION_OF_OPERATION = 5,
	CRL_CERTIFICATE_HOLD = 6,
	CRL_REMOVE_FROM_CRL = 8,
	CRL_PRIVILEGE_WITHDRAWN = 9,
	CRL_AA_COMPROMISE = 10,
};
const char *crl_reason_name(enum crl_reason r); /* "key-compromise" */
/* What an operator may give as a reason: all but remove-from-crl, which only delta lists know. */
bool crl_reason_from_name(const char *name, enum crl_reason *ret);

struct crl_entry {
	struct bytes serial; /* content bytes of the INTEGER */
	int64_t revoked_s;
	enum crl_reason reason; /* CRL_UNSPECIFIED when none is given */
};

struct crl;

/* PEM or DER, one list. Takes a copy. CC_E_FORMAT "crl.malformed" names the part. */
CC_MUST cc_status crl_parse(struct bytes data, struct crl **ret, struct cc_error *err);
void crl_free(struct crl **c);
struct bytes crl_der(const struct crl *c);
struct bytes crl_issuer(const struct crl *c); /* Name DER */
struct bytes crl_aki(const struct crl *c);    /* key identifier; empty when absent */
int64_t crl_this_update_s(const struct crl *c);
int64_t crl_next_update_s(const struct crl *c);
/* Content bytes of the CRL number; empty when absent. */
struct bytes crl_number(const struct crl *c);
size_t crl_count(const struct crl *c);
struct crl_entry crl_at(const struct crl *c, size_t i);
/* The entry of a serial number (content bytes); false when it isn't listed. */
bool crl_find(const struct crl *c, struct bytes serial, struct crl_entry *ret);
/* Signed by that country signer, which may sign lists: CC_E_VERIFY "crl.signature-wrong", CC_E_DENIED "crl.issuer",
 * CC_E_UNSUPPORTED. */
CC_MUST cc_status crl_verify(const struct crl *c, const struct cert *issuer, struct cc_error *err);

struct crl_params {
	struct keystore *keystore;
	const char *key_label;
	const struct cert *issuer;
	struct sig_alg alg;
	uint64_t number; /* larger than that of every list before */
	int64_t this_update_s, next_update_s;
	const struct crl_entry *entries;
	size_t count;
};
/* Signed, read back and verified under the issuer. A serial twice, or an issuer that may not sign lists: CC_E_ARG "crl.build". */
CC_MUST cc_status crl_build(const struct crl_params *p, struct buf *ret_der, struct cc_error *err);

#endif
