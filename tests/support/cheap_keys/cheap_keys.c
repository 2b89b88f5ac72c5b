/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cheap_keys HOME PASSWORD_FILE: makes HOME with an empty key file whose password costs the least that the program takes, and
 * `pki init` goes on from there. A test that runs the program a hundred times pays for the password a hundred times; what the
 * default cost is and does is tested where stations are made without this (tests/regress/pki_test.sh, demo_test.sh).
 */
#include "crypto/keystore.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
	static const struct password_cost cheapest = { .memory_kib = 8 << 10, .passes = 1, .lanes = 1 };
	struct cc_error err;
	struct keystore *ks = NULL;
	struct buf text = { 0 };
	char path[4096];
	size_t n;

	if (argc != 3)
		return 2;
	cc_error_init(&err);
	if ((mkdir(argv[1], 0700) != 0 && errno != EEXIST) ||
	    (size_t)snprintf(path, sizeof path, "%s/keys.ccks", argv[1]) >= sizeof path)
		return 1;
	if (cc_failed(sys_read_file(argv[2], 4096, &text, &err)))
		goto out;
	/* As the program reads it: without the end of the line. */
	for (n = text.n; n > 0 && (text.p[n - 1] == '\n' || text.p[n - 1] == '\r');)
		n--;
	if (!cc_failed(keystore_file_create_cost(path, bytes_of(text.p, n), cheapest, sys_real(), &ks, &err)))
		keystore_close(&ks);
out:
	buf_done(&text);
	if (err.key == NULL)
		return 0;
	fprintf(stderr, "cheap_keys: %s: %s\n", err.key, err.detail);
	return 1;
}
