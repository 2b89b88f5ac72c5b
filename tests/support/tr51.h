/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_TR51_H
#define CC_TESTS_SUPPORT_TR51_H

#include "card/inspect/inspect.h"
#include "card/inspect/lint.h"
#include "tests/support/chip_made.h"
#include "tests/support/document_fixture.h"
#include "tests/support/lint_plants.h"
#include "tests/support/sys_fake.h"
#include "tests/support/terminal_made.h"

#include <stdbool.h>

/*
 * BSI TR-03105 part 5.1 against our verifier: the inspection (files, or a chip
 * behind a wire that may change what it says) and lint.
 */
enum tr51_result { TR51_UNKNOWN, TR51_PASSED, TR51_FAILED, TR51_NOT_APPLICABLE };

struct tr51_rig {
	struct document_fixture doc;
	struct document_fixture saved; /* its files alone */
	struct mrz printed;
	bool with_printed;
	struct lint_report lint;
	struct inspection inspection;
	char why[240];	/* of a case that failed */
	char note[240]; /* by what a defect was seen */
};
void tr51_rig_init(struct tr51_rig *r);
void tr51_rig_done(struct tr51_rig *r);
void tr51_restore(struct tr51_rig *r);
/* lint and the inspection of the files as they are now. */
void tr51_judge(struct tr51_rig *r);

bool tr51_is(struct tr51_rig *r, const char *what, bool good);
void tr51_note(struct tr51_rig *r, const char *fmt, ...) CC_PRINTF(2, 3);
/* "com.structure: not 60 ..." */
const char *tr51_first_failed(const struct inspection *i);
const char *tr51_first_error(const struct lint_report *r);

/* ---- a chip behind a wire */
enum tr51_fault_kind {
	TR51_NO_FAULT,
	TR51_STATUS, /* this status word and nothing else */
	TR51_TAG,    /* the tag of the object inside 7C */
	TR51_FLIP,   /* one bit of the last byte of the object inside 7C, or of the answer's data */
	TR51_FIRST,  /* one bit of the first byte of the answer's data */
	TR51_DROP,   /* the object with `tag` is left out of a protected answer */
	TR51_SPOIL,  /* one bit of the object with `tag` */
	TR51_POINT,  /* content of the object inside 7C: hex */
	TR51_ECHO,   /* content of the object inside 7C: what the terminal sent */
	TR51_ADD,    /* hex behind the object inside 7C */
	TR51_REPLAY, /* the protected answer before this one */
};
struct tr51_fault {
	enum tr51_fault_kind kind;
	uint8_t ins;	/* of the command; 0: any */
	unsigned nth;	/* the first is 1; 0: each */
	uint16_t tag;	/* DROP, SPOIL, TAG; STATUS: the status word */
	uint8_t object; /* inside 7C: the one that is changed; 0: the first */
	uint8_t after;	/* counting begins behind the first command with this INS; 0: at once */
	const char *hex;
};
struct tr51_chip {
	struct chip_made_options options;
	struct tr51_fault fault;
	const struct terminal *terminal;
	bool by_can, allow_bac;
	const struct trust *trust; /* NULL: the rig's */
	/* Changes files of the set before it is signed; NULL: none. */
	void (*before)(struct lds_set *set);
	void (*on_chip)(struct chip_made *made); /* after that, on the chip */
};
/* Inspects that chip; r->inspection holds what was seen. */
cc_status tr51_chip_inspect(struct tr51_rig *r, const struct tr51_chip *c);
bool tr51_passes(struct tr51_rig *r, const struct tr51_chip *c);
/* Whatever happened, it is not "passed"; id (may be NULL): this check must not have passed. */
bool tr51_fails(struct tr51_rig *r, const struct tr51_chip *c, const char *id);

/* ---- the units: TR51_UNKNOWN when the case is another unit's. */
enum tr51_result tr51_lds_run(struct tr51_rig *r, const char *id);
enum tr51_result tr51_signer_run(struct tr51_rig *r, const char *id); /* signatures of every kind */
enum tr51_result tr51_chip_run(struct tr51_rig *r, const char *id);
enum tr51_result tr51_terminal_run(struct tr51_rig *r, const char *id);
enum tr51_result tr51_plain_run(struct tr51_rig *r, const char *id); /* a chip without access control */

#endif
