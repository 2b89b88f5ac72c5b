/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

#include "crypto/base/tlv.h"

/* ICAO 9303-11 9.2.3: id-PACE-ECDH-GM, 0.4.0.127.0.7.2.2.4.2, and one more arc for the cipher. */
static const struct bytes oid_ecdh_gm = BYTES_LITERAL("\x04\x00\x7F\x00\x07\x02\x02\x04\x02");

static bool alg_of(struct bytes oid, enum cipher_alg *ret)
{
	struct cursor in;
	struct bytes stem;
	uint8_t arc;

	cursor_init(&in, oid);
	if (!cursor_take(&in, oid_ecdh_gm.n, &stem) || !bytes_equal(stem, oid_ecdh_gm) || !cursor_u8(&in, &arc) ||
	    cc_failed(cursor_end(&in)) || arc < 1 || arc > 4)
		return false;
	*ret = chip_cipher_of_id(arc);
	return true;
}

/* PACEInfo ::= SEQUENCE { protocol OID, version INTEGER (2), parameterId INTEGER OPTIONAL }. */
static bool info_read(struct cursor *info, struct bytes *ret_oid, uint64_t *ret_parameter_id)
{
	uint64_t version;

	return der_oid(info, ret_oid) && der_uint(info, &version) && version == 2 && der_uint(info, ret_parameter_id);
}

bool chip_pace_info_find(struct bytes card_access, struct bytes oid, unsigned parameter_id, enum cipher_alg *ret_alg,
			 enum ec_curve *ret_curve)
{
	struct cursor in, set, info;
	struct bytes offered;
	uint64_t id, found = 0;
	unsigned matches = 0;

	cursor_init(&in, card_access);
	if (!alg_of(oid, ret_alg) || !tlv_expect(&in, TLV_LENIENT, 0x31, &set))
		return false;
	while (cursor_left(&set) > 0 && tlv_expect(&set, TLV_LENIENT, 0x30, &info)) {
		if (!info_read(&info, &offered, &id) || !bytes_equal(offered, oid) || (parameter_id != 0 && id != parameter_id))
			continue;
		found = id;
		matches++;
	}
	/* Several domain parameters for one protocol: the terminal must have named one. */
	return matches == 1 && found <= 31 && ec_curve_from_parameter_id((unsigned)found, ret_curve);
}
