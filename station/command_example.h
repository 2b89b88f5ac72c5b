/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_COMMAND_EXAMPLE_H
#define CC_STATION_COMMAND_EXAMPLE_H

#include "station/command.h"

/* What --help of a command adds to its table row: what must be there before, and lines to be typed as they stand. */
struct command_example {
	const char *noun, *verb;	 /* verb NULL: the noun alone */
	const char *lines;		 /* each ends with a newline, but the last */
	const char *needs_vi, *needs_en; /* NULL: nothing */
};

/* NULL: none is written; tests/regress/command_test.sh finds that. */
const struct command_example *command_example_of(const struct command *c);

#endif
