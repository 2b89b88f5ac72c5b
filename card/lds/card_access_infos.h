/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_CARD_ACCESS_INFOS_H
#define CC_CARD_LDS_CARD_ACCESS_INFOS_H

#include "card/lds/card_access.h"

#define CARD_ACCESS_OID_LEN 10
/* What the views of PACEInfos point to. */
struct card_access_storage {
	uint8_t id[CARD_ACCESS_PACE_MAX];
	uint8_t oid[CARD_ACCESS_PACE_MAX][CARD_ACCESS_OID_LEN];
};
/* The infos of EF.CardAccess, which DG14 repeats. Not sorted. */
CC_MUST cc_status card_access_infos(const struct card_access_settings *s, struct card_access_storage *storage,
				    struct security_infos *ret, struct cc_error *err);

#endif
