/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_EXCHANGE_PACKAGE_H
#define CC_STATION_REGISTRY_EXCHANGE_PACKAGE_H

#include "crypto/base/buf.h"
#include "crypto/base/err.h"
#include "crypto/cbor/cbor_read.h"
#include "crypto/cbor/cbor_write.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What stands in a package between two stations: one deterministic CBOR map.
 *
 *	 1 version (1)
 *	 2 id, 16 bytes
 *	 3 key id of the sender, 32 bytes
 *	 4 key id of the receiver: what is signed for one station can't be handed on as if for another
 *	 5 sequence number of this sender for this receiver, from 1
 *	 6 SHA-256 of the package before it in that sequence; empty for the first
 *	 7 made, 8 expires: milliseconds since 1970 UTC
 *	 9 the highest sequence number of the receiver that the sender has taken
 *	10 kind: "applicants", "results"
 *	11 quota: signatures that the receiver may make for it while it is offline; 0 for results
 *	12 applicants [ [ record (person_encode), photo, form of the application (application.h), if any ] ... ], results [ [
 *number, outcome, serial, files hash, time ] ... ]
 */
#define EXCHANGE_ID_LEN 16
#define EXCHANGE_ID_SIZE (2 * EXCHANGE_ID_LEN + 1)
#define EXCHANGE_KID_LEN 32
#define EXCHANGE_ITEMS_MAX 10000
#define EXCHANGE_BYTES_MAX (60u << 20)
#define EXCHANGE_QUOTA_MAX 100000

enum exchange_kind { EXCHANGE_APPLICANTS, EXCHANGE_RESULTS, EXCHANGE_KIND_COUNT };
const char *exchange_kind_name(enum exchange_kind k);

/* How an applicant's work ended at the station that took it. */
enum exchange_outcome {
	EXCHANGE_ISSUED,
	EXCHANGE_RETURNED, /* no card was made, and none will be from that package */
	EXCHANGE_CONFLICT, /* the receiver has another record under that number */
	EXCHANGE_OUTCOME_COUNT
};
const char *exchange_outcome_name(enum exchange_outcome o);

struct exchange_head {
	uint8_t id[EXCHANGE_ID_LEN];
	uint8_t from[EXCHANGE_KID_LEN], to[EXCHANGE_KID_LEN];
	uint64_t seq;
	struct bytes previous; /* 32 bytes, or none */
	int64_t made_ms, expires_ms;
	uint64_t acknowledged;
	enum exchange_kind kind;
	uint64_t quota;
	size_t count; /* reading: items */
};

struct exchange_result {
	struct bytes number; /* 12 digits */
	enum exchange_outcome outcome;
	struct bytes serial, files_hash; /* EXCHANGE_ISSUED */
	int64_t at_ms;
};

/* Writing: open, items of one kind, close. Errors latch until exchange_package_close. */
void exchange_package_open(struct cbor_out *out, const struct exchange_head *head);
void exchange_package_put_applicant(struct cbor_out *out, struct bytes record, struct bytes photo, struct bytes form);
void exchange_package_put_result(struct cbor_out *out, const struct exchange_result *r);
CC_MUST cc_status exchange_package_close(struct cbor_out *out, struct buf *ret);

/* Reading; views. CC_E_FORMAT "cbor.malformed", "cbor.field". ret_items reads them in turn. */
CC_MUST cc_status exchange_package_read(struct bytes data, struct exchange_head *ret, struct cbor_in *ret_items,
					struct cc_error *err);
CC_MUST bool exchange_package_applicant(struct cbor_in *items, struct bytes *ret_record, struct bytes *ret_photo,
					struct bytes *ret_form);
CC_MUST bool exchange_package_result(struct cbor_in *items, struct exchange_result *ret);

#endif
