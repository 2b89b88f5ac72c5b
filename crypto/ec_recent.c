/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ec_recent.h"

#include "crypto/ec_internal.h"

#include <string.h>

#define RECENT_MAX 16

struct recent {
	enum ec_curve curve;
	uint8_t point[EC_POINT_LEN_MAX];
	size_t point_len;
	EVP_PKEY_CTX *begun; /* NULL: free */
	uint64_t used;	     /* the count of questions when it was last asked for */
};

static struct recent recent[RECENT_MAX];
static uint64_t questions;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct recent *find(enum ec_curve curve, struct bytes point)
{
	for (size_t i = 0; i < RECENT_MAX; i++) {
		struct recent *r = &recent[i];

		if (r->begun != NULL && r->curve == curve && bytes_equal(bytes_of(r->point, r->point_len), point))
			return r;
	}
	return NULL;
}

EVP_PKEY_CTX *ec_recent_take(enum ec_curve curve, struct bytes point)
{
	EVP_PKEY_CTX *copy = NULL;
	struct recent *r;

	CC_ASSERT(pthread_mutex_lock(&lock) == 0);
	r = find(curve, point);
	if (r != NULL) {
		r->used = ++questions;
		copy = EVP_PKEY_CTX_dup(r->begun);
	}
	CC_ASSERT(pthread_mutex_unlock(&lock) == 0);
	return copy;
}

static struct recent *oldest(void)
{
	struct recent *r = &recent[0];

	for (size_t i = 1; i < RECENT_MAX; i++)
		if (recent[i].used < r->used)
			r = &recent[i];
	return r;
}

void ec_recent_keep(enum ec_curve curve, struct bytes point, const EVP_PKEY_CTX *begun)
{
	EVP_PKEY_CTX *copy = EVP_PKEY_CTX_dup(begun);
	struct recent *r;

	CC_ASSERT(point.n <= EC_POINT_LEN_MAX);
	CC_ASSERT(pthread_mutex_lock(&lock) == 0);
	if (copy != NULL && find(curve, point) == NULL) {
		r = oldest();
		EVP_PKEY_CTX_free(r->begun);
		r->curve = curve;
		memcpy(r->point, point.p, point.n);
		r->point_len = point.n;
		r->begun = copy;
		r->used = ++questions;
		copy = NULL;
	}
	CC_ASSERT(pthread_mutex_unlock(&lock) == 0);
	EVP_PKEY_CTX_free(copy);
}
