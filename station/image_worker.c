/* SPDX-License-Identifier: Apache-2.0 */
#include "station/image_worker.h"

#include "crypto/base/secret.h"
#include "station/image_worker_process.h"
#include "station/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PICTURES_MAX 500u  /* then a fresh one: what a decoder leaves behind doesn't gather */
#define BUSY_MS_MAX 120000 /* likewise: well below the processor time that a worker has in all */
#define TIMEOUT_MS 10000u
#define END_MS 1000

struct image_worker {
	struct image_worker_options options;
	pthread_mutex_t lock;
	pid_t owner; /* the process that started it */
	pid_t pid;   /* 0: none runs */
	int fd;
	bool confined;
	unsigned pictures;
	int64_t busy_ms;
};

struct image_worker_options image_worker_options_default(void)
{
	return (struct image_worker_options){ IMAGE_SANDBOX_REQUIRE, TIMEOUT_MS, image_worker_name };
}

cc_status image_worker_new(const struct image_worker_options *options, struct image_worker **ret, struct cc_error *err)
{
	struct image_worker *w = cc_alloc(sizeof *w);

	if (!w)
		return cc_fail(err, CC_E_MEMORY, "memory", "image worker");
	w->options = *options;
	w->fd = -1;
	(void)pthread_mutex_init(&w->lock, NULL);
	*ret = w;
	return cc_ok();
}

cc_status image_worker_open(const struct config *c, struct image_worker **ret, struct cc_error *err)
{
	struct image_worker_options options = image_worker_options_default();
	char value[32];
	cc_status st = config_setting(c, "image.sandbox", value, sizeof value, err);

	if (cc_failed(st))
		return st;
	if (strcmp(value, "allow-none") == 0)
		options.sandbox = IMAGE_SANDBOX_ALLOW_NONE;
	else if (strcmp(value, "require") != 0)
		return cc_fail(err, CC_E_FORMAT, "settings.bad-value", "image.sandbox: require or allow-none");
	return image_worker_new(&options, ret, err);
}

/* ---- the process's end */

/* Waits for its end, helped along when it takes long. */
static int reap(struct image_worker *w)
{
	struct pollfd end = { pidfd_open(w->pid, 0), POLLIN, 0 };
	int status = 0;

	if (end.fd < 0 || poll(&end, 1, END_MS) <= 0)
		(void)kill(w->pid, SIGKILL);
	if (end.fd >= 0)
		(void)close(end.fd);
	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		;
	w->pid = 0;
	return status;
}

static void forget_socket(struct image_worker *w)
{
	if (w->fd >= 0)
		(void)close(w->fd);
	w->fd = -1;
}

static void stop(struct image_worker *w, bool at_once)
{
	forget_socket(w);
	if (w->pid != 0 && at_once)
		(void)kill(w->pid, SIGKILL);
	if (w->pid != 0)
		(void)reap(w);
}

void image_worker_free(struct image_worker **w)
{
	if (*w == NULL)
		return;
	if ((*w)->owner == getpid())
		stop(*w, false);
	else
		forget_socket(*w);
	(void)pthread_mutex_destroy(&(*w)->lock);
	cc_free(*w, sizeof **w);
	*w = NULL;
}

/* It closed the socket: why? */
static cc_status died(struct image_worker *w, struct cc_error *err)
{
	int status, signal_number;

	status = reap(w);
	stop(w, true);
	signal_number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	if (signal_number == SIGSYS)
		return cc_fail(err, CC_E_FORMAT, "image.worker-forbidden", "the decoder made a call that is not allowed");
	if (signal_number == SIGXCPU)
		return cc_fail(err, CC_E_LIMIT, "image.worker-timeout", "the decoder used up its processor time");
	return cc_fail(err, CC_E_FORMAT, "image.worker-killed", "the decoder ended by %s %d", signal_number ? "signal" : "exit",
		       signal_number ? signal_number : WEXITSTATUS(status));
}

static cc_status late(struct image_worker *w, struct cc_error *err)
{
	stop(w, true);
	return cc_fail(err, CC_E_LIMIT, "image.worker-timeout", "more than %u ms for one picture", w->options.timeout_ms);
}

static cc_status lying(struct image_worker *w, struct cc_error *err)
{
	stop(w, true);
	return cc_fail(err, CC_E_FORMAT, "image.worker-protocol", "the decoder's answer");
}

/* ---- bytes there and back, all before the deadline */

static cc_status wait_for(struct image_worker *w, short event, int64_t deadline_ms, struct cc_error *err)
{
	struct pollfd p = { w->fd, event, 0 };
	int64_t left;
	int n;

	do {
		left = deadline_ms - sys_mono_ms(sys_real());
		n = left > 0 ? poll(&p, 1, (int)left) : 0;
	} while (n < 0 && errno == EINTR);
	return n > 0 ? cc_ok() : late(w, err);
}

static cc_status send_all(struct image_worker *w, struct bytes b, int64_t deadline_ms, struct cc_error *err)
{
	struct cursor in;
	struct bytes sent;

	cursor_init(&in, b);
	while (cursor_left(&in) > 0) {
		ssize_t n = send(w->fd, in.p, cursor_left(&in), MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			cc_status st = wait_for(w, POLLOUT, deadline_ms, err);

			if (cc_failed(st))
				return st;
			continue;
		}
		if (n <= 0 || !cursor_take(&in, (size_t)n, &sent))
			return died(w, err);
	}
	return cc_ok();
}

static cc_status receive_all(struct image_worker *w, uint8_t *p, size_t n, int64_t deadline_ms, struct cc_error *err)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got = recv(w->fd, p + have, n - have, MSG_DONTWAIT);

		if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
			cc_status st = wait_for(w, POLLIN, deadline_ms, err);

			if (cc_failed(st))
				return st;
			continue;
		}
		if (got <= 0)
			return died(w, err);
		have += (size_t)got;
	}
	return cc_ok();
}

/* ---- starting */

#ifdef __SANITIZE_ADDRESS__
#define WORKER_STDERR SPAWN_KEEP /* its report would be lost */
#else
#define WORKER_STDERR SPAWN_NULL
#endif

/* No shell, no environment, and no descriptor but the socket. */
static int spawn(int fd, const char *name, pid_t *ret)
{
	char label[64];
	char *const argv[] = { label, NULL }, *const no_environment[] = { NULL };

	(void)snprintf(label, sizeof label, "%s", name);
	return spawn_program(&(struct spawn){ .program = "/proc/self/exe",
					      .argv = argv,
					      .environment = no_environment,
					      .files = { fd, SPAWN_NULL, WORKER_STDERR, SPAWN_NONE } },
			     ret);
}

static cc_status greet(struct image_worker *w, struct cc_error *err)
{
	uint8_t hello[IMAGE_HELLO_BYTES];
	struct cc_error why;
	cc_status st;

	cc_error_init(&why);
	st = receive_all(w, hello, sizeof hello, sys_mono_ms(sys_real()) + w->options.timeout_ms, &why);
	if (cc_failed(st))
		return cc_fail(err, CC_E_IO, "image.worker-start", "no greeting: %.150s", why.detail);
	if (memcmp(hello, "CCIW", 4) != 0 || hello[4] != IMAGE_PROTOCOL_VERSION || hello[5] > 1)
		return lying(w, err);
	w->confined = hello[5];
	if (!w->confined && w->options.sandbox == IMAGE_SANDBOX_REQUIRE) {
		stop(w, true);
		return cc_fail(err, CC_E_UNSUPPORTED, "image.sandbox-unavailable", "no seccomp filter on this machine");
	}
	return cc_ok();
}

static cc_status start(struct image_worker *w, struct cc_error *err)
{
	int fds[2], e;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return cc_fail(err, CC_E_IO, "image.worker-start", "socket: %s", strerror(errno));
	e = spawn(fds[1], w->options.name, &w->pid);
	(void)close(fds[1]);
	if (e != 0) {
		(void)close(fds[0]);
		w->pid = 0;
		return cc_fail(err, CC_E_IO, "image.worker-start", "start: %s", strerror(e));
	}
	w->fd = fds[0];
	w->owner = getpid();
	w->pictures = 0;
	w->busy_ms = 0;
	return greet(w, err);
}

/* Nothing may lie in the socket between two pictures: a late or second answer would be taken for the next one's. */
static bool is_silent(const struct image_worker *w)
{
	uint8_t b;

	return recv(w->fd, &b, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && (errno == EAGAIN || errno == EINTR);
}

static cc_status ready(struct image_worker *w, struct cc_error *err)
{
	if (w->pid != 0 && w->owner != getpid()) {
		forget_socket(w); /* a fork: the worker is our parent's */
		w->pid = 0;
	}
	if (w->pid != 0 && (w->pictures >= PICTURES_MAX || w->busy_ms >= BUSY_MS_MAX || !is_silent(w)))
		stop(w, true);
	return w->pid != 0 ? cc_ok() : start(w, err);
}

/* ---- one picture */

static cc_status refusal(struct image_worker *w, const struct image_answer *a, int64_t deadline_ms, struct cc_error *err)
{
	uint8_t detail[CC_ERROR_DETAIL_MAX] = { 0 };
	cc_status st = receive_all(w, detail, a->detail_len, deadline_ms, err);

	if (cc_failed(st))
		return st;
	for (size_t i = 0; i < a->detail_len; i++)
		if (detail[i] < 0x20 || detail[i] > 0x7E)
			detail[i] = '?';
	if (a->code == CC_E_MEMORY)
		return cc_fail(err, CC_E_LIMIT, "image.worker-memory", "%s", (const char *)detail);
	return cc_fail(err, a->code, a->key, "%s", (const char *)detail);
}

static cc_status receive_photo(struct image_worker *w, const struct image_answer *a, int64_t deadline_ms, struct photo *ret,
			       struct cc_error *err)
{
	struct photo p = { .kind = a->kind, .jpeg = a->jpeg };
	cc_status st = image_new(a->width, a->height, 3, &p.image, err);

	if (cc_failed(st)) {
		stop(w, true);
		return st;
	}
	st = receive_all(w, p.image.p, image_size(&p.image), deadline_ms, err);
	if (cc_failed(st))
		photo_done(&p);
	else
		*ret = p;
	return st;
}

static cc_status ask(struct image_worker *w, struct bytes file, struct photo *ret, struct cc_error *err)
{
	int64_t deadline_ms = sys_mono_ms(sys_real()) + w->options.timeout_ms;
	uint8_t head[IMAGE_ANSWER_BYTES];
	struct image_answer a;
	struct writer length;
	cc_status st;

	w->pictures++;
	writer_init(&length, 4);
	writer_u32(&length, (uint32_t)file.n);
	st = length.failed == CC_OK ? send_all(w, writer_view(&length), deadline_ms, err)
				    : cc_fail(err, length.failed, "memory", "image worker");
	writer_done(&length);
	if (cc_failed(st) || cc_failed(st = send_all(w, file, deadline_ms, err)) ||
	    cc_failed(st = receive_all(w, head, sizeof head, deadline_ms, err)))
		return st;
	if (!image_answer_take(bytes_of(head, sizeof head), &a))
		return lying(w, err);
	return a.code == CC_OK ? receive_photo(w, &a, deadline_ms, ret, err) : refusal(w, &a, deadline_ms, err);
}

cc_status image_worker_decode(struct image_worker *w, struct bytes file, struct photo *ret, struct cc_error *err)
{
	cc_status st;

	if (file.n > PHOTO_BYTES_MAX)
		return cc_fail(err, CC_E_LIMIT, "photo.too-large", "%zu bytes, at most %u", file.n, PHOTO_BYTES_MAX);
	(void)pthread_mutex_lock(&w->lock);
	st = ready(w, err);
	if (!cc_failed(st)) {
		int64_t start_ms = sys_mono_ms(sys_real());

		st = ask(w, file, ret, err);
		w->busy_ms += sys_mono_ms(sys_real()) - start_ms;
	}
	(void)pthread_mutex_unlock(&w->lock);
	return st;
}

cc_status image_worker_probe(struct image_worker *w, bool *ret_confined, struct cc_error *err)
{
	cc_status st;

	(void)pthread_mutex_lock(&w->lock);
	st = ready(w, err);
	if (!cc_failed(st))
		*ret_confined = w->confined;
	(void)pthread_mutex_unlock(&w->lock);
	return st;
}
