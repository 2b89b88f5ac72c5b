/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/number.h"

#include "crypto/base/err.h"

#include <stdlib.h>
#include <string.h>

#define NUMBER_LEN 12

/* By code. cccd-card.md 1: name before and since 1 July 2025; NULL: the code was not in that table. */
struct province {
	const char *code;
	const char *before, *since;
};
static const struct province provinces[] = {
	{ "001", "Hà Nội", "Hà Nội" },
	{ "002", "Hà Giang", NULL },
	{ "004", "Cao Bằng", "Cao Bằng" },
	{ "006", "Bắc Kạn", NULL },
	{ "008", "Tuyên Quang", "Tuyên Quang" },
	{ "010", "Lào Cai", NULL },
	{ "011", "Điện Biên", "Điện Biên" },
	{ "012", "Lai Châu", "Lai Châu" },
	{ "014", "Sơn La", "Sơn La" },
	{ "015", "Yên Bái", "Lào Cai" },
	{ "017", "Hòa Bình", NULL },
	{ "019", "Thái Nguyên", "Thái Nguyên" },
	{ "020", "Lạng Sơn", "Lạng Sơn" },
	{ "022", "Quảng Ninh", "Quảng Ninh" },
	{ "024", "Bắc Giang", "Bắc Ninh" },
	{ "025", "Phú Thọ", "Phú Thọ" },
	{ "026", "Vĩnh Phúc", NULL },
	{ "027", "Bắc Ninh", NULL },
	{ "030", "Hải Dương", NULL },
	{ "031", "Hải Phòng", "Hải Phòng" },
	{ "033", "Hưng Yên", "Hưng Yên" },
	{ "034", "Thái Bình", NULL },
	{ "035", "Hà Nam", NULL },
	{ "036", "Nam Định", NULL },
	{ "037", "Ninh Bình", "Ninh Bình" },
	{ "038", "Thanh Hóa", "Thanh Hóa" },
	{ "040", "Nghệ An", "Nghệ An" },
	{ "042", "Hà Tĩnh", "Hà Tĩnh" },
	{ "044", "Quảng Bình", "Quảng Trị" },
	{ "045", "Quảng Trị", NULL },
	{ "046", "Thừa Thiên Huế", "Huế" },
	{ "048", "Đà Nẵng", "Đà Nẵng" },
	{ "049", "Quảng Nam", NULL },
	{ "051", "Quảng Ngãi", "Quảng Ngãi" },
	{ "052", "Bình Định", "Gia Lai" },
	{ "054", "Phú Yên", NULL },
	{ "056", "Khánh Hòa", "Khánh Hòa" },
	{ "058", "Ninh Thuận", NULL },
	{ "060", "Bình Thuận", NULL },
	{ "062", "Kon Tum", NULL },
	{ "064", "Gia Lai", NULL },
	{ "066", "Đắk Lắk", "Đắk Lắk" },
	{ "067", "Đắk Nông", NULL },
	{ "068", "Lâm Đồng", "Lâm Đồng" },
	{ "070", "Bình Phước", NULL },
	{ "072", "Tây Ninh", NULL },
	{ "074", "Bình Dương", NULL },
	{ "075", "Đồng Nai", "Đồng Nai" },
	{ "077", "Bà Rịa - Vũng Tàu", NULL },
	{ "079", "TP. Hồ Chí Minh", "TP. Hồ Chí Minh" },
	{ "080", "Long An", "Tây Ninh" },
	{ "082", "Tiền Giang", "Đồng Tháp" },
	{ "083", "Bến Tre", NULL },
	{ "084", "Trà Vinh", NULL },
	{ "086", "Vĩnh Long", "Vĩnh Long" },
	{ "087", "Đồng Tháp", NULL },
	{ "089", "An Giang", NULL },
	{ "091", "Kiên Giang", "An Giang" },
	{ "092", "Cần Thơ", "Cần Thơ" },
	{ "093", "Hậu Giang", NULL },
	{ "094", "Sóc Trăng", NULL },
	{ "095", "Bạc Liêu", NULL },
	{ "096", "Cà Mau", "Cà Mau" },
};

static const struct date reform = { 2025, 7, 1 };

bool number_is_well_formed(struct bytes text)
{
	if (text.n != NUMBER_LEN)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
	}
	return true;
}

void number_parse(const char *number, struct number_parts *ret)
{
	unsigned digit[NUMBER_LEN];

	CC_ASSERT(number_is_well_formed(bytes_str(number)));
	for (size_t i = 0; i < NUMBER_LEN; i++)
		digit[i] = (unsigned)(number[i] - '0');
	memcpy(ret->province, number, 3);
	ret->province[3] = '\0';
	/* Even for men, odd for women; each pair is a century from 1900 on. */
	ret->sex = digit[3] % 2 == 0 ? SEX_MALE : SEX_FEMALE;
	ret->birth_year = 1900 + digit[3] / 2 * 100 + digit[4] * 10 + digit[5];
}

static int by_code(const void *code, const void *province)
{
	return strcmp(code, ((const struct province *)province)->code);
}

static const struct province *find_province(const char *code)
{
	return bsearch(code, provinces, sizeof provinces / sizeof provinces[0], sizeof provinces[0], by_code);
}

const char *number_province(const char *code, struct date registered)
{
	const struct province *p = find_province(code);

	if (p == NULL)
		return NULL;
	return date_compare(registered, reform) < 0 ? p->before : p->since;
}
