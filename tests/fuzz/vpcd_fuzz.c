/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/softchip.h"
#include "tests/fuzz/fuzz_entry.h"
#include "tests/support/sys_fake.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* libfuzzer: -max_len=4096 */

/*
 * What the virtual reader sends to a software chip: the input is its whole side of the connection, frames of a length (2) and
 * bytes, after which it closes. The chip serves it to that
 * end, whatever the lengths say, or leaves as a torn one when it is asked without power; its answers are frames.
 */
struct driver {
	int listener;
	struct bytes says;
};
static struct buf memory;
static struct sys_fake fake;

static void forget(void)
{
	buf_done(&memory);
}

static void make_chip_once(void)
{
	const struct softchip_config config = { .serial = BYTES_LITERAL("\1\2\3\4\5\6\7\10"),
						.master_key = BYTES_LITERAL("0123456789abcdef"),
						.extended = true };
	struct softchip *chip = NULL;

	if (memory.p != NULL)
		return;
	sys_fake_init(&fake, 1);
	CC_ASSERT(!cc_failed(softchip_new(&config, &fake.sys, &chip)) && !cc_failed(softchip_save(chip, &memory)));
	softchip_free(&chip);
	(void)atexit(forget);
}

static int listen_on(unsigned *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CC_ASSERT(fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 1) == 0);
	CC_ASSERT(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

/* The answers: whole frames. A torn end is the chip's refusal. */
static void check_frames(struct bytes heard)
{
	struct cursor in;
	struct bytes frame;
	uint16_t n;

	cursor_init(&in, heard);
	while (cursor_left(&in) > 0)
		CC_ASSERT(cursor_u16(&in, &n) && cursor_take(&in, n, &frame) && n > 0);
}

static void *drive(void *arg)
{
	const struct driver *d = arg;
	uint8_t chunk[4096];
	int fd = accept(d->listener, NULL, NULL);
	struct writer heard;
	ssize_t n;

	CC_ASSERT(fd >= 0);
	(void)!send(fd, d->says.p, d->says.n, MSG_NOSIGNAL); /* a chip that left early hears the rest no more */
	(void)shutdown(fd, SHUT_WR);
	writer_init(&heard, 64u << 20);
	while ((n = recv(fd, chunk, sizeof chunk, 0)) > 0)
		writer_put(&heard, bytes_of(chunk, (size_t)n));
	check_frames(writer_view(&heard));
	writer_done(&heard);
	(void)close(fd);
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct softchip_vpcd v = { .host = "127.0.0.1", .control_fd = -1 };
	struct driver d = { .says = bytes_of(data, size) };
	enum softchip_vpcd_end end = SOFTCHIP_VPCD_REMOVED;
	struct softchip *chip = NULL;
	pthread_t thread;

	make_chip_once();
	CC_ASSERT(!cc_failed(softchip_load(buf_view(&memory), &fake.sys, &chip)));
	d.listener = listen_on(&v.port);
	CC_ASSERT(pthread_create(&thread, NULL, drive, &d) == 0);
	CC_ASSERT(!cc_failed(softchip_vpcd_run(chip, &v, &end, NULL)) && end != SOFTCHIP_VPCD_REMOVED);
	CC_ASSERT(pthread_join(thread, NULL) == 0);
	(void)close(d.listener);
	softchip_free(&chip);
	return 0;
}
