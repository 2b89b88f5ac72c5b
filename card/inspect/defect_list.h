/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_INSPECT_DEFECT_LIST_H
#define CC_CARD_INSPECT_DEFECT_LIST_H

#include "card/inspect/inspect.h"
#include "crypto/x509.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Signed lists of documents that are known to be defective: the defect list of
 * BSI TR-03129 Appendix A (0.4.0.127.0.7.3.1.5) and the deviation list of ICAO
 * Doc 9303-3 7 (2.23.136.1.1.7). A genuine document with a known defect is not
 * "failed": what the list excuses becomes "inconclusive", what it takes away
 * (a revoked signer, a compromised chip key) stops being evidence.
 */
enum defect_effect {
	DEFECT_REFUSES,	   /* the electronic part must not be used: failed */
	DEFECT_REPLACES,   /* another certificate of the same signer is to be used */
	DEFECT_PROVES_NOT, /* a passed check proves nothing: inconclusive */
	DEFECT_EXCUSES,	   /* a failed check is inconclusive */
	DEFECT_TELLS,	   /* a remark */
};
struct defect_kind {
	const char *oid; /* "0.4.0.127.0.7.3.1.5.1.1" */
	const char *name;
	enum defect_effect effect;
	const char *checks; /* ids of inspect.h that it is about, blanks between; "dgN": of the data groups it names */
};
size_t defect_kind_count(void);
const struct defect_kind *defect_kind_at(size_t i);
/*
 * The row of an identifier; for an unknown one the rule of BSI TR-03135-1 5.8:
 * below ...3.1.5.1 and .2 the document must not be used, elsewhere it is told.
 */
const struct defect_kind *defect_kind_of(struct bytes oid);

#define DEFECT_LIST_MAX (4u << 20)

struct defect_list;

/*
 * The list's own signature must verify, by a certificate that is inside and either trusted itself or leads to a trusted
 * one: CC_E_VERIFY "defects.signature". Takes a copy. CC_E_FORMAT "defects.structure".
 */
CC_MUST cc_status defect_list_parse(struct bytes data, const struct trust *trust, int64_t now_s, struct defect_list **ret,
				    struct cc_error *err);
void defect_list_free(struct defect_list **l);
size_t defect_list_count(const struct defect_list *l); /* defects, of all signers */
/*
 * What the list says of this document's signer (from EF.SOD in i->files): changes checks and verdict, and adds
 * "defect.N" as remarks. *ret_count: defects that apply.
 */
CC_MUST cc_status defect_list_apply(const struct defect_list *l, const struct inspect_params *p, struct inspection *i,
				    size_t *ret_count);

#endif
