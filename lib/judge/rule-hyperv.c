/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What Hyper-V's Discrete Device Assignment asks of a device: on Windows by the properties that
 * Windows gives it, on Linux by tables and configuration space, as far as Linux can see it.
 */
#include <inttypes.h>
#include <stdio.h>

#include "host/on-windows.h"
#include "judge/rules.h"

#define MIB (UINT64_C(1) << 20)

/* Below 4 GiB and above: what a guest has without being told, Set-VM. */
#define LOW_MIB  128
#define HIGH_MIB 512

static void hyperv_setup(struct pp_finding *f, const char *text)
{
	pp_add_remedy_by_hand(f, &pp_remedy_bios_iommu, text, NULL);
}

/*
 * Hyper-V's own word on the machine. That it uses something shows that it is there; why it does not
 * use something it does not say, so that a no decides nothing.
 */
static bool hyperv_uses(struct pp_judging *j, enum pp_tri uses, const char *what, unsigned int bit)
{
	if (uses != PP_NO)
		return uses == PP_YES;
	struct pp_finding *f = pp_find(
		j, PP_INFORMS,
		"Hyper-V says that it does not use %s now, which device assignment needs; in "
		"PowerShell, as administrator, \"Get-VMHost | Format-List IovSupport*\" and "
		"\"bcdedit /enum '{current}'\" (hypervisoriommupolicy) tell why",
		what);
	pp_evidence(j, f, "CPUID 0x40000006: bit %u of EAX is 0", bit);
	return false;
}

static void hyperv_machine(struct pp_judging *j)
{
	const struct pp_windows *w = j->host->windows;

	if (j->host->is_guest == PP_YES) {
		struct pp_finding *f = pp_find(
			j, PP_BLOCKS,
			"this host is a virtual machine: Hyper-V assigns devices of physical "
			"machines only");
		pp_evidence(j, f, "%s",
		            j->host->guest_from ? j->host->guest_from
		                                : "/proc/cpuinfo: flag hypervisor");
	}
	if (!hyperv_uses(j, w ? w->remaps_dma : PP_UNKNOWN, "DMA remapping", 4))
		pp_find_no_iommu(
			j, "cannot tell whether Hyper-V assigns devices on a host that is neither "
			   "Intel nor AMD");
}

static void hyperv_interrupt_remapping(struct pp_judging *j)
{
	const struct pp_windows *w = j->host->windows;

	if (hyperv_uses(j, w ? w->remaps_interrupts : PP_UNKNOWN, "interrupt remapping", 5))
		return;
	struct pp_finding *f = pp_find_no_remapping(
		j, PP_BLOCKS,
		"the firmware declares no interrupt remapping, which Hyper-V requires for device "
		"assignment");

	if (f)
		hyperv_setup(f, "enable interrupt remapping in the BIOS setup (often part of "
		                "\"x2APIC\" or \"Intel VT-d\")");
}

/*
 * Windows asks the firmware for PCI Express by the same method, _OSC, and for the same bits. The
 * firmware may answer it otherwise; what it answered Linux is the best that is known here.
 */
static void hyperv_pcie_control(struct pp_judging *j)
{
	const struct pp_kernel *k = &j->host->kernel;
	struct pp_finding *f;

	/* Windows tells it of each device. */
	if (j->host->windows || k->log_pcie_control == PP_YES)
		return;
	if (k->log_pcie_control == PP_NO) {
		f = pp_find(j, PP_BLOCKS,
		            "the firmware keeps control of PCI Express, which Windows needs");
		pp_evidence(j, f, "kernel log: _OSC: platform retains control of PCIe features");
		hyperv_setup(f,
		             "enable \"Native PCIe\" or \"PCIe native support\" in the BIOS setup");
		return;
	}
	f = pp_find_unknown(
		j, PP_BLOCKS,
		"cannot tell whether the firmware gives Windows control of PCI Express: the "
		"kernel log does not say whether Linux got it");
	pp_evidence(j, f, "kernel log: no line \"_OSC: OS now controls [… PCIeCapability …]\"");
}

/* By the property alone: where, the table says, if it was read. */
static void hyperv_region_told(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_host *h = j->host;
	uint32_t value = d->windows->region.value;

	if (!value)
		return;
	const struct pp_region *r = d->nr_mappings && h->dmar
	                                    ? &h->regions[h->mappings[d->first_mapping].region]
	                                    : NULL;
	struct pp_finding *f = pp_find(j, PP_BLOCKS,
	                               "the BIOS reserves memory for it%s%s%s, and Hyper-V "
	                               "refuses every such device, even USB and display devices",
	                               r ? " (RMRR " : "",
	                               r ? pp_range(j, r->start, r->end_incl) : "", r ? ")" : "");
	pp_evidence(j, f, "DEVPKEY_PciDevice_RequiresReservedMemoryRegion: %u", value);
	pp_prove_mappings(j, f, d);
	if (!r && !pp_table_unread(h))
		pp_evidence(j, f, "the firmware's table names no region for it");
	pp_add_region_remedies(j, f, d);
}

/* Windows counts every region, of USB and display devices too. */
static void hyperv_region(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_host *h = j->host;
	struct pp_finding *f;

	if (pp_device_is_bridge(d))
		return;
	if (d->windows && !d->windows->region.error) {
		hyperv_region_told(j, d);
		return;
	}
	if (!d->nr_mappings) {
		if (pp_table_unread(h))
			pp_find_unknown(
				j, PP_BLOCKS,
				"cannot tell whether the firmware reserves memory for it: the %s "
				"table could not be read",
				pp_table_unread(h));
		return;
	}
	const struct pp_region *r = &h->regions[h->mappings[d->first_mapping].region];
	const char *range = pp_range(j, r->start, r->end_incl);
	if (r->source != PP_FROM_DMAR)
		f = pp_find_unknown(
			j, PP_BLOCKS,
			"the firmware reserves memory for it (IVMD %s); cannot tell whether "
			"Windows accepts that",
			range);
	else
		f = pp_find(j, PP_BLOCKS,
		            "the BIOS reserves memory for it (RMRR %s), and Hyper-V refuses "
		            "every such device, even USB and display devices",
		            range);
	pp_prove_mappings(j, f, d);
	if (r->source == PP_FROM_DMAR)
		pp_add_region_remedies(j, f, d);
}

/* Whether a function keeps its DMA apart from its neighbours', by what it declares alone. */
static enum pp_tri hyperv_declares_acs(const struct pp_config *c)
{
	const uint16_t wanted = PP_ACS_SV | PP_ACS_RR | PP_ACS_CR | PP_ACS_UF;

	if (c->caps[PP_CAP_ACS].seen != PP_YES)
		return c->caps[PP_CAP_ACS].seen;
	return c->acs_known == PP_YES ? pp_tri((c->acs_cap & wanted) == wanted) : PP_UNKNOWN;
}

/* Integrated endpoints and upstream ports of one function have nobody to send to. */
static bool hyperv_needs_acs(const struct pp_host *h, const struct pp_device *d, bool self)
{
	const struct pp_config *c = &d->config;

	if (c->pcie_type_known != PP_YES)
		return !self;
	switch (c->pcie_type) {
	case PP_PCIE_ROOT_PORT:
	case PP_PCIE_DOWNSTREAM:
		return true;
	case PP_PCIE_RC_ENDPOINT:
		return false;
	default:
		return c->multifunction || d->address.function;
	}
}

/* The first on the way up that does not declare access control; PP_NO_DEVICE: all do. */
static uint32_t hyperv_weak_hop(const struct pp_host *h, const struct pp_device *d,
                                enum pp_tri *declares)
{
	uint32_t weak = PP_NO_DEVICE;

	*declares = PP_YES;
	for (uint32_t i = (uint32_t)(d - h->devices); i != PP_NO_DEVICE; i = h->devices[i].parent) {
		const struct pp_device *hop = &h->devices[i];
		if (!hyperv_needs_acs(h, hop, hop == d))
			continue;
		enum pp_tri here = hyperv_declares_acs(&hop->config);
		if (here == PP_YES || (here == PP_UNKNOWN && *declares == PP_UNKNOWN))
			continue;
		*declares = here;
		weak = i;
		if (here == PP_NO)
			break;
	}
	return weak;
}

static void hyperv_add_force(struct pp_finding *f)
{
	pp_add_remedy_by_hand(
		f, &pp_remedy_hyperv_force,
		"dismount it with \"Dismount-VMHostAssignableDevice -Force\", as \"pcipass emit "
		"hyperv\" does",
		"a guest that owns it may reach the memory of other devices, and they may reach "
		"the guest's");
}

/* Windows has looked at every bridge on the way. */
static void hyperv_acs_told(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_number_fact *up = &d->windows->acs_up;

	if (up->error) {
		pp_find_unknown(j, PP_BLOCKS,
		                "cannot tell whether it and the bridges above it declare "
		                "access control (ACS)");
		return;
	}
	if (up->value)
		return;
	struct pp_finding *f = pp_find(j, PP_BLOCKS,
	                               "it or a bridge above it declares no access control "
	                               "(ACS), so its DMA may reach other devices");
	pp_evidence(j, f, "DEVPKEY_PciDevice_AcsCompatibleUpHierarchy: 0");
	hyperv_add_force(f);
}

static void hyperv_acs(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_host *h = j->host;
	enum pp_tri declares;

	if (pp_device_is_bridge(d) || d->physfn != PP_NO_DEVICE)
		return;
	if (d->windows) {
		hyperv_acs_told(j, d);
		return;
	}
	uint32_t weak = hyperv_weak_hop(h, d, &declares);
	if (weak == PP_NO_DEVICE)
		return;
	const struct pp_device *hop = &h->devices[weak];
	if (declares == PP_UNKNOWN) {
		pp_find_unknown(j, PP_BLOCKS,
		                "cannot tell whether %s declares access control (ACS)",
		                hop == d ? "it" : pp_name_of(j, hop));
		return;
	}
	struct pp_finding *f =
		hop == d ? pp_find(j, PP_BLOCKS,
	                           "it has several functions and declares no access control (ACS): "
	                           "its DMA may reach other devices")
			 : pp_find(j, PP_BLOCKS,
	                           "the bridge %s above it declares no access control (ACS): its "
	                           "DMA may reach other devices",
	                           pp_name_of(j, hop));
	pp_evidence(j, f, "configuration space of %s: %s", pp_name_of(j, hop),
	            hop->config.caps[PP_CAP_ACS].seen == PP_YES
	                    ? "an ACS capability without all of SV, RR, CR and UF"
	                    : "no ACS capability");
	hyperv_add_force(f);
}

/* Whether the type of a function that a guest could be given is known. */
static bool hyperv_knows_type(const struct pp_device *d)
{
	return !pp_device_is_bridge(d) && d->physfn == PP_NO_DEVICE && d->ids_known &&
	       d->config.pcie_type_known != PP_UNKNOWN;
}

/* Windows has its own numbers for the types. */
static void hyperv_prove_type(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d)
{
	if (d->windows)
		pp_evidence(j, f, "DEVPKEY_PciDevice_DeviceType: %u", d->windows->type.value);
	else if (d->config.pcie_type_known == PP_YES)
		pp_evidence(j, f, "configuration space: PCI Express device type %u",
		            d->config.pcie_type);
	else
		pp_evidence(j, f, "configuration space: no PCI Express capability");
}

static bool hyperv_treated_as_pci(const struct pp_device *d)
{
	return d->windows && !d->windows->type.error &&
	       d->windows->type.value == PP_WINDOWS_TREATED_AS_PCI;
}

static bool hyperv_is_endpoint_type(uint8_t type)
{
	return type == PP_PCIE_ENDPOINT || type == PP_PCIE_LEGACY_ENDPOINT ||
	       type == PP_PCIE_RC_ENDPOINT;
}

static void hyperv_conventional(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_config *c = &d->config;

	if (!pp_device_is_bridge(d) && d->physfn == PP_NO_DEVICE && d->ids_known && !d->gone &&
	    c->pcie_type_known == PP_UNKNOWN && !hyperv_treated_as_pci(d))
		pp_find_unknown(j, PP_BLOCKS, "cannot tell whether it is a PCI Express endpoint");
	if (!hyperv_knows_type(d))
		return;
	if (c->pcie_type_known == PP_YES && hyperv_is_endpoint_type(c->pcie_type))
		return;
	struct pp_finding *f =
		c->pcie_type_known == PP_NO
			? pp_find(j, PP_BLOCKS,
	                          "it is a conventional PCI device, which Hyper-V does not assign")
			: pp_find(j, PP_BLOCKS,
	                          "it is a PCI Express port or event collector, which "
	                          "Hyper-V does not assign");
	hyperv_prove_type(j, f, d);
}

/* The newer script lets displays pass here. */
static void hyperv_legacy(struct pp_judging *j, const struct pp_device *d)
{
	if (!hyperv_knows_type(d) || d->config.pcie_type_known != PP_YES ||
	    d->config.pcie_type != PP_PCIE_LEGACY_ENDPOINT || pp_device_base_class(d) == 0x03)
		return;
	struct pp_finding *f = pp_find(
		j, PP_BLOCKS,
		"it is a legacy PCI Express endpoint other than a display, which Hyper-V does "
		"not assign");
	hyperv_prove_type(j, f, d);
}

static void hyperv_embedded(struct pp_judging *j, const struct pp_device *d)
{
	if (!hyperv_knows_type(d) || d->config.pcie_type_known != PP_YES ||
	    d->config.pcie_type != PP_PCIE_RC_ENDPOINT)
		return;
	struct pp_finding *f = pp_find(
		j, PP_DEGRADES, "it is part of the root complex and so less isolated than a card");
	hyperv_prove_type(j, f, d);
}

/* None at all is as good as message interrupts: the script says so, too. */
static enum pp_tri hyperv_line_only(const struct pp_device *d)
{
	const struct pp_number_fact *told = d->windows ? &d->windows->interrupts : NULL;

	if (!told)
		return pp_has_line_interrupts_only(d);
	if (pp_device_is_bridge(d))
		return PP_NO;
	return told->error ? PP_UNKNOWN : pp_tri(told->value == PP_WINDOWS_LINE);
}

static void hyperv_interrupts(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_config *c = &d->config;
	enum pp_tri only = hyperv_line_only(d);

	if (only == PP_NO)
		return;
	if (only == PP_UNKNOWN) {
		pp_find_unknown(j, PP_BLOCKS, "cannot tell whether it has MSI or MSI-X");
		return;
	}
	struct pp_finding *f = pp_find(
		j, PP_BLOCKS,
		"it has neither MSI nor MSI-X, and Hyper-V does not assign a device that needs "
		"an INTx line");
	if (d->windows)
		pp_evidence(j, f, "DEVPKEY_PciDevice_InterruptSupport: 1, line-based only");
	else
		pp_evidence(j, f, "configuration space: INT%c, no MSI, no MSI-X",
		            'A' + (c->interrupt_pin - 1) % 4);
}

static void hyperv_virtual_function(struct pp_judging *j, const struct pp_device *d)
{
	if (d->physfn != PP_NO_DEVICE)
		pp_find(j, PP_BLOCKS,
		        "a virtual function of %s: Windows creates its own, through a virtual "
		        "switch with SR-IOV",
		        pp_name_of(j, &j->host->devices[d->physfn]));
}

static uint64_t hyperv_mib(uint64_t bytes)
{
	return bytes / MIB + !!(bytes % MIB);
}

/* What it takes of the guest's MMIO space, and I/O ports, which guests do not have. */
static void hyperv_bars(struct pp_judging *j, const struct pp_device *d)
{
	uint64_t low = 0, high = 0;
	unsigned int ports = 0;

	if (pp_device_is_bridge(d) || d->physfn != PP_NO_DEVICE)
		return;
	if (!d->bars) {
		pp_find(j, PP_INFORMS, "cannot tell how much MMIO space it needs");
		return;
	}
	for (uint32_t i = 0; i < PP_NR_BARS; i++) {
		const struct pp_bar *b = &d->bars->bar[i];
		ports += b->bytes && b->io;
		if (!b->io)
			*(b->is_64 ? &high : &low) += b->bytes;
	}
	if (ports)
		pp_find(j, PP_DEGRADES,
		        "it has I/O ports, which a Hyper-V guest does not get: its driver must "
		        "work without them");
	if (hyperv_mib(low) > LOW_MIB || hyperv_mib(high) > HIGH_MIB)
		pp_find(j, PP_DEGRADES,
		        "it needs %" PRIu64 " MB of MMIO space below 4 GiB and %" PRIu64 " MB "
		        "above, more than the %d MB and %d MB of a guest: raise them with Set-VM",
		        hyperv_mib(low), hyperv_mib(high), LOW_MIB, HIGH_MIB);
	else if (low && high)
		pp_find(j, PP_INFORMS,
		        "it needs %" PRIu64 " MB of MMIO space below 4 GiB and %" PRIu64
		        " MB above",
		        hyperv_mib(low), hyperv_mib(high));
	else if (low || high)
		pp_find(j, PP_INFORMS, "it needs %" PRIu64 " MB of MMIO space %s 4 GiB",
		        hyperv_mib(low + high), low ? "below" : "above");
}

static const struct pp_rule rules[] = {
	{ .id = "hyperv-machine",
	  .targets = PP_FOR_HYPERV,
	  .reference = "Windows Server: Plan for deploying devices by using DDA",
	  .on_host = hyperv_machine },
	{ .id = "hyperv-interrupt-remapping",
	  .targets = PP_FOR_HYPERV,
	  .reference = "Windows Server: Plan for deploying devices by using DDA; VT-d 8.1",
	  .on_host = hyperv_interrupt_remapping },
	{ .id = "hyperv-pcie-control",
	  .targets = PP_FOR_HYPERV,
	  .reference = "PCI Firmware 3.2, 4.5.1; DEVPKEY_PciDevice_DeviceType",
	  .on_host = hyperv_pcie_control },
	{ .id = "hyperv-region",
	  .targets = PP_FOR_HYPERV,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .about_regions = true,
	  .reference = "DEVPKEY_PciDevice_RequiresReservedMemoryRegion; VT-d 8.4",
	  .on_device = hyperv_region },
	{ .id = "hyperv-acs",
	  .targets = PP_FOR_HYPERV,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "DEVPKEY_PciDevice_AcsCompatibleUpHierarchy; PCIe 6.12",
	  .on_device = hyperv_acs },
	{ .id = "hyperv-conventional",
	  .targets = PP_FOR_HYPERV,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "DEVPKEY_PciDevice_DeviceType",
	  .on_device = hyperv_conventional },
	{ .id = "hyperv-legacy",
	  .targets = PP_FOR_HYPERV,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "DEVPKEY_PciDevice_DeviceType; PCIe 7.5.3.2",
	  .on_device = hyperv_legacy },
	{ .id = "hyperv-embedded",
	  .targets = PP_FOR_HYPERV,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "DEVPKEY_PciDevice_DeviceType; PCIe 7.5.3.2",
	  .on_device = hyperv_embedded },
	{ .id = "hyperv-interrupts",
	  .targets = PP_FOR_HYPERV,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "DEVPKEY_PciDevice_InterruptSupport",
	  .on_device = hyperv_interrupts },
	{ .id = "hyperv-vf",
	  .targets = PP_FOR_HYPERV,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "Windows Server: Plan for deploying devices by using DDA",
	  .on_device = hyperv_virtual_function },
	{ .id = "hyperv-mmio",
	  .targets = PP_FOR_HYPERV,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "Set-VM, LowMemoryMappedIoSpace, HighMemoryMappedIoSpace",
	  .on_device = hyperv_bars },
};

const struct pp_rule_table pp_rules_hyperv = { rules, sizeof(rules) / sizeof(rules[0]) };
