/* SPDX-License-Identifier: Apache-2.0 */
#include "station/card_terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct card_terminal {
	struct cv_home home;
	struct keystore *ks;
	struct buf others;
	struct terminal terminal; /* views into home and others */
};

void card_terminal_free(struct card_terminal **t)
{
	if (*t == NULL)
		return;
	keystore_close(&(*t)->ks);
	cv_home_done(&(*t)->home);
	buf_done(&(*t)->others);
	free(*t);
	*t = NULL;
}

const struct terminal *card_terminal_get(const struct card_terminal *t)
{
	return t != NULL ? &t->terminal : NULL;
}

static bool valid_today(const struct config *c, const struct cvc *cert)
{
	uint32_t today = cvc_date_of(sys_wall_ms(c->sys) / 1000);

	return cert->effective <= today && today <= cert->expiration;
}

/* NULL without an error: there is none to take by itself. */
static const struct cv_file *choose(const struct config *c, const struct cv_home *h, const char *label, char ret_label[64])
{
	const struct cv_file *f;
	unsigned number = 0;

	if (label != NULL) {
		(void)snprintf(ret_label, 64, "%s", label);
		return cv_home_find(h, label);
	}
	f = cv_home_newest(h, CV_TERMINAL, &number);
	if (f == NULL || !valid_today(c, &f->cvc) || c->password_file[0] == '\0')
		return NULL;
	(void)snprintf(ret_label, 64, "terminal-%u", number);
	return f;
}

static cc_status load(const struct config *c, const char *label, struct card_terminal *t, bool *ret_found, struct cc_error *err)
{
	const struct cv_file *own;
	char key[64];
	cc_status st = cv_home_load(c, &t->home, err);

	*ret_found = false;
	if (cc_failed(st))
		return st;
	own = choose(c, &t->home, label, key);
	if (own == NULL)
		return label == NULL ? cc_ok() : cc_fail(err, CC_E_NOT_FOUND, "cvc.no-authority", "no cv/%s.cvcert", label);
	if (cc_failed(st = cv_home_join(&t->home, &t->others, err)) || cc_failed(st = config_open_keystore(c, &t->ks, err)))
		return st;
	*ret_found = true;
	return terminal_init(&t->terminal, t->ks, key, buf_view(&own->der), buf_view(&t->others), err);
}

cc_status card_terminal_load(const struct config *c, const char *label, struct card_terminal **ret, struct cc_error *err)
{
	struct card_terminal *t = calloc(1, sizeof *t);
	bool found = false;
	cc_status st = t != NULL ? load(c, label, t, &found, err) : cc_fail(err, CC_E_MEMORY, "memory", "terminal");

	if (cc_failed(st) || !found) {
		card_terminal_free(&t);
		return st;
	}
	*ret = t;
	return st;
}
