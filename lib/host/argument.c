/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parameters of Linux that decide about passthrough, and the values that they have:
 * Documentation/admin-guide/kernel-parameters.txt, drivers/iommu, drivers/vfio, and
 * pcie_acs_override of the kernels that have that patch.
 */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"
#include "host/argument.h"

static const char *const intel_values[] = {
	"on",     "off",      "igfx_off",      "forcedac",   "strict",  "sp_off",  "sm_on",
	"sm_off", "nobounce", "tboot_noforce", "relax_rmrr", "ecs_off", "pasid28", NULL,
};
static const char *const amd_values[] = {
	"off",      "fullflush",   "force_enable", "force_isolation", "pgtbl_v1",
	"pgtbl_v2", "irtcachedis", "nohugepages",  "v2_pgsizes_only", NULL,
};
/* arch/x86/kernel/pci-dma.c, iommu_setup(); arch/x86/kernel/aperture_64.c and amd_gart_64.c */
static const char *const iommu_values[] = {
	"off",        "force",   "noforce",  "biomerge",  "panic",       "nopanic",
	"merge",      "nomerge", "forcesac", "allowdac",  "nodac",       "usedac",
	"soft",       "pt",      "nopt",     "fullflush", "nofullflush", "noagp",
	"noaperture", "memaper", "leak",     "allowed",   "calgary",     NULL,
};
static const char *const intremap_values[] = {
	"on", "off", "nosid", "no_x2apic_optout", "nopost", "posted_msi", NULL,
};
/* Only named where another value was given: argument_is_switch() says what is read. */
static const char *const switch_values[] = { "0", "1", "y", "n", "on", "off", NULL };

/* Values that are a list of ids, or of any form. */
static const char *const id_values[] = { NULL };

static const struct argument_row {
	const char *name;          /* with '_', as the kernel compares */
	const char *written;       /* as people write it */
	const char *const *values; /* NULL: any; id_values: vendor:device,… */
	enum pp_argument_for for_whom;
	const char *successor; /* of one that is gone; else NULL */
} argument_rows[] = {
	{ "intel_iommu", "intel_iommu=", intel_values, PP_ARGUMENT_FOR_INTEL, NULL },
	{ "amd_iommu", "amd_iommu=", amd_values, PP_ARGUMENT_FOR_AMD, NULL },
	{ "amd_iommu_dump", "amd_iommu_dump", NULL, PP_ARGUMENT_FOR_AMD, NULL },
	{ "amd_iommu_intr", "amd_iommu_intr=", NULL, PP_ARGUMENT_FOR_AMD, NULL },
	{ "ivrs_ioapic", "ivrs_ioapic=", NULL, PP_ARGUMENT_FOR_AMD, NULL },
	{ "ivrs_hpet", "ivrs_hpet=", NULL, PP_ARGUMENT_FOR_AMD, NULL },
	{ "ivrs_acpihid", "ivrs_acpihid=", NULL, PP_ARGUMENT_FOR_AMD, NULL },
	{ "iommu", "iommu=", iommu_values, PP_ARGUMENT_FOR_X86, NULL },
	{ "iommu.passthrough", "iommu.passthrough=", switch_values, PP_ARGUMENT_FOR_ALL, NULL },
	{ "iommu.strict", "iommu.strict=", switch_values, PP_ARGUMENT_FOR_ALL, NULL },
	{ "iommu.forcedac", "iommu.forcedac=", switch_values, PP_ARGUMENT_FOR_ALL, NULL },
	{ "intremap", "intremap=", intremap_values, PP_ARGUMENT_FOR_X86, NULL },
	{ "nointremap", "nointremap", NULL, PP_ARGUMENT_FOR_X86, NULL },
	{ "pcie_acs_override", "pcie_acs_override=", NULL, PP_ARGUMENT_FOR_ALL, NULL },
	{ "vfio_pci.ids", "vfio-pci.ids=", id_values, PP_ARGUMENT_FOR_ALL, NULL },
	{ "vfio_pci.disable_vga", "vfio-pci.disable_vga=1", switch_values, PP_ARGUMENT_FOR_ALL,
	  NULL },
	{ "vfio_pci.disable_idle_d3", "vfio-pci.disable_idle_d3=1", switch_values,
	  PP_ARGUMENT_FOR_ALL, NULL },
	{ "vfio_pci.disable_denylist", "vfio-pci.disable_denylist=1", switch_values,
	  PP_ARGUMENT_FOR_ALL, NULL },
	{ "vfio_pci.enable_sriov", "vfio-pci.enable_sriov=1", switch_values, PP_ARGUMENT_FOR_ALL,
	  NULL },
	{ "vfio_pci.nointxmask", "vfio-pci.nointxmask=1", switch_values, PP_ARGUMENT_FOR_ALL,
	  NULL },
	{ "vfio_iommu_type1.allow_unsafe_interrupts", "vfio_iommu_type1.allow_unsafe_interrupts=1",
	  switch_values, PP_ARGUMENT_FOR_ALL, NULL },
	{ "vfio_iommu_type1.disable_hugepages", "vfio_iommu_type1.disable_hugepages=1",
	  switch_values, PP_ARGUMENT_FOR_ALL, NULL },
	{ "vfio_iommu_type1.dma_entry_limit", "vfio_iommu_type1.dma_entry_limit=", NULL,
	  PP_ARGUMENT_FOR_ALL, NULL },
	{ "vfio.enable_unsafe_noiommu_mode", "vfio.enable_unsafe_noiommu_mode=1", switch_values,
	  PP_ARGUMENT_FOR_ALL, NULL },
	{ "iommufd.allow_unsafe_interrupts", "iommufd.allow_unsafe_interrupts=1", switch_values,
	  PP_ARGUMENT_FOR_ALL, NULL },
	{ "pci_stub.ids", "pci-stub.ids=", id_values, PP_ARGUMENT_FOR_ALL, NULL },
	{ "kvm.allow_unsafe_assigned_interrupts", "", NULL, PP_ARGUMENT_FOR_ALL,
	  "vfio_iommu_type1.allow_unsafe_interrupts=1" },
};
#define NR_ROWS (sizeof(argument_rows) / sizeof(argument_rows[0]))

/* A name that only shares its last part with one of ours is meant for it from so many letters on.
 */
#define MIN_LAST_PART 12

/* The word without its quotation marks, which the kernel takes off; false: longer than any of ours.
 */
static bool argument_copy(struct pp_span word, char *buf, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < word.len; i++) {
		if (word.data[i] == '"')
			continue;
		if (n + 1 == size)
			return false;
		buf[n++] = (char)word.data[i];
	}
	buf[n] = '\0';
	pp_text_clean_in_place(buf);
	return n > 0;
}

/* "ivrs_ioapic[7]" is ivrs_ioapic. */
static void argument_plain_name(const char *written, char *buf, size_t size)
{
	snprintf(buf, size, "%.*s", (int)strcspn(written, "["), written);
	for (char *c = buf; *c; c++)
		*c = *c == '-' ? '_' : *c;
}

static const struct argument_row *argument_find(const char *name)
{
	for (size_t i = 0; i < NR_ROWS; i++)
		if (!strcmp(argument_rows[i].name, name))
			return &argument_rows[i];
	return NULL;
}

static const char *argument_last_part(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

/* The name that was meant by one that nothing reads; NULL: it may be anybody's. */
static const struct argument_row *argument_guess(const char *name)
{
	const char *last = argument_last_part(name);
	struct pp_nearest near;

	for (size_t i = 0; i < NR_ROWS && strlen(last) >= MIN_LAST_PART; i++)
		if (!argument_rows[i].successor &&
		    !strcmp(argument_last_part(argument_rows[i].name), last))
			return &argument_rows[i];
	pp_nearest_init(&near, name);
	for (size_t i = 0; i < NR_ROWS; i++)
		if (!argument_rows[i].successor)
			pp_nearest_offer(&near, argument_rows[i].name);
	/* Three letters make another name out of one that is not VFIO's. */
	if (!near.found || near.distance > (strstr(name, "vfio") ? 3u : 2u))
		return NULL;
	return argument_find(near.found);
}

/* "intel_iommu.on", "iommu-pt": the value behind a sign that is not the equals sign. */
static const struct argument_row *argument_with_value(const char *name)
{
	for (size_t i = 0; i < NR_ROWS; i++) {
		const struct argument_row *row = &argument_rows[i];
		size_t n = strlen(row->name);
		if (!row->values || row->values == id_values || strncmp(name, row->name, n) ||
		    (name[n] != '.' && name[n] != '_' && name[n] != ':'))
			continue;
		for (const char *const *v = row->values; *v; v++)
			if (!strcmp(name + n + 1, *v))
				return row;
	}
	return NULL;
}

/* lib/kstrtox.c, kstrtobool(): the first letter decides, of "on" and "off" the second. */
static bool argument_is_switch(const char *value)
{
	return strchr("01yYnNtTfF", value[0]) ||
	       ((value[0] | 0x20) == 'o' && value[1] && strchr("nNfF", value[1]));
}

static bool argument_has_value(const struct argument_row *row, const char *value, bool proxmox)
{
	if (row->values == switch_values)
		return argument_is_switch(value);
	for (const char *const *v = row->values; *v; v++)
		if (!strcmp(*v, value))
			return proxmox || strcmp(value, "relax_rmrr") != 0;
	/* "memaper=3", "128M" */
	return !strcmp(row->name, "iommu") &&
	       (!strncmp(value, "memaper=", 8) || !strncmp(value, "leak=", 5) ||
	        strchr("0123456789", value[0]));
}

/* Another parameter that has this value, where the value alone says which: "intel_iommu=pt". */
static const char *argument_owner(const struct argument_row *row, const char *value)
{
	if (!strcmp(row->name, "iommu") && !strcmp(value, "on"))
		return "intel_iommu=on";
	if (!strcmp(value, "pt") || !strcmp(value, "nopt"))
		return "iommu=";
	if (!strcmp(value, "igfx_off") || !strcmp(value, "sp_off") || !strcmp(value, "sm_on"))
		return "intel_iommu=";
	return NULL;
}

static const char *argument_near_value(const struct argument_row *row, const char *value)
{
	struct pp_nearest near;

	pp_nearest_init(&near, value);
	for (const char *const *v = row->values; *v; v++)
		pp_nearest_offer(&near, *v);
	/* One that only other kernels know. */
	return near.found && strcmp(near.found, value) ? near.found : NULL;
}

/* sscanf("%x:%x:…") of drivers/vfio/pci/vfio_pci.c, vfio_pci_fill_ids(): two numbers at least. */
static bool argument_is_id(const char *part, size_t len)
{
	size_t colons = 0, digits = 0;

	for (size_t i = 0; i < len; i++) {
		if (part[i] == ':') {
			if (!digits)
				return false;
			colons++;
			digits = 0;
		} else if (strchr("0123456789abcdefABCDEFxX", part[i])) {
			digits++;
		} else {
			return false;
		}
	}
	/* Four digits before the first colon and a dot would be an address: that has failed above.
	 */
	return colons >= 1 && colons <= 5 && digits;
}

static void argument_check_value(const struct argument_row *row, const char *value, bool proxmox,
                                 struct pp_argument *ret)
{
	for (const char *at = value; *at;) {
		size_t len = strcspn(at, ",");
		bool fine = row->values == id_values;
		snprintf(ret->value, sizeof(ret->value), "%.*s", (int)len, at);
		if (fine && len && !argument_is_id(at, len))
			ret->fault = PP_ARGUMENT_IDS;
		else if (!fine && strpbrk(ret->value, " =") && strncmp(ret->value, "memaper=", 8) &&
		         strncmp(ret->value, "leak=", 5))
			ret->fault = PP_ARGUMENT_BLANK;
		else if (!fine && len && !argument_has_value(row, ret->value, proxmox)) {
			ret->fault = PP_ARGUMENT_VALUE;
			ret->meant = argument_owner(row, ret->value);
			if (!ret->meant)
				ret->meant = argument_near_value(row, ret->value);
		}
		if (ret->fault)
			return;
		at += len + (at[len] == ',');
	}
	ret->value[0] = '\0';
}

bool pp_argument_check(struct pp_span word, bool proxmox, struct pp_argument *ret)
{
	char text[512], name[PP_ARGUMENT_BYTES];
	struct pp_argument a = { .fault = PP_ARGUMENT_FINE };

	if (!argument_copy(word, text, sizeof(text)))
		return false;
	char *equals = strchr(text, '=');
	if (equals)
		*equals = '\0';
	if (strlen(text) >= sizeof(a.name))
		return false;
	snprintf(a.name, sizeof(a.name), "%s", text);
	argument_plain_name(text, name, sizeof(name));
	const struct argument_row *row = argument_find(name);
	if (row && row->successor) {
		a.fault = PP_ARGUMENT_GONE;
		a.meant = row->successor;
	} else if (row) {
		if (row->values && equals)
			argument_check_value(row, equals + 1, proxmox, &a);
	} else {
		const struct argument_row *guess = equals ? NULL : argument_with_value(name);
		row = guess ? guess : argument_guess(name);
		if (!row)
			return false;
		a.fault = PP_ARGUMENT_UNKNOWN;
		a.meant = row->written;
	}
	a.for_whom = row->for_whom;
	*ret = a;
	return true;
}
