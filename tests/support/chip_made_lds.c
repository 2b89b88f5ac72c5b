/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/chip_made_lds.h"

#include "crypto/base/tlv.h"

#define PICTURE_LEN 900

static void finish(struct writer *w, struct buf *ret)
{
	cc_status st = writer_finish(w, ret);

	CC_ASSERT(!cc_failed(st));
}

/* ICAO 9303-10 4.6.1 */
void chip_made_com(struct buf *ret, bool with_dg3, bool with_dg4, bool with_dg15)
{
	struct writer w;

	writer_init(&w, 64);
	tlv_open(&w, 0x60);
	tlv_put(&w, 0x5F01, BYTES_LITERAL("0107"));
	tlv_put(&w, 0x5F36, BYTES_LITERAL("040000"));
	tlv_open(&w, 0x5C);
	writer_put(&w, BYTES_LITERAL("\x61\x75"));
	if (with_dg3)
		writer_u8(&w, 0x63);
	if (with_dg4)
		writer_u8(&w, 0x76);
	if (with_dg15)
		writer_u8(&w, 0x6F);
	writer_u8(&w, 0x6E);
	tlv_close(&w);
	tlv_close(&w);
	finish(&w, ret);
}

void chip_made_dg1(struct buf *ret)
{
	struct writer w;

	writer_init(&w, 128);
	tlv_open(&w, 0x61);
	tlv_put(&w, 0x5F1F,
		BYTES_LITERAL("IDVNM0900000007001090000000<<8"
			      "9002155M3002153VNM<<<<<<<<<<<2"
			      "NGUYEN<<VAN<DUC<<<<<<<<<<<<<<<"));
	tlv_close(&w);
	finish(&w, ret);
}

static void put_picture(struct writer *w, size_t n, uint8_t seed)
{
	for (size_t i = 0; i < n; i++)
		writer_u8(w, (uint8_t)(seed + i * i));
}

struct instance {
	uint8_t type, subtype; /* CBEFF: 02 face, 08 finger, 10 iris; 09 right index, 0A left index, 01 right, 02 left eye */
	uint8_t format;	       /* of owner 0101 (ISO/IEC JTC 1 SC 37) */
	const char *identifier;
};

/* ICAO 9303-10 4.7.2.1: biometric information template, header A1 and data block 5F2E. */
static void put_instance(struct writer *w, const struct instance *i)
{
	const uint8_t format[2] = { 0, i->format };

	tlv_open(w, 0x7F60);
	tlv_open(w, 0xA1);
	tlv_put(w, 0x80, BYTES_LITERAL("\x01\x01"));
	tlv_put_u8(w, 0x81, i->type);
	if (i->subtype != 0)
		tlv_put_u8(w, 0x82, i->subtype);
	tlv_put(w, 0x87, BYTES_LITERAL("\x01\x01"));
	tlv_put(w, 0x88, bytes_of(format, sizeof format));
	tlv_close(w);
	tlv_open(w, 0x5F2E);
	writer_str(w, i->identifier);
	writer_u8(w, 0);
	writer_str(w, "010");
	writer_u8(w, 0);
	put_picture(w, PICTURE_LEN, i->subtype);
	tlv_close(w);
	tlv_close(w);
}

static void put_group(struct buf *ret, uint8_t tag, const struct instance *list, size_t count)
{
	struct writer w;

	writer_init(&w, 8192);
	tlv_open(&w, tag);
	tlv_open(&w, 0x7F61);
	tlv_put_u8(&w, 0x02, (uint8_t)count);
	for (size_t i = 0; i < count; i++)
		put_instance(&w, &list[i]);
	tlv_close(&w);
	tlv_close(&w);
	finish(&w, ret);
}

void chip_made_dg2(struct buf *ret)
{
	static const struct instance face[] = { { 0x02, 0x00, 0x08, "FAC" } };

	put_group(ret, 0x75, face, 1);
}

void chip_made_dg3(struct buf *ret)
{
	static const struct instance fingers[] = { { 0x08, 0x09, 0x07, "FIR" }, { 0x08, 0x0A, 0x07, "FIR" } };

	put_group(ret, 0x63, fingers, 2);
}

void chip_made_dg4(struct buf *ret)
{
	static const struct instance eyes[] = { { 0x10, 0x01, 0x09, "IIR" }, { 0x10, 0x02, 0x09, "IIR" } };

	put_group(ret, 0x76, eyes, 2);
}
