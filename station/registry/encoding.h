/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_ENCODING_H
#define CC_STATION_REGISTRY_ENCODING_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Encodings in which Vietnamese offices kept their texts before Unicode:
 *
 * TCVN3         one byte a letter (TCVN 5712:1993, "ABC", fonts .VnTime). Its three-byte-table form had no capitals with
 *               tones: fonts whose name ends in H show small letters as capitals, so that a word of ASCII capitals with
 *               small toned letters in it is a word of capitals.
 * VNI           a letter, then a byte for its marks (VNI-Windows)
 * windows-1258  a letter with its quality, then a combining tone
 */
enum text_encoding { ENCODING_UTF8, ENCODING_TCVN3, ENCODING_VNI, ENCODING_CP1258, ENCODING_COUNT };

const char *encoding_name(enum text_encoding e); /* "utf-8", "tcvn3", "vni", "windows-1258" */
bool encoding_from_name(const char *name, enum text_encoding *ret);

/*
 * The text in UTF-8 (not yet normalised), NUL-terminated; *ret_n without the NUL. CC_E_FORMAT: a byte that is no letter there, at
 * *fault (from 1); CC_E_LIMIT. UTF-8 is copied as it is.
 */
CC_MUST cc_status encoding_decode(enum text_encoding e, struct bytes in, char *out, size_t cap, size_t *ret_n, size_t *fault);
/*
 * What a sample is written in: UTF-8 when it is that, else the one under which nearly all words are Vietnamese
 * syllables. False: none stands out, the user has to name it.
 */
CC_MUST bool encoding_detect(struct bytes sample, enum text_encoding *ret);

/* Is it UTF-16, by its mark or by the zero bytes among its first letters? No row of it can be read. */
CC_MUST bool encoding_is_utf16(struct bytes sample);
/*
 * A row of a file in `file`, put there from a file in another encoding: many more of its words are syllables under that other
 * one. False: it is what the file is, or too short to tell.
 */
CC_MUST bool encoding_is_other(enum text_encoding file, struct bytes row);

#endif
