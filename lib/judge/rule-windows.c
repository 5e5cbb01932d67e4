/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What only a Windows host can tell: its edition, its role, and the state of each device. */
#include "host/on-windows.h"
#include "judge/rules.h"

static void windows_edition(struct pp_judging *j)
{
	const struct pp_windows *w = j->host->windows;

	if (!w || w->is_server == PP_YES)
		return;
	if (w->is_server == PP_UNKNOWN) {
		pp_find_unknown(j, PP_BLOCKS,
		                "cannot tell whether this is Windows Server; other "
		                "editions of Windows do not assign devices");
		return;
	}
	struct pp_finding *f = pp_find(j, PP_BLOCKS,
	                               "this is not Windows Server, and other editions of "
	                               "Windows do not assign devices");
	pp_evidence(j, f, "%s: InstallationType %s", w->version, w->installed.text);
	pp_add_remedy_by_hand(f, &pp_remedy_windows_server,
	                      "install Windows Server 2016 or later on this machine", NULL);
}

static void windows_role(struct pp_judging *j)
{
	const struct pp_windows *w = j->host->windows;

	if (!w || w->has_hyperv == PP_YES)
		return;
	if (w->has_hyperv == PP_UNKNOWN) {
		pp_find_unknown(j, PP_BLOCKS, "cannot tell whether the Hyper-V role is installed");
		return;
	}
	struct pp_finding *f = pp_find(j, PP_BLOCKS, "the Hyper-V role is not installed");
	pp_evidence(j, f, "HKLM\\SYSTEM\\CurrentControlSet\\Services\\vmms: absent");
	pp_add_remedy_by_hand(f, &pp_remedy_install_hyperv,
	                      "\"Install-WindowsFeature Hyper-V -IncludeManagementTools -Restart\" "
	                      "in PowerShell, as administrator",
	                      "the machine restarts");
}

static bool windows_is_endpoint(const struct pp_device *d)
{
	return d->windows && !pp_device_is_bridge(d);
}

static void windows_treated_as_pci(struct pp_judging *j, const struct pp_device *d)
{
	if (!windows_is_endpoint(d) || d->windows->type.error ||
	    d->windows->type.value != PP_WINDOWS_TREATED_AS_PCI)
		return;
	struct pp_finding *f = pp_find(j, PP_BLOCKS,
	                               "the firmware keeps control of PCI Express above it, but "
	                               "Windows needs that control");
	pp_evidence(j, f, "DEVPKEY_PciDevice_DeviceType: 5, Express treated as PCI");
	pp_add_remedy_by_hand(
		f, &pp_remedy_bios_iommu,
		"look in the BIOS setup for \"Native PCIe\" or \"PCIe native support\" "
		"and enable it",
		NULL);
}

/* The script stops at a disabled device; only its resources are not to be had. */
static void windows_disabled(struct pp_judging *j, const struct pp_device *d)
{
	if (!windows_is_endpoint(d) || d->windows->problem.error || !d->windows->problem.value ||
	    d->windows->dismounted == PP_YES)
		return;
	uint32_t problem = d->windows->problem.value;
	bool disabled = problem == PP_WINDOWS_PROBLEM_DISABLED ||
	                problem == PP_WINDOWS_PROBLEM_HARDWARE_DISABLED;
	struct pp_finding *f =
		disabled ? pp_find(j, PP_INFORMS,
	                           "it is disabled, so Windows assigns it no resources and "
	                           "its MMIO space is unknown")
			 : pp_find(j, PP_INFORMS, "Windows reports problem %u with it", problem);
	pp_evidence(j, f, "CM_Get_DevNode_Status: problem %u", problem);
}

static void windows_dismounted(struct pp_judging *j, const struct pp_device *d)
{
	if (!windows_is_endpoint(d) || d->windows->dismounted != PP_YES)
		return;
	struct pp_finding *f = pp_find(j, PP_INFORMS,
	                               "it is dismounted from the host, so a guest can use it "
	                               "or already does");
	pp_evidence(j, f, "its enumerator is PCIP");
}

static const struct pp_rule rules[] = {
	{ .id = "hyperv-edition",
	  .targets = PP_FOR_HYPERV,
	  .reference = "Windows Server: Plan for deploying devices by using DDA",
	  .on_host = windows_edition },
	{ .id = "hyperv-role",
	  .targets = PP_FOR_HYPERV,
	  .reference = "Windows Server: Plan for deploying devices by using DDA",
	  .on_host = windows_role },
	{ .id = "hyperv-treated-as-pci",
	  .targets = PP_FOR_HYPERV,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "DEVPKEY_PciDevice_DeviceType; PCI Firmware 3.2, 4.5.1",
	  .on_device = windows_treated_as_pci },
	{ .id = "hyperv-disabled",
	  .targets = PP_FOR_HYPERV,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "CM_Get_DevNode_Status, CM_PROB_DISABLED",
	  .on_device = windows_disabled },
	{ .id = "hyperv-dismounted",
	  .targets = PP_FOR_HYPERV,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "Windows Server: Deploy graphics devices by using DDA",
	  .on_device = windows_dismounted },
};

const struct pp_rule_table pp_rules_windows = { rules, sizeof(rules) / sizeof(rules[0]) };
