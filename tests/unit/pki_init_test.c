/* SPDX-License-Identifier: Apache-2.0 */
#include "station/pki.h"

#include "crypto/keystore.h"
#include "tests/support/pki_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <fcntl.h>
#include <unistd.h>

/* `cccd pki init` broken off behind each of its durable steps, by making the files up to there. */

static const char *const labels[] = { PKI_CSCA, PKI_DS, PKI_PERSO_MASTER, PKI_REGISTRY_DATA };
#define LABEL_COUNT 4

struct station {
	struct fixture_folder folder;
	struct fixture_sys sys;
	struct config config;
	struct pki_options options;
};

static void station_make(struct station *s)
{
	fixture_folder(&s->folder);
	fixture_sys(&s->sys);
	s->config = (struct config){ .sys = &s->sys.sys };
	fixture_path(&s->folder, "home", s->config.home, sizeof s->config.home);
	fixture_path(&s->folder, "password", s->config.password_file, sizeof s->config.password_file);
	fixture_write(&s->folder, "password", BYTES_LITERAL("secret\n"));
	assert_int_equal(pki_options_default(&s->config, &s->options, NULL).code, CC_OK);
}

static void make_first_keys(const struct station *s, size_t count, struct buf *ret_csca_key)
{
	static const struct password_cost cheap = { .memory_kib = 8 << 10, .passes = 1, .lanes = 1 };
	struct keystore *ks = NULL;
	char path[PATH_MAX];

	assert_int_equal(sys_make_dirs(s->config.home, 0700, NULL).code, CC_OK);
	config_path(&s->config, "keys.ccks", path);
	assert_int_equal(keystore_file_create_cost(path, BYTES_LITERAL("secret"), cheap, &s->sys.sys, &ks, NULL).code, CC_OK);
	for (size_t i = 0; i < count; i++) {
		struct keystore_key_info want = { .kind = i < 2 ? KEYSTORE_EC : KEYSTORE_AES,
						  .curve = s->options.curve,
						  .bits = i < 2 ? 0 : 256 };

		memcpy(want.label, labels[i], strlen(labels[i]));
		assert_int_equal(keystore_generate(ks, &want).code, CC_OK);
	}
	if (count > 0)
		assert_int_equal(keystore_public_key(ks, PKI_CSCA, ret_csca_key).code, CC_OK);
	keystore_close(&ks);
}

static cc_status count_good(void *ctx, const char *file, const struct cert *cert, struct cc_error *err)
{
	unsigned *count = ctx;

	(void)file;
	(void)err;
	assert_non_null(cert_pubkey(cert));
	(*count)++;
	return cc_ok();
}

static void assert_finished(const struct station *s)
{
	struct keystore *ks = NULL;
	struct keystore_key_info info;
	struct cc_error err = { 0 };
	unsigned certs = 0;
	bool resumed;

	assert_int_equal(config_open_keystore(&s->config, &ks, NULL).code, CC_OK);
	for (size_t i = 0; i < LABEL_COUNT; i++)
		assert_int_equal(keystore_info(ks, labels[i], &info).code, CC_OK);
	keystore_close(&ks);
	assert_int_equal(pki_list_certificates(&s->config, count_good, &certs, NULL).code, CC_OK);
	assert_int_equal(certs, 2);
	assert_int_equal(pki_init(&s->config, &s->options, &resumed, &err).code, CC_E_EXISTS);
	assert_string_equal(err.key, "pki.exists");
}

static void init_is_finished_behind_each_key(void **state)
{
	(void)state;
	for (size_t count = 0; count <= LABEL_COUNT; count++) {
		struct station s;
		struct buf before = { 0 }, after = { 0 };
		struct keystore *ks = NULL;
		bool resumed = false;

		station_make(&s);
		make_first_keys(&s, count, &before);
		assert_int_equal(pki_init(&s.config, &s.options, &resumed, NULL).code, CC_OK);
		assert_true(resumed);
		assert_finished(&s);
		if (count > 0) {
			assert_int_equal(config_open_keystore(&s.config, &ks, NULL).code, CC_OK);
			assert_int_equal(keystore_public_key(ks, PKI_CSCA, &after).code, CC_OK);
			assert_true(bytes_equal(buf_view(&before), buf_view(&after)));
			keystore_close(&ks);
		}
		buf_done(&before);
		buf_done(&after);
		fixture_folder_done(&s.folder);
	}
}

static void second_init_at_once_is_told_to_wait(void **state)
{
	struct station s;
	struct cc_error err = { 0 };
	char path[PATH_MAX];
	bool resumed;
	int fd;

	(void)state;
	station_make(&s);
	assert_int_equal(sys_make_dirs(s.config.home, 0700, NULL).code, CC_OK);
	config_path(&s.config, "pki.lock", path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(pki_init(&s.config, &s.options, &resumed, &err).code, CC_E_BUSY);
	assert_string_equal(err.key, "pki.busy");
	(void)close(fd);
	assert_int_equal(pki_init(&s.config, &s.options, &resumed, NULL).code, CC_OK);
	assert_false(resumed);
	assert_finished(&s);
	fixture_folder_done(&s.folder);
}

static void options_are_checked(void **state)
{
	static const char *const bad[][2] = {
		{ "--curve", "P-192" },	      { "--curve", "" },
		{ "--hash", "sha1" },	      { "--hash", "md5" },
		{ "--params", "implicit" },   { "--document-years", "0" },
		{ "--document-years", "41" }, { "--document-years", "5x" },
	};
	struct station s;

	(void)state;
	station_make(&s);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct cc_error err = { 0 };

		assert_int_equal(pki_option_set(&s.options, bad[i][0], bad[i][1], &err).code, CC_E_ARG);
		assert_string_equal(err.key, "pki.option");
		assert_non_null(strstr(err.detail, bad[i][0]));
	}
	assert_int_equal(pki_option_set(&s.options, "--curve", "brainpoolP512r1", NULL).code, CC_OK);
	assert_int_equal(s.options.curve, EC_BP512);
	fixture_folder_done(&s.folder);
}

/* Settings that stand in the file already stay there beside the new ones. */
static void options_join_the_settings(void **state)
{
	struct station s;
	char value[64];

	(void)state;
	station_make(&s);
	assert_int_equal(sys_make_dirs(s.config.home, 0700, NULL).code, CC_OK);
	fixture_write(&s.folder, "home/settings.json", BYTES_LITERAL("{\"lds.version\": \"1.8\"}"));
	assert_int_equal(pki_option_set(&s.options, "--hash", "SHA-384", NULL).code, CC_OK);
	assert_int_equal(pki_settings_save(&s.config, &s.options, NULL).code, CC_OK);
	assert_int_equal(config_setting(&s.config, "pki.hash", value, sizeof value, NULL).code, CC_OK);
	assert_string_equal(value, "sha384");
	assert_int_equal(config_setting(&s.config, "lds.version", value, sizeof value, NULL).code, CC_OK);
	assert_string_equal(value, "1.8");
	fixture_write(&s.folder, "home/settings.json", BYTES_LITERAL("not json"));
	assert_int_equal(pki_settings_save(&s.config, &s.options, NULL).code, CC_E_FORMAT);
	fixture_folder_done(&s.folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(init_is_finished_behind_each_key),
		cmocka_unit_test(second_init_at_once_is_told_to_wait),
		cmocka_unit_test(options_are_checked),
		cmocka_unit_test(options_join_the_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
