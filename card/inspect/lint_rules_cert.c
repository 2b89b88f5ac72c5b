/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/lint_rules.h"

#include <string.h>

/* One row for each rule of crypto/x509_profile.h. */
static const struct lint_cert_rule rows[] = {
	{ { "cert.version", LINT_ERROR, "RFC 5280 4.1.2.1", "Chứng thư không phải phiên bản 3.",
	    "The certificate is not version 3." },
	  "LDS_H_48 LDS_H_49" },
	{ { "cert.serial-negative", LINT_WARNING, "RFC 5280 4.1.2.2", "Số hiệu chứng thư là số âm.",
	    "The serial number is negative." },
	  "" },
	{ { "cert.serial-zero", LINT_WARNING, "RFC 5280 4.1.2.2", "Số hiệu chứng thư là 0.", "The serial number is zero." }, "" },
	{ { "cert.serial-long", LINT_WARNING, "RFC 5280 4.1.2.2", "Số hiệu chứng thư dài hơn 20 byte.",
	    "The serial number has more than 20 octets." },
	  "" },
	{ { "cert.serial-padded", LINT_WARNING, "ISO/IEC 8825-1 8.3.2", "Số hiệu chứng thư không viết ở dạng ngắn nhất.",
	    "The serial number is not encoded minimally." },
	  "" },
	{ { "cert.signature-unknown", LINT_ERROR, "ICAO 9303-12 4.1", "Thuật toán chữ ký của chứng thư chưa biết.",
	    "The signature algorithm of the certificate is not known." },
	  "LDS_H_65" },
	{ { "cert.signature-sha1", LINT_WARNING, "ICAO 9303-12 4.1.5", "Chứng thư ký bằng SHA-1.",
	    "The certificate is signed with SHA-1." },
	  "" },
	{ { "cert.signature-parameters", LINT_WARNING, "RFC 5754 3",
	    "Tham số thuật toán chữ ký: NULL cho RSA, không có cho ECDSA.",
	    "Parameters of the signature algorithm: NULL for RSA, none for ECDSA." },
	  "" },
	{ { "cert.country-missing", LINT_WARNING, "ICAO 9303-12 7.1.1", "Tên không có countryName.",
	    "No countryName in issuer or subject." },
	  "LDS_H_53" },
	{ { "cert.country-case", LINT_WARNING, "ICAO 9303-12 7.1.1", "countryName không phải hai chữ hoa.",
	    "countryName is not two capital letters." },
	  "LDS_H_53" },
	{ { "cert.country-string", LINT_WARNING, "ICAO 9303-12 7.1.1", "countryName không phải PrintableString.",
	    "countryName is not a PrintableString." },
	  "LDS_H_53" },
	{ { "cert.country-differs", LINT_WARNING, "ICAO 9303-12 7.1.1", "Nước của nhà cấp và của chủ chứng thư khác nhau.",
	    "Countries of issuer and subject differ." },
	  "LDS_H_53" },
	{ { "cert.names-differ", LINT_WARNING, "ICAO 9303-12 7.1", "Hai tên của chứng thư tự ký khác nhau.",
	    "Issuer and subject of a self-signed certificate differ." },
	  "" },
	{ { "cert.time-form", LINT_WARNING, "RFC 5280 4.1.2.5", "UTCTime dùng đến 2049, GeneralizedTime từ 2050.",
	    "UTCTime is for years to 2049, GeneralizedTime from 2050." },
	  "" },
	{ { "cert.validity-empty", LINT_ERROR, "RFC 5280 4.1.2.5", "Thời hạn kết thúc trước khi bắt đầu.",
	    "The validity ends before it begins." },
	  "LDS_H_56" },
	{ { "cert.key-unknown", LINT_WARNING, "ICAO 9303-12 4.1", "Khóa công khai thuộc loại chưa biết.",
	    "The public key is of a kind not known here." },
	  "LDS_H_58" },
	{ { "cert.named-curve", LINT_WARNING, "ICAO 9303-12 4.1.6.3", "Tham số EC ghi bằng tên, không ghi đầy đủ.",
	    "EC parameters are named, not explicit." },
	  "" },
	{ { "cert.ski-missing", LINT_WARNING, "ICAO 9303-12 7.1", "Không có subjectKeyIdentifier.",
	    "No subject key identifier." },
	  "" },
	{ { "cert.aki-missing", LINT_WARNING, "ICAO 9303-12 7.1", "Không có authorityKeyIdentifier.",
	    "No authority key identifier." },
	  "LDS_H_60 LDS_H_61" },
	{ { "cert.key-usage-missing", LINT_WARNING, "ICAO 9303-12 7.1", "Không có keyUsage.", "No keyUsage." }, "LDS_H_64" },
	{ { "cert.key-usage-ca", LINT_ERROR, "ICAO 9303-12 7.1", "keyUsage không phải chỉ keyCertSign và cRLSign.",
	    "keyUsage is not keyCertSign and cRLSign alone." },
	  "" },
	{ { "cert.key-usage-signer", LINT_ERROR, "ICAO 9303-12 7.1", "keyUsage không phải chỉ digitalSignature.",
	    "keyUsage is not digitalSignature alone." },
	  "LDS_H_62 LDS_H_63" },
	{ { "cert.key-usage-not-critical", LINT_WARNING, "ICAO 9303-12 7.1", "keyUsage không được đánh dấu critical.",
	    "keyUsage is not critical." },
	  "" },
	{ { "cert.private-use-missing", LINT_WARNING, "ICAO 9303-12 7.1", "Không có privateKeyUsagePeriod.",
	    "No privateKeyUsagePeriod." },
	  "" },
	{ { "cert.private-use-outside", LINT_WARNING, "ICAO 9303-12 7.1", "privateKeyUsagePeriod nằm ngoài thời hạn.",
	    "privateKeyUsagePeriod lies outside the validity." },
	  "" },
	{ { "cert.alt-names-missing", LINT_WARNING, "ICAO 9303-12 7.1", "Không có subjectAltName hoặc issuerAltName.",
	    "No subjectAltName or issuerAltName." },
	  "" },
	{ { "cert.basic-constraints-missing", LINT_WARNING, "ICAO 9303-12 7.1", "Không có basicConstraints với CA.",
	    "No basicConstraints with CA." },
	  "" },
	{ { "cert.basic-constraints-not-critical", LINT_WARNING, "ICAO 9303-12 7.1",
	    "basicConstraints không được đánh dấu critical.", "basicConstraints is not critical." },
	  "" },
	{ { "cert.path-length", LINT_WARNING, "ICAO 9303-12 7.1", "pathLenConstraint không phải 0.",
	    "pathLenConstraint is not 0." },
	  "" },
	{ { "cert.basic-constraints-present", LINT_WARNING, "ICAO 9303-12 7.1", "Chứng thư người ký có basicConstraints.",
	    "basicConstraints in a signer's certificate." },
	  "" },
	{ { "cert.crl-missing", LINT_WARNING, "ICAO 9303-12 7.1", "Không có điểm phân phối CRL.", "No CRL distribution point." },
	  "" },
	{ { "cert.ext-key-usage-present", LINT_WARNING, "ICAO 9303-12 7.1", "extKeyUsage không được phép ở đây.",
	    "extKeyUsage is not allowed here." },
	  "" },
	{ { "cert.ext-key-usage-list", LINT_WARNING, "ICAO 9303-12 7.1", "extKeyUsage không phải chỉ khóa ký danh sách chủ.",
	    "extKeyUsage is not the master list signing key alone, critical." },
	  "" },
	{ { "cert.document-types-missing", LINT_WARNING, "ICAO 9303-12 7.1", "Không có danh sách loại giấy tờ.",
	    "No document type list." },
	  "" },
	{ { "cert.unknown-critical", LINT_ERROR, "RFC 5280 4.2", "Có phần mở rộng critical không biết.",
	    "An unknown critical extension." },
	  "" },
	{ { "key.rsa-sign-octet", LINT_WARNING, "RFC 3279 2.3.1", "Mô-đun RSA thiếu byte 00 ở đầu.",
	    "The RSA modulus lacks its leading zero octet." },
	  "" },
	{ { "key.rsa-short", LINT_WARNING, "ICAO 9303-12 4.1.3", "Khóa RSA ngắn hơn 2048 bit.",
	    "An RSA key of fewer than 2048 bits." },
	  "" },
	{ { "key.rsa-exponent", LINT_WARNING, "ICAO 9303-12 4.1.3", "Số mũ RSA nhỏ.", "A small RSA exponent." }, "" },
	{ { "key.rsa-roca", LINT_ERROR, "CVE-2017-15361", "Khóa RSA có dấu hiệu ROCA.",
	    "The RSA key carries the fingerprint of ROCA." },
	  "" },
	{ { "key.ec-short", LINT_WARNING, "ICAO 9303-12 4.1.6", "Khóa EC ngắn hơn 224 bit.",
	    "An EC key of fewer than 224 bits." },
	  "" },
};

size_t lint_cert_rule_count(void)
{
	return sizeof rows / sizeof rows[0];
}

const struct lint_cert_rule *lint_cert_rule_at(size_t i)
{
	CC_ASSERT(i < lint_cert_rule_count());
	return &rows[i];
}

const struct lint_cert_rule *lint_cert_rule(const char *id)
{
	for (size_t i = 0; i < lint_cert_rule_count(); i++) {
		if (strcmp(rows[i].rule.id, id) == 0)
			return &rows[i];
	}
	return NULL;
}
