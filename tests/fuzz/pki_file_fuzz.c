/* SPDX-License-Identifier: Apache-2.0 */
#include "station/pki_file.h"
#include "tests/fuzz/fuzz_entry.h"

#include <string.h>

/* libfuzzer: -max_len=8192 */

/*
 * A certificate, revocation list or master list that an officer was sent: whatever it says is told as JSON that a
 * terminal may show, and where nothing is trusted nothing is good.
 */
static void shown(json_t *j)
{
	char *text;

	CC_ASSERT(j != NULL);
	text = json_dumps(j, JSON_INDENT(2));
	CC_ASSERT(text != NULL);
	for (const char *p = text; *p != 0; p++)
		CC_ASSERT(((unsigned char)*p >= 0x20 || *p == '\n') && *p != 0x7F);
	free(text);
	json_decref(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pki_file f = { 0 };
	struct cc_error err = { 0 };
	struct trust *nobody = NULL;
	bool good = false;

	if (cc_failed(pki_file_parse(bytes_of(data, size), &f, &err))) {
		CC_ASSERT(err.key != NULL && f.cert == NULL && f.crl == NULL && f.list == NULL);
		return 0;
	}
	CC_ASSERT(!cc_failed(trust_new(&nobody)));
	shown(pki_file_describe(&f, 1767225600));
	shown(pki_file_judge(&f, nobody, 1767225600, &good));
	CC_ASSERT(!good);
	trust_free(&nobody);
	pki_file_done(&f);
	return 0;
}
