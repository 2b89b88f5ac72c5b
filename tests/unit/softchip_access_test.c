/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/chip_term.h"
#include "tests/support/sys_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* Every access protocol that the chip offers, against a terminal in bare APDUs; and what the chip refuses. */

static const unsigned groups[] = { 0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18 };
#define GROUPS (sizeof groups / sizeof *groups)

static bool offered(const struct chip_made_pace *p)
{
	if (p->mapping == CHIP_MADE_IM)
		return p->parameter_id != 10; /* P-224: p = 1 mod 4 */
	return p->mapping != CHIP_MADE_CAM || (p->parameter_id >= 8 && p->alg != CIPHER_TDES);
}

/* The session works, and is this one. */
static void session_reads(struct chip_term *t)
{
	uint16_t sw;
	struct buf com;

	assert_int_equal(chip_term_select_application(t), 0x9000);
	com = chip_term_read_file(t, 0x011E, &sw);
	assert_int_equal(sw, 0x9000);
	assert_true(t->active && com.n > 10);
	buf_done(&com);
}

static struct bytes first_ca_key(struct chip_made *m, struct buf *ret)
{
	struct chip_key key = { 0 };

	assert_false(cc_failed(chip_keypair_load(m->cr.chip, CHIP_FIELD_CA_KEY, &key)));
	assert_false(cc_failed(buf_copy(ret, agree_key_public(key.agree))));
	chip_key_done(&key);
	return buf_view(ret);
}

static void run_pace(const struct chip_made_pace *p, uint8_t password, unsigned *count)
{
	const struct chip_made_options o = { .pace = { *p },
					     .pace_count = 1,
					     .ca = { { .parameter_id = p->parameter_id, .alg = CIPHER_AES128 } },
					     .ca_count = p->mapping == CHIP_MADE_CAM };
	struct chip_term_pace run = { .info = *p, .password = password };
	struct sys_fake fake;
	struct chip_made m;
	struct chip_term t;
	struct buf key = { 0 };

	sys_fake_init(&fake, *count);
	chip_made_init(&m, &o, &fake.sys);
	chip_term_init(&t, m.cr.chip, &fake.sys);
	run.secret = password == 1 ? m.mrz_information : m.can;
	if (p->mapping == CHIP_MADE_CAM)
		run.chip_key = first_ca_key(&m, &key);
	run.wrong_token = true;
	assert_int_equal(chip_term_pace(&t, &run), 0x6300);
	run.wrong_token = false;
	assert_int_equal(chip_term_pace(&t, &run), 0x9000);
	session_reads(&t);
	buf_done(&key);
	chip_term_done(&t);
	chip_made_done(&m);
	(*count)++;
}

static void pace_in_every_combination(void **state)
{
	unsigned count = 0;

	(void)state;
	for (unsigned g = 0; g < GROUPS; g++)
		for (unsigned mapping = 0; mapping < 3; mapping++)
			for (unsigned alg = 0; alg < CIPHER_ALG_COUNT; alg++) {
				const struct chip_made_pace p = { (enum chip_made_mapping)mapping, (enum cipher_alg)alg,
								  groups[g] };

				if (offered(&p))
					run_pace(&p, (uint8_t)(1 + count % 2), &count);
			}
	printf("# count: %u PACE combinations of group, mapping and cipher on the software chip\n", count);
	assert_int_equal(count, 14 * 4 + 13 * 4 + 11 * 3);
}

static void several_pace_infos_are_told_apart(void **state)
{
	const struct chip_made_options o = { .pace = { { CHIP_MADE_GM, CIPHER_AES128, 13 },
						       { CHIP_MADE_GM, CIPHER_AES128, 12 },
						       { CHIP_MADE_IM, CIPHER_AES256, 16 },
						       { CHIP_MADE_GM, CIPHER_TDES, 0 } },
					     .pace_count = 4 };
	struct sys_fake fake;
	struct chip_made m;
	struct chip_term t;

	(void)state;
	sys_fake_init(&fake, 1);
	chip_made_init(&m, &o, &fake.sys);
	chip_term_init(&t, m.cr.chip, &fake.sys);
	for (size_t i = 0; i < o.pace_count; i++) {
		struct chip_term_pace run = { .info = o.pace[i], .password = 2, .secret = m.can, .name_parameters = true };

		chip_term_reset(&t);
		assert_int_equal(chip_term_pace(&t, &run), 0x9000);
		session_reads(&t);
		chip_term_reset(&t);
		run.name_parameters = false;
		/* Offered with two sets of parameters: which one is meant must be said. */
		assert_int_equal(chip_term_pace(&t, &run), i < 2 ? 0x6A80 : 0x9000);
	}
	chip_term_done(&t);
	chip_made_done(&m);
}

/* ICAO 9303-11 4.4: a wrong CAN slows the chip down; it is never lost to its holder. */
static void a_wrong_can_delays_and_never_blocks(void **state)
{
	const struct chip_made_options o = { .pace = { { CHIP_MADE_GM, CIPHER_AES128, 13 } }, .pace_count = 1 };
	struct chip_term_pace wrong = { .info = o.pace[0], .password = 2, .secret = "123456" }, right = wrong;
	struct sys_fake fake;
	struct chip_made m;
	struct chip_term t;

	(void)state;
	sys_fake_init(&fake, 1);
	chip_made_init(&m, &o, &fake.sys);
	right.secret = m.can;
	chip_term_init(&t, m.cr.chip, &fake.sys);
	for (int i = 0; i < 3; i++)
		assert_int_equal(chip_term_pace(&t, &wrong), 0x6300);
	assert_int_equal(fake.slept_ms, 0);
	for (int i = 0; i < 9; i++)
		assert_int_equal(chip_term_pace(&t, &wrong), 0x6300);
	assert_true(fake.slept_ms >= 9000);
	chip_term_reset(&t);
	assert_int_equal(chip_term_pace(&t, &right), 0x9000);
	session_reads(&t);
	chip_term_done(&t);
	chip_made_done(&m);
}

/* ---- Chip Authentication */

static void run_ca(unsigned group, enum cipher_alg alg, unsigned *count)
{
	const struct chip_made_options o = {
		.ca = { { .parameter_id = group, .alg = alg, .has_key_id = true, .key_id = 1 },
			{ .parameter_id = 12, .alg = CIPHER_AES128, .has_key_id = true, .key_id = 2 } },
		.ca_count = 2
	};
	struct chip_term_ca ca = { .alg = alg, .has_key_id = true, .key_id = 1 };
	struct sys_fake fake;
	struct chip_made m;
	struct chip_term t;
	struct buf key = { 0 };
	uint16_t sw;

	sys_fake_init(&fake, *count);
	chip_made_init(&m, &o, &fake.sys);
	chip_term_init(&t, m.cr.chip, &fake.sys);
	assert_true(agree_group_from_parameter_id(group, &ca.group));
	ca.chip_key = first_ca_key(&m, &key);
	assert_int_equal(chip_term_select_application(&t), 0x9000);
	assert_int_equal(chip_term_bac(&t, m.mrz_information), 0x9000);
	/* It fails: the old keys stay. */
	ca.peer = BYTES_LITERAL("\x04\x00");
	sw = chip_term_ca(&t, &ca);
	assert_true(sw == (alg == CIPHER_TDES ? 0x6A80 : 0x6300));
	session_reads(&t);
	ca.peer = bytes_of(NULL, 0);
	ca.key_id = 7;
	assert_int_equal(chip_term_ca(&t, &ca), 0x6A88);
	ca.key_id = 1;
	assert_int_equal(chip_term_ca(&t, &ca), 0x9000);
	session_reads(&t);
	buf_done(&key);
	chip_term_done(&t);
	chip_made_done(&m);
	(*count)++;
}

static void chip_authentication_in_every_combination(void **state)
{
	unsigned count = 0;

	(void)state;
	for (unsigned g = 0; g < GROUPS; g++)
		for (unsigned alg = 0; alg < CIPHER_ALG_COUNT; alg++)
			run_ca(groups[g], (enum cipher_alg)alg, &count);
	printf("# count: %u Chip Authentication combinations of group and cipher on the software chip\n", count);
	assert_int_equal(count, 14 * 4);
}

/* ---- memory runs out in the middle of PACE: no access, and the chip is none the worse */

#define PACE_COMMANDS 5

static unsigned fail_pace(const struct chip_made_pace *p)
{
	const struct chip_made_options o = { .pace = { *p },
					     .pace_count = 1,
					     .ca = { { .parameter_id = p->parameter_id, .alg = CIPHER_AES128 } },
					     .ca_count = 1 };
	struct sys_fake fake;
	struct chip_made m;
	struct chip_term t;
	unsigned runs = 0;

	sys_fake_init(&fake, 1);
	chip_made_init(&m, &o, &fake.sys);
	chip_term_init(&t, m.cr.chip, &fake.sys);
	t.fault_begin = alloc_fault_next;
	t.fault_end = alloc_fault_end;
	const struct chip_term_pace run = { .info = *p, .password = 2, .secret = m.can };
	for (unsigned command = 1; command <= PACE_COMMANDS; command++) {
		t.fault_hit = true;
		for (size_t at = 1; t.fault_hit; at++, runs++) {
			uint16_t sw;

			chip_term_reset(&t);
			t.fault_command = command;
			t.fault_at = at;
			sw = chip_term_pace(&t, &run);
			assert_true((sw == 0x9000) == !t.fault_hit);
			assert_true(chip_sm_active(&m.cr.chip->s.sm) == (sw == 0x9000));
			assert_true(m.cr.chip->s.access == (sw == 0x9000));
		}
	}
	chip_term_reset(&t);
	assert_int_equal(chip_term_pace(&t, &run), 0x9000);
	session_reads(&t);
	chip_term_done(&t);
	chip_made_done(&m);
	return runs;
}

static void pace_without_memory_opens_nothing(void **state)
{
	static const struct chip_made_pace protocols[] = {
		{ CHIP_MADE_GM, CIPHER_TDES, 0 },    { CHIP_MADE_GM, CIPHER_AES128, 13 },  { CHIP_MADE_IM, CIPHER_AES256, 1 },
		{ CHIP_MADE_IM, CIPHER_AES192, 12 }, { CHIP_MADE_CAM, CIPHER_AES128, 13 },
	};
	unsigned runs = 0;

	(void)state;
	for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
		runs += fail_pace(&protocols[i]);
	printf("# count: %u allocations of the chip in PACE refused\n", runs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pace_in_every_combination),	       cmocka_unit_test(several_pace_infos_are_told_apart),
		cmocka_unit_test(a_wrong_can_delays_and_never_blocks), cmocka_unit_test(chip_authentication_in_every_combination),
		cmocka_unit_test(pace_without_memory_opens_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
