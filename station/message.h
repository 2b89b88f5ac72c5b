/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_MESSAGE_H
#define CC_STATION_MESSAGE_H

#include "station/config.h"

/*
 * Sentences for officers, in Vietnamese and English, by the stable key of a
 * cc_error or of a hold ("card.removed", "registry.birth-incomplete"). Each has
 * what happened and the next action. tests/lint/check.sh walks the source for
 * keys and fails on one that has no row here.
 */
struct message {
	const char *key;
	const char *vi, *vi_next;
	const char *en, *en_next;
};

/* Never NULL: an unknown or NULL key gives the general message. */
const struct message *message_find(const char *key);
/* printf's width in bytes (%-*s) that gives a UTF-8 text this many columns: "số" has two letters and four bytes. */
int message_width(const char *text, int columns);
const char *message_text(const struct message *m, enum lang lang);
const char *message_next(const struct message *m, enum lang lang);

/* Rows by area, one file each; a table ends with a NULL key. message.c lists the tables. */
extern const struct message messages_photo[];
extern const struct message messages_portrait[];
extern const struct message messages_finger[];
extern const struct message messages_issue[];
extern const struct message messages_registry[];
extern const struct message messages_store[];
extern const struct message messages_access[];
extern const struct message messages_base[];
extern const struct message messages_lab[];
extern const struct message messages_card[];
extern const struct message messages_inspect[];
extern const struct message messages_pki[];
extern const struct message messages_exchange[];
extern const struct message messages_forms[];
extern const struct message messages_keystore[];

#endif
