/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_HOSTILE_CLASSES_H
#define CC_TESTS_SUPPORT_HOSTILE_CLASSES_H

#include "tests/support/hostile_rows.h"

/* What is written, and what is kept of it or told. */
struct pair {
	const char *written, *kept;
};

/* In which files a class may stand. LEGACY: what it writes exists in the old encodings. */
enum { IN_JSON = 1, IN_CSV = 2, IN_LEGACY = 4, IN_ALL = 7, IN_UTF8 = 3 };

/* What is done to the fields of somebody good. */
struct field_class {
	const char *name;
	unsigned where;
	void (*edit)(struct hostile_seed *s, struct raw_row *r, struct told *t);
};
/* hostile_names.c: names and texts; hostile_fields.c: the other fields. */
extern const struct field_class name_classes[], field_classes[];
extern const size_t name_class_count, field_class_count;

/* What is done to the bytes of a row: writes all that it makes, also the lines behind it. */
struct byte_class {
	const char *name;
	unsigned where;
	void (*write)(struct hostile_file *f, struct hostile_seed *s, const struct raw_row *r, struct told *t);
};
extern const struct byte_class byte_classes[];
extern const size_t byte_class_count;

/* Somebody nobody else is. */
uint64_t hostile_next_person(void);
/* Likewise among those who are born in other years. */
uint64_t hostile_next_child(void);

#endif
