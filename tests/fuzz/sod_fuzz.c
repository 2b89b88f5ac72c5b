/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/sod.h"
#include "tests/fuzz/fuzz_entry.h"

/* libfuzzer: -max_len=8192 */

/* EF.SOD of a hostile chip: parsed, judged by structure, signature and hashes. Nobody's signature is good over changed content.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sod s = { 0 };
	struct cc_error err;
	struct buf again = { 0 };
	struct sod_object back;
	const struct cert *signer;

	cc_error_init(&err);
	if (cc_failed(sod_parse(bytes_of(data, size), &s, &err))) {
		CC_ASSERT(s.cms == NULL && s.file.p == NULL);
		return 0;
	}
	CC_ASSERT(s.object.count > 0 && s.object.count <= LDS_DG_LAST);
	if (!cc_failed(sod_object_encode(&s.object, &again, NULL))) {
		CC_ASSERT(!cc_failed(sod_object_parse(buf_view(&again), &back, NULL)));
		CC_ASSERT(sod_object_dg_mask(&back) == sod_object_dg_mask(&s.object));
	}
	buf_done(&again);
	for (unsigned dg = 1; dg <= LDS_DG_LAST; dg++)
		CC_ASSERT((sod_check_file(&s, dg, BYTES_LITERAL("x"), NULL).code == CC_E_NOT_FOUND) ==
			  (sod_object_hash(&s.object, dg).n == 0));
	signer = cms_signer_cert(s.cms);
	if (signer != NULL && !cc_failed(cms_verify(s.cms, signer, &err)))
		CC_ASSERT(cms_content(s.cms).n > 0);
	(void)cms_check_structure(s.cms, NULL).code;
	sod_done(&s);
	return 0;
}
