/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_RSA_H
#define CC_CRYPTO_RSA_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/pubkey.h"

/*
 * RSA keys and signatures (RFC 8017). Padding is chosen by struct sig_alg:
 * SIG_RSA_PKCS1 or SIG_RSA_PSS. Private numbers are wiped by free.
 */
#define RSA_BITS_MIN 1024
#define RSA_BITS_MAX 8192

struct rsa_key;

/* Unsigned big-endian. The modulus has RSA_BITS_MIN to RSA_BITS_MAX bits and is odd, the exponent is odd and over 1: CC_E_VERIFY.
 */
CC_MUST cc_status rsa_key_public(struct bytes modulus, struct bytes exponent, struct rsa_key **ret);
/* 2048, 3072 or 4096 bits, exponent 65537. */
CC_MUST cc_status rsa_key_generate(unsigned bits, struct rsa_key **ret);
/* PKCS#8 PrivateKeyInfo (RFC 5208), for key stores only. */
CC_MUST cc_status rsa_key_import(struct bytes pkcs8, struct rsa_key **ret);
CC_MUST cc_status rsa_key_export(const struct rsa_key *k, struct buf *ret_pkcs8);
void rsa_key_free(struct rsa_key **k);
/* Without leading zeros. */
CC_MUST cc_status rsa_key_numbers(const struct rsa_key *k, struct buf *ret_modulus, struct buf *ret_exponent);

/*
 * The bare private operation (RFC 8017 5.2.1, RSASP1), blinded: for a chip that
 * signs by ISO/IEC 9796-2. in: as many bytes as the modulus, below it
 * (CC_E_VERIFY); ret has as many.
 */
CC_MUST cc_status rsa_private_raw(const struct rsa_key *k, struct bytes in, struct buf *ret);
CC_MUST cc_status rsa_sign_digest(const struct rsa_key *k, struct sig_alg alg, struct bytes digest, struct buf *ret);
/* CC_E_VERIFY when wrong. */
CC_MUST cc_status rsa_verify_digest(const struct rsa_key *k, struct sig_alg alg, struct bytes digest, struct bytes sig);

#endif
