/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_INSPECT_LINT_H
#define CC_CARD_INSPECT_LINT_H

#include "card/lds/lds_set.h"
#include "card/lds/mrz.h"
#include "crypto/x509.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Conformance of the exact bytes of a document's files: encoding, lists against
 * content, dates, check digits, biometric headers, hash lists, versions,
 * certificates. Lint says nothing about genuineness (inspect.h does), needs no
 * key and no chip, and looks at every file that is there, whatever is wrong with
 * the others.
 */
enum lint_severity {
	LINT_NOTE,    /* allowed, worth knowing */
	LINT_WARNING, /* deviates; readers cope, or some don't */
	LINT_ERROR,   /* the standard says otherwise; readers may refuse the document */
};
const char *lint_severity_name(enum lint_severity s); /* "note", "warning", "error" */

/* What a finding is about: an enum lds_file, or one of these. */
enum lint_file {
	LINT_EF_CVCA = LDS_FILE_COUNT,
	LINT_EF_ATR,
	LINT_DS,   /* document signer certificate in EF.SOD */
	LINT_CSCA, /* country signer certificate */
	LINT_FILE_COUNT
};
const char *lint_file_title(unsigned file); /* "EF.COM", "DG1", "EF.CardSecurity", "DS certificate" */

struct lint_rule {
	const char *id; /* own, stable: "com.lds-version" */
	enum lint_severity severity;
	const char *clause; /* "ICAO 9303-10 4.6.1" */
	const char *vi, *en;
};

#define LINT_DETAIL_MAX 120
#define LINT_DETAIL_VI_MAX 180
struct lint_finding {
	const struct lint_rule *rule;
	const char *cases; /* numbers of BSI TR-03105-5.1 that this covers in this file, blanks between; "" */
	unsigned file;	   /* enum lds_file or enum lint_file */
	size_t offset;	   /* in the file; LINT_NO_OFFSET: in a part that was decoded or joined first */
	/* Technical. May hold personal data: for the operator, never for the log. */
	char detail[LINT_DETAIL_MAX];	    /* English; printable ASCII */
	char detail_vi[LINT_DETAIL_VI_MAX]; /* phrase.h */
};
#define LINT_NO_OFFSET SIZE_MAX

#define LINT_FINDINGS_MAX 160
struct lint_report {
	size_t count; /* findings kept */
	size_t errors, warnings, notes, dropped;
	struct lint_finding items[LINT_FINDINGS_MAX];
};

struct lint_input {
	const struct lds_set *files;
	/* Files beside the application; empty: not there. */
	struct bytes ef_cvca, ef_atr;
	const struct trust *trust;     /* country signers to look at; may be NULL */
	const struct mrz *printed_mrz; /* of the data page; may be NULL */
	int64_t now_s;		       /* dates of birth lie before it */
};

/* ret is about 60 KB; its old content is overwritten. CC_E_MEMORY is the only failure. */
CC_MUST cc_status lint_files(const struct lint_input *in, struct lint_report *ret);
/* First finding with this rule id (in `file`, or in any: LINT_FILE_COUNT); NULL. */
const struct lint_finding *lint_find(const struct lint_report *r, const char *id, unsigned file);
/* First finding that covers this case of TR-03105-5.1 ("LDS_A_04"); NULL. */
const struct lint_finding *lint_find_case(const struct lint_report *r, const char *case_id);

/* Every rule there is, for lists and documentation. */
size_t lint_rule_count(void);
const struct lint_rule *lint_rule_at(size_t i);

#endif
