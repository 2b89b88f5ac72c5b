/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_ISSUE_PREPARE_FINGERS_H
#define CC_STATION_ISSUE_PREPARE_FINGERS_H

#include "station/finger_make.h"
#include "station/registry/person.h"

/*
 * DG3 from a person's prints, when the setting "dg3" says yes: one finger of
 * each hand, the first that passes the checks in the order index, thumb,
 * middle, ring, little; when none passes, the first that there is. Somebody
 * without any print, whose fingers all have a reason in the registry, gets a DG3
 * with none in it.
 */
struct prepare_fingers_settings {
	bool wanted;
	size_t bytes_max;
	struct finger_params params;
	struct finger_rules rules;
	const struct sys *sys; /* random filler of an empty DG3 */
};
/* CC_E_FORMAT "issue.setting" names the setting. */
CC_MUST cc_status prepare_fingers_settings_read(const struct config *c, struct prepare_fingers_settings *ret,
						struct cc_error *err);
/*
 * packed: registry_fingers_find's. CC_E_HELD "finger.not-taken": a hand has neither a print nor a reason. ret is left alone when
 * DG3 is not wanted.
 */
CC_MUST cc_status prepare_fingers(const struct prepare_fingers_settings *s, struct image_worker *images,
				  const struct person *person, struct bytes packed, struct buf *ret, struct cc_error *err);

#endif
