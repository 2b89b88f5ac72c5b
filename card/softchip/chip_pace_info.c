/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

#include "crypto/base/tlv.h"

/* ICAO 9303-11 9.2.3: id-PACE, 0.4.0.127.0.7.2.2.4; one more arc for group and mapping, and one for the cipher. */
static const struct bytes oid_pace = BYTES_LITERAL("\x04\x00\x7F\x00\x07\x02\x02\x04");

static const struct variant {
	uint8_t arc;
	enum agree_kind kind;
	enum chip_pace_mapping mapping;
} variants[] = {
	{ 1, AGREE_DH, CHIP_PACE_GM },	 { 2, AGREE_ECDH, CHIP_PACE_GM },  { 3, AGREE_DH, CHIP_PACE_IM },
	{ 4, AGREE_ECDH, CHIP_PACE_IM }, { 6, AGREE_ECDH, CHIP_PACE_CAM },
};

static const struct variant *variant_of(uint8_t arc)
{
	for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
		if (variants[i].arc == arc)
			return &variants[i];
	return NULL;
}

static bool read_oid(struct bytes oid, const struct variant **ret_variant, enum cipher_alg *ret_alg)
{
	struct cursor in;
	struct bytes stem;
	uint8_t arc, cipher_id;

	cursor_init(&in, oid);
	if (!cursor_take(&in, oid_pace.n, &stem) || !bytes_equal(stem, oid_pace) || !cursor_u8(&in, &arc) ||
	    !cursor_u8(&in, &cipher_id) || cc_failed(cursor_end(&in)) || cipher_id < 1 || cipher_id > 4)
		return false;
	*ret_variant = variant_of(arc);
	*ret_alg = chip_cipher_of_id(cipher_id);
	/* There is no Chip Authentication Mapping with 3DES. */
	return *ret_variant != NULL && ((*ret_variant)->mapping != CHIP_PACE_CAM || *ret_alg != CIPHER_TDES);
}

/* PACEInfo ::= SEQUENCE { protocol OID, version INTEGER (2), parameterId INTEGER OPTIONAL }. */
static bool info_read(struct cursor *info, struct bytes *ret_oid, uint64_t *ret_parameter_id)
{
	uint64_t version;

	return der_oid(info, ret_oid) && der_uint(info, &version) && version == 2 && der_uint(info, ret_parameter_id);
}

/* The parameters that the terminal named; no reference takes any. */
static bool parameters_match(struct bytes reference, uint64_t id)
{
	uint8_t want = 0;
	struct cursor in;

	cursor_init(&in, reference);
	return reference.n == 0 || (cursor_u8(&in, &want) && want == id);
}

bool chip_pace_info_find(struct bytes card_access, struct bytes oid, struct bytes parameters, struct chip_pace_info *ret)
{
	const struct variant *variant;
	struct cursor in, set, info;
	struct chip_pace_info found = { 0 };
	struct bytes offered;
	uint64_t id, parameter_id = 0;
	unsigned matches = 0;

	cursor_init(&in, card_access);
	if (!read_oid(oid, &variant, &found.alg) || !tlv_expect(&in, TLV_LENIENT, 0x31, &set))
		return false;
	while (cursor_left(&set) > 0 && tlv_expect(&set, TLV_LENIENT, 0x30, &info)) {
		if (!info_read(&info, &offered, &id) || !bytes_equal(offered, oid) || !parameters_match(parameters, id))
			continue;
		parameter_id = id;
		matches++;
	}
	found.mapping = variant->mapping;
	/* Several domain parameters for one protocol: the terminal must have named one. */
	if (matches != 1 || parameter_id > 31 || !agree_group_from_parameter_id((unsigned)parameter_id, &found.group) ||
	    found.group.kind != variant->kind || (found.mapping == CHIP_PACE_IM && !agree_group_maps_integrated(found.group)))
		return false;
	*ret = found;
	return true;
}
