/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands for Proxmox VE, as a shell takes them: qm(1), qm.conf(5). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "emit/emit.h"
#include "host/claim.h"

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

/* Named as a whole the first function speaks for it, and that has to be number 0. */
static bool proxmox_is_named_whole(const struct pp_card *c)
{
	return c->whole && c->nr_functions > 1 && !c->functions[0]->address.function;
}

/* "0000:07:00" is all of its functions; else each by name, ';' between them. */
static void proxmox_print_host(struct pp_emission *m, const struct pp_card *c)
{
	for (uint32_t n = 0; n < c->nr_functions; n++) {
		struct pp_address a = c->functions[n]->address;
		pp_out(&m->out, "%s%04x:%02x:%02x", n ? ";" : "", a.domain, a.bus, a.device);
		if (proxmox_is_named_whole(c))
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
		"If the guest has OVMF (bios: ovmf), its window above 4 GiB may be too small for "
		"these BARs; use cpu type host. This sets the window for all cards of the guest, "
		"and replaces other args:");
	pp_out(&m->out,
	       "# qm set %s --args '-fw_cfg name=opt/ovmf/X-PciMmio64Mb,string=%" PRIu64 "'\n",
	       proxmox_guest(m), window);
}

/* Mappings that the cluster has for a card on this node; NULL: none that is known. */
struct proxmox_mappings {
	const struct pp_claim *own;  /* has the card alone; fits it, if any does */
	const struct pp_claim *wide; /* has other devices as well */
};

static bool proxmox_maps_all(const struct pp_emission *m, const struct pp_card *c,
                             const struct pp_claim *mapping)
{
	for (uint32_t f = 0; f < c->nr_functions; f++) {
		uint32_t nr;
		const struct pp_claim *claims = pp_device_claims(m->host, c->functions[f], &nr);
		bool found = false;
		for (uint32_t i = 0; i < nr; i++)
			found |= pp_claim_is_same_mapping(&claims[i], mapping);
		if (!found)
			return false;
	}
	return true;
}

/* Of a device that it names twice a mapping has one claim. */
static bool proxmox_maps_more(const struct pp_emission *m, const struct pp_card *c,
                              const struct pp_claim *mapping)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < m->host->nr_claims; i++)
		nr += pp_claim_is_same_mapping(&m->host->claims[i], mapping);
	return mapping->one_of || nr > c->nr_functions;
}

static void proxmox_find_mappings(const struct pp_emission *m, const struct pp_card *c,
                                  struct proxmox_mappings *ret)
{
	uint32_t nr;
	const struct pp_claim *claims = pp_device_claims(m->host, c->functions[0], &nr);

	for (uint32_t i = 0; i < nr; i++) {
		if (claims[i].kind != PP_CLAIM_MAPPING || !proxmox_maps_all(m, c, &claims[i]))
			continue;
		if (proxmox_maps_more(m, c, &claims[i]))
			ret->wide = ret->wide ? ret->wide : &claims[i];
		else if (!ret->own || (*ret->own->sort && !*claims[i].sort))
			ret->own = &claims[i];
	}
}

/* As the node writes it: a mapping has one set of ids for all that it names. */
static bool proxmox_have_same_ids(const struct pp_card *c)
{
	for (uint32_t i = 1; i < c->nr_functions; i++) {
		const struct pp_device *a = c->functions[0], *b = c->functions[i];
		if (a->vendor != b->vendor || a->device != b->device ||
		    a->config.subsystem_vendor != b->config.subsystem_vendor ||
		    a->config.subsystem_device != b->config.subsystem_device)
			return false;
	}
	return true;
}

/* Whether one mapping can name it, and everything that the node compares is known. */
static bool proxmox_can_map(const struct pp_card *c)
{
	const struct pp_device *d = c->functions[0];

	return d->ids_known && d->config.header_read == PP_YES &&
	       d->config.header_type == PP_HEADER_NORMAL &&
	       (d->group != PP_NO_GROUP || d->group_error == ENOENT) &&
	       (proxmox_is_named_whole(c) || proxmox_have_same_ids(c));
}

static const char *proxmox_express(const struct pp_card *c)
{
	return c->conventional ? "" : ",pcie=1";
}

static const char *proxmox_rom(const struct pp_card *c)
{
	return c->has_rom && !c->keep_rom ? ",rombar=0" : "";
}

/* The value "map" of a mapping on this node, whose name only the node itself knows. */
static void proxmox_print_map(struct pp_emission *m, const struct pp_card *c)
{
	const struct pp_device *d = c->functions[0];

	pp_out(&m->out, "\"node=$(hostname -s),path=");
	proxmox_print_host(m, c);
	pp_out(&m->out, ",id=%04x:%04x,subsystem-id=%04x:%04x", d->vendor, d->device,
	       d->config.subsystem_vendor, d->config.subsystem_device);
	if (d->group != PP_NO_GROUP)
		pp_out(&m->out, ",iommugroup=%u", m->host->groups[d->group].number);
	pp_out(&m->out, "\"");
}

static void proxmox_print_mapped(struct pp_emission *m, uint32_t i, const char *name)
{
	const struct pp_card *c = &m->cards[i];

	pp_out(&m->out, "# qm set %s --hostpci%u \"mapping=%s%s%s\"\n", proxmox_guest(m), i, name,
	       proxmox_express(c), proxmox_rom(c));
}

/* NULL: not known, or not one that Proxmox VE takes (pve-configid) and a shell leaves alone. */
static const char *proxmox_mapping_name(const struct pp_claim *mapping)
{
	const char *letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	return mapping->name && strspn(mapping->name, letters) == strlen(mapping->name)
	               ? mapping->name
	               : NULL;
}

/* A mapping of this card alone, that is there already. */
static void proxmox_print_own_mapping(struct pp_emission *m, uint32_t i,
                                      const struct pp_claim *mapping)
{
	const char *name = proxmox_mapping_name(mapping);

	if (!name) {
		pp_emit_comment(m, &pp_emit_proxmox,
		                "A resource mapping of the cluster names this device already; on "
		                "the node, pvesh get /cluster/mapping/pci shows which.");
		return;
	}
	pp_emit_comment(m, &pp_emit_proxmox,
	                "The resource mapping %s of the cluster names this device already. It can "
	                "be given in place of hostpci%u above:",
	                name, i);
	if (*mapping->sort)
		pp_emit_comment(m, &pp_emit_proxmox,
		                "Correct it first: its %s is not that of this device, and Proxmox "
		                "VE starts no guest with it.",
		                mapping->sort + (strncmp(mapping->sort, "no-", 3) ? 0 : 3));
	proxmox_print_mapped(m, i, name);
}

/* No command: the guest might get a device that the host needs. */
static void proxmox_warn_of_mapping(struct pp_emission *m, uint32_t i,
                                    const struct pp_claim *mapping)
{
	const char *name = proxmox_mapping_name(mapping);

	pp_emit_comment(m, &pp_emit_proxmox,
	                "%s%s of the cluster has %s. If it is given in place of hostpci%u, the "
	                "guest gets %s.",
	                name ? "The resource mapping " : "A resource mapping", name ? name : "",
	                mapping->one_of ? "several devices on this node"
	                                : "other devices as well as this one",
	                i, mapping->one_of ? "any one of them that is free" : "those as well");
}

/* In a cluster a guest can have a name for the device, which means another one on another node. */
static void proxmox_print_mapping(struct pp_emission *m, uint32_t i, bool *told)
{
	const struct pp_card *c = &m->cards[i];
	struct proxmox_mappings mappings = { 0 };
	char name[40];

	proxmox_find_mappings(m, c, &mappings);
	if (mappings.own) {
		proxmox_print_own_mapping(m, i, mappings.own);
		return;
	}
	if (mappings.wide)
		proxmox_warn_of_mapping(m, i, mappings.wide);
	if (!proxmox_can_map(c)) {
		pp_emit_comment(
			m, &pp_emit_proxmox,
			"hostpci%u cannot be a resource mapping here: one mapping cannot name "
			"functions with different IDs, or an ID or group was not read.",
			i);
		return;
	}
	if (!*told)
		pp_emit_comment(
			m, &pp_emit_proxmox,
			"In a cluster, or for a guest that others than root configure: create a "
			"resource mapping and use it in place of the address. Set MAPPING to a "
			"new name of letters, digits, - and _, as in MAPPING=NAME. If another node "
			"has the mapping already, add the map to it in the web interface.");
	*told = true;
	if (m->nr_cards > 1)
		snprintf(name, sizeof(name), "${MAPPING:?}-%u", i);
	else
		snprintf(name, sizeof(name), "${MAPPING:?}");
	pp_out(&m->out, "# pvesh create /cluster/mapping/pci --id \"%s\" --map ", name);
	proxmox_print_map(m, c);
	pp_out(&m->out, "\n");
	proxmox_print_mapped(m, i, name);
}

static void proxmox_print(struct pp_emission *m)
{
	bool told = false;

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
		pp_out(&m->out, "%s%s'\n", proxmox_express(c), proxmox_rom(c));
	}
	if (pp_emit_width_limit(m)) {
		pp_emit_width_reason(
			m, &pp_emit_proxmox,
			"This limits the guest to that, and replaces its processor type.");
		pp_out(&m->out, "qm set %s --cpu 'host,phys-bits=%u'\n", proxmox_guest(m),
		       pp_emit_width_limit(m));
	}
	proxmox_print_window(m);
	for (uint32_t i = 0; i < m->nr_cards; i++)
		proxmox_print_mapping(m, i, &told);
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
