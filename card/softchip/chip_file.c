/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

#include "crypto/base/tlv.h"

#define FILE_ATR_INFO 0x2F01
#define FILE_CARD_SECURITY 0x011D /* under the MF; in the application it is the SOD */
#define FILE_CVCA 0x011C	  /* in the application; under the MF it is EF.CardAccess */
#define SFI_ATR_INFO 0x01
#define SFI_FLAG 0x80
#define TAG_OFFSET 0x54
#define TAG_CONTENT 0x53
#define TAG_LENGTHS 0x7F66

/* ICAO 9303-10 3.11.1: EF.ATR/INFO carries the card capabilities and the extended length information. */
static cc_status atr_info(const struct softchip *chip, struct buf *ret)
{
	struct writer w;
	const uint8_t capabilities[] = { 0xD4, 0x21, chip_factory_data(chip).extended != 0 ? 0xE0 : 0x80 };

	writer_init(&w, 64);
	tlv_put(&w, 0x47, bytes_of(capabilities, sizeof capabilities));
	(void)chip_put_lengths(chip, &w);
	return writer_finish(&w, ret);
}

/* A file as written, once the rules have let the reader through. */
static uint16_t give(const struct chip_file *f, struct bytes *ret)
{
	if (f->size == 0)
		return CHIP_SW_FILE_NOT_FOUND;
	*ret = bytes_of(f->body.p, f->filled);
	return CHIP_SW_OK;
}

/* A file that the chip makes up. */
static uint16_t give_made(cc_status st, const struct buf *made, struct bytes *ret)
{
	*ret = buf_view(made);
	return chip_sw_of(st);
}

static uint16_t open_root_file(struct softchip *chip, uint16_t id, struct buf *made, struct bytes *ret)
{
	const struct chip_file *f = chip_memory_file(&chip->memory, CHIP_FILE_CARD_SECURITY);

	if (id == FILE_ATR_INFO && chip_is_icao(chip))
		return give_made(atr_info(chip, made), made, ret);
	/* ICAO 9303-11 9.2.11: EF.CardSecurity is read after PACE. */
	if (id == FILE_CARD_SECURITY && f->size > 0)
		return chip->s.access ? give(f, ret) : CHIP_SW_SECURITY;
	f = chip_memory_file(&chip->memory, CHIP_FILE_CARD_ACCESS);
	if (id != CHIP_FILE_CARD_ACCESS || f->size == 0)
		return CHIP_SW_FILE_NOT_FOUND;
	return chip_is_personalized(chip) ? give(f, ret) : CHIP_SW_SECURITY;
}

static uint16_t open_cvca(struct softchip *chip, struct buf *made, struct bytes *ret)
{
	struct writer w;

	writer_init(&w, 64);
	if (!chip_trust_put_ef(chip, &w))
		return CHIP_SW_FILE_NOT_FOUND;
	if (!chip->s.access) {
		writer_done(&w);
		return CHIP_SW_SECURITY;
	}
	return give_made(writer_finish(&w, made), made, ret);
}

/* What reading a file takes beyond BAC or PACE: the right of an authenticated terminal. */
static uint8_t rights_for(uint16_t id)
{
	if (id == CHIP_FILE_DG(3))
		return CHIP_CVC_READ_DG3;
	return id == CHIP_FILE_DG(4) ? CHIP_CVC_READ_DG4 : 0;
}

static uint16_t open_emrtd_file(struct softchip *chip, uint16_t id, struct buf *made, struct bytes *ret)
{
	const struct chip_file *f = chip_memory_file(&chip->memory, id);
	uint8_t need = rights_for(id);

	if (id == FILE_CVCA)
		return open_cvca(chip, made, ret);
	if (f == NULL || id == CHIP_FILE_CARD_SECURITY)
		return CHIP_SW_FILE_NOT_FOUND;
	/* ICAO 9303-11 4.2, 7.1: BAC or PACE first; fingers and irises need extended access as well. */
	if (!chip_is_personalized(chip) || !chip->s.access || (chip->s.terminal.rights & need) != need)
		return CHIP_SW_SECURITY;
	return give(f, ret);
}

/* The content, when the rules allow it now. made: storage for files that the chip makes up. */
static uint16_t open_file(struct softchip *chip, uint16_t id, struct buf *made, struct bytes *ret)
{
	if (chip->s.place == CHIP_EMRTD)
		return open_emrtd_file(chip, id, made, ret);
	return open_root_file(chip, id, made, ret);
}

/* ISO/IEC 7816-4 7.4.3: file control parameters (or information) of a transparent file. */
static void put_control(struct writer *out, uint32_t tag, uint16_t id, size_t size)
{
	const uint8_t id_bytes[2] = { (uint8_t)(id >> 8), (uint8_t)id };
	const uint8_t size_bytes[2] = { (uint8_t)(size >> 8), (uint8_t)size };

	tlv_open(out, tag);
	tlv_put(out, 0x80, bytes_of(size_bytes, sizeof size_bytes));
	tlv_put_u8(out, 0x82, 0x01);
	tlv_put(out, 0x83, bytes_of(id_bytes, sizeof id_bytes));
	tlv_close(out);
}

uint16_t chip_file_select(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	struct buf made = { 0 };
	struct cursor in;
	struct bytes content;
	uint16_t id, sw;

	if (cmd->p2 != 0x0C && cmd->p2 != 0x04 && cmd->p2 != 0x00)
		return CHIP_SW_P1P2;
	cursor_init(&in, cmd->data);
	if (!cursor_u16(&in, &id) || cc_failed(cursor_end(&in)))
		return CHIP_SW_LENGTH;
	sw = open_file(chip, id, &made, &content);
	if (sw == CHIP_SW_OK) {
		chip->s.ef = id;
		if (cmd->p2 != 0x0C)
			put_control(out, cmd->p2 == 0x04 ? 0x62 : 0x6F, id, content.n);
	}
	buf_done(&made);
	return sw;
}

/* ICAO 9303-10 3.11 and 4: short identifiers are the low five bits of the identifiers, but for EF.ATR/INFO. */
static uint16_t id_of_sfi(const struct softchip *chip, uint8_t sfi)
{
	if (chip->s.place != CHIP_EMRTD && sfi == SFI_ATR_INFO)
		return FILE_ATR_INFO;
	return (uint16_t)(0x0100 | sfi);
}

static uint16_t read_part(const struct command *cmd, struct bytes content, size_t offset, struct writer *out)
{
	struct cursor in;
	struct bytes part;
	size_t want = cmd->le_is_max && cmd->room < cmd->le ? cmd->room : cmd->le;
	size_t left;

	cursor_init(&in, content);
	if (offset >= content.n || !cursor_skip(&in, offset))
		return CHIP_SW_OFFSET;
	left = cursor_left(&in);
	if (!cursor_take(&in, want < left ? want : left, &part))
		return CHIP_SW_FAULT;
	writer_put(out, part);
	/* ISO/IEC 7816-4 11.3.3: fewer bytes than asked for are a warning; Le 00 asks for what there is. */
	return left < want && !cmd->le_is_max ? CHIP_SW_END_OF_FILE : CHIP_SW_OK;
}

uint16_t chip_file_read(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	bool by_sfi = (cmd->p1 & SFI_FLAG) != 0;
	uint16_t id = by_sfi ? id_of_sfi(chip, cmd->p1 & 0x1F) : chip->s.ef;
	size_t offset = by_sfi ? cmd->p2 : (size_t)(cmd->p1 << 8 | cmd->p2);
	struct buf made = { 0 };
	struct bytes content;
	uint16_t sw;

	if (cmd->data.n > 0 || cmd->le == 0)
		return CHIP_SW_LENGTH;
	if (by_sfi && (cmd->p1 & 0x60) != 0)
		return CHIP_SW_P1P2;
	if (id == 0)
		return CHIP_SW_NO_EF;
	sw = open_file(chip, id, &made, &content);
	if (sw == CHIP_SW_OK) {
		chip->s.ef = id;
		sw = read_part(cmd, content, offset, out);
	}
	buf_done(&made);
	return sw;
}

uint16_t chip_file_answer_object(const struct command *cmd, struct bytes offset_object, struct bytes content, struct writer *out)
{
	size_t want = cmd->le_is_max && cmd->room < cmd->le ? cmd->room : cmd->le, room = chip_tlv_room(want, 1);
	struct cursor in, object;
	uint8_t digit;
	size_t offset = 0, left;
	struct bytes part;

	cursor_init(&in, offset_object);
	if (!tlv_expect(&in, TLV_LENIENT, TAG_OFFSET, &object) || cc_failed(cursor_end(&in)) || cursor_left(&object) == 0 ||
	    cursor_left(&object) > 3)
		return CHIP_SW_DATA;
	while (cursor_left(&object) > 0 && cursor_u8(&object, &digit))
		offset = offset << 8 | digit;
	if (room == 0)
		return CHIP_SW_LENGTH;
	cursor_init(&in, content);
	if (offset >= content.n || !cursor_skip(&in, offset))
		return CHIP_SW_OFFSET;
	left = cursor_left(&in);
	if (!cursor_take(&in, room < left ? room : left, &part))
		return CHIP_SW_FAULT;
	tlv_put(out, TAG_CONTENT, part);
	return left < room && !cmd->le_is_max ? CHIP_SW_END_OF_FILE : CHIP_SW_OK;
}

uint16_t chip_file_read_odd(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	uint16_t id = (uint16_t)(cmd->p1 << 8 | cmd->p2);
	struct buf made = { 0 };
	struct bytes content;
	uint16_t sw;

	/* ISO/IEC 7816-4 11.3.1: P1-P2 is a file identifier, a short one when its first eleven bits are zero, 0000 the current
	 * file. */
	if (id == 0)
		id = chip->s.ef;
	else if (id < 0x1F)
		id = id_of_sfi(chip, (uint8_t)id);
	if (id == 0)
		return CHIP_SW_NO_EF;
	sw = open_file(chip, id, &made, &content);
	if (sw == CHIP_SW_OK) {
		chip->s.ef = id;
		sw = chip_file_answer_object(cmd, cmd->data, content, out);
	}
	buf_done(&made);
	return sw;
}

uint16_t chip_file_get_data(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	if (cmd->data.n > 0)
		return CHIP_SW_LENGTH;
	if ((uint16_t)(cmd->p1 << 8 | cmd->p2) == TAG_LENGTHS && chip_put_lengths(chip, out))
		return CHIP_SW_OK;
	return CHIP_SW_NOT_FOUND;
}
