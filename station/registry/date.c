/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/date.h"

#include "crypto/base/err.h"

#include <stdio.h>

#define YEAR_MIN 1800
#define YEAR_MAX 2399

enum date_precision date_precision(struct date d)
{
	if (d.year == 0)
		return DATE_NONE;
	if (d.month == 0)
		return DATE_YEAR;
	return d.day == 0 ? DATE_MONTH : DATE_DAY;
}

bool date_is_leap(unsigned year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

unsigned date_month_days(unsigned year, unsigned month)
{
	static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	CC_ASSERT(month >= 1 && month <= 12);
	return month == 2 && date_is_leap(year) ? 29 : days[month - 1];
}

bool date_is_valid(struct date d)
{
	if (d.year == 0)
		return d.month == 0 && d.day == 0;
	if (d.year < YEAR_MIN || d.year > YEAR_MAX || d.month > 12)
		return false;
	if (d.month == 0)
		return d.day == 0;
	return d.day <= date_month_days(d.year, d.month);
}

int date_compare(struct date a, struct date b)
{
	if (a.year != b.year)
		return a.year < b.year ? -1 : 1;
	if (a.month != b.month)
		return a.month < b.month ? -1 : 1;
	if (a.day != b.day)
		return a.day < b.day ? -1 : 1;
	return 0;
}

static bool digits(struct cursor *in, size_t n, unsigned *ret)
{
	struct bytes text;
	unsigned v = 0;

	if (!cursor_take(in, n, &text))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return cursor_fail(in);
		v = v * 10 + (unsigned)(text.p[i] - '0');
	}
	*ret = v;
	return true;
}

/* "-05": a part that is written is not zero. */
static bool part(struct cursor *in, unsigned *ret)
{
	uint8_t dash;

	if (!cursor_u8(in, &dash) || dash != '-' || !digits(in, 2, ret) || *ret == 0)
		return cursor_fail(in);
	return true;
}

bool date_parse(struct bytes text, struct date *ret)
{
	unsigned year = 0, month = 0, day = 0;
	struct cursor in;
	struct date d;

	cursor_init(&in, text);
	if (!digits(&in, 4, &year) || year == 0)
		return false;
	if (cursor_left(&in) > 0 && !part(&in, &month))
		return false;
	if (cursor_left(&in) > 0 && !part(&in, &day))
		return false;
	d = (struct date){ (uint16_t)year, (uint8_t)month, (uint8_t)day };
	if (cc_failed(cursor_end(&in)) || !date_is_valid(d))
		return false;
	*ret = d;
	return true;
}

static char *put_digits(char *out, unsigned v, size_t n)
{
	for (size_t i = n; i > 0; i--, v /= 10)
		out[i - 1] = (char)('0' + v % 10);
	return out + n;
}

/* Made several times for each row of a load: without the print library. */
void date_format(struct date d, char *out)
{
	enum date_precision precision = date_precision(d);

	if (precision >= DATE_YEAR)
		out = put_digits(out, d.year, 4);
	if (precision >= DATE_MONTH) {
		*out++ = '-';
		out = put_digits(out, d.month, 2);
	}
	if (precision == DATE_DAY) {
		*out++ = '-';
		out = put_digits(out, d.day, 2);
	}
	*out = '\0';
}

void date_format_card(struct date d, char *out)
{
	CC_ASSERT(date_precision(d) == DATE_DAY);
	(void)snprintf(out, DATE_TEXT_SIZE, "%02u/%02u/%04u", d.day % 100u, d.month % 100u, d.year % 10000u);
}

void date_format_mrz(struct date d, char *out)
{
	char month[3] = "<<", day[3] = "<<", year[3] = "<<";

	if (d.year != 0)
		(void)snprintf(year, sizeof year, "%02u", d.year % 100u);
	if (d.month != 0)
		(void)snprintf(month, sizeof month, "%02u", d.month % 100u);
	if (d.day != 0)
		(void)snprintf(day, sizeof day, "%02u", d.day % 100u);
	(void)snprintf(out, 7, "%s%s%s", year, month, day);
}

struct date date_in_vietnam(int64_t wall_ms)
{
	const int64_t day_ms = 86400000;
	int64_t local = wall_ms + 7 * 3600000;
	int64_t days = local / day_ms - (local % day_ms < 0 ? 1 : 0);
	unsigned year = 1970, month = 1;

	while (days < 0) {
		year--;
		days += date_is_leap(year) ? 366 : 365;
	}
	while (days >= (date_is_leap(year) ? 366 : 365)) {
		days -= date_is_leap(year) ? 366 : 365;
		year++;
	}
	while (days >= date_month_days(year, month)) {
		days -= date_month_days(year, month);
		month++;
	}
	return (struct date){ (uint16_t)year, (uint8_t)month, (uint8_t)(days + 1) };
}
