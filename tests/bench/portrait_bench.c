/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A full check and a full preparation of a portrait against libjpeg-turbo alone
 * decoding and encoding the same 600 x 800 photo, in turn.
 */
#include "biometrics/portrait.h"
#include "biometrics/quality.h"
#include "crypto/base/sys.h"
#include "tests/support/bench.h"

#include <stdlib.h>
#include <turbojpeg.h>

#define ROUNDS 9
#define PHOTO "tests/data/people/photos/g08.jpg"

/* CPU time: other work on the machine does not count. */
static double now_ms(void)
{
	return bench_clock_s(CLOCK_THREAD_CPUTIME_ID) * 1e3;
}

static bool bare(struct bytes photo, double *ret_decode, double *ret_both)
{
	tjhandle d = tjInitDecompress(), c = tjInitCompress();
	unsigned char *out = NULL, *pixels = malloc(600 * 800 * 3);
	unsigned long n = 0;
	double t = now_ms();
	bool ok = d && c && pixels && tjDecompress2(d, photo.p, (unsigned long)photo.n, pixels, 600, 0, 800, TJPF_RGB, 0) == 0;

	*ret_decode = now_ms() - t;
	ok = ok && tjCompress2(c, pixels, 600, 0, 800, TJPF_RGB, &out, &n, TJSAMP_420, 80, TJFLAG_ACCURATEDCT) == 0;
	*ret_both = now_ms() - t;
	tjFree(out);
	free(pixels);
	tjDestroy(d);
	tjDestroy(c);
	return ok;
}

static bool check(struct face_net *net, struct bytes photo, struct quality_report *report, struct photo *picture, double *ret)
{
	struct quality_rules rules = quality_rules_default();
	double t = now_ms();
	bool ok;

	photo_done(picture);
	ok = !cc_failed(photo_decode(photo, picture, NULL)) && !cc_failed(quality_check(net, picture, &rules, report, NULL)) &&
	     report->passes;

	*ret = now_ms() - t;
	return ok;
}

static bool make(struct face_net *net, const struct image *picture, const struct quality_report *report,
		 enum portrait_format format, double *ret)
{
	struct portrait_params params = portrait_params_default();
	struct portrait p = { 0 };
	double t = now_ms();
	bool ok;

	params.format = format;
	ok = !cc_failed(portrait_from_face(net, picture, &report->finding.face, &params, &p, NULL));

	*ret = now_ms() - t;
	portrait_done(&p);
	return ok;
}

static void figure(const char *name, double *values, double peer, const char *peer_name)
{
	double spread, value = bench_median(values, ROUNDS, &spread);

	bench_figure(name, value / peer, value, "ms", spread, peer_name);
}

int main(void)
{
	double decode[ROUNDS], both[ROUNDS], checked[ROUNDS], made[ROUNDS], made_jp2[ROUNDS], spread, d, b;
	struct face_net *net = NULL;
	struct buf photo = { 0 };
	struct photo picture = { 0 };
	struct quality_report report;
	bool ok = !cc_failed(sys_read_file(PHOTO, JPEG_BYTES_MAX, &photo, NULL)) && !cc_failed(face_net_new(&net, NULL));

	for (int i = 0; i < ROUNDS && ok; i++)
		ok = bare(buf_view(&photo), &decode[i], &both[i]) &&
		     check(net, buf_view(&photo), &report, &picture, &checked[i]) &&
		     make(net, &picture.image, &report, PORTRAIT_JPEG, &made[i]) &&
		     make(net, &picture.image, &report, PORTRAIT_JPEG2000, &made_jp2[i]);
	if (ok) {
		d = bench_median(decode, ROUNDS, &spread);
		b = bench_median(both, ROUNDS, &spread);
		figure("portrait_check_vs_decode", checked, d, "libjpeg-turbo decoding the same photo");
		figure("portrait_make_jp2_vs_transcode", made_jp2, b, "libjpeg-turbo decoding and encoding the same photo");
		figure("portrait_make_vs_transcode", made, b, "libjpeg-turbo decoding and encoding the same photo");
	}
	face_net_free(&net);
	photo_done(&picture);
	buf_done(&photo);
	return ok ? 0 : 1;
}
