/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz_entry.h"

#include "card/access/sm.h"
#include "crypto/base/secret.h"
#include "crypto/base/tlv.h"

#include <string.h>

/*
 * Answers under secure messaging. Input: cipher and mode (1), then the answer. Without the MAC nothing may pass; with mode bit 4
 * the harness, which knows the keys, appends a right DO8E, so that what is behind the MAC is reached.
 */
#define MODE_SIGN 0x10
#define MODE_ENCRYPT 0x20

static const uint8_t key[32] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10 };
static const uint8_t ssc_start[CIPHER_BLOCK_MAX];

/* DO8E over SSC 1 and everything in w. */
static void sign(enum cipher_alg alg, struct writer *w)
{
	static const uint8_t pad[CIPHER_BLOCK_MAX] = { 0x80 };
	size_t block = cipher_block_len(alg);
	uint8_t ssc[CIPHER_BLOCK_MAX] = { 0 }, out[CIPHER_BLOCK_MAX];
	struct bytes parts[] = { bytes_of(ssc, block), writer_view(w), bytes_of(pad, block - w->n % block) };
	struct mac *m = NULL;

	ssc[block - 1] = 1;
	CC_ASSERT(!cc_failed(mac_new(alg, bytes_of(key, cipher_key_len(alg)), &m)));
	CC_ASSERT(!cc_failed(mac_compute(m, parts, 3, out)));
	tlv_put(w, 0x8E, bytes_of(out, 8));
	mac_free(&m);
}

/* DO87 whose plain text, padding included, is the input cut to blocks: the padding is then what is tried. */
static void encrypt(enum cipher_alg alg, struct bytes plain, struct writer *w)
{
	size_t block = cipher_block_len(alg), n = plain.n / block * block;
	uint8_t iv[CIPHER_BLOCK_MAX] = { 0 }, ssc[CIPHER_BLOCK_MAX] = { 0 };
	struct buf text = { 0 };
	struct cipher *c = NULL;

	CC_ASSERT(!cc_failed(buf_copy(&text, bytes_of(plain.p, n))));
	CC_ASSERT(!cc_failed(cipher_new(alg, bytes_of(key, cipher_key_len(alg)), &c)));
	ssc[block - 1] = 1;
	if (alg != CIPHER_TDES)
		CC_ASSERT(!cc_failed(cipher_encrypt_block(c, ssc, iv)));
	CC_ASSERT(!cc_failed(cipher_cbc_encrypt(c, iv, buf_view(&text), text.p)));
	tlv_open(w, 0x87);
	writer_u8(w, 0x01);
	writer_put(w, buf_view(&text));
	tlv_close(w);
	tlv_put(w, 0x99, BYTES_LITERAL("\x90\x00"));
	cipher_free(&c);
	buf_done(&text);
}

static void try_answer(enum cipher_alg alg, struct bytes answer, bool is_signed)
{
	struct secure_layer *l = NULL;
	struct response raw = { .sw = 0x9000 }, r = { 0 };
	struct bytes k = bytes_of(key, cipher_key_len(alg));
	cc_status st;

	CC_ASSERT(!cc_failed(sm_new(alg, k, k, bytes_of(ssc_start, cipher_block_len(alg)), &l)));
	CC_ASSERT(!cc_failed(buf_copy(&raw.data, answer)));
	st = l->ops->unwrap(l, &raw, &r);
	CC_ASSERT(is_signed || cc_failed(st));
	if (cc_failed(st))
		CC_ASSERT(st.code == CC_E_VERIFY && r.data.p == NULL && r.sw == 0);
	else
		CC_ASSERT(r.data.n < answer.n);
	response_done(&raw);
	response_done(&r);
	l->ops->free(l);
}

/* Whatever the command: the room that the layer promises holds, and two wraps of the same command differ. */
static void try_command(enum cipher_alg alg, struct bytes data)
{
	struct secure_layer *l = NULL;
	struct bytes k = bytes_of(key, cipher_key_len(alg));
	struct apdu cmd = { .ins = data.n > 0 ? data.p[0] : 0xB0, .data = data, .le = data.n > 1 ? data.p[1] : 0 }, first, second;
	struct writer one, two;
	size_t room;

	CC_ASSERT(!cc_failed(sm_new(alg, k, k, bytes_of(ssc_start, cipher_block_len(alg)), &l)));
	room = l->ops->command_room(l, 255);
	if (cmd.data.n > room)
		cmd.data.n = room;
	writer_init(&one, 1024);
	writer_init(&two, 1024);
	CC_ASSERT(!cc_failed(l->ops->wrap(l, &cmd, false, &one, &first)));
	CC_ASSERT(!cc_failed(l->ops->wrap(l, &cmd, false, &two, &second)));
	CC_ASSERT(first.data.n <= 255 && first.data.n == second.data.n && !bytes_equal(first.data, second.data));
	writer_done(&one);
	writer_done(&two);
	l->ops->free(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor in;
	struct bytes answer;
	struct writer w;
	enum cipher_alg alg;
	uint8_t mode;

	cursor_init(&in, bytes_of(data, size));
	if (!cursor_u8(&in, &mode))
		return 0;
	alg = (enum cipher_alg)(mode % CIPHER_ALG_COUNT);
	answer = cursor_rest(&in);
	try_answer(alg, answer, false);
	writer_init(&w, size + 64);
	if ((mode & MODE_ENCRYPT) != 0)
		encrypt(alg, answer, &w);
	else
		writer_put(&w, answer);
	if ((mode & (MODE_SIGN | MODE_ENCRYPT)) != 0) {
		sign(alg, &w);
		try_answer(alg, writer_view(&w), true);
	}
	try_command(alg, answer);
	writer_done(&w);
	return 0;
}
