/* SPDX-License-Identifier: Apache-2.0 */
#include "station/message.h"

#include <stddef.h>

#define SUPPORT_VI "Báo cho kỹ thuật kèm dòng chi tiết."
#define SUPPORT_EN "Call support with the detail line."
#define DOCUMENT_VI "Giữ giấy tờ lại và chuyển cho cán bộ kiểm tra."
#define DOCUMENT_EN "Keep the document and hand it to an examiner."
#define CERTIFICATE_VI "Xem bằng: cccd pki cvca show TỆP, và xin chứng chỉ đúng từ nơi cấp."
#define CERTIFICATE_EN "Look with: cccd pki cvca show FILE, and ask its issuer for the right one."

/* Key agreement, card verifiable certificates, terminal authentication. */
const struct message messages_access[] = {
	{ "pubkey.bad-value", "Khóa công khai nằm ngoài nhóm của nó.", DOCUMENT_VI, "A public key is outside its group.",
	  DOCUMENT_EN },
	{ "pubkey.unknown-group", "Khóa công khai dùng nhóm Diffie-Hellman không được biết.", SUPPORT_VI,
	  "A public key uses an unknown Diffie-Hellman group.", SUPPORT_EN },
	{ "cvc.structure", "Chứng chỉ thiết bị đọc bị hỏng.", CERTIFICATE_VI, "A card verifiable certificate is malformed.",
	  CERTIFICATE_EN },
	{ "cvc.algorithm", "Chứng chỉ thiết bị đọc dùng thuật toán không được hỗ trợ.", CERTIFICATE_VI,
	  "A card verifiable certificate uses an unsupported algorithm.", CERTIFICATE_EN },
	{ "cvc.point", "Khóa trong chứng chỉ thiết bị đọc không hợp lệ.", CERTIFICATE_VI,
	  "The key in a card verifiable certificate is not valid.", CERTIFICATE_EN },
	{ "cvc.issuer", "Chuỗi chứng chỉ thiết bị đọc bị đứt.", CERTIFICATE_VI,
	  "The chain of card verifiable certificates is broken.", CERTIFICATE_EN },
	{ "cvc.signature", "Chữ ký của chứng chỉ thiết bị đọc sai.", CERTIFICATE_VI,
	  "The signature of a card verifiable certificate is wrong.", CERTIFICATE_EN },
	{ "cvc.expired", "Chứng chỉ thiết bị đọc đã hết hạn.", "Cấp chứng chỉ mới bằng: cccd pki cvca terminal.",
	  "A card verifiable certificate has expired.", "Issue a new one with: cccd pki cvca terminal." },
	{ "cvc.role", "Chứng chỉ thiết bị đọc đứng sai chỗ trong chuỗi.", CERTIFICATE_VI,
	  "A card verifiable certificate stands at the wrong place of its chain.", CERTIFICATE_EN },
	{ "cvc.reference", "Tên trong chứng chỉ thiết bị đọc sai quy cách.",
	  "Dùng mã nước hai chữ, tên tối đa 9 ký tự và 5 chữ số, ví dụ VNCVCA00001.",
	  "A name in a card verifiable certificate breaks the rules.",
	  "Use two letters of the country, up to 9 characters and 5 digits, such as VNCVCA00001." },
	{ "cvc.dates", "Ngày của chứng chỉ thiết bị đọc sai.", "Sửa thời hạn rồi chạy lại.",
	  "The dates of a card verifiable certificate are wrong.", "Correct the period and run again." },
	{ "cvc.exists", "Đã có CVCA ở đây.", "Tạo CVCA kế tiếp bằng: cccd pki cvca link.", "There is a CVCA here already.",
	  "Make the next one with: cccd pki cvca link." },
	{ "cvc.no-authority", "Chưa có nơi cấp chứng chỉ này.", "Tạo trước bằng: cccd pki cvca init, rồi cccd pki cvca dv.",
	  "The authority for this certificate is missing.", "Make it first: cccd pki cvca init, then cccd pki cvca dv." },
	{ "access.terminal-refused", "Chíp không cho thiết bị này đọc vân tay.",
	  "Kiểm tra hạn và quyền của chứng chỉ thiết bị: cccd pki cvca show.", "The chip doesn't let this terminal read fingers.",
	  "Look at the dates and rights of the terminal's certificate: cccd pki cvca show." },
	{ "access.terminal-no-path", "Không có chuỗi chứng chỉ từ nơi chíp tin cậy đến thiết bị này.",
	  "Nạp chứng chỉ liên kết của CVCA vào thư mục cv của trạm.",
	  "No chain of certificates leads from what the chip trusts to this terminal.",
	  "Put the link certificates of the CVCA into the station's folder cv." },
	{ "access.terminal-role", "Chứng chỉ này không phải của thiết bị đọc.", "Chọn chứng chỉ khác bằng --terminal.",
	  "This certificate is not an inspection system's.", "Choose another one with --terminal." },
	{ NULL, NULL, NULL, NULL, NULL },
};
