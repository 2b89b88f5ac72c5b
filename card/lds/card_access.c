/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/card_access.h"

#include "card/lds/card_access_infos.h"
#include "crypto/base/tlv.h"

#include <string.h>

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
#define VARIANT_ECDH_GM 2

/* ICAO 9303-11 9.2.3: id-PACE, 0.4.0.127.0.7.2.2.4, then variant and cipher. */
static struct bytes pace_oid(const struct card_access_pace *p, uint8_t out[CARD_ACCESS_OID_LEN])
{
	static const uint8_t stem[] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x04 };
	static const uint8_t ciphers[CIPHER_ALG_COUNT] = {
		[CIPHER_TDES] = 1, [CIPHER_AES128] = 2, [CIPHER_AES192] = 3, [CIPHER_AES256] = 4
	};

	memcpy(out, stem, sizeof stem);
	out[sizeof stem] = p->variant != 0 ? p->variant : VARIANT_ECDH_GM;
	out[sizeof stem + 1] = ciphers[p->alg];
	return bytes_of(out, CARD_ACCESS_OID_LEN);
}

static void add_pace(const struct card_access_pace *p, size_t i, struct card_access_storage *storage,
		     struct security_infos *infos)
{
	storage->id[i] = (uint8_t)p->parameter_id;
	infos->items[infos->count++] = (struct security_info){ .kind = SECURITY_INFO_PACE,
							       .oid = pace_oid(p, storage->oid[i]),
							       .version = 2,
							       .has_id = true,
							       .id = bytes_of(&storage->id[i], 1) };
}

size_t card_access_pace_list(const struct card_access_settings *s, struct card_access_pace ret[CARD_ACCESS_PACE_MAX])
{
	ret[0] = (struct card_access_pace){ s->pace_variant, s->pace_alg, s->pace_parameter_id };
	memcpy(ret + 1, s->more, sizeof s->more);
	return 1 + s->more_count;
}

bool card_access_has_cam(const struct card_access_settings *s)
{
	bool has = s->pace_variant == CARD_ACCESS_ECDH_CAM;

	for (size_t i = 0; i < s->more_count; i++)
		has = has || s->more[i].variant == CARD_ACCESS_ECDH_CAM;
	return has;
}

cc_status card_access_infos(const struct card_access_settings *s, struct card_access_storage *storage, struct security_infos *ret,
			    struct cc_error *err)
{
	struct card_access_pace list[CARD_ACCESS_PACE_MAX];
	struct security_infos infos = { 0 };
	size_t n;

	if (s->more_count > CARD_ACCESS_PACE_MAX - 1 || (s->with_ca && (s->ca_version < 1 || s->ca_version > 2)))
		return cc_fail(err, CC_E_ARG, "card-access.settings", "parameter id or version");
	if (s->with_ta)
		infos.items[infos.count++] = (struct security_info){ .kind = SECURITY_INFO_TA, .oid = oid_ta, .version = 1 };
	if (s->with_ca)
		infos.items[infos.count++] = (struct security_info){ .kind = SECURITY_INFO_CA,
								     .oid = security_oid_ca(s->ca_kind, s->ca_alg),
								     .version = s->ca_version };
	n = card_access_pace_list(s, list);
	for (size_t i = 0; i < n; i++) {
		if (list[i].parameter_id > PARAMETER_ID_MAX)
			return cc_fail(err, CC_E_ARG, "card-access.settings", "parameter id");
		add_pace(&list[i], i, storage, &infos);
	}
	*ret = infos;
	return cc_ok();
}

cc_status card_access_encode(const struct card_access_settings *s, struct buf *ret, struct cc_error *err)
{
	struct card_access_storage storage;
	struct security_infos infos;
	struct writer w;
	cc_status st = card_access_infos(s, &storage, &infos, err);

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
