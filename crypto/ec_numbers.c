/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ec_internal.h"

#include "crypto/bignum.h"

void ec_numbers_done(struct ec_numbers *n)
{
	buf_done(&n->p);
	buf_done(&n->a);
	buf_done(&n->b);
	buf_done(&n->g);
	buf_done(&n->n);
}

static cc_status put_generator(const EC_GROUP *group, size_t field_len, struct buf *ret)
{
	cc_status st = buf_zero(ret, 1 + 2 * field_len);

	if (!cc_failed(st) && EC_POINT_point2oct(group, EC_GROUP_get0_generator(group), POINT_CONVERSION_UNCOMPRESSED, ret->p,
						 ret->n, NULL) != ret->n)
		st = cc_code_status(CC_E_CRYPTO);
	return st;
}

cc_status ec_curve_numbers(enum ec_curve curve, struct ec_numbers *ret)
{
	const EC_GROUP *group = ec_curve_group(curve);
	size_t len = ec_field_len(curve);
	BIGNUM *p = BN_new(), *a = BN_new(), *b = BN_new();
	struct ec_numbers out = { 0 };
	cc_status st = cc_code_status(CC_E_CRYPTO);

	if (group == NULL || p == NULL || a == NULL || b == NULL || EC_GROUP_get_curve(group, p, a, b, NULL) != 1)
		goto out;
	if (cc_failed(st = bignum_put(p, len, &out.p)) || cc_failed(st = bignum_put(a, len, &out.a)) ||
	    cc_failed(st = bignum_put(b, len, &out.b)) ||
	    cc_failed(st = bignum_put(EC_GROUP_get0_order(group), ec_order_len(curve), &out.n)) ||
	    cc_failed(st = put_generator(group, len, &out.g)))
		goto out;
	*ret = out;
	out = (struct ec_numbers){ 0 };
out:
	ec_numbers_done(&out);
	BN_free(p);
	BN_free(a);
	BN_free(b);
	return st;
}

/* Equal as numbers: zeros in front don't count. */
static bool same(struct bytes in, const struct buf *known)
{
	struct cursor a, b;
	uint8_t byte;

	cursor_init(&a, in);
	cursor_init(&b, buf_view(known));
	while (cursor_left(&a) > 0 && cursor_peek(&a, &byte) && byte == 0)
		(void)!cursor_u8(&a, &byte);
	while (cursor_left(&b) > 0 && cursor_peek(&b, &byte) && byte == 0)
		(void)!cursor_u8(&b, &byte);
	return bytes_equal(cursor_rest(&a), cursor_rest(&b));
}

bool ec_curve_from_numbers(struct bytes p, struct bytes a, struct bytes b, struct bytes g, struct bytes n, enum ec_curve *ret)
{
	for (int i = 0; i < EC_CURVE_COUNT; i++) {
		struct ec_numbers known = { 0 };
		bool found;

		if (cc_failed(ec_curve_numbers((enum ec_curve)i, &known)))
			continue;
		found = same(p, &known.p) && same(a, &known.a) && same(b, &known.b) && bytes_equal(g, buf_view(&known.g)) &&
			same(n, &known.n);
		ec_numbers_done(&known);
		if (found) {
			*ret = (enum ec_curve)i;
			return true;
		}
	}
	return false;
}
