/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_SOFTCHIP_SOFTCHIP_H
#define CC_CARD_SOFTCHIP_SOFTCHIP_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/base/sys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The software chip: a second implementation, written from the standards and
 * from no host file. It includes only crypto/ (checked by `make check`).
 */
enum softchip_personality {
	SOFTCHIP_CCCD,	/* cccd-card.md section 4: SELECT MF 6D00, EF.CardAccess right after reset, DG11 absent, DG3 closed */
	SOFTCHIP_ICAO,	/* MF, behaves like a passport */
	SOFTCHIP_SCP02, /* in the field as SOFTCHIP_CCCD; an older chip for its maker: SCP02, 3DES keys by VISA2 */
};

struct softchip_config {
	enum softchip_personality personality;
	struct bytes serial;	 /* CPLC serial: 8 bytes (fabrication date, IC serial, batch); unique for each chip */
	struct bytes master_key; /* of the issuer: the chip's keys are diversified from it as in the factory; 16, 24 or 32 bytes
				    for AES, 16 for 3DES. Empty: the three keys below, made elsewhere */
	struct bytes key_enc, key_mac, key_dek; /* all of one length */
	struct bytes match_on_card_aid;		/* 5 to 16 bytes; empty: the fictional one of the data sheet */
	bool extended;				/* extended length; default true */
	size_t command_max;			/* longest command APDU it takes, 0: 65,544 */
};

/* Where a fault strikes, counted in command APDUs since power-on (1 = first; 0 = never). */
enum softchip_tear {
	SOFTCHIP_TEAR_NONE,
	SOFTCHIP_TEAR_BEFORE,	 /* the command never reaches the chip */
	SOFTCHIP_TEAR_AFTER,	 /* done, the reply is lost */
	SOFTCHIP_TEAR_MID_WRITE, /* non-volatile write done by half (where the command writes), reply lost */
};

struct softchip;

CC_MUST cc_status softchip_new(const struct softchip_config *config, const struct sys *sys, struct softchip **ret);
void softchip_free(struct softchip **chip);
CC_MUST cc_status softchip_power_on(struct softchip *chip, uint8_t atr[33],
				    size_t *ret_len); /* cold or warm reset: volatile state is gone */
void softchip_power_off(struct softchip *chip);
/* Whole command APDU in, whole answer with status word out (an empty writer). CC_E_DEVICE: torn by a planned fault. */
CC_MUST cc_status softchip_transmit(struct softchip *chip, struct bytes command, struct writer *answer);
void softchip_tear_at(struct softchip *chip, uint64_t nth_apdu, enum softchip_tear kind);
/* The same, counted from now and across resets: 1 is the next command. Either way a tear strikes once. */
void softchip_tear_after(struct softchip *chip, uint64_t nth_apdu, enum softchip_tear kind);
uint64_t softchip_apdu_count(const struct softchip *chip); /* since softchip_new or load */
/* Non-volatile memory as bytes: what survives power-off. A chip is its memory: load makes the same chip. */
CC_MUST cc_status softchip_save(const struct softchip *chip, struct buf *ret);
CC_MUST cc_status softchip_load(struct bytes memory, const struct sys *sys, struct softchip **ret);
/* Rises with each change of the non-volatile memory; a different value means: save again. */
uint64_t softchip_memory_version(const struct softchip *chip);

/* ---- vpcd.c: the chip's side of vsmartcard-vpcd. */
struct softchip_vpcd {
	const char *host; /* "127.0.0.1" */
	unsigned port;
	/* Watched beside the socket, -1: none. When it is readable `control` is called; true takes the card out of the reader. */
	int control_fd;
	bool (*control)(void *ctx);
	void *ctx;
	/* Non-volatile memory is written here, durably, before the answer of a command that changed it; NULL: none. */
	const char *memory_path;
};

enum softchip_vpcd_end {
	SOFTCHIP_VPCD_REMOVED, /* by control */
	SOFTCHIP_VPCD_TORN,    /* by a planned tear: the connection is closed as if the card was pulled */
	SOFTCHIP_VPCD_CLOSED,  /* by the reader's side */
};

/*
 * Puts the chip into the reader that listens there and serves it until the card
 * leaves. CC_E_IO "softchip.vpcd" when nothing listens.
 */
CC_MUST cc_status softchip_vpcd_run(struct softchip *chip, const struct softchip_vpcd *v, enum softchip_vpcd_end *ret_end,
				    struct cc_error *err);

#endif
