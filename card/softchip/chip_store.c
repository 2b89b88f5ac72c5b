/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

#include "crypto/base/tlv.h"

#include <string.h>

#define P1_LAST 0x80
#define P1_ENCRYPTED 0x60
#define P1_STRUCTURE 0x18
#define P1_STRUCTURE_DGI 0x08
#define P1_RFU 0x06
#define P1_ANSWER 0x01
#define STATE_PERSONALIZED 0x0F
#define MRZ_MIN 24 /* nine characters of document number, two dates, three check digits */
#define MRZ_MAX 40
#define CAN_LEN 6

/* The data groupings that are no files. */
enum {
	DGI_AA_KEY = 0x00A1,
	DGI_CA_KEY = 0x00A2, /* and the three behind it */
	DGI_CA_KEY_4 = 0x00A5,
	DGI_MRZ = 0x00B1,
	DGI_CAN = 0x00B2,
	DGI_CVCA = 0x00B3,
	DGI_DATE = 0x00B4,
	DGI_END = 0x00FF
};

bool chip_store_session_strong(const struct softchip *chip)
{
	const uint8_t need = CHIP_SCP03_C_MAC | CHIP_SCP03_C_ENC | CHIP_SCP03_R_MAC;

	if (chip_has_scp02(chip))
		return chip->s.scp02.state == CHIP_SCP02_OPEN && (chip->s.scp02.level & CHIP_SCP02_C_ENC) != 0;
	return chip->s.scp03.state == CHIP_SCP03_OPEN && (chip->s.scp03.level & need) == need;
}

static bool take_lv(struct cursor *in, struct bytes *ret)
{
	uint8_t n;

	return cursor_u8(in, &n) && cursor_take(in, n, ret);
}

/* GlobalPlatform 2.3.1 11.5.2.3.6: data of INSTALL [for personalization]. */
static bool read_install(struct bytes data, struct bytes *ret_aid)
{
	struct bytes empty[5];
	struct cursor in;

	cursor_init(&in, data);
	if (!take_lv(&in, &empty[0]) || !take_lv(&in, &empty[1]) || !take_lv(&in, ret_aid) || !take_lv(&in, &empty[2]) ||
	    !take_lv(&in, &empty[3]) || !take_lv(&in, &empty[4]) || cc_failed(cursor_end(&in)))
		return false;
	for (size_t i = 0; i < 5; i++)
		if (empty[i].n > 0)
			return false;
	return true;
}

uint16_t chip_store_install(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	struct bytes aid;

	if (!chip_store_session_strong(chip))
		return CHIP_SW_SECURITY;
	if (cmd->p1 != 0x20 || cmd->p2 != 0x00)
		return CHIP_SW_P1P2;
	if (!read_install(cmd->data, &aid))
		return CHIP_SW_DATA;
	if (!bytes_equal(aid, chip_aid_emrtd))
		return CHIP_SW_NOT_FOUND;
	if (chip_is_personalized(chip))
		return CHIP_SW_CONDITIONS;
	chip->s.store = (struct chip_store){ .open = true };
	writer_u8(out, 0x00);
	return CHIP_SW_OK;
}

static bool mrz_valid(struct bytes in)
{
	for (size_t i = 0; i < in.n; i++)
		if (in.p[i] != '<' && !(in.p[i] >= '0' && in.p[i] <= '9') && !(in.p[i] >= 'A' && in.p[i] <= 'Z'))
			return false;
	return true;
}

static bool can_valid(struct bytes in)
{
	for (size_t i = 0; i < in.n; i++)
		if (in.p[i] < '0' || in.p[i] > '9')
			return false;
	return true;
}

/* The list of EF.COM (5C) leaves DG2's tag out: the document of a child under 6, which has no face. */
static bool is_faceless(const struct softchip *chip)
{
	const struct chip_file *com = chip_memory_file(&chip->memory, CHIP_FILE_COM);
	struct cursor in, body;
	struct tlv t;
	uint8_t tag;

	cursor_init(&in, bytes_of(com->body.p, com->filled));
	if (!tlv_expect(&in, TLV_LENIENT, 0x60, &body))
		return false;
	while (cursor_left(&body) > 0 && tlv_next(&body, TLV_LENIENT, &t)) {
		if (t.tag != 0x5C)
			continue;
		cursor_init(&in, t.value);
		while (cursor_left(&in) > 0 && cursor_u8(&in, &tag))
			if (tag == 0x75)
				return false;
		return true;
	}
	return false;
}

/* Everything that a finished document needs. */
static bool may_finish(const struct softchip *chip)
{
	static const uint16_t files[] = { CHIP_FILE_COM,    CHIP_FILE_SOD,    CHIP_FILE_DG(1),
					  CHIP_FILE_DG(14), CHIP_FILE_DG(15), CHIP_FILE_CARD_ACCESS };
	static const enum chip_field fields[] = { CHIP_FIELD_MRZ, CHIP_FIELD_AA_KEY, CHIP_FIELD_CA_KEY };

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (!chip_file_complete(chip_memory_file(&chip->memory, files[i])))
			return false;
	if (!chip_file_complete(chip_memory_file(&chip->memory, CHIP_FILE_DG(2))) && !is_faceless(chip))
		return false;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (chip_memory_field(&chip->memory, fields[i]).n == 0)
			return false;
	/* A file that was begun must be whole. */
	for (size_t i = 0; i < CHIP_FILE_COUNT; i++)
		if (chip->memory.file[i].size > 0 && !chip_file_complete(&chip->memory.file[i]))
			return false;
	return true;
}

/* A block's surroundings while its groupings are taken apart. */
struct block {
	struct cursor in;
	bool last;
	struct writer *answer; /* NULL: none wanted */
};

static uint16_t finish(struct softchip *chip, const struct block *b)
{
	if (!b->last || cursor_left(&b->in) > 0 || !may_finish(chip))
		return CHIP_SW_CONDITIONS;
	return chip_sw_of(chip_memory_set_number(&chip->memory, CHIP_FIELD_APP_STATE, STATE_PERSONALIZED, 1));
}

static bool is_ca_key(uint16_t dgi)
{
	return dgi >= DGI_CA_KEY && dgi <= DGI_CA_KEY_4;
}

/* Header read: is it a known grouping of a possible length? */
static uint16_t dgi_begin(struct softchip *chip, uint16_t dgi, size_t n)
{
	bool fits;

	if (is_ca_key(dgi))
		return n == 2 || n == 3 ? CHIP_SW_OK : CHIP_SW_DATA;
	switch (dgi) {
	case DGI_AA_KEY:
		fits = n >= 2 && n <= 4;
		break;
	case DGI_CVCA:
		fits = n > 0 && n <= CHIP_CVC_MAX;
		break;
	case DGI_DATE:
		fits = n == CHIP_DATE_LEN;
		break;
	case DGI_MRZ:
		fits = n >= MRZ_MIN && n <= MRZ_MAX;
		break;
	case DGI_CAN:
		fits = n == CAN_LEN;
		break;
	case DGI_END:
		fits = n == 0;
		break;
	default:
		if (chip_memory_file(&chip->memory, dgi) == NULL || n == 0)
			return CHIP_SW_DATA;
		return chip_sw_of(chip_memory_file_new(&chip->memory, dgi, n));
	}
	return fits ? CHIP_SW_OK : CHIP_SW_DATA;
}

static uint16_t dgi_end(struct softchip *chip, const struct block *b)
{
	struct chip_store *s = &chip->s.store;
	struct bytes body = bytes_of(s->small, s->small_n);

	if (is_ca_key(s->dgi))
		return chip_keypair_make(chip, (enum chip_field)(CHIP_FIELD_CA_KEY + (s->dgi - DGI_CA_KEY)), body, b->answer);
	switch (s->dgi) {
	case DGI_AA_KEY:
		return chip_keypair_make(chip, CHIP_FIELD_AA_KEY, body, b->answer);
	case DGI_CVCA:
		return chip_trust_personalize(chip, body);
	case DGI_DATE:
		return chip_trust_personalize_date(chip, body);
	case DGI_MRZ:
		return mrz_valid(body) ? chip_sw_of(chip_memory_set(&chip->memory, CHIP_FIELD_MRZ, body)) : CHIP_SW_DATA;
	case DGI_CAN:
		return can_valid(body) ? chip_sw_of(chip_memory_set(&chip->memory, CHIP_FIELD_CAN, body)) : CHIP_SW_DATA;
	case DGI_END:
		return finish(chip, b);
	default:
		return CHIP_SW_OK;
	}
}

/* Takes header bytes until it is whole: two bytes of identifier, then one of length, or FF and two. */
static uint16_t feed_head(struct softchip *chip, struct block *b)
{
	struct chip_store *s = &chip->s.store;
	struct cursor head;
	uint8_t n8;
	uint16_t n16 = 0;
	uint16_t sw;

	if (!cursor_u8(&b->in, &s->head[s->head_n]))
		return CHIP_SW_FAULT;
	s->head_n++;
	cursor_init(&head, bytes_of(s->head, s->head_n));
	if (!cursor_u16(&head, &s->dgi) || !cursor_u8(&head, &n8))
		return CHIP_SW_OK;
	if (n8 == 0xFF && !cursor_u16(&head, &n16))
		return CHIP_SW_OK;
	s->left = n8 == 0xFF ? n16 : n8;
	sw = dgi_begin(chip, s->dgi, s->left);
	s->head_n = 0;
	s->small_n = 0;
	s->in_body = sw == CHIP_SW_OK;
	return sw;
}

static uint16_t feed_body(struct softchip *chip, struct block *b)
{
	struct chip_store *s = &chip->s.store;
	size_t n = cursor_left(&b->in) < s->left ? cursor_left(&b->in) : s->left;
	struct bytes piece;

	if (!cursor_take(&b->in, n, &piece))
		return CHIP_SW_FAULT;
	s->left -= n;
	if (chip_memory_file(&chip->memory, s->dgi) != NULL)
		return chip_sw_of(chip_memory_file_append(&chip->memory, s->dgi, piece));
	CC_ASSERT(n <= sizeof s->small - s->small_n);
	if (n > 0)
		memcpy(s->small + s->small_n, piece.p, n);
	s->small_n += n;
	return CHIP_SW_OK;
}

static uint16_t feed(struct softchip *chip, struct block *b)
{
	struct chip_store *s = &chip->s.store;
	uint16_t sw = CHIP_SW_OK;

	while (sw == CHIP_SW_OK && (cursor_left(&b->in) > 0 || s->in_body)) {
		if (!s->in_body) {
			sw = feed_head(chip, b);
			continue;
		}
		if (s->left > 0 && cursor_left(&b->in) == 0)
			break;
		sw = feed_body(chip, b);
		if (sw == CHIP_SW_OK && s->left == 0) {
			s->in_body = false;
			sw = dgi_end(chip, b);
		}
	}
	return sw;
}

uint16_t chip_store_data(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	struct chip_store *s = &chip->s.store;
	struct block b = { .last = (cmd->p1 & P1_LAST) != 0, .answer = (cmd->p1 & P1_ANSWER) != 0 ? out : NULL };
	uint16_t sw;

	if (!chip_store_session_strong(chip))
		return CHIP_SW_SECURITY;
	if (!s->open)
		return CHIP_SW_CONDITIONS;
	if ((cmd->p1 & (P1_ENCRYPTED | P1_RFU)) != 0 || (cmd->p1 & P1_STRUCTURE) != P1_STRUCTURE_DGI || cmd->p2 != s->block)
		return CHIP_SW_P1P2;
	if (cmd->data.n == 0)
		return CHIP_SW_LENGTH;
	cursor_init(&b.in, cmd->data);
	sw = feed(chip, &b);
	if (sw == CHIP_SW_OK && b.last && (s->in_body || s->head_n > 0))
		sw = CHIP_SW_DATA;
	if (sw != CHIP_SW_OK) {
		/* A file in the middle stays as far as it was written; the stream begins anew with the same block number. */
		*s = (struct chip_store){ .open = true, .block = s->block };
		return sw;
	}
	s->block = (s->block + 1) & 0xFF;
	/* GlobalPlatform 2.3.1 11.11: the last block ends personalization, with this INSTALL. */
	if (b.last)
		*s = (struct chip_store){ 0 };
	return sw;
}

uint16_t chip_store_read(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	const struct chip_file *f = chip_memory_file(&chip->memory, (uint16_t)(cmd->p1 << 8 | cmd->p2));

	if (!chip_store_session_strong(chip))
		return CHIP_SW_SECURITY;
	if (!chip->s.store.open)
		return CHIP_SW_CONDITIONS;
	if (f == NULL || f->size == 0)
		return CHIP_SW_FILE_NOT_FOUND;
	return chip_file_answer_object(cmd, cmd->data, bytes_of(f->body.p, f->filled), out);
}
