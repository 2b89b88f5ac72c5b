/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz_entry.h"

#include "card/perso/gp.h"
#include "card/perso/personalize.h"
#include "card/perso/profile.h"
#include "station/issue/prepare.h"
#include "tests/support/sys_fake.h"

#include <string.h>

/*
 * What a blank answers before anything is trusted, and the packet that the
 * store gives back. Input: which parser (1), then its bytes; for a hostile card
 * the answers one after the other: length (2) and bytes.
 */
/* Eight commands, each with the 260 GET RESPONSE and the corrected Le that the channel grants a card. */
#define COMMANDS_MAX (8 * 262)

static void parse_card(struct bytes in)
{
	struct scp03_card card, untouched;

	memset(&card, 0xA5, sizeof card);
	untouched = card;
	if (cc_failed(scp03_card_parse(in, &card)))
		CC_ASSERT(memcmp(&card, &untouched, sizeof card) == 0);
	else
		CC_ASSERT(in.n == 29 || in.n == 32);
}

static void parse_scp02_card(struct bytes in)
{
	struct scp02_card card, untouched;

	memset(&card, 0xA5, sizeof card);
	untouched = card;
	if (cc_failed(scp02_card_parse(in, &card)))
		CC_ASSERT(memcmp(&card, &untouched, sizeof card) == 0);
	else
		CC_ASSERT(in.n == 28);
}

static void parse_cplc(struct bytes in)
{
	struct gp_cplc c, untouched;

	memset(&c, 0xA5, sizeof c);
	untouched = c;
	if (cc_failed(gp_cplc_parse(in, &c)))
		CC_ASSERT(memcmp(&c, &untouched, sizeof c) == 0);
}

static void parse_lists(struct bytes in)
{
	uint8_t life = 0xA5;
	struct bytes aid = { NULL, 0 };

	if (cc_failed(gp_get_status_parse(in, BYTES_LITERAL("\xA0\x00\x00\x01\x51\x00\x00\x00"), &life)))
		CC_ASSERT(life == 0xA5);
	if (!cc_failed(gp_select_parse(in, &aid)))
		CC_ASSERT(aid.n <= GP_AID_MAX);
}

/* Keys that the input can't know: the check values never fit. */
static void parse_put_key(struct bytes in)
{
	static const uint8_t key[16] = { 0x13, 0x57 };
	struct scp03_keys keys = { .alg = CIPHER_AES128 };

	secret_set(&keys.enc, key, 16);
	secret_set(&keys.mac, key, 16);
	secret_set(&keys.dek, key, 16);
	CC_ASSERT(cc_failed(gp_put_key_parse(in, &keys, 0x30)) || in.n == 10);
	scp03_keys_done(&keys);
}

static void parse_packet(struct bytes in)
{
	struct prepared p = { 0 }, again = { 0 };
	struct buf packet = { 0 };

	if (cc_failed(prepared_decode(in, &p))) {
		CC_ASSERT(lds_set_bytes(&p.files) == 0);
		return;
	}
	CC_ASSERT(!cc_failed(prepared_encode(&p, &packet)));
	CC_ASSERT(!cc_failed(prepared_decode(buf_view(&packet), &again)));
	CC_ASSERT(lds_set_compare(&p.files, &again.files) == LDS_FILE_COUNT);
	CC_ASSERT(strcmp(p.mrz_info, again.mrz_info) == 0 && strcmp(p.can, again.can) == 0);
	buf_done(&packet);
	prepared_done(&p);
	prepared_done(&again);
}

/* ---- a hostile blank */

struct hostile {
	struct cursor in;
	unsigned commands;
	bool authenticated; /* EXTERNAL AUTHENTICATE was sent */
};

static cc_status hostile_reset(void *ctx, uint8_t atr[READER_ATR_MAX], size_t *ret_len)
{
	(void)ctx;
	memcpy(atr, "\x3B\x00", 2);
	*ret_len = 2;
	return cc_ok();
}

static cc_status hostile_transmit(void *ctx, struct bytes command, struct writer *answer)
{
	struct hostile *h = ctx;
	struct cursor cmd;
	struct bytes b;
	uint8_t cla, ins;
	uint16_t n;

	cursor_init(&cmd, command);
	CC_ASSERT(cursor_u8(&cmd, &cla) && cursor_u8(&cmd, &ins) && ++h->commands <= COMMANDS_MAX);
	h->authenticated = h->authenticated || ins == 0x82;
	if (!cursor_u16(&h->in, &n) || !cursor_take(&h->in, n, &b))
		return cc_code_status(CC_E_DEVICE);
	writer_put(answer, b);
	return cc_ok();
}

/* Nobody who doesn't know the keys is sent an EXTERNAL AUTHENTICATE. */
static void meet_blank(struct bytes in)
{
	static const uint8_t key[16] = { 0x24, 0x68 };
	struct hostile h = { .commands = 0 };
	struct scp03_keys keys = { .alg = CIPHER_AES128 };
	struct profile_registry profiles;
	struct reader *reader = NULL;
	struct personalize p;
	struct sys_fake fake;
	struct cc_error err;
	struct channel ch;
	bool live = false;

	cc_error_init(&err);
	sys_fake_init(&fake, 7);
	cursor_init(&h.in, in);
	secret_set(&keys.enc, key, 16);
	secret_set(&keys.mac, key, 16);
	secret_set(&keys.dek, key, 16);
	CC_ASSERT(!cc_failed(profile_registry_default(&profiles, &err)));
	CC_ASSERT(!cc_failed(reader_memory_new("fuzz", &h, hostile_reset, hostile_transmit, &reader)));
	CC_ASSERT(!cc_failed(reader_connect(reader)));
	channel_init(&ch, reader);
	if (!cc_failed(personalize_identify(&ch, &profiles, &fake.sys, &p, &err))) {
		if (p.profile->protocol == SECURE_CHANNEL_SCP02)
			keys.alg = CIPHER_TDES;
		if (!cc_failed(personalize_greet(&p, &keys, &live)))
			CC_ASSERT(cc_failed(personalize_authenticate(&p, &keys)) && !live);
		else
			CC_ASSERT(p.err.key != NULL);
		personalize_done(&p);
	}
	CC_ASSERT(!h.authenticated);
	channel_done(&ch);
	reader_free(&reader);
	scp03_keys_done(&keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const targets[])(struct bytes) = { parse_card,   parse_cplc, parse_lists,	    parse_put_key,
							 parse_packet, meet_blank, parse_scp02_card };
	struct cursor in;
	uint8_t which;

	cursor_init(&in, bytes_of(data, size));
	if (cursor_u8(&in, &which))
		targets[which % (sizeof targets / sizeof targets[0])](cursor_rest(&in));
	return 0;
}
