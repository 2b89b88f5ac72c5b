/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_DOCUMENT_FIXTURE_H
#define CC_TESTS_SUPPORT_DOCUMENT_FIXTURE_H

#include "tests/support/lds_fixture.h"
#include "tests/support/tlv_edit.h"

/*
 * A whole document that keeps every rule, and the ways to make it defective:
 * each file's bytes, the LDS security object, the document signer's certificate.
 * What a defect leaves signable is signed again, so that one thing is wrong and
 * no other.
 */
struct document_fixture {
	struct lds_fixture lds;
	struct lds_set files;
	struct buf ef_cvca, ef_atr;
	struct buf spki_aa, spki_ca;
};
void document_fixture(struct document_fixture *d);
void document_fixture_done(struct document_fixture *d);

/* EF.SOD over the files as they are now. com: EF.COM anew too. */
void document_sign(struct document_fixture *d, bool com);
/* One file edited; EF.SOD stays. */
void document_edit(struct document_fixture *d, enum lds_file file, const struct tlv_edit *edit);
/* EF.SOD signed over an edited LDS security object. */
void document_edit_object(struct document_fixture *d, const struct tlv_edit *edit);
/*
 * The document signer's certificate with an edited TBSCertificate (path from its
 * own SEQUENCE, "0/..."), signed again by the country signer; EF.SOD carries it.
 */
void document_edit_signer(struct document_fixture *d, const struct tlv_edit *edit);
/* The country signer's certificate edited in the same way and self-signed again; the fixture trusts it and no other. */
void document_edit_anchor(struct document_fixture *d, const struct tlv_edit *edit);
/* Any content signed by the document signer. */
void document_cms(struct document_fixture *d, struct bytes type, struct bytes content, const struct cert *signer,
		  struct sig_alg alg, struct buf *ret);
/* CMS wrapped as EF.SOD. */
void document_put_sod(struct document_fixture *d, struct bytes cms);
struct sig_alg document_alg(const struct document_fixture *d);

#endif
