/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_EXCHANGE_H
#define CC_STATION_REGISTRY_EXCHANGE_H

#include "station/issue/books.h"
#include "station/registry/check.h"
#include "station/registry/exchange_package.h"
#include "station/registry/registry.h"

/*
 * Packages between a centre and its mobile teams: applicants out, results back,
 * as files that may be carried on a stick.
 *
 * A package is a COSE_Sign1 inside a COSE_Encrypt. Signed first, so that the
 * signature covers what people meant (and names the receiver), and who sent it
 * is hidden from all but the receiver; encrypted to the receiver's key by ECDH.
 * Both stations know each other's keys from identity files, whose fingerprints
 * two people have compared.
 *
 * Each direction of a pair of stations counts its packages and chains their
 * hashes: one is taken once, in order, whole, in one transaction, or not at all.
 * A person who was handed out can't get a card here until the result is back;
 * the receiver issues while the package is valid and its quota lasts (I2).
 */
#define EXCHANGE_SIGN_LABEL "exchange-sign-1"
#define EXCHANGE_AGREE_LABEL "exchange-agree-1"
#define EXCHANGE_NAME_SIZE 64
#define EXCHANGE_FINGERPRINT_SIZE 65

/* Why an applicant was not taken over, or came back as one who was not. */
enum exchange_conflict {
	EXCHANGE_OTHER_RECORD, /* this station has another record under the number */
	EXCHANGE_IN_WORK,      /* this person is being worked on here already */
	EXCHANGE_TOLD_BACK,    /* one of both, at the other station */
};
const char *exchange_conflict_name(enum exchange_conflict why); /* "other-record", "in-work", "told-back" */

struct exchange_params {
	struct registry *registry; /* of the same store as books */
	struct books *books;
	struct keystore *keystore;
	const struct sys *sys;
	const char *name; /* of this station: 1 to 63 bytes */
	bool dry_run;	  /* pin, make and take do all but commit */
	/* Whoever may have no card is handed to nobody: judged as issuing would. NULL: only by what open forms say. */
	const struct check_context *check;
	/* Told of each applicant in conflict while a package is taken, before that is final. NULL: nobody wants to know. */
	void (*conflict)(void *ctx, const char *number, enum exchange_conflict why);
	void *ctx;
};

struct exchange {
	struct exchange_params p;
	struct buf sign_spki, agree_spki;
	uint8_t kid[EXCHANGE_KID_LEN];
};

/* Makes the two keys (P-256) when there are none. p's objects are borrowed. */
CC_MUST cc_status exchange_init(struct exchange *x, const struct exchange_params *p, struct cc_error *err);
void exchange_done(struct exchange *x);

/* ---- peers */
/* The identity file of this station: signed by its own key. fingerprint: SHA-256 of the file's content, hex. */
CC_MUST cc_status exchange_identity(struct exchange *x, struct buf *ret, char fingerprint[EXCHANGE_FINGERPRINT_SIZE],
				    struct cc_error *err);
/*
 * Pins a peer. fingerprint: at least its first 16 digits, as the other station
 * told them (CC_E_VERIFY "exchange.fingerprint" when they differ). The same again: CC_OK. CC_E_EXISTS
 * "exchange.peer-exists": another key under that name.
 */
CC_MUST cc_status exchange_pin(struct exchange *x, struct bytes identity, const char *fingerprint,
			       char ret_name[EXCHANGE_NAME_SIZE], struct cc_error *err);

/* ---- making */
struct exchange_made {
	char id[EXCHANGE_ID_SIZE];
	uint64_t seq;
	size_t items;
};
/*
 * Applicants for `peer`: each is handed out (CC_E_STATE "exchange.given-out",
 * "issue.card-active", "issue.card-revoked" when no application for an exchange or a reissue is live, "issue.job-busy";
 * CC_E_NOT_FOUND "registry.not-found"; CC_E_HELD with the key of the first hold); all or none. A live application goes with its
 * person and is held here (exchange_application.h). The package is kept in the store until it is acknowledged, so that its file
 * can be written again.
 */
CC_MUST cc_status exchange_make_applicants(struct exchange *x, const char *peer, const char *const *numbers, size_t count,
					   uint64_t quota, int64_t expires_ms, struct buf *ret, struct exchange_made *made,
					   struct cc_error *err);
/* exchange_make_applicants would take this person. */
CC_MUST cc_status exchange_is_free(struct exchange *x, const char *number, bool *ret, struct cc_error *err);
/*
 * Results for `peer` of what it handed to us: cards issued, and applicants whose package has expired without one.
 * CC_E_NOT_FOUND "exchange.nothing": there are none yet.
 */
CC_MUST cc_status exchange_make_results(struct exchange *x, const char *peer, int64_t expires_ms, struct buf *ret,
					struct exchange_made *made, struct cc_error *err);
/* The bytes of a package that was made before. CC_E_NOT_FOUND "exchange.no-package": never made, or acknowledged. */
CC_MUST cc_status exchange_again(struct exchange *x, const char *peer, uint64_t seq, struct buf *ret, struct cc_error *err);

/* ---- taking */
struct exchange_taken {
	char peer[EXCHANGE_NAME_SIZE];
	char id[EXCHANGE_ID_SIZE];
	uint64_t seq;
	enum exchange_kind kind;
	bool before; /* it was taken before: nothing changed */
	size_t items, added, unchanged, conflicts, issued, returned;
};
/*
 * CC_E_VERIFY "exchange.unknown-sender", "cose.signature", "cose.decrypt", "exchange.forked" (another package under a
 * number that was taken); CC_E_NOT_FOUND "cose.recipient"; CC_E_STATE "exchange.order" (an earlier one is missing),
 * "exchange.expired", "exchange.not-given"; CC_E_FORMAT. Nothing is stored then.
 */
CC_MUST cc_status exchange_take(struct exchange *x, struct bytes file, struct exchange_taken *ret, struct cc_error *err);

/* ---- telling */
struct exchange_row {
	char id[EXCHANGE_ID_SIZE];
	char peer[EXCHANGE_NAME_SIZE];
	bool out;
	enum exchange_kind kind;
	uint64_t seq, items, open, quota, quota_used; /* open: items without a result */
	int64_t expires_ms;
};
typedef void (*exchange_visit)(void *ctx, const struct exchange_row *row);
CC_MUST cc_status exchange_list(struct exchange *x, exchange_visit visit, void *ctx, struct cc_error *err);
/* The stations that are pinned here, by name. */
CC_MUST cc_status exchange_list_peers(struct exchange *x, void (*visit)(void *ctx, const char *name), void *ctx,
				      struct cc_error *err);

/*
 * Before a card: may this person's be made here? Inside the caller's transaction
 * of the books. CC_E_HELD "exchange.given-out", "exchange.issued-elsewhere", "exchange.returned",
 * "exchange.work-expired", "exchange.quota". An applicant of another station's package uses one signature of its quota.
 */
CC_MUST cc_status exchange_claim(struct books *b, const uint8_t number_mac[BOOKS_MAC_LEN], struct cc_error *err);

#endif
