/* SPDX-License-Identifier: Apache-2.0 */
#include "card/access/pace.h"

#include "card/lds/mrz.h"
#include "card/lds/security_infos.h"
#include "crypto/base/tlv.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

#include <string.h>

#define TOKEN_LEN 8
#define CHIP_AUTH_MAX 96 /* CA_IC of P-521, padded: 80 */
#define NONCE_MAX 32
#define DOCUMENT_NUMBER_MIN 9
#define DOCUMENT_NUMBER_MAX 22
#define DATE_LEN 6

/*
 * ICAO 9303-11 9.2.3: id-PACE 0.4.0.127.0.7.2.2.4, then the mapping, then the
 * cipher: 1 3DES, 2 AES-128, 3 AES-192, 4 AES-256.
 */
static const struct bytes oid_pace = { (const uint8_t *)"\x04\x00\x7F\x00\x07\x02\x02\x04", 8 };
static const struct {
	bool known;
	enum agree_kind kind;
	enum pace_mapping mapping;
	const char *name;
} arcs[] = {
	[1] = { true, AGREE_DH, PACE_GM, "DH-GM" },	  [2] = { true, AGREE_ECDH, PACE_GM, "ECDH-GM" },
	[3] = { true, AGREE_DH, PACE_IM, "DH-IM" },	  [4] = { true, AGREE_ECDH, PACE_IM, "ECDH-IM" },
	[6] = { true, AGREE_ECDH, PACE_CAM, "ECDH-CAM" },
};
#define ARC_COUNT (sizeof arcs / sizeof arcs[0])

static bool supported(const struct pace_params *p, enum agree_kind kind)
{
	if (p->group.kind != kind || (p->mapping == PACE_IM && !agree_group_maps_integrated(p->group)))
		return false;
	/* 9.2.3: there is no id-PACE-ECDH-CAM with 3DES. */
	return p->mapping != PACE_CAM || p->alg != CIPHER_TDES;
}

cc_status pace_params_from(struct bytes oid, unsigned parameter_id, struct pace_params *ret)
{
	struct pace_params p = { .oid = oid, .parameter_id = parameter_id };
	struct cursor in;
	struct bytes prefix;
	uint8_t arc, cipher;

	cursor_init(&in, oid);
	if (!cursor_take(&in, oid_pace.n, &prefix) || !bytes_equal(prefix, oid_pace) || !cursor_u8(&in, &arc) ||
	    !cursor_u8(&in, &cipher) || cc_failed(cursor_end(&in)))
		return cc_code_status(CC_E_UNSUPPORTED);
	if (arc >= ARC_COUNT || !arcs[arc].known || cipher < 1 || cipher > 4 ||
	    !agree_group_from_parameter_id(parameter_id, &p.group))
		return cc_code_status(CC_E_UNSUPPORTED);
	p.mapping = arcs[arc].mapping;
	p.alg = (enum cipher_alg)(CIPHER_TDES + cipher - 1);
	if (!supported(&p, arcs[arc].kind))
		return cc_code_status(CC_E_UNSUPPORTED);
	*ret = p;
	return cc_ok();
}

const char *pace_mapping_name(const struct pace_params *p)
{
	for (size_t i = 0; i < ARC_COUNT; i++) {
		if (arcs[i].known && arcs[i].mapping == p->mapping && arcs[i].kind == p->group.kind)
			return arcs[i].name;
	}
	return "?";
}

/* Appends text and its check digit. */
static bool put_checked(struct writer *w, struct bytes text)
{
	char digit;

	if (!mrz_check_digit(text, &digit))
		return false;
	writer_put(w, text);
	writer_u8(w, (uint8_t)digit);
	return true;
}

/* ICAO 9303-11 9.7.2: document number (filled to 9 with '<'), date of birth, date of expiry, each with its check digit. */
cc_status pace_mrz_input(const char *document_number, const char *birth, const char *expiry, char out[64])
{
	size_t n = strlen(document_number);
	char number[DOCUMENT_NUMBER_MAX + 1];
	struct writer w;
	struct bytes text;
	cc_status st = cc_code_status(CC_E_ARG);

	if (n < 1 || n > DOCUMENT_NUMBER_MAX || strlen(birth) != DATE_LEN || strlen(expiry) != DATE_LEN)
		return st;
	memset(number, '<', sizeof number);
	memcpy(number, document_number, n);
	if (n < DOCUMENT_NUMBER_MIN)
		n = DOCUMENT_NUMBER_MIN;
	writer_init(&w, 63);
	if (put_checked(&w, bytes_of(number, n)) && put_checked(&w, bytes_str(birth)) && put_checked(&w, bytes_str(expiry)))
		st = cc_code_status(w.failed);
	if (!cc_failed(st)) {
		text = writer_view(&w);
		memcpy(out, text.p, text.n);
		out[text.n] = '\0';
	}
	writer_done(&w);
	cc_wipe(number, sizeof number);
	return st;
}

/* ICAO 9303-11 4.4.3.2 and 9.7.3: K_pi = KDF(f(pi), 3); f is SHA-1 for the MRZ, identity for the CAN. */
cc_status pace_password_key(enum pace_password kind, struct bytes password, enum cipher_alg alg, struct secret *ret)
{
	struct digest d = { 0 };
	struct bytes f = password;
	cc_status st = cc_ok();

	if (password.n == 0)
		return cc_code_status(CC_E_ARG);
	if (kind == PACE_MRZ) {
		st = hash_digest(HASH_SHA1, password, &d);
		f = bytes_of(d.p, d.n);
	}
	if (!cc_failed(st))
		st = kdf_9303(f, bytes_of(NULL, 0), KDF_PI, alg, ret);
	cc_wipe(&d, sizeof d);
	return st;
}

/* ICAO 9303-11 4.4.3.3: s = D(K_pi, z), CBC with a zero IV. */
cc_status pace_decrypt_nonce(const struct secret *k_pi, enum cipher_alg alg, struct bytes encrypted, struct secret *ret_nonce)
{
	static const uint8_t zero_iv[CIPHER_BLOCK_MAX];
	uint8_t s[NONCE_MAX];
	struct cipher *c = NULL;
	cc_status st;

	/* 4.4.3.3: l is a multiple of the block, chosen by the chip. */
	if (encrypted.n == 0 || encrypted.n > sizeof s || encrypted.n % cipher_block_len(alg) != 0)
		return cc_code_status(CC_E_FORMAT);
	st = cipher_new(alg, bytes_of(k_pi->p, k_pi->n), &c);
	if (!cc_failed(st))
		st = cipher_cbc_decrypt(c, zero_iv, encrypted, s);
	if (!cc_failed(st))
		secret_set(ret_nonce, s, encrypted.n);
	cipher_free(&c);
	cc_wipe(s, sizeof s);
	return st;
}

/* ICAO 9303-11 4.4.3.4: T = MAC(KS_MAC, 7F49 { 06 protocol, 86 point or 84 value }). */
cc_status pace_token(const struct pace_params *p, const struct secret *ks_mac, struct bytes public_key, uint8_t out[8])
{
	static const uint8_t pad[CIPHER_BLOCK_MAX] = { 0x80 };
	uint8_t full[CIPHER_BLOCK_MAX];
	size_t block = cipher_block_len(p->alg);
	struct writer w;
	struct mac *m = NULL;
	cc_status st;

	writer_init(&w, 512);
	tlv_open(&w, 0x7F49);
	der_put_oid(&w, p->oid);
	tlv_put(&w, agree_public_tag(p->group), public_key);
	tlv_close(&w);
	st = cc_code_status(w.failed);
	if (!cc_failed(st))
		st = mac_new(p->alg, bytes_of(ks_mac->p, ks_mac->n), &m);
	if (!cc_failed(st)) {
		/* Retail MAC is over padded data; AES-CMAC pads by itself. */
		struct bytes parts[] = { writer_view(&w), bytes_of(pad, block - w.n % block) };

		st = mac_compute(m, parts, p->alg == CIPHER_TDES ? 2 : 1, full);
	}
	if (!cc_failed(st))
		memcpy(out, full, TOKEN_LEN);
	mac_free(&m);
	writer_done(&w);
	cc_wipe(full, sizeof full);
	return st;
}

/* ---- chip authentication mapping */
void pace_result_done(struct pace_result *r)
{
	buf_done(&r->chip_public);
	buf_done(&r->chip_mapping);
	buf_done(&r->chip_auth);
	cc_wipe(r, sizeof *r);
}

cc_status pace_decrypt_chip_auth(enum cipher_alg alg, const struct secret *ks_enc, struct bytes encrypted, size_t len,
				 struct buf *ret)
{
	uint8_t ones[CIPHER_BLOCK_MAX], iv[CIPHER_BLOCK_MAX], plain[CHIP_AUTH_MAX];
	struct cipher *c = NULL;
	struct bytes data;
	cc_status st;

	if (encrypted.n == 0 || encrypted.n > sizeof plain || encrypted.n % cipher_block_len(alg) != 0)
		return cc_code_status(CC_E_VERIFY);
	memset(ones, 0xFF, sizeof ones);
	st = cipher_new(alg, bytes_of(ks_enc->p, ks_enc->n), &c);
	/* ICAO 9303-11 4.4.3.5.4: IV = E(KS_Enc, -1) */
	if (!cc_failed(st))
		st = cipher_encrypt_block(c, ones, iv);
	if (!cc_failed(st))
		st = cipher_cbc_decrypt(c, iv, encrypted, plain);
	if (!cc_failed(st) &&
	    (cc_failed(pad_iso9797_2_strip(bytes_of(plain, encrypted.n), cipher_block_len(alg), &data)) || data.n != len))
		st = cc_code_status(CC_E_VERIFY);
	if (!cc_failed(st))
		st = buf_copy(ret, data);
	cipher_free(&c);
	cc_wipe(plain, sizeof plain);
	return st;
}

cc_status pace_verify_chip_auth(const struct pace_result *r, struct agree_group group, struct bytes chip_key)
{
	struct agree_domain *d = NULL;
	struct agree_key *ca = NULL;
	struct buf point = { 0 };
	cc_status st;

	if (r->chip_auth.n == 0)
		return cc_code_status(CC_E_STATE);
	if (!agree_group_equal(group, r->group))
		return cc_code_status(CC_E_VERIFY);
	st = agree_domain_new(group, &d);
	if (!cc_failed(st))
		st = agree_key_import(d, buf_view(&r->chip_auth), &ca);
	if (!cc_failed(st))
		st = agree_mapping_secret(ca, chip_key, &point);
	if (!cc_failed(st) && !bytes_equal(buf_view(&point), buf_view(&r->chip_mapping)))
		st = cc_code_status(CC_E_VERIFY);
	agree_key_free(&ca);
	agree_domain_free(&d);
	buf_done(&point);
	return st;
}
cc_status pace_verify_chip_auth_by(const struct pace_result *r, const struct security_infos *infos)
{
	cc_status verdict = cc_code_status(CC_E_NOT_FOUND);

	for (size_t i = 0; i < infos->count; i++) {
		const struct security_info *info = &infos->items[i];
		struct agree_group group;
		struct buf key = { 0 };
		cc_status st;

		if (info->kind != SECURITY_INFO_CA_KEY || cc_failed(agree_spki_parse(info->value, &group, &key, NULL)))
			continue;
		st = agree_group_equal(group, r->group) ? pace_verify_chip_auth(r, group, buf_view(&key))
							: cc_code_status(CC_E_NOT_FOUND);
		buf_done(&key);
		if (!cc_failed(st))
			return st;
		if (st.code != CC_E_NOT_FOUND)
			verdict = st;
	}
	return verdict;
}
