/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_SESSION_H
#define CC_STATION_REGISTRY_SESSION_H

#include "station/command.h"
#include "station/issue/books.h"
#include "station/registry/registry.h"

#include <jansson.h>

/*
 * What every verb of `cccd registry` works on: store, key store, registry and
 * rules of the home, opened together and closed together.
 *
 *	struct registry_session s = { .inv = inv };
 *	cc_status st = registry_session_open(&s);
 *
 *	if (!cc_failed(st))
 *		st = ...;
 *	return registry_session_close(&s, st, EXIT_DONE);
 */
#define REGISTRY_SCHEMA 1 /* of --json */

struct registry_session {
	struct invocation *inv;
	struct store *store;
	struct keystore *ks;
	struct registry *registry;
	struct check_context check;
	json_t *list; /* --json: people, or remarks; NULL: text */
	size_t count, held;
	struct cc_error err;
};

cc_status registry_session_open(struct registry_session *s);
/* The books beside the registry, to be closed before it; they stay NULL in a station that has none yet: nothing is made. */
cc_status registry_session_books(struct registry_session *s, struct books **ret);
/* The exit code: rc, or that of a failure, which is told. */
int registry_session_close(struct registry_session *s, cc_status st, int rc);
/* The text in the user's language. */
const char *registry_session_pick(const struct registry_session *s, const char *vi, const char *en);
/* A field's name (person.h) as an officer calls it, "ngày sinh"; an unknown one is given back. */
const char *registry_session_field(const struct registry_session *s, const char *field);
/* A field's value as the forms have it: "17/04/2003", "03/1958", "đã ly hôn"; others are given back. */
#define REGISTRY_VALUE_SIZE 36
const char *registry_session_value(const struct registry_session *s, const char *field, const char *value,
				   char out[REGISTRY_VALUE_SIZE]);
/* Prints root to stdout and frees it. */
void registry_session_print(json_t *root);
/* The same with the session's list as `name`. */
void registry_session_print_list(struct registry_session *s, const char *name, json_t *root);

#endif
