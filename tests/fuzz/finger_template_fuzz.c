/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/finger_template.h"

#include "tests/fuzz/fuzz_entry.h"

/* Minutiae for the card, and the card's demands: what is parsed is written to the same bytes; a fitted template fits. */

static void check_template(struct bytes in)
{
	static const struct finger_bit bit = { .max = 40, .order = FINGER_ORDER_POLAR | FINGER_ORDER_DESCENDING };
	struct finger_template t;
	struct buf out = { 0 };

	if (cc_failed(finger_template_parse(in, &t, NULL)))
		return;
	CC_ASSERT(!cc_failed(finger_template_encode(&t, &out, NULL)));
	CC_ASSERT(bytes_equal(buf_view(&out), in));
	buf_done(&out);
	finger_template_fit(&t, &bit);
	CC_ASSERT(t.count <= bit.max && t.extended.n == 0);
	CC_ASSERT(!cc_failed(finger_template_encode(&t, &out, NULL)));
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct finger_bit b, again;
	struct buf out = { 0 };

	check_template(in);
	if (cc_failed(finger_bit_parse(in, &b, NULL)))
		return 0;
	CC_ASSERT(!cc_failed(finger_bit_encode(&b, &out, NULL)));
	CC_ASSERT(!cc_failed(finger_bit_parse(buf_view(&out), &again, NULL)));
	CC_ASSERT(again.min == b.min && again.max == b.max && again.order == b.order && again.features == b.features);
	buf_done(&out);
	return 0;
}
