/* SPDX-License-Identifier: Apache-2.0 */
#include "station/finger_nfiq2.h"

#include "biometrics/png.h"
#include "station/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX 64

cc_status finger_nfiq2_program(const struct config *c, char *ret, size_t cap, struct cc_error *err)
{
	return config_setting(c, "finger.nfiq2", ret, cap, err);
}

bool finger_nfiq2_parse(struct bytes output, unsigned *ret)
{
	struct cursor in;
	unsigned score = 0, digits = 0;
	uint8_t c = 0;

	cursor_init(&in, output);
	while (cursor_left(&in) > 0 && cursor_u8(&in, &c) && c >= '0' && c <= '9' && digits < 3) {
		score = score * 10 + (unsigned)(c - '0');
		digits++;
		c = '\n';
	}
	if (digits == 0 || c != '\n' || cursor_left(&in) > 0 || score > 100)
		return false;
	*ret = score;
	return true;
}

/* ---- the print, as a file that only this process and its child can see */

static cc_status print_file(const struct image *print, int *ret_fd, struct cc_error *err)
{
	struct buf png = { 0 };
	cc_status st = png_encode(print, &png, err);
	size_t done = 0;
	int fd;

	if (cc_failed(st))
		return st;
	fd = memfd_create("print", MFD_CLOEXEC);
	while (fd >= 0 && done < png.n) {
		ssize_t n = write(fd, png.p + done, png.n - done);

		if (n < 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	if (fd < 0 || done < png.n || lseek(fd, 0, SEEK_SET) != 0) {
		st = cc_fail(err, CC_E_IO, "finger.nfiq2-start", "memory file: %s", strerror(errno));
		if (fd >= 0)
			(void)close(fd);
	} else {
		*ret_fd = fd;
	}
	buf_done(&png);
	return st;
}

/* ---- the process */

static int spawn(const char *program, int print, int out, pid_t *ret)
{
	char name[] = "nfiq2", force[] = "-F", file[] = "/proc/self/fd/3", locale[] = "LC_ALL=C";
	char *const argv[] = { name, force, file, NULL }, *const environment[] = { locale, NULL };

	return spawn_program(&(struct spawn){ .program = program,
					      .argv = argv,
					      .environment = environment,
					      .files = { SPAWN_NULL, out, SPAWN_NULL, print },
					      .own_group = true },
			     ret);
}

struct answer {
	uint8_t text[OUTPUT_MAX];
	size_t n;
	bool ended; /* its end was seen in time; more than the room is not read */
};

static void listen_to(int fd, int64_t deadline, struct answer *a)
{
	while (!a->ended && a->n < sizeof a->text) {
		int64_t left = deadline - sys_mono_ms(sys_real());
		struct pollfd p = { fd, POLLIN, 0 };
		int ready = left > 0 ? poll(&p, 1, (int)left) : 0;
		ssize_t n;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return;
		n = read(fd, a->text + a->n, sizeof a->text - a->n);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			a->ended = true;
		else
			a->n += (size_t)n;
	}
}

/* True: it ended by itself with code 0. One that closed its output but goes on is ended too. */
static bool reap(pid_t pid, bool kill_it, int64_t deadline)
{
	int status = 0;
	pid_t got = 0;

	while (!kill_it && (got = waitpid(pid, &status, WNOHANG)) == 0) {
		kill_it = sys_mono_ms(sys_real()) >= deadline;
		sys_sleep_ms(sys_real(), 1);
	}
	(void)kill(-pid, SIGKILL);
	while (got == 0 && (got = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
		got = 0;
	return got == pid && !kill_it && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static cc_status run(const char *program, int print, unsigned timeout_ms, struct answer *a, bool *ret_good, struct cc_error *err)
{
	int64_t deadline = sys_mono_ms(sys_real()) + timeout_ms;
	int fds[2], e;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return cc_fail(err, CC_E_IO, "finger.nfiq2-start", "pipe: %s", strerror(errno));
	e = spawn(program, print, fds[1], &pid);
	(void)close(fds[1]);
	if (e == 0) {
		bool over;

		listen_to(fds[0], deadline, a);
		over = sys_mono_ms(sys_real()) >= deadline;
		*ret_good = reap(pid, !a->ended, deadline);
		if (over)
			e = ETIMEDOUT;
	}
	(void)close(fds[0]);
	if (e == ETIMEDOUT)
		return cc_fail(err, CC_E_LIMIT, "finger.nfiq2-timeout", "no answer within %u ms", timeout_ms);
	return e != 0 ? cc_fail(err, CC_E_IO, "finger.nfiq2-start", "%.150s: %s", program, strerror(e)) : cc_ok();
}

cc_status finger_nfiq2_run(const char *program, const struct image *print, unsigned timeout_ms, unsigned *ret,
			   struct cc_error *err)
{
	struct answer a = { .n = 0 };
	unsigned score = 0;
	bool good = false;
	int fd = -1;
	cc_status st;

	if (program[0] != '/')
		return cc_fail(err, CC_E_IO, "finger.nfiq2-start", "finger.nfiq2 is no absolute path");
	st = print_file(print, &fd, err);
	if (cc_failed(st))
		return st;
	st = run(program, fd, timeout_ms, &a, &good, err);
	(void)close(fd);
	if (cc_failed(st))
		return st;
	if (!good || !finger_nfiq2_parse(bytes_of(a.text, a.n), &score))
		return cc_fail(err, CC_E_FORMAT, "finger.nfiq2-refused", "%zu bytes that are no score", a.n);
	*ret = score;
	return st;
}
