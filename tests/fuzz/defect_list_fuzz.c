/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/defect_list.h"
#include "card/lds/sod.h"
#include "crypto/cms.h"
#include "crypto/ec.h"
#include "crypto/pki/issue.h"
#include "crypto/pubkey.h"
#include "tests/fuzz/fuzz_entry.h"
#include "tests/support/sys_fake.h"

#include <stdlib.h>
#include <string.h>

/* libfuzzer: -max_len=4096 */

/*
 * A list of defective documents. First byte: 0 a whole file, 1 the content of a
 * defect list, 2 of a deviation list; the harness signs contents with a signer that is trusted, so that what is
 * behind the signature is reached, and holds the list against that signer's document. A list that is
 * not about it changes nothing, no list leaves texts that drive a terminal.
 */
#define NOW_S 1782864000 /* sys_fake's */

/* Country signer and document signer: their private numbers are 1 and 2. */
enum { CSCA, DS, KEYS };
static const char *const labels[KEYS] = { "csca", "ds" };
static struct ec_key *key[KEYS];
static struct buf spki[KEYS];
static struct cert *csca, *ds;
static struct trust *trust;
static struct sys_fake fake;
static struct inspection good;
static struct inspect_params params;

static cc_status fixed_public_key(struct keystore *ks, const char *label, struct buf *ret)
{
	(void)ks;
	return buf_copy(ret, buf_view(&spki[strcmp(label, labels[DS]) == 0]));
}

static cc_status fixed_sign(struct keystore *ks, const char *label, struct sig_alg alg, struct bytes message, struct buf *ret)
{
	struct digest d;
	cc_status st = hash_digest(alg.hash, message, &d);

	(void)ks;
	return cc_failed(st) ? st : ec_sign_digest(key[strcmp(label, labels[DS]) == 0], bytes_of(d.p, d.n), EC_SIG_DER, ret);
}

static void fixed_close(struct keystore *ks)
{
	(void)ks;
}

static const struct keystore_ops ops = {
	.name = "fixed", .public_key = fixed_public_key, .sign = fixed_sign, .close = fixed_close
};
static struct keystore fixed = { .ops = &ops };
static const struct sig_alg alg = { .scheme = SIG_ECDSA, .hash = HASH_SHA256 };

static void forget(void)
{
	struct keystore *ks = &fixed;

	inspection_done(&good);
	keystore_close(&ks);
	trust_free(&trust);
	cert_free(&ds);
	cert_free(&csca);
	for (size_t i = 0; i < KEYS; i++) {
		buf_done(&spki[i]);
		ec_key_free(&key[i]);
	}
}

static void make_signers(void)
{
	uint8_t scalar[32] = { 0 };
	struct pki_profile p = { .country = "VN",
				 .country_icao = "VNM",
				 .organization = "O",
				 .common_name = "CSCA",
				 .alg = alg,
				 .params = EC_PARAMS_NAMED,
				 .not_before_s = NOW_S - 86400,
				 .not_after_s = NOW_S + 86400 * 365,
				 .private_from_s = NOW_S - 86400,
				 .private_to_s = NOW_S + 86400 * 30,
				 .document_types = { "ID" } };
	struct ec_domain *d = NULL;
	struct buf der = { 0 };

	CC_ASSERT(!cc_failed(ec_domain_new(EC_P256, &d)));
	for (size_t i = 0; i < KEYS; i++) {
		scalar[31] = (uint8_t)(i + 1);
		CC_ASSERT(!cc_failed(ec_key_import(d, bytes_of(scalar, sizeof scalar), &key[i])));
		CC_ASSERT(!cc_failed(ec_spki_encode(EC_P256, ec_key_public(key[i]), EC_PARAMS_NAMED, &spki[i])));
	}
	ec_domain_free(&d);
	CC_ASSERT(!cc_failed(csca_issue(&fixed, labels[CSCA], &p, &fake.sys, &der, NULL)));
	CC_ASSERT(!cc_failed(cert_parse(buf_view(&der), &csca, NULL)));
	buf_done(&der);
	p.common_name = "DS";
	CC_ASSERT(!cc_failed(ds_issue(&fixed, labels[CSCA], csca, labels[DS], &p, &fake.sys, &der, NULL)));
	CC_ASSERT(!cc_failed(cert_parse(buf_view(&der), &ds, NULL)));
	buf_done(&der);
	CC_ASSERT(!cc_failed(trust_new(&trust)) && !cc_failed(trust_add(trust, cert_der(csca), NULL)));
}

/* EF.SOD over one file; that the document is poor does not matter, its signer is who the list is about. */
static void make_once(void)
{
	struct sod_params sign = { .hash = HASH_SHA256, .keystore = &fixed, .key_label = labels[DS], .alg = alg, .now_s = NOW_S };
	struct lds_set files = { 0 };
	struct buf sod = { 0 };

	if (params.sys != NULL)
		return;
	sys_fake_init(&fake, 1);
	make_signers();
	sign.signer = ds;
	sign.trust = trust;
	params = (struct inspect_params){ .trust = trust, .now_s = NOW_S, .sys = &fake.sys };
	CC_ASSERT(!cc_failed(lds_set_put(&files, LDS_DG1, BYTES_LITERAL("\x61\x01\x00"))));
	CC_ASSERT(!cc_failed(lds_set_put(&files, lds_dg(2), BYTES_LITERAL("\x75\x01\x00"))));
	CC_ASSERT(!cc_failed(sod_build(&sign, &files, &sod, NULL)));
	CC_ASSERT(!cc_failed(lds_set_put(&files, LDS_SOD, buf_view(&sod))));
	CC_ASSERT(!cc_failed(inspect_files(&files, &params, &good)));
	lds_set_done(&files);
	buf_done(&sod);
	(void)atexit(forget);
}

static void sign_list(struct bytes type, struct bytes content, struct buf *ret)
{
	const struct cms_sign_params p = {
		.content_type = type, .content = content, .keystore = &fixed, .key_label = labels[DS], .signer = ds, .alg = alg
	};

	CC_ASSERT(!cc_failed(cms_sign(&p, ret, NULL)));
}

static void check_text(const char *text)
{
	CC_ASSERT(strlen(text) < INSPECT_EVIDENCE_VI_MAX);
	for (const char *p = text; *p != 0; p++)
		CC_ASSERT((unsigned char)*p >= 0x20 && *p != 0x7F);
}

static void apply(const struct defect_list *list)
{
	static struct inspection i; /* borrows the files of the good one */
	size_t count = 0;

	i = good;
	CC_ASSERT(!cc_failed(defect_list_apply(list, &params, &i, &count)) && count <= defect_list_count(list));
	CC_ASSERT(i.check_count >= good.check_count && i.check_count <= INSPECT_CHECKS_MAX);
	CC_ASSERT(count > 0 || memcmp(&i, &good, sizeof i) == 0);
	for (size_t n = 0; n < i.check_count; n++) {
		check_text(i.checks[n].evidence);
		check_text(i.checks[n].evidence_vi);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bytes types[] = { BYTES_LITERAL("\x04\x00\x7F\x00\x07\x03\x01\x05"),
					      BYTES_LITERAL("\x67\x81\x08\x01\x01\x07") };
	struct defect_list *list = NULL;
	struct cc_error err = { 0 };
	struct buf file = { 0 };
	struct cursor in;
	uint8_t which;
	cc_status st;

	cursor_init(&in, bytes_of(data, size));
	if (!cursor_u8(&in, &which))
		return 0;
	make_once();
	if (which % 3 == 0)
		CC_ASSERT(!cc_failed(buf_copy(&file, cursor_rest(&in))));
	else
		sign_list(types[which % 3 - 1], cursor_rest(&in), &file);
	st = defect_list_parse(buf_view(&file), trust, NOW_S, &list, &err);
	CC_ASSERT(cc_failed(st) == (list == NULL) && cc_failed(st) == (err.key != NULL));
	if (list != NULL)
		apply(list);
	defect_list_free(&list);
	buf_done(&file);
	return 0;
}
