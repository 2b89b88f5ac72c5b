/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/prepare.h"

#include "biometrics/finger_template.h"
#include "crypto/base/tlv.h"
#include "station/registry/fingers.h"

#include <string.h>

#define HANDS 2u
#define FINGERS_A_HAND 5u
#define REFERENCE_FIRST 0x81
#define AID_MIN 5u

cc_status prepare_templates_settings(const struct config *c, struct prepare_settings *ret, struct cc_error *err)
{
	char wanted[8], aid[2 * MATCH_ON_CARD_AID_MAX + 2];
	cc_status st = config_setting(c, "chip.match-on-card", wanted, sizeof wanted, err);

	if (!cc_failed(st))
		st = config_setting(c, "chip.match-on-card-aid", aid, sizeof aid, err);
	if (cc_failed(st))
		return st;
	ret->match_on_card.wanted = strcmp(wanted, "yes") == 0;
	if (!ret->match_on_card.wanted && strcmp(wanted, "no") != 0)
		return cc_fail(err, CC_E_FORMAT, "issue.setting", "chip.match-on-card: yes or no");
	if (!bytes_from_hex(aid, ret->match_on_card.aid, sizeof ret->match_on_card.aid, &ret->match_on_card.aid_len) ||
	    ret->match_on_card.aid_len < AID_MIN)
		return cc_fail(err, CC_E_FORMAT, "issue.setting", "chip.match-on-card-aid: 5 to 16 bytes in hex");
	return cc_ok();
}

struct personalize_templates prepared_templates(const struct prepare_settings *s, const struct prepared *p)
{
	struct personalize_templates t = { .aid = bytes_of(s->match_on_card.aid, s->match_on_card.aid_len),
					   .count = p->template_count };

	for (size_t i = 0; i < t.count; i++)
		t.items[i] = (struct personalize_template){ p->templates[i].where, buf_view(&p->templates[i].object) };
	return t;
}

static cc_status add(struct prepared *p, unsigned hand, unsigned position, struct bytes file, const struct finger_bit *bit,
		     struct cc_error *err)
{
	struct finger_template t;
	cc_status st = finger_template_parse(file, &t, err);

	if (cc_failed(st))
		return st;
	finger_template_fit(&t, bit);
	if (cc_failed(st = finger_template_check(&t, bit, err)))
		return st;
	if (!cc_failed(st = finger_template_encode(&t, &p->templates[p->template_count].object, err)))
		p->templates[p->template_count++].where =
			(struct match_on_card_reference){ (uint8_t)(REFERENCE_FIRST + hand), finger_position_subtype(position) };
	return st;
}

static unsigned first_of_hand(const struct finger_prints *prints, unsigned thumb)
{
	static const unsigned order[FINGERS_A_HAND] = { 1, 0, 2, 3, 4 };

	for (unsigned i = 0; i < FINGERS_A_HAND; i++)
		if (prints->templates[thumb + order[i]].n > 0)
			return thumb + order[i];
	return FINGER_UNKNOWN;
}

cc_status prepare_templates(struct bytes packed, struct bytes information, struct prepared *p, struct cc_error *err)
{
	static const unsigned thumbs[HANDS] = { FINGER_RIGHT_THUMB, FINGER_LEFT_THUMB };
	struct finger_prints prints;
	struct finger_bit bit;
	cc_status st = fingers_unpack(packed, &prints);

	if (cc_failed(st))
		return cc_fail(err, CC_E_VERIFY, "registry.damaged", "prints of a person");
	st = finger_bit_parse(information, &bit, err);
	for (unsigned hand = 0; hand < HANDS && !cc_failed(st); hand++) {
		unsigned position = first_of_hand(&prints, thumbs[hand]);

		if (position != FINGER_UNKNOWN)
			st = add(p, hand, position, prints.templates[position], &bit, err);
	}
	return st;
}

cc_status prepared_hash(const struct prepared *p, const struct lds_set *files, struct digest *ret)
{
	struct digest d;
	struct writer w;
	cc_status st = lds_set_hash(files, true, &d);

	if (cc_failed(st) || p->template_count == 0) {
		if (!cc_failed(st))
			*ret = d;
		return st;
	}
	writer_init(&w, 2 * FINGER_TEMPLATE_BYTES_MAX + 128);
	writer_put(&w, bytes_of(d.p, d.n));
	for (size_t i = 0; i < p->template_count; i++) {
		writer_u8(&w, p->templates[i].where.reference);
		writer_u8(&w, p->templates[i].where.subtype);
		writer_put(&w, buf_view(&p->templates[i].object));
	}
	st = cc_code_status(w.failed);
	if (!cc_failed(st))
		st = hash_digest(HASH_SHA256, writer_view(&w), ret);
	writer_done(&w);
	return st;
}
