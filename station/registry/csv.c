/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/csv.h"

char csv_separator(struct bytes heading)
{
	static const char candidates[] = { ',', ';', '\t' };
	char best = ',';
	size_t most = 0;

	for (size_t i = 0; i < sizeof candidates; i++) {
		size_t count = 0;
		bool quoted = false;

		for (size_t k = 0; k < heading.n; k++) {
			quoted ^= heading.p[k] == '"';
			count += !quoted && heading.p[k] == (uint8_t)candidates[i];
		}
		if (count > most) {
			most = count;
			best = candidates[i];
		}
	}
	return best;
}

static bool parts_fields(uint8_t c, char separator)
{
	return separator != 0 ? c == (uint8_t)separator : c == ',' || c == ';' || c == '\t';
}

void csv_scan(struct csv_scan *s, struct bytes piece, char separator)
{
	for (size_t k = 0; k < piece.n; k++) {
		bool quote = piece.p[k] == '"';

		if (quote && (s->at_start || s->quoted))
			s->quoted = !s->quoted;
		else if (quote && s->after_quote)
			s->quoted = true; /* a doubled quote inside */
		s->after_quote = quote;
		s->at_start = !s->quoted && parts_fields(piece.p[k], separator);
	}
}

bool csv_is_open(struct bytes row, char separator)
{
	struct csv_scan s = { .at_start = true };

	csv_scan(&s, row, separator);
	return s.quoted;
}

/* A quoted field from after its first quote. Its end in *at; the bytes move to where it starts. */
static bool take_quoted(char *row, size_t n, size_t *at, struct bytes *ret)
{
	size_t start = *at, to = start;

	while (*at < n) {
		if (row[*at] != '"') {
			row[to++] = row[(*at)++];
		} else if (*at + 1 < n && row[*at + 1] == '"') {
			row[to++] = '"';
			*at += 2;
		} else {
			++*at;
			*ret = bytes_of(row + start, to - start);
			return true;
		}
	}
	return false;
}

bool csv_part(char *row, size_t n, char separator, struct bytes fields[CSV_FIELDS_MAX], size_t *ret_count, size_t *ret_column)
{
	size_t at = 0, count = 0;

	for (;;) {
		size_t start = at;

		*ret_column = at + 1;
		if (count == CSV_FIELDS_MAX)
			return false;
		if (at < n && row[at] == '"') {
			at++;
			if (!take_quoted(row, n, &at, &fields[count]))
				return false;
		} else {
			while (at < n && row[at] != separator && row[at] != '"')
				at++;
			fields[count] = bytes_of(row + start, at - start);
		}
		count++;
		*ret_column = at + 1;
		if (at == n)
			break;
		if (row[at] != separator)
			return false;
		at++;
	}
	*ret_count = count;
	return true;
}

void csv_put(struct writer *w, const char *value)
{
	writer_u8(w, '"');
	for (const char *c = value; *c != '\0'; c++) {
		if (*c == '"')
			writer_u8(w, '"');
		writer_u8(w, (uint8_t)*c);
	}
	writer_u8(w, '"');
}
