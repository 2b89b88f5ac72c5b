/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"
#include "tests/support/chip_reader.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/sys_fake.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

/* The chip's side of the virtual reader, against a reader that the test plays. */
struct rig {
	struct sys_fake fake;
	struct chip_reader cr;
	struct fixture_folder folder;
	char memory_path[200];
	int listener, fd; /* the reader's ends */
	int control[2];
	struct softchip_vpcd v;
	pthread_t thread;
	enum softchip_vpcd_end end;
	cc_status st;
	struct cc_error err;
};

static struct rig rig;

static bool take_out(void *ctx)
{
	struct rig *r = ctx;
	char what;

	return read(r->control[0], &what, 1) == 1 && what == 'x';
}

static void *run(void *ctx)
{
	struct rig *r = ctx;

	r->st = softchip_vpcd_run(r->cr.chip, &r->v, &r->end, &r->err);
	return NULL;
}

static unsigned listen_somewhere(int *ret_fd)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	*ret_fd = fd;
	return ntohs(at.sin_port);
}

static int start(void **state)
{
	(void)state;
	memset(&rig, 0, sizeof rig);
	cc_error_init(&rig.err);
	sys_fake_init(&rig.fake, 1);
	fixture_folder(&rig.folder);
	fixture_path(&rig.folder, "chip", rig.memory_path, sizeof rig.memory_path);
	chip_reader_init(&rig.cr, &(struct chip_reader_options){ .number = 1, .command_max = 65535 }, &rig.fake.sys);
	assert_int_equal(pipe(rig.control), 0);
	rig.v = (struct softchip_vpcd){
		.host = "127.0.0.1",
		.port = listen_somewhere(&rig.listener),
		.control_fd = rig.control[0],
		.control = take_out,
		.ctx = &rig,
		.memory_path = rig.memory_path,
	};
	assert_int_equal(pthread_create(&rig.thread, NULL, run, &rig), 0);
	rig.fd = accept(rig.listener, NULL, NULL);
	assert_true(rig.fd >= 0);
	return 0;
}

/* Waits for the chip to leave and says how it did. */
static enum softchip_vpcd_end ended(void)
{
	assert_int_equal(pthread_join(rig.thread, NULL), 0);
	rig.thread = 0;
	assert_false(cc_failed(rig.st));
	return rig.end;
}

static int stop(void **state)
{
	(void)state;
	(void)close(rig.fd);
	if (rig.thread != 0)
		(void)pthread_join(rig.thread, NULL);
	(void)close(rig.listener);
	(void)close(rig.control[0]);
	(void)close(rig.control[1]);
	chip_reader_done(&rig.cr);
	fixture_folder_done(&rig.folder);
	return 0;
}

static void put(const void *payload, size_t n)
{
	const uint8_t header[2] = { (uint8_t)(n >> 8), (uint8_t)n };

	assert_int_equal(send(rig.fd, header, 2, MSG_NOSIGNAL), 2);
	for (size_t sent = 0; sent < n;) {
		ssize_t one = send(rig.fd, (const uint8_t *)payload + sent, n - sent, MSG_NOSIGNAL);

		assert_true(one > 0);
		sent += (size_t)one;
	}
}

static void control(uint8_t code)
{
	put(&code, 1);
}

/* False when the chip has closed. */
static bool get(uint8_t *out, size_t cap, size_t *ret_n)
{
	uint8_t header[2];
	size_t n;

	if (recv(rig.fd, header, 2, MSG_WAITALL) != 2)
		return false;
	n = (size_t)(header[0] << 8 | header[1]);
	assert_true(n <= cap);
	if (recv(rig.fd, out, n, MSG_WAITALL) != (ssize_t)n)
		return false;
	*ret_n = n;
	return true;
}

static const uint8_t update[] = { 0x80, 0x50, 0x00, 0x00, 0x08, 1, 2, 3, 4, 5, 6, 7, 8, 0x00 };

static void expect_update(uint8_t sequence)
{
	uint8_t answer[64];
	size_t n;

	put(update, sizeof update);
	assert_true(get(answer, sizeof answer, &n));
	assert_int_equal(n, 34);
	assert_int_equal(answer[31], sequence);
}

/* INITIALIZE UPDATE, the reader's poll, EXTERNAL AUTHENTICATE: a poll that reset the chip would make it 6985 instead of 6300. */
static void the_poll_for_the_atr_disturbs_no_session(void **state)
{
	static const uint8_t external[21] = { 0x84, 0x82, 0x01, 0x00, 0x10 };
	uint8_t answer[64];
	size_t n;

	(void)state;
	control(1);
	control(4);
	assert_true(get(answer, sizeof answer, &n));
	assert_memory_equal(answer, "\x3B\x87\x80\x01\x80\x31", 6);
	expect_update(1);
	control(4);
	assert_true(get(answer, sizeof answer, &n));
	assert_memory_equal(answer, "\x3B\x87\x80\x01\x80\x31", 6);
	put(external, sizeof external);
	assert_true(get(answer, sizeof answer, &n));
	assert_int_equal(n, 2);
	assert_memory_equal(answer, "\x63\x00", 2);
	/* A reset does what a reset does. */
	expect_update(2);
	control(2);
	put(external, sizeof external);
	assert_true(get(answer, sizeof answer, &n));
	assert_memory_equal(answer, "\x69\x85", 2);
	(void)shutdown(rig.fd, SHUT_RDWR);
	assert_int_equal(ended(), SOFTCHIP_VPCD_CLOSED);
}

static void memory_is_on_disk_before_the_answer(void **state)
{
	struct buf file = { 0 };
	struct softchip *chip = NULL;
	struct cc_error err = { 0 };

	(void)state;
	control(1);
	for (uint8_t i = 1; i <= 3; i++) {
		expect_update(i);
		assert_false(cc_failed(sys_read_file(rig.memory_path, 1 << 20, &file, &err)));
		assert_false(cc_failed(softchip_load(buf_view(&file), &rig.fake.sys, &chip)));
		assert_int_equal(chip_memory_number(&chip->memory, CHIP_FIELD_SEQUENCE), i);
		softchip_free(&chip);
	}
	buf_done(&file);
}

static void the_longest_command_passes(void **state)
{
	static uint8_t command[65535] = { 0x00, 0xA4, 0x04, 0x0C, 0x00, 0xFF, 0xF8 };
	uint8_t answer[64];
	size_t n;

	(void)state;
	put(command, sizeof command);
	assert_true(get(answer, sizeof answer, &n));
	assert_int_equal(n, 2);
	assert_memory_equal(answer, "\x67\x00", 2); /* refused as a name, but whole */
	put(command, 0);
	control(9);
	expect_update(1); /* an empty frame and an unknown control byte are passed over */
}

static void a_torn_card_leaves_the_reader(void **state)
{
	uint8_t answer[64];
	size_t n;

	(void)state;
	expect_update(1);
	softchip_tear_after(rig.cr.chip, 2, SOFTCHIP_TEAR_AFTER);
	expect_update(2);
	put(update, sizeof update);
	assert_false(get(answer, sizeof answer, &n));
	assert_int_equal(ended(), SOFTCHIP_VPCD_TORN);
	/* What the lost command did is kept. */
	struct buf file = { 0 }, now = { 0 };
	struct cc_error err = { 0 };

	assert_false(cc_failed(sys_read_file(rig.memory_path, 1 << 20, &file, &err)));
	assert_false(cc_failed(softchip_save(rig.cr.chip, &now)));
	assert_true(bytes_equal(buf_view(&file), buf_view(&now)));
	buf_done(&file);
	buf_done(&now);
}

static void the_lab_takes_a_card_out(void **state)
{
	(void)state;
	expect_update(1);
	assert_int_equal(write(rig.control[1], "-", 1), 1); /* a request that needs no removal */
	expect_update(2);
	assert_int_equal(write(rig.control[1], "x", 1), 1);
	assert_int_equal(ended(), SOFTCHIP_VPCD_REMOVED);
}

static void a_reader_that_is_not_there_is_an_error(void **state)
{
	struct rig r = { 0 };
	int fd;

	(void)state;
	sys_fake_init(&r.fake, 1);
	cc_error_init(&r.err);
	chip_reader_init(&r.cr, &(struct chip_reader_options){ .number = 1 }, &r.fake.sys);
	r.v = (struct softchip_vpcd){ .host = "127.0.0.1", .port = listen_somewhere(&fd), .control_fd = -1 };
	(void)close(fd);
	assert_int_equal(softchip_vpcd_run(r.cr.chip, &r.v, &r.end, &r.err).code, CC_E_IO);
	assert_string_equal(r.err.key, "softchip.vpcd");
	cc_error_init(&r.err);
	r.v.host = "no address";
	assert_int_equal(softchip_vpcd_run(r.cr.chip, &r.v, &r.end, &r.err).code, CC_E_IO);
	chip_reader_done(&r.cr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_poll_for_the_atr_disturbs_no_session, start, stop),
		cmocka_unit_test_setup_teardown(memory_is_on_disk_before_the_answer, start, stop),
		cmocka_unit_test_setup_teardown(the_longest_command_passes, start, stop),
		cmocka_unit_test_setup_teardown(a_torn_card_leaves_the_reader, start, stop),
		cmocka_unit_test_setup_teardown(the_lab_takes_a_card_out, start, stop),
		cmocka_unit_test(a_reader_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
