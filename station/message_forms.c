/* SPDX-License-Identifier: Apache-2.0 */
#include "station/message.h"

#include <stddef.h>

/* Corrections, applications, reconciliations, exports. */
const struct message messages_forms[] = {
	{ "forms.officer", "Thiếu tên cán bộ, hoặc tên không đọc được.", "Ghi rõ: --officer \"HỌ VÀ TÊN\".",
	  "The officer's name is missing, or is no name.", "Give it: --officer \"FULL NAME\"." },
	{ "forms.text", "Thiếu nội dung cần ghi, hoặc nội dung quá dài.", "Ghi ngắn gọn, tối đa 255 byte, rồi chạy lại.",
	  "A text is missing, or too long.", "Give it in at most 255 bytes, then run again." },
	{ "forms.id", "Số phiếu không hợp lệ.", "Xem số phiếu: cccd registry corrections --pending.", "That is no form's number.",
	  "See the numbers: cccd registry corrections --pending." },

	/* ---- DC02 */
	{ "registry.changed-meanwhile", "Hồ sơ vừa được người khác sửa.", "Xem lại hồ sơ rồi chạy lại lệnh: chưa ghi gì.",
	  "Somebody has just changed this record.", "Look at the record and run again: nothing was written." },
	{ "correction.field", "Không có trường này, hoặc trường này không sửa bằng phiếu DC02.",
	  "Dùng tên trường như trong cccd registry show --json; số định danh không sửa được.",
	  "There is no such field, or none that form DC02 changes.",
	  "Use a name from cccd registry show --json; the number itself is never corrected." },
	{ "correction.no-change", "Giá trị mới giống giá trị đang có.", "Không cần sửa; kiểm tra lại trường và giá trị.",
	  "The new value is what the registry holds already.", "Nothing needs to be done; check field and value." },
	{ "correction.basis", "Tên giấy tờ làm căn cứ ngày sinh quá dài.", "Ghi tên giấy tờ ngắn hơn 96 byte.",
	  "The document that shows the birth date has too long a name.", "Name it in less than 96 bytes." },
	{ "correction.pending", "Trường này đang có một đề xuất sửa khác chờ duyệt.",
	  "Duyệt hoặc không duyệt phiếu đó trước: cccd registry corrections --pending.",
	  "Another value is proposed for this field and waits.",
	  "Approve or refuse that form first: cccd registry corrections --pending." },
	{ "correction.not-found", "Không có phiếu mang số này.", "Xem số phiếu: cccd registry corrections --pending.",
	  "There is no form of this number.", "See the numbers: cccd registry corrections --pending." },
	{ "correction.same-officer", "Người đề xuất không được tự duyệt.", "Mời cán bộ khác duyệt phiếu này.",
	  "Who proposed a correction can't approve it.", "Let another officer approve this form." },
	{ "correction.decided", "Phiếu này đã được quyết định.", "Xem kết quả: cccd registry corrections.",
	  "This form has been decided already.", "See how: cccd registry corrections." },
	{ "correction.stale", "Hồ sơ đã thay đổi sau khi lập phiếu: giá trị cũ trên phiếu không còn đúng.",
	  "Không duyệt phiếu này (cccd registry refuse), xem lại hồ sơ và lập phiếu mới nếu vẫn cần.",
	  "The record changed meanwhile: it no longer holds the form's old value.",
	  "Refuse this form (cccd registry refuse), look at the record and propose anew if needed." },
	{ "correction.card-under-way", "Thẻ của người này đang được làm từ giá trị cũ.",
	  "Chờ thẻ làm xong, hoặc khai hỏng phôi, rồi duyệt lại.", "A card of this person is being made from the old value.",
	  "Wait until it is done, or declare its blank spoiled, then approve again." },
	{ "correction.waiting", "Hồ sơ có đề xuất sửa thông tin in trên thẻ đang chờ duyệt.",
	  "Duyệt hoặc không duyệt trước: cccd registry corrections SỐ.",
	  "A correction of what the card prints waits for approval.",
	  "Approve or refuse it first: cccd registry corrections NUMBER." },
	{ NULL, NULL, NULL, NULL, NULL },
};
