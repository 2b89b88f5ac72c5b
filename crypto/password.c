/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/password.h"

#include <argon2.h>

#define KEY_LEN 32
#define SALT_LEN_MIN 16
#define PASSWORD_LEN_MAX 4096
#define MEMORY_KIB_MIN (8u << 10)
#define MEMORY_KIB_MAX (1u << 20)
#define PASSES_MAX 10
#define LANES_MAX 8

cc_status password_key(struct bytes password, struct bytes salt, struct password_cost cost, struct secret *ret)
{
	uint8_t key[KEY_LEN];
	int rc;

	if (salt.n < SALT_LEN_MIN || password.n == 0)
		return cc_code_status(CC_E_ARG);
	if (password.n > PASSWORD_LEN_MAX || salt.n > PASSWORD_LEN_MAX || cost.memory_kib < MEMORY_KIB_MIN ||
	    cost.memory_kib > MEMORY_KIB_MAX || cost.passes < 1 || cost.passes > PASSES_MAX || cost.lanes < 1 ||
	    cost.lanes > LANES_MAX)
		return cc_code_status(CC_E_LIMIT);
	rc = argon2id_hash_raw(cost.passes, cost.memory_kib, cost.lanes, password.p, password.n, salt.p, salt.n, key, sizeof key);
	if (rc == ARGON2_OK)
		secret_set(ret, key, sizeof key);
	cc_wipe(key, sizeof key);
	if (rc == ARGON2_OK)
		return cc_ok();
	return cc_code_status(rc == ARGON2_MEMORY_ALLOCATION_ERROR ? CC_E_MEMORY : CC_E_CRYPTO);
}
