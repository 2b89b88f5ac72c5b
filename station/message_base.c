/* SPDX-License-Identifier: Apache-2.0 */
#include "station/message.h"

#include <stddef.h>

/* Files, memory, the station's home and its settings. */
const struct message messages_base[] = {
	{ "memory", "Máy hết bộ nhớ.", "Đóng bớt chương trình khác rồi chạy lại.", "The machine is out of memory.",
	  "Close other programs and run again." },
	{ "file.exists", "Tệp đã có sẵn và không bị ghi đè.", "Chọn tên tệp khác, hoặc thêm --force nếu lệnh có.",
	  "The file is there already and is not overwritten.", "Choose another name, or add --force where the command has it." },
	{ "file.missing", "Không tìm thấy tệp hoặc thư mục.",
	  "Kiểm tra đường dẫn trong dòng chi tiết: thư mục phải có sẵn; đường dẫn có dấu cách thì đặt trong ngoặc kép.",
	  "A file is missing.",
	  "Check the path in the detail line: its folder must exist; put a path with spaces in double quotes." },
	{ "file.denied", "Không có quyền đọc hoặc ghi tệp này.",
	  "Dùng đúng tài khoản của trạm, hoặc nhờ quản trị máy cấp quyền cho đường dẫn trong dòng chi tiết.",
	  "This file may not be read or written by you.",
	  "Use the station's own account, or ask for permission on the path in the detail line." },
	{ "file.io", "Không đọc hoặc ghi được tệp.", "Kiểm tra ổ đĩa còn trống và quyền truy cập, rồi chạy lại.",
	  "A file can't be read or written.", "Check free disk space and permissions, then run again." },
	{ "file.too-large", "Tệp lớn hơn giới hạn cho phép.", "Dùng tệp nhỏ hơn.", "A file is larger than its limit.",
	  "Use a smaller file." },
	{ "home.missing", "Chưa có thư mục của trạm.", "Tạo bằng: cccd pki init, hoặc chỉ đúng thư mục bằng --home.",
	  "The station's folder does not exist.", "Make it with: cccd pki init, or name the right one with --home." },
	{ "home.denied", "Tài khoản này không được vào thư mục của trạm.",
	  "Dùng đúng tài khoản của trạm, hoặc nhờ quản trị máy cấp quyền; không tạo trạm mới.",
	  "This account may not enter the station's folder.",
	  "Use the station's own account, or ask for permission; don't make a new station." },
	{ "keystore.missing", "Chưa có kho khóa trong thư mục của trạm.",
	  "Trạm mới: cccd pki init. Trạm đã có dữ liệu: khôi phục keys.ccks đã lưu cùng station.db, không tạo lại.",
	  "The station's folder has no key store.",
	  "A new station: cccd pki init. A station with data: restore the keys.ccks that was saved with its station.db, don't make another." },
	{ "keystore.no-password", "Chưa có mật khẩu kho khóa.",
	  "Chạy trên màn hình lệnh để nhập, hoặc chỉ tệp bằng --password-file.", "There is no password for the key store.",
	  "Run on a terminal to type it, or name its file with --password-file." },
	{ "settings.unknown", "Tệp cài đặt có tên lạ.", "Sửa tên trong settings.json theo dòng chi tiết.",
	  "The settings file has a name that is not known.", "Correct the name in settings.json, see the detail line." },
	{ "settings.bad-value", "Một cài đặt có giá trị không hợp lệ.", "Sửa giá trị trong settings.json theo dòng chi tiết.",
	  "A setting has a bad value.", "Correct the value in settings.json, see the detail line." },
	{ "settings.not-json", "Tệp cài đặt không phải JSON.", "Sửa settings.json ở dòng được nêu.",
	  "The settings file is not JSON.", "Correct settings.json at the line named." },
	{ NULL, NULL, NULL, NULL, NULL },
};
