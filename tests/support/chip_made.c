/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/chip_made.h"

#include "card/softchip/chip.h"
#include "crypto/agree.h"
#include "crypto/base/tlv.h"
#include "tests/support/chip_made_lds.h"

#include <string.h>

#define MRZ_INFORMATION "090000000790021553002153"
#define CAN "000000"

static void must(cc_status st)
{
	CC_ASSERT(!cc_failed(st));
}

static void finish(struct writer *w, struct buf *ret)
{
	must(writer_finish(w, ret));
}

static bool is_dh(unsigned parameter_id)
{
	struct agree_group g;

	CC_ASSERT(agree_group_from_parameter_id(parameter_id, &g));
	return g.kind == AGREE_DH;
}

/* Protocol arcs below 0.4.0.127.0.7.2.2. */
static struct bytes bsi_oid(uint8_t protocol, uint8_t variant, uint8_t cipher, uint8_t out[10])
{
	const uint8_t oid[10] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, protocol, variant, cipher };

	memcpy(out, oid, sizeof oid);
	return bytes_of(out, sizeof oid);
}

static uint8_t cipher_arc(enum cipher_alg alg)
{
	static const uint8_t arcs[CIPHER_ALG_COUNT] = {
		[CIPHER_TDES] = 1, [CIPHER_AES128] = 2, [CIPHER_AES192] = 3, [CIPHER_AES256] = 4
	};

	return arcs[alg];
}

struct bytes chip_made_pace_oid(const struct chip_made_pace *p, uint8_t out[10])
{
	static const uint8_t variants[3][2] = {
		[CHIP_MADE_GM] = { 2, 1 }, [CHIP_MADE_IM] = { 4, 3 }, [CHIP_MADE_CAM] = { 6, 0 }
	};

	return bsi_oid(4, variants[p->mapping][is_dh(p->parameter_id)], cipher_arc(p->alg), out);
}

struct bytes chip_made_ca_oid(const struct chip_made_ca *c, uint8_t out[10])
{
	return bsi_oid(3, is_dh(c->parameter_id) ? 1 : 2, cipher_arc(c->alg), out);
}

/* ---- SecurityInfos */

static void put_pace_infos(struct writer *w, const struct chip_made_options *o)
{
	uint8_t oid[10];

	for (size_t i = 0; i < o->pace_count; i++) {
		tlv_open(w, 0x30);
		der_put_oid(w, chip_made_pace_oid(&o->pace[i], oid));
		der_put_uint(w, 2);
		der_put_uint(w, o->pace[i].parameter_id);
		tlv_close(w);
	}
}

static void put_ca_infos(struct writer *w, struct chip_made *m, const struct chip_made_options *o)
{
	uint8_t oid[10];

	for (size_t i = 0; i < o->ca_count; i++) {
		const struct chip_made_ca *c = &o->ca[i];
		struct buf spki = chip_made_ca_spki(m, o, i);

		tlv_open(w, 0x30);
		der_put_oid(w, chip_made_ca_oid(c, oid));
		der_put_uint(w, 1);
		if (c->has_key_id)
			der_put_uint(w, c->key_id);
		tlv_close(w);
		tlv_open(w, 0x30);
		/* id-PK-DH or id-PK-ECDH */
		der_put_oid(w, bytes_of(bsi_oid(1, is_dh(c->parameter_id) ? 1 : 2, 0, oid).p, 9));
		writer_put(w, buf_view(&spki));
		if (c->has_key_id)
			der_put_uint(w, c->key_id);
		tlv_close(w);
		buf_done(&spki);
	}
}

static void put_other_infos(struct writer *w, const struct chip_made_options *o)
{
	uint8_t oid[10] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x01, 0x01, 0x04, 0x01, (uint8_t)(o->aa_hash + 1) };

	if (o->aa == CHIP_MADE_AA_EC || o->aa == CHIP_MADE_AA_EC_DER) {
		tlv_open(w, 0x30);
		der_put_oid(w, BYTES_LITERAL("\x67\x81\x08\x01\x01\x05"));
		der_put_uint(w, 1);
		der_put_oid(w, bytes_of(oid, sizeof oid));
		tlv_close(w);
	}
	if (o->cvca.n > 0) {
		tlv_open(w, 0x30);
		der_put_oid(w, BYTES_LITERAL("\x04\x00\x7F\x00\x07\x02\x02\x02"));
		der_put_uint(w, 1);
		tlv_close(w);
	}
}

static void make_security_files(struct chip_made *m, const struct chip_made_options *o)
{
	struct buf infos = { 0 };
	struct writer w;

	writer_init(&w, 60000);
	tlv_open(&w, 0x31);
	put_pace_infos(&w, o);
	tlv_close(&w);
	if (o->pace_count > 0)
		finish(&w, &m->card_access);
	writer_done(&w);
	writer_init(&w, 60000);
	tlv_open(&w, 0x31);
	put_pace_infos(&w, o);
	put_ca_infos(&w, m, o);
	put_other_infos(&w, o);
	tlv_close(&w);
	finish(&w, &infos);
	writer_init(&w, 60000);
	tlv_put(&w, 0x6E, buf_view(&infos));
	finish(&w, &m->dg14);
	if (o->sign != NULL)
		o->sign(o->sign_ctx, buf_view(&infos), &m->card_security);
	buf_done(&infos);
}

/* ---- keys */

static void make_ca_keys(struct chip_made *m, const struct chip_made_options *o)
{
	for (size_t i = 0; i < o->ca_count; i++) {
		const struct chip_made_ca *c = &o->ca[i];
		const uint8_t body[3] = { (uint8_t)c->parameter_id, cipher_arc(c->alg), c->key_id };

		CC_ASSERT(chip_keypair_make(m->cr.chip, (enum chip_field)(CHIP_FIELD_CA_KEY + i),
					    bytes_of(body, c->has_key_id ? 3 : 2), NULL) == CHIP_SW_OK);
	}
}

static void make_aa_key(struct chip_made *m, const struct chip_made_options *o)
{
	uint8_t body[4] = { (uint8_t)o->aa_parameter_id, (uint8_t)(o->aa_hash + 1), o->aa == CHIP_MADE_AA_EC_DER };
	size_t n = 3;

	if (o->aa == CHIP_MADE_AA_NONE)
		return;
	if (o->aa == CHIP_MADE_AA_RSA) {
		body[0] = CHIP_KEY_RSA;
		body[2] = (uint8_t)(o->aa_bits >> 8);
		body[3] = (uint8_t)o->aa_bits;
		n = 4;
	}
	CC_ASSERT(chip_keypair_make(m->cr.chip, CHIP_FIELD_AA_KEY, bytes_of(body, n), NULL) == CHIP_SW_OK);
}

struct buf chip_made_ca_spki(struct chip_made *m, const struct chip_made_options *o, size_t i)
{
	struct chip_key key = { 0 };
	struct buf spki = { 0 };

	must(chip_keypair_load(m->cr.chip, (enum chip_field)(CHIP_FIELD_CA_KEY + i), &key));
	must(agree_spki_encode(key.group, agree_key_public(key.agree), o->ca[i].standardized, &spki));
	chip_key_done(&key);
	return spki;
}

struct buf chip_made_aa_spki(struct chip_made *m)
{
	struct chip_key key = { 0 };
	struct buf spki = { 0 }, n = { 0 }, e = { 0 };

	must(chip_keypair_load(m->cr.chip, CHIP_FIELD_AA_KEY, &key));
	if (key.rsa != NULL) {
		must(rsa_key_numbers(key.rsa, &n, &e));
		must(rsa_spki_encode(buf_view(&n), buf_view(&e), &spki));
	} else {
		must(ec_spki_encode(key.group.curve, agree_key_public(key.agree), EC_PARAMS_NAMED, &spki));
	}
	buf_done(&n);
	buf_done(&e);
	chip_key_done(&key);
	return spki;
}

static void make_dg15(struct chip_made *m)
{
	struct buf spki = chip_made_aa_spki(m);
	struct writer w;

	writer_init(&w, 4096);
	tlv_put(&w, 0x6F, buf_view(&spki));
	finish(&w, &m->dg15);
	buf_done(&spki);
}

/* ---- the whole */

static void put_file(struct chip_made *m, uint16_t id, const struct buf *content)
{
	if (content->n == 0)
		return;
	must(chip_memory_file_new(&m->cr.chip->memory, id, content->n));
	must(chip_memory_file_append(&m->cr.chip->memory, id, buf_view(content)));
}

static void make_content(struct chip_made *m, const struct chip_made_options *o)
{
	chip_made_dg1(&m->dg1);
	chip_made_dg2(&m->dg2);
	if (o->with_dg3)
		chip_made_dg3(&m->dg3);
	if (o->with_dg4)
		chip_made_dg4(&m->dg4);
	if (o->aa != CHIP_MADE_AA_NONE)
		make_dg15(m);
	make_security_files(m, o);
	chip_made_com(&m->com, o->with_dg3, o->with_dg4, o->aa != CHIP_MADE_AA_NONE);
}

static void put_passwords(struct chip_made *m)
{
	struct chip_memory *mem = &m->cr.chip->memory;

	m->mrz_information = MRZ_INFORMATION;
	m->document_number = "090000000";
	m->birth = "900215";
	m->expiry = "300215";
	m->can = CAN;
	must(chip_memory_set(mem, CHIP_FIELD_MRZ, bytes_str(MRZ_INFORMATION)));
	must(chip_memory_set(mem, CHIP_FIELD_CAN, bytes_str(CAN)));
}

void chip_made_init(struct chip_made *m, const struct chip_made_options *o, const struct sys *sys)
{
	const struct chip_reader_options reader = { .personality = o->personality,
						    .number = o->number,
						    .short_length = o->short_length };

	*m = (struct chip_made){ 0 };
	chip_reader_init(&m->cr, &reader, sys);
	make_ca_keys(m, o);
	make_aa_key(m, o);
	make_content(m, o);
	put_file(m, CHIP_FILE_CARD_ACCESS, &m->card_access);
	put_file(m, CHIP_FILE_CARD_SECURITY, &m->card_security);
	put_file(m, CHIP_FILE_COM, &m->com);
	put_file(m, CHIP_FILE_DG(1), &m->dg1);
	put_file(m, CHIP_FILE_DG(2), &m->dg2);
	put_file(m, CHIP_FILE_DG(3), &m->dg3);
	put_file(m, CHIP_FILE_DG(4), &m->dg4);
	put_file(m, CHIP_FILE_DG(14), &m->dg14);
	put_file(m, CHIP_FILE_DG(15), &m->dg15);
	put_passwords(m);
	if (o->cvca.n > 0)
		CC_ASSERT(chip_trust_personalize(m->cr.chip, o->cvca) == CHIP_SW_OK);
	if (o->date.n > 0)
		CC_ASSERT(chip_trust_personalize_date(m->cr.chip, o->date) == CHIP_SW_OK);
	must(chip_memory_set_number(&m->cr.chip->memory, CHIP_FIELD_APP_STATE, 0x0F, 1));
}

void chip_made_done(struct chip_made *m)
{
	struct buf *files[] = { &m->card_access, &m->card_security, &m->com,  &m->dg1, &m->dg2,
				&m->dg3,	 &m->dg4,	    &m->dg14, &m->dg15 };

	chip_reader_done(&m->cr);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		buf_done(files[i]);
}
