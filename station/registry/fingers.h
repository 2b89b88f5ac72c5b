/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_FINGERS_H
#define CC_STATION_REGISTRY_FINGERS_H

#include "station/registry/registry.h"

/*
 * A person's prints as they were taken, beside the record and sealed like the
 * photo. Why a finger has none stands in the record (person.h). Packed, they are
 * one object for each finger, in the order of the positions: 30 { 02 position,
 * 04 file, 81 minutiae for match-on-card (19794-2) }, of which one may be absent.
 */
#define FINGERS_FILE_MAX (2u << 20) /* one finger; raw at 1000 ppi is 1.3 MB */
#define FINGERS_BYTES_MAX (12u << 20)

struct finger_prints {
	struct bytes files[FINGERS + 1]; /* by position; empty: none */
	struct bytes templates[FINGERS + 1];
};
CC_MUST cc_status fingers_pack(const struct finger_prints *prints, struct buf *ret);
/* Views. CC_E_FORMAT. */
CC_MUST cc_status fingers_unpack(struct bytes packed, struct finger_prints *ret);

/*
 * Reads and packs the files that a row names; empty when it names none. A file
 * that can't be taken is told through `told` (false: out of memory) and left out.
 */
typedef bool (*fingers_fault)(void *ctx, const struct row_fault *fault);
CC_MUST cc_status fingers_read(int folder_fd, const struct person *p, struct buf *ret, fingers_fault told, void *ctx);

/* A person's packed prints; empty when there are none. Errors as of registry_find. */
CC_MUST cc_status registry_fingers_find(struct registry *r, const char *number, struct buf *ret, struct cc_error *err);

#endif
