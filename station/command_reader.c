/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "card/reader.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* `cccd reader list | watch`: the readers of pcscd, what is in them, and whether another program holds them. */
#define WAIT_MS 60000
#define COLUMN_GAP 2

struct reader_list {
	struct reader_info infos[READER_PCSC_MAX];
	size_t count;
};

static cc_status list_readers(struct reader_list *ret, struct cc_error *err)
{
	size_t count = 0;
	cc_status st = reader_pcsc_list(ret->infos, READER_PCSC_MAX, &count, err);

	if (!cc_failed(st))
		ret->count = count < READER_PCSC_MAX ? count : READER_PCSC_MAX;
	return st;
}

static const char *card_text(const struct reader_info *r, enum lang lang)
{
	if (r->card_present)
		return lang == LANG_VI ? "có thẻ" : "card";
	return lang == LANG_VI ? "trống" : "empty";
}

static const char *use_text(const struct reader_info *r, enum lang lang)
{
	if (r->in_use)
		return lang == LANG_VI ? "bận" : "busy";
	return lang == LANG_VI ? "rảnh" : "free";
}

static void atr_text(const struct reader_info *r, char out[2 * READER_ATR_MAX + 1])
{
	(void)snprintf(out, 2 * READER_ATR_MAX + 1, "-");
	if (r->atr_len > 0)
		bytes_to_hex(bytes_of(r->atr, r->atr_len), out);
}

/* Columns on a terminal: one for each character, that is for each byte that doesn't continue one (RFC 3629 3). */
static size_t columns(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

static void print_cell(const char *text, size_t width)
{
	size_t used = columns(text);

	(void)printf("%s%*s", text, (int)(used < width ? width - used + COLUMN_GAP : COLUMN_GAP), "");
}

#define COLUMN_COUNT 4

static void row_of(const struct reader_info *r, enum lang lang, char *atr, const char *cells[COLUMN_COUNT])
{
	atr_text(r, atr);
	cells[0] = r->name;
	cells[1] = card_text(r, lang);
	cells[2] = use_text(r, lang);
	cells[3] = atr;
}

static void print_table(const struct reader_list *l, enum lang lang)
{
	static const char *const heads[][COLUMN_COUNT] = {
		[LANG_VI] = { "Đầu đọc", "Thẻ", "Trạng thái", "ATR" }, [LANG_EN] = { "Reader", "Card", "State", "ATR" }
	};
	char atr[2 * READER_ATR_MAX + 1];
	const char *cells[COLUMN_COUNT];
	size_t widths[COLUMN_COUNT];

	for (size_t c = 0; c < COLUMN_COUNT; c++)
		widths[c] = columns(heads[lang][c]);
	for (size_t i = 0; i < l->count; i++) {
		row_of(&l->infos[i], lang, atr, cells);
		for (size_t c = 0; c < COLUMN_COUNT; c++)
			widths[c] = columns(cells[c]) > widths[c] ? columns(cells[c]) : widths[c];
	}
	for (size_t c = 0; c < COLUMN_COUNT - 1; c++)
		print_cell(heads[lang][c], widths[c]);
	(void)printf("%s\n", heads[lang][COLUMN_COUNT - 1]);
	for (size_t i = 0; i < l->count; i++) {
		row_of(&l->infos[i], lang, atr, cells);
		for (size_t c = 0; c < COLUMN_COUNT - 1; c++)
			print_cell(cells[c], widths[c]);
		(void)printf("%s\n", cells[COLUMN_COUNT - 1]);
	}
}

static json_t *json_of(const struct reader_info *r)
{
	char atr[2 * READER_ATR_MAX + 1];
	json_t *name = json_string(r->name); /* NULL when a driver's name isn't UTF-8 */

	atr_text(r, atr);
	return json_pack("{s:o, s:b, s:b, s:o}", "name", name != NULL ? name : json_string("?"), "card", r->card_present, "busy",
			 r->in_use, "atr", r->atr_len > 0 ? json_string(atr) : json_null());
}

static int print_json(json_t *root)
{
	int rc = root != NULL && json_dumpf(root, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER) == 0 ? EXIT_DONE : EXIT_FAILED;

	(void)printf("\n");
	json_decref(root);
	return rc;
}

static json_t *json_list(const struct reader_list *l)
{
	json_t *readers = json_array();

	for (size_t i = 0; i < l->count; i++)
		if (json_array_append_new(readers, json_of(&l->infos[i])) != 0)
			break;
	return json_pack("{s:i, s:o}", "schema", 1, "readers", readers);
}

static int run_list(struct invocation *inv)
{
	struct reader_list l = { 0 };
	struct cc_error err = { 0 };

	if (cc_failed(list_readers(&l, &err)))
		return invocation_fail(inv, &err);
	if (inv->config.json)
		return print_json(json_list(&l));
	if (l.count == 0) {
		(void)cc_fail(&err, CC_E_DEVICE, "reader.none", "pcscd knows no reader");
		return invocation_fail(inv, &err);
	}
	print_table(&l, inv->config.lang);
	return EXIT_DONE;
}

/* ---- watch */
static const struct reader_info *find_reader(const struct reader_list *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->infos[i].name, name) == 0)
			return &l->infos[i];
	return NULL;
}

enum reader_event { EVENT_READER_IN, EVENT_READER_OUT, EVENT_CARD_IN, EVENT_CARD_OUT, EVENT_BUSY, EVENT_FREE };

static void tell(const struct invocation *inv, enum reader_event event, const struct reader_info *r)
{
	static const char *const names[] = { "reader-in", "reader-out", "card-in", "card-out", "busy", "free" };
	static const char *const texts[][6] = {
		[LANG_VI] = { "cắm đầu đọc", "rút đầu đọc", "đặt thẻ", "lấy thẻ", "bận", "rảnh" },
		[LANG_EN] = { "reader plugged in", "reader unplugged", "card put in", "card taken out", "busy", "free" },
	};
	int64_t now_ms = sys_wall_ms(inv->config.sys);
	time_t now = (time_t)(now_ms / 1000);
	char atr[2 * READER_ATR_MAX + 1], at[16] = "";
	struct tm tm;

	if (inv->config.json) {
		json_t *line = json_of(r);

		if (line != NULL && json_object_set_new(line, "schema", json_integer(1)) == 0 &&
		    json_object_set_new(line, "event", json_string(names[event])) == 0 &&
		    json_object_set_new(line, "at_ms", json_integer(now_ms)) == 0)
			(void)json_dumpf(line, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
		json_decref(line);
		(void)printf("\n");
	} else {
		if (localtime_r(&now, &tm) != NULL)
			(void)strftime(at, sizeof at, "%H:%M:%S", &tm);
		atr_text(r, atr);
		(void)printf("%s  %s: %s%s%s\n", at, r->name, texts[inv->config.lang][event], event == EVENT_CARD_IN ? "  " : "",
			     event == EVENT_CARD_IN ? atr : "");
	}
	(void)fflush(stdout);
}

static void tell_changes(const struct invocation *inv, const struct reader_list *before, const struct reader_list *now)
{
	for (size_t i = 0; i < before->count; i++)
		if (find_reader(now, before->infos[i].name) == NULL)
			tell(inv, EVENT_READER_OUT, &before->infos[i]);
	for (size_t i = 0; i < now->count; i++) {
		const struct reader_info *r = &now->infos[i], *old = find_reader(before, r->name);

		if (old == NULL)
			tell(inv, EVENT_READER_IN, r);
		/* another ATR: another card, faster than we looked */
		if (r->card_present && (old == NULL || !old->card_present || memcmp(old->atr, r->atr, sizeof r->atr) != 0))
			tell(inv, EVENT_CARD_IN, r);
		else if (old != NULL && old->card_present && !r->card_present)
			tell(inv, EVENT_CARD_OUT, r);
		if (old != NULL && old->in_use != r->in_use)
			tell(inv, r->in_use ? EVENT_BUSY : EVENT_FREE, r);
	}
}

/* Until interrupted. */
static int run_watch(struct invocation *inv)
{
	struct reader_list before = { 0 }, now = { 0 };
	struct cc_error err = { 0 };
	bool changed = false;

	for (;;) {
		if (cc_failed(list_readers(&now, &err)))
			return invocation_fail(inv, &err);
		tell_changes(inv, &before, &now);
		before = now;
		if (cc_failed(reader_pcsc_wait(now.infos, now.count, WAIT_MS, &changed, &err)))
			return invocation_fail(inv, &err);
	}
}

const struct command commands_reader[] = {
	{ "reader", "list", "", 0, 0, "card readers and what is in them", "các đầu đọc thẻ và thẻ đang có", NULL, run_list },
	{ "reader", "watch", "", 0, 0, "tell when cards and readers come and go, until interrupted",
	  "báo khi thẻ hoặc đầu đọc được cắm, rút (dừng bằng Ctrl-C)", NULL, run_watch },
	{ 0 },
};
