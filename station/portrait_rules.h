/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_PORTRAIT_RULES_H
#define CC_STATION_PORTRAIT_RULES_H

#include "biometrics/quality.h"
#include "station/config.h"

/*
 * The station's bounds for photos: those of biometrics/quality.c, and a file
 * HOME/portrait.json that changes single ones: {"background_colour": {"max":
 * 30}}. Without the file: the defaults. An unknown measure or bound is an
 * error that names it.
 */
CC_MUST cc_status portrait_rules_load(const struct config *c, struct quality_rules *rules, struct cc_error *err);

#endif
