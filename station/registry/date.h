/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_DATE_H
#define CC_STATION_REGISTRY_DATE_H

#include "crypto/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Dates of documents: days of the Gregorian calendar, without a time or zone.
 * A date may be known to the year or the month only: unknown parts are 0, never
 * invented (cccd-card.md 7).
 */
struct date {
	uint16_t year; /* 0: nothing is known */
	uint8_t month; /* 0: unknown */
	uint8_t day;   /* 0: unknown */
};

enum date_precision { DATE_NONE, DATE_YEAR, DATE_MONTH, DATE_DAY };

#define DATE_TEXT_SIZE 12

enum date_precision date_precision(struct date d);
bool date_is_leap(unsigned year);
/* Days of a month, 1 to 12. */
unsigned date_month_days(unsigned year, unsigned month);
/* A day that exists, from 1800 to 2399; unknown parts (from the day upwards) are allowed. */
bool date_is_valid(struct date d);
/* <0, 0, >0; both known to the day. */
int date_compare(struct date a, struct date b);
/* "2001-03-08", "2001-03" or "2001": the precision is what is written. False on anything else, or a day that does not exist. */
CC_MUST bool date_parse(struct bytes text, struct date *ret);
/* The same form; "" for nothing known. out: DATE_TEXT_SIZE. */
void date_format(struct date d, char *out);
/* "08/03/2001" of DG13 and of the printed card; known to the day. */
void date_format_card(struct date d, char *out);
/* "YYMMDD" of the MRZ, "<<" for unknown parts (ICAO 9303-3 4.8). out: 7. */
void date_format_mrz(struct date d, char *out);
/* The calendar day in Vietnam (UTC+7, no summer time) at an instant. */
struct date date_in_vietnam(int64_t wall_ms);

#endif
