/* SPDX-License-Identifier: Apache-2.0 */
#include "station/message.h"

#include <stddef.h>

/* CBOR and COSE: evidence of inspections, packages between stations, and the feed of the national registry. */
const struct message messages_exchange[] = {
	{ "cbor.malformed", "Tệp không đúng định dạng hoặc bị hỏng.", "Xin lại tệp từ nơi gửi; không sửa tệp bằng tay.",
	  "The file is malformed or damaged.", "Ask its sender for it again; do not edit it by hand." },
	{ "cbor.field", "Một mục trong tệp thiếu hoặc không hợp lệ.", "Xin lại tệp từ nơi gửi, kèm dòng chi tiết.",
	  "A field of the file is missing or not valid.", "Ask its sender for it again, with the detail line." },
	{ "cose.malformed", "Phần ký hoặc mã hóa của tệp không đúng định dạng.", "Xin lại tệp từ nơi gửi.",
	  "The file's signature or encryption is malformed.", "Ask its sender for it again." },
	{ "cose.unsupported", "Thuật toán của tệp không được hỗ trợ.", "Báo nơi gửi dùng thuật toán chuẩn của hệ thống.",
	  "The file uses an algorithm that is not supported.", "Ask its sender to use the system's standard algorithms." },
	{ "cose.critical", "Tệp có phần bắt buộc mà chương trình này không hiểu.", "Dùng phiên bản cccd mới hơn.",
	  "The file has a critical part that this program does not know.", "Use a newer version of cccd." },
	{ "cose.signature", "Chữ ký của tệp không đúng.", "Không dùng tệp này; báo nơi gửi và giữ tệp lại để kiểm tra.",
	  "The file's signature is wrong.", "Do not use it; tell its sender, and keep it for examination." },
	{ "cose.decrypt", "Không giải mã được tệp: sai khóa hoặc nội dung đã bị sửa.", "Xin lại tệp từ nơi gửi.",
	  "The file can't be decrypted: wrong key, or its content was changed.", "Ask its sender for it again." },
	{ "cose.recipient", "Tệp này được mã hóa cho trạm khác.", "Chuyển tệp cho đúng trạm nhận.",
	  "This file is encrypted for another station.", "Hand it to the station it is meant for." },

	/* ---- evidence */
	{ "evidence.write", "Không ghi được bản ghi bằng chứng.", "Báo cho kỹ thuật kèm dòng chi tiết.",
	  "The evidence can't be written.", "Call support with the detail line." },
	{ "evidence.signers", "Thư mục evidence-signers có quá nhiều khóa.", "Bỏ bớt khóa không còn dùng.",
	  "There are too many keys in evidence-signers.", "Remove those that are no longer used." },
	{ NULL, NULL, NULL, NULL, NULL },
};
