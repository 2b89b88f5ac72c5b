/* SPDX-License-Identifier: Apache-2.0 */
#include "card/reader.h"

#include "crypto/base/secret.h"

#include <string.h>

struct reader_trace {
	struct reader base;
	struct reader *inner;
	reader_trace_hook hook;
	void *ctx;
	struct reader_counts counts;
};

static const struct reader_ops trace_ops;

static struct reader_trace *trace_of(struct reader *r)
{
	CC_ASSERT(r->ops == &trace_ops);
	return (struct reader_trace *)r;
}

/* What users of a reader look at is the inner one's: kept equal after each call. */
static cc_status mirror(struct reader_trace *t, cc_status st)
{
	memcpy(t->base.name, t->inner->name, sizeof t->base.name);
	memcpy(t->base.atr, t->inner->atr, sizeof t->base.atr);
	t->base.atr_len = t->inner->atr_len;
	t->base.err = t->inner->err;
	t->base.command_max = t->inner->command_max;
	return st;
}

static cc_status trace_connect(struct reader *r)
{
	struct reader_trace *t = trace_of(r);

	return mirror(t, reader_connect(t->inner));
}

static cc_status trace_reset(struct reader *r)
{
	struct reader_trace *t = trace_of(r);

	return mirror(t, reader_reset(t->inner));
}

static cc_status trace_transmit(struct reader *r, struct bytes command, struct buf *ret)
{
	struct reader_trace *t = trace_of(r);
	cc_status st = mirror(t, reader_transmit(t->inner, command, ret));

	t->counts.apdus++;
	t->counts.bytes_out += command.n;
	if (!cc_failed(st))
		t->counts.bytes_in += ret->n;
	if (t->hook != NULL)
		t->hook(t->ctx, command, cc_failed(st) ? bytes_of(NULL, 0) : buf_view(ret), st);
	return st;
}

static void trace_disconnect(struct reader *r)
{
	struct reader_trace *t = trace_of(r);

	reader_disconnect(t->inner);
	(void)mirror(t, cc_ok());
}

static void trace_free(struct reader *r)
{
	struct reader_trace *t = trace_of(r);

	reader_free(&t->inner);
	cc_free(t, sizeof *t);
}

static const struct reader_ops trace_ops = {
	.kind = "trace",
	.connect = trace_connect,
	.reset = trace_reset,
	.transmit = trace_transmit,
	.disconnect = trace_disconnect,
	.free = trace_free,
};

cc_status reader_trace_new(struct reader *inner, reader_trace_hook hook, void *ctx, struct reader **ret)
{
	struct reader_trace *t = cc_alloc(sizeof *t);

	if (t == NULL)
		return cc_code_status(CC_E_MEMORY);
	t->base.ops = &trace_ops;
	t->inner = inner;
	t->hook = hook;
	t->ctx = ctx;
	(void)mirror(t, cc_ok());
	*ret = &t->base;
	return cc_ok();
}

struct reader_counts reader_trace_counts(const struct reader *trace)
{
	CC_ASSERT(trace->ops == &trace_ops);
	return ((const struct reader_trace *)trace)->counts;
}
