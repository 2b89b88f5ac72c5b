/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"
#include "crypto/base/tlv.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/chip_desk.h"
#include "tests/support/tr32.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* Terminal Authentication beyond TR-03105: every algorithm, every changed byte, memory that runs out, and how it comes on the
 * chip. */

static struct tr32_rig rig;

static struct tr32_rig *start(enum tr32_variant v)
{
	tr32_rig_init(&rig, v);
	return &rig;
}

static int stop(void **state)
{
	(void)state;
	tr32_rig_done(&rig);
	return 0;
}

static void assert_good(const struct tr32_rig *r, bool good)
{
	if (!good)
		fprintf(stderr, "%s\n", r->why);
	assert_true(good);
}

/* ---- algorithms */

static void run_algorithm(struct tr32_rig *r, const struct chip_cv_key *root, const struct chip_cv_key *dv_key,
			  const struct chip_cv_key *is_key)
{
	struct chip_cv link = { TR32_CVCA, TR32_CVCA2, 0xC0 | TR32_BOTH,  TR32_NEW_FROM,
				"310101",  root,       root->family == 2, CHIP_CV_GOOD };
	struct chip_cv dv = tr32_dv(r, TR32_DOMESTIC | TR32_BOTH), t = tr32_terminal(r, TR32_BOTH);
	struct buf v, i;

	dv.car = TR32_CVCA2;
	dv.key = dv_key;
	t.key = is_key;
	v = chip_cv_make(&dv, root);
	i = chip_cv_make(&t, dv_key);
	tr32_rig_fresh(r);
	assert_good(r, tr32_start(r));
	assert_int_equal(tr32_present(r, TR32_CVCA, &link, TR32_KEY_CVCA), 0x9000);
	assert_int_equal(chip_cv_set_dst(&r->t, TR32_CVCA2), 0x9000);
	assert_int_equal(chip_cv_verify(&r->t, &v), 0x9000);
	assert_int_equal(chip_cv_set_dst(&r->t, TR32_DV), 0x9000);
	assert_int_equal(chip_cv_verify(&r->t, &i), 0x9000);
	assert_int_equal(chip_cv_authenticate(&r->t, TR32_IS, is_key), 0x9000);
	assert_good(r, tr32_readable(r, 3) && tr32_readable(r, 4));
	buf_done(&v);
	buf_done(&i);
}

static void every_algorithm_authenticates(void **state)
{
	static const enum ec_curve curves[] = { EC_P192,  EC_P224,  EC_P256,  EC_P384,	EC_P521, EC_BP192,
						EC_BP224, EC_BP256, EC_BP320, EC_BP384, EC_BP512 };
	struct tr32_rig *r = start(TR32_EC_BAC);
	unsigned count = 0;
	struct chip_cv_key k[3];

	(void)state;
	for (size_t c = 0; c < sizeof curves / sizeof *curves; c++)
		for (uint8_t scheme = 1; scheme <= 5; scheme++, count++) {
			for (size_t i = 0; i < 3; i++)
				chip_cv_key_ec(&k[i], curves[c], scheme);
			run_algorithm(r, &k[0], &k[1], &k[2]);
			for (size_t i = 0; i < 3; i++)
				chip_cv_key_done(&k[i]);
		}
	for (size_t i = 0; i < 3; i++)
		chip_cv_key_rsa(&k[i], 1);
	for (uint8_t scheme = 1; scheme <= 6; scheme++, count++) {
		for (size_t i = 0; i < 3; i++)
			k[i].scheme = scheme;
		run_algorithm(r, &k[0], &k[1], &k[2]);
	}
	for (size_t i = 0; i < 3; i++)
		chip_cv_key_done(&k[i]);
	printf("# count: %u algorithms and curves of Terminal Authentication\n", count);
	assert_int_equal(count, 11 * 5 + 6);
}

/* ---- hostile certificates */

static uint16_t show(struct tr32_rig *r, struct bytes content)
{
	uint16_t sw = chip_cv_set_dst(&r->t, TR32_CVCA);

	return sw != 0x9000 ? sw : chip_term_sw(&r->t, 0x2A, 0x00, 0xBE, content, 0);
}

static void every_changed_byte_and_every_cut_is_refused(void **state)
{
	struct tr32_rig *r = start(TR32_EC_BAC);
	struct chip_cv dv = tr32_dv(r, TR32_DOMESTIC | TR32_BOTH);
	struct buf good = chip_cv_make(&dv, &r->key[TR32_KEY_CVCA]), more = { 0 };
	unsigned count = 0;

	(void)state;
	assert_good(r, tr32_start(r));
	for (size_t i = 0; i < good.n; i++) {
		for (unsigned bit = 0; bit < 8; bit++, count++) {
			good.p[i] ^= (uint8_t)(1u << bit);
			assert_good(r, tr32_refused(r, "a changed byte", show(r, buf_view(&good))));
			good.p[i] ^= (uint8_t)(1u << bit);
		}
		assert_good(r, tr32_refused(r, "a cut", show(r, bytes_of(good.p, i))));
		count++;
	}
	assert_false(cc_failed(buf_zero(&more, good.n + 1)));
	memcpy(more.p, good.p, good.n);
	assert_good(r, tr32_refused(r, "a byte too many", show(r, buf_view(&more))));
	assert_int_equal(show(r, buf_view(&good)), 0x9000);
	printf("# count: %u changed and cut certificates refused\n", count);
	buf_done(&good);
	buf_done(&more);
}

/* A later date, or a second trust point, only by what was verified. */
static void refused_certificates_change_nothing(void **state)
{
	struct tr32_rig *r = start(TR32_EC_PACE);
	struct chip_cv link = {
		TR32_CVCA, TR32_CVCA2, 0xC3, TR32_NEW_FROM, "310101", &r->key[TR32_KEY_CVCA2], true, CHIP_CV_GOOD
	};
	struct buf before = { 0 };

	(void)state;
	assert_good(r, tr32_start(r));
	assert_false(cc_failed(softchip_save(r->made.cr.chip, &before)));
	for (int d = CHIP_CV_NO_SIGNATURE; d <= CHIP_CV_KEY_SHORT; d++) {
		struct buf after = { 0 };

		if (d == CHIP_CV_KEY_NO_MODULUS || d == CHIP_CV_KEY_NO_EXPONENT)
			continue;
		link.defect = (enum chip_cv_defect)d;
		assert_good(r, tr32_refused(r, "link", tr32_present(r, TR32_CVCA, &link, TR32_KEY_CVCA)));
		assert_false(cc_failed(softchip_save(r->made.cr.chip, &after)));
		assert_true(bytes_equal(buf_view(&before), buf_view(&after)));
		buf_done(&after);
	}
	/* The root itself, shown again; a link under the name of the one that signs it. */
	link.defect = CHIP_CV_GOOD;
	link.chr = TR32_CVCA;
	assert_int_equal(tr32_present(r, TR32_CVCA, &link, TR32_KEY_CVCA), 0x6A80);
	buf_done(&before);
}

/* TR-03110-3 2.6: an authority whose time is over certifies nobody, but for its successor. */
static void an_expired_authority_signs_its_link_alone(void **state)
{
	struct tr32_rig *r = start(TR32_EC_BAC);
	struct chip_cv late = tr32_dv(r, TR32_DOMESTIC | TR32_BOTH), dv = late;
	struct chip_cv link = { TR32_CVCA, TR32_CVCA2, 0xC3, "290201", "320101", &r->key[TR32_KEY_CVCA2], true, CHIP_CV_GOOD };
	uint16_t sw;
	struct buf ef;

	(void)state;
	/* A verifier of after the root's last day (1 January 2029) moves the date there. */
	late.from = "290102";
	late.to = "290301";
	dv.to = "300101";
	assert_good(r, tr32_start(r));
	assert_int_equal(tr32_present(r, TR32_CVCA, &late, TR32_KEY_CVCA), 0x9000);
	assert_int_equal(tr32_present(r, TR32_CVCA, &dv, TR32_KEY_CVCA), 0x6300);
	assert_int_equal(tr32_present(r, TR32_CVCA, &link, TR32_KEY_CVCA), 0x9000);
	/* The old one is gone, the new one certifies. */
	assert_int_equal(chip_cv_set_dst(&r->t, TR32_CVCA), 0x6A88);
	dv.car = TR32_CVCA2;
	assert_int_equal(tr32_present(r, TR32_CVCA2, &dv, TR32_KEY_CVCA2), 0x9000);
	ef = chip_term_read_file(&r->t, 0x011C, &sw);
	assert_true(sw == 0x9000 && ef.n == 36 && memcmp(ef.p, "\x42\x0B" TR32_CVCA2 "\0", 14) == 0);
	buf_done(&ef);
}

static void rights_end_with_the_session(void **state)
{
	struct tr32_rig *r = start(TR32_EC_BAC);

	(void)state;
	assert_good(r, tr32_start(r) && tr32_authenticate(r, TR32_DOMESTIC | TR32_BOTH, TR32_BOTH) && tr32_readable(r, 3));
	/* BAC again in the same application, nothing selected in between. */
	r->t.active = false;
	assert_int_equal(chip_term_bac(&r->t, r->made.mrz_information), 0x9000);
	assert_good(r, tr32_closed(r, 3) && tr32_closed(r, 4));
	/* Chip Authentication again: another terminal key, nobody authenticated with it. */
	assert_good(r, tr32_start(r) && tr32_authenticate(r, TR32_DOMESTIC | TR32_BOTH, TR32_BOTH) && tr32_readable(r, 3));
	assert_good(r, tr32_ca(r) && tr32_closed(r, 3));
	/* Another attempt, and it fails. */
	assert_good(r, tr32_start(r) && tr32_authenticate(r, TR32_DOMESTIC | TR32_BOTH, TR32_BOTH) && tr32_readable(r, 3));
	assert_int_equal(chip_cv_authenticate(&r->t, TR32_IS, &r->key[TR32_KEY_DV]), 0x6300);
	assert_good(r, tr32_closed(r, 3));
}

static void chip_authentication_comes_first(void **state)
{
	struct tr32_rig *r = start(TR32_RSA_PACE);

	(void)state;
	assert_good(r, tr32_open(r) && tr32_chain(r, TR32_DOMESTIC | TR32_BOTH, TR32_BOTH));
	assert_int_equal(chip_cv_set_at(&r->t, TR32_IS), 0x6985);
}

/* The protocol's name must be that of the key: DH and ECDH differ. */
static void chip_authentication_is_named_by_its_kind(void **state)
{
	struct tr32_rig *r = start(TR32_EC_BAC);
	static const struct bytes dh_for_ecdh = BYTES_LITERAL("\x80\x0A\x04\x00\x7F\x00\x07\x02\x02\x03\x01\x02\x84\x01\x01");
	static const struct bytes right = BYTES_LITERAL("\x80\x0A\x04\x00\x7F\x00\x07\x02\x02\x03\x02\x02\x84\x01\x01");
	static const struct bytes longer = BYTES_LITERAL("\x80\x0B\x04\x00\x7F\x00\x07\x02\x02\x03\x02\x02\x00\x84\x01\x01");

	(void)state;
	assert_good(r, tr32_open(r));
	assert_int_equal(chip_term_sw(&r->t, 0x22, 0x41, 0xA4, dh_for_ecdh, 0), 0x6A80);
	assert_int_equal(chip_term_sw(&r->t, 0x22, 0x41, 0xA4, longer, 0), 0x6A80);
	assert_int_equal(chip_term_sw(&r->t, 0x22, 0x41, 0xA4, right, 0), 0x9000);
}

/* ---- memory runs out */

/* A command that is run again and again, each time with one allocation less far. */
struct faulty {
	const char *name;
	bool (*prepare)(struct tr32_rig *r);
	uint16_t (*run)(struct tr32_rig *r, struct writer *out);
	/* Reading a certificate compares its curve with others; without memory one of those is passed over. */
	bool compares_curves;
};

static struct buf prepared; /* data field of the command under test */

static uint16_t handle(struct tr32_rig *r, chip_handler handler, uint8_t p1, uint8_t p2, struct writer *out)
{
	const struct command cmd = { .p1 = p1, .p2 = p2, .data = buf_view(&prepared), .le = 256, .room = 256 };

	return handler(r->made.cr.chip, &cmd, out);
}

static bool prepare_dst(struct tr32_rig *r)
{
	return tr32_start(r) && !cc_failed(buf_copy(&prepared, BYTES_LITERAL("\x83\x0B" TR32_CVCA)));
}
static uint16_t run_dst(struct tr32_rig *r, struct writer *out)
{
	return handle(r, chip_auth_manage_environment, 0x81, 0xB6, out);
}

static bool prepare_verify(struct tr32_rig *r)
{
	struct chip_cv dv = tr32_dv(r, TR32_DOMESTIC | TR32_BOTH);

	buf_done(&prepared);
	prepared = chip_cv_make(&dv, &r->key[TR32_KEY_CVCA]);
	return tr32_start(r) && chip_cv_set_dst(&r->t, TR32_CVCA) == 0x9000;
}

static bool prepare_link(struct tr32_rig *r)
{
	struct chip_cv link = {
		TR32_CVCA, TR32_CVCA2, 0xC3, TR32_NEW_FROM, "310101", &r->key[TR32_KEY_CVCA2], r->key[0].family == 2, CHIP_CV_GOOD
	};

	buf_done(&prepared);
	prepared = chip_cv_make(&link, &r->key[TR32_KEY_CVCA]);
	return tr32_start(r) && chip_cv_set_dst(&r->t, TR32_CVCA) == 0x9000;
}
static uint16_t run_verify(struct tr32_rig *r, struct writer *out)
{
	return handle(r, chip_terminal_verify, 0x00, 0xBE, out);
}

static bool prepare_external(struct tr32_rig *r)
{
	uint8_t challenge[8];
	struct writer w;
	bool good = tr32_start(r) && tr32_chain(r, TR32_DOMESTIC | TR32_BOTH, TR32_BOTH) &&
		    chip_cv_set_at(&r->t, TR32_IS) == 0x9000 && chip_cv_challenge(&r->t, challenge) == 0x9000;

	writer_init(&w, 1024);
	writer_put(&w, buf_view(&r->t.id_picc));
	writer_put(&w, bytes_of(challenge, sizeof challenge));
	writer_put(&w, buf_view(&r->t.comp_pcd));
	chip_cv_sign(&r->key[TR32_KEY_IS], writer_view(&w), &prepared);
	writer_done(&w);
	return good;
}
static uint16_t run_external(struct tr32_rig *r, struct writer *out)
{
	return handle(r, chip_auth_external, 0, 0, out);
}

static bool prepare_kat(struct tr32_rig *r)
{
	struct buf key = { 0 };
	struct chip_term_ca ca = tr32_ca_params(r, 1, &key);
	struct writer w;

	/* A point of the group is a terminal's key as well as any. */
	writer_init(&w, 512);
	tlv_put(&w, 0x91, ca.chip_key);
	tlv_put_u8(&w, 0x84, ca.key_id);
	CC_ASSERT(!cc_failed(writer_finish(&w, &prepared)));
	buf_done(&key);
	return tr32_open(r);
}
static uint16_t run_kat(struct tr32_rig *r, struct writer *out)
{
	return handle(r, chip_auth_manage_environment, 0x41, 0xA6, out);
}

static bool prepare_internal(struct tr32_rig *r)
{
	return tr32_open(r) && !cc_failed(buf_copy(&prepared, BYTES_LITERAL("12345678")));
}
static uint16_t run_internal(struct tr32_rig *r, struct writer *out)
{
	return handle(r, chip_active_internal, 0, 0, out);
}

static bool prepare_cvca(struct tr32_rig *r)
{
	buf_done(&prepared);
	return tr32_open(r);
}
static uint16_t run_cvca(struct tr32_rig *r, struct writer *out)
{
	const struct command cmd = { .p1 = 0x9C, .le = 8, .room = 256 };

	return chip_file_read(r->made.cr.chip, &cmd, out);
}

static unsigned fail_each_allocation(struct tr32_rig *r, const struct faulty *f)
{
	unsigned runs = 0;

	for (size_t k = 1;; runs++) {
		struct writer out;
		uint16_t sw;
		bool refused;

		tr32_rig_fresh(r);
		assert_good(r, f->prepare(r));
		if (!alloc_fault_next(&k))
			break;
		writer_init(&out, 4096);
		sw = f->run(r, &out);
		refused = alloc_fault_end();
		if (!refused)
			assert_int_equal(sw, 0x9000);
		else if (!f->compares_curves)
			assert_true(sw == 0x6581 || sw == 0x6F00 || out.failed != CC_OK);
		if (refused)
			assert_int_equal(r->made.cr.chip->s.terminal.rights, 0);
		writer_done(&out);
	}
	assert_true(runs > 1);
	return runs;
}

static void memory_that_runs_out_is_an_error_and_no_right(void **state)
{
	static const struct faulty rows[] = {
		{ "MSE:Set DST", prepare_dst, run_dst, true },
		{ "Verify Certificate", prepare_verify, run_verify, true },
		{ "link certificate", prepare_link, run_verify, true },
		{ "EXTERNAL AUTHENTICATE", prepare_external, run_external, true },
		{ "MSE:Set KAT", prepare_kat, run_kat, false },
		{ "INTERNAL AUTHENTICATE", prepare_internal, run_internal, false },
		{ "EF.CVCA", prepare_cvca, run_cvca, true },
	};
	static const enum tr32_variant variants[] = { TR32_EC_BAC, TR32_RSA_PACE };
	unsigned runs = 0;

	(void)state;
	for (size_t v = 0; v < 2; v++) {
		struct tr32_rig *r = start(variants[v]);

		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
			runs += fail_each_allocation(r, &rows[i]);
		if (v == 0)
			stop(NULL);
	}
	buf_done(&prepared);
	printf("# count: %u allocations of the chip refused\n", runs);
}

/* ---- over the wire: personalization as the data sheet has it */

static void put_dgi(struct writer *w, uint16_t dgi, struct bytes body)
{
	writer_u16(w, dgi);
	writer_u8(w, 0xFF);
	writer_u16(w, (uint16_t)body.n);
	writer_put(w, body);
}

static void trust_is_personalized_over_the_wire(void **state)
{
	struct tr32_rig *r = start(TR32_EC_BAC);
	struct chip_cv root = { TR32_CVCA, TR32_CVCA, 0xC3, TR32_DATE, "290101", &r->key[TR32_KEY_CVCA], true, CHIP_CV_GOOD };
	struct buf content = chip_cv_make(&root, root.key), whole = chip_cv_wrap(&content);
	struct chip_desk d;
	struct chip_cvc point;
	struct writer w;
	uint8_t block = 0;

	(void)state;
	chip_desk_init(&d, &(struct chip_reader_options){ .number = 9 });
	chip_desk_authenticate(&d, 0x33);
	writer_init(&w, 20000);
	put_dgi(&w, 0x00B4, BYTES_LITERAL("\x02\x06\x00\x05\x00\x01"));
	put_dgi(&w, 0x00B3, buf_view(&whole));
	put_dgi(&w, 0x021D, BYTES_LITERAL("\x30\x03\x02\x01\x01"));
	put_dgi(&w, 0x00A3, BYTES_LITERAL("\x02\x04\x07"));
	assert_int_equal(chip_desk_write(&d, 200, &block), 0x9000);
	assert_int_equal(chip_desk_store(&d, writer_view(&w), 100, false, &block, NULL), 0x9000);
	/* A certificate that doesn't verify replaces nothing. */
	writer_done(&w);
	whole.p[whole.n - 1] ^= 1;
	writer_init(&w, 20000);
	put_dgi(&w, 0x00B3, buf_view(&whole));
	assert_int_equal(chip_desk_send(&d, 0xE2, 0x08, block, writer_view(&w), 0, NULL), 0x6A80);
	assert_int_equal(chip_desk_finish(&d, &block), 0x9000);
	assert_true(chip_trust_find(d.cr.chip, bytes_str(TR32_CVCA), &point) && point.curve == EC_BP256);
	assert_false(chip_trust_expired(d.cr.chip, BYTES_LITERAL("\x02\x06\x00\x05\x00\x01")));
	assert_true(chip_trust_expired(d.cr.chip, BYTES_LITERAL("\x02\x06\x00\x04\x03\x00")));
	assert_true(chip_file_complete(chip_memory_file(&d.cr.chip->memory, CHIP_FILE_CARD_SECURITY)));
	writer_done(&w);
	chip_desk_done(&d);
	buf_done(&content);
	buf_done(&whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_algorithm_authenticates, stop),
		cmocka_unit_test_teardown(every_changed_byte_and_every_cut_is_refused, stop),
		cmocka_unit_test_teardown(refused_certificates_change_nothing, stop),
		cmocka_unit_test_teardown(an_expired_authority_signs_its_link_alone, stop),
		cmocka_unit_test_teardown(rights_end_with_the_session, stop),
		cmocka_unit_test_teardown(chip_authentication_comes_first, stop),
		cmocka_unit_test_teardown(chip_authentication_is_named_by_its_kind, stop),
		cmocka_unit_test_teardown(memory_that_runs_out_is_an_error_and_no_right, stop),
		cmocka_unit_test_teardown(trust_is_personalized_over_the_wire, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
