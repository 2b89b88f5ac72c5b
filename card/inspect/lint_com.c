/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/lint_run.h"

/* EF.COM, ICAO 9303-10 4.6.1: 60 { 5F01 version, 5F36 Unicode version, 5C list }. */
#define TAG_LDS_VERSION 0x5F01
#define TAG_UNICODE_VERSION 0x5F36
#define TAG_TAG_LIST 0x5C

static void check_list(struct lint_run *run, struct bytes list)
{
	struct cursor in;
	unsigned before = 0;
	uint32_t seen = 0;
	uint8_t tag;

	cursor_init(&in, list);
	while (cursor_left(&in) > 0 && cursor_u8(&in, &tag)) {
		unsigned dg = lds_dg_of_tag(tag);

		if (dg == 0) {
			lint_add(run, LINT_COM_LIST_UNKNOWN, list, "tag %02X", tag);
			continue;
		}
		if ((seen & 1u << (dg - 1)) != 0)
			lint_add(run, LINT_COM_LIST_TWICE, list, "DG%u", dg);
		else if (dg < before)
			lint_add(run, LINT_COM_LIST_ORDER, list, "DG%u after DG%u", dg, before);
		seen |= 1u << (dg - 1);
		before = dg;
	}
	/* ICAO 9303-10 table 38: DG1 and DG2 are mandatory. */
	for (unsigned dg = 1; dg <= run->mandatory; dg++) {
		if ((seen & 1u << (dg - 1)) == 0)
			lint_add(run, LINT_COM_LIST_DG1, list, "no DG%u", dg);
	}
}

struct com_elements {
	struct tlv lds, unicode, list;
};

static void read_elements(struct lint_run *run, struct cursor *in, struct com_elements *e)
{
	uint32_t before = 0;
	struct tlv t;

	/* The tags happen to be 5F01, 5F36, 5C: the order of the clause is told by place, not by value. */
	while (cursor_left(in) > 0 && tlv_next(in, TLV_LENIENT, &t)) {
		struct tlv *slot = t.tag == TAG_LDS_VERSION	  ? &e->lds
				   : t.tag == TAG_UNICODE_VERSION ? &e->unicode
				   : t.tag == TAG_TAG_LIST	  ? &e->list
								  : NULL;

		if (slot == NULL || slot->tag != 0) {
			lint_add(run, LINT_COM_EXTRA, t.whole, "tag %X", (unsigned)t.tag);
			continue;
		}
		if ((t.tag == TAG_LDS_VERSION && before != 0) || (t.tag == TAG_UNICODE_VERSION && before == TAG_TAG_LIST))
			lint_add(run, LINT_COM_ORDER, t.whole, "%X after %X", (unsigned)t.tag, (unsigned)before);
		*slot = t;
		before = t.tag;
	}
}

void lint_com(struct lint_run *run)
{
	struct com_elements e = { 0 };
	struct cursor in;

	if (!lint_outer(run, lds_file_tag(LDS_COM), &in))
		return;
	read_elements(run, &in, &e);
	if (e.lds.tag == 0)
		lint_add(run, LINT_COM_LDS_MISSING, run->bytes, "no 5F01");
	else if (!bytes_equal(e.lds.value, BYTES_LITERAL("0107")) && !bytes_equal(e.lds.value, BYTES_LITERAL("0108")))
		lint_add(run, LINT_COM_LDS_VERSION, e.lds.whole, "%.*s", (int)(e.lds.value.n < 8 ? e.lds.value.n : 8),
			 (const char *)e.lds.value.p);
	if (e.unicode.tag == 0)
		lint_add(run, LINT_COM_UNICODE_MISSING, run->bytes, "no 5F36");
	else if (!bytes_equal(e.unicode.value, BYTES_LITERAL("040000")))
		lint_add(run, LINT_COM_UNICODE_VERSION, e.unicode.whole, "%.*s",
			 (int)(e.unicode.value.n < 8 ? e.unicode.value.n : 8), (const char *)e.unicode.value.p);
	if (e.list.tag == 0)
		lint_add(run, LINT_COM_LIST_MISSING, run->bytes, "no 5C");
	else
		check_list(run, e.list.value);
}
