/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/store_pg_connect.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

/* ---- errors */

cc_status store_pg_lost(struct cc_error *err)
{
	return cc_fail(err, CC_E_IO, "store.connection-lost", "the connection to PostgreSQL ended");
}

struct sqlstate {
	const char *prefix; /* of the five characters */
	enum cc_code code;
	const char *key;
};

/* PostgreSQL, Appendix A: error codes. The first row that fits. */
static const struct sqlstate states[] = {
	{ "23505", CC_E_EXISTS, "store.exists" },
	{ "23", CC_E_STATE, "store.constraint" },
	{ "40", CC_E_BUSY, "store.conflict" },
	{ "55P03", CC_E_BUSY, "store.conflict" },
	{ "53100", CC_E_IO, "store.disk-full" },
	{ "53200", CC_E_MEMORY, "memory" },
	{ "25P02", CC_E_STATE, "store.transaction-failed" },
	{ "57P0", CC_E_IO, "store.connection-lost" },
	{ "08", CC_E_IO, "store.connection-lost" },
	{ "42501", CC_E_DENIED, "store.not-allowed" },
	{ "XX00", CC_E_VERIFY, "store.damaged" },
	{ "", CC_E_IO, "store.failed" },
};

cc_status store_pg_error(const PGconn *db, const PGresult *r, struct cc_error *err)
{
	const char *state = r == NULL ? NULL : PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *text = r == NULL ? NULL : PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	size_t i = 0;

	if (state == NULL && PQstatus(db) != CONNECTION_OK)
		return store_pg_lost(err);
	if (state == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "libpq");
	while (strncmp(state, states[i].prefix, strlen(states[i].prefix)) != 0)
		i++;
	return cc_fail(err, states[i].code, states[i].key, "%s (%s)", text != NULL ? text : "", state);
}

/* ---- the address */

static const char *option_of(const PQconninfoOption *list, const char *keyword)
{
	for (; list->keyword != NULL; list++) {
		if (strcmp(list->keyword, keyword) == 0)
			return list->val != NULL && list->val[0] != '\0' ? list->val : NULL;
	}
	return NULL;
}

/*
 * A password in an address would lie in process lists and shell histories, and a
 * server whose name nobody checked may be anybody's.
 */
static cc_status check_address(const char *url, bool *ret_local, bool *ret_names_tls, struct cc_error *err)
{
	char *text = NULL;
	PQconninfoOption *list = PQconninfoParse(url, &text);
	cc_status st = cc_ok();

	if (list == NULL) {
		/* libpq's text may repeat the address. */
		PQfreemem(text);
		return cc_fail(err, CC_E_ARG, "store.address", "not a PostgreSQL address");
	}
	if (option_of(list, "password") != NULL)
		st = cc_fail(err, CC_E_DENIED, "store.address-password", "the address of the store has a password in it");
	else {
		const char *host = option_of(list, "host");

		*ret_local = host == NULL || host[0] == '/';
		*ret_names_tls = option_of(list, "sslmode") != NULL;
	}
	PQconninfoFree(list);
	return st;
}

static void quiet(void *ctx, const char *message)
{
	(void)ctx;
	(void)message;
}

cc_status store_pg_connect(const char *url, PGconn **ret_db, struct cc_error *err)
{
	const char *names[5] = { "dbname", "application_name", "connect_timeout" };
	const char *values[5] = { url, "cccd", "10" };
	bool local = false, names_tls = false;
	cc_status st = check_address(url, &local, &names_tls, err);

	if (cc_failed(st))
		return st;
	if (!local && !names_tls) {
		names[3] = "sslmode";
		values[3] = "verify-full";
	}
	*ret_db = PQconnectdbParams(names, values, 1);
	if (*ret_db == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "libpq");
	if (PQstatus(*ret_db) != CONNECTION_OK) {
		char first[160];

		(void)snprintf(first, sizeof first, "%s", PQerrorMessage(*ret_db));
		first[strcspn(first, "\n")] = '\0';
		return cc_fail(err, CC_E_IO, "store.connect", "%s", first);
	}
	(void)PQsetNoticeProcessor(*ret_db, quiet, NULL);
	return cc_ok();
}
