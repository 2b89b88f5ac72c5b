/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_PORTRAIT_RULES_H
#define CC_STATION_PORTRAIT_RULES_H

#include "biometrics/portrait.h"
#include "biometrics/quality.h"
#include "station/config.h"

/*
 * The station's bounds for photos: those of biometrics/quality.c, and a file
 * HOME/portrait.json that changes single ones: {"background_colour": {"max":
 * 30}}. Without the file: the defaults. An unknown measure or bound is an
 * error that names it.
 */
CC_MUST cc_status portrait_rules_load(const struct config *c, struct quality_rules *rules, struct cc_error *err);

/* "jpeg", "jp2" or "smallest"; false for anything else. */
CC_MUST bool portrait_format_from_name(const char *name, enum portrait_format *ret);
const char *portrait_format_name(enum portrait_format format);

/* The portrait by the settings portrait.format, dg2.bytes-max, dg2.width, dg2.read-ms, dg2.read-rate. CC_E_FORMAT
 * "issue.setting". */
CC_MUST cc_status portrait_params_load(const struct config *c, struct portrait_params *ret, struct cc_error *err);

#endif
