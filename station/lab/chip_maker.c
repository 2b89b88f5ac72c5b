/* SPDX-License-Identifier: Apache-2.0 */
#include "station/lab/lab.h"

#include "crypto/base/log.h"
#include "crypto/base/secret.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERIAL_LEN 8
/* The longest command APDU that the virtual reader carries. */
#define VPCD_COMMAND_MAX 65535
#define MEMORY_MAX 131072

/* The GlobalPlatform test key that blank cards carry: published, worth nothing. */
static const struct bytes test_master = BYTES_LITERAL("\x40\x41\x42\x43\x44\x45\x46\x47\x48\x49\x4A\x4B\x4C\x4D\x4E\x4F");

/* Data sheet: diversification data are 0000 and the serial; key ids 1 ENC, 2 MAC, 3 DEK; KDF3, the older chip: VISA2. */
static cc_status derive_keys(const struct chip_maker *m, const uint8_t serial[SERIAL_LEN], struct secret keys[3],
			     struct cc_error *err)
{
	uint8_t data[2 + SERIAL_LEN] = { 0 };
	bool old = m->personality == SOFTCHIP_SCP02;

	memcpy(data + 2, serial, SERIAL_LEN);
	for (uint8_t id = 1; id <= 3; id++) {
		cc_status st;

		cc_error_init(&m->ks->err);
		st = keystore_derive_card_key(m->ks, old ? LAB_MASTER_TDES_LABEL : "perso-master",
					      old ? KDF_SCHEME_VISA2 : KDF_SCHEME_KDF3, id, bytes_of(data, sizeof data),
					      &keys[id - 1]);
		if (cc_failed(st))
			return cc_fail(err, st.code, m->ks->err.key != NULL ? m->ks->err.key : "lab.chip-keys", "%s",
				       m->ks->err.detail);
	}
	return cc_ok();
}

static cc_status make_blank(const struct chip_maker *m, struct softchip **ret, struct cc_error *err)
{
	struct softchip_config config = {
		.personality = m->personality,
		.extended = !m->short_length,
		.command_max = m->short_length ? 261 : VPCD_COMMAND_MAX,
	};
	struct secret keys[3] = { 0 };
	uint8_t serial[SERIAL_LEN];
	cc_status st = sys_random(m->sys, serial, sizeof serial);

	if (cc_failed(st))
		return cc_fail(err, st.code, "lab.chip-failed", "no random numbers");
	config.serial = bytes_of(serial, sizeof serial);
	if (m->ks == NULL) {
		config.master_key = test_master;
	} else if (!cc_failed(st = derive_keys(m, serial, keys, err))) {
		config.key_enc = bytes_of(keys[0].p, keys[0].n);
		config.key_mac = bytes_of(keys[1].p, keys[1].n);
		config.key_dek = bytes_of(keys[2].p, keys[2].n);
	}
	if (!cc_failed(st) && cc_failed(st = softchip_new(&config, m->sys, ret)))
		st = cc_fail(err, st.code, "lab.chip-failed", "software chip: %s", cc_code_name(st.code));
	for (size_t i = 0; i < 3; i++)
		secret_done(&keys[i]);
	return st;
}

/* ---- orders: one byte asks; the answer is one packet with the blank's memory, or one byte when there is none */

cc_status chip_maker_open(struct chip_maker *m, struct cc_error *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return cc_fail(err, CC_E_IO, "lab.start", "socketpair: %s", strerror(errno));
	m->service_fd = pair[0];
	m->order_fd = pair[1];
	return cc_ok();
}

void chip_maker_close(struct chip_maker *m)
{
	if (m->service_fd >= 0)
		(void)close(m->service_fd);
	if (m->order_fd >= 0)
		(void)close(m->order_fd);
	m->service_fd = m->order_fd = -1;
}

static void deliver(const struct chip_maker *m)
{
	struct softchip *chip = NULL;
	struct buf memory = { 0 };
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	st = make_blank(m, &chip, &err);
	if (!cc_failed(st) && cc_failed(st = softchip_save(chip, &memory)))
		st = cc_fail(&err, st.code, "lab.chip-failed", "chip memory");
	if (cc_failed(st)) {
		log_error("lab: %s (%s)", err.detail, err.key);
		(void)send(m->service_fd, "E", 1, MSG_NOSIGNAL);
	} else {
		(void)send(m->service_fd, memory.p, memory.n, MSG_NOSIGNAL);
	}
	buf_done(&memory);
	softchip_free(&chip);
}

void chip_maker_serve(const struct chip_maker *m)
{
	char order;

	for (;;) {
		ssize_t n = recv(m->service_fd, &order, 1, 0);

		if (n == 1)
			deliver(m);
		else if (n == 0 || errno != EINTR)
			return;
	}
}

cc_status chip_maker_order(const struct chip_maker *m, struct softchip **ret, struct cc_error *err)
{
	struct buf packet = { 0 };
	ssize_t n = -1;
	cc_status st = buf_zero(&packet, MEMORY_MAX);

	if (cc_failed(st))
		return cc_fail(err, st.code, "memory", "chip memory");
	if (send(m->order_fd, "B", 1, MSG_NOSIGNAL) == 1) {
		do
			n = recv(m->order_fd, packet.p, packet.n, 0);
		while (n < 0 && errno == EINTR);
	}
	if (n <= 1)
		st = cc_fail(err, CC_E_IO, "lab.chip-failed", "the chip maker delivered nothing");
	else if (cc_failed(st = softchip_load(bytes_of(packet.p, (size_t)n), m->sys, ret)))
		st = cc_fail(err, st.code, "lab.chip-failed", "a blank of %zd bytes", n);
	buf_done(&packet);
	return st;
}
