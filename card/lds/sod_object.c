/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/sod_object.h"

#include "crypto/base/tlv.h"

#include <string.h>

#define TAG_NULL 0x05
#define TAG_OCTETS 0x04
#define TAG_PRINTABLE 0x13
#define TAG_SEQUENCE 0x30
#define OBJECT_LEN_MAX 4096

const struct bytes oid_lds_security_object = { (const uint8_t *)"\x67\x81\x08\x01\x01\x01", 6 };

static bool is_version(struct bytes in, size_t n)
{
	if (in.n != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (in.p[i] < '0' || in.p[i] > '9')
			return false;
	}
	return true;
}

cc_status sod_object_set_versions(struct sod_object *o, const char *lds_version, const char *unicode_version,
				  struct cc_error *err)
{
	memset(o->lds_version, 0, sizeof o->lds_version);
	memset(o->unicode_version, 0, sizeof o->unicode_version);
	if (o->version == 0)
		return cc_ok();
	/* ICAO 9303-10 4.6.2.3: version 1 carries the LDS and Unicode versions. */
	if (lds_version == NULL || unicode_version == NULL || !is_version(bytes_str(lds_version), 4) ||
	    !is_version(bytes_str(unicode_version), 6))
		return cc_fail(err, CC_E_ARG, "sod.settings", "LDS version of 4 and Unicode version of 6 digits");
	memcpy(o->lds_version, lds_version, 4);
	memcpy(o->unicode_version, unicode_version, 6);
	return cc_ok();
}

static cc_status check_object(const struct sod_object *in, struct cc_error *err)
{
	unsigned last = 0;

	if (in->version > 1)
		return cc_fail(err, CC_E_ARG, "sod.settings", "object version %u", in->version);
	if (in->count < 2 || in->count > LDS_DG_LAST)
		return cc_fail(err, CC_E_ARG, "sod.settings", "%zu data groups", in->count);
	for (size_t i = 0; i < in->count; i++) {
		if (in->hashes[i].dg <= last || in->hashes[i].dg > LDS_DG_LAST || in->hashes[i].hash.n != hash_len(in->alg))
			return cc_fail(err, CC_E_ARG, "sod.settings", "hash %zu", i + 1);
		last = in->hashes[i].dg;
	}
	if (in->version == 1 && (!is_version(bytes_str(in->lds_version), 4) || !is_version(bytes_str(in->unicode_version), 6)))
		return cc_fail(err, CC_E_ARG, "sod.settings", "versions");
	return cc_ok();
}

cc_status sod_object_encode(const struct sod_object *in, struct buf *ret, struct cc_error *err)
{
	struct writer w;
	cc_status st = check_object(in, err);

	if (cc_failed(st))
		return st;
	writer_init(&w, OBJECT_LEN_MAX);
	tlv_open(&w, TAG_SEQUENCE);
	der_put_uint(&w, in->version);
	/* RFC 5754 2: parameters of a SHA-2 AlgorithmIdentifier are absent. */
	tlv_open(&w, TAG_SEQUENCE);
	der_put_oid(&w, hash_oid(in->alg));
	tlv_close(&w);
	tlv_open(&w, TAG_SEQUENCE);
	for (size_t i = 0; i < in->count; i++) {
		tlv_open(&w, TAG_SEQUENCE);
		der_put_uint(&w, in->hashes[i].dg);
		tlv_put(&w, TAG_OCTETS, in->hashes[i].hash);
		tlv_close(&w);
	}
	tlv_close(&w);
	if (in->version == 1) {
		tlv_open(&w, TAG_SEQUENCE);
		tlv_put(&w, TAG_PRINTABLE, bytes_str(in->lds_version));
		tlv_put(&w, TAG_PRINTABLE, bytes_str(in->unicode_version));
		tlv_close(&w);
	}
	tlv_close(&w);
	return writer_finish(&w, ret);
}

/* Parameters absent or NULL: both occur. */
static bool read_alg(struct cursor *in, enum hash_alg *ret, bool *ret_known)
{
	struct cursor alg;
	struct bytes oid, null;

	if (!tlv_expect(in, TLV_LENIENT, TAG_SEQUENCE, &alg) || !der_oid(&alg, &oid))
		return false;
	if (cursor_left(&alg) > 0 && (!tlv_expect_bytes(&alg, TLV_LENIENT, TAG_NULL, &null) || null.n != 0))
		return false;
	*ret_known = hash_from_oid(oid, ret);
	return !cc_failed(cursor_end(&alg));
}

static bool read_hashes(struct cursor *in, struct sod_object *o)
{
	struct cursor list, item;
	uint32_t seen = 0;
	uint64_t dg;

	if (!tlv_expect(in, TLV_LENIENT, TAG_SEQUENCE, &list))
		return false;
	while (cursor_left(&list) > 0) {
		struct sod_hash *h = &o->hashes[o->count];

		if (o->count == LDS_DG_LAST || !tlv_expect(&list, TLV_LENIENT, TAG_SEQUENCE, &item) || !der_uint(&item, &dg) ||
		    dg < 1 || dg > LDS_DG_LAST || (seen & 1u << dg) != 0)
			return false;
		if (!tlv_expect_bytes(&item, TLV_LENIENT, TAG_OCTETS, &h->hash) || h->hash.n != hash_len(o->alg) ||
		    cc_failed(cursor_end(&item)))
			return false;
		h->dg = (unsigned)dg;
		seen |= 1u << dg;
		o->count++;
	}
	return o->count > 0;
}

static bool read_versions(struct cursor *in, struct sod_object *o)
{
	struct cursor info;
	struct bytes lds, unicode;

	/* ICAO 9303-10 4.6.2.3: optional, and only in version 1. */
	if (o->version == 0 || cursor_left(in) == 0)
		return true;
	if (!tlv_expect(in, TLV_LENIENT, TAG_SEQUENCE, &info) || !tlv_expect_bytes(&info, TLV_LENIENT, TAG_PRINTABLE, &lds) ||
	    !tlv_expect_bytes(&info, TLV_LENIENT, TAG_PRINTABLE, &unicode) || cc_failed(cursor_end(&info)))
		return false;
	if (!is_version(lds, 4) || !is_version(unicode, 6))
		return false;
	memcpy(o->lds_version, lds.p, 4);
	memcpy(o->unicode_version, unicode.p, 6);
	return true;
}

cc_status sod_object_parse(struct bytes der, struct sod_object *ret, struct cc_error *err)
{
	struct sod_object o = { 0 };
	struct cursor in, seq;
	uint64_t version;
	bool known = true;

	cursor_init(&in, der);
	if (!tlv_expect(&in, TLV_LENIENT, TAG_SEQUENCE, &seq) || cc_failed(cursor_end(&in)) || !der_uint(&seq, &version) ||
	    version > 1 || !read_alg(&seq, &o.alg, &known))
		return cc_fail(err, CC_E_FORMAT, "sod.object", "version or hash algorithm");
	if (!known)
		return cc_fail(err, CC_E_UNSUPPORTED, "sod.object", "hash algorithm");
	o.version = (unsigned)version;
	if (!read_hashes(&seq, &o))
		return cc_fail(err, CC_E_FORMAT, "sod.object", "hash list");
	if (!read_versions(&seq, &o) || cc_failed(cursor_end(&seq)))
		return cc_fail(err, CC_E_FORMAT, "sod.object", "version info");
	*ret = o;
	return cc_ok();
}

struct bytes sod_object_hash(const struct sod_object *o, unsigned dg)
{
	for (size_t i = 0; i < o->count; i++) {
		if (o->hashes[i].dg == dg)
			return o->hashes[i].hash;
	}
	return (struct bytes){ 0 };
}

uint32_t sod_object_dg_mask(const struct sod_object *o)
{
	uint32_t mask = 0;

	for (size_t i = 0; i < o->count; i++)
		mask |= 1u << (o->hashes[i].dg - 1);
	return mask;
}
