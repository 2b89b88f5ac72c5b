/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keystore.h"

#include "crypto/keystore_image.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/pki_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * I9: a private key that stays open between signatures lies in guarded memory
 * alone, is gone when its store is closed or its file changes, and no forked
 * child finds it in its memory, whatever other threads sign meanwhile.
 */
static const struct password_cost cheap = { .memory_kib = 8 << 10, .passes = 1, .lanes = 1 };
static const struct bytes password = BYTES_LITERAL("correct horse");
static const struct sig_alg ecdsa_sha256 = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 };

#define SCALAR_LEN 32
#define FORKS 16
#define CHILD_FOUND 1
#define CHILD_SAW_NOTHING 2

struct rig {
	struct fixture_folder folder;
	struct fixture_sys sys;
	char path[256];
	struct keystore *ks;
	/* The scalar, and its bytes as a big number holds them (least significant first); complements: this is not to be found.
	 */
	uint8_t written[SCALAR_LEN], held[SCALAR_LEN];
};

/* ---- what is looked for */

/* The key that lies in the key file, which no function of the key store gives away. */
static void note_scalar(struct rig *r, const char *label)
{
	struct buf file = { 0 }, aad = { 0 }, scalar = { 0 };
	struct keystore_header header;
	struct keystore_keys keys;
	struct keystore_image image = { 0 };
	const struct keystore_entry *e;
	uint8_t check[KEYSTORE_CHECK_LEN];

	assert_int_equal(sys_read_file(r->path, KEYSTORE_FILE_MAX, &file, NULL).code, CC_OK);
	assert_int_equal(keystore_header_read(buf_view(&file), &header, NULL).code, CC_OK);
	assert_int_equal(keystore_keys_derive(&header, password, &keys, check).code, CC_OK);
	assert_int_equal(keystore_image_read(buf_view(&file), &keys, &image, NULL).code, CC_OK);
	e = keystore_image_find(&image, label);
	assert_non_null(e);
	assert_int_equal(keystore_entry_aad(&header, e, &aad).code, CC_OK);
	assert_int_equal(seal_decrypt(bytes_of(keys.seal, sizeof keys.seal), buf_view(&aad), buf_view(&e->sealed), &scalar).code,
			 CC_OK);
	assert_int_equal(scalar.n, SCALAR_LEN);
	for (size_t i = 0; i < SCALAR_LEN; i++) {
		r->written[i] = (uint8_t)~scalar.p[i];
		r->held[SCALAR_LEN - 1 - i] = (uint8_t)~scalar.p[i];
	}
	cc_wipe(&keys, sizeof keys);
	keystore_image_done(&image);
	buf_done(&scalar);
	buf_done(&aad);
	buf_done(&file);
}

/* The whole memory is read, also what the address sanitizer put between the objects. */
#if defined(__SANITIZE_ADDRESS__)
#define READS_ANYTHING __attribute__((no_sanitize_address))
/* Its shadow holds no object's bytes, and takes terabytes of address space. */
static bool is_shadow(unsigned long from, unsigned long to)
{
	size_t scale, offset;

	__asan_get_shadow_mapping(&scale, &offset);
	return from >= offset && to <= offset + (1ul << (47 - scale));
}
#else
#define READS_ANYTHING
static bool is_shadow(unsigned long from, unsigned long to)
{
	(void)from;
	(void)to;
	return false;
}
#endif

READS_ANYTHING static bool stands_at(const uint8_t *p, const uint8_t *complement)
{
	for (size_t i = 0; i < SCALAR_LEN; i++)
		if ((p[i] ^ complement[i]) != 0xFF)
			return false;
	return true;
}

struct found {
	unsigned hits, outside; /* outside: in a mapping that core files don't leave out */
	bool told;		/* this system tells of them */
	size_t bytes;
};

READS_ANYTHING static unsigned search(const struct rig *r, const uint8_t *p, size_t n)
{
	const uint8_t first = (uint8_t)~r->written[0], first_held = (uint8_t)~r->held[0];
	unsigned hits = 0;

	for (size_t i = 0; i + SCALAR_LEN <= n; i++)
		if (p[i] == first || p[i] == first_held)
			hits += stands_at(p + i, r->written) || stands_at(p + i, r->held);
	return hits;
}

/* Every writable page of this process that was ever touched. */
static struct found search_memory(const struct rig *r)
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	unsigned long from = 0, to = 0, a, b;
	struct found f = { 0 };
	unsigned here = 0;
	char line[512], mode[8];

	assert_non_null(maps);
	while (fgets(line, sizeof line, maps) != NULL) {
		if (sscanf(line, "%lx-%lx %7s", &a, &b, mode) == 3) {
			from = a;
			to = strncmp(mode, "rw", 2) == 0 && !is_shadow(a, b) ? b : a;
		} else if (strncmp(line, "Rss:", 4) == 0) {
			if (strtoul(line + 4, NULL, 10) == 0)
				to = from;
			here = search(r, (const uint8_t *)from, to - from);
			f.hits += here;
			f.bytes += to - from;
		} else if (strncmp(line, "VmFlags:", 8) == 0) {
			f.told = true;
			f.outside += strstr(line, " dd") == NULL ? here : 0;
		}
	}
	(void)fclose(maps);
	return f;
}

/* ---- the rig */

static void sign(struct rig *r)
{
	struct buf sig = { 0 };

	assert_int_equal(keystore_sign(r->ks, "ds-1", ecdsa_sha256, BYTES_LITERAL("message"), &sig).code, CC_OK);
	buf_done(&sig);
}

static int rig_up(void **state)
{
	const struct keystore_key_info want = { .label = "ds-1", .kind = KEYSTORE_EC, .curve = EC_P256 };
	struct rig *r = calloc(1, sizeof *r);

	assert_non_null(r);
	fixture_folder(&r->folder);
	fixture_sys(&r->sys);
	fixture_path(&r->folder, "keys.ccks", r->path, sizeof r->path);
	assert_int_equal(keystore_file_create_cost(r->path, password, cheap, &r->sys.sys, &r->ks, NULL).code, CC_OK);
	assert_int_equal(keystore_generate(r->ks, &want).code, CC_OK);
	note_scalar(r, "ds-1");
	*state = r;
	return 0;
}

static int rig_down(void **state)
{
	struct rig *r = *state;

	keystore_close(&r->ks);
	fixture_folder_done(&r->folder);
	free(r);
	return 0;
}

/* What a forked child finds, as its exit code. */
static int child_finds(const struct rig *r)
{
	pid_t pid = fork();
	int status = -1;

	assert_true(pid >= 0);
	if (pid == 0) {
		const struct found f = search_memory(r);

		_exit(f.bytes == 0 ? CHILD_SAW_NOTHING : f.hits > 0 ? CHILD_FOUND : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* ---- cases */

static void kept_key_lies_in_guarded_memory_alone(void **state)
{
	struct rig *r = *state;
	struct found f = search_memory(r);

	assert_int_equal(f.hits, 0); /* made, sealed, and not open yet */
	sign(r);
	f = search_memory(r);
	assert_true(f.hits >= 1);
	if (f.told)
		assert_int_equal(f.outside, 0);
	for (int i = 0; i < 50; i++)
		sign(r);
	assert_int_equal(search_memory(r).hits, f.hits); /* no copy is left by signing */
	print_message("# count: an open key stands %u time(s) in %zu KiB of writable memory, %u of them unguarded\n", f.hits,
		      f.bytes / 1024, f.outside);
}

static void kept_key_is_wiped_on_close(void **state)
{
	struct rig *r = *state;

	sign(r);
	assert_true(search_memory(r).hits >= 1);
	keystore_close(&r->ks);
	assert_int_equal(search_memory(r).hits, 0);
}

static void no_child_finds_a_kept_key(void **state)
{
	struct rig *r = *state;

	sign(r);
	assert_true(search_memory(r).hits >= 1);
	assert_int_equal(child_finds(r), 0);
	assert_int_equal(search_memory(r).hits, 0); /* it went before the copy was made, */
	sign(r);				    /* and is opened again when it is needed */
	assert_true(search_memory(r).hits >= 1);
	assert_int_equal(child_finds(r), 0);
}

/* The search itself: a child does find what is not taken away before it is made. */
static void child_finds_what_is_planted(void **state)
{
	struct rig *r = *state;
	uint8_t *planted = malloc(SCALAR_LEN);

	assert_non_null(planted);
	for (size_t i = 0; i < SCALAR_LEN; i++)
		planted[i] = (uint8_t)~r->held[i];
	assert_int_equal(child_finds(r), CHILD_FOUND);
	cc_wipe(planted, SCALAR_LEN);
	free(planted);
	assert_int_equal(child_finds(r), 0);
}

static atomic_bool enough;

static void *sign_on(void *arg)
{
	struct rig *r = arg;
	uintptr_t count = 0;

	while (!atomic_load(&enough)) {
		struct buf sig = { 0 };

		if (cc_failed(keystore_sign(r->ks, "ds-1", ecdsa_sha256, BYTES_LITERAL("message"), &sig)))
			return NULL;
		buf_done(&sig);
		count++;
	}
	return (void *)count;
}

/* Forks fall between and into signatures; what one of them holds is no more in the child than what is kept. */
static void no_child_finds_a_key_that_threads_sign_with(void **state)
{
	struct rig *r = *state;
	pthread_t threads[2];
	uintptr_t signatures = 0;

	atomic_store(&enough, false);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, sign_on, r), 0);
	for (int i = 0; i < FORKS; i++)
		assert_int_equal(child_finds(r), 0);
	atomic_store(&enough, true);
	for (size_t i = 0; i < 2; i++) {
		void *count = NULL;

		assert_int_equal(pthread_join(threads[i], &count), 0);
		assert_non_null(count);
		signatures += (uintptr_t)count;
	}
	print_message("# count: %d children forked beside %zu signatures by two threads, no private key in any of them\n", FORKS,
		      (size_t)signatures);
}

/* A child opens its own store, as keystore.h says, and keeps keys of its own. */
static void child_signs_with_a_store_of_its_own(void **state)
{
	struct rig *r = *state;
	int status = -1;
	pid_t pid;

	sign(r);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct keystore *own = NULL;
		struct buf sig = { 0 };
		bool good = !cc_failed(keystore_file_open(r->path, password, &r->sys.sys, &own, NULL));

		for (int i = 0; i < 2 && good; i++)
			good = !cc_failed(keystore_sign(own, "ds-1", ecdsa_sha256, BYTES_LITERAL("m"), &sig));
		good = good && search_memory(r).hits >= 1;
		keystore_close(&own);
		_exit(good && search_memory(r).hits == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	sign(r);
}

/* What a child inherits has lost the page with the keys: it is refused, and closing it takes nothing away from a store of its
 * own. */
static int child_with_its_parents_store(struct rig *r)
{
	struct keystore_key_info want = { .label = "made-by-child", .kind = KEYSTORE_EC, .curve = EC_P256 }, infos[4];
	struct keystore *own = NULL;
	struct buf out = { 0 };
	size_t count = 0;

	if (keystore_sign(r->ks, "ds-1", ecdsa_sha256, BYTES_LITERAL("m"), &out).code != CC_E_STATE ||
	    strcmp(r->ks->err.key, "keystore.forked") != 0)
		return 1;
	if (keystore_generate(r->ks, &want).code != CC_E_STATE || keystore_list(r->ks, infos, 4, &count).code != CC_E_STATE ||
	    keystore_agree(r->ks, "ds-1", BYTES_LITERAL("\x04"), &out).code != CC_E_STATE || out.p != NULL)
		return 2;
	/* as often as there may be holes that it could lie in */
	for (int i = 0; i < 3; i++)
		if (cc_failed(keystore_file_open(r->path, password, &r->sys.sys, &own, NULL)))
			return 3;
	keystore_close(&r->ks);
	if (cc_failed(keystore_sign(own, "ds-1", ecdsa_sha256, BYTES_LITERAL("m"), &out)))
		return 4;
	buf_done(&out);
	keystore_close(&own);
	return 0;
}

static void child_may_close_its_parents_store(void **state)
{
	struct rig *r = *state;
	int status = -1;
	pid_t pid;

	sign(r);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(child_with_its_parents_store(r));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	sign(r);
}

/* Another process put another store in its place: the old key is used no more, and gone. */
static void replaced_file_takes_the_kept_key_away(void **state)
{
	struct rig *r = *state;
	struct keystore *other = NULL;
	struct buf sig = { 0 };
	char path[256];

	sign(r);
	assert_true(search_memory(r).hits >= 1);
	fixture_path(&r->folder, "other.ccks", path, sizeof path);
	assert_int_equal(keystore_file_create_cost(path, password, cheap, &r->sys.sys, &other, NULL).code, CC_OK);
	keystore_close(&other);
	assert_int_equal(rename(path, r->path), 0);
	assert_int_equal(keystore_sign(r->ks, "ds-1", ecdsa_sha256, BYTES_LITERAL("m"), &sig).code, CC_E_VERIFY);
	assert_string_equal(r->ks->err.key, "keystore.changed");
	assert_null(sig.p);
	assert_int_equal(search_memory(r).hits, 0);
	/* and is not opened from memory the next time */
	assert_true(cc_failed(keystore_sign(r->ks, "ds-1", ecdsa_sha256, BYTES_LITERAL("m"), &sig)));
	assert_int_equal(search_memory(r).hits, 0);
}

static void removed_file_takes_the_kept_key_away(void **state)
{
	struct rig *r = *state;
	struct buf sig = { 0 };

	sign(r);
	assert_int_equal(unlink(r->path), 0);
	assert_true(cc_failed(keystore_sign(r->ks, "ds-1", ecdsa_sha256, BYTES_LITERAL("m"), &sig)));
	assert_null(sig.p);
	assert_int_equal(search_memory(r).hits, 0);
}

/* A key that another process added changes the file too: it is read, and all goes on. */
static void grown_file_is_taken_up(void **state)
{
	const struct keystore_key_info want = { .label = "late", .kind = KEYSTORE_EC, .curve = EC_P256 };
	struct rig *r = *state;
	struct keystore *other = NULL;

	sign(r);
	assert_int_equal(keystore_file_open(r->path, password, &r->sys.sys, &other, NULL).code, CC_OK);
	assert_int_equal(keystore_generate(other, &want).code, CC_OK);
	keystore_close(&other);
	sign(r);
	assert_true(search_memory(r).hits >= 1);
}

/* More keys than are kept: the others are opened for each signature, and left nowhere. */
static void keys_beyond_the_kept_ones_sign_too(void **state)
{
	struct rig *r = *state;
	struct buf sig = { 0 };

	for (int i = 0; i < 40; i++) {
		struct keystore_key_info want = { .kind = KEYSTORE_EC, .curve = EC_P256 };

		(void)snprintf(want.label, sizeof want.label, "k-%d", i);
		assert_int_equal(keystore_generate(r->ks, &want).code, CC_OK);
	}
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 40; i++) {
			char label[16];

			(void)snprintf(label, sizeof label, "k-%d", i);
			assert_int_equal(keystore_sign(r->ks, label, ecdsa_sha256, BYTES_LITERAL("m"), &sig).code, CC_OK);
			buf_done(&sig);
		}
	note_scalar(r, "k-0");
	assert_true(search_memory(r).hits >= 1);
	note_scalar(r, "k-39");
	assert_int_equal(search_memory(r).hits, 0);
}

static void sign_leaves_nothing_half_at_each_allocation(void **state)
{
	struct rig *r = *state;
	unsigned failures = 0;

	for (size_t k = 1; alloc_fault_next(&k);) {
		struct buf sig = { 0 };
		cc_status st;
		bool refused;

		keystore_close(&r->ks); /* so that the key is opened anew */
		st = keystore_file_open(r->path, password, &r->sys.sys, &r->ks, NULL);
		if (!cc_failed(st))
			st = keystore_sign(r->ks, "ds-1", ecdsa_sha256, BYTES_LITERAL("m"), &sig);
		refused = alloc_fault_end();
		assert_int_equal(cc_failed(st), refused);
		assert_int_equal(sig.p == NULL, refused);
		failures += refused;
		buf_done(&sig);
	}
	assert_true(failures > 10);
	sign(r);
	keystore_close(&r->ks);
	assert_int_equal(search_memory(r).hits, 0);
}

#define rig_test(f) cmocka_unit_test_setup_teardown(f, rig_up, rig_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		rig_test(kept_key_lies_in_guarded_memory_alone),
		rig_test(kept_key_is_wiped_on_close),
		rig_test(no_child_finds_a_kept_key),
		rig_test(child_finds_what_is_planted),
		rig_test(no_child_finds_a_key_that_threads_sign_with),
		rig_test(child_signs_with_a_store_of_its_own),
		rig_test(child_may_close_its_parents_store),
		rig_test(replaced_file_takes_the_kept_key_away),
		rig_test(removed_file_takes_the_kept_key_away),
		rig_test(grown_file_is_taken_up),
		rig_test(keys_beyond_the_kept_ones_sign_too),
		rig_test(sign_leaves_nothing_half_at_each_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
