/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_STORE_STORE_PG_CONNECT_H
#define CC_STATION_STORE_STORE_PG_CONNECT_H

#include "crypto/base/err.h"

/* libpq's PGconn and PGresult, without its header. */
struct pg_conn;
struct pg_result;

/* store_pg.c's way to a server, and what the server's errors mean here. */

/*
 * *ret_db is the caller's to end (PQfinish) also on failure, then it may be NULL. CC_E_ARG "store.address", CC_E_DENIED
 * "store.address-password", CC_E_IO "store.connect". TLS with the server's name checked, unless the address says
 * otherwise or the server is local.
 */
CC_MUST cc_status store_pg_connect(const char *url, struct pg_conn **ret_db, struct cc_error *err);
/* The primary message names tables and constraints; the detail has values and is never shown. r may be NULL. */
CC_MUST cc_status store_pg_error(const struct pg_conn *db, const struct pg_result *r, struct cc_error *err);
CC_MUST cc_status store_pg_lost(struct cc_error *err);

#endif
