/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/defect_list.h"

#include "crypto/base/tlv.h"

#include <string.h>

/*
 * What a verifier owes each defect: BSI TR-03129 Appendix A with TR-03135-1 5.8,
 * ICAO Doc 9303-3 7 for deviations. "Undetermined" is not "failed".
 */
#define BSI "0.4.0.127.0.7.3.1.5"
#define ICAO "2.23.136.1.1.7"
#define SIGNED "sod.structure sod.signature sod.chain"

static const struct defect_kind kinds[] = {
	{ BSI ".1.1", "id-CertRevoked", DEFECT_REFUSES, "" },
	{ BSI ".1.2", "id-CertReplaced", DEFECT_REPLACES, "" },
	{ BSI ".1.3", "id-ChipAuthKeyRevoked", DEFECT_PROVES_NOT, "chip-authentication chip-authentication-mapping" },
	{ BSI ".1.4", "id-ActiveAuthKeyRevoked", DEFECT_PROVES_NOT, "active-authentication" },
	{ BSI ".2.1", "id-ePassportDGMalformed", DEFECT_EXCUSES, "dgN" },
	{ BSI ".2.2", "id-SODInvalid", DEFECT_EXCUSES, SIGNED },
	{ BSI ".3.1", "id-eIDDGMalformed", DEFECT_TELLS, "" },
	{ BSI ".3.2", "id-eIDIntegrity", DEFECT_TELLS, "" },
	{ BSI ".4.1", "id-CardSecurityMalformed", DEFECT_EXCUSES, "card-security chip-authentication-mapping" },
	{ BSI ".4.2", "id-ChipSecurityMalformed", DEFECT_TELLS, "" },
	{ BSI ".4.3", "id-PowerDownReq", DEFECT_TELLS, "" },
	{ ICAO ".1.1", "CertOrKey-DSSignature", DEFECT_EXCUSES, "sod.chain" },
	{ ICAO ".1.2", "CertOrKey-DSEncoding", DEFECT_EXCUSES, "sod.chain sod.structure" },
	{ ICAO ".1.3", "CertOrKey-CSCAEncoding", DEFECT_EXCUSES, "sod.chain" },
	{ ICAO ".1.4", "CertOrKey-AAKeyCompromised", DEFECT_PROVES_NOT, "active-authentication" },
	{ ICAO ".2.1", "LDS-DGMalformed", DEFECT_EXCUSES, "dgN" },
	{ ICAO ".2.2", "LDS-DGHashWrong", DEFECT_EXCUSES, "dgN" },
	{ ICAO ".2.3", "LDS-SODSignatureWrong", DEFECT_EXCUSES, "sod.signature" },
	{ ICAO ".2.4", "LDS-COMInconsistent", DEFECT_EXCUSES, "com.sod com.structure" },
	{ ICAO ".3.1", "MRZ-WrongData", DEFECT_EXCUSES, "mrz.access dg13.dg1 dg13.name" },
	{ ICAO ".3.2", "MRZ-WrongCheckDigit", DEFECT_EXCUSES, "mrz.digits" },
	{ ICAO ".4", "Chip", DEFECT_EXCUSES, "active-authentication chip-authentication chip-authentication-mapping" },
	{ ICAO ".5", "NationalUse", DEFECT_TELLS, "" },
};
#define KINDS (sizeof kinds / sizeof kinds[0])

size_t defect_kind_count(void)
{
	return KINDS;
}

const struct defect_kind *defect_kind_at(size_t i)
{
	CC_ASSERT(i < KINDS);
	return &kinds[i];
}

const struct defect_kind *defect_kind_of(struct bytes oid)
{
	static const struct defect_kind refused = { BSI, "a defect unknown here", DEFECT_REFUSES, "" };
	static const struct defect_kind told = { "", "a defect unknown here", DEFECT_TELLS, "" };
	char text[128];

	der_oid_text(oid, text, sizeof text);
	for (size_t i = 0; i < KINDS; i++) {
		if (strcmp(kinds[i].oid, text) == 0)
			return &kinds[i];
	}
	if (strncmp(text, BSI ".1.", sizeof BSI ".1." - 1) == 0 || strncmp(text, BSI ".2.", sizeof BSI ".2." - 1) == 0)
		return &refused;
	return &told;
}
