/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_CARD_EVIDENCE_H
#define CC_STATION_CARD_EVIDENCE_H

#include "card/inspect/inspect.h"
#include "crypto/x509.h"
#include "station/command.h"

/*
 * Evidence of an inspection (card/inspect/evidence.h) as a file. It is signed by
 * the key store's "evidence-1", made when there is none; its public key goes to
 * HOME/evidence-signers/evidence-1.spki. Keys of other stations are pinned by
 * laying their .spki file (DER SubjectPublicKeyInfo) into that folder.
 */
CC_MUST cc_status card_evidence_save(const struct config *c, const struct inspection *i, const struct trust *trust,
				     const char *path, struct cc_error *err);

extern const struct option_spec card_evidence_options[];
/* `cccd card verify-evidence FILE`; its row stands in command_card.c. */
int command_card_verify_evidence(struct invocation *inv);

#endif
