/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/person.h"

#include "crypto/base/secret.h"

#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>

void person_done(struct person *p)
{
	cc_wipe(p, sizeof *p);
}

const char *person_sex_name(enum person_sex s)
{
	return s == SEX_MALE ? "male" : "female";
}

const char *person_sex_card(enum person_sex s)
{
	return s == SEX_MALE ? "Nam" : "Nữ";
}

const char *person_life_name(enum person_life l)
{
	static const char *const names[] = { [LIFE_ALIVE] = "alive", [LIFE_DEAD] = "dead", [LIFE_MISSING] = "missing" };

	return names[l];
}

/* Rows are people: what the JSON library frees is wiped first. Safe for blocks that it took before this was set. */
static void wiping_free(void *p)
{
	if (p != NULL)
		cc_wipe(p, malloc_usable_size(p));
	free(p);
}

void person_json_wipes(void)
{
	json_set_alloc_funcs(malloc, wiping_free);
}
