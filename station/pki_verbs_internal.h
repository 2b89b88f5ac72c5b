/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_PKI_VERBS_INTERNAL_H
#define CC_STATION_PKI_VERBS_INTERNAL_H

#include "station/pki_authority.h"
#include "station/pki_verbs.h"

#include <jansson.h>

/* What pki_verbs.c, pki_verbs_file.c and pki_verbs_signer.c share. */

/* A member's text; "" when there is none. */
const char *pki_verbs_text(const json_t *o, const char *name);
bool pki_verbs_vi(const struct config *c);
int64_t pki_verbs_now_s(const struct invocation *inv);
/* Prints root as JSON or in words, and gives the exit code. Takes root over; NULL: there was no memory for it. */
int pki_verbs_finish(const struct invocation *inv, json_t *root, void (*print)(const struct config *c, const json_t *root),
		     int rc);
int pki_verbs_report_made(const struct invocation *inv, const struct pki_made *made);
/* --dry-run: says what would be done. */
int pki_verbs_dry(const struct invocation *inv, const char *vi, const char *en);
int pki_verbs_verify_file(struct invocation *inv, const char *path);

#endif
