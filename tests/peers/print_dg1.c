/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/dg1.h"
#include "station/registry/vietnamese.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * For each person of a JSON Lines file: DG1 as a card gets it, and its MRZ as
 * one JSON line for a peer to read. Expiry is the same for all: the rules of
 * validity have their own tests.
 */
#define EXPIRY "351231"
#define NAME_MAX_BYTES 256

static const char *member(const json_t *person, const char *name)
{
	const char *s = json_string_value(json_object_get(person, name));

	if (s == NULL) {
		(void)fprintf(stderr, "no %s\n", name);
		exit(1);
	}
	return s;
}

static void must(cc_status st, const char *what)
{
	if (!cc_failed(st))
		return;
	(void)fprintf(stderr, "%s: %s\n", what, cc_code_name(st.code));
	exit(1);
}

/* Reads the MRZ back from the file's bytes: the peer sees what is in DG1. */
static void print_person(const char *number, const char *latin, const struct mrz_cccd *in)
{
	char text[MRZ_TEXT_MAX + 1];
	const char *rest = strchr(latin, ' ');
	struct buf file = { 0 };
	struct mrz m;
	json_t *out;
	bool truncated;

	must(mrz_cccd_write(in, text, &truncated, NULL), "mrz_cccd_write");
	must(dg1_encode(text, &file, NULL), "dg1_encode");
	must(dg1_parse(buf_view(&file), &m, NULL), "dg1_parse");
	buf_done(&file);
	out = json_pack("{s:s,s:s,s:s#,s:s,s:s#,s:s,s:[s#,s#,s#],s:b}", "number", number, "birth", in->birth, "sex", &in->sex,
			(size_t)1, "expiry", in->expiry, "primary", latin, rest != NULL ? (size_t)(rest - latin) : strlen(latin),
			"secondary", rest != NULL ? rest + 1 : "", "lines", m.text, (size_t)30, m.text + 30, (size_t)30,
			m.text + 60, (size_t)30, "truncated", (int)truncated);
	if (out == NULL || json_dumpf(out, stdout, JSON_COMPACT) != 0)
		exit(1);
	(void)putchar('\n');
	json_decref(out);
}

int main(int argc, char **argv)
{
	FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;
	json_error_t error;
	json_t *person;

	if (in == NULL) {
		(void)fprintf(stderr, "usage: print_dg1 PEOPLE.jsonl\n");
		return 2;
	}
	while ((person = json_loadf(in, JSON_DISABLE_EOF_CHECK, &error)) != NULL) {
		char name[NAME_MAX_BYTES], latin[NAME_MAX_BYTES], birth[7];
		const char *number = member(person, "number"), *date = member(person, "birth_date");
		struct text_fault fault;
		const struct mrz_cccd mrz = { number, latin, birth, strcmp(member(person, "sex"), "male") == 0 ? 'M' : 'F',
					      EXPIRY };

		must(vietnamese_normalise_name(bytes_str(member(person, "full_name")), name, sizeof name, &fault), "name");
		must(vietnamese_to_latin(name, latin, sizeof latin), "letters");
		(void)snprintf(birth, sizeof birth, "%.2s%.2s%.2s", date + 2, date + 5, date + 8);
		print_person(number, latin, &mrz);
		json_decref(person);
	}
	(void)fclose(in);
	return 0;
}
