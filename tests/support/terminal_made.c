/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/terminal_made.h"

#include <stdio.h>

#define MUST(st) must((st), &err)

static void must(cc_status st, const struct cc_error *err)
{
	if (cc_failed(st) && err->key != NULL)
		(void)fprintf(stderr, "%s: %s\n", err->key, err->detail);
	CC_ASSERT(!cc_failed(st));
}

static void make_key(struct terminal_made *m, const struct terminal_made_options *o, const char *label)
{
	struct keystore_key_info info = { .kind = o->rsa_bits > 0 ? KEYSTORE_RSA : KEYSTORE_EC,
					  .curve = o->curve,
					  .bits = o->rsa_bits };

	(void)snprintf(info.label, sizeof info.label, "%s", label);
	CC_ASSERT(!cc_failed(keystore_generate(m->ks, &info)));
}

/* Signed as a country or verifier would, without cvca_issue's checks: tests want wrong ones too. */
struct buf terminal_made_cert(struct terminal_made *m, const char *issuer_label, const char *car, const char *holder_label,
			      const char *chr, enum cvc_role role, uint8_t rights, uint32_t effective, uint32_t expiration)
{
	struct cvc_fields f = { .car = car,
				.chr = chr,
				.key_alg = m->alg,
				.with_domain = role == CVC_ROLE_CVCA,
				.terminal = CVC_INSPECTION_SYSTEM,
				.role = role,
				.rights = rights,
				.effective = effective,
				.expiration = expiration };
	struct keystore_key_info info;
	struct buf spki = { 0 }, body = { 0 }, sig = { 0 }, plain = { 0 }, cert = { 0 };
	struct cc_error err;

	cc_error_init(&err);
	MUST(keystore_public_key(m->ks, holder_label, &spki));
	f.spki = buf_view(&spki);
	MUST(cvc_body_build(&f, &body, &err));
	MUST(keystore_sign(m->ks, issuer_label, m->alg, buf_view(&body), &sig));
	MUST(keystore_info(m->ks, issuer_label, &info));
	if (m->alg.scheme == SIG_ECDSA)
		MUST(ec_sig_to_plain(buf_view(&sig), ec_order_len(info.curve), &plain));
	else
		buf_move(&plain, &sig);
	MUST(cvc_assemble(buf_view(&body), buf_view(&plain), &cert));
	buf_done(&spki);
	buf_done(&body);
	buf_done(&sig);
	buf_done(&plain);
	return cert;
}

void terminal_made_init(struct terminal_made *m, const struct terminal_made_options *o)
{
	static const char *const labels[] = { "cvca-1", "cvca-2", "dv-1", "terminal-1" };
	uint32_t from = o->effective != 0 ? o->effective : 20251201, to = o->expiration != 0 ? o->expiration : 20261231;
	struct writer w;
	struct cc_error err;
	char path[256];

	*m = (struct terminal_made){ .alg = o->alg };
	cc_error_init(&err);
	fixture_folder(&m->folder);
	fixture_sys(&m->sys);
	fixture_path(&m->folder, "keys.ccks", path, sizeof path);
	MUST(keystore_file_create_cost(path, BYTES_LITERAL("pw"), (struct password_cost){ 8192, 1, 1 }, &m->sys.sys, &m->ks, &err));
	for (size_t i = 0; i < 4; i++)
		make_key(m, o, labels[i]);
	m->cvca = terminal_made_cert(m, "cvca-1", "VNCVCA00001", "cvca-1", "VNCVCA00001", CVC_ROLE_CVCA, 3, 20251201, 20281231);
	m->cvca2 = terminal_made_cert(m, "cvca-2", "VNCVCA00002", "cvca-2", "VNCVCA00002", CVC_ROLE_CVCA, 3, 20251201, 20281231);
	m->link = terminal_made_cert(m, "cvca-1", "VNCVCA00001", "cvca-2", "VNCVCA00002", CVC_ROLE_CVCA, 3, 20251201, 20281231);
	m->dv = terminal_made_cert(m, o->by_second ? "cvca-2" : "cvca-1", o->by_second ? "VNCVCA00002" : "VNCVCA00001", "dv-1",
				   "VNDVPOL00001", CVC_ROLE_DV_DOMESTIC, o->rights, from, to);
	m->own = terminal_made_cert(m, "dv-1", "VNDVPOL00001", "terminal-1", "VNIS00000001", CVC_ROLE_TERMINAL, o->rights, from,
				    to);
	writer_init(&w, 16384);
	writer_put(&w, buf_view(&m->cvca));
	writer_put(&w, buf_view(&m->dv));
	writer_put(&w, buf_view(&m->link));
	MUST(writer_finish(&w, &m->others));
	MUST(terminal_init(&m->terminal, m->ks, "terminal-1", buf_view(&m->own), buf_view(&m->others), &err));
}

void terminal_made_done(struct terminal_made *m)
{
	keystore_close(&m->ks);
	buf_done(&m->cvca);
	buf_done(&m->cvca2);
	buf_done(&m->link);
	buf_done(&m->dv);
	buf_done(&m->own);
	buf_done(&m->others);
	fixture_folder_done(&m->folder);
}
