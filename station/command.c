/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "crypto/base/log.h"
#include "station/command_example.h"
#include "station/exit_code.h"
#include "station/message.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION "0.1"

/* One row a noun; `cccd help` lists them in this order. */
static const struct command *const nouns[] = {
	commands_registry,
	commands_registry_import,
	commands_registry_rotate,
	commands_registry_gate,
	commands_registry_recheck,
	commands_registry_feed,
	commands_registry_forms,
	commands_registry_photo,
	commands_registry_distinct,
	commands_registry_apply,
	commands_registry_reconcile,
	commands_registry_export,
	commands_doctor,
	commands_settings,
	commands_card,
	commands_lab,
	commands_reader,
	commands_pki,
	commands_portrait,
	commands_exchange,
	commands_finger,
	commands_demo,
};
#define NOUN_COUNT (sizeof nouns / sizeof nouns[0])

enum everywhere {
	OPT_HOME,
	OPT_READER,
	OPT_STORE,
	OPT_PASSWORD_FILE,
	OPT_LANG,
	OPT_JSON,
	OPT_DRY_RUN,
	OPT_VERBOSE,
	OPT_HELP,
	OPT_COUNT
};

static const struct option_spec everywhere[OPT_COUNT + 1] = {
	[OPT_HOME] = { "--home", "DIR", "the station's folder (CCCD_HOME)", "thư mục của trạm (CCCD_HOME)" },
	[OPT_READER] = { "--reader", "NAME", "card reader by name (CCCD_READER)", "đầu đọc theo tên (CCCD_READER)" },
	[OPT_STORE] = { "--store", "PLACE", "postgres://... or a file; default HOME/station.db (CCCD_STORE)",
			"postgres://... hoặc tệp; mặc định HOME/station.db (CCCD_STORE)" },
	[OPT_PASSWORD_FILE] = { "--password-file", "FILE", "password of the key store (CCCD_PASSWORD_FILE)",
				"tệp mật khẩu của kho khóa (CCCD_PASSWORD_FILE)" },
	[OPT_LANG] = { "--lang", "vi|en", "language of messages (CCCD_LANG)", "ngôn ngữ thông báo (CCCD_LANG)" },
	[OPT_JSON] = { "--json", NULL, "machine-readable output", "kết quả cho máy đọc" },
	[OPT_DRY_RUN] = { "--dry-run", NULL, "say what would be done, change nothing", "chỉ nói sẽ làm gì, không thay đổi gì" },
	[OPT_VERBOSE] = { "--verbose", NULL, "technical log on stderr", "nhật ký kỹ thuật ra stderr" },
	[OPT_HELP] = { "--help", NULL, "this text", "hiện phần trợ giúp này" },
};

static const char *pick(enum lang lang, const char *vi, const char *en)
{
	return lang == LANG_VI ? vi : en;
}

static size_t option_count(const struct option_spec *options)
{
	size_t n = 0;

	while (options != NULL && options[n].name != NULL)
		n++;
	return n;
}

/* ---- help */

/* What is wider than its column has the line for itself. */
static void print_row(const char *left, int columns, const char *text)
{
	if (strlen(left) > (size_t)columns)
		(void)printf("  %s\n  %*s %s\n", left, columns, "", text);
	else
		(void)printf("  %-*s %s\n", columns, left, text);
}

static void print_options(const struct option_spec *options, enum lang lang)
{
	for (size_t i = 0; i < option_count(options); i++) {
		char left[64];

		(void)snprintf(left, sizeof left, "%s %s", options[i].name, options[i].operand != NULL ? options[i].operand : "");
		print_row(left, 28, pick(lang, options[i].help_vi, options[i].help_en));
	}
}

static void print_usage_line(FILE *out, const struct command *c)
{
	(void)fprintf(out, "cccd %s%s%s%s%s%s\n", c->noun, c->verb != NULL ? " " : "", c->verb != NULL ? c->verb : "",
		      option_count(c->options) > 0 ? " [...]" : "", c->arguments[0] != '\0' ? " " : "", c->arguments);
}

static void print_everywhere(enum lang lang)
{
	(void)printf("\n%s\n", pick(lang, "Tùy chọn chung:", "Options everywhere:"));
	print_options(everywhere, lang);
	(void)printf("\n%s\n",
		     pick(lang,
			  "Mã thoát: 0 xong, 1 không làm được, 2 sai cách dùng, 3 kiểm tra không đạt, 4 không được phép, "
			  "5 thiết bị",
			  "Exit codes: 0 done, 1 failed, 2 usage, 3 a check said no, 4 not allowed, 5 device"));
}

/* noun: its commands alone; NULL: all. */
static int help_all(enum lang lang, const char *noun)
{
	(void)printf("%s\n\n", pick(lang, "cccd: trạm cá thể hóa và cấp thẻ căn cước gắn chíp",
				    "cccd: personalizes and issues Vietnamese chip identity cards"));
	for (size_t i = 0; i < NOUN_COUNT; i++) {
		for (const struct command *c = nouns[i]; c->noun != NULL; c++) {
			char left[128];

			if (noun != NULL && strcmp(c->noun, noun) != 0)
				continue;
			(void)snprintf(left, sizeof left, "cccd %s%s%s %s", c->noun, c->verb != NULL ? " " : "",
				       c->verb != NULL ? c->verb : "", c->arguments);
			print_row(left, 46, pick(lang, c->help_vi, c->help_en));
		}
	}
	print_everywhere(lang);
	(void)printf("\n%s\n",
		     pick(lang, "Chi tiết một lệnh: cccd DANH-TỪ ĐỘNG-TỪ --help", "About one command: cccd NOUN VERB --help"));
	return EXIT_DONE;
}

/* Each line of the example a step further in. */
static void print_example(const struct command *c, enum lang lang)
{
	const struct command_example *e = command_example_of(c);

	if (e == NULL)
		return;
	if (e->needs_vi != NULL)
		(void)printf("\n%s: %s\n", pick(lang, "Cần có", "Needs"), pick(lang, e->needs_vi, e->needs_en));
	(void)printf("\n%s:\n", pick(lang, "Ví dụ", "Example"));
	for (const char *line = e->lines; *line != '\0';) {
		size_t n = strcspn(line, "\n");

		(void)printf("  %.*s\n", (int)n, line);
		line += n + (line[n] == '\n');
	}
}

static int help_command(const struct command *c, enum lang lang)
{
	print_usage_line(stdout, c);
	(void)printf("  %s\n", pick(lang, c->help_vi, c->help_en));
	print_example(c, lang);
	if (option_count(c->options) > 0) {
		(void)printf("\n%s\n", pick(lang, "Tùy chọn:", "Options:"));
		print_options(c->options, lang);
	}
	print_everywhere(lang);
	return EXIT_DONE;
}

/* ---- parsing */

static const struct command *find_command(const char *noun, const char *verb, bool *ret_noun_known)
{
	*ret_noun_known = false;
	for (size_t i = 0; i < NOUN_COUNT; i++) {
		for (const struct command *c = nouns[i]; c->noun != NULL; c++) {
			if (strcmp(c->noun, noun) != 0)
				continue;
			*ret_noun_known = true;
			if (c->verb == NULL || (verb != NULL && strcmp(c->verb, verb) == 0))
				return c;
		}
	}
	return NULL;
}

static int find_option(const struct option_spec *options, const char *arg, size_t name_len)
{
	for (size_t i = 0; i < option_count(options); i++) {
		if (strlen(options[i].name) == name_len && strncmp(options[i].name, arg, name_len) == 0)
			return (int)i;
	}
	return -1;
}

static bool copy_text(char *out, size_t cap, const char *value)
{
	return snprintf(out, cap, "%s", value) < (int)cap;
}

static bool apply_everywhere(struct config *config, int option, const char *value)
{
	switch ((enum everywhere)option) {
	case OPT_HOME:
		return copy_text(config->home, sizeof config->home, value);
	case OPT_READER:
		return copy_text(config->reader, sizeof config->reader, value);
	case OPT_STORE:
		return copy_text(config->store, sizeof config->store, value);
	case OPT_PASSWORD_FILE:
		return copy_text(config->password_file, sizeof config->password_file, value);
	case OPT_LANG:
		return config_set_lang(config, value);
	case OPT_JSON:
		config->json = true;
		return true;
	case OPT_DRY_RUN:
		config->dry_run = true;
		return true;
	case OPT_VERBOSE:
		config->verbose = true;
		return true;
	case OPT_HELP:
	case OPT_COUNT:
		break;
	}
	return true;
}

/* Where to read on: the command's own help, else that of all. */
static void print_see(enum lang lang, const char *noun, const char *verb)
{
	(void)fprintf(stderr, "  %s: cccd %s%s%s%s--help\n", pick(lang, "Xem", "See"), noun != NULL ? noun : "",
		      noun != NULL ? " " : "", verb != NULL ? verb : "", verb != NULL ? " " : "");
}

static int usage_error(enum lang lang, const struct command *c, const char *what_vi, const char *what_en, const char *which)
{
	(void)fprintf(stderr, "cccd: %s: %s\n", pick(lang, what_vi, what_en), which);
	if (c != NULL) {
		(void)fprintf(stderr, "  ");
		print_usage_line(stderr, c);
	}
	print_see(lang, c != NULL ? c->noun : NULL, c != NULL ? c->verb : NULL);
	return EXIT_USAGE;
}

/* A word too many is most often the rest of a path or name that has spaces, or an option that isn't there. */
static int too_many_error(const struct invocation *inv, const char *word)
{
	const enum lang lang = inv->config.lang;

	if (word[0] == '-' && word[1] != '\0')
		return usage_error(lang, inv->command, "không có tùy chọn", "no such option", word);
	(void)usage_error(lang, inv->command, "thừa tham số", "one argument too many", word);
	(void)fprintf(stderr, "  %s\n",
		      pick(lang, "Đường dẫn hay tên có dấu cách thì đặt trong ngoặc kép: \"Hồ sơ 1/dân cư.csv\"",
			   "Put a path or name with spaces in double quotes: \"Rows 1/people.csv\""));
	return EXIT_USAGE;
}

/* How many of the letters stand at the same place, from both ends: "fnd" is close to "find". */
static size_t likeness(const char *a, const char *b)
{
	size_t m = strlen(a), n = strlen(b), head = 0, tail = 0;

	while (head < m && head < n && a[head] == b[head])
		head++;
	while (tail + head < m && tail + head < n && a[m - 1 - tail] == b[n - 1 - tail])
		tail++;
	return m > n + 2 || n > m + 2 ? 0 : head + tail;
}

/* The command that was most likely meant: the two words in the wrong order, or one of them mistyped. NULL: none is like it. */
static const struct command *likely_command(const char *noun, const char *verb)
{
	const struct command *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < NOUN_COUNT; i++) {
		for (const struct command *c = nouns[i]; c->noun != NULL; c++) {
			const char *own = c->verb != NULL ? c->verb : "", *typed = verb != NULL ? verb : "";
			bool turned = strcmp(c->noun, typed) == 0 && strcmp(own, noun) == 0;
			size_t like = turned			   ? SIZE_MAX
				      : strcmp(c->noun, noun) == 0 ? 2 * likeness(own, typed)
				      : strcmp(own, typed) == 0	   ? 2 * likeness(c->noun, noun)
								   : 0;

			/* At least about half of the word is as typed. */
			if (like > most && (turned || like >= strlen(strcmp(c->noun, noun) == 0 ? own : c->noun))) {
				most = like;
				best = c;
			}
		}
	}
	return best;
}

static int no_such_command(enum lang lang, const char *noun, const char *verb, bool noun_known)
{
	const struct command *likely = likely_command(noun, verb);

	(void)fprintf(stderr, "cccd: %s: %s\n", pick(lang, "không có lệnh", "no such command"), noun_known ? verb : noun);
	if (likely != NULL)
		(void)fprintf(stderr, "  %s: cccd %s%s%s\n", pick(lang, "Có phải", "Did you mean"), likely->noun,
			      likely->verb != NULL ? " " : "", likely->verb != NULL ? likely->verb : "");
	print_see(lang, noun_known ? noun : NULL, NULL);
	return EXIT_USAGE;
}

static int bad_value(const struct invocation *inv, const struct option_spec *spec, const char *value)
{
	char which[128];

	(void)snprintf(which, sizeof which, "%s %.40s (%s)", spec->name, value, spec->operand);
	return usage_error(inv->config.lang, inv->command, "giá trị không hợp lệ", "bad value", which);
}

struct parse {
	int argc;
	char **argv;
	int next;
	bool want_help;
	bool options_ended;
	const char *noun; /* of which help is wanted; NULL: of all */
};

/* One "--name", "--name=value" or "--name value". Returns EXIT_DONE or the usage error. */
static int parse_option(struct invocation *inv, struct parse *p)
{
	const char *arg = p->argv[p->next++];
	const char *equal = strchr(arg, '=');
	size_t name_len = equal != NULL ? (size_t)(equal - arg) : strlen(arg);
	const struct option_spec *own = inv->command != NULL ? inv->command->options : NULL;
	int place = find_option(own, arg, name_len);
	const struct option_spec *spec = place >= 0 ? &own[place] : NULL;
	int general = place >= 0 ? -1 : find_option(everywhere, arg, name_len);
	const char *value = equal != NULL ? equal + 1 : NULL;

	if (general >= 0)
		spec = &everywhere[general];
	if (spec == NULL)
		return usage_error(inv->config.lang, inv->command, "không có tùy chọn", "no such option", arg);
	if (spec->operand != NULL && value == NULL) {
		if (p->next >= p->argc)
			return usage_error(inv->config.lang, inv->command, "tùy chọn thiếu giá trị", "the option needs a value",
					   arg);
		value = p->argv[p->next++];
	}
	if (spec->operand == NULL && value != NULL)
		return usage_error(inv->config.lang, inv->command, "tùy chọn không nhận giá trị", "the option takes no value",
				   arg);
	if (place >= 0)
		inv->option_values[place] = value != NULL ? value : "";
	else if (general == OPT_HELP)
		p->want_help = true;
	else if (!apply_everywhere(&inv->config, general, value))
		return bad_value(inv, spec, value);
	return EXIT_DONE;
}

/* "--anything", or a short one that the command has ("-o"): a lone "-x" stays an argument. */
static bool is_option(const struct invocation *inv, const char *arg)
{
	if (strncmp(arg, "--", 2) == 0)
		return true;
	return arg[0] == '-' && inv->command != NULL && find_option(inv->command->options, arg, strlen(arg)) >= 0;
}

static int parse_arguments(struct invocation *inv, struct parse *p)
{
	while (p->next < p->argc) {
		char *arg = p->argv[p->next];
		int rc;

		if (!p->options_ended && strcmp(arg, "--") == 0) {
			p->options_ended = true;
			p->next++;
			continue;
		}
		if (!p->options_ended && is_option(inv, arg)) {
			rc = parse_option(inv, p);
			if (rc != EXIT_DONE)
				return rc;
			continue;
		}
		inv->arguments[inv->argument_count++] = arg;
		p->next++;
	}
	return EXIT_DONE;
}

static int parse_options(struct invocation *inv, struct parse *p)
{
	int rc = EXIT_DONE;

	while (rc == EXIT_DONE && p->next < p->argc && strncmp(p->argv[p->next], "--", 2) == 0)
		rc = parse_option(inv, p);
	return rc;
}

/* General options may stand before the noun; the noun and verb are the first words. */
static int parse_command_words(struct invocation *inv, struct parse *p)
{
	const char *noun, *verb;
	bool noun_known;

	int rc = parse_options(inv, p);

	if (rc != EXIT_DONE)
		return rc;
	if (p->next < p->argc && strcmp(p->argv[p->next], "help") == 0) {
		p->want_help = true;
		p->next++; /* `cccd help card issue` is `cccd card issue --help` */
		if ((rc = parse_options(inv, p)) != EXIT_DONE)
			return rc;
	}
	if (p->next >= p->argc) {
		p->want_help = true;
		return EXIT_DONE;
	}
	noun = p->argv[p->next++];
	verb = p->next < p->argc ? p->argv[p->next] : NULL;
	inv->command = find_command(noun, verb, &noun_known);
	if (inv->command == NULL && noun_known && (verb == NULL || strncmp(verb, "--", 2) == 0)) {
		p->want_help = true;
		p->noun = noun;
		return parse_options(inv, p);
	}
	if (inv->command == NULL)
		return no_such_command(inv->config.lang, noun, verb, noun_known);
	if (inv->command->verb != NULL)
		p->next++;
	return EXIT_DONE;
}

static int run_command(struct invocation *inv)
{
	const struct command *c = inv->command;

	if (inv->argument_count < c->arguments_min)
		return usage_error(inv->config.lang, c, "thiếu tham số", "an argument is missing", c->arguments);
	if (c->arguments_max >= 0 && inv->argument_count > c->arguments_max)
		return too_many_error(inv, inv->arguments[c->arguments_max]);
	if (inv->config.verbose)
		log_set_level(LOG_DEBUG);
	return c->run(inv);
}

static bool lang_is_asked(int argc, char **argv, struct config *config)
{
	for (int i = 1; i + 1 < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			return false;
		if (strcmp(argv[i], "--lang") == 0)
			return config_set_lang(config, argv[i + 1]);
	}
	return false;
}

int command_main(int argc, char **argv)
{
	struct invocation inv = { 0 };
	struct parse p = { .argc = argc, .argv = argv, .next = 1 };
	int rc;

	config_init(&inv.config);
	(void)lang_is_asked(argc, argv, &inv.config); /* so that usage errors before it speak the right language */
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		(void)printf("cccd %s\n", VERSION);
		return EXIT_DONE;
	}
	inv.arguments = calloc((size_t)argc + 1, sizeof *inv.arguments);
	if (inv.arguments == NULL)
		return EXIT_FAILED;
	rc = parse_command_words(&inv, &p);
	if (rc == EXIT_DONE && inv.command != NULL)
		rc = parse_arguments(&inv, &p);
	if (rc == EXIT_DONE && inv.command == NULL)
		rc = help_all(inv.config.lang, p.noun);
	else if (rc == EXIT_DONE && p.want_help)
		rc = help_command(inv.command, inv.config.lang);
	else if (rc == EXIT_DONE)
		rc = run_command(&inv);
	free(inv.arguments);
	if (fflush(stdout) != 0 && rc == EXIT_DONE)
		rc = EXIT_FAILED; /* a full disk must not look like success */
	return rc;
}

/* ---- what commands call */

const char *invocation_option(const struct invocation *inv, const char *name)
{
	int place = find_option(inv->command->options, name, strlen(name));

	CC_ASSERT(place >= 0);
	return inv->option_values[place];
}

int invocation_fail(const struct invocation *inv, const struct cc_error *err)
{
	const struct message *m = message_find(err->key);
	enum lang lang = inv->config.lang;

	(void)fprintf(stderr, "%s%s%s\n", pick(lang, "Lỗi: ", "Error: "), message_text(m, lang), "");
	(void)fprintf(stderr, "  %s%s\n", pick(lang, "Việc cần làm: ", "Next: "), message_next(m, lang));
	(void)fprintf(stderr, "  %s%s (%s): %s\n", pick(lang, "Chi tiết: ", "Detail: "), err->key != NULL ? err->key : "-",
		      cc_code_name(err->code), err->detail);
	return exit_code_of(err->code, err->key);
}
