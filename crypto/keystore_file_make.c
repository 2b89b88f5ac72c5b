/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keystore_file_internal.h"

#include "crypto/ec.h"
#include "crypto/rsa.h"

static cc_status make_ec(const struct keystore_key_info *want, struct buf *ret_spki, struct buf *ret_private)
{
	struct ec_domain *d = NULL;
	struct ec_key *k = NULL;
	cc_status st = ec_domain_new(want->curve, &d);

	if (!cc_failed(st))
		st = ec_key_generate(d, &k);
	if (!cc_failed(st))
		st = ec_spki_encode(want->curve, ec_key_public(k), EC_PARAMS_NAMED, ret_spki);
	if (!cc_failed(st))
		st = ec_key_scalar(k, ret_private);
	ec_key_free(&k);
	ec_domain_free(&d);
	return st;
}

static cc_status make_rsa(const struct keystore_key_info *want, struct buf *ret_spki, struct buf *ret_private)
{
	struct rsa_key *k = NULL;
	struct buf n = { 0 }, e = { 0 };
	cc_status st = rsa_key_generate(want->bits, &k);

	if (!cc_failed(st))
		st = rsa_key_numbers(k, &n, &e);
	if (!cc_failed(st))
		st = rsa_spki_encode(buf_view(&n), buf_view(&e), ret_spki);
	if (!cc_failed(st))
		st = rsa_key_export(k, ret_private);
	rsa_key_free(&k);
	buf_done(&n);
	buf_done(&e);
	return st;
}

static cc_status make_symmetric(struct keystore_file *f, const struct keystore_key_info *want, struct buf *ret_private)
{
	cc_status st = buf_zero(ret_private, want->bits / 8);

	return cc_failed(st) ? st : sys_random(f->sys, ret_private->p, ret_private->n);
}

static cc_status make_entry(struct keystore_file *f, const struct keystore_header *header, const struct keystore_key_info *want,
			    struct keystore_entry *ret)
{
	struct buf private = { 0 }, aad = { 0 };
	cc_status st = cc_code_status(CC_E_ARG);

	ret->info = *want;
	ret->info.created_ms = sys_wall_ms(f->sys);
	switch (want->kind) {
	case KEYSTORE_EC:
		ret->info.bits = (unsigned)(8 * ec_field_len(want->curve));
		st = make_ec(want, &ret->spki, &private);
		break;
	case KEYSTORE_RSA:
		st = make_rsa(want, &ret->spki, &private);
		break;
	case KEYSTORE_AES:
	case KEYSTORE_TDES:
		st = make_symmetric(f, want, &private);
		break;
	}
	if (!cc_failed(st))
		st = keystore_entry_aad(header, ret, &aad);
	if (!cc_failed(st))
		st = seal_encrypt(bytes_of(f->keys->seal, sizeof f->keys->seal), buf_view(&aad), buf_view(&private), f->sys,
				  &ret->sealed);
	buf_done(&private);
	buf_done(&aad);
	return st;
}

/* With both locks held. Memory follows the file, never the other way round. */
static cc_status append(struct keystore_file *f, struct keystore_entry *entry, struct cc_error *err)
{
	struct keystore_image *image = &f->image;
	uint64_t generation = image->generation;
	cc_status st = keystore_image_add(image, entry);

	if (cc_failed(st))
		return cc_fail(err, st.code, "keystore.full", "%zu keys", image->count);
	image->generation++;
	st = keystore_file_save(f, image, err);
	if (cc_failed(st)) {
		/* What the disk holds now is not known: the next call reads it again and takes what it finds. */
		keystore_image_done(image);
		image->generation = generation;
	}
	return st;
}

/* With the writers' lock held. The key is made outside f->lock: an RSA key takes a second and others are signing. */
static cc_status generate_locked(struct keystore_file *f, const struct keystore_key_info *want, struct cc_error *err)
{
	struct keystore_entry entry = { 0 };
	struct keystore_header header;
	cc_status st;

	(void)pthread_mutex_lock(&f->lock);
	st = keystore_file_reload(f, err);
	if (!cc_failed(st) && keystore_image_find(&f->image, want->label) != NULL)
		st = cc_fail(err, CC_E_EXISTS, "keystore.key-exists", "%s", want->label);
	header = f->image.header;
	(void)pthread_mutex_unlock(&f->lock);
	if (!cc_failed(st)) {
		kept_keys_enter();
		st = make_entry(f, &header, want, &entry);
		kept_keys_leave();
	}
	if (!cc_failed(st)) {
		(void)pthread_mutex_lock(&f->lock);
		st = append(f, &entry, err);
		(void)pthread_mutex_unlock(&f->lock);
	}
	buf_done(&entry.spki);
	buf_done(&entry.sealed);
	return st;
}

cc_status keystore_file_generate(struct keystore *ks, const struct keystore_key_info *want)
{
	struct keystore_file *f = keystore_file_of(ks);
	struct cc_error err;
	int fd = -1;
	cc_status st;

	cc_error_init(&err);
	st = keystore_file_check_process(f, &err);
	if (!cc_failed(st))
		st = keystore_file_lock_writers(f, &fd, &err);
	if (!cc_failed(st)) {
		st = generate_locked(f, want, &err);
		keystore_file_unlock_writers(fd);
	}
	return keystore_file_pass_on(f, st, &err);
}
