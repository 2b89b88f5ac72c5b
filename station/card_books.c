/* SPDX-License-Identifier: Apache-2.0 */
#include "station/card_books.h"

#include "card/lds/dg13.h"
#include "station/forms_session.h"
#include "station/message.h"
#include "station/registry/revocation.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct inspect_check *add(struct inspection *i, enum inspect_result result, const char *en, const char *vi)
{
	struct inspect_check *c = &i->checks[i->check_count++];

	*c = (struct inspect_check){ .id = "books", .result = result };
	(void)snprintf(c->evidence, sizeof c->evidence, "%s", en);
	(void)snprintf(c->evidence_vi, sizeof c->evidence_vi, "%s", vi);
	return c;
}

static void add_bad(struct inspection *i, const char *key, const char *en, const char *vi)
{
	struct inspect_check *c = add(i, INSPECT_FAILED, en, vi);

	c->error_key = key;
	i->verdict = INSPECT_BAD;
}

static void judge(struct inspection *i, const struct revocation_card *card, const char *serial)
{
	const struct revocation_reason *reason = revocation_reason_find(card->reason);
	char at[FORMS_TIME_SIZE], en[INSPECT_EVIDENCE_MAX], vi[INSPECT_EVIDENCE_VI_MAX];

	forms_session_time(card->at_ms, at);
	switch (card->standing) {
	case CARD_REVOKED:
		(void)snprintf(en, sizeof en, "revoked on %s: %s", at, reason != NULL ? reason->en : card->reason);
		(void)snprintf(vi, sizeof vi, "%s; %s", reason != NULL ? reason->vi : card->reason, at);
		add_bad(i, "verdict.revoked", en, vi);
		return;
	case CARD_REPLACED:
		(void)snprintf(en, sizeof en, "chip %s was replaced by a newer card", serial);
		(void)snprintf(vi, sizeof vi, "chíp %s", serial);
		add_bad(i, "verdict.replaced", en, vi);
		return;
	case CARD_ACTIVE:
		(void)add(i, INSPECT_PASSED, "active in the books of this station", "còn hiệu lực theo sổ của trạm");
		return;
	case CARD_ELSEWHERE:
		(void)add(i, INSPECT_NOT_APPLICABLE,
			  "made here for another station's applicant: that station's books say whether it is active",
			  "làm tại đây cho hồ sơ của trạm khác: sổ của trạm đó mới cho biết thẻ còn hiệu lực hay không");
		return;
	case CARD_UNKNOWN:
		break;
	}
	(void)add(i, INSPECT_NOT_APPLICABLE, "the books of this station don't know this chip", "sổ của trạm không có chíp này");
}

/* The chip's serial as its data group has it: signed, whatever the chip itself says. */
static bool read_serial(const struct inspection *i, char out[LEDGER_SERIAL_SIZE])
{
	struct dg13 d;

	if (i->check_count == INSPECT_CHECKS_MAX || cc_failed(dg13_parse(lds_set_get(&i->files, lds_dg(13)), &d, NULL)) ||
	    d.chip_id.n == 0 || d.chip_id.n >= LEDGER_SERIAL_SIZE)
		return false;
	memcpy(out, d.chip_id.p, d.chip_id.n);
	out[d.chip_id.n] = '\0';
	return true;
}

/* Another command holds the store for a moment at most, a long import for longer: who inspects is not kept waiting for that. */
#define TRIES 20
#define BETWEEN_MS 100

static cc_status ask_books(const struct config *config, const char *serial, struct revocation_card *ret, struct cc_error *err)
{
	struct config read_only = *config;
	struct store *store = NULL;
	cc_status st = cc_ok();

	read_only.dry_run = true;
	for (int i = 0; i < TRIES; i++) {
		cc_error_init(err);
		st = config_open_store(&read_only, &store, err);
		if (st.code != CC_E_BUSY)
			break;
		sys_sleep_ms(config->sys, BETWEEN_MS);
	}
	if (!cc_failed(st))
		st = revocation_card_of(store, serial, ret, err);
	store_close(&store);
	return st;
}

/* Whether it was revoked stands in the books: a card is not good as long as they weren't asked. */
static void add_unread(struct inspection *i, const struct cc_error *err)
{
	const struct message *m = message_find(err->key);

	/* The report has the error's sentence before it: here stands what to do. */
	add(i, INSPECT_INCONCLUSIVE, message_next(m, LANG_EN), message_next(m, LANG_VI))->error_key = err->key;
	if (i->verdict == INSPECT_GOOD)
		i->verdict = INSPECT_UNDECIDED;
}

static bool has_store(const struct config *c)
{
	char path[PATH_MAX];

	config_path(c, "station.db", path);
	return access(c->home, R_OK | X_OK) == 0 && (c->store[0] != '\0' || access(path, F_OK) == 0);
}

void card_books_compare(const struct config *config, struct inspection *i)
{
	char serial[LEDGER_SERIAL_SIZE];
	struct revocation_card card;
	struct cc_error err;

	if (!read_serial(i, serial) || !has_store(config))
		return;
	if (cc_failed(ask_books(config, serial, &card, &err)))
		add_unread(i, &err);
	else
		judge(i, &card, serial);
}

cc_status card_books_refuse(const struct config *config, struct inspection *i, struct cc_error *err)
{
	const struct inspect_check *c;

	card_books_compare(config, i);
	c = inspection_find(i, "books");
	if (c == NULL || c->error_key == NULL)
		return cc_ok();
	return cc_fail(err, c->result == INSPECT_FAILED ? CC_E_VERIFY : CC_E_STATE, c->error_key, "%s", c->evidence);
}
