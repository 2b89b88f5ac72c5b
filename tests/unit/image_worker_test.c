/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image worker against decoders that went bad. They are planted here, in
 * the test alone: started under another name, this program becomes a worker
 * whose decoder does what its name says.
 */
#include "station/image_worker.h"

#include "biometrics/jp2.h"
#include "biometrics/png.h"
#include "crypto/base/secret.h"
#include "crypto/base/sys.h"
#include "station/image_worker_process.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- planted decoders */

static cc_status plant_open(struct bytes file, struct photo *ret, struct cc_error *err)
{
	(void)ret;
	if (file.n == 1) /* a harmless picture: the worker lives on */
		return cc_fail(err, CC_E_FORMAT, "photo.damaged", "one byte");
	return open("/etc/passwd", O_RDONLY) >= 0 ? cc_ok() : cc_fail(err, CC_E_FORMAT, "photo.damaged", "refused");
}

static cc_status plant_network(struct bytes file, struct photo *ret, struct cc_error *err)
{
	(void)file;
	(void)ret;
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? cc_ok() : cc_fail(err, CC_E_FORMAT, "photo.damaged", "refused");
}

static cc_status plant_fork(struct bytes file, struct photo *ret, struct cc_error *err)
{
	(void)file;
	(void)ret;
	return fork() >= 0 ? cc_ok() : cc_fail(err, CC_E_FORMAT, "photo.damaged", "refused");
}

static cc_status plant_code(struct bytes file, struct photo *ret, struct cc_error *err)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)file;
	(void)ret;
	return p != MAP_FAILED ? cc_ok() : cc_fail(err, CC_E_FORMAT, "photo.damaged", "refused");
}

static cc_status plant_kill(struct bytes file, struct photo *ret, struct cc_error *err)
{
	(void)file;
	(void)ret;
	return kill(getppid(), SIGCONT) == 0 ? cc_ok() : cc_fail(err, CC_E_FORMAT, "photo.damaged", "refused");
}

static cc_status plant_loop(struct bytes file, struct photo *ret, struct cc_error *err)
{
	(void)ret;
	(void)err;
	for (volatile size_t i = 0; file.n; i++)
		;
	return cc_ok();
}

static cc_status plant_memory(struct bytes file, struct photo *ret, struct cc_error *err)
{
	(void)file;
	(void)ret;
	for (size_t i = 0; i < 64; i++) {
		volatile uint8_t *p = malloc(64u << 20);

		if (!p)
			return cc_fail(err, CC_E_MEMORY, "memory", "after %zu", i);
		for (size_t k = 0; k < 64u << 20; k += 4096)
			p[k] = 1;
	}
	return cc_ok();
}

static cc_status plant_crash(struct bytes file, struct photo *ret, struct cc_error *err)
{
	(void)ret;
	(void)err;
	if (file.n == 1)
		return cc_fail(err, CC_E_FORMAT, "photo.damaged", "one byte");
	__builtin_trap();
}

static void say(struct bytes b)
{
	if (write(0, b.p, b.n) != (ssize_t)b.n)
		_exit(1);
}

/* An answer that claims pixels without limit. */
static cc_status plant_lie(struct bytes file, struct photo *ret, struct cc_error *err)
{
	uint8_t head[IMAGE_ANSWER_BYTES] = { 0 };

	(void)ret;
	(void)err;
	memset(head + 8, 0xFF, 8);
	if (file.n == 2) { /* one pixel, then more than was announced */
		memset(head, 0, sizeof head);
		head[5] = 1;
		head[11] = 1;
		head[15] = 1;
		say(bytes_of(head, sizeof head));
		say(bytes_of("abcdefghij", 10));
	} else {
		say(bytes_of(head, sizeof head));
	}
	(void)pause();
	return cc_ok();
}

static bool no_filter_here(void)
{
	return false;
}

static cc_status plant_fine(struct bytes file, struct photo *ret, struct cc_error *err)
{
	return photo_decode(file, ret, err);
}

static const struct {
	const char *name;
	struct image_service service;
} plants[] = {
	{ "planted-open", { plant_open, image_worker_confine } },
	{ "planted-network", { plant_network, image_worker_confine } },
	{ "planted-fork", { plant_fork, image_worker_confine } },
	{ "planted-code", { plant_code, image_worker_confine } },
	{ "planted-kill", { plant_kill, image_worker_confine } },
	{ "planted-loop", { plant_loop, image_worker_confine } },
	{ "planted-memory", { plant_memory, image_worker_confine } },
	{ "planted-crash", { plant_crash, image_worker_confine } },
	{ "planted-lie", { plant_lie, no_filter_here } },
	{ "planted-unfiltered", { plant_fine, no_filter_here } },
};

__attribute__((constructor)) static void become_planted(int argc, char **argv)
{
	for (size_t i = 0; argc == 1 && i < sizeof plants / sizeof plants[0]; i++)
		if (strcmp(argv[0], plants[i].name) == 0)
			image_worker_serve(&plants[i].service);
}

/* ---- support */

static struct image_worker *worker(const char *name, enum image_sandbox sandbox, unsigned timeout_ms)
{
	struct image_worker_options options = image_worker_options_default();
	struct image_worker *w = NULL;

	options.sandbox = sandbox;
	options.timeout_ms = timeout_ms;
	if (name)
		options.name = name;
	assert_int_equal(image_worker_new(&options, &w, NULL).code, CC_OK);
	return w;
}

static const char *refusal(struct image_worker *w, struct bytes file)
{
	static struct cc_error err;
	struct photo p = { 0 };

	cc_error_init(&err);
	if (!cc_failed(image_worker_decode(w, file, &p, &err))) {
		photo_done(&p);
		return "none";
	}
	assert_null(p.image.p);
	print_message("# %s: %s\n", err.key, err.detail);
	return err.key;
}

static struct buf load(const char *path)
{
	struct buf b = { 0 };

	assert_int_equal(sys_read_file(path, JPEG_BYTES_MAX, &b, NULL).code, CC_OK);
	return b;
}

#define FAULTY "tests/data/faulty_portraits/"

/* ---- */

static void the_worker_gives_what_the_decoder_gives(void **state)
{
	static const char *const files[] = { "tests/data/people/photos/g01.jpg", FAULTY "b16_grayscale.jpg",
					     FAULTY "b21_cmyk.jpg", FAULTY "b23_exif_orientation6.jpg",
					     FAULTY "b25_png_renamed.jpg" };
	struct image_worker *w = worker(NULL, IMAGE_SANDBOX_REQUIRE, 10000);
	bool confined = false;

	(void)state;
	assert_int_equal(image_worker_probe(w, &confined, NULL).code, CC_OK);
	assert_true(confined);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct buf b = load(files[i]);
		struct photo there = { 0 }, here = { 0 };

		assert_int_equal(image_worker_decode(w, buf_view(&b), &there, NULL).code, CC_OK);
		assert_int_equal(photo_decode(buf_view(&b), &here, NULL).code, CC_OK);
		assert_int_equal(there.kind, here.kind);
		assert_int_equal(there.image.width, here.image.width);
		assert_int_equal(there.image.height, here.image.height);
		assert_memory_equal(there.image.p, here.image.p, image_size(&here.image));
		assert_int_equal(there.jpeg.colour, here.jpeg.colour);
		assert_int_equal(there.jpeg.orientation, here.jpeg.orientation);
		assert_int_equal(there.jpeg.luma_scaled, here.jpeg.luma_scaled);
		photo_done(&there);
		photo_done(&here);
		buf_done(&b);
	}
	image_worker_free(&w);
}

static void refusals_keep_their_names(void **state)
{
	static const struct {
		const char *file, *key;
	} rows[] = { { FAULTY "b24_truncated.jpg", "photo.damaged" },
		     { FAULTY "b26_header_20000.jpg", "photo.too-large" },
		     { FAULTY "b27_zero_byte.jpg", "photo.not-jpeg" } };
	struct image_worker *w = worker(NULL, IMAGE_SANDBOX_REQUIRE, 10000);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf b = load(rows[i].file);

		assert_string_equal(refusal(w, buf_view(&b)), rows[i].key);
		buf_done(&b);
	}
	assert_string_equal(refusal(w, BYTES_LITERAL("\xFF\x4F\xFF\x51\x00")), "photo.damaged");
	image_worker_free(&w);
}

static void a_decoder_that_oversteps_is_stopped_and_replaced(void **state)
{
	static const struct {
		const char *name, *key;
	} rows[] = {
		{ "planted-open", "image.worker-forbidden" }, { "planted-network", "image.worker-forbidden" },
		{ "planted-fork", "image.worker-forbidden" }, { "planted-code", "image.worker-forbidden" },
		{ "planted-kill", "image.worker-forbidden" }, { "planted-crash", "image.worker-killed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct image_worker *w = worker(rows[i].name, IMAGE_SANDBOX_REQUIRE, 10000);

		print_message("# %s\n", rows[i].name);
		for (unsigned k = 0; k < 2; k++)
			assert_string_equal(refusal(w, BYTES_LITERAL("xyz")), rows[i].key);
		image_worker_free(&w);
	}
}

static void a_crash_costs_one_picture(void **state)
{
	struct image_worker *w = worker("planted-crash", IMAGE_SANDBOX_REQUIRE, 10000);

	(void)state;
	assert_string_equal(refusal(w, BYTES_LITERAL("x")), "photo.damaged");
	assert_string_equal(refusal(w, BYTES_LITERAL("xyz")), "image.worker-killed");
	assert_string_equal(refusal(w, BYTES_LITERAL("x")), "photo.damaged");
	image_worker_free(&w);
}

static void a_decoder_that_never_ends_is_ended(void **state)
{
	struct image_worker *w = worker("planted-loop", IMAGE_SANDBOX_REQUIRE, 500);

	(void)state;
	assert_string_equal(refusal(w, BYTES_LITERAL("x")), "image.worker-timeout");
	assert_string_equal(refusal(w, BYTES_LITERAL("x")), "image.worker-timeout");
	image_worker_free(&w);
}

static void a_decoder_that_eats_memory_gets_no_more(void **state)
{
	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip(); /* no limit on addresses under a sanitizer */
#else
	struct image_worker *w = worker("planted-memory", IMAGE_SANDBOX_REQUIRE, 60000);

	assert_string_equal(refusal(w, BYTES_LITERAL("x")), "image.worker-memory");
	image_worker_free(&w);
#endif
}

static void a_lying_answer_is_not_believed(void **state)
{
	struct image_worker *w = worker("planted-lie", IMAGE_SANDBOX_ALLOW_NONE, 2000);

	(void)state;
	assert_string_equal(refusal(w, BYTES_LITERAL("x")), "image.worker-protocol");
	/* One pixel more than announced: the picture is taken, the rest never reaches the next one. */
	assert_string_equal(refusal(w, BYTES_LITERAL("xy")), "none");
	assert_string_equal(refusal(w, BYTES_LITERAL("x")), "image.worker-protocol");
	image_worker_free(&w);
}

static void without_a_filter_the_setting_decides(void **state)
{
	struct buf b = load("tests/data/people/photos/g01.jpg");
	struct image_worker *w = worker("planted-unfiltered", IMAGE_SANDBOX_REQUIRE, 10000);
	bool confined = true;

	(void)state;
	assert_string_equal(refusal(w, buf_view(&b)), "image.sandbox-unavailable");
	image_worker_free(&w);
	w = worker("planted-unfiltered", IMAGE_SANDBOX_ALLOW_NONE, 10000);
	assert_string_equal(refusal(w, buf_view(&b)), "none");
	assert_int_equal(image_worker_probe(w, &confined, NULL).code, CC_OK);
	assert_false(confined);
	image_worker_free(&w);
	buf_done(&b);
}

static void a_worker_that_is_none_is_told(void **state)
{
	static struct image_worker_options options;
	struct image_worker *w = NULL;
	struct cc_error err;
	struct photo p = { 0 };

	/* A shell would be needed to start one of this name: nothing greets. */
	(void)state;
	options = image_worker_options_default();
	options.timeout_ms = 1;
	options.name = "planted-loop";
	assert_int_equal(image_worker_new(&options, &w, NULL).code, CC_OK);
	cc_error_init(&err);
	assert_true(cc_failed(image_worker_decode(w, BYTES_LITERAL("x"), &p, &err)));
	assert_true(strcmp(err.key, "image.worker-start") == 0 || strcmp(err.key, "image.worker-timeout") == 0);
	image_worker_free(&w);
}

static void a_forked_child_gets_its_own(void **state)
{
	struct buf b = load("tests/data/people/photos/g01.jpg");
	struct image_worker *w = worker(NULL, IMAGE_SANDBOX_REQUIRE, 10000);
	int status = 1;
	pid_t pid;

	(void)state;
	assert_string_equal(refusal(w, buf_view(&b)), "none");
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct photo p = { 0 };
		cc_status st = image_worker_decode(w, buf_view(&b), &p, NULL);

		photo_done(&p);
		image_worker_free(&w);
		_exit(cc_failed(st));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_string_equal(refusal(w, buf_view(&b)), "none");
	image_worker_free(&w);
	buf_done(&b);
}

static void a_worker_is_renewed_in_time_and_keeps_answering(void **state)
{
	struct image_worker *w = worker(NULL, IMAGE_SANDBOX_REQUIRE, 10000);

	(void)state;
	for (unsigned i = 0; i < 1100; i++)
		assert_string_equal(refusal(w, BYTES_LITERAL("no picture")), "photo.not-jpeg");
	image_worker_free(&w);
}

static void answers_outside_their_ranges_are_refused(void **state)
{
	uint8_t good[IMAGE_ANSWER_BYTES] = { 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 2, 0, 0, 0, 3 };
	static const struct {
		size_t at;
		uint8_t to;
	} rows[] = { { 0, CC_E_IO }, { 0, 200 }, { 1, 1 }, { 1, 99 }, { 2, 1 },	    { 3, 1 },  { 4, PHOTO_KINDS }, { 5, 0 },
		     { 5, 9 },	     { 6, 3 },	 { 7, 4 }, { 8, 1 },  { 10, 0x40 }, { 11, 0 }, { 13, 1 },	   { 15, 0 } };
	struct image_answer a;

	(void)state;
	assert_true(image_answer_take(bytes_of(good, sizeof good), &a));
	assert_int_equal(a.width, 2);
	assert_int_equal(a.height, 3);
	for (size_t n = 0; n < sizeof good; n++)
		assert_false(image_answer_take(bytes_of(good, n), &a));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t bad[IMAGE_ANSWER_BYTES];

		memcpy(bad, good, sizeof bad);
		bad[rows[i].at] = rows[i].to;
		print_message("# byte %zu\n", rows[i].at);
		assert_false(image_answer_take(bytes_of(bad, sizeof bad), &a));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worker_gives_what_the_decoder_gives),
		cmocka_unit_test(refusals_keep_their_names),
		cmocka_unit_test(a_decoder_that_oversteps_is_stopped_and_replaced),
		cmocka_unit_test(a_crash_costs_one_picture),
		cmocka_unit_test(a_decoder_that_never_ends_is_ended),
		cmocka_unit_test(a_decoder_that_eats_memory_gets_no_more),
		cmocka_unit_test(a_lying_answer_is_not_believed),
		cmocka_unit_test(without_a_filter_the_setting_decides),
		cmocka_unit_test(a_worker_that_is_none_is_told),
		cmocka_unit_test(a_forked_child_gets_its_own),
		cmocka_unit_test(a_worker_is_renewed_in_time_and_keeps_answering),
		cmocka_unit_test(answers_outside_their_ranges_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
