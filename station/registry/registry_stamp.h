/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_REGISTRY_STAMP_H
#define CC_STATION_REGISTRY_REGISTRY_STAMP_H

#include "crypto/hash.h"
#include "station/registry/registry.h"

/*
 * What the registry holds of somebody at one moment, as one hash over the keyed
 * hashes of record, photo and prints: equal stamps mean equal content. Taken
 * before somebody is read, and again where a decision about them becomes durable.
 * A rotation of the keys changes it too. CC_E_NOT_FOUND "registry.not-found".
 */
CC_MUST cc_status registry_stamp(struct registry *r, const char *number, struct digest *ret, struct cc_error *err);
/*
 * Inside a transaction: from here to its end nobody adds, corrects or rotates (as registry_hold_keys), and the stamp is
 * still `was`. CC_E_BUSY "issue.person-changed", "registry.keys-changed".
 */
CC_MUST cc_status registry_stamp_hold(struct registry *r, const char *number, const struct digest *was, struct cc_error *err);

#endif
