/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel makes groups one device after the other, in the order of the buses: a device joins
 * the first group that it finds on its way up, else one of its neighbours', else it gets its own.
 */
#include <string.h>

#include "host/acs.h"
#include "host/isolation.h"
#include "host/place.h"

/* Broadcom Vulcan, Cavium ThunderX2: the IOMMU sits at this bridge, not at the root bus. */
#define VENDOR_BROADCOM 0x14e4
#define IS_XLATE_ROOT(d)                                                                           \
	((d)->vendor == VENDOR_BROADCOM && ((d)->device == 0x9000 || (d)->device == 0x9084))

struct walk {
	const struct pp_host *host;
	struct pp_isolated *made;
	enum pp_tri *isolates; /* access control of each function … */
	enum pp_tri *path;     /* … and of all on the way from it to the root bus */
	uint32_t *weak;        /* with PP_NO or PP_UNKNOWN: the first such on that way */
	bool *aliases;         /* whether one on its bus uses another's number */
	uint32_t *open;        /* NULL, or isolation_find_open()'s; PP_NO_DEVICE: none */
	uint64_t seen[4];      /* which functions of a bus were looked at */
};

/* What a look for a group came to. */
enum found { FOUND_NONE, FOUND, FOUND_UNKNOWN };

/* Takes the group of the device "from", for that reason; unknown if that is not known. */
static enum found isolation_take(struct walk *w, uint32_t from, enum pp_shares why, uint32_t with,
                                 struct pp_isolated *ret)
{
	const struct pp_isolated *there = &w->made[from];

	if (there->shares == PP_SHARES_UNKNOWN) {
		*ret = *there;
		return FOUND_UNKNOWN;
	}
	if (there->group == PP_NO_GROUP)
		return FOUND_NONE;
	*ret = (struct pp_isolated){ there->group, why, with };
	return FOUND;
}

static enum found unknown(uint32_t because, struct pp_isolated *ret)
{
	*ret = (struct pp_isolated){ PP_NO_GROUP, PP_SHARES_UNKNOWN, because };
	return FOUND_UNKNOWN;
}

/*
 * pci_for_each_dma_alias(): up to the root bus, whether a bridge puts its own name on the DMA. top
 * is the last such bridge, or the device itself.
 */
static enum found find_bridge(struct walk *w, uint32_t device, uint32_t *top,
                              struct pp_isolated *ret)
{
	const struct pp_host *h = w->host;

	*top = device;
	for (uint32_t b = h->devices[device].parent; b != PP_NO_DEVICE; b = h->devices[b].parent) {
		const struct pp_device *d = &h->devices[b];
		uint8_t type = PP_PCIE_NONE;
		if (IS_XLATE_ROOT(d))
			return FOUND_NONE;
		enum pp_tri pcie = pp_device_pcie_type(h, d, &type);
		if (pcie == PP_UNKNOWN)
			return unknown(b, ret);
		if (pcie == PP_YES && type != PP_PCIE_TO_PCI_BRIDGE &&
		    type != PP_PCI_TO_PCIE_BRIDGE)
			continue;
		*top = b;
		enum found f = isolation_take(w, b, PP_SHARES_BRIDGE, b, ret);
		if (f != FOUND_NONE)
			return f;
	}
	return FOUND_NONE;
}

/* Further up, to where access control keeps everything above apart. */
static enum found find_port(struct walk *w, uint32_t *top, struct pp_isolated *ret)
{
	const struct pp_host *h = w->host;

	for (uint32_t b = h->devices[*top].parent; b != PP_NO_DEVICE; b = h->devices[b].parent) {
		if (w->path[b] == PP_YES)
			return FOUND_NONE;
		if (w->path[b] == PP_UNKNOWN)
			return unknown(w->weak[b], ret);
		*top = b;
		enum found f = isolation_take(w, b, PP_SHARES_NO_ACS, w->weak[b], ret);
		if (f != FOUND_NONE)
			return f;
	}
	return FOUND_NONE;
}

static bool same_bus(const struct pp_device *a, const struct pp_device *b)
{
	return a->address.domain == b->address.domain && a->address.bus == b->address.bus;
}

/* The devices of one bus stand together. */
static uint32_t first_of_bus(const struct pp_host *h, uint32_t device)
{
	while (device && same_bus(&h->devices[device - 1], &h->devices[device]))
		device--;
	return device;
}

static bool is_on_bus_of(const struct pp_host *h, uint32_t i, uint32_t device)
{
	return i < h->nr_devices && same_bus(&h->devices[i], &h->devices[device]);
}

/* And on it those of one slot. */
static bool is_in_slot_of(const struct pp_host *h, uint32_t i, uint32_t device)
{
	return is_on_bus_of(h, i, device) &&
	       h->devices[i].address.device == h->devices[device].address.device;
}

static uint32_t first_of_slot(const struct pp_host *h, uint32_t device)
{
	uint32_t first = device;

	while (first && is_in_slot_of(h, first - 1, device))
		first--;
	return first;
}

static bool isolation_see(struct walk *w, const struct pp_device *d)
{
	unsigned int n = (unsigned int)d->address.device << 3 | d->address.function;
	uint64_t bit = (uint64_t)1 << (n & 63), *word = &w->seen[n >> 6];
	bool was = *word & bit;

	*word |= bit;
	return was;
}

static enum found find_alias(struct walk *w, uint32_t device, enum pp_shares why,
                             struct pp_isolated *ret);

/* get_pci_function_alias_group(): functions of the slot that are not kept apart either. */
static enum found find_function(struct walk *w, uint32_t device, struct pp_isolated *ret)
{
	const struct pp_host *h = w->host;
	const struct pp_device *d = &h->devices[device];
	enum pp_tri multifunction = pp_device_is_multifunction(d);

	if (multifunction == PP_NO || w->isolates[device] == PP_YES)
		return FOUND_NONE;
	if (multifunction == PP_UNKNOWN || w->isolates[device] == PP_UNKNOWN)
		return unknown(device, ret);
	/* A neighbour that may or may not be apart leaves it open who shares the group. */
	uint32_t first = first_of_slot(h, device);
	for (uint32_t i = first; is_in_slot_of(h, i, device); i++)
		if (i != device && w->isolates[i] == PP_UNKNOWN)
			return unknown(i, ret);
	for (uint32_t i = first; is_in_slot_of(h, i, device); i++) {
		if (i == device || w->isolates[i] == PP_YES)
			continue;
		enum found f = find_alias(w, i, PP_SHARES_FUNCTION, ret);
		if (f != FOUND_NONE)
			return f;
	}
	return FOUND_NONE;
}

/*
 * get_pci_alias_group(): the device's own group, or that of one which uses its number or whose
 * number it uses. Each function of the bus is looked at once, so this ends.
 */
static enum found find_alias(struct walk *w, uint32_t device, enum pp_shares why,
                             struct pp_isolated *ret)
{
	const struct pp_host *h = w->host;
	const struct pp_device *d = &h->devices[device];

	if (isolation_see(w, d))
		return FOUND_NONE;
	enum found f = isolation_take(w, device, why, device, ret);
	/* Few hosts have such a device, and the others need not look at each pair on a bus. */
	if (!w->aliases[device])
		return f;
	for (uint32_t i = first_of_bus(h, device); f == FOUND_NONE && is_on_bus_of(h, i, device);
	     i++) {
		if (i == device || (!pp_device_borrows(d, &h->devices[i]) &&
		                    !pp_device_borrows(&h->devices[i], d)))
			continue;
		f = find_alias(w, i, PP_SHARES_ALIAS, ret);
		if (f == FOUND_NONE)
			f = find_function(w, i, ret);
	}
	return f;
}

static struct pp_isolated find_group(struct walk *w, uint32_t device, uint32_t *nr_groups)
{
	struct pp_isolated ret = { PP_NO_GROUP, PP_SHARES_NOT, PP_NO_DEVICE };
	uint32_t top;

	if (pp_is_behind_vmd(&w->host->devices[device]))
		return (struct pp_isolated){ PP_NO_GROUP, PP_SHARES_OTHER_DOMAIN, PP_NO_DEVICE };
	enum found f = find_bridge(w, device, &top, &ret);
	if (f == FOUND_NONE)
		f = find_port(w, &top, &ret);
	memset(w->seen, 0, sizeof(w->seen));
	if (f == FOUND_NONE)
		f = find_alias(w, top, PP_SHARES_ALIAS, &ret);
	if (f == FOUND_NONE)
		f = find_function(w, top, &ret);
	if (f == FOUND_NONE)
		ret.group = (*nr_groups)++;
	return ret;
}

/*
 * A bridge that stays behind when a card is moved. One that is in a slot itself is a card's; but a
 * downstream port has the slot below it, unless the switch as a whole is in that.
 */
static bool isolation_is_on_board(const struct pp_host *h, const struct pp_device *d)
{
	if (d->config.header_read != PP_YES || d->config.header_type != PP_HEADER_BRIDGE)
		return false;
	return d->parent == PP_NO_DEVICE || !pp_slot_is_named(&d->slot) ||
	       (d->config.pcie_type == PP_PCIE_DOWNSTREAM &&
	        h->devices[d->parent].slot.id != d->slot.id);
}

/* Finds, for the upstream port of each switch that is a card's own, a port that lets requests pass.
 */
static void isolation_find_open(struct walk *w, uint32_t *open)
{
	const struct pp_device *d = w->host->devices;

	for (uint32_t i = 0; i < w->host->nr_devices; i++)
		open[i] = PP_NO_DEVICE;
	for (uint32_t i = 0; i < w->host->nr_devices; i++) {
		uint32_t up = d[i].parent;
		if (d[i].config.pcie_type == PP_PCIE_DOWNSTREAM && up != PP_NO_DEVICE &&
		    d[up].config.pcie_type == PP_PCIE_UPSTREAM && open[up] == PP_NO_DEVICE &&
		    !isolation_is_on_board(w->host, &d[up]) &&
		    pp_acs_isolates(w->host, i, PP_ACS_AS_DEFAULT) == PP_NO)
			open[up] = i;
	}
	w->open = open;
}

/* Access control of a function whose card sits in the best slot there is. */
static enum pp_tri isolation_at_best(const struct pp_host *h, uint32_t i, enum pp_acs_as as)
{
	const struct pp_device *d = &h->devices[i];
	enum pp_tri found = pp_acs_isolates(h, i, as);

	if (isolation_is_on_board(h, d))
		return PP_YES;
	/* PCIe 6.0, 6.12.1.2: a card with SR-IOV has access control unless its functions do not
	 * talk to each other; whether the kernel takes that for isolation depends on its quirks. */
	return found == PP_NO && d->config.caps[PP_CAP_SRIOV].seen == PP_YES ? PP_UNKNOWN : found;
}

/* pci_acs_path_enabled() for every device; one above another stands before it. */
static void measure_paths(struct walk *w, enum pp_acs_as as, bool best_slot)
{
	for (uint32_t i = 0; i < w->host->nr_devices; i++) {
		uint32_t parent = w->host->devices[i].parent;
		enum pp_tri above = parent == PP_NO_DEVICE ? PP_YES : w->path[parent];
		bool is_open = w->open && w->open[i] != PP_NO_DEVICE;
		w->isolates[i] = is_open     ? PP_NO
		                 : best_slot ? isolation_at_best(w->host, i, as)
		                             : pp_acs_isolates(w->host, i, as);
		/* One "no" decides, whatever is unknown. */
		bool here =
			w->isolates[i] == PP_NO || (w->isolates[i] == PP_UNKNOWN && above != PP_NO);
		w->path[i] = here ? w->isolates[i] : above;
		w->weak[i] = parent == PP_NO_DEVICE ? PP_NO_DEVICE : w->weak[parent];
		if (here)
			w->weak[i] = is_open ? w->open[i] : i;
	}
}

static void isolation_find_aliases(struct walk *w)
{
	const struct pp_host *h = w->host;

	for (uint32_t i = 0, end; i < h->nr_devices; i = end) {
		bool any = false;
		for (end = i; is_on_bus_of(h, end, i); end++)
			any |= pp_device_is_borrower(&h->devices[end]);
		for (uint32_t k = i; k < end; k++)
			w->aliases[k] = any;
	}
}

/* A patch of distributions. */
static bool is_overridden(const struct pp_host *h)
{
	const char *line = h->kernel.command_line.text;

	return line && strstr(line, "pcie_acs_override") && !h->kernel.acs_override_ignored;
}

/* With a device tree the kernel asks for access control when all devices have been set up already.
 */
static bool isolation_too_late(const struct pp_host *h)
{
	return h->kind == PP_KIND_ARM_TREE &&
	       pp_kernel_has(&h->kernel, PP_KERNEL_TREE_ACS) == PP_NO;
}

static enum pp_acs_as isolation_as(const struct pp_host *h, enum pp_isolation_by by, bool as_found)
{
	if (as_found || isolation_too_late(h))
		return PP_ACS_AS_FOUND;
	return by == PP_BY_DEFAULT ? PP_ACS_AS_DEFAULT : PP_ACS_AS_SET;
}

static void make_all(struct walk *w, uint32_t *nr_groups)
{
	const struct pp_host *h = w->host;

	/* Virtual functions come up last. */
	for (int virtual = 0; virtual < 2; virtual ++)
		for (uint32_t i = 0; i < h->nr_devices; i++)
			if ((h->devices[i].physfn != PP_NO_DEVICE) == virtual)
				w->made[i] = find_group(w, i, nr_groups);
}

int pp_isolation_compute_by(const struct pp_host *h, enum pp_isolation_by by, struct pp_arena *a,
                            struct pp_isolation *ret, struct pp_error *e)
{
	bool as_found = by != PP_BY_DEFAULT && (h->nr_groups || h->iommu_on == PP_YES);
	bool overridden = by == PP_BY_KERNEL && is_overridden(h);
	/* arch/powerpc/platforms/powernv/pci-ioda.c: there the firmware decides, by its PEs. */
	bool is_firmwares = h->kind == PP_KIND_POWER;
	uint32_t nr_groups = 0;
	struct walk w = {
		.host = h,
		.made = PP_ARENA_ARRAY(a, h->nr_devices, struct pp_isolated),
		.isolates = PP_ARENA_ARRAY(a, h->nr_devices, enum pp_tri),
		.path = PP_ARENA_ARRAY(a, h->nr_devices, enum pp_tri),
		.weak = PP_ARENA_ARRAY(a, h->nr_devices, uint32_t),
		.aliases = PP_ARENA_ARRAY(a, h->nr_devices, bool),
	};

	uint32_t *open = by == PP_BY_BEST_SLOT ? PP_ARENA_ARRAY(a, h->nr_devices, uint32_t) : NULL;

	if ((by == PP_BY_BEST_SLOT && !open) || !w.made || !w.isolates || !w.path || !w.weak ||
	    !w.aliases)
		return pp_fail_oom(e, "groups");
	for (uint32_t i = 0; i < h->nr_devices; i++)
		w.made[i] = (struct pp_isolated){ PP_NO_GROUP,
			                          overridden     ? PP_SHARES_ACS_OVERRIDDEN
			                          : is_firmwares ? PP_SHARES_BY_FIRMWARE
			                                         : PP_SHARES_NOT,
			                          PP_NO_DEVICE };
	if (!overridden && !is_firmwares) {
		if (open)
			isolation_find_open(&w, open);
		measure_paths(&w, isolation_as(h, by, as_found), by == PP_BY_BEST_SLOT);
		isolation_find_aliases(&w);
		make_all(&w, &nr_groups);
	}
	*ret = (struct pp_isolation){ w.made, w.path, nr_groups, as_found };
	return 0;
}

int pp_isolation_compute(const struct pp_host *h, struct pp_arena *a, struct pp_isolation *ret,
                         struct pp_error *e)
{
	return pp_isolation_compute_by(h, PP_BY_KERNEL, a, ret, e);
}

/* Whether a function can do access control and has it off. */
static bool isolation_is_off(const struct pp_host *h, const struct pp_isolation *i, uint32_t device)
{
	return h->devices[device].config.acs_known == PP_YES &&
	       pp_acs_isolates(h, device, isolation_as(h, PP_BY_KERNEL, i->as_found)) == PP_NO &&
	       pp_acs_isolates(h, device, PP_ACS_AS_DEFAULT) == PP_YES;
}

enum pp_joined_by pp_isolation_why(const struct pp_host *h, const struct pp_isolation *i,
                                   uint32_t device, uint32_t *ret_because)
{
	const struct pp_isolated *made = &i->devices[device];

	*ret_because = made->with;
	if (made->with == PP_NO_DEVICE)
		return PP_JOINED_NOT;
	switch (made->shares) {
	case PP_SHARES_BRIDGE:
		return PP_JOINED_NO_ACS;
	case PP_SHARES_NO_ACS:
		return isolation_is_off(h, i, made->with) ? PP_JOINED_ACS_OFF : PP_JOINED_NO_ACS;
	case PP_SHARES_FUNCTION:
		/* Had it access control, whatever the other one has would not matter. */
		if (isolation_is_off(h, i, device)) {
			*ret_because = device;
			return PP_JOINED_ACS_OFF;
		}
		if (h->devices[device].config.header_type != PP_HEADER_BRIDGE)
			return PP_JOINED_FUNCTIONS;
		*ret_because = device;
		return PP_JOINED_NO_ACS;
	case PP_SHARES_ALIAS:
		return PP_JOINED_ALIAS;
	default:
		return PP_JOINED_NOT;
	}
}
