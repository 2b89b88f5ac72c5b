/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/lds_set.h"

#include "card/fs.h"

#include <stdio.h>

/* ICAO 9303-10 table 38 and 3.11, in the order of enum lds_file. */
static const struct {
	const char *name, *title;
	uint16_t fid;
	uint8_t tag;
} kinds[LDS_FILE_COUNT] = {
	{ "EF_CardAccess.bin", "EF.CardAccess", FS_EF_CARD_ACCESS, 0x31 },
	{ "EF_COM.bin", "EF.COM", FS_EF_COM, 0x60 },
	{ "EF_SOD.bin", "EF.SOD", FS_EF_SOD, 0x77 },
	{ "DG1.bin", "DG1", FS_EF_DG(1), 0x61 },
	{ "DG2.bin", "DG2", FS_EF_DG(2), 0x75 },
	{ "DG3.bin", "DG3", FS_EF_DG(3), 0x63 },
	{ "DG4.bin", "DG4", FS_EF_DG(4), 0x76 },
	{ "DG5.bin", "DG5", FS_EF_DG(5), 0x65 },
	{ "DG6.bin", "DG6", FS_EF_DG(6), 0x66 },
	{ "DG7.bin", "DG7", FS_EF_DG(7), 0x67 },
	{ "DG8.bin", "DG8", FS_EF_DG(8), 0x68 },
	{ "DG9.bin", "DG9", FS_EF_DG(9), 0x69 },
	{ "DG10.bin", "DG10", FS_EF_DG(10), 0x6A },
	{ "DG11.bin", "DG11", FS_EF_DG(11), 0x6B },
	{ "DG12.bin", "DG12", FS_EF_DG(12), 0x6C },
	{ "DG13.bin", "DG13", FS_EF_DG(13), 0x6D },
	{ "DG14.bin", "DG14", FS_EF_DG(14), 0x6E },
	{ "DG15.bin", "DG15", FS_EF_DG(15), 0x6F },
	{ "DG16.bin", "DG16", FS_EF_DG(16), 0x70 },
	{ "EF_CardSecurity.bin", "EF.CardSecurity", 0x0200 | (FS_EF_CARD_SECURITY & 0xFF), 0x30 },
};

#define FILE_CHECK(f) CC_ASSERT((unsigned)(f) < LDS_FILE_COUNT)

void lds_set_done(struct lds_set *s)
{
	for (unsigned f = 0; f < LDS_FILE_COUNT; f++)
		buf_done(&s->files[f]);
}

bool lds_set_has(const struct lds_set *s, enum lds_file f)
{
	FILE_CHECK(f);
	return s->files[f].n > 0;
}

struct bytes lds_set_get(const struct lds_set *s, enum lds_file f)
{
	FILE_CHECK(f);
	return buf_view(&s->files[f]);
}

cc_status lds_set_put(struct lds_set *s, enum lds_file f, struct bytes file)
{
	FILE_CHECK(f);
	return buf_copy(&s->files[f], file);
}

uint32_t lds_set_dg_mask(const struct lds_set *s)
{
	uint32_t mask = 0;

	for (unsigned n = 1; n <= LDS_DG_LAST; n++) {
		if (lds_set_has(s, lds_dg(n)))
			mask |= 1u << (n - 1);
	}
	return mask;
}

size_t lds_set_bytes(const struct lds_set *s)
{
	size_t n = 0;

	for (unsigned f = 0; f < LDS_FILE_COUNT; f++)
		n += s->files[f].n;
	return n;
}

const char *lds_file_name(enum lds_file f)
{
	FILE_CHECK(f);
	return kinds[f].name;
}

const char *lds_file_title(enum lds_file f)
{
	FILE_CHECK(f);
	return kinds[f].title;
}

uint16_t lds_file_fid(enum lds_file f)
{
	FILE_CHECK(f);
	return kinds[f].fid;
}

uint8_t lds_file_tag(enum lds_file f)
{
	FILE_CHECK(f);
	return kinds[f].tag;
}

unsigned lds_dg_of_tag(uint8_t tag)
{
	for (unsigned n = 1; n <= LDS_DG_LAST; n++) {
		if (kinds[lds_dg(n)].tag == tag)
			return n;
	}
	return 0;
}

static bool is_signed_last(enum lds_file f)
{
	return f == LDS_SOD || f == LDS_CARD_SECURITY;
}

cc_status lds_set_hash(const struct lds_set *s, bool with_sod, struct digest *ret)
{
	struct writer w;
	struct digest file;
	cc_status st = cc_ok();

	writer_init(&w, LDS_FILE_COUNT * (2 + 4 + HASH_LEN_MAX));
	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		if (!lds_set_has(s, f) || (is_signed_last((enum lds_file)f) && !with_sod))
			continue;
		if (cc_failed(st = hash_digest(HASH_SHA256, lds_set_get(s, f), &file)))
			goto out;
		writer_u16(&w, lds_file_fid(f));
		writer_u32(&w, (uint32_t)s->files[f].n);
		writer_put(&w, bytes_of(file.p, file.n));
	}
	if (w.failed != CC_OK)
		st = cc_code_status(w.failed);
	else
		st = hash_digest(HASH_SHA256, writer_view(&w), ret);
out:
	writer_done(&w);
	return st;
}

enum lds_file lds_set_compare(const struct lds_set *a, const struct lds_set *b)
{
	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		if (!bytes_equal(lds_set_get(a, f), lds_set_get(b, f)))
			return f;
	}
	return LDS_FILE_COUNT;
}
