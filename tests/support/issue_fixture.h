/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_ISSUE_FIXTURE_H
#define CC_TESTS_ISSUE_FIXTURE_H

#include "card/softchip/softchip.h"
#include "station/issue/worker.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/sys_fake.h"

/*
 * A whole station in a folder: key store, test PKI, two people with photos;
 * and software chips in this process whose memory can outlive it in a file.
 *
 * The store is copied from a template, so that each run starts from the same.
 */
#define ISSUE_ANNA "001190000000"
#define ISSUE_BINH "001090000000"

struct issue_fixture {
	struct fixture_folder folder;
	struct sys_fake fake;
	struct sys sys; /* the fake, behind a lock: several readers may issue at once */
	struct config config;
	struct keystore *ks;
	struct store *store;
	struct issuer issuer;
	struct cc_error err;
	bool open;
};
void issue_fixture(struct issue_fixture *f);
/* The same with its keys made in ks, which it closes; NULL: an own file. */
void issue_fixture_with(struct issue_fixture *f, struct keystore *ks);
void issue_fixture_done(struct issue_fixture *f);
#define ISSUE_SETTINGS "\"dg2.width\": 120, \"dg2.bytes-max\": 4000, \"photo.gate\": \"none\""
/* Other settings from the next issue_fixture_open on: a JSON object, with ISSUE_SETTINGS in it. */
void issue_fixture_settings(struct issue_fixture *f, const char *json);
/* Puts the template in the place of the store; it must be closed. */
void issue_fixture_fresh(struct issue_fixture *f);
/* Opens store and issuer, as a process does that starts. hooks may be NULL. */
void issue_fixture_open(struct issue_fixture *f, const struct issue_hooks *hooks);
void issue_fixture_close(struct issue_fixture *f);
/* In a forked child: the parent's key store is wiped by the fork, this process opens its own. */
void issue_fixture_forked(struct issue_fixture *f);

/* A chip and, when memory_path is set, its memory in a file, written after each change. */
struct issue_chip {
	struct softchip *chip;
	const char *memory_path;
	uint64_t saved;
};
/* A blank with this station's keys. number makes the serial. */
void issue_chip_blank(struct issue_fixture *f, struct issue_chip *c, uint32_t number, bool extended);
/* The same of the older protocol, its keys under VISA2 from "perso-master-3des". */
void issue_chip_older(struct issue_fixture *f, struct issue_chip *c, uint8_t number);
/* The chip that lies in the file. */
void issue_chip_load(struct issue_fixture *f, struct issue_chip *c);
void issue_chip_done(struct issue_chip *c);

/* A reader with the chip in it, not connected; c must outlive it. */
struct reader *issue_reader(struct issue_chip *c);
/* Runs one `card issue` on the chip; c without a chip: the reader is empty. report starts from {0}. f->err holds the
 * detail. */
cc_status issue_run(struct issue_fixture *f, struct issue_chip *c, const struct worker_request *request,
		    struct worker_report *report);

#endif
