/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_CARD_LINT_H
#define CC_STATION_CARD_LINT_H

#include "station/command.h"

/*
 * `cccd card lint DIR|NUMBER`: conformance of the bytes, and which readers in the
 * field would lose what. DIR: files of a dump, beside them EF_CardSecurity.bin,
 * EF_CVCA.bin, EF_ATR.bin where there are any. NUMBER: what would be issued for
 * this person, as far as it is made without a chip.
 *
 * JSON, schema 1: {"schema":1, "errors", "warnings", "notes", "findings":[{"rule",
 * "cases":[...], "severity", "file", "offset" or null, "text", "detail",
 * "clause"}], "readers":[{"family", "effect", "rule", "by_person", "file", "text",
 * "detail"}], "families"}. EXIT_CHECK_NO when a finding is an error.
 */
extern const struct option_spec card_lint_options[];

/* One argument. */
int command_card_lint(struct invocation *inv);

#endif
