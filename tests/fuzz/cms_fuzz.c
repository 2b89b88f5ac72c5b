/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ber.h"
#include "crypto/cms.h"
#include "crypto/x509.h"
#include "tests/fuzz/fuzz_entry.h"

/* libfuzzer: -max_len=8192 */

/* Definite lengths need no second rewriting. */
static void rewrite_twice(struct bytes data)
{
	struct buf once = { 0 }, twice = { 0 };
	bool changed = false;

	if (!cc_failed(ber_to_definite(data, &once, &changed))) {
		CC_ASSERT(changed || bytes_equal(buf_view(&once), data));
		CC_ASSERT(!cc_failed(ber_to_definite(buf_view(&once), &twice, &changed)));
		CC_ASSERT(!changed && bytes_equal(buf_view(&once), buf_view(&twice)));
	}
	buf_done(&once);
	buf_done(&twice);
}

/* Every certificate inside is tried as signer and as anchor of the others. */
static void judge(const struct cms *c)
{
	struct trust *t = NULL;
	const struct cert *anchor, *signer = cms_signer_cert(c);
	struct cc_error err = { 0 };

	CC_ASSERT(!cc_failed(trust_new(&t)));
	for (size_t i = 0; i < cms_cert_count(c) && i < 4; i++) {
		(void)!cc_failed(trust_add(t, cert_der(cms_cert(c, i)), NULL));
		(void)!cc_failed(cms_verify(c, cms_cert(c, i), NULL));
	}
	if (signer != NULL) {
		CC_ASSERT(cms_names_signer(c, signer));
		CC_ASSERT(chain_verdict_name(trust_verify(t, signer, 1767225600, &anchor, NULL)) != NULL);
	}
	if (cc_failed(cms_check_structure(c, &err)))
		CC_ASSERT(err.key != NULL && err.detail[0] != '\0');
	trust_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct cms *c = NULL;
	struct cc_error err = { 0 };

	rewrite_twice(in);
	if (cc_failed(cms_parse(in, &c, &err))) {
		CC_ASSERT(c == NULL && err.key != NULL);
		return 0;
	}
	judge(c);
	cms_free(&c);
	return 0;
}
