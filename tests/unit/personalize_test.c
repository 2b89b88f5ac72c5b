/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "card/perso/personalize.h"
#include "card/perso/profile.h"
#include "card/sw.h"
#include "crypto/kdf.h"
#include "tests/support/chip_reader.h"
#include "tests/support/sys_fake.h"

#include <string.h>

/* The plan on the software chip, which was written from the data sheet alone. */

#define FILE_SOD_LEN 1700
#define FILE_DG2_LEN 21000

struct fixture {
	struct sys_fake sys;
	struct chip_reader cr;
	struct channel ch;
	struct profile_registry profiles;
	struct personalize p;
	struct scp03_keys keys;
	struct lds_set files;
	struct personalize_data data;
	struct buf aa, ca;
};

static const struct personalize_key_request aa_request = { .which = PERSONALIZE_KEY_AA,
							   .curve = EC_BP256,
							   .aa_hash = HASH_SHA256 };
static const struct personalize_key_request ca_request = { .which = PERSONALIZE_KEY_CA,
							   .curve = EC_P256,
							   .ca_alg = CIPHER_AES128 };

static void derive(const struct bytes master, const struct personalize *p, struct scp03_keys *ret)
{
	struct secret *keys[] = { &ret->enc, &ret->mac, &ret->dek };

	for (uint8_t id = 1; id <= 3; id++)
		assert_int_equal(
			kdf_card_key(p->profile->scheme, master, id, bytes_of(p->diversification, 10), keys[id - 1]).code, CC_OK);
	assert_int_equal(secure_channel_alg(p->profile->protocol, ret->enc.n, &ret->alg).code, CC_OK);
}

/* A file with its outer tag and length, filled with a pattern. */
static void put_file(struct lds_set *set, enum lds_file f, size_t n)
{
	static uint8_t body[FILE_DG2_LEN];
	uint8_t head[4] = { lds_file_tag(f), 0x82, (uint8_t)((n - 4) >> 8), (uint8_t)(n - 4) };

	for (size_t i = 0; i < n; i++)
		body[i] = (uint8_t)(i * 131 + f);
	memcpy(body, head, 4);
	assert_int_equal(lds_set_put(set, f, bytes_of(body, n)).code, CC_OK);
}

static void identify(struct fixture *f)
{
	struct cc_error err;

	cc_error_init(&err);
	assert_int_equal(personalize_identify(&f->ch, &f->profiles, &f->sys.sys, &f->p, &err).code, CC_OK);
	derive(chip_reader_master, &f->p, &f->keys);
}

static void fixture_init(struct fixture *f, const struct chip_reader_options *o)
{
	struct cc_error err;

	memset(f, 0, sizeof *f);
	cc_error_init(&err);
	sys_fake_init(&f->sys, o->number);
	chip_reader_init(&f->cr, o, &f->sys.sys);
	assert_int_equal(reader_connect(f->cr.reader).code, CC_OK);
	channel_init(&f->ch, f->cr.reader);
	assert_int_equal(profile_registry_default(&f->profiles, &err).code, CC_OK);
	put_file(&f->files, LDS_CARD_ACCESS, 60);
	put_file(&f->files, LDS_COM, 29);
	put_file(&f->files, LDS_SOD, FILE_SOD_LEN);
	put_file(&f->files, LDS_DG1, 93);
	put_file(&f->files, lds_dg(2), FILE_DG2_LEN);
	put_file(&f->files, lds_dg(14), 300);
	put_file(&f->files, lds_dg(15), 200);
	f->data.files = &f->files;
	memcpy(f->data.mrz_info, "001090000490021533002153", 25);
	memcpy(f->data.can, "000000", 7);
	identify(f);
}

static void fixture_done(struct fixture *f)
{
	personalize_done(&f->p);
	channel_done(&f->ch);
	chip_reader_done(&f->cr);
	lds_set_done(&f->files);
	buf_done(&f->aa);
	buf_done(&f->ca);
}

static void open_chip(struct fixture *f)
{
	bool live = false;

	assert_int_equal(personalize_greet(&f->p, &f->keys, &live).code, CC_OK);
	assert_true(live);
	assert_int_equal(personalize_authenticate(&f->p, &f->keys).code, CC_OK);
}

static void make_keys(struct fixture *f)
{
	struct buf again = { 0 };

	assert_int_equal(personalize_begin(&f->p).code, CC_OK);
	assert_int_equal(personalize_get_key(&f->p, &aa_request, &again).code, CC_E_NOT_FOUND);
	cc_error_init(&f->p.err);
	assert_int_equal(personalize_make_key(&f->p, &aa_request, &f->aa).code, CC_OK);
	assert_int_equal(personalize_make_key(&f->p, &ca_request, &f->ca).code, CC_OK);
	assert_int_equal(personalize_get_key(&f->p, &aa_request, &again).code, CC_OK);
	assert_true(bytes_equal(buf_view(&again), buf_view(&f->aa)));
	buf_done(&again);
}

static void write_all(struct fixture *f)
{
	assert_int_equal(personalize_write(&f->p, &f->data).code, CC_OK);
	assert_int_equal(personalize_compare(&f->p, &f->data).code, CC_OK);
}

static void seal(struct fixture *f)
{
	assert_int_equal(personalize_close(&f->p).code, CC_OK);
	assert_int_equal(personalize_secure(&f->p).code, CC_OK);
	assert_int_equal(personalize_lock(&f->p).code, CC_OK);
}

static void whole_plan(const struct chip_reader_options *o)
{
	struct fixture f;
	struct bytes master = o->master_key.n ? o->master_key : chip_reader_master;

	fixture_init(&f, o);
	derive(master, &f.p, &f.keys);
	open_chip(&f);
	make_keys(&f);
	write_all(&f);
	seal(&f);
	assert_int_equal(personalize_prove(&f.p, &f.keys).code, CC_OK);
	fixture_done(&f);
}

static void extended_chip_is_written_and_sealed(void **state)
{
	(void)state;
	whole_plan(&(struct chip_reader_options){ .number = 1 });
}

static void short_chip_is_written_and_sealed(void **state)
{
	(void)state;
	whole_plan(&(struct chip_reader_options){ .number = 2, .short_length = true });
}

static void odd_lengths_are_negotiated(void **state)
{
	(void)state;
	for (size_t max = 300; max < 3000; max += 271)
		whole_plan(&(struct chip_reader_options){ .number = 3, .command_max = max });
}

static void longer_keys_work_too(void **state)
{
	uint8_t master[32];

	(void)state;
	memset(master, 0x5A, sizeof master);
	whole_plan(&(struct chip_reader_options){ .number = 4, .master_key = { master, 24 } });
	whole_plan(&(struct chip_reader_options){ .number = 5, .master_key = { master, 32 } });
}

/* An older chip: SCP02 at level 03, keys by VISA2, replaced under the session's DEK. */
static void chip_with_scp02_is_written_and_sealed(void **state)
{
	(void)state;
	whole_plan(&(struct chip_reader_options){ .number = 17, .personality = SOFTCHIP_SCP02 });
	whole_plan(&(struct chip_reader_options){ .number = 18, .personality = SOFTCHIP_SCP02, .short_length = true });
}

/* Its profile says SCP03: the answer in SCP02 is refused, and nothing more is sent. */
static void no_chip_talks_the_station_down(void **state)
{
	struct profile strict = profile_softchip_scp02;
	struct fixture f;
	uint64_t before;
	bool live = true;

	(void)state;
	strict.protocol = SECURE_CHANNEL_SCP03;
	strict.scheme = KDF_SCHEME_KDF3;
	strict.level = SCP03_LEVEL_FULL;
	fixture_init(&f, &(struct chip_reader_options){ .number = 19, .personality = SOFTCHIP_SCP02 });
	f.p.profile = &strict;
	before = softchip_apdu_count(f.cr.chip);
	assert_int_equal(personalize_greet(&f.p, &f.keys, &live).code, CC_E_UNSUPPORTED);
	assert_string_equal(f.p.err.key, "perso.handshake");
	assert_int_equal(softchip_apdu_count(f.cr.chip), before + 1);
	fixture_done(&f);
}

/* Files whose size meets the block exactly must be found to end there. */
static void any_file_length_is_read_to_its_end(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, &(struct chip_reader_options){ .number = 6, .short_length = true });
	open_chip(&f);
	make_keys(&f);
	for (size_t n = 230; n < 245; n++) {
		put_file(&f.files, lds_dg(14), n);
		put_file(&f.files, lds_dg(15), 2 * n);
		write_all(&f);
		f.p.progress = PERSONALIZE_BEGUN; /* once more in the same session */
	}
	fixture_done(&f);
}

static void changed_byte_is_found_by_read_back(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, &(struct chip_reader_options){ .number = 7 });
	open_chip(&f);
	make_keys(&f);
	assert_int_equal(personalize_write(&f.p, &f.data).code, CC_OK);
	f.files.files[lds_dg(2)].p[FILE_DG2_LEN - 1] ^= 1;
	assert_int_equal(personalize_compare(&f.p, &f.data).code, CC_E_VERIFY);
	assert_string_equal(f.p.err.key, "perso.read-back");
	fixture_done(&f);
}

static void longer_file_on_the_chip_is_found(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, &(struct chip_reader_options){ .number = 8 });
	open_chip(&f);
	make_keys(&f);
	assert_int_equal(personalize_write(&f.p, &f.data).code, CC_OK);
	f.files.files[lds_dg(15)].n -= 1;
	assert_int_equal(personalize_compare(&f.p, &f.data).code, CC_E_VERIFY);
	f.files.files[lds_dg(15)].n += 1;
	fixture_done(&f);
}

/* The first block ends exactly where the prepared file ends; the chip's file goes on. */
static void longer_file_is_found_behind_a_full_block(void **state)
{
	const size_t block = 236; /* short length, level 33: 239 bytes of answer, 3 of them the object's header */
	struct fixture f;

	(void)state;
	fixture_init(&f, &(struct chip_reader_options){ .number = 16, .short_length = true });
	put_file(&f.files, lds_dg(15), 2 * block);
	open_chip(&f);
	make_keys(&f);
	assert_int_equal(personalize_write(&f.p, &f.data).code, CC_OK);
	f.files.files[lds_dg(15)].n = block;
	assert_int_equal(personalize_compare(&f.p, &f.data).code, CC_E_VERIFY);
	assert_string_equal(f.p.err.key, "perso.read-back");
	f.files.files[lds_dg(15)].n = 2 * block;
	fixture_done(&f);
}

/* The card's cryptogram speaks for the MAC key in SCP03, for the ENC key in SCP02. */
static void spoil_key(struct fixture *f)
{
	struct secret *key = f->p.profile->protocol == SECURE_CHANNEL_SCP02 ? &f->keys.enc : &f->keys.mac;

	key->p[3] ^= 0x40;
}

static void wrong_keys_are_noticed(enum softchip_personality personality)
{
	struct fixture f;
	bool live = true;

	fixture_init(&f, &(struct chip_reader_options){ .number = 9, .personality = personality });
	spoil_key(&f);
	assert_int_equal(personalize_greet(&f.p, &f.keys, &live).code, CC_OK);
	assert_false(live);
	assert_int_equal(personalize_authenticate(&f.p, &f.keys).code, CC_E_DENIED);
	assert_string_equal(f.p.err.key, "perso.wrong-keys");
	/* The chip counted nothing: eleven such greetings don't block it. */
	for (int i = 0; i < 11; i++) {
		assert_int_equal(reader_reset(f.cr.reader).code, CC_OK);
		personalize_done(&f.p);
		identify(&f);
		spoil_key(&f);
		assert_int_equal(personalize_greet(&f.p, &f.keys, &live).code, CC_OK);
		assert_false(live);
	}
	spoil_key(&f);
	personalize_done(&f.p);
	identify(&f);
	open_chip(&f);
	fixture_done(&f);
}

static void wrong_keys_are_noticed_without_an_attempt(void **state)
{
	(void)state;
	wrong_keys_are_noticed(SOFTCHIP_CCCD);
	wrong_keys_are_noticed(SOFTCHIP_SCP02);
}

static void closed_chip_tells_its_state(void **state)
{
	struct fixture f;
	struct personalize_state s;

	(void)state;
	fixture_init(&f, &(struct chip_reader_options){ .number = 10 });
	open_chip(&f);
	assert_int_equal(personalize_ask_state(&f.p, &s).code, CC_OK);
	assert_false(s.closed || s.card_secured);
	make_keys(&f);
	write_all(&f);
	assert_int_equal(personalize_close(&f.p).code, CC_OK);
	assert_int_equal(reader_reset(f.cr.reader).code, CC_OK);
	personalize_done(&f.p);
	identify(&f);
	open_chip(&f);
	assert_int_equal(personalize_ask_state(&f.p, &s).code, CC_OK);
	assert_true(s.closed);
	assert_false(s.card_secured);
	assert_int_equal(personalize_secure(&f.p).code, CC_OK);
	assert_int_equal(personalize_lock(&f.p).code, CC_OK);
	assert_int_equal(personalize_prove(&f.p, &f.keys).code, CC_OK);
	fixture_done(&f);
}

static void closed_chip_is_not_begun_again(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, &(struct chip_reader_options){ .number = 11 });
	open_chip(&f);
	make_keys(&f);
	write_all(&f);
	assert_int_equal(personalize_close(&f.p).code, CC_OK);
	f.p.progress = PERSONALIZE_AUTHENTICATED;
	assert_int_equal(personalize_begin(&f.p).code, CC_E_STATE);
	assert_string_equal(f.p.err.key, "perso.already-personalized");
	fixture_done(&f);
}

static void proof_fails_with_live_keys(enum softchip_personality personality)
{
	struct fixture f;

	fixture_init(&f, &(struct chip_reader_options){ .number = 12, .personality = personality });
	open_chip(&f);
	make_keys(&f);
	write_all(&f);
	assert_int_equal(personalize_close(&f.p).code, CC_OK);
	assert_int_equal(personalize_secure(&f.p).code, CC_OK);
	assert_int_equal(personalize_prove(&f.p, &f.keys).code, CC_E_VERIFY);
	assert_string_equal(f.p.err.key, "perso.keys-live");
	fixture_done(&f);
}

static void proof_fails_while_the_keys_live(void **state)
{
	(void)state;
	proof_fails_with_live_keys(SOFTCHIP_CCCD);
	proof_fails_with_live_keys(SOFTCHIP_SCP02);
}

static void another_chip_is_noticed_by_the_proof(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, &(struct chip_reader_options){ .number = 13 });
	open_chip(&f);
	make_keys(&f);
	write_all(&f);
	seal(&f);
	chip_reader_insert_blank(&f.cr, &(struct chip_reader_options){ .number = 14 });
	assert_int_equal(personalize_prove(&f.p, &f.keys).code, CC_E_VERIFY);
	assert_string_equal(f.p.err.key, "perso.swapped");
	fixture_done(&f);
}

static void too_large_is_told_before_anything_is_sent(void **state)
{
	static uint8_t big[66000];
	struct fixture f;
	uint64_t before;

	(void)state;
	fixture_init(&f, &(struct chip_reader_options){ .number = 15 });
	open_chip(&f);
	make_keys(&f);
	assert_int_equal(lds_set_put(&f.files, lds_dg(2), bytes_of(big, 65536)).code, CC_OK);
	before = softchip_apdu_count(f.cr.chip);
	assert_int_equal(personalize_write(&f.p, &f.data).code, CC_E_LIMIT);
	assert_string_equal(f.p.err.key, "perso.too-large");
	assert_int_equal(softchip_apdu_count(f.cr.chip), before);
	fixture_done(&f);
}

/* ---- profiles */

static bool match_all(const struct profile_card *card)
{
	(void)card;
	return true;
}

static bool match_none(const struct profile_card *card)
{
	(void)card;
	return false;
}

static void registration_refuses_holes(void **state)
{
	struct profile_registry r = { .count = 0 };
	struct cc_error err;
	struct profile p;

	(void)state;
#define HOLE(member)                                                                                                             \
	p = profile_softchip;                                                                                                    \
	memset(&p.member, 0, sizeof p.member);                                                                                   \
	cc_error_init(&err);                                                                                                     \
	assert_int_equal(profile_register(&r, &p, &err).code, CC_E_ARG);                                                         \
	assert_string_equal(err.key, "perso.profile-hole")
	HOLE(name);
	HOLE(isd_aid);
	HOLE(application_aid);
	HOLE(key_version);
	HOLE(protocol);
	HOLE(level);
	HOLE(scheme);
	HOLE(file_max);
	HOLE(memory);
	HOLE(read_back);
	HOLE(seal);
	HOLE(sample_atr);
	HOLE(sample_cplc);
	HOLE(match);
	HOLE(diversification);
	HOLE(ask_state);
	HOLE(begin);
	HOLE(make_key);
	HOLE(get_key);
	HOLE(write);
	HOLE(read);
	HOLE(close);
	HOLE(secure);
	HOLE(lock);
	HOLE(prove_refusal);
#undef HOLE
	assert_int_equal(r.count, 0);
	assert_int_equal(profile_register(&r, &profile_softchip, &err).code, CC_OK);
}

static void registration_refuses_two_matches(void **state)
{
	struct profile_registry r = { .count = 0 };
	struct profile greedy = profile_softchip, mute = profile_softchip;
	struct cc_error err;

	(void)state;
	greedy.name = "greedy";
	greedy.match = match_all;
	mute.name = "mute";
	mute.match = match_none;
	cc_error_init(&err);
	assert_int_equal(profile_register(&r, &profile_softchip, &err).code, CC_OK);
	assert_int_equal(profile_register(&r, &greedy, &err).code, CC_E_EXISTS);
	assert_string_equal(err.key, "perso.profile-clash");
	assert_int_equal(profile_register(&r, &mute, &err).code, CC_E_EXISTS);
	assert_int_equal(r.count, 1);
}

static void unknown_chip_is_refused(void **state)
{
	struct profile_registry r = { .count = 0 };
	const struct profile *found = NULL;
	struct gp_cplc cplc = { .ic_fabricator = 0x4790 };
	struct profile_card card = { { NULL, 0 }, &cplc };
	struct cc_error err;

	(void)state;
	cc_error_init(&err);
	assert_int_equal(profile_register(&r, &profile_softchip, &err).code, CC_OK);
	assert_int_equal(profile_find(&r, &card, &found, &err).code, CC_E_UNSUPPORTED);
	assert_null(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(extended_chip_is_written_and_sealed),
		cmocka_unit_test(short_chip_is_written_and_sealed),
		cmocka_unit_test(odd_lengths_are_negotiated),
		cmocka_unit_test(longer_keys_work_too),
		cmocka_unit_test(chip_with_scp02_is_written_and_sealed),
		cmocka_unit_test(no_chip_talks_the_station_down),
		cmocka_unit_test(any_file_length_is_read_to_its_end),
		cmocka_unit_test(changed_byte_is_found_by_read_back),
		cmocka_unit_test(longer_file_on_the_chip_is_found),
		cmocka_unit_test(longer_file_is_found_behind_a_full_block),
		cmocka_unit_test(wrong_keys_are_noticed_without_an_attempt),
		cmocka_unit_test(closed_chip_tells_its_state),
		cmocka_unit_test(closed_chip_is_not_begun_again),
		cmocka_unit_test(proof_fails_while_the_keys_live),
		cmocka_unit_test(another_chip_is_noticed_by_the_proof),
		cmocka_unit_test(too_large_is_told_before_anything_is_sent),
		cmocka_unit_test(registration_refuses_holes),
		cmocka_unit_test(registration_refuses_two_matches),
		cmocka_unit_test(unknown_chip_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
