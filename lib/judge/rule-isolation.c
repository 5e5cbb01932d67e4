/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why devices share a group, and groups that only the command line keeps apart or joins. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/acs-argument.h"
#include "host/command-line.h"
#include "host/isolation.h"
#include "host/kernel-facts.h"
#include "host/place.h"
#include "judge/rules.h"

#define OVERRIDE "pcie_acs_override"

struct pp_isolation_facts {
	struct pp_isolation hardware, best_slot;
	struct pp_isolation by_default; /* only where an argument may differ from it */
	/* By computed group: endpoints of it are in several groups of the kernel's. */
	bool *split;
	bool any_split;
	bool unknown; /* of an endpoint it could not be computed */
	const char
		*override; /* "pcie_acs_override=downstream", in force as far as is known; NULL */
	/* "pci=disable_acs_redir=…" and "pci=config_acs=…"; NULL, and the devices they list */
	const char *settings[PP_NR_ACS_OPTIONS];
	struct pp_span lists[PP_NR_ACS_OPTIONS];
};

static void isolation_read_line(struct pp_judging *j, struct pp_isolation_facts *f)
{
	const char *line = j->host->kernel.command_line.text;
	struct pp_span rest = PP_SPAN(line, line ? strlen(line) : 0), word;

	while (line && pp_command_line_next(&rest, &word))
		if (pp_span_starts(word, OVERRIDE) && !j->host->kernel.acs_override_ignored)
			f->override = pp_text_clean(j->arena, word.data, word.len);
	for (int o = 0; o < PP_NR_ACS_OPTIONS; o++)
		if (pp_acs_argument_find(line, (enum pp_acs_option)o, &f->lists[o]))
			f->settings[o] = pp_arena_printf(
				j->arena, "pci=%s=%.*s", pp_acs_option_name((enum pp_acs_option)o),
				(int)f->lists[o].len, (const char *)f->lists[o].data);
}

static bool isolation_is_argued(const struct pp_isolation_facts *f)
{
	bool argued = false;

	for (int o = 0; o < PP_NR_ACS_OPTIONS; o++)
		argued |= f->settings[o] != NULL;
	return argued;
}

/* The argument that sets the access control of a device; NULL: none is known to. */
static const char *isolation_setting_of(const struct pp_judging *j,
                                        const struct pp_isolation_facts *f, uint32_t device)
{
	const struct pp_kernel *k = &j->host->kernel;

	/* The last one counts. */
	for (int o = PP_NR_ACS_OPTIONS - 1; o >= 0; o--) {
		struct pp_acs_wish wish;
		if (f->settings[o] &&
		    (o != PP_ACS_CONFIG || pp_kernel_has(k, PP_KERNEL_CONFIG_ACS) != PP_NO) &&
		    pp_acs_argument_names(j->host, device, (enum pp_acs_option)o, f->lists[o],
		                          &wish, NULL) == PP_YES)
			return f->settings[o];
	}
	return NULL;
}

/* The kernel's groups against what the hardware keeps apart, one pass over the devices. */
static bool isolation_compare(struct pp_judging *j, struct pp_isolation_facts *f)
{
	const struct pp_host *h = j->host;
	uint32_t *first = PP_ARENA_ARRAY(j->arena, f->hardware.nr_groups + 1, uint32_t);

	f->split = PP_ARENA_ARRAY(j->arena, f->hardware.nr_groups + 1, bool);
	if (!first || !f->split)
		return false;
	for (uint32_t i = 0; i < h->nr_devices; i++) {
		uint32_t at = f->hardware.devices[i].group;
		if (pp_has_bridge_header(&h->devices[i]) || h->devices[i].group == PP_NO_GROUP)
			continue;
		if (at == PP_NO_GROUP) {
			f->unknown = true;
			continue;
		}
		if (!first[at])
			first[at] = h->devices[i].group + 1;
		else if (first[at] != h->devices[i].group + 1)
			f->split[at] = f->any_split = true;
	}
	return true;
}

/*
 * Of a part: what is computed for a device is right, unless it has the group of a bridge, which
 * whatever else is below that bridge shares; and an argument is told by what it does to all groups.
 */
static void isolation_check_part(struct pp_judging *j, const struct pp_isolation_facts *f)
{
	const struct pp_host *h = j->host;
	bool needs_all = f->override || isolation_is_argued(f);
	uint32_t group = h->part ? h->devices[pp_host_find(h, h->part->device)].group : PP_NO_GROUP;
	for (uint32_t i = 0; group != PP_NO_GROUP && i < h->groups[group].nr_devices; i++) {
		uint32_t member = h->groups[group].devices[i];
		needs_all |= !pp_has_bridge_header(&h->devices[member]) &&
		             (f->hardware.devices[member].shares == PP_SHARES_BRIDGE ||
		              f->hardware.devices[member].shares == PP_SHARES_NO_ACS);
	}
	if (needs_all)
		pp_host_needs_all(h);
}

/* NULL: the kernel has made no groups, or out of memory. */
static const struct pp_isolation_facts *isolation_facts(struct pp_judging *j)
{
	struct pp_isolation_facts *f = j->isolation;
	struct pp_error e = { 0 };

	if (f || !j->host->nr_groups)
		return f;
	f = PP_ARENA_NEW(j->arena, struct pp_isolation_facts);
	if (f)
		isolation_read_line(j, f);
	if (!f || pp_isolation_compute_by(j->host, PP_BY_HARDWARE, j->arena, &f->hardware, &e) ||
	    (isolation_is_argued(f) &&
	     pp_isolation_compute_by(j->host, PP_BY_DEFAULT, j->arena, &f->by_default, &e)) ||
	    pp_isolation_compute_by(j->host, PP_BY_BEST_SLOT, j->arena, &f->best_slot, &e) ||
	    !isolation_compare(j, f)) {
		j->failed = true;
		return NULL;
	}
	isolation_check_part(j, f);
	j->isolation = f;
	return f;
}

#define NAMED 6

/* "01:00.0, 01:00.1 and 3 more": those for which one() says yes. */
struct name_list {
	const char *text;
	uint32_t count;
};

static void isolation_name(struct pp_judging *j, struct name_list *l, uint32_t device)
{
	if (l->count++ >= NAMED)
		return;
	const char *text =
		pp_arena_printf(j->arena, "%s%s%s", l->text ? l->text : "", l->text ? ", " : "",
	                        pp_name_of(j, &j->host->devices[device]));
	l->text = text ? text : "";
	j->failed |= !text;
}

static const char *isolation_names(struct pp_judging *j, const struct name_list *l)
{
	if (l->count <= NAMED)
		return l->text ? l->text : "";
	const char *text = pp_arena_printf(j->arena, "%s and %u more", l->text, l->count - NAMED);
	j->failed |= !text;
	return text ? text : "";
}

/* The bridges and functions for one reason, each once. */
struct reason {
	enum pp_joined_by by;
	uint32_t because[NAMED];
	uint32_t nr;
};

static void isolation_add_reason(struct reason *r, uint32_t device)
{
	for (uint32_t i = 0; i < r->nr; i++)
		if (r->because[i] == device)
			return;
	if (r->nr < NAMED)
		r->because[r->nr++] = device;
}

/* Why the members of a group are in one computed group; by reason. */
static void isolation_reasons(const struct pp_judging *j, const struct pp_isolation *iso,
                              const uint32_t *devices, uint32_t nr, struct reason *ret)
{
	for (uint32_t i = 0; i < nr; i++) {
		uint32_t because;
		enum pp_joined_by by = pp_isolation_why(j->host, iso, devices[i], &because);
		const struct pp_device *d = &j->host->devices[devices[i]];
		/* A host or ISA bridge beside a port is nobody's neighbour. */
		if (by == PP_JOINED_NOT || (pp_device_is_bridge(d) && !pp_has_bridge_header(d)))
			continue;
		ret[by].by = by;
		isolation_add_reason(&ret[by], because);
		if (by == PP_JOINED_FUNCTIONS || by == PP_JOINED_ALIAS)
			isolation_add_reason(&ret[by], devices[i]);
	}
}

static const char *isolation_list(struct pp_judging *j, const struct reason *r)
{
	struct name_list l = { 0 };

	for (uint32_t i = 0; i < r->nr; i++)
		isolation_name(j, &l, r->because[i]);
	return isolation_names(j, &l);
}

/* A slot whose port keeps apart what is below it, and that is not in the group; NULL: none. */
static const struct pp_device *isolation_better_slot(const struct pp_judging *j,
                                                     const struct pp_isolation_facts *facts,
                                                     uint32_t group)
{
	const struct pp_host *h = j->host;
	/* The kernel knows more chips than we do; but an override makes it say what is not so. */
	bool by_kernel = !facts->override || !facts->any_split;

	for (uint32_t i = 0; i < h->nr_devices; i++) {
		const struct pp_device *d = &h->devices[i];
		if (!pp_device_is_bridge(d) && pp_slot_is_named(&d->slot) && d->group != group &&
		    d->parent != PP_NO_DEVICE &&
		    (facts->hardware.paths[d->parent] == PP_YES ||
		     (by_kernel && d->group != PP_NO_GROUP &&
		      h->devices[d->parent].group != d->group)))
			return d;
	}
	return NULL;
}

/* A bridge to conventional PCI: no slot for a card below it has access control. */
static bool isolation_is_conventional(const struct pp_device *bridge)
{
	return bridge->config.pcie_type == PP_PCIE_TO_PCI_BRIDGE ||
	       bridge->config.pcie_type_known == PP_NO;
}

/* Whether something below the bridge is known to be a card of its own: so that is the board's. */
static bool isolation_has_slot_below(const struct pp_judging *j, uint32_t bridge)
{
	for (uint32_t i = bridge + 1; i < j->host->nr_devices; i++)
		if (j->host->devices[i].parent == bridge &&
		    pp_slot_is_named(&j->host->devices[i].slot))
			return true;
	return false;
}

/* Where the card could go, for a joining bridge of each kind. */
static const char *isolation_slot_text(struct pp_judging *j, const struct reason *r,
                                       const struct pp_device *better)
{
	const struct pp_device *d = j->host->devices, *port = NULL;
	char place[80];

	for (uint32_t i = 0; i < r->nr; i++) {
		const struct pp_device *bridge = &d[r->because[i]];
		if (isolation_is_conventional(bridge))
			return pp_arena_printf(
				j->arena, "%s to a slot that is not behind %s",
				isolation_has_slot_below(j, r->because[i])
					? "move one of the cards"
					: "if these are cards of their own, move one of them",
				pp_name_of(j, bridge));
		if (bridge->config.pcie_type == PP_PCIE_DOWNSTREAM &&
		    !pp_slot_is_named(&bridge->slot) && !port &&
		    !isolation_has_slot_below(j, r->because[i]))
			port = bridge;
	}
	const char *text = pp_arena_printf(
		j->arena, "%s%s%smove the card to a slot whose port has access control (ACS)",
		port ? "unless the switch with " : "", port ? pp_name_of(j, port) : "",
		port ? " is the card's own, " : "");
	if (!text || !better)
		return text;
	pp_place_format(better->slot.kind, better->slot.number, place, sizeof(place));
	return pp_arena_printf(j->arena, "%s, such as %s, below %s, where %s is now", text, place,
	                       pp_name_of(j, &d[better->parent]), pp_name_of(j, better));
}

static void isolation_add_slot(struct pp_judging *j, struct pp_finding *f,
                               const struct pp_isolation_facts *facts, uint32_t group,
                               const struct reason *r)
{
	const char *text = isolation_slot_text(j, r, isolation_better_slot(j, facts, group));

	j->failed |= !text;
	if (text)
		pp_add_remedy_by_hand(f, &pp_remedy_another_slot, text, NULL);
}

/* Whether the members would be apart if no argument changed access control. */
static bool isolation_apart_by_default(const struct pp_isolation_facts *facts,
                                       const struct pp_judging *j, const struct pp_group *g)
{
	uint32_t first = PP_NO_GROUP;

	for (uint32_t i = 0; i < g->nr_devices; i++) {
		uint32_t at = facts->by_default.devices[g->devices[i]].group;
		if (pp_has_bridge_header(&j->host->devices[g->devices[i]]) || at == PP_NO_GROUP)
			continue;
		if (first != PP_NO_GROUP && at != first)
			return true;
		first = at;
	}
	return false;
}

/* Whether another slot could keep two endpoints apart; what is not known is hoped for. */
static bool isolation_slot_parts(const struct pp_judging *j, const struct pp_isolation_facts *facts,
                                 uint32_t one, uint32_t other)
{
	const struct pp_device *d = j->host->devices;
	uint32_t a = facts->best_slot.devices[one].group, b = facts->best_slot.devices[other].group;
	const struct pp_isolated *joined = &facts->hardware.devices[other];

	if (one == other || pp_device_is_bridge(&d[one]) || pp_device_is_bridge(&d[other]))
		return false;
	/* Conventional cards behind one bridge of the board. */
	if (joined->shares == PP_SHARES_BRIDGE && joined->with != PP_NO_DEVICE &&
	    !pp_slot_is_named(&d[joined->with].slot) &&
	    d[one].address.device != d[other].address.device)
		return true;
	return a != b || a == PP_NO_GROUP;
}

/* Whether it could keep some of a group's members apart. */
static bool isolation_slot_helps(const struct pp_judging *j, const struct pp_isolation_facts *facts,
                                 const struct pp_group *g)
{
	uint32_t first = PP_NO_DEVICE;

	for (uint32_t i = 0; i < g->nr_devices; i++) {
		uint32_t at = g->devices[i];
		if (pp_device_is_bridge(&j->host->devices[at]))
			continue;
		if (first != PP_NO_DEVICE && isolation_slot_parts(j, facts, first, at))
			return true;
		first = first == PP_NO_DEVICE ? at : first;
	}
	return false;
}

static void isolation_prove(struct pp_judging *j, struct pp_finding *f, uint32_t device)
{
	const struct pp_device *d = &j->host->devices[device];
	const struct pp_config *c = &d->config;
	const char *name = pp_name_of(j, d);

	if (c->acs_known == PP_YES)
		pp_evidence(j, f, "%s: ACS capability 0x%02x, control 0x%02x", name, c->acs_cap,
		            c->acs_ctl);
	else if (c->pcie_type_known == PP_NO)
		pp_evidence(j, f, "%s: conventional PCI, which has no access control", name);
	else
		pp_evidence(j, f, "%s: no ACS capability", name);
}

/* only: nothing else joins the group. */
static struct pp_finding *isolation_tell_argument(struct pp_judging *j, const struct pp_group *g,
                                                  const char *setting, const char *names, bool only)
{
	struct pp_finding *f = pp_find(
		j, PP_DEGRADES,
		"its group %u is shared %sbecause of %s: %s could do access control (ACS), and without that argument it would be on",
		g->number, only ? "only " : "", setting, names);

	pp_add_remedy_take_off(j, f, setting, NULL);
	return f;
}

static struct pp_finding *isolation_tell_left_off(struct pp_judging *j, const struct pp_group *g,
                                                  const struct reason *r, const char *names)
{
	bool ports = pp_device_is_bridge(&j->host->devices[r->because[0]]);
	struct pp_finding *f = pp_find(
		j, PP_INFORMS,
		"group %u is shared because %s%s could do access control (ACS), but the kernel left it off although the IOMMU is on",
		g->number, ports ? r->nr > 1 ? "the ports " : "the port " : "", names);

	pp_add_remedy_by_hand(
		f, &pp_remedy_another_kernel,
		"try another kernel, older or newer: the hardware can isolate these devices, so no other slot is needed",
		NULL);
	return f;
}

/* Ports whose access control is off: those that an argument lists, and the others. */
static void isolation_tell_off(struct pp_judging *j, const struct pp_isolation_facts *facts,
                               const struct pp_group *g, const struct reason *r)
{
	struct reason listed = { 0 }, others = { 0 };
	const char *setting = NULL;

	for (uint32_t i = 0; i < r->nr; i++) {
		const char *by = isolation_setting_of(j, facts, r->because[i]);
		isolation_add_reason(by && (!setting || by == setting) ? &listed : &others,
		                     r->because[i]);
		setting = setting ? setting : by;
	}
	if (setting && !isolation_apart_by_default(facts, j, g)) {
		others = *r;
		listed.nr = 0;
	}
	for (int of = 0; of < 2; of++) {
		const struct reason *some = of ? &others : &listed;
		if (!some->nr)
			continue;
		const char *names = isolation_list(j, some);
		struct pp_finding *f =
			of ? isolation_tell_left_off(j, g, some, names)
			   : isolation_tell_argument(j, g, setting, names, !others.nr);
		for (uint32_t i = 0; i < some->nr; i++)
			isolation_prove(j, f, some->because[i]);
	}
}

/* The kernel might keep devices of a card's switch in groups apart elsewhere; the switch does not.
 */
static struct pp_finding *isolation_tell_own(struct pp_judging *j, const struct pp_group *g,
                                             const struct reason *r, const char *names)
{
	bool is_switch = j->host->devices[r->because[0]].config.pcie_type == PP_PCIE_DOWNSTREAM;
	bool many = r->nr > 1;

	return pp_find(j, PP_INFORMS,
	               "group %u is shared because the %s%s %s%s %s no access control (ACS) in "
	               "hardware: another slot does not change that",
	               g->number, is_switch ? "port" : "card's own bridge", many ? "s" : "", names,
	               is_switch ? " of the card's own switch" : "", many ? "have" : "has");
}

/* by_slot: another slot would keep some of them apart. */
static void isolation_tell(struct pp_judging *j, const struct pp_isolation_facts *facts,
                           const struct pp_group *g, const struct reason *r, bool by_slot)
{
	const char *names = isolation_list(j, r);
	struct pp_finding *f;

	switch (r->by) {
	case PP_JOINED_NO_ACS:
		if (!by_slot) {
			f = isolation_tell_own(j, g, r, names);
			break;
		}
		f = pp_find(j, PP_INFORMS,
		            "group %u is shared because the bridge%s %s %s no access control "
		            "(ACS) in hardware: the devices below may reach each other's memory "
		            "past the IOMMU",
		            g->number, r->nr > 1 ? "s" : "", names, r->nr > 1 ? "have" : "has");
		isolation_add_slot(j, f, facts, j->host->devices[g->devices[0]].group, r);
		break;
	case PP_JOINED_ACS_OFF:
		isolation_tell_off(j, facts, g, r);
		return;
	case PP_JOINED_FUNCTIONS:
		f = pp_find(
			j, PP_INFORMS,
			"group %u is shared because %s are functions of one device, which does "
			"not isolate them: neither another slot nor another kernel changes that",
			g->number, names);
		break;
	case PP_JOINED_ALIAS:
		f = pp_find(j, PP_INFORMS,
		            "group %u is shared because %s use the same requester ID for DMA",
		            g->number, names);
		break;
	default:
		return;
	}
	for (uint32_t i = 0; i < r->nr; i++)
		isolation_prove(j, f, r->because[i]);
}

/* Why a group that holds several functions does. */
static void group_joined(struct pp_judging *j, const struct pp_group *g)
{
	struct reason reasons[PP_JOINED_ALIAS + 1] = { 0 };

	if (j->groups[g - j->host->groups].nr_companions < 2 || g->no_iommu)
		return;
	const struct pp_isolation_facts *facts = isolation_facts(j);
	if (!facts)
		return;
	/* What no slot takes apart is told by what would still join it there. */
	bool by_slot = isolation_slot_helps(j, facts, g);
	isolation_reasons(j, by_slot ? &facts->hardware : &facts->best_slot, g->devices,
	                  g->nr_devices, reasons);
	for (int by = 0; by <= PP_JOINED_ALIAS; by++)
		if (reasons[by].nr)
			isolation_tell(j, facts, g, &reasons[by], by_slot);
}

/* The endpoints that the hardware does not keep apart from a group, and are in other groups. */
static void isolation_others(struct pp_judging *j, const struct pp_isolation_facts *facts,
                             const struct pp_isolation *why, uint32_t group, uint32_t computed,
                             struct name_list *others, struct name_list *all,
                             struct reason *reasons)
{
	const struct pp_host *h = j->host;

	for (uint32_t i = 0; i < h->nr_devices; i++) {
		if (facts->hardware.devices[i].group != computed)
			continue;
		isolation_name(j, all, i);
		isolation_reasons(j, why, &i, 1, reasons);
		if (!pp_has_bridge_header(&h->devices[i]) && h->devices[i].group != group)
			isolation_name(j, others, i);
	}
}

/* Whether another slot would keep all of these groups' endpoints apart from this one's. */
static bool isolation_slot_splits(const struct pp_judging *j,
                                  const struct pp_isolation_facts *facts, const struct pp_group *g,
                                  uint32_t computed)
{
	uint32_t group = (uint32_t)(g - j->host->groups);

	for (uint32_t i = 0; i < j->host->nr_devices; i++) {
		const struct pp_device *d = &j->host->devices[i];
		if (facts->hardware.devices[i].group != computed || d->group == group ||
		    pp_device_is_bridge(d))
			continue;
		for (uint32_t k = 0; k < g->nr_devices; k++)
			if (!pp_device_is_bridge(&j->host->devices[g->devices[k]]) &&
			    !isolation_slot_parts(j, facts, g->devices[k], i))
				return false;
	}
	return true;
}

static void isolation_tell_split(struct pp_judging *j, const struct pp_isolation_facts *facts,
                                 const struct pp_group *g, uint32_t computed)
{
	struct reason reasons[PP_JOINED_ALIAS + 1] = { 0 };
	struct name_list others = { 0 }, all = { 0 }, own = { 0 };
	uint32_t group = (uint32_t)(g - j->host->groups);
	struct pp_finding *f;

	bool by_slot = isolation_slot_splits(j, facts, g, computed);
	isolation_others(j, facts, by_slot ? &facts->hardware : &facts->best_slot, group, computed,
	                 &others, &all, reasons);
	bool only_off = reasons[PP_JOINED_ACS_OFF].nr && !reasons[PP_JOINED_NO_ACS].nr &&
	                !reasons[PP_JOINED_FUNCTIONS].nr && !reasons[PP_JOINED_ALIAS].nr;
	/* A chip that the kernel knows better than we do is no reason for an alarm. */
	if (!facts->override && !only_off && j->host->kernel.command_line.text)
		return;
	for (uint32_t i = 0; i < g->nr_devices; i++)
		isolation_name(j, &own, g->devices[i]);
	if (!facts->override && !only_off)
		f = pp_find_unknown(
			j, PP_DEGRADES,
			"group %u is separate from %s, and the hardware seems not to isolate "
			"them: cannot tell whether " OVERRIDE " is the reason, as the kernel "
			"command line was not read",
			g->number, isolation_names(j, &others));
	else if (facts->override)
		f = pp_find(j, PP_DEGRADES,
		            "group %u is separate from %s only because of " OVERRIDE ": the "
		            "hardware may pass DMA between them",
		            g->number, isolation_names(j, &others));
	else
		f = pp_find(
			j, PP_DEGRADES,
			"the kernel treats group %u as separate from %s, but access control "
			"(ACS) has been turned off since: the hardware may pass DMA between them",
			g->number, isolation_names(j, &others));
	pp_evidence(j, f, "the kernel's group %u: %s", g->number, isolation_names(j, &own));
	pp_evidence(j, f, "computed from the hardware's access control: %s",
	            isolation_names(j, &all));
	if (facts->override)
		pp_evidence(j, f, "/proc/cmdline: %s", facts->override);
	if (reasons[PP_JOINED_NO_ACS].nr) {
		pp_evidence(j, f, "no access control (ACS) in hardware: %s",
		            isolation_list(j, &reasons[PP_JOINED_NO_ACS]));
		if (by_slot)
			isolation_add_slot(j, f, facts, group, &reasons[PP_JOINED_NO_ACS]);
	}
	if (reasons[PP_JOINED_ACS_OFF].nr)
		pp_evidence(j, f, "access control (ACS) present but off: %s",
		            isolation_list(j, &reasons[PP_JOINED_ACS_OFF]));
	if (reasons[PP_JOINED_FUNCTIONS].nr)
		pp_evidence(j, f, "functions of one device without isolation: %s",
		            isolation_list(j, &reasons[PP_JOINED_FUNCTIONS]));
	if (only_off && !facts->override)
		pp_add_remedy_by_hand(
			f, &pp_remedy_acs_on,
			"find what turns access control off, such as a script that calls setpci, "
			"remove it and reboot",
			NULL);
}

static void acs_override(struct pp_judging *j, const struct pp_group *g)
{
	const struct pp_isolation_facts *facts = g->no_iommu ? NULL : isolation_facts(j);
	uint32_t last = PP_NO_GROUP;

	for (uint32_t i = 0; facts && i < g->nr_devices; i++) {
		const struct pp_device *d = &j->host->devices[g->devices[i]];
		uint32_t at = facts->hardware.devices[g->devices[i]].group;
		if (pp_has_bridge_header(d))
			continue;
		if (at == PP_NO_GROUP && facts->override) {
			pp_find_unknown(
				j, PP_DEGRADES,
				"cannot tell whether group %u would be separate without " OVERRIDE
				": access control (ACS) could not be read",
				g->number);
			return;
		}
		if (at == PP_NO_GROUP || at == last || !facts->split[at])
			continue;
		isolation_tell_split(j, facts, g, at);
		last = at;
	}
}

static bool isolation_same_by_default(const struct pp_judging *j,
                                      const struct pp_isolation_facts *facts)
{
	for (uint32_t i = 0; i < j->host->nr_groups; i++)
		if (isolation_apart_by_default(facts, j, &j->host->groups[i]))
			return false;
	return true;
}

/* An argument that does nothing, and why. */
static void acs_argument_tell(struct pp_judging *j, const struct pp_isolation_facts *facts,
                              enum pp_acs_option option)
{
	enum pp_tri known = option == PP_ACS_CONFIG
	                            ? pp_kernel_has(&j->host->kernel, PP_KERNEL_CONFIG_ACS)
	                            : PP_YES;
	bool named = false, bad = false;
	struct pp_finding *f;

	if (!facts->settings[option])
		return;
	for (uint32_t i = 0; i < j->host->nr_devices; i++) {
		struct pp_acs_wish wish;
		named |= pp_acs_argument_names(j->host, i, option, facts->lists[option], &wish,
		                               &bad) != PP_NO;
	}
	if (known == PP_NO)
		f = pp_find(j, PP_INFORMS,
		            "%s: Linux %s does not know this argument and ignores it",
		            facts->settings[option], j->host->kernel.release.text);
	else if (bad && !named)
		f = pp_find(j, PP_INFORMS, "%s: the kernel cannot parse this list and ignores it",
		            facts->settings[option]);
	else if (!named)
		f = pp_find(j, PP_INFORMS, "%s names no device of this host and has no effect",
		            facts->settings[option]);
	else if (!facts->unknown && isolation_same_by_default(j, facts))
		f = pp_find(j, PP_INFORMS,
		            "%s has no effect here: the groups are the same without it",
		            facts->settings[option]);
	else
		return;
	pp_evidence(j, f, "/proc/cmdline: %s", facts->settings[option]);
}

static void acs_argument(struct pp_judging *j)
{
	const struct pp_isolation_facts *facts = isolation_facts(j);

	if (!facts)
		return;
	if (facts->override && !facts->any_split && !facts->unknown) {
		struct pp_finding *f = pp_find(
			j, PP_INFORMS, "%s has no effect here: the groups are the same without it",
			facts->override);
		pp_evidence(j, f,
		            "computed from the hardware's access control: the kernel's groups");
	}
	for (int o = 0; o < PP_NR_ACS_OPTIONS; o++)
		acs_argument_tell(j, facts, (enum pp_acs_option)o);
}

static const struct pp_rule rules[] = {
	{ .id = "group-joined",
	  .targets = PP_FOR_KVM,
	  .scope = PP_SCOPE_OF_GROUP,
	  .about_isolation = true,
	  .reference = "drivers/iommu/iommu.c, pci_device_group(); PCIe 7.7.11",
	  .on_group = group_joined },
	{ .id = "acs-override",
	  .targets = PP_FOR_KVM,
	  .scope = PP_SCOPE_OF_GROUP,
	  .about_isolation = true,
	  .reference = "drivers/pci/pci.c, pci_acs_enabled(); the patch pcie_acs_override",
	  .on_group = acs_override },
	{ .id = "acs-argument",
	  .targets = PP_FOR_KVM,
	  .scope = PP_SCOPE_OF_HOST,
	  .reference = "drivers/pci/pci.c, pci_enable_acs(); the patch pcie_acs_override",
	  .on_host = acs_argument },
};

const struct pp_rule_table pp_rules_isolation = { rules, sizeof(rules) / sizeof(rules[0]) };
