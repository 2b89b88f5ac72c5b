/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/x509_profile.h"

#include "crypto/asn1.h"
#include "crypto/roca.h"

#include <string.h>

#define R_CSCA (1u << CERT_ROLE_CSCA)
#define R_LINK (1u << CERT_ROLE_CSCA_LINK)
#define R_DS (1u << CERT_ROLE_DS)
#define R_LIST (1u << CERT_ROLE_MASTER_LIST_SIGNER)
#define R_CA (R_CSCA | R_LINK)
#define R_ALL (R_CA | R_DS | R_LIST)

static const struct bytes oid_key_usage = BYTES_LITERAL("\x55\x1D\x0F");
static const struct bytes oid_private_key_usage = BYTES_LITERAL("\x55\x1D\x10");
static const struct bytes oid_subject_alt_name = BYTES_LITERAL("\x55\x1D\x11");
static const struct bytes oid_issuer_alt_name = BYTES_LITERAL("\x55\x1D\x12");
static const struct bytes oid_basic_constraints = BYTES_LITERAL("\x55\x1D\x13");
static const struct bytes oid_crl_points = BYTES_LITERAL("\x55\x1D\x1F");
static const struct bytes oid_ext_key_usage = BYTES_LITERAL("\x55\x1D\x25");
static const struct bytes oid_document_types = BYTES_LITERAL("\x67\x81\x08\x01\x01\x06\x02");
static const struct bytes oid_rsa_arc = BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x01");
static const struct bytes oid_pss = BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0A");
/* ExtKeyUsage with id-icao-mrtd-security-cscaMasterListSigningKey, ICAO 9303-12 7.1.1.4 */
static const struct bytes list_signer_usage = BYTES_LITERAL("\x30\x08\x06\x06\x67\x81\x08\x01\x01\x03");

static bool has(const struct cert *c, struct bytes oid, bool *ret_critical)
{
	struct bytes value;

	*ret_critical = false;
	return cert_extension(c, oid, &value, ret_critical);
}

static bool lacks(const struct cert *c, struct bytes oid)
{
	bool critical;

	return !has(c, oid, &critical);
}

/* ---- the rules; each is true when the certificate breaks it */

static bool not_v3(const struct cert *c)
{
	struct cursor in, tbs;

	cursor_init(&in, cert_tbs(c));
	return !tlv_expect(&in, TLV_STRICT, DER_SEQUENCE, &tbs) || !tlv_is_next(&tbs, 0xA0) ||
	       !bytes_starts_with(cursor_rest(&tbs), BYTES_LITERAL("\xA0\x03\x02\x01\x02"));
}

static bool first_serial_octets(const struct cert *c, uint8_t *ret_a, uint8_t *ret_b)
{
	struct cursor in;

	cursor_init(&in, cert_serial(c));
	*ret_b = 0;
	return cursor_u8(&in, ret_a) && (cursor_left(&in) == 0 || cursor_u8(&in, ret_b));
}

static bool serial_negative(const struct cert *c)
{
	uint8_t a, b;

	return first_serial_octets(c, &a, &b) && a >= 0x80;
}

static bool serial_zero(const struct cert *c)
{
	return bytes_equal(cert_serial(c), BYTES_LITERAL("\x00"));
}

static bool serial_long(const struct cert *c)
{
	return cert_serial(c).n > 20;
}

static bool serial_padded(const struct cert *c)
{
	uint8_t a, b;

	return cert_serial(c).n > 1 && first_serial_octets(c, &a, &b) && ((a == 0x00 && b < 0x80) || (a == 0xFF && b >= 0x80));
}

static bool signature_unknown(const struct cert *c)
{
	struct sig_alg alg;

	return cc_failed(sig_alg_parse(cert_sig_alg(c), HASH_COUNT, &alg, NULL));
}

static bool signature_sha1(const struct cert *c)
{
	struct sig_alg alg;

	return !cc_failed(sig_alg_parse(cert_sig_alg(c), HASH_COUNT, &alg, NULL)) && alg.hash == HASH_SHA1;
}

/* RFC 4055 5: NULL for PKCS #1 v1.5, RFC 5758 3.2: nothing for ECDSA. */
static bool signature_parameters(const struct cert *c)
{
	struct asn1_algorithm alg;
	struct cursor in;

	cursor_init(&in, cert_sig_alg(c));
	if (!asn1_algorithm(&in, TLV_STRICT, &alg) || bytes_equal(alg.oid, oid_pss))
		return false;
	return bytes_starts_with(alg.oid, oid_rsa_arc) ? alg.params.n == 0 : alg.params.n > 0;
}

/* Issuer and subject as the TBSCertificate has them; the tag and case of countryName are looked for in the DER. */
static bool country_as(struct bytes name, bool *ret_upper, bool *ret_printable)
{
	struct cursor in, seq, set, attribute;
	struct bytes oid;
	struct tlv value;
	uint8_t a, b;

	cursor_init(&in, name);
	if (!tlv_expect(&in, TLV_STRICT, DER_SEQUENCE, &seq))
		return false;
	while (cursor_left(&seq) > 0) {
		if (!tlv_expect(&seq, TLV_STRICT, DER_SET, &set) || !tlv_expect(&set, TLV_STRICT, DER_SEQUENCE, &attribute) ||
		    !der_oid(&attribute, &oid) || !tlv_next(&attribute, TLV_STRICT, &value))
			return false;
		if (!bytes_equal(oid, BYTES_LITERAL("\x55\x04\x06")))
			continue;
		cursor_init(&in, value.value);
		*ret_printable = value.tag == DER_PRINTABLE_STRING;
		*ret_upper = value.value.n == 2 && cursor_u8(&in, &a) && cursor_u8(&in, &b) && a >= 'A' && a <= 'Z' && b >= 'A' &&
			     b <= 'Z';
		return true;
	}
	return false;
}

static bool country_missing(const struct cert *c)
{
	bool upper, printable;

	return !country_as(cert_issuer(c), &upper, &printable) || !country_as(cert_subject(c), &upper, &printable);
}

static bool country_case(const struct cert *c)
{
	bool upper, printable;

	return (country_as(cert_issuer(c), &upper, &printable) && !upper) ||
	       (country_as(cert_subject(c), &upper, &printable) && !upper);
}

static bool country_string(const struct cert *c)
{
	bool upper, printable;

	return (country_as(cert_issuer(c), &upper, &printable) && !printable) ||
	       (country_as(cert_subject(c), &upper, &printable) && !printable);
}

static bool country_differs(const struct cert *c)
{
	char issuer[3], subject[3];

	cert_name_country(cert_issuer(c), issuer);
	cert_country(c, subject);
	return strcmp(issuer, subject) != 0;
}

static bool names_differ(const struct cert *c)
{
	return !bytes_equal(cert_issuer(c), cert_subject(c));
}

/* The validity's SEQUENCE: the fourth object after the version. */
static bool find_validity(const struct cert *c, struct cursor *ret)
{
	struct cursor in, tbs;
	struct tlv skipped;

	cursor_init(&in, cert_tbs(c));
	if (!tlv_expect(&in, TLV_STRICT, DER_SEQUENCE, &tbs) ||
	    (tlv_is_next(&tbs, 0xA0) && !tlv_next(&tbs, TLV_STRICT, &skipped)))
		return false;
	for (unsigned i = 0; i < 3; i++)
		if (!tlv_next(&tbs, TLV_STRICT, &skipped))
			return false;
	return tlv_expect(&tbs, TLV_STRICT, DER_SEQUENCE, ret);
}

/* RFC 5280 4.1.2.5 */
static bool time_form(const struct cert *c)
{
	struct cursor validity;
	struct tlv from, to;
	int64_t year_2050_s = 2524608000;

	if (!find_validity(c, &validity) || !tlv_next(&validity, TLV_STRICT, &from) || !tlv_next(&validity, TLV_STRICT, &to))
		return false;
	return (from.tag == DER_UTC_TIME) != (cert_not_before_s(c) < year_2050_s) ||
	       (to.tag == DER_UTC_TIME) != (cert_not_after_s(c) < year_2050_s);
}

static bool validity_empty(const struct cert *c)
{
	return cert_not_before_s(c) >= cert_not_after_s(c);
}

static bool key_unknown(const struct cert *c)
{
	return cert_pubkey(c) == NULL;
}

static bool named_curve(const struct cert *c)
{
	const struct pubkey *k = cert_pubkey(c);

	return k != NULL && pubkey_kind(k) == PUBKEY_EC && !pubkey_is_explicit(k);
}

static bool ski_missing(const struct cert *c)
{
	return cert_ski(c).n == 0;
}

static bool aki_missing(const struct cert *c)
{
	return cert_aki(c).n == 0;
}

static bool usage_missing(const struct cert *c)
{
	return lacks(c, oid_key_usage);
}

static bool usage_wrong(const struct cert *c, unsigned want)
{
	unsigned usage;

	return cert_key_usage(c, &usage) && usage != want;
}

static bool ca_usage(const struct cert *c)
{
	return usage_wrong(c, CERT_USAGE_KEY_CERT_SIGN | CERT_USAGE_CRL_SIGN);
}

static bool signer_usage(const struct cert *c)
{
	return usage_wrong(c, CERT_USAGE_DIGITAL_SIGNATURE);
}

static bool usage_not_critical(const struct cert *c)
{
	bool critical;

	return has(c, oid_key_usage, &critical) && !critical;
}

static bool private_use_missing(const struct cert *c)
{
	return lacks(c, oid_private_key_usage);
}

static bool private_use_outside(const struct cert *c)
{
	int64_t from_s, to_s;

	if (!cert_private_key_usage(c, &from_s, &to_s))
		return false;
	return (from_s != INT64_MIN && from_s < cert_not_before_s(c)) || (to_s != INT64_MAX && to_s > cert_not_after_s(c));
}

static bool alt_names_missing(const struct cert *c)
{
	return lacks(c, oid_subject_alt_name) || lacks(c, oid_issuer_alt_name);
}

static bool constraints_missing(const struct cert *c)
{
	return lacks(c, oid_basic_constraints) || !cert_is_ca(c);
}

static bool constraints_not_critical(const struct cert *c)
{
	bool critical;

	return has(c, oid_basic_constraints, &critical) && !critical;
}

static bool path_len_wrong(const struct cert *c)
{
	uint64_t n;

	return cert_is_ca(c) && (!cert_path_len(c, &n) || n != 0);
}

static bool constraints_present(const struct cert *c)
{
	return !lacks(c, oid_basic_constraints);
}

static bool crl_points_missing(const struct cert *c)
{
	return lacks(c, oid_crl_points);
}

static bool ext_usage_present(const struct cert *c)
{
	return !lacks(c, oid_ext_key_usage);
}

static bool list_usage_wrong(const struct cert *c)
{
	struct bytes value;
	bool critical;

	return !cert_extension(c, oid_ext_key_usage, &value, &critical) || !critical || !bytes_equal(value, list_signer_usage);
}

static bool document_types_missing(const struct cert *c)
{
	return lacks(c, oid_document_types);
}

static const struct {
	struct cert_finding finding;
	unsigned roles;
	bool (*broken)(const struct cert *c);
} rules[] = {
	{ { "cert.version", CERT_DEVIATION, "not version 3" }, R_ALL, not_v3 },
	{ { "cert.serial-negative", CERT_DEVIATION, "the serial number is negative" }, R_ALL, serial_negative },
	{ { "cert.serial-zero", CERT_DEVIATION, "the serial number is zero" }, R_ALL, serial_zero },
	{ { "cert.serial-long", CERT_DEVIATION, "the serial number has more than 20 octets" }, R_ALL, serial_long },
	{ { "cert.serial-padded", CERT_DEVIATION, "the serial number is not encoded minimally" }, R_ALL, serial_padded },
	{ { "cert.signature-unknown", CERT_REMARK, "the signature algorithm is not known here" }, R_ALL, signature_unknown },
	{ { "cert.signature-sha1", CERT_WEAK, "signed with SHA-1" }, R_ALL, signature_sha1 },
	{ { "cert.signature-parameters", CERT_DEVIATION, "parameters of the signature algorithm: NULL for RSA, none for ECDSA" },
	  R_ALL,
	  signature_parameters },
	{ { "cert.country-missing", CERT_DEVIATION, "no countryName in issuer or subject" }, R_ALL, country_missing },
	{ { "cert.country-case", CERT_DEVIATION, "countryName is not two capital letters" }, R_ALL, country_case },
	{ { "cert.country-string", CERT_DEVIATION, "countryName is not a PrintableString" }, R_ALL, country_string },
	{ { "cert.country-differs", CERT_DEVIATION, "countries of issuer and subject differ" }, R_ALL, country_differs },
	{ { "cert.names-differ", CERT_DEVIATION, "issuer and subject of a self-signed certificate differ in their bytes" },
	  R_CSCA,
	  names_differ },
	{ { "cert.time-form", CERT_DEVIATION, "UTCTime is for years to 2049, GeneralizedTime from 2050" }, R_ALL, time_form },
	{ { "cert.validity-empty", CERT_DEVIATION, "the validity ends before it begins" }, R_ALL, validity_empty },
	{ { "cert.key-unknown", CERT_REMARK, "a public key of a kind not known here" }, R_ALL, key_unknown },
	{ { "cert.named-curve", CERT_DEVIATION, "EC parameters are named, not explicit" }, R_ALL, named_curve },
	{ { "cert.ski-missing", CERT_DEVIATION, "no subject key identifier" }, R_CA, ski_missing },
	{ { "cert.aki-missing", CERT_DEVIATION, "no authority key identifier" }, R_LINK | R_DS | R_LIST, aki_missing },
	{ { "cert.key-usage-missing", CERT_DEVIATION, "no keyUsage" }, R_ALL, usage_missing },
	{ { "cert.key-usage-ca", CERT_DEVIATION, "keyUsage is not keyCertSign and cRLSign alone" }, R_CA, ca_usage },
	{ { "cert.key-usage-signer", CERT_DEVIATION, "keyUsage is not digitalSignature alone" }, R_DS | R_LIST, signer_usage },
	{ { "cert.key-usage-not-critical", CERT_DEVIATION, "keyUsage is not critical" }, R_ALL, usage_not_critical },
	{ { "cert.private-use-missing", CERT_DEVIATION, "no privateKeyUsagePeriod" }, R_CA | R_DS, private_use_missing },
	{ { "cert.private-use-outside", CERT_DEVIATION, "privateKeyUsagePeriod lies outside the validity" },
	  R_ALL,
	  private_use_outside },
	{ { "cert.alt-names-missing", CERT_DEVIATION, "no subjectAltName or issuerAltName" }, R_ALL, alt_names_missing },
	{ { "cert.basic-constraints-missing", CERT_DEVIATION, "no basicConstraints with CA" }, R_CA, constraints_missing },
	{ { "cert.basic-constraints-not-critical", CERT_DEVIATION, "basicConstraints is not critical" },
	  R_CA,
	  constraints_not_critical },
	{ { "cert.path-length", CERT_DEVIATION, "pathLenConstraint is not 0" }, R_CA, path_len_wrong },
	{ { "cert.basic-constraints-present", CERT_DEVIATION, "basicConstraints in a signer's certificate" },
	  R_DS | R_LIST,
	  constraints_present },
	{ { "cert.crl-missing", CERT_DEVIATION, "no CRL distribution point" }, R_ALL, crl_points_missing },
	{ { "cert.ext-key-usage-present", CERT_DEVIATION, "extKeyUsage is not allowed here" }, R_CA | R_DS, ext_usage_present },
	{ { "cert.ext-key-usage-list", CERT_DEVIATION, "extKeyUsage is not the master list signing key alone, critical" },
	  R_LIST,
	  list_usage_wrong },
	{ { "cert.document-types-missing", CERT_DEVIATION, "no document type list" }, R_DS, document_types_missing },
	{ { "cert.unknown-critical", CERT_DEVIATION, "an unknown critical extension" }, R_ALL, cert_has_unknown_critical },
};
#define RULE_COUNT (sizeof rules / sizeof rules[0])

/* ---- keys */

static bool rsa_lacks_octet(const struct pubkey *k)
{
	return pubkey_kind(k) == PUBKEY_RSA && pubkey_lacks_sign_octet(k);
}

static bool rsa_short(const struct pubkey *k)
{
	return pubkey_kind(k) == PUBKEY_RSA && pubkey_bits(k) < 2048;
}

/* ICAO 9303-12 4.4.1 leaves the exponent open; below 2^16 + 1 padding faults of a verifier forge signatures. */
static bool rsa_small_exponent(const struct pubkey *k)
{
	return pubkey_kind(k) == PUBKEY_RSA && pubkey_exponent(k).n < 3;
}

static bool rsa_roca(const struct pubkey *k)
{
	return pubkey_kind(k) == PUBKEY_RSA && roca_fingerprint(pubkey_modulus(k));
}

static bool ec_short(const struct pubkey *k)
{
	return pubkey_kind(k) == PUBKEY_EC && pubkey_bits(k) < 224;
}

static const struct {
	struct cert_finding finding;
	bool (*broken)(const struct pubkey *k);
} key_rules[] = {
	{ { "key.rsa-sign-octet", CERT_DEVIATION, "the RSA modulus lacks its leading zero octet" }, rsa_lacks_octet },
	{ { "key.rsa-short", CERT_WEAK, "an RSA key of fewer than 2048 bits" }, rsa_short },
	{ { "key.rsa-exponent", CERT_WEAK, "a small RSA exponent" }, rsa_small_exponent },
	{ { "key.rsa-roca", CERT_WEAK, "the RSA key carries the fingerprint of CVE-2017-15361 (ROCA)" }, rsa_roca },
	{ { "key.ec-short", CERT_WEAK, "an EC key of fewer than 224 bits" }, ec_short },
};
#define KEY_RULE_COUNT (sizeof key_rules / sizeof key_rules[0])

_Static_assert(RULE_COUNT + KEY_RULE_COUNT <= CERT_FINDINGS_MAX, "room for every finding");

static void add(struct cert_findings *f, const struct cert_finding *finding)
{
	if (f->count < CERT_FINDINGS_MAX)
		f->items[f->count++] = *finding;
}

void pubkey_lint(const struct pubkey *k, struct cert_findings *ret)
{
	for (size_t i = 0; i < KEY_RULE_COUNT; i++)
		if (key_rules[i].broken(k))
			add(ret, &key_rules[i].finding);
}

void cert_lint(const struct cert *c, enum cert_role role, struct cert_findings *ret)
{
	ret->count = 0;
	for (size_t i = 0; i < RULE_COUNT; i++)
		if ((rules[i].roles & 1u << role) != 0 && rules[i].broken(c))
			add(ret, &rules[i].finding);
	if (cert_pubkey(c) != NULL)
		pubkey_lint(cert_pubkey(c), ret);
}

bool cert_findings_has(const struct cert_findings *f, const char *id)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->items[i].id, id) == 0)
			return true;
	return false;
}

size_t cert_rule_count(void)
{
	return RULE_COUNT + KEY_RULE_COUNT;
}

struct cert_finding cert_rule_at(size_t i)
{
	CC_ASSERT(i < RULE_COUNT + KEY_RULE_COUNT);
	return i < RULE_COUNT ? rules[i].finding : key_rules[i - RULE_COUNT].finding;
}

/* ---- roles */

bool cert_is_self_issued(const struct cert *c)
{
	if (!cert_name_equal(cert_issuer(c), cert_subject(c)))
		return false;
	return cert_aki(c).n == 0 || cert_ski(c).n == 0 || bytes_equal(cert_aki(c), cert_ski(c));
}

bool cert_has_purposes(const struct cert *c)
{
	static const struct bytes any = BYTES_LITERAL("\x55\x1D\x25\x00");
	struct cursor in, list;
	struct bytes value, purpose;
	bool critical;

	if (!cert_extension(c, oid_ext_key_usage, &value, &critical))
		return false;
	cursor_init(&in, value);
	if (!tlv_expect(&in, TLV_LENIENT, 0x30, &list))
		return true;
	while (cursor_left(&list) > 0 && der_oid(&list, &purpose))
		if (bytes_equal(purpose, any))
			return false;
	return true;
}

enum cert_role cert_role_of(const struct cert *c)
{
	struct bytes value;
	bool critical;

	if (cert_is_ca(c))
		return cert_is_self_issued(c) ? CERT_ROLE_CSCA : CERT_ROLE_CSCA_LINK;
	if (cert_extension(c, oid_ext_key_usage, &value, &critical) && bytes_equal(value, list_signer_usage))
		return CERT_ROLE_MASTER_LIST_SIGNER;
	return CERT_ROLE_DS;
}

const char *cert_role_name(enum cert_role r)
{
	static const char *const names[] = { "csca", "csca-link", "ds", "master-list-signer" };

	CC_ASSERT(r < CERT_ROLE_COUNT);
	return names[r];
}

const char *cert_severity_name(enum cert_severity s)
{
	static const char *const names[] = { "remark", "deviation", "weak" };

	CC_ASSERT(s <= CERT_WEAK);
	return names[s];
}
