/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private marks in a file of every row of lib/host/redact.c, whether a sample machine has such a
 * file or not: in each form that lines of such files have. What is kept has none of them. Whole
 * files are those of WHOLE alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"
#include "host/redact.h"

static const char *const marks[] = {
	"secrethost",         "s3cretuser",         "SER1AL4711",
	"enx0a1b2c3d4e5f",    "0a:1b:2c:3d:4e:5f",  "c0ffee11-2222-4333-8444-555566667777",
	"10.11.12.13",        "fe80::a1b:2cff",     "iqn.2001-04.com.secret",
	"/home/s3cretuser/x", "secret.example.org",
};
#define NR_MARKS (sizeof(marks) / sizeof(marks[0]))

/* "%s" is the mark. */
static const char *const forms[] = {
	"%s\n",
	"0x8086 %s\n",
	"key=%s\n",
	"Serial\t\t: %s\n",
	"model name\t: %s\n",
	"# %s\n",
	"\"a %s\"\n",
	"%s: 1 2 3\n",
	" 24:  1  2  IR-PCI-MSI-0000:01:00.0  0-edge  %s-TxRx-0\n",
	"NMI: 0 0 %s\n",
	"00000000-00000fff : %s\n",
	"[    1.000000] systemd[1]: %s\n",
	"[    1.000000] Lockdown: %s: /dev/mem is restricted\n",
	"[    1.000000] Unknown kernel command line parameters \"%s=1\", will be passed to user space.\n",
	"[    1.000000] Kernel command line: root=%s quiet\n",
	"Linux version 6.1.0-lab%s (%s@builder) (gcc) #1\n",
	"root=%s quiet -- --token=%s\n",
	"systemd.setenv=\"A=1 kvm=%s\" vfio_key=%s\n",
	"CONFIG_DEFAULT_HOSTNAME=\"%s\"\n",
	"CONFIG_LOCALVERSION=\"-%s\"\n",
	"kernel/%s.ko: kernel/drivers/vfio/vfio.ko\n",
	"kernel/%s.ko\n",
	"options vfio_pci ids=10de:1b80 x=%s # %s\n",
	"options bonding arp_ip_target=%s\n",
	"blacklist %s\n",
	"alias %s vfio_pci\n",
	"softdep %s pre: vfio-pci\n",
	"install vfio_pci /bin/sh -c '%s'\n",
	"36 35 98:0 / /mnt/%s rw - ext4 /dev/mapper/%s rw\n",
	"36 35 98:0 /%s / rw - nfs %s:/x rw\n",
	"/dev/disk/by-id/%s partition 1 0 -2\n",
	"/%s file 2 0 -3\n",
	"E:ID_SERIAL=%s\n",
	"E:ID_FS_LABEL=%s\n",
	"S:disk/by-id/%s\n",
	"Package: %s\nStatus: install ok installed\nVersion: %s\n",
	"Package: pve-manager\nStatus: install ok installed\nVersion: 8.1-%s\nMaintainer: %s\n",
	"guest 1 0 - - 0000:01:00.0 name=%s\n",
};
#define NR_FORMS (sizeof(forms) / sizeof(forms[0]))

/* Registers, tables, and what the firmware says the machine is: what a capture is for. */
static const char *const whole[] = {
	"sys/firmware/acpi/tables/DMAR",
	"sys/firmware/acpi/tables/IVRS",
	"sys/firmware/acpi/tables/IORT",
	"sys/firmware/acpi/tables/APIC",
	"sys/firmware/acpi/tables/VIOT",
	"sys/**/dmi/id/product_name",
	"sys/**/dmi/id/board_name",
	"sys/**/dmi/id/sys_vendor",
	"sys/**/dmi/id/bios_version",
	"sys/**/dmi/id/bios_date",
	"sys/firmware/devicetree/base/compatible",
	"sys/firmware/devicetree/base/model",
	"sys/firmware/devicetree/base/**/compatible",
	"sys/firmware/devicetree/base/**/phandle",
	"sys/firmware/devicetree/base/**/iommu-map",
	"sys/firmware/devicetree/base/**/iommu-map-mask",
	"sys/firmware/devicetree/base/**/msi-map",
	"sys/firmware/devicetree/base/**/msi-parent",
	"sys/**/config",
	"windows/devices/*/*",
	"windows/system/*",
};

static bool redact_is_whole(const char *pattern)
{
	bool found = false;

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		found |= !strcmp(whole[i], pattern);
	return found;
}

/* A path that the pattern takes. */
static void redact_path_of(const char *pattern, char *ret, size_t size)
{
	size_t n = 0;

	for (; *pattern && n + 16 < size; pattern++) {
		bool all = !strncmp(pattern, "**", 2);
		if (*pattern == '*')
			n += (size_t)snprintf(ret + n, size - n, "%s",
			                      all ? "a/b" : "0000:01:00.0");
		else
			ret[n++] = *pattern;
		pattern += all;
	}
	ret[n] = '\0';
}

static void redact_form(char *ret, size_t size, const char *form, const char *mark)
{
	size_t n = 0;

	for (; *form && n + 64 < size; form++) {
		bool is_mark = !strncmp(form, "%s", 2);
		if (is_mark)
			n += (size_t)snprintf(ret + n, size - n, "%s", mark);
		else
			ret[n++] = *form;
		form += is_mark;
	}
	ret[n] = '\0';
}

static void redact_look(const char *path, const char *text, struct pp_span kept)
{
	for (size_t i = 0; i < NR_MARKS; i++)
		if (pp_span_find(kept, marks[i]))
			fail_msg("%s: of '%s' it keeps '%.*s'", path, text, (int)kept.len,
			         (const char *)kept.data);
}

static void redact_try(const char *path, const char *text)
{
	struct pp_arena a;
	struct pp_error e = { 0 };
	struct pp_span content = PP_SPAN(text, strlen(text));

	pp_arena_init(&a, 0);
	assert_int_equal(pp_redact(NULL, path, &content, &a, &e), 0);
	redact_look(path, text, content);
	pp_arena_fini(&a);
}

/* Each form alone, and all of them as one file. */
static void redact_try_row(const char *pattern)
{
	/* Claims are lines of pcipass's own, which have a name in one place alone. */
	const char *only = strstr(pattern, "claims") ? " name=%s" : "";

	static char all[NR_FORMS * NR_MARKS * 512];
	char path[256], text[512];
	size_t len = 0;

	redact_path_of(pattern, path, sizeof(path));
	for (size_t f = 0; f < NR_FORMS; f++)
		for (size_t m = 0; m < NR_MARKS; m++) {
			if (!strstr(forms[f], only))
				continue;
			redact_form(text, sizeof(text), forms[f], marks[m]);
			redact_try(path, text);
			len += (size_t)snprintf(all + len, sizeof(all) - len, "%s", text);
		}
	redact_try(path, all);
}

static void test_no_mark_is_kept(void **state)
{
	size_t rows = 0, nr_whole = 0;

	for (const char *pattern; (pattern = pp_redact_pattern(rows)); rows++) {
		if (redact_is_whole(pattern))
			nr_whole++;
		else
			redact_try_row(pattern);
	}
	assert_true(rows > 60);
	assert_int_equal(nr_whole, sizeof(whole) / sizeof(whole[0]));
}

/* A file that no row is for. */
static void test_no_row(void **state)
{
	struct pp_arena a;
	struct pp_error e = { 0 };
	struct pp_span content = PP_SPAN("x", 1);

	pp_arena_init(&a, 0);
	assert_int_equal(pp_redact(NULL, "etc/hostname", &content, &a, &e), -ENOENT);
	assert_int_equal(pp_redact(NULL, "sys/class/net/eth0/address", &content, &a, &e), -ENOENT);
	pp_arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_mark_is_kept),
		cmocka_unit_test(test_no_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
