/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "crypto/base/secret.h"
#include "station/forms_session.h"
#include "station/issue/ledger.h"
#include "station/message.h"
#include "station/registry/gate.h"
#include "station/registry/number.h"
#include "station/registry/revocation.h"
#include "station/registry_photo.h"
#include "station/registry_session.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIND_LIMIT 100

/* ---- holds */

/* other: the number that one of the holds is about; "": none. */
static json_t *hold_json(const struct hold *h, const char *other)
{
	const struct message *m = message_find(h->key);
	json_t *root = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "key", h->key, "field", h->field, "severity",
				 hold_severity_name(h->severity), "vi", m->vi, "vi_next", m->vi_next, "en", m->en, "en_next",
				 m->en_next);
	if (other[0] != '\0' && gate_names_other(h->key))
		(void)json_object_set_new(root, "other", json_string(other));
	return root;
}

static json_t *holds_json(const struct holds *h, const char *other)
{
	json_t *list = json_array();

	for (size_t i = 0; i < h->count; i++)
		(void)json_array_append_new(list, hold_json(&h->items[i], other));
	return list;
}

static void print_holds(const struct registry_session *s, const struct holds *h, const char *other)
{
	for (size_t i = 0; i < h->count; i++) {
		const struct hold *hold = &h->items[i];
		const struct message *m = message_find(hold->key);

		bool told = other[0] != '\0' && gate_names_other(hold->key);

		(void)printf("  %s %s%s%s: %s\n      %s\n", hold->severity == HOLD_HOLD ? "✗" : "!",
			     registry_session_pick(s, registry_session_field(s, hold->field), hold->field), told ? " = " : "",
			     told ? other : "", message_text(m, s->inv->config.lang), message_next(m, s->inv->config.lang));
	}
}

/* ---- find, show, check */

static json_t *person_json(const struct person *p, bool has_photo)
{
	struct buf record = { 0 };
	struct name_parts parts;
	char latin[2 * PERSON_NAME_SIZE];
	json_t *root = NULL;

	if (!cc_failed(person_encode(p, &record)))
		root = json_loadb((const char *)record.p, record.n, 0, NULL);
	buf_done(&record);
	vietnamese_split_name(p->full_name, &parts);
	(void)json_object_set_new(root, "surname", json_stringn((const char *)parts.surname.p, parts.surname.n));
	if (parts.middle.n > 0)
		(void)json_object_set_new(root, "middle_name", json_stringn((const char *)parts.middle.p, parts.middle.n));
	if (parts.given.n > 0)
		(void)json_object_set_new(root, "given_name", json_stringn((const char *)parts.given.p, parts.given.n));
	if (!cc_failed(vietnamese_to_latin(p->full_name, latin, sizeof latin)))
		(void)json_object_set_new(root, "latin_name", json_string(latin));
	(void)json_object_set_new(root, "has_photo", json_boolean(has_photo));
	return root;
}

struct find_view {
	struct registry_session *s;
	char rest[2 * PERSON_PLACE_SIZE]; /* what stands behind the commune in --place, as a search key; "": nothing */
};

/* Communes of many provinces share a name: "xã Tân Lập, Hà Nội" is the one of Hà Nội. */
static bool is_of_the_rest(const struct find_view *v, const struct person *p)
{
	char key[2 * PERSON_PLACE_SIZE];

	return v->rest[0] == '\0' ||
	       (!cc_failed(vietnamese_search_key(p->residence, key, sizeof key)) && strstr(key, v->rest) != NULL);
}

static bool print_found(void *ctx, const struct person *p, bool has_photo)
{
	struct find_view *v = ctx;
	struct registry_session *s = v->s;
	const char *sex = person_sex_card(p->sex);
	const char *photo =
		has_photo ? registry_session_pick(s, "có ảnh", "photo") : registry_session_pick(s, "thiếu ảnh", "no photo");
	char birth[DATE_TEXT_SIZE], text[REGISTRY_VALUE_SIZE];

	if (!is_of_the_rest(v, p))
		return true;
	s->count++;
	if (s->list != NULL) {
		(void)json_array_append_new(s->list, person_json(p, has_photo));
		return s->count < FIND_LIMIT;
	}
	date_format(p->birth, birth);
	(void)printf("%s  %-10s  %-*s  %-*s  %s\n", p->number, registry_session_value(s, "birth_date", birth, text),
		     message_width(sex, 3), sex, message_width(photo, 9), photo, p->full_name);
	return s->count < FIND_LIMIT;
}

static const struct option_spec find_options[] = {
	{ "--year", "YEAR", "year of birth; with a word of the name or a place", "năm sinh; cùng một chữ của họ tên hoặc nơi ở" },
	{ "--place", "NAME", "commune or district of the residence; the province may follow: \"Nam Đàn, Nghệ An\"",
	  "xã, phường hoặc huyện, quận nơi cư trú; có thể kèm tỉnh: \"Nam Đàn, Nghệ An\"" },
	{ "--cmnd", "NUMBER", "old identity number (9 digits may stand without this option)",
	  "số CMND cũ (9 chữ số thì không cần ghi tùy chọn này)" },
	{ 0 },
};

/* An officer types a name as it is spoken, without quotation marks: the arguments are the words of one text. */
static bool join_words(const struct invocation *inv, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = '\0';
	for (int i = 0; i < inv->argument_count && n < cap; i++)
		n += (size_t)snprintf(out + n, cap - n, "%s%s", i > 0 ? " " : "", inv->arguments[i]);
	return n < cap;
}

static bool is_digits(const char *text, size_t n)
{
	return strlen(text) == n && strspn(text, "0123456789") == n;
}

static bool read_query(const struct invocation *inv, const char *words, struct registry_query *ret)
{
	const char *text = words[0] != '\0' ? words : NULL, *year = invocation_option(inv, "--year");

	*ret = (struct registry_query){ .place = invocation_option(inv, "--place"),
					.old_cmnd = invocation_option(inv, "--cmnd") };
	if (text != NULL && number_is_well_formed(bytes_str(text)))
		ret->number = text;
	else if (text != NULL && ret->old_cmnd == NULL && is_digits(text, 9))
		ret->old_cmnd = text; /* what an officer types who has the old card in hand */
	else
		ret->words = text;
	if (year == NULL)
		return true;
	ret->birth_year = (unsigned)strtoul(year, NULL, 10);
	return is_digits(year, 4) && ret->birth_year > 0;
}

/* "phường Hoàn Kiếm, Hà Nội": the commune is looked up, what stands behind it is compared. */
static cc_status split_place(struct find_view *v, struct registry_query *q, char place[PERSON_PLACE_SIZE])
{
	size_t n = q->place != NULL ? strcspn(q->place, ",") : 0;

	if (q->place == NULL || q->place[n] == '\0')
		return cc_ok();
	if (n >= PERSON_PLACE_SIZE || cc_failed(vietnamese_search_key(q->place + n + 1, v->rest, sizeof v->rest)))
		return cc_fail(&v->s->err, CC_E_ARG, "registry.search-text", "--place");
	memcpy(place, q->place, n);
	place[n] = '\0';
	q->place = place;
	return cc_ok();
}

static cc_status find(struct find_view *v, struct registry_query *q)
{
	struct registry_session *s = v->s;
	char place[PERSON_PLACE_SIZE];
	cc_status st;

	/* No name has digits: a number with one too few or too many. */
	if (q->words != NULL && q->words[strspn(q->words, "0123456789 .-")] == '\0')
		return cc_fail(&s->err, CC_E_ARG, "registry.search-number", "%zu characters; 12 digits, or 9", strlen(q->words));
	if (q->birth_year != 0 && q->words == NULL && q->number == NULL && q->old_cmnd == NULL && q->place == NULL)
		return cc_fail(&s->err, CC_E_ARG, "registry.search-year", "a year alone");
	if (cc_failed(st = split_place(v, q, place)))
		return st;
	st = registry_query(s->registry, q, SIZE_MAX, print_found, v, &s->err);
	/* From 2012 to 2016 old identity numbers had 12 digits too. */
	if (!cc_failed(st) && s->count == 0 && q->number != NULL && q->old_cmnd == NULL) {
		q->old_cmnd = q->number;
		q->number = NULL;
		st = registry_query(s->registry, q, SIZE_MAX, print_found, v, &s->err);
	}
	if (!cc_failed(st) && s->count == 0)
		return cc_fail(&s->err, CC_E_NOT_FOUND, "registry.not-found", "nobody fits all that was given");
	return st;
}

static int run_find(struct invocation *inv)
{
	struct registry_session s = { .inv = inv };
	struct find_view view = { .s = &s };
	struct registry_query query;
	char words[PERSON_NAME_SIZE];
	cc_status st;

	if (!join_words(inv, words, sizeof words)) {
		st = cc_fail(&s.err, CC_E_ARG, "registry.search-text", "longer than any name");
		return registry_session_close(&s, st, EXIT_DONE);
	}
	if (!read_query(inv, words, &query)) {
		(void)fprintf(stderr, "cccd: %s\n",
			      registry_session_pick(&s, "--year: năm có bốn chữ số", "--year: a year of four digits"));
		return EXIT_USAGE;
	}
	st = registry_session_open(&s);
	if (!cc_failed(st))
		st = find(&view, &query);
	if (!cc_failed(st) && s.list != NULL)
		registry_session_print_list(&s, "people", json_pack("{s:i}", "schema", REGISTRY_SCHEMA));
	if (!cc_failed(st) && s.count == FIND_LIMIT)
		(void)fprintf(
			stderr, "%s\n",
			registry_session_pick(&s, "Còn nữa: thêm một chữ của họ tên, năm sinh hoặc nơi cư trú.",
					      "There may be more: add a word of the name, the year of birth or the place."));
	return registry_session_close(&s, st, EXIT_DONE);
}

/* Forms DC01 and CC01 in their order (cccd-card.md 7). */
static const struct {
	const char *field, *vi, *en;
} lines[] = {
	{ "number", "Số định danh", "Number" },
	{ "full_name", "Họ và tên", "Full name" },
	{ "other_name", "Tên gọi khác", "Other name" },
	{ "birth_date", "Ngày sinh", "Date of birth" },
	{ "birth_basis", "Căn cứ ngày sinh", "Basis of the date" },
	{ "sex", "Giới tính", "Sex" },
	{ "blood_group", "Nhóm máu", "Blood group" },
	{ "marital_status", "Tình trạng hôn nhân", "Marital status" },
	{ "birth_place", "Nơi sinh", "Place of birth" },
	{ "birth_registration", "Nơi đăng ký khai sinh", "Place of birth registration" },
	{ "origin", "Quê quán", "Place of origin" },
	{ "ethnicity", "Dân tộc", "Ethnicity" },
	{ "religion", "Tôn giáo", "Religion" },
	{ "nationality", "Quốc tịch", "Nationality" },
	{ "residence", "Nơi cư trú", "Place of residence" },
	{ "current_residence", "Nơi ở hiện tại", "Current residence" },
	{ "identifying_marks", "Đặc điểm nhận dạng", "Identifying marks" },
	{ "occupation", "Nghề nghiệp", "Occupation" },
	{ "education", "Trình độ học vấn", "Education" },
	{ "father", "Cha", "Father" },
	{ "father_number", "Số định danh của cha", "Father's number" },
	{ "father_nationality", "Quốc tịch của cha", "Father's nationality" },
	{ "mother", "Mẹ", "Mother" },
	{ "mother_number", "Số định danh của mẹ", "Mother's number" },
	{ "mother_nationality", "Quốc tịch của mẹ", "Mother's nationality" },
	{ "spouse", "Vợ, chồng", "Spouse" },
	{ "spouse_number", "Số định danh của vợ, chồng", "Spouse's number" },
	{ "spouse_nationality", "Quốc tịch của vợ, chồng", "Spouse's nationality" },
	{ "representative", "Người đại diện", "Representative" },
	{ "representative_number", "Số định danh của người đại diện", "Representative's number" },
	{ "representative_nationality", "Quốc tịch của người đại diện", "Representative's nationality" },
	{ "household_head", "Chủ hộ", "Household head" },
	{ "household_head_number", "Số định danh của chủ hộ", "Household head's number" },
	{ "household_relation", "Quan hệ với chủ hộ", "Relation to the head" },
	{ "phone", "Số điện thoại", "Phone" },
	{ "email", "Thư điện tử", "E-mail" },
	{ "old_cmnd", "Số CMND cũ", "Old identity number" },
	{ "cancelled_number", "Số định danh đã hủy", "Cancelled number" },
	{ "issue_date", "Ngày cấp", "Date of issue" },
	{ "issue_place", "Nơi cấp", "Place of issue" },
	{ "expiry_date", "Có giá trị đến", "Date of expiry" },
	{ "life_status", "Tình trạng", "Life status" },
	{ "death_date", "Ngày chết, mất tích", "Dead or missing since" },
};

static void print_person(const struct registry_session *s, const struct person *p)
{
	char text[REGISTRY_VALUE_SIZE];
	struct buf record = { 0 };
	json_t *root = NULL;

	if (!cc_failed(person_encode(p, &record)))
		root = json_loadb((const char *)record.p, record.n, 0, NULL);
	buf_done(&record);
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		const char *value = json_string_value(json_object_get(root, lines[i].field));

		if (value == NULL || value[0] == '\0' || (strcmp(lines[i].field, "life_status") == 0 && p->life == LIFE_ALIVE))
			continue;
		(void)printf("%s: %s\n", registry_session_pick(s, lines[i].vi, lines[i].en),
			     registry_session_value(s, lines[i].field, value, text));
	}
	json_decref(root);
}

/* The person's card as the books have it. */
struct shown_card {
	char serial[LEDGER_SERIAL_SIZE];
	struct revocation_card books;
};

static const char *const standings[] = { "unknown", "active", "replaced", "revoked", "elsewhere" };

static json_t *card_json(const struct shown_card *c)
{
	if (c->books.standing == CARD_UNKNOWN)
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:o}", "chip", c->serial, "standing", standings[c->books.standing], "reason",
			 c->books.reason, "at", forms_session_time_json(c->books.at_ms));
}

static void print_card(const struct registry_session *s, const struct shown_card *c)
{
	const struct revocation_reason *reason = revocation_reason_find(c->books.reason);
	char at[FORMS_TIME_SIZE];

	forms_session_time(c->books.at_ms, at);
	if (c->books.standing == CARD_REVOKED)
		(void)printf("%s: %s %s, %s %s: %s\n", registry_session_pick(s, "Thẻ", "Card"),
			     registry_session_pick(s, "chíp", "chip"), c->serial,
			     registry_session_pick(s, "ĐÃ THU HỒI", "REVOKED"), at,
			     reason != NULL ? registry_session_pick(s, reason->vi, reason->en) : c->books.reason);
	else if (c->books.standing == CARD_ACTIVE)
		(void)printf("%s: %s %s, %s %s\n", registry_session_pick(s, "Thẻ", "Card"),
			     registry_session_pick(s, "chíp", "chip"), c->serial,
			     registry_session_pick(s, "còn hiệu lực, cấp", "active, issued"), at);
	else if (c->books.standing == CARD_ELSEWHERE)
		(void)printf(
			"%s: %s %s, %s\n", registry_session_pick(s, "Thẻ", "Card"), registry_session_pick(s, "chíp", "chip"),
			c->serial,
			registry_session_pick(s, "làm cho hồ sơ của trạm khác; hỏi trạm đó thẻ còn hiệu lực hay không",
					      "made for another station's applicant; that station knows whether it is active"));
}

static void show_person(struct registry_session *s, const struct person *p, struct bytes photo, const struct holds *holds,
			const char *other, const struct shown_card *card)
{
	json_t *root;

	if (s->list != NULL) {
		root = person_json(p, photo.n > 0);
		(void)json_object_set_new(root, "photo_bytes", json_integer((json_int_t)photo.n));
		registry_session_print(json_pack("{s:i, s:o, s:o, s:b, s:o}", "schema", REGISTRY_SCHEMA, "person", root,
						 "findings", holds_json(holds, other), "held", holds_any(holds), "card",
						 card_json(card)));
		return;
	}
	print_person(s, p);
	print_card(s, card);
	(void)printf("%s: %zu byte\n", registry_session_pick(s, "Ảnh", "Photo"), photo.n);
	print_holds(s, holds, other);
}

/* What issuing would find about somebody before it looks at the photo: the record, its neighbours, and the open forms. */
static cc_status judge(struct registry_session *s, struct books *books, const char *number, struct holds *ret,
		       char other[PERSON_NUMBER_SIZE])
{
	struct gate_options o = { .check = s->check, .books = books };
	cc_status st = cc_ok();

	if (books != NULL) {
		books_lock(books);
		st = ledger_is_renewal(books, number, &o.renewal, &s->err);
		books_unlock(books);
	}
	return cc_failed(st) ? st : gate_person(s->registry, number, &o, ret, other, &s->err);
}

static int run_show(struct invocation *inv)
{
	struct registry_session s = { .inv = inv };
	struct shown_card card = { .books = { .standing = CARD_UNKNOWN } };
	struct buf photo = { 0 };
	struct books *books = NULL;
	char other[PERSON_NUMBER_SIZE] = "";
	struct holds holds;
	struct person p = { 0 };
	cc_status st = registry_session_open(&s);

	if (!cc_failed(st))
		st = registry_find(s.registry, inv->arguments[0], &p, &photo, &s.err);
	if (!cc_failed(st))
		st = registry_session_books(&s, &books);
	if (!cc_failed(st))
		st = judge(&s, books, p.number, &holds, other);
	if (!cc_failed(st) && books != NULL) {
		books_lock(books);
		st = revocation_card_of_person(books, p.number, card.serial, &card.books, &s.err);
		books_unlock(books);
	}
	if (!cc_failed(st))
		show_person(&s, &p, buf_view(&photo), &holds, other, &card);
	person_done(&p);
	buf_done(&photo);
	books_close(&books);
	return registry_session_close(&s, st, EXIT_DONE);
}

static void print_check(struct registry_session *s, const char *number, const char *name, const struct holds *h,
			const char *other)
{
	bool held = holds_any(h);

	s->count++;
	s->held += held ? 1 : 0;
	if (s->list != NULL) {
		(void)json_array_append_new(
			s->list, json_pack("{s:s, s:b, s:o}", "number", number, "held", held, "findings", holds_json(h, other)));
		return;
	}
	(void)printf("%s %s %s %s\n", held ? "✗" : "✓", number, name,
		     held ? registry_session_pick(s, "(tạm giữ)", "(held)")
			  : registry_session_pick(s, "(cấp được)", "(may be issued)"));
	print_holds(s, h, other);
}

static bool check_one(void *ctx, const struct gate_finding *f)
{
	print_check(ctx, f->person->number, f->person->full_name, f->holds, f->other);
	return true;
}

/* As for one: whom the others hold may have no card either. */
static cc_status check_everybody(struct registry_session *s, struct books *books)
{
	const struct gate_options o = { .check = s->check, .books = books };
	struct gate_report *report = cc_alloc(sizeof *report);
	cc_status st;

	if (report == NULL)
		return cc_fail(&s->err, CC_E_MEMORY, "memory", "check");
	st = gate_run(s->registry, &o, check_one, s, report, &s->err);
	cc_free(report, sizeof *report);
	return st;
}

/* A second card is made for an exchange or a reissue alone. */
static cc_status check_card(struct registry_session *s, struct books *books, const char *number, struct holds *h)
{
	const char *key = NULL;
	cc_status st = books != NULL ? ledger_card_hold(books, number, &key, &s->err) : cc_ok();

	if (!cc_failed(st) && key != NULL && h->count < HOLDS_MAX)
		h->items[h->count++] = (struct hold){ key, "number", HOLD_HOLD };
	return st;
}

/* The desk's question: the record, its neighbours, the open forms, the card that is there, and the photo as issuing would
 * judge it. */
static cc_status check_number(struct registry_session *s, struct books *books, const char *number)
{
	struct buf photo = { 0 };
	struct person p = { 0 };
	char other[PERSON_NUMBER_SIZE] = "";
	struct holds h;
	cc_status st = registry_find(s->registry, number, &p, &photo, &s->err);

	if (!cc_failed(st))
		st = judge(s, books, number, &h, other);
	if (!cc_failed(st))
		st = check_card(s, books, number, &h);
	if (!cc_failed(st))
		st = registry_photo_judge(s, &p, buf_view(&photo), &h);
	if (!cc_failed(st))
		print_check(s, p.number, p.full_name, &h, other);
	person_done(&p);
	buf_done(&photo);
	return st;
}

static int run_check(struct invocation *inv)
{
	struct registry_session s = { .inv = inv };
	bool all = invocation_option(inv, "--all") != NULL;
	struct books *books = NULL;
	cc_status st;

	if (all == (inv->argument_count == 1)) {
		(void)fprintf(stderr, "cccd: %s\n",
			      registry_session_pick(&s, "nêu một số định danh, hoặc --all", "name one number, or --all"));
		return EXIT_USAGE;
	}
	st = registry_session_open(&s);
	if (!cc_failed(st))
		st = registry_session_books(&s, &books);
	if (!cc_failed(st))
		st = all ? check_everybody(&s, books) : check_number(&s, books, inv->arguments[0]);
	books_close(&books);
	if (!cc_failed(st) && s.list != NULL)
		registry_session_print_list(&s, "checks",
					    json_pack("{s:i, s:I, s:I}", "schema", REGISTRY_SCHEMA, "people", (json_int_t)s.count,
						      "held", (json_int_t)s.held));
	else if (!cc_failed(st) && all)
		(void)printf("%zu %s, %zu %s\n", s.count, registry_session_pick(&s, "người", "people"), s.held,
			     registry_session_pick(&s, "tạm giữ", "held"));
	return registry_session_close(&s, st, s.held > 0 ? EXIT_CHECK_NO : EXIT_DONE);
}

/* ---- init */

static int run_init(struct invocation *inv)
{
	struct registry_session s = { .inv = inv };
	int64_t people = 0;
	cc_status st = registry_session_open(&s);

	if (!cc_failed(st))
		st = registry_count(s.registry, &people, &s.err);
	if (!cc_failed(st) && s.list != NULL)
		registry_session_print(json_pack("{s:i, s:I}", "schema", REGISTRY_SCHEMA, "people", (json_int_t)people));
	else if (!cc_failed(st))
		(void)printf("%s: %lld\n", registry_session_pick(&s, "Số người trong trạm", "People in the registry"),
			     (long long)people);
	return registry_session_close(&s, st, EXIT_DONE);
}

static const struct option_spec check_options[] = {
	{ "--all", NULL, "everybody's record; photos are judged one by one, or as a card is issued",
	  "hồ sơ của mọi người; ảnh chỉ được đánh giá từng người, hoặc khi cấp thẻ" },
	{ 0 },
};

const struct command commands_registry[] = {
	{ "registry", "init", "", 0, 0, "make the registry in the station's folder", "tạo dữ liệu dân cư trong thư mục của trạm",
	  NULL, run_init },
	{ "registry", "find", "[TEXT...|NUMBER]", 0, -1,
	  "people by words of the name (without accents too), number, year, place, CMND",
	  "tìm theo chữ trong họ tên (có dấu hoặc không), số, năm sinh, nơi ở, CMND", find_options, run_find },
	{ "registry", "show", "NUMBER", 1, 1, "a person's whole record", "toàn bộ hồ sơ của một người", NULL, run_show },
	{ "registry", "check", "[NUMBER]", 0, 1, "may a card be issued? what stops it, and what to do",
	  "có cấp thẻ được không? vì sao không, và cần làm gì", check_options, run_check },
	{ 0 },
};
