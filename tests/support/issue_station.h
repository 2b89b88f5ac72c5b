/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_ISSUE_STATION_H
#define CC_TESTS_SUPPORT_ISSUE_STATION_H

#include "tests/support/issue_fixture.h"

/* One station for all tests of a program: the PKI and the password key are made once. */
extern struct issue_fixture station;

/* Around the group. */
int issue_station(void **state);
int issue_station_done(void **state);
/* Around a test that has the station open: from the template; afterwards the books are checked. */
int issue_station_fresh(void **state);
int issue_station_checked(void **state);

#endif
