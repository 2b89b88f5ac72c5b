/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_IMAGE_WORKER_H
#define CC_STATION_IMAGE_WORKER_H

#include "biometrics/photo.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "station/config.h"

#include <stdbool.h>

/*
 * Pictures from outside are decoded in a process of their own that can do
 * nothing else: this program started anew (its memory holds no key and no
 * person), with limits on memory and time, and a seccomp filter that leaves it
 * reading requests from one socket, writing answers to it, and memory. A picture
 * that takes the decoder over, or kills or hangs it, costs that picture alone.
 *
 * One worker serves many pictures; it is started with the first, and again
 * after a crash. A handle may be used by several threads (one picture at a time)
 * and after a fork (the child gets a worker of its own).
 *
 * Errors, beside those of photo.h:
 *
 *	image.worker-killed	CC_E_FORMAT		the decoder crashed on this picture
 *	image.worker-forbidden	CC_E_FORMAT		it asked the system for something that a decoder never needs
 *	image.worker-timeout	CC_E_LIMIT		it took longer than the limit
 *	image.worker-memory	CC_E_LIMIT		it needed more memory than the limit
 *	image.worker-protocol	CC_E_FORMAT		its answer is not of the protocol
 *	image.worker-start	CC_E_IO			it can't be started
 *	image.sandbox-unavailable CC_E_UNSUPPORTED	this machine has no seccomp filter, and the setting requires it
 */
enum image_sandbox { IMAGE_SANDBOX_REQUIRE, IMAGE_SANDBOX_ALLOW_NONE };

struct image_worker_options {
	enum image_sandbox sandbox;
	unsigned timeout_ms; /* for one picture */
	const char *name;    /* argv[0] by which a program knows that it is a worker */
};
/* Required sandbox, 10 s, the program's own decoders. */
struct image_worker_options image_worker_options_default(void);

struct image_worker;
CC_MUST cc_status image_worker_new(const struct image_worker_options *options, struct image_worker **ret, struct cc_error *err);
/* With the setting image.sandbox; CC_E_FORMAT "settings.bad-value". */
CC_MUST cc_status image_worker_open(const struct config *c, struct image_worker **ret, struct cc_error *err);
void image_worker_free(struct image_worker **w); /* ends the process; NULL-safe */

/* ret must be empty ({0}). */
CC_MUST cc_status image_worker_decode(struct image_worker *w, struct bytes file, struct photo *ret, struct cc_error *err);
/* Starts the process when there is none; *ret_confined: it runs behind the filter. */
CC_MUST cc_status image_worker_probe(struct image_worker *w, bool *ret_confined, struct cc_error *err);

#endif
