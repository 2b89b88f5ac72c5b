/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/hostile_classes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PICK(list, s) (list)[seed_below(s, sizeof(list) / sizeof(list)[0])]
#define ROW_ROOM 8192

static void put_line(struct hostile_file *f, const void *p, size_t n, const struct told *t)
{
	hostile_file_bytes(f, p, n);
	hostile_file_line_end(f);
	(void)hostile_file_told(f, t);
}

static void refused_line(struct hostile_file *f, const void *p, size_t n, struct told *t, const char *key)
{
	told_refused(t, key, "");
	put_line(f, p, n, t);
}

/* ---- JSON */

static void cut(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t)
{
	char row[ROW_ROOM];
	size_t n = raw_row_json(r, s, row, sizeof row), at = 1 + seed_below(s, n - 1);
	bool in_letter = ((uint8_t)row[at] & 0xC0) == 0x80;

	refused_line(f, row, at, t, in_letter ? "import.not-utf8" : "import.not-json");
}

static void around(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t)
{
	static const char *const ends[] = {
		"x", "{}", ",", "]", "}", "\"", "// a comment", "/* */", "null", "\xEF\xBB\xBF", " ;"
	};
	char row[ROW_ROOM], text[ROW_ROOM + 64];
	size_t n = raw_row_json(r, s, row, sizeof row);

	row[n] = '\0';
	switch (seed_below(s, 6)) {
	case 0:
		n = (size_t)snprintf(text, sizeof text, "[%s]", row);
		refused_line(f, text, n, t, "import.not-object");
		return;
	case 1:
		n = (size_t)snprintf(text, sizeof text, "%.*s,}", (int)n - 1, row);
		break;
	case 2:
		for (size_t i = 0; i < n; i++)
			row[i] = row[i] == '"' ? '\'' : row[i];
		n = (size_t)snprintf(text, sizeof text, "%s", row);
		break;
	case 3:
		/* The mark of a file's begin, in its middle. */
		n = (size_t)snprintf(text, sizeof text, "\xEF\xBB\xBF%s", row);
		break;
	case 4:
		n = (size_t)snprintf(text, sizeof text, "%s%s", row, row);
		break;
	default:
		n = (size_t)snprintf(text, sizeof text, "%s%s", row, PICK(ends, s));
		break;
	}
	refused_line(f, text, n, t, "import.not-json");
}

static void not_a_row(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t)
{
	static const struct {
		const char *text, *key;
	} lines[] = { { "null", "import.not-json" },
		      { "true", "import.not-json" },
		      { "42", "import.not-json" },
		      { "\"An\"", "import.not-json" },
		      { "[]", "import.not-object" },
		      { "[{}]", "import.not-object" },
		      { "{", "import.not-json" },
		      { "}", "import.not-json" },
		      { "\"", "import.not-json" },
		      { "{\"a\":1,\"a\":2}", "import.duplicate-field" },
		      { "{\"a\"}", "import.not-json" },
		      { "{a:1}", "import.not-json" },
		      { "%s%n", "import.not-json" },
		      { "number,full_name", "import.not-json" },
		      { "\xFF\xFE{", "import.not-utf8" },
		      { "-", "import.not-json" },
		      { "DROP TABLE person;", "import.not-json" } };
	size_t i = seed_below(s, sizeof lines / sizeof lines[0]);

	(void)r;
	refused_line(f, lines[i].text, strlen(lines[i].text), t, lines[i].key);
}

static void empty_object(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t)
{
	(void)s;
	(void)r;
	told_refused(t, "import.field-missing", "number");
	put_line(f, "{}", 2, t);
}

static void deep(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t)
{
	char *row = malloc(PERSON_ROW_MAX);
	size_t n = seed_below(s, 4) == 0 ? 2000 + seed_below(s, 28000) : 5 + seed_below(s, 60);

	(void)r;
	CC_ASSERT(row != NULL);
	memcpy(row, "{\"a\":", 5);
	memset(row + 5, seed_below(s, 2) == 0 ? '[' : '{', n);
	refused_line(f, row, 5 + n, t, "import.too-deep");
	free(row);
}

static size_t name_place(const char *row)
{
	return (size_t)(strstr(row, "Việt") - row);
}

/* Behind a letter inside of a string. */
static void splice_in(struct hostile_file *f, const char *row, size_t n, const char *what, size_t len, struct told *t,
		      const char *key)
{
	char text[ROW_ROOM + 16];
	size_t at = name_place(row);

	memcpy(text, row, at);
	memcpy(text + at, what, len);
	memcpy(text + at + len, row + at, n - at);
	refused_line(f, text, n + len, t, key);
}

static void nul_and_controls(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t)
{
	char row[ROW_ROOM], c = (char)seed_below(s, 32);
	size_t n = raw_row_json(r, s, row, sizeof row);

	splice_in(f, row, n, c == '\n' ? "\0" : &c, 1, t, "import.not-json");
}

static void nul_anywhere(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t)
{
	char row[ROW_ROOM];
	size_t n = raw_row_json(r, s, row, sizeof row), at = seed_below(s, n);

	while (((uint8_t)row[at] & 0x80) != 0)
		at--;
	/* Also behind the last bracket. */
	if (seed_below(s, 4) == 0)
		at = n++;
	row[at] = '\0';
	refused_line(f, row, n, t, "import.not-json");
}

static void bytes_that_are_no_utf8(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t)
{
	static const char *const bad[] = { "\xFF",
					   "\xFE",
					   "\x80",
					   "\xBF",
					   "\xC0\x80",
					   "\xC1\xBF",
					   "\xE0\x80\x80",
					   "\xED\xA0\x80",
					   "\xED\xBF\xBF",
					   "\xF0\x80\x80\x80",
					   "\xF4\x90\x80\x80",
					   "\xF8\x88\x80\x80\x80",
					   "\xE1\xBB",
					   "\xC3",
					   "\xA1\xE7" };
	char row[ROW_ROOM];
	size_t n = raw_row_json(r, s, row, sizeof row);
	const char *what = PICK(bad, s);

	splice_in(f, row, n, what, strlen(what), t, "import.not-utf8");
}

static void another_unicode(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t)
{
	char row[ROW_ROOM], wide[2 * ROW_ROOM];
	size_t n = raw_row_json(r, s, row, sizeof row), to = 0;

	/* UTF-16 of its ASCII, with the order of the bytes as it comes; without a line end of its own. */
	for (size_t i = 0; i < n; i++) {
		if ((uint8_t)row[i] >= 0x80)
			continue;
		wide[to++] = row[i];
		wide[to++] = '\0';
	}
	refused_line(f, wide, to, t, "import.not-json");
}

static void doubled_field(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t)
{
	static const char *const fields[] = { "\"sex\":\"male\"", "\"number\":\"001090000000\"", "\"se\\u0078\":\"male\"",
					      "\"sex\":null" };
	char row[ROW_ROOM], text[ROW_ROOM + 64];
	size_t n = raw_row_json(r, s, row, sizeof row);

	n = (size_t)snprintf(text, sizeof text, "{%s,%.*s", PICK(fields, s), (int)n - 1, row + 1);
	refused_line(f, text, n, t, "import.duplicate-field");
}

static void white_space(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t)
{
	char row[ROW_ROOM], text[ROW_ROOM + 64];
	size_t n = raw_row_json(r, s, row, sizeof row);

	row[n] = '\0';
	if (seed_below(s, 2) == 0) {
		hostile_file_bytes(f, " \t \n\n", 5);
		f->line += 2;
	}
	n = (size_t)snprintf(text, sizeof text, " \t{\r\t%s \r ", row + 1);
	put_line(f, text, n, t);
}

/* Exactly what a row may have, or one byte more. */
static void long_line(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t)
{
	char *row = malloc(3 * PERSON_ROW_MAX);
	size_t n, size = PERSON_ROW_MAX + (seed_below(s, 2) == 0 ? 0 : 1 + seed_below(s, 2 * PERSON_ROW_MAX - 16));

	if (seed_below(s, 8) != 0) {
		free(row);
		hostile_file_row(f, r, s, t);
		return;
	}
	CC_ASSERT(row != NULL);
	n = raw_row_json(r, s, row, PERSON_ROW_MAX);
	memset(row + n, ' ', size - n);
	if (size > PERSON_ROW_MAX)
		told_refused(t, "import.line-too-long", "");
	t->class = "line too long, or as long as it may be";
	put_line(f, row, size, t);
	free(row);
}

/* ---- any format */

/* The second row of a number is refused, and tells of the first. */
static void second_row(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t)
{
	struct raw_row other = *r;
	struct told again = *t;

	hostile_file_row(f, r, s, t);
	if (seed_below(s, 2) == 0)
		raw_row_set(&other, "full_name", "Trần Văn Hai");
	told_refused(&again, "import.duplicate", "number");
	again.other_line = f->line - 1;
	hostile_file_row(f, &other, s, &again);
}

/* A row that was refused does not hold its number. */
static void mended_row(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t)
{
	struct raw_row bad = *r;
	struct told refused = *t;

	raw_row_set(&bad, "full_name", "Trần V4n");
	told_refused(&refused, "import.text-letter", "full_name");
	hostile_file_row(f, &bad, s, &refused);
	hostile_file_row(f, r, s, t);
}

/* ---- CSV */

static void columns(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t)
{
	char row[ROW_ROOM];
	size_t n = raw_row_csv(f, r, s, row, sizeof row), less = 0;

	if (seed_below(s, 2) == 0) {
		size_t more = 1 + seed_below(s, 200);

		memset(row + n, f->separator, more);
		/* 96 fields at most: beyond that a row is not even parted. */
		refused_line(f, row, n + more, t, CSV_COLUMNS + more > 96 ? "import.csv-quote" : "import.csv-columns");
		return;
	}
	while (less < n && row[n - 1 - less] == f->separator)
		less++;
	refused_line(f, row, n - (less > 0 ? 1 + seed_below(s, less) : 0), t, "import.csv-columns");
}

static void misplaced_quote(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t)
{
	char row[ROW_ROOM], text[ROW_ROOM + 64];
	size_t n = raw_row_csv(f, r, s, row, sizeof row);

	row[n] = '\0';
	n = (size_t)snprintf(text, sizeof text, seed_below(s, 2) == 0 ? "\"001\"090000000%c%s" : "001\"090000000%c%s",
			     f->separator, row);
	refused_line(f, text, n, t, "import.csv-quote");
}

/* A quote that is never closed: the row is refused, and the ones behind it are rows. */
static void open_quote(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t)
{
	char row[ROW_ROOM], text[ROW_ROOM + 64];
	size_t n = raw_row_csv(f, r, s, row, sizeof row);
	struct told good = *t;

	row[n] = '\0';
	n = (size_t)snprintf(text, sizeof text, "\"%s", row[0] == '"' ? row + 1 : row);
	/* The field before must not close it. */
	for (size_t i = 1; i < n; i++)
		text[i] = text[i] == '"' ? '.' : text[i];
	refused_line(f, text, n, t, "import.csv-quote");
	hostile_file_row(f, r, s, &good);
}

static void lines_in_quotes(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t)
{
	struct raw_row two = *r;

	raw_row_set(&two, "residence", seed_below(s, 2) == 0 ? "Số 5\nPhố Huế, Hà Nội" : "Số 5,\n\nHà Nội");
	told_refused(t, "import.text-control", "residence");
	hostile_file_row(f, &two, s, t);
	f->line += strstr(raw_row_field(&two, "residence")->value, "\n\n") != NULL ? 2 : 1;
}

static void csv_blank_lines(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t)
{
	hostile_file_bytes(f, "\n \n", 3);
	f->line += 2;
	hostile_file_row(f, r, s, t);
}

/* ---- old encodings */

static void no_letter_there(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t)
{
	/* windows-1258 has no 0x8A, 0x8E, 0x9A, 0x9E; VNI none of the C1 range. */
	static const char bad[] = { '\x8A', '\x8E', '\x9A', '\x9E' };
	char row[ROW_ROOM], encoded[2 * ROW_ROOM];
	size_t n, at = 0;

	if (f->encoding == ENCODING_TCVN3) {
		hostile_file_row(f, r, s, t);
		return;
	}
	n = f->format == IMPORT_CSV ? raw_row_csv(f, r, s, row, sizeof row) : raw_row_json(r, s, row, sizeof row);
	row[n] = '\0';
	n = raw_row_encode(f->encoding, row, n, encoded, sizeof encoded - 1);
	at = seed_below(s, n + 1);
	memmove(encoded + at + 1, encoded + at, n - at);
	encoded[at] = PICK(bad, s);
	refused_line(f, encoded, n + 1, t, "import.encoding");
}

const struct byte_class byte_classes[] = {
	{ "row cut", IN_JSON, cut },
	{ "row cut", IN_JSON, cut },
	{ "something around the row", IN_JSON, around },
	{ "no row at all", IN_JSON, not_a_row },
	{ "empty object", IN_JSON, empty_object },
	{ "too deep", IN_JSON, deep },
	{ "NUL and control bytes", IN_JSON, nul_and_controls },
	{ "NUL and control bytes", IN_JSON, nul_anywhere },
	{ "bytes that are no UTF-8", IN_JSON, bytes_that_are_no_utf8 },
	{ "UTF-16", IN_JSON, another_unicode },
	{ "field twice", IN_JSON, doubled_field },
	{ "white space, blank lines", IN_JSON, white_space },
	{ "good", IN_JSON, long_line },
	{ "number twice", IN_ALL, second_row },
	{ "refused, then mended", IN_UTF8, mended_row },
	{ "columns missing, too many", IN_CSV, columns },
	{ "misplaced quote", IN_CSV, misplaced_quote },
	{ "quote left open", IN_CSV, open_quote },
	{ "lines in quotes", IN_CSV, lines_in_quotes },
	{ "white space, blank lines", IN_CSV, csv_blank_lines },
	{ "no letter of the encoding", IN_LEGACY, no_letter_there },
};
const size_t byte_class_count = sizeof byte_classes / sizeof byte_classes[0];

/* ---- files */

static uint64_t people, children;

uint64_t hostile_next_person(void)
{
	return people++ * 7919 % 220000;
}

uint64_t hostile_next_child(void)
{
	return children++ * 7919 % 24000;
}

static const struct {
	const char *title;
	enum import_format format;
	bool named;
	enum text_encoding encoding;
	char separator;
	bool crlf, mark;
	size_t rows;
} plan[HOSTILE_FILES] = {
	{ "JSON Lines", IMPORT_JSON_LINES, false, ENCODING_UTF8, 0, false, false, 18000 },
	{ "JSON Lines, mark and CRLF", IMPORT_JSON_LINES, false, ENCODING_UTF8, 0, true, true, 6000 },
	{ "CSV, commas", IMPORT_CSV, false, ENCODING_UTF8, ',', false, false, 10000 },
	{ "CSV, semicolons, mark and CRLF", IMPORT_CSV, false, ENCODING_UTF8, ';', true, true, 6000 },
	{ "JSON Lines in TCVN3", IMPORT_JSON_LINES, true, ENCODING_TCVN3, 0, false, false, 2500 },
	{ "JSON Lines in VNI, detected", IMPORT_JSON_LINES, false, ENCODING_VNI, 0, false, false, 2500 },
	{ "JSON Lines in Windows-1258, detected", IMPORT_JSON_LINES, false, ENCODING_CP1258, 0, true, false, 2500 },
	{ "CSV in VNI", IMPORT_CSV, true, ENCODING_VNI, '\t', false, false, 2500 },
};

/* Somebody of the first file again: with other content, the same, or now with a photo. */
static void known_person(struct hostile_file *f, struct hostile_seed *s, const struct hostile_file *first, uint64_t *next)
{
	struct raw_row r;
	struct told t;

	while (*next < first->count && strcmp(first->rows[*next].class, "good") != 0)
		++*next;
	CC_ASSERT(*next < first->count);
	raw_row_good(first->rows[*next].person, &r, &t);
	++*next;
	switch (seed_below(s, 3)) {
	case 0:
		t.class = "known, other content";
		raw_row_set(&r, "origin", "Xã Khác, Ninh Bình");
		told_refused(&t, "import.conflict", "number");
		t.refused = false;
		t.conflict = true;
		break;
	case 1:
		t.class = "known, the same";
		t.unchanged = true;
		break;
	default:
		t.class = "known, now with a photo";
		t.unchanged = r.photo;
		t.completed = !r.photo;
		raw_row_set(&r, "photo", "photos/ok.jpg");
		told_drop(&t, "registry.no-photo", "photo");
		break;
	}
	hostile_file_row(f, &r, s, &t);
}

static void one_row(struct hostile_file *f, struct hostile_seed *s)
{
	unsigned where = f->encoding != ENCODING_UTF8 ? IN_LEGACY : f->format == IMPORT_CSV ? IN_CSV : IN_JSON;
	size_t i = seed_below(s, name_class_count + field_class_count + byte_class_count);
	size_t fields = name_class_count + field_class_count;
	const struct field_class *c = NULL;
	const struct byte_class *bytes = NULL;
	struct raw_row r;
	struct told t;

	if (i >= fields)
		bytes = &byte_classes[i - fields];
	else
		c = i < name_class_count ? &name_classes[i] : &field_classes[i - name_class_count];
	if (((bytes != NULL ? bytes->where : c->where) & where) == 0)
		return;
	raw_row_good(hostile_next_person(), &r, &t);
	if (bytes == NULL) {
		c->edit(s, &r, &t);
		t.class = c->name;
		hostile_file_row(f, &r, s, &t);
	} else {
		t.class = bytes->name;
		bytes->write(f, s, &r, &t);
	}
}

void hostile_make(uint64_t seed, struct hostile_file files[HOSTILE_FILES])
{
	struct hostile_seed s = { seed };
	uint64_t known = 0;

	people = children = 0;
	for (size_t i = 0; i < HOSTILE_FILES; i++) {
		struct hostile_file *f = &files[i];

		*f = (struct hostile_file){ .title = plan[i].title,
					    .format = plan[i].format,
					    .named = plan[i].named,
					    .encoding = plan[i].encoding,
					    .separator = plan[i].separator,
					    .crlf = plan[i].crlf,
					    .mark = plan[i].mark };
		hostile_file_init(f);
		hostile_file_heading(f);
		while (f->count < plan[i].rows) {
			if ((i == 1 || i == 2) && seed_below(&s, 40) == 0)
				known_person(f, &s, &files[0], &known);
			else
				one_row(f, &s);
		}
	}
}

static int write_file(const char *folder, const char *name, const char *bytes, size_t n)
{
	char path[512];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	if (f == NULL)
		return -1;
	return fwrite(bytes, 1, n, f) == n && fclose(f) == 0 ? 0 : -1;
}

int hostile_photos(const char *folder)
{
	static const char photo[300] = "\xFF\xD8\xFF\xE0 a photo";
	char path[512], target[600];

	(void)snprintf(path, sizeof path, "%s/photos", folder);
	if (mkdir(path, 0700) != 0 || write_file(path, "ok.jpg", photo, sizeof photo) != 0 ||
	    write_file(path, "png.jpg", "\x89PNG\r\n", 6) != 0 || write_file(path, "empty.jpg", "", 0) != 0 ||
	    write_file(path, "cut.jpg", "\xFF\xD8", 2) != 0)
		return -1;
	(void)snprintf(target, sizeof target, "%s/link.jpg", path);
	if (symlink("ok.jpg", target) != 0)
		return -1;
	(void)snprintf(target, sizeof target, "%s/pipe", path);
	if (mkfifo(target, 0600) != 0)
		return -1;
	(void)snprintf(target, sizeof target, "%s/linked", folder);
	return symlink("photos", target);
}
