/* SPDX-License-Identifier: Apache-2.0 */
#include "station/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>

/* Upwards: what is open here lies at 3 and above, so that number 3 alone can be overwritten, when all the others are done. */
static int add_files(const struct spawn *s, posix_spawn_file_actions_t *files)
{
	int e = 0, to = 0;

	for (; to < SPAWN_FILES && s->files[to] != SPAWN_NONE && e == 0; to++) {
		if (s->files[to] == SPAWN_NULL)
			e = posix_spawn_file_actions_addopen(files, to, "/dev/null", to == 0 ? O_RDONLY : O_WRONLY, 0);
		else if (s->files[to] != SPAWN_KEEP)
			e = posix_spawn_file_actions_adddup2(files, s->files[to], to);
	}
	return e != 0 ? e : posix_spawn_file_actions_addclosefrom_np(files, to);
}

static int set_attributes(const struct spawn *s, posix_spawnattr_t *attr)
{
	short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
	sigset_t all, none;
	int e;

	(void)sigfillset(&all);
	(void)sigemptyset(&none);
	if ((e = posix_spawnattr_setsigdefault(attr, &all)) != 0 || (e = posix_spawnattr_setsigmask(attr, &none)) != 0 ||
	    (e = posix_spawnattr_setpgroup(attr, 0)) != 0)
		return e;
	if (s->own_group)
		flags |= POSIX_SPAWN_SETPGROUP;
	return posix_spawnattr_setflags(attr, flags);
}

int spawn_program(const struct spawn *s, pid_t *ret_pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int e = posix_spawn_file_actions_init(&files);

	if (e != 0)
		return e;
	e = posix_spawnattr_init(&attr);
	if (e == 0) {
		if ((e = add_files(s, &files)) == 0 && (e = set_attributes(s, &attr)) == 0)
			e = posix_spawn(ret_pid, s->program, &files, &attr, s->argv, s->environment);
		(void)posix_spawnattr_destroy(&attr);
	}
	(void)posix_spawn_file_actions_destroy(&files);
	return e;
}
