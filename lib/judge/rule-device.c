/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The device itself: what it is, its group, its functions and interrupts. */
#include <string.h>

#include "host/place.h"
#include "host/smmu.h"
#include "judge/rules.h"

static void not_endpoint(struct pp_judging *j, const struct pp_device *d)
{
	if (!pp_device_is_bridge(d))
		return;
	struct pp_finding *f = pp_find(
		j, PP_INFORMS,
		"a bridge: it stays with the host; the devices below it can be passed through");
	pp_evidence(j, f, "class %06x, header type %u", d->class_code, d->config.header_type);
}

/* On or off, no remedy makes it something to pass on. KVM's answer is that of no-group. */
static void iommu_itself(struct pp_judging *j, const struct pp_device *d)
{
	if (d->class_code >> 8 != PP_CLASS_IOMMU)
		return;
	struct pp_finding *f = pp_find(j, PP_BLOCKS, "it is the IOMMU itself");
	pp_evidence(j, f, "class %06x", d->class_code);
}

/* Intel's own graphics are left out where somebody, or the distribution, says so. */
static void add_graphics_back(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d)
{
	const char *word = pp_graphics_left_out(j, d);

	if (!word)
		return;
	if (*word) {
		pp_evidence(j, f, "/proc/cmdline: %s excludes the built-in graphics", word);
		pp_add_remedy_take_off(j, f, word, "intel_iommu=on");
		return;
	}
	pp_evidence(j, f, "%s: %s is set, which excludes the built-in graphics",
	            j->host->kernel.config.path,
	            pp_kernel_option_name(PP_CONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF));
	pp_add_remedy_by_argument(f, &pp_remedy_kernel_argument,
	                          "add intel_iommu=on to the kernel command line, then reboot",
	                          NULL, "intel_iommu=on");
}

static void no_group(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_host *h = j->host;
	char address[PP_ADDRESS_TEXT_BYTES];
	struct pp_smmu_path path;
	struct pp_finding *f;

	if (pp_device_is_bridge(d))
		return;
	if (d->group != PP_NO_GROUP && h->groups[d->group].no_iommu) {
		f = pp_find(
			j, PP_BLOCKS,
			"no IOMMU covers it: VFIO made its group without one, so a guest cannot "
			"use it");
		pp_evidence(j, f, "/sys/kernel/iommu_groups/%u/name: vfio-noiommu",
		            h->groups[d->group].number);
		return;
	}
	if (d->group != PP_NO_GROUP)
		return;
	/* On or off, and no remedy makes it something to pass on. */
	if (d->class_code >> 8 == PP_CLASS_IOMMU) {
		f = pp_find(j, PP_BLOCKS, "it is the IOMMU itself");
		pp_evidence(j, f, "class %06x%s", d->class_code,
		            d->group_error == ENOENT ? ", no iommu_group" : "");
		return;
	}
	if (h->iommu_on != PP_YES || pp_host_never_groups(h))
		return;
	if (d->group_error != ENOENT) {
		pp_find_unknown(j, PP_BLOCKS, "its IOMMU group could not be read");
		return;
	}
	/* Arm kernels may make it when a driver is bound, and which IOMMU this has was not read. */
	bool arm = h->kind == PP_KIND_UNKNOWN || PP_ON(h->kind) & PP_ON_ARM;
	if (arm && h->iommu == PP_IOMMU_NONE && !d->driver.text &&
	    pp_kernel_shows(&h->kernel, PP_KERNEL_GROUPS_AT_BOOT) != PP_YES) {
		f = pp_find_unknown(j, PP_BLOCKS,
		                    "it is in no IOMMU group; on some Arm hosts it gets one when "
		                    "vfio-pci is bound");
		pp_evidence(j, f, "which IOMMU the host has was not read");
		return;
	}
	uint32_t stream;
	if (pp_smmu_group_follows(h, d, &path) != PP_NO ||
	    pp_smmu_taken(h, d, &path, &stream) != PP_NO_DEVICE)
		return; /* another rule says so */
	/*
	 * driver_deferred_probe_check_state(): other drivers wait for the IOMMU's, but with 7.3 for
	 * some seconds only; what was bound before stays without.
	 */
	bool late = path.viot && path.covers == PP_YES;
	f = pp_find(j, PP_BLOCKS,
	            late ? "it is in no IOMMU group, although the virtio-iommu covers it: its own "
	                   "driver was loaded before the virtio-iommu's"
	                 : "it is in no IOMMU group: no IOMMU of this host covers it");
	pp_address_format(d->address, address);
	pp_prove_smmu(j, f, d, &path);
	pp_evidence(j, f, "/sys/bus/pci/devices/%s/iommu_group: absent", address);
	pp_evidence(j, f, "binding it to vfio-pci fails with EINVAL");
	if (late)
		pp_add_remedy_virtio_driver(f);
	add_graphics_back(j, f, d);
}

/* Intel's Volume Management Device is one controller in front of them all. */
static void behind_vmd(struct pp_judging *j, const struct pp_device *d)
{
	if (!pp_is_behind_vmd(d) || pp_device_is_bridge(d))
		return;
	struct pp_finding *f =
		pp_find(j, PP_BLOCKS,
	                "it is behind an Intel VMD controller: only the controller can be passed "
	                "through, with everything behind it");
	pp_evidence(j, f, "domain %x", d->address.domain);
	pp_add_remedy_by_hand(f, &pp_remedy_bios_vmd,
	                      "turn off VMD for its port in the BIOS setup and reboot",
	                      "RAID volumes that VMD made from the disks are lost");
}

static void config_unread(struct pp_judging *j, const struct pp_device *d)
{
	/* Where more is missing, or why is known, another rule speaks. */
	if (d->config.header_read == PP_YES || d->gone || d->asleep || !d->ids_known ||
	    pp_device_is_bridge(d))
		return;
	/* Windows does not let programs read it; what Hyper-V asks of it are properties there. */
	if (d->windows && j->survey->target == PP_TARGET_HYPERV)
		return;
	pp_find_unknown(
		j, PP_BLOCKS,
		"its configuration space was not read, so its interrupts, its other functions "
		"and the state of its virtual functions are unknown");
}

/* Its virtual functions come after it, on the same bus or one of the next. */
static const char *pass_vf(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_host *h = j->host;
	uint32_t self = (uint32_t)(d - h->devices);

	pp_host_needs_all(h);
	for (uint32_t i = self + 1; i < h->nr_devices && i < self + 4096; i++)
		if (h->devices[i].physfn == self)
			return pp_arena_printf(
				j->arena,
				"pass one of its virtual functions to the guest instead: %s",
				pp_name_of(j, &h->devices[i]));
	return "pass one of its virtual functions to the guest instead";
}

/* The host's own driver turns them off. */
static void remedy_vfs_off(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d,
                           const char *text)
{
	static const char side_effect[] = "whatever uses the virtual functions loses them";
	const struct pp_step step = { .kind = PP_STEP_VFS,
		                      .vfs = { d->address, d->vendor, d->device, d->nr_vfs_on } };

	if (d->nr_vfs_on && d->nr_vfs_on <= UINT16_MAX && d->ids_known && d->driver.text &&
	    !strstr(d->driver.text, "vfio"))
		pp_add_remedy_by_steps(j, f, &pp_remedy_vfs_off, text, side_effect, &step, 1);
	else
		pp_add_remedy_by_hand(f, &pp_remedy_vfs_off, text, side_effect);
}

static void pf_with_vfs(struct pp_judging *j, const struct pp_device *d)
{
	uint32_t vfs = d->nr_vfs_on;

	if (!vfs && d->config.sriov_known == PP_YES && d->config.sriov_vf_enable)
		vfs = d->config.sriov_num_vfs;
	/* "lspci -v" names the capability, and no more of it. */
	if (!vfs && d->config.sriov_known == PP_UNKNOWN &&
	    d->config.caps[PP_CAP_SRIOV].seen == PP_YES)
		pp_find_unknown(
			j, PP_BLOCKS,
			"cannot tell whether any of its virtual functions is enabled: its SR-IOV "
			"capability was not read");
	if (!vfs)
		return;
	char address[PP_ADDRESS_TEXT_BYTES];
	pp_address_format(d->address, address);
	struct pp_finding *f =
		pp_find(j, PP_BLOCKS,
	                "%u of its virtual functions are enabled, so vfio-pci refuses the "
	                "physical function (EBUSY)",
	                vfs);
	if (d->nr_vfs_on)
		pp_evidence(j, f, "%u functions have %s as their physfn", d->nr_vfs_on, address);
	else
		pp_evidence(j, f, "SR-IOV capability: VF Enable is set, NumVFs is %u",
		            d->config.sriov_num_vfs);
	pp_add_remedy_by_hand(f, &pp_remedy_use_vf, pass_vf(j, d), NULL);
	remedy_vfs_off(j, f, d,
	               pp_arena_printf(j->arena,
	                               "disable its virtual functions: echo 0 > "
	                               "/sys/bus/pci/devices/%s/sriov_numvfs",
	                               address));
}

static void device_vf_of(struct pp_judging *j, const struct pp_device *d)
{
	if (d->physfn == PP_NO_DEVICE)
		return;
	pp_find(j, PP_INFORMS, "a virtual function of %s",
	        pp_name_of(j, &j->host->devices[d->physfn]));
}

enum pp_tri pp_has_line_interrupts_only(const struct pp_device *d)
{
	const struct pp_config *c = &d->config;
	enum pp_tri msi = c->caps[PP_CAP_MSI].seen, msix = c->caps[PP_CAP_MSIX].seen;

	if (pp_device_is_bridge(d) || c->header_read != PP_YES || !c->interrupt_pin ||
	    msi == PP_YES || msix == PP_YES)
		return PP_NO;
	return msi == PP_UNKNOWN || msix == PP_UNKNOWN ? PP_UNKNOWN : PP_YES;
}

static void line_interrupts(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_config *c = &d->config;
	enum pp_tri only = pp_has_line_interrupts_only(d);

	if (only == PP_NO)
		return;
	if (only == PP_UNKNOWN) {
		pp_find_unknown(j, PP_DEGRADES, "cannot tell whether it has MSI or MSI-X");
		return;
	}
	struct pp_finding *f = pp_find(
		j, PP_DEGRADES,
		"it has no MSI, only INTx: it works only if no other device shares the INTx "
		"line, or if the device can mask INTx");
	pp_evidence(j, f, "configuration space: INT%c, no MSI, no MSI-X",
	            'A' + (c->interrupt_pin - 1) % 4);
}

/* Accelerators that a guest could misuse: drivers/vfio/pci/vfio_pci.c, vfio_pci_dev_in_denylist().
 */
static void denylist(struct pp_judging *j, const struct pp_device *d)
{
	static const struct {
		uint16_t device;
		bool later; /* PP_KERNEL_DENYLIST_DSA */
	} intel[] = { { 0x0435, false }, { 0x0443, false }, { 0x19e2, false }, { 0x19e3, false },
		      { 0x37c8, false }, { 0x37c9, false }, { 0x0b25, true },  { 0x0cfe, true } };
	const struct pp_kernel *k = &j->host->kernel;
	bool listed = false, later = false;

	for (size_t i = 0; i < sizeof(intel) / sizeof(intel[0]); i++)
		if (d->ids_known && d->vendor == 0x8086 && d->device == intel[i].device) {
			listed = true;
			later = intel[i].later;
		}
	enum pp_tri refused = pp_kernel_has(k, later ? PP_KERNEL_DENYLIST_DSA : PP_KERNEL_DENYLIST);
	if (!listed || refused == PP_NO ||
	    (k->denylist_disabled.text && *k->denylist_disabled.text == 'Y'))
		return;
	static const char text[] =
		"vfio-pci refuses this accelerator because a guest could misuse it";
	int unread = k->denylist_disabled.error;
	bool unsure = unread && unread != ENOENT && unread != ENODATA;
	struct pp_finding *f = unsure || refused != PP_YES ? pp_find_unknown(j, PP_BLOCKS, text)
	                                                   : pp_find(j, PP_BLOCKS, text);
	pp_evidence(j, f, "ids 8086:%04x are on vfio-pci's denylist%s%s%s", d->device,
	            later ? ", since " : "",
	            later ? pp_kernel_fact(PP_KERNEL_DENYLIST_DSA)->since : "",
	            later ? " or a security fix" : "");
	const struct pp_step option = { .kind = PP_STEP_OPTION,
		                        .option = { "vfio_pci", "disable_denylist" } };
	pp_add_remedy_by_steps(
		j, f, &pp_remedy_denylist,
		"write \"options vfio-pci disable_denylist=1\" to a file in /etc/modprobe.d and "
		"reboot",
		"a guest could misuse the device: do this for trusted guests only", &option, 1);
}

static void slot_disputed(struct pp_judging *j, const struct pp_device *d)
{
	static const char *const witness[] = {
		[PP_SLOT_SMBIOS] = "SMBIOS",
		[PP_SLOT_KERNEL] = "/sys/bus/pci/slots",
		[PP_SLOT_CAPABILITY] = "the port's Slot Capabilities",
	};
	const struct pp_slot_ref *s = &d->slot;

	char name[80];

	if (!pp_slot_is_named(s) || !s->other_name || pp_device_is_bridge(d))
		return;
	pp_place_format(s->kind, s->number, name, sizeof(name));
	struct pp_finding *f = pp_find(j, PP_INFORMS, "%s, but %s says slot %s: look at the board",
	                               name, witness[s->other_witness], s->other_name);
	if (s->designation)
		pp_evidence(j, f, "SMBIOS: %s", s->designation);
}

static const struct pp_rule rules[] = {
	{ .id = "not-endpoint",
	  .targets = PP_FOR_ALL,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "drivers/vfio/pci/vfio_pci_core.c, header type",
	  .on_device = not_endpoint },
	{ .id = "config-unread",
	  .targets = PP_FOR_ALL,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "/sys/bus/pci/devices/*/config",
	  .on_device = config_unread },
	{ .id = "no-group",
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "drivers/iommu/iommu.c, iommu_probe_device()",
	  .on_device = no_group },
	{ .id = "iommu-itself",
	  .targets = PP_FOR_HYPERV | PP_FOR_XEN,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "PCI Code and ID Assignment, 1.9; IOMMU 48882, 3",
	  .on_device = iommu_itself },
	{ .id = "behind-vmd",
	  .targets = PP_FOR_ALL,
	  .kinds = PP_ON_INTEL,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "drivers/pci/controller/vmd.c; pci_real_dma_dev()",
	  .on_device = behind_vmd },
	{ .id = "pf-with-vfs",
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "drivers/vfio/pci/vfio_pci_core.c, vfio_pci_core_register_device()",
	  .on_device = pf_with_vfs },
	{ .id = "vfio-denylist",
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "drivers/vfio/pci/vfio_pci.c, vfio_pci_dev_in_denylist()",
	  .on_device = denylist },
	{ .id = "vf",
	  .targets = PP_FOR_KVM | PP_FOR_XEN,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "SR-IOV 1.1, 1.1",
	  .on_device = device_vf_of },
	{ .id = "line-interrupts",
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "PCI 3.0, 6.8; drivers/vfio/pci/vfio_pci_intrs.c",
	  .on_device = line_interrupts },
	{ .id = "slot-disputed",
	  .targets = PP_FOR_ALL,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "SMBIOS 3.7, 7.10",
	  .on_device = slot_disputed },
};

const struct pp_rule_table pp_rules_device = { rules, sizeof(rules) / sizeof(rules[0]) };
