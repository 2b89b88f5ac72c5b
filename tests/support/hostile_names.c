/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/hostile_classes.h"

#include <stdlib.h>
#include <string.h>

#define PICK(list, s) (list)[seed_below(s, sizeof(list) / sizeof(list)[0])]

/* ---- names that are good */

static void plain(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	(void)s;
	(void)r;
	(void)t;
}

static void name_forms(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const enum letter_form forms[] = { FORM_NFC, FORM_NFD, FORM_1258, FORM_KEYBOARD };
	char kept[256], written[700] = "", part[256], text[256];
	char *rest = text, *word;

	(void)snprintf(kept, sizeof kept, "%s", t->name);
	(void)snprintf(text, sizeof text, "%s", t->name);
	while ((word = strsep(&rest, " ")) != NULL) {
		letters_write(word, PICK(forms, s), part, sizeof part);
		(void)snprintf(written + strlen(written), sizeof written - strlen(written), "%s%s", written[0] != '\0' ? " " : "",
			       part);
	}
	raw_row_name(r, t, written, kept);
	letters_write("Xã Hòa Bình, Ninh Bình", PICK(forms, s), written, sizeof written);
	raw_row_set(r, "origin", written);
}

static void name_one_word(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const words[] = { "An", "Y", "Dũng", "Nguyễn", "O", "Thịnh" };
	const char *name = PICK(words, s);

	raw_row_name(r, t, name, name);
}

static void name_forty_letters(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const five[] = { "Khánh", "Giang", "Trang", "Thanh", "Hương", "Cường", "Phong", "Trung" };
	static const char *const one_word[] = { "khánh", "giang", "trang", "thanh", "hương", "cường" };
	bool one = seed_below(s, 4) == 0;
	char name[256] = "";

	for (int i = 0; i < 8; i++) {
		if (i > 0 && !one)
			(void)strcat(name, " ");
		(void)strcat(name, one && i > 0 ? PICK(one_word, s) : PICK(five, s));
	}
	raw_row_name(r, t, name, name);
}

static void name_marks_of_peoples(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const struct pair names[] = {
		{ "H'Ngăm Niê Kđăm", "H'Ngăm Niê Kđăm" },
		{ "H\u2019Bia Ayun", "H'Bia Ayun" },
		{ "H\u02BCBia Ayun", "H'Bia Ayun" },
		{ "Y-Bhăm Niê", "Y-Bhăm Niê" },
		{ "Y\u2010Bhăm Niê", "Y-Bhăm Niê" },
		{ "Y\u2011Bhăm Niê", "Y-Bhăm Niê" },
		{ "Ksor Blŭk", "Ksor Blŭk" },
		{ "Blu\u0306k", "Blŭk" },
		{ "Rơ Čăm H'Ƀơ", "Rơ Čăm H'Ƀơ" },
		{ "Müller Łukasz", "Müller Łukasz" },
		{ "Æsa Þór Øst", "Æsa Þór Øst" },
		{ "NGUYỄN VĂN AN", "NGUYỄN VĂN AN" },
		{ "nguyễn văn an", "nguyễn văn an" },
		{ "\u212Bsa", "\u00C5sa" }, /* the Ångström sign is the letter */
	};
	const struct pair *p = &PICK(names, s);

	raw_row_name(r, t, p->written, p->kept);
}

static void name_spaces(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const spaces[] = { " ", "  ", "\u00A0", "\u2003 ", "\u3000", "    " };
	char kept[256], text[256], written[700] = "";
	char *rest = text, *word;

	(void)snprintf(kept, sizeof kept, "%s", t->name);
	(void)snprintf(text, sizeof text, "%s", t->name);
	while ((word = strsep(&rest, " ")) != NULL) {
		(void)strcat(written, PICK(spaces, s));
		(void)strcat(written, word);
	}
	(void)strcat(written, PICK(spaces, s));
	raw_row_name(r, t, written, kept);
}

/* ---- characters that may not be there */

struct bad_point {
	const char *text;
	const char *key; /* in a name */
	bool in_text;	 /* bad in any text */
};
#define LETTER "import.text-letter"
#define CONTROL "import.text-control"
#define LOOKALIKE "import.text-lookalike"
static const struct bad_point bad_points[] = {
	{ "7", LETTER, false },		 { "_", LETTER, false },	{ ".", LETTER, false },
	{ "@", LETTER, false },		 { "<", LETTER, false },	{ "\u0430", LETTER, false }, /* Cyrillic a */
	{ "\u0410", LETTER, false },								     /* Cyrillic A */
	{ "\u03BF", LETTER, false },								     /* Greek omicron */
	{ "\uFF21", LETTER, false },								     /* full-width A */
	{ "\u2167", LETTER, false },								     /* Roman numeral */
	{ "\u962E", LETTER, false },								     /* Han */
	{ "\u0E01", LETTER, false },								     /* Thai */
	{ "\u00D7", LETTER, false },								     /* multiplication sign */
	{ "\uFFFD", LETTER, false },								     /* replacement character */
	{ "\U0001F600", LETTER, false },							     /* emoji */
	{ "\U0001D400", LETTER, false },							     /* mathematical A */
	{ "\x01", CONTROL, true },	 { "\t", CONTROL, true },	{ "\x7F", CONTROL, true },
	{ "\xC2\x85", CONTROL, true },	 { "\u00AD", CONTROL, true }, /* soft hyphen */
	{ "\u200B", CONTROL, true },				      /* zero width space */
	{ "\u200D", CONTROL, true },				      /* zero width joiner */
	{ "\u200E", CONTROL, true },				      /* left-to-right mark */
	{ "\u202A", CONTROL, true },				      /* bidirectional embeddings, overrides, isolates */
	{ "\u202D", CONTROL, true },	 { "\u202E", CONTROL, true },	{ "\u2066", CONTROL, true },
	{ "\u2069", CONTROL, true },	 { "\u2028", CONTROL, true },	/* line separator */
	{ "\uFEFF", CONTROL, true },					/* byte order mark inside */
	{ "\uE000", CONTROL, true },					/* private use */
	{ "\uFDD0", CONTROL, true },					/* no character */
	{ "\U000E0041", CONTROL, true },				/* tag */
	{ "\u00D0", LOOKALIKE, true },					/* Eth */
	{ "\u00F0", LOOKALIKE, true },	 { "\u0189", LOOKALIKE, true }, /* African D */
	{ "\u0256", LOOKALIKE, true },
};

static void name_bad_point(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const names[] = { "full_name", "father", "mother" };
	const struct bad_point *b = &PICK(bad_points, s);
	const char *name = PICK(names, s);

	raw_field_insert(s, raw_row_field(r, name), b->text);
	told_refused(t, b->key, name);
}

static void text_bad_point(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const names[] = { "residence", "origin", "ethnicity", "religion", "nationality" };
	const struct bad_point *b = &PICK(bad_points, s);
	const char *name = PICK(names, s);

	while (!b->in_text)
		b = &PICK(bad_points, s);
	raw_field_insert(s, raw_row_field(r, name), b->text);
	told_refused(t, b->key, name);
}

static void name_marks(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const names[] = {
		"\u0301An", "Nguyễn \u0301An", "A\u0301\u0301n", "A\u0301\u0300n",
		"Ế\u0300m", "a\u0302\u0302n",  "A-\u0301n",	 "A\u0316\u0317\u0318\u0319\u031Cn",
		"\u0323",
	};

	raw_row_set(r, "full_name", PICK(names, s));
	told_refused(t, "import.text-mark", "full_name");
}

static void name_separators(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const names[] = { "-An",    "An-",	 "An--Ba", "'An",      "An''Ba",
					     "Lê -An", "Lê- An", "-",	   "\u2019An", "An-'Ba" };

	raw_row_set(r, "full_name", PICK(names, s));
	told_refused(t, "import.text-separator", "full_name");
}

static void too_long(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const struct {
		const char *name;
		size_t size;
	} fields[] = { { "full_name", 256 }, { "father", 256 },	  { "residence", 512 },
		       { "origin", 512 },    { "ethnicity", 96 }, { "photo", 256 } };
	size_t i = seed_below(s, sizeof fields / sizeof fields[0]), n = fields[i].size + seed_below(s, 100);
	char text[700];

	memset(text, 'a', n);
	raw_row_set_bytes(r, fields[i].name, text, n);
	told_refused(t, "import.text-too-long", fields[i].name);
}

/* The longest that fits is kept, with the warning that the chip's field is longer than readers expect. */
static void as_long_as_it_may_be(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	char text[256];
	size_t n = 123 + seed_below(s, 133);

	memset(text, 'a', n);
	text[0] = 'A';
	text[n] = '\0';
	raw_row_name(r, t, text, text);
}

const struct field_class name_classes[] = {
	{ "good", IN_ALL, plain },
	{ "good", IN_ALL, plain },
	{ "good", IN_ALL, plain },
	{ "name: NFC, NFD, half-composed, keyboard order", IN_UTF8, name_forms },
	{ "name: NFC, NFD, half-composed, keyboard order", IN_UTF8, name_forms },
	{ "name: one word", IN_ALL, name_one_word },
	{ "name: 40 letters", IN_ALL, name_forty_letters },
	{ "name: apostrophes, hyphens, letters of peoples", IN_UTF8, name_marks_of_peoples },
	{ "name: spaces", IN_UTF8, name_spaces },
	{ "name: other scripts, digits, controls, bidi, lookalikes", IN_UTF8, name_bad_point },
	{ "name: other scripts, digits, controls, bidi, lookalikes", IN_UTF8, name_bad_point },
	{ "text: controls, bidi, lookalikes", IN_UTF8, text_bad_point },
	{ "name: marks without a letter, too many", IN_UTF8, name_marks },
	{ "name: misplaced hyphens and apostrophes", IN_UTF8, name_separators },
	{ "field too long", IN_ALL, too_long },
	{ "field as long as it may be", IN_ALL, as_long_as_it_may_be },
};
const size_t name_class_count = sizeof name_classes / sizeof name_classes[0];
