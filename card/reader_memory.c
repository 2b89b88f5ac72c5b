/* SPDX-License-Identifier: Apache-2.0 */
#include "card/reader.h"

#include "crypto/base/secret.h"

#include <stdio.h>
#include <string.h>

/* A card that is a function in this process: tests, fuzzing, the simulator. */
struct reader_memory {
	struct reader base;
	void *ctx;
	reader_memory_reset reset;
	reader_memory_transmit transmit;
	bool connected;
};

static struct reader_memory *memory_of(struct reader *r)
{
	return (struct reader_memory *)r;
}

static cc_status power(struct reader *r)
{
	struct reader_memory *m = memory_of(r);
	uint8_t atr[READER_ATR_MAX] = { 0 };
	size_t len = 0;
	cc_status st = m->reset(m->ctx, atr, &len);

	if (cc_failed(st)) {
		m->connected = false;
		return cc_fail(&r->err, CC_E_DEVICE, "card.absent", "no answer to reset");
	}
	CC_ASSERT(len <= READER_ATR_MAX);
	memcpy(r->atr, atr, len);
	r->atr_len = len;
	m->connected = true;
	return st;
}

static cc_status memory_reset(struct reader *r)
{
	if (!memory_of(r)->connected)
		return cc_fail(&r->err, CC_E_DEVICE, "card.absent", "not connected");
	return power(r);
}

static cc_status memory_transmit(struct reader *r, struct bytes command, struct buf *ret)
{
	struct reader_memory *m = memory_of(r);
	struct writer answer;
	cc_status st;

	if (!m->connected)
		return cc_fail(&r->err, CC_E_DEVICE, "card.absent", "not connected");
	writer_init(&answer, READER_ANSWER_MAX + 1);
	st = m->transmit(m->ctx, command, &answer);
	if (cc_failed(st)) {
		m->connected = false;
		st = cc_fail(&r->err, CC_E_DEVICE, "card.removed", "card torn in mid-command");
	} else {
		st = writer_finish(&answer, ret);
		if (cc_failed(st))
			st = cc_fail(&r->err, st.code, "card.bad-answer", "answer beyond %d bytes", READER_ANSWER_MAX);
	}
	writer_done(&answer);
	return st;
}

static void memory_disconnect(struct reader *r)
{
	memory_of(r)->connected = false;
	r->atr_len = 0;
}

static void memory_free(struct reader *r)
{
	cc_free(r, sizeof(struct reader_memory));
}

static const struct reader_ops memory_ops = {
	.kind = "memory",
	.connect = power,
	.reset = memory_reset,
	.transmit = memory_transmit,
	.disconnect = memory_disconnect,
	.free = memory_free,
};

cc_status reader_memory_new(const char *name, void *ctx, reader_memory_reset reset, reader_memory_transmit transmit,
			    struct reader **ret)
{
	struct reader_memory *m = cc_alloc(sizeof *m);

	CC_ASSERT(reset != NULL && transmit != NULL);
	if (m == NULL)
		return cc_code_status(CC_E_MEMORY);
	m->base.ops = &memory_ops;
	(void)snprintf(m->base.name, sizeof m->base.name, "%s", name);
	m->ctx = ctx;
	m->reset = reset;
	m->transmit = transmit;
	*ret = &m->base;
	return cc_ok();
}
