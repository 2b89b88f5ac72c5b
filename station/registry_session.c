/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry_session.h"

#include <stdio.h>

const char *registry_session_pick(const struct registry_session *s, const char *vi, const char *en)
{
	return s->inv->config.lang == LANG_VI ? vi : en;
}

cc_status registry_session_open(struct registry_session *s)
{
	const struct config *c = &s->inv->config;
	cc_status st = config_open_store(c, &s->store, &s->err);

	if (!cc_failed(st))
		st = config_open_keystore(c, &s->ks, &s->err);
	if (!cc_failed(st))
		st = registry_open(s->store, s->ks, c->sys, &s->registry, &s->err);
	if (!cc_failed(st))
		st = registry_check_context(c, &s->check, &s->err);
	if (!cc_failed(st) && c->json) {
		s->list = json_array();
		if (s->list == NULL)
			st = cc_fail(&s->err, CC_E_MEMORY, "memory", "result");
	}
	return st;
}

int registry_session_close(struct registry_session *s, cc_status st, int rc)
{
	registry_close(&s->registry);
	keystore_close(&s->ks);
	store_close(&s->store);
	json_decref(s->list);
	return cc_failed(st) ? invocation_fail(s->inv, &s->err) : rc;
}

void registry_session_print(json_t *root)
{
	(void)json_dumpf(root, stdout, JSON_INDENT(2));
	(void)putchar('\n');
	json_decref(root);
}

void registry_session_print_list(struct registry_session *s, const char *name, json_t *root)
{
	(void)json_object_set(root, name, s->list);
	registry_session_print(root);
}
