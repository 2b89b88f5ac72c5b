/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/job.h"
#include "station/registry/fingers.h"
#include "station/registry/person.h"
#include "tests/fuzz/fuzz_entry.h"

#include <string.h>

/* libfuzzer: -max_len=4096 */

/*
 * What the registry keeps of a person, once its seal was opened: the first byte
 * chooses the record, the prints, or a word of a job's row. What unpacks is packed to bytes that unpack to the
 * same, and prints to the very bytes; of what doesn't nothing is left.
 */
static void read_record(struct bytes in)
{
	static const struct person nobody;
	struct person p, again;
	struct buf packed = { 0 };

	if (cc_failed(person_unpack(in, &p))) {
		CC_ASSERT(memcmp(&p, &nobody, sizeof p) == 0);
		return;
	}
	CC_ASSERT(!cc_failed(person_pack(&p, &packed)));
	CC_ASSERT(!cc_failed(person_unpack(buf_view(&packed), &again)));
	CC_ASSERT(memcmp(&p, &again, sizeof p) == 0);
	person_done(&again);
	person_done(&p);
	buf_done(&packed);
}

static void read_prints(struct bytes in)
{
	struct finger_prints p = { 0 };
	struct buf packed = { 0 };

	if (cc_failed(fingers_unpack(in, &p))) {
		for (unsigned i = 0; i <= FINGERS; i++)
			CC_ASSERT(p.files[i].n == 0 && p.templates[i].n == 0);
		return;
	}
	CC_ASSERT(!cc_failed(fingers_pack(&p, &packed)) && bytes_equal(buf_view(&packed), in));
	buf_done(&packed);
}

static void read_word(struct bytes in)
{
	enum job_state state;
	enum job_event event;

	if (job_state_parse(in, &state))
		CC_ASSERT(bytes_equal(bytes_str(job_state_name(state)), in));
	if (job_event_parse(in, &event))
		CC_ASSERT(bytes_equal(bytes_str(job_event_name(event)), in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(struct bytes) = { read_record, read_prints, read_word };
	struct cursor in;
	uint8_t which;

	cursor_init(&in, bytes_of(data, size));
	if (!cursor_u8(&in, &which))
		return 0;
	readers[which % 3](cursor_rest(&in));
	return 0;
}
