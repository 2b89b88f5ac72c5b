/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/will_run.h"

#include "card/lds/dg13.h"
#include "crypto/base/tlv.h"

/*
 * cccd-card.md 5: deployed readers don't parse DG13. They look for the bytes 30
 * ?? 02 01 n with n rising by one, skip tag and length of the value as if both
 * were one byte, and take exactly two parents for granted. This does as they do
 * and compares the outcome with the file's content.
 */
static const struct will_rule fields[DG13_FIELD_LAST + 1] = {
	[DG13_NUMBER] = { "dg13.number", WILL_LOSE, true, "Mất số định danh.", "The personal number is lost." },
	[DG13_NAME] = { "dg13.name", WILL_LOSE, true, "Mất họ tên.", "The name is lost." },
	[DG13_BIRTH] = { "dg13.birth", WILL_LOSE, true, "Mất ngày sinh.", "The date of birth is lost." },
	[DG13_SEX] = { "dg13.sex", WILL_LOSE, true, "Mất giới tính.", "The sex is lost." },
	[DG13_NATIONALITY] = { "dg13.nationality", WILL_LOSE, true, "Mất quốc tịch.", "The nationality is lost." },
	[DG13_ETHNICITY] = { "dg13.ethnicity", WILL_LOSE, true, "Mất dân tộc.", "The ethnicity is lost." },
	[DG13_RELIGION] = { "dg13.religion", WILL_LOSE, true, "Mất tôn giáo.", "The religion is lost." },
	[DG13_ORIGIN] = { "dg13.origin", WILL_LOSE, true, "Mất quê quán.", "The place of origin is lost." },
	[DG13_RESIDENCE] = { "dg13.residence", WILL_LOSE, true, "Mất nơi thường trú.", "The residence is lost." },
	[DG13_MARKS] = { "dg13.marks", WILL_LOSE, true, "Mất đặc điểm nhận dạng.", "The identifying marks are lost." },
	[DG13_ISSUED] = { "dg13.issued", WILL_LOSE, true, "Mất ngày cấp.", "The date of issue is lost." },
	[DG13_EXPIRY] = { "dg13.expiry", WILL_LOSE, true, "Mất ngày hết hạn.", "The date of expiry is lost." },
	[DG13_PARENTS] = { "dg13.parents", WILL_LOSE, true, "Mất họ tên cha và mẹ.", "The parents' names are lost." },
	[DG13_SPOUSE] = { "dg13.spouse", WILL_LOSE, true, "Mất họ tên vợ hoặc chồng.", "The spouse's name is lost." },
	[DG13_OLD_NUMBER] = { "dg13.old-number", WILL_LOSE, true, "Mất số CMND cũ.", "The old number is lost." },
	[DG13_CHIP_ID] = { "dg13.chip-id", WILL_LOSE, true, "Mất mã chíp.", "The chip id is lost." },
};

/* Stands behind 30 ?? 02 01 n; false: not found from here on, `in` is where it was. */
static bool seek(struct cursor *in, unsigned n)
{
	struct cursor at = *in;

	while (cursor_left(&at) >= 5) {
		struct cursor probe = at;
		uint8_t sequence, any, integer, one, index, passed;

		if (cursor_u8(&probe, &sequence) && cursor_u8(&probe, &any) && cursor_u8(&probe, &integer) &&
		    cursor_u8(&probe, &one) && cursor_u8(&probe, &index) && sequence == 0x30 && integer == 0x02 && one == 0x01 &&
		    index == n) {
			*in = probe;
			return true;
		}
		if (!cursor_u8(&at, &passed))
			return false;
	}
	return false;
}

/* Tag and length are one byte each, whatever they say. */
static bool take_value(struct cursor *in, struct bytes *ret)
{
	uint8_t tag, len;

	return cursor_u8(in, &tag) && cursor_u8(in, &len) && cursor_take(in, len, ret);
}

/* 30 L 0C L text, the outer two bytes skipped as a fixed prefix. */
static bool take_wrapped(struct cursor *in, struct bytes *ret)
{
	uint8_t tag, len;

	return cursor_u8(in, &tag) && cursor_u8(in, &len) && take_value(in, ret);
}

static bool same(struct cursor in, unsigned n, const struct dg13 *d)
{
	struct bytes got = { 0 }, mother = { 0 };

	if (n == DG13_PARENTS) {
		if (d->father.n == 0 && d->mother.n == 0)
			return true;
		return take_wrapped(&in, &got) && take_wrapped(&in, &mother) && bytes_equal(got, d->father) &&
		       bytes_equal(mother, d->mother);
	}
	if (dg13_text(d, (enum dg13_field)n).n == 0)
		return true;
	if (n == DG13_SPOUSE)
		return take_wrapped(&in, &got) && bytes_equal(got, d->spouse);
	return take_value(&in, &got) && bytes_equal(got, dg13_text(d, (enum dg13_field)n));
}

static bool is_empty(const struct dg13 *d, unsigned n)
{
	return n == DG13_PARENTS ? d->father.n == 0 && d->mother.n == 0 : dg13_text(d, (enum dg13_field)n).n == 0;
}

void will_scan_dg13(struct will_run *run, enum will_scan scan)
{
	struct bytes file = lds_set_get(run->files, lds_dg(13));
	bool stopped = false;
	struct cursor in;
	struct dg13 d;

	/* A malformed or foreign DG13 is lint's business. */
	if (scan == WILL_SCAN_NONE || file.n == 0 || cc_failed(dg13_parse(file, &d, NULL)))
		return;
	cursor_init(&in, file);
	for (unsigned n = DG13_NUMBER; n <= DG13_FIELD_LAST; n++) {
		bool found = !stopped && seek(&in, n);

		if (found ? !same(in, n, &d) : !is_empty(&d, n))
			will_add(run, &fields[n], (unsigned)lds_dg(13), "field %u %s: %s", n, dg13_field_name((enum dg13_field)n),
				 stopped ? "behind a field that was not found"
				 : found ? "not laid out as the reader takes for granted"
					 : "no 30 ?? 02 01 nn: longer than 127 bytes, or out of order");
		stopped = stopped || (!found && scan == WILL_SCAN_STOP);
	}
}
