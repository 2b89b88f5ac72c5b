/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_CMS_OIDS_H
#define CC_CRYPTO_CMS_OIDS_H

#include "crypto/base/bytes.h"

/* RFC 5652: id-signedData and the signed attributes; cms*.c's own. */
extern const struct bytes cms_oid_signed_data, cms_oid_content_type, cms_oid_message_digest, cms_oid_signing_time;

#endif
