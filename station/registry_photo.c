/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry_photo.h"

#include "station/issue/books.h"
#include "station/issue/prepare.h"
#include "station/portrait_case.h"

static cc_status prepare(struct registry_session *s, const struct prepare_settings *settings, const struct person *p,
			 struct bytes photo, struct cc_error *ret_why)
{
	struct portrait_case decided = { 0 };
	struct prepared made = { 0 };
	struct books *books = NULL;
	cc_status st = books_open(s->store, s->ks, s->inv->config.sys, NULL, &books, &s->err);

	if (!cc_failed(st))
		st = portrait_case_of(books, &settings->record, s->check.today, p->number, photo, &decided, &s->err);
	if (!cc_failed(st))
		st = prepare_person(settings, p, photo, &decided, s->check.today, &made, ret_why);
	prepared_done(&made);
	books_close(&books);
	return st;
}

cc_status registry_photo_judge(struct registry_session *s, const struct person *p, struct bytes photo, struct holds *holds)
{
	struct prepare_settings settings = { 0 };
	struct cc_error why;
	cc_status st;

	if (photo.n == 0)
		return cc_ok(); /* the registry's own check has said so */
	cc_error_init(&why);
	if (cc_failed(st = prepare_settings_read(&s->inv->config, &settings, &s->err)))
		return st;
	st = prepare(s, &settings, p, photo, &why);
	prepare_settings_done(&settings);
	if (!cc_failed(st) || why.code == CC_OK)
		return st;
	/* A refused photo, or a file that is no picture; the machine's own failures are no verdict. */
	if (why.code != CC_E_HELD && why.code != CC_E_FORMAT && why.code != CC_E_LIMIT)
		return cc_fail(&s->err, why.code, why.key, "%s", why.detail);
	if (holds->count < HOLDS_MAX)
		holds->items[holds->count++] = (struct hold){ why.key, "photo", HOLD_HOLD };
	return cc_ok();
}
