/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/person.h"

#include "crypto/base/secret.h"
#include "station/registry/number.h"

#include <jansson.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void person_done(struct person *p)
{
	cc_wipe(p, sizeof *p);
}

const char *person_sex_name(enum person_sex s)
{
	return s == SEX_MALE ? "male" : "female";
}

const char *person_sex_card(enum person_sex s)
{
	return s == SEX_MALE ? "Nam" : "Nữ";
}

const char *person_life_name(enum person_life l)
{
	static const char *const names[] = { [LIFE_ALIVE] = "alive", [LIFE_DEAD] = "dead", [LIFE_MISSING] = "missing" };

	return names[l];
}

/* Rows are people: what the JSON library frees is wiped first. Safe for blocks that it took before this was set. */
static void wiping_free(void *p)
{
	if (p != NULL)
		cc_wipe(p, malloc_usable_size(p));
	free(p);
}

void person_json_wipes(void)
{
	json_set_alloc_funcs(malloc, wiping_free);
}

/* ---- fields */

struct parse {
	struct person *person;
	struct row_fault *fault;
	char precision[8];
	bool has_sex;
};

struct field {
	const char *name;
	bool (*set)(struct parse *in, const struct field *f, struct bytes value);
	size_t offset, size; /* in struct person, of text */
	bool is_name;
};

static bool reject(struct parse *in, const struct field *f, const char *key, size_t position)
{
	*in->fault = (struct row_fault){ .field = f->name, .key = key, .position = position };
	return false;
}

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

static bool set_text(struct parse *in, const struct field *f, struct bytes value)
{
	struct text_fault fault = { 0 };
	char *out = text_at(in->person, f);
	cc_status st = f->is_name ? vietnamese_normalise_name(value, out, f->size, &fault)
				  : vietnamese_normalise(value, out, f->size, &fault);

	return !cc_failed(st) || reject(in, f, text_key(fault.kind), fault.position);
}

/* Numbers of relatives and others: 12 digits, their parts are not judged. */
static bool set_other_number(struct parse *in, const struct field *f, struct bytes value)
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

static bool set_blood(struct parse *in, const struct field *f, struct bytes value)
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

static bool set_marital(struct parse *in, const struct field *f, struct bytes value)
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

static bool set_number(struct parse *in, const struct field *f, struct bytes value)
{
	if (!number_is_well_formed(value))
		return reject(in, f, "import.number-malformed", 0);
	memcpy(in->person->number, value.p, value.n);
	return true;
}

/* cccd-card.md 1: 9 digits, or 12 in 2012 to 2016. */
static bool set_old_cmnd(struct parse *in, const struct field *f, struct bytes value)
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

static bool set_birth(struct parse *in, const struct field *f, struct bytes value)
{
	return date_parse(value, &in->person->birth) || reject(in, f, "import.date", 0);
}

static bool set_issued(struct parse *in, const struct field *f, struct bytes value)
{
	struct date d;

	if (!date_parse(value, &d) || date_precision(d) != DATE_DAY)
		return reject(in, f, "import.date", 0);
	in->person->issued = d;
	return true;
}

static bool set_death(struct parse *in, const struct field *f, struct bytes value)
{
	return date_parse(value, &in->person->death) || reject(in, f, "import.date", 0);
}

static bool set_expiry(struct parse *in, const struct field *f, struct bytes value)
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

static bool set_precision(struct parse *in, const struct field *f, struct bytes value)
{
	if (!bytes_equal(value, BYTES_LITERAL("day")) && !bytes_equal(value, BYTES_LITERAL("month")) &&
	    !bytes_equal(value, BYTES_LITERAL("year")))
		return reject(in, f, "import.value", 0);
	memcpy(in->precision, value.p, value.n);
	return true;
}

static bool set_sex(struct parse *in, const struct field *f, struct bytes value)
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

static bool set_life(struct parse *in, const struct field *f, struct bytes value)
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
static bool set_path(struct parse *in, const struct field *f, struct bytes value)
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
		json, set_other_number, offsetof(struct person, member), sizeof((struct person *)0)->member, false               \
	}

enum { FIELD_NUMBER, FIELD_NAME, FIELD_BIRTH, FIELD_PRECISION, FIELD_SEX, FIELD_NATIONALITY };
static const struct field fields[] = {
	[FIELD_NUMBER] = { "number", set_number, 0, 0, false },
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
/* The one field that is no text. */
static const struct field fingerprints = { "fingerprints", NULL, 0, 0, false };
#define FIELD_COUNT (sizeof fields / sizeof fields[0])

static const struct field *find_field(const char *name)
{
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		if (fields[i].name[0] == name[0] && strcmp(fields[i].name, name) == 0)
			return &fields[i];
	}
	return NULL;
}

/* ---- rows */

static bool reject_row(struct row_fault *fault, const char *key, size_t position)
{
	*fault = (struct row_fault){ .field = "", .key = key, .position = position };
	return false;
}

/* Nesting is judged before the JSON library, which would follow it 2048 levels down. */
static bool check_depth(struct bytes row, struct row_fault *fault)
{
	bool in_string = false, escaped = false;
	size_t depth = 0, column = 0;
	struct cursor in;
	uint8_t c;

	cursor_init(&in, row);
	while (cursor_left(&in) > 0 && cursor_u8(&in, &c)) {
		column++;
		if (in_string) {
			in_string = escaped || c != '"';
			escaped = !escaped && c == '\\';
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > PERSON_ROW_DEPTH_MAX)
				return reject_row(fault, "import.too-deep", column);
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return true;
}

static void warn_unknown(struct row_warnings *w, const char *name)
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

/* json_object_get's value: absent, or a path. */
static bool take_path(const json_t *value, char out[PERSON_PATH_SIZE])
{
	const char *path = json_string_value(value);

	if (value == NULL)
		return true;
	if (path == NULL || path[0] == '\0' || strlen(path) >= PERSON_PATH_SIZE)
		return false;
	memcpy(out, path, strlen(path) + 1);
	return true;
}

/* {"finger": ..., "file": ..., "template": ...}, of which one may be absent, or {"finger": ..., "missing": ...}; nothing else. */
static bool take_finger(struct parse *in, json_t *item, size_t place)
{
	const char *finger = json_string_value(json_object_get(item, "finger"));
	const json_t *file = json_object_get(item, "file"), *minutiae = json_object_get(item, "template");
	const json_t *missing = json_object_get(item, "missing");
	unsigned position = finger != NULL ? finger_position_find(finger) : FINGER_UNKNOWN;
	size_t known = 1 + (size_t)(file != NULL) + (size_t)(minutiae != NULL) + (size_t)(missing != NULL);
	struct person *p = in->person;

	if (position == FINGER_UNKNOWN || known < 2 || json_object_size(item) != known || (missing != NULL && known != 2) ||
	    p->finger_paths[position][0] != '\0' || p->finger_templates[position][0] != '\0' ||
	    p->finger_missing[position] != FINGER_PRESENT)
		return reject(in, &fingerprints, "import.value", place);
	if (missing != NULL) {
		const char *why = json_string_value(missing);

		p->finger_missing[position] = (uint8_t)(why != NULL ? finger_missing_find(why) : FINGER_PRESENT);
		return p->finger_missing[position] != FINGER_PRESENT || reject(in, &fingerprints, "import.value", place);
	}
	if (!take_path(file, p->finger_paths[position]) || !take_path(minutiae, p->finger_templates[position]))
		return reject(in, &fingerprints, "import.value", place);
	return true;
}

static bool take_fingerprints(struct parse *in, const json_t *list)
{
	if (json_is_null(list))
		return true;
	if (!json_is_array(list))
		return reject(in, &fingerprints, "import.field-type", 0);
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!take_finger(in, json_array_get(list, i), i + 1))
			return false;
	return true;
}

static bool take_field(struct parse *in, const char *name, const json_t *value, struct row_warnings *warnings)
{
	const struct field *f = find_field(name);

	if (strcmp(name, fingerprints.name) == 0)
		return take_fingerprints(in, value);
	if (f == NULL) {
		warn_unknown(warnings, name);
		return true;
	}
	if (json_is_null(value))
		return true;
	if (!json_is_string(value))
		return reject(in, f, "import.field-type", 0);
	if (json_string_length(value) == 0)
		return true;
	return f->set(in, f, bytes_of(json_string_value(value), json_string_length(value)));
}

/* What one field alone can't tell. */
static bool check_whole(struct parse *in)
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

static bool take_object(struct parse *in, json_t *root, struct row_warnings *warnings)
{
	const char *name;
	json_t *value;

	if (!json_is_object(root))
		return reject_row(in->fault, "import.not-object", 0);
	json_object_foreach(root, name, value)
	{
		if (!take_field(in, name, value, warnings))
			return false;
	}
	return check_whole(in);
}

/* What the JSON library says of a row that it can't read. Want of memory is no fault of the row. */
static cc_status json_fault(const json_error_t *e, struct row_fault *fault)
{
	enum json_error_code code = json_error_code(e);
	const char *key = "import.not-json";

	if (code == json_error_out_of_memory)
		key = "memory";
	else if (code == json_error_duplicate_key)
		key = "import.duplicate-field";
	else if (code == json_error_invalid_utf8)
		key = "import.not-utf8";
	(void)reject_row(fault, key, e->position > 0 ? (size_t)e->position : 0);
	return cc_code_status(code == json_error_out_of_memory ? CC_E_MEMORY : CC_E_FORMAT);
}

static cc_status load_row(struct bytes row, json_t **ret, struct row_fault *fault)
{
	json_error_t e = { 0 };
	cc_status st = cc_ok();

	if (row.n > PERSON_ROW_MAX) {
		(void)reject_row(fault, "import.line-too-long", 0);
		return cc_code_status(CC_E_LIMIT);
	}
	if (!check_depth(row, fault))
		return cc_code_status(CC_E_FORMAT);
	person_json_wipes();
	*ret = json_loadb((const char *)row.p, row.n, JSON_REJECT_DUPLICATES, &e);
	if (*ret == NULL)
		st = json_fault(&e, fault);
	cc_wipe(&e, sizeof e); /* its text quotes the row */
	return st;
}

/*
 * ---- the common row, without the library: one flat object of our fields, each
 * once, all strings without escapes. Everything else goes to the library, which alone
 * judges what is wrong with a row.
 */
struct plain_row {
	size_t count;
	uint64_t seen; /* a bit for each field */
	struct {
		const struct field *field;
		struct bytes value;
	} items[FIELD_COUNT];
};

/* RFC 8259 7: no control characters, no escapes; RFC 3629 4: the shortest form, no surrogates. */
static bool is_plain_string(struct bytes text)
{
	uint8_t low = 0x80, high = 0xBF;
	unsigned left = 0;

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (left > 0) {
			if (c < low || c > high)
				return false;
			left--;
			low = 0x80;
			high = 0xBF;
		} else if (c < 0x80) {
			if (c < ' ' || c == '\\')
				return false;
		} else {
			if (c < 0xC2 || c > 0xF4)
				return false;
			left = c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
			low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
			high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
		}
	}
	return left == 0;
}

/* The next byte that is no white space; -1 at the end. */
static int next_mark(struct cursor *in)
{
	uint8_t c = 0;

	while (cursor_left(in) > 0 && cursor_u8(in, &c)) {
		if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
			return c;
	}
	return -1;
}

/* Fields by length and two letters of their names; slots that others took are passed over. */
#define PLAIN_SLOTS 256
static uint8_t plain_slots[PLAIN_SLOTS]; /* place in fields + 1; 0: free */
static pthread_once_t plain_slots_once = PTHREAD_ONCE_INIT;

static size_t plain_slot(struct bytes name)
{
	return (name.n * 41 + name.p[0] * 7u + name.p[name.n - 1] * 3u) % PLAIN_SLOTS;
}

static void fill_plain_slots(void)
{
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		size_t at = plain_slot(bytes_str(fields[i].name));

		while (plain_slots[at] != 0)
			at = (at + 1) % PLAIN_SLOTS;
		plain_slots[at] = (uint8_t)(i + 1);
	}
}

/* FIELD_COUNT: none of ours. */
static size_t plain_field(struct bytes name)
{
	_Static_assert(FIELD_COUNT < PLAIN_SLOTS / 2, "the walk ends at a free slot");
	if (name.n == 0)
		return FIELD_COUNT;
	for (size_t at = plain_slot(name); plain_slots[at] != 0; at = (at + 1) % PLAIN_SLOTS) {
		size_t i = plain_slots[at] - 1u;

		if (bytes_equal(name, bytes_str(fields[i].name)))
			return i;
	}
	return FIELD_COUNT;
}

static bool take_plain_item(struct cursor *in, struct plain_row *ret)
{
	struct bytes name, value;
	size_t f;

	if (next_mark(in) != '"' || !cursor_until(in, '"', &name) || next_mark(in) != ':' || next_mark(in) != '"' ||
	    !cursor_until(in, '"', &value))
		return false;
	f = plain_field(name);
	if (f == FIELD_COUNT || (ret->seen >> f & 1) != 0 || !is_plain_string(value))
		return false;
	ret->seen |= (uint64_t)1 << f;
	ret->items[ret->count].field = &fields[f];
	ret->items[ret->count++].value = value;
	return true;
}

static bool take_plain_row(struct bytes row, struct plain_row *ret)
{
	struct cursor in;
	int c = ',';

	_Static_assert(FIELD_COUNT <= 64, "a bit for each");
	(void)pthread_once(&plain_slots_once, fill_plain_slots);
	ret->count = 0;
	ret->seen = 0;
	cursor_init(&in, row);
	if (next_mark(&in) != '{')
		return false;
	while (c == ',') {
		if (!take_plain_item(&in, ret))
			return false;
		c = next_mark(&in);
	}
	return c == '}' && next_mark(&in) == -1 && row.n <= PERSON_ROW_MAX;
}

static bool take_plain(struct parse *in, const struct plain_row *row)
{
	for (size_t i = 0; i < row->count; i++) {
		const struct field *f = row->items[i].field;

		if (row->items[i].value.n > 0 && !f->set(in, f, row->items[i].value))
			return false;
	}
	return check_whole(in);
}

cc_status person_parse(struct bytes row, struct person *ret, struct row_warnings *ret_warnings, struct row_fault *fault)
{
	struct plain_row plain;
	struct row_warnings warnings = { 0 };
	struct row_fault unheard;
	struct parse in = { .person = ret, .fault = fault != NULL ? fault : &unheard };
	json_t *root = NULL;
	cc_status st = cc_ok();

	memset(ret, 0, sizeof *ret);
	if (take_plain_row(row, &plain)) {
		if (!take_plain(&in, &plain))
			st = cc_code_status(CC_E_FORMAT);
	} else {
		st = load_row(row, &root, in.fault);
		if (!cc_failed(st) && !take_object(&in, root, &warnings))
			st = cc_code_status(CC_E_FORMAT);
		json_decref(root);
	}
	if (cc_failed(st))
		person_done(ret);
	else if (ret_warnings != NULL)
		*ret_warnings = warnings;
	return st;
}

/* ---- fields that were parted already */

const char *person_field_of_heading(struct bytes heading)
{
	char text[PERSON_TERM_SIZE], key[2 * PERSON_TERM_SIZE];
	const struct field *f;

	if (cc_failed(vietnamese_normalise(heading, text, sizeof text, NULL)))
		return NULL;
	f = find_field(text);
	if (f != NULL)
		return f->name;
	return cc_failed(vietnamese_search_key(text, key, sizeof key)) ? NULL : person_field_of_label(key);
}

/* "15/02/1990" as "1990-02-15"; everything else as it is. */
static struct bytes iso_date(struct bytes value, char out[DATE_TEXT_SIZE])
{
	static const char form[] = "dd/dd/dddd";
	const char *p = (const char *)value.p;

	if (value.n != sizeof form - 1)
		return value;
	for (size_t i = 0; i < value.n; i++) {
		if (form[i] == 'd' ? p[i] < '0' || p[i] > '9' : p[i] != form[i])
			return value;
	}
	(void)snprintf(out, DATE_TEXT_SIZE, "%.4s-%.2s-%.2s", p + 6, p + 3, p);
	return bytes_str(out);
}

static bool is_date(const struct field *f)
{
	return f->set == set_birth || f->set == set_issued || f->set == set_expiry || f->set == set_death;
}

cc_status person_from_fields(const struct person_field *list, size_t count, struct person *ret, struct row_warnings *ret_warnings,
			     struct row_fault *fault)
{
	struct row_warnings warnings = { 0 };
	struct row_fault unheard;
	struct parse in = { .person = ret, .fault = fault != NULL ? fault : &unheard };
	bool good = true;

	memset(ret, 0, sizeof *ret);
	for (size_t i = 0; i < count && good; i++) {
		const struct field *f = find_field(list[i].name);
		char date[DATE_TEXT_SIZE];

		if (f == NULL)
			warn_unknown(&warnings, list[i].name);
		else if (list[i].value.n > 0)
			good = f->set(&in, f, is_date(f) ? iso_date(list[i].value, date) : list[i].value);
	}
	good = good && check_whole(&in);
	if (!good)
		person_done(ret);
	else if (ret_warnings != NULL)
		*ret_warnings = warnings;
	return cc_code_status(good ? CC_OK : CC_E_FORMAT);
}
