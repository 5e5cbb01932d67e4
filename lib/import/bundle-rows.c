/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kinds of support bundles, and which file of each is read how. */
#include "import/bundle.h"

#define NR(a) (sizeof(a) / sizeof((a)[0]))

enum { SET_LSPCI = 1, SET_LOG };

/*
 * sos, all releases from 3.0 (2013) to 4.12. pci: "lspci -nvv" until 3.2, then "lspci -nnvv";
 * dmesg: of the plugin "general" in 3.0, then of "kernel". On a host that runs for long its
 * beginning is lost; the journal, or syslog's file, may have it. A command's file bears the
 * command's name with '_' for a blank; where it failed, the file holds what it said.
 */
static const struct pp_bundle_member sos_members[] = {
	{ .path = "proc/iomem", .reader = &pp_reader_iomem },
	{ .path = "proc/interrupts", .reader = &pp_reader_interrupts },
	{ .path = "proc/cmdline", .reader = &pp_reader_command_line },
	{ .path = "proc/version" },
	{ .path = "sys/class/dmi/id/sys_vendor" },
	{ .path = "sys/class/dmi/id/product_name" },
	{ .path = "sys/class/dmi/id/bios_vendor" },
	{ .path = "sys/class/dmi/id/bios_version" },
	{ .path = "sys/class/dmi/id/bios_date" },
	{ .path = "sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts" },
	{ .path = "lib/modules/*/modules.dep" },
	{ .path = "etc/libvirt/qemu/*.xml", .lists = "etc/libvirt/qemu" },
	{ .path = "sos_commands/pci/lspci_-nnvv", .reader = &pp_reader_lspci, .set = SET_LSPCI },
	{ .path = "sos_commands/pci/lspci_-nvv", .reader = &pp_reader_lspci, .set = SET_LSPCI },
	{ .path = "sos_commands/kernel/dmesg", .reader = &pp_reader_log, .set = SET_LOG },
	{ .path = "sos_commands/kernel/dmesg_-T", .reader = &pp_reader_log, .set = SET_LOG },
	{ .path = "sos_commands/general/dmesg", .reader = &pp_reader_log, .set = SET_LOG },
	{ .path = "var/log/dmesg", .reader = &pp_reader_log, .set = SET_LOG },
	{ .path = "sos_commands/logs/journalctl_--no-pager_--boot",
	  .reader = &pp_reader_log,
	  .if_cut = true },
	{ .path = "sos_commands/logs/journalctl_--no-pager_--catalog_--boot",
	  .reader = &pp_reader_log,
	  .if_cut = true },
	{ .path = "var/log/kern.log", .reader = &pp_reader_log, .if_cut = true },
	{ .path = "var/log/messages", .reader = &pp_reader_log, .if_cut = true },
	{ .path = "sos_commands/logs/journalctl_--no-pager",
	  .reader = &pp_reader_log,
	  .if_cut = true },
	{ .path = "sos_commands/kernel/uname_-a", .reader = &pp_reader_uname },
	{ .path = "sos_commands/hardware/dmidecode", .reader = &pp_reader_any },
};

/* hw-probe; dmesg.1 is the log of the boot before and is not read. */
static const struct pp_bundle_member probe_members[] = {
	{ .path = "logs/lspci_all", .reader = &pp_reader_lspci, .set = SET_LSPCI },
	{ .path = "logs/lspci", .reader = &pp_reader_lspci_tags, .set = SET_LSPCI },
	{ .path = "logs/dmi_id", .reader = &pp_reader_dmi_id },
	{ .path = "logs/interrupts", .reader = &pp_reader_interrupts },
	{ .path = "logs/dmesg", .reader = &pp_reader_log },
	{ .path = "logs/uname", .reader = &pp_reader_uname },
	{ .path = "logs/dmidecode", .reader = &pp_reader_any },
	{ .path = "logs/acpidump", .reader = &pp_reader_any },
};

/* supportconfig: texts of sections. Those with lspci of ids come before those of details. */
static const struct pp_bundle_member supportconfig_members[] = {
	{ .path = "hardware.txt", .reader = &pp_reader_supportconfig },
	{ .path = "boot.txt", .reader = &pp_reader_supportconfig },
	{ .path = "proc.txt", .reader = &pp_reader_supportconfig },
	{ .path = "basic-environment.txt", .reader = &pp_reader_supportconfig },
};

const struct pp_bundle pp_bundles[] = {
	{
		.title = "a sosreport",
		.marks = { "sos_commands" },
		.proc_bus_pci = true,
		.acpi_tables = true,
		.journal = "var/log/journal",
		.members = sos_members,
		.nr_members = NR(sos_members),
	},
	{
		.title = "a probe of hw-probe",
		.marks = { "logs", "host" },
		.members = probe_members,
		.nr_members = NR(probe_members),
	},
	{
		.title = "an archive of supportconfig",
		.marks = { "basic-environment.txt", "hardware.txt" },
		.members = supportconfig_members,
		.nr_members = NR(supportconfig_members),
	},
};
const size_t pp_nr_bundles = NR(pp_bundles);
