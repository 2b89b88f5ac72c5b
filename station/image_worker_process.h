/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_IMAGE_WORKER_PROCESS_H
#define CC_STATION_IMAGE_WORKER_PROCESS_H

#include "biometrics/photo.h"
#include "crypto/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The worker's side, and the messages between both. All numbers are big-endian.
 *
 *	hello	 worker -> station	"CCIW", u8 version, u8 confined
 *	request	 station -> worker	u32 length, the file
 *	answer	 worker -> station	a header of IMAGE_ANSWER_BYTES, then pixels (code 0) or the detail's text
 *
 * The station believes nothing: every field of an answer is checked against
 * its range and the limits of image.h.
 */
#define IMAGE_HELLO_BYTES 6u
#define IMAGE_ANSWER_BYTES 32u
#define IMAGE_PROTOCOL_VERSION 1u

struct image_answer {
	enum cc_code code;
	const char *key; /* of a refusal: one of a fixed list */
	enum photo_kind kind;
	struct jpeg_info jpeg;
	unsigned width, height;
	uint16_t detail_len;
};
void image_answer_put(struct writer *w, const struct image_answer *a);
/* False when a field is outside its range. */
CC_MUST bool image_answer_take(struct bytes header, struct image_answer *ret);

/* argv[0] of the worker with this program's decoders: a program that links this file and is started so never reaches main. */
extern const char image_worker_name[];

struct image_service {
	cc_status (*decode)(struct bytes file, struct photo *ret, struct cc_error *err);
	bool (*confine)(void); /* gives up what a decoder doesn't need; false: this machine can't */
};
/* The filter of the program: see image_worker_process.c. */
bool image_worker_confine(void);
/* Serves requests on descriptor 0 until it closes. */
_Noreturn void image_worker_serve(const struct image_service *service);

#endif
