/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tr51.h"

#include "card/softchip/chip_memory.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/*
 * BSI TR-03105-5.1, ISO7816_E: Terminal Authentication. Our station is the terminal;
 * the chip's trust point is its country's authority, or somebody else's.
 */
#define EC(hash)                                                                                                                 \
	{                                                                                                                        \
		SIG_ECDSA, hash, 0, hash                                                                                         \
	}
#define RSA(hash)                                                                                                                \
	{                                                                                                                        \
		SIG_RSA_PKCS1, hash, 0, hash                                                                                     \
	}
#define PSS(hash, salt)                                                                                                          \
	{                                                                                                                        \
		SIG_RSA_PSS, hash, salt, hash                                                                                    \
	}
#define PLAIN_AUTHORITY                                                                                                          \
	{                                                                                                                        \
		.curve = EC_P256, .alg = EC(HASH_SHA256), .rights = 3                                                            \
	}

enum what {
	TA_PASSES,
	TA_OTHER_AUTHORITY, /* the chip trusts a reference that no certificate leads to */
	TA_NO_REFERENCE,    /* EF.CVCA without one */
	TA_WRONG_DV,	    /* signatures of certificates changed */
	TA_WRONG_TERMINAL,
	TA_EXPIRED,
	TA_NO_CERTIFICATES,
	TA_WRONG_FILE, /* FileID of EF.CVCA names another file */
	TA_WRONG_KEY,  /* the chip refuses the terminal's signature */
	TA_TWO_LINKS,  /* two changes of the trust point, one after the other */
};

static const struct terminal_case {
	const char *id;
	enum what what;
	struct terminal_made_options authority;
	unsigned rights; /* data groups that are read: bit 0 DG3, bit 1 DG4 */
	bool pace;
	unsigned ca_parameter_id; /* 0: 13 */
	bool without_dg3, without_dg4, more_groups;
	uint32_t date_from;
} cases[] = {
	{ "ISO7816_E_01", TA_PASSES, { .rsa_bits = 2048, .alg = RSA(HASH_SHA1), .rights = 3 }, 3, .pace = false },
	{ "ISO7816_E_02", TA_PASSES, { .rsa_bits = 2048, .alg = RSA(HASH_SHA256), .rights = 3 }, 3, .pace = false },
	{ "ISO7816_E_03", TA_PASSES, { .rsa_bits = 2048, .alg = PSS(HASH_SHA1, 20), .rights = 3 }, 3, .pace = false },
	{ "ISO7816_E_04", TA_PASSES, { .rsa_bits = 2048, .alg = PSS(HASH_SHA256, 32), .rights = 3 }, 3, .pace = false },
	{ "ISO7816_E_05", TA_PASSES, { .curve = EC_P256, .alg = EC(HASH_SHA1), .rights = 3 }, 3, .pace = false },
	{ "ISO7816_E_06", TA_PASSES, { .curve = EC_P224, .alg = EC(HASH_SHA224), .rights = 3 }, 3, .pace = false },
	{ "ISO7816_E_07", TA_PASSES, PLAIN_AUTHORITY, 3, .pace = false },
	{ "ISO7816_E_08", TA_OTHER_AUTHORITY, PLAIN_AUTHORITY, 0, .pace = false },
	{ "ISO7816_E_09", TA_NO_REFERENCE, PLAIN_AUTHORITY, 0, .pace = false },
	{ "ISO7816_E_11", TA_WRONG_KEY, PLAIN_AUTHORITY, 0, .pace = false },
	{ "ISO7816_E_33", TA_TWO_LINKS, PLAIN_AUTHORITY, 3, .pace = false },
	{ "ISO7816_E_14", TA_PASSES, { .curve = EC_P256, .alg = EC(HASH_SHA256), .rights = CVC_READ_DG4 }, 2, .pace = false },
	{ "ISO7816_E_15", TA_PASSES, { .curve = EC_P256, .alg = EC(HASH_SHA256), .rights = CVC_READ_DG3 }, 1, .pace = false },
	{ "ISO7816_E_16", TA_PASSES, { .curve = EC_P256, .alg = EC(HASH_SHA256), .rights = 0 }, 0, .pace = false },
	{ "ISO7816_E_17", TA_WRONG_DV, PLAIN_AUTHORITY, 0, .pace = false },
	{ "ISO7816_E_18", TA_WRONG_TERMINAL, PLAIN_AUTHORITY, 0, .pace = false },
	{ "ISO7816_E_19",
	  TA_EXPIRED,
	  { .curve = EC_P256, .alg = EC(HASH_SHA256), .rights = 3, .effective = 20250101, .expiration = 20250201 },
	  0,
	  .pace = false },
	{ "ISO7816_E_20",
	  TA_EXPIRED,
	  { .curve = EC_P256, .alg = EC(HASH_SHA256), .rights = 3, .effective = 20250101, .expiration = 20250201 },
	  0,
	  .pace = true },
	{ "ISO7816_E_21",
	  TA_EXPIRED,
	  { .curve = EC_BP256, .alg = EC(HASH_SHA256), .rights = 3, .effective = 20250101, .expiration = 20250201 },
	  0,
	  .pace = false },
	{ "ISO7816_E_22", TA_WRONG_FILE, PLAIN_AUTHORITY, 0, .pace = false },
	{ "ISO7816_E_23", TA_WRONG_FILE, PLAIN_AUTHORITY, 0, .pace = false },
	{ "ISO7816_E_24", TA_NO_CERTIFICATES, PLAIN_AUTHORITY, 0, .pace = false },
	{ "ISO7816_E_25",
	  TA_PASSES,
	  { .curve = EC_P256, .alg = EC(HASH_SHA256), .rights = 3, .by_second = true },
	  3,
	  .pace = true },
	{ "ISO7816_E_26", TA_PASSES, PLAIN_AUTHORITY, 3, .more_groups = true },
	{ "ISO7816_E_27", TA_PASSES, { .rsa_bits = 2048, .alg = RSA(HASH_SHA256), .rights = 3 }, 3, .ca_parameter_id = 1 },
	{ "ISO7816_E_28", TA_PASSES, PLAIN_AUTHORITY, 3, .ca_parameter_id = 10 },
	{ "ISO7816_E_29", TA_PASSES, PLAIN_AUTHORITY, 1, .without_dg4 = true },
	{ "ISO7816_E_30", TA_PASSES, PLAIN_AUTHORITY, 2, .without_dg3 = true },
	{ "ISO7816_E_31", TA_PASSES, PLAIN_AUTHORITY, 3, .pace = true },
	{ "ISO7816_E_32",
	  TA_PASSES,
	  { .curve = EC_P256, .alg = EC(HASH_SHA256), .rights = 3, .by_second = true },
	  3,
	  .pace = false },
	{ "ISO7816_E_34", TA_PASSES, PLAIN_AUTHORITY, 3, .pace = false },
	{ "ISO7816_E_35", TA_PASSES, { .rsa_bits = 2048, .alg = RSA(HASH_SHA512), .rights = 3 }, 3, .pace = false },
	{ "ISO7816_E_36", TA_PASSES, { .rsa_bits = 2048, .alg = PSS(HASH_SHA512, 64), .rights = 3 }, 3, .pace = false },
	{ "ISO7816_E_37", TA_PASSES, { .curve = EC_P384, .alg = EC(HASH_SHA384), .rights = 3 }, 3, .pace = false },
	{ "ISO7816_E_38", TA_PASSES, { .curve = EC_P521, .alg = EC(HASH_SHA512), .rights = 3 }, 3, .pace = false },
};

/* ---- documents that say something else */
static void edit(struct lds_set *set, enum lds_file file, const struct tlv_edit *e)
{
	struct buf changed = { 0 };

	tlv_edit(lds_set_get(set, file), e, &changed);
	buf_move(&set->files[file], &changed);
}

/* TerminalAuthenticationInfo is the last of DG14: 011B is no file of this chip. */
static void other_file_id(struct lds_set *set)
{
	edit(set, lds_dg(14), &(struct tlv_edit){ TLV_EDIT_AFTER, "0/0/2/1", 0, "30040402011B" });
}
static void other_short_id(struct lds_set *set)
{
	edit(set, lds_dg(14), &(struct tlv_edit){ TLV_EDIT_AFTER, "0/0/2/1", 0, "30070402011B04011B" });
}

static struct document_fixture *groups_from;

static void add_groups(struct lds_set *set)
{
	assert_int_equal(lds_set_put(set, lds_dg(11), lds_set_get(&groups_from->files, lds_dg(11))).code, CC_OK);
	assert_int_equal(lds_set_put(set, lds_dg(12), lds_set_get(&groups_from->files, lds_dg(12))).code, CC_OK);
	edit(set, LDS_COM, &(struct tlv_edit){ TLV_EDIT_VALUE, "0/2", 0, "617563766B6C6E" });
}

/* ---- the terminal's certificates */
static void show_again(struct terminal_made *m, struct bytes more)
{
	struct buf others = { 0 };
	struct writer w;
	struct cc_error err;

	writer_init(&w, 65536);
	writer_put(&w, buf_view(&m->cvca));
	writer_put(&w, buf_view(&m->link));
	writer_put(&w, more);
	writer_put(&w, buf_view(&m->dv));
	assert_int_equal(writer_finish(&w, &others).code, CC_OK);
	buf_move(&m->others, &others);
	cc_error_init(&err);
	assert_int_equal(terminal_init(&m->terminal, m->ks, "terminal-1", buf_view(&m->own), buf_view(&m->others), &err).code,
			 CC_OK);
}

static void spoil(struct terminal_made *m, struct buf *cert)
{
	cert->p[cert->n - 1] ^= 1;
	show_again(m, bytes_of(NULL, 0));
}

/* VNCVCA00001, 00002, 00003: the verifier is the third's. */
static void link_twice(struct terminal_made *m)
{
	struct keystore_key_info info = { .label = "cvca-3", .kind = KEYSTORE_EC, .curve = EC_P256 };
	struct buf second, dv;

	assert_int_equal(keystore_generate(m->ks, &info).code, CC_OK);
	second = terminal_made_cert(m, "cvca-2", "VNCVCA00002", "cvca-3", "VNCVCA00003", CVC_ROLE_CVCA, 3, 20251201, 20281231);
	dv = terminal_made_cert(m, "cvca-3", "VNCVCA00003", "dv-1", "VNDVPOL00001", CVC_ROLE_DV_DOMESTIC, 3, 20251201, 20261231);
	buf_move(&m->dv, &dv);
	show_again(m, buf_view(&second));
	buf_done(&second);
}

static struct tr51_chip chip_of(const struct terminal_case *c, const struct terminal_made *chips,
				const struct terminal_made *ours)
{
	struct tr51_chip chip = {
		.options = { .ca = { { .parameter_id = c->ca_parameter_id > 0 ? c->ca_parameter_id : 13, .alg = CIPHER_AES128 } },
			     .ca_count = 1,
			     .cvca = buf_view(&chips->cvca),
			     .with_dg3 = !c->without_dg3,
			     .with_dg4 = !c->without_dg4 },
		.terminal = &ours->terminal
	};

	if (c->pace) {
		chip.options.pace[0] = (struct chip_made_pace){ CHIP_MADE_GM, CIPHER_AES128, 13 };
		chip.options.pace_count = 1;
	}
	if (c->what == TA_WRONG_FILE)
		chip.before = strcmp(c->id, "ISO7816_E_22") == 0 ? other_file_id : other_short_id;
	if (c->more_groups)
		chip.before = add_groups;
	return chip;
}

static bool has_groups(struct tr51_rig *r, unsigned rights)
{
	return tr51_is(r, "DG3 as its right says", lds_set_has(&r->inspection.files, lds_dg(3)) == ((rights & 1) != 0)) &&
	       tr51_is(r, "DG4 as its right says", lds_set_has(&r->inspection.files, lds_dg(4)) == ((rights & 2) != 0));
}

static bool refused(struct tr51_rig *r, const struct tr51_chip *chip)
{
	const struct inspect_check *check;
	cc_status st = tr51_chip_inspect(r, chip);

	check = inspection_find(&r->inspection, "terminal-authentication");
	tr51_note(r, "%s", check != NULL ? check->evidence : tr51_first_failed(&r->inspection));
	return tr51_is(r, "terminal authentication doesn't pass",
		       cc_failed(st) || check == NULL || check->result != INSPECT_PASSED) &&
	       has_groups(r, 0);
}

static bool needs_other(enum what w)
{
	return w == TA_OTHER_AUTHORITY || w == TA_NO_REFERENCE || w == TA_WRONG_KEY;
}

static bool run(struct tr51_rig *r, const struct terminal_case *c)
{
	struct terminal_made ours, other;
	struct tr51_chip chip;
	bool good;

	tr51_restore(r);
	groups_from = &r->doc;
	terminal_made_init(&ours, &c->authority);
	memset(&other, 0, sizeof other);
	if (needs_other(c->what))
		terminal_made_init(&other, &c->authority);
	if (c->what == TA_WRONG_KEY)
		ours.terminal.ks = other.ks;
	if (c->what == TA_TWO_LINKS)
		link_twice(&ours);
	if (c->what == TA_WRONG_DV)
		spoil(&ours, &ours.dv);
	if (c->what == TA_WRONG_TERMINAL)
		spoil(&ours, &ours.own);
	if (c->what == TA_NO_CERTIFICATES || c->what == TA_OTHER_AUTHORITY)
		ours.terminal.count = 1;
	chip = chip_of(c, c->what == TA_OTHER_AUTHORITY || c->what == TA_NO_REFERENCE ? &other : &ours, &ours);
	if (c->what == TA_NO_REFERENCE)
		chip.options.cvca = bytes_of(NULL, 0);
	good = c->what == TA_PASSES || c->what == TA_TWO_LINKS ? tr51_passes(r, &chip) && has_groups(r, c->rights)
							       : refused(r, &chip);
	terminal_made_done(&ours);
	if (needs_other(c->what))
		terminal_made_done(&other);
	return good;
}

/* ---- a chip that says yes to everything, and gives a challenge of another length */
static cc_status yes_reset(void *ctx, uint8_t atr[READER_ATR_MAX], size_t *ret_len)
{
	(void)ctx;
	atr[0] = 0x3B;
	atr[1] = 0x00;
	*ret_len = 2;
	return cc_ok();
}

static cc_status yes_transmit(void *ctx, struct bytes command, struct writer *answer)
{
	const size_t *len = ctx;

	if (command.n > 1 && command.p[1] == 0x84)
		writer_fill(answer, 0x5A, *len);
	writer_u16(answer, 0x9000);
	return cc_ok();
}

static cc_status authenticate_to(size_t challenge_len)
{
	const struct terminal_made_options o = PLAIN_AUTHORITY;
	struct terminal_auth_params p = { .chip_id = BYTES_LITERAL("0900000007"),
					  .compressed = BYTES_LITERAL("0123456789ABCDEF0123456789ABCDEF") };
	struct terminal_made made;
	struct reader *reader = NULL;
	struct channel ch;
	uint8_t rights = 0;
	cc_status st;

	terminal_made_init(&made, &o);
	p.terminal = &made.terminal;
	(void)snprintf(p.trust.car[0], sizeof p.trust.car[0], "VNCVCA00001");
	assert_int_equal(reader_memory_new("yes", &challenge_len, yes_reset, yes_transmit, &reader).code, CC_OK);
	assert_int_equal(reader_connect(reader).code, CC_OK);
	channel_init(&ch, reader);
	st = terminal_auth_run(&ch, &p, &rights);
	channel_done(&ch);
	reader_free(&reader);
	terminal_made_done(&made);
	return st;
}

static bool odd_challenge(struct tr51_rig *r, size_t len)
{
	tr51_note(r, "a challenge of %zu bytes is refused, one of 8 is taken", len);
	return tr51_is(r, "8 bytes are taken", !cc_failed(authenticate_to(8))) &&
	       tr51_is(r, "another length is refused", cc_failed(authenticate_to(len)));
}

/* Three references don't fit EF.CVCA: refused, or the first two count; never a third. */
static bool three_references(struct tr51_rig *r)
{
	struct buf file = vectors_from_hex("420A564E4356434130303031420A564E4356434130303032420A564E43564341");
	struct ef_cvca parsed = { 0 };
	bool refused = cc_failed(ef_cvca_parse(buf_view(&file), &parsed));

	tr51_note(r, "%s", refused ? "refused" : "the first two count");
	buf_done(&file);
	return tr51_is(r, "no third reference", refused || strcmp(parsed.car[1], "VNCVCA0002") == 0);
}

enum tr51_result tr51_terminal_run(struct tr51_rig *r, const char *id)
{
	if (strcmp(id, "ISO7816_E_10") == 0)
		return three_references(r) ? TR51_PASSED : TR51_FAILED;
	if (strcmp(id, "ISO7816_E_12") == 0 || strcmp(id, "ISO7816_E_13") == 0)
		return odd_challenge(r, id[11] == '2' ? 7 : 9) ? TR51_PASSED : TR51_FAILED;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (strcmp(cases[i].id, id) == 0)
			return run(r, &cases[i]) ? TR51_PASSED : TR51_FAILED;
	}
	return TR51_UNKNOWN;
}
