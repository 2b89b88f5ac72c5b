/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this program adds to a command: channel, secure messaging and the
 * reader's thread against SCardTransmit called directly, over the same pcscd and
 * card, in turn. Needs the only reader with a card (run inside `cccd lab run`);
 * without one only the in-memory figures are printed.
 */
#include "card/access/sm.h"
#include "card/apdu.h"
#include "tests/support/bench.h"

#include <stdio.h>
#include <string.h>
#include <winscard.h>

#define ROUNDS 9
#define COMMANDS 400
#define MEMORY_COMMANDS 20000

static double now_us(void)
{
	return bench_clock_s(CLOCK_MONOTONIC) * 1e6;
}

/* ---- in memory: a card that costs nothing */
static cc_status echo_reset(void *ctx, uint8_t atr[READER_ATR_MAX], size_t *ret_len)
{
	(void)ctx;
	atr[0] = 0x3B;
	*ret_len = 1;
	return cc_ok();
}

static cc_status echo(void *ctx, struct bytes command, struct writer *answer)
{
	(void)command;
	writer_fill(answer, 0x5A, *(size_t *)ctx);
	writer_u16(answer, 0x9000);
	return cc_ok();
}

static const struct apdu read_223 = { .ins = 0xB0, .le = 223 };

static double plain_round(struct channel *ch)
{
	struct response r = { 0 };
	double start = now_us();

	for (int i = 0; i < MEMORY_COMMANDS; i++)
		CC_ASSERT(!cc_failed(channel_send(ch, &read_223, &r)));
	response_done(&r);
	return (now_us() - start) / MEMORY_COMMANDS;
}

/* Wrapping and unwrapping alone: an answer of 223 bytes that this layer made as a command before. */
static double secured_round(struct secure_layer *host, const uint8_t *data)
{
	const struct apdu cmd = { .ins = 0xD6, .data = bytes_of(data, 223) };
	double start = now_us();

	for (int i = 0; i < MEMORY_COMMANDS; i++) {
		struct writer w;
		struct apdu wrapped;

		writer_init(&w, 1024);
		CC_ASSERT(!cc_failed(host->ops->wrap(host, &cmd, false, &w, &wrapped)));
		writer_done(&w);
	}
	return (now_us() - start) / MEMORY_COMMANDS;
}

static void memory_figures(void)
{
	static const uint8_t key[16] = { 1 }, ssc[16], data[223];
	size_t answer_len = 223;
	struct reader *r = NULL;
	struct secure_layer *l = NULL;
	struct channel ch;
	double plain[ROUNDS], secured[ROUNDS], spread, base, with_sm;

	CC_ASSERT(!cc_failed(reader_memory_new("echo", &answer_len, echo_reset, echo, &r)) && !cc_failed(reader_connect(r)));
	CC_ASSERT(!cc_failed(sm_new(CIPHER_AES128, bytes_of(key, 16), bytes_of(key, 16), bytes_of(ssc, 16), &l)));
	channel_init(&ch, r);
	for (int i = 0; i < ROUNDS; i++) {
		plain[i] = plain_round(&ch);
		secured[i] = secured_round(l, data);
	}
	base = bench_median(plain, ROUNDS, &spread);
	with_sm = bench_median(secured, ROUNDS, &spread);
	bench_figure("sm_wrap_vs_plain_apdu", with_sm / base, with_sm, "us", spread,
		     "plain command of 223 bytes through the channel, in memory");
	channel_done(&ch);
	reader_free(&r);
	l->ops->free(l);
}

/* ---- over pcscd: GET DATA of the extended length information, which any of our chips answers */
static const uint8_t get_data[] = { 0x00, 0xCA, 0x7F, 0x66, 0x00 };

static double bare_round(SCARDHANDLE card)
{
	uint8_t answer[300];
	double start = now_us();

	for (int i = 0; i < COMMANDS; i++) {
		DWORD n = sizeof answer;

		CC_ASSERT(SCardTransmit(card, SCARD_PCI_T1, get_data, sizeof get_data, NULL, answer, &n) == SCARD_S_SUCCESS &&
			  n >= 2);
	}
	return (now_us() - start) / COMMANDS;
}

static double channel_round(struct channel *ch)
{
	const struct apdu cmd = { .ins = 0xCA, .p1 = 0x7F, .p2 = 0x66, .le = 256 };
	struct response r = { 0 };
	double start = now_us();

	for (int i = 0; i < COMMANDS; i++)
		CC_ASSERT(!cc_failed(channel_send(ch, &cmd, &r)));
	response_done(&r);
	return (now_us() - start) / COMMANDS;
}

/* The card is exclusive: each side connects for its round and lets go. */
static bool pcscd_round(struct reader *r, SCARDCONTEXT context, double *ret_bare, double *ret_ours)
{
	struct channel ch;
	SCARDHANDLE card;
	DWORD protocol;

	if (SCardConnect(context, r->name, SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_T1, &card, &protocol) != SCARD_S_SUCCESS)
		return false;
	*ret_bare = bare_round(card);
	(void)SCardDisconnect(card, SCARD_RESET_CARD);
	if (cc_failed(reader_connect(r)))
		return false;
	channel_init(&ch, r);
	*ret_ours = channel_round(&ch);
	channel_done(&ch);
	reader_disconnect(r);
	return true;
}

static int pcscd_figures(void)
{
	struct cc_error err = { 0 };
	struct reader *r = NULL;
	SCARDCONTEXT context;
	double bare[ROUNDS], ours[ROUNDS], spread, base, with_us;

	if (cc_failed(reader_pcsc_open(NULL, &r, &err))) {
		fprintf(stderr, "host_apdu_vs_bare_transmit: skipped, %s\n", err.key);
		return 0;
	}
	if (SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context) != SCARD_S_SUCCESS)
		return 1;
	for (int i = 0; i < ROUNDS; i++)
		if (!pcscd_round(r, context, &bare[i], &ours[i]))
			return 1;
	(void)SCardReleaseContext(context);
	reader_free(&r);
	base = bench_median(bare, ROUNDS, &spread);
	with_us = bench_median(ours, ROUNDS, &spread);
	bench_figure("host_apdu_vs_bare_transmit", with_us / base, with_us, "us", spread, "SCardTransmit");
	return 0;
}

int main(void)
{
	memory_figures();
	return pcscd_figures();
}
