/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

#include "crypto/base/tlv.h"

enum cipher_alg chip_cipher_of_id(uint8_t id)
{
	static const enum cipher_alg algs[] = { CIPHER_TDES, CIPHER_AES128, CIPHER_AES192, CIPHER_AES256 };

	CC_ASSERT(id >= 1 && id <= sizeof algs / sizeof *algs);
	return algs[id - 1];
}

/* The standardized domain parameters that the chip computes with (ICAO 9303-11 table 12 of 9.5.1). */
static bool curve_of(uint8_t parameter_id, enum ec_curve *ret)
{
	switch (parameter_id) {
	case 12:
	case 13:
	case 15:
	case 16:
	case 17:
	case 18:
		return ec_curve_from_parameter_id(parameter_id, ret);
	default:
		return false;
	}
}

static bool detail_valid(enum chip_field which, uint8_t detail)
{
	/* Hash 1 to 5 for Active Authentication, cipher 1 to 4 for Chip Authentication. */
	return detail >= 1 && detail <= (which == CHIP_FIELD_AA_KEY ? 5 : 4);
}

static bool field_read(struct bytes field, uint8_t *ret_parameter_id, uint8_t *ret_detail, struct bytes *ret_scalar)
{
	struct cursor in;

	cursor_init(&in, field);
	if (!cursor_u8(&in, ret_parameter_id) || !cursor_u8(&in, ret_detail))
		return false;
	*ret_scalar = cursor_rest(&in);
	return true;
}

static void put_public(struct writer *out, const struct ec_key *key)
{
	tlv_open(out, 0x7F49);
	tlv_put(out, 0x86, ec_key_public(key));
	tlv_close(out);
}

uint16_t chip_keypair_make(struct softchip *chip, enum chip_field which, struct bytes body, struct writer *out)
{
	struct ec_key *key = NULL;
	struct buf scalar = { 0 };
	struct writer field;
	struct bytes nothing;
	enum ec_curve curve;
	uint8_t id, detail;
	cc_status st;

	if (!field_read(body, &id, &detail, &nothing) || nothing.n > 0 || !curve_of(id, &curve) || !detail_valid(which, detail))
		return CHIP_SW_DATA;
	writer_init(&field, 2 + ec_order_len(curve));
	st = chip_make_key(chip, curve, &key);
	if (!cc_failed(st))
		st = ec_key_scalar(key, &scalar);
	if (!cc_failed(st)) {
		writer_u8(&field, id);
		writer_u8(&field, detail);
		writer_put(&field, buf_view(&scalar));
		st = cc_code_status(field.failed);
	}
	if (!cc_failed(st))
		st = chip_memory_set(&chip->memory, which, writer_view(&field));
	if (!cc_failed(st) && out != NULL)
		put_public(out, key);
	writer_done(&field);
	buf_done(&scalar);
	ec_key_free(&key);
	return chip_sw_of(st);
}

cc_status chip_keypair_load(struct softchip *chip, enum chip_field which, uint8_t *ret_detail, struct ec_key **ret)
{
	struct bytes field = chip_memory_field(&chip->memory, which), scalar;
	struct ec_domain *domain = NULL;
	enum ec_curve curve;
	uint8_t id, detail;
	cc_status st;

	if (field.n == 0)
		return cc_code_status(CC_E_NOT_FOUND);
	if (!field_read(field, &id, &detail, &scalar) || !curve_of(id, &curve) || !detail_valid(which, detail))
		return cc_code_status(CC_E_FORMAT);
	st = ec_domain_new(curve, &domain);
	if (!cc_failed(st))
		st = ec_key_import(domain, scalar, ret);
	ec_domain_free(&domain);
	if (!cc_failed(st))
		*ret_detail = detail;
	return st;
}

uint16_t chip_keypair_put_public(struct softchip *chip, enum chip_field which, struct writer *out)
{
	struct ec_key *key = NULL;
	uint8_t detail;
	cc_status st = chip_keypair_load(chip, which, &detail, &key);

	if (st.code == CC_E_NOT_FOUND)
		return CHIP_SW_NOT_FOUND;
	if (!cc_failed(st))
		put_public(out, key);
	ec_key_free(&key);
	return chip_sw_of(st);
}
