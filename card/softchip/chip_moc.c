/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"
#include "card/softchip/chip_moc_match.h"

#include "crypto/base/tlv.h"

/* The match-on-card application, ISO/IEC 7816-11 and 19794-2 clause 8: datasheet.md. */

#define TEMPLATES 2
#define REFERENCE_FIRST 0x81
#define FAILURES_MAX 3
#define CURRENT_DF 0x3FFF
#define TAG_INFORMATION 0x7F60
#define TAG_GROUP 0x7F61
#define TAG_TEMPLATE 0x7F2E

/* 'F': a name of nobody's registration (ISO/IEC 7816-4 12.2.3.4); "CCCDMOC". */
const struct bytes chip_aid_moc_default = BYTES_LITERAL("\xF0\x43\x43\x43\x44\x4D\x4F\x43");

static struct bytes template_of(const struct softchip *chip, unsigned i)
{
	return chip_memory_field(&chip->memory, (enum chip_field)(CHIP_FIELD_MOC_1 + i));
}

static bool has_template(const struct softchip *chip)
{
	return template_of(chip, 0).n > 0 || template_of(chip, 1).n > 0;
}

bool chip_moc_selectable(const struct softchip *chip)
{
	return !chip_is_personalized(chip) || has_template(chip);
}

static bool read_failures(const struct softchip *chip, uint8_t out[TEMPLATES])
{
	struct bytes field = chip_memory_field(&chip->memory, CHIP_FIELD_MOC_FAILURES);
	struct cursor in;

	for (unsigned i = 0; i < TEMPLATES; i++)
		out[i] = 0;
	if (field.n == 0)
		return true;
	cursor_init(&in, field);
	return cursor_copy(&in, out, TEMPLATES) && !cc_failed(cursor_end(&in));
}

/* What is stored: the finger's subtype and the bare minutiae. */
static bool stored_minutiae(struct bytes stored, uint8_t *ret_subtype, struct chip_minutiae *ret)
{
	struct cursor in;

	cursor_init(&in, stored);
	return cursor_u8(&in, ret_subtype) && chip_minutiae_read(cursor_rest(&in), ret);
}

bool chip_moc_sound(const struct softchip *chip)
{
	uint8_t failures[TEMPLATES], subtype;
	struct chip_minutiae m;

	if (!read_failures(chip, failures))
		return false;
	for (unsigned i = 0; i < TEMPLATES; i++)
		if (failures[i] > FAILURES_MAX ||
		    (template_of(chip, i).n > 0 && !stored_minutiae(template_of(chip, i), &subtype, &m)))
			return false;
	return true;
}

/* ---- GET DATA */

/* ISO/IEC 19794-2:2005 table 14 and ISO/IEC 7816-11: header of the information template. */
static void put_header(struct writer *out, uint8_t subtype)
{
	tlv_open(out, 0xA1);
	tlv_put_u8(out, 0x81, 0x08);
	tlv_put_u8(out, 0x82, subtype);
	tlv_put(out, 0x87, BYTES_LITERAL("\x01\x01"));
	tlv_put(out, 0x88, BYTES_LITERAL("\x00\x05"));
	tlv_open(out, 0xB1);
	tlv_open(out, 0x81);
	writer_u8(out, CHIP_MINUTIAE_MIN);
	writer_u8(out, CHIP_MINUTIAE_MAX);
	tlv_close(out);
	tlv_put_u8(out, 0x82, 0x00);
	tlv_close(out);
	tlv_close(out);
}

/* What the matcher takes, of any finger. */
static uint16_t get_information(struct writer *out)
{
	tlv_open(out, TAG_INFORMATION);
	put_header(out, 0x00);
	tlv_close(out);
	return CHIP_SW_OK;
}

/* ISO/IEC 7816-11 table 2: the group, one information template with its reference for each that is stored. */
static uint16_t get_group(const struct softchip *chip, struct writer *out)
{
	uint8_t subtype, count = 0;
	struct chip_minutiae m;

	for (unsigned i = 0; i < TEMPLATES; i++)
		if (template_of(chip, i).n > 0)
			count++;
	if (count == 0)
		return CHIP_SW_NOT_FOUND;
	tlv_open(out, TAG_GROUP);
	tlv_put_u8(out, 0x02, count);
	for (unsigned i = 0; i < TEMPLATES; i++) {
		if (!stored_minutiae(template_of(chip, i), &subtype, &m))
			continue;
		tlv_open(out, TAG_INFORMATION);
		tlv_put_u8(out, 0x83, (uint8_t)(REFERENCE_FIRST + i));
		put_header(out, subtype);
		tlv_close(out);
	}
	tlv_close(out);
	return CHIP_SW_OK;
}

uint16_t chip_moc_get_data(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	struct cursor in;
	struct bytes wanted;

	if ((cmd->p1 << 8 | cmd->p2) != CURRENT_DF)
		return CHIP_SW_P1P2;
	cursor_init(&in, cmd->data);
	if (!tlv_expect_bytes(&in, TLV_LENIENT, 0x5C, &wanted) || cc_failed(cursor_end(&in)))
		return CHIP_SW_DATA;
	if (bytes_equal(wanted, BYTES_LITERAL("\x7F\x60")))
		return get_information(out);
	if (bytes_equal(wanted, BYTES_LITERAL("\x7F\x61")))
		return get_group(chip, out);
	/* A template above all: it goes in and never comes out. */
	return CHIP_SW_NOT_FOUND;
}

/* ---- PUT DATA */

static bool take_u8(struct cursor *in, uint32_t tag, uint8_t *ret)
{
	struct cursor v;

	return tlv_expect(in, TLV_STRICT, tag, &v) && cursor_u8(&v, ret) && !cc_failed(cursor_end(&v));
}

/* Value of 7F2E: 81, the minutiae alone. */
static bool take_minutiae(struct cursor *in, struct chip_minutiae *ret, struct bytes *ret_bytes)
{
	struct cursor t;

	return tlv_expect(in, TLV_STRICT, TAG_TEMPLATE, &t) && tlv_expect_bytes(&t, TLV_STRICT, 0x81, ret_bytes) &&
	       !cc_failed(cursor_end(&t)) && !cc_failed(cursor_end(in)) && chip_minutiae_read(*ret_bytes, ret);
}

static bool slot_of(uint8_t reference, unsigned *ret)
{
	*ret = (unsigned)(reference - REFERENCE_FIRST);
	return reference >= REFERENCE_FIRST && reference < REFERENCE_FIRST + TEMPLATES;
}

/* 7F60 { 83 reference, A1 { 82 subtype }, 7F2E { 81 minutiae } } */
static uint16_t store(struct softchip *chip, struct bytes data)
{
	struct cursor in, item, header;
	struct chip_minutiae m;
	struct bytes minutiae;
	uint8_t reference, subtype;
	struct writer w;
	unsigned slot;
	cc_status st;

	cursor_init(&in, data);
	if (!tlv_expect(&in, TLV_STRICT, TAG_INFORMATION, &item) || cc_failed(cursor_end(&in)) ||
	    !take_u8(&item, 0x83, &reference) || !tlv_expect(&item, TLV_STRICT, 0xA1, &header) ||
	    !take_u8(&header, 0x82, &subtype) || cc_failed(cursor_end(&header)) || !take_minutiae(&item, &m, &minutiae))
		return CHIP_SW_DATA;
	if (!slot_of(reference, &slot))
		return CHIP_SW_NOT_FOUND;
	writer_init(&w, 1 + CHIP_MINUTIAE_MAX * 3);
	writer_u8(&w, subtype);
	writer_put(&w, minutiae);
	st = cc_code_status(w.failed);
	if (!cc_failed(st))
		st = chip_memory_set(&chip->memory, (enum chip_field)(CHIP_FIELD_MOC_1 + slot), writer_view(&w));
	writer_done(&w);
	return chip_sw_of(st);
}

uint16_t chip_moc_put_data(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	(void)out;
	if (!chip_store_session_strong(chip))
		return CHIP_SW_SECURITY;
	if (chip_is_personalized(chip))
		return CHIP_SW_CONDITIONS;
	if ((cmd->p1 << 8 | cmd->p2) != CURRENT_DF)
		return CHIP_SW_P1P2;
	return store(chip, cmd->data);
}

/* ---- VERIFY */

static uint16_t tries_left(uint8_t failures)
{
	return failures >= FAILURES_MAX ? CHIP_SW_BLOCKED : (uint16_t)(CHIP_SW_TRIES | (FAILURES_MAX - failures));
}

static cc_status count(struct softchip *chip, unsigned slot, uint8_t failures)
{
	uint8_t all[TEMPLATES];

	if (!read_failures(chip, all))
		return cc_code_status(CC_E_FORMAT);
	all[slot] = failures;
	return chip_memory_set(&chip->memory, CHIP_FIELD_MOC_FAILURES, bytes_of(all, sizeof all));
}

/* The counter rises before the comparison and falls after it: pulling the card in between gains nothing. */
static uint16_t compare_counted(struct softchip *chip, unsigned slot, uint8_t failures, const struct chip_minutiae *probe)
{
	struct chip_minutiae reference;
	uint8_t subtype;
	cc_status st = count(chip, slot, failures + 1);

	if (cc_failed(st))
		return chip_sw_of(st);
	if (!stored_minutiae(template_of(chip, slot), &subtype, &reference))
		return CHIP_SW_FAULT;
	if (!chip_minutiae_match(&reference, probe))
		return tries_left(failures + 1);
	return chip_sw_of(count(chip, slot, 0));
}

uint16_t chip_moc_verify(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	uint8_t failures[TEMPLATES];
	struct chip_minutiae probe;
	struct bytes minutiae;
	struct cursor in;
	unsigned slot;

	(void)out;
	/* Without the card's password a stranger could use up the tries. */
	if (!chip->s.access)
		return CHIP_SW_SECURITY;
	if (cmd->p1 != 0)
		return CHIP_SW_P1P2;
	if (!slot_of(cmd->p2, &slot) || template_of(chip, slot).n == 0)
		return CHIP_SW_NOT_FOUND;
	if (!read_failures(chip, failures))
		return CHIP_SW_FAULT;
	/* ISO/IEC 7816-4 11.6.6: without data the answer is how many tries are left. */
	if (cmd->data.n == 0 || failures[slot] >= FAILURES_MAX)
		return tries_left(failures[slot]);
	cursor_init(&in, cmd->data);
	if (!take_minutiae(&in, &probe, &minutiae))
		return CHIP_SW_DATA;
	return compare_counted(chip, slot, failures[slot], &probe);
}
