/* SPDX-License-Identifier: Apache-2.0 */
#include "card/access/pace.h"
#include "crypto/base/secret.h"
#include "crypto/cipher.h"
#include "tests/support/script_reader.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* The worked examples of ICAO Doc 9303-11, 8th edition, appendices G.2, H.1, H.2 and I.1, run whole on a channel. */
struct example {
	const char *name, *oid, *mrz;
	unsigned parameter_id;
	const char *z;			 /* encrypted nonce */
	const char *map_draw;		 /* what the terminal draws for the mapping: a private number, or the nonce t */
	const char *map_sent, *map_back; /* mapping data; back empty with integrated mapping */
	const char *eph_draw, *eph_sent, *eph_back;
	const char *token_sent, *token_back;
	const char *more; /* objects behind the chip's token */
};

#define ICAO_MRZ "T22000129364081251010318"
static const struct example examples[] = {
	{ "G.2 DH generic mapping", "04007F00070202040102", ICAO_MRZ, 0, "854D8DF5827FA6852D1A4FA701CDDDCA",
	  "5265030F751F4AD18B08AC565FC7AC952E41618D",
	  "23FB3749EA030D2A25B278D2A562047ADE3F01B74F17A15402CB7352CA7D2B3EB71C343DB13D1DEBCE9A3666DBCFC920B49174A602CB47965CAA"
	  "73DC702489A44D41DB914DE9613DC5E98C94160551C0DF86274B9359BC0490D01B03AD54022DCB4F57FAD6322497D7A1E28D46710F461AFE710F"
	  "BBBC5F8BA166F4311975EC6C",
	  "78879F57225AA8080D52ED0FC890A4B25336F699AA89A2D3A189654AF70729E623EA5738B26381E4DA19E004706FACE7B235C2DBF2F38748312F"
	  "3C98C2DD4882A41947B324AA1259AC22579DB93F7085655AF30889DBB845D9E6783FE42C9F2449400306254C8AE8EE9DD812A804C0B66E8CAFC1"
	  "4F84D8258950A91B44126EE6",
	  "89CCD99B0E8D3B1F11E1296DCA68EC53411CF2CA",
	  "907D89E2D425A178AA81AF4A7774EC8E388C115CAE67031E85EECE520BD911551B9AE4D04369F29A02626C86FBC6747CC7BC352645B6161A2A42"
	  "D44EDA80A08FA8D61B76D3A154AD8A5A51786B0BC07147057871A922212C5F67F43173172236B7747D1671E6D692A3C7D40A0C3C5CE397545D01"
	  "5C175EB5130551EDBC2EE5D4",
	  "075693D9AE941877573E634B6E644F8E60AF17A0076B8B123D9201074D36152BD8B3A213F53820C42ADC79AB5D0AEEC3AEFB91394DA476BD97B9"
	  "B14D0A65C1FC71A0E019CB08AF55E1F729005FBA7E3FA5DC41899238A250767A6D46DB974064386CD456743585F8E5D90CC8B4004B1F6D866C79"
	  "CE0584E49687FF61BC29AEA1",
	  "B46DD9BD4D98381F", "917F37B5C0E6D8D1", "870F444554455354435643413030303033" },
	/* H names K_pi, not a password: z here is the nonce of the example under the key of ICAO_MRZ. */
	{ "H.1 ECDH integrated mapping", "04007F00070202040402", ICAO_MRZ, 13, NULL, "5DD4CBFC96F5453B130D890A1CDBAE32",
	  "5DD4CBFC96F5453B130D890A1CDBAE32", "", "A73FB703AC1436A18E0CFA5ABB3F7BEC7A070E7A6788486BEE230C4A22762595",
	  "0489CBA23FFE96AA18D824627C3E934E54A9FD0B87A95D1471DC1C0ABFDCD640D4"
	  "6755DE9B7B778280B6BEBD57439ADFEB0E21FD4ED6DF42578C13418A59B34C37",
	  "0467F78E5F7F7686082B293E8D087E056916D0F74BC01A5F8957D0DE45691E51E8"
	  "932B69A962B52A0985AD2C0A271EE6A13A8ADDDCD1A3A994B9DED257F4D22753",
	  "450F02B86F6A0909", "75D4D96E8D5B0308", "" },
	{ "H.2 DH integrated mapping", "04007F00070202040302", ICAO_MRZ, 0, NULL, "B3A6DB3C870C3E99245E0D1C06B747DE",
	  "B3A6DB3C870C3E99245E0D1C06B747DE", "",
	  "89CCD99B0E8D3B1F11E1296DCA68EC53411CF2CA", /* the example's private number modulo q */
	  "0F0CC62945A8029251FB7EF3C094E12EC68E4EF07F27CB9D9CD04C5C4250FAE0E4F8A951557E929AEB48E5C6DD47F2F5CD7C351A9BD2CD722C07"
	  "EDE166770F08FFCB370262CF308DD7B07F2E0DA9CAAA1492344C852906919538C98A4BA4187E76CE9D87832386D319CE2E043C3343AEAE6EDBA1"
	  "A9894DC5094D22F7FE1351D5",
	  "928D9A0F9DBA450F13FC859C6F290D1D36E42431138A4378500BEB4E0401854CFF111F71CB6DC1D0335807A11388CC8EAA87B07907AAD9FBA6B1"
	  "69AF6D8C26AF8DDDC39ADC3AD2E3FF882B84D23E9768E95A80E4746FB07A9767679FE92133B4D379935C771BD7FBED6C7BB4B1708B275EA75679"
	  "524CDC9C6A91370CC662A2F3",
	  "55D61977CBF5307E", "C2F04230187E1525", "" },
	{ "I.1 chip authentication mapping", "04007F00070202040602", "C11T002JM496081222310314", 13,
	  "CB60E8E0D85B76A9BD304747C2AD42E2", "5D8BB87BD74D985A4B7D4325B9F7B976FE835122773400798914AA22738135CC",
	  "047F1D410ADB7DDB3B84BF1030800981A9105D7457B4A3ADE002384F3086C67EDE"
	  "1AB889104A27DB6D842B019020FBF3CEACB0DC627F7BDCAC29969E19D0E553C1",
	  "04A234236AA9B9621E8EFB73B5245C0E09D2576E5277183C1208BDD55280CAE8B3"
	  "04F365713A356E65A451E165ECC9AC0AC46E3771342C8FE5AEDD092685338E23",
	  "76ECFDAA9841C323A3F5FC5E88B88DB3EFF7E35EBF57A7E6946CB630006C2120",
	  "04446C934084D9DAB863944F219520076C29EE3F7AE6722B11FF319EC1C7728F95"
	  "5483400BFF60BF0C5929270009277DC2A515E12575010AD9BA916CF1BF86FEFC",
	  "0402AD566F3C6EC7F9324509AD50A51FA52030782A4968FCFEDF737DAEA9933331"
	  "11C3B9B4C2287789BD137E7F8AA882E2A3C633CCD6ECC2C63C57AD401A09C2E1",
	  "E86BD06018A1CD3B", "8596CF055C67C1A3",
	  "8A301EEA964DAAE372AC990E3EFDE6333353BFC89A6704D93DA8798CF77F5B7A54BD10CBA372B42BE0B9B5F28AA8DE2F4F92" },
};
static const char *const h_nonces[] = { [1] = "2923BE84E16CD6AE529049F1F1BBE9EB", [2] = "FA5B7E3E49753A0DB9178B7B9BD898C8" };

#define I1_PK                                                                                                                    \
	"041872709494399E7470A6431BE25E83EEE24FEA568C2ED28DB48E05DB3A610DC884D256A40E35EFCB59BF6753D3A489D28C7A4D973C2DA138A6E7A4A08F68E16F"
#define I1_CA "85DC3FA93D0952BFA82F5FD189EE75BD82F11D1F0B8ED4BF5319AC9B53C426B3"

struct draws {
	const struct example *e;
	unsigned calls;
};

static cc_status draw(void *ctx, uint8_t *out, size_t n)
{
	struct draws *d = ctx;
	struct buf b = vectors_from_hex(d->calls++ == 0 ? d->e->map_draw : d->e->eph_draw);

	assert_int_equal(n, b.n);
	memcpy(out, b.p, n);
	buf_done(&b);
	return cc_ok();
}

#define TEXT_MAX 1200

/* "7C L { tag L value }" and what follows, in hex. */
static void dynamic(char *out, const char *tag, const char *value, const char *more)
{
	size_t n = strlen(value) / 2, total = 1 + (n < 0x80 ? 1u : 2u) + n + strlen(more) / 2;
	const char *long_n = n < 0x80 ? "" : "81", *long_total = total < 0x80 ? "" : "81";

	int len = snprintf(out, TEXT_MAX, "7C%s%02zX%s%s%02zX%s%s", long_total, total, tag, long_n, n, value, more);

	assert_in_range(len, 1, TEXT_MAX - 1);
}

static void command(char *out, const char *cla, const char *data)
{
	int len = snprintf(out, TEXT_MAX, "%s860000%02zX%s00", cla, strlen(data) / 2, data);

	assert_in_range(len, 1, TEXT_MAX - 1);
}

/* z of appendix H, whose password isn't told: the nonce under our own key. */
static void encrypt_nonce(const struct example *e, const char *nonce, char hex[64])
{
	static const uint8_t zero_iv[CIPHER_BLOCK_MAX];
	struct secret k = { 0 };
	struct cipher *c = NULL;
	struct buf s = vectors_from_hex(nonce);
	uint8_t z[16];

	assert_false(cc_failed(pace_password_key(PACE_MRZ, bytes_str(e->mrz), CIPHER_AES128, &k)));
	assert_false(cc_failed(cipher_new(CIPHER_AES128, bytes_of(k.p, k.n), &c)));
	assert_false(cc_failed(cipher_cbc_encrypt(c, zero_iv, buf_view(&s), z)));
	bytes_to_hex(bytes_of(z, sizeof z), hex);
	cipher_free(&c);
	buf_done(&s);
}

struct played {
	char text[10][TEXT_MAX];
	struct script_step steps[5];
	struct channel ch;
	struct pace_result result;
	cc_status st;
};

static void prepare(struct played *p, size_t i)
{
	const struct example *e = &examples[i];
	char data[TEXT_MAX], z[64];

	(void)snprintf(z, sizeof z, "%s", e->z != NULL ? e->z : "");
	if (e->z == NULL)
		encrypt_nonce(e, h_nonces[i], z);
	(void)snprintf(p->text[0], TEXT_MAX, "0022C1A40F800A%s830101", e->oid);
	(void)snprintf(p->text[1], TEXT_MAX, "9000");
	(void)snprintf(p->text[2], TEXT_MAX, "10860000027C0000");
	dynamic(p->text[3], "80", z, "");
	dynamic(data, "81", e->map_sent, "");
	command(p->text[4], "10", data);
	dynamic(p->text[5], "82", e->map_back, "");
	dynamic(data, "83", e->eph_sent, "");
	command(p->text[6], "10", data);
	dynamic(p->text[7], "84", e->eph_back, "");
	dynamic(data, "85", e->token_sent, "");
	command(p->text[8], "00", data);
	dynamic(p->text[9], "86", e->token_back, e->more);
	for (size_t k = 0; k < 5; k++) {
		if (k > 0)
			(void)strcat(p->text[2 * k + 1], "9000");
		p->steps[k] = (struct script_step){ p->text[2 * k], p->text[2 * k + 1] };
	}
}

static void play(struct played *p, const struct example *e)
{
	struct draws d = { e, 0 };
	const struct sys sys = { .ctx = &d, .random = draw };
	struct script script = { p->steps, 5, NULL, 0 };
	struct buf oid = vectors_from_hex(e->oid);
	struct pace_params params;
	struct reader *r = script_reader(&script);

	assert_false(cc_failed(pace_params_from(buf_view(&oid), e->parameter_id, &params)));
	channel_init(&p->ch, r);
	p->result = (struct pace_result){ 0 };
	p->st = pace_authenticate(&p->ch, &params, PACE_MRZ, bytes_str(e->mrz), &sys, &p->result);
	assert_int_equal(script.next, 5);
	channel_done(&p->ch);
	reader_free(&r);
	buf_done(&oid);
}

static void every_example_runs(void **state)
{
	static struct played p;

	(void)state;
	for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
		prepare(&p, i);
		play(&p, &examples[i]);
		if (cc_failed(p.st))
			fail_msg("%s: %s", examples[i].name, p.ch.err.detail);
		assert_true(vectors_is_hex(buf_view(&p.result.chip_public), examples[i].eph_back));
		assert_string_equal(p.result.car[0], i == 0 ? "DETESTCVCA00003" : "");
		pace_result_done(&p.result);
	}
}

static void appendix_i1_proves_the_chip(void **state)
{
	static struct played p;
	const struct example *e = &examples[3];
	struct agree_group bp256 = { .kind = AGREE_ECDH, .curve = EC_BP256 }, p256 = { .kind = AGREE_ECDH, .curve = EC_P256 };
	struct buf key = vectors_from_hex(I1_PK);

	(void)state;
	prepare(&p, 3);
	play(&p, e);
	assert_false(cc_failed(p.st));
	assert_true(vectors_is_hex(buf_view(&p.result.chip_auth), I1_CA));
	assert_int_equal(pace_verify_chip_auth(&p.result, bp256, buf_view(&key)).code, CC_OK);
	assert_int_equal(pace_verify_chip_auth(&p.result, p256, buf_view(&key)).code, CC_E_VERIFY);
	assert_int_equal(pace_verify_chip_auth(&p.result, bp256, buf_view(&p.result.chip_public)).code, CC_E_VERIFY);
	p.result.chip_auth.p[31] ^= 1;
	assert_int_equal(pace_verify_chip_auth(&p.result, bp256, buf_view(&key)).code, CC_E_VERIFY);
	memset(p.result.chip_auth.p, 0, 32);
	assert_int_equal(pace_verify_chip_auth(&p.result, bp256, buf_view(&key)).code, CC_E_VERIFY);
	pace_result_done(&p.result);
	assert_int_equal(pace_verify_chip_auth(&p.result, bp256, buf_view(&key)).code, CC_E_STATE);
	buf_done(&key);
}

/* Encrypted chip authentication data that is missing, cut, of another length, or changed ends the run. */
static void chip_authentication_data_must_be_right(void **state)
{
	static const char *const wrong[] = {
		"",
		"8A00",
		"8A101EEA964DAAE372AC990E3EFDE6333353",
		"8A301EEA964DAAE372AC990E3EFDE6333353BFC89A6704D93DA8798CF77F5B7A54BD10CBA372B42BE0B9B5F28AA8DE2F4F93",
		"8A2F1EEA964DAAE372AC990E3EFDE6333353BFC89A6704D93DA8798CF77F5B7A54BD10CBA372B42BE0B9B5F28AA8DE2F4F",
		"8A311EEA964DAAE372AC990E3EFDE6333353BFC89A6704D93DA8798CF77F5B7A54BD10CBA372B42BE0B9B5F28AA8DE2F4F9200",
		"8A30",
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		static struct played p;
		struct example e = examples[3];

		prepare(&p, 3);
		dynamic(p.text[9], "86", e.token_back, wrong[i]);
		(void)strcat(p.text[9], "9000");
		play(&p, &e);
		assert_int_equal(p.st.code, CC_E_VERIFY);
		assert_string_equal(p.ch.err.key, "access.pace-chip-wrong");
		assert_null(p.ch.layer);
		assert_null(p.result.chip_public.p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_example_runs),
		cmocka_unit_test(appendix_i1_proves_the_chip),
		cmocka_unit_test(chip_authentication_data_must_be_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
