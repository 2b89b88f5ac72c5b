/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_MESSAGE_H
#define CC_STATION_MESSAGE_H

#include "station/config.h"

/*
 * Sentences for officers, in Vietnamese and English, by the stable key of a
 * cc_error or of a hold ("card.removed", "registry.birth-incomplete"). Each has
 * what happened and the next action. A unit test walks the source for keys and
 * fails on one without both sentences.
 */
struct message {
	const char *key;
	const char *vi, *vi_next;
	const char *en, *en_next;
};

/* Never NULL: an unknown key gives the general message. */
const struct message *message_find(const char *key);
const char *message_text(const struct message *m, enum lang lang);
const char *message_next(const struct message *m, enum lang lang);

/* Rows by room: one table for each area file (message_card.c, message_registry.c ...), ends with a NULL key. */
extern const struct message messages_base[], messages_card[], messages_registry[], messages_issue[];

#endif
