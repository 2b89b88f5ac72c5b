/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/outbox_http.h"

#include "crypto/base/secret.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define TOKEN_MAX 2048
#define HEADER_MAX 256

struct outbox_http {
	CURL *curl;
	char *token; /* the whole header; NULL: none */
	size_t token_size;
	struct writer answer;
};

/* ---- what may be asked, and what an answer means */
static bool has_no_place_in_url(const char *url)
{
	for (const char *p = url; *p != '\0'; p++)
		if ((unsigned char)*p <= 0x20 || *p == 0x7F || *p == '"' || *p == '\\')
			return true;
	return false;
}

bool outbox_http_url_allowed(const char *url)
{
	static const char *const local[] = { "http://127.0.0.1", "http://[::1]", "http://localhost" };
	const char *host = strstr(url, "://");
	size_t host_len;

	if (host == NULL || has_no_place_in_url(url))
		return false;
	host += 3;
	host_len = strcspn(host, "/?#");
	if (host_len == 0 || memchr(host, '@', host_len) != NULL)
		return false;
	if (strncmp(url, "https://", 8) == 0)
		return true;
	for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
		size_t n = strlen(local[i]);

		if (strncmp(url, local[i], n) == 0 && strchr("/:?#", url[n]) != NULL)
			return true;
	}
	return false;
}

static bool repeats_key(struct bytes body, const char *key)
{
	json_t *root;
	const char *said;
	bool same;

	if (body.n == 0)
		return false;
	/* jansson refuses what is nested deeper than 2048. */
	root = json_loadb((const char *)body.p, body.n, JSON_REJECT_DUPLICATES, NULL);
	said = json_string_value(json_object_get(root, "key"));
	same = said != NULL && strcmp(said, key) == 0;
	json_decref(root);
	return same;
}

enum outbox_answer outbox_http_judge(long status, struct bytes body, const char *key)
{
	if (!repeats_key(body, key))
		return OUTBOX_AGAIN;
	if ((status >= 200 && status <= 299) || status == 409)
		return OUTBOX_ACCEPTED;
	return status == 400 || status == 422 ? OUTBOX_REFUSED : OUTBOX_AGAIN;
}

/* ---- one delivery */
static size_t take_answer(char *data, size_t one, size_t n, void *ctx)
{
	struct outbox_http *h = ctx;

	writer_put(&h->answer, bytes_of(data, one * n));
	return h->answer.failed == CC_OK ? one * n : 0; /* fewer bytes than came end the transfer */
}

static bool add_header(struct curl_slist **list, const char *text)
{
	struct curl_slist *longer = curl_slist_append(*list, text);

	if (longer == NULL)
		return false;
	*list = longer;
	return true;
}

/* Keys and kinds are words of ours: nothing in them ends a header. */
static bool make_headers(const struct outbox_http *h, const struct outbox_event *e, struct curl_slist **ret)
{
	char key[HEADER_MAX], kind[HEADER_MAX], seq[HEADER_MAX];

	(void)snprintf(key, sizeof key, "Idempotency-Key: \"%s\"", e->key);
	(void)snprintf(kind, sizeof kind, "Cccd-Event: %s", e->kind);
	(void)snprintf(seq, sizeof seq, "Cccd-Sequence: %llu", (unsigned long long)e->seq);
	/* "Expect" would cost a round trip for each event. */
	return add_header(ret, "Content-Type: application/json") && add_header(ret, "Accept: application/json") &&
	       add_header(ret, "Expect:") && add_header(ret, key) && add_header(ret, kind) && add_header(ret, seq) &&
	       (h->token == NULL || add_header(ret, h->token));
}

static void set_request(struct outbox_http *h, const struct outbox_event *e, struct curl_slist *headers)
{
	(void)curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, (const char *)e->body.p);
	(void)curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)e->body.n);
	(void)curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, headers);
}

static enum outbox_answer send_event(void *ctx, const struct outbox_event *e, char text[64])
{
	struct outbox_http *h = ctx;
	struct curl_slist *headers = NULL;
	enum outbox_answer a = OUTBOX_AGAIN;
	long status = 0;
	CURLcode rc = CURLE_OUT_OF_MEMORY;

	writer_init(&h->answer, OUTBOX_ANSWER_MAX);
	if (make_headers(h, e, &headers)) {
		set_request(h, e, headers);
		rc = curl_easy_perform(h->curl);
	}
	if (rc == CURLE_OK && curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK) {
		a = outbox_http_judge(status, writer_view(&h->answer), e->key);
		(void)snprintf(text, 64, "HTTP %ld%s", status,
			       a == OUTBOX_AGAIN && status < 300 ? ", not an answer of the registry" : "");
	} else {
		(void)snprintf(text, 64, "%.60s", curl_easy_strerror(rc));
	}
	(void)curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	writer_done(&h->answer);
	return a;
}

/* ---- the connection */
static bool set_options(struct outbox_http *h, const struct outbox_http_params *p)
{
	CURL *c = h->curl;

	return curl_easy_setopt(c, CURLOPT_URL, p->url) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https,http") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	       (p->ca_file == NULL || curl_easy_setopt(c, CURLOPT_CAINFO, p->ca_file) == CURLE_OK) &&
	       curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, p->timeout_ms) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, p->timeout_ms) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_answer) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEDATA, h) == CURLE_OK && curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK;
}

static bool keep_token(struct outbox_http *h, const char *token)
{
	static const char name[] = "Authorization: Bearer ";

	if (token == NULL)
		return true;
	if (strlen(token) > TOKEN_MAX || strpbrk(token, "\r\n") != NULL)
		return false;
	h->token_size = sizeof name + strlen(token);
	h->token = cc_alloc(h->token_size);
	if (h->token == NULL)
		return false;
	(void)snprintf(h->token, h->token_size, "%s%s", name, token);
	return true;
}

cc_status outbox_http_open(const struct outbox_http_params *p, struct outbox_http **ret, struct cc_error *err)
{
	struct outbox_http *h;
	cc_status st = cc_ok();

	if (!outbox_http_url_allowed(p->url))
		return cc_fail(err, CC_E_ARG, "feed.url", "https, or http to this machine");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return cc_fail(err, CC_E_NO_SERVICE, "feed.network", "curl_global_init");
	h = cc_alloc(sizeof *h);
	if (h == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "feed");
	h->curl = curl_easy_init();
	if (h->curl == NULL || !set_options(h, p))
		st = cc_fail(err, CC_E_NO_SERVICE, "feed.network", "curl_easy_setopt");
	else if (!keep_token(h, p->token))
		st = cc_fail(err, CC_E_ARG, "feed.token", "more than %d bytes, or more than one line", TOKEN_MAX);
	if (cc_failed(st))
		outbox_http_close(&h);
	else
		*ret = h;
	return st;
}

void outbox_http_close(struct outbox_http **h)
{
	if (*h == NULL)
		return;
	curl_easy_cleanup((*h)->curl);
	cc_free((*h)->token, (*h)->token_size);
	cc_free(*h, sizeof **h);
	*h = NULL;
}

struct outbox_sender outbox_http_sender(struct outbox_http *h)
{
	return (struct outbox_sender){ h, send_event };
}
