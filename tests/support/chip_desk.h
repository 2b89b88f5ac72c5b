/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_CHIP_DESK_H
#define CC_TESTS_SUPPORT_CHIP_DESK_H

#include "card/apdu.h"
#include "card/perso/scp03.h"
#include "tests/support/chip_reader.h"
#include "tests/support/sys_fake.h"

/*
 * A chip maker's desk: a blank chip in a reader, and the commands of its
 * personalization written out. The secure channel is the host's SCP03 layer,
 * which is held against the same recorded sessions as the chip's side. Every
 * function fails the test when something goes wrong beyond a status word.
 */
struct chip_desk {
	struct sys_fake fake;
	struct chip_reader cr;
	struct channel ch;
	struct scp03_keys keys; /* of the factory */
	bool torn;		/* a command was torn: send answers 0 and nothing more is sent */
};

void chip_desk_init(struct chip_desk *d, const struct chip_reader_options *o);
void chip_desk_done(struct chip_desk *d);
/* Powers the chip again after a tear. */
void chip_desk_power(struct chip_desk *d);
/* INITIALIZE UPDATE and EXTERNAL AUTHENTICATE with the factory keys. */
void chip_desk_authenticate(struct chip_desk *d, uint8_t level);
/* CLA 80. le 0: none. ret (may be NULL): the response data, owned by the caller. Returns the status word, 0 when torn. */
uint16_t chip_desk_send(struct chip_desk *d, uint8_t ins, uint8_t p1, uint8_t p2, struct bytes data, size_t le, struct buf *ret);
uint16_t chip_desk_send_hex(struct chip_desk *d, uint8_t ins, uint8_t p1, uint8_t p2, const char *hex, size_t le,
			    struct buf *ret);
/* INSTALL [for personalization]. */
uint16_t chip_desk_install(struct chip_desk *d);
void chip_desk_put_dgi(struct writer *w, uint16_t dgi, size_t n, uint8_t fill);
/* All groupings that a document needs, but for the end. */
void chip_desk_put_document(struct writer *w);
/* STORE DATA: cuts data into blocks of at most room; *block runs on. answer: for P1 b1, or NULL. */
uint16_t chip_desk_store(struct chip_desk *d, struct bytes data, size_t room, bool last, uint8_t *block, struct buf *answer);
/* INSTALL and a whole document but for its end. */
uint16_t chip_desk_write(struct chip_desk *d, size_t room, uint8_t *block);
/* 00FF. */
uint16_t chip_desk_finish(struct chip_desk *d, uint8_t *block);

#endif
