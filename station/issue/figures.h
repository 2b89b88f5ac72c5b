/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_ISSUE_FIGURES_H
#define CC_STATION_ISSUE_FIGURES_H

#include "card/apdu.h"
#include "card/lds/lds_set.h"
#include "crypto/cipher.h"

#include <stdint.h>

/*
 * What a card costs on the wire, and the least that it could cost with the
 * lengths that card and reader negotiated: every APDU full, nothing asked twice.
 */
enum figures_phase {
	FIGURES_CONNECT,   /* identify and greet */
	FIGURES_KEYS,	   /* authenticate, open, the chip's two keys */
	FIGURES_WRITE,	   /* STORE DATA of all files and secrets */
	FIGURES_READ_BACK, /* every file under the same session */
	FIGURES_SEAL,	   /* close, secure, lock */
	FIGURES_PROVE,	   /* the old keys are refused */
	FIGURES_INSPECT,   /* like a reader in the field */
	FIGURES_PHASE_COUNT
};
const char *figures_phase_name(enum figures_phase p); /* "write" */

struct figures_cost {
	uint64_t apdus;
	uint64_t bytes; /* commands and answers with status words */
};

struct figures {
	enum figures_phase now;
	struct figures_cost spent[FIGURES_PHASE_COUNT];
	/* Part of spent: commands of the protocols, which carry no file and whose number is fixed. */
	struct figures_cost fixed[FIGURES_PHASE_COUNT];
	/* Of the file part, set by who knows the files; figures_finish completes it. */
	struct figures_cost least[FIGURES_PHASE_COUNT];
	int64_t ms[FIGURES_PHASE_COUNT];
};

/* A reader_trace_hook; ctx is the struct figures. */
void figures_count(void *ctx, struct bytes command, struct bytes answer, cc_status st);

/* Least cost of carrying `payload` bytes of DGIs with the channel's present layer and lengths. */
struct figures_cost figures_write_least(const struct channel *ch, size_t payload);
/* Of reading the files with READ BINARY B1 (GlobalPlatform session). */
struct figures_cost figures_read_back_least(const struct channel *ch, const struct lds_set *files);
/* Of reading EF.CardAccess in the clear and all other files under secure messaging with `alg`. */
struct figures_cost figures_inspect_least(const struct channel *ch, const struct lds_set *files, enum cipher_alg alg);

/* Adds the fixed part to least; phases without files have no cheaper way than what was spent. */
void figures_finish(struct figures *f);
struct figures_cost figures_sum(const struct figures_cost costs[FIGURES_PHASE_COUNT]);
/* Thousandths: spent against least, 1000 = equal. 0 when least is 0. */
unsigned figures_permille(uint64_t spent, uint64_t least);

#endif
