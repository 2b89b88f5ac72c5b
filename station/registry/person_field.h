/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_PERSON_FIELD_H
#define CC_STATION_REGISTRY_PERSON_FIELD_H

#include "station/registry/person.h"

/* One field of a person by its name (person.h), as a row holds it: text, "" when absent. */
#define PERSON_FIELD_SIZE PERSON_PLACE_SIZE /* of the longest */

/* A field that a form may change: every one that is text, but for the number, which is the person's identity. */
bool person_field_may_change(const char *name);
/* Stands on the card or on its chip (cccd-card.md 3, 5, 6). */
bool person_field_is_printed(const char *name);

CC_MUST cc_status person_field_get(const struct person *p, const char *name, char out[PERSON_FIELD_SIZE]);
/*
 * p with one value changed, "" removes it; judged and normalised as an import would. A date may also be dd/MM/yyyy.
 * CC_E_FORMAT with the fault; ret is untouched then. ret may be p.
 */
CC_MUST cc_status person_field_set(const struct person *p, const char *name, const char *value, struct person *ret,
				   struct row_fault *fault);

#endif
