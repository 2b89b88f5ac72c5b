/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/chip_reader.h"

#include "card/softchip/chip.h"

#include <string.h>

const struct bytes chip_reader_master = BYTES_LITERAL("\x40\x41\x42\x43\x44\x45\x46\x47\x48\x49\x4A\x4B\x4C\x4D\x4E\x4F");

static void must(cc_status st)
{
	CC_ASSERT(!cc_failed(st));
}

static cc_status power(void *ctx, uint8_t atr[READER_ATR_MAX], size_t *ret_len)
{
	struct chip_reader *cr = ctx;

	if (cr->chip == NULL)
		return cc_code_status(CC_E_DEVICE);
	return softchip_power_on(cr->chip, atr, ret_len);
}

static cc_status transmit(void *ctx, struct bytes command, struct writer *answer)
{
	struct chip_reader *cr = ctx;

	if (cr->chip == NULL)
		return cc_code_status(CC_E_DEVICE);
	return softchip_transmit(cr->chip, command, answer);
}

void chip_reader_insert_blank(struct chip_reader *cr, const struct chip_reader_options *o)
{
	const uint8_t serial[8] = {
		0x61, 0x83, (uint8_t)(o->number >> 24), (uint8_t)(o->number >> 16), (uint8_t)(o->number >> 8), (uint8_t)o->number,
		0x00, 0x01
	};
	struct softchip_config config = {
		.personality = o->personality,
		.serial = bytes_of(serial, sizeof serial),
		.master_key = o->master_key.n > 0 ? o->master_key : chip_reader_master,
		.extended = !o->short_length,
		.command_max = o->command_max,
	};

	softchip_free(&cr->chip);
	must(softchip_new(&config, cr->sys, &cr->chip));
}

void chip_reader_init(struct chip_reader *cr, const struct chip_reader_options *o, const struct sys *sys)
{
	*cr = (struct chip_reader){ .sys = sys };
	chip_reader_insert_blank(cr, o);
	must(reader_memory_new("Software chip", cr, power, transmit, &cr->reader));
}

void chip_reader_done(struct chip_reader *cr)
{
	reader_free(&cr->reader);
	softchip_free(&cr->chip);
}

void chip_reader_take_out(struct chip_reader *cr, struct buf *ret_memory)
{
	must(softchip_save(cr->chip, ret_memory));
	softchip_free(&cr->chip);
}

void chip_reader_insert(struct chip_reader *cr, struct bytes memory)
{
	softchip_free(&cr->chip);
	must(softchip_load(memory, cr->sys, &cr->chip));
}

static void make_key(struct softchip *chip, enum chip_field which, uint8_t parameter_id, uint8_t detail)
{
	const uint8_t body[2] = { parameter_id, detail };

	if (parameter_id > 0)
		CC_ASSERT(chip_keypair_make(chip, which, bytes_of(body, sizeof body), NULL) == CHIP_SW_OK);
}

void chip_reader_personalize(struct chip_reader *cr, const struct chip_reader_document *d)
{
	struct chip_memory *m = &cr->chip->memory;

	for (size_t i = 0; i < d->file_count; i++) {
		must(chip_memory_file_new(m, d->files[i].id, d->files[i].content.n));
		must(chip_memory_file_append(m, d->files[i].id, d->files[i].content));
	}
	must(chip_memory_set(m, CHIP_FIELD_MRZ, bytes_str(d->mrz_information)));
	if (d->can != NULL)
		must(chip_memory_set(m, CHIP_FIELD_CAN, bytes_str(d->can)));
	make_key(cr->chip, CHIP_FIELD_AA_KEY, d->aa_parameter_id, d->aa_hash);
	make_key(cr->chip, CHIP_FIELD_CA_KEY, d->ca_parameter_id, d->ca_cipher);
	must(chip_memory_set_number(m, CHIP_FIELD_APP_STATE, 0x0F, 1));
}

void chip_reader_public_key(struct chip_reader *cr, bool chip_authentication, struct buf *ret)
{
	struct chip_key key = { 0 };

	must(chip_keypair_load(cr->chip, chip_authentication ? CHIP_FIELD_CA_KEY : CHIP_FIELD_AA_KEY, &key));
	must(buf_copy(ret, agree_key_public(key.agree)));
	chip_key_done(&key);
}
