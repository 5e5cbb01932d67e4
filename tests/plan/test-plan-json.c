/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans without a host: what steps say, counts, and JSON there and back. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/crc32.h"
#include "plan/json.h"

static const char head[] =
	"{\"schema\":\"pcipass.plan/1\",\"request\":\"slot2\",\"host\":{\"product\":null,"
	"\"bios_version\":null,\"kernel\":null},\"devices\":[{\"address\":\"0000:07:00.0\","
	"\"vendor\":\"1000\",\"device\":\"0087\",\"slot\":null,\"asked\":true}],\"regions\":[],"
	"\"steps\":[";
static const char tail[] = "],\"alternatives\":[]}";

static const char bind_step[] =
	"{\"kind\":\"bind\",\"remedy\":\"bind\",\"text\":\"\",\"side_effect\":null,\"undo\":\"\","
	"\"needs_reboot\":false,\"bind\":{\"address\":\"0000:07:00.0\",\"vendor\":\"1000\","
	"\"device\":\"0087\",\"expected_driver\":\"mpt3sas\"}}";
static const char unbind_step[] =
	"{\"kind\":\"unbind\",\"remedy\":\"unbind-vfio\",\"text\":\"\",\"side_effect\":null,\"undo\":\"\","
	"\"needs_reboot\":%s,\"unbind\":{\"address\":\"0000:07:00.0\",\"vendor\":\"1000\","
	"\"device\":\"0087\",\"expected_driver\":\"vfio-pci\"%s}}";
static const char hand_step[] =
	"{\"kind\":\"instruction\",\"remedy\":\"bios-vmd\",\"text\":\"switch it off\","
	"\"side_effect\":\"disks\",\"undo\":\"on\",\"needs_reboot\":true}";
static const char ivrs_step[] =
	"{\"kind\":\"override\",\"remedy\":\"table-override\",\"text\":\"\",\"side_effect\":null,"
	"\"undo\":\"\",\"needs_reboot\":true,\"override\":{\"table\":\"IVRS\","
	"\"expected_crc\":\"0x0000cafe\",\"expected_bytes\":100,"
	"\"devices\":[\"0001:07:00.0\",\"0001:07:1f.7\"]}}";

static const char option_step[] =
	"{\"kind\":\"option\",\"remedy\":\"disable-denylist\",\"text\":\"\",\"side_effect\":null,"
	"\"undo\":\"\",\"needs_reboot\":true,\"option\":{\"module\":\"%s\",\"option\":\"%s\"}}";

static struct pp_plan *parse(const char *step)
{
	char text[4096];
	struct pp_error e = { 0 };
	struct pp_plan *p = NULL;

	snprintf(text, sizeof(text), "%s%s%s", head, step, tail);
	int r = pp_plan_parse(text, strlen(text), &p, &e);
	if (r)
		print_message("%s\n", e.text);
	assert_int_equal(r, 0);
	return p;
}

static void test_crc32(void **state)
{
	/* The check value of the algorithm, and of nothing. */
	assert_int_equal(pp_span_crc32(PP_SPAN("123456789", 9)), 0xcbf43926u);
	assert_int_equal(pp_span_crc32(PP_SPAN(NULL, 0)), 0);
}

static void test_counts(void **state)
{
	char both[2048];
	snprintf(both, sizeof(both), "%s,%s", bind_step, hand_step);
	struct pp_plan *p = parse(both);

	assert_int_equal(pp_plan_steps(p), 1);
	assert_int_equal(pp_plan_instructions(p), 1);
	assert_true(pp_plan_needs_reboot(p));
	pp_plan_free(p);
	p = parse(bind_step);
	assert_false(pp_plan_needs_reboot(p));
	pp_plan_free(p);
	pp_plan_free(NULL);
}

static void test_words_are_made(void **state)
{
	struct pp_plan *p = parse(bind_step);

	assert_string_equal(p->steps[0].text, "bind 07:00.0 to vfio-pci, now and at every boot");
	assert_string_equal(p->steps[0].undo, "give it back to mpt3sas");
	pp_plan_free(p);
	p = parse(hand_step);
	assert_string_equal(p->steps[0].text, "switch it off");
	pp_plan_free(p);
}

/* Whether it is taken, and if so, what it says. */
static void unbinds(const char *needs_reboot, const char *when, const char *words)
{
	char step[1024], text[4096];
	struct pp_plan *p = NULL;
	struct pp_error e = { 0 };

	snprintf(step, sizeof(step), unbind_step, needs_reboot, when);
	snprintf(text, sizeof(text), "%s%s%s", head, step, tail);
	int r = pp_plan_parse(text, strlen(text), &p, &e);
	if (!words) {
		assert_int_equal(r, -EBADMSG);
		assert_null(p);
		return;
	}
	assert_int_equal(r, 0);
	assert_string_equal(p->steps[0].text, words);
	assert_string_equal(p->steps[0].undo, "bind it to vfio-pci again");
	json_t *made = pp_plan_json(p), *wanted = json_loads(text, 0, NULL);
	const json_t *mine = json_object_get(json_array_get(json_object_get(made, "steps"), 0),
	                                     "unbind"),
		     *theirs = json_object_get(json_array_get(json_object_get(wanted, "steps"), 0),
	                                       "unbind");
	assert_non_null(mine);
	assert_true(json_equal(mine, theirs));
	json_decref(made);
	json_decref(wanted);
	pp_plan_free(p);
}

static void test_unbind(void **state)
{
	static const char off[] =
		"unbind 07:00.0 from vfio-pci and give it back to the host driver, ";
	char words[128];

	snprintf(words, sizeof(words), "%snow and at every boot", off);
	unbinds("false", "", words);
	snprintf(words, sizeof(words), "%snow, until the next boot", off);
	unbinds("false", ",\"when\":\"now\"", words);
	snprintf(words, sizeof(words), "%sat every boot, from the next one on", off);
	unbinds("true", ",\"when\":\"boot\"", words);
	/* What is at boot only shows after one, and nothing else does. */
	unbinds("false", ",\"when\":\"boot\"", NULL);
	unbinds("true", "", NULL);
	unbinds("true", ",\"when\":\"now\"", NULL);
	unbinds("false", ",\"when\":\"both\"", NULL);
	unbinds("false", ",\"when\":null", NULL);
	unbinds("false", ",\"when\":1", NULL);
	unbinds("false", ",\"then\":\"now\"", NULL);
	unbinds("false", ",\"when\":\"now\",\"more\":1", NULL);
}

static void test_option(void **state)
{
	char step[512], text[2048];
	struct pp_plan *p;

	snprintf(step, sizeof(step), option_step, "vfio_pci", "disable_denylist");
	p = parse(step);
	assert_string_equal(p->steps[0].text, "load the kernel module vfio_pci with "
	                                      "disable_denylist=1, from the next boot on");
	pp_plan_free(p);
	static const char *const bad[][2] = { { "vfio_pci", "ids" },
		                              { "vfio_pci", "allow_unsafe_interrupts" },
		                              { "vfio_pci", "disable_denylist x" },
		                              { "vfio-pci", "disable_denylist" },
		                              { "../vfio_pci", "disable_denylist" } };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(step, sizeof(step), option_step, bad[i][0], bad[i][1]);
		snprintf(text, sizeof(text), "%s%s%s", head, step, tail);
		assert_int_equal(pp_plan_parse(text, strlen(text), &p, NULL), -EBADMSG);
	}
}

static const char kind_step[] =
	"{\"kind\":\"%s\",\"remedy\":\"x\",\"text\":\"\",\"side_effect\":null,"
	"\"undo\":\"\",\"needs_reboot\":false,\"%s\":{\"address\":\"0000:0c:00.0\",\"vendor\":\"8086\","
	"\"device\":\"244e\",%s}}";

static int parse_kind(const char *kind, const char *more, struct pp_plan **ret)
{
	char step[512], text[2048];

	snprintf(step, sizeof(step), kind_step, kind, kind, more);
	snprintf(text, sizeof(text), "%s%s%s", head, step, tail);
	return pp_plan_parse(text, strlen(text), ret, NULL);
}

static void test_bridge_and_vfs(void **state)
{
	static const char *const bad[][2] = {
		{ "no-driver", "\"expected_driver\":\"\"" },
		{ "no-driver", "\"expected_driver\":\"a/b\"" },
		{ "no-driver", "\"expected_driver\":\"shpchp\",\"when\":\"now\"" },
		{ "vfs", "\"expected\":0" },
		{ "vfs", "\"expected\":65536" },
		{ "vfs", "\"expected\":\"4\"" },
		{ "vfs", "\"expected\":4,\"wanted\":0" },
	};
	struct pp_plan *p;

	assert_int_equal(parse_kind("no-driver", "\"expected_driver\":\"shpchp\"", &p), 0);
	assert_string_equal(p->steps[0].text,
	                    "unbind the bridge 0c:00.0 from shpchp, now and at every boot");
	assert_string_equal(p->steps[0].undo, "bind it to shpchp again");
	pp_plan_free(p);
	assert_int_equal(parse_kind("vfs", "\"expected\":4", &p), 0);
	assert_string_equal(p->steps[0].text,
	                    "disable the virtual functions of 0c:00.0; there are 4 now");
	pp_plan_free(p);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse_kind(bad[i][0], bad[i][1], &p), -EBADMSG);
}

static void test_device_ids(void **state)
{
	struct pp_plan *p = parse(ivrs_step);
	const struct pp_step_override *o = &p->steps[0].override;

	assert_int_equal(o->segment, 1);
	assert_int_equal(o->nr_devids, 2);
	assert_int_equal(o->devids[0], 0x0700);
	assert_int_equal(o->devids[1], 0x07ff);
	assert_int_equal(o->expected_crc, 0xcafe);
	pp_plan_free(p);
}

static void test_there_and_back(void **state)
{
	const char *const steps[] = { bind_step, hand_step, ivrs_step };

	for (size_t i = 0; i < 3; i++) {
		struct pp_plan *p = parse(steps[i]), *again = NULL;
		json_t *first = pp_plan_json(p);
		char *text = json_dumps(first, 0);
		assert_non_null(text);
		assert_int_equal(pp_plan_parse(text, strlen(text), &again, NULL), 0);
		json_t *second = pp_plan_json(again);
		assert_true(json_equal(first, second));
		json_decref(first);
		json_decref(second);
		free(text);
		pp_plan_free(p);
		pp_plan_free(again);
	}
}

static void test_output_untouched(void **state)
{
	struct pp_plan *p = (struct pp_plan *)state;
	struct pp_error e = { 0 };

	assert_int_equal(pp_plan_parse("{}", 2, &p, &e), -EBADMSG);
	assert_ptr_equal(p, state);
	assert_int_equal(e.code, EBADMSG);
	assert_non_null(strstr(e.text, "'schema' is missing"));
}

static const char windows_head[] =
	"{\"schema\":\"pcipass.plan/1\",\"request\":\"slot2\",\"host\":{\"product\":null,\"board\":null,"
	"\"bios_version\":\"P70\",\"cpu\":null,\"kernel\":null,\"pci\":[],\"windows\":%s},\"devices\":[{"
	"\"address\":\"0000:07:00.0\",\"vendor\":\"1000\",\"device\":\"0087\",\"slot\":null,\"asked\":true}],"
	"\"regions\":[],\"steps\":[";

static void test_windows(void **state)
{
	char text[2048];
	struct pp_plan *p, *driver;

	snprintf(text, sizeof(text), windows_head, "\"Windows Server 2022\"");
	strcat(text, tail);
	assert_int_equal(pp_plan_parse(text, strlen(text), &p, NULL), 0);
	assert_string_equal(p->host.windows, "Windows Server 2022");
	/* The plan in front of it is of the same host and devices. */
	assert_int_equal(pp_plan_for_driver(p, "hp:C:\\HP\\conrep.exe", &driver, NULL), 0);
	assert_string_equal(driver->host.windows, p->host.windows);
	assert_string_equal(driver->host.bios_version, "P70");
	assert_string_equal(driver->request, "slot2");
	assert_int_equal(driver->nr_steps, 1);
	assert_int_equal(driver->steps[0].kind, PP_STEP_DRIVER_FILE);
	assert_string_equal(driver->steps[0].setting.store, "hp:C:\\HP\\conrep.exe");
	assert_non_null(strstr(driver->steps[0].text, " of C:\\HP\\conrep.exe to "));
	assert_false(pp_plan_needs_reboot(driver));
	pp_plan_free(driver);
	assert_int_equal(pp_plan_for_driver(p, "hp:C:\\evil.sys", &driver, NULL), -EBADMSG);
	pp_plan_free(p);
	snprintf(text, sizeof(text), windows_head, "1");
	strcat(text, tail);
	assert_int_equal(pp_plan_parse(text, strlen(text), &p, NULL), -EBADMSG);
}

static void test_arguments(void **state)
{
	assert_true(pp_argument_is_known("intel_iommu=on"));
	assert_false(pp_argument_is_known("intel_iommu=on "));
	assert_false(pp_argument_is_known(""));
	assert_true(pp_argument_is_unwanted("intremap=off"));
	assert_true(pp_argument_is_unwanted("nointremap"));
	assert_false(pp_argument_is_unwanted("root=/dev/sda1"));
	assert_false(pp_argument_is_unwanted("mitigations=auto"));
	assert_false(pp_argument_is_unwanted("intel_iommu=on"));
	assert_string_equal(pp_step_kind_name(PP_STEP_KINDS), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc32),          cmocka_unit_test(test_counts),
		cmocka_unit_test(test_words_are_made), cmocka_unit_test(test_device_ids),
		cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_output_untouched),
		cmocka_unit_test(test_arguments),      cmocka_unit_test(test_unbind),
		cmocka_unit_test(test_option),         cmocka_unit_test(test_bridge_and_vfs),
		cmocka_unit_test(test_windows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
