/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_BOOKS_FIXTURE_H
#define CC_TESTS_BOOKS_FIXTURE_H

#include "station/issue/books.h"
#include "station/issue/ledger.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/sys_fake.h"

/* A store and a key store in an own folder, with books over them. */
struct books_fixture {
	struct fixture_folder folder;
	struct sys_fake sys;
	struct keystore *ks;
	struct store *store;
	struct books *books;
	struct cc_error err;
};
void books_fixture(struct books_fixture *f);
void books_fixture_done(struct books_fixture *f);
/* Closes and opens store and books again, as a new process would. */
void books_fixture_reopen(struct books_fixture *f);

/* A job bound to blank `serial` (16 hex digits). */
void books_fixture_bind(struct books_fixture *f, const char *number, const char *serial, struct job *ret);
/* Walks a bound job to `to`; keys are hashes of the serial. */
void books_fixture_walk(struct books_fixture *f, struct job *job, enum job_state to);

/*
 * I1, I2, I4 (as far as books tell), I5 and I6 over everything that the store
 * holds; fails the test with what is broken.
 */
void books_fixture_check(struct books *b);

#endif
