/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/log.h"

#include <stdarg.h>
#include <stdio.h>

#define DUMP_BYTES_MAX 64

static void sink_stderr(void *ctx, enum log_level level, const char *line)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };

	(void)ctx;
	(void)fprintf(stderr, "%s: %s\n", names[level], line);
}

/* Set once at start, before threads: the only process-wide state of this room. */
static enum log_level current_level = LOG_WARNING;
static log_sink current_sink = sink_stderr;
static void *current_ctx;

void log_set_level(enum log_level level)
{
	current_level = level;
}

enum log_level log_get_level(void)
{
	return current_level;
}

void log_set_sink(log_sink sink, void *ctx)
{
	current_sink = sink != NULL ? sink : sink_stderr;
	current_ctx = ctx;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	if (level > current_level)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	current_sink(current_ctx, level, line);
}

void log_dump(const char *label, struct bytes public_data)
{
	char hex[2 * DUMP_BYTES_MAX + 1];
	size_t n = public_data.n < DUMP_BYTES_MAX ? public_data.n : DUMP_BYTES_MAX;

	if (current_level < LOG_DEBUG)
		return;
	bytes_to_hex(bytes_of(public_data.p, n), hex);
	log_debug("%s [%zu] %s%s", label, public_data.n, hex, n < public_data.n ? "..." : "");
}

void log_dump_secret(const char *label, struct bytes secret_data)
{
	log_debug("%s [%zu] (not shown)", label, secret_data.n);
}
