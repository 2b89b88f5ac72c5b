/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/queue.h"

#include "crypto/base/secret.h"

#include <stdio.h>

#define TOGETHER_MAX 64

/* One thread's wish. Whoever finds nobody at work serves all who wait, themself included. */
struct wish {
	struct queue_claim claim;
	bool served, found;
	cc_status st;
	struct cc_error err;
	struct wish *next;
};

struct queue_desk {
	struct books *books;
	char station[QUEUE_STATION_MAX + 1];
	int64_t lease_ms;
	pthread_mutex_t lock;
	pthread_cond_t served;
	struct wish *first, **last;
	bool at_work;
	struct queue_claim claims[TOGETHER_MAX];
};

cc_status queue_desk_new(struct books *b, const char *station, int64_t lease_ms, struct queue_desk **ret, struct cc_error *err)
{
	struct queue_desk *d = cc_alloc(sizeof *d);

	if (d == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "desk");
	d->books = b;
	d->lease_ms = lease_ms;
	(void)snprintf(d->station, sizeof d->station, "%s", station);
	(void)pthread_mutex_init(&d->lock, NULL);
	(void)pthread_cond_init(&d->served, NULL);
	d->last = &d->first;
	*ret = d;
	return cc_ok();
}

void queue_desk_free(struct queue_desk **d)
{
	if (d == NULL || *d == NULL)
		return;
	CC_ASSERT((*d)->first == NULL && !(*d)->at_work);
	(void)pthread_mutex_destroy(&(*d)->lock);
	(void)pthread_cond_destroy(&(*d)->served);
	cc_free(*d, sizeof **d);
	*d = NULL;
}

/* Serves the first wishes in line with one transaction. The lock is held around, and free during it. */
static void serve(struct queue_desk *d)
{
	struct wish *group = d->first, **end = &group;
	struct cc_error err;
	size_t wishes = 0, n = 0;
	cc_status st;

	while (*end != NULL && wishes < TOGETHER_MAX) {
		end = &(*end)->next;
		wishes++;
	}
	d->first = *end;
	if (d->first == NULL)
		d->last = &d->first;
	*end = NULL;
	d->at_work = true;
	(void)pthread_mutex_unlock(&d->lock);
	cc_error_init(&err);
	st = queue_take(d->books, d->station, d->lease_ms, wishes, d->claims, &n, &err);
	(void)pthread_mutex_lock(&d->lock);
	d->at_work = false;
	for (size_t i = 0; group != NULL; i++) {
		struct wish *w = group;

		group = w->next;
		w->st = st;
		w->err = err;
		w->found = !cc_failed(st) && i < n;
		if (w->found)
			w->claim = d->claims[i];
		w->served = true;
	}
	(void)pthread_cond_broadcast(&d->served);
}

cc_status queue_desk_take(struct queue_desk *d, struct queue_claim *ret, bool *ret_found, struct cc_error *err)
{
	struct wish mine = { .st = cc_ok() };

	(void)pthread_mutex_lock(&d->lock);
	*d->last = &mine;
	d->last = &mine.next;
	while (!mine.served) {
		if (d->at_work)
			(void)pthread_cond_wait(&d->served, &d->lock);
		else
			serve(d);
	}
	(void)pthread_mutex_unlock(&d->lock);
	if (cc_failed(mine.st))
		return cc_fail(err, mine.st.code, mine.err.key, "%s", mine.err.detail);
	if (mine.found)
		*ret = mine.claim;
	*ret_found = mine.found;
	return cc_ok();
}
