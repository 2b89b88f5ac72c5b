/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/codes.h"

#include "station/registry/person.h"
#include "station/registry/vietnamese.h"

#include <pthread.h>
#include <string.h>

/* By their search keys. Spellings that the registers use side by side stand together. */
static const char *const ethnicities[] = {
	"kinh",	   "viet",    "tay",	  "thai",    "hoa",    "khmer",	       "kho me",  "muong",    "nung",	"mong",
	"h mong",  "hmong",   "dao",	  "gia rai", "jrai",   "ngai",	       "e de",	  "ede",      "ba na",	"bana",
	"xo dang", "xe dang", "san chay", "co ho",   "cho ho", "cham",	       "san diu", "hre",      "mnong",	"m nong",
	"ra glai", "raglai",  "xtieng",	  "x tieng", "stieng", "bru van kieu", "tho",	  "giay",     "co tu",	"gie trieng",
	"ma",	   "kho mu",  "co",	  "cor",     "ta oi",  "cho ro",       "khang",	  "xinh mun", "ha nhi", "chu ru",
	"lao",	   "la chi",  "la ha",	  "phu la",  "la hu",  "lu",	       "lo lo",	  "chut",     "mang",	"pa then",
	"co lao",  "cong",    "bo y",	  "si la",   "pu peo", "brau",	       "o du",	  "ro mam",
};
static const char *const religions[] = {
	"khong",
	"phat giao",
	"cong giao",
	"thien chua giao",
	"tin lanh",
	"cao dai",
	"phat giao hoa hao",
	"hoi giao",
	"baha i",
	"bahai",
	"tinh do cu si phat hoi viet nam",
	"co doc phuc lam",
	"tu an hieu nghia",
	"minh su dao",
	"minh ly dao tam tong mieu",
	"ba la mon",
	"mac mon",
	"hieu nghia ta lon",
	"buu son ky huong",
	"chinh thong giao",
};

/* Name before 1 July 2025 and the province it is in since; names are by search key, the successor is shown. */
static const struct {
	const char *name, *successor; /* NULL: it stays */
} provinces[] = {
	{ "Hà Nội", NULL },
	{ "Hà Giang", "Tuyên Quang" },
	{ "Cao Bằng", NULL },
	{ "Bắc Kạn", "Thái Nguyên" },
	{ "Tuyên Quang", NULL },
	{ "Lào Cai", NULL },
	{ "Điện Biên", NULL },
	{ "Lai Châu", NULL },
	{ "Sơn La", NULL },
	{ "Yên Bái", "Lào Cai" },
	{ "Hòa Bình", "Phú Thọ" },
	{ "Thái Nguyên", NULL },
	{ "Lạng Sơn", NULL },
	{ "Quảng Ninh", NULL },
	{ "Bắc Giang", "Bắc Ninh" },
	{ "Phú Thọ", NULL },
	{ "Vĩnh Phúc", "Phú Thọ" },
	{ "Bắc Ninh", NULL },
	{ "Hải Dương", "Hải Phòng" },
	{ "Hải Phòng", NULL },
	{ "Hưng Yên", NULL },
	{ "Thái Bình", "Hưng Yên" },
	{ "Hà Nam", "Ninh Bình" },
	{ "Nam Định", "Ninh Bình" },
	{ "Ninh Bình", NULL },
	{ "Thanh Hóa", NULL },
	{ "Nghệ An", NULL },
	{ "Hà Tĩnh", NULL },
	{ "Quảng Bình", "Quảng Trị" },
	{ "Quảng Trị", NULL },
	{ "Thừa Thiên Huế", "Huế" },
	{ "Đà Nẵng", NULL },
	{ "Quảng Nam", "Đà Nẵng" },
	{ "Quảng Ngãi", NULL },
	{ "Bình Định", "Gia Lai" },
	{ "Phú Yên", "Đắk Lắk" },
	{ "Khánh Hòa", NULL },
	{ "Ninh Thuận", "Khánh Hòa" },
	{ "Bình Thuận", "Lâm Đồng" },
	{ "Kon Tum", "Quảng Ngãi" },
	{ "Gia Lai", NULL },
	{ "Đắk Lắk", NULL },
	{ "Đắk Nông", "Lâm Đồng" },
	{ "Lâm Đồng", NULL },
	{ "Bình Phước", "Đồng Nai" },
	{ "Tây Ninh", NULL },
	{ "Bình Dương", "TP. Hồ Chí Minh" },
	{ "Đồng Nai", NULL },
	{ "Bà Rịa - Vũng Tàu", "TP. Hồ Chí Minh" },
	{ "TP. Hồ Chí Minh", NULL },
	{ "Long An", "Tây Ninh" },
	{ "Tiền Giang", "Đồng Tháp" },
	{ "Bến Tre", "Vĩnh Long" },
	{ "Trà Vinh", "Vĩnh Long" },
	{ "Vĩnh Long", NULL },
	{ "Đồng Tháp", NULL },
	{ "An Giang", NULL },
	{ "Kiên Giang", "An Giang" },
	{ "Cần Thơ", NULL },
	{ "Hậu Giang", "Cần Thơ" },
	{ "Sóc Trăng", "Cần Thơ" },
	{ "Bạc Liêu", "Cà Mau" },
	{ "Cà Mau", NULL },
};
#define PROVINCE_COUNT (sizeof provinces / sizeof provinces[0])

static const struct date reform = { 2025, 7, 1 };
/* Thừa Thiên Huế became the city of Huế half a year before (Resolution 175/2024/QH15). */
static const struct date hue = { 2025, 1, 1 };

static bool is_listed(const char *name, const char *const *list, size_t count)
{
	char key[2 * PERSON_TERM_SIZE];

	if (cc_failed(vietnamese_search_key(name, key, sizeof key)))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (list[i][0] == key[0] && strcmp(list[i], key) == 0)
			return true;
	}
	return false;
}

bool codes_ethnicity(const char *name)
{
	return is_listed(name, ethnicities, sizeof ethnicities / sizeof ethnicities[0]);
}

bool codes_religion(const char *name)
{
	return is_listed(name, religions, sizeof religions / sizeof religions[0]);
}

bool codes_province_key(const char *name, char *out, size_t cap)
{
	static const char *const kinds[] = { "thanh pho ", "tinh ", "tp " };

	if (cc_failed(vietnamese_search_key(name, out, cap)))
		return false;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		size_t n = strlen(kinds[i]);

		if (strncmp(out, kinds[i], n) == 0) {
			memmove(out, out + n, strlen(out + n) + 1);
			break;
		}
	}
	return true;
}

/* Search keys of all, made once: an import asks for each row. */
static char province_keys[PROVINCE_COUNT][2 * PERSON_TERM_SIZE];
static pthread_once_t province_keys_once = PTHREAD_ONCE_INIT;

static void make_province_keys(void)
{
	for (size_t i = 0; i < PROVINCE_COUNT; i++)
		CC_ASSERT(codes_province_key(provinces[i].name, province_keys[i], sizeof province_keys[i]));
}

enum province_standing codes_province(const char *name, struct date day, const char **ret_successor)
{
	char key[2 * PERSON_TERM_SIZE];

	(void)pthread_once(&province_keys_once, make_province_keys);
	if (!codes_province_key(name, key, sizeof key))
		return PROVINCE_UNKNOWN;
	if (strcmp(key, "hue") == 0)
		return date_compare(day, hue) < 0 ? PROVINCE_FUTURE : PROVINCE_CURRENT;
	for (size_t i = 0; i < PROVINCE_COUNT; i++) {
		bool renamed;

		if (key[0] != province_keys[i][0] || strcmp(key, province_keys[i]) != 0)
			continue;
		renamed = provinces[i].successor != NULL && strcmp(provinces[i].successor, "Huế") == 0;
		if (provinces[i].successor == NULL || date_compare(day, renamed ? hue : reform) < 0)
			return PROVINCE_CURRENT;
		if (ret_successor != NULL)
			*ret_successor = provinces[i].successor;
		return PROVINCE_MERGED;
	}
	return PROVINCE_UNKNOWN;
}

void codes_address_province(const char *address, char *out, size_t cap)
{
	const char *last = strrchr(address, ',');
	size_t n;

	out[0] = '\0';
	if (last == NULL)
		return;
	last += 1 + strspn(last + 1, " ");
	n = strlen(last);
	if (n < cap)
		memcpy(out, last, n + 1);
}

size_t codes_province_count(void)
{
	return PROVINCE_COUNT;
}

const char *codes_province_at(size_t n, struct date day)
{
	CC_ASSERT(n < PROVINCE_COUNT);
	if (provinces[n].successor != NULL && strcmp(provinces[n].successor, "Huế") == 0)
		return date_compare(day, hue) < 0 ? provinces[n].name : provinces[n].successor;
	return provinces[n].successor == NULL || date_compare(day, reform) < 0 ? provinces[n].name : NULL;
}
