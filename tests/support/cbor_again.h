/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_CBOR_AGAIN_H
#define CC_TESTS_SUPPORT_CBOR_AGAIN_H

#include "crypto/base/buf.h"
#include "crypto/cbor/cbor_read.h"

/* Reads one checked item with the getters and writes it with the writer. Fails the assertion when a getter refuses it. */
void cbor_again(struct bytes data, enum cbor_order order, struct buf *ret);

#endif
