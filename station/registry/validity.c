/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/validity.h"

#include "card/lds/cccd_design.h"

#include <string.h>

/* cccd-card.md 6: a card issued within this time before an exchange age runs to the next one. */
#define YEARS_BEFORE_EXCHANGE 2

struct validity_rules validity_rules_2024(void)
{
	return (struct validity_rules){ .ages = { 14, 25, 40, 60 }, .age_count = 4 };
}

struct validity_rules validity_rules_2021(void)
{
	return (struct validity_rules){ .ages = { 25, 40, 60 }, .age_count = 3 };
}

/* "14,25,40,60": rising, above the 2 years, below 150. */
static bool parse_ages(const char *text, struct validity_rules *r)
{
	struct cursor in;
	struct bytes item;

	cursor_init(&in, bytes_str(text));
	while (cursor_left(&in) > 0) {
		unsigned v = 0;

		if (!cursor_until(&in, ',', &item) || item.n == 0 || item.n > 3 || r->age_count == VALIDITY_AGES_MAX)
			return false;
		for (size_t i = 0; i < item.n; i++) {
			if (item.p[i] < '0' || item.p[i] > '9')
				return false;
			v = v * 10 + (unsigned)(item.p[i] - '0');
		}
		if (v <= YEARS_BEFORE_EXCHANGE || v >= 150 || (r->age_count > 0 && v <= r->ages[r->age_count - 1]))
			return false;
		r->ages[r->age_count++] = v;
	}
	return r->age_count > 0 && text[strlen(text) - 1] != ',';
}

cc_status validity_rules_parse(const char *ages, const char *feb_29, struct validity_rules *ret, struct cc_error *err)
{
	struct validity_rules r = { 0 };

	if (!parse_ages(ages, &r))
		return cc_fail(err, CC_E_FORMAT, "settings.bad-value", "rules.exchange-ages: ages, rising, with commas");
	r.feb_29_is_march_1 = strcmp(feb_29, "03-01") == 0;
	if (!r.feb_29_is_march_1 && strcmp(feb_29, "02-28") != 0)
		return cc_fail(err, CC_E_FORMAT, "settings.bad-value", "rules.birthday-feb-29: 02-28 or 03-01");
	*ret = r;
	return cc_ok();
}

struct date validity_birthday(const struct validity_rules *r, struct date birth, unsigned age)
{
	struct date d = birth;

	CC_ASSERT(date_precision(birth) == DATE_DAY);
	d.year = (uint16_t)(birth.year + age);
	if (d.month == 2 && d.day == 29 && !date_is_leap(d.year)) {
		d.month = r->feb_29_is_march_1 ? 3 : 2;
		d.day = r->feb_29_is_march_1 ? 1 : 28;
	}
	return d;
}

unsigned validity_age(const struct validity_rules *r, struct date birth, struct date on)
{
	unsigned age;

	if (on.year <= birth.year)
		return 0;
	age = (unsigned)on.year - birth.year;
	return date_compare(on, validity_birthday(r, birth, age)) < 0 ? age - 1 : age;
}

bool validity_expiry(const struct validity_rules *r, struct date birth, struct date issued, struct date *ret)
{
	for (size_t i = 0; i < r->age_count; i++) {
		struct date window = validity_birthday(r, birth, r->ages[i] - YEARS_BEFORE_EXCHANGE);

		if (date_compare(issued, window) < 0) {
			*ret = validity_birthday(r, birth, r->ages[i]);
			return true;
		}
	}
	return false;
}

bool validity_has_face(const struct validity_rules *r, struct date birth, struct date on)
{
	return date_precision(birth) != DATE_DAY || validity_age(r, birth, on) >= CCCD_DESIGN_FACE_AGE;
}
