/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip_memory.h"

#include "crypto/base/secret.h"
#include "crypto/hash.h"

#include <string.h>

#define IMAGE_MAGIC "CCSCHIP3"
#define IMAGE_MAX (1u << 20)
#define WRITES_MAX (4u << 20)
#define FIELD_LEN_MAX 4096
#define FILE_LEN_MAX 65535

enum write_kind { WRITE_FIELD, WRITE_FILE_NEW, WRITE_FILE_APPEND };

/* One change of the memory as data: done now, and done again when a torn command is replayed. */
struct write {
	enum write_kind kind;
	uint16_t id;
	uint32_t size;
	struct bytes data;
};

void chip_memory_done(struct chip_memory *m)
{
	for (size_t i = 0; i < CHIP_FIELD_COUNT; i++)
		buf_done(&m->field[i]);
	for (size_t i = 0; i < CHIP_FILE_COUNT; i++)
		buf_done(&m->file[i].body);
	buf_done(&m->before);
	writer_done(&m->writes);
	*m = (struct chip_memory){ 0 };
}

struct bytes chip_memory_field(const struct chip_memory *m, enum chip_field f)
{
	return buf_view(&m->field[f]);
}

uint32_t chip_memory_number(const struct chip_memory *m, enum chip_field f)
{
	uint32_t v = 0;

	CC_ASSERT(m->field[f].n <= sizeof v);
	for (size_t i = 0; i < m->field[f].n; i++)
		v = v << 8 | m->field[f].p[i];
	return v;
}

static bool file_index(uint16_t id, size_t *ret)
{
	if (id >= CHIP_FILE_DG(1) && id <= CHIP_FILE_DG(16))
		*ret = (size_t)(id - CHIP_FILE_DG(1));
	else if (id >= CHIP_FILE_CARD_ACCESS && id <= CHIP_FILE_COM)
		*ret = (size_t)(16 + id - CHIP_FILE_CARD_ACCESS);
	else if (id == CHIP_FILE_CARD_SECURITY)
		*ret = CHIP_FILE_COUNT - 1;
	else
		return false;
	return true;
}

const struct chip_file *chip_memory_file(const struct chip_memory *m, uint16_t id)
{
	size_t i;

	return file_index(id, &i) ? &m->file[i] : NULL;
}

bool chip_file_complete(const struct chip_file *f)
{
	return f->size > 0 && f->filled == f->size;
}

size_t chip_memory_left(const struct chip_memory *m)
{
	size_t used = 0;

	for (size_t i = 0; i < CHIP_FILE_COUNT; i++)
		used += m->file[i].size;
	return used < CHIP_MEMORY_FREE ? CHIP_MEMORY_FREE - used : 0;
}

static cc_status file_new(struct chip_memory *m, struct chip_file *f, size_t size)
{
	cc_status st;

	if (size == 0 || size > FILE_LEN_MAX || size > chip_memory_left(m) + f->size)
		return cc_code_status(CC_E_LIMIT);
	st = buf_zero(&f->body, size);
	if (cc_failed(st))
		return st;
	f->size = size;
	f->filled = 0;
	return st;
}

static cc_status file_append(struct chip_file *f, struct bytes piece)
{
	if (piece.n > f->size - f->filled)
		return cc_code_status(CC_E_LIMIT);
	if (piece.n > 0)
		memcpy(f->body.p + f->filled, piece.p, piece.n);
	f->filled += piece.n;
	return cc_ok();
}

static cc_status write_do(struct chip_memory *m, const struct write *w)
{
	cc_status st = cc_code_status(CC_E_ARG);
	size_t i;

	if (w->kind == WRITE_FIELD) {
		if (w->id >= CHIP_FIELD_COUNT || w->data.n > FIELD_LEN_MAX)
			return st;
		st = buf_copy(&m->field[w->id], w->data);
	} else if (file_index(w->id, &i)) {
		st = w->kind == WRITE_FILE_NEW ? file_new(m, &m->file[i], w->size) : file_append(&m->file[i], w->data);
	}
	if (!cc_failed(st))
		m->version++;
	return st;
}

static cc_status write_now(struct chip_memory *m, const struct write *w)
{
	if (m->tearing) {
		writer_u8(&m->writes, (uint8_t)w->kind);
		writer_u16(&m->writes, w->id);
		writer_u32(&m->writes, w->size);
		writer_u32(&m->writes, (uint32_t)w->data.n);
		writer_put(&m->writes, w->data);
	}
	return write_do(m, w);
}

cc_status chip_memory_set(struct chip_memory *m, enum chip_field f, struct bytes value)
{
	return write_now(m, &(struct write){ WRITE_FIELD, (uint16_t)f, 0, value });
}

cc_status chip_memory_set_number(struct chip_memory *m, enum chip_field f, uint32_t value, size_t n)
{
	uint8_t out[4];

	CC_ASSERT(n >= 1 && n <= sizeof out);
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(value >> (8 * (n - 1 - i)));
	return chip_memory_set(m, f, bytes_of(out, n));
}

cc_status chip_memory_file_new(struct chip_memory *m, uint16_t id, size_t size)
{
	if (size > FILE_LEN_MAX)
		return cc_code_status(CC_E_LIMIT);
	return write_now(m, &(struct write){ WRITE_FILE_NEW, id, (uint32_t)size, { 0 } });
}

cc_status chip_memory_file_append(struct chip_memory *m, uint16_t id, struct bytes piece)
{
	return write_now(m, &(struct write){ WRITE_FILE_APPEND, id, 0, piece });
}

cc_status chip_memory_tear_begin(struct chip_memory *m)
{
	cc_status st = chip_memory_save(m, &m->before);

	if (cc_failed(st))
		return st;
	writer_init(&m->writes, WRITES_MAX);
	m->tearing = true;
	return st;
}

static bool write_read(struct cursor *in, struct write *ret)
{
	uint8_t kind;
	uint32_t n;

	if (!cursor_u8(in, &kind) || !cursor_u16(in, &ret->id) || !cursor_u32(in, &ret->size) || !cursor_u32(in, &n) ||
	    !cursor_take(in, n, &ret->data))
		return false;
	ret->kind = (enum write_kind)kind;
	return true;
}

/* What a write costs in programmed bytes; a new file is its one-byte header. */
static size_t write_cost(const struct write *w)
{
	return w->kind == WRITE_FILE_NEW ? 1 : w->data.n;
}

static size_t writes_cost(struct bytes writes)
{
	struct cursor in;
	struct write w;
	size_t sum = 0;

	for (cursor_init(&in, writes); cursor_left(&in) > 0 && write_read(&in, &w);)
		sum += write_cost(&w);
	return sum;
}

static cc_status replay(struct chip_memory *m, struct bytes writes, size_t budget)
{
	struct cursor in;
	struct write w;
	cc_status st = cc_ok();

	for (cursor_init(&in, writes); !cc_failed(st) && cursor_left(&in) > 0 && write_read(&in, &w);) {
		size_t cost = write_cost(&w);

		if (cost > budget) {
			if (w.kind == WRITE_FILE_APPEND)
				st = write_do(m, &(struct write){ w.kind, w.id, 0, bytes_of(w.data.p, budget) });
			break;
		}
		budget -= cost;
		st = write_do(m, &w);
	}
	return st;
}

cc_status chip_memory_tear(struct chip_memory *m)
{
	struct buf writes = { 0 };
	struct chip_memory torn = { 0 };
	cc_status st;

	CC_ASSERT(m->tearing);
	st = writer_finish(&m->writes, &writes);
	if (!cc_failed(st))
		st = chip_memory_load(&torn, buf_view(&m->before));
	if (!cc_failed(st))
		st = replay(&torn, buf_view(&writes), writes_cost(buf_view(&writes)) / 2);
	buf_done(&writes);
	if (cc_failed(st)) {
		chip_memory_done(&torn);
		return st;
	}
	torn.version = m->version + 1;
	chip_memory_done(m);
	*m = torn;
	return st;
}

cc_status chip_memory_save(const struct chip_memory *m, struct buf *ret)
{
	struct writer w;
	struct digest check;
	cc_status st;

	writer_init(&w, IMAGE_MAX);
	writer_str(&w, IMAGE_MAGIC);
	for (size_t i = 0; i < CHIP_FIELD_COUNT; i++) {
		writer_u16(&w, (uint16_t)m->field[i].n);
		writer_put(&w, buf_view(&m->field[i]));
	}
	for (size_t i = 0; i < CHIP_FILE_COUNT; i++) {
		writer_u32(&w, (uint32_t)m->file[i].size);
		writer_u32(&w, (uint32_t)m->file[i].filled);
		writer_put(&w, bytes_of(m->file[i].body.p, m->file[i].filled));
	}
	st = hash_digest(HASH_SHA256, writer_view(&w), &check);
	if (cc_failed(st)) {
		writer_done(&w);
		return st;
	}
	writer_put(&w, bytes_of(check.p, check.n));
	return writer_finish(&w, ret);
}

static bool load_fields(struct chip_memory *m, struct cursor *in, cc_status *st)
{
	for (size_t i = 0; i < CHIP_FIELD_COUNT; i++) {
		struct bytes value;
		uint16_t n;

		if (!cursor_u16(in, &n) || n > FIELD_LEN_MAX || !cursor_take(in, n, &value))
			return false;
		if (n > 0 && cc_failed(*st = buf_copy(&m->field[i], value)))
			return false;
	}
	return true;
}

static bool load_files(struct chip_memory *m, struct cursor *in, cc_status *st)
{
	for (size_t i = 0; i < CHIP_FILE_COUNT; i++) {
		struct bytes body;
		uint32_t size, filled;

		if (!cursor_u32(in, &size) || !cursor_u32(in, &filled) || filled > size || !cursor_take(in, filled, &body))
			return false;
		if (size == 0)
			continue;
		*st = file_new(m, &m->file[i], size);
		if (cc_failed(*st) || cc_failed(*st = file_append(&m->file[i], body)))
			return false;
	}
	return true;
}

/* Numbers are read without a check later: their lengths are settled here. */
static bool fields_fit(const struct chip_memory *m)
{
	static const struct {
		enum chip_field field;
		size_t min, max;
	} rules[] = {
		{ CHIP_FIELD_FACTORY, 14, 14 },
		{ CHIP_FIELD_CARD_STATE, 1, 1 },
		{ CHIP_FIELD_APP_STATE, 1, 1 },
		{ CHIP_FIELD_KEYS, 1 + 3 * 16, 1 + 3 * 32 },
		{ CHIP_FIELD_SEQUENCE, 0, 3 },
		{ CHIP_FIELD_KEY_FAILURES, 0, 1 },
		{ CHIP_FIELD_PASSWORD_FAILURES, 0, 1 },
		{ CHIP_FIELD_MRZ, 0, 64 },
		{ CHIP_FIELD_CAN, 0, 6 },
		{ CHIP_FIELD_MOC_AID, 5, 16 },
	};

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		size_t n = m->field[rules[i].field].n;

		if (n < rules[i].min || n > rules[i].max)
			return false;
	}
	return true;
}

cc_status chip_memory_load(struct chip_memory *m, struct bytes in)
{
	struct cursor c;
	struct bytes check, magic;
	struct digest want;
	cc_status st;

	cursor_init(&c, in);
	if (in.n > IMAGE_MAX || !cursor_take_back(&c, 32, &check))
		return cc_code_status(CC_E_FORMAT);
	st = hash_digest(HASH_SHA256, bytes_of(c.p, c.n), &want);
	if (cc_failed(st))
		return st;
	st = cc_code_status(CC_E_FORMAT);
	if (!bytes_equal(check, bytes_of(want.p, want.n)) || !cursor_take(&c, strlen(IMAGE_MAGIC), &magic) ||
	    !bytes_equal(magic, bytes_str(IMAGE_MAGIC)))
		return st;
	if (!load_fields(m, &c, &st) || !load_files(m, &c, &st) || cc_failed(st = cursor_end(&c)) || !fields_fit(m)) {
		chip_memory_done(m);
		return cc_failed(st) ? st : cc_code_status(CC_E_FORMAT);
	}
	return cc_ok();
}
