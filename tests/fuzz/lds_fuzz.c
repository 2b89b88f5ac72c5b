/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/card_access.h"
#include "card/lds/dg.h"
#include "card/lds/dg1.h"
#include "card/lds/dg13.h"
#include "card/lds/dg14.h"
#include "card/lds/dg15.h"
#include "card/lds/dg2.h"
#include "card/lds/dg3.h"
#include "card/lds/ef_com.h"
#include "card/lds/sod_object.h"
#include "tests/fuzz/fuzz_entry.h"

/* libfuzzer: -max_len=8192 */

/*
 * The file's own tag chooses the parser. What parses is written again; what was
 * written parses, and writing that gives the same bytes: lenient input has one
 * strict form.
 */
#define LIMIT 65535

typedef bool (*rewrite)(struct bytes file, struct buf *ret);

static bool again_com(struct bytes file, struct buf *ret)
{
	struct ef_com com;

	return !cc_failed(ef_com_parse(file, &com, NULL)) && !cc_failed(ef_com_encode(&com, ret, NULL));
}

static bool again_dg1(struct bytes file, struct buf *ret)
{
	struct mrz m;

	return !cc_failed(dg1_parse(file, &m, NULL)) && !cc_failed(dg1_encode(m.text, ret, NULL));
}

static bool again_dg2(struct bytes file, struct buf *ret)
{
	struct dg2 d;

	return !cc_failed(dg2_parse(file, &d, NULL)) && !cc_failed(dg2_encode(&d, LIMIT, ret, NULL));
}

static bool again_dg3(struct bytes file, struct buf *ret)
{
	struct dg3 d;

	return !cc_failed(dg3_parse(file, &d, NULL)) && !cc_failed(dg3_encode(&d, LIMIT, ret, NULL));
}

static bool again_dg13(struct bytes file, struct buf *ret)
{
	struct dg13 d;

	return !cc_failed(dg13_parse(file, &d, NULL)) && !cc_failed(dg13_encode(&d, ret, NULL, NULL));
}

static bool again_dg14(struct bytes file, struct buf *ret)
{
	struct security_infos infos;

	return !cc_failed(dg14_parse(file, &infos, NULL)) && !cc_failed(dg14_encode_infos(&infos, ret));
}

static bool again_dg15(struct bytes file, struct buf *ret)
{
	struct bytes spki;

	return !cc_failed(dg15_spki(file, &spki, NULL)) && !cc_failed(dg15_encode(spki, ret, NULL));
}

static bool again_card_access(struct bytes file, struct buf *ret)
{
	struct security_infos infos;
	struct writer w;

	if (cc_failed(card_access_parse(file, &infos, NULL)))
		return false;
	writer_init(&w, LIMIT);
	security_infos_put(&w, &infos);
	return !cc_failed(writer_finish(&w, ret));
}

static bool again_sod_object(struct bytes file, struct buf *ret)
{
	struct sod_object o;

	return !cc_failed(sod_object_parse(file, &o, NULL)) && !cc_failed(sod_object_encode(&o, ret, NULL));
}

static bool again_row(struct bytes file, struct buf *ret)
{
	unsigned number = lds_dg_of_tag(file.p[0]);
	struct dg d;

	return dg_is_row(number) && !cc_failed(dg_parse(number, file, &d, NULL)) && !cc_failed(dg_encode(&d, ret));
}

static rewrite choose(uint8_t tag)
{
	switch (tag) {
	case 0x67:
	case 0x6B:
	case 0x6C:
	case 0x70:
		return again_row;
	case 0x60:
		return again_com;
	case 0x61:
		return again_dg1;
	case 0x75:
		return again_dg2;
	case 0x63:
		return again_dg3;
	case 0x6D:
		return again_dg13;
	case 0x6E:
		return again_dg14;
	case 0x6F:
		return again_dg15;
	case 0x31:
		return again_card_access;
	case 0x30:
		return again_sod_object;
	default:
		return NULL;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf once = { 0 }, twice = { 0 };
	rewrite f = size > 0 ? choose(data[0]) : NULL;

	if (f != NULL && f(bytes_of(data, size), &once)) {
		CC_ASSERT(f(buf_view(&once), &twice));
		CC_ASSERT(bytes_equal(buf_view(&once), buf_view(&twice)));
	}
	buf_done(&once);
	buf_done(&twice);
	return 0;
}
