/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pem.h"
#include "crypto/x509.h"
#include "tests/fuzz/fuzz_entry.h"

#include <string.h>

/* libfuzzer: -max_len=4096 */

/* Whatever a certificate calls itself, a terminal sees no control characters. */
static void check_text(struct bytes name)
{
	char text[200];

	cert_name_text(name, text, sizeof text);
	for (const char *p = text; *p != '\0'; p++)
		CC_ASSERT((unsigned char)*p >= 0x20 && *p != 0x7F);
}

/* A key that was read is written to one that is read the same. */
static void check_key(const struct pubkey *k)
{
	struct buf spki = { 0 };
	struct pubkey *again = NULL;
	enum ec_param_form form;
	cc_status st;

	if (pubkey_kind(k) == PUBKEY_EC) {
		form = pubkey_is_explicit(k) ? EC_PARAMS_EXPLICIT : EC_PARAMS_NAMED;
		st = ec_spki_encode(pubkey_curve(k), pubkey_point(k), form, &spki);
	} else {
		st = rsa_spki_encode(pubkey_modulus(k), pubkey_exponent(k), &spki);
	}
	CC_ASSERT(!cc_failed(st));
	CC_ASSERT(!cc_failed(pubkey_from_spki(buf_view(&spki), &again, NULL)));
	CC_ASSERT(pubkey_kind(again) == pubkey_kind(k) && pubkey_bits(again) == pubkey_bits(k));
	CC_ASSERT(bytes_equal(pubkey_point(again), pubkey_point(k)) && bytes_equal(pubkey_modulus(again), pubkey_modulus(k)));
	pubkey_free(&again);
	buf_done(&spki);
}

static void check_cert(const struct cert *c)
{
	struct cert *again = NULL;
	char country[3];

	check_text(cert_subject(c));
	check_text(cert_issuer(c));
	cert_country(c, country);
	CC_ASSERT(strlen(country) == 0 || strlen(country) == 2);
	if (cert_pubkey(c) != NULL)
		check_key(cert_pubkey(c));
	(void)!cc_failed(cert_verify_signature(c, c, NULL));
	CC_ASSERT(!cc_failed(cert_parse(cert_der(c), &again, NULL)) || pem_is(cert_der(c)));
	cert_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct cert *c = NULL;
	struct cc_error err = { 0 };

	if (cc_failed(cert_parse(in, &c, &err))) {
		CC_ASSERT(c == NULL && err.key != NULL);
		return 0;
	}
	CC_ASSERT(pem_is(in) || bytes_equal(cert_der(c), in));
	check_cert(c);
	cert_free(&c);
	return 0;
}
