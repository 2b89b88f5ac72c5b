/* SPDX-License-Identifier: Apache-2.0 */
#include "station/face_cross_check.h"

#include "biometrics/png.h"
#include "station/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_MAX 4096u
#define TIMEOUT_MS_MAX 60000
#define END_MS 2000
#define DISAGREE_ENTIRELY 9.0 /* eye distances: another number of faces */

cc_status face_cross_check_load(const struct config *c, struct face_cross_check *ret, struct cc_error *err)
{
	struct face_cross_check x = { 0 };
	int64_t ms = 0;
	cc_status st;

	if (cc_failed(st = config_setting(c, "face.cross-check", x.program, sizeof x.program, err)) ||
	    cc_failed(st = config_setting_int(c, "face.cross-check-ms", &ms, err)))
		return st;
	if (x.program[0] != '\0' && x.program[0] != '/')
		return cc_fail(err, CC_E_FORMAT, "issue.setting", "face.cross-check: an absolute path");
	if (ms < 1 || ms > TIMEOUT_MS_MAX)
		return cc_fail(err, CC_E_FORMAT, "issue.setting", "face.cross-check-ms: 1 to %d", TIMEOUT_MS_MAX);
	x.timeout_ms = (unsigned)ms;
	*ret = x;
	return cc_ok();
}

/* ---- the answer */

static bool take_point(const json_t *eyes, const char *name, const struct image *photo, struct face_landmark *ret)
{
	const json_t *p = json_object_get(eyes, name);

	if (!json_is_array(p) || json_array_size(p) != 2 || !json_is_number(json_array_get(p, 0)) ||
	    !json_is_number(json_array_get(p, 1)))
		return false;
	ret->x = json_number_value(json_array_get(p, 0));
	ret->y = json_number_value(json_array_get(p, 1));
	return isfinite(ret->x) && isfinite(ret->y) && ret->x >= 0 && ret->y >= 0 && ret->x <= photo->width &&
	       ret->y <= photo->height;
}

static bool take_answer(const json_t *root, const struct image *photo, struct face_second_opinion *ret)
{
	const json_t *faces = json_object_get(root, "faces"), *eyes = json_object_get(root, "eyes");
	json_int_t count = json_integer_value(faces);

	if (!json_is_object(root) || !json_is_integer(faces) || count < 0 || count > 1000)
		return false;
	ret->faces = (unsigned)count;
	if (count != 1)
		return json_object_size(root) == (eyes != NULL ? 2 : 1);
	return json_object_size(root) == 2 && json_is_object(eyes) && json_object_size(eyes) == 2 &&
	       take_point(eyes, "right", photo, &ret->eye[FACE_EYE_RIGHT]) &&
	       take_point(eyes, "left", photo, &ret->eye[FACE_EYE_LEFT]);
}

cc_status face_cross_check_parse(struct bytes json, const struct image *photo, struct face_second_opinion *ret,
				 struct cc_error *err)
{
	struct face_second_opinion o = { 0 };
	json_t *root = json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
	bool good = root != NULL && take_answer(root, photo, &o);

	json_decref(root);
	if (!good)
		return cc_fail(err, CC_E_FORMAT, "face.cross-check-answer", "%zu bytes", json.n);
	*ret = o;
	return cc_ok();
}

/* ---- the program */

static cc_status failed(struct cc_error *err, const char *what, int e)
{
	return cc_fail(err, CC_E_IO, "face.cross-check-failed", "%s%s%s", what, e ? ": " : "", e ? strerror(e) : "");
}

/* In a group of its own, so that what it starts ends with it. */
static int spawn(const char *program, int fd, pid_t *ret)
{
	char path[PATH_MAX];
	char *const argv[] = { path, NULL }, *const no_environment[] = { NULL };

	(void)snprintf(path, sizeof path, "%s", program);
	return spawn_program(&(struct spawn){ .program = path,
					      .argv = argv,
					      .environment = no_environment,
					      .files = { fd, fd, SPAWN_NULL, SPAWN_NONE },
					      .own_group = true },
			     ret);
}

struct talk {
	int fd;
	struct cursor out; /* of the picture, what is still to send */
	bool said_all;
	struct writer answer;
};

/* Some of the picture; a program that doesn't want all of it may have its answer already. */
static void send_some(struct talk *t)
{
	struct bytes sent;
	ssize_t n = send(t->fd, t->out.p, cursor_left(&t->out), MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0 && cursor_take(&t->out, (size_t)n, &sent) && cursor_left(&t->out) > 0)
		return;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	(void)shutdown(t->fd, SHUT_WR);
	t->said_all = true;
}

/* False at the end, or when there is too much. */
static bool receive_some(struct talk *t)
{
	uint8_t part[1024];
	ssize_t n = recv(t->fd, part, sizeof part, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	writer_put(&t->answer, bytes_of(part, (size_t)n));
	return n > 0 && t->answer.failed == CC_OK;
}

static cc_status converse(struct talk *t, unsigned timeout_ms, struct cc_error *err)
{
	int64_t deadline = sys_mono_ms(sys_real()) + timeout_ms, left;

	while ((left = deadline - sys_mono_ms(sys_real())) > 0) {
		struct pollfd p = { t->fd, (short)(t->said_all ? POLLIN : POLLIN | POLLOUT), 0 };

		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return failed(err, "poll", errno);
		if (p.revents & (POLLIN | POLLHUP | POLLERR) && !receive_some(t))
			return t->answer.failed == CC_OK ? cc_ok()
							 : cc_fail(err, CC_E_FORMAT, "face.cross-check-answer", "too long");
		if (!t->said_all && p.revents & POLLOUT)
			send_some(t);
	}
	return failed(err, "no answer in time", 0);
}

/* It closed its output, or its time is over: it ends, and all that it started. */
static cc_status end_of(pid_t pid, cc_status st, struct cc_error *err)
{
	struct pollfd end = { pidfd_open(pid, 0), POLLIN, 0 };
	int status = 0;

	if (!cc_failed(st) && end.fd >= 0)
		(void)poll(&end, 1, END_MS);
	if (end.fd >= 0)
		(void)close(end.fd);
	(void)kill(-pid, SIGKILL); /* one that ended by itself keeps its status */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!cc_failed(st) && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		return failed(err, "the program ended with an error", 0);
	return st;
}

static cc_status ask(const struct face_cross_check *x, struct bytes png, struct buf *ret, struct cc_error *err)
{
	struct talk t = { 0 };
	int fds[2], e;
	pid_t pid = 0;
	cc_status st;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return failed(err, "socket", errno);
	e = spawn(x->program, fds[1], &pid);
	(void)close(fds[1]);
	if (e != 0) {
		(void)close(fds[0]);
		return failed(err, "start", e);
	}
	t.fd = fds[0];
	cursor_init(&t.out, png);
	writer_init(&t.answer, ANSWER_MAX);
	st = converse(&t, x->timeout_ms, err);
	(void)close(fds[0]);
	st = end_of(pid, st, err);
	if (!cc_failed(st) && cc_failed(st = writer_finish(&t.answer, ret)))
		st = cc_fail(err, st.code, "memory", "answer");
	writer_done(&t.answer);
	return st;
}

cc_status face_cross_check_run(const struct face_cross_check *x, const struct image *photo, struct face_second_opinion *ret,
			       struct cc_error *err)
{
	struct buf png = { 0 }, answer = { 0 };
	cc_status st = png_encode(photo, &png, err);

	if (!cc_failed(st))
		st = ask(x, buf_view(&png), &answer, err);
	if (!cc_failed(st))
		st = face_cross_check_parse(buf_view(&answer), photo, ret, err);
	buf_done(&png);
	buf_done(&answer);
	return st;
}

cc_status face_cross_check_apply(const struct face_cross_check *x, const struct image *photo, const struct quality_rules *rules,
				 struct quality_report *report, struct cc_error *err)
{
	const struct face *f = &report->finding.face;
	struct face_second_opinion o = { 0 };
	double apart = DISAGREE_ENTIRELY;
	cc_status st;

	if (x->program[0] == '\0' || report->finding.count != 1)
		return cc_ok();
	st = face_cross_check_run(x, photo, &o, err);
	if (cc_failed(st))
		return st;
	if (o.faces == 1)
		apart = fmax(hypot(o.eye[0].x - f->eye[0].x, o.eye[0].y - f->eye[0].y),
			     hypot(o.eye[1].x - f->eye[1].x, o.eye[1].y - f->eye[1].y)) /
			fmax(f->eye_distance, 1);
	quality_add(rules, QUALITY_AGREEMENT, fmin(apart, DISAGREE_ENTIRELY), report);
	return cc_ok();
}
