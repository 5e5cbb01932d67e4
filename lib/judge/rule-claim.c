/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has a device already, or works with it. */
#include <errno.h>
#include <string.h>

#include "judge/rules.h"

/* The claims of one kind. */
static const struct pp_claim *claims_of_kind(struct pp_judging *j, const struct pp_device *d,
                                             enum pp_claim_kind kind, uint32_t *ret_nr)
{
	uint32_t nr, first = 0;
	const struct pp_claim *c = pp_device_claims(j->host, d, &nr);

	while (first < nr && c[first].kind != kind)
		first++;
	for (*ret_nr = 0; first + *ret_nr < nr && c[first + *ret_nr].kind == kind;)
		++*ret_nr;
	return *ret_nr ? &c[first] : NULL;
}

static const char *claim_words(struct pp_judging *j, const struct pp_claim *c)
{
	const char *words = pp_claim_words(c, j->arena);

	j->failed |= !words;
	return words ? words : "";
}

/* vfio_group_fops_open(), iommu_device_claim_dma_owner(): a group has one owner at a time. */
static void in_running_guest(struct pp_judging *j, const struct pp_device *d)
{
	uint32_t nr;
	const struct pp_claim *c = claims_of_kind(j, d, PP_CLAIM_RUNNING, &nr);

	if (!c)
		return;
	const char *what = c->by_group ? "its group" : "it";
	const char *who = claim_words(j, c);
	bool known = c->number || c->name;
	struct pp_finding *f =
		known ? pp_find(j, PP_DEGRADES,
	                        "%s is running and has %s: no other guest can have it until %s is "
	                        "shut down",
	                        who, what, who)
		      : pp_find(j, PP_DEGRADES,
	                        "a running guest has %s: no other guest can have it until that one "
	                        "is shut down",
	                        what);
	pp_evidence(j, f, "/proc/*/fd: a process has %s",
	            c->by_group ? "the group's file in /dev/vfio open"
	                        : "its file in /dev/vfio open");
}

static const char *claim_file(const struct pp_claim *c, struct pp_judging *j)
{
	const char *text;

	if (c->kind == PP_CLAIM_GUEST)
		text = pp_arena_printf(j->arena, "%s%s",
		                       !strcmp(c->sort, "xen")
		                               ? "/etc/xen/*.cfg: pci"
		                               : "backup.yaml: expanded_devices, or "
		                                 "qemu.conf of its last start",
		                       c->starts ? ", and it starts with the host" : "");
	else if (c->kind == PP_CLAIM_PROXMOX)
		text = pp_arena_printf(j->arena, "/etc/pve/qemu-server/%u.conf%s", c->number,
		                       c->starts ? ": hostpci, onboot: 1" : ": hostpci");
	else
		text = pp_arena_printf(j->arena, "/etc/libvirt/qemu/%s.xml%s",
		                       c->name ? c->name : "*",
		                       c->starts ? ", and in /etc/libvirt/qemu/autostart" : "");
	j->failed |= !text;
	return text ? text : "";
}

/* Guests whose configurations name it. */
static uint32_t claim_list_guests(struct pp_judging *j, const struct pp_device *d,
                                  const struct pp_claim **ret, uint32_t max)
{
	uint32_t nr, n = 0;
	const struct pp_claim *c = pp_device_claims(j->host, d, &nr);

	for (uint32_t i = 0; i < nr && n < max; i++)
		if (pp_claim_is_configured(&c[i]))
			ret[n++] = &c[i];
	return n;
}

#define GUESTS_NAMED 8

static void guest_configured(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_claim *guests[GUESTS_NAMED];
	uint32_t nr = claim_list_guests(j, d, guests, GUESTS_NAMED), starting = 0;
	struct pp_finding *f;

	for (uint32_t i = 0; i < nr; i++)
		starting += guests[i]->starts;
	if (!nr)
		return;
	if (nr == 1)
		f = pp_find(j, PP_INFORMS, "%s is configured to have it%s",
		            claim_words(j, guests[0]),
		            starting ? ", and starts with the host" : "");
	else if (starting > 1)
		f = pp_find(j, PP_DEGRADES,
		            "%u guests that start with the host are configured to have it, such as "
		            "%s and %s: only one of them can start",
		            starting, claim_words(j, guests[0]), claim_words(j, guests[1]));
	else
		f = pp_find(j, PP_DEGRADES,
		            "%u guests are configured to have it, such as %s and %s: only one of "
		            "them can run at a time",
		            nr, claim_words(j, guests[0]), claim_words(j, guests[1]));
	for (uint32_t i = 0; i < nr; i++)
		pp_evidence(j, f, "%s", claim_file(guests[i], j));
}

/* Guests that get it by a mapping of the cluster: one of several, or once they are on this node. */
static void guest_by_mapping(struct pp_judging *j, const struct pp_device *d)
{
	uint32_t nr, n = 0;
	const struct pp_claim *c = claims_of_kind(j, d, PP_CLAIM_PROXMOX, &nr);
	const struct pp_claim *guests[GUESTS_NAMED];
	struct pp_finding *f;

	for (uint32_t i = 0; i < nr && n < GUESTS_NAMED; i++)
		if (c[i].one_of || c[i].elsewhere)
			guests[n++] = &c[i];
	if (!n)
		return;
	if (n > 1)
		f = pp_find(j, PP_INFORMS,
		            "guests can get it through resource mappings of the cluster, such as "
		            "%s and %s",
		            claim_words(j, guests[0]), claim_words(j, guests[1]));
	else if (guests[0]->elsewhere)
		f = pp_find(
			j, PP_INFORMS,
			"%s, on another node of the cluster, is configured to have it through a "
			"resource mapping: it takes it if it is started on this node",
			claim_words(j, guests[0]));
	else
		f = pp_find(
			j, PP_INFORMS,
			"when %s starts, it gets this device or another one of the same resource "
			"mapping",
			claim_words(j, guests[0]));
	for (uint32_t i = 0; i < n; i++)
		pp_evidence(j, f, "/etc/pve/%sqemu-server/%u.conf: hostpci, mapping",
		            guests[i]->elsewhere ? "nodes/*/" : "", guests[i]->number);
}

/* A device of the same mapping that it does not fit; NULL: none. */
static const struct pp_claim *claim_misfit(const struct pp_judging *j, const struct pp_claim *c)
{
	if (*c->sort)
		return c;
	for (uint32_t i = 0; i < j->host->nr_claims; i++)
		if (*j->host->claims[i].sort && pp_claim_is_same_mapping(c, &j->host->claims[i]))
			return &j->host->claims[i];
	return NULL;
}

/*
 * PVE::Mapping::PCI, assert_valid(): all that a mapping says of a device is compared with it, for
 * each device that the node has for it, whichever of them the guest will get.
 */
static void resource_mapping(struct pp_judging *j, const struct pp_device *d)
{
	uint32_t nr;
	const struct pp_claim *c = claims_of_kind(j, d, PP_CLAIM_MAPPING, &nr);

	for (uint32_t i = 0; i < nr && i < GUESTS_NAMED; i++) {
		const struct pp_claim *misfit = claim_misfit(j, &c[i]);
		const char *who = claim_words(j, &c[i]), *property = misfit ? misfit->sort : "";
		bool missing = !strncmp(property, "no-", 3);
		struct pp_finding *f;
		if (!misfit)
			f = pp_find(j, PP_INFORMS, "%s of the cluster names it", who);
		else
			f = pp_find(j, PP_INFORMS,
			            "%s of the cluster names it, but %s%s%s %s: Proxmox VE starts "
			            "no guest with it until that is corrected",
			            who,
			            misfit == &c[i]
			                    ? ""
			                    : pp_name_of(j, &j->host->devices[misfit->device]),
			            misfit == &c[i] ? "" : " ",
			            missing ? "without its" : "with another",
			            missing ? property + 3 : property);
		pp_evidence(j, f, "/etc/pve/mapping/pci.cfg");
	}
}

/* A claim of another network namespace; of the containers that are known by name, none. */
static bool claim_in_namespace(struct pp_judging *j, const struct pp_claim *c, uint32_t nr)
{
	if (nr != 1 || strcmp(c->sort, "netns"))
		return false;
	struct pp_finding *f = pp_find(j, PP_DEGRADES,
	                               "its network interface is in another network namespace, "
	                               "such as a container's, and is lost there when a guest gets "
	                               "it");
	pp_evidence(j, f, "its directory net in /sys/bus/pci/devices is empty here");
	pp_evidence(j, f, "to list the namespaces: lsns -t net");
	return true;
}

static void claim_in_container(struct pp_judging *j, const struct pp_device *d)
{
	uint32_t nr;
	const struct pp_claim *c = claims_of_kind(j, d, PP_CLAIM_CONTAINER, &nr);

	if (!c || claim_in_namespace(j, c, nr))
		return;
	struct pp_finding *f = pp_find(j, PP_DEGRADES,
	                               "%s%s uses it through its host driver, and loses it when a "
	                               "guest gets it",
	                               claim_words(j, c), nr > 1 ? ", as do others," : "");
	for (uint32_t i = 0; i < nr && i < GUESTS_NAMED; i++)
		if (c[i].number)
			pp_evidence(j, f, "/etc/pve/lxc/%u.conf", c[i].number);
		else
			pp_evidence(j, f, "the configuration of %s", claim_words(j, &c[i]));
}

/*
 * Instances of LXD and Incus whose configuration is in their database alone. One that runs is seen
 * by the files that it has open; as with any other guest, one that is configured only informs.
 */
static void claim_instances_unread(struct pp_judging *j, const struct pp_device *d)
{
	static const char copy[] = PP_INSTANCE_COPY;
	struct pp_finding *f = NULL;
	bool incus = false, lxd = false;

	if (pp_device_is_bridge(d))
		return;
	for (const struct pp_unread *u = j->host->unread; u; u = u->next) {
		size_t n = strlen(u->path);
		if (n < sizeof(copy) || strcmp(u->path + n - (sizeof(copy) - 1), copy))
			continue;
		if (!f)
			f = pp_find(j, PP_INFORMS,
			            "cannot tell whether a container or VM of LXD or Incus is "
			            "configured to have it: not every configuration was read");
		incus |= strstr(u->path, "/incus/") != NULL;
		lxd |= strstr(u->path, "/lxd/") != NULL;
		pp_evidence(j, f, "/%s: %s", u->path, u->error == ENOENT ? "absent" : "not read");
	}
	if (lxd)
		pp_evidence(j, f, "to see one: lxc config show NAME --expanded");
	if (incus)
		pp_evidence(j, f, "to see one: incus config show NAME --expanded");
}

static void host_network(struct pp_judging *j, const struct pp_device *d)
{
	uint32_t nr;
	const struct pp_claim *c = claims_of_kind(j, d, PP_CLAIM_NETWORK, &nr);
	bool route = false, stack = false;

	for (uint32_t i = 0; i < nr; i++) {
		route |= !strcmp(c[i].sort, "route");
		stack |= !strcmp(c[i].sort, "stack");
	}
	if (!nr)
		return;
	struct pp_finding *f =
		pp_find(j, PP_DEGRADES, "%s: given to a guest, the host loses that connection",
	                route   ? "the host's default route goes over it"
	                : stack ? "a bridge, bond or VLAN of the host goes over it"
	                        : "the host has an address on it");
	pp_evidence(j, f, "/sys/class/net and /proc/net/route");
}

/* Where a mount is known, another rule speaks. */
static void host_storage(struct pp_judging *j, const struct pp_device *d)
{
	uint32_t nr;
	const struct pp_claim *c = claims_of_kind(j, d, PP_CLAIM_STORAGE, &nr);

	if (!c || d->host_use)
		return;
	struct pp_finding *f =
		pp_find(j, PP_DEGRADES,
	                "a disk below it is part of %s of the host: stop that before a guest gets "
	                "it",
	                !strcmp(c->sort, "array")    ? "an array"
	                : !strcmp(c->sort, "volume") ? "a volume"
	                                             : "a larger device");
	pp_evidence(j, f, "/sys/class/block/*/holders");
}

static void host_display(struct pp_judging *j, const struct pp_device *d)
{
	uint32_t nr, nr_programs;
	const struct pp_claim *c = claims_of_kind(j, d, PP_CLAIM_CONSOLE, &nr);

	claims_of_kind(j, d, PP_CLAIM_PROGRAM, &nr_programs);
	if (c) {
		struct pp_finding *f = pp_find(
			j, PP_DEGRADES,
			"the host shows its console on it: the screen stays as it is, or goes "
			"dark, when a guest gets it");
		if (!strcmp(c->sort, "driver"))
			pp_evidence(j, f, "/sys/class/graphics: a framebuffer of its driver's");
		else
			pp_evidence(j, f,
			            "boot_vga: 1, and /sys/class/graphics has the firmware's "
			            "framebuffer");
	}
	if (nr_programs) {
		struct pp_finding *f =
			pp_find(j, PP_DEGRADES,
		                "a program of the host has it open, such as a display server: stop "
		                "that before a guest gets it");
		pp_evidence(j, f, "/proc/*/fd: its file in /dev is open");
	}
}

#define CLASS_VGA 0x0300 /* base class and subclass */

/* vfio_pci_core_mmap() and vfio_pci_bar_rw() reserve the BAR, and get EBUSY. */
static void boot_framebuffer(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_device_line *refused = pp_device_line(j->host, d, PP_LINE_RESERVE);
	bool vga = d->class_code >> 8 == CLASS_VGA, display = pp_device_base_class(d) == 0x03;
	enum pp_tri removed =
		vga ? pp_kernel_has(&j->host->kernel, PP_KERNEL_CONSOLE_REMOVED) : PP_NO;

	if (pp_device_is_bridge(d) || (!refused && (!d->framebuffer || removed == PP_YES)))
		return;
	struct pp_finding *f =
		display ? pp_find(j, PP_DEGRADES,
	                          "the firmware's framebuffer is in its memory, and vfio-pci %s "
	                          "remove it: a guest cannot use that BAR",
	                          removed == PP_UNKNOWN ? "may not" : "does not")
			: pp_find(j, PP_DEGRADES,
	                          "vfio-pci could not reserve one of its BARs, which something else "
	                          "on the host has: a guest cannot use that BAR");
	if (d->framebuffer)
		pp_evidence(j, f, "/proc/iomem: %s", d->framebuffer);
	if (refused)
		pp_evidence(j, f, "kernel log: %s", refused->text);
	if (display && !pp_kernel_argument_given(j->host, PP_ARGUMENT_NO_FRAMEBUFFER))
		pp_add_remedy_by_argument(
			f, &pp_remedy_kernel_argument,
			"add " PP_ARGUMENT_NO_FRAMEBUFFER " to the kernel command line and reboot",
			"the host's screen stays dark until a driver for a display is loaded",
			PP_ARGUMENT_NO_FRAMEBUFFER);
}

static const struct pp_rule rules[] = {
	{ .id = "in-running-guest",
	  .targets = PP_FOR_KVM,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "drivers/vfio/group.c; drivers/iommu/iommu.c, iommu_group_claim_dma_owner()",
	  .on_device = in_running_guest },
	{ .id = "guest-configured",
	  .targets = PP_FOR_KVM | PP_FOR_XEN,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "qm.conf(5); libvirt's domain XML, hostdev; xl.cfg(5), pci",
	  .on_device = guest_configured },
	{ .id = "guest-by-mapping",
	  .targets = PP_FOR_KVM,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "qm.conf(5); Proxmox VE's manual, Resource Mapping",
	  .on_device = guest_by_mapping },
	{ .id = "resource-mapping",
	  .targets = PP_FOR_KVM,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "pve-guest-common, PVE::Mapping::PCI, assert_valid()",
	  .on_device = resource_mapping },
	{ .id = "in-container",
	  .targets = PP_FOR_ALL,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "pct.conf(5), lxc.container.conf(5); the OCI runtime specification",
	  .on_device = claim_in_container },
	{ .id = "instances-unread",
	  .targets = PP_FOR_ALL,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "LXD and Incus: backup.yaml of an instance",
	  .on_device = claim_instances_unread },
	{ .id = "host-network",
	  .targets = PP_FOR_ALL,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .if_blocked = true,
	  .reference = "proc_net(5)",
	  .on_device = host_network },
	{ .id = "host-storage",
	  .targets = PP_FOR_ALL,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .if_blocked = true,
	  .reference = "block/holder.c",
	  .on_device = host_storage },
	{ .id = "host-display",
	  .targets = PP_FOR_ALL,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .if_blocked = true,
	  .reference = "drivers/video/fbdev/core/fbsysfs.c",
	  .on_device = host_display },
	{ .id = "boot-framebuffer",
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "drivers/firmware/sysfb.c; drivers/vfio/pci/vfio_pci_core.c",
	  .on_device = boot_framebuffer },
};

const struct pp_rule_table pp_rules_claim = { rules, sizeof(rules) / sizeof(rules[0]) };
