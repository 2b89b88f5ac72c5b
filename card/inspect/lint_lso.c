/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/lint_run.h"

#include "crypto/asn1.h"

/* The LDS security object, ICAO 9303-10 4.6.2.3: SEQUENCE { version, hash algorithm, hashes, [version information] }. */
struct lso {
	enum hash_alg alg; /* HASH_COUNT: unknown */
	uint64_t version;
	uint32_t listed;
	unsigned before;
};

static void compare_hash(struct lint_run *run, const struct lso *o, unsigned dg, struct bytes hash)
{
	struct bytes file = lds_set_get(run->in->files, lds_dg(dg));
	struct digest d;

	if (file.n == 0) {
		lint_add(run, LINT_LSO_ABSENT, hash, "DG%u", dg);
		return;
	}
	if (o->alg == HASH_COUNT)
		return;
	if (hash.n != hash_len(o->alg))
		lint_add(run, LINT_LSO_HASH_LENGTH, hash, "DG%u: %zu bytes", dg, hash.n);
	else if (cc_failed(hash_digest(o->alg, file, &d)))
		run->out_of_memory = true;
	else if (!bytes_equal(bytes_of(d.p, d.n), hash))
		lint_add(run, LINT_LSO_WRONG, hash, "DG%u", dg);
}

static void check_hash(struct lint_run *run, struct lso *o, const struct tlv *item)
{
	struct bytes hash;
	struct cursor in;
	uint64_t dg = 0;

	cursor_init(&in, item->value);
	if (!tlv_is_next(&in, DER_INTEGER) || !der_uint(&in, &dg) || dg < 1 || dg > LDS_DG_LAST) {
		lint_add(run, LINT_LSO_NUMBER, item->whole, "%u", (unsigned)dg);
		return;
	}
	if (!tlv_expect_bytes(&in, TLV_LENIENT, DER_OCTET_STRING, &hash)) {
		lint_add(run, LINT_LSO_MALFORMED, item->whole, "DG%u has no hash", (unsigned)dg);
		return;
	}
	if ((o->listed & 1u << (dg - 1)) != 0)
		lint_add(run, LINT_LSO_TWICE, item->whole, "DG%u", (unsigned)dg);
	else if (dg < o->before)
		lint_add(run, LINT_LSO_ORDER, item->whole, "DG%u after DG%u", (unsigned)dg, o->before);
	o->listed |= 1u << (dg - 1);
	o->before = (unsigned)dg;
	compare_hash(run, o, (unsigned)dg, hash);
}

static void check_hashes(struct lint_run *run, struct lso *o, struct cursor *list)
{
	uint32_t there = lds_set_dg_mask(run->in->files);
	struct bytes where = bytes_of(list->p, list->n);
	struct tlv item;

	while (cursor_left(list) > 0 && tlv_next(list, TLV_LENIENT, &item))
		check_hash(run, o, &item);
	/* ICAO 9303-10 table 38: DG1 and DG2 are mandatory, and signed. */
	for (unsigned dg = 1; dg <= run->mandatory; dg++) {
		if ((o->listed & 1u << (dg - 1)) == 0)
			lint_add(run, LINT_LSO_FEW, where, "DG%u", dg);
	}
	for (unsigned dg = 1; dg <= LDS_DG_LAST; dg++) {
		if ((there & ~o->listed & 1u << (dg - 1)) != 0)
			lint_add(run, LINT_LSO_UNSIGNED, where, "DG%u", dg);
	}
}

/* An AlgorithmIdentifier begins with an OID, the list of hashes with a SEQUENCE. */
static bool is_algorithm(struct cursor in)
{
	struct cursor seq;

	return tlv_is_next(&in, DER_SEQUENCE) && tlv_expect(&in, TLV_LENIENT, DER_SEQUENCE, &seq) && tlv_is_next(&seq, DER_OID);
}

static void check_algorithm(struct lint_run *run, struct lso *o, struct cursor *in, struct bytes where)
{
	struct asn1_algorithm alg;
	char text[64];

	if (!is_algorithm(*in)) {
		lint_add(run, LINT_LSO_NO_HASH, where, "no AlgorithmIdentifier");
		return;
	}
	if (!asn1_algorithm(in, TLV_LENIENT, &alg))
		return;
	if (hash_from_oid(alg.oid, &o->alg) && asn1_params_empty(alg.params))
		return;
	o->alg = HASH_COUNT;
	der_oid_text(alg.oid, text, sizeof text);
	lint_add(run, LINT_LSO_HASH, where, "%s", text);
}

/* Version information: { LDS version, Unicode version } as PrintableStrings. */
static void check_versions(struct lint_run *run, const struct lso *o, struct cursor *in, struct bytes where)
{
	struct bytes lds, unicode;
	struct cursor info;

	if (cursor_left(in) == 0) {
		if (o->version == 1)
			lint_add(run, LINT_LSO_LDS_INFO, where, "version 1 without it");
		return;
	}
	if (o->version == 0)
		lint_add(run, LINT_LSO_LDS_INFO, where, "version 0 with it");
	if (!tlv_expect(in, TLV_LENIENT, DER_SEQUENCE, &info) ||
	    !tlv_expect_bytes(&info, TLV_LENIENT, DER_PRINTABLE_STRING, &lds) ||
	    !tlv_expect_bytes(&info, TLV_LENIENT, DER_PRINTABLE_STRING, &unicode) || cc_failed(cursor_end(&info))) {
		lint_add(run, LINT_LSO_MALFORMED, where, "version information");
		return;
	}
	if (!bytes_equal(lds, BYTES_LITERAL("0108")))
		lint_add(run, LINT_LSO_LDS_VERSION, lds, "%.*s", (int)(lds.n < 8 ? lds.n : 8), (const char *)lds.p);
}

void lint_lso(struct lint_run *run, struct bytes object, enum hash_alg digest)
{
	struct lso o = { .alg = HASH_COUNT };
	struct cursor in, seq, list;

	cursor_init(&in, object);
	lint_der(run, object, true);
	if (!tlv_expect(&in, TLV_LENIENT, DER_SEQUENCE, &seq) || cc_failed(cursor_end(&in))) {
		lint_add(run, LINT_LSO_MALFORMED, object, "not one SEQUENCE");
		return;
	}
	if (!tlv_is_next(&seq, DER_INTEGER)) {
		lint_add(run, LINT_LSO_NO_VERSION, object, "no INTEGER");
	} else if (!der_uint(&seq, &o.version) || o.version > 1) {
		lint_add(run, LINT_LSO_VERSION, object, "%u", (unsigned)o.version);
		o.version = 2;
	}
	check_algorithm(run, &o, &seq, object);
	if (o.alg != HASH_COUNT && digest != HASH_COUNT && o.alg != digest)
		lint_add(run, LINT_LSO_HASH_DIFFERS, object, "%s and %s", hash_name(o.alg), hash_name(digest));
	if (!tlv_expect(&seq, TLV_LENIENT, DER_SEQUENCE, &list)) {
		lint_add(run, LINT_LSO_MALFORMED, object, "no list of hashes");
		return;
	}
	check_hashes(run, &o, &list);
	check_versions(run, &o, &seq, object);
}
