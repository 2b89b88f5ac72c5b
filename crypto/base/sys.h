/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BASE_SYS_H
#define CC_BASE_SYS_H

#include "crypto/base/buf.h"
#include "crypto/base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Clock, random and waiting behind pointers, so that tests and the simulator
 * bring their own; and the few file operations that must be durable.
 * The wall clock is for documents (issue date, certificate validity); it never
 * orders events (I12): for that there are sequence numbers and mono_ms.
 */
struct sys {
	void *ctx;
	int64_t (*wall_ms)(void *ctx);				/* milliseconds since 1970-01-01 UTC */
	int64_t (*mono_ms)(void *ctx);				/* monotonic */
	cc_status (*random)(void *ctx, uint8_t *out, size_t n); /* cryptographic */
	void (*sleep_ms)(void *ctx, int64_t ms);
};

/* The operating system's: CLOCK_REALTIME, CLOCK_MONOTONIC, getrandom, nanosleep. Static, never freed. */
const struct sys *sys_real(void);

static inline int64_t sys_wall_ms(const struct sys *s)
{
	return s->wall_ms(s->ctx);
}
static inline int64_t sys_mono_ms(const struct sys *s)
{
	return s->mono_ms(s->ctx);
}
static inline void sys_sleep_ms(const struct sys *s, int64_t ms)
{
	s->sleep_ms(s->ctx, ms);
}
CC_MUST static inline cc_status sys_random(const struct sys *s, uint8_t *out, size_t n)
{
	return s->random(s->ctx, out, n);
}

/* Whole file, at most `limit` bytes. Errors: CC_E_NOT_FOUND, CC_E_LIMIT, CC_E_IO, CC_E_MEMORY; err names the file. */
CC_MUST cc_status sys_read_file(const char *path, size_t limit, struct buf *ret, struct cc_error *err);
/* The same for a name that was found in somebody's folder: a pipe or a device there is CC_E_IO and holds nobody up. */
CC_MUST cc_status sys_read_regular(const char *path, size_t limit, struct buf *ret, struct cc_error *err);
/*
 * Replaces the file durably: temporary file beside it, fsync, rename, fsync of
 * the folder. mode as of open(2), e.g. 0600 for keys.
 */
CC_MUST cc_status sys_write_file(const char *path, struct bytes data, unsigned mode, struct cc_error *err);
/* The same for a name that nothing may have yet, not even in the last moment: CC_E_EXISTS "file.exists". */
CC_MUST cc_status sys_write_new_file(const char *path, struct bytes data, unsigned mode, struct cc_error *err);
/*
 * A path that failed with this errno, told by its kind: "file.missing" (a file or a folder of it), "file.denied",
 * "file.is-folder", else "file.io".
 */
CC_MUST cc_status sys_path_fail(struct cc_error *err, int number, const char *format, ...) CC_PRINTF(3, 4);
/*
 * Opens /dev/null as whichever of input, output and error output isn't open: else a file of ours gets that number, and what is
 * said to people is written into it. First of all in a program; false: it must not go on.
 */
CC_MUST bool sys_fill_standard_files(void);
/* mkdir -p; each new folder gets mode. */
CC_MUST cc_status sys_make_dirs(const char *path, unsigned mode, struct cc_error *err);

#endif
