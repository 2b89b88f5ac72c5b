/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_DER_FIELDS_H
#define CC_BIOMETRICS_DER_FIELDS_H

#include "crypto/base/buf.h"
#include "crypto/base/tlv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * ASN.1 SEQUENCEs with implicit context tags, as ISO/IEC 39794 is made of them:
 * a table says which member of a struct stands under which tag, and one reader
 * and one writer serve all tables.
 */

/* A number, a flag (0, 1) or a code. */
struct der_value {
	bool present;
	bool extended; /* of a code: it stood inside an extension block, as its fallback */
	int64_t n;     /* INT32_MIN to UINT32_MAX */
};
struct der_octets {
	bool present;
	struct bytes b; /* a view */
};
/* Lists begin with this; their items follow at items_offset. */
struct der_list {
	bool present;
	size_t count;
};

enum der_kind {
	DER_NUMBER,	 /* INTEGER (0..MAX): struct der_value */
	DER_SIGNED,	 /* INTEGER: struct der_value */
	DER_FLAG,	 /* BOOLEAN: struct der_value */
	DER_CODE,	 /* CHOICE { code [0] ENUMERATED, extension [1] { fallback [0] ENUMERATED } }: struct der_value */
	DER_OCTETS,	 /* OCTET STRING: struct der_octets */
	DER_BLOCK,	 /* SEQUENCE: a struct whose first member is bool present */
	DER_WRAP,	 /* a layer without a struct of its own: sub's offsets count from the same object */
	DER_LIST,	 /* SEQUENCE OF SEQUENCE: struct der_list, then items of sub */
	DER_OCTETS_LIST, /* SEQUENCE OF OCTET STRING: struct der_list, then struct der_octets */
};

struct der_table;
struct der_field {
	unsigned number; /* context tag */
	enum der_kind kind;
	bool mandatory;
	size_t offset;
	const struct der_table *sub;
	size_t items_offset, item_size, items_max;
};
struct der_table {
	const struct der_field *fields; /* by rising tag */
	size_t count;
	bool choice; /* exactly one of them is present */
};

/* All of the cursor. Definite lengths of any form are read; numbers must be minimal, flags 00 or FF. Latches failure in `in`. */
CC_MUST bool der_fields_take(struct cursor *in, const struct der_table *t, void *object);
/* What is present, by DER. */
void der_fields_put(struct writer *w, const struct der_table *t, const void *object);

#endif
