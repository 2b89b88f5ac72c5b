/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_SECURITY_INFOS_H
#define CC_CARD_LDS_SECURITY_INFOS_H

#include "crypto/agree.h"
#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/cipher.h"
#include "crypto/hash.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * SecurityInfos ::= SET OF SecurityInfo, ICAO 9303-11 9.2: the content of DG14,
 * EF.CardAccess and (signed) EF.CardSecurity. SET order is kept as it stands: a
 * hash is over the bytes of the chip.
 */
enum security_info_kind {
	SECURITY_INFO_UNKNOWN,	   /* any other protocol: kept, not read */
	SECURITY_INFO_PACE,	   /* PACEInfo: version, parameter id */
	SECURITY_INFO_PACE_DOMAIN, /* PACEDomainParameterInfo: algorithm, parameter id */
	SECURITY_INFO_CA,	   /* ChipAuthenticationInfo: version, key id */
	SECURITY_INFO_CA_KEY,	   /* ChipAuthenticationPublicKeyInfo: SubjectPublicKeyInfo, key id */
	SECURITY_INFO_TA,	   /* TerminalAuthenticationInfo: version */
	SECURITY_INFO_AA,	   /* ActiveAuthenticationInfo: version 1, signature algorithm OID */
	SECURITY_INFO_EF_DIR,	   /* EFDIRInfo: the file's bytes */
};

#define SECURITY_INFOS_MAX 32

struct security_info {
	enum security_info_kind kind;
	struct bytes oid;   /* protocol, content bytes */
	unsigned version;   /* PACE, CA, TA, AA */
	bool has_id;	    /* parameter id or key id is there */
	struct bytes id;    /* INTEGER content bytes */
	struct bytes value; /* CA_KEY: SubjectPublicKeyInfo; PACE_DOMAIN: AlgorithmIdentifier; AA: OID content; EF_DIR: bytes */
	struct bytes whole; /* the SecurityInfo as read; what is written for UNKNOWN */
};

struct security_infos {
	size_t count;
	struct security_info items[SECURITY_INFOS_MAX];
};

/* Protocol object identifiers, content bytes. */
extern const struct bytes oid_aa;		  /* 2.23.136.1.1.5 */
extern const struct bytes oid_ta;		  /* 0.4.0.127.0.7.2.2.2 */
extern const struct bytes oid_pk_dh, oid_pk_ecdh; /* 0.4.0.127.0.7.2.2.1.1, .2 */
/* id-CA-ECDH-* and id-PACE-ECDH-GM-* of a cipher. */
struct bytes security_oid_ca_ecdh(enum cipher_alg alg);
struct bytes security_oid_ca(enum agree_kind kind, enum cipher_alg alg);
struct bytes security_oid_pace_ecdh_gm(enum cipher_alg alg);
/* ecdsa-plain-SHA* (0.4.0.127.0.7.1.1.4.1.n) for ActiveAuthenticationInfo; false for others. */
struct bytes security_oid_ecdsa_plain(enum hash_alg alg);
bool security_hash_of_ecdsa_plain(struct bytes oid, enum hash_alg *ret);

/*
 * set: the SET with its tag, all bytes used. Views into it. Known protocols must
 * be well formed with a version that the standard gives them (CA 1 to 3, PACE 1
 * to 2, TA 1 to 2, AA 1). CC_E_FORMAT "security-infos.structure", CC_E_LIMIT.
 */
CC_MUST cc_status security_infos_parse(struct bytes set, struct security_infos *ret, struct cc_error *err);
/* In the order given. */
void security_infos_put(struct writer *w, const struct security_infos *in);
/* DER order of a SET OF (X.690 11.6): for what we make. */
CC_MUST cc_status security_infos_sort(struct security_infos *in);
/* First item of a kind; NULL. */
const struct security_info *security_infos_find(const struct security_infos *in, enum security_info_kind kind);
/* Small id as a number; false when absent or above 65535 (a key id may be any INTEGER: use the bytes). */
bool security_info_id(const struct security_info *i, unsigned *ret);
/* Same protocol, version and id: EF.CardAccess against DG14. */
bool security_info_equal(const struct security_info *a, const struct security_info *b);
/* Chip Authentication key that belongs to `ca` (same key id, or the only one without); NULL. */
const struct security_info *security_infos_ca_key(const struct security_infos *in, const struct security_info *ca);

#endif
