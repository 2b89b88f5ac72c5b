/* SPDX-License-Identifier: Apache-2.0 */
#include "station/message.h"

#include <stddef.h>

/* Fingerprints: files and records. What is wrong with a print itself: the rows of its checks. */
const struct message messages_finger[] = {
	{ "finger.not-wsq", "Tệp không phải là ảnh vân tay WSQ.", "Chọn đúng tệp WSQ.", "The file is not a WSQ fingerprint.",
	  "Choose a WSQ file." },
	{ "finger.damaged", "Ảnh vân tay bị hỏng hoặc bị cắt mất một phần.", "Sao chép lại tệp gốc, hoặc thu nhận lại vân tay.",
	  "The fingerprint image is damaged or cut off.", "Copy the original file again, or take the print again." },
	{ "finger.too-large", "Ảnh vân tay vượt quá kích thước cho phép.", "Cắt ảnh chỉ còn một ngón tay, 500 điểm ảnh mỗi inch.",
	  "The fingerprint image is larger than the limit.", "Cut it down to one finger at 500 pixels an inch." },
	{ "finger.unsupported", "Ảnh vân tay thuộc loại WSQ hiếm, không dùng được.", "Xuất lại ảnh bằng bộ lọc chuẩn của FBI.",
	  "The fingerprint image is a rare kind of WSQ.", "Export it again with the FBI's standard filters." },
	{ "finger.bad-option", "Tùy chọn của lệnh vân tay không hợp lệ.", "Sửa theo dòng chi tiết.",
	  "An option of the finger command is wrong.", "Correct it, see the detail line." },
	{ "finger.record-invalid", "Không lập được bản ghi vân tay đúng tiêu chuẩn.", "Kiểm tra ảnh vân tay theo dòng chi tiết.",
	  "No finger record by the standard can be made.", "Check the fingerprint images, see the detail line." },
	{ "finger.record-malformed", "Bản ghi vân tay sai cấu trúc.", "Đọc lại chip; nếu vẫn lỗi thì thẻ bị lỗi.",
	  "The finger record is malformed.", "Read the chip again; if it persists the card is faulty." },
	{ "finger.record-too-large", "Bản ghi vân tay vượt quá giới hạn.", "Dùng ít ngón tay hơn hoặc nén mạnh hơn.",
	  "The finger record exceeds its limit.", "Use fewer fingers or a stronger compression." },
	{ "dg3.structure", "DG3 (vân tay) sai cấu trúc.", "Đọc lại chip; nếu vẫn lỗi thì thẻ bị lỗi.",
	  "DG3 (fingerprints) is malformed.", "Read the chip again; if it persists the card is faulty." },
	{ "dg3.too-large", "DG3 (vân tay) không vừa dung lượng trên chip.", "Giảm finger.bit-rate trong cài đặt.",
	  "DG3 (fingerprints) does not fit the chip's space.", "Lower the setting finger.bit-rate." },
	{ NULL, NULL, NULL, NULL, NULL },
};
