/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/cccd_design.h"

#include "card/lds/dg13.h"

/* dd/MM/yyyy as one number that rises with the date; 0: something else. */
static unsigned ordinal(struct bytes text)
{
	unsigned v[3] = { 0 }, part = 0, digits = 0;
	struct cursor in;
	uint8_t c = 0;

	cursor_init(&in, text);
	if (text.n != 10)
		return 0;
	while (cursor_left(&in) > 0 && cursor_u8(&in, &c)) {
		if (c == '/' && part < 2 && digits == 2) {
			part++;
			digits = 0;
			continue;
		}
		if (c < '0' || c > '9')
			return 0;
		v[part] = v[part] * 10 + (unsigned)(c - '0');
		digits++;
	}
	return part == 2 && digits == 4 && v[0] > 0 && v[1] > 0 ? v[2] * 10000 + v[1] * 100 + v[0] : 0;
}

bool cccd_design_has_face(struct bytes dg13_file)
{
	unsigned birth, issued;
	struct dg13 d;

	if (cc_failed(dg13_parse(dg13_file, &d, NULL)))
		return true;
	birth = ordinal(d.birth);
	issued = ordinal(d.issued);
	return birth == 0 || issued < birth || issued - birth >= CCCD_DESIGN_FACE_AGE * 10000;
}
