/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "card/lds/dg13.h"
#include "station/registry/encoding.h"
#include "station/registry/person.h"
#include "station/registry/qr_payload.h"
#include "station/registry/vietnamese.h"

#include <iconv.h>
#include <stdio.h>
#include <string.h>

/* All 134 accented letters of Vietnamese: 12 vowels with five tones, seven with quality alone, Đ; small and capital. */
static const char *const letters[] = {
	"á", "à", "ả", "ã", "ạ", "ă", "ắ", "ằ", "ẳ", "ẵ", "ặ", "â", "ấ", "ầ", "ẩ", "ẫ", "ậ", "é", "è", "ẻ", "ẽ", "ẹ", "ê",
	"ế", "ề", "ể", "ễ", "ệ", "í", "ì", "ỉ", "ĩ", "ị", "ó", "ò", "ỏ", "õ", "ọ", "ô", "ố", "ồ", "ổ", "ỗ", "ộ", "ơ", "ớ",
	"ờ", "ở", "ỡ", "ợ", "ú", "ù", "ủ", "ũ", "ụ", "ư", "ứ", "ừ", "ử", "ữ", "ự", "ý", "ỳ", "ỷ", "ỹ", "ỵ", "đ", "Á", "À",
	"Ả", "Ã", "Ạ", "Ă", "Ắ", "Ằ", "Ẳ", "Ẵ", "Ặ", "Â", "Ấ", "Ầ", "Ẩ", "Ẫ", "Ậ", "É", "È", "Ẻ", "Ẽ", "Ẹ", "Ê", "Ế", "Ề",
	"Ể", "Ễ", "Ệ", "Í", "Ì", "Ỉ", "Ĩ", "Ị", "Ó", "Ò", "Ỏ", "Õ", "Ọ", "Ô", "Ố", "Ồ", "Ổ", "Ỗ", "Ộ", "Ơ", "Ớ", "Ờ", "Ở",
	"Ỡ", "Ợ", "Ú", "Ù", "Ủ", "Ũ", "Ụ", "Ư", "Ứ", "Ừ", "Ử", "Ữ", "Ự", "Ý", "Ỳ", "Ỷ", "Ỹ", "Ỵ", "Đ",
};
#define LETTERS (sizeof letters / sizeof letters[0])

/* ---- the letter as each source writes it: by the C library, or by hand from the published tables, never by our decoder */

static size_t iconv_to(const char *to, const char *text, char *out, size_t cap)
{
	iconv_t cd = iconv_open(to, "UTF-8");
	char *in = (char *)(uintptr_t)text, *at = out;
	size_t left = strlen(text), room = cap;

	assert_true(cd != (iconv_t)-1);
	assert_true(iconv(cd, &in, &left, &at, &room) != (size_t)-1);
	assert_true(iconv(cd, NULL, NULL, &at, &room) != (size_t)-1);
	(void)iconv_close(cd);
	return cap - room;
}

/* Unicode's decomposition of the letters, written out: base, quality, tone. */
struct parts {
	char base;
	char quality; /* 0, '^', '(' breve, '+' horn, '-' stroke */
	int tone;     /* 0 none, 1 acute, 2 grave, 3 hook, 4 tilde, 5 dot */
	bool capital;
};

static struct parts parts_of(size_t i)
{
	static const char base[] = "aaaeeiooouuy", quality[] = " (^ ^  ^+ + ";
	static const bool plain_too[] = { false, true, true, false, true, false, false, true, true, false, true, false };
	struct parts p = { .capital = i >= LETTERS / 2 };
	size_t k = i % (LETTERS / 2), at = 0;

	for (size_t v = 0; v < 12; v++) {
		size_t n = plain_too[v] ? 6 : 5;

		if (k < at + n) {
			p.base = base[v];
			p.quality = quality[v] == ' ' ? 0 : quality[v];
			p.tone = (int)(k - at) + (plain_too[v] ? 0 : 1);
			return p;
		}
		at += n;
	}
	p.base = 'd';
	p.quality = '-';
	return p;
}

static size_t as_nfc(size_t i, char *out)
{
	return (size_t)sprintf(out, "%s", letters[i]);
}

static size_t as_nfd(size_t i, char *out)
{
	static const char *const tones[] = { "", "\xCC\x81", "\xCC\x80", "\xCC\x89", "\xCC\x83", "\xCC\xA3" };
	struct parts p = parts_of(i);
	const char *quality = p.quality == '^' ? "\xCC\x82" : p.quality == '(' ? "\xCC\x86" : p.quality == '+' ? "\xCC\x9B" : "";
	char base = p.capital ? (char)(p.base - 32) : p.base;

	if (p.quality == '-')
		return as_nfc(i, out);
	/* Canonical order: the dot below stands before what is above, the horn before all tones. */
	if (p.tone == 5 && p.quality != '+')
		return (size_t)sprintf(out, "%c%s%s", base, tones[5], quality);
	return (size_t)sprintf(out, "%c%s%s", base, quality, tones[p.tone]);
}

static size_t as_tcvn3(size_t i, char *out)
{
	return iconv_to("TCVN5712-1", letters[i], out, 8);
}

static size_t as_cp1258(size_t i, char *out)
{
	return iconv_to("CP1258", letters[i], out, 8);
}

/* VNI's published table: marks by quality and tone, as the byte after a small letter. */
static size_t as_vni(size_t i, char *out)
{
	static const uint8_t plain[] = { 0, 0xF9, 0xF8, 0xFB, 0xF5, 0xEF }, circumflex[] = { 0xE2, 0xE1, 0xE0, 0xE5, 0xE3, 0xE4 },
			     breve[] = { 0xEA, 0xE9, 0xE8, 0xFA, 0xFC, 0xEB }, i_tones[] = { 0, 0xED, 0xEC, 0xE6, 0xF3, 0xF2 };
	struct parts p = parts_of(i);
	uint8_t up = p.capital ? 0x20 : 0, base = (uint8_t)(p.capital ? p.base - 32 : p.base);
	size_t n = 0;

	if (p.quality == '-')
		out[n++] = (char)(0xF1 - up);
	else if (p.base == 'i')
		out[n++] = (char)(i_tones[p.tone] - up);
	else if (p.base == 'y' && p.tone == 5)
		out[n++] = (char)(0xEE - up);
	else {
		out[n++] = (char)(p.quality == '+' ? (p.base == 'o' ? 0xF4 : 0xF6) - up : base);
		if (p.quality == '^' || p.quality == '(')
			out[n++] = (char)((p.quality == '^' ? circumflex : breve)[p.tone] - up);
		else if (p.tone > 0)
			out[n++] = (char)(plain[p.tone] - up);
	}
	return n;
}

static const struct {
	const char *name;
	enum text_encoding encoding;
	size_t (*write)(size_t i, char *out);
} sources[] = {
	{ "NFC", ENCODING_UTF8, as_nfc },
	{ "NFD", ENCODING_UTF8, as_nfd },
	{ "TCVN3", ENCODING_TCVN3, as_tcvn3 },
	{ "VNI", ENCODING_VNI, as_vni },
	{ "Windows-1258", ENCODING_CP1258, as_cp1258 },
};

/* ---- what comes of it */

struct outcome {
	struct person person;
	struct buf dg13, qr;
	char mrz[64];
};

static void make(enum text_encoding e, const char *name, size_t n, struct outcome *ret)
{
	struct person_field fields[] = {
		{ "number", BYTES_LITERAL("001090000000") },   { "full_name", { 0 } },
		{ "birth_date", BYTES_LITERAL("1990-02-15") }, { "sex", BYTES_LITERAL("male") },
		{ "nationality", BYTES_LITERAL("Việt Nam") },  { "residence", { 0 } },
	};
	struct qr_params qr = { .layout = QR_2021, .issued = { 2026, 1, 1 } };
	char text[64];
	size_t len = 0, fault = 0;
	struct dg13 d = { 0 };
	struct cc_error err = { 0 };

	assert_int_equal(encoding_decode(e, bytes_of(name, n), text, sizeof text, &len, &fault).code, CC_OK);
	fields[1].value = fields[5].value = bytes_of(text, len);
	assert_int_equal(person_from_fields(fields, 6, &ret->person, NULL, NULL).code, CC_OK);
	assert_int_equal(vietnamese_to_latin(ret->person.full_name, ret->mrz, sizeof ret->mrz).code, CC_OK);
	assert_int_equal(qr_payload(&ret->person, &qr, &ret->qr, &err).code, CC_OK);
	d.number = bytes_str(ret->person.number);
	d.name = bytes_str(ret->person.full_name);
	d.residence = bytes_str(ret->person.residence);
	assert_int_equal(dg13_encode(&d, &ret->dg13, NULL, &err).code, CC_OK);
}

static void every_letter_is_the_same_from_every_source(void **state)
{
	size_t same = 0;

	(void)state;
	assert_int_equal(LETTERS, 134);
	for (size_t i = 0; i < LETTERS; i++) {
		struct outcome want = { 0 };
		char want_name[32];

		(void)snprintf(want_name, sizeof want_name, "T%sn", letters[i]);
		make(ENCODING_UTF8, want_name, strlen(want_name), &want);
		assert_string_equal(want.person.full_name, want_name);
		for (size_t s = 0; s < sizeof sources / sizeof sources[0]; s++) {
			struct outcome have = { 0 };
			char name[32] = "T";
			size_t n = 1 + sources[s].write(i, name + 1);

			name[n++] = 'n';
			make(sources[s].encoding, name, n, &have);
			if (strcmp(have.person.full_name, want.person.full_name) != 0)
				fail_msg("%s from %s is %s", letters[i], sources[s].name, have.person.full_name);
			assert_string_equal(have.person.residence, want.person.residence);
			assert_string_equal(have.mrz, want.mrz);
			assert_true(bytes_equal(buf_view(&have.dg13), buf_view(&want.dg13)));
			assert_true(bytes_equal(buf_view(&have.qr), buf_view(&want.qr)));
			same++;
			buf_done(&have.dg13);
			buf_done(&have.qr);
		}
		buf_done(&want.dg13);
		buf_done(&want.qr);
	}
	printf("# count: %zu letters x 5 forms: %zu the same in registry, DG13, MRZ and QR\n", LETTERS, same);
}

/* .VnTimeH: the bytes of small letters, shown as capitals. */
static void capitals_of_tcvn3_fonts(void **state)
{
	char out[64];
	size_t n, fault;

	(void)state;
	assert_int_equal(encoding_decode(ENCODING_TCVN3,
					 BYTES_LITERAL("NGUY\xD4N V\xA1N \xA7\xF8"
						       "C L\xAA "
						       "H\xFB"),
					 out, sizeof out, &n, &fault)
				 .code,
			 CC_OK);
	assert_string_equal(out, "NGUYỄN VĂN ĐỨC Lê Hỷ");
	assert_int_equal(encoding_decode(ENCODING_TCVN3, BYTES_LITERAL("Nguy\xD4n \xB8nh"), out, sizeof out, &n, &fault).code,
			 CC_OK);
	assert_string_equal(out, "Nguyễn ánh");
	/* Two letters are either: what stands before them in the field decides. */
	assert_int_equal(
		encoding_decode(ENCODING_TCVN3, BYTES_LITERAL("TRUNG H\xFB,N\xF7,H\xFB"), out, sizeof out, &n, &fault).code,
		CC_OK);
	assert_string_equal(out, "TRUNG HỶ,Nữ,Hỷ");
}

static void bytes_that_are_no_letters_are_told_by_place(void **state)
{
	char out[64];
	size_t n, fault;

	(void)state;
	assert_int_equal(encoding_decode(ENCODING_VNI, BYTES_LITERAL("ab\x80"), out, sizeof out, &n, &fault).code, CC_E_FORMAT);
	assert_int_equal(fault, 3);
	/* A mark after a letter that can't carry it. */
	assert_int_equal(encoding_decode(ENCODING_VNI, BYTES_LITERAL("t\xF9"), out, sizeof out, &n, &fault).code, CC_E_FORMAT);
	assert_int_equal(encoding_decode(ENCODING_CP1258, BYTES_LITERAL("abc\xD2"), out, 6, &n, &fault).code, CC_OK);
	assert_int_equal(encoding_decode(ENCODING_CP1258, BYTES_LITERAL("abcdefgh"), out, 6, &n, &fault).code, CC_E_LIMIT);
}

static const char sample[] =
	"Nguyễn Văn Đức sinh tại xã Hòa Bình, huyện Kim Sơn, tỉnh Ninh Bình\nTrần Thị Thùy Dương, phường Bến Nghé, quận Một\n"
	"Lê Hồng Phúc, thị trấn Quốc Oai, Hà Nội\nĐặng Thị Ngọc Ánh, Quảng Ngãi\nPhạm Minh Khuê, Sóc Trăng\n";

static size_t vni_text(const char *text, char *out)
{
	size_t n = 0;

	while (*text != '\0') {
		size_t i = 0;

		if ((uint8_t)*text < 0x80) {
			out[n++] = *text++;
			continue;
		}
		while (strncmp(letters[i], text, strlen(letters[i])) != 0)
			i++;
		n += as_vni(i, out + n);
		text += strlen(letters[i]);
	}
	return n;
}

static void samples_are_recognised(void **state)
{
	char out[2048];
	enum text_encoding e;

	(void)state;
	assert_true(encoding_detect(bytes_str(sample), &e));
	assert_int_equal(e, ENCODING_UTF8);
	assert_true(encoding_detect(bytes_of(out, iconv_to("TCVN5712-1", sample, out, sizeof out)), &e));
	assert_int_equal(e, ENCODING_TCVN3);
	assert_true(encoding_detect(bytes_of(out, iconv_to("CP1258", sample, out, sizeof out)), &e));
	assert_int_equal(e, ENCODING_CP1258);
	assert_true(encoding_detect(bytes_of(out, vni_text(sample, out)), &e));
	assert_int_equal(e, ENCODING_VNI);
	/* German in Latin-1 is none of ours. */
	assert_false(encoding_detect(BYTES_LITERAL("stra\xDF"
						   "e m\xFC"
						   "ller gr\xF6\xDF"
						   "te f\xFC"
						   "rwahr\n"),
				     &e));
	assert_true(encoding_detect(bytes_of(NULL, 0), &e));
	assert_int_equal(e, ENCODING_UTF8);
}

/* Text of one encoding as a file of it has it. */
static struct bytes in_encoding(enum text_encoding e, const char *text, char *out, size_t cap)
{
	switch (e) {
	case ENCODING_TCVN3:
		return bytes_of(out, iconv_to("TCVN5712-1", text, out, cap));
	case ENCODING_CP1258:
		return bytes_of(out, iconv_to("CP1258", text, out, cap));
	case ENCODING_VNI:
		return bytes_of(out, vni_text(text, out));
	case ENCODING_UTF8:
	case ENCODING_COUNT:
		break;
	}
	return bytes_str(text);
}

/* Files that offices put together: a row of another file's encoding is named, before its letters become other letters. */
static void rows_of_another_encoding_are_told(void **state)
{
	static const char *const rows[] = {
		"049090000000,Lê Văn Hưng,15/02/1990,Nam,Việt Nam,Kinh,Không,Hà Nội,Hà Nội",
		"051090000000,Hồ Thị Ân,15/02/1990,Nữ,Việt Nam,Kinh,Không,Huế,Huế",
		"052090000000,Trần Quốc Toản,15/02/1990,Nam,Việt Nam,Tày,Phật giáo,\"Phường Hoàn Kiếm, Hà Nội\",Cần Thơ",
		"066090000000,H'Ngăm Niê Kđăm,15/02/1990,Nữ,Việt Nam,Ê Đê,Tin Lành,Xã Ea Súp,Đắk Lắk",
	};
	char out[2048];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (int file = ENCODING_TCVN3; file < ENCODING_COUNT; file++) {
			for (int e = 0; e < ENCODING_COUNT; e++) {
				struct bytes row = in_encoding((enum text_encoding)e, rows[i], out, sizeof out);

				assert_int_equal(encoding_is_other((enum text_encoding)file, row), e != file);
			}
			assert_false(encoding_is_other((enum text_encoding)file, BYTES_LITERAL("001,LE VAN BA,Nam")));
		}
	}
}

static void utf16_is_told(void **state)
{
	(void)state;
	assert_true(encoding_is_utf16(BYTES_LITERAL("\xFF\xFES\0")));
	assert_true(encoding_is_utf16(BYTES_LITERAL("\xFE\xFF\0S")));
	assert_true(encoding_is_utf16(BYTES_LITERAL("n\0u\0")));
	assert_true(encoding_is_utf16(BYTES_LITERAL("\0n\0u")));
	assert_false(encoding_is_utf16(BYTES_LITERAL("numb")));
	assert_false(encoding_is_utf16(BYTES_LITERAL("\0\0\0\0")));
	assert_false(encoding_is_utf16(BYTES_LITERAL("\xEF\xBB\xBFn")));
	assert_false(encoding_is_utf16(BYTES_LITERAL("{\"number\": \"001090000000\"\0}\n")));
	assert_false(encoding_is_utf16(bytes_of(NULL, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_letter_is_the_same_from_every_source),  cmocka_unit_test(capitals_of_tcvn3_fonts),
		cmocka_unit_test(bytes_that_are_no_letters_are_told_by_place), cmocka_unit_test(samples_are_recognised),
		cmocka_unit_test(rows_of_another_encoding_are_told),	       cmocka_unit_test(utf16_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
