/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 10,000 broken fingerprints by class, from one seed: WSQ files and ISO/IEC
 * 19794-4 records, cut, changed, shuffled, with lying headers, two in one. None
 * may crash or hang; each ends in a print or in a refusal with its name.
 */
#include "biometrics/finger_record.h"
#include "biometrics/wsq.h"
#include "tests/support/damage.h"
#include "tests/support/finger_print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct damage damage = { 20261124 };

static size_t below(size_t n)
{
	return damage_below(&damage, n);
}

static unsigned total, prints, refusals;

static const char *refused(const struct cc_error *err, const struct image *im)
{
	assert_non_null(err->key);
	assert_int_equal(strncmp(err->key, "finger.", 7), 0);
	assert_null(im->p);
	refusals++;
	return err->key;
}

/* Returns the key of the refusal, or NULL when there is a print. */
static const char *feed_wsq(struct bytes file)
{
	struct cc_error err;
	struct image im = { 0 };

	cc_error_init(&err);
	total++;
	if (cc_failed(wsq_decode(file, &im, NULL, &err)))
		return refused(&err, &im);
	assert_true((uint64_t)im.width * im.height <= WSQ_PIXELS_MAX && im.channels == 1);
	image_done(&im);
	prints++;
	return NULL;
}

/* A record's prints count only when all of them can be seen. */
static const char *feed_record(struct bytes file)
{
	static struct finger_record r;
	struct cc_error err;
	struct image im = { 0 };
	cc_status st;

	cc_error_init(&err);
	total++;
	st = finger_record_decode(file, &r, &err);
	for (size_t i = 0; i < r.count && !cc_failed(st); i++) {
		st = r.coding == FINGER_WSQ ? wsq_decode(r.images[i].data, &im, NULL, &err) : finger_record_raw(&r, i, &im, &err);
		image_done(&im);
	}
	if (cc_failed(st))
		return refused(&err, &im);
	prints++;
	return NULL;
}

static const char *feed(struct bytes file)
{
	return finger_record_is(file) ? feed_record(file) : feed_wsq(file);
}

static void feed_and_free(struct buf file)
{
	(void)feed(buf_view(&file));
	buf_done(&file);
}

#define SOURCES 5u
#define WSQ_SOURCES 3u
static struct buf source[SOURCES];
static uint8_t raw[48];

static int open_sources(void **state)
{
	static const unsigned sides[WSQ_SOURCES][2] = { { 64, 64 }, { 96, 80 }, { 71, 133 } };
	struct finger_print p = finger_print_good();
	struct finger_record r = finger_record_new(FINGER_WSQ);

	(void)state;
	for (unsigned i = 0; i < WSQ_SOURCES; i++) {
		struct image im = { 0 };

		p.width = sides[i][0];
		p.height = sides[i][1];
		finger_print_draw(&p, &im);
		assert_int_equal(wsq_encode(&im, &(struct wsq_params){ 0.75 * (i + 1), 500 }, &source[i], NULL).code, CC_OK);
		image_done(&im);
	}
	r.fingers = 1;
	r.count = 1;
	r.images[0] = (struct finger_image){ .position = 2, .views = 1, .view = 1, .quality = 254, .width = 64, .height = 64 };
	r.images[0].data = buf_view(&source[0]);
	assert_int_equal(finger_record_encode(&r, FINGER_STRICT, &source[3], NULL).code, CC_OK);
	r.coding = FINGER_RAW;
	r.images[0].width = 8;
	r.images[0].height = 6;
	r.images[0].data = bytes_of(raw, sizeof raw);
	assert_int_equal(finger_record_encode(&r, FINGER_STRICT, &source[4], NULL).code, CC_OK);
	return 0;
}

static int close_sources(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SOURCES; i++)
		buf_done(&source[i]);
	return 0;
}

static struct buf copy_of(unsigned i)
{
	return damage_none(buf_view(&source[i]));
}

static void cut_files_are_refused(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 3000; k++) {
		assert_non_null(feed(damage_cut(&damage, buf_view(&source[k % SOURCES]))));
	}
}

static void changed_bytes_end_in_a_print_or_a_name(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 3500; k++) {
		/* Half of the changes fall on the headers. */
		feed_and_free(damage_bytes(&damage, buf_view(&source[k % SOURCES]), 6, k & 1 ? SIZE_MAX : 700));
	}
}

static void shuffled_pieces_end_in_a_print_or_a_name(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 1500; k++) {
		feed_and_free(damage_shuffle(&damage, buf_view(&source[k % SOURCES]), k & 1));
	}
}

static uint8_t *marker(struct buf *b, uint8_t kind)
{
	for (size_t i = 0; i + 17 < b->n; i++)
		if (b->p[i] == 0xFF && b->p[i + 1] == kind)
			return b->p + i;
	fail();
	return NULL;
}

/* Sides that the data can't fill: from one pixel more to thousands of times as many. */
static void lying_frames_are_refused(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 500; k++) {
		struct buf b = copy_of(k % WSQ_SOURCES);
		uint8_t *sof = marker(&b, 0xA2);
		size_t h = 200 + below(k & 1 ? 60000 : 800), w = 200 + below(k & 1 ? 60000 : 800);

		sof[6] = (uint8_t)(h >> 8);
		sof[7] = (uint8_t)h;
		sof[8] = (uint8_t)(w >> 8);
		sof[9] = (uint8_t)w;
		assert_non_null(feed(buf_view(&b)));
		buf_done(&b);
	}
}

/* Huffman tables of random lengths and values over good data. */
static void random_tables_end_in_a_print_or_a_name(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 500; k++) {
		struct buf b = copy_of(k % WSQ_SOURCES);
		uint8_t *dht = marker(&b, 0xA6);

		for (size_t n = 1 + below(16); n > 0; n--)
			dht[5 + below(40)] = (uint8_t)below(k & 1 ? 4 : 256);
		(void)feed(buf_view(&b));
		buf_done(&b);
	}
}

static void two_files_in_one_are_refused(void **state)
{
	static const char *const others[] = { "PK\x03\x04", "%PDF-1.7",	   "<html>",	      "MZ\x90",
					      "\177ELF",    "#!/bin/sh\n", "\xFF\xD8\xFF\xE0" };

	(void)state;
	for (unsigned k = 0; k < 500; k++) {
		struct bytes print = buf_view(&source[k % SOURCES]), other = bytes_str(others[below(7)]);
		struct buf out = k & 1 ? damage_join(print, other, 0) : damage_join(other, print, 0);

		assert_non_null(feed(buf_view(&out)));
		buf_done(&out);
	}
}

static void random_bytes_are_refused(void **state)
{
	static const struct bytes heads[3] = { { 0 }, BYTES_LITERAL("\xFF\xA0\xFF\xA4"), BYTES_LITERAL("FIR\0\x30\x31\x30\0") };
	uint8_t junk[512];

	(void)state;
	for (unsigned k = 0; k < 500; k++) {
		assert_non_null(feed(bytes_of(junk, damage_junk(&damage, junk, sizeof junk, heads[k % 3]))));
	}
	printf("# count: %u broken fingerprints: %u refused by name, %u still prints\n", total, refusals, prints);
	assert_int_equal(total, 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_files_are_refused),
		cmocka_unit_test(changed_bytes_end_in_a_print_or_a_name),
		cmocka_unit_test(shuffled_pieces_end_in_a_print_or_a_name),
		cmocka_unit_test(lying_frames_are_refused),
		cmocka_unit_test(random_tables_end_in_a_print_or_a_name),
		cmocka_unit_test(two_files_in_one_are_refused),
		cmocka_unit_test(random_bytes_are_refused),
	};
	return cmocka_run_group_tests(tests, open_sources, close_sources);
}
