/* SPDX-License-Identifier: Apache-2.0 */
#include "card/perso/profile.h"

#include "card/sw.h"

/* From the security domain's session into the match-on-card application, and back. */

static cc_status leave(struct personalize *p)
{
	channel_set_layer(p->ch, NULL);
	return personalize_select_isd(p->ch, &p->err);
}

cc_status personalize_template_information(struct personalize *p, struct bytes aid, struct buf *ret)
{
	cc_status st = match_on_card_select(p->ch, aid);

	CC_ASSERT(p->progress == PERSONALIZE_IDENTIFIED && !p->greeted);
	if (!cc_failed(st))
		st = match_on_card_information(p->ch, ret);
	if (cc_failed(st))
		return personalize_fail(p, st, "perso.templates");
	return leave(p);
}

/* Each session is one greeting and one authentication, both with the keys that the card answered to. */
static cc_status open_channel(struct personalize *p, const struct scp03_keys *keys)
{
	bool live = false;
	cc_status st;

	p->progress = PERSONALIZE_IDENTIFIED;
	if (cc_failed(st = personalize_greet(p, keys, &live)))
		return st;
	if (!live)
		return cc_fail(&p->err, CC_E_DENIED, "perso.handshake", "the card has other keys than before");
	return personalize_authenticate(p, keys);
}

static cc_status compare_list(struct personalize *p, const struct personalize_templates *t)
{
	struct match_on_card_group g;
	cc_status st = match_on_card_list(p->ch, MATCH_ON_CARD_PERSONALIZATION, &g);
	bool same;

	if (cc_failed(st))
		return personalize_fail(p, st, "perso.templates");
	same = g.count == t->count;
	for (size_t i = 0; same && i < g.count; i++)
		same = g.items[i].reference == t->items[i].where.reference && g.items[i].subtype == t->items[i].where.subtype;
	if (!same)
		return cc_fail(&p->err, CC_E_VERIFY, "perso.templates", "the card lists %zu templates, %zu were written", g.count,
			       t->count);
	return st;
}

static cc_status write_all(struct personalize *p, const struct scp03_keys *keys, const struct personalize_templates *t)
{
	cc_status st;

	channel_set_layer(p->ch, NULL);
	if (cc_failed(st = match_on_card_select(p->ch, t->aid)))
		return personalize_fail(p, st, "perso.templates");
	if (cc_failed(st = open_channel(p, keys)))
		return st;
	for (size_t i = 0; i < t->count; i++)
		if (cc_failed(st = match_on_card_store(p->ch, &t->items[i].where, t->items[i].object)))
			return personalize_fail(p, st, "perso.templates");
	return compare_list(p, t);
}

cc_status personalize_write_templates(struct personalize *p, const struct scp03_keys *keys, const struct personalize_templates *t)
{
	cc_status st;

	CC_ASSERT(p->progress == PERSONALIZE_BEGUN && t->count <= PERSONALIZE_TEMPLATES_MAX);
	if (cc_failed(st = write_all(p, keys, t)) || cc_failed(st = leave(p)) || cc_failed(st = open_channel(p, keys)))
		return st;
	return personalize_begin(p);
}

cc_status personalize_prove_templates(struct personalize *p, const struct personalize_templates *t)
{
	const struct match_on_card_reference where = t->items[0].where;
	cc_status st;

	CC_ASSERT(p->progress == PERSONALIZE_PROVED && t->count > 0);
	if (cc_failed(st = match_on_card_select(p->ch, t->aid)))
		return personalize_fail(p, st, "perso.templates");
	st = match_on_card_store(p->ch, &where, t->items[0].object);
	if (!cc_failed(st))
		return cc_fail(&p->err, CC_E_VERIFY, "perso.writable", "PUT DATA is still accepted");
	if (st.code == CC_E_STATUS)
		cc_error_init(&p->ch->err);
	return st.code == CC_E_STATUS ? leave(p) : personalize_fail(p, st, "perso.templates");
}
