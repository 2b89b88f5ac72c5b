/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/issue_station.h"

#include "tests/support/books_fixture.h"

struct issue_fixture station;

int issue_station(void **state)
{
	(void)state;
	issue_fixture(&station);
	return 0;
}

int issue_station_done(void **state)
{
	(void)state;
	issue_fixture_done(&station);
	return 0;
}

int issue_station_fresh(void **state)
{
	(void)state;
	issue_fixture_fresh(&station);
	issue_fixture_open(&station, NULL);
	return 0;
}

int issue_station_checked(void **state)
{
	(void)state;
	books_fixture_check(station.issuer.books);
	issue_fixture_close(&station);
	return 0;
}
