/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_QR_PAYLOAD_H
#define CC_STATION_REGISTRY_QR_PAYLOAD_H

#include "crypto/base/buf.h"
#include "crypto/base/err.h"
#include "station/registry/person.h"
#include "station/registry/validity.h"

/*
 * The text of the card's QR code, cccd-card.md 3, UTF-8, fields parted by "|":
 *
 *	2021  number | old CMND | full name | birth ddMMyyyy | Nam or Nữ | residence | issue ddMMyyyy
 *	2024  the same seven, then four more, empty for adults
 */
enum qr_layout { QR_2021, QR_2024 };

struct qr_params {
	enum qr_layout layout;
	struct date issued; /* to the day */
	bool child;	    /* the parents' names are shown */
	/* What stands in fields 8 to 11 is not public: a setting (qr.2024-fields), names of person.h's fields or "". */
	const char *extra[4];
};
/* The four of the setting's text "cancelled_number,father,mother,"; CC_E_FORMAT "settings.bad-value". Views into text. */
CC_MUST cc_status qr_params_extra(char *text, struct qr_params *inout, struct cc_error *err);

/* CC_E_FORMAT "qr.separator": a field has a "|" in it; CC_E_STATE "registry.birth-incomplete". The name is in mixed case. */
CC_MUST cc_status qr_payload(const struct person *p, const struct qr_params *params, struct buf *ret, struct cc_error *err);

#endif
