/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/figures.h"

#include "card/access/sm.h"
#include "card/perso/scp02.h"

#include <string.h>

#define INS_SELECT 0xA4
#define INS_READ_BINARY 0xB0
#define INS_READ_BINARY_ODD 0xB1
#define INS_GET_RESPONSE 0xC0
#define INS_STORE_DATA 0xE2

#define HEADER 4u
#define STATUS 2u
#define SCP_MAC 8u	/* of SCP02 and SCP03 alike */
#define SM_MAC_DO 10u	/* 8E 08 MAC */
#define SM_STATUS_DO 4u /* 99 02 SW */

static const char *const names[FIGURES_PHASE_COUNT] = {
	[FIGURES_CONNECT] = "connect",	   [FIGURES_KEYS] = "keys", [FIGURES_WRITE] = "write",
	[FIGURES_READ_BACK] = "read-back", [FIGURES_SEAL] = "seal", [FIGURES_PROVE] = "prove",
	[FIGURES_INSPECT] = "inspect",
};

const char *figures_phase_name(enum figures_phase p)
{
	CC_ASSERT(p < FIGURES_PHASE_COUNT);
	return names[p];
}

static void add(struct figures_cost *to, uint64_t apdus, uint64_t bytes)
{
	to->apdus += apdus;
	to->bytes += bytes;
}

static bool carries_files(enum figures_phase phase, uint8_t ins)
{
	switch (phase) {
	case FIGURES_WRITE:
		return ins == INS_STORE_DATA || ins == INS_GET_RESPONSE;
	case FIGURES_READ_BACK:
		return ins == INS_READ_BINARY_ODD || ins == INS_GET_RESPONSE;
	case FIGURES_INSPECT:
		return ins == INS_SELECT || ins == INS_READ_BINARY || ins == INS_READ_BINARY_ODD || ins == INS_GET_RESPONSE;
	case FIGURES_CONNECT:
	case FIGURES_KEYS:
	case FIGURES_SEAL:
	case FIGURES_PROVE:
	case FIGURES_PHASE_COUNT:
		break;
	}
	return false;
}

void figures_count(void *ctx, struct bytes command, struct bytes answer, cc_status st)
{
	struct figures *f = ctx;
	struct cursor in;
	uint8_t cla = 0, ins = 0;

	(void)st;
	cursor_init(&in, command);
	if (!cursor_u8(&in, &cla) || !cursor_u8(&in, &ins))
		return;
	add(&f->spent[f->now], 1, command.n + answer.n);
	if (!carries_files(f->now, ins))
		add(&f->fixed[f->now], 1, command.n + answer.n);
}

/* Lc and Le fields of a command with n bytes of data (ISO/IEC 7816-3 12.1.3). */
static size_t length_fields(size_t lc, size_t le)
{
	bool extended = lc > 255 || le > APDU_LE_SHORT_MAX;
	size_t n = 0;

	if (extended)
		n = lc ? 3 + (le ? 2u : 0u) : 3;
	else
		n = (lc ? 1u : 0u) + (le ? 1u : 0u);
	return n;
}

/* What the session's protocol adds: SCP02 leaves answers as they are. */
struct scp_wire {
	size_t block;
	bool answers_protected;
};

static struct scp_wire scp_wire_of(const struct channel *ch)
{
	if (scp02_is_layer(ch->layer))
		return (struct scp_wire){ cipher_block_len(CIPHER_TDES), false };
	return (struct scp_wire){ cipher_block_len(CIPHER_AES128), true };
}

static size_t padded(const struct scp_wire *w, size_t n)
{
	return (n / w->block + 1) * w->block;
}

struct figures_cost figures_write_least(const struct channel *ch, size_t payload)
{
	struct figures_cost c = { 0 };
	const struct scp_wire w = scp_wire_of(ch);
	size_t room = channel_command_room(ch);

	while (payload > 0 && room > 0) {
		size_t n = payload < room ? payload : room;
		size_t lc = padded(&w, n) + SCP_MAC;

		add(&c, 1, HEADER + length_fields(lc, 1) + lc + (w.answers_protected ? SCP_MAC : 0u) + STATUS);
		payload -= n;
	}
	return c;
}

/* Object of one tag byte around n bytes: its tag and length. */
static size_t object_header(size_t n)
{
	if (n < 0x80)
		return 2;
	return n < 0x100 ? 3 : 4;
}

struct figures_cost figures_read_back_least(const struct channel *ch, const struct lds_set *files)
{
	struct figures_cost c = { 0 };
	const struct scp_wire w = scp_wire_of(ch);
	size_t answer = channel_response_room(ch), room;

	room = answer > 4 ? answer - object_header(answer - 4) : 0;
	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		size_t left = lds_set_get(files, (enum lds_file)f).n;

		while (left > 0 && room > 0) {
			size_t n = left < room ? left : room;
			/* 54 03 offset, encrypted, and the MAC */
			size_t lc = padded(&w, 5) + SCP_MAC, le = n + object_header(n);

			if (w.answers_protected)
				le = padded(&w, le) + SCP_MAC;

			add(&c, 1, HEADER + length_fields(lc, ch->extended ? 0x10000 : le) + lc + le + STATUS);
			left -= n;
		}
	}
	return c;
}

/* 87 L 01 text around n bytes under AES or 3DES. */
static size_t sm_content(size_t n, size_t block)
{
	size_t text = 1 + (n / block + 1) * block;

	return object_header(text) + text;
}

struct figures_cost figures_inspect_least(const struct channel *ch, const struct lds_set *files, enum cipher_alg alg)
{
	static const uint8_t zero[32];
	struct secure_layer *layer = NULL;
	struct figures_cost c = { 0 };
	size_t key = cipher_key_len(alg), block = cipher_block_len(alg), room;
	size_t access = lds_set_get(files, LDS_CARD_ACCESS).n;

	/* EF.CardAccess and the application: one SELECT each, one READ BINARY in the clear. */
	add(&c, 1, HEADER + 3 + STATUS);
	add(&c, 1, HEADER + 1 + access + STATUS);
	add(&c, 1, HEADER + 8 + STATUS);
	if (cc_failed(sm_new(alg, bytes_of(zero, key), bytes_of(zero, key), bytes_of(zero, block), &layer)))
		return c;
	room = layer->ops->response_room(layer, ch->response_max);
	layer->ops->free(layer);
	for (unsigned f = LDS_COM; f < LDS_FILE_COUNT; f++) {
		size_t left = lds_set_get(files, (enum lds_file)f).n;

		while (left > 0 && room > 0) {
			size_t n = left < room ? left : room;
			size_t lc = 3u + (ch->extended ? 1u : 0u) + SM_MAC_DO;

			add(&c, 1,
			    HEADER + length_fields(lc, ch->extended ? 0x10000 : 256) + lc + sm_content(n, block) + SM_STATUS_DO +
				    SM_MAC_DO + STATUS);
			left -= n;
		}
	}
	/* Chip Authentication is proved by a command under the new keys. */
	add(&c, 1, HEADER + 1 + 3 + SM_MAC_DO + 1 + sm_content(1, block) + SM_STATUS_DO + SM_MAC_DO + STATUS);
	return c;
}

void figures_finish(struct figures *f)
{
	for (unsigned p = 0; p < FIGURES_PHASE_COUNT; p++) {
		if (f->least[p].apdus == 0)
			f->least[p] = f->spent[p];
		else
			add(&f->least[p], f->fixed[p].apdus, f->fixed[p].bytes);
	}
}

struct figures_cost figures_sum(const struct figures_cost costs[FIGURES_PHASE_COUNT])
{
	struct figures_cost sum = { 0 };

	for (unsigned p = 0; p < FIGURES_PHASE_COUNT; p++)
		add(&sum, costs[p].apdus, costs[p].bytes);
	return sum;
}

unsigned figures_permille(uint64_t spent, uint64_t least)
{
	return least == 0 ? 0 : (unsigned)((spent * 1000 + least / 2) / least);
}
