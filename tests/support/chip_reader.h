/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_CHIP_READER_H
#define CC_TESTS_SUPPORT_CHIP_READER_H

#include "card/reader.h"
#include "card/softchip/softchip.h"
#include "crypto/base/sys.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A reader with a software chip in it, in this process. All functions fail the
 * test when something is wrong.
 *
 *	struct chip_reader cr;
 *	chip_reader_init(&cr, &(struct chip_reader_options){ .number = 1 }, &fake.sys);
 *	reader_connect(cr.reader) ...
 *	softchip_tear_after(cr.chip, 17, SOFTCHIP_TEAR_MID_WRITE);
 *	chip_reader_done(&cr);
 */
struct chip_reader_options {
	enum softchip_personality personality;
	struct bytes master_key; /* empty: chip_reader_master, 16 bytes */
	uint32_t number;	 /* makes the CPLC serial; different numbers, different chips */
	bool short_length;
	size_t command_max; /* 0: as the chip likes */
};

struct chip_reader {
	struct softchip *chip;
	struct reader *reader;
	const struct sys *sys;
};

/* GlobalPlatform's published test key 404142..4F. */
extern const struct bytes chip_reader_master;

/* The struct must stay where it is: the reader points to it. Not connected yet. */
void chip_reader_init(struct chip_reader *cr, const struct chip_reader_options *o, const struct sys *sys);
void chip_reader_done(struct chip_reader *cr);
/* Another blank chip in the same reader; the old one is gone. */
void chip_reader_insert_blank(struct chip_reader *cr, const struct chip_reader_options *o);
/* The chip's memory, to be put into a reader again later (ret owned by the caller), and a chip from such memory. */
void chip_reader_take_out(struct chip_reader *cr, struct buf *ret_memory);
void chip_reader_insert(struct chip_reader *cr, struct bytes memory);

/* A finished document without a personalization: what the tests of access and inspection read. */
struct chip_reader_file {
	uint16_t id; /* 0x0101 ... 0x0110, 0x011C, 0x011D, 0x011E */
	struct bytes content;
};
struct chip_reader_document {
	const struct chip_reader_file *files;
	size_t file_count;
	const char *mrz_information;	    /* number, check digit, birth, check digit, expiry, check digit */
	const char *can;		    /* NULL: none */
	uint8_t aa_parameter_id, aa_hash;   /* as DGI 00A1; 0: no key */
	uint8_t ca_parameter_id, ca_cipher; /* as DGI 00A2; 0: no key */
};
void chip_reader_personalize(struct chip_reader *cr, const struct chip_reader_document *d);
/* The public keys that chip_reader_personalize made, 04 || x || y; ret owned by the caller. */
void chip_reader_public_key(struct chip_reader *cr, bool chip_authentication, struct buf *ret);

#endif
