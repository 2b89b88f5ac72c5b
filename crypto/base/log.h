/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BASE_LOG_H
#define CC_BASE_LOG_H

#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

/*
 * The log: technical lines for support, in English, on stderr (or the sink of
 * the program). Never personal data, never a secret, whatever the level.
 * Library rooms (crypto, card, biometrics) log at debug only; station decides
 * what a user sees.
 */
enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* line: without a newline; ctx: as given. The default sink writes "level: line" to stderr. */
typedef void (*log_sink)(void *ctx, enum log_level level, const char *line);

void log_set_level(enum log_level level); /* default LOG_WARNING */
enum log_level log_get_level(void);
void log_set_sink(log_sink sink, void *ctx); /* NULL: the default sink */
void log_line(enum log_level level, const char *fmt, ...) CC_PRINTF(2, 3);
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)

/* Public bytes in hex, cut after 64 bytes. For what carries a secret or a person: log_dump_secret. */
void log_dump(const char *label, struct bytes public_data);
/* Prints the label and the length only, whatever the level. */
void log_dump_secret(const char *label, struct bytes secret_data);

#endif
