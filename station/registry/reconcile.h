/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_RECONCILE_H
#define CC_STATION_REGISTRY_RECONCILE_H

#include "station/registry/correction.h"

/*
 * What the documents of one person say, held against each other and the registry,
 * field by field (cccd-card.md 7). Input, JSON of at most RECONCILE_INPUT_MAX bytes:
 *
 *	{"number": "001090000000", "sources": [
 *		{"source": "birth-certificate", "document": "Giấy khai sinh số 12", "date": "1990-03-01",
 *		 "fields": {"full_name": "Nguyễn Văn An", "birth_date": "1990-02-15"}}, ...]}
 *
 * source: birth-certificate, cccd, household-book, cmnd; date: of the document; fields: names and values of person.h.
 *
 * A fact of birth is decided by the document that stands first in the precedence (setting reconcile.precedence; a birth
 * certificate binds all others: Decree 123/2015/NĐ-CP, article 6). A fact that changes over life (residence, marriage,
 * work) is decided by the newest document. No rule decides, and an officer must, when
 *
 *	same-rank	documents of one rank, or of one day, disagree
 *	finer-date	a lower document knows the birth date finer than the one that decides
 *	number		the deciding value contradicts the personal number, another document's does not
 *	another-person	a document shows another name and another birth year: it may be somebody else's
 *
 * Decided values that differ from the registry become corrections (correction.h), which another officer approves.
 * Open conflicts hold the person (forms_hold.h).
 */
#define RECONCILE_INPUT_MAX 65536
#define RECONCILE_SOURCES_MAX 8
#define RECONCILE_FIELDS_MAX 48

enum reconcile_source {
	RECONCILE_BIRTH_CERTIFICATE,
	RECONCILE_CCCD,
	RECONCILE_HOUSEHOLD_BOOK,
	RECONCILE_CMND,
	RECONCILE_SOURCES
};
const char *reconcile_source_name(enum reconcile_source s);

struct reconcile_rules {
	enum reconcile_source order[RECONCILE_SOURCES]; /* first decides */
};
/* "birth-certificate,cccd,household-book,cmnd": each once. CC_E_FORMAT "settings.bad-value". */
CC_MUST cc_status reconcile_rules_parse(const char *text, struct reconcile_rules *ret, struct cc_error *err);

enum reconcile_verdict {
	RECONCILE_AGREED,   /* all say what the registry holds */
	RECONCILE_KEPT,	    /* they disagree; the one that decides says what the registry holds */
	RECONCILE_PROPOSED, /* the one that decides says something else: a correction */
	RECONCILE_CONFLICT, /* an officer must decide */
};
const char *reconcile_verdict_name(enum reconcile_verdict v);

struct reconcile_value {
	enum reconcile_source source;
	size_t paper; /* which of the input */
	char document[FORMS_TEXT_SIZE];
	struct date date;
	char value[PERSON_FIELD_SIZE]; /* normalised */
};
struct reconcile_field {
	char field[32];
	enum reconcile_verdict verdict;
	const char *reason; /* "alone", "agree", "precedence", "newest"; of a conflict as above */
	char registry[PERSON_FIELD_SIZE];
	size_t count, chosen; /* chosen: which value decides, unless it is a conflict */
	struct reconcile_value values[RECONCILE_SOURCES_MAX];
	int64_t form; /* id of the correction or of the conflict; 0: none */
	bool is_new;  /* the form was not there before */
};
struct reconcile_result {
	char number[PERSON_NUMBER_SIZE];
	size_t count;
	struct reconcile_field fields[RECONCILE_FIELDS_MAX];
};

/*
 * Judges and books, in one transaction; the same input again finds its forms. CC_E_ARG "reconcile.input" (the detail names
 * the place), or a key of import for a value that can't be; CC_E_NOT_FOUND.
 */
CC_MUST cc_status reconcile(struct forms *f, const struct reconcile_rules *rules, struct bytes input, const char *officer,
			    struct reconcile_result *ret, struct cc_error *err);

struct reconcile_conflict {
	int64_t id;
	char number[PERSON_NUMBER_SIZE];
	struct reconcile_field field; /* as it was judged */
	char reason[24];
	char opened_by[FORMS_OFFICER_SIZE];
	int64_t opened_ms;
};
typedef bool (*reconcile_visit)(void *ctx, const struct reconcile_conflict *c);
/* Open ones. */
CC_MUST cc_status reconcile_list(struct forms *f, reconcile_visit visit, void *ctx, struct cc_error *err);
/*
 * An officer decides for a document's value, or the registry's ("registry"): the conflict is closed, another value than the
 * registry's becomes a correction by this officer (*ret_form, else 0). CC_E_ARG "reconcile.choice": no such source, or
 * several of it that differ; CC_E_STATE "reconcile.decided".
 */
CC_MUST cc_status reconcile_decide(struct forms *f, int64_t id, const char *source, const char *officer, const char *reason,
				   int64_t *ret_form, struct cc_error *err);

#endif
