/* SPDX-License-Identifier: Apache-2.0 */
#include "station/lab/lab.h"

#include "card/reader.h"
#include "station/lab/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_MAX_MS 20000
#define POLL_MS 20

/* The command's process id, for the handler that passes signals on. */
static volatile sig_atomic_t command_pid;

static void pass_on(int signal_number)
{
	if (command_pid > 0)
		(void)kill((pid_t)command_pid, signal_number);
}

static cc_status check_machine(const struct lab_options *o, struct cc_error *err)
{
	if (o->chips < 1 || o->chips > LAB_CHIPS_MAX)
		return cc_fail(err, CC_E_ARG, "lab.too-many", "%u chips: 1 to %u are possible", o->chips, LAB_CHIPS_MAX);
	if (access(LAB_PCSCD, X_OK) != 0)
		return cc_fail(err, CC_E_NOT_FOUND, "lab.no-pcscd", LAB_PCSCD);
	if (access(LAB_DRIVER, R_OK) != 0)
		return cc_fail(err, CC_E_NOT_FOUND, "lab.no-driver", LAB_DRIVER);
	return cc_ok();
}

static pid_t start_stage(struct stage *s)
{
	pid_t lab = getpid();
	pid_t pid = fork();

	if (pid == 0)
		stage_main(s, lab);
	return pid;
}

static bool all_present(const struct lab_options *o)
{
	struct reader_info readers[LAB_CHIPS_MAX];
	struct cc_error err = { 0 };
	size_t count, present = 0;

	if (cc_failed(reader_pcsc_list(readers, LAB_CHIPS_MAX, &count, &err)))
		return false;
	for (size_t i = 0; i < count && i < LAB_CHIPS_MAX; i++)
		present += readers[i].card_present ? 1 : 0;
	return present >= o->chips;
}

/* Ready when pcscd shows every chip. The stage ending early, or the time, is the failure. */
static cc_status wait_until_ready(const struct config *c, const struct lab_options *o, pid_t stage, struct cc_error *err)
{
	int64_t until = sys_mono_ms(c->sys) + START_MAX_MS;

	while (!all_present(o)) {
		if (waitpid(stage, NULL, WNOHANG) != 0)
			return cc_fail(err, CC_E_NO_SERVICE, "lab.start", "pcscd or a chip ended at once");
		if (sys_mono_ms(c->sys) > until)
			return cc_fail(err, CC_E_NO_SERVICE, "lab.start", "the chips did not appear within %d s",
				       START_MAX_MS / 1000);
		sys_sleep_ms(c->sys, POLL_MS);
	}
	return cc_ok();
}

static _Noreturn void exec_command(const struct config *c, const struct lab_options *o, pid_t lab)
{
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != lab)
		_exit(EXIT_FAILURE);
	(void)execvp(o->command[0], o->command);
	(void)fprintf(
		stderr, "cccd lab: %s: %s\n%s\n", o->command[0], strerror(errno),
		c->lang == LANG_VI
			? "  Việc cần làm: gõ lệnh sau dấu -- như gõ riêng, không đặt cả lệnh trong ngoặc kép: cccd lab run -- cccd "
			  "card issue SỐ"
			: "  Next: type the command behind -- as it is typed alone, not as one word in quotes: cccd lab run -- "
			  "cccd card issue NUMBER");
	_exit(127);
}

static cc_status run_command(const struct config *c, const struct lab_options *o, int *ret_exit, struct cc_error *err)
{
	struct sigaction sa = { .sa_handler = pass_on, .sa_flags = SA_RESTART };
	pid_t lab = getpid();
	pid_t pid;
	int status = 0;

	(void)sigemptyset(&sa.sa_mask);
	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
	pid = fork();
	if (pid < 0)
		return cc_fail(err, CC_E_IO, "lab.start", "fork: %s", strerror(errno));
	if (pid == 0)
		exec_command(c, o, lab);
	command_pid = (sig_atomic_t)pid;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	command_pid = 0;
	*ret_exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return cc_ok();
}

/*
 * Two labs on one folder would write each other's chips. Stage and chips inherit the lock, so that it holds until the
 * last of them has written its memory; the command does not.
 */
static cc_status lock_state(const char *state, int *ret_fd, struct cc_error *err)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof path, "%s/lab.lock", state) >= (int)sizeof path)
		return cc_fail(err, CC_E_ARG, "file.io", "--state: the path is too long");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return sys_path_fail(err, errno, "%s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int e = errno;

		(void)close(fd);
		if (e == EWOULDBLOCK)
			return cc_fail(err, CC_E_BUSY, "lab.state-in-use", "%s", state);
		return cc_fail(err, CC_E_IO, "file.io", "%s: %s", path, strerror(e));
	}
	*ret_fd = fd;
	return cc_ok();
}

static cc_status make_folders(const struct lab_options *o, char folder[PATH_MAX], struct stage *s, int *ret_lock,
			      struct cc_error *err)
{
	const char *tmp = getenv("TMPDIR");
	cc_status st = cc_ok();

	/* A Unix socket's path has 108 characters: a long TMPDIR is left alone. */
	if (tmp == NULL || strlen(tmp) > 64)
		tmp = "/tmp";
	(void)snprintf(folder, PATH_MAX, "%s/cccd-lab-XXXXXX", tmp);
	if (mkdtemp(folder) == NULL)
		return cc_fail(err, CC_E_IO, "file.io", "%s: %s", folder, strerror(errno));
	s->folder = folder;
	s->memory_folder = o->state != NULL ? o->state : folder;
	if (o->state != NULL)
		st = sys_make_dirs(o->state, 0700, err);
	if (!cc_failed(st) && o->state != NULL)
		st = lock_state(o->state, ret_lock, err);
	if (!cc_failed(st) && (s->pcscd_listener = stage_listen(folder, "pcscd.comm")) < 0)
		st = cc_fail(err, CC_E_IO, "file.io", "%s/pcscd.comm: %s", folder, strerror(errno));
	return st;
}

static void *maker_thread(void *maker)
{
	chip_maker_serve(maker);
	return NULL;
}

/* After the fork: only the stage and its chips keep the ordering end, so the thread ends when they do. */
static cc_status start_maker(struct chip_maker *m, pthread_t *ret_thread, struct cc_error *err)
{
	int rc;

	(void)close(m->order_fd);
	m->order_fd = -1;
	rc = pthread_create(ret_thread, NULL, maker_thread, m);
	return rc == 0 ? cc_ok() : cc_fail(err, CC_E_MEMORY, "lab.start", "thread: %s", strerror(rc));
}

static void end_stage(pid_t stage)
{
	if (stage <= 0)
		return;
	(void)kill(stage, SIGTERM);
	while (waitpid(stage, NULL, 0) < 0 && errno == EINTR)
		continue;
}

cc_status lab_run(const struct config *c, const struct lab_options *o, struct keystore *ks, int *ret_exit, struct cc_error *err)
{
	char folder[PATH_MAX] = "", socket_path[PATH_MAX + 16];
	struct stage s = { .options = o, .pcscd_listener = -1, .maker = { ks, o->personality, o->short_length, c->sys, -1, -1 } };
	pthread_t maker;
	bool maker_runs = false;
	pid_t stage = -1;
	int state_lock = -1;
	cc_status st = check_machine(o, err);

	if (cc_failed(st))
		return st;
	if (cc_failed(st = chip_maker_open(&s.maker, err)) || cc_failed(st = make_folders(o, folder, &s, &state_lock, err)))
		goto out;
	(void)snprintf(socket_path, sizeof socket_path, "%s/pcscd.comm", folder);
	(void)setenv("PCSCLITE_CSOCK_NAME", socket_path, 1);
	(void)setenv("CCCD_LAB", folder, 1);
	stage = start_stage(&s);
	if (stage < 0) {
		st = cc_fail(err, CC_E_IO, "lab.start", "fork: %s", strerror(errno));
		goto out;
	}
	st = start_maker(&s.maker, &maker, err);
	maker_runs = !cc_failed(st);
	if (!cc_failed(st))
		st = wait_until_ready(c, o, stage, err);
	if (!cc_failed(st))
		st = run_command(c, o, ret_exit, err);
out:
	end_stage(stage);
	if (maker_runs)
		(void)pthread_join(maker, NULL);
	chip_maker_close(&s.maker);
	if (s.pcscd_listener >= 0)
		(void)close(s.pcscd_listener);
	if (state_lock >= 0)
		(void)close(state_lock);
	if (s.folder != NULL)
		stage_remove_folder(folder);
	return st;
}
