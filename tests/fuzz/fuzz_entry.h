/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_FUZZ_FUZZ_ENTRY_H
#define CC_TESTS_FUZZ_FUZZ_ENTRY_H

#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What a fuzz target defines, once per NAME_fuzz.c: libFuzzer's name. It runs
 * the parser over the bytes and states with CC_ASSERT what must hold whatever
 * they are. Returns 0. No state may survive a call, nothing may be printed.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
