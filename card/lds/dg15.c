/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/dg15.h"

#include "crypto/base/tlv.h"

#define TAG_DG15 0x6F
#define TAG_SEQUENCE 0x30
#define DG15_LEN_MAX 4096

cc_status dg15_encode(struct bytes spki, struct buf *ret, struct cc_error *err)
{
	struct pubkey *key = NULL;
	struct writer w;
	cc_status st = pubkey_from_spki(spki, &key, NULL);

	/* X.690 8.3.3: read leniently from foreign chips, never written */
	if (!cc_failed(st) && pubkey_lacks_sign_octet(key))
		st = cc_code_status(CC_E_FORMAT);
	pubkey_free(&key);
	if (cc_failed(st))
		return cc_fail(err, CC_E_ARG, "dg15.key", "not a SubjectPublicKeyInfo of a known kind");
	writer_init(&w, DG15_LEN_MAX);
	tlv_put(&w, TAG_DG15, spki);
	return writer_finish(&w, ret);
}

cc_status dg15_spki(struct bytes file, struct bytes *ret, struct cc_error *err)
{
	struct cursor in, dg;
	struct tlv spki;

	cursor_init(&in, file);
	if (!tlv_expect(&in, TLV_LENIENT, TAG_DG15, &dg) || !tlv_next(&dg, TLV_LENIENT, &spki) || spki.tag != TAG_SEQUENCE ||
	    cc_failed(cursor_end(&dg)) || cc_failed(cursor_end(&in)))
		return cc_fail(err, CC_E_FORMAT, "dg15.structure", "not 6F { SubjectPublicKeyInfo }");
	*ret = spki.whole;
	return cc_ok();
}

cc_status dg15_parse(struct bytes file, struct pubkey **ret, struct cc_error *err)
{
	struct bytes spki;
	cc_status st = dg15_spki(file, &spki, err);

	if (cc_failed(st))
		return st;
	return pubkey_from_spki(spki, ret, err);
}
