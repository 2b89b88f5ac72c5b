/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/lint_run.h"

#include "crypto/asn1.h"
#include "crypto/cms.h"
#include "crypto/x509_profile.h"

/* Certificates of the document: what crypto/x509_profile.h finds, and what only the file's bytes tell. */

/* RFC 5280 4.1.1.2: TBSCertificate and Certificate name the same algorithm. */
void lint_cert_algorithms(struct lint_run *run, struct bytes cert)
{
	struct cursor in, outer, tbs, skip;
	struct bytes version;
	struct tlv serial, inside, outside, body;

	cursor_init(&in, cert);
	if (!tlv_expect(&in, TLV_LENIENT, DER_SEQUENCE, &outer) || !tlv_next(&outer, TLV_LENIENT, &body) ||
	    !tlv_next(&outer, TLV_LENIENT, &outside))
		return;
	cursor_init(&tbs, body.value);
	skip = tbs;
	if (tlv_is_next(&skip, 0xA0) && !tlv_expect_bytes(&skip, TLV_LENIENT, 0xA0, &version))
		return;
	if (!tlv_next(&skip, TLV_LENIENT, &serial) || !tlv_next(&skip, TLV_LENIENT, &inside))
		return;
	if (!bytes_equal(inside.whole, outside.whole))
		lint_add(run, LINT_CERT_SELF, outside.whole, "signature and signatureAlgorithm");
}

/* A country signer here has the key that the certificate names, and another name than it names. */
static void check_issuer(struct lint_run *run, const struct cert *c)
{
	const struct trust *trust = run->in->trust;
	const struct cert *found = NULL;

	for (size_t i = 0; trust != NULL && i < trust_count(trust); i++) {
		const struct cert *anchor = trust_at(trust, i);

		if (cert_aki(c).n == 0 || !bytes_equal(cert_aki(c), cert_ski(anchor)))
			continue;
		if (cert_name_equal(cert_issuer(c), cert_subject(anchor)))
			return;
		found = anchor;
	}
	if (found != NULL) {
		char name[LINT_DETAIL_MAX];

		cert_name_text(cert_subject(found), name, sizeof name);
		lint_add(run, LINT_CERT_ISSUER, cert_issuer(c), "the key is that of %s", name);
	}
}

static void check_cert(struct lint_run *run, const struct cert *c, enum cert_role role)
{
	struct cert_findings found = { 0 };
	char name[LINT_DETAIL_MAX];

	run->file = role == CERT_ROLE_DS ? LINT_DS : LINT_CSCA;
	run->bytes = cert_der(c);
	cert_name_text(cert_subject(c), name, sizeof name);
	lint_der(run, run->bytes, true);
	if (run->in->now_s < cert_not_before_s(c) || run->in->now_s > cert_not_after_s(c))
		lint_add(run, LINT_CERT_EXPIRED, run->bytes, "%s", name);
	if (role == CERT_ROLE_DS)
		check_issuer(run, c);
	cert_lint(c, role, &found);
	for (size_t i = 0; i < found.count; i++) {
		const struct lint_cert_rule *rule = lint_cert_rule(found.items[i].id);

		if (rule != NULL)
			lint_add_rule(run, &rule->rule, role == CERT_ROLE_DS ? rule->cases : "", name);
	}
}

void lint_certs(struct lint_run *run)
{
	const struct trust *trust = run->in->trust;
	struct cms *cms = NULL;
	struct bytes content;
	struct cursor in;

	cursor_init(&in, lds_set_get(run->in->files, LDS_SOD));
	/* The security object may be wrong, its certificates are looked at all the same. */
	if (tlv_expect_bytes(&in, TLV_LENIENT, lds_file_tag(LDS_SOD), &content)) {
		cc_status st = cms_parse(content, &cms, NULL);

		run->out_of_memory = run->out_of_memory || st.code == CC_E_MEMORY;
	}
	for (size_t i = 0; cms != NULL && i < cms_cert_count(cms); i++)
		check_cert(run, cms_cert(cms, i), CERT_ROLE_DS);
	cms_free(&cms);
	for (size_t i = 0; trust != NULL && i < trust_count(trust); i++)
		check_cert(run, trust_at(trust, i),
			   cert_role_of(trust_at(trust, i)) == CERT_ROLE_CSCA_LINK ? CERT_ROLE_CSCA_LINK : CERT_ROLE_CSCA);
}
