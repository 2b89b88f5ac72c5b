/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/dg1.h"

#include "crypto/base/tlv.h"

#include <string.h>

#define TAG_DG1 0x61
#define TAG_MRZ 0x5F1F
#define DG1_LEN_MAX 128

cc_status dg1_encode(const char *mrz_text, struct buf *ret, struct cc_error *err)
{
	struct bytes text = bytes_str(mrz_text);
	struct mrz m;
	struct writer w;

	if (cc_failed(mrz_read(text, MRZ_READ_EXACT, &m, NULL)) || !m.digits_good)
		return cc_fail(err, CC_E_ARG, "dg1.mrz", "not an MRZ with good check digits");
	writer_init(&w, DG1_LEN_MAX);
	tlv_open(&w, TAG_DG1);
	tlv_put(&w, TAG_MRZ, text);
	tlv_close(&w);
	return writer_finish(&w, ret);
}

cc_status dg1_parse(struct bytes file, struct mrz *ret, struct cc_error *err)
{
	struct cursor in, dg;
	struct bytes text;

	cursor_init(&in, file);
	if (!tlv_expect(&in, TLV_LENIENT, TAG_DG1, &dg) || !tlv_expect_bytes(&dg, TLV_LENIENT, TAG_MRZ, &text) ||
	    cc_failed(cursor_end(&dg)) || cc_failed(cursor_end(&in)))
		return cc_fail(err, CC_E_FORMAT, "dg1.structure", "not 61 { 5F1F MRZ }");
	return mrz_read(text, MRZ_READ_EXACT, ret, err);
}
