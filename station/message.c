/* SPDX-License-Identifier: Apache-2.0 */
#include "station/message.h"

#include <stddef.h>
#include <string.h>

static const struct message *const tables[] = {
	messages_base,	   messages_access,   messages_lab,    messages_card,	  messages_inspect,
	messages_photo,	   messages_portrait, messages_finger, messages_issue,	  messages_pki,
	messages_keystore, messages_registry, messages_store,  messages_exchange, messages_forms,
};

static const struct message general = { "general", "Thao tác không hoàn thành.",
					"Xem dòng chi tiết, báo cho kỹ thuật nếu lặp lại.", "The operation did not complete.",
					"Read the detail line; call support if it happens again." };

const struct message *message_find(const char *key)
{
	for (size_t t = 0; key != NULL && t < sizeof tables / sizeof tables[0]; t++) {
		for (const struct message *m = tables[t]; m->key != NULL; m++) {
			if (strcmp(m->key, key) == 0)
				return m;
		}
	}
	return &general;
}

int message_width(const char *text, int columns)
{
	int more = 0;

	for (const char *p = text; *p != '\0'; p++)
		more += ((unsigned char)*p & 0xC0) == 0x80;
	return columns + more;
}

const char *message_text(const struct message *m, enum lang lang)
{
	return lang == LANG_VI ? m->vi : m->en;
}

const char *message_next(const struct message *m, enum lang lang)
{
	return lang == LANG_VI ? m->vi_next : m->en_next;
}
