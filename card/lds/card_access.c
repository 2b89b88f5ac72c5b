/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/card_access.h"

#include "card/lds/card_access_infos.h"
#include "crypto/base/tlv.h"

#define CARD_ACCESS_LEN_MAX 1024

struct card_access_settings card_access_default(void)
{
	return (struct card_access_settings){ .with_ta = true,
					      .with_ca = true,
					      .ca_alg = CIPHER_AES128,
					      .ca_version = 1,
					      .pace_alg = CIPHER_AES128,
					      .pace_parameter_id = 13 };
}

/* ICAO 9303-11 table 6: the standardized domain parameters are 0 to 31. */
#define PARAMETER_ID_MAX 31

cc_status card_access_infos(const struct card_access_settings *s, uint8_t *id_storage, struct security_infos *ret,
			    struct cc_error *err)
{
	struct security_infos infos = { 0 };

	if (s->pace_parameter_id > PARAMETER_ID_MAX || (s->with_ca && (s->ca_version < 1 || s->ca_version > 2)))
		return cc_fail(err, CC_E_ARG, "card-access.settings", "parameter id or version");
	if (s->with_ta)
		infos.items[infos.count++] = (struct security_info){ .kind = SECURITY_INFO_TA, .oid = oid_ta, .version = 1 };
	if (s->with_ca)
		infos.items[infos.count++] = (struct security_info){ .kind = SECURITY_INFO_CA,
								     .oid = security_oid_ca_ecdh(s->ca_alg),
								     .version = s->ca_version };
	*id_storage = (uint8_t)s->pace_parameter_id;
	infos.items[infos.count++] = (struct security_info){ .kind = SECURITY_INFO_PACE,
							     .oid = security_oid_pace_ecdh_gm(s->pace_alg),
							     .version = 2,
							     .has_id = true,
							     .id = bytes_of(id_storage, 1) };
	*ret = infos;
	return cc_ok();
}

cc_status card_access_encode(const struct card_access_settings *s, struct buf *ret, struct cc_error *err)
{
	struct security_infos infos;
	uint8_t id;
	struct writer w;
	cc_status st = card_access_infos(s, &id, &infos, err);

	if (cc_failed(st) || cc_failed(st = security_infos_sort(&infos)))
		return st;
	writer_init(&w, CARD_ACCESS_LEN_MAX);
	security_infos_put(&w, &infos);
	return writer_finish(&w, ret);
}

cc_status card_access_parse(struct bytes file, struct security_infos *ret, struct cc_error *err)
{
	struct cursor in;
	struct tlv set;

	cursor_init(&in, file);
	if (!tlv_next(&in, TLV_LENIENT, &set))
		return cc_fail(err, CC_E_FORMAT, "security-infos.structure", "EF.CardAccess");
	return security_infos_parse(set.whole, ret, err);
}
