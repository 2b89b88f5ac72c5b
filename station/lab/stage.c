/* SPDX-License-Identifier: Apache-2.0 */
#include "station/lab/stage.h"

#include "crypto/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define DRIVER_BYTES_MAX (4u << 20)
#define PCSCD_LISTEN_FD 3

int stage_listen(const char *folder, const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd;

	if (snprintf(at.sun_path, sizeof at.sun_path, "%s/%s", folder, name) >= (int)sizeof at.sun_path)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && (bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 64) != 0)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	(void)remove(path);
	return 0;
}

void stage_remove_folder(const char *folder)
{
	(void)nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- namespaces */

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		(void)close(fd);
	return good;
}

/* The reader's port must not be seen by the machine's network; without root a user namespace gives the right to say so. */
static bool enter_namespaces(void)
{
	unsigned uid = (unsigned)getuid(), gid = (unsigned)getgid();
	char map[32];
	bool good;

	if (uid == 0)
		return unshare(CLONE_NEWNET) == 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return false;
	/* A process without core files may not write its own maps. This one holds no key: the key store isn't given to forks. */
	(void)prctl(PR_SET_DUMPABLE, 1);
	(void)snprintf(map, sizeof map, "0 %u 1", uid);
	good = write_text("/proc/self/setgroups", "deny") && write_text("/proc/self/uid_map", map);
	(void)snprintf(map, sizeof map, "0 %u 1", gid);
	good = good && write_text("/proc/self/gid_map", map);
	(void)prctl(PR_SET_DUMPABLE, 0);
	return good;
}

static bool loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good;

	if (fd < 0)
		return false;
	good = ioctl(fd, SIOCGIFFLAGS, &ifr) == 0;
	ifr.ifr_flags = (short)(ifr.ifr_flags | IFF_UP);
	good = good && ioctl(fd, SIOCSIFFLAGS, &ifr) == 0;
	(void)close(fd);
	return good;
}

/* ---- pcscd */

static unsigned entry_count(const struct stage *s)
{
	return (s->options->chips + 1) / 2;
}

/* Entries that share one library file share its table too, and cards land in the wrong reader: each gets a copy. */
static bool write_entry(const struct stage *s, struct writer *config, const struct buf *driver, unsigned entry)
{
	char path[PATH_MAX];
	unsigned port = LAB_FIRST_PORT + 2 * (entry - 1);
	struct cc_error err = { 0 };

	if (snprintf(path, sizeof path, "%s/driver-%02u.so", s->folder, entry) >= (int)sizeof path)
		return false;
	if (cc_failed(sys_write_file(path, buf_view(driver), 0755, &err)))
		return false;
	return writer_printf(config, "FRIENDLYNAME \"CCCD Lab %02u\"\nDEVICENAME /dev/null:0x%X\nLIBPATH %s\nCHANNELID 0x%X\n\n",
			     entry, port, path, port);
}

static bool write_pcscd_config(const struct stage *s)
{
	struct cc_error err = { 0 };
	struct writer config;
	struct buf driver = { 0 };
	char path[PATH_MAX];
	bool good;

	writer_init(&config, 65536);
	good = snprintf(path, sizeof path, "%s/reader.conf", s->folder) < (int)sizeof path &&
	       !cc_failed(sys_read_file(LAB_DRIVER, DRIVER_BYTES_MAX, &driver, &err));
	for (unsigned entry = 1; good && entry <= entry_count(s); entry++)
		good = write_entry(s, &config, &driver, entry);
	good = good && !cc_failed(sys_write_file(path, writer_view(&config), 0600, &err));
	writer_done(&config);
	buf_done(&driver);
	return good;
}

/* Socket activation as systemd does it: the listening socket is descriptor 3, LISTEN_PID is the one that execs. */
static _Noreturn void exec_pcscd(const struct stage *s)
{
	char config[PATH_MAX], pid[16];
	int log;

	(void)snprintf(config, sizeof config, "%s/pcscd.log", s->folder);
	log = open(config, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	(void)snprintf(config, sizeof config, "%s/reader.conf", s->folder);
	(void)snprintf(pid, sizeof pid, "%ld", (long)getpid());
	(void)setenv("LISTEN_FDS", "1", 1);
	(void)setenv("LISTEN_PID", pid, 1);
	if (log >= 0) {
		(void)dup2(log, STDOUT_FILENO);
		(void)dup2(log, STDERR_FILENO);
	}
	/* dup2 to the same number would leave close-on-exec set */
	if (s->pcscd_listener == PCSCD_LISTEN_FD)
		(void)fcntl(PCSCD_LISTEN_FD, F_SETFD, 0);
	else
		(void)dup2(s->pcscd_listener, PCSCD_LISTEN_FD);
	(void)execl(LAB_PCSCD, "pcscd", "--foreground", "--config", config, (char *)NULL);
	_exit(127);
}

/* ---- children */

static volatile sig_atomic_t told_to_end;

static void on_end(int signal_number)
{
	(void)signal_number;
	told_to_end = 1;
}

static void set_handler(int signal_number, void (*handler)(int))
{
	struct sigaction sa = { .sa_handler = handler };

	(void)sigemptyset(&sa.sa_mask);
	(void)sigaction(signal_number, &sa, NULL);
}

/* A child dies with this process, whatever kills it; getppid covers the moment before the kernel was told. */
static void die_with(pid_t parent, int signal_number)
{
	(void)prctl(PR_SET_PDEATHSIG, signal_number);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
}

static pid_t start_pcscd(const struct stage *s)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	die_with(parent, SIGKILL);
	set_handler(SIGTERM, SIG_DFL);
	set_handler(SIGINT, SIG_DFL);
	exec_pcscd(s);
}

static pid_t start_chip(const struct stage *s, unsigned number, int listener)
{
	pid_t parent = getpid();
	pid_t pid = fork();
	struct slot slot = {
		.number = number,
		.port = LAB_FIRST_PORT + (number - 1),
		.control_listener = listener,
		.memory_folder = s->memory_folder,
		.maker = s->maker,
	};

	if (pid != 0)
		return pid;
	die_with(parent, SIGKILL);
	set_handler(SIGTERM, SIG_DFL);
	_exit(slot_serve(&slot));
}

/* pids[0] is pcscd. */
static bool start_all(const struct stage *s, pid_t pids[1 + LAB_CHIPS_MAX])
{
	pids[0] = start_pcscd(s);
	if (pids[0] < 0)
		return false;
	for (unsigned i = 1; i <= s->options->chips; i++) {
		char name[32];
		int listener;

		(void)snprintf(name, sizeof name, "slot-%02u.sock", i);
		listener = stage_listen(s->folder, name);
		pids[i] = listener < 0 ? -1 : start_chip(s, i, listener);
		if (listener >= 0)
			(void)close(listener);
		if (pids[i] < 0)
			return false;
	}
	return true;
}

static void end_all(const pid_t pids[1 + LAB_CHIPS_MAX], unsigned chips)
{
	for (unsigned i = 0; i <= chips; i++) {
		if (pids[i] > 0)
			(void)kill(pids[i], i == 0 ? SIGTERM : SIGKILL);
	}
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		continue;
}

_Noreturn void stage_main(struct stage *s, pid_t lab)
{
	pid_t pids[1 + LAB_CHIPS_MAX] = { 0 };
	bool good;

	(void)close(s->maker.service_fd);
	set_handler(SIGTERM, on_end);
	set_handler(SIGINT, SIG_IGN); /* the terminal's interrupt is the lab's to handle */
	die_with(lab, SIGTERM);
	good = enter_namespaces() && loopback_up();
	if (!good)
		log_error("lab: no network namespace: %s", strerror(errno));
	good = good && write_pcscd_config(s) && start_all(s, pids);
	while (good && !told_to_end) {
		int status;
		pid_t ended = waitpid(-1, &status, 0);

		/* pcscd is everything; a chip alone may end (its memory file could not be written). */
		if (ended == pids[0] || (ended < 0 && errno != EINTR))
			break;
	}
	end_all(pids, s->options->chips);
	if (getppid() != lab)
		stage_remove_folder(s->folder); /* the lab was killed and can't */
	_exit(good ? EXIT_SUCCESS : EXIT_FAILURE);
}
