/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/prepare_chip.h"

#include "crypto/cvc.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 256

static cc_status bad_setting(const char *name, const char *value, struct cc_error *err)
{
	return cc_fail(err, CC_E_FORMAT, "issue.setting", "%s: %.40s", name, value);
}

/* ---- keys */

static bool read_curve(const char *value, enum ec_curve *ret)
{
	return ec_curve_from_name(value, ret) && ec_curve_parameter_id(*ret) >= 0;
}

static cc_status read_aa_key(const struct config *c, struct prepare_settings *s, struct cc_error *err)
{
	static const struct {
		const char *name;
		unsigned bits;
	} rsa[] = { { "rsa2048", 2048 }, { "rsa3072", 3072 }, { "rsa4096", 4096 } };
	char value[VALUE_MAX];
	cc_status st = config_setting(c, "chip.aa-curve", value, sizeof value, err);

	if (cc_failed(st))
		return st;
	for (size_t i = 0; i < sizeof rsa / sizeof *rsa; i++) {
		if (strcmp(value, rsa[i].name) == 0) {
			s->aa_rsa_bits = rsa[i].bits;
			return cc_ok();
		}
	}
	return read_curve(value, &s->aa_curve) ? cc_ok() : bad_setting("chip.aa-curve", value, err);
}

static cc_status read_ca_key(const struct config *c, struct prepare_settings *s, struct cc_error *err)
{
	static const char *const groups[] = { "dh0", "dh1", "dh2" };
	char value[VALUE_MAX];
	cc_status st = config_setting(c, "chip.ca-curve", value, sizeof value, err);

	if (cc_failed(st))
		return st;
	s->ca_group = (struct agree_group){ .kind = AGREE_ECDH };
	if (read_curve(value, &s->ca_group.curve))
		return cc_ok();
	for (unsigned i = 0; i < 3; i++)
		if (strcmp(value, groups[i]) == 0 && agree_group_from_parameter_id(i, &s->ca_group))
			return cc_ok();
	return bad_setting("chip.ca-curve", value, err);
}

/* ---- chip.pace: ecdh-gm/aes128/13,dh-im/3des/0 */

static bool word_in(const char *word, const char *const *words, size_t count, size_t *ret)
{
	for (size_t i = 0; i < count; i++) {
		if (words[i] != NULL && strcmp(word, words[i]) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static bool read_id(const char *text, unsigned *ret)
{
	char *end;
	unsigned long v;

	if (text[0] < '0' || text[0] > '9')
		return false;
	v = strtoul(text, &end, 10);
	*ret = (unsigned)v;
	return *end == '\0' && v <= 31;
}

/* What the standard has. */
static bool pace_possible(const struct card_access_pace *p)
{
	struct agree_group g;

	if (!agree_group_from_parameter_id(p->parameter_id, &g))
		return false;
	/* ICAO 9303-11 4.4.3.3.3: elliptic curves alone, and no 3DES. */
	if (p->variant == CARD_ACCESS_ECDH_CAM)
		return g.kind == AGREE_ECDH && p->alg != CIPHER_TDES;
	return (g.kind == AGREE_DH) == (p->variant == 1 || p->variant == 3) && (p->variant < 3 || agree_group_maps_integrated(g));
}

static bool read_pace(char *text, struct card_access_pace *ret)
{
	static const char *const variants[] = { NULL, "dh-gm", "ecdh-gm", "dh-im", "ecdh-im", NULL, "ecdh-cam" };
	static const char *const ciphers[] = { "3des", "aes128", "aes192", "aes256" };
	static const enum cipher_alg algs[] = { CIPHER_TDES, CIPHER_AES128, CIPHER_AES192, CIPHER_AES256 };
	char *rest = text, *variant = strsep(&rest, "/"), *cipher = strsep(&rest, "/");
	size_t v, a;

	if (variant == NULL || cipher == NULL || rest == NULL ||
	    !word_in(variant, variants, sizeof variants / sizeof *variants, &v) || !word_in(cipher, ciphers, 4, &a) ||
	    !read_id(rest, &ret->parameter_id))
		return false;
	ret->variant = (uint8_t)v;
	ret->alg = algs[a];
	return pace_possible(ret);
}

static bool same_pace(const struct card_access_pace *a, const struct card_access_pace *b)
{
	return a->variant == b->variant && a->alg == b->alg && a->parameter_id == b->parameter_id;
}

static bool read_pace_list(char *text, struct card_access_settings *access)
{
	struct card_access_pace list[CARD_ACCESS_PACE_MAX] = { 0 };
	size_t n = 0;

	for (char *item; (item = strsep(&text, ",")) != NULL; n++) {
		if (n == CARD_ACCESS_PACE_MAX || !read_pace(item, &list[n]))
			return false;
		for (size_t i = 0; i < n; i++)
			if (same_pace(&list[i], &list[n]))
				return false;
	}
	access->pace_variant = list[0].variant;
	access->pace_alg = list[0].alg;
	access->pace_parameter_id = list[0].parameter_id;
	memcpy(access->more, list + 1, sizeof access->more);
	access->more_count = n - 1;
	return true;
}

static cc_status read_pace_setting(const struct config *c, struct prepare_settings *s, struct cc_error *err)
{
	char value[VALUE_MAX], text[VALUE_MAX];
	cc_status st = config_setting(c, "chip.pace", value, sizeof value, err);

	if (cc_failed(st))
		return st;
	memcpy(text, value, sizeof text);
	return read_pace_list(text, &s->access) ? cc_ok() : bad_setting("chip.pace", value, err);
}

/*
 * ICAO 9303-11 4.4.3.3.3: the static key is in the group of the mapping; 4.4.1: a chip with this mapping has one of the
 * others too, for readers that don't know it.
 */
static cc_status check_mapping(const struct prepare_settings *s, struct cc_error *err)
{
	struct card_access_pace list[CARD_ACCESS_PACE_MAX];
	size_t n = card_access_pace_list(&s->access, list), others = 0;
	struct agree_group g;

	for (size_t i = 0; i < n; i++) {
		if (list[i].variant != CARD_ACCESS_ECDH_CAM)
			others++;
		else if (!agree_group_from_parameter_id(list[i].parameter_id, &g) || !agree_group_equal(g, s->ca_group))
			return bad_setting("chip.pace", "ecdh-cam wants chip.ca-curve in its group", err);
	}
	return others > 0 ? cc_ok() : bad_setting("chip.pace", "ecdh-cam wants gm or im beside it", err);
}

/* ---- chip.cvca */

/* A self-signed certificate of a country authority for inspection systems: what a chip takes as its first trust point. */
static bool is_root(struct bytes file)
{
	struct cvc cert;

	return !cc_failed(cvc_parse(file, &cert, NULL)) && !cert.is_request && cert.chat.role == CVC_ROLE_CVCA &&
	       cert.chat.terminal == CVC_INSPECTION_SYSTEM && strcmp(cert.car, cert.chr) == 0 &&
	       !cc_failed(cvc_verify(&cert, &cert.key));
}

static cc_status read_cvca(const struct config *c, struct prepare_settings *s, struct cc_error *err)
{
	char value[VALUE_MAX], path[PATH_MAX];
	cc_status st = config_setting(c, "chip.cvca", value, sizeof value, err);

	if (cc_failed(st) || value[0] == '\0')
		return st;
	if (value[0] == '/')
		(void)snprintf(path, sizeof path, "%s", value);
	else
		config_path(c, value, path);
	if (cc_failed(st = sys_read_file(path, CVC_LEN_MAX, &s->cvca, err)))
		return st;
	if (is_root(buf_view(&s->cvca)))
		return cc_ok();
	buf_done(&s->cvca);
	return bad_setting("chip.cvca", value, err);
}

cc_status prepare_chip_settings(const struct config *c, struct prepare_settings *ret, struct cc_error *err)
{
	cc_status st;

	if (cc_failed(st = read_aa_key(c, ret, err)) || cc_failed(st = read_ca_key(c, ret, err)) ||
	    cc_failed(st = read_pace_setting(c, ret, err)) || cc_failed(st = check_mapping(ret, err)))
		return st;
	ret->access.ca_alg = ret->ca_alg;
	ret->access.ca_kind = ret->ca_group.kind;
	return read_cvca(c, ret, err);
}
