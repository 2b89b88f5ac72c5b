/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BASE_ERR_H
#define CC_BASE_ERR_H

#include <stdbool.h>

/*
 * Status and error detail.
 *
 * A function that can fail returns a cc_status, a struct so that it can't be
 * mixed with an int, and is marked CC_MUST. The detail lives in a struct
 * cc_error inside the object that failed (card, store, job) or one the caller
 * passes in; never in a global. The first cause is kept: cc_fail on an error
 * that already holds one leaves it alone, so layers above may add nothing by
 * accident.
 */

#define CC_MUST __attribute__((warn_unused_result))
#define CC_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

enum cc_code {
	CC_OK = 0,
	CC_E_ARG,	 /* the caller's argument is outside the contract (bad option, bad number) */
	CC_E_MEMORY,	 /* allocation failed */
	CC_E_LIMIT,	 /* outside bytes exceed a stated limit */
	CC_E_FORMAT,	 /* outside bytes are malformed */
	CC_E_VERIFY,	 /* a signature, MAC, cryptogram or comparison is wrong */
	CC_E_CRYPTO,	 /* the crypto library refused */
	CC_E_IO,	 /* file or socket */
	CC_E_DEVICE,	 /* reader or card transport: gone, removed, timed out */
	CC_E_NO_SERVICE, /* pcscd, database or token isn't running */
	CC_E_STATUS,	 /* the card answered a status word that ends the step */
	CC_E_NOT_FOUND,
	CC_E_EXISTS,
	CC_E_STATE,	  /* not allowed in this state (sealed card, finished job) */
	CC_E_DENIED,	  /* not allowed for this caller, or access refused by the card */
	CC_E_HELD,	  /* the person or job is on hold, with a reason */
	CC_E_UNSUPPORTED, /* known, but this build or card can't */
	CC_E_BUSY,	  /* somebody else owns it now */
};

typedef struct cc_status {
	enum cc_code code;
} cc_status;

static inline cc_status cc_ok(void)
{
	return (cc_status){ CC_OK };
}

static inline cc_status cc_code_status(enum cc_code code)
{
	return (cc_status){ code };
}

static inline bool cc_failed(cc_status st)
{
	return st.code != CC_OK;
}

/* "CC_E_FORMAT" -> "format": for logs and JSON, stable. */
const char *cc_code_name(enum cc_code code);

#define CC_ERROR_DETAIL_MAX 240

/*
 * key: a stable dotted name that the station turns into a sentence in
 * Vietnamese or English with the next action ("card.removed",
 * "registry.birth-incomplete"); a string literal, never freed.
 * detail: English, technical, cut at the limit. Never personal data, never a
 * secret: it may be logged. Names that outside bytes gave may stand in it: control
 * characters are put as '?', so that no file drives the terminal that shows it.
 */
struct cc_error {
	enum cc_code code;
	const char *key;
	char detail[CC_ERROR_DETAIL_MAX];
};

void cc_error_init(struct cc_error *err);

/*
 * Records the cause unless one is already recorded, and returns the status of
 * `code`. err may be NULL (then only the status is returned).
 *
 *	return cc_fail(&card->err, CC_E_DEVICE, "card.removed", "after %zu of %zu bytes", n, want);
 */
cc_status cc_fail(struct cc_error *err, enum cc_code code, const char *key, const char *fmt, ...) CC_PRINTF(4, 5);

/* Programmer errors; stays on in release builds, prints the place and aborts. */
#define CC_ASSERT(cond) ((cond) ? (void)0 : cc_assert_failed(#cond, __FILE__, __LINE__))
_Noreturn void cc_assert_failed(const char *cond, const char *file, int line);

#endif
