/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_RESIDENCE_H
#define CC_STATION_REGISTRY_RESIDENCE_H

#include "station/registry/date.h"

/*
 * The province that a name or an address means on a day, by its name in the list
 * of that day (codes.h): an address of before the reform gives the province that it
 * belongs to now. NULL: none.
 */
const char *residence_province_of_name(const char *name, struct date day);
const char *residence_province(const char *address, struct date day);

#endif
