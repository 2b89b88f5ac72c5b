/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

#include "crypto/base/tlv.h"
#include "crypto/kdf.h"

#include <string.h>

#define COMMAND_MAX_DEFAULT 65544 /* header, 00 and Lc, 65,535 bytes, Le */
#define ANSWER_MAX 65538	  /* 65,536 bytes and the status word */
#define STATE_OP_READY 0x01
#define STATE_SELECTABLE 0x07
#define STATE_PERSONALIZED 0x0F
#define KEY_VERSION 0x30
#define PRIVATE_TRIES 128

uint16_t chip_sw_of(cc_status st)
{
	if (st.code == CC_OK)
		return CHIP_SW_OK;
	if (st.code == CC_E_LIMIT)
		return CHIP_SW_NO_SPACE;
	return st.code == CC_E_MEMORY ? CHIP_SW_MEMORY_FAILURE : CHIP_SW_FAULT;
}

struct chip_factory chip_factory_data(const struct softchip *chip)
{
	struct chip_factory f = { 0 };
	struct cursor in;

	cursor_init(&in, chip_memory_field(&chip->memory, CHIP_FIELD_FACTORY));
	CC_ASSERT(cursor_u8(&in, &f.personality) && cursor_u8(&in, &f.extended) && cursor_u32(&in, &f.command_max) &&
		  cursor_copy(&in, f.serial, sizeof f.serial));
	return f;
}

bool chip_is_icao(const struct softchip *chip)
{
	return chip_factory_data(chip).personality == SOFTCHIP_ICAO;
}

bool chip_is_personalized(const struct softchip *chip)
{
	return chip_memory_number(&chip->memory, CHIP_FIELD_APP_STATE) == STATE_PERSONALIZED;
}

/* The transport's limit on a command holds for the answer too: one buffer serves both. */
size_t chip_answer_max(const struct softchip *chip)
{
	struct chip_factory f = chip_factory_data(chip);
	size_t whole = f.command_max < ANSWER_MAX ? f.command_max : ANSWER_MAX;

	return f.extended != 0 ? whole - 2 : CHIP_LE_SHORT_MAX;
}

bool chip_put_lengths(const struct softchip *chip, struct writer *out)
{
	struct chip_factory f = chip_factory_data(chip);

	if (f.extended == 0)
		return false;
	/* ISO/IEC 7816-4 12.7.1: extended length information. */
	tlv_open(out, 0x7F66);
	der_put_uint(out, f.command_max);
	der_put_uint(out, chip_answer_max(chip) + 2);
	tlv_close(out);
	return true;
}

void chip_access_end(struct softchip *chip)
{
	chip_sm_reset(&chip->s.sm);
	chip->s.access = false;
	chip->s.access_staged = false;
	chip->s.ef = 0;
	chip_terminal_reset(&chip->s.terminal);
	buf_done(&chip->s.id_picc);
}

/* Bytes of a private number, and which bits of the first one may be set. */
static size_t private_len(struct agree_group g, uint8_t *ret_mask)
{
	*ret_mask = g.kind == AGREE_ECDH && g.curve == EC_P521 ? 0x01 : 0xFF;
	return g.kind == AGREE_ECDH ? ec_order_len(g.curve) : dh_order_len(g.group);
}

cc_status chip_make_key(struct softchip *chip, const struct agree_domain *domain, struct agree_key **ret, struct buf *ret_private)
{
	struct buf number = { 0 };
	uint8_t mask;
	cc_status st = buf_zero(&number, private_len(agree_domain_group(domain), &mask));

	/* BSI TR-03111 4.1.1 algorithm 2: draw until the number is below the order. */
	for (int i = 0; !cc_failed(st) && i < PRIVATE_TRIES; i++) {
		st = sys_random(chip->sys, number.p, number.n);
		if (cc_failed(st))
			break;
		number.p[0] &= mask;
		st = agree_key_import(domain, buf_view(&number), ret);
		if (st.code != CC_E_VERIFY)
			break;
		st = i + 1 < PRIVATE_TRIES ? cc_ok() : cc_code_status(CC_E_CRYPTO);
	}
	if (!cc_failed(st) && ret_private != NULL)
		buf_move(ret_private, &number);
	buf_done(&number);
	return st;
}

static void session_reset(struct softchip *chip)
{
	struct chip_session *s = &chip->s;

	chip_scp02_reset(&s->scp02);
	chip_scp03_reset(&s->scp03);
	chip_pace_reset(&s->pace);
	chip_sm_reset(&s->sm);
	chip_terminal_reset(&s->terminal);
	buf_done(&s->id_picc);
	writer_done(&s->chain.data);
	buf_done(&s->reply);
	cc_wipe(s, sizeof *s);
	s->place = CHIP_ROOT;
}

/* Factory: keys from the issuer's master key, or as given. Writes version, ENC, MAC, DEK. */
static cc_status put_factory_keys(const struct softchip_config *config, struct writer *w)
{
	const struct bytes given[3] = { config->key_enc, config->key_mac, config->key_dek };
	const enum kdf_scheme scheme = config->personality == SOFTCHIP_SCP02 ? KDF_SCHEME_VISA2 : KDF_SCHEME_KDF3;
	uint8_t diversification[10] = { 0 };
	cc_status st = cc_ok();

	memcpy(diversification + 2, config->serial.p, 8);
	writer_u8(w, KEY_VERSION);
	for (uint8_t i = 0; i < 3 && !cc_failed(st); i++) {
		struct secret key = { 0 };

		if (config->master_key.n == 0) {
			writer_put(w, given[i]);
			continue;
		}
		st = kdf_card_key(scheme, config->master_key, (uint8_t)(i + 1), bytes_of(diversification, sizeof diversification),
				  &key);
		writer_put(w, bytes_of(key.p, key.n));
		secret_done(&key);
	}
	return st;
}

static cc_status check_config(const struct softchip_config *c, size_t command_max)
{
	enum cipher_alg alg;
	size_t n = c->master_key.n > 0 ? c->master_key.n : c->key_enc.n;

	if (c->serial.n != 8 || !cipher_aes_from_key_len(n, &alg) || command_max < 261 || command_max > COMMAND_MAX_DEFAULT)
		return cc_code_status(CC_E_ARG);
	if (c->match_on_card_aid.n > 0 && (c->match_on_card_aid.n < 5 || c->match_on_card_aid.n > 16))
		return cc_code_status(CC_E_ARG);
	if (c->personality == SOFTCHIP_SCP02 && n != cipher_key_len(CIPHER_TDES))
		return cc_code_status(CC_E_ARG);
	if (c->master_key.n == 0 && (c->key_mac.n != n || c->key_dek.n != n))
		return cc_code_status(CC_E_ARG);
	return cc_ok();
}

static cc_status manufacture(struct chip_memory *m, const struct softchip_config *config)
{
	size_t command_max = config->command_max > 0 ? config->command_max : COMMAND_MAX_DEFAULT;
	struct bytes moc = config->match_on_card_aid;
	struct writer factory, keys;
	cc_status st = check_config(config, command_max);

	if (cc_failed(st))
		return st;
	writer_init(&factory, 32);
	writer_u8(&factory, (uint8_t)config->personality);
	writer_u8(&factory, config->extended);
	writer_u32(&factory, (uint32_t)command_max);
	writer_put(&factory, config->serial);
	writer_init(&keys, 128);
	st = put_factory_keys(config, &keys);
	if (!cc_failed(st))
		st = cc_code_status(factory.failed != CC_OK ? factory.failed : keys.failed);
	if (!cc_failed(st))
		st = chip_memory_set(m, CHIP_FIELD_FACTORY, writer_view(&factory));
	if (!cc_failed(st))
		st = chip_memory_set(m, CHIP_FIELD_KEYS, writer_view(&keys));
	if (!cc_failed(st))
		st = chip_memory_set(m, CHIP_FIELD_MOC_AID, moc.n > 0 ? moc : chip_aid_moc_default);
	if (!cc_failed(st))
		st = chip_memory_set_number(m, CHIP_FIELD_CARD_STATE, STATE_OP_READY, 1);
	if (!cc_failed(st))
		st = chip_memory_set_number(m, CHIP_FIELD_APP_STATE, STATE_SELECTABLE, 1);
	writer_done(&factory);
	writer_done(&keys);
	return st;
}

static cc_status chip_alloc(const struct sys *sys, struct softchip **ret)
{
	struct softchip *chip = cc_alloc(sizeof *chip);

	if (chip == NULL)
		return cc_code_status(CC_E_MEMORY);
	chip->sys = sys;
	chip->s.place = CHIP_ROOT;
	*ret = chip;
	return cc_ok();
}

cc_status softchip_new(const struct softchip_config *config, const struct sys *sys, struct softchip **ret)
{
	struct softchip *chip = NULL;
	cc_status st = chip_alloc(sys, &chip);

	if (!cc_failed(st))
		st = manufacture(&chip->memory, config);
	if (cc_failed(st))
		softchip_free(&chip);
	else
		*ret = chip;
	return st;
}

/* What the memory's own checks can't know: are the values ones that this chip could have written? */
static bool memory_sound(const struct softchip *chip)
{
	struct chip_factory f = chip_factory_data(chip);
	struct chip_keys keys;

	if (f.personality == SOFTCHIP_SCP02 &&
	    (cc_failed(chip_keys_read(chip, &keys)) || keys.enc.n != cipher_key_len(CIPHER_TDES)))
		return false;
	return f.personality <= SOFTCHIP_SCP02 && f.extended <= 1 && f.command_max >= 261 &&
	       f.command_max <= COMMAND_MAX_DEFAULT && !cc_failed(chip_keys_read(chip, &keys)) && chip_moc_sound(chip);
}

cc_status softchip_load(struct bytes memory, const struct sys *sys, struct softchip **ret)
{
	struct softchip *chip = NULL;
	cc_status st = chip_alloc(sys, &chip);

	if (!cc_failed(st))
		st = chip_memory_load(&chip->memory, memory);
	if (!cc_failed(st) && !memory_sound(chip))
		st = cc_code_status(CC_E_FORMAT);
	if (cc_failed(st))
		softchip_free(&chip);
	else
		*ret = chip;
	return st;
}

void softchip_free(struct softchip **chip)
{
	if (*chip == NULL)
		return;
	session_reset(*chip);
	chip_memory_done(&(*chip)->memory);
	cc_free(*chip, sizeof **chip);
	*chip = NULL;
}

cc_status softchip_save(const struct softchip *chip, struct buf *ret)
{
	return chip_memory_save(&chip->memory, ret);
}

uint64_t softchip_memory_version(const struct softchip *chip)
{
	return chip->memory.version;
}

cc_status softchip_power_on(struct softchip *chip, uint8_t atr[33], size_t *ret_len)
{
	struct chip_factory f = chip_factory_data(chip);
	bool icao = f.personality == SOFTCHIP_ICAO;
	/* ISO/IEC 7816-4 12.1.1.9: selection by full and partial name, by file and short identifier; chaining, extended length.
	 */
	const uint8_t historical[] = { 0x80,
				       0x31,
				       icao ? 0x98 : 0x89,
				       0x73,
				       0xD4,
				       0x21,
				       (uint8_t)(0x80 | (f.extended != 0 ? 0x40 : 0) | (icao && f.extended != 0 ? 0x20 : 0)) };
	/* ISO/IEC 7816-3 8.2: direct convention, T=0 named and T=1 used as by contactless readers, check byte. */
	const uint8_t head[] = { 0x3B, 0x80 | sizeof historical, 0x80, 0x01 };
	size_t n = sizeof head + sizeof historical;

	session_reset(chip);
	chip->powered = true;
	chip->apdus_powered = 0;
	memcpy(atr, head, sizeof head);
	memcpy(atr + sizeof head, historical, sizeof historical);
	atr[n] = 0;
	for (size_t i = 1; i < n; i++)
		atr[n] ^= atr[i];
	*ret_len = n + 1;
	return cc_ok();
}

void softchip_power_off(struct softchip *chip)
{
	session_reset(chip);
	chip->powered = false;
}

void softchip_tear_at(struct softchip *chip, uint64_t nth_apdu, enum softchip_tear kind)
{
	chip->tear = (struct chip_tear_plan){ nth_apdu > 0 ? kind : SOFTCHIP_TEAR_NONE, true, nth_apdu };
}

void softchip_tear_after(struct softchip *chip, uint64_t nth_apdu, enum softchip_tear kind)
{
	chip->tear = (struct chip_tear_plan){ nth_apdu > 0 ? kind : SOFTCHIP_TEAR_NONE, false, chip->apdus + nth_apdu };
}

uint64_t softchip_apdu_count(const struct softchip *chip)
{
	return chip->apdus;
}

/* The tear that strikes this command; a plan is used up by striking. */
static enum softchip_tear take_tear(struct softchip *chip)
{
	uint64_t now = chip->tear.since_power_on ? chip->apdus_powered : chip->apdus;
	enum softchip_tear kind = chip->tear.kind;

	if (kind == SOFTCHIP_TEAR_NONE || now != chip->tear.at)
		return SOFTCHIP_TEAR_NONE;
	chip->tear.kind = SOFTCHIP_TEAR_NONE;
	return kind;
}

static cc_status torn_transmit(struct softchip *chip, struct bytes command, enum softchip_tear kind)
{
	struct writer lost;
	cc_status st = cc_ok();

	writer_init(&lost, ANSWER_MAX);
	if (kind == SOFTCHIP_TEAR_MID_WRITE)
		st = chip_memory_tear_begin(&chip->memory);
	if (!cc_failed(st) && kind != SOFTCHIP_TEAR_BEFORE)
		st = chip_process(chip, command, &lost);
	if (!cc_failed(st) && kind == SOFTCHIP_TEAR_MID_WRITE)
		st = chip_memory_tear(&chip->memory);
	writer_done(&lost);
	softchip_power_off(chip);
	return cc_failed(st) ? st : cc_code_status(CC_E_DEVICE);
}

cc_status softchip_transmit(struct softchip *chip, struct bytes command, struct writer *answer)
{
	enum softchip_tear kind;

	if (!chip->powered)
		return cc_code_status(CC_E_DEVICE);
	chip->apdus++;
	chip->apdus_powered++;
	kind = take_tear(chip);
	if (kind != SOFTCHIP_TEAR_NONE)
		return torn_transmit(chip, command, kind);
	return chip_process(chip, command, answer);
}
