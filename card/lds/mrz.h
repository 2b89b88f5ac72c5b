/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_MRZ_H
#define CC_CARD_LDS_MRZ_H

#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The machine readable zone: TD1 (3 x 30), TD2 (2 x 36), TD3 (2 x 44), ICAO Doc
 * 9303-3 4, -5, -6, -4. The writer makes TD1 and is strict; the reader takes all
 * three and judges each check digit by itself.
 */
enum mrz_format { MRZ_TD1, MRZ_TD2, MRZ_TD3 };

#define MRZ_TEXT_MAX 90
#define MRZ_TD1_LEN 90
#define MRZ_LINE_TD1 30
#define MRZ_NUMBER_LEN 12 /* Vietnamese personal number */

/* ICAO 9303-3 4.9: weights 7-3-1, modulo 10. text: A-Z, 0-9, '<'; false on anything else. */
CC_MUST bool mrz_check_digit(struct bytes text, char *ret);

/* ---- writing */
/* Fields without fillers. "" is allowed for optional1, optional2 and secondary. */
struct mrz_td1 {
	const char *code;	     /* "ID", "I" */
	const char *issuer;	     /* "VNM" */
	const char *document_number; /* 1 to 9 characters A-Z 0-9 */
	const char *optional1;	     /* 0 to 15 characters, fillers allowed inside */
	const char *birth;	     /* YYMMDD, "<<" for unknown parts */
	char sex;		     /* 'M', 'F', '<' */
	const char *expiry;	     /* YYMMDD; 991231: none */
	const char *nationality;     /* "VNM" */
	const char *optional2;	     /* 0 to 11 characters */
	const char *primary;	     /* A-Z, spaces, hyphens, apostrophes */
	const char *secondary;
};
/* out: 90 characters and a NUL, no line ends. *ret_name_truncated must reach the operator. CC_E_ARG "mrz.field" names the field.
 */
CC_MUST cc_status mrz_td1_write(const struct mrz_td1 *in, char out[MRZ_TEXT_MAX + 1], bool *ret_name_truncated,
				struct cc_error *err);

/*
 * The Vietnamese card (cccd-card.md 2): document number = last 9 digits of the
 * personal number; optional data 1 = the 12 digits, "<<", their check digit.
 * name: the whole name, transliterated to A-Z, spaces, hyphens, apostrophes; its
 * first word is the primary identifier.
 */
struct mrz_cccd {
	const char *number; /* 12 digits */
	const char *name;
	const char *birth;  /* YYMMDD */
	char sex;	    /* 'M', 'F' */
	const char *expiry; /* YYMMDD, 991231: none */
};
CC_MUST cc_status mrz_cccd_write(const struct mrz_cccd *in, char out[MRZ_TEXT_MAX + 1], bool *ret_name_truncated,
				 struct cc_error *err);

/*
 * Name field of `width` characters (at most 39), ICAO 9303-3 4.6: apostrophe
 * omitted, hyphen and space become '<', "<<" between the identifiers. A name
 * that doesn't fit is truncated so that the last position is a letter
 * (9303-5 4.2.3): the mark by which a reader knows.
 */
CC_MUST cc_status mrz_name_field(const char *primary, const char *secondary, size_t width, char *out, bool *ret_truncated);

/* ---- reading */
enum mrz_digit {
	MRZ_DIGIT_DOCUMENT, /* document number, the long form in optional data included */
	MRZ_DIGIT_BIRTH,
	MRZ_DIGIT_EXPIRY,
	MRZ_DIGIT_OPTIONAL, /* TD3 only: personal number */
	MRZ_DIGIT_COMPOSITE,
	MRZ_DIGIT_PERSONAL, /* VNM TD1 only: of the 12-digit number in optional data 1 */
	MRZ_DIGIT_COUNT
};
const char *mrz_digit_name(enum mrz_digit d); /* "document-number", ... */
enum mrz_digit_verdict { MRZ_DIGIT_ABSENT, MRZ_DIGIT_GOOD, MRZ_DIGIT_WRONG };

struct mrz {
	enum mrz_format format;
	char text[MRZ_TEXT_MAX + 1]; /* normalised, without line ends */
	char code[3];		     /* these without trailing fillers */
	char issuer[4];
	char document_number[24]; /* whole, the long form joined */
	char nationality[4];
	char birth[7], expiry[7]; /* as they stand */
	char sex;		  /* 'M', 'F', '<' or what stands there */
	char optional1[17], optional2[12];
	char primary[45], secondary[45];	  /* words joined by one space */
	bool name_may_be_truncated;		  /* last position is a letter */
	char personal_number[MRZ_NUMBER_LEN + 1]; /* by the Vietnamese convention, else "" */
	enum mrz_digit_verdict digits[MRZ_DIGIT_COUNT];
	bool digits_good; /* none wrong, and document, birth, expiry, composite present and good */
};

/*
 * MRZ_READ_EXACT: 72, 88 or 90 characters A-Z 0-9 '<', no line ends (DG1).
 * MRZ_READ_SCAN: text from a scanner or a keyboard: line ends, spaces, lower
 * case, lines one or two characters too long, K where a run of fillers stands.
 * Wrong check digits are verdicts, not errors. CC_E_FORMAT "mrz.text".
 */
enum mrz_read_mode { MRZ_READ_EXACT, MRZ_READ_SCAN };
CC_MUST cc_status mrz_read(struct bytes text, enum mrz_read_mode mode, struct mrz *ret, struct cc_error *err);

#endif
