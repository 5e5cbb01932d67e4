/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Arguments of qemu-system-x86_64 -machine q35, or of qemu-system-aarch64 -machine virt on an Arm
 * host, as an array of bash, where comments may stand.
 */
#include <inttypes.h>

#include "emit/emit.h"

/* Slots of pcie.0 that nothing is put on unasked. */
#define FIRST_SLOT 0x10
/* Numbers of root ports: apart from those that people count from 1. */
#define FIRST_CHASSIS 101
#define IOMMUFD_ID    "iommufd0"

static const struct pp_tool_version *qemu_version(const struct pp_host *h)
{
	return &h->qemu;
}

/* QEMU's qapi/qom.json, IommufdProperties: since 9.0. */
static const struct pp_iommufd_user qemu = {
	.name = "QEMU",
	.version = qemu_version,
	.since = { 9, 0 },
	.note = "All devices share one such object.",
};

static void qemu_print_function(struct pp_emission *m, const struct pp_card *c, uint32_t n,
                                const char *bus, unsigned int slot)
{
	struct pp_address a = c->functions[n]->address;

	pp_out(&m->out,
	       "\t-device 'vfio-pci,host=%04x:%02x:%02x.%x,id=host-%04x-%02x-%02x.%x,bus=%s,"
	       "addr=0x%x.0x%x%s%s%s'\n",
	       a.domain, a.bus, a.device, a.function, a.domain, a.bus, a.device, a.function, bus,
	       slot, c->guest_functions[n],
	       n == 0 && c->nr_functions > 1 ? ",multifunction=on" : "",
	       c->has_rom && !c->keep_rom ? ",rombar=0" : "",
	       pp_emit_by_iommufd(m, &qemu) ? ",iommufd=" IOMMUFD_ID : "");
}

static void print_card(struct pp_emission *m, uint32_t index)
{
	const struct pp_card *c = &m->cards[index];
	struct pp_address a = c->functions[0]->address;
	unsigned int slot = c->conventional ? FIRST_SLOT + index : 0;
	char bus[40] = "pcie.0";

	if (!c->conventional) {
		snprintf(bus, sizeof(bus), "port-%04x-%02x-%02x.%x", a.domain, a.bus, a.device,
		         a.function);
		pp_out(&m->out, "\t-device 'pcie-root-port,id=%s,chassis=%u'\n", bus,
		       FIRST_CHASSIS + index);
	}
	for (uint32_t n = 0; n < c->nr_functions; n++)
		qemu_print_function(m, c, n, bus, slot);
}

static void qemu_print_reasons(struct pp_emission *m)
{
	bool conventional = false, express = false, several = false, rom_off = false;

	for (uint32_t i = 0; i < m->nr_cards; i++) {
		const struct pp_card *c = &m->cards[i];
		conventional |= c->conventional;
		express |= !c->conventional;
		several |= c->nr_functions > 1;
		rom_off |= c->has_rom && !c->keep_rom;
	}
	if (express)
		pp_emit_comment(m, &pp_emit_qemu,
		                "One root port for each card; chassis= must be unique.");
	if (conventional)
		pp_emit_comment(
			m, &pp_emit_qemu,
			"Conventional PCI devices go directly on pcie.0; addr= must be a free "
			"slot there.");
	if (several)
		pp_emit_comment(m, &pp_emit_qemu,
		                "The functions of one card stay in one slot, because their "
		                "drivers expect that.");
	if (rom_off)
		pp_emit_comment(
			m, &pp_emit_qemu,
			"rombar=0: the guest's firmware does not run the card's option ROM, "
			"which is slow and hangs some guests (above all nested guests without "
			"KVM). Remove it to boot from the card.");
	pp_emit_comment(
		m, &pp_emit_qemu,
		"All of the guest's memory is pinned: unless you are root, raise ulimit -l.");
}

/* What the array is for. virt has no firmware of its own; max: the newest GIC that the host has. */
static void qemu_print_command(struct pp_emission *m)
{
	if (!pp_emit_is_arm(m)) {
		pp_emit_comment(m, &pp_emit_qemu,
		                "then: qemu-system-x86_64 -machine q35 … \"${pcipass[@]}\"");
		return;
	}
	pp_emit_comment(m, &pp_emit_qemu,
	                "The guest needs AAVMF as its firmware: -bios "
	                "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd, for example.");
	pp_emit_line(m, &pp_emit_qemu,
	             "then: qemu-system-aarch64 -machine virt,gic-version=max -accel kvm -cpu host "
	             "… \"${pcipass[@]}\"");
}

static void qemu_print(struct pp_emission *m)
{
	uint64_t window = pp_emit_window_mib(m);

	qemu_print_reasons(m);
	if (window)
		pp_emit_comment(
			m, &pp_emit_qemu,
			"fw_cfg: for OVMF, whose window above 4 GiB may be too small for these "
			"BARs; it sets the window for all cards of the guest. Use it with -cpu "
			"host,host-phys-bits=on. SeaBIOS ignores it.");
	else if (m->bars_unread && !pp_emit_is_arm(m))
		pp_emit_comment(m, &pp_emit_qemu,
		                "The sizes of its BARs were not read. If OVMF finds no room for "
		                "them: -fw_cfg name=opt/ovmf/X-PciMmio64Mb,string=262144");
	pp_emit_arm_window(m, &pp_emit_qemu);
	if (pp_emit_width_limit(m))
		pp_emit_width_reason(
			m, &pp_emit_qemu,
			"The two -global options limit the guest to that, whatever -cpu is.");
	pp_emit_way_reason(m, &pp_emit_qemu, &qemu);
	pp_out(&m->out, "pcipass=(\n");
	if (pp_emit_by_iommufd(m, &qemu))
		pp_out(&m->out, "\t-object 'iommufd,id=" IOMMUFD_ID "'\n");
	if (pp_emit_width_limit(m))
		/* target/i386/host-cpu.c: the limit holds only for the host's own number of bits.
		 */
		pp_out(&m->out,
		       "\t-global 'x86_64-cpu.host-phys-bits=on'\n"
		       "\t-global 'x86_64-cpu.host-phys-bits-limit=%u'\n",
		       pp_emit_width_limit(m));
	for (uint32_t i = 0; i < m->nr_cards; i++)
		print_card(m, i);
	if (window)
		pp_out(&m->out, "\t-fw_cfg 'name=opt/ovmf/X-PciMmio64Mb,string=%" PRIu64 "'\n",
		       window);
	pp_out(&m->out, ")\n");
	qemu_print_command(m);
}

const struct pp_hypervisor pp_emit_qemu = {
	.name = "qemu",
	.comment = "# ",
	.comment_rest = "# ",
	.comment_end = "",
	.print = qemu_print,
};
