/* SPDX-License-Identifier: Apache-2.0 */
#include "station/card_inspect.h"

#include "card/lds/dg13.h"
#include "tests/support/lds_fixture.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The commands as the command line runs them; what they print goes to files of the fixture's folder. */
struct world {
	struct lds_fixture f;
	struct command inspect, verify;
};

static int setup(void **state)
{
	static struct world w;
	char trust[256];

	lds_fixture(&w.f, EC_BP256, HASH_SHA256);
	fixture_path(&w.f.folder, "trust", trust, sizeof trust);
	assert_int_equal(sys_make_dirs(trust, 0700, NULL).code, CC_OK);
	fixture_write(&w.f.folder, "trust/csca.cer", cert_der(w.f.csca));
	w.inspect = (struct command){ .noun = "card", .verb = "inspect", .options = card_inspect_options };
	w.verify = (struct command){ .noun = "card", .verb = "verify", .options = card_verify_options };
	/* No pcscd of the machine is asked. */
	assert_int_equal(setenv("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm", 1), 0);
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	lds_fixture_done(&w->f);
	return 0;
}

static void set_option(struct invocation *inv, const char *name, const char *value)
{
	for (size_t i = 0; inv->command->options[i].name != NULL; i++) {
		if (strcmp(inv->command->options[i].name, name) == 0)
			inv->option_values[i] = value;
	}
	assert_string_equal(invocation_option(inv, name), value);
}

static struct invocation invocation(struct world *w, const struct command *c, bool json)
{
	struct invocation inv = { .command = c };

	inv.config.sys = &w->f.sys.sys;
	inv.config.lang = LANG_EN;
	inv.config.json = json;
	(void)snprintf(inv.config.home, sizeof inv.config.home, "%s/home", w->f.folder.path);
	return inv;
}

/* Runs with standard output and error in files, standard input empty. */
static int run(struct world *w, struct invocation *inv, int (*command)(struct invocation *), struct buf *ret_out)
{
	char out[256], err[256];
	int keep_out = dup(1), keep_err = dup(2), keep_in = dup(0), rc;

	fixture_path(&w->f.folder, "stdout", out, sizeof out);
	fixture_path(&w->f.folder, "stderr", err, sizeof err);
	(void)fflush(stdout);
	assert_non_null(freopen(out, "w", stdout));
	assert_non_null(freopen(err, "w", stderr));
	assert_non_null(freopen("/dev/null", "r", stdin));
	rc = command(inv);
	(void)fflush(stdout);
	(void)fflush(stderr);
	(void)dup2(keep_out, 1);
	(void)dup2(keep_err, 2);
	(void)dup2(keep_in, 0);
	(void)close(keep_out);
	(void)close(keep_err);
	(void)close(keep_in);
	assert_int_equal(sys_read_file(out, 1 << 20, ret_out, NULL).code, CC_OK);
	return rc;
}

static const char *fixture_of(struct world *w, const char *name)
{
	static char path[2][256];
	static unsigned turn;

	turn ^= 1u;
	fixture_path(&w->f.folder, name, path[turn], sizeof path[turn]);
	return path[turn];
}

/* `cccd card verify` on a folder that was written anew; the JSON that came out. */
static json_t *verify(struct world *w, const struct lds_set *set, const char *trust, int want_rc)
{
	char dump[256];
	char *arguments[] = { dump, NULL };
	struct invocation inv = invocation(w, &w->verify, true);
	struct buf out = { 0 };
	json_t *root;

	assert_int_equal(fixture_run(&w->f.folder, "rm -rf dump"), 0);
	fixture_path(&w->f.folder, "dump", dump, sizeof dump);
	assert_int_equal(lds_set_save(set, dump, NULL).code, CC_OK);
	inv.arguments = arguments;
	inv.argument_count = 1;
	if (trust != NULL)
		set_option(&inv, "--trust", trust);
	assert_int_equal(run(w, &inv, command_card_verify, &out), want_rc);
	root = json_loadb((const char *)out.p, out.n, 0, NULL);
	buf_done(&out);
	return root;
}

static const char *check_result(const json_t *root, const char *id)
{
	const json_t *check;
	size_t i;

	json_array_foreach(json_object_get(root, "checks"), i, check)
	{
		if (strcmp(json_string_value(json_object_get(check, "id")), id) == 0)
			return json_string_value(json_object_get(check, "result"));
	}
	return "none";
}

static void card(struct world *w, struct lds_set *set)
{
	memset(set, 0, sizeof *set);
	lds_fixture_files(&w->f, (struct bytes){ 0 }, (struct bytes){ 0 }, set);
	lds_fixture_sign(&w->f, 0, set);
}

static void genuine_folder_is_good(void **state)
{
	struct world *w = *state;
	struct lds_set set;
	json_t *root;

	card(w, &set);
	root = verify(w, &set, fixture_of(w, "trust"), EXIT_DONE);
	assert_int_equal(json_integer_value(json_object_get(root, "schema")), 1);
	assert_string_equal(json_string_value(json_object_get(root, "verdict")), "passed");
	assert_string_equal(json_string_value(json_object_get(root, "access")), "none");
	assert_string_equal(check_result(root, "sod.chain"), "passed");
	assert_string_equal(check_result(root, "dg13.name"), "passed");
	assert_string_equal(check_result(root, "chip-authentication"), "unavailable");
	assert_string_equal(json_string_value(json_object_get(json_object_get(root, "mrz"), "personal_number")),
			    LDS_FIXTURE_NUMBER);
	assert_string_equal(json_string_value(json_object_get(json_object_get(root, "dg13"), "name")), "Nguyễn Văn Đức");
	assert_int_equal(json_array_size(json_object_get(root, "files")), 8);
	json_decref(root);
	lds_set_done(&set);
}

/* The digests that are printed are those of sha256sum. */
static void digests_are_those_of_the_files(void **state)
{
	struct world *w = *state;
	struct lds_set set;
	json_t *root, *file;
	size_t i;

	card(w, &set);
	root = verify(w, &set, fixture_of(w, "trust"), EXIT_DONE);
	json_array_foreach(json_object_get(root, "files"), i, file)
	{
		char command[512];

		(void)snprintf(command, sizeof command, "sha256sum dump/%s | tr a-f A-F | grep -q ^%s",
			       json_string_value(json_object_get(file, "name")),
			       json_string_value(json_object_get(file, "sha256")));
		assert_int_equal(fixture_run(&w->f.folder, command), 0);
	}
	json_decref(root);
	lds_set_done(&set);
}

static void without_trust_it_is_undecided_and_no_success(void **state)
{
	struct world *w = *state;
	struct lds_set set;
	json_t *root;

	card(w, &set);
	root = verify(w, &set, NULL, EXIT_CHECK_NO); /* the home has no trust folder */
	assert_string_equal(json_string_value(json_object_get(root, "verdict")), "inconclusive");
	json_decref(root);
	root = verify(w, &set, "/nonexistent/trust", EXIT_FAILED);
	assert_null(root);
	lds_set_done(&set);
}

static void changed_folder_is_bad(void **state)
{
	struct world *w = *state;
	struct lds_set set;
	json_t *root;

	card(w, &set);
	set.files[lds_dg(2)].p[1000] ^= 1;
	root = verify(w, &set, fixture_of(w, "trust"), EXIT_CHECK_NO);
	assert_string_equal(json_string_value(json_object_get(root, "verdict")), "failed");
	assert_string_equal(check_result(root, "sod.dg2"), "failed");
	json_decref(root);
	lds_set_done(&set);
}

/* Signed, and yet another person's name in DG13 than in the MRZ. */
static void name_of_another_person_is_bad(void **state)
{
	struct world *w = *state;
	const struct dg13 other = { .number = BYTES_LITERAL(LDS_FIXTURE_NUMBER), .name = BYTES_LITERAL("Nguyễn Văn Đúc Em") };
	struct lds_set set;
	struct buf file = { 0 };
	json_t *root;

	memset(&set, 0, sizeof set);
	lds_fixture_files(&w->f, (struct bytes){ 0 }, (struct bytes){ 0 }, &set);
	assert_int_equal(dg13_encode(&other, &file, NULL, NULL).code, CC_OK);
	assert_int_equal(lds_set_put(&set, lds_dg(13), buf_view(&file)).code, CC_OK);
	lds_fixture_sign(&w->f, 0, &set);
	root = verify(w, &set, fixture_of(w, "trust"), EXIT_CHECK_NO);
	assert_string_equal(check_result(root, "dg13.name"), "failed");
	assert_string_equal(json_string_value(json_object_get(root, "verdict")), "failed");
	json_decref(root);
	buf_done(&file);
	lds_set_done(&set);
}

/* Files full of control characters: nothing of them reaches the terminal. */
static void hostile_text_is_not_printed_raw(void **state)
{
	struct world *w = *state;
	char dump[256];
	char *arguments[] = { dump, NULL };
	struct invocation inv = invocation(w, &w->verify, false);
	struct lds_set set;
	struct buf out = { 0 };

	card(w, &set);
	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		for (size_t i = 4; i < set.files[f].n; i++)
			set.files[f].p[i] = i % 2 != 0 ? 0x1B : 0x9B;
	}
	fixture_path(&w->f.folder, "hostile", dump, sizeof dump);
	assert_int_equal(lds_set_save(&set, dump, NULL).code, CC_OK);
	inv.arguments = arguments;
	inv.argument_count = 1;
	assert_int_equal(run(w, &inv, command_card_verify, &out), EXIT_CHECK_NO);
	for (size_t i = 0; i < out.n; i++)
		assert_true(out.p[i] >= 0x20 || out.p[i] == '\n');
	assert_null(memchr(out.p, 0x1B, out.n));
	buf_done(&out);
	lds_set_done(&set);
}

static void empty_folder_is_told(void **state)
{
	struct world *w = *state;
	char folder[256];
	char *arguments[] = { folder, NULL };
	struct invocation inv = invocation(w, &w->verify, true);
	struct buf out = { 0 };

	fixture_path(&w->f.folder, "trust", folder, sizeof folder);
	inv.arguments = arguments;
	inv.argument_count = 1;
	assert_int_equal(run(w, &inv, command_card_verify, &out), EXIT_FAILED);
	assert_int_equal(out.n, 0);
	buf_done(&out);
}

/* ---- inspect, up to the reader */
struct keys_case {
	const char *option, *value, *option2, *value2;
	int want;
};

#define MRZ_LINES "IDVNM0900000007001090000000<<8\n9002155M3002153VNM<<<<<<<<<<<2\nNGUYEN<<VAN<DUC<<<<<<<<<<<<<<<"

static void keys_are_checked_before_the_reader_is_touched(void **state)
{
	static const struct keys_case cases[] = {
		{ NULL, NULL, NULL, NULL, EXIT_USAGE }, /* no terminal to ask on */
		{ "--can", "12345", NULL, NULL, EXIT_USAGE },
		{ "--can", "12345x", NULL, NULL, EXIT_USAGE },
		{ "--can", "000000", "--number", LDS_FIXTURE_NUMBER, EXIT_USAGE },
		{ "--number", "00109000000", NULL, NULL, EXIT_USAGE },
		{ "--number", LDS_FIXTURE_NUMBER, "--birth", "15/02/1990", EXIT_USAGE },
		{ "--number", LDS_FIXTURE_NUMBER, "--birth", "15.02.1990", EXIT_USAGE },
		{ "--mrz", "IDVNM", NULL, NULL, EXIT_USAGE },
		{ "--mrz", "IDVNM0900000007001090000000<<8\n9002156M3002153VNM<<<<<<<<<<<2\nNGUYEN<<VAN<DUC", NULL, NULL,
		  EXIT_USAGE },
		/* Good keys: the next thing missing is pcscd. */
		{ "--can", "000000", NULL, NULL, EXIT_DEVICE },
		{ "--number", LDS_FIXTURE_NUMBER, NULL, NULL, EXIT_DEVICE },
		{ "--mrz", MRZ_LINES, NULL, NULL, EXIT_DEVICE },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct invocation inv = invocation(w, &w->inspect, true);
		struct buf out = { 0 };
		int rc;

		if (cases[i].option != NULL)
			set_option(&inv, cases[i].option, cases[i].value);
		if (cases[i].option2 != NULL)
			set_option(&inv, cases[i].option2, cases[i].value2);
		rc = run(w, &inv, command_card_inspect, &out);
		if (rc != cases[i].want || out.n != 0)
			fail_msg("case %zu: exit code %d: %.*s", i, rc, (int)out.n, (const char *)out.p);
		buf_done(&out);
	}
}

static void dates_have_three_forms(void **state)
{
	static const char *const births[] = { "15/02/1990", "1990-02-15", "900215" };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof births / sizeof births[0]; i++) {
		struct invocation inv = invocation(w, &w->inspect, true);
		struct buf out = { 0 };

		set_option(&inv, "--number", LDS_FIXTURE_NUMBER);
		set_option(&inv, "--birth", births[i]);
		set_option(&inv, "--expiry", "2030-02-15");
		assert_int_equal(run(w, &inv, command_card_inspect, &out), EXIT_DEVICE);
		buf_done(&out);
	}
}

static void mrz_may_come_from_a_file(void **state)
{
	struct world *w = *state;
	struct invocation inv = invocation(w, &w->inspect, true);
	struct buf out = { 0 };

	fixture_write(&w->f.folder, "mrz.txt", BYTES_LITERAL(MRZ_LINES "\n"));
	set_option(&inv, "--mrz", fixture_of(w, "mrz.txt"));
	assert_int_equal(run(w, &inv, command_card_inspect, &out), EXIT_DEVICE);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(genuine_folder_is_good),
		cmocka_unit_test(digests_are_those_of_the_files),
		cmocka_unit_test(without_trust_it_is_undecided_and_no_success),
		cmocka_unit_test(changed_folder_is_bad),
		cmocka_unit_test(name_of_another_person_is_bad),
		cmocka_unit_test(hostile_text_is_not_printed_raw),
		cmocka_unit_test(empty_folder_is_told),
		cmocka_unit_test(keys_are_checked_before_the_reader_is_touched),
		cmocka_unit_test(dates_have_three_forms),
		cmocka_unit_test(mrz_may_come_from_a_file),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
