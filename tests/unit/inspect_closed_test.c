/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/inspect_run.h"

#include "card/fs.h"
#include "crypto/base/bytes.h"
#include "station/card_verdict.h"
#include "tests/support/inspect_expect.h"
#include "tests/support/lds_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct lds_fixture fixture;

static int setup(void **state)
{
	(void)state;
	lds_fixture(&fixture, EC_BP256, HASH_SHA256);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lds_fixture_done(&fixture);
	return 0;
}

/* A chip behind its access control that gives its files by short identifier, and says 6982 for one of them. */
struct liar {
	const struct lds_set *files;
	unsigned closed; /* data group */
	struct bytes present;
};

static cc_status liar_reset(void *ctx, uint8_t atr[READER_ATR_MAX], size_t *ret_len)
{
	(void)ctx;
	memcpy(atr, "\x3B\x80\x80\x01\x01", 5);
	*ret_len = 5;
	return cc_ok();
}

static struct bytes file_of(const struct liar *l, uint8_t sfi)
{
	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		if (f != LDS_CARD_ACCESS && f != LDS_CARD_SECURITY && (lds_file_fid((enum lds_file)f) & 0x1F) == sfi)
			return lds_set_get(l->files, (enum lds_file)f);
	}
	return bytes_of(NULL, 0);
}

static cc_status liar_transmit(void *ctx, struct bytes command, struct writer *answer)
{
	struct liar *l = ctx;
	size_t offset = (size_t)command.p[2] << 8 | command.p[3], want = command.p[4] == 0 ? 256 : command.p[4];
	uint16_t sw = 0x9000;

	if (command.p[1] != 0xB0) {
		writer_u16(answer, 0x6A82);
		return cc_ok();
	}
	if ((command.p[2] & 0x80) != 0) {
		l->present = file_of(l, command.p[2] & 0x1F);
		offset = command.p[3];
		if ((command.p[2] & 0x1F) == l->closed)
			sw = 0x6982;
		else if (l->present.n == 0)
			sw = 0x6A82;
	}
	if (sw == 0x9000 && offset < l->present.n)
		writer_put(answer, bytes_of(l->present.p + offset, want < l->present.n - offset ? want : l->present.n - offset));
	writer_u16(answer, sw);
	return cc_ok();
}

/* Reads and judges as inspect_card does, behind the access that stands in `access`. */
static void inspect(unsigned closed, enum inspect_access access, bool with_ta, struct inspection *ret)
{
	const struct inspect_params p = { .trust = fixture.trust, .now_s = FIXTURE_NOW_S, .sys = &fixture.sys.sys };
	struct lds_set files = { 0 };
	struct liar liar = { .files = &files, .closed = closed };
	struct reader *reader = NULL;
	struct channel ch;
	struct inspect_run run = { .ch = &ch, .p = &p, .out = ret };

	memset(ret, 0, sizeof *ret);
	lds_fixture_files(&fixture, bytes_of(NULL, 0), bytes_of(NULL, 0), &files);
	assert_int_equal(lds_set_put(&files, lds_dg(3), BYTES_LITERAL("\x63\x03\x02\x01\x00")).code, CC_OK);
	lds_fixture_sign(&fixture, 1, &files);
	assert_int_equal(reader_memory_new("liar", &liar, liar_reset, liar_transmit, &reader).code, CC_OK);
	assert_int_equal(reader_connect(reader).code, CC_OK);
	channel_init(&ch, reader);
	ret->access = access;
	if (with_ta) {
		run.has_access_infos = true;
		run.access_infos.count = 1;
		run.access_infos.items[0].kind = SECURITY_INFO_TA;
	}
	assert_int_equal(inspect_read(&run).code, CC_OK);
	assert_int_equal(inspect_terminal(&run).code, CC_OK);
	sod_done(&run.sod);
	channel_done(&ch);
	reader_free(&reader);
	lds_set_done(&files);
}

/* Closing DG15 is how a copy escapes Active Authentication without leaving a file out. */
static void a_closed_file_that_needs_no_more_access_fails(void **state)
{
	static const unsigned groups[] = { 1, 2, 13, 14, 15 };
	struct inspection i;
	char id[16];

	(void)state;
	for (size_t k = 0; k < sizeof groups / sizeof groups[0]; k++) {
		(void)snprintf(id, sizeof id, "dg%u.read", groups[k]);
		inspect(groups[k], INSPECT_ACCESS_PACE_CAN, true, &i);
		inspect_expect(&i, id, INSPECT_FAILED);
		inspect_expect_evidence(&i, id, "closed though it needs no extended access");
		inspection_done(&i);
		/* Nobody asked for access: BAC may well open it. */
		inspect(groups[k], INSPECT_ACCESS_NONE, true, &i);
		inspect_expect(&i, id, INSPECT_UNAVAILABLE);
		inspection_done(&i);
	}
}

static void closed_fingers_that_nothing_opens_are_no_pass(void **state)
{
	struct inspection i;

	(void)state;
	inspect(3, INSPECT_ACCESS_PACE_CAN, true, &i);
	inspect_expect(&i, "dg3.read", INSPECT_UNAVAILABLE);
	inspection_done(&i);
	inspect(3, INSPECT_ACCESS_PACE_CAN, false, &i);
	inspect_expect(&i, "dg3.read", INSPECT_INCONCLUSIVE);
	inspect_expect_evidence(&i, "dg3.read", "announces no terminal authentication");
	inspection_done(&i);
}

/* Every card in the field keeps its fingers from us: it passes, and the sentence says what was not looked at. */
static void a_pass_says_what_was_not_read(void **state)
{
	struct inspection i = { .verdict = INSPECT_GOOD, .check_count = 2 };
	struct card_verdict v;

	(void)state;
	i.checks[0] = (struct inspect_check){ .id = "active-authentication", .result = INSPECT_PASSED };
	i.checks[1] = (struct inspect_check){ .id = "sod.dg3", .result = INSPECT_UNAVAILABLE };
	card_verdict_of(&i, LANG_EN, &v);
	assert_string_equal(v.key, "verdict.passed-unread");
	assert_string_equal(v.word, "PASSED");
	assert_non_null(strstr(v.what, "not checked"));
	i.checks[1].result = INSPECT_PASSED;
	card_verdict_of(&i, LANG_EN, &v);
	assert_string_equal(v.key, "verdict.passed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_closed_file_that_needs_no_more_access_fails),
		cmocka_unit_test(closed_fingers_that_nothing_opens_are_no_pass),
		cmocka_unit_test(a_pass_says_what_was_not_read),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
