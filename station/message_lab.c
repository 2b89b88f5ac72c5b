/* SPDX-License-Identifier: Apache-2.0 */
#include "station/message.h"

#include <stddef.h>

/* The lab of software chips. */
const struct message messages_lab[] = {
	{ "lab.too-many", "Số chíp mềm không hợp lệ.", "Dùng --chips từ 1 đến 16.",
	  "The number of software chips is not possible.", "Use --chips 1 to 16." },
	{ "lab.personality", "Không có kiểu chíp này.", "Dùng --personality cccd, icao hoặc scp02.",
	  "There is no such personality.", "Use --personality cccd, icao or scp02." },
	{ "lab.no-pcscd", "Máy chưa có pcscd.", "Cài gói pcscd.", "This machine has no pcscd.", "Install the package pcscd." },
	{ "lab.no-driver", "Máy chưa có đầu đọc ảo.", "Cài gói vsmartcard-vpcd.", "This machine has no virtual reader.",
	  "Install the package vsmartcard-vpcd." },
	{ "lab.start", "Phòng thử không khởi động được.", "Chạy lại với --verbose; xem cccd doctor.", "The lab did not start.",
	  "Run again with --verbose; see cccd doctor." },
	{ "lab.state-in-use", "Một phòng thử khác đang dùng thư mục chíp này.",
	  "Đợi phòng thử kia kết thúc, hoặc chọn thư mục khác cho --state.", "Another lab is using this folder of chips.",
	  "Wait until that lab ends, or name another folder with --state." },
	{ "lab.chip-failed", "Không tạo được chíp mềm.", "Báo cho kỹ thuật kèm dòng chi tiết.",
	  "A software chip could not be made.", "Tell support, with the detail line." },
	{ "lab.chip-keys", "Không lấy được khóa chíp từ kho khóa.", "Kiểm tra kho khóa có khóa perso-master (cccd pki show).",
	  "The chip's keys could not be derived from the key store.",
	  "See that the key store has perso-master (cccd pki show)." },
	{ "lab.chip-file", "Tệp không phải bộ nhớ chíp.", "Chọn tệp .chip do phòng thử ghi.", "The file is not a chip's memory.",
	  "Choose a .chip file that the lab wrote." },
	{ "lab.no-chip", "Đầu đọc này chưa có chíp nào.", "Dùng: cccd lab card new.", "There is no chip for this reader.",
	  "Use: cccd lab card new." },
	{ "lab.no-lab", "Không ở trong phòng thử, hoặc đầu đọc không thuộc phòng thử.", "Chạy bên trong: cccd lab run -- LỆNH.",
	  "Not inside a lab, or not one of its readers.", "Run it inside: cccd lab run -- COMMAND." },
	{ "lab.reader", "Không rõ thay chíp của đầu đọc nào: không đầu đọc nào đang có thẻ.",
	  "Chỉ rõ đầu đọc bằng --reader \"TÊN\"; tên trong cccd reader list.",
	  "Which reader's chip is not clear: none has a card.", "Name it with --reader \"NAME\", as cccd reader list has it." },
	{ "lab.request", "Phòng thử không làm được yêu cầu.", "Dùng new, eject, insert hoặc tear như trong --help.",
	  "The lab could not do that.", "Use new, eject, insert or tear as --help says." },
	{ NULL, NULL, NULL, NULL, NULL },
};
