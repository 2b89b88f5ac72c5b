/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_CHIP_TERM_H
#define CC_TESTS_SUPPORT_CHIP_TERM_H

#include "card/softchip/softchip.h"
#include "crypto/agree.h"
#include "crypto/base/buf.h"
#include "crypto/cipher.h"
#include "tests/support/chip_made.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A terminal that speaks to a software chip in bare APDUs: for tests about exact
 * bytes. It shares the crypto room with the program and nothing of its access
 * protocols. What the chip refuses comes back as a status word; anything else
 * that is wrong (a MAC, a token) fails the test, unless said otherwise.
 */
struct chip_term {
	struct softchip *chip;
	const struct sys *sys;
	/* secure messaging; inactive: commands go out in the clear */
	bool active;
	enum cipher_alg alg;
	uint8_t enc[32], mac[32]; /* keys, cipher_key_len */
	uint8_t ssc[CIPHER_BLOCK_MAX];
	/* Terminal Authentication */
	struct buf id_picc;  /* of the last BAC or PACE */
	struct buf comp_pcd; /* of the last Chip Authentication */
	/* The chip runs out of memory: in the fault_command'th command from here (0: never), at its fault_at'th allocation. */
	unsigned fault_command;
	size_t fault_at;
	bool (*fault_begin)(size_t *k); /* alloc_fault_next and alloc_fault_end: not every program is linked with them */
	bool (*fault_end)(void);
	bool fault_hit; /* it did */
};

struct chip_term_command {
	uint8_t cla, ins, p1, p2; /* cla as it goes out; under secure messaging 0C */
	struct bytes data;
	size_t le; /* 0: none, 256: 00 */
};

/* What came back; sw 0: the card was torn out by a planned fault. sw of a protected answer is that of 99; `bare` when the chip
 * answered without protection. */
struct chip_term_answer {
	uint16_t sw;
	bool bare;
	struct buf data; /* owned */
};

void chip_term_init(struct chip_term *t, struct softchip *chip, const struct sys *sys);
void chip_term_done(struct chip_term *t);
/* Power off and on: no session. */
void chip_term_reset(struct chip_term *t);
/* One command, protected when the session is active (whatever cla says). */
struct chip_term_answer chip_term_send(struct chip_term *t, const struct chip_term_command *c);
/* The same in the clear; the terminal's session stays as it is. */
struct chip_term_answer chip_term_send_clear(struct chip_term *t, const struct chip_term_command *c);
/* Status word alone; class 00 or 0C. */
uint16_t chip_term_sw(struct chip_term *t, uint8_t ins, uint8_t p1, uint8_t p2, struct bytes data, size_t le);
uint16_t chip_term_clear_sw(struct chip_term *t, uint8_t ins, uint8_t p1, uint8_t p2, struct bytes data, size_t le);
/* 00A4040C of the application; 00A4020C of a file. */
uint16_t chip_term_select_application(struct chip_term *t);
uint16_t chip_term_select_file(struct chip_term *t, uint16_t id);
/* The file selected, by READ BINARY; empty when the first read is refused (status word in *ret_sw). */
struct buf chip_term_read(struct chip_term *t, uint16_t *ret_sw);
struct buf chip_term_read_file(struct chip_term *t, uint16_t id, uint16_t *ret_sw);

/* BAC: GET CHALLENGE and EXTERNAL AUTHENTICATE; the application must be selected. Status word of the first refusal. */
uint16_t chip_term_bac(struct chip_term *t, const char *mrz_information);

/* PACE. password: 1 MRZ information, 2 CAN.
 */
struct chip_term_pace {
	struct chip_made_pace info;
	uint8_t password;
	const char *secret;
	bool name_parameters; /* tag 84 */
	bool wrong_token;
	struct bytes chip_key; /* Chip Authentication Mapping: the static public key that must be proven; empty: not looked at */
};
uint16_t chip_term_pace(struct chip_term *t, const struct chip_term_pace *p);

/* Chip Authentication. */
struct chip_term_ca {
	struct agree_group group;
	struct bytes chip_key; /* public */
	enum cipher_alg alg;
	bool has_key_id;
	uint8_t key_id;
	/* What the terminal sends in place of its own public key; empty: that. */
	struct bytes peer;
	uint8_t tag; /* of the ephemeral key; 0: 91 or 80 */
	uint8_t cla; /* 0: 0C */
	bool clear;  /* in the clear */
	bool keep;   /* goes on with the old keys */
	/* The terminal's key must fit (borderline coordinates); NULL: any. */
	bool (*fits)(struct bytes public_key);
};
/* With CIPHER_TDES MSE:Set KAT, else MSE:Set AT and GENERAL AUTHENTICATE. */
uint16_t chip_term_ca(struct chip_term *t, const struct chip_term_ca *ca);

#endif
