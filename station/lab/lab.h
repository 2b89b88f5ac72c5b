/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_LAB_H
#define CC_STATION_LAB_H

#include "card/softchip/softchip.h"
#include "crypto/base/err.h"
#include "crypto/keystore.h"
#include "station/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The lab: a private pcscd with software chips around a command.
 *
 * Processes: the lab (parent) runs the command outside; a stage process in a
 * network namespace of its own (the virtual reader listens on every address
 * without authentication) starts pcscd and one process for each chip. pcscd
 * gets its socket by socket activation, so that several labs run at once. Each
 * child dies with its parent; the stage removes the lab's folder when the lab
 * was killed.
 *
 *	FOLDER/pcscd.comm     PCSCLITE_CSOCK_NAME of the command
 *	FOLDER/slot-01.sock   control of the chip in reader 1 (slot.c), found through CCCD_LAB=FOLDER
 */
#define LAB_CHIPS_MAX 16
/* The master key of the older chips, in the station's key store. */
#define LAB_MASTER_TDES_LABEL "perso-master-3des"

struct lab_options {
	unsigned chips;
	enum softchip_personality personality;
	bool short_length;
	const char *state; /* folder for the chips' memories, kept; NULL: in the lab's folder, removed with it */
	char **command;	   /* NULL-terminated */
};

/*
 * Runs the command and returns its exit code (128 + signal when it was killed). ks: key store with "perso-master",
 * whose diversified keys the chips get as from their maker; NULL: the GlobalPlatform test key.
 */
CC_MUST cc_status lab_run(const struct config *c, const struct lab_options *o, struct keystore *ks, int *ret_exit,
			  struct cc_error *err);

/*
 * ---- chip_maker.c: blanks as a chip maker delivers them. The key store's memory is not given to forked processes, so a
 * thread of the lab makes the chips, and the chip processes get them, as non-volatile memory, through a socket.
 */
struct chip_maker {
	struct keystore *ks; /* NULL: test key */
	enum softchip_personality personality;
	bool short_length;
	const struct sys *sys;
	int service_fd; /* the lab's end */
	int order_fd;	/* the chip processes' end, shared: blanks are alike but for their serial and keys */
};
/* Makes the socket pair. */
CC_MUST cc_status chip_maker_open(struct chip_maker *m, struct cc_error *err);
void chip_maker_close(struct chip_maker *m);
/* Serves orders until the other end is closed in every process. */
void chip_maker_serve(const struct chip_maker *m);
/* A blank with a fresh serial, in the process that asks. */
CC_MUST cc_status chip_maker_order(const struct chip_maker *m, struct softchip **ret, struct cc_error *err);

/* ---- slot.c: one chip's process. */
struct slot {
	unsigned number; /* from 1, in the order of pcscd's readers */
	unsigned port;
	int control_listener;	   /* bound and listening */
	const char *memory_folder; /* SLOT-nn.chip and replaced chips by serial */
	struct chip_maker maker;
};
/* Serves until the reader's side is gone. Returns the process's exit code. */
int slot_serve(struct slot *s);

/*
 * Client side of a slot's control: request is one of "new", "eject", "insert",
 * "insert PATH", "tear N before|after|mid-write". ret_answer: "ok ..." without
 * the "ok". CC_E_NOT_FOUND "lab.no-lab" outside a lab or for a reader that has no chip process.
 */
CC_MUST cc_status slot_request(const char *reader, const char *request, char *ret_answer, size_t cap, struct cc_error *err);
/* Has this reader a chip of the lab that the environment names, in it or out of it? */
bool slot_exists(const char *reader);

/* Reader name <-> chip number: "CCCD Lab 01 00 00" is 1, "CCCD Lab 01 00 01" is 2, "CCCD Lab 02 00 00" is 3. 0: not a lab reader.
 */
unsigned lab_reader_number(const char *name);

#endif
