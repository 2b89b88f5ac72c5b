/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/outbox_events.h"

#include "station/registry/export.h"
#include "station/registry/outbox.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANDOM_LEN 8
#define KIND_MAX 24
#define ID_MAX 64

/* Steals body, which may be NULL: CC_E_MEMORY. id: what the key is made of with the kind. */
static cc_status put(struct books *b, const char *kind, const char *id, json_t *body, struct cc_error *err)
{
	char key[OUTBOX_KEY_MAX + 1];
	char *text = NULL;
	cc_status st;

	if (body != NULL && json_object_set_new(body, "event", json_string(kind)) == 0 &&
	    json_object_set_new(body, "at_ms", json_integer((json_int_t)sys_wall_ms(b->sys))) == 0)
		text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(body);
	if (text == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "event");
	CC_ASSERT(strlen(kind) <= KIND_MAX && strlen(id) <= ID_MAX);
	(void)snprintf(key, sizeof key, "%.24s/%.64s", kind, id);
	st = outbox_put(b, key, kind, bytes_str(text), err);
	cc_wipe(text, strlen(text));
	free(text);
	return st;
}

/* ---- cards and blanks */

static cc_status put_end(struct books *b, const char *kind, const char *id, json_t *body, struct cc_error *err)
{
	char key[OUTBOX_KEY_MAX + 1];
	bool told = false;
	cc_status st;

	(void)snprintf(key, sizeof key, "application-accepted/%.64s", id);
	st = outbox_has(b, key, &told, err);
	if (!cc_failed(st) && told)
		return put(b, kind, id, body, err);
	json_decref(body);
	return st;
}

cc_status outbox_put_issue(struct books *b, const struct outbox_issue *e, struct cc_error *err)
{
	cc_status st = cc_ok();

	if (e->replaced[0] != '\0')
		st = put(b, "card-revoked", e->replaced,
			 json_pack("{s:s, s:s, s:s}", "serial", e->replaced, "reason", e->reason, "replaced_by", e->serial), err);
	if (!cc_failed(st))
		st = outbox_put_card(b, e->serial, e->files_hash, e->issued_ms, err);
	if (!cc_failed(st) && e->application[0] != '\0')
		st = put_end(b, "application-issued", e->application,
			     json_pack("{s:s, s:s}", "application", e->application, "serial", e->serial), err);
	return st;
}

cc_status outbox_put_revoked(struct books *b, const char *serial, const char *reason, struct cc_error *err)
{
	return put(b, "card-revoked", serial, json_pack("{s:s, s:s}", "serial", serial, "reason", reason), err);
}

cc_status outbox_put_spoiled(struct books *b, const char *serial, const char *reason, struct cc_error *err)
{
	char key[64];

	(void)snprintf(key, sizeof key, "%.*s", (int)strcspn(reason, ":"), reason);
	return put(b, "blank-spoiled", serial, json_pack("{s:s, s:s}", "serial", serial, "reason", key), err);
}

/* ---- applications */

cc_status outbox_put_accepted(struct books *b, const char *id, const char *number, const char *kind, const char *reason,
			      struct cc_error *err)
{
	return put(b, "application-accepted", id,
		   json_pack("{s:s, s:s, s:s, s:s}", "application", id, "number", number, "kind", kind, "reason", reason), err);
}

cc_status outbox_put_refused(struct books *b, const char *id, struct cc_error *err)
{
	return put_end(b, "application-refused", id, json_pack("{s:s}", "application", id), err);
}

/* ---- corrections */

static bool may_leave(const char *field)
{
	const struct export_purpose *p = export_purpose_find("national-registry");

	CC_ASSERT(p != NULL);
	for (size_t i = 0; p->fields[i] != NULL; i++) {
		if (strcmp(p->fields[i], field) == 0)
			return true;
	}
	return false;
}

cc_status outbox_put_correction(struct books *b, const struct correction *c, struct cc_error *err)
{
	char id[64], hex[2 * RANDOM_LEN + 1];
	uint8_t raw[RANDOM_LEN];
	cc_status st;

	if (!may_leave(c->field))
		return cc_ok();
	/* Forms are counted in each station: the key must be no other station's. */
	if (cc_failed(st = sys_random(b->sys, raw, sizeof raw)))
		return cc_fail(err, st.code, "crypto.failed", "random");
	bytes_to_hex(bytes_of(raw, sizeof raw), hex);
	(void)snprintf(id, sizeof id, "%lld-%s", (long long)c->id, hex);
	return put(b, "correction-approved", id,
		   json_pack("{s:s, s:s, s:s, s:s}", "number", c->number, "field", c->field, "old", c->old_value, "new",
			     c->new_value),
		   err);
}
