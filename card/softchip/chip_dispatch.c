/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

#define INS_GET_RESPONSE 0xC0
#define INS_SELECT 0xA4
#define INS_GET_CHALLENGE 0x84
#define INS_EXTERNAL_AUTHENTICATE 0x82
#define INS_GENERAL_AUTHENTICATE 0x86
#define INS_INITIALIZE_UPDATE 0x50
#define BODY_MAX 70000
#define CHAIN_MAX 65535

/* Which instruction is known where, and by which class. */
static const struct row {
	uint8_t ins;
	unsigned places;
	bool gp;
	chip_handler run;
} rows[] = {
	{ INS_SELECT, CHIP_ROOT | CHIP_ISD | CHIP_EMRTD | CHIP_MOC, false, chip_select },
	{ 0xCA, CHIP_ROOT | CHIP_ISD, false, chip_gp_get_data },
	{ 0xCA, CHIP_ROOT | CHIP_ISD, true, chip_gp_get_data },
	{ 0xCA, CHIP_EMRTD | CHIP_MOC, false, chip_file_get_data },
	{ 0xB0, CHIP_ROOT | CHIP_EMRTD, false, chip_file_read },
	{ 0xB1, CHIP_ROOT | CHIP_EMRTD, false, chip_file_read_odd },
	{ 0xB1, CHIP_ROOT | CHIP_ISD, true, chip_store_read },
	{ INS_INITIALIZE_UPDATE, CHIP_ROOT | CHIP_ISD | CHIP_MOC, true, chip_gp_initialize_update },
	{ INS_EXTERNAL_AUTHENTICATE, CHIP_ROOT | CHIP_ISD | CHIP_MOC, true, chip_gp_external_authenticate },
	{ 0xF2, CHIP_ROOT | CHIP_ISD, true, chip_gp_get_status },
	{ 0xF0, CHIP_ROOT | CHIP_ISD, true, chip_gp_set_status },
	{ 0xD8, CHIP_ROOT | CHIP_ISD, true, chip_put_key },
	{ 0xE6, CHIP_ROOT | CHIP_ISD, true, chip_store_install },
	{ 0xE2, CHIP_ROOT | CHIP_ISD, true, chip_store_data },
	{ INS_GET_CHALLENGE, CHIP_EMRTD, false, chip_bac_get_challenge },
	{ INS_EXTERNAL_AUTHENTICATE, CHIP_EMRTD, false, chip_auth_external },
	{ 0x88, CHIP_EMRTD, false, chip_active_internal },
	{ 0x2A, CHIP_EMRTD, false, chip_terminal_verify },
	{ 0x22, CHIP_ROOT | CHIP_EMRTD, false, chip_auth_manage_environment },
	{ INS_GENERAL_AUTHENTICATE, CHIP_ROOT | CHIP_EMRTD, false, chip_auth_general },
	{ 0xCB, CHIP_MOC, false, chip_moc_get_data },
	{ 0xCB, CHIP_MOC, true, chip_moc_get_data },
	{ 0xDB, CHIP_MOC, true, chip_moc_put_data },
	{ 0x21, CHIP_MOC, false, chip_moc_verify },
};

/* Under which protection the command came, and the answer goes. */
enum layer { LAYER_PLAIN, LAYER_SM, LAYER_GP };

static uint16_t find_row(const struct softchip *chip, const struct command *cmd, const struct row **ret)
{
	uint16_t sw = CHIP_SW_INS;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].ins != cmd->ins || (rows[i].places & chip->s.place) == 0)
			continue;
		if (rows[i].gp == chip_command_is_gp(cmd)) {
			*ret = &rows[i];
			return CHIP_SW_OK;
		}
		sw = CHIP_SW_CLA;
	}
	return sw;
}

static uint16_t run(struct softchip *chip, const struct command *cmd, struct writer *body)
{
	const struct row *row = NULL;
	uint16_t sw = find_row(chip, cmd, &row);

	/* Steps that must follow one another directly: anything else in between and they begin anew. */
	if (cmd->ins != INS_EXTERNAL_AUTHENTICATE)
		chip->s.has_challenge = false;
	if (cmd->ins != INS_GENERAL_AUTHENTICATE) {
		chip_pace_reset(&chip->s.pace);
		chip->s.ca_for_aes = false;
	}
	if (sw == CHIP_SW_OK)
		sw = row->run(chip, cmd, body);
	if (body->failed != CC_OK)
		sw = CHIP_SW_FAULT;
	return sw;
}

/* The final command of a chain, or a command alone: cmd->data becomes the whole. */
static uint16_t chain_last(struct chip_chain *chain, struct command *cmd, struct buf *joined)
{
	cc_status st;

	if (!chain->active)
		return CHIP_SW_OK;
	chain->active = false;
	writer_put(&chain->data, cmd->data);
	st = writer_finish(&chain->data, joined);
	if (cc_failed(st))
		return st.code == CC_E_LIMIT ? CHIP_SW_LENGTH : CHIP_SW_MEMORY_FAILURE;
	cmd->data = buf_view(joined);
	return CHIP_SW_OK;
}

static uint16_t chain_more(struct chip_chain *chain, const struct command *cmd)
{
	if (!chain->active) {
		*chain = (struct chip_chain){ true, cmd->cla, cmd->ins, cmd->p1, cmd->p2, { 0 } };
		writer_init(&chain->data, CHAIN_MAX);
	}
	writer_put(&chain->data, cmd->data);
	if (chain->data.failed == CC_OK)
		return CHIP_SW_OK;
	chain->active = false;
	writer_done(&chain->data);
	return CHIP_SW_LENGTH;
}

/* ISO/IEC 7816-4 5.3.3: command chaining. *ret_run: the command is whole. */
static uint16_t chain(struct chip_chain *chain, struct command *cmd, struct buf *joined, bool *ret_run)
{
	bool more = chip_command_is_chained(cmd);

	*ret_run = false;
	cmd->cla &= 0xEF;
	if (chain->active && (chain->cla != cmd->cla || chain->ins != cmd->ins || chain->p1 != cmd->p1 || chain->p2 != cmd->p2)) {
		chain->active = false;
		writer_done(&chain->data);
		return CHIP_SW_CHAIN_BROKEN;
	}
	if (more)
		return chain_more(chain, cmd);
	*ret_run = true;
	return chain_last(chain, cmd, joined);
}

static uint16_t run_plain(struct softchip *chip, struct command *cmd, struct writer *body)
{
	struct buf joined = { 0 };
	bool whole = false;
	uint16_t sw;

	/*
	 * The steps of PACE carry the chaining bit, but each is answered (ICAO 9303-11 4.4.4.1). In Chip Authentication the bit
	 * has its usual meaning: a key of 2048 bits doesn't fit a short command.
	 */
	if (cmd->ins == INS_GENERAL_AUTHENTICATE && !chip_command_is_gp(cmd) && !chip->s.chain.active && !chip->s.ca_for_aes)
		return run(chip, cmd, body);
	sw = chain(&chip->s.chain, cmd, &joined, &whole);
	if (sw == CHIP_SW_OK && whole)
		sw = run(chip, cmd, body);
	buf_done(&joined);
	return sw;
}

/* A command in the clear: may it stand beside an open session? */
static uint16_t accept_plain(struct softchip *chip, const struct command *wire)
{
	/* ICAO 9303-11 9.8.3: a plain command ends secure messaging, and is judged without its rights. */
	if (chip_sm_active(&chip->s.sm))
		chip_access_end(chip);
	if (!chip_gp_session(chip) || wire->ins == INS_SELECT || wire->ins == INS_INITIALIZE_UPDATE)
		return CHIP_SW_OK;
	/* GlobalPlatform Amendment D 5.5: a command below the session's security level is refused. */
	chip_gp_close(chip);
	return CHIP_SW_SECURITY;
}

static uint16_t open_layer(struct softchip *chip, const struct command *wire, struct buf *plain, struct command *cmd,
			   enum layer *ret)
{
	uint16_t sw;

	*cmd = *wire;
	*ret = LAYER_PLAIN;
	if (!chip_command_is_secure(wire))
		return accept_plain(chip, wire);
	if (!chip_command_is_gp(wire)) {
		sw = chip_sm_unwrap(&chip->s.sm, wire, plain, cmd);
		*ret = LAYER_SM;
		if (sw != CHIP_SW_OK)
			chip_access_end(chip);
		return sw;
	}
	/* EXTERNAL AUTHENTICATE makes the session that it is protected by. */
	if (wire->ins == INS_EXTERNAL_AUTHENTICATE && !chip_gp_session(chip))
		return CHIP_SW_OK;
	sw = chip_has_scp02(chip) ? chip_scp02_unwrap(&chip->s.scp02, wire, plain, cmd)
				  : chip_scp03_unwrap(&chip->s.scp03, wire, plain, cmd);
	*ret = LAYER_GP;
	if (sw != CHIP_SW_OK)
		chip_gp_close(chip);
	return sw;
}

static cc_status close_layer(struct softchip *chip, enum layer layer, uint8_t ins, struct bytes body, uint16_t sw,
			     struct writer *out)
{
	if (layer == LAYER_SM)
		return chip_sm_wrap(&chip->s.sm, (ins & 1) != 0, body, sw, out);
	if (layer == LAYER_GP && !chip_has_scp02(chip))
		return chip_scp03_wrap(&chip->s.scp03, body, sw, out);
	writer_put(out, body);
	return cc_ok();
}

/* New keys, and the rights that come with them, hold from the next command on; after a command that failed they never do. */
static void take_staged(struct softchip *chip, uint16_t sw)
{
	if (sw != CHIP_SW_OK) {
		if (chip_sm_drop(&chip->s.sm))
			chip_terminal_reset(&chip->s.terminal);
		chip->s.access_staged = false;
		return;
	}
	if (chip->s.access_staged)
		chip->s.access = true;
	chip->s.access_staged = false;
	chip_sm_commit(&chip->s.sm);
}

static uint16_t more_sw(size_t left)
{
	return (uint16_t)(CHIP_SW_MORE | (left < 256 ? left : 0));
}

/* The next at most n bytes of the answer that waits, and its status word. */
static void send_reply(struct chip_session *s, size_t n, struct writer *answer)
{
	struct cursor in;
	struct bytes part;

	cursor_init(&in, buf_view(&s->reply));
	CC_ASSERT(cursor_skip(&in, s->reply_sent));
	n = n < cursor_left(&in) ? n : cursor_left(&in);
	CC_ASSERT(cursor_take(&in, n, &part));
	writer_put(answer, part);
	s->reply_sent += n;
	if (cursor_left(&in) > 0) {
		writer_u16(answer, more_sw(cursor_left(&in)));
		return;
	}
	writer_u16(answer, s->reply_sw);
	buf_done(&s->reply);
}

static cc_status get_response(struct softchip *chip, const struct command *wire, struct writer *answer)
{
	size_t max = chip_answer_max(chip);
	uint16_t sw = CHIP_SW_OK;

	if (wire->p1 != 0 || wire->p2 != 0)
		sw = CHIP_SW_P1P2;
	else if (wire->data.n > 0 || wire->le == 0)
		sw = CHIP_SW_LENGTH;
	else if (chip->s.reply.n == 0)
		sw = CHIP_SW_CONDITIONS;
	if (sw != CHIP_SW_OK)
		writer_u16(answer, sw);
	else
		send_reply(&chip->s, wire->le < max ? wire->le : max, answer);
	return cc_code_status(answer->failed);
}

/* Only success and warnings bring data: what a handler wrote before it failed is dropped. */
static struct bytes body_of(const struct writer *body, uint16_t sw)
{
	return sw == CHIP_SW_OK || sw == CHIP_SW_END_OF_FILE ? writer_view(body) : bytes_of(NULL, 0);
}

static cc_status exchange(struct softchip *chip, struct command *wire, struct writer *answer)
{
	size_t max = chip_answer_max(chip);
	struct buf plain = { 0 };
	struct command cmd;
	struct writer body, out;
	enum layer layer;
	uint16_t sw;
	cc_status st = cc_ok();

	writer_init(&body, BODY_MAX);
	writer_init(&out, BODY_MAX + 64);
	/* Without Le the answer waits for GET RESPONSE. */
	wire->room = wire->le == 0 ? CHIP_LE_SHORT_MAX : wire->le < max ? wire->le : max;
	sw = open_layer(chip, wire, &plain, &cmd, &layer);
	if (sw == CHIP_SW_OK) {
		sw = run_plain(chip, &cmd, &body);
		st = close_layer(chip, layer, wire->ins, body_of(&body, sw), sw, &out);
		take_staged(chip, sw);
	}
	chip->s.reply_sent = 0;
	chip->s.reply_sw = sw;
	if (!cc_failed(st))
		st = writer_finish(&out, &chip->s.reply);
	if (!cc_failed(st)) {
		send_reply(&chip->s, wire->le < max ? wire->le : max, answer);
		st = cc_code_status(answer->failed);
	}
	/* An answer that can't be given: what it would have said isn't agreed. */
	if (cc_failed(st)) {
		chip_access_end(chip);
		chip_gp_close(chip);
	}
	writer_done(&body);
	writer_done(&out);
	buf_done(&plain);
	return st;
}

cc_status chip_process(struct softchip *chip, struct bytes apdu, struct writer *answer)
{
	struct chip_factory f = chip_factory_data(chip);
	struct command wire;
	uint16_t sw = apdu.n > f.command_max ? CHIP_SW_LENGTH : chip_command_read(apdu, f.extended != 0, &wire);

	if (sw == CHIP_SW_OK)
		sw = chip_command_check_class(wire.cla);
	if (sw == CHIP_SW_OK && wire.ins == INS_GET_RESPONSE && (wire.cla & 0x7F) == 0)
		return get_response(chip, &wire, answer);
	buf_done(&chip->s.reply);
	if (sw != CHIP_SW_OK) {
		writer_u16(answer, sw);
		return cc_code_status(answer->failed);
	}
	return exchange(chip, &wire, answer);
}
