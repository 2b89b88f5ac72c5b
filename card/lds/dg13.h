/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_DG13_H
#define CC_CARD_LDS_DG13_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stddef.h>

/*
 * DG13, the national data group (cccd-card.md 5):
 * 6D { 30 { 02 01, 06 1.0.10646.1.0.8, 31 { 30 { 02 nn, value } x 16 } } }, members in ascending index.
 */
enum dg13_field {
	DG13_NUMBER = 1,
	DG13_NAME,
	DG13_BIRTH,
	DG13_SEX,
	DG13_NATIONALITY,
	DG13_ETHNICITY,
	DG13_RELIGION,
	DG13_ORIGIN,
	DG13_RESIDENCE,
	DG13_MARKS,
	DG13_ISSUED,
	DG13_EXPIRY,
	DG13_PARENTS,
	DG13_SPOUSE,
	DG13_OLD_NUMBER,
	DG13_CHIP_ID,
	DG13_FIELD_LAST = DG13_CHIP_ID
};
const char *dg13_field_name(enum dg13_field f); /* "name", "old-number" */

/* UTF-8 NFC; empty: the field is written empty. Views: use bytes_str() to fill. */
struct dg13 {
	struct bytes number; /* PrintableString, 12 digits */
	struct bytes name;
	struct bytes birth; /* PrintableString dd/MM/yyyy */
	struct bytes sex;   /* "Nam", "Nữ" */
	struct bytes nationality;
	struct bytes ethnicity;
	struct bytes religion;
	struct bytes origin;
	struct bytes residence;
	struct bytes marks;
	struct bytes issued; /* PrintableString dd/MM/yyyy */
	struct bytes expiry; /* dd/MM/yyyy or "Không thời hạn" */
	struct bytes father;
	struct bytes mother;
	struct bytes spouse;
	struct bytes old_number; /* PrintableString */
	struct bytes chip_id;	 /* PrintableString, 16 hexadecimal characters */
};

/* Fields whose encoding needs a length above 127: readers in the field assume one length byte. */
struct dg13_warnings {
	size_t count;
	struct {
		enum dg13_field field;
		size_t bytes; /* of the field's content */
	} items[DG13_FIELD_LAST];
};

#define DG13_TEXT_MAX 1024 /* bytes of one text, writing and reading */

/*
 * All 16 fields in order; empty ones as 30 03 02 01 nn. One missing parent
 * beside a known one is an empty text, so that there are always two. Text must
 * be valid UTF-8 without control characters (PrintableString where the type says
 * so): CC_E_ARG "dg13.text" with the field. ret_warnings may be NULL.
 */
CC_MUST cc_status dg13_encode(const struct dg13 *in, struct buf *ret, struct dg13_warnings *ret_warnings, struct cc_error *err);

/*
 * Views into `file`. Any order, any subset; a repeated index is refused; unknown
 * indexes are skipped. Parents as two SEQUENCEs or as one inner
 * SEQUENCE{father, mother}. CC_E_FORMAT "dg13.structure". A DG13 of another
 * country is opaque: CC_E_UNSUPPORTED "dg13.foreign" when the outer tag is right
 * and the content is not this structure at all.
 */
CC_MUST cc_status dg13_parse(struct bytes file, struct dg13 *ret, struct cc_error *err);
/* The text of a field as dg13_parse gave it (father for DG13_PARENTS). */
struct bytes dg13_text(const struct dg13 *d, enum dg13_field f);

#endif
