/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/sample.h"

#include "crypto/base/secret.h"
#include "station/registry/codes.h"
#include "station/registry/number.h"
#include "station/registry/person.h"
#include "station/registry/validity.h"

#include <errno.h>
#include <stdlib.h>
#include <stdarg.h>
#include <string.h>

#define CODE_LAST 96
#define COUNT(list) (sizeof(list) / sizeof(list)[0])
#define PICK(s, list) (list)[next(s) % COUNT(list)]

/* About as frequent as in life: two in five people are called Nguyễn. */
static const char *const surnames[] = {
	"Nguyễn", "Nguyễn", "Nguyễn", "Nguyễn", "Nguyễn", "Nguyễn", "Nguyễn", "Nguyễn", "Trần", "Trần", "Lê",  "Lê",	"Phạm",
	"Phạm",	  "Hoàng",  "Huỳnh",  "Phan",	"Vũ",	  "Võ",	    "Đặng",   "Bùi",	"Đỗ",	"Hồ",	"Ngô", "Dương", "Lý",
};
static const char *const male_middles[] = { "Văn", "Hữu", "Đức", "Minh", "Quang", "Xuân", "Thanh", "Công", "Đình" };
static const char *const female_middles[] = { "Thị", "Thị", "Thị", "Ngọc", "Thu", "Hồng", "Kim", "Thanh", "Bích" };
static const char *const male_givens[] = { "An",   "Bình", "Cường", "Dũng", "Giang", "Hải", "Hiếu",  "Hòa",   "Hùng", "Khánh",
					   "Long", "Nam",  "Phong", "Phúc", "Quân",  "Sơn", "Thắng", "Trung", "Tuấn", "Vinh" };
static const char *const female_givens[] = { "Ánh",  "Châu",   "Dung",	"Hà",	"Hạnh", "Hương", "Lan",	  "Linh", "Mai", "Nga",
					     "Oanh", "Phượng", "Quỳnh", "Thảo", "Thủy", "Trang", "Tuyết", "Uyên", "Vân", "Yến" };
static const char *const communes[] = { "Hòa Bình",   "Tân Phú",   "Phú Xuân",	"An Khánh",  "Bình Minh", "Đông Sơn",
					"Vĩnh Thạnh", "Long Hưng", "Thạnh Phú", "Yên Thành", "Quảng Phú", "Mỹ Hòa" };
static const char *const peoples[] = { "Kinh", "Kinh", "Kinh",	"Kinh",	 "Kinh", "Kinh",
				       "Tày",  "Thái", "Mường", "Khmer", "Mông", "Ê-đê" };
static const char *const beliefs[] = { "Không", "Không", "Không", "Không", "Phật giáo", "Công giáo", "Cao Đài" };

struct sample {
	const struct sample_options *o;
	FILE *rows, *truth;
	uint64_t state; /* of the generator */
	uint64_t line, serial;
	uint64_t *used; /* numbers + 1 */
	size_t used_size, used_count;
	char codes[CODE_LAST + 1][4];
	size_t code_count;
	const char *provinces[70];
	size_t province_count;
	struct sample_counts counts;
	bool failed;
};

/* splitmix64: the same on every machine. */
static uint64_t next(struct sample *s)
{
	uint64_t x = s->state += 0x9E3779B97F4A7C15u;

	x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
	x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
	return x ^ (x >> 31);
}

static unsigned between(struct sample *s, unsigned low, unsigned high)
{
	return low + (unsigned)(next(s) % (high - low + 1));
}

/* Open addressing; never more than half full. */
static bool is_new(struct sample *s, const char *number)
{
	uint64_t key = strtoull(number, NULL, 10) + 1;
	size_t i = (size_t)(key * 0x9E3779B97F4A7C15u >> 20) & (s->used_size - 1);

	while (s->used[i] != 0 && s->used[i] != key)
		i = (i + 1) & (s->used_size - 1);
	if (s->used[i] == key || s->used_count * 2 >= s->used_size)
		return false;
	s->used[i] = key;
	s->used_count++;
	return true;
}

static void number_for(struct sample *s, const char *code, enum person_sex sex, unsigned year, char out[PERSON_NUMBER_SIZE])
{
	unsigned century = (year - 1900) / 100;

	do {
		uint64_t tail = s->serial++ * 617 % 999999 + 1;

		(void)snprintf(out, PERSON_NUMBER_SIZE, "%s%u%02u%06u", code, (century * 2 + (sex == SEX_FEMALE)) % 10,
			       year % 100, (unsigned)tail);
	} while (!is_new(s, out));
}

static void name_for(struct sample *s, const char *surname, enum person_sex sex, char *out, size_t cap)
{
	const char *middle = sex == SEX_MALE ? PICK(s, male_middles) : PICK(s, female_middles);
	const char *given = sex == SEX_MALE ? PICK(s, male_givens) : PICK(s, female_givens);

	(void)snprintf(out, cap, "%s %s %s", surname, middle, given);
}

static void place_for(struct sample *s, bool with_house, char *out, size_t cap)
{
	const char *province = s->provinces[next(s) % s->province_count], *commune = PICK(s, communes);

	if (with_house)
		(void)snprintf(out, cap, "Số %u, phường %s, %s", between(s, 1, 400), commune, province);
	else
		(void)snprintf(out, cap, "Xã %s, %s", commune, province);
}

static void somebody(struct sample *s, const char *surname, enum person_sex sex, unsigned year, struct person *p)
{
	memset(p, 0, sizeof *p);
	p->sex = sex;
	p->birth = (struct date){ (uint16_t)year, (uint8_t)between(s, 1, 12), (uint8_t)between(s, 1, 28) };
	number_for(s, s->codes[next(s) % s->code_count], sex, year, p->number);
	name_for(s, surname, sex, p->full_name, sizeof p->full_name);
	(void)strcpy(p->nationality, "Việt Nam");
	(void)snprintf(p->ethnicity, sizeof p->ethnicity, "%s", PICK(s, peoples));
	(void)snprintf(p->religion, sizeof p->religion, "%s", PICK(s, beliefs));
	place_for(s, false, p->origin, sizeof p->origin);
	place_for(s, true, p->residence, sizeof p->residence);
}

/* ---- writing */

static void truth(struct sample *s, const char *number, const char *severity, const char *key)
{
	if (strcmp(severity, "refused") == 0)
		s->counts.refused++;
	else if (strcmp(severity, "hold") == 0)
		s->counts.holds++;
	else
		s->counts.warnings++;
	if (s->truth != NULL && fprintf(s->truth, "%llu,%s,%s,%s\n", (unsigned long long)s->line, number, severity, key) < 0)
		s->failed = true;
}

static void put_line(struct sample *s, struct bytes text)
{
	if (fwrite(text.p, 1, text.n, s->rows) != text.n || fputc('\n', s->rows) == EOF)
		s->failed = true;
	s->line++;
	s->counts.rows++;
}

static bool is_under_age(const struct sample *s, const struct person *p)
{
	const struct validity_rules rules = validity_rules_2024();

	return date_precision(p->birth) == DATE_DAY && date_compare(p->birth, s->o->today) <= 0 &&
	       validity_age(&rules, p->birth, s->o->today) < 14;
}

static void put_person(struct sample *s, const struct person *p)
{
	struct buf row = { 0 };

	if (is_under_age(s, p))
		truth(s, p->number, "warning", "registry.under-age");
	if (cc_failed(person_encode(p, &row)))
		s->failed = true;
	else
		put_line(s, buf_view(&row));
	buf_done(&row);
}

/* ---- defects: each makes one person wrong in one way, and says so */

typedef void (*defect)(struct sample *s, struct person *p);

static void dead(struct sample *s, struct person *p)
{
	p->life = LIFE_DEAD;
	truth(s, p->number, "hold", "registry.dead");
	put_person(s, p);
}

static void missing(struct sample *s, struct person *p)
{
	p->life = LIFE_MISSING;
	truth(s, p->number, "hold", "registry.missing-person");
	put_person(s, p);
}

static void year_only(struct sample *s, struct person *p)
{
	p->birth.month = p->birth.day = 0;
	truth(s, p->number, "hold", "registry.birth-incomplete");
	put_person(s, p);
}

static void future(struct sample *s, struct person *p)
{
	p->birth = (struct date){ (uint16_t)(s->o->today.year + 2), 1, 1 };
	number_for(s, "001", p->sex, p->birth.year, p->number);
	truth(s, p->number, "hold", "registry.birth-future");
	put_person(s, p);
}

static void foreign(struct sample *s, struct person *p)
{
	(void)strcpy(p->nationality, "Lào");
	truth(s, p->number, "hold", "registry.nationality");
	put_person(s, p);
}

static void other_sex(struct sample *s, struct person *p)
{
	number_for(s, s->codes[next(s) % s->code_count], p->sex == SEX_MALE ? SEX_FEMALE : SEX_MALE, p->birth.year, p->number);
	truth(s, p->number, "warning", "registry.number-sex");
	put_person(s, p);
}

static void other_year(struct sample *s, struct person *p)
{
	number_for(s, s->codes[next(s) % s->code_count], p->sex, p->birth.year - 1u, p->number);
	truth(s, p->number, "warning", "registry.number-birth");
	put_person(s, p);
}

static void no_province(struct sample *s, struct person *p)
{
	number_for(s, "003", p->sex, p->birth.year, p->number);
	truth(s, p->number, "warning", "registry.number-province");
	put_person(s, p);
}

static void lost_address(struct sample *s, struct person *p)
{
	(void)strcpy(p->residence, "Số 5, phường Hòa Bình, Hà Nộii");
	truth(s, p->number, "warning", "registry.address-province");
	put_person(s, p);
}

static void old_address(struct sample *s, struct person *p)
{
	(void)strcpy(p->residence, "Số 5, xã Hòa Bình, Nam Định");
	truth(s, p->number, "warning", "registry.address-old-unit");
	put_person(s, p);
}

static void no_people(struct sample *s, struct person *p)
{
	(void)strcpy(p->ethnicity, "Kinhh");
	truth(s, p->number, "warning", "registry.ethnicity");
	put_person(s, p);
}

static void no_belief(struct sample *s, struct person *p)
{
	(void)strcpy(p->religion, "Chưa rõ");
	truth(s, p->number, "warning", "registry.religion");
	put_person(s, p);
}

/* The same person twice, the second time under another number, with the name in another spelling of case. */
static void twice(struct sample *s, struct person *p)
{
	struct person again;

	if (p->father[0] == '\0')
		name_for(s, "Trịnh", SEX_MALE, p->father, sizeof p->father);
	again = *p;
	number_for(s, "038", p->sex, p->birth.year, again.number);
	(void)vietnamese_upper(p->full_name, again.full_name, sizeof again.full_name).code;
	truth(s, p->number, "hold", "registry.same-person");
	put_person(s, p);
	truth(s, again.number, "hold", "registry.same-person");
	put_person(s, &again);
}

static void child_alone(struct sample *s, struct person *p)
{
	unsigned year = s->o->today.year - 5u;

	p->birth.year = (uint16_t)year;
	number_for(s, "001", p->sex, year, p->number);
	p->father[0] = p->mother[0] = p->representative[0] = '\0';
	truth(s, p->number, "hold", "registry.no-representative");
	put_person(s, p);
}

/* Rows that do not come in are written by hand: no encoder would make them. */
static void put_text(struct sample *s, const char *key, const char *fmt, ...) CC_PRINTF(3, 4);
static void put_text(struct sample *s, const char *key, const char *fmt, ...)
{
	char text[2048];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	truth(s, "", "refused", key);
	put_line(s, bytes_str(text));
}

#define REST "\"nationality\":\"Việt Nam\"}"

static void impossible_date(struct sample *s, struct person *p)
{
	put_text(s, "import.date", "{\"number\":\"%s\",\"full_name\":\"%s\",\"birth_date\":\"%u-02-30\",\"sex\":\"male\"," REST,
		 p->number, p->full_name, p->birth.year);
}

static void digit_in_name(struct sample *s, struct person *p)
{
	put_text(s, "import.text-letter", "{\"number\":\"%s\",\"full_name\":\"%s 2\",\"sex\":\"male\"," REST, p->number,
		 p->full_name);
}

static void lookalike(struct sample *s, struct person *p)
{
	put_text(s, "import.text-lookalike", "{\"number\":\"%s\",\"full_name\":\"Ðặng An\",\"sex\":\"male\"," REST, p->number);
}

static void no_sex(struct sample *s, struct person *p)
{
	put_text(s, "import.field-missing", "{\"number\":\"%s\",\"full_name\":\"%s\"," REST, p->number, p->full_name);
}

static void short_number(struct sample *s, struct person *p)
{
	put_text(s, "import.number-malformed", "{\"number\":\"%.11s\",\"full_name\":\"%s\",\"sex\":\"male\"," REST, p->number,
		 p->full_name);
}

static void cut_row(struct sample *s, struct person *p)
{
	put_text(s, "import.not-json", "{\"number\":\"%s\",\"full_na", p->number);
}

static void same_number(struct sample *s, struct person *p)
{
	put_person(s, p);
	put_text(s, "import.duplicate", "{\"number\":\"%s\",\"full_name\":\"Lê An\",\"sex\":\"male\"," REST, p->number);
}

/* ---- right, though unusual: no findings */

static void decomposed(struct sample *s, struct person *p)
{
	char text[2048];

	if (is_under_age(s, p)) {
		put_person(s, p); /* with the parents whom the short row leaves out */
		return;
	}
	/* "Nguyễn Thị Ánh" in NFD */
	(void)snprintf(
		text, sizeof text,
		"{\"number\":\"%s\",\"full_name\":\"Nguye\xCC\x82\xCC\x83n Thi\xCC\xA3 A\xCC\x81nh\",\"birth_date\":\"%u-01-0%u\",\"sex\":\"%s\","
		"\"residence\":\"%s\",\"origin\":\"%s\"," REST,
		p->number, p->birth.year, 1 + p->birth.day % 9, person_sex_name(p->sex), p->residence, p->origin);
	put_line(s, bytes_str(text));
}

static void one_word(struct sample *s, struct person *p)
{
	(void)strcpy(p->full_name, "Thạch");
	put_person(s, p);
}

static void apostrophe(struct sample *s, struct person *p)
{
	(void)strcpy(p->full_name, "H'Hen Niê Ksor-Kbuôr");
	put_person(s, p);
}

static void forty_letters(struct sample *s, struct person *p)
{
	(void)strcpy(p->full_name, "Công Tằng Tôn Nữ Hoàng Trần Thị Bích Phượng");
	put_person(s, p);
}

static const defect kinds[] = { dead,	       missing,	   year_only,	future,	      foreign,
				other_sex,     other_year, no_province, lost_address, old_address,
				no_people,     no_belief,  twice,	child_alone,  impossible_date,
				digit_in_name, lookalike,  no_sex,	short_number, cut_row,
				same_number,   decomposed, one_word,	apostrophe,   forty_letters };

/* A copy is spoiled: relatives are made from the right one. */
static void put_or_spoil(struct sample *s, const struct person *p)
{
	struct person copy = *p;

	if (next(s) % 1000 < s->o->defects_per_mille)
		PICK(s, kinds)(s, &copy);
	else
		put_person(s, &copy);
	person_done(&copy);
}

/* Both, so that no two people agree by chance in all that identity is told by. */
static void grandparents(struct sample *s, struct person *p)
{
	name_for(s, PICK(s, surnames), SEX_MALE, p->father, sizeof p->father);
	name_for(s, PICK(s, surnames), SEX_FEMALE, p->mother, sizeof p->mother);
}

/* Father, mother and up to three children; the children of today's families may be under age. */
static void family(struct sample *s)
{
	unsigned year = between(s, 1940, 1995);
	struct person father, mother, child;

	somebody(s, PICK(s, surnames), SEX_MALE, year, &father);
	somebody(s, PICK(s, surnames), SEX_FEMALE, year + between(s, 0, 4), &mother);
	memcpy(father.spouse, mother.full_name, sizeof father.spouse);
	memcpy(mother.spouse, father.full_name, sizeof mother.spouse);
	memcpy(mother.residence, father.residence, sizeof mother.residence);
	grandparents(s, &father);
	grandparents(s, &mother);
	put_or_spoil(s, &father);
	if (s->counts.rows < s->o->count)
		put_or_spoil(s, &mother);
	for (unsigned i = 0, n = between(s, 0, 3); i < n && s->counts.rows < s->o->count; i++) {
		char surname[PERSON_NAME_SIZE];

		(void)snprintf(surname, sizeof surname, "%.*s", (int)strcspn(father.full_name, " "), father.full_name);
		/* Born before the provinces' codes changed. */
		if (year + 24 + 3 * i > 2024)
			break;
		somebody(s, surname, next(s) % 2 ? SEX_MALE : SEX_FEMALE, year + 22 + 3 * i + between(s, 0, 2), &child);
		memcpy(child.father, father.full_name, sizeof child.father);
		memcpy(child.mother, mother.full_name, sizeof child.mother);
		memcpy(child.father_number, father.number, sizeof child.father_number);
		memcpy(child.mother_number, mother.number, sizeof child.mother_number);
		memcpy(child.residence, father.residence, sizeof child.residence);
		put_or_spoil(s, &child);
	}
	person_done(&father);
	person_done(&mother);
}

static void prepare(struct sample *s)
{
	const struct date old = { 2000, 1, 1 };

	for (unsigned c = 1; c <= CODE_LAST; c++) {
		char code[4];

		(void)snprintf(code, sizeof code, "%03u", c);
		if (number_province(code, old) != NULL)
			memcpy(s->codes[s->code_count++], code, sizeof code);
	}
	for (size_t i = 0; i < codes_province_count(); i++) {
		if (codes_province_at(i, s->o->today) != NULL)
			s->provinces[s->province_count++] = codes_province_at(i, s->o->today);
	}
}

cc_status sample_write(const struct sample_options *o, FILE *rows, FILE *truth_file, struct sample_counts *ret,
		       struct cc_error *err)
{
	struct sample *s = cc_alloc(sizeof *s);
	cc_status st = cc_ok();

	if (s == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "sample");
	*s = (struct sample){ .o = o, .rows = rows, .truth = truth_file, .state = o->seed, .line = 1 };
	s->used_size = 1024;
	while (s->used_size < 4 * o->count)
		s->used_size *= 2;
	s->used = cc_alloc(s->used_size * sizeof *s->used);
	if (s->used == NULL) {
		cc_free(s, sizeof *s);
		return cc_fail(err, CC_E_MEMORY, "memory", "sample");
	}
	prepare(s);
	if (truth_file != NULL && fputs("line,number,severity,key\n", truth_file) == EOF)
		s->failed = true;
	while (s->counts.rows < o->count && !s->failed)
		family(s);
	if (s->failed || fflush(rows) != 0 || (truth_file != NULL && fflush(truth_file) != 0))
		st = cc_fail(err, CC_E_IO, "file.io", "sample: %s", strerror(errno));
	else
		*ret = s->counts;
	cc_free(s->used, s->used_size * sizeof *s->used);
	cc_free(s, sizeof *s);
	return st;
}
