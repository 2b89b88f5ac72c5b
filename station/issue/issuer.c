/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/issuer.h"

#include <limits.h>
#include <string.h>

static cc_status load_trust(const struct config *c, struct trust **ret, struct cc_error *err)
{
	char path[PATH_MAX];
	size_t skipped = 0;
	cc_status st;

	if (cc_failed(st = trust_new(ret)))
		return st;
	config_path(c, "trust", path);
	return trust_load_folder(*ret, path, &skipped, err);
}

cc_status issuer_open(const struct config *c, struct store *store, struct keystore *ks, const struct issue_hooks *hooks,
		      struct issuer *ret, struct cc_error *err)
{
	struct issuer s = { .sys = c->sys, .store = store, .keystore = ks };
	cc_status st;

	if (cc_failed(st = prepare_settings_read(c, &s.settings, err)) ||
	    cc_failed(st = registry_check_context(c, &s.check, err)) ||
	    cc_failed(st = profile_registry_default(&s.profiles, err)) || cc_failed(st = pki_signers_load(c, &s.signers, err)) ||
	    cc_failed(st = load_trust(c, &s.trust, err)) || cc_failed(st = registry_open(store, ks, c->sys, &s.registry, err)) ||
	    cc_failed(st = books_open(store, ks, c->sys, hooks, &s.books, err))) {
		issuer_close(&s);
		return st;
	}
	*ret = s;
	return cc_ok();
}

void issuer_close(struct issuer *s)
{
	books_close(&s->books);
	registry_close(&s->registry);
	pki_signers_free(&s->signers);
	trust_free(&s->trust);
	prepare_settings_done(&s->settings);
	memset(s, 0, sizeof *s);
}
