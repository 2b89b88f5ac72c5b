/* SPDX-License-Identifier: Apache-2.0 */
#include "card/access/terminal_auth.h"

#include "card/lds/mrz.h"
#include "card/sw.h"
#include "crypto/base/tlv.h"

#include <stdio.h>
#include <string.h>

#define CHALLENGE_LEN 8
#define MESSAGE_MAX 512
#define DOCUMENT_NUMBER_LEN 9

/* ---- certificates */
static bool usable(const struct cvc *c)
{
	return !c->is_request && c->chat.terminal == CVC_INSPECTION_SYSTEM;
}

cc_status terminal_init(struct terminal *t, struct keystore *ks, const char *label, struct bytes own, struct bytes others,
			struct cc_error *err)
{
	struct terminal out = { .ks = ks };
	struct cursor in;
	struct tlv cert;
	cc_status st = cvc_parse(own, &out.certs[0], err);

	if (cc_failed(st))
		return st;
	if (!usable(&out.certs[0]) || out.certs[0].chat.role != CVC_ROLE_TERMINAL)
		return cc_fail(err, CC_E_ARG, "access.terminal-role", "%s is no inspection system", out.certs[0].chr);
	(void)snprintf(out.label, sizeof out.label, "%s", label);
	out.count = 1;
	cursor_init(&in, others);
	while (cursor_left(&in) > 0) {
		if (!tlv_next(&in, TLV_LENIENT, &cert))
			return cc_fail(err, CC_E_FORMAT, "cvc.structure", "certificates of the chain");
		if (out.count == TERMINAL_CERTS_MAX)
			return cc_fail(err, CC_E_LIMIT, "cvc.structure", "more than %d certificates", TERMINAL_CERTS_MAX);
		if (!cc_failed(cvc_parse(cert.whole, &out.certs[out.count], NULL)) && usable(&out.certs[out.count]))
			out.count++;
	}
	*t = out;
	return cc_ok();
}

/* Who signed `c`; self-signed ones lead nowhere. */
static const struct cvc *issuer_of(const struct terminal *t, const struct cvc *c)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct cvc *by = &t->certs[i];

		if (strcmp(by->chr, c->car) == 0 && strcmp(by->car, by->chr) != 0 && by->chat.role != CVC_ROLE_TERMINAL)
			return by;
	}
	return NULL;
}

cc_status terminal_path(const struct terminal *t, const char *car, const struct cvc **ret, size_t *ret_count)
{
	const struct cvc *up[CVC_CHAIN_MAX];
	const struct cvc *c = &t->certs[t->own];
	size_t n = 0;

	/* From below: a terminal has one issuer, an authority may have many holders. */
	for (; c != NULL && n < CVC_CHAIN_MAX; c = issuer_of(t, c)) {
		up[n++] = c;
		if (strcmp(c->car, car) != 0)
			continue;
		for (size_t i = 0; i < n; i++)
			ret[i] = up[n - 1 - i];
		*ret_count = n;
		return cc_ok();
	}
	return cc_code_status(CC_E_NOT_FOUND);
}

/* ---- EF.CVCA and the chip's identity */
static bool take_car(struct cursor *in, char out[CVC_REFERENCE_MAX + 1])
{
	struct bytes text;

	if (!tlv_expect_bytes(in, TLV_LENIENT, 0x42, &text) || text.n == 0 || text.n > CVC_REFERENCE_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < 0x20 || text.p[i] > 0x7E)
			return false;
	}
	memcpy(out, text.p, text.n);
	return true;
}

cc_status ef_cvca_parse(struct bytes file, struct ef_cvca *ret)
{
	struct ef_cvca out = { 0 };
	struct cursor in;
	uint8_t b;

	cursor_init(&in, file);
	if (!take_car(&in, out.car[0]) || (tlv_is_next(&in, 0x42) && !take_car(&in, out.car[1])))
		return cc_code_status(CC_E_FORMAT);
	while (cursor_left(&in) > 0) {
		if (!cursor_u8(&in, &b) || b != 0)
			return cc_code_status(CC_E_FORMAT);
	}
	*ret = out;
	return cc_ok();
}

/* BSI TR-03110-1 3.4: ID_PICC is the document number as it stands in the MRZ, with its check digit. */
cc_status terminal_auth_bac_id(const char *document_number, char ret[32])
{
	char number[24];
	size_t n = strlen(document_number);
	char digit;

	if (n == 0 || n >= sizeof number)
		return cc_code_status(CC_E_ARG);
	memset(number, '<', sizeof number);
	memcpy(number, document_number, n);
	if (n < DOCUMENT_NUMBER_LEN)
		n = DOCUMENT_NUMBER_LEN;
	if (!mrz_check_digit(bytes_of(number, n), &digit))
		return cc_code_status(CC_E_ARG);
	(void)snprintf(ret, 32, "%.*s%c", (int)n, number, digit);
	return cc_ok();
}

/* ---- the protocol */
static cc_status send_step(struct channel *ch, const struct apdu *cmd, struct writer *w, const char *step, const char *name)
{
	struct apdu c = *cmd;
	struct response r = { 0 };
	char text[48];
	cc_status st;

	if (w->failed != CC_OK)
		return cc_fail(&ch->err, w->failed, "access.crypto", "terminal authentication: %s", step);
	c.data = writer_view(w);
	st = channel_send(ch, &c, &r);
	if (!cc_failed(st) && r.sw != SW_OK)
		st = cc_fail(&ch->err, CC_E_DENIED, "access.terminal-refused", "%s %s: %s", step, name, sw_text(r.sw, text));
	response_done(&r);
	return st;
}

/* TR-03110-3 B.11.4, B.11.7: MSE:Set DST (P2 B6) and MSE:Set AT (P2 A4) with 83 reference. */
static cc_status mse_set(struct channel *ch, uint8_t p2, const char *reference)
{
	const struct apdu cmd = { .ins = 0x22, .p1 = 0x81, .p2 = p2 };
	struct writer w;
	cc_status st;

	writer_init(&w, 64);
	tlv_put(&w, 0x83, bytes_str(reference));
	st = send_step(ch, &cmd, &w, p2 == 0xB6 ? "MSE:Set DST" : "MSE:Set AT", reference);
	writer_done(&w);
	return st;
}

/* TR-03110-3 B.11.5: PSO: Verify Certificate with body and signature, without the template 7F21. */
static cc_status verify_certificate(struct channel *ch, const struct cvc *c)
{
	const struct apdu cmd = { .ins = 0x2A, .p1 = 0x00, .p2 = 0xBE };
	struct writer w;
	cc_status st = mse_set(ch, 0xB6, c->car);

	if (cc_failed(st))
		return st;
	writer_init(&w, CVC_LEN_MAX);
	writer_put(&w, c->body);
	tlv_put(&w, 0x5F37, c->signature);
	st = send_step(ch, &cmd, &w, "PSO: Verify Certificate", c->chr);
	writer_done(&w);
	return st;
}

static cc_status get_challenge(struct channel *ch, uint8_t out[CHALLENGE_LEN])
{
	const struct apdu cmd = { .ins = 0x84, .le = CHALLENGE_LEN };
	struct response r = { 0 };
	struct cursor in;
	char text[48];
	cc_status st = channel_send(ch, &cmd, &r);

	cursor_init(&in, buf_view(&r.data));
	if (!cc_failed(st) && r.sw != SW_OK)
		st = cc_fail(&ch->err, CC_E_DENIED, "access.terminal-refused", "GET CHALLENGE: %s", sw_text(r.sw, text));
	else if (!cc_failed(st) && (!cursor_copy(&in, out, CHALLENGE_LEN) || cc_failed(cursor_end(&in))))
		st = cc_fail(&ch->err, CC_E_FORMAT, "card.bad-answer", "challenge of %zu bytes", r.data.n);
	response_done(&r);
	return st;
}

/* The key store signs ECDSA as DER; a chip reads r || s (TR-03110-3 A.7.3.2). */
static cc_status sign(const struct terminal *t, struct bytes message, struct buf *ret, struct cc_error *err)
{
	const struct cvc_key *key = &t->certs[t->own].key;
	struct keystore_key_info info;
	struct buf der = { 0 };
	cc_status st = keystore_info(t->ks, t->label, &info);

	if (!cc_failed(st))
		st = keystore_sign(t->ks, t->label, key->alg, message, &der);
	if (cc_failed(st)) {
		keystore_error(t->ks, err);
		goto out;
	}
	if (key->alg.scheme == SIG_ECDSA)
		st = ec_sig_to_plain(buf_view(&der), ec_order_len(info.curve), ret);
	else
		buf_move(ret, &der);
	if (cc_failed(st))
		st = cc_fail(err, st.code, "access.crypto", "terminal authentication: signature");
out:
	buf_done(&der);
	return st;
}

/* ICAO 9303-11 7.1.2 step 4: s = Sign(SK_IFD, ID_IC || r_IC || Comp(PK_DH,IFD)) */
static cc_status external_authenticate(struct channel *ch, const struct terminal_auth_params *p)
{
	const struct apdu cmd = { .ins = 0x82 };
	uint8_t challenge[CHALLENGE_LEN];
	struct writer message, w;
	struct buf sig = { 0 };
	cc_status st = get_challenge(ch, challenge);

	if (cc_failed(st))
		return st;
	writer_init(&message, MESSAGE_MAX);
	writer_init(&w, CVC_LEN_MAX);
	writer_put(&message, p->chip_id);
	writer_put(&message, bytes_of(challenge, sizeof challenge));
	writer_put(&message, p->compressed);
	if (message.failed != CC_OK)
		st = cc_fail(&ch->err, message.failed, "access.crypto", "terminal authentication: message");
	else
		st = sign(p->terminal, writer_view(&message), &sig, &ch->err);
	if (!cc_failed(st)) {
		writer_put(&w, buf_view(&sig));
		st = send_step(ch, &cmd, &w, "EXTERNAL AUTHENTICATE", p->terminal->certs[p->terminal->own].chr);
	}
	buf_done(&sig);
	writer_done(&message);
	writer_done(&w);
	return st;
}

cc_status terminal_auth_run(struct channel *ch, const struct terminal_auth_params *p, uint8_t *ret_rights)
{
	const struct cvc *path[CVC_CHAIN_MAX];
	size_t n = 0;
	uint8_t rights = CVC_READ_DG3 | CVC_READ_DG4;
	cc_status st = cc_code_status(CC_E_NOT_FOUND);

	for (size_t i = 0; i < 2 && cc_failed(st); i++) {
		if (p->trust.car[i][0] != '\0')
			st = terminal_path(p->terminal, p->trust.car[i], path, &n);
	}
	if (cc_failed(st)) {
		cc_error_init(&ch->err);
		return cc_fail(&ch->err, CC_E_NOT_FOUND, "access.terminal-no-path", "the chip trusts %s %s", p->trust.car[0],
			       p->trust.car[1]);
	}
	for (size_t i = 0; i < n; i++) {
		if (cc_failed(st = verify_certificate(ch, path[i])))
			return st;
		if (path[i]->chat.role != CVC_ROLE_CVCA)
			rights &= path[i]->chat.rights;
	}
	if (cc_failed(st = mse_set(ch, 0xA4, path[n - 1]->chr)) || cc_failed(st = external_authenticate(ch, p)))
		return st;
	*ret_rights = rights;
	return st;
}
