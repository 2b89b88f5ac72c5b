/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/chip_term.h"

#include "crypto/base/secret.h"
#include "crypto/base/tlv.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/pace_prf.h"

#include <string.h>

/* The access protocols of chip_term, written from ICAO 9303-11. */

#define MRZ_DATES_LEN 14
#define DRAWS_MAX 20000

static void must(cc_status st)
{
	CC_ASSERT(!cc_failed(st));
}

static void derive(struct bytes shared, enum kdf_9303_counter c, enum cipher_alg alg, uint8_t out[32])
{
	struct secret k = { 0 };

	must(kdf_9303(shared, bytes_of(NULL, 0), c, alg, &k));
	memcpy(out, k.p, k.n);
	secret_done(&k);
}

static void start(struct chip_term *t, enum cipher_alg alg, struct bytes shared)
{
	derive(shared, KDF_ENC, alg, t->enc);
	derive(shared, KDF_MAC, alg, t->mac);
	memset(t->ssc, 0, sizeof t->ssc);
	t->alg = alg;
	t->active = true;
}

/* ---- BAC, 4.3 */

static void bac_crypt(const uint8_t key[32], bool encrypt, struct bytes in, uint8_t *out)
{
	static const uint8_t iv[8] = { 0 };
	struct cipher *c = NULL;

	must(cipher_new(CIPHER_TDES, bytes_of(key, 16), &c));
	must(encrypt ? cipher_cbc_encrypt(c, iv, in, out) : cipher_cbc_decrypt(c, iv, in, out));
	cipher_free(&c);
}

static void bac_mac(const uint8_t key[32], struct bytes text, uint8_t out[8])
{
	static const uint8_t padding[8] = { 0x80 };
	const struct bytes parts[] = { text, bytes_of(padding, sizeof padding) };
	struct mac *m = NULL;

	must(mac_new(CIPHER_TDES, bytes_of(key, 16), &m));
	must(mac_compute(m, parts, 2, out));
	mac_free(&m);
}

static uint16_t bac_mutual(struct chip_term *t, const uint8_t enc[32], const uint8_t mac[32], struct bytes rnd_ic)
{
	uint8_t text[32], sent[40], seed[16], ssc[8];
	struct chip_term_answer a;

	must(sys_random(t->sys, text, sizeof text));
	memcpy(text + 8, rnd_ic.p, 8);
	bac_crypt(enc, true, bytes_of(text, sizeof text), sent);
	bac_mac(mac, bytes_of(sent, 32), sent + 32);
	a = chip_term_send_clear(t, &(struct chip_term_command){ 0x00, 0x82, 0, 0, bytes_of(sent, sizeof sent), 40 });
	if (a.sw == 0x9000) {
		uint8_t got[32];

		CC_ASSERT(a.data.n == 40);
		bac_crypt(enc, false, bytes_of(a.data.p, 32), got);
		CC_ASSERT(memcmp(got, rnd_ic.p, 8) == 0 && memcmp(got + 8, text, 8) == 0);
		for (size_t i = 0; i < sizeof seed; i++)
			seed[i] = text[16 + i] ^ got[16 + i];
		memcpy(ssc, got + 4, 4);
		memcpy(ssc + 4, text + 4, 4);
		start(t, CIPHER_TDES, bytes_of(seed, sizeof seed));
		memcpy(t->ssc, ssc, sizeof ssc);
	}
	buf_done(&a.data);
	return a.sw;
}

uint16_t chip_term_bac(struct chip_term *t, const char *mrz_information)
{
	uint8_t enc[32], mac[32];
	struct chip_term_answer a;
	struct digest d;
	uint16_t sw;

	must(hash_digest(HASH_SHA1, bytes_str(mrz_information), &d));
	derive(bytes_of(d.p, 16), KDF_ENC, CIPHER_TDES, enc);
	derive(bytes_of(d.p, 16), KDF_MAC, CIPHER_TDES, mac);
	a = chip_term_send_clear(t, &(struct chip_term_command){ 0x00, 0x84, 0, 0, { 0 }, 8 });
	sw = a.sw;
	if (sw == 0x9000)
		sw = bac_mutual(t, enc, mac, buf_view(&a.data));
	buf_done(&a.data);
	if (sw == 0x9000)
		must(buf_copy(&t->id_picc, bytes_of(mrz_information, strlen(mrz_information) - MRZ_DATES_LEN)));
	return sw;
}

/* ---- PACE, 4.4 */

struct pace_run {
	const struct chip_term_pace *p;
	struct agree_group group;
	struct bytes oid;
	uint8_t oid_bytes[10];
	uint8_t nonce[32];
	size_t nonce_n;
	struct agree_domain *domain, *mapped;
	struct agree_key *key;
	struct buf chip_mapping, chip_public, secret;
	uint8_t mac[32], enc[32];
};

/* 7C { tag value } out, the value under want in. */
static uint16_t general(struct chip_term *t, uint8_t tag, struct bytes value, bool last, uint8_t want, struct buf *ret,
			struct buf *ret_more)
{
	struct writer w;
	struct chip_term_answer a;
	struct cursor in, dynamic;
	struct bytes v;

	writer_init(&w, 4096);
	tlv_open(&w, 0x7C);
	if (tag != 0)
		tlv_put(&w, tag, value);
	tlv_close(&w);
	a = chip_term_send_clear(t, &(struct chip_term_command){ last ? 0x00 : 0x10, 0x86, 0, 0, writer_view(&w), 256 });
	writer_done(&w);
	if (a.sw >> 8 == 0x61) { /* longer than one short answer */
		struct chip_term_answer rest = chip_term_send_clear(
			t, &(struct chip_term_command){ 0x00, 0xC0, 0, 0, { 0 }, a.sw & 0xFFu ? a.sw & 0xFFu : 256u });
		struct writer whole;

		writer_init(&whole, 4096);
		writer_put(&whole, buf_view(&a.data));
		writer_put(&whole, buf_view(&rest.data));
		must(writer_finish(&whole, &a.data));
		a.sw = rest.sw;
		buf_done(&rest.data);
	}
	if (a.sw == 0x9000) {
		cursor_init(&in, buf_view(&a.data));
		CC_ASSERT(tlv_expect(&in, TLV_STRICT, 0x7C, &dynamic) && !cc_failed(cursor_end(&in)));
		CC_ASSERT(tlv_expect_bytes(&dynamic, TLV_STRICT, want, &v));
		must(buf_copy(ret, v));
		if (cursor_left(&dynamic) > 0) {
			CC_ASSERT(ret_more != NULL && tlv_expect_bytes(&dynamic, TLV_STRICT, 0x8A, &v));
			must(buf_copy(ret_more, v));
		}
		CC_ASSERT(!cc_failed(cursor_end(&dynamic)));
	}
	buf_done(&a.data);
	return a.sw;
}

static uint16_t pace_set_at(struct chip_term *t, struct pace_run *r)
{
	struct writer w;
	uint16_t sw;

	writer_init(&w, 64);
	tlv_put(&w, 0x80, r->oid);
	tlv_put_u8(&w, 0x83, r->p->password);
	if (r->p->name_parameters)
		tlv_put_u8(&w, 0x84, (uint8_t)r->p->info.parameter_id);
	sw = chip_term_clear_sw(t, 0x22, 0xC1, 0xA4, writer_view(&w), 0);
	writer_done(&w);
	return sw;
}

static uint16_t pace_nonce(struct chip_term *t, struct pace_run *r)
{
	static const uint8_t iv[CIPHER_BLOCK_MAX] = { 0 };
	struct bytes password = bytes_str(r->p->secret);
	struct secret k_pi = { 0 };
	struct cipher *c = NULL;
	struct buf z = { 0 };
	struct digest d;
	uint16_t sw = general(t, 0, bytes_of(NULL, 0), false, 0x80, &z, NULL);

	if (sw != 0x9000)
		return sw;
	if (r->p->password == 1) {
		must(hash_digest(HASH_SHA1, password, &d));
		password = bytes_of(d.p, d.n);
	}
	must(kdf_9303(password, bytes_of(NULL, 0), KDF_PI, r->p->info.alg, &k_pi));
	must(cipher_new(r->p->info.alg, bytes_of(k_pi.p, k_pi.n), &c));
	r->nonce_n = r->p->info.mapping == CHIP_MADE_IM ? pace_nonce_len(r->p->info.alg) : 16;
	CC_ASSERT(z.n == r->nonce_n);
	must(cipher_cbc_decrypt(c, iv, buf_view(&z), r->nonce));
	cipher_free(&c);
	secret_done(&k_pi);
	buf_done(&z);
	return sw;
}

static uint16_t pace_map_generic(struct chip_term *t, struct pace_run *r)
{
	struct agree_key *key = NULL;
	struct buf h = { 0 };
	uint16_t sw;

	must(agree_key_generate(r->domain, t->sys, &key));
	sw = general(t, 0x81, agree_key_public(key), false, 0x82, &r->chip_mapping, NULL);
	if (sw == 0x9000) {
		must(agree_mapping_secret(key, buf_view(&r->chip_mapping), &h));
		must(agree_domain_map_generic(r->domain, bytes_of(r->nonce, r->nonce_n), buf_view(&h), &r->mapped));
	}
	buf_done(&h);
	agree_key_free(&key);
	return sw;
}

static uint16_t pace_map_integrated(struct chip_term *t, struct pace_run *r)
{
	uint8_t own[32];
	size_t n = cipher_key_len(r->p->info.alg);
	struct buf empty = { 0 };
	uint16_t sw;

	must(sys_random(t->sys, own, n));
	sw = general(t, 0x81, bytes_of(own, n), false, 0x82, &empty, NULL);
	CC_ASSERT(empty.n == 0);
	if (sw == 0x9000)
		must(agree_domain_map_integrated(r->domain, r->p->info.alg, bytes_of(r->nonce, r->nonce_n), bytes_of(own, n),
						 &r->mapped));
	buf_done(&empty);
	return sw;
}

static uint16_t pace_agree(struct chip_term *t, struct pace_run *r)
{
	uint16_t sw;

	must(agree_key_generate(r->mapped, t->sys, &r->key));
	sw = general(t, 0x83, agree_key_public(r->key), false, 0x84, &r->chip_public, NULL);
	if (sw == 0x9000) {
		must(agree_secret(r->key, buf_view(&r->chip_public), &r->secret));
		derive(buf_view(&r->secret), KDF_MAC, r->p->info.alg, r->mac);
		derive(buf_view(&r->secret), KDF_ENC, r->p->info.alg, r->enc);
	}
	return sw;
}

static void pace_token(const struct pace_run *r, struct bytes public_key, uint8_t out[8])
{
	size_t block = cipher_block_len(r->p->info.alg);
	uint8_t mac[CIPHER_BLOCK_MAX];
	struct writer object, padded;
	struct mac *m = NULL;
	struct bytes part;

	writer_init(&object, 512);
	writer_init(&padded, 512);
	tlv_open(&object, 0x7F49);
	tlv_put(&object, 0x06, r->oid);
	tlv_put(&object, agree_public_tag(r->group), public_key);
	tlv_close(&object);
	pad_iso9797_2(&padded, writer_view(&object), block);
	part = r->p->info.alg == CIPHER_TDES ? writer_view(&padded) : writer_view(&object);
	must(mac_new(r->p->info.alg, bytes_of(r->mac, cipher_key_len(r->p->info.alg)), &m));
	must(mac_compute(m, &part, 1, mac));
	memcpy(out, mac, 8);
	mac_free(&m);
	writer_done(&object);
	writer_done(&padded);
}

/* 4.4.3.5: PK_map,IC = CA_IC * PK_IC. */
static void pace_check_chip(const struct pace_run *r, const struct buf *text)
{
	uint8_t iv[CIPHER_BLOCK_MAX];
	struct cipher *c = NULL;
	struct agree_key *ca = NULL;
	struct buf plain = { 0 }, point = { 0 };
	struct bytes data;

	memset(iv, 0xFF, sizeof iv);
	must(cipher_new(r->p->info.alg, bytes_of(r->enc, cipher_key_len(r->p->info.alg)), &c));
	must(cipher_encrypt_block(c, iv, iv));
	must(buf_zero(&plain, text->n));
	must(cipher_cbc_decrypt(c, iv, buf_view(text), plain.p));
	must(pad_iso9797_2_strip(buf_view(&plain), CIPHER_BLOCK_MAX, &data));
	must(agree_key_import(r->domain, data, &ca));
	must(agree_mapping_secret(ca, r->p->chip_key, &point));
	CC_ASSERT(bytes_equal(buf_view(&point), buf_view(&r->chip_mapping)));
	agree_key_free(&ca);
	cipher_free(&c);
	buf_done(&plain);
	buf_done(&point);
}

static uint16_t pace_finish(struct chip_term *t, struct pace_run *r)
{
	uint8_t own[8], want[8];
	struct buf got = { 0 }, chip_data = { 0 };
	uint16_t sw;

	pace_token(r, buf_view(&r->chip_public), own);
	own[7] ^= r->p->wrong_token;
	sw = general(t, 0x85, bytes_of(own, sizeof own), true, 0x86, &got, &chip_data);
	if (sw == 0x9000) {
		pace_token(r, agree_key_public(r->key), want);
		CC_ASSERT(cc_equal(got.p, got.n, want, sizeof want));
		CC_ASSERT((chip_data.n > 0) == (r->p->info.mapping == CHIP_MADE_CAM));
		if (r->p->chip_key.n > 0)
			pace_check_chip(r, &chip_data);
		start(t, r->p->info.alg, buf_view(&r->secret));
		must(agree_compress(r->group, buf_view(&r->chip_public), &t->id_picc));
	}
	buf_done(&got);
	buf_done(&chip_data);
	return sw;
}

uint16_t chip_term_pace(struct chip_term *t, const struct chip_term_pace *p)
{
	struct pace_run r = { .p = p };
	uint16_t sw;

	CC_ASSERT(agree_group_from_parameter_id(p->info.parameter_id, &r.group));
	must(agree_domain_new(r.group, &r.domain));
	r.oid = chip_made_pace_oid(&p->info, r.oid_bytes);
	sw = pace_set_at(t, &r);
	if (sw == 0x9000)
		sw = pace_nonce(t, &r);
	if (sw == 0x9000)
		sw = p->info.mapping == CHIP_MADE_IM ? pace_map_integrated(t, &r) : pace_map_generic(t, &r);
	if (sw == 0x9000)
		sw = pace_agree(t, &r);
	if (sw == 0x9000)
		sw = pace_finish(t, &r);
	agree_domain_free(&r.domain);
	agree_domain_free(&r.mapped);
	agree_key_free(&r.key);
	buf_done(&r.chip_mapping);
	buf_done(&r.chip_public);
	buf_done(&r.secret);
	return sw;
}

/* ---- Chip Authentication, 6.2 */

static struct agree_key *ephemeral(struct chip_term *t, const struct chip_term_ca *ca)
{
	struct agree_domain *d = NULL;
	struct agree_key *key = NULL;

	must(agree_domain_new(ca->group, &d));
	for (int i = 0; i < DRAWS_MAX; i++) {
		agree_key_free(&key);
		must(agree_key_generate(d, t->sys, &key));
		if (ca->fits == NULL || ca->fits(agree_key_public(key)))
			break;
	}
	CC_ASSERT(ca->fits == NULL || ca->fits(agree_key_public(key)));
	agree_domain_free(&d);
	return key;
}

static uint16_t ca_send(struct chip_term *t, const struct chip_term_ca *ca, uint8_t ins, uint16_t p, struct writer *data,
			size_t le)
{
	const struct chip_term_command c = { ca->cla != 0 ? ca->cla : t->active && !ca->clear ? 0x0C : 0x00,
					     ins,
					     (uint8_t)(p >> 8),
					     (uint8_t)p,
					     writer_view(data),
					     le };
	struct chip_term_answer a = ca->clear ? chip_term_send_clear(t, &c) : chip_term_send(t, &c);

	buf_done(&a.data);
	writer_done(data);
	return a.sw;
}

static uint16_t ca_kat(struct chip_term *t, const struct chip_term_ca *ca, struct bytes peer)
{
	struct writer w;

	writer_init(&w, 1024);
	tlv_put(&w, ca->tag != 0 ? ca->tag : 0x91, peer);
	if (ca->has_key_id)
		tlv_put_u8(&w, 0x84, ca->key_id);
	return ca_send(t, ca, 0x22, 0x41A6, &w, 0);
}

static uint16_t ca_at(struct chip_term *t, const struct chip_term_ca *ca, struct bytes peer)
{
	const struct chip_made_ca info = { .parameter_id = (unsigned)agree_group_parameter_id(ca->group), .alg = ca->alg };
	uint8_t oid[10];
	struct writer w;
	uint16_t sw;

	writer_init(&w, 64);
	tlv_put(&w, 0x80, chip_made_ca_oid(&info, oid));
	if (ca->has_key_id)
		tlv_put_u8(&w, 0x84, ca->key_id);
	sw = ca_send(t, ca, 0x22, 0x41A4, &w, 0);
	if (sw != 0x9000)
		return sw;
	writer_init(&w, 1024);
	tlv_open(&w, 0x7C);
	tlv_put(&w, ca->tag != 0 ? ca->tag : 0x80, peer);
	tlv_close(&w);
	return ca_send(t, ca, 0x86, 0x0000, &w, 256);
}

uint16_t chip_term_ca(struct chip_term *t, const struct chip_term_ca *ca)
{
	struct agree_key *key = ephemeral(t, ca);
	struct bytes peer = ca->peer.n > 0 ? ca->peer : agree_key_public(key);
	struct buf secret = { 0 };
	uint16_t sw = ca->alg == CIPHER_TDES ? ca_kat(t, ca, peer) : ca_at(t, ca, peer);

	if (sw == 0x9000 && !ca->keep) {
		must(agree_secret(key, ca->chip_key, &secret));
		must(agree_compress(ca->group, agree_key_public(key), &t->comp_pcd));
		start(t, ca->alg, buf_view(&secret));
	}
	buf_done(&secret);
	agree_key_free(&key);
	return sw;
}
