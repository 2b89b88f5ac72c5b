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
	{ "finger.template-malformed", "Mẫu vân tay cho thẻ sai cấu trúc.", "Tạo lại mẫu bằng phần mềm thu nhận.",
	  "The finger template for the card is malformed.", "Make it again with the enrolment program." },
	{ "finger.template-too-large", "Mẫu vân tay cho thẻ quá lớn.", "Tạo lại mẫu với tối đa 128 điểm đặc trưng.",
	  "The finger template for the card is too large.", "Make it again with at most 128 minutiae." },
	{ "finger.template-few", "Mẫu vân tay có quá ít điểm đặc trưng.", "Thu nhận lại vân tay này, hoặc lấy ngón khác.",
	  "The finger template has too few minutiae.", "Take this print again, or another finger." },
	{ "finger.template-many", "Mẫu vân tay có nhiều điểm hơn thẻ nhận.", "Rút gọn mẫu theo giới hạn của thẻ.",
	  "The finger template has more minutiae than the card takes.", "Fit the template to the card's limit." },
	{ "finger.template-order", "Các điểm của mẫu vân tay không theo thứ tự thẻ đòi hỏi.", "Sắp xếp lại mẫu cho thẻ.",
	  "The minutiae are not in the order that the card demands.", "Fit the template to the card." },
	{ "finger.template-double", "Mẫu vân tay có điểm trùng nhau.", "Tạo lại mẫu từ ảnh gốc.",
	  "The finger template has a minutia twice.", "Make it again from the original image." },
	{ "finger.template-features", "Thẻ không dùng dữ liệu mở rộng của mẫu.", "Bỏ dữ liệu mở rộng khỏi mẫu.",
	  "The card uses no extended data.", "Leave the extended data out of the template." },
	{ NULL, NULL, NULL, NULL, NULL },
};
