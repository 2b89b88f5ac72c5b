/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_DEFECT_ADVICE_H
#define CC_STATION_DEFECT_ADVICE_H

#include "station/message.h"

#include <jansson.h>

/* What an officer is told of defects of a photo or a print: messages "KIND.DEFECT", kind "portrait" or "finger". */
const struct message *defect_advice(const char *kind, const char *defect);
/* Members "defects" and "advice" of a report. */
void defect_advice_add(json_t *report, const char *kind, const char *const *defects, size_t n, enum lang lang);

#endif
