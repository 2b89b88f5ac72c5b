/* SPDX-License-Identifier: Apache-2.0 */
#include "card/sw.h"

#include <stddef.h>
#include <stdio.h>

struct sw_row {
	uint16_t sw;
	const char *text;
};

/* ISO/IEC 7816-4:2020 tables 6 and 7, in ascending order. */
static const struct sw_row rows[] = {
	{ 0x6200, "6200 warning, memory unchanged" },
	{ 0x6281, "6281 returned data may be corrupted" },
	{ 0x6282, "6282 end of file before Le bytes" },
	{ 0x6283, "6283 selected file deactivated" },
	{ 0x6285, "6285 file in termination state" },
	{ 0x6300, "6300 authentication failed" },
	{ 0x6310, "6310 more data available" },
	{ 0x6400, "6400 execution error" },
	{ 0x6581, "6581 memory failure" },
	{ 0x6700, "6700 wrong length" },
	{ 0x6881, "6881 logical channel not supported" },
	{ 0x6882, "6882 secure messaging not supported" },
	{ 0x6883, "6883 last command of the chain expected" },
	{ 0x6884, "6884 command chaining not supported" },
	{ 0x6981, "6981 incompatible file structure" },
	{ 0x6982, "6982 security status not satisfied" },
	{ 0x6983, "6983 authentication method blocked" },
	{ 0x6984, "6984 reference data not usable" },
	{ 0x6985, "6985 conditions of use not satisfied" },
	{ 0x6986, "6986 no current file" },
	{ 0x6987, "6987 secure messaging object missing" },
	{ 0x6988, "6988 secure messaging object wrong" },
	{ 0x6999, "6999 application selection failed" },
	{ 0x6A80, "6A80 wrong data" },
	{ 0x6A81, "6A81 function not supported" },
	{ 0x6A82, "6A82 file not found" },
	{ 0x6A83, "6A83 record not found" },
	{ 0x6A84, "6A84 not enough memory" },
	{ 0x6A86, "6A86 wrong P1-P2" },
	{ 0x6A87, "6A87 Lc inconsistent with P1-P2" },
	{ 0x6A88, "6A88 referenced data not found" },
	{ 0x6A89, "6A89 file already exists" },
	{ 0x6B00, "6B00 offset outside the file" },
	{ 0x6D00, "6D00 instruction not supported" },
	{ 0x6E00, "6E00 class not supported" },
	{ 0x6F00, "6F00 no precise diagnosis" },
	{ 0x9000, "9000 done" },
};

const char *sw_text(uint16_t sw, char buf[48])
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].sw == sw)
			return rows[i].text;
	/* ISO/IEC 7816-4 5.6: 61xx, 63Cx and 6Cxx carry a number. */
	if ((sw & 0xFF00) == 0x6100)
		(void)snprintf(buf, 48, "%04X more bytes available", sw);
	else if ((sw & 0xFFF0) == 0x63C0)
		(void)snprintf(buf, 48, "%04X %u tries left", sw, sw & 0x0Fu);
	else if ((sw & 0xFF00) == 0x6C00)
		(void)snprintf(buf, 48, "%04X wrong Le, %u bytes available", sw, sw & 0xFFu);
	else
		(void)snprintf(buf, 48, "%04X", sw);
	return buf;
}
