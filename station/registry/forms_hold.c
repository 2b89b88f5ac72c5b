/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/forms_hold.h"

#include "station/registry/correction.h"
#include "station/registry/reconcile.h"

cc_status forms_hold(struct books *b, const char *number, struct cc_error *err)
{
	bool waits = false, open = false;
	cc_status st = correction_waits(b, number, &waits, err);

	if (!cc_failed(st) && !waits)
		st = reconcile_is_open(b, number, &open, err);
	if (cc_failed(st))
		return st;
	if (waits)
		return cc_fail(err, CC_E_HELD, "correction.waiting", "a form waits");
	if (open)
		return cc_fail(err, CC_E_HELD, "reconcile.open", "documents disagree");
	return st;
}
