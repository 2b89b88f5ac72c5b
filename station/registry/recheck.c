/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/recheck.h"

#include "crypto/base/secret.h"
#include "station/registry/csv.h"
#include "station/registry/person.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define NUMBER_DIGITS 12

struct reading {
	struct recheck_report *report;
	char separator;
	size_t columns, number, wrong; /* columns, from 0 */
	size_t line;
	char row[PERSON_ROW_MAX];
};

static struct bytes trimmed(struct bytes b)
{
	size_t from = 0;

	while (b.n > 0 && isspace(b.p[b.n - 1]))
		b.n--;
	while (from < b.n && isspace(b.p[from]))
		from++;
	return bytes_of(b.p + from, b.n - from);
}

static bool is_word(struct bytes cell, const char *word)
{
	cell = trimmed(cell);
	return cell.n == strlen(word) && strncasecmp((const char *)cell.p, word, cell.n) == 0;
}

/* Parts the line into fields, which stand in rd->row. */
static bool part(struct reading *rd, struct bytes line, struct bytes fields[CSV_FIELDS_MAX], size_t *ret_count)
{
	size_t column;

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (line.n >= sizeof rd->row)
		return false;
	if (line.n > 0)
		memcpy(rd->row, line.p, line.n);
	return csv_part(rd->row, line.n, rd->separator, fields, ret_count, &column);
}

static bool read_heading(struct reading *rd, struct bytes line)
{
	struct bytes fields[CSV_FIELDS_MAX];
	bool number = false, wrong = false;

	rd->separator = csv_separator(line);
	if (!part(rd, line, fields, &rd->columns))
		return false;
	for (size_t i = 0; i < rd->columns; i++) {
		const char *field = person_field_of_heading(trimmed(fields[i]));

		if (!number && field != NULL && strcmp(field, "number") == 0) {
			number = true;
			rd->number = i;
		} else if (is_word(fields[i], "sai") || is_word(fields[i], "wrong")) {
			wrong = true;
			rd->wrong = i;
		}
	}
	return number && wrong;
}

/* The place code of a number whose zeros in front may be gone. */
static bool read_province(struct bytes number, size_t *ret)
{
	size_t value = 0;

	number = trimmed(number);
	if (number.n < NUMBER_DIGITS - 3 || number.n > NUMBER_DIGITS)
		return false;
	for (size_t i = 0; i < number.n; i++) {
		if (isdigit(number.p[i]) == 0)
			return false;
		if (i + NUMBER_DIGITS - 3 < number.n)
			value = value * 10 + (size_t)(number.p[i] - '0');
	}
	*ret = value;
	return true;
}

static void count_field(struct recheck_report *r, const char *name)
{
	size_t i = 0;

	while (i < r->field_count && strcmp(r->fields[i].name, name) != 0)
		i++;
	if (i == RECHECK_FIELDS)
		return;
	if (i == r->field_count)
		r->fields[r->field_count++] = (struct recheck_field){ .name = name };
	r->fields[i].wrong++;
}

static void count_fields(struct recheck_report *r, struct bytes cell)
{
	size_t from = 0;

	for (size_t i = 0; i <= cell.n; i++) {
		const char *name;

		if (i < cell.n && cell.p[i] != ',' && cell.p[i] != ';' && cell.p[i] != '/')
			continue;
		name = person_field_of_heading(trimmed(bytes_of(cell.p + from, i - from)));
		if (name != NULL)
			count_field(r, name);
		from = i + 1;
	}
}

static bool read_row(struct reading *rd, struct bytes line)
{
	struct bytes fields[CSV_FIELDS_MAX], cell;
	size_t count = 0, province = 0;
	bool wrong;

	if (!part(rd, line, fields, &count) || count != rd->columns || !read_province(fields[rd->number], &province))
		return false;
	cell = trimmed(fields[rd->wrong]);
	wrong = cell.n > 0;
	rd->report->people++;
	rd->report->wrong += wrong;
	rd->report->provinces[province].people++;
	rd->report->provinces[province].wrong += wrong;
	if (wrong)
		count_fields(rd->report, cell);
	return true;
}

cc_status recheck_read(struct bytes file, struct recheck_report *ret, struct cc_error *err)
{
	struct reading *rd = cc_alloc(sizeof *rd);
	struct cursor in;
	struct bytes line, mark;
	cc_status st = cc_ok();

	if (rd == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "recheck");
	*ret = (struct recheck_report){ 0 };
	rd->report = ret;
	cursor_init(&in, file);
	if (bytes_starts_with(file, BYTES_LITERAL("\xEF\xBB\xBF")) && !cursor_take(&in, 3, &mark))
		st = cc_fail(err, CC_E_FORMAT, "recheck.heading", "line 1");
	while (!cc_failed(st) && cursor_left(&in) > 0) {
		if (!cursor_until(&in, '\n', &line))
			break;
		rd->line++;
		if (rd->line == 1 && !read_heading(rd, line))
			st = cc_fail(err, CC_E_FORMAT, "recheck.heading", "line 1");
		else if (rd->line > 1 && trimmed(line).n > 0 && !read_row(rd, line))
			st = cc_fail(err, CC_E_FORMAT, "recheck.row", "line %zu", rd->line);
	}
	if (!cc_failed(st) && rd->line == 0)
		st = cc_fail(err, CC_E_FORMAT, "recheck.heading", "an empty file");
	cc_free(rd, sizeof *rd);
	return st;
}

unsigned recheck_at_most(uint64_t people, uint64_t wrong)
{
	const double z = 1.959964, n = (double)people;
	double share, high;

	if (people == 0)
		return 1000;
	share = (double)wrong / n;
	high = (share + z * z / (2 * n) + z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))) / (1 + z * z / n);
	return high >= 1 ? 1000 : (unsigned)ceil(high * 1000);
}
