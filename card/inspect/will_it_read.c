/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/will_it_read.h"

#include "card/inspect/phrase.h"
#include "card/inspect/will_run.h"
#include "card/lds/card_access.h"
#include "card/lds/dg14.h"
#include "card/lds/dg15.h"
#include "card/lds/dg2.h"
#include "crypto/base/tlv.h"
#include "crypto/pubkey.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *will_effect_name(enum will_effect e)
{
	static const char *const names[] = { "slow", "lose", "fail", "refuse" };

	CC_ASSERT((unsigned)e < sizeof names / sizeof names[0]);
	return names[e];
}

struct will_chip will_chip_default(void)
{
	return (struct will_chip){ .has_bac = true, .extended = true };
}

/* ---- the models */
enum will_access { ACCESS_ANY, ACCESS_BAC_ONLY, ACCESS_PACE_13 };
enum will_signature { SIGNATURE_ANY, SIGNATURE_PLAIN, SIGNATURE_DER };

struct model {
	struct will_family family;
	size_t block;  /* bytes of one READ BINARY; 0: as the chip likes */
	bool no_odd;   /* doesn't know READ BINARY B1: nothing beyond 32,767 bytes */
	bool extended; /* has extended length only */
	bool mf_first; /* gives up when SELECT MF fails */
	enum will_access access;
	enum will_scan scan;
	bool reencodes_dg14; /* hashes its own encoding of the SecurityInfos */
	enum will_signature signature;
	bool jpeg_only;	 /* shows no JPEG 2000 */
	bool only_19794; /* reads no ISO/IEC 39794-5 portrait */
	bool trusts_com; /* reads what EF.COM lists, in that order, and stops at a tag it doesn't know */
};

static const struct model models[] = {
	{ .family = { "block-160", "Đầu đọc đọc từng 160 byte", "readers with 160-byte blocks" }, .block = 160, .no_odd = true },
	{ .family = { "block-223", "Đầu đọc đọc từng 223 byte", "readers with 223-byte blocks" }, .block = 223, .no_odd = true },
	{ .family = { "block-231", "Đầu đọc đọc từng 231 byte", "readers with 231-byte blocks" }, .block = 231, .no_odd = true },
	{ .family = { "block-239", "Đầu đọc đọc từng 239 byte", "readers with 239-byte blocks" }, .block = 239, .no_odd = true },
	{ .family = { "block-256", "Đầu đọc đọc từng 256 byte", "readers with 256-byte blocks" }, .block = 256 },
	{ .family = { "extended-only", "Đầu đọc chỉ dùng độ dài mở rộng", "readers that insist on extended length" },
	  .extended = true },
	{ .family = { "mf-first", "Đầu đọc chọn MF trước", "readers that select the master file first" }, .mf_first = true },
	{ .family = { "bac-only", "Đầu đọc chỉ có BAC", "readers with BAC alone" },
	  .access = ACCESS_BAC_ONLY,
	  .block = 223,
	  .no_odd = true },
	{ .family = { "pace-13", "Đầu đọc PACE chỉ với brainpoolP256r1", "readers with PACE on brainpoolP256r1 alone" },
	  .access = ACCESS_PACE_13 },
	{ .family = { "dg13-scan", "Đầu đọc dò DG13 theo byte", "readers that scan DG13 for byte patterns" },
	  .scan = WILL_SCAN_ALONG },
	{ .family = { "dg13-scan-stop", "Đầu đọc dò DG13, dừng ở trường thiếu", "scanners of DG13 that stop at a gap" },
	  .scan = WILL_SCAN_STOP },
	{ .family = { "dg14-reencode", "Đầu đọc mã hóa lại DG14", "readers that encode DG14 again before they hash it" },
	  .reencodes_dg14 = true },
	{ .family = { "aa-plain", "Đầu đọc nhận chữ ký AA dạng r||s", "readers that take AA signatures as r||s" },
	  .signature = SIGNATURE_PLAIN },
	{ .family = { "aa-der", "Đầu đọc nhận chữ ký AA dạng DER", "readers that take AA signatures in DER" },
	  .signature = SIGNATURE_DER },
	{ .family = { "jpeg-only", "Đầu đọc chỉ hiện JPEG", "readers that show JPEG alone" }, .jpeg_only = true },
	{ .family = { "face-19794", "Đầu đọc chưa biết ISO/IEC 39794", "readers from before ISO/IEC 39794" },
	  .only_19794 = true },
	{ .family = { "com-list", "Đầu đọc theo danh sách EF.COM", "readers that go by the list of EF.COM" },
	  .trusts_com = true },
};
#define MODEL_COUNT (sizeof models / sizeof models[0])

size_t will_family_count(void)
{
	return MODEL_COUNT;
}

const struct will_family *will_family_at(size_t i)
{
	CC_ASSERT(i < MODEL_COUNT);
	return &models[i].family;
}

void will_add(struct will_run *run, const struct will_rule *rule, unsigned file, const char *fmt, ...)
{
	struct will_finding *f;
	va_list ap;

	if (run->out->count == WILL_FINDINGS_MAX)
		return;
	f = &run->out->items[run->out->count++];
	*f = (struct will_finding){ .family = run->family,
				    .effect = rule->effect,
				    .rule = rule->id,
				    .by_person = rule->by_person,
				    .file = file,
				    .vi = rule->vi,
				    .en = rule->en };
	va_start(ap, fmt);
	phrase_format(f->detail, sizeof f->detail, f->detail_vi, sizeof f->detail_vi, fmt, ap);
	va_end(ap);
}

/* ---- reading in pieces */
#define OFFSET_MAX 32768 /* ISO/IEC 7816-4 11.3.2: 15 bits of offset in READ BINARY B0 */
#define READS_MANY 128

static void check_blocks(struct will_run *run, const struct model *m)
{
	static const struct will_rule beyond = { "file.beyond", WILL_FAIL, true, "Tệp quá lớn, không đọc hết được.",
						 "The file is too large to be read to its end." };
	static const struct will_rule many = { "file.many-reads", WILL_SLOW, true, "Đọc tệp rất chậm.",
					       "The file takes very many reads." };

	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		size_t n = lds_set_get(run->files, (enum lds_file)f).n;

		if (m->no_odd && n > OFFSET_MAX)
			will_add(run, &beyond, f, "%zu bytes; offsets end at 32,767", n);
		else if (m->block > 0 && n > m->block * READS_MANY)
			will_add(run, &many, f, "%zu bytes, %zu reads", n, (n + m->block - 1) / m->block);
	}
}

/* ---- opening */
static bool announces_pace_13(const struct lds_set *files)
{
	struct security_infos infos;
	unsigned id;

	if (cc_failed(card_access_parse(lds_set_get(files, LDS_CARD_ACCESS), &infos, NULL)))
		return false;
	for (size_t i = 0; i < infos.count; i++) {
		const struct security_info *info = &infos.items[i];

		/* BSI TR-03110-3 A.1.1.1: ECDH with generic mapping, brainpoolP256r1. */
		if (info->kind == SECURITY_INFO_PACE && security_info_id(info, &id) && id == 13 &&
		    (bytes_equal(info->oid, security_oid_pace_ecdh_gm(CIPHER_AES128)) ||
		     bytes_equal(info->oid, security_oid_pace_ecdh_gm(CIPHER_AES192)) ||
		     bytes_equal(info->oid, security_oid_pace_ecdh_gm(CIPHER_AES256)) ||
		     bytes_equal(info->oid, security_oid_pace_ecdh_gm(CIPHER_TDES))))
			return true;
	}
	return false;
}

static void check_opening(struct will_run *run, const struct model *m)
{
	static const struct will_rule mf = { "open.mf", WILL_REFUSE, false, "Không mở được: chíp không có MF để chọn.",
					     "It doesn't open: the chip has no master file to select." };
	static const struct will_rule bac = { "open.bac", WILL_REFUSE, false, "Không mở được: chíp không nhận BAC.",
					      "It doesn't open: the chip takes no BAC." };
	static const struct will_rule pace = { "open.pace", WILL_REFUSE, false, "Không mở được: tham số PACE khác.",
					       "It doesn't open: PACE with another parameter." };
	static const struct will_rule length = { "open.extended", WILL_REFUSE, false,
						 "Không mở được: chíp không có độ dài mở rộng.",
						 "It doesn't open: the chip has no extended length." };

	if (m->mf_first && !run->chip->has_mf)
		will_add(run, &mf, LDS_CARD_ACCESS, "SELECT MF is answered 6D00");
	if (m->extended && !run->chip->extended)
		will_add(run, &length, LDS_COM, "short length only");
	if (m->access == ACCESS_BAC_ONLY && !run->chip->has_bac)
		will_add(run, &bac, LDS_CARD_ACCESS, "PACE only");
	if (m->access == ACCESS_PACE_13 && lds_set_has(run->files, LDS_CARD_ACCESS) && !run->chip->has_bac &&
	    !announces_pace_13(run->files))
		will_add(run, &pace, LDS_CARD_ACCESS, "no PACE-ECDH-GM with parameter 13, and no BAC");
}

/* ---- DG14 and Active Authentication */
/* peers.md, JMRTD: the SET comes back in another order, the hash with it. */
static void check_dg14(struct will_run *run)
{
	static const struct will_rule order = { "dg14.order", WILL_FAIL, false,
						"Mã băm DG14 bị báo sai: thứ tự SecurityInfos không phải DER.",
						"The hash of DG14 is reported wrong: its SecurityInfos are not in DER order." };
	struct bytes file = lds_set_get(run->files, lds_dg(14));
	struct security_infos infos;
	struct buf again = { 0 };

	if (file.n == 0 || cc_failed(dg14_parse(file, &infos, NULL)) || cc_failed(security_infos_sort(&infos)) ||
	    cc_failed(dg14_encode_infos(&infos, &again)))
		return;
	if (!bytes_equal(buf_view(&again), file))
		will_add(run, &order, (unsigned)lds_dg(14), "encoded again it differs");
	buf_done(&again);
}

/* ICAO 9303-11 6.1.2.3: ECDSA answers are plain r||s; what the chip's key is stands in DG15. */
static void check_signature(struct will_run *run, enum will_signature takes)
{
	static const struct will_rule der = { "aa.der", WILL_FAIL, false, "Xác thực chủ động bị báo sai: chữ ký là r||s.",
					      "Active Authentication is reported wrong: the signature is r||s." };
	static const struct will_rule hash = { "aa.hash", WILL_FAIL, false,
					       "Xác thực chủ động không chạy: DG14 không nêu hàm băm.",
					       "Active Authentication doesn't run: DG14 does not name the hash." };
	struct bytes dg15 = lds_set_get(run->files, lds_dg(15));
	struct security_infos infos;
	struct pubkey *key = NULL;

	if (dg15.n == 0 || cc_failed(dg15_parse(dg15, &key, NULL)))
		return;
	if (pubkey_kind(key) == PUBKEY_EC) {
		bool named = !cc_failed(dg14_parse(lds_set_get(run->files, lds_dg(14)), &infos, NULL)) &&
			     security_infos_find(&infos, SECURITY_INFO_AA) != NULL;

		if (takes == SIGNATURE_DER)
			will_add(run, &der, (unsigned)lds_dg(15), "elliptic curve key");
		else if (!named)
			will_add(run, &hash, (unsigned)lds_dg(14), "no ActiveAuthenticationInfo");
	}
	pubkey_free(&key);
}

/* ---- the portrait */
static void check_portrait(struct will_run *run, const struct model *m)
{
	static const struct will_rule jpeg2000 = { "dg2.jpeg2000", WILL_LOSE, false, "Không hiện được ảnh: JPEG 2000.",
						   "The portrait isn't shown: JPEG 2000." };
	static const struct will_rule newer = { "dg2.39794", WILL_LOSE, false, "Không hiện được ảnh: ISO/IEC 39794-5.",
						"The portrait isn't shown: ISO/IEC 39794-5." };
	static const struct bytes marks[] = { BYTES_LITERAL("\x6A\x50\x20\x20\x0D\x0A\x87\x0A"),
					      BYTES_LITERAL("\xFF\x4F\xFF\x51") };
	struct dg2 d;

	if (cc_failed(dg2_parse(lds_set_get(run->files, lds_dg(2)), &d, NULL)))
		return;
	if (m->only_19794 && d.items[0].record_tag != 0x5F2E)
		will_add(run, &newer, (unsigned)lds_dg(2), "record under %X", (unsigned)d.items[0].record_tag);
	for (size_t i = 0; m->jpeg_only && i < sizeof marks / sizeof marks[0]; i++) {
		if (memmem(d.items[0].record.p, d.items[0].record.n, marks[i].p, marks[i].n) == NULL)
			continue;
		will_add(run, &jpeg2000, (unsigned)lds_dg(2), "%zu bytes", d.items[0].record.n);
		return;
	}
}

/* ---- EF.COM */
static void check_list(struct will_run *run)
{
	static const struct will_rule unlisted = { "com.unlisted", WILL_LOSE, false, "Bỏ sót một nhóm dữ liệu: EF.COM không nêu.",
						   "A data group is passed over: EF.COM does not list it." };
	struct bytes file = lds_set_get(run->files, LDS_COM), list = { 0 };
	uint32_t listed = 0;
	struct cursor in, com;
	struct tlv t;
	uint8_t tag;

	cursor_init(&in, file);
	if (file.n == 0 || !tlv_expect(&in, TLV_LENIENT, lds_file_tag(LDS_COM), &com))
		return;
	while (cursor_left(&com) > 0 && tlv_next(&com, TLV_LENIENT, &t))
		list = t.tag == 0x5C ? t.value : list;
	cursor_init(&in, list);
	while (cursor_left(&in) > 0 && cursor_u8(&in, &tag) && lds_dg_of_tag(tag) != 0)
		listed |= 1u << (lds_dg_of_tag(tag) - 1);
	for (unsigned dg = 1; dg <= LDS_DG_LAST; dg++) {
		if ((lds_set_dg_mask(run->files) & ~listed & 1u << (dg - 1)) != 0)
			will_add(run, &unlisted, LDS_COM, "DG%u", dg);
	}
}

void will_it_read(const struct lds_set *files, const struct will_chip *chip, struct will_report *ret)
{
	memset(ret, 0, sizeof *ret);
	for (size_t i = 0; i < MODEL_COUNT; i++) {
		const struct model *m = &models[i];
		struct will_run run = { .files = files, .chip = chip, .family = &m->family, .out = ret };

		ret->families++;
		check_opening(&run, m);
		check_blocks(&run, m);
		will_scan_dg13(&run, m->scan);
		if (m->reencodes_dg14)
			check_dg14(&run);
		if (m->signature != SIGNATURE_ANY)
			check_signature(&run, m->signature);
		if (m->jpeg_only || m->only_19794)
			check_portrait(&run, m);
		if (m->trusts_com)
			check_list(&run);
	}
}

int will_worst(const struct will_report *r)
{
	int worst = -1;

	for (size_t i = 0; i < r->count; i++)
		worst = (int)r->items[i].effect > worst ? (int)r->items[i].effect : worst;
	return worst;
}

const struct will_finding *will_find(const struct will_report *r, const char *family, const char *rule)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct will_finding *f = &r->items[i];

		if (strcmp(f->family->id, family) == 0 && strcmp(f->rule, rule) == 0)
			return f;
	}
	return NULL;
}
