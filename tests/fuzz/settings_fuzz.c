/* SPDX-License-Identifier: Apache-2.0 */
#include "station/face_cross_check.h"
#include "station/issue/prepare_chip.h"
#include "station/issue/prepare_fingers.h"
#include "station/portrait_case.h"
#include "station/portrait_rules.h"
#include "station/registry/reconcile.h"
#include "station/registry/validity.h"
#include "tests/fuzz/fuzz_entry.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* libfuzzer: -max_len=2048 */

/*
 * A station's files for people to edit: the first byte chooses settings.json,
 * portrait.json or finger.json, the rest is the file. Whatever it is: who reads it
 * gets values within their bounds, or a refusal with a key whose detail drives no terminal;
 * a refused value is not half there.
 */
static const char *const names[] = { "settings.json", "portrait.json", "finger.json" };
static struct config config;
static char folder[] = "/tmp/cccd-fuzz-XXXXXX";

static void remove_files(void)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < 3; i++) {
		config_path(&config, names[i], path);
		(void)unlink(path);
	}
	(void)rmdir(folder);
}

static void set_up_once(void)
{
	if (config.sys != NULL)
		return;
	CC_ASSERT(mkdtemp(folder) != NULL);
	(void)snprintf(config.home, sizeof config.home, "%s", folder);
	config.sys = sys_real();
	(void)atexit(remove_files);
}

static void put_file(size_t which, struct bytes text)
{
	char path[PATH_MAX];
	int fd;

	for (size_t i = 0; i < 3; i++) {
		config_path(&config, names[i], path);
		(void)unlink(path);
	}
	config_path(&config, names[which], path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CC_ASSERT(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n);
	(void)close(fd);
}

/* True: it was good. */
static bool judged(cc_status st, struct cc_error *err)
{
	if (!cc_failed(st)) {
		CC_ASSERT(err->key == NULL);
		return true;
	}
	CC_ASSERT(err->key != NULL && err->code == st.code);
	for (const char *p = err->detail; *p != 0; p++)
		CC_ASSERT((unsigned char)*p >= 0x20 && *p != 0x7F);
	cc_error_init(err);
	return false;
}

static void ask(const char *name, struct cc_error *err)
{
	char text[24];
	int64_t n = 77;

	memset(text, '#', sizeof text);
	if (judged(config_setting(&config, name, text, sizeof text, err), err))
		CC_ASSERT(memchr(text, 0, sizeof text) != NULL);
	else
		CC_ASSERT(text[0] == '#' && text[sizeof text - 1] == '#');
	if (!judged(config_setting_int(&config, name, &n, err), err))
		CC_ASSERT(n == 77);
}

static void ask_rules(struct cc_error *err)
{
	char ages[64], feb_29[64], order[256];
	struct validity_rules validity;
	struct reconcile_rules reconcile;

	if (judged(config_setting(&config, "rules.exchange-ages", ages, sizeof ages, err), err) &&
	    judged(config_setting(&config, "rules.birthday-feb-29", feb_29, sizeof feb_29, err), err))
		(void)judged(validity_rules_parse(ages, feb_29, &validity, err), err);
	if (judged(config_setting(&config, "reconcile.precedence", order, sizeof order, err), err))
		(void)judged(reconcile_rules_parse(order, &reconcile, err), err);
}

static void ask_portrait(struct cc_error *err)
{
	struct portrait_params portrait;
	struct portrait_policy policy;
	struct face_cross_check check;
	struct quality_rules rules;

	if (judged(portrait_params_load(&config, &portrait, err), err))
		CC_ASSERT(portrait.bytes_max >= 1000 && portrait.bytes_max <= 60000 && portrait.width >= 90 &&
			  portrait.width <= 2000);
	(void)judged(portrait_policy_load(&config, &policy, err), err);
	(void)judged(face_cross_check_load(&config, &check, err), err);
	(void)judged(portrait_rules_load(&config, &rules, err), err);
}

static void ask_chip(struct cc_error *err)
{
	struct prepare_fingers_settings fingers;
	struct prepare_settings chip = { .access = card_access_default() };
	struct finger_rules rules;
	struct config_token token;

	(void)judged(prepare_fingers_settings_read(&config, &fingers, err), err);
	(void)judged(finger_rules_load(&config, &rules, err), err);
	if (judged(prepare_chip_settings(&config, &chip, err), err))
		CC_ASSERT(card_access_pace_list(&chip.access, (struct card_access_pace[CARD_ACCESS_PACE_MAX]){ 0 }) >= 1);
	buf_done(&chip.cvca);
	if (judged(config_token(&config, &token, err), err))
		CC_ASSERT(token.limit_ms >= 100 && token.limit_ms <= 600000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cc_error err = { 0 };
	struct cursor in;
	uint8_t which;

	cursor_init(&in, bytes_of(data, size));
	if (!cursor_u8(&in, &which))
		return 0;
	set_up_once();
	put_file(which % 3, cursor_rest(&in));
	ask(settings_table[size % settings_count].name, &err);
	ask("keystore.token", &err);
	ask_rules(&err);
	ask_portrait(&err);
	ask_chip(&err);
	return 0;
}
