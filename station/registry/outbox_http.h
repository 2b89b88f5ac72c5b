/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_OUTBOX_HTTP_H
#define CC_STATION_REGISTRY_OUTBOX_HTTP_H

#include "station/registry/outbox.h"

/*
 * The feed over HTTP, through libcurl (its only door): POST of the event's JSON,
 * with the headers Idempotency-Key ("card-issued/..."), Cccd-Event (kind) and Cccd-Sequence (number).
 *
 * An answer counts when it is JSON that repeats the key, {"key": "..."}: a proxy's
 * or a login page's 200 is none. 2xx and 409 (known already) with the key: accepted; 400 and 422 with the
 * key: refused. Everything else is tried again.
 *
 * https with the certificate checked, TLS 1.2 or later; http to this machine alone. No redirects, no proxy, at most
 * 64 KiB of answer.
 */
#define OUTBOX_ANSWER_MAX (64u << 10)

struct outbox_http_params {
	const char *url;
	const char *ca_file; /* PEM; NULL: the system's */
	const char *token;   /* sent as a bearer token; NULL: none. Kept until outbox_http_close, wiped then. */
	long timeout_ms;     /* of one delivery */
};

struct outbox_http;

/* CC_E_ARG "feed.url"; CC_E_NO_SERVICE "feed.network". */
CC_MUST cc_status outbox_http_open(const struct outbox_http_params *p, struct outbox_http **ret, struct cc_error *err);
void outbox_http_close(struct outbox_http **h);
/* Valid while h lives. */
struct outbox_sender outbox_http_sender(struct outbox_http *h);
/* What an answer means; without I/O. */
enum outbox_answer outbox_http_judge(long status, struct bytes body, const char *key);
/* https, or http to 127.0.0.1, [::1] or localhost; no user, no blanks, no control characters. */
bool outbox_http_url_allowed(const char *url);

#endif
