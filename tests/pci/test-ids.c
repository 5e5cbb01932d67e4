/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names from texts of the PCI ID database's form, and of forms that it should not have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pci/ids.h"

static const char text[] = "#\tVersion: 2026.11.20\n"
			   "\n"
			   "8086  Intel Corporation\n"
			   "\t1572  Ethernet Controller X710 for 10GbE SFP+\n"
			   "\t\t103c 0000  Ethernet 10Gb 562SFP+ Adapter\n"
			   "# a comment between\n"
			   "\t10ed  82599 Ethernet Controller Virtual Function  \r\n"
			   "103c  Hewlett-Packard Company\n"
			   "\t3239  Smart Array Gen9 Controllers\n"
			   "\t10ed  Another one\n"
			   "\n"
			   "C 02  Network controller\n"
			   "\t00  Ethernet controller\n"
			   "\t\t01  with a programming interface\n"
			   "C 7f  Last, without a newline";

static void expect(const char *database, const char *question, const char *answer)
{
	struct pp_arena a;
	struct pp_ids ids;
	unsigned int vendor, device;
	char name[512];
	/* Exactly as long as it is: a byte read behind it is seen. */
	size_t len = strlen(database);
	char *copy = malloc(len ? len : 1);

	memcpy(copy, database, len);
	pp_arena_init(&a, 0);
	pp_ids_init(&ids, PP_SPAN(copy, len), &a);
	/* Twice: the second answer comes from the index. */
	for (int i = 0; i < 2; i++) {
		if (sscanf(question, "%x:%x", &vendor, &device) == 2)
			pp_ids_device_name(&ids, vendor, device, name, sizeof(name));
		else
			pp_ids_class_name(&ids, (unsigned int)strtoul(question, NULL, 16), name,
			                  sizeof(name));
		assert_string_equal(name, answer);
	}
	pp_arena_fini(&a);
	free(copy);
}

static void test_names(void **state)
{
	expect(text, "8086:1572", "Intel Corporation Ethernet Controller X710 for 10GbE SFP+");
	expect(text, "8086:10ed", "Intel Corporation 82599 Ethernet Controller Virtual Function");
	expect(text, "103c:10ed", "Hewlett-Packard Company Another one");
	expect(text, "0200", "Ethernet controller");
}

static void test_partly_known(void **state)
{
	expect(text, "8086:3239", "Intel Corporation Device 3239");
	expect(text, "103c:0000", "Hewlett-Packard Company Device 0000");
	expect(text, "1af4:1000", "Device 1af4:1000");
	expect(text, "0280", "Network controller [0280]");
	expect(text, "7f00", "Last, without a newline [7f00]");
	expect(text, "0300", "Class 0300");
}

/* Whatever else is in the file: a name that can be read is a name. */
static void test_not_in_order(void **state)
{
	static const char mixed[] =
		"ffff  Illegal\n\t0002  B\n\t0001  A\n0001  First\n0001  Again\n"
		"\t0001  never seen\nzzzz  no id\n\t0003  nobody's\n123\n12345 x\n"
		"0002\n0003  \n\t0001  nameless maker\n";

	expect(mixed, "ffff:0001", "Illegal A");
	expect(mixed, "ffff:0002", "Illegal B");
	expect(mixed, "0001:0001", "First Device 0001");
	expect(mixed, "0002:0001", "Device 0002:0001");
	expect(mixed, "ffff:0003", "Illegal Device 0003");
}

static void test_cut(void **state)
{
	char cut[sizeof(text)];

	expect("", "8086:1572", "Device 8086:1572");
	expect("", "0200", "Class 0200");
	for (size_t len = 1; len < sizeof(text); len++) {
		memcpy(cut, text, len);
		cut[len] = '\0';
		struct pp_arena a;
		struct pp_ids ids;
		char name[8];
		char *copy = malloc(len);
		memcpy(copy, cut, len);
		pp_arena_init(&a, 0);
		pp_ids_init(&ids, PP_SPAN(copy, len), &a);
		pp_ids_device_name(&ids, 0x8086, 0x10ed, name, sizeof(name));
		assert_int_equal(strlen(name), 7);
		assert_string_equal(name, len < 25 ? "Device " : name);
		pp_ids_class_name(&ids, 0x7f00, name, sizeof(name));
		pp_arena_fini(&a);
		free(copy);
	}
}

/* Longer than any name: cut, and the rest of the answer is still there. */
static void test_long_name(void **state)
{
	char database[600], answer[600];

	snprintf(database, sizeof(database), "8086  %0400d\n\t0001  X\n", 7);
	snprintf(answer, sizeof(answer), "%0200d X", 0);
	expect(database, "8086:0001", answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),        cmocka_unit_test(test_partly_known),
		cmocka_unit_test(test_not_in_order), cmocka_unit_test(test_cut),
		cmocka_unit_test(test_long_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
