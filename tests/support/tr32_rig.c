/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tr32.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct chip_made_pace pace_ecdh = { CHIP_MADE_GM, CIPHER_AES128, 13 };
static const struct chip_made_pace pace_dh = { CHIP_MADE_IM, CIPHER_AES256, 1 };

static const struct chip_made_ca ca_keys[4] = {
	{ .parameter_id = 13, .alg = CIPHER_AES128, .has_key_id = true, .key_id = 1 },
	{ .parameter_id = 12, .alg = CIPHER_TDES, .has_key_id = true, .key_id = 2 },
	{ .parameter_id = 2, .alg = CIPHER_TDES, .has_key_id = true, .key_id = 3 },
	{ .parameter_id = 1, .alg = CIPHER_AES256, .has_key_id = true, .key_id = 4 },
};

/* ---- keys of the authorities: made once, RSA takes its time */

static struct chip_cv_key pool[2][TR32_KEY_COUNT];

static void free_pool(void)
{
	for (size_t f = 0; f < 2; f++)
		for (size_t i = 0; i < TR32_KEY_COUNT; i++)
			chip_cv_key_done(&pool[f][i]);
}

static const struct chip_cv_key *pool_of(enum tr32_variant v)
{
	bool rsa = (v & TR32_RSA) != 0;

	if (pool[rsa][0].scheme != 0)
		return pool[rsa];
	if (pool[!rsa][0].scheme == 0)
		(void)atexit(free_pool);
	for (size_t i = 0; i < TR32_KEY_COUNT; i++)
		if (rsa)
			chip_cv_key_rsa(&pool[rsa][i], 4);
		else
			chip_cv_key_ec(&pool[rsa][i], EC_BP256, 3);
	return pool[rsa];
}

static struct buf root_certificate(const struct tr32_rig *r)
{
	const struct chip_cv root = { .car = TR32_CVCA,
				      .chr = TR32_CVCA,
				      .authorisation = 0xC0 | TR32_BOTH,
				      .from = TR32_DATE,
				      .to = "290101",
				      .key = &r->key[TR32_KEY_CVCA],
				      .with_domain = true };
	struct buf content = chip_cv_make(&root, root.key), whole = chip_cv_wrap(&content);

	buf_done(&content);
	return whole;
}

void tr32_rig_init(struct tr32_rig *r, enum tr32_variant variant)
{
	struct buf root;

	*r = (struct tr32_rig){ .variant = variant };
	memcpy(r->key, pool_of(variant), sizeof r->key);
	/* The same keys sign by another scheme. */
	for (size_t i = 0; i < TR32_KEY_COUNT; i++)
		if (variant == TR32_RSA_PACE)
			r->key[i].scheme = 2;
	sys_fake_init(&r->fake, (uint64_t)variant);
	root = root_certificate(r);
	r->options = (struct chip_made_options){ .personality = SOFTCHIP_ICAO,
						 .pace = { pace_ecdh, pace_dh },
						 .pace_count = 2,
						 .ca_count = 4,
						 .aa = CHIP_MADE_AA_EC,
						 .aa_parameter_id = 13,
						 .aa_hash = HASH_SHA256,
						 .cvca = buf_view(&root),
						 .with_dg3 = true,
						 .with_dg4 = true };
	memcpy(r->options.ca, ca_keys, sizeof ca_keys);
	chip_made_init(&r->made, &r->options, &r->fake.sys);
	chip_reader_take_out(&r->made.cr, &r->memory);
	buf_done(&root);
	tr32_rig_fresh(r);
}

void tr32_rig_done(struct tr32_rig *r)
{
	chip_term_done(&r->t);
	chip_made_done(&r->made);
	buf_done(&r->memory);
}

void tr32_rig_fresh(struct tr32_rig *r)
{
	chip_term_done(&r->t);
	chip_reader_insert(&r->made.cr, buf_view(&r->memory));
	chip_term_init(&r->t, r->made.cr.chip, &r->fake.sys);
	r->why[0] = '\0';
}

/* ---- judging */

bool tr32_is(struct tr32_rig *r, const char *what, bool good)
{
	if (!good && r->why[0] == '\0')
		(void)snprintf(r->why, sizeof r->why, "%s", what);
	return good;
}

bool tr32_sw(struct tr32_rig *r, const char *what, uint16_t got, uint16_t want)
{
	if (got != want && r->why[0] == '\0')
		(void)snprintf(r->why, sizeof r->why, "%s: %04X, not %04X", what, got, want);
	return got == want;
}

bool tr32_refused(struct tr32_rig *r, const char *what, uint16_t sw)
{
	bool refused = sw >> 8 >= 0x64 || sw == 0x6300;

	refused = refused && sw >> 12 == 6;
	if (!refused && r->why[0] == '\0')
		(void)snprintf(r->why, sizeof r->why, "%s: %04X is no refusal", what, sw);
	return refused;
}

/* ---- states */

static bool open_pace(struct tr32_rig *r)
{
	const struct chip_term_pace p = { .info = r->variant == TR32_EC_PACE ? pace_ecdh : pace_dh,
					  .password = 1,
					  .secret = r->made.mrz_information };

	return tr32_sw(r, "PACE", chip_term_pace(&r->t, &p), 0x9000) &&
	       tr32_sw(r, "SELECT application", chip_term_select_application(&r->t), 0x9000);
}

bool tr32_open(struct tr32_rig *r)
{
	chip_term_reset(&r->t);
	if ((r->variant & TR32_PACE) != 0)
		return open_pace(r);
	return tr32_sw(r, "SELECT application", chip_term_select_application(&r->t), 0x9000) &&
	       tr32_sw(r, "BAC", chip_term_bac(&r->t, r->made.mrz_information), 0x9000);
}

struct chip_term_ca tr32_ca_params(struct tr32_rig *r, size_t i, struct buf *key)
{
	const struct chip_made_ca *made = &r->options.ca[i];
	struct chip_term_ca ca = { .alg = made->alg, .has_key_id = true, .key_id = made->key_id };
	struct buf spki = chip_made_ca_spki(&r->made, &r->options, i);
	struct cc_error err;

	cc_error_init(&err);
	CC_ASSERT(!cc_failed(agree_spki_parse(buf_view(&spki), &ca.group, key, &err)));
	ca.chip_key = buf_view(key);
	buf_done(&spki);
	return ca;
}

bool tr32_ca(struct tr32_rig *r)
{
	size_t i = r->variant == TR32_EC_BAC ? 0 : r->variant == TR32_EC_PACE ? 2 : r->variant == TR32_RSA_BAC ? 3 : 1;
	struct buf key = { 0 };
	struct chip_term_ca ca = tr32_ca_params(r, i, &key);
	bool good = tr32_sw(r, "Chip Authentication", chip_term_ca(&r->t, &ca), 0x9000);

	buf_done(&key);
	return good;
}

bool tr32_start(struct tr32_rig *r)
{
	return tr32_open(r) && tr32_ca(r);
}

/* ---- certificates */

struct chip_cv tr32_dv(struct tr32_rig *r, uint8_t authorisation)
{
	return (struct chip_cv){ .car = TR32_CVCA,
				 .chr = TR32_DV,
				 .authorisation = authorisation,
				 .from = TR32_DV_FROM,
				 .to = TR32_TO,
				 .key = &r->key[TR32_KEY_DV] };
}

struct chip_cv tr32_terminal(struct tr32_rig *r, uint8_t rights)
{
	return (struct chip_cv){ .car = TR32_DV,
				 .chr = TR32_IS,
				 .authorisation = rights,
				 .from = TR32_IS_FROM,
				 .to = TR32_TO,
				 .key = &r->key[TR32_KEY_IS] };
}

uint16_t tr32_present(struct tr32_rig *r, const char *authority, const struct chip_cv *c, enum tr32_key issuer)
{
	struct buf content = chip_cv_make(c, &r->key[issuer]);
	uint16_t sw = chip_cv_set_dst(&r->t, authority);

	if (sw == 0x9000)
		sw = chip_cv_verify(&r->t, &content);
	buf_done(&content);
	return sw;
}

bool tr32_chain(struct tr32_rig *r, uint8_t dv, uint8_t terminal)
{
	struct chip_cv v = tr32_dv(r, dv), t = tr32_terminal(r, terminal);

	return tr32_sw(r, "verifier's certificate", tr32_present(r, TR32_CVCA, &v, TR32_KEY_CVCA), 0x9000) &&
	       tr32_sw(r, "terminal's certificate", tr32_present(r, TR32_DV, &t, TR32_KEY_DV), 0x9000);
}

bool tr32_authenticate(struct tr32_rig *r, uint8_t dv, uint8_t terminal)
{
	return tr32_chain(r, dv, terminal) &&
	       tr32_sw(r, "Terminal Authentication", chip_cv_authenticate(&r->t, TR32_IS, &r->key[TR32_KEY_IS]), 0x9000);
}

/* ---- what the chip gives away */

bool tr32_readable(struct tr32_rig *r, unsigned n)
{
	const struct buf *want = n == 3 ? &r->made.dg3 : &r->made.dg4;
	uint16_t sw;
	struct buf got = chip_term_read_file(&r->t, (uint16_t)(0x0100 + n), &sw);
	bool good = tr32_sw(r, n == 3 ? "reading DG3" : "reading DG4", sw, 0x9000) &&
		    tr32_is(r, "content of the data group", bytes_equal(buf_view(&got), buf_view(want)));

	buf_done(&got);
	return good;
}

bool tr32_closed(struct tr32_rig *r, unsigned n)
{
	uint8_t sfi = (uint8_t)(0x80 | n);

	return tr32_sw(r, n == 3 ? "SELECT DG3" : "SELECT DG4", chip_term_select_file(&r->t, (uint16_t)(0x0100 + n)), 0x6982) &&
	       tr32_sw(r, "READ BINARY by SFI", chip_term_sw(&r->t, 0xB0, sfi, 0, bytes_of(NULL, 0), 6), 0x6982);
}

/* A foreign verifier moves no date. */
static uint16_t probe(struct tr32_rig *r, const char *day)
{
	struct chip_cv dv = tr32_dv(r, TR32_FOREIGN | TR32_BOTH);

	dv.from = TR32_DATE;
	dv.to = day;
	if (!tr32_start(r))
		return 0;
	return tr32_present(r, TR32_CVCA, &dv, TR32_KEY_CVCA);
}

bool tr32_date_not_after(struct tr32_rig *r, const char *day)
{
	return tr32_sw(r, "a certificate that ends before the date of the other", probe(r, day), 0x9000);
}

bool tr32_date_after(struct tr32_rig *r, const char *day)
{
	return tr32_refused(r, "a certificate that has ended", probe(r, day));
}
