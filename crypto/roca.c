/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/roca.h"

#include <stdint.h>

/*
 * Nemec, Sys, Svenda, Klinec, Matyas: "The Return of Coppersmith's Attack"
 * (CCS 2017): primes of the flawed generator are k * M + (65537^a mod M), M the
 * product of the first primes, so that N is a power of 65537 modulo each of
 * them. These divide the M of every key length from 512 bits on.
 */
static const unsigned char small_primes[] = { 3,   5,	7,   11,  13,  17,  19,	 23,  29,  31,	37,  41,  43,
					      47,  53,	59,  61,  67,  71,  73,	 79,  83,  89,	97,  101, 103,
					      107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167 };

static unsigned remainder_of(struct bytes number, unsigned prime)
{
	struct cursor in;
	unsigned rest = 0;
	uint8_t b;

	cursor_init(&in, number);
	while (cursor_left(&in) > 0 && cursor_u8(&in, &b))
		rest = (rest * 256 + b) % prime;
	return rest;
}

static bool is_power_of_generator(unsigned value, unsigned prime)
{
	unsigned power = 1;

	for (unsigned i = 0; i < prime; i++) {
		if (power == value)
			return true;
		power = power * (65537 % prime) % prime;
	}
	return false;
}

bool roca_fingerprint(struct bytes modulus)
{
	if (modulus.n == 0)
		return false;
	for (size_t i = 0; i < sizeof small_primes; i++)
		if (!is_power_of_generator(remainder_of(modulus, small_primes[i]), small_primes[i]))
			return false;
	return true;
}
