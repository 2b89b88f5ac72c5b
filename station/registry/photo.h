/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_PHOTO_H
#define CC_STATION_REGISTRY_PHOTO_H

#include "crypto/base/buf.h"
#include "station/registry/person.h"

/*
 * Reads a photo that a row names. The path is relative to folder and stays
 * below it: no "..", no absolute path, no symbolic link on the way, a regular
 * file. Faults ("import.photo-path", "import.photo-missing", "import.photo-not-jpeg",
 * "import.photo-too-large") return CC_E_FORMAT; CC_E_IO and CC_E_MEMORY are the
 * machine's. Only the first bytes are judged here: the portrait's own checks come later.
 */
/* Any file that a row names, of at most PERSON_PHOTO_MAX bytes; field: what a fault names. Not-JPEG is no fault here. */
CC_MUST cc_status photo_read_file(int folder_fd, const char *path, const char *field, struct buf *ret, struct row_fault *fault);
CC_MUST cc_status photo_read(int folder_fd, const char *path, struct buf *ret, struct row_fault *fault);

/* Begins as JPEG or JPEG 2000 does. */
bool photo_is_image(struct bytes file);

#endif
