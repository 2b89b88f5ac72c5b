/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_FINGER_FILE_H
#define CC_STATION_FINGER_FILE_H

#include "biometrics/finger_record.h"
#include "station/image_worker.h"

/*
 * Fingerprints from outside, whatever holds them: a picture (WSQ, JPEG, JPEG
 * 2000, PNG), an ISO/IEC 19794-4 record, or a DG3. Coded pictures are decoded by
 * the image worker; headers are read here, through the cursor.
 */
#define FINGER_FILE_BYTES_MAX (8u << 20)

struct finger_entry {
	unsigned position; /* as the record says; 0: the file says none */
	unsigned ppi;	   /* 0: the file says none */
	enum finger_coding coding;
	struct bytes data; /* coded, a view into the file */
	unsigned width, height;
	struct image image; /* grey */
};

enum finger_file_kind { FINGER_FILE_PICTURE, FINGER_FILE_RECORD, FINGER_FILE_DG3 };
struct finger_file {
	enum finger_file_kind kind;
	size_t count;
	struct finger_entry entries[FINGER_IMAGES_MAX];
};

const char *finger_coding_name(enum finger_coding coding); /* "wsq" */
/* By the first bytes, of what finger_file_read takes; pictures only. False for anything else. */
CC_MUST bool finger_coding_of(struct bytes file, enum finger_coding *ret);
/* True when the first bytes are of a kind that finger_file_read takes. */
bool finger_file_is(struct bytes file);

/*
 * ret must be empty ({0}). Views into file. Errors of the parts: "dg3.structure", "finger.record-malformed",
 * "finger.damaged", "photo.damaged" ...; CC_E_FORMAT "finger.unknown-kind".
 */
CC_MUST cc_status finger_file_read(struct image_worker *w, struct bytes file, struct finger_file *ret, struct cc_error *err);
void finger_file_done(struct finger_file *f);

/* All prints side by side on white, as an officer looks at them. One channel. */
CC_MUST cc_status finger_file_sheet(const struct finger_file *f, struct image *ret, struct cc_error *err);

#endif
