/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_REGISTRY_ROWS_H
#define CC_STATION_REGISTRY_REGISTRY_ROWS_H

#include "crypto/hash.h"
#include "crypto/seal.h"
#include "station/registry/registry.h"

/*
 * Inside the registry: keys (registry.c), marks (registry_marks.c), the rows
 * (registry_rows.c), who stands under a mark (registry_postings.c), and who reads
 * and writes many rows (registry_search.c, registry_rotate.c, import.c).
 */
#define REGISTRY_MAC_LEN 16
#define REGISTRY_KEYS_MAX 4
#define REGISTRY_MARKS_MAX 24

struct mark_cache;

/* What one version of the master key gives. A thread that prepares rows has its own. */
struct registry_key {
	int64_t version;
	struct sealer *sealer;
	struct hmac *number, *content, *mark;
};
struct registry_keys {
	size_t count;
	struct registry_key items[REGISTRY_KEYS_MAX]; /* the newest first: it seals; the others are read until all is rotated */
	struct mark_cache *cache;
};
/* Live versions from the store, each key checked. make_first: a registry without any makes its key. */
CC_MUST cc_status registry_keys_open(struct registry *r, bool make_first, struct registry_keys *ret, struct cc_error *err);
void registry_keys_done(struct registry_keys *k); /* wipes */
/* One more version, checked by nobody yet. */
CC_MUST cc_status registry_key_derive(struct registry *r, int64_t version, struct registry_key *ret, struct cc_error *err);
void registry_key_done(struct registry_key *k);
/* The label of a version's master key in the key store: "registry-data", "registry-data-2". */
void registry_key_label(int64_t version, char out[KEYSTORE_LABEL_MAX + 1]);
/* Makes the version's master key when there is none, and books its check. Inside the caller's transaction. */
CC_MUST cc_status registry_key_make(struct registry *r, int64_t version, struct cc_error *err);
CC_MUST cc_status registry_key_book(struct registry *r, const struct registry_key *k, struct cc_error *err);

/*
 * At the start of a transaction that adds people: nobody else adds or rotates
 * until it ends. CC_E_BUSY "registry.keys-changed": another station rotated the keys
 * since these were read; open the registry again.
 */
CC_MUST cc_status registry_hold_keys(struct registry *r, struct cc_error *err);
/* Reads the keys again when another station changed them; *ret_changed. Outside transactions. */
CC_MUST cc_status registry_refresh_keys(struct registry *r, bool *ret_changed, struct cc_error *err);

struct registry {
	struct store *store;
	struct keystore *ks;
	const struct sys *sys;
	struct registry_keys keys;
	bool dry; /* a new registry's key is not booked */
};

/* The store's detail, when it has one, as this call's. */
cc_status registry_store_error(struct registry *r, cc_status st, struct cc_error *err);
cc_status registry_crypto_error(cc_status st, struct cc_error *err, const char *what);

/* The first REGISTRY_MAC_LEN bytes of the MAC. */
CC_MUST cc_status registry_mac(struct hmac *h, struct bytes in, uint8_t out[REGISTRY_MAC_LEN]);

/*
 * A person on the way into the tables: first prepared (everything that needs no
 * id), then numbered and sealed, then written.
 */
struct registry_row {
	uint8_t number_mac[REGISTRY_KEYS_MAX][REGISTRY_MAC_LEN];
	uint8_t content_mac[REGISTRY_KEYS_MAX][REGISTRY_MAC_LEN];
	uint8_t photo_mac[REGISTRY_KEYS_MAX][REGISTRY_MAC_LEN];
	struct buf record, photo; /* plain, after the seal sealed */
	struct buf fingers;	  /* packed prints (fingers.h), plain; empty: none */
	bool has_photo, sealed;
	size_t mark_count;
	int64_t marks[REGISTRY_MARKS_MAX];
	int64_t id;
};
CC_MUST cc_status registry_row_prepare(struct registry_keys *k, const struct person *p, struct bytes photo,
				       struct registry_row *ret);
CC_MUST cc_status registry_row_seal(struct registry_keys *k, struct registry_row *row);
void registry_row_done(struct registry_row *row);
/* $1 to $5: id, number_mac, content_mac, key_version, record, as the newest key has them. */
CC_MUST cc_status registry_row_bind(const struct registry *r, const struct registry_row *row, struct stmt *q);
/* What a write would say; *ret_id: of the row that is there. */
CC_MUST cc_status registry_row_compare(struct registry *r, const struct registry_row *row, enum registry_put *ret,
				       int64_t *ret_id, struct cc_error *err);
/*
 * Writes a sealed row, inside the caller's transaction. Its marks are left to the
 * caller (registry_marks_write), who may have many rows' to sort.
 */
CC_MUST cc_status registry_row_write(struct registry *r, const struct registry_row *row, enum registry_put *ret,
				     struct cc_error *err);
struct registry_mark {
	int64_t mark, person;
};
/* By the first bits of the marks: an index is walked, not jumped in. People under one mark stay in their order. room: for as
 * many. */
void registry_marks_sort(struct registry_mark *marks, struct registry_mark *room, size_t count);
/* Ids for `count` rows, from *ret_first; inside the caller's transaction, or in one of its own. */
CC_MUST cc_status registry_take_ids(struct registry *r, size_t count, int64_t *ret_first, struct cc_error *err);

/*
 * registry_postings.c: who stands under a mark. Both inside the caller's transaction, which holds the keys. write: neighbours
 * of one mark whose ids rise become one row. drop: nothing when the person does not stand there.
 */
CC_MUST cc_status registry_marks_write(struct registry *r, const struct registry_mark *marks, size_t count, struct cc_error *err);
CC_MUST cc_status registry_mark_drop(struct registry *r, struct registry_mark m, struct cc_error *err);

/* People under one mark, read a slice of ids at a time; no statement stays open between calls. */
#define REGISTRY_SLICE_BITS 15
#define REGISTRY_SLICE (1 << REGISTRY_SLICE_BITS)
struct registry_postings {
	int64_t mark;
	int64_t slice;	/* of which the bits tell; -1: none is read yet */
	int64_t beyond; /* the first person after the slice; 0: nobody */
	uint64_t bits[REGISTRY_SLICE / 64];
};
void registry_postings_begin(struct registry_postings *l, int64_t mark);
/* The first one with an id of at least `from`, which is positive and rises from call to call; 0: nobody. */
CC_MUST cc_status registry_postings_next(struct registry *r, struct registry_postings *l, int64_t from, int64_t *ret,
					 struct cc_error *err);

/*
 * registry_fingers.c, by a person's id. compare: PUT_COMPLETED when there are none yet, PUT_UNCHANGED, PUT_CONFLICT.
 * move: to the newest key.
 */
CC_MUST cc_status registry_fingers_compare(struct registry *r, int64_t id, struct bytes packed, enum registry_put *ret,
					   struct cc_error *err);
CC_MUST cc_status registry_fingers_add(struct registry *r, int64_t id, struct bytes packed, struct cc_error *err);
CC_MUST cc_status registry_fingers_move(struct registry *r, int64_t id, struct cc_error *err);

/*
 * Rewrites row `id`, which lies under key old_key (its place in r->keys) and says `before`, whole and under the newest key:
 * record, photo, prints and marks. Inside the caller's transaction. registry_rotate.c.
 */
CC_MUST cc_status registry_row_rewrite(struct registry *r, size_t old_key, int64_t id, const struct person *before,
				       const struct person *after, struct bytes photo, struct cc_error *err);

/* The row of this number. CC_E_NOT_FOUND. */
CC_MUST cc_status registry_id_of(struct registry *r, const char *number, int64_t *ret, struct cc_error *err);

/* Columns of a query that registry_row_open reads: id, key_version, record; then has_photo or the photo itself. */
CC_MUST cc_status registry_row_open(struct registry *r, struct stmt *q, struct person *ret, struct cc_error *err);
CC_MUST cc_status registry_photo_open(struct registry *r, struct stmt *q, int column, struct buf *ret, struct cc_error *err);

/*
 * ---- marks: what somebody is found by, as 8 bytes of a keyed hash. Words of
 * the name are marked together with the birth year, so that a common name's list is
 * as short as a year's.
 */
enum mark_kind {
	MARK_WORD = 'w',     /* a word of the name, and the birth year */
	MARK_NAME = 'n',     /* all words of the name, sorted */
	MARK_OLD_CMND = 'c', /* old identity number */
	MARK_PLACE = 'p',    /* commune or district of the residence */
	MARK_IDENTITY = 'i', /* name, birth date and parents: who they are whatever their number */
};
struct mark_words {
	size_t count;
	char words[16][24]; /* search keys, cut; sorted, each once */
};
/* CC_E_ARG: no letters, or too many. */
CC_MUST cc_status mark_words_of(const char *text, struct mark_words *ret);
CC_MUST cc_status mark_of(struct registry_keys *k, size_t key, enum mark_kind kind, unsigned year, const char *text,
			  int64_t *ret);
CC_MUST cc_status mark_of_name(struct registry_keys *k, size_t key, const struct mark_words *words, int64_t *ret);
/* A commune's or district's name without "Phường", "Xã", ... as it is compared. */
CC_MUST cc_status mark_place_key(const char *name, char *out, size_t cap);
/* False: too little is known (no whole birth date, no parent) to say that two are one. */
CC_MUST bool mark_identity_text(const struct person *p, char *out, size_t cap);
/* All marks of a person under one of the keys (0: the newest). */
CC_MUST cc_status marks_of_person(struct registry_keys *k, size_t key, const struct person *p, int64_t *ret, size_t cap,
				  size_t *ret_count);
CC_MUST cc_status mark_cache_new(struct mark_cache **ret);
void mark_cache_free(struct mark_cache **c);

#endif
