/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/ef_com.h"

#include "card/lds/lds_set.h"
#include "crypto/base/tlv.h"

#include <string.h>

#define TAG_COM 0x60
#define TAG_LDS_VERSION 0x5F01
#define TAG_UNICODE_VERSION 0x5F36
#define TAG_TAG_LIST 0x5C
#define COM_LEN_MAX 128

static bool digits(struct bytes in, size_t n, char *out)
{
	if (in.n != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (in.p[i] < '0' || in.p[i] > '9')
			return false;
		out[i] = (char)in.p[i];
	}
	out[n] = 0;
	return true;
}

cc_status ef_com_make(const char *lds_version, uint32_t dg_mask, struct ef_com *ret, struct cc_error *err)
{
	struct ef_com com = { .unicode_version = "040000" };

	/* ICAO 9303-10 4.6.1: LDS 1.7, and 1.8 whose version is also in the SOD. */
	if (strcmp(lds_version, "0107") != 0 && strcmp(lds_version, "0108") != 0)
		return cc_fail(err, CC_E_ARG, "ef-com.version", "LDS version");
	if (dg_mask == 0 || dg_mask >> LDS_DG_LAST != 0)
		return cc_fail(err, CC_E_ARG, "ef-com.structure", "data group list");
	memcpy(com.lds_version, lds_version, sizeof com.lds_version);
	for (unsigned n = 1; n <= LDS_DG_LAST; n++) {
		if ((dg_mask & 1u << (n - 1)) != 0)
			com.tags[com.tag_count++] = lds_file_tag(lds_dg(n));
	}
	*ret = com;
	return cc_ok();
}

cc_status ef_com_encode(const struct ef_com *in, struct buf *ret, struct cc_error *err)
{
	struct writer w;
	char copy[8];

	if (!digits(bytes_str(in->lds_version), 4, copy) || !digits(bytes_str(in->unicode_version), 6, copy) ||
	    in->tag_count > EF_COM_TAGS_MAX)
		return cc_fail(err, CC_E_ARG, "ef-com.structure", "versions are 4 and 6 digits");
	writer_init(&w, COM_LEN_MAX);
	tlv_open(&w, TAG_COM);
	tlv_put(&w, TAG_LDS_VERSION, bytes_str(in->lds_version));
	tlv_put(&w, TAG_UNICODE_VERSION, bytes_str(in->unicode_version));
	tlv_put(&w, TAG_TAG_LIST, bytes_of(in->tags, in->tag_count));
	tlv_close(&w);
	return writer_finish(&w, ret);
}

cc_status ef_com_parse(struct bytes file, struct ef_com *ret, struct cc_error *err)
{
	struct cursor in, com;
	struct bytes lds, unicode, tags;
	struct ef_com read = { 0 };

	cursor_init(&in, file);
	if (!tlv_expect(&in, TLV_LENIENT, TAG_COM, &com) || !tlv_expect_bytes(&com, TLV_LENIENT, TAG_LDS_VERSION, &lds) ||
	    !tlv_expect_bytes(&com, TLV_LENIENT, TAG_UNICODE_VERSION, &unicode) ||
	    !tlv_expect_bytes(&com, TLV_LENIENT, TAG_TAG_LIST, &tags) || cc_failed(cursor_end(&com)) ||
	    cc_failed(cursor_end(&in)))
		return cc_fail(err, CC_E_FORMAT, "ef-com.structure", "not 60 { 5F01, 5F36, 5C }");
	if (!digits(lds, 4, read.lds_version) || !digits(unicode, 6, read.unicode_version))
		return cc_fail(err, CC_E_FORMAT, "ef-com.structure", "versions are 4 and 6 digits");
	if (tags.n > EF_COM_TAGS_MAX)
		return cc_fail(err, CC_E_LIMIT, "ef-com.structure", "%zu tags", tags.n);
	if (tags.n > 0)
		memcpy(read.tags, tags.p, tags.n);
	read.tag_count = tags.n;
	*ret = read;
	return cc_ok();
}

uint32_t ef_com_dg_mask(const struct ef_com *in)
{
	uint32_t mask = 0;

	for (size_t i = 0; i < in->tag_count; i++) {
		unsigned n = lds_dg_of_tag(in->tags[i]);

		if (n > 0)
			mask |= 1u << (n - 1);
	}
	return mask;
}
