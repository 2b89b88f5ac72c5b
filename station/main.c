/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "crypto/base/sys.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* I9: keys and personal data never reach a core file, and no other process of the same user may read our memory. */
static void forbid_core_files(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
}

int main(int argc, char **argv)
{
	if (!sys_fill_standard_files())
		return EXIT_FAILURE;
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	forbid_core_files();
	/* A file that may not grow is an error that is told, as a full disk is, and no sudden end between two steps. */
	(void)signal(SIGXFSZ, SIG_IGN);
	return command_main(argc, argv);
}
