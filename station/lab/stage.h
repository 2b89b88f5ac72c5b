/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_LAB_STAGE_H
#define CC_STATION_LAB_STAGE_H

#include "station/lab/lab.h"

#include <sys/types.h>

#define LAB_PCSCD "/usr/sbin/pcscd"
#define LAB_DRIVER "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
/* vpcd has two slots an entry, on a port and the next. */
#define LAB_FIRST_PORT 35963u

struct stage {
	const struct lab_options *options;
	const char *folder; /* the lab's: sockets, configuration, library copies, log */
	const char *memory_folder;
	int pcscd_listener;
	struct chip_maker maker;
};

/*
 * The stage process: namespaces, pcscd, chips. Runs until told by SIGTERM (also
 * sent by the kernel when the lab dies), or until one of its children ends.
 * lab: the parent's process id. Never returns.
 */
_Noreturn void stage_main(struct stage *s, pid_t lab);

/* A bound and listening socket in the folder, or -1. */
int stage_listen(const char *folder, const char *name);
/* Removes the lab's folder with all in it. */
void stage_remove_folder(const char *folder);

#endif
