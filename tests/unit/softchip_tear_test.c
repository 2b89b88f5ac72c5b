/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"
#include "tests/support/chip_desk.h"
#include "tests/support/chip_raw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* Power that fails, and the memory that is left. */

static const struct chip_reader_options short_chip = { .number = 1, .short_length = true };

/* Stops quietly where the card is torn. */
static void personalize(struct chip_desk *d)
{
	uint8_t block = 0;

	chip_desk_authenticate(d, 0x33);
	if (!d->torn)
		assert_true(chip_desk_write(d, 231, &block) == 0x9000 || d->torn);
	if (!d->torn)
		assert_true(chip_desk_finish(d, &block) == 0x9000 || d->torn);
}

static void assert_same_files(const struct chip_memory *a, const struct chip_memory *b)
{
	for (size_t i = 0; i < CHIP_FILE_COUNT; i++) {
		assert_int_equal(a->file[i].size, b->file[i].size);
		assert_int_equal(a->file[i].filled, b->file[i].filled);
		assert_true(bytes_equal(buf_view(&a->file[i].body), buf_view(&b->file[i].body)));
	}
}

/* What a file holds is the beginning of what was sent; a field is as it was or as it should be. */
static void assert_possible(const struct chip_memory *m, const struct chip_memory *whole)
{
	static const enum chip_field settled[] = { CHIP_FIELD_FACTORY, CHIP_FIELD_KEYS, CHIP_FIELD_MRZ, CHIP_FIELD_CAN };

	for (size_t i = 0; i < CHIP_FILE_COUNT; i++) {
		const struct chip_file *f = &m->file[i], *all = &whole->file[i];

		assert_true(f->size == 0 || f->size == all->size);
		assert_true(f->filled <= f->size);
		assert_true(bytes_starts_with(buf_view(&all->body), bytes_of(f->body.p, f->filled)));
	}
	for (size_t i = 0; i < sizeof settled / sizeof *settled; i++) {
		struct bytes field = chip_memory_field(m, settled[i]);

		assert_true(field.n == 0 || bytes_equal(field, chip_memory_field(whole, settled[i])));
	}
	assert_true(chip_memory_number(m, CHIP_FIELD_KEY_FAILURES) <= 1);
}

/* The torn chip, saved and put in again as by another reader, can be personalized to the same files. */
static void recover(struct chip_desk *d, const struct chip_memory *whole)
{
	struct buf memory = { 0 };

	chip_reader_take_out(&d->cr, &memory);
	chip_reader_insert(&d->cr, buf_view(&memory));
	buf_done(&memory);
	chip_desk_power(d);
	assert_possible(&d->cr.chip->memory, whole);
	if (!chip_is_personalized(d->cr.chip))
		personalize(d);
	assert_true(chip_is_personalized(d->cr.chip));
	assert_same_files(&d->cr.chip->memory, whole);
}

static void a_tear_at_every_command_can_be_recovered(void **state)
{
	static const enum softchip_tear kinds[] = { SOFTCHIP_TEAR_BEFORE, SOFTCHIP_TEAR_AFTER, SOFTCHIP_TEAR_MID_WRITE };
	struct chip_desk whole, d;
	uint64_t apdus;
	unsigned points = 0;

	(void)state;
	chip_desk_init(&whole, &short_chip);
	personalize(&whole);
	assert_true(chip_is_personalized(whole.cr.chip));
	apdus = softchip_apdu_count(whole.cr.chip);
	for (uint64_t at = 1; at <= apdus; at++) {
		for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
			chip_desk_init(&d, &short_chip);
			softchip_tear_after(d.cr.chip, at, kinds[k]);
			personalize(&d);
			assert_true(d.torn);
			recover(&d, &whole.cr.chip->memory);
			chip_desk_done(&d);
			points++;
		}
	}
	printf("# count: %u tears of a personalization recovered\n", points);
	chip_desk_done(&whole);
}

static void a_tear_in_mid_write_leaves_half_a_file(void **state)
{
	struct chip_desk d;
	struct writer w;
	uint8_t block = 0;
	const struct chip_file *f;

	(void)state;
	chip_desk_init(&d, &(struct chip_reader_options){ .number = 2 });
	chip_desk_authenticate(&d, 0x33);
	assert_int_equal(chip_desk_install(&d), 0x9000);
	writer_init(&w, 2000);
	chip_desk_put_dgi(&w, 0x0102, 1000, 0x42);
	softchip_tear_after(d.cr.chip, 1, SOFTCHIP_TEAR_MID_WRITE);
	assert_int_equal(chip_desk_store(&d, writer_view(&w), 3000, false, &block, NULL), 0);
	writer_done(&w);
	f = chip_memory_file(&d.cr.chip->memory, 0x0102);
	assert_int_equal(f->size, 1000);
	assert_int_equal(f->filled, 499); /* the file's header is one of 1001 bytes */
	chip_desk_done(&d);
}

static uint32_t sequence_after(enum softchip_tear kind)
{
	struct chip_desk d;
	struct writer answer;
	uint8_t update[] = { 0x80, 0x50, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	uint32_t n;

	chip_desk_init(&d, &short_chip);
	softchip_tear_at(d.cr.chip, 2, kind);
	chip_raw_expect_sw(d.cr.chip, "8050000008000000000000000000", 0x9000);
	writer_init(&answer, 300);
	assert_int_equal(softchip_transmit(d.cr.chip, bytes_of(update, sizeof update), &answer).code, CC_E_DEVICE);
	assert_int_equal(answer.n, 0);
	/* Out of the reader: nothing is answered until it is powered again; the tear struck once. */
	assert_int_equal(softchip_transmit(d.cr.chip, bytes_of(update, sizeof update), &answer).code, CC_E_DEVICE);
	n = chip_memory_number(&d.cr.chip->memory, CHIP_FIELD_SEQUENCE);
	chip_raw_power(d.cr.chip);
	chip_raw_expect_sw(d.cr.chip, "8050000008000000000000000000", 0x9000);
	chip_raw_expect_sw(d.cr.chip, "8050000008000000000000000000", 0x9000);
	writer_done(&answer);
	chip_desk_done(&d);
	return n;
}

static void a_small_value_is_old_or_new(void **state)
{
	(void)state;
	assert_int_equal(sequence_after(SOFTCHIP_TEAR_BEFORE), 1);
	assert_int_equal(sequence_after(SOFTCHIP_TEAR_MID_WRITE), 1);
	assert_int_equal(sequence_after(SOFTCHIP_TEAR_AFTER), 2);
}

/* ---- memory as bytes */

static void personalized_memory(struct buf *ret)
{
	struct chip_desk d;

	chip_desk_init(&d, &short_chip);
	personalize(&d);
	assert_false(cc_failed(softchip_save(d.cr.chip, ret)));
	chip_desk_done(&d);
}

static void a_chip_is_its_memory(void **state)
{
	struct sys_fake fake;
	struct softchip *chip = NULL;
	struct buf memory = { 0 }, again = { 0 };
	uint64_t version;

	(void)state;
	sys_fake_init(&fake, 1);
	personalized_memory(&memory);
	assert_false(cc_failed(softchip_load(buf_view(&memory), &fake.sys, &chip)));
	assert_false(cc_failed(softchip_save(chip, &again)));
	assert_true(bytes_equal(buf_view(&memory), buf_view(&again)));
	/* A command that changes nothing doesn't ask to be saved. */
	chip_raw_power(chip);
	version = softchip_memory_version(chip);
	chip_raw_expect_sw(chip, "80CA9F7F00", 0x9000);
	assert_int_equal(softchip_memory_version(chip), version);
	chip_raw_expect_sw(chip, "8050000008000000000000000000", 0x9000);
	assert_int_not_equal(softchip_memory_version(chip), version);
	softchip_free(&chip);
	buf_done(&memory);
	buf_done(&again);
}

static void damaged_memory_is_refused(void **state)
{
	struct sys_fake fake;
	struct softchip *chip = NULL;
	struct buf memory = { 0 }, more = { 0 };

	(void)state;
	sys_fake_init(&fake, 1);
	personalized_memory(&memory);
	for (size_t n = 0; n < memory.n; n += n < 400 ? 1 : 97)
		assert_int_equal(softchip_load(bytes_of(memory.p, n), &fake.sys, &chip).code, CC_E_FORMAT);
	for (size_t i = 0; i < memory.n; i += i < 400 ? 1 : 97) {
		memory.p[i] ^= 0x10;
		assert_int_equal(softchip_load(buf_view(&memory), &fake.sys, &chip).code, CC_E_FORMAT);
		memory.p[i] ^= 0x10;
	}
	assert_false(cc_failed(buf_zero(&more, memory.n + 1)));
	memcpy(more.p, memory.p, memory.n);
	assert_int_equal(softchip_load(buf_view(&more), &fake.sys, &chip).code, CC_E_FORMAT);
	assert_null(chip);
	buf_done(&memory);
	buf_done(&more);
}

/* Right check sum, wrong content: what only another program could have written. */
static void impossible_memory_is_refused(void **state)
{
	static const struct {
		enum chip_field field;
		struct bytes value;
	} wrong[] = {
		{ CHIP_FIELD_FACTORY, BYTES_LITERAL("\x00\x01\x00\x01\x00\x08short") },
		{ CHIP_FIELD_FACTORY, BYTES_LITERAL("\x03\x01\x00\x01\x00\x08serial01") },
		{ CHIP_FIELD_FACTORY, BYTES_LITERAL("\x00\x01\x00\x02\x00\x08serial01") },
		{ CHIP_FIELD_KEYS, BYTES_LITERAL("\x30"
						 "0123456789ABCDEF0123456789ABCDEF0123456789ABCDE") },
		{ CHIP_FIELD_KEYS, BYTES_LITERAL("\x30"
						 "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEFabc") },
		{ CHIP_FIELD_CARD_STATE, BYTES_LITERAL("\x00\x01") },
		{ CHIP_FIELD_SEQUENCE, BYTES_LITERAL("\x00\x01\x02\x03") },
		{ CHIP_FIELD_KEY_FAILURES, BYTES_LITERAL("\x00\x01") },
		{ CHIP_FIELD_CAN, BYTES_LITERAL("1234567") },
	};
	struct sys_fake fake;

	(void)state;
	sys_fake_init(&fake, 1);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct chip_reader cr;
		struct softchip *chip = NULL;
		struct buf memory = { 0 };

		chip_reader_init(&cr, &short_chip, &fake.sys);
		assert_false(cc_failed(chip_memory_set(&cr.chip->memory, wrong[i].field, wrong[i].value)));
		assert_false(cc_failed(chip_memory_save(&cr.chip->memory, &memory)));
		assert_int_equal(softchip_load(buf_view(&memory), &fake.sys, &chip).code, CC_E_FORMAT);
		buf_done(&memory);
		chip_reader_done(&cr);
	}
}

static void a_chip_that_cannot_be_made_is_not(void **state)
{
	static const uint8_t key[32] = { 1 };
	struct softchip_config good = { .serial = BYTES_LITERAL("serial01"), .master_key = bytes_of(key, 16) };
	struct softchip_config bad[6];
	struct sys_fake fake;
	struct softchip *chip = NULL;

	(void)state;
	sys_fake_init(&fake, 1);
	for (size_t i = 0; i < 6; i++)
		bad[i] = good;
	bad[0].serial.n = 7;
	bad[1].master_key.n = 15;
	bad[2].master_key.n = 0;
	bad[3].command_max = 65545;
	bad[4].command_max = 260;
	bad[5].master_key.n = 0;
	bad[5].key_enc = bad[5].key_mac = bytes_of(key, 16);
	bad[5].key_dek = bytes_of(key, 24);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(softchip_new(&bad[i], &fake.sys, &chip).code, CC_E_ARG);
	assert_null(chip);
	good.master_key.n = 0;
	good.key_enc = good.key_mac = good.key_dek = bytes_of(key, 24);
	assert_false(cc_failed(softchip_new(&good, &fake.sys, &chip)));
	softchip_free(&chip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tear_at_every_command_can_be_recovered),
		cmocka_unit_test(a_tear_in_mid_write_leaves_half_a_file),
		cmocka_unit_test(a_small_value_is_old_or_new),
		cmocka_unit_test(a_chip_is_its_memory),
		cmocka_unit_test(damaged_memory_is_refused),
		cmocka_unit_test(impossible_memory_is_refused),
		cmocka_unit_test(a_chip_that_cannot_be_made_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
