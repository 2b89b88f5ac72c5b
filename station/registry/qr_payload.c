/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/qr_payload.h"

#include "crypto/base/secret.h"
#include "station/registry/vietnamese.h"

#include <stdio.h>
#include <string.h>

#define PAYLOAD_MAX 2048

static void put(struct writer *w, const char *field, bool *clean)
{
	if (writer_view(w).n > 0 || w->failed != CC_OK)
		writer_u8(w, '|');
	*clean = *clean && strchr(field, '|') == NULL;
	writer_str(w, field);
}

static void format_day(struct date d, char out[16])
{
	(void)snprintf(out, 16, "%02u%02u%04u", d.day, d.month, d.year);
}

static const char *extra_field(const struct person *p, const struct qr_params *params, const char *name)
{
	if (name == NULL || name[0] == '\0')
		return "";
	if (strcmp(name, "cancelled_number") == 0)
		return p->cancelled_number;
	if (!params->child)
		return "";
	return strcmp(name, "father") == 0 ? p->father : strcmp(name, "mother") == 0 ? p->mother : "";
}

cc_status qr_params_extra(char *text, struct qr_params *inout, struct cc_error *err)
{
	static const char *const known[] = { "", "cancelled_number", "father", "mother" };
	char *rest = text;

	for (size_t i = 0; i < 4; i++) {
		const char *name = rest != NULL ? strsep(&rest, ",") : "";
		size_t k = 0;

		while (k < sizeof known / sizeof known[0] && strcmp(known[k], name) != 0)
			k++;
		if (k == sizeof known / sizeof known[0])
			return cc_fail(err, CC_E_FORMAT, "settings.bad-value", "qr.2024-fields: no field %.30s", name);
		inout->extra[i] = known[k];
	}
	if (rest != NULL)
		return cc_fail(err, CC_E_FORMAT, "settings.bad-value", "qr.2024-fields: more than four");
	return cc_ok();
}

cc_status qr_payload(const struct person *p, const struct qr_params *params, struct buf *ret, struct cc_error *err)
{
	char name[2 * PERSON_NAME_SIZE], birth[16], issued[16];
	bool clean = true;
	struct writer w;
	cc_status st;

	if (date_precision(p->birth) != DATE_DAY || date_precision(params->issued) != DATE_DAY)
		return cc_fail(err, CC_E_STATE, "registry.birth-incomplete", "the QR code needs whole dates");
	if (cc_failed(st = vietnamese_title(p->full_name, name, sizeof name)))
		return cc_fail(err, st.code, "registry.long-field", "full_name");
	format_day(p->birth, birth);
	format_day(params->issued, issued);
	writer_init(&w, PAYLOAD_MAX);
	put(&w, p->number, &clean);
	put(&w, p->old_cmnd, &clean);
	put(&w, name, &clean);
	put(&w, birth, &clean);
	put(&w, person_sex_card(p->sex), &clean);
	put(&w, p->residence, &clean);
	put(&w, issued, &clean);
	for (size_t i = 0; i < 4 && params->layout == QR_2024; i++)
		put(&w, extra_field(p, params, params->extra[i]), &clean);
	st = writer_finish(&w, ret);
	writer_done(&w);
	cc_wipe(name, sizeof name);
	if (cc_failed(st))
		return cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "qr.too-long", "QR code");
	if (!clean) {
		buf_done(ret);
		return cc_fail(err, CC_E_FORMAT, "qr.separator", "a field has a vertical bar in it");
	}
	return st;
}
