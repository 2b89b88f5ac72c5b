/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/evidence.h"
#include "crypto/cbor/cbor_read.h"
#include "crypto/cose.h"
#include "crypto/ec.h"
#include "crypto/pubkey.h"
#include "tests/fuzz/fuzz_entry.h"
#include "tests/support/sys_fake.h"

#include <string.h>

/* libfuzzer: -max_len=16384 */

/*
 * The record of an evidence file. A station that lies signs what it likes with
 * its own key, so the target does: the key whose private number is 1. What is no
 * CBOR is read as a whole file instead. Nobody's key is pinned and no country
 * signer is known here, so nothing may hold.
 */
static struct buf spki;
static struct ec_key *one;

static void make_key_once(void)
{
	static const uint8_t scalar[32] = { [31] = 1 };
	struct ec_domain *d = NULL;

	if (one != NULL)
		return;
	CC_ASSERT(!cc_failed(ec_domain_new(EC_P256, &d)));
	CC_ASSERT(!cc_failed(ec_key_import(d, bytes_of(scalar, sizeof scalar), &one)));
	CC_ASSERT(!cc_failed(ec_spki_encode(EC_P256, ec_key_public(one), EC_PARAMS_NAMED, &spki)));
	ec_domain_free(&d);
}

static cc_status liar_public_key(struct keystore *ks, const char *label, struct buf *ret)
{
	(void)ks;
	(void)label;
	return buf_copy(ret, buf_view(&spki));
}

static cc_status liar_sign(struct keystore *ks, const char *label, struct sig_alg alg, struct bytes message, struct buf *ret)
{
	struct digest d;
	cc_status st = hash_digest(alg.hash, message, &d);

	(void)ks;
	(void)label;
	return cc_failed(st) ? st : ec_sign_digest(one, bytes_of(d.p, d.n), EC_SIG_DER, ret);
}

static void liar_close(struct keystore *ks)
{
	(void)ks;
}

static void sign(struct bytes record, struct buf *ret)
{
	static const struct keystore_ops ops = {
		.name = "liar", .public_key = liar_public_key, .sign = liar_sign, .close = liar_close
	};
	struct keystore liar = { .ops = &ops };
	struct keystore *ks = &liar;
	const struct cose_sign_params p = {
		.keystore = ks, .key_label = "liar", .external = BYTES_LITERAL("cccd-evidence"), .payload = record
	};

	CC_ASSERT(!cc_failed(cose_sign1(&p, ret, NULL)));
	keystore_close(&ks);
}

/* Nothing drives a terminal, and the Vietnamese is never cut within a letter. */
static void check_texts(const struct evidence_finding *f)
{
	struct cursor c;
	struct bytes vi = bytes_str(f->detail_vi);
	size_t follow = 0;
	uint8_t b;

	for (const char *p = f->detail; *p != 0; p++)
		CC_ASSERT(*p >= 0x20 && *p <= 0x7E);
	cursor_init(&c, vi);
	while (cursor_u8(&c, &b)) {
		CC_ASSERT(b >= 0x20 && b != 0x7F && ((b & 0xC0) == 0x80) == (follow > 0));
		if (follow > 0)
			follow--;
		else
			follow = b >= 0xF0 ? 3 : b >= 0xE0 ? 2 : b >= 0xC0 ? 1 : 0;
	}
	CC_ASSERT(follow == 0);
}

static void judge(const struct evidence *e)
{
	static struct evidence_report report;
	struct cc_error err = { 0 };
	struct sys_fake fake;
	struct evidence_judge_params p = { .sys = &fake.sys };

	sys_fake_init(&fake, 1);
	if (cc_failed(evidence_judge(e, &p, &report, &err))) {
		CC_ASSERT(err.key != NULL);
		return;
	}
	CC_ASSERT(report.verdict != EVIDENCE_HOLDS);
	CC_ASSERT(evidence_find(&report, "signature") != NULL && evidence_find(&report, "verdict") != NULL);
	for (size_t i = 0; i < report.count; i++)
		check_texts(&report.findings[i]);
}

static void read_signed(struct bytes record)
{
	struct evidence e = { 0 };
	struct cc_error err = { 0 };
	struct buf file = { 0 };

	make_key_once();
	sign(record, &file);
	if (cc_failed(evidence_read(buf_view(&file), &e, &err)))
		CC_ASSERT(err.key != NULL && e.data.p == NULL);
	else
		judge(&e);
	evidence_done(&e);
	buf_done(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct evidence e = { 0 };

	if (cbor_check(in, CBOR_SORTED, NULL) == CBOR_GOOD) {
		read_signed(in);
		return 0;
	}
	if (cc_failed(evidence_read(in, &e, NULL)))
		CC_ASSERT(e.data.p == NULL);
	evidence_done(&e);
	return 0;
}
