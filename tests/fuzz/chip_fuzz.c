/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz_entry.h"

#include "card/softchip/chip.h"
#include "tests/support/chip_cv.h"
#include "tests/support/chip_made.h"
#include "tests/support/chip_term.h"
#include "tests/support/sys_fake.h"

#include <stdlib.h>
#include <string.h>

/*
 * A hostile terminal, before and after it has opened the chip. Input: mode (1;
 * bit 0: under secure messaging, bit 1: Chip Authentication was run, bit 2:
 * application selected), then commands: length (1), bytes from INS on: INS, P1,
 * P2, data. Length FF is a command that a fuzzer can't guess: which (1), place of a byte
 * (2) and what is laid over it (1).
 */
/* libfuzzer: -max_len=4096 */
#define COMMANDS_MAX 64
#define ANSWER_MAX 70000

enum special { ROOT, VERIFIER, TERMINAL, LINK, SPECIALS };

static struct sys_fake fake;
static struct buf memory, special[SPECIALS];
static struct chip_made_options options;
static bool ready;

static void fixed_key(struct chip_cv_key *k, uint8_t scalar)
{
	struct ec_domain *d = NULL;

	*k = (struct chip_cv_key){ .family = 2, .scheme = 3, .curve = EC_BP256 };
	CC_ASSERT(!cc_failed(ec_domain_new(EC_BP256, &d)) && !cc_failed(ec_key_import(d, bytes_of(&scalar, 1), &k->ec)));
	ec_domain_free(&d);
}

static void forget(void)
{
	buf_done(&memory);
	for (size_t i = 0; i < SPECIALS; i++)
		buf_done(&special[i]);
}

/* The chip, and certificates that it accepts: made once. */
static void make_chip(void)
{
	struct chip_cv_key key[4];
	struct chip_made m;
	struct buf root;

	sys_fake_init(&fake, 1);
	for (uint8_t i = 0; i < 4; i++)
		fixed_key(&key[i], (uint8_t)(i + 2));
	const struct chip_cv specs[SPECIALS] = {
		[ROOT] = { "VNCVCA00001", "VNCVCA00001", 0xC3, "260101", "290101", &key[0], true, CHIP_CV_GOOD },
		[VERIFIER] = { "VNCVCA00001", "VNDV00001", 0x83, "260201", "270301", &key[1], false, CHIP_CV_GOOD },
		[TERMINAL] = { "VNDV00001", "VNIS00001", 0x03, "260301", "270301", &key[2], false, CHIP_CV_GOOD },
		[LINK] = { "VNCVCA00001", "VNCVCA00002", 0xC3, "260601", "310101", &key[3], true, CHIP_CV_GOOD },
	};
	for (size_t i = 0; i < SPECIALS; i++)
		special[i] = chip_cv_make(&specs[i], &key[i == TERMINAL ? 1 : 0]);
	root = chip_cv_wrap(&special[ROOT]);
	options =
		(struct chip_made_options){ .personality = SOFTCHIP_ICAO,
					    .pace = { { CHIP_MADE_GM, CIPHER_AES128, 13 },
						      { CHIP_MADE_IM, CIPHER_AES128, 13 },
						      { CHIP_MADE_GM, CIPHER_TDES, 0 } },
					    .pace_count = 3,
					    .ca = { { .parameter_id = 13, .alg = CIPHER_AES128, .has_key_id = true, .key_id = 1 },
						    { .parameter_id = 0, .alg = CIPHER_TDES, .has_key_id = true, .key_id = 2 } },
					    .ca_count = 2,
					    .aa = CHIP_MADE_AA_EC,
					    .aa_parameter_id = 13,
					    .cvca = buf_view(&root),
					    .with_dg3 = true,
					    .with_dg4 = true };
	chip_made_init(&m, &options, &fake.sys);
	CC_ASSERT(!cc_failed(softchip_save(m.cr.chip, &memory)));
	chip_made_done(&m);
	buf_done(&root);
	for (size_t i = 0; i < 4; i++)
		chip_cv_key_done(&key[i]);
	options.cvca = bytes_of(NULL, 0);
	(void)atexit(forget);
	ready = true;
}

/* Secure messaging with keys of zeros, as if a reader had opened the chip. */
static void open_chip(struct softchip *chip, struct chip_term *t, uint8_t mode)
{
	static const uint8_t zeros[32] = { 0 };

	if ((mode & 4) != 0)
		CC_ASSERT(chip_term_select_application(t) == 0x9000);
	if ((mode & 1) == 0)
		return;
	CC_ASSERT(!cc_failed(
		chip_sm_stage(&chip->s.sm, CIPHER_AES128, bytes_of(zeros, 16), bytes_of(zeros, 16), bytes_of(NULL, 0))));
	chip_sm_commit(&chip->s.sm);
	chip->s.access = true;
	CC_ASSERT(!cc_failed(buf_copy(&chip->s.id_picc, BYTES_LITERAL("0900000007"))));
	if ((mode & 2) != 0)
		CC_ASSERT(!cc_failed(buf_copy(&chip->s.terminal.comp_pcd, bytes_of(zeros, 32))));
	t->active = true;
	t->alg = CIPHER_AES128;
}

static void send(struct chip_term *t, uint8_t ins, uint8_t p1, uint8_t p2, struct bytes data)
{
	const struct chip_term_command c = { t->active ? 0x0C : 0x00, ins, p1, p2, data, 256 };
	struct chip_term_answer a = chip_term_send(t, &c);

	CC_ASSERT(a.sw != 0 && a.data.n <= ANSWER_MAX);
	buf_done(&a.data);
}

static bool send_special(struct chip_term *t, struct cursor *in)
{
	uint8_t which, over;
	uint16_t place;
	struct buf c = { 0 };

	if (!cursor_u8(in, &which) || !cursor_u16(in, &place) || !cursor_u8(in, &over))
		return false;
	CC_ASSERT(!cc_failed(buf_copy(&c, buf_view(&special[which % SPECIALS]))));
	c.p[place % c.n] ^= over;
	send(t, 0x2A, 0x00, 0xBE, buf_view(&c));
	buf_done(&c);
	return true;
}

static bool send_plain(struct chip_term *t, struct cursor *in, uint8_t n)
{
	struct bytes command;
	struct cursor c;
	uint8_t ins, p1, p2;

	if (!cursor_take(in, n, &command))
		return false;
	cursor_init(&c, command);
	if (cursor_u8(&c, &ins) && cursor_u8(&c, &p1) && cursor_u8(&c, &p2))
		send(t, ins, p1, p2, cursor_rest(&c));
	return true;
}

/* Whatever was sent: nobody has proven a terminal's key, and memory is what a chip can load. */
static void check_chip(struct softchip *chip)
{
	struct softchip *again = NULL;
	struct buf saved = { 0 };

	CC_ASSERT(chip->s.terminal.rights == 0);
	CC_ASSERT(!cc_failed(softchip_save(chip, &saved)));
	CC_ASSERT(!cc_failed(softchip_load(buf_view(&saved), &fake.sys, &again)));
	softchip_free(&again);
	buf_done(&saved);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct softchip *chip = NULL;
	struct chip_term t;
	struct cursor in;
	uint8_t mode, n;
	bool more = true;

	if (!ready)
		make_chip();
	cursor_init(&in, bytes_of(data, size));
	if (!cursor_u8(&in, &mode))
		return 0;
	CC_ASSERT(!cc_failed(softchip_load(buf_view(&memory), &fake.sys, &chip)));
	chip_term_init(&t, chip, &fake.sys);
	open_chip(chip, &t, mode);
	for (int i = 0; i < COMMANDS_MAX && more && cursor_u8(&in, &n); i++)
		more = n == 0xFF ? send_special(&t, &in) : send_plain(&t, &in, n);
	check_chip(chip);
	chip_term_done(&t);
	softchip_free(&chip);
	return 0;
}
