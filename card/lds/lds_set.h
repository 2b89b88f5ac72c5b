/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_LDS_SET_H
#define CC_CARD_LDS_LDS_SET_H

#include "crypto/base/buf.h"
#include "crypto/base/err.h"
#include "crypto/hash.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The files of one card. Built once: these bytes are hashed, written, read back
 * and compared; nothing is encoded twice.
 */
/* The numbers are in stored packets: new files come last. */
enum lds_file { LDS_CARD_ACCESS, LDS_COM, LDS_SOD, LDS_DG1, LDS_DG16 = LDS_DG1 + 15, LDS_CARD_SECURITY, LDS_FILE_COUNT };
#define LDS_DG_LAST 16
/* n: 1 to 16. */
static inline enum lds_file lds_dg(unsigned n)
{
	return (enum lds_file)(LDS_DG1 + n - 1);
}
/* 1 to 16, or 0 when the file is no data group. */
static inline unsigned lds_dg_number(enum lds_file f)
{
	return f >= LDS_DG1 && f <= LDS_DG16 ? (unsigned)f - LDS_DG1 + 1 : 0;
}

struct lds_set {
	struct buf files[LDS_FILE_COUNT]; /* empty: not there */
};

void lds_set_done(struct lds_set *s); /* wipes; start from {0} */
bool lds_set_has(const struct lds_set *s, enum lds_file f);
struct bytes lds_set_get(const struct lds_set *s, enum lds_file f);
/* Copies. */
CC_MUST cc_status lds_set_put(struct lds_set *s, enum lds_file f, struct bytes file);
/* Bit n-1 for each DG n in the set. */
uint32_t lds_set_dg_mask(const struct lds_set *s);
size_t lds_set_bytes(const struct lds_set *s);

/* "EF_CardAccess.bin", "EF_COM.bin", "EF_SOD.bin", "DG1.bin": names of a dump. */
const char *lds_file_name(enum lds_file f);
/* "EF.COM", "DG1": names for people. */
const char *lds_file_title(enum lds_file f);
/*
 * 011C, 011E, 011D, 0101 ... 0110, each its own: EF.CardSecurity, which has 011D
 * in the master file as EF.SOD has in the application, is 021D here.
 */
uint16_t lds_file_fid(enum lds_file f);
/* Outer tag (60, 77, 61, 75, 63, ...); EF.CardAccess: 31; EF.CardSecurity: 30. */
uint8_t lds_file_tag(enum lds_file f);
/* DG number of an EF.COM tag; 0 when there is none. */
unsigned lds_dg_of_tag(uint8_t tag);

/*
 * One SHA-256 over the set: for each file that is there, in the order of enum
 * lds_file, its file identifier (2 bytes), its length (4) and its SHA-256. With
 * `with_sod` false the SOD and EF.CardSecurity are left out: what two officers approve before they are signed.
 */
CC_MUST cc_status lds_set_hash(const struct lds_set *s, bool with_sod, struct digest *ret);
/* First file that differs or is missing on one side; LDS_FILE_COUNT: equal. */
enum lds_file lds_set_compare(const struct lds_set *a, const struct lds_set *b);

/*
 * A dump folder: of the files that save names, it holds those of s alone afterwards. Reading also takes the names of others' collections: EF_DG1.bin, Datagroup1.bin, Dg1.bin, Com.bin.
 * CC_E_NOT_FOUND "lds.folder" when nothing is there.
 */
CC_MUST cc_status lds_set_save(const struct lds_set *s, const char *folder, struct cc_error *err);
CC_MUST cc_status lds_set_load(struct lds_set *ret, const char *folder, struct cc_error *err);

#endif
