/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/exchange_package.h"

#include "station/issue/queue.h"
#include "station/registry/number.h"
#include "station/registry/person.h"

#include <string.h>

#define VERSION 1
#define SERIAL_MAX 64

enum key {
	KEY_VERSION = 1,
	KEY_ID,
	KEY_FROM,
	KEY_TO,
	KEY_SEQ,
	KEY_PREVIOUS,
	KEY_MADE,
	KEY_EXPIRES,
	KEY_ACKNOWLEDGED,
	KEY_KIND,
	KEY_QUOTA,
	KEY_ITEMS,
};

const char *exchange_kind_name(enum exchange_kind k)
{
	static const char *const names[] = { "applicants", "results" };

	CC_ASSERT((unsigned)k < EXCHANGE_KIND_COUNT);
	return names[k];
}

const char *exchange_outcome_name(enum exchange_outcome o)
{
	static const char *const names[] = { "issued", "returned", "conflict" };

	CC_ASSERT((unsigned)o < EXCHANGE_OUTCOME_COUNT);
	return names[o];
}

/* ---- writing */
static void put_key_int(struct cbor_out *out, enum key key, int64_t v)
{
	cbor_put_uint(out, key);
	cbor_put_int(out, v);
}

static void put_key_bytes(struct cbor_out *out, enum key key, struct bytes v)
{
	cbor_put_uint(out, key);
	cbor_put_bytes(out, v);
}

void exchange_package_open(struct cbor_out *out, const struct exchange_head *head)
{
	cbor_out_init(out, EXCHANGE_BYTES_MAX);
	cbor_open_map(out);
	put_key_int(out, KEY_VERSION, VERSION);
	put_key_bytes(out, KEY_ID, bytes_of(head->id, sizeof head->id));
	put_key_bytes(out, KEY_FROM, bytes_of(head->from, sizeof head->from));
	put_key_bytes(out, KEY_TO, bytes_of(head->to, sizeof head->to));
	put_key_int(out, KEY_SEQ, (int64_t)head->seq);
	put_key_bytes(out, KEY_PREVIOUS, head->previous);
	put_key_int(out, KEY_MADE, head->made_ms);
	put_key_int(out, KEY_EXPIRES, head->expires_ms);
	put_key_int(out, KEY_ACKNOWLEDGED, (int64_t)head->acknowledged);
	cbor_put_uint(out, KEY_KIND);
	cbor_put_str(out, exchange_kind_name(head->kind));
	put_key_int(out, KEY_QUOTA, (int64_t)head->quota);
	cbor_put_uint(out, KEY_ITEMS);
	cbor_open_array(out);
}

void exchange_package_put_applicant(struct cbor_out *out, struct bytes record, struct bytes photo, struct bytes form)
{
	cbor_open_array(out);
	cbor_put_bytes(out, record);
	cbor_put_bytes(out, photo);
	if (form.n > 0)
		cbor_put_bytes(out, form);
	cbor_close(out);
}

void exchange_package_put_result(struct cbor_out *out, const struct exchange_result *r)
{
	cbor_open_array(out);
	cbor_put_text(out, r->number);
	cbor_put_str(out, exchange_outcome_name(r->outcome));
	cbor_put_text(out, r->serial);
	cbor_put_bytes(out, r->files_hash);
	cbor_put_int(out, r->at_ms);
	cbor_close(out);
}

cc_status exchange_package_close(struct cbor_out *out, struct buf *ret)
{
	cc_status st;

	cbor_close(out);
	cbor_close(out);
	st = cbor_finish(out, ret);
	cbor_out_done(out);
	return st;
}

/* ---- reading */
static bool read_fixed(struct cbor_in *map, enum key key, const char *field, uint8_t *out, size_t n)
{
	struct bytes v;

	if (!cbor_key(map, key, field) || !cbor_bytes(map, field, n, n, &v))
		return false;
	memcpy(out, v.p, n);
	return true;
}

static bool read_uint(struct cbor_in *map, enum key key, const char *field, uint64_t max, uint64_t *ret)
{
	return cbor_key(map, key, field) && cbor_uint(map, field, max, ret);
}

static bool read_word(struct cbor_in *in, const char *field, const char *const *words, unsigned count, unsigned *ret)
{
	struct bytes text;

	if (!cbor_text(in, field, 32, &text))
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (bytes_equal(text, bytes_str(words[i]))) {
			*ret = i;
			return true;
		}
	}
	return cbor_refuse(in, field, "not a word that is known here");
}

static bool read_kind(struct cbor_in *map, struct exchange_head *h)
{
	const char *const words[] = { exchange_kind_name(EXCHANGE_APPLICANTS), exchange_kind_name(EXCHANGE_RESULTS) };
	unsigned kind = 0;

	if (!cbor_key(map, KEY_KIND, "kind") || !read_word(map, "kind", words, EXCHANGE_KIND_COUNT, &kind))
		return false;
	h->kind = (enum exchange_kind)kind;
	return true;
}

static bool read_head(struct cbor_in *map, struct exchange_head *h)
{
	uint64_t version, made, expires;

	if (!read_uint(map, KEY_VERSION, "version", VERSION, &version) ||
	    (version != VERSION && !cbor_refuse(map, "version", "not known here")) ||
	    !read_fixed(map, KEY_ID, "id", h->id, sizeof h->id) ||
	    !read_fixed(map, KEY_FROM, "sender", h->from, sizeof h->from) ||
	    !read_fixed(map, KEY_TO, "receiver", h->to, sizeof h->to) ||
	    !read_uint(map, KEY_SEQ, "sequence", INT64_MAX, &h->seq) || !cbor_key(map, KEY_PREVIOUS, "previous") ||
	    !cbor_bytes(map, "previous", 0, 32, &h->previous) || !read_uint(map, KEY_MADE, "made", INT64_MAX, &made) ||
	    !read_uint(map, KEY_EXPIRES, "expires", INT64_MAX, &expires) ||
	    !read_uint(map, KEY_ACKNOWLEDGED, "acknowledged", INT64_MAX, &h->acknowledged) || !read_kind(map, h) ||
	    !read_uint(map, KEY_QUOTA, "quota", EXCHANGE_QUOTA_MAX, &h->quota))
		return false;
	/* The first package has none before it, each other one has. */
	if (h->seq == 0 || h->previous.n != (h->seq == 1 ? 0 : 32))
		return cbor_refuse(map, "sequence", "does not fit the hash of the package before");
	h->made_ms = (int64_t)made;
	h->expires_ms = (int64_t)expires;
	return true;
}

cc_status exchange_package_read(struct bytes data, struct exchange_head *ret, struct cbor_in *ret_items, struct cc_error *err)
{
	struct exchange_head h = { 0 };
	struct cbor_in in, map, items;
	cc_status st = cbor_open(&in, data, CBOR_SORTED, EXCHANGE_BYTES_MAX, err);

	if (cc_failed(st))
		return st;
	if (!cbor_map(&in, "package", &map) || !read_head(&map, &h) || !cbor_key(&map, KEY_ITEMS, "items") ||
	    !cbor_array(&map, "items", EXCHANGE_ITEMS_MAX, &items, &h.count) || !cbor_end(&map, "package"))
		return cc_code_status(CC_E_FORMAT);
	*ret = h;
	*ret_items = items;
	return st;
}

bool exchange_package_applicant(struct cbor_in *items, struct bytes *ret_record, struct bytes *ret_photo, struct bytes *ret_form)
{
	struct bytes form = bytes_of(NULL, 0);
	struct cbor_in in;
	size_t count = 0;

	if (!cbor_array(items, "applicant", 3, &in, &count) || !cbor_bytes(&in, "record", 1, PERSON_ROW_MAX, ret_record) ||
	    !cbor_bytes(&in, "photo", 0, PERSON_PHOTO_MAX, ret_photo) ||
	    (count == 3 && !cbor_bytes(&in, "application", 1, QUEUE_FORM_MAX, &form)) || !cbor_end(&in, "applicant"))
		return false;
	*ret_form = form;
	return true;
}

bool exchange_package_result(struct cbor_in *items, struct exchange_result *ret)
{
	const char *const words[] = { exchange_outcome_name(EXCHANGE_ISSUED), exchange_outcome_name(EXCHANGE_RETURNED),
				      exchange_outcome_name(EXCHANGE_CONFLICT) };
	struct cbor_in in;
	unsigned outcome = 0;

	if (!cbor_array(items, "result", 5, &in, NULL) || !cbor_text(&in, "number", 12, &ret->number) ||
	    !read_word(&in, "outcome", words, EXCHANGE_OUTCOME_COUNT, &outcome) ||
	    !cbor_text(&in, "serial", SERIAL_MAX, &ret->serial) || !cbor_bytes(&in, "files hash", 0, 64, &ret->files_hash) ||
	    !cbor_int(&in, "time", &ret->at_ms) || !cbor_end(&in, "result"))
		return false;
	if (!number_is_well_formed(ret->number))
		return cbor_refuse(items, "number", "not 12 digits");
	ret->outcome = (enum exchange_outcome)outcome;
	if ((ret->outcome == EXCHANGE_ISSUED) != (ret->serial.n > 0))
		return cbor_refuse(items, "serial", "goes with an issued card alone");
	for (size_t i = 0; i < ret->serial.n; i++)
		if (memchr("0123456789ABCDEFabcdef", ret->serial.p[i], 22) == NULL)
			return cbor_refuse(items, "serial", "not hexadecimal");
	return true;
}
