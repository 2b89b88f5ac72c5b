/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/person_judge.h"

#include "station/registry/number.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct field {
	const char *name;
	bool (*set)(struct person_judge *in, const struct field *f, struct bytes value);
	size_t offset, size; /* in struct person, of text */
	bool is_name;
};

bool person_judge_reject(struct person_judge *in, const char *field, const char *key, size_t position)
{
	*in->fault = (struct row_fault){ .field = field, .key = key, .position = position };
	return false;
}

static bool reject(struct person_judge *in, const struct field *f, const char *key, size_t position)
{
	return person_judge_reject(in, f->name, key, position);
}

/* ---- one value: judged, normalised, put in its place */

static const char *text_key(enum text_fault_kind kind)
{
	switch (kind) {
	case TEXT_LETTER:
		return "import.text-letter";
	case TEXT_LOOKALIKE:
		return "import.text-lookalike";
	case TEXT_MARK:
		return "import.text-mark";
	case TEXT_SEPARATOR:
		return "import.text-separator";
	case TEXT_TOO_LONG:
		return "import.text-too-long";
	case TEXT_NOT_UTF8:
		return "import.not-utf8";
	case TEXT_GOOD:
	case TEXT_CONTROL:
		break;
	}
	return "import.text-control";
}

static char *text_at(struct person *p, const struct field *f)
{
	return (char *)p + f->offset;
}

static bool set_text(struct person_judge *in, const struct field *f, struct bytes value)
{
	struct text_fault fault = { 0 };
	char *out = text_at(in->person, f);
	cc_status st = f->is_name ? vietnamese_normalise_name(value, out, f->size, &fault)
				  : vietnamese_normalise(value, out, f->size, &fault);

	return !cc_failed(st) || reject(in, f, text_key(fault.kind), fault.position);
}

/* 12 digits; what their parts say is judged elsewhere (check.h, gate.h). */
static bool set_number(struct person_judge *in, const struct field *f, struct bytes value)
{
	if (!number_is_well_formed(value))
		return reject(in, f, "import.number-malformed", 0);
	memcpy(text_at(in->person, f), value.p, value.n);
	return true;
}

static bool is_one_of(struct bytes value, const char *const *list)
{
	while (*list != NULL && !bytes_equal(value, bytes_str(*list)))
		list++;
	return *list != NULL;
}

static bool set_blood(struct person_judge *in, const struct field *f, struct bytes value)
{
	static const char *const groups[] = { "A", "B", "AB", "O", "A+", "B+", "AB+", "O+", "A-", "B-", "AB-", "O-", NULL };

	if (!is_one_of(value, groups))
		return reject(in, f, "import.value", 0);
	memcpy(in->person->blood_group, value.p, value.n);
	return true;
}

/* What an officer's form may write for a value: its own name, or Vietnamese words, compared without marks and case. */
struct form_word {
	const char *words, *value;
};

static const char *value_of_word(struct bytes text, const struct form_word *list)
{
	char plain[PERSON_TERM_SIZE], key[2 * PERSON_TERM_SIZE];

	if (cc_failed(vietnamese_normalise(text, plain, sizeof plain, NULL)) ||
	    cc_failed(vietnamese_search_key(plain, key, sizeof key)))
		return NULL;
	while (list->words != NULL && strcmp(list->words, key) != 0)
		list++;
	return list->value;
}

static bool set_marital(struct person_judge *in, const struct field *f, struct bytes value)
{
	/* Form DC01, item "Tình trạng hôn nhân". */
	static const struct form_word states[] = {
		{ "single", "single" },
		{ "chua ket hon", "single" },
		{ "doc than", "single" },
		{ "married", "married" },
		{ "da ket hon", "married" },
		{ "dang co vo", "married" },
		{ "dang co chong", "married" },
		{ "dang co vo chong", "married" },
		{ "divorced", "divorced" },
		{ "ly hon", "divorced" },
		{ "da ly hon", "divorced" },
		{ "widowed", "widowed" },
		{ "goa", "widowed" },
		{ "goa vo", "widowed" },
		{ "goa chong", "widowed" },
		{ "vo hoac chong da chet", "widowed" },
		{ NULL, NULL },
	};
	const char *state = value_of_word(value, states);

	if (state == NULL)
		return reject(in, f, "import.value", 0);
	(void)snprintf(in->person->marital_status, sizeof in->person->marital_status, "%s", state);
	return true;
}

/* cccd-card.md 1: 9 digits, or 12 in 2012 to 2016. */
static bool set_old_cmnd(struct person_judge *in, const struct field *f, struct bytes value)
{
	if (value.n != 9 && value.n != 12)
		return reject(in, f, "import.old-cmnd", 0);
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return reject(in, f, "import.old-cmnd", i + 1);
	}
	memcpy(in->person->old_cmnd, value.p, value.n);
	return true;
}

static bool set_birth(struct person_judge *in, const struct field *f, struct bytes value)
{
	return date_parse(value, &in->person->birth) || reject(in, f, "import.date", 0);
}

static bool set_issued(struct person_judge *in, const struct field *f, struct bytes value)
{
	struct date d;

	if (!date_parse(value, &d) || date_precision(d) != DATE_DAY)
		return reject(in, f, "import.date", 0);
	in->person->issued = d;
	return true;
}

static bool set_death(struct person_judge *in, const struct field *f, struct bytes value)
{
	return date_parse(value, &in->person->death) || reject(in, f, "import.date", 0);
}

static bool set_expiry(struct person_judge *in, const struct field *f, struct bytes value)
{
	struct date d = { 0 };

	in->person->expiry_kind = EXPIRY_NONE;
	if (bytes_equal(value, BYTES_LITERAL("none")))
		return true;
	if (!date_parse(value, &d) || date_precision(d) != DATE_DAY)
		return reject(in, f, "import.date", 0);
	in->person->expiry_kind = EXPIRY_DATE;
	in->person->expiry = d;
	return true;
}

static bool set_precision(struct person_judge *in, const struct field *f, struct bytes value)
{
	if (!bytes_equal(value, BYTES_LITERAL("day")) && !bytes_equal(value, BYTES_LITERAL("month")) &&
	    !bytes_equal(value, BYTES_LITERAL("year")))
		return reject(in, f, "import.value", 0);
	memcpy(in->precision, value.p, value.n);
	return true;
}

static bool set_sex(struct person_judge *in, const struct field *f, struct bytes value)
{
	char text[16];

	/* "Nữ" may come decomposed. */
	if (cc_failed(vietnamese_normalise(value, text, sizeof text, NULL)))
		return reject(in, f, "import.value", 0);
	if (strcmp(text, "male") == 0 || strcmp(text, "M") == 0 || strcmp(text, "Nam") == 0)
		in->person->sex = SEX_MALE;
	else if (strcmp(text, "female") == 0 || strcmp(text, "F") == 0 || strcmp(text, "Nữ") == 0)
		in->person->sex = SEX_FEMALE;
	else
		return reject(in, f, "import.value", 0);
	in->has_sex = true;
	return true;
}

static bool set_life(struct person_judge *in, const struct field *f, struct bytes value)
{
	static const struct form_word words[] = {
		{ "con song", "alive" }, { "da chet", "dead" }, { "chet", "dead" }, { "mat tich", "missing" }, { NULL, NULL }
	};
	const char *word = value_of_word(value, words);

	if (word != NULL)
		value = bytes_str(word);
	for (int i = LIFE_ALIVE; i <= LIFE_MISSING; i++) {
		if (bytes_equal(value, bytes_str(person_life_name((enum person_life)i)))) {
			in->person->life = (enum person_life)i;
			return true;
		}
	}
	return reject(in, f, "import.value", 0);
}

/* Kept as it is: a file name has no normal form. photo.c judges where it leads. */
static bool set_path(struct person_judge *in, const struct field *f, struct bytes value)
{
	if (value.n >= PERSON_PATH_SIZE)
		return reject(in, f, "import.text-too-long", 0);
	/* It would be cut there, and name another file. */
	if (memchr(value.p, '\0', value.n) != NULL)
		return reject(in, f, "import.text-control", 0);
	memcpy(in->person->photo_path, value.p, value.n);
	return true;
}

#define TEXT(json, member, name)                                                                                                 \
	{                                                                                                                        \
		json, set_text, offsetof(struct person, member), sizeof((struct person *)0)->member, name                        \
	}

#define NUMBER(json, member)                                                                                                     \
	{                                                                                                                        \
		json, set_number, offsetof(struct person, member), sizeof((struct person *)0)->member, false                     \
	}

/* ---- the fields */

enum { FIELD_NUMBER, FIELD_NAME, FIELD_BIRTH, FIELD_PRECISION, FIELD_SEX, FIELD_NATIONALITY };
static const struct field fields[] = {
	[FIELD_NUMBER] = NUMBER("number", number),
	[FIELD_NAME] = TEXT("full_name", full_name, true),
	[FIELD_BIRTH] = { "birth_date", set_birth, 0, 0, false },
	[FIELD_PRECISION] = { "birth_precision", set_precision, 0, 0, false },
	[FIELD_SEX] = { "sex", set_sex, 0, 0, false },
	[FIELD_NATIONALITY] = TEXT("nationality", nationality, false),
	TEXT("birth_basis", birth_basis, false),
	TEXT("ethnicity", ethnicity, false),
	TEXT("religion", religion, false),
	TEXT("origin", origin, false),
	TEXT("residence", residence, false),
	TEXT("identifying_marks", marks, false),
	TEXT("father", father, true),
	TEXT("mother", mother, true),
	TEXT("spouse", spouse, true),
	{ "old_cmnd", set_old_cmnd, 0, 0, false },
	{ "issue_date", set_issued, 0, 0, false },
	TEXT("issue_place", issue_place, false),
	{ "expiry_date", set_expiry, 0, 0, false },
	{ "life_status", set_life, 0, 0, false },
	{ "photo", set_path, 0, 0, false },
	{ "death_date", set_death, 0, 0, false },
	TEXT("other_name", other_name, true),
	{ "blood_group", set_blood, 0, 0, false },
	{ "marital_status", set_marital, 0, 0, false },
	TEXT("birth_place", birth_place, false),
	TEXT("birth_registration", birth_registration, false),
	TEXT("current_residence", current_residence, false),
	TEXT("occupation", occupation, false),
	TEXT("education", education, false),
	NUMBER("father_number", father_number),
	NUMBER("mother_number", mother_number),
	NUMBER("spouse_number", spouse_number),
	TEXT("father_nationality", father_nationality, false),
	TEXT("mother_nationality", mother_nationality, false),
	TEXT("spouse_nationality", spouse_nationality, false),
	TEXT("representative", representative, true),
	NUMBER("representative_number", representative_number),
	TEXT("representative_nationality", representative_nationality, false),
	TEXT("household_head", household_head, true),
	NUMBER("household_head_number", household_head_number),
	TEXT("household_relation", household_relation, false),
	TEXT("phone", phone, false),
	TEXT("email", email, false),
	NUMBER("cancelled_number", cancelled_number),
};
#define FIELD_COUNT (sizeof fields / sizeof fields[0])
_Static_assert(FIELD_COUNT <= PERSON_JUDGE_FIELDS_MAX, "each has its bit");

/* Fields by length and two letters of their names; slots that others took are passed over. */
#define SLOT_COUNT 256
static uint8_t slots[SLOT_COUNT]; /* place in fields + 1; 0: free */
static pthread_once_t slots_once = PTHREAD_ONCE_INIT;

static size_t slot_of(struct bytes name)
{
	return (name.n * 41 + name.p[0] * 7u + name.p[name.n - 1] * 3u) % SLOT_COUNT;
}

static void fill_slots(void)
{
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		size_t at = slot_of(bytes_str(fields[i].name));

		while (slots[at] != 0)
			at = (at + 1) % SLOT_COUNT;
		slots[at] = (uint8_t)(i + 1);
	}
}

size_t person_judge_field(struct bytes name)
{
	_Static_assert(FIELD_COUNT < SLOT_COUNT / 2, "the walk ends at a free slot");
	if (name.n == 0)
		return PERSON_JUDGE_NO_FIELD;
	(void)pthread_once(&slots_once, fill_slots);
	for (size_t at = slot_of(name); slots[at] != 0; at = (at + 1) % SLOT_COUNT) {
		size_t i = slots[at] - 1u;

		if (bytes_equal(name, bytes_str(fields[i].name)))
			return i;
	}
	return PERSON_JUDGE_NO_FIELD;
}

const char *person_judge_field_name(size_t field)
{
	return fields[field].name;
}

bool person_judge_field_is_date(size_t field)
{
	bool (*const set)(struct person_judge *, const struct field *, struct bytes) = fields[field].set;

	return set == set_birth || set == set_issued || set == set_expiry || set == set_death;
}

bool person_judge_value(struct person_judge *in, size_t field, struct bytes value)
{
	return value.n == 0 || fields[field].set(in, &fields[field], value);
}

bool person_judge_whole(struct person_judge *in)
{
	static const char *const precisions[] = { "", "year", "month", "day" };
	const char *known = precisions[date_precision(in->person->birth)];

	if (in->person->number[0] == '\0')
		return reject(in, &fields[FIELD_NUMBER], "import.field-missing", 0);
	if (in->person->full_name[0] == '\0')
		return reject(in, &fields[FIELD_NAME], "import.field-missing", 0);
	if (!in->has_sex)
		return reject(in, &fields[FIELD_SEX], "import.field-missing", 0);
	if (in->person->nationality[0] == '\0')
		return reject(in, &fields[FIELD_NATIONALITY], "import.field-missing", 0);
	if (in->precision[0] != '\0' && strcmp(in->precision, known) != 0)
		return reject(in, &fields[FIELD_PRECISION], "import.precision", 0);
	return true;
}

void person_judge_unknown(struct row_warnings *w, const char *name)
{
	struct row_fault *item;
	size_t n = 0;

	if (w->count++ >= PERSON_WARNINGS_MAX)
		return;
	item = &w->items[w->count - 1];
	*item = (struct row_fault){ .field = "", .key = "import.unknown-field" };
	/* A name of the outside: shown in print characters alone. */
	for (; name[n] != '\0' && n + 1 < sizeof item->unknown; n++)
		item->unknown[n] = name[n];
	for (size_t i = 0; i < n; i++) {
		if (item->unknown[i] <= ' ' || item->unknown[i] > '~')
			item->unknown[i] = '?';
	}
}
