/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "card/perso/gp.h"

#include <string.h>

static void assert_bytes(struct bytes got, const char *hex)
{
	uint8_t want[512];
	size_t n = 0;

	assert_true(bytes_from_hex(hex, want, sizeof want, &n));
	assert_int_equal(got.n, n);
	assert_memory_equal(got.p, want, n);
}

static size_t from_hex(const char *hex, uint8_t *out, size_t cap)
{
	size_t n = 0;

	assert_true(bytes_from_hex(hex, out, cap, &n));
	return n;
}

/* ---- CPLC, FCI, GET STATUS: good, every truncation, one extra byte, wrong tag */

typedef cc_status (*parse)(struct bytes in);

static void assert_only_whole(const char *hex, parse p)
{
	uint8_t b[256];
	size_t n = from_hex(hex, b, sizeof b - 1);

	assert_int_equal(p(bytes_of(b, n)).code, CC_OK);
	for (size_t i = 0; i < n; i++)
		assert_int_not_equal(p(bytes_of(b, i)).code, CC_OK);
	b[n] = 0x00;
	assert_int_not_equal(p(bytes_of(b, n + 1)).code, CC_OK);
	b[0] ^= 0x10;
	assert_int_not_equal(p(bytes_of(b, n)).code, CC_OK);
}

#define CPLC                                                                                                                     \
	"9F7F2A 4790 5AA8 1291 6223 0100 1122 33445566 7788 1291 6223 0000 0000 0000 0000 0000 0000 00000000 0000 0000"

static cc_status parse_cplc(struct bytes in)
{
	struct gp_cplc c;

	return gp_cplc_parse(in, &c);
}

static void cplc_is_read_whole(void **state)
{
	uint8_t b[64];
	struct gp_cplc c;

	(void)state;
	assert_only_whole(CPLC, parse_cplc);
	assert_int_equal(gp_cplc_parse(bytes_of(b, from_hex(CPLC, b, sizeof b)), &c).code, CC_OK);
	assert_int_equal(c.ic_fabricator, 0x4790);
	assert_int_equal(c.os_id, 0x1291);
	assert_bytes(bytes_of(c.serial, sizeof c.serial), "1122334455667788");
}

static cc_status parse_fci(struct bytes in)
{
	struct bytes aid;

	return gp_select_parse(in, &aid);
}

static void fci_names_the_aid(void **state)
{
	uint8_t b[64];
	struct bytes aid;

	(void)state;
	assert_only_whole("6F10 8408A000000151000000 A5049F6501FF", parse_fci);
	assert_int_equal(gp_select_parse(bytes_of(b, from_hex("6F10 8408A000000151000000 A5049F6501FF", b, sizeof b)), &aid).code,
			 CC_OK);
	assert_bytes(aid, "A000000151000000");
}

static cc_status parse_status(struct bytes in)
{
	uint8_t aid[8], life;
	size_t n = from_hex("A000000151000000", aid, sizeof aid);

	return gp_get_status_parse(in, bytes_of(aid, n), &life);
}

static void status_list_is_searched_by_aid(void **state)
{
	uint8_t b[128], aid[16], life = 0;
	size_t n = from_hex("E310 4F07A0000002471001 9F700107 C50100 E30E 4F08A000000151000000 9F70010F", b, sizeof b);

	(void)state;
	assert_int_equal(gp_get_status_parse(bytes_of(b, n), bytes_of(aid, from_hex("A0000002471001", aid, 16)), &life).code,
			 CC_OK);
	assert_int_equal(life, 0x07);
	assert_int_equal(gp_get_status_parse(bytes_of(b, n), bytes_of(aid, from_hex("A000000151000000", aid, 16)), &life).code,
			 CC_OK);
	assert_int_equal(life, 0x0F);
	assert_int_equal(gp_get_status_parse(bytes_of(b, n), bytes_of(aid, from_hex("A0000002471002", aid, 16)), &life).code,
			 CC_E_NOT_FOUND);
	assert_only_whole("E30E 4F08A000000151000000 9F70010F", parse_status);
}

/* ---- commands */

static void commands_are_those_of_the_standard(void **state)
{
	struct gp_command c;
	uint8_t aid[16];
	size_t n = from_hex("A0000002471001", aid, sizeof aid);

	(void)state;
	assert_int_equal(gp_install_personalization_build(bytes_of(aid, n), &c).code, CC_OK);
	assert_int_equal(c.apdu.ins, 0xE6);
	assert_int_equal(c.apdu.p1, 0x20);
	assert_bytes(c.apdu.data, "0000 07 A0000002471001 000000");
	assert_int_equal(gp_get_status_build(GP_STATUS_ISD, bytes_of(aid, n), &c).code, CC_OK);
	assert_bytes(c.apdu.data, "4F07A0000002471001");
	assert_int_equal(c.apdu.p2, 0x02);
	gp_set_card_status_build(GP_CARD_SECURED, &c);
	assert_int_equal(c.apdu.p1, 0x80);
	assert_int_equal(c.apdu.p2, 0x0F);
	assert_int_equal(c.apdu.data.n, 0);
	assert_int_equal(gp_select_build(bytes_of(aid, 17), &c).code, CC_E_ARG);
	gp_get_data_build(0x9F7F, &c);
	assert_int_equal(c.apdu.p1, 0x9F);
	assert_int_equal(c.apdu.p2, 0x7F);
}

/* PUT KEY, read back with the DEK by a walk that shares nothing with the builder but the cursor. */
static void check_put_key(size_t key_len)
{
	struct scp03_keys keys = { 0 };
	const struct secret *in_order[] = { &keys.enc, &keys.mac, &keys.dek };
	struct secret dek = { 0 };
	struct gp_command c;
	struct cipher *cipher = NULL;
	struct cursor in;
	uint8_t raw[32], plain[32], version, type, len, key_bytes, kcv_len, kcv[3], answer[10], zero[16] = { 0 };
	struct bytes text, check;

	for (size_t i = 0; i < sizeof raw; i++)
		raw[i] = (uint8_t)(i * 7 + 1);
	secret_set(&keys.enc, raw, key_len);
	raw[0] = 0x55;
	secret_set(&keys.mac, raw, key_len);
	raw[1] = 0x66;
	secret_set(&keys.dek, raw, key_len);
	raw[2] = 0x77;
	secret_set(&dek, raw, key_len);
	assert_int_equal(scp03_alg(key_len, &keys.alg).code, CC_OK);
	assert_int_equal(gp_put_key_build(&dek, &keys, 0x30, 0x31, &c).code, CC_OK);
	assert_int_equal(c.apdu.p1, 0x30);
	assert_int_equal(c.apdu.p2, 0x81);
	assert_int_equal(cipher_new(keys.alg, bytes_of(dek.p, dek.n), &cipher).code, CC_OK);
	cursor_init(&in, c.apdu.data);
	assert_true(cursor_u8(&in, &version));
	assert_int_equal(version, 0x31);
	answer[0] = 0x31;
	for (size_t i = 0; i < 3; i++) {
		assert_true(cursor_u8(&in, &type) && cursor_u8(&in, &len) && cursor_u8(&in, &key_bytes));
		assert_int_equal(type, 0x88);
		assert_int_equal(key_bytes, key_len);
		assert_int_equal((len - 1) % 16, 0);
		assert_true(cursor_take(&in, (size_t)len - 1, &text));
		assert_int_equal(cipher_cbc_decrypt(cipher, zero, text, plain).code, CC_OK);
		assert_memory_equal(plain, in_order[i]->p, key_len);
		assert_true(cursor_u8(&in, &kcv_len) && cursor_take(&in, 3, &check));
		assert_int_equal(kcv_len, 3);
		assert_int_equal(scp03_key_check_value(bytes_of(plain, key_len), kcv).code, CC_OK);
		assert_memory_equal(check.p, kcv, 3);
		memcpy(answer + 1 + 3 * i, kcv, 3);
	}
	assert_int_equal(cursor_end(&in).code, CC_OK);
	assert_int_equal(gp_put_key_parse(bytes_of(answer, 10), &keys, 0x31).code, CC_OK);
	for (size_t n = 0; n < 10; n++)
		assert_int_equal(gp_put_key_parse(bytes_of(answer, n), &keys, 0x31).code, CC_E_FORMAT);
	assert_int_equal(gp_put_key_parse(bytes_of(answer, 10), &keys, 0x30).code, CC_E_VERIFY);
	answer[9] ^= 1;
	assert_int_equal(gp_put_key_parse(bytes_of(answer, 10), &keys, 0x31).code, CC_E_VERIFY);
	cipher_free(&cipher);
	gp_command_done(&c);
}

static void put_key_carries_three_encrypted_keys(void **state)
{
	(void)state;
	check_put_key(16);
	check_put_key(24);
	check_put_key(32);
}

/* ---- STORE DATA */

static void dgi_lengths_follow_the_standard(void **state)
{
	static uint8_t content[65536];
	static const struct {
		size_t n;
		const char *head;
	} cases[] = { { 0, "010100" }, { 254, "0101FE" }, { 255, "0101FF00FF" }, { 65535, "0101FFFFFF" } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct writer w;
		uint8_t head[8];
		size_t n = from_hex(cases[i].head, head, sizeof head);

		writer_init(&w, 70000);
		gp_dgi_put(&w, 0x0101, bytes_of(content, cases[i].n));
		assert_int_equal(writer_view(&w).n, n + cases[i].n);
		assert_memory_equal(writer_view(&w).p, head, n);
		writer_done(&w);
	}
	struct writer w;
	struct buf out = { 0 };

	writer_init(&w, 70000);
	gp_dgi_put(&w, 0x0101, bytes_of(content, 65536));
	assert_int_equal(writer_finish(&w, &out).code, CC_E_LIMIT);
	writer_done(&w);
}

/* Every block but the last is full, in order, and together they are the input. */
static void check_packing(size_t total, size_t room, bool last, bool answer)
{
	static uint8_t data[4096];
	struct gp_store_data s;
	struct apdu cmd;
	size_t sent = 0, count = 0;

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 31 >> 3);
	gp_store_data_init(&s, bytes_of(data, total), room, 5, last, answer);
	while (gp_store_data_next(&s, &cmd)) {
		bool final = sent + cmd.data.n == total;

		assert_true(final || cmd.data.n == room);
		assert_int_equal(cmd.p2, (uint8_t)(5 + count));
		assert_int_equal(cmd.p1, (final && last ? 0x88 : 0x08) | (final && answer ? 0x01 : 0x00));
		assert_int_equal(cmd.le, 256);
		if (cmd.data.n)
			assert_memory_equal(cmd.data.p, data + sent, cmd.data.n);
		sent += cmd.data.n;
		count++;
		assert_true(count <= 5000);
	}
	assert_int_equal(sent, total);
	assert_int_equal(count, gp_store_data_count(total, room));
	assert_int_equal(count, total ? (total + room - 1) / room : 1);
}

static void store_data_fills_every_block(void **state)
{
	(void)state;
	for (size_t total = 0; total < 1200; total += 7)
		for (size_t room = 1; room < 260; room += 13)
			check_packing(total, room, total % 2 == 0, room % 2 == 0);
	check_packing(478, 239, true, true);
	check_packing(4096, 239, false, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cplc_is_read_whole),
		cmocka_unit_test(fci_names_the_aid),
		cmocka_unit_test(status_list_is_searched_by_aid),
		cmocka_unit_test(commands_are_those_of_the_standard),
		cmocka_unit_test(put_key_carries_three_encrypted_keys),
		cmocka_unit_test(dgi_lengths_follow_the_standard),
		cmocka_unit_test(store_data_fills_every_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
