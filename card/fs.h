/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_FS_H
#define CC_CARD_FS_H

#include "card/apdu.h"

/* Selecting and reading files of an eMRTD (ICAO 9303-10 3.6, ISO/IEC 7816-4 11.2). */
#define FS_EF_CARD_ACCESS 0x011C
#define FS_EF_CARD_SECURITY 0x011D
#define FS_EF_COM 0x011E
#define FS_EF_SOD 0x011D
#define FS_EF_CVCA 0x011C /* in the application; the standard's default place */
#define FS_EF_DG(n) ((uint16_t)(0x0100 + (n)))
#define FS_FILE_MAX 65536u /* no file of an eMRTD is read beyond this */

extern const struct bytes fs_aid_emrtd; /* A0000002471001 */

/* Each returns CC_OK with the status word in *ret_sw, or a transport error. */
CC_MUST cc_status fs_select_aid(struct channel *ch, struct bytes aid, uint16_t *ret_sw);
CC_MUST cc_status fs_select_mf(struct channel *ch, uint16_t *ret_sw);
CC_MUST cc_status fs_select_ef(struct channel *ch, uint16_t fid, uint16_t *ret_sw);
/*
 * Reads the selected transparent file whole: its length comes from the outer
 * TLV of the first block; reads the largest blocks the channel allows, falling
 * back to smaller ones when the card refuses; odd INS B1 above 32,767 bytes.
 * *ret_sw: status word that ended it (SW_OK when complete). limit: at most
 * FS_FILE_MAX, a longer file is CC_E_LIMIT "card.file-too-large" after its first
 * block. CC_E_FORMAT "card.file-length" when the length lies. Bytes behind the
 * outer TLV are not part of the file. ret is empty unless *ret_sw is SW_OK.
 */
CC_MUST cc_status fs_read_selected(struct channel *ch, size_t limit, struct buf *ret, uint16_t *ret_sw);
/*
 * Select and read; 6A82 comes back as *ret_sw with an empty ret. Files with a
 * short identifier (EF.COM, EF.SOD, the data groups) are selected and read in one
 * command; where the card refuses that, by SELECT.
 */
CC_MUST cc_status fs_read_ef(struct channel *ch, uint16_t fid, size_t limit, struct buf *ret, uint16_t *ret_sw);
/*
 * SELECT and one READ BINARY of a file that isn't one data object (EF.CVCA): at most `len` bytes, at most 256. ret is
 * empty unless *ret_sw is SW_OK.
 */
CC_MUST cc_status fs_read_raw(struct channel *ch, uint16_t fid, size_t len, struct buf *ret, uint16_t *ret_sw);

#endif
