/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

#include "crypto/base/tlv.h"

/*
 * A key in memory: parameter id, hash or cipher id, form (Active
 * Authentication: 0 plain, 1 DER; Chip Authentication: 1 with a key id), key
 * id, then the private part: EC scalar, DH exponent or, for RSA, PKCS#8.
 */
#define HASH_IDS 5
#define CIPHER_IDS 4
#define KEY_LEN_MAX 4096

enum cipher_alg chip_cipher_of_id(uint8_t id)
{
	static const enum cipher_alg algs[] = { CIPHER_TDES, CIPHER_AES128, CIPHER_AES192, CIPHER_AES256 };

	CC_ASSERT(id >= 1 && id <= sizeof algs / sizeof *algs);
	return algs[id - 1];
}

void chip_key_done(struct chip_key *k)
{
	agree_key_free(&k->agree);
	ec_key_free(&k->ec);
	rsa_key_free(&k->rsa);
	*k = (struct chip_key){ 0 };
}

static bool detail_valid(enum chip_field which, uint8_t detail)
{
	return detail >= 1 && detail <= (which == CHIP_FIELD_AA_KEY ? HASH_IDS : CIPHER_IDS);
}

/* Which kind of key the parameter id stands for: RSA and EC sign, DH and EC agree. */
static bool take_parameters(enum chip_field which, struct chip_key *k)
{
	if (k->parameter_id == CHIP_KEY_RSA)
		return which == CHIP_FIELD_AA_KEY;
	return agree_group_from_parameter_id(k->parameter_id, &k->group) &&
	       (which != CHIP_FIELD_AA_KEY || k->group.kind == AGREE_ECDH);
}

/* ---- making */

/* What a key order says: DGI 00A1 or 00A2 to 00A5. */
struct order {
	struct chip_key key; /* without its key */
	uint16_t bits;	     /* RSA */
};

static bool read_rsa_order(struct cursor *in, struct order *ret)
{
	return cursor_u16(in, &ret->bits) && (ret->bits == 2048 || ret->bits == 3072 || ret->bits == 4096);
}

static bool read_order(enum chip_field which, struct bytes body, struct order *ret)
{
	struct order o = { 0 };
	struct cursor in;

	cursor_init(&in, body);
	if (!cursor_u8(&in, &o.key.parameter_id) || !cursor_u8(&in, &o.key.detail) || !detail_valid(which, o.key.detail) ||
	    !take_parameters(which, &o.key))
		return false;
	if (o.key.parameter_id == CHIP_KEY_RSA) {
		if (!read_rsa_order(&in, &o))
			return false;
	} else if (cursor_left(&in) > 0) {
		if (!cursor_u8(&in, which == CHIP_FIELD_AA_KEY ? &o.key.form : &o.key.id))
			return false;
		if (which != CHIP_FIELD_AA_KEY)
			o.key.form = 1;
		else if (o.key.form > 1)
			return false;
	}
	*ret = o;
	return !cc_failed(cursor_end(&in));
}

static cc_status make_private(struct softchip *chip, struct order *o, struct buf *ret)
{
	struct agree_domain *domain = NULL;
	cc_status st;

	if (o->key.parameter_id == CHIP_KEY_RSA) {
		st = rsa_key_generate(o->bits, &o->key.rsa);
		return cc_failed(st) ? st : rsa_key_export(o->key.rsa, ret);
	}
	st = agree_domain_new(o->key.group, &domain);
	if (!cc_failed(st))
		st = chip_make_key(chip, domain, &o->key.agree, ret);
	agree_domain_free(&domain);
	return st;
}

/* ISO/IEC 7816-8 table 3, public key data objects: EC 86 point; RSA 81 modulus, 82 exponent; DH 84 value. */
static cc_status put_public(struct writer *out, const struct chip_key *k)
{
	struct buf modulus = { 0 }, exponent = { 0 };
	cc_status st = cc_ok();

	tlv_open(out, 0x7F49);
	if (k->rsa != NULL) {
		st = rsa_key_numbers(k->rsa, &modulus, &exponent);
		if (!cc_failed(st)) {
			tlv_put(out, 0x81, buf_view(&modulus));
			tlv_put(out, 0x82, buf_view(&exponent));
		}
	} else {
		tlv_put(out, agree_public_tag(k->group), agree_key_public(k->agree));
	}
	tlv_close(out);
	buf_done(&modulus);
	buf_done(&exponent);
	return st;
}

static cc_status store_key(struct softchip *chip, enum chip_field which, const struct chip_key *k, struct bytes secret)
{
	struct writer field;
	cc_status st;

	writer_init(&field, KEY_LEN_MAX);
	writer_u8(&field, k->parameter_id);
	writer_u8(&field, k->detail);
	writer_u8(&field, k->form);
	writer_u8(&field, k->id);
	writer_put(&field, secret);
	st = cc_code_status(field.failed);
	if (!cc_failed(st))
		st = chip_memory_set(&chip->memory, which, writer_view(&field));
	writer_done(&field);
	return st;
}

uint16_t chip_keypair_make(struct softchip *chip, enum chip_field which, struct bytes body, struct writer *out)
{
	struct buf secret = { 0 };
	struct order o;
	cc_status st;

	if (!read_order(which, body, &o))
		return CHIP_SW_DATA;
	st = make_private(chip, &o, &secret);
	if (!cc_failed(st))
		st = store_key(chip, which, &o.key, buf_view(&secret));
	if (!cc_failed(st) && out != NULL)
		st = put_public(out, &o.key);
	buf_done(&secret);
	chip_key_done(&o.key);
	return chip_sw_of(st);
}

/* ---- using */

static cc_status load_agree(struct chip_key *k)
{
	struct agree_domain *domain = NULL;
	cc_status st = agree_domain_new(k->group, &domain);

	if (!cc_failed(st))
		st = agree_key_import(domain, k->secret, &k->agree);
	agree_domain_free(&domain);
	return st;
}

/* Signing is for Active Authentication alone. */
static cc_status load_signer(struct chip_key *k)
{
	struct ec_domain *domain = NULL;
	cc_status st = ec_domain_new(k->group.curve, &domain);

	if (!cc_failed(st))
		st = ec_key_import(domain, k->secret, &k->ec);
	ec_domain_free(&domain);
	return st;
}

cc_status chip_keypair_load(struct softchip *chip, enum chip_field which, struct chip_key *ret)
{
	struct bytes field = chip_memory_field(&chip->memory, which);
	struct chip_key k = { 0 };
	struct cursor in;
	cc_status st;

	if (field.n == 0)
		return cc_code_status(CC_E_NOT_FOUND);
	cursor_init(&in, field);
	if (!cursor_u8(&in, &k.parameter_id) || !cursor_u8(&in, &k.detail) || !cursor_u8(&in, &k.form) ||
	    !cursor_u8(&in, &k.id) || !detail_valid(which, k.detail) || !take_parameters(which, &k))
		return cc_code_status(CC_E_FORMAT);
	k.secret = cursor_rest(&in);
	if (k.parameter_id == CHIP_KEY_RSA)
		st = rsa_key_import(k.secret, &k.rsa);
	else
		st = load_agree(&k);
	if (!cc_failed(st) && which == CHIP_FIELD_AA_KEY && k.rsa == NULL)
		st = load_signer(&k);
	if (cc_failed(st))
		chip_key_done(&k);
	else
		*ret = k;
	return st;
}

uint16_t chip_keypair_put_public(struct softchip *chip, enum chip_field which, struct writer *out)
{
	struct chip_key key = { 0 };
	cc_status st = chip_keypair_load(chip, which, &key);

	if (st.code == CC_E_NOT_FOUND)
		return CHIP_SW_NOT_FOUND;
	if (!cc_failed(st))
		st = put_public(out, &key);
	chip_key_done(&key);
	return chip_sw_of(st);
}

/* ---- choosing among several Chip Authentication keys */

/* The header of a key's field alone. */
static bool key_named(const struct softchip *chip, enum chip_field which, uint8_t *ret_form, uint8_t *ret_id)
{
	struct cursor in;

	cursor_init(&in, chip_memory_field(&chip->memory, which));
	return cursor_skip(&in, 2) && cursor_u8(&in, ret_form) && cursor_u8(&in, ret_id);
}

/* A key reference as a number: leading zeros count for nothing. False: above one byte. */
static bool reference_number(struct bytes reference, uint8_t *ret)
{
	struct cursor in;
	uint8_t b;

	*ret = 0;
	for (cursor_init(&in, reference); cursor_left(&in) > 0;) {
		if (!cursor_u8(&in, &b) || *ret != 0)
			return false;
		*ret = b;
	}
	return true;
}

bool chip_keypair_find(const struct softchip *chip, struct bytes reference, enum chip_field *ret)
{
	uint8_t form, id, want;
	unsigned count = 0, matches = 0;

	for (unsigned i = 0; i < CHIP_CA_KEYS; i++) {
		enum chip_field f = (enum chip_field)(CHIP_FIELD_CA_KEY + i);

		if (!key_named(chip, f, &form, &id))
			continue;
		count++;
		/* ICAO 9303-11 6.2.4: a key without an identifier is the only one; a reference then has nothing to choose. */
		if (reference.n > 0 && form != 0 && (!reference_number(reference, &want) || want != id))
			continue;
		matches++;
		*ret = f;
	}
	/* Without a reference the chip must have one key alone. */
	return matches == 1 && (reference.n > 0 || count == 1);
}

bool chip_keypair_in_group(const struct softchip *chip, enum chip_field which, struct agree_group group)
{
	struct agree_group own;
	struct cursor in;
	uint8_t parameter_id;

	cursor_init(&in, chip_memory_field(&chip->memory, which));
	return cursor_u8(&in, &parameter_id) && agree_group_from_parameter_id(parameter_id, &own) &&
	       agree_group_equal(own, group);
}
