/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_FORMS_WORLD_H
#define CC_TESTS_SUPPORT_FORMS_WORLD_H

#include "station/issue/ledger.h"
#include "station/registry/forms.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/sys_fake.h"

/* A registry and books over one store, on either engine, and a few fictional people. Failures fail the test. */
struct forms_world {
	struct fixture_folder folder;
	struct sys_fake sys;
	struct keystore *ks;
	char place[1024];
	struct store *store;
	struct registry *registry;
	struct books *books;
	struct forms forms;
	struct cc_error err;
};
void forms_world(struct forms_world *w); /* opened */
void forms_world_done(struct forms_world *w);
/* As another process would: store, registry and books; hooks may be NULL. */
void forms_world_open(struct forms_world *w, const struct issue_hooks *hooks);
void forms_world_close(struct forms_world *w);
/* In a forked child, whose key store's memory is not there. */
void forms_world_open_keys(struct forms_world *w);
/* A second station on the same store (PostgreSQL). */
void forms_world_station(const struct forms_world *w, struct forms_world *ret);
void forms_world_station_done(struct forms_world *station);

/* Adds somebody: a row of person.h with what `more` says (`,"religion":"Không"`), with a photo. */
void forms_world_add(struct forms_world *w, const char *number, const char *name, const char *birth, const char *more);
/* A field of somebody as the registry holds it now. */
const char *forms_world_field(struct forms_world *w, const char *number, const char *field);
/* How many people the words of a name find. */
size_t forms_world_found(struct forms_world *w, const char *words);

/* cmocka's setup and teardown: a world in *state with FORMS_WORLD_AN, "Nguyễn Văn An" of 1990-02-15. */
#define FORMS_WORLD_AN "001090000000"
int forms_world_up(void **state);
int forms_world_up_with(void **state, const char *more); /* more of An, as forms_world_add takes it */
int forms_world_down(void **state);

/* Binds a blank for An; finish walks the job until the card is issued, with keys that are hashes. */
cc_status forms_world_bind(struct forms_world *w, const char *serial, struct job *ret);
void forms_world_finish(struct forms_world *w, struct job *job);

#endif
