/* SPDX-License-Identifier: Apache-2.0 */
#include "station/finger_match.h"

#include "biometrics/finger_template.h"
#include "card/perso/match_on_card.h"
#include "crypto/base/secret.h"
#include "station/card_books.h"
#include "station/card_inspect.h"
#include "station/issue/prepare.h"

#include <stdio.h>
#include <string.h>

#define REFERENCE_RIGHT 0x81
#define REFERENCE_LEFT 0x82

const struct option_spec finger_match_options[] = {
	{ "--template", "FILE", "minutiae of the print just taken (19794-2, 7F2E)",
	  "điểm đặc trưng của vân tay vừa lấy (19794-2, 7F2E)" },
	{ "--hand", "right|left", "which of the card's templates (right)", "mẫu của tay nào trên thẻ (right)" },
	CARD_INSPECT_KEY_OPTIONS,
	CARD_INSPECT_TRUST_OPTION,
	{ NULL, NULL, NULL, NULL },
};

static cc_status channel_failed(cc_status st, const struct channel *ch, struct cc_error *err)
{
	return cc_failed(st) ? cc_fail(err, st.code, ch->err.key, "%s", ch->err.detail) : st;
}

static cc_status select_application(const struct config *c, struct channel *ch, bool *ret_wanted, struct cc_error *err)
{
	struct prepare_settings s = { 0 };
	cc_status st = prepare_templates_settings(c, &s, err);

	if (cc_failed(st))
		return st;
	*ret_wanted = s.match_on_card.wanted;
	if (!s.match_on_card.wanted)
		return st;
	return match_on_card_select(ch, bytes_of(s.match_on_card.aid, s.match_on_card.aid_len));
}

cc_status finger_match_look(const struct config *c, struct channel *ch, struct inspection *i, struct cc_error *err)
{
	struct match_on_card_group g = { 0 };
	struct inspect_check *check;
	bool wanted = false;
	cc_status st = select_application(c, ch, &wanted, err);

	if ((!cc_failed(st) && !wanted) || i->check_count == INSPECT_CHECKS_MAX || err->code != CC_OK)
		return st;
	if (!cc_failed(st))
		st = match_on_card_list(ch, MATCH_ON_CARD_FIELD, &g);
	if (cc_failed(st) && st.code != CC_E_NOT_FOUND && st.code != CC_E_STATUS && st.code != CC_E_FORMAT)
		return channel_failed(st, ch, err);
	check = &i->checks[i->check_count++];
	*check = (struct inspect_check){ .id = "match-on-card", .result = g.count > 0 ? INSPECT_REMARK : INSPECT_NOT_APPLICABLE };
	if (g.count > 0)
		inspect_check_say(check, "%zu finger templates, references %02X to %02X", g.count, g.items[0].reference,
				  g.items[g.count - 1].reference);
	else
		inspect_check_say(check, "no such application, or no template in it");
	return cc_ok();
}

/* ---- finger match */

struct match_work {
	struct buf file;
	uint8_t reference;
	enum match_on_card_result result;
	unsigned tries;
};

static cc_status read_options(const struct invocation *inv, struct match_work *w, struct cc_error *err)
{
	const char *file = invocation_option(inv, "--template"), *hand = invocation_option(inv, "--hand");
	struct finger_template t;
	cc_status st;

	if (file == NULL)
		return cc_fail(err, CC_E_ARG, "finger.bad-option", "--template FILE is needed");
	w->reference = hand != NULL && strcmp(hand, "left") == 0 ? REFERENCE_LEFT : REFERENCE_RIGHT;
	if (hand != NULL && w->reference == REFERENCE_RIGHT && strcmp(hand, "right") != 0)
		return cc_fail(err, CC_E_ARG, "finger.bad-option", "--hand: right or left");
	st = sys_read_file(file, FINGER_TEMPLATE_BYTES_MAX, &w->file, err);
	return cc_failed(st) ? st : finger_template_parse(buf_view(&w->file), &t, err);
}

/* What the card can't take is found out before it costs a try. */
static cc_status fit(struct channel *ch, struct match_work *w, struct buf *ret, struct cc_error *err)
{
	struct buf information = { 0 };
	struct finger_template t;
	struct finger_bit bit;
	cc_status st = channel_failed(match_on_card_information(ch, &information), ch, err);

	if (!cc_failed(st) && !cc_failed(st = finger_bit_parse(buf_view(&information), &bit, err)) &&
	    !cc_failed(st = finger_template_parse(buf_view(&w->file), &t, err))) {
		finger_template_fit(&t, &bit);
		if (!cc_failed(st = finger_template_check(&t, &bit, err)))
			st = finger_template_encode(&t, ret, err);
	}
	buf_done(&information);
	return st;
}

/* One VERIFY: a try is the holder's, and never spent twice by a program. */
static cc_status verify(void *ctx, const struct invocation *inv, struct channel *ch, struct inspection *i, struct cc_error *err)
{
	struct match_work *w = ctx;
	struct buf fitted = { 0 };
	bool wanted = false;
	cc_status st;

	if (i->verdict == INSPECT_BAD)
		return cc_fail(err, CC_E_VERIFY, "issue.inspection", "the card isn't genuine: it is shown no print");
	/* A revoked card has no word on who its holder is. */
	if (cc_failed(st = card_books_refuse(&inv->config, i, err)))
		return st;
	st = select_application(&inv->config, ch, &wanted, err);
	if (cc_failed(st))
		return err->code != CC_OK ? st : channel_failed(st, ch, err);
	if (!wanted)
		return cc_fail(err, CC_E_FORMAT, "issue.setting", "chip.match-on-card: no");
	if (!cc_failed(st = fit(ch, w, &fitted, err)))
		st = channel_failed(match_on_card_verify(ch, w->reference, buf_view(&fitted), &w->result, &w->tries), ch, err);
	buf_done(&fitted);
	return st;
}

static int tell(const struct invocation *inv, const struct match_work *w)
{
	static const char *const names[] = { "match", "no-match", "blocked" };
	struct cc_error err;

	if (inv->config.json)
		(void)printf("{\"schema\": 1, \"result\": \"%s\", \"tries_left\": %u}\n", names[w->result], w->tries);
	if (w->result == MATCH_ON_CARD_MATCH) {
		if (!inv->config.json)
			(void)printf("%s\n",
				     inv->config.lang == LANG_VI ? "Vân tay khớp với thẻ." : "The print matches the card.");
		return EXIT_DONE;
	}
	cc_error_init(&err);
	(void)cc_fail(&err, CC_E_VERIFY, w->result == MATCH_ON_CARD_BLOCKED ? "finger.blocked" : "finger.no-match",
		      "%u tries left", w->tries);
	return invocation_fail(inv, &err);
}

int command_finger_match(struct invocation *inv)
{
	struct match_work w = { .result = MATCH_ON_CARD_NO_MATCH };
	struct cc_error err;
	cc_status st;
	int rc;

	cc_error_init(&err);
	st = read_options(inv, &w, &err);
	if (!cc_failed(st))
		st = card_inspect_then(inv, verify, &w, &err);
	rc = cc_failed(st) ? invocation_fail(inv, &err) : tell(inv, &w);
	buf_done(&w.file);
	return rc;
}
