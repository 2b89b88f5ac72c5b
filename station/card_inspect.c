/* SPDX-License-Identifier: Apache-2.0 */
#include "station/card_inspect.h"

#include "card/inspect/defect_list.h"
#include "card/inspect/inspect.h"
#include "card/lds/dg13.h"
#include "crypto/base/secret.h"
#include "station/card_books.h"
#include "station/card_evidence.h"
#include "station/card_inspect_html.h"
#include "station/card_inspect_report.h"
#include "station/card_terminal.h"
#include "station/finger_match.h"
#include "station/registry/vietnamese.h"
#include "station/trust_folder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT_MAX 512 /* an MRZ with room for blanks */

const struct option_spec card_inspect_options[] = {
	{ "--defects", "FILE", "signed list of known defects (BSI) or deviations (ICAO)",
	  "danh sách khiếm khuyết đã ký (BSI, ICAO)" },
	CARD_INSPECT_KEY_OPTIONS,
	CARD_INSPECT_TRUST_OPTION,
	{ "--report", "FILE", "write a page to read or print (HTML)", "ghi báo cáo để đọc hoặc in (HTML)" },
	{ "--evidence", "FILE", "write a signed record that verify-evidence judges without the card",
	  "ghi bản ghi có chữ ký để kiểm chứng sau mà không cần thẻ" },
	{ "--terminal", "LABEL", "read DG3 and DG4 as this terminal (the newest one of pki cvca, when there is one)",
	  "đọc DG3, DG4 với thiết bị này (mặc định: thiết bị mới nhất của pki cvca, nếu có)" },
	{ "--dump", "DIR", "write the files of the chip to this folder", "ghi các tệp của chíp vào thư mục này" },
	{ "--allow-bac", NULL, "use BAC when announced PACE fails", "cho dùng BAC khi PACE đã công bố mà hỏng" },
	{ NULL, NULL, NULL, NULL },
};

const struct option_spec card_verify_options[] = {
	{ "--defects", "FILE", "signed list of known defects (BSI) or deviations (ICAO)",
	  "danh sách khiếm khuyết đã ký (BSI, ICAO)" },
	{ "--report", "FILE", "write a page to read or print (HTML)", "ghi báo cáo để đọc hoặc in (HTML)" },
	CARD_INSPECT_TRUST_OPTION,
	{ NULL, NULL, NULL, NULL },
};

/* ---- what opens the chip */
/* DD/MM/YYYY, YYYY-MM-DD or YYMMDD to YYMMDD. */
static bool date_of(const char *in, char out[7])
{
	char a[5], b[5], c[5];
	int end = 0;

	if (strlen(in) == 6 && strspn(in, "0123456789") == 6) {
		memcpy(out, in, 7);
		return true;
	}
	if (strlen(in) != 10)
		return false;
	if (sscanf(in, "%2[0-9]/%2[0-9]/%4[0-9]%n", a, b, c, &end) == 3 && end == 10) {
		(void)snprintf(out, 7, "%.2s%.2s%.2s", c + 2, b, a);
		return true;
	}
	if (sscanf(in, "%4[0-9]-%2[0-9]-%2[0-9]%n", a, b, c, &end) == 3 && end == 10) {
		(void)snprintf(out, 7, "%.2s%.2s%.2s", a + 2, b, c);
		return true;
	}
	return false;
}

static cc_status keys_from_number(const struct invocation *inv, const char *number, struct inspect_keys *ret,
				  struct cc_error *err)
{
	const char *birth = invocation_option(inv, "--birth"), *expiry = invocation_option(inv, "--expiry");
	char birth_mrz[7], expiry_mrz[7];
	cc_status st;

	if (birth != NULL && !date_of(birth, birth_mrz))
		return cc_fail(err, CC_E_ARG, "inspect.date", "--birth");
	if (expiry != NULL && !date_of(expiry, expiry_mrz))
		return cc_fail(err, CC_E_ARG, "inspect.date", "--expiry");
	st = inspect_keys_from_number(number, birth != NULL ? birth_mrz : NULL, expiry != NULL ? expiry_mrz : NULL, ret);
	if (cc_failed(st))
		return cc_fail(err, CC_E_ARG, "inspect.number", "12 digits; --birth and --expiry together or neither");
	return st;
}

static cc_status keys_from_can(const char *can, struct inspect_keys *ret, struct cc_error *err)
{
	struct inspect_keys k = { .has_can = true };

	if (strlen(can) != 6 || strspn(can, "0123456789") != 6)
		return cc_fail(err, CC_E_ARG, "inspect.can", "6 digits");
	memcpy(k.can, can, sizeof k.can);
	*ret = k;
	inspect_keys_done(&k);
	return cc_ok();
}

static cc_status keys_from_mrz_text(struct bytes text, struct inspect_keys *ret, struct cc_error *err)
{
	struct mrz m;
	cc_status st = mrz_read(text, MRZ_READ_SCAN, &m, err);

	/* It was typed or scanned by the officer: asked for again like a wrong digit, no failure of the machine. */
	if (cc_failed(st) && err != NULL && err->code == CC_E_FORMAT)
		err->code = CC_E_ARG;
	if (!cc_failed(st) && !m.digits_good)
		st = cc_fail(err, CC_E_ARG, "inspect.mrz-digits", "a check digit is wrong");
	if (!cc_failed(st))
		inspect_keys_from_mrz(&m, ret);
	cc_wipe(&m, sizeof m);
	return st;
}

/* The option is the text itself, or the name of a file that holds it; "-" is standard input. */
static cc_status keys_from_mrz(const char *operand, struct inspect_keys *ret, struct cc_error *err)
{
	struct buf file = { 0 };
	struct stat s;
	cc_status st;

	if (strcmp(operand, "-") == 0)
		operand = "/dev/stdin";
	else if (stat(operand, &s) != 0 && strpbrk(operand, "./") != NULL) /* no MRZ has these: a file was meant */
		return sys_path_fail(err, ENOENT, "--mrz: %s", operand);
	else if (stat(operand, &s) != 0 || S_ISDIR(s.st_mode))
		return keys_from_mrz_text(bytes_str(operand), ret, err);
	st = sys_read_file(operand, INPUT_MAX, &file, err);
	if (!cc_failed(st))
		st = keys_from_mrz_text(buf_view(&file), ret, err);
	buf_done(&file);
	return st;
}

/* One line of digits is a CAN or a number; else lines of an MRZ until they are one. */
static cc_status ask_keys(const struct invocation *inv, struct inspect_keys *ret, struct cc_error *err)
{
	char input[INPUT_MAX] = { 0 };
	size_t n = 0;
	cc_status st = cc_fail(NULL, CC_E_ARG, "inspect.no-keys", "no input");

	(void)fprintf(stderr, "%s\n",
		      inv->config.lang == LANG_VI
			      ? "Nhập số định danh (12 số), CAN (6 số) hoặc ba dòng MRZ:"
			      : "Type the personal number (12 digits), the CAN (6 digits) or the lines of the MRZ:");
	while (cc_failed(st) && n + 2 < sizeof input && fgets(input + n, (int)(sizeof input - n), stdin) != NULL) {
		size_t digits = strspn(input, "0123456789");

		if (digits > 0 && input[digits] == '\n') {
			input[digits] = 0;
			st = digits == 6 ? keys_from_can(input, ret, err) : keys_from_number(inv, input, ret, err);
			break;
		}
		n += strlen(input + n);
		st = keys_from_mrz_text(bytes_str(input), ret, NULL);
	}
	cc_wipe(input, sizeof input);
	if (cc_failed(st))
		return cc_fail(err, CC_E_ARG, "inspect.no-keys", "nothing that opens a chip was typed");
	return st;
}

static cc_status read_keys(const struct invocation *inv, struct inspect_keys *ret, struct cc_error *err)
{
	const char *mrz = invocation_option(inv, "--mrz"), *can = invocation_option(inv, "--can");
	const char *number = invocation_option(inv, "--number");
	int given = (mrz != NULL) + (can != NULL) + (number != NULL);

	if (given > 1)
		return cc_fail(err, CC_E_ARG, "inspect.keys-twice", "--mrz, --can, --number");
	if (mrz != NULL)
		return keys_from_mrz(mrz, ret, err);
	if (can != NULL)
		return keys_from_can(can, ret, err);
	if (number != NULL)
		return keys_from_number(inv, number, ret, err);
	if (isatty(STDIN_FILENO))
		return ask_keys(inv, ret, err);
	return cc_fail(err, CC_E_ARG, "inspect.no-keys", "none of --mrz, --can, --number");
}

/* ---- trust */
/* ---- what only the station can compare: the name with its marks against the MRZ */
static void compare_names(struct inspection *i)
{
	struct inspect_check *c;
	char name[256], latin[256], field[MRZ_LINE_TD1 + 1], *given;
	bool truncated;
	struct dg13 d;

	if (!i->has_mrz || i->mrz.format != MRZ_TD1 || i->check_count == INSPECT_CHECKS_MAX ||
	    cc_failed(dg13_parse(lds_set_get(&i->files, lds_dg(13)), &d, NULL)) || d.name.n == 0 || d.name.n >= sizeof name)
		return;
	memcpy(name, d.name.p, d.name.n);
	name[d.name.n] = 0;
	c = &i->checks[i->check_count++];
	*c = (struct inspect_check){ .id = "dg13.name", .result = INSPECT_FAILED };
	inspect_check_say(c, "the name of DG13 gives another MRZ name field");
	if (!cc_failed(vietnamese_to_latin(name, latin, sizeof latin))) {
		given = strchr(latin, ' ');
		if (given != NULL)
			*given++ = 0;
		if (!cc_failed(mrz_name_field(latin, given != NULL ? given : "", MRZ_LINE_TD1, field, &truncated)) &&
		    strcmp(field, i->mrz.text + 2 * MRZ_LINE_TD1) == 0) {
			c->result = INSPECT_PASSED;
			inspect_check_say(c, "without marks it is the name of the MRZ%s", truncated ? ", truncated" : "");
		}
	}
	if (c->result == INSPECT_FAILED)
		i->verdict = INSPECT_BAD;
}

/* ---- what is known of documents of this signer */
cc_status card_inspect_load_defects(const struct invocation *inv, const struct trust *trust, int64_t at_s,
				    struct defect_list **ret, struct cc_error *err)
{
	const char *path = invocation_option(inv, "--defects");
	struct buf file = { 0 };
	cc_status st;

	if (path == NULL)
		return cc_ok();
	st = sys_read_file(path, DEFECT_LIST_MAX, &file, err);
	if (!cc_failed(st))
		st = defect_list_parse(buf_view(&file), trust, at_s, ret, err);
	buf_done(&file);
	return st;
}

static cc_status apply_defects(const struct invocation *inv, const struct inspect_params *p, struct inspection *i,
			       struct cc_error *err)
{
	struct defect_list *list = NULL;
	size_t count = 0;
	cc_status st = card_inspect_load_defects(inv, p->trust, p->now_s, &list, err);

	if (list != NULL && cc_failed(st = defect_list_apply(list, p, i, &count)))
		st = cc_fail(err, st.code, "memory", "defects");
	defect_list_free(&list);
	return st;
}

/* ---- the verbs */
static int write_page(const struct invocation *inv, const struct inspection *i, int rc)
{
	const char *path = invocation_option(inv, "--report");
	struct image_worker *images = NULL;
	struct cc_error err;
	cc_status st;

	if (path == NULL)
		return rc;
	cc_error_init(&err);
	st = image_worker_open(&inv->config, &images, &err);
	if (!cc_failed(st))
		st = card_inspect_html(path, i, images, sys_wall_ms(inv->config.sys), inv->config.lang, &err);
	image_worker_free(&images);
	return cc_failed(st) ? invocation_fail(inv, &err) : rc;
}

static int report(const struct invocation *inv, const struct inspection *i)
{
	if (inv->config.json) {
		if (!card_inspect_report_json(stdout, i))
			return EXIT_FAILED;
	} else {
		card_inspect_report_text(stdout, i, inv->config.lang, inv->config.color);
	}
	return write_page(inv, i, i->verdict == INSPECT_GOOD ? EXIT_DONE : EXIT_CHECK_NO);
}

/* Who acts in the session behind the inspection. */
struct act {
	card_inspect_act run;
	void *ctx;
};

static cc_status look_for_match_on_card(void *ctx, const struct invocation *inv, struct channel *ch, struct inspection *i,
					struct cc_error *err)
{
	(void)ctx;
	return finger_match_look(&inv->config, ch, i, err);
}

static cc_status inspect_in_reader(const struct invocation *inv, const struct inspect_params *p, const struct act *act,
				   struct inspection *ret, struct cc_error *err)
{
	const char *name = inv->config.reader[0] != 0 ? inv->config.reader : NULL;
	struct reader *reader = NULL;
	struct channel ch;
	cc_status st = reader_pcsc_open(name, &reader, err);

	if (cc_failed(st))
		return st;
	st = reader_connect(reader);
	if (cc_failed(st)) {
		*err = reader->err;
		goto out;
	}
	channel_init(&ch, reader);
	st = inspect_card(&ch, p, ret);
	if (cc_failed(st))
		*err = ret->err.key != NULL ? ret->err : ch.err;
	else
		st = act->run(act->ctx, inv, &ch, ret, err);
	channel_done(&ch);
out:
	reader_free(&reader);
	return st;
}

/* What the command line wants kept. A chip that refused or lied is what evidence is wanted of. */
static cc_status save_inspection(const struct invocation *inv, const struct inspect_params *p, const struct inspection *i,
				 bool read_whole, struct cc_error *err)
{
	const char *dump = invocation_option(inv, "--dump"), *evidence = invocation_option(inv, "--evidence");
	cc_status st = read_whole && dump != NULL ? lds_set_save(&i->files, dump, err) : cc_ok();

	if (!cc_failed(st) && i->check_count > 0 && evidence != NULL)
		st = card_evidence_save(&inv->config, i, p->trust, evidence, err);
	return st;
}

static int run_inspect(const struct invocation *inv, const struct inspect_params *p)
{
	const struct act look = { look_for_match_on_card, NULL };
	struct inspection i = { 0 };
	struct cc_error err;
	cc_status st;
	int rc;

	cc_error_init(&err);
	st = inspect_in_reader(inv, p, &look, &i, &err);
	if (!cc_failed(st)) {
		compare_names(&i);
		card_books_compare(&inv->config, &i);
		st = apply_defects(inv, p, &i, &err);
	}
	if (cc_failed(st)) {
		if (i.check_count > 0)
			(void)report(inv, &i);
		rc = invocation_fail(inv, &err);
		cc_error_init(&err);
	} else {
		rc = report(inv, &i);
	}
	if (cc_failed(save_inspection(inv, p, &i, !cc_failed(st), &err)))
		rc = invocation_fail(inv, &err);
	inspection_done(&i);
	return rc;
}

cc_status card_inspect_then(const struct invocation *inv, card_inspect_act act, void *ctx, struct cc_error *err)
{
	const struct act a = { act, ctx };
	struct inspect_keys keys = { 0 };
	struct inspection i = { 0 };
	struct trust *trust = NULL;
	struct inspect_params p = { .keys = &keys, .now_s = sys_wall_ms(inv->config.sys) / 1000, .sys = inv->config.sys };
	cc_status st = read_keys(inv, &keys, err);

	if (!cc_failed(st))
		st = trust_folder_load(&inv->config, invocation_option(inv, "--trust"), &trust, err);
	p.trust = trust;
	if (!cc_failed(st))
		st = inspect_in_reader(inv, &p, &a, &i, err);
	inspection_done(&i);
	trust_free(&trust);
	inspect_keys_done(&keys);
	return st;
}

static cc_status read_cplc_setting(const struct invocation *inv, bool *ret, struct cc_error *err)
{
	char value[8];
	cc_status st = config_setting(&inv->config, "inspect.cplc", value, sizeof value, err);

	if (!cc_failed(st) && strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		st = cc_fail(err, CC_E_ARG, "settings.bad-value", "inspect.cplc: yes or no");
	if (!cc_failed(st))
		*ret = strcmp(value, "yes") == 0;
	return st;
}

/* Evidence of one inspection is not lost to the next one's; told before the card is opened. */
static cc_status check_evidence_is_new(const struct invocation *inv, struct cc_error *err)
{
	const char *path = invocation_option(inv, "--evidence");

	return path != NULL && access(path, F_OK) == 0 ? cc_fail(err, CC_E_EXISTS, "file.exists", "%s", path) : cc_ok();
}

int command_card_inspect(struct invocation *inv)
{
	struct inspect_keys keys = { 0 };
	struct trust *trust = NULL;
	struct card_terminal *terminal = NULL;
	struct inspect_params p = { .keys = &keys,
				    .now_s = sys_wall_ms(inv->config.sys) / 1000,
				    .allow_bac = invocation_option(inv, "--allow-bac") != NULL,
				    .sys = inv->config.sys };
	struct cc_error err;
	cc_status st;
	int rc;

	cc_error_init(&err);
	st = read_keys(inv, &keys, &err);
	if (!cc_failed(st))
		st = check_evidence_is_new(inv, &err);
	if (!cc_failed(st))
		st = trust_folder_load(&inv->config, invocation_option(inv, "--trust"), &trust, &err);
	if (!cc_failed(st))
		st = card_terminal_load(&inv->config, invocation_option(inv, "--terminal"), &terminal, &err);
	if (!cc_failed(st))
		st = read_cplc_setting(inv, &p.read_cplc, &err);
	p.trust = trust;
	p.terminal = card_terminal_get(terminal);
	rc = cc_failed(st) ? invocation_fail(inv, &err) : run_inspect(inv, &p);
	card_terminal_free(&terminal);
	trust_free(&trust);
	inspect_keys_done(&keys);
	return rc;
}

int command_card_verify(struct invocation *inv)
{
	struct inspect_params p = { .now_s = sys_wall_ms(inv->config.sys) / 1000, .sys = inv->config.sys };
	struct lds_set files = { 0 };
	struct inspection i = { 0 };
	struct trust *trust = NULL;
	struct cc_error err;
	cc_status st;
	int rc;

	cc_error_init(&err);
	st = lds_set_load(&files, inv->arguments[0], &err);
	if (!cc_failed(st))
		st = trust_folder_load(&inv->config, invocation_option(inv, "--trust"), &trust, &err);
	p.trust = trust;
	if (!cc_failed(st) && cc_failed(st = inspect_files(&files, &p, &i)))
		(void)cc_fail(&err, st.code, "memory", "files");
	if (!cc_failed(st)) {
		compare_names(&i);
		card_books_compare(&inv->config, &i);
		st = apply_defects(inv, &p, &i, &err);
	}
	rc = cc_failed(st) ? invocation_fail(inv, &err) : report(inv, &i);
	inspection_done(&i);
	lds_set_done(&files);
	trust_free(&trust);
	return rc;
}
