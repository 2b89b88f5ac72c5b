/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/tlv.h"
#include "crypto/cvc_internal.h"

/* TR-03110-3 D.3.3 */
static cc_status put_ec(struct writer *w, const struct pubkey *key, bool with_domain)
{
	struct ec_numbers n = { 0 };
	cc_status st = cc_ok();

	if (with_domain && cc_failed(st = ec_curve_numbers(pubkey_curve(key), &n)))
		return st;
	if (with_domain) {
		tlv_put(w, 0x81, buf_view(&n.p));
		tlv_put(w, 0x82, buf_view(&n.a));
		tlv_put(w, 0x83, buf_view(&n.b));
		tlv_put(w, 0x84, buf_view(&n.g));
		tlv_put(w, 0x85, buf_view(&n.n));
	}
	tlv_put(w, 0x86, pubkey_point(key));
	if (with_domain)
		tlv_put_u8(w, 0x87, 1);
	ec_numbers_done(&n);
	return st;
}

static cc_status put_key(struct writer *w, const struct cvc_fields *f, struct cc_error *err)
{
	struct bytes oid = cvc_alg_oid(f->key_alg);
	struct pubkey *key = NULL;
	cc_status st;

	if (oid.n == 0)
		return cc_fail(err, CC_E_ARG, "cvc.algorithm", "no identifier for this signature algorithm");
	st = pubkey_from_spki(f->spki, &key, err);
	if (cc_failed(st))
		return st;
	if ((pubkey_kind(key) == PUBKEY_EC) != (f->key_alg.scheme == SIG_ECDSA)) {
		st = cc_fail(err, CC_E_ARG, "cvc.algorithm", "algorithm and key don't fit");
		goto out;
	}
	tlv_open(w, 0x7F49);
	der_put_oid(w, oid);
	if (pubkey_kind(key) == PUBKEY_EC) {
		st = put_ec(w, key, f->with_domain);
	} else {
		tlv_put(w, 0x81, pubkey_modulus(key));
		tlv_put(w, 0x82, pubkey_exponent(key));
	}
	tlv_close(w);
out:
	pubkey_free(&key);
	return st;
}

static void put_date(struct writer *w, uint32_t tag, uint32_t date)
{
	uint8_t six[6];

	for (unsigned i = 6; i > 0; i--, date /= 10)
		six[i - 1] = (uint8_t)(date % 10);
	tlv_put(w, tag, bytes_of(six, sizeof six));
}

static cc_status check_fields(const struct cvc_fields *f, struct cc_error *err)
{
	if (!cvc_reference_valid(f->chr) || (f->car != NULL && !cvc_reference_valid(f->car)))
		return cc_fail(err, CC_E_ARG, "cvc.reference", "country code, up to 9 characters, 5 letters or digits");
	if (f->is_request)
		return cc_ok();
	if (f->car == NULL || f->terminal != CVC_INSPECTION_SYSTEM || f->rights > 0x3F)
		return cc_fail(err, CC_E_ARG, "cvc.reference", "certificates of inspection systems alone are made here");
	if (!cvc_date_valid(f->effective) || !cvc_date_valid(f->expiration) || f->expiration < f->effective)
		return cc_fail(err, CC_E_ARG, "cvc.dates", "%u to %u", (unsigned)f->effective, (unsigned)f->expiration);
	return cc_ok();
}

cc_status cvc_body_build(const struct cvc_fields *f, struct buf *ret, struct cc_error *err)
{
	struct writer w;
	cc_status st = check_fields(f, err);

	if (cc_failed(st))
		return st;
	writer_init(&w, CVC_LEN_MAX);
	tlv_open(&w, 0x7F4E);
	tlv_put_u8(&w, 0x5F29, 0);
	if (f->car != NULL)
		tlv_put(&w, 0x42, bytes_str(f->car));
	if (cc_failed(st = put_key(&w, f, err))) {
		writer_done(&w);
		return st;
	}
	tlv_put(&w, 0x5F20, bytes_str(f->chr));
	if (!f->is_request) {
		tlv_open(&w, 0x7F4C);
		der_put_oid(&w, cvc_oid_terminals[f->terminal]);
		tlv_put_u8(&w, 0x53, (uint8_t)((unsigned)f->role << 6 | f->rights));
		tlv_close(&w);
		put_date(&w, 0x5F25, f->effective);
		put_date(&w, 0x5F24, f->expiration);
	}
	tlv_close(&w);
	st = writer_finish(&w, ret);
	return cc_failed(st) ? cc_fail(err, st.code, "cvc.structure", "body: %s", cc_code_name(st.code)) : st;
}

cc_status cvc_assemble(struct bytes body, struct bytes signature, struct buf *ret)
{
	struct writer w;

	writer_init(&w, CVC_LEN_MAX);
	tlv_open(&w, 0x7F21);
	writer_put(&w, body);
	tlv_put(&w, 0x5F37, signature);
	tlv_close(&w);
	return writer_finish(&w, ret);
}

cc_status cvc_outer_to_sign(struct bytes request, const char *car, struct buf *ret)
{
	struct writer w;

	writer_init(&w, CVC_LEN_MAX);
	writer_put(&w, request);
	tlv_put(&w, 0x42, bytes_str(car));
	return writer_finish(&w, ret);
}

cc_status cvc_outer_assemble(struct bytes request, const char *car, struct bytes signature, struct buf *ret)
{
	struct writer w;

	writer_init(&w, CVC_LEN_MAX);
	tlv_open(&w, 0x67);
	writer_put(&w, request);
	tlv_put(&w, 0x42, bytes_str(car));
	tlv_put(&w, 0x5F37, signature);
	tlv_close(&w);
	return writer_finish(&w, ret);
}
