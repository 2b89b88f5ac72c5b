/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_COMMAND_H
#define CC_STATION_COMMAND_H

#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "station/config.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The command line: `cccd NOUN VERB [options] [arguments]`. One table makes
 * parser, --help and the manual. Each noun has one file, command_NOUN.c, that
 * exports its rows; command.c lists the nouns.
 */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_CHECK_NO = 3, /* a check said no: verdict failed, person on hold, card spoiled */
	EXIT_NOT_ALLOWED = 4,
	EXIT_DEVICE = 5, /* reader, card, pcscd */
};

struct option_spec {
	const char *name;    /* "--mrz" */
	const char *operand; /* "FILE", or NULL: a switch */
	const char *help_en;
	const char *help_vi;
};

struct invocation;

struct command {
	const char *noun;
	const char *verb;		  /* NULL: the noun alone is the command (doctor, demo) */
	const char *arguments;		  /* "NUMBER", "DIR", "-- COMMAND": for usage */
	int arguments_min, arguments_max; /* max -1: any number, all after "--" included */
	const char *help_en;
	const char *help_vi;
	const struct option_spec *options; /* ends with {0}; may be NULL. --home, --lang, --json, --reader, --dry-run, --verbose,
					      --help exist everywhere */
	int (*run)(struct invocation *inv);
};

struct invocation {
	const struct command *command;
	struct config config;
	char **arguments;
	int argument_count;
	const char *option_values[32]; /* by the option's place in command->options; "" for a set switch, NULL: not given */
};

/* Value of an option of this command ("--mrz"): NULL when not given, "" for a switch. Asserts that the option exists. */
const char *invocation_option(const struct invocation *inv, const char *name);

/*
 * Tells the user what went wrong on stderr: the sentence of err->key in the
 * user's language with its next action, then the technical detail. Returns the
 * exit code that fits err->code (device 5, denied 4, held or verify 3, argument 2, else 1).
 */
int invocation_fail(const struct invocation *inv, const struct cc_error *err);

/* Ends with a row whose noun is NULL. */
extern const struct command commands_portrait[], commands_exchange[], commands_finger[];
extern const struct command commands_registry_import[], commands_registry_rotate[], commands_registry_gate[];
extern const struct command commands_registry_feed[], commands_registry_photo[], commands_registry_recheck[],
	commands_registry_distinct[], commands_registry_forms[], commands_registry_apply[], commands_registry_reconcile[],
	commands_registry_export[];
extern const struct command commands_reader[], commands_pki[], commands_registry[], commands_card[], commands_lab[],
	commands_doctor[], commands_settings[], commands_demo[];

int command_main(int argc, char **argv);

#endif
