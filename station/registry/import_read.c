/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/import_batch.h"

#include "crypto/base/secret.h"
#include "station/registry/csv.h"
#include "station/registry/fingers.h"
#include "station/registry/photo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH_PHOTO_BYTES (4u * 1024 * 1024)
#define SEEN_SLOTS_FIRST 1024
#define INPUT_MAX 65536 /* at a time; its first piece is what the encoding is detected on */
#define DECODED_MAX (3 * PERSON_ROW_MAX)
#define LINE_ROOM (PERSON_ROW_MAX + 2) /* more than a row may have shows that it is too long */

/* ---- numbers of this file, to tell a second row of one number from a row that was imported before */

struct seen_slot {
	uint64_t number_plus_1; /* 0: free */
	uint64_t line;
};
struct seen {
	struct seen_slot *slots;
	size_t size; /* a power of 2 */
	size_t count;
};

static struct seen_slot *seen_slot(const struct seen *s, uint64_t key)
{
	size_t i = (size_t)((key * 0x9E3779B97F4A7C15u) >> 20) & (s->size - 1);

	while (s->slots[i].number_plus_1 != 0 && s->slots[i].number_plus_1 != key)
		i = (i + 1) & (s->size - 1);
	return &s->slots[i];
}

static void seen_done(struct seen *s)
{
	cc_free(s->slots, s->size * sizeof *s->slots);
	*s = (struct seen){ 0 };
}

static bool seen_grow(struct seen *s)
{
	struct seen bigger = { .size = s->size == 0 ? SEEN_SLOTS_FIRST : s->size * 2, .count = s->count };

	bigger.slots = cc_alloc(bigger.size * sizeof *bigger.slots);
	if (bigger.slots == NULL)
		return false;
	for (size_t i = 0; i < s->size; i++) {
		if (s->slots[i].number_plus_1 != 0)
			*seen_slot(&bigger, s->slots[i].number_plus_1) = s->slots[i];
	}
	seen_done(s);
	*s = bigger;
	return true;
}

/* *ret_first: 0, or the line where the number stood first. False: out of memory. */
static bool seen_add(struct seen *s, const char *number, uint64_t line, uint64_t *ret_first)
{
	uint64_t key = strtoull(number, NULL, 10) + 1;
	struct seen_slot *slot;

	if (s->count * 2 >= s->size && !seen_grow(s))
		return false;
	slot = seen_slot(s, key);
	*ret_first = slot->line;
	if (slot->number_plus_1 == 0) {
		*slot = (struct seen_slot){ .number_plus_1 = key, .line = line };
		s->count++;
	}
	return true;
}

/* ---- reading */

struct import_reader {
	struct registry_keys keys; /* its own: they are used in another thread than the registry's */
	const struct import_options *o;
	int folder_fd;
	FILE *in;
	uint8_t input[INPUT_MAX];
	size_t input_n, input_at;
	enum text_encoding encoding;
	char row[2 * LINE_ROOM]; /* what is within the limit, and the line that goes beyond it */
	size_t row_len;
	char again[2 * LINE_ROOM]; /* lines that a quote had joined to a row, and that are rows of their own */
	size_t again_n, again_at;
	char decoded[DECODED_MAX];
	uint64_t line, bytes;
	/* CSV */
	struct buf heading; /* the first row as it stood */
	char separator;
	const char *columns[CSV_FIELDS_MAX]; /* field of each; NULL: none of ours */
	size_t column_count;
	size_t photo_bytes; /* in this batch */
	struct seen seen;
	struct person person;
};

cc_status import_reader_new(struct registry *r, FILE *in, const struct import_options *o, struct import_reader **ret,
			    struct cc_error *err)
{
	struct import_reader *rd = cc_alloc(sizeof *rd);
	cc_status st;

	if (rd == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "import");
	rd->o = o;
	rd->in = in;
	rd->folder_fd = open(o->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	rd->input_n = fread(rd->input, 1, sizeof rd->input, in);
	rd->encoding = o->encoding;
	if (rd->folder_fd < 0)
		st = cc_fail(err, CC_E_NOT_FOUND, "file.missing", "%s: %s", o->folder, strerror(errno));
	else if (encoding_is_utf16(bytes_of(rd->input, rd->input_n)))
		st = cc_fail(err, CC_E_FORMAT, "import.encoding-utf16", "%s", "its first letters have two bytes each");
	else if (!o->named_encoding && !encoding_detect(bytes_of(rd->input, rd->input_n), &rd->encoding))
		st = cc_fail(err, CC_E_FORMAT, "import.encoding-unknown", "it looks like %s, not clearly",
			     encoding_name(rd->encoding));
	else
		st = registry_keys_open(r, false, &rd->keys, err);
	if (cc_failed(st))
		import_reader_free(&rd);
	else
		*ret = rd;
	return st;
}

void import_reader_free(struct import_reader **rd)
{
	if (*rd == NULL)
		return;
	registry_keys_done(&(*rd)->keys);
	seen_done(&(*rd)->seen);
	buf_done(&(*rd)->heading);
	if ((*rd)->folder_fd >= 0)
		(void)close((*rd)->folder_fd);
	cc_free(*rd, sizeof **rd);
	*rd = NULL;
}

static bool more_input(struct import_reader *rd)
{
	if (rd->input_at < rd->input_n)
		return true;
	rd->input_n = fread(rd->input, 1, sizeof rd->input, rd->in);
	rd->input_at = 0;
	return rd->input_n > 0;
}

/* Lines that were read before are whole: each has its end. */
static bool append_line_again(struct import_reader *rd, size_t *n)
{
	const char *from = rd->again + rd->again_at;
	const char *end = memchr(from, '\n', rd->again_n - rd->again_at);
	size_t take;

	if (end == NULL)
		return false;
	take = (size_t)(end - from);
	memcpy(rd->row + *n, from, take);
	*n += take;
	rd->again_at += take + 1;
	rd->line++;
	return true;
}

/* Appends the next line without its end; what is above the limit is read over. False at the end of the file. */
static bool append_line(struct import_reader *rd, size_t *n)
{
	size_t start = *n;
	bool any = false, end = false;

	if (append_line_again(rd, n))
		return true;
	while (!end && more_input(rd)) {
		const uint8_t *from = rd->input + rd->input_at;
		size_t left = rd->input_n - rd->input_at, room = start + LINE_ROOM - *n;
		const uint8_t *line_end = memchr(from, '\n', left);
		size_t take = line_end != NULL ? (size_t)(line_end - from) : left;

		any = true;
		end = line_end != NULL;
		memcpy(rd->row + *n, from, take < room ? take : room);
		*n += take < room ? take : room;
		rd->input_at += take + (end ? 1 : 0);
		rd->bytes += take + (end ? 1 : 0);
	}
	if (!any)
		return false;
	if (*n > start && *n < start + LINE_ROOM && rd->row[*n - 1] == '\r')
		--*n;
	rd->line++;
	return true;
}

/* Do these lines make one row? Judged on their bytes: separators and quotes are ASCII in each encoding. */
static bool is_one_row(struct import_reader *rd, size_t n)
{
	struct bytes parts[CSV_FIELDS_MAX];
	size_t count = 0, column = 0;
	char separator = rd->separator;

	if (n > PERSON_ROW_MAX)
		return false;
	if (separator == 0)
		separator = csv_separator(bytes_of(rd->row, n));
	memcpy(rd->decoded, rd->row, n);
	return csv_part(rd->decoded, n, separator, parts, &count, &column) &&
	       (rd->column_count == 0 || count == rd->column_count);
}

/*
 * A row: a line, or for CSV as many as its quotes hold together. A quote that was
 * left open would swallow the rows behind it: when what it joins is no row, its first
 * line stands alone (and is refused), and the others are read again.
 */
static bool next_row(struct import_reader *rd, uint64_t *ret_line)
{
	struct csv_scan scan = { .at_start = true };
	size_t n = 0, first, after_first;

	*ret_line = rd->line + 1;
	if (!append_line(rd, &n))
		return false;
	first = n;
	after_first = rd->again_at;
	if (rd->o->format == IMPORT_CSV)
		csv_scan(&scan, bytes_of(rd->row, n), rd->separator);
	while (scan.quoted && n <= PERSON_ROW_MAX) {
		size_t from = n;

		rd->row[n++] = '\n';
		if (!append_line(rd, &n)) {
			n = from;
			break;
		}
		csv_scan(&scan, bytes_of(rd->row + from, n - from), rd->separator);
	}
	rd->row_len = n;
	if (rd->line == *ret_line || is_one_row(rd, n))
		return true;
	rd->row_len = first;
	rd->line = *ret_line;
	if (rd->again_at < rd->again_n) {
		rd->again_at = after_first;
		return true;
	}
	rd->row[n++] = '\n';
	rd->again_at = 0;
	rd->again_n = n - first - 1;
	memcpy(rd->again, rd->row + first + 1, rd->again_n);
	return true;
}

/* A byte order mark before the first line is what some programs write; it is no part of the row. */
static struct bytes row_of(const struct import_reader *rd, uint64_t line)
{
	struct bytes row = bytes_of(rd->row, rd->row_len), mark;
	struct cursor in;

	cursor_init(&in, row);
	if (line == 1 && bytes_starts_with(row, BYTES_LITERAL("\xEF\xBB\xBF")) && cursor_take(&in, 3, &mark))
		return cursor_rest(&in);
	return row;
}

static bool is_blank(struct bytes row)
{
	for (size_t i = 0; i < row.n; i++) {
		if (row.p[i] != ' ' && row.p[i] != '\t')
			return false;
	}
	return true;
}

static cc_status no_memory(struct import_batch *b, const char *what)
{
	return cc_fail(&b->err, CC_E_MEMORY, "memory", "%s", what);
}

static cc_status refuse(struct import_batch *b, struct import_item *it, const struct row_fault *fault, uint64_t other_line)
{
	it->refused = true;
	return import_batch_remark(b, it->line, IMPORT_REFUSED, fault, other_line) ? cc_ok() : no_memory(b, "remarks");
}

/* Without its photo a person is imported and held; CC_E_FORMAT is the row's fault and goes no further. */
static cc_status take_photo(struct import_reader *rd, struct import_batch *b, const struct import_item *it, struct buf *ret)
{
	struct row_fault fault;
	cc_status st;

	if (rd->person.photo_path[0] == '\0')
		return cc_ok();
	st = photo_read(rd->folder_fd, rd->person.photo_path, ret, &fault);
	rd->photo_bytes += ret->n;
	if (st.code == CC_E_FORMAT)
		return import_batch_remark(b, it->line, IMPORT_HELD, &fault, 0) ? cc_ok() : no_memory(b, "remarks");
	if (st.code == CC_E_MEMORY)
		return no_memory(b, "photo");
	return cc_failed(st) ? cc_fail(&b->err, st.code, "file.io", "photo of line %llu", (unsigned long long)it->line) : st;
}

struct finger_remarks {
	struct import_batch *b;
	uint64_t line;
};

/* A print that can't be taken stops no card of a station that writes none: a warning. */
static bool tell_finger(void *ctx, const struct row_fault *fault)
{
	struct finger_remarks *f = ctx;

	return import_batch_remark(f->b, f->line, IMPORT_WARNING, fault, 0);
}

static cc_status take_fingers(struct import_reader *rd, struct import_batch *b, struct import_item *it)
{
	struct finger_remarks told = { b, it->line };
	cc_status st = fingers_read(rd->folder_fd, &rd->person, &it->row.fingers, tell_finger, &told);

	rd->photo_bytes += it->row.fingers.n;
	if (st.code == CC_E_MEMORY)
		return no_memory(b, "prints");
	return cc_failed(st) ? cc_fail(&b->err, st.code, "file.io", "prints of line %llu", (unsigned long long)it->line) : st;
}

/* What stops this person's card, or is worth a look. A photo that failed has been told already. */
static cc_status take_holds(struct import_reader *rd, struct import_batch *b, struct import_item *it, bool has_photo)
{
	struct holds holds;

	it->holds = b->remark_count;
	registry_check_person(&rd->person, has_photo, &rd->o->check, &holds);
	it->held = holds_any(&holds);
	for (size_t i = 0; i < holds.count; i++) {
		const struct hold *h = &holds.items[i];
		struct row_fault fault = { .field = h->field, .key = h->key };
		bool told = !has_photo && rd->person.photo_path[0] != '\0' && strcmp(h->field, "photo") == 0;

		if (!told &&
		    !import_batch_remark(b, it->line, h->severity == HOLD_HOLD ? IMPORT_HELD : IMPORT_WARNING, &fault, 0))
			return no_memory(b, "remarks");
	}
	return cc_ok();
}

static cc_status take_incomplete(struct import_reader *rd, struct import_batch *b, struct import_item *it)
{
	if (rd->o->incomplete == NULL || rd->person.life != LIFE_ALIVE || date_precision(rd->person.birth) == DATE_DAY)
		return cc_ok();
	return cc_failed(person_pack(&rd->person, &it->incomplete)) ? no_memory(b, "rows") : cc_ok();
}

static cc_status take_person(struct import_reader *rd, struct import_batch *b, struct import_item *it)
{
	struct buf photo = { 0 };
	cc_status st = take_photo(rd, b, it, &photo);

	if (!cc_failed(st) && cc_failed(st = registry_row_prepare(&rd->keys, &rd->person, buf_view(&photo), &it->row)))
		st = registry_crypto_error(st, &b->err, "row");
	if (!cc_failed(st))
		st = take_fingers(rd, b, it);
	if (!cc_failed(st))
		st = take_holds(rd, b, it, photo.n > 0);
	if (!cc_failed(st))
		st = take_incomplete(rd, b, it);
	if (!cc_failed(st))
		b->order[b->order_count++] = (size_t)(it - b->items);
	buf_done(&photo);
	return st;
}

/* ---- the two formats */

static cc_status row_fault(struct row_fault *fault, const char *key, size_t position)
{
	*fault = (struct row_fault){ .field = "", .key = key, .position = position };
	return cc_code_status(CC_E_FORMAT);
}

static cc_status parse_csv(struct import_reader *rd, size_t n, struct row_warnings *warnings, struct row_fault *fault)
{
	struct bytes parts[CSV_FIELDS_MAX];
	struct person_field fields[CSV_FIELDS_MAX];
	size_t count = 0, known = 0, column = 0;

	if (!csv_part(rd->decoded, n, rd->separator, parts, &count, &column))
		return row_fault(fault, "import.csv-quote", column);
	if (count != rd->column_count)
		return row_fault(fault, "import.csv-columns", count);
	for (size_t i = 0; i < count; i++) {
		if (rd->columns[i] != NULL)
			fields[known++] = (struct person_field){ rd->columns[i], parts[i] };
	}
	return person_from_fields(fields, known, &rd->person, warnings, fault);
}

static cc_status parse(struct import_reader *rd, struct bytes row, struct row_warnings *warnings, struct row_fault *fault)
{
	size_t n = 0, at = 0;
	cc_status st;

	if (row.n > PERSON_ROW_MAX)
		return row_fault(fault, "import.line-too-long", 0);
	if (rd->o->format == IMPORT_JSON_LINES && rd->encoding == ENCODING_UTF8)
		return person_parse(row, &rd->person, warnings, fault);
	if (rd->encoding != ENCODING_UTF8 && encoding_is_other(rd->encoding, row))
		return row_fault(fault, "import.encoding-other", 0);
	st = encoding_decode(rd->encoding, row, rd->decoded, sizeof rd->decoded, &n, &at);
	if (cc_failed(st))
		return row_fault(fault, st.code == CC_E_LIMIT ? "import.line-too-long" : "import.encoding", at);
	if (rd->o->format == IMPORT_CSV)
		return parse_csv(rd, n, warnings, fault);
	return person_parse(bytes_of(rd->decoded, n), &rd->person, warnings, fault);
}

/* Columns that are none of ours are told once. CC_E_FORMAT: no column holds the number. */
static cc_status take_heading(struct import_reader *rd, struct import_batch *b, struct bytes row)
{
	struct bytes parts[CSV_FIELDS_MAX];
	size_t n = 0, at = 0, column = 0;
	bool number = false;

	if (cc_failed(buf_copy(&rd->heading, row)))
		return no_memory(b, "heading");
	if (cc_failed(encoding_decode(rd->encoding, row, rd->decoded, sizeof rd->decoded, &n, &at)))
		return cc_fail(&b->err, CC_E_FORMAT, "import.csv-heading", "byte %zu is no letter in %s", at,
			       encoding_name(rd->encoding));
	rd->separator = csv_separator(bytes_of(rd->decoded, n));
	if (!csv_part(rd->decoded, n, rd->separator, parts, &rd->column_count, &column))
		return cc_fail(&b->err, CC_E_FORMAT, "import.csv-heading", "column %zu", column);
	for (size_t i = 0; i < rd->column_count; i++) {
		struct row_fault fault = { .field = "", .key = "import.unknown-field", .position = i + 1 };

		rd->columns[i] = person_field_of_heading(parts[i]);
		row_fault_name_column(&fault, parts[i]);
		number = number || (rd->columns[i] != NULL && strcmp(rd->columns[i], "number") == 0);
		if (rd->columns[i] == NULL && !import_batch_remark(b, rd->line, IMPORT_WARNING, &fault, 0))
			return no_memory(b, "remarks");
		for (size_t k = 0; rd->columns[i] != NULL && k < i; k++) {
			if (rd->columns[k] != NULL && strcmp(rd->columns[k], rd->columns[i]) == 0)
				return cc_fail(&b->err, CC_E_FORMAT, "import.csv-heading", "columns %zu and %zu both hold %s",
					       k + 1, i + 1, rd->columns[i]);
		}
	}
	return number ? cc_ok() : cc_fail(&b->err, CC_E_FORMAT, "import.csv-heading", "no column for the number");
}

struct bytes import_reader_heading(const struct import_reader *rd)
{
	return buf_view(&rd->heading);
}

static cc_status take_row(struct import_reader *rd, struct import_batch *b, struct import_item *it, struct bytes row)
{
	struct row_warnings warnings = { 0 };
	struct row_fault fault = { 0 };
	uint64_t first = 0;
	cc_status st = parse(rd, row, &warnings, &fault);

	if (st.code == CC_E_MEMORY)
		return no_memory(b, "row");
	if (cc_failed(st))
		return refuse(b, it, &fault, 0);
	for (size_t i = 0; i < warnings.count && i < PERSON_WARNINGS_MAX; i++) {
		if (!import_batch_remark(b, it->line, IMPORT_WARNING, &warnings.items[i], 0))
			return no_memory(b, "remarks");
	}
	if (!seen_add(&rd->seen, rd->person.number, it->line, &first)) {
		st = no_memory(b, "numbers of the file");
	} else if (first != 0) {
		fault = (struct row_fault){ .field = "number", .key = "import.duplicate" };
		st = refuse(b, it, &fault, first);
	} else {
		st = take_person(rd, b, it);
	}
	person_done(&rd->person);
	return st;
}

static cc_status take_line(struct import_reader *rd, struct import_batch *b, uint64_t line, struct bytes row)
{
	struct import_item *it = &b->items[b->count];
	cc_status st = cc_ok();

	*it = (struct import_item){ .line = line, .told = b->remark_count };
	b->count++;
	if (rd->o->reject != NULL && cc_failed(st = buf_copy(&it->raw, row)))
		return no_memory(b, "row");
	st = take_row(rd, b, it, row);
	it->after = b->remark_count;
	if (it->refused || it->holds < it->told)
		it->holds = it->after;
	return st;
}

/* ---- numbering and sealing */

static void seal_all(struct import_reader *rd, struct import_batch *b)
{
	cc_status st = cc_ok();

	import_batch_sort_order(b);
	if (rd->o->dry_run)
		return;
	CC_ASSERT(b->id_count >= b->order_count);
	for (size_t i = 0; i < b->order_count && !cc_failed(st); i++) {
		struct registry_row *row = &b->items[b->order[i]].row;

		row->id = b->ids[i];
		st = registry_row_seal(&rd->keys, row);
	}
	if (cc_failed(st))
		b->st = registry_crypto_error(st, &b->err, "row");
}

void import_reader_fill(struct import_reader *rd, size_t rows, struct import_batch *b)
{
	CC_ASSERT(b->count == 0 && rows <= b->cap);
	b->st = cc_ok();
	b->last = false;
	cc_error_init(&b->err);
	rd->photo_bytes = 0;
	while (!cc_failed(b->st) && b->count < rows && rd->photo_bytes < BATCH_PHOTO_BYTES) {
		uint64_t line;

		if (!next_row(rd, &line)) {
			b->last = true;
			if (ferror(rd->in))
				b->st = cc_fail(&b->err, CC_E_IO, "file.io", "after line %llu: %s", (unsigned long long)rd->line,
						strerror(errno));
			break;
		}
		if (is_blank(row_of(rd, line)))
			continue;
		if (rd->o->format == IMPORT_CSV && rd->column_count == 0)
			b->st = take_heading(rd, b, row_of(rd, line));
		else
			b->st = take_line(rd, b, line, row_of(rd, line));
	}
	b->bytes = rd->bytes;
	if (!cc_failed(b->st))
		seal_all(rd, b);
}
