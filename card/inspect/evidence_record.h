/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_INSPECT_EVIDENCE_RECORD_H
#define CC_CARD_INSPECT_EVIDENCE_RECORD_H

#include <stdbool.h>

/* The record's keys (evidence.h); between evidence.c, which writes, and evidence_read.c. */
#define EVIDENCE_DOMAIN "cccd-evidence"
#define EVIDENCE_VERSION_NOW 1

enum evidence_key {
	EVIDENCE_VERSION = 1,
	EVIDENCE_STATION,
	EVIDENCE_TIME,
	EVIDENCE_SIGNER,
	EVIDENCE_ACCESS,
	EVIDENCE_PACE,
	EVIDENCE_AA,
	EVIDENCE_CA,
	EVIDENCE_COMMANDS,
	EVIDENCE_FILES,
	EVIDENCE_CONTENTS,
	EVIDENCE_ANCHOR,
	EVIDENCE_CHECKS,
	EVIDENCE_VERDICT,
};

/* The file's bytes stand in the record: they hold no personal data. */
bool evidence_has_content(unsigned file);

#endif
