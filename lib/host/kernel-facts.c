/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Linux does from which release on: the table, and the comparison of releases. */
#include <string.h>

#include "base/text.h"
#include "host/host.h"
#include "host/kernel-facts.h"

static const struct pp_kernel_fact_row rows[PP_NR_KERNEL_FACTS] = {
	[PP_KERNEL_RMRR_REFUSED] = { .id = "rmrr-refused",
	                             .since = "3.17",
	                             .before = "6.6",
	                             .says = "Intel's IOMMU driver refuses a device with an RMRR, with EPERM",
	                             .source =
	                                     "commit c875d2c1b808, \"iommu/vt-d: Exclude devices using RMRRs from "
	                                     "IOMMU API domains\"; drivers/iommu/intel/iommu.c until 6.5" },
	[PP_KERNEL_TELLS_RELAXABLE] = { .id = "tells-relaxable",
	                                .since = "5.3",
	                                .says = "reserved_regions tells relaxable regions from others",
	                                .source =
	                                        "commit adfd37382090, \"iommu: Introduce IOMMU_RESV_DIRECT_RELAXABLE "
	                                        "reserved memory regions\"" },
	[PP_KERNEL_OMITS_RESERVED] = { .id = "omits-reserved",
	                               .since = "5.4",
	                               .says = "VFIO refuses to map a guest's memory where a region is reserved, with EINVAL",
	                               .source =
	                                       "commits af029169b8fd, \"vfio/type1: Check reserved region conflict and update "
	                                       "iova list\", and 9b77e5c79840; drivers/vfio/vfio_iommu_type1.c, vfio_iommu_resv_exclude()" },
	[PP_KERNEL_DENYLIST] = { .id = "denylist",
	                         .since = "5.9",
	                         .says = "vfio-pci refuses the accelerators of its denylist",
	                         .source =
	                                 "drivers/vfio/pci/vfio_pci.c, vfio_pci_dev_in_denylist()" },
	[PP_KERNEL_DENYLIST_DSA] = { .id = "denylist-dsa",
	                             .since = "6.10",
	                             .stable = "5.15.159 6.1.91 6.6.31 6.8.10 6.9.1",
	                             .says = "vfio-pci's denylist has Intel's DSA and IAA",
	                             .source =
	                                     "commit 95feb3160eef, \"VFIO: Add the SPR_DSA and SPR_IAX devices to "
	                                     "the denylist\", CVE-2024-21823" },
	[PP_KERNEL_TELLS_POWER_STATE] = { .id = "tells-power-state",
	                                  .since = "5.11",
	                                  .says = "sysfs has a device's power_state",
	                                  .source = "drivers/pci/pci-sysfs.c, power_state_show()" },
	[PP_KERNEL_LISTS_RESETS] = { .id = "lists-resets",
	                             .since = "5.15",
	                             .says = "sysfs has a device's reset_method",
	                             .source =
	                                     "commit d88f521da3ef, \"PCI: Allow userspace to query and set device "
	                                     "reset mechanism\"" },
	[PP_KERNEL_OWNS_GROUPS] = { .id = "owns-groups",
	                            .since = "5.19",
	                            .says = "VFIO refuses a group in which any driver does DMA, a bridge's as well",
	                            .source =
	                                    "commit 1ea2a07a532b, \"iommu: Add DMA ownership management "
	                                    "interfaces\"" },
	[PP_KERNEL_IOMMUFD] = { .id = "iommufd",
	                        .since = "6.2",
	                        .says = "/dev/iommu is there where IOMMUFD is configured",
	                        .source = "drivers/iommu/iommufd/main.c" },
	[PP_KERNEL_RELAX_RMRR] = { .id = "relax-rmrr",
	                           .since = "6.2.16",
	                           .proxmox = true,
	                           .says = "the argument relax_rmrr makes every RMRR relaxable",
	                           .source = "Proxmox's kernel 6.2.16-13, patch \"Add Intel RMRR "
	                                     "relax option\"" },
	[PP_KERNEL_IVRS_FORM] = { .id = "ivrs-form",
	                          .since = "6.2",
	                          .says = "AMD's driver takes ivrs_ioapic=ID@ADDRESS; the form with brackets is "
	                                  "deprecated",
	                          .source =
	                                  "commit 1198d2316dc4, \"iommu/amd: Fix ill-formed ivrs_ioapic, "
	                                  "ivrs_hpet and ivrs_acpihid options\"" },
	[PP_KERNEL_READS_RMR] = { .id = "reads-rmr",
	                          .since = "6.0",
	                          .says = "the IORT's RMRs are reserved regions of their devices",
	                          .source =
	                                  "drivers/acpi/arm64/iort.c, iort_iommu_rmr_get_resv_regions()" },
	[PP_KERNEL_MSI_BY_DEVICE] = { .id = "msi-by-device",
	                              .since = "6.3",
	                              .says = "isolation of message interrupts is asked of each device",
	                              .source =
	                                      "drivers/iommu/iommu.c, iommu_group_has_isolated_msi(); until 6.2 "
	                                      "irq_domain_check_msi_remap() of kernel/irq/irqdomain.c" },
	[PP_KERNEL_CONSOLE_REMOVED] = { .id = "console-removed",
	                                .since = "6.0",
	                                .says = "vfio-pci removes the firmware's framebuffer from a VGA card that it takes",
	                                .source =
	                                        "commit d17378062079, \"vfio/pci: Remove console drivers\"; "
	                                        "drivers/vfio/pci/vfio_pci_core.c, vfio_pci_vga_init()" },
	[PP_KERNEL_TREE_ACS] = { .id = "tree-acs",
	                         .since = "7.0",
	                         .says = "access control is turned on with a device tree as well",
	                         .source =
	                                 "\"PCI: Enable ACS after configuring IOMMU for OF platforms\"; the "
	                                 "stable series took it over and back" },
	[PP_KERNEL_ONE_PER_STREAM] = { .id = "one-per-stream",
	                               .since = "5.14",
	                               .says = "an SMMUv3 gives a stream to one device, so of those that share one "
	                                       "behind a conventional bridge only the first gets a group",
	                               .source =
	                                       "commit cdf315f907d4, \"iommu/arm-smmu-v3: Maintain a SID->device "
	                                       "structure\"; arm_smmu_insert_master()" },
	[PP_KERNEL_BLOCKS_DIRECT] = { .id = "blocks-direct",
	                              .since = "6.6",
	                              .says = "the IOMMU core refuses a device with a direct region, with EINVAL, on "
	                                      "AMD's and Arm's IOMMUs as well",
	                              .source =
	                                      "commit a48ce36e2786, \"iommu: Prevent RESV_DIRECT devices from "
	                                      "blocking domains\"; __iommu_device_set_domain()" },
	[PP_KERNEL_VFIO_CDEV] = { .id = "vfio-cdev",
	                          .since = "6.6",
	                          .says = "/dev/vfio/devices is there where VFIO_DEVICE_CDEV is configured",
	                          .source = "drivers/vfio/device_cdev.c" },
	[PP_KERNEL_CONFIG_ACS] = { .id = "config-acs",
	                           .since = "6.11",
	                           .says = "the argument pci=config_acs= sets access control",
	                           .source = "commit 47c8846a49ba, \"PCI: Extend ACS "
	                                     "configurability\"" },
	[PP_KERNEL_ACS_ARGUMENTS] = { .id = "acs-arguments",
	                              .since = "6.15",
	                              .stable = "6.12.23",
	                              .says = "pci=config_acs= and disable_acs_redir= set what they "
	                                      "say; from 6.11 on they did not",
	                              .source = "commit 9cf8a952d57b, \"PCI/ACS: Fix "
	                                        "'pci=config_acs=' parameter\"" },
	[PP_KERNEL_GROUPS_AT_BOOT] = { .id = "groups-at-boot",
	                               .since = "6.15",
	                               .says = "a device below an SMMU gets its group at boot, not with its driver",
	                               .source =
	                                       "commit bcb81ac6ae3c, \"iommu: Get DT/ACPI parsing into the proper "
	                                       "probe path\"" },
	[PP_KERNEL_IOAPIC_BY_CLASS] = { .id = "ioapic-by-class",
	                                .since = "7.3",
	                                .says = "AMD's driver wants the IOAPIC of interrupt 0 at a PCI function of class "
	                                        "SMBus or ISA bridge; before, at 00:14.0",
	                                .source =
	                                        "\"iommu/amd: Dynamically verify Southbridge IOAPIC via PCI config "
	                                        "space\"; drivers/iommu/amd/init.c, check_sb_ioapic()" },
};

const struct pp_kernel_fact_row *pp_kernel_fact(enum pp_kernel_fact fact)
{
	return &rows[fact];
}

#define MAX_NUMBER 100000

static unsigned int leading_number(const char **s)
{
	unsigned int v = 0;

	for (; **s >= '0' && **s <= '9'; (*s)++)
		if (v < MAX_NUMBER)
			v = v * 10 + (unsigned int)(**s - '0');
	return v;
}

/* Reads "6.1" or "6.1.91" and returns how many numbers there were. */
static int release_numbers(const char **s, unsigned int ret[3])
{
	int n = 0;

	ret[0] = ret[1] = ret[2] = 0;
	while (n < 3 && **s >= '0' && **s <= '9') {
		ret[n++] = leading_number(s);
		if (**s != '.' || n == 3)
			break;
		(*s)++;
	}
	return n;
}

bool pp_kernel_set_release(struct pp_kernel *k, const char *release)
{
	unsigned int v[3];
	const char *s = release;
	int n = release_numbers(&s, v);

	if (n < 2 || !v[0])
		return false;
	k->major = v[0];
	k->minor = v[1];
	k->patch = v[2];
	/* A packager's X.Y.0 stands for a stable release that it does not name. */
	k->patch_known = n == 3 && v[2];
	k->proxmox = strstr(release, "-pve") != NULL;
	k->backports = strstr(release, ".el") || strstr(release, "-default");
	return true;
}

static int compare_release(const struct pp_kernel *k, const unsigned int v[3])
{
	if (k->major != v[0])
		return k->major < v[0] ? -1 : 1;
	if (k->minor != v[1])
		return k->minor < v[1] ? -1 : 1;
	return 0;
}

/* Of the stable release of its own series: there, not yet, or the series has none. */
static enum pp_tri in_stable(const struct pp_kernel *k, const char *stable)
{
	unsigned int v[3];

	while (*stable && release_numbers(&stable, v) == 3) {
		if (!compare_release(k, v))
			return k->patch_known ? pp_tri(k->patch >= v[2]) : PP_UNKNOWN;
		while (*stable == ' ')
			stable++;
	}
	return PP_NO;
}

enum pp_tri pp_kernel_since(const struct pp_kernel *k, const char *since, const char *stable)
{
	unsigned int v[3];

	if (!k->release.text || !k->major || release_numbers(&since, v) < 2)
		return PP_UNKNOWN;
	int order = compare_release(k, v);
	if (order > 0 || (!order && (!v[2] || (k->patch_known && k->patch >= v[2]))))
		return PP_YES;
	if (!order && !k->patch_known)
		return PP_UNKNOWN;
	enum pp_tri later = stable ? in_stable(k, stable) : PP_NO;
	/* A vendor's long-lived kernel keeps its number and takes over what is newer. */
	return later == PP_NO && k->backports ? PP_UNKNOWN : later;
}

enum pp_tri pp_kernel_has(const struct pp_kernel *k, enum pp_kernel_fact fact)
{
	const struct pp_kernel_fact_row *r = &rows[fact];

	if (r->proxmox && k->major && !k->proxmox)
		return PP_NO;
	enum pp_tri since = pp_kernel_since(k, r->since, r->stable);
	enum pp_tri gone = r->before ? pp_kernel_since(k, r->before, NULL) : PP_NO;
	if (since == PP_NO || gone == PP_YES)
		return PP_NO;
	return since == PP_YES && gone == PP_NO ? PP_YES : PP_UNKNOWN;
}

enum pp_tri pp_kernel_shows(const struct pp_kernel *k, enum pp_kernel_fact fact)
{
	return pp_kernel_has(k->running ? k->running : k, fact);
}

int pp_kernel_order(const struct pp_kernel *k, const char *release)
{
	unsigned int v[3];

	release_numbers(&release, v);
	return k->major ? compare_release(k, v) : 1;
}

/* The longterm series that are kept up, and the newest that was tried. */
const char *const pp_kernel_releases[] = { "5.10", "5.15",           "6.1", "6.6", "6.12",
	                                   "6.18", PP_KERNEL_NEWEST, NULL };
