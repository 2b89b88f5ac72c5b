/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cvc.h"

#include <time.h>

static unsigned days_in(unsigned year, unsigned month)
{
	static const unsigned days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : days[month - 1];
}

bool cvc_date_valid(uint32_t date)
{
	unsigned year = date / 10000, month = date / 100 % 100, day = date % 100;

	return year >= 2000 && year <= 2099 && month >= 1 && month <= 12 && day >= 1 && day <= days_in(year, month);
}

/* TR-03110-3 D.2.1.3: YYMMDD, one digit in a byte, in the years 2000 to 2099. */
bool cvc_date_parse(struct bytes six, uint32_t *ret)
{
	struct cursor in;
	uint32_t date = 20;
	uint8_t digit;

	cursor_init(&in, six);
	for (unsigned i = 0; i < 6; i++) {
		if (!cursor_u8(&in, &digit) || digit > 9)
			return false;
		date = date * 10 + digit;
	}
	if (cc_failed(cursor_end(&in)) || !cvc_date_valid(date))
		return false;
	*ret = date;
	return true;
}

uint32_t cvc_date_of(int64_t unix_s)
{
	time_t t = (time_t)unix_s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < 100 || tm.tm_year > 199)
		return 0;
	return (uint32_t)(tm.tm_year + 1900) * 10000 + (uint32_t)(tm.tm_mon + 1) * 100 + (uint32_t)tm.tm_mday;
}

uint32_t cvc_date_add(uint32_t date, unsigned days)
{
	unsigned year = date / 10000, month = date / 100 % 100, day = date % 100;

	CC_ASSERT(cvc_date_valid(date));
	for (; days > 0; days--) {
		if (++day <= days_in(year, month))
			continue;
		day = 1;
		if (++month > 12) {
			month = 1;
			year++;
		}
	}
	return year * 10000 + month * 100 + day;
}
