/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "biometrics/jpeg.h"
#include "biometrics/photo_hash.h"
#include "station/registry/gate.h"
#include "tests/support/registry_fixture.h"

#include <stdio.h>
#include <string.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)

static struct registry_fixture w;
static struct gate_options gate;

static int begin(void **state)
{
	(void)state;
	registry_fixture(&w);
	gate = (struct gate_options){ .check = { .today = { 2026, 7, 1 }, .rules = validity_rules_2024() } };
	return 0;
}

static int end(void **state)
{
	(void)state;
	image_worker_free(&gate.images);
	registry_fixture_done(&w);
	return 0;
}

static void put(const char *number, const char *name, const char *father, struct bytes photo)
{
	enum registry_put result;
	struct person p;
	char row[600];

	(void)snprintf(
		row, sizeof row,
		"{\"number\":\"%s\",\"full_name\":\"%s\",\"birth_date\":\"1990-02-15\",\"sex\":\"male\",\"nationality\":\"Việt "
		"Nam\",\"origin\":\"Hà Nội\",\"residence\":\"Số 1, Hà Nội\",\"father\":\"%s\"}",
		number, name, father);
	assert_ok(person_parse(bytes_str(row), &p, NULL, NULL));
	assert_ok(store_begin(w.store));
	assert_ok(registry_put(w.reg, &p, photo, &result, &w.err));
	assert_int_equal(result, PUT_ADDED);
	assert_ok(store_commit(w.store));
}

struct seen {
	size_t n;
	char lines[16][64];
};

static bool keep(void *ctx, const struct gate_finding *f)
{
	struct seen *s = ctx;

	for (size_t i = 0; i < f->holds->count; i++)
		(void)snprintf(s->lines[s->n++], sizeof s->lines[0], "%s %s %s", f->person->number, f->holds->items[i].key,
			       f->other);
	return true;
}

static void one_person_under_two_numbers_is_told_at_both(void **state)
{
	struct gate_report report;
	struct seen seen = { 0 };
	struct holds h;
	char other[PERSON_NUMBER_SIZE];

	(void)state;
	gate.photos_later = true;
	put("001090000000", "Nguyễn Văn Đức", "Nguyễn An", bytes_of(NULL, 0));
	put("002090000000", "NGUYỄN VĂN ĐỨC", "Nguyễn Ân", bytes_of(NULL, 0)); /* marks and case do not tell people apart */
	put("004090000000", "Nguyễn Văn Đức", "Nguyễn Bình", bytes_of(NULL, 0));
	put("006090000000", "Nguyễn Văn Đức", "", bytes_of(NULL, 0)); /* too little is known */
	assert_ok(gate_run(w.reg, &gate, keep, &seen, &report, &w.err));
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.lines[0], "001090000000 registry.same-person 002090000000");
	assert_string_equal(seen.lines[1], "002090000000 registry.same-person 001090000000");
	assert_int_equal(report.people, 4);
	assert_int_equal(report.held, 2);
	assert_int_equal(report.province_count, 4);
	assert_int_equal(report.provinces[0].held, 1);
	assert_ok(gate_person(w.reg, "002090000000", &gate, &h, other, &w.err));
	assert_true(holds_any(&h));
	assert_string_equal(other, "001090000000");
	assert_ok(gate_person(w.reg, "004090000000", &gate, &h, other, &w.err));
	assert_false(holds_any(&h));
}

/* Is this person held? `where` names the place in a failure. */
static void assert_person(unsigned where, const char *number, bool held)
{
	struct holds h;

	assert_ok(gate_person(w.reg, number, &gate, &h, NULL, &w.err));
	if (holds_any(&h) != held)
		fail_msg("%u: %s", where, number);
	if (held)
		assert_string_equal(holds_first(&h)->key, "registry.photo-reused");
}

static void read_photo(const char *name, struct buf *ret)
{
	char path[128];

	(void)snprintf(path, sizeof path, "tests/data/people/photos/%s", name);
	assert_ok(sys_read_file(path, JPEG_BYTES_MAX, ret, &w.err));
}

/* Smaller, coarser, and a border cut off: still the same photo. */
static void make_like(struct bytes file, struct buf *ret)
{
	const struct jpeg_params coarse = { .quality = 55, .chroma = JPEG_CHROMA_QUARTER };
	struct photo photo = { 0 };

	assert_ok(photo_decode(file, &photo, &w.err));
	assert_ok(jpeg_encode(&photo.image, &coarse, ret, &w.err));
	photo_done(&photo);
}

static void a_photo_of_another_person_is_told_at_both(void **state)
{
	struct image_worker_options options = image_worker_options_default();
	struct buf first = { 0 }, second = { 0 }, like = { 0 };
	struct gate_report report;
	struct seen seen = { 0 };

	(void)state;
	options.sandbox = IMAGE_SANDBOX_ALLOW_NONE;
	read_photo("g01.jpg", &first);
	read_photo("g02.jpg", &second);
	make_like(buf_view(&first), &like);
	put("001090000000", "An", "Nguyễn An", buf_view(&first));
	put("002090000000", "Bình", "Nguyễn Bình", buf_view(&second));
	put("004090000000", "Cao", "Nguyễn Cao", buf_view(&like));
	put("006090000000", "Dung", "Nguyễn Dung", BYTES_LITERAL("\xFF\xD8\xFF no picture"));
	assert_ok(image_worker_new(&options, &gate.images, &w.err));
	assert_ok(gate_run(w.reg, &gate, keep, &seen, &report, &w.err));
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.lines[0], "001090000000 registry.photo-reused ");
	assert_string_equal(seen.lines[1], "004090000000 registry.photo-reused ");
	/* Without a look at all photos nothing was known of it, and what was not kept is not known now. */
	image_worker_free(&gate.images);
	assert_person(1, "001090000000", false);
	assert_ok(image_worker_new(&options, &gate.images, &w.err));
	gate.keep_pairs = true;
	seen.n = 0;
	assert_ok(gate_run(w.reg, &gate, keep, &seen, &report, &w.err));
	image_worker_free(&gate.images);
	assert_person(2, "001090000000", true);
	assert_person(3, "004090000000", true);
	assert_person(4, "002090000000", false);
	seen.n = 0;
	assert_ok(gate_run(w.reg, &gate, keep, &seen, &report, &w.err));
	assert_int_equal(seen.n, 2);
	buf_done(&first);
	buf_done(&second);
	buf_done(&like);
}

/* The same file is known at once, whatever it shows, also while one of the two lies under the next key already. */
static void one_file_at_two_people_holds_both(void **state)
{
	struct registry_rotation at = { 0 };

	(void)state;
	put("001090000000", "An", "Nguyễn An", BYTES_LITERAL("\xFF\xD8\xFF one"));
	put("002090000000", "Bình", "Nguyễn Bình", BYTES_LITERAL("\xFF\xD8\xFF two"));
	put("004090000000", "Cao", "Nguyễn Cao", BYTES_LITERAL("\xFF\xD8\xFF one"));
	/* Each step moves one of them, until nobody is left and the old key goes. */
	for (unsigned i = 0; !at.done; i++) {
		assert_person(i, "001090000000", true);
		assert_person(i, "002090000000", false);
		assert_person(i, "004090000000", true);
		if (i == 0)
			assert_ok(registry_rotate_begin(w.reg, &w.err));
		assert_ok(registry_rotate_step(w.reg, 1, &at, &w.err));
	}
	assert_person(9, "001090000000", true);
	assert_person(9, "002090000000", false);
}

/* 24 people: no two of them are taken for one; each is found in a smaller and coarser copy. */
static void people_are_told_apart_by_their_photos(void **state)
{
	static struct photo_hash hashes[24];
	double most = -1, least = 1;

	(void)state;
	for (unsigned i = 0; i < 24; i++) {
		struct buf file = { 0 }, like = { 0 };
		struct photo photo = { 0 };
		struct photo_hash copy;
		char name[16];

		(void)snprintf(name, sizeof name, "g%02u.jpg", i + 1);
		read_photo(name, &file);
		assert_ok(photo_decode(buf_view(&file), &photo, &w.err));
		photo_hash(&photo.image, &hashes[i]);
		photo_done(&photo);
		make_like(buf_view(&file), &like);
		assert_ok(photo_decode(buf_view(&like), &photo, &w.err));
		photo_hash(&photo.image, &copy);
		photo_done(&photo);
		assert_true(photo_hash_same(&hashes[i], &copy));
		if (photo_hash_likeness(&hashes[i], &copy) < least)
			least = photo_hash_likeness(&hashes[i], &copy);
		for (unsigned k = 0; k < i; k++) {
			double d = photo_hash_likeness(&hashes[i], &hashes[k]);

			assert_false(photo_hash_same(&hashes[i], &hashes[k]));
			most = d > most ? d : most;
		}
		buf_done(&file);
		buf_done(&like);
	}
	printf("# figure: likeness of 24 people's photos: at most %.3f between two, at least %.3f to a copy\n", most, least);
	assert_true(most < 0.975);
}

static void records_grow_stale(void **state)
{
	struct gate_report report;
	struct seen seen = { 0 };

	(void)state;
	gate.photos_later = true;
	gate.fresh_days = 30;
	put("001090000000", "An", "Nguyễn An", bytes_of(NULL, 0));
	assert_ok(gate_run(w.reg, &gate, keep, &seen, &report, &w.err));
	assert_int_equal(seen.n, 0);
	sys_fake_advance(&w.sys, 31LL * 86400000);
	assert_ok(gate_run(w.reg, &gate, keep, &seen, &report, &w.err));
	assert_int_equal(seen.n, 1);
	assert_string_equal(seen.lines[0], "001090000000 registry.stale ");
	assert_int_equal(report.held, 0);
	assert_int_equal(report.warned, 1);
}

static bool draw(void *ctx, const struct person *p, bool has_photo)
{
	struct seen *s = ctx;

	(void)has_photo;
	(void)snprintf(s->lines[s->n++], sizeof s->lines[0], "%s", p->number);
	return true;
}

static void samples_are_drawn_again_by_their_seed(void **state)
{
	struct seen a = { 0 }, b = { 0 }, c = { 0 };
	char number[13];

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		(void)snprintf(number, sizeof number, "%s0%02u000000", i % 2 ? "001" : "002", i);
		put(number, "An", "Nguyễn An", bytes_of(NULL, 0));
	}
	assert_ok(gate_sample(w.reg, 1, 3, draw, &a, &w.err));
	assert_ok(gate_sample(w.reg, 1, 3, draw, &b, &w.err));
	assert_ok(gate_sample(w.reg, 2, 3, draw, &c, &w.err));
	assert_int_equal(a.n, 6);
	assert_memory_equal(&a, &b, sizeof a);
	assert_memory_not_equal(&a, &c, sizeof a);
	for (size_t i = 0; i < 6; i++)
		assert_true(strncmp(a.lines[i], i < 3 ? "001" : "002", 3) == 0);
	assert_int_equal(gate_sample(w.reg, 1, 0, draw, &a, &w.err).code, CC_E_ARG);
}

#define gate_unit_test(t) cmocka_unit_test_setup_teardown(t, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		gate_unit_test(one_person_under_two_numbers_is_told_at_both),
		gate_unit_test(a_photo_of_another_person_is_told_at_both),
		gate_unit_test(one_file_at_two_people_holds_both),
		gate_unit_test(people_are_told_apart_by_their_photos),
		gate_unit_test(records_grow_stale),
		gate_unit_test(samples_are_drawn_again_by_their_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
