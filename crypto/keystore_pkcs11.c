/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keystore_pkcs11.h"

#include "crypto/base/secret.h"
#include "crypto/kdf.h"
#include "crypto/pkcs11_key.h"
#include "crypto/pkcs11_token.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LIMIT_MS 20000u
#define GENERATE_LIMIT_MS 300000u
#define LOCK_WAIT_MS 50
#define LIST_MAX 1024
#define CMAC_INPUT_MAX 512
#define POINT_MAX 133 /* on P-521 */

struct keystore_pkcs11 {
	struct keystore base;
	const struct sys *sys;
	struct pkcs11_token *token;
	char lock_path[PATH_MAX];
	pthread_mutex_t generating;
	unsigned limit_ms, generate_limit_ms;
};

static const struct keystore_ops pkcs11_ops;

static struct keystore_pkcs11 *store_of(struct keystore *ks)
{
	CC_ASSERT(ks->ops == &pkcs11_ops);
	return (struct keystore_pkcs11 *)ks;
}

/* ---- one operation with what goes in and what comes out; it owns all of it, as it may outlive its caller */

struct request {
	struct pkcs11_job job; /* first */
	struct keystore_key_info info;
	struct sig_alg alg;
	struct digest digest;
	struct buf in, out;
	uint8_t key_id;
	bool made;
	struct secret secret;
	struct keystore_key_info *infos;
	size_t count;
	struct keystore_pkcs11_state state;
};

static struct request *request_of(struct pkcs11_job *job)
{
	return (struct request *)job;
}

static void request_free(struct pkcs11_job *job)
{
	struct request *r = request_of(job);

	buf_done(&r->in);
	buf_done(&r->out);
	cc_free(r->infos, LIST_MAX * sizeof *r->infos);
	cc_free(r, sizeof *r);
}

static cc_status request_new(const char *label, cc_status (*run)(struct pkcs11_job *, struct pkcs11_session *, struct cc_error *),
			     struct request **ret, struct cc_error *err)
{
	struct request *r = cc_alloc(sizeof *r);

	if (r == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "request");
	r->job.run = run;
	r->job.free = request_free;
	r->job.with_session = true;
	(void)snprintf(r->info.label, sizeof r->info.label, "%s", label);
	*ret = r;
	return cc_ok();
}

static cc_status pass_on(struct keystore_pkcs11 *p, cc_status st, const struct cc_error *err)
{
	if (!cc_failed(st))
		return st;
	if (err->code == CC_OK)
		return keystore_fail(&p->base, st.code, "keystore.failed", "%s", cc_code_name(st.code));
	return keystore_fail(&p->base, err->code, err->key, "%s", err->detail);
}

/* ---- making keys */

/* As the file store's: makers of keys in all processes queue here. */
static cc_status lock_makers(struct keystore_pkcs11 *p, int *ret_fd, struct cc_error *err)
{
	int fd;

	*ret_fd = -1;
	if (p->lock_path[0] == '\0')
		return cc_ok();
	fd = open(p->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return cc_fail(err, CC_E_IO, "file.io", "%s: %s", p->lock_path, strerror(errno));
	for (unsigned waited = 0; waited < p->generate_limit_ms; waited += LOCK_WAIT_MS) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
			*ret_fd = fd;
			return cc_ok();
		}
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		sys_sleep_ms(p->sys, LOCK_WAIT_MS);
	}
	(void)close(fd);
	return cc_fail(err, CC_E_BUSY, "keystore.busy", "%s: another process is making a key", p->lock_path);
}

static cc_status run_generate(struct pkcs11_job *job, struct pkcs11_session *s, struct cc_error *err)
{
	struct request *r = request_of(job);

	return pkcs11_key_generate(s, &r->info, &r->made, err);
}

static cc_status op_generate(struct keystore *ks, const struct keystore_key_info *want)
{
	struct keystore_pkcs11 *p = store_of(ks);
	struct request *r = NULL;
	struct cc_error err;
	int fd = -1;
	cc_status st;

	cc_error_init(&err);
	if (want->kind == KEYSTORE_TDES)
		return keystore_fail(ks, CC_E_UNSUPPORTED, "keystore.kind", "%s: no triple DES key in a token", want->label);
	st = pkcs11_token_check_process(p->token, &err);
	if (cc_failed(st))
		return pass_on(p, st, &err);
	(void)pthread_mutex_lock(&p->generating);
	st = lock_makers(p, &fd, &err);
	if (!cc_failed(st))
		st = request_new(want->label, run_generate, &r, &err);
	if (!cc_failed(st)) {
		r->info = *want;
		r->info.created_ms = sys_wall_ms(p->sys);
		st = pkcs11_token_run(p->token, &r->job, p->generate_limit_ms, &err);
		pkcs11_job_done(&r->job);
	}
	if (fd >= 0)
		(void)close(fd);
	(void)pthread_mutex_unlock(&p->generating);
	return pass_on(p, st, &err);
}

/* ---- looking */

static cc_status run_info(struct pkcs11_job *job, struct pkcs11_session *s, struct cc_error *err)
{
	struct request *r = request_of(job);
	struct pkcs11_key key;
	cc_status st = pkcs11_key_find(s, r->info.label, &key, err);

	if (!cc_failed(st))
		r->info = key.info;
	return st;
}

static cc_status op_info(struct keystore *ks, const char *label, struct keystore_key_info *ret)
{
	struct keystore_pkcs11 *p = store_of(ks);
	struct request *r = NULL;
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	st = request_new(label, run_info, &r, &err);
	if (!cc_failed(st)) {
		st = pkcs11_token_run(p->token, &r->job, p->limit_ms, &err);
		if (!cc_failed(st))
			*ret = r->info;
		pkcs11_job_done(&r->job);
	}
	return pass_on(p, st, &err);
}

static cc_status two_answers(const struct request *r, struct cc_error *err)
{
	return cc_fail(err, CC_E_VERIFY, "keystore.hsm-wrong", "%s: two answers to one question", r->info.label);
}

static cc_status run_public_key(struct pkcs11_job *job, struct pkcs11_session *s, struct cc_error *err)
{
	struct request *r = request_of(job);
	struct pkcs11_key key;
	struct buf again = { 0 };
	cc_status st = pkcs11_key_find(s, r->info.label, &key, err);

	if (!cc_failed(st))
		st = pkcs11_key_spki(s, &key, &r->out, err);
	/* Twice: a certificate says it for years. */
	if (!cc_failed(st))
		st = pkcs11_key_spki(s, &key, &again, err);
	if (!cc_failed(st) && !bytes_equal(buf_view(&r->out), buf_view(&again)))
		st = two_answers(r, err);
	buf_done(&again);
	return st;
}

static cc_status op_public_key(struct keystore *ks, const char *label, struct buf *ret_spki)
{
	struct keystore_pkcs11 *p = store_of(ks);
	struct request *r = NULL;
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	st = request_new(label, run_public_key, &r, &err);
	if (!cc_failed(st)) {
		st = pkcs11_token_run(p->token, &r->job, p->limit_ms, &err);
		if (!cc_failed(st))
			buf_move(ret_spki, &r->out);
		pkcs11_job_done(&r->job);
	}
	return pass_on(p, st, &err);
}

static int by_label(const void *a, const void *b)
{
	return strcmp(((const struct keystore_key_info *)a)->label, ((const struct keystore_key_info *)b)->label);
}

/* Tokens have an order of their own, and not twice the same. */
static cc_status run_list(struct pkcs11_job *job, struct pkcs11_session *s, struct cc_error *err)
{
	struct request *r = request_of(job);
	cc_status st = pkcs11_key_list(s, r->infos, LIST_MAX, &r->count, err);

	if (!cc_failed(st))
		qsort(r->infos, r->count < LIST_MAX ? r->count : LIST_MAX, sizeof *r->infos, by_label);
	return st;
}

static cc_status op_list(struct keystore *ks, struct keystore_key_info *ret, size_t cap, size_t *ret_count)
{
	struct keystore_pkcs11 *p = store_of(ks);
	struct request *r = NULL;
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	st = request_new("", run_list, &r, &err);
	if (cc_failed(st))
		return pass_on(p, st, &err);
	r->infos = cc_alloc(LIST_MAX * sizeof *r->infos);
	st = r->infos != NULL ? pkcs11_token_run(p->token, &r->job, p->limit_ms, &err)
			      : cc_fail(&err, CC_E_MEMORY, "memory", "keys");
	if (!cc_failed(st)) {
		for (size_t i = 0; i < r->count && i < cap && i < LIST_MAX; i++)
			ret[i] = r->infos[i];
		*ret_count = r->count;
	}
	pkcs11_job_done(&r->job);
	return pass_on(p, st, &err);
}

/* ---- using keys */

static cc_status run_sign(struct pkcs11_job *job, struct pkcs11_session *s, struct cc_error *err)
{
	struct request *r = request_of(job);
	struct pkcs11_key key;
	cc_status st = pkcs11_key_find(s, r->info.label, &key, err);

	if (cc_failed(st))
		return st;
	return pkcs11_key_sign(s, &key, r->alg, bytes_of(r->digest.p, r->digest.n), &r->out, err);
}

static cc_status op_sign(struct keystore *ks, const char *label, struct sig_alg alg, struct bytes message, struct buf *ret_sig)
{
	struct keystore_pkcs11 *p = store_of(ks);
	struct request *r = NULL;
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	st = request_new(label, run_sign, &r, &err);
	if (cc_failed(st))
		return pass_on(p, st, &err);
	r->alg = alg;
	st = hash_digest(alg.hash, message, &r->digest);
	if (!cc_failed(st))
		st = pkcs11_token_run(p->token, &r->job, p->limit_ms, &err);
	if (!cc_failed(st))
		buf_move(ret_sig, &r->out);
	pkcs11_job_done(&r->job);
	return pass_on(p, st, &err);
}

/* Twice, as no public key shows a wrong answer here: a card that is given wrong keys counts it, and locks itself. */
static cc_status cmac_twice(struct pkcs11_session *s, const struct pkcs11_key *key, struct bytes input,
			    uint8_t ret[PKCS11_CMAC_LEN], struct cc_error *err)
{
	uint8_t again[PKCS11_CMAC_LEN];
	cc_status st = pkcs11_key_cmac(s, key, input, ret, err);

	if (!cc_failed(st))
		st = pkcs11_key_cmac(s, key, input, again, err);
	if (!cc_failed(st) && !cc_equal(ret, PKCS11_CMAC_LEN, again, sizeof again))
		st = cc_fail(err, CC_E_VERIFY, "keystore.hsm-wrong", "%s: two answers to one question", key->info.label);
	cc_wipe(again, sizeof again);
	return st;
}

/* kdf.h kdf_kdf3, with the CMAC made in the token. */
static cc_status run_derive(struct pkcs11_job *job, struct pkcs11_session *s, struct cc_error *err)
{
	struct request *r = request_of(job);
	struct pkcs11_key key;
	uint8_t made[2 * PKCS11_CMAC_LEN];
	size_t done = 0;
	cc_status st = pkcs11_key_find(s, r->info.label, &key, err);

	if (!cc_failed(st) && key.info.kind != KEYSTORE_AES)
		st = cc_fail(err, CC_E_ARG, "keystore.kind", "%s is no AES key", r->info.label);
	for (uint8_t i = 1; !cc_failed(st) && done < key.info.bits / 8; i++, done += PKCS11_CMAC_LEN) {
		struct buf input = { 0 };

		st = kdf_kdf3_input(i, r->key_id, buf_view(&r->in), &input);
		if (!cc_failed(st))
			st = cmac_twice(s, &key, buf_view(&input), made + done, err);
		buf_done(&input);
	}
	if (!cc_failed(st))
		secret_set(&r->secret, made, key.info.bits / 8);
	cc_wipe(made, sizeof made);
	return st;
}

static cc_status op_derive_kdf3(struct keystore *ks, const char *label, uint8_t key_id, struct bytes diversification,
				struct secret *ret)
{
	struct keystore_pkcs11 *p = store_of(ks);
	struct request *r = NULL;
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	if (diversification.n > CMAC_INPUT_MAX)
		return keystore_fail(ks, CC_E_ARG, "keystore.failed", "%zu bytes of diversification data", diversification.n);
	st = request_new(label, run_derive, &r, &err);
	if (cc_failed(st))
		return pass_on(p, st, &err);
	r->key_id = key_id;
	st = buf_copy(&r->in, diversification);
	if (!cc_failed(st))
		st = pkcs11_token_run(p->token, &r->job, p->limit_ms, &err);
	if (!cc_failed(st))
		secret_set(ret, r->secret.p, r->secret.n);
	pkcs11_job_done(&r->job);
	return pass_on(p, st, &err);
}

/* Triple DES has no place in a token of today. */
static cc_status op_derive_tdes(struct keystore *ks, const char *label, enum kdf_tdes_scheme scheme, uint8_t key_id,
				struct bytes diversification, struct secret *ret)
{
	(void)scheme;
	(void)key_id;
	(void)diversification;
	(void)ret;
	return keystore_fail(ks, CC_E_UNSUPPORTED, "keystore.kind", "%s: the token has no triple DES keys", label);
}

static cc_status run_agree(struct pkcs11_job *job, struct pkcs11_session *s, struct cc_error *err)
{
	struct request *r = request_of(job);
	struct buf again = { 0 };
	struct pkcs11_key key;
	cc_status st = pkcs11_key_find(s, r->info.label, &key, err);

	if (!cc_failed(st))
		st = pkcs11_key_agree(s, &key, buf_view(&r->in), &r->out, err);
	/* Twice, as a card key. */
	if (!cc_failed(st))
		st = pkcs11_key_agree(s, &key, buf_view(&r->in), &again, err);
	if (!cc_failed(st) && !cc_equal(r->out.p, r->out.n, again.p, again.n))
		st = two_answers(r, err);
	buf_done(&again);
	return st;
}

static cc_status op_agree(struct keystore *ks, const char *label, struct bytes peer_point, struct buf *ret_x)
{
	struct keystore_pkcs11 *p = store_of(ks);
	struct request *r = NULL;
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	if (peer_point.n > POINT_MAX)
		return keystore_fail(ks, CC_E_VERIFY, "pubkey.bad-point", "%zu bytes", peer_point.n);
	st = request_new(label, run_agree, &r, &err);
	if (cc_failed(st))
		return pass_on(p, st, &err);
	st = buf_copy(&r->in, peer_point);
	if (!cc_failed(st))
		st = pkcs11_token_run(p->token, &r->job, p->limit_ms, &err);
	if (!cc_failed(st))
		buf_move(ret_x, &r->out);
	pkcs11_job_done(&r->job);
	return pass_on(p, st, &err);
}

static void op_close(struct keystore *ks)
{
	struct keystore_pkcs11 *p = store_of(ks);

	pkcs11_token_free(&p->token);
	(void)pthread_mutex_destroy(&p->generating);
	cc_free(p, sizeof *p);
}

static const struct keystore_ops pkcs11_ops = {
	.name = "pkcs11",
	.generate = op_generate,
	.info = op_info,
	.public_key = op_public_key,
	.sign = op_sign,
	.derive_kdf3 = op_derive_kdf3,
	.derive_tdes = op_derive_tdes,
	.agree = op_agree,
	.list = op_list,
	.close = op_close,
};

/* ---- opening */

static cc_status run_nothing(struct pkcs11_job *job, struct pkcs11_session *s, struct cc_error *err)
{
	(void)job;
	(void)s;
	(void)err;
	return cc_ok();
}

/* Shows that token and PIN are good. */
static cc_status try_session(struct keystore_pkcs11 *p, struct cc_error *err)
{
	struct request *r = NULL;
	cc_status st = request_new("", run_nothing, &r, err);

	if (cc_failed(st))
		return st;
	st = pkcs11_token_run(p->token, &r->job, p->limit_ms, err);
	pkcs11_job_done(&r->job);
	return st;
}

cc_status keystore_pkcs11_open(const struct keystore_pkcs11_params *params, struct keystore **ret, struct cc_error *err)
{
	const char *lock_path = params->lock_path != NULL ? params->lock_path : "";
	struct keystore_pkcs11 *p = cc_alloc(sizeof *p);
	cc_status st;

	if (p == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "key store");
	CC_ASSERT(pthread_mutex_init(&p->generating, NULL) == 0);
	p->base.ops = &pkcs11_ops;
	cc_error_init(&p->base.err);
	p->sys = params->sys;
	p->limit_ms = params->limit_ms != 0 ? params->limit_ms : LIMIT_MS;
	p->generate_limit_ms = params->generate_limit_ms != 0 ? params->generate_limit_ms : GENERATE_LIMIT_MS;
	if (snprintf(p->lock_path, sizeof p->lock_path, "%s", lock_path) >= (int)sizeof p->lock_path)
		st = cc_fail(err, CC_E_ARG, "file.io", "path too long");
	else
		st = pkcs11_token_new(params->module, params->token, params->pin, params->sessions_max, &p->token, err);
	if (!cc_failed(st))
		st = try_session(p, err);
	if (cc_failed(st))
		op_close(&p->base);
	else
		*ret = &p->base;
	return st;
}

/* ---- what doctor asks */

/* PKCS#11 pads with blanks. Others' text: what isn't printable ASCII is shown as '?'. */
static void copy_padded(char *out, const CK_UTF8CHAR *in, size_t n)
{
	while (n > 0 && (in[n - 1] == ' ' || in[n - 1] == '\0'))
		n--;
	for (size_t i = 0; i < n; i++)
		out[i] = (char)(in[i] >= 0x20 && in[i] < 0x7F ? in[i] : '?');
	out[n] = '\0';
}

static cc_status run_probe(struct pkcs11_job *job, struct pkcs11_session *s, struct cc_error *err)
{
	struct keystore_pkcs11_state *out = &request_of(job)->state;
	CK_TOKEN_INFO token;
	CK_INFO module;
	cc_status st = pkcs11_check(s, "C_GetInfo", s->f->C_GetInfo(&module), err);

	if (!cc_failed(st))
		st = pkcs11_check(s, "C_GetTokenInfo", s->f->C_GetTokenInfo(job->slot, &token), err);
	if (cc_failed(st))
		return st;
	copy_padded(out->library, module.libraryDescription, sizeof module.libraryDescription);
	copy_padded(out->manufacturer, token.manufacturerID, sizeof token.manufacturerID);
	copy_padded(out->model, token.model, sizeof token.model);
	copy_padded(out->serial, token.serialNumber, sizeof token.serialNumber);
	out->pin_locked = (token.flags & CKF_USER_PIN_LOCKED) != 0;
	out->pin_count_low = (token.flags & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY)) != 0;
	return st;
}

cc_status keystore_pkcs11_probe(const struct keystore_pkcs11_params *params, struct keystore_pkcs11_state *ret,
				struct cc_error *err)
{
	struct pkcs11_token *token = NULL;
	struct request *r = NULL;
	cc_status st = pkcs11_token_new(params->module, params->token, bytes_of(NULL, 0), 1, &token, err);

	if (!cc_failed(st))
		st = request_new("", run_probe, &r, err);
	if (!cc_failed(st)) {
		r->job.with_session = false;
		st = pkcs11_token_run(token, &r->job, params->limit_ms != 0 ? params->limit_ms : LIMIT_MS, err);
		if (!cc_failed(st))
			*ret = r->state;
		pkcs11_job_done(&r->job);
	}
	pkcs11_token_free(&token);
	return st;
}
