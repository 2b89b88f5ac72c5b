/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_HOSTILE_ROWS_H
#define CC_TESTS_SUPPORT_HOSTILE_ROWS_H

#include "station/registry/import.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Rows of import files, made from a seed, each with what the import must say of it.
 * Verdicts are written down where a row is made, from what was done to it, and never
 * asked of the code under test. Checked on 2026-07-01 by the rules of 2024.
 */
struct told_remark {
	enum import_severity severity;
	const char *key, *field;
};
#define TOLD_MAX 16
struct told {
	const char *class;
	uint64_t line, other_line, person;
	bool refused, conflict, unchanged, completed, held;
	size_t count;
	struct told_remark remarks[TOLD_MAX];
	char number[13];
	char name[256]; /* of who is imported, as the registry must hold it */
};

struct hostile_file {
	const char *title;
	enum import_format format;
	bool named; /* the encoding is named, not detected */
	enum text_encoding encoding;
	char *bytes;
	size_t n, cap;
	struct told *rows;
	size_t count, rows_cap;
	uint64_t line; /* of the next row */
	/* CSV */
	char separator;
	bool crlf, mark;
};

/* The fields that a row is made of, before it is written in a format. */
#define ROW_FIELDS 24
struct raw_field {
	const char *name;
	char value[700];
	size_t n;
	bool literal; /* JSON: written as it is */
};
struct raw_row {
	size_t count;
	struct raw_field fields[ROW_FIELDS];
	bool photo;
	uint64_t person;
};

/* ---- randomness: SplitMix64 */
struct hostile_seed {
	uint64_t state;
};
uint64_t seed_next(struct hostile_seed *s);
size_t seed_below(struct hostile_seed *s, size_t n);

/* ---- one row: somebody good, and what is done to them */
/* The person-th good person and what an import says of them without more. Equal persons give equal rows. */
void raw_row_good(uint64_t person, struct raw_row *ret, struct told *t);
/* Somebody born in the year, which is in the number. */
void raw_row_born(uint64_t person, unsigned year, struct raw_row *ret, struct told *t);
struct raw_field *raw_row_field(struct raw_row *r, const char *name); /* added when it is not there */
void raw_row_set(struct raw_row *r, const char *name, const char *value);
void raw_row_set_bytes(struct raw_row *r, const char *name, const void *value, size_t n);
void raw_row_literal(struct raw_row *r, const char *name, const char *json);
void raw_row_drop(struct raw_row *r, const char *name);
/* At a random place between two letters. */
void raw_field_insert(struct hostile_seed *s, struct raw_field *f, const char *what);
/* Another name: full_name, and what is told of it. */
void raw_row_name(struct raw_row *r, struct told *t, const char *written, const char *kept);
void told_add(struct told *t, enum import_severity severity, const char *key, const char *field);
void told_drop(struct told *t, const char *key, const char *field);
void told_refused(struct told *t, const char *key, const char *field);

/* ---- letters of Vietnamese, by Unicode's and VNI's tables, not by the code under test */
enum letter_form { FORM_NFC, FORM_NFD, FORM_1258, FORM_KEYBOARD, FORM_VNI };
/* out is NUL-terminated. */
void letters_write(const char *nfc, enum letter_form form, char *out, size_t cap);

/* ---- files */
void hostile_file_init(struct hostile_file *f);
void hostile_file_done(struct hostile_file *f);
struct told *hostile_file_told(struct hostile_file *f, const struct told *t); /* copies */
void hostile_file_bytes(struct hostile_file *f, const void *p, size_t n);
void hostile_file_line_end(struct hostile_file *f);
/* The row in the file's format and encoding, with its line end. */
void hostile_file_row(struct hostile_file *f, const struct raw_row *r, struct hostile_seed *s, const struct told *t);
/* JSON without line end; the length. */
size_t raw_row_json(const struct raw_row *r, struct hostile_seed *s, char *out, size_t cap);
size_t raw_row_csv(const struct hostile_file *f, const struct raw_row *r, struct hostile_seed *s, char *out, size_t cap);
size_t raw_row_encode(enum text_encoding e, const char *utf8, size_t n, char *out, size_t cap);
#define CSV_COLUMNS 16
extern const char *const csv_columns[CSV_COLUMNS];
void hostile_file_heading(struct hostile_file *f);

/* ---- all of it (hostile_classes.c): 50,000 rows in files that are imported one after the other into one registry */
#define HOSTILE_FILES 8
#define HOSTILE_ROWS 50000
void hostile_make(uint64_t seed, struct hostile_file files[HOSTILE_FILES]);
/* Photos and what looks like photos, below an existing folder. 0 or -1. */
int hostile_photos(const char *folder);

#endif
