/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_SPAWN_H
#define CC_STATION_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Starts a program that gets nothing of this process: no shell, the
 * environment named, no descriptor but those named, no blocked or ignored signal.
 */
#define SPAWN_FILES 4
enum { SPAWN_NULL = -1, SPAWN_KEEP = -2, SPAWN_NONE = -3 }; /* /dev/null; as it is here; none (only behind the last) */

struct spawn {
	const char *program; /* a path */
	char *const *argv, *const *environment;
	int files[SPAWN_FILES]; /* the descriptor here that is number 0, 1, 2, 3 there, or one of the above */
	bool own_group;		/* what it starts itself can be ended with it */
};

/* 0, or an errno. */
int spawn_program(const struct spawn *s, pid_t *ret_pid);

#endif
