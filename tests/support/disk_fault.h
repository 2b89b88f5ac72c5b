/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_DISK_FAULT_H
#define CC_TESTS_SUPPORT_DISK_FAULT_H

/*
 * What SQLite's files meet at a chosen call: a layer over its own file system, for
 * stores that are opened after disk_fault_begin. Counted are writes, syncs and
 * truncations, of the database and of its journal.
 */
enum disk_fault {
	DISK_COUNTS,	/* nothing happens */
	DISK_KILL,	/* the process dies by SIGKILL before the call */
	DISK_KILL_TORN, /* a write writes its first half, then as above */
	DISK_FULL,	/* this and every later write: no room */
	DISK_WRITE_IO,	/* this and every later write fails */
	DISK_SYNC_IO,	/* this and every later sync fails */
};
void disk_fault_begin(enum disk_fault kind, unsigned long at); /* at: the call, from 1 */
unsigned long disk_fault_calls(void);			       /* since begin */
void disk_fault_end(void);				       /* stores are closed */

#endif
