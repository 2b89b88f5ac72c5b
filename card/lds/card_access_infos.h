/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_CARD_ACCESS_INFOS_H
#define CC_CARD_LDS_CARD_ACCESS_INFOS_H

#include "card/lds/card_access.h"

/*
 * The infos of EF.CardAccess, which DG14 repeats. id_storage: one byte that the
 * parameter id's view points to. Not sorted.
 */
CC_MUST cc_status card_access_infos(const struct card_access_settings *s, uint8_t *id_storage, struct security_infos *ret,
				    struct cc_error *err);

#endif
