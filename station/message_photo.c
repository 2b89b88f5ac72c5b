/* SPDX-License-Identifier: Apache-2.0 */
#include "station/message.h"

#include <stddef.h>

/* Photos, portraits and facial records. */
const struct message messages_photo[] = {
	{ "photo.not-jpeg", "Tệp ảnh không phải là JPEG.", "Lưu ảnh lại dưới dạng JPEG rồi nhập lại.",
	  "The photo is not a JPEG file.", "Save the photo as JPEG and import it again." },
	{ "photo.damaged", "Tệp ảnh bị hỏng hoặc bị cắt mất một phần.", "Sao chép lại tệp gốc, hoặc chụp lại ảnh.",
	  "The photo file is damaged or cut off.", "Copy the original file again, or take a new photo." },
	{ "photo.too-large", "Ảnh vượt quá kích thước cho phép.", "Thu nhỏ ảnh, mỗi cạnh tối đa 8000 điểm ảnh, rồi nhập lại.",
	  "The photo is larger than the limit.", "Reduce it to at most 8000 pixels a side and import it again." },
	{ "photo.trailing-data", "Sau phần ảnh còn có dữ liệu lạ trong tệp.", "Mở ảnh và lưu lại dưới dạng JPEG, rồi nhập lại.",
	  "The file holds something else behind the picture.", "Open the photo, save it as JPEG, and import it again." },
	{ "photo.unsupported", "Ảnh thuộc loại JPEG hiếm, không dùng được.", "Lưu lại thành JPEG thông thường, 8 bit mỗi màu.",
	  "The photo is a rare kind of JPEG.", "Save it as an ordinary JPEG of 8 bits per colour." },
	{ "photo.does-not-fit", "Ảnh chân dung không vừa dung lượng trên chip.",
	  "Chụp lại trên nền trơn, hoặc tăng giới hạn dung lượng trong cài đặt.",
	  "The portrait does not fit the chip's space at an acceptable quality.",
	  "Take the photo before a plain background, or raise the byte limit in the settings." },
	{ "face.record-invalid", "Không lập được bản ghi khuôn mặt đúng tiêu chuẩn.",
	  "Kiểm tra ảnh chân dung theo dòng chi tiết.", "No facial record by the standard can be made.",
	  "Check the portrait, see the detail line." },
	{ "face.record-malformed", "Bản ghi khuôn mặt sai cấu trúc.", "Đọc lại chip; nếu vẫn lỗi thì thẻ bị lỗi.",
	  "The facial record is malformed.", "Read the chip again; if it persists the card is faulty." },
	{ "face.record-too-large", "Bản ghi khuôn mặt vượt quá giới hạn.", "Dùng ảnh chân dung nhỏ hơn.",
	  "The facial record exceeds its limit.", "Use a smaller portrait." },
	{ NULL, NULL, NULL, NULL, NULL },
};
