/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_INSPECT_INSPECT_H
#define CC_CARD_INSPECT_INSPECT_H

#include "card/access/terminal_auth.h"
#include "card/apdu.h"
#include "card/lds/lds_set.h"
#include "card/lds/mrz.h"
#include "crypto/base/sys.h"
#include "crypto/x509.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Opens any eMRTD like a reader in the field, reads everything, and judges it:
 * access (PACE, else BAC), passive, active and chip authentication, and the
 * agreement of the files with each other. The card is hostile: nothing is
 * "passed" without evidence.
 */
enum inspect_result {
	INSPECT_PASSED,
	INSPECT_FAILED,		/* tried, and the answer is no */
	INSPECT_INCONCLUSIVE,	/* tried, and neither (no trust anchor, unknown algorithm) */
	INSPECT_NOT_APPLICABLE, /* this document doesn't have it */
	INSPECT_UNAVAILABLE,	/* it should be there, and couldn't be reached */
	INSPECT_REMARK,		/* worth knowing; takes nothing from the verdict and proves nothing */
};
const char *inspect_result_name(enum inspect_result r); /* "passed" ... */

/*
 * Check ids, stable: "access", "access.downgrade", "application", "com.read", "com.structure", "sod.read",
 * "sod.structure", "sod.encoding", "sod.signature", "sod.algorithms", "sod.signing-time", "sod.chain", "sod.crl",
 * "signer.validity", "signer.nesting", "signer.document-types", "signer.profile", "signer.purpose" (when it is another than
 * signing documents), "anchor.profile", "dg15.key", "sod.dgN" (hash of each data group), "dgN.read", "com.sod",
 * "card-access.dg14", "card-security" (signature and chain of EF.CardSecurity), "mrz.digits", "mrz.access", "mrz.number",
 * "mrz.printed" (the rest of the MRZ given), "sod.country" (the signer's and the issuing state's), "dg13.dg1", "dgN.structure"
 * (2, 7, 11, 12, 14, 16), "active-authentication", "chip-authentication", "chip-authentication-mapping" (PACE-CAM),
 * "terminal-authentication".
 */
#define INSPECT_CHECKS_MAX 96
#define INSPECT_EVIDENCE_MAX 240
#define INSPECT_EVIDENCE_VI_MAX 360 /* the same, in letters of up to three bytes */

struct inspect_check {
	char id[32];
	enum inspect_result result;
	/* Bytes of the chip only as hex or printable ASCII. May hold personal data: for the operator, never for the log. */
	char evidence[INSPECT_EVIDENCE_MAX];	   /* English, technical; what evidence records keep */
	char evidence_vi[INSPECT_EVIDENCE_VI_MAX]; /* phrase.h */
	const char *error_key;			   /* of the error that the evidence is the detail of, for its sentence; NULL */
};

/* Both texts of its evidence anew; phrase.h. */
void inspect_check_say(struct inspect_check *c, const char *fmt, ...) CC_PRINTF(2, 3);

enum inspect_access { INSPECT_ACCESS_NONE, INSPECT_ACCESS_PACE_MRZ, INSPECT_ACCESS_PACE_CAN, INSPECT_ACCESS_BAC };
const char *inspect_access_name(enum inspect_access a); /* "none", "pace-mrz", "pace-can", "bac" */

enum inspect_verdict {
	INSPECT_GOOD,	   /* no check failed, and signature, chain, and every hash passed */
	INSPECT_BAD,	   /* at least one failed */
	INSPECT_UNDECIDED, /* none failed, but what makes a document genuine was not shown */
};
const char *inspect_verdict_name(enum inspect_verdict v); /* "passed", "failed", "inconclusive" */

/* What opens the chip; wipe with inspect_keys_done. */
struct inspect_keys {
	bool has_mrz;
	char document_number[24]; /* as for BAC: 9 digits of a CCCD */
	char birth[7], expiry[7]; /* YYMMDD */
	bool has_can;
	char can[7];
	/* What DG1 must say beyond what opens the chip; "" when not known. */
	char number[MRZ_NUMBER_LEN + 1];
	char mrz_text[MRZ_TEXT_MAX + 1];
};
void inspect_keys_done(struct inspect_keys *k);
/* From an MRZ that was read. */
void inspect_keys_from_mrz(const struct mrz *m, struct inspect_keys *ret);
/* From a 12-digit number: the CAN (its last 6 digits), and with birth and expiry (YYMMDD, both or NULL) the MRZ. CC_E_ARG. */
CC_MUST cc_status inspect_keys_from_number(const char *number, const char *birth, const char *expiry, struct inspect_keys *ret);

struct inspect_params {
	const struct inspect_keys *keys;
	const struct trust *trust; /* may be NULL or empty: the chain is inconclusive */
	int64_t now_s;		   /* validity is judged at this time */
	bool allow_bac; /* a card that announces PACE may be opened by BAC when PACE fails for a reason other than the password */
	bool prefer_can; /* both passwords known: CAN first */
	/* After each reset the chip is asked once for its production data (GET DATA 9F7F), by which quirks may know it better
	 * than by the ATR. A chip that refuses loses nothing. Not the default: a field chip owes no answer to a command of its
	 * maker. */
	bool read_cplc;
	const struct terminal *terminal; /* NULL: this station reads neither fingers nor irises */
	const struct sys *sys;
};

/* Public values of the protocols, for evidence: no password, no session key. Empty where the protocol was not run. */
struct inspect_transcript {
	uint64_t commands;   /* sent to the card */
	struct buf pace_oid; /* content bytes */
	unsigned pace_parameter_id;
	struct buf pace_chip_point;	      /* the chip's ephemeral key of the key agreement */
	struct buf cam_point, cam_data;	      /* PACE-CAM: the chip's key of the mapping, and CA_IC */
	struct buf ca_oid, ca_terminal_point; /* Chip Authentication: protocol, and this reader's ephemeral key */
};

struct inspection {
	enum inspect_access access;
	struct lds_set files;
	size_t check_count;
	struct inspect_check checks[INSPECT_CHECKS_MAX];
	enum inspect_verdict verdict;
	bool has_mrz; /* DG1 was read */
	struct mrz mrz;
	/* Active Authentication evidence. */
	uint8_t aa_challenge[8];
	struct buf aa_answer;
	struct inspect_transcript transcript;
	struct cc_error err; /* why it ended early, when it did */
};
void inspection_done(struct inspection *i); /* wipes; start from {0} */
const struct inspect_check *inspection_find(const struct inspection *i, const char *id);

/* The verdict that the checks give, after some were changed by what else is known of the document. */
void inspection_judge(struct inspection *i);

/*
 * The channel's reader is connected; the card is reset first. CC_OK means that
 * there is a verdict, whatever it is. Errors: the transport (CC_E_DEVICE), or
 * access was refused (CC_E_DENIED, "access.*"); ret then holds what was seen so
 * far, with "access" as a check.
 */
CC_MUST cc_status inspect_card(struct channel *ch, const struct inspect_params *p, struct inspection *ret);

/* The same judgement of files alone: what needs a chip is "unavailable". Copies the files. */
CC_MUST cc_status inspect_files(const struct lds_set *files, const struct inspect_params *p, struct inspection *ret);

#endif
