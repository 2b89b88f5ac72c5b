/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_SOFTCHIP_CHIP_MEMORY_H
#define CC_CARD_SOFTCHIP_CHIP_MEMORY_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Non-volatile memory. Everything that survives power-off is here: small
 * fields, each replaced as a whole or not at all (the chip's transaction), and
 * files, written piece by piece as a chip writes its pages.
 *
 * Every write goes through one of the three functions below, so that a torn
 * command can be replayed by half: see chip_memory_tear_begin.
 */
enum chip_field {
	CHIP_FIELD_FACTORY,	      /* see struct chip_factory */
	CHIP_FIELD_CARD_STATE,	      /* u8: 01 OP_READY, 07 INITIALIZED, 0F SECURED */
	CHIP_FIELD_APP_STATE,	      /* u8: 07 SELECTABLE, 0F PERSONALIZED */
	CHIP_FIELD_KEYS,	      /* version u8, then ENC, MAC, DEK of equal length */
	CHIP_FIELD_SEQUENCE,	      /* u24: SCP03 sequence counter */
	CHIP_FIELD_KEY_FAILURES,      /* u8: wrong host cryptograms in a row */
	CHIP_FIELD_PASSWORD_FAILURES, /* u8: wrong BAC or PACE passwords in a row */
	CHIP_FIELD_MRZ,		      /* MRZ information */
	CHIP_FIELD_CAN,
	CHIP_FIELD_AA_KEY, /* see chip_keypair.c, as the Chip Authentication keys */
	CHIP_FIELD_CA_KEY,
	CHIP_FIELD_CA_KEY_2,
	CHIP_FIELD_CA_KEY_3,
	CHIP_FIELD_CA_KEY_4,
	CHIP_FIELD_TRUST,   /* current date and trust points, see chip_trust.c */
	CHIP_FIELD_MOC_AID, /* name of the match-on-card application */
	CHIP_FIELD_MOC_1,   /* template: subtype, then three bytes for each minutia */
	CHIP_FIELD_MOC_2,
	CHIP_FIELD_MOC_FAILURES, /* u8 for each template: wrong prints in a row */
	CHIP_FIELD_COUNT
};

#define CHIP_CA_KEYS 4 /* CHIP_FIELD_CA_KEY and the three behind it */

#define CHIP_FILE_CARD_ACCESS 0x011C
#define CHIP_FILE_SOD 0x011D
#define CHIP_FILE_COM 0x011E
#define CHIP_FILE_DG(n) ((uint16_t)(0x0100 + (n)))
/* 011D under the MF in the field: inside the chip the SOD has that number. */
#define CHIP_FILE_CARD_SECURITY 0x021D
#define CHIP_FILE_COUNT 20
#define CHIP_MEMORY_FREE (80u * 1024)

struct chip_file {
	size_t size;   /* as announced; 0: absent */
	size_t filled; /* written so far, from the start */
	struct buf body;
};

struct chip_memory {
	struct buf field[CHIP_FIELD_COUNT];
	struct chip_file file[CHIP_FILE_COUNT];
	uint64_t version; /* rises with each change */
	/* While a tear in mid-write is planned for the running command: its starting point and its writes. */
	bool tearing;
	struct buf before;
	struct writer writes;
};

void chip_memory_done(struct chip_memory *m);

/* Empty view when never written. */
struct bytes chip_memory_field(const struct chip_memory *m, enum chip_field f);
/* Big-endian value of a field of at most 4 bytes; 0 when never written. */
uint32_t chip_memory_number(const struct chip_memory *m, enum chip_field f);
/* NULL: no file can have this identifier. */
const struct chip_file *chip_memory_file(const struct chip_memory *m, uint16_t id);
bool chip_file_complete(const struct chip_file *f);
size_t chip_memory_left(const struct chip_memory *m);

CC_MUST cc_status chip_memory_set(struct chip_memory *m, enum chip_field f, struct bytes value);
/* n: 1 to 4 bytes. */
CC_MUST cc_status chip_memory_set_number(struct chip_memory *m, enum chip_field f, uint32_t value, size_t n);
/* Erases what was there and makes room for size bytes; CC_E_LIMIT when the memory is full. */
CC_MUST cc_status chip_memory_file_new(struct chip_memory *m, uint16_t id, size_t size);
CC_MUST cc_status chip_memory_file_append(struct chip_memory *m, uint16_t id, struct bytes piece);

/*
 * Power fails in the middle of a command: begin before it, run it, then tear.
 * The memory is put back and the first half of the command's bytes is written
 * again: a file's page may be cut, a field never is.
 */
CC_MUST cc_status chip_memory_tear_begin(struct chip_memory *m);
CC_MUST cc_status chip_memory_tear(struct chip_memory *m);

CC_MUST cc_status chip_memory_save(const struct chip_memory *m, struct buf *ret);
/* m: zero-initialised. CC_E_FORMAT when the bytes aren't a chip's memory. */
CC_MUST cc_status chip_memory_load(struct chip_memory *m, struct bytes in);

#endif
