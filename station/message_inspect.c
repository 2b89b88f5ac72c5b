/* SPDX-License-Identifier: Apache-2.0 */
#include "station/message.h"

#include <stddef.h>

#define BUILD_VI "Sửa dữ liệu nguồn theo dòng chi tiết rồi làm lại."
#define BUILD_EN "Correct the source data by the detail line and try again."
#define CHIP_VI "Giữ thẻ lại và chuyển bộ phận kiểm tra kỹ thuật."
#define CHIP_EN "Keep the card and hand it to the technical check."

/* The files of a chip, and inspection. */
const struct message messages_inspect[] = {
	{ "mrz.text", "Dòng máy đọc (MRZ) không đúng dạng.", "Nhập hoặc quét lại đủ ba dòng, mỗi dòng 30 ký tự.",
	  "The machine readable zone has no valid form.", "Type or scan it again: three lines of 30 characters." },
	{ "mrz.field", "Một mục của dòng máy đọc (MRZ) không ghi được.", BUILD_VI,
	  "A field of the machine readable zone can't be written.", BUILD_EN },
	{ "dg1.mrz", "Dòng máy đọc (MRZ) có số kiểm tra sai, không ghi vào chip.", BUILD_VI,
	  "The MRZ has wrong check digits and is not written to a chip.", BUILD_EN },
	{ "dg1.structure", "Tệp DG1 trên chip sai cấu trúc.", CHIP_VI, "DG1 of the chip is malformed.", CHIP_EN },
	{ "dg2.structure", "Tệp DG2 (ảnh khuôn mặt) sai cấu trúc.", CHIP_VI, "DG2 (face) is malformed.", CHIP_EN },
	{ "dg2.too-large", "Ảnh khuôn mặt lớn hơn giới hạn của chip.", "Giảm dg2.bytes-max hoặc dùng ảnh khác.",
	  "The face record is larger than the chip's limit.", "Lower dg2.bytes-max or use another photo." },
	{ "dg13.text", "Một mục của DG13 có ký tự không hợp lệ hoặc quá dài.", BUILD_VI,
	  "A field of DG13 has characters that are not allowed, or is too long.", BUILD_EN },
	{ "dg13.structure", "Tệp DG13 trên chip sai cấu trúc.", CHIP_VI, "DG13 of the chip is malformed.", CHIP_EN },
	{ "dg13.foreign", "DG13 không theo cấu trúc của Việt Nam.", "Đọc thẻ này như giấy tờ nước ngoài.",
	  "DG13 does not have the Vietnamese structure.", "Treat this document as a foreign one." },
	{ "dg14.key", "Khóa xác thực chip không hợp lệ.", "Dùng phôi thẻ khác và báo bộ phận kỹ thuật.",
	  "The Chip Authentication key is not valid.", "Use another blank and tell the technical staff." },
	{ "dg14.structure", "Tệp DG14 trên chip sai cấu trúc.", CHIP_VI, "DG14 of the chip is malformed.", CHIP_EN },
	{ "dg15.key", "Khóa xác thực chủ động không hợp lệ.", "Dùng phôi thẻ khác và báo bộ phận kỹ thuật.",
	  "The Active Authentication key is not valid.", "Use another blank and tell the technical staff." },
	{ "dg15.structure", "Tệp DG15 trên chip sai cấu trúc.", CHIP_VI, "DG15 of the chip is malformed.", CHIP_EN },
	{ "ef-com.structure", "Tệp EF.COM sai cấu trúc.", CHIP_VI, "EF.COM is malformed.", CHIP_EN },
	{ "ef-com.version", "Phiên bản LDS trong cài đặt không được hỗ trợ.", "Đặt lds.version là 0107 hoặc 0108.",
	  "The LDS version in the settings is not supported.", "Set lds.version to 0107 or 0108." },
	{ "security-infos.structure", "Danh sách giao thức an ninh của chip sai cấu trúc.", CHIP_VI,
	  "The chip's list of security protocols is malformed.", CHIP_EN },
	{ "card-access.settings", "Cài đặt EF.CardAccess không hợp lệ.", "Sửa tham số PACE hoặc phiên bản trong settings.json.",
	  "The settings of EF.CardAccess are not valid.", "Correct the PACE parameter or version in settings.json." },
	{ "sod.object", "Danh sách mã băm trong EF.SOD sai cấu trúc.", CHIP_VI, "The hash list of EF.SOD is malformed.",
	  CHIP_EN },
	{ "sod.structure", "Tệp EF.SOD sai cấu trúc.", CHIP_VI, "EF.SOD is malformed.", CHIP_EN },
	{ "sod.settings", "Cài đặt EF.SOD không hợp lệ.", "Sửa lds.version, lds.sod-version hoặc pki.hash trong settings.json.",
	  "The settings of EF.SOD are not valid.", "Correct lds.version, lds.sod-version or pki.hash in settings.json." },
	{ "sod.self-check", "EF.SOD vừa ký không tự kiểm tra được: không xuất ra.", "Dừng ký và báo bộ phận khóa ký.",
	  "The freshly signed EF.SOD fails its own check: it was not released.",
	  "Stop signing and tell the keepers of the keys." },
	{ "sod.chain", "Chứng thư ký không nối được tới chứng thư quốc gia.", "Kiểm tra thư mục trust và hạn của chứng thư ký.",
	  "The document signer does not chain to a country signer.", "Check the trust folder and the signer's validity." },
	{ "lds.folder", "Thư mục không có tệp nào của chip.", "Chỉ đúng thư mục có EF_SOD.bin, DG1.bin ...",
	  "The folder holds no file of a chip.", "Name the folder that has EF_SOD.bin, DG1.bin ..." },
	{ NULL, NULL, NULL, NULL, NULL },
};
