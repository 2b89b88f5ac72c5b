/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_X509_PROFILE_H
#define CC_CRYPTO_X509_PROFILE_H

#include "crypto/x509.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A certificate held against the profile of Doc 9303-12 7.1 (table 6 of the
 * eighth edition) and against what is known of weak keys. A finding says
 * nothing about the signature: real country signers deviate, and their
 * documents are genuine. Nothing here makes a chain "failed".
 */
enum cert_role { CERT_ROLE_CSCA, CERT_ROLE_CSCA_LINK, CERT_ROLE_DS, CERT_ROLE_MASTER_LIST_SIGNER, CERT_ROLE_COUNT };
const char *cert_role_name(enum cert_role r); /* "csca", "csca-link", "ds", "master-list-signer" */
/* By basicConstraints, names and extended key usage. */
enum cert_role cert_role_of(const struct cert *c);
/* Issuer and subject are the same name, and the authority key identifier (where there is one) is the certificate's own. */
bool cert_is_self_issued(const struct cert *c);
/* extendedKeyUsage names purposes, and anyExtendedKeyUsage is none of them. */
bool cert_has_purposes(const struct cert *c);

enum cert_severity {
	CERT_REMARK,	/* allowed, worth knowing */
	CERT_DEVIATION, /* the profile says otherwise */
	CERT_WEAK,	/* old or weak cryptography */
};
const char *cert_severity_name(enum cert_severity s); /* "remark", "deviation", "weak" */

struct cert_finding {
	const char *id; /* stable: "cert.serial-negative"; a literal */
	enum cert_severity severity;
	const char *text; /* English, one line; a literal */
};

#define CERT_FINDINGS_MAX 64
struct cert_findings {
	size_t count;
	struct cert_finding items[CERT_FINDINGS_MAX];
};

/* Every rule of the profile for that role. Finds nothing in a certificate that keeps them all. */
void cert_lint(const struct cert *c, enum cert_role role, struct cert_findings *ret);
/* "cert.aki-missing" is among them. */
bool cert_findings_has(const struct cert_findings *f, const char *id);
/* How many rules there are, and each of them (for lists and documentation). */
size_t cert_rule_count(void);
struct cert_finding cert_rule_at(size_t i);

/* What is known of the strength of a public key alone (DG15 keys too): the "weak" rules. */
void pubkey_lint(const struct pubkey *k, struct cert_findings *ret);

#endif
