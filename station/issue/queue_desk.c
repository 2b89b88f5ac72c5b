/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/queue.h"

#include "crypto/base/secret.h"

#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <time.h>

#define TOGETHER_MAX 64
#define WAKING_NS 120000

/*
 * One thread's wish. Whoever finds nobody at work leads: they serve all who wait,
 * themself included, with one transaction, and hand over to the next in line.
 */
struct wish {
	struct queue_claim claim;
	bool served, found;
	cc_status st;
	struct cc_error err;
	sem_t called; /* served, or to lead */
	struct wish *next;
};

struct queue_desk {
	struct books *books;
	char station[QUEUE_STATION_MAX + 1];
	int64_t lease_ms;
	pthread_mutex_t lock;
	struct wish *first, **last;
	size_t waiting, together; /* in line; served by the last transaction */
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
	cc_free(*d, sizeof **d);
	*d = NULL;
}

static int64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/*
 * Threads of a hall come back at once for their next card: those who were served
 * together are given the time of a thread's waking, a fraction of a flush, to be
 * served together again. Whoever does not come back is waited for once.
 */
static void let_others_come(struct queue_desk *d)
{
	int64_t until = now_ns() + WAKING_NS;

	while (d->waiting < d->together && now_ns() < until) {
		(void)pthread_mutex_unlock(&d->lock);
		(void)sched_yield();
		(void)pthread_mutex_lock(&d->lock);
	}
}

/* The first in line, at most TOGETHER_MAX; the lock is held. */
static struct wish *next_group(struct queue_desk *d, size_t *ret_count)
{
	struct wish *group = d->first, **end = &group;
	size_t n = 0;

	while (*end != NULL && n < TOGETHER_MAX) {
		end = &(*end)->next;
		n++;
	}
	d->first = *end;
	if (d->first == NULL)
		d->last = &d->first;
	*end = NULL;
	d->waiting -= n;
	d->together = n;
	*ret_count = n;
	return group;
}

/* Nobody touches a wish after its post: it lies on the stack of a thread that goes on. */
static void answer(struct queue_desk *d, struct wish *group, const struct wish *mine, size_t claims, cc_status st,
		   const struct cc_error *err)
{
	struct wish *next;

	for (size_t i = 0; group != NULL; group = next, i++) {
		next = group->next;
		group->st = st;
		group->err = *err;
		group->found = !cc_failed(st) && i < claims;
		if (group->found)
			group->claim = d->claims[i];
		group->served = true;
		if (group != mine)
			(void)sem_post(&group->called);
	}
}

static void hand_over(struct queue_desk *d)
{
	(void)pthread_mutex_lock(&d->lock);
	if (d->first != NULL)
		(void)sem_post(&d->first->called);
	else
		d->at_work = false;
	(void)pthread_mutex_unlock(&d->lock);
}

/* The leader's own wish is the first in line, or among the first TOGETHER_MAX: it was alone or has been handed to. */
static void lead(struct queue_desk *d, struct wish *mine)
{
	struct cc_error err;
	struct wish *group;
	size_t wishes = 0, n = 0;
	cc_status st;

	(void)pthread_mutex_lock(&d->lock);
	let_others_come(d);
	group = next_group(d, &wishes);
	(void)pthread_mutex_unlock(&d->lock);
	CC_ASSERT(group == mine);
	cc_error_init(&err);
	st = queue_take(d->books, d->station, d->lease_ms, wishes, d->claims, &n, &err);
	answer(d, group, mine, n, st, &err);
	hand_over(d);
}

/* True: nobody leads, the caller does. */
static bool get_in_line(struct queue_desk *d, struct wish *mine)
{
	bool leads;

	(void)pthread_mutex_lock(&d->lock);
	*d->last = mine;
	d->last = &mine->next;
	d->waiting++;
	leads = !d->at_work;
	d->at_work = true;
	(void)pthread_mutex_unlock(&d->lock);
	return leads;
}

cc_status queue_desk_take(struct queue_desk *d, struct queue_claim *ret, bool *ret_found, struct cc_error *err)
{
	struct wish mine = { .st = cc_ok() };

	(void)sem_init(&mine.called, 0, 0);
	if (!get_in_line(d, &mine)) {
		while (sem_wait(&mine.called) != 0)
			;
	}
	if (!mine.served)
		lead(d, &mine);
	(void)sem_destroy(&mine.called);
	if (cc_failed(mine.st))
		return cc_fail(err, mine.st.code, mine.err.key, "%s", mine.err.detail);
	if (mine.found)
		*ret = mine.claim;
	*ret_found = mine.found;
	return cc_ok();
}
