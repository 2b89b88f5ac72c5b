/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "card/reader.h"
#include "station/lab/lab.h"
#include "station/pki_home.h"
#include "station/whole_number.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SEEN_MAX_MS 5000
#define SEEN_POLL_MS 20

static const struct option_spec run_options[] = {
	{ "--chips", "N", "software chips, 1 to 16; default 1", "số chíp mềm, 1 đến 16; mặc định 1" },
	{ "--personality", "cccd|icao|scp02", "behave like the CCCD, like a passport, or like a CCCD on an older chip",
	  "ứng xử như thẻ CCCD, như hộ chiếu, hay như thẻ CCCD trên chíp đời cũ" },
	{ "--state", "DIR", "keep the chips' memories there", "giữ bộ nhớ chíp trong thư mục này" },
	{ "--short", NULL, "chips with short length only", "chíp chỉ có lệnh ngắn" },
	{ NULL, NULL, NULL, NULL },
};

/* The lab plays the chip maker: with a station's home its blanks carry keys from that station's master key. */
static cc_status open_maker_keys(const struct config *c, struct keystore **ret, struct cc_error *err)
{
	bool has = false;
	cc_status st = config_has_keystore(c, &has, err);

	return cc_failed(st) || !has ? st : config_open_keystore(c, ret, err);
}

static bool parse_personality(const char *name, enum softchip_personality *ret)
{
	static const char *const names[] = { [SOFTCHIP_CCCD] = "cccd", [SOFTCHIP_ICAO] = "icao", [SOFTCHIP_SCP02] = "scp02" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(name, names[i]) == 0) {
			*ret = (enum softchip_personality)i;
			return true;
		}
	}
	return false;
}

/* The maker of older chips and the station share a 3DES master key: the first lab with such chips makes it. */
static cc_status want_master(const struct lab_options *o, struct keystore *ks, struct cc_error *err)
{
	const struct keystore_key_info tdes = { .kind = KEYSTORE_TDES, .bits = 128 };
	bool made = false;

	if (ks == NULL || o->personality != SOFTCHIP_SCP02)
		return cc_ok();
	return pki_want_key(ks, LAB_MASTER_TDES_LABEL, tdes, &made, err);
}

static cc_status parse_run(const struct invocation *inv, struct lab_options *ret, struct cc_error *err)
{
	const char *personality = invocation_option(inv, "--personality");
	enum softchip_personality behave = SOFTCHIP_CCCD;
	uint64_t n = 1;

	if (!whole_number_option(inv, "--chips", 1, LAB_CHIPS_MAX, &n))
		return cc_fail(err, CC_E_ARG, "lab.too-many", "--chips %.40s", invocation_option(inv, "--chips"));
	if (personality != NULL && !parse_personality(personality, &behave))
		return cc_fail(err, CC_E_ARG, "lab.personality", "%.40s", personality);
	*ret = (struct lab_options){
		.chips = (unsigned)n,
		.personality = behave,
		.short_length = invocation_option(inv, "--short") != NULL,
		.state = invocation_option(inv, "--state"),
		.command = inv->arguments,
	};
	return cc_ok();
}

static int command_lab_run(struct invocation *inv)
{
	struct lab_options options;
	struct keystore *ks = NULL;
	struct cc_error err;
	int exit_code = EXIT_FAILED;
	cc_status st;

	cc_error_init(&err);
	st = parse_run(inv, &options, &err);
	if (!cc_failed(st))
		st = open_maker_keys(&inv->config, &ks, &err);
	if (!cc_failed(st))
		st = want_master(&options, ks, &err);
	if (!cc_failed(st))
		st = lab_run(&inv->config, &options, ks, &exit_code, &err);
	keystore_close(&ks);
	return cc_failed(st) ? invocation_fail(inv, &err) : exit_code;
}

/* ---- lab card */

static const struct option_spec card_options[] = {
	{ "--at", "N", "tear: at the N-th command from now", "tear: ở lệnh thứ N kể từ bây giờ" },
	{ "--kind", "before|after|mid-write", "tear: before the command, after it, or in the middle of its write",
	  "tear: trước lệnh, sau lệnh, hay giữa lúc ghi" },
	{ NULL, NULL, NULL, NULL },
};

static cc_status build_request(const struct invocation *inv, char *out, size_t cap, struct cc_error *err)
{
	const char *action = inv->arguments[0];
	const char *at = invocation_option(inv, "--at"), *kind = invocation_option(inv, "--kind");
	int n;

	if (strcmp(action, "tear") == 0)
		n = snprintf(out, cap, "tear %s %s", at != NULL ? at : "1", kind != NULL ? kind : "before");
	else if (strcmp(action, "insert") == 0 && inv->argument_count == 2)
		n = snprintf(out, cap, "insert %s", inv->arguments[1]);
	else if (inv->argument_count == 1)
		n = snprintf(out, cap, "%s", action);
	else
		n = -1;
	if (n < 0 || (size_t)n >= cap || strchr(out, '\n') != NULL)
		return cc_fail(err, CC_E_ARG, "lab.request", "new, eject, insert [FILE] or tear");
	return cc_ok();
}

/* The only reader with a card; when all cards are out, the only one that has a chip of the lab. */
static cc_status only_reader(char name[128], struct cc_error *err)
{
	struct reader_info readers[READER_PCSC_MAX];
	size_t count, with_card = 0, with_chip = 0;
	cc_status st = reader_pcsc_list(readers, READER_PCSC_MAX, &count, err);

	if (cc_failed(st))
		return st;
	for (size_t i = 0; i < count && i < READER_PCSC_MAX; i++) {
		with_chip += slot_exists(readers[i].name) ? 1 : 0;
		with_card += readers[i].card_present ? 1 : 0;
		if (readers[i].card_present || (with_card == 0 && slot_exists(readers[i].name)))
			memcpy(name, readers[i].name, sizeof readers[i].name);
	}
	if (with_card > 1)
		return cc_fail(err, CC_E_ARG, "reader.ambiguous", "%zu readers with a card: name one with --reader", with_card);
	if (with_card == 0 && with_chip != 1)
		return cc_fail(err, CC_E_ARG, "lab.reader", "%zu chips, none in its reader", with_chip);
	return st;
}

/* pcscd looks at a reader every 400 ms: the next command must find what this one promised. */
static cc_status wait_for_card(const struct config *c, const char *name, bool present, struct cc_error *err)
{
	int64_t until = sys_mono_ms(c->sys) + SEEN_MAX_MS;

	for (;;) {
		struct reader_info readers[READER_PCSC_MAX];
		size_t count;
		cc_status st = reader_pcsc_list(readers, READER_PCSC_MAX, &count, err);

		if (cc_failed(st))
			return st;
		for (size_t i = 0; i < count && i < READER_PCSC_MAX; i++) {
			if (strcmp(readers[i].name, name) == 0 && readers[i].card_present == present)
				return st;
		}
		if (sys_mono_ms(c->sys) > until)
			return cc_fail(err, CC_E_DEVICE, present ? "card.absent" : "lab.request", "%s: not seen in time", name);
		sys_sleep_ms(c->sys, SEEN_POLL_MS);
	}
}

static const char *answer_text(const char *answer, enum lang lang)
{
	static const char *const words[][2] = { { "inserted", "đã đặt thẻ" },
						{ "ejected", "đã lấy thẻ ra" },
						{ "planned", "sẽ rút thẻ giữa chừng" } };

	for (size_t i = 0; lang == LANG_VI && i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(answer, words[i][0]) == 0)
			return words[i][1];
	}
	return answer;
}

static int command_lab_card(struct invocation *inv)
{
	char request[PATH_MAX + 16], answer[64], name[128];
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	(void)snprintf(name, sizeof name, "%s", inv->config.reader);
	st = build_request(inv, request, sizeof request, &err);
	if (!cc_failed(st) && name[0] == '\0')
		st = only_reader(name, &err);
	if (!cc_failed(st))
		st = slot_request(name, request, answer, sizeof answer, &err);
	if (!cc_failed(st) && strncmp(request, "tear", 4) != 0)
		st = wait_for_card(&inv->config, name, strcmp(request, "eject") != 0, &err);
	if (cc_failed(st))
		return invocation_fail(inv, &err);
	(void)printf("%s: %s\n", name, answer_text(answer, inv->config.lang));
	return EXIT_DONE;
}

const struct command commands_lab[] = {
	{ "lab", "run", "-- COMMAND...", 1, -1, "a private pcscd with software chips around a command",
	  "pcscd riêng với chíp mềm quanh một lệnh", run_options, command_lab_run },
	{ "lab", "card", "new|eject|insert|tear [FILE]", 1, 2, "change the chip in a reader of the lab",
	  "thay chíp trong đầu đọc của phòng thử", card_options, command_lab_card },
	{ 0 },
};
