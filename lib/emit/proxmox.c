/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands for Proxmox VE, as a shell takes them: qm(1), qm.conf(5). */
#include <inttypes.h>
#include <string.h>

#include "emit/emit.h"

/* pve-guest-common, PVE::JSONSchema, pve-vmid: 100 to 999999999 */
#define VMID_DIGITS "0123456789"

static bool proxmox_takes_guest(const char *guest)
{
	size_t n = strlen(guest);

	return n >= 3 && n <= 9 && strspn(guest, VMID_DIGITS) == n && guest[0] != '0';
}

/* Not filled in, each command stops before qm sees it: no guest is changed by chance. */
static const char *proxmox_guest(const struct pp_emission *m)
{
	return m->style.guest ? m->style.guest : "\"${VMID:?}\"";
}

/* "0000:07:00" is all of its functions; else each by name, ';' between them. */
static void proxmox_print_host(struct pp_emission *m, const struct pp_card *c)
{
	for (uint32_t n = 0; n < c->nr_functions; n++) {
		struct pp_address a = c->functions[n]->address;
		pp_out(&m->out, "%s%04x:%02x:%02x", n ? ";" : "", a.domain, a.bus, a.device);
		if (c->whole && c->nr_functions > 1)
			return;
		pp_out(&m->out, ".%x", a.function);
	}
}

static void proxmox_print_reasons(struct pp_emission *m, bool express, bool rom_off)
{
	if (express)
		pp_emit_comment(
			m, &pp_emit_proxmox,
			"pcie=1 requires machine type q35. A guest that was installed on another "
			"type may find its disk or network under a new name.");
	if (rom_off)
		pp_emit_comment(
			m, &pp_emit_proxmox,
			"rombar=0: the guest's firmware does not run the card's option ROM, "
			"which is slow and hangs some guests. Remove it to boot from the card.");
	pp_emit_comment(
		m, &pp_emit_proxmox,
		"Proxmox VE binds the device to vfio-pci when the guest starts. What the guest "
		"has as hostpci0 and following is replaced.");
}

static void proxmox_print_window(struct pp_emission *m)
{
	uint64_t window = pp_emit_window_mib(m);

	if (m->bars_unread)
		pp_emit_comment(m, &pp_emit_proxmox,
		                "The sizes of its BARs were not read: a guest with OVMF may need a "
		                "larger window above 4 GiB (X-PciMmio64Mb).");
	if (!window)
		return;
	pp_emit_comment(
		m, &pp_emit_proxmox,
		"If the guest has OVMF (bios: ovmf), its default window above 4 GiB is too small "
		"for these BARs; use cpu type host. This replaces other args of the guest:");
	pp_out(&m->out,
	       "# qm set %s --args '-fw_cfg name=opt/ovmf/X-PciMmio64Mb,string=%" PRIu64 "'\n",
	       proxmox_guest(m), window);
}

static void proxmox_print(struct pp_emission *m)
{
	bool express = false, rom_off = false;

	for (uint32_t i = 0; i < m->nr_cards; i++) {
		express |= !m->cards[i].conventional;
		rom_off |= m->cards[i].has_rom && !m->cards[i].keep_rom;
	}
	proxmox_print_reasons(m, express, rom_off);
	if (!m->style.guest)
		pp_emit_comment(m, &pp_emit_proxmox,
		                "First set VMID to the guest's number, which qm list shows, as "
		                "in VMID=NUMBER; or run pcipass emit with --vm NUMBER.");
	if (express)
		pp_out(&m->out, "qm set %s --machine q35\n", proxmox_guest(m));
	for (uint32_t i = 0; i < m->nr_cards; i++) {
		const struct pp_card *c = &m->cards[i];
		pp_out(&m->out, "qm set %s --hostpci%u '", proxmox_guest(m), i);
		proxmox_print_host(m, c);
		pp_out(&m->out, "%s%s'\n", c->conventional ? "" : ",pcie=1",
		       c->has_rom && !c->keep_rom ? ",rombar=0" : "");
	}
	if (pp_emit_width_limit(m)) {
		pp_emit_width_reason(
			m, &pp_emit_proxmox,
			"This limits the guest to that, and replaces its processor type.");
		pp_out(&m->out, "qm set %s --cpu 'host,phys-bits=%u'\n", proxmox_guest(m),
		       pp_emit_width_limit(m));
	}
	proxmox_print_window(m);
}

const struct pp_hypervisor pp_emit_proxmox = {
	.name = "proxmox",
	.comment = "# ",
	.comment_rest = "# ",
	.comment_end = "",
	.x86_only = true,
	.binds_itself = true,
	.takes_guest = proxmox_takes_guest,
	.guest_form = "a number from 100 on",
	.print = proxmox_print,
};
