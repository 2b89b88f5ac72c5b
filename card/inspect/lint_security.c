/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/lint_run.h"

#include "card/lds/dg15.h"
#include "crypto/asn1.h"
#include "crypto/cms.h"
#include "crypto/dh.h"
#include "crypto/pubkey.h"
#include "crypto/x509_profile.h"

/* SecurityInfos in DG14, EF.CardAccess and EF.CardSecurity, item by item: ICAO 9303-11 9.2. */
#define OID(s) BYTES_LITERAL("\x04\x00\x7F\x00\x07\x02\x02" s)

/* ---- protocol identifiers */
/* The arcs behind `root`; false: another protocol. */
static bool arcs_below(struct bytes oid, struct bytes root, struct cursor *ret)
{
	struct bytes skipped;

	cursor_init(ret, oid);
	return bytes_starts_with(oid, root) && cursor_take(ret, root.n, &skipped);
}

/* ICAO 9303-11 9.2.3: mapping 1 DH-GM, 2 ECDH-GM, 3 DH-IM, 4 ECDH-IM, 6 ECDH-CAM; cipher 1 to 4, CAM without 3DES. */
static bool pace_arcs_known(struct cursor arcs, bool *ret_dh)
{
	uint8_t mapping, cipher;

	if (!cursor_u8(&arcs, &mapping) || !cursor_u8(&arcs, &cipher) || cursor_left(&arcs) > 0)
		return false;
	*ret_dh = mapping == 1 || mapping == 3;
	return mapping >= 1 && mapping <= 6 && mapping != 5 && cipher >= 1 && cipher <= 4 && !(mapping == 6 && cipher == 1);
}

/* ICAO 9303-11 9.2.7: 1 DH, 2 ECDH; cipher 1 to 4. */
static bool ca_arcs_known(struct cursor arcs)
{
	uint8_t group, cipher;

	return cursor_u8(&arcs, &group) && cursor_u8(&arcs, &cipher) && cursor_left(&arcs) == 0 && group >= 1 && group <= 2 &&
	       cipher >= 1 && cipher <= 4;
}

/* ---- one item; in stands behind the OID */
static bool version_good(struct cursor *in, uint64_t max)
{
	uint64_t v;

	return tlv_is_next(in, DER_INTEGER) && der_uint(in, &v) && v >= 1 && v <= max;
}

/* ICAO 9303-11 table 6: 0 to 2 are the DH groups, 8 to 18 the curves. */
static void check_pace(struct lint_run *run, struct cursor arcs, struct cursor *in, struct bytes whole)
{
	bool dh = false;
	uint64_t id;

	if (!pace_arcs_known(arcs, &dh))
		lint_add(run, LINT_INFOS_PACE_OID, whole, "no such mapping or cipher");
	if (!version_good(in, 2))
		lint_add(run, LINT_INFOS_VERSION, whole, "PACEInfo");
	else if (cursor_left(in) > 0 && (!der_uint(in, &id) || (dh ? id > 2 : id < 8 || id > 18)))
		lint_add(run, LINT_INFOS_PACE_ID, whole, "not a standardized group of this kind");
}

static void check_ca(struct lint_run *run, struct cursor arcs, struct cursor *in, struct bytes whole)
{
	if (!ca_arcs_known(arcs))
		lint_add(run, LINT_INFOS_CA_OID, whole, "no such group or cipher");
	if (!version_good(in, 3))
		lint_add(run, LINT_INFOS_VERSION, whole, "ChipAuthenticationInfo");
}

static bool spki_algorithm(struct bytes spki, struct bytes *ret_oid)
{
	struct asn1_algorithm alg;
	struct cursor in, seq;

	cursor_init(&in, spki);
	if (!tlv_expect(&in, TLV_LENIENT, DER_SEQUENCE, &seq) || !asn1_algorithm(&seq, TLV_LENIENT, &alg))
		return false;
	*ret_oid = alg.oid;
	return true;
}

/* dhpublicnumber (X9.42), dhKeyAgreement (PKCS#3), standardized domain parameters. */
static bool is_dh_oid(struct bytes oid)
{
	return bytes_equal(oid, BYTES_LITERAL("\x2A\x86\x48\xCE\x3E\x02\x01")) ||
	       bytes_equal(oid, BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x03\x01"));
}

static bool is_ec_oid(struct bytes oid)
{
	return bytes_equal(oid, BYTES_LITERAL("\x2A\x86\x48\xCE\x3D\x02\x01"));
}

static void check_weak(struct lint_run *run, const struct pubkey *key, struct bytes where)
{
	struct cert_findings weak = { 0 };

	pubkey_lint(key, &weak);
	for (size_t i = 0; i < weak.count; i++)
		lint_add(run, LINT_KEY_WEAK, where, "%s", weak.items[i].text);
}

static void check_ec_key(struct lint_run *run, struct bytes spki)
{
	struct pubkey *key = NULL;
	cc_status st = pubkey_from_spki(spki, &key, NULL);

	if (st.code == CC_E_MEMORY)
		run->out_of_memory = true;
	else if (cc_failed(st))
		lint_add(run, LINT_INFOS_KEY, spki, "%s", cc_code_name(st.code));
	else
		check_weak(run, key, spki);
	pubkey_free(&key);
}

/* ICAO 9303-11 9.4.4: a known group, and a public value of its subgroup. */
static void check_dh_key(struct lint_run *run, struct bytes spki)
{
	enum dh_group group;
	struct buf y = { 0 };
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	st = dh_spki_parse(spki, &group, &y, &err);
	buf_done(&y);
	if (st.code == CC_E_MEMORY)
		run->out_of_memory = true;
	else if (cc_failed(st))
		lint_add(run, LINT_INFOS_KEY, spki, "%s", err.detail);
}

static void check_ca_key(struct lint_run *run, struct bytes oid, struct cursor *in, struct bytes whole)
{
	bool dh = bytes_equal(oid, oid_pk_dh);
	struct bytes alg;
	struct tlv spki;

	if (!tlv_next(in, TLV_LENIENT, &spki) || spki.tag != DER_SEQUENCE || !spki_algorithm(spki.whole, &alg))
		lint_add(run, LINT_INFOS_KEY, whole, "no SubjectPublicKeyInfo");
	else if (dh ? is_ec_oid(alg) : is_dh_oid(alg))
		lint_add(run, LINT_INFOS_KEY_KIND, spki.whole, "announced as %s", dh ? "DH" : "ECDH");
	else if (dh)
		check_dh_key(run, spki.whole);
	else
		check_ec_key(run, spki.whole);
}

/* BSI TR-03110-3 A.1.1.3: FileID { OCTET STRING of 2, [OCTET STRING of 1: 1 to 30] }. */
static void check_ta(struct lint_run *run, struct cursor *in, struct bytes whole)
{
	struct bytes fid = { 0 }, sfid = { 0 };
	struct cursor file;

	if (!version_good(in, 2)) {
		lint_add(run, LINT_INFOS_VERSION, whole, "TerminalAuthenticationInfo");
		return;
	}
	if (cursor_left(in) == 0)
		return;
	if (!tlv_expect(in, TLV_LENIENT, DER_SEQUENCE, &file) || !tlv_expect_bytes(&file, TLV_LENIENT, DER_OCTET_STRING, &fid) ||
	    (cursor_left(&file) > 0 && !tlv_expect_bytes(&file, TLV_LENIENT, DER_OCTET_STRING, &sfid)) || fid.n != 2 ||
	    (sfid.n > 0 && (sfid.n != 1 || sfid.p[0] < 1 || sfid.p[0] > 30)))
		lint_add(run, LINT_INFOS_EF_CVCA, whole, "FileID");
}

static void check_aa(struct lint_run *run, struct cursor *in, struct bytes whole)
{
	enum hash_alg hash;
	struct bytes alg;

	if (!version_good(in, 1))
		lint_add(run, LINT_INFOS_VERSION, whole, "ActiveAuthenticationInfo");
	else if (!der_oid(in, &alg) || !security_hash_of_ecdsa_plain(alg, &hash))
		lint_add(run, LINT_INFOS_AA_OID, whole, "not ecdsa-plain-SHA*");
}

static void check_item(struct lint_run *run, const struct tlv *item)
{
	struct cursor in, arcs;
	struct bytes oid;
	char text[64];

	cursor_init(&in, item->value);
	if (item->tag != DER_SEQUENCE || !der_oid(&in, &oid)) {
		lint_add(run, LINT_INFOS_STRUCTURE, item->whole, "an item without a protocol identifier");
		return;
	}
	if (arcs_below(oid, OID("\x04"), &arcs)) {
		/* One arc alone is PACEDomainParameterInfo. */
		if (cursor_left(&arcs) != 1)
			check_pace(run, arcs, &in, item->whole);
	} else if (arcs_below(oid, OID("\x03"), &arcs)) {
		if (cursor_left(&arcs) != 1)
			check_ca(run, arcs, &in, item->whole);
	} else if (bytes_equal(oid, oid_pk_dh) || bytes_equal(oid, oid_pk_ecdh)) {
		check_ca_key(run, oid, &in, item->whole);
	} else if (bytes_equal(oid, oid_ta)) {
		check_ta(run, &in, item->whole);
	} else if (bytes_equal(oid, oid_aa)) {
		check_aa(run, &in, item->whole);
	} else {
		der_oid_text(oid, text, sizeof text);
		lint_add(run, LINT_INFOS_UNKNOWN, item->whole, "%s", text);
	}
}

#define ITEMS_MAX 32

static void check_items(struct lint_run *run, struct cursor *set)
{
	struct bytes seen[ITEMS_MAX];
	size_t n = 0;
	struct tlv item;

	while (cursor_left(set) > 0 && tlv_next(set, TLV_LENIENT, &item)) {
		check_item(run, &item);
		for (size_t i = 0; i < n; i++) {
			if (bytes_equal(seen[i], item.whole))
				lint_add(run, LINT_INFOS_TWICE, item.whole, "%zu bytes", item.whole.n);
		}
		if (n < ITEMS_MAX)
			seen[n++] = item.whole;
	}
	if (n == 0)
		lint_add(run, LINT_INFOS_STRUCTURE, run->bytes, "no item");
}

static bool take_set(struct lint_run *run, struct cursor *in, struct cursor *ret)
{
	if (tlv_is_next(in, DER_SET) && tlv_expect(in, TLV_LENIENT, DER_SET, ret))
		return true;
	lint_add(run, LINT_INFOS_STRUCTURE, run->bytes, "not a SET");
	return false;
}

/* ---- EF.CardAccess */
void lint_card_access(struct lint_run *run)
{
	struct cursor in, set;

	cursor_init(&in, run->bytes);
	if (!take_set(run, &in, &set))
		return;
	check_items(run, &set);
	if (cursor_left(&in) > 0)
		lint_add(run, LINT_ACCESS_TAIL, bytes_of(in.p, in.n), "%zu bytes", cursor_left(&in));
	if (run->has_access && security_infos_find(&run->access, SECURITY_INFO_PACE) == NULL)
		lint_add(run, LINT_INFOS_NO_PACE, run->bytes, "%zu infos", run->access.count);
}

/* ---- DG14 */
static void check_keys(struct lint_run *run)
{
	const struct security_infos *infos = &run->dg14;

	for (size_t i = 0; i < infos->count; i++) {
		const struct security_info *ca = &infos->items[i], *key;
		uint8_t group;
		struct cursor arcs;

		if (ca->kind != SECURITY_INFO_CA)
			continue;
		key = security_infos_ca_key(infos, ca);
		if (security_infos_find(infos, SECURITY_INFO_CA_KEY) == NULL)
			lint_add(run, LINT_INFOS_CA_MISSING, ca->whole, "no ChipAuthenticationPublicKeyInfo");
		else if (key == NULL)
			lint_add(run, LINT_INFOS_KEY_ID, ca->whole, "key id");
		else if (arcs_below(ca->oid, OID("\x03"), &arcs) && cursor_u8(&arcs, &group) &&
			 bytes_equal(key->oid, oid_pk_dh) != (group == 1))
			lint_add(run, LINT_INFOS_KEY_KIND, ca->whole, "protocol and key");
	}
}

void lint_dg14(struct lint_run *run)
{
	struct cursor in, set;

	if (!lint_outer(run, lds_file_tag(lds_dg(14)), &in) || !take_set(run, &in, &set))
		return;
	check_items(run, &set);
	if (run->has_dg14)
		check_keys(run);
}

/* ---- DG15 */
void lint_dg15(struct lint_run *run)
{
	struct pubkey *key = NULL;
	struct cc_error err;
	struct cursor in;
	cc_status st;

	if (!lint_outer(run, lds_file_tag(lds_dg(15)), &in))
		return;
	cc_error_init(&err);
	st = pubkey_from_spki(cursor_rest(&in), &key, &err);
	if (st.code == CC_E_MEMORY)
		run->out_of_memory = true;
	else if (st.code == CC_E_UNSUPPORTED)
		lint_add(run, LINT_DG15_UNKNOWN, run->bytes, "%s", err.detail);
	else if (cc_failed(st))
		lint_add(run, LINT_DG15_KEY, run->bytes, "%s", err.detail);
	else
		check_weak(run, key, run->bytes);
	pubkey_free(&key);
}

/* ---- EF.CardSecurity, ICAO 9303-11 9.2.12: SignedData over SecurityInfos, id-SecurityObject */
static bool has_cam(const struct security_infos *infos)
{
	struct cursor arcs;
	uint8_t mapping;

	for (size_t i = 0; i < infos->count; i++) {
		if (infos->items[i].kind == SECURITY_INFO_PACE && arcs_below(infos->items[i].oid, OID("\x04"), &arcs) &&
		    cursor_u8(&arcs, &mapping) && mapping == 6)
			return true;
	}
	return false;
}

static bool key_good(const struct security_infos *infos)
{
	const struct security_info *info = security_infos_find(infos, SECURITY_INFO_CA_KEY);
	struct pubkey *key = NULL;
	bool good = info != NULL && !cc_failed(pubkey_from_spki(info->value, &key, NULL)) && pubkey_kind(key) == PUBKEY_EC;

	pubkey_free(&key);
	return good;
}

static bool holds(const struct security_infos *in, const struct security_info *what)
{
	for (size_t i = 0; i < in->count; i++) {
		if (bytes_equal(in->items[i].whole, what->whole))
			return true;
	}
	return false;
}

static void compare_security(struct lint_run *run, const struct security_infos *infos)
{
	const struct security_infos *access = &run->access;
	char oid[64];

	for (size_t i = 0; run->has_access && i < access->count; i++) {
		der_oid_text(access->items[i].oid, oid, sizeof oid);
		if (!holds(infos, &access->items[i]))
			lint_add(run, LINT_SECURITY_LESS, run->bytes, "%s", oid);
	}
	for (size_t i = 0; run->has_access && i < infos->count; i++) {
		der_oid_text(infos->items[i].oid, oid, sizeof oid);
		if (!holds(access, &infos->items[i]))
			lint_add(run, LINT_SECURITY_MORE, run->bytes, "%s", oid);
	}
	if (run->has_access && has_cam(access) && !key_good(infos))
		lint_add(run, LINT_SECURITY_KEY, run->bytes, "for PACE-CAM");
}

static void check_security_signature(struct lint_run *run, const struct cms *cms)
{
	const struct cert *signer = cms_signer_cert(cms);
	struct cc_error err;
	cc_status st;

	if (signer == NULL)
		return;
	cc_error_init(&err);
	st = cms_verify(cms, signer, &err);
	if (st.code == CC_E_MEMORY)
		run->out_of_memory = true;
	else if (st.code == CC_E_VERIFY)
		lint_add(run, LINT_SECURITY_SIGNATURE, run->bytes, "%s", err.detail);
}

void lint_card_security(struct lint_run *run)
{
	struct security_infos infos;
	struct cms *cms = NULL;
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	st = cms_parse(run->bytes, &cms, &err);
	run->out_of_memory = run->out_of_memory || st.code == CC_E_MEMORY;
	if (cc_failed(st) || !bytes_equal(cms_content_type(cms), BYTES_LITERAL("\x04\x00\x7F\x00\x07\x03\x02\x01"))) {
		lint_add(run, LINT_SECURITY_STRUCTURE, run->bytes, "%s",
			 cc_failed(st) ? err.detail : "the content type is not id-SecurityObject");
	} else if (cc_failed(security_infos_parse(cms_content(cms), &infos, &err))) {
		lint_add(run, LINT_SECURITY_STRUCTURE, run->bytes, "SecurityInfos: %s", err.detail);
	} else {
		check_security_signature(run, cms);
		compare_security(run, &infos);
	}
	cms_free(&cms);
}

/* ---- EF.CVCA, BSI TR-03110-3 A.1.3: one or two 42 { CAR }, then 00 to the file's end */
void lint_ef_cvca(struct lint_run *run)
{
	struct cursor in;
	size_t n = 0;
	uint8_t b;

	cursor_init(&in, run->bytes);
	for (; n < 2 && tlv_is_next(&in, 0x42); n++) {
		struct bytes car;

		if (!tlv_expect_bytes(&in, TLV_LENIENT, 0x42, &car) || car.n < 7 || car.n > 16)
			lint_add(run, LINT_CVCA_FORM, run->bytes, "CAR %zu", n + 1);
	}
	if (n == 0 && cursor_peek(&in, &b) && b != 0)
		lint_add(run, LINT_CVCA_TAG, run->bytes, "tag %02X", b);
	else if (n == 0)
		lint_add(run, LINT_CVCA_EMPTY, run->bytes, "%zu bytes", run->bytes.n);
	while (n > 0 && cursor_left(&in) > 0 && cursor_u8(&in, &b)) {
		if (b == 0)
			continue;
		lint_add(run, LINT_CVCA_FORM, run->bytes, "%02X in the padding", b);
		break;
	}
}

/* ---- EF.ATR/INFO, ISO/IEC 7816-4 12.7.1: 7F66 { 02 command, 02 response } */
void lint_ef_atr(struct lint_run *run)
{
	struct cursor in, info;
	struct bytes value;
	bool found = false;
	size_t n = 0;
	uint64_t v;

	if (cc_failed(tlv_find(run->bytes, TLV_LENIENT, 0x7F66, &value, &found)) || !found) {
		lint_add(run, LINT_ATR_TAG, run->bytes, "%zu bytes", run->bytes.n);
		return;
	}
	cursor_init(&in, value);
	info = in;
	while (cursor_left(&info) > 0 && der_uint(&info, &v))
		n++;
	if (n != 2 || info.failed)
		lint_add(run, LINT_ATR_LENGTHS, value, "%zu number(s)", n);
}
