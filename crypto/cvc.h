/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_CVC_H
#define CC_CRYPTO_CVC_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/ec.h"
#include "crypto/pubkey.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Card verifiable certificates, BSI TR-03110-3 appendix C: what a terminal
 * shows a chip before Terminal Authentication. Parsing keeps views into the
 * caller's bytes; a parsed certificate proves nothing until cvc_verify or
 * cvc_chain_step says so.
 */
#define CVC_LEN_MAX 2048
#define CVC_REFERENCE_MAX 16 /* country 2, mnemonic up to 9, sequence number 5 (TR-03110-3 C.1.2) */
#define CVC_CHAIN_MAX 8

enum cvc_terminal { CVC_INSPECTION_SYSTEM, CVC_AUTHENTICATION_TERMINAL, CVC_SIGNATURE_TERMINAL, CVC_TERMINAL_UNKNOWN };
/* The two first bits of a holder authorisation (TR-03110-3 C.4). */
enum cvc_role { CVC_ROLE_TERMINAL = 0, CVC_ROLE_DV_FOREIGN = 1, CVC_ROLE_DV_DOMESTIC = 2, CVC_ROLE_CVCA = 3 };

/* TR-03110-3 C.4.1, inspection systems: */
#define CVC_READ_DG3 0x01
#define CVC_READ_DG4 0x02

struct cvc_chat {
	enum cvc_terminal terminal;
	enum cvc_role role;
	uint8_t rights;	  /* last byte without the role of a one-byte authorisation: CVC_READ_DG3, CVC_READ_DG4 */
	struct bytes oid; /* content bytes */
	struct bytes raw; /* content of 53, 1 to 5 bytes */
};

/* A public key of appendix D.3. EC domain parameters may be absent: then the issuer's hold (cvc_key_inherit). */
struct cvc_key {
	struct bytes oid; /* id-TA-..., content bytes; as read */
	struct sig_alg alg;
	enum pubkey_kind kind;
	bool has_domain; /* PUBKEY_EC: curve is known */
	bool unusable;	 /* PUBKEY_EC: parameters of no known curve, or a point off it: such a key verifies nothing */
	enum ec_curve curve;
	struct bytes point;		/* PUBKEY_EC: 04 || x || y; on the curve once has_domain */
	struct bytes modulus, exponent; /* PUBKEY_RSA */
	struct bytes whole;		/* 7F49 and its content */
};

struct cvc {
	bool is_request; /* neither dates nor authorisation */
	bool has_car;	 /* a request may leave it out */
	bool has_outer;	 /* a request signed again by the holder's old key (67) */
	char car[CVC_REFERENCE_MAX + 1], chr[CVC_REFERENCE_MAX + 1];
	char outer_car[CVC_REFERENCE_MAX + 1];
	struct cvc_key key;
	struct cvc_chat chat;		/* certificates */
	uint32_t effective, expiration; /* certificates: decimal, 20100930; the last day still counts */
	struct bytes extensions;	/* content of 65, empty when absent */
	struct bytes body;		/* 7F4E: what the signature covers */
	struct bytes signature;
	struct bytes outer_body, outer_signature; /* the request 7F21 and its CAR; 5F37 of the outer template */
	struct bytes whole;			  /* 7F21, or 67 */
};

/*
 * One certificate (7F21 with dates), or one request (7F21 without, or 67). All bytes used. CC_E_FORMAT
 * "cvc.structure", CC_E_LIMIT, CC_E_UNSUPPORTED "cvc.algorithm". Views into der.
 */
CC_MUST cc_status cvc_parse(struct bytes der, struct cvc *ret, struct cc_error *err);
/* The next certificate of several in a row (files of chains); *ret_used bytes were taken. */
CC_MUST cc_status cvc_parse_first(struct bytes der, struct cvc *ret, size_t *ret_used, struct cc_error *err);
/*
 * The same of the value of a PSO Verify Certificate command: 7F4E and 5F37 one after the other, without 7F21.
 */
CC_MUST cc_status cvc_parse_content(struct bytes content, struct cvc *ret, struct cc_error *err);

/* TR-03110-3 C.1.3: a key without domain parameters takes those of `from` (its issuer). Checks the point. CC_E_VERIFY. */
CC_MUST cc_status cvc_key_inherit(struct cvc_key *k, const struct cvc_key *from);
/* A signature of this key over message: ECDSA plain r || s, RSA as its OID says. CC_E_VERIFY; CC_E_STATE without a domain. */
CC_MUST cc_status cvc_key_verify(const struct cvc_key *k, struct bytes message, struct bytes signature);
/* The signature of cert by issuer; names and dates aren't looked at. CC_E_UNSUPPORTED for a curve that isn't known. */
CC_MUST cc_status cvc_verify(const struct cvc *cert, const struct cvc_key *issuer);
/* A request's own signature by the key in it, and the outer one by `holder` when there is one (NULL: not looked at). */
CC_MUST cc_status cvc_request_verify(const struct cvc *request, const struct cvc_key *holder);

/*
 * What a relying party carries along a chain (TR-03110-3 2.6, and the chip's
 * side of TR-03110-1 3.4): the last certificate that was accepted.
 */
struct cvc_state {
	char holder[CVC_REFERENCE_MAX + 1]; /* CHR of the last one: the next one's CAR */
	struct cvc_key key;
	enum cvc_terminal terminal;
	enum cvc_role role;
	uint8_t rights; /* effective: AND over the chain (TR-03110-3 2.7) */
	uint32_t expiration;
};

/* From a trust point (its own signature is not looked at: a link certificate's can't be). */
void cvc_state_from(const struct cvc *trust_point, struct cvc_state *ret);
/*
 * Accepts `cert` below s, or says why not: CAR, signature, expired at `today` (decimal; the chip's current date),
 * roles in order (CVCA > DV > terminal; CVCA > CVCA is a link), same terminal type. CC_E_VERIFY with key
 * "cvc.issuer", "cvc.signature", "cvc.expired", "cvc.role". Views of cert are kept in s. s is untouched on failure.
 */
CC_MUST cc_status cvc_chain_step(struct cvc_state *s, const struct cvc *cert, uint32_t today, struct cc_error *err);

/* 20100930 from six BCD bytes 01 00 00 09 03 00 (TR-03110-3 D.2.1.3); false for what is no date. */
bool cvc_date_parse(struct bytes six, uint32_t *ret);
uint32_t cvc_date_of(int64_t unix_s); /* UTC */
bool cvc_date_valid(uint32_t date);
uint32_t cvc_date_add(uint32_t date, unsigned days);
/* Two letters, 1 to 9 characters, 5 letters or digits at the end. */
bool cvc_reference_valid(const char *s);

/* ---- writing */
struct cvc_fields {
	const char *car; /* NULL: none (a first request) */
	const char *chr;
	struct sig_alg key_alg; /* how the holder's key signs */
	struct bytes spki;	/* SubjectPublicKeyInfo of the holder's key, named or explicit parameters */
	bool with_domain;	/* EC domain parameters: CVCA certificates and requests */
	bool is_request;
	enum cvc_terminal terminal;
	enum cvc_role role;
	uint8_t rights;
	uint32_t effective, expiration;
};
/* The body 7F4E that is to be signed. CC_E_ARG for what the profile doesn't allow. */
CC_MUST cc_status cvc_body_build(const struct cvc_fields *f, struct buf *ret, struct cc_error *err);
/* 7F21 { body, 5F37 signature }. signature: plain for ECDSA. */
CC_MUST cc_status cvc_assemble(struct bytes body, struct bytes signature, struct buf *ret);
/* 67 { request, 42 car, 5F37 signature }; to_sign: what the outer signature covers (request and CAR). */
CC_MUST cc_status cvc_outer_to_sign(struct bytes request, const char *car, struct buf *ret);
CC_MUST cc_status cvc_outer_assemble(struct bytes request, const char *car, struct bytes signature, struct buf *ret);
/* OID content bytes of id-TA-RSA-... and id-TA-ECDSA-... (TR-03110-3 A.7.3); empty when there is none. */
struct bytes cvc_alg_oid(struct sig_alg alg);
bool cvc_alg_from_oid(struct bytes oid, struct sig_alg *ret);

#endif
