/* SPDX-License-Identifier: Apache-2.0 */
#include "card/perso/secure_channel.h"

#define OPTIONS_ALL 0x70 /* SCP03's i: what a profile may ask for; what the chip offers is seen in the handshake */

cc_status secure_channel_level_check(enum secure_channel_protocol protocol, uint8_t level)
{
	return protocol == SECURE_CHANNEL_SCP02 ? scp02_level_check(level) : scp03_level_check(level, OPTIONS_ALL);
}

cc_status secure_channel_alg(enum secure_channel_protocol protocol, size_t key_len, enum cipher_alg *ret)
{
	if (protocol == SECURE_CHANNEL_SCP03)
		return scp03_alg(key_len, ret);
	if (key_len != cipher_key_len(CIPHER_TDES))
		return cc_code_status(CC_E_ARG);
	*ret = CIPHER_TDES;
	return cc_ok();
}

cc_status secure_channel_initialize_update(struct channel *ch, enum secure_channel_protocol protocol, uint8_t key_version,
					   const struct sys *sys, struct secure_channel_handshake *ret)
{
	struct secure_channel_handshake hs = { .protocol = protocol };
	cc_status st = protocol == SECURE_CHANNEL_SCP02 ? scp02_initialize_update(ch, key_version, sys, &hs.scp02)
							: scp03_initialize_update(ch, key_version, sys, &hs.scp03);

	if (!cc_failed(st))
		*ret = hs;
	return st;
}

const uint8_t *secure_channel_diversification(const struct secure_channel_handshake *hs)
{
	return hs->protocol == SECURE_CHANNEL_SCP02 ? hs->scp02.card.diversification : hs->scp03.card.diversification;
}

cc_status secure_channel_card_has_keys(const struct secure_channel_handshake *hs, const struct scp03_keys *keys, bool *ret_right)
{
	if (hs->protocol == SECURE_CHANNEL_SCP02)
		return scp02_card_has_keys(&hs->scp02, keys, ret_right);
	return scp03_card_has_keys(&hs->scp03, keys, ret_right);
}

cc_status secure_channel_authenticate(struct channel *ch, const struct secure_channel_handshake *hs,
				      const struct scp03_keys *keys, uint8_t level, struct secret *ret_dek)
{
	cc_status st;

	if (hs->protocol == SECURE_CHANNEL_SCP02)
		return scp02_external_authenticate(ch, &hs->scp02, keys, level, ret_dek);
	st = scp03_external_authenticate(ch, &hs->scp03, keys, level);
	if (!cc_failed(st))
		secret_set(ret_dek, keys->dek.p, keys->dek.n);
	return st;
}

cc_status secure_channel_probe_refusal(struct channel *ch, const struct secure_channel_handshake *hs,
				       const struct scp03_keys *keys, uint16_t *ret_sw)
{
	if (hs->protocol == SECURE_CHANNEL_SCP02)
		return scp02_probe_refusal(ch, &hs->scp02, keys, ret_sw);
	return scp03_probe_refusal(ch, &hs->scp03, keys, ret_sw);
}
