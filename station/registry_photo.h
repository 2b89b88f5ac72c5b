/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_PHOTO_H
#define CC_STATION_REGISTRY_PHOTO_H

#include "station/registry/check.h"
#include "station/registry_session.h"

/*
 * Judges a person's photo as issuing would (setting photo.gate, overrides that are
 * booked for it), and adds a hold with the key of its first defect: "may be
 * issued" at the desk must hold at the reader. Nothing is written.
 */
CC_MUST cc_status registry_photo_judge(struct registry_session *s, const struct person *p, struct bytes photo,
				       struct holds *holds);

#endif
