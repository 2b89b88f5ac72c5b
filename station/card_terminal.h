/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_CARD_TERMINAL_H
#define CC_STATION_CARD_TERMINAL_H

#include "card/access/terminal_auth.h"
#include "station/cv_home.h"

/* The station as a terminal that may read fingers: its certificate, the way to it, and its key. */
struct card_terminal;

/*
 * label: the terminal's key ("terminal-1"); CC_E_NOT_FOUND "cvc.no-authority". NULL: the newest one that is here and
 * valid today, when the key store's password can be had without asking; *ret is NULL when there is none.
 */
CC_MUST cc_status card_terminal_load(const struct config *c, const char *label, struct card_terminal **ret, struct cc_error *err);
void card_terminal_free(struct card_terminal **t);
/* For inspect_params; NULL for NULL. */
const struct terminal *card_terminal_get(const struct card_terminal *t);

#endif
