/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command_finger_template.h"

#include "biometrics/finger_template.h"

#include <jansson.h>
#include <stdio.h>

/* `cccd finger template`: minutiae for match-on-card, held against what the card asks for. */
const struct option_spec finger_template_options[] = {
	{ "--card", "FILE", "what the card asks for: its biometric information template 7F60",
	  "yêu cầu của thẻ: biometric information template 7F60" },
	{ "-o", "FILE", "where the template that fits the card is written", "nơi ghi mẫu vừa với thẻ" },
	{ 0 },
};

struct work {
	struct buf file, card;
	struct finger_template t;
	struct finger_bit bit;
	size_t before;
	bool has_card;
};

static cc_status load(const struct invocation *inv, struct work *w, struct cc_error *err)
{
	const char *card = invocation_option(inv, "--card");
	cc_status st = sys_read_file(inv->arguments[0], FINGER_TEMPLATE_BYTES_MAX, &w->file, err);

	if (!cc_failed(st))
		st = finger_template_parse(buf_view(&w->file), &w->t, err);
	w->before = w->t.count;
	if (cc_failed(st) || card == NULL)
		return st;
	w->has_card = true;
	st = sys_read_file(card, FINGER_TEMPLATE_BYTES_MAX, &w->card, err);
	return cc_failed(st) ? st : finger_bit_parse(buf_view(&w->card), &w->bit, err);
}

/* Nothing is written that the card would refuse. */
static cc_status fit(const struct invocation *inv, struct work *w, struct cc_error *err)
{
	const char *out = invocation_option(inv, "-o");
	struct buf made = { 0 };
	cc_status st = cc_ok();

	if (w->has_card) {
		finger_template_fit(&w->t, &w->bit);
		st = finger_template_check(&w->t, &w->bit, err);
	}
	if (!cc_failed(st))
		st = finger_template_encode(&w->t, &made, err);
	if (!cc_failed(st) && out != NULL && !inv->config.dry_run)
		st = sys_write_file(out, buf_view(&made), 0600, err);
	buf_done(&made);
	return st;
}

static int tell(const struct invocation *inv, const struct work *w)
{
	json_t *o;
	int rc;

	if (!inv->config.json) {
		(void)printf(inv->config.lang == LANG_VI ? "%zu điểm đặc trưng, %zu trong tệp\n"
							 : "%zu minutiae, %zu in the file\n",
			     w->t.count, w->before);
		return EXIT_DONE;
	}
	o = json_pack("{s:i, s:I, s:I, s:b}", "schema", 1, "minutiae", (json_int_t)w->t.count, "in_file", (json_int_t)w->before,
		      "extended", w->t.extended.n > 0);
	rc = o != NULL ? json_dumpf(o, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER) : -1;
	(void)printf("\n");
	json_decref(o);
	return rc == 0 ? EXIT_DONE : EXIT_FAILED;
}

int command_finger_template(struct invocation *inv)
{
	struct work w = { .before = 0 };
	struct cc_error err;
	cc_status st;
	int code;

	cc_error_init(&err);
	st = load(inv, &w, &err);
	if (!cc_failed(st))
		st = fit(inv, &w, &err);
	code = cc_failed(st) ? invocation_fail(inv, &err) : tell(inv, &w);
	buf_done(&w.file);
	buf_done(&w.card);
	return code;
}
