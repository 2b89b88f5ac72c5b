/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_PKI_SIGNER_H
#define CC_STATION_PKI_SIGNER_H

#include "crypto/keystore.h"
#include "crypto/x509.h"
#include "station/config.h"
#include "station/issue/books.h"
#include "station/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Document signers of the station, "ds-1", "ds-2", ...: certificates in certs/,
 * keys in the key store, use in the store. A key signs while its private key
 * usage period runs, until it was used pki.ds-max-signatures times, and unless
 * it was retired. The lowest number that may sign does; the next one takes over
 * by itself. Each signature is counted durably before it is made: a count may
 * be one too high after a crash, never too low.
 */
#define PKI_SIGNERS_MAX 256

enum pki_signer_state {
	PKI_SIGNER_READY,
	PKI_SIGNER_NOT_YET,	/* its usage period begins later */
	PKI_SIGNER_PERIOD_OVER, /* of the private key, or the certificate expired */
	PKI_SIGNER_USED_UP,
	PKI_SIGNER_RETIRED,
};
const char *pki_signer_state_name(enum pki_signer_state s); /* "ready", "not-yet", "period-over", "used-up", "retired" */

struct pki_signer {
	unsigned number;
	char label[KEYSTORE_LABEL_MAX + 1];
	struct cert *cert;
	struct digest key_id; /* SHA-256 of the public key */
	int64_t from_s, to_s; /* when it may sign */
	int64_t used, recent; /* signatures: all, and of the last 30 days */
	int64_t cards;	      /* active cards that carry this key */
	bool retired;
	int64_t retired_ms;
};

struct pki_signers {
	size_t count;
	struct pki_signer items[PKI_SIGNERS_MAX]; /* by number */
	int64_t limit;				  /* of the setting */
	struct config config;			  /* where to look for one that was made meanwhile */
};

/* Certificates and limit; what the store knows comes with pki_signers_read_use. CC_E_NOT_FOUND "issue.signer-missing". */
CC_MUST cc_status pki_signers_load(const struct config *c, struct pki_signers **ret, struct cc_error *err);
void pki_signers_free(struct pki_signers **s);
CC_MUST cc_status pki_signers_read_use(struct pki_signers *s, struct store *store, int64_t now_s, struct cc_error *err);
enum pki_signer_state pki_signer_state(const struct pki_signers *s, const struct pki_signer *one, int64_t now_s);

/*
 * One of them may sign that often now: asked before a blank is touched. CC_E_STATE "signer.none". When none of them may, here
 * and in pki_signer_take, the folder is looked at again: a batch that runs for days goes on with the key that was made for it
 * yesterday. New ones are appended under the lock of the books; views stay.
 */
CC_MUST cc_status pki_signer_ready(struct pki_signers *s, struct books *b, unsigned signatures, int64_t now_s,
				   struct cc_error *err);

/*
 * Picks the key for one job's EF.SOD (and EF.CardSecurity) and counts the signatures; durable when it
 * returns. *ret is a view into s. CC_E_STATE "signer.none": detail says why each
 * of them may not sign.
 */
CC_MUST cc_status pki_signer_take(struct pki_signers *s, struct books *b, const char *job_id, unsigned signatures, int64_t now_s,
				  const struct pki_signer **ret, struct cc_error *err);

/* It never signs again. Durable. */
CC_MUST cc_status pki_signer_retire(const struct pki_signer *one, struct store *store, int64_t now_ms, struct cc_error *err);

/* The active cards that carry this key, by chip serial, oldest first. */
typedef cc_status (*pki_signer_each)(void *ctx, const char *serial, int64_t issued_ms);
CC_MUST cc_status pki_signer_each_card(const struct pki_signer *one, struct store *store, pki_signer_each each, void *ctx,
				       struct cc_error *err);

/* When must the next one be ready? */
struct pki_rotation {
	const struct pki_signer *current, *next; /* NULL: none */
	int64_t left;				 /* signatures of the current one */
	int64_t due_s;				 /* its period ends, or at the rate of the last 30 days the limit is reached */
	bool due_by_limit;
};
void pki_rotation_plan(const struct pki_signers *s, int64_t now_s, struct pki_rotation *ret);

#endif
