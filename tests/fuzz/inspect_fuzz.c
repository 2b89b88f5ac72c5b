/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/inspect.h"
#include "card/sw.h"
#include "tests/fuzz/fuzz_entry.h"
#include "tests/support/sys_fake.h"

/* libfuzzer: -max_len=16384 */

/*
 * A whole inspection of a chip without access control. First byte even: the
 * rest is the chip's files, each as number in enum lds_file, length (2) and
 * content, served honestly. Odd: the rest is its raw answers, each with length
 * (2) before it, whatever is asked. Nobody has a country signer here, so nothing
 * may pass.
 */
struct hostile {
	struct cursor answers;
	bool raw;
	struct lds_set files;
	int selected; /* enum lds_file, -1: none */
};

static void answer_sw(struct writer *answer, uint16_t sw)
{
	writer_u16(answer, sw);
}

static int file_of_fid(uint16_t fid)
{
	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		if (lds_file_fid(f) == fid)
			return (int)f;
	}
	return -1;
}

static void serve_select(struct hostile *h, uint8_t p1, struct cursor *in, struct writer *answer)
{
	uint16_t fid;
	uint8_t lc;

	if (p1 == 0x04) {
		answer_sw(answer, SW_OK);
		return;
	}
	h->selected = cursor_u8(in, &lc) && lc == 2 && cursor_u16(in, &fid) ? file_of_fid(fid) : -1;
	if (h->selected >= 0 && !lds_set_has(&h->files, (enum lds_file)h->selected))
		h->selected = -1;
	answer_sw(answer, h->selected >= 0 ? SW_OK : SW_FILE_NOT_FOUND);
}

static void serve_read(struct hostile *h, uint8_t p1, uint8_t p2, struct cursor *in, struct writer *answer)
{
	size_t offset = (size_t)p1 << 8 | p2, want;
	struct cursor file;
	struct bytes data;
	uint8_t le = 0;

	if ((p1 & 0x80) != 0) {
		h->selected = file_of_fid((uint16_t)(0x0100 | (p1 & 0x1F)));
		if (h->selected >= 0 && !lds_set_has(&h->files, (enum lds_file)h->selected))
			h->selected = -1;
		offset = p2;
	}
	if (h->selected < 0) {
		answer_sw(answer, SW_FILE_NOT_FOUND);
		return;
	}
	(void)cursor_peek(in, &le);
	want = le == 0 ? 256 : le;
	cursor_init(&file, lds_set_get(&h->files, (enum lds_file)h->selected));
	if (!cursor_skip(&file, offset)) {
		answer_sw(answer, SW_WRONG_OFFSET);
		return;
	}
	if (cursor_left(&file) < want) {
		writer_put(answer, cursor_rest(&file));
		answer_sw(answer, SW_END_OF_FILE);
		return;
	}
	if (cursor_take(&file, want, &data))
		writer_put(answer, data);
	answer_sw(answer, SW_OK);
}

static cc_status transmit(void *ctx, struct bytes command, struct writer *answer)
{
	struct hostile *h = ctx;
	struct cursor in;
	struct bytes raw;
	uint8_t cla, ins, p1, p2;
	uint16_t len;

	if (h->raw) {
		if (!cursor_u16(&h->answers, &len) || !cursor_take(&h->answers, len, &raw))
			return cc_code_status(CC_E_DEVICE);
		writer_put(answer, raw);
		return cc_ok();
	}
	cursor_init(&in, command);
	if (!cursor_u8(&in, &cla) || !cursor_u8(&in, &ins) || !cursor_u8(&in, &p1) || !cursor_u8(&in, &p2))
		return cc_code_status(CC_E_DEVICE);
	if (ins == 0xA4)
		serve_select(h, p1, &in, answer);
	else if (ins == 0xB0)
		serve_read(h, p1, p2, &in, answer);
	else
		answer_sw(answer, SW_INS_UNKNOWN);
	return cc_ok();
}

static cc_status power_on(void *ctx, uint8_t atr[READER_ATR_MAX], size_t *ret_len)
{
	(void)ctx;
	atr[0] = 0x3B;
	atr[1] = 0x00;
	*ret_len = 2;
	return cc_ok();
}

static void take_files(struct hostile *h)
{
	struct bytes file;
	uint8_t number;
	uint16_t len;

	while (cursor_left(&h->answers) > 0) {
		if (!cursor_u8(&h->answers, &number) || !cursor_u16(&h->answers, &len) || !cursor_take(&h->answers, len, &file))
			return;
		CC_ASSERT(!cc_failed(lds_set_put(&h->files, (enum lds_file)(number % LDS_FILE_COUNT), file)));
	}
}

static void inspect(struct hostile *h)
{
	const struct inspect_keys keys = { 0 };
	struct sys_fake fake;
	const struct inspect_params p = { .keys = &keys, .now_s = 1767225600, .allow_bac = true, .sys = &fake.sys };
	struct inspection i = { 0 };
	struct reader *reader = NULL;
	struct channel ch;
	cc_status st;

	sys_fake_init(&fake, 1);
	CC_ASSERT(!cc_failed(reader_memory_new("hostile", h, power_on, transmit, &reader)));
	CC_ASSERT(!cc_failed(reader_connect(reader)));
	channel_init(&ch, reader);
	st = inspect_card(&ch, &p, &i);
	CC_ASSERT(i.verdict != INSPECT_GOOD && i.access == INSPECT_ACCESS_NONE);
	CC_ASSERT(!cc_failed(st) || i.err.key != NULL);
	for (size_t k = 0; k < i.check_count; k++) {
		for (const char *c = i.checks[k].evidence; *c != 0; c++)
			CC_ASSERT(*c >= 0x20 && *c < 0x7F);
	}
	inspection_done(&i);
	channel_done(&ch);
	reader_free(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hostile h = { .selected = -1 };
	uint8_t mode;

	cursor_init(&h.answers, bytes_of(data, size));
	if (!cursor_u8(&h.answers, &mode))
		return 0;
	h.raw = (mode & 1) != 0;
	if (!h.raw)
		take_files(&h);
	inspect(&h);
	lds_set_done(&h.files);
	return 0;
}
