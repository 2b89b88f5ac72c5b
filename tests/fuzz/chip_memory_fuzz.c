/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"
#include "crypto/hash.h"
#include "tests/fuzz/fuzz_entry.h"
#include "tests/support/sys_fake.h"

#include <string.h>

/* libfuzzer: -max_len=8192 */

/*
 * A software chip's file. First byte: what is opened on the chip without its keys; the rest is the
 * memory without the hash at its end, which the harness makes. A chip that loads answers every command with a
 * status word, and saves a memory that loads again.
 */
static const struct bytes commands[] = {
	BYTES_LITERAL("\x00\xA4\x02\x0C\x02\x01\x1C"),							   /* EF.CardAccess */
	BYTES_LITERAL("\x00\xB0\x00\x00\x00"),								   /* READ BINARY */
	BYTES_LITERAL("\x80\xCA\x9F\x7F\x00"),								   /* CPLC */
	BYTES_LITERAL("\x80\x50\x00\x00\x08\x01\x02\x03\x04\x05\x06\x07\x08\x00"),			   /* INITIALIZE UPDATE */
	BYTES_LITERAL("\x00\x22\xC1\xA4\x0F\x80\x0A\x04\x00\x7F\x00\x07\x02\x02\x04\x02\x02\x83\x01\x02"), /* PACE */
	BYTES_LITERAL("\x10\x86\x00\x00\x02\x7C\x00\x00"),						   /* its nonce */
	BYTES_LITERAL("\x00\xA4\x04\x0C\x07\xA0\x00\x00\x02\x47\x10\x01"),				   /* the application */
	BYTES_LITERAL("\x00\x84\x00\x00\x08"),								   /* GET CHALLENGE */
	BYTES_LITERAL("\x00\xB0\x81\x00\x00"),								   /* DG1 */
	BYTES_LITERAL("\x00\xA4\x02\x0C\x02\x01\x0E"),							   /* DG14 */
	BYTES_LITERAL("\x00\xB0\x00\x04\xFF"),								   /* its middle */
	BYTES_LITERAL("\x00\x88\x00\x00\x08\x01\x02\x03\x04\x05\x06\x07\x08\x00"), /* Active Authentication */
	BYTES_LITERAL("\x00\x22\x41\xA4\x0F\x80\x0A\x04\x00\x7F\x00\x07\x02\x02\x03\x02\x02\x84\x01\x01"), /* Chip Auth. */
	BYTES_LITERAL("\x00\x86\x00\x00\x04\x7C\x02\x80\x00\x00"),
	BYTES_LITERAL("\x00\x22\x81\xB6\x0D\x83\x0BVNCVCA00001"),		   /* Terminal Authentication */
	BYTES_LITERAL("\x00\xA4\x04\x00\x08\xF0\x43\x43\x43\x44\x4D\x4F\x43\x00"), /* match-on-card */
	BYTES_LITERAL("\x00\xCB\x3F\xFF\x0A\x4D\x08\x70\x06\xBF\x81\x01\x02\x7F\x60\x00"),
	BYTES_LITERAL("\x00\x21\x00\x81\x06\x7F\x2E\x03\x81\x01\x00"), /* VERIFY */
};

static void run(struct softchip *chip, uint8_t open)
{
	uint8_t atr[33];
	size_t atr_len = 0;

	CC_ASSERT(!cc_failed(softchip_power_on(chip, atr, &atr_len)) && atr_len >= 2 && atr_len <= 33);
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		struct bytes answer;
		struct writer w;

		chip->s.access = chip->s.access || (open & 1) != 0;
		writer_init(&w, 70000);
		CC_ASSERT(!cc_failed(softchip_transmit(chip, commands[i], &w)));
		answer = writer_view(&w);
		CC_ASSERT(answer.n >= 2);
		writer_done(&w);
	}
	softchip_power_off(chip);
}

static void put_hash(struct bytes memory, struct buf *ret)
{
	struct digest d;
	struct writer w;

	CC_ASSERT(!cc_failed(hash_digest(HASH_SHA256, memory, &d)));
	writer_init(&w, memory.n + sizeof d.p);
	writer_put(&w, memory);
	writer_put(&w, bytes_of(d.p, d.n));
	CC_ASSERT(!cc_failed(writer_finish(&w, ret)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct softchip *chip = NULL, *again = NULL;
	struct buf file = { 0 }, saved = { 0 };
	struct sys_fake fake;
	struct cursor in;
	uint8_t open;

	cursor_init(&in, bytes_of(data, size));
	if (!cursor_u8(&in, &open))
		return 0;
	sys_fake_init(&fake, 1);
	CC_ASSERT(size < 32 || cc_failed(softchip_load(bytes_of(data, size), &fake.sys, &chip)));
	put_hash(cursor_rest(&in), &file);
	if (!cc_failed(softchip_load(buf_view(&file), &fake.sys, &chip))) {
		run(chip, open);
		CC_ASSERT(!cc_failed(softchip_save(chip, &saved)));
		CC_ASSERT(!cc_failed(softchip_load(buf_view(&saved), &fake.sys, &again)));
	}
	softchip_free(&again);
	softchip_free(&chip);
	buf_done(&saved);
	buf_done(&file);
	return 0;
}
