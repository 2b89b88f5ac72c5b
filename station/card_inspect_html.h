/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_CARD_INSPECT_HTML_H
#define CC_STATION_CARD_INSPECT_HTML_H

#include "card/inspect/inspect.h"
#include "station/config.h"
#include "station/image_worker.h"

/*
 * An inspection as one page to read, print and file: verdict, portrait, the
 * person as the chip says, every check with its evidence, the files with their
 * hashes. The page needs nothing from outside, holds no script, and forbids
 * both; whatever came from the chip is escaped, and its portrait is decoded by
 * `images` (NULL: not shown) and coded anew. It holds personal data: the
 * file gets mode 0600.
 */
CC_MUST cc_status card_inspect_html(const char *path, const struct inspection *i, struct image_worker *images, int64_t now_ms,
				    enum lang lang, struct cc_error *err);

#endif
