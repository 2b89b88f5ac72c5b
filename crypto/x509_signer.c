/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/x509.h"

#include "crypto/asn1.h"

#include <string.h>

/* What a certificate may sign: documents, and documents of which types. */

static const struct bytes oid_ext_key_usage = BYTES_LITERAL("\x55\x1D\x25");
static const struct bytes oid_any_usage = BYTES_LITERAL("\x55\x1D\x25\x00");
static const struct bytes oid_document_types = BYTES_LITERAL("\x67\x81\x08\x01\x01\x06\x02");
/* Master list and deviation list signing keys, ICAO 9303-12 7.1.1. */
static const struct bytes list_usages[] = { BYTES_LITERAL("\x67\x81\x08\x01\x01\x03"),
					    BYTES_LITERAL("\x67\x81\x08\x01\x01\x08") };

/* RFC 5280 4.2.1.12: a certificate with purposes is good for them alone. */
static const char *purpose_fault(const struct cert *c)
{
	struct bytes value, oid;
	struct cursor in, seq;
	bool critical, any = false;

	if (!cert_extension(c, oid_ext_key_usage, &value, &critical))
		return NULL;
	cursor_init(&in, value);
	if (!tlv_expect(&in, TLV_STRICT, DER_SEQUENCE, &seq) || cc_failed(cursor_end(&in)))
		return "extKeyUsage is malformed";
	while (cursor_left(&seq) > 0) {
		if (!der_oid(&seq, &oid))
			return "extKeyUsage is malformed";
		any = any || bytes_equal(oid, oid_any_usage);
		if (bytes_equal(oid, list_usages[0]) || bytes_equal(oid, list_usages[1]))
			return "the certificate is for signing lists, not documents";
	}
	/* Not critical and none of ours: countries add purposes of their own; the profile lint names it. */
	return critical && !any ? "the certificate is for another purpose (critical extKeyUsage)" : NULL;
}

const char *cert_signer_fault(const struct cert *c)
{
	unsigned usage;

	/* ICAO 9303-12 7.1.1: a country signer signs certificates, lists of revocation and nothing else. */
	if (cert_is_ca(c))
		return "a CA certificate signed the document";
	if (cert_key_usage(c, &usage) && (usage & CERT_USAGE_DIGITAL_SIGNATURE) == 0)
		return "the certificate may not sign documents (keyUsage)";
	return purpose_fault(c);
}

/* DocumentTypeListSyntax ::= SEQUENCE { version, SET OF PrintableString }; some countries write several SETs. */
static bool each_type(struct bytes value, const char *type, enum cert_document_types *ret)
{
	struct cursor in, seq, set;
	struct bytes t;
	uint64_t version;

	cursor_init(&in, value);
	if (!tlv_expect(&in, TLV_LENIENT, DER_SEQUENCE, &seq) || cc_failed(cursor_end(&in)) || !der_uint(&seq, &version))
		return false;
	do {
		if (!tlv_expect(&seq, TLV_LENIENT, DER_SET, &set))
			return false;
		while (cursor_left(&set) > 0) {
			size_t n = strlen(type);

			if (!tlv_expect_bytes(&set, TLV_LENIENT, DER_PRINTABLE_STRING, &t) || t.n < 1 || t.n > 2)
				return false;
			if (bytes_starts_with(bytes_of(type, n), t))
				*ret = CERT_TYPES_COVER;
			else if (bytes_starts_with(bytes_of(type, n), bytes_of(t.p, 1)) && *ret == CERT_TYPES_OTHER)
				*ret = CERT_TYPES_SAME_KIND;
		}
	} while (cursor_left(&seq) > 0);
	return true;
}

enum cert_document_types cert_covers_document(const struct cert *c, const char *type)
{
	enum cert_document_types found = CERT_TYPES_OTHER;
	struct bytes value;
	bool critical;

	if (!cert_extension(c, oid_document_types, &value, &critical))
		return CERT_TYPES_ABSENT;
	return each_type(value, type, &found) ? found : CERT_TYPES_MALFORMED;
}
