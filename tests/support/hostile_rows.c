/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/hostile_rows.h"

#include "crypto/base/err.h"

#include <iconv.h>
#include <stdlib.h>
#include <string.h>

uint64_t seed_next(struct hostile_seed *s)
{
	uint64_t z = s->state += 0x9E3779B97F4A7C15u;

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return z ^ (z >> 31);
}

size_t seed_below(struct hostile_seed *s, size_t n)
{
	return (size_t)(seed_next(s) % n);
}

/* ---- letters */

struct letter {
	const char *tones[6]; /* without, acute, grave, hook, tilde, dot */
	const char *base;
	const char *quality; /* combining */
	uint8_t vni[6];	     /* what follows the base; 0: the base alone, or a letter of its own where base is "" */
	bool vni_alone;	     /* the code is a letter, not a mark */
};
static const char *const tone_marks[6] = { "", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323" };
#define CIRCUMFLEX "\u0302"
#define BREVE "\u0306"
#define HORN "\u031B"
static const struct letter letters[] = {
	{ { "a", "á", "à", "ả", "ã", "ạ" }, "a", "", { 0, 0xF9, 0xF8, 0xFB, 0xF5, 0xEF }, false },
	{ { "ă", "ắ", "ằ", "ẳ", "ẵ", "ặ" }, "a", BREVE, { 0xEA, 0xE9, 0xE8, 0xFA, 0xFC, 0xEB }, false },
	{ { "â", "ấ", "ầ", "ẩ", "ẫ", "ậ" }, "a", CIRCUMFLEX, { 0xE2, 0xE1, 0xE0, 0xE5, 0xE3, 0xE4 }, false },
	{ { "e", "é", "è", "ẻ", "ẽ", "ẹ" }, "e", "", { 0, 0xF9, 0xF8, 0xFB, 0xF5, 0xEF }, false },
	{ { "ê", "ế", "ề", "ể", "ễ", "ệ" }, "e", CIRCUMFLEX, { 0xE2, 0xE1, 0xE0, 0xE5, 0xE3, 0xE4 }, false },
	{ { "i", "í", "ì", "ỉ", "ĩ", "ị" }, "i", "", { 0, 0xED, 0xEC, 0xE6, 0xF3, 0xF2 }, true },
	{ { "o", "ó", "ò", "ỏ", "õ", "ọ" }, "o", "", { 0, 0xF9, 0xF8, 0xFB, 0xF5, 0xEF }, false },
	{ { "ô", "ố", "ồ", "ổ", "ỗ", "ộ" }, "o", CIRCUMFLEX, { 0xE2, 0xE1, 0xE0, 0xE5, 0xE3, 0xE4 }, false },
	{ { "ơ", "ớ", "ờ", "ở", "ỡ", "ợ" }, "o", HORN, { 0, 0xF9, 0xF8, 0xFB, 0xF5, 0xEF }, false },
	{ { "u", "ú", "ù", "ủ", "ũ", "ụ" }, "u", "", { 0, 0xF9, 0xF8, 0xFB, 0xF5, 0xEF }, false },
	{ { "ư", "ứ", "ừ", "ử", "ữ", "ự" }, "u", HORN, { 0, 0xF9, 0xF8, 0xFB, 0xF5, 0xEF }, false },
	{ { "y", "ý", "ỳ", "ỷ", "ỹ", "ỵ" }, "y", "", { 0, 0xF9, 0xF8, 0xFB, 0xF5, 0xEE }, false },
	{ { "A", "Á", "À", "Ả", "Ã", "Ạ" }, "A", "", { 0, 0xD9, 0xD8, 0xDB, 0xD5, 0xCF }, false },
	{ { "Â", "Ấ", "Ầ", "Ẩ", "Ẫ", "Ậ" }, "A", CIRCUMFLEX, { 0xC2, 0xC1, 0xC0, 0xC5, 0xC3, 0xC4 }, false },
	{ { "Ơ", "Ớ", "Ờ", "Ở", "Ỡ", "Ợ" }, "O", HORN, { 0, 0xD9, 0xD8, 0xDB, 0xD5, 0xCF }, false },
	{ { "U", "Ú", "Ù", "Ủ", "Ũ", "Ụ" }, "U", "", { 0, 0xD9, 0xD8, 0xDB, 0xD5, 0xCF }, false },
};

static const char *vni_base(const struct letter *l)
{
	if (strcmp(l->quality, HORN) != 0)
		return l->base;
	return l->base[0] == 'o' ? "\xF4" : l->base[0] == 'O' ? "\xD4" : "\xF6";
}

static int letter_vni(const struct letter *l, size_t tone, char *out, size_t cap)
{
	char mark[2] = { (char)l->vni[tone], '\0' };

	if (l->vni_alone && tone > 0)
		return snprintf(out, cap, "%s", mark);
	/* ỵ is a letter of its own. */
	if (l->base[0] == 'y' && tone == 5)
		return snprintf(out, cap, "%s", mark);
	return snprintf(out, cap, "%s%s", vni_base(l), mark);
}

static int letter_write(const struct letter *l, size_t tone, enum letter_form form, char *out, size_t cap)
{
	bool dot = tone == 5, horn = strcmp(l->quality, HORN) == 0;

	switch (form) {
	case FORM_NFC:
		break;
	case FORM_NFD:
		/* Canonical order, Unicode 3.11: horn (216), dot below (220), the others (230). */
		if (dot && !horn)
			return snprintf(out, cap, "%s%s%s", l->base, tone_marks[tone], l->quality);
		return snprintf(out, cap, "%s%s%s", l->base, l->quality, tone_marks[tone]);
	case FORM_1258:
		return snprintf(out, cap, "%s%s", l->tones[0], tone_marks[tone]);
	case FORM_KEYBOARD:
		return snprintf(out, cap, "%s%s%s", l->base, tone_marks[tone], l->quality);
	case FORM_VNI:
		return letter_vni(l, tone, out, cap);
	}
	return snprintf(out, cap, "%s", l->tones[tone]);
}

static const struct letter *letter_find(const char *at, size_t *ret_tone, size_t *ret_n)
{
	for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
		for (size_t t = 0; t < 6; t++) {
			size_t n = strlen(letters[i].tones[t]);

			if (n > 1 && strncmp(at, letters[i].tones[t], n) == 0) {
				*ret_tone = t;
				*ret_n = n;
				return &letters[i];
			}
		}
	}
	return NULL;
}

void letters_write(const char *nfc, enum letter_form form, char *out, size_t cap)
{
	size_t to = 0;

	while (*nfc != '\0') {
		size_t tone = 0, n = 1;
		const struct letter *l = letter_find(nfc, &tone, &n);

		CC_ASSERT(to + 16 < cap);
		if (l != NULL) {
			to += (size_t)letter_write(l, tone, form, out + to, cap - to);
		} else if (form == FORM_VNI && (strncmp(nfc, "đ", 2) == 0 || strncmp(nfc, "Đ", 2) == 0)) {
			out[to++] = strncmp(nfc, "đ", 2) == 0 ? '\xF1' : '\xD1';
			n = 2;
		} else {
			out[to++] = *nfc;
		}
		nfc += n;
	}
	out[to] = '\0';
}

/* ---- somebody good */

static const char *const surnames[] = { "Nguyễn", "Trần", "Lê",	 "Phạm", "Hoàng", "Huỳnh", "Phan",  "Vũ",
					"Võ",	  "Đặng", "Bùi", "Đỗ",	 "Hồ",	  "Ngô",   "Dương", "Lý" };
static const char *const middles[] = { "Văn",  "Thị", "Hữu",  "Đức", "Minh",  "Ngọc", "Thanh", "Quang",
				       "Xuân", "Thu", "Hồng", "Kim", "Phước", "Thế",  "Bảo",   "Tuyết" };
static const char *const givens[] = { "An",   "Bình",  "Cường", "Dũng",	 "Giang", "Hà",	  "Hải",  "Hiếu",
				      "Hòa",  "Hùng",  "Hương", "Khánh", "Lan",	  "Linh", "Long", "Mai",
				      "Nam",  "Nga",   "Phong", "Phúc",	 "Quân",  "Sơn",  "Tâm",  "Thảo",
				      "Thủy", "Trang", "Trung", "Tuấn",	 "Uyên",  "Vinh", "Yến",  "Thịnh" };
#define PICK(list, r) (list)[(r) % (sizeof(list) / sizeof(list)[0])]

/* cccd-card.md 1: the codes that are in use. */
static const char province_codes[] =
	"001 002 004 006 008 010 011 012 014 015 017 019 020 022 024 025 026 027 030 031 033 034 035 036 037 038 040 042 044 045 046 048 "
	"049 051 052 054 056 058 060 062 064 066 067 068 070 072 074 075 077 079 080 082 083 084 086 087 089 091 092 093 094 095 096";

static void name_of(uint64_t r, char *out, size_t cap)
{
	(void)snprintf(out, cap, "%s %s %s", PICK(surnames, r), PICK(middles, r >> 8), PICK(givens, r >> 16));
}

void told_add(struct told *t, enum import_severity severity, const char *key, const char *field)
{
	CC_ASSERT(t->count < TOLD_MAX);
	t->remarks[t->count++] = (struct told_remark){ severity, key, field };
	t->held = t->held || severity == IMPORT_HELD;
}

void told_drop(struct told *t, const char *key, const char *field)
{
	size_t n = 0;

	t->held = false;
	for (size_t i = 0; i < t->count; i++) {
		if (strcmp(t->remarks[i].key, key) == 0 && strcmp(t->remarks[i].field, field) == 0)
			continue;
		t->remarks[n++] = t->remarks[i];
		t->held = t->held || t->remarks[n - 1].severity == IMPORT_HELD;
	}
	t->count = n;
}

void told_refused(struct told *t, const char *key, const char *field)
{
	t->count = 0;
	told_add(t, IMPORT_REFUSED, key, field);
	t->held = false;
	t->refused = true;
}

struct raw_field *raw_row_field(struct raw_row *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->fields[i].name, name) == 0)
			return &r->fields[i];
	}
	CC_ASSERT(r->count < ROW_FIELDS);
	r->fields[r->count] = (struct raw_field){ .name = name };
	return &r->fields[r->count++];
}

void raw_row_set_bytes(struct raw_row *r, const char *name, const void *value, size_t n)
{
	struct raw_field *f = raw_row_field(r, name);

	CC_ASSERT(n < sizeof f->value);
	memcpy(f->value, value, n);
	f->value[n] = '\0';
	f->n = n;
	f->literal = false;
}

void raw_row_set(struct raw_row *r, const char *name, const char *value)
{
	raw_row_set_bytes(r, name, value, strlen(value));
}

void raw_row_literal(struct raw_row *r, const char *name, const char *json)
{
	raw_row_set(r, name, json);
	raw_row_field(r, name)->literal = true;
}

void raw_row_drop(struct raw_row *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->fields[i].name, name) != 0)
			continue;
		memmove(&r->fields[i], &r->fields[i + 1], (r->count - i - 1) * sizeof r->fields[0]);
		r->count--;
		return;
	}
}

void raw_field_insert(struct hostile_seed *s, struct raw_field *f, const char *what)
{
	size_t at = seed_below(s, f->n + 1), n = strlen(what);

	while (at < f->n && ((uint8_t)f->value[at] & 0xC0) == 0x80)
		at++;
	memmove(f->value + at + n, f->value + at, f->n - at + 1);
	memcpy(f->value + at, what, n);
	f->n += n;
}

void raw_row_name(struct raw_row *r, struct told *t, const char *written, const char *kept)
{
	raw_row_set(r, "full_name", written);
	(void)snprintf(t->name, sizeof t->name, "%s", kept);
	told_drop(t, "registry.long-field", "full_name");
	/* cccd-card.md 5: what needs a second length byte in DG13. */
	if (strlen(kept) > 122)
		told_add(t, IMPORT_WARNING, "registry.long-field", "full_name");
}

static void put_texts(uint64_t r, struct raw_row *ret)
{
	char text[256];

	raw_row_set(ret, "nationality", "Việt Nam");
	raw_row_set(ret, "ethnicity", "Kinh");
	raw_row_set(ret, "religion", "Không");
	raw_row_set(ret, "origin", "Xã Hòa Bình, Ninh Bình");
	(void)snprintf(text, sizeof text, "Số %u, Phố Huế, Phường %u, Hà Nội", (unsigned)(r >> 40) % 400,
		       (unsigned)(r >> 50) % 30);
	raw_row_set(ret, "residence", text);
	name_of(r * 3 + 1, text, sizeof text);
	raw_row_set(ret, "father", text);
	name_of(r * 5 + 2, text, sizeof text);
	raw_row_set(ret, "mother", text);
	(void)snprintf(text, sizeof text, "%09u", (unsigned)(r >> 20) % 1000000000u);
	raw_row_set(ret, "old_cmnd", text);
}

void raw_row_born(uint64_t person, unsigned year, struct raw_row *ret, struct told *t)
{
	struct hostile_seed s = { person };
	uint64_t r = seed_next(&s);
	/* Provinces count through all thousand codes, so that many people of a year differ; most codes are nobody's. */
	unsigned code = (unsigned)(person % 1000), sex = (unsigned)(person / 1000) % 2;
	char text[64], code_text[4];

	*ret = (struct raw_row){ .person = person };
	*t = (struct told){ .class = "good", .person = person };
	(void)snprintf(code_text, sizeof code_text, "%03u", code);
	(void)snprintf(t->number, sizeof t->number, "%s%u%02u000000", code_text, ((year - 1900) / 100 * 2 + sex) % 10,
		       year % 100);
	raw_row_set(ret, "number", t->number);
	name_of(r, text, sizeof text);
	raw_row_name(ret, t, text, text);
	(void)snprintf(text, sizeof text, "%04u-%02u-%02u", year, (unsigned)(1 + (r >> 32) % 12), (unsigned)(1 + (r >> 36) % 28));
	raw_row_set(ret, "birth_date", text);
	raw_row_set(ret, "sex", sex == 0 ? "male" : "female");
	put_texts(r, ret);
	if (strstr(province_codes, code_text) == NULL)
		told_add(t, IMPORT_WARNING, "registry.number-province", "number");
	ret->photo = r % 4 == 0;
	if (ret->photo)
		raw_row_set(ret, "photo", "photos/ok.jpg");
	else
		told_add(t, IMPORT_HELD, "registry.no-photo", "photo");
}

/* Grown-ups, born in 1900 to 2009: 220,000 numbers. */
void raw_row_good(uint64_t person, struct raw_row *ret, struct told *t)
{
	raw_row_born(person, 1900 + (unsigned)(person / 2000 % 110), ret, t);
}

/* ---- formats */

static bool put(char *out, size_t cap, size_t *n, const void *p, size_t len)
{
	CC_ASSERT(*n + len < cap);
	memcpy(out + *n, p, len);
	*n += len;
	out[*n] = '\0';
	return true;
}

static void put_json_string(char *out, size_t cap, size_t *n, const char *value, size_t len)
{
	char escape[8];

	put(out, cap, n, "\"", 1);
	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)value[i];

		if (c == '"' || c == '\\')
			put(out, cap, n, escape, (size_t)snprintf(escape, sizeof escape, "\\%c", c));
		else if (c < 0x20)
			put(out, cap, n, escape, (size_t)snprintf(escape, sizeof escape, "\\u%04x", c));
		else
			put(out, cap, n, &value[i], 1);
	}
	put(out, cap, n, "\"", 1);
}

size_t raw_row_json(const struct raw_row *r, struct hostile_seed *s, char *out, size_t cap)
{
	static const char *const spaces[] = { "", "", "", " ", "\t" };
	size_t n = 0, turn = r->count > 0 ? seed_below(s, r->count) : 0;

	put(out, cap, &n, "{", 1);
	for (size_t k = 0; k < r->count; k++) {
		const struct raw_field *f = &r->fields[(k + turn) % r->count];
		const char *space = PICK(spaces, seed_next(s));

		if (k > 0)
			put(out, cap, &n, ",", 1);
		put_json_string(out, cap, &n, f->name, strlen(f->name));
		put(out, cap, &n, ":", 1);
		put(out, cap, &n, space, strlen(space));
		if (f->literal)
			put(out, cap, &n, f->value, f->n);
		else
			put_json_string(out, cap, &n, f->value, f->n);
	}
	put(out, cap, &n, "}", 1);
	return n;
}

const char *const csv_columns[CSV_COLUMNS] = { "number",   "full_name",	  "birth_date",	 "sex",	       "nationality", "ethnicity",
					       "religion", "origin",	  "residence",	 "father",     "mother",      "old_cmnd",
					       "photo",	   "life_status", "expiry_date", "blood_group" };

static void put_csv_field(const struct hostile_file *f, const struct raw_field *v, struct hostile_seed *s, char *out, size_t cap,
			  size_t *n)
{
	bool quoted = seed_below(s, 5) == 0;

	for (size_t i = 0; i < v->n; i++)
		quoted =
			quoted || v->value[i] == f->separator || v->value[i] == '"' || v->value[i] == '\n' || v->value[i] == '\r';
	if (!quoted) {
		put(out, cap, n, v->value, v->n);
		return;
	}
	put(out, cap, n, "\"", 1);
	for (size_t i = 0; i < v->n; i++)
		put(out, cap, n, v->value[i] == '"' ? "\"\"" : &v->value[i], v->value[i] == '"' ? 2 : 1);
	put(out, cap, n, "\"", 1);
}

size_t raw_row_csv(const struct hostile_file *f, const struct raw_row *r, struct hostile_seed *s, char *out, size_t cap)
{
	size_t n = 0;

	for (size_t k = 0; k < CSV_COLUMNS; k++) {
		if (k > 0)
			put(out, cap, &n, &f->separator, 1);
		for (size_t i = 0; i < r->count; i++) {
			if (strcmp(r->fields[i].name, csv_columns[k]) == 0)
				put_csv_field(f, &r->fields[i], s, out, cap, &n);
		}
	}
	return n;
}

static size_t by_iconv(const char *to, const char *utf8, size_t len, char *out, size_t cap)
{
	iconv_t cd = iconv_open(to, "UTF-8");
	char *in = (char *)(uintptr_t)utf8, *at = out;
	size_t left = len, room = cap;

	CC_ASSERT(cd != (iconv_t)-1);
	CC_ASSERT(iconv(cd, &in, &left, &at, &room) != (size_t)-1 && iconv(cd, NULL, NULL, &at, &room) != (size_t)-1);
	(void)iconv_close(cd);
	return cap - room;
}

size_t raw_row_encode(enum text_encoding e, const char *utf8, size_t n, char *out, size_t cap)
{
	if (e == ENCODING_TCVN3)
		return by_iconv("TCVN5712-1", utf8, n, out, cap);
	if (e == ENCODING_CP1258)
		return by_iconv("CP1258", utf8, n, out, cap);
	if (e == ENCODING_VNI) {
		letters_write(utf8, FORM_VNI, out, cap);
		return strlen(out);
	}
	CC_ASSERT(n <= cap);
	memcpy(out, utf8, n);
	return n;
}

/* ---- files */

void hostile_file_init(struct hostile_file *f)
{
	f->cap = 1u << 20;
	f->bytes = malloc(f->cap);
	f->rows_cap = 1024;
	f->rows = calloc(f->rows_cap, sizeof *f->rows);
	CC_ASSERT(f->bytes != NULL && f->rows != NULL);
	f->line = 1;
}

void hostile_file_done(struct hostile_file *f)
{
	free(f->bytes);
	free(f->rows);
	*f = (struct hostile_file){ 0 };
}

void hostile_file_bytes(struct hostile_file *f, const void *p, size_t n)
{
	while (f->cap - f->n < n) {
		f->cap *= 2;
		f->bytes = realloc(f->bytes, f->cap);
		CC_ASSERT(f->bytes != NULL);
	}
	memcpy(f->bytes + f->n, p, n);
	f->n += n;
}

void hostile_file_line_end(struct hostile_file *f)
{
	hostile_file_bytes(f, f->crlf ? "\r\n" : "\n", f->crlf ? 2 : 1);
}

struct told *hostile_file_told(struct hostile_file *f, const struct told *t)
{
	if (f->count == f->rows_cap) {
		f->rows_cap *= 2;
		f->rows = realloc(f->rows, f->rows_cap * sizeof *f->rows);
		CC_ASSERT(f->rows != NULL);
	}
	f->rows[f->count] = *t;
	f->rows[f->count].line = f->line++;
	return &f->rows[f->count++];
}

void hostile_file_row(struct hostile_file *f, const struct raw_row *r, struct hostile_seed *s, const struct told *t)
{
	static char text[3 * PERSON_ROW_MAX], encoded[6 * PERSON_ROW_MAX];
	size_t n = f->format == IMPORT_CSV ? raw_row_csv(f, r, s, text, sizeof text) : raw_row_json(r, s, text, sizeof text);

	n = raw_row_encode(f->encoding, text, n, encoded, sizeof encoded);
	hostile_file_bytes(f, encoded, n);
	hostile_file_line_end(f);
	(void)hostile_file_told(f, t);
}

void hostile_file_heading(struct hostile_file *f)
{
	if (f->mark)
		hostile_file_bytes(f, "\xEF\xBB\xBF", 3);
	for (size_t k = 0; f->format == IMPORT_CSV && k < CSV_COLUMNS; k++) {
		if (k > 0)
			hostile_file_bytes(f, &f->separator, 1);
		hostile_file_bytes(f, csv_columns[k], strlen(csv_columns[k]));
	}
	if (f->format == IMPORT_CSV) {
		hostile_file_line_end(f);
		f->line++;
	}
}
