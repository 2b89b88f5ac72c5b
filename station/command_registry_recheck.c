/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "station/registry/csv.h"
#include "station/registry/gate.h"
#include "station/registry/recheck.h"
#include "station/registry_session.h"
#include "station/whole_number.h"

#include <jansson.h>
#include <stdio.h>

/* `cccd registry recheck`, "phúc tra": a sample that officers hold against the papers, and what came of it. */

#define RESULTS_MAX (64u << 20)

static const struct option_spec recheck_options[] = {
	{ "--of-each", "N", "people of each province code; default 20", "số người mỗi mã tỉnh; mặc định 20" },
	{ "--seed", "N", "the draw may be repeated with it; default 1", "số để rút lại đúng mẫu này; mặc định 1" },
	{ "--results", "FILE", "that sample with its last column filled in: how much of it is wrong",
	  "tệp mẫu đã điền cột cuối: tỷ lệ sai theo tỉnh và theo trường" },
	{ 0 },
};

/* ---- the draw */

static bool show_drawn(void *ctx, const struct person *p, bool has_photo)
{
	struct registry_session *s = ctx;
	char birth[DATE_TEXT_SIZE];
	const char *const fields[] = { p->number, p->full_name, birth,	   person_sex_card(p->sex),
				       p->origin, p->residence, p->father, p->mother };
	struct writer w;
	struct bytes row;

	(void)has_photo;
	s->count++;
	date_format(p->birth, birth);
	writer_init(&w, PERSON_ROW_MAX);
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		csv_put(&w, fields[i]);
		writer_u8(&w, ',');
	}
	/* A column to fill in: the officer writes "x" where the paper says something else. */
	writer_str(&w, "\n");
	row = writer_view(&w);
	(void)fwrite(row.p, 1, row.n, stdout);
	writer_done(&w);
	return true;
}

static int draw(struct invocation *inv, uint64_t seed, size_t each)
{
	struct registry_session s = { .inv = inv };
	cc_status st = registry_session_open(&s);

	if (!cc_failed(st)) {
		(void)printf("number,full_name,birth_date,sex,origin,residence,father,mother,%s\n",
			     registry_session_pick(&s, "sai", "wrong"));
		st = gate_sample(s.registry, seed, each, show_drawn, &s, &s.err);
	}
	if (!cc_failed(st))
		(void)fprintf(
			stderr, "%s: %zu\n%s\n", registry_session_pick(&s, "Số người trong mẫu", "People drawn"), s.count,
			registry_session_pick(
				&s,
				"Việc cần làm: đối chiếu giấy tờ; giấy ghi khác thì ghi tên trường sai vào cột cuối, rồi: cccd registry recheck --results TỆP",
				"Next: compare with the papers; where they differ write the wrong fields into the last column, then: cccd registry recheck --results FILE"));
	return registry_session_close(&s, st, EXIT_DONE);
}

/* ---- what came back */

static json_t *results_json(const struct recheck_report *r)
{
	json_t *provinces = json_array(), *fields = json_object();
	char code[8];

	for (unsigned i = 0; i < RECHECK_PROVINCES; i++) {
		const struct recheck_province *p = &r->provinces[i];

		(void)snprintf(code, sizeof code, "%03u", i);
		if (p->people > 0)
			(void)json_array_append_new(provinces, json_pack("{s:s, s:I, s:I, s:I}", "code", code, "people",
									 (json_int_t)p->people, "wrong", (json_int_t)p->wrong,
									 "at_most_per_mille",
									 (json_int_t)recheck_at_most(p->people, p->wrong)));
	}
	for (size_t i = 0; i < r->field_count; i++)
		(void)json_object_set_new(fields, r->fields[i].name, json_integer((json_int_t)r->fields[i].wrong));
	return json_pack("{s:i, s:I, s:I, s:I, s:o, s:o}", "schema", REGISTRY_SCHEMA, "people", (json_int_t)r->people, "wrong",
			 (json_int_t)r->wrong, "at_most_per_mille", (json_int_t)recheck_at_most(r->people, r->wrong), "provinces",
			 provinces, "fields", fields);
}

static void print_share(const char *name, uint64_t people, uint64_t wrong)
{
	unsigned most = recheck_at_most(people, wrong);

	(void)printf("%-6s %11llu %11llu %9.1f %% %11u.%u %%\n", name, (unsigned long long)people, (unsigned long long)wrong,
		     people > 0 ? 100.0 * (double)wrong / (double)people : 0.0, most / 10, most % 10);
}

static void print_results(const struct registry_session *s, const struct recheck_report *r)
{
	char code[8];

	/* Vietnamese letters take more bytes than columns: the heading is spaced by hand. */
	(void)printf("%s\n", registry_session_pick(s, "Mã         Đã xem         Sai       Tỷ lệ  Cao nhất (95 %)",
						   "Code      Compared       Wrong       Share   At most (95 %)"));
	for (unsigned i = 0; i < RECHECK_PROVINCES; i++) {
		(void)snprintf(code, sizeof code, "%03u", i);
		if (r->provinces[i].people > 0)
			print_share(code, r->provinces[i].people, r->provinces[i].wrong);
	}
	print_share("*", r->people, r->wrong);
	for (size_t i = 0; i < r->field_count; i++)
		(void)printf("%s: %llu\n",
			     registry_session_pick(s, registry_session_field(s, r->fields[i].name), r->fields[i].name),
			     (unsigned long long)r->fields[i].wrong);
	if (r->wrong > 0)
		(void)fprintf(stderr, "%s\n",
			      registry_session_pick(s, "Việc cần làm: sửa từng hồ sơ sai bằng phiếu DC02: cccd registry correct.",
						    "Next: correct each wrong record by form DC02: cccd registry correct."));
}

static int show_results(struct invocation *inv, const char *path)
{
	static struct recheck_report report;
	const struct registry_session s = { .inv = inv };
	struct buf file = { 0 };
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	st = sys_read_file(path, RESULTS_MAX, &file, &err);
	if (!cc_failed(st))
		st = recheck_read(buf_view(&file), &report, &err);
	buf_done(&file);
	if (cc_failed(st))
		return invocation_fail(inv, &err);
	if (inv->config.json)
		registry_session_print(results_json(&report));
	else
		print_results(&s, &report);
	return report.wrong > 0 ? EXIT_CHECK_NO : EXIT_DONE;
}

static int run_recheck(struct invocation *inv)
{
	const char *results = invocation_option(inv, "--results");
	uint64_t each = 20, seed = 1;

	if (results != NULL)
		return show_results(inv, results);
	if (!whole_number_option(inv, "--of-each", 1, 1000, &each) || !whole_number_option(inv, "--seed", 0, UINT64_MAX, &seed)) {
		(void)fprintf(stderr, "cccd: registry recheck [--of-each 1..1000] [--seed N]\n");
		return EXIT_USAGE;
	}
	return draw(inv, seed, (size_t)each);
}

const struct command commands_registry_recheck[] = {
	{ "registry", "recheck", "", 0, 0,
	  "draw a sample of each province to compare with the papers (CSV), and count what came of it",
	  "rút mẫu phúc tra mỗi tỉnh để đối chiếu hồ sơ giấy (CSV), rồi báo cáo kết quả", recheck_options, run_recheck },
	{ 0 },
};
