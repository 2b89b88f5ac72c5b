/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_SW_H
#define CC_CARD_SW_H

#include <stdint.h>

/* Status words of ISO/IEC 7816-4:2020 table 6 and GlobalPlatform 2.3.1 table 11-10, by the host's names. */
#define SW_OK 0x9000
#define SW_END_OF_FILE 0x6282 /* fewer bytes than Le: the file ends */
#define SW_WRONG_LENGTH 0x6700
#define SW_SECURITY_STATUS 0x6982
#define SW_AUTH_BLOCKED 0x6983
#define SW_CONDITIONS 0x6985
#define SW_SM_MISSING 0x6987
#define SW_SM_WRONG 0x6988
#define SW_WRONG_DATA 0x6A80
#define SW_FILE_NOT_FOUND 0x6A82
#define SW_NO_SPACE 0x6A84
#define SW_WRONG_P1P2 0x6A86
#define SW_REFERENCE_NOT_FOUND 0x6A88
#define SW_WRONG_OFFSET 0x6B00
#define SW_INS_UNKNOWN 0x6D00
#define SW_CLA_UNKNOWN 0x6E00
#define SW_GP_AUTH_FAILED 0x6300 /* EXTERNAL AUTHENTICATE: cryptogram wrong */

/* "6A82 file not found": static text for messages and evidence; "6F12" alone when unknown uses buf. */
const char *sw_text(uint16_t sw, char buf[48]);

#endif
