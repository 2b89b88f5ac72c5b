/* SPDX-License-Identifier: Apache-2.0 */
#include "station/card_verdict.h"

#include "station/message.h"

#include <string.h>

/* The gravest first; "sod.dg*" stands for every data group. */
static const struct cause {
	const char *check;
	enum inspect_result result;
	const char *error; /* NULL: any; "": none, the check itself said no */
	const char *key;
} causes[] = {
	{ "sod.chain", INSPECT_FAILED, "chain.signature-wrong", "verdict.signer-forged" },
	{ "sod.signature", INSPECT_FAILED, NULL, "verdict.list-forged" },
	{ "sod.dg*", INSPECT_FAILED, NULL, "verdict.data-changed" },
	{ "sod.chain", INSPECT_FAILED, "chain.revoked", "verdict.signer-revoked" },
	{ "active-authentication", INSPECT_FAILED, NULL, "verdict.chip-copied" },
	{ "chip-authentication*", INSPECT_FAILED, NULL, "verdict.chip-copied" },
	{ "books", INSPECT_FAILED, "verdict.revoked", "verdict.revoked" },
	{ "books", INSPECT_FAILED, "verdict.replaced", "verdict.replaced" },
	{ "dg*.read", INSPECT_FAILED, NULL, "verdict.file-withheld" },
	{ "mrz.access", INSPECT_FAILED, NULL, "verdict.other-person" },
	{ "mrz.number", INSPECT_FAILED, NULL, "verdict.other-person" },
	{ "dg13.*", INSPECT_FAILED, "", "verdict.contradiction" },
	{ "sod.chain", INSPECT_FAILED, "chain.expired", "verdict.signer-expired" },
	{ "*.structure", INSPECT_FAILED, NULL, "verdict.malformed" },
	{ "*", INSPECT_FAILED, "dg13.structure", "verdict.malformed" },
	{ "*", INSPECT_FAILED, "mrz.text", "verdict.malformed" },
	{ "sod.chain", INSPECT_INCONCLUSIVE, "chain.no-anchor", "verdict.no-anchor" },
	{ "dg*.read", INSPECT_INCONCLUSIVE, NULL, "verdict.file-withheld" },
	{ "books", INSPECT_INCONCLUSIVE, NULL, "verdict.books-unread" },
	{ "mrz.printed", INSPECT_INCONCLUSIVE, NULL, "verdict.print-differs" },
};

static bool id_fits(const char *pattern, const char *id)
{
	const char *star = strchr(pattern, '*');
	size_t before = star != NULL ? (size_t)(star - pattern) : 0, after, n = strlen(id);

	if (star == NULL)
		return strcmp(pattern, id) == 0;
	after = strlen(star + 1);
	return n >= before + after && strncmp(pattern, id, before) == 0 && strcmp(star + 1, id + n - after) == 0;
}

static bool has_cause(const struct inspection *i, const struct cause *cause)
{
	for (size_t k = 0; k < i->check_count; k++) {
		const struct inspect_check *c = &i->checks[k];

		if (c->result == cause->result && id_fits(cause->check, c->id) &&
		    (cause->error == NULL || strcmp(cause->error, c->error_key != NULL ? c->error_key : "") == 0))
			return true;
	}
	return false;
}

/* Nothing was read, so nothing is known of the card: a mistyped number is no reason to keep it. */
static bool stayed_closed(const struct inspection *i)
{
	const struct inspect_check *access = inspection_find(i, "access");

	return i->access == INSPECT_ACCESS_NONE && access != NULL && access->result == INSPECT_FAILED &&
	       lds_set_get(&i->files, LDS_COM).n == 0;
}

static bool passed(const struct inspection *i, const char *id)
{
	const struct inspect_check *c = inspection_find(i, id);

	return c != NULL && c->result == INSPECT_PASSED;
}

/* Signed, and closed to this station. */
static bool is_unread(const struct inspection *i, const char *id)
{
	const struct inspect_check *c = inspection_find(i, id);

	return c != NULL && c->result == INSPECT_UNAVAILABLE;
}

/* Genuine data can be copied; only the chip's own keys say that it is the chip they were made for. */
static const char *good_key(const struct inspection *i)
{
	if (!passed(i, "active-authentication") && !passed(i, "chip-authentication") && !passed(i, "chip-authentication-mapping"))
		return "verdict.chip-not-shown";
	/* No portrait was signed, as of a child under six: none can be compared with who holds the card. */
	if (passed(i, "sod.dg1") && inspection_find(i, "sod.dg2") == NULL)
		return "verdict.passed-no-photo";
	return is_unread(i, "sod.dg3") || is_unread(i, "sod.dg4") ? "verdict.passed-unread" : "verdict.passed";
}

static const char *key_of(const struct inspection *i)
{
	enum inspect_result wanted = i->verdict == INSPECT_BAD ? INSPECT_FAILED : INSPECT_INCONCLUSIVE;

	if (stayed_closed(i))
		return "verdict.not-opened";
	if (i->verdict == INSPECT_GOOD)
		return good_key(i);
	for (size_t n = 0; n < sizeof causes / sizeof causes[0]; n++) {
		if (causes[n].result == wanted && has_cause(i, &causes[n]))
			return causes[n].key;
	}
	return i->verdict == INSPECT_BAD ? "verdict.failed" : "verdict.inconclusive";
}

void card_verdict_of(const struct inspection *i, enum lang lang, struct card_verdict *ret)
{
	static const char *const vi[] = { "ĐẠT", "KHÔNG ĐẠT", "CHƯA RÕ" };
	static const char *const en[] = { "PASSED", "FAILED", "INCONCLUSIVE" };
	const char *key = key_of(i);
	const struct message *m = message_find(key);

	ret->key = key;
	ret->word = (lang == LANG_VI ? vi : en)[i->verdict];
	if (stayed_closed(i))
		ret->word = lang == LANG_VI ? "KHÔNG MỞ ĐƯỢC CHÍP" : "NOT OPENED";
	ret->what = message_text(m, lang);
	ret->next = message_next(m, lang);
}
