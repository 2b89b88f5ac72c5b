/* SPDX-License-Identifier: Apache-2.0 */
#include "station/lab/lab.h"

#include "crypto/base/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REQUEST_MAX (PATH_MAX + 16)
/* pcscd looks at a reader every 400 ms: a card that comes back sooner is taken for the one before. */
#define REMOVAL_SEEN_MS 500
#define CHIP_FILE_MAX (1u << 20)
#define CONNECT_TRIES 500
#define CONNECT_PAUSE_MS 20

struct slot_state {
	struct slot *slot;
	struct softchip *chip;
	char memory_path[PATH_MAX];
	bool inserted;
	int64_t removed_ms; /* monotonic; when the card left the reader */
	/* A request that takes the card out first is answered when the card is in again. */
	int client;
	char request[REQUEST_MAX];
};

static void answer(int fd, const char *text)
{
	(void)send(fd, text, strlen(text), MSG_NOSIGNAL);
	(void)close(fd);
}

static cc_status load_chip(const char *path, const struct sys *sys, struct softchip **ret, struct cc_error *err)
{
	struct buf memory = { 0 };
	struct softchip *chip = NULL;
	cc_status st = sys_read_file(path, CHIP_FILE_MAX, &memory, err);

	if (!cc_failed(st) && cc_failed(st = softchip_load(buf_view(&memory), sys, &chip)))
		st = cc_fail(err, st.code, "lab.chip-file", "%s: not a chip's memory", path);
	buf_done(&memory);
	if (!cc_failed(st)) {
		softchip_free(ret);
		*ret = chip;
	}
	return st;
}

/* A replaced chip keeps its memory under its serial: QA may want it back in a reader. */
static cc_status keep_replaced(const struct slot_state *s, struct cc_error *err)
{
	static unsigned replaced;
	char kept[PATH_MAX];
	struct buf memory = { 0 };
	cc_status st = softchip_save(s->chip, &memory);

	if (cc_failed(st))
		return cc_fail(err, st.code, "memory", "chip memory");
	if (snprintf(kept, sizeof kept, "%s/slot-%02u-replaced-%02u.chip", s->slot->memory_folder, s->slot->number, ++replaced) >=
	    (int)sizeof kept)
		st = cc_fail(err, CC_E_LIMIT, "file.io", "path too long");
	else
		st = sys_write_file(kept, buf_view(&memory), 0600, err);
	buf_done(&memory);
	return st;
}

static cc_status make_chip(struct slot_state *s, struct cc_error *err)
{
	struct softchip *chip = NULL;
	cc_status st = cc_ok();

	if (s->chip != NULL)
		st = keep_replaced(s, err);
	if (!cc_failed(st))
		st = chip_maker_order(&s->slot->maker, &chip, err);
	if (cc_failed(st))
		return st;
	softchip_free(&s->chip);
	s->chip = chip;
	return st;
}

/* ---- requests */

/* "tear N KIND": planned on the chip as it is, wherever it is. */
static bool plan_tear(struct slot_state *s, const char *arguments)
{
	static const struct {
		const char *name;
		enum softchip_tear kind;
	} kinds[] = {
		{ "before", SOFTCHIP_TEAR_BEFORE },
		{ "after", SOFTCHIP_TEAR_AFTER },
		{ "mid-write", SOFTCHIP_TEAR_MID_WRITE },
	};
	char *end;
	unsigned long n = strtoul(arguments, &end, 10);

	if (s->chip == NULL || n == 0 || *end != ' ')
		return false;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(end + 1, kinds[i].name) == 0) {
			softchip_tear_after(s->chip, n, kinds[i].kind);
			return true;
		}
	}
	return false;
}

static void finish(struct slot_state *s, const char *text)
{
	if (s->client >= 0)
		answer(s->client, text);
	s->client = -1;
	s->request[0] = '\0';
}

/* Takes one request. True: the card has to leave the reader for it. */
static bool take_request(void *ctx)
{
	struct slot_state *s = ctx;
	ssize_t n;

	s->client = accept4(s->slot->control_listener, NULL, NULL, SOCK_CLOEXEC);
	if (s->client < 0)
		return false;
	n = recv(s->client, s->request, sizeof s->request - 1, 0);
	s->request[n > 0 ? n : 0] = '\0';
	s->request[strcspn(s->request, "\n")] = '\0';
	if (strncmp(s->request, "tear ", 5) == 0) {
		finish(s, plan_tear(s, s->request + 5) ? "ok planned\n" : "error tear N before|after|mid-write\n");
		return false;
	}
	if (strcmp(s->request, "new") == 0 || strcmp(s->request, "eject") == 0 || strcmp(s->request, "insert") == 0 ||
	    strncmp(s->request, "insert ", 7) == 0)
		return true;
	finish(s, "error no such request\n");
	return false;
}

/* The card is out. Does what was asked; the client hears of it once the card is in again (or stays out). */
static void carry_out(struct slot_state *s)
{
	struct cc_error err;
	cc_status st = cc_ok();
	char text[CC_ERROR_DETAIL_MAX + 16];
	int64_t left;

	cc_error_init(&err);
	if (s->request[0] == '\0')
		return;
	left = s->removed_ms + REMOVAL_SEEN_MS - sys_mono_ms(s->slot->maker.sys);
	if (left > 0)
		sys_sleep_ms(s->slot->maker.sys, left);
	s->inserted = false;
	if (strcmp(s->request, "eject") == 0) {
		finish(s, "ok ejected\n");
		return;
	}
	if (strcmp(s->request, "new") == 0)
		st = make_chip(s, &err);
	else if (strncmp(s->request, "insert ", 7) == 0)
		st = load_chip(s->request + 7, s->slot->maker.sys, &s->chip, &err);
	else if (s->chip == NULL)
		st = cc_fail(&err, CC_E_NOT_FOUND, "lab.no-chip", "no chip to insert");
	s->inserted = !cc_failed(st);
	(void)snprintf(text, sizeof text, cc_failed(st) ? "error %s\n" : "ok inserted%s\n", cc_failed(st) ? err.detail : "");
	finish(s, text);
}

/* ---- serving */

static void wait_for_request(struct slot_state *s)
{
	struct pollfd fd = { .fd = s->slot->control_listener, .events = POLLIN };

	if (poll(&fd, 1, -1) > 0 && take_request(s))
		carry_out(s);
}

/* pcscd may still be starting: its readers begin to listen one after the other. */
static cc_status run_in_reader(struct slot_state *s, enum softchip_vpcd_end *ret_end, struct cc_error *err)
{
	const struct softchip_vpcd v = {
		.host = "127.0.0.1",
		.port = s->slot->port,
		.control_fd = s->slot->control_listener,
		.control = take_request,
		.ctx = s,
		.memory_path = s->memory_path,
	};
	cc_status st = cc_ok();

	for (int i = 0; i < CONNECT_TRIES; i++) {
		cc_error_init(err);
		st = softchip_vpcd_run(s->chip, &v, ret_end, err);
		if (st.code != CC_E_IO || err->key == NULL || strcmp(err->key, "softchip.vpcd") != 0)
			break;
		sys_sleep_ms(s->slot->maker.sys, CONNECT_PAUSE_MS);
	}
	return st;
}

static cc_status first_chip(struct slot_state *s, struct cc_error *err)
{
	if (access(s->memory_path, R_OK) == 0)
		return load_chip(s->memory_path, s->slot->maker.sys, &s->chip, err);
	return make_chip(s, err);
}

int slot_serve(struct slot *slot)
{
	struct slot_state s = { .slot = slot, .client = -1, .inserted = true, .removed_ms = INT64_MIN / 2 };
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	if (snprintf(s.memory_path, sizeof s.memory_path, "%s/slot-%02u.chip", slot->memory_folder, slot->number) >=
	    (int)sizeof s.memory_path)
		return EXIT_FAILURE;
	st = first_chip(&s, &err);
	while (!cc_failed(st)) {
		enum softchip_vpcd_end end;

		if (!s.inserted) {
			wait_for_request(&s);
			continue;
		}
		st = run_in_reader(&s, &end, &err);
		if (cc_failed(st) || end == SOFTCHIP_VPCD_CLOSED)
			break;
		s.removed_ms = sys_mono_ms(slot->maker.sys);
		if (end == SOFTCHIP_VPCD_TORN)
			s.inserted = false;
		else
			carry_out(&s);
	}
	if (cc_failed(st))
		log_error("lab: slot %u: %s (%s)", slot->number, err.detail, err.key != NULL ? err.key : "-");
	softchip_free(&s.chip);
	return cc_failed(st) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- client */

unsigned lab_reader_number(const char *name)
{
	unsigned entry, index, slot;
	int used = 0;

	if (sscanf(name, "CCCD Lab %2u %2x %2x%n", &entry, &index, &slot, &used) != 3 || name[used] != '\0')
		return 0;
	if (entry == 0 || entry > LAB_CHIPS_MAX / 2 || slot > 1)
		return 0;
	return 2 * (entry - 1) + slot + 1;
}

bool slot_exists(const char *reader)
{
	char path[PATH_MAX];
	const char *folder = getenv("CCCD_LAB");
	unsigned number = lab_reader_number(reader);

	return folder != NULL && number != 0 &&
	       snprintf(path, sizeof path, "%s/slot-%02u.sock", folder, number) < (int)sizeof path && access(path, F_OK) == 0;
}

static int connect_control(unsigned number, struct cc_error *err)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *folder = getenv("CCCD_LAB");
	int fd;

	if (folder == NULL || number == 0 ||
	    snprintf(to.sun_path, sizeof to.sun_path, "%s/slot-%02u.sock", folder, number) >= (int)sizeof to.sun_path) {
		(void)cc_fail(err, CC_E_NOT_FOUND, "lab.no-lab",
			      folder == NULL ? "CCCD_LAB is not set" : "not a reader of this lab");
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
		return fd;
	(void)cc_fail(err, CC_E_NOT_FOUND, "lab.no-lab", "slot %u: %s", number, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

cc_status slot_request(const char *reader, const char *request, char *ret_answer, size_t cap, struct cc_error *err)
{
	char text[CC_ERROR_DETAIL_MAX + 16];
	size_t n = 0;
	ssize_t got;
	int fd = connect_control(lab_reader_number(reader), err);

	if (fd < 0)
		return cc_code_status(CC_E_NOT_FOUND);
	(void)send(fd, request, strlen(request), MSG_NOSIGNAL);
	(void)send(fd, "\n", 1, MSG_NOSIGNAL);
	while (n < sizeof text - 1 && (got = recv(fd, text + n, sizeof text - 1 - n, 0)) > 0)
		n += (size_t)got;
	(void)close(fd);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (strncmp(text, "ok ", 3) != 0)
		return cc_fail(err, CC_E_FORMAT, "lab.request", "%s", n > 0 ? text : "no answer");
	(void)snprintf(ret_answer, cap, "%s", text + 3);
	return cc_ok();
}
