/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_REGISTRY_ROWS_H
#define CC_STATION_REGISTRY_REGISTRY_ROWS_H

#include "crypto/hash.h"
#include "station/registry/registry.h"

/* Between registry.c (keys, sealing) and registry_rows.c (the tables); and import.c, which owns the transactions. */
struct registry {
	struct store *store;
	struct keystore *ks;
	const struct sys *sys;
	struct secret seal_key, number_key, word_key, content_key;
};

/* The store's detail, when it has one, as this call's. */
cc_status registry_store_error(struct registry *r, cc_status st, struct cc_error *err);
CC_MUST cc_status registry_mac(const struct secret *key, struct bytes in, struct digest *ret, struct cc_error *err);
/* column: "registry_person.record"; id: the row's. */
CC_MUST cc_status registry_seal(struct registry *r, const char *column, const char *id, struct bytes plain, struct buf *ret,
				struct cc_error *err);
CC_MUST cc_status registry_unseal(struct registry *r, const char *column, const char *id, struct bytes sealed, struct buf *ret,
				  struct cc_error *err);

#endif
