/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 10,000 broken fingerprints by class, from one seed: WSQ files and ISO/IEC
 * 19794-4 records, cut, changed, shuffled, with lying headers, two in one. None
 * may crash or hang; each ends in a print or in a refusal with its name.
 */
#include "biometrics/finger_record.h"
#include "biometrics/wsq.h"
#include "tests/support/finger_print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t seed = 20261124;

/* G. Marsaglia's xorshift. */
static size_t below(size_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (size_t)(seed % n);
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
	struct buf b = { 0 };

	assert_int_equal(buf_copy(&b, buf_view(&source[i])).code, CC_OK);
	return b;
}

static void cut_files_are_refused(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 3000; k++) {
		unsigned i = k % SOURCES;

		assert_non_null(feed(bytes_of(source[i].p, below(source[i].n))));
	}
}

static void changed_bytes_end_in_a_print_or_a_name(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 3500; k++) {
		struct buf b = copy_of(k % SOURCES);
		size_t most = k & 1 ? b.n : (b.n < 700 ? b.n : 700);

		/* Half of the changes fall on the headers. */
		for (size_t n = 1 + below(6); n > 0; n--)
			b.p[below(most)] = (uint8_t)below(256);
		(void)feed(buf_view(&b));
		buf_done(&b);
	}
}

static void shuffled_pieces_end_in_a_print_or_a_name(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 1500; k++) {
		struct bytes in = buf_view(&source[k % SOURCES]);
		size_t a = below(in.n), b = a + below(in.n - a), c = below(in.n);
		struct writer w;
		struct buf out = { 0 };

		writer_init(&w, WSQ_BYTES_MAX);
		writer_put(&w, bytes_of(in.p, c));
		writer_put(&w, bytes_of(in.p + a, b - a));
		writer_put(&w, bytes_of(in.p + (k & 1 ? c : b), in.n - (k & 1 ? c : b)));
		assert_int_equal(writer_finish(&w, &out).code, CC_OK);
		(void)feed(buf_view(&out));
		buf_done(&out);
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
		struct writer w;
		struct buf out = { 0 };

		writer_init(&w, WSQ_BYTES_MAX);
		writer_put(&w, k & 1 ? print : other);
		writer_put(&w, k & 1 ? other : print);
		assert_int_equal(writer_finish(&w, &out).code, CC_OK);
		assert_non_null(feed(buf_view(&out)));
		buf_done(&out);
	}
}

static void random_bytes_are_refused(void **state)
{
	uint8_t junk[512];

	(void)state;
	for (unsigned k = 0; k < 500; k++) {
		size_t n = below(sizeof junk);

		for (size_t i = 0; i < n; i++)
			junk[i] = (uint8_t)below(256);
		if (k % 3 == 1 && n > 4)
			memcpy(junk, "\xFF\xA0\xFF\xA4", 4);
		if (k % 3 == 2 && n > 8)
			memcpy(junk,
			       "FIR\0"
			       "010",
			       8);
		assert_non_null(feed(bytes_of(junk, n)));
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
