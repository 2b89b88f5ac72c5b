/* SPDX-License-Identifier: Apache-2.0 */
#include "station/card_inspect_html.h"
#include "tests/fuzz/fuzz_entry.h"
#include "tests/support/sys_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* libfuzzer: -max_len=8192 */

/*
 * The page of an inspection of hostile files: each is a number in enum lds_file (1),
 * a length (2) and content. Every tag of the page is one of its own, nothing of the chip ends an
 * attribute's quotes, and no control character reaches it.
 */
#define PAGE_MAX (2u << 20)

static char path[] = "/dev/shm/cccd-fuzz-XXXXXX"; /* the page is written durably: on a disk a hundred times as slow */

static void remove_page(void)
{
	(void)unlink(path);
}

static void make_once(void)
{
	static bool made;
	int fd;

	if (made)
		return;
	fd = mkstemp(path);
	CC_ASSERT(fd >= 0 && close(fd) == 0);
	(void)atexit(remove_page);
	made = true;
}

static bool is_own_tag(const char *at)
{
	static const char *const tags[] = { "!doctype", "div",	"figcaption", "figure", "footer", "h1",	  "h2",
					    "p",	"span", "strong",     "style",	"table",  "td",	  "th",
					    "title",	"tr",	"br",	      "img",	"meta",	  "time", "html" };
	size_t n;

	at += at[1] == '/' ? 2 : 1;
	n = strspn(at, "!abcdefghijklmnopqrstuvwxyz0123456789");
	for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
		if (strlen(tags[i]) == n && strncmp(at, tags[i], n) == 0)
			return true;
	return false;
}

/* In a tag quotes come in pairs, and no script and no address of elsewhere is in one. */
static const char *check_tag(const char *at)
{
	const char *end = strchr(at, '>');
	unsigned quotes = 0;

	CC_ASSERT(is_own_tag(at) && end != NULL);
	for (const char *p = at; p < end; p++)
		quotes += *p == '"';
	CC_ASSERT(quotes % 2 == 0);
	CC_ASSERT(memmem(at, (size_t)(end - at), " on", 3) == NULL && memmem(at, (size_t)(end - at), "href", 4) == NULL);
	return end;
}

static void check_page(void)
{
	struct buf page = { 0 }, text = { 0 };
	struct writer w;

	CC_ASSERT(!cc_failed(sys_read_file(path, PAGE_MAX, &page, NULL)));
	writer_init(&w, page.n + 1);
	writer_put(&w, buf_view(&page));
	writer_u8(&w, 0);
	CC_ASSERT(!cc_failed(writer_finish(&w, &text)) && strlen((char *)text.p) == page.n);
	for (const char *p = (char *)text.p; *p != 0; p++) {
		CC_ASSERT(((unsigned char)*p >= 0x20 && *p != 0x7F) || *p == '\n');
		if (*p == '<')
			p = check_tag(p);
	}
	buf_done(&text);
	buf_done(&page);
}

static void take_files(struct cursor *in, struct lds_set *files)
{
	struct bytes file;
	uint8_t number;
	uint16_t len;

	while (cursor_u8(in, &number) && cursor_u16(in, &len) && cursor_take(in, len, &file))
		CC_ASSERT(!cc_failed(lds_set_put(files, (enum lds_file)(number % LDS_FILE_COUNT), file)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sys_fake fake;
	const struct inspect_params params = { .now_s = 1782864000, .sys = &fake.sys };
	struct lds_set files = { 0 };
	struct inspection i = { 0 };
	struct cursor in;

	make_once();
	sys_fake_init(&fake, 1);
	cursor_init(&in, bytes_of(data, size));
	take_files(&in, &files);
	CC_ASSERT(!cc_failed(inspect_files(&files, &params, &i)));
	CC_ASSERT(!cc_failed(card_inspect_html(path, &i, NULL, 1782864000000, size % 2 == 0 ? LANG_VI : LANG_EN, NULL)));
	check_page();
	inspection_done(&i);
	lds_set_done(&files);
	return 0;
}
