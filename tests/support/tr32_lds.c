/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tr32.h"

#include "crypto/agree.h"
#include "crypto/base/tlv.h"

#include <string.h>

/* Units LDS_E (DG14), LDS_F (EF.CVCA), LDS_G and LDS_H (DG3, DG4), LDS_L (EF.ATR/INFO): the files as the chip gives them out. */

static const struct bytes none;

/* ---- LDS_E */

#define SECURITY_OID "\x04\x00\x7F\x00\x07\x02\x02"

struct infos {
	struct cursor set;
	struct buf file;
};

static bool open_dg14(struct tr32_rig *r, struct infos *in)
{
	struct cursor c, dg;
	uint16_t sw;

	if (!tr32_open(r))
		return false;
	in->file = chip_term_read_file(&r->t, 0x010E, &sw);
	cursor_init(&c, buf_view(&in->file));
	return tr32_sw(r, "EF.DG14", sw, 0x9000) &&
	       tr32_is(r, "tag 6E and a SET in it",
		       tlv_expect(&c, TLV_STRICT, 0x6E, &dg) && !cc_failed(cursor_end(&c)) &&
			       tlv_expect(&dg, TLV_STRICT, 0x31, &in->set) && !cc_failed(cursor_end(&dg)));
}

/* The next SecurityInfo whose protocol begins with 0.4.0.127.0.7.2.2.`arc`; ret: behind the OID. */
static bool next_info(struct infos *in, uint8_t arc, struct bytes *ret_oid, struct cursor *ret)
{
	while (cursor_left(&in->set) > 0) {
		struct bytes stem = BYTES_LITERAL(SECURITY_OID);

		if (!tlv_expect(&in->set, TLV_STRICT, 0x30, ret) || !der_oid(ret, ret_oid))
			return false;
		if (bytes_starts_with(*ret_oid, stem) && ret_oid->n > stem.n && ret_oid->p[stem.n] == arc)
			return true;
	}
	return false;
}

static bool dg14_tag(struct tr32_rig *r, int arg)
{
	struct infos in = { 0 };
	bool good = open_dg14(r, &in);

	(void)arg;
	buf_done(&in.file);
	return good;
}

/* TerminalAuthenticationInfo: id-TA, version 1; without its own efCVCA, the usual one is there (arg 1). */
static bool terminal_info(struct tr32_rig *r, int arg)
{
	struct infos in = { 0 };
	struct cursor info;
	struct bytes oid;
	uint64_t version;
	bool good = open_dg14(r, &in) && tr32_is(r, "TerminalAuthenticationInfo", next_info(&in, 2, &oid, &info)) &&
		    tr32_is(r, "id-TA", bytes_equal(oid, BYTES_LITERAL(SECURITY_OID "\x02"))) &&
		    tr32_is(r, "version 1", der_uint(&info, &version) && version == 1) &&
		    tr32_is(r, "nothing behind it", !cc_failed(cursor_end(&info)));

	if (good && arg == 1)
		good = tr32_sw(r, "EF.CVCA by its usual identifier", chip_term_select_file(&r->t, 0x011C), 0x9000) &&
		       tr32_sw(r, "and short identifier", chip_term_sw(&r->t, 0xB0, 0x9C, 0, none, 2), 0x9000);
	buf_done(&in.file);
	return good;
}

static bool key_info_right(struct tr32_rig *r, struct bytes oid, struct cursor *info, bool seen[256])
{
	struct agree_group group;
	struct buf key = { 0 };
	struct tlv spki;
	uint64_t id;
	struct cc_error err;
	bool good;

	cc_error_init(&err);
	good = tr32_is(r, "id-PK-DH or id-PK-ECDH", oid.n == 9 && (oid.p[8] == 1 || oid.p[8] == 2)) &&
	       tr32_is(r, "SubjectPublicKeyInfo", tlv_next(info, TLV_STRICT, &spki)) &&
	       tr32_is(r, "the key in it", !cc_failed(agree_spki_parse(spki.whole, &group, &key, &err))) &&
	       tr32_is(r, "kind of the key", (group.kind == AGREE_DH) == (oid.p[8] == 1)) &&
	       tr32_is(r, "key id", der_uint(info, &id) && id < 256 && !seen[id] && !cc_failed(cursor_end(info)));
	if (good)
		seen[id] = true;
	buf_done(&key);
	return good;
}

static bool key_infos(struct tr32_rig *r, int arg)
{
	struct infos in = { 0 };
	struct cursor info;
	struct bytes oid;
	bool seen[256] = { false };
	unsigned count = 0;
	bool good = open_dg14(r, &in);

	(void)arg;
	while (good && next_info(&in, 1, &oid, &info)) {
		good = key_info_right(r, oid, &info, seen);
		count++;
	}
	good = good && tr32_is(r, "four keys", count == 4) && tr32_is(r, "whole file", !cc_failed(cursor_end(&in.set)));
	buf_done(&in.file);
	return good;
}

static bool ca_infos(struct tr32_rig *r, int arg)
{
	struct infos in = { 0 };
	struct cursor info;
	struct bytes oid;
	uint64_t version, id;
	unsigned count = 0;
	bool good = open_dg14(r, &in);

	(void)arg;
	while (good && next_info(&in, 3, &oid, &info)) {
		good = tr32_is(r, "id-CA", oid.n == 10 && (oid.p[8] == 1 || oid.p[8] == 2) && oid.p[9] >= 1 && oid.p[9] <= 4) &&
		       tr32_is(r, "version 1", der_uint(&info, &version) && version == 1) &&
		       tr32_is(r, "key id", der_uint(&info, &id) && id >= 1 && id <= 4 && !cc_failed(cursor_end(&info)));
		count++;
	}
	good = good && tr32_is(r, "four protocols", count == 4);
	buf_done(&in.file);
	return good;
}

/* ---- LDS_F */

static bool reference_right(struct bytes v)
{
	bool good = v.n >= 8 && v.n <= 16;

	for (size_t i = 0; good && i < v.n; i++)
		good = (v.p[i] >= 'A' && v.p[i] <= 'Z') || (i >= 2 && v.p[i] >= '0' && v.p[i] <= '9');
	return good;
}

static bool cvca_content(struct tr32_rig *r, int arg)
{
	struct bytes first, second = { 0 }, rest;
	struct cursor in;
	struct buf file;
	uint16_t sw;
	bool good;

	(void)arg;
	if (!tr32_open(r))
		return false;
	file = chip_term_read_file(&r->t, 0x011C, &sw);
	cursor_init(&in, buf_view(&file));
	good = tr32_sw(r, "EF.CVCA", sw, 0x9000) && tr32_is(r, "36 bytes", file.n == 36) &&
	       tr32_is(r, "first reference", tlv_expect_bytes(&in, TLV_STRICT, 0x42, &first) && reference_right(first));
	if (good && tlv_is_next(&in, 0x42))
		good = tr32_is(r, "second reference",
			       tlv_expect_bytes(&in, TLV_STRICT, 0x42, &second) && reference_right(second));
	rest = cursor_rest(&in);
	for (size_t i = 0; good && i < rest.n; i++)
		good = tr32_is(r, "zeros behind it", rest.p[i] == 0);
	good = good && tr32_is(r, "the trust point", bytes_equal(first, bytes_str(TR32_CVCA)));
	buf_done(&file);
	return good;
}

/* ---- LDS_G, LDS_H: arg is data group << 8 | case */

struct template
{
	struct cursor header;
	struct bytes block;
};

/* What cases 5 to 11 say of one biometric information template. */
static bool template_right(struct tr32_rig *r, unsigned n, int c, struct template *t)
{
	struct bytes version, type, subtype = { 0 }, owner, format;
	struct cursor *h = &t->header;
	bool optional = n == 4;
	bool read = (!tlv_is_next(h, 0x80) || tlv_expect_bytes(h, TLV_STRICT, 0x80, &version)) &&
		    tlv_expect_bytes(h, TLV_STRICT, 0x81, &type) &&
		    ((optional && !tlv_is_next(h, 0x82)) || tlv_expect_bytes(h, TLV_STRICT, 0x82, &subtype)) &&
		    tlv_expect_bytes(h, TLV_STRICT, 0x87, &owner) && tlv_expect_bytes(h, TLV_STRICT, 0x88, &format) &&
		    !cc_failed(cursor_end(h));

	if (!tr32_is(r, "biometric header template",
		     read && bytes_equal(type, n == 3 ? BYTES_LITERAL("\x08") : BYTES_LITERAL("\x10"))))
		return false;
	switch (c) {
	case 7:
		return tr32_is(r, "format owner", bytes_equal(owner, BYTES_LITERAL("\x01\x01")));
	case 8:
		return tr32_is(r, "format type",
			       bytes_equal(format, n == 3 ? BYTES_LITERAL("\x00\x07") : BYTES_LITERAL("\x00\x09")));
	case 9:
		return tr32_is(r, "subtype", subtype.n == 1 && (n == 4 ? subtype.p[0] <= 2 : (subtype.p[0] & 0x1C) >= 4));
	case 11:
		return tr32_is(r, "format identifier of the data block",
			       bytes_starts_with(t->block, n == 3 ? BYTES_LITERAL("FIR\0") : BYTES_LITERAL("IIR\0")));
	default:
		return true;
	}
}

static bool group_right(struct tr32_rig *r, unsigned n, int c, struct bytes file)
{
	struct cursor in, dg, group, one;
	struct bytes count;
	unsigned found = 0;

	cursor_init(&in, file);
	if (!tr32_is(r, "tag and length of the data group",
		     tlv_expect(&in, TLV_STRICT, n == 3 ? 0x63 : 0x76, &dg) && !cc_failed(cursor_end(&in))) ||
	    !tr32_is(r, "biometric information group template", tlv_expect(&dg, TLV_STRICT, 0x7F61, &group)) ||
	    !tr32_is(r, "number of instances", tlv_expect_bytes(&group, TLV_STRICT, 0x02, &count) && count.n == 1))
		return false;
	while (cursor_left(&group) > 0) {
		struct template t;

		if (!tr32_is(r, "biometric information template", tlv_expect(&group, TLV_STRICT, 0x7F60, &one)) ||
		    !tr32_is(r, "header A1", tlv_expect(&one, TLV_STRICT, 0xA1, &t.header)) ||
		    !tr32_is(r, "data block 5F2E or 7F2E",
			     tlv_expect_bytes(&one, TLV_STRICT, tlv_is_next(&one, 0x7F2E) ? 0x7F2E : 0x5F2E, &t.block) &&
				     !cc_failed(cursor_end(&one))) ||
		    !template_right(r, n, c, &t))
			return false;
		found++;
	}
	return tr32_is(r, "as many as said", count.p[0] == found && found > 0);
}

static bool biometric_group(struct tr32_rig *r, int arg)
{
	unsigned n = (unsigned)arg >> 8;
	struct buf file;
	uint16_t sw;
	bool good;

	if (!tr32_start(r) || !tr32_authenticate(r, TR32_DOMESTIC | TR32_BOTH, TR32_BOTH))
		return false;
	file = chip_term_read_file(&r->t, (uint16_t)(0x0100 + n), &sw);
	good = tr32_sw(r, "reading", sw, 0x9000) && group_right(r, n, arg & 0xFF, buf_view(&file));
	buf_done(&file);
	return good;
}

/* ---- LDS_L */

static bool atr_info(struct tr32_rig *r, int arg)
{
	struct bytes capabilities = { 0 }, table;
	struct cursor in, lengths = { 0 };
	uint64_t command = 0, response = 0;
	struct buf file;
	uint16_t sw;
	bool good;

	chip_term_reset(&r->t);
	if (!tr32_sw(r, "SELECT MF", chip_term_sw(&r->t, 0xA4, 0x00, 0x0C, BYTES_LITERAL("\x3F\x00"), 0), 0x9000))
		return false;
	file = chip_term_read_file(&r->t, 0x2F01, &sw);
	good = tr32_sw(r, "EF.ATR/INFO under the MF", sw, 0x9000);
	for (cursor_init(&in, buf_view(&file)); good && cursor_left(&in) > 0;) {
		struct tlv t;

		good = tr32_is(r, "data objects", tlv_next(&in, TLV_STRICT, &t));
		if (good && t.tag == 0x47)
			capabilities = t.value;
		if (good && t.tag == 0x7F66)
			cursor_init(&lengths, t.value);
	}
	if (arg == 2 || arg == 3)
		good = good && tr32_is(r, "7F66", cursor_left(&lengths) > 0);
	if (arg == 3)
		good = good && tr32_is(r, "two lengths",
				       der_uint(&lengths, &command) && der_uint(&lengths, &response) &&
					       !cc_failed(cursor_end(&lengths)) && command >= 1000 && response >= 1000);
	cursor_init(&in, capabilities);
	if (arg == 4)
		good = good && tr32_is(r, "command chaining in the third table",
				       capabilities.n == 3 && cursor_skip(&in, 2) && cursor_take(&in, 1, &table) &&
					       (table.p[0] & 0x80) != 0);
	buf_done(&file);
	return good;
}

#define GROUP(n, c) ((n) << 8 | (c))

static const struct tr32_case cases_lds[] = {
	{ "LDS_E_1", TR32_ALL, dg14_tag, 0, NULL },
	{ "LDS_E_2", TR32_ALL, terminal_info, 0, NULL },
	{ "LDS_E_3", TR32_ALL, key_infos, 0, NULL },
	{ "LDS_E_4", TR32_ALL, ca_infos, 0, NULL },
	{ "LDS_E_5", TR32_ALL, terminal_info, 1, NULL },
	{ "LDS_F_1", TR32_ALL, cvca_content, 0, NULL },
	{ "LDS_G_1", TR32_ALL, biometric_group, GROUP(3, 1), NULL },
	{ "LDS_G_2", TR32_ALL, biometric_group, GROUP(3, 2), NULL },
	{ "LDS_G_3", TR32_ALL, biometric_group, GROUP(3, 3), NULL },
	{ "LDS_G_4", TR32_ALL, biometric_group, GROUP(3, 4), NULL },
	{ "LDS_G_5", TR32_ALL, biometric_group, GROUP(3, 5), NULL },
	{ "LDS_G_6", TR32_ALL, biometric_group, GROUP(3, 6), NULL },
	{ "LDS_G_7", TR32_ALL, biometric_group, GROUP(3, 7), NULL },
	{ "LDS_G_8", TR32_ALL, biometric_group, GROUP(3, 8), NULL },
	{ "LDS_G_9", TR32_ALL, biometric_group, GROUP(3, 9), NULL },
	{ "LDS_G_10", TR32_ALL, biometric_group, GROUP(3, 10), NULL },
	{ "LDS_G_11", TR32_ALL, biometric_group, GROUP(3, 11), NULL },
	{ "LDS_H_1", TR32_ALL, biometric_group, GROUP(4, 1), NULL },
	{ "LDS_H_2", TR32_ALL, biometric_group, GROUP(4, 2), NULL },
	{ "LDS_H_3", TR32_ALL, biometric_group, GROUP(4, 3), NULL },
	{ "LDS_H_4", TR32_ALL, biometric_group, GROUP(4, 4), NULL },
	{ "LDS_H_5", TR32_ALL, biometric_group, GROUP(4, 5), NULL },
	{ "LDS_H_6", TR32_ALL, biometric_group, GROUP(4, 6), NULL },
	{ "LDS_H_7", TR32_ALL, biometric_group, GROUP(4, 7), NULL },
	{ "LDS_H_8", TR32_ALL, biometric_group, GROUP(4, 8), NULL },
	{ "LDS_H_9", TR32_ALL, biometric_group, GROUP(4, 9), NULL },
	{ "LDS_H_10", TR32_ALL, biometric_group, GROUP(4, 10), NULL },
	{ "LDS_H_11", TR32_ALL, biometric_group, GROUP(4, 11), NULL },
	{ "LDS_L_1", TR32_ALL, atr_info, 1, NULL },
	{ "LDS_L_2", TR32_ALL, atr_info, 2, NULL },
	{ "LDS_L_3", TR32_ALL, atr_info, 3, NULL },
	{ "LDS_L_4", TR32_ALL, atr_info, 4, NULL },
	{ "LDS_L_5", TR32_ALL, atr_info, 5, NULL },
};

const struct tr32_unit tr32_unit_lds = { cases_lds, sizeof cases_lds / sizeof *cases_lds };
