/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_ASN1_H
#define CC_CRYPTO_ASN1_H

#include "crypto/base/tlv.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The ASN.1 shapes that certificates, keys and CMS share, over the cursor of
 * crypto/base. Reading functions latch failure in `in` and return false.
 */
#define DER_BOOLEAN 0x01
#define DER_INTEGER 0x02
#define DER_BIT_STRING 0x03
#define DER_OCTET_STRING 0x04
#define DER_NULL 0x05
#define DER_OID 0x06
#define DER_UTF8_STRING 0x0C
#define DER_SEQUENCE 0x30
#define DER_SET 0x31
#define DER_PRINTABLE_STRING 0x13
#define DER_IA5_STRING 0x16
#define DER_UTC_TIME 0x17
#define DER_GENERALIZED_TIME 0x18

/* BIT STRING of whole octets (keys, signatures). */
CC_MUST bool asn1_bit_string(struct cursor *in, enum tlv_mode mode, struct bytes *ret);

/* AlgorithmIdentifier; params is the whole parameter object, empty when absent. */
struct asn1_algorithm {
	struct bytes oid;
	struct bytes params;
};

CC_MUST bool asn1_algorithm(struct cursor *in, enum tlv_mode mode, struct asn1_algorithm *ret);
/* Absent or NULL parameters: the two are used for each other in real documents. */
bool asn1_params_empty(struct bytes params);

/* UTCTime (RFC 5280 4.1.2.5.1: 50 to 99 is 19xx) or GeneralizedTime, both in Z; seconds since 1970. */
CC_MUST bool asn1_time(struct cursor *in, int64_t *ret_s);
/* The content of a GeneralizedTime with an implicit tag. */
CC_MUST bool asn1_generalized_time_text(struct bytes text, int64_t *ret_s);

/* Extension ::= SEQUENCE { OID, critical BOOLEAN DEFAULT FALSE, OCTET STRING } (RFC 5280 4.1). */
struct asn1_extension {
	struct bytes oid, value;
	bool critical;
};
CC_MUST bool asn1_extension(struct cursor *in, struct asn1_extension *ret);
/* RFC 5280 4.2.1.1: the key identifier of an AuthorityKeyIdentifier; empty when it has none. */
CC_MUST bool asn1_authority_key_id(struct bytes value, struct bytes *ret);

void asn1_put_bit_string(struct writer *w, struct bytes octets);
/* RFC 5280 4.1.2.5: UTCTime to 2049, GeneralizedTime from 2050. */
void asn1_put_time(struct writer *w, int64_t s);
/* GeneralizedTime under `tag` (implicit tags of the private key usage period). */
void asn1_put_generalized_time(struct writer *w, uint32_t tag, int64_t s);
/* SET OF in DER order (X.690 11.6). count is at most DER_SET_MAX, else the writer fails with CC_E_LIMIT. Sorts `members`. */
#define DER_SET_MAX 16
void asn1_put_set_of(struct writer *w, uint32_t tag, struct bytes *members, size_t count);

#endif
