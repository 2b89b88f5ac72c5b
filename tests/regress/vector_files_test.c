/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/card_access.h"
#include "card/lds/dg.h"
#include "card/lds/dg1.h"
#include "card/lds/dg13.h"
#include "card/lds/dg14.h"
#include "card/lds/dg15.h"
#include "card/lds/dg2.h"
#include "card/lds/ef_com.h"
#include "card/lds/lds_set.h"
#include "crypto/base/sys.h"
#include "crypto/base/tlv.h"
#include "crypto/x509.h"
#include "tests/support/vectors.h"

#include <dirent.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

/*
 * Published files that no other test reads, and the list of all: tests/vectors/README.md
 * names for each file the test that runs it.
 */

/* ---- one file through its reader and writer; false: refused */
static bool same(struct bytes file, struct buf *again)
{
	bool equal = bytes_equal(file, buf_view(again));

	buf_done(again);
	return equal;
}

static bool reads_com(struct bytes file)
{
	struct buf again = { 0 };
	struct ef_com com;

	return !cc_failed(ef_com_parse(file, &com, NULL)) && !cc_failed(ef_com_encode(&com, &again, NULL)) && same(file, &again);
}

static bool reads_dg1(struct bytes file)
{
	struct mrz m;

	return !cc_failed(dg1_parse(file, &m, NULL));
}

static bool reads_dg(unsigned number, struct bytes file)
{
	struct buf again = { 0 };
	struct dg d;

	return !cc_failed(dg_parse(number, file, &d, NULL)) && !cc_failed(dg_encode(&d, &again)) && same(file, &again);
}

static bool reads_dg14(struct bytes file)
{
	struct security_infos infos;
	struct buf again = { 0 };

	return !cc_failed(dg14_parse(file, &infos, NULL)) && !cc_failed(dg14_encode_infos(&infos, &again)) && same(file, &again);
}

static bool reads_dg15(struct bytes file)
{
	struct pubkey *key = NULL;
	bool good = !cc_failed(dg15_parse(file, &key, NULL));

	pubkey_free(&key);
	return good;
}

static bool reads_infos(struct bytes file)
{
	struct security_infos infos;
	struct buf again = { 0 };
	struct writer w;

	if (cc_failed(card_access_parse(file, &infos, NULL)))
		return false;
	writer_init(&w, 65536);
	security_infos_put(&w, &infos);
	assert_int_equal(writer_finish(&w, &again).code, CC_OK);
	/* Chips have padding behind the SET. */
	assert_true(again.n <= file.n);
	return same(bytes_of(file.p, again.n), &again);
}

static bool reads(struct bytes file)
{
	switch (file.n > 0 ? file.p[0] : 0) {
	case 0x60:
		return reads_com(file);
	case 0x61:
		return reads_dg1(file);
	case 0x65:
		return reads_dg(5, file);
	case 0x67:
		return reads_dg(7, file);
	case 0x6B:
		return reads_dg(11, file);
	case 0x6C:
		return reads_dg(12, file);
	case 0x6E:
		return reads_dg14(file);
	case 0x6F:
		return reads_dg15(file);
	case 0x70:
		return reads_dg(16, file);
	case 0x31:
		return reads_infos(file);
	default:
		return false;
	}
}

/* ---- EF.CardAccess of seven cards, and files of the ICAO samples that others don't read */
static void files_are_read_and_written_again(void **state)
{
	static const char *const names[] = {
		"05_lds/cardaccess_ausweisapp/efCardAccess.bin",
		"05_lds/cardaccess_cardsecurity_openpace/ef_cardaccess_ca3.bin",
		"05_lds/cardaccess_cardsecurity_openpace/ef_cardaccess_dan.bin",
		"05_lds/cardaccess_cardsecurity_openpace/ef_cardaccess_new_testcard.bin",
		"05_lds/cardaccess_cardsecurity_openpace/ef_cardaccess_old_testcard.bin",
		"05_lds/cardaccess_cardsecurity_openpace/ef_cardaccess_slowenia.bin",
		"05_lds/cardaccess_cardsecurity_openpace/tc_dh_ef_cardaccess.bin",
		"05_lds/cardaccess_cardsecurity_openpace/tc_ecdh_ef_cardaccess.bin",
		"05_lds/bsi2008_jmrtd/EF_COM.bin",
		"05_lds/icao_p10_samples_gmrtd/Com.bin",
		"05_lds/icao_p10_samples_gmrtd/Dg1.bin",
		"05_lds/icao_p10_samples_gmrtd/Dg7.bin",
		"05_lds/icao_p10_samples_gmrtd/Dg11.bin",
		"05_lds/icao_p10_samples_gmrtd/Dg12.bin",
		"05_lds/icao_p10_samples_gmrtd/Dg14.bin",
		"05_lds/icao_p10_samples_gmrtd/Dg15.bin",
		"05_lds/icao_p10_samples_gmrtd/Dg16.bin",
		"05_lds/tsemrtd_dgs/EF_DG5.bin",
		"05_lds/tsemrtd_dgs/EF_DG7.bin",
		"05_lds/tsemrtd_dgs/EF_DG11.bin",
	};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct buf file = { 0 };

		if (!vectors_file(names[i], &file))
			skip();
		if (!reads(buf_view(&file)))
			fail_msg("%s is refused, or comes back otherwise", names[i]);
		buf_done(&file);
	}
}

/* ICAO 9303-10 App A: DG13 is free. Ours is told apart from another country's. */
static void the_sample_of_dg13_is_another_country_s(void **state)
{
	struct buf file = { 0 };
	struct dg13 d;

	(void)state;
	if (!vectors_file("05_lds/icao_p10_samples_gmrtd/Dg13.bin", &file))
		skip();
	assert_int_equal(dg13_parse(buf_view(&file), &d, NULL).code, CC_E_UNSUPPORTED);
	buf_done(&file);
}

/* DG2, DG3 and DG4 share one shape. */
static void the_iris_group_has_its_two_eyes(void **state)
{
	struct buf file = { 0 }, as_dg2 = { 0 };
	struct dg2 d;

	(void)state;
	if (!vectors_file("05_lds/bsi2008_jmrtd/Datagroup4.bin", &file))
		skip();
	assert_int_equal(file.p[0], lds_file_tag(lds_dg(4)));
	assert_int_equal(buf_copy(&as_dg2, buf_view(&file)).code, CC_OK);
	as_dg2.p[0] = lds_file_tag(lds_dg(2));
	assert_int_equal(dg2_parse(buf_view(&as_dg2), &d, NULL).code, CC_OK);
	assert_int_equal(d.count, 2);
	assert_true(bytes_starts_with(d.items[0].record, BYTES_LITERAL("IIR\0")));
	assert_true(bytes_starts_with(d.items[1].record, BYTES_LITERAL("IIR\0")));
	buf_done(&file);
	buf_done(&as_dg2);
}

/* ---- literals of public test suites */
/* Places in the file of those that are wrong inside, and why. */
static const struct {
	size_t place;
	const char *why;
} refused[] = {
	{ 14, "Chip Authentication version 16" },
	{ 17, "DG15 under the tag 70" },
	{ 22, "an even RSA exponent" },
	{ 26, "an LDS version of five characters" },
	{ 27, "a Unicode version of five characters" },
	{ 35, "a counter of two bytes" },
	{ 36, "a counter of 0 over one element" },
	{ 37, "a counter of 100 over one element" },
	{ 38, "a counter of 2 over one element" },
	{ 46, "three persons announced, two there" },
	{ 50, "an MRZ of 73 characters" },
	{ 55, "lengths of a PACEInfo that lie" },
	{ 57, "an OID longer than its SEQUENCE" },
	{ 60, "an INTEGER longer than its SEQUENCE" },
	{ 62, "an OCTET STRING longer than its SEQUENCE" },
};

static const char *why_refused(size_t place)
{
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		if (refused[i].place == place)
			return refused[i].why;
	}
	return NULL;
}

static void literals_of_others(void **state)
{
	json_t *root = vectors_open("05_lds/misc_lds_literals.json"), *item;
	size_t k, taken = 0, count = 0;
	bool good = true;

	(void)state;
	if (root == NULL)
		skip();
	json_array_foreach(vectors_at(root, "items"), k, item)
	{
		const char *hex = vectors_text(item, "hex"), *why = why_refused(k);
		struct buf file = vectors_from_hex(hex);
		bool read = reads(buf_view(&file));

		if (read == (why != NULL)) {
			print_message("# literal %zu (%.24s...) is %s%s%s\n", k, hex, read ? "taken" : "refused",
				      why != NULL ? ", though it has " : "", why != NULL ? why : "");
			good = false;
		}
		taken += read;
		count++;
		buf_done(&file);
	}
	assert_true(good);
	assert_int_equal(count, 68);
	print_message(
		"# count: 68 literals of other test suites, %zu read and written to the same bytes, %zu refused with a reason\n",
		taken, count - taken);
	json_decref(root);
}

/* ---- certificates */
static void certificates_are_read(void **state)
{
	static const struct {
		const char *name, *country;
	} certs[] = { { "06_pki/UN_CSCA_2.pem", "UN" },
		      { "06_pki/dsc_pymrtd/dsc_de_0130846f2b3e.cer", "DE" },
		      { "06_pki/dsc_pymrtd/dsc_de_0142fd5cf927.cer", "DE" },
		      { "06_pki/masterlists/DE_ROOT_CA_CSCA07.cer", "DE" } };

	(void)state;
	for (size_t i = 0; i < sizeof certs / sizeof certs[0]; i++) {
		struct buf file = { 0 };
		struct cert *c = NULL;
		char country[3];

		if (!vectors_file(certs[i].name, &file))
			skip();
		assert_int_equal(cert_parse(buf_view(&file), &c, NULL).code, CC_OK);
		cert_country(c, country);
		assert_string_equal(country, certs[i].country);
		assert_non_null(cert_pubkey(c));
		cert_free(&c);
		buf_done(&file);
	}
}

/* ---- the list of all files */
static size_t unlisted;

static void look(const char *root, const char *below, const char *readme)
{
	char path[PATH_MAX];
	struct dirent *e;
	DIR *dir;

	(void)snprintf(path, sizeof path, "%s/%s", root, below);
	dir = opendir(path);
	if (dir == NULL)
		return;
	while ((e = readdir(dir)) != NULL) {
		char name[512], quoted[520], folder[520];
		struct stat s;

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(name, sizeof name, "%.200s/%.200s", below, e->d_name);
		(void)snprintf(path, sizeof path, "%.1000s/%s", root, name);
		if (stat(path, &s) != 0)
			continue;
		(void)snprintf(quoted, sizeof quoted, "`%s`", name);
		(void)snprintf(folder, sizeof folder, "`%s/`", below);
		if (S_ISDIR(s.st_mode)) {
			look(root, name, readme);
		} else if (strstr(readme, quoted) == NULL && strstr(readme, folder) == NULL) {
			print_message("# %s is in no row of tests/vectors/README.md\n", name);
			unlisted++;
		}
	}
	(void)closedir(dir);
}

static void every_file_has_a_test_in_the_list(void **state)
{
	static const char *const folders[] = { "01_bac_sm_mrz", "02_pace",	 "03_gp",      "04_cvc",  "05_lds",
					       "06_pki",	"10_wycheproof", "11_defects", "12_ca_aa" };
	struct buf readme = { 0 }, text = { 0 };
	char root[PATH_MAX];

	(void)state;
	if (!vectors_path("", root, sizeof root) || cc_failed(sys_read_file("tests/vectors/README.md", 1 << 20, &readme, NULL)))
		skip();
	assert_int_equal(buf_zero(&text, readme.n + 1).code, CC_OK);
	memcpy(text.p, readme.p, readme.n);
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		look(root, folders[i], (const char *)text.p);
	assert_int_equal(unlisted, 0);
	buf_done(&readme);
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_read_and_written_again),
		cmocka_unit_test(the_sample_of_dg13_is_another_country_s),
		cmocka_unit_test(the_iris_group_has_its_two_eyes),
		cmocka_unit_test(literals_of_others),
		cmocka_unit_test(certificates_are_read),
		cmocka_unit_test(every_file_has_a_test_in_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
