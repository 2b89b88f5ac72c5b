/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

bool pem_is(struct bytes data)
{
	static const char start[] = "-----BEGIN ";

	return data.n > 0 && memmem(data.p, data.n, start, sizeof start - 1) != NULL;
}

static bool is_certificate(const char *name)
{
	return strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0;
}

static bool is_crl(const char *name)
{
	return strcmp(name, PEM_STRING_X509_CRL) == 0;
}

static cc_status each_block(struct bytes data, bool (*wanted)(const char *name), cc_status (*each)(void *ctx, struct bytes der),
			    void *ctx, size_t *ret_count)
{
	BIO *bio;
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	long n = 0;
	size_t count = 0;
	cc_status st = cc_ok();

	if (data.n > PEM_LEN_MAX)
		return cc_code_status(CC_E_LIMIT);
	bio = BIO_new_mem_buf(data.p, (int)data.n);
	if (bio == NULL)
		return cc_code_status(CC_E_MEMORY);
	while (!cc_failed(st) && PEM_read_bio(bio, &name, &header, &der, &n) == 1) {
		if (wanted(name) && n > 0) {
			count++;
			st = each(ctx, bytes_of(der, (size_t)n));
		}
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(der);
	}
	ERR_clear_error();
	BIO_free(bio);
	if (!cc_failed(st))
		*ret_count = count;
	return st;
}

cc_status pem_each_certificate(struct bytes data, cc_status (*each)(void *ctx, struct bytes der), void *ctx, size_t *ret_count)
{
	return each_block(data, is_certificate, each, ctx, ret_count);
}

cc_status pem_each_crl(struct bytes data, cc_status (*each)(void *ctx, struct bytes der), void *ctx, size_t *ret_count)
{
	return each_block(data, is_crl, each, ctx, ret_count);
}

cc_status pem_encode_certificate(struct bytes der, struct buf *ret)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long n;
	cc_status st = cc_code_status(CC_E_CRYPTO);

	if (bio != NULL && PEM_write_bio(bio, PEM_STRING_X509, "", der.p, (long)der.n) > 0) {
		n = BIO_get_mem_data(bio, &text);
		if (n > 0)
			st = buf_copy(ret, bytes_of(text, (size_t)n));
	}
	BIO_free(bio);
	ERR_clear_error();
	return st;
}
