/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/issuing_state.h"

#include <string.h>

#define PAIR 5u
/* ISO 3166-1: alpha-3, alpha-2. */
static const char states[] =
	/* clang-format off */
	"ABWAW" "AFGAF" "AGOAO" "AIAAI" "ALAAX" "ALBAL" "ANDAD" "AREAE" "ARGAR" "ARMAM" "ASMAS" "ATAAQ" "ATFTF" "ATGAG"
	"AUSAU" "AUTAT" "AZEAZ" "BDIBI" "BELBE" "BENBJ" "BESBQ" "BFABF" "BGDBD" "BGRBG" "BHRBH" "BHSBS" "BIHBA" "BLMBL"
	"BLRBY" "BLZBZ" "BMUBM" "BOLBO" "BRABR" "BRBBB" "BRNBN" "BTNBT" "BVTBV" "BWABW" "CAFCF" "CANCA" "CCKCC" "CHECH"
	"CHLCL" "CHNCN" "CIVCI" "CMRCM" "CODCD" "COGCG" "COKCK" "COLCO" "COMKM" "CPVCV" "CRICR" "CUBCU" "CUWCW" "CXRCX"
	"CYMKY" "CYPCY" "CZECZ" "DEUDE" "DJIDJ" "DMADM" "DNKDK" "DOMDO" "DZADZ" "ECUEC" "EGYEG" "ERIER" "ESHEH" "ESPES"
	"ESTEE" "ETHET" "FINFI" "FJIFJ" "FLKFK" "FRAFR" "FROFO" "FSMFM" "GABGA" "GBRGB" "GEOGE" "GGYGG" "GHAGH" "GIBGI"
	"GINGN" "GLPGP" "GMBGM" "GNBGW" "GNQGQ" "GRCGR" "GRDGD" "GRLGL" "GTMGT" "GUFGF" "GUMGU" "GUYGY" "HKGHK" "HMDHM"
	"HNDHN" "HRVHR" "HTIHT" "HUNHU" "IDNID" "IMNIM" "INDIN" "IOTIO" "IRLIE" "IRNIR" "IRQIQ" "ISLIS" "ISRIL" "ITAIT"
	"JAMJM" "JEYJE" "JORJO" "JPNJP" "KAZKZ" "KENKE" "KGZKG" "KHMKH" "KIRKI" "KNAKN" "KORKR" "KWTKW" "LAOLA" "LBNLB"
	"LBRLR" "LBYLY" "LCALC" "LIELI" "LKALK" "LSOLS" "LTULT" "LUXLU" "LVALV" "MACMO" "MAFMF" "MARMA" "MCOMC" "MDAMD"
	"MDGMG" "MDVMV" "MEXMX" "MHLMH" "MKDMK" "MLIML" "MLTMT" "MMRMM" "MNEME" "MNGMN" "MNPMP" "MOZMZ" "MRTMR" "MSRMS"
	"MTQMQ" "MUSMU" "MWIMW" "MYSMY" "MYTYT" "NAMNA" "NCLNC" "NERNE" "NFKNF" "NGANG" "NICNI" "NIUNU" "NLDNL" "NORNO"
	"NPLNP" "NRUNR" "NZLNZ" "OMNOM" "PAKPK" "PANPA" "PCNPN" "PERPE" "PHLPH" "PLWPW" "PNGPG" "POLPL" "PRIPR" "PRKKP"
	"PRTPT" "PRYPY" "PSEPS" "PYFPF" "QATQA" "REURE" "ROURO" "RUSRU" "RWARW" "SAUSA" "SDNSD" "SENSN" "SGPSG" "SGSGS"
	"SHNSH" "SJMSJ" "SLBSB" "SLESL" "SLVSV" "SMRSM" "SOMSO" "SPMPM" "SRBRS" "SSDSS" "STPST" "SURSR" "SVKSK" "SVNSI"
	"SWESE" "SWZSZ" "SXMSX" "SYCSC" "SYRSY" "TCATC" "TCDTD" "TGOTG" "THATH" "TJKTJ" "TKLTK" "TKMTM" "TLSTL" "TONTO"
	"TTOTT" "TUNTN" "TURTR" "TUVTV" "TWNTW" "TZATZ" "UGAUG" "UKRUA" "UMIUM" "URYUY" "USAUS" "UZBUZ" "VATVA" "VCTVC"
	"VENVE" "VGBVG" "VIRVI" "VNMVN" "VUTVU" "WLFWF" "WSMWS" "YEMYE" "ZAFZA" "ZMBZM" "ZWEZW";
/* clang-format on */

/* ICAO 9303-3 5: codes that aren't of ISO 3166-1 and don't begin as their two letters do. */
static const struct {
	const char *issuer, *country;
} others[] = { { "D", "DE" }, { "RKS", "KS" } };

bool issuing_state_is(const char *issuer, const char country[3])
{
	size_t n = strlen(issuer);

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (strcmp(issuer, others[i].issuer) == 0)
			return strcmp(country, others[i].country) == 0;
	if (n != 3 || strlen(country) != 2)
		return false;
	for (const char *p = states; *p != '\0'; p += PAIR)
		if (memcmp(p, issuer, 3) == 0)
			return memcmp(p + 3, country, 2) == 0;
	/* EUE EU, UNO UN, XOM XO, UTO UT */
	return memcmp(issuer, country, 2) == 0;
}
