/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/issue_fixture.h"

#include "station/registry/fingers.h"
#include "station/registry/registry_rows.h"
#include "tests/support/minutiae_made.h"
#include "tests/support/store_engine.h"

#include "biometrics/jpeg.h"
#include "crypto/pki/issue.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PASSWORD "a test's password"
#define YEAR_S (365 * 86400LL)

static void must(cc_status st, const struct cc_error *err, const char *what)
{
	if (cc_failed(st)) {
		(void)fprintf(stderr, "%s: %s %s %s\n", what, cc_code_name(st.code), err && err->key ? err->key : "",
			      err ? err->detail : "");
		CC_ASSERT(!cc_failed(st));
	}
}

/* ---- the fake world behind a lock */

static pthread_mutex_t fake_lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t fake_wall_ms(void *ctx)
{
	struct sys_fake *fake = ctx;
	int64_t now;

	(void)pthread_mutex_lock(&fake_lock);
	now = sys_wall_ms(&fake->sys);
	(void)pthread_mutex_unlock(&fake_lock);
	return now;
}

static int64_t fake_mono_ms(void *ctx)
{
	struct sys_fake *fake = ctx;
	int64_t now;

	(void)pthread_mutex_lock(&fake_lock);
	now = sys_mono_ms(&fake->sys);
	(void)pthread_mutex_unlock(&fake_lock);
	return now;
}

static cc_status fake_random(void *ctx, uint8_t *out, size_t n)
{
	struct sys_fake *fake = ctx;
	cc_status st;

	(void)pthread_mutex_lock(&fake_lock);
	st = sys_random(&fake->sys, out, n);
	(void)pthread_mutex_unlock(&fake_lock);
	return st;
}

static void fake_sleep_ms(void *ctx, int64_t ms)
{
	struct sys_fake *fake = ctx;

	(void)pthread_mutex_lock(&fake_lock);
	sys_fake_advance(fake, ms);
	(void)pthread_mutex_unlock(&fake_lock);
}

/* ---- PKI */

static void make_key(struct keystore *ks, const char *label, enum keystore_kind kind, enum ec_curve curve, unsigned bits)
{
	struct keystore_key_info info = { .kind = kind, .curve = curve, .bits = bits };

	(void)snprintf(info.label, sizeof info.label, "%s", label);
	must(keystore_generate(ks, &info), &ks->err, label);
}

static void write_cert(struct issue_fixture *f, const char *name, struct bytes cert)
{
	char path[PATH_MAX];

	config_path(&f->config, name, path);
	must(sys_write_file(path, cert, 0600, &f->err), &f->err, name);
}

static void make_pki(struct issue_fixture *f)
{
	int64_t now = sys_wall_ms(&f->sys) / 1000;
	struct pki_profile profile = {
		.country = "VN",
		.country_icao = "VNM",
		.organization = "Test",
		.common_name = "CSCA Test",
		.alg = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 },
		.not_before_s = now - 86400,
		.not_after_s = now + 15 * YEAR_S,
		.private_from_s = now - 86400,
		.private_to_s = now + 5 * YEAR_S,
	};
	struct buf csca_der = { 0 }, ds_der = { 0 };
	struct cert *csca = NULL;
	char path[PATH_MAX];

	config_path(&f->config, "certs", path);
	must(sys_make_dirs(path, 0700, &f->err), &f->err, path);
	config_path(&f->config, "trust", path);
	must(sys_make_dirs(path, 0700, &f->err), &f->err, path);
	make_key(f->ks, "csca-1", KEYSTORE_EC, EC_BP256, 0);
	make_key(f->ks, "ds-1", KEYSTORE_EC, EC_BP256, 0);
	make_key(f->ks, "perso-master", KEYSTORE_AES, EC_P256, 128);
	must(csca_issue(f->ks, "csca-1", &profile, &f->sys, &csca_der, &f->err), &f->err, "csca");
	must(cert_parse(buf_view(&csca_der), &csca, &f->err), &f->err, "csca");
	profile.common_name = "DS Test";
	profile.not_after_s = now + 11 * YEAR_S;
	profile.private_to_s = now + YEAR_S;
	profile.document_types[0] = "ID";
	must(ds_issue(f->ks, "csca-1", csca, "ds-1", &profile, &f->sys, &ds_der, &f->err), &f->err, "ds");
	write_cert(f, "certs/ds-1.cer", buf_view(&ds_der));
	write_cert(f, "trust/csca-1.cer", buf_view(&csca_der));
	cert_free(&csca);
	buf_done(&csca_der);
	buf_done(&ds_der);
}

/* ---- people */

/* Everybody has one of their own. */
static void make_photo(unsigned shade, struct buf *ret)
{
	const struct jpeg_params params = { .quality = 80, .chroma = JPEG_CHROMA_QUARTER };
	struct image im = { 0 };
	struct cc_error err;

	cc_error_init(&err);
	must(image_new(240, 320, 3, &im, &err), &err, "photo");
	for (size_t i = 0; i < image_size(&im); i++)
		im.p[i] = (uint8_t)(i / 720 + (i % 3) * 40 + (i / 3 % 240) / 2 + shade);
	must(jpeg_encode(&im, &params, ret, &err), &err, "photo");
	image_done(&im);
}

static void add_person(struct issue_fixture *f, const char *row, struct bytes photo)
{
	struct person *p = cc_alloc(sizeof *p);
	struct row_warnings warnings = { 0 };
	struct row_fault fault = { 0 };
	enum registry_put put;

	CC_ASSERT(p != NULL);
	must(person_parse(bytes_str(row), p, &warnings, &fault), NULL, "person");
	must(store_begin(f->store), &f->store->err, "begin");
	must(registry_put(f->issuer.registry, p, photo, &put, &f->err), &f->err, "person");
	must(store_commit(f->store), &f->store->err, "commit");
	CC_ASSERT(put == PUT_ADDED);
	person_done(p);
	cc_free(p, sizeof *p);
}

/* Templates of both index fingers, for stations that write them. */
static void add_templates(struct issue_fixture *f, const char *number)
{
	struct buf right = minutiae_made(1, NULL), left = minutiae_made(2, NULL), packed = { 0 }, back = { 0 };
	struct finger_prints prints = { 0 };

	prints.templates[FINGER_RIGHT_INDEX] = buf_view(&right);
	prints.templates[FINGER_LEFT_INDEX] = buf_view(&left);
	must(fingers_pack(&prints, &packed), NULL, "templates");
	must(store_begin(f->store), &f->store->err, "begin");
	must(registry_fingers_add(f->issuer.registry, 1, buf_view(&packed), &f->err), &f->err, "templates");
	must(store_commit(f->store), &f->store->err, "commit");
	must(registry_fingers_find(f->issuer.registry, number, &back, &f->err), &f->err, "templates");
	CC_ASSERT(bytes_equal(buf_view(&back), buf_view(&packed)));
	buf_done(&right);
	buf_done(&left);
	buf_done(&packed);
	buf_done(&back);
}

static void make_people(struct issue_fixture *f)
{
	struct buf photo = { 0 };

	make_photo(0, &photo);
	add_person(f,
		   "{\"number\":\"" ISSUE_ANNA
		   "\",\"full_name\":\"Nguyễn Thị An\",\"birth_date\":\"1990-02-15\",\"sex\":\"female\","
		   "\"nationality\":\"Việt Nam\",\"ethnicity\":\"Kinh\",\"origin\":\"Hà Nội\",\"residence\":\"Hà Nội\"}",
		   buf_view(&photo));
	add_templates(f, ISSUE_ANNA);
	buf_done(&photo);
	make_photo(1, &photo);
	add_person(f,
		   "{\"number\":\"" ISSUE_BINH
		   "\",\"full_name\":\"Trần Văn Bình\",\"birth_date\":\"1990-03-16\",\"sex\":\"male\","
		   "\"nationality\":\"Việt Nam\",\"ethnicity\":\"Kinh\",\"origin\":\"Hà Nội\",\"residence\":\"Hà Nội\"}",
		   buf_view(&photo));
	/* No photo, and a birth year alone: both hold a card. */
	add_person(f,
		   "{\"number\":\"004090000000\",\"full_name\":\"Lê Văn Cao\",\"birth_date\":\"1990-03-16\",\"sex\":\"male\","
		   "\"nationality\":\"Việt Nam\"}",
		   bytes_of(NULL, 0));
	buf_done(&photo);
	make_photo(2, &photo);
	add_person(f,
		   "{\"number\":\"001050000000\",\"full_name\":\"Phạm Thị Già\",\"birth_date\":\"1950\",\"sex\":\"female\","
		   "\"nationality\":\"Việt Nam\"}",
		   buf_view(&photo));
	buf_done(&photo);
}

/* ---- the station */

static void copy_file(struct issue_fixture *f, const char *from, const char *to)
{
	char path[PATH_MAX];
	struct buf data = { 0 };

	config_path(&f->config, from, path);
	must(sys_read_file(path, 1u << 26, &data, &f->err), &f->err, path);
	config_path(&f->config, to, path);
	must(sys_write_file(path, buf_view(&data), 0600, &f->err), &f->err, path);
	buf_done(&data);
}

static void drop(struct issue_fixture *f, const char *name)
{
	char path[PATH_MAX];

	config_path(&f->config, name, path);
	(void)unlink(path);
}

static void make_keystore(struct issue_fixture *f)
{
	char path[PATH_MAX];

	config_path(&f->config, "keys.ccks", path);
	must(keystore_file_create_cost(path, BYTES_LITERAL(PASSWORD), (struct password_cost){ 8192, 1, 1 }, &f->sys, &f->ks,
				       &f->err),
	     &f->err, path);
}

void issue_fixture(struct issue_fixture *f)
{
	issue_fixture_with(f, NULL);
}

void issue_fixture_with(struct issue_fixture *f, struct keystore *ks)
{
	char path[PATH_MAX];

	memset(f, 0, sizeof *f);
	cc_error_init(&f->err);
	sys_fake_init(&f->fake, 42);
	f->sys = (struct sys){ &f->fake, fake_wall_ms, fake_mono_ms, fake_random, fake_sleep_ms };
	fixture_folder(&f->folder);
	(void)snprintf(f->config.home, sizeof f->config.home, "%s", f->folder.path);
	f->config.sys = &f->sys;
	f->config.lang = LANG_EN;
	issue_fixture_settings(f, "{" ISSUE_SETTINGS "}");
	f->ks = ks;
	if (ks == NULL)
		make_keystore(f);
	make_pki(f);
	config_path(&f->config, "station.db", path);
	store_engine_place(path, f->config.store, sizeof f->config.store);
	issue_fixture_open(f, NULL);
	make_people(f);
	issue_fixture_close(f);
	if (!store_engine_is_postgres())
		copy_file(f, "station.db", "template.db");
}

void issue_fixture_settings(struct issue_fixture *f, const char *json)
{
	char path[PATH_MAX];

	config_path(&f->config, "settings.json", path);
	must(sys_write_file(path, bytes_str(json), 0600, &f->err), &f->err, path);
}

void issue_fixture_forked(struct issue_fixture *f)
{
	char path[PATH_MAX];

	config_path(&f->config, "keys.ccks", path);
	must(keystore_file_open(path, BYTES_LITERAL(PASSWORD), &f->sys, &f->ks, &f->err), &f->err, path);
}

void issue_fixture_done(struct issue_fixture *f)
{
	issue_fixture_close(f);
	keystore_close(&f->ks);
	fixture_folder_done(&f->folder);
}

void issue_fixture_fresh(struct issue_fixture *f)
{
	CC_ASSERT(!f->open);
	if (store_engine_is_postgres()) {
		char path[PATH_MAX];

		config_path(&f->config, "station.db", path);
		store_engine_drop(path);
		store_engine_place(path, f->config.store, sizeof f->config.store);
		issue_fixture_open(f, NULL);
		make_people(f);
		issue_fixture_close(f);
		return;
	}
	drop(f, "station.db-wal");
	drop(f, "station.db-shm");
	copy_file(f, "template.db", "station.db");
}

void issue_fixture_open(struct issue_fixture *f, const struct issue_hooks *hooks)
{
	cc_error_init(&f->err);
	must(config_open_store(&f->config, &f->store, &f->err), &f->err, "store");
	must(issuer_open(&f->config, f->store, f->ks, hooks, &f->issuer, &f->err), &f->err, "issuer");
	f->open = true;
}

void issue_fixture_close(struct issue_fixture *f)
{
	if (f->open)
		issuer_close(&f->issuer);
	store_close(&f->store);
	f->open = false;
}

/* ---- chips */

static void save(struct issue_chip *c)
{
	struct buf memory = { 0 };
	FILE *out;

	if (!c->memory_path || softchip_memory_version(c->chip) == c->saved)
		return;
	must(softchip_save(c->chip, &memory), NULL, "chip memory");
	/* The process dies, not the machine: no fsync is needed. */
	out = fopen(c->memory_path, "wb");
	CC_ASSERT(out && fwrite(memory.p, 1, memory.n, out) == memory.n && fclose(out) == 0);
	c->saved = softchip_memory_version(c->chip);
	buf_done(&memory);
}

/* A chip with these serial, kind and extended, whose keys the issuer's master key made. */
static void make_chip(struct issue_fixture *f, struct issue_chip *c, struct softchip_config config, struct secret keys[3])
{
	config.key_enc = bytes_of(keys[0].p, keys[0].n);
	config.key_mac = bytes_of(keys[1].p, keys[1].n);
	config.key_dek = bytes_of(keys[2].p, keys[2].n);
	softchip_free(&c->chip);
	must(softchip_new(&config, &f->sys, &c->chip), NULL, "chip");
	for (unsigned i = 0; i < 3; i++)
		secret_done(&keys[i]);
	c->saved = UINT64_MAX;
	save(c);
}

void issue_chip_blank(struct issue_fixture *f, struct issue_chip *c, uint32_t number, bool extended)
{
	const uint8_t div[10] = {
		0,    0,   0x61, 0x83, (uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number,
		0x00, 0x01
	};
	struct secret keys[3] = { 0 };

	for (uint8_t i = 0; i < 3; i++)
		must(keystore_derive_kdf3(f->ks, "perso-master", (uint8_t)(i + 1), bytes_of(div, 10), &keys[i]), &f->ks->err,
		     "key");
	make_chip(f, c, (struct softchip_config){ .serial = { div + 2, 8 }, .extended = extended }, keys);
}

void issue_chip_older(struct issue_fixture *f, struct issue_chip *c, uint8_t number)
{
	const uint8_t div[10] = { 0, 0, 0x61, 0x83, 0, 0, 0, number, 0x00, 0x01 };
	const struct softchip_config config = { .personality = SOFTCHIP_SCP02, .serial = { div + 2, 8 }, .extended = true };
	struct secret keys[3] = { 0 };

	for (uint8_t i = 0; i < 3; i++)
		must(keystore_derive_card_key(f->ks, "perso-master-3des", KDF_SCHEME_VISA2, (uint8_t)(i + 1), bytes_of(div, 10),
					      &keys[i]),
		     &f->ks->err, "key");
	make_chip(f, c, config, keys);
}

void issue_chip_load(struct issue_fixture *f, struct issue_chip *c)
{
	struct buf memory = { 0 };

	must(sys_read_file(c->memory_path, 1u << 24, &memory, &f->err), &f->err, "chip memory");
	softchip_free(&c->chip);
	must(softchip_load(buf_view(&memory), &f->sys, &c->chip), NULL, "chip memory");
	c->saved = softchip_memory_version(c->chip);
	buf_done(&memory);
}

void issue_chip_done(struct issue_chip *c)
{
	softchip_free(&c->chip);
}

static cc_status chip_power(void *ctx, uint8_t atr[READER_ATR_MAX], size_t *ret_len)
{
	struct issue_chip *c = ctx;

	if (!c->chip)
		return cc_code_status(CC_E_DEVICE);
	return softchip_power_on(c->chip, atr, ret_len);
}

static cc_status chip_transmit(void *ctx, struct bytes command, struct writer *answer)
{
	struct issue_chip *c = ctx;
	cc_status st;

	if (!c->chip)
		return cc_code_status(CC_E_DEVICE);
	st = softchip_transmit(c->chip, command, answer);
	save(c);
	return st;
}

struct reader *issue_reader(struct issue_chip *c)
{
	struct reader *reader = NULL;

	must(reader_memory_new("test", c, chip_power, chip_transmit, &reader), NULL, "reader");
	return reader;
}

cc_status issue_run(struct issue_fixture *f, struct issue_chip *c, const struct worker_request *request,
		    struct worker_report *report)
{
	cc_error_init(&f->err);
	return worker_issue(&f->issuer, issue_reader(c), request, report, &f->err);
}
