/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/bignum.h"

BIGNUM *bignum_secret(struct bytes in)
{
	BIGNUM *bn = BN_secure_new();

	if (bn == NULL)
		return NULL;
	BN_set_flags(bn, BN_FLG_CONSTTIME);
	if (in.n > 0 && BN_bin2bn(in.p, (int)in.n, bn) == NULL) {
		BN_clear_free(bn);
		return NULL;
	}
	return bn;
}

cc_status bignum_put(const BIGNUM *bn, size_t len, struct buf *ret)
{
	struct buf out = { 0 };
	cc_status st = buf_zero(&out, len);

	if (!cc_failed(st) && BN_bn2binpad(bn, out.p, (int)len) != (int)len)
		st = cc_code_status(CC_E_CRYPTO);
	if (!cc_failed(st))
		buf_move(ret, &out);
	buf_done(&out);
	return st;
}
