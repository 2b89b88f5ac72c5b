/* SPDX-License-Identifier: Apache-2.0 */
#include "card/perso/match_on_card.h"
#include "tests/fuzz/fuzz_entry.h"

/*
 * A card that answers the questions about its match-on-card application with whatever the input says: each answer is a
 * length (2) and bytes; when they are used up the card is torn out. And the group of templates by itself. What is taken is within
 * its limits, what is refused has a name.
 */
static cc_status transmit(void *ctx, struct bytes command, struct writer *answer)
{
	struct cursor *answers = ctx;
	struct bytes raw;
	uint16_t n;

	(void)command;
	if (!cursor_u16(answers, &n) || !cursor_take(answers, n, &raw))
		return cc_code_status(CC_E_DEVICE);
	writer_put(answer, raw);
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

/* True: it was good. */
static bool judged(struct channel *ch, cc_status st)
{
	if (cc_failed(st))
		CC_ASSERT(ch->err.key != NULL);
	cc_error_init(&ch->err);
	return !cc_failed(st);
}

static void check_group(const struct match_on_card_group *g)
{
	CC_ASSERT(g->count <= MATCH_ON_CARD_REFERENCES_MAX);
}

static void ask(struct channel *ch)
{
	enum match_on_card_result result = MATCH_ON_CARD_BLOCKED;
	struct match_on_card_group g = { 0 };
	struct buf information = { 0 };
	unsigned tries = 0;

	(void)judged(ch, match_on_card_select(ch, BYTES_LITERAL("\xF0\x43\x43\x43\x44\x4D\x4F\x43")));
	if (judged(ch, match_on_card_information(ch, &information)))
		CC_ASSERT(information.n > 0);
	else
		CC_ASSERT(information.p == NULL);
	buf_done(&information);
	if (judged(ch, match_on_card_list(ch, MATCH_ON_CARD_FIELD, &g)))
		check_group(&g);
	if (judged(ch, match_on_card_verify(ch, 0x81, BYTES_LITERAL("\x7F\x2E\x03\x81\x01\x00"), &result, &tries)))
		CC_ASSERT(tries <= MATCH_ON_CARD_TRIES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct match_on_card_group g = { 0 };
	struct reader *reader = NULL;
	struct cursor answers;
	struct channel ch;

	if (!cc_failed(match_on_card_group_parse(bytes_of(data, size), &g))) {
		CC_ASSERT(g.count > 0);
		check_group(&g);
	} else {
		CC_ASSERT(g.count == 0);
	}
	cursor_init(&answers, bytes_of(data, size));
	CC_ASSERT(!cc_failed(reader_memory_new("hostile", &answers, power_on, transmit, &reader)));
	CC_ASSERT(!cc_failed(reader_connect(reader)));
	channel_init(&ch, reader);
	ask(&ch);
	channel_done(&ch);
	reader_free(&reader);
	return 0;
}
