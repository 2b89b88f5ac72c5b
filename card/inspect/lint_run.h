/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_INSPECT_LINT_RUN_H
#define CC_CARD_INSPECT_LINT_RUN_H

#include "card/inspect/lint.h"
#include "card/inspect/lint_rules.h"
#include "card/lds/dg13.h"
#include "card/lds/ef_com.h"
#include "card/lds/mrz.h"
#include "card/lds/security_infos.h"
#include "card/lds/sod.h"
#include "crypto/base/tlv.h"

/* One run; the parts of lint share it. */
struct lint_run {
	const struct lint_input *in;
	struct lint_report *out;
	unsigned file; /* the one being looked at, and its bytes */
	struct bytes bytes;
	bool has_com, has_sod, has_mrz, has_dg14, has_access;
	unsigned mandatory; /* DG1 to this one: 2, and 1 for a card without a face (cccd_design.h) */
	struct ef_com com;
	struct sod sod;
	struct mrz mrz;
	struct security_infos dg14, access; /* views into the files */
	bool out_of_memory;
};

/* where: a part of run->bytes, which gives the offset; other bytes: no offset. */
void lint_add(struct lint_run *run, enum lint_id id, struct bytes where, const char *fmt, ...) CC_PRINTF(4, 5);
/* The same with a rule of another table (certificates). */
void lint_add_rule(struct lint_run *run, const struct lint_rule *rule, const char *cases, const char *detail);

/* lint_der.c: encoding rules of everything inside `bytes`, without a limit to one file. der: X.690 10 and 11 too. */
void lint_der(struct lint_run *run, struct bytes bytes, bool der);
/*
 * The outer object of run->bytes: tag, length, nothing behind it. False when the
 * content can't be looked at. ret: a cursor over the content, as far as it is there.
 */
CC_MUST bool lint_outer(struct lint_run *run, uint32_t tag, struct cursor *ret);

/* One file each; run->file and run->bytes are set. */
void lint_com(struct lint_run *run);
void lint_dg1(struct lint_run *run);
void lint_dg2(struct lint_run *run);  /* DG2, DG3, DG4 */
void lint_dg5(struct lint_run *run);  /* DG5, DG7 */
void lint_dg11(struct lint_run *run); /* DG11, DG12 */
void lint_dg13(struct lint_run *run);
void lint_dg14(struct lint_run *run);
void lint_dg15(struct lint_run *run);
void lint_dg16(struct lint_run *run);
void lint_sod(struct lint_run *run);
void lint_card_access(struct lint_run *run);
void lint_card_security(struct lint_run *run);
void lint_ef_cvca(struct lint_run *run);
void lint_ef_atr(struct lint_run *run);
void lint_certs(struct lint_run *run);
/* lint_agree.c: the files against each other. */
void lint_agree(struct lint_run *run);

/* lint_cert.c: the two places of a certificate that name its algorithm. Bytes that no parser may take. */
void lint_cert_algorithms(struct lint_run *run, struct bytes cert);

/* lint_lso.c: the LDS security object. digest: of the signature, HASH_COUNT when unknown. */
void lint_lso(struct lint_run *run, struct bytes object, enum hash_alg digest);

/* lint_face.c: ISO/IEC 19794-5, -4, -6 records in a biometric data block. number: 2, 3, 4. */
void lint_record(struct lint_run *run, unsigned number, struct bytes record);
/* lint_image.c: kind and size of a picture by its own header. */
enum lint_image_kind { LINT_KIND_UNKNOWN, LINT_KIND_JPEG, LINT_KIND_JPEG2000, LINT_KIND_WSQ };
enum lint_image_kind lint_image_look(struct bytes picture, unsigned *ret_width, unsigned *ret_height);

/* Digits only, and a date of the calendar. text: YYYYMMDD. */
bool lint_date_good(struct bytes text);

#endif
