/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_INSPECT_INSPECT_RUN_H
#define CC_CARD_INSPECT_INSPECT_RUN_H

#include "card/access/pace.h"
#include "card/inspect/inspect.h"
#include "card/lds/card_security.h"
#include "card/lds/ef_com.h"
#include "card/lds/security_infos.h"
#include "card/lds/sod.h"

/* One inspection under way; the parts of card/inspect/ share it. */
struct inspect_run {
	struct channel *ch; /* NULL: files only */
	const struct inspect_params *p;
	struct inspection *out;
	bool has_access_infos, has_com, has_sod, has_dg14;
	struct security_infos access_infos; /* of EF.CardAccess */
	struct ef_com com;
	struct sod sod;
	bool sod_authentic;		  /* structure, signature and chain passed */
	bool sod_signed;		  /* structure and signature passed: the list is the signer's, whoever that is */
	struct security_infos dg14_infos; /* views into out->files */
	struct pace_params pace_params;	  /* of the run that opened the chip */
	struct pace_result pace;
	struct card_security card_security; /* when it is there, well formed and its signature good */
	bool has_card_security;
	bool card_security_authentic; /* and its signer one that a trusted country made */
	bool replacing;		      /* inspect_add writes over a check of the same id */
	struct buf cplc;	      /* as read; empty: not asked, or refused */
	struct buf ca_compressed;     /* Comp() of our key in chip authentication; empty until that passed */
};

/* Adds a check; the evidence is cut at its limit, and has its Vietnamese in phrase_inspect.c. */
void inspect_add(struct inspect_run *run, enum inspect_result result, const char *id, const char *fmt, ...) CC_PRINTF(4, 5);
/* The one just added. */
struct inspect_check *inspect_last(struct inspect_run *run);
/* The same with a number in the id: inspect_add_dg(run, r, "sod.dg", 13, ...) is "sod.dg13"; `suffix` may be "". */
void inspect_add_dg(struct inspect_run *run, enum inspect_result result, const char *prefix, unsigned dg, const char *suffix,
		    const char *fmt, ...) CC_PRINTF(6, 7);
/* The same from an error: the officer is told its sentence, too. what: "PACE", or "". */
void inspect_add_error(struct inspect_run *run, enum inspect_result result, const char *id, const char *what,
		       const struct cc_error *err);
/* What a failed step says of the document: "inconclusive" when the failure is ours (unknown algorithm, no memory). */
enum inspect_result inspect_result_of(cc_status st);
/* At most cap / 2 bytes as hex, with ".." when cut. */
void inspect_hex(struct bytes in, char *out, size_t cap);
bool inspect_passed(const struct inspect_run *run, const char *id);
/* DG n is there and its hash in the signed list is right. */
bool inspect_dg_signed(const struct inspect_run *run, unsigned dg);

/* inspect_open.c: EF.CardAccess, PACE or BAC, the application. */
CC_MUST cc_status inspect_open(struct inspect_run *run);
/* inspect_read.c: EF.COM, EF.SOD and the data groups. Ends early only when the transport does. */
CC_MUST cc_status inspect_read(struct inspect_run *run);
/* inspect_passive.c: structure, signature, chain, hashes, agreement of COM, SOD, CardAccess and DG14. */
void inspect_passive(struct inspect_run *run);
/* inspect_signer.c: "sod.encoding"; "sod.signature", "sod.algorithms", "sod.signing-time", "signer.*"; "sod.chain", "sod.crl",
 * "anchor.profile"; "dg15.key". True: the signature (the chain) is good. ret_signer stays as it is when nobody is found. */
void inspect_encoding(struct inspect_run *run);
/* The country of a certificate's subject, else of its issuer; "" when neither says. */
void inspect_country_of(const struct cert *c, char ret[3]);
/* "sod.country": the signer's country is DG1's issuing state. */
void inspect_country(struct inspect_run *run);
/* The signer of EF.SOD; NULL. */
const struct cert *inspect_signer(const struct inspect_run *run);
bool inspect_signature(struct inspect_run *run, const struct cert **ret_signer);
bool inspect_chain(struct inspect_run *run, const struct cert *signer);
enum inspect_result inspect_result_of_chain(enum chain_verdict v);
void inspect_aa_key(struct inspect_run *run);
/* inspect_signer.c: "signer.document-types", when DG1 was read. */
void inspect_document_type(struct inspect_run *run);
/* The hash of one data group against EF.SOD: "sod.dgN". */
void inspect_hash(struct inspect_run *run, unsigned dg);
/* inspect_content.c: MRZ, DG13, DG2. */
void inspect_content(struct inspect_run *run);
/* inspect_mapping.c: "card-security"; then what PACE's chip authentication mapping proved. */
void inspect_card_security(struct inspect_run *run);
void inspect_mapping(struct inspect_run *run);
/* inspect_terminal.c: Terminal Authentication, then DG3 and DG4. */
CC_MUST cc_status inspect_terminal(struct inspect_run *run);
/* inspect_chip.c: Active and Chip Authentication, and the two above. */
CC_MUST cc_status inspect_chip(struct inspect_run *run);

#endif
