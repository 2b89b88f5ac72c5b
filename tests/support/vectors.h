/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_VECTORS_H
#define CC_TESTS_SUPPORT_VECTORS_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Independent evidence from the vectors folder: environment CCCD_VECTORS, else
 * ../shared/vectors, else ../../shared/vectors. Tests skip when it is absent:
 *
 *	json_t *root = vectors_open("01_bac_sm_mrz/bac_sm_icao_appD.json");
 *	if (root == NULL)
 *		skip();
 *	struct buf key = vectors_hex(root, "retail_mac.0.key");
 *
 * What is malformed or missing inside an existing file ends the program: a test that reads nothing must not pass.
 */

/* Path of a file or folder there; false when it doesn't exist. */
bool vectors_path(const char *name, char *out, size_t cap);
/* NULL when absent. Free with json_decref. */
json_t *vectors_open(const char *name);
/* Any file's bytes (at most 16 MiB); false when absent. Owned by the caller. */
bool vectors_file(const char *name, struct buf *ret);

/* path: member names and array indices joined by dots. vectors_find: NULL when there is none. */
json_t *vectors_find(const json_t *from, const char *path);
json_t *vectors_at(const json_t *from, const char *path);
const char *vectors_text(const json_t *from, const char *path);
long vectors_int(const json_t *from, const char *path);
/* Hex text to bytes, owned by the caller. */
struct buf vectors_hex(const json_t *from, const char *path);
/* The same for a literal. */
struct buf vectors_from_hex(const char *hex);
/* got is exactly these bytes; shows both on stderr when not. For assert_true. */
bool vectors_is_hex(struct bytes got, const char *hex);

#endif
