/* SPDX-License-Identifier: Apache-2.0 */
#include "station/image_worker_process.h"

#include "crypto/base/secret.h"

#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* The one door to libseccomp. */

const char image_worker_name[] = "cccd-image-worker";

#define SOCKET 0
#define MEMORY_MAX (1024u << 20)
#define CPU_SECONDS_MAX 300u

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#endif

/* ---- messages */

static const char *const answer_keys[] = { "",
					   "photo.not-jpeg",
					   "photo.not-jpeg2000",
					   "photo.damaged",
					   "photo.too-large",
					   "photo.trailing-data",
					   "photo.unsupported",
					   "memory",
					   "finger.damaged",
					   "finger.too-large",
					   "finger.unsupported" };
#define ANSWER_KEYS (sizeof answer_keys / sizeof answer_keys[0])

static uint8_t key_number(const char *key)
{
	for (uint8_t i = 1; key && i < ANSWER_KEYS; i++)
		if (strcmp(answer_keys[i], key) == 0)
			return i;
	return 3;
}

void image_answer_put(struct writer *w, const struct image_answer *a)
{
	writer_u8(w, (uint8_t)a->code);
	writer_u8(w, a->code == CC_OK ? 0 : key_number(a->key));
	writer_u16(w, a->detail_len);
	writer_u8(w, (uint8_t)a->kind);
	writer_u8(w, (uint8_t)a->jpeg.orientation);
	writer_u8(w, (uint8_t)a->jpeg.colour);
	writer_u8(w, (uint8_t)(a->jpeg.progressive | a->jpeg.inverted << 1));
	writer_u32(w, a->width);
	writer_u32(w, a->height);
	writer_u32(w, a->jpeg.width);
	writer_u32(w, a->jpeg.height);
	writer_u32(w, a->jpeg.scans);
	writer_u32(w, a->jpeg.luma_scaled);
}

static bool code_is_known(uint8_t code, uint8_t key)
{
	if (key == 0 || key >= ANSWER_KEYS)
		return code == CC_OK && key == 0;
	return code == CC_E_FORMAT || code == CC_E_LIMIT || code == CC_E_UNSUPPORTED || code == CC_E_MEMORY;
}

bool image_answer_take(struct bytes header, struct image_answer *ret)
{
	struct image_answer a = { 0 };
	struct cursor in;
	uint8_t code, key, kind, orientation, colour, flags;
	uint32_t width, height, stored_width, stored_height, scans, luma;

	cursor_init(&in, header);
	if (!cursor_u8(&in, &code) || !cursor_u8(&in, &key) || !cursor_u16(&in, &a.detail_len) || !cursor_u8(&in, &kind) ||
	    !cursor_u8(&in, &orientation) || !cursor_u8(&in, &colour) || !cursor_u8(&in, &flags) || !cursor_u32(&in, &width) ||
	    !cursor_u32(&in, &height) || !cursor_u32(&in, &stored_width) || !cursor_u32(&in, &stored_height) ||
	    !cursor_u32(&in, &scans) || !cursor_u32(&in, &luma) || cc_failed(cursor_end(&in)))
		return false;
	if (!code_is_known(code, key) || kind >= PHOTO_KINDS || orientation > 8 || colour > JPEG_CMYK || flags > 3 ||
	    width > IMAGE_SIDE_MAX || height > IMAGE_SIDE_MAX || (uint64_t)width * height > IMAGE_PIXELS_MAX ||
	    a.detail_len >= CC_ERROR_DETAIL_MAX)
		return false;
	if (code == CC_OK && (width == 0 || height == 0 || orientation == 0 || a.detail_len != 0))
		return false;
	a.code = (enum cc_code)code;
	a.key = answer_keys[key];
	a.kind = (enum photo_kind)kind;
	a.jpeg = (struct jpeg_info){ .width = stored_width,
				     .height = stored_height,
				     .orientation = orientation,
				     .colour = (enum jpeg_colour)colour,
				     .progressive = flags & 1,
				     .inverted = flags >> 1,
				     .scans = scans,
				     .luma_scaled = luma };
	a.width = width;
	a.height = height;
	*ret = a;
	return true;
}

/* ---- giving up */

/* Reading and writing the one socket, memory that can't become code, and ending. */
static bool allow_decoding(scmp_filter_ctx f)
{
	static const int plain[] = { SCMP_SYS(munmap),	      SCMP_SYS(brk),	SCMP_SYS(madvise),
				     SCMP_SYS(futex),	      SCMP_SYS(exit),	SCMP_SYS(exit_group),
				     SCMP_SYS(clock_gettime), SCMP_SYS(mremap), SCMP_SYS(restart_syscall) };
	bool ok = true;

	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		ok = ok && seccomp_rule_add(f, SCMP_ACT_ALLOW, plain[i], 0) == 0;
	return ok && seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(read), 1, SCMP_A0(SCMP_CMP_EQ, SOCKET, 0)) == 0 &&
	       seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_EQ, SOCKET, 0)) == 0 &&
	       seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
	       seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
}

/* What a build with SANITIZE or FUZZ needs beside that, to keep its shadow memory and to print a report before it ends. */
static bool allow_sanitizer(scmp_filter_ctx f)
{
#ifdef SANITIZED
	static const int more[] = { SCMP_SYS(sigaltstack),    SCMP_SYS(rt_sigaction),
				    SCMP_SYS(rt_sigprocmask), SCMP_SYS(gettid),
				    SCMP_SYS(getpid),	      SCMP_SYS(sched_yield),
				    SCMP_SYS(prctl),	      SCMP_SYS(sched_getaffinity),
				    SCMP_SYS(getrlimit),      SCMP_SYS(prlimit64) };

	for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
		if (seccomp_rule_add(f, SCMP_ACT_ALLOW, more[i], 0) != 0)
			return false;
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_EQ, STDERR_FILENO, 0)) == 0;
#else
	(void)f;
	return true;
#endif
}

bool image_worker_confine(void)
{
	scmp_filter_ctx f;
	bool ok;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return false;
	f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	ok = f != NULL && allow_decoding(f) && allow_sanitizer(f) && seccomp_load(f) == 0;
	seccomp_release(f);
	return ok;
}

static void limit(int what, rlim_t most)
{
	const struct rlimit l = { most, most };

	(void)setrlimit((__rlimit_resource_t)what, &l);
}

/* Limits stand even where there is no filter. */
static void set_limits(void)
{
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, 1);
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_NPROC, 0);
	limit(RLIMIT_CPU, CPU_SECONDS_MAX);
#ifndef SANITIZED /* whose shadow memory is terabytes of addresses */
	limit(RLIMIT_AS, MEMORY_MAX);
#endif
	(void)prctl(PR_SET_DUMPABLE, 0);
}

/* ---- serving */

static bool read_all(uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t got = read(SOCKET, p, n);

		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

static bool write_all(struct bytes b)
{
	while (b.n > 0) {
		ssize_t put = write(SOCKET, b.p, b.n);

		if (put <= 0)
			return false;
		b = bytes_of(b.p + put, b.n - (size_t)put);
	}
	return true;
}

static bool answer(const struct image_answer *a, struct bytes payload)
{
	struct writer w;
	bool ok;

	writer_init(&w, IMAGE_ANSWER_BYTES);
	image_answer_put(&w, a);
	ok = w.failed == CC_OK && write_all(writer_view(&w)) && write_all(payload);
	writer_done(&w);
	return ok;
}

static bool decode_one(const struct image_service *service, struct bytes file)
{
	struct image_answer a = { 0 };
	struct photo p = { 0 };
	struct cc_error err;
	bool ok;

	cc_error_init(&err);
	a.code = service->decode(file, &p, &err).code;
	if (a.code != CC_OK) {
		a.key = err.key;
		a.detail_len = (uint16_t)strlen(err.detail);
		return answer(&a, bytes_of(err.detail, a.detail_len));
	}
	a.kind = p.kind;
	a.jpeg = p.jpeg;
	a.width = p.image.width;
	a.height = p.image.height;
	ok = answer(&a, bytes_of(p.image.p, image_size(&p.image)));
	photo_done(&p);
	return ok;
}

static bool serve_one(const struct image_service *service)
{
	uint8_t head[4];
	struct cursor in;
	struct buf file = { 0 };
	uint32_t n;
	bool ok;

	if (!read_all(head, sizeof head))
		return false;
	cursor_init(&in, bytes_of(head, sizeof head));
	if (!cursor_u32(&in, &n) || n > PHOTO_BYTES_MAX)
		return false;
	if (cc_failed(buf_zero(&file, n)))
		return false;
	ok = read_all(file.p, n) && decode_one(service, buf_view(&file));
	buf_done(&file);
	return ok;
}

_Noreturn void image_worker_serve(const struct image_service *service)
{
	uint8_t hello[IMAGE_HELLO_BYTES] = { 'C', 'C', 'I', 'W', IMAGE_PROTOCOL_VERSION, 0 };

	set_limits();
	hello[5] = service->confine();
	if (write_all(bytes_of(hello, sizeof hello)))
		while (serve_one(service))
			;
	_exit(0);
}

/* Whatever the libraries look up once (the processor's abilities in a file of the system) they look up here. */
static void warm_up(void)
{
	struct image im = { 0 };
	struct buf jpeg = { 0 };
	struct photo p = { 0 };

	if (!cc_failed(image_new(16, 16, 3, &im, NULL)) &&
	    !cc_failed(jpeg_encode(&im, &(struct jpeg_params){ 80, JPEG_CHROMA_QUARTER }, &jpeg, NULL)) &&
	    !cc_failed(photo_decode(buf_view(&jpeg), &p, NULL)))
		photo_done(&p);
	image_done(&im);
	buf_done(&jpeg);
}

/*
 * The worker is this program started anew under another name. It must not run
 * the program's main (a test's as little as the station's), so it is told apart before main.
 */
__attribute__((constructor)) static void become_worker(int argc, char **argv)
{
	static const struct image_service service = { photo_decode, image_worker_confine };

	if (argc != 1 || strcmp(argv[0], image_worker_name) != 0)
		return;
	warm_up();
	image_worker_serve(&service);
}
