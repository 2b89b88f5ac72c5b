/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/agree.h"

#include "crypto/asn1.h"
#include "crypto/base/secret.h"
#include "crypto/pubkey.h"

#define DRAWS_MAX 128 /* the worst curve refuses one draw in two */
#define SCALAR_MAX 66
#define SPKI_MAX 1024

struct agree_domain {
	struct agree_group g;
	struct ec_domain *ec;
	struct dh_domain *dh;
};

struct agree_key {
	struct agree_group g;
	struct ec_key *ec;
	struct dh_key *dh;
};

bool agree_group_from_parameter_id(unsigned id, struct agree_group *ret)
{
	struct agree_group g = { .kind = AGREE_ECDH };

	if (dh_group_from_parameter_id(id, &g.group))
		g.kind = AGREE_DH;
	else if (!ec_curve_from_parameter_id(id, &g.curve))
		return false;
	*ret = g;
	return true;
}

int agree_group_parameter_id(struct agree_group g)
{
	return g.kind == AGREE_DH ? dh_group_parameter_id(g.group) : ec_curve_parameter_id(g.curve);
}

const char *agree_group_name(struct agree_group g)
{
	return g.kind == AGREE_DH ? dh_group_name(g.group) : ec_curve_name(g.curve);
}

bool agree_group_equal(struct agree_group a, struct agree_group b)
{
	return a.kind == b.kind && (a.kind == AGREE_DH ? a.group == b.group : a.curve == b.curve);
}

bool agree_group_maps_integrated(struct agree_group g)
{
	return g.kind == AGREE_DH || ec_curve_maps_integrated(g.curve);
}

/* ---- domains */
static cc_status domain_wrap(struct agree_group g, struct ec_domain *ec, struct dh_domain *dh, struct agree_domain **ret)
{
	struct agree_domain *d = cc_alloc(sizeof *d);

	if (d == NULL) {
		ec_domain_free(&ec);
		dh_domain_free(&dh);
		return cc_code_status(CC_E_MEMORY);
	}
	*d = (struct agree_domain){ g, ec, dh };
	*ret = d;
	return cc_ok();
}

cc_status agree_domain_new(struct agree_group g, struct agree_domain **ret)
{
	struct ec_domain *ec = NULL;
	struct dh_domain *dh = NULL;
	cc_status st = g.kind == AGREE_DH ? dh_domain_new(g.group, &dh) : ec_domain_new(g.curve, &ec);

	return cc_failed(st) ? st : domain_wrap(g, ec, dh, ret);
}

void agree_domain_free(struct agree_domain **d)
{
	if (*d == NULL)
		return;
	ec_domain_free(&(*d)->ec);
	dh_domain_free(&(*d)->dh);
	cc_free(*d, sizeof **d);
	*d = NULL;
}

struct agree_group agree_domain_group(const struct agree_domain *d)
{
	return d->g;
}

cc_status agree_domain_map_generic(const struct agree_domain *d, struct bytes nonce, struct bytes h, struct agree_domain **ret)
{
	struct ec_domain *ec = NULL;
	struct dh_domain *dh = NULL;
	cc_status st;

	if (d->g.kind == AGREE_DH)
		st = dh_domain_map_generic(d->dh, nonce, h, &dh);
	else
		st = ec_domain_map_generic(d->ec, nonce, h, &ec);
	return cc_failed(st) ? st : domain_wrap(d->g, ec, dh, ret);
}

cc_status agree_domain_map_integrated(const struct agree_domain *d, enum cipher_alg alg, struct bytes s, struct bytes t,
				      struct agree_domain **ret)
{
	struct ec_domain *ec = NULL;
	struct dh_domain *dh = NULL;
	cc_status st;

	if (d->g.kind == AGREE_DH)
		st = dh_domain_map_integrated(d->dh, alg, s, t, &dh);
	else
		st = ec_domain_map_integrated(d->ec, alg, s, t, &ec);
	return cc_failed(st) ? st : domain_wrap(d->g, ec, dh, ret);
}

/* ---- keys */
static cc_status key_wrap(struct agree_group g, struct ec_key *ec, struct dh_key *dh, struct agree_key **ret)
{
	struct agree_key *k = cc_alloc(sizeof *k);

	if (k == NULL) {
		ec_key_free(&ec);
		dh_key_free(&dh);
		return cc_code_status(CC_E_MEMORY);
	}
	*k = (struct agree_key){ g, ec, dh };
	*ret = k;
	return cc_ok();
}

/* BSI TR-03111 4.1.1, algorithm 1: draw until the number is in 1..n-1. */
static cc_status generate_ec(const struct ec_domain *d, const struct sys *sys, struct ec_key **ret)
{
	size_t len = ec_order_len(ec_domain_curve(d));
	uint8_t scalar[SCALAR_MAX];
	cc_status st = cc_code_status(CC_E_CRYPTO);

	CC_ASSERT(len <= sizeof scalar);
	for (unsigned draw = 0; draw < DRAWS_MAX; draw++) {
		st = sys_random(sys, scalar, len);
		if (cc_failed(st))
			break;
		if (ec_domain_curve(d) == EC_P521)
			scalar[0] &= 0x01; /* 521 bits in 66 bytes */
		st = ec_key_import(d, bytes_of(scalar, len), ret);
		if (st.code != CC_E_VERIFY)
			break;
	}
	cc_wipe(scalar, sizeof scalar);
	/* Never in range: the generator is broken, not the card. */
	return st.code == CC_E_VERIFY ? cc_code_status(CC_E_CRYPTO) : st;
}

cc_status agree_key_generate(const struct agree_domain *d, const struct sys *sys, struct agree_key **ret)
{
	struct ec_key *ec = NULL;
	struct dh_key *dh = NULL;
	cc_status st = d->g.kind == AGREE_DH ? dh_key_generate(d->dh, sys, &dh) : generate_ec(d->ec, sys, &ec);

	return cc_failed(st) ? st : key_wrap(d->g, ec, dh, ret);
}

cc_status agree_key_import(const struct agree_domain *d, struct bytes private_number, struct agree_key **ret)
{
	struct ec_key *ec = NULL;
	struct dh_key *dh = NULL;
	cc_status st =
		d->g.kind == AGREE_DH ? dh_key_import(d->dh, private_number, &dh) : ec_key_import(d->ec, private_number, &ec);

	return cc_failed(st) ? st : key_wrap(d->g, ec, dh, ret);
}

void agree_key_free(struct agree_key **k)
{
	if (*k == NULL)
		return;
	ec_key_free(&(*k)->ec);
	dh_key_free(&(*k)->dh);
	cc_free(*k, sizeof **k);
	*k = NULL;
}

struct bytes agree_key_public(const struct agree_key *k)
{
	return k->g.kind == AGREE_DH ? dh_key_public(k->dh) : ec_key_public(k->ec);
}

cc_status agree_secret(const struct agree_key *k, struct bytes peer, struct buf *ret)
{
	return k->g.kind == AGREE_DH ? dh_agree(k->dh, peer, ret) : ec_agree_x(k->ec, peer, ret);
}

cc_status agree_mapping_secret(const struct agree_key *k, struct bytes peer, struct buf *ret)
{
	return k->g.kind == AGREE_DH ? dh_agree(k->dh, peer, ret) : ec_agree_point(k->ec, peer, ret);
}

cc_status agree_public_check(struct agree_group g, struct bytes public_key)
{
	return g.kind == AGREE_DH ? dh_public_check(g.group, public_key) : ec_curve_point_check(g.curve, public_key);
}

/* ---- encodings */
uint32_t agree_public_tag(struct agree_group g)
{
	return g.kind == AGREE_DH ? 0x84 : 0x86;
}

cc_status agree_compress(struct agree_group g, struct bytes public_key, struct buf *ret)
{
	struct cursor in;
	struct bytes x;
	struct digest d;
	uint8_t first;
	cc_status st;

	cursor_init(&in, public_key);
	if (g.kind == AGREE_ECDH) {
		if (!cursor_u8(&in, &first) || first != 0x04 || !cursor_take(&in, ec_field_len(g.curve), &x) ||
		    !cursor_skip(&in, ec_field_len(g.curve)) || cc_failed(cursor_end(&in)))
			return cc_code_status(CC_E_FORMAT);
		return buf_copy(ret, x);
	}
	while (cursor_peek(&in, &first) && first == 0)
		if (!cursor_skip(&in, 1))
			return cc_code_status(CC_E_FORMAT);
	st = hash_digest(HASH_SHA1, cursor_rest(&in), &d);
	return cc_failed(st) ? st : buf_copy(ret, bytes_of(d.p, d.n));
}

static const struct bytes oid_standardized = BYTES_LITERAL("\x04\x00\x7F\x00\x07\x01\x02"); /* 0.4.0.127.0.7.1.2 */
static const struct bytes oid_ec_public_key = BYTES_LITERAL("\x2A\x86\x48\xCE\x3D\x02\x01");

/* ICAO 9303-11 9.5.1: an algorithm that is only a number in the table of standardized domain parameters. */
static bool standardized_curve(struct bytes params, enum ec_curve *ret)
{
	struct cursor in;
	uint64_t id;

	cursor_init(&in, params);
	return der_uint(&in, &id) && !cc_failed(cursor_end(&in)) && id <= 31 && ec_curve_from_parameter_id((unsigned)id, ret);
}

static cc_status parse_named(struct bytes der, struct agree_group *ret_group, struct buf *ret_public, struct cc_error *err)
{
	struct pubkey *key = NULL;
	cc_status st = pubkey_from_spki(der, &key, err);

	if (!cc_failed(st))
		st = buf_copy(ret_public, pubkey_point(key));
	if (!cc_failed(st))
		*ret_group = (struct agree_group){ .kind = AGREE_ECDH, .curve = pubkey_curve(key) };
	pubkey_free(&key);
	return st;
}

static cc_status parse_standardized(enum ec_curve curve, struct bytes point, struct agree_group *ret_group,
				    struct buf *ret_public, struct cc_error *err)
{
	struct agree_group g = { .kind = AGREE_ECDH, .curve = curve };
	cc_status st = agree_public_check(g, point);

	if (!cc_failed(st))
		st = buf_copy(ret_public, point);
	if (cc_failed(st))
		return cc_fail(err, st.code, "pubkey.bad-value", "point");
	*ret_group = g;
	return st;
}

cc_status agree_spki_parse(struct bytes der, struct agree_group *ret_group, struct buf *ret_public, struct cc_error *err)
{
	struct asn1_algorithm alg;
	struct cursor in, seq;
	struct bytes bits;
	enum ec_curve curve;
	enum dh_group group;
	cc_status st;

	cursor_init(&in, der);
	if (!tlv_expect(&in, TLV_STRICT, DER_SEQUENCE, &seq) || !asn1_algorithm(&seq, TLV_STRICT, &alg) ||
	    !asn1_bit_string(&seq, TLV_STRICT, &bits) || cc_failed(cursor_end(&seq)) || cc_failed(cursor_end(&in)))
		return cc_fail(err, CC_E_FORMAT, "pubkey.malformed", "SubjectPublicKeyInfo");
	if (bytes_equal(alg.oid, oid_ec_public_key))
		return parse_named(der, ret_group, ret_public, err);
	if (bytes_equal(alg.oid, oid_standardized) && standardized_curve(alg.params, &curve))
		return parse_standardized(curve, bits, ret_group, ret_public, err);
	st = dh_spki_parse(der, &group, ret_public, err);
	if (!cc_failed(st))
		*ret_group = (struct agree_group){ .kind = AGREE_DH, .group = group };
	return st;
}

cc_status agree_spki_encode(struct agree_group g, struct bytes public_key, bool standardized, struct buf *ret)
{
	struct writer w;
	cc_status st;

	if (g.kind == AGREE_DH)
		return dh_spki_encode(g.group, public_key, standardized ? DH_SPKI_STANDARDIZED : DH_SPKI_X942, ret);
	if (!standardized)
		return ec_spki_encode(g.curve, public_key, EC_PARAMS_EXPLICIT, ret);
	st = agree_public_check(g, public_key);
	if (cc_failed(st))
		return st;
	writer_init(&w, SPKI_MAX);
	tlv_open(&w, DER_SEQUENCE);
	tlv_open(&w, DER_SEQUENCE);
	der_put_oid(&w, oid_standardized);
	der_put_uint(&w, (uint64_t)ec_curve_parameter_id(g.curve));
	tlv_close(&w);
	asn1_put_bit_string(&w, public_key);
	tlv_close(&w);
	return writer_finish(&w, ret);
}
