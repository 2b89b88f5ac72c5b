/* SPDX-License-Identifier: Apache-2.0 */
#include "station/pki_words.h"

#include "station/message.h"

#include <stdio.h>
#include <string.h>

#define LABEL_COLUMNS 14

const char *pki_word(const char *word, enum lang lang)
{
	static const struct {
		const char *word, *vi, *en;
	} words[] = {
		{ "valid", "còn hiệu lực", "valid" },
		{ "expired", "đã hết hạn", "expired" },
		{ "not-yet-valid", "chưa có hiệu lực", "not yet valid" },
		{ "signing-over", "hết thời gian ký", "may no longer sign" },
		{ "ready", "dùng được", "ready" },
		{ "not-yet", "chưa đến hạn", "not-yet" },
		{ "period-over", "hết hạn ký", "period-over" },
		{ "used-up", "hết lượt ký", "used-up" },
		{ "retired", "đã ngừng", "retired" },
		{ "good", "đạt", "good" },
		{ "revoked", "đã bị thu hồi", "revoked" },
		{ "no-anchor", "không có chứng thư CSCA để đối chiếu", "no-anchor" },
		{ "deviation", "lưu ý", "deviation" },
		{ "violation", "sai quy cách", "violation" },
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(words[i].word, word) == 0)
			return lang == LANG_VI ? words[i].vi : words[i].en;
	}
	return word;
}

void pki_print_cell(const char *text, int columns)
{
	(void)printf("%-*s ", message_width(text, columns), text);
}

void pki_print_label(const char *text)
{
	(void)printf("  ");
	pki_print_cell(text, LABEL_COLUMNS);
}
