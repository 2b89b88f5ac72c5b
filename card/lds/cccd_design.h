/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_CCCD_DESIGN_H
#define CC_CARD_LDS_CCCD_DESIGN_H

#include "crypto/base/bytes.h"

#include <stdbool.h>

/*
 * Law 26/2023/QH15 article 23, circular 17/2024/TT-BCA: neither face nor fingerprints nor iris are taken of a child under 6.
 * Such a card shows no portrait and its chip has neither DG2 nor DG3, although ICAO 9303-10 table 38 makes DG2 mandatory.
 */
#define CCCD_DESIGN_FACE_AGE 6

/* By the dates of birth and issue in EF.DG13: false only when both are whole and the holder was under 6 then. */
bool cccd_design_has_face(struct bytes dg13_file);

#endif
