/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/dg14.h"

#include "card/lds/card_access_infos.h"
#include "crypto/base/tlv.h"
#include "crypto/pubkey.h"

#define TAG_DG14 0x6E
#define DG14_LEN_MAX 8192

cc_status dg14_encode_infos(const struct security_infos *in, struct buf *ret)
{
	struct writer w;

	writer_init(&w, DG14_LEN_MAX);
	tlv_open(&w, TAG_DG14);
	security_infos_put(&w, in);
	tlv_close(&w);
	return writer_finish(&w, ret);
}

/* The key is of the kind that the ChipAuthenticationInfo names. */
static cc_status check_key(struct bytes spki, enum agree_kind kind, struct cc_error *err)
{
	struct agree_group group;
	struct buf key = { 0 };
	cc_status st = agree_spki_parse(spki, &group, &key, NULL);

	buf_done(&key);
	if (cc_failed(st) || group.kind != kind)
		return cc_fail(err, CC_E_ARG, "dg14.key", "no SubjectPublicKeyInfo of the kind that the protocol needs");
	return cc_ok();
}

cc_status dg14_encode(const struct dg14_params *p, struct buf *ret, struct cc_error *err)
{
	struct security_infos infos;
	struct bytes key_id = bytes_of(&p->ca_key_id, 1);
	struct card_access_storage storage;
	cc_status st = card_access_infos(&p->access, &storage, &infos, err);

	if (cc_failed(st) || cc_failed(st = check_key(p->ca_spki, p->access.ca_kind, err)))
		return st;
	if (p->has_ca_key_id && p->ca_key_id >= 0x80)
		return cc_fail(err, CC_E_ARG, "dg14.key", "key id above 127");
	for (size_t i = 0; i < infos.count && p->has_ca_key_id; i++) {
		if (infos.items[i].kind == SECURITY_INFO_CA) {
			infos.items[i].has_id = true;
			infos.items[i].id = key_id;
		}
	}
	infos.items[infos.count++] = (struct security_info){ .kind = SECURITY_INFO_CA_KEY,
							     .oid = p->access.ca_kind == AGREE_DH ? oid_pk_dh : oid_pk_ecdh,
							     .value = p->ca_spki,
							     .has_id = p->has_ca_key_id,
							     .id = key_id };
	if (p->with_aa)
		infos.items[infos.count++] = (struct security_info){
			.kind = SECURITY_INFO_AA, .oid = oid_aa, .version = 1, .value = security_oid_ecdsa_plain(p->aa_hash)
		};
	if (cc_failed(st = security_infos_sort(&infos)))
		return st;
	return dg14_encode_infos(&infos, ret);
}

cc_status dg14_parse(struct bytes file, struct security_infos *ret, struct cc_error *err)
{
	struct cursor in;
	struct bytes set;

	cursor_init(&in, file);
	if (!tlv_expect_bytes(&in, TLV_LENIENT, TAG_DG14, &set) || cc_failed(cursor_end(&in)))
		return cc_fail(err, CC_E_FORMAT, "dg14.structure", "not 6E { SecurityInfos }");
	return security_infos_parse(set, ret, err);
}
