/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ec_internal.h"

#include <openssl/objects.h>
#include <strings.h>

struct curve_info {
	int nid;
	const char *name;
	const char *openssl_name;
	size_t len; /* of a coordinate; a scalar has the same on each of these curves */
	int parameter_id;
	struct bytes oid;
};

#define OID(text)                                                                                                                \
	{                                                                                                                        \
		(const uint8_t *)("" text), sizeof(text) - 1                                                                     \
	}
#define ANSI_PRIME(arc) OID("\x2A\x86\x48\xCE\x3D\x03\x01" arc)	   /* 1.2.840.10045.3.1 */
#define CERTICOM(arc) OID("\x2B\x81\x04\x00" arc)		   /* 1.3.132.0 */
#define BRAINPOOL(arc) OID("\x2B\x24\x03\x03\x02\x08\x01\x01" arc) /* 1.3.36.3.3.2.8.1.1 */

/* Parameter ids: ICAO 9303-11 9.5.1, standardized domain parameters. OIDs: RFC 5480 2.1.1.1, RFC 5639 4.1. */
static const struct curve_info infos[EC_CURVE_COUNT] = {
	[EC_P192] = { NID_X9_62_prime192v1, "P-192", "prime192v1", 24, 8, ANSI_PRIME("\x01") },
	[EC_P224] = { NID_secp224r1, "P-224", "secp224r1", 28, 10, CERTICOM("\x21") },
	[EC_P256] = { NID_X9_62_prime256v1, "P-256", "prime256v1", 32, 12, ANSI_PRIME("\x07") },
	[EC_P384] = { NID_secp384r1, "P-384", "secp384r1", 48, 15, CERTICOM("\x22") },
	[EC_P521] = { NID_secp521r1, "P-521", "secp521r1", 66, 18, CERTICOM("\x23") },
	[EC_BP192] = { NID_brainpoolP192r1, "brainpoolP192r1", "brainpoolP192r1", 24, 9, BRAINPOOL("\x03") },
	[EC_BP224] = { NID_brainpoolP224r1, "brainpoolP224r1", "brainpoolP224r1", 28, 11, BRAINPOOL("\x05") },
	[EC_BP256] = { NID_brainpoolP256r1, "brainpoolP256r1", "brainpoolP256r1", 32, 13, BRAINPOOL("\x07") },
	[EC_BP320] = { NID_brainpoolP320r1, "brainpoolP320r1", "brainpoolP320r1", 40, 14, BRAINPOOL("\x09") },
	[EC_BP384] = { NID_brainpoolP384r1, "brainpoolP384r1", "brainpoolP384r1", 48, 16, BRAINPOOL("\x0B") },
	[EC_BP512] = { NID_brainpoolP512r1, "brainpoolP512r1", "brainpoolP512r1", 64, 17, BRAINPOOL("\x0D") },
};

static const struct curve_info *info_of(enum ec_curve curve)
{
	CC_ASSERT(curve < EC_CURVE_COUNT);
	return &infos[curve];
}

size_t ec_field_len(enum ec_curve curve)
{
	return info_of(curve)->len;
}

size_t ec_order_len(enum ec_curve curve)
{
	return info_of(curve)->len;
}

const char *ec_curve_name(enum ec_curve curve)
{
	return info_of(curve)->name;
}

const char *ec_curve_openssl_name(enum ec_curve curve)
{
	return info_of(curve)->openssl_name;
}

struct bytes ec_curve_oid(enum ec_curve curve)
{
	return info_of(curve)->oid;
}

int ec_curve_parameter_id(enum ec_curve curve)
{
	return info_of(curve)->parameter_id;
}

bool ec_curve_from_name(const char *name, enum ec_curve *ret)
{
	for (int i = 0; i < EC_CURVE_COUNT; i++) {
		if (strcasecmp(name, infos[i].name) == 0 || strcasecmp(name, infos[i].openssl_name) == 0) {
			*ret = (enum ec_curve)i;
			return true;
		}
	}
	return false;
}

bool ec_curve_from_oid(struct bytes oid, enum ec_curve *ret)
{
	for (int i = 0; i < EC_CURVE_COUNT; i++) {
		if (bytes_equal(oid, infos[i].oid)) {
			*ret = (enum ec_curve)i;
			return true;
		}
	}
	return false;
}

bool ec_curve_from_parameter_id(unsigned id, enum ec_curve *ret)
{
	for (int i = 0; i < EC_CURVE_COUNT; i++) {
		if ((unsigned)infos[i].parameter_id == id) {
			*ret = (enum ec_curve)i;
			return true;
		}
	}
	return false;
}

static EC_GROUP *groups[EC_CURVE_COUNT];
static pthread_mutex_t groups_lock = PTHREAD_MUTEX_INITIALIZER;

const EC_GROUP *ec_curve_group(enum ec_curve curve)
{
	const struct curve_info *info = info_of(curve);
	const EC_GROUP *group;

	CC_ASSERT(pthread_mutex_lock(&groups_lock) == 0);
	if (groups[curve] == NULL)
		groups[curve] = EC_GROUP_new_by_curve_name(info->nid);
	group = groups[curve];
	CC_ASSERT(pthread_mutex_unlock(&groups_lock) == 0);
	return group;
}
