/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hash.h"

#include "crypto/base/secret.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdio.h>
#include <strings.h>

struct hash_info {
	size_t len;
	const char *name;
	const char *short_name;
	struct bytes oid;
};

/* OIDs: RFC 3279 2.1 (SHA-1), RFC 5754 2 (SHA-2). */
static const struct hash_info infos[HASH_COUNT] = {
	[HASH_SHA1] = { 20, "SHA-1", "sha1", { (const uint8_t *)"\x2B\x0E\x03\x02\x1A", 5 } },
	[HASH_SHA224] = { 28, "SHA-224", "sha224", { (const uint8_t *)"\x60\x86\x48\x01\x65\x03\x04\x02\x04", 9 } },
	[HASH_SHA256] = { 32, "SHA-256", "sha256", { (const uint8_t *)"\x60\x86\x48\x01\x65\x03\x04\x02\x01", 9 } },
	[HASH_SHA384] = { 48, "SHA-384", "sha384", { (const uint8_t *)"\x60\x86\x48\x01\x65\x03\x04\x02\x02", 9 } },
	[HASH_SHA512] = { 64, "SHA-512", "sha512", { (const uint8_t *)"\x60\x86\x48\x01\x65\x03\x04\x02\x03", 9 } },
};

/* Fetched once for the process: a fetch per hash costs more than the hash of a short message. */
static EVP_MD *fetched[HASH_COUNT];
static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;

static void fetch_all(void)
{
	for (int i = 0; i < HASH_COUNT; i++)
		fetched[i] = EVP_MD_fetch(NULL, infos[i].name, NULL);
}

static const EVP_MD *evp_md(enum hash_alg alg)
{
	CC_ASSERT(alg < HASH_COUNT);
	CC_ASSERT(pthread_once(&fetch_once, fetch_all) == 0);
	return fetched[alg];
}

size_t hash_len(enum hash_alg alg)
{
	CC_ASSERT(alg < HASH_COUNT);
	return infos[alg].len;
}

const char *hash_name(enum hash_alg alg)
{
	CC_ASSERT(alg < HASH_COUNT);
	return infos[alg].name;
}

struct bytes hash_oid(enum hash_alg alg)
{
	CC_ASSERT(alg < HASH_COUNT);
	return infos[alg].oid;
}

bool hash_from_oid(struct bytes oid, enum hash_alg *ret)
{
	for (int i = 0; i < HASH_COUNT; i++) {
		if (bytes_equal(oid, infos[i].oid)) {
			*ret = (enum hash_alg)i;
			return true;
		}
	}
	return false;
}

bool hash_from_name(const char *name, enum hash_alg *ret)
{
	for (int i = 0; i < HASH_COUNT; i++) {
		if (strcasecmp(name, infos[i].name) == 0 || strcasecmp(name, infos[i].short_name) == 0) {
			*ret = (enum hash_alg)i;
			return true;
		}
	}
	return false;
}

cc_status hash_digest(enum hash_alg alg, struct bytes in, struct digest *ret)
{
	return hash_digest_parts(alg, &in, 1, ret);
}

cc_status hash_digest_parts(enum hash_alg alg, const struct bytes *parts, size_t count, struct digest *ret)
{
	const EVP_MD *md = evp_md(alg);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct digest out = { .n = hash_len(alg) };
	cc_status st = cc_code_status(CC_E_CRYPTO);

	if (ctx == NULL) {
		st = cc_code_status(CC_E_MEMORY);
		goto out;
	}
	if (md == NULL || EVP_DigestInit_ex2(ctx, md, NULL) != 1)
		goto out;
	for (size_t i = 0; i < count; i++) {
		if (parts[i].n > 0 && EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) != 1)
			goto out;
	}
	if (EVP_DigestFinal_ex(ctx, out.p, NULL) != 1)
		goto out;
	*ret = out;
	st = cc_ok();
out:
	cc_wipe(&out, sizeof out);
	EVP_MD_CTX_free(ctx);
	return st;
}

cc_status hash_hmac(enum hash_alg alg, struct bytes key, struct bytes in, struct digest *ret)
{
	static const uint8_t none[1];
	struct digest out = { 0 };
	cc_status st = cc_code_status(CC_E_CRYPTO);

	/* A NULL key means "the key set before" to the library: the empty key needs an address. */
	if (key.n == 0)
		key = bytes_of(none, 0);
	if (in.n == 0)
		in = bytes_of(none, 0);
	if (EVP_Q_mac(NULL, "HMAC", NULL, hash_name(alg), NULL, key.p, key.n, in.p, in.n, out.p, sizeof out.p, &out.n) != NULL &&
	    out.n == hash_len(alg)) {
		*ret = out;
		st = cc_ok();
	}
	cc_wipe(&out, sizeof out);
	return st;
}

struct hmac {
	EVP_MAC_CTX *ctx;
	size_t n;
};

cc_status hmac_new(enum hash_alg alg, struct bytes key, struct hmac **ret)
{
	struct hmac *h = cc_alloc(sizeof *h);
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	OSSL_PARAM params[2];
	char name[16];

	CC_ASSERT(key.n > 0);
	(void)snprintf(name, sizeof name, "%s", hash_name(alg));
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (h != NULL && mac != NULL) {
		h->n = hash_len(alg);
		h->ctx = EVP_MAC_CTX_new(mac);
	}
	EVP_MAC_free(mac);
	if (h == NULL || h->ctx == NULL || EVP_MAC_init(h->ctx, key.p, key.n, params) != 1) {
		cc_status st = cc_code_status(h == NULL ? CC_E_MEMORY : CC_E_CRYPTO);

		hmac_free(&h);
		return st;
	}
	*ret = h;
	return cc_ok();
}

cc_status hmac_run(struct hmac *h, struct bytes in, struct digest *ret)
{
	static const uint8_t none[1];
	struct digest out = { 0 };

	/* Without a key: the one from hmac_new stays. */
	if (EVP_MAC_init(h->ctx, NULL, 0, NULL) != 1 || EVP_MAC_update(h->ctx, in.n > 0 ? in.p : none, in.n) != 1 ||
	    EVP_MAC_final(h->ctx, out.p, &out.n, sizeof out.p) != 1 || out.n != h->n)
		return cc_code_status(CC_E_CRYPTO);
	*ret = out;
	return cc_ok();
}

void hmac_free(struct hmac **h)
{
	if (h == NULL || *h == NULL)
		return;
	EVP_MAC_CTX_free((*h)->ctx);
	cc_free(*h, sizeof **h);
	*h = NULL;
}
