/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hash.h"
#include "crypto/seal.h"
#include "station/issue/queue.h"
#include "station/registry/import.h"
#include "station/store/memory_limit.h"
#include "tests/support/bench.h"
#include "tests/support/pki_fixture.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/*
 * The registry against the bare database it stands on, in turn in the same run.
 * REGISTRY_BENCH_ROWS: people of the small registry (default 100,000); the large one
 * has ten times as many. REGISTRY_BENCH_ONLY=import, growth or claims: that part alone.
 */
#define ROUNDS 5
#define LOOKUPS 100000 /* a round: each begins with what the other side left in the processor's caches */
#define SEARCHES 300
#define CLAIMS 4000
#define WARM_ROUNDS 3
#define CLERKS_MAX 16 /* a desk with as many threads as pcscd serves readers; half as many too */

static size_t rows_small = 100000;

/* Of all threads, and of the one that asks: on a busy machine the wall tells less than these. */
struct cpu {
	double all, here;
};

static struct cpu cpu_now(void)
{
	return (struct cpu){ bench_clock_s(CLOCK_PROCESS_CPUTIME_ID), bench_clock_s(CLOCK_THREAD_CPUTIME_ID) };
}

static struct cpu cpu_since(struct cpu start)
{
	struct cpu now = cpu_now();

	return (struct cpu){ now.all - start.all, now.here - start.here };
}

#define MUST(call)                                                                                                               \
	do {                                                                                                                     \
		if (cc_failed(call)) {                                                                                           \
			fprintf(stderr, "%s:%d: %s %s\n", __FILE__, __LINE__, err.key ? err.key : "", err.detail);               \
			exit(1);                                                                                                 \
		}                                                                                                                \
	} while (0)

static struct cc_error err;

/* ---- people: names as frequent as in life, numbers spread over provinces and years; 000000 is every fictional person's end, so
 * that the number's first half tells them apart here */

static const char *const surnames[] = { "Nguyễn", "Nguyễn", "Nguyễn", "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng",
					"Phan",	  "Vũ",	    "Đặng",   "Bùi",	"Đỗ",	"Hồ", "Ngô",  "Dương" };
static const char *const middles[] = {
	"Văn", "Thị", "Hữu", "Đức", "Minh", "Ngọc", "Thanh", "Quang", "Xuân", "Thu", "Hồng", "Kim"
};
static const char *const givens[] = { "An",    "Bình",	"Cường", "Dũng", "Giang", "Hà",	   "Hải",   "Hiếu", "Hòa",   "Hùng",
				      "Hương", "Khánh", "Lan",	 "Linh", "Long",  "Mai",   "Nam",   "Nga",  "Phong", "Phúc",
				      "Quân",  "Sơn",	"Tâm",	 "Thảo", "Thủy",  "Trang", "Trung", "Tuấn", "Uyên",  "Vinh" };
#define PICK(list, r) (list)[(r) % (sizeof(list) / sizeof(list)[0])]

static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xBF58476D1CE4E5B9u;
	x ^= x >> 27;
	x *= 0x94D049BB133111EBu;
	return x ^ (x >> 31);
}

static void number_of(uint64_t i, char out[13])
{
	(void)snprintf(out, 13, "%012llu", (unsigned long long)(i * 7919 % 1000000000000u));
}

static void name_of(uint64_t r, char out[64])
{
	(void)snprintf(out, 64, "%s %s %s", PICK(surnames, r), PICK(middles, r >> 8), PICK(givens, r >> 16));
}

static void row_of(uint64_t i, char out[1024])
{
	uint64_t r = mix(i + 1);
	char number[13], name[64], father[64], mother[64];

	number_of(i, number);
	name_of(r, name);
	name_of(mix(r), father);
	name_of(mix(r + 1), mother);
	(void)snprintf(
		out, 1024,
		"{\"number\":\"%s\",\"full_name\":\"%s\",\"birth_date\":\"%04u-%02u-%02u\",\"sex\":\"%s\",\"nationality\":\"Việt "
		"Nam\",\"ethnicity\":\"Kinh\",\"religion\":\"Không\",\"origin\":\"Xã Hòa Bình, Huyện Kim Sơn, Ninh Bình\","
		"\"residence\":\"Số %u, Phố Huế, Phường %u, Quận %u, Hà Nội\",\"father\":\"%s\",\"mother\":\"%s\","
		"\"old_cmnd\":\"%09u\"}",
		number, name, (unsigned)(1940 + (r >> 24) % 70), (unsigned)(1 + (r >> 32) % 12), (unsigned)(1 + (r >> 36) % 28),
		r & 1 ? "male" : "female", (unsigned)((r >> 40) % 400), (unsigned)((r >> 44) % 30), (unsigned)((r >> 50) % 12),
		father, mother, (unsigned)(mix(r + 2) % 1000000000u));
}

struct world {
	struct fixture_folder folder;
	struct keystore *ks;
	char rows_path[256];
};

static void write_rows(struct world *w, size_t from, size_t count)
{
	FILE *f;
	char row[1024];

	fixture_path(&w->folder, "rows.jsonl", w->rows_path, sizeof w->rows_path);
	f = fopen(w->rows_path, "w");
	for (size_t i = 0; i < count && f != NULL; i++) {
		row_of(from + i, row);
		if (fprintf(f, "%s\n", row) < 0)
			exit(1);
	}
	if (f == NULL || fclose(f) != 0)
		exit(1);
}

/* ---- the bare database: the same rows, sorted by their key, in one transaction that is flushed */

static void bare_path(struct world *w, char *out, size_t cap)
{
	fixture_path(&w->folder, "bare.db", out, cap);
}

static sqlite3 *bare_open(struct world *w, bool fresh)
{
	char path[256], side[300], cache[64];
	sqlite3 *db = NULL;

	(void)snprintf(cache, sizeof cache, "PRAGMA cache_size=-%d", store_sqlite_cache_kib(memory_limit_kib("")));
	bare_path(w, path, sizeof path);
	if (fresh) {
		(void)remove(path);
		(void)snprintf(side, sizeof side, "%s-wal", path);
		(void)remove(side);
	}
	/* The same memory for both. */
	if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, cache, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(db,
			 "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
			 "CREATE TABLE IF NOT EXISTS t (number TEXT PRIMARY KEY, record BLOB) WITHOUT ROWID",
			 NULL, NULL, NULL) != SQLITE_OK)
		exit(1);
	return db;
}

struct bare_row {
	char number[13];
	uint64_t i;
};

static int by_number(const void *a, const void *b)
{
	return strcmp(((const struct bare_row *)a)->number, ((const struct bare_row *)b)->number);
}

/* Seconds of the load and the close: the rows are sorted and made before. */
static double bare_load(struct world *w, size_t from, size_t count, bool fresh, struct cpu *ret_cpu)
{
	struct bare_row *rows = malloc(count * sizeof *rows);
	char *text = malloc(count * 600);
	size_t *at = malloc((count + 1) * sizeof *at);
	sqlite3 *db = bare_open(w, fresh);
	sqlite3_stmt *q = NULL;
	struct cpu cpu;
	double start;

	if (rows == NULL || text == NULL || at == NULL)
		exit(1);
	for (size_t i = 0; i < count; i++) {
		rows[i].i = from + i;
		number_of(from + i, rows[i].number);
	}
	qsort(rows, count, sizeof *rows, by_number);
	at[0] = 0;
	for (size_t i = 0; i < count; i++) {
		char row[1024];

		row_of(rows[i].i, row);
		memcpy(text + at[i], row, strlen(row));
		at[i + 1] = at[i] + strlen(row);
	}
	cpu = cpu_now();
	start = bench_clock_s(CLOCK_MONOTONIC);
	if (sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, "INSERT INTO t VALUES (?, ?)", -1, &q, NULL) != SQLITE_OK)
		exit(1);
	for (size_t i = 0; i < count; i++) {
		(void)sqlite3_bind_text(q, 1, rows[i].number, 12, SQLITE_STATIC);
		(void)sqlite3_bind_blob(q, 2, text + at[i], (int)(at[i + 1] - at[i]), SQLITE_STATIC);
		if (sqlite3_step(q) != SQLITE_DONE)
			exit(1);
		(void)sqlite3_reset(q);
	}
	(void)sqlite3_finalize(q);
	if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		exit(1);
	/* With what is left of the journal copied home, on both sides. */
	(void)sqlite3_close(db);
	start = bench_clock_s(CLOCK_MONOTONIC) - start;
	*ret_cpu = cpu_since(cpu);
	free(rows);
	free(text);
	free(at);
	return start;
}

/* ---- ours */

static void station_path(struct world *w, char *out, size_t cap)
{
	fixture_path(&w->folder, "station.db", out, cap);
}

static void open_station(struct world *w, bool fresh, struct store **store, struct registry **r)
{
	char path[256], side[300];

	station_path(w, path, sizeof path);
	if (fresh) {
		(void)remove(path);
		(void)snprintf(side, sizeof side, "%s-wal", path);
		(void)remove(side);
	}
	MUST(store_sqlite_open(path, store, &err));
	MUST(registry_open(*store, w->ks, sys_real(), r, &err));
}

static double import(struct world *w, bool fresh, struct cpu *ret_cpu)
{
	struct import_options o = { .folder = w->folder.path,
				    .threads = 1,
				    .check = { .today = { 2026, 7, 1 }, .rules = validity_rules_2024() } };
	struct import_counts c = { 0 };
	struct registry *r = NULL;
	struct store *store = NULL;
	FILE *in = fopen(w->rows_path, "r");
	struct cpu cpu;
	double start;

	if (in == NULL)
		exit(1);
	open_station(w, fresh, &store, &r);
	cpu = cpu_now();
	start = bench_clock_s(CLOCK_MONOTONIC);
	MUST(import_run(r, in, &o, &c, &err));
	registry_close(&r);
	store_close(&store);
	start = bench_clock_s(CLOCK_MONOTONIC) - start;
	*ret_cpu = cpu_since(cpu);
	if (c.imported != c.rows || c.rows == 0) {
		fprintf(stderr, "import: %llu of %llu\n", (unsigned long long)c.imported, (unsigned long long)c.rows);
		exit(1);
	}
	(void)fclose(in);
	return start;
}

/* ---- what encryption costs: keyed hashes and seals of an import, each call timed where it stands (ld --wrap) */

struct timed {
	size_t calls;
	double seconds;
};
/* Used by the thread that hashes and seals; read when it has ended. */
static struct timed hashes, seals;
static bool timing;

cc_status __real_hmac_run(struct hmac *h, struct bytes in, struct digest *ret);
cc_status __wrap_hmac_run(struct hmac *h, struct bytes in, struct digest *ret);
cc_status __wrap_hmac_run(struct hmac *h, struct bytes in, struct digest *ret)
{
	double start = timing ? bench_clock_s(CLOCK_THREAD_CPUTIME_ID) : 0;
	cc_status st = __real_hmac_run(h, in, ret);

	if (timing) {
		hashes.seconds += bench_clock_s(CLOCK_THREAD_CPUTIME_ID) - start;
		hashes.calls++;
	}
	return st;
}

cc_status __real_sealer_encrypt(struct sealer *s, struct bytes aad, struct bytes plain, struct buf *ret);
cc_status __wrap_sealer_encrypt(struct sealer *s, struct bytes aad, struct bytes plain, struct buf *ret);
cc_status __wrap_sealer_encrypt(struct sealer *s, struct bytes aad, struct bytes plain, struct buf *ret)
{
	double start = timing ? bench_clock_s(CLOCK_THREAD_CPUTIME_ID) : 0;
	cc_status st = __real_sealer_encrypt(s, aad, plain, ret);

	if (timing) {
		seals.seconds += bench_clock_s(CLOCK_THREAD_CPUTIME_ID) - start;
		seals.calls++;
	}
	return st;
}

/* Of asking the clock, between two answers. */
static double clock_cost(void)
{
	double sum = 0;

	for (int i = 0; i < 100000; i++) {
		double start = bench_clock_s(CLOCK_THREAD_CPUTIME_ID);

		sum += bench_clock_s(CLOCK_THREAD_CPUTIME_ID) - start;
	}
	return sum / 100000;
}

static void encryption_figures(struct world *w, double cpu_us)
{
	double hash_us[ROUNDS], seal_us[ROUNDS], s1, s2, h, s, us = 1e6 / (double)rows_small;
	struct cpu unused;

	for (int i = 0; i < ROUNDS; i++) {
		hashes = seals = (struct timed){ 0 };
		timing = true;
		(void)import(w, true, &unused);
		timing = false;
		hash_us[i] = (hashes.seconds - (double)hashes.calls * clock_cost()) * us;
		seal_us[i] = (seals.seconds - (double)seals.calls * clock_cost()) * us;
	}
	h = bench_median(hash_us, ROUNDS, &s1);
	s = bench_median(seal_us, ROUNDS, &s2);
	bench_figure("import_hashes_share", h / cpu_us, h, "us/row", s1, "processor time of a row: its keyed hashes");
	bench_figure("import_seals_share", s / cpu_us, s, "us/row", s2, "processor time of a row: its seal, AES-256-GCM");
	bench_figure("import_hashes_per_row", (double)hashes.calls / (double)rows_small, (double)hashes.calls, "calls", 0,
		     "one; what the cache of marks does not hold is hashed");
}

static void import_figures(struct world *w)
{
	double bare[ROUNDS], ours[ROUNDS], cpu_bare[ROUNDS], cpu_reads[ROUNDS], cpu_writes[ROUNDS], s1, s2, b, o;
	double us = 1e6 / (double)rows_small, reads, writes;

	write_rows(w, 0, rows_small);
	for (int i = 0; i < ROUNDS; i++) {
		struct cpu cpu;

		bare[i] = bare_load(w, 0, rows_small, true, &cpu);
		cpu_bare[i] = cpu.all * us;
		ours[i] = import(w, true, &cpu);
		cpu_writes[i] = cpu.here * us;
		cpu_reads[i] = (cpu.all - cpu.here) * us;
	}
	b = bench_median(bare, ROUNDS, &s1);
	o = bench_median(ours, ROUNDS, &s2);
	bench_figure("import_vs_bare_load", b / o, (double)rows_small / o, "rows/s", s2,
		     "bare sorted SQLite load of the same rows");
	reads = bench_median(cpu_reads, ROUNDS, &s1);
	writes = bench_median(cpu_writes, ROUNDS, &s2);
	b = bench_median(cpu_bare, ROUNDS, &s1);
	bench_figure("import_cpu", b / (reads + writes), reads + writes, "us/row", s2, "processor time of the bare load");
	bench_figure("import_cpu_reads", reads / (reads + writes), reads, "us/row", s1,
		     "of it: the thread that reads, checks and seals");
	encryption_figures(w, reads + writes);
}

/* ---- lookups */

static double bare_lookups(sqlite3 *db, size_t people, uint64_t from, uint64_t count)
{
	sqlite3_stmt *q = NULL;
	char number[13];
	double start;

	if (sqlite3_prepare_v2(db, "SELECT record FROM t WHERE number = ?", -1, &q, NULL) != SQLITE_OK)
		exit(1);
	start = bench_clock_s(CLOCK_MONOTONIC);
	for (uint64_t i = from; i < from + count; i++) {
		number_of(mix(i) % people, number);
		(void)sqlite3_bind_text(q, 1, number, 12, SQLITE_STATIC);
		if (sqlite3_step(q) != SQLITE_ROW || sqlite3_column_bytes(q, 0) < 100)
			exit(1);
		(void)sqlite3_reset(q);
	}
	start = bench_clock_s(CLOCK_MONOTONIC) - start;
	(void)sqlite3_finalize(q);
	return start / (double)count * 1e6;
}

static double lookups(struct registry *r, size_t people, uint64_t from, uint64_t count)
{
	char number[13];
	double start = bench_clock_s(CLOCK_MONOTONIC);

	for (uint64_t i = from; i < from + count; i++) {
		struct person p;

		number_of(mix(i) % people, number);
		MUST(registry_find(r, number, &p, NULL, &err));
		if (strcmp(p.number, number) != 0)
			exit(1);
		person_done(&p);
	}
	return (bench_clock_s(CLOCK_MONOTONIC) - start) / (double)count * 1e6;
}

static bool count(void *ctx, const struct person *p, bool has_photo)
{
	(void)p;
	(void)has_photo;
	++*(size_t *)ctx;
	return true;
}

/* What officers ask: a whole name, two words of one in another order, a word with a year; the first page. */
static double searches(struct registry *r, int round)
{
	double start = bench_clock_s(CLOCK_MONOTONIC);
	size_t hits = 0;

	for (uint64_t i = 0; i < SEARCHES; i++) {
		struct registry_query q = { 0 };
		uint64_t x = mix(((uint64_t)round * SEARCHES + i) * 31);
		char name[64], words[64];

		name_of(x, name);
		(void)snprintf(words, sizeof words, "%s %s", PICK(givens, x), PICK(middles, x >> 9));
		q.words = i % 3 == 0 ? name : i % 3 == 1 ? words : PICK(givens, x);
		q.birth_year = i % 3 == 2 ? 1940 + (unsigned)(x >> 20) % 70 : 0;
		MUST(registry_query(r, &q, 20, count, &hits, &err));
	}
	if (hits < SEARCHES * 10)
		exit(1);
	return (bench_clock_s(CLOCK_MONOTONIC) - start) / SEARCHES * 1e6;
}

static double file_bytes(const char *path)
{
	struct stat s;

	return stat(path, &s) == 0 ? (double)s.st_size : 0;
}

/*
 * What a station that has been at work for a while answers: both have found as many people as
 * they hold before, and each round asks for others again, so that nobody is asked for whose page
 * is at hand from the round before. On both sizes and on both sides alike.
 */
static void measure(struct world *w, size_t people, double *lookup, double *search, double *bare)
{
	struct registry *r = NULL;
	struct store *store = NULL;
	sqlite3 *db = bare_open(w, false);
	double a[ROUNDS], b[ROUNDS], c[ROUNDS], spread;
	uint64_t from = people;

	open_station(w, false, &store, &r);
	(void)bare_lookups(db, people, 0, people);
	(void)lookups(r, people, 0, people);
	for (int i = 0; i < ROUNDS; i++, from += LOOKUPS) {
		c[i] = bare_lookups(db, people, from, LOOKUPS);
		a[i] = lookups(r, people, from, LOOKUPS);
		b[i] = searches(r, i);
	}
	*lookup = bench_median(a, ROUNDS, &spread);
	*search = bench_median(b, ROUNDS, &spread);
	*bare = bench_median(c, ROUNDS, &spread);
	(void)sqlite3_close(db);
	registry_close(&r);
	store_close(&store);
}

static void growth_figures(struct world *w)
{
	double look_1, look_10, search_1, search_10, bare_1, bare_10, seconds = 0, nation = 86.6e6;
	size_t large = rows_small * 10;
	char name[64], path[256];
	struct cpu unused;

	write_rows(w, 0, rows_small);
	(void)bare_load(w, 0, rows_small, true, &unused);
	(void)import(w, true, &unused);
	measure(w, rows_small, &look_1, &search_1, &bare_1);
	for (size_t from = rows_small; from < large; from += rows_small) {
		write_rows(w, from, rows_small);
		(void)bare_load(w, from, rows_small, false, &unused);
		seconds += import(w, false, &unused);
	}
	measure(w, large, &look_10, &search_10, &bare_10);
	bench_figure("lookup_vs_bare_sqlite", look_10 / bare_10, look_10, "us", 0, "bare SQLite's own lookup of the same row");
	(void)snprintf(name, sizeof name, "lookup_growth_%zuk_%zuk", rows_small / 1000, large / 1000);
	bench_figure(name, look_10 / look_1, look_10, "us", 0, "the same with a tenth of the people");
	(void)snprintf(name, sizeof name, "bare_growth_%zuk_%zuk", rows_small / 1000, large / 1000);
	bench_figure(name, bare_10 / bare_1, bare_10, "us", 0, "bare SQLite with a tenth of the rows");
	(void)snprintf(name, sizeof name, "search_growth_%zuk_%zuk", rows_small / 1000, large / 1000);
	bench_figure(name, search_10 / search_1, search_10, "us", 0, "the same with a tenth of the people");
	station_path(w, path, sizeof path);
	bench_figure("nation_disk_gib", file_bytes(path) / (double)large * nation / 1073741824.0 / 1000,
		     file_bytes(path) / (double)large, "B/row", 0, "1,000 GiB; 86.6 million people without photos");
	bench_figure("nation_load_hours", seconds / (double)(large - rows_small) * nation / 3600 / 24,
		     (double)(large - rows_small) / seconds, "rows/s", 0,
		     "24 h; 86.6 million people at the rate of the last nine tenths");
}

/* ---- claims: ours with threads at one desk, PostgreSQL's SKIP LOCKED with as many connections, both flushed */

struct clerk {
	struct queue_desk *desk;
	const char *server;
	size_t n;
};

static void *our_clerk(void *ctx)
{
	struct clerk *c = ctx;
	struct queue_claim claim;
	struct cc_error own;
	bool found = true;

	cc_error_init(&own);
	while (found && !cc_failed(queue_desk_take(c->desk, &claim, &found, &own)))
		c->n += found;
	return NULL;
}

/* As many applications as a round claims, of people nobody has applied for yet. */
static void apply(struct books *b, uint64_t from)
{
	MUST(books_begin(b, &err));
	for (uint64_t i = from; i < from + CLAIMS; i++) {
		char number[13], id[QUEUE_ID_SIZE];
		const struct queue_application a = {
			.number = number, .kind = "first", .form = BYTES_LITERAL("form"), .place = (int64_t)i
		};

		number_of(i, number);
		MUST(queue_add_inside(b, &a, id, &err));
	}
	MUST(books_end(b, cc_ok(), &err));
}

static double our_claims(struct books *b, int clerk_count, uint64_t from)
{
	struct queue_desk *desk = NULL;
	struct clerk clerks[CLERKS_MAX] = { 0 };
	pthread_t threads[CLERKS_MAX];
	size_t total = 0;
	double start;

	apply(b, from);
	MUST(queue_desk_new(b, "bench", 60000, &desk, &err));
	start = bench_clock_s(CLOCK_MONOTONIC);
	for (int i = 0; i < clerk_count; i++) {
		clerks[i].desk = desk;
		(void)pthread_create(&threads[i], NULL, our_clerk, &clerks[i]);
	}
	for (int i = 0; i < clerk_count; i++) {
		(void)pthread_join(threads[i], NULL);
		total += clerks[i].n;
	}
	start = bench_clock_s(CLOCK_MONOTONIC) - start;
	if (total != CLAIMS)
		exit(1);
	queue_desk_free(&desk);
	return (double)total / start;
}

static void *their_clerk(void *ctx)
{
	struct clerk *c = ctx;
	PGconn *db = PQconnectdb(c->server);

	for (;;) {
		PGresult *r = PQexec(
			db, "UPDATE bench_claim SET state = 'claimed', station = 'bench' WHERE id = (SELECT id FROM bench_claim"
			    " WHERE state = 'waiting' ORDER BY place LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id");
		int n = PQresultStatus(r) == PGRES_TUPLES_OK ? PQntuples(r) : 0;

		PQclear(r);
		if (n == 0)
			break;
		c->n++;
	}
	PQfinish(db);
	return NULL;
}

static double their_claims(const char *server, int clerk_count)
{
	struct clerk clerks[CLERKS_MAX] = { 0 };
	pthread_t threads[CLERKS_MAX];
	PGconn *db = PQconnectdb(server);
	char sql[400];
	size_t total = 0;
	double start;

	(void)snprintf(
		sql, sizeof sql,
		"DROP TABLE IF EXISTS bench_claim; CREATE TABLE bench_claim (id BIGINT PRIMARY KEY, place BIGINT, state TEXT, station TEXT);"
		"INSERT INTO bench_claim SELECT g, g, 'waiting', NULL FROM generate_series(1, %d) g;"
		"CREATE INDEX bench_claim_waiting ON bench_claim (place) WHERE state = 'waiting'; ANALYZE bench_claim",
		CLAIMS);
	PQclear(PQexec(db, sql));
	PQfinish(db);
	start = bench_clock_s(CLOCK_MONOTONIC);
	for (int i = 0; i < clerk_count; i++) {
		clerks[i].server = server;
		(void)pthread_create(&threads[i], NULL, their_clerk, &clerks[i]);
	}
	for (int i = 0; i < clerk_count; i++) {
		(void)pthread_join(threads[i], NULL);
		total += clerks[i].n;
	}
	return total == CLAIMS ? (double)total / (bench_clock_s(CLOCK_MONOTONIC) - start) : 0;
}

static void claim_figure(struct books *b, const char *server, int clerk_count, uint64_t *people)
{
	double ours[ROUNDS], theirs[ROUNDS], s1, s2, o, t;
	char name[64];

	/* A server and a station that have been at work: their journals are written over, not made longer. */
	for (int i = -WARM_ROUNDS; i < ROUNDS; i++, *people += CLAIMS) {
		t = their_claims(server, clerk_count);
		o = our_claims(b, clerk_count, *people);
		if (i >= 0) {
			theirs[i] = t;
			ours[i] = o;
		}
	}
	o = bench_median(ours, ROUNDS, &s1);
	t = bench_median(theirs, ROUNDS, &s2);
	(void)snprintf(name, sizeof name, "claims_vs_postgres_%d", clerk_count);
	bench_figure(name, o / t, o, "claims/s", s1, "PostgreSQL SKIP LOCKED, as many connections as our threads, both durable");
}

static void claim_figures(struct world *w)
{
	const char *server = getenv("CCCD_TEST_POSTGRES");
	struct store *store = NULL;
	struct registry *r = NULL;
	struct books *b = NULL;
	uint64_t people = 0;

	if (server == NULL) {
		fprintf(stderr, "claims_vs_postgres: skipped, no PostgreSQL server\n");
		return;
	}
	open_station(w, true, &store, &r);
	MUST(books_open(store, w->ks, sys_real(), NULL, &b, &err));
	for (int clerk_count = CLERKS_MAX; clerk_count >= CLERKS_MAX / 2; clerk_count /= 2)
		claim_figure(b, server, clerk_count, &people);
	books_close(&b);
	registry_close(&r);
	store_close(&store);
}

static bool wanted(const char *part)
{
	const char *only = getenv("REGISTRY_BENCH_ONLY");

	return only == NULL || strcmp(only, part) == 0;
}

int main(void)
{
	static struct world w;
	const char *rows = getenv("REGISTRY_BENCH_ROWS");
	char path[256];

	if (rows != NULL && atol(rows) >= 1000)
		rows_small = (size_t)atol(rows);
	cc_error_init(&err);
	fixture_folder(&w.folder);
	fixture_path(&w.folder, "keys.ccks", path, sizeof path);
	MUST(keystore_file_create_cost(path, BYTES_LITERAL("a bench"), (struct password_cost){ 8192, 1, 1 }, sys_real(), &w.ks,
				       &err));
	if (wanted("claims"))
		claim_figures(&w);
	if (wanted("import"))
		import_figures(&w);
	if (wanted("growth"))
		growth_figures(&w);
	keystore_close(&w.ks);
	fixture_folder_done(&w.folder);
	return 0;
}
