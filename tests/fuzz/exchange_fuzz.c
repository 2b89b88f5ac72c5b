/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/application.h"
#include "station/registry/exchange_package.h"
#include "station/registry/person.h"
#include "tests/fuzz/fuzz_entry.h"

#include <string.h>

/* libfuzzer: -max_len=8192 */

/*
 * What stands in a package of another station, as it is read once its signature
 * was good. A head that reads is written again to the same bytes, and so is a
 * package of which each item reads; who is in an application is a number.
 */

static void read_person(struct bytes record)
{
	struct row_warnings warnings = { 0 };
	struct row_fault fault = { 0 };
	struct person person = { 0 };
	cc_status st = person_parse(record, &person, &warnings, &fault);

	CC_ASSERT(!cc_failed(st) || st.code == CC_E_MEMORY || fault.key != NULL);
	person_done(&person);
}

static void read_form(struct bytes form)
{
	struct application a = { 0 };
	struct cc_error err = { 0 };

	if (cc_failed(application_of_form(form, &a, &err)))
		CC_ASSERT(err.key != NULL && a.number[0] == 0);
	else
		CC_ASSERT(strlen(a.number) == 12 && strspn(a.number, "0123456789") == 12);
}

static bool applicant(struct cbor_in *items, struct cbor_out *out)
{
	struct bytes record, photo, form;

	if (!exchange_package_applicant(items, &record, &photo, &form))
		return false;
	read_person(record);
	read_form(form);
	exchange_package_put_applicant(out, record, photo, form);
	return true;
}

static bool result(struct cbor_in *items, struct cbor_out *out)
{
	struct exchange_result r = { 0 };

	if (!exchange_package_result(items, &r))
		return false;
	CC_ASSERT(r.number.n == 12 && (r.outcome == EXCHANGE_ISSUED) == (r.serial.n > 0));
	exchange_package_put_result(out, &r);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct exchange_head head = { 0 };
	struct cc_error err = { 0 };
	struct cbor_in items;
	struct cbor_out out;
	struct buf again = { 0 };
	size_t n = 0;

	read_form(in);
	if (cc_failed(exchange_package_read(in, &head, &items, &err))) {
		CC_ASSERT(err.key != NULL && head.seq == 0);
		return 0;
	}
	exchange_package_open(&out, &head);
	while (n < head.count && (head.kind == EXCHANGE_APPLICANTS ? applicant(&items, &out) : result(&items, &out)))
		n++;
	CC_ASSERT(n == head.count || err.key != NULL);
	CC_ASSERT(!cc_failed(exchange_package_close(&out, &again)));
	CC_ASSERT(n < head.count || bytes_equal(buf_view(&again), in));
	buf_done(&again);
	return 0;
}
