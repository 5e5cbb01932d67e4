/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the host's own side needs besides the IOMMU: the modules of VFIO, and what they were told.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "judge/rules.h"

/* How a module that cannot be used comes to be there. */
static void vfio_add_remedy(struct pp_judging *j, struct pp_finding *f, const struct pp_module *m,
                            const char *name)
{
	const char *release = j->host->kernel.release.text;

	switch (m->state) {
	case PP_MODULE_NO_FILE:
		pp_add_remedy_by_hand(
			f, &pp_remedy_vfio_modules,
			pp_arena_printf(j->arena,
		                        "install the rest of this kernel's modules (on Ubuntu "
		                        "linux-modules-extra-%s)",
		                        release ? release : "RELEASE"),
			NULL);
		break;
	case PP_MODULE_NO_FILES:
		pp_add_remedy_by_hand(f, &pp_remedy_vfio_modules,
		                      "reboot into the kernel whose modules are installed", NULL);
		break;
	case PP_MODULE_FORBIDDEN:
		pp_add_remedy_by_hand(
			f, &pp_remedy_vfio_modules,
			pp_arena_printf(j->arena,
		                        "remove what prevents %s from being loaded, and reboot",
		                        name),
			NULL);
		break;
	default:
		pp_add_remedy_by_hand(
			f, &pp_remedy_another_kernel,
			"boot a kernel that was built with VFIO (CONFIG_VFIO_PCI and "
			"CONFIG_VFIO_IOMMU_TYPE1), as those of Debian, Fedora and Proxmox VE are",
			NULL);
	}
}

static const char *vfio_why(const struct pp_module *m)
{
	switch (m->state) {
	case PP_MODULE_NO_FILE:
		return ": its module file is not installed";
	case PP_MODULE_NO_FILES:
		return " loaded, and the modules of the running kernel are not installed";
	case PP_MODULE_FORBIDDEN:
		return " loaded, and the host's configuration prevents loading it";
	default:
		return "";
	}
}

/* What texts do not tell of is no reason for an alarm: nearly every kernel has it. */
static void vfio_tell_unread(struct pp_judging *j, const struct pp_module *m)
{
	const struct pp_kernel *k = &j->host->kernel;
	const char *what = k->release.text ? "the list of its modules was not read"
	                                   : "its release was not read";

	if (m->error == ENODATA)
		pp_find(j, PP_INFORMS, "cannot tell whether this kernel has vfio-pci: %s", what);
	else
		pp_find_unknown(j, PP_BLOCKS, "cannot tell whether this kernel has vfio-pci: %s",
		                what);
}

static void no_vfio_pci(struct pp_judging *j)
{
	const struct pp_module *m = &j->host->kernel.vfio_pci;

	if (m->state == PP_MODULE_UNKNOWN && m->error)
		vfio_tell_unread(j, m);
	if (!pp_module_is_missing(m))
		return;
	struct pp_finding *f = pp_find(j, PP_BLOCKS, "this kernel has no vfio-pci%s", vfio_why(m));
	pp_evidence(j, f, "%s", m->evidence);
	pp_evidence(j, f, "/sys/bus/pci/drivers: no vfio-pci");
	vfio_add_remedy(j, f, m, "vfio-pci");
}

/* One of the two is enough. */
static void no_vfio_map(struct pp_judging *j)
{
	const struct pp_kernel *k = &j->host->kernel;

	/* drivers/vfio/Kconfig: there it is vfio_iommu_spapr_tce. */
	if (j->host->kind == PP_KIND_POWER)
		return;
	/* Where all of VFIO is missing, one sentence is enough. */
	if (pp_module_is_missing(&k->vfio_pci) || !pp_module_is_missing(&k->vfio_type1) ||
	    !pp_module_is_missing(&k->iommufd))
		return;
	struct pp_finding *f = pp_find(
		j, PP_BLOCKS,
		"this kernel has vfio-pci, but neither vfio_iommu_type1 nor iommufd, one of "
		"which is needed to map guest memory");
	pp_evidence(j, f, "%s", k->vfio_type1.evidence);
	pp_evidence(j, f, "%s", k->iommufd.evidence);
	vfio_add_remedy(j, f, &k->vfio_type1, "vfio_iommu_type1");
}

#define NR_ID_NUMBERS 6

/* "%x:%x:…" as sscanf() reads it: numbers up to what is none. Returns how many. */
static int vfio_parse_id(const char *part, uint64_t ret[NR_ID_NUMBERS])
{
	int n = 0;

	while (n < NR_ID_NUMBERS) {
		char text[20];
		size_t len = strcspn(part, ":");
		snprintf(text, sizeof(text), "%.*s", len < sizeof(text) ? (int)len : 0, part);
		if (!pp_parse_hex(text, UINT32_MAX, &ret[n]))
			break;
		n++;
		if (part[len] != ':')
			break;
		part += len + 1;
	}
	return n;
}

/* "10de:2504", "8086:10fb:ffffffff:ffffffff:020000:ff0000": vfio_pci_fill_ids(). The subsystem's
 * ids are not looked at: an entry with them may name the device.
 */
static enum pp_tri vfio_id_is(const char *part, const struct pp_device *d)
{
	uint64_t id[NR_ID_NUMBERS] = { 0, 0, UINT32_MAX, UINT32_MAX, 0, 0 };

	if (vfio_parse_id(part, id) < 2 || id[0] != d->vendor || id[1] != d->device ||
	    ((id[4] ^ d->class_code) & id[5]))
		return PP_NO;
	return id[2] == UINT32_MAX && id[3] == UINT32_MAX ? PP_YES : PP_UNKNOWN;
}

/* Whether a list names the device. */
static enum pp_tri vfio_ids_name(const struct pp_vfio_ids *ids, const struct pp_device *d)
{
	enum pp_tri ret = PP_NO;
	const char *at = ids->ids;
	char part[80];

	while (*at && ret != PP_YES) {
		size_t len = strcspn(at, ",");
		snprintf(part, sizeof(part), "%.*s", len < sizeof(part) ? (int)len : 0, at);
		enum pp_tri is = vfio_id_is(part, d);
		ret = is == PP_NO ? ret : is;
		at += len + (at[len] == ',');
	}
	return ret;
}

/* The option that names it: the one in force, else the last of the others; NULL: none does. */
static const struct pp_vfio_ids *vfio_ids_of(const struct pp_kernel *k, const struct pp_device *d)
{
	for (uint32_t i = k->nr_vfio_ids; i-- > 0;)
		if (vfio_ids_name(&k->vfio_ids[i], d) == PP_YES)
			return &k->vfio_ids[i];
	return NULL;
}

/* It takes what has no driver yet: a driver that is loaded before it comes first. And of several
 * lists it knows the last: module_param_string() copies each over the one before.
 */
static void ids_not_bound(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_kernel *k = &j->host->kernel;
	char address[PP_ADDRESS_TEXT_BYTES];

	if (!d->ids_known || pp_device_is_bridge(d) ||
	    (!d->driver.text && d->driver.error != ENOENT) ||
	    (d->driver.text && strstr(d->driver.text, "vfio")))
		return;
	const struct pp_vfio_ids *told = vfio_ids_of(k, d);
	if (!told)
		return;
	const struct pp_vfio_ids *last = &k->vfio_ids[k->nr_vfio_ids - 1];
	if (told != last && vfio_ids_name(last, d) != PP_NO)
		return;
	pp_address_format(d->address, address);
	struct pp_finding *f =
		told != last && !strcmp(told->where, last->where)
			? pp_find(j, PP_INFORMS,
	                          "an option ids= of vfio-pci names it, but has no effect: %s sets "
	                          "ids= more than once, and only the last setting counts; write all "
	                          "ids into one",
	                          told->where)
		: told != last
			? pp_find(j, PP_INFORMS,
	                          "an option ids= of vfio-pci in %s names it, but has no effect: %s "
	                          "sets ids= again, and only the last setting counts; write all ids "
	                          "into that one",
	                          told->where, last->where)
		: d->driver.text
			? pp_find(j, PP_INFORMS,
	                          "vfio-pci is configured to claim it by its ids, but %s claimed "
	                          "it first; pcipass bind binds it before any other driver",
	                          d->driver.text)
			: pp_find(j, PP_INFORMS,
	                          "vfio-pci is configured to claim it by its ids but has not: "
	                          "vfio-pci is not loaded, or was loaded with other ids");
	pp_evidence(j, f, "%s: vfio_pci, ids: %04x:%04x", told->where, d->vendor, d->device);
	if (told != last)
		pp_evidence(j, f, "%s: vfio_pci, ids: without %04x:%04x", last->where, d->vendor,
		            d->device);
	pp_evidence(j, f, "/sys/bus/pci/devices/%s/driver: %s", address,
	            d->driver.text ? d->driver.text : "absent");
}

#define CLASS_VGA 0x0300 /* base class and subclass */

/* It takes part in nothing but the old VGA ranges: with UEFI firmware a guest needs none. */
static void vga_off(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_text_fact *set = &j->host->kernel.vga_disabled;

	if (d->class_code >> 8 != CLASS_VGA || !set->text || *set->text != 'Y')
		return;
	struct pp_finding *f = pp_find(
		j, PP_INFORMS,
		"vfio-pci has disable_vga=1: a guest with a BIOS, and QEMU's x-vga=on, cannot use it "
		"as VGA; a guest with UEFI can use it");
	pp_evidence(j, f, "vfio_pci, disable_vga: Y");
}

/* vfio_intx_enable(), vfio_intx_set_signal(): without a mask in the device the line is its own. */
static void intx_not_masked(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_text_fact *set = &j->host->kernel.intx_not_masked;

	if (pp_device_is_bridge(d) || d->config.header_read != PP_YES || !d->config.interrupt_pin ||
	    !set->text || *set->text != 'Y')
		return;
	struct pp_finding *f =
		pp_find(j, PP_DEGRADES,
	                "vfio-pci has nointxmask=1: a guest cannot use its INTx line if any other "
	                "device shares that line");
	pp_evidence(j, f, "vfio_pci, nointxmask: Y");
	pp_evidence(j, f, "configuration space: INT%c", 'A' + (d->config.interrupt_pin - 1) % 4);
}

static const struct pp_rule rules[] = {
	{ .id = "no-vfio-pci",
	  .reference = "drivers/vfio/pci/Kconfig; modprobe.d(5)",
	  .on_host = no_vfio_pci },
	{ .id = "no-vfio-map",
	  .reference = "drivers/vfio/Kconfig; drivers/iommu/iommufd/Kconfig",
	  .on_host = no_vfio_map },
	{ .id = "ids-not-bound",
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "drivers/vfio/pci/vfio_pci.c, vfio_pci_fill_ids()",
	  .on_device = ids_not_bound },
	{ .id = "vga-off",
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "drivers/vfio/pci/vfio_pci_core.c, vfio_pci_core_enable(); QEMU's "
	               "hw/vfio/pci-quirks.c",
	  .on_device = vga_off },
	{ .id = "intx-not-masked",
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "drivers/vfio/pci/vfio_pci_core.c; vfio_pci_intrs.c",
	  .on_device = intx_not_masked },
};

const struct pp_rule_table pp_rules_vfio = { rules, sizeof(rules) / sizeof(rules[0]) };
