/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Xen: a guest's configuration for xl, HVM or PVH. */
#include "emit/emit.h"

static void xen_print_function(struct pp_emission *m, const struct pp_device *d, bool last)
{
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format(d->address, address);
	pp_out(&m->out, "        '%s'%s\n", address, last ? "" : ",");
}

static void xen_print(struct pp_emission *m)
{
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_emit_comment(
		m, &pp_emit_xen,
		"Run this in dom0 as root before you create the guest. Each command takes a "
		"device from its driver and reserves it for guests, until the next reboot:");
	for (uint32_t i = 0; i < m->nr_cards; i++)
		for (uint32_t n = 0; n < m->cards[i].nr_functions; n++) {
			pp_address_format(m->cards[i].functions[n]->address, address);
			pp_emit_line(m, &pp_emit_xen, "  xl pci-assignable-add %s", address);
		}
	pp_emit_comment(m, &pp_emit_xen,
	                "Add this to the guest's configuration, see xl.cfg(5). A guest with such "
	                "a device cannot be saved or migrated.");
	pp_out(&m->out, "pci = [\n");
	for (uint32_t i = 0; i < m->nr_cards; i++)
		for (uint32_t n = 0; n < m->cards[i].nr_functions; n++)
			xen_print_function(m, m->cards[i].functions[n],
			                   i + 1 == m->nr_cards &&
			                           n + 1 == m->cards[i].nr_functions);
	pp_out(&m->out, "]\n");
	pp_emit_comment(m, &pp_emit_xen, "To undo this, with the guest shut down:");
	for (uint32_t i = 0; i < m->nr_cards; i++)
		for (uint32_t n = 0; n < m->cards[i].nr_functions; n++) {
			pp_address_format(m->cards[i].functions[n]->address, address);
			pp_emit_line(m, &pp_emit_xen, "  xl pci-assignable-remove -r %s", address);
		}
}

const struct pp_hypervisor pp_emit_xen = {
	.name = "xen",
	.comment = "# ",
	.comment_rest = "# ",
	.comment_end = "",
	.target = PP_TARGET_XEN,
	.print = xen_print,
};
