/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/prepare.h"

#include "card/access/pace.h"
#include "card/lds/dg1.h"
#include "card/lds/ef_com.h"
#include "card/lds/mrz.h"
#include "crypto/base/secret.h"
#include "crypto/base/tlv.h"
#include "station/issue/prepare_chip.h"
#include "station/message.h"
#include "station/portrait_dg2.h"
#include "station/portrait_rules.h"
#include "station/registry/vietnamese.h"

#include <stdio.h>
#include <string.h>

#define FILE_MAX 65535
#define DOCUMENT_NUMBER_LEN 9
#define CAN_LEN 6
/* The data groups of all our cards: DG1, DG13, DG14, DG15. */
#define DATA_GROUPS ((uint32_t)(1u << 0 | 1u << 12 | 1u << 13 | 1u << 14))
#define DATA_GROUP_2 ((uint32_t)(1u << 1))
#define DATA_GROUP_3 ((uint32_t)(1u << 2))

uint32_t prepare_data_groups(const struct prepare_settings *s, bool face)
{
	if (!face)
		return DATA_GROUPS;
	return DATA_GROUPS | DATA_GROUP_2 | (s->fingers.wanted ? DATA_GROUP_3 : 0);
}

/* ---- settings */

static cc_status bad_setting(const char *name, const char *value, struct cc_error *err)
{
	return cc_fail(err, CC_E_FORMAT, "issue.setting", "%s: %.40s", name, value);
}

static cc_status read_hash(const struct config *c, const char *name, enum hash_alg *ret, struct cc_error *err)
{
	char value[64];
	cc_status st = config_setting(c, name, value, sizeof value, err);

	if (!cc_failed(st) && !hash_from_name(value, ret))
		st = bad_setting(name, value, err);
	return st;
}

/* The setting's place in a list of words. */
static cc_status read_choice(const struct config *c, const char *name, const char *const *words, size_t count, size_t *ret,
			     struct cc_error *err)
{
	char value[64];
	cc_status st = config_setting(c, name, value, sizeof value, err);

	if (cc_failed(st))
		return st;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(value, words[i]) == 0) {
			*ret = i;
			return cc_ok();
		}
	}
	return bad_setting(name, value, err);
}

static cc_status read_words(const struct config *c, struct prepare_settings *s, struct cc_error *err)
{
	static const char *const ciphers[] = { "3des", "aes128", "aes192", "aes256" };
	static const enum cipher_alg algs[] = { CIPHER_TDES, CIPHER_AES128, CIPHER_AES192, CIPHER_AES256 };
	static const char *const versions[] = { "1.7", "1.8" }, *const codes[] = { "0107", "0108" };
	static const char *const sods[] = { "0", "1" }, *const cases[] = { "registry", "upper" };
	static const char *const params[] = { "named", "explicit" }, *const gates[] = { "standard", "hard", "none" };
	static const char *const paddings[] = { "pss", "pkcs1" }, *const readers[] = { "off", "warn", "hold" };
	size_t cipher = 0, version = 0, sod = 0, name_case = 0, param = 0, gate = 0, padding = 0, reader = 0;
	cc_status st;

	if (cc_failed(st = read_choice(c, "chip.ca-cipher", ciphers, 4, &cipher, err)) ||
	    cc_failed(st = read_choice(c, "lds.version", versions, 2, &version, err)) ||
	    cc_failed(st = read_choice(c, "lds.sod-version", sods, 2, &sod, err)) ||
	    cc_failed(st = read_choice(c, "dg13.name-case", cases, 2, &name_case, err)) ||
	    cc_failed(st = read_choice(c, "photo.gate", gates, 3, &gate, err)) ||
	    cc_failed(st = read_choice(c, "pki.rsa-padding", paddings, 2, &padding, err)) ||
	    cc_failed(st = read_choice(c, "issue.readers", readers, 3, &reader, err)) ||
	    cc_failed(st = read_choice(c, "pki.ec-parameters", params, 2, &param, err)))
		return st;
	s->gate = (enum prepare_gate)gate;
	s->readers = (enum prepare_readers)reader;
	s->ca_alg = algs[cipher];
	memcpy(s->lds_version, codes[version], sizeof s->lds_version);
	s->sod_version = (unsigned)sod;
	s->name_upper = name_case == 1;
	s->rsa_pss = padding == 0;
	s->params = param == 1 ? EC_PARAMS_EXPLICIT : EC_PARAMS_NAMED;
	return cc_ok();
}

cc_status prepare_settings_read(const struct config *c, struct prepare_settings *ret, struct cc_error *err)
{
	struct prepare_settings s = { .access = card_access_default() };
	char ages[64], feb_29[64];
	cc_status st;

	if (cc_failed(st = read_words(c, &s, err)) || cc_failed(st = portrait_params_load(c, &s.portrait, err)) ||
	    cc_failed(st = portrait_policy_load(c, &s.record, err)) ||
	    cc_failed(st = face_cross_check_load(c, &s.cross_check, err)) ||
	    cc_failed(st = portrait_rules_load(c, &s.photo_rules, err)) ||
	    cc_failed(st = prepare_fingers_settings_read(c, &s.fingers, err)) ||
	    cc_failed(st = prepare_templates_settings(c, &s, err)) ||
	    cc_failed(st = read_hash(c, "chip.aa-hash", &s.aa_hash, err)) ||
	    cc_failed(st = read_hash(c, "pki.hash", &s.sod_hash, err)) ||
	    cc_failed(st = config_setting(c, "rules.exchange-ages", ages, sizeof ages, err)) ||
	    cc_failed(st = config_setting(c, "rules.birthday-feb-29", feb_29, sizeof feb_29, err)) ||
	    cc_failed(st = validity_rules_parse(ages, feb_29, &s.rules, err)))
		return st;
	/* Last of all that may be refused: it owns something. */
	if (cc_failed(st = prepare_chip_settings(c, &s, err)))
		return st;
	if (cc_failed(st = image_worker_open(c, &s.images, err)))
		buf_done(&s.cvca);
	else
		*ret = s;
	return st;
}

void prepare_settings_done(struct prepare_settings *s)
{
	image_worker_free(&s->images);
	buf_done(&s->cvca);
}

void prepared_done(struct prepared *p)
{
	lds_set_done(&p->files);
	for (size_t i = 0; i < PERSONALIZE_TEMPLATES_MAX; i++)
		buf_done(&p->templates[i].object);
	cc_wipe(p, sizeof *p);
}

struct personalize_key_request prepare_key_request(const struct prepare_settings *s, enum personalize_key which)
{
	if (which == PERSONALIZE_KEY_AA)
		return (struct personalize_key_request){
			.which = which, .curve = s->aa_curve, .rsa_bits = s->aa_rsa_bits, .aa_hash = s->aa_hash
		};
	return (struct personalize_key_request){ .which = which,
						 .curve = s->ca_group.curve,
						 .is_dh = s->ca_group.kind == AGREE_DH,
						 .group = s->ca_group.group,
						 .ca_alg = s->ca_alg };
}

struct personalize_data prepared_data(const struct prepare_settings *s, const struct prepared *p, int64_t now_s)
{
	struct personalize_data d = { .files = &p->files, .cvca = buf_view(&s->cvca) };

	(void)snprintf(d.cvca_date, sizeof d.cvca_date, "%06u", (unsigned)(cvc_date_of(now_s) % 1000000));

	memcpy(d.mrz_info, p->mrz_info, sizeof d.mrz_info);
	memcpy(d.can, p->can, sizeof d.can);
	return d;
}

/* ---- dates of the card */

static struct date issue_date(const struct person *person, struct date today)
{
	return person->issued.year ? person->issued : today;
}

bool prepare_has_face(const struct prepare_settings *s, const struct person *person, struct date today)
{
	return registry_has_face(&s->rules, person, today);
}

/* *ret_has false: no expiry. */
static cc_status expiry_date(const struct prepare_settings *s, const struct person *person, struct date today, struct date *ret,
			     bool *ret_has, struct cc_error *err)
{
	switch (person->expiry_kind) {
	case EXPIRY_NONE:
		*ret_has = false;
		return cc_ok();
	case EXPIRY_DATE:
		*ret = person->expiry;
		*ret_has = true;
		return cc_ok();
	case EXPIRY_BY_RULE:
		break;
	}
	if (date_precision(person->birth) != DATE_DAY)
		return cc_fail(err, CC_E_HELD, "registry.birth-incomplete", "the expiry rule needs a full birth date");
	*ret_has = validity_expiry(&s->rules, person->birth, issue_date(person, today), ret);
	return cc_ok();
}

/* ---- DG1 */

static cc_status make_dg1(const struct prepare_settings *s, const struct person *person, struct date today, struct prepared *p,
			  struct cc_error *err)
{
	char name[PERSON_NAME_SIZE], birth[7], expiry[7] = "991231", text[MRZ_TEXT_MAX + 1], info[64];
	struct mrz_cccd fields = { person->number, name, birth, person->sex == SEX_MALE ? 'M' : 'F', expiry };
	const char *document = person->number + strlen(person->number) - DOCUMENT_NUMBER_LEN;
	struct date until;
	bool has = false;
	cc_status st;

	if (cc_failed(st = expiry_date(s, person, today, &until, &has, err)))
		return st;
	date_format_mrz(person->birth, birth);
	if (has)
		date_format_mrz(until, expiry);
	if (cc_failed(st = vietnamese_to_latin(person->full_name, name, sizeof name)))
		st = cc_fail(err, st.code, "issue.text", "name");
	else if (!cc_failed(st = mrz_cccd_write(&fields, text, &p->name_truncated, err)) &&
		 !cc_failed(st = dg1_encode(text, &p->files.files[LDS_DG1], err)) &&
		 !cc_failed(st = pace_mrz_input(document, birth, expiry, info))) {
		CC_ASSERT(strlen(info) <= PERSONALIZE_MRZ_INFO_MAX);
		memcpy(p->mrz_info, info, strlen(info) + 1);
	}
	cc_wipe(info, sizeof info);
	cc_wipe(text, sizeof text);
	cc_wipe(name, sizeof name);
	return st;
}

/* ---- DG2 */

/* Whether this measure keeps the photo from becoming a card: a soft one not when a supervisor took it upon himself. */
static bool is_barred(const struct prepare_settings *s, const struct quality_report *r, const struct portrait_case *c, size_t m)
{
	const struct quality_rule *rule = &s->photo_rules.rule[m];

	if (r->result[m].defect == NULL)
		return false;
	return rule->hard || (s->gate != PREPARE_GATE_HARD && !portrait_case_overrides(c, rule->name));
}

/* The first defect decides which sentence the officer reads; `cccd portrait check` tells them all. */
static cc_status pass_gate(const struct prepare_settings *s, const struct quality_report *r, const struct portrait_case *c,
			   struct cc_error *err)
{
	char key[64];

	for (size_t m = 0; m < QUALITY_MEASURES; m++) {
		if (!is_barred(s, r, c, m))
			continue;
		(void)snprintf(key, sizeof key, "portrait.%s", r->result[m].defect);
		/* the message's key lives as long as the program, this one does not */
		return cc_fail(err, CC_E_HELD, message_find(key)->key, "photo: %s", r->result[m].defect);
	}
	return r->finding.count == 1 ? cc_ok() : cc_fail(err, CC_E_HELD, "portrait.no_face", "photo: no face to cut to");
}

/* A photo judged and cut by the standard's geometry, with the centres of the eyes. */
static cc_status judged_portrait(const struct prepare_settings *s, const struct photo *photo, const struct portrait_case *c,
				 struct portrait *ret, struct cc_error *err)
{
	struct quality_report *report = cc_alloc(sizeof *report);
	struct face_net *net = NULL;
	cc_status st;

	if (report == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "photo");
	if (cc_failed(st = face_net_new(&net, err)) || cc_failed(st = quality_check(net, photo, &s->photo_rules, report, err)) ||
	    cc_failed(st = face_cross_check_apply(&s->cross_check, &photo->image, &s->photo_rules, report, err)) ||
	    cc_failed(st = pass_gate(s, report, c, err)))
		goto out;
	st = portrait_from_face(net, &photo->image, &report->finding.face, &s->portrait, ret, err);
out:
	face_net_free(&net);
	cc_free(report, sizeof *report);
	return st;
}

static cc_status make_dg2(const struct prepare_settings *s, const struct person *person, struct bytes file,
			  const struct portrait_case *c, struct prepared *p, struct cc_error *err)
{
	bool judged = s->gate != PREPARE_GATE_NONE;
	const struct portrait_subject subject = { .male = person->sex == SEX_MALE, .eyes_known = judged };
	struct portrait portrait = { 0 };
	struct photo photo = { 0 };
	cc_status st = image_worker_decode(s->images, file, &photo, err);

	if (!cc_failed(st))
		st = judged ? judged_portrait(s, &photo, c, &portrait, err)
			    : portrait_make(&photo.image, &s->portrait, &portrait, err);
	if (!cc_failed(st))
		st = portrait_dg2_make(&portrait, &subject, c->choice.record, FILE_MAX, &p->files.files[lds_dg(2)], err);
	photo_done(&photo);
	portrait_done(&portrait);
	return st;
}

/* ---- the rest that needs no chip */

cc_status prepare_person(const struct prepare_settings *s, const struct person *person, struct bytes photo,
			 const struct portrait_case *portrait, struct date today, struct prepared *ret, struct cc_error *err)
{
	bool face = prepare_has_face(s, person, today);
	struct prepared p = { 0 };
	struct ef_com com;
	cc_status st;

	memcpy(p.can, person->number + strlen(person->number) - CAN_LEN, CAN_LEN);
	if (cc_failed(st = make_dg1(s, person, today, &p, err)) ||
	    (face && cc_failed(st = make_dg2(s, person, photo, portrait, &p, err))) ||
	    cc_failed(st = card_access_encode(&s->access, &p.files.files[LDS_CARD_ACCESS], err)) ||
	    cc_failed(st = ef_com_make(s->lds_version, prepare_data_groups(s, face), &com, err)) ||
	    cc_failed(st = ef_com_encode(&com, &p.files.files[LDS_COM], err)))
		goto out;
	*ret = p;
	return st;
out:
	prepared_done(&p);
	return st;
}

cc_status prepare_dg3(const struct prepare_settings *s, const struct person *person, struct bytes packed, struct prepared *p,
		      struct cc_error *err)
{
	return prepare_fingers(&s->fingers, s->images, person, packed, &p->files.files[lds_dg(3)], err);
}

/* What this person's data make readers lose; what every card of the profile has is `card lint`'s to tell. */
static cc_status ask_readers(const struct prepare_settings *s, struct prepared *p, struct cc_error *err)
{
	const struct will_chip chip = will_chip_default();
	struct will_report *r = cc_alloc(sizeof *r);

	if (r == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "readers");
	will_it_read(&p->files, &chip, r);
	p->lost_count = 0;
	for (size_t i = 0; i < r->count && p->lost_count < PREPARE_LOST_MAX; i++) {
		if (r->items[i].by_person && r->items[i].effect >= WILL_LOSE)
			p->lost[p->lost_count++] = r->items[i];
	}
	cc_free(r, sizeof *r);
	if (p->lost_count > 0 && s->readers == PREPARE_READERS_HOLD)
		return cc_fail(err, CC_E_HELD, "issue.readers", "%s, %s: %s", p->lost[0].family->id, p->lost[0].rule,
			       p->lost[0].detail);
	return cc_ok();
}

cc_status prepare_chip_id(const struct prepare_settings *s, const struct person *person, struct date today, const char *serial,
			  struct prepared *p, struct cc_error *err)
{
	char name[PERSON_NAME_SIZE], birth[DATE_TEXT_SIZE], issued[DATE_TEXT_SIZE], expiry[32] = "Không thời hạn";
	struct dg13 d = {
		.number = bytes_str(person->number),
		.nationality = bytes_str(person->nationality),
		.sex = bytes_str(person_sex_card(person->sex)),
		.ethnicity = bytes_str(person->ethnicity),
		.religion = bytes_str(person->religion),
		.origin = bytes_str(person->origin),
		.residence = bytes_str(person->residence),
		.marks = bytes_str(person->marks),
		.father = bytes_str(person->father),
		.mother = bytes_str(person->mother),
		.spouse = bytes_str(person->spouse),
		.old_number = bytes_str(person->old_cmnd),
		.chip_id = bytes_str(serial),
	};
	struct date until;
	bool has = false;
	cc_status st;

	if (cc_failed(st = expiry_date(s, person, today, &until, &has, err)))
		return st;
	(void)snprintf(name, sizeof name, "%s", person->full_name);
	if (s->name_upper && cc_failed(st = vietnamese_upper(person->full_name, name, sizeof name)))
		return cc_fail(err, st.code, "issue.text", "name");
	if (date_precision(person->birth) == DATE_DAY)
		date_format_card(person->birth, birth);
	else
		date_format(person->birth, birth);
	date_format_card(issue_date(person, today), issued);
	if (has)
		date_format_card(until, expiry);
	d.name = bytes_str(name);
	d.birth = bytes_str(birth);
	d.issued = bytes_str(issued);
	d.expiry = bytes_str(expiry);
	st = dg13_encode(&d, &p->files.files[lds_dg(13)], &p->warnings, err);
	if (!cc_failed(st) && s->readers != PREPARE_READERS_OFF)
		st = ask_readers(s, p, err);
	cc_wipe(name, sizeof name);
	return st;
}

/* ---- packet: 30 { 80 MRZ information, 81 CAN, A2 { 02 number of the file, 04 bytes } ..., A3 { 80 reference, 81 subtype, 04
 * template } ... } */

#define PACKET_MAX (1u << 18)

cc_status prepared_encode(const struct prepared *p, struct buf *ret)
{
	struct writer w;
	cc_status st;

	writer_init(&w, PACKET_MAX);
	tlv_open(&w, 0x30);
	tlv_put(&w, 0x80, bytes_str(p->mrz_info));
	tlv_put(&w, 0x81, bytes_str(p->can));
	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		if (!lds_set_has(&p->files, (enum lds_file)f))
			continue;
		tlv_open(&w, 0xA2);
		der_put_uint(&w, f);
		tlv_put(&w, 0x04, lds_set_get(&p->files, (enum lds_file)f));
		tlv_close(&w);
	}
	for (size_t i = 0; i < p->template_count; i++) {
		tlv_open(&w, 0xA3);
		tlv_put_u8(&w, 0x80, p->templates[i].where.reference);
		tlv_put_u8(&w, 0x81, p->templates[i].where.subtype);
		tlv_put(&w, 0x04, buf_view(&p->templates[i].object));
		tlv_close(&w);
	}
	tlv_close(&w);
	st = writer_finish(&w, ret);
	writer_done(&w);
	return st;
}

static bool take_text(struct cursor *in, uint32_t tag, char *out, size_t cap)
{
	struct bytes v;

	if (!tlv_expect_bytes(in, TLV_STRICT, tag, &v) || v.n >= cap)
		return cursor_fail(in);
	if (v.n)
		memcpy(out, v.p, v.n);
	out[v.n] = '\0';
	return true;
}

static cc_status decode_files(struct cursor *body, struct prepared *p)
{
	struct cursor item;
	struct bytes file;
	uint64_t f;
	cc_status st;

	while (tlv_is_next(body, 0xA2)) {
		if (!tlv_expect(body, TLV_STRICT, 0xA2, &item) || !der_uint(&item, &f) || f >= LDS_FILE_COUNT ||
		    lds_set_has(&p->files, (enum lds_file)f) || !tlv_expect_bytes(&item, TLV_STRICT, 0x04, &file) ||
		    cc_failed(cursor_end(&item)))
			return cc_code_status(CC_E_FORMAT);
		if (cc_failed(st = lds_set_put(&p->files, (enum lds_file)f, file)))
			return st;
	}
	return cc_ok();
}

static bool take_byte(struct cursor *in, uint32_t tag, uint8_t *ret)
{
	struct cursor v;

	return tlv_expect(in, TLV_STRICT, tag, &v) && cursor_u8(&v, ret) && !cc_failed(cursor_end(&v));
}

static cc_status decode_templates(struct cursor *body, struct prepared *p)
{
	struct match_on_card_reference where;
	struct cursor item;
	struct bytes object;
	cc_status st;

	while (cursor_left(body) != 0) {
		if (p->template_count == PERSONALIZE_TEMPLATES_MAX || !tlv_expect(body, TLV_STRICT, 0xA3, &item) ||
		    !take_byte(&item, 0x80, &where.reference) || !take_byte(&item, 0x81, &where.subtype) ||
		    !tlv_expect_bytes(&item, TLV_STRICT, 0x04, &object) || object.n == 0 || cc_failed(cursor_end(&item)))
			return cc_code_status(CC_E_FORMAT);
		if (cc_failed(st = buf_copy(&p->templates[p->template_count].object, object)))
			return st;
		p->templates[p->template_count++].where = where;
	}
	return cursor_end(body);
}

cc_status prepared_decode(struct bytes packet, struct prepared *ret)
{
	struct prepared p = { 0 };
	struct cursor in, body;
	cc_status st;

	cursor_init(&in, packet);
	if (!tlv_expect(&in, TLV_STRICT, 0x30, &body) || cc_failed(cursor_end(&in)) ||
	    !take_text(&body, 0x80, p.mrz_info, sizeof p.mrz_info) || !take_text(&body, 0x81, p.can, sizeof p.can))
		st = cc_code_status(CC_E_FORMAT);
	else
		st = decode_files(&body, &p);
	if (!cc_failed(st))
		st = decode_templates(&body, &p);
	if (!cc_failed(st))
		*ret = p;
	else
		prepared_done(&p);
	return st;
}
