/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tr32.h"

#include "crypto/base/tlv.h"

#include <string.h>

/* Units ISO7816_M (updates of date and trust points) and ISO7816_N (migration). */

#define EF_CVCA 0x011C
#define EF_CVCA_LEN 36

/* Verifier and terminal of a day; arg 0: the terminal's moves the date, 1: the verifier's. */
static bool domestic_moves_date(struct tr32_rig *r, int arg)
{
	struct chip_cv dv = tr32_dv(r, TR32_DOMESTIC | TR32_BOTH), t = tr32_terminal(r, TR32_BOTH);

	if (arg == 0)
		t.from = TR32_NEW_FROM;
	else
		dv.from = TR32_NEW_FROM;
	if (!tr32_start(r) || !tr32_sw(r, "verifier", tr32_present(r, TR32_CVCA, &dv, TR32_KEY_CVCA), 0x9000))
		return false;
	if (arg == 0 && !tr32_sw(r, "terminal", tr32_present(r, TR32_DV, &t, TR32_KEY_DV), 0x9000))
		return false;
	/* The day itself still counts. */
	return tr32_date_after(r, TR32_PROBE) && tr32_date_not_after(r, TR32_NEW_FROM);
}

/* ---- trust points */

static struct chip_cv link_of(struct tr32_rig *r, const char *car, const char *chr, enum tr32_key key)
{
	return (struct chip_cv){ .car = car,
				 .chr = chr,
				 .authorisation = 0xC0 | TR32_BOTH,
				 .from = TR32_NEW_FROM,
				 .to = "310101",
				 .key = &r->key[key],
				 .with_domain = r->key[key].family == 2 };
}

static bool link_taken(struct tr32_rig *r)
{
	struct chip_cv link = link_of(r, TR32_CVCA, TR32_CVCA2, TR32_KEY_CVCA2);

	return tr32_start(r) && tr32_sw(r, "link certificate", tr32_present(r, TR32_CVCA, &link, TR32_KEY_CVCA), 0x9000);
}

static bool second_link_taken(struct tr32_rig *r)
{
	struct chip_cv link = link_of(r, TR32_CVCA2, TR32_CVCA3, TR32_KEY_CVCA3);

	return link_taken(r) && tr32_sw(r, "second link", tr32_present(r, TR32_CVCA2, &link, TR32_KEY_CVCA2), 0x9000);
}

/* EF.CVCA names these, the newer one first. */
static bool cvca_is(struct tr32_rig *r, const char *newer, const char *older)
{
	struct writer w;
	uint16_t sw;
	struct buf got = chip_term_read_file(&r->t, EF_CVCA, &sw);
	bool good;

	writer_init(&w, 64);
	tlv_put(&w, 0x42, bytes_str(newer));
	if (older != NULL)
		tlv_put(&w, 0x42, bytes_str(older));
	writer_fill(&w, 0, EF_CVCA_LEN - w.n);
	good = tr32_sw(r, "EF.CVCA", sw, 0x9000) &&
	       tr32_is(r, "content of EF.CVCA", bytes_equal(buf_view(&got), writer_view(&w)));
	writer_done(&w);
	buf_done(&got);
	return good;
}

/* A verifier and a terminal below an authority: as far as reading. */
static bool whole_below(struct tr32_rig *r, const char *authority, enum tr32_key key)
{
	struct chip_cv dv = tr32_dv(r, TR32_DOMESTIC | TR32_BOTH), t = tr32_terminal(r, TR32_BOTH);

	dv.car = authority;
	return tr32_start(r) && tr32_sw(r, "verifier", tr32_present(r, authority, &dv, key), 0x9000) &&
	       tr32_sw(r, "terminal", tr32_present(r, TR32_DV, &t, TR32_KEY_DV), 0x9000) &&
	       tr32_sw(r, "authentication", chip_cv_authenticate(&r->t, TR32_IS, &r->key[TR32_KEY_IS]), 0x9000) &&
	       tr32_readable(r, 3) && tr32_readable(r, 4);
}

static bool new_trust_point(struct tr32_rig *r, int arg)
{
	(void)arg;
	return link_taken(r) && cvca_is(r, TR32_CVCA2, TR32_CVCA) && whole_below(r, TR32_CVCA2, TR32_KEY_CVCA2) &&
	       whole_below(r, TR32_CVCA, TR32_KEY_CVCA) && tr32_date_after(r, TR32_PROBE);
}

static bool two_links(struct tr32_rig *r, int arg)
{
	(void)arg;
	return second_link_taken(r) && cvca_is(r, TR32_CVCA3, TR32_CVCA2) && whole_below(r, TR32_CVCA3, TR32_KEY_CVCA3) &&
	       whole_below(r, TR32_CVCA2, TR32_KEY_CVCA2) &&
	       tr32_sw(r, "the first authority", chip_cv_set_dst(&r->t, TR32_CVCA), 0x6A88);
}

static bool terminal_below_link(struct tr32_rig *r, int arg)
{
	struct chip_cv t = tr32_terminal(r, TR32_BOTH);

	(void)arg;
	t.car = TR32_CVCA2;
	return link_taken(r) && tr32_refused(r, "terminal", tr32_present(r, TR32_CVCA2, &t, TR32_KEY_CVCA2)) &&
	       tr32_refused(r, "MSE:Set AT", chip_cv_set_at(&r->t, TR32_IS)) && tr32_closed(r, 3);
}

/* A good link, and power fails in it: the chip then believes in `newer` and `older`, and EF.CVCA says the same. */
static bool torn_link(struct tr32_rig *r, enum softchip_tear tear, const char *newer, const char *older)
{
	struct chip_cv link = link_of(r, TR32_CVCA, TR32_CVCA2, TR32_KEY_CVCA2);

	tr32_rig_fresh(r);
	if (!tr32_start(r))
		return false;
	softchip_tear_after(r->made.cr.chip, 2, tear);
	return tr32_sw(r, "torn out", tr32_present(r, TR32_CVCA, &link, TR32_KEY_CVCA), 0) && tr32_open(r) &&
	       cvca_is(r, newer, older) && tr32_sw(r, "the newer one", chip_cv_set_dst(&r->t, newer), 0x9000) &&
	       (older == NULL || tr32_sw(r, "the older one", chip_cv_set_dst(&r->t, older), 0x9000));
}

/* EF.CVCA and what the chip believes are one, also when a link was refused and when power failed in one. */
static bool cvca_is_sane(struct tr32_rig *r, int arg)
{
	struct chip_cv link = link_of(r, TR32_CVCA, TR32_CVCA2, TR32_KEY_CVCA2);

	(void)arg;
	return tr32_start(r) && cvca_is(r, TR32_CVCA, NULL) &&
	       tr32_refused(r, "a link by another", tr32_present(r, TR32_CVCA, &link, TR32_KEY_CVCA3)) &&
	       cvca_is(r, TR32_CVCA, NULL) && torn_link(r, SOFTCHIP_TEAR_BEFORE, TR32_CVCA, NULL) &&
	       torn_link(r, SOFTCHIP_TEAR_MID_WRITE, TR32_CVCA, NULL) && torn_link(r, SOFTCHIP_TEAR_AFTER, TR32_CVCA2, TR32_CVCA);
}

/* ---- N: the authority changes its algorithm, and those below it follow */

static bool migrates(struct tr32_rig *r, int arg)
{
	bool rsa = (r->variant & TR32_RSA) != 0, good;
	struct chip_cv_key cvca, dv_key, terminal_key;
	struct chip_cv link = link_of(r, TR32_CVCA, TR32_CVCA2, TR32_KEY_CVCA2), dv = tr32_dv(r, TR32_DOMESTIC | TR32_BOTH),
		       t = tr32_terminal(r, TR32_BOTH);

	(void)arg;
	/* RSA to ECDSA, and ECDSA to another curve and hash. */
	chip_cv_key_ec(&cvca, rsa ? EC_P256 : EC_BP384, rsa ? 3 : 4);
	chip_cv_key_ec(&dv_key, cvca.curve, cvca.scheme);
	chip_cv_key_ec(&terminal_key, cvca.curve, 5);
	link.key = &cvca;
	link.with_domain = true;
	dv.car = TR32_CVCA2;
	dv.key = &dv_key;
	t.key = &terminal_key;
	good = tr32_start(r) && tr32_sw(r, "link", tr32_present(r, TR32_CVCA, &link, TR32_KEY_CVCA), 0x9000);
	if (good) {
		struct buf v = chip_cv_make(&dv, &cvca), i = chip_cv_make(&t, &dv_key);

		good = tr32_sw(r, "MSE:Set DST", chip_cv_set_dst(&r->t, TR32_CVCA2), 0x9000) &&
		       tr32_sw(r, "verifier", chip_cv_verify(&r->t, &v), 0x9000) &&
		       tr32_sw(r, "MSE:Set DST", chip_cv_set_dst(&r->t, TR32_DV), 0x9000) &&
		       tr32_sw(r, "terminal", chip_cv_verify(&r->t, &i), 0x9000) &&
		       tr32_sw(r, "authentication", chip_cv_authenticate(&r->t, TR32_IS, &terminal_key), 0x9000) &&
		       tr32_readable(r, 3);
		buf_done(&v);
		buf_done(&i);
	}
	chip_cv_key_done(&cvca);
	chip_cv_key_done(&dv_key);
	chip_cv_key_done(&terminal_key);
	return good;
}

static const struct tr32_case cases_m[] = {
	{ "ISO7816_M_1", TR32_ALL, domestic_moves_date, 0, NULL },
	{ "ISO7816_M_2", TR32_ALL, domestic_moves_date, 1, NULL },
	{ "ISO7816_M_3", TR32_ALL, new_trust_point, 0, NULL },
	{ "ISO7816_M_4", TR32_ALL, two_links, 0, NULL },
	{ "ISO7816_M_5", TR32_ALL, terminal_below_link, 0, NULL },
	{ "ISO7816_M_6", TR32_ALL, cvca_is_sane, 0, NULL },
	{ "ISO7816_N_1", TR32_ALL, migrates, 0, NULL },
};

const struct tr32_unit tr32_unit_m = { cases_m, sizeof cases_m / sizeof *cases_m };
