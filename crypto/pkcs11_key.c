/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11_key.h"

#include "crypto/asn1.h"
#include "crypto/pkcs11_attribute.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SAME_LABEL_MAX 8
#define OBJECTS_MAX 2048

/* ---- what a key is */

/* A key that could be read out isn't one of ours, whoever made it. */
static cc_status check_protected(struct pkcs11_session *s, CK_OBJECT_HANDLE object, const char *label, struct cc_error *err)
{
	bool sensitive, extractable, private;
	cc_status st = pkcs11_attribute_bool(s, object, CKA_SENSITIVE, &sensitive, err);

	if (!cc_failed(st))
		st = pkcs11_attribute_bool(s, object, CKA_EXTRACTABLE, &extractable, err);
	if (!cc_failed(st))
		st = pkcs11_attribute_bool(s, object, CKA_PRIVATE, &private, err);
	if (!cc_failed(st) && (!sensitive || extractable || !private))
		st = cc_fail(err, CC_E_DENIED, "keystore.key-exportable", "%s:%s%s%s", label, sensitive ? "" : " not sensitive",
			     extractable ? " extractable" : "", private ? "" : " not private");
	return st;
}

static bool digits(struct cursor *in, size_t n, int *ret)
{
	struct bytes text;
	int v = 0;

	if (!cursor_take(in, n, &text))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		v = v * 10 + text.p[i] - '0';
	}
	*ret = v;
	return true;
}

/* CK_DATE: YYYYMMDD. None, or nonsense: 0. */
static int64_t date_ms(struct bytes date)
{
	struct cursor in;
	struct tm tm = { 0 };

	cursor_init(&in, date);
	if (!digits(&in, 4, &tm.tm_year) || !digits(&in, 2, &tm.tm_mon) || !digits(&in, 2, &tm.tm_mday) ||
	    cc_failed(cursor_end(&in)) || tm.tm_year < 1970 || tm.tm_mon < 1 || tm.tm_mon > 12)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return (int64_t)timegm(&tm) * 1000;
}

static cc_status read_created(struct pkcs11_session *s, struct pkcs11_key *key, struct cc_error *err)
{
	struct pkcs11_value v;
	cc_status st = pkcs11_attribute(s, key->public_key, CKA_START_DATE, &v, err);

	if (!cc_failed(st))
		key->info.created_ms = date_ms(bytes_of(v.p, v.n));
	return st;
}

static cc_status read_curve(struct pkcs11_session *s, struct pkcs11_key *key, struct cc_error *err)
{
	struct pkcs11_value v;
	struct cursor in;
	struct bytes oid;
	cc_status st = pkcs11_attribute(s, key->public_key, CKA_EC_PARAMS, &v, err);

	if (cc_failed(st))
		return st;
	cursor_init(&in, bytes_of(v.p, v.n));
	if (!der_oid(&in, &oid) || cc_failed(cursor_end(&in)) || !ec_curve_from_oid(oid, &key->info.curve))
		return cc_fail(err, CC_E_UNSUPPORTED, "pubkey.unknown-curve", "%s: parameters of %zu bytes", key->info.label,
			       v.n);
	key->info.bits = (unsigned)(8 * ec_field_len(key->info.curve));
	return st;
}

static cc_status read_numbers(struct pkcs11_session *s, const struct pkcs11_key *key, struct pkcs11_value *ret_modulus,
			      struct pkcs11_value *ret_exponent, struct cc_error *err)
{
	cc_status st = pkcs11_attribute(s, key->public_key, CKA_MODULUS, ret_modulus, err);

	return cc_failed(st) ? st : pkcs11_attribute(s, key->public_key, CKA_PUBLIC_EXPONENT, ret_exponent, err);
}

static cc_status read_rsa_bits(struct pkcs11_session *s, struct pkcs11_key *key, struct cc_error *err)
{
	struct pkcs11_value n, e;
	cc_status st = read_numbers(s, key, &n, &e, err);
	struct cursor in;
	uint8_t first = 0;

	if (cc_failed(st))
		return st;
	cursor_init(&in, bytes_of(n.p, n.n));
	while (cursor_peek(&in, &first) && first == 0)
		if (!cursor_skip(&in, 1))
			break;
	for (key->info.bits = (unsigned)(8 * cursor_left(&in)); first != 0 && first < 0x80; first = (uint8_t)(first << 1))
		key->info.bits--;
	return key->info.bits == 0 ? pkcs11_wrong(err, "no modulus", key->info.label) : st;
}

static cc_status read_aes_bits(struct pkcs11_session *s, struct pkcs11_key *key, struct cc_error *err)
{
	CK_ULONG len = 0;
	cc_status st = pkcs11_attribute_ulong(s, key->private_key, CKA_VALUE_LEN, &len, err);

	if (!cc_failed(st) && len != 16 && len != 24 && len != 32)
		st = pkcs11_wrong(err, "length of an AES key", key->info.label);
	if (!cc_failed(st))
		key->info.bits = (unsigned)len * 8;
	return st;
}

static cc_status describe(struct pkcs11_session *s, struct pkcs11_key *key, struct cc_error *err)
{
	CK_ULONG type = 0;
	cc_status st = check_protected(s, key->private_key, key->info.label, err);

	if (!cc_failed(st))
		st = pkcs11_attribute_ulong(s, key->private_key, CKA_KEY_TYPE, &type, err);
	if (cc_failed(st))
		return st;
	key->info.kind = type == CKK_AES ? KEYSTORE_AES : type == CKK_RSA ? KEYSTORE_RSA : KEYSTORE_EC;
	if (type == CKK_AES)
		return read_aes_bits(s, key, err);
	if (type != CKK_RSA && type != CKK_EC)
		return cc_fail(err, CC_E_UNSUPPORTED, "keystore.kind", "%s: key type 0x%lX", key->info.label, type);
	if (key->public_key == CK_INVALID_HANDLE)
		return pkcs11_wrong(err, "there is no public key", key->info.label);
	if (cc_failed(st = read_created(s, key, err)))
		return st;
	return type == CKK_RSA ? read_rsa_bits(s, key, err) : read_curve(s, key, err);
}

/* ---- finding */

struct found {
	size_t private_count, public_count;
};

static cc_status sort_object(struct pkcs11_session *s, CK_OBJECT_HANDLE object, struct found *found, struct pkcs11_key *key,
			     struct cc_error *err)
{
	CK_ULONG class = 0;
	cc_status st = pkcs11_attribute_ulong(s, object, CKA_CLASS, &class, err);

	if (cc_failed(st))
		return st;
	if (class == CKO_PRIVATE_KEY || class == CKO_SECRET_KEY) {
		key->private_key = object;
		found->private_count++;
	} else if (class == CKO_PUBLIC_KEY) {
		key->public_key = object;
		found->public_count++;
	}
	return st;
}

static cc_status look_up(struct pkcs11_session *s, struct pkcs11_key *key, struct found *ret, struct cc_error *err)
{
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = {
		{ CKA_TOKEN, &yes, sizeof yes },
		{ CKA_LABEL, key->info.label, strlen(key->info.label) },
	};
	CK_OBJECT_HANDLE objects[SAME_LABEL_MAX];
	size_t count = 0;
	cc_status st = pkcs11_find(s, template, 2, objects, SAME_LABEL_MAX, &count, err);

	*ret = (struct found){ 0 };
	for (size_t i = 0; i < count && !cc_failed(st); i++)
		st = sort_object(s, objects[i], ret, key, err);
	return st;
}

cc_status pkcs11_key_look(struct pkcs11_session *s, const char *label, struct pkcs11_key *ret, bool *ret_there,
			  struct cc_error *err)
{
	struct pkcs11_key key = { .private_key = CK_INVALID_HANDLE, .public_key = CK_INVALID_HANDLE };
	struct found found;
	cc_status st;

	(void)snprintf(key.info.label, sizeof key.info.label, "%s", label);
	*ret_there = false;
	st = look_up(s, &key, &found, err);
	if (cc_failed(st))
		return st;
	*ret_there = found.private_count > 0;
	if (found.private_count > 1 || found.public_count > 1)
		return cc_fail(err, CC_E_STATE, "keystore.key-ambiguous", "%s: %zu private, %zu public", label,
			       found.private_count, found.public_count);
	if (found.private_count > 0)
		st = describe(s, &key, err);
	if (!cc_failed(st))
		*ret = key;
	return st;
}

cc_status pkcs11_key_find(struct pkcs11_session *s, const char *label, struct pkcs11_key *ret, struct cc_error *err)
{
	bool there;
	cc_status st;

	if (pkcs11_cache_find(s, label, ret))
		return cc_ok();
	st = pkcs11_key_look(s, label, ret, &there, err);
	if (cc_failed(st))
		return st;
	if (!there)
		return cc_fail(err, CC_E_NOT_FOUND, "keystore.no-key", "%s", label);
	pkcs11_cache_add(s, ret);
	return st;
}

static cc_status find_class(struct pkcs11_session *s, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *ret, size_t cap, size_t *ret_count,
			    struct cc_error *err)
{
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = { { CKA_TOKEN, &yes, sizeof yes }, { CKA_CLASS, &class, sizeof class } };

	return pkcs11_find(s, template, 2, ret, cap, ret_count, err);
}

/* Keys of others share the token: what has no label of ours, or isn't of a kind of ours, isn't listed. */
static cc_status list_object(struct pkcs11_session *s, CK_OBJECT_HANDLE object, struct keystore_key_info *ret, size_t cap,
			     size_t *count, struct cc_error *err)
{
	char label[KEYSTORE_LABEL_MAX + 1] = "";
	struct pkcs11_value v;
	struct pkcs11_key key;
	struct cc_error why;
	cc_status st = pkcs11_attribute(s, object, CKA_LABEL, &v, err);

	if (cc_failed(st))
		return st;
	if (v.n <= KEYSTORE_LABEL_MAX)
		(void)memcpy(label, v.p, v.n);
	if (!keystore_label_valid(label))
		return st;
	cc_error_init(&why);
	st = pkcs11_key_find(s, label, &key, &why);
	if (st.code == CC_E_UNSUPPORTED || st.code == CC_E_DENIED || st.code == CC_E_STATE || st.code == CC_E_NOT_FOUND)
		return s->failed == CKR_OK ? cc_ok() : st;
	if (cc_failed(st))
		return cc_fail(err, why.code, why.key, "%s", why.detail);
	if (*count < cap)
		ret[*count] = key.info;
	++*count;
	return st;
}

cc_status pkcs11_key_list(struct pkcs11_session *s, struct keystore_key_info *ret, size_t cap, size_t *ret_count,
			  struct cc_error *err)
{
	CK_OBJECT_HANDLE *objects = cc_alloc(OBJECTS_MAX * sizeof *objects);
	size_t n = 0, more = 0, count = 0;
	cc_status st;

	if (objects == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "keys");
	st = find_class(s, CKO_PRIVATE_KEY, objects, OBJECTS_MAX, &n, err);
	if (!cc_failed(st))
		st = find_class(s, CKO_SECRET_KEY, objects + n, OBJECTS_MAX - n, &more, err);
	for (size_t i = 0; i < n + more && !cc_failed(st); i++)
		st = list_object(s, objects[i], ret, cap, &count, err);
	if (!cc_failed(st))
		*ret_count = count;
	cc_free(objects, OBJECTS_MAX * sizeof *objects);
	return st;
}

/* ---- public keys */

/* PKCS#11 2.40 2.3.3: an OCTET STRING around the point; some tokens give the point alone. */
static bool point_of(const struct pkcs11_value *v, size_t point_len, struct bytes *ret)
{
	struct cursor in;

	*ret = bytes_of(v->p, v->n);
	if (v->n == point_len)
		return true;
	cursor_init(&in, *ret);
	return tlv_expect_bytes(&in, TLV_LENIENT, DER_OCTET_STRING, ret) && !cc_failed(cursor_end(&in)) && ret->n == point_len;
}

static cc_status ec_spki(struct pkcs11_session *s, const struct pkcs11_key *key, struct buf *ret, struct cc_error *err)
{
	struct pkcs11_value v;
	struct bytes point;
	cc_status st = pkcs11_attribute(s, key->public_key, CKA_EC_POINT, &v, err);

	if (cc_failed(st))
		return st;
	if (!point_of(&v, 1 + 2 * ec_field_len(key->info.curve), &point))
		return pkcs11_wrong(err, "no point", key->info.label);
	return ec_spki_encode(key->info.curve, point, EC_PARAMS_NAMED, ret);
}

static cc_status rsa_spki(struct pkcs11_session *s, const struct pkcs11_key *key, struct buf *ret, struct cc_error *err)
{
	struct pkcs11_value n, e;
	cc_status st = read_numbers(s, key, &n, &e, err);

	if (cc_failed(st))
		return st;
	return rsa_spki_encode(bytes_of(n.p, n.n), bytes_of(e.p, e.n), ret);
}

cc_status pkcs11_key_spki(struct pkcs11_session *s, const struct pkcs11_key *key, struct buf *ret, struct cc_error *err)
{
	struct buf spki = { 0 };
	struct pubkey *k = NULL;
	cc_status st;

	if (key->info.kind == KEYSTORE_AES)
		return cc_fail(err, CC_E_ARG, "keystore.kind", "%s has no public key", key->info.label);
	st = key->info.kind == KEYSTORE_EC ? ec_spki(s, key, &spki, err) : rsa_spki(s, key, &spki, err);
	if (!cc_failed(st))
		st = pubkey_from_spki(buf_view(&spki), &k, NULL);
	if (cc_failed(st) && st.code != CC_E_MEMORY && s->failed == CKR_OK)
		st = pkcs11_wrong(err, "public key", key->info.label);
	if (!cc_failed(st))
		buf_move(ret, &spki);
	pubkey_free(&k);
	buf_done(&spki);
	return st;
}
