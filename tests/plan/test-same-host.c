/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan and hosts that differ from its own by one fact. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "host/host.h"
#include "plan/plan.h"

#define NR_DEVICES 4

static struct pp_device devices[NR_DEVICES];
static const struct pp_plan_device asked = {
	.address = { .bus = 7 }, .vendor = 0x1000, .device = 0x87, .asked = true
};

static struct pp_device device(uint8_t bus, uint16_t vendor, uint16_t id)
{
	return (struct pp_device){ .address = { .bus = bus },
		                   .vendor = vendor,
		                   .device = id,
		                   .ids_known = true,
		                   .physfn = PP_NO_DEVICE };
}

/* A host bridge, the card that is asked for, a card of another slot, a virtual function of it. */
static struct pp_host host_made(void)
{
	devices[0] = device(0, 0x8086, 0x0e00);
	devices[1] = device(7, 0x1000, 0x0087);
	devices[2] = device(10, 0x8086, 0x10fb);
	devices[3] = device(11, 0x8086, 0x10ed);
	devices[3].physfn = 2;
	return (struct pp_host){
		.product = { .text = "ProLiant DL380p Gen8" },
		.board = { .text = "X9" },
		.bios_version = { .text = "P70" },
		.cpu = "GenuineIntel family 6 model 62",
		.kernel = { .release = { .text = "6.1.0" } },
		.devices = devices,
		.nr_devices = NR_DEVICES,
	};
}

static struct pp_plan *plan(void)
{
	const struct pp_host h = host_made();
	struct pp_plan *p = pp_plan_alloc();
	struct pp_error e = { 0 };

	assert_non_null(p);
	assert_int_equal(pp_plan_take_host(&p->host, &h, &p->arena, &e), 0);
	p->devices = &asked;
	p->nr_devices = 1;
	return p;
}

/* words NULL: it is the same host. */
static void expect(const struct pp_plan *p, const struct pp_host *h, const char *words)
{
	struct pp_error e = { 0 };
	int r = pp_plan_check_host(p, h, &e);

	if (words && !strstr(e.text, words))
		print_error("'%s' is not in '%s'\n", words, e.text);
	assert_int_equal(r, words ? -EBUSY : 0);
	assert_true(!words || strstr(e.text, words));
}

static void test_same(void **state)
{
	struct pp_plan *p = plan();
	struct pp_host h = host_made();

	(void)state;
	assert_int_equal(p->host.nr_pci, 3);
	expect(p, &h, NULL);
	/* Virtual functions come and go; another kernel may run. */
	h.nr_devices = 3;
	h.kernel.release.text = "6.12.0";
	expect(p, &h, NULL);
	pp_plan_free(p);
}

static void test_texts(void **state)
{
	struct pp_plan *p = plan();
	struct pp_host h = host_made();

	(void)state;
	h.product.text = "ProLiant DL360p Gen8";
	expect(p, &h, "product is ProLiant DL380p Gen8; this host's is ProLiant DL360p Gen8");
	h = host_made();
	h.board.text = "X10";
	expect(p, &h, "board is X9; this host's is X10");
	h = host_made();
	h.bios_version.text = "P71";
	expect(p, &h, "BIOS version is P70; this host's is P71");
	h = host_made();
	h.cpu = "GenuineIntel family 6 model 45";
	expect(p, &h, "processor is GenuineIntel family 6 model 62");
	/* What one of the two does not know decides nothing; the devices are left. */
	h = host_made();
	h.product.text = h.board.text = h.bios_version.text = h.cpu = NULL;
	expect(p, &h, NULL);
	devices[2].device = 0x1521;
	expect(p, &h,
	       "8086:10fb at 0000:0a:00.0, and 8086:1521 is there now: the card was exchanged");
	pp_plan_free(p);
}

static void test_devices(void **state)
{
	struct pp_plan *p = plan();
	struct pp_host h = host_made();

	(void)state;
	devices[1].device = 0x72;
	expect(p, &h, "1000:0087 at 0000:07:00.0, and 1000:0072 is there now");
	h = host_made();
	h.nr_devices = 1;
	expect(p, &h,
	       "1000:0087 at 0000:07:00.0, and no device is there now: it was removed or has "
	       "failed");
	/* One that the plan does not ask for. */
	h = host_made();
	h.nr_devices = 2;
	expect(p, &h, "8086:10fb at 0000:0a:00.0, and no device is there now");
	h = host_made();
	devices[3].physfn = PP_NO_DEVICE;
	expect(p, &h, "8086:10ed at 0000:0b:00.0 was not there when the plan was made");
	pp_plan_free(p);
}

static void test_unread(void **state)
{
	struct pp_plan *p = plan();
	struct pp_host h = host_made();

	(void)state;
	/* A host with a name need not show every device. */
	devices[1].ids_known = false;
	expect(p, &h, NULL);
	h.product.text = NULL;
	expect(p, &h, "what is there now cannot be read");
	h = host_made();
	h.devices_error = EACCES;
	expect(p, &h, "this host's PCI devices cannot be read (Permission denied)");
	pp_plan_free(p);
}

/* One without the list, as older ones are. */
static void test_old(void **state)
{
	struct pp_plan *p = plan();
	struct pp_host h = host_made();

	(void)state;
	p->host.pci = NULL;
	p->host.nr_pci = 0;
	expect(p, &h, NULL);
	devices[1].vendor = 0x10de;
	expect(p, &h, "10de:0087 is there now");
	pp_plan_free(p);
}

static void expect_machine(const struct pp_plan *p, const struct pp_host *h, const char *words)
{
	struct pp_error e = { 0 };

	assert_int_equal(pp_plan_check_machine(&p->host, h, "the plan was made for", &e),
	                 words ? -EBUSY : 0);
	assert_true(!words || strstr(e.text, words));
}

/* What was carried out is undone: the host may have changed since, but is no other one. */
static void test_machine(void **state)
{
	struct pp_plan *p = plan();
	struct pp_host h = host_made();

	(void)state;
	h.bios_version.text = "P71";
	expect_machine(p, &h, NULL);
	/* Moved to another slot; gone; a new one. */
	devices[1].address.bus = 9;
	devices[2].device = 0x1521;
	expect_machine(p, &h, NULL);
	/* One of three is less than half, whatever the name says. */
	devices[1].device = 0x72;
	expect_machine(p, &h, "a host with 3 PCI devices, and 1 of them are in this host");
	/* Two of one kind are not found in one. */
	h = host_made();
	devices[0].vendor = devices[2].vendor = 0x1000;
	devices[0].device = devices[2].device = 0x87;
	expect_machine(p, &h, "1 of them");
	h = host_made();
	h.devices_error = EACCES;
	expect_machine(p, &h, NULL);
	h.board.text = "X10";
	expect_machine(p, &h, "board is X9; this host's is X10");
	h = host_made();
	h.product.text = "ProLiant DL360p Gen8";
	expect_machine(p, &h, "product is");
	h = host_made();
	h.cpu = "GenuineIntel family 6 model 45";
	expect_machine(p, &h, "processor is");
	pp_plan_free(p);
}

static void test_device_is_here(void **state)
{
	const struct pp_address nic = { .bus = 10 }, none = { .bus = 99 };
	struct pp_plan *p = plan();
	struct pp_host h = host_made();
	bool other;

	(void)state;
	assert_true(pp_plan_device_is_here(p, &h, asked.address, &other));
	assert_true(pp_plan_device_is_here(p, &h, nic, &other));
	assert_false(pp_plan_device_is_here(p, &h, none, &other));
	assert_false(other);
	devices[1].device = 0x72;
	devices[2].device = 0x1521;
	assert_false(pp_plan_device_is_here(p, &h, nic, &other));
	assert_true(other);
	/* Of an older plan: by the devices that it asks for. */
	p->host.nr_pci = 0;
	assert_false(pp_plan_device_is_here(p, &h, asked.address, &other));
	assert_true(other);
	devices[1].ids_known = false;
	assert_true(pp_plan_device_is_here(p, &h, asked.address, &other));
	h.nr_devices = 0;
	h.devices_error = EACCES;
	assert_true(pp_plan_device_is_here(p, &h, asked.address, &other));
	pp_plan_free(p);
}

static void test_text_of_a_device(void **state)
{
	static const char *const bad[] = { "",
		                           "0000:07:00.0",
		                           "0000:07:00.0 1000",
		                           "07:00.0 1000:0087",
		                           "0000:07:00.0 1000:87",
		                           "0000:07:00.0 1000:0087 ",
		                           "0000:07:00.0  1000:0087",
		                           "0000:07:00.0 1000:008g",
		                           "0000:07:00.0 1000:00870",
		                           "0000:07:00.0 1000:0087:0",
		                           "00000000000000000000000000000000:07:00.0 1000:0087" };
	char text[PP_PLAN_PCI_BYTES];
	struct pp_plan_pci d;

	(void)state;
	assert_true(pp_plan_pci_parse("10000:e1:1f.7 8086:0aff", &d));
	assert_int_equal(d.address.domain, 0x10000);
	pp_plan_pci_format(&d, text);
	assert_string_equal(text, "10000:e1:1f.7 8086:0aff");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (pp_plan_pci_parse(bad[i], &d))
			fail_msg("'%s' was taken", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),    cmocka_unit_test(test_texts),
		cmocka_unit_test(test_devices), cmocka_unit_test(test_unread),
		cmocka_unit_test(test_old),     cmocka_unit_test(test_text_of_a_device),
		cmocka_unit_test(test_machine), cmocka_unit_test(test_device_is_here),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
