/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which machines have the RMRDS settings: by product and by ROM family. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "conrep/rmrds.h"

static const struct {
	const char *product, *family, *processor;
	enum pp_rmrds answer;
	const char *note; /* in it; "" none */
} machines[] = {
	{ "ProLiant DL380p Gen8", "P70", "Intel", PP_RMRDS_YES, "" },
	{ "ProLiant DL360e Gen8", NULL, NULL, PP_RMRDS_YES, "" },
	/* A family that is not in the table says nothing against a name. */
	{ "ProLiant SL4540 Gen8", "X99", "Intel", PP_RMRDS_YES, "" },
	{ "ProLiant ML310e Gen8 v2", "P78", "Intel", PP_RMRDS_YES, "" },
	/* Other names need a family that is known. */
	{ "StoreEasy 3850", "P70", "Intel", PP_RMRDS_YES, "" },
	{ "HP StoreVirtual 4530", "P71", NULL, PP_RMRDS_YES, "" },
	{ "DL380p Gen8", "P70", NULL, PP_RMRDS_YES, "" },
	{ "StoreEasy 3850", NULL, "Intel", PP_RMRDS_NO, "" },
	{ "StoreEasy 1650", "P89", "Intel", PP_RMRDS_NO, "" },
	{ "DL380p Gen8", "P89", NULL, PP_RMRDS_NO, "" },
	{ "Other Gen8", NULL, NULL, PP_RMRDS_NO, "" },
	{ "Something", "P70", "Intel", PP_RMRDS_NO, "" },
	/* Another generation, whatever the family. */
	{ "ProLiant DL380 Gen9", "P89", "Intel", PP_RMRDS_NO, "HP Shared Memory" },
	{ "ProLiant DL380 Gen9", "P70", "Intel", PP_RMRDS_NO, "HP Shared Memory" },
	{ "StoreEasy 1650 Gen9", "P70", "Intel", PP_RMRDS_NO, "HP Shared Memory" },
	{ "HP ZBook 15 G4", "P70", "Intel", PP_RMRDS_NO, "" },
	{ "ProLiant DL380 G7", "P70", "Intel", PP_RMRDS_NO, "" },
	{ "ProLiant DL385 Gen10 Plus v2", "A42", "AMD", PP_RMRDS_NO, "" },
	{ "ProLiant DL380 Gen80", "P70", "Intel", PP_RMRDS_NO, "" },
	{ "ProLiant DL380 Gen8 G7", "P70", "Intel", PP_RMRDS_NO, "" },
	{ "ProLiant DL380 Gen8x", "P89", "Intel", PP_RMRDS_NO, "" },
	{ "ProLiant DL385p Gen8", "A28", NULL, PP_RMRDS_NO, "AMD" },
	{ "ProLiant DL385p Gen8", NULL, "Advanced Micro Devices [AMD]", PP_RMRDS_NO, "AMD" },
	/* Gen8 boards on which it is of no use. */
	{ "ProLiant MicroServer Gen8", "J06", "Intel", PP_RMRDS_USELESS, "not to help" },
	{ "StoreEasy 1430", "J06", "Intel", PP_RMRDS_USELESS, "not to help" },
	{ "ProLiant BL460c Gen8", "I31", "Intel", PP_RMRDS_USELESS, "mezzanines" },
	{ "ProLiant BL660c Gen8", NULL, NULL, PP_RMRDS_USELESS, "mezzanines" },
	{ "ProLiant WS460c Gen8", NULL, NULL, PP_RMRDS_USELESS, "mezzanines" },
	{ NULL, "P70", "Intel", PP_RMRDS_UNKNOWN, "" },
	{ "", "P70", "Intel", PP_RMRDS_UNKNOWN, "" },
};

static void test_machines(void **state)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		struct pp_machine m = { .product = machines[i].product,
			                .rom_family = machines[i].family,
			                .processor = machines[i].processor };
		const char *note = NULL;
		enum pp_rmrds answer = pp_rmrds_of(&m, &note);
		if (answer != machines[i].answer || !note ||
		    (*machines[i].note ? !strstr(note, machines[i].note) : *note))
			fail_msg("%s, %s: %d, '%s'", m.product, m.rom_family, answer, note);
		assert_int_equal(pp_rmrds_of(&m, NULL), answer);
	}
}

static void test_family_of_a_version(void **state)
{
	static const struct {
		const char *version;
		size_t len;
	} versions[] = {
		{ "P70", 3 },
		{ "P89 v2.76 (10/21/2019)", 3 },
		{ "U32 v2.10 (05/21/2019)", 3 },
		/* PCs: a ZBook 15 G4, a Z6 G4 */
		{ "P70 Ver. 01.22", 0 },
		{ "P60 v01.68", 0 },
		{ "", 0 },
		{ " P70", 0 },
		{ "O15    ", 0 },
	};

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		assert_int_equal(pp_rom_family_len(versions[i].version), versions[i].len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_machines),
		cmocka_unit_test(test_family_of_a_version),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
