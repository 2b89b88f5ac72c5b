/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/softchip.h"

#include "crypto/base/bytes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The protocol of vsmartcard's virtual reader: two bytes of length, big-endian,
 * then the payload, both ways. A payload of one byte is a control command; only
 * the wish for the ATR is answered.
 */
#define CONTROL_OFF 0x00
#define CONTROL_ON 0x01
#define CONTROL_RESET 0x02
#define CONTROL_ATR 0x04
#define FRAME_MAX 65535

struct link {
	int fd;
	struct softchip *chip;
	const struct softchip_vpcd *v;
	uint64_t saved_version;
	uint8_t atr[33];
	size_t atr_len;
};

static int connect_reader(const struct softchip_vpcd *v, struct cc_error *err, cc_status *ret_st)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)v->port) };
	const int yes = 1;
	int fd = -1;

	*ret_st = cc_ok();
	if (inet_pton(AF_INET, v->host, &to.sin_addr) == 1)
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
		return fd;
	}
	*ret_st = cc_fail(err, CC_E_IO, "softchip.vpcd", "%s:%u: %s", v->host, v->port, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

/*
 * The reader's poll for the ATR would wait for a delayed acknowledgement of the
 * answer before; the option does not last, so it is set before each receive.
 */
static void acknowledge_at_once(int fd)
{
	const int yes = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
}

static bool receive_all(int fd, uint8_t *out, size_t n)
{
	while (n > 0) {
		ssize_t got;

		acknowledge_at_once(fd);
		got = recv(fd, out, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		out += got;
		n -= (size_t)got;
	}
	return true;
}

static bool receive_frame(int fd, uint8_t *frame, size_t *ret_n)
{
	uint8_t header[2];
	struct cursor in;
	uint16_t n;

	if (!receive_all(fd, header, sizeof header))
		return false;
	cursor_init(&in, bytes_of(header, sizeof header));
	if (!cursor_u16(&in, &n) || !receive_all(fd, frame, n))
		return false;
	*ret_n = n;
	return true;
}

/* One send for header and payload: a reader that gets the first length byte alone, and then no more, takes pcscd down. */
static bool send_frame(int fd, struct bytes payload)
{
	struct writer w;
	struct bytes left;
	bool good = true;

	if (payload.n > FRAME_MAX)
		return false;
	writer_init(&w, FRAME_MAX + 2);
	writer_u16(&w, (uint16_t)payload.n);
	writer_put(&w, payload);
	left = writer_view(&w);
	while (good && left.n > 0) {
		ssize_t put = send(fd, left.p, left.n, MSG_NOSIGNAL);

		if (put < 0 && errno == EINTR)
			continue;
		good = put > 0;
		if (good)
			left = bytes_of(left.p + put, left.n - (size_t)put);
	}
	good = good && w.failed == CC_OK;
	writer_done(&w);
	return good;
}

static cc_status save_memory(struct link *l, struct cc_error *err)
{
	struct buf memory = { 0 };
	cc_status st;

	if (l->v->memory_path == NULL || softchip_memory_version(l->chip) == l->saved_version)
		return cc_ok();
	st = softchip_save(l->chip, &memory);
	if (cc_failed(st))
		st = cc_fail(err, st.code, "memory", "chip memory");
	else
		st = sys_write_file(l->v->memory_path, buf_view(&memory), 0600, err);
	buf_done(&memory);
	if (!cc_failed(st))
		l->saved_version = softchip_memory_version(l->chip);
	return st;
}

/* Control bytes never disturb a session: the reader asks for the ATR every 400 ms, also between two commands. */
static cc_status serve_control(struct link *l, uint8_t code, bool *ret_alive)
{
	cc_status st = cc_ok();

	switch (code) {
	case CONTROL_OFF:
		softchip_power_off(l->chip);
		break;
	case CONTROL_ON:
	case CONTROL_RESET:
		st = softchip_power_on(l->chip, l->atr, &l->atr_len);
		break;
	case CONTROL_ATR:
		*ret_alive = send_frame(l->fd, bytes_of(l->atr, l->atr_len));
		break;
	default:
		break;
	}
	return st;
}

static cc_status serve_command(struct link *l, struct bytes command, enum softchip_vpcd_end *ret_end, bool *ret_alive,
			       struct cc_error *err)
{
	struct writer answer;
	cc_status st, saved;

	writer_init(&answer, FRAME_MAX);
	st = softchip_transmit(l->chip, command, &answer);
	/* What a torn command changed is in the chip's memory all the same. */
	saved = save_memory(l, err);
	if (st.code == CC_E_DEVICE) {
		*ret_end = SOFTCHIP_VPCD_TORN;
		*ret_alive = false;
		st = saved;
	} else if (cc_failed(st)) {
		st = cc_fail(err, st.code, "softchip.failed", "the chip could not answer");
	} else if (!cc_failed(st = saved)) {
		*ret_alive = send_frame(l->fd, writer_view(&answer));
	}
	writer_done(&answer);
	return st;
}

static cc_status serve_frame(struct link *l, uint8_t *frame, enum softchip_vpcd_end *ret_end, bool *ret_alive,
			     struct cc_error *err)
{
	size_t n;

	if (!receive_frame(l->fd, frame, &n)) {
		*ret_alive = false;
		return cc_ok();
	}
	if (n == 1)
		return serve_control(l, frame[0], ret_alive);
	/* An empty frame has no answer in the protocol. */
	return n == 0 ? cc_ok() : serve_command(l, bytes_of(frame, n), ret_end, ret_alive, err);
}

static cc_status serve(struct link *l, enum softchip_vpcd_end *ret_end, struct cc_error *err)
{
	static const nfds_t count = 2;
	struct buf frame = { 0 };
	bool alive = true;
	cc_status st = buf_zero(&frame, FRAME_MAX);

	if (cc_failed(st))
		return cc_fail(err, st.code, "memory", "vpcd frame");
	*ret_end = SOFTCHIP_VPCD_CLOSED;
	while (alive && !cc_failed(st)) {
		struct pollfd fds[2] = { { .fd = l->fd, .events = POLLIN }, { .fd = l->v->control_fd, .events = POLLIN } };

		if (poll(fds, count, -1) < 0) {
			if (errno != EINTR)
				st = cc_fail(err, CC_E_IO, "softchip.vpcd", "poll: %s", strerror(errno));
			continue;
		}
		if (fds[1].revents != 0 && l->v->control(l->v->ctx)) {
			*ret_end = SOFTCHIP_VPCD_REMOVED;
			break;
		}
		if (fds[0].revents != 0)
			st = serve_frame(l, frame.p, ret_end, &alive, err);
	}
	buf_done(&frame);
	return st;
}

cc_status softchip_vpcd_run(struct softchip *chip, const struct softchip_vpcd *v, enum softchip_vpcd_end *ret_end,
			    struct cc_error *err)
{
	struct link l = { .chip = chip, .v = v, .saved_version = UINT64_MAX };
	cc_status st;

	l.fd = connect_reader(v, err, &st);
	if (l.fd < 0)
		return st;
	st = softchip_power_on(chip, l.atr, &l.atr_len);
	if (!cc_failed(st))
		st = save_memory(&l, err);
	if (!cc_failed(st))
		st = serve(&l, ret_end, err);
	softchip_power_off(chip);
	(void)close(l.fd);
	return st;
}
