/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_REGISTRY_H
#define CC_STATION_REGISTRY_REGISTRY_H

#include "crypto/base/buf.h"
#include "crypto/base/err.h"
#include "crypto/base/sys.h"
#include "crypto/keystore.h"
#include "station/config.h"
#include "station/registry/check.h"
#include "station/registry/person.h"
#include "station/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The people of a station, in its store. Nothing personal lies there in the
 * clear: a record is sealed under a key derived from the key store's
 * "registry-data", the number is found by a keyed hash, name, place and old number
 * by short keyed hashes ("marks").
 */
#define REGISTRY_KEY_LABEL "registry-data"

struct registry;

/*
 * store and ks are borrowed and must outlive it. The key "registry-data" is made when the registry is new and there is
 * none. CC_E_VERIFY "registry.key-wrong": the rows were sealed under another key. Not while a transaction is open.
 */
CC_MUST cc_status registry_open(struct store *store, struct keystore *ks, const struct sys *sys, struct registry **ret,
				struct cc_error *err);
/* The same for a dry run: a new registry's key is not booked in the store. */
CC_MUST cc_status registry_open_dry(struct store *store, struct keystore *ks, const struct sys *sys, struct registry **ret,
				    struct cc_error *err);
void registry_close(struct registry **r); /* wipes; NULL-safe */

/* ret_photo may be NULL; it stays empty when there is no photo. CC_E_NOT_FOUND "registry.not-found", CC_E_VERIFY
 * "registry.damaged". */
CC_MUST cc_status registry_find(struct registry *r, const char *number, struct person *ret, struct buf *ret_photo,
				struct cc_error *err);

enum registry_put { PUT_ADDED, PUT_UNCHANGED, PUT_COMPLETED, PUT_CONFLICT };
/*
 * Adds a person. The same content again: PUT_UNCHANGED; the same with the photo that was missing: PUT_COMPLETED.
 * Another content under a number that is there: PUT_CONFLICT, nothing is overwritten. photo may be empty. Inside the
 * caller's transaction.
 */
CC_MUST cc_status registry_put(struct registry *r, const struct person *p, struct bytes photo, enum registry_put *ret,
			       struct cc_error *err);
/* What registry_put would say. */
CC_MUST cc_status registry_compare(struct registry *r, const struct person *p, struct bytes photo, enum registry_put *ret,
				   struct cc_error *err);

/*
 * Puts `after` in the place of `before`, whom it corrects: the same number. Inside the caller's transaction; nobody else
 * adds, corrects or rotates until it ends. CC_E_STATE "registry.changed-meanwhile": the registry holds something else than
 * before; CC_E_NOT_FOUND.
 */
CC_MUST cc_status registry_replace(struct registry *r, const struct person *before, const struct person *after,
				   struct cc_error *err);

/*
 * Puts a photo where there is none, or in another's place; *ret_before: the one that was there, empty when none was. Inside
 * the caller's transaction, as registry_replace.
 */
CC_MUST cc_status registry_set_photo(struct registry *r, const char *number, struct bytes photo, struct buf *ret_before,
				     struct cc_error *err);

/* Called for each person; false stops the walk. */
typedef bool (*registry_visit)(void *ctx, const struct person *p, bool has_photo);
/* What an officer knows of somebody; NULL and 0: unknown. All that is given must fit; a birth year alone is not enough. */
struct registry_query {
	const char *words;    /* of the name, in any order, accents and case do not count */
	const char *number;   /* personal number */
	const char *old_cmnd; /* old identity number */
	const char *place;    /* commune or district of the residence, "Phường" or "Xã" may be left away */
	unsigned birth_year;
};
/*
 * At most `limit` people, full names first. Time does not grow with the registry
 * while the page fills; for words that nearly nobody has together it grows with
 * the rarest one's share. CC_E_ARG "registry.search-text".
 */
CC_MUST cc_status registry_query(struct registry *r, const struct registry_query *q, size_t limit, registry_visit visit,
				 void *ctx, struct cc_error *err);
/* registry_query by words alone. */
CC_MUST cc_status registry_search(struct registry *r, const char *text, size_t limit, registry_visit visit, void *ctx,
				  struct cc_error *err);
/* Everybody. The visitor may not change the registry. */
CC_MUST cc_status registry_walk(struct registry *r, registry_visit visit, void *ctx, struct cc_error *err);
CC_MUST cc_status registry_count(struct registry *r, int64_t *ret, struct cc_error *err);

/*
 * Rotation of the keys, while the station works. begin makes the next key, which
 * seals from then on; each step moves at most `limit` people in one transaction,
 * until done. A rotation that was broken off goes on with the same two calls. The
 * old key may be destroyed in the key store when it is done and no backup needs it.
 */
struct registry_rotation {
	int64_t last; /* start from {0} */
	uint64_t moved;
	bool done;
};
CC_MUST cc_status registry_rotate_begin(struct registry *r, struct cc_error *err);
CC_MUST cc_status registry_rotate_step(struct registry *r, size_t limit, struct registry_rotation *at, struct cc_error *err);

/* Today in Vietnam and the rules of the home's settings. */
CC_MUST cc_status registry_check_context(const struct config *c, struct check_context *ret, struct cc_error *err);

#endif
