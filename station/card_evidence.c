/* SPDX-License-Identifier: Apache-2.0 */
#include "station/card_evidence.h"

#include "card/inspect/evidence.h"
#include "crypto/base/secret.h"
#include "crypto/cose.h"
#include "station/card_inspect.h"
#include "station/card_inspect_report.h"
#include "station/message.h"
#include "station/trust_folder.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SCHEMA 1
#define SIGNERS_FOLDER "evidence-signers"
#define SIGNERS_MAX 256
#define SPKI_MAX 2048

const struct option_spec card_evidence_options[] = {
	{ "--trust", "DIR", "folder of country signer certificates", "thư mục chứng thư quốc gia" },
	{ "--signer", "FILE", "public key (.spki) of a station whose evidence counts, beside those pinned in the home",
	  "khóa công khai (.spki) của trạm được tin, ngoài các khóa đã ghim" },
	{ "--defects", "FILE", "the list of known defects that the inspection went by",
	  "danh sách khiếm khuyết đã dùng khi kiểm tra thẻ" },
	{ "--files", "DIR", "files that the evidence is said to be about", "thư mục tệp của thẻ được cho là đã kiểm tra" },
	{ NULL, NULL, NULL, NULL },
};

/* ---- writing */
static cc_status find_or_make_key(struct keystore *ks, struct cc_error *err)
{
	struct keystore_key_info want = { .label = EVIDENCE_KEY_LABEL, .kind = KEYSTORE_EC, .curve = EC_P256 }, found;
	cc_status st = keystore_info(ks, EVIDENCE_KEY_LABEL, &found);

	if (st.code == CC_E_NOT_FOUND)
		st = keystore_generate(ks, &want);
	if (cc_failed(st))
		keystore_error(ks, err);
	return st;
}

/* Readers of this home know the key by it. */
static cc_status pin_own_key(const struct config *c, struct keystore *ks, struct cc_error *err)
{
	char path[PATH_MAX];
	struct buf spki = { 0 };
	cc_status st = keystore_public_key(ks, EVIDENCE_KEY_LABEL, &spki);

	if (cc_failed(st))
		keystore_error(ks, err);
	config_path(c, SIGNERS_FOLDER, path);
	if (!cc_failed(st))
		st = sys_make_dirs(path, 0755, err);
	config_path(c, SIGNERS_FOLDER "/" EVIDENCE_KEY_LABEL ".spki", path);
	if (!cc_failed(st))
		st = sys_write_file(path, buf_view(&spki), 0644, err);
	buf_done(&spki);
	return st;
}

cc_status card_evidence_save(const struct config *c, const struct inspection *i, const struct trust *trust, const char *path,
			     struct cc_error *err)
{
	struct keystore *ks = NULL;
	struct buf file = { 0 };
	char station[EVIDENCE_STATION_MAX + 1];
	struct evidence_params p = { .inspection = i,
				     .trust = trust,
				     .station = station,
				     .time_ms = sys_wall_ms(c->sys),
				     .key_label = EVIDENCE_KEY_LABEL };
	cc_status st = config_setting(c, "station.name", station, sizeof station, err);

	if (!cc_failed(st))
		st = config_open_keystore(c, &ks, err);
	p.keystore = ks;
	if (!cc_failed(st))
		st = find_or_make_key(ks, err);
	if (!cc_failed(st))
		st = pin_own_key(c, ks, err);
	if (!cc_failed(st))
		st = evidence_write(&p, &file, err);
	/* It may name a person: for its owner alone. */
	if (!cc_failed(st))
		st = sys_write_new_file(path, buf_view(&file), 0600, err);
	buf_done(&file);
	keystore_close(&ks);
	return st;
}

/* ---- the pinned keys */
struct signers {
	size_t count;
	struct digest kids[SIGNERS_MAX];
};

static cc_status add_signer(const char *path, struct signers *s, struct cc_error *err)
{
	struct pubkey *key = NULL;
	struct buf spki = { 0 };
	cc_status st = sys_read_file(path, SPKI_MAX, &spki, err);

	if (!cc_failed(st))
		st = pubkey_from_spki(buf_view(&spki), &key, err);
	if (!cc_failed(st) && s->count == SIGNERS_MAX)
		st = cc_fail(err, CC_E_LIMIT, "evidence.signers", "more than %d", SIGNERS_MAX);
	if (!cc_failed(st))
		st = cose_kid(buf_view(&spki), &s->kids[s->count]);
	if (!cc_failed(st))
		s->count++;
	pubkey_free(&key);
	buf_done(&spki);
	return st;
}

static cc_status load_signers(const struct invocation *inv, struct signers *s, struct cc_error *err)
{
	const char *given = invocation_option(inv, "--signer");
	char folder[PATH_MAX], path[PATH_MAX];
	struct dirent *entry;
	cc_status st = given != NULL ? add_signer(given, s, err) : cc_ok();
	DIR *dir;

	config_path(&inv->config, SIGNERS_FOLDER, folder);
	dir = opendir(folder);
	if (dir == NULL)
		return st; /* nothing is pinned */
	while (!cc_failed(st) && (entry = readdir(dir)) != NULL) {
		size_t n = strlen(entry->d_name);

		if (n < 6 || strcmp(entry->d_name + n - 5, ".spki") != 0)
			continue;
		if (snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= (int)sizeof path)
			st = cc_fail(err, CC_E_ARG, "file.io", "path too long");
		else
			st = add_signer(path, s, err);
	}
	(void)closedir(dir);
	return st;
}

/* ---- telling */
static const char *result_text(enum evidence_result r, enum lang lang)
{
	static const char *const vi[] = { "đã chứng minh", "trạm khai", "SAI", "chưa xác định", "không có" };
	static const char *const en[] = { "proven", "claimed", "WRONG", "undetermined", "absent" };

	return lang == LANG_VI ? vi[r] : en[r];
}

static const char *verdict_text(enum evidence_verdict v, enum lang lang)
{
	static const char *const vi[] = { "Bằng chứng đứng vững.", "Bằng chứng bị bác bỏ.", "Chưa kết luận được về bằng chứng." };
	static const char *const en[] = { "The evidence holds.", "The evidence is refused.",
					  "The evidence can't be decided here." };

	return lang == LANG_VI ? vi[v] : en[v];
}

static void time_text(int64_t ms, char out[32])
{
	time_t s = (time_t)(ms / 1000);
	struct tm utc;

	if (gmtime_r(&s, &utc) == NULL || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		(void)snprintf(out, 32, "%lld ms", (long long)ms);
}

static const char *const card_verdicts_vi[] = {
	[INSPECT_GOOD] = "đạt", [INSPECT_BAD] = "không đạt", [INSPECT_UNDECIDED] = "chưa rõ"
};

static void print_text(const struct evidence *e, const struct evidence_report *r, enum lang lang)
{
	bool vi = lang == LANG_VI;
	char when[32];

	time_text(e->time_ms, when);
	(void)printf("%s: %s\n%s: %s\n%s: %s\n", vi ? "Trạm" : "Station", e->station, vi ? "Thời điểm" : "Time", when,
		     vi ? "Kết luận của trạm về thẻ" : "The station's verdict on the card",
		     vi ? card_verdicts_vi[e->verdict] : inspect_verdict_name(e->verdict));
	for (size_t i = 0; i < r->count; i++) {
		const struct evidence_finding *f = &r->findings[i];
		char label[96];

		card_inspect_label(f->id, lang, label, sizeof label);
		(void)printf("  %-*s %s: %s\n", message_width(result_text(f->result, lang), 13), result_text(f->result, lang),
			     label, vi ? f->detail_vi : f->detail);
	}
	(void)printf("%s\n", verdict_text(r->verdict, lang));
}

static bool print_json(const struct evidence *e, const struct evidence_report *r)
{
	json_t *list = json_array(), *root;
	char when[32], kid[2 * HASH_LEN_MAX + 1];
	bool good;

	for (size_t i = 0; i < r->count; i++)
		(void)json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "id", r->findings[i].id, "result",
							    evidence_result_name(r->findings[i].result), "detail",
							    r->findings[i].detail));
	time_text(e->time_ms, when);
	bytes_to_hex(bytes_of(e->signer_kid.p, e->signer_kid.n), kid);
	root = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:o}", "schema", SCHEMA, "verdict", evidence_verdict_name(r->verdict),
			 "card", inspect_verdict_name(e->verdict), "station", e->station, "time", when, "signer", kid, "findings",
			 list);
	good = root != NULL && json_dumpf(root, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;
	json_decref(root);
	return good;
}

static cc_status judge(const struct invocation *inv, const struct evidence *e, struct evidence_report *ret, struct cc_error *err)
{
	const char *folder = invocation_option(inv, "--files");
	struct lds_set files = { 0 };
	struct signers signers = { 0 };
	struct trust *trust = NULL;
	struct defect_list *defects = NULL;
	cc_status st = load_signers(inv, &signers, err);

	if (!cc_failed(st))
		st = trust_folder_load(&inv->config, invocation_option(inv, "--trust"), &trust, err);
	if (!cc_failed(st) && folder != NULL)
		st = lds_set_load(&files, folder, err);
	if (!cc_failed(st))
		st = card_inspect_load_defects(inv, trust, e->time_ms / 1000, &defects, err);
	if (!cc_failed(st)) {
		const struct evidence_judge_params p = { .trust = trust,
							 .pinned = signers.kids,
							 .pinned_count = signers.count,
							 .files = folder != NULL ? &files : NULL,
							 .defects = defects,
							 .sys = inv->config.sys };

		st = evidence_judge(e, &p, ret, err);
	}
	defect_list_free(&defects);
	lds_set_done(&files);
	trust_free(&trust);
	return st;
}

int command_card_verify_evidence(struct invocation *inv)
{
	struct evidence_report report;
	struct evidence e = { 0 };
	struct buf file = { 0 };
	struct cc_error err;
	int rc = EXIT_FAILED;
	cc_status st;

	cc_error_init(&err);
	st = sys_read_file(inv->arguments[0], EVIDENCE_MAX, &file, &err);
	if (!cc_failed(st))
		st = evidence_read(buf_view(&file), &e, &err);
	if (!cc_failed(st))
		st = judge(inv, &e, &report, &err);
	if (cc_failed(st)) {
		rc = invocation_fail(inv, &err);
	} else {
		if (inv->config.json && !print_json(&e, &report))
			goto out;
		if (!inv->config.json)
			print_text(&e, &report, inv->config.lang);
		rc = report.verdict == EVIDENCE_HOLDS && e.verdict == INSPECT_GOOD ? EXIT_DONE : EXIT_CHECK_NO;
	}
out:
	evidence_done(&e);
	buf_done(&file);
	return rc;
}
