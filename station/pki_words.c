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
		{ "unspecified", "không nêu lý do", "unspecified" },
		{ "key-compromise", "lộ khóa", "key-compromise" },
		{ "ca-compromise", "lộ khóa của cơ quan cấp", "ca-compromise" },
		{ "affiliation-changed", "đổi đơn vị", "affiliation-changed" },
		{ "superseded", "đã có chứng thư khác thay", "superseded" },
		{ "cessation-of-operation", "ngừng hoạt động", "cessation-of-operation" },
		{ "certificate-hold", "tạm dừng", "certificate-hold" },
		{ "privilege-withdrawn", "bị rút quyền", "privilege-withdrawn" },
		{ "deviation", "lưu ý", "deviation" },
		{ "violation", "sai quy cách", "violation" },
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(words[i].word, word) == 0)
			return lang == LANG_VI ? words[i].vi : words[i].en;
	}
	return word;
}

/* What follows, the last word after ": " in the user's language: "2026-11-24: key-compromise". */
static void print_tail(const char *start, const char *rest, enum lang lang)
{
	const char *colon = strstr(rest, ": ");

	if (colon == NULL)
		(void)printf("  %s%s\n", start, rest);
	else
		(void)printf("  %s%.*s: %s\n", start, (int)(colon - rest), rest, pki_word(colon + 2, lang));
}

void pki_print_reason(const char *reason, enum lang lang)
{
	static const struct {
		const char *en, *vi;
		bool whole;
	} starts[] = {
		{ "country signer: ", "chứng thư quốc gia (CSCA): ", false },
		{ "over link certificate: ", "qua chứng thư liên kết: ", false },
		{ "revocation list: good", "danh sách thu hồi: không có chứng thư này", true },
		{ "revocation list: none", "danh sách thu hồi: trạm không có", true },
		{ "revocation list: stale", "danh sách thu hồi: đã quá hạn, cần danh sách mới", true },
		{ "revocation list: undetermined", "danh sách thu hồi: không kiểm tra được", true },
		{ "revoked ", "bị thu hồi ", false },
		{ "signed by ", "ký bởi ", false },
		{ "a newer list should have replaced it", "lẽ ra đã có danh sách mới thay", true },
		{ "no country signer here signed it", "không do chứng thư quốc gia nào ở đây ký", true },
		{ "judged at the time of its signature", "xét tại thời điểm ký", true },
		{ "deviation: no signing time", "lưu ý: không ghi thời điểm ký", true },
	};

	for (size_t i = 0; lang == LANG_VI && i < sizeof starts / sizeof starts[0]; i++) {
		size_t n = strlen(starts[i].en);

		if (strncmp(reason, starts[i].en, n) != 0 || (starts[i].whole && reason[n] != '\0'))
			continue;
		print_tail(starts[i].vi, reason + n, lang);
		return;
	}
	(void)printf("  %s\n", pki_word(reason, lang));
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
