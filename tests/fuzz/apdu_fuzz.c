/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz_entry.h"

#include "card/access/bac.h"
#include "card/atr.h"
#include "card/fs.h"
#include "card/quirks.h"
#include "card/sw.h"
#include "tests/support/sys_fake.h"

#include <string.h>

/*
 * A card that answers whatever the input says. Input: what to do (1), ATR length (1) and ATR, then the answers: length (2) and
 * bytes, one for each command; when they are used up the card is torn out.
 */
/* libfuzzer: -max_len=70000 */
#define COMMANDS_MAX 8192

struct hostile {
	struct cursor in;
	unsigned commands;
};

static cc_status hostile_reset(void *ctx, uint8_t atr[READER_ATR_MAX], size_t *ret_len)
{
	struct hostile *h = ctx;
	struct bytes b;
	uint8_t n;

	if (!cursor_u8(&h->in, &n) || !cursor_take(&h->in, n % (READER_ATR_MAX + 1), &b))
		return cc_code_status(CC_E_DEVICE);
	if (b.n > 0)
		memcpy(atr, b.p, b.n);
	*ret_len = b.n;
	return cc_ok();
}

static cc_status hostile_transmit(void *ctx, struct bytes command, struct writer *answer)
{
	struct hostile *h = ctx;
	struct bytes b;
	uint16_t n;

	CC_ASSERT(command.n >= 4 && ++h->commands <= COMMANDS_MAX);
	if (!cursor_u16(&h->in, &n) || !cursor_take(&h->in, n, &b))
		return cc_code_status(CC_E_DEVICE);
	writer_put(answer, b);
	return cc_ok();
}

static void read_file(struct channel *ch, size_t limit)
{
	struct buf file = { 0 };
	uint16_t sw = 0;

	if (!cc_failed(fs_read_ef(ch, FS_EF_DG(2), limit, &file, &sw))) {
		CC_ASSERT(file.n <= limit && (sw == SW_OK) == (file.n > 0));
	} else {
		CC_ASSERT(file.p == NULL && ch->err.key != NULL);
	}
	buf_done(&file);
}

static void send_data(struct channel *ch, size_t n)
{
	static const uint8_t data[2000];
	const struct apdu cmd = { .ins = 0xE2, .data = bytes_of(data, n), .le = APDU_LE_SHORT_MAX };
	struct response r = { 0 };

	if (cc_failed(channel_send(ch, &cmd, &r)))
		CC_ASSERT(r.data.p == NULL && r.sw == 0 && ch->err.key != NULL);
	else
		CC_ASSERT(r.data.n <= READER_ANSWER_MAX);
	response_done(&r);
}

/* Nobody who doesn't know the keys gets through. */
static void authenticate(struct channel *ch)
{
	struct sys_fake fake;
	struct secret seed = { 0 };

	sys_fake_init(&fake, 1);
	CC_ASSERT(!cc_failed(bac_key_seed("000000000", "900101", "300101", &seed)));
	CC_ASSERT(cc_failed(bac_authenticate(ch, &seed, &fake.sys)) && ch->layer == NULL);
	secret_done(&seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hostile h = { 0 };
	struct reader *r = NULL;
	struct channel ch;
	uint16_t sw;
	uint8_t what;
	size_t command, response;

	(void)quirks_find(bytes_of(data, size), bytes_of(data, size));
	(void)atr_capabilities(bytes_of(data, size < READER_ATR_MAX ? size : READER_ATR_MAX));
	if (!cc_failed(atr_length_info(bytes_of(data, size), &command, &response)))
		CC_ASSERT(command <= UINT32_MAX && response <= UINT32_MAX);
	cursor_init(&h.in, bytes_of(data, size));
	if (!cursor_u8(&h.in, &what))
		return 0;
	CC_ASSERT(!cc_failed(reader_memory_new("hostile", &h, hostile_reset, hostile_transmit, &r)));
	if (!cc_failed(reader_connect(r))) {
		channel_init(&ch, r);
		if ((what & 0x80) == 0 || !cc_failed(channel_negotiate(&ch))) {
			CC_ASSERT(ch.command_max >= 255 && ch.command_max <= 65535);
			CC_ASSERT(ch.response_max >= 256 && ch.response_max <= 65536);
			if ((what & 1) != 0)
				read_file(&ch, (what & 2) != 0 ? FS_FILE_MAX : 300);
			if ((what & 4) != 0)
				send_data(&ch, (what & 8) != 0 ? 2000 : 20);
			if ((what & 16) != 0 && !cc_failed(fs_select_aid(&ch, fs_aid_emrtd, &sw)) &&
			    !cc_failed(fs_select_mf(&ch, &sw)) && !cc_failed(fs_select_ef(&ch, FS_EF_CARD_ACCESS, &sw)))
				read_file(&ch, 1000);
			if ((what & 32) != 0)
				authenticate(&ch);
		}
		channel_done(&ch);
	}
	reader_free(&r);
	return 0;
}
