/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/chip_term.h"

#include "crypto/base/secret.h"
#include "crypto/base/tlv.h"

#include <string.h>

#define ANSWER_MAX 70000
#define MAC_SENT 8

static void must(cc_status st)
{
	CC_ASSERT(!cc_failed(st));
}

void chip_term_init(struct chip_term *t, struct softchip *chip, const struct sys *sys)
{
	*t = (struct chip_term){ .chip = chip, .sys = sys };
	chip_term_reset(t);
}

void chip_term_done(struct chip_term *t)
{
	buf_done(&t->id_picc);
	buf_done(&t->comp_pcd);
	cc_wipe(t, sizeof *t);
}

void chip_term_reset(struct chip_term *t)
{
	uint8_t atr[33];
	size_t n;

	must(softchip_power_on(t->chip, atr, &n));
	t->active = false;
	buf_done(&t->id_picc);
	buf_done(&t->comp_pcd);
}

/* ---- APDUs */

static void put_apdu(struct writer *w, const struct chip_term_command *c, struct bytes data, bool answer)
{
	bool extended = data.n > 255;

	writer_u8(w, c->cla);
	writer_u8(w, c->ins);
	writer_u8(w, c->p1);
	writer_u8(w, c->p2);
	if (extended)
		writer_u8(w, 0);
	if (extended)
		writer_u16(w, (uint16_t)data.n);
	else if (data.n > 0)
		writer_u8(w, (uint8_t)data.n);
	writer_put(w, data);
	if (answer && extended)
		writer_u16(w, 0);
	else if (answer)
		writer_u8(w, (uint8_t)c->le);
}

/* Memory runs out in this command. */
static bool arm_fault(struct chip_term *t)
{
	size_t k = t->fault_at;

	if (t->fault_command == 0 || --t->fault_command > 0)
		return false;
	CC_ASSERT(t->fault_begin(&k));
	return true;
}

/* False: the card was torn out by a planned fault, or had no memory for an answer. */
static bool transmit(struct chip_term *t, struct writer *command, struct writer *answer)
{
	struct buf c = { 0 };
	bool armed;
	cc_status st;

	must(writer_finish(command, &c));
	writer_init(answer, ANSWER_MAX);
	armed = arm_fault(t);
	st = softchip_transmit(t->chip, buf_view(&c), answer);
	if (armed)
		t->fault_hit = t->fault_end();
	CC_ASSERT(!cc_failed(st) || st.code == CC_E_DEVICE || (armed && st.code == CC_E_MEMORY));
	buf_done(&c);
	return !cc_failed(st);
}

static uint16_t take_sw(struct cursor *in)
{
	struct bytes sw;

	CC_ASSERT(cursor_take_back(in, 2, &sw));
	return (uint16_t)(sw.p[0] << 8 | sw.p[1]);
}

struct chip_term_answer chip_term_send_clear(struct chip_term *t, const struct chip_term_command *c)
{
	struct chip_term_answer a = { .bare = true };
	struct writer command, answer;
	struct cursor in;

	writer_init(&command, ANSWER_MAX);
	put_apdu(&command, c, c->data, c->le > 0);
	if (transmit(t, &command, &answer)) {
		cursor_init(&in, writer_view(&answer));
		a.sw = take_sw(&in);
		must(buf_copy(&a.data, cursor_rest(&in)));
	}
	writer_done(&answer);
	return a;
}

/* ---- secure messaging, ICAO 9303-11 9.8 */

static void step_counter(struct chip_term *t)
{
	for (size_t i = cipher_block_len(t->alg); i-- > 0;)
		if (++t->ssc[i] != 0)
			break;
}

static struct cipher *new_cipher(const struct chip_term *t)
{
	struct cipher *c = NULL;

	must(cipher_new(t->alg, bytes_of(t->enc, cipher_key_len(t->alg)), &c));
	return c;
}

static void make_iv(struct chip_term *t, struct cipher *c, uint8_t iv[CIPHER_BLOCK_MAX])
{
	memset(iv, 0, CIPHER_BLOCK_MAX);
	if (t->alg != CIPHER_TDES)
		must(cipher_encrypt_block(c, t->ssc, iv));
}

static void make_mac(const struct chip_term *t, struct bytes header, struct bytes objects, uint8_t out[CIPHER_BLOCK_MAX])
{
	size_t block = cipher_block_len(t->alg);
	struct mac *m = NULL;
	struct bytes part;
	struct writer w;

	writer_init(&w, ANSWER_MAX);
	writer_put(&w, bytes_of(t->ssc, block));
	if (header.n > 0)
		pad_iso9797_2(&w, header, block);
	if (objects.n > 0)
		pad_iso9797_2(&w, objects, block);
	part = writer_view(&w);
	must(mac_new(t->alg, bytes_of(t->mac, cipher_key_len(t->alg)), &m));
	must(mac_compute(m, &part, 1, out));
	mac_free(&m);
	writer_done(&w);
}

static void put_cryptogram(struct chip_term *t, bool odd, struct bytes data, struct writer *out)
{
	struct cipher *c = new_cipher(t);
	uint8_t iv[CIPHER_BLOCK_MAX];
	struct writer padded;
	struct buf text = { 0 };

	writer_init(&padded, ANSWER_MAX);
	pad_iso9797_2(&padded, data, cipher_block_len(t->alg));
	must(writer_finish(&padded, &text));
	make_iv(t, c, iv);
	must(cipher_cbc_encrypt(c, iv, buf_view(&text), text.p));
	tlv_open(out, odd ? 0x85 : 0x87);
	if (!odd)
		writer_u8(out, 0x01);
	writer_put(out, buf_view(&text));
	tlv_close(out);
	cipher_free(&c);
	buf_done(&text);
}

static void wrap(struct chip_term *t, const struct chip_term_command *c, struct writer *command)
{
	const uint8_t header[4] = { c->cla, c->ins, c->p1, c->p2 };
	uint8_t mac[CIPHER_BLOCK_MAX];
	struct writer objects;

	step_counter(t);
	writer_init(&objects, ANSWER_MAX);
	if (c->data.n > 0)
		put_cryptogram(t, (c->ins & 1) != 0, c->data, &objects);
	if (c->le > 0)
		tlv_put_u8(&objects, 0x97, (uint8_t)c->le);
	make_mac(t, bytes_of(header, sizeof header), writer_view(&objects), mac);
	tlv_put(&objects, 0x8E, bytes_of(mac, MAC_SENT));
	put_apdu(command, &(struct chip_term_command){ c->cla, c->ins, c->p1, c->p2, { 0 }, 256 }, writer_view(&objects), true);
	writer_done(&objects);
}

static void decrypt(struct chip_term *t, struct bytes text, struct buf *ret)
{
	struct cipher *c = new_cipher(t);
	uint8_t iv[CIPHER_BLOCK_MAX];
	struct buf plain = { 0 };
	struct bytes data;

	must(buf_zero(&plain, text.n));
	make_iv(t, c, iv);
	must(cipher_cbc_decrypt(c, iv, text, plain.p));
	must(pad_iso9797_2_strip(buf_view(&plain), cipher_block_len(t->alg), &data));
	must(buf_copy(ret, data));
	cipher_free(&c);
	buf_done(&plain);
}

static void unwrap(struct chip_term *t, bool odd, struct bytes answer, struct chip_term_answer *ret)
{
	uint8_t mac[CIPHER_BLOCK_MAX];
	struct bytes text = { 0 }, sw, sent, covered;
	struct cursor in, again;
	size_t before;
	uint8_t indicator = 1;

	step_counter(t);
	cursor_init(&in, answer);
	if (tlv_is_next(&in, odd ? 0x85 : 0x87))
		CC_ASSERT(tlv_expect_bytes(&in, TLV_STRICT, odd ? 0x85 : 0x87, &text));
	CC_ASSERT(tlv_expect_bytes(&in, TLV_STRICT, 0x99, &sw) && sw.n == 2);
	before = cursor_left(&in);
	CC_ASSERT(tlv_expect_bytes(&in, TLV_STRICT, 0x8E, &sent) && !cc_failed(cursor_end(&in)));
	cursor_init(&again, answer);
	CC_ASSERT(cursor_take(&again, answer.n - before, &covered));
	make_mac(t, bytes_of(NULL, 0), covered, mac);
	CC_ASSERT(cc_equal(sent.p, sent.n, mac, MAC_SENT));
	ret->sw = (uint16_t)(sw.p[0] << 8 | sw.p[1]);
	cursor_init(&in, text);
	if (text.n == 0)
		return;
	CC_ASSERT(odd || (cursor_u8(&in, &indicator) && indicator == 1));
	decrypt(t, cursor_rest(&in), &ret->data);
}

struct chip_term_answer chip_term_send(struct chip_term *t, const struct chip_term_command *c)
{
	struct chip_term_answer a = { 0 };
	struct writer command, answer;
	struct cursor in;

	if (!t->active)
		return chip_term_send_clear(t, c);
	writer_init(&command, ANSWER_MAX);
	wrap(t, c, &command);
	a.bare = true;
	if (transmit(t, &command, &answer)) {
		cursor_init(&in, writer_view(&answer));
		a.sw = take_sw(&in);
		a.bare = cursor_left(&in) == 0;
	}
	/* An answer without objects: the chip ended the session. */
	if (!a.bare)
		unwrap(t, (c->ins & 1) != 0, cursor_rest(&in), &a);
	else
		t->active = false;
	writer_done(&answer);
	return a;
}

uint16_t chip_term_sw(struct chip_term *t, uint8_t ins, uint8_t p1, uint8_t p2, struct bytes data, size_t le)
{
	struct chip_term_answer a =
		chip_term_send(t, &(struct chip_term_command){ t->active ? 0x0C : 0x00, ins, p1, p2, data, le });

	buf_done(&a.data);
	return a.sw;
}

uint16_t chip_term_clear_sw(struct chip_term *t, uint8_t ins, uint8_t p1, uint8_t p2, struct bytes data, size_t le)
{
	struct chip_term_answer a = chip_term_send_clear(t, &(struct chip_term_command){ 0x00, ins, p1, p2, data, le });

	buf_done(&a.data);
	return a.sw;
}

/* ---- files */

uint16_t chip_term_select_application(struct chip_term *t)
{
	return chip_term_sw(t, 0xA4, 0x04, 0x0C, BYTES_LITERAL("\xA0\x00\x00\x02\x47\x10\x01"), 0);
}

uint16_t chip_term_select_file(struct chip_term *t, uint16_t id)
{
	const uint8_t data[2] = { (uint8_t)(id >> 8), (uint8_t)id };

	return chip_term_sw(t, 0xA4, 0x02, 0x0C, bytes_of(data, sizeof data), 0);
}

struct buf chip_term_read(struct chip_term *t, uint16_t *ret_sw)
{
	struct buf file = { 0 };
	struct writer w;

	writer_init(&w, 65535);
	for (*ret_sw = 0x9000; *ret_sw == 0x9000;) {
		struct chip_term_answer a = chip_term_send(
			t, &(struct chip_term_command){
				   t->active ? 0x0C : 0x00, 0xB0, (uint8_t)(w.n >> 8), (uint8_t)w.n, { 0 }, 0xC8 });

		writer_put(&w, buf_view(&a.data));
		*ret_sw = a.sw;
		buf_done(&a.data);
	}
	/* The end of the file ends the reading. */
	if (*ret_sw == 0x6282 || (*ret_sw == 0x6B00 && w.n > 0))
		*ret_sw = 0x9000;
	must(writer_finish(&w, &file));
	return file;
}

struct buf chip_term_read_file(struct chip_term *t, uint16_t id, uint16_t *ret_sw)
{
	*ret_sw = chip_term_select_file(t, id);
	return *ret_sw == 0x9000 ? chip_term_read(t, ret_sw) : (struct buf){ 0 };
}
