/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/gate.h"

#include "biometrics/photo_hash.h"
#include "crypto/base/secret.h"
#include "station/registry/forms_hold.h"
#include "station/registry/number.h"
#include "station/registry/photo_reuse.h"
#include "station/registry/registry_rows.h"
#include "station/registry/same_person.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 200
#define OTHERS_MAX 5 /* of one identity that are compared, the person asked about among them */
#define PAIRS_MAX 8  /* with whom one photo is paired */
#define DAY_MS 86400000LL

static const char sql_walk[] =
	"SELECT p.id, p.key_version, p.record, CASE WHEN f.person_id IS NULL THEN 0 ELSE 1 END, p.imported_ms FROM registry_person p "
	"LEFT JOIN registry_photo f ON f.person_id = p.id WHERE p.id > $1 ORDER BY p.id LIMIT $2";
static const char sql_row[] = "SELECT id, key_version, record FROM registry_person WHERE id = $1";
static const char sql_by_mac[] = "SELECT p.id, p.key_version, p.record, CASE WHEN f.person_id IS NULL THEN 0 ELSE 1 END,"
				 " p.imported_ms FROM registry_person p LEFT JOIN registry_photo f ON f.person_id = p.id"
				 " WHERE p.number_mac = $1";
static const char sql_photo[] =
	"SELECT p.id, p.key_version, f.photo FROM registry_photo f JOIN registry_person p ON p.id = f.person_id"
	" WHERE p.id = $1";

/* ---- photos that were seen, by their hash: bands of a byte, as two that differ in six bits agree in two of eight */

struct photo_seen {
	struct photo_hash hash;
	int64_t id;
};
struct photos {
	size_t count, cap;
	struct photo_seen *items;
	struct band {
		uint32_t *at;
		size_t count, cap;
	} bands[8][256];
};

struct gate {
	struct registry *r;
	const struct gate_options *o;
	struct gate_report *report;
	struct cc_error *err;
	struct photos *photos;	  /* NULL: not looked at */
	struct photo_pair *pairs; /* of photos that show the same */
	size_t pair_count, pair_cap;
	struct forms_findings forms;
	struct registry_postings list;
	int64_t now_ms;
};

static void hold(struct holds *h, enum hold_severity severity, const char *key, const char *field)
{
	if (h->count < HOLDS_MAX)
		h->items[h->count++] = (struct hold){ .key = key, .field = field, .severity = severity };
}

/* ---- the same person under another number */

static cc_status read_row(struct gate *g, int64_t id, struct person *ret, bool *ret_found)
{
	struct stmt *q = NULL;
	cc_status st = store_prepare(g->r->store, sql_row, &q);

	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, id);
	if (!cc_failed(st))
		st = stmt_step(q, ret_found);
	st = registry_store_error(g->r, st, g->err);
	if (!cc_failed(st) && *ret_found)
		st = registry_row_open(g->r, q, ret, g->err);
	stmt_finish(&q);
	return st;
}

/* Somebody who is compared with the others under one of their marks. */
struct twin {
	const struct person *person;
	int64_t id;
	enum mark_kind kind; /* MARK_IDENTITY, MARK_OLD_CMND */
	char text[512];	     /* what the mark was made of */
	const char *key;     /* the finding; NULL: none */
	char number[PERSON_NUMBER_SIZE];
};

static bool has_text(const struct twin *t, const struct person *p)
{
	char text[512];
	bool same;

	if (t->kind == MARK_OLD_CMND)
		return strcmp(p->old_cmnd, t->text) == 0;
	same = mark_identity_text(p, text, sizeof text) && strcmp(text, t->text) == 0;
	cc_wipe(text, sizeof text);
	return same;
}

static const char *finding_of(const struct twin *t, const struct person *other)
{
	enum same_person same = same_person_of(t->person, other);

	if (same == SAME_PERSON_HERE)
		return NULL;
	if (t->kind == MARK_OLD_CMND)
		return "registry.cmnd-shared";
	return same == SAME_PERSON_CANCELLED ? "registry.number-cancelled" : "registry.same-person";
}

/* A mark is a hash that was cut: the other's record decides. */
static cc_status compare_twin(struct gate *g, struct twin *t, int64_t other)
{
	struct person p = { 0 };
	bool found = false, distinct = false;
	cc_status st = read_row(g, other, &p, &found);

	found = !cc_failed(st) && found && has_text(t, &p);
	if (found && t->kind == MARK_IDENTITY)
		st = same_person_distinct(g->r, t->id, other, &distinct, g->err);
	if (found && !cc_failed(st) && !distinct && (t->key = finding_of(t, &p)) != NULL)
		memcpy(t->number, p.number, sizeof t->number);
	person_done(&p);
	return st;
}

static cc_status others_under(struct gate *g, size_t key, struct twin *t)
{
	struct registry_postings *list = &g->list;
	int64_t mark, other = 0;
	cc_status st = mark_of(&g->r->keys, key, t->kind, 0, t->text, &mark);

	if (cc_failed(st))
		return registry_crypto_error(st, g->err, "mark");
	registry_postings_begin(list, mark);
	for (int n = 0; n < OTHERS_MAX && t->key == NULL && !cc_failed(st); n++) {
		st = registry_postings_next(g->r, list, other + 1, &other, g->err);
		if (!cc_failed(st) && other == 0)
			break;
		if (!cc_failed(st) && other != t->id)
			st = compare_twin(g, t, other);
	}
	return st;
}

static cc_status find_twin(struct gate *g, struct twin *t)
{
	cc_status st = cc_ok();

	for (size_t k = 0; k < g->r->keys.count && t->key == NULL && !cc_failed(st); k++)
		st = others_under(g, k, t);
	return st;
}

bool gate_names_other(const char *key)
{
	return strcmp(key, "registry.same-person") == 0 || strcmp(key, "registry.number-cancelled") == 0 ||
	       strcmp(key, "registry.cmnd-shared") == 0;
}

/* One old number at two people is a doubt only: offices of two provinces did give the same one. */
static cc_status check_twins(struct gate *g, const struct person *p, int64_t id, struct holds *h, char *other)
{
	struct twin t = { .person = p, .id = id, .kind = MARK_IDENTITY };
	cc_status st = cc_ok();

	other[0] = '\0';
	if (mark_identity_text(p, t.text, sizeof t.text))
		st = find_twin(g, &t);
	if (!cc_failed(st) && t.key != NULL) {
		hold(h, HOLD_HOLD, t.key, "number");
	} else if (!cc_failed(st) && p->old_cmnd[0] != '\0') {
		t.kind = MARK_OLD_CMND;
		memcpy(t.text, p->old_cmnd, sizeof p->old_cmnd);
		st = find_twin(g, &t);
		if (!cc_failed(st) && t.key != NULL)
			hold(h, HOLD_WARNING, t.key, "old_cmnd");
	}
	if (!cc_failed(st) && t.key != NULL)
		memcpy(other, t.number, sizeof t.number);
	cc_wipe(&t, sizeof t);
	return st;
}

/* ---- the same photo at another person */

static bool band_add(struct band *b, uint32_t at)
{
	if (b->count == b->cap) {
		size_t cap = b->cap == 0 ? 8 : 2 * b->cap;
		uint32_t *bigger = cc_alloc(cap * sizeof *bigger);

		if (bigger == NULL)
			return false;
		if (b->count > 0)
			memcpy(bigger, b->at, b->count * sizeof *bigger);
		cc_free(b->at, b->cap * sizeof *bigger);
		b->at = bigger;
		b->cap = cap;
	}
	b->at[b->count++] = at;
	return true;
}

static bool photos_add(struct photos *s, const struct photo_hash *hash, int64_t id)
{
	if (s->count == s->cap) {
		size_t cap = s->cap == 0 ? 64 : 2 * s->cap;
		struct photo_seen *bigger = cc_alloc(cap * sizeof *bigger);

		if (bigger == NULL)
			return false;
		if (s->count > 0)
			memcpy(bigger, s->items, s->count * sizeof *bigger);
		cc_free(s->items, s->cap * sizeof *bigger);
		s->items = bigger;
		s->cap = cap;
	}
	s->items[s->count] = (struct photo_seen){ *hash, id };
	for (unsigned b = 0; b < 8; b++) {
		if (!band_add(&s->bands[b][hash->bits >> (8 * b) & 0xFF], (uint32_t)s->count))
			return false;
	}
	s->count++;
	return true;
}

static bool keep_pair(struct gate *g, int64_t person, int64_t other)
{
	if (g->pair_count == g->pair_cap) {
		size_t cap = g->pair_cap == 0 ? 64 : 2 * g->pair_cap;
		struct photo_pair *bigger = cc_alloc(cap * sizeof *bigger);

		if (bigger == NULL)
			return false;
		if (g->pair_count > 0)
			memcpy(bigger, g->pairs, g->pair_count * sizeof *bigger);
		cc_free(g->pairs, g->pair_cap * sizeof *bigger);
		g->pairs = bigger;
		g->pair_cap = cap;
	}
	g->pairs[g->pair_count++] = (struct photo_pair){ person, other };
	return true;
}

/* *ret_others: how many have the same photo, up to PAIRS_MAX. False: out of memory. */
static bool pair_photos(struct gate *g, const struct photo_hash *hash, int64_t id, size_t *ret_others)
{
	size_t first = g->pair_count;

	for (unsigned b = 0; b < 8; b++) {
		const struct band *band = &g->photos->bands[b][hash->bits >> (8 * b) & 0xFF];

		for (size_t i = 0; i < band->count && g->pair_count - first < PAIRS_MAX; i++) {
			const struct photo_seen *seen = &g->photos->items[band->at[i]];

			if (seen->id != id && photo_hash_same(&seen->hash, hash) && !keep_pair(g, id, seen->id))
				return false;
		}
	}
	*ret_others = g->pair_count - first;
	return true;
}

static void photos_free(struct photos **s)
{
	if (*s == NULL)
		return;
	for (unsigned b = 0; b < 8; b++) {
		for (unsigned v = 0; v < 256; v++)
			cc_free((*s)->bands[b][v].at, (*s)->bands[b][v].cap * sizeof(uint32_t));
	}
	cc_free((*s)->items, (*s)->cap * sizeof *(*s)->items);
	cc_free(*s, sizeof **s);
	*s = NULL;
}

/* A photo that can't be decoded is the portrait check's to judge. */
static cc_status hash_of(struct gate *g, int64_t id, struct photo_hash *ret, bool *ret_decoded)
{
	struct buf file = { 0 };
	struct photo photo = { 0 };
	struct stmt *q = NULL;
	struct cc_error own;
	bool row = false;
	cc_status st = store_prepare(g->r->store, sql_photo, &q);

	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, id);
	if (!cc_failed(st))
		st = stmt_step(q, &row);
	st = registry_store_error(g->r, st, g->err);
	if (!cc_failed(st) && row)
		st = registry_photo_open(g->r, q, 2, &file, g->err);
	stmt_finish(&q);
	cc_error_init(&own);
	if (!cc_failed(st) && file.n > 0 && !cc_failed(image_worker_decode(g->o->images, buf_view(&file), &photo, &own))) {
		photo_hash(&photo.image, ret);
		*ret_decoded = true;
	}
	photo_done(&photo);
	buf_done(&file);
	return st;
}

/* First everybody's photo is hashed, then each is held against all: both sides of a doubt are told. */
static cc_status hash_all(struct gate *g)
{
	struct stmt *q = NULL;
	int64_t last = 0;
	bool more = true;
	cc_status st = cc_ok();

	while (more && !cc_failed(st)) {
		int64_t ids[PAGE];
		size_t n = 0;
		bool row = false;

		st = store_prepare(g->r->store,
				   "SELECT person_id FROM registry_photo WHERE person_id > $1 ORDER BY person_id LIMIT 200", &q);
		if (!cc_failed(st))
			st = stmt_bind_int(q, 1, last);
		if (!cc_failed(st))
			st = stmt_step(q, &row);
		while (!cc_failed(st) && row && n < PAGE) {
			ids[n++] = stmt_column_int(q, 0);
			st = stmt_step(q, &row);
		}
		stmt_finish(&q);
		st = registry_store_error(g->r, st, g->err);
		for (size_t i = 0; i < n && !cc_failed(st); i++) {
			struct photo_hash hash;
			bool decoded = false;

			last = ids[i];
			st = hash_of(g, ids[i], &hash, &decoded);
			if (!cc_failed(st) && decoded && !photos_add(g->photos, &hash, ids[i]))
				st = cc_fail(g->err, CC_E_MEMORY, "memory", "photos");
		}
		more = n == PAGE;
	}
	return st;
}

static cc_status check_photo(struct gate *g, int64_t id, struct holds *h)
{
	struct photo_hash hash;
	bool decoded = false, reused = false;
	size_t others = 0;
	cc_status st = photo_reuse_find(g->r, id, g->photos != NULL, &reused, g->err);

	if (!cc_failed(st) && g->photos != NULL)
		st = hash_of(g, id, &hash, &decoded);
	if (!cc_failed(st) && decoded && !pair_photos(g, &hash, id, &others))
		st = cc_fail(g->err, CC_E_MEMORY, "memory", "photos");
	if (!cc_failed(st) && (reused || others > 0))
		hold(h, HOLD_HOLD, "registry.photo-reused", "photo");
	return st;
}

/* ---- everybody */

static struct gate_province *province(struct gate_report *rep, const char *number)
{
	for (size_t i = 0; i < rep->province_count; i++) {
		if (strncmp(rep->provinces[i].code, number, 3) == 0)
			return &rep->provinces[i];
	}
	if (rep->province_count == sizeof rep->provinces / sizeof rep->provinces[0])
		return &rep->provinces[rep->province_count - 1];
	memcpy(rep->provinces[rep->province_count].code, number, 3);
	return &rep->provinces[rep->province_count++];
}

static void count(struct gate_report *rep, const struct person *p, const struct holds *h)
{
	struct gate_province *at = province(rep, p->number);

	rep->people++;
	rep->held += holds_any(h);
	rep->warned += !holds_any(h) && h->count > 0;
	at->collected++;
	at->checked++;
	at->held += holds_any(h);
}

/* q stands on a row of sql_walk. */
static cc_status judge(struct gate *g, struct stmt *q, struct person *p, struct holds *h, char *other)
{
	int64_t id = stmt_column_int(q, 0), imported_ms = stmt_column_int(q, 4);
	bool has_photo = stmt_column_int(q, 3) == 1, old_card = false;
	cc_status st = registry_row_open(g->r, q, p, g->err);

	if (cc_failed(st))
		return st;
	if (g->o->renewal)
		registry_renewal(p);
	registry_check_person(p, has_photo || g->o->photos_later, &g->o->check, h);
	if (g->o->fresh_days > 0 && g->now_ms - imported_ms > (int64_t)g->o->fresh_days * DAY_MS)
		hold(h, HOLD_WARNING, "registry.stale", "");
	st = check_twins(g, p, id, h, other);
	if (!cc_failed(st) && g->o->books != NULL)
		st = same_person_has_card(g->o->books, p, &old_card, g->err);
	if (old_card)
		hold(h, HOLD_HOLD, "registry.cancelled-card", "cancelled_number");
	if (!cc_failed(st))
		st = forms_findings_add(&g->forms, p->number, h, g->err);
	if (!cc_failed(st) && has_photo)
		st = check_photo(g, id, h);
	return st;
}

static cc_status page(struct gate *g, int64_t *last, gate_visit visit, void *ctx, bool *go)
{
	struct stmt *q = NULL;
	bool row = false;
	size_t n = 0;
	cc_status st = store_prepare(g->r->store, sql_walk, &q);

	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, *last);
	if (!cc_failed(st))
		st = stmt_bind_int(q, 2, PAGE);
	if (!cc_failed(st))
		st = stmt_step(q, &row);
	st = registry_store_error(g->r, st, g->err);
	while (!cc_failed(st) && row && *go) {
		struct gate_finding f = { 0 };
		struct person p = { 0 };
		struct holds h;

		n++;
		*last = stmt_column_int(q, 0);
		st = judge(g, q, &p, &h, f.other);
		if (!cc_failed(st)) {
			count(g->report, &p, &h);
			f.person = &p;
			f.holds = &h;
			*go = visit == NULL || visit(ctx, &f);
		}
		person_done(&p);
		cc_wipe(&f, sizeof f);
		if (!cc_failed(st) && *go)
			st = registry_store_error(g->r, stmt_step(q, &row), g->err);
	}
	stmt_finish(&q);
	*go = *go && n == PAGE;
	return st;
}

static int by_code(const void *a, const void *b)
{
	return strcmp(((const struct gate_province *)a)->code, ((const struct gate_province *)b)->code);
}

cc_status gate_run(struct registry *r, const struct gate_options *o, gate_visit visit, void *ctx, struct gate_report *ret,
		   struct cc_error *err)
{
	struct gate g = { .r = r, .o = o, .report = ret, .err = err, .now_ms = sys_wall_ms(r->sys) };
	int64_t last = 0;
	bool go = true;
	cc_status st = cc_ok();

	*ret = (struct gate_report){ 0 };
	if (o->images != NULL) {
		g.photos = cc_alloc(sizeof *g.photos);
		st = g.photos == NULL ? cc_fail(err, CC_E_MEMORY, "memory", "photos") : hash_all(&g);
	}
	if (!cc_failed(st) && o->books != NULL)
		st = forms_findings_load(o->books, NULL, &g.forms, err);
	while (!cc_failed(st) && go)
		st = page(&g, &last, visit, ctx, &go);
	if (!cc_failed(st) && o->images != NULL && o->keep_pairs)
		st = photo_reuse_keep(r, g.pairs, g.pair_count, err);
	cc_free(g.pairs, g.pair_cap * sizeof *g.pairs);
	qsort(ret->provinces, ret->province_count, sizeof ret->provinces[0], by_code);
	photos_free(&g.photos);
	forms_findings_done(&g.forms);
	return st;
}

cc_status gate_person(struct registry *r, const char *number, const struct gate_options *o, struct holds *ret, char *other,
		      struct cc_error *err)
{
	struct gate_report unused = { 0 };
	struct gate g = { .r = r, .o = o, .report = &unused, .err = err, .now_ms = sys_wall_ms(r->sys) };
	char own_other[PERSON_NUMBER_SIZE];
	uint8_t mac[REGISTRY_MAC_LEN];
	struct person p = { 0 };
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = cc_ok();

	if (!number_is_well_formed(bytes_str(number)))
		return cc_fail(err, CC_E_ARG, "registry.number-malformed", "a number has 12 digits");
	for (size_t k = 0; k < r->keys.count && !row && !cc_failed(st); k++) {
		stmt_finish(&q);
		st = registry_mac(r->keys.items[k].number, bytes_str(number), mac);
		if (cc_failed(st))
			return registry_crypto_error(st, err, "HMAC-SHA256");
		st = store_prepare(r->store, sql_by_mac, &q);
		if (!cc_failed(st))
			st = stmt_bind_blob(q, 1, bytes_of(mac, sizeof mac));
		if (!cc_failed(st))
			st = stmt_step(q, &row);
	}
	st = registry_store_error(r, st, err);
	if (!cc_failed(st) && !row)
		st = cc_fail(err, CC_E_NOT_FOUND, "registry.not-found", "no person with this number");
	if (!cc_failed(st) && o->books != NULL)
		st = forms_findings_load(o->books, number, &g.forms, err);
	if (!cc_failed(st))
		st = judge(&g, q, &p, ret, other != NULL ? other : own_other);
	stmt_finish(&q);
	forms_findings_done(&g.forms);
	person_done(&p);
	return st;
}

/* ---- a sample to compare with the papers */

static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xBF58476D1CE4E5B9u;
	x ^= x >> 27;
	x *= 0x94D049BB133111EBu;
	return x ^ (x >> 31);
}

struct drawn {
	char code[4];
	char number[PERSON_NUMBER_SIZE];
	uint64_t lot;
};
struct draw {
	uint64_t seed;
	size_t per_province, count, cap;
	struct drawn *items;
	bool no_memory;
};

/* The people with the lowest lots of each province: whoever draws by this seed draws the same. */
static bool draw_one(void *ctx, const struct person *p, bool has_photo)
{
	struct draw *d = ctx;
	struct drawn mine = { .lot = mix(d->seed ^ mix(strtoull(p->number, NULL, 10) + 1)) };
	struct drawn *worst = NULL;
	size_t same = 0;

	(void)has_photo;
	memcpy(mine.code, p->number, 3);
	memcpy(mine.number, p->number, sizeof mine.number);
	for (size_t i = 0; i < d->count; i++) {
		if (strcmp(d->items[i].code, mine.code) != 0)
			continue;
		same++;
		if (worst == NULL || d->items[i].lot > worst->lot)
			worst = &d->items[i];
	}
	if (same < d->per_province) {
		if (d->count == d->cap)
			d->no_memory = true;
		else
			d->items[d->count++] = mine;
	} else if (worst != NULL && mine.lot < worst->lot) {
		*worst = mine;
	}
	return !d->no_memory;
}

static int by_place_and_lot(const void *a, const void *b)
{
	const struct drawn *x = a, *y = b;
	int c = strcmp(x->code, y->code);

	return c != 0 ? c : x->lot < y->lot ? -1 : x->lot > y->lot;
}

cc_status gate_sample(struct registry *r, uint64_t seed, size_t per_province, registry_visit visit, void *ctx,
		      struct cc_error *err)
{
	struct draw d = { .seed = seed, .per_province = per_province, .cap = per_province * 1000 };
	bool go = true;
	cc_status st;

	if (per_province == 0 || per_province > 1000)
		return cc_fail(err, CC_E_ARG, "gate.sample", "1 to 1,000 people of each province");
	d.items = cc_alloc(d.cap * sizeof *d.items);
	if (d.items == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "sample");
	st = registry_walk(r, draw_one, &d, err);
	qsort(d.items, d.count, sizeof *d.items, by_place_and_lot);
	for (size_t i = 0; i < d.count && go && !cc_failed(st); i++) {
		struct person p = { 0 };

		st = registry_find(r, d.items[i].number, &p, NULL, err);
		if (!cc_failed(st))
			go = visit(ctx, &p, false);
		person_done(&p);
	}
	cc_free(d.items, d.cap * sizeof *d.items);
	return st;
}
