/* SPDX-License-Identifier: Apache-2.0 */
#include "card/access/ephemeral.h"

#include "crypto/base/secret.h"

#define DRAWS_MAX 128 /* the worst curve refuses one draw in two */
#define SCALAR_MAX 66

cc_status ephemeral_key_new(const struct ec_domain *d, const struct sys *sys, struct ec_key **ret)
{
	size_t len = ec_order_len(ec_domain_curve(d));
	uint8_t scalar[SCALAR_MAX];
	cc_status st = cc_code_status(CC_E_CRYPTO);

	CC_ASSERT(len <= sizeof scalar);
	for (unsigned draw = 0; draw < DRAWS_MAX; draw++) {
		st = sys_random(sys, scalar, len);
		if (cc_failed(st))
			break;
		if (ec_domain_curve(d) == EC_P521)
			scalar[0] &= 0x01; /* 521 bits in 66 bytes */
		st = ec_key_import(d, bytes_of(scalar, len), ret);
		if (st.code != CC_E_VERIFY)
			break;
	}
	cc_wipe(scalar, sizeof scalar);
	/* Never in range: the generator is broken, not the card. */
	return st.code == CC_E_VERIFY ? cc_code_status(CC_E_CRYPTO) : st;
}
