/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry_session.h"

#include <stdio.h>
#include <unistd.h>

#define STEP_ROWS 500
#define PROGRESS_LINE_MS 5000

/* Until the last person has moved. Broken off, it is simply run again. */
static cc_status rotate(struct registry_session *s, struct registry_rotation *at, int64_t people)
{
	bool terminal = isatty(STDERR_FILENO) != 0;
	int64_t told_ms = sys_mono_ms(s->inv->config.sys), now;
	cc_status st = registry_rotate_begin(s->registry, &s->err);

	while (!cc_failed(st) && !at->done) {
		st = registry_rotate_step(s->registry, STEP_ROWS, at, &s->err);
		now = sys_mono_ms(s->inv->config.sys);
		if (cc_failed(st) || (!terminal && now - told_ms < PROGRESS_LINE_MS))
			continue;
		told_ms = now;
		(void)fprintf(stderr, "%s%llu / %lld%s", terminal ? "\r\033[K" : "", (unsigned long long)at->moved,
			      (long long)people, terminal ? "" : "\n");
	}
	if (terminal)
		(void)fprintf(stderr, "\r\033[K");
	return st;
}

static int run_rotate(struct invocation *inv)
{
	struct registry_session s = { .inv = inv };
	struct registry_rotation at = { 0 };
	int64_t people = 0;
	cc_status st = registry_session_open(&s);

	if (!cc_failed(st))
		st = registry_count(s.registry, &people, &s.err);
	if (!cc_failed(st) && !inv->config.dry_run)
		st = rotate(&s, &at, people);
	if (!cc_failed(st) && s.list != NULL)
		registry_session_print(json_pack("{s:i, s:I, s:I}", "schema", REGISTRY_SCHEMA, "people", (json_int_t)people,
						 "moved", (json_int_t)at.moved));
	else if (!cc_failed(st))
		(void)printf("%s: %llu / %lld\n", registry_session_pick(&s, "Số hồ sơ đã mã hóa lại", "Records sealed anew"),
			     (unsigned long long)at.moved, (long long)people);
	return registry_session_close(&s, st, EXIT_DONE);
}

const struct command commands_registry_rotate[] = {
	{ "registry", "rotate", "", 0, 0, "seal every record under a new key, while the station works; run again when broken off",
	  "mã hóa lại mọi hồ sơ bằng khóa mới, trạm vẫn làm việc; bị ngắt thì chạy lại", NULL, run_rotate },
	{ 0 },
};
