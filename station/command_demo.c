/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "station/demo.h"
#include "station/lab/lab.h"
#include "station/whole_number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEOPLE_DEFAULT "tests/data/people/people.jsonl"

static const struct option_spec demo_options[] = {
	{ "--people", "FILE", "fictional people to issue cards for (" PEOPLE_DEFAULT ")", "người giả định (" PEOPLE_DEFAULT ")" },
	{ "--chips", "N", "readers with software chips, 1 to 16 (4)", "số đầu đọc với chíp mô phỏng, 1 đến 16 (4)" },
	{ "--in-lab", NULL, "used by the demo itself, inside its lab", "dùng nội bộ, trong phòng thử của demo" },
	{ NULL, NULL, NULL, NULL },
};

/* A station that somebody works with is never taken for a demo: without --home or CCCD_HOME the demo has a place of its own. */
static void choose_home(struct config *c)
{
	const char *user = getenv("HOME");
	char ordinary[PATH_MAX];

	if (getenv("CCCD_HOME"))
		return;
	(void)snprintf(ordinary, sizeof ordinary, "%s/.local/share/cccd", user ? user : ".");
	if (strcmp(c->home, ordinary) == 0)
		(void)snprintf(c->home, sizeof c->home, DEMO_HOME_DEFAULT);
}

static cc_status read_chips(const struct invocation *inv, unsigned *ret, struct cc_error *err)
{
	uint64_t n = DEMO_CHIPS_DEFAULT;

	if (!whole_number_option(inv, "--chips", 1, LAB_CHIPS_MAX, &n))
		return cc_fail(err, CC_E_ARG, "demo.chips", "--chips: 1 to %d", LAB_CHIPS_MAX);
	*ret = (unsigned)n;
	return cc_ok();
}

/* The second half runs inside the lab, as a command of its own: that is how a station meets a reader service. */
static cc_status run_in_lab(const struct config *c, unsigned chips, int *ret_exit, struct cc_error *err)
{
	char self[] = "/proc/self/exe", noun[] = "demo", in_lab[] = "--in-lab", home[] = "--home", password[] = "--password-file",
	     lang[] = "--lang", vi[] = "vi", en[] = "en", home_path[PATH_MAX], password_path[PATH_MAX];
	char *command[] = {
		self, noun, in_lab, home, home_path, password, password_path, lang, c->lang == LANG_VI ? vi : en, NULL
	};
	const struct lab_options options = { .chips = chips, .command = command };
	struct keystore *ks = NULL;
	cc_status st;

	(void)snprintf(home_path, sizeof home_path, "%s", c->home);
	(void)snprintf(password_path, sizeof password_path, "%s", c->password_file);
	if (cc_failed(st = config_open_keystore(c, &ks, err)))
		return st;
	st = lab_run(c, &options, ks, ret_exit, err);
	keystore_close(&ks);
	return st;
}

static cc_status whole_demo(struct invocation *inv, int *ret_exit, struct cc_error *err)
{
	const char *people = invocation_option(inv, "--people");
	struct config *c = &inv->config;
	unsigned chips = 0;
	cc_status st;

	choose_home(c);
	if (cc_failed(st = read_chips(inv, &chips, err)) || cc_failed(st = demo_prepare(c, err)) ||
	    cc_failed(st = demo_fill(c, people ? people : PEOPLE_DEFAULT, err)))
		return st;
	return run_in_lab(c, chips, ret_exit, err);
}

static int command_demo(struct invocation *inv)
{
	struct cc_error err;
	bool good = false;
	int code = EXIT_FAILED;
	cc_status st;

	cc_error_init(&err);
	if (invocation_option(inv, "--in-lab")) {
		st = demo_stage(&inv->config, &good, &err);
		code = good ? EXIT_DONE : EXIT_CHECK_NO;
	} else {
		st = whole_demo(inv, &code, &err);
	}
	return cc_failed(st) ? invocation_fail(inv, &err) : code;
}

const struct command commands_demo[] = {
	{ "demo", NULL, "", 0, 0, "issue and inspect cards of fictional people on software chips",
	  "cấp và kiểm tra thẻ của người giả định trên chíp mô phỏng", demo_options, command_demo },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
