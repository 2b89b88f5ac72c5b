/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command_portrait.h"

#include "crypto/base/secret.h"
#include "station/face_cross_check.h"
#include "station/image_worker.h"
#include "station/portrait_case.h"
#include "station/portrait_rules.h"
#include "station/registry/number.h"
#include "station/registry_session.h"

#include <stdio.h>
#include <string.h>

/*
 * `cccd portrait override NUMBER --check ID --reason TEXT --officer NAME`: a
 * supervisor takes a soft check upon himself, for one photo of one person. The
 * photo is judged anew: only what fails can be overridden, and no hard check.
 */
const struct option_spec portrait_override_options[] = {
	{ "--check", "ID", "the check that fails, as in cccd portrait check",
	  "tiêu chí không đạt, như trong cccd portrait check" },
	{ "--reason", "TEXT", "why the photo is good enough", "lý do ảnh vẫn dùng được" },
	{ "--officer", "NAME", "the supervisor who decides", "người phụ trách quyết định" },
	{ 0 },
};

struct request {
	struct portrait_override override;
	const char *number, *reason;
};

static bool is_plain_text(const char *s, size_t max)
{
	size_t n = s != NULL ? strlen(s) : 0;

	if (n == 0 || n > max)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == ';' || s[i] == '=')
			return false;
	return true;
}

static cc_status read_request(const struct invocation *inv, struct request *ret, struct cc_error *err)
{
	const char *check = invocation_option(inv, "--check"), *officer = invocation_option(inv, "--officer");

	ret->number = inv->arguments[0];
	ret->reason = invocation_option(inv, "--reason");
	if (!number_is_well_formed(bytes_str(ret->number)))
		return cc_fail(err, CC_E_ARG, "issue.number", "12 digits are needed");
	if (!is_plain_text(check, sizeof ret->override.check - 1) || !is_plain_text(officer, sizeof ret->override.officer - 1) ||
	    ret->reason == NULL || ret->reason[0] == '\0' || strlen(ret->reason) > PORTRAIT_REASON_MAX)
		return cc_fail(err, CC_E_ARG, "portrait.bad-option", "--check, --reason and --officer are needed");
	(void)snprintf(ret->override.check, sizeof ret->override.check, "%s", check);
	(void)snprintf(ret->override.officer, sizeof ret->override.officer, "%s", officer);
	return cc_ok();
}

static cc_status judge(struct invocation *inv, struct bytes file, struct quality_rules *rules, struct quality_report *ret,
		       struct cc_error *err)
{
	struct image_worker *images = NULL;
	struct face_net *net = NULL;
	struct face_cross_check cross_check;
	struct photo photo = { 0 };
	cc_status st;

	if (!cc_failed(st = portrait_rules_load(&inv->config, rules, err)) &&
	    !cc_failed(st = face_cross_check_load(&inv->config, &cross_check, err)) &&
	    !cc_failed(st = image_worker_open(&inv->config, &images, err)) && !cc_failed(st = face_net_new(&net, err)) &&
	    !cc_failed(st = image_worker_decode(images, file, &photo, err)) &&
	    !cc_failed(st = quality_check(net, &photo, rules, ret, err)))
		st = face_cross_check_apply(&cross_check, &photo.image, rules, ret, err);
	photo_done(&photo);
	face_net_free(&net);
	image_worker_free(&images);
	return st;
}

/* The check by its own name, or by that of its defect when just one measure failed with it; then under its own name. */
static cc_status may_override(const struct quality_rules *rules, const struct quality_report *r, struct portrait_override *o,
			      struct cc_error *err)
{
	const struct quality_rule *rule = NULL;
	bool known = false;

	for (unsigned i = 0; i < QUALITY_MEASURES && rule == NULL; i++) {
		bool same = strcmp(rules->rule[i].name, o->check) == 0;

		known = known || same;
		if (r->result[i].defect != NULL && (same || strcmp(r->result[i].defect, o->check) == 0))
			rule = &rules->rule[i];
	}
	if (rule == NULL)
		return cc_fail(err, CC_E_ARG, known ? "portrait.override-needless" : "portrait.override-unknown", "%s", o->check);
	if (rule->hard)
		return cc_fail(err, CC_E_DENIED, "portrait.override-hard", "%s", rule->name);
	(void)snprintf(o->check, sizeof o->check, "%s", rule->name);
	return cc_ok();
}

static cc_status book(struct registry_session *s, struct request *req, struct bytes photo)
{
	struct quality_report *report = cc_alloc(sizeof *report);
	struct quality_rules rules;
	struct books *books = NULL;
	cc_status st;

	if (report == NULL)
		return cc_fail(&s->err, CC_E_MEMORY, "memory", "photo");
	if (!cc_failed(st = judge(s->inv, photo, &rules, report, &s->err)))
		st = may_override(&rules, report, &req->override, &s->err);
	if (!cc_failed(st) && !s->inv->config.dry_run &&
	    !cc_failed(st = books_open(s->store, s->ks, s->inv->config.sys, NULL, &books, &s->err)))
		st = portrait_override_add(books, req->number, photo, &req->override, req->reason, &s->err);
	books_close(&books);
	cc_free(report, sizeof *report);
	return st;
}

static cc_status find_photo(struct registry_session *s, const char *number, struct buf *ret)
{
	struct person *person = cc_alloc(sizeof *person);
	cc_status st;

	if (person == NULL)
		return cc_fail(&s->err, CC_E_MEMORY, "memory", "person");
	st = registry_find(s->registry, number, person, ret, &s->err);
	if (!cc_failed(st) && ret->n == 0)
		st = cc_fail(&s->err, CC_E_HELD, "registry.no-photo", "photo");
	cc_free(person, sizeof *person);
	return st;
}

static void tell(const struct registry_session *s, const struct request *req)
{
	if (s->inv->config.json)
		registry_session_print(json_pack("{s:i, s:s, s:s, s:s}", "schema", 1, "number", req->number, "check",
						 req->override.check, "officer", req->override.officer));
	else
		(void)printf("%s: %s, %s\n",
			     registry_session_pick(s, "Đã ghi nhận việc bỏ qua tiêu chí ảnh", "the photo check is overridden"),
			     req->override.check, req->override.officer);
}

int command_portrait_override(struct invocation *inv)
{
	struct registry_session s = { .inv = inv };
	struct request req = { 0 };
	struct buf photo = { 0 };
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	if (cc_failed(read_request(inv, &req, &err)))
		return invocation_fail(inv, &err);
	st = registry_session_open(&s);
	if (!cc_failed(st) && !cc_failed(st = find_photo(&s, req.number, &photo)) &&
	    !cc_failed(st = book(&s, &req, buf_view(&photo))))
		tell(&s, &req);
	buf_done(&photo);
	return registry_session_close(&s, st, EXIT_DONE);
}
