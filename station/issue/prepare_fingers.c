/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/prepare_fingers.h"

#include "card/lds/dg3.h"
#include "station/registry/fingers.h"

#include <string.h>

#define HANDS 2u
#define FINGERS_A_HAND 5u
#define FILLER_LEN 16u

cc_status prepare_fingers_settings_read(const struct config *c, struct prepare_fingers_settings *ret, struct cc_error *err)
{
	struct prepare_fingers_settings s = { .sys = c->sys };
	char wanted[8];
	int64_t bytes_max = 0;
	cc_status st = config_setting(c, "dg3", wanted, sizeof wanted, err);

	if (!cc_failed(st))
		st = config_setting_int(c, "dg3.bytes-max", &bytes_max, err);
	if (!cc_failed(st))
		st = finger_params_load(c, &s.params, err);
	if (!cc_failed(st))
		st = finger_rules_load(c, &s.rules, err);
	if (cc_failed(st))
		return st;
	s.wanted = strcmp(wanted, "yes") == 0;
	if (!s.wanted && strcmp(wanted, "no") != 0)
		return cc_fail(err, CC_E_FORMAT, "issue.setting", "dg3: yes or no");
	if (bytes_max < 1000 || bytes_max > 65535)
		return cc_fail(err, CC_E_FORMAT, "issue.setting", "dg3.bytes-max: 1000 to 65535");
	s.bytes_max = (size_t)bytes_max;
	*ret = s;
	return st;
}

/* One hand's print on its way into DG3. */
struct hand {
	unsigned position; /* 0: none */
	uint8_t subtype;
	struct buf record;
};

/* The record of one finger; *ret_passes: it passed the checks. */
static cc_status make_record(const struct prepare_fingers_settings *s, struct image_worker *images, unsigned position,
			     struct bytes file, struct buf *ret, bool *ret_passes, struct cc_error *err)
{
	struct finger_file *f = cc_alloc(sizeof *f);
	struct finger_report report;
	cc_status st;

	if (f == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "prints");
	st = finger_file_read(images, file, f, err);
	if (!cc_failed(st) && f->count != 1)
		st = cc_fail(err, CC_E_FORMAT, "finger.bad-option", "%zu prints for one finger", f->count);
	if (!cc_failed(st))
		st = finger_quality_check(&f->entries[0].image, f->entries[0].ppi, &s->rules, &report, err);
	if (!cc_failed(st))
		st = finger_make_record(&f->entries[0], position, FINGER_QUALITY_UNKNOWN, &s->params, ret, err);
	if (!cc_failed(st))
		*ret_passes = report.passes;
	finger_file_done(f);
	cc_free(f, sizeof *f);
	return st;
}

static cc_status take_hand(const struct prepare_fingers_settings *s, struct image_worker *images,
			   const struct finger_prints *prints, unsigned thumb, struct hand *ret, struct cc_error *err)
{
	static const unsigned order[FINGERS_A_HAND] = { 1, 0, 2, 3, 4 };
	bool passes = false;
	cc_status st = cc_ok();

	for (unsigned i = 0; i < FINGERS_A_HAND && !passes && !cc_failed(st); i++) {
		unsigned position = thumb + order[i];
		struct buf record = { 0 };

		if (prints->files[position].n == 0)
			continue;
		st = make_record(s, images, position, prints->files[position], &record, &passes, err);
		if (!cc_failed(st) && (passes || ret->position == 0)) {
			buf_move(&ret->record, &record);
			ret->position = position;
			ret->subtype = finger_position_subtype(position);
		}
		buf_done(&record);
	}
	return st;
}

static bool has_reasons(const struct person *person, unsigned thumb)
{
	for (unsigned i = 0; i < FINGERS_A_HAND; i++)
		if (person->finger_missing[thumb + i] == FINGER_PRESENT)
			return false;
	return true;
}

/* ICAO 9303-10 4.7.3: without any print, random bytes keep the hash from telling so. */
static cc_status encode(const struct prepare_fingers_settings *s, const struct hand hands[HANDS], struct buf *ret,
			struct cc_error *err)
{
	uint8_t filler[FILLER_LEN];
	struct dg3 d = { .count = 0 };
	cc_status st;

	for (unsigned i = 0; i < HANDS; i++)
		if (hands[i].position != 0)
			d.items[d.count++] = dg3_template_finger(&hands[i].subtype, buf_view(&hands[i].record));
	if (d.count == 0) {
		st = sys_random(s->sys, filler, sizeof filler);
		if (cc_failed(st))
			return cc_fail(err, st.code, "crypto.failed", "random");
		d.filler = bytes_of(filler, sizeof filler);
	}
	return dg3_encode(&d, s->bytes_max, ret, err);
}

cc_status prepare_fingers(const struct prepare_fingers_settings *s, struct image_worker *images, const struct person *person,
			  struct bytes packed, struct buf *ret, struct cc_error *err)
{
	static const unsigned thumbs[HANDS] = { FINGER_RIGHT_THUMB, FINGER_LEFT_THUMB };
	struct hand hands[HANDS] = { 0 };
	struct finger_prints prints;
	cc_status st = cc_ok();

	if (!s->wanted)
		return st;
	if (cc_failed(st = fingers_unpack(packed, &prints)))
		return cc_fail(err, CC_E_VERIFY, "registry.damaged", "prints of a person");
	for (unsigned i = 0; i < HANDS && !cc_failed(st); i++) {
		st = take_hand(s, images, &prints, thumbs[i], &hands[i], err);
		if (!cc_failed(st) && hands[i].position == 0 && !has_reasons(person, thumbs[i]))
			st = cc_fail(err, CC_E_HELD, "finger.not-taken", "%s hand", i == 0 ? "right" : "left");
	}
	if (!cc_failed(st))
		st = encode(s, hands, ret, err);
	for (unsigned i = 0; i < HANDS; i++)
		buf_done(&hands[i].record);
	return st;
}
