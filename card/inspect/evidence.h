/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_INSPECT_EVIDENCE_H
#define CC_CARD_INSPECT_EVIDENCE_H

#include "card/inspect/defect_list.h"
#include "card/inspect/inspect.h"
#include "card/lds/lds_set.h"
#include "crypto/hash.h"
#include "crypto/keystore.h"
#include "crypto/x509.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Evidence of an inspection: a COSE_Sign1 over one deterministic CBOR map, which
 * can be judged years later without the card. External data of the signature:
 * "cccd-evidence".
 *
 *	 1 version (1)
 *	 2 station, text
 *	 3 time, milliseconds since 1970 UTC
 *	 4 SubjectPublicKeyInfo of the station's key, which signs
 *	 5 access: "none", "pace-mrz", "pace-can", "bac"
 *	 6 PACE { 1 protocol OID, 2 parameter id, 3 chip's ephemeral point; PACE-CAM: 4 chip's mapping point, 5 CA_IC,
 *	   6 EF.CardSecurity }
 *	 7 Active Authentication { 1 challenge, 2 answer }
 *	 8 Chip Authentication { 1 protocol OID, 2 station's ephemeral point }
 *	 9 commands sent to the card
 *	10 files [ [ file identifier, length, SHA-256, hash by EF.SOD's algorithm ] ... ]
 *	11 contents [ [ file identifier, bytes ] ... ]: EF.CardAccess, EF.COM, EF.SOD, DG14, DG15
 *	12 the country signer's certificate that the chain ended at
 *	13 checks [ [ id, result, evidence ] ... ]
 *	14 verdict
 *
 * 6, 7, 8 and 12 are left out where there is nothing. No password, no session
 * key, and of the data groups with personal data the hashes alone; the checks'
 * evidence may hold what the operator saw.
 *
 * What it proves to somebody who was not there: EF.SOD, the certificates and the
 * signed hashes stand by themselves; Active Authentication is the chip's own
 * signature over the recorded challenge. BAC, PACE, PACE-CAM and Chip
 * Authentication rest on secrets that both sides share: a station could have
 * made up what it recorded, so they are its claim, under its signature.
 */
#define EVIDENCE_MAX (4u << 20)
#define EVIDENCE_STATION_MAX 128
#define EVIDENCE_KEY_LABEL "evidence-1"

struct evidence_params {
	const struct inspection *inspection;
	const struct trust *trust; /* may be NULL */
	const char *station;
	int64_t time_ms;
	struct keystore *keystore;
	const char *key_label;
};
CC_MUST cc_status evidence_write(const struct evidence_params *p, struct buf *ret, struct cc_error *err);

struct evidence_file {
	bool is_there;
	uint64_t length;
	struct bytes sha256, sod_hash; /* sod_hash: empty for what EF.SOD can't list */
};

/* Read, with a good signature of the key inside. Views into data. */
struct evidence {
	struct buf data;
	char station[EVIDENCE_STATION_MAX + 1];
	int64_t time_ms;
	struct bytes signer_spki;
	struct digest signer_kid;
	enum inspect_access access;
	struct bytes pace_oid, pace_chip_point, cam_point, cam_data, card_security;
	unsigned pace_parameter_id;
	struct bytes aa_challenge, aa_answer;
	struct bytes ca_oid, ca_terminal_point;
	uint64_t commands;
	struct evidence_file files[LDS_FILE_COUNT];
	struct bytes contents[LDS_FILE_COUNT];
	struct bytes anchor;
	size_t check_count;
	struct inspect_check checks[INSPECT_CHECKS_MAX];
	enum inspect_verdict verdict;
};
/* CC_E_FORMAT, CC_E_LIMIT, CC_E_VERIFY "cose.signature". Start from {0}; evidence_done. */
CC_MUST cc_status evidence_read(struct bytes data, struct evidence *ret, struct cc_error *err);
void evidence_done(struct evidence *e);

/* ---- judging it */
enum evidence_result {
	EVIDENCE_PROVEN,  /* recomputed here from what the evidence holds */
	EVIDENCE_CLAIMED, /* fits together, but only the station's word says that it happened */
	EVIDENCE_WRONG,
	EVIDENCE_UNDETERMINED, /* can't be decided here: no anchor, unknown algorithm */
	EVIDENCE_ABSENT,
};
const char *evidence_result_name(enum evidence_result r); /* "proven" ... */

#define EVIDENCE_FINDINGS_MAX 32
/*
 * ids: "signature", "signer", "record", "sod.structure", "sod.signature", "sod.chain", "files", "given-files",
 * "active-authentication", "access", "chip-authentication-mapping", "chip-authentication", "verdict".
 */
struct evidence_finding {
	const char *id;
	enum evidence_result result;
	char detail[INSPECT_EVIDENCE_MAX], detail_vi[INSPECT_EVIDENCE_VI_MAX];
};

enum evidence_verdict {
	EVIDENCE_HOLDS,	  /* nothing is wrong, and all that makes it evidence is proven */
	EVIDENCE_REFUSED, /* something is wrong */
	EVIDENCE_OPEN,	  /* nothing is wrong, but signer or country signer aren't known here */
};
const char *evidence_verdict_name(enum evidence_verdict v); /* "holds", "refused", "undetermined" */

struct evidence_judge_params {
	const struct trust *trust;   /* may be NULL */
	const struct digest *pinned; /* key ids of stations whose evidence counts */
	size_t pinned_count;
	const struct lds_set *files; /* may be NULL: the files it is said to be about */
	/*
	 * The list of known defects that the inspection went by, applied here too. NULL: what a recorded "defect.N" may have
	 * changed is undetermined where it differs, not wrong.
	 */
	const struct defect_list *defects;
	const struct sys *sys;
};
struct evidence_report {
	size_t count;
	struct evidence_finding findings[EVIDENCE_FINDINGS_MAX];
	enum evidence_verdict verdict;
};
CC_MUST cc_status evidence_judge(const struct evidence *e, const struct evidence_judge_params *p, struct evidence_report *ret,
				 struct cc_error *err);
const struct evidence_finding *evidence_find(const struct evidence_report *r, const char *id);

#endif
