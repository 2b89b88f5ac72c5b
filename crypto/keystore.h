/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_KEYSTORE_H
#define CC_CRYPTO_KEYSTORE_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/base/secret.h"
#include "crypto/base/sys.h"
#include "crypto/ec.h"
#include "crypto/kdf.h"
#include "crypto/password.h"
#include "crypto/pubkey.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The key store performs operations and never returns a private key. Keys have
 * labels of 1 to 63 characters [a-z0-9.-]: "csca-1", "ds-1", "perso-master".
 *
 * Implementations: keystore_file (encrypted file, the embedded default) and
 * keystore_pkcs11 (HSM). A station opens one; calls are thread-safe.
 */
#define KEYSTORE_LABEL_MAX 63

/* KEYSTORE_TDES: two-key triple DES (128 bits), a master key for chips of SCP02. */
enum keystore_kind { KEYSTORE_EC, KEYSTORE_RSA, KEYSTORE_AES, KEYSTORE_TDES };

struct keystore_key_info {
	char label[KEYSTORE_LABEL_MAX + 1];
	enum keystore_kind kind;
	enum ec_curve curve; /* KEYSTORE_EC */
	unsigned bits;	     /* RSA modulus, AES or triple DES key bits */
	/* EC, when it is made: for keystore_agree and not for signing. A token holds keys to it; those of a file do both. */
	bool agrees;
	int64_t created_ms;
};

struct keystore;

struct keystore_ops {
	const char *name;
	cc_status (*generate)(struct keystore *ks, const struct keystore_key_info *want);
	cc_status (*info)(struct keystore *ks, const char *label, struct keystore_key_info *ret);
	cc_status (*public_key)(struct keystore *ks, const char *label, struct buf *ret_spki);
	cc_status (*sign)(struct keystore *ks, const char *label, struct sig_alg alg, struct bytes message, struct buf *ret_sig);
	cc_status (*derive_kdf3)(struct keystore *ks, const char *label, uint8_t key_id, struct bytes diversification,
				 struct secret *ret);
	cc_status (*derive_tdes)(struct keystore *ks, const char *label, enum kdf_tdes_scheme scheme, uint8_t key_id,
				 struct bytes diversification, struct secret *ret);
	cc_status (*agree)(struct keystore *ks, const char *label, struct bytes peer_point, struct buf *ret_x);
	cc_status (*list)(struct keystore *ks, struct keystore_key_info *ret, size_t cap, size_t *ret_count);
	void (*close)(struct keystore *ks);
};

/*
 * First member of each implementation's struct. err: the detail of the last
 * failure, replaced by the next one. With several threads use keystore_error.
 */
struct keystore {
	const struct keystore_ops *ops;
	struct cc_error err;
	struct keystore_checker *checkers; /* keystore.c's: public keys that verified a signature of their label */
};

/* Hands the detail of the last failure on into ret, unless ret already holds a cause. Safe beside other threads' calls. */
void keystore_error(const struct keystore *ks, struct cc_error *ret);
/* For implementations: records the detail of a failed call. */
cc_status keystore_fail(struct keystore *ks, enum cc_code code, const char *key, const char *fmt, ...) CC_PRINTF(4, 5);
/* 1 to KEYSTORE_LABEL_MAX characters of [a-z0-9.-]. */
bool keystore_label_valid(const char *label);

/* CC_E_EXISTS when the label is taken: keys are never replaced. The new key is durable when this returns. */
CC_MUST cc_status keystore_generate(struct keystore *ks, const struct keystore_key_info *want);
CC_MUST cc_status keystore_info(struct keystore *ks, const char *label, struct keystore_key_info *ret);
/* SubjectPublicKeyInfo with named parameters. */
CC_MUST cc_status keystore_public_key(struct keystore *ks, const char *label, struct buf *ret_spki);
/* Signs message; every signature is verified with the public key before it leaves (fault attacks, broken HSMs). ECDSA in DER
 * form. */
CC_MUST cc_status keystore_sign(struct keystore *ks, const char *label, struct sig_alg alg, struct bytes message,
				struct buf *ret_sig);
/*
 * The same without the verification, for crypto/cms_sign.c alone: whoever that signs for verifies the finished object with the
 * key of the certificate inside it. tests/lint/check.sh ("unverified") holds everybody else off.
 */
CC_MUST cc_status keystore_sign_unverified(struct keystore *ks, const char *label, struct sig_alg alg, struct bytes message,
					   struct buf *ret_sig);
/* The public key that verified this label's signatures is k; false before the first one. */
bool keystore_signed_for(struct keystore *ks, const char *label, const struct pubkey *k);
/* A card key from an AES master key (kdf_kdf3): the one secret that leaves, for one card. */
CC_MUST cc_status keystore_derive_kdf3(struct keystore *ks, const char *label, uint8_t key_id, struct bytes diversification,
				       struct secret *ret);
/*
 * A card key by the scheme of its chip's maker (kdf_card_key). CC_E_ARG "keystore.kind": the master key is of another kind.
 * A token has no triple DES keys: CC_E_UNSUPPORTED.
 */
CC_MUST cc_status keystore_derive_card_key(struct keystore *ks, const char *label, enum kdf_scheme scheme, uint8_t key_id,
					   struct bytes diversification, struct secret *ret);
/*
 * ECDH (TR-03111 4.3.1) of an EC key with a checked point (04||x||y) of its curve: the x-coordinate, from which the caller
 * derives a message key. CC_E_VERIFY: the point is not on the curve. CC_E_UNSUPPORTED: this store can't.
 */
CC_MUST cc_status keystore_agree(struct keystore *ks, const char *label, struct bytes peer_point, struct buf *ret_x);
/* *ret_count: all there are; at most cap are written. */
CC_MUST cc_status keystore_list(struct keystore *ks, struct keystore_key_info *ret, size_t cap, size_t *ret_count);
void keystore_close(struct keystore **ks); /* wipes; NULL-safe */

/*
 * ---- keystore_file.c: one file of AES-256-GCM sealed keys under a password
 * (argon2id). Each key is bound to its label and description; a MAC over the
 * whole file shows a removed, swapped or older entry. A whole older file can't be
 * told from the current one by its bytes: an open store refuses it, a new
 * process can't (that takes a counter elsewhere). Writers of several processes
 * queue behind PATH.lock; keys that another process made are seen.
 */
/* Makes a new file (CC_E_EXISTS if there is one). */
CC_MUST cc_status keystore_file_create(const char *path, struct bytes password, const struct sys *sys, struct keystore **ret,
				       struct cc_error *err);
/* The same with a cost other than the default of 64 MiB, 3 passes, 4 lanes. */
CC_MUST cc_status keystore_file_create_cost(const char *path, struct bytes password, struct password_cost cost,
					    const struct sys *sys, struct keystore **ret, struct cc_error *err);
/* Wrong password: CC_E_DENIED, key "keystore.password". Changed file: CC_E_VERIFY. */
CC_MUST cc_status keystore_file_open(const char *path, struct bytes password, const struct sys *sys, struct keystore **ret,
				     struct cc_error *err);

#endif
