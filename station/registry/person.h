/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_PERSON_H
#define CC_STATION_REGISTRY_PERSON_H

#include "biometrics/finger.h"
#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "station/registry/date.h"
#include "station/registry/vietnamese.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A person as the registry knows them, and the row it comes from: one JSON
 * object a line, UTF-8 (RFC 8259), at most PERSON_ROW_MAX bytes.
 *
 * field              type; * is required
 * number             * "001090000000": 12 digits
 * full_name          * with diacritics: letters, spaces, hyphens, apostrophes
 * birth_date         "1990-02-15", "1990-02" or "1990"
 * birth_precision    "day", "month", "year": must agree with birth_date
 * birth_basis        the document that shows the birth date
 * sex                * "male" or "female" (also "Nam", "Nữ", "M", "F")
 * nationality        * "Việt Nam"
 * ethnicity, religion, origin, residence, identifying_marks     text
 * father, mother, spouse      names
 * old_cmnd           9 or 12 digits
 * issue_date         "2026-11-24": of the card; empty: the day it is issued
 * issue_place        text
 * expiry_date        "2030-02-15", or "none"; empty: by the rule (validity.h)
 * life_status        "alive" (default), "dead", "missing"
 * death_date         "2026-01-02": dead or missing since
 *
 * What form DC01 (population record) and CC01 (application) hold besides:
 * other_name         name
 * blood_group        "A", "B", "AB", "O", each also with "+" or "-"
 * marital_status     "single", "married", "divorced", "widowed"
 * birth_place, birth_registration, current_residence, occupation, education     text
 * father_number, mother_number, spouse_number, representative_number, household_head_number, cancelled_number     12 digits
 * father_nationality, mother_nationality, spouse_nationality, representative_nationality     text
 * representative, household_head     names
 * household_relation text, to the head
 * phone, email       text
 * photo              path of a JPEG, relative to the folder of the rows' file
 *
 * fingerprints       [{"finger": "right-index", "file": "prints/r2.wsq"}, {"finger": "left-index", "missing": "amputated"}]
 *                    each finger once: a file like the photo's, or why there is none (biometrics/finger.h)
 *
 * null and "" mean absent. Text is UTF-8 NFC in memory, NUL-terminated.
 */
#define PERSON_ROW_MAX 32768
#define PERSON_ROW_DEPTH_MAX 4
#define PERSON_NUMBER_SIZE 13
#define PERSON_NAME_SIZE 256
#define PERSON_TERM_SIZE 96   /* ethnicity, religion, nationality, basis */
#define PERSON_PLACE_SIZE 512 /* places, marks */
#define PERSON_PATH_SIZE 256
#define PERSON_PHOTO_MAX (8u * 1024 * 1024)

enum person_sex { SEX_MALE, SEX_FEMALE };
enum person_life { LIFE_ALIVE, LIFE_DEAD, LIFE_MISSING };
enum person_expiry { EXPIRY_BY_RULE, EXPIRY_NONE, EXPIRY_DATE };

struct person {
	char number[PERSON_NUMBER_SIZE];
	char full_name[PERSON_NAME_SIZE];
	struct date birth;
	char birth_basis[PERSON_TERM_SIZE];
	enum person_sex sex;
	char nationality[PERSON_TERM_SIZE];
	char ethnicity[PERSON_TERM_SIZE];
	char religion[PERSON_TERM_SIZE];
	char origin[PERSON_PLACE_SIZE];
	char residence[PERSON_PLACE_SIZE];
	char marks[PERSON_PLACE_SIZE];
	char father[PERSON_NAME_SIZE];
	char mother[PERSON_NAME_SIZE];
	char spouse[PERSON_NAME_SIZE];
	char old_cmnd[PERSON_NUMBER_SIZE];
	struct date issued; /* year 0: on the day of issue */
	char issue_place[PERSON_PLACE_SIZE];
	enum person_expiry expiry_kind;
	struct date expiry; /* EXPIRY_DATE */
	enum person_life life;
	struct date death; /* or missing since */
	char other_name[PERSON_NAME_SIZE];
	char blood_group[4];
	char marital_status[10];
	char birth_place[PERSON_PLACE_SIZE];
	char birth_registration[PERSON_PLACE_SIZE];
	char current_residence[PERSON_PLACE_SIZE];
	char occupation[PERSON_TERM_SIZE];
	char education[PERSON_TERM_SIZE];
	char father_number[PERSON_NUMBER_SIZE], mother_number[PERSON_NUMBER_SIZE], spouse_number[PERSON_NUMBER_SIZE];
	char father_nationality[PERSON_TERM_SIZE], mother_nationality[PERSON_TERM_SIZE], spouse_nationality[PERSON_TERM_SIZE];
	char representative[PERSON_NAME_SIZE];
	char representative_number[PERSON_NUMBER_SIZE];
	char representative_nationality[PERSON_TERM_SIZE];
	char household_head[PERSON_NAME_SIZE];
	char household_head_number[PERSON_NUMBER_SIZE];
	char household_relation[PERSON_TERM_SIZE];
	char phone[32], email[PERSON_TERM_SIZE];
	char cancelled_number[PERSON_NUMBER_SIZE];
	char photo_path[PERSON_PATH_SIZE];		      /* as the row names it; "" none. Not kept in the registry. */
	uint8_t finger_missing[FINGERS + 1];		      /* by enum finger_position: enum finger_missing */
	char finger_paths[FINGERS + 1][PERSON_PATH_SIZE];     /* as photo_path */
	char finger_templates[FINGERS + 1][PERSON_PATH_SIZE]; /* minutiae for match-on-card; likewise */
};

/* Wipes. Persons live in the caller's storage. */
void person_done(struct person *p);
/* From now on what the JSON library frees is wiped first: before somebody's data is loaded with it. */
void person_json_wipes(void);

/*
 * What is wrong with a row: the field's name (a constant; "" for the row as a
 * whole), a stable key with sentences ("import.field-missing"), the position
 * where there is one. Never a value.
 */
struct row_fault {
	const char *field;
	const char *key;
	size_t position;  /* column or code point, from 1; 0: none */
	char unknown[33]; /* "import.unknown-field": its name, made printable */
};
/* unknown: the heading of a column that no field has, in its own letters; left as it is when it can't be shown. */
void row_fault_name_column(struct row_fault *f, struct bytes heading);
#define PERSON_WARNINGS_MAX 8
struct row_warnings {
	size_t count; /* all; the first PERSON_WARNINGS_MAX are kept */
	struct row_fault items[PERSON_WARNINGS_MAX];
};

/* ---- person_row.c, person_column.c: a person from outside; person_judge.h says what each field may hold */

/* CC_E_FORMAT or CC_E_LIMIT with the first fault, or CC_E_MEMORY; ret is wiped then. Unknown fields are warnings. */
CC_MUST cc_status person_parse(struct bytes row, struct person *ret, struct row_warnings *ret_warnings, struct row_fault *fault);
/* The same from fields that were parted already (CSV). A date may also be dd/MM/yyyy. */
struct person_field {
	const char *name;
	struct bytes value;
};
CC_MUST cc_status person_from_fields(const struct person_field *fields, size_t count, struct person *ret,
				     struct row_warnings *ret_warnings, struct row_fault *fault);
/* The field that a column of this heading holds: its name, or its Vietnamese label; NULL: none. */
const char *person_field_of_heading(struct bytes heading);
/* The Vietnamese labels alone, by their search key (vietnamese.h): "que quan". */
const char *person_field_of_label(const char *key);

/* ---- person_encode.c: the row; person_pack.c: the record */

/* The row again: compact, names sorted, absent fields left out, no photo path. Equal people give equal bytes. */
CC_MUST cc_status person_encode(const struct person *p, struct buf *ret);
/* The form in which the registry keeps them. Equal people give equal bytes. */
CC_MUST cc_status person_pack(const struct person *p, struct buf *ret);
/* CC_E_FORMAT: not what person_pack makes; ret is wiped then. */
CC_MUST cc_status person_unpack(struct bytes record, struct person *ret);
const char *person_sex_name(enum person_sex s);	  /* "male" */
const char *person_sex_card(enum person_sex s);	  /* "Nam", "Nữ" as DG13 has it */
const char *person_life_name(enum person_life l); /* "alive" */

#endif
