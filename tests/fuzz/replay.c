/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs one fuzz target without libFuzzer: the committed corpus, then seeded
 * mutations of it, the same in each run. With arguments: those files only.
 * Started from the tree's root. Speaks TAP.
 */
#include "tests/fuzz/fuzz_entry.h"

#include "crypto/base/buf.h"
#include "crypto/base/secret.h"
#include "crypto/base/sys.h"
#include "tests/support/sys_fake.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MUTATIONS 2000
#define INPUTS_MAX 512
#define INPUT_LEN_MAX (1u << 20)
#define STUCK_AFTER_S 300 /* a watchdog, no measurement: all of it takes a second or two */

static struct buf inputs[INPUTS_MAX];
static size_t input_count;

/* For the signal handler: what runs now, and where it goes if it kills us. */
static char crash_path[PATH_MAX];
static const uint8_t *volatile running;
static volatile size_t running_n;

static void on_crash(int sig)
{
	static const char told[] = "# the input that failed was kept as NAME.crash beside this program\n";
	int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd >= 0 && write(fd, running, running_n) == (ssize_t)running_n)
		(void)!write(STDERR_FILENO, told, sizeof told - 1);
	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
}

static void run_one(struct bytes in)
{
	/* Exactly as large as the input, so that the sanitizers see the first byte past it. */
	uint8_t *copy = malloc(in.n > 0 ? in.n : 1);

	CC_ASSERT(copy != NULL);
	if (in.n > 0)
		memcpy(copy, in.p, in.n);
	running = copy;
	running_n = in.n;
	CC_ASSERT(LLVMFuzzerTestOneInput(copy, in.n) == 0);
	running_n = 0;
	free(copy);
}

static void load(const char *path)
{
	struct cc_error err = { 0 };

	CC_ASSERT(input_count < INPUTS_MAX);
	if (cc_failed(sys_read_file(path, INPUT_LEN_MAX, &inputs[input_count], &err))) {
		printf("Bail out! %s\n", err.detail);
		exit(1);
	}
	input_count++;
}

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void load_folder(const char *name)
{
	char path[PATH_MAX];
	struct dirent **list = NULL;
	int n;

	(void)snprintf(path, sizeof path, "tests/fuzz/corpus/%s", name);
	n = scandir(path, &list, visible, alphasort);
	for (int i = 0; i < n; i++) {
		char file[PATH_MAX + NAME_MAX + 2];

		(void)snprintf(file, sizeof file, "%s/%s", path, list[i]->d_name);
		load(file);
		free(list[i]);
	}
	free(list);
}

/* ---- mutations */

static void overwrite(struct sys_fake *rnd, struct buf *b)
{
	static const uint8_t telling[] = { 0x00, 0x01, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xFF, 0x1F, 0x30 };
	size_t at;

	if (b->n == 0)
		return;
	at = sys_fake_below(rnd, b->n);
	switch (sys_fake_below(rnd, 4)) {
	case 0:
		b->p[at] ^= (uint8_t)(1u << sys_fake_below(rnd, 8));
		break;
	case 1:
		b->p[at] = telling[sys_fake_below(rnd, sizeof telling)];
		break;
	case 2:
		b->p[at] = (uint8_t)(b->p[at] + 1 - 2 * sys_fake_below(rnd, 2));
		break;
	default:
		b->p[at] = (uint8_t)sys_fake_below(rnd, 256);
		break;
	}
}

/* head of a, then tail of b. */
static void join(struct buf *ret, struct bytes a, size_t head, struct bytes b, size_t from)
{
	struct writer w;

	writer_init(&w, INPUT_LEN_MAX);
	writer_put(&w, bytes_of(a.p, head));
	writer_put(&w, bytes_of(b.p + from, b.n - from));
	CC_ASSERT(!cc_failed(writer_finish(&w, ret)));
}

static void resize(struct sys_fake *rnd, struct buf *b)
{
	struct bytes v = buf_view(b);
	size_t at, other;

	if (v.n == 0 || v.n > INPUT_LEN_MAX / 2)
		return;
	at = sys_fake_below(rnd, v.n + 1);
	other = sys_fake_below(rnd, v.n + 1);
	switch (sys_fake_below(rnd, 3)) {
	case 0: /* cut the end */
		join(b, v, at, v, v.n);
		break;
	case 1: /* drop a piece or repeat one */
		join(b, v, at, v, other);
		break;
	default: /* the end of another input */
	{
		struct bytes o = buf_view(&inputs[sys_fake_below(rnd, input_count)]);

		if (o.n > 0 && o.n <= INPUT_LEN_MAX / 2)
			join(b, v, at, o, sys_fake_below(rnd, o.n));
	}
	}
}

static void run_mutation(struct sys_fake *rnd)
{
	struct buf b = { 0 };
	uint64_t steps = 1 + sys_fake_below(rnd, 4);

	CC_ASSERT(!cc_failed(buf_copy(&b, buf_view(&inputs[sys_fake_below(rnd, input_count)]))));
	for (uint64_t i = 0; i < steps; i++) {
		if (sys_fake_below(rnd, 3) == 0)
			resize(rnd, &b);
		else
			overwrite(rnd, &b);
	}
	run_one(buf_view(&b));
	buf_done(&b);
}

/* "build/gcc/tests/fuzz/tlv_replay" -> "tlv", and where its crash goes. */
static void name_from_program(const char *program, char *name, size_t cap)
{
	const char *base = strrchr(program, '/');
	char *suffix;

	(void)snprintf(name, cap, "%s", base != NULL ? base + 1 : program);
	suffix = strstr(name, "_replay");
	if (suffix != NULL)
		*suffix = '\0';
	(void)snprintf(crash_path, sizeof crash_path, "%.*s%s.crash", base != NULL ? (int)(base + 1 - program) : 0, program,
		       name);
}

int main(int argc, char **argv)
{
	char name[128];
	struct sys_fake rnd;

	name_from_program(argv[0], name, sizeof name);
	(void)signal(SIGABRT, on_crash);
	(void)signal(SIGSEGV, on_crash);
	(void)signal(SIGFPE, on_crash);
	(void)signal(SIGALRM, on_crash);
	(void)alarm(STUCK_AFTER_S);
	for (int i = 1; i < argc; i++)
		load(argv[i]);
	if (argc == 1)
		load_folder(name);
	run_one(bytes_of(NULL, 0));
	for (size_t i = 0; i < input_count; i++)
		run_one(buf_view(&inputs[i]));
	printf("%s 1 - %s: corpus of %zu inputs\n", input_count > 0 ? "ok" : "not ok", name, input_count);
	if (argc == 1 && input_count > 0) {
		sys_fake_init(&rnd, 1);
		for (int i = 0; i < MUTATIONS; i++)
			run_mutation(&rnd);
		printf("ok 2 - %s: %d mutations\n", name, MUTATIONS);
	}
	for (size_t i = 0; i < input_count; i++)
		buf_done(&inputs[i]);
	return input_count > 0 ? 0 : 1;
}
