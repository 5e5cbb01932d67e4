/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Elements for a domain of libvirt. */
#include <inttypes.h>

#include "emit/emit.h"

/* Behind the ports that virt-install makes. */
#define FIRST_BUS  0x10
#define FIRST_SLOT 0x10

static const struct pp_tool_version *libvirt_version(const struct pp_host *h)
{
	return &h->libvirt;
}

/* libvirt's docs/formatdomain.rst, driver of a hostdev: since 12.1.0. */
static const struct pp_iommufd_user libvirt = {
	.name = "libvirt",
	.version = libvirt_version,
	.since = { 12, 1 },
	.note = "From 12.2 on <iommufd enabled='yes'/> in <domain> does it for all devices.",
};

/* A function's place in the guest matters only where it has siblings. */
static void libvirt_print_place(struct pp_emission *m, uint32_t index, uint32_t n)
{
	const struct pp_card *c = &m->cards[index];

	if (c->nr_functions == 1)
		return;
	pp_out(&m->out,
	       "  <address type='pci' domain='0x0000' bus='0x%02x' slot='0x%02x' "
	       "function='0x%x'%s/>\n",
	       c->conventional ? 0 : FIRST_BUS + index, c->conventional ? FIRST_SLOT + index : 0,
	       c->guest_functions[n], n == 0 ? " multifunction='on'" : "");
}

static void libvirt_print_function(struct pp_emission *m, uint32_t index, uint32_t n)
{
	const struct pp_card *c = &m->cards[index];
	struct pp_address a = c->functions[n]->address;

	pp_out(&m->out, "<hostdev mode='subsystem' type='pci' managed='yes'>\n%s  <source>\n",
	       pp_emit_by_iommufd(m, &libvirt) ? "  <driver iommufd='yes'/>\n" : "");
	pp_out(&m->out,
	       "    <address domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/>\n",
	       a.domain, a.bus, a.device, a.function);
	pp_out(&m->out, "  </source>\n");
	if (c->has_rom && !c->keep_rom)
		pp_out(&m->out, "  <rom bar='off'/>\n");
	libvirt_print_place(m, index, n);
	pp_out(&m->out, "</hostdev>\n");
}

static void libvirt_print_reasons(struct pp_emission *m)
{
	bool several = false, rom_off = false;

	for (uint32_t i = 0; i < m->nr_cards; i++) {
		several |= m->cards[i].nr_functions > 1;
		rom_off |= m->cards[i].has_rom && !m->cards[i].keep_rom;
	}
	pp_emit_comment(
		m, &pp_emit_libvirt,
		"Add this to <devices> with virsh edit. managed='yes': libvirt binds the device "
		"to vfio-pci when the guest starts and gives it back when the guest stops.");
	if (pp_emit_is_arm(m))
		pp_emit_comment(m, &pp_emit_libvirt,
		                "The domain has <type arch='aarch64' machine='virt'>, and AAVMF "
		                "as its firmware: <os firmware='efi'>.");
	if (several)
		pp_emit_comment(
			m, &pp_emit_libvirt,
			"The functions of one card stay in one slot, because their drivers "
			"expect that. If the guest already has that bus or slot, use another "
			"number, for the controller's index as well.");
	if (rom_off)
		pp_emit_comment(
			m, &pp_emit_libvirt,
			"rom bar off: the guest's firmware does not run the card's option ROM, "
			"which is slow and hangs some guests. Remove it to boot from the card.");
}

static void libvirt_print_window(struct pp_emission *m)
{
	uint64_t window = pp_emit_window_mib(m);

	pp_emit_arm_window(m, &pp_emit_libvirt);
	if (!window) {
		if (m->bars_unread && !pp_emit_is_arm(m))
			pp_emit_comment(m, &pp_emit_libvirt,
			                "The sizes of its BARs were not read: OVMF may need a "
			                "larger window above 4 GiB (X-PciMmio64Mb).");
		return;
	}
	pp_emit_comment(m, &pp_emit_libvirt,
	                "Add this to <domain>, not to <devices>, at its end. It is for OVMF, "
	                "whose window above 4 GiB may be too small for these BARs; it sets the "
	                "window for all cards of the guest. Use it with %s.",
	                pp_emit_width_limit(m) ? "the <cpu> above"
	                                       : "<cpu mode='host-passthrough'> and <maxphysaddr "
	                                         "mode='passthrough'/>");
	pp_out(&m->out,
	       "<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
	       "  <qemu:arg value='-fw_cfg'/>\n"
	       "  <qemu:arg value='name=opt/ovmf/X-PciMmio64Mb,string=%" PRIu64 "'/>\n"
	       "</qemu:commandline>\n",
	       window);
}

static void libvirt_print(struct pp_emission *m)
{
	libvirt_print_reasons(m);
	pp_emit_way_reason(m, &pp_emit_libvirt, &libvirt);
	for (uint32_t i = 0; i < m->nr_cards; i++) {
		const struct pp_card *c = &m->cards[i];
		if (c->nr_functions > 1 && !c->conventional)
			pp_out(&m->out,
			       "<controller type='pci' index='%u' model='pcie-root-port'/>\n",
			       FIRST_BUS + i);
		for (uint32_t n = 0; n < c->nr_functions; n++)
			libvirt_print_function(m, i, n);
	}
	if (pp_emit_width_limit(m)) {
		pp_emit_width_reason(
			m, &pp_emit_libvirt,
			"Add this to <domain>, not to <devices>, in place of its <cpu> (libvirt "
			"9.3 or later).");
		pp_out(&m->out,
		       "<cpu mode='host-passthrough'>\n"
		       "  <maxphysaddr mode='passthrough' limit='%u'/>\n"
		       "</cpu>\n",
		       pp_emit_width_limit(m));
	}
	libvirt_print_window(m);
}

const struct pp_hypervisor pp_emit_libvirt = {
	.name = "libvirt",
	.comment = "<!-- ",
	.comment_rest = "     ",
	.comment_end = " -->",
	.binds_itself = true,
	.print = libvirt_print,
};
