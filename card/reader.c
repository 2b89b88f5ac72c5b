/* SPDX-License-Identifier: Apache-2.0 */
#include "card/reader.h"

#include "crypto/base/secret.h"

#include <string.h>

cc_status reader_connect(struct reader *r)
{
	cc_error_init(&r->err);
	return r->ops->connect(r);
}

cc_status reader_reset(struct reader *r)
{
	cc_error_init(&r->err);
	return r->ops->reset(r);
}

/* The answer's bounds are checked here once, for every kind of transport. */
cc_status reader_transmit(struct reader *r, struct bytes command, struct buf *ret)
{
	struct buf answer = { 0 };
	cc_status st;

	cc_error_init(&r->err);
	/* ISO/IEC 7816-3 12.1: a command has four bytes at least; a shorter one hangs some readers. */
	if (command.n < 4)
		return cc_fail(&r->err, CC_E_ARG, "card.bad-command", "command of %zu bytes", command.n);
	if (r->command_max != 0 && command.n > r->command_max)
		return cc_fail(&r->err, CC_E_LIMIT, "card.command-too-long", "%zu bytes, the reader takes %zu", command.n,
			       r->command_max);
	st = r->ops->transmit(r, command, &answer);
	if (!cc_failed(st) && answer.n < 2)
		st = cc_fail(&r->err, CC_E_DEVICE, "card.short-answer", "answer of %zu bytes", answer.n);
	if (!cc_failed(st) && answer.n > READER_ANSWER_MAX)
		st = cc_fail(&r->err, CC_E_DEVICE, "card.bad-answer", "answer of %zu bytes", answer.n);
	if (!cc_failed(st))
		buf_move(ret, &answer);
	buf_done(&answer);
	return st;
}

void reader_disconnect(struct reader *r)
{
	r->ops->disconnect(r);
}

void reader_free(struct reader **r)
{
	if (*r == NULL)
		return;
	(*r)->ops->disconnect(*r);
	(*r)->ops->free(*r);
	*r = NULL;
}
