/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/security_infos.h"

#include "crypto/base/tlv.h"

#include <string.h>

#define TAG_INTEGER 0x02
#define TAG_OCTETS 0x04
#define TAG_OID 0x06
#define TAG_SEQUENCE 0x30
#define TAG_SET 0x31
#define INFO_LEN_MAX 4096
#define ID_LEN_MAX 20

#define OID_BSI "\x04\x00\x7F\x00\x07"	 /* 0.4.0.127.0.7 */
#define OID_SMARTCARD OID_BSI "\x02\x02" /* bsi-de protocols smartcard */
#define OID_VIEW(s)                                                                                                              \
	{                                                                                                                        \
		(const uint8_t *)(s), sizeof(s) - 1                                                                              \
	}

const struct bytes oid_aa = OID_VIEW("\x67\x81\x08\x01\x01\x05");
const struct bytes oid_ta = OID_VIEW(OID_SMARTCARD "\x02");
const struct bytes oid_pk_dh = OID_VIEW(OID_SMARTCARD "\x01\x01");
const struct bytes oid_pk_ecdh = OID_VIEW(OID_SMARTCARD "\x01\x02");
static const struct bytes oid_ca = OID_VIEW(OID_SMARTCARD "\x03");
static const struct bytes oid_pace = OID_VIEW(OID_SMARTCARD "\x04");
static const struct bytes oid_ef_dir = OID_VIEW("\x2B\x1B\x01\x01\x0D");

struct bytes security_oid_ca_ecdh(enum cipher_alg alg)
{
	static const struct bytes oids[CIPHER_ALG_COUNT] = {
		[CIPHER_TDES] = OID_VIEW(OID_SMARTCARD "\x03\x02\x01"),
		[CIPHER_AES128] = OID_VIEW(OID_SMARTCARD "\x03\x02\x02"),
		[CIPHER_AES192] = OID_VIEW(OID_SMARTCARD "\x03\x02\x03"),
		[CIPHER_AES256] = OID_VIEW(OID_SMARTCARD "\x03\x02\x04"),
	};

	CC_ASSERT((unsigned)alg < CIPHER_ALG_COUNT);
	return oids[alg];
}

struct bytes security_oid_ca(enum agree_kind kind, enum cipher_alg alg)
{
	static const struct bytes oids[CIPHER_ALG_COUNT] = {
		[CIPHER_TDES] = OID_VIEW(OID_SMARTCARD "\x03\x01\x01"),
		[CIPHER_AES128] = OID_VIEW(OID_SMARTCARD "\x03\x01\x02"),
		[CIPHER_AES192] = OID_VIEW(OID_SMARTCARD "\x03\x01\x03"),
		[CIPHER_AES256] = OID_VIEW(OID_SMARTCARD "\x03\x01\x04"),
	};

	CC_ASSERT((unsigned)alg < CIPHER_ALG_COUNT);
	return kind == AGREE_DH ? oids[alg] : security_oid_ca_ecdh(alg);
}

struct bytes security_oid_pace_ecdh_gm(enum cipher_alg alg)
{
	static const struct bytes oids[CIPHER_ALG_COUNT] = {
		[CIPHER_TDES] = OID_VIEW(OID_SMARTCARD "\x04\x02\x01"),
		[CIPHER_AES128] = OID_VIEW(OID_SMARTCARD "\x04\x02\x02"),
		[CIPHER_AES192] = OID_VIEW(OID_SMARTCARD "\x04\x02\x03"),
		[CIPHER_AES256] = OID_VIEW(OID_SMARTCARD "\x04\x02\x04"),
	};

	CC_ASSERT((unsigned)alg < CIPHER_ALG_COUNT);
	return oids[alg];
}

/* BSI TR-03111 5.2.1.1: ecdsa-plain-signatures 0.4.0.127.0.7.1.1.4.1.n */
struct bytes security_oid_ecdsa_plain(enum hash_alg alg)
{
	static const struct bytes oids[HASH_COUNT] = {
		[HASH_SHA1] = OID_VIEW(OID_BSI "\x01\x01\x04\x01\x01"),
		[HASH_SHA224] = OID_VIEW(OID_BSI "\x01\x01\x04\x01\x02"),
		[HASH_SHA256] = OID_VIEW(OID_BSI "\x01\x01\x04\x01\x03"),
		[HASH_SHA384] = OID_VIEW(OID_BSI "\x01\x01\x04\x01\x04"),
		[HASH_SHA512] = OID_VIEW(OID_BSI "\x01\x01\x04\x01\x05"),
	};

	CC_ASSERT((unsigned)alg < HASH_COUNT);
	return oids[alg];
}

bool security_hash_of_ecdsa_plain(struct bytes oid, enum hash_alg *ret)
{
	for (unsigned alg = 0; alg < HASH_COUNT; alg++) {
		if (bytes_equal(oid, security_oid_ecdsa_plain(alg))) {
			*ret = alg;
			return true;
		}
	}
	return false;
}

/* ---- reading: one function for each kind, on what follows the protocol identifier */
static bool read_small(struct cursor *in, uint64_t min, uint64_t max, unsigned *ret)
{
	uint64_t v;

	if (!der_uint(in, &v) || v < min || v > max)
		return cursor_fail(in);
	*ret = (unsigned)v;
	return true;
}

static bool read_optional_id(struct cursor *in, struct security_info *i)
{
	if (!tlv_is_next(in, TAG_INTEGER))
		return true;
	i->has_id = true;
	return der_integer(in, &i->id) && i->id.n <= ID_LEN_MAX;
}

static bool read_pace(struct cursor *in, struct security_info *i)
{
	return read_small(in, 1, 2, &i->version) && read_optional_id(in, i);
}

static bool read_ca(struct cursor *in, struct security_info *i)
{
	return read_small(in, 1, 3, &i->version) && read_optional_id(in, i);
}

static bool read_ta(struct cursor *in, struct security_info *i)
{
	struct tlv file_id;

	if (!read_small(in, 1, 2, &i->version))
		return false;
	if (cursor_left(in) == 0)
		return true;
	/* FileID of EF.CVCA, BSI TR-03110-3 A.1.1.3 */
	if (!tlv_next(in, TLV_LENIENT, &file_id) || file_id.tag != TAG_SEQUENCE)
		return false;
	i->value = file_id.whole;
	return true;
}

static bool read_aa(struct cursor *in, struct security_info *i)
{
	return read_small(in, 1, 1, &i->version) && der_oid(in, &i->value);
}

/* SubjectPublicKeyInfo or AlgorithmIdentifier, then the id. */
static bool read_sequence_and_id(struct cursor *in, struct security_info *i)
{
	struct tlv t;

	if (!tlv_next(in, TLV_LENIENT, &t) || t.tag != TAG_SEQUENCE)
		return false;
	i->value = t.whole;
	return read_optional_id(in, i);
}

static bool read_ef_dir(struct cursor *in, struct security_info *i)
{
	return tlv_expect_bytes(in, TLV_LENIENT, TAG_OCTETS, &i->value);
}

static bool read_unknown(struct cursor *in, struct security_info *i)
{
	(void)i;
	(void)cursor_rest(in);
	return true;
}

static bool (*const read_kind[])(struct cursor *in, struct security_info *i) = {
	[SECURITY_INFO_UNKNOWN] = read_unknown,
	[SECURITY_INFO_PACE] = read_pace,
	[SECURITY_INFO_PACE_DOMAIN] = read_sequence_and_id,
	[SECURITY_INFO_CA] = read_ca,
	[SECURITY_INFO_CA_KEY] = read_sequence_and_id,
	[SECURITY_INFO_TA] = read_ta,
	[SECURITY_INFO_AA] = read_aa,
	[SECURITY_INFO_EF_DIR] = read_ef_dir,
};

/* A protocol has two arcs below its root (mapping, cipher); domain parameters have one. */
static bool below(struct bytes oid, struct bytes root, size_t arcs)
{
	return oid.n == root.n + arcs && bytes_starts_with(oid, root);
}

static enum security_info_kind kind_of(struct bytes oid)
{
	if (below(oid, oid_pace, 2))
		return SECURITY_INFO_PACE;
	if (below(oid, oid_pace, 1))
		return SECURITY_INFO_PACE_DOMAIN;
	if (below(oid, oid_ca, 2))
		return SECURITY_INFO_CA;
	if (bytes_equal(oid, oid_pk_dh) || bytes_equal(oid, oid_pk_ecdh))
		return SECURITY_INFO_CA_KEY;
	if (bytes_equal(oid, oid_ta))
		return SECURITY_INFO_TA;
	if (bytes_equal(oid, oid_aa))
		return SECURITY_INFO_AA;
	if (bytes_equal(oid, oid_ef_dir))
		return SECURITY_INFO_EF_DIR;
	return SECURITY_INFO_UNKNOWN;
}

static bool read_info(struct cursor *set, struct security_info *ret)
{
	struct security_info i = { 0 };
	struct cursor in;
	struct tlv t;

	if (!tlv_next(set, TLV_LENIENT, &t) || t.tag != TAG_SEQUENCE)
		return false;
	i.whole = t.whole;
	cursor_nest(&in, set, t.value);
	if (!der_oid(&in, &i.oid))
		return false;
	i.kind = kind_of(i.oid);
	if (!read_kind[i.kind](&in, &i) || cc_failed(cursor_end(&in)))
		return false;
	*ret = i;
	return true;
}

cc_status security_infos_parse(struct bytes set, struct security_infos *ret, struct cc_error *err)
{
	struct security_infos read = { 0 };
	struct cursor in, items;

	cursor_init(&in, set);
	if (!tlv_expect(&in, TLV_LENIENT, TAG_SET, &items) || cc_failed(cursor_end(&in)))
		return cc_fail(err, CC_E_FORMAT, "security-infos.structure", "not one SET");
	while (cursor_left(&items) > 0) {
		if (read.count == SECURITY_INFOS_MAX)
			return cc_fail(err, CC_E_LIMIT, "security-infos.structure", "more than %d", SECURITY_INFOS_MAX);
		if (!read_info(&items, &read.items[read.count]))
			return cc_fail(err, CC_E_FORMAT, "security-infos.structure", "item %zu", read.count + 1);
		read.count++;
	}
	if (read.count == 0)
		return cc_fail(err, CC_E_FORMAT, "security-infos.structure", "empty");
	*ret = read;
	return cc_ok();
}

/* ---- writing */
static void put_info(struct writer *w, const struct security_info *i)
{
	if (i->kind == SECURITY_INFO_UNKNOWN) {
		writer_put(w, i->whole);
		return;
	}
	tlv_open(w, TAG_SEQUENCE);
	der_put_oid(w, i->oid);
	if (i->kind == SECURITY_INFO_AA) {
		der_put_uint(w, i->version);
		der_put_oid(w, i->value);
	} else if (i->kind == SECURITY_INFO_EF_DIR) {
		tlv_put(w, TAG_OCTETS, i->value);
	} else {
		if (i->version > 0)
			der_put_uint(w, i->version);
		writer_put(w, i->value);
		if (i->has_id)
			tlv_put(w, TAG_INTEGER, i->id);
	}
	tlv_close(w);
}

void security_infos_put(struct writer *w, const struct security_infos *in)
{
	tlv_open(w, TAG_SET);
	for (size_t i = 0; i < in->count; i++)
		put_info(w, &in->items[i]);
	tlv_close(w);
}

/* X.690 11.6: members of a SET OF stand in ascending order of their encodings. */
static cc_status comes_after(const struct security_info *a, const struct security_info *b, bool *ret)
{
	struct writer wa, wb;
	enum cc_code failed;

	writer_init(&wa, INFO_LEN_MAX);
	writer_init(&wb, INFO_LEN_MAX);
	put_info(&wa, a);
	put_info(&wb, b);
	failed = wa.failed != CC_OK ? wa.failed : wb.failed;
	*ret = bytes_compare(writer_view(&wa), writer_view(&wb)) > 0;
	writer_done(&wa);
	writer_done(&wb);
	return cc_code_status(failed);
}

cc_status security_infos_sort(struct security_infos *in)
{
	for (size_t i = 1; i < in->count; i++) {
		for (size_t k = i; k > 0; k--) {
			struct security_info swap = in->items[k];
			bool after;
			cc_status st = comes_after(&in->items[k - 1], &in->items[k], &after);

			if (cc_failed(st))
				return st;
			if (!after)
				break;
			in->items[k] = in->items[k - 1];
			in->items[k - 1] = swap;
		}
	}
	return cc_ok();
}

/* ---- questions */
const struct security_info *security_infos_find(const struct security_infos *in, enum security_info_kind kind)
{
	for (size_t i = 0; i < in->count; i++) {
		if (in->items[i].kind == kind)
			return &in->items[i];
	}
	return NULL;
}

bool security_info_id(const struct security_info *i, unsigned *ret)
{
	struct cursor in;
	unsigned v = 0;
	uint8_t b;

	cursor_init(&in, i->id);
	if (!i->has_id || i->id.n == 0 || i->id.n > 3)
		return false;
	while (cursor_left(&in) > 0) {
		if (!cursor_u8(&in, &b) || (v == 0 && b >= 0x80 && cursor_left(&in) + 1 == i->id.n))
			return false;
		v = v << 8 | b;
	}
	if (v > 0xFFFF)
		return false;
	*ret = v;
	return true;
}

bool security_info_equal(const struct security_info *a, const struct security_info *b)
{
	return a->kind == b->kind && bytes_equal(a->oid, b->oid) && a->version == b->version && a->has_id == b->has_id &&
	       bytes_equal(a->id, b->id);
}

const struct security_info *security_infos_ca_key(const struct security_infos *in, const struct security_info *ca)
{
	const struct security_info *only = NULL;
	size_t keys = 0;

	for (size_t i = 0; i < in->count; i++) {
		const struct security_info *k = &in->items[i];

		if (k->kind != SECURITY_INFO_CA_KEY)
			continue;
		if (ca->has_id && k->has_id && bytes_equal(ca->id, k->id))
			return k;
		keys++;
		only = k;
	}
	/* ICAO 9303-11 9.2.6: without an id there is one key. */
	return keys == 1 && !(ca->has_id && only->has_id) ? only : NULL;
}
