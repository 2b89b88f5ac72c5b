/* SPDX-License-Identifier: Apache-2.0 */
#include "card/access/active_auth.h"
#include "card/access/bac.h"
#include "card/access/chip_auth.h"
#include "card/access/pace.h"
#include "card/access/terminal_auth.h"
#include "tests/fuzz/fuzz_entry.h"
#include "tests/support/sys_fake.h"

#include <stdlib.h>
#include <string.h>

/* libfuzzer: -max_len=4096 */

/*
 * The answers of a hostile card to PACE, Chip, Active and Terminal
 * Authentication and BAC: the first byte chooses the protocol, then each answer
 * stands behind its length in two bytes. Without the chip's keys nothing may end
 * in a session or a proof.
 */
struct answers {
	struct cursor in;
};

static cc_status reset(void *ctx, uint8_t atr[READER_ATR_MAX], size_t *ret_len)
{
	(void)ctx;
	atr[0] = 0x3B;
	atr[1] = 0x00;
	*ret_len = 2;
	return cc_ok();
}

static cc_status answer(void *ctx, struct bytes command, struct writer *out)
{
	struct answers *a = ctx;
	struct bytes bytes;
	uint16_t n;

	(void)command;
	if (!cursor_u16(&a->in, &n))
		return cc_code_status(CC_E_DEVICE);
	if (cursor_left(&a->in) < n)
		n = (uint16_t)cursor_left(&a->in);
	if (!cursor_take(&a->in, n, &bytes))
		return cc_code_status(CC_E_DEVICE);
	writer_put(out, bytes);
	return cc_ok();
}

/* What a genuine chip's static keys are; their private halves were thrown away. */
static struct buf chip_key[2];
static const struct agree_group groups[2] = { { .kind = AGREE_ECDH, .curve = EC_P256 },
					      { .kind = AGREE_DH, .group = DH_1024_160 } };
static struct pubkey *aa_key;

static void make_keys(const struct sys *sys)
{
	for (size_t i = 0; i < 2 && chip_key[i].p == NULL; i++) {
		struct agree_domain *d = NULL;
		struct agree_key *k = NULL;

		CC_ASSERT(!cc_failed(agree_domain_new(groups[i], &d)) && !cc_failed(agree_key_generate(d, sys, &k)));
		CC_ASSERT(!cc_failed(buf_copy(&chip_key[i], agree_key_public(k))));
		agree_key_free(&k);
		agree_domain_free(&d);
	}
	if (aa_key == NULL)
		CC_ASSERT(!cc_failed(pubkey_from_ec_point(EC_P256, buf_view(&chip_key[0]), &aa_key)));
}

static void fuzz_pace(struct channel *ch, const struct sys *sys, uint8_t variant)
{
	static const uint8_t arcs[] = { 2, 4, 6, 1, 3 };
	uint8_t arc = arcs[variant % 5], cipher = (uint8_t)(variant / 5 % 4 + 1);
	const uint8_t oid[] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x04, arc, cipher };
	struct pace_params p;
	struct pace_result r = { 0 };
	cc_status st = pace_params_from(bytes_of(oid, sizeof oid), arc == 1 || arc == 3 ? 0 : 12, &p);

	if (cc_failed(st))
		return;
	st = pace_authenticate(ch, &p, PACE_CAN, BYTES_LITERAL("123456"), sys, &r);
	CC_ASSERT(cc_failed(st) && ch->layer == NULL && r.chip_public.p == NULL);
}

static void fuzz_chip_auth(struct channel *ch, const struct sys *sys, uint8_t variant)
{
	size_t dh = variant & 1;
	const uint8_t oid[] = {
		0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x03, (uint8_t)(2 - dh), (uint8_t)(variant / 2 % 4 + 1)
	};
	struct chip_auth_params p = { .oid = bytes_of(oid, sizeof oid),
				      .group = groups[dh],
				      .chip_key = buf_view(&chip_key[dh]) };
	struct buf compressed = { 0 };
	enum agree_kind kind;

	CC_ASSERT(!cc_failed(chip_auth_alg(p.oid, &kind, &p.alg)));
	CC_ASSERT(cc_failed(chip_auth_run(ch, &p, sys, &compressed)) && compressed.p == NULL);
}

static void fuzz_active_auth(struct channel *ch, const struct sys *sys)
{
	uint8_t challenge[8];
	struct buf evidence = { 0 };

	CC_ASSERT(cc_failed(active_auth_run(ch, aa_key, HASH_SHA256, sys, challenge, &evidence)));
	buf_done(&evidence);
}

static void fuzz_bac(struct channel *ch, const struct sys *sys)
{
	struct secret seed = { 0 };

	CC_ASSERT(!cc_failed(bac_key_seed("090000000", "900215", "300215", &seed)));
	CC_ASSERT(cc_failed(bac_authenticate(ch, &seed, sys)) && ch->layer == NULL);
	secret_done(&seed);
}

/* What terminal authentication reads of the card beside status words. */
static void fuzz_trust(struct answers *a)
{
	struct ef_cvca trust = { 0 };

	if (cc_failed(ef_cvca_parse(cursor_rest(&a->in), &trust)))
		return;
	CC_ASSERT(strlen(trust.car[0]) > 0 && strlen(trust.car[0]) <= CVC_REFERENCE_MAX);
	CC_ASSERT(strlen(trust.car[1]) <= CVC_REFERENCE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answers a;
	struct reader *r = NULL;
	struct channel ch;
	struct sys_fake fake;
	uint8_t protocol;

	cursor_init(&a.in, bytes_of(data, size));
	if (!cursor_u8(&a.in, &protocol))
		return 0;
	sys_fake_init(&fake, 1);
	make_keys(&fake.sys);
	sys_fake_init(&fake, 2);
	if (cc_failed(reader_memory_new("fuzz", &a, reset, answer, &r)) || cc_failed(reader_connect(r)))
		abort();
	channel_init(&ch, r);
	if (protocol < 0x80)
		fuzz_pace(&ch, &fake.sys, protocol);
	else if (protocol < 0xA0)
		fuzz_chip_auth(&ch, &fake.sys, protocol);
	else if (protocol < 0xC0)
		fuzz_active_auth(&ch, &fake.sys);
	else if (protocol < 0xE0)
		fuzz_bac(&ch, &fake.sys);
	else
		fuzz_trust(&a);
	channel_done(&ch);
	reader_free(&r);
	return 0;
}
